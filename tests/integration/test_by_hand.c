// test_by_hand.c - the examples' gradients derived by hand against the generated C, each held against the other.
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "bundle_by_hand.h"
#include "gpt2.h"
#include "gpt2_by_hand.h"
#include "lstm.h"
#include "lstm_by_hand.h"
#include "mdl/random.h"
#include "mixture.h"
#include "mixture_by_hand.h"

enum { ROOM = 8192, PARAMS_MAX = 16, POINTS = 10 };

// One example at one size, with data at random.
typedef struct Case {
  const char *name;
  const struct mdl_model *model;
  double (*by_hand)(const struct Case *c, const double *params, double *grad);
  int64_t dims[3];
  const void *data[6];
  double spread; // of the parameters
  bool singular; // where all parameters are 0
} Case;

// Loss and gradient, by hand or by generated C.
typedef double (*Loss)(const Case *c, const double *params, double *grad);

static double normal(uint64_t stream, int k) {
  return mdl_random_normal(7, stream, (uint64_t)k);
}

static double generated(const Case *c, const double *params, double *grad) {
  struct mdl_sizes sizes;
  ck_assert_int_eq(c->model->sizes(c->dims, &sizes), MDL_OK);
  size_t size = (sizes.value_and_grad_work / MDL_ALIGNMENT + 1) * MDL_ALIGNMENT;
  void *work = aligned_alloc(MDL_ALIGNMENT, size);
  ck_assert_ptr_nonnull(work);
  double loss = c->model->value_and_grad(c->dims, c->data, params, work, grad);
  free(work);
  return loss;
}

static double by_hand(const Case *c, const double *params, double *grad) {
  return c->by_hand(c, params, grad);
}

// The larger of the errors that each has where the other is taken for right, relative to its largest entry; infinite where one
// is not finite.
static double disagreement(const double *a, const double *b, int64_t count) {
  double error = 0, largest_a = 0, largest_b = 0;
  for (int64_t k = 0; k < count; k++) {
    if (!isfinite(a[k]) || !isfinite(b[k])) return INFINITY;
    error = fmax(error, fabs(a[k] - b[k]));
    largest_a = fmax(largest_a, fabs(a[k]));
    largest_b = fmax(largest_b, fabs(b[k]));
  }
  return error > 0 ? error / fmin(largest_a, largest_b) : 0;
}

// The worst over all parameters.
static double disagreement_of(const Case *c, const double *a, const double *b) {
  int64_t offsets[PARAMS_MAX + 1];
  ck_assert_int_le(c->model->nparams, PARAMS_MAX);
  double worst = 0;
  ck_assert_int_eq(c->model->layout(c->dims, offsets), MDL_OK);
  for (int p = 0; p < c->model->nparams; p++)
    worst = fmax(worst, disagreement(a + offsets[p], b + offsets[p], offsets[p + 1] - offsets[p]));
  return worst;
}

// The derivative of a loss along a direction, by differences of the fourth order.
static double slope(Loss loss, const Case *c, const double *params, const double *direction, int count) {
  static const double weight[] = {1, -8, 8, -1}, step[] = {-2, -1, 1, 2};
  const double h = 1e-4;
  double grad[ROOM], at[ROOM], total = 0;
  for (int s = 0; s < 4; s++) {
    for (int k = 0; k < count; k++) at[k] = params[k] + step[s] * h * direction[k];
    total += weight[s] * loss(c, at, grad);
  }
  return total / (12 * h);
}

// A gradient against differences of the other's loss.
static void agrees_with_differences(const Case *c, Loss loss, const double *params, const double *grad, int count) {
  double direction[ROOM], along = 0, size = 0;
  for (int k = 0; k < count; k++) {
    direction[k] = normal(2, k);
    along += grad[k] * direction[k];
    size += fabs(grad[k] * direction[k]);
  }
  ck_assert_double_le(fabs(slope(loss, c, params, direction, count) - along), 1e-8 * size);
}

static void agree(const Case *c) {
  struct mdl_sizes sizes;
  ck_assert_int_eq(c->model->sizes(c->dims, &sizes), MDL_OK);
  int count = (int)(sizes.params / sizeof(double));
  ck_assert_int_le(count, ROOM);
  for (int point = 0; point < POINTS; point++) {
    double params[ROOM], ours[ROOM], theirs[ROOM];
    // The first near 0; at 0 itself parts of a gradient cancel to nothing but rounding.
    for (int k = 0; k < count; k++) params[k] = (point ? 1 : 0.1) * c->spread * normal(3 + (uint64_t)point, k);
    double a = generated(c, params, ours), b = by_hand(c, params, theirs);
    ck_assert_msg(fabs(a - b) <= 1e-13 * fabs(b), "%s: losses %.17g and %.17g", c->name, a, b);
    double worst = disagreement_of(c, ours, theirs);
    ck_assert_msg(worst <= 1e-12, "%s: the gradients differ by %g", c->name, worst);
    agrees_with_differences(c, generated, params, theirs, count);
    agrees_with_differences(c, by_hand, params, ours, count);

    // One wrong entry is found.
    int largest = 0;
    for (int k = 0; k < count; k++)
      if (fabs(theirs[k]) > fabs(theirs[largest])) largest = k;
    theirs[largest] *= 1 + 1e-9;
    ck_assert_double_gt(disagreement_of(c, ours, theirs), 1e-12);
  }
}

// ---- the mixture ----

