/* mdl/math/log.h - log, log1p, log1pmx.
 *
 * x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2); log(1 + f) = 2 s + s R(s^2) with s = f / (2 + f), written so
 * that f stands alone in front.
 */
#ifndef MDL_MATH_LOG_H
#define MDL_MATH_LOG_H

#include "mdl/math/fma.h"

/* 2^k m is a positive finite x; m is from sqrt(1/2) to sqrt(2). */
MDL_INLINE double mdl_log_split(double x, double *k) {
  const int small = x < 2.2250738585072014e-308;
  const uint64_t u = mdl_bits(mdl_select(small, x * 18014398509481984.0, x)) + UINT64_C(0x95f619980c433);
  const double exponent = mdl_of_bits(u >> 52 | UINT64_C(0x4330000000000000)) - (4503599627370496.0 + 1023.0);
  *k = exponent - mdl_select(small, 54.0, 0.0);
  return mdl_of_bits((u & UINT64_C(0xfffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd));
}

/* k log 2 + log(1 + f) + low */
MDL_INLINE mdl_pair mdl_log_parts(const int mdl_level, double k, double f, double low) {
  const double s = f / (2.0 + f), z = s * s, half = 0.5 * f, square = half * f;
  const double high = k * 0.6931471805598903, sum = high + f; /* the product is exact: k has 11 bits, the other 42 */
  mdl_pair l;
  double p = 0.14617777156413899;
  p = mdl_fma(p, z, 0.1533161773164875);
  p = mdl_fma(p, z, 0.18182892072765394);
  p = mdl_fma(p, z, 0.2222221109872488);
  p = mdl_fma(p, z, 0.28571428626141535);
  p = mdl_fma(p, z, 0.39999999999899455);
  p = mdl_fma(p, z, 0.666666666666667);
  low = mdl_fma(k, 5.497923018708371e-14, low);
  low = mdl_fma(s, mdl_fma(p, z, square), low);
  low = mdl_fma(-half, f, low);
  l.high = sum;
  l.low = (f - (sum - high)) + low;
  return l;
}

MDL_INLINE double mdl_log_join(const int mdl_level, double k, double f, double low) {
  const mdl_pair l = mdl_log_parts(mdl_level, k, f, low);
  return l.high + l.low;
}

/* y where x is positive and finite, else what log(x) is there. */
MDL_INLINE double mdl_log_edges(double x, double y) {
  const double edge = mdl_select(x == 0.0, -HUGE_VAL, NAN), inside = mdl_select(x > 0.0, y, edge);
  return mdl_select(x < HUGE_VAL, inside, x);
}

MDL_INLINE double mdl_log_at(const int mdl_level, double x) {
  double k;
  const double m = mdl_log_split(x, &k);
  return mdl_log_edges(x, mdl_log_join(mdl_level, k, m - 1.0, 0.0));
}

/* log(1 + x) for x + 1 > 0; below sqrt(2) the high part is x itself */
MDL_INLINE mdl_pair mdl_log1p_parts(const int mdl_level, double x) {
  double k;
  const double u = 1.0 + x, v = u - 1.0, lost = (1.0 - (u - v)) + (x - v); /* 1 + x = u + lost */
  const double f = mdl_log_split(u, &k) - 1.0;
  const double rest = lost * mdl_of_bits((mdl_bits(6755399441055744.0 - mdl_at_most(k, 100.0)) << 52) +
                                         UINT64_C(0x3ff0000000000000));
  const double sum = f + rest, low = rest - (sum - f);
  return mdl_log_parts(mdl_level, k, sum, mdl_fma(-low, sum, low));
}

MDL_INLINE double mdl_log1p_inside(const int mdl_level, double x) {
  const mdl_pair l = mdl_log1p_parts(mdl_level, x);
  return l.high + l.low;
}

MDL_INLINE double mdl_log1p_at(const int mdl_level, double x) {
  const double y = mdl_log_edges(1.0 + x, mdl_log1p_inside(mdl_level, x));
  return mdl_select(fabs(x) < 1e-300, x, y);
}

#define mdl_log1pmxf_at(level, x) ((float)mdl_log1pmx_at(level, (double)(x)))
/* log(1 + x) - x: near 0, where -x^2 / 2 is left of it, that is what the low part is. */
MDL_INLINE double mdl_log1pmx_at(const int mdl_level, double x) {
  const mdl_pair l = mdl_log1p_parts(mdl_level, x);
  const double y = mdl_log_edges(1.0 + x, (l.high - x) + l.low);
  return mdl_select(x < HUGE_VAL, y, -x);
}

/* log of a finite x >= 0; of 0 something very small */
MDL_INLINE mdl_pair mdl_log_sum(const int mdl_level, double x) {
  double k;
  const double f = mdl_log_split(x, &k) - 1.0;
  return mdl_log_parts(mdl_level, k, f, 0.0);
}

#endif
