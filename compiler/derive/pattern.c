// pattern.c - the extra indices, and conditions on them outside of which a derivative is 0.
//
// A seed that is 1 where its indices equal a node's own makes derivatives that are 0 almost everywhere.  The conditions
// that say where they are not go along beside them, from node to node; a sum over an index that such a condition settles
// is one term, and an array that is read only where it holds can be narrowed to that: simplify does both.
#include <string.h>

#include "derive/internal.h"

Node derive_lifted(Derive *d, const Node *n) {
  const int x = d->task->nextra, nv = n->nout + n->nred;
  Node lifted = *n;
  if (x == 0) return lifted;
  Index *index = arena_array(d->arena, Index, (size_t)(nv + 2 * x));
  int at = 0;
  for (int k = 0; k < x; k++) index[at++] = d->task->extra[k];
  for (int k = 0; k < n->nout; k++) index[at++] = n->index[k];
  for (int k = 0; n->kind == NODE_SCATTER && k < x; k++) index[at++] = d->task->extra[k];
  for (int k = n->nout; k < nv; k++) index[at++] = n->index[k];
  lifted.index = index;
  lifted.nout += x;
  lifted.nred = at - lifted.nout;
  lifted.guard = derive_lift(d, n, n->guard);
  lifted.expr = derive_lift(d, n, n->expr);
  if (n->kind != NODE_SCATTER) return lifted;
  const Expr **target = arena_array(d->arena, const Expr *, (size_t)lifted.nout);
  for (int k = 0; k < x; k++) target[k] = expr_index(d->graph, lifted.nout + k);
  for (int k = 0; k < n->nout; k++) target[x + k] = derive_lift(d, n, n->target[k]);
  lifted.target = target;
  if (n->base) {
    const Expr **sub = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
    for (int k = 0; k < n->nout; k++) sub[k] = expr_index(d->graph, k + x);
    lifted.base = expr_substitute(d->graph, n->base, sub, n->nout, NULL);
  }
  return lifted;
}

const Expr *derive_lift(Derive *d, const Node *n, const Expr *e) {
  const int x = d->task->nextra, nv = n->nout + n->nred, by = n->kind == NODE_SCATTER ? 2 * x : x;
  if (x == 0 || !e) return e;
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)nv + 1);
  for (int k = 0; k < nv; k++) sub[k] = expr_index(d->graph, k + by);
  return expr_substitute(d->graph, e, sub, nv, NULL);
}

int derive_extra_at(const Derive *d, const Node *n) {
  return n->kind == NODE_SCATTER ? d->task->nextra + n->nout : 0;
}

// The extra indices, then sub.
static const Expr *const *entry(Derive *d, int extra_at, const Expr *const *sub, int nsub) {
  const int x = d->task->nextra;
  const Expr **all = arena_array(d->arena, const Expr *, (size_t)(x + nsub) + 1);
  for (int k = 0; k < x; k++) all[k] = expr_index(d->graph, extra_at + k);
  for (int k = 0; k < nsub; k++) all[x + k] = sub[k];
  return all;
}

const Expr *derive_at(Derive *d, const Expr *e, int extra_at, const Expr *const *sub, int nsub) {
  return e ? expr_substitute(d->graph, e, entry(d, extra_at, sub, nsub), d->task->nextra + nsub, NULL) : NULL;
}

const Expr *derive_value_at(Derive *d, const Derivative *of, int extra_at, const Expr *const *sub, int nsub) {
  if (!of->node) return expr_real(d->graph, 1);
  return expr_read(d->graph, of->node, entry(d, extra_at, sub, nsub));
}

Derivative derive_diagonal(Derive *d, const Node *n) {
  Graph *g = d->graph;
  const Expr *same = NULL;
  const int *diagonal = d->task->diagonal, count = diagonal ? d->task->nextra : n->nout;
  for (int k = 0; k < count; k++) {
    const Expr *own = expr_index(g, d->task->nextra + (diagonal ? diagonal[k] : k));
    same = derive_and(g, same, expr_prim2(g, PRIM_EQ, own, expr_index(g, k)));
  }
  return (Derivative){.present = true, .pattern = same};
}

