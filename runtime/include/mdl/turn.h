/* mdl/turn.h - samples that lie row by row, turned, so that a vector takes one entry of each.
 *
 * The text stands alone, in C99 and in C++: it is copied into generated C that has such data.  With MDL_TURN_FLOAT it is of
 * float.
 */
#ifndef MDL_TURN_H
#define MDL_TURN_H

#include <stdint.h>

#ifdef MDL_TURN_FLOAT
typedef float mdl_turn_real;
enum { MDL_TURN_LANES = 16 }; /* of a vector */
#else
typedef double mdl_turn_real;
enum { MDL_TURN_LANES = 8 };
#endif

enum { MDL_TURN_TILE = 64 }; /* samples side by side */

#if defined(__GNUC__) && !defined(__TINYC__)
#define MDL_TURN_INLINE static inline __attribute__((always_inline, unused))
#else
#define MDL_TURN_INLINE static inline
#endif

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define MDL_TURN_VECTORS 1
#endif
#endif

/* The entries from `low` up to `high` of `rows` samples, one by one. */
MDL_TURN_INLINE void mdl_turn_plain(const mdl_turn_real *from, int64_t count, int64_t low, int64_t high, int64_t rows,
                                    mdl_turn_real *to) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = low; j < high; j++) to[j * MDL_TURN_TILE + r] = from[r * count + j];
}

/* Eight entries of eight samples. */
MDL_TURN_INLINE void mdl_turn_block(const mdl_turn_real *from, int64_t count, mdl_turn_real *to) {
#ifdef MDL_TURN_VECTORS
  typedef mdl_turn_real V __attribute__((vector_size(8 * sizeof(mdl_turn_real))));
  typedef mdl_turn_real U __attribute__((vector_size(8 * sizeof(mdl_turn_real)), aligned(sizeof(mdl_turn_real)), may_alias));
#define MDL_TURN_ROW(k) const V a##k = *(const U *)(from + (k) * count);
#define MDL_TURN_PAIR(k, l) /* pairs of entries of pairs of samples */                                                 \
  const V b##k = __builtin_shufflevector(a##k, a##l, 0, 8, 2, 10, 4, 12, 6, 14);                                       \
  const V b##l = __builtin_shufflevector(a##k, a##l, 1, 9, 3, 11, 5, 13, 7, 15);
#define MDL_TURN_FOUR(k, l)                                                                                            \
  const V c##k = __builtin_shufflevector(b##k, b##l, 0, 1, 8, 9, 4, 5, 12, 13);                                        \
  const V c##l = __builtin_shufflevector(b##k, b##l, 2, 3, 10, 11, 6, 7, 14, 15);
#define MDL_TURN_EIGHT(k, l)                                                                                           \
  *(U *)(to + (k) * MDL_TURN_TILE) = __builtin_shufflevector(c##k, c##l, 0, 1, 2, 3, 8, 9, 10, 11);                    \
  *(U *)(to + (l) * MDL_TURN_TILE) = __builtin_shufflevector(c##k, c##l, 4, 5, 6, 7, 12, 13, 14, 15);
  MDL_TURN_ROW(0) MDL_TURN_ROW(1) MDL_TURN_ROW(2) MDL_TURN_ROW(3)
  MDL_TURN_ROW(4) MDL_TURN_ROW(5) MDL_TURN_ROW(6) MDL_TURN_ROW(7)
  MDL_TURN_PAIR(0, 1) MDL_TURN_PAIR(2, 3) MDL_TURN_PAIR(4, 5) MDL_TURN_PAIR(6, 7)
  MDL_TURN_FOUR(0, 2) MDL_TURN_FOUR(1, 3) MDL_TURN_FOUR(4, 6) MDL_TURN_FOUR(5, 7)
  MDL_TURN_EIGHT(0, 4) MDL_TURN_EIGHT(1, 5) MDL_TURN_EIGHT(2, 6) MDL_TURN_EIGHT(3, 7)
#undef MDL_TURN_ROW
#undef MDL_TURN_PAIR
#undef MDL_TURN_FOUR
#undef MDL_TURN_EIGHT
#else
  mdl_turn_plain(from, count, 0, 8, 8, to);
#endif
}

/* to[j * 64 + r] = from[r * count + j] for `count` entries of each of `rows` samples; lanes behind the last sample take its
 * entries. */
MDL_TURN_INLINE void mdl_turn_rows(const mdl_turn_real *from, int64_t count, int64_t rows, mdl_turn_real *to) {
  const int64_t whole = rows - rows % 8, blocks = count - count % 8;
  for (int64_t r = 0; r < whole; r += 8)
    for (int64_t j = 0; j < blocks; j += 8) mdl_turn_block(from + r * count + j, count, to + j * MDL_TURN_TILE + r);
  mdl_turn_plain(from, count, blocks, count, whole, to);
  mdl_turn_plain(from + whole * count, count, 0, count, rows - whole, to + whole);
  for (int64_t j = 0; j < count; j++)
    for (int64_t r = rows; r % MDL_TURN_LANES != 0; r++) to[j * MDL_TURN_TILE + r] = to[j * MDL_TURN_TILE + rows - 1];
}

#endif
