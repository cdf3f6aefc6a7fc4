// test_emit_loops.c - generated loops against the interpreter, for several sizes, and against themselves with passes off.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "generated.h"

// A matrix that each step adds a product of one of its rows and one of its columns to, where the condition holds; `more`: of the row.
#define UPDATE(along, at, end, condition, more)                                                                  \
  "dim T\ndata x[T, T]\ninput x[T, T] = data 0\ncarry L[t:T + 1, i:T, k:T] " along " t from L_step = x[i, k]\n"  \
  "node all[t:T] = sum[i:T, k:T](L[t" at ", i, k])\nnode f[t:T, i:T] = 0.3 * L[t" at ", t, i]" more "\n"         \
  "scatter L_step[t:T, i:T, k:T] = L[t" at ", i, k] then [t_2:T, i_2:T, k_2:T if " condition "] (t_2, i_2, k_2)" \
  " += f[t_2, k_2] * L[t_2" at ", i_2, t_2]\nnode y[i:T, k:T] = L[" end ", i, k]\nroot predict y = y\n"

// Dimensions known at call time take the sizes in the order of the model.
static const struct Case {
  const char *name, *text;
} cases[] = {
    {"recurrent network, its states and its last state",
     "dim T\ndim m\ndim k\nparam x[T, k]\nparam W[k, m]\nparam U[m, m]\nparam h0[m]\n"
     "input x[T, k] = param 0\ninput W[k, m] = param 1\ninput U[m, m] = param 2\ninput h0[m] = param 3\n"
     "carry h[t:T + 1, i:m] along t from h_step = h0[i]\nnode a[t:T, i:m] = sum[j:k](x[t, j] * W[j, i])\n"
     "node b[t:T, i:m] = sum[j:m](h[t, j] * U[j, i])\nnode h_step[t:T, i:m] = tanh(a[t, i] + b[t, i])\nnode y[i:m] = h[T, i]\n"
     "node z[t:T] = sum[i:m](h_step[t, i])\nroot predict y = y\nroot predict z = z\n"},
    {"only the last state",
     "dim T\ndim m\nparam x[T, m]\nparam U[m, m]\n"
     "input x[T, m] = param 0\ninput U[m, m] = param 1\n"
     "carry h[t:T + 1, i:m] along t from h_step = 0.1\nnode b[t:T, i:m] = sum[j:m](h[t, j] * U[j, i])\n"
     "node h_step[t:T, i:m] = tanh(x[t, i] + b[t, i])\nnode y = sum[i:m](h[T, i])\nroot predict y = y\n"},
    {"two states that take each other's old entries",
     "dim T\nparam x[T]\n"
     "input x[T] = param 0\n"
     "carry a[t:T + 1] along t from a_step = 1.0\ncarry b[t:T + 1] along t from b_step = 2.0\nnode a_step[t:T] = b[t]\n"
     "node b_step[t:T] = x[t] - 0.5 * a[t]\nnode y = a[T] + 10.0 * b[T]\nroot predict y = y\n"},
    {"two states that change places, of which all steps are read",
     "dim T\nparam x[T]\n"
     "input x[T] = param 0\n"
     "carry a[t:T + 1] along t from a_step = 1.0\ncarry b[t:T + 1] along t from b_step = 2.0\n"
     "carry c[t:T + 1] along t from c_step = 3.0\nnode a_step[t:T] = b[t]\nnode b_step[t:T] = a[t]\n"
     "node c_step[t:T] = x[t] - 0.5 * c[t] * a[t] + b[t]\nnode y[t:T + 1] = a[t] + 10.0 * b[t] + sin(c[t])\n"
     "node z[t:T] = exp(c_step[t]) - c[t]\nroot predict y = y\nroot predict z = z\n"},
    {"numbers that a loop hands on in a loop, of which all steps are read, in both directions",
     "dim T\ndim S\nparam x[T, S]\n"
     "input x[T, S] = param 0\n"
     "carry c[t:T + 1] along t from c_step = 1.0\ncarry d[t:T, s:S + 1] along s from d_step = c[t]\n"
     "node d_step[t:T, s:S] = 0.5 * d[t, s] * x[t, s] + c[t]\nnode c_step[t:T] = d[t, S] - 0.1 * c[t]\n"
     "carry e[t:T, s:S + 1] back along s from e_step = d[t, S]\n"
     "node e_step[t:T, s:S] = 0.3 * e[t, s + 1] - d[t, s] * x[t, s]\n"
     "node y[t:T, s:S + 1] = d[t, s] + e[t, s]\nroot predict y = y\n"},
    {"a number beside a matrix product in each step",
     "dim T\ndim m\nparam A[m, m]\nparam B[m, m]\n"
     "input A[m, m] = param 0\ninput B[m, m] = param 1\n"
     "carry c[t:T + 1] along t from c_step = 1.0\n"
     "carry H[t:T + 1, i:m, j:m] along t from H_step = A[i, j]\n"
     "node H_step[t:T, i:m, j:m] = sum[k:m](H[t, i, k] * B[k, j])\n"
     "node c_step[t:T] = 0.5 * c[t] + sin(c[t])\nnode y[t:T + 1] = c[t]\nnode z[i:m, j:m] = H[T, i, j]\n"
     "root predict y = y\nroot predict z = z\n"},
    {"long short-term memory",
     "dim T\ndim m\nparam x[T, m]\nparam U[m, m]\nparam V[m, m]\n"
     "input x[T, m] = param 0\ninput U[m, m] = param 1\ninput V[m, m] = param 2\n"
     "carry h[t:T + 1, i:m] along t from h_step = 0.0\ncarry c[t:T + 1, i:m] along t from c_step = 0.0\n"
     "node f[t:T, i:m] = sum[j:m](h[t, j] * U[j, i])\nnode g[t:T, i:m] = sum[j:m](h[t, j] * V[j, i])\n"
     "node c_step[t:T, i:m] = sigmoid(f[t, i]) * c[t, i] + sigmoid(g[t, i]) * tanh(x[t, i] + f[t, i])\n"
     "node h_step[t:T, i:m] = sigmoid(g[t, i] - x[t, i]) * tanh(c_step[t, i])\nnode y[i:m] = h[T, i] + c[T, i]\n"
     "node s = sum[t:T, i:m](h_step[t, i] * x[t, i])\nroot predict y = y\nroot predict s = s\n"},
    {"backwards",
     "dim T\nparam x[T]\n"
     "input x[T] = param 0\n"
     "carry p[t:T + 1] back along t from p_step = 1.0\ncarry q[t:T + 1] back along t from q_step = 0.0\n"
     "node p_step[t:T] = p[t + 1] - 0.1 * q[t + 1] * x[t]\nnode q_step[t:T] = q[t + 1] + 0.1 * p_step[t]\nnode y = q[0]\n"
     "node z[t:T] = p_step[t] * x[t]\nnode s = sum[t:T](p_step[t])\nroot predict y = y\nroot predict z = z\n"
     "root predict s = s\n"},
    {"a loop in a loop, the inner one over what the outer one carries",
     "dim T\ndim S\nparam x[T, S]\n"
     "input x[T, S] = param 0\n"
     "carry c[t:T + 1] along t from c_step = 1.0\ncarry d[t:T, s:S + 1] along s from d_step = c[t]\n"
     "node d_step[t:T, s:S] = 0.5 * d[t, s] + c[t] * x[t, s]\nnode c_step[t:T] = d[t, S] - 1.0\nnode y = c[T]\n"
     "node z[t:T] = d[t, S]\nroot predict y = y\nroot predict z = z\n"},
    {"an inner loop over an array, backwards in a forward one",
     "dim T\ndim S\ndim m\nparam x[T, S]\n"
     "input x[T, S] = param 0\n"
     "carry c[t:T + 1, i:m] along t from c_step = real(i) * 0.1\n"
     "carry d[t:T, s:S + 1, i:m] back along s from d_step = c[t, i]\nnode e[t:T, s:S] = sum[i:m](d[t, s + 1, i] * x[t, s])\n"
     "node d_step[t:T, s:S, i:m] = sin(d[t, s + 1, i] + e[t, s])\nnode c_step[t:T, i:m] = d[t, 0, i] - 0.3 * c[t, i]\n"
     "node y[i:m] = c[T, i]\nroot predict y = y\n"},
    {"under a mapped index, with a condition to leave",
     "dim n\ndim N = 20\nparam a[n]\n"
     "input a[n] = param 0\n"
     "carry x[i:n, k:N + 1] along k from x_step while go = 1.0\n"
     "node go[i:n, k:N] = abs(x[i, k] * x[i, k] - abs(a[i])) > 1e-9\n"
     "node x_step[i:n, k:N] = if go[i, k] then 0.5 * (x[i, k] + abs(a[i]) / x[i, k]) else x[i, k]\nnode y[i:n] = x[i, N]\n"
     "root predict y = y\n"},
    {"the steps taken, and what each gave",
     "dim N\nparam a[N]\n"
     "input a[N] = param 0\n"
     "carry x[k:N + 1] along k from x_step while go = 10.0\ncarry steps[k:N + 1] along k from steps_step while go = 0\n"
     "node go[k:N] = x[k] > 1.5\nnode x_step[k:N] = if go[k] then x[k] * 0.7 + 0.01 * a[k] else x[k]\n"
     "node steps_step[k:N] = if go[k] then steps[k] + 1 else steps[k]\nnode y[k:N] = x_step[k] * 2.0\nnode s = steps[N]\n"
     "root predict y = y\nroot predict s = s\n"},
    {"mapped indices before and behind the step",
     "dim n\ndim T\ndim m\nparam x[T, n, m]\n"
     "input x[T, n, m] = param 0\n"
     "carry h[b:n, t:T + 1, i:m] along t from h_step = 0.5\nnode h_step[b:n, t:T, i:m] = 0.9 * h[b, t, i] + x[t, b, i]\n"
     "node y[b:n, i:m] = h[b, T, i]\nnode z[b:n, t:T] = sum[i:m](h_step[b, t, i])\nroot predict y = y\nroot predict z = z\n"},
    {"the state's neighbours",
     "dim T\ndim m\nparam x[T, m]\n"
     "input x[T, m] = param 0\n"
     "carry u[t:T + 1, i:m] along t from u_step = if i == 0 then 1.0 else 0.0\n"
     "node u_step[t:T, i:m] = (if i >= 1 then u[t, i - 1] else 0.0) + (if i + 1 < m then 0.25 * u[t, i + 1] else 0.0) + x[t, i]\n"
     "node y[i:m] = u[T, i]\nroot predict y = y\n"},
    {"a Cholesky factor in place",
     "dim n\nparam B[n, n]\n"
     "input B[n, n] = param 0\n"
     "node S[i:n, j:n] = sum[k:n](B[i, k] * B[j, k])\nnode A[i:n, j:n] = S[i, j] + (if i == j then 3.0 else 0.0)\n"
     "carry L[j:n + 1, i:n, k:n] along j from L_set = 0.0\nnode v[j:n, i:n] = sum[k:n if k < j](L[j, i, k] * L[j, j, k])\n"
     "node d[j:n] = sqrt(A[j, j] - v[j, j])\n"
     "scatter L_set[j:n, i:n, k:n] = L[j, i, k] then [j_2:n, i_2:n if i_2 >= j_2] (j_2, i_2, j_2) = if i_2 == j_2 then d[j_2] else (A[i_2, j_2] - v[j_2, i_2]) / d[j_2]\n"
     "node y[i:n, j:n] = L[n, i, j]\nroot predict y = y\n"},
    {"a table filled entry by entry, each from two others",
     "dim n\nparam x[n]\n"
     "input x[n] = param 0\n"
     "carry f[t:n + 1, i:n] along t from f_set = 1.0\n"
     "scatter f_set[t:n, i:n] = f[t, i] then [s:n] (s, s) = x[s] + (if s >= 1 then 0.5 * f[s, s - 1] else 0.0) + (if s >= 2 then 0.25 * f[s, s - 2] else 0.0)\n"
     "node y[i:n] = f[n, i]\nroot predict y = y\n"},
    {"added in place to the same entry several times",
     "dim T\ndim m = 3\ndata w[T] in 0..m\nparam x[T]\n"
     "input w[T] = data 0\ninput x[T] = param 0\n"
     "carry f[t:T + 1, i:m] along t from f_set = 0.0\n"
     "scatter f_set[t:T, i:m] = f[t, i] then [s:T, r:2] (s, w[s]) += x[s] * f[s, w[s]] + real(r + 1)\nnode y[i:m] = f[T, i]\n"
     "root predict y = y\n"},
    {"in place through an inner loop",
     "dim n\nparam A[n, n]\n"
     "input A[n, n] = param 0\n"
     "carry M[t:n + 1, i:n, j:n] along t from M_step = A[i, j] + (if i == j then 4.0 else 0.0)\n"
     "carry R[t:n, s:n + 1, i:n, j:n] along s from R_set = M[t, i, j]\n"
     "scatter R_set[t:n, s:n, i:n, j:n] = R[t, s, i, j] then [t_2:n, s_2:n, j_2:n if s_2 > t_2 and j_2 >= t_2] (t_2, s_2, s_2, j_2) += -(M[t_2, s_2, t_2] / M[t_2, t_2, t_2] * M[t_2, t_2, j_2])\n"
     "node M_step[t:n, i:n, j:n] = R[t, n, i, j]\nnode y[i:n, j:n] = M[n, i, j]\nroot predict y = y\n"},
    {"whole numbers and conditions carried, a shift register",
     "dim T\ndata k[T] in 0..3\n"
     "input k[T] = data 0\n"
     "carry s[t:T + 1] along t from s_step = 7\ncarry odd[t:T + 1] along t from odd_step = false\n"
     "carry a[t:T + 1] along t from a_step = 0\ncarry b[t:T + 1] along t from b_step = 0\n"
     "node s_step[t:T] = (s[t] * 5 + k[t]) % 1000\nnode odd_step[t:T] = (odd[t] and k[t] == 1) or (not odd[t] and k[t] == 2)\n"
     "node a_step[t:T] = b[t]\nnode b_step[t:T] = k[t]\nnode y = s[T]\n"
     "node z[t:T] = if odd_step[t] then a[t] + 100 else b[t]\nroot predict y = y\nroot predict z = z\n"
     "root predict w = s_step\n"},
    {"a carry that takes what does not depend on it",
     "dim T\nparam x[T]\n"
     "input x[T] = param 0\n"
     "carry h[t:T + 1] along t from y = 0.0\nnode y[t:T] = 2.0 * x[t]\nnode d[t:T] = y[t] - h[t]\nnode l = h[T]\n"
     "root predict d = d\nroot predict l = l\n"},
    {"a second loop over the states of a first, and one that runs back over them",
     "dim T\nparam x[T]\n"
     "input x[T] = param 0\n"
     "carry h[t:T + 1] along t from h_step = 0.3\nnode h_step[t:T] = sin(h[t] + x[t])\n"
     "carry e[t:T + 1] along t from e_step = 1.0\nnode e_step[t:T] = cos(h[t] + x[t]) * e[t] + x[t]\n"
     "carry d[t:T + 1] back along t from d_step = h[T]\nnode d_step[t:T] = cos(h[t] + x[t]) * d[t + 1]\n"
     "node g[t:T] = cos(h[t] + x[t]) * d[t + 1]\nnode y = e[T] + d[0]\nroot predict y = y\nroot predict g = g\n"},
    {"all states, from the start on",
     "dim T\ndim m\nparam x[T]\n"
     "input x[T] = param 0\n"
     "carry h[t:T + 1, i:m] along t from h_step = real(i)\nnode h_step[t:T, i:m] = 0.5 * h[t, i] + x[t]\nroot predict y = h\n"},
    {"products added to all that steps ahead have", UPDATE("along", "", "T", "i_2 >= t_2 + 1 and k_2 >= t_2 + 1", "")},
    {"to what steps ahead have of those behind", UPDATE("along", "", "T", "i_2 >= t_2 + 1 and k_2 < t_2", "")},
    {"the other way round", UPDATE("along", "", "T", "i_2 < t_2 and k_2 >= t_2 + 1", "")},
    {"the same backwards", UPDATE("back along", " + 1", "0", "i_2 < t_2 and k_2 >= t_2 + 1", "")},
    {"to all that steps ahead have, backwards", UPDATE("back along", " + 1", "0", "i_2 < t_2 and k_2 < t_2", "")},
    {"to all that steps behind have", UPDATE("along", "", "T", "i_2 < t_2 and k_2 < t_2", "")},
    {"to all that steps ahead have, where a step reads all of it", UPDATE("along", "", "T", "i_2 >= t_2 + 1 and k_2 >= t_2 + 1", " + 0.01 * all[t]")},
    {"to a matrix of more rows and columns than there are steps, or fewer",
     "dim T\ndim m\ndata x[m, m]\ndata y[T]\ndata z[m]\ninput x[m, m] = data 0\ninput y[T] = data 1\ninput z[m] = data 2\n"
     "carry L[t:T + 1, i:m, k:m] along t from L_step = x[i, k]\nnode f[t:T, k:m] = 0.3 * y[t] * z[k]\n"
     "scatter L_step[t:T, i:m, k:m] = L[t, i, k] then [t_2:T, i_2:m, k_2:m if i_2 >= t_2 + 1 and k_2 >= t_2 + 1] (t_2, i_2, k_2)"
     " += f[t_2, k_2] * L[t_2, i_2, t_2]\nnode w[i:m, k:m] = L[T, i, k]\nroot predict w = w\n"},
    {"a triangular factor and what goes back through it",
     "dim n\nparam x[n, n]\ninput x[n, n] = param 0\ncarry L[j:n + 1, i:n, k:n] along j from L_column = 0.0\n"
     "node s[j:n] = sum[k:n if k < j](L[j, j, k]^2)\n"
     "scatter L_diagonal[j:n, i:n, k:n] = L[j, i, k] then [j_2:n] (j_2, j_2, j_2) = sqrt(10.0 + x[j_2, j_2] + s[j_2])\n"
     "node r[j:n, i:n] = sum[k:n if i >= j + 1 and k < j](L_diagonal[j, i, k] * L_diagonal[j, j, k])\n"
     "scatter L_column[j:n, i:n, k:n] = L_diagonal[j, i, k] then [j_2:n, i_2:n if i_2 >= j_2 + 1] (j_2, i_2, j_2) = "
     "(x[i_2, j_2] - r[j_2, i_2]) / L_diagonal[j_2, j_2, j_2]\nnode y[i:n, k:n] = L[n, i, k]\nroot predict y = y\n"},
};

