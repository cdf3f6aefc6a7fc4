/* hmm.c - the forward algorithm on probabilities, scaled to a sum of 1 at each step, and Baum and Welch's backward pass.  With A the
 * transitions, e the densities over their step's largest, c the scales:
 *   alpha' = (alpha A) e / c,   w = e beta / c,   beta of the step before = A w,   gamma = alpha beta,   xi = A * sum alphaᵀ w.
 * K exponentials a step and no logarithm but of products of scales. */
#include "hmm.h"

#include "gemm.h"

enum { K = hmm_dim_K };

size_t expert_work(const int64_t *dims) {
  return (size_t)(3 * dims[0] * K) * sizeof(double);
}

struct emission {
  double mu[K], steep[K], log_sigma[K]; /* steep: 1 / sigma */
};

/* Densities over the largest; returns its logarithm, without the constant. */
INLINE double densities(const struct emission *of, double y, double *restrict e) {
  double top = -INFINITY;
  for (int k = 0; k < K; k++) {
    const double r = (y - of->mu[k]) * of->steep[k];
    e[k] = -0.5 * r * r - of->log_sigma[k];
    top = e[k] > top ? e[k] : top;
  }
  for (int k = 0; k < K; k++) e[k] = exp(e[k] - top);
  return top;
}

/* a *= e, scaled to a sum of 1; e is scaled alike.  Returns the scale. */
INLINE double weigh(double *restrict a, double *restrict e) {
  double sum = 0;
  for (int k = 0; k < K; k++) a[k] *= e[k];
  for (int k = 0; k < K; k++) sum += a[k];
  const double share = 1 / sum;
  for (int k = 0; k < K; k++) a[k] *= share;
  for (int k = 0; k < K; k++) e[k] *= share;
  return sum;
}

/* d logits from what their log softmax, whose exponential is p, receives. */
static void through_softmax(const double *p, const double *down, double scale, double *out) {
  double sum = 0;
  for (int k = 0; k < K; k++) sum += down[k];
  for (int k = 0; k < K; k++) out[k] = scale * (down[k] - p[k] * sum);
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  const int64_t T = dims[0];
  const double *y = data[0];
  double *alpha = work, *e = alpha + T * K, *w = e + T * K; /* [T, K] each; e: over the scale of its step */
  double first[K], A[K][K], At[K][K], xi[K][K] = {{0}}, beta[K], d_mu[K] = {0}, d_log_sigma[K] = {0}, gamma[K];
  struct emission emission;
  memcpy(first, params + hmm_at_first, sizeof first);
  memcpy(A, params + hmm_at_move, sizeof A);
  softmax(K, first);
  for (int j = 0; j < K; j++) softmax(K, A[j]);
  for (int j = 0; j < K; j++)
    for (int k = 0; k < K; k++) At[k][j] = A[j][k];
  for (int k = 0; k < K; k++) {
    emission.mu[k] = params[hmm_at_mu + k];
    emission.log_sigma[k] = params[hmm_at_log_sigma + k];
    emission.steep[k] = exp(-emission.log_sigma[k]);
  }

  double tops = 0;
  struct logarithms scales = {1, 0};
  for (int64_t t = 0; t < T; t++) {
    double a[K] = {0};
    tops += densities(&emission, y[t], e + t * K);
    if (t == 0)
      memcpy(a, first, sizeof a);
    else
      for (int j = 0; j < K; j++)
        for (int k = 0; k < K; k++) a[k] += alpha[(t - 1) * K + j] * A[j][k];
    take(&scales, weigh(a, e + t * K));
    memcpy(alpha + t * K, a, sizeof a);
  }

  for (int k = 0; k < K; k++) beta[k] = 1;
  for (int64_t t = T; t-- > 0;) {
    double down[K], before[K] = {0};
    for (int k = 0; k < K; k++) {
      const double r = (y[t] - emission.mu[k]) * emission.steep[k];
      gamma[k] = alpha[t * K + k] * beta[k];
      d_mu[k] += gamma[k] * r;
      d_log_sigma[k] += gamma[k] * (r * r - 1);
      down[k] = e[t * K + k] * beta[k];
    }
    if (t == 0) break;
    for (int k = 0; k < K; k++)
      for (int j = 0; j < K; j++) before[j] += At[k][j] * down[k];
    if (K < 8)
      for (int j = 0; j < K; j++)
        for (int k = 0; k < K; k++) xi[j][k] += alpha[(t - 1) * K + j] * down[k];
    else
      memcpy(w + (t - 1) * K, down, sizeof down);
    memcpy(beta, before, sizeof beta);
  }
  if (K >= 8) gemm(K, K, T - 1, 1, alpha, 1, K, w, K, 1, &xi[0][0], K);

  const double scale = -1 / (double)T;
  through_softmax(first, gamma, scale, grad + hmm_at_first);
  for (int j = 0; j < K; j++) {
    for (int k = 0; k < K; k++) xi[j][k] *= A[j][k];
    through_softmax(A[j], xi[j], scale, grad + hmm_at_move + j * K);
    grad[hmm_at_mu + j] = scale * d_mu[j] * emission.steep[j];
    grad[hmm_at_log_sigma + j] = scale * d_log_sigma[j];
  }
  return scale * (tops + taken(&scales)) + 0.91893853320467274178;
}
