// zeros.h - sums that leave out terms known to be zero.
#ifndef MDLC_ZEROS_H
#define MDLC_ZEROS_H

#include "graph/graph.h"

// A sum whose terms have a factor, a dividend or choices of which one triangle is zero gets that as a condition, which becomes a loop's
// range: what is never added need not be computed either (wanted.c).  Samples run all alike and get none.  What is multiplied by
// such a zero may be infinite where an intermediate result overflowed: then the sum is finite that would be NaN.
Graph *leave_zeros(Arena *a, const Graph *g, const Poly *sample);

#endif
