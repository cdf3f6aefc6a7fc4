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

static Lab open_case(int k) {
  Text t;
  text_init(&t);
  text_printf(&t, "%s%s%s", HEAD, cases[k].nodes, TAIL);
  Lab l = lab_open(t.s);
  text_free(&t);
  return l;
}

#endif
