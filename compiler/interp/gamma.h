// gamma.h - the logarithm of the gamma function and its derivatives on complex numbers; private to the interpreter.
#ifndef MDLC_INTERP_GAMMA_H
#define MDLC_INTERP_GAMMA_H

#include "interp/interp.h"

// Continued analytically from the real line, between any two poles; imaginary parts as small as 1e-200 come out right.
// On the real line (b = 0) the value of lgamma is log |gamma|.
Number gamma_log(Number z);
Number gamma_poly(int64_t n, Number z); // the derivative of order n of digamma

// On the real line alone, in long double; of order -1: lgamma.
long double gamma_wide(int64_t n, long double x);

#endif
