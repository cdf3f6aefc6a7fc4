// results.c - what a random model is for: a loss, gradients of it by hand, predictions and metrics.
#include <string.h>

#include "generator.h"

// ---- gradients by hand ----

// A function and its slope, at %s.
typedef struct Rule {
  const char *before, *after, *slope;
} Rule;
static const Rule rules[] = {
    {"sin(", ")", "cos(%s)"},
    {"tanh(", ")", "(1 - tanh(%s)^2)"},
    {"exp(0.3 * ", ")", "(0.3 * exp(0.3 * %s))"},
    {"(", "^2)", "(2 * %s)"},
    {"(", "^3)", "(3 * %s^2)"},
    {"sigmoid(", ")", "(sigmoid(%s) * (1 - sigmoid(%s)))"},
    {"softplus(", ")", "sigmoid(%s)"},
    {"log(1.5 + ", "^2)", "(2 * %s / (1.5 + %s^2))"},
    {"sqrt(0.5 + ", "^2)", "(%s / sqrt(0.5 + %s^2))"},
    {"atan(", ")", "(1 / (1 + %s^2))"},
    {"relu(", ")", "(if %s > 0 then 1 else 0)"},
    {"abs(", ")", "sign(%s)"},
    {"erf(", ")", "(2 / sqrt(pi) * exp(-%s^2))"},
};
enum { RULES = sizeof rules / sizeof *rules };

static const char *value_of(Generator *g, const Rule *r, const char *x) {
  return format("%s%s%s", r->before, x, r->after);
}

static const char *slope_of(Generator *g, const Rule *r, const char *x) {
  const char *s = "", *rest = r->slope;
  for (const char *at; (at = strstr(rest, "%s")); rest = at + 2) s = format("%s%.*s%s", s, (int)(at - rest), rest, x);
  return format("%s%s", s, rest);
}

static void put_gradient(Generator *g, const char *target, const char *value) {
  const bool wrong = !strncmp(target, "wrong", 5);
  text_printf(g->text, wrong ? "gradient %s = 1.25 * (%s)\n" : "gradient %s = %s\n", target, value);
}

// The subscripts "i, j" of fresh indices, one for each axis.
static const char *indices(Generator *g, int rank) {
  const char *s = "";
  for (int k = 0; k < rank; k++) s = format("%s%s%s", s, k ? ", " : "", gen_fresh(g, "i"));
  return s;
}

// A parameter that one term of the loss alone reads, in a form whose gradient is known; gives the term.  The gradient of a
// parameter that is called `wrong…` is not that.
static const char *term_with_gradient(Generator *g) {
  const Rule *r = &rules[gen_below(g, RULES)];
  const int rank = gen_below(g, RANK_MAX);
  int extent[RANK_MAX];
  for (int k = 0; k < rank; k++) {
    do extent[k] = gen_plain_extent(g);
    while (g->extent[extent[k]].batch);
  }
  const char *q = gen_fresh(g, gen_chance(g, 25) ? "wrong" : "q"), *v = gen_fresh(g, "v"), *c = gen_constant(g);
  text_printf(g->text, "param %s%s = normal(0, 0.5)\n", q, gen_shape_text(g, rank, extent));
  gen_fuel(g, 4);
  int rows[2] = {gen_plain_extent(g), extent[0]};
  const bool product = rank == 1 && gen_chance(g, 50);
  const Term factor = product ? gen_array(g, 2, rows, 2) : gen_array(g, rank, extent, 2);
  text_printf(g->text, "%s = %s\n", v, gen_within(g, factor, LIMIT));
  if (product) {
    const char *u = format("(%s @ %s)", v, q);
    put_gradient(g, q, format("%s * (%s' @ %s)", c, v, slope_of(g, r, u)));
    return format("%s * sum(%s)", c, value_of(g, r, u));
  }
  const char *all = rank > 0 ? "sum" : "";
  if (gen_chance(g, 40)) {
    const char *u = format("%s(%s * %s)", all, v, q);
    put_gradient(g, q, format("%s * %s * %s", c, slope_of(g, r, u), v));
    return format("%s * %s", c, value_of(g, r, u));
  }
  if (rank > 0 && gen_chance(g, 50)) {
    const char *at = indices(g, rank), *x = format("%s[%s]", q, at);
    put_gradient(g, x, format("%s * %s[%s] * %s", c, v, at, slope_of(g, r, x)));
  } else {
    put_gradient(g, q, format("%s * %s * %s", c, v, slope_of(g, r, q)));
  }
  return format("%s * %s(%s * %s)", c, all, v, value_of(g, r, q));
}

// By the language's own `grad`, of any of the model's parameters.
static void put_gradients(Generator *g, const char *loss) {
  for (int k = 0; k < g->nvalue; k++) {
    const Value *v = &g->value[k];
    if (!v->parameter || !gen_chance(g, 40)) continue;
    const char *way = gen_chance(g, 70) ? "" : gen_chance(g, 50) ? ".forward" : ".reverse";
    put_gradient(g, v->name, format("grad%s(%s, %s)", way, loss, v->name));
  }
}

// ---- the loss ----

// Every real definition, and every parameter, has its part in it.
void gen_loss(Generator *g, int from, bool likely) {
  const char *s = gen_chance(g, 15) ? term_with_gradient(g) : "";
  for (int k = from; k < g->nvalue; k++) {
    const Value *v = &g->value[k];
    if (v->under >= 0 || (g->nvalue - from > 4 && gen_chance(g, 40))) continue;
    const char *c = gen_constant(g);
    if (g->small)
      s = format(v->rank > 0 ? "%s%ssum(%s)" : "%s%s%s", s, *s ? " + " : "", v->name);
    else if (v->rank == 0)
      s = format("%s%s%s * %s", s, *s ? " + " : "", c, v->name);
    else
      s = format("%s%smean(%s * %s)", s, *s ? " + " : "", gen_unary(g, (Term){v->name, v->bound}).s, c);
  }
  gen_fuel(g, 4);
  if (!g->small || !*s) s = format("%s + %s", *s ? s : "0", gen_scalar(g, 3).s);
  if (likely || !gen_chance(g, 10)) {
    text_printf(g->text, "loss %s%s\n", s, likely ? " - 0.1 * log_likelihood" : "");
    return;
  }
  const char *name = gen_fresh(g, "l");
  text_printf(g->text, "%s = %s\nloss %s\n", name, s, name);
  put_gradients(g, name);
}

// ---- outputs ----

static void put_output(Generator *g, const Value *v) {
  const char *name = gen_fresh(g, "p");
  if (v->rank == 2 && gen_chance(g, 30))
    text_printf(g->text, "predict %s[i] = argmax[c](%s[i, c])\n", name, v->name);
  else
    text_printf(g->text, "%s %s = %s\n", v->rank == 0 || gen_chance(g, 30) ? "metric" : "predict", name, v->name);
}

void gen_outputs(Generator *g, int from, bool lossless) {
  for (int k = from; k < g->nvalue; k++)
    if (gen_chance(g, lossless ? 60 : 35)) put_output(g, &g->value[k]);
  if (lossless) text_printf(g->text, "predict %s = %s\n", gen_fresh(g, "p"), gen_scalar(g, 2).s);
}
