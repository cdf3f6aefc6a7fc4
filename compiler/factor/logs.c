// logs.c - logarithms in a sum, apart: of the product of their arguments one logarithm is taken (schedule/order.c).
//
// Σ (a + c log q) becomes Σ a + c Σ log q, and where a has a constant, Σ (a + c log1p(z)) becomes Σ a + c Σ log(1 + z): each
// logarithm is then wrong by some units in the last place of 1, and not of itself.  With q rounded, by u q say, it is anyhow, and
// so is the sum where each term has the rounding of a constant.
#include <math.h>

#include "factor/internal.h"

enum { LOGS_MAX = 8, SHORT = 16 };

static const double beside = 4; // a constant of a quarter of what multiplies the logarithm is enough

// coefficient * scale * log(of), times over.
typedef struct LogTerm {
  double coefficient;
  const Expr *scale, *of, *times; // scale, times: null: 1
  bool plus_one;                  // log(1 + of)
} LogTerm;

typedef struct Terms {
  Factoring *f;
  LogTerm log[LOGS_MAX];
  int nlog;
  const Expr *rest;
  double constant; // the greatest in the rest
} Terms;

// May it stand outside of the sum, whatever the conditions there and if there are no terms at all?
static bool is_invariant(Factoring *f, const Expr *e) {
  size_t count;
  bool plain = e->indices == 0 && !may_be_poled(f, e);
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count && plain; k++) plain = part[k]->kind != EXPR_READ || part[k]->u.read.node->nout == 0;
  arena_free(scratch);
  return plain;
}

// What e, the entry of an array that nobody else reads, is computed by; or null.
static const Node *inside_of(const Factoring *f, const Expr *e) {
  const Node *m = e->kind == EXPR_READ ? e->u.read.node : NULL;
  return m && f->known[m->id].uses == 1 && m->nred == 0 && !m->guard && may_look_through(f, m, NULL) ? m : NULL;
}

static const Expr *scaled(Graph *g, double coefficient, const Expr *scale, const Expr *e) {
  if (scale) e = expr_prim2(g, PRIM_MUL, scale, e);
  return coefficient == 1 ? e : coefficient == -1 ? expr_prim1(g, PRIM_NEG, e) : expr_prim2(g, PRIM_MUL, expr_real(g, coefficient), e);
}

static void add_rest(Terms *t, double coefficient, const Expr *scale, const Expr *e) {
  const Expr *term = scaled(t->f->g, coefficient, scale, e);
  if (!scale && e->kind == EXPR_REAL) t->constant = fmax(t->constant, fabs(coefficient * e->u.real));
  t->rest = t->rest ? expr_prim2(t->f->g, PRIM_ADD, t->rest, term) : term;
}

// log(x), log1p(x), or either times a choice.
static bool add_log(Terms *t, double coefficient, const Expr *scale, const Expr *e) {
  LogTerm term = {.coefficient = coefficient, .scale = scale};
  for (int k = 0; expr_is_prim(e, PRIM_MUL) && k < 2; k++)
    if (expr_is_prim(e->u.prim.arg[k], PRIM_SELECT)) {
      term.times = e->u.prim.arg[k];
      e = e->u.prim.arg[1 - k];
    }
  if (t->nlog == LOGS_MAX || !(expr_is_prim(e, PRIM_LOG) || expr_is_prim(e, PRIM_LOG1P)) || e->u.prim.arg[0]->indices == 0)
    return false;
  for (int k = 1; term.times && k < 3; k++)
    if (!expr_is_real(term.times->u.prim.arg[k], 1) && !expr_is_real(term.times->u.prim.arg[k], 2)) return false;
  term.of = e->u.prim.arg[0];
  term.plus_one = expr_is_prim(e, PRIM_LOG1P);
  t->log[t->nlog++] = term;
  return true;
}

static bool has_log(Factoring *f, const Expr *e) {
  size_t count;
  bool any = false;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count && !any; k++) {
    const Node *inside = inside_of(f, part[k]);
    any = expr_is_prim(part[k], PRIM_LOG) || expr_is_prim(part[k], PRIM_LOG1P) || (inside && has_log(f, inside->expr));
  }
  arena_free(scratch);
  return any;
}

