// unroll.h - small arrays within loops become scalars, and sums over few terms are written out.
#ifndef MDLC_UNROLL_H
#define MDLC_UNROLL_H

#include "graph/graph.h"

// A graph with the same roots in which indices of a fixed, small extent are gone, where all that reads an array along them
// names the entries it needs: a state z[t, i:2] becomes z_0[t] and z_1[t], which can be two variables, what they share is computed once,
// and conditions like i < 1 are settled.  `sample`: the extent that samples are counted by, or null.  simplify follows.
Graph *unroll(Arena *a, const Graph *g, const Poly *sample);

#endif
