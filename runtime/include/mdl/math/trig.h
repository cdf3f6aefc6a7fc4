/* mdl/math/trig.h - sin, cos, tan.
 *
 * x is brought to turns of pi / 2: below 2^32 by taking as many away from it, beyond by 2 / pi, of which a table has the
 * 212 bits that matter for x: those before count whole periods.  So every x, however large, has its digits.
 */
#ifndef MDL_MATH_TRIG_H
#define MDL_MATH_TRIG_H

#include "mdl/math/fma.h"

typedef struct mdl_turn {
  double r, low;    /* x is r + low, |r| <= pi / 4, and quarters of a turn */
  uint64_t quarter; /* their number, modulo 4 in the last two bits */
} mdl_turn;

/* Of |x| below 2^32. */
MDL_INLINE mdl_turn mdl_turn_near(const int mdl_level, double size) {
  /* Their number, one more or less where it hardly matters; pi / 2 in three parts, the first product taken away is exact:
   * what is left is below 1 and a multiple of 2^-53. */
  const double shifted = mdl_fma(size, 0.6366197723675814, 6755399441055744.0), n = shifted - 6755399441055744.0;
  const double left = mdl_cancel(mdl_level, -n, 1.5707963267948966, size);
  const double second = mdl_fma(-n, 6.123233995736766e-17, 0.0);
  const double rest = mdl_product_rest(mdl_level, -n, 6.123233995736766e-17, second);
  const mdl_pair r = mdl_sum(left, second);
  mdl_turn t;
  t.r = r.high;
  t.low = mdl_fma(n, 1.4973849048591833e-33, r.low + rest);
  t.quarter = mdl_bits(shifted);
  return t;
}

