// test_derive.c - gradients of small graphs against dual numbers, which know nothing of the table's derivative column.
#include "derive/derive.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive_cases.h"
#include "graph/loops.h"
#include "lab.h"
#include "simplify/simplify.h"

static Graph *derive_case(Lab *l, int k) {
  *l = open_case(k);
  Graph *d = derive_gradient(l->arena, l->model->graph, false, NULL);
  lab_verify(l, d);
  return d;
}

#define GRADIENTS (1u << ROOT_GRADIENT | 1u << ROOT_LOSS)

START_TEST(test_gradient) {
  Lab l;
  const Graph *d = derive_case(&l, _i);
  l.seed = 0.75;
  double error = lab_gradient_error(&l, d);
  ck_assert_msg(error <= 1e-12, "%s: error %g\n%s", cases[_i].name, error, lab_print(&l, d));
  const Graph *s = simplify(l.arena, d, GRADIENTS);
  lab_verify(&l, s);
  error = lab_gradient_error(&l, s);
  ck_assert_msg(error <= 1e-12, "%s, simplified: error %g\n%s", cases[_i].name, error, lab_print(&l, s));
  lab_close(&l);
}
END_TEST

// The derivative is a graph like any other: the gradient of its squared length is again right.
START_TEST(test_second) {
  Lab l;
  derive_case(&l, _i);
  const Graph *once = derive_gradient(l.arena, l.model->graph, true, NULL);
  Text t, total;
  text_init(&t);
  text_init(&total);
  for (char *line = strtok(lab_print(&l, once), "\n"); line; line = strtok(NULL, "\n"))
    if (strncmp(line, "root", 4) != 0) text_printf(&t, "%s\n", line);
  for (int k = 0; k < l.model->nparam; k++) {
    const Node *n = graph_root(once, ROOT_GRADIENT, k)->node;
    static const char *const squares[] = {"node q%d = %s^2\n", "node q%d = sum[i:%s](%s[i]^2)\n",
                                          "node q%d = sum[i:m, j:m](%s[i, j]^2 * z[j, i])\n"};
    if (n->nout == 1)
      text_printf(&t, squares[1], k, k == 0 ? "m" : "n", n->name);
    else
      text_printf(&t, squares[n->nout], k, n->name);
    text_printf(&total, "%sq%d", k ? " + " : "", k);
  }
  text_printf(&t, "node loss2 = %s\nroot loss = loss2\n", total.s);
  Lab second = lab_open(t.s);
  const Graph *twice = derive_gradient(second.arena, second.model->graph, true, NULL);
  lab_verify(&second, twice);
  double error = lab_gradient_error(&second, twice);
  ck_assert_msg(error <= 1e-11, "%s: error %g\n%.3000s", cases[_i].name, error, lab_print(&second, twice));
  const Graph *s = simplify(second.arena, twice, GRADIENTS);
  lab_verify(&second, s);
  error = lab_gradient_error(&second, s);
  ck_assert_msg(error <= 1e-11, "%s, simplified: error %g\n%s", cases[_i].name, error, lab_print(&second, s));
  text_free(&t);
  text_free(&total);
  lab_close(&second);
  lab_close(&l);
}
END_TEST

// Where a tie or a zero makes the derivative a convention: what PyTorch gives, or the limit where PyTorch gives NaN.
START_TEST(test_conventions) {
  static const struct {
    const char *expr;
    double at, derivative;
  } rows[] = {
      {"abs(b)", 0, 0},
      {"max(b, 0.0)", 0, 0.5},
      {"if b > 0.0 then b else 0.0", 0, 0},
      {"hypot(b, 0.0)", 0, 0},
      {"b^2", 0, 0},
      {"b^1", 0, 1},
      {"b^0", 0, 0},
      {"pow(b, 2.0)", 0, 0},
      {"min(b, b)", 2, 1},
      {"tanh(b)", 400, 0},
      {"sigmoid(b)", -800, 0},
      {"softplus(b)", 800, 1},
      {"atan2(b, 0.0)", 0, 0},
      {"max(b, b)", 2, 1},
      {"if b > 0.0 then log(b) else 0.0", 0, 0},
      {"max(log(b), 0.0)", 0, 0},
  };
  char text[256];
  snprintf(text, sizeof text, "model t\nparam b\ninput b = param 0\nnode loss = %s\nroot loss = loss\n", rows[_i].expr);
  Lab l = lab_open(text);
  l.param[0].number[0].a = rows[_i].at;
  const Graph *d = derive_gradient(l.arena, l.model->graph, true, NULL);
  const Graph *s = simplify(l.arena, d, GRADIENTS);
  ck_assert_double_eq(lab_run(&l, d, NUMBER_REAL)[graph_root(d, ROOT_GRADIENT, 0)->node->id].number[0].a,
                      rows[_i].derivative);
  ck_assert_double_eq(lab_run(&l, s, NUMBER_REAL)[graph_root(s, ROOT_GRADIENT, 0)->node->id].number[0].a,
                      rows[_i].derivative);
  lab_close(&l);
}
END_TEST

