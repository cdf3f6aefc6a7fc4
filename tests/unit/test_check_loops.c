// test_check_loops.c - loops: the graphs they are lowered to, what these compute, and what is told of wrong ones.
#include "check_run.h"

#include <math.h>

#include "interp/interp.h"

// ---- graphs ----

static const struct {
  const char *name, *text, *graph;
} models[] = {
    {"a recurrent network",
     "dim T, k = 3, m = 4\n"
     "data x[T, k]\n"
     "param W[k, m], U[m, m]\n"
     "scan t in 0..T with h = zeros[m], ll = 0 {\n"
     "  yield y = h\n"
     "  z = x[t] @ W + h @ U\n"
     "  h = tanh(z)\n"
     "  ll = ll + sum(h)\n"
     "}\n"
     "loss ll + sum(h) + sum(y)\n",
     "node start_W[i:k, j:m] = 0.0\n"
     "node start_U[i:m, j:m] = 0.0\n"
     "carry h[t:T + 1, i:m] along t from h_step = 0.0\n"
     "carry ll[t:T + 1] along t from ll_step = 0.0\n"
     "node z_product[t:T, i:m] = sum[j:k](x[t, j] * W[j, i])\n"
     "node z_product_2[t:T, i:m] = sum[j:m](h[t, j] * U[j, i])\n"
     "node z[t:T, i:m] = z_product[t, i] + z_product_2[t, i]\n"
     "node h_step[t:T, i:m] = tanh(z[t, i])\n"
     "node ll_step_sum[t:T] = sum[i:m](h_step[t, i])\n"
     "node ll_step[t:T] = ll[t] + ll_step_sum[t]\n"
     "node loss_sum = sum[i:m](h[T, i])\n"
     "node loss_sum_2 = sum[i:T, j:m](h_step[i, j])\n"
     "node loss = ll[T] + loss_sum + loss_sum_2\n"},
    {"a Cholesky factor",
     "dim n\n"
     "data A[n, n]\n"
     "scan j in 0..n with L = zeros[n, n] {\n"
     "  L[j, j] = sqrt(A[j, j] - sum[k in 0..j](L[j, k]^2))\n"
     "  L[i in j+1..n, j] = (A[i, j] - sum[k in 0..j](L[i, k] * L[j, k])) / L[j, j]\n"
     "}\n"
     "predict d = sum[i](log(L[i, i]))\n",
     "carry L[j:n + 1, i:n, k:n] along j from L_set_2 = 0.0\n"
     "node L_set_sum[j:n] = sum[k:n if k < j](L[j, j, k]^2)\n"
     "scatter L_set[j:n, i:n, k:n] = L[j, i, k] then [j_2:n] (j_2, j_2, j_2) = sqrt(A[j_2, j_2] - L_set_sum[j_2])\n"
     "node L_set_sum_2[j:n, i:n] = sum[k:n if i >= j + 1 and k < j](L_set[j, i, k] * L_set[j, j, k])\n"
     "scatter L_set_2[j:n, i:n, k:n] = L_set[j, i, k] then [j_2:n, i_2:n if i_2 >= j_2 + 1] (j_2, i_2, j_2) = (A[i_2, "
     "j_2] - L_set_sum_2[j_2, i_2]) / L_set[j_2, j_2, j_2]\n"
     "node d = sum[i:n](log(L[n, i, i]))\n"},
    {"iterations in a mapped function, under no index that they don't use",
     "dim n\n"
     "data a[n]\n"
     "param p\n"
     "def root(s) {\n"
     "  iterate x = 1 while abs(x * x - s) > 1e-9 at most 20 { x = 0.5 * (x + s / x) }\n"
     "  return x\n"
     "}\n"
     "predict r = root(a)\n"
     "predict q[i] = a[i] * root(p)\n",
     "node start_p = 0.0\n"
     "carry r_x[i:n, j:21] along j from r_x_step_2 while r_go = 1.0\n"
     "node r_go[i:n, j:20] = abs(r_x[i, j] * r_x[i, j] - a[i]) > 1e-09\n"
     "node r_x_step[i:n, j:20 if r_go[i, j]] = 0.5 * (r_x[i, j] + a[i] / r_x[i, j])\n"
     "node r_x_step_2[i:n, j:20] = if r_go[i, j] then r_x_step[i, j] else r_x[i, j]\n"
     "node r[i:n] = r_x[i, 20]\n"
     "carry q_x[j:21] along j from q_x_step_2 while q_go = 1.0\n"
     "node q_go[j:20] = abs(q_x[j] * q_x[j] - p) > 1e-09\n"
     "node q_x_step[j:20 if q_go[j]] = 0.5 * (q_x[j] + p / q_x[j])\n"
     "node q_x_step_2[j:20] = if q_go[j] then q_x_step[j] else q_x[j]\n"
     "node q[i:n] = a[i] * q_x[20]\n"},
    {"loops in loops, backwards, over a triangle",
     "dim T\n"
     "param p\n"
     "scan t in reverse 0..T with s = p {\n"
     "  scan k in 0..t with q = s {\n"
     "    q = q * 0.5 + k\n"
     "    s = s + q\n"
     "  }\n"
     "  yield z = s\n"
     "}\n"
     "predict y = sum(z)\n",
     "node start_p = 0.0\n"
     "carry s[t:T + 1] back along t from s_step = p\n"
     "carry q[t:T, k:T + 1] along k from q_step_2 = s[t + 1]\n"
     "carry s_2[t:T, k:T + 1] along k from s_2_step_2 = s[t + 1]\n"
     "node q_step[t:T, k:T if k < t] = q[t, k] * 0.5 + real(k)\n"
     "node s_2_step[t:T, k:T if k < t] = s_2[t, k] + q_step[t, k]\n"
     "node q_step_2[t:T, k:T] = if k < t then q_step[t, k] else q[t, k]\n"
     "node s_2_step_2[t:T, k:T] = if k < t then s_2_step[t, k] else s_2[t, k]\n"
     "node s_step[t:T] = s_2[t, T]\n"
     "node y = sum[i:T](s_step[i])\n"},
    {"steps within a triangle, and blocks, as many as there can be under what holds around",
     "dim n, m = 3, B = 4\n"
     "param p\n"
     "scan t in 0..n with s = p {\n"
     "  scan k in t+1..n { scan i in 0..k+1 { yield u = s }; s = s + sum(u) }\n"
     "}\n"
     "v[b in 0..m] = sum[i in b*B..min(b*B + B, n)](sum[j in b*B..i+1](s))\n"
     "predict q = s + sum(v)\n",
     "node start_p = 0.0\n"
     "carry s[t:n + 1] along t from s_step = p\n"
     "carry s_2[t:n, k:n + 1] along k from s_2_step_2 = s[t]\n"
     "node u[t:n, k:n, i:n if k + (t + 1) < n and i < k + (t + 1) + 1] = s_2[t, k]\n"
     "node s_2_step_sum[t:n, k:n] = sum[i:n if k + (t + 1) < n](u[t, k, i])\n"
     "node s_2_step[t:n, k:n if k + (t + 1) < n] = s_2[t, k] + s_2_step_sum[t, k]\n"
     "node s_2_step_2[t:n, k:n] = if k + (t + 1) < n then s_2_step[t, k] else s_2[t, k]\n"
     "node s_step[t:n] = s_2[t, n]\n"
     "node v_sum[b:m, i:B] = sum[j:B if i + b * B < min(b * B + B, n) and j + b * B < i + b * B + 1](s[n])\n"
     "node v[b:m] = sum[i:B if i + b * B < min(b * B + B, n)](v_sum[b, i])\n"
     "node q_sum = sum[i:m](v[i])\n"
     "node q = s[n] + q_sum\n"},
    {"entries set where a condition holds are never copied",
     "dim n\n"
     "data w[n]\n"
     "scan i in 0..n with D = zeros[n] {\n"
     "  iterate y = 1 while y < 3 at most 4 {\n"
     "    y = y + w[i]\n"
     "    D[i] = D[i] + y\n"
     "  }\n"
     "}\n"
     "predict p = D\n",
     "carry D[i:n + 1, j:n] along i from D_step = 0.0\n"
     "carry y[i:n, j:5] along j from y_step_2 while go = 1.0\n"
     "carry D_2[i:n, j:5, k:n] along j from D_2_set while go = D[i, k]\n"
     "node go[i:n, j:4] = y[i, j] < 3.0\n"
     "node y_step[i:n, j:4 if go[i, j]] = y[i, j] + w[i]\n"
     "scatter D_2_set[i:n, j:4, k:n] = D_2[i, j, k] then [i_2:n, j_2:4 if go[i_2, j_2]] (i_2, j_2, i_2) = D_2[i_2, "
     "j_2, "
     "i_2] + y_step[i_2, j_2]\n"
     "node y_step_2[i:n, j:4] = if go[i, j] then y_step[i, j] else y[i, j]\n"
     "node D_step[i:n, j:n] = D_2[i, 4, j]\n"
     "node p[i:n] = D[n, i]\n"},
};
enum { MODELS = sizeof models / sizeof *models };

