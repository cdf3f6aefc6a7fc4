/* mdl/math/atan.h - atan, atan2: the angle of (x, y) is a multiple of pi/4 and an angle whose tangent q is at most
 * tan(pi/8), for which there is a polynomial. */
#ifndef MDL_MATH_ATAN_H
#define MDL_MATH_ATAN_H

#include "mdl/math/fma.h"

/* eighths * pi / 4 + sign * atan(above / below) for 0 <= above <= below, below not 0; exact numbers of eighths. */
MDL_INLINE double mdl_atan_of(const int mdl_level, double above, double below, double eighths, double sign) {
  const int large = above > 0.41421356237309503 * below;
  const mdl_pair less = mdl_sum(above, -below), more = mdl_sum(above, below);
  const double n = mdl_select(large, less.high, above), n_low = mdl_select(large, less.low, 0.0);
  const double d = mdl_select(large, more.high, below), d_low = mdl_select(large, more.low, 0.0);
  const double q = n / d, z = q * q;
  const double q_low = (mdl_fma(-q, d_low, mdl_cancel(mdl_level, -q, d, n)) + n_low) / d;
  const double turns = eighths + mdl_select(large, sign, 0.0), base = turns * 0.7853981633974483; /* exact */
  double p, high, head;
  p = -0.019238748645583413;
  p = mdl_fma(p, z, 0.039286523290671324);
  p = mdl_fma(p, z, -0.05087525155176145);
  p = mdl_fma(p, z, 0.05858585694037977);
  p = mdl_fma(p, z, -0.06664567383316937);
  p = mdl_fma(p, z, 0.07692187670096988);
  p = mdl_fma(p, z, -0.09090904800035654);
  p = mdl_fma(p, z, 0.11111111021746486);
  p = mdl_fma(p, z, -0.1428571428476816);
  p = mdl_fma(p, z, 0.1999999999999622);
  p = mdl_fma(p, z, -0.3333333333333333);
  p = mdl_fma(q * z, p, q_low);
  head = sign * q; /* exact */
  high = base + head;
  return high + mdl_fma(sign, p, mdl_fma(turns, 3.061616997868383e-17, head - (high - base)));
}

MDL_INLINE double mdl_atan_at(const int mdl_level, double x) {
  const double size = fabs(x), a = mdl_select(size > 1e290, 1e290, size);
  const int steep = a > 1.0;
  const double y = mdl_atan_of(mdl_level, mdl_select(steep, 1.0, a), mdl_select(steep, a, 1.0),
                               mdl_select(steep, 2.0, 0.0), mdl_select(steep, -1.0, 1.0));
  return mdl_select(size < 1e-150, x, mdl_with_sign(y, x));
}

MDL_INLINE double mdl_atan2_at(const int mdl_level, double y, double x) {
  const int endless = (fabs(x) == HUGE_VAL) | (fabs(y) == HUGE_VAL);
  const double a = mdl_select(endless, mdl_select(fabs(x) == HUGE_VAL, 1.0, 0.0), fabs(x));
  const double b = mdl_select(endless, mdl_select(fabs(y) == HUGE_VAL, 1.0, 0.0), fabs(y));
  const int steep = b > a, back = mdl_with_sign(1.0, x) < 0.0;
  const double larger = mdl_select(steep, b, a), smaller = mdl_select(steep, a, b);
  /* to sizes near 1 */
  const uint64_t e = mdl_bits(mdl_select(larger > 8e307, 8e307, larger)) >> 52;
  const double scale = mdl_of_bits((UINT64_C(2046) - e) << 52);
  const double below = mdl_select(larger == 0.0, 1.0, larger * scale);
  const double sign = mdl_select(steep != back, -1.0, 1.0);
  const double angle =
      mdl_atan_of(mdl_level, smaller * scale, below, mdl_select(steep, 2.0, mdl_select(back, 4.0, 0.0)), sign);
  return mdl_select((x != x) | (y != y), x + y, mdl_with_sign(angle, y));
}

#endif
