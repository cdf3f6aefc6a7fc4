// algebra.c - the normal form of formulas: sums collected, products gathered, choices under their conditions.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/algebra.h"

enum { EXPONENT_MAX = 64 };

static const Form *call2(Forms *f, Prim op, const Form *x, const Form *y) {
  return form_call(f, op, (const Form *[]){x, y});
}

static const Form *guarded_product(Forms *f, const Form *guard, const Form *const *factor, int n);

const Form *form_masked(Forms *f, const Form *condition, const Form *value) {
  return guarded_product(f, condition, &value, 1);
}

const Form *form_literal(Forms *f, bool value) {
  return form_symbol(f, SYMBOL_LITERAL, value ? "true" : "false", NULL, 0, NULL);
}

static const Prim opposites[][2] = {{PRIM_EQ, PRIM_NE}, {PRIM_NE, PRIM_EQ}, {PRIM_LT, PRIM_GE},
                                    {PRIM_GE, PRIM_LT}, {PRIM_LE, PRIM_GT}, {PRIM_GT, PRIM_LE}};

// The comparison that holds of finite values where `op` does not; -1: it is none.
static int opposite_op(Prim op) {
  for (size_t k = 0; k < sizeof opposites / sizeof *opposites; k++)
    if (opposites[k][0] == op) return (int)opposites[k][1];
  return -1;
}

// The opposite of a condition on finite values; null where it has no short form.
static const Form *opposite(Forms *f, const Form *condition) {
  const Form *never = form_literal(f, false), *always = form_literal(f, true);
  if (condition == never || condition == always) return condition == never ? always : never;
  if (condition->kind != FORM_CALL) return NULL;
  if (condition->op == PRIM_NOT) return condition->part[0];
  const int op = opposite_op(condition->op);
  return op < 0 ? NULL : form_call(f, (Prim)op, condition->part);
}

static bool implies(Forms *f, const Form *given, const Form *condition) {
  return given == condition || (condition->kind == FORM_CALL && form_implies(f, given, condition->op, condition->part));
}

// Does `condition` follow from one of those that `all` (or null: none) joins?
static bool demands(Forms *f, const Form *all, const Form *condition) {
  if (!all) return false;
  if (!is_call(all, PRIM_AND)) return implies(f, all, condition);
  return demands(f, all->part[0], condition) || demands(f, all->part[1], condition);
}

static bool excludes(Forms *f, const Form *all, const Form *condition) {
  if (is_call(condition, PRIM_AND)) return excludes(f, all, condition->part[0]) || excludes(f, all, condition->part[1]);
  const Form *contrary = opposite(f, condition);
  return contrary && demands(f, all, contrary);
}

static const Form *joined(Forms *f, const Form *x, const Form *y) {
  if (!x || !y) return x ? x : y;
  return form_intern(f, &(Form){.kind = FORM_CALL, .op = PRIM_AND, .npart = 2, .part = (const Form *[]){x, y}});
}

// `all`, with a condition in place of those that follow from it: where they stand they may guard others behind them.
static const Form *in_place(Forms *f, const Form *all, const Form *condition, bool *placed) {
  if (is_call(all, PRIM_AND)) {
    const Form *first = in_place(f, all->part[0], condition, placed);
    return joined(f, first, in_place(f, all->part[1], condition, placed));
  }
  if (!implies(f, condition, all)) return all;
  const bool again = *placed;
  *placed = true;
  return again ? NULL : condition;
}

const Form *form_both(Forms *f, const Form *x, const Form *y) {
  const Form *never = form_literal(f, false), *always = form_literal(f, true);
  if (!x || !y) return x ? x : y;
  if (is_call(y, PRIM_AND)) return form_both(f, form_both(f, x, y->part[0]), y->part[1]);
  if (x == never || y == never) return never;
  if (x == always) return y;
  if (y == always || demands(f, x, y)) return x;
  if (excludes(f, x, y)) return never;
  bool placed = false;
  const Form *all = in_place(f, x, y, &placed);
  return placed ? all : joined(f, x, y);
}

// Those conditions of `all` that `among` has (or has not); null: none.
static const Form *shared_conditions(Forms *f, const Form *all, const Form *among, bool shared) {
  if (!all) return NULL;
  if (!is_call(all, PRIM_AND)) return demands(f, among, all) == shared ? all : NULL;
  return form_both(f, shared_conditions(f, all->part[0], among, shared),
                   shared_conditions(f, all->part[1], among, shared));
}

