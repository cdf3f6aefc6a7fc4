// algebra.c - the rules for one primitive of simplified arguments.
//
// Every rule keeps the bits of the result for finite arguments, unless an intermediate result overflows or is subnormal, and but
// for the sign of a zero to which 0, or 0 * y, is added: what derivatives and products with matrices of zeros and ones leave would
// keep all their terms.  So 0 * x is 0 only where x is never negative, -(x - y) stays, and a constant moves through a product only
// if it is a power of two.
#include "simplify/internal.h"

#include <math.h>

#include "interp/interp.h"

static const Expr *make1(Simplifier *s, Prim op, const Expr *x) {
  return simplify_prim(s, op, &x);
}

const Expr *simplify_prim2(Simplifier *s, Prim op, const Expr *x, const Expr *y) {
  const Expr *arg[] = {x, y};
  return simplify_prim(s, op, arg);
}

static const Expr *make_select(Simplifier *s, const Expr *c, const Expr *x, const Expr *y) {
  const Expr *arg[] = {c, x, y};
  return simplify_prim(s, PRIM_SELECT, arg);
}

static const Expr *arg_of(const Expr *e, int k) {
  return e->u.prim.arg[k];
}

// ---- what is known of an expression's value ----

static bool is_power_of_two(const Expr *e) {
  int exponent;
  return e->kind == EXPR_REAL && isfinite(e->u.real) && fabs(frexp(e->u.real, &exponent)) == 0.5;
}

// c * x with a power of two c.
static bool is_scaled(const Expr *e) {
  return expr_is_prim(e, PRIM_MUL) && is_power_of_two(arg_of(e, 0));
}

// 0, or 0 * y.
static bool adds_nothing(const Expr *e) {
  return expr_is_zero(e) || (expr_is_prim(e, PRIM_MUL) && (expr_is_zero(arg_of(e, 0)) || expr_is_zero(arg_of(e, 1))));
}

enum { LOOK_DEPTH = 6 }; // how far the question below looks into an expression

// Never below zero, and never -0.
static bool not_negative(const Expr *e, int depth) {
  int64_t n;
  if (depth == 0) return false;
  if (e->kind == EXPR_REAL) return !signbit(e->u.real);
  if (e->kind == EXPR_READ) {
    const Node *read = e->u.read.node;
    return read->kind == NODE_COMP && read->reduce <= REDUCE_PROD && not_negative(read->expr, depth - 1);
  }
  if (e->kind != EXPR_PRIM) return false;
  const Expr *const *arg = e->u.prim.arg;
  switch (e->u.prim.op) {
  case PRIM_ABS:
  case PRIM_EXP:
  case PRIM_SIGMOID:
  case PRIM_SOFTPLUS:
  case PRIM_HYPOT: return true;
  case PRIM_POWI: return expr_is_int(arg[1], &n) && n % 2 == 0;
  case PRIM_MUL: return arg[0] == arg[1] || (not_negative(arg[0], depth - 1) && not_negative(arg[1], depth - 1));
  case PRIM_ADD:
  case PRIM_DIV: return not_negative(arg[0], depth - 1) && not_negative(arg[1], depth - 1);
  case PRIM_SQRT: return not_negative(arg[0], depth - 1);
  case PRIM_SELECT: return not_negative(arg[1], depth - 1) && not_negative(arg[2], depth - 1);
  case PRIM_REAL: return arg[0]->kind == EXPR_INDEX;
  default: return false;
  }
}

bool simplify_not_negative(const Expr *e) {
  return not_negative(e, LOOK_DEPTH);
}

// ---- reals ----

static const Expr *joined_side(Simplifier *s, Prim op, const Expr *x, const Expr *y) {
  if (expr_is_zero(y)) return x;
  if (expr_is_zero(x)) return op == PRIM_ADD ? y : make1(s, PRIM_NEG, y);
  return simplify_prim2(s, op, x, y);
}

