// table.h - a CSV file as named columns of numbers.
#ifndef MDLC_TABLE_H
#define MDLC_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

typedef struct Column {
  const char *name;
  bool wanted;    // set by the caller between table_open and table_read: only these are read as numbers
  double *values; // one a row
  size_t room;
} Column;

typedef struct Table {
  const char *path;
  Column *columns;
  size_t ncolumns, columns_room;
  size_t rows;
  struct TableReader *reader;
} Table;

// Reads the header.
int table_open(Arena *a, const char *path, Table **table);
// Reads the rows; complains of holes, text where a number must be, rows of another length, broken quotes.
int table_read(Table *table);
void table_close(Table *table);

// The line of the file that row k began on.
size_t table_line(const Table *table, size_t row);

typedef enum { NUMBER_OK, NUMBER_NOT, NUMBER_TOO_LARGE } NumberStatus;
// A decimal number, "inf" or "-inf" in any case: what CSV fields and JSON strings may hold.
NumberStatus number_read(const char *s, size_t length, double *value);
// A field's text for a message: short, without control characters.
const char *text_for_message(Arena *a, const char *s, size_t length);

#endif
