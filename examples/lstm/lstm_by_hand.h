/* lstm_by_hand.h - the loss of lstm.mdl and its gradient derived by hand, to compare with. */
#ifndef LSTM_BY_HAND_H
#define LSTM_BY_HAND_H

#include <stdint.h>

/* Writes the derivatives by each parameter; NaN where memory runs out. */
double lstm_by_hand(int64_t T, const double *x, const double *y, const double *Wx, const double *Wh, const double *b,
                    const double *V, const double *r, double *d_Wx, double *d_Wh, double *d_b, double *d_V,
                    double *d_r);

#endif
