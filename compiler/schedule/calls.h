// calls.h - calls of functions, and reciprocals, that would be made again and again, made once.
#ifndef MDLC_CALLS_H
#define MDLC_CALLS_H

#include "graph/graph.h"

// A call of a function whose argument needs fewer indices than the node it stands in has, and one that several nodes make with
// the same arguments (K = exp(-gap) and what goes back through it), becomes a node of its own, over the indices that it needs.
// Not those on a side of an `if`, which need not be made at all, nor of states of loops and arrays updated in place, which
// may be gone.  No bit changes: what a call returns is rounded anyhow.
Graph *name_calls(Arena *a, const Graph *g);

#endif
