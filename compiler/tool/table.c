// table.c - reading CSV (by libcsv), line by line so that every complaint knows its line.
#include "tool/table.h"

#include <csv.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tool/tool.h"

// Rows from `row` on stand on consecutive lines from `line` on: only where a quoted field spans lines is there another.
typedef struct LineRun {
  size_t row, line;
} LineRun;

typedef struct TableReader {
  Arena *arena;
  Table *table;
  FILE *file;
  struct csv_parser csv;
  Text buffer;
  const char *rest; // of the buffer: what is still to be fed
  size_t rest_length;
  size_t line;       // that is being fed, from 1
  size_t row_line;   // where the row began
  size_t quote_line; // where the quote that is open began
  size_t blank;      // the first of the blank lines before this row, 0: none
  size_t field;      // next in this row, from 0
  bool header;       // still to come
  int status;        // STATUS_OK until something was complained of
  LineRun *runs;
  size_t nruns, runs_room;
} TableReader;

NumberStatus number_read(const char *s, size_t length, double *value) {
  const char *bare = s + (*s == '-' || *s == '+');
  if (length == (size_t)(bare - s) + 3 && !strcasecmp(bare, "inf")) {
    *value = *s == '-' ? -(double)INFINITY : (double)INFINITY;
    return NUMBER_OK;
  }
  if (length == 0 || strspn(s, "0123456789+-.eE") != length) return NUMBER_NOT;
  char *end;
  *value = strtod(s, &end);
  if (end != s + length) return NUMBER_NOT;
  return isinf(*value) ? NUMBER_TOO_LARGE : NUMBER_OK;
}

