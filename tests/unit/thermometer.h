// thermometer.h - the tutorial's model written by hand as a descriptor, and the reference figures to hold it against.
#ifndef TEST_THERMOMETER_H
#define TEST_THERMOMETER_H

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mdl/train.h"

enum { READINGS = 11 };

static const double thermometer_c[READINGS] = {0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21};
static const double thermometer_u[READINGS] = {35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4};

static const struct mdl_dim thermometer_dims[] = {{"n", 1}};
#define THERMOMETER_ARRAYS(real)                                                                                       \
  {                                                                                                                    \
    {"t_c", "n", real, 1, 1, 0, ""}, {                                                                                 \
      "t_u", "n", real, 1, 1, 0, ""                                                                                    \
    }                                                                                                                  \
  }
static const struct mdl_array thermometer_data_double[] = THERMOMETER_ARRAYS(MDL_DOUBLE);
static const struct mdl_array thermometer_data_float[] = THERMOMETER_ARRAYS(MDL_FLOAT);
static const struct mdl_array thermometer_params_double[] = {{"w", "", MDL_DOUBLE, 0, 0, 0, ""},
                                                             {"b", "", MDL_DOUBLE, 0, 0, 0, ""}};
static const struct mdl_array thermometer_params_float[] = {{"w", "", MDL_FLOAT, 0, 0, 0, ""},
                                                            {"b", "", MDL_FLOAT, 0, 0, 0, ""}};

static inline int thermometer_shape(const int64_t *dims, int role, int which, int64_t *extents) {
  (void)which;
  if (role == MDL_DATA) extents[0] = dims[0];
  return dims[0] < 0 ? MDL_ERROR_EXTENT : MDL_OK;
}

static inline int thermometer_layout(const int64_t *dims, int64_t *offsets) {
  for (int64_t i = 0; i < 3; i++) offsets[i] = i;
  return dims[0] < 0 ? MDL_ERROR_EXTENT : MDL_OK;
}

static inline int thermometer_check(const int64_t *dims, const void *const *data, struct mdl_where *where) {
  if (dims[0] < 0) return MDL_ERROR_EXTENT;
  for (int k = 0; k < 2; k++) {
    if (data[k] || dims[0] == 0) continue;
    where->name = thermometer_data_double[k].name;
    return MDL_ERROR_POINTER;
  }
  return MDL_OK;
}

// The loss mean((w t_u + b - t_c)^2), its gradient written or (backward, with a seed) added, in one real type.
#define THERMOMETER(R)                                                                                                 \
  static inline int thermometer_sizes_##R(const int64_t *dims, struct mdl_sizes *sizes) {                              \
    memset(sizes, 0, sizeof *sizes);                                                                                   \
    sizes->params = sizes->free = 2 * sizeof(R);                                                                       \
    return dims[0] < 0 ? MDL_ERROR_EXTENT : MDL_OK;                                                                    \
  }                                                                                                                    \
  static inline void thermometer_init_##R(const int64_t *dims, uint64_t seed, void *params) {                          \
    (void)dims;                                                                                                        \
    (void)seed;                                                                                                        \
    ((R *)params)[0] = 1;                                                                                              \
    ((R *)params)[1] = 0;                                                                                              \
  }                                                                                                                    \
  static inline double thermometer_value_and_grad_##R(const int64_t *dims, const void *const *data,                    \
                                                      const void *params, void *work, void *grad) {                    \
    const R *t_c = data[0], *t_u = data[1], *p = params;                                                               \
    const R scale = 2 / (R)dims[0];                                                                                    \
    R loss = 0, w = 0, b = 0;                                                                                          \
    (void)work;                                                                                                        \
    for (int64_t i = 0; i < dims[0]; i++) {                                                                            \
      const R d = p[0] * t_u[i] + p[1] - t_c[i];                                                                       \
      loss += d * d;                                                                                                   \
      w += scale * d * t_u[i];                                                                                         \
      b += scale * d;                                                                                                  \
    }                                                                                                                  \
    ((R *)grad)[0] = w;                                                                                                \
    ((R *)grad)[1] = b;                                                                                                \
    return (double)(loss / (R)dims[0]);                                                                                \
  }                                                                                                                    \
  static inline double thermometer_forward_##R(const int64_t *dims, const void *const *data, const void *params,       \
                                               void *tape, void *work) {                                               \
    R grad[2];                                                                                                         \
    (void)tape;                                                                                                        \
    return thermometer_value_and_grad_##R(dims, data, params, work, grad);                                             \
  }                                                                                                                    \
  static inline void thermometer_backward_##R(const int64_t *dims, const void *const *data, const void *params,        \
                                              const void *tape, void *work, double seed, void *grad) {                 \
    R own[2];                                                                                                          \
    (void)tape;                                                                                                        \
    thermometer_value_and_grad_##R(dims, data, params, work, own);                                                     \
    for (int i = 0; i < 2; i++) ((R *)grad)[i] += (R)seed * own[i];                                                    \
  }                                                                                                                    \
  static inline struct mdl_model thermometer_##R(int real) {                                                           \
    struct mdl_model m = {.version = MDL_MODEL_VERSION, .name = "thermometer", .real = real, .has_loss = 1};           \
    m.ndims = 1;                                                                                                       \
    m.dims = thermometer_dims;                                                                                         \
    m.ndata = m.nparams = 2;                                                                                           \
    m.data = thermometer_data_##R;                                                                                     \
    m.params = thermometer_params_##R;                                                                                 \
    m.shape = thermometer_shape;                                                                                       \
    m.layout = thermometer_layout;                                                                                     \
    m.sizes = thermometer_sizes_##R;                                                                                   \
    m.init = thermometer_init_##R;                                                                                     \
    m.check = thermometer_check;                                                                                       \
    m.forward = thermometer_forward_##R;                                                                               \
    m.backward = thermometer_backward_##R;                                                                             \
    m.value_and_grad = thermometer_value_and_grad_##R;                                                                 \
    return m;                                                                                                          \
  }
THERMOMETER(double)
THERMOMETER(float)

// The figures come from Python, whose JSON has NaN and Infinity: they become empty strings.
static inline void blank(char *text, const char *word) {
  for (char *at = strstr(text, word); at; at = strstr(at, word)) {
    memset(at, ' ', strlen(word));
    memcpy(at, "\"\"", 2);
  }
}

static inline json_t *reference_read(const char *name) {
  const char *folder = getenv("MDL_REFERENCE");
  char path[4096];
  json_error_t error;
  ck_assert_msg(folder != NULL, "MDL_REFERENCE does not name the folder of reference figures");
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "cannot open %s", path);
  fseek(file, 0, SEEK_END);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = calloc(size + 1, 1);
  ck_assert_ptr_nonnull(text);
  ck_assert_uint_eq(fread(text, 1, size, file), size);
  fclose(file);
  blank(text, "Infinity");
  blank(text, "NaN");
  json_t *root = json_loads(text, 0, &error);
  ck_assert_msg(root != NULL, "%s: %s", path, error.text);
  free(text);
  return root;
}

static inline void assert_close(double actual, double expected, double relative, const char *what, long at) {
  ck_assert_msg(fabs(actual - expected) <= relative * fabs(expected), "%s, %ld: %.17g, expected %.17g", what, at,
                actual, expected);
}

// `size` bytes, aligned as models and the runtime ask.
static inline void *aligned_memory(size_t size) {
  void *memory = aligned_alloc(MDL_ALIGNMENT, (size / MDL_ALIGNMENT + 1) * MDL_ALIGNMENT);
  ck_assert_ptr_nonnull(memory);
  return memory;
}

#endif
