// test_poly.c - polynomials against evaluation on random values, their text, and their limits.
#include <check.h>
#include <stdlib.h>

#include "graph/poly.h"

static Arena *arena;
static Dims *dims;
static int d, n, h;

static void setup(void) {
  arena = arena_new();
  dims = dims_new(arena);
  d = dims_add(dims, "d", DIM_CALL, 0);
  n = dims_add(dims, "n", DIM_BATCH, 0);
  h = dims_add(dims, "h", DIM_FIXED, 4);
}

static void teardown(void) {
  arena_free(arena);
}

// A polynomial and what it is worth at the values, by plain arithmetic.
typedef struct Pair {
  const Poly *p;
  long value;
} Pair;

static long floor_div(long a, long b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static Pair random_pair(const int64_t *values, int depth) {
  if (depth == 0 || rand() % 6 == 0) {
    long c = rand() % 7 - 3;
    int dim = rand() % 3;
    if (rand() % 2) return (Pair){poly_int(dims, c), c};
    return (Pair){poly_dim(dims, dim), (long)values[dim]};
  }
  Pair x = random_pair(values, depth - 1), y = random_pair(values, depth - 1);
  switch (rand() % 5) {
  case 0: return (Pair){poly_add(dims, x.p, y.p), x.value + y.value};
  case 1: return (Pair){poly_sub(dims, x.p, y.p), x.value - y.value};
  case 2:
    if (y.value == 0) return x;
    return (Pair){poly_floordiv(dims, x.p, y.p), floor_div(x.value, y.value)};
  case 3:
    if (y.value == 0) return x;
    return (Pair){poly_mod(dims, x.p, y.p), x.value - y.value * floor_div(x.value, y.value)};
  default: return (Pair){poly_mul(dims, x.p, y.p), x.value * y.value};
  }
}

START_TEST(evaluates_like_arithmetic) {
  srand(1);
  for (int k = 0; k < 3000; k++) {
    const int64_t values[] = {rand() % 6, rand() % 6, 4};
    Pair x = random_pair(values, 4);
    int64_t value;
    if (poly_is_too_large(x.p)) continue;
    ck_assert(poly_value(dims, x.p, values, &value));
    ck_assert_int_eq(value, x.value);
    if (poly_is_nonnegative(dims, x.p)) ck_assert_int_ge(value, 0);
  }
}
END_TEST

START_TEST(equal_exactly_when_the_same_pointer) {
  const Poly *x = poly_dim(dims, d), *y = poly_dim(dims, n), *one = poly_int(dims, 1), *two = poly_int(dims, 2);
  const Poly *square = poly_mul(dims, poly_add(dims, x, y), poly_add(dims, x, y));
  const Poly *sum = poly_add(dims, poly_mul(dims, x, x), poly_mul(dims, y, y));
  ck_assert_ptr_eq(square, poly_add(dims, sum, poly_mul(dims, two, poly_mul(dims, y, x))));
  ck_assert_ptr_ne(x, y);
  const Poly *triangle = poly_div(dims, poly_mul(dims, x, poly_sub(dims, x, one)), two);
  ck_assert_ptr_eq(poly_add(dims, triangle, triangle), poly_sub(dims, poly_mul(dims, x, x), x));
  ck_assert_ptr_eq(poly_sub(dims, triangle, triangle), poly_int(dims, 0));
  ck_assert_ptr_eq(poly_floordiv(dims, x, two), poly_floordiv(dims, x, two));
}
END_TEST

START_TEST(divides_exactly_or_not_at_all) {
  const Poly *x = poly_dim(dims, d), *y = poly_dim(dims, n), *one = poly_int(dims, 1);
  ck_assert_ptr_eq(poly_div(dims, poly_mul(dims, x, y), x), y);
  const Poly *sum = poly_add(dims, x, y), *other = poly_sub(dims, x, one);
  ck_assert_ptr_eq(poly_div(dims, poly_mul(dims, sum, other), other), sum);
  ck_assert_ptr_null(poly_div(dims, sum, x));
  ck_assert_ptr_null(poly_div(dims, one, x));
  ck_assert_ptr_null(poly_div(dims, x, poly_int(dims, 0)));
  ck_assert_ptr_eq(poly_div(dims, poly_int(dims, 0), x), poly_int(dims, 0));

  const Poly *half = poly_div(dims, x, poly_int(dims, 2));
  int64_t value;
  ck_assert(poly_value(dims, half, (const int64_t[]){6, 0, 0}, &value));
  ck_assert_int_eq(value, 3);
  ck_assert(!poly_value(dims, half, (const int64_t[]){7, 0, 0}, &value));
}
END_TEST

START_TEST(floors_constants_and_whole_parts) {
  const Poly *x = poly_dim(dims, d), *two = poly_int(dims, 2);
  const Poly *odd = poly_add(dims, poly_mul(dims, two, x), poly_int(dims, 1));
  ck_assert_ptr_eq(poly_floordiv(dims, odd, two), x);
  ck_assert_ptr_eq(poly_mod(dims, odd, two), poly_int(dims, 1));
  ck_assert_ptr_eq(poly_floordiv(dims, poly_int(dims, -3), two), poly_int(dims, -2));
  ck_assert_ptr_eq(poly_mod(dims, poly_int(dims, -3), two), poly_int(dims, 1));
  int64_t value;
  const Poly *quotient = poly_floordiv(dims, x, poly_dim(dims, n));
  ck_assert(!poly_value(dims, quotient, (const int64_t[]){1, 0, 0}, &value));
  ck_assert(poly_uses(dims, quotient, d) && poly_uses(dims, quotient, n) && !poly_uses(dims, quotient, h));
}
END_TEST

START_TEST(knows_fixed_and_nonnegative) {
  const Poly *x = poly_dim(dims, d), *f = poly_dim(dims, h), *one = poly_int(dims, 1);
  const Poly *fixed = poly_floordiv(dims, poly_add(dims, f, one), poly_int(dims, 2));
  int64_t value;
  ck_assert(poly_is_fixed(dims, fixed) && !poly_is_fixed(dims, x));
  ck_assert(poly_value(dims, fixed, NULL, &value));
  ck_assert_int_eq(value, 2);
  ck_assert(!poly_value(dims, x, NULL, &value));
  ck_assert(poly_is_nonnegative(dims, poly_sub(dims, f, poly_int(dims, 4))));
  ck_assert(!poly_is_nonnegative(dims, poly_sub(dims, f, poly_int(dims, 5))));
  ck_assert(poly_is_nonnegative(dims, poly_sub(dims, poly_mul(dims, f, x), x)));
  ck_assert(poly_is_nonnegative(dims, poly_sub(dims, poly_mul(dims, x, x), x)));
  ck_assert(!poly_is_nonnegative(dims, poly_sub(dims, x, one)));
  ck_assert(!poly_is_nonnegative(dims, poly_sub(dims, x, poly_dim(dims, n))));
}
END_TEST

static void check_print(const Poly *p, const char *text, PolyForm form) {
  Text t;
  text_init(&t);
  ck_assert_int_eq(poly_print(&t, dims, p), form);
  ck_assert_str_eq(t.s, text);
  text_free(&t);
}

START_TEST(prints_as_a_person_would) {
  const Poly *x = poly_dim(dims, d), *y = poly_dim(dims, n), *one = poly_int(dims, 1), *two = poly_int(dims, 2);
  const Poly *triangle = poly_div(dims, poly_mul(dims, x, poly_sub(dims, x, one)), two);
  check_print(poly_int(dims, 0), "0", POLY_ATOM);
  check_print(poly_int(dims, -7), "-7", POLY_NEGATION);
  check_print(y, "n", POLY_ATOM);
  check_print(poly_sub(dims, poly_int(dims, 0), y), "-n", POLY_NEGATION);
  check_print(triangle, "d*(d - 1)/2", POLY_PRODUCT);
  check_print(poly_mul(dims, triangle, poly_int(dims, -2)), "d*(1 - d)", POLY_PRODUCT);
  check_print(poly_mul(dims, two, y), "2*n", POLY_PRODUCT);
  check_print(poly_sub(dims, y, one), "n - 1", POLY_SUM);
  check_print(poly_sub(dims, one, y), "1 - n", POLY_SUM);
  check_print(poly_add(dims, poly_mul(dims, y, y), poly_add(dims, x, one)), "n*n + d + 1", POLY_SUM);
  check_print(poly_div(dims, poly_add(dims, y, one), two), "(n + 1)/2", POLY_PRODUCT);
  check_print(poly_mul(dims, two, poly_add(dims, poly_mul(dims, x, x), x)), "2*d*(d + 1)", POLY_PRODUCT);
  check_print(poly_floordiv(dims, poly_add(dims, y, one), two), "(n + 1) // 2", POLY_PRODUCT);
  check_print(poly_mul(dims, two, poly_floordiv(dims, y, two)), "2*(n // 2)", POLY_PRODUCT);
  check_print(poly_mod(dims, y, poly_mul(dims, two, x)), "n % (2*d)", POLY_PRODUCT);
}
END_TEST

START_TEST(terms_do_not_depend_on_who_was_first) {
  const Poly *y = poly_dim(dims, n), *three = poly_int(dims, 3);
  poly_floordiv(dims, y, three);
  const Poly *late = poly_floordiv(dims, poly_dim(dims, d), three);
  check_print(poly_add(dims, poly_floordiv(dims, y, three), late), "d // 3 + n // 3", POLY_SUM);
  int m = dims_add(dims, "m", DIM_CALL, 0);
  check_print(poly_add(dims, late, poly_dim(dims, m)), "m + d // 3", POLY_SUM);
}
END_TEST

START_TEST(too_large_is_said_and_stays) {
  const Poly *big = poly_int(dims, INT64_MAX), *x = poly_dim(dims, d);
  const Poly *too_large = poly_add(dims, big, poly_int(dims, 1));
  int64_t value;
  ck_assert(poly_is_too_large(too_large));
  ck_assert_ptr_eq(poly_mul(dims, too_large, poly_int(dims, 0)), too_large);
  ck_assert_ptr_eq(poly_mul(dims, poly_mul(dims, big, x), big), too_large);
  ck_assert(!poly_is_int(too_large, &value) && !poly_value(dims, too_large, NULL, &value));
  ck_assert(poly_is_too_large(poly_int(dims, INT64_MIN)));

  const Poly *tower = x, *sum = poly_add(dims, x, poly_dim(dims, n));
  for (int k = 0; k < 60; k++) tower = poly_mul(dims, tower, poly_add(dims, tower, sum));
  ck_assert(poly_is_too_large(tower));
  const Poly *nested = x;
  for (int k = 0; k < 3000; k++) nested = poly_floordiv(dims, poly_mul(dims, nested, nested), sum);
  ck_assert(poly_is_too_large(nested));

  // The value of a polynomial that is small as text need not fit.
  const int64_t values[] = {INT64_MAX / 2, 0, 0};
  ck_assert(!poly_value(dims, poly_mul(dims, x, x), values, &value));
  ck_assert(poly_value(dims, poly_mul(dims, poly_mul(dims, x, x), poly_dim(dims, n)), values, &value));
  ck_assert_int_eq(value, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("poly");
  TCase *c = tcase_create("poly");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, evaluates_like_arithmetic);
  tcase_add_test(c, equal_exactly_when_the_same_pointer);
  tcase_add_test(c, divides_exactly_or_not_at_all);
  tcase_add_test(c, floors_constants_and_whole_parts);
  tcase_add_test(c, knows_fixed_and_nonnegative);
  tcase_add_test(c, prints_as_a_person_would);
  tcase_add_test(c, terms_do_not_depend_on_who_was_first);
  tcase_add_test(c, too_large_is_said_and_stays);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
