/* mdl/contract.h - sums of products over affine subscripts: c[i, j] = sum[k](a[i, k] * b[k, j]), in packed panels and
 * register tiles.
 *
 * The order belongs to the sum: each entry is a chain of fused multiply-adds (mdl/math/fma.h) in blocks of 256 terms; a block's chain starts
 * from 0, and the blocks are added, in order, to 0 or to what is there.  Tiles, packing and instruction sets change nothing
 * of it, so the bits are the same on every machine.
 *
 * The text stands alone, in C99 and in C++: it is copied into generated C that has such sums.  With MDL_CONTRACT_FLOAT it
 * computes in float; with MDL_CONTRACT_BLAS it calls <cblas.h> where it can, whose bits are others.
 */
#ifndef MDL_CONTRACT_H
#define MDL_CONTRACT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "mdl/math/fma.h"

#if defined(__GNUC__)
#if defined(__OPTIMIZE__)
#define MDL_CONTRACT_INLINE static inline __attribute__((always_inline, unused))
#else
#define MDL_CONTRACT_INLINE static inline __attribute__((unused))
#endif
#define MDL_CONTRACT_FUNCTION static __attribute__((noinline, unused))
#else
#define MDL_CONTRACT_INLINE static inline
#define MDL_CONTRACT_FUNCTION static
#endif

#ifdef MDL_CONTRACT_FLOAT
typedef float mdl_contract_real;
#define MDL_CONTRACT_FMA(level, x, y, z) mdl_fmaf_at(level, x, y, z)
#else
typedef double mdl_contract_real;
#define MDL_CONTRACT_FMA(level, x, y, z) mdl_fma_at(level, x, y, z)
#endif

enum {
  MDL_CONTRACT_AXES = 4,      /* of a group, at most */
  MDL_CONTRACT_BLOCK = 256,   /* terms */
  MDL_CONTRACT_ROWS = 96,     /* of a packed block of a */
  MDL_CONTRACT_COLUMNS = 512, /* of a packed block of b */
  MDL_CONTRACT_TILE = 512,    /* entries of a tile, at most */
  MDL_CONTRACT_DIRECT_A = 16384, /* entries that are not worth packing */
  MDL_CONTRACT_DIRECT_B = 16384,
  MDL_CONTRACT_TURNED = 2304, /* that are as well packed without blocks */
  MDL_CONTRACT_NEAR = 2048 /* of b, that stay in the nearest cache beside rows of c */
};

/* A group of indices, the last one running fastest, with their steps through the two arrays in which they occur. */
typedef struct mdl_contract_axes {
  int count;
  int64_t extent[MDL_CONTRACT_AXES], first[MDL_CONTRACT_AXES], second[MDL_CONTRACT_AXES];
} mdl_contract_axes;

typedef struct mdl_contraction {
  mdl_contract_real *c;
  const mdl_contract_real *a, *b;
  mdl_contract_axes rows;    /* steps in a and in c */
  mdl_contract_axes columns; /* steps in b and in c */
  mdl_contract_axes terms;   /* steps in a and in b */
  int add;                   /* to what is in c */
  int bounded;               /* row i has only the terms from low + low_row * i on, below high + high_row * i */
  int64_t low, low_row, high, high_row;
} mdl_contraction;

/* ---- tiles ---- */

/* What becomes of a tile's chains: they are put into c, added to it, or go on from it. */
enum { MDL_CONTRACT_PUT, MDL_CONTRACT_ADD, MDL_CONTRACT_GO_ON };

/* The chains of `steps` terms of `rows` rows and `vectors` vectors of columns. */
typedef void mdl_contract_tile(int rows, int vectors, int mode, int64_t steps, const mdl_contract_real *a,
                               int64_t a_row, int64_t a_step, const mdl_contract_real *b, int64_t b_step,
                               mdl_contract_real *c, int64_t c_row);

/* The chains of rows by themselves, in each of so many columns that MDL_CONTRACT_WIDE vectors fill, put or added. */
enum { MDL_CONTRACT_WIDE = 8 };
typedef void mdl_contract_row(int mode, int64_t rows, int64_t columns, int64_t steps, const mdl_contract_real *a,
                              int64_t a_row, int64_t a_step, const mdl_contract_real *b, int64_t b_step,
                              mdl_contract_real *c, int64_t c_row);

typedef struct mdl_contract_level {
  mdl_contract_tile *tile;
  mdl_contract_row *row; /* or null */
  int lanes; /* of a vector */
  int rows[4]; /* the heights of tiles, falling; each number of rows is a sum of these */
  const struct mdl_contract_level *narrow; /* for fewer columns than a vector has, or null */
} mdl_contract_level;

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
/* Row r of a tile is at p[s * a_row]: with a pointer for each three rows, addresses need no multiplication. */
#define MDL_CONTRACT_ROWS_1(X) X(0, p0, 0)
#define MDL_CONTRACT_ROWS_4(X) X(0, p0, 0) X(1, p0, 1) X(2, p0, 2) X(3, p1, 0)
#define MDL_CONTRACT_ROWS_6(X) MDL_CONTRACT_ROWS_4(X) X(4, p1, 1) X(5, p1, 2)
#define MDL_CONTRACT_ROWS_8(X) MDL_CONTRACT_ROWS_6(X) X(6, p2, 0) X(7, p2, 1)
#define MDL_CONTRACT_ROWS_12(X) MDL_CONTRACT_ROWS_8(X) X(8, p2, 2) X(9, p3, 0) X(10, p3, 1) X(11, p3, 2)