bool form_is_scale(const Form *e) {
  if (e->kind == FORM_SYMBOL) return e->role == SYMBOL_DIM;
  if (e->kind != FORM_SUM && e->kind != FORM_PRODUCT) return e->kind == FORM_NUMBER;
  for (int k = 0; k < e->npart; k++)
    if (!form_is_scale(e->part[k])) return false;
  return true;
}

static const Form *scaled(Forms *f, const Form *e, double number) {
  return number == 1 ? e : form_product(f, (const Form *[]){e, form_number(f, number)}, 2);
}

// e where the condition holds, which it need not say again.
static const Form *given(Forms *f, const Form *condition, const Form *e) {
  if (is_call(e, PRIM_SELECT)) {
    const Form *rest = shared_conditions(f, e->part[0], condition, false);
    if (!rest) return given(f, condition, e->part[1]);
    if (excludes(f, condition, rest)) return given(f, condition, e->part[2]);
    const Form *part[] = {rest, given(f, condition, e->part[1]), given(f, condition, e->part[2])};
    bool same = rest == e->part[0] && part[1] == e->part[1] && part[2] == e->part[2];
    return same ? e : form_call(f, PRIM_SELECT, part);
  }
  if (e->kind != FORM_PRODUCT && e->kind != FORM_SUM) return e;
  const Form **part = arena_array(forms_arena(f), const Form *, (size_t)e->npart + 1);
  bool same = true;
  for (int k = 0; k < e->npart; k++) {
    part[k] = given(f, condition, e->part[k]);
    same = same && part[k] == e->part[k];
    if (e->kind == FORM_PRODUCT) part[k] = form_power(f, part[k], e->exponent[k]);
  }
  if (same) return e;
  if (e->kind == FORM_SUM) return form_sum(f, part, e->npart);
  part[e->npart] = form_number(f, e->number);
  return form_product(f, part, e->npart + 1);
}

// ---- sums ----

typedef struct Collected { // Σ number * form
  const Form *form;        // its coefficient is 1
  double number;
} Collected;

typedef struct Collection {
  Forms *f;
  Collected *list;
  size_t count, room;
  double constant;
} Collection;

static void collect(Collection *c, const Form *e, double scale) {
  if (e->kind == FORM_NUMBER) {
    c->constant += scale * e->number;
    return;
  }
  if (e->kind == FORM_SUM) {
    for (int k = 0; k < e->npart; k++) collect(c, e->part[k], scale);
    return;
  }
  if (e->kind == FORM_PRODUCT) {
    const Form *only = e->npart == 1 && e->exponent[0] == 1 ? e->part[0] : NULL;
    // -(a + b) opens, 2*(a + b) stays together.
    if (only && only->kind == FORM_SUM && fabs(e->number) == 1) {
      collect(c, only, scale * e->number);
      return;
    }
    if (e->number != 1) {
      scale *= e->number;
      Form monomial = *e;
      monomial.number = 1;
      e = only ? only : form_intern(c->f, &monomial);
    }
  }
  for (size_t k = 0; k < c->count; k++) {
    if (c->list[k].form != e) continue;
    c->list[k].number += scale;
    return;
  }
  ARENA_PUSH(forms_arena(c->f), c->list, c->count, c->room) = (Collected){e, scale};
}

// In the order in which the model names things.
static int by_appearance(const void *x, const void *y) {
  const Form *a = ((const Collected *)x)->form, *b = ((const Collected *)y)->form;
  if (a->order != b->order) return a->order < b->order ? -1 : 1;
  return (a->id > b->id) - (a->id < b->id);
}

// The exponent of `base` in a monomial; 0: it is not there.
static int exponent_in(const Form *monomial, const Form *base) {
  if (monomial == base) return 1;
  if (monomial->kind != FORM_PRODUCT) return 0;
  for (int k = 0; k < monomial->npart; k++)
    if (monomial->part[k] == base) return monomial->exponent[k];
  return 0;
}

// The power of `base` that all terms share.
static int shared_exponent(const Collection *c, const Form *base, int exponent) {
  for (size_t k = 1; k < c->count; k++) {
    int e = exponent_in(c->list[k].form, base);
    if (e == 0 || (e > 0) != (exponent > 0)) return 0;
    if (abs(e) < abs(exponent)) exponent = e;
  }
  return exponent;
}

