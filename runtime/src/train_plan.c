/* train_plan.c - what a training run needs, from the model's dimensions and the options. */
#include "train_plan.h"

/* Axes of an array and dimensions of a model, at most: they are asked for in memory of a fixed size. */
enum { MAX_RANK = 32, MAX_DIMS = 64 };

static int multiply(size_t a, size_t b, size_t *product) {
  if (b && a > SIZE_MAX / b) return MDL_ERROR_OVERFLOW;
  *product = a * b;
  return MDL_OK;
}

/* Appends a part to the memory; its offset in *at. */
static int take(struct mdl_plan *plan, size_t bytes, size_t *at) {
  if (bytes > SIZE_MAX - MDL_ALIGNMENT || plan->bytes > SIZE_MAX - MDL_ALIGNMENT - bytes) return MDL_ERROR_OVERFLOW;
  *at = plan->bytes;
  plan->bytes += (bytes + MDL_ALIGNMENT - 1) / MDL_ALIGNMENT * MDL_ALIGNMENT;
  return MDL_OK;
}

static int take_entries(struct mdl_plan *plan, int64_t count, size_t width, size_t *at) {
  size_t bytes;
  if ((uint64_t)count > SIZE_MAX) return MDL_ERROR_OVERFLOW;
  const int status = multiply((size_t)count, width, &bytes);
  return status ? status : take(plan, bytes, at);
}

int mdl_row_size(const struct mdl_model *model, const int64_t *dims, int k, size_t *bytes) {
  const struct mdl_array *array = &model->data[k];
  int64_t extent[MAX_RANK];
  *bytes = 0;
  if (!array->batch) return MDL_OK;
  if (array->rank > MAX_RANK) return MDL_ERROR_RANK;
  int status = model->shape(dims, MDL_DATA, k, extent);
  *bytes = array->type == MDL_DOUBLE ? sizeof(double) : array->type == MDL_FLOAT ? sizeof(float) : sizeof(int32_t);
  for (int axis = 1; axis < array->rank && !status; axis++) {
    if ((uint64_t)extent[axis] > SIZE_MAX) return MDL_ERROR_OVERFLOW;
    status = multiply(*bytes, (size_t)extent[axis], bytes);
  }
  return status;
}

/* The batch dimension may only count the rows of data: all other extents must be the same at both dims. */
static int same_but_rows(const struct mdl_model *model, const int64_t *dims, const int64_t *cut, int role,
                         const struct mdl_array *arrays, int count) {
  for (int k = 0; k < count; k++) {
    int64_t whole[MAX_RANK], part[MAX_RANK];
    if (arrays[k].rank > MAX_RANK) return MDL_ERROR_RANK;
    int status = model->shape(dims, role, k, whole);
    if (!status) status = model->shape(cut, role, k, part);
    if (status) return status;
    for (int axis = role == MDL_DATA && arrays[k].batch; axis < arrays[k].rank; axis++)
      if (whole[axis] != part[axis]) return MDL_ERROR_BATCH;
  }
  return MDL_OK;
}

static size_t most(size_t a, size_t b) {
  return a > b ? a : b;
}

/* The sizes at `rows` samples join the largest so far. */
static int sizes_at(const struct mdl_model *model, const int64_t *dims, int batch_dim, int64_t rows,
                    struct mdl_sizes *largest) {
  int64_t cut[MAX_DIMS];
  struct mdl_sizes sizes;
  if (model->ndims > MAX_DIMS) return MDL_ERROR_RANK;
  for (int i = 0; i < model->ndims; i++) cut[i] = dims[i];
  if (batch_dim >= 0) cut[batch_dim] = rows;
  int status = same_but_rows(model, dims, cut, MDL_DATA, model->data, model->ndata);
  if (!status) status = same_but_rows(model, dims, cut, MDL_PARAM, model->params, model->nparams);
  if (!status) status = model->sizes(cut, &sizes);
  if (status) return status;
  largest->params = most(largest->params, sizes.params);
  largest->free = most(largest->free, sizes.free);
  largest->tape = most(largest->tape, sizes.tape);
  largest->forward_work = most(largest->forward_work, sizes.forward_work);
  largest->value_and_grad_work = most(largest->value_and_grad_work, sizes.value_and_grad_work);
  return MDL_OK;
}

static int take_cut(const struct mdl_model *model, const int64_t *dims, struct mdl_plan *plan, struct mdl_cut *cut) {
  int status = take_entries(plan, model->ndims, sizeof(int64_t), &cut->dims);
  if (!status) status = take_entries(plan, model->ndata, sizeof(void *), &cut->data);
  cut->rows = plan->bytes;
  for (int k = 0; k < model->ndata && !status; k++) {
    size_t row, at;
    status = mdl_row_size(model, dims, k, &row);
    if (!status && row) status = take_entries(plan, cut->most, row, &at);
  }
  return status;
}

