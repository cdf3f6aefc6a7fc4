/* gemm.h - C[m, n] += A B in plain C: panels of B packed, tiles of C in registers.  Any matrix may be read transposed: A[i, k] is at
 * i * a_row + k * a_column, B[k, j] at k * b_row + j * b_column; C has rows of c_row entries. */
#ifndef GEMM_H
#define GEMM_H

#include "expert.h"

enum { TILE_ROWS = 6, TILE_COLUMNS = 16, DEPTH = 256 };

/* The sums are copied back to `tile` so that they stay in registers within the loop. */
INLINE void gemm_tile(int64_t depth, const double *A, int64_t a_row, int64_t a_column, const double *packed,
                      double *tile) {
  double sum[TILE_ROWS][TILE_COLUMNS];
  for (int i = 0; i < TILE_ROWS; i++)
    for (int j = 0; j < TILE_COLUMNS; j++) sum[i][j] = 0;
  for (int64_t k = 0; k < depth; k++)
    for (int i = 0; i < TILE_ROWS; i++) {
      const double a = A[i * a_row + k * a_column];
      for (int j = 0; j < TILE_COLUMNS; j++) sum[i][j] += a * packed[k * TILE_COLUMNS + j];
    }
  for (int i = 0; i < TILE_ROWS; i++)
    for (int j = 0; j < TILE_COLUMNS; j++) tile[i * TILE_COLUMNS + j] = sum[i][j];
}

/* The same for the last rows, fewer than a tile has. */
INLINE void gemm_row(int64_t depth, const double *A, int64_t a_column, const double *packed, double *tile) {
  double sum[TILE_COLUMNS] = {0};
  for (int64_t k = 0; k < depth; k++) {
    const double a = A[k * a_column];
    for (int j = 0; j < TILE_COLUMNS; j++) sum[j] += a * packed[k * TILE_COLUMNS + j];
  }
  for (int j = 0; j < TILE_COLUMNS; j++) tile[j] = sum[j];
}

INLINE void gemm_pack(int64_t depth, int64_t columns, const double *B, int64_t b_row, int64_t b_column,
                      double *packed) {
  for (int64_t k = 0; k < depth; k++)
    for (int64_t j = 0; j < TILE_COLUMNS; j++)
      packed[k * TILE_COLUMNS + j] = j < columns ? B[k * b_row + j * b_column] : 0;
}

INLINE void gemm_add(int64_t rows, int64_t columns, const double *tile, double *C, int64_t c_row) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) C[i * c_row + j] += tile[i * TILE_COLUMNS + j];
}

static void gemm(int64_t m, int64_t n, int64_t depth, const double *A, int64_t a_row, int64_t a_column, const double *B,
                 int64_t b_row, int64_t b_column, double *C, int64_t c_row) {
  double packed[DEPTH * TILE_COLUMNS], tile[TILE_ROWS * TILE_COLUMNS];
  for (int64_t k = 0; k < depth; k += DEPTH) {
    const int64_t part = depth - k < DEPTH ? depth - k : DEPTH;
    for (int64_t j = 0; j < n; j += TILE_COLUMNS) {
      const int64_t columns = n - j < TILE_COLUMNS ? n - j : TILE_COLUMNS;
      int64_t i = 0;
      gemm_pack(part, columns, B + k * b_row + j * b_column, b_row, b_column, packed);
      for (; i + TILE_ROWS <= m; i += TILE_ROWS) {
        gemm_tile(part, A + i * a_row + k * a_column, a_row, a_column, packed, tile);
        gemm_add(TILE_ROWS, columns, tile, C + i * c_row + j, c_row);
      }
      for (; i < m; i++) {
        gemm_row(part, A + i * a_row + k * a_column, a_column, packed, tile);
        gemm_add(1, columns, tile, C + i * c_row + j, c_row);
      }
    }
  }
}

#endif
