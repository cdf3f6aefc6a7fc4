// test_check_grad.c - grad(u, x) in expressions: what it computes, what is told of wrong ones; and the gradients of models
// with loops and with `grad`, against dual numbers.
#include "check_run.h"

#include <math.h>

#include "derive/derive.h"
#include "interp/interp.h"
#include "lab.h"

// ---- values ----

enum { MOST = 9 };
// What the first prediction is, entry by entry.
static const struct {
  const char *text;
  int count;
  double value[MOST];
} computed[] = {
    {"x = 1.5\n predict p = grad(x^3, x)\n", 1, {6.75}},
    {"x = 1.5\n predict p = grad(grad(grad(x^3, x), x), x)\n", 1, {6}},
    {"x = [1.5, 2]\n predict p = grad(sum(x^3), x)\n", 2, {6.75, 12}},
    {"x = [1.5, 2]\n y = [3, 1] * x\n predict p = grad(x @ y + sum(x), x)\n", 2, {10, 5}},
    {"x = [1.5, 2]\n y = [3, 1] * x\n predict p = grad(x @ y + sum(x), y)\n", 2, {1.5, 2}},
    // by an argument it is the derivative at the value that is passed, entry by entry where the function is mapped
    {"def u(s) = s^3\n def du(s) = grad(u(s), s)\n predict p = [du(1), du(2 * 1.5), du(0.5)]\n", 3, {3, 27, 0.75}},
    {"def u(s) = s^3\n def du(s) = grad(u(s), s)\n def ddu(s) = grad(du(s), s)\n predict p = ddu([[1, 2], [3, 4]])\n",
     4,
     {6, 12, 18, 24}},
    {"def f(a, b) = grad(a * b * b, a)\n x = 3.0\n predict p = [f(x, x), f(2, x), f(x, 2)]\n", 3, {9, 9, 4}},
    // of entries one by one: a Jacobian, by one name another derivative for each index around
    {"x = [1.5, 2]\n y[i in 0..2] = x[i]^2 * x[1 - i]\n predict J[i] = grad(y[i], x)\n", 4, {6, 2.25, 4, 6}},
    {"w = [1.5, 2]\n x = [1, 2, 3]\n predict J[i] = grad(w[0] * exp(0 * w[1]) * x[i]^2 + w[1], w)\n",
     6,
     {1, 1, 4, 1, 9, 1}},
    {"w = [1.5, 2]\n x = [1, 2, 3]\n predict J[i] = grad.forward(w[0] * x[i]^2 + w[1]^i, w)\n", 6, {1, 0, 4, 1, 9, 4}},
    {"w = [1.5, 2]\n predict H[i in 0..2] = grad.forward(grad.reverse(w[0]^2 * w[1], w)[i], w)\n", 4, {4, 3, 3, 0}},
    {"w = [1.5, 2]\n predict H[i in 0..2] = grad.reverse(grad.forward(w[0]^2 * w[1], w)[i], w)\n", 4, {4, 3, 3, 0}},
    // nothing sees through a name that it differentiates by
    {"b = 0.7\n z = exp(b)\n predict p = z * grad(log(z), z)\n", 1, {1}},
    {"b = [0.7, 1]\n z = sum(exp(b))\n predict p = z * grad(log(z), z)\n", 1, {1}},
    {"def f(z) = z * grad(log(z), z)\n b = 0.7\n predict p = f(exp(b))\n", 1, {1}},
    // a constant, and what does not depend on it
    {"x = 1.5\n predict p = [grad(stop(x) * x, x), grad(2, x), grad.forward(2, x), grad(x, x), grad.forward(x, x)]\n",
     5,
     {1.5, 0, 0, 1, 1}},
    {"x = [1.5, 2]\n predict p = grad(7, x)\n", 2, {0, 0}},
    // an author's own
    {"def step(s) = floor(s) with d/ds = 5\n x = 1.5\n predict p = grad(step(x), x)\n", 1, {5}},
    // in loops: descent by a carried name; with momentum, of several names; all is as it is in the step
    {"iterate x = 4 while abs(grad((x - 3)^2, x)) > 1e-9 at most 200 { x = x - 0.25 * grad((x - 3)^2, x) }\n"
     "predict p = (x - 3) * 1e5 + 1\n",
     1,
     {1.0000465661287308}},
    {"scan t in 0..3 with x = [1, 2] { x = x - 0.5 * grad(x[0]^2 * x[1], x) }\n predict p = x\n", 2, {0, 0.875}},
    {"scan t in 0..2 with x = 1, y = 2 { a = x * y; x = a; y = grad(x * a, x) }\n predict p = [x, y]\n", 2, {4, 4}},
    {"scan t in 0..2 with x = 3 { x = x * x; yield g = grad(x * t, x); yield h = grad(x^2, x) }\n predict p = "
     "concat(g, h)\n",
     4,
     {0, 1, 18, 162}},
    {"scan t in 0..2 with x = 2, y = 3 { g = grad(x * y, x); h = grad(x * y, y); x = g; y = h }\n predict p = [x, y]\n",
     2,
     {2, 3}},
    {"w = 2.0\n scan t in 0..3 with s = 0 { s = s + grad(w^3 * t, w) }\n predict p = s\n", 1, {36}},
    {"w = 2.0\n scan t in 0..3 with s = 1 { s = s * w }\n predict p = grad(s, w)\n", 1, {12}},
    {"w = 2.0\n scan t in 0..3 with s = 1 { s = s * w; yield y = s }\n predict p = [grad(sum(y), w), grad(y[2], w)]\n",
     2,
     {17, 12}},
    {"scan t in 0..3 with s = 2.0 { s = s * s; yield y = s }\n predict p = grad(sum(y) + s, y)\n", 3, {1, 1, 1}},
    {"w = 2.0\n scan t in 0..2 with s = 1 { s = s + grad(w * stop(s), w) }\n predict p = s\n", 1, {4}},
    {"w = [2.0, 3]\n k = [0, 1, 0]\n def f(a, j) { b = a * w[j]; c = b * b; return c + w[0] }\n"
     "scan t in 0..3 with s = [1, 1] { s = s + grad(f(stop(s[0]), k[t]), w) }\n predict p = s\n",
     2,
     {204, 217}},
    // of arrays that are set in place
    {"w = 2.0\n scan t in 0..3 with D = ones[4] { D[t + 1] = D[t] * w + D[0] }\n predict p = [grad(D[3], w), "
     "grad.forward(D[3], w)]\n",
     2,
     {17, 17}},
    // a minimum of a maximum, both found by descent, in the four combinations of modes
    {"def f(x, y) = (x - 1)^2 - (y - 2)^2 + x * y\n"
     "def best(x) { scan k in 0..60 with y = 0 { y = y + 0.3 * grad.forward(f(x, y), y) }; return f(x, y) }\n"
     "scan k in 0..60 with x = 0 { x = x - 0.3 * grad.forward(best(x), x) }\n predict p = x\n",
     1,
     {0}},
    {"def f(x, y) = (x - 1)^2 - (y - 2)^2 + x * y\n"
     "def best(x) { scan k in 0..60 with y = 0 { y = y + 0.3 * grad(f(x, y), y) }; return f(x, y) }\n"
     "scan k in 0..60 with x = 0 { x = x - 0.3 * grad.forward(best(x), x) }\n predict p = x\n",
     1,
     {0}},
    {"def f(x, y) = (x - 1)^2 - (y - 2)^2 + x * y\n"
     "def best(x) { scan k in 0..60 with y = 0 { y = y + 0.3 * grad.forward(f(x, y), y) }; return f(x, y) }\n"
     "scan k in 0..60 with x = 0 { x = x - 0.3 * grad(best(x), x) }\n predict p = x\n",
     1,
     {0}},
    {"def f(x, y) = (x - 1)^2 - (y - 2)^2 + x * y\n"
     "def best(x) { scan k in 0..60 with y = 0 { y = y + 0.3 * grad(f(x, y), y) }; return f(x, y) }\n"
     "scan k in 0..60 with x = 0 { x = x - 0.3 * grad(best(x), x) }\n predict p = x\n",
     1,
     {0}},
};
enum { COMPUTED = sizeof computed / sizeof *computed };

