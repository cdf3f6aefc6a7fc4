// gamma.c - see gamma.h.  Written apart from the kernels that generated C brings along (mdl/math/gamma.h): in long double,
// by the textbook's series, so that a mistake there cannot agree with itself.
#include "interp/gamma.h"

#include <complex.h>
#include <math.h>

typedef long double complex Complex;

static const long double pi = 3.14159265358979323846264L;

// B(2), B(4), …
static const long double bernoulli[] = {1 / 6.0L,       -1 / 30.0L,       1 / 42.0L,       -1 / 30.0L,
                                        5 / 66.0L,      -691 / 2730.0L,   7 / 6.0L,        -3617 / 510.0L,
                                        43867 / 798.0L, -174611 / 330.0L, 854513 / 138.0L, -236364091 / 2730.0L,
                                        8553103 / 6.0L};

enum { TERMS = sizeof bernoulli / sizeof *bernoulli };

static Number number(long double a, long double b) {
  return (Number){(double)a, (double)b};
}

static Complex make(long double a, long double b) {
  Complex z;
  ((long double *)&z)[0] = a; // a + b I is not exact where a is infinite
  ((long double *)&z)[1] = b;
  return z;
}

// For a real part above 0; the imaginary part may be tiny.
static Complex log_of(Complex z) {
  const long double a = creall(z), b = cimagl(z), r = b / a;
  return make(logl(a) + log1pl(r * r) / 2, atan2l(b, a));
}

// z^-s by repeated squaring: the imaginary part of a power keeps its digits.
static Complex inverse_power(Complex z, int64_t s) {
  Complex power = 1;
  for (Complex base = 1 / z; s > 0; s >>= 1, base *= base)
    if (s & 1) power *= base;
  return power;
}

// a less the nearest integer: exact, and sin(pi a) is its sine up to the sign.
static long double remainder_of(long double a) {
  return a - rintl(a);
}

// log gamma(2 + t) = (1 - Euler's constant) t + sum over k >= 2 of (zeta(k) - 1) (-t)^k / k, for |t| <= 1/2
static Complex log_near_two(Complex t) {
  static const long double zeta_less_one[] = {
      6.44934066848226436472e-1L,  2.020569031595942854e-1L,    8.2323233711138191516e-2L,
      3.69277551433699263314e-2L,  1.73430619844491397145e-2L,  8.3492773819228268398e-3L,
      4.07735619794433937869e-3L,  2.00839282608221441785e-3L,  9.94575127818085337146e-4L,
      4.94188604119464558702e-4L,  2.46086553308048298638e-4L,  1.22713347578489146752e-4L,
      6.12481350587048292585e-5L,  3.05882363070204935517e-5L,  1.52822594086518717326e-5L,
      7.6371976378997622736e-6L,   3.81729326499983985646e-6L,  1.90821271655393892566e-6L,
      9.53962033872796113152e-7L,  4.76932986787806463117e-7L,  2.38450502727732990004e-7L,
      1.19219925965311073068e-7L,  5.96081890512594796124e-8L,  2.98035035146522801861e-8L,
      1.49015548283650412347e-8L,  7.45071178983542949198e-9L,  3.72533402478845705482e-9L,
      1.8626597235130490064e-9L,   9.31327432419668182872e-10L, 4.65662906503378407299e-10L,
      2.328311833676505492e-10L,   1.16415501727005197759e-10L, 5.82077208790270088924e-11L,
      2.91038504449709968693e-11L, 1.45519218910419842359e-11L,
  };
  Complex sum = 0;
  for (int k = sizeof zeta_less_one / sizeof *zeta_less_one + 1; k >= 2; k--)
    sum = (sum + zeta_less_one[k - 2] / k) * -t;
  return (0.422784335098467139393487909917597569L - sum) * t;
}

static Complex log_right(Complex z) {
  if (fabsl(creall(z) - 2) <= 0.5L) return log_near_two(z - 2);
  if (fabsl(creall(z) - 1) < 0.5L) {
    const long double a = creall(z), b = cimagl(z), r = b / a;
    return log_near_two(z - 1) - make(log1pl(a - 1) + log1pl(r * r) / 2, atan2l(b, a));
  }
  Complex shift = 0;
  for (; creall(z) < 20; z += 1) shift += log_of(z);
  Complex sum = 0;
  const Complex inverse = 1 / z, square = inverse * inverse;
  for (int k = TERMS; k > 0; k--) sum = sum * square + bernoulli[k - 1] / (2 * k * (2 * k - 1));
  return (z - 0.5L) * log_of(z) - z + 0.918938533204672741780329736405617640L + sum * inverse - shift;
}

