/* mixture_by_hand.h - the Gaussian mixture's loss and gradient derived by hand. */
#ifndef MIXTURE_BY_HAND_H
#define MIXTURE_BY_HAND_H

#include "mixture.h"

enum { MIXTURE_D = 2, MIXTURE_K = 3, MIXTURE_L = MIXTURE_D * (MIXTURE_D - 1) / 2 }; /* as in mixture.mdl */

/* Returns the loss and writes its gradient. */
double mixture_by_hand(const mixture_dims *dims, const mixture_data *data, const double *params, double *grad);

#endif
