// test_zeros.c - sums before and after they leave out what is zero.
#include "schedule/zeros.h"

#include "passes.h"

#define LETTERS "model t\ndim n\ndata y[n]\nparam w[n]\ninput y[n] = data 0\ninput w[n] = param 0\n"

static const PassCase zeros[] = {
    {"of a product with a triangle",
     "node p[i:n, j:n] = if i > j then exp(y[i] - w[j]) else 0.0\nnode loss = sum[i:n, j:n](-p[i, j] * w[i])\n",
     "node p[i:n, j:n] = if i > j then exp(y[i] - w[j]) else 0.0\nnode loss = sum[i:n, j:n if i >= j + 1](-p[i, j] * w[i])\n"},
    {"of a quotient, and a triangle with its diagonal",
     "node p[i:n, j:n] = (if i >= j + 1 then y[i] else 0.0) + (if i == j then w[i] else 0.0)\n"
     "node q[i:n] = sum[j:n](p[i, j] / (1.0 + exp(w[j])))\nnode loss = sum[i:n](q[i])\n",
     "node p[i:n, j:n] = (if i >= j + 1 then y[i] else 0.0) + (if i == j then w[i] else 0.0)\n"
     "node q[i:n] = sum[j:n if i >= j](p[i, j] / (1.0 + exp(w[j])))\nnode loss = sum[i:n](q[i])\n"},
    {"through other arrays, by other indices",
     "node p[i:n, j:n if j <= i] = y[i] * w[j]\nnode q[j:n, i:n] = p[i, j] * 2.0\n"
     "node loss = sum[i:n, j:n](q[n - 1 - i, n - 1 - j])\n",
     "node p[i:n, j:n if j <= i] = y[i] * w[j]\nnode q[j:n, i:n] = p[i, j] * 2.0\n"
     "node loss = sum[i:n, j:n if i >= j](q[n - 1 - i, n - 1 - j])\n"},
    {"beside a condition",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n if y[i] > 0.0](p[i, j])\n",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n if y[i] > 0.0 and j >= i + 1](p[i, j])\n"},
    {"not of what the condition says already",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n if j > i + 1](p[i, j])\n", NULL},
    {"not beside other terms",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n](p[i, j] + w[i])\n", NULL},
    {"not of a choice with two sides",
     "node p[i:n, j:n] = if i < j then y[i] else w[j]\nnode loss = sum[i:n, j:n](p[i, j])\n", NULL},
    {"not of outputs alone",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode q[i:n, j:n] = sum[k:n](p[i, j] * w[k])\n"
     "node loss = sum[i:n](q[i, 0])\n", NULL},
    {"not of few terms",
     "node p[i:8, j:8] = if i < j then y[0] * w[0] else 0.0\nnode loss = sum[i:8, j:8](p[i, j])\n", NULL},
};

// n counts samples.
static const PassCase by_samples[] = {
    {"not by samples, which run all alike",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n](p[i, j])\n", NULL},
};

static Graph *without_zeros(Arena *a, const Graph *g) {
  return leave_zeros(a, g, NULL);
}

static Graph *without_zeros_of_samples(Arena *a, const Graph *g) {
  return leave_zeros(a, g, poly_dim(g->dims, 0));
}

enum { NZEROS = sizeof zeros / sizeof *zeros };

START_TEST(test_zero) {
  if (_i < NZEROS)
    pass_check(LETTERS, &zeros[_i], without_zeros, 0);
  else
    pass_check(LETTERS, &by_samples[_i - NZEROS], without_zeros_of_samples, 0);
}
END_TEST

// The gradients' values stay what they are.
START_TEST(test_gradient) {
  pass_check_gradient(_i, without_zeros, 0);
}
END_TEST

int main(void) {
  return pass_main("zeros", test_zero, NZEROS + sizeof by_samples / sizeof *by_samples, test_gradient);
}
