// cycles.c - see cycles.h.
#include "schedule/cycles.h"

int cycles_from_operands(Prim op) {
  if (op == PRIM_NEG || op == PRIM_STOP) return 0;
  return prim_calls(op) ? CYCLES_CALL : op == PRIM_DIV ? CYCLES_DIVISION : CYCLES_OPERATION;
}

double cycles_of_step(const Expr *e, int step) {
  Arena *scratch = arena_new();
  size_t count;
  double all = 0;
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count; k++) {
    if (part[k]->kind != EXPR_PRIM || part[k]->type != TYPE_REAL || !expr_uses_index(part[k], step)) continue;
    const int cycles = cycles_from_operands(part[k]->u.prim.op);
    all += cycles > CYCLES_OPERATION ? cycles : 1;
  }
  arena_free(scratch);
  return all;
}