// monomial / base^exponent, where it has that power.  A choice counts as one factor: its inverse would not undo it.
static const Form *divided(Forms *f, const Form *monomial, const Form *base, int exponent) {
  if (monomial == base) return form_power(f, base, 1 - exponent);
  const Form **factor = arena_array(forms_arena(f), const Form *, (size_t)monomial->npart + 1);
  for (int k = 0; k < monomial->npart; k++)
    factor[k] = form_power(f, monomial->part[k], monomial->exponent[k] - (monomial->part[k] == base ? exponent : 0));
  factor[monomial->npart] = form_number(f, monomial->number); // what a choice had inside, an earlier division brings out
  return form_product(f, factor, monomial->npart + 1);
}

// Divides every term by what all of them share, and returns that (null: nothing).
static const Form *take_shared(Collection *c) {
  if (c->constant != 0 || c->count < 2) return NULL;
  Forms *f = c->f;
  const Form *first = c->list[0].form;
  int n = first->kind == FORM_PRODUCT ? first->npart : 1;
  const Form **shared = arena_array(forms_arena(f), const Form *, (size_t)n);
  int nshared = 0;
  for (int k = 0; k < n; k++) {
    const Form *base = first->kind == FORM_PRODUCT ? first->part[k] : first;
    int exponent = shared_exponent(c, base, first->kind == FORM_PRODUCT ? first->exponent[k] : 1);
    if (exponent == 0) continue;
    shared[nshared++] = form_power(f, base, exponent);
    for (size_t j = 0; j < c->count; j++) c->list[j].form = divided(f, c->list[j].form, base, exponent);
  }
  return nshared > 0 ? form_product(f, shared, nshared) : NULL;
}

// The number that all coefficients share: their magnitude where it is one, and a minus where all have one.
static double take_coefficient(Collection *c) {
  double magnitude = fabs(c->list[0].number);
  bool minus = c->constant <= 0;
  for (size_t k = 0; k < c->count; k++) {
    minus = minus && c->list[k].number < 0;
    if (fabs(c->list[k].number) != magnitude) magnitude = 1;
  }
  if (c->constant != 0 && fabs(c->constant) != magnitude) magnitude = 1;
  double shared = minus ? -magnitude : magnitude;
  for (size_t k = 0; k < c->count; k++) c->list[k].number /= shared;
  c->constant /= shared;
  return shared;
}

// (if c then x else 0) + (if not c then y else 0), perhaps both under other conditions: one choice.  Null: x and y are not so.
static const Form *chosen(Forms *f, const Collected *x, const Collected *y) {
  if (!is_masked(x->form) || !is_masked(y->form)) return NULL;
  const Form *one = x->form->part[0], *other = y->form->part[0];
  const Form *around = shared_conditions(f, one, other, true);
  one = shared_conditions(f, one, around, false);
  other = shared_conditions(f, other, around, false);
  if (!one || !other || (opposite(f, one) != other && opposite(f, other) != one)) return NULL;
  const Form *arg[] = {one, scaled(f, x->form->part[1], x->number), scaled(f, y->form->part[1], y->number)};
  if (is_call(one, PRIM_NOT) || is_call(one, PRIM_NE)) { // the plain condition first
    const Form *swapped[] = {other, arg[2], arg[1]};
    memcpy(arg, swapped, sizeof arg);
  }
  const Form *choice = form_call(f, PRIM_SELECT, arg);
  return around ? form_masked(f, around, choice) : choice;
}

// What two of them make together is collected like any other: it may have a coefficient, or be there already.
static void choose(Collection *c) {
  for (size_t k = 0; k < c->count; k++)
    for (size_t j = k + 1; j < c->count; j++) {
      const Form *choice = chosen(c->f, &c->list[k], &c->list[j]);
      if (!choice) continue;
      c->list[j] = c->list[--c->count];
      c->list[k] = c->list[--c->count];
      collect(c, choice, 1);
      j = k = 0; // in front of all pairs
    }
}

