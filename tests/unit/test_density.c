// test_density.c - log densities against values computed at high precision (tests/reference/densities.py), and the
// author's own derivatives of functions, to second order.
#include "check_run.h"

#include <math.h>

#include "derive/derive.h"
#include "interp/interp.h"

#define LIST(...)                                                                                                      \
  { __VA_ARGS__ }
static const struct {
  const char *text;
  double at[4], value, slope[4];
} densities[] = {
#define DENSITY(text, at, value, slope) {text, at, value, slope},
#include "../reference/densities.def"
#undef DENSITY
};

enum { PARAMS = 4, DENSITIES = sizeof densities / sizeof *densities };

// Values of all nodes of a graph of a model whose parameters are numbers.
static const Array *values_at(const Model *m, const Graph *g, NumberKind kind, const double *at, const double *along) {
  Array param[PARAMS] = {{.count = 1}};
  for (int p = 0; p < m->nparam; p++) {
    param[p] = (Array){.count = 1, .number = arena_array(m->arena, Number, 1)};
    param[p].number[0] = (Number){at[p], along ? along[p] : 0};
  }
  InterpInput input = {.kind = kind, .param = param, .seed = {1, 0}};
  InterpError error = {.node = NULL};
  Array *values = arena_array(m->arena, Array, g->count + 1);
  ck_assert_msg(interp_run(m->arena, m, g, &input, values, &error), "%s", error.text);
  return values;
}

static Number value_of(const Model *m, const Graph *g, RootRole role, int which, const double *at,
                       const double *along) {
  const Array *values = values_at(m, g, along ? NUMBER_DUAL : NUMBER_REAL, at, along);
  return values[graph_root(g, role, which)->node->id].number[0];
}

static bool near(double ours, double reference) {
  return fabs(ours - reference) <= 5e-13 * fabs(reference) + 1e-300;
}

START_TEST(densities_have_their_values_and_derivatives) {
  const char *text = densities[_i].text;
  Run r;
  Arena *a = arena_new();
  run(&r, arena_printf(a, "param a, b, c, d\nloss %s\n", text));
  is_right(&r);
  const Graph *g = r.model->graph, *derived = derive_gradient(r.arena, g, true, NULL);
  const double *at = densities[_i].at;
  double value = value_of(r.model, g, ROOT_LOSS, 0, at, NULL).a;
  ck_assert_msg(near(value, densities[_i].value), "%s: %.17g, not %.17g", text, value, densities[_i].value);
  for (int p = 0; p < PARAMS; p++) {
    double slope = value_of(r.model, derived, ROOT_GRADIENT, p, at, NULL).a;
    ck_assert_msg(near(slope, densities[_i].slope[p]), "%s by %c: %.17g, not %.17g", text, "abcd"[p], slope,
                  densities[_i].slope[p]);
  }
  arena_free(r.arena);
  arena_free(a);
}
END_TEST

// ---- the edges of supports ----

static const struct {
  const char *text;
  double at[PARAMS], value;
} edges[] = {
    {"exponential.log(a, b)", {-0.5, 2}, -INFINITY},
    {"lognormal.log(a, b, c)", {0, 0, 1}, -INFINITY},
    {"lognormal.log(a, b, c)", {-1, 0, 1}, -INFINITY},
    {"bernoulli_logit.log(2, a)", {0.5}, -INFINITY},
    {"bernoulli_logit.log(0 - 1, a)", {0.5}, -INFINITY},
    {"student_t.log(a, b, c, d)", {1, 1e-100, 0, 1}, -230.95165647996451},
    {"gamma.log(a, b, c)", {-1, 2, 0.5}, -INFINITY},
    {"gamma.log(a, b, c)", {0, 1, 1}, 0},
    {"beta.log(a, b, c)", {-1, 2, 0.5}, -INFINITY},
    {"beta.log(a, b, c)", {1.5, 2, 0.5}, -INFINITY},
    {"beta.log(a, b, c)", {0, 1, 1}, 0},
    {"beta.log(a, b, c)", {1, 1, 1}, 0},
    {"binomial_logit.log(4, 3, a)", {0.5}, -INFINITY},
    {"binomial_logit.log(0 - 1, 3, a)", {0.5}, -INFINITY},
    {"poisson_log.log(0 - 1, a)", {0.5}, -INFINITY},
};

