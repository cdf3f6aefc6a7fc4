// generate.c - a random model: declarations, definitions, functions, and what results.c makes of them.
#include "generate.h"

#include <string.h>

#include "generator.h"

const char generated_import[] = "other.mdl";

// ---- definitions ----

static int random_shape(Generator *g, int *extent) {
  int rank = gen_below(g, 10);
  rank = rank < 2 ? 0 : rank < 6 ? 1 : rank < 9 ? 2 : RANK_MAX;
  for (int k = 0; k < rank; k++) extent[k] = gen_any_extent(g);
  // The batch comes first.
  for (int k = 1; k < rank; k++)
    while (g->extent[extent[k]].batch) extent[k] = gen_plain_extent(g);
  return rank;
}

// name[i, j] = …, the last `inner` axes being those of an array on the right; gives the bound.
static double define_entries(Generator *g, const char *indent, const char *name, int rank, const int *extent) {
  int before = g->nloop, inner = rank > 1 && gen_chance(g, 25) ? 1 : 0;
  for (int k = 0; k < rank - inner; k++) gen_push_loop(g, extent[k]);
  const Term t = inner ? gen_array(g, inner, extent + rank - inner, 3) : gen_scalar(g, 3);
  const char *indices = "";
  for (int k = before; k < g->nloop; k++) {
    const Loop *l = &g->loop[k];
    const char *written =
        l->alone && !l->beyond && gen_chance(g, 60) ? l->name : format("%s in 0..%s", l->name, gen_extent_text(g, l->extent));
    indices = format("%s%s%s", indices, *indices ? ", " : "", written);
  }
  g->nloop = before;
  text_printf(g->text, "%s%s[%s] = %s\n", indent, name, indices, t.s);
  return t.bound;
}

static void define(Generator *g, const char *indent, int rank, const int *extent) {
  const char *name = gen_fresh(g, "v");
  gen_fuel(g, 6);
  if (rank > 0 && gen_chance(g, 55)) {
    gen_add_bounded(g, name, rank, extent, define_entries(g, indent, name, rank, extent));
    return;
  }
  const Term t = gen_array(g, rank, extent, 3);
  text_printf(g->text, "%s%s = %s\n", indent, name, t.s);
  gen_add_bounded(g, name, rank, extent, t.bound);
}

static void define_function(Generator *g) {
  Function f = {
      .name = gen_fresh(g, "f"), .narg = 1 + gen_below(g, 2), .rank = gen_chance(g, 50) ? 1 : 0, .nresult = 1};
  int values = g->nvalue, extents = g->nextent, axis = -1;
  if (f.rank > 0) axis = gen_add_extent(g, (Extent){.text = gen_fresh(g, "p"), .argument = true});
  text_printf(g->text, "def %s(", f.name);
  for (int k = 0; k < f.narg; k++) {
    const char *name = gen_fresh(g, "a");
    text_printf(g->text, "%s%s%s", k ? ", " : "", name, gen_shape_text(g, f.rank, &axis));
    gen_add_value(g, name, f.rank, &axis, -1);
  }
  gen_fuel(g, 5);
  f.results[0] = f.rank > 0 && gen_chance(g, 60) ? 1 : 0;
  if (gen_chance(g, 40)) {
    text_printf(g->text, ") = %s\n", gen_array(g, f.results[0], &axis, 3).s);
  } else {
    text_put(g->text, ") {\n");
    for (int k = gen_below(g, 3); k > 0; k--) define(g, "  ", f.rank > 0 ? gen_below(g, 2) : 0, &axis);
    if (gen_chance(g, 20)) gen_loop(g, "  ");
    f.nresult = gen_chance(g, 30) ? 2 : 1;
    const char *results = "";
    for (int k = 0; k < f.nresult; k++) {
      if (k > 0) f.results[k] = f.rank > 0 ? gen_below(g, 2) : 0;
      results = format("%s%s%s", results, k ? ", " : "", gen_array(g, f.results[k], &axis, 2).s);
    }
    text_printf(g->text, "  return %s\n}\n", results);
  }
  g->nvalue = values;
  g->nextent = extents;
  if (g->nfunction < FUNCTIONS_MAX) g->function[g->nfunction++] = f;
}

