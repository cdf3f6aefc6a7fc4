/* driver.c - GradBench's protocol: input and output as JSON, a line for the time of each repetition. */
#include "driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_RANK = 8 };

_Noreturn void fail(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fputs("driver: ", stderr);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  va_end(list);
  exit(EXIT_FAILURE);
}

void *memory(size_t count, size_t size) {
  if (size && count > SIZE_MAX / size - MDL_ALIGNMENT) fail("the input is too large");
  size_t bytes = (count * size + MDL_ALIGNMENT) / MDL_ALIGNMENT * MDL_ALIGNMENT;
  void *p = aligned_alloc(MDL_ALIGNMENT, bytes);
  if (!p) fail("no memory for %zu bytes", bytes);
  return memset(p, 0, bytes);
}

/* ---- the input ---- */

const json_t *member(const json_t *object, const char *name) {
  const json_t *value = json_object_get(object, name);
  if (!value) fail("the input has no `%s`", name);
  return value;
}

int64_t integer_member(const json_t *object, const char *name) {
  const json_t *value = member(object, name);
  if (!json_is_integer(value)) fail("`%s` is no integer", name);
  return json_integer_value(value);
}

int64_t length_member(const json_t *object, const char *name) {
  const json_t *value = member(object, name);
  if (!json_is_array(value)) fail("`%s` is no array", name);
  return (int64_t)json_array_size(value);
}

int64_t width_member(const json_t *object, const char *name) {
  const json_t *row = length_member(object, name) ? json_array_get(member(object, name), 0) : NULL;
  if (row && !json_is_array(row)) fail("`%s` has no rows", name);
  return (int64_t)json_array_size(row);
}

/* ---- the model's arrays ---- */

/* Where a name stands in a list of arrays; -1: nowhere. */
static int find(const char *name, int count, const struct mdl_array *arrays) {
  for (int k = 0; k < count; k++)
    if (!strcmp(arrays[k].name, name)) return k;
  return -1;
}

/* The entries of an array of the model (role: enum mdl_role), and its extents. */
static size_t entries(const struct run *run, int role, int which, int rank, int64_t extents[MAX_RANK]) {
  size_t count = 1;
  if (rank > MAX_RANK || run->model->shape(run->dims, role, which, extents)) fail("dimensions don't fit the model");
  for (int a = 0; a < rank; a++) {
    if (extents[a] && count > SIZE_MAX / (size_t)extents[a]) fail("the input is too large");
    count *= (size_t)extents[a];
  }
  return count;
}

static int find_dim(const struct mdl_model *model, const char *name) {
  int k = 0;
  while (k < model->ndims && strcmp(model->dims[k].name, name)) k++;
  if (k == model->ndims || k >= RUN_DIMS) fail("the model has no dimension `%s`", name);
  return k;
}

void run_dim(struct run *run, const char *name, int64_t value) {
  run->dims[find_dim(run->model, name)] = value;
}

int64_t dim_of(const struct run *run, const char *name) {
  return run->dims[find_dim(run->model, name)];
}

static size_t largest(size_t a, size_t b) {
  return a > b ? a : b;
}

/* Room for what the further derivatives write; returns the work memory that they need. */
static size_t allocate_derivatives(struct run *run) {
  const struct mdl_model *model = run->model;
  size_t work[RUN_DERIVATIVES], result[RUN_DERIVATIVES], most = 0;
  if (!model->nderivatives) return 0;
  if (model->nderivatives > RUN_DERIVATIVES) fail("the model is not one for this program");
  if (model->derivative_sizes(run->dims, work, result)) fail("dimensions don't fit the model");
  for (int k = 0; k < model->nderivatives; k++) {
    most = largest(most, work[k]);
    run->derivative[k] = memory(1, result[k]);
    run->entries[k] = result[k] / sizeof(double);
  }
  return most;
}

void run_allocate(struct run *run) {
  const struct mdl_model *model = run->model;
  int64_t extents[MAX_RANK];
  struct mdl_sizes sizes;
  if (model->real != MDL_DOUBLE || model->ndims > RUN_DIMS || model->ndata > RUN_ARRAYS ||
      model->nparams > RUN_ARRAYS || model->npredicts > RUN_ARRAYS)
    fail("the model is not one for this program");
  if (model->sizes(run->dims, &sizes) || model->layout(run->dims, run->offsets)) fail("dimensions don't fit the model");
  for (int k = 0; k < model->ndata; k++) {
    size_t size = model->data[k].type == MDL_INT32 ? sizeof(int32_t) : sizeof(double);
    run->data[k] = memory(entries(run, MDL_DATA, k, model->data[k].rank, extents), size);
  }
  for (int k = 0; k < model->npredicts; k++)
    run->out[k] = memory(entries(run, MDL_PREDICT, k, model->predicts[k].rank, extents), sizeof(double));
  run->params = memory(1, sizes.params);
  run->grad = memory(1, sizes.params);
  run->work = memory(1, largest(allocate_derivatives(run), largest(sizes.predict_work, sizes.value_and_grad_work)));
}

