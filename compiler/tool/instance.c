// instance.c - a compiled model at given dimensions and data, with the memory it asks for.
#include <inttypes.h>
#include <string.h>

#include "interp/constraint.h"
#include "tool/jit.h"

void *instance_memory(Arena *a, size_t bytes) {
  if (bytes > SIZE_MAX - MDL_ALIGNMENT) bytes = SIZE_MAX - MDL_ALIGNMENT; // which no arena has
  unsigned char *p = arena_alloc(a, bytes + MDL_ALIGNMENT, 1);
  return p + (MDL_ALIGNMENT - (uintptr_t)p % MDL_ALIGNMENT) % MDL_ALIGNMENT;
}

size_t instance_shape(const Instance *i, int role, int which, int64_t *extent) {
  i->model->shape(i->dims, role, which, extent);
  const struct mdl_array *const arrays[] = {i->model->data, i->model->params, i->model->predicts, i->model->metrics};
  size_t count = 1;
  for (int k = 0; k < arrays[role][which].rank; k++) {
    size_t n = (size_t)extent[k];
    count = n && count > SIZE_MAX / n ? SIZE_MAX : count * n; // more than any arena gives
  }
  return count;
}

static size_t type_size(int type) {
  return type == MDL_DOUBLE ? sizeof(double) : type == MDL_FLOAT ? sizeof(float) : sizeof(int64_t);
}

ArrayView *instance_outputs(Arena *a, const Instance *i, int role) {
  const struct mdl_model *m = i->model;
  int count = role == MDL_PREDICT ? m->npredicts : m->nmetrics;
  const struct mdl_array *arrays = role == MDL_PREDICT ? m->predicts : m->metrics;
  ArrayView *views = arena_array(a, ArrayView, (size_t)count);
  void **out = arena_array(a, void *, (size_t)count);
  for (int k = 0; k < count; k++) {
    int64_t *extent = arena_array(a, int64_t, DATA_MAX_RANK);
    size_t entries = instance_shape(i, role, k, extent);
    out[k] = arena_alloc(a, entries, type_size(arrays[k].type));
    views[k] = (ArrayView){.type = arrays[k].type, .values = out[k], .rank = arrays[k].rank, .extent = extent};
  }
  if (count == 0) return views;
  if (role == MDL_PREDICT)
    m->predict(i->dims, i->data, i->params, instance_memory(a, i->sizes.predict_work), out);
  else
    m->metrics_at(i->dims, i->data, i->params, instance_memory(a, i->sizes.metrics_work), out);
  return views;
}

ArrayView instance_param(const Instance *i, int which, const void *vector, int64_t *extent) {
  instance_shape(i, MDL_PARAM, which, extent);
  size_t size = type_size(i->model->real);
  return (ArrayView){.type = i->model->real,
                     .values = (const char *)vector + (size_t)i->offsets[which] * size,
                     .rank = i->model->params[which].rank,
                     .extent = extent};
}

// "n = 11, d = 3"
static const char *dims_text(Arena *a, const Instance *i) {
  const char *s = "";
  for (int k = 0; k < i->model->ndims; k++)
    s = arena_printf(a, "%s%s%s = %" PRId64, s, *s ? ", " : "", i->model->dims[k].name, i->dims[k]);
  return *s ? s : "these dimensions";
}

static int refuse(Arena *a, const Instance *i, int status) {
  if (status == MDL_ERROR_OVERFLOW)
    return tool_fail(STATUS_REJECTED, "the model is too large for this machine at %s", dims_text(a, i));
  return tool_fail(STATUS_REJECTED, "the model's shapes do not exist at %s: an extent is negative or not whole",
                   dims_text(a, i));
}

// The values of `array` as the model wants them: its own memory where that fits, else converted.
static void *convert(Arena *a, int type, const BoundArray *array) {
  if (type == MDL_INT32) return array->integer;
  if (type == MDL_DOUBLE) return array->real;
  float *to = arena_array(a, float, array->count);
  for (size_t k = 0; k < array->count; k++) to[k] = (float)array->real[k];
  return to;
}

// Every array that will be made has a size.
static int check_sizes(Arena *a, const Instance *i) {
  const int count[] = {i->model->ndata, i->model->nparams, i->model->npredicts, i->model->nmetrics};
  for (int role = MDL_DATA; role <= MDL_METRIC; role++)
    for (int k = 0; k < count[role]; k++) {
      int64_t extent[DATA_MAX_RANK];
      if (instance_shape(i, role, k, extent) > SIZE_MAX / 2 / sizeof(double)) return refuse(a, i, MDL_ERROR_OVERFLOW);
    }
  return STATUS_OK;
}