// Expressions near the limit of height: a product of thousands, an `if` of many arms.
START_TEST(test_tall) {
  static const char *const arm[] = {"%s(b + 0.%04d)", "%sif b > 0.%03d then sin(b) else "};
  static const char *const between[] = {" * ", ""}, *const last[] = {"", "b"};
  static const int count[] = {4000, 300};
  Text t;
  text_init(&t);
  text_put(&t, "model t\nparam b\ninput b = param 0\nnode loss = ");
  for (int k = 0; k < count[_i]; k++) text_printf(&t, _i == 0 ? arm[0] : arm[1], k ? between[_i] : "", k % 1000);
  text_printf(&t, "%s\nroot loss = loss\n", last[_i]);
  Lab l = lab_open(t.s);
  l.param[0].number[0].a = 0.95;
  const Graph *d = derive_gradient(l.arena, l.model->graph, true, NULL);
  lab_verify(&l, d);
  ck_assert_double_le(lab_gradient_error(&l, d), 1e-10);
  const Graph *s = simplify(l.arena, d, GRADIENTS);
  lab_verify(&l, s);
  ck_assert_double_le(lab_gradient_error(&l, s), 1e-10);
  text_free(&t);
  lab_close(&l);
}
END_TEST

// A function of a function, as high as derive takes it.
START_TEST(test_nested) {
  Lab l = lab_open("model t\nparam b\ninput b = param 0\n");
  Graph *g = l.model->graph;
  const Expr *e = expr_read(g, graph_find(g, "b"), NULL);
  while (e->height < EXPR_HEIGHT_MAX / 2) e = expr_prim1(g, _i == 0 ? PRIM_SIN : PRIM_ATAN, e);
  const Node n = {.kind = NODE_COMP, .name = "loss", .type = TYPE_REAL, .expr = e};
  graph_add_root(g, ROOT_LOSS, "loss", 0, graph_add(g, &n));
  lab_verify(&l, g);
  const Graph *d = derive_gradient(l.arena, g, true, NULL);
  lab_verify(&l, d);
  ck_assert_double_le(lab_gradient_error(&l, d), 1e-12);
  const Graph *s = simplify(l.arena, d, GRADIENTS);
  lab_verify(&l, s);
  ck_assert_double_le(lab_gradient_error(&l, s), 1e-12);
  lab_close(&l);
}
END_TEST

START_TEST(test_too_tall) {
  Text t;
  text_init(&t);
  text_put(&t, "model t\nparam b\ninput b = param 0\nnode loss = b");
  for (int k = 0; k < EXPR_HEIGHT_MAX / 2 + 1; k++) text_put(&t, " * b");
  text_put(&t, "\nroot loss = loss\n");
  Lab l = lab_open(t.s);
  ck_assert_ptr_null(derive_gradient(l.arena, l.model->graph, true, NULL));
  text_free(&t);
  lab_close(&l);
}
END_TEST

typedef struct Outside {
  const LoopTree *loops;
  const Node *reader;
  int count;
} Outside;

// The arrays of the two models, their adjoints and what takes them back.
static bool holds_version(const Node *n) {
  return n->kind == NODE_CARRY || (n->kind == NODE_SCATTER && n->base);
}

static void see_state(void *context, const Expr *read) {
  Outside *o = context;
  const Node *n = read->u.read.node;
  const GraphLoop *loop = o->loops->inside[n->id];
  if (!loop || !holds_version(n)) return;
  int axis = n->kind == NODE_CARRY ? n->axis : o->loops->position[loop->id][n->id];
  const Expr *sub = read->u.read.sub[axis];
  int step = loop_step_of(sub, n->kind == NODE_CARRY && n->reverse);
  bool alongside = step >= 0 && step < o->reader->nout;
  for (int k = 0; o->reader->target && k < o->reader->nout; k++)
    alongside = alongside || (o->reader->target[k]->kind == EXPR_INDEX && o->reader->target[k]->u.index == step);
  bool last = n->kind == NODE_CARRY && !sub->indices;
  if (!last && !alongside) o->count++;
}

// The reads of states that can't run along with their loop, and are not of the last state: only for
// such would states have to be kept for all steps.
static int kept_states(Lab *l, const Graph *g) {
  const LoopTree *loops = graph_loops(l->arena, g, NULL);
  int count = 0;
  for (size_t k = 0; k < g->count; k++) {
    Outside o = {.loops = loops, .reader = g->nodes[k]};
    node_each_read(g, g->nodes[k], see_state, &o);
    count += o.count;
  }
  return count;
}