static void keep_nodes(Text *out, const char *text) {
  static const char *const kinds[] = {"node ", "carry ", "scatter ", "check "};
  for (const char *line = text; *line;) {
    size_t length = strcspn(line, "\n");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
      if (strncmp(line, kinds[k], strlen(kinds[k])) == 0) text_putn(out, line, length + 1);
    line += length + (line[length] == '\n');
  }
}

START_TEST(loops_are_lowered) {
  Run r;
  run(&r, models[_i].text);
  is_right(&r);
  Text all, nodes;
  text_init(&all);
  text_init(&nodes);
  graph_print(&all, r.model, r.model->graph);
  keep_nodes(&nodes, all.s);
  ck_assert_str_eq(nodes.s, models[_i].graph);
  text_free(&all);
  text_free(&nodes);
  arena_free(r.arena);
}
END_TEST

// ---- values ----

enum { MOST = 9 };
// What the first prediction is, entry by entry.
static const struct {
  const char *text;
  int count;
  double value[MOST];
} computed[] = {
    {"x = [1, 2, 3, 4]\n scan t in 0..4 with s = 0 { s = s + x[t]; yield y = s }\n predict p = y\n", 4, {1, 3, 6, 10}},
    {"x = [1, 2, 3, 4]\n scan t in 0..4 with s = 0.5 { s = s + x[t] }\n predict p = s\n", 1, {10.5}},
    {"x = [1, 2, 3, 4]\n scan t in reverse 0..4 with s = 0 { s = s + x[t]; yield y = s }\n predict p = y\n",
     4,
     {10, 9, 7, 4}},
    {"scan t in 2..5 with s = 0 { s = 10 * s + t; yield y = s }\n predict p = concat([s], y)\n", 4, {234, 2, 23, 234}},
    {"scan t in reverse 2..5 with s = 0 { s = 10 * s + t; yield y = s }\n predict p = concat([s], y)\n",
     4,
     {432, 432, 43, 4}},
    {"scan t in 0..0 with s = 7 { s = s + 1 }\n predict p = s\n", 1, {7}},
    // a yield is what the name is worth when the step is done; a name may be set more than once
    {"scan t in 0..3 with s = 1 { yield y = s; s = s + 1; u = s; s = 2 * s; yield z = s - u }\n predict p = concat(y, "
     "z)\n",
     6,
     {4, 10, 22, 2, 5, 11}},
    // an integer stays one, and becomes a real number where a step makes it one
    {"scan t in 0..4 with c = 0, s = 0, r = 0 { s = s + c; c = c + 1; r = r + 0.5 * c }\n predict p = [c // 3, s, r]\n",
     3,
     {1, 6, 5}},
    {"scan t in 0..3 with a = 0 { scan k in 0..2 { a = a + k + t / 2 } }\n predict p = a\n", 1, {6}},
    // what is carried by the loop around: with and without a `with`
    {"scan t in 0..3 with a = 1 { scan k in 0..2 with a = a { a = 2 * a }; a = a + 1 }\n predict p = a\n", 1, {85}},
    {"scan t in 0..3 with a = 1 { scan k in 0..t { a = 2 * a; yield y = a }; a = a + 1; yield z = sum(y) }\n"
     "predict p = concat([a], z)\n",
     4,
     {21, 0, 4, 30}},
    // loops under an index that is mapped, of lengths that depend on it
    {"def f(n) { scan k in 0..n with s = 0 { s = s + 10^k; yield y = s }; return s, y }\n"
     "def g(n) { s, y = f(n); return s + 1000 * sum(y) }\n l = [0, 3, 1]\n predict p[i in 0..3] = g(l[i])\n",
     3,
     {0, 123111, 1001}},
    {"def swap(x, y) { return y, x }\n scan t in 0..3 with a = 1, b = 2 { a, b = swap(a, b); a = a + t }\n predict p = "
     "[a, b]\n",
     2,
     {4, 2}},
    // the Cholesky factor of [[4, 2, 2], [2, 5, 3], [2, 3, 6]]
    {"dim n = 3\n A = [[4, 2, 2], [2, 5, 3], [2, 3, 6]]\n scan j in 0..n with L = zeros[n, n] {\n"
     "L[j, j] = sqrt(A[j, j] - sum[k in 0..j](L[j, k]^2))\n"
     "L[i in j+1..n, j] = (A[i, j] - sum[k in 0..j](L[i, k] * L[j, k])) / L[j, j]\n}\n predict p = L\n",
     9,
     {2, 0, 0, 1, 2, 0, 1, 1, 2}},
    // forward substitution, within a mapped function
    {"def solve(b[n], L[n, n]) { scan i in 0..n with y = zeros[n] {\n"
     "y[i] = (b[i] - sum[j in 0..i](L[i, j] * y[j])) / L[i, i] }; return y }\n"
     "predict p = solve([[2, 5], [4, 6]], [[2, 0], [1, 2]])\n",
     4,
     {1, 2, 2, 2}},
    // the distance of kitten and sitting
    {"dim n = 6, m = 7\n a = [1, 2, 3, 3, 4, 5]\n b = [6, 2, 3, 3, 2, 5, 7]\n base[i in 0..n + 1, j in 0..m + 1] = if "
     "i == 0 "
     "then j else if j == 0 then i else 0\n"
     "scan i in 0..n with D = base { scan j in 0..m {\n"
     "D[i + 1, j + 1] = min(D[i, j + 1] + 1, D[i + 1, j] + 1, D[i, j] + (if a[i] == b[j] then 0 else 1)) } }\n"
     "predict p = D[n, m]\n",
     1,
     {3}},
    // rows, columns, slices; the right side sees the array as it was
    {"scan t in 0..1 with D = zeros[3, 3] { D[0] = [1, 2, 3]; D[1..3, t] = 7; D[:, 2] = D[0]; D[i in 1..3, i - 1] = "
     "D[i - 1, i - 1] }\n predict p = D\n",
     9,
     {1, 2, 1, 1, 0, 2, 7, 0, 3}},
    {"scan t in 0..2 with v = [1, 2, 3] { v[i in 0..2] = v[i + 1] }\n predict p = v\n", 3, {3, 3, 3}},
    // iterations: until the condition fails, at most so often, never
    {"iterate x = 1, n = 0 while abs(x * x - 2) > 1e-12 at most 50 { x = (x + 2 / x) / 2; n = n + 1 }\n"
     "predict p = [x, n]\n",
     2,
     {1.4142135623730951, 5}},
    {"iterate x = 1 while x > 0 at most 7 { x = 2 * x }\n predict p = x\n", 1, {128}},
    {"iterate x = 1 while x > 1 at most 7 { x = 2 * x }\n predict p = x\n", 1, {1}},
    {"def collatz(n) { iterate x = n, c = 0 while x != 1 at most 200 { x = if x % 2 == 0 then x // 2 else 3 * x + 1; c "
     "= c + 1 "
     "}; return c }\n predict p = collatz([1, 6, 7, 27])\n",
     4,
     {0, 8, 16, 111}},
    // stacked layers: a parameter indexed by the step, a vector for each row
    {"def layer(h[d], W[d, d]) = h @ W\n W = [[[1, 1], [0, 1]], [[2, 0], [0, 3]]]\n"
     "def net(h0[d], W[L, d, d]) { scan l in 0..L with h = h0 { h = layer(h, W[l]) }; return h }\n"
     "predict p = net([[1, 0], [1, 1]], W)\n",
     4,
     {2, 3, 2, 6}},
    // a name may be carried on, and a definition too
    {"h = 1\n scan t in 0..2 with h = h { h = 3 * h }\n scan t in 0..2 with h = h { h = h + 1 }\n predict p = h\n",
     1,
     {11}},
    // carried for a `grad` by it alone: as it is, and what earlier steps made of it is given
    {"w = 2\n scan t in 0..3 with h = 1, w = w { h = h + grad(h * w^2, w) }\n predict p = [h, w]\n", 2, {125, 2}},
    {"w = 2\n scan t in 0..2 with h = 1, w = 2 * w { yield y = grad(h * w^2, w); h = 3 * h }\n"
     "predict p = concat(y, [w])\n",
     3,
     {24, 72, 4}},
    {"w = [1, 2]\n scan t in 0..2 with h = 1 { scan k in 0..2 with v = w { h = h + sum(grad(sum(v^2), v)); yield z[i] "
     "= 0 * v[i] } }\n predict p = h\n",
     1,
     {25}},
    // a branch that is not taken reads nothing
    {"x = [1, 2]\n def f(i) { scan t in 0..2 with s = x[i - 1] { s = s + x[i - 1] }; return s }\n"
     "predict p[i in 0..3] = if i > 0 then f(i) else 5\n",
     3,
     {5, 3, 6}},
    // a value that does not change, one that does not depend on the step
    {"scan t in 0..3 with a = 2, c = 1 { a = a; c = 5 }\n predict p = [a, c]\n", 2, {2, 5}},
    {"scan t in 0..3 { yield y[i in 0..2] = 10 * t + i }\n predict p = y\n", 6, {0, 1, 10, 11, 20, 21}},
};
enum { COMPUTED = sizeof computed / sizeof *computed };

