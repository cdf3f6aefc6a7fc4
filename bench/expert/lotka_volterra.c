/* lotka_volterra.c - Runge and Kutta's steps forward, of which each keeps the state that it starts from; back through a step, its four
 * stages are found again, and with J the field's Jacobian at a stage and l what comes from behind:
 *   k4 = h/6 l,  k3 = h/3 l + h Jᵀ k4,  k2 = h/3 l + h/2 Jᵀ k3,  k1 = h/6 l + h/2 Jᵀ k2,  l += Jᵀ k1 + Jᵀ k2 + Jᵀ k3 + Jᵀ k4. */
#include "lotka_volterra.h"

#include "expert.h"

enum { STEPS = lotka_volterra_dim_steps };
static const double h = 1.0 / STEPS;

struct pair {
  double x, y;
};

size_t expert_work(const int64_t *dims) {
  return (size_t)(dims[0] * STEPS + 1) * sizeof(struct pair);
}

INLINE struct pair field(const double *rate, struct pair z) {
  return (struct pair){z.x * (rate[0] - rate[1] * z.y), z.y * (rate[3] * z.x - rate[2])};
}

INLINE struct pair moved(struct pair z, double by, struct pair k) {
  return (struct pair){z.x + by * k.x, z.y + by * k.y};
}

/* Jᵀ k, and what the rates receive. */
INLINE struct pair back(const double *rate, struct pair z, struct pair k, double *d_rate) {
  const double xy = z.x * z.y;
  d_rate[0] += k.x * z.x;
  d_rate[1] -= k.x * xy;
  d_rate[2] -= k.y * z.y;
  d_rate[3] += k.y * xy;
  return (struct pair){k.x * (rate[0] - rate[1] * z.y) + k.y * rate[3] * z.y,
                       k.y * (rate[3] * z.x - rate[2]) - k.x * rate[1] * z.x};
}

INLINE struct pair step(const double *rate, struct pair z) {
  const struct pair k1 = field(rate, z), k2 = field(rate, moved(z, h / 2, k1));
  const struct pair k3 = field(rate, moved(z, h / 2, k2)), k4 = field(rate, moved(z, h, k3));
  return (struct pair){z.x + h / 6 * (k1.x + 2 * (k2.x + k3.x) + k4.x),
                       z.y + h / 6 * (k1.y + 2 * (k2.y + k3.y) + k4.y)};
}

INLINE struct pair step_back(const double *rate, struct pair z, struct pair l, double *d_rate) {
  const struct pair a = moved(z, h / 2, field(rate, z)), b = moved(z, h / 2, field(rate, a)),
                    c = moved(z, h, field(rate, b));
  const struct pair sixth = {h / 6 * l.x, h / 6 * l.y}, third = {h / 3 * l.x, h / 3 * l.y};
  const struct pair dc = back(rate, c, sixth, d_rate), db = back(rate, b, moved(third, h, dc), d_rate);
  const struct pair da = back(rate, a, moved(third, h / 2, db), d_rate);
  const struct pair dz = back(rate, z, moved(sixth, h / 2, da), d_rate);
  return (struct pair){l.x + dz.x + da.x + db.x + dc.x, l.y + dz.y + da.y + db.y + dc.y};
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  const int64_t T = dims[0];
  const double *seen = data[0], *rate = params + lotka_volterra_at_rate, *start = params + lotka_volterra_at_start;
  const double share = 1 / (double)(2 * T);
  struct pair *path = work, z = {start[0], start[1]}, l = {0, 0};
  double loss = 0, d_rate[4] = {0};
  for (int64_t k = 0; k < T * STEPS; k++) {
    path[k] = z;
    z = step(rate, z);
  }
  path[T * STEPS] = z;
  for (int64_t t = T; t-- > 0;) {
    const struct pair at = path[(t + 1) * STEPS];
    const double x = log(at.x / seen[2 * t]), y = log(at.y / seen[2 * t + 1]);
    loss += x * x + y * y;
    l.x += 2 * share * x / at.x;
    l.y += 2 * share * y / at.y;
    for (int s = STEPS; s-- > 0;) l = step_back(rate, path[t * STEPS + s], l, d_rate);
  }
  memcpy(grad + lotka_volterra_at_rate, d_rate, sizeof d_rate);
  grad[lotka_volterra_at_start] = l.x;
  grad[lotka_volterra_at_start + 1] = l.y;
  return share * loss;
}
