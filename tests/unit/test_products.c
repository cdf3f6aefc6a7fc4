// test_products.c - products before and after they stand in the sums that read them, what terms have in common before and after it is
// taken out, and gradients of everything that derive is tried on.
#include "schedule/products.h"

#include "factor/common.h"
#include "passes.h"
#include "simplify/simplify.h"

#define SUMMED "node loss = sum[i:n](s[i])\n"
#define ALL_SUMMED "node loss = sum[i:n, j:m](s[i, j])\n"

static const PassCase products[] = {
    {"in a sum", "node p[i:n] = y[i] * b\nnode s[j:n] = y[j] - p[j]\n" SUMMED, "node s[j:n] = y[j] - y[j] * b\n" SUMMED},
    {"with a sign, of a product that stands in it, by the indices' other order",
     "node q[i:n] = exp(y[i]) * b\nnode p[i:n, j:m] = -((A[i, j] + A[i, j]) * w[j])\n"
     "node s[j:m, i:n] = p[i, j] + A[i, j]\nnode loss = sum[i:n, j:m](s[j, i] * q[i])\n",
     "node q[i:n] = exp(y[i]) * b\nnode s[j:m, i:n] = -((A[i, j] + A[i, j]) * w[j]) + A[i, j]\n"
     "node loss = sum[i:n, j:m](s[j, i] * q[i])\n"},
    {"in a step, of what the step before left",
     "carry h[t:n + 1] along t from h_step = b\nnode p[t:n] = h[t] * y[t]\nnode h_step[t:n] = h[t] - p[t]\nnode loss = h[n]\n",
     "carry h[t:n + 1] along t from h_step = b\nnode h_step[t:n] = h[t] - h[t] * y[t]\nnode loss = h[n]\n"},
    {"read twice", "node p[i:n] = y[i] * b\nnode s[j:n] = y[j] - p[j]\nnode loss = sum[i:n](s[i] * p[i])\n", NULL},
    {"in a product", "node p[i:n] = y[i] * b\nnode s[j:n] = exp(y[j]) * p[j]\n" SUMMED, NULL},
    {"no product", "node p[i:n] = y[i] + b\nnode s[j:n] = exp(y[j]) + p[j]\n" SUMMED, NULL},
    {"of fewer indices", "node p[i:n] = y[i] * b\nnode s[i:n, j:m] = A[i, j] + p[i]\n" ALL_SUMMED, NULL},
    {"at another place", "node p[i:n] = y[i] * b\nnode s[i:n] = y[i] + p[n - 1 - i]\n" SUMMED, NULL},
    {"of an array that is updated in place",
     "carry h[t:n + 1, j:m] along t from set = w[j]\nscatter set[t:n, j:m] = h[t, j] then [k:n] (k, k % m) = y[k]\n"
     "node p[t:n, j:m] = h[t, j] * w[j]\nnode s[t:n, j:m] = A[t, j] + p[t, j]\nnode loss = sum[i:n, j:m](s[i, j] + h[n, j])\n", NULL},
};

static const PassCase sums[] = {
    {"beside a factor that changes", "node s[i:n] = y[i] * (b * exp(y[i])) - y[i] * w[0]\n" SUMMED,
     "node s[i:n] = y[i] * (b * exp(y[i]) - w[0])\n" SUMMED},
    {"of three terms, the first and the last, with signs",
     "node s[i:n] = y[i] * sin(y[i]) * b + exp(y[i]) - exp(b) * -y[i]\n" SUMMED,
     "node s[i:n] = y[i] * (sin(y[i]) * b + exp(b)) + exp(y[i])\n" SUMMED},
    {"of terms that are taken away", "node s[i:n] = exp(y[i]) - y[i] * y[i] * b - b * (y[i] * sin(y[i])) - y[i] * sin(b)\n" SUMMED,
     "node s[i:n] = exp(y[i]) - y[i] * (y[i] * b + sin(b)) - b * (y[i] * sin(y[i]))\n" SUMMED},
    {"a negative first term", "node s[i:n] = -(y[i] * exp(y[i]) * b) - y[i] * sin(y[i])\n" SUMMED,
     "node s[i:n] = -(y[i] * (exp(y[i]) * b + sin(y[i])))\n" SUMMED},
    {"two factors at once", "node s[i:n] = y[i] * b * exp(y[i]) * 2.0 + b * y[i] * sin(b)\n" SUMMED,
     "node s[i:n] = y[i] * b * (exp(y[i]) * 2.0 + sin(b))\n" SUMMED},
    {"of scalars", "node s = b * exp(b) * w[0] + w[1] * b\nnode loss = s * s\n",
     "node s = b * (exp(b) * w[0] + w[1])\nnode loss = s * s\n"},
    {"that an index does not change", "node s[i:n] = b * exp(b) * y[i] + b * sin(y[i])\n" SUMMED, NULL},
    {"of two factors in each term", "node s[i:n] = y[i] * exp(y[i]) + y[i] * b\n" SUMMED, NULL},
    {"a term that is nothing else", "node s[i:n] = y[i] * exp(y[i]) * b + y[i]\n" SUMMED, NULL},
    {"constants", "node s[i:n] = 3.0 * exp(y[i]) * b + 3.0 * y[i]\n" SUMMED, NULL},
    {"of a sum over an index", "node loss = sum[i:n](y[i] * exp(y[i]) * b + y[i] * w[0])\n", NULL},
};

static Graph *written_out(Arena *a, const Graph *g) {
  return prune(a, write_out_products(a, g), 1u << ROOT_LOSS);
}

static Graph *both(Arena *a, const Graph *g) {
  return take_out_factors(a, write_out_products(a, g));
}

enum { NPRODUCTS = sizeof products / sizeof *products };

START_TEST(test_case) {
  if (_i < NPRODUCTS)
    pass_check(PASS_HEAD, &products[_i], written_out, 1e-15);
  else
    pass_check(PASS_HEAD, &sums[_i - NPRODUCTS], take_out_factors, 1e-15);
}
END_TEST

// The gradients' values stay what they are, within a rounding.
START_TEST(test_gradient) {
  pass_check_gradient(_i, both, 1e-12);
}
END_TEST

int main(void) {
  return pass_main("products", test_case, NPRODUCTS + sizeof sums / sizeof *sums, test_gradient);
}
