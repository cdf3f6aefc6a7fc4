#include "harness.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(EXIT_FAILURE);
}

void *memory(size_t bytes) {
  void *block = NULL;
  if (posix_memalign(&block, MDL_ALIGNMENT, bytes ? bytes : MDL_ALIGNMENT)) die("no memory for %zu bytes", bytes);
  return memset(block, 0, bytes);
}

double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- random numbers ---- */

double uniform(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

double normal(uint64_t *state) {
  return 1.7320508075688772 * (uniform(state) + uniform(state) + uniform(state) + uniform(state) - 2);
}

/* ---- data ---- */

static double fill_normal(uint64_t *state, int64_t column) {
  (void)column;
  return normal(state);
}

static double fill_unit(uint64_t *state, int64_t column) {
  (void)column;
  return uniform(state);
}

static double fill_small(uint64_t *state, int64_t column) {
  (void)column;
  return 0.1 * normal(state);
}

static double fill_positive(uint64_t *state, int64_t column) {
  (void)column;
  return 0.5 + 4 * uniform(state);
}

/* Points in front of cameras near the origin. */
static double fill_ahead(uint64_t *state, int64_t column) {
  return normal(state) + (column == 2 ? 8 : 0);
}

/* A focal length near 1, small distortion. */
static double fill_lens(uint64_t *state, int64_t column) {
  return 0.05 * normal(state) + (column == 0 ? 1 : 0);
}

static const struct fill {
  const char *name;
  double (*at)(uint64_t *state, int64_t column);
} fills[] = {{"normal", fill_normal},     {"unit", fill_unit},   {"small", fill_small},
             {"positive", fill_positive}, {"ahead", fill_ahead}, {"lens", fill_lens}};

enum { FILLS = sizeof fills / sizeof *fills };

/* The fill that the arguments give this array, normal unless told. */
static const struct fill *fill_of(const char *array, int argc, char **argv) {
  const size_t length = strlen(array);
  for (int k = 1; k < argc; k++) {
    if (strncmp(argv[k], array, length) || argv[k][length] != ':') continue;
    for (int f = 0; f < FILLS; f++)
      if (!strcmp(argv[k] + length + 1, fills[f].name)) return &fills[f];
    die("no fill is called %s", argv[k] + length + 1);
  }
  return &fills[0];
}

static int64_t dim_of(const char *dim, int argc, char **argv) {
  const size_t length = strlen(dim);
  for (int k = 1; k < argc; k++)
    if (!strncmp(argv[k], dim, length) && argv[k][length] == '=') return atoll(argv[k] + length + 1);
  die("give %s=…", dim);
}

/* The limit that the model's own check has for integer array `which`: it is asked with a value far above. */
static int64_t limit_of(const struct instance *at, int which, int32_t *array) {
  enum { COUNTS = 8 }; /* where there is no limit */
  struct mdl_where where;
  array[0] = INT32_MAX;
  return at->model->check(at->dims, at->data, &where) == MDL_ERROR_RANGE &&
                 !strcmp(where.name, at->model->data[which].name)
             ? where.limit
             : COUNTS;
}

static void fill_integers(struct instance *at, int which, int64_t count, uint64_t *state) {
  int32_t *array = memory((size_t)count * sizeof *array);
  at->data[which] = array;
  if (count == 0) return;
  const int64_t limit = limit_of(at, which, array);
  for (int64_t k = 0; k < count; k++) array[k] = (int32_t)(uniform(state) * (double)limit);
}

static void fill_reals(struct instance *at, int which, int64_t count, int64_t columns, const struct fill *fill,
                       uint64_t *state) {
  double *doubles = NULL;
  float *floats = NULL;
  if (at->model->real == MDL_DOUBLE)
    at->data[which] = doubles = memory((size_t)count * sizeof *doubles);
  else
    at->data[which] = floats = memory((size_t)count * sizeof *floats);
  for (int64_t k = 0; k < count; k++) {
    const double value = fill->at(state, k % columns);
    if (doubles)
      doubles[k] = value;
    else
      floats[k] = (float)value;
  }
}

static void fill_data(struct instance *at, int argc, char **argv) {
  uint64_t state = 1;
  int64_t extents[MAX_DIMS];
  for (int which = 0; which < at->model->ndata; which++) {
    const struct mdl_array *array = &at->model->data[which];
    at->model->shape(at->dims, MDL_DATA, which, extents);
    int64_t count = 1;
    for (int a = 0; a < array->rank; a++) count *= extents[a];
    const int64_t columns = array->rank > 0 && count > 0 ? extents[array->rank - 1] : 1;
    if (array->type == MDL_INT32)
      fill_integers(at, which, count, &state);
    else
      fill_reals(at, which, count, columns, fill_of(array->name, argc, argv), &state);
  }
}

/* ---- models ---- */

static size_t largest(size_t a, size_t b) {
  return a > b ? a : b;
}

struct instance instance_make(const struct mdl_model *model, int argc, char **argv) {
  struct instance at = {.model = model};
  if (model->ndims > MAX_DIMS || model->ndata > MAX_DATA)
    die("%s has more dimensions or data than the benchmark", model->name);
  for (int k = 0; k < model->ndims; k++) at.dims[k] = dim_of(model->dims[k].name, argc, argv);
  if (model->sizes(at.dims, &at.sizes) != MDL_OK) die("%s does not have these sizes", model->name);
  const size_t real = model->real == MDL_DOUBLE ? sizeof(double) : sizeof(float);
  at.nparams = (int64_t)(at.sizes.params / real);
  fill_data(&at, argc, argv);
  struct mdl_where where = {0};
  if (model->check(at.dims, at.data, &where) != MDL_OK)
    die("%s rejects %s", model->name, where.name ? where.name : "its data");

  at.params = memory(at.sizes.params);
  at.grad = memory(at.sizes.params);
  at.tape = memory(at.sizes.tape);
  at.work = memory(largest(largest(at.sizes.forward_work, at.sizes.value_and_grad_work), at.sizes.predict_work));
  model->init(at.dims, 1, at.params);
  uint64_t state = 2;
  for (int64_t k = 0; k < at.nparams; k++) {
    const double noise = 0.01 * normal(&state);
    if (model->real == MDL_DOUBLE)
      ((double *)at.params)[k] += noise;
    else
      ((float *)at.params)[k] += (float)noise;
  }
  return at;
}

double real_at(int type, const void *array, int64_t k) {
  return type == MDL_DOUBLE ? ((const double *)array)[k] : (double)((const float *)array)[k];
}

double gradients_differ(const struct instance *at, const void *a, const void *b) {
  const int real = at->model->real;
  int64_t *offsets = memory((size_t)(at->model->nparams + 1) * sizeof *offsets);
  if (at->model->layout(at->dims, offsets) != MDL_OK) die("%s has no layout", at->model->name);
  double worst = 0;
  for (int p = 0; p < at->model->nparams; p++) {
    double difference = 0, size = 0;
    for (int64_t k = offsets[p]; k < offsets[p + 1]; k++) {
      const double x = real_at(real, a, k), y = real_at(real, b, k);
      if (!isfinite(x) || !isfinite(y)) return INFINITY;
      difference = fmax(difference, fabs(x - y));
      size = fmax(size, fabs(y));
    }
    if (difference > 0) worst = fmax(worst, difference / size);
  }
  free(offsets);
  return worst;
}

/* ---- the loop ---- */

static void announce(const struct side *sides, int count, const char *more) {
  printf("{\"sides\": [");
  for (int k = 0; k < count; k++) printf("%s\"%s\"", k ? ", " : "", sides[k].name);
  printf("]%s%s}\n", *more ? ", " : "", more);
  fflush(stdout);
}

void serve(const struct side *sides, int count, void *context, const char *more) {
  int which;
  long repetitions;
  announce(sides, count, more);
  while (scanf("%d %ld", &which, &repetitions) == 2) {
    if (which < 0 || which >= count) die("there is no side %d", which);
    const double start = seconds();
    for (long k = 0; k < repetitions; k++) sides[which].run(context);
    printf("%.9e\n", seconds() - start);
    fflush(stdout);
  }
}
