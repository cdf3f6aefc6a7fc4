// test_schedule.c - loop trees: what fuses, what shrinks, what bounds a loop, what goes on the tape.
#include <check.h>
#include <string.h>
#include <time.h>

#include "derive/derive.h"
#include "graph/text.h"
#include "schedule/attained.h"
#include "schedule/expand.h"
#include "schedule/factors.h"
#include "schedule/schedule.h"
#include "schedule/tape.h"
#include "simplify/simplify.h"

static Model *parse(Arena *a, const char *text) {
  Diags diags;
  diags_init(&diags, a);
  Source *source = arena_new_of(a, Source);
  source->name = "test";
  source->text = text;
  source->length = strlen(text);
  Model *m = graph_parse(a, &diags, source);
  if (!m) {
    Text t;
    text_init(&t);
    diags_print(&diags, &t, false);
    ck_abort_msg("%s", t.s);
  }
  return m;
}

typedef struct Case {
  const char *name, *model, *tree;
  bool no_fuse, no_contract;
} Case;

#define HEAD "model m\nbatch n\ndim d = 4\ndim k = 3\n"

static const Case cases[] = {
    {"an element-wise chain into a sum is one loop with scalars",
     HEAD "data x[n]\nparam w\nnode y[i:n] = w * x[i]\nnode z[i:n] = exp(y[i]) + y[i]\nnode s = sum[i:n](z[i])\nroot loss = s\n",
     "  start s\n  for i in 0..n (lanes)\n    compute y: scalar\n    compute z: scalar\n    add to s: scalar\n  join s\n", false, false},
    {"a reader of a finished sum has a loop of its own, and what it needs is kept",
     HEAD "data x[n]\nnode y[i:n] = exp(x[i])\nnode s = sum[i:n](y[i])\nnode t = sum[i:n](y[i] / s)\nroot loss = t\n",
     "  start s\n  for i in 0..n (lanes)\n    compute y: work [n]\n    add to s: scalar\n  join s\n  start t\n  for i in 0..n (lanes)\n    add to t: scalar\n  join t\n", false, false},
    {"what data leads to may be read beside its condition where a declaration keeps it inside",
     HEAD "data c[n] in 0..k\ndata f[n] integer\nparam w[k]\n"
          "node y[i:n] = if w[c[i]] > 0.0 then w[c[i]] * w[c[i]] else 0.0\nnode s = sum[i:n](y[i])\n"
          "node z[i:n] = if w[0] > 0.0 then w[f[i]] else s\nnode t = sum[i:n](z[i])\nroot loss = t\n",
     "  start s\n  for i in 0..n (lanes)\n    compute y: scalar\n    add to s: scalar\n  join s\n"
     "  start t\n  for i in 0..n\n    compute z: scalar\n    add to t: scalar\n  join t\n", false, false},
    {"a product's rows run along memory and its consumer rides along the samples",
     HEAD "data x[n, d]\nparam W[d, k]\nnode z[i:n, c:k] = sum[p:d](x[i, p] * W[p, c])\nnode s = sum[i:n, c:k](z[i, c])\nroot loss = s\n",
     "  start s\n  for i in 0..n\n    start z\n    for p in 0..d\n      for c in 0..k\n        add to z: work [k]\n"
     "    for c in 0..k\n      add to s: scalar\n", false, false},
    {"a product of matrices is computed whole, within the loops of the indices that both factors have",
     HEAD "dim p = 24\ndata x[n, p, p]\nparam W[n, p, p]\n"
          "node y[i:n, r:p, c:p] = exp(x[i, r, c])\n"
          "node z[i:n, c:p, r:p] = sum[l:p](W[i, l, c] * y[i, r, l])\n"
          "node s = sum[i:n, r:p, c:p](z[i, c, r])\nroot loss = s\n",
     "  start s\n  for i in 0..n\n    for r in 0..p\n      for c in 0..p (lanes)\n        compute y: work [p, p]\n"
     "    contract z: work [p, p]\n    for r in 0..p\n      for c in 0..p (lanes)\n        add to s: scalar\n  join s\n", false, false},
    {"a triangle of a product is one too, where what it leaves out is there",
     HEAD "param L[n, n]\nparam M[n, n]\nnode z[i:n, j:n] = sum[k:n if k <= i](L[i, k] * M[k, j])\n"
          "node s = z[0, 0]\nroot loss = s\n",
     "  contract z: work [n, n]\n  compute s: scalar\n", false, false},
    {"a factor that takes calls to compute is computed once, and a condition on entries stands apart",
     HEAD "param L[n, n]\nparam M[n, n]\nnode z[i:n, j:n] = sum[k:n if j <= i](exp(L[i, k]) * M[j, k])\n"
          "node s = sum[i:n, j:n](z[i, j])\nroot loss = s\n",
     "  for i in 0..n\n    for k in 0..n (lanes)\n      compute z_all_left: work [n, n]\n  contract z_all: work [n, n]\n"
     "  start s\n  for i in 0..n\n    for j in 0..n (lanes)\n      compute z: scalar\n      add to s: scalar\n  join s\n", false, false},
    {"where a guard keeps subscripts in their range, it is not",
     HEAD "param v[n]\nparam M[n, n]\nnode z[i:n, j:n] = sum[k:n if k <= i](v[i - k] * M[k, j])\n"
          "node s = z[0, 0]\nroot loss = s\n",
     "  for i in 0..n\n    start z\n    for j in 0..n (held) (bounded)\n      for k in 0..n (bounded)\n        add to z: work [n, n]\n"
     "  compute s: scalar\n", false, false},
    {"a triangle that nobody reads is left out, with what it takes",
     HEAD "data x[n]\nnode g[i:n, j:n] = x[i] - x[j]\nnode e[i:n, j:n] = exp(g[i, j])\n"
          "node s = sum[i:n, j:n if j <= i](e[i, j] * e[i, i])\nroot loss = s\n",
     "  start s\n  for i in 0..n\n    for j in 0..n (lanes) (bounded)\n      compute g: scalar\n      compute e: work [n]\n"
     "    for j in 0..n (lanes) (bounded)\n      add to s: scalar\n  join s\n", false, false},
    {"not where a reader needs all of it",
     HEAD "data x[n]\nnode e[i:n, j:n] = exp(x[i] - x[j])\nnode r[i:n] = sum[j:n](e[i, j] * x[j])\n"
          "node s = sum[i:n, j:n if j <= i](e[i, j] * r[i])\nroot loss = s\n",
     "  start s\n  for i in 0..n\n    start r\n    for j in 0..n (lanes)\n      compute e: work [n]\n      add to r: scalar\n    join r\n"
     "    for j in 0..n (lanes) (bounded)\n      add to s: scalar\n  join s\n", false, false},
    {"a neighbour's entry keeps two loops apart",
     HEAD "data x[n]\nnode y[i:n] = exp(x[i])\nnode s = sum[i:n if i >= 1](y[i] * y[i - 1])\nroot loss = s\n",
     "  for i in 0..n (lanes)\n    compute y: work [n]\n  start s\n  for i in 0..n (lanes) (bounded)\n    add to s: scalar\n  join s\n", false, false},
    {"a triangle bounds its inner loop",
     HEAD "data x[n]\nnode s = sum[i:n, j:n if j < i](x[i] * x[j])\nroot loss = s\n",
     "  start s\n  for i in 0..n\n    for j in 0..n (lanes) (bounded)\n      add to s: scalar\n  join s\n", false, false},
    {"a scatter adds within its own loops",
     HEAD "data t[n] in 0..d\ndata x[n]\nscatter h[d] = [i:n] (t[i]) += x[i]\nnode s = sum[j:d](h[j]^2)\nroot loss = s\n",
     "  start h\n  for i in 0..n\n    add to h: work [d]\n  start s\n  for j in 0..d\n    add to s: scalar\n", false, false},
    {"a dot product sums in lanes, an entry at a time",
     HEAD "param A[n, n]\nparam B[n, n]\nparam v[n]\nnode z[i:n] = sum[j:n](A[i, j] * B[i, j] * v[j])\nnode s = z[0]\nroot loss = s\n",
     "  for i in 0..n\n    start z\n    for j in 0..n (lanes)\n      add to z: work [n]\n    join z\n  compute s: scalar\n", false, false},
    {"a triangle of a dot product, too",
     HEAD "param A[n, n]\nparam v[n]\nnode z[i:n] = sum[j:n if j < i](A[i, j] * v[j])\nnode s = z[0]\nroot loss = s\n",
     "  for i in 0..n\n    start z\n    for j in 0..n (lanes) (bounded)\n      add to z: work [n]\n    join z\n  compute s: scalar\n", false, false},
    {"beside a factor that stands still, too",
     HEAD "param A[n, n]\nparam v[n]\nnode z[i:n] = sum[j:n](exp(A[i, j] - v[i]))\nnode s = z[0]\nroot loss = s\n",
     "  for i in 0..n\n    start z\n    for j in 0..n (lanes)\n      add to z: work [n]\n    join z\n  compute s: scalar\n", false, false},
    {"what walks by an output adds to vectors of entries that stay in registers",
     HEAD "param A[n, n]\nparam v[n]\nnode z[i:n] = sum[j:n](A[j, i] * v[j])\nnode s = z[0]\nroot loss = s\n",
     "  start z\n  for i in 0..n (held)\n    for j in 0..n\n      add to z: work [n]\n  compute s: scalar\n", false, false},
    {"not in a loop that does other work",
     HEAD "param A[n, n]\nparam v[n]\nnode w[j:n] = exp(v[j])\nnode z[i:n] = sum[j:n](A[j, i] * w[j])\nnode s = z[0]\nroot loss = s\n",
     "  for j in 0..n (lanes)\n    compute w: work [n]\n  start z\n  for i in 0..n (held)\n    for j in 0..n\n      add to z: work [n]\n  compute s: scalar\n",
     false, false},
    {"nor where few terms are added",
     HEAD "param A[4, 32]\nparam v[4]\nnode z[i:32] = sum[j:4](A[j, i] * v[j])\nnode s = z[0]\nroot loss = s\n",
     "  start z\n  for j in 0..4\n    for i in 0..32 (lanes)\n      add to z: work [32]\n  compute s: scalar\n", false, false},
    {"calls behind a loop within stand in a loop that follows, in lanes",
     HEAD "param x[n, d]\nnode g[i:n, j:n] = sum[k:d](x[i, k] * x[j, k])\nnode K[i:n, j:n] = exp(g[i, j])\n"
          "node s = sum[i:n, j:n](K[i, j])\nroot loss = s\n",
     "  start s\n  for i in 0..n\n    for j in 0..n\n      start g\n      for k in 0..d\n        add to g: work [n]\n"
     "    for j in 0..n (lanes)\n      compute K: scalar\n      add to s: scalar\n  join s\n", false, false},
    {"calls before a loop within stand in a loop that goes before, in lanes",
     HEAD "param x[n, d]\nparam v[n]\nnode e[i:n] = exp(v[i])\nnode g[i:n] = sum[k:d](e[i] * x[i, k])\n"
          "node s = sum[i:n](g[i])\nroot loss = s\n",
     "  start s\n  for i in 0..n (lanes)\n    compute e: work [n]\n  for i in 0..n\n    start g\n    for k in 0..d\n"
     "      add to g: scalar\n    add to s: scalar\n  join s\n", false, false},
    {"eight iterations run in lanes",
     HEAD "param v[8]\nnode e[i:8] = exp(v[i])\nnode s = e[0] + e[1]\nroot loss = s\n",
     "  for i in 0..8 (lanes)\n    compute e: work [8]\n  compute s: scalar\n", false, false},
    {"seven run at once",
     HEAD "param v[7]\nnode e[i:7] = exp(v[i])\nnode s = e[0] + e[1]\nroot loss = s\n",
     "  for i in 0..7 (at once)\n    compute e: work [7]\n  compute s: scalar\n", false, false},
    {"three do not",
     HEAD "param v[3]\nnode e[i:3] = exp(v[i])\nnode s = e[0] + e[1]\nroot loss = s\n",
     "  for i in 0..3\n    compute e: work [3]\n  compute s: scalar\n", false, false},
    {"not where a loop takes over a row of another",
     HEAD "param x[n, d]\nnode e[i:n, k:d] = x[i, k]^2\nnode g[i:n] = sum[k:d](e[i, k])\nnode K[i:n] = exp(g[i] + e[i, 0])\n"
          "node s = sum[i:n](K[i])\nroot loss = s\n",
     "  start s\n  for i in 0..n\n    start g\n    for k in 0..d\n      compute e: work [d]\n      add to g: scalar\n"
     "    compute K: scalar\n    add to s: scalar\n  join s\n", false, false},
    {"what sums read under one condition, they read in lanes",
     HEAD "param e[n]\nparam B[n, n]\nnode y[k:n] = sum[i:n if i % 2 == 1](e[i - 1] * B[i, k])\n"
          "node z[k:n] = sum[i:n if i % 2 == 1](e[i - 1]^2 * B[i, k])\nnode s = y[0] + z[0]\nroot loss = s\n",
     "  start y\n  start z\n  for k in 0..n (held)\n    for i in 0..n\n      add to y: work [n]\n      add to z: work [n]\n"
     "  compute s: scalar\n", false, false},
    {"where all that a loop adds up is kept to a range, the loop runs in that",
     HEAD "param e[n]\nparam B[n, n]\nnode y[k:n] = sum[i:n if i >= 1](e[i - 1] * B[i, k])\n"
          "node z[k:n] = sum[i:n if i >= 1 and i < k](e[i - 1]^2 * B[i, k])\nnode s = y[0] + z[0]\nroot loss = s\n",
     "  start y\n  start z\n  for i in 0..n (bounded)\n    for k in 0..n\n      add to y: work [n]\n      add to z: work [n]\n"
     "  compute s: scalar\n", false, false},
    {"not what they read under two",
     HEAD "param e[n]\nparam B[n, n]\nnode y[k:n] = sum[i:n if i >= 1](e[i - 1] * B[i, k])\n"
          "node z[k:n] = sum[i:n if i >= 2](e[i - 2] * B[i, k])\nnode s = y[0] + z[0]\nroot loss = s\n",
     "  start y\n  start z\n  for i in 0..n\n    for k in 0..n\n      add to y: work [n]\n      add to z: work [n]\n"
     "  compute s: scalar\n", false, false},
    {"an array updated in place in two ways is one, walked row by row, within bounds",
     HEAD "param B[n, n]\nparam v[n]\nnode w[i:n, k:n] = exp(B[i, k])\n"
          "scatter x[i:n, k:n] = w[i, k] then [p:n] (0, p) += v[p]\n"
          "scatter y[i:n, k:n] = x[i, k] then [p:n, q:n if p >= 3] (p, q) += v[p] * v[q]\n"
          "node s = y[0, 0]\nroot loss = s\n",
     "  for i in 0..n\n    for k in 0..n (lanes)\n      compute w: work [n, n]\n"
     "  for k in 0..n (lanes)\n    add to x: work [n, n] in w\n"
     "  for i in 0..n (bounded)\n    for k in 0..n (lanes)\n      add to y: work [n, n] in w\n  compute s: scalar\n", false, false},
    {"an index that runs beyond an array's end keeps what is read there out of lanes",
     HEAD "dim m\nparam e[m]\nparam B[n, n]\nnode y[i:n, k:n] = exp(B[i, k]) * (if k < m then e[k] else 0.3)\n"
          "node s = y[0, 0]\nroot loss = s\n",
     "  for i in 0..n\n    for k in 0..n (bounded)\n      compute y: work [n, n]\n  compute s: scalar\n", false, false},
    {"not an index that ends before",
     HEAD "param e[12]\nparam B[n, n]\nnode y[i:n, k:8] = exp(B[i, k]) * (if k < i then e[k + 1] else 0.3)\n"
          "node s = y[0, 0]\nroot loss = s\n",
     "  for i in 0..n\n    for k in 0..8 (lanes)\n      compute y: work [n, 8]\n  compute s: scalar\n", false, false},
    {"without fusion every node has its loops",
     HEAD "data x[n]\nnode y[i:n] = exp(x[i])\nnode s = sum[i:n](y[i])\nroot loss = s\n",
     "  for i in 0..n (lanes)\n    compute y: work [n]\n  start s\n  for i in 0..n (lanes)\n    add to s: scalar\n  join s\n", true, false},
    {"without contraction every array is whole",
     HEAD "data x[n]\nnode y[i:n] = exp(x[i])\nnode s = sum[i:n](y[i])\nroot loss = s\n",
     "  start s\n  for i in 0..n (lanes)\n    compute y: work [n]\n    add to s: scalar\n  join s\n", false, true},
};

