/* mdl/math/erf.h - erf, erfc: a polynomial in x^2 up to 1 (erfc: 0.46875); beyond it erfc(x) = exp(-x^2) P(q) / (x + 1/2)
 * with q = (x - a) / (x + a), which maps all x > 0 to an interval. */
#ifndef MDL_MATH_ERF_H
#define MDL_MATH_ERF_H

#include "mdl/math/exp.h"

/* |x| <= 1 */
MDL_INLINE double mdl_erf_near(const int mdl_level, double x) {
  const double z = x * x;
  double p;
  p = 1.4330060351471596e-10;
  p = mdl_fma(p, z, -1.6457211890113751e-09);
  p = mdl_fma(p, z, 1.6011406426278808e-08);
  p = mdl_fma(p, z, -1.655687915324752e-07);
  p = mdl_fma(p, z, 1.6481037352156913e-06);
  p = mdl_fma(p, z, -1.4926880265320655e-05);
  p = mdl_fma(p, z, 0.00012055386149941159);
  p = mdl_fma(p, z, -0.0008548328534799969);
  p = mdl_fma(p, z, 0.005223977652678838);
  p = mdl_fma(p, z, -0.02686617064803015);
  p = mdl_fma(p, z, 0.11283791670971095);
  p = mdl_fma(p, z, -0.376126389031841);
  p = mdl_fma(p, z, 0.1283791670955126);
  return mdl_fma(x, p, x);
}

/* erfc(x) for x > 0.46875 */
MDL_INLINE double mdl_erfc_far(const int mdl_level, double x) {
  const double y = mdl_select(x > 28.0, 28.0, x), d = y + 0.625, c = y + 4.0625, inverse = 1.0 / (c * d);
  const double q = mdl_fma(-8.125, d * inverse, 1.0), square = y * y;
  const double low = mdl_product_rest(mdl_level, y, y, square);
  const mdl_exp_parts e = mdl_exp_split(mdl_level, -square, -low);
  double p, high, rest, quotient;
  p = 1.6929906471857981e-09;
  p = mdl_fma(p, q, -3.095531923992458e-09);
  p = mdl_fma(p, q, -1.6941866095900466e-08);
  p = mdl_fma(p, q, 3.893655968076649e-08);
  p = mdl_fma(p, q, 9.953933308717306e-08);
  p = mdl_fma(p, q, -3.7782441973229277e-07);
  p = mdl_fma(p, q, -2.9601008643982536e-07);
  p = mdl_fma(p, q, 3.2603410401138837e-06);
  p = mdl_fma(p, q, -3.260570624864073e-06);
  p = mdl_fma(p, q, -1.9882556434422468e-05);
  p = mdl_fma(p, q, 7.6760197406185e-05);
  p = mdl_fma(p, q, -4.600475186913265e-05);
  p = mdl_fma(p, q, -0.0005718428860487077);
  p = mdl_fma(p, q, 0.002873623781337136);
  p = mdl_fma(p, q, -0.008352274278220377);
  p = mdl_fma(p, q, 0.017857850632642874);
  p = mdl_fma(p, q, -0.02981371501213554);
  p = mdl_fma(p, q, 0.03872952712988754);
  p = mdl_fma(p, q, -0.03568773906185669);
  p = mdl_fma(p, q, 0.011839249282575064);
  p = mdl_fma(p, q, 0.03611467444453204);
  p = mdl_fma(p, q, -0.10164249010656917);
  p = mdl_fma(p, q, -4.815380189960479e-18);
  high = 0.6328324006584876 + p;
  p -= high - 0.6328324006584876;
  quotient = high * (c * inverse); /* of the polynomial, high + p, and x + 5/8, nearly */
  rest = mdl_cancel(mdl_level, -quotient, d, high) + mdl_fma(-quotient, y - (d - 0.625), p);
  rest *= c * inverse;
  return mdl_scale_down(quotient + mdl_fma(quotient, e.r, mdl_fma(quotient, e.tail, rest)), e.shifted);
}

MDL_INLINE double mdl_erf_at(const int mdl_level, double x) {
  const double size = fabs(x), near = mdl_erf_near(mdl_level, mdl_select(size > 1.0, 1.0, x));
  return mdl_select(size > 1.0, mdl_with_sign(1.0 - mdl_erfc_far(mdl_level, size), x), near);
}

MDL_INLINE double mdl_erfc_at(const int mdl_level, double x) {
  const double size = fabs(x), near = mdl_erf_near(mdl_level, mdl_select(size > 0.46875, 0.46875, x));
  const double far = mdl_erfc_far(mdl_level, mdl_select(size < 0.46875, 0.46875, size));
  return mdl_select(size > 0.46875, mdl_select(x > 0.0, far, 2.0 - far), 1.0 - near);
}

#endif
