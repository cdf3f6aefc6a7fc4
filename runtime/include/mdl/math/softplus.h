/* mdl/math/softplus.h - log(1 + exp(x)). */
#ifndef MDL_MATH_SOFTPLUS_H
#define MDL_MATH_SOFTPLUS_H

#include "mdl/math/exp.h"
#include "mdl/math/log.h"

MDL_INLINE double mdl_softplus_at(const int mdl_level, double x) {
  return mdl_select(x > 0.0, x, 0.0) + mdl_log1p_inside(mdl_level, mdl_exp_at(mdl_level, -fabs(x)));
}

#endif
