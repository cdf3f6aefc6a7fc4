/* mdl/turn.h - samples that lie row by row, turned, so that a vector takes one entry of each, and turned back.
 *
 * The text stands alone, in C99 and in C++: it is copied into generated C that has such data.  With MDL_TURN_FLOAT it is of
 * float.
 */
#ifndef MDL_TURN_H
#define MDL_TURN_H

#include <stdint.h>

#include "mdl/math/level.h"

#ifdef MDL_TURN_FLOAT
typedef float mdl_turn_real;
enum { MDL_TURN_LANES = 16 }; /* of a vector */
#else
typedef double mdl_turn_real;
enum { MDL_TURN_LANES = 8 };
#endif

enum { MDL_TURN_TILE = 64 }; /* samples side by side */

#if defined(__GNUC__) && defined(__OPTIMIZE__)
#define MDL_TURN_INLINE static inline __attribute__((always_inline, unused))
#elif defined(__GNUC__)
#define MDL_TURN_INLINE static inline __attribute__((unused))
#else
#define MDL_TURN_INLINE static inline
#endif

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define MDL_TURN_VECTORS 1
#endif
#endif

/* to[j * aside + r] = from[r * apart + j], one by one, the longer way inside. */
MDL_TURN_INLINE void mdl_turn_plain(const mdl_turn_real *from, int64_t apart, int64_t rows, int64_t columns,
                                    mdl_turn_real *to, int64_t aside) {
  if (rows < columns)
    for (int64_t r = 0; r < rows; r++)
      for (int64_t j = 0; j < columns; j++) to[j * aside + r] = from[r * apart + j];
  else
    for (int64_t j = 0; j < columns; j++)
      for (int64_t r = 0; r < rows; r++) to[j * aside + r] = from[r * apart + j];
}

#ifdef MDL_TURN_VECTORS
#define MDL_TURN_MIX __builtin_shufflevector
#define MDL_TURN_TYPES(bytes) /* a vector, and one that lies anywhere */                                               \
  typedef mdl_turn_real V __attribute__((vector_size(bytes)));                                                         \
  typedef mdl_turn_real U __attribute__((vector_size(bytes), aligned(sizeof(mdl_turn_real)), may_alias));
#define MDL_TURN_ROW(k) (*(const U *)(from + (k) * apart))
#define MDL_TURN_COLUMN(k) (*(U *)(to + (k) * aside))

/* Four entries of four rows: pairs of rows, then halves of these. */
#define MDL_TURN_FOUR(name, bytes)                                                                                     \
  MDL_TURN_INLINE void name(const mdl_turn_real *from, int64_t apart, mdl_turn_real *to, int64_t aside) {              \
    MDL_TURN_TYPES(bytes)                                                                                              \
    const V a0 = MDL_TURN_ROW(0), a1 = MDL_TURN_ROW(1), a2 = MDL_TURN_ROW(2), a3 = MDL_TURN_ROW(3);                    \
    const V b0 = MDL_TURN_MIX(a0, a1, 0, 4, 2, 6), b1 = MDL_TURN_MIX(a0, a1, 1, 5, 3, 7);                              \
    const V b2 = MDL_TURN_MIX(a2, a3, 0, 4, 2, 6), b3 = MDL_TURN_MIX(a2, a3, 1, 5, 3, 7);                              \
    MDL_TURN_COLUMN(0) = MDL_TURN_MIX(b0, b2, 0, 1, 4, 5);                                                             \
    MDL_TURN_COLUMN(1) = MDL_TURN_MIX(b1, b3, 0, 1, 4, 5);                                                             \
    MDL_TURN_COLUMN(2) = MDL_TURN_MIX(b0, b2, 2, 3, 6, 7);                                                             \
    MDL_TURN_COLUMN(3) = MDL_TURN_MIX(b1, b3, 2, 3, 6, 7);                                                             \
  }

#ifdef MDL_TURN_FLOAT
enum { MDL_TURN_WIDE = 8, MDL_TURN_NARROW = 4 };
MDL_TURN_FOUR(mdl_turn_narrow, 16)

/* Pairs of rows, then fours: of two entries that lie four apart. */
#define MDL_TURN_PAIR(k, l)                                                                                            \
  const V a##k = MDL_TURN_ROW(k), a##l = MDL_TURN_ROW(l), b##k = MDL_TURN_MIX(a##k, a##l, 0, 8, 1, 9, 4, 12, 5, 13),   \
          b##l = MDL_TURN_MIX(a##k, a##l, 2, 10, 3, 11, 6, 14, 7, 15);
#define MDL_TURN_HALVES(k, l, m, n)                                                                                    \
  const V c##m = MDL_TURN_MIX(b##k, b##l, 0, 1, 8, 9, 4, 5, 12, 13),                                                   \
          c##n = MDL_TURN_MIX(b##k, b##l, 2, 3, 10, 11, 6, 7, 14, 15);