// What `grad` gives: by a name, entry by entry of an array, or by the argument of a function.
static void define_slope(Generator *g) {
  const Value x = g->value[gen_below(g, g->nvalue)];
  const char *name = gen_fresh(g, "v");
  gen_fuel(g, 4);
  if (x.under >= 0 || !strcmp(x.name, "c0") || gen_chance(g, 30)) { // no derivative is by a constant
    const Value argument = {.name = gen_fresh(g, "a"), .under = -1, .bound = g->limit};
    const int values = g->nvalue;
    gen_add_value(g, argument.name, 0, NULL, -1);
    text_printf(g->text, "def %s(%s) = %s\n", name, argument.name, gen_slope(g, &argument, 3));
    g->nvalue = values;
    if (g->nfunction < FUNCTIONS_MAX) g->function[g->nfunction++] = (Function){.name = name, .narg = 1, .nresult = 1};
    return;
  }
  int extent[RANK_MAX] = {gen_plain_extent(g)};
  if (x.rank == RANK_MAX || gen_chance(g, 60)) {
    text_printf(g->text, "%s = %s\n", name, gen_slope(g, &x, 3));
    gen_add_value(g, name, x.rank, x.extent, -1);
    return;
  }
  for (int k = 0; k < x.rank; k++) extent[k + 1] = x.extent[k];
  const int loop = gen_push_loop(g, *extent);
  const char *slope = gen_slope(g, &x, 3);
  text_printf(g->text, "%s[%s in 0..%s] = %s\n", name, g->loop[loop].name, gen_extent_text(g, *extent), slope);
  g->nloop = loop;
  gen_add_value(g, name, x.rank + 1, extent, -1);
}

// A derivative of the author's own: the right one, or another.
static void define_with_derivative(Generator *g) {
  static const char *const bodies[] = {"sin(x) with d/dx = cos(x)", "floor(x) with d/dx = 1",
                                       "tanh(x) with d/dx = 1 - tanh(x)^2"};
  Function f = {.name = gen_fresh(g, "f"), .narg = 1, .nresult = 1};
  switch (gen_below(g, 4)) {
  case 0:
    f.rank = 1;
    text_printf(g->text, "def %s(x[k]) = tanh(sum(x * x)) with d/dx = 2 * x * (1 - tanh(sum(x * x))^2)\n", f.name);
    break;
  case 1:
    f.narg = 2;
    text_printf(g->text,
                "def %s(x, y) = sin(x) * tanh(y) with d/dx = cos(x) * tanh(y), d/dy = sin(x) * (1 - tanh(y)^2)\n",
                f.name);
    break;
  default: text_printf(g->text, "def %s(x) = %s\n", f.name, bodies[gen_below(g, 3)]);
  }
  if (g->nfunction < FUNCTIONS_MAX) g->function[g->nfunction++] = f;
}

// Integers: an argmax, or what is made of labels.
static void define_labels(Generator *g) {
  const char *name = gen_fresh(g, "y");
  int extent = gen_any_extent(g), under = gen_plain_extent(g), loop = gen_push_loop(g, extent);
  const char *e = gen_extent_text(g, under), *i = g->loop[loop].name, *all = gen_extent_text(g, extent);
  const Value *labels = gen_labels_under(g, under);
  gen_fuel(g, 3);
  if (labels && gen_chance(g, 50)) {
    const char *old = gen_read_value(g, labels, 0);
    text_printf(g->text, "%s[%s in 0..%s] = if %s then %s else (%s + 1) %% %s\n", name, i, all, gen_condition(g, 1),
                old, old, e);
  } else {
    const char *k = g->loop[gen_push_loop(g, under)].name;
    text_printf(g->text, "%s[%s in 0..%s] = argmax[%s in 0..%s](%s)\n", name, i, all, k, e, gen_scalar(g, 2).s);
  }
  g->nloop = loop;
  gen_add_value(g, name, 1, &extent, under);
}

// u, v = f(…)
static bool take_apart(Generator *g) {
  for (int k = 0; k < g->nfunction; k++) {
    const Function *f = &g->function[k];
    if (f->nresult != 2 || gen_chance(g, 50)) continue;
    int extent = gen_plain_extent(g);
    const char *u = gen_fresh(g, "v"), *v = gen_fresh(g, "v");
    gen_fuel(g, 5);
    text_printf(g->text, "%s, %s = %s\n", u, v, gen_call(g, f, f->rank, &extent, 3));
    gen_add_value(g, u, f->results[0], &extent, -1);
    gen_add_value(g, v, f->results[1], &extent, -1);
    return true;
  }
  return false;
}

