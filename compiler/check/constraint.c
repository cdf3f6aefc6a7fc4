// constraint.c - constraints of parameters: their bounds, the starts that meet them.
#include "interp/constraint.h"

#include <math.h>

#include "check/internal.h"
#include "interp/interp.h"

// ---- bounds ----

static bool bound_is_fixed(Walk *w, const Expr *e) {
  if (e->kind == EXPR_READ || e->kind == EXPR_INDEX) return false;
  if (e->kind == EXPR_POLY) return !uses_batch(w, e->u.poly);
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg; k++)
    if (!bound_is_fixed(w, e->u.prim.arg[k])) return false;
  return true;
}

static bool dims_are_fixed(const Dims *dims, const Expr *e) {
  if (e->kind == EXPR_POLY) return poly_is_fixed(dims, e->u.poly);
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg; k++)
    if (!dims_are_fixed(dims, e->u.prim.arg[k])) return false;
  return true;
}

// What is known of a bound when the model is compiled.
static bool bound_value(Dims *dims, const Expr *e, double *value) {
  if (!dims_are_fixed(dims, e)) return false;
  Arena *a = arena_new();
  bool known = constraint_bound(dims, e, arena_array(a, int64_t, (size_t)dims_count(dims) + 1), value);
  arena_free(a);
  return known;
}

// Null after an error.
static const Expr *bound(Walk *w, const AstExpr *e) {
  Value v = eval(w, e);
  if (!want_number(w, &v)) return NULL;
  if (v.rank) {
    diag_error(w->diags, e->span, "a bound is a single number, not an array of shape %s", shape_text(w, &v));
    return NULL;
  }
  if (!bound_is_fixed(w, v.expr)) {
    diag_error(w->diags, e->span,
               "a bound is made of numbers, constants and dimensions alone, the batch dimension not "
               "among them");
    return NULL;
  }
  double value;
  const Expr *real = make_real(w, v.expr);
  if (bound_value(w->dims, real, &value) && !isfinite(value)) {
    diag_error(w->diags, e->span, "a bound is a finite number: without one there is no constraint");
    return NULL;
  }
  return real;
}

// A simplex's row has at least one entry: there is no other way to a sum of 1.
static bool simplex_shape(Walk *w, const Stmt *s, const Value *shape) {
  int64_t length;
  if (!poly_fixed(w->dims, shape->extent[shape->rank - 1], &length) || length > 0)
    return true;
  diag_error(w->diags, s->param.constraint.span, "a simplex has at least one entry");
  return false;
}

static bool shape_suits(Walk *w, const Stmt *s, const Value *shape) {
  const char *name = s->param.name.text;
  Span at = s->param.constraint.span;
  int last = shape->rank - 1;
  switch (s->param.constraint.kind) {
  case CONSTRAINT_SIMPLEX:
  case CONSTRAINT_ORDERED:
    if (last >= 0) return s->param.constraint.kind == CONSTRAINT_ORDERED || simplex_shape(w, s, shape);
    diag_error(w->diags, at, "this constraint is about the last axis, but `%s` is a single number", name);
    return false;
  case CONSTRAINT_CHOLESKY:
    if (last >= 1 && shape->extent[last] == shape->extent[last - 1]) return true;
    diag_error(w->diags, at, "a Cholesky factor is a square matrix, `%s[d, d]`, but `%s` is %s%s", name, name,
               shape->rank ? "of shape " : "", shape_text(w, shape));
    return false;
  default: return true;
  }
}

bool constraint_of(Walk *w, const Stmt *s, const Value *shape, ParamBounds *bounds) {
  const Constraint *c = &s->param.constraint;
  bounds->kind = c->kind;
  if (c->low) bounds->low = bound(w, c->low);
  if (c->high) bounds->high = bound(w, c->high);
  if ((c->low && !bounds->low) || (c->high && !bounds->high) || !shape_suits(w, s, shape)) return false;
  double low, high;
  if (c->kind != CONSTRAINT_BETWEEN || !bound_value(w->dims, bounds->low, &low) ||
      !bound_value(w->dims, bounds->high, &high))
    return true;
  if (low < high) return true;
  diag_error(w->diags, c->span, "there is no number between these bounds");
  return false;
}

const char *constraint_text(Walk *w, const Constraint *c) {
  if (c->kind == CONSTRAINT_NONE) return NULL;
  Text t;
  text_init(&t);
  ast_print_constraint(&t, c);
  const char *text = arena_strdup(w->arena, t.s);
  text_free(&t);
  return text;
}

