/* steps_float.c - the optimizers over vectors of float. */
#include <math.h>

#include "optim_internal.h"

#define REAL float
#define SQRT sqrtf
#define FABS fabsf
#define STEP(kind) step_##kind##_float
#define STEPS mdl_steps_float
#include "steps.inc"
