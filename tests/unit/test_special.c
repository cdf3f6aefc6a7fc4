// test_special.c - lgamma and its derivatives: the kernels of generated C and the interpreter's rules, each against
// values by mpmath at 60 digits (tests/reference/special.csv, made by special.py beside it), and at poles and infinity.
#include "interp/number.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mdl/math/factorial.h"
#include "mdl/math/polygamma.h"

// For positive x in units of the last place; else in units of DBL_EPSILON beside the largest term, as for the rules.
#define KERNEL_ULPS 1.5
#define POLYGAMMA_ULPS 5 // of order 2 and above
#define KERNEL_ERROR 3
#define RULE_ERROR 1

static double kernel(int order, double x) {
  return order < 0 ? mdl_lgamma_at(0, x) : order == 0 ? mdl_digamma_at(0, x) : mdl_polygamma_at(0, order, x);
}

static Number rule(const NumberRules *rules, int order, double x, double step) {
  const Value order_and_x[2] = {{.integer = order}, {.number = {x, step}}};
  return order < 0    ? rules->prim[PRIM_LGAMMA](order_and_x + 1)
         : order == 0 ? rules->prim[PRIM_DIGAMMA](order_and_x + 1)
                      : rules->prim[PRIM_POLYGAMMA](order_and_x);
}

static double ulps(double y, long double exact) {
  int exponent;
  frexpl(exact, &exponent);
  exponent = exponent < DBL_MIN_EXP ? DBL_MIN_EXP : exponent;
  return (double)fabsl(ldexpl(y - exact, DBL_MANT_DIG - exponent));
}

START_TEST(test_reference) {
  const char *folder = getenv("MDL_REFERENCE");
  ck_assert_ptr_nonnull(folder);
  char path[1024], line[256];
  snprintf(path, sizeof path, "%s/special.csv", folder);
  FILE *f = fopen(path, "r");
  ck_assert_ptr_nonnull(f);
  int rows = 0, order;
  double x, scale;
  long double exact;
  while (fgets(line, sizeof line, f)) {
    if (sscanf(line, "%d,%lf,%Lf,%lf", &order, &x, &exact, &scale) != 4) continue;
    const double value = (double)exact, ours = kernel(order, x), real = rule(&real_rules, order, x, 0).a,
                 complex = rule(&complex_rules, order, x, 1e-250 * fmin(1, fabs(x))).a, unit = scale * DBL_EPSILON;
    if (x > 0)
      ck_assert_msg(ulps(ours, exact) <= (order < 2 ? KERNEL_ULPS : POLYGAMMA_ULPS),
                    "order %d at %.17g: the kernel gives %.17g, not %.20Lg", order, x, ours, exact);
    ck_assert_msg(fabs(ours - value) <= KERNEL_ERROR * unit, "order %d at %.17g: the kernel gives %.17g, not %.17g",
                  order, x, ours, value);
    ck_assert_msg(fabs(real - value) <= RULE_ERROR * unit, "order %d at %.17g: the rule gives %.17g, not %.17g", order,
                  x, real, value);
    ck_assert_msg(fabs(complex - value) <= RULE_ERROR * unit,
                  "order %d at %.17g: the complex rule gives %.17g, not %.17g", order, x, complex, value);
    rows++;
  }
  fclose(f);
  ck_assert_int_gt(rows, 1000);
}
END_TEST

// Where no digits count.
START_TEST(test_edges) {
  static const struct {
    int order;
    double x, value;
  } rows[] = {
      {-1, 1, 0},
      {-1, 2, 0},
      {-1, 0.0, INFINITY},
      {-1, -0.0, INFINITY},
      {-1, -1, INFINITY},
      {-1, -30, INFINITY},
      {-1, -1e300, INFINITY},
      {-1, INFINITY, INFINITY},
      {-1, -INFINITY, INFINITY},
      {-1, 1e308, INFINITY},
      {-1, NAN, NAN},
      {0, 0.0, -INFINITY},
      {0, -0.0, INFINITY},
      {0, -1, NAN},
      {0, -1e300, NAN},
      {0, INFINITY, INFINITY},
      {0, -INFINITY, NAN},
      {0, NAN, NAN},
      {1, 0.0, INFINITY},
      {1, -3, INFINITY},
      {1, 1e-200, INFINITY},
      {1, INFINITY, 0},
      {1, -INFINITY, NAN},
      {1, NAN, NAN},
      {2, 0.0, -INFINITY},
      {2, -0.0, INFINITY},
      {2, -3, NAN},
      {2, INFINITY, 0},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const double x = rows[k].x, want = rows[k].value;
    const double given[] = {kernel(rows[k].order, x), rule(&real_rules, rows[k].order, x, 0).a};
    for (int j = 0; j < 2; j++)
      ck_assert_msg(given[j] == want || (isnan(given[j]) && isnan(want)), "order %d at %g: %s gives %g, not %g",
                    rows[k].order, x, j ? "the rule" : "the kernel", given[j], want);
  }
  ck_assert(isnan(mdl_polygamma_at(0, -1, 2)) && isnan(real_polygamma(-1, 2)));
  ck_assert(isnan(mdl_polygamma_at(0, 171, 2)) && isnan(real_polygamma(171, 2)));
  ck_assert(isnan(mdl_polygamma_at(0, INT64_MAX, 2)) && isnan(real_polygamma(INT64_MAX, 2)));
  ck_assert(mdl_lgammaf_at(0, 3.5f) == (float)mdl_lgamma_at(0, 3.5));
  ck_assert(mdl_digammaf_at(0, 3.5f) == (float)mdl_digamma_at(0, 3.5));
  ck_assert(mdl_polygammaf_at(0, 2, 3.5f) == (float)mdl_polygamma_at(0, 2, 3.5));
}
END_TEST

// Against a sum of logarithms, and beyond against the C library, both in long double.
START_TEST(test_factorials) {
  static const int64_t far[] = {1000, 65535, 1000000, 1000000007, INT64_C(1) << 40, INT64_MAX};
  long double exact = 0;
  for (int n = 0; n <= 300; n++) {
    if (n > 1) exact += logl((long double)n);
    const double ours = mdl_log_factorial_at(0, n);
    ck_assert_msg(ulps(ours, exact) <= KERNEL_ULPS, "log(%d!): %.17g, not %.20Lg", n, ours, exact);
    ck_assert_msg(fabs(ours - mdl_lgamma_at(0, n + 1)) <= 4 * DBL_EPSILON * ours, "log(%d!): %.17g", n, ours);
    ck_assert(mdl_log_factorialf_at(0, n) == (float)ours);
  }
  for (size_t k = 0; k < sizeof far / sizeof *far; k++) {
    exact = lgammal((long double)far[k] + 1);
    const double ours = mdl_log_factorial_at(0, far[k]);
    ck_assert_msg(ulps(ours, exact) <= KERNEL_ULPS, "log(%lld!): %.17g, not %.20Lg", (long long)far[k], ours, exact);
  }
  ck_assert(isinf(mdl_log_factorial_at(0, -1)) && isinf(mdl_log_factorial_at(0, -32)));
  ck_assert(isinf(mdl_log_factorial_at(0, INT64_MIN)) && mdl_log_factorial_at(0, INT64_MIN) > 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("special");
  TCase *c = tcase_create("special");
  tcase_add_test(c, test_reference);
  tcase_add_test(c, test_edges);
  tcase_add_test(c, test_factorials);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
