/* mdl/math/bitsf.h - what the elementary functions of float stand on, beside mdl/math/fma.h.
 *
 * Some of them are computed in double, with polynomials no longer than float wants: where a product must be exact, or a
 * sum in two parts, that is less work.
 */
#ifndef MDL_MATH_BITSF_H
#define MDL_MATH_BITSF_H

#include "mdl/math/fma.h"

MDL_INLINE uint32_t mdl_bitsf(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

MDL_INLINE float mdl_of_bitsf(uint32_t u) {
  float x;
  memcpy(&x, &u, sizeof x);
  return x;
}

MDL_INLINE float mdl_with_signf(float x, float y) {
  return mdl_of_bitsf((mdl_bitsf(x) & UINT32_C(0x7fffffff)) | (mdl_bitsf(y) & UINT32_C(0x80000000)));
}

MDL_INLINE float mdl_selectf(int condition, float x, float y) {
  const uint32_t mask = condition ? UINT32_MAX : 0;
  return mdl_of_bitsf((mdl_bitsf(x) & mask) | (mdl_bitsf(y) & ~mask));
}

MDL_INLINE float mdl_choosef(int condition, float x, float y) {
  if (!MDL_CONSTANT(x) && !MDL_CONSTANT(y)) return condition ? x : y;
  return mdl_selectf(condition, x, y);
}

MDL_INLINE float mdl_at_mostf(float x, float most) {
  return x > most ? most : x;
}

MDL_INLINE float mdl_at_leastf(float x, float least) {
  return mdl_selectf(x < least, least, x);
}

/* (float)(double)n */
MDL_INLINE float mdl_realf_at(const int mdl_level, int64_t n) {
  return (float)mdl_real_at(mdl_level, n);
}

MDL_INLINE float mdl_narrow_realf_at(const int mdl_level, int64_t n) {
  return (float)mdl_narrow_real_at(mdl_level, n);
}

/* x * y + z where it is exact but for the rounding of x * y, as mdl_cancel. */
MDL_INLINE float mdl_cancelf(const int mdl_level, float x, float y, float z) {
#if defined(MDL_NO_FMA)
  (void)mdl_level;
  return (float)((double)x * (double)y + (double)z);
#else
  return mdl_fmaf(x, y, z);
#endif
}

typedef struct mdl_pairf {
  float high, low;
} mdl_pairf;

#endif
