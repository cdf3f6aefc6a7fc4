/* math.c - the elementary functions that generated C brings along beside those of <math.h>: nanoseconds a value over arrays, and
 * how many times as fast ours are.  In lanes, as generated C has them, by the widest vectors that the processor has.
 *
 *   cc -O2 -ffp-contract=off -I runtime/include -I tests/math bench/math.c bench/harness.c -lm && ./a.out [NAME...] */
#include <stdio.h>
#include <stdlib.h>

#include "functions.h"
#include "harness.h"

enum { CELLS = 4096, VECTOR = 16, TURNS = 15 };

#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#define WIDE __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2"), min_vector_width(512)))
#else
#define WIDE __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2,prefer-vector-width=512")))
#endif
#define MIDDLE __attribute__((target("avx2,fma,bmi2")))
static int width(void) {
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
    return 2;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}
#else
#define WIDE
#define MIDDLE
static int width(void) {
  return 0;
}
#endif

struct arrays {
  double x[CELLS], y[CELLS], z[CELLS];
  float xf[CELLS], yf[CELLS], zf[CELLS];
};

/* What <math.h> has not, as one writes it. */
static double sech(double x) {
  return 1 / cosh(x);
}

static float sechf(float x) {
  return 1 / coshf(x);
}

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

static float sigmoidf(float x) {
  return 1 / (1 + expf(-x));
}

static double softplus(double x) {
  return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static float softplusf(float x) {
  return (x > 0 ? x : 0) + log1pf(expf(-fabsf(x)));
}

static double log1pmx(double x) {
  return log1p(x) - x;
}

static float log1pmxf(float x) {
  return log1pf(x) - x;
}

#define BODY(z, call)                                                                                                  \
  for (int i = 0; i < CELLS; i += VECTOR)                                                                              \
    for (int l = i; l < i + VECTOR; l++) z[l] = call;
#define OURS(name, z, ...)                                                                                             \
  static void name##_0(struct arrays *restrict a) {                                                                    \
    BODY(a->z, mdl_##name##_at(0, __VA_ARGS__))                                                                        \
  }                                                                                                                    \
  MIDDLE static void name##_1(struct arrays *restrict a) {                                                             \
    BODY(a->z, mdl_##name##_at(1, __VA_ARGS__))                                                                        \
  }                                                                                                                    \
  WIDE static void name##_2(struct arrays *restrict a) {                                                               \
    BODY(a->z, mdl_##name##_at(2, __VA_ARGS__))                                                                        \
  }
#define THEIRS(name, z, ...)                                                                                           \
  static void name##_theirs(struct arrays *restrict a) {                                                               \
    BODY(a->z, name(__VA_ARGS__))                                                                                      \
  }
#define FUNCTION(name, ...) OURS(name, z, a->x[l]) OURS(name##f, zf, a->xf[l])                                         \
  THEIRS(name, z, a->x[l]) THEIRS(name##f, zf, a->xf[l])
#define FUNCTION2(name, ...) OURS(name, z, a->x[l], a->y[l]) OURS(name##f, zf, a->xf[l], a->yf[l])                     \
  THEIRS(name, z, a->x[l], a->y[l]) THEIRS(name##f, zf, a->xf[l], a->yf[l])
#define GAMMA(name) OURS(name, z, a->x[l])
#include "functions.def"
#undef FUNCTION
#undef FUNCTION2
#undef GAMMA
THEIRS(lgamma, z, a->x[l])
#define digamma_theirs NULL /* C has none */
#define trigamma_theirs NULL

typedef void Run(struct arrays *restrict a);

#define SIDES(name) {name##_0, name##_1, name##_2}, name##_theirs
static const struct {
  const char *name;
  Run *ours[3], *theirs, *ours_float[3], *theirs_float;
  double low[2], high[2];
} function[] = {
#define FUNCTION(name, exact, low, high, ...) {#name, SIDES(name), SIDES(name##f), {low, 0}, {high, 1}},
#define FUNCTION2(name, exact, xlow, xhigh, ylow, yhigh, ...)                                                          \
  {#name, SIDES(name), SIDES(name##f), {xlow, ylow}, {xhigh, yhigh}},
#define GAMMA(name) {#name, SIDES(name), {NULL}, NULL, {0, 0}, {10, 1}},
#include "functions.def"
};

/* Of both sides in turns the least: what disturbs the machine only adds. */
static void time_both(Run *ours, Run *theirs, struct arrays *a) {
  double least[2] = {HUGE_VAL, HUGE_VAL};
  Run *const side[2] = {ours, theirs};
  for (int turn = 0; turn < TURNS; turn++)
    for (int s = 0; s < 2; s++) {
      if (!side[s]) continue;
      long repeated = 0;
      const double start = seconds();
      double passed;
      do side[s](a), repeated++;
      while ((passed = seconds() - start) < 0.002);
      const double one = passed / (double)repeated / CELLS * 1e9;
      if (one < least[s]) least[s] = one;
    }
  if (!ours)
    printf(" %7s %7s %6s", "", "", "");
  else if (!theirs)
    printf(" %7.2f %7s %6s", least[0], "", "");
  else
    printf(" %7.2f %7.2f %6.1f", least[0], least[1], least[1] / least[0]);
}

int main(int argc, char **argv) {
  struct arrays *a = memory(sizeof *a);
  const int w = width();
  printf("%-9s %23s %23s\n%-9s %7s %7s %6s %7s %7s %6s\n", "", "double, ns", "float, ns", "", "ours", "libm", "ratio",
         "ours", "libm", "ratio");
  for (size_t f = 0; f < sizeof function / sizeof *function; f++) {
    uint64_t state = 1;
    int wanted = argc == 1;
    for (int k = 1; k < argc; k++) wanted = wanted || !strcmp(argv[k], function[f].name);
    if (!wanted) continue;
    for (int i = 0; i < CELLS; i++) {
      const double *low = function[f].low, *high = function[f].high;
      a->x[i] = between(&state, low[0], high[0]);
      a->y[i] = between(&state, low[1], high[1]);
      a->xf[i] = (float)a->x[i], a->yf[i] = (float)a->y[i];
    }
    printf("%-9s", function[f].name);
    time_both(function[f].ours[w], function[f].theirs, a);
    time_both(function[f].ours_float[w], function[f].theirs_float, a);
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
