/* mdl/math/logs.h - sums of logarithms: 2^twos part is the product of their arguments, of which one logarithm is taken.
 *
 * Powers of two are split off each argument, so that no product overflows: part stays between 1/4 and 4.  What has no
 * finite logarithm goes to twos, as what the logarithm is.
 */
#ifndef MDL_MATH_LOGS_H
#define MDL_MATH_LOGS_H

#include "mdl/math/log.h"

/* The number u is m 2^exponent; m is from 1/2 to 1 where part is 1 or more, else from 1 to 2. */
MDL_INLINE double mdl_log_beside(double part, uint64_t u, double *exponent) {
  const int large = part >= 1.0;
  *exponent = mdl_of_bits(u >> 52 | UINT64_C(0x4330000000000000)) - mdl_choose(large, 4503599627371518.0, 4503599627371519.0);
  return mdl_of_bits((u & UINT64_C(0xfffffffffffff)) | mdl_bits(mdl_choose(large, 0.5, 1.0)));
}

/* Multiplies by x, times (1 or 2) over. */
MDL_INLINE void mdl_log_take(double *part, double *twos, double x, double times) {
  const int small = x < 2.2250738585072014e-308;
  double exponent;
  const double m = mdl_log_beside(*part, mdl_bits(mdl_choose(small, x * 18014398509481984.0, x)), &exponent);
  *twos += times * mdl_log_edges(x, exponent - mdl_choose(small, 54.0, 0.0));
  *part *= m * mdl_choose(times == 2.0, m, 1.0);
}

/* The same of an x that is not below 1. */
MDL_INLINE void mdl_log_take_from_1(double *part, double *twos, double x, double times) {
  double exponent;
  const double m = mdl_log_beside(*part, mdl_bits(x), &exponent);
  *twos += times * mdl_choose(x < HUGE_VAL, exponent, x);
  *part *= m * mdl_choose(times == 2.0, m, 1.0);
}

/* The sum of them all: 8 products, joined in pairs; what is left of each is near 1, so that nothing overflows. */
MDL_INLINE double mdl_join_logs(const int mdl_level, double *part, double *twos) {
  for (int width = 4; width > 0; width /= 2)
    for (int lane = 0; lane < width; lane++) {
      part[lane] *= part[lane + width];
      twos[lane] += twos[lane + width];
    }
  double k;
  const double m = mdl_log_split(part[0], &k); /* whatever powers of two were left where */
  return mdl_fma(twos[0] + k, 0.6931471805599453, mdl_log_join(mdl_level, 0.0, m - 1.0, 0.0));
}

#endif
