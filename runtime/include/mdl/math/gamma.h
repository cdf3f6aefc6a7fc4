/* mdl/math/gamma.h - lgamma, the logarithm of |gamma|, and its derivatives digamma and trigamma.
 *
 * Between 1 and 2 a polynomial, times what is 0 there: x - 1 and x - 2, or the distance from digamma's zero.  Below 1 and
 * up to 3 one step of the recurrence, from 3 on Stirling's series, fitted.  Negative x are reflected: the function at
 * 1 - x and one of sin(pi x).  Near zeros at negative x, errors are small beside the terms that cancel there.
 */
#ifndef MDL_MATH_GAMMA_H
#define MDL_MATH_GAMMA_H

#include "mdl/math/log.h"

typedef struct mdl_gamma_place {
  double y;    /* |x| */
  double step; /* y + step is from 1 to 2, where y is below 3; 1, 0 or -1 */
  int negative, far;
} mdl_gamma_place;

MDL_INLINE mdl_gamma_place mdl_gamma_place_of(double x) {
  mdl_gamma_place g;
  g.negative = x < 0.0;
  g.y = mdl_select(g.negative, -x, x);
  g.step = mdl_select(g.y < 2.0, mdl_select(g.y < 1.0, 1.0, 0.0), -1.0);
  g.far = g.y >= 3.0;
  return g;
}

/* sin(pi y) and cos(pi y) up to the sign, from the distance r between y and a whole number, or u from there to a half. */
typedef struct mdl_half_turns {
  double r, sine, cosine; /* of u, the sine divided by pi, with r's sign */
  int small;              /* r is u */
} mdl_half_turns;

MDL_INLINE mdl_half_turns mdl_half_turns_of(const int mdl_level, double y) {
  const double whole = (y + 4503599627370496.0) - 4503599627370496.0;
  mdl_half_turns h;
  double p, u, z;
  h.r = y - mdl_select(y < 4503599627370496.0, whole, y);
  h.small = fabs(h.r) <= 0.25;
  u = mdl_select(h.small, h.r, mdl_with_sign(0.5 - fabs(h.r), h.r));
  z = u * u;
  p = 0.00014692141705566336;
  p = mdl_fma(p, z, -0.0023459531844916676);
  p = mdl_fma(p, z, 0.026147842474564094);
  p = mdl_fma(p, z, -0.1907518240090281);
  p = mdl_fma(p, z, 0.8117424252822519);
  p = mdl_fma(p, z, -1.6449340668482229);
  h.sine = mdl_fma(u * z, p, u);
  p = -0.00010298031400556022;
  p = mdl_fma(p, z, 0.0019293401710401884);
  p = mdl_fma(p, z, -0.02580687517466392);
  p = mdl_fma(p, z, 0.23533062976210287);
  p = mdl_fma(p, z, -1.3352627688430896);
  p = mdl_fma(p, z, 4.058712126416665);
  p = mdl_fma(p, z, -4.934802200544679);
  h.cosine = mdl_fma(z, p, 1.0);
  return h;
}

