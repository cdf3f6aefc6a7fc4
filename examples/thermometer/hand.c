/* hand.c - with r = w * t_un + b - t_c:  d loss / d w = mean(2 r t_un),  d loss / d b = mean(2 r). */
#include "hand.h"

double hand_value_and_grad(size_t n, const double *t_u, const double *t_c, const double *params, double *grad) {
  const double w = params[0], b = params[1];
  double sum = 0, sum_w = 0, sum_b = 0;
  for (size_t i = 0; i < n; i++) {
    const double t_un = 0.1 * t_u[i];
    const double r = w * t_un + b - t_c[i];
    sum += r * r;
    sum_w += 2 * r * t_un;
    sum_b += 2 * r;
  }
  grad[0] = sum_w / (double)n;
  grad[1] = sum_b / (double)n;
  return sum / (double)n;
}
