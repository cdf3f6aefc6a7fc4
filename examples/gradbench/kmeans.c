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
  const size_t count = run->entries[0] / 2;
  double *const gradient = run->derivative[0], *const diagonal = gradient + count;
  compute_derivative(run, 0, NULL, gradient);
  for (size_t k = 0; k < count; k++) gradient[k] /= diagonal[k];
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
