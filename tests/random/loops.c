// loops.c - random scans and iterations, nested as deep as LOOPS_DEEP: what they carry stays within LIMIT.
#include <string.h>

#include "generator.h"

enum { LOOPS_DEEP = 3, CARRIED_MAX = 3 };

typedef struct Body {
  const char *indent;
  int carried[CARRIED_MAX * LOOPS_DEEP]; // values that it may assign to: its loop's, and those of the loops around
  int ncarried, own, deep;               // own: the first of its loop's
} Body;

// The shape of what is carried: mostly small.
static int carried_shape(Generator *g, int *extent) {
  int way = gen_below(g, 10), rank = way < 4 ? 0 : way < 8 ? 1 : 2;
  for (int k = 0; k < rank; k++) extent[k] = gen_plain_extent(g);
  for (int k = 1; k < rank; k++)
    while (g->extent[extent[k]].batch) extent[k] = gen_plain_extent(g);
  return rank;
}

// A value near the old one: errors must not grow from step to step.
static const char *damped(Generator *g, const Value *v, Term t) {
  if (gen_chance(g, g->small ? 50 : 20)) return gen_within(g, t, g->small ? 1.5 : 1);
  const char *part = gen_within(g, t, LIMIT / 2);
  return format(gen_chance(g, 50) ? "(0.5 * %s + %s)" : "(%s / 2 + 0.7 * %s)", v->name, part);
}

// ---- statements of a body ----

static void define_local(Generator *g, const Body *b) {
  int extent[RANK_MAX], rank = carried_shape(g, extent);
  const char *name = gen_fresh(g, "v");
  gen_fuel(g, 4);
  if (b->own < b->ncarried && gen_chance(g, 20)) { // by what the loop itself carries
    const Value x = g->value[b->carried[b->own + gen_below(g, b->ncarried - b->own)]];
    text_printf(g->text, "%s%s = %s\n", b->indent, name, gen_slope(g, &x, 2));
    gen_add_value(g, name, x.rank, x.extent, -1);
    return;
  }
  const Term t = gen_array(g, rank, extent, 2);
  text_printf(g->text, "%s%s = %s\n", b->indent, name, t.s);
  gen_add_bounded(g, name, rank, extent, t.bound);
}

// A product with a matrix and nothing else, as in a linear recurrence.
static const char *multiplied(Generator *g, const Value *v) {
  const bool left = gen_chance(g, 50);
  const int axis = left ? 0 : v->rank - 1, extent[] = {v->extent[axis], v->extent[axis]};
  const char *matrix = gen_within(g, gen_array(g, 2, extent, 2), 0.95 / (g->small ? g->terms : 6));
  return left ? format("%s @ %s", matrix, v->name) : format("%s @ %s", v->name, matrix);
}

// All of what is carried, anew.
static void replace(Generator *g, const Body *b, const Value *v) {
  gen_fuel(g, 5);
  if (v->rank > 0 && !g->extent[v->extent[0]].batch && gen_chance(g, 15)) {
    text_printf(g->text, "%s%s = %s\n", b->indent, v->name, multiplied(g, v));
    return;
  }
  Term t = gen_array(g, v->rank, v->extent, 3);
  text_printf(g->text, "%s%s = %s\n", b->indent, v->name, damped(g, v, t));
}

// A range of the axis that the innermost loop runs over.
static const char *part_of_axis(Generator *g, int around) {
  const Loop *l = &g->loop[g->nloop - 1];
  const char *e = gen_extent_text(g, l->extent);
  for (int k = around - 1; k >= 0; k--) {
    if (g->loop[k].extent != l->extent || gen_chance(g, 40)) continue;
    if (gen_chance(g, 30)) return format("%s in 0..%s", l->name, g->loop[k].name);
    return gen_chance(g, 50) ? format("%s in %s..%s", l->name, g->loop[k].name, e)
                             : format("%s in %s + 1..%s", l->name, g->loop[k].name, e);
  }
  return gen_chance(g, 20) ? format("%s in 1..%s", l->name, e) : format("%s in 0..%s", l->name, e);
}

