/* bundle_by_hand.c - for each observation the way to its residual and back:
 *
 *   v = place - centre,  q = R(r) v,  (a, b) = (q0, q1) / q2,  s = a^2 + b^2,  m = 1 + k1 s + k2 s^2,  p = f m (a, b)
 *
 * With e = p - seen:  d loss / d p = e,  d / d f = m (e·(a, b)),  d / d s = f (e·(a, b)) (k1 + 2 k2 s),
 *                     d / d (a, b) = f m e + 2 (a, b) d / d s,  d / d q = (da, db, -(a da + b db)) / q2. */
#include "bundle_by_hand.h"

#include <math.h>
#include <string.h>

static double dot(const double *a, const double *b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const double *a, const double *b, double *c) {
  c[0] = a[1] * b[2] - a[2] * b[1];
  c[1] = a[2] * b[0] - a[0] * b[2];
  c[2] = a[0] * b[1] - a[1] * b[0];
}

/* q = v turned about r.  With u = r / t, t = |r|:  q = cos t v + sin t (u × v) + (1 - cos t) (u·v) u */
static void rotate(const double *r, const double *v, double *q) {
  double u[3], uv[3];
  const double t = sqrt(dot(r, r)), c = cos(t), s = sin(t);
  if (t == 0) {
    cross(r, v, uv);
    for (int k = 0; k < 3; k++) q[k] = v[k] + uv[k];
    return;
  }
  for (int k = 0; k < 3; k++) u[k] = r[k] / t;
  cross(u, v, uv);
  const double along = (1 - c) * dot(u, v);
  for (int k = 0; k < 3; k++) q[k] = c * v[k] + s * uv[k] + along * u[k];
}

/* From dq: the derivative by v is the rotation backwards, the one by t is dq·(-sin t v + cos t (u × v) + sin t (u·v) u), the one by u
 * is du = sin t (v × dq) + (1 - cos t) ((u·v) dq + (u·dq) v), and the one by r is dt u + (du - (u·du) u) / t. */
static void rotate_back(const double *r, const double *v, const double *dq, double *dr, double *dv) {
  double u[3], uv[3], vd[3], du[3];
  const double t = sqrt(dot(r, r)), c = cos(t), s = sin(t);
  cross(v, dq, vd);
  if (t == 0) {
    for (int k = 0; k < 3; k++) dr[k] = vd[k];
    for (int k = 0; k < 3; k++) dv[k] = dq[k];
    return;
  }
  for (int k = 0; k < 3; k++) u[k] = r[k] / t;
  cross(u, v, uv);
  const double u_v = dot(u, v), u_d = dot(u, dq);
  const double dt = -s * dot(dq, v) + c * dot(dq, uv) + s * u_v * u_d;
  for (int k = 0; k < 3; k++) du[k] = s * vd[k] + (1 - c) * (u_v * dq[k] + u_d * v[k]);
  const double u_du = dot(u, du);
  for (int k = 0; k < 3; k++) dr[k] = dt * u[k] + (du[k] - u_du * u[k]) / t;
  double du_dq[3];
  cross(dq, u, du_dq);
  for (int k = 0; k < 3; k++) dv[k] = c * dq[k] + s * du_dq[k] + (1 - c) * u_d * u[k];
}

/* Adds one observation to the gradient; returns its loss. */
static double observe(const double *pose, const double *lens, const double *place, const double *seen, double *d_pose,
                      double *d_lens, double *d_place) {
  double v[3], q[3], dq[3], dr[3], dv[3];
  for (int k = 0; k < 3; k++) v[k] = place[k] - pose[3 + k];
  rotate(pose, v, q);
  const double a = q[0] / q[2], b = q[1] / q[2], s = a * a + b * b;
  const double f = lens[0], m = 1 + lens[1] * s + lens[2] * s * s;
  const double e[2] = {f * m * a - seen[0], f * m * b - seen[1]};

  const double along = e[0] * a + e[1] * b, ds = f * along * (lens[1] + 2 * lens[2] * s);
  d_lens[0] += m * along;
  d_lens[1] += f * along * s;
  d_lens[2] += f * along * s * s;
  const double da = f * m * e[0] + 2 * a * ds, db = f * m * e[1] + 2 * b * ds;
  dq[0] = da / q[2];
  dq[1] = db / q[2];
  dq[2] = -(a * da + b * db) / q[2];
  rotate_back(pose, v, dq, dr, dv);
  for (int k = 0; k < 3; k++) {
    d_pose[k] += dr[k];
    d_pose[3 + k] -= dv[k];
    d_place[k] += dv[k];
  }
  return (e[0] * e[0] + e[1] * e[1]) / 2;
}

double bundle_by_hand(int64_t cameras, int64_t points, int64_t n, const int32_t *camera, const int32_t *point,
                      const double *seen, const double *first_pose, const double *first_lens, const double *first_place,
                      const double *pose, const double *lens, const double *place, double *d_pose, double *d_lens,
                      double *d_place) {
  double loss = 0;
  memset(d_pose, 0, (size_t)(6 * cameras) * sizeof *d_pose);
  memset(d_lens, 0, (size_t)(3 * cameras) * sizeof *d_lens);
  memset(d_place, 0, (size_t)(3 * points) * sizeof *d_place);
  for (int64_t i = 0; i < n; i++) {
    const int64_t c = camera[i], p = point[i];
    double at_pose[6], at_lens[3], at_place[3];
    for (int k = 0; k < 6; k++) at_pose[k] = first_pose[6 * c + k] + pose[6 * c + k];
    for (int k = 0; k < 3; k++) at_lens[k] = first_lens[3 * c + k] + lens[3 * c + k];
    for (int k = 0; k < 3; k++) at_place[k] = first_place[3 * p + k] + place[3 * p + k];
    loss += observe(at_pose, at_lens, at_place, seen + 2 * i, d_pose + 6 * c, d_lens + 3 * c, d_place + 3 * p);
  }
  return loss;
}
