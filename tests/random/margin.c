// margin.c - see margin.h.  Reals with the magnitudes of their terms, whose comparisons and kinks are watched.
#include "margin.h"

#include <math.h>
#include <string.h>

#include "interp/number.h"

// Rules are given numbers alone, so what they see is noted here.
static double least;

static void note(double x, double y, double size) {
  const double gap = fabs(x - y);
  if (gap > 0 && gap < least * size) least = gap / size;
}

static double size_of(Number x) {
  return fmax(fabs(x.a), x.b);
}

static void note_pair(const Value *v) {
  note(v[0].number.a, v[1].number.a, size_of(v[0].number) + size_of(v[1].number));
}

static Number max_noted(const Value *v) {
  note_pair(v);
  return magnitude_rules.prim[PRIM_MAX](v);
}

static Number min_noted(const Value *v) {
  note_pair(v);
  return magnitude_rules.prim[PRIM_MIN](v);
}

static Number abs_noted(const Value *v) {
  note(v->number.a, 0, size_of(v->number));
  return magnitude_rules.prim[PRIM_ABS](v);
}

static Number sign_noted(const Value *v) {
  note(v->number.a, 0, size_of(v->number));
  return magnitude_rules.prim[PRIM_SIGN](v);
}

static Number floor_noted(const Value *v) {
  note(v->number.a, round(v->number.a), fmax(1, size_of(v->number)));
  return magnitude_rules.prim[PRIM_FLOOR](v);
}

// A second derivative of the root divides by its cube, which is not to be 0.
static Number sqrt_noted(const Value *v) {
  const double cube_is_0 = 1e-205;
  if (v->number.a > 0 && v->number.a < cube_is_0) least = 0;
  return magnitude_rules.prim[PRIM_SQRT](v);
}

#define TEST(name, op)                                                                                                 \
  static bool name(const Value *v) {                                                                                   \
    note_pair(v);                                                                                                      \
    return v[0].number.a op v[1].number.a;                                                                             \
  }
TEST(lt_noted, <)
TEST(le_noted, <=)
TEST(gt_noted, >)
TEST(ge_noted, >=)
TEST(eq_noted, ==)
TEST(ne_noted, !=)

static Number lift(void *context, double value) {
  (void)context;
  return magnitude_rules.constant(value);
}

static bool run_by(Arena *a, const Model *m, const Graph *g, InterpInput input, const NumberRules *rules, InterpError *error) {
  input.kind = NUMBER_OTHER; // so that extrema are found by these tests as well
  input.rules = rules;
  return interp_run(a, m, g, &input, arena_array(a, Array, g->count + 1), error);
}

bool margin_run(Arena *a, const Model *m, const Graph *g, InterpInput input, double *margin, InterpError *error) {
  NumberRule prim[PRIM_COUNT];
  memcpy(prim, magnitude_rules.prim, sizeof prim);
  prim[PRIM_MAX] = max_noted;
  prim[PRIM_MIN] = min_noted;
  prim[PRIM_ABS] = abs_noted;
  prim[PRIM_SIGN] = sign_noted;
  prim[PRIM_FLOOR] = floor_noted;
  prim[PRIM_SQRT] = sqrt_noted;
  const TestRule test[PRIM_COUNT] = {[PRIM_LT] = lt_noted, [PRIM_LE] = le_noted, [PRIM_GT] = gt_noted,
                                     [PRIM_GE] = ge_noted, [PRIM_EQ] = eq_noted, [PRIM_NE] = ne_noted};
  const NumberRules rules = {.prim = prim,
                             .test = test,
                             .constant = magnitude_rules.constant,
                             .logsumexp = magnitude_rules.logsumexp,
                             .lift = lift};
  least = INFINITY;
  const bool ok = run_by(a, m, g, input, &rules, error);
  *margin = least;
  return ok;
}

// ---- ties ----

// With other roundings, were there equal numbers that would not be?
static bool parted;

static void note_equal(Number x, Number y) {
  parted = parted || (x.a == y.a && x.a + x.b != y.a + y.b);
}

static void note_tie(const Value *v) {
  note_equal(v[0].number, v[1].number);
}

static Number max_of_tied(const Value *v) {
  note_tie(v);
  return rounding_rules.prim[PRIM_MAX](v);
}

static Number min_of_tied(const Value *v) {
  note_tie(v);
  return rounding_rules.prim[PRIM_MIN](v);
}

static Number abs_of_tied(const Value *v) {
  note_equal(v->number, (Number){0, 0});
  return rounding_rules.prim[PRIM_ABS](v);
}

static Number sign_of_tied(const Value *v) {
  note_equal(v->number, (Number){0, 0});
  return rounding_rules.prim[PRIM_SIGN](v);
}

static Number floor_of_tied(const Value *v) {
  note_equal(v->number, (Number){round(v->number.a), 0});
  return rounding_rules.prim[PRIM_FLOOR](v);
}

#define TIE(name, op)                                                                                                  \
  static bool name(const Value *v) {                                                                                   \
    note_tie(v);                                                                                                       \
    return v[0].number.a op v[1].number.a;                                                                             \
  }
TIE(lt_tied, <)
TIE(le_tied, <=)
TIE(gt_tied, >)
TIE(ge_tied, >=)
TIE(eq_tied, ==)
TIE(ne_tied, !=)

static Number lift_exactly(void *context, double value) {
  (void)context;
  return rounding_rules.constant(value);
}

bool margin_ties(Arena *a, const Model *m, const Graph *g, InterpInput input, bool *hold, InterpError *error) {
  NumberRule prim[PRIM_COUNT];
  memcpy(prim, rounding_rules.prim, sizeof prim);
  prim[PRIM_MAX] = max_of_tied;
  prim[PRIM_MIN] = min_of_tied;
  prim[PRIM_ABS] = abs_of_tied;
  prim[PRIM_SIGN] = sign_of_tied;
  prim[PRIM_FLOOR] = floor_of_tied;
  const TestRule test[PRIM_COUNT] = {[PRIM_LT] = lt_tied, [PRIM_LE] = le_tied, [PRIM_GT] = gt_tied,
                                     [PRIM_GE] = ge_tied, [PRIM_EQ] = eq_tied, [PRIM_NE] = ne_tied};
  const NumberRules rules = {.prim = prim,
                             .test = test,
                             .constant = rounding_rules.constant,
                             .logsumexp = rounding_rules.logsumexp,
                             .lift = lift_exactly};
  parted = false;
  const bool ok = run_by(a, m, g, input, &rules, error);
  *hold = !parted;
  return ok;
}
