/* mdl/math/expf.h - exp, expm1, sinh, cosh, tanh, sech, sigmoid in float: as in mdl/math/exp.h; the first part of log 2 has 15 bits. */
#ifndef MDL_MATH_EXPF_H
#define MDL_MATH_EXPF_H

#include "mdl/math/bitsf.h"

typedef struct mdl_exp_partsf {
  float k;       /* whole */
  float shifted; /* k + MDL_WHOLEF, whose last bits are k */
  float r;       /* |r| <= log(2) / 2, rounded */
  float tail;    /* exp(r) - 1 - r, with what r was rounded by */
} mdl_exp_partsf;

/* Added to a number below 2^22 in size, it leaves the nearest whole number in the last bits. */
#define MDL_WHOLEF 12582912.0f

/* Of x from -104 to 89, or not a number. */
MDL_INLINE mdl_exp_partsf mdl_exp_splitf(const int mdl_level, float x) {
  mdl_exp_partsf e;
  float high, low, p;
  e.shifted = mdl_fmaf(x, 1.442695f, MDL_WHOLEF);
  e.k = e.shifted - MDL_WHOLEF;
  high = mdl_fmaf(e.k, -0.69314575f, x); /* exact */
  e.r = mdl_fmaf(e.k, -1.4286068e-06f, high);
  low = mdl_fmaf(e.k, -1.4286068e-06f, high - e.r);
  p = 0.0014035999f;
  p = mdl_fmaf(p, e.r, 0.008372286f);
  p = mdl_fmaf(p, e.r, 0.04166555f);
  p = mdl_fmaf(p, e.r, 0.16666488f);
  p = mdl_fmaf(p, e.r, 0.5f);
  e.tail = mdl_fmaf(p, e.r * e.r, low);
  return e;
}

/* 2^k, of k + MDL_WHOLEF, for a whole k from -126 to 127. */
MDL_INLINE float mdl_power_of_twof(float shifted) {
  return mdl_of_bitsf((mdl_bitsf(shifted) << 23) + UINT32_C(0x3f800000));
}

/* x * 2^k, of k + MDL_WHOLEF, for a whole k from -160 to 160, by 2^64 and 2^(k - 64) or, where k is negative, by 2^-64 and 2^(k + 64). */
MDL_INLINE float mdl_scalef(float x, float shifted) {
  const uint32_t k = mdl_bitsf(shifted), up = (k & UINT32_C(0x400000)) << 8; /* 128 in the exponent, or 0 */
  return x * mdl_of_bitsf(UINT32_C(0x1f800000) + up) * mdl_of_bitsf((k << 23) + UINT32_C(0x5f800000) - up);
}

/* The same where k is from -190 to 0, in fewer operations. */
MDL_INLINE float mdl_scale_downf(float x, float shifted) {
  return x * mdl_of_bitsf((mdl_bitsf(shifted) << 23) + UINT32_C(0x5f800000)) * 5.421011e-20f;
}

MDL_INLINE float mdl_expf_at(const int mdl_level, float x) {
  const mdl_exp_partsf e = mdl_exp_splitf(mdl_level, mdl_at_leastf(mdl_at_mostf(x, 89.0f), -104.0f));
  return mdl_scalef(1.0f + (e.r + e.tail), e.shifted);
}

/* Of exp(-|x|), which functions of one x share. */
MDL_INLINE mdl_exp_partsf mdl_exp_split_downf(const int mdl_level, float x) {
  const float size = fabsf(x), clamped = mdl_at_mostf(size, 104.0f);
  return mdl_exp_splitf(mdl_level, -clamped);
}

MDL_INLINE float mdl_exp_of_downf(mdl_exp_partsf e) {
  return mdl_scale_downf(1.0f + (e.r + e.tail), e.shifted);
}

