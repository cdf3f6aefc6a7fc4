// simplify.h - constant folding, algebra that keeps IEEE results for finite inputs, common parts, dead nodes.
#ifndef MDLC_SIMPLIFY_H
#define MDLC_SIMPLIFY_H

#include "graph/graph.h"

// The roots whose role is in the set (1u << ROOT_LOSS | …) and what they need; everything else is dropped.
Graph *simplify(Arena *a, const Graph *g, unsigned roles);
// The same graph without the indices that have one value: single.c.
Graph *drop_single(Arena *a, const Graph *g, unsigned roles);
// Only dead nodes, no rewriting: what --no-simplify leaves of it.
Graph *prune(Arena *a, const Graph *g, unsigned roles);
// Is `sub`, over indices with these extents, an entry of an axis whatever they are?  By their ranges alone.
bool simplify_in_range(Arena *a, Graph *g, const Index *index, int nindex, const Expr *sub, const Poly *axis);
// Is e never below zero, and never -0?
bool simplify_not_negative(const Expr *e);

#endif
