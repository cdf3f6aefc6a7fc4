/* hello.c - GradBench's hello: the input is a bare number. */
#include "hello.h"

#include "driver.h"

static void prepare(struct run *run, const json_t *input) {
  run_allocate(run);
  run_put(run, "x", input);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"square", &hello_model, prepare, compute_predictions, first_prediction},
      {"double", &hello_model, prepare, compute_gradient, first_gradient},
      {0},
  };
  return gradbench(argc, argv, functions);
}
