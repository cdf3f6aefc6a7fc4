// test_interp.c - the interpreter: nodes by their definition, laziness, errors, the constant folder.
#include "interp/interp.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mdl/random.h"

// ---- a graph under construction; each test starts from a fresh one ----

static Arena *arena;
static Dims *dims;
static Graph *graph;
static int64_t dim_values[8];
static Array data[8], params[8];
static Array *values;
static InterpError error;

static void setup(void) {
  arena = arena_new();
  dims = dims_new(arena);
  graph = graph_new(arena, dims, "test");
  memset(dim_values, 0, sizeof dim_values);
  memset(data, 0, sizeof data);
  memset(params, 0, sizeof params);
  error = (InterpError){0};
}

static void teardown(void) {
  arena_free(arena);
}

static const Poly *dim(const char *name, int64_t value) {
  const int k = dims_add(dims, name, DIM_CALL, 0);
  dim_values[k] = value;
  return poly_dim(dims, k);
}

static Index range(const char *name, const Poly *extent) {
  return (Index){name, extent};
}

static Index range_to(const char *name, int64_t extent) {
  return range(name, poly_int(dims, extent));
}

static const Node *add(Node n) {
  return graph_add(graph, &n);
}

static Array of_length(int64_t count) {
  Array a = {.rank = 1, .extent = arena_array(arena, int64_t, 1), .count = (size_t)count};
  a.extent[0] = count;
  return a;
}

static const Node *real_param(const char *name, int which, int64_t count, const Number *x) {
  Array *array = &params[which];
  *array = of_length(count);
  array->number = arena_array(arena, Number, array->count);
  for (int64_t k = 0; k < count; k++) params[which].number[k] = x[k];
  const Index i = range_to("i", count);
  return add((Node){.kind = NODE_PARAM, .name = name, .which = which, .type = TYPE_REAL, .nout = 1, .index = &i});
}

static const Node *integer_data(const char *name, int which, int64_t count, const int64_t *x) {
  Array *array = &data[which];
  *array = of_length(count);
  array->integer = arena_array(arena, int64_t, array->count);
  for (int64_t k = 0; k < count; k++) data[which].integer[k] = x[k];
  const Index i = range_to("i", count);
  return add((Node){.kind = NODE_DATA, .name = name, .which = which, .type = TYPE_INT, .nout = 1, .index = &i});
}

// name[i:count] = e
static const Node *vector(const char *name, int64_t count, const Expr *e) {
  const Index i = range_to("i", count);
  return add((Node){.kind = NODE_COMP, .name = name, .type = e->type, .nout = 1, .index = &i, .expr = e});
}

// name = reduce[j:count if guard] e
static const Node *reduced(const char *name, Reduce reduce, int64_t count, const Expr *guard, const Expr *e) {
  const Index j = range_to("j", count);
  return add((Node){.kind = NODE_COMP,
                    .name = name,
                    .type = reduce == REDUCE_ARGMAX ? TYPE_INT : e->type,
                    .nred = 1,
                    .index = &j,
                    .reduce = reduce,
                    .guard = guard,
                    .expr = e});
}

static const Node *scalar(const char *name, const Expr *e) {
  return add((Node){.kind = NODE_COMP, .name = name, .type = e->type, .expr = e});
}

static const Expr *read1(const Node *n, const Expr *sub) {
  return expr_read(graph, n, &sub);
}

static const Expr *entry(const Node *n, int64_t k) {
  return read1(n, expr_int(graph, k));
}

static const Expr *real(double x) {
  return expr_real(graph, x);
}

static const Expr *integer(int64_t n) {
  return expr_int(graph, n);
}

static const Expr *op1(Prim p, const Expr *x) {
  return expr_prim1(graph, p, x);
}

static const Expr *op2(Prim p, const Expr *x, const Expr *y) {
  return expr_prim2(graph, p, x, y);
}

static const Expr *at(int position) {
  return expr_index(graph, position);
}

