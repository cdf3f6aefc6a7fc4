// bounds.c - triangular loops: where a loop adds up terms and does nothing else, comparisons that stand in the guards of all of
// them become the loop's range (`sum[j:n if j < i]` runs j to i).
#include "schedule/internal.h"

// sum + e, or sum - e; without a sum, e or -e.
static const Expr *joined(Graph *pool, const Expr *sum, const Expr *e, bool minus) {
  if (sum) return expr_prim2(pool, minus ? PRIM_SUB : PRIM_ADD, sum, e);
  return minus ? expr_prim1(pool, PRIM_NEG, e) : e;
}

// Does e need nothing but what loops outside know?
static bool is_outside(const Schedule *s, const Node *n, const Expr *e, const Loop *loop) {
  for (int k = 0; k < n->nout + n->nred; k++) {
    const Loop *other = s->place[n->id].loop[k];
    if (expr_uses_index(e, k) && (!other || other->depth >= loop->depth)) return false;
  }
  return true;
}

// What says of index q itself that it is at least, or at most, what each iteration of a loop outside has computed: q - low + slack >= 0, or
// high - q + slack >= 0.
static Limit limit_computed(Schedule *s, const Node *n, int q, const Expr *a, const Expr *b, int64_t slack) {
  const Limit none = {NULL, false};
  Graph *pool = s->pool;
  const Loop *loop = s->place[n->id].loop[q];
  const bool low = a->kind == EXPR_INDEX && a->u.index == q;
  const Expr *other = low ? b : a, *own = low ? a : b;
  if (own->kind != EXPR_INDEX || own->u.index != q || !runs_singly_within(s, loop) || !is_outside(s, n, other, loop)) return none;
  const int64_t more = low ? -slack : slack + 1;
  const Expr *at = schedule_expr(s, n, expr_substitute(pool, other, NULL, 0, NULL));
  return (Limit){more ? expr_prim2(pool, PRIM_ADD, at, expr_int(pool, more)) : at, low};
}

// What a - b + slack = c * q + rest >= 0 says of the loop that runs n's index q, if c is 1 or -1 and rest needs only loops outside.
static Limit limit_of(Schedule *s, const Node *n, int q, const Expr *a, const Expr *b, int64_t slack) {
  const Limit none = {NULL, false};
  Graph *pool = s->pool;
  int total = n->nout + n->nred;
  int64_t *ca = arena_array(s->arena, int64_t, (size_t)total), *cb = arena_array(s->arena, int64_t, (size_t)total);
  const Expr *rest_a, *rest_b;
  a = expr_substitute(pool, a, NULL, 0, NULL); // expressions of two graphs never mix
  b = expr_substitute(pool, b, NULL, 0, NULL);
  if (!expr_affine(pool, a, total, ca, &rest_a) || !expr_affine(pool, b, total, cb, &rest_b))
    return limit_computed(s, n, q, a, b, slack);
  int64_t c = ca[q] - cb[q];
  if (c != 1 && c != -1) return none;
  const Loop *loop = s->place[n->id].loop[q];
  if (needs_tiles(s, loop)) return none;
  // c = 1: q >= rest_b - rest_a - slack; c = -1: q < rest_a - rest_b + slack + 1.  Constants are gathered in one polynomial.
  Dims *dims = s->task.graph->dims;
  const Poly *constant = poly_int(dims, c == 1 ? -slack : slack + 1);
  const Expr *plus = c == 1 ? rest_b : rest_a, *minus = c == 1 ? rest_a : rest_b, *limit = NULL;
  if (plus->kind == EXPR_POLY) {
    constant = poly_add(dims, constant, plus->u.poly);
    plus = NULL;
  }
  if (minus->kind == EXPR_POLY) {
    constant = poly_sub(dims, constant, minus->u.poly);
    minus = NULL;
  }
  for (int k = 0; k < total; k++) {
    int64_t ck = ca[k] - cb[k];
    if (k == q || !ck) continue;
    const Loop *other = s->place[n->id].loop[k];
    if (!other || other->depth >= loop->depth) return none;
    const Expr *term = expr_index(pool, k);
    int64_t factor = -c * ck;
    if (factor != 1 && factor != -1)
      term = expr_prim2(pool, PRIM_MUL, expr_int(pool, factor < 0 ? -factor : factor), term);
    limit = joined(pool, limit, term, factor < 0);
  }
  if (plus) limit = joined(pool, limit, plus, false);
  if (minus) limit = joined(pool, limit, minus, true);
  int64_t zero;
  if (!limit || !poly_is_int(constant, &zero) || zero != 0) limit = joined(pool, limit, expr_poly(pool, constant), false);
  limit = schedule_expr(s, n, limit);
  for (const Loop *outer = loop->parent; outer; outer = outer->parent) // all that runs in tiles has to run alike
    if (needs_tiles(s, outer) && mentions_loop(limit, outer)) return none;
  return (Limit){limit, c == 1};
}

