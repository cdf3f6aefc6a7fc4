// bits.c - the bits of the elementary functions over many points, narrow, called and in lanes for each kind of processor
// at hand: one line a function.  bits.sh compares what compilers and their options make of it.
#include <stdio.h>

#if defined(__FAST_MATH__)
#error "IEEE arithmetic is wanted"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif
#include "functions.h"

enum { LANES = 16, POINTS = 4096, VARIANTS = 5 };

#if defined(__x86_64__)
#define TARGET(features) __attribute__((target(features)))
static int has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
static int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
#define TARGET(features)
static int has_avx512(void) {
  return 0;
}
static int has_avx2(void) {
  return 0;
}
#endif

#define THREE(name, TYPE, call)                                                                                        \
  MDL_INLINE void name##_lanes(const int mdl_level, const TYPE *restrict x, const TYPE *restrict y,                    \
                               TYPE *restrict z) {                                                                     \
    (void)y;                                                                                                           \
    for (int i = 0; i < POINTS; i += LANES)                                                                            \
      for (int l = 0; l < LANES; l++) z[i + l] = call;                                                                 \
  }                                                                                                                    \
  static void name##_0(const TYPE *restrict x, const TYPE *restrict y, TYPE *restrict z) {                             \
    name##_lanes(0, x, y, z);                                                                                          \
  }                                                                                                                    \
  static void name##_1(const TYPE *restrict x, const TYPE *restrict y, TYPE *restrict z) {                             \
    name##_lanes(MDL_CALLED, x, y, z);                                                                                 \
  }                                                                                                                    \
  TARGET("avx2,fma,bmi2")                                                                                              \
  static void name##_2(const TYPE *restrict x, const TYPE *restrict y, TYPE *restrict z) {                             \
    name##_lanes(2, x, y, z);                                                                                          \
  }                                                                                                                    \
  TARGET("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2")                                                           \
  static void name##_3(const TYPE *restrict x, const TYPE *restrict y, TYPE *restrict z) {                             \
    name##_lanes(3, x, y, z);                                                                                          \
  }                                                                                                                    \
  TARGET("avx2,fma,bmi2")                                                                                              \
  static void name##_4(const TYPE *restrict x, const TYPE *restrict y, TYPE *restrict z) {                             \
    name##_lanes(MDL_CALLED_FMA, x, y, z);                                                                             \
  }
#define FUNCTION(name, exact, low, high, ulp, plain, single)                                                           \
  THREE(name, double, mdl_##name##_at(mdl_level, x[i + l]))                                                            \
  THREE(name##f, float, mdl_##name##f_at(mdl_level, x[i + l]))
#define FUNCTION2(name, exact, xlow, xhigh, ylow, yhigh, ulp, plain, single)                                           \
  THREE(name, double, mdl_##name##_at(mdl_level, x[i + l], y[i + l]))                                                  \
  THREE(name##f, float, mdl_##name##f_at(mdl_level, x[i + l], y[i + l]))
#define GAMMA(name) THREE(name, double, mdl_##name##_at(mdl_level, x[i + l]))
#include "functions.def"
#undef FUNCTION
#undef FUNCTION2
#undef GAMMA

typedef void Lanes(const double *restrict x, const double *restrict y, double *restrict z);
typedef void FloatLanes(const float *restrict x, const float *restrict y, float *restrict z);

static const struct {
  const char *name;
  Lanes *lanes[VARIANTS];
  FloatLanes *float_lanes[VARIANTS];
  double low[2], high[2];
} function[] = {
#define EACH(name) {name##_0, name##_1, name##_2, name##_3, name##_4}
#define FUNCTION(name, exact, low, high, ulp, plain, single)                                                           \
  {#name, EACH(name), EACH(name##f), {low, 0}, {high, 1}},
#define FUNCTION2(name, exact, xlow, xhigh, ylow, yhigh, ulp, plain, single)                                           \
  {#name, EACH(name), EACH(name##f), {xlow, ylow}, {xhigh, yhigh}},
#define GAMMA(name) {#name, EACH(name), {0}, {-10, 0}, {10, 1}},
#include "functions.def"
};

static uint64_t hash(const double *z) {
  uint64_t sum = 0;
  for (int i = 0; i < POINTS; i++) { // what is not a number has any bits
    const uint64_t u = z[i] == z[i] ? mdl_bits(z[i]) : 1;
    sum = (sum ^ u) * UINT64_C(1099511628211);
    sum ^= sum >> 29;
  }
  return sum;
}

int main(void) {
  static double x[POINTS], y[POINTS], z[POINTS];
  static float xf[POINTS], yf[POINTS], zf[POINTS];
  const int can[VARIANTS] = {1, 1, has_avx2(), has_avx512(), has_avx2()};
  int failed = 0;
  for (size_t f = 0; f < sizeof function / sizeof *function; f++) {
    uint64_t state = 1, narrow[2] = {0};
    for (int i = 0; i < POINTS; i++) {
      x[i] = point(&state, i, function[f].low[0], function[f].high[0]);
      y[i] = point(&state, i * 7 % POINTS, function[f].low[1], function[f].high[1]);
      xf[i] = (float)x[i], yf[i] = (float)y[i];
    }
    for (int k = 0; k < VARIANTS; k++) {
      if (!can[k]) continue;
      function[f].lanes[k](x, y, z);
      const uint64_t wide = hash(z);
      if (function[f].float_lanes[k]) function[f].float_lanes[k](xf, yf, zf);
      for (int i = 0; i < POINTS; i++) z[i] = (double)zf[i];
      const uint64_t wide_float = hash(z);
      if (k == 0) narrow[0] = wide, narrow[1] = wide_float;
      if (wide == narrow[0] && wide_float == narrow[1]) continue;
      printf("%s: other bits in variant %d\n", function[f].name, k);
      failed = 1;
    }
    printf("%s %016llx %016llx\n", function[f].name, (unsigned long long)narrow[0], (unsigned long long)narrow[1]);
  }
  return failed;
}
