// test_constrain.c - the transforms of constrained parameters, in double and (MDL_CONSTRAIN_FLOAT) in float: values
// against the textbook's formulas in long double, gradients against complex step through those, inverses, extremes.
#include "mdl/constrain.h"

#include <check.h>
#include <complex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

typedef mdl_constrain_real Real;
typedef long double complex Complex;

enum { MOST_N = 6, ROWS = 2, MOST = ROWS * MOST_N * MOST_N };

typedef enum { ABOVE, BELOW, BETWEEN, SIMPLEX, ORDERED, CHOLESKY, KINDS } Kind;
static const char *const kind_names[KINDS] = {"above", "below", "between", "simplex", "ordered", "cholesky"};

typedef struct Case {
  Kind kind;
  Real low, high;
} Case;
static const Case cases[] = {{ABOVE, 0, 0},   {ABOVE, 1, 0},   {ABOVE, -3.5, 0}, {BELOW, 0, 0},
                             {BELOW, 0, 2},   {BETWEEN, 0, 1}, {BETWEEN, -2, 5}, {BETWEEN, 10, 11},
                             {SIMPLEX, 0, 0}, {ORDERED, 0, 0}, {CHOLESKY, 0, 0}};
enum { CASES = sizeof cases / sizeof *cases };

static int64_t count_of(Kind k, int64_t n) {
  return k == CHOLESKY ? ROWS * n * n : ROWS * n;
}

static int64_t free_count(Kind k, int64_t n) {
  return k == CHOLESKY ? ROWS * n * (n + 1) / 2 : k == SIMPLEX ? ROWS * (n - 1) : ROWS * n;
}

static void constrain(const Case *c, int64_t n, const Real *f, Real *x) {
  switch (c->kind) {
  case ABOVE: mdl_constrain_above(ROWS * n, c->low, f, x); break;
  case BELOW: mdl_constrain_below(ROWS * n, c->high, f, x); break;
  case BETWEEN: mdl_constrain_between(ROWS * n, c->low, c->high, f, x); break;
  case SIMPLEX: mdl_constrain_simplex(ROWS, n, f, x); break;
  case ORDERED: mdl_constrain_ordered(ROWS, n, f, x); break;
  default: mdl_constrain_cholesky(ROWS, n, f, x); break;
  }
}

static void pullback(const Case *c, int64_t n, const Real *f, const Real *g, Real *grad) {
  switch (c->kind) {
  case ABOVE: mdl_pullback_above(ROWS * n, f, g, grad); break;
  case BELOW: mdl_pullback_below(ROWS * n, f, g, grad); break;
  case BETWEEN: mdl_pullback_between(ROWS * n, c->low, c->high, f, g, grad); break;
  case SIMPLEX: mdl_pullback_simplex(ROWS, n, f, g, grad); break;
  case ORDERED: mdl_pullback_ordered(ROWS, n, f, g, grad); break;
  default: mdl_pullback_cholesky(ROWS, n, f, g, grad); break;
  }
}

static int64_t unconstrain(const Case *c, int64_t n, const Real *x, Real *f) {
  switch (c->kind) {
  case ABOVE: return mdl_unconstrain_above(ROWS * n, c->low, x, f);
  case BELOW: return mdl_unconstrain_below(ROWS * n, c->high, x, f);
  case BETWEEN: return mdl_unconstrain_between(ROWS * n, c->low, c->high, x, f);
  case SIMPLEX: return mdl_unconstrain_simplex(ROWS, n, x, f);
  case ORDERED: return mdl_unconstrain_ordered(ROWS, n, x, f);
  default: return mdl_unconstrain_cholesky(ROWS, n, x, f);
  }
}

// ---- the textbook's ----

static void textbook_row(const Case *c, int64_t n, const Complex *f, Complex *x) {
  Complex left = 1;
  for (int64_t k = 0; k < n; k++) {
    if (c->kind == ABOVE) x[k] = (long double)c->low + cexpl(f[k]);
    if (c->kind == BELOW) x[k] = (long double)c->high - cexpl(f[k]);
    if (c->kind == BETWEEN)
      x[k] = (long double)c->low + ((long double)c->high - (long double)c->low) / (1 + cexpl(-f[k]));
    if (c->kind == ORDERED) x[k] = k ? x[k - 1] + cexpl(f[k]) : f[k];
    if (c->kind == SIMPLEX) {
      const Complex shifted = f[k < n - 1 ? k : 0] - logl((long double)(n - 1 - k));
      x[k] = k < n - 1 ? left / (1 + cexpl(-shifted)) : left;
      left *= 1 / (1 + cexpl(shifted));
    }
    for (int64_t j = 0; c->kind == CHOLESKY && j < n; j++)
      x[k * n + j] = j < k ? f[k * (k + 1) / 2 + j] : j == k ? cexpl(f[k * (k + 1) / 2 + j]) : 0;
  }
}