#define MDL_CONTRACT_START(r, p, s)                                                                                    \
  V c##r##0 = zero, c##r##1 = zero;                                                                                    \
  if (mode == MDL_CONTRACT_GO_ON) {                                                                                    \
    c##r##0 = *(const U *)(c + r * c_row);                                                                             \
    if (wide) c##r##1 = *(const U *)(c + r * c_row + lanes);                                                           \
  }
#define MDL_CONTRACT_STEP(r, p, s)                                                                                     \
  {                                                                                                                    \
    const mdl_contract_real x = p[s * a_row];                                                                          \
    for (int l = 0; l < lanes; l++) c##r##0[l] = MDL_CONTRACT_FMA(1, x, b0[l], c##r##0[l]);                            \
    for (int l = 0; wide && l < lanes; l++) c##r##1[l] = MDL_CONTRACT_FMA(1, x, b1[l], c##r##1[l]);                    \
  }
#define MDL_CONTRACT_END(r, p, s)                                                                                      \
  {                                                                                                                    \
    V before0 = zero, before1 = zero;                                                                                  \
    if (mode == MDL_CONTRACT_ADD) {                                                                                    \
      before0 = *(const U *)(c + r * c_row);                                                                           \
      if (wide) before1 = *(const U *)(c + r * c_row + lanes);                                                         \
    }                                                                                                                  \
    *(U *)(c + r * c_row) = mode == MDL_CONTRACT_GO_ON ? c##r##0 : before0 + c##r##0;                                  \
    if (wide) *(U *)(c + r * c_row + lanes) = mode == MDL_CONTRACT_GO_ON ? c##r##1 : before1 + c##r##1;                \
  }

/* Tiles of one height and one or two vectors. */
#define MDL_CONTRACT_TILES(name, ROWS, BYTES, TARGET)                                                                  \
  TARGET MDL_CONTRACT_INLINE void name(int wide, int mode, int64_t steps, const mdl_contract_real *a, int64_t a_row,   \
                                       int64_t a_step, const mdl_contract_real *b, int64_t b_step,                     \
                                       mdl_contract_real *c, int64_t c_row) {                                          \
    typedef mdl_contract_real V __attribute__((vector_size(BYTES)));                                                   \
    typedef mdl_contract_real U __attribute__((vector_size(BYTES), aligned(sizeof(mdl_contract_real)), may_alias));    \
    const V zero = {0};                                                                                                \
    enum { lanes = BYTES / sizeof(mdl_contract_real) };                                                                \
    const mdl_contract_real *p0 = a, *p1 = a + 3 * a_row, *p2 = a + 6 * a_row, *p3 = a + 9 * a_row;                    \
    ROWS(MDL_CONTRACT_START)                                                                                           \
    for (; steps > 0; steps--) {                                                                                       \
      const V b0 = *(const U *)b, b1 = *(const U *)(wide ? b + lanes : b);                                             \
      ROWS(MDL_CONTRACT_STEP)                                                                                          \
      p0 += a_step;                                                                                                    \
      p1 += a_step;                                                                                                    \
      p2 += a_step;                                                                                                    \
      p3 += a_step;                                                                                                    \
      b += b_step;                                                                                                     \
    }                                                                                                                  \
    ROWS(MDL_CONTRACT_END)                                                                                             \
    (void)p1;                                                                                                          \
    (void)p2;                                                                                                          \
    (void)p3;                                                                                                          \
  }

/* A row by eight vectors: as many chains as hide an addition's latency, and whole lines of b. */
#define MDL_CONTRACT_VECTORS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define MDL_CONTRACT_ROW_STEP(v)                                                                                       \
  {                                                                                                                    \
    const V y = *(const U *)(q + v * lanes);                                                                           \
    for (int l = 0; l < lanes; l++) c##v[l] = MDL_CONTRACT_FMA(1, *p, y[l], c##v[l]);                                  \
  }
#define MDL_CONTRACT_ROW_END(v)                                                                                        \
  *(U *)(c + j + v * lanes) = (mode == MDL_CONTRACT_ADD ? (V) * (const U *)(c + j + v * lanes) : zero) + c##v;
