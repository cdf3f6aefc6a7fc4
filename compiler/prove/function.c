// function.c - every primitive on residues: by arithmetic, exp, log and square roots where it can be, else as an unknown
// function of its arguments.
#include "prove/residue.h"

static const Residue *half(const Residue *x) {
  return residue_div(x, residue_int(x->space, 2));
}

static const Residue *one(const Residue *x) {
  return residue_int(x->space, 1);
}

static const Residue *twice(const Residue *x) {
  return residue_add(x, x);
}

// ---- from arithmetic and exp ----

static const Residue *f_log1p(const Residue *x) {
  return residue_log(residue_add(one(x), x));
}

static const Residue *f_log1pmx(const Residue *x) {
  return residue_sub(f_log1p(x), x);
}

static const Residue *f_expm1(const Residue *x) {
  return residue_sub(residue_exp(x), one(x));
}

static const Residue *f_cosh(const Residue *x) {
  return half(residue_add(residue_exp(x), residue_exp(residue_neg(x))));
}

static const Residue *f_sinh(const Residue *x) {
  return half(residue_sub(residue_exp(x), residue_exp(residue_neg(x))));
}

static const Residue *f_tanh(const Residue *x) {
  const Residue *e = residue_exp(twice(x));
  return residue_div(residue_sub(e, one(x)), residue_add(e, one(x)));
}

static const Residue *f_sech(const Residue *x) {
  return residue_div(one(x), f_cosh(x));
}

static const Residue *f_sigmoid(const Residue *x) {
  const Residue *e = residue_exp(x);
  return residue_div(e, residue_add(one(x), e));
}

static const Residue *f_softplus(const Residue *x) {
  return residue_log(residue_add(one(x), residue_exp(x)));
}

static const Residue *f_cos(const Residue *x) {
  return f_cosh(residue_times_i(x));
}

// sin x = -i sinh(i x)
static const Residue *f_sin(const Residue *x) {
  return residue_neg(residue_times_i(f_sinh(residue_times_i(x))));
}

static const Residue *f_tan(const Residue *x) {
  return residue_div(f_sin(x), f_cos(x));
}

static const Residue *f_hypot(const Residue *x, const Residue *y) {
  return residue_sqrt(residue_add(residue_mul(x, x), residue_mul(y, y)));
}

// ---- unknown ----

// An odd function, as its value at whichever of x and -x is the canonical one.
static const Residue *odd(Prim op, const Residue *x) {
  if (!x->re || residue_is_zero(x)) return x;
  const Residue *minus = residue_neg(x);
  if (!minus->re) return minus;
  int t = 0;
  while (x->re[t] == minus->re[t] && t + 1 < x->space->points) t++;
  if (x->re[t] <= minus->re[t]) return residue_unknown(x->space, (uint64_t)op, x, NULL);
  return residue_neg(residue_unknown(x->space, (uint64_t)op, minus, NULL));
}

static const Residue *f_erf(const Residue *x) {
  return odd(PRIM_ERF, x);
}

static const Residue *f_erfc(const Residue *x) {
  return residue_sub(one(x), f_erf(x));
}

static const Residue *f_asin(const Residue *x) {
  return odd(PRIM_ASIN, x);
}

static const Residue *f_atan(const Residue *x) {
  return odd(PRIM_ATAN, x);
}

// acos x = pi / 2 - asin x
static const Residue *f_acos(const Residue *x) {
  return residue_sub(residue_constant(x->space, 1.57079632679489661923), f_asin(x));
}

static const Residue *f_floor(const Residue *x) {
  int64_t a, b;
  if (x->re && residue_fraction(x, &a, &b)) return residue_int(x->space, a / b - (a % b < 0));
  return residue_unknown(x->space, PRIM_FLOOR, x, NULL);
}

static const Residue *f_lgamma(const Residue *x) {
  return residue_unknown(x->space, PRIM_LGAMMA, x, NULL);
}

static const Residue *f_digamma(const Residue *x) {
  return residue_unknown(x->space, PRIM_DIGAMMA, x, NULL);
}

static const Residue *f_atan2(const Residue *x, const Residue *y) {
  return residue_unknown(x->space, PRIM_ATAN2, x, y);
}

// ---- by the sign ----

// x - y, and x itself where y is 0: what is known of its sign stays known.
static const Residue *gap(const Residue *x, const Residue *y) {
  if (!x->re || !y->re) return x->re ? y : x;
  return residue_is_zero(y) ? x : residue_sub(x, y);
}

static const Residue *f_sign(const Residue *x) {
  const int sign = residue_sign(x);
  return x->re ? residue_int(x->space, sign) : x;
}

static const Residue *f_stop(const Residue *x) {
  return x;
}

// 0, whatever it is that its derivative is said to be.
static const Residue *f_slope(const Residue *x, const Residue *y) {
  (void)y;
  return residue_int(x->space, 0);
}