double *run_reals(struct run *run, const char *name, size_t *count) {
  const struct mdl_model *model = run->model;
  int64_t extents[MAX_RANK];
  int k = find(name, model->nparams, model->params);
  if (k >= 0) {
    *count = (size_t)(run->offsets[k + 1] - run->offsets[k]);
    return run->params + run->offsets[k];
  }
  k = find(name, model->ndata, model->data);
  if (k < 0 || model->data[k].type != MDL_DOUBLE) fail("the model has no reals `%s`", name);
  *count = entries(run, MDL_DATA, k, model->data[k].rank, extents);
  return run->data[k];
}

int32_t *run_integers(struct run *run, const char *name, size_t *count) {
  const struct mdl_model *model = run->model;
  int64_t extents[MAX_RANK];
  int k = find(name, model->ndata, model->data);
  if (k < 0 || model->data[k].type != MDL_INT32) fail("the model has no integers `%s`", name);
  *count = entries(run, MDL_DATA, k, model->data[k].rank, extents);
  return run->data[k];
}

/* An array that is being filled. */
struct filling {
  const char *name;
  double *reals; /* one of the two is null */
  int32_t *integers;
  size_t count, filled;
};

static void fill_number(struct filling *f, const json_t *number) {
  if (f->filled == f->count) fail("`%s` has more than %zu numbers", f->name, f->count);
  if (f->reals) {
    if (!json_is_number(number)) fail("`%s` has an entry that is no number", f->name);
    f->reals[f->filled++] = json_number_value(number);
    return;
  }
  json_int_t value = json_integer_value(number);
  if (!json_is_integer(number) || value < INT32_MIN || value > INT32_MAX)
    fail("`%s` has an entry that is no integer of 32 bits", f->name);
  f->integers[f->filled++] = (int32_t)value;
}

static void fill(struct filling *f, const json_t *numbers, int depth) {
  if (!json_is_array(numbers)) {
    fill_number(f, numbers);
    return;
  }
  if (depth == MAX_RANK) fail("`%s` is nested too deeply", f->name);
  for (size_t k = 0; k < json_array_size(numbers); k++) fill(f, json_array_get(numbers, k), depth + 1);
}

void run_put(struct run *run, const char *name, const json_t *numbers) {
  struct filling f = {.name = name};
  int k = find(name, run->model->ndata, run->model->data);
  if (k >= 0 && run->model->data[k].type == MDL_INT32)
    f.integers = run_integers(run, name, &f.count);
  else
    f.reals = run_reals(run, name, &f.count);
  fill(&f, numbers, 0);
  if (f.filled != f.count) fail("`%s` has %zu numbers, not %zu", name, f.filled, f.count);
}

static void put_members_of(struct run *run, const json_t *input, int count, const struct mdl_array *arrays) {
  for (int k = 0; k < count; k++) run_put(run, arrays[k].name, member(input, arrays[k].name));
}

void run_put_members(struct run *run, const json_t *input) {
  put_members_of(run, input, run->model->ndata, run->model->data);
  put_members_of(run, input, run->model->nparams, run->model->params);
}

/* ---- what is computed ---- */

void compute_predictions(struct run *run) {
  run->model->predict(run->dims, (const void *const *)run->data, run->params, run->work, run->out);
}

void compute_gradient(struct run *run) {
  run->value = run->model->value_and_grad(run->dims, (const void *const *)run->data, run->params, run->work, run->grad);
}

void compute_derivative(struct run *run, int which, const double *vector, double *out) {
  void *const outs[] = {out};
  run->model->derivatives[which].at(run->dims, (const void *const *)run->data, run->params, vector, run->work, outs);
}

void compute_structure(struct run *run, int which, int64_t *row_start, int64_t *column) {
  void *const outs[] = {row_start, column};
  run->model->derivatives[which].at(run->dims, (const void *const *)run->data, run->params, NULL, run->work, outs);
}

/* ---- the output ---- */

static json_t *number(double value) {
  json_t *json = json_real(value);
  if (!json) fail("the output has an entry that is not finite");
  return json;
}

/* The numbers from *at on, nested as the extents say; moves *at behind them. */
static json_t *nested(const double **at, int rank, const int64_t *extents) {
  if (!rank) return number(*(*at)++);
  json_t *array = json_array();
  for (int64_t k = 0; k < extents[0]; k++)
    if (json_array_append_new(array, nested(at, rank - 1, extents + 1))) fail("no memory for the output");
  return array;
}