const Form *form_sum(Forms *f, const Form *const *term, int n) {
  Collection c = {.f = f};
  for (int k = 0; k < n; k++) collect(&c, term[k], 1);
  choose(&c);
  size_t kept = 0;
  for (size_t k = 0; k < c.count; k++)
    if (c.list[k].number != 0) c.list[kept++] = c.list[k];
  c.count = kept;
  if (c.count == 0) return form_number(f, c.constant);
  qsort(c.list, c.count, sizeof *c.list, by_appearance);
  if (c.count == 1 && c.constant == 0) return scaled(f, c.list[0].form, c.list[0].number);

  const Form *shared = take_shared(&c);
  if (shared) {
    const Form **rest = arena_array(forms_arena(f), const Form *, c.count);
    for (size_t k = 0; k < c.count; k++) rest[k] = scaled(f, c.list[k].form, c.list[k].number);
    return form_product(f, (const Form *[]){shared, form_sum(f, rest, (int)c.count)}, 2);
  }
  double number = take_coefficient(&c);
  const Form **part = arena_array(forms_arena(f), const Form *, c.count + 1);
  int count = 0;
  bool nested = false; // 2*(a + b) + 2*c has become 2*((a + b) + c)
  for (size_t k = 0; k < c.count; k++) {
    part[count] = scaled(f, c.list[k].form, c.list[k].number);
    nested = nested || part[count]->kind == FORM_SUM;
    count++;
  }
  if (c.constant != 0) part[count++] = form_number(f, c.constant);
  const Form *sum =
      nested ? form_sum(f, part, count) : form_intern(f, &(Form){.kind = FORM_SUM, .npart = count, .part = part});
  return scaled(f, sum, number);
}

// ---- products ----

typedef struct Gathering { // number * Π base^exponent, if guard
  Forms *f;
  double number;
  const Form *guard;
  Collected *list; // the exponent is the number
  size_t count, room;
} Gathering;

static void gather(Gathering *g, const Form *e, int exponent) {
  if (e->kind == FORM_NUMBER) {
    g->number *= exponent == 1 ? e->number : pow(e->number, exponent);
    return;
  }
  if (e->kind == FORM_PRODUCT) {
    g->number *= exponent == 1 ? e->number : pow(e->number, exponent);
    for (int k = 0; k < e->npart; k++) gather(g, e->part[k], e->exponent[k] * exponent);
    return;
  }
  if (is_masked(e) && exponent >= 1) {
    g->guard = form_both(g->f, g->guard, e->part[0]);
    gather(g, e->part[1], exponent);
    return;
  }
  if (is_call(e, PRIM_SQRT) && exponent % 2 == 0) {
    gather(g, e->part[0], exponent / 2);
    return;
  }
  for (size_t k = 0; k < g->count; k++) {
    if (g->list[k].form != e) continue;
    g->list[k].number += exponent;
    return;
  }
  ARENA_PUSH(forms_arena(g->f), g->list, g->count, g->room) = (Collected){e, exponent};
}

// 1 / cosh(x)^2 and sech(x)^2 are 1 - tanh(x)^2, and a square of a root that two factors made together is what stands under it.
static void tidy(Gathering *g) {
  size_t kept = 0, count = g->count;
  for (size_t k = 0; k < count; k++) {
    Collected factor = g->list[k];
    if (factor.number == 0) continue;
    bool inverse = is_call(factor.form, PRIM_COSH) && factor.number == -2;
    if (inverse || (is_call(factor.form, PRIM_SECH) && factor.number == 2)) {
      const Form *tanh_squared = form_power(g->f, form_call(g->f, PRIM_TANH, factor.form->part), 2);
      factor.form = form_sum(g->f, (const Form *[]){form_number(g->f, 1), scaled(g->f, tanh_squared, -1)}, 2);
      factor.number = 1;
    }
    g->list[kept++] = factor;
  }
  g->count = kept;
  for (size_t k = 0; k < g->count; k++) {
    Collected factor = g->list[k];
    int exponent = (int)factor.number;
    if (!is_call(factor.form, PRIM_SQRT) || exponent % 2 != 0) continue;
    g->list[k] = g->list[--g->count];
    gather(g, factor.form->part[0], exponent / 2);
    tidy(g);
    return;
  }
}

static const Form *product_of(Forms *f, double number, Collected *list, size_t count) {
  if (count == 0 || number == 0) return form_number(f, number);
  if (count == 1 && number == 1 && list[0].number == 1) return list[0].form;
  qsort(list, count, sizeof *list, by_appearance);
  const Form **part = arena_array(forms_arena(f), const Form *, count);
  int *exponent = arena_array(forms_arena(f), int, count);
  for (size_t k = 0; k < count; k++) {
    part[k] = list[k].form;
    exponent[k] = (int)list[k].number;
  }
  return form_intern(
      f, &(Form){.kind = FORM_PRODUCT, .number = number, .npart = (int)count, .part = part, .exponent = exponent});
}