START_TEST(derivatives_have_their_values) {
  Run r;
  run(&r, computed[_i].text);
  is_right(&r);
  InterpInput input = {.kind = NUMBER_REAL, .seed = {1, 0}};
  InterpError error = {.node = NULL};
  const Graph *g = r.model->graph;
  Array *values = arena_array(r.arena, Array, g->count + 1);
  ck_assert_msg(interp_run(r.arena, r.model, g, &input, values, &error), "%s: %s", computed[_i].text, error.text);
  const Node *p = graph_root(g, ROOT_PREDICT, 0)->node;
  const Array *a = &values[p->id];
  ck_assert_msg((int)a->count == computed[_i].count, "%s: %zu entries", computed[_i].text, a->count);
  for (int k = 0; k < computed[_i].count; k++) {
    double ours = p->type == TYPE_REAL ? a->number[k].a : (double)a->integer[k];
    ck_assert_msg(fabs(ours - computed[_i].value[k]) <= 1e-14 * fabs(computed[_i].value[k]) + 1e-12,
                  "%s: entry %d is %.17g, not %.17g", computed[_i].text, k, ours, computed[_i].value[k]);
  }
  arena_free(r.arena);
}
END_TEST

// ---- gradients ----

static const char *const models[] = {
    "dim T, k = 3, m = 4; data x[T, k]; param Wx[k, 4*m], Wh[m, 4*m], b[4*m]\n"
    "scan t in 0..T with h = zeros[m], c = zeros[m] {\n z = x[t] @ Wx + h @ Wh + b\n"
    "c = sigmoid(z[0..m]) * c + sigmoid(z[m..2*m]) * tanh(z[2*m..3*m])\n h = sigmoid(z[3*m..4*m]) * tanh(c)\n"
    "yield y = h\n}\n loss sum(y * y) + sum(c)\n",
    "dim n; param A[n, n]; C = A @ A' + eye[n]\n scan j in 0..n with L = zeros[n, n] {\n"
    "L[j, j] = sqrt(C[j, j] - sum[k in 0..j](L[j, k]^2))\n"
    "L[i in j+1..n, j] = (C[i, j] - sum[k in 0..j](L[i, k] * L[j, k])) / L[j, j]\n}\n loss sum[i](log(L[i, i])) + "
    "sum(L)\n",
    "dim n; data x[n]; param w[3], b; def u(s) = w[0] * tanh(w[1] * s + w[2])\n def du(s) = grad(u(s), s)\n"
    "def ddu(s) = grad(du(s), s)\n loss mean((ddu(x) - x * du(x))^2)\n",
    "dim n; data x[n]; param w[3]\n J[i] = grad(w[0] * sin(w[1] * x[i]) + w[2]^3, w)\n loss sum(J * J)\n",
    "param a, b; def f(x, y) = (x - a)^2 - (y - b)^2 + x * y\n"
    "def best(x) { iterate y = 0 while abs(grad(f(x, y), y)) > 0.1 at most 9 { y = y + 0.3 * grad(f(x, y), y) }; "
    "return f(x, y) }\n"
    "iterate x = 0 while abs(grad(best(x), x)) > 0.1 at most 8 { x = x - 0.2 * grad(best(x), x) }\n loss x^2\n",
    "param a, b; def f(x, y) = sin(x - a) - (y - b)^2 + x * y\n"
    "def best(x) { scan k in 0..3 with y = x { y = y + 0.3 * grad.forward(f(x, y), y) }; return f(x, y) }\n"
    "scan k in 0..3 with x = 0 { x = x - 0.2 * grad.forward(best(x), x) }\n loss x^2\n",
    "dim T, n; data x[T, n]; param w[n], p\n scan t in reverse 0..T with s = p {\n scan k in 0..t with q = s {\n"
    "q = sin(q) * w[k % n]\n s = s + q * x[t, 0]\n }\n yield z = s\n }\n loss sum(z * z)\n",
    "dim n; data x[n], l[n] in 0..n + 1; param w[n]\n def f(a, l) { scan k in 0..l with s = a { s = s * w[k] + sin(s); "
    "yield y = "
    "s }; return s + sum(y^2) }\n loss sum(f(x, l))\n",
    "dim n; param w[n]; scan i in 0..n with D = w { iterate y = 1.5 while y < 3 at most 4 { y = y + w[i]^2; D[i] = "
    "D[i] * y }\n"
    "D = sin(D) }\n loss sum(D)\n",
    "dim n, m; param a[n], b[m]; base[i in 0..n + 1, j in 0..m + 1] = i + j + 0.0\n"
    "scan i in 0..n with D = base { scan j in 0..m { D[i + 1, j + 1] = -log(exp(-D[i, j] - (a[i] - b[j])^2) + "
    "exp(-D[i, j + 1] - "
    "1) + exp(-D[i + 1, j] - 1)) } }\n loss D[n, m]\n",
    "batch n; dim d = 3; data y[n, d]; param mu[d], L[d, d] in cholesky = eye[d]\n y ~ multi_normal_cholesky(mu, L)\n"
    "likelihood sum(grad(sum(L @ mu)^2, L)^2)\n",
    "dim d = 3, T; data x[T]; param w[d]\n scan t in 0..T with v = w { v = v - 0.1 * grad(sum(v^4) * x[t] + v[0] * "
    "v[1], v) }\n"
    "loss sum(v)\n",
};
enum { MODELS = sizeof models / sizeof *models };