#define mdl_lgammaf_at(level, x) ((float)mdl_lgamma_at(level, (double)(x)))
/* log |gamma(x)|; +inf at 0, -1, -2, ... */
MDL_INLINE double mdl_lgamma_at(const int mdl_level, double x) {
  const mdl_gamma_place g = mdl_gamma_place_of(x);
  const mdl_half_turns h = mdl_half_turns_of(mdl_level, g.y);
  const double y = mdl_select(g.y < 1e306, g.y, 1e306), inverse = 1.0 / mdl_select(g.far, y, 3.0),
               w = inverse * inverse;
  /* The factor between gamma at 1 to 2 and, if x is negative, at 1 + y, else at y, or its inverse. */
  const double first = mdl_select(g.step < 0.0, y - 1.0, 1.0), step_up = mdl_select(g.negative, 1.0, y);
  const double factor = mdl_select(g.step > 0.0, step_up, first * mdl_select(g.negative, y, 1.0));
  const mdl_pair l = mdl_log_sum(mdl_level, mdl_select(g.far, y, factor));
  const double half = mdl_select(g.negative, 0.5, -0.5), m = y + half, less = l.high - 1.0, product = m * less;
  const double near_y = mdl_select(g.far, 1.5, y), step = mdl_select(g.far, 0.0, g.step);
  const double t = near_y - (1.5 - step), a = near_y - (1.0 - step), b = near_y - (2.0 - step), ab = a * b;
  const double sign = mdl_select(g.step > 0.0, -1.0, 1.0);
  double p, near, far, value, sine;
  mdl_pair s;
  p = 0.1813623925308271;
  p = mdl_fma(p, w, -0.15841066920594984);
  p = mdl_fma(p, w, 0.06862474704639404);
  p = mdl_fma(p, w, -0.021152241834341022);
  p = mdl_fma(p, w, 0.005921594239395127);
  p = mdl_fma(p, w, -0.0018968425166454837);
  p = mdl_fma(p, w, 0.0008411426701802484);
  p = mdl_fma(p, w, -0.0005952263402143591);
  p = mdl_fma(p, w, 0.0007936506562021432);
  p = mdl_fma(p, w, -0.0027777777769394892);
  p = mdl_fma(p, w, 0.08333333333333144);
  p = mdl_fma(p, inverse, mdl_select(g.negative, 1.4189385332046727, 0.4189385332046727));
  p = mdl_fma(m, l.low, p) + mdl_select(y < 1e290, mdl_product_rest(mdl_level, m, less, product), 0.0);
  far = product + p;
  p = 5.13468657251618e-06;
  p = mdl_fma(p, t, -7.914686454368425e-06);
  p = mdl_fma(p, t, 5.085308581196165e-06);
  p = mdl_fma(p, t, -8.158795595691953e-06);
  p = mdl_fma(p, t, 1.737077825144407e-05);
  p = mdl_fma(p, t, -2.7308255475108865e-05);
  p = mdl_fma(p, t, 4.1625202059630816e-05);
  p = mdl_fma(p, t, -6.610922751177396e-05);
  p = mdl_fma(p, t, 0.00010564689817585942);
  p = mdl_fma(p, t, -0.00016892369189942357);
  p = mdl_fma(p, t, 0.0002712747595087744);
  p = mdl_fma(p, t, -0.0004379924097948218);
  p = mdl_fma(p, t, 0.0007115224101832597);
  p = mdl_fma(p, t, -0.0011644146305228862);
  p = mdl_fma(p, t, 0.001922916134193878);
  p = mdl_fma(p, t, -0.0032120740719281116);
  p = mdl_fma(p, t, 0.005446457844688306);
  p = mdl_fma(p, t, -0.009425622448559082);
  p = mdl_fma(p, t, 0.01679709863118542);
  p = mdl_fma(p, t, -0.03130848750101049);
  p = mdl_fma(p, t, 0.06291140107456494);
  p = mdl_fma(p, t, -0.14595989591430608);
  p = mdl_fma(p, t, 1.6718818997178506e-17);
  p = mdl_fma(ab, p, 0.4831289505409809 * mdl_product_rest(mdl_level, a, b, ab));
  near = mdl_fma(ab, 0.4831289505409809, mdl_fma(sign, l.low, p));
  near = mdl_fma(sign, l.high, near);
  value = mdl_select(g.far, mdl_select(product < HUGE_VAL, far, product), near);
  sine = mdl_select(h.small, fabs(h.sine), h.cosine * 0.3183098861837907);
  s = mdl_log_sum(mdl_level, mdl_select(g.negative, sine, 1.0));
  value = mdl_select(g.negative, -((s.high + value) + s.low), value);
  value = mdl_select((x == 0.0) | (g.negative & (h.r == 0.0)), HUGE_VAL, value);
  return mdl_select(fabs(x) < HUGE_VAL, value, x * x);
}

