/* mdl/math/expd.h - exp in double, with the digits that a function of float wants. */
#ifndef MDL_MATH_EXPD_H
#define MDL_MATH_EXPD_H

#include "mdl/math/bitsf.h"

/* To 31 bits; as 0 and infinity are to float where exp(x) is beyond it. */
MDL_INLINE double mdl_exp_for_float(const int mdl_level, double x) {
  const double whole = 6755399441055744.0, at_most = mdl_at_most(x, 100.0);
  const double y = mdl_at_least(at_most, -120.0);
  const double shifted = mdl_fma(y, 1.4426950408889634, whole), r = mdl_fma(shifted - whole, -0.6931471805599453, y);
  double p = 0.0001736567655641629;
  p = mdl_fma(p, r, 0.0013933257174653037);
  p = mdl_fma(p, r, 0.008337815638365782);
  p = mdl_fma(p, r, 0.04166648258233991);
  p = mdl_fma(p, r, 0.1666664803883176);
  p = mdl_fma(p, r, 0.5);
  return mdl_fma(p, r * r, 1.0 + r) * mdl_of_bits((mdl_bits(shifted) << 52) + UINT64_C(0x3ff0000000000000));
}

#endif
