/* gmm.c - GradBench's gmm. */
#include "gmm.h"

#include "driver.h"

static void prepare(struct run *run, const json_t *input) {
  run_dim(run, "d", integer_member(input, "d"));
  run_dim(run, "k", integer_member(input, "k"));
  run_dim(run, "n", integer_member(input, "n"));
  run_allocate(run);
  run_put_members(run, input);
}

/* The gradient of each parameter by its name. */
static json_t *gradients(const struct run *run) {
  json_t *object = json_object();
  for (int k = 0; k < run->model->nparams; k++) {
    const char *name = run->model->params[k].name;
    json_object_set_new(object, name, gradient(run, name));
  }
  return object;
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"objective", &gmm_model, prepare, compute_predictions, first_prediction},
      {"jacobian", &gmm_model, prepare, compute_gradient, gradients},
      {0},
  };
  return gradbench(argc, argv, functions);
}
