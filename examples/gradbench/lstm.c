/* lstm.c - GradBench's lstm. */
#include "lstm.h"

#include "driver.h"

static void prepare(struct run *run, const json_t *input) {
  run_dim(run, "l", length_member(input, "main_params") / 2);
  run_dim(run, "c", length_member(input, "sequence"));
  run_dim(run, "b", width_member(input, "state"));
  run_allocate(run);
  run_put_members(run, input);
}

/* The gradient of both parameters, one after the other. */
static json_t *flat_gradient(const struct run *run) {
  return list(run->grad, run->offsets[run->model->nparams]);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"objective", &lstm_model, prepare, compute_predictions, first_prediction},
      {"jacobian", &lstm_model, prepare, compute_gradient, flat_gradient},
      {0},
  };
  return gradbench(argc, argv, functions);
}
