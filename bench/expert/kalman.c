/* kalman.c - the state is m = (m0, m1) and P = (a, b; b, c).  With S = move P moveᵀ + shaken, r = y - m0 - m1, V = S00 + noise:
 *   m' = move m + r (S00, S01) / V,   P' = S - (S00, S01)(S00, S01)ᵀ / V,   loss = mean((r^2 / V + log V) / 2) + log(2 pi) / 2.
 * Forward keeps S00, S01, 1 / V and r of each step; what goes back is written out by hand. */
#include "kalman.h"

#include "expert.h"

enum { KEPT = 4 };

size_t expert_work(const int64_t *dims) {
  return (size_t)dims[0] * KEPT * sizeof(double);
}

static double filter(int64_t T, const double *y, double level, double slope, double noise, double *restrict kept) {
  double m0 = y[0], m1 = 0, a = 10, b = 0, c = 10, squares = 0;
  struct logarithms variances = {1, 0};
  for (int64_t t = 0; t < T; t++, kept += KEPT) {
    const double S00 = a + 2 * b + c + level, S01 = b + c, S11 = c + slope;
    const double V = S00 + noise, inverse = 1 / V, r = y[t] - m0 - m1;
    kept[0] = S00;
    kept[1] = S01;
    kept[2] = inverse;
    kept[3] = r;
    squares += r * r * inverse;
    take(&variances, V);
    m0 += m1 + S00 * inverse * r;
    m1 += S01 * inverse * r;
    a = S00 * noise * inverse;
    b = S01 * noise * inverse;
    c = S11 - S01 * S01 * inverse;
  }
  return (squares + taken(&variances)) / 2;
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  const int64_t T = dims[0];
  const double level = exp(params[kalman_at_log_level]), slope = exp(params[kalman_at_log_slope]);
  const double noise = exp(params[kalman_at_log_noise]), share = 1 / (double)T;
  const double loss = filter(T, data[0], level, slope, noise, work) * share;
  const double *kept = (const double *)work + T * KEPT;
  double dm0 = 0, dm1 = 0, da = 0, db = 0, dc = 0, d_level = 0, d_slope = 0, d_noise = 0;
  for (int64_t t = T; t-- > 0;) {
    kept -= KEPT;
    const double S00 = kept[0], S01 = kept[1], inverse = kept[2], r = kept[3], g0 = S00 * inverse, g1 = S01 * inverse;
    const double dr = share * r * inverse + dm0 * g0 + dm1 * g1, dg0 = dm0 * r, dg1 = dm1 * r;
    const double d_inverse = dg0 * S00 + dg1 * S01 - S00 * (da * S00 + db * S01) - dc * S01 * S01;
    const double dV = inverse * (share / 2 * (1 - r * r * inverse) - inverse * d_inverse);
    const double dS00 = dg0 * inverse + da * (1 - 2 * g0) - db * g1 + dV,
                 dS01 = dg1 * inverse + db * (1 - g0) - 2 * dc * g1;
    d_noise += dV;
    d_level += dS00;
    d_slope += dc;
    dm0 -= dr;
    dm1 += dm0;
    da = dS00;
    db = 2 * dS00 + dS01;
    dc += dS00 + dS01;
  }
  grad[kalman_at_log_level] = d_level * level;
  grad[kalman_at_log_slope] = d_slope * slope;
  grad[kalman_at_log_noise] = d_noise * noise;
  return loss + 0.91893853320467274178;
}
