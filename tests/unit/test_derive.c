// test_derive.c - gradients of small graphs against dual numbers, which know nothing of the table's derivative column.
#include "derive/derive.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "simplify/simplify.h"

// Each case is what stands between these: data x[n, m], y[n], z[m, m] real, token[n] in 0..m, code[n, m] in 0..m,
// parameters w[m], b, W[m, m], u[n]; n = 5, m = 3, p = 4.
#define HEAD                                                                                                           \
  "model t\ndim n\ndim m\ndim p\ndata x[n, m]\ndata y[n]\ndata z[m, m]\ndata token[n] in 0..m\n"                       \
  "data code[n, m] in 0..m\nparam w[m]\nparam b\nparam W[m, m]\nparam u[n]\n"                                          \
  "input x[n, m] = data 0\ninput y[n] = data 1\ninput z[m, m] = data 2\ninput token[n] = data 3\n"                     \
  "input code[n, m] = data 4\ninput w[m] = param 0\ninput b = param 1\ninput W[m, m] = param 2\n"                      \
  "input u[n] = param 3\n"
#define TAIL "root loss = loss\n"

static const struct {
  const char *name, *nodes;
} cases[] = {
    {"the loss is a parameter", "node loss = b\n"},
    {"no parameter", "node loss = sum[i:n](y[i])\n"},
    {"element-wise", "node loss = sum[i:n](sin(u[i]) * y[i] + u[i] / (2.0 + y[i] * y[i]))\n"},
    {"a chain of nodes", "node a[i:m] = tanh(w[i])\nnode c[i:m] = a[i] * w[i]\nnode d[i:m] = c[i] * a[i] - w[i]\n"
                         "node loss = sum[i:m](d[i])\n"},
    {"matrix times vector", "node a[i:n] = sum[j:m](x[i, j] * w[j])\nnode loss = sum[i:n]((a[i] - y[i])^2)\n"},
    {"matrix times matrix",
     "node A[i:n, k:m] = sum[j:m](x[i, j] * W[j, k])\nnode B[i:n, k:m] = sum[j:m](A[i, j] * W[j, k])\n"
     "node loss = sum[i:n, k:m](exp(B[i, k] / 10.0))\n"},
    {"transposed", "node loss = sum[i:m, j:m](W[j, i] * z[i, j] * W[i, j])\n"},
    {"broadcast", "node a[i:n, j:m] = b * x[i, j] + w[j]\nnode loss = sum[i:n, j:m](a[i, j]^2)\n"},
    {"diagonal", "node loss = sum[i:m](W[i, i] * w[i])\n"},
    {"diagonal and transposed", "node d[i:m, j:m] = W[i, i] * W[j, i]\nnode loss = sum[i:m, j:m](d[i, j] * z[i, j])\n"},
    {"constant subscripts", "node loss = u[0] * u[1] + W[1, 2] * W[2, 1] + u[n - 1]\n"},
    {"offset", "node a[i:n - 1] = u[i + 1] - u[i]\nnode loss = sum[i:n - 1](a[i]^2)\n"},
    {"reversed", "node a[i:n] = u[n - 1 - i] * y[i]\nnode loss = sum[i:n](a[i]^2 * u[i])\n"},
    {"convolution", "node a[i:n - 2] = sum[k:3](u[i + k] * w[k])\nnode loss = sum[i:n - 2](a[i]^2)\n"},
    {"guarded convolution",
     "node a[i:n] = sum[k:m if i + k >= 1 and i + k <= n](u[i + k - 1] * w[k])\nnode loss = sum[i:n](a[i]^2)\n"},
    {"strided", "node a[i:2] = sum[k:2](u[2 * i + k] * w[k])\nnode loss = sum[i:2](a[i]^3)\n"},
    {"dilated", "node a[i:2] = sum[k:2](u[i + 2 * k] * w[k])\nnode loss = sum[i:2](a[i]^3)\n"},
    {"negative stride", "node a[i:2] = u[4 - 2 * i] * y[i]\nnode loss = sum[i:2](a[i]^2)\n"},
    {"stride that leaves the range", "node a[i:n if 3 * i < n] = u[3 * i]^2\nnode loss = sum[i:n](a[i] * y[i])\n"},
    {"two equations, one index", "node loss = sum[i:m](W[i, m - 1 - i]^3)\n"},
    {"sum of indices", "node a[i:m, j:m] = u[i + j] * z[i, j]\nnode loss = sum[i:m, j:m](a[i, j]^2)\n"},
    {"difference of indices", "node loss = sum[i:n, j:n if i >= j](u[i - j] * y[i] * y[j])\n"},
    {"floor division", "node a[i:n] = w[i // 2] * y[i]\nnode loss = sum[i:n](a[i]^2)\n"},
    {"remainder", "node a[i:n] = w[i % m] * y[i]\nnode loss = sum[i:n](a[i]^2)\n"},
    {"gather", "node a[i:n, j:m] = W[token[i], j] * x[i, j]\nnode loss = sum[i:n, j:m](a[i, j]^2)\n"},
    {"gather by two", "node loss = sum[i:n, j:m](W[code[i, j], token[i]] * x[i, j])\n"},
    {"gather at a solved place", "node loss = sum[i:m](W[token[i], i]^2)\n"},
    {"gather with an offset", "node loss = sum[i:n if token[i] >= 1](w[token[i] - 1] * y[i])\n"},
    {"scatter", "scatter S[m] = [i:n](token[i]) += u[i] * w[token[i]]\nnode loss = sum[j:m](S[j]^2)\n"},
    {"guarded scatter", "scatter S[m, n] = [i:n, j:m if j > 0](code[i, j], i) += u[i] * x[i, j]\n"
                        "node loss = sum[j:m, i:n](S[j, i]^2 * y[i])\n"},
    {"a branch that is not taken sends no NaN",
     "node loss = sum[i:n](if u[i] > 0.0 then log(u[i]) * b else sqrt(-u[i]) + b)\n"},
    {"a branch that repeats its part",
     "node loss = sum[i:n](if u[i] > 0.0 then log(abs(u[i])) * u[i] else -log(abs(u[i])))\n"},
    {"a part under two conditions",
     "node loss = sum[i:n]((if u[i] > 0.0 then log(u[i]) else 0.0) + (if u[i] > 0.5 then log(u[i])^2 else 1.0))\n"},
    {"a condition that reads under a guard",
     "node a[i:n] = if i >= 1 then u[i - 1] * u[i] else u[i]\nnode loss = sum[i:n](a[i]^2)\n"},
    {"nested branches",
     "node loss = sum[i:n](if u[i] > 0.0 then (if u[i] > 1.0 then u[i]^3 else u[i]) else exp(u[i]))\n"},
    {"max of an argument whose derivative is infinite",
     "node loss = sum[i:n](max(log(if y[i] > 0.0 then abs(u[i]) else 0.0 * abs(u[i])), -3.0) * y[i])\n"},
    {"sum under a guard", "node a[i:m] = sum[j:m if j <= i](W[i, j] * w[j])\nnode loss = sum[i:m](a[i]^2)\n"},
    {"prod", "node loss = prod[i:m](w[i])\n"},
    {"prod with one zero", "node loss = prod[i:m](w[i] - (if i == 1 then stop(w[1]) else 0.0))\n"},
    {"prod over two indices", "node a[k:m] = prod[i:m, j:m if i != j](W[i, j] * w[k])\nnode loss = sum[k:m](a[k])\n"},
    {"max", "node a[i:m] = max[j:m](W[i, j] * w[j])\nnode loss = sum[i:m](a[i]^2)\n"},
    {"min under a guard", "node a[i:m] = min[j:m if j >= i](W[i, j])\nnode loss = sum[i:m](a[i] * w[i])\n"},
    {"max with ties",
     "node a[i:m] = max[j:n](if j % 2 == 0 then w[i] else w[i] - 1.0)\nnode loss = sum[i:m](a[i]^2)\n"},
    {"max of a bare read", "node a = max[j:n](u[j])\nnode c = min[j:n](u[j])\nnode loss = a - c * b\n"},
    {"logsumexp", "node a[i:n] = logsumexp[j:m](x[i, j] * w[j])\nnode loss = sum[i:n](a[i] * y[i])\n"},
    {"logsumexp of a read", "node a[i:m] = logsumexp[j:m](W[i, j])\nnode loss = sum[i:m](a[i]^2)\n"},
    {"an empty logsumexp", "node a[i:m] = logsumexp[j:m if j < i](W[i, j])\n"
                           "node loss = sum[i:m if i > 0](a[i]^2)\n"},
    {"logsumexp and its shares", "node l[i:n] = logsumexp[j:m](x[i, j] * w[j])\n"
                                 "node s[i:n, j:m] = exp(x[i, j] * w[j] - l[i])\n"
                                 "node loss = sum[i:n](l[i] - s[i, token[i]])\n"},
    {"argmax is a constant", "node k = argmax[i:m](w[i])\nnode loss = w[k]^2\n"},
    {"stop", "node loss = sum[i:n](stop(u[i]) * u[i] + stop(u[i]^2))\n"},
    {"comparisons and floor", "node loss = sum[i:n](floor(u[i]) * u[i] + (if u[i] >= b then b else 2.0 * b))\n"},
    {"integers beside reals", "node loss = sum[i:n](real(i) * u[i] + u[i]^i)\n"},
    {"a parameter read twice", "node loss = sum[i:n, j:n](u[i] * u[j] * y[i])\n"},
    {"sums at different depths", "node s = sum[i:n](u[i]^2)\nnode a[i:n] = u[i] / sqrt(s)\nnode c = sum[i:n](a[i] * "
                                 "y[i])\nnode loss = c^2 + s * b\n"},
    {"seen through metrics", "node a[i:n] = u[i] * b\nnode q = sum[i:n](a[i])\nroot metric q = q\nnode loss = q^2\n"},
};

