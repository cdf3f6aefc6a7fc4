/* mdl/math/asinf.h - asin, acos in float: as in mdl/math/asin.h, in double. */
#ifndef MDL_MATH_ASINF_H
#define MDL_MATH_ASINF_H

#include "mdl/math/bitsf.h"

/* For |x| > 1/2: asin(sqrt((1 - |x|) / 2)), else asin(|x|). */
MDL_INLINE double mdl_asin_of_float(const int mdl_level, double size) {
  const double half = 0.5 * (1.0 - size), z = mdl_select(size > 0.5, half, size * size);
  const double s = mdl_select(size > 0.5, mdl_sqrt(half), size);
  double p;
  p = 0.03751614789545211;
  p = mdl_fma(p, z, 0.0144388366040783);
  p = mdl_fma(p, z, 0.03180765149255709);
  p = mdl_fma(p, z, 0.04451696414951087);
  p = mdl_fma(p, z, 0.07500504130156078);
  p = mdl_fma(p, z, 0.16666659992406044);
  return mdl_fma(s * z, p, s);
}

MDL_INLINE float mdl_asinf_at(const int mdl_level, float x) {
  const double size = fabs((double)x), angle = mdl_asin_of_float(mdl_level, size);
  return mdl_with_signf((float)mdl_select(size > 0.5, mdl_fma(-2.0, angle, 1.5707963267948966), angle), x);
}

MDL_INLINE float mdl_acosf_at(const int mdl_level, float x) {
  const double size = fabs((double)x), angle = mdl_asin_of_float(mdl_level, size);
  const double signed_angle = mdl_with_sign(angle, (double)x), twice = 2.0 * angle;
  const double far = mdl_select(x > 0.0f, twice, 3.141592653589793 - twice);
  return (float)mdl_select(size > 0.5, far, 1.5707963267948966 - signed_angle);
}

#endif
