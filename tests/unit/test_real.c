// test_real.c - whole numbers as reals, as lanes convert them, against C's own conversion.
#include <check.h>
#include <inttypes.h>

#include "mdl/math/bitsf.h"
#include "suite.h"

static const int64_t narrow = INT64_C(1) << 50;

static void compare(int64_t n) {
  for (int level = 0; level <= 2; level++) {
    if (mdl_real_at(level, n) != (double)n) ck_abort_msg("%" PRId64 " at level %d: %a", n, level, mdl_real_at(level, n));
    if (mdl_realf_at(level, n) != (float)(double)n) ck_abort_msg("%" PRId64 " at level %d, in float", n, level);
    if (n < -narrow || n > narrow) continue;
    if (mdl_narrow_real_at(level, n) != (double)n) ck_abort_msg("%" PRId64 " at level %d, of few bits", n, level);
    if (mdl_narrow_realf_at(level, n) != (float)(double)n) ck_abort_msg("%" PRId64 " at level %d, of few bits, in float", n, level);
  }
}

START_TEST(test_around_powers_of_two) {
  for (int k = 0; k < 63; k++)
    for (int64_t j = -3; j <= 3; j++) {
      compare((INT64_C(1) << k) + j);
      compare(-(INT64_C(1) << k) + j);
      compare((INT64_C(1) << k) / 3 * 2 + j); // of many digits
    }
  compare(INT64_MAX);
  compare(INT64_MIN);
  ck_assert(!signbit(mdl_real_at(0, 0)) && !signbit(mdl_narrow_real_at(0, 0)));
}
END_TEST

START_TEST(test_scattered) {
  uint64_t state = 1;
  for (int k = 0; k < 1000000; k++) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    compare((int64_t)state >> (state >> 58));
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("conversion");
  tcase_add_test(tests, test_around_powers_of_two);
  tcase_add_test(tests, test_scattered);
  return run_suite(tests, "real");
}
