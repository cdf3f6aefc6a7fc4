// bind.c - matching what data files hold to the model's arrays, by name.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/diag.h"
#include "tool/infer.h"
#include "tool/json.h"
#include "tool/table.h"

typedef struct DataFile {
  Table *table;  // or
  JsonFile json; // path is null where not
} DataFile;

// Where the model's data array was found: columns of a table, or a key of a JSON file.
typedef struct Found {
  DataFile *file; // null: nowhere
  size_t *columns;
  size_t ncolumns;
} Found;

typedef struct Bindings {
  Arena *arena;
  const Program *program;
  const Model *model;
  const DataOptions *options;
  DataFile *files;
  Found *found; // by DataDecl
  Bound *bound;
  DimFact *facts;
  size_t nfacts, facts_room;
} Bindings;

static const char *file_path(const DataFile *f) {
  return f->table ? f->table->path : f->json.path;
}

static bool ends_with(const char *s, const char *end) {
  size_t n = strlen(s), k = strlen(end);
  return n >= k && !strcmp(s + n - k, end);
}

// "x[n, d]"
static const char *shape_text(Arena *a, const Model *m, const char *name, int rank, const Poly **extent) {
  Text t;
  text_init(&t);
  text_put(&t, name);
  for (int k = 0; k < rank; k++) {
    text_put(&t, k ? ", " : "[");
    poly_print(&t, m->dims, extent[k]);
  }
  if (rank) text_char(&t, ']');
  const char *s = arena_strdup(a, t.s);
  text_free(&t);
  return s;
}

// ---- files ----

static int open_files(Bindings *b) {
  b->files = arena_array(b->arena, DataFile, b->options->nfiles);
  for (size_t i = 0; i < b->options->nfiles; i++) {
    const char *path = b->options->files[i];
    int status = ends_with(path, ".json") ? json_open(b->arena, path, &b->files[i].json)
                                          : table_open(b->arena, path, &b->files[i].table);
    if (status) return status;
  }
  return STATUS_OK;
}

static void close_files(Bindings *b) {
  for (size_t i = 0; b->files && i < b->options->nfiles; i++) {
    if (b->files[i].json.path) json_close(&b->files[i].json);
    if (b->files[i].table) table_close(b->files[i].table);
  }
}

// Everything in the files that has a name: to suggest from.
static const char *nearest(Bindings *b, const char *name) {
  size_t count = 0;
  for (size_t i = 0; i < b->options->nfiles; i++)
    count += b->files[i].table ? b->files[i].table->ncolumns : b->files[i].json.count;
  const char **names = arena_array(b->arena, const char *, count + 1);
  size_t n = 0;
  for (size_t i = 0; i < b->options->nfiles; i++) {
    const DataFile *f = &b->files[i];
    for (size_t k = 0; f->table && k < f->table->ncolumns; k++) names[n++] = f->table->columns[k].name;
    for (size_t k = 0; f->json.path && k < f->json.count; k++) names[n++] = f->json.names[k];
  }
  const char *near = diag_nearest(name, names, n);
  return near ? arena_printf(b->arena, "; did you mean its `%s`?", text_for_message(b->arena, near, strlen(near))) : "";
}

// ---- columns ----

// The column of that name: its number, or SIZE_MAX. `status` complains of a name that two columns have.
static size_t find_column(const Table *t, const char *name, int *status) {
  for (size_t k = 0; k < t->ncolumns; k++) {
    if (strcmp(t->columns[k].name, name)) continue;
    for (size_t j = k + 1; j < t->ncolumns; j++)
      if (!strcmp(t->columns[j].name, name))
        *status = tool_reject("%s:1:%zu: a second column `%s`, after column %zu", t->path, j + 1, name, k + 1);
    return k;
  }
  return SIZE_MAX;
}

static void take_columns(Bindings *b, Found *found, DataFile *f, size_t first, size_t count) {
  found->file = f;
  found->ncolumns = count;
  found->columns = arena_array(b->arena, size_t, count);
  for (size_t k = 0; k < count; k++) found->columns[k] = first + k;
}

static const ColumnRange *range_for(const Bindings *b, const char *name) {
  for (size_t i = 0; i < b->options->ncolumns; i++)
    if (!strcmp(b->options->columns[i].data, name)) return &b->options->columns[i];
  return NULL;
}

