/* mdl/math/exp.h - exp, expm1, sinh, cosh, tanh, sech, sigmoid.
 *
 * exp(x) = 2^k (1 + r + tail) with k the whole number nearest to x / log 2.  The part of log 2 that k is multiplied by
 * first has 42 bits, so that r loses nothing, with or without an fma.
 */
#ifndef MDL_MATH_EXP_H
#define MDL_MATH_EXP_H

#include "mdl/math/fma.h"

typedef struct mdl_exp_parts {
  double k;    /* whole */
  double r;    /* |r| <= log(2) / 2, rounded */
  double tail; /* exp(r) - 1 - r, with what r was rounded by */
} mdl_exp_parts;

/* Added to a number below 2^51 in size, it leaves the nearest whole number in the last bits. */
#define MDL_WHOLE 6755399441055744.0

/* Of x + low, where low is small beside x, and x is from -745.2 to 709.8 or not a number. */
MDL_INLINE mdl_exp_parts mdl_exp_split(const int mdl_level, double x, double low) {
  mdl_exp_parts e;
  double high, p;
  e.k = mdl_fma(x, 1.4426950408889634, MDL_WHOLE) - MDL_WHOLE;
  high = mdl_fma(e.k, -0.6931471805598903, x); /* exact */
  low = mdl_fma(e.k, -5.497923018708371e-14, low);
  e.r = high + low;
  p = 2.092035086375392e-09;
  p = mdl_fma(p, e.r, 2.5105421021060707e-08);
  p = mdl_fma(p, e.r, 2.7557257004031353e-07);
  p = mdl_fma(p, e.r, 2.755725480165392e-06);
  p = mdl_fma(p, e.r, 2.480158734242292e-05);
  p = mdl_fma(p, e.r, 0.00019841269875426528);
  p = mdl_fma(p, e.r, 0.0013888888888876985);
  p = mdl_fma(p, e.r, 0.008333333333325893);
  p = mdl_fma(p, e.r, 0.041666666666667823);
  p = mdl_fma(p, e.r, 0.16666666666666671);
  p = mdl_fma(p, e.r, 0.5);
  e.tail = mdl_fma(p, e.r * e.r, (high - e.r) + low);
  return e;
}

/* 2^k for a whole k from -1022 to 1023. */
MDL_INLINE double mdl_power_of_two(double k) {
  return mdl_of_bits((mdl_bits(k + MDL_WHOLE) << 52) + UINT64_C(0x3ff0000000000000));
}

/* x * 2^k for a whole k from -2044 to 2046, x being normal. */
MDL_INLINE double mdl_scale(double x, double k) {
  const double half = (k * 0.5 + MDL_WHOLE) - MDL_WHOLE; /* k / 2 is exact: nothing to contract */
  return x * mdl_power_of_two(half) * mdl_power_of_two(k - half);
}

MDL_INLINE double mdl_exp_clamp(double x) {
  return mdl_at_least(mdl_at_most(x, 709.8), -745.2);
}

MDL_INLINE double mdl_exp_at(const int mdl_level, double x) {
  const mdl_exp_parts e = mdl_exp_split(mdl_level, mdl_exp_clamp(x), 0.0);
  return mdl_scale(1.0 + (e.r + e.tail), e.k);
}

/* exp(x) - 1 is 2^k times the result; |x| <= 709.8, or not a number. */
MDL_INLINE mdl_pair mdl_expm1_split(const int mdl_level, double x, double *k) {
  const mdl_exp_parts e = mdl_exp_split(mdl_level, x, 0.0);
  const double t = 1.0 - mdl_power_of_two(-mdl_at_most(e.k, 99.0)), s = t + e.r,
               low = (e.r - (s - t)) + e.tail;
  mdl_pair pair;
  pair.high = s + low;
  pair.low = low - (pair.high - s);
  *k = e.k;
  return pair;
}

MDL_INLINE double mdl_expm1_at(const int mdl_level, double x) {
  double k, y;
  const double clamped = mdl_at_least(mdl_at_most(x, 709.8), -40.0);
  y = mdl_expm1_split(mdl_level, clamped, &k).high;
  y = mdl_scale(y, k);
  return mdl_select(fabs(x) < 1e-300, x, y);
}

MDL_INLINE double mdl_sinh_at(const int mdl_level, double x) {
  double k;
  const double size = fabs(x), clamped = mdl_at_most(size, 710.6);
  const mdl_pair p = mdl_expm1_split(mdl_level, clamped, &k);
  const double a = mdl_power_of_two(k - 2.0), h = p.high * a * 2.0, low = p.low * a * 2.0; /* half of exp(|x|) - 1 */
  const double y = h + (h / (1.0 + 2.0 * mdl_at_most(h, 1e300)) + low);
  return mdl_select(size < 1e-300, x, mdl_with_sign(y, x));
}

MDL_INLINE double mdl_cosh_at(const int mdl_level, double x) {
  const double size = fabs(x), clamped = mdl_at_most(size, 710.6);
  const mdl_exp_parts e = mdl_exp_split(mdl_level, clamped, 0.0);
  const double h = (1.0 + (e.r + e.tail)) * mdl_power_of_two(e.k - 2.0) * 2.0;
  return h + 0.25 / h;
}

MDL_INLINE double mdl_tanh_at(const int mdl_level, double x) {
  double k;
  const double twice = 2.0 * fabs(x), clamped = mdl_at_most(twice, 40.0);
  const mdl_pair p = mdl_expm1_split(mdl_level, clamped, &k);
  const double a = mdl_power_of_two(k), h = p.high * a, low = p.low * a; /* exp(2 |x|) - 1 */
  const double d = h + 2.0;
  const double q = h / d, rest = mdl_fma(-q, (h - (d - 2.0)) + low, mdl_fma(-q, d, h)) + low;
  return mdl_select(twice < 1e-300, x, mdl_with_sign(q + rest / d, x));
}

/* 1 / cosh(x) = 2 e / (1 + e^2) for e = exp(-|x|) */
MDL_INLINE double mdl_sech_at(const int mdl_level, double x) {
  const double size = fabs(x), clamped = mdl_at_most(size, 747.0);
  const mdl_exp_parts e = mdl_exp_split(mdl_level, -clamped, 0.0);
  const double y = 1.0 + (e.r + e.tail), small = mdl_scale(y, e.k);
  return mdl_scale(y / mdl_fma(small, small, 1.0), e.k + 1.0);
}

/* 1 / (1 + exp(-x)) */
MDL_INLINE double mdl_sigmoid_at(const int mdl_level, double x) {
  const double size = fabs(x), clamped = mdl_at_most(size, 745.2);
  const mdl_exp_parts e = mdl_exp_split(mdl_level, -clamped, 0.0);
  const double y = 1.0 + (e.r + e.tail), small = mdl_scale(y, e.k), d = 1.0 + small;
  const double q = mdl_select(x < 0.0, small, 1.0) / d, over = mdl_select(x < 0.0, 1.0 - q, q); /* 1 / d, nearly */
  return mdl_fma(-(q * over), small - (d - 1.0), q);                                            /* d was rounded */
}

#endif
