// test_prove.c - the prover: identities are proven, slips refuted, and what it cannot know is undecided.
#include "prove/prove.h"

#include <math.h>
#include <stdio.h>

#include "check_run.h"
#include "derive/derive.h"
#include "prove/field.h"

enum { MOST_DIMS = 64 };

typedef struct Tried {
  Run r;
  Proofs proofs;
} Tried;

static Tried prove_seeded(const char *text, uint64_t seed) {
  Tried t;
  int64_t given[MOST_DIMS];
  run(&t.r, text);
  is_right(&t.r);
  for (int k = 0; k < MOST_DIMS; k++) given[k] = -1;
  const Graph *g = derive_gradient(t.r.arena, t.r.model->graph, true, NULL);
  t.proofs = prove_gradients(t.r.arena, &(ProofInput){.model = t.r.model, .graph = g, .given = given, .seed = seed});
  return t;
}

static const char *const verdicts[] = {"none", "identical", "differs", "undecided"};

static void expect_at(int line, const char *text, Verdict verdict) {
  Tried t = prove_seeded(text, 0);
  for (int k = 0; k < t.r.model->nparam; k++) {
    const Proof *p = &t.proofs.param[k];
    if (p->verdict == PROOF_NONE) continue;
    ck_assert_msg(p->verdict == verdict, "line %d, parameter %d is %s, not %s (%s, difference %g, chance %g):\n%s",
                  line, k, verdicts[p->verdict], verdicts[verdict], p->why ? p->why : "", p->difference, p->chance,
                  text);
    if (verdict == PROOF_IDENTICAL) ck_assert_msg(p->chance < -9, "line %d: %g\n%s", line, p->chance, text);
  }
  arena_free(t.r.arena);
}
#define expect(text, verdict) expect_at(__LINE__, text, verdict)

// loss f(x), and its derivative as the author has it.
static void scalar_at(int line, const char *f, const char *derivative, Verdict verdict) {
  char text[2000];
  snprintf(text, sizeof text, "data a, b\nparam x = 0.5\nloss %s\ngradient x = %s\n", f, derivative);
  expect_at(line, text, verdict);
}
#define proves(f, derivative) scalar_at(__LINE__, f, derivative, PROOF_IDENTICAL)
#define refutes(f, derivative) scalar_at(__LINE__, f, derivative, PROOF_DIFFERS)
#define wonders(f, derivative) scalar_at(__LINE__, f, derivative, PROOF_UNDECIDED)

START_TEST(test_rational) {
  proves("x^3 / (a + x)", "(3 * x^2 * (a + x) - x^3) / (a + x)^2");
  proves("(a + x) * (a - x)", "-2 * x");
  proves("0.3 * x", "3 * 0.1");
  proves("x / 3", "1 / 3");
  refutes("x^3 / (a + x)", "(3 * x^2 * (a + x) + x^3) / (a + x)^2");
  refutes("2 * x", "2.000000000002");
  refutes("x^2", "2 * x + 1e-9");
}
END_TEST

START_TEST(test_exp) {
  proves("exp(a * x)", "a * exp(a * x)");
  proves("exp(x + a)", "exp(x) * exp(a)");
  proves("exp(x - a)^2", "2 * exp(2 * x) / exp(2 * a)");
  proves("exp(-(x - a)^2 / 2)", "(a - x) * exp(a * x) * exp(-x^2 / 2) / exp(a^2 / 2)");
  proves("exp(exp(x))", "exp(x + exp(x))");
  proves("exp(x / 2)^2", "exp(x)");
  proves("exp(x)", "exp(x / 3)^3");
  proves("sinh(x)", "(exp(x) + exp(-x)) / 2");
  proves("tanh(x)", "1 - tanh(x)^2");
  proves("tanh(x)", "4 / (exp(x) + exp(-x))^2");
  proves("sigmoid(x)", "sigmoid(x) * (1 - sigmoid(x))");
  proves("softplus(a * x)", "a / (1 + exp(-(a * x)))");
  proves("sigmoid(2 * x)", "(1 - tanh(x)^2) / 2");
  refutes("exp(a * x)", "a * exp(a * x + 1e-9)");
  refutes("tanh(x)", "1 + tanh(x)^2");
}
END_TEST