static Graph *derive_case(Lab *l, int k) {
  Text t;
  text_init(&t);
  text_printf(&t, "%s%s%s", HEAD, cases[k].nodes, TAIL);
  *l = lab_open(t.s);
  text_free(&t);
  Graph *d = derive_gradient(l->arena, l->model->graph, false, NULL);
  lab_verify(l, d);
  return d;
}

#define GRADIENTS (1u << ROOT_GRADIENT | 1u << ROOT_LOSS)

START_TEST(test_gradient) {
  Lab l;
  const Graph *d = derive_case(&l, _i);
  l.seed = 0.75;
  double error = lab_gradient_error(&l, d);
  ck_assert_msg(error <= 1e-12, "%s: error %g\n%s", cases[_i].name, error, lab_print(&l, d));
  const Graph *s = simplify(l.arena, d, GRADIENTS);
  lab_verify(&l, s);
  error = lab_gradient_error(&l, s);
  ck_assert_msg(error <= 1e-12, "%s, simplified: error %g\n%s", cases[_i].name, error, lab_print(&l, s));
  lab_close(&l);
}
END_TEST

// The derivative is a graph like any other: the gradient of its squared length is again right.
START_TEST(test_second) {
  Lab l;
  derive_case(&l, _i);
  const Graph *once = derive_gradient(l.arena, l.model->graph, true, NULL);
  Text t, total;
  text_init(&t);
  text_init(&total);
  for (char *line = strtok(lab_print(&l, once), "\n"); line; line = strtok(NULL, "\n"))
    if (strncmp(line, "root", 4) != 0) text_printf(&t, "%s\n", line);
  for (int k = 0; k < l.model->nparam; k++) {
    const Node *n = graph_root(once, ROOT_GRADIENT, k)->node;
    static const char *const squares[] = {"node q%d = %s^2\n", "node q%d = sum[i:%s](%s[i]^2)\n",
                                          "node q%d = sum[i:m, j:m](%s[i, j]^2 * z[j, i])\n"};
    if (n->nout == 1)
      text_printf(&t, squares[1], k, k == 0 ? "m" : "n", n->name);
    else
      text_printf(&t, squares[n->nout], k, n->name);
    text_printf(&total, "%sq%d", k ? " + " : "", k);
  }
  text_printf(&t, "node loss2 = %s\nroot loss = loss2\n", total.s);
  Lab second = lab_open(t.s);
  const Graph *twice = derive_gradient(second.arena, second.model->graph, true, NULL);
  lab_verify(&second, twice);
  double error = lab_gradient_error(&second, twice);
  ck_assert_msg(error <= 1e-11, "%s: error %g\n%s", cases[_i].name, error, lab_print(&second, twice));
  const Graph *s = simplify(second.arena, twice, GRADIENTS);
  lab_verify(&second, s);
  error = lab_gradient_error(&second, s);
  ck_assert_msg(error <= 1e-11, "%s, simplified: error %g\n%s", cases[_i].name, error, lab_print(&second, s));
  text_free(&t);
  text_free(&total);
  lab_close(&second);
  lab_close(&l);
}
END_TEST

