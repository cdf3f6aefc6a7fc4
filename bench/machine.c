/* machine.c - what one core of this machine can do at most: bandwidth of the memory, fused multiply-adds in registers.
 *
 * Compiled with contraction on: a * b + c is one instruction where the target has it. */
#include <stdio.h>

#include "harness.h"

enum {
  CELLS = 1 << 24, /* of each array: 128 MiB, more than caches hold */
  CHAINS = 12,     /* of multiply-adds that do not wait for one another */
  STEPS = 100000
};

struct arrays {
  double *a, *b, *c;
  volatile double sink;
};

/* 24 bytes a cell: two read, one written. */
static void triad(void *context) {
  const struct arrays *x = context;
  double *restrict a = x->a;
  const double *restrict b = x->b, *restrict c = x->c;
  for (long k = 0; k < CELLS; k++) a[k] = b[k] + 3 * c[k];
}

/* 8 bytes a cell. */
static void read_all(void *context) {
  enum { LANES = 32 };
  struct arrays *x = context;
  double lane[LANES] = {0}, sum = 0;
  for (long k = 0; k < CELLS; k += LANES)
    for (int l = 0; l < LANES; l++) lane[l] += x->b[k + l];
  for (int l = 0; l < LANES; l++) sum += lane[l];
  x->sink = sum;
}

/* CHAINS vectors, STEPS times v = v * x + y; each vector has BYTES bytes of reals. */
#define PEAK(name, features, real, bytes)                                                                              \
  typedef real name##_vector __attribute__((vector_size(bytes)));                                                      \
  features static void name(void *context) {                                                                           \
    struct arrays *arrays = context;                                                                                   \
    name##_vector v[CHAINS], x = (name##_vector){0} + (real)0.5, y = x * (real)0.25;                                   \
    for (int k = 0; k < CHAINS; k++) v[k] = y + (real)k;                                                               \
    for (long step = 0; step < STEPS; step++)                                                                          \
      _Pragma("GCC unroll 12") for (int k = 0; k < CHAINS; k++) v[k] = v[k] * x + y;                                   \
    for (int k = 1; k < CHAINS; k++) v[0] += v[k];                                                                     \
    arrays->sink = (double)v[0][0];                                                                                    \
  }

#define BASELINE
PEAK(double_baseline, BASELINE, double, 16)
PEAK(float_baseline, BASELINE, float, 16)
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))
PEAK(double_avx2, AVX2, double, 32)
PEAK(float_avx2, AVX2, float, 32)
PEAK(double_avx512, AVX512, double, 64)
PEAK(float_avx512, AVX512, float, 64)
#endif

/* Bytes or operations of one run. */
enum { TRIAD = 24, READ = 8, OPERATIONS = 2 };
#define FLOPS(reals) ((double)OPERATIONS * CHAINS * STEPS * (reals))

static const struct limit {
  struct side side;
  double amount;
  int level; /* of instructions: 0 baseline, 1 avx2 and fma, 2 avx512f */
} limits[] = {
    {{"triad", triad}, (double)TRIAD *CELLS, 0},         {{"read", read_all}, (double)READ *CELLS, 0},
    {{"double_baseline", double_baseline}, FLOPS(2), 0}, {{"float_baseline", float_baseline}, FLOPS(4), 0},
#if defined(__x86_64__)
    {{"double_avx2", double_avx2}, FLOPS(4), 1},         {{"float_avx2", float_avx2}, FLOPS(8), 1},
    {{"double_avx512", double_avx512}, FLOPS(8), 2},     {{"float_avx512", float_avx512}, FLOPS(16), 2},
#endif
};

enum { LIMITS = sizeof limits / sizeof *limits };

static int level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return 2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
  return 0;
}

int main(void) {
  const size_t bytes = CELLS * sizeof(double);
  struct arrays arrays = {memory(bytes), memory(bytes), memory(bytes), 0};
  struct side sides[LIMITS];
  char more[512] = "\"amounts\": [";
  int count = 0;
  size_t end = 12;
  for (int k = 0; k < LIMITS; k++) {
    if (limits[k].level > level()) continue;
    end += (size_t)snprintf(more + end, sizeof more - end, "%s%.17g", count ? ", " : "", limits[k].amount);
    sides[count++] = limits[k].side;
  }
  snprintf(more + end, sizeof more - end, "]");
  serve(sides, count, &arrays, more);
  return 0;
}