START_TEST(densities_vanish_outside_their_support) {
  Run r;
  Arena *a = arena_new();
  run(&r, arena_printf(a, "param a, b, c, d\nloss %s\n", edges[_i].text));
  is_right(&r);
  const Graph *derived = derive_gradient(r.arena, r.model->graph, true, NULL);
  double value = value_of(r.model, derived, ROOT_LOSS, 0, edges[_i].at, NULL).a;
  ck_assert_msg(value == edges[_i].value || near(value, edges[_i].value), "%s: %.17g", edges[_i].text, value);
  for (int p = 0; p < PARAMS; p++)
    ck_assert_msg(!isnan(value_of(r.model, derived, ROOT_GRADIENT, p, edges[_i].at, NULL).a), "%s by %c",
                  edges[_i].text, "abcd"[p]);
  arena_free(r.arena);
  arena_free(a);
}
END_TEST

// ---- authors' own derivatives ----

// Each gives a derivative that is not that of its value, so that nobody can mistake one for the other.
static const struct {
  const char *text;
  double at[PARAMS], value, slope[PARAMS], second[PARAMS][PARAMS];
} own[] = {
    {"def f(x) = x^3 with d/dx = 5 * x^2\nloss f(a)", {2}, 8, {20}, {{20}}},
    {"def f(x) = x^3 with d/dx = 5 * x^2\nloss f(a * b)", {2, 0.5}, 1, {2.5, 10}, {{2.5, 15}, {15, 40}}},
    {"def f(x) = floor(x) with d/dx = 1\nloss f(a)^2", {2.5}, 4, {4}, {{2}}},
    {"def f(x) = -0.0 * x with d/dx = inf\nloss f(stop(a))", {1}, -0.0, {0}, {{0}}},
    {"def f(x, y) = x * y with d/dx = 3 * y, d/dy = x * y\nloss f(a, b)", {2, 5}, 10, {15, 10}, {{0, 3}, {5, 2}}},
    {"def f(x, n) = x^n with d/dx = 2 * n * x\nloss f(a, 3)", {2}, 8, {12}, {{6}}},
    {"def f(x[k]) = sum(x * x) with d/dx = 3 * x\nloss f([a, b])", {2, 5}, 29, {6, 15}, {{3, 0}, {0, 3}}},
    {"def f(x[k]) { s = 2 * x; return s } with d/dx = eye[k]\nloss sum(f([a, b]) * [1, 10])",
     {2, 5},
     104,
     {1, 10},
     {{0}}},
    {"def g(x) = 5 * x^2 with d/dx = 7\ndef f(x) = x^3 with d/dx = g(x)\nloss f(a)", {2}, 8, {20}, {{7}}},
    {"def f(x) = x^3 with d/dx = 5 * x^2\nloss sum(f([a, b]))", {2, 1}, 9, {20, 5}, {{20, 0}, {0, 10}}},
};

START_TEST(authors_derivatives_are_taken_for_what_they_are) {
  Run r;
  Arena *a = arena_new();
  run(&r, arena_printf(a, "param a, b, c, d\n%s\n", own[_i].text));
  is_right(&r);
  const Model *m = r.model;
  const Graph *derived = derive_gradient(r.arena, m->graph, true, NULL);
  double value = value_of(m, m->graph, ROOT_LOSS, 0, own[_i].at, NULL).a;
  ck_assert_msg(value == own[_i].value && signbit(value) == signbit(own[_i].value), "%s: %g", own[_i].text, value);
  for (int p = 0; p < PARAMS; p++) {
    double along[PARAMS] = {0};
    along[p] = 1;
    ck_assert_double_eq_tol(value_of(m, derived, ROOT_GRADIENT, p, own[_i].at, NULL).a, own[_i].slope[p], 1e-14);
    ck_assert_double_eq_tol(value_of(m, m->graph, ROOT_LOSS, 0, own[_i].at, along).b, own[_i].slope[p], 1e-14);
    for (int q = 0; q < PARAMS; q++)
      ck_assert_msg(fabs(value_of(m, derived, ROOT_GRADIENT, q, own[_i].at, along).b - own[_i].second[q][p]) < 1e-14,
                    "%s: second derivative %d %d", own[_i].text, q, p);
  }
  arena_free(r.arena);
  arena_free(a);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("densities");
  tcase_add_loop_test(c, densities_have_their_values_and_derivatives, 0, DENSITIES);
  tcase_add_loop_test(c, densities_vanish_outside_their_support, 0, sizeof edges / sizeof *edges);
  tcase_add_loop_test(c, authors_derivatives_are_taken_for_what_they_are, 0, sizeof own / sizeof *own);
  return run_suite(c, "density");
}
