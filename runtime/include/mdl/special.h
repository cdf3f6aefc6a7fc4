/* mdl/special.h - the logarithm of the gamma function and its derivatives.
 *
 * C's own lgamma writes a global variable, and C does not have the derivatives.  Errors are at most 3 units of
 * DBL_EPSILON, near the zeros of lgamma at 1 and 2 too; near other zeros beside the terms that cancel there.  For float
 * the argument is widened and the result rounded.
 *
 * The text stands alone, in C99 and in C++: it is copied into generated C that uses these functions.
 */
#ifndef MDL_SPECIAL_H
#define MDL_SPECIAL_H

#include <math.h>
#include <stdint.h>

/* A copy in a source file need not use all of it. */
#if defined(__GNUC__)
#define MDL_SPECIAL_INLINE static inline __attribute__((unused))
#else
#define MDL_SPECIAL_INLINE static inline
#endif

#define MDL_SPECIAL_PI 3.14159265358979323846

/* c[0] + c[1] x + c[2] x^2 + ... */
MDL_SPECIAL_INLINE double mdl_special_poly(const double *c, int count, double x) {
  double sum = c[count - 1];
  int k;
  for (k = count - 2; k >= 0; k--) sum = sum * x + c[k];
  return sum;
}

/* log |gamma(2 + t)| for |t| <= 1/2, by a polynomial that keeps the zero, of a relative error of 6e-19.  Both
 * polynomials are mpmath's chebyfit. */
MDL_SPECIAL_INLINE double mdl_special_lgamma_two(double t) {
  static const double c[] = {
      0.42278433509846713,     0.32246703342411326,   -0.0673523010531981,     0.02058080842778038,
      -0.0073855510286719986,  0.002890510331034267,  -0.0011927539118428156,  0.0005096695154115458,
      -0.00022315475400520507, 9.945767355819498e-05, -4.49263133791557e-05,   2.0505590755833454e-05,
      -9.438715099211532e-06,  4.38470440459836e-06,  -2.0439048107029907e-06, 9.200527894968101e-07,
      -4.3252393445604814e-07, 2.78740805211359e-07,  -1.3219945666117874e-07};
  return t * mdl_special_poly(c, (int)(sizeof c / sizeof *c), t);
}

/* digamma(2 + t) for |t| <= 1/2: the error is 2e-18. */
MDL_SPECIAL_INLINE double mdl_special_digamma_two(double t) {
  static const double c[] = {
      0.42278433509846713,     0.6449340668482264,     -0.20205690315959524,    0.08232323371113867,
      -0.036927755143244,      0.01734306198438618,    -0.008349277388351162,   0.004077356201158327,
      -0.0020083926597339397,  0.000994575044648632,   -0.0004941910706674096,  0.0002460877865122942,
      -0.00012269116296546469, 6.123704338305966e-05,  -3.0710978704203905e-05, 1.53436270842166e-05,
      -7.231701017698152e-06,  3.6145567803015683e-06, -2.627891771944428e-06,  1.3137798782020037e-06};
  return mdl_special_poly(c, (int)(sizeof c / sizeof *c), t);
}

/* log |gamma(x)|; +inf at 0, -1, -2, ... */
MDL_SPECIAL_INLINE double mdl_lgamma(double x) {
  if (x >= 8.0) { /* Stirling's series */
    static const double c[] = {1.0 / 12.0,        -1.0 / 360.0, 1.0 / 1260.0,       -1.0 / 1680.0,     1.0 / 1188.0,
                               -691.0 / 360360.0, 1.0 / 156.0,  -3617.0 / 122400.0, 43867.0 / 244188.0};
    const double z = 1.0 / x;
    return (x - 0.5) * (log(x) - 1.0) + (0.418938533204672741780 + z * mdl_special_poly(c, 9, z * z));
  }
  if (x <= -0.5) { /* reflected: gamma(x) gamma(-x) = -pi / (x sin(pi x)) */
    const double r = x - rint(x);
    if (x < -4503599627370496.0 || r == 0.0) return INFINITY;
    return log(MDL_SPECIAL_PI / fabs(x * sin(MDL_SPECIAL_PI * r))) - mdl_lgamma(-x);
  }
  if (x < 0.5) return mdl_special_lgamma_two(x) - log(fabs(x) * (1.0 + x));
  if (x < 1.5) return mdl_special_lgamma_two(x - 1.0) - log1p(x - 1.0);
  {
    double product = 1.0;
    while (x > 2.5) {
      x -= 1.0;
      product *= x;
    }
    return mdl_special_lgamma_two(x - 2.0) + log(product);
  }
}

