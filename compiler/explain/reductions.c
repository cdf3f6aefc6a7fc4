// reductions.c - the normal form of reductions: factors and conditions out of sums, sums of sums as one.
#include <math.h>
#include <string.h>

#include "explain/algebra.h"

typedef struct Reduction {
  Forms *f;
  const FormIndex **bound;
  const char **names;
  int nbound;
  const Form *guard;   // of the terms, or null
  const Form *outside; // what does not depend on them
  const Form *mask;    // a condition on the whole, or null
  bool pinned;         // the guard has a condition on the whole, too
} Reduction;

// Conditions that do not depend on the bound indices hold for the whole sum; not so where others may be what keeps their
// subscripts in range.
static void add_guard(Reduction *r, const Form *guard) {
  if (guard == form_literal(r->f, true)) return;
  if (is_call(guard, PRIM_AND)) {
    add_guard(r, guard->part[0]);
    add_guard(r, guard->part[1]);
  } else if (form_uses(r->f, guard, r->bound, r->nbound)) {
    r->guard = form_both(r->f, r->guard, guard);
  } else if (!form_reads_in_range(r->f, guard)) {
    r->guard = form_both(r->f, r->guard, guard);
    r->pinned = true;
  } else {
    r->mask = form_both(r->f, r->mask, guard);
  }
}

// Does the condition keep a real from 0, as the derivative of hypot(x, y) does where both are 0?
static bool keeps_from_zero(Forms *f, const Form *guard) {
  if (is_call(guard, PRIM_AND)) return keeps_from_zero(f, guard->part[0]) || keeps_from_zero(f, guard->part[1]);
  return is_call(guard, PRIM_NE) && !form_is_whole(f, guard->part[0]);
}

static bool divides(const Form *factor) {
  for (int k = 0; factor->kind == FORM_PRODUCT && k < factor->npart; k++)
    if (factor->exponent[k] < 0) return !form_is_scale(factor);
  return false;
}

// Can it stand outside of the sum?  Under a condition it stays where that may be what keeps its subscripts in range, or what
// keeps an infinite factor out.
static bool moves_out(const Reduction *r, const Form *factor) {
  if (r->pinned && !form_is_scale(factor)) return false;
  if (r->guard && divides(factor) && keeps_from_zero(r->f, r->guard)) return false;
  return !form_uses(r->f, factor, r->bound, r->nbound) && (!r->guard || form_reads_in_range(r->f, factor));
}

// Moves the factors of `body` that do not depend on the bound indices out; returns the others.  One that is infinite or NaN
// stays: there may be no term.
static const Form *move_out(Reduction *r, const Form *body) {
  Forms *f = r->f;
  if ((body->kind == FORM_NUMBER || body->kind == FORM_PRODUCT) && !isfinite(body->number)) return body;
  int n = body->kind == FORM_PRODUCT ? body->npart : 0;
  const Form **inside = arena_array(forms_arena(f), const Form *, (size_t)n + 1);
  const Form **outside = arena_array(forms_arena(f), const Form *, (size_t)n + 2);
  int ninside = 0, noutside = 0;
  outside[noutside++] = r->outside;
  if (n == 0) {
    if (!moves_out(r, body)) return body;
    outside[noutside++] = body;
  } else {
    outside[noutside++] = form_number(f, body->number);
  }
  for (int k = 0; k < n; k++) {
    const Form *factor = form_power(f, body->part[k], body->exponent[k]);
    if (moves_out(r, factor))
      outside[noutside++] = factor;
    else
      inside[ninside++] = factor;
  }
  r->outside = form_product(f, outside, noutside);
  return form_product(f, inside, ninside);
}

static void keep_bound(Reduction *r, int to, int from) {
  r->bound[to] = r->bound[from];
  r->names[to] = r->names[from];
}

// An index that nothing depends on any more counts its extent.
static void drop_unused(Reduction *r, const Form *body) {
  int kept = 0;
  for (int k = 0; k < r->nbound; k++) {
    if (form_uses(r->f, body, &r->bound[k], 1) || (r->guard && form_uses(r->f, r->guard, &r->bound[k], 1)))
      keep_bound(r, kept++, k);
    else
      r->outside = form_product(r->f, (const Form *[]){r->outside, form_poly(r->f, r->bound[k]->extent)}, 2);
  }
  r->nbound = kept;
}

// A guard that says what a bound index is, k == i: it is that, where both have the same range.
static bool resolve_one(Reduction *r, const Form *condition, const Form **body) {
  for (int side = 0; is_call(condition, PRIM_EQ) && side < 2; side++) {
    const Form *bound = condition->part[side], *value = condition->part[1 - side];
    if (bound->kind != FORM_INDEX || value->kind != FORM_INDEX || bound->index->extent != value->index->extent)
      continue;
    for (int k = 0; k < r->nbound; k++) {
      const FormIndex *index = r->bound[k];
      if (index != bound->index || index == value->index) continue;
      *body = form_substitute(r->f, *body, &index, &value, 1);
      const Form *guard = r->guard;
      r->guard = NULL;
      keep_bound(r, k, --r->nbound);
      add_guard(r, form_substitute(r->f, guard, &index, &value, 1));
      return true;
    }
  }
  return false;
}

