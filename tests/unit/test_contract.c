// test_contract.c - the kernel of contractions against its definition: for each instruction set the same bits as the sum
// written out, at sizes around the edges of tiles, blocks and panels, under any steps, in triangles.
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mdl/contract.h"
#include "suite.h"

typedef mdl_contract_real Real;

enum { ARRAY = 300000, RESULT = 120000, WORK = 96 * 256 + 256 * 544 + 64 };

static uint64_t state = 1;

static int64_t draw(int64_t limit) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (int64_t)((state >> 33) % (uint64_t)limit);
}

// ---- the definition ----

// The position of entry i of the group, by its first or second steps.
static int64_t place(const mdl_contract_axes *axes, int64_t i, bool second) {
  int64_t sum = 0;
  for (int k = axes->count - 1; k >= 0; k--) {
    sum += i % axes->extent[k] * (second ? axes->second[k] : axes->first[k]);
    i /= axes->extent[k];
  }
  return sum;
}

static int64_t size(const mdl_contract_axes *axes) {
  int64_t n = 1;
  for (int k = 0; k < axes->count; k++) n *= axes->extent[k];
  return n;
}

static void define(const mdl_contraction *t, Real *c) {
  const int64_t rows = size(&t->rows), columns = size(&t->columns), terms = size(&t->terms);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) {
      Real *to = c + place(&t->rows, i, true) + place(&t->columns, j, true);
      Real total = t->add ? *to : 0;
      for (int64_t from = 0; from < terms; from += 256) {
        Real sum = 0;
        for (int64_t k = from; k < terms && k < from + 256; k++) {
          if (t->bounded && (k < t->low + t->low_row * i || k >= t->high + t->high_row * i)) continue;
          const Real x = t->a[place(&t->rows, i, false) + place(&t->terms, k, false)];
          const Real y = t->b[place(&t->columns, j, false) + place(&t->terms, k, true)];
          sum = sizeof(Real) == 4 ? (Real)fmaf((float)x, (float)y, (float)sum) : (Real)fma(x, y, sum);
        }
        total += sum;
      }
      *to = total;
    }
}

// ---- drawn contractions ----

static const int64_t edges[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 23, 24, 25, 31, 32, 33, 40, 64, 97};

static int64_t draw_extent(void) {
  return edges[draw(sizeof edges / sizeof *edges)];
}

// One index, or two whose product is about as large.
static mdl_contract_axes draw_axes(int64_t extent) {
  mdl_contract_axes axes = {1, {extent}, {0}, {0}};
  if (extent > 3 && draw(3) == 0) {
    axes.count = 2;
    axes.extent[0] = 1 + draw(3);
    axes.extent[1] = extent / axes.extent[0];
  }
  return axes;
}

// Lays out two groups as the axes of one array, in an order that is drawn; gives its size.
static int64_t lay_out(mdl_contract_axes *x, bool x_second, mdl_contract_axes *y, bool y_second) {
  int64_t step = draw(4) == 0 ? 2 : 1;
  mdl_contract_axes *order[] = {x, y};
  bool second[] = {x_second, y_second};
  const int first = (int)draw(2);
  for (int k = 0; k < 2; k++) {
    mdl_contract_axes *axes = order[first ^ k];
    for (int q = axes->count - 1; q >= 0; q--) {
      (second[first ^ k] ? axes->second : axes->first)[q] = step;
      step *= axes->extent[q] + draw(2);
    }
  }
  return step;
}

static mdl_contraction draw_contraction(bool bounded) {
  mdl_contraction t;
  do {
    memset(&t, 0, sizeof t);
    static const int64_t long_sums[] = {255, 256, 257, 511, 512, 513};
    t.rows = draw_axes(draw(6) == 0 ? 1 : draw_extent()); // one row goes another way, as one term does
    t.columns = draw_axes(draw(20) == 0 ? 505 + draw(30) : draw_extent());
    t.terms = draw_axes(draw(4) == 0 ? long_sums[draw(6)] : draw(6) == 0 ? 1 : draw_extent());
    t.add = (int)draw(2);
  } while (lay_out(&t.rows, false, &t.terms, false) > ARRAY || lay_out(&t.columns, false, &t.terms, true) > ARRAY ||
           lay_out(&t.rows, true, &t.columns, true) > RESULT);
  if (!bounded) return t;
  t.bounded = 1;
  const int64_t terms = size(&t.terms);
  t.high = terms;
  if (draw(2)) {
    t.low = draw(20) - 10;
    t.low_row = draw(5) - 2;
  }
  if (draw(2)) {
    t.high = draw(20) - 5 + (draw(2) ? terms : 0);
    t.high_row = draw(5) - 2;
  }
  return t;
}

