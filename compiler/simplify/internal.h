// internal.h - what the files of simplify share.
//
//   simplify.c   rounds over the whole graph until nothing changes: views, common nodes, the order of things
//   nodes.c      one node: its guard as facts, what a false guard leaves, sums with a solved index
//   algebra.c    the rules for one primitive of simplified arguments
//   integer.c    integers as linear forms, their ranges, comparisons that these decide
//   narrow.c     arrays that are read only on a diagonal
//   single.c     indices that have one value
//   prune.c      dead nodes
//
// What is invariant and linear moves out of sums in a pass of its own, factor: that changes rounding.
#ifndef MDLC_SIMPLIFY_INTERNAL_H
#define MDLC_SIMPLIFY_INTERNAL_H

#include "simplify/simplify.h"

// Σ c * atom + rest: atoms are indices first, by position, then other integer expressions, by id.
typedef struct Term {
  const Expr *atom;
  int64_t c;
} Term;

typedef struct Linear {
  size_t n;
  Term *term;
  const Poly *rest;
} Linear;

enum { FACTS_MAX = 64 }; // conditions of a guard that are remembered

typedef struct Simplifier {
  Arena *arena;
  Graph *g; // under construction
  bool changed;
  // of the graph that is read, by id
  const Node **map;  // where a node went, null: nowhere
  const Expr **view; // what stands for a read of it, over its own indices, or null
  bool *narrow;      // the view is of a node that is read nowhere else: always taken
  const struct LoopTree *loops; // null: none
  // rewritten expressions of the graph that is read, by id; valid where the stamp is today's
  const Expr **memo;
  uint32_t *stamp, today;
  // of the node at hand
  const Index *index;
  int nindex;
  bool sums; // over some of them
  const Expr *known[FACTS_MAX]; // conditions that hold wherever its expression is computed
  Linear fact[2 * FACTS_MAX];   // linear forms that are >= 0 there
  int nknown, nfact;
} Simplifier;

// ---- algebra.c: a primitive of simplified arguments.  Null where an argument is, or where it grows too high. ----
const Expr *simplify_prim(Simplifier *s, Prim op, const Expr *const *arg);
const Expr *simplify_prim2(Simplifier *s, Prim op, const Expr *x, const Expr *y);
bool simplify_opposite(const Expr *a, const Expr *b); // of two conditions one holds exactly where the other does not

// ---- integer.c ----
Linear linear_of(Simplifier *s, const Expr *e);
const Expr *linear_expr(Simplifier *s, const Linear *l);
Linear linear_scale(Simplifier *s, const Linear *l, int64_t c, int64_t offset); // c * l + offset
Linear linear_difference(Simplifier *s, const Expr *const *arg);                // arg[0] - arg[1]
// The normal form of an integer operation, null where there is no rule.
const Expr *simplify_integer(Simplifier *s, Prim op, const Expr *const *arg);
// A comparison of integers that ranges and facts decide: a constant, else null.
const Expr *simplify_comparison(Simplifier *s, Prim op, const Expr *const *arg);
// Remembers a condition that holds.
void simplify_assume(Simplifier *s, const Expr *condition);

// ---- nodes.c ----
// A node of the graph that is read, over the one under construction.
Node simplify_node(Simplifier *s, const Node *n);

// ---- narrow.c ----
// Index `drop` of a node is `by`, of its other indices, wherever it is read; by null: no index is dropped.
typedef struct Narrowing {
  int drop;
  const Expr *by;
} Narrowing;
const Narrowing *simplify_narrowings(Arena *a, const Graph *g, const bool *live, const bool *is_root);
// n, of the graph under construction, without that index.
Node simplify_narrowed(Simplifier *s, const Node *n, const Narrowing *narrowing);

// ---- prune.c ----
// What the roots of these roles need, by id.
bool *simplify_live(Arena *a, const Graph *g, unsigned roles);

#endif
