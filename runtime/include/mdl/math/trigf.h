/* mdl/math/trigf.h - sin, cos, tan in float: as in mdl/math/trig.h, in double. */
#ifndef MDL_MATH_TRIGF_H
#define MDL_MATH_TRIGF_H

#include "mdl/math/bitsf.h"

/* |x| is quarters of a turn, the number of which modulo 4 is in the last two bits, and the result, at most pi / 4. */
MDL_INLINE double mdl_turn_of_float(const int mdl_level, double size, uint64_t *quarter) {
  /* What is left of 2^(16 k) * 2 / pi modulo 2^26: 29 bits, 29 bits, and the rest.  Two products are exact. */
  static const double first[8] = {0.6366197727620602, 41721.513427734375, 49906542.25,     57560644.125,
                                  38016298.0,         19528743.3125,      2578385.9609375, 64091444.875};
  static const double second[8] = {-3.9447882200366324e-10, -2.5852564078832074e-05, 0.05572635913267732,
                                   -0.04232811008114368,    -0.015024672728031874,   0.030547452333848923,
                                   -0.0030995754423202015,  -0.008775986119871959};
  static const double third[8] = {-3.260751408868143e-19, -2.1369660433158262e-14, -3.498204224242013e-12,
                                  -3.654336268992409e-11, -9.816623162301601e-12,  2.70605119575439e-11,
                                  3.078726143132599e-12,  -9.460040196752212e-12};
  const double whole = 6755399441055744.0, scaled_by = mdl_select(size > 1.0, size, 1.0);
  const uint64_t k = ((mdl_bits(scaled_by) + UINT64_C(0x10000000000000)) >> 56) & 7; /* size is below 2^(16 k + 16) */
  const double y = size * mdl_of_bits((UINT64_C(1023) - (k << 4)) << 52);
  const double a = y * first[k], b = y * second[k];
  const double a_left = a - 4.0 * ((0.25 * a + whole) - whole), b_left = b - 4.0 * ((0.25 * b + whole) - whole);
  const double shifted = (a_left + b_left) + whole;
  const double turns = mdl_fma(y, third[k], (a_left - (shifted - whole)) + b_left);
  *quarter = mdl_bits(shifted);
  return mdl_select(size < 0.785, size, turns * 1.5707963267948966);
}

MDL_INLINE double mdl_sin_for_float(const int mdl_level, double r) {
  const double z = r * r;
  double p;
  p = 2.718121565692924e-06;
  p = mdl_fma(p, z, -0.0001983931226433658);
  p = mdl_fma(p, z, 0.008333329304831884);
  p = mdl_fma(p, z, -0.1666666664079698);
  return mdl_fma(r * z, p, r);
}

MDL_INLINE double mdl_cos_for_float(const int mdl_level, double r) {
  const double z = r * r;
  double p;
  p = 2.4433152683092628e-05;
  p = mdl_fma(p, z, -0.0013887316219720093);
  p = mdl_fma(p, z, 0.04166664568242768);
  return mdl_fma(z * z, p, mdl_fma(-0.5, z, 1.0));
}

MDL_INLINE double mdl_sin_or_cos_for_float(const int mdl_level, double r, uint64_t quarter) {
  const double sine = mdl_sin_for_float(mdl_level, r), cosine = mdl_cos_for_float(mdl_level, r);
  const uint64_t swap = 0 - (quarter & 1), negative = (quarter & 2) << 62;
  return mdl_of_bits(((mdl_bits(cosine) & swap) | (mdl_bits(sine) & ~swap)) ^ negative);
}

MDL_INLINE float mdl_sinf_at(const int mdl_level, float x) {
  uint64_t quarter;
  const double r = mdl_turn_of_float(mdl_level, fabs((double)x), &quarter);
  const float y = (float)mdl_sin_or_cos_for_float(mdl_level, r, quarter);
  return mdl_of_bitsf(mdl_bitsf(y) ^ (mdl_bitsf(x) & UINT32_C(0x80000000)));
}

MDL_INLINE float mdl_cosf_at(const int mdl_level, float x) {
  uint64_t quarter;
  const double r = mdl_turn_of_float(mdl_level, fabs((double)x), &quarter);
  return (float)mdl_sin_or_cos_for_float(mdl_level, r, quarter + 1);
}

MDL_INLINE float mdl_tanf_at(const int mdl_level, float x) {
  uint64_t quarter;
  const double r = mdl_turn_of_float(mdl_level, fabs((double)x), &quarter);
  const double sine = mdl_sin_for_float(mdl_level, r), cosine = mdl_cos_for_float(mdl_level, r);
  const int swap = (int)(quarter & 1);
  const float y = (float)(mdl_select(swap, -cosine, sine) / mdl_select(swap, sine, cosine));
  return mdl_of_bitsf(mdl_bitsf(y) ^ (mdl_bitsf(x) & UINT32_C(0x80000000)));
}

#endif
