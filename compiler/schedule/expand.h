// expand.h - what takes more than one pass, as several nodes.
#ifndef MDLC_EXPAND_H
#define MDLC_EXPAND_H

#include "graph/graph.h"

// logsumexp becomes a maximum, a sum of exp(x - maximum) and their combination; a term's share of it, exp(x - logsumexp), which is a
// softmax and its derivative, becomes that exp times one over the sum.  In what goes back, and is computed where the logsumexp is
// above -inf alone, the share of a term that is `negligible` (below 0) or more below the greatest is 0.  What a carry starts from and what a scatter adds to is computed in a
// node of its own, unless it is there already: a constant, or one entry of an array.
Graph *expand_reductions(Arena *a, const Graph *g, double negligible);

// exp(-600) is 2^-866, 2^156 normal numbers above the subnormal ones; in float exp(-64) is 2^-92, 2^34 above.
enum { NEGLIGIBLE_DOUBLE = -600, NEGLIGIBLE_FLOAT = -64 };

// Parts of expressions that do not need all indices of a node over samples (of that extent; null: there are none) become nodes,
// and so do data that are read so.
Graph *stage_samples(Arena *a, const Graph *g, const Poly *sample);

// The last states of loops that the loss needs are nodes of their own where only derivatives read them.
Graph *name_last_states(Arena *a, const Graph *g);

#endif
