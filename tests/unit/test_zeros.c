// test_zeros.c - sums before and after they leave out what is zero.
#include "schedule/zeros.h"

#include "derive/derive.h"
#include "derive_cases.h"
#include "simplify/simplify.h"

#define LETTERS "model t\ndim n\ndata y[n]\nparam w[n]\ninput y[n] = data 0\ninput w[n] = param 0\n"

static const struct {
  const char *name, *before, *after; // after: null: as before
  bool samples;                      // n counts them
} zeros[] = {
    {"of a product with a triangle",
     "node p[i:n, j:n] = if i > j then exp(y[i] - w[j]) else 0.0\nnode loss = sum[i:n, j:n](-p[i, j] * w[i])\n",
     "node p[i:n, j:n] = if i > j then exp(y[i] - w[j]) else 0.0\nnode loss = sum[i:n, j:n if i >= j + 1](-p[i, j] * w[i])\n", false},
    {"of a quotient, and a triangle with its diagonal",
     "node p[i:n, j:n] = (if i >= j + 1 then y[i] else 0.0) + (if i == j then w[i] else 0.0)\n"
     "node q[i:n] = sum[j:n](p[i, j] / (1.0 + exp(w[j])))\nnode loss = sum[i:n](q[i])\n",
     "node p[i:n, j:n] = (if i >= j + 1 then y[i] else 0.0) + (if i == j then w[i] else 0.0)\n"
     "node q[i:n] = sum[j:n if i >= j](p[i, j] / (1.0 + exp(w[j])))\nnode loss = sum[i:n](q[i])\n", false},
    {"through other arrays, by other indices",
     "node p[i:n, j:n if j <= i] = y[i] * w[j]\nnode q[j:n, i:n] = p[i, j] * 2.0\n"
     "node loss = sum[i:n, j:n](q[n - 1 - i, n - 1 - j])\n",
     "node p[i:n, j:n if j <= i] = y[i] * w[j]\nnode q[j:n, i:n] = p[i, j] * 2.0\n"
     "node loss = sum[i:n, j:n if i >= j](q[n - 1 - i, n - 1 - j])\n", false},
    {"beside a condition",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n if y[i] > 0.0](p[i, j])\n",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n if y[i] > 0.0 and j >= i + 1](p[i, j])\n", false},
    {"not of what the condition says already",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n if j > i + 1](p[i, j])\n", NULL, false},
    {"not beside other terms",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n](p[i, j] + w[i])\n", NULL, false},
    {"not of a choice with two sides",
     "node p[i:n, j:n] = if i < j then y[i] else w[j]\nnode loss = sum[i:n, j:n](p[i, j])\n", NULL, false},
    {"not of outputs alone",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode q[i:n, j:n] = sum[k:n](p[i, j] * w[k])\n"
     "node loss = sum[i:n](q[i, 0])\n", NULL, false},
    {"not by samples, which run all alike",
     "node p[i:n, j:n] = if i < j then y[i] * w[j] else 0.0\nnode loss = sum[i:n, j:n](p[i, j])\n", NULL, true},
    {"not of few terms",
     "node p[i:8, j:8] = if i < j then y[0] * w[0] else 0.0\nnode loss = sum[i:8, j:8](p[i, j])\n", NULL, false},
};

START_TEST(test_zero) {
  Lab l = lab_of(LETTERS, zeros[_i].before);
  const Graph *before = l.model->graph, *after = leave_zeros(l.arena, before, zeros[_i].samples ? poly_dim(l.model->dims, 0) : NULL);
  lab_verify(&l, after);
  lab_compare(&l, before, after, 0);
  lab_expect(&l, after, zeros[_i].name, zeros[_i].after ? zeros[_i].after : zeros[_i].before);
  lab_close(&l);
}
END_TEST

// The gradients' values stay what they are.
START_TEST(test_gradient) {
  Lab l = open_case(_i);
  const unsigned roles = 1u << ROOT_LOSS | 1u << ROOT_GRADIENT;
  const Graph *s = simplify(l.arena, derive_gradient(l.arena, l.model->graph, true, NULL), roles);
  const Graph *after = leave_zeros(l.arena, s, NULL);
  lab_verify(&l, after);
  l.seed = 1;
  lab_compare(&l, s, after, 0);
  lab_close(&l);
}
END_TEST

int main(void) {
  return lab_main(lab_suite("zeros", test_zero, sizeof zeros / sizeof *zeros, test_gradient, sizeof cases / sizeof *cases));
}
