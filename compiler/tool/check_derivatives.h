// check_derivatives.h - the derivatives that --derivatives and --wrt ask for, held against dual numbers.
#ifndef MDLC_CHECK_DERIVATIVES_H
#define MDLC_CHECK_DERIVATIVES_H

#include "tool/check_gradient.h"

// The worst disagreement of one derivative.
typedef struct DerivativeFinding {
  const Request *request;
  size_t compared;
  double error; // relative to the largest entry of its array, as of gradients (oracle_scale)
  size_t entry; // flat, of all that it writes
  double ours, theirs;
} DerivativeFinding;

// One for each of the program's requests, at these parameters; false where the interpreter failed (said), or memory for
// what a derivative writes does not fit.
bool derivatives_compare(Subject *s, const double *params, uint64_t seed, DerivativeFinding *findings);
bool derivatives_agree(const Subject *s, const DerivativeFinding *findings);
void derivatives_report(Text *t, const Subject *s, const DerivativeFinding *findings);

#endif
