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

// The product of the entries before (behind) each: a loop's state.
static const Expr *running_product(Derive *d, const Node *n, const Expr *entry, bool reverse) {
  Graph *g = d->graph;
  const int axis = n->nout;
  const char *side = reverse ? "behind" : "before";
  Index *index = arena_array(d->arena, Index, (size_t)axis + 1);
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)axis + 1);
  memcpy(index, n->index, (size_t)axis * sizeof *index);
  index[axis] = (Index){n->index[axis].name, poly_add(g->dims, n->index[axis].extent, poly_int(g->dims, 1))};
  for (int k = 0; k <= axis; k++) sub[k] = expr_index(g, k);
  Node state = pointwise(d, n, side, NULL, expr_real(g, 1));
  state.note = arena_printf(d->arena, "the product of what stands %s each entry of %s", side, n->name);
  state.kind = NODE_CARRY;
  state.index = index;
  state.axis = axis;
  state.reverse = reverse;
  const Node *carry = graph_add(g, &state);
  if (reverse) sub[axis] = expr_prim2(g, PRIM_ADD, sub[axis], expr_int(g, 1));
  const Expr *so_far = expr_read(g, carry, sub);
  const Node step = pointwise(d, n, arena_printf(d->arena, "%s_step", side), NULL, expr_prim2(g, PRIM_MUL, so_far, entry));
  graph_close(carry, graph_add(g, &step), NULL);
  return so_far;
}

// Two loops over all entries instead of one for each?  Among few, and in the steps of a loop, the latter cost less; and of what
// a branch leaves out, which may be infinite, loops say nothing (support.c).
static bool runs_along(Derive *d, const Node *n) {
  enum { FEW = 16 };
  const Poly *entries = poly_int(d->graph->dims, 1);
  int64_t count;
  const bool steps = (size_t)n->id < d->nold && d->loops->inside[n->id];
  if (d->task->plain || steps || !derive_is_finite(d, n->expr)) return false;
  for (int q = n->nout; q < n->nout + n->nred; q++) entries = poly_mul(d->graph->dims, entries, n->index[q].extent);
  return !poly_is_int(entries, &count) || count > FEW;
}

static Local local_prod(Derive *d, const Node *n);

// Over several indices: along the first of them, over the products along the others.
static Local product_of_products(Derive *d, const Node *n) {
  Graph *g = d->graph;
  Node row = *n, rows = *n;
  row.name = suffixed(d, n, "row");
  row.note = arena_printf(d->arena, "the part of %s at an index", n->name);
  row.nout++;
  row.nred--;
  const Node *part = graph_add(g, &row);
  rows.nred = 1;
  rows.guard = NULL;
  rows.expr = derive_read_own(g, part);
  const Expr *others = local_prod(d, &rows).factor;
  return (Local){.factor = expr_prim2(g, PRIM_MUL, others, local_prod(d, part).factor), .guard = n->guard};
}

// The product of all other entries: right also where some are 0.
static Local local_prod(Derive *d, const Node *n) {
  Graph *g = d->graph;
  const bool along = runs_along(d, n);
  if (along && n->nred > 1) return product_of_products(d, n);
  if (along) {
    const Expr *entry = derive_read_own(g, derive_name_candidates(g, n));
    if (n->guard) entry = expr_select(g, n->guard, entry, expr_real(g, 1));
    const Expr *before = running_product(d, n, entry, false), *behind = running_product(d, n, entry, true);
    return (Local){.factor = expr_prim2(g, PRIM_MUL, before, behind), .guard = n->guard};
  }
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
