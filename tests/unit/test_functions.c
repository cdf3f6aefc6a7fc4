// test_functions.c - every function of the language: its value and its derivatives in generated C against reference
// values (tests/reference/functions.py), and its derivatives against dual numbers for every kind of argument.
#include "check_run.h"

#include <float.h>
#include <math.h>

#include "derive/derive.h"
#include "generated.h"

enum { ARGS = 4 };

#define LIST(...)                                                                                                      \
  { __VA_ARGS__ }
static const struct {
  const char *text;
  double at[ARGS], value, slope[ARGS];
} points[] = {
#define FUNCTION(text, at, value, slope) {text, at, value, slope},
#include "../reference/functions.def"
    // Kinks, by PyTorch's conventions; poles, infinities and whatever else is no matter of digits.
    FUNCTION("abs(a)", LIST(0), 0, LIST(0)) FUNCTION("sign(a)", LIST(0), 0, LIST(0)) FUNCTION(
        "sign(a)", LIST(-2), -1, LIST(0)) FUNCTION("floor(a)", LIST(2), 2, LIST(0)) FUNCTION("floor(a)", LIST(-0.5), -1,
                                                                                             LIST(0))
        FUNCTION("relu(a)", LIST(0), 0, LIST(0)) FUNCTION("leaky_relu(a, b)", LIST(0, 0.01), 0, LIST(0.01, 0)) FUNCTION(
            "elu(a)", LIST(0), 0,
            LIST(1)) FUNCTION("clamp(a, b, c)", LIST(-1, -1, 2), -1,
                              LIST(1, 0, 0)) FUNCTION("clamp(a, b, c)", LIST(2, -1, 2), 2, LIST(1, 0, 0))
            FUNCTION("huber(a, b, c)", LIST(1, 0, 1), 0.5, LIST(1, -1, 0)) FUNCTION(
                "huber(a, b, c)", LIST(2, 2, 1),
                0,
                LIST(0, 0,
                     0)) FUNCTION("hypot(a, b)", LIST(0, 0), 0,
                                  LIST(0, 0)) FUNCTION("norm([a, b, c])", LIST(0, 0, 0), 0, LIST(0, 0, 0))
                FUNCTION("atan2(a, b)", LIST(0, 0), 0, LIST(0, 0)) FUNCTION(
                    "atan2(a, b)", LIST(0, -1),
                    3.14159265358979324,
                    LIST(-1,
                         0)) FUNCTION("max(a, b)", LIST(2, 2), 2,
                                      LIST(0.5, 0.5)) FUNCTION("min(a, b)", LIST(2, 2), 2, LIST(0.5, 0.5))
                    FUNCTION("max([a, b, c])", LIST(2, 2, 1), 2, LIST(0.5, 0.5, 0)) FUNCTION(
                        "min([a, b, c])", LIST(2, 2, 2),
                        2, LIST(1.0 / 3, 1.0 / 3, 1.0 / 3)) FUNCTION("sqrt(a)", LIST(0), 0, LIST(INFINITY))
                        FUNCTION("log(a)", LIST(0), -INFINITY,
                                 LIST(INFINITY)) FUNCTION("log1p(a)", LIST(-1), -INFINITY, LIST(INFINITY))
                            FUNCTION("asin(a)", LIST(1), 1.57079632679489662, LIST(INFINITY)) FUNCTION(
                                "acos(a)", LIST(1),
                                0,
                                LIST(-INFINITY)) FUNCTION("pow(a, b)", LIST(0, 2), 0,
                                                          LIST(0, 0)) FUNCTION("pow(a, b)", LIST(0, 1), 0, LIST(1, 0))
                                FUNCTION("pow(a, b)", LIST(0, 0), 1, LIST(0, 0)) FUNCTION(
                                    "a^0", LIST(0),
                                    1,
                                    LIST(0)) FUNCTION("a^1", LIST(0), 0,
                                                      LIST(1)) FUNCTION("a^2", LIST(0), 0, LIST(0))
                                    FUNCTION("a^2.5", LIST(0), 0, LIST(0)) FUNCTION(
                                        "sigmoid(a)", LIST(800),
                                        1,
                                        LIST(0)) FUNCTION("sigmoid(a)", LIST(-800), 0,
                                                          LIST(0)) FUNCTION("sigmoid(a)", LIST(INFINITY), 1, LIST(0))
                                        FUNCTION("sigmoid(a)", LIST(-INFINITY), 0, LIST(0)) FUNCTION(
                                            "softplus(a)", LIST(INFINITY),
                                            INFINITY,
                                            LIST(1)) FUNCTION("softplus(a)", LIST(-INFINITY), 0,
                                                              LIST(0)) FUNCTION("exp(a)", LIST(-INFINITY), 0, LIST(0))
                                            FUNCTION("expm1(a)", LIST(-INFINITY), -1, LIST(0)) FUNCTION(
                                                "tanh(a)", LIST(INFINITY),
                                                1, LIST(0)) FUNCTION("tanh(a)", LIST(-800), -1, LIST(0))
                                                FUNCTION("atan(a)", LIST(INFINITY), 1.57079632679489662,
                                                         LIST(0)) FUNCTION("erf(a)", LIST(-INFINITY), -1, LIST(0))
                                                    FUNCTION("gelu(a)", LIST(-60), 0, LIST(0)) FUNCTION(
                                                        "logsumexp([a, b, c])",
                                                        LIST(-INFINITY, 0, 0), 0.693147180559945309,
                                                        LIST(
                                                            0, 0.5,
                                                            0.5)) FUNCTION("logsumexp([a, b, c])",
                                                                           LIST(-INFINITY, -INFINITY, -INFINITY),
                                                                           -INFINITY, LIST(0, 0, 0))
                                                        FUNCTION(
                                                            "logsumexp([a, b, c])",
                                                            LIST(1e308, -1e308, 0),
                                                            1e308,
                                                            LIST(1, 0,
                                                                 0)) FUNCTION("softmax([a, b, c])[0]",
                                                                              LIST(-INFINITY, 0, 0), 0, LIST(0, 0, 0))
                                                            FUNCTION("log_softmax([a, b, c])[1]", LIST(-INFINITY, 0, 0),
                                                                     -0.693147180559945309,
                                                                     LIST(0, 0.5,
                                                                          -0.5)) FUNCTION("cross_entropy([a, b, c], 1)",
                                                                                          LIST(1e308, 0, -1e308), 1e308,
                                                                                          LIST(1, -1, 0))
                                                                FUNCTION("binary_cross_entropy_with_logits(a, b)",
                                                                         LIST(0, 0.25), 0.693147180559945309,
                                                                         LIST(0.25, 0))
                                                                    FUNCTION(
                                                                        "layernorm([a, b, c], ones[3], zeros[3])[0]",
                                                                        LIST(2, 2, 2), 0,
                                                                        LIST(210.818510677891956, -105.409255338945978,
                                                                             -105.409255338945978))
                                                                        FUNCTION("if a > 0 then log(a) else a",
                                                                                 LIST(-1), -1, LIST(1))
                                                                            FUNCTION("if a > 0 then sqrt(a) / a else b",
                                                                                     LIST(0, 3), 3, LIST(0, 1))
#undef FUNCTION
};

