// test_optim.c - every optimizer against PyTorch's own steps, and the table of their options.
#include "suite.h"
#include "thermometer.h"

enum { STEPS = 10 };

// Ten steps on 0.1 * t_u from (1, 0), held against the run's losses (unless null) and against `column`.
static void follow(const struct mdl_optim_options *options, json_t *column, json_t *losses, json_t *averages,
                   const char *what) {
  const struct mdl_model model = thermometer_double(MDL_DOUBLE);
  const int64_t dims[] = {READINGS};
  double t_un[READINGS], params[2], grad[2];
  const void *data[] = {thermometer_c, t_un};
  struct mdl_optim optim;
  size_t size;
  for (int i = 0; i < READINGS; i++) t_un[i] = 0.1 * thermometer_u[i];

  ck_assert_int_eq(mdl_optim_state_size(options, MDL_DOUBLE, 2, &size), MDL_OK);
  void *state = aligned_memory(size);
  ck_assert_int_eq(mdl_optim_init(&optim, options, MDL_DOUBLE, 2, state), MDL_OK);
  model.init(dims, 0, params);
  for (int step = 1; step <= STEPS; step++) {
    char key[16];
    snprintf(key, sizeof key, "%d", step);
    mdl_zero_grad(MDL_DOUBLE, 2, grad);
    model.backward(dims, data, params, NULL, NULL, 1.0, grad);
    mdl_optim_step(&optim, params, grad);
    for (size_t i = 0; i < 2; i++) {
      assert_close(params[i], json_number_value(json_array_get(json_object_get(column, key), i)), 1e-12, what, step);
      if (averages)
        assert_close(((const double *)mdl_optim_average(&optim))[i],
                     json_number_value(json_array_get(json_object_get(averages, key), i)), 1e-12, what, step);
    }
    if (losses)
      assert_close(model.forward(dims, data, params, NULL, NULL), json_number_value(json_object_get(losses, key)),
                   1e-12, what, step);
  }
  free(state);
}

// Options by their names alone, as a command line sets them.
static struct mdl_optim_options options_of(json_t *run, int kind) {
  struct mdl_optim_options options = mdl_optim_defaults(kind);
  const char *name;
  json_t *value;
  json_object_foreach(json_object_get(run, "kwargs"), name, value) {
    const struct mdl_optim_option *option = mdl_optim_option_by_name(kind, name);
    double values[2] = {json_is_boolean(value) ? json_is_true(value) : json_number_value(value), 0};
    ck_assert_msg(option != NULL, "%s has no option %s", mdl_optim_name(kind), name);
    for (size_t i = 0; i < json_array_size(value); i++) values[i] = json_number_value(json_array_get(value, i));
    mdl_optim_option_set(&options, option, values);
  }
  return options;
}

START_TEST(reference_runs) {
  json_t *root = reference_read("optim_reference.json"), *run;
  size_t i, followed = 0;
  json_array_foreach(json_object_get(root, "runs"), i, run) {
    const char *name = json_string_value(json_object_get(run, "optimizer"));
    const int kind = mdl_optim_kind_by_name(name);
    if (kind < 0) continue;
    ck_assert_str_eq(mdl_optim_name(kind), name);
    const struct mdl_optim_options options = options_of(run, kind);
    follow(&options, json_object_get(run, "params"), json_object_get(run, "loss_after"), json_object_get(run, "ax"),
           name);
    followed++;
  }
  ck_assert_uint_eq(followed, 50);
  json_decref(root);
}
END_TEST

// As PyTorch computes under set_default_dtype(float64).
START_TEST(reference_runs_in_double_throughout) {
  static const char *const columns[] = {"params_double_formula", "params_double_1.13_formula"};
  json_t *root = reference_read("optim_reference.json"), *run;
  size_t i, followed = 0;
  json_array_foreach(json_object_get(root, "runs"), i, run) {
    for (int k = 0; k < 2; k++) {
      json_t *column = json_object_get(run, columns[k]);
      if (!column) continue;
      const char *name = json_string_value(json_object_get(run, "optimizer"));
      struct mdl_optim_options options = options_of(run, mdl_optim_kind_by_name(name));
      options.float64_scalars = 1;
      follow(&options, column, NULL, NULL, name);
      followed++;
    }
  }
  ck_assert_uint_eq(followed, 7);
  json_decref(root);
}
END_TEST

