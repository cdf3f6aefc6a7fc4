// test_interp_numbers.c - every row of the table: dual numbers against complex step against extrapolated differences.
#include "interp/number.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

// Steps: the imaginary one leaves room for slopes down to 1e-200.
#define STEP 1e-100
#define TINY_STEP 1e-200

typedef struct Point {
  double x, y; // an integer where the signature says so
} Point;

static bool is_differentiated(Prim p) {
  return real_rules.prim[p];
}

static bool is_real(Prim p, int k) {
  return prim_table[p].signature[k] != 'i';
}

static void arguments(Prim p, Point at, Value *v) {
  for (int k = 0; k < prim_arity(p); k++) {
    const double x = k == 0 ? at.x : at.y;
    if (is_real(p, k)) {
      v[k].number = (Number){x, 0};
    } else {
      v[k].integer = (int64_t)x;
    }
  }
}

static double value_at(Prim p, Point at) {
  Value v[2];
  arguments(p, at, v);
  return real_rules.prim[p](v).a;
}

// The derivative by argument k.
static Number dual_at(Prim p, Point at, int k) {
  Value v[2];
  arguments(p, at, v);
  v[k].number.b = 1;
  return dual_rules.prim[p](v);
}

static Number complex_at(Prim p, Point at, int k, double step) {
  Value v[2];
  arguments(p, at, v);
  v[k].number.b = step;
  Number z = complex_rules.prim[p](v);
  z.b /= step;
  return z;
}

static bool same_bits(double x, double y) {
  return x == y || (isnan(x) && isnan(y));
}

static bool near(double x, double y, double relative, double absolute) {
  return x == y || (isnan(x) && isnan(y)) || fabs(x - y) <= relative * fmax(fabs(x), fabs(y)) + absolute;
}

// Points of the table's domain: a grid whose steps are no round numbers, and its ends.
static double grid(Prim p, int k, int n) {
  const PrimRow *row = &prim_table[p];
  return k == 0 ? row->low : k == n ? row->high : row->low + (row->high - row->low) * (k + 0.137) / (n + 0.391);
}

enum { GRID = 24 };

static Point point(Prim p, int i, int j) {
  Point at = {grid(p, i, GRID), grid(p, j, GRID)};
  if (p == PRIM_POWI) at.y = j % 13 - 6;
  if (p == PRIM_POLYGAMMA) at.x = i % 7;
  return at;
}

static void agree(Prim p, Point at, int k, double step, double relative, double absolute) {
  const double value = value_at(p, at);
  const Number d = dual_at(p, at, k), c = complex_at(p, at, k, step);
  ck_assert_msg(same_bits(value, d.a), "%s(%.17g, %.17g): dual value %.17g, real %.17g", prim_table[p].name, at.x, at.y,
                d.a, value);
  ck_assert_msg(near(value, c.a, 4e-15, absolute), "%s(%.17g, %.17g): complex value %.17g, real %.17g",
                prim_table[p].name, at.x, at.y, c.a, value);
  ck_assert_msg(near(d.b, c.b, relative, absolute),
                "%s(%.17g, %.17g) by %d: dual %.17g, complex step %.17g, off by %.2g", prim_table[p].name, at.x, at.y,
                k, d.b, c.b, fabs(d.b - c.b) / fabs(d.b));
}

START_TEST(test_domain) {
  const Prim p = (Prim)_i;
  if (!is_differentiated(p)) return;
  for (int i = 0; i <= GRID; i++) {
    for (int j = 0; j <= GRID; j++) {
      for (int k = 0; k < prim_arity(p); k++) {
        if (!is_real(p, k)) continue;
        agree(p, point(p, i, j), k, STEP, 1e-13, 1e-16);
        agree(p, point(p, i, j), k, TINY_STEP, 1e-13, 1e-16);
      }
    }
  }
}
END_TEST

// In long double a function is what it is in double, and more.
START_TEST(test_wide) {
  const Prim p = (Prim)_i;
  if (!is_differentiated(p)) return;
  for (int i = 0; i <= GRID; i++)
    for (int j = 0; j <= GRID; j++) {
      const Point at = point(p, i, j);
      Value v[2];
      arguments(p, at, v);
      const Number w = wide_rules.prim[p](v);
      const double value = value_at(p, at);
      ck_assert_msg(near(value, w.a, 4e-15, 1e-16), "%s(%.17g, %.17g): wide %.17g, real %.17g", prim_table[p].name,
                    at.x, at.y, w.a, value);
      ck_assert(fabs(w.b) <= DBL_EPSILON * fabs(w.a));
    }
}
END_TEST