static bool run_seeded(NumberKind kind, const Node *root, uint64_t random_seed) {
  static const Model nothing;
  const InterpInput input = {
      .kind = kind, .dims = dim_values, .data = data, .param = params, .seed = {2, 0}, .random_seed = random_seed};
  graph->nroots = 0;
  graph_add_root(graph, ROOT_NAMED, root->name, 0, root);
  values = arena_array(arena, Array, graph->count);
  return interp_run(arena, &nothing, graph, &input, values, &error);
}

static const Array *run(NumberKind kind, const Node *root) {
  const bool ok = run_seeded(kind, root, 0);
  ck_assert_msg(ok, "%s", error.text);
  return &values[root->id];
}

static void fails(const Node *root, const char *text) {
  ck_assert(!run_seeded(NUMBER_REAL, root, 0));
  ck_assert_str_eq(error.text, text);
  ck_assert_ptr_eq(error.node, root);
}

static bool same(double x, double y) {
  return isnan(x) ? isnan(y) != 0 : x == y;
}

// A scalar root.
static void gives(NumberKind kind, const Node *root, double a, double b) {
  const Array *v = run(kind, root);
  ck_assert_uint_eq(v->count, 1);
  ck_assert_msg(same(v->number->a, a) && same(v->number->b, b), "%s: (%.17g, %.17g), not (%.17g, %.17g)", root->name,
                v->number->a, v->number->b, a, b);
}

static void gives_integer(const Node *root, int64_t n) {
  ck_assert_int_eq(run(NUMBER_REAL, root)->integer[0], n);
}

// ---- reductions ----

static const Number four[] = {{3, 1}, {5, 2}, {-2, 4}, {5, 8}};

START_TEST(test_sum_and_product) {
  const Node *x = real_param("x", 0, 4, four);
  const Expr *e = read1(x, at(0));
  const Node *sum = reduced("sum", REDUCE_SUM, 4, NULL, e), *prod = reduced("prod", REDUCE_PROD, 4, NULL, e);
  gives(NUMBER_REAL, sum, 11, 0);
  gives(NUMBER_DUAL, sum, 11, 15);
  gives(NUMBER_COMPLEX, sum, 11, 15);
  gives(NUMBER_MAGNITUDE, sum, 11, 15);
  gives(NUMBER_REAL, prod, -150, 0);
  gives(NUMBER_DUAL, prod, -150, -50 - 60 + 300 - 240);
  gives(NUMBER_MAGNITUDE, prod, -150, 150);
}
END_TEST

START_TEST(test_ties_share) {
  const Node *x = real_param("x", 0, 4, four);
  const Expr *e = read1(x, at(0));
  const Node *max = reduced("largest", REDUCE_MAX, 4, NULL, e), *min = reduced("smallest", REDUCE_MIN, 4, NULL, e);
  gives(NUMBER_DUAL, max, 5, 5);
  gives(NUMBER_COMPLEX, max, 5, 5);
  gives(NUMBER_DUAL, min, -2, 4);
  gives_integer(reduced("arg", REDUCE_ARGMAX, 4, NULL, e), 1);
}
END_TEST

START_TEST(test_nan_wins) {
  const Number nan_inside[] = {{3, 1}, {NAN, 2}, {7, 4}};
  const Node *x = real_param("x", 0, 3, nan_inside);
  const Expr *e = read1(x, at(0));
  gives(NUMBER_REAL, reduced("largest", REDUCE_MAX, 3, NULL, e), NAN, 0);
  gives(NUMBER_REAL, reduced("smallest", REDUCE_MIN, 3, NULL, e), NAN, 0);
  gives(NUMBER_REAL, reduced("lse", REDUCE_LOGSUMEXP, 3, NULL, e), NAN, 0);
}
END_TEST

