/* gpt2_by_hand.c - each layer's part forward, with what its way back needs kept, and then all of them back; sequence by sequence. */
#include "gpt2_by_hand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ---- */

enum { V = 11, C = 8, H = 2, S = 8, L = 2, D = H * S }; /* as in gpt2.mdl; S: s, D: d */

enum { E, P, G1, B1, G2, B2, G3, B3, WA, BA, WO, BO, WF, BF, WP, BP, PARTS };

/* Entries of a layer's part, or of one that is no layer's. */
static const size_t part_size[PARTS] = {V * D,     C *D,  D,    D, D,         D,     D,        D,
                                        D * 3 * D, 3 * D, D *D, D, D * 4 * D, 4 * D, 4 * D *D, D};

static int is_layered(int part) {
  return part != E && part != P && part != G3 && part != B3;
}

struct weights {
  const double *at[PARTS];
};

struct slopes {
  double *at[PARTS];
};

/* Those of layer l. */
static struct weights layer_weights(const struct weights *all, size_t l) {
  struct weights p;
  for (int part = 0; part < PARTS; part++) p.at[part] = all->at[part] + (is_layered(part) ? l * part_size[part] : 0);
  return p;
}

static struct slopes layer_slopes(const struct slopes *all, size_t l) {
  struct slopes g;
  for (int part = 0; part < PARTS; part++) g.at[part] = all->at[part] + (is_layered(part) ? l * part_size[part] : 0);
  return g;
}

/* ---- the pieces, forward and back; a piece back adds to all that it writes ---- */

/* out[n][q] = x[n][p] W[p][q] + b[q] */
static void linear(size_t n, size_t p, size_t q, const double *x, const double *W, const double *b, double *out) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < q; j++) {
      double sum = b[j];
      for (size_t k = 0; k < p; k++) sum += x[i * p + k] * W[k * q + j];
      out[i * q + j] = sum;
    }
}

static void linear_back(size_t n, size_t p, size_t q, const double *x, const double *W, const double *dout, double *dx,
                        double *dW, double *db) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < q; j++) {
      const double down = dout[i * q + j];
      db[j] += down;
      for (size_t k = 0; k < p; k++) {
        dW[k * q + j] += x[i * p + k] * down;
        dx[i * p + k] += W[k * q + j] * down;
      }
    }
}

static void moments(size_t d, const double *x, double *mean, double *scale) {
  double sum = 0, squares = 0;
  for (size_t j = 0; j < d; j++) sum += x[j];
  *mean = sum / (double)d;
  for (size_t j = 0; j < d; j++) squares += (x[j] - *mean) * (x[j] - *mean);
  *scale = 1 / sqrt(squares / (double)d + 1e-5);
}

static void norm(size_t n, size_t d, const double *x, const double *gain, const double *shift, double *out) {
  for (size_t i = 0; i < n; i++) {
    double mean, scale;
    moments(d, x + i * d, &mean, &scale);
    for (size_t j = 0; j < d; j++) out[i * d + j] = (x[i * d + j] - mean) * scale * gain[j] + shift[j];
  }
}

/* With u = (x - mean) scale:  dx = scale (dv - mean(dv) - u mean(u dv)),  dv = gain dout. */
static void norm_back(size_t n, size_t d, const double *x, const double *gain, const double *dout, double *dx,
                      double *dgain, double *dshift) {
  for (size_t i = 0; i < n; i++) {
    const double *xi = x + i * d, *down = dout + i * d;
    double mean, scale, plain = 0, along = 0;
    moments(d, xi, &mean, &scale);
    for (size_t j = 0; j < d; j++) {
      const double u = (xi[j] - mean) * scale;
      dgain[j] += u * down[j];
      dshift[j] += down[j];
      plain += gain[j] * down[j] / (double)d;
      along += u * gain[j] * down[j] / (double)d;
    }
    for (size_t j = 0; j < d; j++)
      dx[i * d + j] += scale * (gain[j] * down[j] - plain - (xi[j] - mean) * scale * along);
  }
}

static const double root = 0.79788456080286535588; /* of 2 / pi */

static double gelu(double x) {
  return 0.5 * x * (1 + tanh(root * (x + 0.044715 * x * x * x)));
}

static double gelu_slope(double x) {
  const double t = tanh(root * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x);
}

