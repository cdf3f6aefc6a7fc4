// check_data.c - random data for a model that is checked without any.
#include <math.h>
#include <string.h>

#include "tool/check_gradient.h"

// splitmix64's finaliser over (seed, stream, number): independent of the order of draws.
static uint64_t scrambled(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

double check_random(uint64_t seed, uint64_t stream, uint64_t number) {
  uint64_t bits = scrambled(scrambled(scrambled(seed) + stream) + number);
  return ((double)(bits >> 11) + 0.5) * 0x1p-52 - 1;
}

static int make_array(Arena *a, const Program *program, const DataDecl *decl, uint64_t seed, uint64_t stream,
                      double low, double high, const int64_t *dims, BoundArray *array) {
  const Model *m = program->model;
  *array =
      (BoundArray){.name = decl->name, .origin = "random data", .type = decl->type, .rank = decl->rank, .count = 1};
  int64_t limit = 2; // of integers without a limit of their own
  if (decl->limit && !poly_value(m->dims, decl->limit, dims, &limit))
    return tool_reject("the limit of data %s has no value at the dimensions of the check; give -D or --data",
                       decl->name);
  for (int k = 0; k < decl->rank; k++) {
    if (!poly_value(m->dims, decl->extent[k], dims, &array->extent[k]) || array->extent[k] < 0 ||
        array->extent[k] > INT32_MAX || array->count > (size_t)INT32_MAX)
      return tool_reject("the shape of data %s does not exist at the dimensions of the check; give -D or --data",
                         decl->name);
    array->count *= (size_t)array->extent[k];
  }
  if (decl->type == TYPE_REAL)
    array->real = arena_array(a, double, array->count + 1);
  else
    array->integer = arena_array(a, int32_t, array->count + 1);
  for (size_t k = 0; k < array->count; k++) {
    double u = (check_random(seed, stream, k) + 1) / 2;
    // A float's bits suffice for both kinds of real.
    if (decl->type == TYPE_REAL)
      array->real[k] = (double)(float)(low + (high - low) * u);
    else
      array->integer[k] = (int32_t)floor(u * (double)(limit > 0 ? limit : 1));
  }
  return STATUS_OK;
}

void check_small_dims(Arena *a, Program *program) {
  const Dims *dims = program->model->dims;
  DimValue *call = arena_array(a, DimValue, program->ncall + (size_t)dims_count(dims) + 1);
  if (program->ncall > 0) memcpy(call, program->call, program->ncall * sizeof *call);
  program->call = call;
  int64_t next = 3;
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *d = dims_get(dims, k);
    int64_t given;
    if ((d->kind == DIM_CALL || d->kind == DIM_BATCH) && !program_call_dim(program, d->name, &given))
      call[program->ncall++] = (DimValue){d->name, next++};
  }
}

int check_make_data(Arena *a, const Program *program, uint64_t seed, double low, double high, Bound *bound) {
  const Model *m = program->model;
  int status = STATUS_OK;
  bound->data = arena_array(a, BoundArray, (size_t)m->ndata + 1);
  for (int k = 0; k < m->ndata && !status; k++)
    status = make_array(a, program, &m->data[k], seed, (uint64_t)k, low, high, bound->dims, &bound->data[k]);
  return status;
}
