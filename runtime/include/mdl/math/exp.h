/* mdl/math/exp.h - exp, expm1, sinh, cosh, tanh, sech, sigmoid.
 *
 * exp(x) = 2^k (1 + r + tail) with k the whole number nearest to x / log 2.  The part of log 2 that k is multiplied by
 * first has 42 bits, so that r loses nothing, with or without an fma.
 */
#ifndef MDL_MATH_EXP_H
#define MDL_MATH_EXP_H

#include "mdl/math/fma.h"

typedef struct mdl_exp_parts {
  double k;       /* whole */
  double shifted; /* k + MDL_WHOLE, whose last bits are k */
  double r;       /* |r| <= log(2) / 2, rounded */
  double tail;    /* exp(r) - 1 - r, with what r was rounded by */
} mdl_exp_parts;

/* Added to a number below 2^51 in size, it leaves the nearest whole number in the last bits. */
#define MDL_WHOLE 6755399441055744.0

/* Of x + low, where low is small beside x, and x is from -745.2 to 709.8 or not a number. */
MDL_INLINE mdl_exp_parts mdl_exp_split(const int mdl_level, double x, double low) {
  mdl_exp_parts e;
  double high, square, p, even;
  e.shifted = mdl_fma(x, 1.4426950408889634, MDL_WHOLE);
  e.k = e.shifted - MDL_WHOLE;
  high = mdl_fma(e.k, -0.6931471805598903, x); /* exact */
  low = mdl_fma(e.k, -5.497923018708371e-14, low);
  e.r = high + low;
  square = e.r * e.r; /* even and odd terms by themselves: half as many operations wait for one another */
  p = 2.5105415044516586e-08;
  p = mdl_fma(p, square, 2.7557254814743073e-06);
  p = mdl_fma(p, square, 0.00019841269875417754);
  p = mdl_fma(p, square, 0.008333333333325895);
  p = mdl_fma(p, square, 0.1666666666666667);
  even = 2.0916356415152444e-09;
  even = mdl_fma(even, square, 2.755726895234456e-07);
  even = mdl_fma(even, square, 2.480158732999134e-05);
  even = mdl_fma(even, square, 0.0013888888888882165);
  even = mdl_fma(even, square, 0.04166666666666667);
  p = mdl_fma(even, e.r, p);
  p = mdl_fma(p, e.r, 0.5);
  e.tail = mdl_fma(p, square, (high - e.r) + low);
  return e;
}

/* 2^k, of k + MDL_WHOLE, for a whole k from -1022 to 1023. */
MDL_INLINE double mdl_power_of_two(double shifted) {
  return mdl_of_bits((mdl_bits(shifted) << 52) + UINT64_C(0x3ff0000000000000));
}

/* x * 2^k, of k + MDL_WHOLE, for a whole k from -1100 to 1100, by 2^128 and 2^(k - 128) or, where k is negative, so that x is not small,
 * by 2^-128 and 2^(k + 128): rounded once. */
MDL_INLINE double mdl_scale(double x, double shifted) {
  const uint64_t k = mdl_bits(shifted), up = (k & UINT64_C(0x8000000000000)) << 9; /* 256 in the exponent, or 0 */
  return x * mdl_of_bits(UINT64_C(0x37f0000000000000) + up) * mdl_of_bits((k << 52) + UINT64_C(0x47f0000000000000) - up);
}

/* The same where k is from -1150 to 0, in fewer operations. */
MDL_INLINE double mdl_scale_down(double x, double shifted) {
  return x * mdl_of_bits((mdl_bits(shifted) << 52) + UINT64_C(0x47f0000000000000)) * 2.938735877055719e-39;
}

MDL_INLINE double mdl_exp_clamp(double x) {
  return mdl_at_least(mdl_at_most(x, 709.8), -745.2);
}

MDL_INLINE double mdl_exp_at(const int mdl_level, double x) {
  const mdl_exp_parts e = mdl_exp_split(mdl_level, mdl_exp_clamp(x), 0.0);
  return mdl_scale(1.0 + (e.r + e.tail), e.shifted);
}

/* Of exp(-|x|), which functions of one x share. */
MDL_INLINE mdl_exp_parts mdl_exp_split_down(const int mdl_level, double x) {
  const double size = fabs(x), clamped = mdl_at_most(size, 745.2);
  return mdl_exp_split(mdl_level, -clamped, 0.0);
}

