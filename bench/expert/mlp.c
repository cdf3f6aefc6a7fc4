/* mlp.c - a tile of samples at a time: its products through the wide layer by gemm, all else of a sample in one go while it is in cache.
 * W2 is read and its gradient summed transposed, so that both run along the hidden layer. */
#include "mlp.h"

#include "gemm.h"

enum { D = mlp_dim_d, H = mlp_dim_h, K = mlp_dim_k, TILE = 96 };

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return (2 * TILE * H + 2 * K * H) * sizeof(double);
}

static void hidden(int64_t n, const double *x, const double *W1, const double *b1, double *a) {
  for (int64_t i = 0; i < n; i++) memcpy(a + i * H, b1, H * sizeof *a);
  if (D < 16)
    for (int64_t i = 0; i < n; i++)
      for (int p = 0; p < D; p++) axpy(H, x[i * D + p], W1 + p * H, a + i * H);
  else
    gemm(n, H, D, 1, x, D, 1, W1, H, 1, a, H);
  for (int64_t k = 0; k < n * H; k++) a[k] = bend(a[k]);
}

static void hidden_back(int64_t n, const double *x, const double *da, double *d_W1, double *d_b1) {
  for (int64_t i = 0; i < n; i++) axpy(H, 1, da + i * H, d_b1);
  if (D < 16)
    for (int64_t i = 0; i < n; i++)
      for (int p = 0; p < D; p++) axpy(H, x[i * D + p], da + i * H, d_W1 + p * H);
  else
    gemm(D, H, n, 1, x, 1, D, da, H, 1, d_W1, H);
}

/* From a sample's hidden layer to its loss, and back to what the layer is made of. */
static double classify(const double *restrict a, int32_t y, double share, const double *W2t, const double *b2,
                       double *restrict da, double *d_W2t, double *d_b2) {
  double z[K];
  for (int c = 0; c < K; c++) z[c] = b2[c] + dot(H, a, W2t + c * H);
  const double own = z[y], loss = softmax(K, z) - own;
  z[y] -= 1;
  for (int k = 0; k < H; k++) da[k] = 0;
  for (int c = 0; c < K; c++) {
    const double down = share * z[c];
    d_b2[c] += down;
    axpy(H, down, W2t + c * H, da);
    axpy(H, down, a, d_W2t + c * H);
  }
  for (int k = 0; k < H; k++) da[k] *= 1 - a[k] * a[k];
  return loss;
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  const int64_t n = dims[0];
  const double *x = data[0], share = 1 / (double)n, *W2 = params + mlp_at_W2;
  const int32_t *y = data[1];
  double *a = work, *da = a + TILE * H, *W2t = da + TILE * H, *d_W2t = W2t + K * H, loss = 0;
  memset(grad, 0, mlp_nparams * sizeof *grad);
  memset(d_W2t, 0, K * H * sizeof *d_W2t);
  for (int k = 0; k < H; k++)
    for (int c = 0; c < K; c++) W2t[c * H + k] = W2[k * K + c];
  for (int64_t i = 0; i < n; i += TILE) {
    const int64_t some = n - i < TILE ? n - i : TILE;
    hidden(some, x + i * D, params + mlp_at_W1, params + mlp_at_b1, a);
    for (int64_t s = 0; s < some; s++)
      loss += classify(a + s * H, y[i + s], share, W2t, params + mlp_at_b2, da + s * H, d_W2t, grad + mlp_at_b2);
    hidden_back(some, x + i * D, da, grad + mlp_at_W1, grad + mlp_at_b1);
  }
  for (int k = 0; k < H; k++)
    for (int c = 0; c < K; c++) grad[mlp_at_W2 + k * K + c] = d_W2t[c * H + k];
  return share * loss;
}
