/* lstm.c - products with x before all steps, gradients of all weights after them, by gemm: within the steps only what must wait. */
#include "lstm.h"

#include "gemm.h"

enum { D = lstm_dim_d, M = lstm_dim_m, K = lstm_dim_k, Q = 4 * M };

/* So many gates' sums stay in registers. */
enum { PART = Q % 32 ? 4 : 32 };

size_t expert_work(const int64_t *dims) {
  const int64_t T = dims[0];
  return (size_t)((T + 1) * 2 * M + T * (M + 2 * Q + K)) * sizeof(double);
}

INLINE void recur(const double *restrict h, const double *restrict Wh, double *restrict z) {
  for (int q = 0; q < Q; q += PART) {
    double sum[PART];
    for (int k = 0; k < PART; k++) sum[k] = z[q + k];
    for (int a = 0; a < M; a++)
      for (int k = 0; k < PART; k++) sum[k] += h[a] * Wh[a * Q + q + k];
    for (int k = 0; k < PART; k++) z[q + k] = sum[k];
  }
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  const int64_t T = dims[0];
  const double *x = data[0], *y = data[1], *Wh = params + lstm_at_Wh, *V = params + lstm_at_V, *r = params + lstm_at_r;
  double *h = work, *c = h + (T + 1) * M, *bent = c + (T + 1) * M; /* [T + 1, M], bent [T, M]: tanh(c) */
  double *gate = bent + T * M, *dz = gate + T * Q, *dp = dz + T * Q, loss = 0;
  const double share = 1 / (double)(T * K);
  memset(h, 0, M * sizeof *h);
  memset(c, 0, M * sizeof *c);
  for (int64_t t = 0; t < T; t++) memcpy(gate + t * Q, params + lstm_at_b, Q * sizeof *gate);
  if (D < 8)
    for (int64_t t = 0; t < T; t++)
      for (int a = 0; a < D; a++) axpy(Q, x[t * D + a], params + lstm_at_Wx + a * Q, gate + t * Q);
  else
    gemm(T, Q, D, 1, x, D, 1, params + lstm_at_Wx, Q, 1, gate, Q);

  for (int64_t t = 0; t < T; t++) {
    double *z = gate + t * Q, *h1 = h + (t + 1) * M, *c1 = c + (t + 1) * M;
    const double *c0 = c + t * M;
    recur(h + t * M, Wh, z);
    for (int k = 0; k < M; k++) {
      z[k] = squash(z[k]);
      z[M + k] = squash(z[M + k]);
      z[2 * M + k] = bend(z[2 * M + k]);
      z[3 * M + k] = squash(z[3 * M + k]);
      c1[k] = z[k] * c0[k] + z[M + k] * z[2 * M + k];
      bent[t * M + k] = bend(c1[k]);
      h1[k] = z[3 * M + k] * bent[t * M + k];
    }
    for (int j = 0; j < K; j++) dp[t * K + j] = r[j] - y[t * K + j];
    if (K < 8) /* else all at once */
      for (int j = 0; j < K; j++)
        for (int k = 0; k < M; k++) dp[t * K + j] += h1[k] * V[k * K + j];
  }
  if (K >= 8) gemm(T, K, M, 1, h + M, M, 1, V, K, 1, dp, K);
  for (int64_t k = 0; k < T * K; k++) {
    loss += dp[k] * dp[k];
    dp[k] *= 2 * share;
  }

  double dh[M] = {0}, dc[M] = {0};
  for (int64_t t = T; t-- > 0;) {
    const double *z = gate + t * Q, *c0 = c + t * M, *tanh_c = bent + t * M;
    double *down = dz + t * Q;
    for (int k = 0; k < M; k++)
      for (int j = 0; j < K; j++) dh[k] += V[k * K + j] * dp[t * K + j];
    for (int k = 0; k < M; k++) {
      const double forget = z[k], input = z[M + k], cell = z[2 * M + k], output = z[3 * M + k];
      const double d = dc[k] + dh[k] * output * (1 - tanh_c[k] * tanh_c[k]);
      down[k] = d * c0[k] * forget * (1 - forget);
      down[M + k] = d * cell * input * (1 - input);
      down[2 * M + k] = d * input * (1 - cell * cell);
      down[3 * M + k] = dh[k] * tanh_c[k] * output * (1 - output);
      dc[k] = d * forget;
    }
    for (int k = 0; k < M; k++) dh[k] = dot(Q, Wh + k * Q, down);
  }

  memset(grad, 0, lstm_nparams * sizeof *grad);
  for (int64_t t = 0; t < T; t++) axpy(Q, 1, dz + t * Q, grad + lstm_at_b);
  for (int64_t t = 0; t < T; t++) axpy(K, 1, dp + t * K, grad + lstm_at_r);
  gemm(M, Q, T, 1, h, 1, M, dz, Q, 1, grad + lstm_at_Wh, Q);
  gemm(D, Q, T, 1, x, 1, D, dz, Q, 1, grad + lstm_at_Wx, Q);
  if (K < 8)
    for (int64_t t = 0; t < T; t++)
      for (int k = 0; k < M; k++)
        for (int j = 0; j < K; j++) grad[lstm_at_V + k * K + j] += h[(t + 1) * M + k] * dp[t * K + j];
  else
    gemm(M, K, T, 1, h + M, 1, M, dp, K, 1, grad + lstm_at_V, K);
  return share * loss;
}