// (if c then a else b) ± (if c then d else 0) and the like, as one choice with no more sums, where c reads arrays (what depends on
// indices alone are guards of sums, and each term may have its own use for one).
static const Expr *joined_choices(Simplifier *s, Prim op, const Expr *x, const Expr *y) {
  if (!expr_is_prim(x, PRIM_SELECT) || !expr_is_prim(y, PRIM_SELECT) || arg_of(x, 0) != arg_of(y, 0) || !arg_of(x, 0)->nodes)
    return NULL;
  bool fewer = false;
  for (int k = 1; k <= 2; k++) fewer = fewer || expr_is_zero(arg_of(x, k)) || expr_is_zero(arg_of(y, k));
  return fewer ? make_select(s, arg_of(x, 0), joined_side(s, op, arg_of(x, 1), arg_of(y, 1)),
                             joined_side(s, op, arg_of(x, 2), arg_of(y, 2)))
               : NULL;
}

// What comparison b of integers comes to where condition a is `unit`; null: that depends.
static const Expr *decided_beside(Simplifier *s, const Expr *a, const Expr *b, bool unit) {
  if (b->kind != EXPR_PRIM || b->u.prim.narg != 2 || arg_of(b, 0)->type != TYPE_INT) return NULL;
  const int nknown = s->nknown, nfact = s->nfact;
  simplify_assume(s, unit ? a : simplify_prim(s, PRIM_NOT, &a));
  const Expr *e = simplify_comparison(s, b->u.prim.op, b->u.prim.arg);
  s->nknown = nknown;
  s->nfact = nfact;
  return e;
}

// (if c then a else 0) ± (if d then b else 0), of which one at least is 0 for every index, as one choice with no sum.  Terms of a sum
// stay apart: each may have a sum of its own.
static const Expr *exclusive_choices(Simplifier *s, Prim op, const Expr *x, const Expr *y) {
  if (s->sums || !expr_is_prim(x, PRIM_SELECT) || !expr_is_prim(y, PRIM_SELECT)) return NULL;
  if (!expr_is_zero(arg_of(x, 2)) || !expr_is_zero(arg_of(y, 2))) return NULL;
  const Expr *beside = decided_beside(s, arg_of(x, 0), arg_of(y, 0), true);
  if (!beside || beside->kind != EXPR_BOOL || beside->u.boolean) return NULL;
  const Expr *instead = decided_beside(s, arg_of(x, 0), arg_of(y, 0), false);
  const Expr *other = joined_side(s, op, expr_real(s->g, 0), arg_of(y, 1));
  if (!instead || instead->kind != EXPR_BOOL || !instead->u.boolean) other = make_select(s, arg_of(y, 0), other, arg_of(y, 2));
  return make_select(s, arg_of(x, 0), arg_of(x, 1), other);
}

static const Expr *rule_add(Simplifier *s, const Expr *const *arg) {
  const Expr *x = arg[0], *y = arg[1];
  if (adds_nothing(y)) return x;
  if (adds_nothing(x)) return y;
  if (expr_is_prim(y, PRIM_NEG)) return simplify_prim2(s, PRIM_SUB, x, arg_of(y, 0));
  if (expr_is_prim(x, PRIM_NEG)) return simplify_prim2(s, PRIM_SUB, y, arg_of(x, 0));
  if (x == y) return simplify_prim2(s, PRIM_MUL, expr_real(s->g, 2), x);
  const Expr *choice = joined_choices(s, PRIM_ADD, x, y);
  return choice ? choice : exclusive_choices(s, PRIM_ADD, x, y);
}

static const Expr *rule_sub(Simplifier *s, const Expr *const *arg) {
  const Expr *x = arg[0], *y = arg[1];
  if (x == y) return expr_real(s->g, 0);
  if (adds_nothing(y)) return x;
  if (adds_nothing(x)) return make1(s, PRIM_NEG, y);
  if (expr_is_prim(y, PRIM_NEG)) return simplify_prim2(s, PRIM_ADD, x, arg_of(y, 0));
  const Expr *choice = joined_choices(s, PRIM_SUB, x, y);
  return choice ? choice : exclusive_choices(s, PRIM_SUB, x, y);
}

