// attained.h - what goes back through a greatest or least entry is added where that stands, and nowhere else.
//
// Of m[i] = min[j](s[i, j]) the gradient goes to the entries that equal m[i], mostly one of each sample: a sum over samples
// N[j, a] = sum[i if s[i, j] == m[i]](t), or one with an array under that condition as a factor, adds nothing for all other j.  Where one
// entry alone equals m[i], as the number of ties beside it says, its place is a sum, too: of all places, each counted if it is the one.  So
// the condition gets bounds for j, between which it says what it did before, ties included:
//   j >= first[i] = (if ties[i] == 1 then place[i] else 0) and j < end[i] = (if ties[i] == 1 then place[i] + 1 else k)
// and a sample runs from the one to the other.  The sum has another order (order.c).
//
// An array under the condition is written out, and so is what the sum alone reads: for the winners, not for all entries.  What it is
// multiplied by where it is 0 may be infinite or not a number: of a loser that is left out, of an entry that is not a number it is not.
#ifndef MDLC_ATTAINED_H
#define MDLC_ATTAINED_H

#include "graph/graph.h"

// Leaves nodes that nobody reads any more.
Graph *place_attained(Arena *a, const Graph *g, const Poly *sample);

#endif
