// data.h - data and parameters from files (CSV, JSON), matched to the model's arrays by name.
#ifndef MDLC_DATA_H
#define MDLC_DATA_H

#include "mdl/model.h"
#include "tool/driver.h"

enum { DATA_MAX_RANK = 8 };

// One array with its values: reals as double whatever the model's real type, integers as the model takes them.
typedef struct BoundArray {
  const char *name;
  const char *origin; // the file it came from; null: it was not needed and not there
  Type type;
  int rank;
  int64_t extent[DATA_MAX_RANK];
  size_t count;     // product of the extents; 1 for a scalar
  double *real;     // TYPE_REAL
  int32_t *integer; // TYPE_INT
} BoundArray;

typedef struct Bound {
  int64_t *dims;      // by dimension of model->dims: fixed ones have their value, derived ones 0
  BoundArray *data;   // by DataDecl
  BoundArray *params; // by ParamDecl; null without --params
} Bound;

// Reads the files, matches what they hold to the model's data and parameters, infers the call-time dimensions.  Data
// array k is required where need is null or need[k] is set, and left out otherwise.  Everything is checked: shapes,
// holes, integers and their ranges; what is missing is named.
int data_bind(Arena *a, const Program *program, const DataOptions *options, const unsigned char *need, Bound *bound);

// ---- JSON text ----

void json_put_string(Text *t, const char *s);
// With all digits; infinities and NaN, which JSON has no numbers for, as the strings "inf", "-inf", "nan".
void json_put_real(Text *t, double x);
typedef struct ArrayView {
  int type; // enum mdl_type
  const void *values;
  int rank;
  const int64_t *extent;
} ArrayView;
// Nested arrays, each innermost row on a line of its own under `indent` spaces; a number where the rank is 0.
void json_put_array(Text *t, ArrayView array, int indent);
// {"w": 1, "b": [2, 3]}: one a line.
void json_put_arrays(Text *t, const struct mdl_array *arrays, const ArrayView *views, int count, int indent);
// Entry k as a double (its text with all digits: array_put_entry).
double array_entry(ArrayView array, size_t k);
void array_put_entry(Text *t, ArrayView array, size_t k);

#endif
