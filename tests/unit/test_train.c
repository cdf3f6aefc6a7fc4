// test_train.c - the training loop: the tutorial's runs, splits, mini-batches, divergence, what it refuses.
#include "suite.h"
#include "thermometer.h"

// A problem in either real type, and what its epochs reported.
typedef struct {
  struct mdl_model model;
  int64_t dims[1];
  double t_c[READINGS], t_u[READINGS], params[2];
  float t_c_f[READINGS], t_u_f[READINGS], params_f[2];
  const void *data[2];
  struct mdl_train_options options;
  struct mdl_train_result result;
  json_t *losses; // by epoch, held against the training loss
  double tolerance;
  int64_t stop_at;
  double last_start[2]; // with which the last reported epoch began
  int64_t reports;
} Problem;

static double param(const Problem *p, int i) {
  return p->model.real == MDL_DOUBLE ? p->params[i] : (double)p->params_f[i];
}

static void *params_of(Problem *p) {
  return p->model.real == MDL_DOUBLE ? (void *)p->params : (void *)p->params_f;
}

static Problem problem(int real, double scale, const char *optimizer, double lr) {
  Problem p = {.dims = {READINGS}, .tolerance = real == MDL_DOUBLE ? 1e-10 : 1e-4};
  p.model = real == MDL_DOUBLE ? thermometer_double(real) : thermometer_float(real);
  for (int i = 0; i < READINGS; i++) {
    p.t_c[i] = thermometer_c[i];
    p.t_u[i] = scale * thermometer_u[i];
    p.t_c_f[i] = (float)p.t_c[i];
    p.t_u_f[i] = (float)scale * (float)thermometer_u[i];
  }
  p.options = mdl_train_defaults(mdl_optim_kind_by_name(optimizer));
  p.options.optim.lr = lr;
  return p;
}

static int report(void *context, const struct mdl_epoch *epoch) {
  Problem *p = context;
  char key[32];
  snprintf(key, sizeof key, "%lld", (long long)epoch->epoch);
  json_t *expected = json_object_get(p->losses, key);
  if (json_is_array(expected)) {
    ck_assert_int_eq(epoch->has_validation, 1);
    assert_close(epoch->validation, json_number_value(json_array_get(expected, 1)), p->tolerance, "validation",
                 epoch->epoch);
    expected = json_array_get(expected, 0);
  }
  if (expected) assert_close(epoch->loss, json_number_value(expected), p->tolerance, "loss", epoch->epoch);
  for (int i = 0; i < 2; i++)
    p->last_start[i] =
        p->model.real == MDL_DOUBLE ? ((const double *)epoch->start)[i] : (double)((const float *)epoch->start)[i];
  p->reports++;
  return epoch->epoch == p->stop_at;
}

// Trains from where the parameters are.
static int train(Problem *p) {
  size_t size;
  p->data[0] = p->model.real == MDL_DOUBLE ? (void *)p->t_c : (void *)p->t_c_f;
  p->data[1] = p->model.real == MDL_DOUBLE ? (void *)p->t_u : (void *)p->t_u_f;
  p->options.on_epoch = report;
  p->options.context = p;
  int status = mdl_train_size(&p->model, p->dims, &p->options, &size, &p->result);
  if (status) return status;
  void *memory = aligned_memory(size);
  status = mdl_train(&p->model, p->dims, p->data, &p->options, params_of(p), memory, &p->result);
  free(memory);
  return status;
}

static int train_from_start(Problem *p) {
  p->model.init(p->dims, 0, params_of(p));
  return train(p);
}

// ---- the tutorial ----

static void tutorial(int real, const char *run, double scale, const char *optimizer, double lr, int64_t epochs) {
  json_t *root = reference_read("tutorial_reference.json");
  json_t *expected = json_object_get(json_object_get(root, real == MDL_DOUBLE ? "float64" : "float32"), run);
  Problem p = problem(real, scale, optimizer, lr);
  p.losses = json_object_get(expected, "loss");
  p.options.epochs = epochs;
  ck_assert_ptr_nonnull(expected);
  ck_assert_int_eq(train_from_start(&p), MDL_OK);
  ck_assert_int_eq(p.reports, epochs);
  ck_assert_int_eq(p.result.epochs, epochs);
  for (int i = 0; i < 2; i++)
    assert_close(param(&p, i), json_number_value(json_array_get(json_object_get(expected, "params"), (size_t)i)),
                 p.tolerance, run, i);
  json_decref(root);
}