// Negative, 0 or positive as the first is less than, equal to or greater than the second.
static int order(const Value *v) {
  const Residue *x = residue_of(v[0].number), *y = residue_of(v[1].number);
  if (x->infinite != y->infinite) return x->infinite > y->infinite ? 1 : -1;
  return x->infinite ? 0 : residue_sign(gap(x, y));
}

// ---- the table ----

static const Residue *finite(Number n) {
  const Residue *x = residue_of(n);
  return x->infinite ? residue_none(x->space, "an infinite constant") : x;
}

#define RULE(name, function)                                                                                           \
  static Number rule_##name(const Value *v) {                                                                          \
    return number_of(function(finite(v[0].number)));                                                                   \
  }
#define RULE2(name, function)                                                                                          \
  static Number rule_##name(const Value *v) {                                                                          \
    return number_of(function(finite(v[0].number), finite(v[1].number)));                                              \
  }

RULE2(add, residue_add)
RULE2(sub, residue_sub)
RULE2(mul, residue_mul)
RULE2(div, residue_div)
RULE(neg, residue_neg)
RULE2(pow, residue_pow)
RULE(exp, residue_exp)
RULE(log, residue_log)
RULE(log1p, f_log1p)
RULE(log1pmx, f_log1pmx)
RULE(expm1, f_expm1)
RULE(sqrt, residue_sqrt)
RULE(abs, residue_abs)
RULE(sign, f_sign)
RULE(floor, f_floor)
RULE(sin, f_sin)
RULE(cos, f_cos)
RULE(tan, f_tan)
RULE(asin, f_asin)
RULE(acos, f_acos)
RULE(atan, f_atan)
RULE2(atan2, f_atan2)
RULE(sinh, f_sinh)
RULE(cosh, f_cosh)
RULE(tanh, f_tanh)
RULE(sech, f_sech)
RULE(sigmoid, f_sigmoid)
RULE(softplus, f_softplus)
RULE(erf, f_erf)
RULE(erfc, f_erfc)
RULE(lgamma, f_lgamma)
RULE(digamma, f_digamma)
RULE2(hypot, f_hypot)
RULE(stop, f_stop)
RULE2(slope, f_slope)

static Number rule_max(const Value *v) {
  return order(v) < 0 ? v[1].number : v[0].number;
}

static Number rule_min(const Value *v) {
  return order(v) < 0 ? v[0].number : v[1].number;
}

static Number rule_powi(const Value *v) {
  return number_of(residue_powi(finite(v[0].number), v[1].integer));
}

// digamma is its own derivative of order 0.
static Number rule_polygamma(const Value *v) {
  const Residue *x = finite(v[1].number);
  if (v[0].integer == 0) return number_of(f_digamma(x));
  const uint64_t name = field_hash((uint64_t)v[0].integer, PRIM_POLYGAMMA, 0);
  return number_of(residue_unknown(x->space, name, x, NULL));
}

static const NumberRule prim[PRIM_COUNT] = NUMBER_RULES;

static Number logsumexp(const Number *x, size_t count) {
  const Residue *sum = NULL;
  for (size_t k = 0; k < count; k++) {
    if (residue_of(x[k])->infinite < 0) continue; // its exp is 0
    const Residue *e = residue_exp(finite(x[k]));
    sum = sum ? residue_add(sum, e) : e;
  }
  return sum ? number_of(residue_log(sum)) : x[0];
}

// ---- conditions ----

static bool is_equal(const Value *v) {
  const Residue *x = residue_of(v[0].number), *y = residue_of(v[1].number);
  if (x->infinite || y->infinite) return x->infinite == y->infinite;
  const Residue *gone = gap(x, y);
  if (!gone->re) {
    gone->space->stuck = true;
    return false;
  }
  int64_t a, b;
  if (residue_is_zero(gone)) return true;
  if (!residue_fraction(gone, &a, &b)) gone->space->equalities = true;
  return false;
}

static bool test_eq(const Value *v) {
  return is_equal(v);
}

static bool test_ne(const Value *v) {
  return !is_equal(v);
}

static bool test_lt(const Value *v) {
  return order(v) < 0;
}

static bool test_le(const Value *v) {
  return order(v) <= 0;
}

static bool test_gt(const Value *v) {
  return order(v) > 0;
}

static bool test_ge(const Value *v) {
  return order(v) >= 0;
}

static const TestRule test[PRIM_COUNT] = {
    [PRIM_EQ] = test_eq, [PRIM_NE] = test_ne, [PRIM_LT] = test_lt,
    [PRIM_LE] = test_le, [PRIM_GT] = test_gt, [PRIM_GE] = test_ge,
};

static Number lift(void *space, double value) {
  return number_of(residue_constant(space, value));
}

NumberRules residue_rules(Space *s) {
  return (NumberRules){.prim = prim, .test = test, .logsumexp = logsumexp, .lift = lift, .context = s};
}
