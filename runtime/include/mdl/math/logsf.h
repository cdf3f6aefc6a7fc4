/* mdl/math/logsf.h - sums of logarithms in float: as in mdl/math/logs.h. */
#ifndef MDL_MATH_LOGSF_H
#define MDL_MATH_LOGSF_H

#include "mdl/math/logf.h"

/* The number u is m 2^exponent; m is from 1/2 to 1 where part is 1 or more, else from 1 to 2. */
MDL_INLINE float mdl_log_besidef(float part, uint32_t u, float *exponent) {
  const int large = part >= 1.0f;
  *exponent = mdl_of_bitsf(u >> 23 | UINT32_C(0x4b000000)) - mdl_choosef(large, 8388734.0f, 8388735.0f);
  return mdl_of_bitsf((u & UINT32_C(0x7fffff)) | mdl_bitsf(mdl_choosef(large, 0.5f, 1.0f)));
}

/* Multiplies by x, times (1 or 2) over. */
MDL_INLINE void mdl_log_takef(float *part, float *twos, float x, float times) {
  const int small = x < 1.17549435e-38f;
  float exponent;
  const float m = mdl_log_besidef(*part, mdl_bitsf(mdl_choosef(small, x * 33554432.0f, x)), &exponent);
  *twos += times * mdl_log_edgesf(x, exponent - mdl_choosef(small, 25.0f, 0.0f));
  *part *= m * mdl_choosef(times == 2.0f, m, 1.0f);
}

/* The same of an x that is not below 1. */
MDL_INLINE void mdl_log_take_from_1f(float *part, float *twos, float x, float times) {
  float exponent;
  const float m = mdl_log_besidef(*part, mdl_bitsf(x), &exponent);
  *twos += times * mdl_choosef(x < HUGE_VALF, exponent, x);
  *part *= m * mdl_choosef(times == 2.0f, m, 1.0f);
}

/* The sum of them all: 16 products, joined in pairs; what is left of each is near 1, so that nothing overflows. */
MDL_INLINE float mdl_join_logsf(const int mdl_level, float *part, float *twos) {
  for (int width = 8; width > 0; width /= 2)
    for (int lane = 0; lane < width; lane++) {
      part[lane] *= part[lane + width];
      twos[lane] += twos[lane + width];
    }
  float k;
  const float m = mdl_log_splitf(part[0], &k); /* whatever powers of two were left where */
  return mdl_fmaf(twos[0] + k, 0.69314718f, mdl_log_joinf(mdl_level, 0.0f, m - 1.0f, 0.0f));
}

#endif