// The figures are in double; float must stay near it.
START_TEST(float_follows_double) {
  for (int kind = 0; kind < MDL_OPTIM_KINDS; kind++) {
    for (int variant = 0; variant < 2; variant++) {
      struct mdl_optim_options options = mdl_optim_defaults(kind);
      struct mdl_optim optim[2];
      double x[3] = {1, -2, 0.5}, g[3];
      float xf[3] = {1, -2, 0.5f}, gf[3];
      size_t size;
      options.lr = 0.01;
      options.float64_scalars = 1;
      if (variant) {
        options.momentum = 0.9;
        options.weight_decay = 0.1;
        options.amsgrad = options.centered = options.nesterov = 1;
      }
      ck_assert_int_eq(mdl_optim_state_size(&options, MDL_DOUBLE, 3, &size), MDL_OK);
      void *state = aligned_memory(size), *state_f = aligned_memory(size);
      ck_assert_int_eq(mdl_optim_init(&optim[0], &options, MDL_DOUBLE, 3, state), MDL_OK);
      ck_assert_int_eq(mdl_optim_init(&optim[1], &options, MDL_FLOAT, 3, state_f), MDL_OK);
      for (int step = 0; step < 50; step++) {
        for (int i = 0; i < 3; i++) {
          g[i] = x[i] * (i + 1);
          gf[i] = xf[i] * (float)(i + 1);
        }
        mdl_optim_step(&optim[0], x, g);
        mdl_optim_step(&optim[1], xf, gf);
      }
      for (int i = 0; i < 3; i++) ck_assert_double_eq_tol((double)xf[i], x[i], 1e-4);
      free(state);
      free(state_f);
    }
  }
}
END_TEST

// To maximize along a gradient is to minimize along its negative.
START_TEST(maximize_mirrors) {
  for (int kind = 0; kind < MDL_OPTIM_KINDS; kind++) {
    if (!mdl_optim_option_by_name(kind, "maximize")) continue;
    double x[2][2] = {{1, -2}, {1, -2}};
    for (int up = 0; up < 2; up++) {
      struct mdl_optim_options options = mdl_optim_defaults(kind);
      struct mdl_optim optim;
      size_t size;
      options.lr = 0.01;
      options.weight_decay = 0.1;
      options.maximize = up;
      ck_assert_int_eq(mdl_optim_state_size(&options, MDL_DOUBLE, 2, &size), MDL_OK);
      void *state = aligned_memory(size);
      ck_assert_int_eq(mdl_optim_init(&optim, &options, MDL_DOUBLE, 2, state), MDL_OK);
      for (int step = 0; step < 5; step++) {
        const double sign = up ? -1 : 1, g[2] = {sign * (x[up][0] + step), sign * 3 * x[up][1]};
        mdl_optim_step(&optim, x[up], g);
      }
      free(state);
    }
    ck_assert_double_ne(x[0][0], 1);
    for (int i = 0; i < 2; i++) ck_assert_double_eq(x[0][i], x[1][i]);
  }
}
END_TEST

START_TEST(names) {
  ck_assert_int_eq(mdl_optim_kind_by_name("adamw"), MDL_ADAMW);
  ck_assert_int_eq(mdl_optim_kind_by_name("RMSprop"), MDL_RMSPROP);
  ck_assert_int_eq(mdl_optim_kind_by_name("adamq"), -1);
  ck_assert_int_eq(mdl_optim_kind_by_name("adamww"), -1);
  ck_assert_int_eq(mdl_optim_kind_by_name(""), -1);
  ck_assert_ptr_null(mdl_optim_name(MDL_OPTIM_KINDS));
  ck_assert_ptr_null(mdl_optim_name(-1));
}
END_TEST

START_TEST(options_by_kind) {
  ck_assert_ptr_nonnull(mdl_optim_option_by_name(MDL_SGD, "momentum"));
  ck_assert_ptr_null(mdl_optim_option_by_name(MDL_ADAM, "momentum"));
  ck_assert_ptr_null(mdl_optim_option_by_name(MDL_NADAM, "maximize"));
  ck_assert_ptr_null(mdl_optim_option_by_name(MDL_OPTIM_KINDS, "lr"));
  for (int kind = 0; kind < MDL_OPTIM_KINDS; kind++) {
    size_t count;
    const struct mdl_optim_option *rows = mdl_optim_option_table(kind, &count);
    ck_assert_ptr_nonnull(rows);
    ck_assert_str_eq(rows[0].name, "lr");
    for (size_t i = 0; i < count; i++) {
      ck_assert_int_eq(rows[i].kind, kind);
      ck_assert_ptr_eq(mdl_optim_option_by_name(kind, rows[i].name), &rows[i]);
      ck_assert_ptr_nonnull(mdl_optim_option_range(&rows[i]));
    }
  }
}
END_TEST

