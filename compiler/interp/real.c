// real.c - the primitives on plain doubles, with the functions of <math.h>.
#include "interp/gamma.h"
#include "interp/number.h"

#include <math.h>

double real_powi(double x, int64_t n) {
  double r = 1;
  // The magnitude of the smallest integer fits an unsigned one alone.
  uint64_t m = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  for (double b = x; m != 0; m >>= 1, b *= b) {
    if (m & 1) r *= b;
  }
  return n < 0 ? 1 / r : r;
}

double real_sech(double x) {
  const double e = exp(-fabs(x));
  return 2 * e / (1 + e * e);
}

double real_sigmoid(double x) {
  if (x >= 0) {
    return 1 / (1 + exp(-x));
  }
  const double e = exp(x);
  return e / (1 + e);
}

double real_softplus(double x) {
  return real_max(x, 0) + log1p(exp(-fabs(x)));
}

// Near 0 by the series of log((1 + s) / (1 - s)), s = x / (2 + x): 2 s is x - s x.
double real_log1pmx(double x) {
  if (!(fabs(x) < 0.5)) return log1p(x) - x;
  const double s = x / (2 + x);
  double power = s, sum = 0;
  for (int k = 3; k < 40; k += 2) {
    power *= s * s;
    sum += 2 * power / k;
  }
  return sum - s * x;
}

double real_sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x;
}

double real_max(double x, double y) {
  return x > y ? x : y > x ? y : x == y ? x : x + y;
}

double real_min(double x, double y) {
  return x < y ? x : y < x ? y : x == y ? x : x + y;
}

double real_lgamma(double x) {
  return gamma_log((Number){x, 0}).a;
}

double real_polygamma(int64_t n, double x) {
  return gamma_poly(n, (Number){x, 0}).a;
}

static Number real(double value) {
  return (Number){value, 0};
}

#define RULE(name, formula)                                                                                            \
  static Number name(const Value *v) {                                                                                 \
    const double x = v[0].number.a;                                                                                    \
    return real(formula);                                                                                              \
  }
#define RULE2(name, formula)                                                                                           \
  static Number name(const Value *v) {                                                                                 \
    const double x = v[0].number.a, y = v[1].number.a;                                                                 \
    return real(formula);                                                                                              \
  }

RULE2(rule_add, x + y)
RULE2(rule_sub, x - y)
RULE2(rule_mul, x *y)
RULE2(rule_div, x / y)
RULE(rule_neg, -x)
RULE2(rule_pow, pow(x, y))
RULE(rule_exp, exp(x))
RULE(rule_log, log(x))
RULE(rule_log1p, log1p(x))
RULE(rule_log1pmx, real_log1pmx(x))
RULE(rule_expm1, expm1(x))
RULE(rule_sqrt, sqrt(x))
RULE(rule_abs, fabs(x))
RULE(rule_sign, real_sign(x))
RULE(rule_floor, floor(x))
RULE(rule_sin, sin(x))
RULE(rule_cos, cos(x))
RULE(rule_tan, tan(x))
RULE(rule_asin, asin(x))
RULE(rule_acos, acos(x))
RULE(rule_atan, atan(x))
RULE2(rule_atan2, atan2(x, y))
RULE(rule_sinh, sinh(x))
RULE(rule_cosh, cosh(x))
RULE(rule_tanh, tanh(x))
RULE(rule_sech, real_sech(x))
RULE(rule_sigmoid, real_sigmoid(x))
RULE(rule_softplus, real_softplus(x))
RULE(rule_erf, erf(x))
RULE(rule_erfc, erfc(x))
RULE(rule_lgamma, real_lgamma(x))
RULE(rule_digamma, real_polygamma(0, x))
RULE2(rule_hypot, hypot(x, y))
RULE2(rule_max, real_max(x, y))
RULE2(rule_min, real_min(x, y))
RULE(rule_stop, x)

static Number rule_slope(const Value *v) {
  (void)v;
  return real(0);
}

static Number rule_powi(const Value *v) {
  return real(real_powi(v[0].number.a, v[1].integer));
}

static Number rule_polygamma(const Value *v) {
  return real(real_polygamma(v[0].integer, v[1].number.a));
}

static const NumberRule prim[PRIM_COUNT] = NUMBER_RULES;

// The largest entry comes out of the sum, so that no exponential overflows.
static Number logsumexp(const Number *x, size_t count) {
  double top = -INFINITY, sum = 0;
  for (size_t k = 0; k < count; k++) {
    top = real_max(top, x[k].a);
  }
  if (isinf(top)) {
    return real(top);
  }
  for (size_t k = 0; k < count; k++) {
    sum += exp(x[k].a - top);
  }
  return real(top + log(sum));
}

#define TEST(name, condition)                                                                                          \
  static bool name(const Value *v) {                                                                                   \
    const double x = v[0].number.a, y = v[1].number.a;                                                                 \
    return condition;                                                                                                  \
  }

TEST(test_eq, x == y)
TEST(test_ne, x != y)
TEST(test_lt, x < y)
TEST(test_le, x <= y)
TEST(test_gt, x > y)
TEST(test_ge, x >= y)

const TestRule test_rules[PRIM_COUNT] = {
    [PRIM_EQ] = test_eq, [PRIM_NE] = test_ne, [PRIM_LT] = test_lt,
    [PRIM_LE] = test_le, [PRIM_GT] = test_gt, [PRIM_GE] = test_ge,
};

const NumberRules real_rules = {.prim = prim, .test = test_rules, .constant = real, .logsumexp = logsumexp};
