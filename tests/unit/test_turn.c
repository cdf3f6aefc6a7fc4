// test_turn.c - rows turned into lanes, and back, against their definition, at all sizes around blocks and vectors.
#include <check.h>

#include "mdl/turn.h"
#include "suite.h"

enum { MOST = 37, UNTOUCHED = -1 };

static mdl_turn_real from[MDL_TURN_TILE * MOST], to[(MOST + 1) * MDL_TURN_TILE];

static void turn_all_sizes(const int level) {
  for (int k = 0; k < MDL_TURN_TILE * MOST; k++) from[k] = (mdl_turn_real)k;
  for (int count = 0; count <= MOST; count++)
    for (int rows = 1; rows <= MDL_TURN_TILE; rows++) {
      const int padded = (rows + MDL_TURN_LANES - 1) / MDL_TURN_LANES * MDL_TURN_LANES;
      for (int k = 0; k < (MOST + 1) * MDL_TURN_TILE; k++) to[k] = UNTOUCHED;
      mdl_turn_rows(level, from, count, rows, to);
      for (int j = 0; j <= MOST; j++)
        for (int r = 0; r < MDL_TURN_TILE; r++) {
          const int sample = r < rows ? r : rows - 1;
          const double wanted = j < count && r < padded ? (double)from[sample * count + j] : UNTOUCHED;
          if ((double)to[j * MDL_TURN_TILE + r] != wanted)
            ck_abort_msg("%d entries of %d samples: entry %d of sample %d", count, rows, j, r);
        }
    }
}

static void turn_all_sizes_back(const int level) {
  for (int k = 0; k < MDL_TURN_TILE * MOST; k++) from[k] = (mdl_turn_real)k;
  for (int count = 0; count <= MOST; count++)
    for (int rows = 1; rows <= MDL_TURN_TILE; rows++) {
      for (int k = 0; k < (MOST + 1) * MDL_TURN_TILE; k++) to[k] = UNTOUCHED;
      mdl_turn_back(level, from, count, rows, to);
      for (int k = 0; k < (MOST + 1) * MDL_TURN_TILE; k++) {
        const double wanted = k < rows * count ? (double)from[k % count * MDL_TURN_TILE + k / count] : UNTOUCHED;
        if ((double)to[k] != wanted) ck_abort_msg("%d entries of %d samples, back: number %d", count, rows, k);
      }
    }
}

START_TEST(test_wide_vectors) {
  turn_all_sizes(1);
  turn_all_sizes_back(1);
}
END_TEST

START_TEST(test_narrow_vectors) {
  turn_all_sizes(0);
  turn_all_sizes_back(0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("rows");
  tcase_add_test(tests, test_wide_vectors);
  tcase_add_test(tests, test_narrow_vectors);
  return run_suite(tests, "turn");
}