json_t *list(const double *values, int64_t count) {
  return nested(&values, 1, &count);
}

json_t *lists(const double *values, int64_t rows, int64_t columns) {
  const int64_t extents[] = {rows, columns};
  return nested(&values, 2, extents);
}

static json_t *array_of(const struct run *run, int role, int which, int rank, const double *values) {
  int64_t extents[MAX_RANK];
  entries(run, role, which, rank, extents);
  return nested(&values, rank, extents);
}

static json_t *prediction_at(const struct run *run, int k) {
  return array_of(run, MDL_PREDICT, k, run->model->predicts[k].rank, run->out[k]);
}

static json_t *gradient_at(const struct run *run, int k) {
  return array_of(run, MDL_PARAM, k, run->model->params[k].rank, run->grad + run->offsets[k]);
}

json_t *prediction(const struct run *run, const char *name) {
  int k = find(name, run->model->npredicts, run->model->predicts);
  if (k < 0) fail("the model does not predict `%s`", name);
  return prediction_at(run, k);
}

json_t *gradient(const struct run *run, const char *name) {
  int k = find(name, run->model->nparams, run->model->params);
  if (k < 0) fail("the model has no parameter `%s`", name);
  return gradient_at(run, k);
}

json_t *first_prediction(const struct run *run) {
  return prediction_at(run, 0);
}

json_t *first_gradient(const struct run *run) {
  return gradient_at(run, 0);
}

/* ---- the protocol ---- */

/* How long each repetition took. */
struct times {
  int64_t *nanoseconds;
  size_t count, room;
};

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add_time(struct times *times, int64_t nanoseconds) {
  if (times->count == times->room) {
    times->room = times->room ? 2 * times->room : 64;
    times->nanoseconds = realloc(times->nanoseconds, times->room * sizeof *times->nanoseconds);
    if (!times->nanoseconds) fail("no memory for the times");
  }
  times->nanoseconds[times->count++] = nanoseconds;
}

/* As often as the input's min_runs and min_seconds say, which it may lack; once at least. */
static void repeat(struct run *run, const json_t *input, void (*compute)(struct run *), struct times *times) {
  json_int_t runs = json_integer_value(json_object_get(input, "min_runs"));
  double limit = 1e9 * json_number_value(json_object_get(input, "min_seconds")), total = 0;
  do {
    int64_t start = now();
    compute(run);
    add_time(times, now() - start);
    total += (double)times->nanoseconds[times->count - 1];
  } while ((json_int_t)times->count < runs || total < limit);
}

static void check(const struct run *run) {
  struct mdl_where where;
  int status = run->model->check(run->dims, (const void *const *)run->data, &where);
  if (status == MDL_ERROR_RANGE)
    fail("entry %lld of `%s` is %lld: not in 0..%lld", (long long)where.position, where.name, (long long)where.value,
         (long long)where.limit);
  if (status) fail("the input does not fit the model");
}

static const struct function *function_named(const struct function *functions, const char *name) {
  while (functions->name && strcmp(functions->name, name)) functions++;
  if (!functions->name) fail("unknown function `%s`", name);
  return functions;
}

static void release(struct run *run) {
  for (int k = 0; k < RUN_ARRAYS; k++) {
    free(run->data[k]);
    free(run->out[k]);
  }
  for (int k = 0; k < RUN_DERIVATIVES; k++) free(run->derivative[k]);
  free(run->params);
  free(run->grad);
  free(run->work);
  free(run->extra);
}

int gradbench(int argc, char **argv, const struct function *functions) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s INPUT.json FUNCTION\n", argc ? argv[0] : "EVAL");
    return 2;
  }
  const struct function *function = function_named(functions, argv[2]);
  json_error_t error;
  json_t *input = json_load_file(argv[1], JSON_DECODE_ANY, &error);
  if (!input) fail("%s:%d:%d: %s", argv[1], error.line, error.column, error.text);

  struct run run = {.model = function->model};
  struct times times = {0};
  function->prepare(&run, input);
  check(&run);
  repeat(&run, input, function->compute, &times);

  json_t *output = function->output(&run);
  json_dumpf(output, stdout, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(17));
  putchar('\n');
  for (size_t k = 0; k < times.count; k++)
    printf("{\"name\": \"evaluate\", \"nanoseconds\": %lld}\n", (long long)times.nanoseconds[k]);
  json_decref(output);
  json_decref(input);
  free(times.nanoseconds);
  release(&run);
  if (fflush(stdout) || ferror(stdout)) fail("the output can't be written");
  return EXIT_SUCCESS;
}