START_TEST(test_empty) {
  static const struct {
    Reduce reduce;
    double value;
  } rows[] = {{REDUCE_SUM, 0},
              {REDUCE_PROD, 1},
              {REDUCE_MAX, -INFINITY},
              {REDUCE_MIN, INFINITY},
              {REDUCE_LOGSUMEXP, -INFINITY}};
  const Node *x = real_param("x", 0, 4, four);
  const Expr *e = read1(x, at(0)), *never = expr_bool(graph, false);
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    gives(NUMBER_DUAL, reduced("none", rows[k].reduce, 0, NULL, e), rows[k].value, 0);
    gives(NUMBER_DUAL, reduced("guarded", rows[k].reduce, 4, never, e), rows[k].value, 0);
    gives(NUMBER_COMPLEX, reduced("complex", rows[k].reduce, 0, NULL, e), rows[k].value, 0);
  }
  gives_integer(reduced("count", REDUCE_SUM, 0, NULL, at(0)), 0);
  gives_integer(reduced("first", REDUCE_ARGMAX, 0, NULL, e), 0);
  ck_assert_uint_eq(run(NUMBER_REAL, vector("nothing", 0, entry(x, 9)))->count, 0);
}
END_TEST

START_TEST(test_guards) {
  const Node *x = real_param("x", 0, 4, four);
  // Only where the guard holds is x[j + 2] read.
  const Expr *inside = op2(PRIM_LT, at(0), integer(2)), *shifted = read1(x, op2(PRIM_ADD, at(0), integer(2)));
  gives(NUMBER_DUAL, reduced("sum", REDUCE_SUM, 4, inside, shifted), 3, 12);
  gives(NUMBER_DUAL, reduced("lse_like", REDUCE_MAX, 4, inside, shifted), 5, 8);
  gives_integer(reduced("arg", REDUCE_ARGMAX, 4, op2(PRIM_NE, at(0), integer(1)), read1(x, at(0))), 3);
  const Index i = range_to("i", 4);
  const Node *masked = add((Node){.kind = NODE_COMP,
                                  .name = "masked",
                                  .type = TYPE_REAL,
                                  .nout = 1,
                                  .index = &i,
                                  .guard = inside,
                                  .expr = shifted});
  const Array *v = run(NUMBER_REAL, masked);
  ck_assert(v->number[0].a == -2 && v->number[1].a == 5 && v->number[2].a == 0 && v->number[3].a == 0);
}
END_TEST

START_TEST(test_logsumexp) {
  const Number large[] = {{1000, 1}, {1000, 3}, {-INFINITY, 5}}, gone[] = {{-INFINITY, 1}, {-INFINITY, 2}};
  const Node *x = real_param("x", 0, 3, large), *y = real_param("y", 1, 2, gone);
  const Node *lse = reduced("lse", REDUCE_LOGSUMEXP, 3, NULL, read1(x, at(0)));
  gives(NUMBER_REAL, lse, 1000 + log(2), 0);
  gives(NUMBER_DUAL, lse, 1000 + log(2), 2);
  params[0].number[0].b = 1e-200;
  params[0].number[1].b = 3e-200;
  params[0].number[2].b = 5e-200;
  ck_assert_double_eq_tol(run(NUMBER_COMPLEX, lse)->number->b * 1e200, 2, 1e-14);
  const Node *none = reduced("none", REDUCE_LOGSUMEXP, 2, NULL, read1(y, at(0)));
  gives(NUMBER_DUAL, none, -INFINITY, 0);
  gives(NUMBER_COMPLEX, none, -INFINITY, 0);
}
END_TEST

START_TEST(test_order_and_several_indices) {
  const Poly *n = dim("n", 3), *m = dim("m", 2);
  // t[i] = sum[j:m, k:n if k <= i] (10 j + k) of integers
  const Index index[] = {range("i", n), range("j", m), range("k", n)};
  const Node *t = add((Node){.kind = NODE_COMP,
                             .name = "t",
                             .type = TYPE_INT,
                             .nout = 1,
                             .nred = 2,
                             .index = index,
                             .reduce = REDUCE_SUM,
                             .guard = op2(PRIM_LE, at(2), at(0)),
                             .expr = op2(PRIM_ADD, op2(PRIM_MUL, integer(10), at(1)), at(2))});
  const Array *v = run(NUMBER_REAL, t);
  ck_assert(v->integer[0] == 10 && v->integer[1] == 22 && v->integer[2] == 36);
  // A polynomial in the dimensions is an integer.
  gives_integer(scalar("p", expr_poly(graph, poly_mul(dims, n, poly_add(dims, m, poly_int(dims, 1))))), 9);
  // The order of a sum is that of its indices: what is small comes last and is lost.
  const Number order[] = {{1, 0}, {1e16, 0}, {-1e16, 0}};
  const Node *x = real_param("x", 0, 3, order);
  gives(NUMBER_REAL, reduced("lost", REDUCE_SUM, 3, NULL, read1(x, at(0))), 0, 0);
}
END_TEST

