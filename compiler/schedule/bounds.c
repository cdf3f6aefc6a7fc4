// bounds.c - triangular loops: where a loop adds up one node's terms and does nothing else, comparisons in the node's guard
// become the loop's range (`sum[j:n if j < i]` runs j to i).
#include "schedule/internal.h"

// e >= 0 for index q, where e = c * q + rest: a bound on q, if c is 1 or -1 and rest needs only loops outside.
static bool bound(Schedule *s, const Node *n, int q, const Expr *a, const Expr *b, int64_t slack) {
  // a - b + slack >= 0
  Graph *pool = s->pool;
  int total = n->nout + n->nred;
  int64_t *ca = arena_array(s->arena, int64_t, (size_t)total), *cb = arena_array(s->arena, int64_t, (size_t)total);
  const Expr *rest_a, *rest_b;
  if (!expr_affine(pool, a, total, ca, &rest_a) || !expr_affine(pool, b, total, cb, &rest_b)) return false;
  int64_t c = ca[q] - cb[q];
  if (c != 1 && c != -1) return false;
  const Loop *loop = s->place[n->id].loop[q];
  // Constants are gathered in one polynomial.
  Dims *dims = s->task.graph->dims;
  const Poly *constant = poly_int(dims, slack);
  const Expr *limit = NULL, *terms = NULL;
  if (rest_a->kind == EXPR_POLY)
    constant = poly_add(dims, constant, rest_a->u.poly);
  else
    limit = rest_a;
  if (rest_b->kind == EXPR_POLY)
    constant = poly_sub(dims, constant, rest_b->u.poly);
  else
    limit = limit ? expr_prim2(pool, PRIM_SUB, limit, rest_b) : expr_prim1(pool, PRIM_NEG, rest_b);
  for (int k = 0; k < total; k++) {
    int64_t ck = ca[k] - cb[k];
    if (k == q || !ck) continue;
    const Loop *other = s->place[n->id].loop[k];
    if (!other || other->depth >= loop->depth) return false;
    // c = 1: q >= -limit, so the signs turn; c = -1: q < limit + 1
    const Expr *term = expr_index(pool, k);
    int64_t factor = -c * ck;
    if (factor != 1 && factor != -1)
      term = expr_prim2(pool, PRIM_MUL, expr_int(pool, factor < 0 ? -factor : factor), term);
    if (terms)
      terms = expr_prim2(pool, factor < 0 ? PRIM_SUB : PRIM_ADD, terms, term);
    else
      terms = factor < 0 ? expr_prim1(pool, PRIM_NEG, term) : term;
  }
  if (limit) {
    if (terms)
      terms = expr_prim2(pool, c == 1 ? PRIM_SUB : PRIM_ADD, terms, limit);
    else
      terms = c == 1 ? expr_prim1(pool, PRIM_NEG, limit) : limit;
  }
  constant = c == 1 ? poly_sub(dims, poly_int(dims, 0), constant) : poly_add(dims, constant, poly_int(dims, 1));
  int64_t zero;
  if (!terms)
    limit = expr_poly(pool, constant);
  else if (poly_is_int(constant, &zero) && zero == 0)
    limit = terms;
  else
    limit = expr_prim2(pool, PRIM_ADD, terms, expr_poly(pool, constant));
  limit = schedule_expr(s, n, limit);
  Loop *target = s->loops[loop->id];
  const Expr ***list = c == 1 ? &target->low : &target->high;
  size_t *count = c == 1 ? &target->nlow : &target->nhigh;
  const Expr **longer = arena_array(s->arena, const Expr *, *count + 1);
  for (size_t k = 0; k < *count; k++) longer[k] = (*list)[k];
  longer[(*count)++] = limit;
  *list = longer;
  return true;
}

static bool take_comparison(Schedule *s, const Node *n, const Expr *e, int q) {
  if (e->kind != EXPR_PRIM || e->u.prim.narg != 2 || e->u.prim.arg[0]->type != TYPE_INT) return false;
  const Expr *x = e->u.prim.arg[0], *y = e->u.prim.arg[1];
  switch (e->u.prim.op) {
  case PRIM_LT: return bound(s, n, q, y, x, -1);
  case PRIM_LE: return bound(s, n, q, y, x, 0);
  case PRIM_GT: return bound(s, n, q, x, y, -1);
  case PRIM_GE: return bound(s, n, q, x, y, 0);
  default: return false;
  }
}

// Are n's terms all that the loop computes?  (What entries start from may stand in it, too.)
static bool only_adds(const Loop *loop, const Node *n) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP ? !only_adds(step->loop, n) : step->kind != STEP_NODE || step->node != n) return false;
  }
  return true;
}

// What of the guard the loops do not take care of.
static const Expr *take_bounds(Schedule *s, const Node *n, const Expr *guard) {
  if (guard->kind == EXPR_PRIM && guard->u.prim.op == PRIM_AND) {
    const Expr *x = take_bounds(s, n, guard->u.prim.arg[0]), *y = take_bounds(s, n, guard->u.prim.arg[1]);
    return x && y ? expr_prim2(s->pool, PRIM_AND, x, y) : x ? x : y;
  }
  // The innermost index that it can bound.
  for (int q = n->nout + n->nred - 1; q >= 0; q--) {
    const Loop *loop = s->place[n->id].loop[q];
    if (n->kind == NODE_SCATTER && q < n->nout) break; // its guard knows terms alone
    if (!loop || loop->nmembers != 1 || ((q < n->nout || node_is_target(n, q)) && !only_adds(loop, n))) continue;
    if (take_comparison(s, n, guard, q)) return NULL;
  }
  return schedule_expr(s, n, guard);
}

void bound_loops(Schedule *s) {
  const Graph *g = s->task.graph;
  for (size_t k = 0; k < g->count; k++) {
    Place *p = &s->place[k];
    const Node *n = g->nodes[k];
    if (p->loop && n->guard && !p->contraction)
      p->guard = node_accumulates(n) ? take_bounds(s, n, n->guard) : schedule_expr(s, n, n->guard);
  }
}
