// functions.h - the elementary functions of mdl/math as a table.
#ifndef MDL_TEST_FUNCTIONS_H
#define MDL_TEST_FUNCTIONS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "mdl/math/asin.h"
#include "mdl/math/asinf.h"
#include "mdl/math/atan.h"
#include "mdl/math/atanf.h"
#include "mdl/math/erf.h"
#include "mdl/math/erff.h"
#include "mdl/math/gamma.h"
#include "mdl/math/hypot.h"
#include "mdl/math/hypotf.h"
#include "mdl/math/pow.h"
#include "mdl/math/powf.h"
#include "mdl/math/softplus.h"
#include "mdl/math/softplusf.h"
#include "mdl/math/trig.h"
#include "mdl/math/trigf.h"

static inline uint64_t next_random(uint64_t *state) { // xorshift*
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(2685821657736338717);
}

static inline double between(uint64_t *state, double low, double high) {
  return low + (high - low) * ((double)(next_random(state) >> 11) * 0x1p-53);
}

// Of the points 0, 1, 2, …: special ones, any bits, then what is drawn from low to high.
static inline double point(uint64_t *state, int k, double low, double high) {
  static const double special[] = {0.0,     -0.0,   1,       -1,      0.5,     -0.5,     2,         -2,    3,
                                   -3,      4e-324, -4e-324, 1e-310,  -1e-310, 1e-20,    -1e-20,    1e300, -1e300,
                                   709.782, 709.79, 710.47,  -745.13, -745.2,  HUGE_VAL, -HUGE_VAL, NAN};
  enum { COUNT = sizeof special / sizeof *special };
  if (k < COUNT) return special[k];
  return k % 3 == 0 ? mdl_of_bits(next_random(state)) : between(state, low, high);
}

#endif
