// test_calls.c - calls of functions before and after, and gradients of everything that derive is tried on.
#include "schedule/calls.h"

#include "passes.h"

static const PassCase calls[] = {
    {"of fewer indices", "node loss = sum[i:n, j:m](A[i, j] * exp(w[j]))\n",
     "node loss_exp[j:m] = exp(w[j])\n"
     "node loss = sum[i:n, j:m](A[i, j] * loss_exp[j])\n"},
    {"of all indices", "node loss = sum[i:n, j:m](exp(A[i, j] * w[j]))\n", NULL},
    {"of no index", "node loss = sum[i:n](y[i] * exp(b))\n", NULL},
    {"on a side that need not be taken", "node loss = sum[i:n, j:m](if A[i, j] > 0.0 then exp(w[j]) else 0.0)\n", NULL},
    {"within a call", "node loss = sum[i:n, j:m](A[i, j] * sin(exp(w[j])))\n",
     "node loss_exp[j:m] = exp(w[j])\n"
     "node loss_sin[j:m] = sin(loss_exp[j])\n"
     "node loss = sum[i:n, j:m](A[i, j] * loss_sin[j])\n"},
    {"in two nodes",
     "node K[i:n, j:m] = 1.0 + exp(A[i, j])\n"
     "node D[i:n, j:m] = K[i, j] * exp(A[i, j])\n"
     "node loss = sum[i:n, j:m](D[i, j])\n",
     "node K_exp[i:n, j:m] = exp(A[i, j])\n"
     "node K[i:n, j:m] = 1.0 + K_exp[i, j]\n"
     "node D[i:n, j:m] = K[i, j] * K_exp[i, j]\n"
     "node loss = sum[i:n, j:m](D[i, j])\n"},
    {"one of which it is",
     "node K[i:n, j:m] = exp(A[i, j])\n"
     "node D[i:n, j:m] = 0.5 * exp(A[i, j])\n"
     "node loss = sum[i:n, j:m](D[i, j] * K[i, j])\n",
     "node K[i:n, j:m] = exp(A[i, j])\n"
     "node D[i:n, j:m] = 0.5 * K[i, j]\n"
     "node loss = sum[i:n, j:m](D[i, j] * K[i, j])\n"},
    {"in two nodes, from the end in one",
     "node K[i:n] = 1.0 + exp(y[i])\n"
     "node loss = sum[i:n](K[i] * exp(y[n - 1 - i]))\n",
     "node K_exp[i:n] = exp(y[i])\n"
     "node K[i:n] = 1.0 + K_exp[i]\n"
     "node loss = sum[i:n](K[i] * K_exp[n - 1 - i])\n"},
    {"in two nodes, of which one has a condition",
     "node K[i:n, j:m if A[i, j] > 0.0] = 1.0 + exp(A[i, j])\n"
     "node loss = sum[i:n, j:m if A[i, j] < 1.0](K[i, j] * exp(A[i, j]))\n",
     NULL},
    {"of a state",
     "carry z[t:n + 1] along t from z_step = b\n"
     "node z_step[t:n] = z[t] * y[t]\n"
     "node loss = sum[i:n, j:m](A[i, j] * exp(z[i]))\n",
     NULL},
};

START_TEST(test_call) {
  pass_check(PASS_HEAD, &calls[_i], name_calls, 0);
}
END_TEST

// The gradients' values stay what they are.
START_TEST(test_gradient) {
  pass_check_gradient(_i, name_calls, 0);
}
END_TEST

int main(void) {
  return pass_main("calls", test_call, sizeof calls / sizeof *calls, test_gradient);
}