START_TEST(test_loop_trees) {
  const Case *c = &cases[_i];
  Arena *a = arena_new();
  Model *m = parse(a, c->model);
  const Graph *g = name_factors(a, m->graph, NULL);
  Text why;
  text_init(&why);
  ck_assert_msg(graph_verify(m, g, &why), "%s", why.s);
  text_free(&why);
  Task task = {.graph = g, .result = graph_root(g, ROOT_LOSS, 0)->node, .no_fuse = c->no_fuse, .no_contract = c->no_contract};
  Text t;
  text_init(&t);
  schedule_print(&t, schedule_task(a, &task));
  ck_assert_msg(!strcmp(t.s, c->tree), "%s:\n%s", c->name, t.s);
  text_free(&t);
  arena_free(a);
}
END_TEST

#define STEPS "model m\nbatch n\ndim m\ndata t[n]\ndata x[n, m]\nparam w[m]\ncarry p[i:n, j:m + 1] along j from p_step = 1.0\n"

// Loops in tiles whose states stay in registers, and others.
static const struct {
  const char *name, *model;
  bool held;
} states[] = {
    {"a state that a few operations make",
     STEPS "node p_step[i:n, j:m] = p[i, j] * t[i] + w[j]\nnode s = sum[i:n](p[i, m])\nroot loss = s\n", true},
    {"of which all steps leave an entry, some of them read elsewhere",
     STEPS "node p_step[i:n, j:m] = p[i, j] * t[i] + w[j]\nnode q[i:n] = sum[j:m](w[j] * p_step[i, j])\nnode r[i:n] = exp(q[i])\n"
           "node s = sum[i:n, j:m](p[i, j] * r[i])\nroot loss = s\n", true},
    {"one that takes longer to make",
     STEPS "node p_step[i:n, j:m] = t[i] / (p[i, j] * t[i] + w[j])\nnode s = sum[i:n](p[i, m])\nroot loss = s\n", false},
    {"one that waits in a step for what another has waited for before",
     STEPS "carry q[i:n, j:m + 1] along j from q_step = 1.0\nnode p_step[i:n, j:m] = p[i, j] * t[i] * t[i] * t[i]\n"
           "node q_step[i:n, j:m] = q[i, j] * t[i] + p_step[i, j] * w[j] * w[j]\nnode s = sum[i:n](q[i, m])\nroot loss = s\n", true},
    {"two that wait for each other",
     STEPS "carry q[i:n, j:m + 1] along j from q_step = 1.0\nnode p_step[i:n, j:m] = q[i, j] * t[i] * t[i] * t[i]\n"
           "node q_step[i:n, j:m] = q[i, j] * t[i] + p_step[i, j] * w[j] * w[j]\nnode s = sum[i:n](q[i, m])\nroot loss = s\n", false},
    {"one that a call makes",
     STEPS "node p_step[i:n, j:m] = exp(p[i, j] * t[i])\nnode s = sum[i:n](p[i, m])\nroot loss = s\n", false},
    {"one beside a sum over the samples, which has the order of the steps",
     STEPS "node p_step[i:n, j:m] = p[i, j] * t[i] + w[j]\nnode s = sum[i:n, j:m](p[i, j]^2)\nroot loss = s\n", false},
    {"one by another entry of a row at each step: the rows are turned into lanes",
     STEPS "node p_step[i:n, j:m] = p[i, j] * t[i] + x[i, j]\nnode s = sum[i:n](p[i, m])\nroot loss = s\n", true},
};

