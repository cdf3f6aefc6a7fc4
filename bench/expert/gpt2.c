/* gpt2.c - a sequence at a time; each part forward beside its way back.  Matrix products by gemm, attention over the u <= t alone. */
#include "gpt2.h"

#include "gemm.h"

enum {
  V = gpt2_dim_V,
  C = gpt2_dim_C,
  H = gpt2_dim_H,
  S = gpt2_dim_s,
  L = gpt2_dim_L,
  D = H * S,
  N = C * D /* entries of what a layer passes on */
};

/* What a layer keeps. */
struct layer {
  double x[N], u1[N], a[3 * N], shares[H * C * C], mixed[N], y[N], u2[N], f[4 * N], bent[4 * N];
  double mean1[C], scale1[C], mean2[C], scale2[C];
};

struct room {
  struct layer layers[L];
  double top[N], u[N], mean[C], scale[C], logits[C * V];
  double dx[N], dy[N], du[N], da[3 * N], df[4 * N], dmixed[N];
};

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return sizeof(struct room);
}

/* ---- pieces ---- */

/* out = b + x W, W[p, q] */
static void linear(int p, int q, const double *x, const double *W, const double *b, double *out) {
  for (int t = 0; t < C; t++) memcpy(out + t * q, b, (size_t)q * sizeof *out);
  gemm(C, q, p, 1, x, p, 1, W, q, 1, out, q);
}

/* dx is written, dW and db are added to. */
static void linear_back(int p, int q, const double *x, const double *W, const double *down, double *dx, double *dW,
                        double *db) {
  memset(dx, 0, (size_t)(C * p) * sizeof *dx);
  gemm(C, p, q, 1, down, q, 1, W, 1, q, dx, p);
  gemm(p, q, C, 1, x, 1, p, down, q, 1, dW, q);
  for (int t = 0; t < C; t++) axpy(q, 1, down + t * q, db);
}

static void norm(const double *x, const double *gain, const double *shift, double *mean, double *scale, double *out) {
  for (int t = 0; t < C; t++, x += D, out += D) {
    double sum[LANES] = {0}, squares[LANES] = {0};
    for (int j = 0; j < D; j += LANES)
      for (int l = 0; l < LANES && j + l < D; l++) sum[l] += x[j + l];
    mean[t] = lanes_sum(sum) / D;
    for (int j = 0; j < D; j += LANES)
      for (int l = 0; l < LANES && j + l < D; l++) squares[l] += (x[j + l] - mean[t]) * (x[j + l] - mean[t]);
    scale[t] = 1 / sqrt(lanes_sum(squares) / D + 1e-5);
    for (int j = 0; j < D; j++) out[j] = (x[j] - mean[t]) * scale[t] * gain[j] + shift[j];
  }
}

/* With v = (x - mean) scale and dv = gain down:  dx += scale (dv - mean(dv) - v mean(v dv)). */
static void norm_back(const double *x, const double *gain, const double *mean, const double *scale, const double *down,
                      double *dx, double *d_gain, double *d_shift) {
  for (int t = 0; t < C; t++, x += D, down += D, dx += D) {
    double v[D], dv[D], plain = 0, along;
    for (int j = 0; j < D; j++) {
      v[j] = (x[j] - mean[t]) * scale[t];
      dv[j] = gain[j] * down[j];
      d_gain[j] += v[j] * down[j];
      d_shift[j] += down[j];
    }
    plain = dot(D, gain, down) / D;
    along = dot(D, v, dv) / D;
    for (int j = 0; j < D; j++) dx[j] += scale[t] * (dv[j] - plain - v[j] * along);
  }
}

static const double root = 0.79788456080286535588; /* of 2 / pi */

static void gelu(const double *x, double *out) {
  for (int k = 0; k < 4 * N; k++) out[k] = 0.5 * x[k] * (1 + bend(root * x[k] * (1 + 0.044715 * x[k] * x[k])));
}

/* down *= the slope */
static void gelu_back(const double *x, double *down) {
  for (int k = 0; k < 4 * N; k++) {
    const double square = x[k] * x[k], t = bend(root * x[k] * (1 + 0.044715 * square));
    down[k] *= 0.5 * (1 + t) + 0.5 * x[k] * (1 - t * t) * root * (1 + 3 * 0.044715 * square);
  }
}

static void attend(const double *a, double *shares, double *mixed) {
  const double shrink = 1 / sqrt((double)S);
  for (int head = 0; head < H; head++)
    for (int t = 0; t < C; t++) {
      const double *query = a + t * 3 * D + head * S;
      double *w = shares + (head * C + t) * C, out[S] = {0};
      for (int u = 0; u <= t; u++) w[u] = shrink * dot(S, query, a + u * 3 * D + D + head * S);
      softmax(t + 1, w);
      for (int u = 0; u <= t; u++) axpy(S, w[u], a + u * 3 * D + 2 * D + head * S, out);
      memcpy(mixed + t * D + head * S, out, sizeof out);
    }
}

/* Of scores: w (dw - sum(w dw)). */
static void attend_back(const double *a, const double *shares, const double *down, double *da) {
  const double shrink = 1 / sqrt((double)S);
  memset(da, 0, 3 * N * sizeof *da);
  for (int head = 0; head < H; head++)
    for (int t = 0; t < C; t++) {
      const double *query = a + t * 3 * D + head * S, *w = shares + (head * C + t) * C, *out = down + t * D + head * S;
      double dw[C], *dquery = da + t * 3 * D + head * S;
      for (int u = 0; u <= t; u++) {
        dw[u] = dot(S, a + u * 3 * D + 2 * D + head * S, out);
        axpy(S, w[u], out, da + u * 3 * D + 2 * D + head * S);
      }
      const double sum = dot(t + 1, w, dw);
      for (int u = 0; u <= t; u++) {
        const double score = shrink * w[u] * (dw[u] - sum);
        axpy(S, score, a + u * 3 * D + D + head * S, dquery);
        axpy(S, score, query, da + u * 3 * D + D + head * S);
      }
    }
}

