// infer.c - call-time dimensions from the shapes of the data.
#include "tool/infer.h"

#include <inttypes.h>
#include <string.h>

#include "simplify/simplify.h"
#include "tool/tool.h"

static bool is_call_time(const Dims *d, int k) {
  DimKind kind = dims_get(d, k)->kind;
  return kind == DIM_CALL || kind == DIM_BATCH;
}

KnownDims infer_begin(Arena *a, const Model *m) {
  int count = dims_count(m->dims);
  KnownDims known = {arena_array(a, int64_t, (size_t)count), arena_array(a, const char *, (size_t)count)};
  for (int k = 0; k < count; k++) {
    if (dims_get(m->dims, k)->kind != DIM_FIXED) continue;
    known.values[k] = dims_get(m->dims, k)->value;
    known.from[k] = "the model";
  }
  return known;
}

// The one dimension that a polynomial still lacks: -1 where it lacks none, -2 where more than one.
static int only_unknown(const Model *m, const KnownDims *known, const Poly *p) {
  int found = -1;
  for (int k = 0; k < dims_count(m->dims); k++) {
    if (!is_call_time(m->dims, k) || known->from[k] || !poly_uses(m->dims, p, k)) continue;
    if (found >= 0) return -2;
    found = k;
  }
  return found;
}

static bool value_at(const Model *m, KnownDims *known, const Poly *p, int dim, int64_t x, int64_t *value) {
  known->values[dim] = x;
  bool ok = poly_value(m->dims, p, known->values, value);
  known->values[dim] = 0;
  return ok;
}

// extent(x) = actual for dimension x: at once where the extent is affine in x, else (d*(d - 1)/2) by trying.
static bool solve(const Model *m, KnownDims *known, const DimFact *fact, int dim, int64_t *x) {
  enum { TRIES = 100000 };
  int64_t zero, one, value;
  if (value_at(m, known, fact->extent, dim, 0, &zero) && value_at(m, known, fact->extent, dim, 1, &one) &&
      one != zero && zero > -INT32_MAX && one > -INT32_MAX && zero < INT32_MAX && one < INT32_MAX) {
    *x = (fact->actual - zero) / (one - zero);
    if (*x >= 0 && value_at(m, known, fact->extent, dim, *x, &value) && value == fact->actual) return true;
  }
  for (*x = 1; *x < TRIES; ++*x)
    if (value_at(m, known, fact->extent, dim, *x, &value) && value == fact->actual) return true;
  return false;
}

// One dimension more, by a fact whose extent is a dimension alone if there is one; false: no fact says more.
static bool learn(const Model *m, const DimFact *facts, size_t count, KnownDims *known) {
  for (int plain = 1; plain >= 0; plain--) {
    for (size_t i = 0; i < count; i++) {
      int dim = only_unknown(m, known, facts[i].extent);
      if (dim < 0 || (plain && facts[i].extent != poly_dim(m->dims, dim))) continue;
      int64_t value;
      if (!solve(m, known, &facts[i], dim, &value)) continue;
      known->values[dim] = value;
      known->from[dim] = facts[i].origin;
      return true;
    }
  }
  return false;
}

static int unsolvable(const Model *m, const DimFact *fact, int dim) {
  Text extent;
  text_init(&extent);
  poly_print(&extent, m->dims, fact->extent);
  int status = tool_fail(STATUS_REJECTED, "axis %d of %s is %" PRId64 " in %s, but no %s makes %s that", fact->axis + 1,
                         fact->array, fact->actual, fact->origin, dims_get(m->dims, dim)->name, extent.s);
  text_free(&extent);
  return status;
}

