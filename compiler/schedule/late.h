// late.h - what a loop's step has last is combined last, so that the next step waits less.
//
// Of a loop that hands on a few numbers each step waits for the one before.  From a state to what the step leaves of it there is a
// longest way; where a sum or a product on it takes what is there late first, (late + c) + d, also through nodes, it is late + (c + d),
// one operation less of waiting.  Where the step's operations, each for itself, already fill the time, nothing changes.
//
// Rounding changes, and little.  Products are formed in another order; an intermediate result may overflow, or be subnormal, where none
// was before.  Of sums the error |c + d| u is new.  What is late was rounded itself, being made of states; so it is wrong by |late| u, and
// |c| <= |late| + |late + c|, |d| <= |late + c| + |late + c + d|, of which the other order has the errors: the bound is relative to the same
// terms.  Where two of the three are made by adding the same, the sum may be meant to leave what was rounded before, ((s + y) - s) - y, so
// it stays.
#ifndef MDLC_LATE_H
#define MDLC_LATE_H

#include "graph/graph.h"

// Null: there is no such loop.  Leaves nodes that nobody reads any more.
Graph *combine_late_last(Arena *a, const Graph *g);

#endif
