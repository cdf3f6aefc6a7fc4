// test_orders.c - derivatives up to the fourth in generated C, far out too, against reference values
// (tests/reference/orders.py).
#include "check_run.h"

#include <float.h>
#include <math.h>

#include "generated.h"

enum { ORDERS = 4 };

static const struct {
  const char *text;
  double at, derivative[ORDERS];
} points[] = {
#define ORDERS(text, at, first, second, third, fourth) {text, at, {first, second, third, fourth}},
#include "../reference/orders.def"
#undef ORDERS
};

enum { POINTS = sizeof points / sizeof *points };

// A derivative may be off by as many units of DBL_EPSILON; where a rounding of s alone makes more, by as many.
static double most(int p) {
  const double s = points[p].at;
  return 8 + (strstr(points[p].text, "erf") && fabs(s) < 30 ? 2 * s * s : 0);
}

static bool same_text(int p, int q) {
  return q < POINTS && strcmp(points[p].text, points[q].text) == 0;
}

// One model: of each text its derivatives, each by differentiating the one before, mapped over its points.
static const char *model_of_all(Arena *a) {
  Text t, loss;
  text_init(&t);
  text_init(&loss);
  for (int k = 0, end; k < POINTS; k = end) {
    for (end = k; same_text(k, end);) end++;
    text_printf(&t, "param x%d[%d]\ndef f%d_0(s) = %s\n", k, end - k, k, points[k].text);
    for (int j = 1; j <= ORDERS; j++) {
      text_printf(&t, "def f%d_%d(s) = grad(f%d_%d(s), s)\n", k, j, k, j - 1);
      text_printf(&t, "predict v%d_%d = f%d_%d(x%d)\n", k, j, k, j, k);
    }
    text_printf(&loss, "%ssum(x%d)", k ? " + " : "", k);
  }
  text_printf(&t, "loss %s\n", loss.s);
  const char *all = arena_strndup(a, t.s, t.length);
  text_free(&t);
  text_free(&loss);
  return all;
}

static void predict(Arena *a, const Model *m, const double *params, void *const *out) {
  Jit jit = generated_compile(a, m, &(EmitOptions){.source = "model.mdl"});
  struct mdl_sizes sizes;
  ck_assert_int_eq(jit.model->sizes(NULL, &sizes), MDL_OK);
  ck_assert_uint_eq(sizes.params, POINTS * sizeof *params);
  jit.model->predict(NULL, NULL, params, instance_memory(a, sizes.predict_work), out);
  jit_close(&jit);
}

START_TEST(derivatives_of_all_orders_are_right) {
  static double params[POINTS], value[ORDERS][POINTS];
  void *out[ORDERS * POINTS];
  Run r;
  Arena *a = arena_new();
  run(&r, model_of_all(a));
  is_right(&r);
  int nout = 0;
  for (int k = 0; k < POINTS; k++) {
    params[k] = points[k].at;
    for (int j = 0; j < ORDERS && (k == 0 || !same_text(k, k - 1)); j++) out[nout++] = &value[j][k];
  }
  predict(a, r.model, params, out);
  bool right = true;
  for (int k = 0; k < POINTS; k++)
    for (int j = 0; j < ORDERS; j++) {
      const double ours = value[j][k], reference = points[k].derivative[j];
      const double error = ours == reference ? 0 : fabs(ours - reference) / (fabs(reference) + DBL_MIN) / DBL_EPSILON;
      // Below the normal numbers there are no such units; a NaN is in none of the two.
      if (error <= most(k) || fabs(ours - reference) < DBL_MIN) continue;
      printf("%s at %g, derivative %d: %.17g, not %.17g: off by %.3g\n", points[k].text, points[k].at, j + 1, ours,
             reference, error);
      right = false;
    }
  fflush(stdout);
  ck_assert(right);
  arena_free(r.arena);
  arena_free(a);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("orders");
  tcase_add_test(c, derivatives_of_all_orders_are_right);
  return run_suite(c, "orders");
}
