// generate.h - random models that mean something: every name, shape and range in them is right.
#ifndef MDLC_RANDOM_GENERATE_H
#define MDLC_RANDOM_GENERATE_H

#include <stdint.h>

#include "base/text.h"

// The text of a model; the same for the same seed.  Its values stay small, its functions within their domains;
// call-time dimensions are at least 2 for its subscripts to be right.
void generate_model(Text *text, uint64_t seed);

#endif
