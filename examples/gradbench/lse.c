/* lse.c - GradBench's lse. */
#include "lse.h"

#include "driver.h"

static void prepare(struct run *run, const json_t *input) {
  run_dim(run, "n", length_member(input, "x"));
  run_allocate(run);
  run_put_members(run, input);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"primal", &lse_model, prepare, compute_predictions, first_prediction},
      {"gradient", &lse_model, prepare, compute_gradient, first_gradient},
      {0},
  };
  return gradbench(argc, argv, functions);
}
