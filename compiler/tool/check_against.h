// check_against.h - a gradient that a user derived and wrote in C by hand, called at the points that are compared.
//
// The function takes the dimensions known at call time, the data and the parameters, in the order of their
// declarations, and a place for the gradient by each parameter, all arrays dense and row-major:
//
//     double NAME(int64_t n, const double *x, const int32_t *y, const double *w, double *d_w)
//
// It writes every entry of the gradients and returns the loss, or NAN.  With --real float reals are floats.
#ifndef MDLC_CHECK_AGAINST_H
#define MDLC_CHECK_AGAINST_H

#include "tool/check_gradient.h"

typedef double AgainstCall(const int64_t *dims, const void *const *data, const void *const *param, void *const *grad);

typedef struct Against {
  const char *file, *function; // null: none is asked for
  void *library;
  AgainstCall *call;
  double limit;       // seconds of processor time that a call may take; 0: many times what ours takes, 10 at least
  double *loss;       // by point; NaN: it tells none
  double **gradient;  // by point, in the layout of the flat vector
  int64_t *unwritten; // by point: the first entry of that vector that was not written, or -1
  double seconds[2];  // a call of value_and_grad, and of the function: the median of several
} Against;

// A skeleton to fill in.
void against_template(Text *t, const Program *program, const char *function);
int against_load(Arena *a, const Program *program, Against *against);
// Calls it at all points, in a process of its own.
int against_run(Against *against, Subject *s, double *const *params, int npoints);
void against_close(Against *against);

#endif
