/* ba.c - GradBench's ba: one camera, point, weight and feature, repeated as often as the input says. */
#include "ba.h"

#include <stdlib.h>

#include "driver.h"

/* Fills an array with repetitions of a member's numbers. */
static void put_repeated(struct run *run, const char *name, const json_t *numbers) {
  size_t count, period = json_is_array(numbers) ? json_array_size(numbers) : 1;
  double *array = run_reals(run, name, &count);
  if (!period || count % period) fail("the input has a wrong number of entries for `%s`", name);
  for (size_t k = 0; k < count; k++) {
    const json_t *number = json_is_array(numbers) ? json_array_get(numbers, k % period) : numbers;
    if (!json_is_number(number)) fail("the input has an entry that is no number for `%s`", name);
    array[k] = json_number_value(number);
  }
}

/* Observations go round the `limit` cameras or points. */
static void put_round(struct run *run, const char *name, int64_t limit) {
  size_t count;
  int32_t *array = run_integers(run, name, &count);
  for (size_t k = 0; limit > 0 && k < count; k++) array[k] = (int32_t)(k % (size_t)limit);
}

static void prepare(struct run *run, const json_t *input) {
  int64_t n = integer_member(input, "n"), m = integer_member(input, "m");
  run_dim(run, "n", n);
  run_dim(run, "m", m);
  run_dim(run, "p", integer_member(input, "p"));
  run_allocate(run);
  put_round(run, "camera", n);
  put_round(run, "point", m);
  put_repeated(run, "cameras", member(input, "cam"));
  put_repeated(run, "x", member(input, "x"));
  put_repeated(run, "w", member(input, "w"));
  put_repeated(run, "feature", member(input, "feat"));
}

/* The errors of the first observation, and how often they are repeated. */
static json_t *errors(const struct run *run) {
  const json_int_t repeated = dim_of(run, "p");
  return json_pack("{s:{s:o,s:I},s:{s:o,s:I}}", "reproj_error", "elements", list(run->out[0], 2), "repeated", repeated,
                   "w_err", "element", json_real(*(const double *)run->out[1]), "repeated", repeated);
}

/* ---- the Jacobian in compressed rows: two rows an observation, then one a weight ---- */

enum {
  CAMERA = 11,
  POINT = 3,
  COLUMNS = CAMERA + POINT + 1,
  BLOCK = 2 * COLUMNS
}; /* columns, entries of an observation */

struct sparse {
  int32_t *rows, *cols; /* where each row starts, and the last one's end; the column of each entry */
  double *vals;
};

static struct sparse sparse_of(const struct run *run) {
  const size_t p = (size_t)dim_of(run, "p");
  int32_t *cols = run->extra;
  return (struct sparse){.rows = cols + (BLOCK + 1) * p, .cols = cols, .vals = run->derivative[0]};
}

static void prepare_jacobian(struct run *run, const json_t *input) {
  prepare(run, input);
  const int64_t p = dim_of(run, "p");
  if (p < 1 || (BLOCK + 1) * p > INT32_MAX || CAMERA * dim_of(run, "n") + POINT * dim_of(run, "m") + p > INT32_MAX)
    fail("the Jacobian's places do not fit");
  run->extra = memory((size_t)((BLOCK + 4) * p + 1), sizeof(int32_t));
  free(run->derivative[0]); /* both derivatives go to one array */
  run->derivative[0] = memory((size_t)((BLOCK + 1) * p), sizeof(double));
}

static void put_columns(int32_t **at, int64_t first, int count) {
  for (int k = 0; k < count; k++) *(*at)++ = (int32_t)first + k;
}

static void put_structure(struct run *run, struct sparse s) {
  const int64_t p = dim_of(run, "p"), points_at = CAMERA * dim_of(run, "n"),
                weights_at = points_at + POINT * dim_of(run, "m");
  size_t count;
  const int32_t *camera = run_integers(run, "camera", &count), *point = run_integers(run, "point", &count);
  int32_t *at = s.cols;
  for (int64_t i = 0; i < p; i++)
    for (int row = 0; row < 2; row++) {
      *s.rows++ = (int32_t)(at - s.cols);
      put_columns(&at, CAMERA * (int64_t)camera[i], CAMERA);
      put_columns(&at, points_at + POINT * (int64_t)point[i], POINT);
      put_columns(&at, weights_at + i, 1);
    }
  for (int64_t i = 0; i < p; i++) {
    *s.rows++ = (int32_t)(at - s.cols);
    put_columns(&at, weights_at + i, 1);
  }
  *s.rows = (int32_t)(at - s.cols);
}

static void compute_jacobian(struct run *run) {
  static const double along_dw[COLUMNS] = {[COLUMNS - 1] = 1};
  struct sparse s = sparse_of(run);
  put_structure(run, s);
  compute_derivative(run, 0, NULL, s.vals);
  compute_derivative(run, 1, along_dw, s.vals + BLOCK * dim_of(run, "p"));
}

/* The first entries, and the last one, of a list of integers. */
static json_t *ends(const int32_t *list, int64_t count) {
  json_t *array = json_array();
  for (int k = 0; k < BLOCK; k++) json_array_append_new(array, json_integer(list[k]));
  json_array_append_new(array, json_integer(list[count - 1]));
  return array;
}

static json_t *jacobian(const struct run *run) {
  const struct sparse s = sparse_of(run);
  const int64_t p = dim_of(run, "p"), entries = (BLOCK + 1) * p;
  json_t *vals = list(s.vals, BLOCK);
  json_array_append_new(vals, json_real(s.vals[entries - 1]));
  return json_pack("{s:o,s:o,s:o}", "rows", ends(s.rows, 3 * p + 1), "cols", ends(s.cols, entries), "vals", vals);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"objective", &ba_model, prepare, compute_predictions, errors},
      {"jacobian", &ba_model, prepare_jacobian, compute_jacobian, jacobian},
      {0},
  };
  return gradbench(argc, argv, functions);
}
