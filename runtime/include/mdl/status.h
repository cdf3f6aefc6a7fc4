/* mdl/status.h - what the runtime's functions return beyond enum mdl_status, and all of it in words. */
#ifndef MDL_STATUS_H
#define MDL_STATUS_H

#include "mdl/model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum mdl_runtime_status {
  MDL_ERROR_OPTION_MISSING = 16,  /* an optimizer option that has no default is not set (the learning rate of SGD) */
  MDL_ERROR_OPTION_RANGE = 17,    /* an optimizer option is out of its range */
  MDL_ERROR_OPTION_NESTEROV = 18, /* nesterov without momentum, or with dampening */
  MDL_ERROR_KIND = 19,            /* no such optimizer */
  MDL_ERROR_REAL = 20,            /* the type of reals is neither MDL_DOUBLE nor MDL_FLOAT */
  MDL_ERROR_MEMORY = 21,          /* memory is null or not aligned to MDL_ALIGNMENT */
  MDL_ERROR_MODEL = 22,           /* a model of another version, or one without a loss */
  /* Batches or a split of a model without a batch dimension, or of one whose arrays use it elsewhere than as samples. */
  MDL_ERROR_BATCH = 23,
  /* A fraction outside [0, 1), a fraction beside lists of indices, an index that is no sample, or no training sample. */
  MDL_ERROR_SPLIT = 24,
  MDL_ERROR_TRAIN_OPTION = 25, /* a negative number of epochs or batch size */
  MDL_ERROR_RANK = 26, /* an array with more axes (32), or a model with more dimensions (64), than training can cut */
  MDL_DIVERGED = 32    /* training met a loss, a gradient or a parameter that is not finite */
};

/* A sentence without full stop for any status of the runtime or of a model; never null. */
const char *mdl_status_message(int status);

#ifdef __cplusplus
}
#endif

#endif
