/* bundle.c - each camera's rotation is made once: an observation is q = R v with v = place - centre, (a, b) = (q0, q1) / q2,
 * s = a^2 + b^2, m = 1 + k1 s + k2 s^2, p = f m (a, b).  Back, it gives Rᵀ dq to v and adds dq vᵀ to its camera's matrix, which is taken
 * back to the axis once for all observations. */
#include "bundle.h"

#include "expert.h"

struct camera {
  double R[3][3], centre[3], f, k1, k2, d_R[3][3], d_centre[3], d_f, d_k1, d_k2;
};

size_t expert_work(const int64_t *dims) {
  return (size_t)dims[0] * sizeof(struct camera);
}

/* R = cos t + sin t [u]x + (1 - cos t) u uᵀ of r = t u; to first order 1 + [r]x */
static void turn(const double *r, double R[3][3]) {
  const double t = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]), c = cos(t), s = t > 0 ? sin(t) / t : 1;
  const double away = t > 0 ? (1 - c) / (t * t) : 0;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) R[i][j] = (i == j ? c : 0) + away * r[i] * r[j];
  for (int i = 0; i < 3; i++) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    R[k][j] += s * r[i];
    R[j][k] -= s * r[i];
  }
}

/* d r from M = d R */
static void turn_back(const double *r, double M[3][3], double *d_r) {
  const double axial[3] = {M[2][1] - M[1][2], M[0][2] - M[2][0], M[1][0] - M[0][1]};
  const double t = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]), c = cos(t), s = sin(t);
  if (t == 0) {
    memcpy(d_r, axial, sizeof axial);
    return;
  }
  double u[3], d_u[3], along = 0, square = 0, u_du = 0;
  for (int i = 0; i < 3; i++) u[i] = r[i] / t;
  for (int i = 0; i < 3; i++) {
    double both = 0;
    for (int j = 0; j < 3; j++) both += (M[i][j] + M[j][i]) * u[j];
    d_u[i] = s * axial[i] + (1 - c) * both;
    along += axial[i] * u[i];
    square += both * u[i] / 2;
    u_du += u[i] * d_u[i];
  }
  const double d_t = c * along + s * (square - M[0][0] - M[1][1] - M[2][2]);
  for (int i = 0; i < 3; i++) d_r[i] = d_t * u[i] + (d_u[i] - u_du * u[i]) / t;
}

/* One observation; returns twice its loss. */
INLINE double observe(struct camera *restrict at, const double *restrict first, const double *restrict place,
                      const double *seen, double *restrict d_place) {
  double v[3], q[3], dq[3];
  for (int k = 0; k < 3; k++) v[k] = first[k] + place[k] - at->centre[k];
  for (int i = 0; i < 3; i++) q[i] = at->R[i][0] * v[0] + at->R[i][1] * v[1] + at->R[i][2] * v[2];
  const double inverse = 1 / q[2], a = q[0] * inverse, b = q[1] * inverse, s = a * a + b * b;
  const double f = at->f, bent = at->k1 + at->k2 * s, m = 1 + bent * s;
  const double e0 = f * m * a - seen[0], e1 = f * m * b - seen[1];
  const double along = e0 * a + e1 * b, f_along = f * along, two_ds = 2 * f_along * (bent + at->k2 * s);
  at->d_f += m * along;
  at->d_k1 += f_along * s;
  at->d_k2 += f_along * s * s;
  dq[0] = (f * m * e0 + two_ds * a) * inverse;
  dq[1] = (f * m * e1 + two_ds * b) * inverse;
  dq[2] = -(a * dq[0] + b * dq[1]);
  for (int j = 0; j < 3; j++) {
    const double dv = at->R[0][j] * dq[0] + at->R[1][j] * dq[1] + at->R[2][j] * dq[2];
    at->d_centre[j] -= dv;
    d_place[j] += dv;
  }
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) at->d_R[i][j] += dq[i] * v[j];
  return e0 * e0 + e1 * e1;
}

static void sum_axis(const double *first, const double *pose, double *r) {
  for (int k = 0; k < 3; k++) r[k] = first[k] + pose[k];
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  const int64_t cameras = dims[0], points = dims[1], n = dims[2];
  const int32_t *camera = data[0], *point = data[1];
  const double *seen = data[2], *first_pose = data[3], *first_lens = data[4], *first_place = data[5];
  const double *pose = params, *lens = pose + 6 * cameras, *place = lens + 3 * cameras;
  double *d_pose = grad, *d_lens = d_pose + 6 * cameras, *d_place = d_lens + 3 * cameras, loss = 0, r[3];
  struct camera *at = work;
  memset(at, 0, (size_t)cameras * sizeof *at);
  for (int64_t c = 0; c < cameras; c++) {
    sum_axis(first_pose + 6 * c, pose + 6 * c, r);
    turn(r, at[c].R);
    sum_axis(first_pose + 6 * c + 3, pose + 6 * c + 3, at[c].centre);
    at[c].f = first_lens[3 * c] + lens[3 * c];
    at[c].k1 = first_lens[3 * c + 1] + lens[3 * c + 1];
    at[c].k2 = first_lens[3 * c + 2] + lens[3 * c + 2];
  }
  memset(d_place, 0, (size_t)(3 * points) * sizeof *d_place);
  for (int64_t i = 0; i < n; i++) {
    const int64_t p = 3 * (int64_t)point[i];
    loss += observe(at + camera[i], first_place + p, place + p, seen + 2 * i, d_place + p);
  }
  for (int64_t c = 0; c < cameras; c++) {
    sum_axis(first_pose + 6 * c, pose + 6 * c, r);
    turn_back(r, at[c].d_R, d_pose + 6 * c);
    memcpy(d_pose + 6 * c + 3, at[c].d_centre, sizeof at[c].d_centre);
    d_lens[3 * c] = at[c].d_f;
    d_lens[3 * c + 1] = at[c].d_k1;
    d_lens[3 * c + 2] = at[c].d_k2;
  }
  return loss / 2;
}
