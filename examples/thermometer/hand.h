/* hand.h - the thermometer's loss and gradient derived by hand, to compare with. */
#ifndef HAND_H
#define HAND_H

#include <stddef.h>

/* Returns mean((w * 0.1 * t_u + b - t_c)^2) for params = {w, b} and writes its derivatives by w and by b to grad. */
double hand_value_and_grad(size_t n, const double *t_u, const double *t_c, const double *params, double *grad);

#endif
