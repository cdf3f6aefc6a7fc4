/* mdl/math/logs.h - sums of logarithms: 2^twos part is the product of their arguments, of which one logarithm is taken.
 *
 * Powers of two are split off each argument, so that no product overflows: part stays between 1/4 and 4.  What has no
 * finite logarithm goes to twos, as what the logarithm is.
 */
#ifndef MDL_MATH_LOGS_H
#define MDL_MATH_LOGS_H

#include "mdl/math/log.h"

/* Multiplies by x, times (1 or 2) over. */
MDL_INLINE void mdl_log_take(double *part, double *twos, double x, double times) {
  const int small = x < 2.2250738585072014e-308, large = *part >= 1.0; /* then m is from 1/2 to 1, else from 1 to 2 */
  const uint64_t u = mdl_bits(mdl_select(small, x * 18014398509481984.0, x));
  const double bias = 4503599627370496.0 + mdl_select(large, 1022.0, 1023.0) + mdl_select(small, 54.0, 0.0);
  const double exponent = mdl_of_bits(u >> 52 | UINT64_C(0x4330000000000000)) - bias;
  const double m = mdl_of_bits((u & UINT64_C(0xfffffffffffff)) | mdl_bits(mdl_select(large, 0.5, 1.0)));
  *twos += times * mdl_log_edges(x, exponent);
  *part *= m * mdl_select(times == 2.0, m, 1.0);
}

/* The sum of them all: 8 products, joined in pairs. */
MDL_INLINE double mdl_join_logs(const int mdl_level, double *part, double *twos) {
  for (int width = 4; width > 0; width /= 2)
    for (int lane = 0; lane < width; lane++) {
      mdl_log_take(part + lane, twos + lane, part[lane + width], 1.0);
      twos[lane] += twos[lane + width];
    }
  return mdl_fma(twos[0], 0.6931471805599453, mdl_log_at(mdl_level, part[0]));
}

#endif
