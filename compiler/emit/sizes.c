// sizes.c - the functions that look before anything runs: _sizes, _layout, _check.
#include <string.h>

#include "emit/contract.h"

static const char checked_arithmetic[] =
    "/* Arithmetic that says when it does not fit, or does not come out exact. */\n"
    "static int64_t mdl_add(int64_t a, int64_t b, int *status) {\n"
    "  if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {\n"
    "    *status = MDL_ERROR_OVERFLOW;\n"
    "    return 0;\n"
    "  }\n"
    "  return a + b;\n"
    "}\n\n"
    "static int64_t mdl_mul(int64_t a, int64_t b, int *status) {\n"
    "  const uint64_t size_a = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, size_b = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;\n"
    "  if (size_b != 0 && size_a > (uint64_t)INT64_MAX / size_b) {\n"
    "    *status = MDL_ERROR_OVERFLOW;\n"
    "    return 0;\n"
    "  }\n"
    "  return a * b;\n"
    "}\n\n";
static const char checked_bytes[] = "static size_t mdl_bytes(int64_t size, int *status) {\n"
                                    "  if (size < 0 || (uint64_t)size > (size_t)-1 / 2) {\n"
                                    "    *status = MDL_ERROR_OVERFLOW;\n"
                                    "    return 0;\n"
                                    "  }\n"
                                    "  return (size_t)size;\n"
                                    "}\n\n";
static const char checked_exact[] = "static int64_t mdl_exact(int64_t a, int64_t b, int *status) {\n"
                                    "  if (a % b != 0 && *status == MDL_OK) *status = MDL_ERROR_EXTENT;\n"
                                    "  return a / b;\n"
                                    "}\n\n";
static const char checked_division[] =
    "static int64_t mdl_checked_floordiv(int64_t a, int64_t b, int *status) {\n"
    "  if (b == 0) {\n"
    "    *status = MDL_ERROR_EXTENT;\n"
    "    return 0;\n"
    "  }\n"
    "  return a / b - (a % b != 0 && (a % b < 0) != (b < 0));\n"
    "}\n\n"
    "static int64_t mdl_checked_mod(int64_t a, int64_t b, int *status) {\n"
    "  return b == 0 ? mdl_checked_floordiv(a, b, status) : a - b * mdl_checked_floordiv(a, b, status);\n"
    "}\n\n";

typedef struct Extents { // each once
  const Poly **poly;
  size_t count, room;
} Extents;

static void want(Extents *e, const Plan *p, const Poly *x) {
  for (size_t k = 0; k < e->count; k++)
    if (e->poly[k] == x) return;
  ARENA_PUSH(p->unit->arena, e->poly, e->count, e->room) = x;
}

static void want_extent(Extents *e, const Plan *p, const Poly *x) {
  int64_t value;
  if (poly_fixed(p->unit->model->dims, x, &value) && value >= 0) return;
  want(e, p, x);
}

// What must not be negative.
static Extents all_extents(const Plan *p) {
  const Model *m = p->unit->model;
  Extents e = {NULL, 0, 0};
  for (int k = 0; k < dims_count(m->dims); k++)
    if (dims_get(m->dims, k)->kind == DIM_CALL || dims_get(m->dims, k)->kind == DIM_BATCH)
      want_extent(&e, p, poly_dim(m->dims, k));
  for (int k = 0; k < m->ndata; k++)
    for (int q = 0; q < m->data[k].rank; q++) want_extent(&e, p, m->data[k].extent[q]);
  for (int k = 0; k < m->nparam; k++)
    for (int q = 0; q < m->param[k].rank; q++) want_extent(&e, p, m->param[k].extent[q]);
  for (int k = 0; k < m->nparam; k++) want_extent(&e, p, param_free_length(m->dims, &m->param[k]));
  for (int f = 0; f < p->nfunction; f++)
    for (size_t k = 0; p->function[f].present && k < p->function[f].graph->count; k++) {
      const Node *n = p->function[f].graph->nodes[k];
      for (int q = 0; q < n->nout + n->nred; q++)
        if (n->kind == NODE_COMP || q < n->nout) want_extent(&e, p, n->index[q].extent);
    }
  return e;
}