static long double wide_of(Prim p, Number x, Number y) {
  const Value v[2] = {{.number = x}, {.number = y}};
  const Number w = wide_rules.prim[p](v);
  return (long double)w.a + w.b;
}

START_TEST(test_wide_digits) {
  const long double least = 128 * LDBL_EPSILON;
  static const struct {
    Prim p;
    double x;
    long double value;
  } rows[] = {{PRIM_EXP, 1, 2.71828182845904523536028747135266250L},
              {PRIM_LOG, 2, 0.693147180559945309417232121458176568L},
              {PRIM_ATAN, 1, 0.785398163397448309615660845819875721L},
              {PRIM_SQRT, 2, 1.41421356237309504880168872420969808L},
              {PRIM_SIN, 1, 0.841470984807896506652502321630298999L},
              {PRIM_ERF, 1, 0.842700792949714869341220635082609259L},
              {PRIM_TANH, 1, 0.761594155955764888119458282604793591L},
              {PRIM_SIGMOID, 1, 0.731058578630004879251159064362189180L},
              {PRIM_SOFTPLUS, 1, 1.31326168751822283404899549020400810L},
              {PRIM_LGAMMA, 0.5, 0.572364942924700087071713675676529356L},
              {PRIM_DIGAMMA, 1, -0.577215664901532860606512090082402431L}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const long double w = wide_of(rows[k].p, (Number){rows[k].x, 0}, (Number){0, 0});
    ck_assert_msg(fabsl(w - rows[k].value) <= least * fabsl(rows[k].value), "%s(%g) is off by %Lg",
                  prim_table[rows[k].p].name, rows[k].x, w - rows[k].value);
  }
  ck_assert(wide_of(PRIM_SUB, (Number){1, 0x1p-60}, (Number){1, 0}) == 0x1p-60L);
  ck_assert(wide_of(PRIM_MUL, (Number){3, 0x1p-60}, (Number){2, 0}) == 6 + 0x1p-59L);
}
END_TEST

// Far out, close to zero, at the domain's edges and at kinks: wherever the function and its slope are numbers.
START_TEST(test_tails) {
  static const double far[] = {0,    1e-8, -1e-8, 1e-150, 0.5,  -0.5, 1,    -1,   0.999999, -0.999999, 1.0000001, 2.5,
                               3.7,  5,    -5,    6.5,    10,   -10,  20,   -20,  26,       40,        -40,       100,
                               -100, 300,  -300,  700,    -700, 1e5,  -1e5, 1e10, -1e10,    1e150,     -1e150};
  const Prim p = (Prim)_i;
  if (!is_differentiated(p)) return;
  const int n = sizeof far / sizeof *far;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      const Point at = {p == PRIM_POLYGAMMA ? i : far[i], p == PRIM_POWI ? j - n / 2 : far[j]};
      for (int k = 0; k < prim_arity(p); k++) {
        if (!is_real(p, k)) continue;
        const double slope = dual_at(p, at, k).b, moving = fabs(k == 0 ? at.x : at.y),
                     still = is_real(p, 1 - k) ? fabs(k == 0 ? at.y : at.x) : 1;
        // A step must be small beside what it moves, and what it makes must be.
        const bool tiny = fmax(moving, still) < 1e-50 || (moving > 0 && moving < 1e-50);
        const double step = tiny ? TINY_STEP : STEP;
        if (!isfinite(value_at(p, at)) || !isfinite(slope) || fabs(slope) * step > 1e-30) continue;
        agree(p, at, k, step, 1e-13, tiny ? 1e-100 : 1e-140);
      }
    }
  }
}
END_TEST

// Whether a kink, a branch cut or a jump lies within h of the point.
static bool is_rough(Prim p, Point at, double h) {
  switch (p) {
  case PRIM_ABS:
  case PRIM_SIGN: return fabs(at.x) <= h;
  case PRIM_FLOOR: return floor(at.x - h) != floor(at.x + h);
  case PRIM_MAX:
  case PRIM_MIN: return fabs(at.x - at.y) <= h;
  case PRIM_HYPOT: return fabs(at.x) + fabs(at.y) < 1;
  case PRIM_ATAN2: return fabs(at.x) + fabs(at.y) < 1 || (fabs(at.x) <= h && at.y < 0);
  case PRIM_POWI: return fabs(at.x) < 0.5;
  default: return false;
  }
}