// Where a tie or a zero makes the derivative a convention: what PyTorch gives, or the limit where PyTorch gives NaN.
START_TEST(test_conventions) {
  static const struct {
    const char *expr;
    double at, derivative;
  } rows[] = {
      {"abs(b)", 0, 0},
      {"max(b, 0.0)", 0, 0.5},
      {"if b > 0.0 then b else 0.0", 0, 0},
      {"hypot(b, 0.0)", 0, 0},
      {"b^2", 0, 0},
      {"b^1", 0, 1},
      {"b^0", 0, 0},
      {"pow(b, 2.0)", 0, 0},
      {"min(b, b)", 2, 1},
      {"tanh(b)", 400, 0},
      {"sigmoid(b)", -800, 0},
      {"softplus(b)", 800, 1},
      {"atan2(b, 0.0)", 0, 0},
      {"max(b, b)", 2, 1},
      {"if b > 0.0 then log(b) else 0.0", 0, 0},
      {"max(log(b), 0.0)", 0, 0},
  };
  char text[256];
  snprintf(text, sizeof text, "model t\nparam b\ninput b = param 0\nnode loss = %s\nroot loss = loss\n", rows[_i].expr);
  Lab l = lab_open(text);
  l.param[0].number[0].a = rows[_i].at;
  const Graph *d = derive_gradient(l.arena, l.model->graph, true, NULL);
  const Graph *s = simplify(l.arena, d, GRADIENTS);
  ck_assert_double_eq(lab_run(&l, d, NUMBER_REAL)[graph_root(d, ROOT_GRADIENT, 0)->node->id].number[0].a,
                      rows[_i].derivative);
  ck_assert_double_eq(lab_run(&l, s, NUMBER_REAL)[graph_root(s, ROOT_GRADIENT, 0)->node->id].number[0].a,
                      rows[_i].derivative);
  lab_close(&l);
}
END_TEST

