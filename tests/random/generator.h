// generator.h - what a random model is made of so far, and the terms that can be made of that.
#ifndef MDLC_RANDOM_GENERATOR_H
#define MDLC_RANDOM_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

enum { RANK_MAX = 3, VALUES_MAX = 96, INDICES_MAX = 12, EXTENTS_MAX = 16, FUNCTIONS_MAX = 8, YIELDS_MAX = 8 };
#define LIMIT 4.0         // of every term
#define SMALL_LIMIT 1000. // in small models: a form is to stand alone, without a function around it that keeps it in bounds

// How a composite extent comes about.
typedef enum { EXTENT_PLAIN, EXTENT_CONCAT, EXTENT_SLICE } ExtentKind;
typedef struct Extent {
  const char *text; // parenthesised where it is composite; two are equal where their texts are
  ExtentKind kind;
  int from, with;       // extents: what is sliced; what is joined
  bool batch, argument; // argument: what a function is given, which may be 1
  bool open;            // known when a generated function is called
} Extent;

typedef struct Value {
  const char *name;
  int rank, extent[RANK_MAX];
  int under; // integers: the extent that they stay under; reals: -1
  double bound; // reals
  bool parameter;
} Value;

typedef struct Loop {
  const char *name;
  int extent;
  bool alone;  // it subscripts an axis of its extent, so its range can be inferred
  bool beyond; // it subscripts another one, too, on a condition: its range is written
} Loop;

// Of scalars alone, or of arrays [p]; results[k] is the rank of a result.
typedef struct Function {
  const char *name;
  int narg, rank, nresult, results[2];
} Function;

typedef struct Term {
  const char *s; // binds as tightly as a call
  double bound;
} Term;

typedef struct Generator {
  Arena *arena;
  Text *text;
  uint64_t state;
  bool small;   // one or two statements of one or two operations
  int steps;    // 0, or the most that a loop has that is one of numerics
  double limit; // of every term
  int terms;    // more than any axis has entries
  Extent extent[EXTENTS_MAX];
  int nextent;
  Value value[VALUES_MAX];
  int nvalue;
  Loop loop[INDICES_MAX];
  int nloop;
  Function function[FUNCTIONS_MAX];
  int nfunction;
  Value yield[YIELDS_MAX]; // of the loops that are open
  int nyield;
  int names, fuel;
} Generator;

// The order in which arguments are evaluated is the C compiler's: each choice stands in a statement of its own.

#define format(...) arena_printf(g->arena, __VA_ARGS__)

// ---- choices ----

int gen_below(Generator *g, int n); // 0 … n-1
bool gen_chance(Generator *g, int percent);
int gen_plain_extent(Generator *g);
int gen_any_extent(Generator *g);

// ---- names, shapes ----

const char *gen_fresh(Generator *g, const char *stem);
const char *gen_constant(Generator *g);
int gen_add_extent(Generator *g, Extent e);
const char *gen_extent_text(const Generator *g, int extent);
const char *gen_shape_text(Generator *g, int rank, const int *extent);
// Its bound is the limit; it is the last of g->value, where there was room.
void gen_add_value(Generator *g, const char *name, int rank, const int *extent, int under);
void gen_add_bounded(Generator *g, const char *name, int rank, const int *extent, double bound);
// So many operations for the term that follows, or one or two.
void gen_fuel(Generator *g, int operations);
// A loop over the extent, the innermost: while it is on g->loop its index may be used.
int gen_push_loop(Generator *g, int extent);
// Some integers that stay under the extent, or null.
const Value *gen_labels_under(Generator *g, int extent);

// ---- terms: `depth` is how deep they may be ----

Term gen_scalar(Generator *g, int depth);
const char *gen_condition(Generator *g, int depth);
// An array of this very shape.
Term gen_array(Generator *g, int rank, const int *extent, int depth);
// An entry at subscripts within its shape.
const char *gen_read_value(Generator *g, const Value *v, int depth);
// An integer under the extent, at least 0.
const char *gen_subscript(Generator *g, int extent, int depth);
// A function of x.
Term gen_unary(Generator *g, Term x);
// x, or a function of it that stays within `bound`.
const char *gen_within(Generator *g, Term t, double bound);
// f of arguments of this shape (rank 0: scalars).
const char *gen_call(Generator *g, const Function *f, int rank, const int *extent, int depth);

// Within 1: the derivative, of x's shape, of a number that mostly depends on it.
const char *gen_slope(Generator *g, const Value *x, int depth);

// ---- statements ----

// A scan or an iteration; what it leaves is among the values afterwards.
void gen_loop(Generator *g, const char *indent);
// What a scan over all of an axis yields; its end, and what it has yielded is among the values, but for `yielded` of the loops around.
void gen_yields(Generator *g, const char *indent, int steps);
void gen_end_scan(Generator *g, const char *indent, int yielded);
// A factorization, a recurrence or what else numerics has loops for (algorithms.c).
void gen_algorithm(Generator *g, const char *indent);
// A loss of the values from `from` on, with gradients by hand beside some.
void gen_loss(Generator *g, int from, bool likely);
// Some of them as predictions or metrics; one prediction at least where there is no loss.
void gen_outputs(Generator *g, int from, bool lossless);

#endif
