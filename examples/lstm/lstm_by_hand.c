/* lstm_by_hand.c - back-propagation through time.  With f, i, g, o the gates of a step:
 *   c' = f c + i g,  h' = o tanh c',  dc = o (1 - tanh(c')^2) dh' + dc',  and of what the gates are made:
 *   dz = (f (1 - f) c dc,  i (1 - i) g dc,  (1 - g^2) i dc,  o (1 - o) tanh(c') dh') */
#include "lstm_by_hand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 1, M = 8, K = 1 }; /* as in lstm.mdl */

struct weights {
  const double *Wx, *Wh, *b;
};

struct slopes {
  double *Wx, *Wh, *b;
};

static double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* The gates of one step, in place of what they are made of. */
static void gates(const struct weights *p, const double *x, const double *h, double *z) {
  for (int q = 0; q < 4 * M; q++) {
    double sum = p->b[q];
    for (int a = 0; a < D; a++) sum += x[a] * p->Wx[a * 4 * M + q];
    for (int a = 0; a < M; a++) sum += h[a] * p->Wh[a * 4 * M + q];
    z[q] = q / M == 2 ? tanh(sum) : sigmoid(sum);
  }
}

/* dh and dc come from the step behind, and go to the step before. */
static void step_back(const struct weights *p, const struct slopes *g, const double *x, const double *h,
                      const double *c, const double *gate, double *dh, double *dc, double *dz) {
  for (int i = 0; i < M; i++) {
    const double forget = gate[i], input = gate[M + i], cell = gate[2 * M + i], output = gate[3 * M + i];
    const double t = tanh(c[M + i]), down = dc[i] + dh[i] * output * (1 - t * t);
    dz[i] = down * c[i] * forget * (1 - forget);
    dz[M + i] = down * cell * input * (1 - input);
    dz[2 * M + i] = down * input * (1 - cell * cell);
    dz[3 * M + i] = dh[i] * t * output * (1 - output);
    dc[i] = down * forget;
  }
  for (int q = 0; q < 4 * M; q++) {
    g->b[q] += dz[q];
    for (int a = 0; a < D; a++) g->Wx[a * 4 * M + q] += x[a] * dz[q];
    for (int a = 0; a < M; a++) g->Wh[a * 4 * M + q] += h[a] * dz[q];
  }
  for (int a = 0; a < M; a++) {
    dh[a] = 0;
    for (int q = 0; q < 4 * M; q++) dh[a] += p->Wh[a * 4 * M + q] * dz[q];
  }
}

double lstm_by_hand(int64_t T, const double *x, const double *y, const double *Wx, const double *Wh, const double *b,
                    const double *V, const double *r, double *d_Wx, double *d_Wh, double *d_b, double *d_V,
                    double *d_r) {
  const struct weights p = {Wx, Wh, b};
  const struct slopes g = {d_Wx, d_Wh, d_b};
  double *memory = calloc((size_t)(T + 1) * 2 * M + (size_t)T * (4 * M + K), sizeof *memory), loss = 0;
  double dh[M] = {0}, dc[M] = {0}, dz[4 * M];
  if (!memory) return NAN;
  double *h = memory, *c = h + (T + 1) * M, *gate = c + (T + 1) * M, *dp = gate + T * 4 * M;
  for (int64_t t = 0; t < T; t++) {
    const double *z = gate + t * 4 * M;
    gates(&p, x + t * D, h + t * M, gate + t * 4 * M);
    for (int i = 0; i < M; i++) {
      c[(t + 1) * M + i] = z[i] * c[t * M + i] + z[M + i] * z[2 * M + i];
      h[(t + 1) * M + i] = z[3 * M + i] * tanh(c[(t + 1) * M + i]);
    }
    for (int j = 0; j < K; j++) {
      double out = r[j] - y[t * K + j];
      for (int i = 0; i < M; i++) out += h[(t + 1) * M + i] * V[i * K + j];
      loss += out * out / (double)(T * K);
      dp[t * K + j] = 2 * out / (double)(T * K);
    }
  }
  memset(d_Wx, 0, D * 4 * M * sizeof *d_Wx);
  memset(d_Wh, 0, M * 4 * M * sizeof *d_Wh);
  memset(d_b, 0, 4 * M * sizeof *d_b);
  memset(d_V, 0, M * K * sizeof *d_V);
  memset(d_r, 0, K * sizeof *d_r);
  for (int64_t t = T; t-- > 0;) {
    for (int j = 0; j < K; j++) {
      const double down = dp[t * K + j];
      d_r[j] += down;
      for (int i = 0; i < M; i++) {
        d_V[i * K + j] += h[(t + 1) * M + i] * down;
        dh[i] += V[i * K + j] * down;
      }
    }
    step_back(&p, &g, x + t * D, h + t * M, c + t * M, gate + t * 4 * M, dh, dc, dz);
  }
  free(memory);
  return loss;
}