// Some entries in place: an axis is fixed by a subscript, or run through in part.
static void update(Generator *g, const Body *b, const Value *v) {
  int before = g->nloop, axes = v->rank > 1 && gen_chance(g, 30) ? v->rank - 1 : v->rank;
  const bool slice = axes > 0 && gen_chance(g, 20);
  const char *at[RANK_MAX] = {NULL}, *subscripts = "", *part = "";
  axes -= slice ? 1 : 0;
  for (int k = 0; k < axes; k++) // these see the loops around alone
    if (gen_chance(g, 50)) at[k] = gen_subscript(g, v->extent[k], 1);
  for (int k = 0; k < axes; k++) {
    if (!at[k]) {
      gen_push_loop(g, v->extent[k]);
      at[k] = part_of_axis(g, before);
    }
    subscripts = format("%s%s%s", subscripts, k ? ", " : "", at[k]);
  }
  if (slice) {
    const char *e = gen_extent_text(g, v->extent[axes]);
    const bool most = !g->extent[v->extent[axes]].argument && gen_chance(g, 50);
    part = most ? format("[0..%s - 1]", e) : "";
    subscripts = format("%s%s%s..%s", subscripts, axes ? ", " : "", most ? "1" : "0", e);
  }
  gen_fuel(g, 5);
  Term t = gen_array(g, v->rank - axes, v->extent + axes, 3);
  text_printf(g->text, "%s%s[%s] = (%s)%s\n", b->indent, v->name, subscripts, gen_within(g, t, LIMIT / 2), part);
  g->nloop = before;
}

static void loop(Generator *g, const Body *around);

static void body(Generator *g, const Body *b) {
  int values = g->nvalue;
  const int rarely = g->small ? 3 : 1;
  for (int k = gen_below(g, 2 * rarely) / rarely; k > 0; k--) define_local(g, b);
  if (b->deep < LOOPS_DEEP && gen_chance(g, 30 / rarely)) loop(g, b);
  if (g->steps > 0 && b->deep == 1 && gen_chance(g, 15)) gen_algorithm(g, b->indent);
  for (int k = 0; k < b->ncarried; k++) {
    const Value *v = &g->value[b->carried[k]];
    if (gen_chance(g, 15 / rarely)) define_local(g, b);
    if (v->rank > 0 && gen_chance(g, 60)) {
      update(g, b, v);
      if (gen_chance(g, 30)) update(g, b, v);
    } else {
      replace(g, b, v);
    }
  }
  if (b->deep < LOOPS_DEEP && gen_chance(g, 10 / rarely)) loop(g, b);
  g->nvalue = values;
}

// ---- loops ----

typedef struct Start {
  const char *name;
  int rank, extent[RANK_MAX];
} Start;

// The starts do not see each other; `with` or nothing, and what is carried is among the values from here on.
static void carry(Generator *g, Body *b, const char *with, int least) {
  Start start[CARRIED_MAX];
  int count = g->small ? 1 : least + gen_below(g, CARRIED_MAX - least);
  const char *s = "";
  for (int k = 0; k < count; k++) {
    start[k].rank = carried_shape(g, start[k].extent);
    start[k].name = gen_fresh(g, "c");
    gen_fuel(g, 3);
    const char *value = gen_within(g, gen_array(g, start[k].rank, start[k].extent, 2), LIMIT);
    s = format("%s%s%s = %s", s, *s ? ", " : with, start[k].name, value);
  }
  text_put(g->text, s);
  for (int k = 0; k < count && g->nvalue < VALUES_MAX; k++) {
    b->carried[b->ncarried++] = g->nvalue;
    gen_add_bounded(g, start[k].name, start[k].rank, start[k].extent, LIMIT);
  }
}