START_TEST(test_log) {
  proves("x * log(a * x)", "log(a) + log(x) + 1");
  proves("x * log(x^3 / a)", "3 * log(x) - log(a) + 3");
  proves("x * log(6)", "log(2) + log(3)");
  proves("x * log(0.01)", "-2 * log(2) - 2 * log(5)");
  proves("x^a", "a * exp((a - 1) * log(x))");
  proves("x^a", "a * x^a / x");
  proves("a^x", "log(a) * a^x");
  proves("x^1.5", "1.5 * sqrt(x)");
  proves("exp(3 * log(x))", "3 * x^2");
  proves("sqrt(x)", "exp(-log(x) / 2) / 2");
  proves("log(exp(x) * a)", "1");
  proves("lgamma(x)", "digamma(x)");
  proves("digamma(x)", "polygamma(1, x)");
  refutes("x * log(a * x)", "log(a) - log(x) + 1");
  refutes("a * x^2", "2 * a * exp(log(x * x) / 2)"); // log(x * x) is 2 log |x|, so that this is |x|, not x
  proves("x * log(x * x)", "2 * log(x) + 2");
}
END_TEST

START_TEST(test_roots) {
  proves("sqrt(x)^2", "1");
  proves("sqrt(x^2 + a)", "x / sqrt(x^2 + a)");
  proves("sqrt(x)", "sqrt(x) / (2 * x)");
  proves("hypot(a, x)", "x / hypot(x, a)");
  proves("x * sqrt(2)", "2 / sqrt(2)");
  proves("1 / sqrt(1 + exp(x))", "-exp(x) / (2 * (1 + exp(x)) * sqrt(1 + exp(x)))");
  proves("sqrt(4 * x)", "1 / sqrt(x)");
  proves("sqrt(1 / x)", "-1 / (2 * x * sqrt(x))");
  proves("x * sqrt(8)", "2 * sqrt(2)");
  proves("x * sqrt(2 * pi)", "sqrt(2) * sqrt(pi)");
  proves("x * 0.3989422804014327", "1 / sqrt(2 * pi)");
  proves("sqrt(exp(x))", "exp(x / 2) / 2");
  proves("sqrt(x^2)", "if x > 0 then 1 else -1");
  proves("2^x", "0.6931471805599453 * 2^x");
  proves("sqrt(a * x)^2", "a");
  refutes("x * sqrt(8)", "2 * sqrt(2.0001)");
  refutes("sqrt(x^2 + a)", "2 * x / sqrt(x^2 + a)");
  refutes("x^2 / 2", "sqrt(x * x)"); // |x|
}
END_TEST

START_TEST(test_trigonometry) {
  proves("sin(x)", "cos(x)");
  proves("cos(a * x)", "-a * sin(a * x)");
  proves("sin(x)^2 + cos(x)^2 + x", "1");
  proves("sin(x) * cos(x)", "cos(2 * x)");
  proves("sin(a + x)", "cos(a) * cos(x) - sin(a) * sin(x)");
  proves("tan(x)", "1 + tan(x)^2");
  proves("tan(x)", "1 / cos(x)^2");
  proves("atan(x)", "1 / (1 + x^2)");
  proves("asin(x)", "1 / sqrt(1 - x^2)");
  proves("erf(x)", "2 / sqrt(pi) * exp(-x^2)");
  proves("x * erf(x - a)", "2 * x * exp(-(a - x)^2) / sqrt(pi) - erf(a - x)");
  refutes("cos(x)", "sin(x)");
  refutes("erf(x)", "2 / pi * exp(-x^2)");
}
END_TEST

START_TEST(test_order) {
  proves("abs(x)", "sign(x)");
  proves("abs(x - a)", "if x > a then 1 else -1");
  proves("relu(a * x)", "if a * x > 0 then a else 0");
  proves("max(x, a) * x", "if x > a then 2 * x else a");
  proves("huber(x, a, 0.5)", "if abs(x - a) <= 0.5 then x - a else 0.5 * sign(x - a)");
  refutes("abs(x)", "-sign(x)");
  refutes("relu(x)", "1");
  // What holds for an order that real numbers do not have is no proof, and no refutation.
  wonders("(if x^2 - x + 1 > 0 then x else 2 * x)", "1");
  wonders("max(max(x, a), b) - max(x, max(a, b)) + x", "1");
}
END_TEST

#define LINEAR "dim d\nbatch n\ndata x[n, d], y[n]\nparam w[d] = 0.1, c = 0\np = x @ w + c\n"

