// reduce.c - reductions: over indices that they bind, and over whole arrays.
#include <limits.h>
#include <string.h>

#include "check/internal.h"

typedef struct ReduceRow {
  const char *name;
  Reduce reduce;
  bool real;      // of integers too the result is a real number
  bool candidate; // what is compared is computed once, as a node: two evaluations might round differently
} ReduceRow;

// A mean is a sum, divided.
static const ReduceRow rows[] = {
    {"sum", REDUCE_SUM, false, false},      {"mean", REDUCE_SUM, true, false},
    {"prod", REDUCE_PROD, false, false},    {"max", REDUCE_MAX, false, true},
    {"min", REDUCE_MIN, false, true},       {"logsumexp", REDUCE_LOGSUMEXP, true, false},
    {"argmax", REDUCE_ARGMAX, false, true},
};
enum { ROWS = sizeof rows / sizeof *rows };

static const ReduceRow *row_of(const char *name) {
  for (size_t k = 0; k < ROWS; k++)
    if (strcmp(rows[k].name, name) == 0) return &rows[k];
  return NULL;
}

bool reduction_named(const char *name) {
  return row_of(name) != NULL;
}

// The body as an array of its own over the levels from `first` on, read at them.
static Value candidate(Walk *w, Span at, Value body, int first, size_t guard) {
  Value whole = make_node(w, (NodeForm){made_name(w, NULL, "candidate"), at, REDUCE_NONE, first, guard}, body);
  if (whole.bad) return whole;
  const Expr *sub[MAX_RANK];
  int lead = w->nlevel - first;
  for (int k = 0; k < whole.rank; k++) sub[k] = expr_index(w->graph, k < lead ? FIRST_LEVEL + first + k : k - lead);
  body.expr = substitute(w, whole.expr, sub, whole.rank);
  return body;
}

static Value count_of(Walk *w, Span at, int first, size_t guard) {
  const Poly *count = poly_int(w->dims, 1);
  for (int k = first; k < w->nlevel; k++) count = poly_mul(w->dims, count, w->level[k].extent);
  if (guard == w->npath) return scalar_value(TYPE_REAL, make_real(w, expr_poly(w->graph, count)), at);
  NodeForm form = {made_name(w, NULL, "count"), at, REDUCE_SUM, first, guard};
  return make_node(w, form, scalar_value(TYPE_REAL, expr_real(w->graph, 1), at));
}

// The body reduced over the levels from `first` on, under the conditions from `guard` on.
static Value finish(Walk *w, Span at, const ReduceRow *row, Value body, int first, size_t guard, const char *claim) {
  bool mean = row->reduce == REDUCE_SUM && row->real;
  if (row->real) {
    body.expr = make_real(w, body.expr);
    body.type = TYPE_REAL;
  }
  if (row->candidate && body.expr->kind != EXPR_READ) body = candidate(w, at, body, first, guard);
  if (body.bad) return body;
  NodeForm form = {made_name(w, mean ? NULL : claim, mean ? "sum" : row->name), at, row->reduce, first, guard};
  Value result = make_node(w, form, body);
  if (result.bad) return result;
  if (claim && !mean) w->claimed = result.expr->u.read.node;
  return mean ? elementwise(w, at, PRIM_DIV, (const Value[]){result, count_of(w, at, first, guard)}) : result;
}

Value reduce_whole(Walk *w, Span at, const char *function, Value v, const char *claim) {
  const ReduceRow *row = row_of(function);
  if (!want_number(w, &v)) return bad_value(at);
  if (v.rank == 0) {
    diag_error(w->diags, v.span, "`%s` takes an array, and this is a single number", function);
    return bad_value(at);
  }
  if (row->reduce == REDUCE_ARGMAX && v.rank > 1) {
    diag_error(w->diags, at, "`argmax` of an array of shape %s: say over which index, as in `argmax[k](...)`",
               shape_text(w, &v));
    return bad_value(at);
  }
  int first = w->nlevel;
  const Expr *sub[MAX_RANK];
  for (int k = 0; k < v.rank; k++) {
    sub[k] = open_level(w, level_name(w), v.extent[k]);
    if (!sub[k]) return bad_value(at);
  }
  Value body = scalar_value(v.type, substitute(w, v.expr, sub, v.rank), v.span);
  Value result = finish(w, at, row, body, first, w->npath, claim);
  close_levels(w, first);
  return result;
}

static const ReduceRow *wanted_row(Walk *w, const AstExpr *e) {
  Name name = e->reduce.function;
  const ReduceRow *row = row_of(name.text);
  if (!row) {
    const char *names[ROWS];
    for (size_t k = 0; k < ROWS; k++) names[k] = rows[k].name;
    diag_error(w->diags, name.span, "`%s` is no reduction%s", name.text,
               diag_did_you_mean(w->diags, name.text, names, ROWS));
    return NULL;
  }
  if (row->reduce == REDUCE_ARGMAX && e->reduce.binders.count > 1) {
    diag_error(w->diags, e->reduce.binders.items[1].name.span, "`argmax` takes one index");
    return NULL;
  }
  return row;
}

static bool condition_holds_single(Walk *w, const Value *c) {
  if (!want_condition(w, c)) return false;
  if (c->rank)
    diag_error(w->diags, c->span, "the condition of a reduction is one for each entry, not an array of shape %s",
               shape_text(w, c));
  return c->rank == 0;
}

Value reduce_over(Walk *w, const AstExpr *e, const char *claim) {
  const ReduceRow *row = wanted_row(w, e);
  const AstExpr *bodies[2];
  size_t nbodies = 0, mark = w->npath;
  if (e->reduce.condition) bodies[nbodies++] = e->reduce.condition;
  bodies[nbodies++] = e->reduce.body;
  int first = w->nlevel;
  Scope *outer = w->scope;
  w->scope = scope_new(w, outer, INT_MAX);
  const Expr *low = NULL;
  bool fine = row != NULL;
  for (size_t k = 0; k < e->reduce.binders.count; k++) {
    const Binder *b = &e->reduce.binders.items[k];
    IndexRange range = {.name = b->name, .low = b->low, .high = b->high};
    fine = bind_index(w, range, bodies, nbodies, &low) && fine;
  }
  if (e->reduce.condition) {
    Value c = eval(w, e->reduce.condition);
    bool single = condition_holds_single(w, &c);
    push_path(w, single ? c.expr : expr_bool(w->graph, false)); // of what follows from a wrong one nothing is told
    fine = single && fine;
  }
  Value body = eval(w, e->reduce.body);
  fine = want_number(w, &body) && fine;
  Value result = bad_value(e->span);
  if (fine) result = finish(w, e->span, row, body, first, mark, low && row->reduce == REDUCE_ARGMAX ? NULL : claim);
  w->scope = outer;
  w->npath = mark;
  close_levels(w, first);
  if (!result.bad && row->reduce == REDUCE_ARGMAX && low) result.expr = make2(w, PRIM_ADD, result.expr, low);
  return result;
}