void gen_yields(Generator *g, const char *indent, int steps) {
  for (int k = gen_below(g, 3); k > 0; k--) {
    int extent[RANK_MAX] = {steps}, rank = gen_below(g, RANK_MAX);
    for (int r = 1; r <= rank; r++) {
      do extent[r] = gen_plain_extent(g);
      while (g->extent[extent[r]].batch);
    }
    const char *name = gen_fresh(g, "u");
    gen_fuel(g, 3);
    text_printf(g->text, "%syield %s = %s\n", indent, name, gen_array(g, rank, extent + 1, 2).s);
    if (g->nyield < YIELDS_MAX) g->yield[g->nyield++] = (Value){.name = name, .rank = rank + 1, .extent = {extent[0], extent[1], extent[2]}, .under = -1};
  }
}

void gen_end_scan(Generator *g, const char *indent, int yielded) {
  text_printf(g->text, "%s}\n", indent);
  for (int k = yielded; k < g->nyield; k++)
    gen_add_value(g, g->yield[k].name, g->yield[k].rank, g->yield[k].extent, -1);
  g->nyield = yielded;
}

static Body inside(Generator *g, const Body *around) {
  Body b = {.indent = format("%s  ", around->indent), .deep = around->deep + 1};
  if (around->ncarried > 0 && gen_chance(g, 40)) b.carried[b.ncarried++] = around->carried[0];
  b.own = b.ncarried;
  return b;
}

static void scan(Generator *g, const Body *around) {
  int steps, yielded = g->nyield;
  do steps = gen_plain_extent(g);
  while (g->extent[steps].batch);
  Body b = inside(g, around);
  const char *t = gen_fresh(g, "t"), *e = gen_extent_text(g, steps);
  const char *from = gen_chance(g, 85) ? "0" : "1", *to = e;
  for (int k = 0; k < g->nloop; k++) { // from or to the index of a loop around: both could be a range with no step ever
    if (g->loop[k].extent != steps || !gen_chance(g, 60)) continue;
    const bool ends = gen_chance(g, 50);
    const char *i = gen_chance(g, 50) ? g->loop[k].name : format("%s + 1", g->loop[k].name);
    if (ends && *from < 'a')
      to = i;
    else if (!ends && to == e)
      from = i;
  }
  // As long as the axis; a loop up to the index of another is, for some index, where that one runs over all of its own.
  const bool all = *from == '0' && (to == e || (strchr(to, '+') && g->nloop == 1));
  text_printf(g->text, "%sscan %s in %s%s..%s", around->indent, t, gen_chance(g, 30) ? "reverse " : "", from, to);
  carry(g, &b, " with ", b.ncarried > 0 ? 0 : 1);
  text_put(g->text, " {\n");
  g->loop[g->nloop++] = (Loop){t, steps, false, false};
  body(g, &b);
  if (all) gen_yields(g, b.indent, steps);
  g->nloop--;
  gen_end_scan(g, around->indent, yielded);
}

// While a carried number, or what is made of all that is carried, is on one side of a number.
static const char *goes_on(Generator *g, const Body *b) {
  const Value *v = &g->value[b->carried[gen_below(g, b->ncarried)]];
  const char *x = v->rank > 0 ? format("mean(%s)", v->name) : v->name;
  if (gen_chance(g, 50)) return format("abs(%s - 0.1) > 0.0%s3", x, gen_constant(g) + 2);
  return format("%s < %s3", x, gen_constant(g));
}

static void iterate(Generator *g, const Body *around) {
  Body b = inside(g, around);
  text_printf(g->text, "%siterate", around->indent);
  carry(g, &b, " ", 1);
  const char *bound = gen_chance(g, 30) ? gen_extent_text(g, gen_plain_extent(g)) : format("%d", 1 + gen_below(g, 6));
  text_printf(g->text, " while %s at most %s {\n", goes_on(g, &b), bound);
  body(g, &b);
  text_printf(g->text, "%s}\n", around->indent);
}

static void loop(Generator *g, const Body *around) {
  if (g->nloop + 3 > INDICES_MAX || g->nloop > 4) return;
  if (gen_chance(g, 25))
    iterate(g, around);
  else
    scan(g, around);
}

void gen_loop(Generator *g, const char *indent) {
  const Body outside = {.indent = indent};
  loop(g, &outside);
}
