/* gemm.h - C[m, n] += scale A B in plain C: panels of B packed, tiles of C in registers.  A and B may be read transposed: A[i, k] is at
 * i * a_row + k * a_column, B[k, j] at k * b_row + j * b_column; C has rows of c_row entries. */
#ifndef GEMM_H
#define GEMM_H

#include "expert.h"

enum { TILE_ROWS = 6, TILE_COLUMNS = 16, DEPTH = 256 };

/* tile[i, j] = sum over depth of A[i, k] B[k, j], each row's sums in an array of its own, which stays in registers. */
INLINE void gemm_tile(int64_t depth, const double *A, int64_t a_row, int64_t a_column, const double *B, int64_t b_row,
                      double *tile) {
  const double *A0 = A, *A1 = A + a_row, *A2 = A1 + a_row, *A3 = A2 + a_row, *A4 = A3 + a_row, *A5 = A4 + a_row;
  double s0[TILE_COLUMNS] = {0}, s1[TILE_COLUMNS] = {0}, s2[TILE_COLUMNS] = {0};
  double s3[TILE_COLUMNS] = {0}, s4[TILE_COLUMNS] = {0}, s5[TILE_COLUMNS] = {0};
  for (int64_t k = 0; k < depth; k++, B += b_row) {
    const int64_t at = k * a_column;
    const double a0 = A0[at], a1 = A1[at], a2 = A2[at], a3 = A3[at], a4 = A4[at], a5 = A5[at];
    for (int j = 0; j < TILE_COLUMNS; j++) {
      const double b = B[j];
      s0[j] += a0 * b;
      s1[j] += a1 * b;
      s2[j] += a2 * b;
      s3[j] += a3 * b;
      s4[j] += a4 * b;
      s5[j] += a5 * b;
    }
  }
  for (int j = 0; j < TILE_COLUMNS; j++) {
    tile[j] = s0[j];
    tile[TILE_COLUMNS + j] = s1[j];
    tile[2 * TILE_COLUMNS + j] = s2[j];
    tile[3 * TILE_COLUMNS + j] = s3[j];
    tile[4 * TILE_COLUMNS + j] = s4[j];
    tile[5 * TILE_COLUMNS + j] = s5[j];
  }
}

/* The same for one of the last rows, fewer than a tile has. */
INLINE void gemm_row(int64_t depth, const double *A, int64_t a_column, const double *B, int64_t b_row, double *tile) {
  double sum[TILE_COLUMNS] = {0};
  for (int64_t k = 0; k < depth; k++) {
    const double a = A[k * a_column];
    for (int j = 0; j < TILE_COLUMNS; j++) sum[j] += a * B[k * b_row + j];
  }
  for (int j = 0; j < TILE_COLUMNS; j++) tile[j] = sum[j];
}

INLINE void gemm_pack(int64_t depth, int64_t columns, const double *B, int64_t b_row, int64_t b_column,
                      double *packed) {
  for (int64_t k = 0; k < depth; k++)
    for (int64_t j = 0; j < TILE_COLUMNS; j++)
      packed[k * TILE_COLUMNS + j] = j < columns ? B[k * b_row + j * b_column] : 0;
}

INLINE void gemm_add(int64_t rows, int64_t columns, double scale, const double *tile, double *C, int64_t c_row) {
  if (columns == TILE_COLUMNS) {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < TILE_COLUMNS; j++) C[i * c_row + j] += scale * tile[i * TILE_COLUMNS + j];
    return;
  }
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) C[i * c_row + j] += scale * tile[i * TILE_COLUMNS + j];
}

APART void gemm(int64_t m, int64_t n, int64_t depth, double scale, const double *A, int64_t a_row, int64_t a_column,
                const double *B, int64_t b_row, int64_t b_column, double *C, int64_t c_row) {
  double packed[DEPTH * TILE_COLUMNS], tile[TILE_ROWS * TILE_COLUMNS];
  if (m == 1 && b_column == 1) { /* a vector: nothing is read twice */
    for (int64_t k = 0; k < depth; k++) axpy(n, scale * A[k * a_column], B + k * b_row, C);
    return;
  }
  for (int64_t k = 0; k < depth; k += DEPTH) {
    const int64_t part = depth - k < DEPTH ? depth - k : DEPTH;
    for (int64_t j = 0; j < n; j += TILE_COLUMNS) {
      const int64_t columns = n - j < TILE_COLUMNS ? n - j : TILE_COLUMNS;
      int64_t i = 0;
      gemm_pack(part, columns, B + k * b_row + j * b_column, b_row, b_column, packed);
      for (; i + TILE_ROWS <= m; i += TILE_ROWS) {
        gemm_tile(part, A + i * a_row + k * a_column, a_row, a_column, packed, TILE_COLUMNS, tile);
        gemm_add(TILE_ROWS, columns, scale, tile, C + i * c_row + j, c_row);
      }
      for (; i < m; i++) {
        gemm_row(part, A + i * a_row + k * a_column, a_column, packed, TILE_COLUMNS, tile);
        gemm_add(1, columns, scale, tile, C + i * c_row + j, c_row);
      }
    }
  }
}

#endif
