// check_gradient.h - what mdlc check compares: a model at given data, its gradient, and the oracles it is held against.
#ifndef MDLC_CHECK_GRADIENT_H
#define MDLC_CHECK_GRADIENT_H

#include "interp/constraint.h"
#include "interp/interp.h"
#include "tool/jit.h"

// One parameter array within the flat vector of all.
typedef struct ParamPlace {
  const char *name;
  int rank;
  int64_t extent[DATA_MAX_RANK];
  size_t offset, count, free_offset;
  ConstraintAt constraint;
  const char *hidden; // what hides some of its influence from derivatives, not from differences: "stop", or null
} ParamPlace;

// A model bound to data, as it is to be checked.
typedef struct Subject {
  Arena *arena;
  const Program *program;
  const Model *model;
  const Bound *bound;
  bool made_data;
  Array *data; // the same for the interpreter
  ParamPlace *param;
  size_t total;  // entries of all parameters
  size_t free;   // of the free vector, from which constraints make them
  bool compiled; // false: there is no C compiler, the interpreter runs the derived graph in its place
  Instance instance;
  void *memory, *tape, *vector, *grad; // of the instance
  const Graph *forward; // to the loss, or to the predictions where there is none; then the other graphs are null
  const Graph *gradient, *author;
  const Graph *derived; // the gradients and the author's, not simplified: every term that is added is there
  const Graph *kinks;
  const Array *seeds; // of graphs that have such inputs, while one runs
} Subject;

enum { GRADIENTS = 2 }; // value_and_grad, and backward after forward
extern const char *const gradient_names[GRADIENTS];

// ---- the point and the subject: check_subject.c, check_data.c ----

// Gives the call-time dimensions that -D does not small sizes: each another, so that none passes for another.
void check_small_dims(Arena *a, Program *program);
// Data made for the model at bound->dims: reals in low to high, integers in range.
int check_make_data(Arena *a, const Program *program, uint64_t seed, double low, double high, Bound *bound);

// Everything but the compiled instance.
int subject_new(Arena *a, const Program *program, const Bound *bound, Subject *s);
int subject_compile(Subject *s, const Jit *jit, uint64_t seed);
// The start values, or --params.
int subject_start(Subject *s, uint64_t seed, double *params);
// The instance's own vector (of a compiled subject), as it is to be passed on.
const void *subject_set_params(Subject *s, const double *params);
// Between parameters and the free vector.  Where parameters keep their constraints, both exist.
void subject_unconstrain(const Subject *s, const double *params, double *free);
void subject_constrain(const Subject *s, const double *free, double *params);
bool subject_has_loss(const Subject *s);
double subject_loss(Subject *s, const double *params);
bool subject_predicts_finite(Subject *s, const double *params);
// Both gradients (in the interpreter's case, one): false where the interpreter failed (said).
bool subject_gradients(Subject *s, const double *params, double *const *gradient, int *count);

// A uniform draw in (-1, 1), by its number.
double check_random(uint64_t seed, uint64_t stream, uint64_t number);

// ---- oracles: check_oracle.c, check_difference.c, check_kink.c ----

// The derivative of the loss along `direction` (over all entries), by complex step or dual numbers.
bool oracle_along(Subject *s, NumberKind kind, const double *params, const double *direction, double *derivative);
// By complex step at others than its usual one: is there a value, to `tolerance` at least, that does not depend on which?
bool oracle_resolved(Subject *s, const double *params, const double *direction, double tolerance, double *derivative,
                     bool *resolved);
// For each entry of the gradient how far from it other roundings (as of NUMBER_ROUNDING) lead, at most of a few runs.
enum { ROUNDING_RUNS = 3 };
bool oracle_rounding(Subject *s, const double *params, double *rounding);
// Such a run of any graph: the second parts of its values.
bool oracle_rounding_run(Subject *s, Arena *a, const Graph *g, const double *params, int run, Array *values);
// What an error of an entry is relative to: the entry or, where it is larger, what makes a multiple of its rounding pass.
double oracle_scale(const Subject *s, double value, double rounding);
// The `gradient` statement of parameter p: its values, and their rounding; false where there is none (*failed: or it failed).
bool oracle_author(Subject *s, int p, const double *params, double *value, double *rounding, bool *failed);
// Extrapolated differences of the loss along the direction, and how far they are to be trusted.
double oracle_difference(Subject *s, const double *params, const double *direction, double size, double *error);

// Where the forward graph is at a kink at this point; null: nowhere.
void kinks_prepare(Subject *s);
const Node *kinks_at(Subject *s, const double *params);

// Reads of nodes that depend on a parameter (`which`, or any: -1), by node of g.
bool *check_varies(Arena *a, const Graph *g, int which);
bool check_expr_varies(const Graph *g, const Expr *e, const bool *varies);

// Runs a graph at the parameters; `direction` becomes the second parts.
bool subject_run(Subject *s, Arena *a, const Graph *g, NumberKind kind, const double *params, const double *direction,
                 double step, Array *values);

#endif
