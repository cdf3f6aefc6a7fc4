// test_logs.c - sums of logarithms by one product each lane, against the sums themselves.
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "mdl/math/logs.h"
#include "mdl/math/logsf.h"
#include "suite.h"

enum { LEVEL = 0, TERMS = 4001 };

static double draw(void) {
  static uint64_t state = 1;
  state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(state >> 11) * 0x1p-53;
}

static double sum_of(const double *x, const double *times, int count) {
  double part[8] = {1, 1, 1, 1, 1, 1, 1, 1}, twos[8] = {0};
  for (int k = 0; k < count; k++) mdl_log_take(&part[k % 8], &twos[k % 8], x[k], times[k]);
  for (int lane = 0; lane < 8; lane++) ck_assert(part[lane] >= 0.25 && part[lane] < 4);
  return mdl_join_logs(LEVEL, part, twos);
}

static float sum_of_floats(const float *x, const float *times, int count) {
  float part[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, twos[16] = {0};
  for (int k = 0; k < count; k++) mdl_log_takef(&part[k % 16], &twos[k % 16], x[k], times[k]);
  return mdl_join_logsf(LEVEL, part, twos);
}

// Over all exponents, subnormal numbers too: a unit in the last place of 1 each term, at most.
START_TEST(test_sums) {
  static double x[TERMS], times[TERMS];
  static float small[TERMS], few[TERMS];
  static const double range[] = {0.1, 2, 700, 2080}; // powers of two
  for (size_t r = 0; r < sizeof range / sizeof *range; r++) {
    long double sum = 0, least = 0;
    for (int k = 0; k < TERMS; k++) {
      x[k] = ldexp(1 + draw(), (int)floor((draw() - 0.513) * range[r])); // down to 2^-1068
      times[k] = draw() < 0.5 ? 1 : 2;
      small[k] = (float)ldexp(1 + draw(), (int)floor((draw() - 0.55) * range[r] / 8.5)); // down to 2^-135
      few[k] = (float)times[k];
      sum += times[k] * logl(x[k]);
      least += times[k] * logl(small[k]);
    }
    ck_assert_double_le(fabs((double)(sum_of(x, times, TERMS) - sum)), 2 * TERMS * 0x1p-53 + fabs((double)sum) * 0x1p-51);
    ck_assert_double_le(fabs((double)(sum_of_floats(small, few, TERMS) - least)), 2 * TERMS * 0x1p-24 + fabs((double)least) * 0x1p-22);
  }
}
END_TEST

// What is not below 1 may be taken so, whatever it is: to the last bit the same.
START_TEST(test_from_1) {
  const double edge[] = {1, 1.5, 2, 1e300, HUGE_VAL, NAN};
  double part[2] = {1, 1}, twos[2] = {0};
  float few[2] = {1, 1}, powers[2] = {0};
  for (int k = 0; k < 106; k++) {
    const double x = k < 100 ? 1 + draw() * 100 : edge[k - 100], times = k % 2 ? 2 : 1;
    mdl_log_take(part, twos, x, times);
    mdl_log_take_from_1(part + 1, twos + 1, x, times);
    mdl_log_takef(few, powers, (float)x, (float)times);
    mdl_log_take_from_1f(few + 1, powers + 1, (float)x, (float)times);
    ck_assert(isnan(x) ? isnan(twos[0]) && isnan(twos[1]) : part[0] == part[1] && twos[0] == twos[1]);
    ck_assert(isnan(x) ? isnan(powers[0]) && isnan(powers[1]) : few[0] == few[1] && powers[0] == powers[1]);
  }
}
END_TEST

START_TEST(test_none) {
  ck_assert(sum_of(NULL, NULL, 0) == 0);
  ck_assert(sum_of_floats(NULL, NULL, 0) == 0);
}
END_TEST

// One argument, and where in a sum of ten it stands.
static void expect(double edge, double wanted) {
  for (int at = 0; at < 10; at++) {
    double x[10], times[10];
    float small[10], few[10];
    for (int k = 0; k < 10; k++) {
      x[k] = k == at ? edge : 3;
      small[k] = (float)x[k];
      times[k] = few[k] = k % 2 ? 2 : 1;
    }
    const double sum = sum_of(x, times, 10), of_floats = (double)sum_of_floats(small, few, 10);
    ck_assert(isnan(wanted) ? isnan(sum) && isnan(of_floats) : sum == wanted && of_floats == wanted);
  }
}

START_TEST(test_edges) {
  expect(0, -HUGE_VAL);
  expect(-0.0, -HUGE_VAL);
  expect(HUGE_VAL, HUGE_VAL);
  expect(NAN, NAN);
  expect(-1, NAN);
  expect(-HUGE_VAL, NAN);
  const double x[] = {0, HUGE_VAL, -1, -1}, times[] = {1, 1, 1, 1};
  ck_assert(isnan(sum_of(x, times, 2)));
  ck_assert(isnan(sum_of(x + 2, times, 2))); // a product that is positive
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("sums");
  tcase_add_test(tests, test_sums);
  tcase_add_test(tests, test_from_1);
  tcase_add_test(tests, test_none);
  tcase_add_test(tests, test_edges);
  return run_suite(tests, "logs");
}
