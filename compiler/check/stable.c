// stable.c - forms that overflow or cancel as they are spelt, and what is computed instead.
//
// They are met where an expression is built, so every spelling counts: through named definitions (reads of element-wise
// nodes) and through functions, which are expanded before.
#include "check/internal.h"

enum { SEE_THROUGH_MAX = 64 };

static bool is_element_wise(const Walk *w, const Expr *e) {
  return e->kind == EXPR_READ && e->u.read.node->kind == NODE_COMP && e->u.read.node->reduce == REDUCE_NONE &&
         !e->u.read.node->guard && !w->flags[e->u.read.node->id].opaque;
}

// The node or operation that e comes to, without building anything.
static const Expr *root_of(const Walk *w, const Expr *e) {
  for (int k = 0; k < SEE_THROUGH_MAX && is_element_wise(w, e); k++) e = e->u.read.node->expr;
  return e;
}

const Expr *see_through(Walk *w, const Expr *e) {
  for (int k = 0; k < SEE_THROUGH_MAX && is_element_wise(w, e); k++)
    e = substitute(w, e->u.read.node->expr, e->u.read.sub, e->u.read.node->nout);
  return e;
}

static bool is_op(const Walk *w, const Expr *e, Prim op) {
  return expr_is_prim(root_of(w, e), op);
}

// The operation's argument k, over the indices of e.
static const Expr *argument(Walk *w, const Expr *e, int k) {
  return see_through(w, e)->u.prim.arg[k];
}

static bool is_one(const Walk *w, const Expr *e) {
  return expr_is_real(root_of(w, e), 1);
}

// For 1 + exp(x) and exp(x) + 1: x, else null.
static const Expr *exp_beside_one(Walk *w, const Expr *e) {
  if (!is_op(w, e, PRIM_ADD)) return NULL;
  const Expr *x = argument(w, e, 0), *y = argument(w, e, 1);
  if (is_one(w, x) && is_op(w, y, PRIM_EXP)) return argument(w, y, 0);
  if (is_one(w, y) && is_op(w, x, PRIM_EXP)) return argument(w, x, 0);
  return NULL;
}

static bool is_sum_of_exp(const Walk *w, const Expr *e) {
  e = root_of(w, e);
  return e->kind == EXPR_READ && e->u.read.node->kind == NODE_COMP && e->u.read.node->reduce == REDUCE_SUM &&
         !w->flags[e->u.read.node->id].opaque && is_op(w, e->u.read.node->expr, PRIM_EXP);
}

static const Expr *log_of_sum(Walk *w, const Expr *e) {
  e = see_through(w, e);
  Node node = *e->u.read.node;
  node.reduce = REDUCE_LOGSUMEXP;
  node.expr = argument(w, node.expr, 0);
  node.name = arena_printf(w->arena, "log_%s", node.name);
  return make_read(w, add_node(w, &node), e->u.read.sub);
}

// ---- the rules: each is given the arguments and returns the better form, or null ----

// log1p(exp(x)) = softplus(x)
static const Expr *log1p_exp(Walk *w, const Expr *const *a) {
  return is_op(w, a[0], PRIM_EXP) ? make1(w, PRIM_SOFTPLUS, argument(w, a[0], 0)) : NULL;
}

// log(1 + exp(x)) = softplus(x)
static const Expr *log_one_exp(Walk *w, const Expr *const *a) {
  const Expr *x = exp_beside_one(w, a[0]);
  return x ? make1(w, PRIM_SOFTPLUS, x) : NULL;
}

// log(exp(x)) = x, and so log(softmax(x)) = x - logsumexp(x)
static const Expr *log_exp(Walk *w, const Expr *const *a) {
  return is_op(w, a[0], PRIM_EXP) ? argument(w, a[0], 0) : NULL;
}

// log(sigmoid(x)) = -softplus(-x)
static const Expr *log_sigmoid(Walk *w, const Expr *const *a) {
  if (!is_op(w, a[0], PRIM_SIGMOID)) return NULL;
  return make1(w, PRIM_NEG, make1(w, PRIM_SOFTPLUS, make1(w, PRIM_NEG, argument(w, a[0], 0))));
}

// log(sum(exp(x))) = logsumexp(x)
static const Expr *log_sum_exp(Walk *w, const Expr *const *a) {
  return is_sum_of_exp(w, a[0]) ? log_of_sum(w, a[0]) : NULL;
}

