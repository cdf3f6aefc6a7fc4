// constraint.c - see constraint.h.
#include "interp/constraint.h"

#include <math.h>

#include "graph/text.h"
#include "interp/interp.h"
#include "mdl/constrain.h"

bool constraint_bound(Dims *d, const Expr *bound, const int64_t *dims, double *value) {
  Arena *a = arena_new();
  const Model m = {.arena = a, .name = "bound", .dims = d, .batch = -1};
  Graph *g = graph_new(a, d, "bound");
  const Node *n = graph_add(
      g,
      &(Node){.kind = NODE_COMP, .name = "bound", .type = TYPE_REAL, .expr = expr_substitute(g, bound, NULL, 0, NULL)});
  graph_add_root(g, ROOT_NAMED, "bound", 0, n);
  Array values[1] = {{.count = 0}};
  InterpError error = {.node = NULL};
  bool ok = interp_run(a, &m, g, &(InterpInput){.kind = NUMBER_REAL, .dims = dims}, values, &error);
  if (ok) *value = values[0].number[0].a;
  arena_free(a);
  return ok;
}

bool constraint_at(const Model *m, const ParamDecl *p, const int64_t *dims, ConstraintAt *c) {
  const Poly *length, *rows = param_rows(m->dims, p, &length), *count = poly_int(m->dims, 1);
  for (int k = 0; k < p->rank; k++) count = poly_mul(m->dims, count, p->extent[k]);
  *c = (ConstraintAt){.kind = p->constraint, .low = -INFINITY, .high = INFINITY};
  return poly_value(m->dims, rows, dims, &c->rows) && poly_value(m->dims, length, dims, &c->length) &&
         poly_value(m->dims, count, dims, &c->count) &&
         poly_value(m->dims, param_free_size(m->dims, p), dims, &c->free_count) && c->rows >= 0 && c->free_count >= 0 &&
         (!p->low || constraint_bound(m->dims, p->low, dims, &c->low)) &&
         (!p->high || constraint_bound(m->dims, p->high, dims, &c->high));
}

void constraint_constrain(const ConstraintAt *c, const double *free, double *values) {
  switch (c->kind) {
  case CONSTRAINT_NONE: mdl_constrain_none(c->rows, free, values); return;
  case CONSTRAINT_ABOVE: mdl_constrain_above(c->rows, c->low, free, values); return;
  case CONSTRAINT_BELOW: mdl_constrain_below(c->rows, c->high, free, values); return;
  case CONSTRAINT_BETWEEN: mdl_constrain_between(c->rows, c->low, c->high, free, values); return;
  case CONSTRAINT_SIMPLEX: mdl_constrain_simplex(c->rows, c->length, free, values); return;
  case CONSTRAINT_ORDERED: mdl_constrain_ordered(c->rows, c->length, free, values); return;
  case CONSTRAINT_CHOLESKY: mdl_constrain_cholesky(c->rows, c->length, free, values); return;
  }
}

int64_t constraint_unconstrain(const ConstraintAt *c, const double *values, double *free) {
  switch (c->kind) {
  case CONSTRAINT_NONE: mdl_unconstrain_none(c->rows, values, free); break;
  case CONSTRAINT_ABOVE: return mdl_unconstrain_above(c->rows, c->low, values, free);
  case CONSTRAINT_BELOW: return mdl_unconstrain_below(c->rows, c->high, values, free);
  case CONSTRAINT_BETWEEN: return mdl_unconstrain_between(c->rows, c->low, c->high, values, free);
  case CONSTRAINT_SIMPLEX: return mdl_unconstrain_simplex(c->rows, c->length, values, free);
  case CONSTRAINT_ORDERED: return mdl_unconstrain_ordered(c->rows, c->length, values, free);
  case CONSTRAINT_CHOLESKY: return mdl_unconstrain_cholesky(c->rows, c->length, values, free);
  }
  return -1;
}

// ---- words ----

const char *constraint_words(Arena *a, const Model *m, const ParamDecl *p) {
  switch (p->constraint) {
  case CONSTRAINT_SIMPLEX: return "a simplex has positive entries whose sum is 1";
  case CONSTRAINT_ORDERED: return "of what is ordered each entry is greater than the one before it";
  case CONSTRAINT_CHOLESKY: return "a Cholesky factor has a positive diagonal and zeros above it";
  default: break;
  }
  Text t;
  text_init(&t);
  constraint_print_written(&t, m, p);
  const char *words = arena_printf(a, "it must be %s", t.s);
  text_free(&t);
  return words;
}

const char *constraint_entry(Arena *a, const ParamDecl *p, const int64_t *extent, int64_t position) {
  const char *s = "";
  for (int k = p->rank - 1; k >= 0; k--) {
    s = arena_printf(a, "%lld%s%s", (long long)(position % extent[k]), *s ? ", " : "", s);
    position /= extent[k];
  }
  return arena_printf(a, "%s%s%s%s", p->name, *s ? "[" : "", s, *s ? "]" : "");
}
