// rounding.c - the primitives on a value and how far off it would be, had every rounding on the way gone otherwise.
//
// A second computation runs beside the first: each of its results is moved by a rounding that is drawn from the bits of
// its arguments, each term of a sum by one more.  It takes the first one's branches, so that the gap is what rounding does
// and nothing else (Monte Carlo arithmetic; Parker, UCLA CSD-970002).  A bound would add absolute values along the
// way, and in a deep graph be larger than any error by many orders of magnitude.  The roundings drawn are ROUNDING_GAIN
// times as large as those of double, so that these do not hide them.
#include "interp/number.h"

#include <math.h>
#include <string.h>

static Number gap(double value, double other) {
  return (Number){value, isfinite(value) && isfinite(other) ? other - value : 0};
}

static Number constant(double value) {
  return gap(value, value);
}

static double other_of(Number x) {
  return x.a + x.b;
}

// ---- a rounding ----

static uint64_t drawn(uint64_t from, double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits = (from ^ bits) + 0x9e3779b97f4a7c15u;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

// From a quarter of a last digit to half of one, so that no result is exact.
static double rounded(double x, uint64_t bits) {
  const double size = ROUNDING_GAIN * (0x1p-54 + 0x1p-54 * ((double)(bits >> 12) * 0x1p-52));
  return x + (bits & 1 ? size : -size) * x;
}

// ---- primitives ----

static Number one(Prim op, const Value *v) {
  const Value other = {.number = {other_of(v[0].number), 0}};
  return gap(real_rules.prim[op](v).a, rounded(real_rules.prim[op](&other).a, drawn((uint64_t)op, other.number.a)));
}

static Number two(Prim op, const Value *v) {
  const Value other[] = {{.number = {other_of(v[0].number), 0}}, {.number = {other_of(v[1].number), 0}}};
  const uint64_t bits = drawn(drawn((uint64_t)op, other[0].number.a), other[1].number.a);
  return gap(real_rules.prim[op](v).a, rounded(real_rules.prim[op](other).a, bits));
}

#define RULE(name, op)                                                                                                 \
  static Number name(const Value *v) {                                                                                 \
    return one(op, v);                                                                                                 \
  }
#define RULE2(name, op)                                                                                                \
  static Number name(const Value *v) {                                                                                 \
    return two(op, v);                                                                                                 \
  }

RULE2(rule_mul, PRIM_MUL)
RULE2(rule_div, PRIM_DIV)
RULE2(rule_pow, PRIM_POW)
RULE(rule_exp, PRIM_EXP)
RULE(rule_log, PRIM_LOG)
RULE(rule_log1p, PRIM_LOG1P)
RULE(rule_log1pmx, PRIM_LOG1PMX)
RULE(rule_expm1, PRIM_EXPM1)
RULE(rule_sqrt, PRIM_SQRT)
RULE(rule_sin, PRIM_SIN)
RULE(rule_cos, PRIM_COS)
RULE(rule_tan, PRIM_TAN)
RULE(rule_asin, PRIM_ASIN)
RULE(rule_acos, PRIM_ACOS)
RULE(rule_atan, PRIM_ATAN)
RULE2(rule_atan2, PRIM_ATAN2)
RULE(rule_sinh, PRIM_SINH)
RULE(rule_cosh, PRIM_COSH)
RULE(rule_tanh, PRIM_TANH)
RULE(rule_sech, PRIM_SECH)
RULE(rule_sigmoid, PRIM_SIGMOID)
RULE(rule_softplus, PRIM_SOFTPLUS)
RULE(rule_erf, PRIM_ERF)
RULE(rule_erfc, PRIM_ERFC)
RULE(rule_lgamma, PRIM_LGAMMA)
RULE(rule_digamma, PRIM_DIGAMMA)
RULE2(rule_hypot, PRIM_HYPOT)

// Whatever the order of a longer sum, an error of each term's last digit is left in it.
static Number sum_of(Number x, Number y) {
  const double ox = other_of(x), oy = other_of(y);
  const uint64_t bits = drawn(drawn((uint64_t)PRIM_ADD, ox), oy);
  return gap(x.a + y.a, rounded(rounded(ox, drawn(bits, 1)) + rounded(oy, drawn(bits, 2)), bits));
}

static Number negative(Number x) {
  return (Number){-x.a, -x.b};
}

static Number rule_add(const Value *v) {
  return sum_of(v[0].number, v[1].number);
}

static Number rule_sub(const Value *v) {
  return sum_of(v[0].number, negative(v[1].number));
}

static Number rule_powi(const Value *v) {
  const double x = other_of(v[0].number);
  const int64_t n = v[1].integer;
  return gap(real_powi(v[0].number.a, n), rounded(real_powi(x, n), drawn(drawn((uint64_t)PRIM_POWI, x), (double)n)));
}

static Number rule_polygamma(const Value *v) {
  const double x = other_of(v[1].number);
  return gap(real_polygamma(v[0].integer, v[1].number.a),
             rounded(real_polygamma(v[0].integer, x), drawn((uint64_t)PRIM_POLYGAMMA, x)));
}

// ---- what rounds nothing: by the branches of the value itself ----

static Number rule_neg(const Value *v) {
  return negative(v[0].number);
}

static Number rule_abs(const Value *v) {
  return v[0].number.a < 0 ? negative(v[0].number) : (Number){fabs(v[0].number.a), v[0].number.b};
}

static Number rule_sign(const Value *v) {
  return constant(real_sign(v[0].number.a));
}

static Number rule_floor(const Value *v) {
  return constant(floor(v[0].number.a));
}

static Number rule_stop(const Value *v) {
  return v[0].number;
}

static Number rule_slope(const Value *v) {
  (void)v;
  return constant(0);
}

static Number rule_max(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  return x.a > y.a ? x : y.a > x.a ? y : (Number){real_max(x.a, y.a), (x.b + y.b) / 2};
}

static Number rule_min(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  return x.a < y.a ? x : y.a < x.a ? y : (Number){real_min(x.a, y.a), (x.b + y.b) / 2};
}

static const NumberRule prim[PRIM_COUNT] = NUMBER_RULES;

// d logsumexp is the mean of the entries' by their exponentials; its own rounding is that of the largest and of a logarithm.
static Number logsumexp(const Number *x, size_t count) {
  const double value = real_rules.logsumexp(x, count).a;
  double moved = 0;
  uint64_t bits = (uint64_t)REDUCE_LOGSUMEXP;
  if (!isfinite(value)) return constant(value);
  for (size_t k = 0; k < count; k++) {
    moved += x[k].b * exp(x[k].a - value);
    bits = drawn(bits, other_of(x[k]));
  }
  return (Number){value, moved + rounded(1 + fabs(value), bits) - (1 + fabs(value))};
}

const NumberRules rounding_rules = {.prim = prim, .test = test_rules, .constant = constant, .logsumexp = logsumexp};
