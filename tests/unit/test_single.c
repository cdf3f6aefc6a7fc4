// test_single.c - indices that have one value before and after, and gradients of everything that derive is tried on.
#include "passes.h"
#include "simplify/simplify.h"

#define HEAD                                                                                                           \
  "model t\ndim n\ndim k = 1\ndim steps = 1\ndata A[n, k]\ndata y[n]\nparam w[k]\nparam b\n"                           \
  "input A[n, k] = data 0\ninput y[n] = data 1\ninput w[k] = param 0\ninput b = param 1\n"

static const PassCase cases[] = {
    {"arrays, and what reads them",
     "node z[i:n, j:k] = A[i, j] * w[j]\nnode loss = sum[i:n, j:k](z[i, j]^2)\n",
     "node z[i:n] = A[i, 0] * w[0]\nnode loss = sum[i:n](z[i]^2)\n"},
    {"a sum of one term", "node s = sum[j:k](w[j] * b)\nnode loss = sin(s)\n", "node s = w[0] * b\nnode loss = sin(s)\n"},
    {"under a condition", "node s = sum[j:k if b > 0.0](w[j] * b)\nnode loss = sin(s)\n",
     "node s[if b > 0.0] = w[0] * b\nnode loss = sin(s)\n"},
    {"the greatest of one", "node s = max[j:k](w[j])\nnode loss = sin(s)\n", "node s = w[0]\nnode loss = sin(s)\n"},
    {"a product under a condition stays", "node s = prod[j:k if b > 0.0](w[0])\nnode loss = sin(s)\n", NULL},
    {"where a scatter adds",
     "scatter S[k, n] = [i:n, j:k](j, i) += A[i, j]\nnode loss = sum[j:k, i:n](S[j, i]^2)\n",
     "scatter S[n] = [i:n] (i) += A[i, 0]\nnode loss = sum[i:n](S[i]^2)\n"},
    {"a state's step stays, its entries do not",
     "carry h[t:steps + 1, j:k] along t from h_step = w[j]\nnode h_step[t:steps, j:k] = sin(h[t, j])\n"
     "node loss = sum[j:k](h[steps, j])\n",
     "carry h[t:steps + 1] along t from h_step = w[0]\nnode h_step[t:steps] = sin(h[t])\nnode loss = h[steps]\n"},
    {"what a state takes that no state is read for",
     "carry h[t:steps + 1] along t from h_step = b\nnode h_step[t:steps] = w[t]\nnode loss = sin(h[steps])\n", NULL},
};

static Graph *dropped(Arena *a, const Graph *g) {
  return prune(a, drop_single(a, g, 1u << ROOT_LOSS), 1u << ROOT_LOSS);
}

static Graph *dropped_from_all(Arena *a, const Graph *g) {
  return drop_single(a, g, ALL_ROLES);
}

START_TEST(test_case) {
  pass_check(HEAD, &cases[_i], dropped, 1e-14);
}
END_TEST

// The gradients' values stay what they are.
START_TEST(test_gradient) {
  pass_check_gradient(_i, dropped_from_all, 1e-14);
}
END_TEST

int main(void) {
  return pass_main("single", test_case, sizeof cases / sizeof *cases, test_gradient);
}