static void set_dims(Arena *a, const Model *m, const Bound *bound, Instance *i) {
  int64_t *dims = arena_array(a, int64_t, (size_t)i->model->ndims);
  for (int k = 0; k < i->model->ndims; k++) dims[k] = bound->dims[dims_find(m->dims, i->model->dims[k].name)];
  i->dims = dims;
}

// Data that was not needed, and is not there, is a null pointer; an array of no entries is not.
static void set_data(Arena *a, const Bound *bound, Instance *i) {
  const void **data = arena_array(a, const void *, (size_t)i->model->ndata);
  for (int k = 0; k < i->model->ndata; k++) {
    if (!bound->data[k].origin) continue;
    data[k] = convert(a, i->model->data[k].type, &bound->data[k]);
    if (!data[k]) data[k] = arena_new_of(a, double);
  }
  i->data = data;
}

int instance_range_error(const struct mdl_where *where) {
  return tool_fail(STATUS_REJECTED,
                   "%s: entry %" PRId64 " is %" PRId64 ", but it must be at least 0 and under %" PRId64,
                   where->name ? where->name : "a subscript", where->position, where->value, where->limit);
}

static int check(const Instance *i) {
  struct mdl_where where = {.name = NULL};
  int status = i->model->check(i->dims, i->data, &where);
  if (status == MDL_OK) return STATUS_OK;
  if (status == MDL_ERROR_RANGE) return instance_range_error(&where);
  return tool_fail(STATUS_INTERNAL, "internal error: check says %d", status);
}

static void set_params(Arena *a, const Bound *bound, uint64_t seed, Instance *i) {
  i->params = instance_memory(a, i->sizes.params);
  if (!bound->params) {
    i->model->init(i->dims, seed, i->params);
    return;
  }
  for (int p = 0; p < i->model->nparams; p++) {
    const BoundArray *from = &bound->params[p];
    size_t size = type_size(i->model->real);
    if (from->count)
      memcpy((char *)i->params + (size_t)i->offsets[p] * size, convert(a, i->model->real, from), from->count * size);
  }
}

int instance_constraint_error(Arena *a, const Model *m, const Bound *bound, int p, const int64_t *extent,
                              int64_t position, double value) {
  Text t;
  text_init(&t);
  text_real(&t, value);
  const char *entry = constraint_entry(a, &m->param[p], extent, position);
  const char *words = constraint_words(a, m, &m->param[p]);
  int status = bound->params ? tool_reject("%s: %s is %s, but %s", bound->params[p].origin, entry, t.s, words)
                             : tool_fail(STATUS_REJECTED, "the start of %s is %s, but %s", entry, t.s, words);
  text_free(&t);
  return status;
}

// All parameters keep their constraints.
static int check_constraints(Arena *a, const Program *program, const Bound *bound, const Instance *i) {
  struct mdl_where where = {.name = NULL};
  if (!i->model->unconstrain || !i->model->unconstrain(i->dims, i->params, instance_memory(a, i->sizes.free), &where))
    return STATUS_OK;
  int p = 0;
  while (strcmp(i->model->params[p].name, where.name)) p++;
  int64_t extent[DATA_MAX_RANK];
  ArrayView v = instance_param(i, p, i->params, extent);
  return instance_constraint_error(a, program->model, bound, p, extent, where.position,
                                   array_entry(v, (size_t)where.position));
}

int instance_new(Arena *a, const Program *program, const Jit *jit, const Bound *bound, uint64_t seed, Instance *i) {
  *i = (Instance){.model = jit->model};
  set_dims(a, program->model, bound, i);
  int64_t *offsets = arena_array(a, int64_t, (size_t)i->model->nparams + 1);
  int status = i->model->layout(i->dims, offsets);
  if (!status) status = i->model->sizes(i->dims, &i->sizes);
  if (status) return refuse(a, i, status);
  status = check_sizes(a, i);
  if (status) return status;
  i->offsets = offsets;
  i->nreals = (size_t)offsets[i->model->nparams];
  set_data(a, bound, i);
  status = check(i);
  if (status) return status;
  set_params(a, bound, seed, i);
  return check_constraints(a, program, bound, i);
}