#define MDL_TURN_EIGHT(k, l)                                                                                           \
  MDL_TURN_COLUMN(k) = MDL_TURN_MIX(c##k, c##l, 0, 1, 2, 3, 8, 9, 10, 11);                                             \
  MDL_TURN_COLUMN(l) = MDL_TURN_MIX(c##k, c##l, 4, 5, 6, 7, 12, 13, 14, 15);

MDL_TURN_INLINE void mdl_turn_wide(const mdl_turn_real *from, int64_t apart, mdl_turn_real *to, int64_t aside) {
  MDL_TURN_TYPES(32)
  MDL_TURN_PAIR(0, 1) MDL_TURN_PAIR(2, 3) MDL_TURN_PAIR(4, 5) MDL_TURN_PAIR(6, 7)
  MDL_TURN_HALVES(0, 2, 0, 1) MDL_TURN_HALVES(1, 3, 2, 3) MDL_TURN_HALVES(4, 6, 4, 5) MDL_TURN_HALVES(5, 7, 6, 7)
  MDL_TURN_EIGHT(0, 4) MDL_TURN_EIGHT(1, 5) MDL_TURN_EIGHT(2, 6) MDL_TURN_EIGHT(3, 7)
}

#undef MDL_TURN_PAIR
#undef MDL_TURN_HALVES
#undef MDL_TURN_EIGHT
#else
enum { MDL_TURN_WIDE = 4, MDL_TURN_NARROW = 2 };
MDL_TURN_FOUR(mdl_turn_wide, 32)

MDL_TURN_INLINE void mdl_turn_narrow(const mdl_turn_real *from, int64_t apart, mdl_turn_real *to, int64_t aside) {
  MDL_TURN_TYPES(16)
  const V a0 = MDL_TURN_ROW(0), a1 = MDL_TURN_ROW(1);
  MDL_TURN_COLUMN(0) = MDL_TURN_MIX(a0, a1, 0, 2);
  MDL_TURN_COLUMN(1) = MDL_TURN_MIX(a0, a1, 1, 3);
}
#endif

/* Eight entries of eight rows, in squares that vectors have room for. */
MDL_TURN_INLINE void mdl_turn_block(const int mdl_level, const mdl_turn_real *from, int64_t apart, mdl_turn_real *to,
                                    int64_t aside) {
  const int64_t side = mdl_level > 0 ? MDL_TURN_WIDE : MDL_TURN_NARROW;
  for (int64_t r = 0; r < 8; r += side)
    for (int64_t j = 0; j < 8; j += side)
      if (mdl_level > 0)
        mdl_turn_wide(from + r * apart + j, apart, to + j * aside + r, aside);
      else
        mdl_turn_narrow(from + r * apart + j, apart, to + j * aside + r, aside);
}

#undef MDL_TURN_FOUR
#undef MDL_TURN_MIX
#undef MDL_TURN_TYPES
#undef MDL_TURN_ROW
#undef MDL_TURN_COLUMN
#else
MDL_TURN_INLINE void mdl_turn_block(const int mdl_level, const mdl_turn_real *from, int64_t apart, mdl_turn_real *to,
                                    int64_t aside) {
  (void)mdl_level;
  mdl_turn_plain(from, apart, 8, 8, to, aside);
}
#endif

/* Asks for what eight samples, `ahead` behind those at `from`, have there, to be in the nearest cache (3) or the next (2)
 * when it is read; behind the last sample nothing is. */
#ifdef __GNUC__
#define MDL_TURN_FETCH(from, count, ahead, cache)                                                                      \
  for (int64_t row = (ahead); row < (ahead) + 8; row++)                                                                \
  __builtin_prefetch((const void *)((uintptr_t)(from) + (uintptr_t)(row * (count)) * sizeof *(from)), 0, cache)
#else
#define MDL_TURN_FETCH(from, count, ahead, cache) (void)0
#endif

/* to[j * 64 + r] = from[r * count + j] for `count` entries of each of `rows` samples; lanes behind the last sample take its
 * entries.  mdl_level: above 0 for a processor with vectors of 32 bytes, a constant of the caller. */
MDL_TURN_INLINE void mdl_turn_rows_at(const int mdl_level, const mdl_turn_real *from, int64_t count, int64_t rows,
                                      mdl_turn_real *to) {
  const int64_t whole = rows - rows % 8, blocks = count - count % 8;
  for (int64_t r = 0; r < whole; r += 8)
    for (int64_t j = 0; j < blocks; j += 8) {
      MDL_TURN_FETCH(from + r * count + j, count, 8, 3);
      mdl_turn_block(mdl_level, from + r * count + j, count, to + j * MDL_TURN_TILE + r, MDL_TURN_TILE);
    }
  mdl_turn_plain(from + blocks, count, whole, count - blocks, to + blocks * MDL_TURN_TILE, MDL_TURN_TILE);
  mdl_turn_plain(from + whole * count, count, rows - whole, count, to + whole, MDL_TURN_TILE);
  for (int64_t j = 0; j < count; j++)
    for (int64_t r = rows; r % MDL_TURN_LANES != 0; r++) to[j * MDL_TURN_TILE + r] = to[j * MDL_TURN_TILE + rows - 1];
}
MDL_LEVELS(mdl_turn_rows, (const mdl_turn_real *from, int64_t count, int64_t rows, mdl_turn_real *to), from, count, rows, to)

/* And back: to[r * count + j] = from[j * 64 + r]. */
MDL_TURN_INLINE void mdl_turn_back_at(const int mdl_level, const mdl_turn_real *from, int64_t count, int64_t rows,
                                      mdl_turn_real *to) {
  const int64_t whole = rows - rows % 8, blocks = count - count % 8;
  for (int64_t r = 0; r < whole; r += 8)
    for (int64_t j = 0; j < blocks; j += 8)
      mdl_turn_block(mdl_level, from + j * MDL_TURN_TILE + r, MDL_TURN_TILE, to + r * count + j, count);
  mdl_turn_plain(from + blocks * MDL_TURN_TILE, MDL_TURN_TILE, count - blocks, whole, to + blocks, count);
  mdl_turn_plain(from + whole, MDL_TURN_TILE, count, rows - whole, to + whole * count, count);
}
MDL_LEVELS(mdl_turn_back, (const mdl_turn_real *from, int64_t count, int64_t rows, mdl_turn_real *to), from, count, rows, to)

#endif