static void textbook(const Case *c, int64_t n, const Complex *f, Complex *x) {
  for (int row = 0; row < ROWS; row++)
    textbook_row(c, n, f + row * (free_count(c->kind, n) / ROWS), x + row * (count_of(c->kind, n) / ROWS));
}

// ---- tests ----

static double draw(void) { // in (-1, 1)
  static uint64_t state = 12345;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) * 0x1p-52 - 1;
}

#define UNIT ((double)MDL_CONSTRAIN_EPSILON)

static void near(const Case *c, const char *what, int64_t n, int64_t k, double ours, double want, double allowed) {
  ck_assert_msg(fabs(ours - want) <= allowed, "%s of %s(%g, %g), n = %d, entry %d: %.17g, not %.17g", what,
                kind_names[c->kind], (double)c->low, (double)c->high, (int)n, (int)k, ours, want);
}

// Values, and the whole Jacobian column by column, at free reals as far as `spread`.
static void compare(const Case *c, int64_t n, double spread) {
  Real f[MOST], x[MOST], g[MOST], grad[MOST];
  Complex fc[MOST], xc[MOST];
  int64_t nf = free_count(c->kind, n), nx = count_of(c->kind, n);
  for (int64_t k = 0; k < nf; k++) fc[k] = f[k] = (Real)(spread * draw());
  for (int64_t k = 0; k < nx; k++) g[k] = (Real)draw();
  constrain(c, n, f, x);
  pullback(c, n, f, g, grad);
  textbook(c, n, fc, xc);
  const double bound = fmax(fabs((double)c->low), fabs((double)c->high)), least = (double)MDL_CONSTRAIN_NEXT(0, 1);
  double largest = 0; // of the sums so far
  for (int64_t k = 0; k < nx; k++) {
    double want = (double)creall(xc[k]);
    if (c->kind == ORDERED && k % n == 0) largest = 0;
    largest = fmax(largest, fabs(want));
    double beside = c->kind == ORDERED ? largest : fmax(bound, fabs(want)); // what rounds beside it
    if (c->kind == SIMPLEX) beside *= 1 + (double)n * spread;               // f[k] - log(n - 1 - k) has rounded
    near(c, "value", n, k, (double)x[k], want, 4 * UNIT * beside + 2 * least);
  }
  for (int64_t j = 0; j < nf; j++) {
    const long double step = 1e-30L;
    const Complex kept = fc[j];
    ((long double *)&fc[j])[1] = step;
    textbook(c, n, fc, xc);
    fc[j] = kept;
    double want = 0, terms = 0;
    for (int64_t k = 0; k < nx; k++) {
      const double term = (double)(g[k] * (cimagl(xc[k]) / step));
      want += term;
      terms += fabs(term);
    }
    near(c, "gradient", n, j, (double)grad[j], want, 8 * UNIT * (1 + (double)n * spread) * terms + 2 * least);
  }
}

START_TEST(test_textbook) {
  static const double spreads[] = {1e-3, 1, 3, 30};
  for (int k = 0; k < CASES; k++)
    for (int64_t n = 1; n <= MOST_N; n++)
      for (int s = 0; s < 4; s++)
        for (int repeat = 0; repeat < 20; repeat++) compare(&cases[k], n, spreads[s]);
}
END_TEST

// constrain after unconstrain gives back what was there, and unconstrain after constrain.
static void there_and_back(const Case *c, int64_t n, const Real *x, double tolerance) {
  Real f[MOST], y[MOST], again[MOST];
  ck_assert_int_eq(unconstrain(c, n, x, f), -1);
  constrain(c, n, f, y);
  ck_assert_int_eq(unconstrain(c, n, y, again), -1);
  for (int64_t k = 0; k < count_of(c->kind, n); k++)
    near(c, "constrain after unconstrain", n, k, (double)y[k], (double)x[k], tolerance * fabs((double)x[k]));
}

