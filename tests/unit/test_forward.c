// test_forward.c - forward mode, and both modes with an extra index, against dual numbers, which know nothing of the
// table's derivative column: tangents of losses, Hessian-vector products, Hessians by forward and by reverse mode.
#include <check.h>
#include <math.h>

#include "derive/derive.h"
#include "derive_cases.h"
#include "simplify/simplify.h"

enum { CASES = sizeof cases / sizeof *cases, LIMIT = 16 };

#define WANTED (1u << ROOT_NAMED)

// The parameters that the graph reads, in order of their nodes.
static int find_params(const Graph *g, const Node **param) {
  int count = 0;
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->kind == NODE_PARAM) param[count++] = g->nodes[k];
  ck_assert_int_le(count, LIMIT);
  return count;
}

// A direction for each parameter as an input of the graph.
static int seed_params(Lab *l, Graph *g, DeriveSeed *seed) {
  const Node *param[LIMIT];
  int count = find_params(g, param);
  for (int k = 0; k < count; k++) {
    const Node direction = {.kind = NODE_SEED,
                            .name = "direction",
                            .type = TYPE_REAL,
                            .which = param[k]->which + 1,
                            .nout = param[k]->nout,
                            .index = param[k]->index};
    seed[k] = (DeriveSeed){param[k], graph_add(g, &direction)};
  }
  l->seeds = lab_direction(l);
  return count;
}

// Sets (by +1) or clears the tangents of all parameters.
static void move(Lab *l, double by) {
  for (int k = 0; k < l->model->nparam; k++)
    for (size_t j = 0; j < l->param[k].count; j++) l->param[k].number[j].b = by * l->seeds[k].number[j].a;
}

static void add_result(Graph *g, int which, const Node *result) {
  if (result) graph_add_root(g, ROOT_NAMED, result->name, which, result);
}

// The results, in the graph as made and simplified, each against `expected` (by entry), relative to its largest entry.
static void compare(Lab *l, const Graph *g, int which, const double *expected, size_t count) {
  const Graph *graphs[] = {g, simplify(l->arena, g, WANTED)};
  for (int k = 0; k < 2; k++) {
    lab_verify(l, graphs[k]);
    const Root *root = graph_root(graphs[k], ROOT_NAMED, which);
    const Array *ours = root ? &lab_run(l, graphs[k], NUMBER_REAL)[root->node->id] : NULL;
    double scale = 1, worst = 0;
    if (ours) ck_assert_uint_eq(ours->count, count);
    for (size_t j = 0; j < count; j++) {
      scale = fmax(scale, fabs(expected[j]));
      double error = fabs((ours ? ours->number[j].a : 0) - expected[j]);
      worst = isnan(error) ? INFINITY : fmax(worst, error);
    }
    ck_assert_msg(worst <= 1e-11 * scale, "%s: error %g%s\n%s", root ? root->name : "zero", worst,
                  k ? ", simplified" : "", lab_print(l, graphs[k]));
  }
}

// In the graph as it was lowered: what is reduced has no node of its own there.
START_TEST(test_tangent) {
  Lab l = open_case(_i);
  Graph *g = l.model->graph;
  const Node *loss = graph_root(g, ROOT_LOSS, 0)->node, *tangent;
  DeriveSeed seed[LIMIT];
  const Derivation task = {.nseed = seed_params(&l, g, seed), .seed = seed, .of = &loss, .nof = 1};
  move(&l, 1);
  double expected = lab_run(&l, g, NUMBER_DUAL)[loss->id].number[0].b;
  ck_assert(derive_forward(g, &task, &tangent));
  add_result(g, 0, tangent);
  compare(&l, g, 0, &expected, 1);
  lab_close(&l);
}
END_TEST

static int find_gradients(const Graph *g, const Node **gradient) {
  int count = 0;
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_GRADIENT) gradient[count++] = g->roots[k].node;
  return count;
}

// The tangents of the gradient of parameter k, by dual numbers.
static double *gradient_tangent(Lab *l, const Graph *g, int k, double *to) {
  const Array *a = &lab_run(l, g, NUMBER_DUAL)[graph_root(g, ROOT_GRADIENT, k)->node->id];
  for (size_t j = 0; j < a->count; j++) to[j] = a->number[j].b;
  return to;
}

START_TEST(test_hessian_vector) {
  Lab l = open_case(_i);
  const Graph *plain = derive_gradient(l.arena, l.model->graph, true, NULL);
  Graph *g = derive_gradient(l.arena, l.model->graph, true, NULL);
  const Node *gradient[LIMIT], *tangent[LIMIT];
  DeriveSeed seed[LIMIT];
  Derivation task = {.seed = seed, .of = gradient};
  task.nof = find_gradients(g, gradient);
  task.nseed = seed_params(&l, g, seed);
  ck_assert(derive_forward(g, &task, tangent));
  for (int k = 0; k < task.nof; k++) add_result(g, k, tangent[k]);
  move(&l, 1);
  for (int k = 0; k < task.nof; k++) {
    double expected[64];
    gradient_tangent(&l, plain, k, expected);
    compare(&l, g, k, expected, l.param[k].count);
  }
  lab_close(&l);
}
END_TEST

// Row by row: the gradient of parameter q as parameter p's entries move one by one.
static double *block_by_duals(Lab *l, const Graph *g, int p, int q) {
  size_t rows = l->param[p].count, columns = l->param[q].count;
  double *block = arena_array(l->arena, double, rows *columns);
  for (size_t j = 0; j < rows; j++) {
    l->param[p].number[j].b = 1;
    gradient_tangent(l, g, q, block + j * columns);
    l->param[p].number[j].b = 0;
  }
  return block;
}

