// case.h - one model, random or from a file: its inputs, what it must come to, and what generated C says.
#ifndef MDLC_RANDOM_CASE_H
#define MDLC_RANDOM_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "emit/emit.h"
#include "generate.h"
#include "interp/interp.h"

// Generated C as options have it, held against what another of them made, or, where it may differ by rounding, against
// the interpreter.
typedef enum {
  SAME_BITS,
  CLOSE, // rounded otherwise
  NEAR   // in float
} Likeness;
typedef struct Variant {
  const char *name;
  EmitOptions options;
  Likeness likeness;
  int like; // SAME_BITS: as which variant
} Variant;

enum { PLAIN, LIMITED = 7, VARIANTS, CALL_DIMS = 8 };
extern const Variant variants[VARIANTS];

// How much of a model is looked at.
typedef enum {
  SCOPE_SOME,  // plain and one other variant, some kinds of derivatives, both by the seed
  SCOPE_FIRST, // plain; forward, backward, jvp and hvp
  SCOPE_ALL    // every variant and every kind
} Scope;

// One model with its inputs, and what it must come to.
typedef struct Case {
  Arena *arena;
  Arena *scratch; // for graphs and values of the derivative at hand
  const char *file, *name; // null: made from the seed; for messages
  uint64_t seed, state;
  const struct AstFile *ast;
  Model *model;
  Model *plain; // to be explained
  bool *failed;
  bool only[VARIANTS]; // those that are run
  Sizes sizes;
  bool unsure;         // a decision in it hangs on a rounding: there is nothing to compare with
  double margin;       // of all decisions, relative
  Scope scope;
  int64_t *dims;       // of the model
  int64_t call[CALL_DIMS + 1];
  Array *data, *param;
  size_t total; // entries of all parameters
  double *params;
  double loss, loss_magnitude;
  double *gradient, *scale;  // by entry; of its parameter.  Null: the model has no loss
  const Model *limited;      // in blocks of steps, or with a backward that computes again, so that
  bool thrifty;              // the tape keeps to a limit
  int64_t tape_limit;        // in bytes
  Array *values, *magnitude, *rough; // of the model's graph; by NUMBER_MAGNITUDE and NUMBER_ROUNDING, own errors added
  struct Result *result;     // by variant
  struct Kinds *kinds;       // derivatives of other kinds (kinds.h)
} Case;

// What generated C says, as doubles.
typedef struct Result {
  double value, forward;
  double *grad, *once, *twice; // value_and_grad's; that of backward with 1, and then with -0.5 too
  double *outputs;             // of predict and metrics, all in turn
  size_t noutputs;
} Result;

// Says so, with the case's name.
void case_fail(Case *c, const char *message, ...) __attribute__((format(printf, 2, 3)));
double case_between(Case *c, double low, double high);
bool is_near(double ours, double theirs, double scale, double tolerance);
// roundings.c: the scale by which a number of NUMBER_ROUNDING may be as far off as roundings lead, with room to spare: the passes round
// otherwise, and where an iteration magnifies that, all of them are right.
double rounding_scale(Number rough);
// Numbers of NUMBER_ROUNDING are then at least as far off as they are from those of NUMBER_WIDE.
void case_add_own_errors(const Graph *g, Array *rough, const Array *wide);
// That of an entry of the model's graph, or what its terms sum up to.
double case_scale(const Case *c, const Node *n, size_t entry);

// From the text to the oracles: false where there is nothing to compare with (said).
bool case_prepare(Case *c);
// Says why where it fails.
bool case_interpret(Case *c, const Graph *g, NumberKind kind, Array *values);
// kinds.c: derivatives of other kinds, interpreted and held against dual numbers.
void case_kinds(Case *c);
// statements.c: gradients that the model states.
void case_statements(Case *c);
// explained.c: the formulas that `mdlc explain` shows, computed as they stand.
void case_explained(Case *c);
// To be run with a limit for the tape; false: it has none, or it can't be shorter.
bool case_limit(Case *c);
// The name of the model that `which` makes of it; runs it from the library, and compares.
const char *case_variant_name(Case *c, int which);
void case_run(Case *c, void *library);
// compare.c: memory for generated C until the case has run, work and tape or entries of an array, of this very size: what
// touches anything beyond it ends the process, or is said.
void *case_work(const Case *c, size_t bytes);
void *case_array(const Case *c, size_t bytes);
void case_intact(Case *c, const void *p, size_t bytes, const char *what);
// Between doubles and the model's reals.
struct mdl_model;
size_t case_real_size(const struct mdl_model *m);
void *case_reals(Case *c, const struct mdl_model *m, const double *from, size_t count);
double *case_doubles(Case *c, const void *p, int type, size_t count);
// constrain_run.c: a free vector of so many bytes, and what goes between it and the parameters.
void case_run_constraints(Case *c, const struct mdl_model *m, size_t bytes);

#endif
