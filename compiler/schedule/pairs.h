// pairs.h - rows that are compared pair by pair.
#ifndef MDLC_PAIRS_H
#define MDLC_PAIRS_H

#include "graph/graph.h"

// A sum over the entries of two rows (sum[k]((x[i, k] - x[j, k])^2), for all i and j) reads the second from a copy of the array with
// its indices the other way round, so that many pairs run side by side.  Null: there is none.
Graph *turn_compared_rows(Arena *a, const Graph *g, const Poly *sample);

#endif
