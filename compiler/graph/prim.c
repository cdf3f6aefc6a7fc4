// prim.c - the rows of prim.def, and what their signatures say.
#include "graph/prim.h"

#include <math.h>
#include <string.h>

#define INF HUGE_VAL

const PrimRow prim_table[PRIM_COUNT] = {
#define PRIM(id, name, sig, cost, c, cf, lo, hi, kink, dx, dy, vlo, vhi, from, to)                                     \
  {name, sig, cost, c, cf, lo, hi, kink, {dx, dy, ""}, vlo, vhi, from, to},
#include "graph/prim.def"
#undef PRIM
};

int prim_arity(Prim p) {
  return (int)strcspn(prim_table[p].signature, ">");
}

bool prim_calls(Prim p) {
  const char *c = prim_table[p].c;
  return prim_table[p].cost > 0 && c[0] >= 'a' && c[0] <= 'z' && p != PRIM_POWI;
}

bool prim_is_short(Prim p) {
  return !prim_calls(p) || p == PRIM_ABS || p == PRIM_SIGN || p == PRIM_MAX || p == PRIM_MIN || p == PRIM_SQRT;
}

bool prim_branches(Prim p) {
  return p == PRIM_SELECT || p == PRIM_AND || p == PRIM_OR;
}

Prim prim_by_name(const char *name) {
  int p = 0;
  while (p < PRIM_COUNT && strcmp(prim_table[p].name, name) != 0) p++;
  return (Prim)p;
}

bool prim_result(Prim p, const Type *args, int nargs, Type *result) {
  static const char letters[] = {[TYPE_REAL] = 'r', [TYPE_INT] = 'i', [TYPE_BOOL] = 'b'};
  const char *s = prim_table[p].signature;
  if (nargs != prim_arity(p)) return false;
  char n = 0; // what the n's of this use stand for
  for (int k = 0; k < nargs; k++) {
    char have = letters[args[k]];
    if (s[k] != 'n') {
      if (s[k] != have) return false;
    } else if (have == 'b' || (n && n != have)) {
      return false;
    } else {
      n = have;
    }
  }
  char r = s[nargs + 1] == 'n' ? n : s[nargs + 1];
  *result = r == 'r' ? TYPE_REAL : r == 'i' ? TYPE_INT : TYPE_BOOL;
  return true;
}

const char *type_name(Type t) {
  static const char *const names[] = {[TYPE_REAL] = "real", [TYPE_INT] = "integer", [TYPE_BOOL] = "boolean"};
  return names[t];
}
