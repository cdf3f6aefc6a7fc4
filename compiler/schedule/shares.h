// shares.h - what each sample adds to sums over samples, and more.
#ifndef MDLC_SHARES_H
#define MDLC_SHARES_H

#include "graph/graph.h"

// A sum over samples and over more for each (d_F[u] = sum[i, r](a[i, r] * x[i, r + u])), of few entries, becomes what each sample adds,
// and the sum of these: the lanes of a tile's samples are joined once for all that is summed within.  Null: there is none.
Graph *name_shares(Arena *a, const Graph *g, const Poly *sample);

#endif