static int samples_by_number(const struct mdl_train_options *o, int64_t samples, struct mdl_plan *plan) {
  if (!o->train_indices || o->validation != 0 || o->train_count < 0 || o->validation_count < 0) return MDL_ERROR_SPLIT;
  for (int64_t i = 0; i < o->train_count; i++)
    if (o->train_indices[i] < 0 || o->train_indices[i] >= samples) return MDL_ERROR_SPLIT;
  plan->train = o->train_count;
  plan->validation = o->validation_indices ? o->validation_count : 0;
  for (int64_t i = 0; i < plan->validation; i++)
    if (o->validation_indices[i] < 0 || o->validation_indices[i] >= samples) return MDL_ERROR_SPLIT;
  return MDL_OK;
}

/* Which samples train, which validate, and how many at a time. */
static int cut_samples(const struct mdl_model *model, const int64_t *dims, const struct mdl_train_options *o,
                       struct mdl_plan *plan) {
  int status = MDL_OK;
  plan->batch_dim = -1;
  for (int i = model->ndims - 1; i >= 0; i--)
    if (model->dims[i].batch) plan->batch_dim = i;
  plan->explicit_indices = o->train_indices || o->validation_indices;
  if (plan->batch_dim < 0) {
    if (o->batch_size || o->validation != 0 || plan->explicit_indices) return MDL_ERROR_BATCH;
    return MDL_OK;
  }
  plan->samples = plan->train = dims[plan->batch_dim];
  if (plan->samples < 0) return MDL_ERROR_EXTENT;
  if (plan->explicit_indices) {
    status = samples_by_number(o, plan->samples, plan);
  } else {
    plan->validation = mdl_split_count(plan->samples, o->validation);
    if (plan->validation < 0) return MDL_ERROR_SPLIT;
    plan->train -= plan->validation;
  }
  if (status) return status;
  plan->batches = o->batch_size > 0 && o->batch_size < plan->train;
  plan->batch = plan->batches ? o->batch_size : plan->train;
  plan->copies = plan->batches || plan->explicit_indices || plan->validation > 0;
  return plan->copies && plan->train == 0 ? MDL_ERROR_SPLIT : MDL_OK;
}

int mdl_train_plan(const struct mdl_model *model, const int64_t *dims, const struct mdl_train_options *o,
                   struct mdl_plan *plan, struct mdl_train_result *result) {
  static const struct mdl_plan empty;
  struct mdl_sizes train = {0}, validation = {0};
  size_t state;
  *plan = empty;

  if (model->version != MDL_MODEL_VERSION || !model->has_loss) return MDL_ERROR_MODEL;
  if (!mdl_real_size(model->real)) return MDL_ERROR_REAL;
  if (o->epochs < 0 || o->batch_size < 0) return MDL_ERROR_TRAIN_OPTION;
  int status = mdl_optim_check(&o->optim, &result->which);
  if (!status) status = cut_samples(model, dims, o, plan);
  if (!status) status = sizes_at(model, dims, plan->batch_dim, plan->batch, &train);
  if (!status && plan->batches && plan->train % plan->batch)
    status = sizes_at(model, dims, plan->batch_dim, plan->train % plan->batch, &train);
  if (!status && plan->validation) status = sizes_at(model, dims, plan->batch_dim, plan->validation, &validation);
  if (status) return status;

  plan->param_bytes = train.params;
  plan->nparams = train.params / mdl_real_size(model->real);
  plan->nfree = (model->constrain ? train.free : train.params) / mdl_real_size(model->real);
  status = mdl_optim_state_size(&o->optim, model->real, plan->nfree, &state);
  if (!status) status = take(plan, train.params, &plan->grad);
  if (!status) status = take(plan, train.params, &plan->good);
  if (!status) status = take(plan, model->constrain ? train.free : 0, &plan->free);
  if (!status) status = take(plan, model->constrain ? train.free : 0, &plan->grad_free);
  if (!status) status = take(plan, state, &plan->state);
  if (!status) status = take(plan, train.value_and_grad_work, &plan->work);
  if (!status && plan->copies) {
    plan->train_cut.most = plan->batch;
    status = take_entries(plan, plan->explicit_indices ? plan->train + plan->validation : plan->samples,
                          sizeof(int64_t), &plan->order);
    if (!status) status = take_cut(model, dims, plan, &plan->train_cut);
  }
  if (!status && plan->validation) {
    plan->validation_cut.most = plan->validation;
    status = take(plan, validation.tape, &plan->tape);
    if (!status) status = take(plan, validation.forward_work, &plan->forward_work);
    if (!status) status = take_cut(model, dims, plan, &plan->validation_cut);
  }
  if (plan->bytes == 0) plan->bytes = MDL_ALIGNMENT; /* so that memory is never null */
  return status;
}
