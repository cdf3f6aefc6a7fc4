/* mdl/math/factorial.h - the logarithm of n!: below 32 from a table, which counts seldom leave, then Stirling's series, of
 * which four terms are enough there (the next is below 1e-17 of the result).
 */
#ifndef MDL_MATH_FACTORIAL_H
#define MDL_MATH_FACTORIAL_H

#include "mdl/math/log.h"

static const double mdl_log_factorials[32] = {
    0.0, 0.0, 0.6931471805599453, 1.791759469228055, 3.1780538303479458, 4.787491742782046, 6.579251212010101,
    8.525161361065415, 10.60460290274525, 12.801827480081469, 15.104412573075516, 17.502307845873887,
    19.987214495661885, 22.552163853123425, 25.19122118273868, 27.89927138384089, 30.671860106080672,
    33.50507345013689, 36.39544520803305, 39.339884187199495, 42.335616460753485, 45.38013889847691,
    48.47118135183523, 51.60667556776438, 54.78472939811232, 58.00360522298052, 61.261701761002, 64.55753862700634,
    67.88974313718154, 71.25703896716801, 74.65823634883016, 78.0922235533153};

#define mdl_log_factorialf_at(level, n) ((float)mdl_log_factorial_at(level, n))
/* +inf for n < 0, as lgamma(n + 1) is */
MDL_INLINE double mdl_log_factorial_at(const int mdl_level, int64_t n) {
  const double next = mdl_real_at(mdl_level, n) + 1.0, x = mdl_select(next > 32.0, next, 33.0); /* of gamma */
  const double inverse = 1.0 / x, w = inverse * inverse;
  const mdl_pair l = mdl_log_sum(mdl_level, x);
  const double m = x - 0.5, less = l.high - 1.0, product = m * less;
  double p;
  p = -0.0005952380952380953;
  p = mdl_fma(p, w, 0.0007936507936507937);
  p = mdl_fma(p, w, -0.002777777777777778);
  p = mdl_fma(p, w, 0.08333333333333333);
  p = mdl_fma(p, inverse, 0.4189385332046727);
  p = mdl_fma(m, l.low, p) + mdl_product_rest(mdl_level, m, less, product);
  return mdl_select(next > 0.0, mdl_select(next > 32.0, product + p, mdl_log_factorials[n & 31]), HUGE_VAL);
}

#endif
