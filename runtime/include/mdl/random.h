/* mdl/random.h - counter-based random numbers: a value is a function of (seed, stream, counter), nothing is
 * remembered.
 *
 * The generator is Philox4x32-10 of J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel Random Numbers:
 * As Easy as 1, 2, 3", SC'11 (doi:10.1145/2063384.2063405).  The seed is its key; counter and stream are the low and
 * the high half of its 128-bit counter.  So values may be drawn in any order and by any number of threads.
 *
 * The text stands alone, in C99 and in C++: it is copied into generated C that draws numbers.
 */
#ifndef MDL_RANDOM_H
#define MDL_RANDOM_H

#include <math.h>
#include <stdint.h>

/* A copy in a source file need not use all of it. */
#if defined(__GNUC__)
#define MDL_RANDOM_INLINE static inline __attribute__((unused))
#else
#define MDL_RANDOM_INLINE static inline
#endif

struct mdl_random_block {
  uint32_t word[4];
};

/* Philox4x32-10 itself: a bijection of the 128-bit counter for each key (word 0 is the lowest). */
MDL_RANDOM_INLINE struct mdl_random_block mdl_random_philox(struct mdl_random_block counter, uint32_t key0, uint32_t key1) {
  struct mdl_random_block x = counter;
  int round;
  for (round = 0; round < 10; round++) {
    const uint64_t a = (uint64_t)UINT32_C(0xD2511F53) * x.word[0];
    const uint64_t b = (uint64_t)UINT32_C(0xCD9E8D57) * x.word[2];
    x.word[0] = (uint32_t)(b >> 32) ^ x.word[1] ^ key0;
    x.word[2] = (uint32_t)(a >> 32) ^ x.word[3] ^ key1;
    x.word[1] = (uint32_t)b;
    x.word[3] = (uint32_t)a;
    key0 += UINT32_C(0x9E3779B9);
    key1 += UINT32_C(0xBB67AE85);
  }
  return x;
}

/* The 128 bits of (seed, stream, counter). */
MDL_RANDOM_INLINE struct mdl_random_block mdl_random_bits(uint64_t seed, uint64_t stream, uint64_t counter) {
  struct mdl_random_block x;
  x.word[0] = (uint32_t)counter;
  x.word[1] = (uint32_t)(counter >> 32);
  x.word[2] = (uint32_t)stream;
  x.word[3] = (uint32_t)(stream >> 32);
  return mdl_random_philox(x, (uint32_t)seed, (uint32_t)(seed >> 32));
}

/* The middle of one of 2^52 equal parts of (0, 1), taken by the upper bits of two words: never 0 and never 1. */
MDL_RANDOM_INLINE double mdl_random_open(uint32_t high, uint32_t low) {
  const uint64_t part = ((uint64_t)high << 20) | (low >> 12);
  return ((double)part + 0.5) * (1.0 / 4503599627370496.0);
}

/* Uniform in the open interval (0, 1).  Rounded to float it may be 1. */
MDL_RANDOM_INLINE double mdl_random_uniform(uint64_t seed, uint64_t stream, uint64_t counter) {
  const struct mdl_random_block x = mdl_random_bits(seed, stream, counter);
  return mdl_random_open(x.word[0], x.word[1]);
}

/* Standard normal, by the cosine half of G. E. P. Box and M. E. Muller (Ann. Math. Statist. 29, 1958); |z| < 8.6.
 * Its last bits are those of the platform's log and cos. */
MDL_RANDOM_INLINE double mdl_random_normal(uint64_t seed, uint64_t stream, uint64_t counter) {
  const struct mdl_random_block x = mdl_random_bits(seed, stream, counter);
  const double u = mdl_random_open(x.word[0], x.word[1]);
  const double v = mdl_random_open(x.word[2], x.word[3]);
  return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

/* An integer in 0 .. n-1, each equally likely (n > 0): values under 2^64 mod n are drawn again, with the next key. */
MDL_RANDOM_INLINE uint64_t mdl_random_below(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t n) {
  const uint64_t unfair = (UINT64_C(0) - n) % n;
  for (;; seed++) {
    const struct mdl_random_block x = mdl_random_bits(seed, stream, counter);
    const uint64_t first = ((uint64_t)x.word[0] << 32) | x.word[1];
    const uint64_t second = ((uint64_t)x.word[2] << 32) | x.word[3];
    if (first >= unfair) return first % n;
    if (second >= unfair) return second % n;
  }
}

#endif
