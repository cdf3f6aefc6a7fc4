// factor.h - what is invariant and linear moves out of sums, and sums of products are formed in their cheapest order.
#ifndef MDLC_FACTOR_H
#define MDLC_FACTOR_H

#include "graph/graph.h"

// A graph with the same roots whose values differ by rounding alone.  What nobody reads any more is left in it, and sums
// that are alike stay apart: simplify follows.
Graph *factor(Arena *a, const Graph *g);

#endif