/* Of |x| from 2^32 on. */
MDL_INLINE mdl_turn mdl_turn_far(const int mdl_level, double size) {
  /* What is left of 2^(32 k) * 2 / pi modulo 2^54, in four parts. */
  static const double first[32] = {
      0.6366197723675814,     2734261102.3057265,     1.6188583455233322e+16, 1149169975121874.0,
      1.107408336537952e+16,  1.488051917308457e+16,  9734634581758018.0,     1003038044152747.9,
      4894664431486306.0,     1.682404710104633e+16,  1.0254295661138656e+16, 3891034317205226.0,
      2584857512350237.0,     4945727824194333.0,     8421282788517695.0,     1.1724362675795446e+16,
      622277120705668.9,      1.6682361271644198e+16, 8004610885123649.0,     8864542881863226.0,
      5020617108830709.0,     5411747318226828.0,     1230953699158075.0,     1.6088308077074432e+16,
      1.5929723893159952e+16, 1574569088323979.2,     1.3248614114159904e+16, 2934731510808271.0,
      1.5339076933323192e+16, 3106907657486182.5,     1758559836564013.5,     8983205237996232.0};
  static const double second[32] = {
      -3.935735335036497e-17, -1.6903854549693358e-07, -0.015024672737848497, -0.04216207543924148,
      0.8569730280980947,     -0.7645940626986722,     -0.006570597209489751, -0.0049473415791523555,
      -0.2846003635183442,    0.2589999958929965,      0.02455418790652278,   0.038354045942575674,
      -0.007355981345278716,  -0.30795817102579476,    -0.09176314128969214,  -0.8174550223833548,
      0.03754330582557761,    0.7045821103325304,      0.2248815431988306,    -0.4870113160900318,
      -0.3886051448662572,    -0.257916913571561,      0.12488698956260291,   -0.13272714243868552,
      -0.06568804118975029,   0.101721592113984,       -0.5733872169732485,   0.15544186330159793,
      -0.6903343557802376,    0.11865104303174594,     -0.04236252421478801,  -0.07852259389162261};
  static const double third[32] = {
      -2.1442872565786008e-33, -9.209643640234651e-24,  4.6456600941271777e-20, 1.3680140970387848e-18,
      3.577510976413712e-18,   5.0950457647316266e-17,  9.299200062771279e-20,  -3.1122023383460514e-19,
      -1.561118019859767e-17,  -1.5068331020551784e-17, 1.5716943815562158e-18, 1.55539870420094e-18,
      -5.918459848129415e-20,  2.71691602038273e-17,    -6.672584397676968e-18, 2.098179600458306e-18,
      -3.4030459904449356e-18, -2.4637790251767443e-17, -6.173775219821795e-19, -6.302354304316678e-18,
      3.2051665461021856e-18,  -7.195152808990792e-21,  8.638007821401913e-19,  -6.3235158433261986e-18,
      1.7036400926609164e-18,  -2.6478688022951465e-18, 2.3815024694267182e-17, -8.314819587895112e-18,
      3.021983908099415e-17,   -3.040022801303737e-18,  -2.581273131101288e-19, -4.58600037417712e-19};
  static const double fourth[32] = {
      1.6107127853188224e-49, 6.917958736193411e-40,   1.9393725863592423e-37,  7.49844027580389e-35,
      -4.409950693639701e-35, 8.532979878662327e-34,   2.162981763785942e-36,   -1.2853918013830873e-35,
      3.0251638830270645e-34, -4.0090031461978995e-34, -6.677128753021848e-35,  4.0593295121245543e-35,
      3.399860397628607e-36,  -6.859988001438987e-34,  -9.760945128894662e-35,  -3.1428272666860984e-35,
      -1.489921122387291e-34, 8.4225269935799e-34,     3.026640780767365e-35,   1.1435170039797679e-34,
      -7.81940772565019e-35,  -3.4279848075403856e-37, -1.4201656791519197e-35, -2.897853492980069e-34,
      7.309546151776133e-36,  4.7697501336629853e-35,  -1.6417372469441525e-35, -5.207463049859117e-35,
      1.144635385947028e-33,  -1.489835048940438e-34,  1.4230598688455782e-35,  -2.430592223762577e-35};
  const double whole = 6755399441055744.0;
  const uint64_t k = (((mdl_bits(size) >> 52) + 1) >> 5) & 31;            /* size is below 2^(32 k + 32) */
  const double y = size * mdl_of_bits((UINT64_C(1023) - (k << 5)) << 52); /* y and its last bit: 2^-52 or more */
  /* The turns are a + b + c + d, with what rounding took from each; sums with 0 keep products from contraction. */
  const double a = mdl_fma(y, first[k], 0.0), a_low = mdl_product_rest(mdl_level, y, first[k], a);
  const double b = mdl_fma(y, second[k], 0.0), b_low = mdl_product_rest(mdl_level, y, second[k], b);
  const double c = mdl_fma(y, third[k], 0.0), c_low = mdl_product_rest(mdl_level, y, third[k], c);
  const double d = mdl_fma(y, fourth[k], c_low);
  /* modulo 4; a may be as large as 2^86 */
  const double a_left = a - 4.0 * ((0.25 * a + 4503599627370496.0) - 4503599627370496.0);
  const double a_low_left = a_low - 4.0 * ((0.25 * a_low + whole) - whole);
  const double b_left = b - 4.0 * ((0.25 * b + whole) - whole);
  const mdl_pair e = mdl_sum(a_left, a_low_left), f = mdl_sum(e.high, b_left);
  const double shifted = f.high + whole, part = f.high - (shifted - whole);
  const mdl_pair g = mdl_sum(b_low, c), h = mdl_sum(e.low, f.low), i = mdl_sum(h.high, g.high);
  const mdl_pair j = mdl_sum(part, i.high);
  const mdl_pair turns = mdl_sum(j.high, j.low + (i.low + (h.low + (g.low + d))));
  const double r = mdl_fma(turns.high, 1.5707963267948966, 0.0);
  const double rest = mdl_product_rest(mdl_level, turns.high, 1.5707963267948966, r);
  const double low = mdl_fma(turns.high, 6.123233995736766e-17, mdl_fma(turns.low, 1.5707963267948966, rest));
  mdl_turn t;
  t.r = r;
  t.low = low;
  t.quarter = mdl_bits(shifted);
  return t;
}

/* Of |x|. */
MDL_INLINE mdl_turn mdl_turn_of(const int mdl_level, double x) {
  const double size = fabs(x);
  const int is_near = size < 4294967296.0;
  mdl_turn near, far;
  if (mdl_is_called(mdl_level)) return is_near ? mdl_turn_near(mdl_level, size) : mdl_turn_far(mdl_level, size);
  near = mdl_turn_near(mdl_level, size);
  far = mdl_turn_far(mdl_level, size);
  far.r = mdl_choose(is_near, near.r, far.r);
  far.low = mdl_choose(is_near, near.low, far.low);
  far.quarter = is_near ? near.quarter : far.quarter;
  return far;
}

