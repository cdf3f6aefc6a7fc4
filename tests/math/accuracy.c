// accuracy.c - the elementary functions of generated C against the same in long double: errors in units of the last
// place, and what is exact: infinities, signs of zero, what is not a number.
#include <check.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "functions.h"

enum { POINTS = 200000, LEVEL = 1 };

static long double sigmoid_exact(long double x) {
  return x > 0 ? 1 / (1 + expl(-x)) : expl(x) / (1 + expl(x));
}

static long double sech_exact(long double x) {
  return 1 / coshl(x);
}

static long double softplus_exact(long double x) {
  return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
}

// Near 0 by the series of log((1 + s) / (1 - s)); what is below all doubles is 0, which has no sign here.
static long double log1pmx_exact(long double x) {
  if (!(fabsl(x) < 0.5L)) return x < HUGE_VALL ? log1pl(x) - x : -x;
  const long double s = x / (2 + x);
  long double power = s, sum = 0;
  for (int k = 3; k < 44; k += 2) sum += 2 * (power *= s * s) / k;
  sum -= s * x;
  return sum >= -0x1p-1075L ? 0 : sum;
}

// How far y is from the exact value, in units of its last place.
static double ulps(double y, long double exact) {
  const double rounded = (double)exact;
  int exponent;
  if (isnan(y) || isnan(rounded)) return isnan(y) && isnan(rounded) ? 0 : INFINITY;
  if (isinf(y) || isinf(rounded)) return y == rounded ? 0 : INFINITY;
  if (rounded == 0 && y == 0) return signbit(y) == signbit(rounded) ? 0 : INFINITY;
  frexpl(exact, &exponent);
  exponent = exponent < DBL_MIN_EXP ? DBL_MIN_EXP : exponent;
  return (double)fabsl(ldexpl(y - exact, DBL_MANT_DIG - exponent));
}

typedef double Function1(double x);
typedef double Function2(double x, double y);

#define FUNCTION(name, exact, low, high, ulp, ulp_plain, ulp_float)                                                    \
  static double own_##name(double x) {                                                                                 \
    return mdl_##name##_at(LEVEL, x);                                                                                  \
  }
#define FUNCTION2(name, exact, xlow, xhigh, ylow, yhigh, ulp, ulp_plain, ulp_float)                                    \
  static double own_##name(double x, double y) {                                                                       \
    return mdl_##name##_at(LEVEL, x, y);                                                                               \
  }
#define GAMMA(name)
#include "functions.def"
#undef FUNCTION
#undef FUNCTION2
#undef GAMMA

static const struct {
  const char *name;
  Function1 *own;
  long double (*exact)(long double);
  double low, high, ulp[2];
} function[] = {
#define FUNCTION(name, exact, low, high, ulp, ulp_plain, ulp_float)                                                    \
  {#name, own_##name, exact, low, high, {ulp, ulp_plain}},
#define FUNCTION2(...)
#define GAMMA(name)
#include "functions.def"
#undef FUNCTION
#undef FUNCTION2
#undef GAMMA
};

static const struct {
  const char *name;
  Function2 *own;
  long double (*exact)(long double, long double);
  double low[2], high[2], ulp[2];
} function2[] = {
#define FUNCTION(...)
#define FUNCTION2(name, exact, xlow, xhigh, ylow, yhigh, ulp, ulp_plain, ulp_float)                                    \
  {#name, own_##name, exact, {xlow, ylow}, {xhigh, yhigh}, {ulp, ulp_plain}},
#define GAMMA(name)
#include "functions.def"
#undef FUNCTION
#undef FUNCTION2
#undef GAMMA
};

#if defined(MDL_NO_FMA)
enum { WITHOUT = 1 };
#else
enum { WITHOUT = 0 };
#endif

START_TEST(test_one_argument) {
  uint64_t state = 1;
  double worst = 0, at = 0;
  for (int k = 0; k < POINTS; k++) {
    const double x = point(&state, k, function[_i].low, function[_i].high);
    const double error = ulps(function[_i].own(x), function[_i].exact(x));
    if (!(error > worst)) continue;
    worst = error;
    at = x;
  }
  ck_assert_msg(worst <= function[_i].ulp[WITHOUT], "%s(%.17g) = %.17g, not %.20Lg: %g ulp", function[_i].name, at,
                function[_i].own(at), function[_i].exact(at), worst);
  ck_assert_msg(worst > 0.5, "%s is correctly rounded: the reference is no better", function[_i].name);
}
END_TEST

START_TEST(test_two_arguments) {
  uint64_t state = 1;
  double worst = 0, at[2] = {0};
  for (int k = 0; k < POINTS; k++) {
    const int round = k / 27; // all pairs of special points
    const double x =
        k < 26 * 27 ? point(&state, round, 0, 0) : point(&state, k, function2[_i].low[0], function2[_i].high[0]);
    const double y = point(&state, k < 26 * 27 ? k % 27 : k, function2[_i].low[1], function2[_i].high[1]);
    const double error = ulps(function2[_i].own(x, y), function2[_i].exact(x, y));
    if (!(error > worst)) continue;
    worst = error;
    at[0] = x, at[1] = y;
  }
  ck_assert_msg(worst <= function2[_i].ulp[WITHOUT], "%s(%.17g, %.17g) = %.17g, not %.20Lg: %g ulp", function2[_i].name,
                at[0], at[1], function2[_i].own(at[0], at[1]), function2[_i].exact(at[0], at[1]), worst);
}
END_TEST

int main(void) {
  Suite *s = suite_create("math");
  TCase *c = tcase_create("math");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, test_one_argument, 0, (int)(sizeof function / sizeof *function));
  tcase_add_loop_test(c, test_two_arguments, 0, (int)(sizeof function2 / sizeof *function2));
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
