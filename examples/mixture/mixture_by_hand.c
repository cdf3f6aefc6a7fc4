/* mixture_by_hand.c - with u = Q (x - mu), beta = alpha + sum q - |u|^2 / 2 and the responsibilities r = softmax(beta) of a sample:
 *
 *   d loss / d alpha = sum over samples of (softmax(alpha) - r)
 *   d loss / d mu    = - sum of r Qᵀ u
 *   d loss / d Q     = sum of r u (x - mu)ᵀ + γ² Q   below the diagonal;
 *   d loss / d q     = the same on the diagonal, times Q's diagonal exp q, - sum of r */
#include "mixture_by_hand.h"

#include <math.h>
#include <string.h>

enum { D = 2, K = 3, L = D * (D - 1) / 2 }; /* as in mixture.mdl */
static const double gamma2 = 1;             /* the prior's precision, squared */
static const double log_2_pi = 1.8378770664093454836;

/* Where Q's entry below the diagonal stands in l: column by column. */
static int packed(int row, int column) {
  return column * D - column * (column + 1) / 2 + row - column - 1;
}

static double logsumexp(const double *x) {
  double top = x[0], sum = 0;
  for (int c = 1; c < K; c++) top = fmax(top, x[c]);
  for (int c = 0; c < K; c++) sum += exp(x[c] - top);
  return top + log(sum);
}

/* u = Q away */
static void times(const double *diagonal, const double *l, const double *away, double *u) {
  for (int r = 0; r < D; r++) {
    u[r] = diagonal[r] * away[r];
    for (int s = 0; s < r; s++) u[r] += l[packed(r, s)] * away[s];
  }
}

/* What one component receives from one sample: w is its responsibility. */
static void add(double w, const double *diagonal, const double *l, const double *away, const double *u, double *d_mu,
                double *d_q, double *d_l) {
  for (int r = 0; r < D; r++) {
    d_mu[r] -= w * diagonal[r] * u[r];
    d_q[r] += w * (diagonal[r] * u[r] * away[r] - 1);
    for (int s = 0; s < r; s++) {
      d_mu[s] -= w * l[packed(r, s)] * u[r];
      d_l[packed(r, s)] += w * u[r] * away[s];
    }
  }
}

/* One sample; returns the logarithm of its density without constants. */
static double sample(const double *x, const double *alpha, const double *mu, const double *q, const double *l,
                     double diagonal[K][D], double *d_alpha, double *d_mu, double *d_q, double *d_l) {
  double away[K][D], u[K][D], beta[K];
  for (int c = 0; c < K; c++) {
    beta[c] = alpha[c];
    for (int r = 0; r < D; r++) away[c][r] = x[r] - mu[c * D + r];
    times(diagonal[c], l + c * L, away[c], u[c]);
    for (int r = 0; r < D; r++) beta[c] += q[c * D + r] - u[c][r] * u[c][r] / 2;
  }
  const double total = logsumexp(beta);
  for (int c = 0; c < K; c++) {
    const double w = exp(beta[c] - total);
    d_alpha[c] -= w;
    add(w, diagonal[c], l + c * L, away[c], u[c], d_mu + c * D, d_q + c * D, d_l + c * L);
  }
  return total;
}

double mixture_by_hand(int64_t n, const double *x, const double *alpha, const double *mu, const double *q,
                       const double *l, double *d_alpha, double *d_mu, double *d_q, double *d_l) {
  double diagonal[K][D], fit = 0, squares = 0;
  for (int c = 0; c < K; c++)
    for (int r = 0; r < D; r++) diagonal[c][r] = exp(q[c * D + r]);

  memset(d_alpha, 0, K * sizeof *d_alpha);
  memset(d_mu, 0, K * D * sizeof *d_mu);
  memset(d_q, 0, K * D * sizeof *d_q);
  memset(d_l, 0, K * L * sizeof *d_l);
  for (int64_t i = 0; i < n; i++) fit += sample(x + i * D, alpha, mu, q, l, diagonal, d_alpha, d_mu, d_q, d_l);

  const double count = (double)n, log_weights = logsumexp(alpha);
  for (int c = 0; c < K; c++) {
    d_alpha[c] += count * exp(alpha[c] - log_weights);
    for (int r = 0; r < D; r++) {
      squares += diagonal[c][r] * diagonal[c][r];
      d_q[c * D + r] += gamma2 * diagonal[c][r] * diagonal[c][r];
    }
    for (int j = 0; j < L; j++) {
      squares += l[c * L + j] * l[c * L + j];
      d_l[c * L + j] += gamma2 * l[c * L + j];
    }
  }
  return -(fit - count * (log_weights + D / 2.0 * log_2_pi) - gamma2 / 2 * squares);
}
