// residue.h - functions of the model's inputs, known by their values at random points modulo a random prime; private to
// the prover.
//
// A residue stands for a function: a rational function, with integer coefficients, of indeterminates.  These are the
// entries of the parameters and of the real data, and what stands for a function that is not rational: exp of each of a
// set of exponents that are linearly independent over the rational numbers, log of each argument, and values of
// functions of which nothing is known (erf) at each argument.  Each has a value of its own, drawn uniformly, at each of
// a space's points.  Beside its values a residue has bounds of the degree and of the coefficients of its numerator and
// denominator: what Schwartz's and Zippel's lemma asks for.
#ifndef MDLC_PROVE_RESIDUE_H
#define MDLC_PROVE_RESIDUE_H

#include "interp/number.h"
#include "prove/field.h"

typedef struct Space Space;
typedef struct Residue Residue;

// Of a polynomial with integer coefficients.
typedef struct Size {
  double degree;
  double bits; // log2 of the sum of the coefficients' absolute values
} Size;

// How a value was made, as far as its logarithm wants to know.
typedef enum { MADE_OTHERWISE, MADE_PRODUCT, MADE_QUOTIENT, MADE_POWER, MADE_EXP, MADE_ROOT } Made;

struct Residue {
  Space *space;
  uint64_t *re, *im; // at each point, over the field with a root of -1; im null: real.  re null: no value (space->why),
  int infinite;      // or infinity, of this sign: nothing but a bound to compare with
  Size top, bottom;
  bool positive; // wherever it is defined, except where it is 0
  Made made;
  const Residue *left, *right;
  int64_t power;
};

typedef struct Exponent { // a basis element of the exponents: E(c) is exp of c times it
  const Residue *whole;   // E(1), of a logarithm's argument; else null
  const Residue *root;    // E(1/EXPONENT_PARTS)
} Exponent;

enum { EXPONENT_PARTS = 24 };

typedef struct Row Row; // of the exponents' echelon form
typedef struct Entry {  // of a table by values
  const Residue *key, *value;
  bool direct;
} Entry;
typedef struct Table {
  Entry *slot;
  size_t count, room;
} Table;

struct Space {
  Arena *arena;
  Field field;
  uint64_t seed;
  int points;
  size_t made, limit; // residues
  const char *why;    // why some residue has no value, or null
  bool stuck;         // a condition has none: what was computed under it means nothing
  bool equalities;    // two functions that are not the same were compared with ==
  bool crowded;       // more exponents than points can tell apart
  // exp and log
  Exponent *basis;
  Row *rows;
  int rank, room;
  Table exps, logs;
  const Residue *pi;
  // signs
  Table signs;
  bool *decision; // those made so far: whether the value is positive
  int decisions, decided, most;
  bool full; // there was one too many
  // what the bounds need
  Table squares;   // square roots, by what they are of
  uint64_t **bits; // which of their arguments have roots, at each point: an echelon form modulo 2
  int roots;       // those whose arguments are independent modulo squares
  int ties;        // the others
  double atoms;    // arguments that must not collide
  double lookups;  // linear relations looked for
  Size worst;
};

// A space whose first `decided` signs are given; there is room for `most`.
Space *space_new(Arena *a, uint64_t seed, int points, size_t limit, bool *decision, int decided, int most);

static inline uint64_t residue_im(const Residue *x, int t) {
  return x->im ? x->im[t] : 0;
}

Number number_of(const Residue *r);
const Residue *residue_of(Number n);

Residue *residue_new(Space *s, bool complex);
// Takes the imaginary part away where it is 0, and remembers the largest bounds.
const Residue *residue_finished(Residue *r);
const Residue *residue_none(Space *s, const char *why);
// A fresh indeterminate.
const Residue *residue_fresh(Space *s, uint64_t stream, uint64_t number);
// The value of an unknown function `name` (with an integer argument) at x and y (or null); real where they are.
const Residue *residue_unknown(Space *s, uint64_t name, const Residue *x, const Residue *y);
const Residue *residue_int(Space *s, int64_t value);
const Residue *residue_constant(Space *s, double value);

const Residue *residue_add(const Residue *x, const Residue *y);
const Residue *residue_sub(const Residue *x, const Residue *y);
const Residue *residue_mul(const Residue *x, const Residue *y);
const Residue *residue_div(const Residue *x, const Residue *y);
const Residue *residue_neg(const Residue *x);
const Residue *residue_powi(const Residue *x, int64_t n);
const Residue *residue_times_i(const Residue *x);
const Residue *residue_abs(const Residue *x); // by its sign
const Residue *residue_sqrt(const Residue *x);
const Residue *residue_exp(const Residue *x);
const Residue *residue_log(const Residue *x);
const Residue *residue_pow(const Residue *x, const Residue *y);

bool residue_is_zero(const Residue *x);
// The same small fraction at every point.
bool residue_fraction(const Residue *x, int64_t *a, int64_t *b);
// -1, 0, 1; where nothing is known of it, as the space decides.
int residue_sign(const Residue *x);

uint64_t residue_hash(const Residue *x);
bool residue_same(const Residue *x, const Residue *y);
Entry *table_find(const Table *t, const Residue *key);
void table_put(Arena *a, Table *t, Entry entry);

// The rules, for a space.
NumberRules residue_rules(Space *s);

#endif