// ---- the model ----

static void declare_dims(Generator *g) {
  Text *t = g->text;
  text_printf(t, "dim d = %d\n", g->steps > 0 ? 6 + gen_below(g, GENERATED_STEPS - 5) : 2 + gen_below(g, 3));
  text_printf(t, "dim h = %d\ndim T%s\nbatch n\n", 2 + gen_below(g, 3), g->steps > 0 ? ", m" : "");
  int d = gen_add_extent(g, (Extent){.text = "d"});
  gen_add_extent(g, (Extent){.text = "h"});
  int T = gen_add_extent(g, (Extent){.text = "T", .open = true});
  if (g->steps > 0) gen_add_extent(g, (Extent){.text = "m", .open = true});
  gen_add_extent(g, (Extent){.text = "n", .batch = true});
  gen_add_extent(g, (Extent){.text = "2"});
  if (gen_chance(g, 50)) gen_add_extent(g, (Extent){.text = "(T + d)", .open = true, .kind = EXTENT_CONCAT, .from = T, .with = d});
  if (gen_chance(g, 50)) gen_add_extent(g, (Extent){.text = "(T - 1)", .open = true, .kind = EXTENT_SLICE, .from = T});
}

static void declare_data(Generator *g) {
  for (int k = 1 + gen_below(g, g->small ? 2 : 3); k > 0; k--) {
    int extent[RANK_MAX], rank = random_shape(g, extent);
    const char *name = gen_fresh(g, "x");
    text_printf(g->text, "data %s%s\n", name, gen_shape_text(g, rank, extent));
    gen_add_bounded(g, name, rank, extent, 1.5);
  }
  for (int k = gen_below(g, g->small ? 2 : 3); k > 0; k--) {
    int extent[RANK_MAX], rank = random_shape(g, extent), under = gen_plain_extent(g);
    const char *name = gen_fresh(g, "y");
    text_printf(g->text, "data %s%s in 0..%s\n", name, gen_shape_text(g, rank, extent), gen_extent_text(g, under));
    gen_add_value(g, name, rank, extent, under);
  }
}

static void add_param(Generator *g, const char *name, int rank, const int *extent, double bound) {
  gen_add_bounded(g, name, rank, extent, bound);
  g->value[g->nvalue - 1].parameter = true;
}

static int param_shape(Generator *g, int *extent) {
  int rank = random_shape(g, extent);
  for (int r = 0; r < rank; r++)
    while (g->extent[extent[r]].batch) extent[r] = gen_plain_extent(g);
  return rank;
}

// Parameters whose starts, given or not, and whose values keep to a constraint; all of them within LIMIT.
static void declare_constrained(Generator *g) {
  static const char *const scalars[] = {"> 0 = exp(normal(0, 0.5))",
                                        "> 0.5",
                                        "> 1 / d = 0.7 + uniform(0, 1)",
                                        "< 1 = -uniform(0, 1)",
                                        "< -0.1",
                                        "in (0, 1)",
                                        "in (-0.5, 1.5) = uniform(0, 1)",
                                        "in (-1, d / 2) = 0.25"};
  static const char *const axes[] = {"in simplex", "in ordered"};
  int extent[RANK_MAX], rank = param_shape(g, extent);
  const char *name = gen_fresh(g, "w"), *constraint = scalars[gen_below(g, sizeof scalars / sizeof *scalars)];
  if (rank > 0 && gen_chance(g, 50)) {
    constraint = axes[gen_below(g, 2)];
    extent[rank - 1] = gen_plain_extent(g); // starts in order count up to it
    while (g->extent[extent[rank - 1]].batch) extent[rank - 1] = gen_plain_extent(g);
  }
  if (gen_chance(g, 25)) {
    rank = 2 + gen_below(g, RANK_MAX - 1);
    while (rank > param_shape(g, extent)) continue;
    extent[rank - 1] = extent[rank - 2];
    constraint =
        gen_chance(g, 50) ? "in cholesky" : format("in cholesky = eye[%s]", gen_extent_text(g, extent[rank - 1]));
  }
  text_printf(g->text, "param %s%s %s\n", name, gen_shape_text(g, rank, extent), constraint);
  add_param(g, name, rank, extent, g->small ? g->terms : LIMIT); // what is in order starts as large as it is long
}