/* sin(r + low) = r + the result, |r| <= pi / 4 */
MDL_INLINE double mdl_sin_rest(const int mdl_level, double r, double low) {
  const double z = r * r, square = z * z; /* pairs of terms first: what waits for it waits less */
  double p;
  p = mdl_fma(1.5919171017121565e-10, z, -2.5051149948173427e-08);
  p = mdl_fma(p, square, mdl_fma(2.7557316216860518e-06, z, -0.0001984126983707408));
  p = mdl_fma(p, square, mdl_fma(0.008333333333331304, z, -0.16666666666666666));
  return mdl_fma(r * z, p, mdl_fma(-0.5 * z, low, low));
}

/* cos(r + low) */
MDL_INLINE mdl_pair mdl_cos_parts(const int mdl_level, double r, double low) {
  const double z = r * r, square = z * z, half = 0.5 * r;
  double p;
  mdl_pair c;
  p = mdl_fma(-1.138148195321782e-11, z, 2.087612699618759e-09);
  p = mdl_fma(p, square, mdl_fma(-2.7557317154344415e-07, z, 2.480158729845291e-05));
  p = mdl_fma(p, square, mdl_fma(-0.0013888888888887057, z, 0.041666666666666664));
  c.high = mdl_fma(-half, r, 1.0);
  c.low = mdl_fma(square, p, mdl_fma(-r, low, mdl_cancel(mdl_level, -half, r, 1.0 - c.high)));
  return c;
}

/* Of that many quarters more, and with the sign of `sign`. */
MDL_INLINE double mdl_sin_or_cos(const int mdl_level, mdl_turn t, uint64_t more, double sign) {
  const uint64_t quarter = t.quarter + more, odd = quarter & 1;
  const uint64_t negative = ((quarter & 2) << 62) ^ (mdl_bits(sign) & UINT64_C(0x8000000000000000));
  double sine, cosine;
  if (mdl_is_called(mdl_level)) { /* one of both, and a sign that is ready before */
    const double by = mdl_of_bits(UINT64_C(0x3ff0000000000000) | negative);
    if (odd) {
      const mdl_pair c = mdl_cos_parts(mdl_level, t.r, t.low);
      return by * (c.high + c.low);
    }
    return by * (t.r + mdl_sin_rest(mdl_level, t.r, t.low));
  }
  {
    const mdl_pair c = mdl_cos_parts(mdl_level, t.r, t.low);
    const uint64_t swap = 0 - odd;
    sine = t.r + mdl_sin_rest(mdl_level, t.r, t.low), cosine = c.high + c.low;
    return mdl_of_bits(((mdl_bits(cosine) & swap) | (mdl_bits(sine) & ~swap)) ^ negative);
  }
}

MDL_INLINE double mdl_sin_at(const int mdl_level, double x) {
  return mdl_sin_or_cos(mdl_level, mdl_turn_of(mdl_level, x), 0, x);
}

MDL_INLINE double mdl_cos_at(const int mdl_level, double x) {
  return mdl_sin_or_cos(mdl_level, mdl_turn_of(mdl_level, x), 1, 1.0);
}

MDL_INLINE double mdl_tan_at(const int mdl_level, double x) {
  const mdl_turn t = mdl_turn_of(mdl_level, x);
  const mdl_pair c = mdl_cos_parts(mdl_level, t.r, t.low);
  const mdl_pair s = mdl_quick_sum(t.r, mdl_sin_rest(mdl_level, t.r, t.low)), d = mdl_quick_sum(c.high, c.low);
  const int swap = (int)(t.quarter & 1);
  const double above = mdl_choose(swap, -d.high, s.high), above_low = mdl_choose(swap, -d.low, s.low);
  const double below = mdl_choose(swap, s.high, d.high), below_low = mdl_choose(swap, s.low, d.low);
  const double q = above / below;
  const double rest = mdl_fma(-q, below_low, mdl_cancel(mdl_level, -q, below, above)) + above_low;
  const double y = q + rest / below;
  return mdl_choose(fabs(x) < 1e-150, x, mdl_of_bits(mdl_bits(y) ^ (mdl_bits(x) & UINT64_C(0x8000000000000000))));
}

#endif
