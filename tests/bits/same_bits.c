/* same_bits.c - runs a compiled model that it knows by its descriptor alone, and prints the bits of all that it computes: loss,
 * gradient, tape, predictions, metrics, and the parameters after a few steps of descent.
 *
 * What it hands to the model is made of whole numbers, and a step's product is exact: all roundings are the model's.  NaNs count as
 * one, since processors give them different signs. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mdl/model.h"

extern const struct mdl_model MODEL;

#ifndef SAMPLES
#define SAMPLES 70
#endif
enum { EXTENT = 5, STEPS = 8 };

static void *memory(size_t bytes) {
  void *p = NULL;
  if (posix_memalign(&p, MDL_ALIGNMENT, bytes + MDL_ALIGNMENT)) exit(99);
  memset(p, 0, bytes + MDL_ALIGNMENT);
  return p;
}

static size_t width(int type) {
  return type == MDL_DOUBLE || type == MDL_INT64 ? 8 : 4;
}

/* FNV-1a */
static uint64_t digest(uint64_t hash, const void *from, int type, size_t count) {
  for (size_t k = 0; k < count; k++) {
    unsigned char entry[8] = {0};
    double real = 0;
    float single = 0;
    memcpy(entry, (const char *)from + k * width(type), width(type));
    if (type == MDL_DOUBLE) memcpy(&real, entry, sizeof real);
    if (type == MDL_FLOAT) memcpy(&single, entry, sizeof single);
    if (isnan(real) || isnan(single)) memset(entry, 0x7f, sizeof entry);
    for (size_t b = 0; b < width(type); b++) hash = (hash ^ entry[b]) * UINT64_C(1099511628211);
  }
  return hash;
}

static void print(const char *what, const void *from, int type, size_t count) {
  printf(" %s %016llx", what, (unsigned long long)digest(UINT64_C(14695981039346656037), from, type, count));
}

/* Sixteenths from 1/4 to 5/4. */
static double some(size_t k) {
  return 0.25 + (double)(k * 2654435761u % 4294967296u >> 28) / 16;
}

static size_t size_of(const int64_t *dims, int role, int which, int rank) {
  int64_t extent[64];
  size_t size = 1;
  if (MODEL.shape(dims, role, which, extent)) exit(99);
  for (int k = 0; k < rank; k++) size *= (size_t)extent[k];
  return size;
}

static void fill(void *to, int type, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (type == MDL_DOUBLE)
      ((double *)to)[k] = some(k);
    else if (type == MDL_FLOAT)
      ((float *)to)[k] = (float)some(k);
    else
      ((int32_t *)to)[k] = (int32_t)(k * 7 % 1009);
  }
}

/* Integers into their ranges, which `check` tells. */
static void settle(const int64_t *dims, void **data, const size_t *size) {
  struct mdl_where where;
  for (int tries = 0; MODEL.check(dims, (const void *const *)data, &where); tries++) {
    if (tries > 1000) exit(98);
    for (int k = 0; k < MODEL.ndata; k++) {
      if (MODEL.data[k].type != MDL_INT32) continue;
      const int named = !strcmp(MODEL.data[k].name, where.name);
      for (size_t i = 0; i < size[k]; i++) {
        int32_t *entry = (int32_t *)data[k] + i;
        if (named && where.limit > 0) *entry %= (int32_t)where.limit;
        if (!named && tries > MODEL.ndata) *entry /= 2;
      }
    }
  }
}

static void **outputs(const int64_t *dims, int role, const struct mdl_array *array, int count) {
  void **out = (void **)memory(sizeof *out * (size_t)(count + 1));
  for (int k = 0; k < count; k++) out[k] = memory(size_of(dims, role, k, array[k].rank) * width(array[k].type));
  return out;
}

static void print_outputs(const char *what, const int64_t *dims, int role, const struct mdl_array *array, int count, void **out) {
  for (int k = 0; k < count; k++) print(what, out[k], array[k].type, size_of(dims, role, k, array[k].rank));
}

static void descend(const int64_t *dims, const void *const *data, void *params, void *grad, void *work, size_t count) {
  double loss = 0;
  for (int step = 0; step < STEPS; step++) {
    loss = MODEL.value_and_grad(dims, data, params, work, grad);
    for (size_t k = 0; k < count; k++) {
      if (MODEL.real == MDL_DOUBLE)
        ((double *)params)[k] -= 0x1p-10 * ((double *)grad)[k];
      else
        ((float *)params)[k] -= 0x1p-10f * ((float *)grad)[k];
    }
  }
  print("last", &loss, MDL_DOUBLE, 1);
  print("trained", params, MODEL.real, count);
}

int main(void) {
  int64_t dims[64], offsets[64];
  void *data[64];
  size_t size[64];
  struct mdl_sizes sizes;
  for (int k = 0; k < MODEL.ndims; k++) dims[k] = MODEL.dims[k].batch ? SAMPLES : EXTENT;
  if (MODEL.sizes(dims, &sizes) || MODEL.layout(dims, offsets)) return 97;
  const size_t count = (size_t)offsets[MODEL.nparams];
  for (int k = 0; k < MODEL.ndata; k++) {
    size[k] = size_of(dims, MDL_DATA, k, MODEL.data[k].rank);
    data[k] = memory(size[k] * width(MODEL.data[k].type));
    fill(data[k], MODEL.data[k].type, size[k]);
  }
  const void *const *given = (const void *const *)data;
  settle(dims, data, size);
  void *params = memory(sizes.params), *grad = memory(sizes.params), *tape = memory(sizes.tape);
  fill(params, MODEL.real, count);
  if (MODEL.has_loss) {
    double loss = MODEL.forward(dims, given, params, tape, memory(sizes.forward_work));
    print("loss", &loss, MDL_DOUBLE, 1);
    print("tape", tape, MODEL.real, sizes.tape / width(MODEL.real));
    MODEL.backward(dims, given, params, tape, memory(sizes.backward_work), 1.0, grad);
    print("backward", grad, MODEL.real, count);
    loss = MODEL.value_and_grad(dims, given, params, memory(sizes.value_and_grad_work), grad);
    print("value", &loss, MDL_DOUBLE, 1);
    print("grad", grad, MODEL.real, count);
    if (!isfinite(loss)) printf(" infinite");
  }
  if (MODEL.predict) {
    void **out = outputs(dims, MDL_PREDICT, MODEL.predicts, MODEL.npredicts);
    MODEL.predict(dims, given, params, memory(sizes.predict_work), out);
    print_outputs("predict", dims, MDL_PREDICT, MODEL.predicts, MODEL.npredicts, out);
  }
  if (MODEL.metrics_at) {
    void **out = outputs(dims, MDL_METRIC, MODEL.metrics, MODEL.nmetrics);
    MODEL.metrics_at(dims, given, params, memory(sizes.metrics_work), out);
    print_outputs("metric", dims, MDL_METRIC, MODEL.metrics, MODEL.nmetrics, out);
  }
  if (MODEL.has_loss) descend(dims, given, params, grad, memory(sizes.value_and_grad_work), count);
  putchar('\n');
  return 0;
}