START_TEST(test_states) {
  Arena *a = arena_new();
  Model *m = parse(a, states[_i].model);
  Task task = {.graph = m->graph, .result = graph_root(m->graph, ROOT_LOSS, 0)->node, .sample = sample_extent(m)};
  Text t;
  text_init(&t);
  schedule_print(&t, schedule_task(a, &task));
  ck_assert_msg(strstr(t.s, " (tile)") != NULL, "%s:\n%s", states[_i].name, t.s);
  ck_assert_msg((strstr(t.s, " (steps) (states)") != NULL) == states[_i].held, "%s:\n%s", states[_i].name, t.s);
  text_free(&t);
  arena_free(a);
}
END_TEST

// Sums that each sample adds to in a few entries have a loop of their own in the tile, for one sample after the other.
START_TEST(test_singly) {
  static const char *const model =
      "model m\nbatch n\ndim d = 10\ndim k = 12\ndata x[n, d]\nparam c[k, d]\n"
      "node s[i:n, j:k] = sum[a:d]((x[i, a] - c[j, a])^2)\nnode m[i:n] = min[j:k](s[i, j])\n"
      "node ties[i:n] = sum[j:k if s[i, j] == m[i]](1.0)\nnode u[i:n, j:k if s[i, j] == m[i]] = 1.0 / ties[i]\n"
      "node g[j:k, a:d] = sum[i:n](u[i, j] * (x[i, a] - c[j, a]))\nnode h[j:k] = sum[i:n](u[i, j])\n"
      "node v[j:k] = sum[i:n](u[i, j]^2)\nnode t = sum[j:k, a:d](g[j, a] * h[j] * v[j])\nroot loss = t\n";
  static const char *const within =
      "    for j in 0..k (singly) (bounded)\n      add to h: work [k]\n      for a in 0..d (lanes)\n        add to g: work [k, d]\n"
      "    for j in 0..k\n      compute u: scalar\n      add to v: work [k]\n";
  static const char *const tiles[] = {"  for i in 0..n (tile)\n", "  for i in 0..n (tile) (threads, waves)\n"};
  for (int threads = 0; threads < 2; threads++) {
    Arena *a = arena_new();
    Model *m = parse(a, model);
    const Poly *sample = sample_extent(m);
    const Graph *g = place_attained(a, m->graph, sample);
    Task task = {.graph = g, .result = graph_root(g, ROOT_LOSS, 0)->node, .sample = sample, .threads = 4 * threads};
    Text t;
    text_init(&t);
    schedule_print(&t, schedule_task(a, &task));
    ck_assert_msg(strstr(t.s, tiles[threads]) != NULL, "%s", t.s);
    ck_assert_msg(threads || strstr(t.s, within) != NULL, "%s", t.s);
    text_free(&t);
    arena_free(a);
  }
}
END_TEST