Limit limit_of_condition(Schedule *s, const Node *n, const Expr *e, int q) {
  const Limit none = {NULL, false};
  if (e->kind != EXPR_PRIM || e->u.prim.narg != 2 || e->u.prim.arg[0]->type != TYPE_INT) return none;
  const Expr *x = e->u.prim.arg[0], *y = e->u.prim.arg[1];
  switch (e->u.prim.op) {
  case PRIM_LT: return limit_of(s, n, q, y, x, -1);
  case PRIM_LE: return limit_of(s, n, q, y, x, 0);
  case PRIM_GT: return limit_of(s, n, q, x, y, -1);
  case PRIM_GE: return limit_of(s, n, q, x, y, 0);
  default: return none;
  }
}

void limit_loop(Schedule *s, Loop *loop, Limit limit) {
  const Expr ***list = limit.low ? &loop->low : &loop->high;
  size_t *count = limit.low ? &loop->nlow : &loop->nhigh;
  for (size_t k = 0; k < *count; k++)
    if ((*list)[k] == limit.at) return; // by another node of the loop
  const Expr **longer = arena_array(s->arena, const Expr *, *count + 1);
  for (size_t k = 0; k < *count; k++) longer[k] = (*list)[k];
  longer[(*count)++] = limit.at;
  *list = longer;
}

// Are its nodes' terms all that the loop computes?  (What entries start from may stand in it, too.)
static bool only_adds(const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP ? !only_adds(step->loop) : step->kind != STEP_NODE || !node_accumulates(step->node)) return false;
  }
  return true;
}

bool limit_keeps(Schedule *s, const Node *n, const Expr *guard, int q, Limit limit) {
  if (expr_is_prim(guard, PRIM_AND))
    return limit_keeps(s, n, guard->u.prim.arg[0], q, limit) || limit_keeps(s, n, guard->u.prim.arg[1], q, limit);
  const Limit own = limit_of_condition(s, n, guard, q);
  return own.at == limit.at && own.low == limit.low;
}

static bool all_keep(Schedule *s, const Loop *loop, Limit limit) {
  for (size_t k = 0; k < loop->nmembers; k++) {
    const Node *n = loop->members[k];
    const int q = index_in(s, n, loop);
    if (q < 0 || !n->guard || !node_accumulates(n) || (n->kind == NODE_SCATTER && q < n->nout) || !limit_keeps(s, n, n->guard, q, limit))
      return false;
  }
  return true;
}

// Is the condition a loop's range already?
static bool is_range(Schedule *s, const Node *n, const Expr *e) {
  for (int q = n->kind == NODE_SCATTER ? n->nout : 0; q < n->nout + n->nred; q++) {
    const Loop *loop = s->place[n->id].loop[q];
    const Limit limit = loop ? limit_of_condition(s, n, e, q) : (Limit){NULL, false};
    const Expr *const *list = limit.low ? loop->low : loop->high;
    for (size_t k = 0; limit.at && k < (limit.low ? loop->nlow : loop->nhigh); k++)
      if (list[k] == limit.at) return true;
  }
  return false;
}

// What of the guard the loops do not take care of.
static const Expr *take_bounds(Schedule *s, const Node *n, const Expr *guard) {
  if (expr_is_prim(guard, PRIM_AND)) {
    const Expr *x = take_bounds(s, n, guard->u.prim.arg[0]), *y = take_bounds(s, n, guard->u.prim.arg[1]);
    return x && y ? expr_prim2(s->pool, PRIM_AND, x, y) : x ? x : y;
  }
  if (is_range(s, n, guard)) return NULL;
  // The innermost index that it can bound.
  for (int q = n->nout + n->nred - 1; q >= 0; q--) {
    const Loop *loop = s->place[n->id].loop[q];
    if (n->kind == NODE_SCATTER && q < n->nout) break; // its guard knows terms alone
    if (!node_accumulates(n) || !loop || ((loop->nmembers > 1 || q < n->nout || node_is_target(n, q)) && !only_adds(loop))) continue;
    const Limit limit = limit_of_condition(s, n, guard, q);
    if (!limit.at || (loop->nmembers > 1 && !all_keep(s, loop, limit))) continue;
    limit_loop(s, s->loops[loop->id], limit);
    return NULL;
  }
  return schedule_expr(s, n, guard);
}

void bound_loops(Schedule *s) {
  limit_to_wanted(s);
  const Graph *g = s->task.graph;
  for (size_t k = 0; k < g->count; k++) {
    Place *p = &s->place[k];
    const Node *n = g->nodes[k];
    if (p->loop && n->guard && !p->contraction)
      p->guard = take_bounds(s, n, n->guard);
  }
}