// Romberg's extrapolation of central differences.
static double difference(Prim p, Point at, int k, double h) {
  double t[5];
  for (int level = 0; level < 5; level++, h /= 2) {
    Point up = at, down = at;
    *(k == 0 ? &up.x : &up.y) += h;
    *(k == 0 ? &down.x : &down.y) -= h;
    const double width = k == 0 ? up.x - down.x : up.y - down.y;
    double above = (value_at(p, up) - value_at(p, down)) / width;
    for (int m = 0; m < level; m++) {
      const double old = t[m];
      t[m] = above;
      above += (above - old) / (exp2(2 * m + 2) - 1);
    }
    t[level] = above;
  }
  return t[4];
}

START_TEST(test_differences) {
  const double h = 0.02;
  const Prim p = (Prim)_i;
  if (!is_differentiated(p) || p == PRIM_STOP || p == PRIM_SLOPE) return;
  for (int i = 0; i <= GRID; i++) {
    for (int j = 0; j <= GRID; j++) {
      const Point at = point(p, i, j);
      if (is_rough(p, at, h)) continue;
      for (int k = 0; k < prim_arity(p); k++) {
        if (!is_real(p, k)) continue;
        const double d = dual_at(p, at, k).b, by_values = difference(p, at, k, h);
        ck_assert_msg(near(d, by_values, 2e-9, 1e-10 * fmax(1, fabs(value_at(p, at)))),
                      "%s(%.17g, %.17g) by %d: dual %.17g, differences %.17g", prim_table[p].name, at.x, at.y, k, d,
                      by_values);
      }
    }
  }
}
END_TEST

