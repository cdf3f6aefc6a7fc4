// fma.c - the sums that are rounded once: a sum or difference with a product for an operand is one fma.
//
// Which these are is seen from the expression alone, whatever variables, loops and lanes it is printed into, so that every
// rounding is decided here: a C compiler finds no product beside a sum that it might contract, whatever its flags.  A term
// that is a product joins what it is added to in the same way.
#include "emit/function.h"

// ---- powers ----

static const Expr *product_for_power(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  (void)context;
  int64_t n;
  if (!expr_is_prim(part, PRIM_POWI) || !expr_is_int(arg[1], &n) || n < -3 || n > 3 || n == 0) return NULL;
  const Expr *power = arg[0];
  for (int64_t k = 1; k < (n < 0 ? -n : n); k++) power = expr_prim2(g, PRIM_MUL, power, arg[0]);
  return n < 0 ? expr_prim2(g, PRIM_DIV, expr_real(g, 1), power) : power;
}

const Expr *expand_powers(Graph *g, const Expr *e) {
  return expr_rebuild(g, e, product_for_power, NULL);
}

// ---- which ----

// e is x * y or -(x * y).
static bool take_product(const Expr *e, Fused *fused) {
  bool minus = false;
  for (; expr_is_prim(e, PRIM_STOP) || expr_is_prim(e, PRIM_NEG); e = e->u.prim.arg[0])
    minus ^= e->u.prim.op == PRIM_NEG;
  if (!expr_is_prim(e, PRIM_MUL) || e->type != TYPE_REAL) return false;
  fused->x = e->u.prim.arg[0];
  fused->y = e->u.prim.arg[1];
  fused->minus_product = minus;
  return true;
}

bool is_product(const Expr *e) {
  Fused fused;
  return take_product(e, &fused);
}

// What a value waits for: the last node that is read in it, as far as is looked, and operations that wait for one another.  Passes
// keep nodes in their order, so that all functions find the same.
typedef struct Wait {
  int node, depth;
} Wait;

enum { LOOK_DEPTH = 5 };

static Wait wait_of(const Expr *e, int look) {
  Wait w = {-1, 0};
  if (e->kind == EXPR_READ) w.node = e->u.read.node->id;
  if (e->kind != EXPR_PRIM || look == 0) return w;
  for (int k = 0; k < e->u.prim.narg; k++) {
    const Wait of = wait_of(e->u.prim.arg[k], look - 1);
    if (of.node > w.node) w.node = of.node;
    if (of.depth > w.depth) w.depth = of.depth;
  }
  w.depth++;
  return w;
}

static bool waits_longer(const Expr *e, const Expr *other) {
  const Wait a = wait_of(e, LOOK_DEPTH), b = wait_of(other, LOOK_DEPTH);
  return a.node != b.node ? a.node > b.node : a.depth > b.depth;
}

// Of two products the one that is known last is rounded with the sum.
bool fused_sum(const Function *f, const Expr *e, Fused *fused) {
  if (e->kind != EXPR_PRIM || e->type != TYPE_REAL || f->unit->options->no_fma) return false;
  const bool minus = e->u.prim.op == PRIM_SUB;
  const Expr *const *arg = e->u.prim.arg;
  Fused left, right;
  if (!minus && e->u.prim.op != PRIM_ADD) return false;
  const bool first = take_product(arg[0], &left), second = take_product(arg[1], &right);
  if (!first && !second) return false;
  if (second && !(first && waits_longer(arg[0], arg[1]))) {
    right.z = arg[0];
    right.minus_z = false;
    right.minus_product ^= minus;
    *fused = right;
  } else {
    left.z = arg[1];
    left.minus_z = minus;
    *fused = left;
  }
  return true;
}

bool fused_term(const Function *f, const Node *n, Fused *fused) {
  const bool adds = n->kind == NODE_SCATTER ? !n->assign : n->kind == NODE_COMP && n->reduce == REDUCE_SUM;
  *fused = (Fused){NULL, NULL, NULL, false, false};
  return adds && !f->unit->options->no_fma && take_product(f->expr[n->id], fused);
}

// ---- what is computed before ----

static int operands_of(const Fused *fused, const Expr **operand) {
  operand[0] = fused->x;
  operand[1] = fused->y;
  operand[2] = fused->z;
  return fused->z ? 3 : 2;
}

int written_operands(const Function *f, const Expr *e, const Expr **operand) {
  Fused fused;
  if (fused_sum(f, e, &fused)) return operands_of(&fused, operand);
  const int count = e->kind == EXPR_PRIM ? e->u.prim.narg : 0;
  for (int k = 0; k < count; k++) operand[k] = e->u.prim.arg[k];
  return count;
}

int written_values(const Function *f, const Node *n, const Expr **value) {
  Fused fused;
  const int logs = log_values(f, n, value);
  if (logs) return logs;
  if (fused_term(f, n, &fused)) return operands_of(&fused, value);
  value[0] = f->expr[n->id];
  return 1;
}

// ---- as text ----

static void put_signed(Function *f, Text *t, const Expr *e, bool minus) {
  if (!minus) {
    put_expr(f, t, e, PREC_NONE);
  } else if (e->kind == EXPR_REAL) {
    put_real(t, -e->u.real, f->unit->options->use_float);
  } else if (expr_is_prim(e, PRIM_NEG) && !let_of(f, e)) {
    put_expr(f, t, e->u.prim.arg[0], PREC_NONE);
  } else {
    text_char(t, '-');
    put_expr(f, t, e, PREC_UNARY + 1);
  }
}

void put_fused(Function *f, Text *t, const Fused *fused, const char *to) {
  const bool second = fused->y->kind == EXPR_REAL; // which is the better one to negate
  text_put(t, fma_call(f));
  put_signed(f, t, fused->x, fused->minus_product && !second);
  text_put(t, ", ");
  put_signed(f, t, fused->y, fused->minus_product && second);
  text_put(t, ", ");
  if (fused->z)
    put_signed(f, t, fused->z, fused->minus_z);
  else
    text_put(t, to);
  text_char(t, ')');
  count_flops(f, prim_table[PRIM_MUL].cost + prim_table[PRIM_ADD].cost);
}