START_TEST(test_inverse) {
  const double digits = sizeof(Real) == sizeof(double) ? 1e-14 : 2e-6,
               decades = sizeof(Real) == sizeof(double) ? 25 : 9;
  for (int repeat = 0; repeat < 2000; repeat++) {
    Real x[MOST];
    const int64_t n = 1 + repeat % MOST_N;
    for (int64_t k = 0; k < ROWS * n; k++) x[k] = (Real)pow(10, decades * draw());
    there_and_back(&(Case){ABOVE, 0, 0}, n, x, digits);
    for (int64_t k = 0; k < ROWS * n; k++) x[k] = -x[k];
    there_and_back(&(Case){BELOW, 0, 0}, n, x, digits);
    for (int64_t k = 0; k < ROWS * n; k++) x[k] = (Real)(1 + pow(10, -6 * fabs(draw())));
    there_and_back(&(Case){ABOVE, 1, 0}, n, x, digits);
    for (int64_t k = 0; k < ROWS * n; k++) x[k] = (Real)pow(10, -decades * fabs(draw()) - 1e-3);
    there_and_back(&(Case){BETWEEN, 0, 1}, n, x, digits);
    for (int64_t k = 0; k < ROWS * n; k++) x[k] = 1 - (Real)(0.5 * pow(10, -6 * fabs(draw())));
    there_and_back(&(Case){BETWEEN, 0, 1}, n, x, digits);
    for (int row = 0; row < ROWS; row++) {
      double sum = 0, weight[MOST_N];
      for (int64_t k = 0; k < n; k++) sum += weight[k] = pow(10, decades * draw());
      for (int64_t k = 0; k < n; k++) x[row * n + k] = (Real)(weight[k] / sum);
    }
    bool positive = true; // in float some vanish
    for (int64_t k = 0; k < ROWS * n; k++) positive = positive && x[k] > 1e-36;
    if (positive) there_and_back(&(Case){SIMPLEX, 0, 0}, n, x, digits);
    for (int row = 0; row < ROWS; row++) {
      Real sum = (Real)draw();
      for (int64_t k = 0; k < n; k++) x[row * n + k] = sum += (Real)(1e-3 + pow(10, 3 * draw()));
      if (x[row * n] < 0.1) x[row * n] = (Real)0.1; // its relative error is that of the entry itself
      for (int64_t k = 1; k < n; k++) x[row * n + k] = x[row * n + k - 1] + (Real)(1e-3 + pow(10, 3 * draw()));
    }
    there_and_back(&(Case){ORDERED, 0, 0}, n, x, digits);
    for (int64_t k = 0; k < ROWS * n * n; k++) {
      const int64_t i = k / n % n, j = k % n;
      x[k] = j < i ? (Real)(1e3 * draw()) : j == i ? (Real)pow(10, decades * draw()) : 0;
    }
    there_and_back(&(Case){CHOLESKY, 0, 0}, n, x, digits);
  }
}
END_TEST

// However far the free reals go: finite values that keep the constraint, and gradients that are numbers.
START_TEST(test_extremes) {
  static const double far[] = {0, 36, 37.5, 87, 88.8, 104, 700, 709.7, 710, 745, 746, 1e4, 1e10, 1e30};
  enum { FAR = sizeof far / sizeof *far };
  for (int c = 0; c < CASES; c++)
    for (int64_t n = 1; n <= MOST_N; n++)
      for (int repeat = 0; repeat < 300; repeat++) {
        Real f[MOST], x[MOST], back[MOST], g[MOST], grad[MOST];
        const int64_t nf = free_count(cases[c].kind, n), nx = count_of(cases[c].kind, n);
        for (int64_t k = 0; k < nf; k++) {
          f[k] = (Real)(far[(int)(FAR / 2.0 * (1 + draw()))] * (draw() < 0 ? -1 : 1));
          if (draw() > 0.9) f[k] = draw() < 0 ? -MDL_CONSTRAIN_MOST : MDL_CONSTRAIN_MOST;
        }
        for (int64_t k = 0; k < nx; k++) g[k] = draw() < 0 ? 0 : (Real)draw();
        constrain(&cases[c], n, f, x);
        bool numbers = true;
        for (int64_t k = 0; k < nx; k++) numbers = numbers && isfinite(x[k]);
        ck_assert_msg(unconstrain(&cases[c], n, x, back) == -1, "%s at far places breaks its constraint",
                      kind_names[cases[c].kind]);
        for (int64_t k = 0; k < nf; k++) numbers = numbers && isfinite(back[k]);
        pullback(&cases[c], n, f, g, grad);
        for (int64_t k = 0; k < nf; k++) numbers = numbers && !isnan(grad[k]);
        for (int64_t k = 0; k < nx; k++) g[k] = 0;
        pullback(&cases[c], n, f, g, grad);
        for (int64_t k = 0; k < nf; k++) numbers = numbers && grad[k] == 0;
        ck_assert_msg(numbers, "%s at far places", kind_names[cases[c].kind]);
      }
}
END_TEST