static const int64_t sizes[][4] = {{5, 3, 4, 2}, {1, 2, 1, 3}, {4, 4, 4, 4}, {0, 3, 2, 2}, {3, 0, 2, 2}, {14, 2, 3, 2}, {6, 9, 2, 3}};
enum { SIZES = sizeof sizes / sizeof *sizes };

// A loss of all real predictions: the sum of their entries and half their squares.
static void add_loss(Model *m) {
  Graph *g = m->graph;
  const Expr *total = NULL;
  for (int k = 0; graph_root(g, ROOT_PREDICT, k); k++) {
    const Node *y = graph_root(g, ROOT_PREDICT, k)->node;
    if (y->type != TYPE_REAL) continue;
    const Expr *sub[8];
    for (int q = 0; q < y->nout; q++) sub[q] = expr_index(g, q);
    const Expr *entry = expr_read(g, y, sub), *half = expr_prim2(g, PRIM_MUL, expr_real(g, 0.5), entry);
    const Expr *term = expr_prim2(g, PRIM_ADD, entry, expr_prim2(g, PRIM_MUL, half, entry));
    Node sum = {.kind = NODE_COMP, .name = "part", .type = TYPE_REAL, .nred = y->nout, .index = y->index, .expr = term};
    sum.reduce = y->nout ? REDUCE_SUM : REDUCE_NONE;
    const Expr *part = expr_read(g, graph_add(g, &sum), NULL);
    total = total ? expr_prim2(g, PRIM_ADD, total, part) : part;
  }
  if (!total) return;
  Node loss = {.kind = NODE_COMP, .name = "loss", .type = TYPE_REAL, .expr = total};
  graph_add_root(g, ROOT_LOSS, NULL, 0, graph_add(g, &loss));
}