// ---- gathers, scatters, laziness ----

START_TEST(test_gather) {
  const int64_t token[] = {2, 0, 7};
  const Node *x = real_param("x", 0, 4, four), *g = integer_data("token", 0, 3, token);
  const Node *picked = vector("picked", 2, read1(x, read1(g, at(0))));
  const Array *v = run(NUMBER_DUAL, picked);
  ck_assert(v->number[0].a == -2 && v->number[0].b == 4 && v->number[1].a == 3 && v->number[1].b == 1);
  fails(vector("beyond", 3, read1(x, read1(g, at(0)))), "beyond: x[token[i]]: subscript 7 is not under 4, at i = 2");
  fails(vector("before", 2, read1(x, op2(PRIM_SUB, integer(0), at(0)))),
        "before: x[0 - i]: subscript -1 is negative, at i = 1");
}
END_TEST

static const Node *scatter(const char *name, int64_t size, int64_t count, const Expr *target, const Expr *guard,
                           const Expr *e) {
  const Index index[] = {range_to(NULL, size), range_to("q", count)};
  const Expr **targets = arena_array(arena, const Expr *, 1);
  targets[0] = target;
  return add((Node){.kind = NODE_SCATTER,
                    .name = name,
                    .type = TYPE_REAL,
                    .nout = 1,
                    .nred = 1,
                    .index = index,
                    .reduce = REDUCE_NONE,
                    .guard = guard,
                    .expr = e,
                    .target = targets});
}

START_TEST(test_scatter) {
  const int64_t token[] = {2, 0, 2, 9};
  const Node *x = real_param("x", 0, 4, four), *g = integer_data("token", 0, 4, token);
  const Expr *target = read1(g, at(1)), *e = read1(x, at(1));
  const Array *v = run(NUMBER_DUAL, scatter("d_E", 3, 4, target, op2(PRIM_LT, at(1), integer(3)), e));
  ck_assert_uint_eq(v->count, 3);
  ck_assert(v->number[0].a == 5 && v->number[1].a == 0 && v->number[2].a == 1 && v->number[2].b == 5);
  fails(scatter("d_F", 3, 4, target, NULL, e), "d_F: d_F[token[q]]: subscript 9 is not under 3, at q = 3");
}
END_TEST

START_TEST(test_lazy) {
  const Node *x = real_param("x", 0, 4, four);
  const Expr *far = entry(x, 99), *near = entry(x, 0), *yes = op2(PRIM_GT, near, real(0)),
             *no = op2(PRIM_LT, near, real(0));
  const Expr *bad = op2(PRIM_GT, far, real(0));
  gives(NUMBER_DUAL, scalar("then", expr_select(graph, yes, near, far)), 3, 1);
  gives(NUMBER_DUAL, scalar("else", expr_select(graph, no, far, near)), 3, 1);
  gives_integer(scalar("and", op2(PRIM_AND, no, bad)), 0);
  gives_integer(scalar("or", op2(PRIM_OR, yes, bad)), 1);
  fails(scalar("taken", expr_select(graph, yes, far, near)), "taken: x[99]: subscript 99 is not under 4");
  fails(scalar("asked", op2(PRIM_AND, yes, bad)), "asked: x[99]: subscript 99 is not under 4");
  // A side that reads entry by entry, shared by both sides and outside.
  const Expr *i = at(0), *mine = read1(x, i), *next = read1(x, op2(PRIM_ADD, i, integer(1)));
  const Expr *e = expr_select(graph, op2(PRIM_LT, i, integer(3)), op2(PRIM_SUB, next, mine), mine);
  const Array *v = run(NUMBER_REAL, vector("steps", 4, op2(PRIM_ADD, e, mine)));
  ck_assert(v->number[0].a == 5 && v->number[1].a == -2 && v->number[2].a == 5 && v->number[3].a == 10);
}
END_TEST

