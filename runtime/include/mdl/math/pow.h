/* mdl/math/pow.h - x to the power y: exp(y log x), with the logarithm to some 68 bits. */
#ifndef MDL_MATH_POW_H
#define MDL_MATH_POW_H

#include "mdl/math/exp.h"
#include "mdl/math/log.h"

/* log of a positive finite x in two parts */
MDL_INLINE mdl_pair mdl_log_pair(const int mdl_level, double x) {
  double k;
  const double m = mdl_log_split(x, &k), f = m - 1.0, d = m + 1.0, d_low = m - (d - 1.0), inverse = 1.0 / d;
  /* s = f / (2 + f), z = s^2, log(1 + f) = s (2 + z (2/3 + z P(z))); each has a low part */
  const double s = f * inverse;
  const double s_low = mdl_fma(-s, d_low, mdl_cancel(mdl_level, -s, d, f)) * inverse;
  const double z = s * s, z_low = mdl_fma(2.0 * s, s_low, mdl_product_rest(mdl_level, s, s, z));
  const double high = k * 0.6931471805598903; /* exact */
  double q, t, t_low, u, u_low, sum, low;
  mdl_pair l;
  q = 0.12916252723628763;
  q = mdl_fma(q, z, 0.1328572325214571);
  q = mdl_fma(q, z, 0.1538558273976961);
  q = mdl_fma(q, z, 0.18181808119487817);
  q = mdl_fma(q, z, 0.2222222227209276);
  q = mdl_fma(q, z, 0.28571428571335283);
  q = mdl_fma(q, z, 0.4000000000000003);
  t = mdl_fma(q, z, 0.6666666666666666);
  t_low = mdl_fma(q, z, 0.6666666666666666 - t) + 3.700743415417188e-17;
  u = mdl_fma(z, t, 2.0);
  u_low = mdl_fma(z_low, t, mdl_fma(z, t_low, mdl_cancel(mdl_level, z, t, 2.0 - u)));
  sum = mdl_fma(s, u, high);
  low = mdl_fma(s_low, u, mdl_fma(s, u_low, mdl_cancel(mdl_level, s, u, high - sum)));
  low = mdl_fma(k, 5.497923018708371e-14, low);
  l.high = sum + low;
  l.low = low - (l.high - sum);
  return l;
}

MDL_INLINE int mdl_is_whole(double x) {
  const double size = fabs(x);
  return (size >= 4503599627370496.0) | ((size + 4503599627370496.0) - 4503599627370496.0 == size);
}

MDL_INLINE double mdl_pow_at(const int mdl_level, double x, double y) {
  const double size = fabs(x);
  const mdl_pair l = mdl_log_pair(mdl_level, size);
  const double high = y * l.high, low = mdl_fma(y, l.low, mdl_product_rest(mdl_level, y, l.high, high));
  const mdl_exp_parts e = mdl_exp_split(mdl_level, mdl_exp_clamp(high), mdl_select(fabs(high) < 800.0, low, 0.0));
  const int whole = mdl_is_whole(y), odd = whole & !mdl_is_whole(0.5 * y);
  const int endless = (size == 0.0) | (size == HUGE_VAL) | (fabs(y) == HUGE_VAL), grows = (size > 1.0) == (y > 0.0);
  double power = mdl_scale(1.0 + (e.r + e.tail), e.shifted);
  power = mdl_select((x < 0.0) & (x > -HUGE_VAL) & !whole, NAN, power);
  power = mdl_select(endless, mdl_select(grows, HUGE_VAL, 0.0), power);
  power = mdl_select(odd, mdl_with_sign(power, x), power);
  power = mdl_select((x != x) | (y != y), x + y, power);
  return mdl_select((x == 1.0) | (y == 0.0) | ((x == -1.0) & (fabs(y) == HUGE_VAL)), 1.0, power);
}

#endif
