// build.c - nodes for the order in which a product is summed over.
//
// Factors and indices stand in an order that depends on what is read alone, so that sums that are alike in two products
// are alike as nodes.
#include <stdlib.h>

#include "factor/internal.h"

typedef struct Builder {
  Factoring *f;
  const Product *p;
  const Node *n; // what is built
  const GraphLoop *loop;
  Item live[ITEMS_MAX + SUMMED_MAX];
  int nlive;
} Builder;

// ---- factors in their order ----

static int by_place(const void *x, const void *y) {
  const Item *a = x, *b = y;
  if (a->inverse != b->inverse) return a->inverse - b->inverse;
  const bool reads = a->e->kind == EXPR_READ, other = b->e->kind == EXPR_READ;
  if (reads != other) return other - reads;
  const int na = reads ? a->e->u.read.node->id : 0, nb = other ? b->e->u.read.node->id : 0;
  if (na != nb) return (na > nb) - (na < nb);
  return (a->e->id < b->e->id) - (a->e->id > b->e->id); // what was made last first: products that go back share that
}

static const Expr *times(Graph *g, const Expr *x, const Expr *y) {
  return x ? expr_prim2(g, PRIM_MUL, x, y) : y;
}

static const Expr *product(Graph *g, const Item *item, int count) {
  const Expr *e = NULL;
  for (int k = 0; k < count; k++)
    e = item[k].inverse ? expr_prim2(g, PRIM_DIV, e ? e : expr_real(g, 1), item[k].e) : times(g, e, item[k].e);
  return e ? e : expr_real(g, 1);
}

static const Expr *conjunction(Graph *g, const Item *item, int count) {
  const Expr *all = NULL;
  for (int k = 0; k < count; k++) all = all ? expr_prim2(g, PRIM_AND, all, item[k].e) : item[k].e;
  return all;
}

// ---- indices in their order ----

typedef struct Indices {
  int at[INDEX_MAX], count;
  uint64_t left; // not listed yet
} Indices;

static void list_index(Indices *list, int k) {
  if (!(list->left >> k & 1)) return;
  list->left &= ~((uint64_t)1 << k);
  list->at[list->count++] = k;
}

static void list_as_read(Indices *list, const Item *item, int count) {
  for (int k = 0; k < count; k++) {
    size_t n;
    Arena *scratch = arena_new();
    const Expr **part = expr_parts(scratch, item[k].e, &n);
    for (size_t j = 0; j < n; j++) {
      if (part[j]->kind != EXPR_READ) continue;
      for (int q = 0; q < part[j]->u.read.node->nout; q++) {
        const Expr *sub = part[j]->u.read.sub[q];
        if (sub->kind == EXPR_INDEX) list_index(list, sub->u.index);
      }
    }
    arena_free(scratch);
  }
  for (int k = 0; k < INDEX_MAX; k++) list_index(list, k);
}

// ---- steps ----

typedef struct Taken {
  Item factor[ITEMS_MAX + SUMMED_MAX], condition[ITEMS_MAX];
  int nfactor, ncondition;
  uint64_t scope;
} Taken;

// Takes what needs the indices summed over; conditions that can be looked at there are looked at as well.
static Taken take(Builder *b, uint64_t summed) {
  Taken t = {.scope = summed};
  for (int k = 0; k < b->nlive; k++)
    if (b->live[k].scope & summed) t.scope |= b->live[k].scope;
  bool unsafe = false;
  for (int k = 0; k < b->nlive; k++) unsafe = unsafe || (b->live[k].unsafe && b->live[k].scope & summed);
  int left = 0;
  for (int k = 0; k < b->nlive; k++) {
    const Item item = b->live[k];
    const bool needed = item.scope & summed, idle = item.nonempty && (!unsafe || t.scope >> (item.nonempty - 1) & 1);
    if (item.condition && (item.scope & ~t.scope) == 0 && !idle) t.condition[t.ncondition++] = item;
    if (!item.condition && needed) t.factor[t.nfactor++] = item;
    if (!needed) b->live[left++] = item;
  }
  b->nlive = left;
  qsort(t.factor, (size_t)t.nfactor, sizeof *t.factor, by_place);
  return t;
}

static const Expr *renamed(Builder *b, const Expr *e, const int *at, int count) {
  const Expr *sub[INDEX_MAX] = {NULL};
  for (int k = 0; k < count; k++) sub[at[k]] = expr_index(b->f->g, k);
  return e ? expr_substitute(b->f->g, e, sub, INDEX_MAX, NULL) : NULL;
}

// The sum of what was taken, with these outputs; summed over are the other indices of `at`.
static Node sum_node(Builder *b, const Taken *t, const int *at, int nout, int count) {
  Graph *g = b->f->g;
  Node sum = {.kind = NODE_COMP, .span = b->n->span, .type = TYPE_REAL, .nout = nout, .nred = count - nout};
  Index *index = arena_array(g->arena, Index, (size_t)count + 1);
  for (int k = 0; k < count; k++) index[k] = b->p->index[at[k]];
  sum.index = index;
  sum.reduce = sum.nred ? REDUCE_SUM : REDUCE_NONE;
  sum.expr = renamed(b, product(g, t->factor, t->nfactor), at, count);
  sum.guard = renamed(b, conjunction(g, t->condition, t->ncondition), at, count);
  return sum;
}