static const Node *node_named(const Graph *g, const char *name) {
  const Node *n = graph_find(g, name);
  ck_assert_msg(n != NULL, "no node %s", name);
  return n;
}

// exp is stored, what takes a few operations is computed again, inputs are there anyhow.
START_TEST(test_tape) {
  Arena *a = arena_new();
  Model *m = parse(a, HEAD "data x[n]\nparam w\nnode u[i:n] = w * x[i]\nnode e[i:n] = exp(u[i])\nnode v[i:n] = e[i] + u[i]\n"
                           "node q[i:n] = v[i] * v[i] * e[i]\nnode s = sum[i:n](q[i])\nroot loss = s\n");
  unsigned roles = 1u << ROOT_LOSS | 1u << ROOT_GRADIENT;
  Graph *g = expand_reductions(a, simplify(a, derive_gradient(a, m->graph, false, NULL), roles), NEGLIGIBLE_DOUBLE);
  Tape tape = tape_plan(a, g, false);
  ck_assert(tape.stored[node_named(g, "e")->id]);
  ck_assert(!tape.stored[node_named(g, "u")->id]);
  ck_assert(!tape.stored[node_named(g, "v")->id]);
  ck_assert(!tape.stored[node_named(g, "s")->id]);
  ck_assert_ptr_eq(tape.reals, poly_dim(m->dims, m->batch));
  arena_free(a);
}
END_TEST

