// check_proof.h - the `gradient` statements of a model, proven or refuted, and what is told of it.
#ifndef MDLC_CHECK_PROOF_H
#define MDLC_CHECK_PROOF_H

#include "prove/prove.h"
#include "tool/check_gradient.h"

// The statements of the subject's model, at the sizes that options give or at several; no parameter has a verdict where
// there are none.
void proofs_find(Subject *s, const ModelOptions *options, uint64_t seed, Proofs *proofs);
// None is refuted.
bool proofs_agree(const Subject *s, const Proofs *proofs);
// A line for each statement.
void report_proofs(Text *t, const Subject *s, const Proofs *proofs);
// "n = 2, 3, 5"; "(n, d) = (2, 3), (3, 5)"; "" where all dimensions are fixed.
const char *proof_sizes_text(Arena *a, const Subject *s, const Proofs *proofs);
// The point that refutes the first statement that is refuted, as --params and --data take it; false: there is none.
bool proof_replay(const Subject *s, const Proofs *proofs, Text *params, Text *data);

#endif
