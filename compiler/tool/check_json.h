// check_json.h - all that mdlc check found, as one JSON object.
#ifndef MDLC_CHECK_JSON_H
#define MDLC_CHECK_JSON_H

#include "tool/check_compare.h"
#include "tool/check_derivatives.h"
#include "tool/check_digits.h"
#include "tool/check_proof.h"

typedef struct Checked {
  Comparison compared;
  Proofs proofs;
  DerivativeFinding *others; // one for each request
  const Digits *digits; // or null
  bool agree;
} Checked;

void report_json(Text *t, const Checked *checked);

#endif
