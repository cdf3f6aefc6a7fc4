// test_unroll.c - small arrays before and after, and gradients of everything that derive is tried on.
#include "schedule/unroll.h"

#include "passes.h"

#define LETTERS                                                                                                        \
  "model t\ndim n\ndim m = 3\ndata A[n, m]\ndata y[n]\ndata g[n] in 0..2\nparam w[2]\nparam b\n"                       \
  "input A[n, m] = data 0\ninput y[n] = data 1\ninput g[n] = data 2\ninput w[2] = param 0\ninput b = param 1\n"

static const PassCase arrays[] = {
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

static Graph *unrolled(Arena *a, const Graph *g) {
  return unroll(a, g, NULL);
}

START_TEST(test_array) {
  pass_check_simplified(LETTERS, &arrays[_i], unrolled, 1e-15);
}
END_TEST

// Gradients, unrolled, against dual numbers.
START_TEST(test_gradient) {
  pass_check_dual(_i, unrolled);
}
END_TEST

int main(void) {
  return pass_main("unroll", test_array, sizeof arrays / sizeof *arrays, test_gradient);
}
