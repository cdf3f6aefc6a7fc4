// expand.h - reductions that take more than one pass, as several nodes.
#ifndef MDLC_EXPAND_H
#define MDLC_EXPAND_H

#include "graph/graph.h"

// logsumexp becomes a maximum, a sum of exp(x - maximum) and their combination.
Graph *expand_reductions(Arena *a, const Graph *g);

#endif