START_TEST(gradients_agree_with_dual_numbers) {
  Run r;
  run(&r, models[_i]);
  is_right(&r);
  Text text;
  text_init(&text);
  graph_print(&text, r.model, r.model->graph);
  Lab lab = lab_open(text.s);
  lab.seed = 1.25;
  const Graph *derived = derive_gradient(lab.arena, lab.model->graph, false, NULL);
  lab_verify(&lab, derived);
  double error = lab_gradient_error(&lab, derived);
  ck_assert_msg(error <= 1e-12, "%s: %g", models[_i], error);
  lab_close(&lab);
  text_free(&text);
  arena_free(r.arena);
}
END_TEST

// ---- errors ----

// Each row stands in line 2, after these declarations.
static const char before[] = "dim d = 3; data x[d], c[d] in 0..d; param w[d], b; def f(s) = s * s; predict p = b\n";

static const struct {
  const char *text, *told;
} wrong[] = {
    {"z = grad(b)", "2:5: error: `grad` takes 2 arguments, not 1: `grad(u, x)` is the derivative of u by x"},
    {"z = grad(b, w[0])",
     "2:13: error: `grad` differentiates by a name: a parameter, data, a definition, an argument or what "
     "a loop carries"},
    {"z = grad(w, b)",
     "2:10: error: `grad` differentiates a single number, and this is an array of shape [d]: its entries are "
     "so one by one, as in `d[i] = grad(w[i], b)`"},
    {"z = grad(f(w), w)",
     "2:10: error: `grad` differentiates a single number, and this is an array of shape [d]: its entries "
     "are so one by one, as in `d[i] = grad(f(w)[i], w)`"},
    {"z = grad(eye[d] * w, w)", "2:10: error: `grad` differentiates a single number, and this is an array of shape [d, "
                                "d]: its entries are so one by one, "
                                "as in `d[i, j] = grad((eye[d] * w)[i, j], w)`"},
    {"z = grad(b, c)", "2:13: error: `c` is an integer: derivatives are by real numbers"},
    {"const k = 1.5; z = grad(k, k)", "2:28: error: `k` is a constant: no derivative is by it"},
    {"z = grad(b, d)", "2:13: error: `d` is an integer: derivatives are by real numbers"},
    {"z = grad(b > 0, b)",
     "2:10: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"z = grad(b, bb)", "2:13: error: unknown name `bb`; did you mean `b`?"},
    {"z = grad.sideways(b, b)",
     "2:10: error: `grad` has no mode `sideways`: there are `grad.forward` and `grad.reverse`"},
    {"z = grad.forwards(b, b)", "2:10: error: `grad` has no mode `forwards`: there are `grad.forward` and "
                                "`grad.reverse`"},
    {"scan t in 0..d with s = b { s = s + grad(s * w[t], w) }",
     "2:37: error: by earlier steps of this loop, `s` may depend on `w`: their derivatives are not known yet; to take "
     "`s` as given, carry `w` too, `with w = w`, or write `stop(s)`"},
    {"scan t in 0..d with s = b, w = 2 * w { s = s + grad(s * w[t], w)[t] }",
     "2:28: error: `w` is already defined\n"
     "1:43: note: `w` is defined here"},
    {"scan t in 0..d with s = b, w = w { s = s + grad(s * w[t], b) }",
     "2:44: error: by earlier steps of this loop, `w` may depend on `b`: their derivatives are not known yet; to take "
     "`w` as given, carry `b` too, `with b = b`, or write `stop(w)`\n"
     "2:28: error: this loop carries `w` and never assigns to it: define it before the loop, without `with`"},
};
enum { WRONG = sizeof wrong / sizeof *wrong };

START_TEST(wrong_derivatives_are_told_word_for_word) {
  char text[1000];
  ck_assert_int_lt((int)(sizeof before + strlen(wrong[_i].text)), (int)sizeof text);
  strcpy(text, before);
  strcat(text, wrong[_i].text);
  Run r;
  run(&r, text);
  ck_assert_str_eq(told(&r), wrong[_i].told);
  ck_assert(!r.model);
  arena_free(r.arena);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("grad");
  tcase_add_loop_test(c, derivatives_have_their_values, 0, COMPUTED);
  tcase_add_loop_test(c, gradients_agree_with_dual_numbers, 0, MODELS);
  tcase_add_loop_test(c, wrong_derivatives_are_told_word_for_word, 0, WRONG);
  return run_suite(c, "check_grad");
}
