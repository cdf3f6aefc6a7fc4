/* steps_double.c - the optimizers over vectors of double. */
#include <math.h>

#include "optim_internal.h"

#define REAL double
#define SQRT sqrt
#define FABS fabs
#define STEP(kind) step_##kind##_double
#define STEPS mdl_steps_double
#include "steps.inc"