// Blocks [p, q] of the Hessian in forward mode by the entries of parameter p, over reverse mode.
static void hessian_forward(Graph *g, int p, const Node *const *gradient, int count) {
  const Node *param[LIMIT], *tangent[LIMIT];
  find_params(g, param);
  const DeriveSeed seed = {param[p], NULL};
  const Derivation task = {
      .extra = param[p]->index, .nextra = param[p]->nout, .seed = &seed, .nseed = 1, .of = gradient, .nof = count};
  ck_assert(derive_forward(g, &task, tangent));
  for (int q = 0; q < count; q++) add_result(g, q, tangent[q]);
}

// Blocks [p, q] in reverse mode, from the entries of gradient p to all parameters.
static void hessian_reverse(Graph *g, int p, const Node *const *gradient, int count) {
  const Node *param[LIMIT], *result[LIMIT];
  find_params(g, param);
  const DeriveSeed seed = {gradient[p], NULL};
  const Derivation task = {
      .extra = param[p]->index, .nextra = param[p]->nout, .seed = &seed, .nseed = 1, .of = param, .nof = count};
  ck_assert(derive_reverse(g, &task, result));
  for (int q = 0; q < count; q++) add_result(g, q, result[q]);
}

static void test_blocks(int which, void (*hessian)(Graph *, int, const Node *const *, int)) {
  Lab l = open_case(which);
  const Graph *plain = derive_gradient(l.arena, l.model->graph, true, NULL);
  for (int p = 0; p < l.model->nparam; p++) {
    Graph *g = derive_gradient(l.arena, l.model->graph, true, NULL);
    const Node *gradient[LIMIT];
    int count = find_gradients(g, gradient);
    hessian(g, p, gradient, count);
    for (int q = 0; q < count; q++)
      compare(&l, g, q, block_by_duals(&l, plain, p, q), l.param[p].count * l.param[q].count);
  }
  lab_close(&l);
}

START_TEST(test_hessian_by_forward) {
  test_blocks(_i, hessian_forward);
}
END_TEST

START_TEST(test_hessian_by_reverse) {
  test_blocks(_i, hessian_reverse);
}
END_TEST

// By data, and by a definition as if nothing else changed with it; reverse mode in the graph as it was lowered.
START_TEST(test_inputs) {
  Lab l = lab_open(HEAD "node a[i:n] = u[i] * y[i]\nnode c = max[i:n](a[i] * a[i])\n"
                        "node s = sum[i:n](a[i] * y[i])\nnode loss = s + c * b\n" TAIL);
  Graph *g = l.model->graph;
  const Node *of[] = {graph_find(g, "y"), graph_find(g, "a")}, *result[2], *loss = graph_find(g, "loss");
  const Node one = {.kind = NODE_COMP, .name = "one", .type = TYPE_REAL, .expr = expr_real(g, 1)};
  const DeriveSeed seed = {loss, graph_add(g, &one)};
  const Derivation task = {.seed = &seed, .nseed = 1, .of = of, .nof = 2, .what = "loss"};
  ck_assert(derive_reverse(g, &task, result));
  for (int k = 0; k < 2; k++) add_result(g, k, result[k]);
  double by_y[5], by_a[5], b = l.param[1].number[0].a, *u = arena_array(l.arena, double, 5);
  size_t winner = 0;
  for (size_t i = 0; i < 5; i++) {
    u[i] = l.param[3].number[i].a;
    double y = l.data[1].number[i].a, best = u[winner] * l.data[1].number[winner].a;
    if (u[i] * y * u[i] * y > best * best) winner = i;
  }
  for (size_t i = 0; i < 5; i++) {
    double y = l.data[1].number[i].a;
    by_a[i] = y + (i == winner ? 2 * u[i] * y * b : 0);
    by_y[i] = u[i] * by_a[i] + u[i] * y;
  }
  compare(&l, g, 0, by_y, 5);
  compare(&l, g, 1, by_a, 5);
  lab_close(&l);
}
END_TEST

// Several outputs with seeds of their own, of which one is made from another, and is an input itself.
START_TEST(test_outputs) {
  Lab l = lab_open(HEAD "node a[i:n] = u[i]^2\nnode c[i:n] = a[i] * u[i]\nnode loss = 0.0\n" TAIL);
  Graph *g = l.model->graph;
  const Node *a = graph_find(g, "a"), *c = graph_find(g, "c"), *y = graph_find(g, "y"), *u = graph_find(g, "u");
  const DeriveSeed seed[] = {{a, y}, {c, y}};
  const Node *of[] = {u, a}, *result[2];
  const Derivation task = {.seed = seed, .nseed = 2, .of = of, .nof = 2};
  ck_assert(derive_reverse(g, &task, result));
  for (int k = 0; k < 2; k++) add_result(g, k, result[k]);
  double by_u[5], by_a[5];
  for (size_t i = 0; i < 5; i++) {
    double at = l.param[3].number[i].a, weight = l.data[1].number[i].a;
    by_u[i] = weight * (2 * at + 3 * at * at);
    by_a[i] = weight + weight * at;
  }
  compare(&l, g, 0, by_u, 5);
  compare(&l, g, 1, by_a, 5);
  lab_close(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("forward");
  TCase *t = tcase_create("forward");
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, test_tangent, 0, CASES);
  tcase_add_loop_test(t, test_hessian_vector, 0, CASES);
  tcase_add_loop_test(t, test_hessian_by_forward, 0, CASES);
  tcase_add_loop_test(t, test_hessian_by_reverse, 0, CASES);
  tcase_add_test(t, test_inputs);
  tcase_add_test(t, test_outputs);
  suite_add_tcase(suite, t);
  return lab_main(suite);
}
