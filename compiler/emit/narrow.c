// narrow.c - whole numbers that have few bits whatever data and sizes are: as a real, in lanes, each is two operations.
#include "emit/function.h"

enum { ANY = 64, INDEX_BITS = 48, DATA_BITS = 31, NARROW_BITS = 50, DEPTH_MAX = 8 };

static int larger(int a, int b) {
  return a > b ? a : b;
}

static int bits_of_constant(int64_t n) {
  int bits = 0;
  for (uint64_t size = n < 0 ? -(uint64_t)n : (uint64_t)n; size > 0; size >>= 1) bits++;
  return bits;
}

// The size of e is at most 2^bits.
static int bits_of(const Expr *e, int depth) {
  int64_t n;
  if (depth == DEPTH_MAX) return ANY;
  if (expr_is_int(e, &n)) return bits_of_constant(n);
  if (e->kind == EXPR_INDEX) return INDEX_BITS; // a loop of more iterations would not end
  if (e->kind == EXPR_READ) return e->u.read.node->kind == NODE_DATA ? DATA_BITS : ANY;
  if (e->kind != EXPR_PRIM) return ANY;
  const Expr *const *arg = e->u.prim.arg;
  switch (e->u.prim.op) {
  case PRIM_NEG: return bits_of(arg[0], depth + 1);
  case PRIM_ADD:
  case PRIM_SUB: return larger(bits_of(arg[0], depth + 1), bits_of(arg[1], depth + 1)) + 1;
  case PRIM_MUL: return bits_of(arg[0], depth + 1) + bits_of(arg[1], depth + 1);
  default: return ANY;
  }
}

bool is_narrow(const Expr *e) {
  return bits_of(e, 0) <= NARROW_BITS;
}
