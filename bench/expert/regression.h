/* regression.h - one pass over the rows of x[n, d]: `slope` turns a row's linear part into its derivative and adds to the loss.
 *
 * Define before: struct row, and
 *   static inline double slope(const struct row *row, int64_t i, double linear, double *loss, double *grown);
 * The loss also has the logarithms of rows' factors 1 + e: with `grown` the product of so many minus one, kept so that small e lose
 * nothing, one log1p serves several rows. */
#ifndef REGRESSION_H
#define REGRESSION_H

#include "expert.h"

enum { FEW = 8, BLOCK = 4 };

/* d_w[j] = sum of slope x[i, j], d_b = sum of slope.  For few features, LANES rows at a time: sums of different rows do not wait for
 * one another; inlined with d constant, so that the loops over it unroll. */
INLINE double few(int64_t n, int64_t d, const double *restrict x, const struct row *row, const double *restrict w,
                  double b, double *restrict d_w, double *d_b) {
  double loss[LANES] = {0}, sum[LANES] = {0}, lane[FEW][LANES] = {{0}}, logarithms = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    double linear[LANES], down[LANES], grown = 0;
    for (int l = 0; l < LANES; l++) {
      linear[l] = b;
      for (int64_t j = 0; j < d; j++) linear[l] += x[(i + l) * d + j] * w[j];
    }
    for (int l = 0; l < LANES; l++) down[l] = slope(row, i + l, linear[l], &loss[l], &grown);
    for (int64_t j = 0; j < d; j++)
      for (int l = 0; l < LANES; l++) lane[j][l] += down[l] * x[(i + l) * d + j];
    for (int l = 0; l < LANES; l++) sum[l] += down[l];
    logarithms += log1p(grown);
  }
  for (; i < n; i++) {
    double linear = b, grown = 0;
    for (int64_t j = 0; j < d; j++) linear += x[i * d + j] * w[j];
    const double down = slope(row, i, linear, &loss[0], &grown);
    for (int64_t j = 0; j < d; j++) lane[j][0] += down * x[i * d + j];
    sum[0] += down;
    logarithms += log1p(grown);
  }
  for (int64_t j = 0; j < d; j++) d_w[j] = lanes_sum(lane[j]);
  *d_b = lanes_sum(sum);
  return lanes_sum(loss) + logarithms;
}

/* For many, BLOCK rows at a time, so that d_w is read once for all of them. */
static double many(int64_t n, int64_t d, const double *restrict x, const struct row *row, const double *restrict w,
                   double b, double *restrict d_w, double *d_b) {
  double loss = 0, sum = 0;
  int64_t i = 0;
  for (int64_t j = 0; j < d; j++) d_w[j] = 0;
  for (; i + BLOCK <= n; i += BLOCK) {
    const double *x0 = x + i * d, *x1 = x0 + d, *x2 = x1 + d, *x3 = x2 + d;
    double down[BLOCK], grown = 0;
    for (int r = 0; r < BLOCK; r++) sum += down[r] = slope(row, i + r, b + dot(d, x0 + r * d, w), &loss, &grown);
    for (int64_t j = 0; j < d; j++) d_w[j] += (down[0] * x0[j] + down[1] * x1[j]) + (down[2] * x2[j] + down[3] * x3[j]);
    loss += log1p(grown);
  }
  for (; i < n; i++) {
    const double *xi = x + i * d;
    double grown = 0;
    const double down = slope(row, i, b + dot(d, xi, w), &loss, &grown);
    for (int64_t j = 0; j < d; j++) d_w[j] += down * xi[j];
    sum += down;
    loss += log1p(grown);
  }
  *d_b = sum;
  return loss;
}

static double regression(int64_t n, int64_t d, const double *x, const struct row *row, const double *w, double b,
                         double *d_w, double *d_b) {
  switch (d) {
  case 1: return few(n, 1, x, row, w, b, d_w, d_b);
  case 2: return few(n, 2, x, row, w, b, d_w, d_b);
  case 3: return few(n, 3, x, row, w, b, d_w, d_b);
  case 4: return few(n, 4, x, row, w, b, d_w, d_b);
  case 5: return few(n, 5, x, row, w, b, d_w, d_b);
  case 6: return few(n, 6, x, row, w, b, d_w, d_b);
  case 7: return few(n, 7, x, row, w, b, d_w, d_b);
  case 8: return few(n, 8, x, row, w, b, d_w, d_b);
  default: return many(n, d, x, row, w, b, d_w, d_b);
  }
}

#endif
