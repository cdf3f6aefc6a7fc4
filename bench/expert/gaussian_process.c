/* gaussian_process.c - with K = L Lᵀ, z = L⁻¹ y, a = L⁻ᵀ z:  loss = (z·z / 2 + sum log L_ii) / n + log(2 pi) / 2, and by K it is
 * G = (K⁻¹ - a aᵀ) / (2 n), K⁻¹ = L⁻ᵀ L⁻¹.  Factor, inverse and product run in blocks, their bulk in gemm, triangles alone. */
#include "gaussian_process.h"

#include "gemm.h"

enum { BLOCK = 48 };

size_t expert_work(const int64_t *dims) {
  const int64_t n = dims[0], d = dims[1];
  return (size_t)(3 * n * n + n * d + 2 * n) * sizeof(double);
}

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Lower triangle of the kernel without noise, of points already over their lengths. */
static void kernel(int64_t n, int64_t d, const double *x, double log_scale, double *K) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++) {
      double gap = 0;
      for (int64_t k = 0; k < d; k++) gap += (x[i * d + k] - x[j * d + k]) * (x[i * d + k] - x[j * d + k]);
      K[i * n + j] = exp(2 * log_scale - gap / 2);
    }
}

/* L in place of A's lower triangle, row by row within a block of columns. */
static void factor(int64_t n, double *L) {
  for (int64_t j0 = 0; j0 < n; j0 += BLOCK) {
    const int64_t j1 = least(j0 + BLOCK, n);
    gemm(n - j0, j1 - j0, j0, -1, L + j0 * n, n, 1, L + j0 * n, 1, n, L + j0 * n + j0, n);
    for (int64_t i = j0; i < n; i++)
      for (int64_t j = j0; j < least(j1, i + 1); j++) {
        const double left = L[i * n + j] - dot(j - j0, L + i * n + j0, L + j * n + j0);
        L[i * n + j] = i == j ? sqrt(left) : left / L[j * n + j];
      }
  }
}

/* W = L⁻¹, rows of blocks from the top: W = L_II⁻¹ (1 - L_I,before W_before). */
static void invert(int64_t n, const double *L, double *W) {
  memset(W, 0, (size_t)(n * n) * sizeof *W);
  for (int64_t i0 = 0; i0 < n; i0 += BLOCK) {
    const int64_t i1 = least(i0 + BLOCK, n);
    for (int64_t j0 = 0; j0 < i0; j0 += BLOCK) /* W is 0 above its diagonal */
      gemm(i1 - i0, BLOCK, i0 - j0, -1, L + i0 * n + j0, n, 1, W + j0 * n + j0, n, 1, W + i0 * n + j0, n);
    for (int64_t i = i0; i < i1; i++) {
      W[i * n + i] = 1;
      for (int64_t k = i0; k < i; k++) axpy(k + 1, -L[i * n + k], W + k * n, W + i * n);
      const double inverse = 1 / L[i * n + i];
      for (int64_t j = 0; j <= i; j++) W[i * n + j] *= inverse;
    }
  }
}

/* Lower triangle of Wᵀ W, block by block. */
static void square(int64_t n, const double *W, double *P) {
  memset(P, 0, (size_t)(n * n) * sizeof *P);
  for (int64_t i0 = 0; i0 < n; i0 += BLOCK) {
    const int64_t rows = least(BLOCK, n - i0), columns = i0 + rows;
    gemm(rows, columns, n - i0, 1, W + i0 * n + i0, 1, n, W + i0 * n, n, 1, P + i0 * n, n);
  }
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  const int64_t n = dims[0], d = dims[1];
  const double *x = data[0], *y = data[1], *log_length = params + 2;
  const double log_scale = params[0], noise = exp(2 * params[1]);
  double *K = work, *L = K + n * n, *W = L + n * n, *places = W + n * n, *z = places + n * d, *a = z + n;
  double *inverse = L; /* when L is done with */
  double logarithms = 0, squares = 0;
  for (int64_t k = 0; k < d; k++) {
    const double shrink = exp(-log_length[k]);
    for (int64_t i = 0; i < n; i++) places[i * d + k] = shrink * x[i * d + k];
  }
  kernel(n, d, places, log_scale, K);
  memcpy(L, K, (size_t)(n * n) * sizeof *L);
  for (int64_t i = 0; i < n; i++) L[i * n + i] += noise;
  factor(n, L);
  struct logarithms diagonal = {1, 0};
  for (int64_t i = 0; i < n; i++) take(&diagonal, L[i * n + i]);
  logarithms = taken(&diagonal);
  invert(n, L, W);
  memset(a, 0, (size_t)n * sizeof *a);
  for (int64_t i = 0; i < n; i++) {
    z[i] = dot(i + 1, W + i * n, y);
    squares += z[i] * z[i];
    axpy(i + 1, z[i], W + i * n, a);
  }
  square(n, W, inverse);

  double by_scale = 0, by_noise = 0;
  for (int64_t k = 0; k < 2 + d; k++) grad[k] = 0;
  for (int64_t i = 0; i < n; i++) {
    by_noise += inverse[i * n + i] - a[i] * a[i];
    by_scale += (inverse[i * n + i] - a[i] * a[i]) * K[i * n + i] / 2;
    for (int64_t j = 0; j < i; j++) {
      const double down = (inverse[i * n + j] - a[i] * a[j]) * K[i * n + j];
      by_scale += down;
      for (int64_t k = 0; k < d; k++) {
        const double gap = places[i * d + k] - places[j * d + k];
        grad[2 + k] += down * gap * gap;
      }
    }
  }
  const double share = 1 / (double)n;
  grad[0] = 2 * share * by_scale;
  grad[1] = share * noise * by_noise;
  for (int64_t k = 0; k < d; k++) grad[2 + k] *= share;
  return share * (squares / 2 + logarithms) + 0.91893853320467274178;
}
