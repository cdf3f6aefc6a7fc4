/* bench.c - 5000 epochs of the thermometer, computing alone: generated C and the derivative by hand, each with the runtime's SGD.
 *
 * Prints "name median_in_seconds w b" for each; run.sh adds PyTorch's line and makes the table. */
#include <mdl/optim.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hand.h"
#include "readings.h"
#include "thermometer_scaled.h"

_Static_assert(thermometer_scaled_value_and_grad_work_bytes == 0, "the benchmark gives the model no memory");

enum { EPOCHS = 5000, RUNS = 201, PARAMS = thermometer_scaled_nparams };

static double by_hand(double *params) {
  double grad[PARAMS], loss = 0;
  for (int epoch = 0; epoch < EPOCHS; epoch++) {
    loss = hand_value_and_grad(READINGS, readings_t_u, readings_t_c, params, grad);
    for (int p = 0; p < PARAMS; p++) params[p] -= 1e-2 * grad[p];
  }
  return loss;
}

static void start_sgd(struct mdl_optim *optim) {
  struct mdl_optim_options options = mdl_optim_defaults(MDL_SGD);
  options.lr = 1e-2;
  if (mdl_optim_init(optim, &options, MDL_DOUBLE, PARAMS, NULL) != MDL_OK) exit(EXIT_FAILURE);
}

static double by_hand_with_runtime(double *params) {
  double grad[PARAMS], loss = 0;
  struct mdl_optim optim;
  start_sgd(&optim);
  for (int epoch = 0; epoch < EPOCHS; epoch++) {
    loss = hand_value_and_grad(READINGS, readings_t_u, readings_t_c, params, grad);
    mdl_optim_step(&optim, params, grad);
  }
  return loss;
}

static double generated(double *params) {
  const thermometer_scaled_dims dims = {READINGS};
  const thermometer_scaled_data data = {.t_u = readings_t_u, .t_c = readings_t_c};
  double grad[PARAMS], loss = 0;
  struct mdl_optim optim;
  start_sgd(&optim);
  for (int epoch = 0; epoch < EPOCHS; epoch++) {
    loss = thermometer_scaled_value_and_grad(&dims, &data, params, NULL, grad);
    mdl_optim_step(&optim, params, grad);
  }
  return loss;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void measure(const char *name, double (*train)(double *params)) {
  static double took[RUNS];
  double params[PARAMS], loss = 0;
  for (int run = 0; run < RUNS; run++) {
    params[0] = 1;
    params[1] = 0;
    const double start = seconds();
    loss = train(params);
    took[run] = seconds() - start;
  }
  qsort(took, RUNS, sizeof *took, by_size);
  printf("%s\t%.9f\t%.17g\t%.17g\t%.17g\n", name, took[RUNS / 2], loss, params[0], params[1]);
}

int main(void) {
  measure("mdlc: generated C, libmdl's SGD", generated);
  measure("C by hand, libmdl's SGD", by_hand_with_runtime);
  measure("C by hand, step written out", by_hand);
  return 0;
}