// --column x=FIRST..LAST
static int find_range(Bindings *b, const DataDecl *d, const ColumnRange *range, DataFile *f, Found *found) {
  int status = STATUS_OK;
  size_t first = find_column(f->table, range->first, &status), last = find_column(f->table, range->last, &status);
  if (status || (first == SIZE_MAX && last == SIZE_MAX)) return status;
  if (first == SIZE_MAX || last == SIZE_MAX)
    return tool_reject("%s:1:1: no column `%s` for --column %s=%s..%s", f->table->path,
                       first == SIZE_MAX ? range->first : range->last, d->name, range->first, range->last);
  if (last < first)
    return tool_reject("%s:1:%zu: column `%s` stands after `%s`", f->table->path, first + 1, range->first, range->last);
  if (d->rank == 1 && first != last)
    return tool_fail(STATUS_REJECTED, "--column %s=%s..%s: %s takes one column", d->name, range->first, range->last,
                     d->name);
  take_columns(b, found, f, first, last - first + 1);
  return STATUS_OK;
}

// x[0], x[1], … in whatever order they stand.
static int find_numbered(Bindings *b, const DataDecl *d, DataFile *f, Found *found) {
  const Table *t = f->table;
  size_t *columns = arena_array(b->arena, size_t, t->ncolumns);
  size_t count = 0, length = strlen(d->name), all = 0;
  int status = STATUS_OK;
  for (size_t k = 0; k < t->ncolumns; k++) {
    const char *s = t->columns[k].name;
    all += !strncmp(s, d->name, length) && s[length] == '[';
  }
  for (; count < t->ncolumns; count++) {
    size_t k = find_column(t, arena_printf(b->arena, "%s[%zu]", d->name, count), &status);
    if (status) return status;
    if (k == SIZE_MAX) break;
    columns[count] = k;
  }
  if (all == 0) return STATUS_OK;
  int64_t extent;
  bool few = poly_is_fixed(b->model->dims, d->extent[1]) &&
             poly_value(b->model->dims, d->extent[1], b->bound->dims, &extent) && (int64_t)count < extent;
  if (count < all || few)
    return tool_reject("%s:1:1: no column `%s[%zu]` for %s", t->path, d->name, count,
                       shape_text(b->arena, b->model, d->name, d->rank, d->extent));
  *found = (Found){f, columns, count};
  return STATUS_OK;
}

static int find_in_table(Bindings *b, const DataDecl *d, DataFile *f, Found *found) {
  if (!d->batch || d->rank > 2) return STATUS_OK;
  const ColumnRange *range = range_for(b, d->name);
  if (range) return find_range(b, d, range, f, found);
  if (d->rank == 2) return find_numbered(b, d, f, found);
  int status = STATUS_OK;
  size_t k = find_column(f->table, d->name, &status);
  if (!status && k != SIZE_MAX) take_columns(b, found, f, k, 1);
  return status;
}

static int find_in_json(const DataDecl *d, DataFile *f, Found *found) {
  for (size_t i = 0; i < f->json.count; i++)
    if (!strcmp(f->json.names[i], d->name)) found->file = f;
  return STATUS_OK;
}

// ---- finding ----

// A header in one column, whose names something else than commas seems to part.
static const char *separator_hint(Bindings *b) {
  for (size_t i = 0; i < b->options->nfiles; i++) {
    const Table *t = b->files[i].table;
    if (!t || t->ncolumns != 1) continue;
    const char *header = t->columns[0].name, *found = strpbrk(header, ";\t|");
    if (!found) continue;
    const char *separator = *found == '\t' ? "a tab" : arena_printf(b->arena, "`%c`", *found);
    return arena_printf(b->arena, "; its header is one column, with %s in it: columns are parted by commas", separator);
  }
  return NULL;
}

static int missing(Bindings *b, const DataDecl *d) {
  const char *shape = shape_text(b->arena, b->model, d->name, d->rank, d->extent);
  if (b->options->nfiles == 0) return tool_fail(STATUS_REJECTED, "no data for %s: give --data FILE", shape);
  const char *files = b->options->nfiles == 1 ? b->options->files[0] : "the data files";
  const ColumnRange *range = range_for(b, d->name);
  if (range)
    return tool_fail(STATUS_REJECTED, "no data for %s: no column `%s` in %s%s", shape, range->first, files,
                     nearest(b, range->first));
  for (size_t i = 0; i < b->options->nfiles; i++) {
    int ignored = STATUS_OK;
    if (b->files[i].table && find_column(b->files[i].table, d->name, &ignored) != SIZE_MAX && d->rank != 2)
      return tool_fail(
          STATUS_REJECTED,
          "no data for %s: a table's columns are for batch data of one or two axes; give it in a JSON file", shape);
  }
  bool tables = false;
  for (size_t i = 0; i < b->options->nfiles; i++) tables = tables || b->files[i].table;
  int rank = tables && d->batch ? d->rank : 0; // as columns
  const char *what = rank == 2 ? "no columns" : rank == 1 ? "no column" : "nothing of that name";
  const char *which = rank == 2   ? arena_printf(b->arena, " `%s[0]`, `%s[1]`, …", d->name, d->name)
                      : rank == 1 ? arena_printf(b->arena, " `%s`", d->name)
                                  : "";
  const char *hint = separator_hint(b);
  return tool_fail(STATUS_REJECTED, "no data for %s: %s%s in %s%s", shape, what, which, files,
                   hint ? hint : nearest(b, d->name));
}

