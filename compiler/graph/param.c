// param.c - parameters with constraints: how many free reals stand for them, how they are written.
#include "graph/text.h"

bool has_constraints(const Model *m) {
  for (int k = 0; k < m->nparam; k++)
    if (m->param[k].constraint != CONSTRAINT_NONE) return true;
  return false;
}

// The axes that one constraint is about.
static int own_axes(ConstraintKind kind) {
  return kind == CONSTRAINT_CHOLESKY ? 2 : kind == CONSTRAINT_SIMPLEX || kind == CONSTRAINT_ORDERED ? 1 : 0;
}

const Poly *param_rows(Dims *dims, const ParamDecl *p, const Poly **length) {
  int own = own_axes(p->constraint);
  const Poly *rows = poly_int(dims, 1);
  for (int k = 0; k < p->rank - own; k++) rows = poly_mul(dims, rows, p->extent[k]);
  *length = own ? p->extent[p->rank - 1] : poly_int(dims, 1);
  return rows;
}

const Poly *param_free_length(Dims *dims, const ParamDecl *p) {
  const Poly *n, *one = poly_int(dims, 1);
  param_rows(dims, p, &n);
  if (p->constraint == CONSTRAINT_SIMPLEX) return poly_sub(dims, n, one);
  if (p->constraint != CONSTRAINT_CHOLESKY) return n;
  return poly_div(dims, poly_mul(dims, n, poly_add(dims, n, one)), poly_int(dims, 2));
}

const Poly *param_free_size(Dims *dims, const ParamDecl *p) {
  const Poly *length;
  return poly_mul(dims, param_rows(dims, p, &length), param_free_length(dims, p));
}

static void print_bound(Text *t, const Model *m, const Expr *e) {
  if (e->kind == EXPR_REAL)
    text_real(t, e->u.real);
  else
    expr_print(t, m->graph, e, NULL);
}

void constraint_print(Text *t, const Model *m, const ParamDecl *p) {
  static const char *const words[] = {
      [CONSTRAINT_ABOVE] = "> ",           [CONSTRAINT_BELOW] = "< ",           [CONSTRAINT_BETWEEN] = "in (",
      [CONSTRAINT_SIMPLEX] = "in simplex", [CONSTRAINT_ORDERED] = "in ordered", [CONSTRAINT_CHOLESKY] = "in cholesky"};
  if (p->constraint == CONSTRAINT_NONE) return;
  text_put(t, words[p->constraint]);
  if (p->low) print_bound(t, m, p->low);
  if (p->low && p->high) text_put(t, ", ");
  if (p->high) print_bound(t, m, p->high);
  if (p->constraint == CONSTRAINT_BETWEEN) text_char(t, ')');
}

void constraint_print_written(Text *t, const Model *m, const ParamDecl *p) {
  if (p->written)
    text_put(t, p->written);
  else
    constraint_print(t, m, p);
}
