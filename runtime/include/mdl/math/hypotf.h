/* mdl/math/hypotf.h - sqrt(x^2 + y^2) in float: the squares are exact in double, and neither too large nor too small. */
#ifndef MDL_MATH_HYPOTF_H
#define MDL_MATH_HYPOTF_H

#include "mdl/math/bitsf.h"

MDL_INLINE float mdl_hypotf_at(const int mdl_level, float x, float y) {
  const double a = (double)x, b = (double)y;
  const float length = (float)mdl_sqrt(a * a + b * b); /* contracted or not: a * a is exact */
  (void)mdl_level;
  return mdl_selectf((fabsf(x) == HUGE_VALF) | (fabsf(y) == HUGE_VALF), HUGE_VALF, length);
}

#endif