// ---- starts ----

Value usual_start(Walk *w, const Value *shape, const ParamBounds *bounds, Span span) {
  Graph *g = w->graph;
  const Expr *one = expr_real(g, 1), *zero = expr_real(g, 0);
  const int last = shape->rank - 1;
  Value v = *shape, scalar = scalar_value(TYPE_REAL, zero, span);
  v.type = TYPE_REAL;
  v.span = span;
  switch (bounds->kind) {
  case CONSTRAINT_ABOVE: scalar.expr = make2(w, PRIM_ADD, bounds->low, one); return scalar;
  case CONSTRAINT_BELOW: scalar.expr = make2(w, PRIM_SUB, bounds->high, one); return scalar;
  case CONSTRAINT_BETWEEN:
    scalar.expr = make2(w, PRIM_SUB, bounds->high, bounds->low);
    scalar.expr = make2(w, PRIM_ADD, bounds->low, make2(w, PRIM_DIV, scalar.expr, expr_real(g, 2)));
    return scalar;
  case CONSTRAINT_SIMPLEX:
    scalar.expr = make2(w, PRIM_DIV, one, make_real(w, expr_poly(g, shape->extent[last])));
    return scalar;
  case CONSTRAINT_ORDERED: v.expr = make_real(w, expr_index(g, last)); return v;
  case CONSTRAINT_CHOLESKY:
    v.expr = make_select(w, make2(w, PRIM_EQ, expr_index(g, last - 1), expr_index(g, last)), one, zero);
    return v;
  default: return scalar;
  }
}

Value constrained_value(Walk *w, Value v, const ParamBounds *bounds) {
  if (bounds->kind != CONSTRAINT_CHOLESKY) return v;
  const Expr *lower = make2(w, PRIM_LE, expr_index(w->graph, v.rank - 1), expr_index(w->graph, v.rank - 2));
  v.expr = make_select(w, lower, v.expr, expr_real(w->graph, 0));
  return v;
}

// The values of a start whose shape is known, and not too many.
static const Array *constant_start(Arena *a, const Model *m, int p, const int64_t *dims) {
  enum { MOST = 1 << 20 };
  int64_t count = 1, extent;
  for (int k = 0; k < m->param[p].rank; k++) {
    if (!poly_fixed(m->dims, m->param[p].extent[k], &extent))
      return NULL;
    if (extent > MOST || (count *= extent) > MOST) return NULL;
  }
  Root root = *graph_root(m->graph, ROOT_START, p);
  Graph g = *m->graph; // with this root alone
  g.roots = &root;
  g.nroots = 1;
  Array *values = arena_array(a, Array, g.count + 1);
  InterpError error = {.node = NULL};
  return interp_run(a, m, &g, &(InterpInput){.kind = NUMBER_REAL, .dims = dims}, values, &error)
             ? &values[root.node->id]
             : NULL;
}

static void check_start(Arena *a, Diags *diags, const Model *m, int p) {
  const ParamDecl *d = &m->param[p];
  ConstraintAt c;
  if (d->constraint == CONSTRAINT_NONE || !d->start.source || (d->low && !dims_are_fixed(m->dims, d->low)) ||
      (d->high && !dims_are_fixed(m->dims, d->high)))
    return;
  const int64_t *dims = arena_array(a, int64_t, (size_t)dims_count(m->dims) + 1);
  const Array *start = constant_start(a, m, p, dims);
  if (!start || !constraint_at(m, d, dims, &c)) return;
  double *values = arena_array(a, double, start->count + 1), *free = arena_array(a, double, start->count + 1);
  for (size_t k = 0; k < start->count; k++) values[k] = start->number[k].a;
  int64_t at = constraint_unconstrain(&c, values, free);
  if (at < 0) return;
  Text t;
  text_init(&t);
  text_real(&t, values[at]);
  diag_error(diags, d->start, "the start of `%s` is %s, but %s", constraint_entry(a, d, start->extent, at), t.s,
             constraint_words(a, m, d));
  text_free(&t);
}

void check_starts(Diags *diags, const Model *m) {
  for (int p = 0; p < m->nparam; p++) {
    Arena *a = arena_new();
    check_start(a, diags, m, p);
    arena_free(a);
  }
}