static Complex log_anywhere(Complex z) {
  if (creall(z) > 0) return log_right(z);
  // gamma(z) gamma(1 - z) = pi / sin(pi z), where the sine is turned to have a positive real part
  const long double r = pi * remainder_of(creall(z)), h = pi * cimagl(z);
  const Complex sine = make(sinl(r) * coshl(h), cosl(r) * sinhl(h));
  return logl(pi) - log_of(r > 0 ? sine : -sine) - log_right(1 - z);
}

static bool is_pole(Number z) {
  return z.a <= 0 && z.a == floor(z.a);
}

Number gamma_log(Number z) {
  if (isinf(z.a)) return number(INFINITY, 0);
  if (is_pole(z)) return number(INFINITY, z.b == 0 ? 0 : (long double)NAN);
  const Complex f = log_anywhere(make(z.a, z.b));
  return number(creall(f), cimagl(f));
}

static Complex digamma_right(Complex z) {
  Complex shift = 0;
  for (; creall(z) < 20; z += 1) shift += 1 / z;
  Complex sum = 0;
  const Complex inverse = 1 / z, square = inverse * inverse;
  for (int k = TERMS; k > 0; k--) sum = (sum + bernoulli[k - 1] / (2 * k)) * square;
  return log_of(z) - inverse / 2 - sum - shift;
}

static Complex digamma(Complex z) {
  if (creall(z) > 0) return digamma_right(z);
  const long double r = pi * remainder_of(creall(z)), h = pi * cimagl(z);
  const long double size = sinl(r) * sinl(r) + sinhl(h) * sinhl(h);
  const Complex cotangent = make(sinl(r) * cosl(r) / size, -sinhl(h) * coshl(h) / size);
  return digamma_right(1 - z) - pi * cotangent;
}

// The sum of (z + k)^-s over k >= 0, by Euler and Maclaurin from a term far out on.
static Complex zeta_right(int64_t s, Complex z) {
  const long double far = 20 + (long double)s;
  Complex head = 0;
  for (; creall(z) < far; z += 1) head += inverse_power(z, s);
  const Complex inverse = 1 / z;
  Complex tail = z / (long double)(s - 1) + 0.5L, term = (long double)s / 2 * inverse;
  for (int k = 1; k <= TERMS; k++) {
    tail += bernoulli[k - 1] * term;
    term *= (long double)((s + 2 * k - 1) * (s + 2 * k)) / ((2 * k + 1) * (2 * k + 2)) * (inverse * inverse);
  }
  return head + tail * inverse_power(z, s);
}

// Left of 0: the sum over all integers less those below z.
static Complex zeta(int64_t s, Complex z) {
  if (creall(z) > 0) return zeta_right(s, z);
  const Complex r = make(remainder_of(creall(z)), cimagl(z));
  const Complex first = creall(r) > 0 ? r : 1 + r, before = creall(r) > 0 ? 1 - r : -r;
  const int sign = s % 2 == 0 ? 1 : -1;
  return zeta_right(s, first) + sign * zeta_right(s, before) - sign * zeta_right(s, 1 - z);
}

static Complex poly_anywhere(int64_t n, Complex z) {
  if (n == 0) return digamma(z);
  long double factorial = n % 2 == 0 ? -1 : 1;
  for (int64_t k = 2; k <= n; k++) factorial *= (long double)k;
  return factorial * zeta(n + 1, z);
}

Number gamma_poly(int64_t n, Number z) {
  if (n < 0 || n > 170 || isnan(z.a)) return number((long double)NAN, 0); // n! is no double
  const bool even = n % 2 == 0;
  if (isinf(z.a)) return number(z.a < 0 ? (long double)NAN : n == 0 ? (long double)INFINITY : even ? -0.0L : 0, 0);
  if (is_pole(z)) {
    const long double slope = z.b == 0 ? 0 : (long double)NAN;
    return number(!even ? (long double)INFINITY : z.a == 0 ? -1 / (long double)z.a : (long double)NAN, slope);
  }
  const Complex f = poly_anywhere(n, make(z.a, z.b));
  return number(creall(f), cimagl(f));
}

long double gamma_wide(int64_t n, long double x) {
  const Number z = {(double)x, 0};
  if (n < -1 || n > 170 || isnan(x) || isinf(x) || is_pole(z)) return n == -1 ? gamma_log(z).a : gamma_poly(n, z).a;
  return creall(n == -1 ? log_anywhere(make(x, 0)) : poly_anywhere(n, make(x, 0)));
}
