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

// So small that its square is 0, and breaks no tie between two products of the parameters.
static double step_of(NumberKind kind) {
  return kind == NUMBER_COMPLEX ? 0x1p-600 : 1;
}

bool oracle_along(Subject *s, NumberKind kind, const double *params, const double *direction, double *derivative) {
  Arena *a = arena_new();
  Array *values = arena_array(a, Array, s->forward->count + 1);
  bool ok = subject_run(s, a, s->forward, kind, params, direction, step_of(kind), values);
  if (ok) *derivative = values[graph_root(s->forward, ROOT_LOSS, 0)->node->id].number[0].b / step_of(kind);
  arena_free(a);
  return ok;
}

// ---- rounding ----

bool oracle_rounding_run(Subject *s, Arena *a, const Graph *g, const double *params, int run, Array *values) {
  double *last_digit = arena_array(a, double, s->total + 1);
  for (size_t k = 0; k < s->total; k++) last_digit[k] = params[k] * check_random((uint64_t)run, 3000, k);
  return subject_run(s, a, g, NUMBER_ROUNDING, params, last_digit, ROUNDING_GAIN * 0x1p-53, values);
}

double oracle_scale(const Subject *s, double value, double rounding) {
  const double margin = 64.0 / ROUNDING_GAIN, allowed = s->program->emit.use_float ? 0x1p29 * rounding : rounding;
  const double scale = margin * fabs(allowed) / oracle_gate(s, ORACLE_DUAL);
  return fmax(isfinite(value) ? fabs(value) : 0, isfinite(scale) ? scale : 0); // an infinite entry measures no others
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

// Ridders' method: central differences at shrinking steps, extrapolated to none; the error is how much the last
// extrapolations disagree, and no less than what the loss's own rounding leaves open.
static double ridders(Subject *s, const double *params, const double *direction, double step, double *error) {
  enum { STEPS = 8 };
  const double shrink = 1.6, rounding = s->program->emit.use_float ? 0x1p-24 : 0x1p-53;
  double table[STEPS][STEPS], best = NAN;
  double *at = arena_array(s->arena, double, s->total + 1);
  *error = INFINITY;
  for (int i = 0; i < STEPS; i++, step /= shrink) {
    double loss[2];
    for (int side = 0; side < 2; side++) {
      for (size_t k = 0; k < s->total; k++) at[k] = params[k] + (side ? step : -step) * direction[k];
      loss[side] = subject_loss(s, at);
    }
    table[0][i] = (loss[1] - loss[0]) / (2 * step);
    double noise = rounding * fmax(fabs(loss[0]), fabs(loss[1])) / step;
    double factor = 1;
    for (int j = 1; j <= i; j++) {
      factor *= shrink * shrink;
      table[j][i] = (table[j - 1][i] * factor - table[j - 1][i - 1]) / (factor - 1);
      if (!isfinite(table[j][i])) continue; // a step beyond where the loss is defined: shorter ones follow
      double e = fmax(fabs(table[j][i] - table[j - 1][i]), fabs(table[j][i] - table[j - 1][i - 1]));
      e = fmax(e, noise);
      if (e <= *error) {
        *error = e;
        best = table[j][i];
      }
    }
  }
  return best;
}

double oracle_difference(Subject *s, const double *params, const double *direction, double size, double *error) {
  static const double steps[] = {0.3, 3e-2, 3e-3, 3e-4, 3e-5};
  double best = NAN;
  *error = INFINITY;
  for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
    double e, value = ridders(s, params, direction, steps[k] * size, &e);
    if (e < *error) {
      *error = e;
      best = value;
    }
  }
  return best;
}
