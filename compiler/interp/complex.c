// complex.c - the primitives on a + b i, continued analytically from the real line: complex step differentiates with
// them.
//
// The imaginary part may be as small as 1e-200 and must come out right to the last few bits all the same, so each
// function is written out in its real and imaginary parts, in forms without cancellation near the real axis; C's
// library promises no such thing.  Where the imaginary part is 0 a function is the real one.  Off the real function's
// domain the result is NaN, and where its slope is infinite the imaginary part is.  At a kink the real part decides and
// ties are shared.
#include "interp/gamma.h"
#include "interp/number.h"

#include <math.h>

static Number number(double a, double b) {
  return (Number){a, b};
}

// A part that is exactly 0 contributes nothing, also beside infinity.
static double product(double x, double y) {
  return x == 0 || y == 0 ? 0 : x * y;
}

static Number add(Number z, Number w) {
  return number(z.a + w.a, z.b + w.b);
}

static Number sub(Number z, Number w) {
  return number(z.a - w.a, z.b - w.b);
}

static Number mul(Number z, Number w) {
  return number(z.a * w.a - product(z.b, w.b), product(z.a, w.b) + product(z.b, w.a));
}

static Number scale(Number z, double s) {
  return number(z.a * s, product(z.b, s));
}

// Smith's method: no square of a part is formed.  Near the real axis z = q w gives the imaginary part, for w.b / w.a may be
// too small where z.a w.b / w.a is not.
static Number divide(Number z, Number w) {
  if (w.b == 0) {
    return number(z.a / w.a, z.b == 0 ? 0 : z.b / w.a);
  }
  if (fabs(w.a) >= fabs(w.b)) {
    const double r = w.b / w.a, q = (z.a + product(z.b, r)) / (w.a + w.b * r);
    return number(q, (z.b - product(q, w.b)) / w.a);
  }
  const double r = w.a / w.b, den = w.a * r + w.b;
  return number((product(z.a, r) + z.b) / den, (product(z.b, r) - z.a) / den);
}

static Number z_exp(Number z) {
  const double size = exp(z.a);
  return z.b == 0 ? number(size, 0) : number(size * cos(z.b), product(size, sin(z.b)));
}

static Number z_expm1(Number z) {
  const double half = sin(z.b / 2);
  return number(expm1(z.a) * cos(z.b) - 2 * half * half, product(exp(z.a), sin(z.b)));
}

static Number z_log(Number z) {
  if (!(z.a > 0)) {
    return number(log(z.a), z.a == 0 ? copysign(INFINITY, z.b) : NAN);
  }
  const double large = fmax(z.a, fabs(z.b)), small = fmin(z.a, fabs(z.b)), r = small / large;
  return number(log(large) + log1p(r * r) / 2, atan2(z.b, z.a));
}

static Number z_log1p(Number z) {
  const double x = 1 + z.a;
  if (!(x > 0)) {
    return number(log1p(z.a), x == 0 ? copysign(INFINITY, z.b) : NAN);
  }
  const double r = z.b / x;
  return number(log1p(z.a) + log1p(r * r) / 2, atan2(z.b, x));
}

// atan(r) - b is -a r but for what a tangent has beyond its angle.
static Number z_log1pmx(Number z) {
  const double x = 1 + z.a;
  if (!(x > 0)) return number(real_log1pmx(z.a), x == 0 ? copysign(INFINITY, z.b) : NAN);
  const double r = z.b / x, beyond = fabs(r) < 1e-4 ? -r * r * r / 3 : atan(r) - r;
  return number(real_log1pmx(z.a) + log1p(r * r) / 2, beyond - product(z.a, r));
}

static Number z_sqrt(Number z) {
  if (!(z.a > 0)) {
    return number(sqrt(z.a), z.a == 0 ? copysign(INFINITY, z.b) : NAN);
  }
  const double r = z.b / z.a;
  const double a = sqrt(z.a) * sqrt((hypot(1, r) + 1) / 2);
  return number(a, z.b / (2 * a));
}

static Number z_sin(Number z) {
  return number(sin(z.a) * cosh(z.b), cos(z.a) * sinh(z.b));
}