// What is gathered, under its guard: number and dimensions stand before it, so that sums can share them; not an infinite
// number or NaN, which the guard may keep out.
static const Form *guarded(Gathering *g) {
  Forms *f = g->f;
  Collected *scale = arena_array(forms_arena(f), Collected, g->count + 1);
  Collected *rest = arena_array(forms_arena(f), Collected, g->count + 1);
  size_t nscale = 0, nrest = 0;
  for (size_t k = 0; k < g->count; k++) {
    if (form_is_scale(g->list[k].form))
      scale[nscale++] = g->list[k];
    else
      rest[nrest++] = g->list[k];
  }
  const bool finite = isfinite(g->number);
  const Form *value = given(f, g->guard, product_of(f, finite ? 1 : g->number, rest, nrest));
  if (is_number(value, 0)) return value;
  const Form *part[] = {g->guard, value, form_number(f, 0)};
  const Form *select = form_intern(f, &(Form){.kind = FORM_CALL, .op = PRIM_SELECT, .npart = 3, .part = part});
  scale[nscale++] = (Collected){select, 1};
  return product_of(f, finite ? g->number : 1, scale, nscale);
}

static const Form *guarded_product(Forms *f, const Form *guard, const Form *const *factor, int n) {
  Gathering g = {.f = f, .number = 1, .guard = guard};
  for (int k = 0; k < n; k++) gather(&g, factor[k], 1);
  tidy(&g);
  if (g.number == 0 || g.guard == form_literal(f, false)) return form_number(f, 0);
  return g.guard ? guarded(&g) : product_of(f, g.number, g.list, g.count);
}

const Form *form_product(Forms *f, const Form *const *factor, int n) {
  return guarded_product(f, NULL, factor, n);
}

const Form *form_power(Forms *f, const Form *base, int exponent) {
  if (exponent == 0) return form_number(f, 1);
  if (exponent == 1) return base;
  Gathering g = {.f = f, .number = 1};
  gather(&g, base, exponent);
  if (g.count == 1 && g.number == 1 && !g.guard && g.list[0].form == base && exponent != -2) {
    return form_intern(
        f, &(Form){.kind = FORM_PRODUCT, .number = 1, .npart = 1, .part = &base, .exponent = (const int[]){exponent}});
  }
  // Through the product's constructor, which orders and tidies.
  const Form **part = arena_array(forms_arena(f), const Form *, g.count + 2);
  int count = 0;
  for (size_t k = 0; k < g.count; k++) {
    int e = (int)g.list[k].number;
    if (e == 0) continue;
    part[count++] = form_intern(
        f,
        &(Form){.kind = FORM_PRODUCT, .number = 1, .npart = 1, .part = &g.list[k].form, .exponent = (const int[]){e}});
  }
  part[count++] = form_number(f, g.number);
  const Form *product = form_product(f, part, count);
  return g.guard ? form_masked(f, g.guard, product) : product;
}

// ---- calls ----

static const Form *select_form(Forms *f, const Form *const *arg) {
  const Form *condition = arg[0], *yes = arg[1], *no = arg[2];
  if (yes == no || condition == form_literal(f, true)) return yes;
  if (condition == form_literal(f, false)) return no;
  if (is_number(yes, 0)) {
    return form_masked(f, form_call(f, PRIM_NOT, &condition), no);
  }
  if (is_number(no, 0)) return form_masked(f, condition, yes);
  yes = given(f, condition, yes);
  if (opposite(f, condition)) no = given(f, opposite(f, condition), no);
  if (is_number(yes, 0) || is_number(no, 0) || yes == no) return select_form(f, (const Form *[]){condition, yes, no});
  const Form *part[] = {condition, yes, no};
  return form_intern(f, &(Form){.kind = FORM_CALL, .op = PRIM_SELECT, .npart = 3, .part = part});
}

static bool whole_number(const Form *e, int *value) {
  if (e->kind != FORM_NUMBER || e->number != floor(e->number) || fabs(e->number) > EXPONENT_MAX) return false;
  *value = (int)e->number;
  return true;
}

static bool compared(Prim op, double x, double y) {
  switch (op) {
  case PRIM_EQ: return x == y;
  case PRIM_NE: return x != y;
  case PRIM_LT: return x < y;
  case PRIM_LE: return x <= y;
  case PRIM_GT: return x > y;
  default: return x >= y;
  }
}

// A comparison that always holds, or never does; null: not plainly.
static const Form *decided(Forms *f, Prim op, const Form *const *arg) {
  const int contrary = opposite_op(op);
  if (contrary < 0) return NULL;
  if (op == PRIM_GT && is_number(arg[1], -INFINITY)) return form_literal(f, true); // formulas are of finite values
  if (arg[0]->kind == FORM_NUMBER && arg[1]->kind == FORM_NUMBER)
    return form_literal(f, compared(op, arg[0]->number, arg[1]->number));
  if (form_implies(f, NULL, op, arg)) return form_literal(f, true);
  return form_implies(f, NULL, (Prim)contrary, arg) ? form_literal(f, false) : NULL;
}