static int find_one(Bindings *b, int k) {
  const DataDecl *d = &b->model->data[k];
  Found *found = &b->found[k];
  for (size_t i = 0; i < b->options->nfiles; i++) {
    Found here = {.file = NULL};
    int status = b->files[i].table ? find_in_table(b, d, &b->files[i], &here) : find_in_json(d, &b->files[i], &here);
    if (status) return status;
    if (!here.file) continue;
    if (found->file)
      return tool_fail(STATUS_REJECTED, "%s is both in %s and in %s", d->name, file_path(found->file),
                       file_path(here.file));
    *found = here;
  }
  return found->file ? STATUS_OK : missing(b, d);
}

static int find_all(Bindings *b, const unsigned char *need) {
  int status = STATUS_OK;
  for (int k = 0; k < b->model->ndata; k++) {
    if (need && !need[k]) continue;
    int one = find_one(b, k);
    if (one) status = one;
  }
  return status;
}

// A --column for what is no batch data of the model.
static int check_ranges(Bindings *b) {
  const Model *m = b->model;
  const char **names = arena_array(b->arena, const char *, (size_t)m->ndata);
  for (int k = 0; k < m->ndata; k++) names[k] = m->data[k].name;
  for (size_t i = 0; i < b->options->ncolumns; i++) {
    const char *name = b->options->columns[i].data;
    int k = 0;
    while (k < m->ndata && strcmp(names[k], name)) k++;
    if (k < m->ndata && m->data[k].batch && m->data[k].rank <= 2) continue;
    if (k < m->ndata)
      return tool_fail(STATUS_REJECTED, "--column %s=…: columns are for batch data of one or two axes", name);
    const char *near = diag_nearest(name, names, (size_t)m->ndata);
    return tool_fail(STATUS_REJECTED, "--column %s=…: the model has no data `%s`%s", name, name,
                     near ? arena_printf(b->arena, "; did you mean `%s`?", near) : "");
  }
  return STATUS_OK;
}

// ---- values ----

static int read_tables(Bindings *b) {
  for (int k = 0; k < b->model->ndata; k++)
    for (size_t c = 0; c < b->found[k].ncolumns; c++)
      b->found[k].file->table->columns[b->found[k].columns[c]].wanted = true;
  for (size_t i = 0; i < b->options->nfiles; i++) {
    int status = b->files[i].table ? table_read(b->files[i].table) : STATUS_OK;
    if (status) return status;
  }
  return STATUS_OK;
}

static void add_fact(Bindings *b, DimFact fact) {
  ARENA_PUSH(b->arena, b->facts, b->nfacts, b->facts_room) = fact;
}

static void from_table(Bindings *b, const DataDecl *d, const Found *found, BoundArray *array) {
  const Table *t = found->file->table;
  array->origin = t->path;
  array->extent[0] = (int64_t)t->rows;
  array->extent[1] = (int64_t)found->ncolumns;
  array->count = t->rows * found->ncolumns;
  add_fact(b, (DimFact){d->extent[0], array->extent[0], d->name, 0, t->path});
  if (d->rank == 2)
    add_fact(b,
             (DimFact){d->extent[1], array->extent[1], d->name, 1, arena_printf(b->arena, "%s: %s", t->path, d->name)});
  if (found->ncolumns == 1) {
    array->real = t->columns[found->columns[0]].values;
    return;
  }
  array->real = arena_array(b->arena, double, array->count);
  for (size_t row = 0; row < t->rows; row++)
    for (size_t c = 0; c < found->ncolumns; c++)
      array->real[row * found->ncolumns + c] = t->columns[found->columns[c]].values[row];
}