/* exp(x) - 1 is 2^k times the result; |x| <= 89.5, or not a number. */
MDL_INLINE mdl_pairf mdl_expm1_splitf(const int mdl_level, float x, float *shifted) {
  const mdl_exp_partsf e = mdl_exp_splitf(mdl_level, x);
  const float t = 1.0f - mdl_power_of_twof(MDL_WHOLEF - mdl_at_mostf(e.k, 99.0f)), s = t + e.r,
              low = (e.r - (s - t)) + e.tail;
  mdl_pairf pair;
  pair.high = s + low;
  pair.low = low - (pair.high - s);
  *shifted = e.shifted;
  return pair;
}

MDL_INLINE float mdl_expm1f_at(const int mdl_level, float x) {
  float shifted;
  const float y = mdl_expm1_splitf(mdl_level, mdl_at_leastf(mdl_at_mostf(x, 89.0f), -20.0f), &shifted).high;
  return mdl_selectf(fabsf(x) < 1e-30f, x, mdl_scalef(y, shifted));
}

MDL_INLINE float mdl_sinhf_at(const int mdl_level, float x) {
  float shifted;
  const float size = fabsf(x), clamped = mdl_at_mostf(size, 89.5f);
  const mdl_pairf p = mdl_expm1_splitf(mdl_level, clamped, &shifted);
  const float a = mdl_power_of_twof(shifted - 2.0f), h = p.high * a * 2.0f, low = p.low * a * 2.0f;
  const float y = h + (h / (1.0f + 2.0f * mdl_at_mostf(h, 1e30f)) + low);
  return mdl_selectf(size < 1e-30f, x, mdl_with_signf(y, x));
}

MDL_INLINE float mdl_coshf_at(const int mdl_level, float x) {
  const float size = fabsf(x), clamped = mdl_at_mostf(size, 89.5f);
  const mdl_exp_partsf e = mdl_exp_splitf(mdl_level, clamped);
  const float h = (1.0f + (e.r + e.tail)) * mdl_power_of_twof(e.shifted - 2.0f) * 2.0f;
  return h + 0.25f / h;
}

MDL_INLINE float mdl_sechf_at(const int mdl_level, float x) {
  const float small = mdl_exp_of_downf(mdl_exp_split_downf(mdl_level, x)), d = mdl_fmaf(small, small, 1.0f);
  const float inverse = 1.0f / d, q = 2.0f * small * inverse;
  return mdl_fmaf(mdl_cancelf(mdl_level, -q, d, 2.0f * small), inverse, q);
}

MDL_INLINE float mdl_tanhf_at(const int mdl_level, float x) {
  const mdl_exp_partsf e = mdl_exp_split_downf(mdl_level, x);
  const float small = mdl_exp_of_downf(e), d = mdl_fmaf(small, small, 1.0f), inverse = 1.0f / d;
  const float power = mdl_scale_downf(1.0f, e.shifted), t = 1.0f - power, step = power * e.r, s = t - step;
  const float g_rest = mdl_fmaf(-power, e.tail, (t - s) - step), g = s + g_rest, g_low = g_rest - (g - s);
  const float f = 2.0f - g, f_low = ((2.0f - f) - g) - g_low, n = f * g;
  const float n_low = mdl_fmaf(f, g_low, mdl_fmaf(f_low, g, mdl_cancelf(mdl_level, f, g, -n)));
  const float q = n * inverse, d_low = ((2.0f - d) - n) - n_low;
  const float rest = mdl_fmaf(-q, d_low, mdl_cancelf(mdl_level, -q, d, n)) + n_low;
  return mdl_with_signf(mdl_fmaf(rest, inverse, q), x);
}

MDL_INLINE float mdl_sigmoidf_at(const int mdl_level, float x) {
  const float small = mdl_exp_of_downf(mdl_exp_split_downf(mdl_level, x)), d = 1.0f + small, inverse = 1.0f / d;
  const float n = mdl_selectf(x < 0.0f, small, 1.0f), q = n * inverse;
  return mdl_fmaf(mdl_fmaf(-q, small - (d - 1.0f), mdl_cancelf(mdl_level, -q, d, n)), inverse, q); /* d was rounded */
}

#endif
