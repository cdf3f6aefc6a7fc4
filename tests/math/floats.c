// floats.c - the elementary functions of float at every STRIDE-th of all 2^32 arguments (of those with two: as many drawn
// pairs), against the same in double: for each its largest error in units of the last place, where, and whether it is within
// its bound.  floats STRIDE [NAME…]; STRIDE 1 takes an hour (-O3 -march=native), and what it found stands in docs/math.md.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif
#include "functions.h"

enum { LANES = 16, BLOCK = 4096, LEVEL = 1 };

typedef void Block(const float *restrict x, const float *restrict y, float *restrict z, double *restrict exact);

#define BLOCK_OF(name, call, call_of_double)                                                                           \
  static void name##_block(const float *restrict x, const float *restrict y, float *restrict z,                        \
                           double *restrict exact) {                                                                   \
    (void)y;                                                                                                           \
    for (int i = 0; i < BLOCK; i += LANES)                                                                             \
      for (int l = i; l < i + LANES; l++) z[l] = call;                                                                 \
    for (int i = 0; i < BLOCK; i += LANES)                                                                             \
      for (int l = i; l < i + LANES; l++) exact[l] = call_of_double;                                                   \
  }
#define FUNCTION(name, exact, low, high, ulp, ulp_plain, ulp_float)                                                    \
  BLOCK_OF(name, mdl_##name##f_at(LEVEL, x[l]), mdl_##name##_at(LEVEL, (double)x[l]))
#define FUNCTION2(name, exact, xlow, xhigh, ylow, yhigh, ulp, ulp_plain, ulp_float)                                    \
  BLOCK_OF(name, mdl_##name##f_at(LEVEL, x[l], y[l]), mdl_##name##_at(LEVEL, (double)x[l], (double)y[l]))
#define GAMMA(name)
#include "functions.def"
#undef FUNCTION
#undef FUNCTION2

static const struct {
  const char *name;
  Block *block;
  double low[2], high[2], ulp;
  bool two;
} function[] = {
#define FUNCTION(name, exact, low, high, ulp, ulp_plain, ulp_float) {#name, name##_block, {0}, {0}, ulp_float, false},
#define FUNCTION2(name, exact, xlow, xhigh, ylow, yhigh, ulp, ulp_plain, ulp_float)                                    \
  {#name, name##_block, {xlow, ylow}, {xhigh, yhigh}, ulp_float, true},
#include "functions.def"
};

// How far y is from the exact value, in units of its last place.
static double ulps(float y, double exact) {
  const float rounded = (float)exact;
  int exponent;
  if (isnan(y) || isnan(rounded)) return isnan(y) && isnan(rounded) ? 0 : HUGE_VAL;
  if (isinf(y) || isinf(rounded)) return y == rounded ? 0 : HUGE_VAL;
  if (rounded == 0 && y == 0) return signbit(y) == signbit(rounded) ? 0 : HUGE_VAL;
  frexp(exact, &exponent);
  return fabs(ldexp((double)y - exact, 24 - (exponent < -125 ? -125 : exponent)));
}

// Half of the pairs are any bits.
static float drawn(uint64_t *state, int k, double low, double high) {
  return k % 2 ? (float)between(state, low, high) : mdl_of_bitsf((uint32_t)(next_random(state) >> 32));
}

static bool within(size_t f, uint64_t stride) {
  static float x[BLOCK], y[BLOCK], z[BLOCK];
  static double exact[BLOCK];
  double worst = 0;
  float at[2] = {0};
  uint64_t state = 1;
  for (int64_t u = -1; u <= (int64_t)UINT32_MAX; u += u < 0 ? 1 : BLOCK * (int64_t)stride) { // special ones first
    for (int i = 0; i < BLOCK; i++) {
      x[i] = mdl_of_bitsf((uint32_t)(u + i * (int64_t)stride));
      if (function[f].two) x[i] = drawn(&state, i / 2, function[f].low[0], function[f].high[0]);
      if (function[f].two) y[i] = drawn(&state, i, function[f].low[1], function[f].high[1]);
      if (u < 0) x[i] = (float)point(&state, i / 27, 0, 1), y[i] = (float)point(&state, i % 27, 0, 1);
    }
    function[f].block(x, y, z, exact);
    for (int i = 0; i < BLOCK; i++) {
      if (worst >= 0.5 && z[i] != 0 && z[i] == (float)exact[i]) continue; // most of them
      const double error = ulps(z[i], exact[i]);
      if (!(error > worst)) continue;
      worst = error;
      at[0] = x[i], at[1] = y[i];
    }
  }
  printf("%-9s %.3f ulp at %.9g %.9g%s\n", function[f].name, worst, (double)at[0], (double)at[1],
         worst <= function[f].ulp ? "" : ": too much");
  fflush(stdout);
  return worst <= function[f].ulp;
}

int main(int argc, char **argv) {
  const uint64_t stride = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
  bool ok = stride > 0;
  for (size_t f = 0; ok && f < sizeof function / sizeof *function; f++) {
    bool wanted = argc <= 2;
    for (int k = 2; k < argc; k++) wanted = wanted || !strcmp(argv[k], function[f].name);
    if (wanted && !within(f, stride)) ok = false;
  }
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
