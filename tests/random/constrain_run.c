// constrain_run.c - generated C's transforms between free reals and parameters: values and places against the
// interpreter's, the pullback against differences.
#include <math.h>
#include <string.h>

#include "case.h"
#include "interp/constraint.h"
#include "mdl/model.h"

typedef struct Runner {
  Case *c;
  const struct mdl_model *m;
  const ConstraintAt *at; // by parameter
  size_t nfree;
  double step, gate;
} Runner;

static double *random_vector(Case *c, size_t count, double most) {
  double *v = arena_array(c->arena, double, count + 1);
  for (size_t k = 0; k < count; k++) v[k] = case_between(c, -most, most);
  return v;
}

static const ConstraintAt *constraints(Case *c) {
  ConstraintAt *at = arena_array(c->arena, ConstraintAt, (size_t)c->model->nparam + 1);
  for (int p = 0; p < c->model->nparam; p++)
    if (!constraint_at(c->model, &c->model->param[p], c->dims, &at[p])) return NULL;
  return at;
}

static double *constrain(const Runner *r, const double *free) {
  const size_t bytes = r->c->total * case_real_size(r->m);
  void *params = case_array(r->c, bytes);
  r->m->constrain(r->c->call, case_reals(r->c, r->m, free, r->nfree), params);
  case_intact(r->c, params, bytes, "what constrain fills");
  return case_doubles(r->c, params, r->m->real, r->c->total);
}

static void compare_layout(const Runner *r, size_t bytes) {
  int64_t *offset = arena_array(r->c->arena, int64_t, (size_t)r->m->nparams + 1), sum = 0;
  bool right = r->m->free_layout(r->c->call, offset) == MDL_OK;
  for (int p = 0; p <= r->m->nparams; p++) {
    right = right && offset[p] == sum;
    if (p < r->m->nparams) sum += r->at[p].free_count;
  }
  if (!right || bytes != (size_t)sum * case_real_size(r->m)) case_fail(r->c, "the free vector has another layout");
}

static void compare_values(const Runner *r, const double *free, const double *params) {
  for (int p = 0; p < r->m->nparams; p++) {
    double *value = arena_array(r->c->arena, double, (size_t)r->at[p].count + 1);
    constraint_constrain(&r->at[p], free, value);
    for (int64_t k = 0; k < r->at[p].count; k++)
      if (!is_near(params[k], value[k], 1 + fabs(value[k]), r->gate))
        case_fail(r->c, "constrain: %s[%d] is %.17g, in the interpreter %.17g", r->m->params[p].name, (int)k, params[k],
                  value[k]);
    free += r->at[p].free_count;
    params += r->at[p].count;
  }
}

static void compare_inverse(const Runner *r, const double *free, const double *params) {
  const size_t bytes = r->nfree * case_real_size(r->m);
  void *again = case_array(r->c, bytes);
  struct mdl_where where;
  if (r->m->unconstrain(r->c->call, case_reals(r->c, r->m, params, r->c->total), again, &where) != MDL_OK) {
    case_fail(r->c, "unconstrain refuses %s of constrain", where.name);
    return;
  }
  case_intact(r->c, again, bytes, "what unconstrain fills");
  const double *back = case_doubles(r->c, again, r->m->real, r->nfree);
  for (size_t k = 0; k < r->nfree; k++)
    if (!is_near(back[k], free[k], 10, r->gate))
      case_fail(r->c, "unconstrain: entry %zu is %.17g, it was %.17g", k, back[k], free[k]);
}

// <g, x(f + step d)> - <g, x(f - step d)>, over twice the step.
static double difference(const Runner *r, const double *free, const double *direction, const double *g, double step) {
  double *moved = arena_array(r->c->arena, double, r->nfree + 1), sum = 0;
  for (int side = -1; side <= 1; side += 2) {
    for (size_t k = 0; k < r->nfree; k++) moved[k] = free[k] + side * step * direction[k];
    const double *x = constrain(r, moved);
    for (size_t k = 0; k < r->c->total; k++) sum += side * g[k] * x[k];
  }
  return sum / (2 * step);
}

static void compare_pullback(const Runner *r, const double *free) {
  Case *c = r->c;
  const double *g = random_vector(c, c->total, 1), *direction = random_vector(c, r->nfree, 1);
  const size_t bytes = r->nfree * case_real_size(r->m);
  void *pulled = case_array(c, bytes);
  r->m->constrain_pullback(c->call, case_reals(c, r->m, free, r->nfree), case_reals(c, r->m, g, c->total), pulled);
  case_intact(c, pulled, bytes, "what constrain_pullback fills");
  const double *by_free = case_doubles(c, pulled, r->m->real, r->nfree);
  double ours = 0, scale = 1;
  for (size_t k = 0; k < r->nfree; k++) {
    ours += by_free[k] * direction[k];
    scale += fabs(by_free[k] * direction[k]);
  }
  const double coarse = difference(r, free, direction, g, r->step),
               fine = difference(r, free, direction, g, r->step / 2);
  const double theirs = (4 * fine - coarse) / 3;
  if (!is_near(ours, theirs, scale, r->gate))
    case_fail(c, "constrain_pullback: %.17g along a direction, by differences %.17g", ours, theirs);
}

// An entry that is no number breaks every constraint.
static void compare_refusal(const Runner *r, const double *params) {
  size_t from = 0;
  for (int p = 0; p < r->m->nparams; from += (size_t)r->at[p++].count) {
    if (r->at[p].kind == CONSTRAINT_NONE || r->at[p].count == 0) continue;
    double *broken = arena_array(r->c->arena, double, r->c->total + 1);
    const int64_t entry = (int64_t)case_between(r->c, 0, (double)r->at[p].count);
    memcpy(broken, params, r->c->total * sizeof *broken);
    broken[from + (size_t)entry] = NAN;
    struct mdl_where where = {.position = -1};
    const int status = r->m->unconstrain(r->c->call, case_reals(r->c, r->m, broken, r->c->total),
                                         case_array(r->c, r->nfree * case_real_size(r->m)), &where);
    if (status != MDL_ERROR_CONSTRAINT || strcmp(where.name, r->m->params[p].name) != 0)
      case_fail(r->c, "unconstrain lets entry %d of %s be no number", (int)entry, r->m->params[p].name);
  }
}

void case_run_constraints(Case *c, const struct mdl_model *m, size_t bytes) {
  if (!has_constraints(c->model)) {
    if (m->free_layout || m->constrain || m->constrain_pullback || m->unconstrain ||
        bytes != c->total * case_real_size(m))
      case_fail(c, "a free vector where no parameter has a constraint");
    return;
  }
  const bool single = m->real == MDL_FLOAT;
  const Runner r = {.c = c,
                    .m = m,
                    .at = constraints(c),
                    .nfree = bytes / case_real_size(m),
                    .step = single ? 0.1 : 1e-3,
                    .gate = single ? 1e-3 : 1e-9};
  if (!r.at) {
    case_fail(c, "a constraint does not exist");
    return;
  }
  compare_layout(&r, bytes);
  const double *free = random_vector(c, r.nfree, 1.5), *params = constrain(&r, free);
  compare_values(&r, free, params);
  compare_inverse(&r, free, params);
  compare_pullback(&r, free);
  compare_refusal(&r, params);
}
