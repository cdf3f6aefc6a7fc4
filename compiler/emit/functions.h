// functions.h - the functions of the contract that compute: which graphs they come from, which memory they fill.
#ifndef MDLC_FUNCTIONS_H
#define MDLC_FUNCTIONS_H

#include "emit/function.h"
#include "schedule/tape.h"

typedef enum {
  FUNCTION_FORWARD,
  FUNCTION_BACKWARD,
  FUNCTION_VALUE_AND_GRAD,
  FUNCTION_PREDICT,
  FUNCTION_METRICS,
  FUNCTION_INIT,
  FUNCTION_COUNT
} FunctionKind;
extern const char *const function_names[FUNCTION_COUNT]; // "forward", …

// One function, scheduled.
typedef struct Scheduled {
  bool present;
  const Graph *graph;
  Schedule *s;
} Scheduled;

// All of a model's functions.
typedef struct Plan {
  Unit *unit;
  Scheduled function[FUNCTION_COUNT];
  Tape tape;
  const Poly **param_offset; // nparam + 1: in reals
} Plan;

Plan plan_functions(Unit *u);

// The prototype, without a semicolon.
void function_signature(Text *t, const Plan *p, FunctionKind kind);
// The whole definition.  Gives what it costs.
typedef struct FunctionCost {
  const Poly *flops;
  bool bound;
} FunctionCost;
FunctionCost function_print(Text *t, const Plan *p, FunctionKind kind);

// The roots that `predict` or `metrics` gives, in order.
int plan_outputs(const Plan *p, RootRole role, const Root **roots);
const char *param_at(Arena *a, const Plan *p, int which); // "thermometer_at_w", or null where the offset is not fixed

#endif
