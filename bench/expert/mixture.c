/* mixture.c - a tile of samples as lanes.  With Q lower triangular, u = Q (x - mu), w the responsibilities:
 *   d Q = sum of (w u)(x - mu)ᵀ + γ² Q,   d mu = -Qᵀ sum of w u,   d q = diagonal of Q * d Q - sum of w,   d alpha = n softmax(alpha) - sum of w.
 * Qᵀ is taken out of the sum over samples; both products are tiles of a matrix product, of which the empty triangle is left out. */
#include "mixture.h"

#include "gemm.h"

enum {
  D = mixture_dim_d,
  K = mixture_dim_k,
  SMALL = D <= 4, /* plain loops over lanes then, without tiles of a product */
  SAMPLES = 32,
  SUB = TILE_COLUMNS,                                 /* samples of one product */
  ROWS = (D + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS, /* of Q, up to whole tiles */
  WIDE = (D + SUB - 1) / SUB * SUB
};
static const double gamma2 = 1, log_2_pi = 1.8378770664093454836;

/* Arrays of one call. */
struct room {
  double Q[K][ROWS][WIDE], d_Q[K][ROWS][WIDE];
  double u[K][ROWS][SAMPLES], beta[K][SAMPLES];
  double away[WIDE][SAMPLES], rows[SAMPLES][WIDE]; /* x - mu, both ways */
  double sum_w[K], sum_u[K][D], offset[K];
};

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return sizeof(struct room);
}

static int packed(int row, int column) {
  return column * D - column * (column + 1) / 2 + row - column - 1;
}

static void unpack(const double *alpha, const double *q, const double *l, struct room *at) {
  memset(at, 0, sizeof *at);
  for (int c = 0; c < K; c++) {
    at->offset[c] = alpha[c];
    for (int r = 0; r < D; r++) {
      at->offset[c] += q[c * D + r];
      at->Q[c][r][r] = exp(q[c * D + r]);
      for (int s = 0; s < r; s++) at->Q[c][r][s] = l[c * (D * (D - 1) / 2) + packed(r, s)];
    }
  }
}

INLINE void subtract(const double *x, const double *mu, int count, struct room *at) {
  for (int r = 0; r < D; r++)
    for (int i = 0; i < SAMPLES; i++) at->away[r][i] = i < count ? x[i * D + r] - mu[r] : 0;
}

/* u = Q (x - mu) of component c */
INLINE void times_Q(struct room *at, int c) {
  if (SMALL) {
    for (int r = 0; r < D; r++)
      for (int i = 0; i < SAMPLES; i++) {
        double sum = 0;
        for (int s = 0; s <= r; s++) sum += at->Q[c][r][s] * at->away[s][i];
        at->u[c][r][i] = sum;
      }
    return;
  }
  double tile[TILE_ROWS * SUB];
  for (int i = 0; i < SAMPLES; i += SUB)
    for (int r = 0; r < ROWS; r += TILE_ROWS) {
      const int depth = r + TILE_ROWS < D ? r + TILE_ROWS : D;
      gemm_tile(depth, &at->Q[c][r][0], WIDE, 1, &at->away[0][i], SAMPLES, tile);
      for (int k = 0; k < TILE_ROWS; k++) memcpy(&at->u[c][r + k][i], tile + k * SUB, SUB * sizeof *tile);
    }
}

/* d Q += (w u)(x - mu)ᵀ, where u has become w u */
INLINE void add_d_Q(struct room *at, int c) {
  if (SMALL) {
    for (int r = 0; r < D; r++)
      for (int s = 0; s <= r; s++) at->d_Q[c][r][s] += dot(SAMPLES, at->u[c][r], at->away[s]);
    return;
  }
  double tile[TILE_ROWS * SUB];
  for (int r = 0; r < ROWS; r += TILE_ROWS)
    for (int s = 0; s < r + TILE_ROWS && s < D; s += SUB) {
      gemm_tile(SAMPLES, &at->u[c][r][0], SAMPLES, 1, &at->rows[0][s], WIDE, tile);
      gemm_add(TILE_ROWS, SUB, 1, tile, &at->d_Q[c][r][s], WIDE);
    }
}

