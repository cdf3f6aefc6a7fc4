// ranges.c - what indices range over: which subscripts are plainly within the range of theirs, and which comparisons hold.
#include <math.h>

#include "explain/form.h"

// ---- what a formula says of an index ----

typedef struct RangeUse {
  bool same, other; // an axis of the index's extent is subscripted with it, one of another extent
} RangeUse;

static bool is_conditional(const Form *e) {
  return (e->kind == FORM_CALL && e->op == PRIM_SELECT) || (e->kind == FORM_REDUCE && e->guard);
}

static void find_range_uses(Forms *f, const Form *form, const FormIndex *index, bool always, RangeUse *use) {
  if (!form_first_visit(f, form) || (always && is_conditional(form))) return;
  for (int k = -1; k < form->npart; k++) {
    const Form *part = k < 0 ? form->guard : form->part[k];
    if (!part) continue;
    if (k >= 0 && form->kind == FORM_SYMBOL && form->extent && part->kind == FORM_INDEX && part->index == index)
      *(form->extent[k] == index->extent ? &use->same : &use->other) = true;
    find_range_uses(f, part, index, always, use);
  }
}

bool form_implies_range(Forms *f, const Form *form, const FormIndex *index) {
  RangeUse use = {false, false};
  form_walk(f);
  find_range_uses(f, form, index, false, &use);
  return use.same && !use.other;
}

bool form_keeps_range(Forms *f, const Form *form, const FormIndex *index) {
  RangeUse use = {false, false};
  form_walk(f);
  find_range_uses(f, form, index, true, &use);
  return use.same;
}

// ---- integers made of indices and dimensions ----

enum { LINEAR_MAX = 8 };

// rest + Σ factor * part, where `rest` and factors are made of dimensions, parts are indices and choices: min, max.
typedef struct Linear {
  const Poly *rest;
  int n;
  const Form *part[LINEAR_MAX];
  const Poly *factor[LINEAR_MAX];
} Linear;

static bool add(Dims *dims, Linear *sum, const Form *e, const Poly *factor);

static bool add_part(Dims *dims, Linear *sum, const Form *part, const Poly *factor) {
  int k = 0;
  while (k < sum->n && sum->part[k] != part) k++;
  if (k == LINEAR_MAX) return false;
  sum->factor[k] = k < sum->n ? poly_add(dims, sum->factor[k], factor) : factor;
  sum->part[k] = part;
  if (k == sum->n) sum->n++;
  return true;
}

// Dimensions alone; null: not so.
static const Poly *scale_of(Dims *dims, const Form *e) {
  Linear l = {.rest = poly_int(dims, 0)};
  return add(dims, &l, e, poly_int(dims, 1)) && l.n == 0 ? l.rest : NULL;
}

static bool add_product(Dims *dims, Linear *sum, const Form *e, const Poly *factor) {
  const Form *variable = NULL;
  if (fabs(e->number) >= 1e15 || e->number != floor(e->number)) return false;
  factor = poly_mul(dims, factor, poly_int(dims, (int64_t)e->number));
  for (int k = 0; k < e->npart; k++) {
    const Poly *scale = e->exponent[k] > 0 ? scale_of(dims, e->part[k]) : NULL;
    if (!scale && (variable || e->exponent[k] != 1)) return false;
    if (!scale) variable = e->part[k];
    for (int times = 0; scale && times < e->exponent[k]; times++) factor = poly_mul(dims, factor, scale);
  }
  if (variable) return add(dims, sum, variable, factor);
  sum->rest = poly_add(dims, sum->rest, factor);
  return true;
}

// False: it may be no integer, or is made of something else.
static bool add(Dims *dims, Linear *sum, const Form *e, const Poly *factor) {
  int dim;
  switch (e->kind) {
  case FORM_NUMBER:
    if (fabs(e->number) >= 1e15 || e->number != floor(e->number)) return false;
    sum->rest = poly_add(dims, sum->rest, poly_mul(dims, factor, poly_int(dims, (int64_t)e->number)));
    return true;
  case FORM_INDEX: return add_part(dims, sum, e, factor);
  case FORM_SYMBOL:
    dim = e->role == SYMBOL_DIM ? dims_find(dims, e->name) : -1;
    if (dim >= 0) sum->rest = poly_add(dims, sum->rest, poly_mul(dims, factor, poly_dim(dims, dim)));
    return dim >= 0;
  case FORM_SUM:
    for (int k = 0; k < e->npart; k++)
      if (!add(dims, sum, e->part[k], factor)) return false;
    return true;
  case FORM_PRODUCT: return add_product(dims, sum, e, factor);
  case FORM_CALL: return (e->op == PRIM_MIN || e->op == PRIM_MAX) && add_part(dims, sum, e, factor);
  default: return false;
  }
}

