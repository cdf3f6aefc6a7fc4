// test_reciprocal.c - quotients before and after their divisors are inverted once, and gradients of everything that derive is tried on.
#include "factor/reciprocal.h"

#include "derive/derive.h"
#include "derive_cases.h"
#include "simplify/simplify.h"

#define LETTERS                                                                                                        \
  "model t\ndim n\ndim m\ndata A[n, m]\ndata y[n]\nparam w[m]\nparam b\n"                                              \
  "input A[n, m] = data 0\ninput y[n] = data 1\ninput w[m] = param 0\ninput b = param 1\n"

static const struct {
  const char *name, *before, *after; // after: null: as before
} quotients[] = {
    {"by what needs fewer indices", "node loss = sum[i:n, j:m](A[i, j] / w[j])\n",
     "node loss = sum[i:n, j:m](A[i, j] * (1.0 / w[j]))\n"},
    {"by what needs all indices", "node loss = sum[i:n, j:m](w[j] / A[i, j])\n", NULL},
    {"two by one divisor, of one node",
     "node p[j:m] = w[j] / (1.0 + w[j]) + b / (1.0 + w[j])\nnode loss = sum[j:m](p[j])\n",
     "node p[j:m] = w[j] * (1.0 / (1.0 + w[j])) + b * (1.0 / (1.0 + w[j]))\nnode loss = sum[j:m](p[j])\n"},
    {"two by one divisor, of two nodes whose indices have other places",
     "node p[i:n, j:m] = b / A[i, j]\nnode q[j:m, i:n] = y[i] / A[i, j]\nnode loss = sum[i:n, j:m](p[i, j] * q[j, i])\n",
     "node p[i:n, j:m] = b / A[i, j]\nnode q[j:m, i:n] = y[i] / A[i, j]\nnode loss = sum[i:n, j:m](p[i, j] * q[j, i])\n"},
    {"two by one divisor, of two nodes",
     "node p[i:n] = b / y[i]\nnode q[k:n] = 2.0 / y[k]\nnode loss = sum[i:n](p[i] * q[i])\n",
     "node p[i:n] = b * (1.0 / y[i])\nnode q[k:n] = 2.0 * (1.0 / y[k])\nnode loss = sum[i:n](p[i] * q[i])\n"},
    {"by a size", "node loss = sum[i:n](y[i] / real(n))\n", NULL},
    {"by a constant", "node loss = sum[i:n, j:m](A[i, j] / 10.0)\n", NULL},
    {"of scalars", "node loss = b / 2.0 + 3.0 / b\n", NULL},
};

START_TEST(test_quotient) {
  Lab l = lab_of(LETTERS, quotients[_i].before);
  const Graph *before = l.model->graph, *after = share_reciprocals(l.arena, before);
  lab_verify(&l, after);
  lab_compare(&l, before, after, 1e-15);
  lab_expect(&l, after, quotients[_i].name, quotients[_i].after ? quotients[_i].after : quotients[_i].before);
  lab_close(&l);
}
END_TEST

// The gradients' values stay what they are, within the rounding of the reciprocals.
START_TEST(test_gradient) {
  Lab l = open_case(_i);
  const unsigned roles = 1u << ROOT_LOSS | 1u << ROOT_GRADIENT;
  const Graph *s = simplify(l.arena, derive_gradient(l.arena, l.model->graph, true, NULL), roles);
  const Graph *shared = share_reciprocals(l.arena, s);
  lab_verify(&l, shared);
  l.seed = 1;
  lab_compare(&l, s, shared, 1e-12);
  lab_close(&l);
}
END_TEST

int main(void) {
  return lab_main(lab_suite("reciprocal", test_quotient, sizeof quotients / sizeof *quotients, test_gradient, sizeof cases / sizeof *cases));
}