static void declare_params(Generator *g) {
  for (int k = g->small ? 1 + gen_below(g, 2) : 2 + gen_below(g, 3); k > 0; k--) {
    if (gen_chance(g, 15)) {
      declare_constrained(g);
      continue;
    }
    int extent[RANK_MAX], rank = param_shape(g, extent);
    if (g->steps > 0 && rank > 1) rank = 1 + gen_below(g, 2); // each entry costs a run by dual numbers
    const char *name = gen_fresh(g, "w"), *start = "normal(0, 0.5)";
    if (gen_chance(g, 40)) start = "uniform(-1, 1)";
    if (gen_chance(g, 20)) start = gen_constant(g);
    text_printf(g->text, "param %s%s = %s\n", name, gen_shape_text(g, rank, extent), start);
    add_param(g, name, rank, extent, 3);
  }
}

// A density of reals within LIMIT, or where x is bare of numbers from 0.5 on or between 0 and 1, at arguments of shape
// `rank`.
static const char *density_of_reals(Generator *g, int rank, const int *extent) {
  static const char *const densities[] = {"normal(%s, 0.5 + exp(%s))", "cauchy(%s, 0.5 + exp(%s))",
                                          "laplace(%s, 0.5 + exp(%s))", "student_t(3 + exp(%s), %s, 1.5)",
                                          "student_t(2.5, %s, 0.5 + exp(%s))"};
  const Term mean = gen_chance(g, 50) ? gen_scalar(g, 2) : gen_array(g, rank, extent, 2);
  const char *form = densities[gen_below(g, 5)], *x = gen_within(g, mean, 1);
  return format(form, x, gen_within(g, gen_scalar(g, 2), 1));
}

static const char *density_of_integers(Generator *g, const Value *v) {
  const char *under = gen_extent_text(g, v->under);
  const char *forms[] = {"poisson_log(%s)", format("binomial_logit(%s + 1, %%s)", under), "bernoulli_logit(%s)"};
  const bool bits = !strcmp(under, "2");
  const Term x = gen_chance(g, 50) ? gen_scalar(g, 2) : gen_array(g, v->rank, v->extent, 2);
  return format(forms[gen_below(g, bits ? 3 : 2)], gen_within(g, x, 2));
}

// Some entries of a value: all, or those along the first axis that an index or a range names.
static const char *variate(Generator *g, const Value *v) {
  if (v->rank != 1 || gen_chance(g, 60)) return v->name;
  return gen_chance(g, 50) ? format("%s[0]", v->name)
                           : format("%s[i in 1..%s]", v->name, gen_extent_text(g, *v->extent));
}

// Terms of the log likelihood.
static void observe(Generator *g) {
  static const char *const positive[] = {"lognormal(%s, 0.8)", "exponential(0.5 + exp(%s))",
                                         "gamma(1.5, 0.5 + exp(%s))", "gamma(0.5 + exp(%s), 1.2)"};
  for (int k = g->small ? 1 : 1 + gen_below(g, 3); k > 0; k--) {
    const Value *v = &g->value[gen_below(g, g->nvalue)];
    gen_fuel(g, 3);
    if (v->under < 0 && v->rank > 0 && gen_chance(g, 50)) {
      const char *y = variate(g, v);
      const bool all = !strcmp(y, v->name);
      text_printf(g->text, "%s ~ %s\n", y, density_of_reals(g, all ? v->rank : 0, v->extent));
    } else if (v->under < 0 && v->rank < 2 && gen_chance(g, 40)) {
      const char *x = gen_within(g, gen_scalar(g, 2), 1), *log = format(positive[gen_below(g, 4)], x);
      const char *name = gen_fresh(g, "z");
      text_printf(g->text, "%s = %s + 0.1 * %s^2\n%s ~ %s\n", name, gen_constant(g), v->name, name, log);
    } else if (v->under < 0 && v->rank == 1 && gen_chance(g, 40)) {
      const char *e = gen_extent_text(g, *v->extent), *x = gen_within(g, gen_scalar(g, 2), 1);
      text_printf(g->text, "%s ~ multi_normal_cholesky(zeros[%s] + %s, eye[%s] * (0.7 + exp(%s)))\n", v->name, e, x, e,
                  gen_within(g, gen_scalar(g, 2), 1));
    } else if (v->under < 0 && v->rank == 0 && gen_chance(g, 40)) {
      const char *share = gen_within(g, gen_scalar(g, 2), 1);
      text_printf(g->text, "likelihood beta.log(sigmoid(%s), 0.5 + exp(%s), 1.3)\n", v->name, share);
    } else if (v->under >= 0 && gen_chance(g, 50)) {
      text_printf(g->text, "%s ~ %s\n", v->name, density_of_integers(g, v));
    } else if (v->under >= 0 && v->rank == 1) {
      int shape[2] = {v->extent[0], v->under};
      text_printf(g->text, "%s ~ categorical_logit(%s)\n", v->name,
                  gen_chance(g, 50) ? gen_array(g, 2, shape, 2).s : gen_array(g, 1, shape + 1, 2).s);
    } else {
      text_printf(g->text, "likelihood %s\n", gen_scalar(g, 2).s);
    }
  }
}

