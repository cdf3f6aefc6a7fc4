/* mdl/rows.h - products with the rows of up to 64 samples as they lie, row by row.
 *
 * Both are sums of fused multiply-adds (mdl/math/fma.h) in an order of their own, whatever the sizes and the instruction set:
 * of a sample over its entries one by one, of an entry over the samples in lanes, the partial sums joined in pairs.  What is
 * read of the rows is turned into lanes (mdl/turn.h) a few entries at a time, or not at all.  `fetch`: they ask for the
 * rows of the next 64 samples, which are wanted behind these and lie in no cache.
 *
 * The text stands alone, in C99 and in C++: it is copied into generated C that has such products.
 */
#ifndef MDL_ROWS_H
#define MDL_ROWS_H

#include "mdl/math/fma.h"
#include "mdl/math/level.h"
#include "mdl/turn.h"

#ifdef MDL_TURN_FLOAT
#define MDL_ROWS_FMA(level, x, y, z) mdl_fmaf_at(level, x, y, z)
#define MDL_ROWS_PART(lane) (part[lane][c] + part[lane + 8][c])
#else
#define MDL_ROWS_FMA(level, x, y, z) mdl_fma_at(level, x, y, z)
#define MDL_ROWS_PART(lane) part[lane][c]
#endif

#if defined(__clang__)
#define MDL_ROWS_LANES _Pragma("clang loop vectorize(assume_safety)")
#define MDL_ROWS_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__) && !defined(__TINYC__)
#define MDL_ROWS_LANES _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#define MDL_ROWS_UNROLL _Pragma("GCC unroll 16")
#else
#define MDL_ROWS_LANES
#define MDL_ROWS_UNROLL
#endif

enum {
  MDL_ROWS_TURNED = 8, /* entries of each row that are turned at a time, and multiplied one behind the other */
  MDL_ROWS_FEW = 4,    /* at most, of those that are left */
  MDL_ROWS_SHORT = 16, /* entries of rows that processors fetch by themselves, below */
  MDL_ROWS_LONG = 48,  /* entries of rows that a tile of fills what lies nearest: they are read some rows at a time */
  MDL_ROWS_COLUMNS = 8, /* entries that are summed side by side */
  MDL_ROWS_MOST = 16 /* of them, where there are registers for the sums of so many */
};

/* The same as mdl_rows_times for `some` entries, sample by sample. */
MDL_TURN_INLINE void mdl_rows_few(const int mdl_level, const mdl_turn_real *from, int64_t stride, const int some,
                                  int64_t rows, const mdl_turn_real *by, mdl_turn_real *to) {
  mdl_turn_real factor[MDL_ROWS_FEW] = {0}; /* read once, whatever `to` is */
  MDL_ROWS_UNROLL
  for (int64_t c = 0; c < some; c++) factor[c] = by[c];
  for (int64_t r = 0; r < rows; r++) {
    mdl_turn_real sum = to[r];
    MDL_ROWS_UNROLL
    for (int64_t c = 0; c < some; c++) sum = MDL_ROWS_FMA(mdl_level, from[r * stride + c], factor[c], sum);
    to[r] = sum;
  }
}

/* to[r] += sum of from[r * stride + j] * by[j] over `count` entries, for each of `rows` samples; lanes behind the last sample
 * take its sum. */
MDL_TURN_INLINE void mdl_rows_times_at(const int mdl_level, const int fetch, const mdl_turn_real *from, int64_t stride,
                                       int64_t count, int64_t rows, const mdl_turn_real *by, mdl_turn_real *to) {
  enum { WIDTH = MDL_TURN_LANES / 2 }; /* 32 bytes: what is turned is stored so, and is soon read again */
  const int64_t group = count < MDL_ROWS_LONG ? MDL_TURN_TILE : 16;
  const int64_t whole = rows - rows % 8, blocks = count - count % MDL_ROWS_TURNED;
  for (int64_t g = 0; g < rows; g += group) {
    const int64_t end = g + group < rows ? g + group : rows, most = end < whole ? end : whole;
    for (int64_t j = 0; j < blocks; j += MDL_ROWS_TURNED) {
      mdl_turn_real turned[MDL_ROWS_TURNED * MDL_TURN_TILE];
      for (int64_t r = g; r < most; r += 8) {
        if (count < MDL_ROWS_SHORT)
          MDL_TURN_FETCH(from + r * stride + j, stride, 8, 3);
        else if (fetch)
          MDL_TURN_FETCH(from + r * stride + j, stride, MDL_TURN_TILE, 2);
        mdl_turn_block(mdl_level, from + r * stride + j, stride, turned + r, MDL_TURN_TILE);
      }
      if (most < end)
        mdl_turn_plain(from + whole * stride + j, stride, rows - whole, MDL_ROWS_TURNED, turned + whole, MDL_TURN_TILE);
      const mdl_turn_real by0 = by[j], by1 = by[j + 1], by2 = by[j + 2], by3 = by[j + 3];
      const mdl_turn_real by4 = by[j + 4], by5 = by[j + 5], by6 = by[j + 6], by7 = by[j + 7];
      int64_t r = g;
      for (; r < most; r += WIDTH) {
        MDL_ROWS_LANES
        for (int64_t k = 0; k < WIDTH; k++) {
          const mdl_turn_real *const at = turned + r + k;
          mdl_turn_real sum = to[r + k];
          sum = MDL_ROWS_FMA(mdl_level, at[0], by0, sum);
          sum = MDL_ROWS_FMA(mdl_level, at[MDL_TURN_TILE], by1, sum);
          sum = MDL_ROWS_FMA(mdl_level, at[2 * MDL_TURN_TILE], by2, sum);
          sum = MDL_ROWS_FMA(mdl_level, at[3 * MDL_TURN_TILE], by3, sum);
          sum = MDL_ROWS_FMA(mdl_level, at[4 * MDL_TURN_TILE], by4, sum);
          sum = MDL_ROWS_FMA(mdl_level, at[5 * MDL_TURN_TILE], by5, sum);
          sum = MDL_ROWS_FMA(mdl_level, at[6 * MDL_TURN_TILE], by6, sum);
          to[r + k] = MDL_ROWS_FMA(mdl_level, at[7 * MDL_TURN_TILE], by7, sum);
        }
      }
      for (; r < end; r++)
        for (int64_t i = 0; i < MDL_ROWS_TURNED; i++)
          to[r] = MDL_ROWS_FMA(mdl_level, turned[i * MDL_TURN_TILE + r], by[j + i], to[r]);
    }
  }
  int64_t j = blocks;
  if (count - j >= 4) {
    mdl_rows_few(mdl_level, from + j, stride, 4, rows, by + j, to);
    j += 4;
  }
  if (count - j >= 2) {
    mdl_rows_few(mdl_level, from + j, stride, 2, rows, by + j, to);
    j += 2;
  }
  if (count - j >= 1) mdl_rows_few(mdl_level, from + j, stride, 1, rows, by + j, to);
  for (int64_t r = rows; r % MDL_TURN_LANES != 0; r++) to[r] = to[rows - 1];
}
MDL_LEVELS(mdl_rows_times,
           (const int fetch, const mdl_turn_real *from, int64_t stride, int64_t count, int64_t rows,
            const mdl_turn_real *by, mdl_turn_real *to),
           fetch, from, stride, count, rows, by, to)

