/* thermometer_scaled.c - with r = w (t_u / 10) + b - t_c:  loss = mean(r^2),  d w = mean(2 r t_u) / 10,  d b = mean(2 r). */
#include "expert.h"

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return 0;
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  (void)work;
  const int64_t n = dims[0];
  const double *t_u = data[0], *t_c = data[1];
  const double w = 0.1 * params[0], b = params[1];
  double squares[LANES] = {0}, along[LANES] = {0}, plain[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) {
      const double u = t_u[i + l], r = w * u + b - t_c[i + l];
      squares[l] += r * r;
      along[l] += r * u;
      plain[l] += r;
    }
  for (; i < n; i++) {
    const double u = t_u[i], r = w * u + b - t_c[i];
    squares[0] += r * r;
    along[0] += r * u;
    plain[0] += r;
  }
  const double scale = 1 / (double)n;
  grad[0] = 0.2 * scale * lanes_sum(along);
  grad[1] = 2 * scale * lanes_sum(plain);
  return scale * lanes_sum(squares);
}