// ---- files ----

// Some statements, in any order.
static void define_some(Generator *g, int count) {
  const int rarely = g->small ? 3 : 1;
  for (; count > 0; count--) {
    if (gen_chance(g, 30 / rarely)) define_function(g);
    if (gen_chance(g, 8 / rarely)) define_with_derivative(g);
    if (gen_chance(g, 15 / rarely)) define_slope(g);
    if (gen_chance(g, 20 / rarely)) define_labels(g);
    if (g->steps > 0 && gen_chance(g, 80)) {
      gen_algorithm(g, "");
      if (gen_chance(g, 60)) continue;
    }
    if (gen_chance(g, 30)) {
      gen_loop(g, "");
      if (g->small) continue;
    }
    if (gen_chance(g, 40) && take_apart(g)) continue;
    int extent[RANK_MAX], rank = random_shape(g, extent);
    define(g, "", rank, extent);
  }
}

// A file that sees what stands in front of the import, and may declare more.
static void import_another(Generator *g, Text *other) {
  Text *importing = g->text;
  text_printf(importing, "import \"%s\"\n", generated_import);
  g->text = other;
  if (gen_chance(g, 30)) declare_data(g);
  if (gen_chance(g, 30)) declare_params(g);
  define_some(g, 1 + gen_below(g, 2));
  if (gen_chance(g, 30)) text_printf(importing, "import \"./%s\"\n", generated_import); // which is read but once
  g->text = importing;
}

// Of which kind it is, and what that means for its terms.
static Sizes choose_sizes(Generator *g) {
  const int way = gen_below(g, 100);
  if (way < 20) {
    g->small = true;
    g->limit = SMALL_LIMIT;
    g->terms = 150;
    return SIZES_LARGE;
  }
  if (way >= 50) return SIZES_FEW;
  g->steps = 2 * GENERATED_STEPS; // of an axis that is two joined
  g->terms = 150;
  return SIZES_STEPS;
}

Sizes generate_model(Text *text, Text *other, uint64_t seed) {
  Generator g = {.arena = arena_new(), .text = text, .state = seed * 0x2545f4914f6cdd1du, .limit = LIMIT, .terms = 10};
  const Sizes sizes = choose_sizes(&g);
  text_printf(text, "# model %llu\n", (unsigned long long)seed);
  declare_dims(&g);
  declare_data(&g);
  int from = g.nvalue;
  declare_params(&g);
  if (gen_chance(&g, 30)) {
    text_put(text, "const c0 = 2 * pi / 5\n");
    gen_add_value(&g, "c0", 0, NULL, -1);
  }
  int after = g.nvalue;
  const bool imports = !g.small && gen_chance(&g, 10);
  if (imports && gen_chance(&g, 50)) define_some(&g, 1);
  if (imports) import_another(&g, other);
  define_some(&g, 1 + gen_below(&g, g.small ? 2 : 4));
  const bool lossless = gen_chance(&g, 8), likely = !lossless && gen_chance(&g, 25);
  if (likely) observe(&g);
  if (!lossless) gen_loss(&g, gen_chance(&g, 50) ? from : after, likely);
  gen_outputs(&g, after, lossless);
  arena_free(g.arena);
  return sizes;
}
