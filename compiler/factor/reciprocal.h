// reciprocal.h - what is divided by again and again is inverted once: x / s and y / s are x (1 / s) and y (1 / s).
//
// Where several quotients of a graph have one divisor, or a node divides by what needs fewer indices than it runs over (x[i] / s), each
// quotient is a product with the divisor's reciprocal, which later passes compute once.  It rounds twice instead of once: within
// 1.5 units in the last place.  Of a divisor so small that its reciprocal overflows (below 2^-1024) a quotient is infinite, and NaN
// where the dividend is 0.  Divisors that are whole numbers are left: a quotient by them is often exact, and comparisons hang on it.
#ifndef MDLC_FACTOR_RECIPROCAL_H
#define MDLC_FACTOR_RECIPROCAL_H

#include "graph/graph.h"

Graph *share_reciprocals(Arena *a, const Graph *g);

#endif