// a < b + 1 is a <= b.  A side that is 1 alone stays.
static Prim without_one(Prim op, const Form **const *side, int *count) {
  static const struct {
    Prim op, other;
    int side;
  } rows[] = {{PRIM_LT, PRIM_LE, 1}, {PRIM_GE, PRIM_GT, 1}, {PRIM_GT, PRIM_GE, 0}, {PRIM_LE, PRIM_LT, 0}};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    const int s = rows[r].side;
    for (int k = 0; k < count[s] && count[s] > 1 && rows[r].op == op; k++) {
      if (!is_number(side[s][k], 1)) continue;
      side[s][k] = side[s][--count[s]];
      return rows[r].other;
    }
  }
  return op;
}

// The same order of integers without differences: i >= 1 of i - 1 >= 0.  Null: it is so already.
static const Form *without_differences(Forms *f, Prim op, const Form *const *arg) {
  if (opposite_op(op) < 0 || op == PRIM_EQ || op == PRIM_NE) return NULL;
  if (!form_is_whole(f, arg[0]) || !form_is_whole(f, arg[1])) return NULL;
  const Form *difference = call2(f, PRIM_SUB, arg[0], arg[1]);
  if (difference->kind != FORM_SUM) return NULL;
  const size_t n = (size_t)difference->npart;
  const Form **side[] = {arena_array(forms_arena(f), const Form *, n), arena_array(forms_arena(f), const Form *, n)};
  int count[] = {0, 0};
  for (size_t k = 0; k < n; k++) {
    const Form *term = difference->part[k];
    const bool minus = (term->kind == FORM_NUMBER || term->kind == FORM_PRODUCT) && term->number < 0;
    side[minus][count[minus]++] = minus ? scaled(f, term, -1) : term;
  }
  const Prim order = without_one(op, side, count);
  const Form *part[] = {form_sum(f, side[0], count[0]), form_sum(f, side[1], count[1])};
  return order == op && part[0] == arg[0] && part[1] == arg[1] ? NULL : form_call(f, order, part);
}

const Form *form_call(Forms *f, Prim op, const Form *const *arg) {
  int exponent;
  const Form *other = decided(f, op, arg);
  if (!other) other = without_differences(f, op, arg);
  if (other) return other;
  switch (op) {
  case PRIM_ADD: return form_sum(f, arg, 2);
  case PRIM_SUB: return form_sum(f, (const Form *[]){arg[0], scaled(f, arg[1], -1)}, 2);
  case PRIM_MUL: return form_product(f, arg, 2);
  case PRIM_DIV: return form_product(f, (const Form *[]){arg[0], form_power(f, arg[1], -1)}, 2);
  case PRIM_NEG: return scaled(f, arg[0], -1);
  case PRIM_REAL: return arg[0];
  case PRIM_POW:
  case PRIM_POWI:
    if (whole_number(arg[1], &exponent)) return form_power(f, arg[0], exponent);
    break;
  case PRIM_SELECT: return select_form(f, arg);
  case PRIM_SIGMOID:
    if (form_is_negative(f, arg[0])) {
      const Form *opposite_arg = scaled(f, arg[0], -1);
      const Form *value = form_call(f, PRIM_SIGMOID, &opposite_arg);
      return form_sum(f, (const Form *[]){form_number(f, 1), scaled(f, value, -1)}, 2);
    }
    break;
  case PRIM_NOT:
    if (opposite(f, arg[0])) return opposite(f, arg[0]);
    break;
  case PRIM_AND: return form_both(f, arg[0], arg[1]);
  case PRIM_OR:
    for (int k = 0; k < 2; k++) {
      if (arg[k] == form_literal(f, true)) return arg[k];
      if (arg[k] == form_literal(f, false)) return arg[1 - k];
    }
    break;
  case PRIM_NE:
  case PRIM_EQ:
    if (arg[0]->kind == FORM_NUMBER && arg[1]->kind == FORM_INDEX) return call2(f, op, arg[1], arg[0]);
    break;
  default: break;
  }
  return form_folded(f, form_intern(f, &(Form){.kind = FORM_CALL, .op = op, .npart = prim_arity(op), .part = arg}));
}
