// test_rows.c - products with rows against their definition, to the last bit, at all sizes around blocks and vectors.
#include <check.h>
#include <math.h>

#include "mdl/rows.h"
#include "suite.h"

enum { FEW = 21, MOST = MDL_ROWS_LONG + 17, STRIDE = MOST + 2, LANES = MDL_TURN_LANES }; // a tile's samples have room, too
_Static_assert((int)MOST >= (int)MDL_TURN_TILE, "an entry for each sample");

static mdl_turn_real from[MDL_TURN_TILE * STRIDE], by[MOST], to[MOST + 1];

static void fill(void) {
  for (int k = 0; k < MDL_TURN_TILE * STRIDE; k++) from[k] = (mdl_turn_real)sin(k + 1);
  for (int k = 0; k < MOST; k++) by[k] = (mdl_turn_real)cos(3 * k);
}

#ifdef MDL_TURN_FLOAT
#define FMA fmaf
#else
#define FMA fma
#endif

static mdl_turn_real started(int k) {
  return (mdl_turn_real)(0.1 * k);
}

static void start(void) {
  for (int k = 0; k <= MOST; k++) to[k] = started(k);
}

static void compare(const char *what, int count, int rows, int entry, mdl_turn_real wanted) {
  if (!(to[entry] == wanted))
    ck_abort_msg("%s of %d entries of %d samples: %d is %.17g, not %.17g", what, count, rows, entry, (double)to[entry],
                 (double)wanted);
}

static mdl_turn_real times(int r, int count) {
  mdl_turn_real sum = started(r);
  for (int j = 0; j < count; j++) sum = FMA(from[r * STRIDE + j], by[j], sum);
  return sum;
}

static mdl_turn_real summed(int j, int rows) {
  mdl_turn_real part[LANES] = {0};
  for (int r = 0; r < rows; r++) part[r % LANES] = FMA(by[r], from[r * STRIDE + j], part[r % LANES]);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) part[l] += part[l + half];
  return started(j) + part[0];
}

static void all_sizes(const int level) {
  fill();
  for (int count = 0; count <= MOST; count += count == FEW ? MDL_ROWS_LONG - FEW : 1)
    for (int rows = 1; rows <= MDL_TURN_TILE; rows++) {
      const int padded = (rows + LANES - 1) / LANES * LANES;
      start();
      mdl_rows_times(level, rows % 2, from, STRIDE, count, rows, by, to);
      for (int r = 0; r <= MOST; r++)
        compare("times", count, rows, r, r < padded ? times(r < rows ? r : rows - 1, count) : started(r));
      start();
      mdl_rows_sum(level, rows % 2, by, from, STRIDE, count, rows, to);
      for (int j = 0; j <= MOST; j++) compare("sum", count, rows, j, j < count ? summed(j, rows) : started(j));
    }
}

START_TEST(test_wide_vectors) {
  all_sizes(1);
}
END_TEST

START_TEST(test_narrow_vectors) {
  all_sizes(0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("products");
  tcase_add_test(tests, test_wide_vectors);
  tcase_add_test(tests, test_narrow_vectors);
  return run_suite(tests, "rows");
}
