// factorizations.c - random algorithms of linear algebra: factors of matrices, and systems solved by them.
#include "algorithms.h"

// A matrix within START.
static const char *started(Generator *g, int rows, int columns) {
  const int extent[] = {rows, columns};
  gen_fuel(g, 3);
  return gen_within(g, gen_array(g, 2, extent, 2), START);
}

// The second axis: that of the first, or another.
static int second_axis(Generator *g, int first) {
  return gen_chance(g, 60) ? first : algorithm_axis(g);
}

// ---- rows and columns taken away from the rest ----

// What a step adds at (i, j): the product of one for i and one for j, each an entry of the matrix in the step's own column or row, or
// something else.
static const char *added(Generator *g, const char *A, const Steps *s, const int *extent, const char *const *index) {
  const char *factor[2];
  const double bound = GROWTH / g->steps;
  for (int k = 0; k < 2; k++) {
    const char *at = algorithm_at(g, s, extent[1 - k]);
    const Term own = {k ? format("%s[%s, %s]", A, at, index[1]) : format("%s[%s, %s]", A, index[0], at), LIMIT};
    factor[k] = gen_chance(g, 60) ? gen_within(g, own, k ? bound : 1) : algorithm_number(g, k ? bound : 1);
  }
  return format("%s * %s", factor[0], factor[1]);
}

// Adds to a part of the matrix: in most cases to what is behind the step in both axes.
static void put_addition(Generator *g, const char *indent, const char *A, const Steps *s, const int *extent) {
  const Part part = gen_chance(g, 50) ? s->reverse ? PART_BEFORE : PART_BEHIND : (Part)gen_below(g, PARTS);
  const int before = g->nloop;
  const char *index[2], *range[2];
  for (int k = 0; k < 2; k++) {
    index[k] = algorithm_index(g, extent[k]);
    range[k] = algorithm_part(g, index[k], s, extent[k], gen_chance(g, 80) ? part : (Part)gen_below(g, PARTS));
  }
  const char *term = added(g, A, s, extent, index), *sign = gen_chance(g, 80) ? "-" : "+";
  text_printf(g->text, "%s%s[%s, %s] = %s[%s, %s] %s %s\n", indent, A, range[0], range[1], A, index[0], index[1], sign, term);
  g->nloop = before;
}

void algorithm_eliminate(Generator *g, const char *indent) {
  const char *A = gen_fresh(g, "A"), *inner = format("%s  ", indent);
  const int first = algorithm_axis(g), extent[] = {first, second_axis(g, first)};
  Steps s = algorithm_steps(g, gen_chance(g, 60) ? first : -1);
  const char *start = started(g, extent[0], extent[1]);
  algorithm_open(g, indent, &s, format("%s = %s", A, start));
  const bool seen = gen_chance(g, 30); // by what is read at random
  if (seen) gen_add_bounded(g, A, 2, extent, LIMIT);
  for (int n = gen_chance(g, 20) ? 2 : 1; n > 0; n--) put_addition(g, inner, A, &s, extent);
  if (!seen) gen_add_bounded(g, A, 2, extent, LIMIT);
  algorithm_close(g, indent, &s);
  gen_add_bounded(g, A, 2, extent, LIMIT);
}

// ---- Cholesky factors ----

// Entries of a matrix whose diagonal outweighs the rest.
static const char *definite(Generator *g, const char *indent, int extent) {
  const char *C = gen_fresh(g, "C"), *e = gen_extent_text(g, extent);
  const int before = g->nloop;
  const char *i = algorithm_index(g, extent), *j = algorithm_index(g, extent), *term = algorithm_number(g, 1);
  text_printf(g->text, "%s%s[%s in 0..%s, %s in 0..%s] = (if %s == %s then 1.3 else 0) + 0.02 * %s\n", indent, C, i, e, j, e, i, j, term);
  g->nloop = before;
  return C;
}

// What is there already, as a range or by a condition, and what is left.
static const char *done_range(Generator *g, const char *k, const Steps *s, const char *e) {
  if (gen_chance(g, 50)) return format("%s in 0..%s if %s %c %s", k, e, k, s->reverse ? '>' : '<', s->index);
  return s->reverse ? format("%s in %s + 1..%s", k, s->index, e) : format("%s in 0..%s", k, s->index);
}

static const char *rest_range(Generator *g, const char *i, const Steps *s, const char *e) {
  return s->reverse ? format("%s in 0..%s", i, s->index) : format("%s in %s + 1..%s", i, s->index, e);
}

// Of columns that no step makes something is left: nothing, or what there was.
static const char *before_factor(Generator *g, int extent) {
  if (gen_chance(g, 30)) return format("zeros[%s, %s]", gen_extent_text(g, extent), gen_extent_text(g, extent));
  return format("0.05 * %s", started(g, extent, extent));
}

