/* mdl/math/softplus.h - log(1 + exp(x)). */
#ifndef MDL_MATH_SOFTPLUS_H
#define MDL_MATH_SOFTPLUS_H

#include "mdl/math/exp.h"
#include "mdl/math/log.h"

/* log(1 + x) of an x from 0 to 1: log1p without what others need; below sqrt(2) - 1 nothing is halved. */
MDL_INLINE double mdl_log1p_of_part(const int mdl_level, double x) {
  const double u = 1.0 + x, lost = x - (u - 1.0); /* 1 + x = u + lost */
  const int large = u >= 1.4142135623730951;
  const double scale = mdl_select(large, 0.5, 1.0), f = mdl_fma(u, scale, -1.0);
  const double rest = lost * scale, sum = f + rest, low = rest - (sum - f);
  const mdl_pair l = mdl_log_parts(mdl_level, mdl_select(large, 1.0, 0.0), sum, mdl_fma(-low, sum, low));
  return l.high + l.low;
}

MDL_INLINE double mdl_softplus_at(const int mdl_level, double x) {
  const double small = mdl_exp_of_down(mdl_exp_split_down(mdl_level, x));
  return mdl_select(x > 0.0, x, 0.0) + mdl_log1p_of_part(mdl_level, small);
}

#endif
