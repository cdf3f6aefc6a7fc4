// entries.h - the entries of one node, each from its definition: all, or those at one step of the loops around it;
// private to the interpreter.
#ifndef MDLC_INTERP_ENTRIES_H
#define MDLC_INTERP_ENTRIES_H

#include "interp/fold.h"
#include "interp/program.h"

typedef struct Entries {
  const Node *node;
  const NumberRules *rules;
  Program *program;
  Array *array;
  const int64_t *extent; // by index
  int64_t *first;        // by index: where it starts
  bool *held;            // by index: it stays there
  Fold fold;
} Entries;

// Of a comprehension, a scatter or a carry.  The array has room; extents are those of all the node's indices.
Entries *entries_new(Arena *a, const Node *n, const Scope *scope, Array *array, const int64_t *extent);
// Holds an output index at a step, until it is held at another.
void entries_hold(Entries *e, int output, int64_t at);

// Runs through what is not held; of a carry this is its start.  Null, or what is wrong.
const char *entries_run(Entries *e);
// A carry's entries where its axis is held, from those that a step has left.
void entries_take(Entries *carry, const Entries *next, int64_t step);

#endif
