// functions.h - the functions of the contract that compute: which graphs they come from, which memory they fill.
//
//   plan.c       the table of functions, their graphs, outputs and schedules
//   functions.c  one function as C
#ifndef MDLC_FUNCTIONS_H
#define MDLC_FUNCTIONS_H

#include "derive/kinds.h"
#include "emit/function.h"
#include "schedule/tape.h"

typedef enum {
  // what every model has, at these positions of a plan
  FUNCTION_FORWARD,
  FUNCTION_BACKWARD,
  FUNCTION_VALUE_AND_GRAD,
  FUNCTION_PREDICT,
  FUNCTION_METRICS,
  FUNCTION_INIT,
  FUNCTION_COUNT,
  // what is asked for, any number of each, behind them
  FUNCTION_GRADIENT = FUNCTION_COUNT,
  FUNCTION_JVP,
  FUNCTION_JVP_OF,
  FUNCTION_VJP,
  FUNCTION_HVP,
  FUNCTION_JACOBIAN,
  FUNCTION_HESSIAN,
  FUNCTION_DIAGONAL,
  FUNCTION_GRADIENT_AND_DIAGONAL,
  FUNCTION_SPARSE,
  FUNCTION_STRUCTURE,
  FUNCTION_ROWS
} FunctionKind;

// What a function may take, besides `dims`.
typedef enum {
  ARGUMENT_NONE,
  ARGUMENT_DATA,
  ARGUMENT_PARAMS,
  ARGUMENT_TAPE,  // to be filled
  ARGUMENT_SAVED, // the tape, to be read
  ARGUMENT_WORK,
  ARGUMENT_SEED,   // of backward
  ARGUMENT_RANDOM, // the seed of random numbers
  ARGUMENT_DIRECTION,
  ARGUMENT_COTANGENT,
  ARGUMENT_ROW_START,
  ARGUMENT_COLUMN, // the row's result, where that is of integers
  ARGUMENT_RESULT, // the row's result
  ARGUMENT_OUTPUTS // one for each output that has no place in that
} Argument;
enum { ARGUMENTS_MAX = 8 };

typedef struct FunctionRow {
  const char *name; // "forward"; of a prediction its name follows: "jacobian_t_p"
  bool returns_loss;
  RootRole role; // of its outputs
  Argument argument[ARGUMENTS_MAX];
  const char *result; // the array that outputs have a place in: "grad"
  const char *comment;
  bool of_predict; // the comment goes on with the prediction and its shape; in it, $V is what the derivative is by
} FunctionRow;
extern const FunctionRow function_table[FUNCTION_ROWS];

// Where an output of a function goes.
typedef struct Output {
  const Node *node;
  const char *argument; // "grad", "out_t_p"
  const char *label;    // what its part of the argument is called: "grad_w"; null: it is the whole argument
  const Poly *offset;   // in reals
  int at;               // the parameter whose place that is, or -1
  int nrow;             // its first indices count rows, `stride` reals apart; null: it is dense
  const Poly *stride;
} Output;

// One function, scheduled.
typedef struct Printed { // what is known of a function once it is printed: what it costs,
  const Poly *flops;
  bool bound; // there are branches or guards: at most so many
  const char *const *node_name, *const *loop_variable; // what C calls them, by id; null: it has no name
  const char *const *put_name;                         // by node: where its rows go at a tile's end, or null
  const int *loop_rounds;                              // by loop: how many run side by side, 0: one
} Printed;

typedef struct Scheduled {
  bool present;
  const FunctionRow *row;
  const char *name, *comment;
  const Request *request; // null: of those that every model has
  const Model *by;        // its parameters are what results and directions are laid out like: the model's, or data
  const Poly **offset;    // of those, by->nparam + 1: in reals
  const Graph *graph;
  Schedule *s;
  const Output *output; // in the order of the graph's roots
  int noutput;
  const Poly *result; // entries of the row's result
  Printed printed;  // once it is
} Scheduled;

// All of a model's functions.
typedef struct Plan {
  Unit *unit;
  Scheduled *function; // FUNCTION_COUNT, then those that were asked for
  int nfunction;
  Tape tape;
  const Poly *sample;        // what samples are counted by, or null
  const Poly **param_offset; // nparam + 1: in reals
  const Poly **free_offset;  // the same for the free vector
} Plan;

// `taped`: forward and backward alone.
Plan plan_functions(Unit *u, bool taped);
// The position in `function` of the k-th in the order of printing.
int plan_order(int k);

// How an argument is written.
typedef struct ArgumentRow {
  const char *name;  // null: the row's result
  const char *type;  // with $R, as template_print has it: "const $R *"
  const char *plain; // the same for untyped pointers
} ArgumentRow;
extern const ArgumentRow argument_table[];

// The prototype, without a semicolon.
void function_signature(Text *t, const Plan *p, const Scheduled *function);
// The whole definition.
Printed function_print(Text *t, const Plan *p, const Scheduled *function);

// Are the function's results and directions laid out like the model's parameters?
bool by_parameters(const Plan *p, const Scheduled *f);
// The roots that `predict` or `metrics` gives, in order.
int plan_outputs(const Plan *p, RootRole role, const Root **roots);
const char *param_at(Arena *a, const Plan *p, int which); // "thermometer_at_w", or null where the offset is not fixed
const char *free_at(Arena *a, const Plan *p, int which);  // "thermometer_free_at_w"

#endif
