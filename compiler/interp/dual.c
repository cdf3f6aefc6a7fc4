// dual.c - the primitives on a + b eps: textbook derivatives, written apart from the table's.
//
// A tangent of zero passes nothing on, even where the derivative is infinite: what does not move has no say.
#include "interp/number.h"

#include <math.h>

static double along(double slope, double tangent) {
  return tangent == 0 ? 0 : slope * tangent;
}

static Number dual(double value, double tangent) {
  return (Number){value, tangent};
}

static double square(double x) {
  return x * x;
}

// x: the argument, f: the value there.
#define RULE(name, value, slope)                                                                                       \
  static Number name(const Value *v) {                                                                                 \
    const double x = v[0].number.a, t = v[0].number.b, f = (value);                                                    \
    (void)x;                                                                                                           \
    return dual(f, t == 0 ? 0 : (slope)*t);                                                                            \
  }

// exp(-x^2) with the rounding of the square carried along.
static double gauss(double x) {
  const double high = x * x, low = fma(x, x, -high);
  return high > 800 ? 0 : exp(-high) * (1 - low);
}

// The logistic density: even, so it needs no large exponential.
static double logistic_density(double x) {
  const double e = exp(-fabs(x));
  return e / square(1 + e);
}

static const double two_over_root_pi = 1.12837916709551257390;

RULE(rule_neg, -x, -1)
RULE(rule_exp, exp(x), exp(x))
RULE(rule_log, log(x), 1 / x)
RULE(rule_log1p, log1p(x), 1 / (x + 1))
RULE(rule_log1pmx, real_log1pmx(x), -x / (x + 1))
RULE(rule_expm1, expm1(x), exp(x))
RULE(rule_sqrt, sqrt(x), 1 / (2 * f))
RULE(rule_abs, fabs(x), real_sign(x))
RULE(rule_sin, sin(x), cos(x))
RULE(rule_cos, cos(x), -sin(x))
RULE(rule_tan, tan(x), 1 / square(cos(x)))
RULE(rule_asin, asin(x), 1 / (sqrt(1 - x) * sqrt(1 + x)))
RULE(rule_acos, acos(x), -1 / (sqrt(1 - x) * sqrt(1 + x)))
RULE(rule_atan, atan(x), 1 / (1 + square(x)))
RULE(rule_sinh, sinh(x), cosh(x))
RULE(rule_cosh, cosh(x), sinh(x))
RULE(rule_tanh, tanh(x), square(1 / cosh(x)))
RULE(rule_sech, real_sech(x), tanh(-x) / cosh(x))
RULE(rule_sigmoid, real_sigmoid(x), logistic_density(x))
RULE(rule_softplus, real_softplus(x), 1 / (1 + exp(-x)))
RULE(rule_erf, erf(x), two_over_root_pi *gauss(x))
RULE(rule_erfc, erfc(x), -two_over_root_pi *gauss(x))
RULE(rule_lgamma, real_lgamma(x), real_polygamma(0, x))
RULE(rule_digamma, real_polygamma(0, x), real_polygamma(1, x))

// What passes nothing on, not even what is infinite or NaN.
#define FLAT_RULE(name, value)                                                                                         \
  static Number name(const Value *v) {                                                                                 \
    return dual(value(v[0].number.a), 0);                                                                              \
  }

static double itself(double x) {
  return x;
}

FLAT_RULE(rule_sign, real_sign)
FLAT_RULE(rule_floor, floor)
FLAT_RULE(rule_stop, itself)

static Number rule_slope(const Value *v) {
  return dual(0, along(v[1].number.a, v[0].number.b));
}

static Number rule_add(const Value *v) {
  return dual(v[0].number.a + v[1].number.a, v[0].number.b + v[1].number.b);
}

static Number rule_sub(const Value *v) {
  return dual(v[0].number.a - v[1].number.a, v[0].number.b - v[1].number.b);
}

static Number rule_mul(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  return dual(x.a * y.a, along(y.a, x.b) + along(x.a, y.b));
}

static Number rule_div(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  const double f = x.a / y.a;
  const double top = x.b - along(f, y.b);
  return dual(f, top == 0 ? 0 : top / y.a);
}

static Number rule_pow(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  const double f = pow(x.a, y.a);
  double tangent = 0;
  if (x.b != 0 && y.a != 0) {
    tangent += y.a * pow(x.a, y.a - 1) * x.b;
  }
  if (y.b != 0 && x.a != 0) {
    tangent += f * log(x.a) * y.b;
  }
  return dual(f, tangent);
}

static Number rule_powi(const Value *v) {
  const Number x = v[0].number;
  const int64_t n = v[1].integer;
  const double slope = n == 0           ? 0
                       : n == INT64_MIN ? (double)n * real_powi(x.a, n) / x.a
                                        : (double)n * real_powi(x.a, n - 1);
  return dual(real_powi(x.a, n), along(slope, x.b));
}

static Number rule_polygamma(const Value *v) {
  const int64_t n = v[0].integer;
  const Number x = v[1].number;
  return dual(real_polygamma(n, x.a), x.b == 0 ? 0 : real_polygamma(n < 170 ? n + 1 : n, x.a) * x.b);
}

static Number rule_atan2(const Value *v) {
  const Number y = v[0].number, x = v[1].number;
  const double r = hypot(x.a, y.a);
  const double turn = r == 0 ? 0 : (along(x.a / r, y.b) - along(y.a / r, x.b)) / r;
  return dual(atan2(y.a, x.a), turn);
}

static Number rule_hypot(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  const double r = hypot(x.a, y.a);
  return dual(r, r == 0 ? 0 : along(x.a / r, x.b) + along(y.a / r, y.b));
}

static Number rule_max(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  return x.a > y.a ? x : y.a > x.a ? y : dual(real_max(x.a, y.a), (x.b + y.b) / 2);
}

static Number rule_min(const Value *v) {
  const Number x = v[0].number, y = v[1].number;
  return x.a < y.a ? x : y.a < x.a ? y : dual(real_min(x.a, y.a), (x.b + y.b) / 2);
}

static Number constant(double value) {
  return dual(value, 0);
}

static const NumberRule prim[PRIM_COUNT] = NUMBER_RULES;

// The tangent is the mean of the tangents, weighted by the exponentials.
static Number logsumexp(const Number *x, size_t count) {
  double top = -INFINITY, sum = 0, tangent = 0;
  for (size_t k = 0; k < count; k++) {
    top = real_max(top, x[k].a);
  }
  if (top == -INFINITY) {
    return constant(top);
  }
  for (size_t k = 0; k < count; k++) {
    const double weight = exp(x[k].a - top);
    sum += weight;
    tangent += along(weight, x[k].b);
  }
  return dual(isinf(top) ? top : top + log(sum), tangent == 0 ? 0 : tangent / sum);
}

const NumberRules dual_rules = {.prim = prim, .test = test_rules, .constant = constant, .logsumexp = logsumexp};
