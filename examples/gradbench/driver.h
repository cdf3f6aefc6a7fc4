/* driver.h - makes a tool for GradBench of compiled models: `EVAL INPUT.json FUNCTION` runs one function on one input.
 *
 * An eval is a table of functions: the model that computes it, what `prepare` makes of the input (not timed), what is run (timed)
 * and what is printed.  Models are known by their descriptors; sizes are known when the input is. */
#ifndef DRIVER_H
#define DRIVER_H

#include <jansson.h>
#include <mdl/model.h>

enum { RUN_DIMS = 8, RUN_ARRAYS = 16, RUN_DERIVATIVES = 4 };

/* One function on one input. */
struct run {
  const struct mdl_model *model;
  int64_t dims[RUN_DIMS];
  void *data[RUN_ARRAYS];
  double *params;
  int64_t offsets[RUN_ARRAYS + 1]; /* where each parameter starts in the vector, and their number */
  void *out[RUN_ARRAYS];           /* the predictions */
  double *grad;
  double value;                        /* the loss, where `grad` has been computed */
  double *derivative[RUN_DERIVATIVES]; /* what the model was built with beyond the gradient, in that order */
  size_t entries[RUN_DERIVATIVES];     /* of each */
  void *work;                          /* enough for any of the functions */
  void *extra;                         /* one block of the eval's own, or null */
};

struct function {
  const char *name;
  const struct mdl_model *model;
  void (*prepare)(struct run *run, const json_t *input);
  void (*compute)(struct run *run);
  json_t *(*output)(const struct run *run);
};

/* The whole of `main`; the table ends with a function that has no name.  Returns the exit status. */
int gradbench(int argc, char **argv, const struct function *functions);

/* Zeroed memory; fails where there is none. */
void *memory(size_t count, size_t size);

/* Prints "driver: …" to stderr and ends the program with exit status 1. */
_Noreturn void fail(const char *format, ...);

/* ---- for `prepare` ----
 * First the dimensions; then, after run_allocate, the arrays: data or parameters, found by their names in the model. */

void run_dim(struct run *run, const char *name, int64_t value);
int64_t dim_of(const struct run *run, const char *name);
void run_allocate(struct run *run);

/* An array to be filled, and how many entries it has. */
double *run_reals(struct run *run, const char *name, size_t *count);
int32_t *run_integers(struct run *run, const char *name, size_t *count);

/* Fills an array with the numbers of a JSON value, nested or not, in their order; there must be as many as entries. */
void run_put(struct run *run, const char *name, const json_t *numbers);
/* Fills all data and parameters with the input's members of the same names. */
void run_put_members(struct run *run, const json_t *input);

const json_t *member(const json_t *object, const char *name);
int64_t integer_member(const json_t *object, const char *name);
/* How many elements an array member has; how many its rows have, 0 without rows. */
int64_t length_member(const json_t *object, const char *name);
int64_t width_member(const json_t *object, const char *name);

/* ---- for `compute` ---- */

void compute_predictions(struct run *run);
void compute_gradient(struct run *run);
/* Writes one of the further derivatives to `out`, usually run->derivative[which]; `vector`: the direction of a jvp, else null. */
void compute_derivative(struct run *run, int which, const double *vector, double *out);
/* Writes where the rows of a sparse Jacobian start, and the columns of its entries. */
void compute_structure(struct run *run, int which, int64_t *row_start, int64_t *column);

/* ---- for `output` ---- */

/* `count` numbers as a list; `rows` of them, as many numbers each. */
json_t *list(const double *values, int64_t count);
json_t *lists(const double *values, int64_t rows, int64_t columns);
/* A prediction or a parameter's gradient, by name: nested as its shape says, a number for a scalar. */
json_t *prediction(const struct run *run, const char *name);
json_t *gradient(const struct run *run, const char *name);
/* The first prediction; the first parameter's gradient. */
json_t *first_prediction(const struct run *run);
json_t *first_gradient(const struct run *run);

#endif
