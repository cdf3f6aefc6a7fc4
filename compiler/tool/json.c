// json.c - arrays of numbers from JSON (by jansson), and to JSON.
#include "tool/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tool/table.h"

int json_open(Arena *a, const char *path, JsonFile *file) {
  FILE *f = fopen(path, "r");
  if (!f) return tool_fail(STATUS_ENVIRONMENT, "cannot read %s: %s", path, strerror(errno));
  json_error_t error;
  json_t *root = json_loadf(f, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
  bool unread = ferror(f) != 0;
  fclose(f);
  if (unread) {
    json_decref(root);
    return tool_fail(STATUS_ENVIRONMENT, "cannot read %s", path);
  }
  if (!root)
    return tool_reject("%s:%d:%d: %s", path, error.line < 1 ? 1 : error.line, error.column < 1 ? 1 : error.column,
                       text_for_message(a, error.text, strlen(error.text)));
  if (!json_is_object(root)) {
    json_decref(root);
    return tool_reject("%s:1:1: an object of names and values must stand here: {\"x\": [1, 2], …}", path);
  }
  *file = (JsonFile){.path = path, .root = root, .names = arena_array(a, const char *, json_object_size(root))};
  const char *key;
  json_t *value;
  json_object_foreach(root, key, value) file->names[file->count++] = key;
  return STATUS_OK;
}

void json_close(JsonFile *file) {
  json_decref(file->root);
  *file = (JsonFile){.path = NULL};
}

// ---- reading one array ----

typedef struct Reading {
  Arena *arena;
  const JsonFile *file;
  JsonArray *array;
  size_t room;              // of the array's values
  size_t at[DATA_MAX_RANK]; // the entry being read, for messages
} Reading;

// "more.json: x[2, 1] "
static const char *place(const Reading *r, int depth) {
  Text t;
  text_init(&t);
  text_printf(&t, "%s: %s", r->file->path, r->array->name);
  for (int k = 0; k < depth; k++) text_printf(&t, "%s%zu", k ? ", " : "[", r->at[k]);
  if (depth) text_char(&t, ']');
  const char *s = arena_strdup(r->arena, t.s);
  text_free(&t);
  return s;
}

static int take_number(Reading *r, const json_t *v, int depth) {
  double *to = &ARENA_PUSH(r->arena, r->array->values, r->array->count, r->room);
  if (json_is_real(v)) {
    *to = json_real_value(v);
    return STATUS_OK;
  }
  if (json_is_null(v)) return tool_reject("%s is null: a number must stand here", place(r, depth));
  if (json_is_array(v)) return tool_reject("%s is an array, where a number stands before", place(r, depth));
  if (!json_is_string(v)) return tool_reject("%s is neither a number nor an array", place(r, depth));
  const char *s = json_string_value(v);
  if (number_read(s, json_string_length(v), to) != NUMBER_OK || !isinf(*to))
    return tool_reject("%s must be a number, not the text \"%s\"", place(r, depth),
                       text_for_message(r->arena, s, json_string_length(v)));
  return STATUS_OK;
}

static int take(Reading *r, const json_t *v, int depth) {
  const JsonArray *array = r->array;
  if (depth == array->rank) return take_number(r, v, depth);
  if (!json_is_array(v)) return tool_reject("%s must be an array like the others before it", place(r, depth));
  size_t n = json_array_size(v);
  if ((int64_t)n != array->extent[depth])
    return tool_reject("%s has %zu entries, those before it have %" PRId64, place(r, depth), n, array->extent[depth]);
  for (size_t k = 0; k < n; k++) {
    r->at[depth] = k;
    int status = take(r, json_array_get(v, k), depth + 1);
    if (status) return status;
  }
  return STATUS_OK;
}

// The shape, by the first entry of every axis.
static int measure(Reading *r, const json_t *v) {
  JsonArray *array = r->array;
  for (; json_is_array(v); v = json_array_get(v, 0)) {
    if (array->rank == DATA_MAX_RANK) return tool_reject("%s: more than %d axes", place(r, 0), DATA_MAX_RANK);
    size_t n = json_array_size(v);
    array->extent[array->rank++] = (int64_t)n;
    if (n == 0) break;
  }
  return STATUS_OK;
}

int json_read(Arena *a, const JsonFile *file, const char *name, JsonArray *array) {
  const json_t *v = json_object_get(file->root, name);
  Reading r = {.arena = a, .file = file, .array = array};
  *array = (JsonArray){.name = name};
  int status = measure(&r, v);
  if (!status) status = take(&r, v, 0);
  if (!status && array->count == 0 && array->rank > 0)
    for (int k = array->rank; k < DATA_MAX_RANK; k++) array->extent[k] = -1;
  return status;
}

// ---- printing ----

void json_put_string(Text *t, const char *s) {
  text_char(t, '"');
  for (; *s; s++) {
    if (*s == '"' || *s == '\\')
      text_printf(t, "\\%c", *s);
    else if ((unsigned char)*s < 0x20)
      text_printf(t, "\\u%04x", (unsigned)*s);
    else
      text_char(t, *s);
  }
  text_char(t, '"');
}

void json_put_real(Text *t, double x) {
  if (isfinite(x))
    text_real(t, x);
  else
    text_put(t, isnan(x) ? "\"nan\"" : x > 0 ? "\"inf\"" : "\"-inf\"");
}

double array_entry(ArrayView array, size_t k) {
  switch (array.type) {
  case MDL_FLOAT: return (double)((const float *)array.values)[k];
  case MDL_INT32: return (double)((const int32_t *)array.values)[k];
  case MDL_INT64: return (double)((const int64_t *)array.values)[k];
  default: return ((const double *)array.values)[k];
  }
}

void array_put_entry(Text *t, ArrayView array, size_t k) {
  if (array.type == MDL_FLOAT)
    text_float(t, ((const float *)array.values)[k]);
  else if (array.type == MDL_INT64)
    text_printf(t, "%lld", (long long)((const int64_t *)array.values)[k]);
  else
    text_real(t, array_entry(array, k));
}

static void put_entry(Text *t, ArrayView array, size_t k) {
  double x = array_entry(array, k);
  if (isfinite(x))
    array_put_entry(t, array, k);
  else
    json_put_real(t, x);
}

static size_t put_axis(Text *t, ArrayView array, int axis, size_t k, int indent) {
  if (axis == array.rank) {
    put_entry(t, array, k);
    return k + 1;
  }
  bool rows = axis + 1 < array.rank;
  text_char(t, '[');
  for (int64_t i = 0; i < array.extent[axis]; i++) {
    if (i) text_put(t, rows ? "," : ", ");
    if (rows) {
      text_char(t, '\n');
      text_repeat(t, ' ', indent + axis + 1);
    }
    k = put_axis(t, array, axis + 1, k, indent);
  }
  text_char(t, ']');
  return k;
}

void json_put_array(Text *t, ArrayView array, int indent) {
  put_axis(t, array, 0, 0, indent);
}

void json_put_arrays(Text *t, const struct mdl_array *arrays, const ArrayView *views, int count, int indent) {
  text_char(t, '{');
  for (int k = 0; k < count; k++) {
    if (k) text_put(t, ",\n");
    if (k) text_repeat(t, ' ', indent + 1);
    json_put_string(t, arrays[k].name);
    text_put(t, ": ");
    json_put_array(t, views[k], indent + 2);
  }
  text_char(t, '}');
}
