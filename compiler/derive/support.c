// support.c - the condition under which anything was sent into an adjoint at all.
//
// u = r / a, y = if a > 0 then u else 0: where a is 0, the adjoint of u is 0 and its partial derivative infinite.  So each
// adjoint has the conditions of those that read the node, and what meets such a partial derivative is sent only where they
// hold: a branch that was not taken sends nothing, however many definitions lie between.  A 0 that is not due to a branch
// still times infinity gives NaN: nothing is known of that limit.
#include <math.h>

#include "derive/internal.h"

// ---- who needs it ----

typedef struct Below {
  const Derive *d;
  bool any;
} Below;

static void see_below(void *context, const Expr *read) {
  Below *b = context;
  const Node *n = read->u.read.node;
  b->any = b->any || ((size_t)n->id < b->d->nold && b->d->wanted[n->id] && b->d->minds[n->id]);
}

// A product's and a logsumexp's factors are made of their entries.
static bool has_wild_factor(Derive *d, const Node *n) {
  return (n->reduce == REDUCE_PROD || n->reduce == REDUCE_LOGSUMEXP) && !derive_is_finite(d, n->expr);
}

static void find_minding(Derive *d) {
  d->minds = arena_array(d->arena, bool, d->nold + 1);
  for (size_t k = 0; k < d->nold; k++) {
    const Node *n = d->graph->nodes[k];
    if (!d->wanted[k] || !n->expr || n->kind == NODE_CARRY) continue; // nothing is known of a carry's
    Below b = {.d = d};
    expr_each_read(d->graph, n->expr, see_below, &b);
    d->minds[k] = b.any || has_wild_factor(d, n) || derive_has_wild_partial(d, n);
  }
}

static bool minds(Derive *d, const Node *a) {
  if ((size_t)a->id >= d->nold || !a->expr) return false;
  if (!d->minds) find_minding(d);
  return d->minds[a->id];
}

// ---- what a contribution says of the entry it goes to ----

// All of its reads are at indices as they stand, whose range they have, whatever else holds.
static void see_plain(void *context, const Expr *read) {
  bool *plain = context;
  for (int k = 0; k < read->u.read.node->nout; k++) *plain = *plain && read->u.read.sub[k]->kind == EXPR_INDEX;
}

bool derive_stands_alone(const Derive *d, const Expr *e) {
  bool plain = true;
  expr_each_read(d->graph, e, see_plain, &plain);
  return plain;
}

// The guard of a logsumexp's derivative, which any entry but -inf makes true.
static bool is_as_good_as_true(const Expr *e) {
  return expr_is_prim(e, PRIM_GT) && expr_is_real(e->u.prim.arg[1], -INFINITY);
}

// What e says of the first `end` indices.  Where something is left out, so is what might be read only where that holds.
static const Expr *of_entry(Derive *d, const Node *a, const Expr *e, int end) {
  const uint64_t beyond = end >= INDEX_MAX ? 0 : ~(((uint64_t)1 << end) - 1);
  size_t count;
  uint64_t left_out = 0; // the indices of that
  const Expr *kept = NULL, **list = derive_conjuncts(d, e, &count);
  for (size_t k = 0; k < count; k++) {
    if (is_as_good_as_true(list[k])) continue;
    if (list[k]->indices & beyond)
      left_out |= list[k]->indices;
    else if (derive_reads_version(d, list[k], a))
      left_out = ~(uint64_t)0;
    else if (!(list[k]->indices & left_out) || derive_stands_alone(d, list[k]))
      kept = derive_and(d->graph, kept, list[k]);
  }
  return kept;
}

// ---- the support ----

// What grows high from definition to definition has a name.
static const Expr *settled(Derive *d, const Node *a, const Expr *e) {
  enum { HEIGHT_MAX = 24 };
  if (!e || e->height <= HEIGHT_MAX) return e;
  const Node reached = {.kind = NODE_COMP,
                        .name = arena_printf(d->arena, "%s_counts", a->name),
                        .note = arena_printf(d->arena, "where %s is on a side that is taken", a->name),
                        .span = a->span,
                        .type = TYPE_BOOL,
                        .nout = d->task->nextra + a->nout,
                        .index = derive_index(d, a, 0),
                        .expr = e};
  return derive_read_own(d->graph, graph_add(d->graph, &reached));
}

const Expr *derive_support(Derive *d, const Node *a, const ContributionList *into, const Expr *pattern) {
  const int end = d->task->nextra + a->nout;
  for (size_t k = 0; k < into->count; k++)
    if (into->list[k].target || (!into->list[k].guard && !into->list[k].support)) return NULL;
  enum { READERS_MAX = 64 }; // each is held against each
  if (into->count > READERS_MAX || !minds(d, a)) return NULL;
  Clauses any = {.list = NULL};
  for (size_t k = 0; k < into->count; k++) {
    const Expr *one = derive_and(d->graph, of_entry(d, a, derive_without(d, into->list[k].guard, pattern), end),
                                 of_entry(d, a, into->list[k].support, end));
    if (!one) return NULL;
    derive_clauses_add(d, &any, one);
  }
  return settled(d, a, derive_clauses_any(d, &any, true));
}
