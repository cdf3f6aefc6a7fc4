/* mdl/math/polygamma.h - the derivatives of digamma, of any order: sums of powers, and the Euler-Maclaurin formula for
 * their tail. */
#ifndef MDL_MATH_POLYGAMMA_H
#define MDL_MATH_POLYGAMMA_H

#include "mdl/math/gamma.h"
#include "mdl/math/pow.h"

/* n! (x^-s + (x + 1)^-s + (x + 2)^-s + ...) with s = n + 1, for x > 0 and 1 <= n <= 170. */
MDL_INLINE double mdl_zeta(const int mdl_level, int n, double x) {
  /* B(2k) / (2k)! */
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
  const double s = n + 1.0, start = mdl_fma(0.75, (double)n, 10.0), half = mdl_pow_at(mdl_level, x, -0.5 * s);
  const double steps = x < start ? ceil(start - x) : 0.0, w = x + steps;
  double term = s / w, tail = 0.5 + w / n, sum, factorial = 1.0, k;
  int j;
  for (j = 0; j < 12; j++) {
    tail = mdl_fma(c[j], term, tail);
    term *= (s + (2 * j + 1)) / w * ((s + (2 * j + 2)) / w);
  }
  /* All relative to the first term, the smallest first. */
  sum = tail * mdl_pow_at(mdl_level, x / w, s);
  for (k = steps - 1.0; k >= 0.0; k -= 1.0) sum = mdl_pow_at(mdl_level, x / (x + k), s) + sum;
  for (j = 2; j <= n; j++) factorial *= j;
  return factorial * half * sum * half;
}

#define mdl_polygammaf_at(level, n, x) ((float)mdl_polygamma_at(level, n, (double)(x)))
/* The derivative of order n of digamma, 0 <= n <= 170 (beyond, n! is no double).  At 0, -1, -2, ... +inf for odd n. */
MDL_INLINE double mdl_polygamma_at(const int mdl_level, int64_t n, double x) {
  const double sign = n % 2 ? 1.0 : -1.0, r = x - rint(x);
  double from[3], sum = 0.0;
  int k;
  if (n < 0 || n > 170) return NAN;
  if (n == 0) return mdl_digamma_at(mdl_level, x);
  if (n == 1) return mdl_trigamma_at(mdl_level, x);
  if (x == HUGE_VAL) return sign * 0.0;
  if (x <= 0.0 && r == 0.0) return n % 2 ? HUGE_VAL : x == 0.0 ? -1.0 / x : NAN;
  /* Of x < 0: the sum over all integers, which is those from x - [x] and from 1 - x + [x] on, less the one from 1 - x on. */
  from[0] = x > 0.0 ? x : r > 0.0 ? r : 1.0 + r;
  from[1] = r > 0.0 ? 1.0 - r : -r;
  from[2] = 1.0 - x;
  for (k = 0; k < (x > 0.0 ? 1 : 3); k++) {
    const double part = mdl_zeta(mdl_level, (int)n, from[k]);
    sum += k == 0 ? sign * part : k == 1 ? part : -part;
  }
  return sum;
}

#endif
