// call.c - calls: the functions that the compiler knows itself.  Those written in the language are expanded (expand.c).
#include <ctype.h>
#include <string.h>

#include "check/internal.h"

typedef struct Call {
  const AstExpr *e;
  const char *name;
  const char *claim;
  Value *arg;
  size_t n;
} Call;

static bool takes(Walk *w, const Call *c, size_t least, size_t most) {
  if (c->n >= least && c->n <= most) return true;
  size_t said = c->n < least ? least : most;
  diag_error(w->diags, c->e->span, "`%s` takes %s%zu argument%s, not %zu", c->name,
             least == most  ? ""
             : c->n < least ? "at least "
                            : "at most ",
             said, said == 1 ? "" : "s", c->n);
  return false;
}

static bool numbers(Walk *w, const Call *c) {
  bool fine = true;
  for (size_t k = 0; k < c->n; k++) fine = want_number(w, &c->arg[k]) && fine;
  return fine;
}

// ---- one row a function: what it is made of ----

static Value whole_array(Walk *w, const Call *c) {
  return takes(w, c, 1, 1) ? reduce_whole(w, c->e->span, c->name, c->arg[0], c->claim) : bad_value(c->e->span);
}

// Of one array its greatest entry, of several arguments the greatest, entry by entry.
static Value greatest_or_least(Walk *w, const Call *c) {
  if (c->n == 1) return whole_array(w, c);
  if (!takes(w, c, 1, SIZE_MAX) || !numbers(w, c)) return bad_value(c->e->span);
  // Two by two, so that no condition of the derivative is nested deeper than the logarithm of their number.
  for (size_t left = c->n; left > 1; left = (left + 1) / 2)
    for (size_t k = 0; 2 * k < left; k++) {
      bool alone = 2 * k + 1 == left;
      c->arg[k] = alone ? c->arg[2 * k]
                        : elementwise(w, c->e->span, strcmp(c->name, "max") == 0 ? PRIM_MAX : PRIM_MIN, c->arg + 2 * k);
      if (c->arg[k].bad) return c->arg[k];
    }
  return c->arg[0];
}

static Value joined(Walk *w, const Call *c) {
  if (!takes(w, c, 1, SIZE_MAX)) return bad_value(c->e->span);
  return join(w, c->e->span, c->arg, c->n, strcmp(c->name, "stack") == 0);
}

static Value absolute(Walk *w, const Call *c) {
  if (!takes(w, c, 1, 1) || !numbers(w, c)) return bad_value(c->e->span);
  if (c->arg[0].type == TYPE_REAL) return elementwise(w, c->e->span, PRIM_ABS, c->arg);
  Value negative = elementwise(w, c->e->span, PRIM_NEG, c->arg);
  return elementwise(w, c->e->span, PRIM_MAX, (const Value[]){c->arg[0], negative});
}

// ---- draws of start values ----

// Which entry of the parameter this is, counted row by row; every draw in a start has entries of its own.
static const Expr *counter(Walk *w) {
  const Value *shape = w->draw;
  const Poly *size = poly_int(w->dims, 1);
  const Expr *flat = expr_int(w->graph, 0);
  for (int k = shape->rank - 1; k >= 0; k--) {
    flat = make2(w, PRIM_ADD, make2(w, PRIM_MUL, expr_poly(w->graph, size), expr_index(w->graph, k)), flat);
    size = poly_mul(w->dims, size, shape->extent[k]);
  }
  const Poly *before = poly_mul(w->dims, size, poly_int(w->dims, w->draws++));
  return make2(w, PRIM_ADD, flat, expr_poly(w->graph, before));
}

static bool is_number(const Value *v, int64_t number) {
  int64_t n;
  return v->rank == 0 && ((expr_is_int(v->expr, &n) && n == number) || expr_is_real(v->expr, (double)number));
}

static Value drawn(Walk *w, const Call *c) {
  bool normal = strcmp(c->name, "normal") == 0;
  Span at = c->e->span;
  if (!w->draw) {
    diag_error(w->diags, at, "`%s` draws the start of a parameter: it has no meaning elsewhere", c->name);
    return bad_value(at);
  }
  if (!takes(w, c, 2, 2) || !numbers(w, c)) return bad_value(at);
  Value draw = *w->draw, scale = c->arg[1];
  draw.type = TYPE_REAL;
  draw.expr = make2(w, normal ? PRIM_RANDN : PRIM_RANDU, expr_int(w->graph, w->draw_stream), counter(w));
  if (!normal) scale = elementwise(w, at, PRIM_SUB, (const Value[]){c->arg[1], c->arg[0]});
  if (scale.bad) return scale;
  if (!is_number(&scale, 1)) draw = elementwise(w, at, PRIM_MUL, (const Value[]){scale, draw});
  if (draw.bad || is_number(&c->arg[0], 0)) return draw;
  return elementwise(w, at, PRIM_ADD, (const Value[]){c->arg[0], draw});
}

