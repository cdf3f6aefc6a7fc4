/* mdl/math/fma.h - what the elementary functions stand on: x * y + z in one rounding, bits, where code is inlined.
 *
 * Every product that is added to something is written as mdl_fma, so that a compiler has nothing to contract and the
 * bits are the same everywhere.  A function that uses it has a parameter mdl_level, a constant of its caller: above 0
 * the caller is compiled for a processor with the instruction, at 0 perhaps not.  With MDL_NO_FMA none is written: then
 * product and sum are rounded, everywhere, which the file's first lines see to.  A compiler that has no builtin for it is
 * told of functions that round once by -DMDL_FMA=fma -DMDL_FMAF=fmaf, if the C library's do; else one of our own is
 * called, which takes ten times as long.
 *
 * Each function is inlined into its caller, so that it is compiled for the processor that the caller is compiled for,
 * and has neither branches nor calls, so that a loop over it becomes vector instructions.  Without optimization it is
 * called: a tenth of the compiler's time, the same bits.
 */
#ifndef MDL_MATH_FMA_H
#define MDL_MATH_FMA_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#define MDL_APART static __attribute__((noinline, noclone, unused))
#elif defined(__GNUC__)
#define MDL_APART static __attribute__((noinline, unused))
#else
#define MDL_APART static inline
#endif
#if defined(MDL_INLINE)
/* the file that this stands in has it */
#elif defined(__GNUC__) && defined(__OPTIMIZE__)
#define MDL_INLINE static inline __attribute__((always_inline, unused))
#elif defined(__GNUC__)
#define MDL_INLINE static inline __attribute__((unused))
#else
#define MDL_INLINE static inline
#endif

