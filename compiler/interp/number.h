// number.h - the rules of each kind of number for each primitive, as tables; private to the interpreter.
#ifndef MDLC_INTERP_NUMBER_H
#define MDLC_INTERP_NUMBER_H

#include "interp/interp.h"

typedef union Value {
  Number number;   // TYPE_REAL
  int64_t integer; // TYPE_INT, TYPE_BOOL
} Value;

// Every table is indexed by Prim; a row is null where the primitive has no such form.
typedef Number (*NumberRule)(const Value *x);                        // gives a real
typedef bool (*TestRule)(const Value *x);                            // asks something of reals
typedef const char *(*IntegerRule)(const Value *x, int64_t *result); // exact integers: null, or what is wrong

typedef struct NumberRules {
  const NumberRule *prim;
  const TestRule *test;
  Number (*constant)(double value);
  Number (*logsumexp)(const Number *x, size_t count); // of one at least
  // A kind of its own, that is no double with a second part: how it makes a constant (in place of `constant`).
  Number (*lift)(void *context, double value);
  void *context;
} NumberRules;

static inline Number number_constant(const NumberRules *rules, double value) {
  return rules->lift ? rules->lift(rules->context, value) : rules->constant(value);
}

// Each kind's file calls its rules so: a kind without one of them does not compile.
#define NUMBER_RULES                                                                                                   \
  {                                                                                                                    \
    [PRIM_ADD] = rule_add, [PRIM_SUB] = rule_sub, [PRIM_MUL] = rule_mul, [PRIM_DIV] = rule_div, [PRIM_NEG] = rule_neg, \
    [PRIM_POW] = rule_pow, [PRIM_POWI] = rule_powi, [PRIM_EXP] = rule_exp, [PRIM_LOG] = rule_log,                      \
    [PRIM_LOG1P] = rule_log1p, [PRIM_LOG1PMX] = rule_log1pmx, [PRIM_EXPM1] = rule_expm1, [PRIM_SQRT] = rule_sqrt, [PRIM_ABS] = rule_abs,              \
    [PRIM_SIGN] = rule_sign, [PRIM_FLOOR] = rule_floor, [PRIM_SIN] = rule_sin, [PRIM_COS] = rule_cos,                  \
    [PRIM_TAN] = rule_tan, [PRIM_ASIN] = rule_asin, [PRIM_ACOS] = rule_acos, [PRIM_ATAN] = rule_atan,                  \
    [PRIM_ATAN2] = rule_atan2, [PRIM_SINH] = rule_sinh, [PRIM_COSH] = rule_cosh, [PRIM_TANH] = rule_tanh, [PRIM_SECH] = rule_sech,              \
    [PRIM_SIGMOID] = rule_sigmoid, [PRIM_ERF] = rule_erf, [PRIM_ERFC] = rule_erfc, [PRIM_HYPOT] = rule_hypot, [PRIM_SOFTPLUS] = rule_softplus,  \
    [PRIM_MAX] = rule_max, [PRIM_MIN] = rule_min, [PRIM_STOP] = rule_stop, [PRIM_SLOPE] = rule_slope,                  \
    [PRIM_LGAMMA] = rule_lgamma, [PRIM_DIGAMMA] = rule_digamma, [PRIM_POLYGAMMA] = rule_polygamma,                     \
  }

extern const NumberRules real_rules, dual_rules, complex_rules, magnitude_rules, wide_rules, rounding_rules;
NumberRule generated_rule(Prim p);
const NumberRules *generated_rules(Arena *a);
extern const TestRule test_rules[PRIM_COUNT]; // of all these: comparisons see real parts alone
extern const IntegerRule integer_rules[PRIM_COUNT];

// Primitives that <math.h> does not have.
double real_powi(double x, int64_t n);
double real_sech(double x);
double real_sigmoid(double x);
double real_softplus(double x);
double real_log1pmx(double x);
double real_sign(double x);
double real_max(double x, double y);
double real_min(double x, double y);

// These are within a few units in the last place of generated C.
double real_lgamma(double x);
double real_polygamma(int64_t n, double x); // the derivative of order n of digamma

#endif
