// generate.h - random models that mean something: every name, shape and range in them is right.
#ifndef MDLC_RANDOM_GENERATE_H
#define MDLC_RANDOM_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

// The file that some of them import.
extern const char generated_import[];

// At which sizes a model is to be run.
typedef enum {
  SIZES_FEW,   // from 2 to 5
  SIZES_STEPS, // from 6 to 13 in most cases: for loops of many steps
  SIZES_LARGE  // up to GENERATED_MOST: for models of a few operations
} Sizes;
enum { GENERATED_MOST = 130, GENERATED_STEPS = 13 };

// The text of a model, and of the file that it imports (none: nothing is written); the same for the same seed.  Its values stay
// small, its functions within their domains; call-time dimensions are at least 2 for its subscripts to be right.
Sizes generate_model(Text *text, Text *other, uint64_t seed);

#endif
