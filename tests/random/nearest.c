// nearest.c - random algorithms that pick the best of some: what is nearest, what belongs to it, the greatest so far.
#include "algorithms.h"

// How far entry i is from centre k, made of what there is.
static const char *distance(Generator *g) {
  const char *x = algorithm_number(g, 1.5), *y = algorithm_number(g, 1.5);
  return gen_chance(g, 70) ? format("(%s - %s)^2", x, y) : format("abs(%s - %s)", x, y);
}

// A batch, or any other.
static int many(Generator *g) {
  int e;
  do e = gen_any_extent(g);
  while (g->extent[e].argument);
  return e;
}

// The mean of x over those i under n for which `is` holds, or nearly; 0 of none.
static const char *mean_where(Generator *g, const char *i, const char *n, const char *is, const char *x) {
  const char *where = format("%s in 0..%s if %s", i, n, is);
  return format("sum[%s](%s) / (1 + sum[%s](1.0))", where, x, where);
}

// A sum, over the entries whose nearest is k, for each k; over both; or of the nearest, or the others, for each entry.
void algorithm_nearest(Generator *g, const char *indent) {
  const int N = many(g), K = algorithm_axis(g), before = g->nloop, way = gen_below(g, 5);
  const char *i = algorithm_index(g, N), *k = algorithm_index(g, K), *n = gen_extent_text(g, N), *m = gen_extent_text(g, K);
  const char *y = gen_fresh(g, "y"), *v = gen_fresh(g, "v"), *l = gen_fresh(g, "k");
  g->loop[g->nloop - 1].name = l;
  const char *best = format("argmax[%s in 0..%s](-%s)", l, m, distance(g));
  g->loop[g->nloop - 1].name = k;
  const bool named = gen_chance(g, 60);
  if (named) {
    text_printf(g->text, "%s%s[%s in 0..%s] = %s\n", indent, y, i, n, best);
    best = format("%s[%s]", y, i);
  }
  const char *is = format(gen_chance(g, 80) ? "%s == %s" : "%s != %s", best, k), *term = algorithm_number(g, LIMIT);
  const char *both = format("%s in 0..%s, %s in 0..%s", i, n, k, m);
  int extent = K, rank = 1;
  if (way == 0) {
    text_printf(g->text, "%s%s = tanh(sum[%s if %s](%s))\n", indent, v, both, is, term);
    rank = 0;
  } else if (way == 1) {
    text_printf(g->text, "%s%s[%s in 0..%s] = tanh(sum[%s in 0..%s if %s](%s))\n", indent, v, i, n, k, m, is, term);
    extent = N;
  } else if (way == 2) {
    text_printf(g->text, "%s%s[%s in 0..%s] = max[%s in 0..%s if %s](%s)\n", indent, v, i, n, k, m, format("%s == %s", best, k), term);
    extent = N;
  } else {
    text_printf(g->text, "%s%s[%s in 0..%s] = %s\n", indent, v, k, m, mean_where(g, i, n, is, term));
  }
  g->nloop = before;
  if (named && gen_chance(g, 50)) gen_add_value(g, y, 1, &N, K);
  gen_add_bounded(g, v, rank, &extent, LIMIT);
}

// Centres that move, step by step, to the mean of what is nearest to them.
void algorithm_cluster(Generator *g, const char *indent) {
  const int N = many(g), K = algorithm_axis(g), before = g->nloop;
  const char *c = gen_fresh(g, "c"), *b = gen_fresh(g, "y"), *k = gen_fresh(g, "k"), *inner = format("%s  ", indent);
  gen_fuel(g, 3);
  const char *start = gen_within(g, gen_array(g, 1, &K, 2), START), *i = algorithm_index(g, N), *x = algorithm_number(g, 1.5);
  g->nloop = before;
  Steps s = algorithm_steps(g, -1);
  algorithm_open(g, indent, &s, format("%s = %s", c, start));
  const char *n = gen_extent_text(g, N), *m = gen_extent_text(g, K);
  text_printf(g->text, "%s%s[%s in 0..%s] = argmax[%s in 0..%s](-(%s - %s[%s])^2)\n", inner, b, i, n, k, m, x, c, k);
  const char *mean = mean_where(g, i, n, format("%s[%s] == %s", b, i, k), x);
  text_printf(g->text, "%s%s[%s in 0..%s] = 0.5 * %s[%s] + 0.4 * %s\n", inner, c, k, m, c, k, mean);
  algorithm_close(g, indent, &s);
  gen_add_bounded(g, c, 1, &K, LIMIT);
}

// The greatest so far, and at which step that was.
void algorithm_running_best(Generator *g, const char *indent) {
  const char *best = gen_fresh(g, "q"), *at = gen_fresh(g, "at"), *o = gen_fresh(g, "v"), *y = gen_fresh(g, "y"), *inner = format("%s  ", indent);
  Steps s = algorithm_steps(g, -1);
  const bool least = gen_chance(g, 40);
  algorithm_open(g, indent, &s, format("%s = %s3.0, %s = 0", best, least ? "" : "-", at));
  text_printf(g->text, "%s%s = %s\n", inner, o, algorithm_number(g, 2.5));
  text_printf(g->text, "%s%s = if %s %c %s then %s else %s\n", inner, at, o, least ? '<' : '>', best, s.index, at);
  if (gen_chance(g, 50))
    text_printf(g->text, "%s%s = %s(%s, %s)\n", inner, best, least ? "min" : "max", best, o);
  else
    text_printf(g->text, "%s%s = if %s %c %s then %s else %s\n", inner, best, o, least ? '<' : '>', best, o, best);
  algorithm_close(g, indent, &s);
  if (g->extent[s.extent].kind != EXTENT_SLICE) { // `%` of what may be 0 has no range
    text_printf(g->text, "%s%s = %s %% %s\n", indent, y, at, gen_extent_text(g, s.extent));
    gen_add_value(g, y, 0, NULL, s.extent);
  }
  gen_add_bounded(g, best, 0, NULL, LIMIT);
}
