// test_interp_loops.c - the interpreter on loops: recurrences whose values are known in closed form.
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/text.h"
#include "interp/interp.h"

static Arena *arena;
static InterpError error;

static void setup(void) {
  arena = arena_new();
  error = (InterpError){0};
}

static void teardown(void) {
  arena_free(arena);
}

static Model *parse(const char *text) {
  Source *source = arena_new_of(arena, Source);
  *source = (Source){"graph", arena_strdup(arena, text), strlen(text)};
  Diags diags;
  diags_init(&diags, arena);
  Model *m = graph_parse(arena, &diags, source);
  Text t;
  text_init(&t);
  if (!m) diags_print(&diags, &t, false);
  if (!m || !graph_verify(m, m->graph, &t)) ck_abort_msg("%s", t.s);
  text_free(&t);
  return m;
}

// The first root's array, or null after an error.  The one parameter, if any, is a scalar.
static const Array *run(const Model *m, NumberKind kind, Number x) {
  const Array param = {.count = 1, .number = &x};
  const int64_t dims[8] = {0};
  const InterpInput input = {.kind = kind, .dims = dims, .param = &param};
  Array *values = arena_array(arena, Array, m->graph->count);
  return interp_run(arena, m, m->graph, &input, values, &error) ? &values[m->graph->roots[0].node->id] : NULL;
}

static const Array *good(const Model *m, NumberKind kind, Number x) {
  const Array *v = run(m, kind, x);
  ck_assert_msg(v != NULL, "%s", error.text);
  return v;
}

#define X "param x\ninput x = param 0\n"

static const char power[] = "dim T = 5\n" X "carry h[t:T + 1] along t from s = 1.0\nnode s[t:T] = h[t] * x\n"
                            "node y = h[T]\nroot loss = y\n";

START_TEST(test_kinds) {
  static const struct {
    NumberKind kind;
    Number x, y;
  } rows[] = {{NUMBER_REAL, {2, 7}, {32, 0}},
              {NUMBER_DUAL, {2, 1}, {32, 80}},
              {NUMBER_COMPLEX, {0, 1}, {0, 1}},
              {NUMBER_COMPLEX, {1, 1}, {-4, -4}},
              {NUMBER_MAGNITUDE, {-2, 0}, {-32, 32}}};
  const Model *m = parse(power);
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const Number y = good(m, rows[k].kind, rows[k].x)->number[0];
    ck_assert_msg(y.a == rows[k].y.a && y.b == rows[k].y.b, "row %zu: %g, %g", k, y.a, y.b);
  }
}
END_TEST

// What cancels in a loop keeps its magnitude.
START_TEST(test_magnitude) {
  const Model *m = parse("dim T = 4\n" X "carry h[t:T + 1] along t from s = x\n"
                         "node s[t:T] = h[t] + (if t % 2 == 0 then -3.0 else 3.0)\nnode y = h[T]\nroot loss = y\n");
  const Number y = good(m, NUMBER_MAGNITUDE, (Number){1, 0})->number[0];
  ck_assert(y.a == 1 && y.b == 13);
}
END_TEST

