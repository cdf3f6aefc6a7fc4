// algebra.h - what the files of the normal form share: algebra.c, reductions.c, written.c.
#ifndef MDLC_EXPLAIN_ALGEBRA_H
#define MDLC_EXPLAIN_ALGEBRA_H

#include "explain/form.h"

static inline bool is_number(const Form *e, double x) {
  return e->kind == FORM_NUMBER && e->number == x;
}

static inline bool is_call(const Form *e, Prim op) {
  return e->kind == FORM_CALL && e->op == op;
}

// if c then x else 0
static inline bool is_masked(const Form *e) {
  return is_call(e, PRIM_SELECT) && is_number(e->part[2], 0);
}

const Form *form_masked(Forms *f, const Form *condition, const Form *value);
const Form *form_literal(Forms *f, bool value);
// x and y, each condition once; null is true.
const Form *form_both(Forms *f, const Form *x, const Form *y);
// Made of dimensions alone: it stands with the coefficient.
bool form_is_scale(const Form *e);

#endif