START_TEST(test_arrays) {
  expect(LINEAR
         "loss mean((p - y)^2)\ngradient w[j] = mean[i](2 * (p[i] - y[i]) * x[i, j])\ngradient c = 2 * mean(p - y)\n",
         PROOF_IDENTICAL);
  expect(LINEAR "loss mean((p - y)^2)\ngradient w = 2 * (x' @ (p - y)) / n\n", PROOF_IDENTICAL);
  expect(LINEAR "loss mean((p - y)^2)\ngradient w[j] = mean[i](2 * (p[i] - y[i]) * x[i, d - 1 - j])\n", PROOF_DIFFERS);
  expect(LINEAR
         "loss mean((p - y)^2)\ngradient w[j] = mean[i](2 * (p[i] - y[i]) * x[i, j]) + (if j == 4 then w[j] else 0)\n",
         PROOF_DIFFERS);
  // Right at n = d alone.
  expect(LINEAR "loss mean((p - y)^2)\ngradient w[j] = 2 * sum[i]((p[i] - y[i]) * x[i, j]) / d\n", PROOF_DIFFERS);
  // Right at n = 2 alone.
  expect("batch n\ndata x[n]\nparam w = 1\nloss w * sum(x)\ngradient w = sum(x) * n / 2\n", PROOF_DIFFERS);
  expect("dim T\ndata u[T]\nparam k[3] = 1\np[t in 0..T - 2] = sum[j](k[j] * u[t + j])\nloss sum(exp(p))\n"
         "gradient k[j] = sum[t in 0..T - 2](exp(p[t]) * u[t + j])\n",
         PROOF_IDENTICAL);
}
END_TEST

START_TEST(test_models) {
  expect("dim d\nbatch n\ndata x[n, d], y[n] in 0..2\nparam w[d] = 0, b = 0\nz = x @ w + b\np = sigmoid(z)\n"
         "loss mean(binary_cross_entropy_with_logits(z, y))\ngradient w[j] = mean[i]((p[i] - y[i]) * x[i, j])\n"
         "gradient b = mean(p - y)\n",
         PROOF_IDENTICAL);
  expect("dim n, k = 3\ndata y[n] in 0..k\nparam z[n, k] = 0.1\np = softmax(z)\n"
         "loss sum[i](logsumexp(z[i]) - z[i, y[i]])\n"
         "gradient z[i, c] = p[i, c] - (if y[i] == c then 1 else 0)\n",
         PROOF_IDENTICAL);
  expect("dim n, k = 3\ndata y[n] in 0..k\nparam z[n, k] = 0.1\np = softmax(z)\n"
         "loss sum[i](logsumexp(z[i]) - z[i, y[i]])\n"
         "gradient z[i, c] = p[i, c] - (if y[i] == c then 1 else 0) * (1 + 1e-12)\n",
         PROOF_DIFFERS);
  expect("dim d = 2, h = 6\nbatch n\ndata x[n, d], y[n]\nparam W[d, h] = 0.1, v[h] = 0.2\na = tanh(x @ W)\np = a @ v\n"
         "loss mean((p - y)^2)\ngradient v[q] = mean[i](2 * (p[i] - y[i]) * a[i, q])\n"
         "gradient W[j, q] = mean[i](2 * (p[i] - y[i]) * v[q] * (1 - a[i, q]^2) * x[i, j])\n",
         PROOF_IDENTICAL);
  expect("dim d\nparam v[d] = 1\nloss norm(v)\ngradient v = v / norm(v)\n", PROOF_IDENTICAL);
  expect("dim d\nparam v[d] = 1\nloss prod(v)\ngradient v[i] = prod(v) / v[i]\n", PROOF_IDENTICAL);
  expect("dim d\nparam v[d] = 1\nloss max(v)\ngradient v[i] = if v[i] == max(v) then 1 else 0\n", PROOF_IDENTICAL);
  expect("batch n\ndata y[n]\nparam m = 0, s = 1\ny ~ normal(m, s)\n"
         "gradient m = -sum(y - m) / s^2\ngradient s = n / s - sum((y - m)^2) / s^3\n",
         PROOF_IDENTICAL);
}
END_TEST

START_TEST(test_undecided) {
  wonders("lgamma(x + 1)", "digamma(x) + 1 / x"); // an identity it does not know
  wonders("x * sqrt(a * b * a)", "abs(a) * sqrt(b)");
}
END_TEST

START_TEST(test_edges) {
  // A division by zero in the formula itself is no proof.
  Tried t = prove_seeded("param x = 1\nloss x\ngradient x = (x - x) / (x - x)\n", 0);
  ck_assert_int_eq(t.proofs.param[0].verdict, PROOF_UNDECIDED);
  ck_assert_str_eq(t.proofs.param[0].why, "a division by zero");
  arena_free(t.r.arena);
  // No entries: nothing to differ.
  expect("dim k = 0\nparam w[k] = 1, c = 1\nloss sum(w) + c\ngradient w[j] = 7\n", PROOF_IDENTICAL);
  // A multiple of a prime that one might have fixed: 2^61 - 1.
  refutes("x^2", "2 * x + (2147483648 * 1073741824 - 1)");
  // Deep.
  char text[4000], *end = text;
  end += sprintf(end, "param x = 0.5\nu0 = x\n");
  for (int k = 1; k <= 40; k++) end += sprintf(end, "u%d = u%d * u%d / 2 + x\n", k, k - 1, k - 1);
  sprintf(end, "loss u40\ngradient x = 1\n");
  expect(text, PROOF_DIFFERS);
}
END_TEST