START_TEST(tutorial_runs) {
  for (int real = MDL_DOUBLE; real <= MDL_FLOAT; real++) {
    tutorial(real, "sgd_1e-2_un", 0.1, "SGD", 1e-2, 5000);
    tutorial(real, "sgd_1e-5_raw_5000", 1, "SGD", 1e-5, 5000);
    tutorial(real, "adam_1e-1_raw_2000", 1, "Adam", 1e-1, 2000);
    tutorial(real, "adam_1e-1_raw_5000", 1, "Adam", 1e-1, 5000);
  }
}
END_TEST

START_TEST(gradients_accumulate) {
  json_t *root = reference_read("tutorial_reference.json");
  json_t *expected =
      json_object_get(json_object_get(json_object_get(root, "float64"), "accum_raw"), "grad_after_backward_1_2_3");
  const struct mdl_model model = thermometer_double(MDL_DOUBLE);
  const int64_t dims[] = {READINGS};
  const void *data[] = {thermometer_c, thermometer_u};
  const double params[] = {1, 0};
  double grad[2] = {NAN, NAN};
  mdl_zero_grad(MDL_DOUBLE, 2, grad);
  for (size_t k = 0; k < 3; k++) {
    model.backward(dims, data, params, NULL, NULL, 1, grad);
    for (size_t i = 0; i < 2; i++)
      assert_close(grad[i], json_number_value(json_array_get(json_array_get(expected, k), i)), 1e-12, "gradient",
                   (long)k);
  }
  json_decref(root);
}
END_TEST

START_TEST(tutorial_validation) {
  json_t *root = reference_read("tutorial_reference.json");
  for (int real = MDL_DOUBLE; real <= MDL_FLOAT; real++) {
    json_t *figures = json_object_get(root, real == MDL_DOUBLE ? "float64" : "float32");
    json_t *expected = json_object_get(figures, "trainval_3000");
    Problem p = problem(real, 0.1, "SGD", 1e-2);
    int64_t order[READINGS];
    for (size_t i = 0; i < READINGS; i++)
      order[i] = json_integer_value(json_array_get(json_object_get(figures, "perm"), i));
    p.options.train_indices = order;
    p.options.train_count = READINGS - 2;
    p.options.validation_indices = order + READINGS - 2;
    p.options.validation_count = 2;
    p.options.epochs = 3000;
    p.losses = json_object_get(expected, "loss_train_val");
    ck_assert_int_eq(train_from_start(&p), MDL_OK);
    for (int i = 0; i < 2; i++)
      assert_close(param(&p, i), json_number_value(json_array_get(json_object_get(expected, "params"), (size_t)i)),
                   p.tolerance, "trainval_3000", i);
  }
  json_decref(root);
}
END_TEST

// ---- divergence ----

START_TEST(diverging_run) {
  json_t *root = reference_read("tutorial_reference.json");
  for (int real = MDL_DOUBLE; real <= MDL_FLOAT; real++) {
    Problem p = problem(real, 1, "SGD", 1e-2);
    p.losses = json_object_get(json_object_get(json_object_get(root, "float64"), "sgd_1e-2_raw_100_diverges"), "loss");
    p.options.epochs = 100;
    ck_assert_int_eq(train_from_start(&p), MDL_DIVERGED);
    ck_assert_int_eq(p.result.nonfinite, MDL_NONFINITE_LOSS);
    ck_assert_int_eq(p.result.index, -1);
    ck_assert_int_eq(p.result.epoch, p.result.epochs + 1);
    ck_assert_int_eq(p.reports, p.result.epochs);
    ck_assert_int_gt(p.result.epochs, 3);
    ck_assert(!isfinite(p.result.loss));
    // The last epoch with a finite loss began with these.
    for (int i = 0; i < 2; i++) ck_assert_double_eq(param(&p, i), p.last_start[i]);
    ck_assert(isfinite(p.model.forward(p.dims, p.data, params_of(&p), NULL, NULL)));
  }
  json_decref(root);
}
END_TEST