#define MDL_CONTRACT_ROW(name, BYTES, TARGET)                                                                          \
  TARGET MDL_CONTRACT_FUNCTION void name(int mode, int64_t rows, int64_t columns, int64_t steps,                       \
                                         const mdl_contract_real *a, int64_t a_row, int64_t a_step,                    \
                                         const mdl_contract_real *b, int64_t b_step, mdl_contract_real *c,             \
                                         int64_t c_row) {                                                              \
    typedef mdl_contract_real V __attribute__((vector_size(BYTES)));                                                   \
    typedef mdl_contract_real U __attribute__((vector_size(BYTES), aligned(sizeof(mdl_contract_real)), may_alias));    \
    enum { lanes = BYTES / sizeof(mdl_contract_real) };                                                                \
    const V zero = {0};                                                                                                \
    for (; rows > 0; rows--, a += a_row, c += c_row)                                                                   \
      for (int64_t j = 0; j < columns; j += MDL_CONTRACT_WIDE * lanes) {                                               \
        const mdl_contract_real *p = a, *q = b + j;                                                                    \
        V c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;                      \
        for (int64_t k = 0; k < steps; k++, p += a_step, q += b_step) {                                                \
          MDL_CONTRACT_VECTORS(MDL_CONTRACT_ROW_STEP)                                                                  \
        }                                                                                                              \
        MDL_CONTRACT_VECTORS(MDL_CONTRACT_ROW_END)                                                                     \
      }                                                                                                                \
  }

#define MDL_CONTRACT_ONE(height, tiles, wide)                                                                          \
  if (rows == height && (vectors == 2) == wide) {                                                                      \
    tiles(wide, mode, steps, a, a_row, a_step, b, b_step, c, c_row);                                                   \
    return;                                                                                                            \
  }

