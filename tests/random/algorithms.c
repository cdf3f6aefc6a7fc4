// algorithms.c - see algorithms.h.  Sizes of matrices and numbers of steps are independent: neither is a multiple of a block, or the other.
#include "algorithms.h"

#include <string.h>

// ---- steps ----

int algorithm_axis(Generator *g) {
  const bool open = gen_chance(g, 65); // lengths that are fixed and small are unrolled, and never taken in blocks
  int e;
  do e = gen_any_extent(g);
  while (g->extent[e].batch || g->extent[e].argument || (open && !g->extent[e].open));
  return e;
}

// Is it at least as long, whatever the sizes are?
static bool is_as_long(const Generator *g, int extent, int as) {
  const Extent *e = &g->extent[extent], *other = &g->extent[as];
  return extent == as || (e->kind == EXTENT_CONCAT && e->from == as) || (other->kind == EXTENT_SLICE && other->from == extent);
}

Steps algorithm_steps(Generator *g, int within) {
  Steps s = {.index = gen_fresh(g, "t"), .reverse = gen_chance(g, 50), .extent = within, .yielded = g->nyield};
  if (within < 0 || gen_chance(g, 35)) s.extent = algorithm_axis(g);
  const char *e = gen_extent_text(g, s.extent);
  const bool fits = within < 0 || is_as_long(g, within, s.extent);
  const int way = gen_below(g, 10);
  if (!fits) {
    s.range = format("0..min(%s, %s)", e, gen_extent_text(g, within));
  } else if (way < 1) {
    s.range = format("1..%s", e);
  } else if (way < 4) {
    s.range = format("0..%s - 1", e);
  } else if (way < 6) {
    s.range = format("0..(%s + 1) // 2", e);
  } else {
    s.range = format("0..%s", e);
    s.all = true;
  }
  return s;
}

void algorithm_open(Generator *g, const char *indent, Steps *s, const char *carried) {
  text_printf(g->text, "%sscan %s in %s%s%s%s {\n", indent, s->index, s->reverse ? "reverse " : "", s->range, *carried ? " with " : "", carried);
  g->loop[g->nloop++] = (Loop){s->index, s->extent, false, false};
}

void algorithm_close(Generator *g, const char *indent, const Steps *s) {
  if (s->all && gen_chance(g, 50)) gen_yields(g, format("%s  ", indent), s->extent);
  g->nloop--;
  gen_end_scan(g, indent, s->yielded);
}

// ---- subscripts ----

const char *algorithm_at(Generator *g, const Steps *s, int extent) {
  const Extent *e = &g->extent[extent], *steps = &g->extent[s->extent];
  const bool longer = e->kind == EXTENT_CONCAT && e->from == s->extent, by_one = steps->kind == EXTENT_SLICE && steps->from == extent;
  const int way = gen_below(g, 10);
  if (longer && way < 3) return format("%s + %s", s->index, gen_extent_text(g, e->with));
  if (by_one && way < 3) return format("%s + 1", s->index);
  if (is_as_long(g, extent, s->extent)) return way < 9 ? s->index : format("%s - 1 - %s", e->text, s->index);
  if (way < 5 || e->kind == EXTENT_SLICE) return format("min(%s, %s - 1)", s->index, e->text); // `%` of what may be 0 has no range
  return way < 8 ? format("%s %% %s", s->index, e->text) : format("%s - 1 - %s %% %s", e->text, s->index, e->text);
}

const char *algorithm_part(Generator *g, const char *index, const Steps *s, int extent, Part part) {
  const char *e = gen_extent_text(g, extent), *t = s->index;
  const bool fits = is_as_long(g, extent, s->extent);
  switch (part) {
  case PART_BEHIND: return format("%s in %s + 1..%s", index, t, e);
  case PART_FROM: return format("%s in %s..%s", index, t, e);
  case PART_BEFORE: return format(fits ? "%s in 0..%s" : "%s in 0..min(%s, %s)", index, t, e);
  case PART_UP_TO: return format(fits ? "%s in 0..%s + 1" : "%s in 0..min(%s + 1, %s)", index, t, e);
  default: return format("%s in 0..%s", index, e);
  }
}

const char *algorithm_index(Generator *g, int extent) {
  return g->loop[gen_push_loop(g, extent)].name;
}

