// derive_cases.h - small graphs with a loss, whose derivatives of all kinds are looked at.
#ifndef MDLC_TESTS_DERIVE_CASES_H
#define MDLC_TESTS_DERIVE_CASES_H

#include "lab.h"

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
    {"strided with gaps", "node a[i:2] = sum[k:2](u[3 * i + k] * w[k])\nnode loss = sum[i:2](a[i]^3)\n"},
    {"strided, overlapping", "node a[i:2] = sum[k:3](u[2 * i + k] * w[k])\nnode loss = sum[i:2](a[i]^3)\n"},
    {"strided, its remainder read elsewhere", "node a[i:2] = sum[k:2](u[2 * i + k] * W[k, i + k])\nnode loss = sum[i:2](a[i]^3)\n"},
    {"the largest of pairs", "node a[i:2] = max[k:2](u[2 * i + k])\nnode loss = sum[i:2](a[i]^3)\n"},
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
    {"a branch that is not taken, definitions away",
     "node s[i:n] = max(u[i], 0.0)\nnode q[i:n] = b / s[i]\nnode v[i:n] = q[i] * w[0]\n"
     "node a[i:n] = if s[i] > 0.0 then v[i] else u[i] * b\nnode loss = sum[i:n](a[i]^2)\n"},
    {"branches within branches, definitions away",
     "node r[i:n] = max(u[i], 0.0)\nnode s[i:n] = sqrt(r[i])\nnode q[i:n] = r[i] / s[i]\nnode l_[i:n] = log(y[i] * b)\n"
     "node v[i:n] = q[i] * w[0] + l_[i] * w[1]\nnode c[i:n] = if y[i] * b > 0.0 then v[i] * 2.0 else u[i]\n"
     "node a[i:n] = if r[i] > 0.0 then c[i] + q[i] else w[0]^2\nnode loss = sum[i:n](a[i]^2)\n"},
    {"clamped logarithms",
     "node l_[i:n] = log(max(u[i], 0.0))\nnode a[i:n] = if l_[i] < -3.0 then -3.0 else l_[i]\n"
     "node loss = sum[i:n](a[i] * max(l_[i], y[i]))\n"},
    {"an exponential that overflows where it is not taken",
     "node e[i:n] = exp(1000.0 * u[i])\nnode c[i:n] = e[i] * b\nnode l_[i:n] = log(1.0 + c[i] * c[i])\n"
     "node a[i:n] = if u[i] > 0.0 then u[i] * b else l_[i]\nnode loss = sum[i:n](a[i])\n"},
    {"rotations, of which some are by no angle",
     "node r[i:n, j:m] = max(u[i], 0.0) * w[j]\nnode t_[i:n] = sum[j:m](r[i, j]^2)\n"
     "node l_[i:n] = if t_[i] == 0.0 then 0.0 else sqrt(t_[i])\nnode k[i:n, j:m] = r[i, j] / l_[i]\n"
     "node d[i:n] = sum[j:m](k[i, j] * x[i, j])\n"
     "node q[i:n, j:m] = x[i, j] * cos(l_[i]) + k[i, j] * d[i] * (1.0 - cos(l_[i])) * b\n"
     "node o[i:n, j:m] = if l_[i] > 0.0 then q[i, j] else x[i, j] + r[i, j] * b\n"
     "node loss = sum[i:n, j:m](o[i, j]^3)\n"},
    {"entries that nobody reads",
     "node s[i:n] = if i == 0 then 0.0 * u[i] else u[i]^2\nnode q[i:n] = b / s[i]\n"
     "node a[i:n - 1] = q[i + 1] * y[i]\nnode loss = sum[i:n - 1](a[i]^2)\n"},
    {"losers of a maximum that are infinite",
     "node l_[i:n] = log(max(u[i], 0.0)) * b\nnode a = max[i:n](-(l_[i]^2))\nnode loss = a * b\n"},
    {"a product that is not taken",
     "node s[i:n] = max(u[i], 0.0)\nnode p_[i:n] = prod[j:m](w[j] / s[i])\n"
     "node a[i:n] = if u[i] > 0.0 then p_[i] else u[i] * b\nnode loss = sum[i:n](a[i])\n"},
    {"a branch of a step that is not taken, definitions away",
     "carry h[t:n + 1] along t from h_step = b\nnode s[t:n] = max(u[t], 0.0) * w[0]^2\nnode q[t:n] = h[t] / s[t]\n"
     "node v[t:n] = q[t] * w[1] * 0.1\nnode h_step[t:n] = if s[t] > 0.0 then sin(v[t]) else h[t] * u[t]\n"
     "node loss = h[n]^2\n"},
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
    {"a recurrence", "carry h[t:n + 1, i:m] along t from h_step = 0.0\n"
                     "node b_[t:n, i:m] = sum[j:m](h[t, j] * W[j, i])\n"
                     "node h_step[t:n, i:m] = tanh(b_[t, i] + x[t, i] * w[i])\n"
                     "node loss = sum[i:m](h[n, i] * h[n, i])\n"},
    {"a recurrence and what it yields, from a start that depends on parameters",
     "carry h[t:n + 1] along t from h_step = b * w[0]\nnode h_step[t:n] = sin(h[t]) * u[t] + b\n"
     "node s = sum[t:n](h_step[t]^2 * y[t])\nnode loss = s + h[n]\n"},
    {"two states that need each other, backwards",
     "carry p_[t:n + 1] back along t from p_step = b\ncarry q_[t:n + 1] back along t from q_step = w[1]\n"
     "node p_step[t:n] = p_[t + 1] - 0.3 * sin(q_[t + 1]) * u[t]\nnode q_step[t:n] = q_[t + 1] + 0.2 * sin(p_step[t])\n"
     "node s = sum[t:n](q_step[t])\nnode loss = q_[0] * p_[0] + s\n"},
    {"a loop in a loop",
     "carry c[t:n + 1] along t from c_step = b\ncarry d[t:n, s:m + 1] along s from d_step = c[t] * u[t]\n"
     "node d_step[t:n, s:m] = 0.5 * sin(d[t, s]) + c[t] * w[s]\nnode c_step[t:n] = d[t, m] - 0.1 * d_step[t, 0]\n"
     "node loss = c[n]^2\n"},
    {"loops under a mapped index",
     "carry h[i:m, t:n + 1] along t from h_step = w[i]\nnode h_step[i:m, t:n] = cos(h[i, t]) * u[t] + W[i, i]\n"
     "node loss = sum[i:m](h[i, n] * w[i])\n"},
    {"states that are read from everywhere",
     "carry h[t:n + 1] along t from h_step = b\nnode h_step[t:n] = 0.5 * h[t] + u[t]\n"
     "node r = sum[t:n + 1](h[t]^2 * real(t))\nnode q = sum[t:n](h[t] * h_step[t] * y[t])\n"
     "node loss = r + q + h[0] * h[2]\n"},
    {"a bound with a condition",
     "carry z_[k:m + 9] along k from z_step while go = abs(b) + 1.0\nnode go[k:m + 8] = abs(z_[k]^2 - 2.0) > 0.001\n"
     "node z_step[k:m + 8] = if go[k] then 0.5 * (z_[k] + (2.0 + 0.1 * w[0]) / z_[k]) else z_[k]\n"
     "node loss = z_[m + 8]\n"},
    {"entries that are overwritten, and read before and after",
     "carry L[j:m + 1, i:m] along j from L_set = w[i]\n"
     "node v[j:m] = sum[i:m](L[j, i]^2 * W[j, i])\n"
     "scatter L_set[j:m, i:m] = L[j, i] then [j_2:m, i_2:m if i_2 >= j_2] (j_2, i_2) = "
     "0.1 * v[j_2] * L[j_2, i_2] * u[i_2]\n"
     "node r = sum[i:m](L[m, i] * y[i])\nnode q = sum[j:m](L_set[j, 1]^2)\nnode loss = r + q\n"},
    {"a Cholesky factor",
     "node A[i:m, j:m] = (if i == j then 20.0 else 0.0) + W[i, j] * W[j, i]\n"
     "carry L[j:m + 1, i:m, k:m] along j from L_col = 0.0\n"
     "node dot_[j:m, i:m] = sum[k:m if k < j](L[j, i, k] * L[j, j, k])\n"
     "scatter L_diag[j:m, i:m, k:m] = L[j, i, k] then [j_2:m] (j_2, j_2, j_2) = sqrt(A[j_2, j_2] - dot_[j_2, j_2])\n"
     "scatter L_col[j:m, i:m, k:m] = L_diag[j, i, k] then [j_2:m, i_2:m if i_2 > j_2] (j_2, i_2, j_2) = "
     "(A[i_2, j_2] - dot_[j_2, i_2]) / L_diag[j_2, j_2, j_2]\n"
     "node r = sum[i:m](log(L[m, i, i]))\nnode q = sum[i:m, j:m](L[m, i, j] * z[i, j])\nnode loss = r + q\n"},
    {"an array updated by a loop in a loop",
     "carry D[t:n + 1, i:m] along t from D_step = w[i]\n"
     "carry E[t:n, s:m + 1, i:m] along s from E_set = D[t, i]\n"
     "scatter E_set[t:n, s:m, i:m] = E[t, s, i] then [t_2:n, s_2:m] (t_2, s_2, s_2) = "
     "sin(E[t_2, s_2, s_2]) * E[t_2, s_2, 0] + u[t_2]\n"
     "node D_in[t:n, i:m] = E[t, m, i]\n"
     "scatter D_step[t:n, i:m] = D_in[t, i] then [t_2:n] (t_2, t_2 % m) = sin(b * D_in[t_2, 0])\n"
     "node loss = sum[i:m](D[n, i] * z[i, 0])\n"},
    {"a scatter onto a base",
     "scatter S[i:m] = w[i] * b then [i_2:n](token[i_2]) += u[i_2] * w[token[i_2]]\n"
     "scatter R[i:m] = S[i]^2 then [i_2:m if i_2 > 0](i_2) = u[i_2] * b\nnode loss = sum[j:m](S[j]^2 + R[j])\n"},
    {"a carry that takes what does not depend on it",
     "carry h[t:n + 1] along t from s_ = b\nnode s_[t:n] = u[t]^2\nnode z_[t:n] = h[t] * u[t]\n"
     "node r = sum[t:n](z_[t])\nnode loss = h[n] + r\n"},
    {"seen through metrics", "node a[i:n] = u[i] * b\nnode q = sum[i:n](a[i])\nroot metric q = q\nnode loss = q^2\n"},
};

static Lab open_case(int k) {
  Text t;
  text_init(&t);
  text_printf(&t, "%s%s%s", HEAD, cases[k].nodes, TAIL);
  Lab l = lab_open(t.s);
  text_free(&t);
  return l;
}

#endif
