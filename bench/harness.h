/* harness.h - what the timed programs share: memory, models with data made from a seed, and a loop that times what it is asked for.
 *
 * A program prints one line of JSON that says which sides it has.  Then each line of input "SIDE REPETITIONS" is answered with a line:
 * the seconds that its thread ran.  So `run` can take turns between the sides, of one program or of several. */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <mdl/model.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_DIMS = 16, MAX_DATA = 16 };

struct side {
  const char *name;
  void (*run)(void *context);
};

/* Ends with a message to the standard error. */
_Noreturn void die(const char *format, ...);

/* Zeroed, aligned to MDL_ALIGNMENT, its pages in place; ends the program where there is none. */
void *memory(size_t bytes);

/* The thread's own time: what others do on its core does not count. */
double seconds(void);

/* Reproducible: uniform in [0, 1), and close to normal (a sum of uniforms). */
double uniform(uint64_t *state);
double normal(uint64_t *state);

/* Prints the first line, `more` (may be "") inside of it, and serves until the input ends. */
void serve(const struct side *sides, int count, void *context, const char *more);

/* A model at some dimensions with all the memory that it asks for. */
struct instance {
  const struct mdl_model *model;
  int64_t dims[MAX_DIMS];
  const void *data[MAX_DATA];
  struct mdl_sizes sizes;
  int64_t nparams; /* reals in a parameter vector */
  void *params, *grad, *tape, *work;
};

/* From arguments "DIM=VALUE" and "ARRAY:FILL", where FILL is the name of a row of harness.c's table: how to fill that data array.
 * Parameters are the start values and a little noise. */
struct instance instance_make(const struct mdl_model *model, int argc, char **argv);

double real_at(int type, const void *array, int64_t k);

/* The largest |a - b| over the largest |b|, array of parameters by array. */
double gradients_differ(const struct instance *at, const void *a, const void *b);

#endif
