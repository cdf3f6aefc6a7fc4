/* pinn.c - u = q N with q = x (1 - x), N = sum v t, t = tanh(W x + b), s = 1 - t^2:
 *   u'' = -2 N + 2 (1 - 2 x) N' + q N'',   N' = sum v W s,   N'' = -2 sum v W^2 t s.
 * With A, B, C the derivatives by N, N', N'':  d v = A t + B W s - 2 C W^2 t s,  d W = B v s - 4 C v W t s + x e,  d b = e,
 *   e = s v (A - 2 B W t - 2 C W^2 (1 - 3 t^2)).  The sines of the points come from turning by a constant angle. */
#include "pinn.h"

#include "expert.h"

enum { H = pinn_dim_h, POINTS = pinn_dim_points };
static const double pi = 3.14159265358979323846;

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return 0;
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  (void)dims, (void)data, (void)work;
  const double *restrict W = params + pinn_at_W, *restrict b = params + pinn_at_b, *restrict v = params + pinn_at_v;
  double d_W[H] = {0}, d_b[H] = {0}, d_v[H] = {0}, loss = 0;
  const double turn_cosine = cos(pi / POINTS), turn_sine = sin(pi / POINTS);
  double cosine = cos(pi / (2 * POINTS)), sine = sin(pi / (2 * POINTS));
  for (int i = 0; i < POINTS; i++) {
    const double x = (i + 0.5) / POINTS, q = x * (1 - x);
    double t[H], parts[3][H], N = 0, N1 = 0, N2 = 0;
    for (int k = 0; k < H; k++) t[k] = bend(W[k] * x + b[k]);
    for (int k = 0; k < H; k++) {
      const double down = v[k] * W[k] * (1 - t[k] * t[k]);
      parts[0][k] = v[k] * t[k];
      parts[1][k] = down;
      parts[2][k] = down * W[k] * t[k];
    }
    for (int k = 0; k < H; k++) {
      N += parts[0][k];
      N1 += parts[1][k];
      N2 -= 2 * parts[2][k];
    }
    const double r = -2 * N + 2 * (1 - 2 * x) * N1 + q * N2 + pi * pi * sine;
    const double A = -4 * r / POINTS, B = 4 * (1 - 2 * x) * r / POINTS, C = 2 * q * r / POINTS;
    loss += r * r;
    for (int k = 0; k < H; k++) {
      const double s = 1 - t[k] * t[k], Wt = W[k] * t[k];
      const double e = s * v[k] * (A - 2 * B * Wt - 2 * C * W[k] * W[k] * (3 * s - 2));
      d_v[k] += A * t[k] + W[k] * s * (B - 2 * C * Wt);
      d_W[k] += v[k] * s * (B - 4 * C * Wt) + x * e;
      d_b[k] += e;
    }
    const double next = cosine * turn_cosine - sine * turn_sine;
    sine = sine * turn_cosine + cosine * turn_sine;
    cosine = next;
  }
  memcpy(grad + pinn_at_W, d_W, sizeof d_W);
  memcpy(grad + pinn_at_b, d_b, sizeof d_b);
  memcpy(grad + pinn_at_v, d_v, sizeof d_v);
  return loss / POINTS;
}
