/* control.c - forward keeps the cosine of each step's angle, which is all that goes back needs: with (p, v) what comes from behind by
 * angle and rate,  v += dt p,  d u = dt v + its own part,  p -= dt cos(angle) v. */
#include "control.h"

#include "expert.h"

enum { T = control_dim_T };
static const double dt = 0.05, bound = 2, weight = 100;

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return T * sizeof(double);
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  (void)dims;
  const double *start = data[0], *goal = data[1], *u = params + control_at_u;
  double *cosine = work, *d_u = grad + control_at_u;
  double angle = start[0], rate = start[1], effort = 0, beyond = 0;
  for (int t = 0; t < T; t++) {
    cosine[t] = cos(angle);
    rate += dt * (u[t] - sin(angle));
    angle += dt * rate;
    const double size = fabs(u[t]), over = size > bound ? size - bound : 0;
    effort += u[t] * u[t];
    beyond += over * over;
    d_u[t] = 2 * dt * (u[t] + (u[t] > 0 ? weight : -weight) * over);
  }
  const double angle_off = angle - goal[0], rate_off = rate - goal[1];
  double p = 2 * weight * angle_off, v = 2 * weight * rate_off;
  for (int t = T; t-- > 0;) {
    v += dt * p;
    d_u[t] += dt * v;
    p -= dt * cosine[t] * v;
  }
  return dt * effort + weight * (angle_off * angle_off + rate_off * rate_off) + weight * dt * beyond;
}
