// expr.c - expressions: literals, names, operators, choices.
#include <math.h>

#include "check/internal.h"

bool want_number(Walk *w, const Value *v) {
  if (v->bad) return false;
  if (v->type != TYPE_BOOL) return true;
  diag_error(w->diags, v->span, "a condition can't be used as a number; `if ... then 1 else 0` makes one of it");
  return false;
}

bool want_condition(Walk *w, const Value *v) {
  if (v->bad) return false;
  if (v->type == TYPE_BOOL) return true;
  diag_error(w->diags, v->span, "expected a condition, as in `x > 0`, found %s", type_words(v->type));
  return false;
}

static bool want_numbers(Walk *w, const Value *v) {
  bool first = want_number(w, &v[0]), second = want_number(w, &v[1]);
  return first && second;
}

// ---- operators ----

static bool divides_by_zero(Walk *w, const Value *v) {
  int64_t n;
  if (v->type != TYPE_INT || !expr_is_int(v->expr, &n) || n != 0) return false;
  diag_error(w->diags, v->span, "a division by zero");
  return true;
}

// `/`: of reals, or within a dimension or a subscript the exact division of integers.
static Value divide(Walk *w, Span at, const Value *v) {
  if (!w->whole || v[0].type != TYPE_INT || v[1].type != TYPE_INT) return elementwise(w, at, PRIM_DIV, v);
  Value result;
  if (divides_by_zero(w, &v[1]) || !common_shape(w, at, v, 2, &result)) return bad_value(at);
  result.type = TYPE_INT;
  result.expr = make_exact_div(w, aligned(w, &v[0], result.rank), aligned(w, &v[1], result.rank));
  return result;
}

// `//` and `%`: floor, of reals too.
static Value floor_divide(Walk *w, Span at, bool remainder, const Value *v) {
  if (divides_by_zero(w, &v[1])) return bad_value(at);
  if (v[0].type == TYPE_INT && v[1].type == TYPE_INT)
    return elementwise(w, at, remainder ? PRIM_MOD : PRIM_FLOORDIV, v);
  Value quotient = elementwise(w, at, PRIM_DIV, v);
  if (quotient.bad) return quotient;
  quotient.expr = make1(w, PRIM_FLOOR, quotient.expr);
  if (!remainder) return quotient;
  Value product = elementwise(w, at, PRIM_MUL, (const Value[]){quotient, v[1]});
  return product.bad ? product : elementwise(w, at, PRIM_SUB, (const Value[]){v[0], product});
}

enum { LARGEST_EXPONENT = 62 };

// An integer to a power that is known: integer products.
static const Expr *integer_power(Walk *w, const Expr *x, int64_t n) {
  const Expr *result = NULL;
  for (; n > 0; n >>= 1) {
    if (n & 1) result = result ? make2(w, PRIM_MUL, result, x) : x;
    if (n > 1) x = make2(w, PRIM_MUL, x, x);
  }
  return result ? result : expr_int(w->graph, 1);
}

static Value power(Walk *w, Span at, Value base, Value exponent) {
  int64_t n;
  const Expr *y = exponent.expr;
  if (y->kind == EXPR_REAL && y->u.real == floor(y->u.real) && fabs(y->u.real) <= 1024) {
    exponent.expr = expr_int(w->graph, (int64_t)y->u.real);
    exponent.type = TYPE_INT;
    base.expr = make_real(w, base.expr);
    base.type = TYPE_REAL;
  }
  if (base.type == TYPE_INT && expr_is_int(exponent.expr, &n) && n >= 0 && n <= LARGEST_EXPONENT &&
      exponent.rank <= base.rank) {
    Value result;
    if (!common_shape(w, at, (const Value[]){base, exponent}, 2, &result)) return bad_value(at);
    result.type = TYPE_INT;
    result.expr = integer_power(w, base.expr, n);
    return result;
  }
  return elementwise(w, at, exponent.type == TYPE_INT ? PRIM_POWI : PRIM_POW, (const Value[]){base, exponent});
}

static Value binary(Walk *w, const AstExpr *e, Value left, Value right, const char *claim) {
  static const Prim prims[] = {[OP_OR] = PRIM_OR,   [OP_AND] = PRIM_AND, [OP_EQ] = PRIM_EQ,   [OP_NE] = PRIM_NE,
                               [OP_LT] = PRIM_LT,   [OP_LE] = PRIM_LE,   [OP_GT] = PRIM_GT,   [OP_GE] = PRIM_GE,
                               [OP_ADD] = PRIM_ADD, [OP_SUB] = PRIM_SUB, [OP_MUL] = PRIM_MUL, [OP_DIV] = PRIM_DIV};
  const Value v[2] = {left, right};
  BinaryOp op = e->binary.op;
  if (op == OP_OR || op == OP_AND) {
    bool first = want_condition(w, &left), second = want_condition(w, &right);
    return first && second ? elementwise(w, e->span, prims[op], v) : bad_value(e->span);
  }
  if (!want_numbers(w, v)) return bad_value(e->span);
  switch (op) {
  case OP_DIV: return divide(w, e->span, v);
  case OP_FLOORDIV:
  case OP_MOD: return floor_divide(w, e->span, op == OP_MOD, v);
  case OP_POW: return power(w, e->span, left, right);
  case OP_MATMUL: return matmul(w, e, left, right, claim);
  default: return elementwise(w, e->span, prims[op], v);
  }
}