// Derivatives known in closed form where formulas written without care lose digits: 17 digits by multiple precision.
START_TEST(test_known_slopes) {
  static const struct {
    Prim p;
    double x, slope;
  } rows[] = {
      {PRIM_ERF, 1e-08, 1.1283791670955125},
      {PRIM_ERF, 0.3, 1.0312609096189631},
      {PRIM_ERF, 0.99, 0.42345087791852699},
      {PRIM_ERF, 1.01, 0.40684713150390041},
      {PRIM_ERF, 1.5, 0.11893028922362937},
      {PRIM_ERF, 2, 0.020666985354092054},
      {PRIM_ERF, 3, 0.00013925305194674785},
      {PRIM_ERF, 5, 1.5670866531017335e-11},
      {PRIM_ERF, 6, 2.6173012392492648e-16},
      {PRIM_ERF, 10, 4.1976562313544169e-44},
      {PRIM_ERF, 20, 2.1610374743867985e-174},
      {PRIM_ERF, -4, 1.2698234671866558e-7},
      {PRIM_TANH, 1e-08, 0.9999999999999999},
      {PRIM_TANH, 5, 0.00018158323094380668},
      {PRIM_TANH, 20, 1.6993417021166356e-17},
      {PRIM_TANH, 40, 7.2194055513816607e-35},
      {PRIM_TANH, -40, 7.2194055513816607e-35},
      {PRIM_TANH, 150, 2.0592800889648055e-130},
      {PRIM_SIGMOID, 1e-08, 0.24999999999999999},
      {PRIM_SIGMOID, 20, 2.0611536139418493e-9},
      {PRIM_SIGMOID, 40, 4.248354255291589e-18},
      {PRIM_SIGMOID, -20, 2.0611536139418493e-9},
      {PRIM_SIGMOID, -40, 4.248354255291589e-18},
      {PRIM_SIGMOID, 300, 5.1482002224120138e-131},
      {PRIM_SIGMOID, -300, 5.1482002224120138e-131},
      {PRIM_SOFTPLUS, 20, 0.99999999793884638},
      {PRIM_SOFTPLUS, -20, 2.0611536181902036e-9},
      {PRIM_SOFTPLUS, -40, 4.248354255291589e-18},
      {PRIM_SOFTPLUS, -300, 5.1482002224120138e-131},
      {PRIM_SOFTPLUS, 1e-08, 0.5000000025},
      {PRIM_ASIN, 1e-08, 1.0},
      {PRIM_ASIN, 0.9, 2.2941573387056179},
      {PRIM_ASIN, 0.9999999, 2236.0680339899749},
      {PRIM_ASIN, -0.9999999, 2236.0680339899749},
      {PRIM_ACOS, 1e-08, -1.0},
      {PRIM_ACOS, 0.9, -2.2941573387056179},
      {PRIM_ACOS, 0.9999999, -2236.0680339899749},
      {PRIM_ACOS, -0.9999999, -2236.0680339899749},
      {PRIM_ATAN, 1e-08, 0.9999999999999999},
      {PRIM_ATAN, 1, 0.5},
      {PRIM_ATAN, 40, 0.00062460961898813242},
      {PRIM_ATAN, 100000.0, 9.999999999e-11},
      {PRIM_ATAN, 1e+100, 9.9999999999999997e-201},
      {PRIM_LOG1P, 1e-08, 0.9999999900000001},
      {PRIM_LOG1P, -0.9999999, 10000000.005263558},
      {PRIM_LOG1P, 10000000000.0, 9.999999999e-11},
      {PRIM_LOG1PMX, 1e-08, -9.9999999000000010e-09},
      {PRIM_LOG1PMX, -0.75, 3},
      {PRIM_LOG1PMX, 40, -0.97560975609756095},
      {PRIM_EXPM1, 1e-08, 1.00000001},
      {PRIM_EXPM1, -40, 4.248354255291589e-18},
      {PRIM_EXPM1, 40, 2.3538526683701999e+17},
      {PRIM_TAN, 1.5, 199.85004452649246},
      {PRIM_TAN, 1.57, 1576948.2207973281},
      {PRIM_TAN, -1.57, 1576948.2207973281},
      {PRIM_TAN, 10, 1.4203717625834316},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const Point at = {rows[k].x, 0};
    const double d = dual_at(rows[k].p, at, 0).b, c = complex_at(rows[k].p, at, 0, STEP).b;
    ck_assert_msg(near(d, rows[k].slope, 1e-14, 0), "%s'(%g): dual %.17g, not %.17g", prim_table[rows[k].p].name, at.x,
                  d, rows[k].slope);
    ck_assert_msg(near(c, rows[k].slope, 2e-14, 0), "%s'(%g): complex %.17g, not %.17g", prim_table[rows[k].p].name,
                  at.x, c, rows[k].slope);
  }
}
END_TEST