static double infinite_b(const int64_t *dims, const void *const *data, const void *params, void *work, void *grad) {
  const double loss = thermometer_value_and_grad_double(dims, data, params, work, grad);
  ((double *)grad)[1] = -INFINITY;
  return loss;
}

static double huge_b(const int64_t *dims, const void *const *data, const void *params, void *work, void *grad) {
  const double loss = thermometer_value_and_grad_double(dims, data, params, work, grad);
  ((double *)grad)[1] = -1e300;
  return loss;
}

START_TEST(first_nonfinite_value) {
  Problem p = problem(MDL_DOUBLE, 0.1, "SGD", 1e-2);
  p.model.value_and_grad = infinite_b;
  ck_assert_int_eq(train_from_start(&p), MDL_DIVERGED);
  ck_assert_int_eq(p.result.nonfinite, MDL_NONFINITE_GRADIENT);
  ck_assert_int_eq(p.result.epoch, 1);
  ck_assert_int_eq(p.result.index, 1);
  ck_assert_double_eq(p.params[0], 1);

  p = problem(MDL_DOUBLE, 0.1, "SGD", 1e10);
  p.model.value_and_grad = huge_b;
  ck_assert_int_eq(train_from_start(&p), MDL_DIVERGED);
  ck_assert_int_eq(p.result.nonfinite, MDL_NONFINITE_PARAM);
  ck_assert_int_eq(p.result.epoch, 1);
  ck_assert_int_eq(p.result.index, 1);
  ck_assert_double_eq(p.params[0], 1);
  ck_assert_double_eq(p.params[1], 0);

  p = problem(MDL_DOUBLE, 0.1, "SGD", 1e-2);
  p.params[0] = NAN;
  ck_assert_int_eq(train(&p), MDL_DIVERGED);
  ck_assert_int_eq(p.result.nonfinite, MDL_NONFINITE_PARAM);
  ck_assert_int_eq(p.result.epoch, 0);
  ck_assert_int_eq(p.result.index, 0);

  p = problem(MDL_FLOAT, 0.1, "SGD", 1e-2);
  p.params_f[1] = INFINITY;
  ck_assert_int_eq(train(&p), MDL_DIVERGED);
  ck_assert_int_eq(p.result.index, 1);
}
END_TEST

// ---- batches and splits ----

// One epoch of batches of four, in order, against steps by hand.
START_TEST(mini_batches) {
  Problem p = problem(MDL_DOUBLE, 0.1, "SGD", 1e-2);
  double params[2] = {1, 0}, grad[2], loss = 0;
  for (int64_t start = 0; start < READINGS; start += 4) {
    const int64_t rows[] = {READINGS - start < 4 ? READINGS - start : 4};
    const void *data[] = {p.t_c + start, p.t_u + start};
    loss += (double)rows[0] * thermometer_value_and_grad_double(rows, data, params, NULL, grad) / READINGS;
    for (int i = 0; i < 2; i++) params[i] -= 1e-2 * grad[i];
  }
  p.options.batch_size = 4;
  p.options.shuffle = 0;
  p.options.epochs = 1;
  ck_assert_int_eq(train_from_start(&p), MDL_OK);
  assert_close(p.result.loss, loss, 1e-14, "loss", 1);
  for (int i = 0; i < 2; i++) ck_assert_double_eq(p.params[i], params[i]);

  // Shuffled, all samples still count once: batches of one with a rate of zero give the loss of all.
  p = problem(MDL_DOUBLE, 0.1, "SGD", 0);
  p.options.batch_size = 1;
  ck_assert_int_eq(train_from_start(&p), MDL_OK);
  const void *data[] = {p.t_c, p.t_u};
  assert_close(p.result.loss, p.model.forward(p.dims, data, p.params, NULL, NULL), 1e-14, "loss", 1);
}
END_TEST

START_TEST(seeds) {
  double w[3];
  for (int k = 0; k < 3; k++) {
    Problem p = problem(MDL_DOUBLE, 0.1, "SGD", 1e-2);
    p.options.batch_size = 3;
    p.options.validation = 0.2;
    p.options.epochs = 20;
    p.options.seed = k == 2;
    ck_assert_int_eq(train_from_start(&p), MDL_OK);
    ck_assert(isfinite(p.result.validation));
    w[k] = p.params[0];
  }
  ck_assert_double_eq(w[0], w[1]);
  ck_assert_double_ne(w[0], w[2]);
}
END_TEST