// At least 0, wherever the indices stand within their ranges?  True only where it is plain.
static bool is_nonnegative(Dims *dims, Linear l) {
  while (l.n > 0) {
    const Form *part = l.part[--l.n];
    const Poly *factor = l.factor[l.n];
    const bool plus = poly_is_nonnegative(dims, factor);
    if (!plus && !poly_is_nonnegative(dims, poly_sub(dims, poly_int(dims, 0), factor))) return false;
    if (part->kind == FORM_INDEX) {
      const Poly *last = poly_sub(dims, part->index->extent, poly_int(dims, 1));
      if (!plus) l.rest = poly_add(dims, l.rest, poly_mul(dims, factor, last));
      continue;
    }
    const bool both = plus == (part->op == PRIM_MIN); // either operand may be the one
    Linear one = l, other = l;
    const bool first = add(dims, &one, part->part[0], factor) && is_nonnegative(dims, one);
    if (first != both) return first;
    return add(dims, &other, part->part[1], factor) && is_nonnegative(dims, other);
  }
  return poly_is_nonnegative(dims, l.rest);
}

bool form_is_whole(Forms *f, const Form *value) {
  Dims *dims = forms_dims(f);
  Linear l = {.rest = poly_int(dims, 0)};
  return add(dims, &l, value, poly_int(dims, 1));
}

bool form_is_nonnegative(Forms *f, const Form *value) {
  Dims *dims = forms_dims(f);
  Linear l = {.rest = poly_int(dims, 0)};
  return add(dims, &l, value, poly_int(dims, 1)) && is_nonnegative(dims, l);
}

bool form_is_below(Forms *f, const Form *value, const Poly *extent) {
  Dims *dims = forms_dims(f);
  Linear l = {.rest = poly_sub(dims, extent, poly_int(dims, 1))};
  return add(dims, &l, value, poly_int(dims, -1)) && is_nonnegative(dims, l);
}

// ---- comparisons of such integers ----

// Adds what `side[0] op side[1]` says not to be negative, `times` it.
static bool add_comparison(Dims *dims, Linear *sum, Prim op, const Form *const *side, int times) {
  const bool right = op == PRIM_LT || op == PRIM_LE; // the greater one
  if (op == PRIM_LT || op == PRIM_GT) sum->rest = poly_sub(dims, sum->rest, poly_int(dims, times));
  return add(dims, sum, side[0], poly_int(dims, right ? -times : times)) &&
         add(dims, sum, side[1], poly_int(dims, right ? times : -times));
}

static bool implies_order(Forms *f, const Form *given, Prim op, const Form *const *side) {
  static const Prim of_equal[] = {PRIM_LE, PRIM_GE};
  Dims *dims = forms_dims(f);
  Linear l = {.rest = poly_int(dims, 0)};
  if (!add_comparison(dims, &l, op, side, 1)) return false;
  if (!given) return is_nonnegative(dims, l);
  const bool equal = given->op == PRIM_EQ;
  for (int k = 0; k < (equal ? 2 : 1); k++) {
    Linear less = l;
    if (add_comparison(dims, &less, equal ? of_equal[k] : given->op, given->part, -1) && is_nonnegative(dims, less))
      return true;
  }
  return false;
}

static bool is_comparison(const Form *e) {
  static const Prim comparisons[] = {PRIM_EQ, PRIM_LT, PRIM_LE, PRIM_GT, PRIM_GE};
  for (size_t k = 0; k < sizeof comparisons / sizeof *comparisons; k++)
    if (e->kind == FORM_CALL && e->op == comparisons[k]) return true;
  return false;
}

bool form_implies(Forms *f, const Form *given, Prim op, const Form *const *side) {
  if (given && !is_comparison(given)) return false;
  switch (op) {
  case PRIM_EQ: return implies_order(f, given, PRIM_LE, side) && implies_order(f, given, PRIM_GE, side);
  case PRIM_NE: return implies_order(f, given, PRIM_LT, side) || implies_order(f, given, PRIM_GT, side);
  case PRIM_LT:
  case PRIM_LE:
  case PRIM_GT:
  case PRIM_GE: return implies_order(f, given, op, side);
  default: return false;
  }
}

// ---- subscripts ----

static bool reads_in_range(Forms *f, const Form *e) {
  if (!form_first_visit(f, e)) return true;
  for (int k = -1; k < e->npart; k++) {
    const Form *part = k < 0 ? e->guard : e->part[k];
    if (part && !reads_in_range(f, part)) return false;
    if (k < 0 || e->kind != FORM_SYMBOL) continue;
    if (!e->extent || !form_is_nonnegative(f, part) || !form_is_below(f, part, e->extent[k])) return false;
  }
  return true;
}

bool form_reads_in_range(Forms *f, const Form *form) {
  form_walk(f);
  return reads_in_range(f, form);
}