// Reals of the first root, at x = 2.
static const struct Case {
  const char *text;
  int count;
  double y[16];
} cases[] = {
    // the states and the yields of a recurrence
    {"dim T = 4\n" X "carry h[t:T + 1] along t from s = 1.0\nnode s[t:T] = x * h[t] + real(t)\nroot named h = h\n",
     5,
     {1, 2, 5, 12, 27}},
    {"dim T = 4\n" X "carry h[t:T + 1] along t from s = 1.0\nnode s[t:T] = x * h[t] + real(t)\n"
     "node y[t:T] = 10.0 * s[t]\nroot named y = y\n",
     4,
     {20, 50, 120, 270}},
    // backwards
    {"dim T = 4\n" X "carry h[t:T + 1] back along t from s = 1.0\nnode s[t:T] = x * h[t + 1] + real(t)\n"
     "root named h = h\n",
     5,
     {50, 25, 12, 5, 1}},
    // Fibonacci: two states, both read before either is replaced; integers
    {"dim T = 10\ncarry a[t:T + 1] along t from a_s = 0\ncarry b[t:T + 1] along t from b_s = 1\n"
     "node a_s[t:T] = b[t]\nnode b_s[t:T] = a[t] + b[t]\nnode y = real(a[T])\nroot loss = y\n",
     1,
     {55}},
    // no step: the start
    {"dim T = 0\n" X "carry h[t:T + 1] along t from s = x\nnode s[t:T] = 0.0 * h[t]\nnode y = h[T]\nroot loss = y\n",
     1,
     {2}},
    {"dim T = 0\n" X "carry h[t:T + 1] back along t from s = x\nnode s[t:T] = 0.0 * h[t + 1]\nnode y = h[0]\n"
     "root loss = y\n",
     1,
     {2}},
    // an array as the state: row t + 1 of Pascal's triangle from row t; rows of length 5
    {"dim T = 4\ncarry p[t:T + 1, i:T + 1] along t from s = if i == 0 then 1.0 else 0.0\n"
     "node s[t:T, i:T + 1] = p[t, i] + (if i > 0 then p[t, i - 1] else 0.0)\n"
     "node y[i:T + 1] = p[T, i]\nroot named y = y\n",
     5,
     {1, 4, 6, 4, 1}},
    // a reduction within the step: each is the sum of all before it
    {"dim T = 4\ncarry p[t:T + 1, i:T + 1] along t from s = if i == 0 then 1.0 else 0.0\n"
     "node z[t:T] = sum[i:T + 1 if i <= t](p[t, i])\n"
     "node s[t:T, i:T + 1] = if i == t + 1 then z[t] else p[t, i]\n"
     "node y[i:T + 1] = p[T, i]\nroot named y = y\n",
     5,
     {1, 1, 2, 4, 8}},
    // a loop in a loop: (2^3)^(t + 1) c; the inner one starts from the outer state
    {"dim T = 3\ndim S = 3\n" X "carry c[t:T + 1] along t from c_s = 1.0\n"
     "carry d[t:T, s:S + 1] along s from d_s = c[t]\nnode d_s[t:T, s:S] = x * d[t, s]\n"
     "node c_s[t:T] = d[t, S]\nroot named c = c\n",
     4,
     {1, 8, 64, 512}},
    // forward within backward, over a mapped index: c starts at i + 1; each outer step adds 1 + 2 + … + t
    {"dim n = 3\ndim T = 4\ncarry c[i:n, t:T + 1] back along t from c_s = real(i) + 1.0\n"
     "carry d[i:n, t:T, s:T + 1] along s from d_s = c[i, t + 1]\n"
     "node d_s[i:n, t:T, s:T] = if s < t then d[i, t, s] + real(s) + 1.0 else d[i, t, s]\n"
     "node c_s[i:n, t:T] = d[i, t, T]\nnode y[i:n] = c[i, 0]\nroot named y = y\n",
     3,
     {11, 12, 13}},
    // two inner loops, the second along its own first index
    {"dim T = 2\ndim S = 2\n" X "carry c[t:T + 1] along t from c_s = 1.0\n"
     "carry d[s:S + 1, t:T] along s from d_s = c[t]\nnode d_s[s:S, t:T] = d[s, t] + x\n"
     "carry e[t:T, s:S + 1] back along s from e_s = d[S, t]\nnode e_s[t:T, s:S] = e[t, s + 1] * x\n"
     "node c_s[t:T] = e[t, 0]\nroot named c = c\n",
     3,
     {1, 20, 96}},
    // a carry of a step that takes what the step has without it
    {"dim T = 2\ndim S = 3\ncarry c[t:T + 1] along t from c_s = 1.0\nnode z[t:T, s:S] = c[t] * real(s)\n"
     "carry d[t:T, s:S + 1] along s from z = c[t]\n"
     "node c_s[t:T] = sum[s:S + 1](d[t, s])\nroot named c = c\n",
     3,
     {1, 4, 16}},
    // in place: the factor of a matrix, {4, 2, 2; 2, 5, 3; 2, 3, 6} = L L'
    {"dim n = 3\nnode A[i:n, k:n] = if i == k then real(i) + 4.0 else if i + k == 3 then 3.0 else 2.0\n"
     "carry L[j:n + 1, i:n, k:n] along j from L_s = 0.0\n"
     "node v[j:n, i:n] = sum[k:n if k < j](L[j, i, k] * L[j, j, k])\n"
     "scatter L_s[j:n, i:n, k:n] = L[j, i, k] then [j_2:n, i_2:n if i_2 >= j_2] (j_2, i_2, j_2) = "
     "(A[i_2, j_2] - v[j_2, i_2]) / sqrt(A[j_2, j_2] - v[j_2, j_2])\n"
     "node y[i:n, k:n] = L[n, i, k]\nroot named y = y\n",
     9,
     {2, 0, 0, 1, 2, 0, 1, 1, 2}},
    // in place, added to, several times the same entry; what is not touched stays
    {"dim T = 3\n" X "carry h[t:T + 1, i:T] along t from s = x\n"
     "scatter s[t:T, i:T] = h[t, i] then [t_2:T, k:T if k <= t_2] (t_2, t_2) += h[t_2, k]\nroot named h = h\n",
     12,
     {2, 2, 2, 4, 2, 2, 4, 8, 2, 4, 8, 16}},
    // an added scatter without a base, in a step; integers
    {"dim T = 3\ncarry h[t:T + 1, i:T] along t from s = 1\n"
     "scatter s[T, T] = [t:T, k:T] (t, (k + 1) % 2) += h[t, k]\nnode y[i:T] = real(h[T, i])\nroot named y = y\n",
     3,
     {1, 2, 0}},
    // Newton's square root of 2 under a bound
    {"dim N = 20\n" X "carry r[k:N + 1] along k from r_s while go = 1.0\n"
     "node go[k:N] = abs(r[k] * r[k] - x) > 1e-12\n"
     "node better[k:N] = if go[k] then 0.5 * (r[k] + x / r[k]) else 0.0\n"
     "node r_s[k:N] = if go[k] then better[k] else r[k]\n"
     "node y[k:3] = if k == 0 then r[N] * r[N] else better[k + 17]\nroot named y = y\n",
     3,
     {2, 0, 0}},
    // what one loop leaves is what the next one runs over
    {"dim T = 3\ncarry a[t:T + 1] along t from a_s = 0.0\nnode a_s[t:T] = a[t] + 1.0\n"
     "carry b[t:T + 1] back along t from b_s = 0.0\nnode b_s[t:T] = b[t + 1] + a_s[t]\nroot named b = b\n",
     4,
     {6, 5, 3, 0}},
};