MDL_INLINE uint64_t mdl_bits(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

MDL_INLINE double mdl_of_bits(uint64_t u) {
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

/* x with y's sign; y may be not a number. */
MDL_INLINE double mdl_with_sign(double x, double y) {
  return mdl_of_bits((mdl_bits(x) & UINT64_C(0x7fffffffffffffff)) | (mdl_bits(y) & UINT64_C(0x8000000000000000)));
}

#if defined(__GNUC__)
#define MDL_CONSTANT(x) __builtin_constant_p(x)
#else
#define MDL_CONSTANT(x) 0
#endif
/* Both sides are computed before.  In lanes gcc makes no branch of it, given -fno-trapping-math; a constant is chosen by a
 * mask, or what follows would be computed of it apart. */
MDL_INLINE double mdl_select(int condition, double x, double y) {
  const uint64_t mask = condition ? UINT64_MAX : 0;
  return mdl_of_bits((mdl_bits(x) & mask) | (mdl_bits(y) & ~mask));
}

MDL_INLINE double mdl_choose(int condition, double x, double y) {
  if (!MDL_CONSTANT(x) && !MDL_CONSTANT(y)) return condition ? x : y;
  return mdl_select(condition, x, y);
}

/* x, but not above, or below, a constant; not a number stays.  Where both are asked for, `most` comes first: were the second a choice,
 * gcc would compute what follows of the first one's constant apart. */
MDL_INLINE double mdl_at_most(double x, double most) {
  return x > most ? most : x;
}

MDL_INLINE double mdl_at_least(double x, double least) {
  return mdl_select(x < least, least, x);
}

/* (double)n in lanes.  AVX-512 has an instruction for that; elsewhere the halves of n become the low bits of reals that are large
 * enough, and are put together again: the sum is rounded once, as n is. */
MDL_INLINE double mdl_real_at(const int mdl_level, int64_t n) {
  const uint64_t u = (uint64_t)n;
  const double low = mdl_of_bits((u & UINT64_C(0xffffffff)) | UINT64_C(0x4330000000000000)); /* 2^52 + */
  const double high = mdl_of_bits((u >> 32) ^ UINT64_C(0x4530000080000000)); /* 2^84 + 2^63 + */
  return mdl_level == 2 ? (double)n : (high - 19342822341709703277445120.0) + low; /* 2^84 + 2^63 + 2^52 */
}

/* The same of an n from -2^51 to 2^51: the last bits of a real that is large enough. */
MDL_INLINE double mdl_narrow_real_at(const int mdl_level, int64_t n) {
  return mdl_level == 2 ? (double)n : mdl_of_bits((uint64_t)n + UINT64_C(0x4338000000000000)) - 6755399441055744.0;
}

/* mdl_level where a function is called, not inlined in lanes: for any processor, and for one with fma.  There it may branch,
 * where both sides would give the same bits. */
enum { MDL_CALLED = -1, MDL_CALLED_FMA = 8 };
MDL_INLINE int mdl_is_called(const int mdl_level) {
  return mdl_level == MDL_CALLED || mdl_level == MDL_CALLED_FMA;
}

typedef struct mdl_pair { /* high + low, low at most half a unit in high's last place, or nearly so */
  double high, low;
} mdl_pair;

/* mdl_fma and, in float, mdl_fmaf; with _at the level is the first argument. */
#define mdl_fma(x, y, z) mdl_fma_at(mdl_level, x, y, z)
#define mdl_fmaf(x, y, z) mdl_fmaf_at(mdl_level, x, y, z)
#if defined(MDL_NO_FMA)
#define mdl_fma_at(level, x, y, z) ((void)(level), (x) * (y) + (z))
#define mdl_fmaf_at(level, x, y, z) ((void)(level), (x) * (y) + (z))
#elif defined(__GNUC__) &&                                                                                             \
    (defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__aarch64__) ||                                         \
     (defined(__riscv_flen) && __riscv_flen >= 64) || defined(__powerpc64__) || defined(__s390x__))
#define mdl_fma_at(level, x, y, z) ((void)(level), __builtin_fma(x, y, z))
#define mdl_fmaf_at(level, x, y, z) ((void)(level), __builtin_fmaf(x, y, z))
#else
#define MDL_SOFT_FMA
#if defined(__GNUC__) && !defined(__TINYC__) && defined(__x86_64__)
/* by the level, below */
#elif defined(MDL_FMA)
#define mdl_fma_at(level, x, y, z) ((void)(level), MDL_FMA(x, y, z))
#define mdl_fmaf_at(level, x, y, z) ((void)(level), MDL_FMAF(x, y, z))
#else
#define mdl_fma_at(level, x, y, z) ((void)(level), mdl_soft_fma(x, y, z))
#define mdl_fmaf_at(level, x, y, z) ((void)(level), mdl_soft_fmaf(x, y, z))
#endif
#endif

#if defined(MDL_SOFT_FMA)
typedef struct mdl_wide { /* high 2^64 + low */
  uint64_t high, low;
} mdl_wide;

/* Down by n >= 0 bits; what is lost is kept as a last bit that is 1. */
static inline mdl_wide mdl_wide_down(mdl_wide w, int n) {
  mdl_wide r = {0, (w.high | w.low) != 0};
  if (n == 0) return w;
  if (n < 64) {
    r.high = w.high >> n;
    r.low = w.high << (64 - n) | w.low >> n | ((w.low << (64 - n)) != 0);
  } else if (n < 128) {
    r.low = (n == 64 ? w.high : w.high >> (n - 64)) | ((n == 64 ? 0 : w.high << (128 - n)) != 0 || w.low != 0);
  }
  return r;
}

/* A finite x other than 0 is the result times 2^*exponent, the result from 2^52 to 2^53. */
static inline uint64_t mdl_whole(double x, int *exponent) {
  const int small = fabs(x) < 2.2250738585072014e-308;
  const uint64_t u = mdl_bits(small ? x * 18014398509481984.0 : x);
  *exponent = (int)(u >> 52 & 2047) - (small ? 1075 + 54 : 1075);
  return (u & UINT64_C(0xfffffffffffff)) | UINT64_C(0x10000000000000);
}

/* x * y + z in one rounding, on whole numbers. */
MDL_APART double mdl_soft_fma(double x, double y, double z) {
  int ex, ey, ez, exponent, down;
  uint64_t mx, my, mz, cross, top;
  mdl_wide p, q;
  const double product_sign = mdl_with_sign(1.0, x) * mdl_with_sign(1.0, y);
  double sign = product_sign;
  const double product = x * y;
  if (!(fabs(x) < HUGE_VAL && fabs(y) < HUGE_VAL) || x == 0.0 || y == 0.0) return product + z;
  if (!(fabs(z) < HUGE_VAL)) return z;
  if (z == 0.0) return product;
  mx = mdl_whole(x, &ex), my = mdl_whole(y, &ey), mz = mdl_whole(z, &ez);
  /* The product times 2^20 and z times 2^73: both below 2^126. */
  p.low = (mx & UINT32_MAX) * (my & UINT32_MAX);
  cross = (mx >> 32) * (my & UINT32_MAX) + (p.low >> 32);
  p.high = (mx >> 32) * (my >> 32) + (cross >> 32);
  cross = (cross & UINT32_MAX) + (mx & UINT32_MAX) * (my >> 32);
  p.high += cross >> 32;
  p.low = cross << 32 | (p.low & UINT32_MAX);
  p.high = p.high << 20 | p.low >> 44;
  p.low <<= 20;
  q.high = mz << 9, q.low = 0;
  exponent = ex + ey - 20, ez -= 73;
  if (exponent >= ez) {
    q = mdl_wide_down(q, exponent - ez);
  } else {
    p = mdl_wide_down(p, ez - exponent);
    exponent = ez;
  }
  if (product_sign * mdl_with_sign(1.0, z) > 0.0) {
    p.low += q.low;
    p.high += q.high + (p.low < q.low);
  } else {
    if (p.high < q.high || (p.high == q.high && p.low < q.low)) {
      const mdl_wide w = p;
      p = q, q = w, sign = -sign;
    }
    p.high -= q.high + (p.low < q.low);
    p.low -= q.low;
  }
  if (p.high == 0) {
    if (p.low == 0) return 0.0;
    p.high = p.low, p.low = 0, exponent -= 64;
  }
  /* The leading bits, from 2^62 to 2^63, the last of them 1 where anything follows. */
  for (down = 0; p.high >> 62 == 0; down++) {
    p.high = p.high << 1 | p.low >> 63;
    p.low <<= 1;
  }
  if (p.high >> 63) p = mdl_wide_down(p, 1), down--;
  top = p.high | (p.low != 0);
  exponent += 64 - down;
  if (exponent < -1074 - 10) { /* a subnormal number, or one that rounding may make so */
    const int drop = -1074 - exponent;
    const uint64_t kept = drop < 64 ? top >> drop : 0;
    const uint64_t rest = drop < 64 ? top << (64 - drop) : 0;
    const uint64_t half = UINT64_C(0x8000000000000000);
    const uint64_t up = rest > half || (rest == half && (kept & 1));
    return sign * mdl_of_bits(kept + up);
  }
  if (exponent > 1023 - 62) return sign * (double)(int64_t)top * mdl_of_bits(UINT64_C(2046) << 52) * 2.0;
  ex = exponent / 2; /* the two factors are no subnormal numbers */
  return sign * ((double)(int64_t)top * mdl_of_bits((uint64_t)(ex + 1023) << 52)) *
         mdl_of_bits((uint64_t)(exponent - ex + 1023) << 52);
}

/* The product is exact in double; the sum is rounded to odd there, so that the second rounding is as if it were the only one. */
MDL_INLINE float mdl_soft_fmaf(float x, float y, float z) {
  const double product = (double)x * (double)y, sum = product + (double)z;
  const double part = sum - product, lost = (product - (sum - part)) + ((double)z - part);
  const uint64_t bits = mdl_bits(sum), even = (bits & 1) == 0 && (lost < 0.0 || lost > 0.0);
  return (float)mdl_of_bits((lost < 0.0) == (sum < 0.0) ? bits + even : bits - even);
}

#if !defined(mdl_fma_at) /* by the level; functions, since a macro that has its arguments twice doubles with each fma in an fma */
#if defined(__OPTIMIZE__) /* inlined where the instruction is */
#define mdl_hard_fma __builtin_fma
#define mdl_hard_fmaf __builtin_fmaf
#else
__attribute__((target("fma"))) MDL_INLINE double mdl_hard_fma(double x, double y, double z) {
  return __builtin_fma(x, y, z);
}

__attribute__((target("fma"))) MDL_INLINE float mdl_hard_fmaf(float x, float y, float z) {
  return __builtin_fmaf(x, y, z);
}
#endif

MDL_INLINE double mdl_fma_at(const int level, double x, double y, double z) {
  return level > 0 ? mdl_hard_fma(x, y, z) : mdl_soft_fma(x, y, z);
}

MDL_INLINE float mdl_fmaf_at(const int level, float x, float y, float z) {
  return level > 0 ? mdl_hard_fmaf(x, y, z) : mdl_soft_fmaf(x, y, z);
}
#endif
#endif

/* What rounding took from the product p of x and y. */
MDL_INLINE double mdl_product_rest(const int mdl_level, double x, double y, double p) {
#if defined(MDL_NO_FMA)
  const double a = x * 134217729.0, xh = a - (a - x), xl = x - xh; /* halves of 26 bits */
  const double b = y * 134217729.0, yh = b - (b - y), yl = y - yh;
  (void)mdl_level;
  return ((xh * yh - p) + xh * yl + xl * yh) + xl * yl;
#else
  return mdl_fma(x, y, -p);
#endif
}

/* x * y + z where it is exact but for the rounding of x * y: what is left of a product, or of a quotient. */
MDL_INLINE double mdl_cancel(const int mdl_level, double x, double y, double z) {
#if defined(MDL_NO_FMA)
  const double p = x * y;
  return (p + z) + mdl_product_rest(mdl_level, x, y, p);
#else
  return mdl_fma(x, y, z);
#endif
}

/* x + y and what rounding took from it; the quick one where x is 0 or not the smaller one. */
MDL_INLINE mdl_pair mdl_sum(double x, double y) {
  mdl_pair s;
  double part;
  s.high = x + y;
  part = s.high - x;
  s.low = (x - (s.high - part)) + (y - part);
  return s;
}

MDL_INLINE mdl_pair mdl_quick_sum(double x, double y) {
  mdl_pair s;
  s.high = x + y;
  s.low = y - (s.high - x);
  return s;
}

/* Without errno, so that it is an instruction. */
#if defined(__clang__) && defined(__SSE2__)
MDL_INLINE double mdl_sqrt(double x) {
  typedef double two __attribute__((vector_size(16)));
  const two both = {x, 0.0}, root = __builtin_ia32_sqrtsd(both);
  return root[0];
}
#else
#if defined(__GNUC__) && !defined(__cplusplus)
double sqrt(double) __attribute__((const));
#endif
#define mdl_sqrt(x) sqrt(x)
#endif

#endif