// Has it an axis that a loop runs over?
static bool has_axis_of_a_loop(const Generator *g, const Value *v) {
  for (int k = 0; k < v->rank; k++)
    for (int l = 0; l < g->nloop; l++)
      if (g->loop[l].extent == v->extent[k]) return true;
  return false;
}

// An entry of an array that differs from one iteration to the next, if there is any.
static Term read_entry(Generator *g, bool parameter) {
  const Value *v = NULL;
  for (int tries = 0; tries < 20; tries++) {
    const Value *other = &g->value[gen_below(g, g->nvalue)];
    if (other->under >= 0 || (parameter && !other->parameter)) continue;
    v = other;
    if (has_axis_of_a_loop(g, v)) break;
  }
  return v ? (Term){gen_read_value(g, v, 0), v->bound} : gen_scalar(g, 1);
}

const char *algorithm_number(Generator *g, double bound) {
  const int way = gen_below(g, 10);
  if (way < 2) return gen_within(g, read_entry(g, false), bound);
  if (way < 7) { // which the loss depends on, and is no sum of what there is alone
    const Term x = read_entry(g, true), y = read_entry(g, false);
    return gen_within(g, (Term){format("(%s * %s)", x.s, y.s), x.bound * y.bound}, bound);
  }
  const int depth = gen_chance(g, 60) ? 1 : 2;
  gen_fuel(g, 1 + gen_below(g, 3));
  return gen_within(g, gen_scalar(g, depth), bound);
}

// ---- one of them ----

static Algorithm *random_algorithm(Generator *g) {
  static Algorithm *const algorithms[] = {algorithm_eliminate,  algorithm_eliminate,  algorithm_factor,         algorithm_factor,
                                          algorithm_factor,     algorithm_factor,     algorithm_factor_by_rows, algorithm_substitute,
                                          algorithm_substitute, algorithm_recur,      algorithm_recur,          algorithm_shift,
                                          algorithm_tabulate,   algorithm_intervals,  algorithm_nearest,        algorithm_cluster,
                                          algorithm_running_best};
  return algorithms[gen_below(g, sizeof algorithms / sizeof *algorithms)];
}

// A number made of the last value.
static const char *of_last(Generator *g) {
  const Value *v = &g->value[g->nvalue - 1];
  const bool real = v->under < 0;
  if (v->rank > 0 && real && gen_chance(g, 50)) return format("mean(%s)", v->name);
  const char *entry = gen_read_value(g, v, 0);
  return real ? entry : format("0.1 * %s", entry);
}

// As a function of one number, or of a row, which is called for each of many: its loops then stand within that over these.
static void in_function(Generator *g, const char *indent) {
  Function f = {.name = gen_fresh(g, "f"), .narg = 1, .rank = gen_chance(g, 30) ? 1 : 0, .nresult = 1};
  const char *a = gen_fresh(g, "a"), *v = gen_fresh(g, "v");
  const int values = g->nvalue, extents = g->nextent;
  const int axis = f.rank > 0 ? gen_add_extent(g, (Extent){.text = gen_fresh(g, "p"), .argument = true}) : 0;
  text_printf(g->text, "%sdef %s(%s%s) {\n", indent, f.name, a, gen_shape_text(g, f.rank, &axis));
  for (int k = 0; k <= values / 2; k++) gen_add_value(g, a, f.rank, &axis, -1); // what is read at random is often the argument
  random_algorithm(g)(g, format("%s  ", indent));
  text_printf(g->text, "%s  return %s\n%s}\n", indent, of_last(g), indent);
  g->nvalue = values;
  g->nextent = extents;
  if (g->nfunction < FUNCTIONS_MAX) g->function[g->nfunction++] = f;
  int extent[RANK_MAX] = {gen_any_extent(g)};
  extent[1] = algorithm_axis(g);
  const int rank = 1 + gen_below(g, 2) * f.rank;
  gen_fuel(g, 3);
  text_printf(g->text, "%s%s = %s\n", indent, v, gen_call(g, &f, rank, extent, 2));
  gen_add_value(g, v, rank - f.rank, extent, -1);
}

void gen_algorithm(Generator *g, const char *indent) {
  if (g->nloop + 4 > INDICES_MAX || g->nloop > 3 || g->nvalue + 4 > VALUES_MAX) return;
  if (!*indent && gen_chance(g, 25))
    in_function(g, indent);
  else
    random_algorithm(g)(g, indent);
}
