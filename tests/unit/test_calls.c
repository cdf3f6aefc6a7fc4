// test_calls.c - calls of functions before and after, and gradients of everything that derive is tried on.
#include "schedule/calls.h"

#include "derive/derive.h"
#include "derive_cases.h"
#include "simplify/simplify.h"

#define LETTERS                                                                                                        \
  "model t\ndim n\ndim m\ndata A[n, m]\ndata y[n]\nparam w[m]\nparam b\n"                                              \
  "input A[n, m] = data 0\ninput y[n] = data 1\ninput w[m] = param 0\ninput b = param 1\n"

#define ROLES (1u << ROOT_LOSS | 1u << ROOT_NAMED)

static const struct {
  const char *name, *before, *after; // after: null: as before
} calls[] = {
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
  Lab l = lab_of(LETTERS, calls[_i].before);
  const Graph *before = l.model->graph, *after = name_calls(l.arena, before);
  lab_verify(&l, after);
  lab_compare(&l, before, after, 0);
  lab_expect(&l, after, calls[_i].name, calls[_i].after ? calls[_i].after : calls[_i].before);
  lab_close(&l);
}
END_TEST

// The gradients' values stay what they are.
START_TEST(test_gradient) {
  Lab l = open_case(_i);
  const unsigned roles = 1u << ROOT_LOSS | 1u << ROOT_GRADIENT;
  const Graph *s = simplify(l.arena, derive_gradient(l.arena, l.model->graph, true, NULL), roles);
  const Graph *named = name_calls(l.arena, s);
  lab_verify(&l, named);
  l.seed = 1;
  lab_compare(&l, s, named, 0);
  lab_close(&l);
}
END_TEST

int main(void) {
  return lab_main(lab_suite("calls", test_call, sizeof calls / sizeof *calls, test_gradient, sizeof cases / sizeof *cases));
}