enum { POINTS = sizeof points / sizeof *points };

// ---- generated C against reference values ----

// How far from the reference: the most that a value and that a slope may be, in units of DBL_EPSILON beside the larger of
// the reference and `floor`, the size of terms that cancel.  A function that magnifies a relative change of its arguments
// so many times (its condition) may add as much; erf's slope, exp(-x^2), the square of its argument.
typedef enum { PLAIN, CONDITION, SQUARE } Extra;

typedef struct ErrorBound {
  const char *text;
  double value, slope, floor;
  Extra extra;
} ErrorBound;

static const ErrorBound usual = {NULL, 2, 4, 0, PLAIN},
                        bounds[] = {
                            {"erf(a)", 2, 4, 0, SQUARE},
                            {"erfc(a)", 3, 4, 0, SQUARE},
                            {"1 - erf(a)", 5, 4, 0, SQUARE},
                            {"1 + erf(a)", 5, 4, 0, SQUARE},
                            {"gelu(a)", 4, 4, 0, CONDITION},
                            {"0.5 * a * (1 + erf(a / sqrt(2)))", 4, 4, 0, CONDITION},
                            {"lgamma(a)", 3, 3, 1, PLAIN},
                            {"softmax([a, b, c])[0]", 4, 4, 1, PLAIN},
                            {"log_softmax([a, b, c])[1]", 2, 2, 1, PLAIN},
                            {"log(softmax([a, b, c]))[1]", 2, 2, 1, PLAIN},
                            {"cross_entropy([a, b, c], 1)", 2, 2, 1, PLAIN},
                            {"layernorm([a, b, c], ones[3], zeros[3])[0]", 4, 4, 0, CONDITION},
};

