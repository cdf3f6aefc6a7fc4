/* mdl/math/asin.h - asin, acos: a polynomial up to 1/2, beyond it by asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)). */
#ifndef MDL_MATH_ASIN_H
#define MDL_MATH_ASIN_H

#include "mdl/math/fma.h"

/* base + base_low + factor (asin(s) + low): asin(s) = s + s^3 P(s^2), z = s^2; factor is 1 or 2, or less than 0 */
MDL_INLINE double mdl_asin_join(const int mdl_level, double s, double z, double low, double factor, double base,
                                double base_low) {
  double p, head, high;
  p = 0.029107527363623924;
  p = mdl_fma(p, z, -0.01537645014514042);
  p = mdl_fma(p, z, 0.01774556701981998);
  p = mdl_fma(p, z, 0.00532719195294381);
  p = mdl_fma(p, z, 0.010354124217777719);
  p = mdl_fma(p, z, 0.011474194013463088);
  p = mdl_fma(p, z, 0.013971744366332426);
  p = mdl_fma(p, z, 0.017352355176169443);
  p = mdl_fma(p, z, 0.02237217464165298);
  p = mdl_fma(p, z, 0.03038194409228096);
  p = mdl_fma(p, z, 0.04464285714703095);
  p = mdl_fma(p, z, 0.07499999999998007);
  p = mdl_fma(p, z, 0.16666666666666669);
  p = mdl_fma(s * z, p, low);
  head = factor * s; /* exact */
  high = base + head;
  return high + mdl_fma(factor, p, (head - (high - base)) + base_low);
}

/* For |x| > 1/2: s = sqrt(z), z = (1 - |x|) / 2; else s = |x|. */
MDL_INLINE double mdl_asin_argument(const int mdl_level, double size, double *z, double *low) {
  const int large = size > 0.5;
  const double half = 0.5 * (1.0 - size), root = mdl_sqrt(half);
  const double rest = mdl_cancel(mdl_level, -root, root, half) / (2.0 * root + 1e-300);
  *z = mdl_select(large, half, size * size);
  *low = mdl_select(large, rest, 0.0);
  return mdl_select(large, root, size);
}

MDL_INLINE double mdl_asin_at(const int mdl_level, double x) {
  double z, low;
  const double size = fabs(x), s = mdl_asin_argument(mdl_level, size, &z, &low);
  const int large = size > 0.5;
  const double y =
      mdl_asin_join(mdl_level, s, z, low, mdl_select(large, -2.0, 1.0), mdl_select(large, 1.5707963267948966, 0.0),
                    mdl_select(large, 6.123233995736766e-17, 0.0));
  return mdl_select(size < 1e-150, x, mdl_with_sign(y, x));
}

MDL_INLINE double mdl_acos_at(const int mdl_level, double x) {
  double z, low;
  const double size = fabs(x), s = mdl_asin_argument(mdl_level, size, &z, &low);
  const int large = size > 0.5;
  const double halves = mdl_select(large, mdl_select(x > 0.0, 0.0, 2.0), 1.0); /* of pi */
  const double factor = mdl_select(large, 2.0, -1.0);
  return mdl_asin_join(mdl_level, s, z, low, mdl_select(large, mdl_with_sign(factor, x), -mdl_with_sign(1.0, x)),
                       halves * 1.5707963267948966, halves * 6.123233995736766e-17);
}

#endif