const char *text_for_message(Arena *a, const char *s, size_t length) {
  enum { LONGEST = 40 };
  size_t n = length < LONGEST ? length : LONGEST;
  while (n < length && n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80) n--; // not within a UTF-8 sequence
  char *copy = arena_alloc(a, n + sizeof "…", 1);
  for (size_t i = 0; i < n; i++) copy[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
  if (n < length) strcpy(copy + n, "…");
  return copy;
}

// A complaint at a field of the row that is being read (from 0).
static void complain(TableReader *r, size_t field, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void complain(TableReader *r, size_t field, const char *format, ...) {
  if (r->status) return;
  va_list args;
  va_start(args, format);
  r->status =
      tool_reject("%s:%zu:%zu: %s", r->table->path, r->row_line, field + 1, arena_vprintf(r->arena, format, args));
  va_end(args);
}

static void begin_row(TableReader *r) {
  r->row_line = r->line;
  if (r->blank && r->blank < r->line && !r->header && !r->status)
    r->status = tool_reject("%s:%zu:1: an empty line between the rows", r->table->path, r->blank);
}

static void take_name(TableReader *r, const char *s, size_t length) {
  Table *t = r->table;
  ARENA_PUSH(r->arena, t->columns, t->ncolumns, t->columns_room) = (Column){.name = arena_strndup(r->arena, s, length)};
}

static void take_number(TableReader *r, const char *s, size_t length) {
  Table *t = r->table;
  if (r->field >= t->ncolumns || !t->columns[r->field].wanted) return;
  Column *c = &t->columns[r->field];
  double value = 0;
  if (length == 0) {
    complain(r, r->field, "%s has a hole: a number must stand here", c->name);
    return;
  }
  switch (number_read(s, length, &value)) {
  case NUMBER_OK: break;
  case NUMBER_NOT:
    complain(r, r->field, "%s must be a number, not `%s`", c->name, text_for_message(r->arena, s, length));
    return;
  case NUMBER_TOO_LARGE:
    complain(r, r->field, "%s is %s, too large for a double", c->name, text_for_message(r->arena, s, length));
    return;
  }
  size_t count = t->rows;
  ARENA_PUSH(r->arena, c->values, count, c->room) = value;
}

static void on_field(void *s, size_t length, void *context) {
  TableReader *r = context;
  if (r->field == 0) begin_row(r);
  if (!r->status) {
    if (r->header)
      take_name(r, s, length);
    else
      take_number(r, s, length);
  }
  r->field++;
}

static void on_row(int terminator, void *context) {
  (void)terminator;
  TableReader *r = context;
  Table *t = r->table;
  if (!r->header) {
    if (r->field != t->ncolumns)
      complain(r, r->field < t->ncolumns ? r->field : t->ncolumns,
               "%zu value%s in this row, but %zu column%s in the header", r->field, r->field == 1 ? "" : "s",
               t->ncolumns, t->ncolumns == 1 ? "" : "s");
    LineRun *last = r->nruns ? &r->runs[r->nruns - 1] : NULL;
    if (!last || last->line + (t->rows - last->row) != r->row_line)
      ARENA_PUSH(r->arena, r->runs, r->nruns, r->runs_room) = (LineRun){t->rows, r->row_line};
    t->rows++;
  }
  r->header = false;
  r->field = 0;
  r->blank = 0;
}

// Up to a newline, or a zero byte: what has those is no text, and a device may have no end.
static bool read_line(TableReader *r) {
  text_clear(&r->buffer);
  for (int c = 1; c && c != '\n' && (c = getc_unlocked(r->file)) != EOF;) text_char(&r->buffer, (char)c);
  return r->buffer.length > 0;
}

// The next line with its end (a newline, a carriage return, or both); false at the end of the file.
static bool next_line(TableReader *r, const char **s, size_t *length) {
  errno = 0;
  if (!r->rest_length) {
    if (!read_line(r)) return false;
    r->rest = r->buffer.s;
    r->rest_length = r->buffer.length;
  }
  const char *back = memchr(r->rest, '\r', r->rest_length);
  *s = r->rest;
  *length = r->rest_length;
  if (back && *length > (size_t)(back - *s) + 1 && back[1] != '\n') *length = (size_t)(back - *s) + 1;
  r->rest += *length;
  r->rest_length -= *length;
  r->line++;
  return true;
}

// Feeds one line; false at the end of the file or after a complaint.
static bool feed_line(TableReader *r) {
  const char *s;
  size_t length;
  if (r->status) return false;
  if (!next_line(r, &s, &length)) {
    if (ferror(r->file))
      r->status = tool_fail(STATUS_ENVIRONMENT, "cannot read %s: %s", r->table->path, strerror(errno));
    return false;
  }
  if (memchr(s, '\0', length)) {
    r->status = tool_reject("%s:%zu: a zero byte: is this a text file?", r->table->path, r->line);
    return false;
  }
  if (r->line == 1 && length >= 3 && !memcmp(s, "\xEF\xBB\xBF", 3)) { // a byte order mark
    s += 3;
    length -= 3;
  }
  if (r->field == 0 && !r->csv.quoted && !r->blank && strspn(s, " \t\r\n") >= length) r->blank = r->line;
  bool quoted = r->csv.quoted;
  size_t fed = csv_parse(&r->csv, s, length, on_field, on_row, r);
  if (r->csv.quoted && !quoted) r->quote_line = r->line;
  if (fed != length && !r->status) {
    r->row_line = r->line;
    complain(r, r->field,
             csv_error(&r->csv) == CSV_EPARSE ? "a quote (\") within a value: double it, or quote the whole value"
                                              : "this row is too long");
  }
  return !r->status;
}

static int finish(TableReader *r) {
  if (!r->status && csv_fini(&r->csv, on_field, on_row, r) && !r->status) {
    r->row_line = r->quote_line;
    complain(r, r->field, "a quote (\") that is not closed");
  }
  return r->status;
}

int table_open(Arena *a, const char *path, Table **table) {
  Table *t = arena_new_of(a, Table);
  TableReader *r = arena_new_of(a, TableReader);
  *t = (Table){.path = path, .reader = r};
  *r = (TableReader){.arena = a, .table = t, .header = true};
  r->file = fopen(path, "r");
  if (!r->file) return tool_fail(STATUS_ENVIRONMENT, "cannot read %s: %s", path, strerror(errno));
  text_init(&r->buffer);
  if (csv_init(&r->csv, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL)) {
    fclose(r->file);
    text_free(&r->buffer);
    return tool_fail(STATUS_ENVIRONMENT, "out of memory");
  }
  while (r->header && feed_line(r)) continue;
  if (!r->status && r->header) finish(r); // a header without a newline
  if (!r->status && r->header)
    r->status = tool_reject("%s:1:1: the file is empty: a header must name the columns", path);
  int status = r->status;
  if (status)
    table_close(t);
  else
    *table = t;
  return status;
}

int table_read(Table *t) {
  TableReader *r = t->reader;
  while (feed_line(r)) continue;
  return finish(r);
}

void table_close(Table *t) {
  TableReader *r = t->reader;
  csv_free(&r->csv);
  fclose(r->file);
  text_free(&r->buffer);
  *r = (TableReader){.arena = r->arena, .table = t, .runs = r->runs, .nruns = r->nruns};
}

size_t table_line(const Table *t, size_t row) {
  const TableReader *r = t->reader;
  size_t k = 0;
  while (k + 1 < r->nruns && r->runs[k + 1].row <= row) k++;
  return r->runs[k].line + (row - r->runs[k].row);
}