// Expressions near the limit of height: a product of thousands, an `if` of many arms.
START_TEST(test_tall) {
  static const char *const arm[] = {"%s(b + 0.%04d)", "%sif b > 0.%03d then sin(b) else "};
  static const char *const between[] = {" * ", ""}, *const last[] = {"", "b"};
  static const int count[] = {4000, 300};
  Text t;
  text_init(&t);
  text_put(&t, "model t\nparam b\ninput b = param 0\nnode loss = ");
  for (int k = 0; k < count[_i]; k++) text_printf(&t, _i == 0 ? arm[0] : arm[1], k ? between[_i] : "", k % 1000);
  text_printf(&t, "%s\nroot loss = loss\n", last[_i]);
  Lab l = lab_open(t.s);
  l.param[0].number[0].a = 0.95;
  const Graph *d = derive_gradient(l.arena, l.model->graph, true, NULL);
  lab_verify(&l, d);
  ck_assert_double_le(lab_gradient_error(&l, d), 1e-10);
  const Graph *s = simplify(l.arena, d, GRADIENTS);
  lab_verify(&l, s);
  ck_assert_double_le(lab_gradient_error(&l, s), 1e-10);
  text_free(&t);
  lab_close(&l);
}
END_TEST

// A function of a function, as high as derive takes it.
START_TEST(test_nested) {
  Lab l = lab_open("model t\nparam b\ninput b = param 0\n");
  Graph *g = l.model->graph;
  const Expr *e = expr_read(g, graph_find(g, "b"), NULL);
  while (e->height < EXPR_HEIGHT_MAX / 2) e = expr_prim1(g, _i == 0 ? PRIM_SIN : PRIM_ATAN, e);
  const Node n = {.kind = NODE_COMP, .name = "loss", .type = TYPE_REAL, .expr = e};
  graph_add_root(g, ROOT_LOSS, "loss", 0, graph_add(g, &n));
  lab_verify(&l, g);
  const Graph *d = derive_gradient(l.arena, g, true, NULL);
  lab_verify(&l, d);
  ck_assert_double_le(lab_gradient_error(&l, d), 1e-12);
  const Graph *s = simplify(l.arena, d, GRADIENTS);
  lab_verify(&l, s);
  ck_assert_double_le(lab_gradient_error(&l, s), 1e-12);
  lab_close(&l);
}
END_TEST

