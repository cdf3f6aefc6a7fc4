// emit.h - from a model's graphs to C: schedule, plan and print every function of the contract.
#ifndef MDLC_EMIT_H
#define MDLC_EMIT_H

#include "base/text.h"
#include "derive/kinds.h"
#include "graph/graph.h"

typedef struct EmitOptions {
  bool use_float;         // --real float
  const char *source;     // file name for the header comment
  bool no_fuse;           // --no-fuse: every node its own loops, for differential tests
  bool no_contract;       // --no-contract: every array in full
  bool thrifty;           // --tape-limit: backward computes again what it can
  bool no_simplify;       // --no-simplify, which is without factor, too
  bool no_factor;         // --no-factor: sums as the model and its derivatives have them
  bool libm;              // --math libm: the elementary functions of <math.h>, not those that the file brings along
  bool no_fma;            // --no-fma: sums of products are rounded twice, within elementary functions, too
  int threads;            // --threads: the most of a team; 0: none
  bool blas;              // --blas: products of matrices by <cblas.h>
  const Request *request; // --derivatives, each of which derive_kind can make
  int nrequest;
} EmitOptions;

// <name>.h and <name>.c (which includes it).
void emit_model(Text *header, Text *source, const Model *m, const EmitOptions *options);

// The loop trees of all functions, as text (mdlc dump --after=schedule).
void emit_schedule(Text *t, const Model *m, const EmitOptions *options);

// One function as it was scheduled, and what the generated C calls its parts (mdlc explain --schedule).
typedef struct FunctionView {
  const char *name, *comment;
  struct Schedule *schedule;
  const struct Tape *tape; // null: it has nothing to do with it
  const char *const *node_name;     // by node: its variable or pointer
  const char *const *put_name;      // by node: the pointer to where its rows go at a tile's end, or null
  const char *const *loop_variable; // by loop: what its `for` counts with
  const int *loop_rounds;           // by loop: how many of its rounds run side by side, 0: one
  int lanes;                        // of a vector
  const Poly *flops;
  bool bound; // at most so many
} FunctionView;
// All functions, in the order of the file; *count of them.
const FunctionView *emit_functions(Arena *a, const Model *m, const EmitOptions *options, int *count);

// Exact counts as polynomials in the dimensions (mdlc cost).
typedef struct DerivativeCost {
  const char *name; // of the function: "jacobian_t_p"
  const Poly *flops, *work;
  bool bound;
} DerivativeCost;

// A value of forward that backward uses.
typedef struct Crossing {
  const char *name, *shape; // "u", "u[n, k, d]"
  const Poly *size;
  bool stored; // else it is computed again
} Crossing;

typedef struct Cost {
  bool loss, predict; // has the model one?  Else the counts of its functions are 0
  const Poly *forward_flops, *backward_flops, *value_and_grad_flops, *predict_flops;
  bool bound;                // an upper bound: there are branches or guards
  const Poly *tape, *params; // elements
  const Poly *forward_work, *backward_work, *value_and_grad_work, *predict_work;
  const DerivativeCost *derivative; // one for each request
  int nderivative;
  const Crossing *crossing;
  int ncrossing;
} Cost;
Cost emit_cost(Arena *a, const Model *m, const EmitOptions *options);

// Of these the elements on the tape, and of backward's work, for which nothing else is planned.
typedef struct TapeCost {
  const Poly *tape, *work;
} TapeCost;
TapeCost emit_tape_cost(Arena *a, const Model *m, const EmitOptions *options);

#endif