static double extent_of(const Product *p, const int *at, int count) {
  double extent = 1;
  for (int k = 0; k < count; k++) extent *= p->extent[at[k]];
  return extent;
}

// A node for one step, which is a factor from then on.
static void build_step(Builder *b, uint64_t summed) {
  Factoring *f = b->f;
  const Taken t = take(b, summed);
  Indices list = {.left = t.scope & ~summed};
  list_as_read(&list, t.factor, t.nfactor);
  const int nout = list.count;
  list.left = summed;
  list_as_read(&list, t.factor, t.nfactor);
  Node sum = sum_node(b, &t, list.at, nout, list.count);
  sum.origin = ORIGIN_FACTORED;
  sum.name = arena_printf(f->arena, "%s_part", b->n->name);
  const double each = work_of(sum.expr) + 1;
  const Known known = {.uses = 1, .loop = b->loop, .cost = each * extent_of(b->p, list.at, list.count)};
  const Node *added = factor_add(f, &sum, known);
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < nout; k++) sub[k] = expr_index(f->g, list.at[k]);
  b->live[b->nlive++] = (Item){.e = expr_read(f->g, added, sub), .scope = t.scope & ~summed};
}

static Builder start(Factoring *f, const Product *p, const Node *n, const GraphLoop *loop) {
  Builder b = {.f = f, .p = p, .n = n, .loop = loop, .nlive = p->nitem};
  for (int k = 0; k < p->nitem; k++) b.live[k] = p->item[k];
  return b;
}

// What is left, with the coefficient.
static const Expr *finish(Builder *b, const Expr **guard) {
  Graph *g = b->f->g;
  Item factor[ITEMS_MAX + SUMMED_MAX], condition[ITEMS_MAX];
  int nfactor = 0, ncondition = 0;
  bool unsafe = false;
  for (int k = 0; k < b->nlive; k++) unsafe = unsafe || b->live[k].unsafe;
  for (int k = 0; k < b->nlive; k++) {
    if (b->live[k].nonempty && !unsafe) continue;
    if (b->live[k].condition)
      condition[ncondition++] = b->live[k];
    else
      factor[nfactor++] = b->live[k];
  }
  qsort(factor, (size_t)nfactor, sizeof *factor, by_place);
  const double c = b->p->coefficient;
  const Expr *e = nfactor ? product(g, factor, nfactor) : NULL;
  *guard = conjunction(g, condition, ncondition);
  if (!e) return expr_real(g, c);
  return c == 1 ? e : c == -1 ? expr_prim1(g, PRIM_NEG, e) : expr_prim2(g, PRIM_MUL, expr_real(g, c), e);
}

const Expr *build_ordered(Factoring *f, const Product *p, const Order *o, const Node *n, const GraphLoop *loop,
                          const int *outs, int nout, const Expr **guard) {
  Builder b = start(f, p, n, loop);
  for (int k = 0; k < o->nstep; k++) build_step(&b, o->step[k]);
  const Expr *e = finish(&b, guard);
  *guard = renamed(&b, *guard, outs, nout);
  return renamed(&b, e, outs, nout);
}

// Does the last step make the node itself?
static bool ends_in_sum(const Builder *b, uint64_t summed) {
  bool all = b->p->coefficient == 1;
  for (int k = 0; k < b->nlive; k++) all = all && (b->live[k].condition || b->live[k].scope & summed);
  return all;
}

const Node *build_node(Factoring *f, const Product *p, const Order *o, const Node *n, Known known) {
  Builder b = start(f, p, n, known.loop);
  Node made = *n;
  for (int k = 0; k + 1 < o->nstep; k++) build_step(&b, o->step[k]);
  const uint64_t last = o->nstep ? o->step[o->nstep - 1] : 0;
  Indices list = {.count = 0};
  for (int k = 0; k < n->nout; k++) list.at[list.count++] = k;
  if (last && ends_in_sum(&b, last)) {
    for (int k = 0; k < b.nlive; k++)
      b.live[k].scope |= b.live[k].condition && !b.live[k].nonempty ? last : 0; // all that are left
    const Taken t = take(&b, last);
    list.left = last;
    list_as_read(&list, t.factor, t.nfactor);
    made = sum_node(&b, &t, list.at, n->nout, list.count);
  } else {
    if (last) build_step(&b, last);
    const Expr *guard;
    const Expr *e = finish(&b, &guard);
    made.expr = renamed(&b, e, list.at, n->nout);
    made.guard = renamed(&b, guard, list.at, n->nout);
    made.nred = 0;
    made.reduce = REDUCE_NONE;
  }
  made.name = n->name;
  made.note = n->note;
  made.origin = n->origin;
  made.span = n->span;
  return factor_add(f, &made, known);
}