/* ---- layers ---- */

static void plus(const double *x, double *out) {
  for (int k = 0; k < N; k++) out[k] += x[k];
}

static void forward(const double *p, int l, struct layer *k, double *out) {
  norm(k->x, p + gpt2_at_g1 + l * D, p + gpt2_at_b1 + l * D, k->mean1, k->scale1, k->u1);
  linear(D, 3 * D, k->u1, p + gpt2_at_Wa + l * 3 * D * D, p + gpt2_at_ba + l * 3 * D, k->a);
  attend(k->a, k->shares, k->mixed);
  linear(D, D, k->mixed, p + gpt2_at_Wo + l * D * D, p + gpt2_at_bo + l * D, k->y);
  plus(k->x, k->y);
  norm(k->y, p + gpt2_at_g2 + l * D, p + gpt2_at_b2 + l * D, k->mean2, k->scale2, k->u2);
  linear(D, 4 * D, k->u2, p + gpt2_at_Wf + l * 4 * D * D, p + gpt2_at_bf + l * 4 * D, k->f);
  gelu(k->f, k->bent);
  linear(4 * D, D, k->bent, p + gpt2_at_Wp + l * 4 * D * D, p + gpt2_at_bp + l * D, out);
  plus(k->y, out);
}

/* at->dx becomes what goes on to the layer below. */
static void backward(const double *p, int l, const struct layer *k, struct room *at, double *g) {
  linear_back(4 * D, D, k->bent, p + gpt2_at_Wp + l * 4 * D * D, at->dx, at->df, g + gpt2_at_Wp + l * 4 * D * D,
              g + gpt2_at_bp + l * D);
  gelu_back(k->f, at->df);
  linear_back(D, 4 * D, k->u2, p + gpt2_at_Wf + l * 4 * D * D, at->df, at->du, g + gpt2_at_Wf + l * 4 * D * D,
              g + gpt2_at_bf + l * 4 * D);
  norm_back(k->y, p + gpt2_at_g2 + l * D, k->mean2, k->scale2, at->du, at->dx, g + gpt2_at_g2 + l * D,
            g + gpt2_at_b2 + l * D);
  linear_back(D, D, k->mixed, p + gpt2_at_Wo + l * D * D, at->dx, at->dmixed, g + gpt2_at_Wo + l * D * D,
              g + gpt2_at_bo + l * D);
  attend_back(k->a, k->shares, at->dmixed, at->da);
  linear_back(D, 3 * D, k->u1, p + gpt2_at_Wa + l * 3 * D * D, at->da, at->du, g + gpt2_at_Wa + l * 3 * D * D,
              g + gpt2_at_ba + l * 3 * D);
  norm_back(k->x, p + gpt2_at_g1 + l * D, k->mean1, k->scale1, at->du, at->dx, g + gpt2_at_g1 + l * D,
            g + gpt2_at_b1 + l * D);
}

/* From the last layer to the loss of a sequence, and back to at->dx. */
static double tell(const double *p, const int32_t *token, double share, struct room *at, double *g) {
  double loss = 0;
  norm(at->top, p + gpt2_at_g3, p + gpt2_at_b3, at->mean, at->scale, at->u);
  memset(at->logits, 0, sizeof at->logits);
  gemm(C, V, D, 1, at->u, D, 1, p + gpt2_at_E, 1, D, at->logits, V);
  for (int t = 0; t < C; t++) {
    double *z = at->logits + t * V;
    const double own = z[token[t + 1]];
    loss += softmax(V, z) - own;
    z[token[t + 1]] -= 1;
    for (int v = 0; v < V; v++) z[v] *= share;
  }
  memset(at->du, 0, sizeof at->du);
  memset(at->dx, 0, sizeof at->dx);
  gemm(C, D, V, 1, at->logits, V, 1, p + gpt2_at_E, D, 1, at->du, D);
  gemm(V, D, C, 1, at->logits, 1, V, at->u, D, 1, g + gpt2_at_E, D);
  norm_back(at->top, p + gpt2_at_g3, at->mean, at->scale, at->du, at->dx, g + gpt2_at_g3, g + gpt2_at_b3);
  return loss;
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  struct room *at = work;
  const int64_t n = dims[0];
  const int32_t *token = data[0];
  const double *E = params + gpt2_at_E, *P = params + gpt2_at_P, share = 1 / (double)(n * C);
  double loss = 0;
  memset(grad, 0, gpt2_nparams * sizeof *grad);
  for (int64_t i = 0; i < n; i++, token += C + 1) {
    for (int t = 0; t < C; t++)
      for (int j = 0; j < D; j++) at->layers[0].x[t * D + j] = E[token[t] * D + j] + P[t * D + j];
    for (int l = 0; l < L; l++) forward(params, l, &at->layers[l], l + 1 < L ? at->layers[l + 1].x : at->top);
    loss += tell(params, token, share, at, grad);
    for (int l = L; l-- > 0;) backward(params, l, &at->layers[l], at, grad);
    for (int t = 0; t < C; t++) {
      axpy(D, 1, at->dx + t * D, grad + gpt2_at_E + token[t] * D);
      axpy(D, 1, at->dx + t * D, grad + gpt2_at_P + t * D);
    }
  }
  return share * loss;
}