// ---- conjunctions as sets ----

typedef struct Conjuncts {
  const Expr **list; // the first one first
  size_t count, room;
} Conjuncts;

static Conjuncts conjuncts_of(Derive *d, const Expr *e) {
  Conjuncts c = {.list = NULL}, pending = {.list = NULL};
  if (e) ARENA_PUSH(d->arena, pending.list, pending.count, pending.room) = e;
  while (pending.count > 0) {
    const Expr *top = pending.list[--pending.count];
    if (expr_is_prim(top, PRIM_AND)) {
      ARENA_PUSH(d->arena, pending.list, pending.count, pending.room) = top->u.prim.arg[1];
      ARENA_PUSH(d->arena, pending.list, pending.count, pending.room) = top->u.prim.arg[0];
    } else {
      ARENA_PUSH(d->arena, c.list, c.count, c.room) = top;
    }
  }
  return c;
}

const Expr **derive_conjuncts(Derive *d, const Expr *e, size_t *count) {
  const Conjuncts c = conjuncts_of(d, e);
  *count = c.count;
  return c.list;
}

static bool has(const Conjuncts *c, const Expr *e) {
  for (size_t k = 0; k < c->count; k++)
    if (c->list[k] == e) return true;
  return false;
}

// Σ coefficient * index + rest, the indices in order, for whatever is such a sum: i + 1 + 1 is i + 2.
static const Expr *in_order(Derive *d, const Expr *e) {
  Graph *g = d->graph;
  int64_t coefficient[INDEX_MAX], value;
  const Expr *rest, *sum = NULL;
  if (e->type != TYPE_INT || e->kind != EXPR_PRIM || !expr_affine(g, e, INDEX_MAX, coefficient, &rest)) return e;
  for (int k = 0; k < INDEX_MAX; k++) {
    if (coefficient[k] == 0) continue;
    const Expr *term = expr_index(g, k);
    if (coefficient[k] != 1) term = expr_prim2(g, PRIM_MUL, expr_int(g, coefficient[k]), term);
    sum = sum ? expr_prim2(g, PRIM_ADD, sum, term) : term;
  }
  if (!rest || (expr_is_int(rest, &value) && value == 0)) return sum ? sum : expr_int(g, 0);
  return sum ? expr_prim2(g, PRIM_ADD, sum, rest) : rest;
}

const Expr *derive_pattern_at(Derive *d, const Expr *pattern, int extra_at, const Expr *const *sub, int nsub) {
  const Expr *at = NULL;
  Conjuncts c = conjuncts_of(d, derive_at(d, pattern, extra_at, sub, nsub));
  for (size_t k = 0; k < c.count; k++) {
    const Expr *one = c.list[k];
    if (expr_is_prim(one, PRIM_EQ))
      one = expr_prim2(d->graph, PRIM_EQ, in_order(d, one->u.prim.arg[0]), in_order(d, one->u.prim.arg[1]));
    at = derive_and(d->graph, at, one);
  }
  return at;
}

typedef struct Total {
  const Derive *d;
  const Index *index;
  bool holds;
} Total;

// An entry of an array that never changes, which there is whatever the indices.
static void see_total(void *context, const Expr *read) {
  Total *t = context;
  const Node *n = read->u.read.node;
  const bool old = (size_t)n->id < t->d->nold;
  if (n->kind != NODE_DATA && !(n->kind == NODE_COMP && old && !t->d->loops->inside[n->id])) t->holds = false;
  for (int k = 0; k < n->nout && t->holds; k++) {
    const Expr *sub = read->u.read.sub[k];
    int64_t entry, extent;
    if (sub->kind == EXPR_INDEX)
      t->holds = t->index[sub->u.index].extent == n->index[k].extent;
    else
      t->holds = expr_is_int(sub, &entry) && poly_is_int(n->index[k].extent, &extent) && entry >= 0 && entry < extent;
  }
}

static bool is_total(const Derive *d, const Expr *e, const Index *index) {
  Total t = {d, index, true};
  expr_each_read(d->graph, e, see_total, &t);
  return t.holds;
}

