// jit.h - a model's generated C, compiled by the system's compiler and loaded; and one instance of it with its memory.
#ifndef MDLC_JIT_H
#define MDLC_JIT_H

#include "mdl/model.h"
#include "tool/data.h"

typedef struct Jit {
  void *library;
  const struct mdl_model *model;
} Jit;

// C source, and what it includes as "<name>.h" (or null).
typedef struct JitSource {
  const char *name;
  const Text *header, *source;
  const char *user; // the user's own file that it includes, or null: where that does not compile, it is rejected
} JitSource;

// Compiles it ($CC, $CFLAGS; cc -O2 without) and loads it.  Nothing is left in the file system.
int jit_load(Arena *a, const JitSource *source, void **library);
// The same for a model's C: finds `<name>_model`.
int jit_compile(Arena *a, const char *name, const Text *header, const Text *source, Jit *jit);
// The same for a whole program.
int jit_program(Arena *a, const Program *program, Jit *jit);
void jit_close(Jit *jit);

// A compiled model at given dimensions and data.
typedef struct Instance {
  const struct mdl_model *model;
  const int64_t *dims;     // in the order of model->dims
  const void *const *data; // in the order of model->data, of the model's types
  const int64_t *offsets;  // nparams + 1, in reals
  size_t nreals;           // of the parameter vector
  struct mdl_sizes sizes;
  void *params; // --params, or the start values; of the model's real type
} Instance;

// Sizes, conversion to the model's real type, `check`, parameters.  Memory from a.
int instance_new(Arena *a, const Program *program, const Jit *jit, const Bound *bound, uint64_t seed,
                 Instance *instance);

// What breaks the constraint of parameter p, in --params or in its start, said.
int instance_constraint_error(Arena *a, const Model *m, const Bound *bound, int p, const int64_t *extent,
                              int64_t position, double value);

// What the model's `check` found (MDL_ERROR_RANGE), said.
int instance_range_error(const struct mdl_where *where);

// Memory as the contract asks for it: aligned to MDL_ALIGNMENT, zeroed; from a.
void *instance_memory(Arena *a, size_t bytes);
// Extents of an array (DATA_MAX_RANK of them) and its number of entries.
size_t instance_shape(const Instance *instance, int role, int which, int64_t *extent);
// All predictions (MDL_PREDICT) or metrics (MDL_METRIC), computed.
ArrayView *instance_outputs(Arena *a, const Instance *instance, int role);
// Array `which` of the parameters within any vector laid out like them (parameters, gradient).
ArrayView instance_param(const Instance *instance, int which, const void *vector, int64_t *extent);

#endif
