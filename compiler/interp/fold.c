// fold.c - the reductions from their definitions; a fold of nothing is the neutral element, which has no tangent.
#include "interp/fold.h"

#include <math.h>

void fold_init(Fold *f, Arena *a, const NumberRules *rules, Reduce reduce, Type type) {
  *f = (Fold){.arena = a, .rules = rules, .reduce = reduce, .type = type};
}

// The largest integers stand in for infinity.
static Value neutral(const Fold *f) {
  static const double real[] = {
      [REDUCE_PROD] = 1, [REDUCE_MAX] = -INFINITY, [REDUCE_MIN] = INFINITY, [REDUCE_ARGMAX] = -INFINITY};
  static const int64_t integer[] = {
      [REDUCE_PROD] = 1, [REDUCE_MAX] = INT64_MIN, [REDUCE_MIN] = INT64_MAX, [REDUCE_ARGMAX] = INT64_MIN};
  static const int64_t boolean[] = {[REDUCE_PROD] = 1, [REDUCE_MIN] = 1, [REDUCE_ARGMAX] = 0};
  Value v;
  switch (f->type) {
  case TYPE_REAL: v.number = number_constant(f->rules, real[f->reduce]); break;
  case TYPE_INT: v.integer = integer[f->reduce]; break;
  default: v.integer = boolean[f->reduce]; break;
  }
  return v;
}

void fold_start(Fold *f) {
  f->count = 0;
  f->winner = 0;
  f->shares = f->ties = 0;
  if (f->reduce != REDUCE_LOGSUMEXP) f->value = neutral(f);
}

static const char *fold_arithmetic(Fold *f, Prim op, const Value *x) {
  const Value pair[2] = {f->value, *x};
  if (f->type != TYPE_REAL) return integer_rules[op](pair, &f->value.integer);
  f->value.number = f->rules->prim[op](pair);
  return NULL;
}

// Negative, 0 or positive as x loses against, ties with or beats the best so far; NaN beats all that is not.
static int challenge(const Fold *f, const Value *x, bool largest) {
  if (f->type != TYPE_REAL) {
    const int64_t a = x->integer, b = f->value.integer;
    return largest ? (a > b) - (a < b) : (a < b) - (a > b);
  }
  if (f->rules->lift) {
    const Value pair[2] = {*x, f->value};
    return f->rules->test[largest ? PRIM_GT : PRIM_LT](pair) ? 1 : f->rules->test[PRIM_EQ](pair) ? 0 : -1;
  }
  const double a = x->number.a, b = f->value.number.a;
  if (isnan(a) || isnan(b)) return (isnan(a) != 0) - (isnan(b) != 0);
  return largest ? (a > b) - (a < b) : (a < b) - (a > b);
}

// Winners that tie share: the second part is the mean of theirs.
static void fold_best(Fold *f, const Value *x, bool largest, int64_t position) {
  const int order = f->count == 0 ? 1 : challenge(f, x, largest);
  if (order < 0) return;
  if (order > 0) {
    f->value = *x;
    f->winner = position;
    f->shares = f->ties = 0;
  }
  if (f->type == TYPE_REAL && !f->rules->lift) f->shares += x->number.b;
  f->ties++;
}

const char *fold_add(Fold *f, const Value *x, int64_t position) {
  const char *wrong = NULL;
  switch (f->reduce) {
  case REDUCE_NONE: f->value = *x; break;
  case REDUCE_SUM: wrong = fold_arithmetic(f, PRIM_ADD, x); break;
  case REDUCE_PROD: wrong = fold_arithmetic(f, PRIM_MUL, x); break;
  case REDUCE_MAX:
  case REDUCE_ARGMAX: fold_best(f, x, true, position); break;
  case REDUCE_MIN: fold_best(f, x, false, position); break;
  case REDUCE_LOGSUMEXP: ARENA_PUSH(f->arena, f->list, f->count, f->room) = x->number; return NULL;
  }
  f->count++;
  return wrong;
}

Value fold_end(const Fold *f) {
  Value v = f->value;
  switch (f->reduce) {
  case REDUCE_ARGMAX: v.integer = f->winner; break;
  case REDUCE_LOGSUMEXP:
    v.number = f->count > 0 ? f->rules->logsumexp(f->list, f->count) : number_constant(f->rules, (double)-INFINITY);
    break;
  case REDUCE_MAX:
  case REDUCE_MIN:
    if (f->type == TYPE_REAL && f->ties > 0 && !f->rules->lift) v.number.b = f->shares / f->ties;
    break;
  default: break;
  }
  return v;
}
