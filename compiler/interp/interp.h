// interp.h - runs a graph straight from its definition, node by node: the oracle.
//
// It shares no code with derive, schedule or emit.  Each kind of number has its own rules for each primitive; the dual
// rules are written apart from the table's derivative column, and complex step needs none.
#ifndef MDLC_INTERP_H
#define MDLC_INTERP_H

#include "graph/graph.h"

typedef enum {
  NUMBER_REAL,      // a
  NUMBER_GENERATED, // a, with the bits of generated C's functions
  NUMBER_DUAL,      // a + b eps: b is the tangent
  NUMBER_COMPLEX,   // a + b i
  NUMBER_MAGNITUDE, // a, and b the sum of the absolute terms that were added to make it
  NUMBER_WIDE,      // a + b, in long double: b is what a double leaves out
  NUMBER_ROUNDING,  // a, and b how far from it roundings would lead that are ROUNDING_GAIN times as large
  NUMBER_OTHER      // as InterpInput.rules have it
} NumberKind;

enum { ROUNDING_GAIN = 1024 };

typedef struct Number {
  double a, b;
} Number;

// Integers are exact: they live in their own array.
typedef struct Array {
  int rank;
  int64_t *extent;  // by axis
  size_t count;     // product of the extents; 1 for a scalar
  Number *number;   // TYPE_REAL
  int64_t *integer; // TYPE_INT, TYPE_BOOL
} Array;

typedef struct InterpInput {
  NumberKind kind;
  const struct NumberRules *rules; // of NUMBER_OTHER (interp/number.h)
  const int64_t *dims;             // by dimension (fixed and derived ones are not read)
  const Array *data;               // by DataDecl
  const Array *param;              // by ParamDecl (number.b is the tangent or the imaginary step)
  Number seed;                     // of NODE_SEED
  const Array *seeds;              // of NODE_SEED 1 + k: by k
  uint64_t random_seed;            // of randn, randu
} InterpInput;

typedef struct InterpError {
  const Node *node; // where, or null
  char text[256];   // "E[token[t]]: subscript 7 is not under 5"
} InterpError;

// Evaluates all nodes that the roots need; values[id] for each node of g (count 0 where not needed).  False on an error:
// a subscript out of range, a negative extent, too large.  Memory from a.
bool interp_run(Arena *a, const Model *m, const Graph *g, const InterpInput *input, Array *values, InterpError *error);

// The value of a constant scalar expression (no reads, no indices): the constant folder.  Same arithmetic as generated C in double.
bool interp_constant(const Expr *e, double *value);
// One primitive on reals, with that arithmetic.
double interp_prim(Prim p, const double *args);

#endif