// log(exp(x) / s) = x - log(s), log(sum(exp(x)) / n) = logsumexp(x) - log(n)
static const Expr *log_quotient(Walk *w, const Expr *const *a) {
  if (!is_op(w, a[0], PRIM_DIV)) return NULL;
  const Expr *x = argument(w, a[0], 0), *y = argument(w, a[0], 1);
  if (!is_op(w, x, PRIM_EXP) && !is_sum_of_exp(w, x)) return NULL;
  return make2(w, PRIM_SUB, make1(w, PRIM_LOG, x), make1(w, PRIM_LOG, y));
}

// 1 - sigmoid(x) = sigmoid(-x)
static const Expr *one_less_sigmoid(Walk *w, const Expr *const *a) {
  if (!is_one(w, a[0]) || !is_op(w, a[1], PRIM_SIGMOID)) return NULL;
  return make1(w, PRIM_SIGMOID, make1(w, PRIM_NEG, argument(w, a[1], 0)));
}

// 1 - erf(x) = erfc(x)
static const Expr *one_less_erf(Walk *w, const Expr *const *a) {
  return is_one(w, a[0]) && is_op(w, a[1], PRIM_ERF) ? make1(w, PRIM_ERFC, argument(w, a[1], 0)) : NULL;
}

// 1 + erf(x) = erfc(-x)
static const Expr *one_and_erf(Walk *w, const Expr *const *a) {
  const Expr *erf = is_one(w, a[0]) ? a[1] : is_one(w, a[1]) ? a[0] : NULL;
  return erf && is_op(w, erf, PRIM_ERF) ? make1(w, PRIM_ERFC, make1(w, PRIM_NEG, argument(w, erf, 0))) : NULL;
}

// sqrt(x)^2 = x, with a slope at 0; not a number where there is no root.
static const Expr *square_of_root(Walk *w, const Expr *root) {
  const Expr *none = make1(w, PRIM_STOP, make2(w, PRIM_MUL, expr_real(w->graph, 0), root));
  return make2(w, PRIM_ADD, argument(w, root, 0), none);
}

static const Expr *root_squared(Walk *w, const Expr *const *a) {
  int64_t n;
  return is_op(w, a[0], PRIM_SQRT) && expr_is_int(a[1], &n) && n == 2 ? square_of_root(w, a[0]) : NULL;
}

static const Expr *root_times_root(Walk *w, const Expr *const *a) {
  return a[0] == a[1] && is_op(w, a[0], PRIM_SQRT) ? square_of_root(w, a[0]) : NULL;
}

// 1 / (1 + exp(x)) = sigmoid(-x)
static const Expr *one_over_one_exp(Walk *w, const Expr *const *a) {
  const Expr *x = is_one(w, a[0]) ? exp_beside_one(w, a[1]) : NULL;
  return x ? make1(w, PRIM_SIGMOID, make1(w, PRIM_NEG, x)) : NULL;
}

// lgamma(n) = log((n - 1)!) of an integer that is no size: of one of many counts.
static const Expr *lgamma_of_integer(Walk *w, const Expr *const *a) {
  const Expr *n = is_op(w, a[0], PRIM_REAL) ? argument(w, a[0], 0) : NULL;
  return n && n->kind != EXPR_POLY ? make1(w, PRIM_LOG_FACTORIAL, make2(w, PRIM_SUB, n, expr_int(w->graph, 1))) : NULL;
}

static const struct {
  Prim op;
  const Expr *(*rule)(Walk *w, const Expr *const *args);
} rules[] = {
    {PRIM_LOG1P, log1p_exp},  {PRIM_LOG, log_one_exp},  {PRIM_LOG, log_exp},          {PRIM_LOG, log_sigmoid},
    {PRIM_LOG, log_sum_exp},  {PRIM_LOG, log_quotient}, {PRIM_SUB, one_less_sigmoid}, {PRIM_DIV, one_over_one_exp},
    {PRIM_SUB, one_less_erf}, {PRIM_ADD, one_and_erf},  {PRIM_POWI, root_squared},    {PRIM_MUL, root_times_root},
    {PRIM_LGAMMA, lgamma_of_integer},
};

const Expr *stable_form(Walk *w, Prim op, const Expr *const *args) {
  for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
    const Expr *better = rules[k].op == op ? rules[k].rule(w, args) : NULL;
    if (better) return better;
  }
  return NULL;
}