START_TEST(test_deep_and_shared) {
  const Number one = {1, 1};
  const Node *x = real_param("x", 0, 1, &one);
  // Without sharing 2^9000 additions, with recursion 9000 frames.
  const Expr *doubled = entry(x, 0), *chosen = entry(x, 0);
  for (int k = 0; k < 9000; k++) {
    doubled = op2(PRIM_MUL, op2(PRIM_SUB, op2(PRIM_ADD, doubled, doubled), doubled), real(1));
    if (!doubled) break;
    if (doubled->height > EXPR_HEIGHT_MAX - 10) break;
  }
  gives(NUMBER_DUAL, scalar("doubled", doubled), 1, 1);
  for (int k = 0; k < 3000; k++) {
    const Expr *more = op2(PRIM_ADD, chosen, real(1)), *less = op2(PRIM_SUB, chosen, real(1));
    chosen = expr_select(graph, op2(PRIM_LT, chosen, real(10)), more, less);
  }
  gives(NUMBER_DUAL, scalar("chosen", chosen), 9, 1);
}
END_TEST

START_TEST(test_only_what_is_needed) {
  const Node *x = real_param("x", 0, 4, four);
  const Node *wrong = scalar("wrong", entry(x, 4)), *right = scalar("right", entry(x, 3));
  gives(NUMBER_REAL, right, 5, 0);
  ck_assert_uint_eq(values[wrong->id].count, 0);
  ck_assert_ptr_null(values[wrong->id].number);
}
END_TEST

START_TEST(test_seed_and_random) {
  const Node *seed = add((Node){.kind = NODE_SEED, .name = "seed", .type = TYPE_REAL});
  gives(NUMBER_MAGNITUDE, scalar("twice", op2(PRIM_MUL, real(-2), expr_read(graph, seed, NULL))), -4, 4);
  const Node *normal = vector("normal", 3, op2(PRIM_RANDN, integer(5), at(0)));
  const Node *uniform = vector("uniform", 3, op2(PRIM_RANDU, integer(6), at(0)));
  ck_assert(run_seeded(NUMBER_DUAL, normal, 42));
  for (uint64_t k = 0; k < 3; k++) ck_assert(values[normal->id].number[k].a == mdl_random_normal(42, 5, k));
  ck_assert(run_seeded(NUMBER_DUAL, uniform, 43));
  for (uint64_t k = 0; k < 3; k++) ck_assert(values[uniform->id].number[k].a == mdl_random_uniform(43, 6, k));
}
END_TEST

// ---- integers ----

START_TEST(test_integers) {
  static const struct {
    Prim op;
    int64_t x, y, result;
  } rows[] = {
      {PRIM_FLOORDIV, 7, 2, 3},   {PRIM_FLOORDIV, -7, 2, -4}, {PRIM_FLOORDIV, 7, -2, -4},   {PRIM_FLOORDIV, -7, -2, 3},
      {PRIM_FLOORDIV, -6, 2, -3}, {PRIM_FLOORDIV, 5, -1, -5}, {PRIM_MOD, 7, 3, 1},          {PRIM_MOD, -7, 3, 2},
      {PRIM_MOD, 7, -3, -2},      {PRIM_MOD, -6, 3, 0},       {PRIM_MOD, INT64_MIN, -1, 0}, {PRIM_MAX, 3, 4, 4},
      {PRIM_MIN, 3, 4, 3},        {PRIM_EQ, 3, 3, 1},         {PRIM_GE, 2, 3, 0},           {PRIM_SUB, 2, 5, -3},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const int64_t pair[] = {rows[k].x, rows[k].y};
    const Node *v = integer_data("v", 0, 2, pair);
    gives_integer(scalar("r", op2(rows[k].op, entry(v, 0), entry(v, 1))), rows[k].result);
  }
  const int64_t limits[] = {INT64_MAX, INT64_MIN, 0, -1};
  const Node *v = integer_data("limits", 0, 4, limits);
  fails(scalar("by_zero", op2(PRIM_FLOORDIV, entry(v, 0), entry(v, 2))), "by_zero: a division by zero");
  fails(scalar("rest", op2(PRIM_MOD, entry(v, 0), entry(v, 2))), "rest: a division by zero");
  const char *fit = ": an integer does not fit in 64 bits";
  fails(scalar("a", op2(PRIM_MUL, entry(v, 0), entry(v, 1))), arena_printf(arena, "a%s", fit));
  fails(scalar("b", op1(PRIM_NEG, entry(v, 1))), arena_printf(arena, "b%s", fit));
  fails(scalar("c", op2(PRIM_FLOORDIV, entry(v, 1), entry(v, 3))), arena_printf(arena, "c%s", fit));
  fails(reduced("d", REDUCE_PROD, 2, NULL, read1(v, at(0))), arena_printf(arena, "d%s", fit));
  gives_integer(reduced("largest", REDUCE_MAX, 4, NULL, read1(v, at(0))), INT64_MAX);
  gives(NUMBER_DUAL, scalar("as_real", op1(PRIM_REAL, entry(v, 3))), -1, 0);
  gives_integer(scalar("not", op1(PRIM_NOT, op2(PRIM_LT, entry(v, 2), entry(v, 3)))), 1);
}
END_TEST

