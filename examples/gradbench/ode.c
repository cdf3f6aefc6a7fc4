/* ode.c - GradBench's ode. */
#include "ode.h"

#include "driver.h"

static void prepare(struct run *run, const json_t *input) {
  run_dim(run, "n", length_member(input, "x"));
  run_dim(run, "s", integer_member(input, "s"));
  run_allocate(run);
  run_put_members(run, input);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"primal", &ode_model, prepare, compute_predictions, first_prediction},
      {"gradient", &ode_model, prepare, compute_gradient, first_gradient},
      {0},
  };
  return gradbench(argc, argv, functions);
}
