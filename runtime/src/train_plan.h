/* train_plan.h - how a training run cuts the samples, and where everything lies in the caller's memory. */
#ifndef MDL_TRAIN_PLAN_H
#define MDL_TRAIN_PLAN_H

#include "mdl/train.h"
#include "optim_internal.h"

/* A cut of the data: some samples under dimensions of their own.  Offsets are into the caller's memory. */
struct mdl_cut {
  size_t dims;  /* int64_t by dimension of the model */
  size_t data;  /* pointers by data array */
  size_t rows;  /* copied rows, array after array */
  int64_t most; /* samples that it may hold */
};

struct mdl_plan {
  int batch_dim; /* -1: the model has none */
  int64_t samples, train, validation, batch;
  int explicit_indices;
  int copies;  /* training samples are copied: there are mini-batches or a split */
  int batches; /* more than one an epoch */
  size_t nparams, param_bytes;
  size_t nfree, free, grad_free;  /* the free vector, where there are constraints */
  size_t grad, good, state, work; /* offsets */
  size_t tape, forward_work;      /* of the validation loss */
  size_t order;                   /* int64_t sample numbers: those that train, then those that validate */
  struct mdl_cut train_cut, validation_cut;
  size_t bytes;
};

/* Checks the options against the model and lays out the memory.  `result` takes the option at fault. */
MDL_INTERNAL int mdl_train_plan(const struct mdl_model *model, const int64_t *dims,
                                const struct mdl_train_options *options, struct mdl_plan *plan,
                                struct mdl_train_result *result);

/* Bytes of one sample of data array k; 0 where its first axis is not the batch dimension. */
MDL_INTERNAL int mdl_row_size(const struct mdl_model *model, const int64_t *dims, int k, size_t *bytes);

#endif
