// notation.h - how primitives are written: one table of operators, for the printer and the parser.
#ifndef MDLC_NOTATION_H
#define MDLC_NOTATION_H

#include "graph/prim.h"

// How tightly a form binds.
typedef enum {
  LEVEL_IF,
  LEVEL_OR,
  LEVEL_AND,
  LEVEL_NOT,
  LEVEL_COMPARE,
  LEVEL_SUM,
  LEVEL_PRODUCT,
  LEVEL_NEGATION,
  LEVEL_POWER, // to the right; its exponent may be a negation
  LEVEL_ATOM   // names, numbers, calls, brackets
} Level;

typedef struct Operator {
  Prim op;
  const char *spelling;
  Level level;
} Operator;

// Infix between LEVEL_OR and LEVEL_PRODUCT, from the left.  `^` is POWI where the exponent is an integer, else POW.
extern const Operator operators[];
extern const int operator_count;

// The row of a primitive, null where it is written as a call (or is `if`).
const Operator *operator_of(Prim op);

#endif
