// dims.c - dimensions, and the shapes that are written with them.
#include <string.h>

#include "check/internal.h"

bool uses_batch(const Walk *w, const Poly *p) {
  return w->batch >= 0 && poly_uses(w->dims, p, w->batch);
}

// Is it an extent that an array can have?  Tells where it is known not to be.
bool check_extent(Walk *w, const Poly *p, Span span) {
  int64_t value;
  if (poly_is_too_large(p)) {
    diag_error(w->diags, span, "this dimension is too large");
    return false;
  }
  if (!poly_is_fixed(w->dims, p)) return true;
  if (!poly_value(w->dims, p, NULL, &value)) {
    diag_error(w->diags, span, "the dimension `%s` is not a whole number", poly_text(w, p));
    return false;
  }
  if (value < 0) {
    const char *text = poly_text(w, p), *number = arena_printf(w->arena, "%lld", (long long)value);
    if (strcmp(text, number) == 0)
      diag_error(w->diags, span, "a dimension can't be negative: this is %s", number);
    else
      diag_error(w->diags, span, "a dimension can't be negative: `%s` is %s", text, number);
    return false;
  }
  return true;
}

// Told where a bare name that nothing defines stands for a dimension.
static bool unknown_dimension(Walk *w, const AstExpr *e) {
  if (e->kind != AST_NAME || scope_find(w->scope, e->name, SYMBOL_VALUE) || defined_later(w, e->name).source ||
      may_be_missing(w, e->name))
    return false;
  int n = dims_count(w->dims), count = 0;
  const char **names = arena_array(w->arena, const char *, (size_t)n + 1);
  for (int k = 0; k < n; k++)
    if (dims_get(w->dims, k)->name) names[count++] = dims_get(w->dims, k)->name;
  const char *near = diag_nearest(e->name, names, (size_t)count);
  if (near)
    diag_error(w->diags, e->span, "unknown dimension `%s`; did you mean `%s`?", e->name, near);
  else
    diag_error(w->diags, e->span, "unknown dimension `%s`: declare it with `dim %s` or `batch %s`", e->name, e->name,
               e->name);
  return true;
}

const Poly *dimension(Walk *w, const AstExpr *e) {
  if (unknown_dimension(w, e)) return NULL;
  Value v = eval_whole(w, e);
  if (v.bad) return NULL;
  if (v.rank) {
    diag_error(w->diags, e->span, "a dimension is a single number, not an array of shape %s", shape_text(w, &v));
    return NULL;
  }
  if (v.expr->kind != EXPR_POLY) {
    diag_error(w->diags, e->span, "a dimension is made of numbers and dimensions alone");
    return NULL;
  }
  return check_extent(w, v.expr->u.poly, e->span) ? v.expr->u.poly : NULL;
}

bool shape_of_declaration(Walk *w, AstExprs shape, Value *v, bool is_param) {
  bool fine = true;
  v->rank = 0;
  if (shape.count > MAX_RANK) {
    diag_error(w->diags, shape.items[MAX_RANK]->span, "an array can't have more than %d axes", MAX_RANK);
    return false;
  }
  for (size_t k = 0; k < shape.count; k++) {
    const AstExpr *e = shape.items[k];
    const Poly *p = dimension(w, e);
    if (!p) {
      fine = false;
      continue;
    }
    v->extent[v->rank++] = p;
    if (!uses_batch(w, p)) continue;
    const char *batch = dims_get(w->dims, w->batch)->name;
    if (is_param) {
      diag_error(w->diags, e->span, "`%s` is the batch dimension: no parameter's shape can depend on it", batch);
      fine = false;
    } else if (k > 0) {
      diag_error(w->diags, e->span, "the batch dimension `%s` comes first in a shape", batch);
      fine = false;
    } else if (p != poly_dim(w->dims, w->batch)) {
      diag_error(w->diags, e->span, "the batch dimension stands alone in a shape: `%s`, not `%s`", batch,
                 poly_text(w, p));
      fine = false;
    }
  }
  return fine;
}

// ---- dim, batch ----

// The value given with -D, or null.
static const int64_t *override_of(Walk *w, const char *name) {
  for (int k = 0; k < w->noverrides; k++)
    if (strcmp(w->overrides[k].name, name) == 0) {
      w->override_used[k] = true;
      return &w->overrides[k].value;
    }
  return NULL;
}

static bool fixed_value(Walk *w, const AstExpr *e, int64_t *value) {
  const Poly *p = dimension(w, e);
  if (!p) return false;
  if (poly_fixed(w->dims, p, value)) return true;
  diag_error(w->diags, e->span, "`%s` is not known when the model is compiled", poly_text(w, p));
  return false;
}

void dim_statement(Walk *w, const Stmt *s) {
  const char *name = s->dim.name.text;
  bool batch = s->kind == STMT_BATCH;
  if (batch && w->batch >= 0) {
    diag_error(w->diags, s->dim.name.span, "a model has one batch dimension, and `%s` is it already",
               dims_get(w->dims, w->batch)->name);
    scope_define_value(w, s->dim.name, bad_value(s->dim.name.span));
    return;
  }
  int64_t value = 0;
  bool fine = !s->dim.size || fixed_value(w, s->dim.size, &value);
  const int64_t *given = override_of(w, name);
  const bool fixed = s->dim.size || given;
  if (given) {
    value = *given;
    if (value < 0)
      diag_error(w->diags, s->dim.name.span, "a dimension can't be negative: `-D %s=%lld`", name, (long long)value);
    fine = value >= 0;
  }
  Symbol *symbol = scope_define_value(w, s->dim.name, bad_value(s->dim.name.span));
  if (!symbol || !fine) return;
  int dim = dims_add(w->dims, name, fixed ? DIM_FIXED : batch ? DIM_BATCH : DIM_CALL, value);
  if (batch && !fixed) w->batch = dim;
  symbol->value = poly_value_of(w, poly_dim(w->dims, dim), s->dim.name.span);
}

void check_overrides(Walk *w) {
  int n = dims_count(w->dims), count = 0;
  const char **names = arena_array(w->arena, const char *, (size_t)n + 1);
  for (int k = 0; k < n; k++)
    if (dims_get(w->dims, k)->name) names[count++] = dims_get(w->dims, k)->name;
  for (int k = 0; k < w->noverrides; k++) {
    const char *name = w->overrides[k].name;
    if (!w->override_used[k])
      diag_error(w->diags, (Span){0}, "-D %s: the model has no dimension `%s`%s", name, name,
                 diag_did_you_mean(w->diags, name, names, (size_t)count));
  }
}
