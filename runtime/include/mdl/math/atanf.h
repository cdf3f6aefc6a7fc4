/* mdl/math/atanf.h - atan, atan2 in float: as in mdl/math/atan.h, in double. */
#ifndef MDL_MATH_ATANF_H
#define MDL_MATH_ATANF_H

#include "mdl/math/bitsf.h"

/* atan(above / below) for 0 <= above <= below, below not 0 */
MDL_INLINE double mdl_atan_of_float(const int mdl_level, double above, double below) {
  const int large = above > 0.41421356237309503 * below;
  const double q = mdl_select(large, above - below, above) / mdl_select(large, above + below, below), z = q * q;
  double p;
  p = -0.06078231063842399;
  p = mdl_fma(p, z, 0.10593817261427044);
  p = mdl_fma(p, z, -0.14243533738697636);
  p = mdl_fma(p, z, 0.1999847152635128);
  p = mdl_fma(p, z, -0.33333315188259954);
  return mdl_select(large, 0.7853981633974483, 0.0) + mdl_fma(q * z, p, q);
}

MDL_INLINE float mdl_atanf_at(const int mdl_level, float x) {
  const double size = fabs((double)x), a = mdl_select(size > 1e290, 1e290, size);
  const int steep = a > 1.0;
  const double angle = mdl_atan_of_float(mdl_level, mdl_select(steep, 1.0, a), mdl_select(steep, a, 1.0));
  const float y = mdl_with_signf((float)mdl_select(steep, 1.5707963267948966 - angle, angle), x);
  return mdl_selectf(x != x, x, y);
}

MDL_INLINE float mdl_atan2f_at(const int mdl_level, float y, float x) {
  const int endless = (fabsf(x) == HUGE_VALF) | (fabsf(y) == HUGE_VALF);
  const float a = mdl_selectf(endless, mdl_selectf(fabsf(x) == HUGE_VALF, 1.0f, 0.0f), fabsf(x));
  const float b = mdl_selectf(endless, mdl_selectf(fabsf(y) == HUGE_VALF, 1.0f, 0.0f), fabsf(y));
  const int steep = b > a, back = mdl_with_signf(1.0f, x) < 0.0f;
  const double larger = (double)mdl_selectf(steep, b, a), smaller = (double)mdl_selectf(steep, a, b);
  const double first = mdl_atan_of_float(mdl_level, smaller, mdl_select(larger == 0.0, 1.0, larger));
  const double second = mdl_select(steep, 1.5707963267948966 - first, first);
  const float angle = (float)mdl_select(back, 3.141592653589793 - second, second);
  return mdl_selectf((x != x) | (y != y), x + y, mdl_with_signf(angle, y));
}

#endif
