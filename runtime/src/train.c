/* train.c - the training loop. */
#include <math.h>
#include <string.h>

#include "train_plan.h"

/* One run: the plan with its offsets resolved. */
struct run {
  const struct mdl_model *model;
  const int64_t *dims;
  const void *const *data;
  const struct mdl_train_options *options;
  struct mdl_train_result *result;
  struct mdl_plan plan;
  char *memory;
  void *params, *grad, *good;
  void *free, *grad_free; /* what the optimizer moves, where there are constraints */
  struct mdl_optim optim;
  /* What the loss of training sees now: the caller's data, or the copied samples. */
  const int64_t *train_dims;
  const void *const *train_data;
  int has_good; /* `good` holds parameters whose loss was finite */
};

struct mdl_train_options mdl_train_defaults(int optim_kind) {
  struct mdl_train_options options = {.epochs = 100, .shuffle = 1};
  options.optim = mdl_optim_defaults(optim_kind);
  return options;
}

static struct mdl_train_result no_result(void) {
  struct mdl_train_result result = {.index = -1};
  result.loss = result.validation = NAN;
  return result;
}

int mdl_train_size(const struct mdl_model *model, const int64_t *dims, const struct mdl_train_options *options,
                   size_t *size, struct mdl_train_result *result) {
  struct mdl_train_result found = no_result();
  struct mdl_plan plan;
  const int status = mdl_train_plan(model, dims, options, &plan, &found);
  if (!status) *size = plan.bytes;
  if (result) *result = found;
  return status;
}

/* ---- samples ---- */

/* Copies the samples into the cut's memory and points its data there. */
static int gather(struct run *r, const struct mdl_cut *cut, const int64_t *samples, int64_t count) {
  int64_t *dims = (int64_t *)(void *)(r->memory + cut->dims);
  const void **data = (const void **)(void *)(r->memory + cut->data);
  char *at = r->memory + cut->rows;
  for (int i = 0; i < r->model->ndims; i++) dims[i] = i == r->plan.batch_dim ? count : r->dims[i];
  for (int k = 0; k < r->model->ndata; k++) {
    size_t row;
    const int status = mdl_row_size(r->model, r->dims, k, &row);
    if (status) return status;
    data[k] = row ? at : r->data[k];
    if (!row) continue;
    for (int64_t i = 0; i < count; i++)
      memcpy(at + (size_t)i * row, (const char *)r->data[k] + (size_t)samples[i] * row, row);
    at += ((size_t)cut->most * row + MDL_ALIGNMENT - 1) / MDL_ALIGNMENT * MDL_ALIGNMENT;
  }
  return r->model->check(dims, data, &r->result->where);
}

static int64_t *order_of(const struct run *r) {
  return (int64_t *)(void *)(r->memory + r->plan.order);
}

/* Decides which samples train and which validate, and copies what stays as it is over all epochs. */
static int begin_samples(struct run *r) {
  const struct mdl_train_options *o = r->options;
  const struct mdl_plan *plan = &r->plan;
  int64_t *order = order_of(r);
  int status = MDL_OK;
  r->train_dims = r->dims;
  r->train_data = r->data;
  if (!plan->copies) return MDL_OK;

  if (plan->explicit_indices) {
    memcpy(order, o->train_indices, (size_t)plan->train * sizeof *order);
    if (plan->validation) memcpy(order + plan->train, o->validation_indices, (size_t)plan->validation * sizeof *order);
  } else if (plan->validation) {
    mdl_split(o->seed, plan->samples, o->validation, order);
  } else {
    for (int64_t i = 0; i < plan->samples; i++) order[i] = i;
  }
  r->train_dims = (const int64_t *)(const void *)(r->memory + plan->train_cut.dims);
  r->train_data = (const void *const *)(const void *)(r->memory + plan->train_cut.data);
  if (plan->validation) status = gather(r, &plan->validation_cut, order + plan->train, plan->validation);
  if (!status && !plan->batches) status = gather(r, &plan->train_cut, order, plan->train);
  return status;
}

/* ---- one epoch ---- */

/* The first entry that is not finite; -1 where all are. */
static int64_t nonfinite_entry(const struct run *r, const void *vector) {
  const size_t n = r->plan.nparams;
  int bad = 0; /* without an early exit the loop is one for vector instructions */
  if (r->model->real == MDL_DOUBLE) {
    const double *x = vector;
    for (size_t i = 0; i < n; i++) bad |= !(x[i] - x[i] == 0);
    for (size_t i = 0; bad && i < n; i++)
      if (!isfinite(x[i])) return (int64_t)i;
  } else {
    const float *x = vector;
    for (size_t i = 0; i < n; i++) bad |= !(x[i] - x[i] == 0);
    for (size_t i = 0; bad && i < n; i++)
      if (!isfinite(x[i])) return (int64_t)i;
  }
  return -1;
}

static int diverged(struct run *r, int64_t epoch, int what, int64_t index) {
  r->result->nonfinite = what;
  r->result->epoch = epoch;
  r->result->index = index;
  if (r->has_good && r->plan.nparams) memcpy(r->params, r->good, r->plan.param_bytes);
  return MDL_DIVERGED;
}

