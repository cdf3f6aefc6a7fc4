// wide.c - the primitives in long double: a + b is the value, a its double.  Beside doubles they tell what rounding lost.
#include <math.h>

#include "interp/gamma.h"
#include "interp/number.h"

typedef long double Wide;

static Wide wide(Number x) {
  return isfinite(x.a) ? (Wide)x.a + x.b : (Wide)x.a;
}

static Number narrow(Wide x) {
  const double a = (double)x;
  return (Number){a, isfinite(a) ? (double)(x - a) : 0};
}

static Number constant(double value) {
  return (Number){value, 0};
}

static Wide w_max(Wide x, Wide y) {
  return x > y ? x : y > x ? y : x == y ? x : x + y;
}

static Wide w_min(Wide x, Wide y) {
  return x < y ? x : y < x ? y : x == y ? x : x + y;
}

static Wide w_sigmoid(Wide x) {
  if (x >= 0) return 1 / (1 + expl(-x));
  const Wide e = expl(x);
  return e / (1 + e);
}

static Wide w_softplus(Wide x) {
  return w_max(x, 0) + log1pl(expl(-fabsl(x)));
}

// Near 0 by the series of log((1 + s) / (1 - s)), s = x / (2 + x).
static Wide w_log1pmx(Wide x) {
  if (!(fabsl(x) < 0.5L)) return log1pl(x) - x;
  const Wide s = x / (2 + x);
  Wide power = s, sum = 0;
  for (int k = 3; k < 44; k += 2) sum += 2 * (power *= s * s) / k;
  return sum - s * x;
}

static Wide w_powi(Wide x, int64_t n) {
  Wide r = 1;
  uint64_t m = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  for (; m; m >>= 1, x *= x)
    if (m & 1) r *= x;
  return n < 0 ? 1 / r : r;
}

#define RULE(name, formula)                                                                                            \
  static Number name(const Value *v) {                                                                                 \
    const Wide x = wide(v[0].number);                                                                                  \
    return narrow(formula);                                                                                            \
  }
#define RULE2(name, formula)                                                                                           \
  static Number name(const Value *v) {                                                                                 \
    const Wide x = wide(v[0].number), y = wide(v[1].number);                                                           \
    return narrow(formula);                                                                                            \
  }

RULE2(rule_add, x + y)
RULE2(rule_sub, x - y)
RULE2(rule_mul, x *y)
RULE2(rule_div, x / y)
RULE(rule_neg, -x)
RULE2(rule_pow, powl(x, y))
RULE(rule_exp, expl(x))
RULE(rule_log, logl(x))
RULE(rule_log1p, log1pl(x))
RULE(rule_log1pmx, w_log1pmx(x))
RULE(rule_expm1, expm1l(x))
RULE(rule_sqrt, sqrtl(x))
RULE(rule_abs, fabsl(x))
RULE(rule_sign, (Wide)((x > 0) - (x < 0)))
RULE(rule_floor, floorl(x))
RULE(rule_sin, sinl(x))
RULE(rule_cos, cosl(x))
RULE(rule_tan, tanl(x))
RULE(rule_asin, asinl(x))
RULE(rule_acos, acosl(x))
RULE(rule_atan, atanl(x))
RULE2(rule_atan2, atan2l(x, y))
RULE(rule_sinh, sinhl(x))
RULE(rule_cosh, coshl(x))
RULE(rule_tanh, tanhl(x))
RULE(rule_sech, 1 / coshl(x))
RULE(rule_sigmoid, w_sigmoid(x))
RULE(rule_softplus, w_softplus(x))
RULE(rule_erf, erfl(x))
RULE(rule_erfc, erfcl(x))
RULE2(rule_hypot, hypotl(x, y))
RULE2(rule_max, w_max(x, y))
RULE2(rule_min, w_min(x, y))
RULE(rule_stop, x)

static Number rule_slope(const Value *v) {
  (void)v;
  return constant(0);
}

static Number rule_powi(const Value *v) {
  return narrow(w_powi(wide(v[0].number), v[1].integer));
}

static Number rule_lgamma(const Value *v) {
  return narrow(gamma_wide(-1, wide(v[0].number)));
}

static Number rule_digamma(const Value *v) {
  return narrow(gamma_wide(0, wide(v[0].number)));
}

static Number rule_polygamma(const Value *v) {
  return narrow(gamma_wide(v[0].integer, wide(v[1].number)));
}

static const NumberRule prim[PRIM_COUNT] = NUMBER_RULES;

static Number logsumexp(const Number *x, size_t count) {
  Wide top = -INFINITY, sum = 0;
  for (size_t k = 0; k < count; k++) top = w_max(top, wide(x[k]));
  if (!isfinite(top)) return narrow(top);
  for (size_t k = 0; k < count; k++) sum += expl(wide(x[k]) - top);
  return narrow(top + logl(sum));
}

const NumberRules wide_rules = {.prim = prim, .test = test_rules, .constant = constant, .logsumexp = logsumexp};