/* Responsibilities in place of beta; returns the sum of logarithms of the samples' densities. */
static double share_out(struct room *at, int count) {
  double top[SAMPLES], sum[SAMPLES] = {0};
  struct logarithms densities = {1, 0};
  double fit = 0;
  memcpy(top, at->beta[0], sizeof top);
  for (int c = 1; c < K; c++)
    for (int i = 0; i < SAMPLES; i++) top[i] = at->beta[c][i] > top[i] ? at->beta[c][i] : top[i];
  for (int c = 0; c < K; c++)
    for (int i = 0; i < SAMPLES; i++) sum[i] += at->beta[c][i] = exp(at->beta[c][i] - top[i]);
  for (int i = 0; i < count; i++) {
    fit += top[i];
    take(&densities, sum[i]);
  }
  for (int i = 0; i < SAMPLES; i++) sum[i] = i < count ? 1 / sum[i] : 0;
  for (int c = 0; c < K; c++)
    for (int i = 0; i < SAMPLES; i++) at->beta[c][i] *= sum[i];
  return fit + taken(&densities);
}

static double tile_of_samples(const double *x, int count, const double *mu, struct room *at) {
  for (int c = 0; c < K; c++) {
    double squares[SAMPLES] = {0};
    subtract(x, mu + c * D, count, at);
    times_Q(at, c);
    for (int r = 0; r < D; r++)
      for (int i = 0; i < SAMPLES; i++) squares[i] += at->u[c][r][i] * at->u[c][r][i];
    for (int i = 0; i < SAMPLES; i++) at->beta[c][i] = at->offset[c] - 0.5 * squares[i];
  }
  const double fit = share_out(at, count);
  for (int c = 0; c < K; c++) {
    const double *w = at->beta[c];
    for (int i = 0; i < SAMPLES; i++) at->sum_w[c] += w[i];
    for (int r = 0; r < D; r++)
      for (int i = 0; i < SAMPLES; i++) at->u[c][r][i] *= w[i];
    for (int r = 0; r < D; r++) {
      double lane[LANES] = {0};
      for (int i = 0; i < SAMPLES; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += at->u[c][r][i + l];
      at->sum_u[c][r] += lanes_sum(lane);
    }
    if (SMALL)
      subtract(x, mu + c * D, count, at);
    else
      for (int i = 0; i < count; i++)
        for (int r = 0; r < D; r++) at->rows[i][r] = x[i * D + r] - mu[c * D + r];
    add_d_Q(at, c);
  }
  return fit;
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  struct room *at = work;
  const int64_t n = dims[0];
  const double *x = data[0], *alpha = params + mixture_at_alpha, *mu = params + mixture_at_mu;
  double fit = 0, squares = 0, weights[K];
  unpack(alpha, params + mixture_at_q, params + mixture_at_l, at);
  for (int64_t i = 0; i < n; i += SAMPLES)
    fit += tile_of_samples(x + i * D, n - i < SAMPLES ? (int)(n - i) : SAMPLES, mu, at);

  memcpy(weights, alpha, sizeof weights);
  const double log_weights = softmax(K, weights);
  for (int c = 0; c < K; c++) {
    double *d_mu = grad + mixture_at_mu + c * D, *d_q = grad + mixture_at_q + c * D;
    double *d_l = grad + mixture_at_l + c * (D * (D - 1) / 2);
    grad[mixture_at_alpha + c] = (double)n * weights[c] - at->sum_w[c];
    for (int r = 0; r < D; r++) d_mu[r] = 0;
    for (int r = 0; r < D; r++)
      for (int s = 0; s <= r; s++) {
        const double Q = at->Q[c][r][s], d_Q = at->d_Q[c][r][s] + gamma2 * Q;
        squares += Q * Q;
        d_mu[s] -= Q * at->sum_u[c][r];
        if (s < r)
          d_l[packed(r, s)] = d_Q;
        else
          d_q[r] = Q * d_Q - at->sum_w[c];
      }
  }
  return -(fit - (double)n * (log_weights + D / 2.0 * log_2_pi) - gamma2 / 2 * squares);
}