// An array of a JSON file, its axes told to the inference.
static int from_json(Bindings *b, const JsonFile *file, int rank, const Poly **extent, BoundArray *array) {
  JsonArray j;
  int status = json_read(b->arena, file, array->name, &j);
  if (status) return status;
  bool fits = j.rank == rank || (j.count == 0 && j.rank > 0 && j.rank < rank);
  if (!fits && rank == 0)
    return tool_reject("%s: %s is a single number in the model, but an array of %d ax%s here", file->path, array->name,
                       j.rank, j.rank == 1 ? "is" : "es");
  if (!fits && j.rank == 0)
    return tool_reject("%s: %s is a single number, but the model says %s", file->path, array->name,
                       shape_text(b->arena, b->model, array->name, rank, extent));
  if (!fits)
    return tool_reject("%s: %s has %d ax%s, but the model says %s", file->path, array->name, j.rank,
                       j.rank == 1 ? "is" : "es", shape_text(b->arena, b->model, array->name, rank, extent));
  array->origin = file->path;
  array->count = j.count;
  array->real = j.values;
  for (int k = 0; k < rank; k++) {
    array->extent[k] = j.extent[k];
    if (j.extent[k] >= 0)
      add_fact(b, (DimFact){extent[k], j.extent[k], array->name, k,
                            arena_printf(b->arena, "%s: %s", file->path, array->name)});
  }
  return STATUS_OK;
}

static int take_data(Bindings *b) {
  b->bound->data = arena_array(b->arena, BoundArray, (size_t)b->model->ndata);
  int status = STATUS_OK;
  for (int pass = 0; pass < 2; pass++) { // tables first: their rows say what n is
    for (int k = 0; k < b->model->ndata; k++) {
      const DataDecl *d = &b->model->data[k];
      const Found *found = &b->found[k];
      BoundArray *array = &b->bound->data[k];
      *array = pass ? *array : (BoundArray){.name = d->name, .type = d->type, .rank = d->rank};
      if (!found->file || (found->file->table != NULL) != (pass == 0)) continue;
      if (found->file->table)
        from_table(b, d, found, array);
      else if (from_json(b, &found->file->json, d->rank, d->extent, array))
        status = STATUS_REJECTED;
    }
  }
  return status;
}

static int take_params(Bindings *b) {
  const Model *m = b->model;
  if (!b->options->params) return STATUS_OK;
  JsonFile file;
  int status = json_open(b->arena, b->options->params, &file);
  if (status) return status;
  b->bound->params = arena_array(b->arena, BoundArray, (size_t)m->nparam);
  const char **names = arena_array(b->arena, const char *, (size_t)m->nparam);
  for (int p = 0; p < m->nparam; p++) {
    names[p] = m->param[p].name;
    b->bound->params[p] = (BoundArray){.name = names[p], .type = TYPE_REAL, .rank = m->param[p].rank};
    size_t k = 0;
    while (k < file.count && strcmp(file.names[k], names[p])) k++;
    if (k == file.count)
      status = tool_reject("%s: no parameter `%s`", file.path, names[p]);
    else if (from_json(b, &file, m->param[p].rank, m->param[p].extent, &b->bound->params[p]))
      status = STATUS_REJECTED;
  }
  for (size_t k = 0; k < file.count; k++) {
    int p = 0;
    while (p < m->nparam && strcmp(file.names[k], names[p])) p++;
    if (p < m->nparam) continue;
    const char *near = diag_nearest(file.names[k], names, (size_t)m->nparam);
    status = tool_reject("%s: the model has no parameter `%s`%s", file.path,
                         text_for_message(b->arena, file.names[k], strlen(file.names[k])),
                         near ? arena_printf(b->arena, "; did you mean `%s`?", near) : "");
  }
  json_close(&file);
  return status;
}

// ---- dimensions ----

static void given_dims(Bindings *b, KnownDims *known) {
  for (int k = 0; k < dims_count(b->model->dims); k++) {
    const Dim *dim = dims_get(b->model->dims, k);
    int64_t value;
    if (known->from[k] || !dim->name || !program_call_dim(b->program, dim->name, &value)) continue;
    known->values[k] = value;
    known->from[k] = arena_printf(b->arena, "-D %s=%" PRId64, dim->name, value);
  }
}

static int check_known(Bindings *b, const KnownDims *known, bool predicting) {
  const Dims *dims = b->model->dims;
  const bool *needs = predicting ? infer_predict_needs(b->arena, b->model) : NULL;
  int status = STATUS_OK;
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *dim = dims_get(dims, k);
    if ((dim->kind != DIM_CALL && dim->kind != DIM_BATCH) || known->from[k] || (needs && !needs[k])) continue;
    status =
        tool_fail(STATUS_REJECTED, "dimension %s is not known: no data has it; give -D %s=…", dim->name, dim->name);
  }
  return status;
}