static Number z_cos(Number z) {
  return number(cos(z.a) * cosh(z.b), -sin(z.a) * sinh(z.b));
}

static Number z_tan(Number z) {
  const double t = tan(z.a), h = tanh(z.b), den = 1 + t * h * (t * h);
  return number(t * (1 - h * h) / den, h * (1 + t * t) / den);
}

// Kahan's forms of the inverse sine and cosine, inside (-1, 1).
static Number z_asin(Number z) {
  if (!(fabs(z.a) < 1)) {
    return number(asin(z.a), fabs(z.a) == 1 ? copysign(INFINITY, z.b) : NAN);
  }
  const Number s = z_sqrt(number(1 - z.a, -z.b)), t = z_sqrt(number(1 + z.a, z.b));
  return number(atan2(z.a, s.a * t.a - s.b * t.b), asinh(s.a * t.b - s.b * t.a));
}

static Number z_acos(Number z) {
  if (!(fabs(z.a) < 1)) {
    return number(acos(z.a), fabs(z.a) == 1 ? -copysign(INFINITY, z.b) : NAN);
  }
  const Number s = z_sqrt(number(1 - z.a, -z.b)), t = z_sqrt(number(1 + z.a, z.b));
  return number(2 * atan2(s.a, t.a), asinh(t.a * s.b - t.b * s.a));
}

static Number z_atan(Number z) {
  const double below = 1 - z.b;
  return number((atan2(z.a, below) + atan2(z.a, 1 + z.b)) / 2, log1p(4 * z.b / (z.a * z.a + below * below)) / 4);
}

static Number z_sinh(Number z) {
  return number(sinh(z.a) * cos(z.b), cosh(z.a) * sin(z.b));
}

static Number z_cosh(Number z) {
  return number(cosh(z.a) * cos(z.b), sinh(z.a) * sin(z.b));
}

static Number z_tanh(Number z) {
  const double t = tanh(z.a), r = tan(z.b), s = sinh(z.a), c = cos(z.b);
  return number(t * (1 + r * r) / (1 + t * r * (t * r)), sin(z.b) * c / (s * s + c * c));
}

static Number z_sech(Number z) {
  const double f = 1 / cosh(z.a), r = sin(z.b), size = 1 - f * r * (f * r);
  return number(f * cos(z.b) / size, -f * tanh(z.a) * r / size);
}

static Number z_sigmoid(Number z) {
  const Number one = {1, 0};
  if (z.a >= 0) {
    return divide(one, add(one, z_exp(number(-z.a, -z.b))));
  }
  const Number e = z_exp(z);
  return divide(e, add(one, e));
}

static Number z_softplus(Number z) {
  return z.a > 0 ? add(z, z_log1p(z_exp(number(-z.a, -z.b)))) : z_log1p(z_exp(z));
}

// exp(-z^2), with the rounding of the square carried along.
static Number z_gauss(Number z) {
  const double high = z.a * z.a, low = fma(z.a, z.a, -high);
  const double size = exp(-high) * (1 - low) * exp(z.b * z.b), angle = 2 * z.a * z.b;
  return number(size * cos(angle), -size * sin(angle));
}

// erf z = 2/sqrt(pi) exp(-z^2) sum of 2^k z^(2k+1) / (1 3 5 … (2k+1)): all terms of one sign on the real line.
static Number erf_series(Number z) {
  const Number square = mul(z, z);
  Number term = z, sum = z;
  for (int k = 1; k < 60; k++) {
    term = scale(mul(term, square), 2.0 / (2 * k + 1));
    sum = add(sum, term);
  }
  return scale(mul(z_gauss(z), sum), 1.12837916709551257390);
}

// erfc z = exp(-z^2) / sqrt(pi) / (z + (1/2)/(z + (2/2)/(z + (3/2)/(z + …)))): Laplace's continued fraction.
static Number erfc_fraction(Number z) {
  Number t = z;
  for (int k = 400; k > 0; k--) {
    t = add(z, divide(number(k / 2.0, 0), t));
  }
  return scale(divide(z_gauss(z), t), 0.56418958354775628695);
}

