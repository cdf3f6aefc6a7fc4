// roundings.c - how far from a number roundings lead: those of NUMBER_ROUNDING, and those that the interpreter itself has made.
//
// Roundings that are drawn go either way.  A sum of equal terms rounds one way as long as it stays within a power of two, which
// where a loop magnifies it is hundreds of times what draws tell; that it happened is seen by the same in long double.
#include <math.h>

#include "case.h"

static const double gate = 1e-10;

double rounding_scale(Number rough) {
  enum { ROOM = 100 };
  return ROOM * fabs(rough.b) / ROUNDING_GAIN / gate;
}

static double own_error(Number ours, Number wide) {
  return isfinite(ours.a) && isfinite(wide.a) ? (ours.a - wide.a) - wide.b : 0;
}

void case_add_own_errors(const Graph *g, Array *rough, const Array *wide) {
  for (size_t k = 0; k < g->count; k++) {
    if (g->nodes[k]->type != TYPE_REAL) continue;
    for (size_t j = 0; j < rough[k].count; j++) {
      Number *x = &rough[k].number[j];
      x->b = fmax(fabs(x->b), ROUNDING_GAIN * fabs(own_error(*x, wide[k].number[j])));
    }
  }
}
