// local.c - the derivative of a reduction by its entries, as a factor and the guard under which there is one.
#include <math.h>
#include <string.h>

#include "derive/internal.h"

static const char *suffixed(Derive *d, const Node *n, const char *suffix) {
  return arena_printf(d->arena, "%s_%s", n->name, suffix);
}

// A node over all indices of n, without a reduction.
static Node pointwise(Derive *d, const Node *n, const char *suffix, const Expr *guard, const Expr *expr) {
  return (Node){.kind = NODE_COMP,
                .name = suffixed(d, n, suffix),
                .span = n->span,
                .type = TYPE_REAL,
                .nout = n->nout + n->nred,
                .index = n->index,
                .guard = guard,
                .expr = expr};
}

// n as a reduction over reads of named candidates: itself, or both are computed once more.
static const Node *over_candidates(Derive *d, const Node *n) {
  if (n->expr->kind == EXPR_READ) return n;
  Node again = *n;
  again.name = suffixed(d, n, "again");
  again.expr = derive_read_own(d->graph, derive_name_candidates(d->graph, n));
  return graph_add(d->graph, &again);
}

static Local local_sum(Derive *d, const Node *n) {
  return (Local){.factor = expr_real(d->graph, 1), .guard = n->guard};
}

// The product of all other entries: right also where some are 0, at the cost of a loop over them for each entry.
static Local local_prod(Derive *d, const Node *n) {
  Graph *g = d->graph;
  int nv = n->nout + n->nred;
  Index *index = arena_array(d->arena, Index, (size_t)(nv + n->nred));
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)nv + 1);
  memcpy(index, n->index, (size_t)nv * sizeof *index);
  memcpy(index + nv, n->index + n->nout, (size_t)n->nred * sizeof *index);
  const Expr *same = NULL;
  for (int r = 0; r < n->nred; r++) {
    sub[n->nout + r] = expr_index(g, nv + r);
    same = derive_and(g, same, expr_prim2(g, PRIM_EQ, expr_index(g, nv + r), expr_index(g, n->nout + r)));
  }
  const Expr *guard = n->guard ? expr_substitute(g, n->guard, sub, nv, NULL) : NULL;
  Node others = pointwise(d, n, "others", derive_and(g, guard, derive_not(g, same)), NULL);
  others.expr = expr_substitute(g, n->expr, sub, nv, NULL);
  others.nred = n->nred;
  others.index = index;
  others.reduce = REDUCE_PROD;
  others.note = arena_printf(d->arena, "the product of all other entries of %s", n->name);
  return (Local){.factor = derive_read_own(g, graph_add(g, &others)), .guard = n->guard};
}

// exp(e - n): the entry's share.  Where nothing but -inf was summed there is no derivative to send.
static Local local_logsumexp(Derive *d, const Node *n) {
  Graph *g = d->graph;
  const Node *sum = over_candidates(d, n);
  const Expr *total = derive_read_own(g, sum);
  const Expr *guard = derive_and(g, n->guard, expr_prim2(g, PRIM_GT, total, expr_real(g, -INFINITY)));
  return (Local){.factor = expr_prim1(g, PRIM_EXP, expr_prim2(g, PRIM_SUB, sum->expr, total)), .guard = guard};
}

// All winners share evenly.
static Local local_extremum(Derive *d, const Node *n) {
  Graph *g = d->graph;
  const Node *extremum = over_candidates(d, n);
  const Expr *guard = derive_and(g, n->guard, expr_prim2(g, PRIM_EQ, extremum->expr, derive_read_own(g, extremum)));
  Node ties = *n;
  ties.name = suffixed(d, n, "ties");
  ties.note = arena_printf(d->arena, "how many entries equal %s", n->name);
  ties.reduce = REDUCE_SUM;
  ties.guard = guard;
  ties.expr = expr_real(g, 1);
  const Expr *count = derive_read_own(g, graph_add(g, &ties));
  return (Local){.factor = expr_prim2(g, PRIM_DIV, expr_real(g, 1), count), .guard = guard};
}

static Local (*const local_of[])(Derive *d, const Node *n) = {
    [REDUCE_NONE] = local_sum,     [REDUCE_SUM] = local_sum,      [REDUCE_PROD] = local_prod,
    [REDUCE_MAX] = local_extremum, [REDUCE_MIN] = local_extremum, [REDUCE_LOGSUMEXP] = local_logsumexp,
};

Local derive_local(Derive *d, const Node *n) {
  Local local = local_of[n->reduce](d, n);
  const bool of_entries = n->reduce == REDUCE_PROD || n->reduce == REDUCE_LOGSUMEXP;
  local.wild = of_entries && !derive_is_finite(d, n->expr);
  return local;
}
