/* ht.c - GradBench's ht: points on triangles of the hand where the input has coordinates `us`, on its vertices where not. */
#include "ht.h"

#include <stdbool.h>

#include "driver.h"
#include "ht_simple.h"

/* Bone i is i + 1, what has no parent hangs on the world, 0. */
static void put_parents(struct run *run, const json_t *parents) {
  size_t count;
  int32_t *array = run_integers(run, "parent", &count);
  run_put(run, "parent", parents);
  for (size_t k = 0; k < count; k++) array[k]++;
}

static void put_common(struct run *run, const json_t *input) {
  const json_t *data = member(input, "data"), *model = member(data, "model");
  size_t one;
  put_parents(run, member(model, "parents"));
  run_put(run, "relative", member(model, "base_relatives"));
  run_put(run, "inverse_absolute", member(model, "inverse_base_absolutes"));
  run_put(run, "base", member(model, "base_positions"));
  run_put(run, "weight", member(model, "weights"));
  *run_reals(run, "mirror", &one) = json_is_true(member(model, "is_mirrored")) ? -1 : 1;
  run_put(run, "correspondence", member(data, "correspondences"));
  run_put(run, "points", member(data, "points"));
  run_put(run, "theta", member(input, "theta"));
}

static void prepare(struct run *run, const json_t *input) {
  const json_t *data = member(input, "data"), *model = member(data, "model");
  const bool simple = length_member(input, "us") == 0;
  run->model = simple ? &ht_simple_model : &ht_model;
  run_dim(run, "bones", length_member(model, "parents"));
  run_dim(run, "v", length_member(model, "base_positions"));
  if (!simple) run_dim(run, "t", length_member(model, "triangles"));
  run_dim(run, "c", length_member(data, "correspondences"));
  run_allocate(run);
  put_common(run, input);
  if (simple) return;
  run_put(run, "triangle", member(model, "triangles"));
  run_put(run, "us", member(input, "us"));
}

/* All errors as one list. */
static json_t *errors(const struct run *run) {
  return list(run->out[0], 3 * dim_of(run, "c"));
}

static void compute_jacobian(struct run *run) {
  compute_derivative(run, 0, NULL, run->derivative[0]);
}

/* A row for each error: the two coordinates of its own point, where it has them, then theta. */
static json_t *jacobian(const struct run *run) {
  const int64_t columns = run->offsets[run->model->nparams];
  return lists(run->derivative[0], 3 * dim_of(run, "c"), columns);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"objective", &ht_model, prepare, compute_predictions, errors},
      {"jacobian", &ht_model, prepare, compute_jacobian, jacobian},
      {0},
  };
  return gradbench(argc, argv, functions);
}
