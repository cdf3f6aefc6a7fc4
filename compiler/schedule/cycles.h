// cycles.h - what a loop's step takes that works out a few numbers, in cycles of a common processor.
#ifndef MDLC_CYCLES_H
#define MDLC_CYCLES_H

#include "graph/graph.h"

enum {
  // How long a result waits for its operands.
  CYCLES_OPERATION = 4, // a sum, a product, or both as a multiply-add
  CYCLES_DIVISION = 13,
  CYCLES_CALL = 40,
  // Operations of one number that begin in each.
  CYCLES_AT_ONCE = 2
};

// From the operands to the result.
int cycles_from_operands(Prim op);
// All operations of e that each step, whose index that is, has its own of, one after another; those that may overlap count 1.
double cycles_of_step(const Expr *e, int step);

#endif
