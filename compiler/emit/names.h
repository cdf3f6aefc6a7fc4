// names.h - C identifiers: the model's names where C allows them, never two alike in one scope.
#ifndef MDLC_NAMES_H
#define MDLC_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

typedef struct Names {
  Arena *arena;
  const char **taken;
  size_t count, room;
} Names;

// With what no local of a generated function may be called: keywords of C and C++, functions that generated code calls.
void names_init(Names *n, Arena *a);
// `wanted`, or wanted_2, wanted_3 …
const char *names_take(Names *n, const char *wanted);
// Gives back everything taken since count was `mark`.
void names_release(Names *n, size_t mark);
// A struct member's or enumerator's name: `wanted`, with an underscore behind it where it is a keyword.
const char *names_member(Arena *a, const char *wanted);

#endif
