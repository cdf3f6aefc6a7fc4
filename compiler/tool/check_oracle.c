// check_oracle.c - derivatives by other means than derive's: complex step, dual numbers, the author's own formulas.
#include <math.h>

#include "tool/check_compare.h"

typedef struct Seen {
  const bool *varies;
  bool any;
} Seen;

static void see(void *context, const Expr *read) {
  Seen *seen = context;
  seen->any = seen->any || seen->varies[read->u.read.node->id];
}

bool check_expr_varies(const Graph *g, const Expr *e, const bool *varies) {
  Seen seen = {varies, false};
  expr_each_read(g, e, see, &seen);
  return seen.any;
}

bool *check_varies(Arena *a, const Graph *g, int which) {
  bool *varies = arena_array(a, bool, g->count + 1), more = true;
  while (more) { // once more for each loop whose state varies by what its steps make
    more = false;
    for (size_t k = 0; k < g->count; k++) {
      const Node *n = g->nodes[k];
      if (varies[k]) continue;
      if (n->kind == NODE_PARAM)
        varies[k] = which < 0 || n->which == which;
      else if (n->expr && n->type == TYPE_REAL)
        varies[k] = check_expr_varies(g, n->expr, varies) || (n->base && check_expr_varies(g, n->base, varies)) ||
                    (n->next && varies[n->next->id]);
      more = more || (varies[k] && n->expr && n->kind != NODE_CARRY);
    }
  }
  return varies;
}

// ---- along a direction ----

static bool along(Subject *s, NumberKind kind, const double *params, const double *direction, double step,
                  double *derivative) {
  Arena *a = arena_new();
  Array *values = arena_array(a, Array, s->forward->count + 1);
  const bool ok = subject_run(s, a, s->forward, kind, params, direction, step, values);
  if (ok) *derivative = values[graph_root(s->forward, ROOT_LOSS, 0)->node->id].number[0].b / step;
  arena_free(a);
  return ok;
}

// The complex step is so small that its square is 0, and breaks no tie between two products of the parameters.
bool oracle_along(Subject *s, NumberKind kind, const double *params, const double *direction, double *derivative) {
  return along(s, kind, params, direction, kind == NUMBER_COMPLEX ? 0x1p-600 : 1, derivative);
}

static bool same_digits(double x, double y) {
  return isfinite(x) && x != 0 && fabs(x - y) <= 0x1p-44 * fabs(x);
}

// Imaginary parts are the step's multiples, to the last bit for steps that are powers of two: until one is below the
// smallest double, or the step is no longer small beside a number that it changes.  So where neither happens neighbours
// agree; and if several pairs do, they must on one value.  All are 0 where the derivative is, or is too small for any.
bool oracle_resolved(Subject *s, const double *params, const double *direction, double tolerance, double *derivative,
                     bool *resolved) {
  enum { STEPS = 16, LARGEST = -60 };
  double found = NAN, before = NAN;
  bool one = true, zero = true;
  for (int k = 0; k < STEPS; k++) {
    double here;
    if (!along(s, NUMBER_COMPLEX, params, direction, ldexp(1, LARGEST - 64 * k), &here)) return false;
    zero = zero && fabs(here) <= tolerance;
    if (same_digits(here, before)) {
      one = one && (isnan(found) || fabs(here - found) <= tolerance);
      found = here;
    }
    before = here;
  }
  zero = zero && ldexp(1, -1074 - LARGEST) <= tolerance;
  *resolved = zero || (one && !isnan(found));
  if (*resolved) *derivative = zero ? 0 : found;
  return true;
}

// ---- rounding ----

bool oracle_rounding_run(Subject *s, Arena *a, const Graph *g, const double *params, int run, Array *values) {
  double *last_digit = arena_array(a, double, s->total + 1);
  for (size_t k = 0; k < s->total; k++) last_digit[k] = params[k] * check_random((uint64_t)run, 3000, k);
  return subject_run(s, a, g, NUMBER_ROUNDING, params, last_digit, ROUNDING_GAIN * 0x1p-53, values);
}

double oracle_scale(const Subject *s, double value, double rounding) {
  const bool single = s->program->emit.use_float;
  const double margin = 64.0 / ROUNDING_GAIN, allowed = single ? 0x1p29 * rounding : rounding;
  const double gate = oracle_gate(s, ORACLE_DUAL), scale = margin * fabs(allowed) / gate;
  const double most =
      fmax(isfinite(value) ? fabs(value) : 0, isfinite(scale) ? scale : 0); // an infinite entry measures no others
  const double least = 64 * (single ? 0x1p-149 : 0x1p-1074) / gate;         // the last numbers above 0 have few digits
  return most > 0 ? fmax(most, least) : 0;
}