// What is not finite is not hidden by a bound.
START_TEST(test_not_finite) {
  static const Real wrong[] = {(Real)INFINITY, -(Real)INFINITY, (Real)NAN};
  for (int c = 0; c < CASES; c++)
    for (int w = 0; w < 3; w++)
      for (int64_t at = 0; at < free_count(cases[c].kind, 3); at++) {
        Real f[MOST] = {0}, x[MOST];
        f[at] = wrong[w];
        constrain(&cases[c], 3, f, x);
        bool seen = false;
        for (int64_t k = 0; k < count_of(cases[c].kind, 3); k++) seen = seen || !isfinite(x[k]);
        ck_assert_msg(seen, "%s hides a free real that is not finite", kind_names[cases[c].kind]);
      }
}
END_TEST

START_TEST(test_broken) {
  static const struct {
    Case c;
    int64_t n, at;
    double x[8]; // both rows
  } rows[] = {
      {{ABOVE, 1, 0}, 2, 2, {2, 3, 1, 0}},
      {{ABOVE, 1, 0}, 1, 1, {2, NAN}},
      {{ABOVE, 1, 0}, 1, 0, {INFINITY, 2}},
      {{ABOVE, 1, 0}, 2, -1, {2, 3, 1.5, 1e30}},
      {{BELOW, 0, 1}, 1, 1, {0, 1}},
      {{BELOW, 0, 1}, 1, 0, {-INFINITY, 0}},
      {{BETWEEN, 0, 1}, 2, 3, {0.5, 0.5, 0.1, 1}},
      {{BETWEEN, 0, 1}, 2, 1, {0.5, 0, 0.1, 1}},
      {{BETWEEN, 0, 1}, 1, 0, {NAN, 0}},
      {{SIMPLEX, 0, 0}, 2, -1, {0.25, 0.75, 0.5, 0.5}},
      {{SIMPLEX, 0, 0}, 2, 2, {0.25, 0.75, 0.5, 0.51}},
      {{SIMPLEX, 0, 0}, 2, 3, {0.25, 0.75, 1, 0}},
      {{SIMPLEX, 0, 0}, 2, 0, {-0.25, 1.25, 0.5, 0.5}},
      {{SIMPLEX, 0, 0}, 2, 1, {0.5, NAN, 0.5, 0.5}},
      {{SIMPLEX, 0, 0}, 1, -1, {1, 1}},
      {{SIMPLEX, 0, 0}, 1, 1, {1, 0.9}},
      {{ORDERED, 0, 0}, 2, 3, {1, 2, 3, 3}},
      {{ORDERED, 0, 0}, 2, -1, {1, 2, -3, -2}},
      {{ORDERED, 0, 0}, 2, 0, {NAN, 2, 3, 3}},
      {{ORDERED, 0, 0}, 2, 1, {1, INFINITY, 3, 3}},
      {{CHOLESKY, 0, 0}, 2, -1, {1, 0, -5, 2, 1, -0.0, 0, 1}},
      {{CHOLESKY, 0, 0}, 2, 5, {1, 0, -5, 2, 1, 1e-9, 0, 1}},
      {{CHOLESKY, 0, 0}, 2, 7, {1, 0, -5, 2, 1, 0, 0, 0}},
      {{CHOLESKY, 0, 0}, 2, 1, {1, NAN, -5, 2, 1, 0, 0, 0}},
      {{CHOLESKY, 0, 0}, 2, 2, {1, 0, INFINITY, 2, 1, 0, 0, 0}},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    Real x[8], f[8];
    for (int j = 0; j < 8; j++) x[j] = (Real)rows[k].x[j];
    const int64_t at = unconstrain(&rows[k].c, rows[k].n, x, f);
    ck_assert_msg(at == rows[k].at, "row %d (%s): %d, not %d", (int)k, kind_names[rows[k].c.kind], (int)at,
                  (int)rows[k].at);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("constrain");
  TCase *c = tcase_create("constrain");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, test_textbook);
  tcase_add_test(c, test_inverse);
  tcase_add_test(c, test_extremes);
  tcase_add_test(c, test_not_finite);
  tcase_add_test(c, test_broken);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