START_TEST(test_too_tall) {
  Text t;
  text_init(&t);
  text_put(&t, "model t\nparam b\ninput b = param 0\nnode loss = b");
  for (int k = 0; k < EXPR_HEIGHT_MAX / 2 + 1; k++) text_put(&t, " * b");
  text_put(&t, "\nroot loss = loss\n");
  Lab l = lab_open(t.s);
  ck_assert_ptr_null(derive_gradient(l.arena, l.model->graph, true, NULL));
  text_free(&t);
  lab_close(&l);
}
END_TEST

// What a reader of the generated C will see.
START_TEST(test_names) {
  Lab l = lab_open("model thermometer\nbatch n\ndata t_u[n]\ndata t_c[n]\nparam w\nparam b\ninput t_u[n] = data 0\n"
                   "input t_c[n] = data 1\ninput w = param 0\ninput b = param 1\nnode t_p[i:n] = w * t_u[i] + b\n"
                   "node sq[i:n] = (t_p[i] - t_c[i])^2\nnode s = sum[i:n](sq[i])\nnode loss = s / real(n)\n"
                   "root loss = loss\n");
  const Graph *s = simplify(l.arena, derive_gradient(l.arena, l.model->graph, false, NULL), 1u << ROOT_GRADIENT);
  ck_assert_str_eq(lab_print(&l, s), "model thermometer\nbatch n\ndata t_u[n]\ndata t_c[n]\nparam w\nparam b\n"
                                     "input t_u[n] = data 0\ninput t_c[n] = data 1\n"
                                     "input w = param 0\ninput b = param 1\n"
                                     "node t_p[i:n] = w * t_u[i] + b\n"
                                     "input seed = seed\n"
                                     "node d_s = seed / real(n)  # d loss / d s\n"
                                     "node d_t_p[i:n] = 2.0 * d_s * (t_p[i] - t_c[i])  # d loss / d t_p\n"
                                     "node d_b = sum[i:n](d_t_p[i])  # d loss / d b\n"
                                     "node d_w = sum[i:n](d_t_p[i] * t_u[i])  # d loss / d w\n"
                                     "root gradient w = d_w\nroot gradient b = d_b\n");
  lab_close(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("derive");
  TCase *t = tcase_create("derive");
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, test_gradient, 0, sizeof cases / sizeof *cases);
  tcase_add_loop_test(t, test_second, 0, sizeof cases / sizeof *cases);
  tcase_add_loop_test(t, test_conventions, 0, 16);
  tcase_add_loop_test(t, test_tall, 0, 2);
  tcase_add_loop_test(t, test_nested, 0, 2);
  tcase_add_test(t, test_too_tall);
  tcase_add_test(t, test_names);
  suite_add_tcase(suite, t);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
