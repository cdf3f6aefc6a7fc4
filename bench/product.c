/* product.c - the product of square matrices: what mdlc generates beside OpenBLAS on one thread. */
#include <cblas.h>
#include <math.h>
#include <stdio.h>

#include "harness.h"

extern const struct mdl_model MODEL;

/* An extension of OpenBLAS's. */
void openblas_set_num_threads(int threads);

struct context {
  struct instance at;
  int n; /* fixed when the model was compiled */
  void *out, *theirs;
};

static void generated(void *context) {
  const struct context *c = context;
  void *const out[] = {c->out};
  c->at.model->predict(c->at.dims, c->at.data, c->at.params, c->at.work, out);
}

static void openblas(void *context) {
  const struct context *c = context;
  const int n = c->n;
  if (c->at.model->real == MDL_DOUBLE)
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, c->at.params, n, c->at.data[0], n, 0, c->theirs,
                n);
  else
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, c->at.params, n, c->at.data[0], n, 0, c->theirs,
                n);
}

static const struct side sides[] = {{"generated", generated}, {"openblas", openblas}};

/* The largest difference, over the largest entry. */
static double differs(struct context *c) {
  double difference = 0, size = 0;
  generated(c);
  openblas(c);
  for (int64_t k = 0; k < c->at.nparams; k++) {
    const double a = real_at(c->at.model->real, c->out, k), b = real_at(c->at.model->real, c->theirs, k);
    difference = fmax(difference, isfinite(a) ? fabs(a - b) : INFINITY);
    size = fmax(size, fabs(b));
  }
  return size > 0 ? fmin(difference / size, 1e300) : 1e300;
}

int main(int argc, char **argv) {
  openblas_set_num_threads(1);
  struct context c = {.at = instance_make(&MODEL, argc, argv)};
  c.n = (int)lround(sqrt((double)c.at.nparams));
  c.out = memory(c.at.sizes.params);
  c.theirs = memory(c.at.sizes.params);
  char more[64];
  snprintf(more, sizeof more, "\"differs\": %.3e", differs(&c));
  serve(sides, 2, &c, more);
  return 0;
}
