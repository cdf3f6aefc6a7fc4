/* mdl/train.h - the training loop over a compiled model.
 *
 * An epoch is one pass over the training samples.  Its training loss is the one before its update, as a PyTorch loop
 * prints it; with mini-batches, the mean of their losses weighted by their numbers of samples, each before its own
 * update.  Its validation loss is computed by `forward` alone, with the parameters that the epoch began with.
 *
 * Without batches and split the model works on the caller's data as they are.  Otherwise the rows of the arrays
 * whose first axis is the batch dimension are copied into the caller's memory and the dimension is set to their
 * number; a model in which it has any other use (the shape of a parameter, a second axis) is rejected with
 * MDL_ERROR_BATCH.
 */
#ifndef MDL_TRAIN_H
#define MDL_TRAIN_H

#include "mdl/optim.h"
#include "mdl/split.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the callback is told after the updates of an epoch. */
struct mdl_epoch {
  int64_t epoch; /* from 1 */
  double loss;
  int has_validation;
  double validation;
  const void *params; /* after the epoch's updates */
  /* Those that it began with: the validation loss belongs to them, and without mini-batches the loss. */
  const void *start;
};

struct mdl_train_options {
  int64_t epochs;
  int64_t batch_size; /* samples; 0: all.  The last batch of an epoch takes what is left. */
  int shuffle;        /* of the order of mini-batches' samples, anew each epoch */
  uint64_t seed;      /* of shuffle and split */
  double validation;  /* the fraction of the samples that validate, drawn at random (mdl_split); 0: none */
  /* Or the samples by number.  Validation may be null (none); where both are null the fraction counts. */
  const int64_t *train_indices;
  int64_t train_count;
  const int64_t *validation_indices;
  int64_t validation_count;
  struct mdl_optim_options optim;
  /* Unless null, called after each epoch; a result other than 0 ends the training. */
  int (*on_epoch)(void *context, const struct mdl_epoch *epoch);
  void *context;
};

/* Which value was the first that is not finite. */
enum mdl_nonfinite {
  MDL_ALL_FINITE = 0,
  MDL_NONFINITE_LOSS,     /* the loss of the epoch, or of one of its batches */
  MDL_NONFINITE_GRADIENT, /* an entry of the gradient, where the loss was finite */
  MDL_NONFINITE_PARAM     /* a parameter after the epoch's update with a finite gradient; in epoch 0 a start value */
};

struct mdl_train_result {
  int64_t epochs; /* completed */
  double loss;    /* of the last epoch that was completed, or the one that is not finite */
  double validation;
  int stopped;   /* 1: by the callback */
  int nonfinite; /* enum mdl_nonfinite, with MDL_DIVERGED */
  int64_t epoch; /* the one in which it was met */
  int64_t index; /* in the vector of parameters; -1 for the loss */
  /* With MDL_ERROR_RANGE or MDL_ERROR_POINTER: what the model's `check` found; with MDL_ERROR_CONSTRAINT: the parameter
   * that breaks its constraint. */
  struct mdl_where where;
  const struct mdl_optim_option *which; /* with MDL_ERROR_OPTION_*: the optimizer option at fault */
};

/* 100 epochs of full batches, no validation, shuffle on, seed 0, the optimizer at its defaults. */
struct mdl_train_options mdl_train_defaults(int optim_kind);

/* Bytes that mdl_train asks of its caller, for the model's dims (batch dimension: all samples), in *size.  Returns
 * MDL_OK or an MDL_ERROR_*, for which `result`, unless null, tells more. */
int mdl_train_size(const struct mdl_model *model, const int64_t *dims, const struct mdl_train_options *options,
                   size_t *size, struct mdl_train_result *result);

/* Trains params, the model's vector of parameters, from the values that it holds.  `memory` has the size above,
 * aligned to MDL_ALIGNMENT; nothing else is allocated or remembered.  The model's `check` runs first, and on every
 * part of the data that is copied.  Where parameters have constraints, params must keep them, and do so all along: the
 * optimizer moves the model's free vector instead (its weight decay, too, acts on that), from and to which the model's
 * `unconstrain` and `constrain` go.  Returns
 *   MDL_OK        after all epochs, or where the callback stopped;
 *   MDL_DIVERGED  at the first value that is not finite: params are those that the last epoch began with whose loss was
 *                 finite (the start values where there is none); a validation loss that is not finite is reported and
 *                 stops nothing;
 *   MDL_ERROR_*   where nothing could be done: params are as they were, but for a `check` that fails on a mini-batch,
 *                 which stops there. */
int mdl_train(const struct mdl_model *model, const int64_t *dims, const void *const *data,
              const struct mdl_train_options *options, void *params, void *memory, struct mdl_train_result *result);

#ifdef __cplusplus
}
#endif

#endif