// ---- loops ----

// h[t + 1] = h[t] * w + x[t], and its derivative as a loop of its own, against Σ (T - 1 - t) w^(T - 2 - t) x[t].
#define LOOP                                                                                                           \
  "dim T\ndata x[T]\nparam w\ninput x[T] = data 0\ninput w = param 0\n"                                                \
  "carry h[t:T + 1] along t from h_step = 0.0\nnode h_step[t:T] = h[t] * w + x[t]\n"                                   \
  "carry s[t:T + 1] along t from s_step = 0.0\nnode s_step[t:T] = s[t] * w + h[t]\n"                                   \
  "node loss = h[T]\nnode a = s[T]\n"                                                                                  \
  "node g = sum[t:T](real(T - 1 - t) * powi(w, T - 2 - t) * x[t])\nroot loss = loss\nroot author w = a\n"

static Proofs prove_graph(Arena *a, const char *text) {
  Source source = {"graph", text, strlen(text)};
  Diags diags;
  int64_t given[MOST_DIMS];
  for (int k = 0; k < MOST_DIMS; k++) given[k] = -1;
  diags_init(&diags, a);
  const Model *m = graph_parse(a, &diags, &source);
  ck_assert_msg(m != NULL, "%s", diags.count ? diags.list[0].message : "");
  return prove_gradients(a, &(ProofInput){.model = m, .graph = m->graph, .given = given});
}

START_TEST(test_loops) {
  Arena *a = arena_new();
  ck_assert_int_eq(prove_graph(a, LOOP "root gradient w = g\n").param[0].verdict, PROOF_IDENTICAL);
  ck_assert_int_eq(prove_graph(a, LOOP "root gradient w = loss\n").param[0].verdict, PROOF_DIFFERS);
  arena_free(a);
}
END_TEST

START_TEST(test_scans) {
  expect(
      "dim T\ndata x[T]\nparam w = 0.5\nscan t in 0..T with h = 0, s = 0 {\nn = h * w + x[t]\ns = s * w + h\nh = n\n}\n"
      "loss h^2\ngradient w = 2 * h * s\n",
      PROOF_IDENTICAL);
  expect(
      "dim T\ndata x[T]\nparam w = 0.5\nscan t in 0..T with h = 0, s = 0 {\nn = h * w + x[t]\ns = s * w + n\nh = n\n}\n"
      "loss h^2\ngradient w = 2 * h * s\n",
      PROOF_DIFFERS);
  // An array that is overwritten step by step: D[t + 1] = D[t] * w + a[t].
  expect("dim T\ndata a[T]\nparam w = 0.7\nscan t in 0..T with D = zeros[T + 1] {\nD[t + 1] = D[t] * w + a[t]\n}\n"
         "scan t in 0..T with E = zeros[T + 1] {\nE[t + 1] = E[t] * w + D[t]\n}\nloss sum(exp(D))\n"
         "gradient w = sum(exp(D) * E)\n",
         PROOF_IDENTICAL);
  expect("param w = 5\niterate x = w while x > 1 at most 4 {\nx = x / 2\n}\nloss x\ngradient w = x / w\n",
         PROOF_UNDECIDED);
}
END_TEST

// x -> x / 2 while it is above 0.1: no two ways to stop are compared.
START_TEST(test_iteration) {
  Arena *a = arena_new();
  const Proofs p = prove_graph(a, "param w\ninput w = param 0\ncarry h[t:5] along t from step while go = w\n"
                                  "node go[t:4] = h[t] > 0.1\nnode step[t:4] = if go[t] then h[t] / 2.0 else h[t]\n"
                                  "node loss = h[4]\nroot loss = loss\nroot author w = loss\nroot gradient w = loss\n");
  ck_assert_int_eq(p.param[0].verdict, PROOF_UNDECIDED);
  ck_assert_str_eq(p.param[0].why, "it iterates until a condition on reals fails");
  ck_assert(p.param[0].difference == 0);
  arena_free(a);
}
END_TEST

// ---- slips ----

