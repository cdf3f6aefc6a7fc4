// fold.h - reductions: entries go in one by one, the reduced value comes out; private to the interpreter.
#ifndef MDLC_INTERP_FOLD_H
#define MDLC_INTERP_FOLD_H

#include "interp/number.h"

typedef struct Fold {
  Arena *arena;
  const NumberRules *rules;
  Reduce reduce;
  Type type;      // of the entries
  Value value;    // so far
  int64_t winner; // argmax: the position of the first largest entry
  double shares;  // max, min of reals: sum of the winners' second parts
  double ties;    // how many winners
  Number *list;   // logsumexp: all entries
  size_t count, room;
} Fold;

void fold_init(Fold *f, Arena *a, const NumberRules *rules, Reduce reduce, Type type);
void fold_start(Fold *f);
// `position` counts the entries, those that the guard left out too.  Null, or what is wrong.
const char *fold_add(Fold *f, const Value *x, int64_t position);
Value fold_end(const Fold *f);

#endif