// Products of dimensions that are computed in 64 bits: those wanted as reals are computed in reals (integer_c.c).
static void want_products(Extents *e, const Plan *p, const Expr *x) {
  size_t n;
  const Expr **part = expr_parts(p->unit->arena, x, &n);
  for (size_t k = 0; k < n; k++) {
    const Expr *const *arg = part[k]->kind == EXPR_PRIM   ? part[k]->u.prim.arg
                             : part[k]->kind == EXPR_READ ? part[k]->u.read.sub
                                                          : NULL;
    int narg = part[k]->kind == EXPR_PRIM ? part[k]->u.prim.narg : arg ? part[k]->u.read.node->nout : 0;
    bool real = expr_is_prim(part[k], PRIM_REAL);
    for (int j = 0; j < narg && !real; j++)
      if (arg[j]->kind == EXPR_POLY && poly_is_product(arg[j]->u.poly)) want(e, p, arg[j]->u.poly);
  }
  if (x->kind == EXPR_POLY && poly_is_product(x->u.poly)) want(e, p, x->u.poly);
}

static Extents all_products(const Plan *p) {
  Extents e = {NULL, 0, 0};
  for (int f = 0; f < p->nfunction; f++)
    for (size_t k = 0; p->function[f].present && k < p->function[f].graph->count; k++) {
      const Node *n = p->function[f].graph->nodes[k];
      if (n->expr) want_products(&e, p, n->expr);
      if (n->guard) want_products(&e, p, n->guard);
      for (int q = 0; n->target && q < n->nout; q++) want_products(&e, p, n->target[q]);
    }
  return e;
}

static void put_extents(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Speller s = {m, p->unit->arena};
  Extents e = all_extents(p), products = all_products(p);
  text_printf(
      t,
      "/* No extent is negative, and every division in one is exact. */\nstatic int extents(const %s_dims *dims) {\n",
      m->name);
  if (!call_dims(m->dims, NULL)) text_put(t, "  (void)dims;\n");
  text_put(t, "  int status = MDL_OK;\n");
  for (size_t k = 0; k < e.count; k++) {
    text_put(t, "  if (");
    put_poly_checked(t, m->dims, e.poly[k], spell_argument, &s);
    text_put(t, " < 0 && status == MDL_OK) status = MDL_ERROR_EXTENT;\n");
  }
  for (size_t k = 0; k < products.count; k++) {
    text_put(t, "  (void)");
    put_poly_checked(t, m->dims, products.poly[k], spell_argument, &s);
    text_put(t, ";\n");
  }
  text_put(t, "  return status;\n}\n\n");
}

static void layout_print(Text *t, const Plan *p, const char *name, const Poly *const *offset) {
  const Model *m = p->unit->model;
  Speller s = {m, p->unit->arena};
  text_printf(t,
              "int %s_%s(const %s_dims *dims, int64_t *offsets) {\n  int status = extents(dims);\n  if (status != "
              "MDL_OK) return status;\n",
              m->name, name, m->name);
  for (int k = 0; k <= m->nparam; k++) {
    text_printf(t, "  offsets[%d] = ", k);
    put_poly_checked(t, m->dims, offset[k], spell_argument, &s);
    text_put(t, ";\n");
  }
  text_put(t, "  return status;\n}\n\n");
}

static void put_sizes(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Speller s = {m, p->unit->arena};
  const Poly *size[SIZE_COUNT];
  all_sizes(p, size);
  text_printf(t,
              "int %s_sizes(const %s_dims *dims, struct mdl_sizes *sizes) {\n  int status = extents(dims);\n"
              "  if (status != MDL_OK) return status;\n",
              m->name, m->name);
  for (int k = 0; k < SIZE_COUNT; k++) {
    int64_t fixed;
    text_printf(t, "  sizes->%s = ", size_names[k]);
    bool constant = poly_fixed(m->dims, size[k], &fixed) && fixed <= INT32_MAX;
    if (constant) {
      text_printf(t, "%lld;\n", (long long)fixed);
      continue;
    }
    text_put(t, "mdl_bytes(");
    put_poly_checked(t, m->dims, size[k], spell_argument, &s);
    text_put(t, ", &status);\n");
  }
  text_put(t, "  return status;\n}\n\n");
  layout_print(t, p, "layout", p->param_offset);
}

