// test_embedded.c - the tutorial's figures from generated C embedded in a program, with the runtime.
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "mdl/train.h"
#include "readings.h"
#include "reference.h"

extern const struct mdl_model raw_double_model, raw_float_model, scaled_double_model, scaled_float_model;

static const struct mdl_model *model_of(bool scaled, bool use_float) {
  if (scaled) return use_float ? &scaled_float_model : &scaled_double_model;
  return use_float ? &raw_float_model : &raw_double_model;
}

// ---- vectors of either real type ----

typedef union Vector {
  double d[READINGS];
  float f[READINGS];
} Vector;

static void vector_set(Vector *v, bool use_float, const double *x, int n) {
  for (int k = 0; k < n; k++) {
    if (use_float)
      v->f[k] = (float)x[k];
    else
      v->d[k] = x[k];
  }
}

static double vector_at(const Vector *v, bool use_float, int k) {
  return use_float ? (double)v->f[k] : v->d[k];
}

typedef struct Inputs {
  int64_t dims[1];
  Vector t_u, t_c;
  const void *data[2];
} Inputs;

static void inputs_set(Inputs *in, bool use_float) {
  in->dims[0] = READINGS;
  vector_set(&in->t_u, use_float, readings_t_u, READINGS);
  vector_set(&in->t_c, use_float, readings_t_c, READINGS);
  in->data[0] = &in->t_u;
  in->data[1] = &in->t_c;
}

static void *memory(size_t size) {
  void *block = aligned_alloc(MDL_ALIGNMENT, (size / MDL_ALIGNMENT + 1) * MDL_ALIGNMENT);
  ck_assert_ptr_nonnull(block);
  return block;
}

// ---- gradients ----

// One forward and three times backward into the same gradient.
static void check_accumulation(bool scaled, bool use_float) {
  const struct mdl_model *model = model_of(scaled, use_float);
  json_t *figures = reference_load(use_float);
  json_t *expected = json_object_get(figures, scaled ? "accum_un" : "accum_raw");
  Inputs in;
  inputs_set(&in, use_float);
  struct mdl_sizes sizes;
  ck_assert_int_eq(model->sizes(in.dims, &sizes), MDL_OK);
  void *tape = memory(sizes.tape), *forward_work = memory(sizes.forward_work);
  void *backward_work = memory(sizes.backward_work), *fused_work = memory(sizes.value_and_grad_work);
  Vector params, grad, fused;
  double tolerance = use_float ? 1e-6 : 1e-14;
  model->init(in.dims, 0, &params);
  mdl_zero_grad(model->real, PARAMS, &grad);
  for (size_t time = 0; time < 3; time++) {
    double loss = model->forward(in.dims, in.data, &params, tape, forward_work);
    model->backward(in.dims, in.data, &params, tape, backward_work, 1.0, &grad);
    assert_close(loss, json_number_value(json_array_get(json_object_get(expected, "loss"), time)), tolerance, "loss");
    json_t *row = json_array_get(json_object_get(expected, "grad_after_backward_1_2_3"), time);
    for (int p = 0; p < PARAMS; p++)
      assert_close(vector_at(&grad, use_float, p), json_number_value(json_array_get(row, (size_t)p)), tolerance,
                   "gradient");
  }
  // Two backward calls after one forward: the tape stayed.
  json_t *twice = json_object_get(figures, scaled ? "retain_un" : "retain_raw");
  mdl_zero_grad(model->real, PARAMS, &grad);
  model->forward(in.dims, in.data, &params, tape, forward_work);
  for (int time = 0; time < 2; time++) model->backward(in.dims, in.data, &params, tape, backward_work, 1.0, &grad);
  model->value_and_grad(in.dims, in.data, &params, fused_work, &fused);
  for (int p = 0; p < PARAMS; p++) {
    assert_close(vector_at(&grad, use_float, p), json_number_value(json_array_get(twice, (size_t)p)), tolerance,
                 "gradient");
    assert_close(2 * vector_at(&fused, use_float, p), vector_at(&grad, use_float, p), tolerance, "value_and_grad");
  }
  free(fused_work);
  free(backward_work);
  free(forward_work);
  free(tape);
  json_decref(figures);
}

START_TEST(gradients_accumulate) {
  check_accumulation(_i & 1, _i & 2);
}
END_TEST

START_TEST(gradient_is_the_one_by_hand) {
  Inputs in;
  inputs_set(&in, false);
  struct mdl_sizes sizes;
  ck_assert_int_eq(scaled_double_model.sizes(in.dims, &sizes), MDL_OK);
  void *work = memory(sizes.value_and_grad_work);
  const double points[][PARAMS] = {{1, 0}, {-2, 3}, {5.367, -17.3}, {0, 0}};
  for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
    double grad[PARAMS], by_hand[PARAMS];
    double loss = scaled_double_model.value_and_grad(in.dims, in.data, points[k], work, grad);
    double hand = hand_value_and_grad(READINGS, readings_t_u, readings_t_c, points[k], by_hand);
    assert_close(loss, hand, 1e-14, "loss");
    for (int p = 0; p < PARAMS; p++) ck_assert_double_eq_tol(grad[p], by_hand[p], 1e-12 * (1 + fabs(by_hand[p])));
  }
  free(work);
}
END_TEST

// ---- training ----

