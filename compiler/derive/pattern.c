// pattern.c - the extra indices, and conditions on them outside of which a derivative is 0.
//
// A seed that is 1 where its indices equal a node's own makes derivatives that are 0 almost everywhere.  The conditions
// that say where they are not go along beside them, from node to node; a sum over an index that such a condition settles
// is one term, and an array that is read only where it holds can be narrowed to that: simplify does both.
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
    if (top->kind == EXPR_PRIM && top->u.prim.op == PRIM_AND) {
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

const Expr *derive_pattern(Derive *d, const Expr *e, int end, bool reads) {
  const int x = d->task->nextra;
  const uint64_t extra = x > 0 ? ((uint64_t)1 << x) - 1 : 0;
  const uint64_t beyond = end >= INDEX_MAX ? 0 : ~(((uint64_t)1 << end) - 1);
  const Expr *kept = NULL;
  if (x == 0) return NULL;
  Conjuncts c = conjuncts_of(d, e);
  for (size_t k = 0; k < c.count; k++) {
    const Expr *one = c.list[k];
    bool equality = one->kind == EXPR_PRIM && one->u.prim.op == PRIM_EQ && one->u.prim.arg[0]->type == TYPE_INT;
    if (equality && (one->indices & extra) && !(one->indices & beyond) && (reads || !one->nodes))
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