static const Expr *rule_mul(Simplifier *s, const Expr *const *arg) {
  Graph *g = s->g;
  const Expr *x = arg[0], *y = arg[1];
  if (y->kind == EXPR_REAL && x->kind != EXPR_REAL) return simplify_prim2(s, PRIM_MUL, y, x);
  if (expr_is_real(x, 1)) return y;
  if (expr_is_real(x, -1)) return make1(s, PRIM_NEG, y);
  if (expr_is_real(x, 0) && not_negative(y, LOOK_DEPTH)) return x;
  if (expr_is_prim(y, PRIM_NEG))
    return x->kind == EXPR_REAL ? simplify_prim2(s, PRIM_MUL, expr_real(g, -x->u.real), arg_of(y, 0))
                                : make1(s, PRIM_NEG, simplify_prim2(s, PRIM_MUL, x, arg_of(y, 0)));
  if (expr_is_prim(x, PRIM_NEG)) return make1(s, PRIM_NEG, simplify_prim2(s, PRIM_MUL, arg_of(x, 0), y));
  // c1 * (c2 * z), rounded once either way if one of them is a power of two.
  if (x->kind == EXPR_REAL && expr_is_prim(y, PRIM_MUL) && arg_of(y, 0)->kind == EXPR_REAL &&
      (is_power_of_two(x) || is_power_of_two(arg_of(y, 0))))
    return simplify_prim2(s, PRIM_MUL, simplify_prim2(s, PRIM_MUL, x, arg_of(y, 0)), arg_of(y, 1));
  if (x->kind == EXPR_REAL) return NULL;
  // A power of two goes to the factor that no loop changes, else to the front.
  if (is_scaled(y)) {
    const Expr *c = arg_of(y, 0), *z = arg_of(y, 1);
    if (z->indices == 0 && x->indices != 0) return NULL; // there already
    if (x->indices == 0 && z->indices != 0) return simplify_prim2(s, PRIM_MUL, simplify_prim2(s, PRIM_MUL, c, x), z);
    return simplify_prim2(s, PRIM_MUL, c, simplify_prim2(s, PRIM_MUL, x, z));
  }
  if (is_scaled(x) && (x->indices != 0 || y->indices == 0))
    return simplify_prim2(s, PRIM_MUL, arg_of(x, 0), simplify_prim2(s, PRIM_MUL, arg_of(x, 1), y));
  return NULL;
}

static const Expr *rule_div(Simplifier *s, const Expr *const *arg) {
  const Expr *x = arg[0], *y = arg[1];
  if (is_power_of_two(y) && isnormal(1 / y->u.real))
    return simplify_prim2(s, PRIM_MUL, expr_real(s->g, 1 / y->u.real), x);
  if (expr_is_prim(x, PRIM_NEG)) return make1(s, PRIM_NEG, simplify_prim2(s, PRIM_DIV, arg_of(x, 0), y));
  if (expr_is_prim(y, PRIM_NEG)) return make1(s, PRIM_NEG, simplify_prim2(s, PRIM_DIV, x, arg_of(y, 0)));
  return NULL;
}

static const Expr *rule_neg(Simplifier *s, const Expr *const *arg) {
  const Expr *x = arg[0];
  if (expr_is_prim(x, PRIM_NEG)) return arg_of(x, 0);
  if (expr_is_prim(x, PRIM_MUL) && arg_of(x, 0)->kind == EXPR_REAL)
    return simplify_prim2(s, PRIM_MUL, expr_real(s->g, -arg_of(x, 0)->u.real), arg_of(x, 1));
  return NULL;
}

static const Expr *rule_pow(Simplifier *s, const Expr *const *arg) {
  return expr_is_real(arg[1], 1) ? arg[0] : expr_is_zero(arg[1]) ? expr_real(s->g, 1) : NULL;
}

static const Expr *rule_powi(Simplifier *s, const Expr *const *arg) {
  int64_t n;
  if (!expr_is_int(arg[1], &n) || n < 0 || n > 1) return NULL;
  return n == 1 ? arg[0] : expr_real(s->g, 1);
}

static const Expr *rule_abs(Simplifier *s, const Expr *const *arg) {
  if (expr_is_prim(arg[0], PRIM_NEG)) return make1(s, PRIM_ABS, arg_of(arg[0], 0));
  return not_negative(arg[0], LOOK_DEPTH) ? arg[0] : NULL;
}

static const Expr *rule_stop(Simplifier *s, const Expr *const *arg) {
  (void)s;
  return expr_is_prim(arg[0], PRIM_STOP) || arg[0]->type == TYPE_INT || arg[0]->kind == EXPR_REAL ? arg[0] : NULL;
}

// What only derivatives need.
static const Expr *rule_slope(Simplifier *s, const Expr *const *arg) {
  (void)arg;
  return expr_real(s->g, 0);
}

// max(x, x), min(x, x).
static const Expr *rule_extremum(Simplifier *s, const Expr *const *arg) {
  (void)s;
  return arg[0] == arg[1] ? arg[0] : NULL;
}

