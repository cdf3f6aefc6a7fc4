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

// ---- conjunctions ----

typedef struct Terms {
  const Expr **list;
  size_t count, room;
} Terms;

// All of its reads are at indices as they stand, whose range they have, whatever else holds.
static void see_plain(void *context, const Expr *read) {
  bool *plain = context;
  for (int k = 0; k < read->u.read.node->nout; k++) *plain = *plain && read->u.read.sub[k]->kind == EXPR_INDEX;
}

static bool stands_alone(const Derive *d, const Expr *e) {
  bool plain = true;
  expr_each_read(d->graph, e, see_plain, &plain);
  return plain;
}

// The guard of a logsumexp's derivative, which any entry but -inf makes true.
static bool is_as_good_as_true(const Expr *e) {
  return e->kind == EXPR_PRIM && e->u.prim.op == PRIM_GT && expr_is_real(e->u.prim.arg[1], -INFINITY);
}

// What e says of the first `end` indices.  Where something is left out, so is what might be read only where that holds.
static void add_terms(Derive *d, const Node *a, const Expr *e, int end, Terms *terms) {
  const uint64_t beyond = end >= INDEX_MAX ? 0 : ~(((uint64_t)1 << end) - 1);
  size_t count;
  uint64_t left_out = 0; // the indices of that
  const Expr **list = derive_conjuncts(d, e, &count);
  for (size_t k = 0; k < count; k++) {
    bool has = is_as_good_as_true(list[k]);
    for (size_t j = 0; j < terms->count; j++) has = has || terms->list[j] == list[k];
    if (has) continue;
    if (list[k]->indices & beyond)
      left_out |= list[k]->indices;
    else if (derive_reads_version(d, list[k], a))
      left_out = ~(uint64_t)0;
    else if (!(list[k]->indices & left_out) || stands_alone(d, list[k]))
      ARENA_PUSH(d->arena, terms->list, terms->count, terms->room) = list[k];
  }
}

// The conjunction of a list from `first` on, the last ones together: what a list begins with is another one's end.
static const Expr *all_of(Derive *d, const Terms *t, size_t first) {
  const Expr *e = NULL;
  for (size_t k = t->count; k-- > first;) e = derive_and(d->graph, t->list[k], e);
  return e;
}

static bool is_of_indices(const Terms *t, size_t first) {
  for (size_t k = first; k < t->count; k++)
    if (t->list[k]->nodes) return false;
  return true;
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

static bool contains(const Terms *t, const Terms *some) {
  for (size_t k = 0; k < some->count; k++) {
    bool has = false;
    for (size_t j = 0; j < t->count; j++) has = has || t->list[j] == some->list[k];
    if (!has) return false;
  }
  return true;
}

// Leaves out what holds only where another one does; returns how many are left.
static size_t absorb(Terms *terms, size_t count) {
  size_t n = 0;
  for (size_t k = 0; k < count; k++) {
    bool implied = false;
    for (size_t j = 0; j < n && !implied; j++) implied = contains(&terms[k], &terms[j]);
    for (size_t j = k + 1; j < count && !implied; j++)
      implied = contains(&terms[k], &terms[j]) && terms[j].count < terms[k].count;
    if (!implied) terms[n++] = terms[k];
  }
  return n;
}

// What all begin with, and one of what they say besides.
static const Expr *any_of(Derive *d, const Terms *terms, size_t count) {
  size_t common = terms[0].count;
  for (size_t k = 1; k < count; k++) {
    size_t same = 0;
    while (same < common && same < terms[k].count && terms[k].list[same] == terms[0].list[same]) same++;
    common = same;
  }
  Terms shared = terms[0];
  shared.count = common;
  const Expr *e = all_of(d, &shared, 0), **rest = arena_array(d->arena, const Expr *, count);
  size_t n = 0;
  for (size_t k = 0; k < count; k++) {
    const Expr *one = all_of(d, &terms[k], common);
    // That one of several readers is within its range is as good as always true.
    if (!one || (count > 1 && is_of_indices(&terms[k], common))) return e;
    bool has = false;
    for (size_t j = 0; j < n; j++) has = has || rest[j] == one;
    if (!has) rest[n++] = one;
  }
  return derive_and(d->graph, e, derive_fold(d->graph, PRIM_OR, rest, n));
}

const Expr *derive_support(Derive *d, const Node *a, const ContributionList *into, const Expr *pattern) {
  const int end = d->task->nextra + a->nout;
  Terms *terms = arena_array(d->arena, Terms, into->count);
  for (size_t k = 0; k < into->count; k++)
    if (into->list[k].target || (!into->list[k].guard && !into->list[k].support)) return NULL;
  if (!minds(d, a)) return NULL;
  for (size_t k = 0; k < into->count; k++) {
    add_terms(d, a, derive_without(d, into->list[k].guard, pattern), end, &terms[k]);
    add_terms(d, a, into->list[k].support, end, &terms[k]);
    if (terms[k].count == 0) return NULL;
  }
  enum { READERS_MAX = 64 }; // each is held against each
  if (into->count > READERS_MAX) return NULL;
  return settled(d, a, any_of(d, terms, absorb(terms, into->count)));
}
