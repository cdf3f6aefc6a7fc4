/* mdl/math/erff.h - erf, erfc in float: as in mdl/math/erf.h, in double. */
#ifndef MDL_MATH_ERFF_H
#define MDL_MATH_ERFF_H

#include "mdl/math/expd.h"

/* |x| <= 1 */
MDL_INLINE double mdl_erf_near_float(const int mdl_level, double x) {
  const double z = x * x;
  double p;
  p = 7.85386186831284e-05;
  p = mdl_fma(p, z, -0.0008010194522531452);
  p = mdl_fma(p, z, 0.005188327878797934);
  p = mdl_fma(p, z, -0.026853812085787267);
  p = mdl_fma(p, z, 0.1128358515336988);
  p = mdl_fma(p, z, -0.37612625824816276);
  p = mdl_fma(p, z, 0.128379165726872);
  return mdl_fma(x, p, x);
}

/* erfc(x) for x > 0.46875 */
MDL_INLINE double mdl_erfc_far_float(const int mdl_level, double x) {
  const double y = mdl_select(x > 12.0, 12.0, x), inverse = 1.0 / (y + 4.0625), q = mdl_fma(-8.125, inverse, 1.0);
  double p;
  p = 0.00018098461237103629;
  p = mdl_fma(p, q, -0.0004293677813115571);
  p = mdl_fma(p, q, -0.0007798811600205086);
  p = mdl_fma(p, q, 0.007906670707270167);
  p = mdl_fma(p, q, -0.03051192187865614);
  p = mdl_fma(p, q, 0.08379889809601951);
  p = mdl_fma(p, q, -0.1847437520410101);
  p = mdl_fma(p, q, 0.34346890466257346);
  p = mdl_fma(p, q, -0.5527190192104358);
  p = mdl_fma(p, q, 0.7816911976894114);
  p = mdl_fma(p, q, -0.9805806083737473);
  p = mdl_fma(p, q, 1.0969094946012719);
  return p * inverse * mdl_exp_for_float(mdl_level, -(y * y));
}

MDL_INLINE float mdl_erff_at(const int mdl_level, float x) {
  const double size = fabs((double)x), near = mdl_erf_near_float(mdl_level, mdl_select(size > 1.0, 1.0, (double)x));
  const double far = mdl_with_sign(1.0 - mdl_erfc_far_float(mdl_level, size), (double)x);
  return (float)mdl_select(size > 1.0, far, near);
}

MDL_INLINE float mdl_erfcf_at(const int mdl_level, float x) {
  const double size = fabs((double)x), near = mdl_erf_near_float(mdl_level, mdl_select(size > 0.46875, 0.46875, (double)x));
  const double far = mdl_erfc_far_float(mdl_level, mdl_select(size < 0.46875, 0.46875, size));
  return (float)mdl_select(size > 0.46875, mdl_select(x > 0.0f, far, 2.0 - far), 1.0 - near);
}

#endif
