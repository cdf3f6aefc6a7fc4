// cut.h - the cheapest set of values that separates those that cannot be computed again from those that are wanted.
#ifndef MDLC_CUT_H
#define MDLC_CUT_H

#include "graph/graph.h"

typedef struct CutInput {
  const bool *part;   // by node id: it is computed in the forward pass
  const bool *again;  // it may be computed again, from what it reads
  const bool *wanted; // it is read in the backward pass
  const double *size; // what it costs to keep it
} CutInput;

// Of all sets that will do one whose sizes add up to the least, and of these the one nearest to what is wanted, so that the least is
// computed again.
void cut_minimum(Arena *a, const Graph *g, const CutInput *input, bool *kept);

#endif
