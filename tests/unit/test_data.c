// test_data.c - numbers, tables, JSON, and matching them to a model.
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/data.h"
#include "tool/infer.h"
#include "tool/json.h"
#include "tool/table.h"

static char path[64];

static const char *write_file(const char *end, const char *text, size_t length) {
  snprintf(path, sizeof path, "data-%ld%s", (long)getpid(), end);
  FILE *f = fopen(path, "w");
  ck_assert(f && fwrite(text, 1, length, f) == length && !fclose(f));
  return path;
}

// ---- numbers ----

static void number(const char *s, NumberStatus status, double value) {
  double x = -7;
  ck_assert_msg(number_read(s, strlen(s), &x) == status, "%s", s);
  if (status == NUMBER_OK) ck_assert_msg(memcmp(&x, &value, sizeof x) == 0, "%s is %a", s, x);
}

START_TEST(test_numbers) {
  number("0", NUMBER_OK, 0);
  number("-0", NUMBER_OK, -0.0);
  number("+1.5e3", NUMBER_OK, 1500);
  number(".5", NUMBER_OK, 0.5);
  number("2.", NUMBER_OK, 2);
  number("0.1", NUMBER_OK, 0.1);
  number("4.9e-324", NUMBER_OK, 4.9e-324);
  number("1e-400", NUMBER_OK, 0);
  number("inf", NUMBER_OK, (double)INFINITY);
  number("-Inf", NUMBER_OK, -(double)INFINITY);
  number("1e400", NUMBER_TOO_LARGE, 0);
  const char *const wrong[] = {"", "-", "e5", "1e", "1 2", "1,5", "0x1p3", "nan", "infinity", "1.2.3", "--1", "one"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) number(wrong[i], NUMBER_NOT, 0);
  double x;
  ck_assert(number_read("1\0002", 3, &x) == NUMBER_NOT);
}
END_TEST

// ---- tables ----

START_TEST(test_table) {
  Arena *a = arena_new();
  const char text[] = "\xEF\xBB\xBFx, \"y\" ,z\r\n1,2,a\r\n\"3\",4,\"b\n\n\"\r\n 5 ,6e-1,\n\n\n";
  Table *t;
  ck_assert_int_eq(table_open(a, write_file(".csv", text, sizeof text - 1), &t), STATUS_OK);
  ck_assert_uint_eq(t->ncolumns, 3);
  ck_assert_str_eq(t->columns[0].name, "x");
  ck_assert_str_eq(t->columns[1].name, "y");
  t->columns[0].wanted = t->columns[1].wanted = true;
  ck_assert_int_eq(table_read(t), STATUS_OK);
  ck_assert_uint_eq(t->rows, 3);
  ck_assert_double_eq(t->columns[0].values[2], 5);
  ck_assert_double_eq(t->columns[1].values[2], 0.6);
  ck_assert_uint_eq(table_line(t, 0), 2);
  ck_assert_uint_eq(table_line(t, 1), 3);
  ck_assert_uint_eq(table_line(t, 2), 6);
  table_close(t);
  arena_free(a);
  unlink(path);
}
END_TEST

START_TEST(test_table_header_alone) {
  Arena *a = arena_new();
  Table *t;
  ck_assert_int_eq(table_open(a, write_file(".csv", "x,y", 3), &t), STATUS_OK);
  ck_assert_int_eq(table_read(t), STATUS_OK);
  ck_assert_uint_eq(t->ncolumns, 2);
  ck_assert_uint_eq(t->rows, 0);
  table_close(t);
  arena_free(a);
  unlink(path);
}
END_TEST

// Whatever the bytes, a table is read or rejected.
START_TEST(test_table_any_bytes) {
  const char alphabet[] = "1,,\"\"\n\r .x\0\xEF\xBB\xBF-";
  unsigned state = 12345;
  ck_assert(freopen("/dev/null", "w", stderr) != NULL); // the complaints
  for (int round = 0; round < 1500; round++) {
    char text[48];
    size_t length = (size_t)round % sizeof text;
    for (size_t i = 0; i < length; i++) {
      state = state * 1664525u + 1013904223u;
      text[i] = alphabet[(state >> 16) % (sizeof alphabet - 1)];
    }
    Arena *a = arena_new();
    Table *t;
    if (!table_open(a, write_file(".csv", text, length), &t)) {
      for (size_t k = 0; k < t->ncolumns; k++) t->columns[k].wanted = true;
      if (!table_read(t))
        for (size_t row = 0; row < t->rows; row++) ck_assert_uint_le(table_line(t, row), length);
      table_close(t);
    }
    arena_free(a);
  }
  unlink(path);
}
END_TEST

// ---- JSON ----