static int levels(const mdl_contract_level **level) {
  int count = 0;
  static const mdl_contract_level plain = {mdl_contract_plain, NULL, 8, {4, 4, 4, 1}, NULL};
  level[count++] = &plain;
  level[count++] = mdl_contract_level_here();
#if defined(__x86_64__)
  static const mdl_contract_level avx2 = {mdl_contract_avx2, mdl_contract_avx2_row, 32 / sizeof(Real), {6, 4, 1, 1}, NULL};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) level[count++] = &avx2;
#endif
  return count;
}

static void run(int count, bool bounded) {
  Real *a = calloc(ARRAY, sizeof *a), *b = calloc(ARRAY, sizeof *b), *work = calloc(WORK, sizeof *work);
  Real *start = calloc(RESULT, sizeof *start), *wanted = calloc(RESULT, sizeof *wanted), *c = calloc(RESULT, sizeof *c);
  for (int64_t k = 0; k < ARRAY; k++) {
    a[k] = (Real)(draw(2000001) - 1000000) / (Real)1e6;
    b[k] = (Real)(draw(2000001) - 1000000) / (Real)1e6;
  }
  for (int64_t k = 0; k < RESULT; k++) start[k] = (Real)(draw(2000001) - 1000000) / (Real)1e6;
  const mdl_contract_level *level[4];
  const int nlevel = levels(level);
  for (int n = 0; n < count; n++) {
    mdl_contraction t = draw_contraction(bounded);
    t.a = a;
    t.b = b;
    memcpy(wanted, start, RESULT * sizeof *c);
    define(&t, wanted);
    for (int k = 0; k < nlevel; k++) {
      memcpy(c, start, RESULT * sizeof *c);
      t.c = c;
      mdl_contract_at(level[k], &t, work + draw(8));
      ck_assert_msg(!memcmp(c, wanted, RESULT * sizeof *c), "contraction %d (%d x %d x %d) differs at level %d", n,
                    (int)size(&t.rows), (int)size(&t.columns), (int)size(&t.terms), k);
    }
  }
  free(a);
  free(b);
  free(c);
  free(start);
  free(wanted);
  free(work);
}

START_TEST(test_same_bits) {
  run(400, false);
}
END_TEST

START_TEST(test_triangles) {
  run(200, true);
}
END_TEST

// What a triangle leaves out is not multiplied by 0: it may be anything.
START_TEST(test_left_out) {
  enum { N = 40 };
  Real a[N * N], b[N * N], c[N * N], *work = calloc(WORK, sizeof *work);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i * N + j] = j <= i ? 1 : (Real)NAN;
      b[i * N + j] = i + 1 < N ? (Real)i : (Real)INFINITY;
    }
  const mdl_contraction t = {c, a, b, {1, {N}, {N}, {N}}, {1, {N}, {1}, {1}}, {1, {N}, {1}, {N}}, 0, 1, 0, 0, 1, 1};
  mdl_contract(&t, work);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) ck_assert(i + 1 < N ? c[i * N + j] == (Real)(i * (i + 1) / 2) : isinf(c[i * N + j]));
  free(work);
}
END_TEST

#ifdef MDL_CONTRACT_BLAS
// By the library, as far as its matrices go.
START_TEST(test_blas) {
  static Real a[ARRAY], b[ARRAY], c[RESULT], wanted[RESULT], work[WORK];
  int taken = 0;
  for (int k = 0; k < ARRAY; k++) a[k] = (Real)sin(k), b[k] = (Real)cos(3 * k);
  for (int n = 0; n < 200; n++) {
    mdl_contraction t = draw_contraction(false);
    t.a = a;
    t.b = b;
    for (int k = 0; k < RESULT; k++) c[k] = wanted[k] = (Real)k;
    define(&t, wanted);
    t.c = c;
    taken += mdl_contract_blas(&t);
    for (int k = 0; k < RESULT; k++) c[k] = (Real)k;
    mdl_contract(&t, work);
    const double limit = sizeof(Real) == 4 ? 1e-3 : 1e-11;
    int wrong = 0;
    for (int k = 0; k < RESULT; k++)
      wrong += !(fabs((double)c[k] - (double)wanted[k]) <= limit * (1 + fabs((double)wanted[k]) * 1e-3));
    ck_assert_int_eq(wrong, 0);
  }
  ck_assert_int_gt(taken, 5);
}
END_TEST
#endif

int main(void) {
  TCase *tests = tcase_create("kernel");
  tcase_add_test(tests, test_same_bits);
  tcase_add_test(tests, test_triangles);
  tcase_add_test(tests, test_left_out);
#ifdef MDL_CONTRACT_BLAS
  tcase_add_test(tests, test_blas);
#endif
  return run_suite_within(tests, "contract", 300);
}
