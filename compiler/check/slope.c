// slope.c - authors' own derivatives: `def f(x) = ... with d/dx = ...`.
//
// The value is taken as a constant, and for each argument x a term is subtracted whose value is 0 and whose derivative by
// x is minus the author's: f(x) = stop(value) - slope(x, -d(x)), summed over the entries of x.  The derivative stands in
// it as an expression of x like any other, so every further derivative is the author's differentiated.
#include <string.h>

#include "check/internal.h"

static size_t argument_named(const Stmt *def, const char *name) {
  size_t k = 0;
  while (k < def->def.args.count && strcmp(def->def.args.items[k].name.text, name) != 0) k++;
  return k;
}

bool derivatives_named(Walk *w, const Stmt *def) {
  const Derivatives *d = &def->def.derivatives;
  const char *name = def->def.name.text;
  bool fine = true;
  for (size_t k = 0; k < d->count; k++) {
    Name by = d->items[k].by;
    if (argument_named(def, by.text) == def->def.args.count) {
      diag_error(w->diags, by.span, "`%s` has no argument `%s`", name, by.text);
      fine = false;
    }
    for (size_t j = 0; j < k; j++)
      if (strcmp(d->items[j].by.text, by.text) == 0) {
        diag_error(w->diags, by.span, "the derivative by `%s` is given twice", by.text);
        fine = false;
      }
  }
  if (d->count && result_count(def) > 1) {
    diag_error(w->diags, d->items[0].by.span, "`%s` returns several values: an author's own derivative is of one",
               name);
    fine = false;
  }
  return fine;
}

static const Derivative *derivative_by(const Stmt *def, const char *name) {
  for (size_t k = 0; k < def->def.derivatives.count; k++)
    if (strcmp(def->def.derivatives.items[k].by.text, name) == 0) return &def->def.derivatives.items[k];
  return NULL;
}

static bool is_stopped(const Expr *e) {
  return expr_is_prim(e, PRIM_STOP);
}

bool derivatives_suffice(Walk *w, const Function *f, const Value *args) {
  const Stmt *def = f->def;
  bool fine = true;
  for (size_t k = 0; def->def.derivatives.count && k < def->def.args.count; k++) {
    const char *name = def->def.args.items[k].name.text;
    if (derivative_by(def, name) || args[k].type != TYPE_REAL || is_stopped(args[k].expr) ||
        !depends_on(w, args[k].expr).param)
      continue;
    diag_error(w->diags, args[k].span,
               "`%s` has no derivative by `%s`, which depends on parameters here: give `d/d%s`, or pass `stop(...)`",
               def->def.name.text, name, name);
    fine = false;
  }
  return fine;
}

bool reads_sealed(Walk *w, const Symbol *symbol, Span span) {
  if (!w->sealed || symbol->order >= w->sealed_order || symbol->value.bad) return false;
  if (!depends_on(w, symbol->value.expr).param) return false;
  diag_error(w->diags, span,
             "`%s` depends on parameters, and the derivatives of `%s` are its author's: pass it as an argument",
             symbol->name, w->sealed->def->def.name.text);
  return true;
}

// ---- one derivative ----

// The shape of the derivative: that of the value, then that of the argument.
static bool shape_of_derivative(Walk *w, const Value *v, const Value *x, Span at, Value *shape) {
  *shape = *v;
  if (v->rank + x->rank > MAX_RANK) {
    diag_error(w->diags, at, "an array can't have more than %d axes", MAX_RANK);
    return false;
  }
  for (int k = 0; k < x->rank; k++) shape->extent[shape->rank++] = x->extent[k];
  return true;
}

static bool derivative_fits(Walk *w, const Value *d, const Value *shape) {
  bool fits = d->rank <= shape->rank;
  for (int k = 1; fits && k <= d->rank; k++) fits = d->extent[d->rank - k] == shape->extent[shape->rank - k];
  if (!fits)
    diag_error(w->diags, d->span, "this derivative is %s%s, and should be %s%s", d->rank ? "an array of shape " : "",
               shape_text(w, d), shape->rank ? "one of shape " : "", shape_text(w, shape));
  return fits;
}

// The sum over the entries of x of slope(x, -d); v is the function's value.
static const Expr *slope_term(Walk *w, const Value *v, const Value *x, const Value *d) {
  int first = w->nlevel;
  const Expr *of_x[MAX_RANK], *of_d[MAX_RANK] = {NULL};
  for (int k = 0; k < x->rank; k++) {
    of_x[k] = of_d[v->rank + k] = open_level(w, level_name(w), x->extent[k]);
    if (!of_x[k]) return NULL;
  }
  const Expr *slope = make_real(w, aligned(w, d, v->rank + x->rank));
  slope = make1(w, PRIM_NEG, substitute(w, slope, of_d, v->rank + x->rank));
  Value body = *v;
  body.expr = make2(w, PRIM_SLOPE, substitute(w, x->expr, of_x, x->rank), slope);
  if (x->rank) body = make_node(w, (NodeForm){made_name(w, NULL, "slope"), v->span, REDUCE_SUM, first, w->npath}, body);
  close_levels(w, first);
  return body.bad ? NULL : body.expr;
}

Value with_derivatives(Walk *w, const Function *f, const Value *args, Value v) {
  const Derivatives *derivatives = &f->def->def.derivatives;
  if (!want_number(w, &v)) return bad_value(v.span);
  v.expr = make1(w, PRIM_STOP, make_real(w, v.expr));
  v.type = TYPE_REAL;
  for (size_t k = 0; k < derivatives->count; k++) {
    const Derivative *by = &derivatives->items[k];
    const Value *x = &args[argument_named(f->def, by->by.text)];
    Value d = eval(w, by->value), shape;
    if (!want_number(w, &d) || !shape_of_derivative(w, &v, x, by->value->span, &shape) ||
        !derivative_fits(w, &d, &shape))
      return bad_value(v.span);
    const Expr *term = x->type == TYPE_REAL ? slope_term(w, &v, x, &d) : NULL;
    if (term) v.expr = make2(w, PRIM_SUB, v.expr, term);
  }
  return v;
}
