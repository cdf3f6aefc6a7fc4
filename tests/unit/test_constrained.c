// test_constrained.c - a model with every constraint, compiled: its free vector there and back, gradients by it against
// differences, places that break a constraint, training.
#include <math.h>

#include "check_run.h"
#include "generated.h"
#include "mdl/train.h"

enum { M = 2, K = 3, D = 3, N = 4, MOST = 64 };

static const char text[] =
    "batch n; dim m, k = 3, d = 3\n"
    "data x[n], z[n, d]\n"
    "param a = 1, s > 0 = 2, t < k, p[m] in (-1, 1 / m), q[m, k] in simplex\n"
    "param c[k] in ordered, L[m, d, d] in cholesky, u[m]\n"
    "loss mean((x - a)^2) / s + log(s) + (t - 1)^2 + sum(p^3) + sum(q * log(q)) + sum(sin(c)) +\n"
    "  sum[e in 0..m, i in 0..n, j in 0..d](sum[h in 0..d](L[e, j, h] * z[i, h])^2) -\n"
    "  sum[e in 0..m, j in 0..d](log(L[e, j, j])) + sum(u^2)\n";
enum { FREE = 1 + 1 + 1 + M + M * (K - 1) + K + M * D * (D + 1) / 2 + M, PARAMS = FREE + M + M * D * (D - 1) / 2 };
enum { AT_L = 3 + M + M * K + K };

static Arena *arena;
static Jit jit;
static const struct mdl_model *model;
static double x[N], z[N * D];
static const void *const data[] = {x, z};
static const int64_t dims[] = {N, M};
static struct mdl_sizes sizes;
static void *tape, *work;

static void compile(Run *r, const char *of, bool use_float) {
  run(r, of);
  is_right(r);
  jit = generated_compile(r->arena, r->model, &(EmitOptions){.source = "model.mdl", .use_float = use_float});
  model = jit.model;
}

static double draw(void) { // in (-1, 1)
  static uint64_t state = 777;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) * 0x1p-52 - 1;
}

static void setup(void) {
  Run r;
  compile(&r, text, false);
  arena = r.arena;
  for (int k = 0; k < N; k++) x[k] = draw();
  for (int k = 0; k < N * D; k++) z[k] = draw();
  ck_assert_int_eq(model->sizes(dims, &sizes), MDL_OK);
  tape = instance_memory(arena, sizes.tape);
  work = instance_memory(arena, 1 << 16);
}

static void teardown(void) {
  jit_close(&jit);
  arena_free(arena);
}

static double loss_at(const double *free) {
  double params[PARAMS];
  model->constrain(dims, free, params);
  return model->forward(dims, data, params, tape, work);
}

START_TEST(sizes_and_places) {
  int64_t offsets[9];
  static const int64_t want[] = {0, 1, 2, 3, 3 + M, 3 + M + M * (K - 1), 3 + M + M * (K - 1) + K, FREE - M, FREE};
  ck_assert_uint_eq(sizes.free, FREE * sizeof(double));
  ck_assert_uint_eq(sizes.params, PARAMS * sizeof(double));
  ck_assert_int_eq(model->free_layout(dims, offsets), MDL_OK);
  for (int k = 0; k < 9; k++) ck_assert_int_eq(offsets[k], want[k]);
  ck_assert_str_eq(model->params[0].constraint, "");
  ck_assert_str_eq(model->params[2].constraint, "< k");
  ck_assert_str_eq(model->params[3].constraint, "in (-1, 1 / m)");
  ck_assert_str_eq(model->params[6].constraint, "in cholesky");
}
END_TEST

// Without a start, the transform of 0.
START_TEST(starts) {
  double params[PARAMS], zero[FREE] = {0}, of_zero[PARAMS];
  model->init(dims, 0, params);
  model->constrain(dims, zero, of_zero);
  ck_assert(params[0] == 1 && params[1] == 2);
  for (int k = 2; k < PARAMS; k++) ck_assert(fabs(params[k] - of_zero[k]) <= 4e-16);
}
END_TEST

START_TEST(there_and_back) {
  for (int repeat = 0; repeat < 200; repeat++) {
    double free[FREE], params[PARAMS], back[FREE], again[PARAMS];
    for (int k = 0; k < FREE; k++) free[k] = 6 * draw();
    model->constrain(dims, free, params);
    ck_assert_int_eq(model->unconstrain(dims, params, back, NULL), MDL_OK);
    model->constrain(dims, back, again);
    for (int k = 0; k < FREE; k++) ck_assert(fabs(back[k] - free[k]) < 1e-11);
    for (int k = 0; k < PARAMS; k++) ck_assert(fabs(again[k] - params[k]) <= 1e-14 * (1 + fabs(params[k])));
  }
}
END_TEST

