// names.h - C identifiers: the model's names where C allows them, never two alike in one scope.
#ifndef MDLC_NAMES_H
#define MDLC_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

typedef struct Name Name;

typedef struct Names {
  Arena *arena;
  const char *model;
  Name **table; // every name there ever was, by hash
  size_t size, used;
  Name **taken; // in the order of taking: the last ones are given back first
  size_t count, room;
} Names;

// With what no local of a generated function may be called: keywords of C and C++, functions that generated code calls,
// and what the model's header declares (all that begins with `model` and an underscore).
void names_init(Names *n, Arena *a, const char *model);
// Exactly `name` (an argument) is no longer to be had.
void names_reserve(Names *n, const char *name);
// `wanted`, or wanted_2, wanted_3 …
const char *names_take(Names *n, const char *wanted);
// The name that was taken when count was k.
const char *names_taken(const Names *n, size_t k);
// Gives back everything taken since count was `mark`.
void names_release(Names *n, size_t mark);
// A struct member's name: `wanted`, with an underscore behind it where C or C++ has its own use for it.
const char *names_member(Arena *a, const char *wanted);

#endif
