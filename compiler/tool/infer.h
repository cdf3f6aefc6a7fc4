// infer.h - call-time dimensions from the shapes of the data.
#ifndef MDLC_INFER_H
#define MDLC_INFER_H

#include "graph/graph.h"

// The model says that an axis of an array has `extent` entries; a file has `actual`.
typedef struct DimFact {
  const Poly *extent;
  int64_t actual;
  const char *array;
  int axis;
  const char *origin; // "readings.csv", "more.json: x"
} DimFact;

// Values by dimension (derived ones are left 0) and where each is known from: null where it is not (yet).
typedef struct KnownDims {
  int64_t *values;
  const char **from;
} KnownDims;

// Nothing but the fixed dimensions.
KnownDims infer_begin(Arena *a, const Model *m);
// Solves the facts for what is not known, then holds all of them against what is: a contradiction names both places.
int infer_dims(Arena *a, const Model *m, const DimFact *facts, size_t count, KnownDims *known);
// Which dimensions the predictions depend on, by their graph or by the parameters' shapes.
bool *infer_predict_needs(Arena *a, const Model *m);

#endif