/* Loss and gradient at the present parameters, on the samples that train now. */
static int evaluate(struct run *r, int64_t epoch, double *loss) {
  *loss = r->model->value_and_grad(r->train_dims, r->train_data, r->params, r->memory + r->plan.work, r->grad);
  if (!isfinite(*loss)) {
    r->result->loss = *loss;
    return diverged(r, epoch, MDL_NONFINITE_LOSS, -1);
  }
  const int64_t index = nonfinite_entry(r, r->grad);
  return index < 0 ? MDL_OK : diverged(r, epoch, MDL_NONFINITE_GRADIENT, index);
}

static int update(struct run *r, int64_t epoch) {
  if (r->model->constrain) {
    r->model->constrain_pullback(r->dims, r->free, r->grad, r->grad_free);
    mdl_optim_step(&r->optim, r->free, r->grad_free);
    r->model->constrain(r->dims, r->free, r->params);
  } else {
    mdl_optim_step(&r->optim, r->params, r->grad);
  }
  const int64_t index = nonfinite_entry(r, r->params);
  return index < 0 ? MDL_OK : diverged(r, epoch, MDL_NONFINITE_PARAM, index);
}

/* The epoch's first parameters are good once a loss and a gradient of theirs are finite. */
static void keep_good(struct run *r) {
  if (r->plan.nparams) memcpy(r->good, r->params, r->plan.param_bytes);
  r->has_good = 1;
}

static double validate(struct run *r) {
  const struct mdl_plan *plan = &r->plan;
  return r->model->forward((const int64_t *)(const void *)(r->memory + plan->validation_cut.dims),
                           (const void *const *)(const void *)(r->memory + plan->validation_cut.data), r->params,
                           r->memory + plan->tape, r->memory + plan->forward_work);
}

static int epoch_of_batches(struct run *r, int64_t epoch, double *loss) {
  const struct mdl_plan *plan = &r->plan;
  int64_t *order = order_of(r);
  *loss = 0;
  if (r->options->shuffle) mdl_shuffle(r->options->seed, MDL_STREAM_ORDER + (uint64_t)epoch, plan->train, order);
  for (int64_t start = 0; start < plan->train; start += plan->batch) {
    const int64_t left = plan->train - start, rows = left < plan->batch ? left : plan->batch;
    double part;
    int status = gather(r, &plan->train_cut, order + start, rows);
    if (!status) status = evaluate(r, epoch, &part);
    if (!status && start == 0) keep_good(r);
    if (!status) status = update(r, epoch);
    if (status) return status;
    *loss += part * ((double)rows / (double)plan->train);
  }
  return MDL_OK;
}

static int epoch_at_once(struct run *r, int64_t epoch, double *loss) {
  const int status = evaluate(r, epoch, loss);
  if (status) return status;
  keep_good(r);
  return update(r, epoch);
}

/* ---- the loop ---- */

static int run_epochs(struct run *r) {
  const struct mdl_train_options *o = r->options;
  struct mdl_train_result *result = r->result;
  const int64_t bad = nonfinite_entry(r, r->params);
  if (bad >= 0) return diverged(r, 0, MDL_NONFINITE_PARAM, bad);

  for (int64_t epoch = 1; epoch <= o->epochs; epoch++) {
    const double validation = r->plan.validation ? validate(r) : NAN;
    double loss;
    const int status = (r->plan.batches ? epoch_of_batches : epoch_at_once)(r, epoch, &loss);
    if (status) return status;
    result->epochs = epoch;
    result->loss = loss;
    result->validation = validation;
    if (!o->on_epoch) continue;
    const struct mdl_epoch done = {epoch, loss, r->plan.validation > 0, validation, r->params, r->good};
    result->stopped = o->on_epoch(o->context, &done) != 0;
    if (result->stopped) break;
  }
  return MDL_OK;
}

int mdl_train(const struct mdl_model *model, const int64_t *dims, const void *const *data,
              const struct mdl_train_options *options, void *params, void *memory, struct mdl_train_result *result) {
  struct run r = {.model = model, .dims = dims, .data = data, .options = options, .params = params, .memory = memory};
  r.result = result;
  *result = no_result();
  int status = mdl_train_plan(model, dims, options, &r.plan, result);
  if (status) return status;
  if (!memory || (uintptr_t)memory % MDL_ALIGNMENT) return MDL_ERROR_MEMORY;
  r.grad = r.memory + r.plan.grad;
  r.good = r.memory + r.plan.good;
  r.free = r.memory + r.plan.free;
  r.grad_free = r.memory + r.plan.grad_free;
  status = mdl_optim_init(&r.optim, &options->optim, model->real, r.plan.nfree, r.memory + r.plan.state);
  if (!status) status = model->check(dims, data, &result->where);
  if (!status && model->constrain) status = model->unconstrain(dims, params, r.free, &result->where);
  if (!status) status = begin_samples(&r);
  return status ? status : run_epochs(&r);
}
