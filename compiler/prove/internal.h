// internal.h - the parts of the prover.
#ifndef MDLC_PROVE_INTERNAL_H
#define MDLC_PROVE_INTERNAL_H

#include "prove/prove.h"

// What is compared: the roots of a parameter, or null.
typedef struct Sides {
  const Node *ours, *theirs;
} Sides;

// How far the sides of a parameter are apart at real points.
typedef struct Gap {
  double difference; // the largest one seen, relative; -1: none could be compared
  bool differs;      // more than rounding explains, at
  ProofPoint point;
  bool undefined; // the statement alone is not finite somewhere
} Gap;

typedef struct Prover {
  Arena *arena;
  const ProofInput *input;
  const Graph *graph; // with the roots that are compared alone
  Sides *sides;       // by parameter
  double spent;       // elements of the field that all runs made
  const Gap *gap;     // by parameter, at the size `gap_dims`; null: not looked for yet
  const int64_t *gap_dims;
  Proofs proofs;
} Prover;

// Integer data at random, by the position of the declaration; false: a limit has no value.
bool prover_integers(const Prover *p, const int64_t *dims, uint64_t seed, int data, Array *array);
// The shape of a declared array; false where it does not exist or is too large.
bool prover_shape(const Prover *p, const int64_t *dims, int rank, const Poly *const *extent, Array *array);

// Compares the sides of all parameters at real points of this size; by parameter.
const Gap *prover_gaps(const Prover *p, const int64_t *dims);

#endif
