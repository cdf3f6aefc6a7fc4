// apart.h - how far apart indices are where a condition holds: of `i >= j + 1`, that i - j is at least 1.
#ifndef MDLC_APART_H
#define MDLC_APART_H

#include "graph/graph.h"

// Index a less index b is at least least[a * count + b], or APART_ANY: nothing is known.
typedef struct Apart {
  int count;
  bool never; // it holds nowhere
  int64_t *least;
} Apart;

enum {
  APART_MOST = 8, // nodes with more indices are left as they are
  APART_LOOP = 16 // and loops of fewer iterations, whose number is fixed
};
#define APART_ANY INT64_MIN

Apart apart_any(Arena *a, int count);
Apart apart_never(Arena *a, int count);
// index a >= index b + least, in g
const Expr *apart_condition(Graph *g, int a, int b, int64_t least);
// Adds what the condition says; `pool`: for expressions.
void apart_learn(Apart *apart, Graph *pool, const Expr *condition);
// Adds what another one says of the same indices.
void apart_both(Apart *apart, const Apart *more);
// What is left where either holds.
void apart_either(Apart *apart, const Apart *other);
// What is known of an array's subscripts, as what that says of the indices by which they are told.
void apart_learn_read(Apart *apart, Graph *pool, const Apart *array, const Expr *const *sub);
// What is known of subscripts, by what is known of the indices.
Apart apart_of_read(Arena *a, Graph *pool, const Apart *apart, const Expr *const *sub, int count);

#endif
