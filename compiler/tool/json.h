// json.h - a JSON file as named arrays of numbers.
#ifndef MDLC_JSON_H
#define MDLC_JSON_H

#include "tool/data.h"

typedef struct JsonArray {
  const char *name;
  int rank;
  int64_t extent[DATA_MAX_RANK]; // -1: not to be seen, because an axis before it has no entries
  size_t count;
  double *values;
} JsonArray;

typedef struct JsonFile {
  const char *path;
  const char **names; // all keys, in the order of the file
  size_t count;
  struct json_t *root;
} JsonFile;

// Reads an object of numbers and nested arrays.
int json_open(Arena *a, const char *path, JsonFile *file);
// The values under a key; complains of what is no regular array of numbers.
int json_read(Arena *a, const JsonFile *file, const char *name, JsonArray *array);
void json_close(JsonFile *file);

#endif