static Number z_erf(Number z) {
  if (fabs(z.a) <= 1) {
    return erf_series(z);
  }
  if (!(fabs(z.a) < 28)) { // the tail is smaller than any double
    return number(erf(z.a), 0);
  }
  const Number one = {1, 0};
  if (z.a < 0) {
    return sub(erfc_fraction(number(-z.a, -z.b)), one);
  }
  return sub(one, erfc_fraction(z));
}

static Number z_erfc(Number z) {
  const Number one = {1, 0};
  if (!(fabs(z.a) < 28)) {
    return number(erfc(z.a), 0);
  }
  return z.a > 1 ? erfc_fraction(z) : sub(one, z_erf(z));
}

// |z|^w for a base near the positive real axis: the power of the modulus stays a real one.
static Number power(Number z, Number w) {
  const Number l = z_log(z);
  const double size = pow(hypot(z.a, z.b), w.a) * exp(-product(w.b, l.b));
  const double angle = product(w.a, l.b) + product(w.b, l.a);
  return number(size * cos(angle), product(size, sin(angle)));
}

// 0^w is taken as constant in w, as 0^0 = 1 is in its base; a negative base has whole powers alone.
static Number z_pow(Number z, Number w) {
  const double value = pow(z.a, w.a);
  if (w.a == 0 && w.b == 0) {
    return number(1, 0);
  }
  if (z.a == 0) {
    const bool flat = z.b == 0 || w.a == 0 || w.a > 1;
    return number(value, flat ? 0 : w.a == 1 ? z.b : copysign(INFINITY, w.a * z.b));
  }
  if (z.a > 0) {
    return power(z, w);
  }
  if (w.b != 0 || w.a != floor(w.a)) {
    return number(value, NAN);
  }
  const Number mirrored = power(number(-z.a, -z.b), w);
  return fmod(w.a, 2) == 0 ? mirrored : scale(mirrored, -1);
}

// Beside a step whose square is below any digit the real part is the real function's, to the last bit: what ties without
// the step ties with it.
static Number beside_real(Prim id, const Value *v, double step, Number z) {
  return step < 0x1p-30 ? number(real_rules.prim[id](v).a, z.b) : z;
}

#define RULE(name, id, formula)                                                                                        \
  static Number name(const Value *v) {                                                                                 \
    const Number z = v[0].number;                                                                                      \
    return z.b == 0 ? real_rules.prim[id](v) : beside_real(id, v, fabs(z.b), formula);                                 \
  }
#define RULE2(name, id, formula)                                                                                       \
  static Number name(const Value *v) {                                                                                 \
    const Number z = v[0].number, w = v[1].number;                                                                     \
    return z.b == 0 && w.b == 0 ? real_rules.prim[id](v)                                                               \
                                : beside_real(id, v, fmax(fabs(z.b), fabs(w.b)), formula);                             \
  }