// Column by column, of some of them or all.
void algorithm_factor(Generator *g, const char *indent) {
  const int n = algorithm_axis(g), extent[] = {n, n};
  const char *C = definite(g, indent, n), *L = gen_fresh(g, "L"), *e = gen_extent_text(g, n), *inner = format("%s  ", indent);
  Steps s = algorithm_steps(g, n);
  const char *j = s.index, *i = gen_fresh(g, "i"), *k = gen_fresh(g, "k");
  const char *start = before_factor(g, n);
  algorithm_open(g, indent, &s, format("%s = %s", L, start));
  const char *done = done_range(g, k, &s, e), *too = done_range(g, k, &s, e), *rest = rest_range(g, i, &s, e);
  text_printf(g->text, "%s%s[%s, %s] = sqrt(%s[%s, %s] - sum[%s](%s[%s, %s]^2))\n", inner, L, j, j, C, j, j, done, L, j, k);
  text_printf(g->text, "%s%s[%s, %s] = (%s[%s, %s] - sum[%s](%s[%s, %s] * %s[%s, %s]))", inner, L, rest, j, C, i, j, too, L, i, k, L, j, k);
  text_printf(g->text, " / %s[%s, %s]\n", L, j, j);
  gen_add_bounded(g, L, 2, extent, LIMIT);
  algorithm_close(g, indent, &s);
  gen_add_bounded(g, L, 2, extent, LIMIT);
}

// Row by row: a loop up to the index of that around it.
void algorithm_factor_by_rows(Generator *g, const char *indent) {
  const int n = algorithm_axis(g), extent[] = {n, n};
  const char *C = definite(g, indent, n), *L = gen_fresh(g, "L"), *e = gen_extent_text(g, n), *inner = format("%s  ", indent);
  Steps s = algorithm_steps(g, n);
  s.reverse = false;
  algorithm_open(g, indent, &s, format("%s = zeros[%s, %s]", L, e, e));
  const char *i = s.index, *j = gen_fresh(g, "j"), *k = gen_fresh(g, "k");
  text_printf(g->text, "%sscan %s in 0..%s {\n", inner, j, i);
  text_printf(g->text, "%s  %s[%s, %s] = (%s[%s, %s] - sum[%s in 0..%s](%s[%s, %s] * %s[%s, %s]))", inner, L, i, j, C, i, j, k, j, L, i, k, L, j, k);
  text_printf(g->text, " / (0.5 + %s[%s, %s])\n", L, j, j);
  text_printf(g->text, "%s}\n", inner);
  text_printf(g->text, "%s%s[%s, %s] = sqrt(%s[%s, %s] - 0.1 * sum[%s in 0..%s](%s[%s, %s]^2))\n", inner, L, i, i, C, i, i, k, i, L, i, k);
  gen_add_bounded(g, L, 2, extent, LIMIT);
  algorithm_close(g, indent, &s);
  gen_add_bounded(g, L, 2, extent, LIMIT);
}

// ---- systems with a triangle ----

static const char *entry(Generator *g, const char *y, const char *i, const char *column) {
  return *column ? format("%s[%s, %s]", y, i, column) : format("%s[%s]", y, i);
}

// Entry by entry: what is solved already is taken from the next.
static void solve_by_rows(Generator *g, const char *indent, const Steps *s, const char *y, const char *axis, const char *column, int n) {
  const int before = g->nloop;
  const char *k = algorithm_index(g, n), *t = s->index, *range = algorithm_part(g, k, s, n, s->reverse ? PART_BEHIND : PART_BEFORE);
  const char *factor = algorithm_number(g, GROWTH / LIMIT / g->steps), *own = entry(g, y, t, column);
  text_printf(g->text, "%s%s = %s - sum[%s](%s * %s)\n", indent, entry(g, y, t, axis), own, range, factor, entry(g, y, k, column));
  g->nloop = before;
}

// What is solved is taken from all the rest at once.
static void solve_by_columns(Generator *g, const char *indent, const Steps *s, const char *y, const char *axis, const char *column, int n) {
  const int before = g->nloop;
  const char *i = algorithm_index(g, n), *range = algorithm_part(g, i, s, n, s->reverse ? PART_BEFORE : PART_BEHIND);
  const char *factor = algorithm_number(g, GROWTH / LIMIT / g->steps);
  text_printf(g->text, "%s%s = %s - %s * %s\n", indent, entry(g, y, range, axis), entry(g, y, i, column), factor, entry(g, y, s->index, column));
  g->nloop = before;
}

// One right-hand side, or the columns of many.
void algorithm_substitute(Generator *g, const char *indent) {
  const char *y = gen_fresh(g, "y"), *inner = format("%s  ", indent), *axis = "", *column = "";
  const int n = algorithm_axis(g), extent[] = {n, algorithm_axis(g)}, rank = gen_chance(g, 30) ? 2 : 1, before = g->nloop;
  Steps s = algorithm_steps(g, n);
  gen_fuel(g, 3);
  const char *start = gen_within(g, gen_array(g, rank, extent, 2), START);
  algorithm_open(g, indent, &s, format("%s = %s", y, start));
  if (rank > 1) {
    column = algorithm_index(g, extent[1]);
    axis = format("%s in 0..%s", column, gen_extent_text(g, extent[1]));
  }
  if (gen_chance(g, 50))
    solve_by_rows(g, inner, &s, y, axis, column, n);
  else
    solve_by_columns(g, inner, &s, y, axis, column, n);
  g->nloop = before + 1;
  if (gen_chance(g, 40)) {
    const char *c = algorithm_number(g, 1.5), *all = format("%s[%s]", y, s.index);
    text_printf(g->text, "%s%s = %s / (2.5 + %s)\n", inner, all, all, c);
  }
  gen_add_bounded(g, y, rank, extent, LIMIT);
  algorithm_close(g, indent, &s);
  gen_add_bounded(g, y, rank, extent, LIMIT);
}
