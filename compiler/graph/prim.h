// prim.h - the table of scalar primitives (prim.def) as an enum and rows.
#ifndef MDLC_PRIM_H
#define MDLC_PRIM_H

#include <stdbool.h>

typedef enum { TYPE_REAL, TYPE_INT, TYPE_BOOL } Type;

typedef enum {
#define PRIM(id, name, sig, cost, c, cf, lo, hi, kink, dx, dy, vlo, vhi, from, to) PRIM_##id,
#include "graph/prim.def"
#undef PRIM
  PRIM_COUNT
} Prim;

typedef struct PrimRow {
  const char *name;
  const char *signature;
  int cost;
  const char *c, *c_float;
  double low, high;
  const char *kink;
  const char *partial[3]; // of the arguments in order; "" is zero
  double value_low, value_high, finite_from, finite_to;
} PrimRow;

extern const PrimRow prim_table[PRIM_COUNT];

int prim_arity(Prim p);
bool prim_calls(Prim p); // a function to be called, not an operation or two
bool prim_is_short(Prim p); // some instructions at most, though C has a function for it
bool prim_branches(Prim p); // of its operands only the first is computed in any case: if, and, or
Prim prim_by_name(const char *name); // PRIM_COUNT: none
// The type of the result for these argument types; false where the signature does not allow them.
bool prim_result(Prim p, const Type *args, int nargs, Type *result);
const char *type_name(Type t); // "real", "integer", "boolean"

#endif
