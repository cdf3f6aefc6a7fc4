// check_digits.h - how many digits of each entry of the gradient survive rounding.
#ifndef MDLC_CHECK_DIGITS_H
#define MDLC_CHECK_DIGITS_H

#include "tool/check_gradient.h"

typedef struct Digits {
  double *entry; // in the layout of the flat vector; NaN where the gradient is not finite
  double all;    // what a right rounding leaves
} Digits;

// The gradient at the parameters beside the same graph in long double; false where the interpreter failed (said).
bool digits_find(Subject *s, const double *params, Digits *digits);
// The entry of a parameter that has least; its digits.
double digits_least(const Subject *s, const Digits *digits, int param, size_t *entry);
void report_digits(Text *t, const Subject *s, const Digits *digits);

#endif
