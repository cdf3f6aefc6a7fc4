// test_pairs.c - sums over pairs of rows before and after they read the second from a copy, and gradients of everything that derive
// is tried on.
#include "schedule/pairs.h"

#include "passes.h"
#include "simplify/simplify.h"

#define SUMMED "node loss = sum[i:n, j:n](exp(-s[i, j]))\n"
#define TURNED "node A_turned[k:m, j:n] = A[j, k]\n"

static const PassCase cases[] = {
    {"distances", "node s[i:n, j:n] = sum[k:m](((A[i, k] - A[j, k]) * w[k])^2)\n" SUMMED,
     TURNED "node s[i:n, j:n] = sum[k:m](((A[i, k] - A_turned[k, j]) * w[k])^2)\n" SUMMED},
    {"the greatest difference", "node s[i:n, j:n] = max[k:m](abs(A[i, k] - A[j, k]))\n" SUMMED,
     TURNED "node s[i:n, j:n] = max[k:m](abs(A[i, k] - A_turned[k, j]))\n" SUMMED},
    {"two sums of one array", "node s[i:n, j:n] = sum[k:m](abs(A[i, k] - A[j, k]))\nnode r[i:n, j:n] = sum[k:m](sin(A[j, k] + A[i, k]))\n"
     "node loss = sum[i:n, j:n](s[i, j] * r[i, j])\n",
     TURNED "node s[i:n, j:n] = sum[k:m](abs(A[i, k] - A_turned[k, j]))\nnode r[i:n, j:n] = sum[k:m](sin(A_turned[k, j] + A[i, k]))\n"
     "node loss = sum[i:n, j:n](s[i, j] * r[i, j])\n"},
    {"of an array that is computed", "node B[i:n, k:m] = exp(A[i, k])\nnode s[i:n, j:n] = sum[k:m]((B[i, k] - B[j, k])^2)\n" SUMMED,
     "node B[i:n, k:m] = exp(A[i, k])\nnode B_turned[k:m, j:n] = B[j, k]\nnode s[i:n, j:n] = sum[k:m]((B[i, k] - B_turned[k, j])^2)\n" SUMMED},
    {"a product of a row and another", "node s[i:n, j:n] = sum[k:m](A[i, k] * w[k] * A[j, k])\n" SUMMED, NULL},
    {"rows at other places", "node s[i:n, j:n] = sum[k:m]((A[i, k] - A[n - 1 - j, k])^2)\n" SUMMED, NULL},
    {"of a few rows", "node s[i:n, j:3] = sum[k:m]((A[i, k] - A[j, k])^2)\nnode loss = sum[i:n, j:3](s[i, j])\n", NULL},
    {"along the other index", "node s[i:m, j:m] = sum[k:n]((A[k, i] - A[k, j])^2)\nnode loss = sum[i:m, j:m](s[i, j])\n", NULL},
    {"of one row and a vector", "node s[i:n] = sum[k:m]((A[i, k] - w[k])^2)\nnode loss = sum[i:n](s[i])\n", NULL},
    {"in a step of a loop",
     "carry h[t:n + 1] along t from h_step = b\nnode s[t:n, i:n, j:n] = sum[k:m]((h[t] * A[i, k] - A[j, k])^2)\n"
     "node h_step[t:n] = sum[i:n, j:n](s[t, i, j])\nnode loss = h[n]\n",
     NULL},
};

static Graph *compared(Arena *a, const Graph *g) {
  Graph *made = turn_compared_rows(a, g, NULL);
  return prune(a, made ? made : g, 1u << ROOT_LOSS);
}

static Graph *compared_gradient(Arena *a, const Graph *g) {
  Graph *made = turn_compared_rows(a, g, NULL);
  return made ? made : prune(a, g, ALL_ROLES);
}

START_TEST(test_case) {
  pass_check(PASS_HEAD, &cases[_i], compared, 0);
}
END_TEST

// Not a value of a gradient changes.
START_TEST(test_gradient) {
  pass_check_gradient(_i, compared_gradient, 0);
}
END_TEST

int main(void) {
  return pass_main("pairs", test_case, sizeof cases / sizeof *cases, test_gradient);
}