START_TEST(test_values) {
  const struct Case *c = &cases[_i];
  const Array *v = good(parse(c->text), NUMBER_REAL, (Number){2, 0});
  ck_assert_uint_eq(v->count, (size_t)c->count);
  for (int k = 0; k < c->count; k++) {
    ck_assert_msg(fabs(v->number[k].a - c->y[k]) < 1e-12, "entry %d: %.17g, not %g", k, v->number[k].a, c->y[k]);
  }
}
END_TEST

// d/dx sqrt x through all steps of Newton's method; with complex step too.
START_TEST(test_newton_slope) {
  const Model *m = parse("dim N = 20\n" X "carry r[k:N + 1] along k from r_s while go = 1.0\n"
                         "node go[k:N] = abs(r[k] * r[k] - x) > 1e-9\n"
                         "node r_s[k:N] = if go[k] then 0.5 * (r[k] + x / r[k]) else r[k]\n"
                         "node y = r[N]\nroot loss = y\n");
  ck_assert(fabs(good(m, NUMBER_DUAL, (Number){2, 1})->number[0].b - 0.5 / sqrt(2)) < 1e-10);
  ck_assert(fabs(good(m, NUMBER_COMPLEX, (Number){2, 1e-100})->number[0].b / 1e-100 - 0.5 / sqrt(2)) < 1e-10);
}
END_TEST

START_TEST(test_only_what_is_needed) {
  const Model *m = parse("dim T = 3\n" X "carry h[t:T + 1] along t from s = x\nnode s[t:T] = h[t] / real(7 // (t - 1))\n"
                         "node y = 2.0 * x\nroot loss = y\n");
  ck_assert(good(m, NUMBER_REAL, (Number){2, 0})->number[0].a == 4);
}
END_TEST

START_TEST(test_errors) {
  static const struct {
    const char *text, *error;
  } rows[] = {
      {"dim T = 3\ncarry h[t:T + 1] along t from s = 0\nnode s[t:T] = h[t] + 7 // (t - 1)\nnode y = real(h[T])\n"
       "root loss = y\n",
       "s: a division by zero, at t = 1"},
      {"dim T = 3\ncarry h[t:T + 1, i:T] along t from s = 0.0\n"
       "scatter s[t:T, i:T] = h[t, i] then [t_2:T] (t_2, 2 * t_2) = 1.0\nnode y = h[T, 0]\nroot loss = y\n",
       "s: s[t_2, 2 * t_2]: subscript 4 is not under 3, at t = 2, i = 0, t_2 = 2"},
      {"dim T = 3\ncarry h[t:T - 4] along t from s = 0.0\nnode s[t:T - 5] = h[t]\nnode y = h[0]\nroot loss = y\n",
       "h: the extent T - 4 is -1"},
      {"dim T = 100000\ncarry h[t:T + 1, i:T] along t from s = 0.0\nnode s[t:T, i:T] = h[t, i]\nnode y = h[0, 0]\n"
       "root loss = y\n",
       "h: the array is too large"},
  };
  ck_assert(!run(parse(rows[_i].text), NUMBER_REAL, (Number){0, 0}));
  ck_assert_str_eq(error.text, rows[_i].error);
}
END_TEST

int main(void) {
  Suite *s = suite_create("interp_loops");
  TCase *c = tcase_create("loops");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, test_kinds);
  tcase_add_test(c, test_magnitude);
  tcase_add_loop_test(c, test_values, 0, (int)(sizeof cases / sizeof *cases));
  tcase_add_test(c, test_newton_slope);
  tcase_add_test(c, test_only_what_is_needed);
  tcase_add_loop_test(c, test_errors, 0, 4);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
