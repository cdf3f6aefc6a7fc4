/* kmeans.c - GradBench's kmeans. */
#include "kmeans.h"

#include "driver.h"

static void prepare(struct run *run, const json_t *input) {
  run_dim(run, "k", length_member(input, "centroids"));
  run_dim(run, "n", length_member(input, "points"));
  run_dim(run, "d", width_member(input, "points"));
  run_allocate(run);
  run_put_members(run, input);
}

/* Newton's step: the gradient over the Hessian's diagonal, which is all of it. */
static void compute_step(struct run *run) {
  double *step = run->derivative[0];
  compute_gradient(run);
  compute_derivative(run, 0, NULL, step);
  for (size_t k = 0; k < run->entries[0]; k++) step[k] = run->grad[k] / step[k];
}

static json_t *step(const struct run *run) {
  return lists(run->derivative[0], dim_of(run, "k"), dim_of(run, "d"));
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"cost", &kmeans_model, prepare, compute_predictions, first_prediction},
      {"dir", &kmeans_model, prepare, compute_step, step},
      {0},
  };
  return gradbench(argc, argv, functions);
}
