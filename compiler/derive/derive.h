// derive.h - reverse mode: from a graph to a graph that also holds its gradient.
#ifndef MDLC_DERIVE_H
#define MDLC_DERIVE_H

#include "graph/graph.h"

// A copy of g with a ROOT_GRADIENT for every parameter: seed * d loss / d parameter, with NODE_SEED as the seed (or the
// constant 1 where `unit_seed`).  The partial derivatives are those of `table` (null: prim_table; tests pass mutants).
// Requires a ROOT_LOSS.  Breaks nothing; leaves noise (1 * x, unused nodes) for simplify.  Null where an expression
// between a parameter and the loss is higher than EXPR_HEIGHT_MAX / 2: its derivative might pass the limit.
Graph *derive_gradient(Arena *a, const Graph *g, bool unit_seed, const PrimRow *table);

#endif