// A batch as large as the data is the full batch, to the bit.
START_TEST(whole_batch) {
  double w[2];
  for (int k = 0; k < 2; k++) {
    Problem p = problem(MDL_DOUBLE, 0.1, "AdamW", 1e-2);
    p.options.batch_size = k ? READINGS + 5 : 0;
    ck_assert_int_eq(train_from_start(&p), MDL_OK);
    w[k] = p.params[0];
  }
  ck_assert_double_eq(w[0], w[1]);
}
END_TEST

START_TEST(split_by_fraction) {
  Problem p = problem(MDL_DOUBLE, 0.1, "SGD", 0);
  int64_t order[READINGS];
  double t_c[2], t_u[2], grad[2];
  p.options.validation = 0.2;
  p.options.seed = 5;
  ck_assert_int_eq(train_from_start(&p), MDL_OK);
  ck_assert_int_eq(mdl_split(5, READINGS, 0.2, order), 2);
  for (int i = 0; i < 2; i++) {
    t_c[i] = p.t_c[order[9 + i]];
    t_u[i] = p.t_u[order[9 + i]];
  }
  const int64_t dims[] = {2};
  const void *data[] = {t_c, t_u};
  ck_assert_double_eq(p.result.validation, thermometer_value_and_grad_double(dims, data, p.params, NULL, grad));
}
END_TEST

START_TEST(callback_stops) {
  Problem p = problem(MDL_DOUBLE, 0.1, "SGD", 1e-2);
  p.stop_at = 3;
  ck_assert_int_eq(train_from_start(&p), MDL_OK);
  ck_assert_int_eq(p.result.stopped, 1);
  ck_assert_int_eq(p.result.epochs, 3);
  ck_assert_int_eq(p.reports, 3);
  p.options.epochs = 0;
  ck_assert_int_eq(train(&p), MDL_OK);
  ck_assert_int_eq(p.reports, 3);
}
END_TEST

// ---- what is refused ----

static int square_shape(const int64_t *dims, int role, int which, int64_t *extents) {
  const int status = thermometer_shape(dims, role, which, extents);
  if (role == MDL_DATA) extents[1] = dims[0];
  return status;
}

static int latent_shape(const int64_t *dims, int role, int which, int64_t *extents) {
  (void)role;
  (void)which;
  extents[0] = dims[0];
  return MDL_OK;
}

