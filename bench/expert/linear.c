/* linear.c - with r = x w + b - y:  loss = mean(r^2),  d w = mean(2 r x),  d b = mean(2 r). */
#include <stdint.h>

struct row {
  const double *y;
};

static inline double slope(const struct row *row, int64_t i, double linear, double *loss, double *grown) {
  const double r = linear - row->y[i];
  (void)grown;
  *loss += r * r;
  return r;
}

#include "regression.h"

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return 0;
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  (void)work;
  const int64_t d = dims[0], n = dims[1];
  const struct row row = {data[1]};
  const double loss = regression(n, d, data[0], &row, params, params[d], grad, grad + d);
  for (int64_t j = 0; j <= d; j++) grad[j] *= 2 / (double)n;
  return loss / (double)n;
}