static bool resolve_guard(Reduction *r, const Form *condition, const Form **body) {
  if (condition && is_call(condition, PRIM_AND))
    return resolve_guard(r, condition->part[0], body) || resolve_guard(r, condition->part[1], body);
  return condition && resolve_one(r, condition, body);
}

static bool overlaps(const Reduction *r, const Form *inner) {
  for (int k = 0; k < inner->nbound; k++)
    for (int j = 0; j < r->nbound; j++)
      if (r->bound[j] == inner->bound[k]) return true;
  return false;
}

static void bind(Reduction *r, const FormIndex *const *bound, const char *const *names, int n) {
  Arena *a = forms_arena(r->f);
  const FormIndex **list = arena_array(a, const FormIndex *, (size_t)(r->nbound + n) + 1);
  const char **names_list = arena_array(a, const char *, (size_t)(r->nbound + n) + 1);
  for (int k = 0; k < r->nbound + n; k++) {
    list[k] = k < r->nbound ? r->bound[k] : bound[k - r->nbound];
    names_list[k] = k < r->nbound ? r->names[k] : names[k - r->nbound];
  }
  r->bound = list;
  r->names = names_list;
  r->nbound += n;
}

static bool is_bound(const Reduction *r, const FormIndex *index) {
  for (int k = 0; k < r->nbound; k++)
    if (r->bound[k] == index) return true;
  return false;
}

// The lowest level above the reductions in the body whose indices nothing else in it has.
static uint32_t level_of(const Reduction *r, const Form *body) {
  uint32_t level = 1 + (r->guard && r->guard->level > body->level ? r->guard->level : body->level);
  for (int k = 0; k < r->nbound; k++) {
    const FormIndex *index = form_bound_index(r->f, level, k, r->names[k], r->bound[k]->extent);
    if (is_bound(r, index)) continue;
    if (!form_uses(r->f, body, &index, 1) && !(r->guard && form_uses(r->f, r->guard, &index, 1))) continue;
    level++;
    k = -1;
  }
  return level;
}

// The reduction, over the indices that all have that are equal to it up to theirs.
static const Form *reduction(const Reduction *r, Reduce reduce, const Form *body) {
  Forms *f = r->f;
  const FormIndex **bound = arena_array(forms_arena(f), const FormIndex *, (size_t)r->nbound);
  const Form **value = arena_array(forms_arena(f), const Form *, (size_t)r->nbound);
  const uint32_t level = level_of(r, body);
  bool same = true;
  for (int k = 0; k < r->nbound; k++) {
    bound[k] = form_bound_index(f, level, k, r->names[k], r->bound[k]->extent);
    value[k] = form_index(f, bound[k]);
    same = same && bound[k] == r->bound[k];
  }
  if (!same) body = form_substitute(f, body, r->bound, value, r->nbound);
  const Form *guard = r->guard && !same ? form_substitute(f, r->guard, r->bound, value, r->nbound) : r->guard;
  return form_intern(f, &(Form){.kind = FORM_REDUCE,
                                .reduce = reduce,
                                .nbound = r->nbound,
                                .bound = bound,
                                .names = r->names,
                                .guard = guard,
                                .npart = 1,
                                .part = &body});
}

static const Form *sum_over(Reduction r, const Form *guard, const Form *body) {
  Forms *f = r.f;
  if (guard) add_guard(&r, guard);
  for (;;) {
    while (resolve_guard(&r, r.guard, &body)) continue;
    body = move_out(&r, body);
    if (is_masked(body)) {
      add_guard(&r, body->part[0]);
      body = body->part[1];
      continue;
    }
    if (body->kind != FORM_REDUCE || body->reduce != REDUCE_SUM || overlaps(&r, body)) break;
    bind(&r, body->bound, body->names, body->nbound);
    if (body->guard) add_guard(&r, body->guard);
    body = body->part[0];
  }
  const Form *never = form_literal(f, false);
  if (r.guard == never || r.mask == never) return form_number(f, 0);
  drop_unused(&r, body);
  if (r.nbound == 0) r.mask = form_both(f, r.mask, r.guard);
  const Form *sum = body;
  if (r.nbound > 0 && !is_number(body, 0))
    sum = reduction(&r, REDUCE_SUM, body);
  const Form *whole = form_product(f, (const Form *[]){r.outside, sum}, 2);
  return r.mask ? form_masked(f, r.mask, whole) : whole;
}

// Of no terms.
static double nothing(Reduce reduce) {
  switch (reduce) {
  case REDUCE_PROD: return 1;
  case REDUCE_MIN: return INFINITY;
  case REDUCE_MAX:
  case REDUCE_LOGSUMEXP: return -INFINITY;
  default: return 0;
  }
}

const Form *form_reduce(Forms *f, Reduce reduce, const FormIndex *const *bound, const char *const *names, int nbound,
                        const Form *guard, const Form *body) {
  if (guard == form_literal(f, true)) guard = NULL;
  if (guard == form_literal(f, false)) return form_number(f, nothing(reduce));
  const char **own = arena_array(forms_arena(f), const char *, (size_t)nbound + 1);
  for (int k = 0; k < nbound; k++) own[k] = bound[k]->name;
  Reduction r = {.f = f, .outside = form_number(f, 1)};
  bind(&r, bound, names ? names : own, nbound);
  if (reduce == REDUCE_SUM) return sum_over(r, guard, body);
  r.guard = guard;
  return reduction(&r, reduce, body);
}