START_TEST(refused) {
  static const struct mdl_dim plain[] = {{"n", 0}};
  static const struct mdl_array square[] = {{"t_c", "n, n", MDL_DOUBLE, 2, 1, 0, ""},
                                            {"t_u", "n, n", MDL_DOUBLE, 2, 1, 0, ""}};
  static const struct mdl_array latent[] = {{"w", "n", MDL_DOUBLE, 1, 0, 0, ""}, {"b", "n", MDL_DOUBLE, 1, 0, 0, ""}};
  static const int64_t outside[] = {0, READINGS}, negative[] = {-1}, inside[] = {0, 1};
  const Problem good = problem(MDL_DOUBLE, 0.1, "SGD", 1e-2);
  Problem p = good;

  p.model.version++;
  ck_assert_int_eq(train(&p), MDL_ERROR_MODEL);
  p = good;
  p.model.has_loss = 0;
  ck_assert_int_eq(train(&p), MDL_ERROR_MODEL);
  p = good;
  p.model.real = MDL_INT32;
  ck_assert_int_eq(train(&p), MDL_ERROR_REAL);
  p = good;
  p.options.epochs = -1;
  ck_assert_int_eq(train(&p), MDL_ERROR_TRAIN_OPTION);
  p = good;
  p.options.batch_size = -1;
  ck_assert_int_eq(train(&p), MDL_ERROR_TRAIN_OPTION);
  p = good;
  p.dims[0] = -1;
  ck_assert_int_eq(train(&p), MDL_ERROR_EXTENT);
  p = good;
  p.options.optim.lr = -1;
  ck_assert_int_eq(train(&p), MDL_ERROR_OPTION_RANGE);
  ck_assert_str_eq(p.result.which->name, "lr");

  for (int k = 0; k < 3; k++) {
    p = good;
    if (k == 0) p.options.batch_size = 4;
    if (k == 1) p.options.validation = 0.2;
    if (k == 2) {
      p.options.train_indices = inside;
      p.options.train_count = 2;
    }
    Problem q = p;
    q.model.dims = plain;
    ck_assert_int_eq(train(&q), MDL_ERROR_BATCH);
    q = p;
    q.model.data = square;
    q.model.shape = square_shape;
    ck_assert_int_eq(train(&q), MDL_ERROR_BATCH);
    q = p;
    q.model.params = latent;
    q.model.shape = latent_shape;
    ck_assert_int_eq(train(&q), MDL_ERROR_BATCH);
  }

  static const double fractions[] = {-0.1, 1, NAN};
  for (int k = 0; k < 3; k++) {
    p = good;
    p.options.validation = fractions[k];
    ck_assert_int_eq(train(&p), MDL_ERROR_SPLIT);
  }
  p = good;
  p.options.train_indices = outside;
  p.options.train_count = 2;
  ck_assert_int_eq(train(&p), MDL_ERROR_SPLIT);
  p.options.train_count = 1;
  ck_assert_int_eq(train_from_start(&p), MDL_OK);
  p.options.train_count = 0;
  ck_assert_int_eq(train(&p), MDL_ERROR_SPLIT);
  p.options.train_count = 1;
  p.options.validation_indices = negative;
  p.options.validation_count = 1;
  ck_assert_int_eq(train(&p), MDL_ERROR_SPLIT);
  p.options.validation_indices = inside;
  p.options.validation = 0.2;
  ck_assert_int_eq(train(&p), MDL_ERROR_SPLIT);
  p = good;
  p.options.validation_indices = inside;
  p.options.validation_count = 2;
  ck_assert_int_eq(train(&p), MDL_ERROR_SPLIT);
}
END_TEST

START_TEST(checked) {
  Problem p = problem(MDL_DOUBLE, 0.1, "SGD", 1e-2);
  const void *data[] = {p.t_c, NULL};
  size_t size;
  ck_assert_int_eq(mdl_train_size(&p.model, p.dims, &p.options, &size, NULL), MDL_OK);
  char *memory = aligned_memory(size + MDL_ALIGNMENT);
  ck_assert_int_eq(mdl_train(&p.model, p.dims, data, &p.options, p.params, memory, &p.result), MDL_ERROR_POINTER);
  ck_assert_str_eq(p.result.where.name, "t_u");
  ck_assert_int_eq(mdl_train(&p.model, p.dims, data, &p.options, p.params, memory + 8, &p.result), MDL_ERROR_MEMORY);
  ck_assert_int_eq(mdl_train(&p.model, p.dims, data, &p.options, p.params, NULL, &p.result), MDL_ERROR_MEMORY);
  free(memory);
}
END_TEST

START_TEST(messages) {
  for (int status = MDL_OK; status <= MDL_ERROR_CONSTRAINT; status++)
    ck_assert_str_ne(mdl_status_message(status), "unknown status");
  for (int status = MDL_ERROR_OPTION_MISSING; status <= MDL_ERROR_RANK; status++)
    ck_assert_str_ne(mdl_status_message(status), "unknown status");
  ck_assert_str_ne(mdl_status_message(MDL_DIVERGED), "unknown status");
  ck_assert_str_eq(mdl_status_message(-1), "unknown status");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("train");
  tcase_add_test(tests, tutorial_runs);
  tcase_add_test(tests, gradients_accumulate);
  tcase_add_test(tests, tutorial_validation);
  tcase_add_test(tests, diverging_run);
  tcase_add_test(tests, first_nonfinite_value);
  tcase_add_test(tests, mini_batches);
  tcase_add_test(tests, seeds);
  tcase_add_test(tests, whole_batch);
  tcase_add_test(tests, split_by_fraction);
  tcase_add_test(tests, callback_stops);
  tcase_add_test(tests, refused);
  tcase_add_test(tests, checked);
  tcase_add_test(tests, messages);
  return run_suite(tests, "train");
}