START_TEST(loops_compute) {
  Run r;
  run(&r, computed[_i].text);
  is_right(&r);
  InterpInput input = {.kind = NUMBER_REAL, .seed = {1, 0}};
  InterpError error = {.node = NULL};
  const Graph *g = r.model->graph;
  Array *values = arena_array(r.arena, Array, g->count + 1);
  ck_assert_msg(interp_run(r.arena, r.model, g, &input, values, &error), "%s", error.text);
  const Node *p = graph_root(g, ROOT_PREDICT, 0)->node;
  const Array *a = &values[p->id];
  ck_assert_msg((int)a->count == computed[_i].count, "%s: %zu entries", computed[_i].text, a->count);
  for (int k = 0; k < computed[_i].count; k++) {
    double ours = p->type == TYPE_REAL ? a->number[k].a : (double)a->integer[k];
    ck_assert_msg(fabs(ours - computed[_i].value[k]) <= 1e-14 * fabs(computed[_i].value[k]),
                  "%s: entry %d is %.17g, not %.17g", computed[_i].text, k, ours, computed[_i].value[k]);
  }
  arena_free(r.arena);
}
END_TEST

// ---- errors ----

// Each row stands in line 2, after these declarations.
static const char before[] = "batch n; dim d = 3; dim T; data x[T, d], c[T] in 0..d; param w[d], b; predict p = b\n";

