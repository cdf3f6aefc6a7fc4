/* mixture_by_hand.c - with u = Q (x - mu), beta = alpha + sum q - |u|^2 / 2 and the responsibilities r = softmax(beta) of a sample:
 *
 *   d loss / d alpha = sum over samples of (softmax(alpha) - r)
 *   d loss / d mu    = - sum of r Qᵀ u
 *   d loss / d Q     = sum of r u (x - mu)ᵀ + γ² Q   below the diagonal;
 *   d loss / d q     = the same on the diagonal, times Q's diagonal exp q, - sum of r */
#include "mixture_by_hand.h"

#include <math.h>
#include <string.h>

enum { D = MIXTURE_D, K = MIXTURE_K, L = MIXTURE_L };
static const double gamma2 = 1; /* the prior's precision, squared */
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
static void add(double w, const double *diagonal, const double *l, const double *away, const double *u, double *dmu,
                double *dq, double *dl) {
  for (int r = 0; r < D; r++) {
    dmu[r] -= w * diagonal[r] * u[r];
    dq[r] += w * (diagonal[r] * u[r] * away[r] - 1);
    for (int s = 0; s < r; s++) {
      dmu[s] -= w * l[packed(r, s)] * u[r];
      dl[packed(r, s)] += w * u[r] * away[s];
    }
  }
}

/* One sample; returns the logarithm of its density without constants. */
static double sample(const double *x, const double *alpha, const double *mu, const double *q, const double *l,
                     double diagonal[K][D], double *dalpha, double *dmu, double *dq, double *dl) {
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
    dalpha[c] -= w;
    add(w, diagonal[c], l + c * L, away[c], u[c], dmu + c * D, dq + c * D, dl + c * L);
  }
  return total;
}

double mixture_by_hand(const mixture_dims *dims, const mixture_data *data, const double *params, double *grad) {
  const double *alpha = params + mixture_at_alpha, *mu = params + mixture_at_mu;
  const double *q = params + mixture_at_q, *l = params + mixture_at_l;
  double diagonal[K][D], fit = 0, squares = 0;
  for (int c = 0; c < K; c++)
    for (int r = 0; r < D; r++) diagonal[c][r] = exp(q[c * D + r]);

  memset(grad, 0, mixture_nparams * sizeof *grad);
  for (int64_t i = 0; i < dims->n; i++)
    fit += sample(data->x + i * D, alpha, mu, q, l, diagonal, grad + mixture_at_alpha, grad + mixture_at_mu,
                  grad + mixture_at_q, grad + mixture_at_l);

  const double n = (double)dims->n, log_weights = logsumexp(alpha);
  for (int c = 0; c < K; c++) {
    grad[mixture_at_alpha + c] += n * exp(alpha[c] - log_weights);
    for (int r = 0; r < D; r++) {
      squares += diagonal[c][r] * diagonal[c][r];
      grad[mixture_at_q + c * D + r] += gamma2 * diagonal[c][r] * diagonal[c][r];
    }
    for (int j = 0; j < L; j++) {
      squares += l[c * L + j] * l[c * L + j];
      grad[mixture_at_l + c * L + j] += gamma2 * l[c * L + j];
    }
  }
  return -(fit - n * (log_weights + D / 2.0 * log_2_pi) - gamma2 / 2 * squares);
}
