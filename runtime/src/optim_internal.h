/* optim_internal.h - what the optimizers' files share. */
#ifndef MDL_OPTIM_INTERNAL_H
#define MDL_OPTIM_INTERNAL_H

#include "mdl/optim.h"

/* One step of one kind over vectors of one real type; optim->step already counts it. */
typedef void mdl_step_function(struct mdl_optim *optim, void *params, const void *grad);

/* Not part of the shared library's interface. */
#ifdef __GNUC__
#define MDL_INTERNAL __attribute__((visibility("hidden")))
#else
#define MDL_INTERNAL
#endif

/* By kind.  Each is the same text, steps.inc, compiled for its type. */
extern MDL_INTERNAL mdl_step_function *const mdl_steps_double[MDL_OPTIM_KINDS];
extern MDL_INTERNAL mdl_step_function *const mdl_steps_float[MDL_OPTIM_KINDS];

/* Bytes of a real; 0 where there is no such type. */
static inline size_t mdl_real_size(int real) {
  return real == MDL_DOUBLE ? sizeof(double) : real == MDL_FLOAT ? sizeof(float) : 0;
}

#endif
