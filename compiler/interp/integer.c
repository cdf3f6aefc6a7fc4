// integer.c - the primitives on integers and booleans: exact, and an error where the result does not fit.
#include "interp/number.h"

static const char too_large[] = "an integer does not fit in 64 bits";
static const char by_zero[] = "a division by zero";

static const char *rule_add(const Value *x, int64_t *r) {
  return __builtin_add_overflow(x[0].integer, x[1].integer, r) ? too_large : NULL;
}

static const char *rule_sub(const Value *x, int64_t *r) {
  return __builtin_sub_overflow(x[0].integer, x[1].integer, r) ? too_large : NULL;
}

static const char *rule_mul(const Value *x, int64_t *r) {
  return __builtin_mul_overflow(x[0].integer, x[1].integer, r) ? too_large : NULL;
}

static const char *rule_neg(const Value *x, int64_t *r) {
  return __builtin_sub_overflow((int64_t)0, x[0].integer, r) ? too_large : NULL;
}

// Toward minus infinity; C rounds toward zero.
static const char *rule_floordiv(const Value *x, int64_t *r) {
  const int64_t a = x[0].integer, b = x[1].integer;
  if (b == 0) {
    return by_zero;
  }
  if (b == -1) {
    return rule_neg(x, r);
  }
  *r = a / b - (a % b != 0 && (a % b < 0) != (b < 0));
  return NULL;
}

static const char *rule_mod(const Value *x, int64_t *r) {
  const int64_t a = x[0].integer, b = x[1].integer;
  if (b == 0) {
    return by_zero;
  }
  const int64_t rest = b == -1 ? 0 : a % b;
  *r = rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  return NULL;
}

#define RULE(name, formula)                                                                                            \
  static const char *name(const Value *v, int64_t *r) {                                                                \
    const int64_t x = v[0].integer;                                                                                    \
    *r = formula;                                                                                                      \
    return NULL;                                                                                                       \
  }
#define RULE2(name, formula)                                                                                           \
  static const char *name(const Value *v, int64_t *r) {                                                                \
    const int64_t x = v[0].integer, y = v[1].integer;                                                                  \
    *r = formula;                                                                                                      \
    return NULL;                                                                                                       \
  }

RULE2(rule_max, x > y ? x : y)
RULE2(rule_min, x < y ? x : y)
RULE(rule_stop, x)
RULE2(rule_eq, x == y)
RULE2(rule_ne, x != y)
RULE2(rule_lt, x < y)
RULE2(rule_le, x <= y)
RULE2(rule_gt, x > y)
RULE2(rule_ge, x >= y)
RULE(rule_not, !x)
RULE2(rule_and, x &&y)
RULE2(rule_or, x || y)

const IntegerRule integer_rules[PRIM_COUNT] = {
    [PRIM_ADD] = rule_add,
    [PRIM_SUB] = rule_sub,
    [PRIM_MUL] = rule_mul,
    [PRIM_NEG] = rule_neg,
    [PRIM_MAX] = rule_max,
    [PRIM_MIN] = rule_min,
    [PRIM_FLOORDIV] = rule_floordiv,
    [PRIM_MOD] = rule_mod,
    [PRIM_EQ] = rule_eq,
    [PRIM_NE] = rule_ne,
    [PRIM_LT] = rule_lt,
    [PRIM_LE] = rule_le,
    [PRIM_GT] = rule_gt,
    [PRIM_GE] = rule_ge,
    [PRIM_NOT] = rule_not,
    [PRIM_AND] = rule_and,
    [PRIM_OR] = rule_or,
    [PRIM_STOP] = rule_stop,
};
