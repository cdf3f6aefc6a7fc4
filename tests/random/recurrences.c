// recurrences.c - random algorithms that go on from what they had: series, filters, tables filled from their neighbours.
#include "algorithms.h"

// A number for each entry of this shape, or one for all.
static const char *of_shape(Generator *g, int rank, const int *extent, double bound) {
  gen_fuel(g, 1 + gen_below(g, 3));
  const Term t = gen_chance(g, 50) ? gen_array(g, rank, extent, 2) : gen_scalar(g, 2);
  return gen_within(g, t, bound);
}

// The same where it must have this shape.
static const char *start_of_shape(Generator *g, int rank, const int *extent) {
  const char *value = of_shape(g, rank, extent, START);
  return rank > 0 ? format("zeros%s + %s", gen_shape_text(g, rank, extent), value) : value;
}

// Numbers that stay in registers, or one for each sample or entry.
static int state_shape(Generator *g, int *extent) {
  const int rank = gen_chance(g, 50) ? 0 : 1 + gen_below(g, 2);
  for (int k = 0; k < rank; k++) extent[k] = k > 0 ? algorithm_axis(g) : gen_any_extent(g);
  return rank;
}

// ---- series ----

// Powers of a state, by a loop over the steps on one side of that in hand.
static void put_inner_powers(Generator *g, const char *indent, const Steps *s, const char *p, int rank, const int *extent) {
  const char *k = gen_fresh(g, "k"), *q = gen_fresh(g, "q");
  const Part part = (Part)(1 + gen_below(g, PARTS - 1));
  const char *range = algorithm_part(g, k, s, s->extent, part);
  text_printf(g->text, "%sscan %s with %s = %s {\n", indent, range, q, p);
  g->loop[g->nloop++] = (Loop){k, s->extent, false, false};
  text_printf(g->text, "%s  %s = %s * %s\n", indent, q, q, of_shape(g, rank, extent, 0.9));
  if (gen_chance(g, 50)) text_printf(g->text, "%s  %s = 0.9 * %s + 0.1 * %s\n", indent, p, p, q);
  g->nloop--;
  text_printf(g->text, "%s}\n", indent);
}

// Three terms of a recurrence, and a series of them.
void algorithm_recur(Generator *g, const char *indent) {
  const char *p = gen_fresh(g, "p"), *r = gen_fresh(g, "r"), *sum = gen_fresh(g, "s"), *o = gen_fresh(g, "v"), *inner = format("%s  ", indent);
  int extent[RANK_MAX];
  const int rank = state_shape(g, extent);
  Steps s = algorithm_steps(g, -1);
  const char *starts[3];
  for (int k = 0; k < 3; k++) starts[k] = start_of_shape(g, rank, extent);
  algorithm_open(g, indent, &s, format("%s = %s, %s = %s, %s = %s", p, starts[0], r, starts[1], sum, starts[2]));
  if (gen_chance(g, 30)) put_inner_powers(g, inner, &s, r, rank, extent);
  const char *factor = of_shape(g, rank, extent, 0.5);
  text_printf(g->text, "%s%s = %s * %s - 0.4 * %s\n", inner, o, factor, r, p);
  text_printf(g->text, "%s%s = %s\n%s%s = %s\n", inner, p, r, inner, r, o);
  const bool series = gen_chance(g, 50);
  const char *by = of_shape(g, rank, extent, series ? GROWTH / LIMIT / g->steps : 1), *more = series ? r : of_shape(g, rank, extent, LIMIT / 2);
  text_printf(g->text, series ? "%s%s = %s + %s * %s\n" : "%s%s = 0.5 * %s * %s + %s\n", inner, sum, sum, by, more);
  gen_add_bounded(g, r, rank, extent, LIMIT);
  algorithm_close(g, indent, &s);
  if (gen_chance(g, 30)) gen_add_bounded(g, p, rank, extent, LIMIT);
  gen_add_bounded(g, sum, rank, extent, LIMIT);
}

// ---- filters ----

// Where entry 0, or the last, is new, and all others move by one.
static void put_shift(Generator *g, const char *indent, const char *w, const char *row, const char *all, const char *e, const char *value) {
  const char *i = gen_fresh(g, "i");
  if (gen_chance(g, 50)) {
    text_printf(g->text, "%s%s[%s%s in 1..%s] = %s[%s%s - 1]\n", indent, w, all, i, e, w, row, i);
    text_printf(g->text, "%s%s[%s0] = %s\n", indent, w, all, value);
  } else {
    text_printf(g->text, "%s%s[%s%s in 0..%s - 1] = %s[%s%s + 1]\n", indent, w, all, i, e, w, row, i);
    text_printf(g->text, "%s%s[%s%s - 1] = %s\n", indent, w, all, e, value);
  }
}

// A window of what came last: of each sample, or of one.
void algorithm_shift(Generator *g, const char *indent) {
  const char *w = gen_fresh(g, "w"), *inner = format("%s  ", indent), *row = "", *all = "";
  const int rank = 1 + gen_below(g, 2), n = algorithm_axis(g);
  int extent[RANK_MAX] = {n};
  if (rank > 1) {
    extent[0] = gen_any_extent(g);
    extent[1] = n;
  }
  Steps s = algorithm_steps(g, -1);
  const char *start = start_of_shape(g, rank, extent), *e = gen_extent_text(g, n);
  algorithm_open(g, indent, &s, format("%s = %s", w, start));
  const int before = g->nloop;
  if (rank > 1) {
    const char *i = algorithm_index(g, extent[0]);
    row = format("%s, ", i);
    all = format("%s in 0..%s, ", i, gen_extent_text(g, extent[0]));
  }
  const char *value = algorithm_number(g, LIMIT / 2), *at = algorithm_at(g, &s, n);
  if (gen_chance(g, 60))
    put_shift(g, inner, w, row, all, e, value);
  else // in a ring
    text_printf(g->text, "%s%s[%s%s] = 0.5 * %s[%s(%s + 1) %% %s] + %s\n", inner, w, all, at, w, row, s.index, e, value);
  g->nloop = before;
  gen_add_bounded(g, w, rank, extent, LIMIT);
  algorithm_close(g, indent, &s);
  gen_add_bounded(g, w, rank, extent, LIMIT);
}

