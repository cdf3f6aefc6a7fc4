/* mdl/math/logf.h - log, log1p in float: as in mdl/math/log.h. */
#ifndef MDL_MATH_LOGF_H
#define MDL_MATH_LOGF_H

#include "mdl/math/bitsf.h"

/* 2^k m is a positive finite x; m is from sqrt(1/2) to sqrt(2). */
MDL_INLINE float mdl_log_splitf(float x, float *k) {
  const int small = x < 1.17549435e-38f;
  const uint32_t u = mdl_bitsf(mdl_selectf(small, x * 33554432.0f, x)) + UINT32_C(0x4afb0d);
  const float exponent = mdl_of_bitsf(u >> 23 | UINT32_C(0x4b000000)) - (8388608.0f + 127.0f);
  *k = exponent - mdl_selectf(small, 25.0f, 0.0f);
  return mdl_of_bitsf((u & UINT32_C(0x7fffff)) + UINT32_C(0x3f3504f3));
}

/* k log 2 + log(1 + f) + low */
MDL_INLINE float mdl_log_joinf(const int mdl_level, float k, float f, float low) {
  const float s = f / (2.0f + f), z = s * s, half = 0.5f * f, square = half * f;
  const float high = k * 0.69314575f, sum = high + f; /* the product is exact: k has 8 bits, the other 15 */
  float p = 0.298708f;
  p = mdl_fmaf(p, z, 0.39977583f);
  p = mdl_fmaf(p, z, 0.66666776f);
  low = mdl_fmaf(k, 1.4286068e-06f, low);
  low = mdl_fmaf(s, mdl_fmaf(p, z, square), low);
  low = mdl_fmaf(-half, f, low);
  return sum + ((f - (sum - high)) + low);
}

/* y where x is positive and finite, else what log(x) is there. */
MDL_INLINE float mdl_log_edgesf(float x, float y) {
  const float edge = mdl_selectf(x == 0.0f, -HUGE_VALF, NAN), inside = mdl_selectf(x > 0.0f, y, edge);
  return mdl_selectf(x < HUGE_VALF, inside, x);
}

MDL_INLINE float mdl_logf_at(const int mdl_level, float x) {
  float k;
  const float m = mdl_log_splitf(x, &k);
  return mdl_log_edgesf(x, mdl_log_joinf(mdl_level, k, m - 1.0f, 0.0f));
}

/* log(1 + x) for x + 1 > 0 */
MDL_INLINE float mdl_log1p_insidef(const int mdl_level, float x) {
  float k;
  const float u = 1.0f + x, v = u - 1.0f, lost = (1.0f - (u - v)) + (x - v); /* 1 + x = u + lost */
  const float f = mdl_log_splitf(u, &k) - 1.0f;
  const float rest =
      lost * mdl_of_bitsf((mdl_bitsf(12582912.0f - mdl_at_mostf(k, 100.0f)) << 23) + UINT32_C(0x3f800000));
  const float sum = f + rest, low = rest - (sum - f);
  return mdl_log_joinf(mdl_level, k, sum, mdl_fmaf(-low, sum, low));
}

MDL_INLINE float mdl_log1pf_at(const int mdl_level, float x) {
  const float y = mdl_log_edgesf(1.0f + x, mdl_log1p_insidef(mdl_level, x));
  return mdl_selectf(fabsf(x) < 1e-30f, x, y);
}

#endif