static ErrorBound bound_of(const char *text) {
  for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++)
    if (strcmp(bounds[k].text, text) == 0) return bounds[k];
  return usual;
}

static double error_of(double ours, double reference, double floor) {
  if (ours == reference) return 0;
  // Below the normal numbers there are no such units.
  return fabs(ours - reference) / (fmax(fabs(reference), floor) + DBL_MIN) / DBL_EPSILON;
}

static double extra_of(Extra extra, int p) {
  double condition = 0;
  for (int j = 0; j < ARGS && points[p].value != 0; j++)
    condition += fabs(points[p].at[j] * points[p].slope[j] / points[p].value);
  return extra == CONDITION ? condition : extra == SQUARE ? points[p].at[0] * points[p].at[0] : 0;
}

static bool is_right_at(int p, const char *what, double ours, double reference, double most, double floor) {
  const double error = error_of(ours, reference, floor), *at = points[p].at;
  if (error <= most) return true;
  printf("%s at %g, %g, %g, %g%s: %.17g, not %.17g: off by %.3g\n", points[p].text, at[0], at[1], at[2], at[3], what,
         ours, reference, error);
  fflush(stdout);
  return false;
}

// One model of all texts, each mapped over its points: a parameter for each of the arguments, all points in it.
static const char *model_of_all(Arena *a) {
  Text t;
  text_init(&t);
  Text loss;
  text_init(&loss);
  for (int k = 0, end; k < POINTS; k = end) {
    for (end = k; end < POINTS && strcmp(points[end].text, points[k].text) == 0;) end++;
    text_printf(&t, "param a%d[%d], b%d[%d], c%d[%d], d%d[%d]\n", k, end - k, k, end - k, k, end - k, k, end - k);
    text_printf(&t, "def f%d(a, b, c, d) = %s\n", k, points[k].text);
    text_printf(&t, "predict v%d = f%d(a%d, b%d, c%d, d%d)\n", k, k, k, k, k, k);
    text_printf(&loss, "%ssum(v%d)", k ? " + " : "", k);
  }
  text_printf(&t, "loss %s\n", loss.s);
  const char *all = arena_strndup(a, t.s, t.length);
  text_free(&t);
  text_free(&loss);
  return all;
}

START_TEST(generated_functions_have_their_values_and_derivatives) {
  static double params[ARGS * POINTS], grad[ARGS * POINTS], again[ARGS * POINTS], value[POINTS];
  void *out[POINTS];
  Run r;
  Arena *a = arena_new();
  run(&r, model_of_all(a));
  is_right(&r);
  int texts = 0, at = 0;
  for (int k = 0, end; k < POINTS; k = end) {
    for (end = k; end < POINTS && strcmp(points[end].text, points[k].text) == 0;) end++;
    out[texts++] = &value[k];
    for (int j = 0; j < ARGS; j++)
      for (int p = k; p < end; p++) params[at++] = points[p].at[j];
  }
  Jit jit = generated_compile(a, r.model, &(EmitOptions){.source = "model.mdl"});
  const struct mdl_model *c = jit.model;
  struct mdl_sizes sizes;
  ck_assert_int_eq(c->sizes(NULL, &sizes), MDL_OK);
  ck_assert_uint_eq(sizes.params, sizeof params);
  void *tape = instance_memory(a, sizes.tape);
  c->predict(NULL, NULL, params, instance_memory(a, sizes.predict_work), out);
  c->value_and_grad(NULL, NULL, params, instance_memory(a, sizes.value_and_grad_work), grad);
  c->forward(NULL, NULL, params, tape, instance_memory(a, sizes.forward_work));
  c->backward(NULL, NULL, params, tape, instance_memory(a, sizes.backward_work), 1, again);
  jit_close(&jit);
  bool right = true;
  for (int k = 0, end, first = 0; k < POINTS; first += ARGS * (end - k), k = end) {
    for (end = k; end < POINTS && strcmp(points[end].text, points[k].text) == 0;) end++;
    const ErrorBound bound = bound_of(points[k].text);
    for (int p = k; p < end; p++) {
      const double more = extra_of(bound.extra, p);
      right = is_right_at(p, "", value[p], points[p].value, bound.value + more, bound.floor) && right;
      for (int j = 0; j < ARGS; j++) {
        const int entry = first + j * (end - k) + p - k;
        const char *by = arena_printf(a, " by %c", "abcd"[j]);
        const double slope = points[p].slope[j], most = bound.slope + more;
        right = is_right_at(p, by, grad[entry], slope, most, bound.floor) && right;
        right = is_right_at(p, by, again[entry], slope, most, bound.floor) && right;
      }
    }
  }
  ck_assert(right);
  ck_assert_int_gt(texts, 70);
  arena_free(r.arena);
  arena_free(a);
}
END_TEST