// Central differences, extrapolated twice.
static double difference(const double *free, const double *direction) {
  double row[3];
  for (int r = 0; r < 3; r++) {
    double step = 2e-3 / (1 << r), up[FREE], down[FREE];
    for (int k = 0; k < FREE; k++) {
      up[k] = free[k] + step * direction[k];
      down[k] = free[k] - step * direction[k];
    }
    row[r] = (loss_at(up) - loss_at(down)) / (2 * step);
    for (int j = r - 1; j >= 0; j--) row[j] = row[j + 1] + (row[j + 1] - row[j]) / (pow(4, r - j) - 1);
  }
  return row[0];
}

START_TEST(gradients_by_the_free_vector) {
  for (int repeat = 0; repeat < 20; repeat++) {
    double free[FREE], params[PARAMS], grad[PARAMS], grad_free[FREE], twice[PARAMS] = {0};
    for (int k = 0; k < FREE; k++) free[k] = 1.5 * draw();
    model->constrain(dims, free, params);
    model->value_and_grad(dims, data, params, work, grad);
    model->forward(dims, data, params, tape, work);
    model->backward(dims, data, params, tape, work, 1, twice);
    model->constrain_pullback(dims, free, grad, grad_free);
    for (int k = 0; k < PARAMS; k++) ck_assert(fabs(grad[k] - twice[k]) <= 1e-13 * (1 + fabs(grad[k])));
    for (int k = 0; k < FREE; k++) {
      double direction[FREE] = {0};
      direction[k] = 1;
      const double by_differences = difference(free, direction);
      ck_assert_msg(fabs(grad_free[k] - by_differences) <= 1e-9 * (10 + fabs(by_differences)), "entry %d: %g, not %g",
                    k, grad_free[k], by_differences);
    }
    double direction[FREE], dot = 0;
    for (int k = 0; k < FREE; k++) dot += grad_free[k] * (direction[k] = draw());
    ck_assert(fabs(dot - difference(free, direction)) <= 1e-8 * (10 + fabs(dot)));
  }
}
END_TEST

// Above its diagonal a Cholesky factor is 0, and no gradient goes there.
START_TEST(above_the_diagonal) {
  double params[PARAMS], grad[PARAMS];
  model->init(dims, 0, params);
  const double loss = model->forward(dims, data, params, tape, work);
  model->value_and_grad(dims, data, params, work, grad);
  for (int e = 0; e < M; e++)
    for (int i = 0; i < D; i++)
      for (int j = 0; j < D; j++) {
        const int at = AT_L + (e * D + i) * D + j;
        ck_assert(params[at] == (i == j ? 1 : 0));
        ck_assert((grad[at] == 0) == (j > i));
        if (j <= i) continue;
        params[at] = 7;
        ck_assert(model->forward(dims, data, params, tape, work) == loss);
        params[at] = 0;
      }
}
END_TEST

START_TEST(broken_constraints_are_placed) {
  static const struct {
    int at;
    double value;
    const char *name;
    int64_t position;
  } rows[] = {{1, 0, "s", 0},
              {2, K, "t", 0},
              {4, 0.5, "p", 1},
              {3 + M + K + 1, 0, "q", K + 1},
              {3 + M + K + 1, 0.5, "q", K},
              {3 + M + M * K + 2, 0.5, "c", 2},
              {AT_L + D * D + 2, 1e-9, "L", D * D + 2},
              {AT_L + D * D + 4, -1, "L", D * D + 4},
              {AT_L + D * D + 3, NAN, "L", D * D + 3}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    double params[PARAMS], free[FREE];
    struct mdl_where where;
    model->init(dims, 0, params);
    ck_assert_int_eq(model->unconstrain(dims, params, free, &where), MDL_OK);
    params[rows[k].at] = rows[k].value;
    ck_assert_int_eq(model->unconstrain(dims, params, free, NULL), MDL_ERROR_CONSTRAINT);
    ck_assert_int_eq(model->unconstrain(dims, params, free, &where), MDL_ERROR_CONSTRAINT);
    ck_assert_str_eq(where.name, rows[k].name);
    ck_assert_int_eq(where.position, rows[k].position);
  }
}
END_TEST

START_TEST(training_refuses_what_breaks_a_constraint) {
  double params[PARAMS], before[PARAMS];
  struct mdl_train_options options = mdl_train_defaults(MDL_ADAM);
  struct mdl_train_result result;
  size_t size;
  model->init(dims, 0, params);
  params[1] = -1;
  memcpy(before, params, sizeof params);
  ck_assert_int_eq(mdl_train_size(model, dims, &options, &size, &result), MDL_OK);
  void *memory = instance_memory(arena, size);
  ck_assert_int_eq(mdl_train(model, dims, data, &options, params, memory, &result), MDL_ERROR_CONSTRAINT);
  ck_assert_str_eq(result.where.name, "s");
  ck_assert(!memcmp(before, params, sizeof params));
}
END_TEST

