// build.c - typed expressions: constants folded, promotions made, limits told once.
#include "check/internal.h"

Value bad_value(Span span) {
  return (Value){.bad = true, .type = TYPE_REAL, .span = span};
}

Value scalar_value(Type type, const Expr *expr, Span span) {
  return (Value){.type = type, .expr = expr, .span = span};
}

Value poly_value_of(Walk *w, const Poly *p, Span span) {
  return scalar_value(TYPE_INT, expr_poly(w->graph, p), span);
}

const char *type_words(Type t) {
  return t == TYPE_REAL ? "a real number" : t == TYPE_INT ? "an integer" : "a condition";
}

const char *poly_text(const Walk *w, const Poly *p) {
  Text t;
  text_init(&t);
  poly_print(&t, w->dims, p);
  const char *s = arena_strdup(w->arena, t.s);
  text_free(&t);
  return s;
}

const char *shape_text(const Walk *w, const Value *v) {
  if (v->rank == 0) return "a single number";
  Text t;
  text_init(&t);
  for (int k = 0; k < v->rank; k++) {
    text_put(&t, k ? ", " : "[");
    poly_print(&t, w->dims, v->extent[k]);
  }
  text_char(&t, ']');
  const char *s = arena_strdup(w->arena, t.s);
  text_free(&t);
  return s;
}

// ---- limits ----

static const Expr *zero_of(Walk *w, Type type) {
  return type == TYPE_REAL  ? expr_real(w->graph, 0)
         : type == TYPE_INT ? expr_int(w->graph, 0)
                            : expr_bool(w->graph, false);
}

// e, or where it grew too large a stand-in of that type, after an error.
static const Expr *limited(Walk *w, const Expr *e, Type type) {
  if (e && graph_expr_count(w->graph) <= MAX_EXPRS) return e;
  if (!w->overgrown) diag_error(w->diags, w->at, "this expands to an expression that is too large");
  w->overgrown = true;
  return e ? e : zero_of(w, type);
}

// ---- folding ----

static bool is_constant_real(const Expr *e) {
  return e->kind == EXPR_REAL;
}

static bool is_bool(const Expr *e, bool value) {
  return e->kind == EXPR_BOOL && e->u.boolean == value;
}

static const Expr *fold_reals(Walk *w, Prim op, double x, double y) {
  switch (op) {
  case PRIM_ADD: return expr_real(w->graph, x + y);
  case PRIM_SUB: return expr_real(w->graph, x - y);
  case PRIM_MUL: return expr_real(w->graph, x * y);
  case PRIM_DIV: return expr_real(w->graph, x / y);
  default: return NULL;
  }
}

static const Expr *fold_comparison(Walk *w, Prim op, int64_t difference) {
  switch (op) {
  case PRIM_EQ: return expr_bool(w->graph, difference == 0);
  case PRIM_NE: return expr_bool(w->graph, difference != 0);
  case PRIM_LT: return expr_bool(w->graph, difference < 0);
  case PRIM_LE: return expr_bool(w->graph, difference <= 0);
  case PRIM_GT: return expr_bool(w->graph, difference > 0);
  case PRIM_GE: return expr_bool(w->graph, difference >= 0);
  default: return NULL;
  }
}

static const Expr *fold_unary(Walk *w, Prim op, const Expr *x) {
  int64_t n;
  if (op == PRIM_NEG && is_constant_real(x)) return expr_real(w->graph, -x->u.real);
  if (op == PRIM_NEG && expr_is_prim(x, PRIM_NEG)) return x->u.prim.arg[0];
  if (op == PRIM_REAL && expr_is_int(x, &n)) return expr_real(w->graph, (double)n);
  if (op == PRIM_REAL && expr_is_prim(x, PRIM_SELECT))
    return make_select(w, x->u.prim.arg[0], make_real(w, x->u.prim.arg[1]), make_real(w, x->u.prim.arg[2]));
  if (op == PRIM_NOT && x->kind == EXPR_BOOL) return expr_bool(w->graph, !x->u.boolean);
  return NULL;
}

// `data y[n] in 0..k` is checked where the data are bound: what it says of y - m, whatever y is.
static const Expr *fold_declared(Walk *w, Prim op, const Expr *x, int64_t m) {
  const Node *n = x->kind == EXPR_READ ? x->u.read.node : NULL;
  int64_t limit = INT64_MAX;
  if (!n || n->kind != NODE_DATA || !w->data[n->which].ranged) return NULL;
  if (w->data[n->which].limit && !poly_is_int(w->data[n->which].limit, &limit)) limit = INT64_MAX;
  if (m < 0 || m >= limit) return fold_comparison(w, op, m < 0 ? 1 : -1);
  if (m == 0 && (op == PRIM_LT || op == PRIM_GE)) return expr_bool(w->graph, op == PRIM_GE);
  if (m == limit - 1 && (op == PRIM_GT || op == PRIM_LE)) return expr_bool(w->graph, op == PRIM_LE);
  return NULL;
}

