// generated.c - the primitives on plain doubles with the bits that generated C computes, on whatever machine: with its own
// functions in place of those of <math.h>.
#include "interp/number.h"
#include "mdl/math/asin.h"
#include "mdl/math/atan.h"
#include "mdl/math/erf.h"
#include "mdl/math/exp.h"
#include "mdl/math/factorial.h"
#include "mdl/math/hypot.h"
#include "mdl/math/log.h"
#include "mdl/math/polygamma.h"
#include "mdl/math/pow.h"
#include "mdl/math/softplus.h"
#include "mdl/math/trig.h"

#define ARGUMENTS_1 0, x[0].number.a
#define ARGUMENTS_2 0, x[0].number.a, x[1].number.a
#define ARGUMENTS_COUNT 0, x[0].integer
#define ARGUMENTS_ORDER 0, x[0].integer, x[1].number.a
#define CALL(function, ...) function(__VA_ARGS__)

#define MATH(ID, function, arguments, ...)                                                                             \
  static Number rule_##ID(const Value *x) {                                                                            \
    return (Number){CALL(function##_at, ARGUMENTS_##arguments), 0};                                                    \
  }
#include "graph/math.def"
#undef MATH

static const NumberRule own[PRIM_COUNT] = {
#define MATH(ID, ...) [PRIM_##ID] = rule_##ID,
#include "graph/math.def"
#undef MATH
};

NumberRule generated_rule(Prim p) {
  return own[p] ? own[p] : real_rules.prim[p];
}

const NumberRules *generated_rules(Arena *a) {
  NumberRules *rules = arena_new_of(a, NumberRules);
  NumberRule *prim = arena_array(a, NumberRule, PRIM_COUNT);
  for (int p = 0; p < PRIM_COUNT; p++) prim[p] = generated_rule((Prim)p);
  *rules = real_rules;
  rules->prim = prim;
  return rules;
}
