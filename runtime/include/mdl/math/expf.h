/* mdl/math/expf.h - exp, expm1, sinh, cosh, tanh, sech, sigmoid in float: as in mdl/math/exp.h; the first part of log 2 has 15 bits. */
#ifndef MDL_MATH_EXPF_H
#define MDL_MATH_EXPF_H

#include "mdl/math/bitsf.h"

typedef struct mdl_exp_partsf {
  float k;    /* whole */
  float r;    /* |r| <= log(2) / 2, rounded */
  float tail; /* exp(r) - 1 - r, with what r was rounded by */
} mdl_exp_partsf;

/* Added to a number below 2^22 in size, it leaves the nearest whole number in the last bits. */
#define MDL_WHOLEF 12582912.0f

/* Of x from -104 to 89, or not a number. */
MDL_INLINE mdl_exp_partsf mdl_exp_splitf(const int mdl_level, float x) {
  mdl_exp_partsf e;
  float high, low, p;
  e.k = mdl_fmaf(x, 1.442695f, MDL_WHOLEF) - MDL_WHOLEF;
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

/* 2^k for a whole k from -126 to 127. */
MDL_INLINE float mdl_power_of_twof(float k) {
  return mdl_of_bitsf((mdl_bitsf(k + MDL_WHOLEF) << 23) + UINT32_C(0x3f800000));
}

/* x * 2^k for a whole k from -252 to 254, x being normal. */
MDL_INLINE float mdl_scalef(float x, float k) {
  const float half = (k * 0.5f + MDL_WHOLEF) - MDL_WHOLEF; /* k / 2 is exact: nothing to contract */
  return x * mdl_power_of_twof(half) * mdl_power_of_twof(k - half);
}

MDL_INLINE float mdl_expf_at(const int mdl_level, float x) {
  const mdl_exp_partsf e = mdl_exp_splitf(mdl_level, mdl_at_leastf(mdl_at_mostf(x, 89.0f), -104.0f));
  return mdl_scalef(1.0f + (e.r + e.tail), e.k);
}

/* exp(x) - 1 is 2^k times the result; |x| <= 89.5, or not a number. */
MDL_INLINE mdl_pairf mdl_expm1_splitf(const int mdl_level, float x, float *k) {
  const mdl_exp_partsf e = mdl_exp_splitf(mdl_level, x);
  const float t = 1.0f - mdl_power_of_twof(-mdl_at_mostf(e.k, 99.0f)), s = t + e.r,
              low = (e.r - (s - t)) + e.tail;
  mdl_pairf pair;
  pair.high = s + low;
  pair.low = low - (pair.high - s);
  *k = e.k;
  return pair;
}

MDL_INLINE float mdl_expm1f_at(const int mdl_level, float x) {
  float k;
  const float y = mdl_expm1_splitf(mdl_level, mdl_at_leastf(mdl_at_mostf(x, 89.0f), -20.0f), &k).high;
  return mdl_selectf(fabsf(x) < 1e-30f, x, mdl_scalef(y, k));
}

MDL_INLINE float mdl_sinhf_at(const int mdl_level, float x) {
  float k;
  const float size = fabsf(x), clamped = mdl_at_mostf(size, 89.5f);
  const mdl_pairf p = mdl_expm1_splitf(mdl_level, clamped, &k);
  const float a = mdl_power_of_twof(k - 2.0f), h = p.high * a * 2.0f, low = p.low * a * 2.0f;
  const float y = h + (h / (1.0f + 2.0f * mdl_at_mostf(h, 1e30f)) + low);
  return mdl_selectf(size < 1e-30f, x, mdl_with_signf(y, x));
}

MDL_INLINE float mdl_coshf_at(const int mdl_level, float x) {
  const float size = fabsf(x), clamped = mdl_at_mostf(size, 89.5f);
  const mdl_exp_partsf e = mdl_exp_splitf(mdl_level, clamped);
  const float h = (1.0f + (e.r + e.tail)) * mdl_power_of_twof(e.k - 2.0f) * 2.0f;
  return h + 0.25f / h;
}

MDL_INLINE float mdl_tanhf_at(const int mdl_level, float x) {
  float k;
  const float twice = 2.0f * fabsf(x), clamped = mdl_at_mostf(twice, 20.0f);
  const mdl_pairf p = mdl_expm1_splitf(mdl_level, clamped, &k);
  const float a = mdl_power_of_twof(k), h = p.high * a, low = p.low * a; /* exp(2 |x|) - 1 */
  const float d = h + 2.0f, q = h / d;
  const float rest = mdl_fmaf(-q, (h - (d - 2.0f)) + low, mdl_fmaf(-q, d, h)) + low;
  return mdl_selectf(twice < 1e-30f, x, mdl_with_signf(q + rest / d, x));
}

MDL_INLINE float mdl_sechf_at(const int mdl_level, float x) {
  const float size = fabsf(x), clamped = mdl_at_mostf(size, 106.0f);
  const mdl_exp_partsf e = mdl_exp_splitf(mdl_level, -clamped);
  const float y = 1.0f + (e.r + e.tail), small = mdl_scalef(y, e.k);
  return mdl_scalef(y / mdl_fmaf(small, small, 1.0f), e.k + 1.0f);
}

MDL_INLINE float mdl_sigmoidf_at(const int mdl_level, float x) {
  const float size = fabsf(x), clamped = mdl_at_mostf(size, 104.0f);
  const mdl_exp_partsf e = mdl_exp_splitf(mdl_level, -clamped);
  const float y = 1.0f + (e.r + e.tail), small = mdl_scalef(y, e.k), d = 1.0f + small;
  const float q = mdl_selectf(x < 0.0f, small, 1.0f) / d, over = mdl_selectf(x < 0.0f, 1.0f - q, q);
  return mdl_fmaf(-(q * over), small - (d - 1.0f), q); /* d was rounded */
}

#endif
