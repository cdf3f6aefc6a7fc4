// point.c - both sides at real points, in long double.
#include <float.h>
#include <math.h>
#include <string.h>

#include "interp/constraint.h"
#include "prove/field.h"
#include "prove/internal.h"

// More than rounding leaves between two ways to compute the same, relative to the terms that are added.
#define DIFFERENT 1e-14

enum { TRIES = 20 };

static double draw(uint64_t seed, uint64_t stream, uint64_t number, double low, double high) {
  const double u = (double)(field_hash(seed, stream, number) >> 11) * 0x1p-53;
  return (double)(float)(low + (high - low) * u); // few digits, to be read
}

static bool draw_reals(Arena *a, Array *array, uint64_t seed, uint64_t stream, double low, double high) {
  array->number = arena_array(a, Number, array->count + 1);
  for (size_t k = 0; k < array->count; k++) array->number[k].a = draw(seed, stream, k, low, high);
  return true;
}

// Parameters keep their constraints, so that the point can be given to other commands.
static bool draw_param(const Prover *p, Arena *a, const int64_t *dims, int k, uint64_t seed, double low, double high,
                       Array *array) {
  const ParamDecl *d = &p->input->model->param[k];
  const uint64_t stream = 1000 + (uint64_t)k;
  ConstraintAt c;
  if (!prover_shape(p, dims, d->rank, d->extent, array)) return false;
  if (d->constraint == CONSTRAINT_NONE) return draw_reals(a, array, seed, stream, low, high);
  if (!constraint_at(p->input->model, d, dims, &c)) return false;
  double *free = arena_array(a, double, (size_t)c.free_count + 1), *values = arena_array(a, double, array->count + 1);
  for (int64_t e = 0; e < c.free_count; e++) free[e] = draw(seed, stream, (uint64_t)e, low, high);
  constraint_constrain(&c, free, values);
  array->number = arena_array(a, Number, array->count + 1);
  for (size_t e = 0; e < array->count; e++) array->number[e].a = values[e];
  return true;
}

// Every other point has positive values alone: logarithms and roots are defined there.
static bool draw_point(const Prover *p, Arena *a, int64_t *dims, int number, ProofPoint *point) {
  const Model *m = p->input->model;
  const uint64_t seed = field_hash(p->input->seed, 11, (uint64_t)number);
  const double low = number % 2 == 0 ? 0.25 : -1.5, high = number % 2 == 0 ? 1.75 : 1.5;
  *point = (ProofPoint){.dims = dims};
  point->data = arena_array(a, Array, (size_t)m->ndata + 1);
  point->param = arena_array(a, Array, (size_t)m->nparam + 1);
  bool ok = true;
  for (int k = 0; k < m->ndata && ok; k++) {
    const DataDecl *d = &m->data[k];
    ok = prover_shape(p, dims, d->rank, d->extent, &point->data[k]);
    if (!ok) break;
    ok = d->type == TYPE_REAL ? draw_reals(a, &point->data[k], seed, (uint64_t)k, low, high)
                              : prover_integers(p, dims, seed, k, &point->data[k]);
  }
  for (int k = 0; k < m->nparam && ok; k++) ok = draw_param(p, a, dims, k, seed, low, high, &point->param[k]);
  return ok;
}

static Array *evaluate(const Prover *p, Arena *a, NumberKind kind, const ProofPoint *point) {
  Array *values = arena_array(a, Array, p->graph->count + 1);
  const InterpInput input = {
      .kind = kind, .dims = point->dims, .data = point->data, .param = point->param, .seed = {1, 0}};
  InterpError error = {.node = NULL};
  return interp_run(a, p->input->model, p->graph, &input, values, &error) ? values : NULL;
}

static long double wide(Number x) {
  return (long double)x.a + x.b;
}

static bool is_finite(const Array *array) {
  for (size_t k = 0; k < array->count; k++)
    if (!isfinite(array->number[k].a)) return false;
  return true;
}

// The entry where the sides differ most, relative to the terms of that entry, what is lost near 0 taken for nothing; NaN where
// a side is not finite.
static double largest(const Sides *s, const Array *values, const Array *sizes, ProofPoint *point) {
  double worst = -1;
  const Array *ours = &values[s->ours->id], *theirs = &values[s->theirs->id];
  for (size_t k = 0; k < ours->count; k++) {
    const double x = ours->number[k].a, y = theirs->number[k].a;
    const double scale = fmax(fabs(sizes[s->ours->id].number[k].b), fabs(sizes[s->theirs->id].number[k].b));
    if (!isfinite(x) || !isfinite(y) || !isfinite(scale)) return (double)NAN;
    const double gap = (double)fabsl(wide(ours->number[k]) - wide(theirs->number[k]));
    const double relative = gap == 0 ? 0 : gap / fmax(scale, fmax(DBL_MIN / DBL_EPSILON, fmax(fabs(x), fabs(y))));
    if (relative <= worst) continue;
    worst = relative;
    point->entry = k;
    point->ours = x;
    point->theirs = y;
  }
  memcpy(point->extent, ours->extent, (size_t)ours->rank * sizeof *point->extent);
  return fmax(worst, 0);
}

// Of the parameters that are not known to differ; false: there are none.
static bool widen(const Prover *p, const Array *values, const Array *sizes, const ProofPoint *point, Gap *gap) {
  bool any = false;
  for (int k = 0; k < p->input->model->nparam; k++) {
    if (!p->sides[k].ours || gap[k].differs) continue;
    any = true;
    gap[k].undefined = gap[k].undefined || (is_finite(&values[p->sides[k].ours->id]) && !is_finite(&values[p->sides[k].theirs->id]));
    ProofPoint here = *point;
    const double difference = largest(&p->sides[k], values, sizes, &here);
    if (isnan(difference)) continue;
    gap[k].difference = fmax(gap[k].difference, difference);
    gap[k].differs = difference > DIFFERENT;
    if (gap[k].differs) gap[k].point = here;
  }
  return any;
}

const Gap *prover_gaps(const Prover *p, const int64_t *dims) {
  const int nparam = p->input->model->nparam, ndims = dims_count(p->input->model->dims);
  Gap *gap = arena_array(p->arena, Gap, (size_t)nparam + 1);
  for (int k = 0; k < nparam; k++) gap[k].difference = -1;
  bool any = true;
  for (int k = 0; k < TRIES && any; k++) {
    ProofPoint point;
    int64_t *own = arena_array(p->arena, int64_t, (size_t)ndims + 1);
    memcpy(own, dims, (size_t)ndims * sizeof *own);
    if (!draw_point(p, p->arena, own, k, &point)) continue;
    Arena *a = arena_new();
    const Array *values = evaluate(p, a, NUMBER_WIDE, &point), *sizes = evaluate(p, a, NUMBER_MAGNITUDE, &point);
    if (values && sizes) any = widen(p, values, sizes, &point, gap);
    arena_free(a);
  }
  return gap;
}
