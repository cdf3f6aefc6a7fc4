/* bundle_by_hand.h - bundle adjustment's loss and gradient derived by hand. */
#ifndef BUNDLE_BY_HAND_H
#define BUNDLE_BY_HAND_H

#include "bundle.h"

/* Returns the loss and writes its gradient. */
double bundle_by_hand(const bundle_dims *dims, const bundle_data *data, const double *params, double *grad);

#endif