#define mdl_digammaf_at(level, x) ((float)mdl_digamma_at(level, (double)(x)))
/* The derivative of lgamma; not a number at -1, -2, ..., and -inf at 0 (+inf at -0). */
MDL_INLINE double mdl_digamma_at(const int mdl_level, double x) {
  const mdl_gamma_place g = mdl_gamma_place_of(x);
  const mdl_half_turns h = mdl_half_turns_of(mdl_level, g.y);
  const double y = g.y, inverse = 1.0 / mdl_select(g.far, y, 3.0), w = inverse * inverse;
  const mdl_pair l = mdl_log_sum(mdl_level, mdl_select(g.far & (y < HUGE_VAL), y, 3.0));
  const double near_y = mdl_select(g.far, 1.5, y), step = mdl_select(g.far, 0.0, g.step);
  const double t = near_y - (1.5 - step), d = near_y - (1.4616321449683616 - step), e = d - 7.616337690747509e-16;
  /* The recurrence adds -1 / y or 1 / (y - 1), to digamma at 1 + y nothing, 1 / y or 1 / (y - 1) + 1 / y. */
  const double back = mdl_select(step < 0.0, near_y - 1.0, 1.0), both = mdl_select(step < 0.0, near_y + back, 1.0);
  const double above = mdl_select(g.negative, mdl_select(g.far | (step > 0.0), 0.0, both), -step);
  const double below =
      mdl_select(step > 0.0, mdl_select(g.negative, 1.0, y), back * mdl_select(g.negative, near_y, 1.0));
  const double one = 1.0 / below, q = above * one;
  double p, rest, value, near, cotangent;
  p = -14.923257690061154;
  p = mdl_fma(p, w, 13.073502024697898);
  p = mdl_fma(p, w, -5.504844113336036);
  p = mdl_fma(p, w, 1.548343638197609);
  p = mdl_fma(p, w, -0.3537702842017934);
  p = mdl_fma(p, w, 0.07923646598005381);
  p = mdl_fma(p, w, -0.02095544016373134);
  p = mdl_fma(p, w, 0.007572540100377699);
  p = mdl_fma(p, w, -0.004166616996029111);
  p = mdl_fma(p, w, 0.003968253505286303);
  p = mdl_fma(p, w, -0.008333333331100297);
  p = mdl_fma(p, w, 0.08333333333332942);
  p = mdl_fma(w, p, mdl_select(g.negative, -0.5, 0.5) * inverse);
  value = l.high + (l.low - p);
  p = 0.00011419724292776362;
  p = mdl_fma(p, t, -0.00017990421450146156);
  p = mdl_fma(p, t, 0.00010231802278923573);
  p = mdl_fma(p, t, -0.00014260783581212497);
  p = mdl_fma(p, t, 0.00032088977197118867);
  p = mdl_fma(p, t, -0.0004871842244189568);
  p = mdl_fma(p, t, 0.0006918240235676805);
  p = mdl_fma(p, t, -0.0010360690058002105);
  p = mdl_fma(p, t, 0.0015632117806266596);
  p = mdl_fma(p, t, -0.002345570600601336);
  p = mdl_fma(p, t, 0.0035181235534305806);
  p = mdl_fma(p, t, -0.005279927854500156);
  p = mdl_fma(p, t, 0.007927020700394447);
  p = mdl_fma(p, t, -0.011908220841986719);
  p = mdl_fma(p, t, 0.01790724835715497);
  p = mdl_fma(p, t, -0.0269757966249369);
  p = mdl_fma(p, t, 0.04076083394012223);
  p = mdl_fma(p, t, -0.06192213327639542);
  p = mdl_fma(p, t, 0.0949887244528956);
  p = mdl_fma(p, t, -0.14840492305387018);
  p = mdl_fma(p, t, 0.24054248424078697);
  p = mdl_fma(p, t, -0.42362742128146064);
  p = mdl_fma(p, t, 4.330743078649653e-17);
  rest = mdl_select(fabs(q) < 1e100, mdl_cancel(mdl_level, -q, below, above) * one, 0.0);
  rest = mdl_fma((d - e) - 7.616337690747509e-16, 0.9510558760318328, rest);
  near = mdl_fma(e, 0.9510558760318328, mdl_fma(e, p, rest)) + q;
  value = mdl_select(g.far, mdl_select(y < HUGE_VAL, value, y), near);
  /* digamma(-y) = digamma(1 + y) + pi / tan(pi y) */
  cotangent = mdl_select(h.small, h.cosine, 9.869604401089358 * h.sine) / mdl_select(h.small, h.sine, h.cosine);
  value = mdl_select(g.negative, value + cotangent, value);
  return mdl_select(g.negative & (h.r == 0.0), NAN, value);
}