MDL_INLINE double mdl_exp_of_down(mdl_exp_parts e) {
  return mdl_scale_down(1.0 + (e.r + e.tail), e.shifted);
}

/* exp(x) - 1 is 2^k times the result; |x| <= 709.8, or not a number. */
MDL_INLINE mdl_pair mdl_expm1_split(const int mdl_level, double x, double *shifted) {
  const mdl_exp_parts e = mdl_exp_split(mdl_level, x, 0.0);
  const double t = 1.0 - mdl_power_of_two(MDL_WHOLE - mdl_at_most(e.k, 99.0)), s = t + e.r,
               low = (e.r - (s - t)) + e.tail;
  mdl_pair pair;
  pair.high = s + low;
  pair.low = low - (pair.high - s);
  *shifted = e.shifted;
  return pair;
}

MDL_INLINE double mdl_expm1_at(const int mdl_level, double x) {
  double shifted, y;
  const double clamped = mdl_at_least(mdl_at_most(x, 709.8), -40.0);
  y = mdl_expm1_split(mdl_level, clamped, &shifted).high;
  y = mdl_scale(y, shifted);
  return mdl_select(fabs(x) < 1e-300, x, y);
}

MDL_INLINE double mdl_sinh_at(const int mdl_level, double x) {
  double shifted;
  const double size = fabs(x), clamped = mdl_at_most(size, 710.6);
  const mdl_pair p = mdl_expm1_split(mdl_level, clamped, &shifted);
  const double a = mdl_power_of_two(shifted - 2.0), h = p.high * a * 2.0, low = p.low * a * 2.0; /* half of exp(|x|) - 1 */
  const double y = h + (h / (1.0 + 2.0 * mdl_at_most(h, 1e300)) + low);
  return mdl_select(size < 1e-300, x, mdl_with_sign(y, x));
}

MDL_INLINE double mdl_cosh_at(const int mdl_level, double x) {
  const double size = fabs(x), clamped = mdl_at_most(size, 710.6);
  const mdl_exp_parts e = mdl_exp_split(mdl_level, clamped, 0.0);
  const double h = (1.0 + (e.r + e.tail)) * mdl_power_of_two(e.shifted - 2.0) * 2.0;
  return h + 0.25 / h;
}

/* 1 / cosh(x) = 2 e / (1 + e^2) for e = exp(-|x|); tanh has the same exponential and the same reciprocal. */
MDL_INLINE double mdl_sech_at(const int mdl_level, double x) {
  const double small = mdl_exp_of_down(mdl_exp_split_down(mdl_level, x)), d = mdl_fma(small, small, 1.0), inverse = 1.0 / d;
  const double q = 2.0 * small * inverse;
  return mdl_fma(mdl_cancel(mdl_level, -q, d, 2.0 * small), inverse, q);
}

/* (1 - e^2) / (1 + e^2), where 1 - e = g and 1 - e^2 = g (2 - g) have second parts */
MDL_INLINE double mdl_tanh_at(const int mdl_level, double x) {
  const mdl_exp_parts e = mdl_exp_split_down(mdl_level, x);
  const double small = mdl_exp_of_down(e), d = mdl_fma(small, small, 1.0), inverse = 1.0 / d;
  const double power = mdl_scale_down(1.0, e.shifted), t = 1.0 - power, step = power * e.r, s = t - step;
  const double g_rest = mdl_fma(-power, e.tail, (t - s) - step), g = s + g_rest, g_low = g_rest - (g - s);
  const double f = 2.0 - g, f_low = ((2.0 - f) - g) - g_low, n = f * g;
  const double n_low = mdl_fma(f, g_low, mdl_fma(f_low, g, mdl_product_rest(mdl_level, f, g, n)));
  const double q = n * inverse, d_low = ((2.0 - d) - n) - n_low;
  const double rest = mdl_fma(-q, d_low, mdl_cancel(mdl_level, -q, d, n)) + n_low;
  return mdl_with_sign(mdl_fma(rest, inverse, q), x);
}

/* 1 / (1 + exp(-x)) */
MDL_INLINE double mdl_sigmoid_at(const int mdl_level, double x) {
  const double small = mdl_exp_of_down(mdl_exp_split_down(mdl_level, x)), d = 1.0 + small, inverse = 1.0 / d;
  const double n = mdl_select(x < 0.0, small, 1.0), q = n * inverse;
  return mdl_fma(mdl_fma(-q, small - (d - 1.0), mdl_cancel(mdl_level, -q, d, n)), inverse, q); /* d was rounded */
}

#endif