// PyTorch's conventions, the same for dual numbers and complex step.
START_TEST(test_kinks) {
  static const struct {
    Prim p;
    double x, y, by_x, by_y;
  } rows[] = {
      {PRIM_ABS, 0, 0, 0, 0},         {PRIM_SIGN, 0, 0, 0, 0},       {PRIM_FLOOR, 2, 0, 0, 0},
      {PRIM_MAX, 2, 2, 0.5, 0.5},     {PRIM_MIN, 2, 2, 0.5, 0.5},    {PRIM_MAX, 3, 2, 1, 0},
      {PRIM_MIN, 3, 2, 0, 1},         {PRIM_HYPOT, 0, 0, 0, 0},      {PRIM_ATAN2, 0, 0, 0, 0},
      {PRIM_STOP, 2, 0, 0, 0},        {PRIM_POW, 0, 2, 0, 0},        {PRIM_POW, 0, 1, 1, 0},
      {PRIM_POW, 0, 0, 0, 0},         {PRIM_POW, -2, 3, 12, NAN},    {PRIM_POW, -2, 2, -4, NAN},
      {PRIM_SQRT, 0, 0, INFINITY, 0}, {PRIM_LOG, 0, 0, INFINITY, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const Prim p = rows[i].p;
    const Point at = {rows[i].x, rows[i].y};
    for (int k = 0; k < prim_arity(p); k++) {
      if (!is_real(p, k)) continue;
      const double want = k == 0 ? rows[i].by_x : rows[i].by_y, d = dual_at(p, at, k).b,
                   c = complex_at(p, at, k, STEP).b;
      ck_assert_msg(near(d, want, 1e-15, 0) && near(c, want, 1e-15, 0), "%s(%g, %g) by %d: dual %g, complex step %g",
                    prim_table[p].name, at.x, at.y, k, d, c);
    }
  }
}
END_TEST

// What does not move passes nothing on, also through an infinite slope.
START_TEST(test_still) {
  const Value zero[2] = {{.number = {0, 0}}, {.number = {INFINITY, 0}}};
  ck_assert(dual_rules.prim[PRIM_SQRT](zero).b == 0 && complex_rules.prim[PRIM_SQRT](zero).b == 0);
  ck_assert(dual_rules.prim[PRIM_LOG](zero).b == 0 && complex_rules.prim[PRIM_LOG](zero).b == 0);
  const Value moving[2] = {{.number = {0, STEP}}, {.number = {2, 0}}};
  ck_assert(dual_rules.prim[PRIM_DIV](moving).b == STEP / 2 && complex_rules.prim[PRIM_DIV](moving).b == STEP / 2);
}
END_TEST

// What has no slope passes on nothing of what is infinite or NaN.
START_TEST(test_flat) {
  static const Prim flat[] = {PRIM_STOP, PRIM_SIGN, PRIM_FLOOR};
  const Value still[1] = {{.number = {0.5, NAN}}};
  for (size_t k = 0; k < sizeof flat / sizeof *flat; k++)
    ck_assert(dual_rules.prim[flat[k]](still).b == 0 && complex_rules.prim[flat[k]](still).b == 0);
}
END_TEST

// A step that is lost beside the numbers is not lost in what comes of them.
START_TEST(test_large) {
  const Value same[2] = {{.number = {1e200, TINY_STEP}}, {.number = {1e200, TINY_STEP}}};
  const Value divided[2] = {{.number = {1e300, 0}}, {.number = {1e200, TINY_STEP}}};
  ck_assert(near(complex_rules.prim[PRIM_HYPOT](same).b / TINY_STEP, sqrt(2), 1e-15, 0));
  ck_assert(near(complex_rules.prim[PRIM_DIV](divided).b / TINY_STEP, -1e-100, 1e-15, 0));
}
END_TEST

// Far from the axis too the complex rules are the functions themselves: f(x + i h) by its Taylor series about x.
START_TEST(test_wide_step) {
  const Prim p = (Prim)_i;
  if (!is_differentiated(p) || p == PRIM_FLOOR || p == PRIM_SIGN || p == PRIM_STOP || p == PRIM_SLOPE) return;
  const double h = 2e-5; // the third derivative shows, the fifth is out of sight
  for (int i = 0; i <= GRID; i++) {
    for (int j = 0; j <= GRID; j++) {
      const Point at = point(p, i, j);
      if (is_rough(p, at, 0.1)) continue;
      for (int k = 0; k < prim_arity(p); k++) {
        if (!is_real(p, k)) continue;
        const Number one = complex_at(p, at, k, h), two = complex_at(p, at, k, 2 * h);
        const double extrapolated = one.b + (one.b - two.b) / 3, d = dual_at(p, at, k).b, value = value_at(p, at);
        const double value_extrapolated = one.a + (one.a - two.a) / 3;
        ck_assert_msg(near(d, extrapolated, 1e-11, 1e-11 * fmax(1, fabs(value))),
                      "%s(%.17g, %.17g) by %d: dual %.17g, wide step %.17g", prim_table[p].name, at.x, at.y, k, d,
                      extrapolated);
        ck_assert_msg(near(value, value_extrapolated, 1e-13, 1e-15),
                      "%s(%.17g, %.17g) by %d: real %.17g, wide step %.17g", prim_table[p].name, at.x, at.y, k, value,
                      value_extrapolated);
      }
    }
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("interp_numbers");
  TCase *c = tcase_create("numbers");
  tcase_add_loop_test(c, test_domain, 0, PRIM_COUNT);
  tcase_add_loop_test(c, test_wide, 0, PRIM_COUNT);
  if (LDBL_MANT_DIG > DBL_MANT_DIG) tcase_add_test(c, test_wide_digits);
  tcase_add_loop_test(c, test_tails, 0, PRIM_COUNT);
  tcase_add_loop_test(c, test_differences, 0, PRIM_COUNT);
  tcase_add_loop_test(c, test_wide_step, 0, PRIM_COUNT);
  tcase_add_test(c, test_known_slopes);
  tcase_add_test(c, test_kinks);
  tcase_add_test(c, test_flat);
  tcase_add_test(c, test_large);
  tcase_add_test(c, test_still);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  const int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
