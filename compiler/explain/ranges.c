// ranges.c - what indices range over, and which subscripts are plainly within the range of theirs.
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

// ---- what an integer is at least and at most ----

static const Poly *whole_number(Dims *dims, double x) {
  return fabs(x) < 1e15 && x == floor(x) ? poly_int(dims, (int64_t)x) : NULL;
}

// Made of indices and dimensions; null: not known.
static const Poly *limit_of(Dims *dims, const Form *e, bool most) {
  const Poly *sum = poly_int(dims, 0), *factor;
  int dim;
  switch (e->kind) {
  case FORM_NUMBER: return whole_number(dims, e->number);
  case FORM_INDEX: return most ? poly_sub(dims, e->index->extent, poly_int(dims, 1)) : sum;
  case FORM_SYMBOL:
    dim = e->role == SYMBOL_DIM ? dims_find(dims, e->name) : -1;
    return dim >= 0 ? poly_dim(dims, dim) : NULL;
  case FORM_SUM:
    for (int k = 0; k < e->npart && sum; k++) {
      const Poly *part = limit_of(dims, e->part[k], most);
      sum = part ? poly_add(dims, sum, part) : NULL;
    }
    return sum;
  case FORM_PRODUCT:
    factor = e->npart == 1 && e->exponent[0] == 1 ? whole_number(dims, e->number) : NULL;
    sum = factor ? limit_of(dims, e->part[0], most == (e->number > 0)) : NULL;
    return sum ? poly_mul(dims, factor, sum) : NULL;
  default: return NULL;
  }
}

bool form_is_nonnegative(Forms *f, const Form *value) {
  const Poly *least = limit_of(forms_dims(f), value, false);
  return least && poly_is_nonnegative(forms_dims(f), least);
}

bool form_is_below(Forms *f, const Form *value, const Poly *extent) {
  Dims *dims = forms_dims(f);
  const Poly *most = limit_of(dims, value, true);
  return most && poly_is_nonnegative(dims, poly_sub(dims, poly_sub(dims, extent, most), poly_int(dims, 1)));
}

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
