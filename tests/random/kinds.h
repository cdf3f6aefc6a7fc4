// kinds.h - derivatives other than the gradient by the parameters, asked of a model as `mdlc build --derivatives` does: what
// they must come to, and whether what somebody computed is that.
#ifndef MDLC_RANDOM_KINDS_H
#define MDLC_RANDOM_KINDS_H

#include "case.h"

// What all outputs are along one direction of the parameters, or of the real data, by dual numbers.
typedef struct Tangents {
  double loss;
  double *gradient; // by the parameters, or by the real data
  double **predict; // by prediction; null where it is of integers
} Tangents;

typedef struct Asked {
  Request request;
  const Root *predict;     // null: of the loss
  size_t total;            // entries of what it is by
  const double *direction; // of those, whose tangents are known
  size_t rows;             // entries of the prediction, or 1
  const double *vector;    // direction or cotangent; null: it takes none
  size_t count, ngrad;     // entries that it writes; those before what stands in arrays of their own, by data
  double *value, *scale;   // by the interpreter, in the order of generated C
  int64_t *start, *column; // of compressed rows
  double *entry;           // DIAGONAL: by dual numbers; NaN: not looked at
} Asked;

typedef struct Kinds {
  Asked *asked;
  Request *request; // of those, in the order of generated C
  int count;
  size_t ndata;              // entries of the data by which
  double *direction, *other; // like the parameters
  double *by_data;           // a direction of the data by which
  Tangents params, data;
} Kinds;

// Raises the scales to what roundings and cancelling terms may come to.
void kinds_raise(Case *c, Asked *asked);
// Says where `value`, an array as the derivative writes it, is not what dual numbers or the dot-product test ask for.
void kinds_check(Case *c, Asked *asked, const double *value, const char *who);
// kinds_run.c: generated C's, of the same order in the descriptor.
struct mdl_model;
void kinds_run(Case *c, const struct mdl_model *m, const void *const *data, const void *params);

#endif