// Adds coefficient * scale * e.  The recursion is as deep as the expression is high, which is limited.
static void add_terms(Terms *t, double coefficient, const Expr *scale, const Expr *e) {
  Graph *g = t->f->g;
  const Expr *const *arg = e->kind == EXPR_PRIM ? e->u.prim.arg : NULL;
  const Node *inside = inside_of(t->f, e);
  if (inside) {
    add_terms(t, coefficient, scale, expr_substitute(g, inside->expr, e->u.read.sub, inside->nout, NULL));
    return;
  }
  if (expr_is_prim(e, PRIM_NEG)) {
    add_terms(t, -coefficient, scale, arg[0]);
    return;
  }
  if (expr_is_prim(e, PRIM_ADD) || expr_is_prim(e, PRIM_SUB)) {
    add_terms(t, coefficient, scale, arg[0]);
    add_terms(t, expr_is_prim(e, PRIM_SUB) ? -coefficient : coefficient, scale, arg[1]);
    return;
  }
  for (int k = 0; expr_is_prim(e, PRIM_MUL) && k < 2; k++) {
    if (arg[k]->kind == EXPR_REAL && isfinite(arg[k]->u.real) && arg[k]->u.real != 0) {
      add_terms(t, coefficient * arg[k]->u.real, scale, arg[1 - k]);
      return;
    }
    if (is_invariant(t->f, arg[k])) {
      add_terms(t, coefficient, scale ? expr_prim2(g, PRIM_MUL, scale, arg[k]) : arg[k], arg[1 - k]);
      return;
    }
  }
  if (!add_log(t, coefficient, scale, e)) add_rest(t, coefficient, scale, e);
}

static bool is_accurate(const Terms *t, const LogTerm *term) {
  if (!term->plus_one && !expr_may_be_exact(term->of)) return true;
  return !term->scale && beside * t->constant >= fabs(term->coefficient);
}

static const Expr *log_of(Graph *g, const LogTerm *term, bool as_one) {
  const bool sum = term->plus_one && as_one;
  const Expr *of = sum ? expr_prim2(g, PRIM_ADD, expr_real(g, 1), term->of) : term->of;
  const Expr *e = expr_prim1(g, term->plus_one && !as_one ? PRIM_LOG1P : PRIM_LOG, of);
  return term->times ? expr_prim2(g, PRIM_MUL, term->times, e) : e;
}

// Those that are not accurate enough as a product go back to the rest.
static void keep_accurate(Terms *t) {
  int kept = 0;
  for (int k = 0; k < t->nlog; k++) {
    const LogTerm *term = &t->log[k];
    if (is_accurate(t, term))
      t->log[kept++] = *term;
    else
      add_rest(t, term->coefficient, term->scale, log_of(t->f->g, term, false));
  }
  t->nlog = kept;
}

static bool is_short(Factoring *f, const Node *n) {
  Dims *dims = f->g->dims;
  int64_t value, entries = 1;
  for (int q = n->nout; q < n->nout + n->nred; q++) {
    if (!poly_fixed(dims, n->index[q].extent, &value)) return false;
    if (value > SHORT || (entries *= value) > SHORT) return false;
  }
  return true;
}

const Expr *logs_apart(Factoring *f, const Node *n, const GraphLoop *loop, Node *rest) {
  Terms t = {.f = f};
  Graph *g = f->g;
  const Expr *sum = NULL;
  *rest = *n;
  if (n->nout > 0 || loop || is_short(f, n) || !has_log(f, n->expr)) return NULL;
  add_terms(&t, 1, NULL, n->expr);
  keep_accurate(&t);
  if (t.nlog == 1 && !t.rest && t.log[0].coefficient == 1 && !t.log[0].scale) return NULL; // it is one already
  for (int k = 0; k < t.nlog; k++) {
    const LogTerm *term = &t.log[k];
    Node part = *n;
    part.name = arena_printf(f->arena, "%s_logs", n->name);
    part.origin = ORIGIN_LOGS;
    part.expr = log_of(g, term, true);
    const Known known = {.uses = 1, .cost = cost_of(f, &part)};
    const Expr *read = scaled(g, term->coefficient, term->scale, expr_read(g, factor_add(f, &part, known), NULL));
    sum = sum ? expr_prim2(g, PRIM_ADD, sum, read) : read;
  }
  rest->name = arena_printf(f->arena, "%s_rest", n->name);
  rest->origin = ORIGIN_LOGS;
  rest->expr = t.rest;
  return sum;
}