/* Of one head at its place in a[C][3d]: w[t][u] are the shares of u <= t. */
static void attend(size_t head, const double *a, double *w, double *out) {
  for (size_t t = 0; t < C; t++) {
    const double *query = a + t * 3 * D + head * S;
    double top = -INFINITY, sum = 0;
    for (size_t u = 0; u <= t; u++) {
      const double *key = a + u * 3 * D + D + head * S;
      double score = 0;
      for (size_t k = 0; k < S; k++) score += query[k] * key[k];
      w[t * C + u] = score / sqrt((double)S);
      if (w[t * C + u] > top) top = w[t * C + u];
    }
    for (size_t u = 0; u <= t; u++) sum += w[t * C + u] = exp(w[t * C + u] - top);
    for (size_t k = 0; k < S; k++) out[t * D + head * S + k] = 0;
    for (size_t u = 0; u <= t; u++) {
      const double *value = a + u * 3 * D + 2 * D + head * S;
      w[t * C + u] /= sum;
      for (size_t k = 0; k < S; k++) out[t * D + head * S + k] += w[t * C + u] * value[k];
    }
  }
}

/* Of scores: dscore = w (dw - sum(w dw)). */
static void attend_back(size_t head, const double *a, const double *w, const double *dout, double *da, double *dw) {
  for (size_t t = 0; t < C; t++) {
    const double *query = a + t * 3 * D + head * S, *down = dout + t * D + head * S;
    double *dquery = da + t * 3 * D + head * S, sum = 0;
    for (size_t u = 0; u <= t; u++) {
      const double *value = a + u * 3 * D + 2 * D + head * S;
      double *dvalue = da + u * 3 * D + 2 * D + head * S;
      dw[u] = 0;
      for (size_t k = 0; k < S; k++) {
        dw[u] += value[k] * down[k];
        dvalue[k] += w[t * C + u] * down[k];
      }
      sum += w[t * C + u] * dw[u];
    }
    for (size_t u = 0; u <= t; u++) {
      const double *key = a + u * 3 * D + D + head * S;
      double *dkey = da + u * 3 * D + D + head * S;
      const double dscore = w[t * C + u] * (dw[u] - sum) / sqrt((double)S);
      for (size_t k = 0; k < S; k++) {
        dquery[k] += dscore * key[k];
        dkey[k] += dscore * query[k];
      }
    }
  }
}

/* ---- a layer ---- */

/* What a layer keeps; of what goes back there are two, laid out alike. */
struct kept {
  double *x, *u1, *a, *w, *mixed, *y, *u2, *f, *bent;
};

enum { N = C * D, KEPT = 17 * N + H * C * C };

static struct kept kept_at(double *at) {
  struct kept k;
  k.x = at;
  k.u1 = k.x + N;
  k.a = k.u1 + N;
  k.mixed = k.a + 3 * N;
  k.y = k.mixed + N;
  k.u2 = k.y + N;
  k.f = k.u2 + N;
  k.bent = k.f + 4 * N;
  k.w = k.bent + 4 * N;
  return k;
}

static void forward(const struct weights *p, const struct kept *k, double *out) {
  norm(C, D, k->x, p->at[G1], p->at[B1], k->u1);
  linear(C, D, 3 * D, k->u1, p->at[WA], p->at[BA], k->a);
  for (size_t h = 0; h < H; h++) attend(h, k->a, k->w + h * C * C, k->mixed);
  linear(C, D, D, k->mixed, p->at[WO], p->at[BO], k->y);
  for (size_t j = 0; j < C * D; j++) k->y[j] += k->x[j];
  norm(C, D, k->y, p->at[G2], p->at[B2], k->u2);
  linear(C, D, 4 * D, k->u2, p->at[WF], p->at[BF], k->f);
  for (size_t j = 0; j < C * 4 * D; j++) k->bent[j] = gelu(k->f[j]);
  linear(C, 4 * D, D, k->bent, p->at[WP], p->at[BP], out);
  for (size_t j = 0; j < C * D; j++) out[j] += k->y[j];
}

/* dout becomes what goes on to the layer below. */
static void backward(const struct weights *p, const struct slopes *g, const struct kept *k, double *memory,
                     double *dout) {
  memset(memory, 0, KEPT * sizeof *memory);
  const struct kept dk = kept_at(memory);
  memcpy(dk.y, dout, C * D * sizeof *dout);
  linear_back(C, 4 * D, D, k->bent, p->at[WP], dout, dk.bent, g->at[WP], g->at[BP]);
  for (size_t j = 0; j < C * 4 * D; j++) dk.f[j] = dk.bent[j] * gelu_slope(k->f[j]);
  linear_back(C, D, 4 * D, k->u2, p->at[WF], dk.f, dk.u2, g->at[WF], g->at[BF]);
  norm_back(C, D, k->y, p->at[G2], dk.u2, dk.y, g->at[G2], g->at[B2]);
  memcpy(dout, dk.y, C * D * sizeof *dout);
  linear_back(C, D, D, k->mixed, p->at[WO], dk.y, dk.mixed, g->at[WO], g->at[BO]);
  for (size_t h = 0; h < H; h++) attend_back(h, k->a, k->w + h * C * C, dk.mixed, dk.a, dk.w);
  linear_back(C, D, 3 * D, k->u1, p->at[WA], dk.a, dk.u1, g->at[WA], g->at[BA]);
  norm_back(C, D, k->x, p->at[G1], dk.u1, dout, g->at[G1], g->at[B1]);
}