// One integer array against its declared range.
static void put_data_check(Text *t, const Plan *p, int which) {
  const Model *m = p->unit->model;
  const DataDecl *d = &m->data[which];
  Speller s = {m, p->unit->arena};
  const Poly *size = poly_int(m->dims, 1);
  for (int k = 0; k < d->rank; k++) size = poly_mul(m->dims, size, d->extent[k]);
  const char *member = names_member(p->unit->arena, d->name);
  text_put(t, "  {\n    const int64_t count = ");
  put_poly_checked(t, m->dims, size, spell_argument, &s);
  text_put(t, ", limit = ");
  if (d->limit)
    put_poly_checked(t, m->dims, d->limit, spell_argument, &s);
  else
    text_put(t, "INT64_C(2147483648)");
  text_printf(t,
              ";\n    if (data->%s) {\n      for (int64_t k = 0; k < count; k++)\n        if (data->%s[k] < 0 || "
              "data->%s[k] >= limit) {\n",
              member, member, member);
  found_print(t, "          ", d->name, "k", arena_printf(p->unit->arena, "data->%s[k]", member));
  text_put(t, "        }\n    }\n  }\n");
}

static void put_check(Text *t, const Plan *p) {
  const Model *m = p->unit->model;
  Text checks;
  text_init(&checks);
  for (int k = 0; k < m->ndata; k++)
    if (m->data[k].ranged) put_data_check(&checks, p, k);
  for (int k = 0; k < m->ncheck; k++) subscript_check_print(&checks, p, k);
  text_printf(t, "int %s_check(const %s_dims *dims, const %s_data *data, struct mdl_where *where) {\n", m->name,
              m->name, m->name);
  if (!strstr(checks.s, "data->")) text_put(t, "  (void)data;\n");
  if (!checks.length) text_put(t, "  (void)where;\n  return extents(dims);\n}\n\n");
  const bool computes = strstr(checks.s, "&status") != NULL; // a count that may not fit
  if (checks.length)
    text_printf(t, "  %sint status = extents(dims);\n  if (status != MDL_OK) return status;\n",
                computes ? "" : "const ");
  text_put(t, checks.s);
  if (checks.length) text_put(t, computes ? "  return status;\n}\n\n" : "  return MDL_OK;\n}\n\n");
  text_free(&checks);
}

void sizes_print(Text *t, const Plan *p) {
  put_extents(t, p);
  put_sizes(t, p);
  if (has_constraints(p->unit->model)) layout_print(t, p, "free_layout", p->free_offset);
  put_check(t, p);
}

static bool contains(const Text *t, const char *what) {
  return strstr(t->s, what) != NULL;
}

void sizes_helpers_print(Text *t, const Text *sizes) {
  if (contains(sizes, "mdl_add(") || contains(sizes, "mdl_mul(")) {
    // Either may be left alone by a small model.
    const char *mul = strstr(checked_arithmetic, "static int64_t mdl_mul");
    if (contains(sizes, "mdl_add(")) text_putn(t, checked_arithmetic, (size_t)(mul - checked_arithmetic));
    if (contains(sizes, "mdl_mul(")) text_put(t, mul);
  }
  if (contains(sizes, "mdl_bytes(")) text_put(t, checked_bytes);
  if (contains(sizes, "mdl_exact(")) text_put(t, checked_exact);
  if (contains(sizes, "mdl_checked_mod("))
    text_put(t, checked_division);
  else if (contains(sizes, "mdl_checked_floordiv("))
    text_putn(t, checked_division,
              (size_t)(strstr(checked_division, "static int64_t mdl_checked_mod") - checked_division));
}