#define mdl_trigammaf_at(level, x) ((float)mdl_trigamma_at(level, (double)(x)))
/* The derivative of digamma; +inf at 0, -1, -2, ... */
MDL_INLINE double mdl_trigamma_at(const int mdl_level, double x) {
  const mdl_gamma_place g = mdl_gamma_place_of(x);
  const mdl_half_turns h = mdl_half_turns_of(mdl_level, g.y);
  const double y = g.y, inverse = 1.0 / mdl_select(y >= 1.0, y, 1.0), w = inverse * inverse;
  const double near_y = mdl_select(g.far, 1.5, y), step = mdl_select(g.far, 0.0, g.step), t = near_y - (1.5 - step);
  /* The recurrence adds 1 / y^2 or -1 / (y - 1)^2, to trigamma at 1 + y < 2 nothing. */
  const double sign = mdl_select(g.negative & (step > 0.0), 0.0, step);
  const double from = mdl_select(step > 0.0, y, near_y - 1.0), square = from * from;
  const double below = mdl_select(sign == 0.0, 1.0, square), one = 1.0 / below, q = sign * one;
  const mdl_pair sum = mdl_sum(q, 0.9348022005446793);
  double p, rest, value, sine, reflected;
  p = -10191.046932044163;
  p = mdl_fma(p, w, 9487.262747367842);
  p = mdl_fma(p, w, -4149.736089948805);
  p = mdl_fma(p, w, 1153.8441804750826);
  p = mdl_fma(p, w, -236.3964086286187);
  p = mdl_fma(p, w, 40.2446126707167);
  p = mdl_fma(p, w, -6.493403066417818);
  p = mdl_fma(p, w, 1.1479571472947645);
  p = mdl_fma(p, w, -0.25268335091409094);
  p = mdl_fma(p, w, 0.07575063344180286);
  p = mdl_fma(p, w, -0.03333325945759623);
  p = mdl_fma(p, w, 0.023809523337656447);
  p = mdl_fma(p, w, -0.03333333333179798);
  p = mdl_fma(p, w, 0.1666666666666649);
  p = mdl_fma(w * inverse, p, 0.5 * w);
  value = inverse + (p + mdl_select(y < 1e100, mdl_cancel(mdl_level, -inverse, y, 1.0) * inverse, 0.0));
  p = 0.0015915310026799667;
  p = mdl_fma(p, t, -0.0021284283376563997);
  p = mdl_fma(p, t, 0.0005418133322259245);
  p = mdl_fma(p, t, -0.0010095264385428446);
  p = mdl_fma(p, t, 0.0031968401114900887);
  p = mdl_fma(p, t, -0.004423677677271458);
  p = mdl_fma(p, t, 0.0055997293203556816);
  p = mdl_fma(p, t, -0.008008041767774435);
  p = mdl_fma(p, t, 0.011526063694481118);
  p = mdl_fma(p, t, -0.016262116402003358);
  p = mdl_fma(p, t, 0.02284021080830071);
  p = mdl_fma(p, t, -0.03198394857976883);
  p = mdl_fma(p, t, 0.044566801889705396);
  p = mdl_fma(p, t, -0.06174055234262154);
  p = mdl_fma(p, t, 0.08496878003929224);
  p = mdl_fma(p, t, -0.11604071630359653);
  p = mdl_fma(p, t, 0.15705320229113057);
  p = mdl_fma(p, t, -0.21030987334671236);
  p = mdl_fma(p, t, 0.2780808133218294);
  p = mdl_fma(p, t, -0.36214936501936495);
  p = mdl_fma(p, t, 0.4630645251015509);
  p = mdl_fma(p, t, -0.5790416377779203);
  p = mdl_fma(p, t, 0.7045455170012185);
  p = mdl_fma(p, t, -0.8287966442343199);
  rest = mdl_fma(-q, mdl_product_rest(mdl_level, from, from, square), mdl_cancel(mdl_level, -q, below, sign)) * one;
  p = mdl_fma(p, t, mdl_select(fabs(q) < 1e100, rest, 0.0) - 1.9802131950561375e-17);
  value = mdl_select(g.far, value, sum.high + mdl_select(fabs(q) < 1e100, sum.low + p, 0.0));
  /* trigamma(-y) = pi^2 / sin(pi y)^2 - trigamma(1 + y) */
  sine = mdl_select(h.small, h.sine, h.cosine), reflected = mdl_select(h.small, 1.0, 9.869604401089358) / (sine * sine);
  return mdl_select(g.negative, reflected - (value - mdl_select(y < 1.0, 0.0, w)), value);
}

#endif
