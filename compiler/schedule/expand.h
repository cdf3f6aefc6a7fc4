// expand.h - what takes more than one pass, as several nodes.
#ifndef MDLC_EXPAND_H
#define MDLC_EXPAND_H

#include "graph/graph.h"

// logsumexp becomes a maximum, a sum of exp(x - maximum) and their combination; a term's share of it, exp(x - logsumexp), which is a
// softmax and its derivative, becomes that exp times one over the sum.  In what goes back, and is computed where the logsumexp is
// above -inf alone, an exp of at most 2^negligible is 0.  What a carry starts from and what a scatter adds to is computed in a node
// of its own, unless it is there already: a constant, or one entry of an array.
Graph *expand_reductions(Arena *a, const Graph *g, int negligible);

// So far above the subnormal numbers that products of such shares with what a model computes are seldom among them.
enum { NEGLIGIBLE_DOUBLE = -866, NEGLIGIBLE_FLOAT = -92 };

// Parts of expressions that do not need all indices of a node over samples (of that extent; null: there are none) become nodes,
// and so do data that are read so.
Graph *stage_samples(Arena *a, const Graph *g, const Poly *sample);

// The last states of loops that the loss needs are nodes of their own where only derivatives read them.
Graph *name_last_states(Arena *a, const Graph *g);

#endif