// ---- conditions ----

bool simplify_opposite(const Expr *a, const Expr *b) {
  static const struct {
    Prim op, other;
    bool reals; // also where an argument is not a number
  } pairs[] = {{PRIM_EQ, PRIM_NE, true}, {PRIM_LT, PRIM_GE, false}, {PRIM_GT, PRIM_LE, false}};
  if (expr_is_prim(a, PRIM_NOT) || expr_is_prim(b, PRIM_NOT))
    return (expr_is_prim(a, PRIM_NOT) && arg_of(a, 0) == b) || (expr_is_prim(b, PRIM_NOT) && arg_of(b, 0) == a);
  if (a->kind != EXPR_PRIM || b->kind != EXPR_PRIM || a->u.prim.narg != 2 || b->u.prim.narg != 2 ||
      arg_of(a, 0) != arg_of(b, 0) || arg_of(a, 1) != arg_of(b, 1))
    return false;
  for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
    if ((pairs[k].reals || arg_of(a, 0)->type == TYPE_INT) &&
        ((expr_is_prim(a, pairs[k].op) && expr_is_prim(b, pairs[k].other)) ||
         (expr_is_prim(b, pairs[k].op) && expr_is_prim(a, pairs[k].other))))
      return true;
  return false;
}

static const Expr *rule_not(Simplifier *s, const Expr *const *arg) {
  static const Prim inverse[PRIM_COUNT] = {
      [PRIM_EQ] = PRIM_NE, [PRIM_NE] = PRIM_EQ, [PRIM_LT] = PRIM_GE,
      [PRIM_GE] = PRIM_LT, [PRIM_GT] = PRIM_LE, [PRIM_LE] = PRIM_GT,
  };
  const Expr *x = arg[0];
  if (x->kind == EXPR_BOOL) return expr_bool(s->g, !x->u.boolean);
  if (expr_is_prim(x, PRIM_NOT)) return arg_of(x, 0);
  if (expr_is_prim(x, PRIM_EQ) || expr_is_prim(x, PRIM_NE) ||
      (x->kind == EXPR_PRIM && inverse[x->u.prim.op] != PRIM_ADD && arg_of(x, 0)->type == TYPE_INT))
    return simplify_prim(s, inverse[x->u.prim.op], x->u.prim.arg);
  return NULL;
}

// `and` with unit true and zero false; `or` the other way round.
static const Expr *connective(Simplifier *s, const Expr *const *arg, bool unit) {
  for (int k = 0; k < 2; k++)
    if (arg[k]->kind == EXPR_BOOL) return arg[k]->u.boolean == unit ? arg[1 - k] : arg[k];
  if (arg[0] == arg[1]) return arg[0];
  if (simplify_opposite(arg[0], arg[1])) return expr_bool(s->g, !unit);
  const Expr *e = decided_beside(s, arg[0], arg[1], unit);
  return e ? connective(s, (const Expr *[]){arg[0], e}, unit) : NULL;
}

static const Expr *rule_and(Simplifier *s, const Expr *const *arg) {
  return connective(s, arg, true);
}

static const Expr *rule_or(Simplifier *s, const Expr *const *arg) {
  return connective(s, arg, false);
}

// Of two products or quotients with an operand in common, only the other one is chosen; it keeps all bits.
static const Expr *choose_operand(Simplifier *s, const Expr *c, const Expr *x, const Expr *y) {
  if (expr_is_prim(x, PRIM_NEG) && expr_is_prim(y, PRIM_NEG))
    return make1(s, PRIM_NEG, make_select(s, c, arg_of(x, 0), arg_of(y, 0)));
  for (int k = 0; k < 2 && expr_is_prim(x, PRIM_MUL) && expr_is_prim(y, PRIM_MUL); k++)
    for (int j = 0; j < 2; j++)
      if (arg_of(x, k) == arg_of(y, j))
        return simplify_prim2(s, PRIM_MUL, arg_of(x, k), make_select(s, c, arg_of(x, 1 - k), arg_of(y, 1 - j)));
  if (expr_is_prim(x, PRIM_DIV) && expr_is_prim(y, PRIM_DIV) && arg_of(x, 1) == arg_of(y, 1))
    return simplify_prim2(s, PRIM_DIV, make_select(s, c, arg_of(x, 0), arg_of(y, 0)), arg_of(x, 1));
  return NULL;
}