static int contradiction(Arena *a, const Model *m, const DimFact *fact, const KnownDims *known, bool defined,
                         int64_t value) {
  for (int k = 0; k < dims_count(m->dims); k++)
    if (fact->extent == poly_dim(m->dims, k) && known->from[k])
      return tool_fail(STATUS_REJECTED, "%s is %" PRId64 " in %s but %" PRId64 " in %s", dims_get(m->dims, k)->name,
                       known->values[k], known->from[k], fact->actual, fact->origin);
  Text extent;
  text_init(&extent);
  poly_print(&extent, m->dims, fact->extent);
  const char *by = "";
  for (int k = 0; k < dims_count(m->dims); k++)
    if (dims_get(m->dims, k)->name && known->from[k] && poly_uses(m->dims, fact->extent, k))
      by = arena_printf(a, "%s%s%s is %" PRId64 " in %s", by, *by ? ", " : "", dims_get(m->dims, k)->name,
                        known->values[k], known->from[k]);
  const char *is = defined ? arena_printf(a, "%" PRId64, value) : "no whole number";
  int status = tool_fail(STATUS_REJECTED, "axis %d of %s is %" PRId64 " in %s, but %s is %s%s%s%s", fact->axis + 1,
                         fact->array, fact->actual, fact->origin, extent.s, is, *by ? " (" : "", by, *by ? ")" : "");
  text_free(&extent);
  return status;
}

// Does an earlier fact say the same (another column of the same table)?
static bool repeated(const DimFact *facts, size_t k) {
  for (size_t i = 0; i < k; i++)
    if (facts[i].extent == facts[k].extent && facts[i].actual == facts[k].actual &&
        !strcmp(facts[i].origin, facts[k].origin))
      return true;
  return false;
}

int infer_dims(Arena *a, const Model *m, const DimFact *facts, size_t count, KnownDims *known) {
  while (learn(m, facts, count, known)) continue;
  int status = STATUS_OK;
  for (size_t i = 0; i < count; i++) {
    int64_t value = 0;
    if (repeated(facts, i)) continue;
    int unknown = only_unknown(m, known, facts[i].extent);
    if (unknown >= 0) status = unsolvable(m, &facts[i], unknown);
    if (unknown != -1) continue;
    bool defined = poly_value(m->dims, facts[i].extent, known->values, &value);
    if (!defined || value != facts[i].actual) status = contradiction(a, m, &facts[i], known, defined, value);
  }
  return status;
}

// ---- what the predictions need ----

typedef struct Needs {
  const Model *model;
  bool *dims;
  unsigned char *seen; // by expression id
} Needs;

static void need_poly(Needs *n, const Poly *p) {
  for (int k = 0; k < dims_count(n->model->dims); k++)
    if (poly_uses(n->model->dims, p, k)) n->dims[k] = true;
}

static void need_expr(Needs *n, const Expr *e) {
  if (!e || n->seen[e->id]) return;
  n->seen[e->id] = 1;
  if (e->kind == EXPR_POLY) need_poly(n, e->u.poly);
  if (e->kind == EXPR_READ)
    for (int k = 0; k < e->u.read.node->nout; k++) need_expr(n, e->u.read.sub[k]);
  if (e->kind == EXPR_PRIM)
    for (int k = 0; k < e->u.prim.narg; k++) need_expr(n, e->u.prim.arg[k]);
}

bool *infer_predict_needs(Arena *a, const Model *m) {
  const Graph *g = prune(a, m->graph, 1u << ROOT_PREDICT);
  Needs n = {m, arena_array(a, bool, (size_t)dims_count(m->dims)), arena_array(a, unsigned char, graph_expr_count(g))};
  for (size_t i = 0; i < g->count; i++) {
    const Node *node = g->nodes[i];
    for (int k = 0; k < node->nout + node->nred; k++) need_poly(&n, node->index[k].extent);
    need_expr(&n, node->guard);
    need_expr(&n, node->expr);
    need_expr(&n, node->base);
    for (int k = 0; node->target && k < node->nout; k++) need_expr(&n, node->target[k]);
  }
  for (int p = 0; p < m->nparam; p++)
    for (int k = 0; k < m->param[p].rank; k++) need_poly(&n, m->param[p].extent[k]);
  return n.dims;
}
