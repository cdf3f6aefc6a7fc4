// test_join.c - sums of lanes joined side by side against each by itself, to the last bit.
#include "mdl/join.h"

#include <check.h>
#include <math.h>

#include "suite.h"

static mdl_join_real part[4][MDL_JOIN_LANES + 1];

// ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7)): those of even number, then those of odd.
static mdl_join_real joined(const mdl_join_real *p, int step, int count) {
  return count == 1 ? *p : joined(p, 2 * step, count / 2) + joined(p + step, 2 * step, count / 2);
}

static void fill(int seed) {
  for (int k = 0; k < 4; k++)
    for (int l = 0; l <= MDL_JOIN_LANES; l++) part[k][l] = (mdl_join_real)(sin(seed + 20 * k + l) * pow(10, (seed + k + l) % 7));
}

static void all_orders(const int level) {
  for (int seed = 0; seed < 200; seed++) {
    mdl_join_real to[5] = {0, 0, 0, 0, 7};
    const int at = seed % 2; // vectors that lie anywhere
    fill(seed);
    mdl_join_four(level, part[0] + at, part[1] + at, part[2] + at, part[3] + at, to);
    for (int k = 0; k < 4; k++) ck_assert(to[k] == joined(part[k] + at, 1, MDL_JOIN_LANES));
    ck_assert(to[4] == 7);
  }
}

START_TEST(test_wide_vectors) {
  all_orders(1);
}
END_TEST

START_TEST(test_one_by_one) {
  all_orders(0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("sums");
  tcase_add_test(tests, test_wide_vectors);
  tcase_add_test(tests, test_one_by_one);
  return run_suite(tests, "join");
}