typedef struct Losses {
  json_t *expected; // {"1": …, "500": …}: a loss, or [training, validation]
  double tolerance;
  size_t met;
} Losses;

static int compare_losses(void *context, const struct mdl_epoch *e) {
  Losses *losses = context;
  char key[24];
  snprintf(key, sizeof key, "%lld", (long long)e->epoch);
  json_t *expected = json_object_get(losses->expected, key);
  if (!expected) return 0;
  losses->met++;
  assert_close(e->loss, json_number_value(json_is_array(expected) ? json_array_get(expected, 0) : expected),
               losses->tolerance, key);
  ck_assert_int_eq(e->has_validation, json_is_array(expected));
  if (e->has_validation)
    assert_close(e->validation, json_number_value(json_array_get(expected, 1)), losses->tolerance, key);
  return 0;
}

static int train(const struct mdl_model *model, struct mdl_train_options *options, Vector *params,
                 struct mdl_train_result *result) {
  Inputs in;
  inputs_set(&in, model->real == MDL_FLOAT);
  size_t size;
  int status = mdl_train_size(model, in.dims, options, &size, result);
  ck_assert_msg(status == MDL_OK, "%s", mdl_status_message(status));
  void *work = memory(size);
  model->init(in.dims, 0, params);
  status = mdl_train(model, in.dims, in.data, options, params, work, result);
  free(work);
  return status;
}

static const struct Run {
  const char *name, *losses;
  bool scaled;
  int optimizer;
  double lr;
  int epochs;
} runs[] = {
    {"manual_sgd_1e-2_un", "loss", true, MDL_SGD, 1e-2, 5000},
    {"sgd_1e-2_un", "loss", true, MDL_SGD, 1e-2, 5000},
    {"sgd_1e-5_raw_5000", "loss", false, MDL_SGD, 1e-5, 5000},
    {"adam_1e-1_raw_2000", "loss", false, MDL_ADAM, 1e-1, 2000},
    {"adam_1e-1_raw_5000", "loss", false, MDL_ADAM, 1e-1, 5000},
    {"trainval_3000", "loss_train_val", true, MDL_SGD, 1e-2, 3000},
};
enum { RUNS = sizeof runs / sizeof *runs };

static void check_run(const struct Run *run, bool use_float) {
  json_t *figures = reference_load(use_float), *expected = json_object_get(figures, run->name);
  ck_assert_ptr_nonnull(expected);
  Losses losses = {json_object_get(expected, run->losses), reference_tolerance(use_float), 0};
  struct mdl_train_options options = mdl_train_defaults(run->optimizer);
  options.optim.lr = run->lr;
  options.epochs = run->epochs;
  options.on_epoch = compare_losses;
  options.context = &losses;
  int64_t order[READINGS];
  if (!strcmp(run->losses, "loss_train_val")) { // the last two of the permutation validate
    for (size_t k = 0; k < READINGS; k++)
      order[k] = json_integer_value(json_array_get(json_object_get(figures, "perm"), k));
    options.train_indices = order;
    options.train_count = READINGS - 2;
    options.validation_indices = order + READINGS - 2;
    options.validation_count = 2;
  }
  Vector params;
  struct mdl_train_result result;
  ck_assert_int_eq(train(model_of(run->scaled, use_float), &options, &params, &result), MDL_OK);
  ck_assert_uint_eq(losses.met, json_object_size(losses.expected));
  ck_assert_int_eq(result.epochs, run->epochs);
  for (int p = 0; p < PARAMS; p++)
    assert_close(vector_at(&params, use_float, p),
                 json_number_value(json_array_get(json_object_get(expected, "params"), (size_t)p)), losses.tolerance,
                 "parameter");
  json_decref(figures);
}

START_TEST(runs_in_double) {
  check_run(&runs[_i], false);
}
END_TEST

START_TEST(runs_in_float) {
  check_run(&runs[_i], true);
}
END_TEST

// The losses up to 1e10 are the reference's; then it is told where the first value that is not finite was met.
START_TEST(divergence_is_told) {
  json_t *figures = reference_load(false);
  Losses losses = {json_object_get(json_object_get(figures, "sgd_1e-2_raw_100_diverges"), "loss"), 1e-10, 0};
  struct mdl_train_options options = mdl_train_defaults(MDL_SGD);
  options.optim.lr = 1e-2;
  options.epochs = 5000;
  options.on_epoch = compare_losses;
  options.context = &losses;
  Vector params;
  struct mdl_train_result result;
  ck_assert_int_eq(train(&raw_double_model, &options, &params, &result), MDL_DIVERGED);
  ck_assert_uint_eq(losses.met, 3);
  ck_assert_int_ne(result.nonfinite, MDL_ALL_FINITE);
  ck_assert_int_gt(result.epoch, 3);
  for (int p = 0; p < PARAMS; p++) ck_assert(isfinite(params.d[p]));
  json_decref(figures);
}
END_TEST

int main(void) {
  Suite *s = suite_create("embedded");
  TCase *t = tcase_create("thermometer");
  tcase_add_loop_test(t, gradients_accumulate, 0, 4);
  tcase_add_test(t, gradient_is_the_one_by_hand);
  tcase_add_loop_test(t, runs_in_double, 0, RUNS);
  tcase_add_loop_test(t, runs_in_float, 0, RUNS);
  tcase_add_test(t, divergence_is_told);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