static const struct {
  const char *name;
  Value (*lower)(Walk *w, const Call *c);
} rows[] = {
    {"sum", whole_array},    {"mean", whole_array},      {"prod", whole_array},      {"logsumexp", whole_array},
    {"argmax", whole_array}, {"max", greatest_or_least}, {"min", greatest_or_least}, {"concat", joined},
    {"stack", joined},       {"abs", absolute},          {"normal", drawn},          {"uniform", drawn},
};

// ---- the primitives ----

// The primitives that a model may call by name; the others are operators, or the compiler's own.
static Prim primitive_named(const char *name) {
  static const Prim internal[] = {PRIM_NEG,   PRIM_POWI, PRIM_REAL, PRIM_SELECT, PRIM_RANDN,
                                  PRIM_RANDU, PRIM_NOT,  PRIM_AND,  PRIM_OR,     PRIM_SLOPE};
  Prim p = prim_by_name(name);
  for (size_t k = 0; k < sizeof internal / sizeof *internal; k++)
    if (p == internal[k]) return PRIM_COUNT;
  return isalpha((unsigned char)name[0]) ? p : PRIM_COUNT;
}

static Value primitive(Walk *w, const Call *c, Prim p) {
  size_t n = (size_t)prim_arity(p);
  return takes(w, c, n, n) && numbers(w, c) ? elementwise(w, c->e->span, p, c->arg) : bad_value(c->e->span);
}

// ---- all calls ----

static Value *evaluated(Walk *w, const AstExpr *e) {
  Value *arg = arena_array(w->arena, Value, e->call.args.count + 1);
  for (size_t k = 0; k < e->call.args.count; k++) arg[k] = eval(w, e->call.args.items[k]);
  return arg;
}

static Value built_in(Walk *w, const AstExpr *e, const char *claim) {
  Call c = {.e = e, .name = e->call.function.text, .claim = claim, .n = e->call.args.count};
  size_t row = 0, nrows = sizeof rows / sizeof *rows;
  while (row < nrows && strcmp(rows[row].name, c.name) != 0) row++;
  Prim p = primitive_named(c.name);
  if (row == nrows && p == PRIM_COUNT) unknown_function(w, c.name, e->call.function.span);
  c.arg = evaluated(w, e);
  for (size_t k = 0; k < c.n; k++)
    if (c.arg[k].bad) return bad_value(e->span);
  if (row < nrows) return rows[row].lower(w, &c);
  return p != PRIM_COUNT ? primitive(w, &c, p) : bad_value(e->span);
}

static Function *function_called(Walk *w, const AstExpr *e) {
  Symbol *f =
      e->kind == AST_CALL && !e->call.member.text ? scope_find(w->scope, e->call.function.text, SYMBOL_FUNCTION) : NULL;
  return f ? f->function : NULL;
}

// Told of np.exp(w) and w.sum(): what other languages write with a dot.
static bool told_as_method(Walk *w, const AstExpr *e) {
  const char *name = e->call.function.text, *member = e->call.member.text;
  bool own = scope_find(w->scope, name, SYMBOL_VALUE) != NULL;
  if (scope_own(w->distributions, name) || (strcmp(member, "log") == 0 && !own && e->call.args.count != 1))
    return false;
  const char *args = own ? name : "";
  for (size_t k = 0; k < e->call.args.count; k++)
    args = arena_printf(w->arena, "%s%s%s", args, *args ? ", " : "", ast_expr_text(w->arena, e->call.args.items[k]));
  diag_error(w->diags, e->span, "there are no modules or methods: write `%s(%s)`", member, args);
  return true;
}

Value call(Walk *w, const AstExpr *e, const char *claim) {
  const char *name = e->call.function.text;
  if (e->call.member.text && strcmp(name, "grad") != 0)
    return told_as_method(w, e) ? bad_value(e->span) : log_density(w, e, claim);
  Function *f = function_called(w, e);
  if (!f && strcmp(name, "grad") == 0) return gradient(w, e);
  if (!f) return built_in(w, e, claim);
  Values results = {.items = NULL};
  const Value *args = evaluated(w, e);
  if (!expand(w, f, e->span, args, e->call.args.count, claim, &results)) return bad_value(e->span);
  if (results.count != 1) {
    diag_error(w->diags, e->span, "`%s` returns %zu values: take them apart, as in `u, v = %s(...)`", name,
               results.count, name);
    return bad_value(e->span);
  }
  return results.items[0];
}

bool call_several(Walk *w, const AstExpr *e, Values *results) {
  Function *f = function_called(w, e);
  if (!f) return false;
  const Value *args = evaluated(w, e);
  Span at = w->at;
  w->at = e->span;
  bool fine = expand(w, f, e->span, args, e->call.args.count, NULL, results);
  w->at = at;
  for (size_t k = fine ? 0 : result_count(f->def); k-- > 0;)
    ARENA_PUSH(w->arena, results->items, results->count, results->room) = bad_value(e->span);
  return true;
}