/* The derivative of lgamma; not a number at -1, -2, ..., and -inf at 0 (+inf at -0). */
MDL_SPECIAL_INLINE double mdl_digamma(double x) {
  if (x >= 8.0) { /* the derivative of Stirling's series */
    static const double c[] = {1.0 / 12.0,       -1.0 / 120.0, 1.0 / 252.0,      -1.0 / 240.0,      1.0 / 132.0,
                               -691.0 / 32760.0, 1.0 / 12.0,   -3617.0 / 8160.0, 43867.0 / 14364.0, -174611.0 / 6600.0};
    const double z = 1.0 / x;
    return log(x) - z * (0.5 + z * mdl_special_poly(c, 10, z * z));
  }
  if (x <= -0.5) { /* reflected */
    const double r = x - rint(x);
    return r == 0.0 ? NAN : mdl_digamma(-x) - 1.0 / x - MDL_SPECIAL_PI / tan(MDL_SPECIAL_PI * r);
  }
  if (x < 0.5) return mdl_special_digamma_two(x) - 1.0 / (1.0 + x) - 1.0 / x;
  if (x < 1.5) return mdl_special_digamma_two(x - 1.0) - 1.0 / x;
  {
    double sum = 0.0;
    while (x > 2.5) {
      x -= 1.0;
      sum += 1.0 / x;
    }
    return mdl_special_digamma_two(x - 2.0) + sum;
  }
}

/* n! (x^-s + (x + 1)^-s + (x + 2)^-s + ...) with s = n + 1, for x > 0 and 1 <= n <= 170. */
MDL_SPECIAL_INLINE double mdl_special_zeta(int n, double x) {
  /* B(2k) / (2k)!, of the Euler-Maclaurin formula for the tail */
  static const double c[] = {1.0 / 12.0,
                             -1.0 / 720.0,
                             1.0 / 30240.0,
                             -1.0 / 1209600.0,
                             1.0 / 47900160.0,
                             -691.0 / 1307674368000.0,
                             1.0 / 74724249600.0,
                             -3617.0 / 10670622842880000.0,
                             43867.0 / 5109094217170944000.0,
                             -174611.0 / 802857662698291200000.0,
                             77683.0 / 14101100039391805440000.0,
                             -236364091.0 / 1693824136731743669452800000.0};
  const double s = n + 1.0, start = 10.0 + 0.75 * n, half = pow(x, -0.5 * s);
  const double steps = x < start ? ceil(start - x) : 0.0, w = x + steps;
  double term = s / w, tail = 0.5 + w / n, sum, factorial = 1.0, k;
  int j;
  for (j = 0; j < 12; j++) {
    tail += c[j] * term;
    term *= (s + (2 * j + 1)) / w * ((s + (2 * j + 2)) / w);
  }
  /* All relative to the first term, the smallest first. */
  sum = tail * pow(x / w, s);
  for (k = steps - 1.0; k >= 1.0; k -= 1.0) sum += pow(x / (x + k), s);
  if (steps > 0.0) sum += 1.0;
  for (j = 2; j <= n; j++) factorial *= j;
  return factorial * half * sum * half;
}

/* The derivative of order n of digamma, 0 <= n <= 170 (beyond, n! is no double).  At 0, -1, -2, ... +inf for odd n. */
MDL_SPECIAL_INLINE double mdl_polygamma(int64_t n, double x) {
  if (n < 0 || n > 170) return NAN;
  if (n == 0) return mdl_digamma(x);
  {
    const int order = (int)n;
    const double sign = n % 2 ? 1.0 : -1.0, r = x - rint(x);
    if (x > 0.0) return x < INFINITY ? sign * mdl_special_zeta(order, x) : sign * 0.0;
    if (r == 0.0) return n % 2 ? INFINITY : x == 0.0 ? -1.0 / x : NAN;
    /* The sum over all integers is the sum from x on and the one from 1 - x on. */
    return sign * (mdl_special_zeta(order, r > 0.0 ? r : 1.0 + r) +
                   sign * mdl_special_zeta(order, r > 0.0 ? 1.0 - r : -r)) -
           mdl_special_zeta(order, 1.0 - x);
  }
}

MDL_SPECIAL_INLINE float mdl_lgammaf(float x) {
  return (float)mdl_lgamma(x);
}

MDL_SPECIAL_INLINE float mdl_digammaf(float x) {
  return (float)mdl_digamma(x);
}

MDL_SPECIAL_INLINE float mdl_polygammaf(int64_t n, float x) {
  return (float)mdl_polygamma(n, x);
}

#endif
