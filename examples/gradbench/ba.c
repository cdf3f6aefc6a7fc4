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

/* The functions that the model is built with, in their order. */
enum { REPROJECTION, REPROJECTION_STRUCTURE, WEIGHT, WEIGHT_STRUCTURE };

enum { SHOWN = 30 }; /* entries of the first observation, which are printed */

/* The errors' rows, and behind them those of the weights. */
struct sparse {
  int64_t *rows, *cols; /* where each row starts, and the last one's end; the column of each entry */
  double *vals;
  int64_t nrows, weight_rows, entries, weight_entries; /* in all, and of the weights */
};

static struct sparse sparse_of(const struct run *run) {
  const int64_t p = dim_of(run, "p"), of_errors = (int64_t)run->entries[REPROJECTION],
                of_weights = (int64_t)run->entries[WEIGHT];
  int64_t *rows = run->extra;
  return (struct sparse){.rows = rows,
                         .cols = rows + 3 * p + 1,
                         .vals = run->derivative[REPROJECTION],
                         .nrows = 3 * p,
                         .weight_rows = p,
                         .entries = of_errors + of_weights,
                         .weight_entries = of_weights};
}

static void prepare_jacobian(struct run *run, const json_t *input) {
  prepare(run, input);
  const size_t entries = run->entries[REPROJECTION] + run->entries[WEIGHT];
  if (entries < SHOWN) fail("there is no observation");
  run->extra = memory(3 * (size_t)dim_of(run, "p") + 1 + entries, sizeof(int64_t));
  free(run->derivative[REPROJECTION]); /* both write to one array */
  run->derivative[REPROJECTION] = memory(entries, sizeof(double));
}

static void compute_jacobian(struct run *run) {
  const struct sparse s = sparse_of(run);
  const int64_t above = s.nrows - s.weight_rows, first = s.entries - s.weight_entries;
  compute_structure(run, REPROJECTION_STRUCTURE, s.rows, s.cols);
  compute_structure(run, WEIGHT_STRUCTURE, s.rows + above, s.cols + first);
  for (int64_t row = above; row <= s.nrows; row++) s.rows[row] += first;
  compute_derivative(run, REPROJECTION, NULL, s.vals);
  compute_derivative(run, WEIGHT, NULL, s.vals + first);
}

/* The first entries, and the last one, of a list of integers. */
static json_t *ends(const int64_t *list, int64_t count) {
  json_t *array = json_array();
  for (int k = 0; k < SHOWN && k < count; k++) json_array_append_new(array, json_integer(list[k]));
  json_array_append_new(array, json_integer(list[count - 1]));
  return array;
}

static json_t *jacobian(const struct run *run) {
  const struct sparse s = sparse_of(run);
  json_t *vals = list(s.vals, SHOWN);
  json_array_append_new(vals, json_real(s.vals[s.entries - 1]));
  return json_pack("{s:o,s:o,s:o}", "rows", ends(s.rows, s.nrows + 1), "cols", ends(s.cols, s.entries), "vals", vals);
}

int main(int argc, char **argv) {
  static const struct function functions[] = {
      {"objective", &ba_model, prepare, compute_predictions, errors},
      {"jacobian", &ba_model, prepare_jacobian, compute_jacobian, jacobian},
      {0},
  };
  return gradbench(argc, argv, functions);
}
