// test_unroll.c - small arrays before and after, and gradients of everything that derive is tried on.
#include "schedule/unroll.h"

#include "derive/derive.h"
#include "derive_cases.h"
#include "simplify/simplify.h"

#define LETTERS                                                                                                        \
  "model t\ndim n\ndim m = 3\ndata A[n, m]\ndata y[n]\ndata g[n] in 0..2\nparam w[2]\nparam b\n"                       \
  "input A[n, m] = data 0\ninput y[n] = data 1\ninput g[n] = data 2\ninput w[2] = param 0\ninput b = param 1\n"

#define ROLES (1u << ROOT_LOSS | 1u << ROOT_NAMED)

static const struct {
  const char *name, *before, *after; // after: null: as before
} arrays[] = {
    {"a sum over few terms", "node loss = sum[i:n, j:m](A[i, j]^2)\n",
     "node loss = sum[i:n](A[i, 0]^2 + A[i, 1]^2 + A[i, 2]^2)\n"},
    {"an array of few entries",
     "node z[i:n, j:2] = w[j] * y[i]\n"
     "node loss = sum[i:n](z[i, 0] * z[i, 1])\n",
     "node z_0[i:n] = w[0] * y[i]\n"
     "node z_1[i:n] = w[1] * y[i]\n"
     "node loss = sum[i:n](z_0[i] * z_1[i])\n"},
    {"conditions are settled",
     "node z[i:n, j:2] = if j < 1 then exp(y[i]) else b\n"
     "node loss = sum[i:n, j:2 if j >= 1](z[i, j] * z[i, 0])\n",
     "node z_0[i:n] = exp(y[i])\n"
     "node loss = sum[i:n](b * z_0[i])\n"},
    {"a subscript beyond a condition",
     "node z[i:n, j:2] = w[j] * y[i]\n"
     "node loss = sum[i:n, j:2](if j > 0 then z[i, j - 1] else z[i, j + 1])\n",
     "node z_0[i:n] = w[0] * y[i]\n"
     "node z_1[i:n] = w[1] * y[i]\n"
     "node loss = sum[i:n](z_1[i] + z_0[i])\n"},
    {"conditions of the terms", "node loss = sum[i:n, j:2 if y[i] > w[j]](w[j] * y[i])\n",
     "node loss = sum[i:n]((if y[i] > w[0] then w[0] * y[i] else 0.0) + (if y[i] > w[1] then w[1] * y[i] else "
     "0.0))\n"},
    {"the greatest",
     "node top[i:n] = max[j:m](A[i, j])\n"
     "node loss = sum[i:n](top[i] * A[i, 0])\n",
     "node top[i:n] = max(max(A[i, 0], A[i, 1]), A[i, 2])\n"
     "node loss = sum[i:n](top[i] * A[i, 0])\n"},
    {"a computed subscript keeps its array whole",
     "node z[i:n, j:2] = w[j] * y[i]\n"
     "node loss = sum[i:n](z[i, g[i]] * z[i, 1])\n",
     NULL},
    {"so does an index that is not small",
     "node z[i:n, j:2] = w[j] * y[i]\n"
     "node loss = sum[i:n, k:n if k < 2](z[i, k])\n",
     NULL},
    {"a state",
     "carry z[t:n + 1, j:2] along t from z_step = w[j]\n"
     "node z_step[t:n, j:2] = z[t, 1 - j] * y[t] + z[t, j]\n"
     "node loss = z[n, 0] - z[n, 1]\n",
     "carry z_0[t:n + 1] along t from z_step_0 = w[0]\n"
     "carry z_1[t:n + 1] along t from z_step_1 = w[1]\n"
     "node z_step_0[t:n] = z_1[t] * y[t] + z_0[t]\n"
     "node z_step_1[t:n] = z_0[t] * y[t] + z_1[t]\n"
     "node loss = z_0[n] - z_1[n]\n"},
    {"a state that is updated in place stays whole",
     "carry z[t:n + 1, j:2] along t from z_set = w[j]\n"
     "scatter z_set[t:n, j:2] = z[t, j] then [t_2:n] (t_2, g[t_2]) = y[t_2] * z[t_2, 0]\n"
     "node loss = z[n, 0] - z[n, 1]\n",
     NULL},
    {"the steps of a loop stay",
     "carry z[t:4] along t from z_step = b\n"
     "node z_step[t:3] = z[t] * y[t]\n"
     "node loss = z[3]\n",
     NULL},
    {"what a scatter adds",
     "node z[i:n, j:2] = if j == 0 then exp(y[i]) else b\n"
     "scatter s[2] = [i:n, j:2] (if g[i] > j then 1 else 0) += z[i, j]\n"
     "node loss = s[0] * s[1]\n",
     "node z_0[i:n] = exp(y[i])\n"
     "scatter s[2] = [i:n, j:2] (if g[i] > j then 1 else 0) += if j == 0 then z_0[i] else b\n"
     "node loss = s[0] * s[1]\n"},
    {"mapped alike over samples, it stays an array",
     "node z[i:n, j:2] = exp(w[j] * y[i])\n"
     "node loss = sum[i:n, j:2](z[i, j]^2)\n",
     NULL},
};

START_TEST(test_array) {
  Lab l = lab_of(LETTERS, arrays[_i].before);
  const Graph *before = simplify(l.arena, l.model->graph, ROLES), *raw = unroll(l.arena, before, NULL);
  lab_verify(&l, raw);
  const Graph *after = simplify(l.arena, raw, ROLES);
  lab_verify(&l, after);
  lab_compare(&l, before, after, 1e-15);
  if (arrays[_i].after)
    lab_expect(&l, after, arrays[_i].name, arrays[_i].after);
  else
    ck_assert_str_eq(lab_nodes(&l, after), lab_nodes(&l, before));
  lab_close(&l);
}
END_TEST

// Gradients, unrolled, against dual numbers.
START_TEST(test_gradient) {
  Lab l = open_case(_i);
  const unsigned roles = 1u << ROOT_LOSS | 1u << ROOT_GRADIENT;
  const Graph *s = simplify(l.arena, derive_gradient(l.arena, l.model->graph, true, NULL), roles);
  const Graph *u = unroll(l.arena, s, NULL);
  lab_verify(&l, u);
  l.seed = 1;
  const double error = lab_gradient_error(&l, simplify(l.arena, u, roles));
  ck_assert_msg(error < 1e-13, "%s: error %g", cases[_i].name, error);
  lab_close(&l);
}
END_TEST

int main(void) {
  return lab_main(lab_suite("unroll", test_array, sizeof arrays / sizeof *arrays, test_gradient, sizeof cases / sizeof *cases));
}
