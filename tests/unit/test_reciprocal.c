// test_reciprocal.c - quotients before and after their divisors are inverted once, and gradients of everything that derive is tried on.
#include "factor/reciprocal.h"

#include "passes.h"

static const PassCase quotients[] = {
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
  pass_check(PASS_HEAD, &quotients[_i], share_reciprocals, 1e-15);
}
END_TEST

// The gradients' values stay what they are, within the rounding of the reciprocals.
START_TEST(test_gradient) {
  pass_check_gradient(_i, share_reciprocals, 1e-12);
}
END_TEST

int main(void) {
  return pass_main("reciprocal", test_quotient, sizeof quotients / sizeof *quotients, test_gradient);
}