const Expr *derive_pattern(Derive *d, const Expr *e, const Index *index, int end, bool reads) {
  const int x = d->task->nextra;
  const uint64_t extra = x > 0 ? ((uint64_t)1 << x) - 1 : 0;
  const uint64_t beyond = end >= INDEX_MAX ? 0 : ~(((uint64_t)1 << end) - 1);
  const Expr *kept = NULL;
  if (x == 0) return NULL;
  Conjuncts c = conjuncts_of(d, e);
  for (size_t k = 0; k < c.count; k++) {
    const Expr *one = c.list[k];
    bool equality = expr_is_prim(one, PRIM_EQ) && one->u.prim.arg[0]->type == TYPE_INT;
    if (equality && (one->indices & extra) && !(one->indices & beyond) && (reads || is_total(d, one, index)))
      kept = derive_and(d->graph, kept, one);
  }
  return kept;
}

static const Expr *selected(Derive *d, const Expr *a, const Expr *b, bool in_b) {
  Conjuncts first = conjuncts_of(d, a), second = conjuncts_of(d, b);
  const Expr *kept = NULL;
  for (size_t k = 0; k < first.count; k++)
    if (has(&second, first.list[k]) == in_b) kept = derive_and(d->graph, kept, first.list[k]);
  return kept;
}

const Expr *derive_common(Derive *d, const Expr *a, const Expr *b) {
  return selected(d, a, b, true);
}

const Expr *derive_without(Derive *d, const Expr *e, const Expr *of) {
  return selected(d, e, of, false);
}

// ---- what goes together ----

// The conditions of a pattern on extra indices that run over more than a few entries.
static const Expr *on_long_ones(Derive *d, const Expr *pattern) {
  enum { SHORT = 16 };
  const Expr *kept = NULL;
  uint64_t long_ones = 0;
  for (int k = 0; k < d->task->nextra; k++) {
    int64_t extent;
    if (!poly_is_int(d->task->extra[k].extent, &extent) || extent > SHORT) long_ones |= (uint64_t)1 << k;
  }
  Conjuncts c = conjuncts_of(d, pattern);
  for (size_t k = 0; k < c.count; k++)
    if (c.list[k]->indices & long_ones) kept = derive_and(d->graph, kept, c.list[k]);
  return kept;
}

static bool says_all_of(Derive *d, const Expr *e, const Expr *of) {
  return derive_without(d, of, e) == NULL;
}

// The first of the keys that says least of what key k says: those with the same first one go together.
static size_t first_like(Derive *d, const Expr *const *key, size_t count, size_t k) {
  for (size_t j = 0; j < count; j++)
    if (says_all_of(d, key[k], key[j]) && (j < k || !says_all_of(d, key[j], key[k]))) k = j;
  return k;
}

Parts derive_parts(Derive *d, const Expr *const *pattern, size_t count) {
  enum { PARTS_MAX = 16 }; // where there are more, each is known of too little to be worth its own nodes
  const Expr **key = arena_array(d->arena, const Expr *, count + 1);
  size_t *first = arena_array(d->arena, size_t, count + 1), firsts = 0;
  Parts parts = {.of = arena_array(d->arena, size_t, count + 1),
                 .pattern = arena_array(d->arena, const Expr *, count + 1)};
  for (size_t k = 0; k < count && d->apart; k++) key[k] = on_long_ones(d, pattern[k]);
  for (size_t k = 0; k < count && d->apart; k++) {
    first[k] = first_like(d, key, count, k);
    firsts += first[k] == k;
  }
  if (firsts > PARTS_MAX) memset(first, 0, count * sizeof *first);
  for (size_t k = 0; k < count; k++)
    if (first[k] == k) {
      parts.of[k] = parts.count;
      parts.pattern[parts.count++] = pattern[k];
    }
  for (size_t k = 0; k < count; k++) {
    parts.of[k] = parts.of[first[k]];
    parts.pattern[parts.of[k]] = derive_common(d, parts.pattern[parts.of[k]], pattern[k]);
  }
  return parts;
}
