/* convnet.c - a picture at a time, from its filters to its loss and back: a quarter of the places is a largest, and only from these, where
 * relu lets them, anything goes back to the filters. */
#include "convnet.h"

#include "expert.h"

enum {
  SIZE = convnet_dim_size,
  FILTERS = convnet_dim_filters,
  WIDTH = convnet_dim_width,
  CLASSES = convnet_dim_classes,
  INNER = SIZE - WIDTH + 1,
  POOLED = INNER / 2,
  CELLS = FILTERS * POOLED * POOLED
};

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return 0;
}

/* The filter at two rows of places. */
INLINE void two_rows(const double *restrict x, const double *restrict F, double f, double row[2][INNER]) {
  for (int r = 0; r < 2; r++) {
    for (int c = 0; c < INNER; c++) row[r][c] = f;
    for (int u = 0; u < WIDTH; u++)
      for (int v = 0; v < WIDTH; v++)
        for (int c = 0; c < INNER; c++) row[r][c] += F[u * WIDTH + v] * x[(r + u) * SIZE + c + v];
  }
}

/* Of each two by two the largest, or 0, and where in the picture its filter stands. */
static void pool(const double *x, const double *F, const double *f, double *largest, int *where) {
  double row[2][INNER];
  for (int m = 0; m < FILTERS; m++)
    for (int r = 0; r < POOLED; r++) {
      two_rows(x + 2 * r * SIZE, F + m * WIDTH * WIDTH, f[m], row);
      for (int c = 0; c < POOLED; c++) {
        int best = 0;
        double top = row[0][2 * c];
        for (int k = 1; k < 4; k++) {
          const double other = row[k / 2][2 * c + k % 2];
          best = other > top ? k : best;
          top = other > top ? other : top;
        }
        *largest++ = top > 0 ? top : 0;
        *where++ = (2 * r + best / 2) * SIZE + 2 * c + best % 2;
      }
    }
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  (void)work;
  const int64_t n = dims[0];
  const double *x = data[0], share = 1 / (double)n;
  const int32_t *y = data[1];
  const double *F = params + convnet_at_F, *f = params + convnet_at_f, *W = params + convnet_at_W,
               *b = params + convnet_at_b;
  double *d_F = grad + convnet_at_F, *d_f = grad + convnet_at_f, *d_W = grad + convnet_at_W, *d_b = grad + convnet_at_b,
         loss = 0;
  memset(grad, 0, convnet_nparams * sizeof *grad);
  for (int64_t i = 0; i < n; i++, x += SIZE * SIZE) {
    double largest[CELLS], z[CLASSES];
    int where[CELLS];
    pool(x, F, f, largest, where);
    memcpy(z, b, sizeof z);
    for (int p = 0; p < CELLS; p++)
      for (int k = 0; k < CLASSES; k++) z[k] += largest[p] * W[p * CLASSES + k];
    const double own = z[y[i]];
    loss += softmax(CLASSES, z) - own;
    z[y[i]] -= 1;
    for (int k = 0; k < CLASSES; k++) d_b[k] += z[k] *= share;
    for (int p = 0; p < CELLS; p++) {
      if (largest[p] <= 0) continue;
      double down = 0;
      for (int k = 0; k < CLASSES; k++) {
        d_W[p * CLASSES + k] += largest[p] * z[k];
        down += W[p * CLASSES + k] * z[k];
      }
      const int m = p / (POOLED * POOLED);
      d_f[m] += down;
      for (int u = 0; u < WIDTH; u++)
        for (int v = 0; v < WIDTH; v++) d_F[(m * WIDTH + u) * WIDTH + v] += down * x[where[p] + u * SIZE + v];
    }
  }
  return share * loss;
}
