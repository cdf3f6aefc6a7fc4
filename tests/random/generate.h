// generate.h - random models that mean something: every name, shape and range in them is right.
#ifndef MDLC_RANDOM_GENERATE_H
#define MDLC_RANDOM_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

// The file that some of them import.
extern const char generated_import[];

// The text of a model, and of the file that it imports (none: nothing is written); the same for the same seed.  Its values stay
// small, its functions within their domains; call-time dimensions are at least 2 for its subscripts to be right.  True: it is of
// a few operations, and its dimensions may be GENERATED_MOST.
enum { GENERATED_MOST = 130 };
bool generate_model(Text *text, Text *other, uint64_t seed);

#endif