// Every epoch's parameters keep their constraints, also where the optimizer takes great leaps.
static int keeps(void *context, const struct mdl_epoch *epoch) {
  double free[FREE];
  ++*(int *)context;
  ck_assert_int_eq(model->unconstrain(dims, epoch->params, free, NULL), MDL_OK);
  return 0;
}

START_TEST(training_keeps_constraints) {
  static const double rates[] = {0.01, 0.5, 20};
  for (int k = 0; k < 3; k++) {
    double params[PARAMS], start;
    int epochs = 0;
    struct mdl_train_options options = mdl_train_defaults(MDL_ADAM);
    struct mdl_train_result result;
    size_t size;
    options.optim.lr = rates[k];
    options.batch_size = k == 1 ? 3 : 0;
    options.on_epoch = keeps;
    options.context = &epochs;
    options.epochs = 300;
    model->init(dims, 0, params);
    start = model->forward(dims, data, params, tape, work);
    ck_assert_int_eq(mdl_train_size(model, dims, &options, &size, &result), MDL_OK);
    void *memory = instance_memory(arena, size);
    const int status = mdl_train(model, dims, data, &options, params, memory, &result);
    ck_assert(status == MDL_OK || (k == 2 && status == MDL_DIVERGED));
    ck_assert_int_ge(epochs, k == 2 ? 1 : 300);
    if (k == 0) ck_assert(model->forward(dims, data, params, tape, work) < start);
  }
}
END_TEST

START_TEST(a_simplex_of_nothing_does_not_exist) {
  Run r;
  teardown();
  compile(&r, "dim k; param q[k] in simplex; loss sum(q * q)\n", false);
  arena = r.arena;
  ck_assert_int_eq(model->sizes((const int64_t[]){0}, &sizes), MDL_ERROR_EXTENT);
  ck_assert_int_eq(model->sizes((const int64_t[]){1}, &sizes), MDL_OK);
  ck_assert_uint_eq(sizes.free, 0);
}
END_TEST

START_TEST(without_constraints_there_is_nothing) {
  Run r;
  teardown();
  compile(&r, "dim k; param q[k]; loss sum(q * q)\n", false);
  arena = r.arena;
  ck_assert(!model->free_layout && !model->constrain && !model->constrain_pullback && !model->unconstrain);
  ck_assert_int_eq(model->sizes((const int64_t[]){5}, &sizes), MDL_OK);
  ck_assert_uint_eq(sizes.free, sizes.params);
}
END_TEST

START_TEST(in_float) {
  double free[FREE], params[PARAMS], grad[PARAMS], grad_free[FREE];
  float free_f[FREE], params_f[PARAMS], grad_f[PARAMS], grad_free_f[FREE], back_f[FREE], x_f[N], z_f[N * D];
  for (int k = 0; k < FREE; k++) free[k] = free_f[k] = (float)draw();
  for (int k = 0; k < N; k++) x[k] = x_f[k] = (float)x[k];
  for (int k = 0; k < N * D; k++) z[k] = z_f[k] = (float)z[k];
  model->constrain(dims, free, params);
  model->value_and_grad(dims, data, params, work, grad);
  model->constrain_pullback(dims, free, grad, grad_free);
  Run r;
  teardown();
  compile(&r, text, true);
  arena = r.arena;
  work = instance_memory(arena, 1 << 16);
  const void *const data_f[] = {x_f, z_f};
  model->constrain(dims, free_f, params_f);
  ck_assert_int_eq(model->unconstrain(dims, params_f, back_f, NULL), MDL_OK);
  model->value_and_grad(dims, data_f, params_f, work, grad_f);
  model->constrain_pullback(dims, free_f, grad_f, grad_free_f);
  for (int k = 0; k < PARAMS; k++) ck_assert(fabs(params_f[k] - params[k]) <= 3e-7 * (1 + fabs(params[k])));
  for (int k = 0; k < FREE; k++) {
    ck_assert(fabsf(back_f[k] - free_f[k]) <= 2e-6f);
    ck_assert(fabs(grad_free_f[k] - grad_free[k]) <= 1e-5 * (1 + fabs(grad_free[k])));
  }
}
END_TEST

int main(void) {
  TCase *c = tcase_create("constrained");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, sizes_and_places);
  tcase_add_test(c, starts);
  tcase_add_test(c, there_and_back);
  tcase_add_test(c, gradients_by_the_free_vector);
  tcase_add_test(c, above_the_diagonal);
  tcase_add_test(c, broken_constraints_are_placed);
  tcase_add_test(c, training_refuses_what_breaks_a_constraint);
  tcase_add_test(c, training_keeps_constraints);
  tcase_add_test(c, a_simplex_of_nothing_does_not_exist);
  tcase_add_test(c, without_constraints_there_is_nothing);
  tcase_add_test(c, in_float);
  return run_suite(c, "constrained");
}
