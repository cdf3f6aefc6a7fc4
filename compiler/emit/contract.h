// contract.h - what the printers of the header, the sizes and the descriptor share.
#ifndef MDLC_CONTRACT_H
#define MDLC_CONTRACT_H

#include "emit/functions.h"
#include "graph/text.h"

// Spells dimensions inside functions that take `dims` (a DimSpelling; the context is a Speller).
typedef struct Speller {
  const Model *model;
  Arena *arena;
} Speller;
const char *spell_argument(void *context, int dim);

// "n, d" in the model's names.
void put_shape_text(Text *t, const Dims *dims, const Poly *const *extent, int rank);
void put_node_shape(Text *t, const Dims *dims, const Node *n);
// User's text where it can end neither a comment nor a string.
void put_safe(Text *t, const char *s);
// A parameter's constraint, as text where it can end neither.
void put_constraint(Text *t, const Model *m, const ParamDecl *p);
// The dimensions known at call time, in order; which may be null.
int call_dims(const Dims *dims, int *which);

// Bytes, in the order of struct mdl_sizes.
enum {
  SIZE_PARAMS,
  SIZE_TAPE,
  SIZE_FORWARD,
  SIZE_BACKWARD,
  SIZE_VALUE_AND_GRAD,
  SIZE_PREDICT,
  SIZE_METRICS,
  SIZE_FREE,
  SIZE_COUNT
};
extern const char *const size_names[SIZE_COUNT];
void all_sizes(const Plan *p, const Poly **size);

// header.c: <name>.h, of functions that are printed already.
void header_print(Text *t, const Plan *p);

// sizes.c: extents, _sizes, _layout, _check, and the arithmetic that they need.
void sizes_print(Text *t, const Plan *p);
void sizes_helpers_print(Text *t, const Text *sizes);
// subscripts.c: _check's loops over subscripts that the compiler could not prove.
void subscript_check_print(Text *t, const Plan *p, int which);
// What _check tells of where it found something.
void found_print(Text *t, const char *indent, const char *name, const char *position, const char *value);
// Bytes of work memory of a function.
const Poly *function_bytes(const Plan *p, const Scheduled *f);
// derivatives.c: nothing where none were asked for, but for the descriptor's fields.
void derivative_sizes_declare(Text *t, const Plan *p);
void derivative_sizes_print(Text *t, const Plan *p);
void derivative_tables_print(Text *t, const Plan *p);
void derivative_fields_print(Text *t, const Plan *p);
// constrain.c: between free reals and constrained parameters.  Nothing where the model has no constraints.
void constrain_prototypes_print(Text *t, const Plan *p);
void constrain_enumerators_print(Text *t, const Plan *p);
void constrain_print(Text *t, const Plan *p);
void constrain_adapters_print(Text *t, const Plan *p);
// subscripts.c: a function of nothing but the caller's dimensions and data, for single expressions.
Function plain_function(const Plan *p, int nindex);
// descriptor.c
void descriptor_print(Text *t, const Plan *p);

#endif
