/* mdl/math/hypot.h - sqrt(x^2 + y^2), without overflow or underflow between. */
#ifndef MDL_MATH_HYPOT_H
#define MDL_MATH_HYPOT_H

#include "mdl/math/fma.h"

MDL_INLINE double mdl_hypot_at(const int mdl_level, double x, double y) {
  const double a = fabs(x), b = fabs(y), larger = mdl_select(a > b, a, b), smaller = mdl_select(a > b, b, a);
  const double below = mdl_select(larger > 8e307, 8e307, larger);
  const uint64_t exponent = mdl_bits(mdl_select(below < 1e-300, 1e-300, below)) >> 52;
  const double down = mdl_of_bits((UINT64_C(2046) - exponent) << 52), up = mdl_of_bits(exponent << 52);
  const double p = larger * down, q = smaller * down;
  const double length = mdl_sqrt(mdl_fma(p, p, q * q)) * up;
  return mdl_select((a == HUGE_VAL) | (b == HUGE_VAL), HUGE_VAL, mdl_select((x != x) | (y != y), x + y, length));
}

#endif
