/* mdl/math/softplusf.h - log(1 + exp(x)) in float. */
#ifndef MDL_MATH_SOFTPLUSF_H
#define MDL_MATH_SOFTPLUSF_H

#include "mdl/math/expf.h"
#include "mdl/math/logf.h"

MDL_INLINE float mdl_softplusf_at(const int mdl_level, float x) {
  return mdl_selectf(x > 0.0f, x, 0.0f) + mdl_log1p_insidef(mdl_level, mdl_exp_of_downf(mdl_exp_split_downf(mdl_level, x)));
}

#endif