// Integers and conditions: nothing here can change a real's rounding.
static const Expr *fold_binary(Walk *w, Prim op, const Expr *x, const Expr *y) {
  int64_t n, m;
  if (is_constant_real(x) && is_constant_real(y)) return fold_reals(w, op, x->u.real, y->u.real);
  if (op == PRIM_AND)
    return is_bool(x, true) || is_bool(y, false) ? y : is_bool(y, true) || is_bool(x, false) ? x : NULL;
  if (op == PRIM_OR)
    return is_bool(x, false) || is_bool(y, true) ? y : is_bool(y, false) || is_bool(x, true) ? x : NULL;
  if (op == PRIM_POWI && expr_is_int(y, &n) && n == 1) return x;
  if (x->type != TYPE_INT || y->type != TYPE_INT) return NULL;
  bool left = expr_is_int(x, &n), right = expr_is_int(y, &m);
  if (x == y && fold_comparison(w, op, 0)) return fold_comparison(w, op, 0);
  if (left && right && fold_comparison(w, op, 0)) return fold_comparison(w, op, (n > m) - (n < m));
  const Expr *declared = right ? fold_declared(w, op, x, m) : NULL;
  if (declared) return declared;
  if (right && m == 0 && (op == PRIM_ADD || op == PRIM_SUB)) return x;
  if (right && op == PRIM_SUB && expr_is_prim(x, PRIM_ADD) && x->u.prim.arg[1] == y)
    return x->u.prim.arg[0];
  if (left && n == 0 && op == PRIM_ADD) return y;
  if (right && m == 1 && (op == PRIM_MUL || op == PRIM_FLOORDIV)) return x;
  if (left && n == 1 && op == PRIM_MUL) return y;
  return NULL;
}

// Sums and products of numbers and dimensions are one polynomial, unless that is too large; one of fixed dimensions has
// a value.
static bool overflows(const Walk *w, Prim op, const Expr *const *args, const Expr *result) {
  int64_t value;
  if (op != PRIM_ADD && op != PRIM_SUB && op != PRIM_MUL && op != PRIM_NEG) return false;
  if (!result) return false;
  if (result->kind == EXPR_POLY)
    return poly_is_fixed(w->dims, result->u.poly) && !poly_value(w->dims, result->u.poly, NULL, &value);
  if (result->kind != EXPR_PRIM) return false;
  for (int k = 0; k < prim_arity(op); k++)
    if (args[k]->kind != EXPR_POLY) return false;
  return true;
}

const Expr *make(Walk *w, Prim op, const Expr *const *args) {
  int narg = prim_arity(op);
  Type types[3], result = TYPE_REAL;
  for (int k = 0; k < narg; k++) types[k] = args[k]->type;
  prim_result(op, types, narg, &result);
  const Expr *folded = narg == 1 ? fold_unary(w, op, args[0]) : narg == 2 ? fold_binary(w, op, args[0], args[1]) : NULL;
  if (op == PRIM_SELECT && args[0]->kind == EXPR_BOOL) folded = args[args[0]->u.boolean ? 1 : 2];
  if (!folded) folded = stable_form(w, op, args);
  if (folded) return folded;
  const Expr *e = expr_prim(w->graph, op, args);
  if (overflows(w, op, args, e)) {
    diag_error(w->diags, w->at, "this integer is too large");
    return zero_of(w, TYPE_INT);
  }
  return limited(w, e, result);
}

const Expr *make1(Walk *w, Prim op, const Expr *x) {
  return make(w, op, &x);
}

const Expr *make2(Walk *w, Prim op, const Expr *x, const Expr *y) {
  return make(w, op, (const Expr *const[]){x, y});
}

const Expr *make_select(Walk *w, const Expr *c, const Expr *x, const Expr *y) {
  return make(w, PRIM_SELECT, (const Expr *const[]){c, x, y});
}

const Expr *make_real(Walk *w, const Expr *x) {
  return x->type == TYPE_INT ? make_wide(w, x) : x;
}

// Comparisons of integers are turned round (of reals they can't be: both fail for a NaN).
const Expr *make_not(Walk *w, const Expr *c) {
  static const struct {
    Prim op, contrary;
  } pairs[] = {{PRIM_LT, PRIM_GE}, {PRIM_GE, PRIM_LT}, {PRIM_GT, PRIM_LE},
               {PRIM_LE, PRIM_GT}, {PRIM_EQ, PRIM_NE}, {PRIM_NE, PRIM_EQ}};
  if (expr_is_prim(c, PRIM_NOT)) return c->u.prim.arg[0];
  for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
    if (expr_is_prim(c, pairs[k].op) && c->u.prim.arg[0]->type == TYPE_INT)
      return make(w, pairs[k].contrary, c->u.prim.arg);
  return make1(w, PRIM_NOT, c);
}

const Expr *make_read(Walk *w, const Node *node, const Expr *const *sub) {
  return limited(w, expr_read(w->graph, node, sub), node->type);
}

