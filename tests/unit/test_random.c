// test_random.c - the generator against its published vectors, its distributions, and orders drawn with it.
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "suite.h"
#include "mdl/random.h"
#include "mdl/split.h"

// Random123's file of known answers: counter, key, result.
static const uint32_t known[3][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
     0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
     0x24126ea1},
};

START_TEST(known_answers) {
  for (int k = 0; k < 3; k++) {
    const struct mdl_random_block counter = {{known[k][0], known[k][1], known[k][2], known[k][3]}};
    const struct mdl_random_block x = mdl_random_philox(counter, known[k][4], known[k][5]);
    const struct mdl_random_block y =
        mdl_random_bits((uint64_t)known[k][5] << 32 | known[k][4], (uint64_t)known[k][3] << 32 | known[k][2],
                        (uint64_t)known[k][1] << 32 | known[k][0]);
    for (int i = 0; i < 4; i++) {
      ck_assert_uint_eq(x.word[i], known[k][6 + i]);
      ck_assert_uint_eq(y.word[i], known[k][6 + i]);
    }
  }
}
END_TEST

START_TEST(open_interval) {
  ck_assert_double_eq(mdl_random_open(0, 0), ldexp(1, -53));
  ck_assert_double_eq(mdl_random_open(0xffffffff, 0xffffffff), 1 - ldexp(1, -53));
}
END_TEST

// Moments of n draws, within five of their standard errors.
START_TEST(moments) {
  enum { N = 200000 };
  double u1 = 0, u2 = 0, z1 = 0, z2 = 0, z3 = 0, z4 = 0, uz = 0;
  for (uint64_t i = 0; i < N; i++) {
    const double u = mdl_random_uniform(7, 3, i), z = mdl_random_normal(7, 4, i);
    u1 += u / N;
    u2 += u * u / N;
    z1 += z / N;
    z2 += z * z / N;
    z3 += z * z * z / N;
    z4 += z * z * z * z / N;
    uz += (u - 0.5) * z / N;
  }
  const double root = sqrt(N);
  ck_assert_double_eq_tol(u1, 0.5, 5 * sqrt(1 / 12.0) / root);
  ck_assert_double_eq_tol(u2, 1 / 3.0, 5 * sqrt(4 / 45.0) / root);
  ck_assert_double_eq_tol(z1, 0, 5 / root);
  ck_assert_double_eq_tol(z2, 1, 5 * sqrt(2) / root);
  ck_assert_double_eq_tol(z3, 0, 5 * sqrt(15) / root);
  ck_assert_double_eq_tol(z4, 3, 5 * sqrt(96) / root);
  ck_assert_double_eq_tol(uz, 0, 5 * sqrt(1 / 12.0) / root);
}
END_TEST

START_TEST(stateless) {
  ck_assert_double_eq(mdl_random_normal(1, 2, 3), mdl_random_normal(1, 2, 3));
  ck_assert_double_ne(mdl_random_uniform(1, 2, 3), mdl_random_uniform(2, 2, 3));
  ck_assert_double_ne(mdl_random_uniform(1, 2, 3), mdl_random_uniform(1, 3, 3));
  ck_assert_double_ne(mdl_random_uniform(1, 2, 3), mdl_random_uniform(1, 2, 4));
}
END_TEST

START_TEST(below) {
  enum { SIDES = 6, N = 60000 };
  int count[SIDES] = {0};
  double chi2 = 0;
  for (uint64_t i = 0; i < N; i++) {
    const uint64_t side = mdl_random_below(11, 0, i, SIDES);
    ck_assert_uint_lt(side, SIDES);
    count[side]++;
    ck_assert_uint_eq(mdl_random_below(11, 0, i, 1), 0);
    // Almost half of all 64-bit values must be drawn again.
    ck_assert_uint_lt(mdl_random_below(11, 0, i, (UINT64_C(1) << 63) + 1), (UINT64_C(1) << 63) + 1);
  }
  for (int s = 0; s < SIDES; s++) chi2 += pow(count[s] - N / SIDES, 2) / (N / SIDES);
  ck_assert_double_lt(chi2, 25.7); // five degrees of freedom, 1 in 10,000
}
END_TEST

// All 24 orders of four, equally often.
START_TEST(orders) {
  enum { ORDERS = 256, N = 48000 };
  int count[ORDERS] = {0}, seen = 0;
  double chi2 = 0;
  for (uint64_t seed = 0; seed < N; seed++) {
    int64_t order[4];
    mdl_permutation(seed, 0, 4, order);
    count[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
  }
  for (int i = 0; i < ORDERS; i++) {
    if (!count[i]) continue;
    seen++;
    chi2 += pow(count[i] - N / 24, 2) / (N / 24);
  }
  ck_assert_int_eq(seen, 24);
  ck_assert_double_lt(chi2, 59.3); // 23 degrees of freedom, 1 in 20,000
}
END_TEST

START_TEST(splits) {
  int64_t order[11];
  int present[11] = {0};
  ck_assert_int_eq(mdl_split(1, 11, 0.2, order), 2);
  for (int i = 0; i < 11; i++) present[order[i]]++;
  for (int i = 0; i < 11; i++) ck_assert_int_eq(present[i], 1);
  ck_assert_int_eq(mdl_split(1, 11, 0, order), 0);
  ck_assert_int_eq(mdl_split(1, 0, 0.5, order), 0);
  ck_assert_int_eq(mdl_split(1, 11, 1, order), -1);
  ck_assert_int_eq(mdl_split(1, 11, -0.1, order), -1);
  ck_assert_int_eq(mdl_split(1, 11, NAN, order), -1);
  ck_assert_int_eq(mdl_split(1, -1, 0.5, order), -1);
  ck_assert_int_eq(mdl_split_count(INT64_MAX, nextafter(1, 0)), INT64_MAX - 1023);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("random");
  tcase_add_test(tests, known_answers);
  tcase_add_test(tests, open_interval);
  tcase_add_test(tests, moments);
  tcase_add_test(tests, stateless);
  tcase_add_test(tests, below);
  tcase_add_test(tests, orders);
  tcase_add_test(tests, splits);
  return run_suite(tests, "random");
}