static const struct {
  const char *text, *told;
} wrong[] = {
    {"scan t in 0..T with h = 0 { h = w }", "2:33: error: `h` is a single number before this loop and would be an "
                                            "array of shape [d] after a step: it keeps its "
                                            "shape"},
    {"scan t in 0..T with h = w { h = h > 0 }",
     "2:33: error: a condition can't be used as a number; `if ... then 1 else 0` makes one of it"},
    {"scan t in 0..T with h = w, g = b { h = g * h }",
     "2:28: error: this loop carries `g` and never assigns to it: define it before the loop, without `with`"},
    {"scan t in 0..T with b = b { b = 2 * b }", "2:21: error: `b` is already defined\n"
                                                "1:68: note: `b` is defined here"},
    {"scan t in 0..T with t = b { t = 2 * t }", "2:21: error: `t` is already defined\n"
                                                "2:6: note: `t` is defined here"},
    {"scan t in 0..T with h = b, h = b { h = 2 * h }", "2:28: error: `h` is already defined\n"
                                                       "2:21: note: `h` is defined here"},
    {"scan t in 0..T with h = b { h = hh; yield y = h }; z = h + y",
     "2:33: error: unknown name `hh`; did you mean `h`?"},
    {"scan t in 0..b with h = b { h = 2 * h }", "2:14: error: expected an integer here, found a real number, which is not rounded to one"},
    {"scan t in 0..c with h = b { h = 2 * h }",
     "2:14: error: the end of a range is a single integer, not an array of shape [T]"},
    {"scan t in d..0 with h = b { h = 2 * h }", "2:11: error: a dimension can't be negative: `-d` is -3"},
    {"scan t in 0..T with h = zeros[T] { y[t] = b; h[t] = b }",
     "2:36: error: no loop carries `y`: entries are set of what a loop carries `with y = ...`\n"
     "2:38: note: `t` is the index of the loop around; what each step gives is a `yield`"},
    {"q = zeros[T]; scan t in 0..T with h = b { q[0] = b; h = q[0] }",
     "2:43: error: no loop carries `q`: entries are set of what a loop carries `with q = ...`"},
    {"w[0] = 1", "2:1: error: no loop carries `w`: entries are set of what a loop carries `with w = ...`"},
    {"scan t in 0..T with h = b { h[0] = 1 }", "2:29: error: `h` is a single number: it has no subscripts"},
    {"scan t in 0..T with h = w { h[0, t] = 1 }", "2:29: error: `h` has the shape [d]: 1 subscript, not 2"},
    {"scan t in 0..T with h = w { h[3] = 1 }",
     "2:31: error: `3` is out of range: the axis has `d` entries, counted from 0"},
    {"scan t in 0..T with h = w { h[i in 0..4] = 1 }",
     "2:31: error: `i` reaches 3, but the axis has `d` entries, counted from 0\n"
     "2:31: note: guard it with an `if`, or give the index a range"},
    {"scan t in 0..T with h = w { h[i in 0..d, 0] = 1 }", "2:29: error: `h` has the shape [d]: 1 subscript, not 2"},
    {"scan t in 0..d with h = x { h[i in 0..T, t] = w }",
     "2:47: error: what is set here is a single number, and this is an array of shape [d]"},
    {"scan t in 0..d with h = eye[d] { h[t] = [1, 2] }",
     "2:41: error: what is set here is an array of shape [d], and this is an array of shape [2]"},
    {"scan t in 0..d with h = eye[d] { h[i in 0..d, i // 2] = 1; h[(i + t) // 2, 0] = 1 }",
     "2:63: error: unknown name `i`"},
    {"scan t in 0..d with h = w { h[c] = 1 }",
     "2:31: error: a subscript of what is set is a single integer, not an array of shape [T]: bind an index"},
    {"scan t in 0..d with h = w > 0 { h[0] = 1 }", "2:33: error: entries of an array of conditions can't be set"},
    {"iterate h = b while w > 0 at most 5 { h = 2 * h }",
     "2:21: error: the condition of a loop is a single one, not an array of shape [d]"},
    {"iterate h = b while h at most 5 { h = 2 * h }",
     "2:21: error: expected a condition, as in `x > 0`, found a real number"},
    {"iterate h = b while h > 0 at most c[0] { h = 2 * h }",
     "2:35: error: a dimension is made of numbers and dimensions alone"},
    {"iterate h = b while h > 0 at most 0 - 1 { h = 2 * h }", "2:35: error: a dimension can't be negative: this is -1"},
    {"scan t in 0..T { z = t }", "2:1: error: this loop computes nothing: it carries no name, and yields none"},
    {"iterate h = 2 while h > 0 at most 5 { z = h }",
     "2:9: error: this loop carries `h` and never assigns to it: define it before the loop, without `with`"},
    {"scan t in 0..T with h = zeros[1, 1, 1, 1, 1, 1, 1, 1] { h = 2 * h; yield y = h }",
     "2:74: error: an array can't have more than 8 axes"},
    {"scan t in 0..T with h = 0, g = 0 { h = h + 1; g = x[h, 0] }; z = hh",
     "2:53: error: nothing shows that this subscript stays under `T`: guard it, as in `if k >= 0 and k < T then ... "
     "else "
     "...`\n"
     "2:66: error: unknown name `hh`; did you mean `h`?"},
    {"z = y; scan t in 0..T with h = 0 { h = h + 1; yield y = h }", "2:5: error: `y` is used before its definition\n"
                                                                    "2:53: note: `y` is defined here"},
    // what is faulty may be all that it mentions
    {"scan t in 0..T with h = b, g = b { h = h + + 1; g = 2 * g; yield y = h h }; z = h + sum(y); u = g + sum(yy)",
     "2:44: error: expected an expression after `+`, found `+`\n"
     "2:72: error: expected an operator or the end of the statement after `h`, found `h`\n"
     "2:105: error: unknown name `yy`; did you mean `y`?"},
    {"scan t in 0..T wth h = b { h = 2 * h; yield y = h }; z = h + sum(y) + hh",
     "2:16: error: expected an operator, `with` or `{` after `T`, found `wth`\n"
     "2:71: error: unknown name `hh`; did you mean `h`?"},
    {"scan t in 0..T { scan k in 0..2 { yield y = } }; z = y",
     "2:44: error: expected an expression after `=`"},
    {"def f(a) { scan t in 0..3 with s = a { s = s + aa }; return s }",
     "2:48: error: unknown name `aa`; did you mean `a`?"},
};
enum { WRONG = sizeof wrong / sizeof *wrong };