bool oracle_rounding(Subject *s, const double *params, double *rounding) {
  bool ok = true;
  for (int run = 0; run < ROUNDING_RUNS && ok; run++) {
    Arena *a = arena_new();
    Array *values = arena_array(a, Array, s->derived->count + 1);
    ok = oracle_rounding_run(s, a, s->derived, params, run, values);
    for (int p = 0; p < s->model->nparam && ok; p++) {
      const Number *gradient = values[graph_root(s->derived, ROOT_GRADIENT, p)->node->id].number;
      for (size_t k = 0; k < s->param[p].count; k++) {
        double *here = &rounding[s->param[p].offset + k];
        *here = fmax(*here, fabs(gradient[k].b));
      }
    }
    arena_free(a);
  }
  return ok;
}

bool oracle_author(Subject *s, int p, const double *params, double *value, double *rounding, bool *failed) {
  const Root *r = graph_root(s->author, ROOT_AUTHOR, p);
  *failed = false;
  for (int run = 0; r && run < ROUNDING_RUNS && !*failed; run++) {
    Arena *a = arena_new();
    Array *values = arena_array(a, Array, s->author->count + 1);
    *failed = !oracle_rounding_run(s, a, s->author, params, run, values);
    for (size_t k = 0; k < s->param[p].count && !*failed; k++) {
      value[k] = values[r->node->id].number[k].a;
      rounding[k] = fmax(rounding[k], fabs(values[r->node->id].number[k].b));
    }
    arena_free(a);
  }
  return r && !*failed;
}

// ---- differences ----

// Extrapolated to a step of 0, by steps that shrink: row j has the terms up to the power 2 j of the step removed.
enum { STEPS = 8 };
typedef struct Extrapolation {
  double row[STEPS][STEPS];
} Extrapolation;

static const double shrink = 1.6;

static void add_step(Extrapolation *x, int step, double value) {
  double factor = 1;
  x->row[0][step] = value;
  for (int j = 1; j <= step; j++) {
    factor *= shrink * shrink;
    x->row[j][step] = (x->row[j - 1][step] * factor - x->row[j - 1][step - 1]) / (factor - 1);
  }
}

// How much the last ones before it disagree with row j.
static double spread(const Extrapolation *x, int j, int step) {
  return fmax(fabs(x->row[j][step] - x->row[j - 1][step]), fabs(x->row[j][step] - x->row[j - 1][step - 1]));
}

// Ridders' method: central differences at shrinking steps, extrapolated to none; the error is how much the last
// extrapolations disagree, and no less than what the loss's own rounding leaves open.  The mean of the losses on both
// sides is extrapolated along: where it does not lead to the loss in the middle, there is more to the loss than these steps
// show (a pole between them), and they tell nothing.
static double ridders(Subject *s, const double *params, const double *direction, double step, double middle,
                      double *error) {
  const bool single = s->program->emit.use_float;
  const double rounding = single ? 0x1p-24 : 0x1p-53, least = single ? 0x1p-110 : 0x1p-1000; // below, digits are lost
  Extrapolation slope, mean;
  double best = NAN;
  double *at = arena_array(s->arena, double, s->total + 1);
  *error = INFINITY;
  for (int i = 0; i < STEPS; i++, step /= shrink) {
    double loss[2];
    for (int side = 0; side < 2; side++) {
      for (size_t k = 0; k < s->total; k++) at[k] = params[k] + (side ? step : -step) * direction[k];
      loss[side] = subject_loss(s, at);
    }
    const double noise = rounding * fmax(fmax(fabs(loss[0]), fabs(loss[1])), least);
    add_step(&slope, i, (loss[1] - loss[0]) / (2 * step));
    add_step(&mean, i, loss[0] / 2 + loss[1] / 2);
    for (int j = 1; j <= i; j++) {
      if (!isfinite(slope.row[j][i])) continue; // a step beyond where the loss is defined: shorter ones follow
      if (!(fabs(mean.row[j][i] - middle) <= 10 * spread(&mean, j, i) + 100 * noise)) continue;
      const double e = fmax(spread(&slope, j, i), noise / step);
      if (e > *error) continue;
      *error = e;
      best = slope.row[j][i];
    }
  }
  return best;
}

double oracle_difference(Subject *s, const double *params, const double *direction, double size, double *error) {
  static const double steps[] = {0.3, 3e-2, 3e-3, 3e-4, 3e-5};
  const double middle = subject_loss(s, params);
  double best = NAN;
  *error = INFINITY;
  for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
    double e, value = ridders(s, params, direction, steps[k] * size, middle, &e);
    if (e < *error) {
      *error = e;
      best = value;
    }
  }
  return best;
}
