// kinds.h - the kinds of derivatives that a model can be asked for, each a composition of the two modes.
#ifndef MDLC_KINDS_H
#define MDLC_KINDS_H

#include "graph/graph.h"

typedef enum {
  DERIVATIVE_GRADIENT,  // of the loss by chosen data
  DERIVATIVE_JVP,       // tangent of the loss, or of a prediction, along a direction of the parameters
  DERIVATIVE_VJP,       // of a prediction, weighted by a cotangent, by the parameters and chosen data
  DERIVATIVE_HVP,       // Hessian of the loss times a direction
  DERIVATIVE_JACOBIAN,  // of a prediction by the parameters
  DERIVATIVE_HESSIAN,   // of the loss
  DERIVATIVE_DIAGONAL,  // of that Hessian
  DERIVATIVE_GRADIENT_AND_DIAGONAL, // by the parameters: what a step of Newton's method with that diagonal takes
  DERIVATIVE_SPARSE,    // Jacobian of a prediction in compressed rows: entries
  DERIVATIVE_STRUCTURE, // of that: where rows start, and columns; asked for with each of those
  DERIVATIVE_COUNT
} DerivativeKind;

typedef struct DerivativeRow {
  const char *name;
  bool of_loss, of_predict; // may be asked for of the loss, of a prediction; neither: not by name
} DerivativeRow;
extern const DerivativeRow derivative_table[DERIVATIVE_COUNT];

typedef struct Request {
  DerivativeKind kind;
  const char *predict; // the prediction's name; null: the loss
  const int *data;     // real data arrays: GRADIENT: by which; VJP: by which, too; of others by which, not by the parameters
  int ndata;
} Request;

// Is it by data where the kind is by parameters?
bool derive_by_data(const Request *r);
// "jacobian", "jacobian_by_data"
const char *derive_kind_name(Arena *a, const Request *r);
// The model as that request sees it: what it derives by are its parameters.
const Model *derive_variables(Arena *a, const Model *m, const Request *r);

// A copy of the model's graph with the derivative: its results are ROOT_DERIVATIVE, in rows of which `which` says
//   GRADIENT  data array;   JVP  0;   VJP  a parameter, or nparam + a data array;   HVP, DIAGONAL  a parameter
//   GRADIENT_AND_DIAGONAL  a parameter, or nparam + a parameter: of the diagonal
//   JACOBIAN  a parameter: over the indices of the prediction, then those of the parameter
//   HESSIAN   p * nparam + q: over the indices of parameter p, then those of q
//   SPARSE    a block: over the indices of the prediction, then those of the parameter that its place in the parameter does
//             not settle.  STRUCTURE  0 where each row starts, 1 + a block: the columns of its entries
// A direction is NODE_SEED 1 + a parameter, a cotangent NODE_SEED 1.  Where it is by data, parameters are those of
// derive_variables.  Null where something is too deeply nested.
Graph *derive_kind(Arena *a, const Model *m, const Request *request);

// Entries of all parameters, or of a node.
const Poly *derive_params_size(const Model *m);
const Poly *derive_node_size(Dims *dims, const Node *n);

#endif
