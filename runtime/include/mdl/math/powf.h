/* mdl/math/powf.h - pow in float: exp(y log x) in double. */
#ifndef MDL_MATH_POWF_H
#define MDL_MATH_POWF_H

#include "mdl/math/expd.h"
#include "mdl/math/log.h"

/* log of a positive finite x, to 37 bits */
MDL_INLINE double mdl_log_of_float(const int mdl_level, double x) {
  double k, p;
  const double f = mdl_log_split(x, &k) - 1.0, s = f / (2.0 + f), z = s * s;
  p = 0.23582171909929012;
  p = mdl_fma(p, z, 0.2853730772858776);
  p = mdl_fma(p, z, 0.4000033519517893);
  p = mdl_fma(p, z, 0.6666666564552141);
  return mdl_fma(k, 0.6931471805599453, s * mdl_fma(p, z, 2.0));
}

MDL_INLINE int mdl_is_wholef(float x) {
  const float size = fabsf(x);
  return (size >= 8388608.0f) | ((size + 8388608.0f) - 8388608.0f == size);
}

MDL_INLINE float mdl_powf_at(const int mdl_level, float x, float y) {
  const float size = fabsf(x);
  const double e = (double)y * mdl_log_of_float(mdl_level, (double)size);
  const int whole = mdl_is_wholef(y), odd = whole & !mdl_is_wholef(0.5f * y);
  const int endless = (size == 0.0f) | (size == HUGE_VALF) | (fabsf(y) == HUGE_VALF);
  const int grows = (size > 1.0f) == (y > 0.0f);
  float power = (float)mdl_exp_for_float(mdl_level, e);
  power = mdl_selectf((x < 0.0f) & (x > -HUGE_VALF) & !whole, NAN, power);
  power = mdl_selectf(endless, mdl_selectf(grows, HUGE_VALF, 0.0f), power);
  power = mdl_selectf(odd, mdl_with_signf(power, x), power);
  power = mdl_selectf((x != x) | (y != y), x + y, power);
  return mdl_selectf((x == 1.0f) | (y == 0.0f) | ((x == -1.0f) & (fabsf(y) == HUGE_VALF)), 1.0f, power);
}

#endif