// ---- derivatives against dual numbers, by kinds of arguments ----

typedef struct Drawn {
  Array data[ARGS], param[ARGS];
} Drawn;

// What stands for FUNCTION's arguments: P the points by row and argument, as parameters or data; f is the function.
static const struct {
  const char *name, *model;
} kinds[] = {
    {"numbers as parameters", "param a, b, c, d\nloss f(a, b, c, d)\n"},
    {"arrays as parameters", "param P[4, 3]\nloss sum(f(P[0], P[1], P[2], P[3]) * [1, 10, 100])\n"},
    {"data", "data P[4, 3]\nparam w[3], u\nloss sum(w * f(P[0], P[1], P[2], P[3])) + u\n"},
    {"parameters beside data", "data P[4, 3]\nparam w[3]\nloss sum(f(w * P[0], P[1], P[2], P[3]))\n"},
    {"data beside parameters", "data Q\nparam P[4, 3]\nloss sum(f(P[0], Q * P[1], P[2], P[3] * Q))\n"},
    {"constants", "param w, b, c, d\nconst k = NUMBER\nloss w * f(k, b, c, d) + w * f(k, NUMBER1, NUMBER2, NUMBER3)\n"},
    {"integers", "param w, b, c, d\nloss sum[i in 1..4](if i > 0 then w * f(i, b, c, d) else 0)\n"},
    {"in a reduction", "param P[4, 3], w[3]\nloss sum[i](w[i] * f(P[0, i], P[1, i], P[2, i], P[3, i]))\n"},
    {"in a product and a maximum", "param P[4, 3], w[3]\nloss prod[i](w[i] + f(P[0, i], P[1, i], P[2, i], P[3, i])) +\n"
                                   "max[i](w[i] * f(P[0, i], P[1, i], P[2, i], P[3, i]))\n"},
    {"in a branch",
     "param P[4, 3], w[3]\nv[i] = if w[i] > 0.5 then f(P[0, i], P[1, i], P[2, i], P[3, i]) else w[i] * P[1, i]\n"
     "loss sum(v * v)\n"},
    {"in a condition", "param P[4, 3], w[3]\nloss sum(if f(P[0], P[1], P[2], P[3]) > 0.25 then w * P[0] else w * w)\n"},
    {"within itself", "param P[4, 3]\nloss sum(f(f(P[0], P[1], P[2], P[3]), P[1], P[2], P[3]))\n"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static bool is_plain(int p) {
  for (int j = 0; j < ARGS; j++) {
    const double size = fabs(points[p].at[j]);
    if ((size != 0 && (size < 1e-3 || size > 30)) || !isfinite(points[p].slope[j])) return false;
  }
  return true;
}

// Three plain points of the text at k, some of them again where there are fewer.
static int plain_points(int k, int *chosen) {
  int n = 0, end = k;
  for (; end < POINTS && strcmp(points[end].text, points[k].text) == 0; end++)
    if (n < 3 && is_plain(end)) chosen[n++] = end;
  for (int found = n; found && n < 3; n++) chosen[n] = chosen[n - found];
  return n;
}

static const char *replaced(Arena *a, const char *text, const char *what, const char *by) {
  for (const char *at; (at = strstr(text, what));)
    text = arena_printf(a, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
  return text;
}

static Array filled(const Model *m, const Poly *const *extent, int rank, const char *name, const int *chosen) {
  Array x = {.rank = rank, .extent = arena_array(m->arena, int64_t, (size_t)rank), .count = 1};
  for (int k = 0; k < rank; k++) {
    ck_assert(poly_value(m->dims, extent[k], NULL, &x.extent[k]));
    x.count *= (size_t)x.extent[k];
  }
  x.number = arena_array(m->arena, Number, x.count);
  for (size_t k = 0; k < x.count; k++)
    x.number[k].a = name[0] == 'P'            ? points[chosen[k % 3]].at[k / 3]
                    : name[0] == 'w'          ? 0.75 + 0.5 * (double)(k % 2)
                    : strchr("abcd", name[0]) ? points[chosen[0]].at[name[0] - 'a']
                                              : 1.125;
  return x;
}

static const Array *run_at(const Model *m, const Graph *g, NumberKind kind, const Drawn *in) {
  InterpInput input = {.kind = kind, .param = in->param, .data = in->data, .seed = {1, 0}};
  InterpError error = {.node = NULL};
  Array *values = arena_array(m->arena, Array, g->count + 1);
  ck_assert_msg(interp_run(m->arena, m, g, &input, values, &error), "%s", error.text);
  return values;
}

// How many slopes were compared.
static int compare_with_dual_numbers(const char *text, const char *kind, const Model *m, const int *chosen) {
  const Graph *g = m->graph, *derived = derive_gradient(m->arena, g, true, NULL);
  Drawn in;
  for (int k = 0; k < m->ndata; k++)
    in.data[k] = filled(m, m->data[k].extent, m->data[k].rank, m->data[k].name, chosen);
  for (int k = 0; k < m->nparam; k++)
    in.param[k] = filled(m, m->param[k].extent, m->param[k].rank, m->param[k].name, chosen);
  const Array *values = run_at(m, derived, NUMBER_REAL, &in);
  const Node *loss = graph_root(g, ROOT_LOSS, 0)->node;
  int compared = 0;
  for (int k = 0; k < m->nparam; k++)
    for (size_t j = 0; j < in.param[k].count; j++) {
      const double slope = values[graph_root(derived, ROOT_GRADIENT, k)->node->id].number[j].a;
      in.param[k].number[j].b = 1;
      const Number dual = run_at(m, g, NUMBER_DUAL, &in)[loss->id].number[0];
      in.param[k].number[j].b = 0;
      if (!isfinite(dual.a) || !isfinite(dual.b)) continue; // outside of the domain
      ck_assert_msg(fabs(slope - dual.b) <= 1e-11 * fmax(1, fabs(dual.b)),
                    "%s, %s: by %s[%zu] %.17g, dual numbers %.17g", text, kind, m->param[k].name, j, slope, dual.b);
      compared++;
    }
  return compared;
}

START_TEST(derivatives_agree_with_dual_numbers_for_every_kind_of_argument) {
  const char *kind = kinds[_i].name;
  int texts = 0;
  for (int k = 0; k < POINTS; k++) {
    int chosen[3];
    if ((k && strcmp(points[k].text, points[k - 1].text) == 0) || !plain_points(k, chosen)) continue;
    const double *at = points[chosen[0]].at;
    Arena *a = arena_new();
    const char *model = arena_printf(a, "def f(a, b, c, d) = %s\n%s", points[k].text, kinds[_i].model);
    for (int j = ARGS - 1; j >= 0; j--)
      model = replaced(a, model, j ? arena_printf(a, "NUMBER%d", j) : "NUMBER", arena_printf(a, "(%.17g)", at[j]));
    Run r;
    run(&r, model);
    ck_assert_msg(r.model != NULL, "%s, %s: %s", points[k].text, kind, told(&r));
    texts += compare_with_dual_numbers(points[k].text, kind, r.model, chosen) > 0;
    arena_free(r.arena);
    arena_free(a);
  }
  ck_assert_int_gt(texts, 60);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("functions");
  tcase_add_test(c, generated_functions_have_their_values_and_derivatives);
  tcase_add_loop_test(c, derivatives_agree_with_dual_numbers_for_every_kind_of_argument, 0, KINDS);
  return run_suite(c, "functions");
}
