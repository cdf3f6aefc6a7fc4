// magnitude.c - the primitives on a value and the sum of the absolute terms that were added to make it.
//
// At an optimum a gradient is a sum that cancels; its rounding error is relative to the terms, not to what is left of
// them.
//   - sums and differences add magnitudes
//   - a product has each factor's magnitude times the other's value (less the value itself, which both have): what rounding
//     of either leads to, to first order, so that long chains of products do not lose sight of the value.  Integer powers
//     are products
//   - a quotient keeps the numerator's magnitude over the denominator's value, so that a mean is as its sum
//   - what only passes a value on (neg, abs, stop, max, min) passes on its magnitude; where max or min ties, the mean
//   - a function with a slope of about 1 at its zero passes on the magnitude of what is nothing but roundings there
//   - any other function starts afresh with the absolute value of its result
#include "interp/number.h"

#include <float.h>
#include <math.h>

static Number magnitude(double value, double terms) {
  return (Number){value, terms};
}

static Number constant(double value) {
  return magnitude(value, fabs(value));
}

#define RULE(name, formula)                                                                                            \
  static Number name(const Value *v) {                                                                                 \
    const double x = v[0].number.a;                                                                                    \
    return constant(formula);                                                                                          \
  }
#define RULE2(name, formula)                                                                                           \
  static Number name(const Value *v) {                                                                                 \
    const double x = v[0].number.a, y = v[1].number.a;                                                                 \
    return constant(formula);                                                                                          \
  }

// f of x, where f(x) is about x near 0.
static Number near_zero(Number x, double value) {
  const double nothing = 1e-12;
  return magnitude(value, fabs(x.a) < nothing * x.b ? x.b : fabs(value));
}

#define RULE_AT_ZERO(name, formula)                                                                                    \
  static Number name(const Value *v) {                                                                                 \
    const double x = v[0].number.a;                                                                                    \
    return near_zero(v[0].number, formula);                                                                            \
  }

RULE2(rule_pow, pow(x, y))
RULE(rule_exp, exp(x))
RULE(rule_log, log(x))
RULE_AT_ZERO(rule_log1p, log1p(x))
RULE_AT_ZERO(rule_expm1, expm1(x))
RULE(rule_sqrt, sqrt(x))
RULE(rule_sign, real_sign(x))
RULE(rule_floor, floor(x))
RULE_AT_ZERO(rule_sin, sin(x))
RULE(rule_cos, cos(x))
RULE_AT_ZERO(rule_tan, tan(x))
RULE_AT_ZERO(rule_asin, asin(x))
RULE(rule_acos, acos(x))
RULE_AT_ZERO(rule_atan, atan(x))
RULE2(rule_atan2, atan2(x, y))
RULE_AT_ZERO(rule_sinh, sinh(x))
RULE(rule_cosh, cosh(x))
RULE_AT_ZERO(rule_tanh, tanh(x))
RULE(rule_sech, real_sech(x))
RULE(rule_sigmoid, real_sigmoid(x))
RULE(rule_softplus, real_softplus(x))
RULE_AT_ZERO(rule_erf, erf(x))
RULE(rule_erfc, erfc(x))
RULE(rule_lgamma, real_lgamma(x))
RULE(rule_digamma, real_polygamma(0, x))
RULE2(rule_hypot, hypot(x, y))

static Number rule_add(const Value *v) {
  return magnitude(v[0].number.a + v[1].number.a, v[0].number.b + v[1].number.b);
}

static Number rule_sub(const Value *v) {
  return magnitude(v[0].number.a - v[1].number.a, v[0].number.b + v[1].number.b);
}

static Number product(Number x, Number y) {
  const double value = x.a * y.a, both = fabs(x.a) * y.b + x.b * fabs(y.a) - fabs(value);
  return magnitude(value, fmax(both, DBL_EPSILON * x.b * y.b));
}

static Number rule_mul(const Value *v) {
  return product(v[0].number, v[1].number);
}

static Number rule_div(const Value *v) {
  return magnitude(v[0].number.a / v[1].number.a, v[0].number.b / fabs(v[1].number.a));
}

// Near 0 it is -x^2 / 2, which an argument that cancelled leaves open as a product does.
static Number rule_log1pmx(const Value *v) {
  const double x = v[0].number.a, f = real_log1pmx(x), slope = x / (1 + x);
  return magnitude(f, fmax(fabs(f), fmax(fabs(slope), DBL_EPSILON * v[0].number.b) * v[0].number.b));
}

static Number rule_powi(const Value *v) {
  const Number x = v[0].number;
  const int64_t n = v[1].integer;
  const double f = real_powi(x.a, n);
  if (n <= 0) return constant(f);
  const double rest = real_powi(x.a, n - 1); // n factors of x: each one's magnitude times the others' value
  const double each = (double)n * fabs(rest) * (x.b - fabs(x.a)) + fabs(f);
  return magnitude(f, fmax(each, DBL_EPSILON * real_powi(x.b, n)));
}

static Number rule_polygamma(const Value *v) {
  return constant(real_polygamma(v[0].integer, v[1].number.a));
}

static Number rule_neg(const Value *v) {
  return magnitude(-v[0].number.a, v[0].number.b);
}

static Number rule_abs(const Value *v) {
  return magnitude(fabs(v[0].number.a), v[0].number.b);
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
  return x.a > y.a ? x : y.a > x.a ? y : magnitude(real_max(x.a, y.a), (x.b + y.b) / 2);
}

static Number rule_min(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  return x.a < y.a ? x : y.a < x.a ? y : magnitude(real_min(x.a, y.a), (x.b + y.b) / 2);
}

static const NumberRule prim[PRIM_COUNT] = NUMBER_RULES;

static Number logsumexp(const Number *x, size_t count) {
  return constant(real_rules.logsumexp(x, count).a);
}

const NumberRules magnitude_rules = {.prim = prim, .test = test_rules, .constant = constant, .logsumexp = logsumexp};
