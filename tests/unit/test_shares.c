// test_shares.c - sums over samples and more before and after they are those of what each sample adds, and gradients of everything
// that derive is tried on.
#include "schedule/shares.h"

#include "passes.h"
#include "simplify/simplify.h"

#define B "node B[i:n, r:m] = exp(A[i, r])\n"
#define SUMMED "node loss = sum[k:3](sin(s[k]))\n"
#define PARTS(last) \
  "node s[k:3] = if k == 0 then s_0 else if k == 1 then s_1 else s_2\n" last

static const PassCase cases[] = {
    {"entries that share a factor",
     B "node s[k:3] = sum[i:n, r:m](B[i, r] * A[i, (r + k) % m])\n" SUMMED,
     B "node s_0_share[i:n] = sum[r:m](B[i, r] * A[i, (r + 0) % m])\nnode s_0 = sum[i:n](s_0_share[i])\n"
     "node s_1_share[i:n] = sum[r:m](B[i, r] * A[i, (r + 1) % m])\nnode s_1 = sum[i:n](s_1_share[i])\n"
     "node s_2_share[i:n] = sum[r:m](B[i, r] * A[i, (r + 2) % m])\nnode s_2 = sum[i:n](s_2_share[i])\n" PARTS(SUMMED)},
    {"entries that share none, under a condition",
     B "node s[k:3] = sum[i:n, r:m if r <= k and i > 0](B[i, (r + k) % m])\n" SUMMED,
     B "node s_share[i:n, k:3] = sum[r:m if r <= k and i > 0](B[i, (r + k) % m])\nnode s[k:3] = sum[i:n](s_share[i, k])\n" SUMMED},
    {"samples behind what else is summed over",
     B "node s[k:3] = sum[r:m, i:n](B[i, (r + k) % m])\n" SUMMED,
     B "node s_share[i:n, k:3] = sum[r:m](B[i, (r + k) % m])\nnode s[k:3] = sum[i:n](s_share[i, k])\n" SUMMED},
    {"no entries", B "node s[k:0] = sum[i:n, r:m](B[i, r] * A[i, (r + k) % m])\nnode loss = sum[k:0](sin(s[k]))\n",
     B "node s_share[i:n, k:0] = sum[r:m](B[i, r] * A[i, (r + k) % m])\nnode s[k:0] = sum[i:n](s_share[i, k])\n"
     "node loss = sum[k:0](sin(s[k]))\n"},
    {"over samples alone", B "node s[k:3] = sum[i:n](B[i, k])\n" SUMMED, NULL},
    {"one number", B "node s = sum[i:n, r:m](B[i, r] * y[i])\nnode loss = sin(s)\n", NULL},
    {"as many entries as there are", B "node s[k:m] = sum[i:n, r:m](B[i, (r + k) % m])\nnode loss = sum[k:m](sin(s[k]))\n", NULL},
};

// The samples are n.
static const Poly *samples(const Graph *g) {
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->kind == NODE_DATA && g->nodes[k]->nout > 0) return g->nodes[k]->index[0].extent;
  return NULL;
}

static Graph *shared(Arena *a, const Graph *g) {
  Graph *made = name_shares(a, g, samples(g));
  return prune(a, made ? made : g, 1u << ROOT_LOSS);
}

static Graph *shared_gradient(Arena *a, const Graph *g) {
  Graph *made = name_shares(a, g, samples(g));
  return made ? made : prune(a, g, ALL_ROLES);
}

START_TEST(test_case) {
  pass_check(PASS_HEAD, &cases[_i], shared, 1e-14);
}
END_TEST

// The gradients' values stay what they are, within a rounding.
START_TEST(test_gradient) {
  pass_check_gradient(_i, shared_gradient, 1e-12);
}
END_TEST

int main(void) {
  return pass_main("shares", test_case, sizeof cases / sizeof *cases, test_gradient);
}
