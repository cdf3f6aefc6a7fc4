// factors.h - sums of products made plain, so that they can be contractions.
#ifndef MDLC_FACTORS_H
#define MDLC_FACTORS_H

#include "graph/graph.h"

// In a sum of products of two factors, each with output indices of its own: a factor that takes calls of functions to
// compute, or that is read by subscripts that are not affine, becomes a node of its own, over the indices that it has; and a
// condition on output indices alone becomes one on a copy of the sum.
Graph *name_factors(Arena *a, const Graph *g, const Poly *sample);

#endif