/* The sums of `some` entries over the samples. */
MDL_TURN_INLINE void mdl_rows_part(const int mdl_level, const int fetch, const mdl_turn_real *by,
                                   const mdl_turn_real *from, int64_t stride, const int some, int64_t rows,
                                   mdl_turn_real *to) {
  enum { LANES = MDL_TURN_LANES };
  mdl_turn_real part[LANES][MDL_ROWS_MOST];
  MDL_ROWS_UNROLL
  for (int64_t l = 0; l < LANES; l++)
    for (int64_t c = 0; c < some; c++) part[l][c] = 0;
  const int64_t whole = rows - rows % LANES;
  for (int64_t r = 0; r < whole; r += LANES) {
    for (int64_t c = 0; fetch && c + MDL_ROWS_COLUMNS <= some; c += MDL_ROWS_COLUMNS)
      for (int64_t l = 0; l < LANES; l += 8) MDL_TURN_FETCH(from + r * stride + c, stride, MDL_TURN_TILE + l, 2);
    MDL_ROWS_UNROLL
    for (int64_t l = 0; l < LANES; l++) {
      MDL_ROWS_LANES
      for (int64_t c = 0; c < some; c++)
        part[l][c] = MDL_ROWS_FMA(mdl_level, by[r + l], from[(r + l) * stride + c], part[l][c]);
    }
  }
  for (int64_t r = whole; r < rows; r++)
    for (int64_t c = 0; c < some; c++)
      part[r - whole][c] = MDL_ROWS_FMA(mdl_level, by[r], from[r * stride + c], part[r - whole][c]);
  for (int64_t c = 0; c < some; c++)
    to[c] += ((MDL_ROWS_PART(0) + MDL_ROWS_PART(4)) + (MDL_ROWS_PART(2) + MDL_ROWS_PART(6))) +
             ((MDL_ROWS_PART(1) + MDL_ROWS_PART(5)) + (MDL_ROWS_PART(3) + MDL_ROWS_PART(7)));
}

/* to[j] += sum of by[r] * from[r * stride + j] over `rows` samples, for `count` entries. */
MDL_TURN_INLINE void mdl_rows_sum_at(const int mdl_level, const int fetch, const mdl_turn_real *by,
                                     const mdl_turn_real *from, int64_t stride, int64_t count, int64_t rows,
                                     mdl_turn_real *to) {
  enum { COLUMNS = MDL_ROWS_COLUMNS, MOST = MDL_ROWS_MOST };
  const int ask = fetch || count < MDL_ROWS_SHORT;
  int64_t j = 0;
  for (; mdl_level > 1 && j + MOST <= count; j += MOST) mdl_rows_part(mdl_level, ask, by, from + j, stride, MOST, rows, to + j);
  for (; j + COLUMNS <= count; j += COLUMNS) mdl_rows_part(mdl_level, ask, by, from + j, stride, COLUMNS, rows, to + j);
  if (count - j >= 4) {
    mdl_rows_part(mdl_level, ask, by, from + j, stride, 4, rows, to + j);
    j += 4;
  }
  if (count - j >= 2) {
    mdl_rows_part(mdl_level, ask, by, from + j, stride, 2, rows, to + j);
    j += 2;
  }
  if (count - j >= 1) mdl_rows_part(mdl_level, ask, by, from + j, stride, 1, rows, to + j);
}
MDL_LEVELS(mdl_rows_sum,
           (const int fetch, const mdl_turn_real *by, const mdl_turn_real *from, int64_t stride, int64_t count, int64_t rows,
            mdl_turn_real *to),
           fetch, by, from, stride, count, rows, to)

#undef MDL_ROWS_FMA
#undef MDL_ROWS_PART
#undef MDL_ROWS_LANES
#undef MDL_ROWS_UNROLL

#endif