/* ---- a sequence ---- */

/* The loss of the last layer's output x; its way back goes to dx. */
static double judge(int64_t n, const int32_t *token, const struct weights *p, const struct slopes *g, const double *x,
                    double *u, double *du, double *logit, double *dx) {
  double loss = 0;
  norm(C, D, x, p->at[G3], p->at[B3], u);
  memset(du, 0, C * D * sizeof *du);
  for (size_t t = 0; t < C; t++) {
    const size_t label = (size_t)token[t + 1];
    double top = -INFINITY, sum = 0;
    for (size_t v = 0; v < V; v++) {
      logit[v] = 0;
      for (size_t j = 0; j < D; j++) logit[v] += u[t * D + j] * p->at[E][v * D + j];
      if (logit[v] > top) top = logit[v];
    }
    for (size_t v = 0; v < V; v++) sum += exp(logit[v] - top);
    const double weight = 1 / ((double)n * C);
    loss += weight * (top + log(sum) - logit[label]);
    for (size_t v = 0; v < V; v++) {
      const double down = weight * (exp(logit[v] - top) / sum - (v == label ? 1 : 0));
      for (size_t j = 0; j < D; j++) {
        g->at[E][v * D + j] += down * u[t * D + j];
        du[t * D + j] += down * p->at[E][v * D + j];
      }
    }
  }
  memset(dx, 0, C * D * sizeof *dx);
  norm_back(C, D, x, p->at[G3], du, dx, g->at[G3], g->at[B3]);
  return loss;
}

double gpt2_by_hand(int64_t n, const int32_t *token, const double *e, const double *p, const double *g1,
                    const double *b1, const double *g2, const double *b2, const double *g3, const double *b3,
                    const double *Wa, const double *ba, const double *Wo, const double *bo, const double *Wf,
                    const double *bf, const double *Wp, const double *bp, double *d_e, double *d_p, double *d_g1,
                    double *d_b1, double *d_g2, double *d_b2, double *d_g3, double *d_b3, double *d_Wa, double *d_ba,
                    double *d_Wo, double *d_bo, double *d_Wf, double *d_bf, double *d_Wp, double *d_bp) {
  const struct weights all = {{e, p, g1, b1, g2, b2, g3, b3, Wa, ba, Wo, bo, Wf, bf, Wp, bp}};
  const struct slopes slopes = {
      {d_e, d_p, d_g1, d_b1, d_g2, d_b2, d_g3, d_b3, d_Wa, d_ba, d_Wo, d_bo, d_Wf, d_bf, d_Wp, d_bp}};
  double *memory = malloc(((L + 1) * KEPT + 4 * N) * sizeof *memory), logit[V], loss = 0;
  if (!memory) return NAN;
  double *spare = memory + L * KEPT, *x = spare + KEPT, *dx = x + N, *u = dx + N, *du = u + N;
  for (int part = 0; part < PARTS; part++)
    memset(slopes.at[part], 0, (is_layered(part) ? L : 1) * part_size[part] * sizeof(double));
  for (int64_t i = 0; i < n; i++) {
    const int32_t *row = token + i * (C + 1);
    for (int t = 0; t < C; t++)
      for (int j = 0; j < D; j++) x[t * D + j] = e[row[t] * D + j] + p[t * D + j];
    for (size_t l = 0; l < L; l++) {
      const struct weights layer = layer_weights(&all, l);
      const struct kept kept = kept_at(memory + l * KEPT);
      memcpy(kept.x, x, N * sizeof *x);
      forward(&layer, &kept, x);
    }
    loss += judge(n, row, &all, &slopes, x, u, du, logit, dx);
    for (size_t l = L; l-- > 0;) {
      const struct weights layer = layer_weights(&all, l);
      const struct slopes slope = layer_slopes(&slopes, l);
      const struct kept kept = kept_at(memory + l * KEPT);
      backward(&layer, &slope, &kept, spare, dx);
    }
    for (int t = 0; t < C; t++)
      for (int j = 0; j < D; j++) {
        d_e[row[t] * D + j] += dx[t * D + j];
        d_p[t * D + j] += dx[t * D + j];
      }
  }
  free(memory);
  return loss;
}
