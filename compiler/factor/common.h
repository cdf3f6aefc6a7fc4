// common.h - what terms of a sum have in common is multiplied once: d * (a * x) - d * b is d * (a * x - b).
//
// That is an operation less where one of the terms has three factors or more, and of what goes back through a loop's step it leaves
// little that waits for the step before: a * x - b is computed beside it.  A factor is taken out if it changes with every index that the
// terms change with: what stays the same is multiplied once by itself.  It rounds otherwise, within a bound relative to the same
// |d a x| + |d b|; an intermediate result may overflow or be subnormal where none was before.
#ifndef MDLC_FACTOR_COMMON_H
#define MDLC_FACTOR_COMMON_H

#include "graph/graph.h"

// Of the sums within an entry; those over indices are factor's.
Graph *take_out_factors(Arena *a, const Graph *g);

#endif
