/* optim.c - an optimizer's state and its step, whatever its kind. */
#include <string.h>

#include "optim_internal.h"

static int slots(const struct mdl_optim_options *o) {
  switch (o->kind) {
  case MDL_SGD: return o->momentum != 0;
  case MDL_ASGD:
  case MDL_ADAGRAD: return 1;
  case MDL_ADAM:
  case MDL_ADAMW: return 2 + (o->amsgrad != 0);
  case MDL_RMSPROP: return 1 + (o->momentum > 0) + (o->centered != 0);
  default: return 2;
  }
}

/* Bytes of one slot, rounded up so that the next one is aligned too. */
static int slot_size(int real, size_t nparams, size_t *size) {
  const size_t width = mdl_real_size(real);
  if (!width) return MDL_ERROR_REAL;
  if (nparams > (SIZE_MAX - MDL_ALIGNMENT) / width) return MDL_ERROR_OVERFLOW;
  *size = (nparams * width + MDL_ALIGNMENT - 1) / MDL_ALIGNMENT * MDL_ALIGNMENT;
  return MDL_OK;
}

int mdl_optim_state_size(const struct mdl_optim_options *options, int real, size_t nparams, size_t *size) {
  int status = mdl_optim_check(options, NULL);
  size_t slot = 0;
  if (!status) status = slot_size(real, nparams, &slot);
  if (status) return status;
  const size_t count = (size_t)slots(options);
  if (count && slot > SIZE_MAX / count) return MDL_ERROR_OVERFLOW;
  *size = slot * count;
  return MDL_OK;
}

static void fill(int real, size_t n, void *vector, double value) {
  for (size_t i = 0; i < n; i++) {
    if (real == MDL_DOUBLE)
      ((double *)vector)[i] = value;
    else
      ((float *)vector)[i] = (float)value;
  }
}

int mdl_optim_init(struct mdl_optim *optim, const struct mdl_optim_options *options, int real, size_t nparams,
                   void *state) {
  size_t bytes, slot;
  int status = mdl_optim_state_size(options, real, nparams, &bytes);
  if (!status) status = slot_size(real, nparams, &slot);
  if (status) return status;
  if (bytes && (!state || (uintptr_t)state % MDL_ALIGNMENT)) return MDL_ERROR_MEMORY;

  memset(optim, 0, sizeof *optim);
  optim->options = *options;
  optim->real = real;
  optim->nparams = nparams;
  for (int i = 0; i < slots(options); i++) {
    optim->slot[i] = bytes ? (char *)state + (size_t)i * slot : NULL;
    fill(real, nparams, optim->slot[i], 0);
  }
  switch (options->kind) {
  case MDL_ASGD:
    optim->scalar[0] = options->float64_scalars ? options->lr : (double)(float)options->lr;
    optim->scalar[1] = 1;
    break;
  case MDL_NADAM: optim->scalar[0] = 1; break;
  case MDL_ADAGRAD: fill(real, nparams, optim->slot[0], options->initial_accumulator_value); break;
  case MDL_RPROP: fill(real, nparams, optim->slot[1], options->lr); break;
  default: break;
  }
  return MDL_OK;
}

void mdl_optim_step(struct mdl_optim *optim, void *params, const void *grad) {
  optim->step++;
  (optim->real == MDL_DOUBLE ? mdl_steps_double : mdl_steps_float)[optim->options.kind](optim, params, grad);
}

const void *mdl_optim_average(const struct mdl_optim *optim) {
  return optim->options.kind == MDL_ASGD ? optim->slot[0] : NULL;
}

void mdl_zero_grad(int real, size_t n, void *grad) {
  if (n) memset(grad, 0, n * mdl_real_size(real));
}