START_TEST(test_in_place) {
  for (int k = 0; k < (int)(sizeof cases / sizeof *cases); k++) {
    if (strcmp(cases[k].name, "a Cholesky factor") && strcmp(cases[k].name, "an array updated by a loop in a loop"))
      continue;
    Lab l;
    const Graph *d = derive_case(&l, k), *s = simplify(l.arena, d, GRADIENTS);
    ck_assert_msg(kept_states(&l, s) == 0, "%s", lab_print(&l, s));
    lab_close(&l);
  }
}
END_TEST

// Loops in blocks of steps give the same, derivatives included.
START_TEST(test_blocked) {
  Lab l;
  derive_case(&l, _i);
  for (int64_t size = 1; size <= 6; size++) {
    Model m = *l.model;
    m.graph = derive_blocked(l.arena, l.model, size, arena_array(l.arena, RangeCheck, (size_t)m.ncheck + 1),
                             arena_array(l.arena, ParamDecl, (size_t)m.nparam + 1));
    Lab blocked = l;
    blocked.model = &m;
    lab_verify(&blocked, m.graph);
    const Graph *g = l.model->graph;
    const Array *plain = lab_run(&l, g, NUMBER_REAL), *values = lab_run(&blocked, m.graph, NUMBER_REAL);
    ck_assert_msg(plain[graph_root(g, ROOT_LOSS, 0)->node->id].number[0].a ==
                      values[graph_root(m.graph, ROOT_LOSS, 0)->node->id].number[0].a,
                  "%s", lab_print(&blocked, m.graph));
    const Graph *d = derive_gradient(l.arena, m.graph, true, NULL);
    lab_verify(&blocked, d);
    double error = lab_gradient_error(&blocked, d);
    ck_assert_msg(error <= 1e-12, "%s in blocks of %d: error %g\n%s", cases[_i].name, (int)size, error,
                  lab_print(&blocked, d));
    const Graph *s = simplify(l.arena, d, GRADIENTS);
    lab_verify(&blocked, s);
    error = lab_gradient_error(&blocked, s);
    ck_assert_msg(error <= 1e-12, "%s in blocks of %d, simplified: error %g\n%s", cases[_i].name, (int)size, error,
                  lab_print(&blocked, s));
  }
  lab_close(&l);
}
END_TEST

// What a reader of the generated C will see.
START_TEST(test_names) {
  Lab l = lab_open("model thermometer\nbatch n\ndata t_u[n]\ndata t_c[n]\nparam w\nparam b\ninput t_u[n] = data 0\n"
                   "input t_c[n] = data 1\ninput w = param 0\ninput b = param 1\nnode t_p[i:n] = w * t_u[i] + b\n"
                   "node sq[i:n] = (t_p[i] - t_c[i])^2\nnode s = sum[i:n](sq[i])\nnode loss = s / real(n)\n"
                   "root loss = loss\n");
  const Graph *s = simplify(l.arena, derive_gradient(l.arena, l.model->graph, false, NULL), 1u << ROOT_GRADIENT);
  ck_assert_str_eq(lab_print(&l, s), "model thermometer\nbatch n\ndata t_u[n]\ndata t_c[n]\nparam w\nparam b\n"
                                     "input t_u[n] = data 0\ninput t_c[n] = data 1\n"
                                     "input w = param 0\ninput b = param 1\n"
                                     "node t_p[i:n] = w * t_u[i] + b\n"
                                     "input seed = seed\n"
                                     "node d_s = seed / real(n)  # d loss / d s\n"
                                     "node d_t_p[i:n] = 2.0 * d_s * (t_p[i] - t_c[i])  # d loss / d t_p\n"
                                     "node d_b = sum[i:n](d_t_p[i])  # d loss / d b\n"
                                     "node d_w = sum[i:n](d_t_p[i] * t_u[i])  # d loss / d w\n"
                                     "root gradient w = d_w\nroot gradient b = d_b\n");
  lab_close(&l);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("derive");
  TCase *t = tcase_create("derive");
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, test_gradient, 0, sizeof cases / sizeof *cases);
  tcase_add_loop_test(t, test_blocked, 0, sizeof cases / sizeof *cases);
  tcase_add_loop_test(t, test_second, 0, sizeof cases / sizeof *cases);
  tcase_add_loop_test(t, test_conventions, 0, 16);
  tcase_add_loop_test(t, test_tall, 0, 2);
  tcase_add_loop_test(t, test_nested, 0, 2);
  tcase_add_test(t, test_too_tall);
  tcase_add_test(t, test_in_place);
  tcase_add_test(t, test_names);
  suite_add_tcase(suite, t);
  return lab_main(suite);
}