const Expr *substitute(Walk *w, const Expr *e, const Expr *const *sub, int nsub) {
  bool touched = false;
  for (int k = 0; k < nsub; k++) touched = touched || (sub[k] && expr_uses_index(e, k));
  return touched ? limited(w, expr_substitute(w->graph, e, sub, nsub, NULL), e->type) : e;
}

// ---- exact division ----

// Is the integer polynomial e a multiple of d whatever its indices and dimensions are?  Its remainder depends on theirs
// alone, so a few cases decide.  Variables are indices and dimensions; more than three are not tried.
enum { VARIABLES = 3, LARGEST_DIVISOR = 8 };

typedef struct Residues {
  int nvar;
  bool is_dim[VARIABLES];
  int var[VARIABLES];
  int64_t value[VARIABLES];
} Residues;

static bool add_variable(Residues *r, bool is_dim, int var) {
  for (int k = 0; k < r->nvar; k++)
    if (r->is_dim[k] == is_dim && r->var[k] == var) return true;
  if (r->nvar == VARIABLES) return false;
  r->is_dim[r->nvar] = is_dim;
  r->var[r->nvar++] = var;
  return true;
}

static int64_t variable_value(const Residues *r, bool is_dim, int var) {
  for (int k = 0; k < r->nvar; k++)
    if (r->is_dim[k] == is_dim && r->var[k] == var) return r->value[k];
  return 0;
}

// Its variables; false where e is no polynomial with integer coefficients.
static bool find_variables(const Expr *e, Residues *r) {
  if (e->kind == EXPR_INDEX) return add_variable(r, false, e->u.index);
  if (e->kind == EXPR_POLY) {
    const PolyTerm *term;
    int n = poly_terms(e->u.poly, &term);
    for (int k = 0; k < n; k++) {
      if (term[k].den != 1) return false;
      for (int s = 0; s < term[k].nsym; s++)
        if (!add_variable(r, true, term[k].sym[s])) return false;
    }
    return true;
  }
  if (e->kind != EXPR_PRIM) return false;
  Prim op = e->u.prim.op;
  if (op != PRIM_ADD && op != PRIM_SUB && op != PRIM_MUL && op != PRIM_NEG) return false;
  for (int k = 0; k < e->u.prim.narg; k++)
    if (!find_variables(e->u.prim.arg[k], r)) return false;
  return true;
}

static int64_t remainder_of(const Expr *e, const Residues *r, int64_t d) {
  if (e->kind == EXPR_INDEX) return variable_value(r, false, e->u.index);
  if (e->kind == EXPR_POLY) {
    const PolyTerm *term;
    int n = poly_terms(e->u.poly, &term);
    int64_t sum = 0;
    for (int k = 0; k < n; k++) {
      int64_t product = term[k].num % d;
      for (int s = 0; s < term[k].nsym; s++) product = product * variable_value(r, true, term[k].sym[s]) % d;
      sum += product;
    }
    return sum % d;
  }
  int64_t x = remainder_of(e->u.prim.arg[0], r, d);
  if (e->u.prim.op == PRIM_NEG) return -x;
  int64_t y = remainder_of(e->u.prim.arg[1], r, d);
  return (e->u.prim.op == PRIM_ADD ? x + y : e->u.prim.op == PRIM_SUB ? x - y : x * y) % d;
}

static bool always_multiple(const Expr *e, int64_t d) {
  Residues r = {.nvar = 0};
  if (d > LARGEST_DIVISOR || e->height > 100 || !find_variables(e, &r)) return false;
  for (;;) {
    if (remainder_of(e, &r, d) != 0) return false;
    int k = 0;
    while (k < r.nvar && ++r.value[k] == d) r.value[k++] = 0;
    if (k == r.nvar) return true;
  }
}

const Expr *make_exact_div(Walk *w, const Expr *x, const Expr *y) {
  int64_t d;
  bool number = expr_is_int(y, &d);
  if (number && d == 0) {
    diag_error(w->diags, w->at, "a division by zero");
    return expr_int(w->graph, 0);
  }
  if (x->kind == EXPR_POLY && y->kind == EXPR_POLY) {
    const Poly *p = poly_div(w->dims, x->u.poly, y->u.poly);
    int64_t value;
    bool whole = p && (!poly_is_fixed(w->dims, p) || poly_value(w->dims, p, NULL, &value));
    if (whole) return expr_poly(w->graph, p);
    diag_error(w->diags, w->at, "`%s` divided by `%s` is not a whole number here; `//` rounds down",
               poly_text(w, x->u.poly), poly_text(w, y->u.poly));
    return expr_int(w->graph, 0);
  }
  if (!number || d < 0 || !always_multiple(x, d)) {
    const Poly *worst;
    const Expr *rest = make2(w, PRIM_MOD, x, y);
    if (range_of(w, rest, poly_int(w->dims, 1), &worst) != RANGE_PROVED)
      diag_error(w->diags, w->at, "this division need not come out whole; `//` rounds down");
  }
  return make2(w, PRIM_FLOORDIV, x, y);
}