#define STRICT "-std=c99 -Wall -Wextra -Wconversion -Wshadow -Werror"

START_TEST(test_agrees) {
  static const EmitOptions variants[] = {{.source = "test"},
                                         {.source = "test", .no_fuse = true},
                                         {.source = "test", .no_contract = true},
                                         {.source = "test", .no_fuse = true, .no_contract = true},
                                         {.source = "test", .no_simplify = true}};
  static Outputs first[SIZES], other;
  Arena *a = arena_new();
  Model *m = generated_model(a, _i, cases[_i].text);
  add_loss(m);
  for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
    setenv("CFLAGS", v == 0 ? "-O2 " STRICT : "-O0 " STRICT, 1); // the bits are the same
    Jit jit = generated_compile(a, m, &variants[v]);
    for (int k = 0; k < SIZES; k++) {
      const Inputs *in = generated_inputs(a, m, sizes[k]);
      Outputs *out = v ? &other : &first[k];
      generated_run(a, &jit, in, out);
      if (v && !variants[v].no_simplify)
        ck_assert_msg(!memcmp(&first[k], &other, sizeof other), "%s: variant %zu differs", cases[_i].name, v);
      else
        generated_compare(a, m, in, out, cases[_i].name);
    }
    jit_close(&jit);
  }
  arena_free(a);
}
END_TEST

int main(void) {
  Suite *s = suite_create("emit_loops");
  TCase *c = tcase_create("emit_loops");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, test_agrees, 0, (int)(sizeof cases / sizeof *cases));
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