// ---- tables ----

// The best of neighbours, or a mean of them: within what they are, nearly.
static const char *joined(Generator *g, const char *x, const char *y, const char *z) {
  switch (gen_below(g, 5)) {
  case 0: return format("max(%s, max(%s, %s))", x, y, z);
  case 1: return format("min(%s, min(%s, %s))", x, y, z);
  case 2: return format("(0.5 * %s + 0.3 * %s - 0.2 * %s)", x, y, z);
  case 3: return format("(if %s > %s then %s else %s)", x, y, y, z);
  default: return format("(0.4 * max(%s, %s) + 0.6 * %s)", x, y, z);
  }
}

// By rows, each entry from those beside it that are there already.
void algorithm_tabulate(Generator *g, const char *indent) {
  const char *D = gen_fresh(g, "D"), *inner = format("%s  ", indent), *i = gen_fresh(g, "i"), *j = gen_fresh(g, "j");
  const int first = algorithm_axis(g), second = algorithm_axis(g), extent[] = {first, second}, before = g->nloop;
  const char *rows = gen_extent_text(g, extent[0]), *columns = gen_extent_text(g, extent[1]);
  const bool up = gen_chance(g, 30), left = gen_chance(g, 30), triangle = extent[0] == extent[1] && !left && gen_chance(g, 50);
  gen_fuel(g, 3);
  const char *start = gen_within(g, gen_array(g, 2, extent, 2), START);
  const char *above = format(up ? "%s + 1" : "%s - 1", i), *beside = format(left ? "%s + 1" : "%s - 1", j);
  text_printf(g->text, up ? "%sscan %s in reverse 0..%s - 1 with %s = %s {\n" : "%sscan %s in 1..%s with %s = %s {\n", indent, i, rows, D, start);
  text_printf(g->text, left ? "%sscan %s in reverse 0..%s - 1 {\n" : "%sscan %s in 1..%s {\n", inner, j, triangle ? format("%s + 1", i) : columns);
  g->loop[g->nloop++] = (Loop){i, extent[0], false, false};
  g->loop[g->nloop++] = (Loop){j, extent[1], false, false};
  const char *cost = algorithm_number(g, 1);
  const char *near = joined(g, format("%s[%s, %s]", D, above, j), format("%s[%s, %s]", D, i, beside), format("%s[%s, %s]", D, above, beside));
  text_printf(g->text, "%s  %s[%s, %s] = %s + %.3g * %s\n%s}\n%s}\n", inner, D, i, j, near, GROWTH / 2 / g->steps, cost, inner, indent);
  g->nloop = before;
  gen_add_bounded(g, D, 2, extent, LIMIT);
}

// By length: each interval from the two parts of it.  Entry (i, s) is that of s + 1 places from i on, or (i, i + s) is.
void algorithm_intervals(Generator *g, const char *indent) {
  static const char *const kinds[] = {"max", "min", "sum"};
  const char *D = gen_fresh(g, "D"), *s = gen_fresh(g, "t"), *i = gen_fresh(g, "i"), *k = gen_fresh(g, "k"), *inner = format("%s  ", indent);
  const int n = algorithm_axis(g), extent[] = {n, n}, before = g->nloop, kind = gen_below(g, 3);
  const char *e = gen_extent_text(g, n), *mean = kind == 2 ? format(" / %s", s) : "";
  gen_fuel(g, 3);
  const char *start = gen_within(g, gen_array(g, 2, extent, 2), START);
  text_printf(g->text, "%sscan %s in 1..%s with %s = %s {\n", indent, s, e, D, start);
  g->loop[g->nloop++] = (Loop){s, n, false, false};
  g->loop[g->nloop++] = (Loop){i, n, false, false};
  const char *cost = format("%.3g * %s", GROWTH / 2 / g->steps, algorithm_number(g, 1));
  if (gen_chance(g, 50)) {
    const char *parts = format("0.5 * %s[%s, %s] + 0.4 * %s[%s + %s + 1, %s - %s - 1]", D, i, k, D, i, k, s, k);
    text_printf(g->text, "%s%s[%s in 0..%s, %s] = if %s + %s < %s then ", inner, D, i, e, s, i, s, e);
    text_printf(g->text, "%s + %s[%s in 0..%s](%s)%s else 0.1\n", cost, kinds[kind], k, s, parts, mean);
  } else {
    text_printf(g->text, "%sscan %s in 0..%s - %s {\n%s  %s[%s, %s + %s] = ", inner, i, e, s, inner, D, i, i, s);
    const char *parts = format("0.5 * %s[%s, %s] + 0.4 * %s[%s + 1, %s + %s]", D, i, k, D, k, i, s);
    text_printf(g->text, "%s + %s[%s in %s..%s + %s](%s)%s\n%s}\n", cost, kinds[kind], k, i, i, s, parts, mean, inner);
  }
  text_printf(g->text, "%s}\n", indent);
  g->nloop = before;
  gen_add_bounded(g, D, 2, extent, LIMIT);
}
