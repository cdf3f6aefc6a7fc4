// generated.h - what the tests of generated C share: compiled and loaded, run from memory that holds no number, and held
// against the interpreter.
#ifndef MDLC_TESTS_GENERATED_H
#define MDLC_TESTS_GENERATED_H

#include "emit/emit.h"
#include "interp/interp.h"
#include "tool/jit.h"

enum { GENERATED_DIMS = 16, GENERATED_ARRAYS = 8, GENERATED_OUTPUTS = 4, GENERATED_ENTRIES = 4096 };

// Data and parameters: the same for the interpreter and for C.
typedef struct Inputs {
  int64_t dims[GENERATED_DIMS], call[GENERATED_DIMS]; // of the model, of the call
  Array data[GENERATED_ARRAYS], param[GENERATED_ARRAYS];
  const void *pointers[GENERATED_ARRAYS];
  double params[GENERATED_ENTRIES];
  size_t nparams;
} Inputs;

typedef struct Outputs {
  double predict[GENERATED_OUTPUTS][GENERATED_ENTRIES]; // or int64_t
  double value, loss, grad[GENERATED_ENTRIES], twice[GENERATED_ENTRIES];
} Outputs;

// All of these fail the test where something is wrong.

// The model m`which` from the text of its graph.
Model *generated_model(Arena *a, int which, const char *text);
Jit generated_compile(Arena *a, const Model *m, const EmitOptions *options);
// Call-time dimensions have these sizes in the order of the model.
Inputs *generated_inputs(Arena *a, const Model *m, const int64_t *sizes);
// Predictions; where there is a loss value_and_grad, forward, and backward twice.
void generated_run(Arena *a, const Jit *jit, const Inputs *in, Outputs *out);
// Predictions, loss and gradient, this by dual numbers; `name` is for messages.
void generated_compare(Arena *a, const Model *m, const Inputs *in, const Outputs *out, const char *name);

#endif
