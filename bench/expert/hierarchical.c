/* hierarchical.c - for each group the sums of r and r x, r = y - line; with s the noise and lambda = 1 / s^2 they give what goes back
 * through intercept = centre_a + exp(log_width_a) a, and through the slope alike. */
#include "hierarchical.h"

#include "expert.h"

enum { GROUPS = hierarchical_dim_groups };

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return 0;
}

static double half_square(double x) {
  return x * x / 2;
}

/* From `down`, by each group's intercept or slope; returns the groups' part of the loss. */
static double spread(const double *down, const double *a, double centre, double log_width, double *d_a,
                     double *d_centre, double *d_log_width) {
  const double width = exp(log_width);
  double sum = 0, along = 0, loss = half_square(centre / 10) + half_square(log_width);
  for (int g = 0; g < GROUPS; g++) {
    d_a[g] = width * down[g] + a[g];
    sum += down[g];
    along += width * a[g] * down[g];
    loss += half_square(a[g]);
  }
  *d_centre = sum + centre / 100;
  *d_log_width = along + log_width;
  return loss;
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  (void)work;
  const int64_t n = dims[0];
  const int32_t *group = data[0];
  const double *x = data[1], *y = data[2], *a = params + hierarchical_at_a, *b = params + hierarchical_at_b;
  const double centre_a = params[hierarchical_at_centre_a], log_width_a = params[hierarchical_at_log_width_a];
  const double centre_b = params[hierarchical_at_centre_b], log_width_b = params[hierarchical_at_log_width_b];
  const double log_noise = params[hierarchical_at_log_noise], lambda = exp(-2 * log_noise);
  const double width_a = exp(log_width_a), width_b = exp(log_width_b);
  const double half_log_2_pi = 0.91893853320467274178, log_10 = 2.30258509299404568402;
  /* Even and odd readings apart, so that two in a row of one group need not wait for each other. */
  double line[GROUPS][2], down_a[2][GROUPS] = {{0}}, down_b[2][GROUPS] = {{0}}, squares[2] = {0};
  for (int g = 0; g < GROUPS; g++) {
    line[g][0] = centre_a + width_a * a[g];
    line[g][1] = centre_b + width_b * b[g];
  }
  for (int64_t i = 0; i < n; i++) {
    const int g = group[i], half = (int)(i & 1);
    const double r = y[i] - line[g][0] - line[g][1] * x[i];
    squares[half] += r * r;
    down_a[half][g] -= r;
    down_b[half][g] -= r * x[i];
  }
  const double total = lambda * (squares[0] + squares[1]);
  for (int g = 0; g < GROUPS; g++) {
    down_a[0][g] = lambda * (down_a[0][g] + down_a[1][g]);
    down_b[0][g] = lambda * (down_b[0][g] + down_b[1][g]);
  }
  double loss = total / 2 + (double)n * (log_noise + half_log_2_pi) + (2 * GROUPS + 4) * half_log_2_pi + 2 * log_10;
  grad[hierarchical_at_log_noise] = (double)n - total;
  loss += spread(down_a[0], a, centre_a, log_width_a, grad + hierarchical_at_a, grad + hierarchical_at_centre_a,
                 grad + hierarchical_at_log_width_a);
  loss += spread(down_b[0], b, centre_b, log_width_b, grad + hierarchical_at_b, grad + hierarchical_at_centre_b,
                 grad + hierarchical_at_log_width_b);
  return loss;
}