enum { SAMPLES = 40, DIMENSIONS = 2 };

static double mixture_hand(const Case *c, const double *p, double *grad) {
  enum { ALPHA = mixture_at_alpha, MU = mixture_at_mu, Q = mixture_at_q, L = mixture_at_l };
  return mixture_by_hand(c->dims[0], c->data[0], p + ALPHA, p + MU, p + Q, p + L, grad + ALPHA, grad + MU, grad + Q,
                         grad + L);
}

START_TEST(mixture) {
  static const int64_t sizes[] = {0, 1, SAMPLES};
  double x[SAMPLES * DIMENSIONS];
  for (int k = 0; k < SAMPLES * DIMENSIONS; k++) x[k] = 2 * normal(1, k);
  Case c = {"mixture", &mixture_model, mixture_hand, {sizes[_i]}, {x}, 1, false};
  agree(&c);
}
END_TEST

// ---- bundle adjustment ----

enum { CAMERAS = 3, PLACES = 7, SEEN = 2 * CAMERAS * PLACES };

static double bundle_hand(const Case *c, const double *p, double *grad) {
  enum { LENS = 6 * CAMERAS, PLACE = 9 * CAMERAS };
  return bundle_by_hand(CAMERAS, PLACES, SEEN, c->data[0], c->data[1], c->data[2], c->data[3], c->data[4], c->data[5],
                        p, p + LENS, p + PLACE, grad, grad + LENS, grad + PLACE);
}

// Cameras that look along the third axis from six away, not turned at all where `straight`.
START_TEST(bundle) {
  const bool straight = _i == 0;
  int32_t camera[SEEN], point[SEEN];
  double seen[2 * SEEN], pose[6 * CAMERAS], lens[3 * CAMERAS], place[3 * PLACES];
  for (int i = 0; i < SEEN; i++) {
    camera[i] = i % CAMERAS;
    point[i] = i / CAMERAS % PLACES;
  }
  for (int k = 0; k < 2 * SEEN; k++) seen[k] = 0.2 * normal(4, k);
  for (int j = 0; j < CAMERAS; j++) {
    for (int k = 0; k < 6; k++) pose[6 * j + k] = k < 3 && straight ? 0 : 0.2 * normal(5, 6 * j + k);
    pose[6 * j + 5] -= 6;
    lens[3 * j] = 1;
    lens[3 * j + 1] = -0.2;
    lens[3 * j + 2] = 0.1;
  }
  for (int k = 0; k < 3 * PLACES; k++) place[k] = normal(6, k);
  Case c = {"bundle", &bundle_model, bundle_hand, {CAMERAS, PLACES, SEEN}, {camera, point, seen, pose, lens, place},
            0.1, false};
  agree(&c);
}
END_TEST

// ---- long short-term memory ----

enum { STEPS = 12 };

static double lstm_hand(const Case *c, const double *p, double *grad) {
  enum { WX = lstm_at_Wx, WH = lstm_at_Wh, B = lstm_at_b, V = lstm_at_V, R = lstm_at_r };
  return lstm_by_hand(c->dims[0], c->data[0], c->data[1], p + WX, p + WH, p + B, p + V, p + R, grad + WX, grad + WH,
                      grad + B, grad + V, grad + R);
}

START_TEST(lstm) {
  static const int64_t steps[] = {1, 2, STEPS};
  double x[STEPS], y[STEPS];
  for (int k = 0; k < STEPS; k++) {
    x[k] = normal(7, k);
    y[k] = normal(8, k);
  }
  Case c = {"lstm", &lstm_model, lstm_hand, {steps[_i]}, {x, y}, 0.5, false};
  agree(&c);
}
END_TEST

// ---- GPT-2 ----

enum { ROWS = 3, TOKENS = 11, CONTEXT = 8 };

static double gpt2_hand(const Case *c, const double *p, double *grad) {
  int64_t a[PARAMS_MAX + 1];
  double *d = grad;
  ck_assert_int_eq(c->model->layout(c->dims, a), MDL_OK);
  return gpt2_by_hand(c->dims[0], c->data[0], p + a[0], p + a[1], p + a[2], p + a[3], p + a[4], p + a[5], p + a[6],
                      p + a[7], p + a[8], p + a[9], p + a[10], p + a[11], p + a[12], p + a[13], p + a[14], p + a[15],
                      d + a[0], d + a[1], d + a[2], d + a[3], d + a[4], d + a[5], d + a[6], d + a[7], d + a[8],
                      d + a[9], d + a[10], d + a[11], d + a[12], d + a[13], d + a[14], d + a[15]);
}

START_TEST(gpt2) {
  int32_t token[ROWS * (CONTEXT + 1)];
  for (int k = 0; k < ROWS * (CONTEXT + 1); k++)
    token[k] = (int32_t)floor(TOKENS * mdl_random_uniform(7, 9, (uint64_t)k));
  Case c = {"gpt2", &gpt2_model, gpt2_hand, {1 + _i * (ROWS - 1)}, {token}, 0.3, true};
  agree(&c);
}
END_TEST

int main(void) {
  Suite *s = suite_create("by hand");
  TCase *t = tcase_create("gradients");
  tcase_add_loop_test(t, mixture, 0, 3);
  tcase_add_loop_test(t, bundle, 0, 2);
  tcase_add_loop_test(t, lstm, 0, 3);
  tcase_add_loop_test(t, gpt2, 0, 2);
  suite_add_tcase(s, t);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
