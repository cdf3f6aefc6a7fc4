/* mixture_by_hand.h - the Gaussian mixture's loss and gradient derived by hand, for n samples of two dimensions and three
 * components; the arguments are those that `mdlc check --template` asks for. */
#ifndef MIXTURE_BY_HAND_H
#define MIXTURE_BY_HAND_H

#include <stdint.h>

double mixture_by_hand(int64_t n, const double *x, const double *alpha, const double *mu, const double *q,
                       const double *l, double *d_alpha, double *d_mu, double *d_q, double *d_l);

#endif