// ---- magnitudes ----

START_TEST(test_magnitude) {
  const Number residual[] = {{3, 0}, {-3, 0}};
  const Node *r = real_param("r", 0, 2, residual);
  const Expr *e = op2(PRIM_MUL, real(2), read1(r, at(0)));
  const Node *sum = reduced("sum", REDUCE_SUM, 2, NULL, e);
  gives(NUMBER_MAGNITUDE, sum, 0, 12);
  gives(NUMBER_MAGNITUDE, scalar("mean", op2(PRIM_DIV, expr_read(graph, sum, NULL), real(-2))), 0, 6);
  gives(NUMBER_MAGNITUDE, scalar("difference", op2(PRIM_SUB, entry(r, 0), entry(r, 0))), 0, 6);
  gives(NUMBER_MAGNITUDE, scalar("square", op2(PRIM_POWI, op2(PRIM_ADD, entry(r, 0), entry(r, 1)), integer(2))), 0,
        36 * DBL_EPSILON);
  gives(NUMBER_MAGNITUDE, scalar("times", op2(PRIM_MUL, expr_read(graph, sum, NULL), real(5))), 0, 60);
  gives(NUMBER_MAGNITUDE, scalar("afresh", op1(PRIM_EXP, op2(PRIM_ADD, entry(r, 0), entry(r, 1)))), 1, 1);
}
END_TEST

// ---- roundings ----

static Number with_rounding(const Node *n) {
  return run(NUMBER_ROUNDING, n)->number[0];
}

// What a sum of two terms leaves, in units of the last digit of the largest term.
static double lost(double x, double y) {
  const Number terms[] = {{x, 0}, {y, 0}};
  const Node *r = real_param("r", 0, 2, terms);
  const Number sum = with_rounding(scalar("sum", op2(PRIM_ADD, entry(r, 0), entry(r, 1))));
  ck_assert_double_eq(sum.a, x + y);
  return fabs(sum.b) / ROUNDING_GAIN / (DBL_EPSILON * fmax(fabs(x), fabs(y)));
}

START_TEST(test_rounding) {
  ck_assert_double_gt(lost(1e8, 1), 0.02);
  ck_assert_double_lt(lost(1e8, 1), 2);
  ck_assert_double_gt(lost(1e8, -1e8), 0.02); // also where they cancel to nothing
  ck_assert_double_lt(lost(1e8, -1e8), 2);
}
END_TEST

// A long chain of sums and products that do not cancel: a bound would be the product of all factors.
START_TEST(test_rounding_is_no_bound) {
  const Number x[] = {{0.75, 0}};
  const Node *r = real_param("r", 0, 1, x);
  const Expr *e = entry(r, 0);
  for (int k = 0; k < 20; k++) e = op2(PRIM_SUB, op2(PRIM_MUL, real(3), e), op2(PRIM_MUL, real(2), e));
  const Number chain = with_rounding(scalar("chain", e));
  ck_assert_double_eq_tol(chain.a, 0.75, 1e-12);
  ck_assert_double_gt(fabs(chain.b), 0);
  ck_assert_double_lt(fabs(chain.b) / ROUNDING_GAIN, 100 * DBL_EPSILON);
}
END_TEST