static void rejects(int kind, const char *name, double first, double second, int status) {
  struct mdl_optim_options options = mdl_optim_defaults(kind);
  const struct mdl_optim_option *option = mdl_optim_option_by_name(kind, name), *which;
  const double values[2] = {first, second};
  size_t size;
  if (kind == MDL_SGD) options.lr = 0.1;
  mdl_optim_option_set(&options, option, values);
  ck_assert_int_eq(mdl_optim_check(&options, &which), status);
  ck_assert_ptr_eq(which, option);
  ck_assert_int_eq(mdl_optim_state_size(&options, MDL_DOUBLE, 2, &size), status);
}

START_TEST(invalid_options) {
  struct mdl_optim_options options = mdl_optim_defaults(MDL_SGD);
  ck_assert_int_eq(mdl_optim_check(&options, NULL), MDL_ERROR_OPTION_MISSING);
  options = mdl_optim_defaults(MDL_OPTIM_KINDS);
  ck_assert_int_eq(mdl_optim_check(&options, NULL), MDL_ERROR_KIND);
  for (int kind = 1; kind < MDL_OPTIM_KINDS; kind++) {
    options = mdl_optim_defaults(kind);
    ck_assert_int_eq(mdl_optim_check(&options, NULL), MDL_OK);
    rejects(kind, "lr", -1, 0, MDL_ERROR_OPTION_RANGE);
    rejects(kind, "lr", NAN, 0, MDL_ERROR_OPTION_RANGE);
  }
  rejects(MDL_SGD, "lr", NAN, 0, MDL_ERROR_OPTION_MISSING);
  rejects(MDL_SGD, "momentum", -0.1, 0, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_SGD, "weight_decay", -0.1, 0, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_SGD, "nesterov", 1, 0, MDL_ERROR_OPTION_NESTEROV);
  rejects(MDL_ADAM, "betas", 1, 0.5, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_ADAM, "betas", 0.5, 1, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_ADAM, "eps", -1, 0, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_NADAM, "momentum_decay", -1, 0, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_ADAGRAD, "lr_decay", -1, 0, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_ADAGRAD, "initial_accumulator_value", -1, 0, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_ADADELTA, "rho", 1.5, 0, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_RMSPROP, "alpha", -1, 0, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_RPROP, "etas", 0.5, 0.9, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_RPROP, "etas", 1.0, 1.2, MDL_ERROR_OPTION_RANGE);
  rejects(MDL_RPROP, "step_sizes", NAN, 50, MDL_ERROR_OPTION_RANGE);
}
END_TEST

START_TEST(invalid_memory) {
  struct mdl_optim_options options = mdl_optim_defaults(MDL_ADAM);
  struct mdl_optim optim;
  size_t size;
  ck_assert_int_eq(mdl_optim_state_size(&options, MDL_INT32, 2, &size), MDL_ERROR_REAL);
  ck_assert_int_eq(mdl_optim_state_size(&options, MDL_DOUBLE, SIZE_MAX / 8, &size), MDL_ERROR_OVERFLOW);
  ck_assert_int_eq(mdl_optim_state_size(&options, MDL_DOUBLE, SIZE_MAX / 16 + 1, &size), MDL_ERROR_OVERFLOW);
  ck_assert_int_eq(mdl_optim_init(&optim, &options, MDL_DOUBLE, 2, NULL), MDL_ERROR_MEMORY);
  ck_assert_int_eq(mdl_optim_init(&optim, &options, MDL_DOUBLE, 0, NULL), MDL_OK);
  options = mdl_optim_defaults(MDL_SGD);
  options.lr = 1;
  ck_assert_int_eq(mdl_optim_state_size(&options, MDL_FLOAT, 1000, &size), MDL_OK);
  ck_assert_uint_eq(size, 0);
  ck_assert_int_eq(mdl_optim_init(&optim, &options, MDL_FLOAT, 1000, NULL), MDL_OK);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("optim");
  tcase_add_test(tests, reference_runs);
  tcase_add_test(tests, reference_runs_in_double_throughout);
  tcase_add_test(tests, float_follows_double);
  tcase_add_test(tests, maximize_mirrors);
  tcase_add_test(tests, names);
  tcase_add_test(tests, options_by_kind);
  tcase_add_test(tests, invalid_options);
  tcase_add_test(tests, invalid_memory);
  return run_suite(tests, "optim");
}