START_TEST(test_json) {
  Arena *a = arena_new();
  const char text[] = "{\"a\": 0.1, \"b\": [[1, 2, 3], [4, 5, \"-inf\"]], \"c\": [], \"d\": [[], []], \"e\": \"x\"}";
  JsonFile f;
  ck_assert_int_eq(json_open(a, write_file(".json", text, sizeof text - 1), &f), STATUS_OK);
  ck_assert_uint_eq(f.count, 5);
  JsonArray j;
  ck_assert_int_eq(json_read(a, &f, "a", &j), STATUS_OK);
  ck_assert(j.rank == 0 && j.count == 1 && j.values[0] == 0.1);
  ck_assert_int_eq(json_read(a, &f, "b", &j), STATUS_OK);
  ck_assert(j.rank == 2 && j.extent[0] == 2 && j.extent[1] == 3 && j.count == 6);
  ck_assert(j.values[3] == 4 && j.values[5] == -(double)INFINITY);
  ck_assert_int_eq(json_read(a, &f, "c", &j), STATUS_OK);
  ck_assert(j.rank == 1 && j.extent[0] == 0 && j.extent[1] == -1 && j.count == 0);
  ck_assert_int_eq(json_read(a, &f, "d", &j), STATUS_OK);
  ck_assert(j.rank == 2 && j.extent[0] == 2 && j.extent[1] == 0 && j.count == 0);
  ck_assert_int_eq(json_read(a, &f, "e", &j), STATUS_REJECTED);
  json_close(&f);
  arena_free(a);
  unlink(path);
}
END_TEST

START_TEST(test_json_prints_all_digits) {
  Text t;
  text_init(&t);
  const double values[] = {0.1, 1.0 / 3, -(double)INFINITY, (double)NAN, 5e-324, 1e22};
  const int64_t extent[] = {2, 3};
  json_put_array(&t, (ArrayView){MDL_DOUBLE, values, 2, extent}, 0);
  ck_assert_str_eq(t.s, "[\n [0.1, 0.3333333333333333, \"-inf\"],\n [\"nan\", 4.94065645841247e-324, 1e+22]]");
  text_clear(&t);
  const float singles[] = {0.1f};
  json_put_array(&t, (ArrayView){MDL_FLOAT, singles, 0, extent}, 0);
  ck_assert_str_eq(t.s, "0.1");
  text_clear(&t);
  json_put_string(&t, "a\"b\\c\n");
  ck_assert_str_eq(t.s, "\"a\\\"b\\\\c\\u000a\"");
  text_free(&t);
}
END_TEST

// ---- dimensions ----

START_TEST(test_infer) {
  Arena *a = arena_new();
  Dims *d = dims_new(a);
  int n = dims_add(d, "n", DIM_BATCH, 0), m = dims_add(d, "m", DIM_CALL, 0), k = dims_add(d, "k", DIM_FIXED, 4);
  Model model = {.arena = a, .dims = d};
  const Poly *pn = poly_dim(d, n), *pm = poly_dim(d, m), *pk = poly_dim(d, k), *one = poly_int(d, 1);
  const Poly *triangle = poly_div(d, poly_mul(d, pm, poly_sub(d, pm, one)), poly_int(d, 2));
  const DimFact facts[] = {{triangle, 10, "l", 1, "l.json: l"},
                           {poly_add(d, poly_mul(d, pk, pn), one), 13, "x", 0, "x.json: x"},
                           {pk, 4, "y", 0, "y.json: y"}};
  KnownDims known = infer_begin(a, &model);
  ck_assert_int_eq(infer_dims(a, &model, facts, 3, &known), STATUS_OK);
  ck_assert_int_eq(known.values[m], 5);
  ck_assert_int_eq(known.values[n], 3);
  ck_assert_str_eq(known.from[n], "x.json: x");

  ck_assert(freopen("/dev/null", "w", stderr) != NULL); // the complaints
  const DimFact wrong[] = {{poly_add(d, poly_mul(d, pk, pn), one), 12, "x", 0, "x.json: x"}};
  known = infer_begin(a, &model);
  ck_assert_int_eq(infer_dims(a, &model, wrong, 1, &known), STATUS_REJECTED);
  const DimFact two[] = {{pn, 3, "x", 0, "a.csv"}, {pn, 4, "y", 0, "b.csv"}};
  known = infer_begin(a, &model);
  ck_assert_int_eq(infer_dims(a, &model, two, 2, &known), STATUS_REJECTED);
  arena_free(a);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("data");
  TCase *tests = tcase_create("data");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, test_numbers);
  tcase_add_test(tests, test_table);
  tcase_add_test(tests, test_table_header_alone);
  tcase_add_test(tests, test_table_any_bytes);
  tcase_add_test(tests, test_json);
  tcase_add_test(tests, test_json_prints_all_digits);
  tcase_add_test(tests, test_infer);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