START_TEST(test_logsumexp_takes_passes) {
  Arena *a = arena_new();
  Model *m = parse(a, HEAD "data x[n, d]\nnode l[i:n] = logsumexp[j:d](x[i, j])\nnode s = sum[i:n](l[i])\nroot loss = s\n");
  Graph *g = expand_reductions(a, m->graph, NEGLIGIBLE_DOUBLE);
  ck_assert_int_eq(node_named(g, "l_max")->reduce, REDUCE_MAX);
  ck_assert_int_eq(node_named(g, "l_sum")->reduce, REDUCE_SUM);
  ck_assert_int_eq(node_named(g, "l")->reduce, REDUCE_NONE);
  Text why;
  text_init(&why);
  ck_assert_msg(graph_verify(m, g, &why), "%s", why.s);
  text_free(&why);
  arena_free(a);
}
END_TEST

// Long chains, and many values that need nothing of each other: the time is that of the text, not of its square.
START_TEST(test_many_scalars) {
  enum { COUNT = 20000 };
  Arena *a = arena_new();
  Text t;
  text_init(&t);
  text_printf(&t, HEAD "param w\nparam b\nnode c0 = w\n");
  for (int k = 1; k < COUNT; k++)
    text_printf(&t, "node f%d = b * %d.0\nnode c%d = c%d * 0.5 + f%d\n", k, k, k, k - 1, k);
  text_printf(&t, "node s = c%d\nroot loss = s\n", COUNT - 1);
  Model *m = parse(a, t.s);
  Task task = {.graph = m->graph, .result = graph_root(m->graph, ROOT_LOSS, 0)->node};
  const clock_t start = clock();
  schedule_task(a, &task);
  ck_assert_int_lt((int)((clock() - start) / CLOCKS_PER_SEC), 2);
  text_free(&t);
  arena_free(a);
}
END_TEST

int main(void) {
  Suite *s = suite_create("schedule");
  TCase *c = tcase_create("schedule");
  tcase_add_loop_test(c, test_loop_trees, 0, (int)(sizeof cases / sizeof *cases));
  tcase_add_loop_test(c, test_states, 0, (int)(sizeof states / sizeof *states));
  tcase_add_test(c, test_singly);
  tcase_add_test(c, test_tape);
  tcase_add_test(c, test_logsumexp_takes_passes);
  tcase_add_test(c, test_many_scalars);
  tcase_set_timeout(c, 60);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? 1 : 0;
}