START_TEST(wrong_loops_are_told_word_for_word) {
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

START_TEST(a_scan_along_the_batch_is_a_warning) {
  Run r;
  run(&r, "batch n; data u[n]; param a\nscan i in 1..n with s = a { s = s + u[i] }\nloss s\n");
  ck_assert_str_eq(told(&r), "2:1: warning: this loop runs along the batch dimension `n`, which mini-batches cut and "
                             "shuffle: declare it with `dim n`");
  ck_assert_ptr_nonnull(r.model);
  arena_free(r.arena);
}
END_TEST

START_TEST(loops_that_are_nested_too_deeply_are_an_error) {
  Text t;
  text_init(&t);
  text_put(&t, "param a\nscan i0 in 0..2 with s = 0 {\n");
  for (int k = 1; k < 80; k++) text_printf(&t, "scan i%d in 0..2 {\n", k);
  text_put(&t, "s = s + 1\n");
  for (int k = 0; k < 80; k++) text_put(&t, "}\n");
  text_put(&t, "predict p = s\n");
  Run r;
  run(&r, t.s);
  ck_assert(!r.model);
  ck_assert_ptr_nonnull(strstr(told(&r), "indices are in use at once here"));
  arena_free(r.arena);
  text_free(&t);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("loops");
  tcase_add_loop_test(c, loops_are_lowered, 0, MODELS);
  tcase_add_loop_test(c, loops_compute, 0, COMPUTED);
  tcase_add_loop_test(c, wrong_loops_are_told_word_for_word, 0, WRONG);
  tcase_add_test(c, a_scan_along_the_batch_is_a_warning);
  tcase_add_test(c, loops_that_are_nested_too_deeply_are_an_error);
  return run_suite(c, "check_loops");
}