// It takes the value's branches, whatever the roundings: they never decide what is compared.
START_TEST(test_rounding_takes_no_other_branch) {
  const Number x[] = {{0.1, 0}, {0.2, 0}};
  const Node *r = real_param("r", 0, 2, x);
  const Expr *zero = op2(PRIM_SUB, entry(r, 0), entry(r, 0)), *sum = op2(PRIM_ADD, entry(r, 0), entry(r, 1));
  const Number above = with_rounding(scalar("above", expr_select(graph, op2(PRIM_GT, zero, real(0)), real(7), real(3))));
  ck_assert(above.a == 3 && above.b == 0);
  const Number step = with_rounding(scalar("step", op1(PRIM_FLOOR, op2(PRIM_DIV, sum, sum))));
  ck_assert(step.a == 1 && step.b == 0);
  ck_assert(with_rounding(scalar("sign", op1(PRIM_SIGN, zero))).b == 0);
  const Number most = with_rounding(scalar("most", op2(PRIM_MAX, op2(PRIM_MUL, real(9), zero), real(-1))));
  ck_assert_double_lt(fabs(most.b), 1e-10);
}
END_TEST

// ---- shapes and inputs ----

START_TEST(test_shapes) {
  const Poly *n = dim("n", 1), *three = poly_int(dims, 3);
  const Index negative = range("i", poly_sub(dims, n, three)),
              large = range("i", poly_mul(dims, n, poly_int(dims, 1000000)));
  const Index square[] = {large, large};
  fails(add((Node){.kind = NODE_COMP, .name = "t", .type = TYPE_REAL, .nout = 1, .index = &negative, .expr = real(1)}),
        "t: the extent n - 3 is -2");
  fails(add((Node){.kind = NODE_COMP, .name = "u", .type = TYPE_REAL, .nout = 2, .index = square, .expr = real(1)}),
        "u: the array is too large");
  const Node *x = real_param("x", 0, 4, four);
  params[0].extent[0] = 3;
  fails(x, "x: the values given have another shape than the dimensions say");
  params[0].rank = 0;
  fails(x, "x: the values given have another shape than the dimensions say");
  params[0].number = NULL;
  fails(x, "x: no values are given");
}
END_TEST

// The Hessian of an array within loops has more axes than any array of the language.
START_TEST(test_many_axes) {
  enum { AXES = 9, ALL = 1 << AXES };
  Index index[AXES];
  const Expr *digits = integer(0), *turned[AXES], *last[AXES];
  for (int k = 0; k < AXES; k++) {
    index[k] = range_to("i", 2);
    digits = op2(PRIM_ADD, op2(PRIM_MUL, digits, integer(2)), at(k));
    turned[k] = at(AXES - 1 - k);
    last[k] = integer(1);
  }
  const Node *x =
      add((Node){.kind = NODE_COMP, .name = "x", .type = TYPE_INT, .nout = AXES, .index = index, .expr = digits});
  const Node *y = add((Node){.kind = NODE_SCATTER,
                             .name = "y",
                             .type = TYPE_INT,
                             .nout = AXES,
                             .index = index,
                             .base = expr_read(graph, x, turned),
                             .target = last,
                             .expr = integer(7)});
  const Array *all = run(NUMBER_REAL, y);
  ck_assert_uint_eq(all->count, ALL);
  for (int e = 0; e < ALL; e++) {
    int backwards = 0;
    for (int k = 0; k < AXES; k++) backwards |= (e >> k & 1) << (AXES - 1 - k);
    ck_assert_int_eq(all->integer[e], backwards + (e == ALL - 1 ? 7 : 0));
  }
}
END_TEST

// ---- constants ----