/* All tiles of an instruction set. */
#define MDL_CONTRACT_LEVEL(name, BYTES, TARGET, TALL, TALL_ROWS, MIDDLE, MIDDLE_ROWS)                                  \
  MDL_CONTRACT_TILES(name##_tall, TALL_ROWS, BYTES, TARGET)                                                            \
  MDL_CONTRACT_TILES(name##_middle, MIDDLE_ROWS, BYTES, TARGET)                                                        \
  MDL_CONTRACT_TILES(name##_four, MDL_CONTRACT_ROWS_4, BYTES, TARGET)                                                  \
  MDL_CONTRACT_TILES(name##_single, MDL_CONTRACT_ROWS_1, BYTES, TARGET)                                                \
  TARGET MDL_CONTRACT_FUNCTION void name(int rows, int vectors, int mode, int64_t steps, const mdl_contract_real *a,   \
                                         int64_t a_row, int64_t a_step, const mdl_contract_real *b, int64_t b_step,    \
                                         mdl_contract_real *c, int64_t c_row) {                                        \
    MDL_CONTRACT_ONE(TALL, name##_tall, 1)                                                                             \
    MDL_CONTRACT_ONE(TALL, name##_tall, 0)                                                                             \
    MDL_CONTRACT_ONE(MIDDLE, name##_middle, 1)                                                                         \
    MDL_CONTRACT_ONE(MIDDLE, name##_middle, 0)                                                                         \
    MDL_CONTRACT_ONE(4, name##_four, 1)                                                                                \
    MDL_CONTRACT_ONE(4, name##_four, 0)                                                                                \
    MDL_CONTRACT_ONE(1, name##_single, 1)                                                                              \
    MDL_CONTRACT_ONE(1, name##_single, 0)                                                                              \
  }
#endif

#if defined(__GNUC__) && defined(__x86_64__)
#define MDL_CONTRACT_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,bmi2")))
#define MDL_CONTRACT_AVX2 __attribute__((target("avx2,fma,bmi2")))
MDL_CONTRACT_ROW(mdl_contract_avx512_row, 64, MDL_CONTRACT_AVX512)
MDL_CONTRACT_ROW(mdl_contract_avx2_row, 32, MDL_CONTRACT_AVX2)
MDL_CONTRACT_LEVEL(mdl_contract_avx512, 64, MDL_CONTRACT_AVX512, 12, MDL_CONTRACT_ROWS_12, 8, MDL_CONTRACT_ROWS_8)
MDL_CONTRACT_LEVEL(mdl_contract_avx2, 32, MDL_CONTRACT_AVX2, 6, MDL_CONTRACT_ROWS_6, 6, MDL_CONTRACT_ROWS_6)
#elif defined(__GNUC__) && defined(__aarch64__)
MDL_CONTRACT_ROW(mdl_contract_neon_row, 16, )
MDL_CONTRACT_LEVEL(mdl_contract_neon, 16, , 8, MDL_CONTRACT_ROWS_8, 6, MDL_CONTRACT_ROWS_6)
#endif

/* Wherever there is nothing better; without the instruction, fma is exact and slow. */
MDL_CONTRACT_FUNCTION void mdl_contract_plain(int rows, int vectors, int mode, int64_t steps,
                                              const mdl_contract_real *a, int64_t a_row, int64_t a_step,
                                              const mdl_contract_real *b, int64_t b_step, mdl_contract_real *c,
                                              int64_t c_row) {
  enum { LANES = 8 };
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++) {
      mdl_contract_real *to = c + r * c_row + v * LANES, sum[LANES];
      for (int l = 0; l < LANES; l++) sum[l] = mode == MDL_CONTRACT_GO_ON ? to[l] : 0;
      for (int64_t k = 0; k < steps; k++)
        for (int l = 0; l < LANES; l++)
          sum[l] = MDL_CONTRACT_FMA(0, a[r * a_row + k * a_step], b[k * b_step + v * LANES + l], sum[l]);
      for (int l = 0; l < LANES; l++)
        to[l] = mode == MDL_CONTRACT_GO_ON ? sum[l] : (mode == MDL_CONTRACT_ADD ? to[l] : 0) + sum[l];
    }
}

MDL_CONTRACT_INLINE const mdl_contract_level *mdl_contract_level_here(void) {
  static const mdl_contract_level plain = {mdl_contract_plain, NULL, 8, {4, 4, 4, 1}, NULL};
#if defined(__GNUC__) && defined(__x86_64__)
  enum { size = sizeof(mdl_contract_real) };
  static const mdl_contract_level avx2 = {mdl_contract_avx2, mdl_contract_avx2_row, 32 / size, {6, 4, 1, 1}, NULL};
  static const mdl_contract_level avx512 = {
      mdl_contract_avx512, mdl_contract_avx512_row, 64 / size, {12, 8, 4, 1}, &avx2};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw"))
    return &avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
#elif defined(__GNUC__) && defined(__aarch64__)
  enum { size = sizeof(mdl_contract_real) };
  static const mdl_contract_level neon = {mdl_contract_neon, mdl_contract_neon_row, 16 / size, {8, 6, 4, 1}, NULL};
  return &neon;
#endif
  return &plain;
}

/* ---- where things are ---- */

MDL_CONTRACT_INLINE int64_t mdl_contract_size(const mdl_contract_axes *axes) {
  int64_t size = 1;
  for (int k = 0; k < axes->count; k++) size *= axes->extent[k];
  return size;
}

/* The places in both arrays of `count` positions from `at` on. */
MDL_CONTRACT_FUNCTION void mdl_contract_places(const mdl_contract_axes *axes, int64_t at, int64_t count,
                                               int64_t *first, int64_t *second) {
  int64_t index[MDL_CONTRACT_AXES] = {0}, x = 0, y = 0;
  const int last = axes->count - 1;
  if (count == 0) return; /* then an extent may be 0 */
  for (int k = last; k >= 0; k--) {
    index[k] = k > 0 ? at % axes->extent[k] : at;
    if (k > 0) at /= axes->extent[k];
    x += index[k] * axes->first[k];
    y += index[k] * axes->second[k];
  }
  for (int64_t i = 0; i < count; i++) {
    first[i] = x;
    second[i] = y;
    for (int k = last; k >= 0; k--) {
      x += axes->first[k];
      y += axes->second[k];
      if (++index[k] < axes->extent[k] || k == 0) break;
      x -= index[k] * axes->first[k];
      y -= index[k] * axes->second[k];
      index[k] = 0;
    }
  }
}

/* Are the places `step` apart? */
MDL_CONTRACT_INLINE int mdl_contract_even(const int64_t *place, int64_t count, int64_t step) {
  for (int64_t i = 1; i < count; i++)
    if (place[i] - place[i - 1] != step) return 0;
  return 1;
}

MDL_CONTRACT_INLINE int64_t mdl_contract_least(int64_t x, int64_t y) {
  return x < y ? x : y;
}

/* What a block of the sum needs to know. */
typedef struct mdl_contract_state {
  const mdl_contraction *t;
  const mdl_contract_level *level;
  int64_t first_term, terms, nterm; /* of this block, of all */
  int64_t first_row, rows, first_column, columns;
  int mode;
  const mdl_contract_real *a, *b; /* direct, or null */
  int64_t a_step, b_step;
  mdl_contract_real *packed_a, *packed_b;
  int64_t row_a[MDL_CONTRACT_ROWS], row_c[MDL_CONTRACT_ROWS];
  int64_t column_b[MDL_CONTRACT_COLUMNS], column_c[MDL_CONTRACT_COLUMNS];
  int64_t term_a[MDL_CONTRACT_BLOCK], term_b[MDL_CONTRACT_BLOCK];
} mdl_contract_state;

/* The height of the tile that starts a number of rows. */
MDL_CONTRACT_INLINE int mdl_contract_height(const mdl_contract_level *level, int64_t rows) {
  int k = 0;
  while (level->rows[k] > rows) k++;
  return level->rows[k];
}

/* ---- packing ---- */

/* Tile by tile, term by term. */
MDL_CONTRACT_FUNCTION void mdl_contract_pack_a(mdl_contract_state *s) {
  mdl_contract_real *to = s->packed_a;
  for (int64_t r = 0; r < s->rows;) {
    const int height = mdl_contract_height(s->level, s->rows - r);
    const mdl_contract_real *a = s->t->a;
    const int64_t *row = s->row_a + r;
    if (mdl_contract_even(row, height, 1)) {
      for (int64_t k = 0; k < s->terms; k++, to += height)
        memcpy(to, a + row[0] + s->term_a[k], (size_t)height * sizeof *to);
    } else {
      int64_t k = 0;
      for (; k + 4 <= s->terms; k += 4, to += 4 * height) {
        const int64_t *term = s->term_a + k;
        for (int i = 0; i < height; i++) {
          const mdl_contract_real *from = a + row[i];
          to[i] = from[term[0]];
          to[height + i] = from[term[1]];
          to[2 * height + i] = from[term[2]];
          to[3 * height + i] = from[term[3]];
        }
      }
      for (; k < s->terms; k++, to += height)
        for (int i = 0; i < height; i++) to[i] = a[row[i] + s->term_a[k]];
    }
    r += height;
  }
}

/* Panel by panel of two vectors, term by term; columns that are missing are 0. */
MDL_CONTRACT_FUNCTION void mdl_contract_pack_b(mdl_contract_state *s) {
  const int width = 2 * s->level->lanes;
  mdl_contract_real *to = s->packed_b;
  for (int64_t j = 0; j < s->columns; j += width) {
    const int count = (int)mdl_contract_least(width, s->columns - j);
    const mdl_contract_real *b = s->t->b;
    const int64_t *column = s->column_b + j;
    if (mdl_contract_even(column, count, 1)) {
      for (int64_t k = 0; k < s->terms; k++, to += width) {
        const mdl_contract_real *from = b + column[0] + s->term_b[k];
        if (count == width)
          memcpy(to, from, (size_t)width * sizeof *to);
        else
          for (int i = 0; i < width; i++) to[i] = i < count ? from[i] : 0;
      }
      continue;
    }
    int64_t k = 0;
    for (; k + 4 <= s->terms; k += 4, to += 4 * width) {
      const int64_t *term = s->term_b + k;
      for (int i = 0; i < width; i++) {
        const mdl_contract_real *from = b + (i < count ? column[i] : column[0]);
        to[i] = i < count ? from[term[0]] : 0;
        to[width + i] = i < count ? from[term[1]] : 0;
        to[2 * width + i] = i < count ? from[term[2]] : 0;
        to[3 * width + i] = i < count ? from[term[3]] : 0;
      }
    }
    for (; k < s->terms; k++, to += width)
      for (int i = 0; i < width; i++) to[i] = i < count ? b[column[i] + s->term_b[k]] : 0;
  }
}

/* ---- one tile ---- */

MDL_CONTRACT_INLINE int64_t mdl_contract_within(int64_t x, int64_t low, int64_t high) {
  return x < low ? low : x > high ? high : x;
}

/* The terms of a row in this block: *low up to *high, from the block's first on. */
MDL_CONTRACT_INLINE void mdl_contract_bounds(const mdl_contract_state *s, int64_t row, int64_t *low, int64_t *high) {
  const mdl_contraction *t = s->t;
  const int64_t i = s->first_row + row;
  *low = mdl_contract_within(t->low + t->low_row * i - s->first_term, 0, s->terms);
  *high = mdl_contract_within(t->high + t->high_row * i - s->first_term, *low, s->terms);
}

/* Of rows that have different terms: those that all have, between what each has before and behind. */
MDL_CONTRACT_FUNCTION void mdl_contract_ragged(const mdl_contract_state *s, int64_t r, int height, int vectors,
                                               const mdl_contract_real *a, int64_t a_row, int64_t a_step,
                                               const mdl_contract_real *b, int64_t b_step, mdl_contract_real *sum,
                                               int64_t width) {
  int64_t low, high, all_low = 0, all_high = s->terms;
  mdl_contract_tile *tile = s->level->tile;
  for (int i = 0; i < height; i++) {
    mdl_contract_bounds(s, r + i, &low, &high);
    if (low > all_low) all_low = low;
    if (high < all_high) all_high = high;
  }
  if (all_high < all_low) all_high = all_low;
  for (int i = 0; i < height; i++) {
    mdl_contract_bounds(s, r + i, &low, &high);
    high = mdl_contract_least(high, all_low);
    tile(1, vectors, MDL_CONTRACT_GO_ON, high - low, a + i * a_row + low * a_step, a_row, a_step, b + low * b_step,
         b_step, sum + i * width, width);
  }
  tile(height, vectors, MDL_CONTRACT_GO_ON, all_high - all_low, a + all_low * a_step, a_row, a_step,
       b + all_low * b_step, b_step, sum, width);
  for (int i = 0; i < height; i++) {
    mdl_contract_bounds(s, r + i, &low, &high);
    if (low < all_high) low = all_high;
    tile(1, vectors, MDL_CONTRACT_GO_ON, high - low, a + i * a_row + low * a_step, a_row, a_step, b + low * b_step,
         b_step, sum + i * width, width);
  }
}

MDL_CONTRACT_INLINE void mdl_contract_one_tile(const mdl_contract_state *s, int64_t r, int height, int64_t j,
                                               int columns, const mdl_contract_real *a, int64_t a_row, int64_t a_step,
                                               const mdl_contract_real *b, int64_t b_step, int plain_c) {
  const int lanes = s->level->lanes, vectors = columns > lanes ? 2 : 1;
  const int64_t *row = s->row_c + r, *column = s->column_c + j;
  const int64_t c_row = height > 1 ? row[1] - row[0] : 0;
  if (!s->t->bounded && plain_c && columns == vectors * lanes && mdl_contract_even(row, height, c_row)) {
    s->level->tile(height, vectors, s->mode, s->terms, a, a_row, a_step, b, b_step, s->t->c + row[0] + column[0], c_row);
    return;
  }
  const int width = 2 * lanes;
  mdl_contract_real sum[MDL_CONTRACT_TILE];
  if (s->t->bounded) {
    memset(sum, 0, (size_t)(height * width) * sizeof *sum);
    mdl_contract_ragged(s, r, height, vectors, a, a_row, a_step, b, b_step, sum, width);
  } else {
    s->level->tile(height, vectors, MDL_CONTRACT_PUT, s->terms, a, a_row, a_step, b, b_step, sum, width);
  }
  for (int i = 0; i < height; i++)
    for (int l = 0; l < columns; l++) {
      mdl_contract_real *c = s->t->c + row[i] + column[l];
      *c = (s->mode == MDL_CONTRACT_ADD ? *c : 0) + sum[i * width + l];
    }
}

/* Of rows by themselves as many columns as eight vectors have, and again; returns how many columns that makes. */
MDL_CONTRACT_INLINE int64_t mdl_contract_across(const mdl_contract_level *level, int mode, int64_t rows, int64_t columns,
                                                int64_t terms, const mdl_contract_real *a, int64_t a_row, int64_t a_step,
                                                const mdl_contract_real *b, int64_t b_step, mdl_contract_real *c,
                                                int64_t c_row) {
  const int64_t whole = columns - columns % (MDL_CONTRACT_WIDE * level->lanes);
  if (whole > 0) level->row(mode, rows, whole, terms, a, a_row, a_step, b, b_step, c, c_row);
  return whole;
}

/* ---- all tiles of a block ---- */

MDL_CONTRACT_FUNCTION void mdl_contract_tiles(const mdl_contract_state *s) {
  const int width = 2 * s->level->lanes;
  int64_t j = 0;
  if (s->rows == 1 && s->a && s->b && s->level->row && !s->t->bounded && s->t->columns.second[0] == 1)
    j = mdl_contract_across(s->level, s->mode, 1, s->columns, s->terms, s->a + s->row_a[0], 0, s->a_step,
                            s->b + s->column_b[0], s->b_step, s->t->c + s->row_c[0] + s->column_c[0], 0);
  for (; j < s->columns; j += width) {
    const int columns = (int)mdl_contract_least(width, s->columns - j);
    const int plain_c = mdl_contract_even(s->column_c + j, columns, 1);
    const mdl_contract_real *b = s->b ? s->b + s->column_b[j] : s->packed_b + j * s->terms;
    const int64_t b_step = s->b ? s->b_step : width;
    for (int64_t r = 0; r < s->rows;) {
      const int height = mdl_contract_height(s->level, s->rows - r);
      if (s->a)
        mdl_contract_one_tile(s, r, height, j, columns, s->a + s->row_a[r],
                              height > 1 ? s->row_a[r + 1] - s->row_a[r] : 0, s->a_step, b, b_step, plain_c);
      else
        mdl_contract_one_tile(s, r, height, j, columns, s->packed_a + r * s->terms, 1, height, b, b_step, plain_c);
      r += height;
    }
  }
}

/* ---- small ones ---- */

/* Columns that do not fill a vector, on their own: with zeros beside them, by way of a buffer. */
MDL_CONTRACT_FUNCTION void mdl_contract_rest(const mdl_contract_level *level, const mdl_contraction *t, int64_t j,
                                             int columns, const mdl_contract_real *b, int64_t b_step,
                                             mdl_contract_real *packed) {
  const int lanes = level->lanes, vectors = columns > lanes ? 2 : 1, width = vectors * lanes;
  const int64_t rows = t->rows.extent[0], terms = t->terms.extent[0];
  mdl_contract_real sum[MDL_CONTRACT_TILE], *to = packed;
  for (int64_t k = 0; k < terms; k++, b += b_step, to += width)
    for (int l = 0; l < width; l++) to[l] = l < columns ? b[l] : 0;
  for (int64_t r = 0; r < rows;) {
    const int height = mdl_contract_height(level, rows - r);
    mdl_contract_real *c = t->c + r * t->rows.second[0] + j;
    level->tile(height, vectors, MDL_CONTRACT_PUT, terms, t->a + r * t->rows.first[0], t->rows.first[0],
                t->terms.first[0], packed, width, sum, width);
    for (int i = 0; i < height; i++, c += t->rows.second[0])
      for (int l = 0; l < columns; l++) c[l] = (t->add ? c[l] : 0) + sum[i * width + l];
    r += height;
  }
}

/* What lies well and is not worth packing: read where it is. */
MDL_CONTRACT_INLINE int mdl_contract_is_small(const mdl_contraction *t) {
  return t->rows.count == 1 && t->columns.count == 1 && t->terms.count == 1 && !t->bounded &&
         t->columns.second[0] == 1 &&
         (t->columns.first[0] == 1 || t->columns.extent[0] * t->terms.extent[0] <= MDL_CONTRACT_TURNED) && t->terms.extent[0] <= MDL_CONTRACT_BLOCK &&
         t->rows.extent[0] * t->terms.extent[0] <= MDL_CONTRACT_DIRECT_A &&
         t->columns.extent[0] * t->terms.extent[0] <= MDL_CONTRACT_DIRECT_B;
}

MDL_CONTRACT_INLINE void mdl_contract_small(const mdl_contract_level *level, const mdl_contraction *t,
                                            mdl_contract_real *work) {
  const int64_t rows = t->rows.extent[0], columns = t->columns.extent[0], terms = t->terms.extent[0];
  const int64_t a_row = t->rows.first[0], c_row = t->rows.second[0];
  if (columns < level->lanes && level->narrow) level = level->narrow;
  const int mode = t->add ? MDL_CONTRACT_ADD : MDL_CONTRACT_PUT, lanes = level->lanes;
  const mdl_contract_real *b = t->b;
  int64_t b_step = t->terms.second[0], j = 0;
  if (t->columns.first[0] != 1) { /* turned, so that vectors are of columns */
    for (int64_t i = 0; i < columns; i++, b += t->columns.first[0])
      for (int64_t k = 0; k < terms; k++) work[k * columns + i] = b[k * b_step];
    b = work;
    b_step = columns;
    work += terms * columns;
  }
  if ((rows == 1 || terms == 1) && level->row) /* nothing of b is read twice, or nothing of a */
    j = mdl_contract_across(level, mode, rows, columns, terms, t->a, a_row, t->terms.first[0], b, b_step, t->c, c_row);
  const int64_t start = j, band = columns * terms <= MDL_CONTRACT_NEAR ? level->rows[0] : rows; /* c in the order of memory */
  for (int64_t from = 0; from < rows; from += band) {
    const int64_t to = mdl_contract_least(from + band, rows);
    j = start;
    for (int vectors; j < columns; j += vectors * lanes) {
      const int64_t left = columns - j;
      vectors = left > lanes ? 2 : 1;
      if (left < vectors * lanes) { /* what is put may be put twice */
        if (mode == MDL_CONTRACT_PUT && columns >= vectors * lanes)
          j = columns - vectors * lanes;
        else if (left > lanes)
          vectors = 1;
        else
          break;
      }
      for (int64_t r = from; r < to;) {
        const int height = mdl_contract_height(level, to - r);
        level->tile(height, vectors, mode, terms, t->a + r * a_row, a_row, t->terms.first[0], b + j, b_step,
                    t->c + r * c_row + j, c_row);
        r += height;
      }
    }
  }
  if (rows > 0 && j < columns) mdl_contract_rest(level, t, j, (int)(columns - j), b + j, b_step, work);
}

/* All of it at one level.  `work` has room for what is packed of both: as many terms as a block has at most, times as many
 * rows, and as many columns in whole panels of 32 and one more, as a packed block has; and for 64 bytes. */
MDL_CONTRACT_FUNCTION void mdl_contract_at(const mdl_contract_level *level, const mdl_contraction *t,
                                           mdl_contract_real *work) {
  if (mdl_contract_is_small(t)) {
    mdl_contract_small(level, t, work);
    return;
  }
  mdl_contract_state s;
  const int64_t rows = mdl_contract_size(&t->rows), columns = mdl_contract_size(&t->columns);
  s.t = t;
  s.level = level;
  s.nterm = mdl_contract_size(&t->terms);
  const int width = 2 * s.level->lanes;
  const int one_row = t->rows.count == 1, one_column = t->columns.count == 1, one_term = t->terms.count == 1;
  /* What is read a few times only, or is small and lies well, is not packed. */
  const int direct_a = one_row && one_term && (columns <= 2 * width || rows * s.nterm <= MDL_CONTRACT_DIRECT_A);
  const int direct_b = one_column && one_term && t->columns.first[0] == 1 && columns % s.level->lanes == 0 &&
                       (rows <= 2 * s.level->rows[0] || columns * s.nterm <= MDL_CONTRACT_DIRECT_B);
  work += (64 - (uintptr_t)work % 64) % 64 / sizeof *work;
  s.packed_b = work;
  s.packed_a = work + mdl_contract_least(MDL_CONTRACT_BLOCK, s.nterm) *
                          mdl_contract_least(MDL_CONTRACT_COLUMNS, (columns + width - 1) / width * width);
  s.mode = t->add ? MDL_CONTRACT_ADD : MDL_CONTRACT_PUT;
  for (s.first_term = 0; s.first_term == 0 || s.first_term < s.nterm; s.first_term += MDL_CONTRACT_BLOCK) {
    s.terms = mdl_contract_least(MDL_CONTRACT_BLOCK, s.nterm - s.first_term);
    mdl_contract_places(&t->terms, s.first_term, s.terms, s.term_a, s.term_b);
    s.a_step = t->terms.first[0];
    s.b_step = t->terms.second[0];
    s.a = direct_a ? t->a + s.first_term * s.a_step : NULL;
    s.b = direct_b ? t->b + s.first_term * s.b_step : NULL;
    for (s.first_column = 0; s.first_column < columns; s.first_column += MDL_CONTRACT_COLUMNS) {
      s.columns = mdl_contract_least(MDL_CONTRACT_COLUMNS, columns - s.first_column);
      mdl_contract_places(&t->columns, s.first_column, s.columns, s.column_b, s.column_c);
      if (!s.b) mdl_contract_pack_b(&s);
      for (s.first_row = 0; s.first_row < rows; s.first_row += MDL_CONTRACT_ROWS) {
        s.rows = mdl_contract_least(MDL_CONTRACT_ROWS, rows - s.first_row);
        mdl_contract_places(&t->rows, s.first_row, s.rows, s.row_a, s.row_c);
        if (!s.a) mdl_contract_pack_a(&s);
        mdl_contract_tiles(&s);
      }
    }
    s.mode = MDL_CONTRACT_ADD;
  }
}

#ifdef MDL_CONTRACT_BLAS
#include <cblas.h>

/* By the library, in its order of sums, where its matrices can describe it: 0 where they cannot. */
MDL_CONTRACT_FUNCTION int mdl_contract_blas(const mdl_contraction *t) {
  const int64_t rows = t->rows.extent[0], columns = t->columns.extent[0], terms = t->terms.extent[0];
  if (t->rows.count != 1 || t->columns.count != 1 || t->terms.count != 1 || t->bounded) return 0;
  const int turn_a = t->terms.first[0] != 1, turn_b = t->columns.first[0] != 1;
  if ((turn_a && t->rows.first[0] != 1) || (turn_b && t->terms.second[0] != 1) || t->columns.second[0] != 1) return 0;
  const int64_t a_step = turn_a ? t->terms.first[0] : t->rows.first[0], c_step = t->rows.second[0];
  const int64_t b_step = turn_b ? t->columns.first[0] : t->terms.second[0];
  if (a_step < (turn_a ? rows : terms) || b_step < (turn_b ? terms : columns) || c_step < columns) return 0;
  const int64_t sizes[] = {rows, columns, terms, a_step, b_step, c_step};
  for (int k = 0; k < 6; k++)
    if (sizes[k] < 1 || sizes[k] > INT32_MAX) return 0;
#ifdef MDL_CONTRACT_FLOAT
  cblas_sgemm
#else
  cblas_dgemm
#endif
      (CblasRowMajor, turn_a ? CblasTrans : CblasNoTrans, turn_b ? CblasTrans : CblasNoTrans, (int)rows, (int)columns,
       (int)terms, 1, t->a, (int)a_step, t->b, (int)b_step, t->add ? 1 : 0, t->c, (int)c_step);
  return 1;
}
#endif

MDL_CONTRACT_FUNCTION void mdl_contract(const mdl_contraction *t, mdl_contract_real *work) {
#ifdef MDL_CONTRACT_BLAS
  if (mdl_contract_blas(t)) return;
#endif
  mdl_contract_at(mdl_contract_level_here(), t, work);
}

/* Of one index each: c[i * c_row + j * c_column] = sum[k](a[i * a_row + k * a_term] * b[k * b_term + j * b_column]). */
MDL_CONTRACT_INLINE void mdl_contract_matrix(mdl_contract_real *c, const mdl_contract_real *a, const mdl_contract_real *b,
                                             int64_t rows, int64_t columns, int64_t terms, int64_t a_row, int64_t a_term,
                                             int64_t b_term, int64_t b_column, int64_t c_row, int64_t c_column, int add,
                                             mdl_contract_real *work) {
  mdl_contraction t; /* what is not used of it is not written */
  t.c = c;
  t.a = a;
  t.b = b;
  t.rows.count = t.columns.count = t.terms.count = 1;
  t.rows.extent[0] = rows;
  t.rows.first[0] = a_row;
  t.rows.second[0] = c_row;
  t.columns.extent[0] = columns;
  t.columns.first[0] = b_column;
  t.columns.second[0] = c_column;
  t.terms.extent[0] = terms;
  t.terms.first[0] = a_term;
  t.terms.second[0] = b_term;
  t.add = add;
  t.bounded = 0;
  mdl_contract(&t, work);
}

#endif