RULE2(rule_add, PRIM_ADD, add(z, w))
RULE2(rule_sub, PRIM_SUB, sub(z, w))
RULE2(rule_mul, PRIM_MUL, mul(z, w))
RULE2(rule_div, PRIM_DIV, divide(z, w))
RULE(rule_neg, PRIM_NEG, number(-z.a, -z.b))
RULE2(rule_pow, PRIM_POW, z_pow(z, w))
RULE(rule_exp, PRIM_EXP, z_exp(z))
RULE(rule_log, PRIM_LOG, z_log(z))
RULE(rule_log1p, PRIM_LOG1P, z_log1p(z))
RULE(rule_log1pmx, PRIM_LOG1PMX, z_log1pmx(z))
RULE(rule_expm1, PRIM_EXPM1, z_expm1(z))
RULE(rule_sqrt, PRIM_SQRT, z_sqrt(z))
RULE(rule_abs, PRIM_ABS, z.a > 0 ? z : z.a < 0 ? number(-z.a, -z.b) : number(fabs(z.a), 0))
RULE(rule_sign, PRIM_SIGN, number(real_sign(z.a), 0))
RULE(rule_floor, PRIM_FLOOR, number(floor(z.a), 0))
RULE(rule_sin, PRIM_SIN, z_sin(z))
RULE(rule_cos, PRIM_COS, z_cos(z))
RULE(rule_tan, PRIM_TAN, z_tan(z))
RULE(rule_asin, PRIM_ASIN, z_asin(z))
RULE(rule_acos, PRIM_ACOS, z_acos(z))
RULE(rule_atan, PRIM_ATAN, z_atan(z))
RULE(rule_sinh, PRIM_SINH, z_sinh(z))
RULE(rule_cosh, PRIM_COSH, z_cosh(z))
RULE(rule_tanh, PRIM_TANH, z_tanh(z))
RULE(rule_sech, PRIM_SECH, z_sech(z))
RULE(rule_sigmoid, PRIM_SIGMOID, z_sigmoid(z))
RULE(rule_softplus, PRIM_SOFTPLUS, z_softplus(z))
RULE(rule_erf, PRIM_ERF, z_erf(z))
RULE(rule_erfc, PRIM_ERFC, z_erfc(z))
RULE(rule_lgamma, PRIM_LGAMMA, gamma_log(z))
RULE(rule_digamma, PRIM_DIGAMMA, gamma_poly(0, z))
RULE(rule_stop, PRIM_STOP, number(z.a, 0))
RULE2(rule_slope, PRIM_SLOPE, number(0, product(w.a, z.b)))
RULE2(rule_max, PRIM_MAX, z.a > w.a ? z : w.a > z.a ? w : number(real_max(z.a, w.a), (z.b + w.b) / 2))
RULE2(rule_min, PRIM_MIN, z.a < w.a ? z : w.a < z.a ? w : number(real_min(z.a, w.a), (z.b + w.b) / 2))

// The angle of (w, z): the tangent's inverse in the half plane where its argument is at most 1; real part and quadrant
// are those of the real function.
RULE2(rule_atan2, PRIM_ATAN2,
      number(atan2(z.a, w.a), z.a == 0 && w.a == 0     ? 0
                              : fabs(w.a) >= fabs(z.a) ? z_atan(divide(z, w)).b
                                                       : -z_atan(divide(w, z)).b))

static Number z_hypot(Number z, Number w) {
  const double size = fmax(fabs(z.a), fabs(w.a));
  if (size == 0 || isinf(size)) {
    return number(hypot(z.a, w.a), 0);
  }
  // Scaled, an imaginary part may be lost; only the real one is taken from there.
  const Number x = number(z.a / size, z.b / size), y = number(w.a / size, w.b / size);
  const double r = size * z_sqrt(add(mul(x, x), mul(y, y))).a;
  return number(r, product(z.a / r, z.b) + product(w.a / r, w.b));
}

RULE2(rule_hypot, PRIM_HYPOT, z_hypot(z, w))

static Number rule_powi(const Value *v) {
  const int64_t n = v[1].integer;
  const double value = real_powi(v[0].number.a, n);
  if (n < 0 && value == 0) return number(value, 0); // the power overflows: nothing is left of its inverse
  uint64_t m = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  Number r = {1, 0};
  for (Number b = v[0].number; m != 0; m >>= 1, b = mul(b, b)) {
    if (m & 1) {
      r = mul(r, b);
    }
  }
  return n < 0 ? divide(number(1, 0), r) : r;
}

static Number rule_polygamma(const Value *v) {
  return gamma_poly(v[0].integer, v[1].number);
}

static Number constant(double value) {
  return number(value, 0);
}

static const NumberRule prim[PRIM_COUNT] = NUMBER_RULES;

static Number logsumexp(const Number *x, size_t count) {
  double top = -INFINITY;
  for (size_t k = 0; k < count; k++) {
    top = real_max(top, x[k].a);
  }
  if (isinf(top)) {
    return constant(top);
  }
  Number sum = {0, 0};
  for (size_t k = 0; k < count; k++) {
    sum = add(sum, z_exp(number(x[k].a - top, x[k].b)));
  }
  return add(constant(top), z_log(sum));
}

const NumberRules complex_rules = {.prim = prim, .test = test_rules, .constant = constant, .logsumexp = logsumexp};