static const char *const right[] = {
    LINEAR "loss mean((p - y)^2)\ngradient w[j] = mean[i](2 * (p[i] - y[i]) * x[i, j])\n",
    "data a\nparam x = 0.5\nloss x^3 / (a + x)\ngradient x = (3 * x^2 * (a + x) - x^3) / (a + x)^2\n",
    "data a\nparam x = 0.5\nloss exp(-(x - a)^2 / 2)\ngradient x = (a - x) * exp(a * x) * exp(-x^2 / 2) / exp(a^2 / "
    "2)\n",
    "data a\nparam x = 0.5\nloss x * log(x^3 / a)\ngradient x = 3 * log(x) - log(a) + 3\n",
    "data a\nparam x = 0.5\nloss sin(a + x)\ngradient x = cos(a) * cos(x) - sin(a) * sin(x)\n",
    "data a\nparam x = 0.5\nloss sqrt(x^2 + a)\ngradient x = x / sqrt(x^2 + a)\n",
    "batch n\ndata y[n]\nparam m = 0, s = 1\ny ~ normal(m, s)\ngradient s = n / s - sum((y - m)^2) / s^3\n",
    "dim n, k = 3\ndata y[n] in 0..k\nparam z[n, k] = 0.1\np = softmax(z)\nloss sum[i](logsumexp(z[i]) - z[i, y[i]])\n"
    "gradient z[i, c] = p[i, c] - (if y[i] == c then 1 else 0)\n",
    "data a\nparam x = 0.5\nloss huber(x, a, 0.5)\ngradient x = if abs(x - a) <= 0.5 then x - a else if x > a then 0.5 "
    "else -0.5\n",
};

static char slip_of(char c) {
  static const char from[] = "+-*/0123456789", to[] = "-+/*1234567898";
  const char *at = c ? strchr(from, c) : NULL;
  return at ? to[at - from] : 0;
}

// Each operator and each digit of the right statement, changed.
START_TEST(test_slips) {
  int differs = 0, made = 0;
  char text[1000];
  snprintf(text, sizeof text, "%s", right[_i]);
  expect(text, PROOF_IDENTICAL);
  for (char *c = strstr(text, "gradient"); *c; c++) {
    const char before = *c;
    if (!slip_of(before)) continue;
    *c = slip_of(before);
    Run r;
    run(&r, text);
    const bool compiles = r.model != NULL;
    arena_free(r.arena);
    if (compiles) {
      Tried t = prove_seeded(text, 3);
      Verdict verdict = PROOF_NONE;
      for (int k = 0; k < t.r.model->nparam; k++)
        if (t.proofs.param[k].verdict != PROOF_NONE) verdict = t.proofs.param[k].verdict;
      ck_assert_msg(verdict != PROOF_IDENTICAL, "%s", text);
      made++;
      differs += verdict == PROOF_DIFFERS;
      arena_free(t.r.arena);
    }
    *c = before;
  }
  ck_assert_msg(made >= 3 && differs == made, "%d of %d\n%s", differs, made, text);
}
END_TEST

// ---- the field ----

START_TEST(test_field) {
  for (uint64_t seed = 0; seed < 20; seed++) {
    const Field f = field_new(seed);
    ck_assert(f.p >> 61 == 1 && f.p % 4 == 3);
    for (int64_t k = -20; k <= 20; k++) {
      int64_t a, b;
      const uint64_t x = field_mul(&f, field_of(&f, k), field_inverse(&f, field_of(&f, 7)));
      ck_assert(field_fraction(&f, x, 1 << 20, &a, &b));
      ck_assert(a * 7 == k * b && b > 0);
      bool real;
      const uint64_t root = field_root(&f, x, &real), square = field_mul(&f, root, root);
      ck_assert(square == (real ? x : field_sub(&f, 0, x)));
    }
    ck_assert_uint_eq(field_plain(&f, field_of(&f, 123456789)), 123456789);
    ck_assert_uint_eq(field_of(&f, (int64_t)f.p), 0);
  }
}
END_TEST

int main(void) {
  TCase *c = tcase_create("prove");
  tcase_add_test(c, test_field);
  tcase_add_test(c, test_rational);
  tcase_add_test(c, test_exp);
  tcase_add_test(c, test_log);
  tcase_add_test(c, test_roots);
  tcase_add_test(c, test_trigonometry);
  tcase_add_test(c, test_order);
  tcase_add_test(c, test_arrays);
  tcase_add_test(c, test_models);
  tcase_add_test(c, test_undecided);
  tcase_add_test(c, test_edges);
  tcase_add_test(c, test_loops);
  tcase_add_test(c, test_scans);
  tcase_add_test(c, test_iteration);
  tcase_add_loop_test(c, test_slips, 0, (int)(sizeof right / sizeof *right));
  return run_suite(c, "prove");
}