// Axes that an empty array could not show.
static int complete_shape(Bindings *b, BoundArray *array, const Poly **extent) {
  for (int k = 0; array->origin && k < array->rank; k++)
    if (array->extent[k] < 0 && !poly_value(b->model->dims, extent[k], b->bound->dims, &array->extent[k]))
      return tool_reject("%s: the shape of %s does not exist at these dimensions", array->origin, array->name);
  return STATUS_OK;
}

// ---- integers ----

// Where entry `at` of data array k was read.
static const char *entry_place(Bindings *b, int k, size_t at) {
  const Found *found = &b->found[k];
  const BoundArray *array = &b->bound->data[k];
  if (found->file->table) {
    size_t row = at / found->ncolumns, column = found->columns[at % found->ncolumns];
    return arena_printf(b->arena, "%s:%zu:%zu: %s", array->origin, table_line(found->file->table, row), column + 1,
                        array->name);
  }
  const char *s = "";
  for (int axis = array->rank - 1; axis >= 0; axis--) {
    size_t extent = (size_t)array->extent[axis];
    s = arena_printf(b->arena, "%zu%s%s", at % extent, *s ? ", " : "", s);
    at /= extent;
  }
  return arena_printf(b->arena, "%s: %s%s%s%s", array->origin, array->name, *s ? "[" : "", s, *s ? "]" : "");
}

static int take_integers(Bindings *b, int k) {
  const DataDecl *d = &b->model->data[k];
  BoundArray *array = &b->bound->data[k];
  int64_t limit = (int64_t)INT32_MAX + 1;
  if (d->limit && (!poly_value(b->model->dims, d->limit, b->bound->dims, &limit) || limit < 0))
    return tool_reject("%s: the range of %s does not exist at these dimensions", array->origin, array->name);
  array->integer = arena_array(b->arena, int32_t, array->count);
  for (size_t i = 0; i < array->count; i++) {
    double x = array->real[i];
    const char *wrong = NULL;
    if (x != floor(x) || isinf(x)) {
      wrong = "a whole number";
    } else if (x < (d->ranged ? 0.0 : (double)INT32_MIN) || x >= (double)limit) {
      Text t;
      text_init(&t);
      if (d->limit) poly_print(&t, b->model->dims, d->limit);
      wrong = d->limit             ? arena_printf(b->arena, "at least 0 and under %" PRId64 " (%s)", limit, t.s)
              : d->ranged && x < 0 ? "at least 0"
                                   : "within 32 bits";
      text_free(&t);
    }
    if (wrong) {
      Text t;
      text_init(&t);
      text_real(&t, x);
      int status = tool_reject("%s is %s: it must be %s", entry_place(b, k, i), t.s, wrong);
      text_free(&t);
      return status;
    }
    array->integer[i] = (int32_t)x;
  }
  array->real = NULL;
  return STATUS_OK;
}

static int finish_arrays(Bindings *b) {
  const Model *m = b->model;
  int status = STATUS_OK;
  for (int k = 0; k < m->ndata && !status; k++) {
    if (!b->bound->data[k].origin) continue;
    status = complete_shape(b, &b->bound->data[k], m->data[k].extent);
    if (!status && m->data[k].type == TYPE_INT) status = take_integers(b, k);
  }
  for (int p = 0; b->bound->params && p < m->nparam && !status; p++)
    status = complete_shape(b, &b->bound->params[p], m->param[p].extent);
  return status;
}

// ---- the whole ----

static int bind_all(Bindings *b, const unsigned char *need) {
  KnownDims known = infer_begin(b->arena, b->model);
  given_dims(b, &known);
  b->bound->dims = known.values;
  int status = check_ranges(b);
  if (!status) status = open_files(b);
  if (!status) status = find_all(b, need);
  if (!status) status = read_tables(b);
  if (!status) status = take_data(b);
  if (!status) status = take_params(b);
  if (!status) status = infer_dims(b->arena, b->model, b->facts, b->nfacts, &known);
  if (!status) status = check_known(b, &known, need != NULL);
  if (!status) status = finish_arrays(b);
  return status;
}

int data_bind(Arena *a, const Program *program, const DataOptions *options, const unsigned char *need, Bound *bound) {
  Bindings b = {.arena = a, .program = program, .model = program->model, .options = options, .bound = bound};
  *bound = (Bound){.dims = NULL};
  b.found = arena_array(a, Found, (size_t)b.model->ndata);
  int status = bind_all(&b, need);
  close_files(&b);
  return status;
}