START_TEST(test_constants) {
  double value = 0;
  const Expr *e = op2(PRIM_ADD, real(0.1), op1(PRIM_EXP, op1(PRIM_NEG, real(0.2))));
  ck_assert(interp_constant(e, &value) && value == 0.1 + exp(-0.2));
  const Expr *shared = real(1);
  for (int k = 0; k < 1000; k++) shared = op2(PRIM_MUL, op2(PRIM_ADD, shared, shared), real(0.5));
  ck_assert(interp_constant(shared, &value) && value == 1);
  ck_assert(interp_constant(op2(PRIM_FLOORDIV, integer(-7), integer(2)), &value) && value == -4);
  ck_assert(interp_constant(op2(PRIM_LT, real(1), real(2)), &value) && value == 1);
  ck_assert(interp_constant(expr_select(graph, expr_bool(graph, false), real(1), real(2)), &value) && value == 2);
  ck_assert(!interp_constant(op2(PRIM_MOD, integer(1), integer(0)), &value));
  ck_assert(!interp_constant(integer(((int64_t)1 << 53) + 1), &value));
  ck_assert(!interp_constant(expr_poly(graph, dim("n", 1)), &value));
  ck_assert(!interp_constant(at(0), &value));
  ck_assert(!interp_constant(op2(PRIM_RANDN, integer(0), integer(0)), &value));
  ck_assert(!interp_constant(entry(real_param("x", 0, 4, four), 0), &value));
}
END_TEST

START_TEST(test_prim) {
  static const struct {
    Prim p;
    double x, y, value;
  } rows[] = {
      {PRIM_ADD, 0.1, 0.2, 0.1 + 0.2},
      {PRIM_POWI, -2, 3, -8},
      {PRIM_POWI, 2, -2, 0.25},
      {PRIM_POWI, 0, 0, 1},
      {PRIM_REAL, 3, 0, 3},
      {PRIM_MOD, -7, 3, 2},
      {PRIM_MOD, 1, 0, NAN},
      {PRIM_LE, 2, 2, 1},
      {PRIM_OR, 0, 1, 1},
      {PRIM_NOT, 0, 0, 1},
      {PRIM_MAX, NAN, 1, NAN},
      {PRIM_MIN, 1, NAN, NAN},
      {PRIM_SIGN, NAN, 0, NAN},
      {PRIM_SIGN, -0.5, 0, -1},
      {PRIM_RANDN, 1, 1, NAN},
      {PRIM_POWI, 2, 1e300, NAN},
      {PRIM_SIGMOID, -800, 0, 0},
      {PRIM_SOFTPLUS, 800, 0, 800},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const double value = interp_prim(rows[k].p, (double[]){rows[k].x, rows[k].y});
    ck_assert_msg(same(value, rows[k].value), "%s(%g, %g): %.17g", prim_table[rows[k].p].name, rows[k].x, rows[k].y,
                  value);
  }
  ck_assert(interp_prim(PRIM_SELECT, (double[]){1, 2, 3}) == 2);
}
END_TEST

int main(void) {
  Suite *s = suite_create("interp");
  TCase *c = tcase_create("nodes");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, test_sum_and_product);
  tcase_add_test(c, test_ties_share);
  tcase_add_test(c, test_nan_wins);
  tcase_add_test(c, test_empty);
  tcase_add_test(c, test_guards);
  tcase_add_test(c, test_logsumexp);
  tcase_add_test(c, test_order_and_several_indices);
  tcase_add_test(c, test_gather);
  tcase_add_test(c, test_scatter);
  tcase_add_test(c, test_lazy);
  tcase_add_test(c, test_deep_and_shared);
  tcase_add_test(c, test_only_what_is_needed);
  tcase_add_test(c, test_seed_and_random);
  tcase_add_test(c, test_integers);
  tcase_add_test(c, test_magnitude);
  tcase_add_test(c, test_rounding);
  tcase_add_test(c, test_rounding_is_no_bound);
  tcase_add_test(c, test_rounding_takes_no_other_branch);
  tcase_add_test(c, test_shapes);
  tcase_add_test(c, test_many_axes);
  tcase_add_test(c, test_constants);
  tcase_add_test(c, test_prim);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
