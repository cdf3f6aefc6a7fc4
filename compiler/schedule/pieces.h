// pieces.h - what holds in a part of an index's range, and calls functions, is computed over that part alone.
#ifndef MDLC_PIECES_H
#define MDLC_PIECES_H

#include "graph/graph.h"

// A side of a choice that is taken where an index lies between two bounds (the adjoint of z[m:2*m], of a concat) becomes a node of
// its own, over that part of the range: it runs there without a condition, in lanes, where the choice would be made entry by
// entry.  No bit changes.  simplify follows.
Graph *name_pieces(Arena *a, const Graph *g);

#endif