static const Expr *rule_select(Simplifier *s, const Expr *const *arg) {
  const Expr *c = arg[0], *x = arg[1], *y = arg[2];
  if (c->kind == EXPR_BOOL) return c->u.boolean ? x : y;
  if (x == y) return x;
  if (expr_is_prim(c, PRIM_NOT)) return make_select(s, arg_of(c, 0), y, x);
  if (expr_is_prim(x, PRIM_SELECT) && arg_of(x, 0) == c) return make_select(s, c, arg_of(x, 1), y);
  if (expr_is_prim(y, PRIM_SELECT) && arg_of(y, 0) == c) return make_select(s, c, x, arg_of(y, 2));
  return x->type == TYPE_REAL ? choose_operand(s, c, x, y) : NULL;
}

// ---- the table ----

typedef const Expr *(*Rule)(Simplifier *s, const Expr *const *arg);

// Of results that are real or boolean; integers have their normal form (integer.c).
static const Rule rules[PRIM_COUNT] = {
    [PRIM_ADD] = rule_add,   [PRIM_SUB] = rule_sub,      [PRIM_MUL] = rule_mul,       [PRIM_DIV] = rule_div,
    [PRIM_NEG] = rule_neg,   [PRIM_POW] = rule_pow,      [PRIM_POWI] = rule_powi,     [PRIM_ABS] = rule_abs,
    [PRIM_STOP] = rule_stop, [PRIM_MAX] = rule_extremum, [PRIM_MIN] = rule_extremum,  [PRIM_NOT] = rule_not,
    [PRIM_AND] = rule_and,   [PRIM_OR] = rule_or,        [PRIM_SELECT] = rule_select, [PRIM_SLOPE] = rule_slope,
};

static bool is_constant(const Expr *e) {
  int64_t n;
  return e->kind == EXPR_REAL || e->kind == EXPR_BOOL || expr_is_int(e, &n);
}

static double constant_value(const Expr *e) {
  int64_t n = 0;
  return e->kind == EXPR_REAL ? e->u.real : e->kind == EXPR_BOOL ? e->u.boolean : expr_is_int(e, &n) ? (double)n : 0;
}

// Reals and comparisons of constants, in double.  Draws are no constants: they have a seed.
static const Expr *fold(Simplifier *s, Prim op, Type type, const Expr *const *arg) {
  double value[3];
  if (op == PRIM_SELECT || op == PRIM_RANDN || op == PRIM_RANDU || op == PRIM_STOP || type == TYPE_INT) return NULL;
  for (int k = 0; k < prim_arity(op); k++) {
    if (!is_constant(arg[k])) return NULL;
    value[k] = constant_value(arg[k]);
    if (fabs(value[k]) > 0x1p53 && arg[k]->type == TYPE_INT) return NULL;
  }
  double result = interp_prim(op, value);
  return type == TYPE_BOOL ? expr_bool(s->g, result != 0) : expr_real(s->g, result);
}

static const Expr *apply_rules(Simplifier *s, Prim op, Type type, const Expr *const *arg) {
  const Expr *e = NULL;
  if (type == TYPE_INT) e = simplify_integer(s, op, arg);
  if (!e && type == TYPE_BOOL && op >= PRIM_EQ && op <= PRIM_GE) e = simplify_comparison(s, op, arg);
  if (!e) e = fold(s, op, type, arg);
  if (!e && rules[op]) e = rules[op](s, arg);
  return e;
}

const Expr *simplify_prim(Simplifier *s, Prim op, const Expr *const *arg) {
  Type types[3], type;
  for (int k = 0; k < prim_arity(op); k++) {
    if (!arg[k]) return NULL;
    types[k] = arg[k]->type;
  }
  const Expr *plain = expr_prim(s->g, op, arg);
  if (!plain || !prim_result(op, types, prim_arity(op), &type)) return plain;
  const bool before = s->changed; // what a rule tries on the way is no change
  const Expr *e = apply_rules(s, op, type, arg);
  if (!e) e = plain;
  for (int k = 0; type == TYPE_BOOL && k < s->nknown; k++) {
    if (s->known[k] == e)
      e = expr_bool(s->g, true);
    else if (simplify_opposite(s->known[k], e))
      e = expr_bool(s->g, false);
  }
  s->changed = before || e != plain;
  return e;
}