// A condition that holds or not, as far as it compares integers: no other says where subscripts are.
static void push_facts(Walk *w, const Expr *e, bool holds) {
  if (e->kind != EXPR_PRIM) return;
  const Expr *const *arg = e->u.prim.arg;
  if (e->u.prim.op == PRIM_NOT) {
    push_facts(w, arg[0], !holds);
  } else if (e->u.prim.op == (holds ? PRIM_AND : PRIM_OR)) {
    push_facts(w, arg[0], holds);
    push_facts(w, arg[1], holds);
  } else if (arg[0]->type == TYPE_INT) {
    push_path(w, holds ? e : make_not(w, e));
  }
}

// What is right of `and` and `or` is lowered under what is left of them leaving it open.
static void decide(Walk *w, BinaryOp op, const Value *left) {
  if (op != OP_AND && op != OP_OR) return;
  if (left->bad) push_path(w, expr_bool(w->graph, false));
  if (!left->bad && left->type == TYPE_BOOL && left->rank == 0) push_facts(w, left->expr, op == OP_AND);
}

// A long chain a + b + c + … is a deep tree to the left: it is walked, not recursed into.
static Value eval_binary(Walk *w, const AstExpr *e, const char *claim) {
  size_t n = 0;
  for (const AstExpr *p = e; p->kind == AST_BINARY; p = p->binary.left) n++;
  const AstExpr **spine = arena_array(w->arena, const AstExpr *, n);
  const AstExpr *p = e;
  for (size_t k = n; k-- > 0; p = p->binary.left) spine[k] = p;
  Value result = eval(w, p);
  for (size_t k = 0; k < n; k++) {
    const size_t mark = w->npath;
    decide(w, spine[k]->binary.op, &result);
    Value right = eval(w, spine[k]->binary.right);
    w->npath = mark;
    w->at = spine[k]->span;
    result = binary(w, spine[k], result, right, k + 1 == n ? claim : NULL);
    result.span = spine[k]->span;
  }
  return result;
}

static Value eval_unary(Walk *w, const AstExpr *e) {
  Value v = eval(w, e->unary.operand);
  if (e->unary.op == OP_TRANSPOSE) return v.bad ? v : transpose(w, v, e->span);
  bool fine = e->unary.op == OP_NOT ? want_condition(w, &v) : want_number(w, &v);
  return fine ? elementwise(w, e->span, e->unary.op == OP_NOT ? PRIM_NOT : PRIM_NEG, &v) : bad_value(e->span);
}

// The sides of a choice by one condition are lowered under it: what they read need only be there where they are taken.
static Value eval_if(Walk *w, const AstExpr *e) {
  Value c = eval(w, e->choice.condition);
  bool fine = want_condition(w, &c);
  size_t mark = w->npath;
  bool branch = fine && c.rank == 0;
  push_path(w, branch ? c.expr : expr_bool(w->graph, fine)); // of what follows from a wrong one nothing is told
  Value yes = eval(w, e->choice.yes);
  w->npath = mark;
  push_path(w, branch ? make_not(w, c.expr) : expr_bool(w->graph, fine));
  Value no = eval(w, e->choice.no);
  w->npath = mark;
  const Value sides[2] = {yes, no};
  return want_numbers(w, sides) && fine ? choose(w, e->span, c, yes, no) : bad_value(e->span);
}

// ---- all kinds ----

static Value eval_kind(Walk *w, const AstExpr *e, const char *claim) {
  switch (e->kind) {
  case AST_INT: return scalar_value(TYPE_INT, expr_int(w->graph, e->integer), e->span);
  case AST_REAL: return scalar_value(TYPE_REAL, expr_real(w->graph, e->real), e->span);
  case AST_NAME: return lookup_value(w, e->name, e->span);
  case AST_UNARY: return eval_unary(w, e);
  case AST_BINARY: return eval_binary(w, e, claim);
  case AST_IF: return eval_if(w, e);
  case AST_INDEX: return subscript(w, e);
  case AST_CALL: return call(w, e, claim);
  case AST_REDUCE: return reduce_over(w, e, claim);
  case AST_LIST: return list(w, e);
  }
  return bad_value(e->span);
}

Value eval(Walk *w, const AstExpr *e) {
  const char *claim = w->claim;
  w->claim = NULL;
  if (w->overgrown) return bad_value(e->span);
  if (w->depth == MAX_DEPTH) {
    diag_error(w->diags, e->span, "this is nested too deeply");
    w->overgrown = true;
    return bad_value(e->span);
  }
  Span at = w->at;
  w->at = e->span;
  w->depth++;
  Value v = eval_kind(w, e, claim);
  w->depth--;
  w->at = at;
  v.span = e->span;
  v.bad = v.bad || w->overgrown;
  return v;
}

Value eval_whole(Walk *w, const AstExpr *e) {
  bool whole = w->whole;
  w->whole = true;
  Value v = eval(w, e);
  w->whole = whole;
  if (!want_number(w, &v)) return bad_value(e->span);
  if (v.type == TYPE_REAL) {
    diag_error(w->diags, e->span, "expected an integer here, found a real number, which is not rounded to one");
    return bad_value(e->span);
  }
  return v;
}
