// constant.c - constants folded with the arithmetic of generated C: one primitive, or a scalar expression.
#include <math.h>

#include "interp/program.h"

// Beyond it not every integer is a double.
#define INTEGER_MAX 0x1p53

bool interp_constant(const Expr *e, double *value) {
  Arena *a = arena_new();
  const Scope scope = {.rules = generated_rules(a)};
  Program *p = program_new(a, &scope, &e, 1);
  bool ok = true;
  for (int s = 0; s < p->count; s++) {
    const Op op = p->code[s].op;
    ok = ok && op != OP_INDEX && op != OP_READ && op != OP_NORMAL && op != OP_UNIFORM;
  }
  const Value *v = ok ? program_value(p, 0) : NULL;
  if (!v) {
    ok = false;
  } else if (e->type == TYPE_REAL) {
    *value = v->number.a;
  } else {
    *value = (double)v->integer;
    ok = fabs(*value) < INTEGER_MAX;
  }
  arena_free(a);
  return ok;
}

double interp_prim(Prim p, const double *args) {
  if (p == PRIM_SELECT) return args[0] != 0 ? args[1] : args[2];
  const char *signature = prim_table[p].signature;
  Value x[3];
  for (int k = 0; k < prim_arity(p); k++) {
    if (signature[k] == 'i' || signature[k] == 'b') {
      if (!(fabs(args[k]) <= INTEGER_MAX)) return NAN;
      x[k].integer = (int64_t)args[k];
    } else {
      x[k].number = (Number){args[k], 0};
    }
  }
  int64_t result;
  if (p == PRIM_REAL) return fabs(args[0]) <= INTEGER_MAX ? trunc(args[0]) : (double)NAN;
  if (generated_rule(p)) return generated_rule(p)(x).a;
  if (test_rules[p]) return test_rules[p](x);
  return integer_rules[p] && !integer_rules[p](x, &result) ? (double)result : NAN;
}
