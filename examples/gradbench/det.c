/* det.c - GradBench's det. */
#include "det.h"

#include "driver.h"

static void put_sets(struct run *run) {
  size_t columns, sets;
  int32_t *bit = run_integers(run, "bit", &columns), *size = run_integers(run, "size", &sets);
  for (size_t j = 0; j < columns; j++) bit[j] = (int32_t)1 << j;
  for (size_t s = 1; s < sets; s++) size[s] = size[s / 2] + (int32_t)(s % 2);
}

static void prepare(struct run *run, const json_t *input) {
  int64_t ell = integer_member(input, "ell");
  if (ell < 0 || ell > 30) fail("`ell` is %lld: not in 0..31", (long long)ell);
  run_dim(run, "ell", ell);
  run_dim(run, "sets", (int64_t)1 << ell);
  run_allocate(run);
  put_sets(run);
  run_put(run, "A", member(input, "A"));
}

/* The gradient as one list, as the matrix is given. */
static json_t *flat_gradient(const struct run *run) {
  const int64_t ell = dim_of(run, "ell");
  return list(run->grad, ell * ell);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"primal", &det_model, prepare, compute_predictions, first_prediction},
      {"gradient", &det_model, prepare, compute_gradient, flat_gradient},
      {0},
  };
  return gradbench(argc, argv, functions);
}
