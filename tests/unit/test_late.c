// test_late.c - steps before and after what comes last is combined last, and gradients of everything that derive is tried on.
#include "schedule/late.h"

#include "passes.h"
#include "simplify/simplify.h"

#define HANDED_ON "carry h[t:n + 1] along t from h_step = b\n"
#define LOST "node loss = h[n]\n"

static const PassCase cases[] = {
    {"a sum", HANDED_ON "node h_step[t:n] = sin(h[t]) + y[t] + b\n" LOST, HANDED_ON "node h_step[t:n] = sin(h[t]) + (y[t] + b)\n" LOST},
    {"a sum with signs, what is late on the other side",
     HANDED_ON "node h_step[t:n] = exp(b) - (y[t] - sin(h[t]))\n" LOST, HANDED_ON "node h_step[t:n] = sin(h[t]) + (exp(b) - y[t])\n" LOST},
    {"what is taken away", HANDED_ON "node h_step[t:n] = b - (sin(h[t]) + y[t])\n" LOST,
     HANDED_ON "node h_step[t:n] = b - y[t] - sin(h[t])\n" LOST},
    {"a product", HANDED_ON "node h_step[t:n] = -(y[t] * sin(h[t])) * b\n" LOST,
     HANDED_ON "node h_step[t:n] = -(sin(h[t]) * (y[t] * b))\n" LOST},
    {"a chain", HANDED_ON "node h_step[t:n] = sin(h[t]) + y[t] + b + w[0]\n" LOST,
     HANDED_ON "node h_step[t:n] = sin(h[t]) + (y[t] + b + w[0])\n" LOST},
    {"products, each a multiply-add", HANDED_ON "node h_step[t:n] = h[t] * y[t] + h[t] * b + y[t]\n" LOST,
     HANDED_ON "node h_step[t:n] = h[t] * y[t] + (h[t] * b + y[t])\n" LOST},
    {"through a node that is gone then",
     HANDED_ON "node s[t:n] = sin(h[t] * y[t]) + y[t]\nnode h_step[t:n] = s[t] + b\n" LOST,
     HANDED_ON "node h_step[t:n] = sin(h[t] * y[t]) + (y[t] + b)\n" LOST},
    {"through a node that others read",
     HANDED_ON "node q[t:n] = sin(h[t])\nnode s[t:n] = q[t] * y[t]\nnode r[t:n] = s[t] * b\nnode h_step[t:n] = r[t] + s[t]\n" LOST,
     HANDED_ON "node q[t:n] = sin(h[t])\nnode s[t:n] = q[t] * y[t]\nnode r[t:n] = q[t] * (y[t] * b)\n"
               "node h_step[t:n] = r[t] + s[t]\n" LOST},
    {"through a node that others read, whose operand becomes a node",
     HANDED_ON "node s[t:n] = cos(h[t]) * y[t]\nnode h_step[t:n] = exp(s[t] * b) + s[t]\n" LOST,
     HANDED_ON "node s_factor[t:n] = cos(h[t])\nnode s[t:n] = s_factor[t] * y[t]\n"
               "node h_step[t:n] = exp(s_factor[t] * (y[t] * b)) + s[t]\n" LOST},
    {"back from the last step",
     "carry h[t:n + 1] back along t from h_step = b\nnode h_step[t:n] = sin(h[t + 1]) + y[t] + b\nnode loss = h[0]\n",
     "carry h[t:n + 1] back along t from h_step = b\nnode h_step[t:n] = sin(h[t + 1]) + (y[t] + b)\nnode loss = h[0]\n"},
    {"what comes last is last already", HANDED_ON "node h_step[t:n] = y[t] + b + sin(h[t])\n" LOST, NULL},
    {"on a way that is not the longest",
     "carry h[t:n + 1] along t from h_step = b\ncarry g[t:n + 1] along t from g_step = b\n"
     "node h_step[t:n] = exp(h[t]) / y[t] * g[t]\nnode g_step[t:n] = h[t] + y[t] + b\nnode loss = h[n] + g[n]\n",
     "carry h[t:n + 1] along t from h_step = b\ncarry g[t:n + 1] along t from g_step = b\n"
     "node h_step[t:n] = exp(h[t]) / y[t] * g[t]\nnode g_step[t:n] = h[t] + y[t] + b\nnode loss = h[n] + g[n]\n"},
    {"what waits for no state", HANDED_ON "node s[t:n] = sin(y[t]) + y[t] + b\nnode h_step[t:n] = h[t] * s[t]\n" LOST, NULL},
    {"the rest of a rounding, that is added later", // Kahan's
     "carry h[t:n + 1] along t from next = 0.0\ncarry c[t:n + 1] along t from c_step = b\n"
     "node term[t:n] = y[t] - c[t]\nnode next[t:n] = h[t] + term[t]\nnode c_step[t:n] = next[t] - h[t] - term[t]\n" LOST, NULL},
    {"the rest of a rounding, that is added apart", // Knuth's
     "carry h[t:n + 1] along t from x = 0.0\ncarry e[t:n + 1] along t from e_step = b\n"
     "node z[t:n] = y[t] * sin(h[t] + e[t])\nnode x[t:n] = h[t] + z[t]\nnode v[t:n] = x[t] - h[t]\n"
     "node e_step[t:n] = h[t] - (x[t] - v[t]) + (z[t] - v[t]) + e[t]\nnode loss = h[n] + e[n]\n", NULL},
    {"the rest of a rounding, of a sum that is chosen",
     "carry h[t:n + 1] along t from next = 0.0\ncarry c[t:n + 1] along t from c_step = b\n"
     "node term[t:n] = y[t] - c[t]\nnode next[t:n] = if y[t] >= b then h[t] + term[t] else h[t]\n"
     "node c_step[t:n] = next[t] - h[t] - term[t]\n" LOST, NULL},
    {"the rest of a rounding, of the greater of a sum and another",
     "carry h[t:n + 1] along t from next = 0.0\ncarry c[t:n + 1] along t from c_step = b\n"
     "node term[t:n] = y[t] - c[t]\nnode next[t:n] = max(h[t] + term[t], b)\n"
     "node c_step[t:n] = next[t] - h[t] - term[t]\n" LOST, NULL},
    {"steps that have more to do than they wait",
     "carry h[t:n + 1] along t from h_step = b\n"
     "node q[t:n] = h[t] / y[t] + h[t] / b + h[t] / w[0] + h[t] / w[1] + h[t] / w[2] + h[t] / (y[t] + b) + h[t] / (y[t] + w[0]) + "
     "h[t] / (y[t] + w[1])\nnode h_step[t:n] = q[t] + y[t] + b\n" LOST, NULL},
    {"a state that is an array",
     "carry h[t:n + 1, j:m] along t from h_step = w[j]\nnode h_step[t:n, j:m] = sin(h[t, j]) + y[t] + b\nnode loss = sum[j:m](h[n, j])\n",
     NULL},
};

static Graph *hastened(Arena *a, const Graph *g) {
  Graph *made = combine_late_last(a, g);
  return prune(a, made ? made : g, 1u << ROOT_LOSS);
}

static Graph *hastened_gradient(Arena *a, const Graph *g) {
  Graph *made = combine_late_last(a, g);
  return made ? made : prune(a, g, ALL_ROLES);
}

START_TEST(test_case) {
  pass_check(PASS_HEAD, &cases[_i], hastened, 1e-14);
}
END_TEST

// The gradients' values stay what they are, within a rounding.
START_TEST(test_gradient) {
  pass_check_gradient(_i, hastened_gradient, 1e-12);
}
END_TEST

int main(void) {
  return pass_main("late", test_case, sizeof cases / sizeof *cases, test_gradient);
}
