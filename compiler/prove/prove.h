// prove.h - are the author's gradient and the derived one the same function?  Proven or refuted, for every size of the
// dimensions that are tried, by evaluation at random points modulo random primes.
//
// Soundness.  Each side is a rational function of indeterminates (prove/residue.h).  Two that differ agree at a random
// point modulo a random prime with a chance of at most (degree / p) + (bits of the coefficients / 61) / (number of
// primes); whatever else may go wrong at random (two arguments that collide, a linear relation by chance) is bounded
// likewise and added.  What the identities do not know only makes equal functions look different, never the other way;
// "differs" is said only of a real point where the values do.  Conditions on reals are taken both ways, all
// combinations of them, whether real points with that combination exist or not.
#ifndef MDLC_PROVE_PROVE_H
#define MDLC_PROVE_PROVE_H

#include "graph/graph.h"
#include "interp/interp.h"

typedef enum { PROOF_NONE, PROOF_IDENTICAL, PROOF_DIFFERS, PROOF_UNDECIDED } Verdict;

// A real point where the two sides differ.
typedef struct ProofPoint {
  int64_t *dims;       // by dimension
  Array *data, *param; // by declaration
  size_t entry;
  int64_t extent[8]; // of the parameter
  double ours, theirs;
} ProofPoint;

typedef struct Proof { // of one parameter; PROOF_NONE: it has no `gradient` statement
  Verdict verdict;
  double chance;     // IDENTICAL: log10 of the bound of the chance of error
  int combinations;  // IDENTICAL: of conditions on reals, at the size that has most; 1: there are none
  bool ties;         // IDENTICAL: not where two reals that are compared are equal
  bool drawn;        // IDENTICAL: for integer data that were drawn
  bool undefined;    // IDENTICAL: where the statement is finite, which it is not everywhere that the derived gradient is
  const char *why;   // UNDECIDED
  double difference; // UNDECIDED: the largest relative one at real points; negative: there was none
  ProofPoint point;  // DIFFERS
} Proof;

enum { PROOF_SIZES = 3 };

typedef struct ProofInput {
  const Model *model;
  const Graph *graph;   // with a root for each gradient and each statement; not simplified: that rounds constants;
                        // nothing in it but what they need
  const int64_t *given; // by dimension: the value of an open one; -1: it takes several
  uint64_t seed;
  double work; // elements of the field after which it gives up, undecided; 0: as many as take some ten seconds
} ProofInput;

typedef struct Proofs {
  Proof *param;                // by ParamDecl
  int nsizes;                  // tried
  int64_t *sizes[PROOF_SIZES]; // values by dimension
} Proofs;

// Memory from a.
Proofs prove_gradients(Arena *a, const ProofInput *input);

#endif
