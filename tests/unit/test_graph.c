// test_graph.c - expressions and nodes, the graph's text there and back, and what the verifier refuses.
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/text.h"

static Arena *arena;
static Diags diags;
static Text out, again, why;

static void setup(void) {
  arena = arena_new();
  diags_init(&diags, arena);
  text_init(&out);
  text_init(&again);
  text_init(&why);
}

static void teardown(void) {
  text_free(&out);
  text_free(&again);
  text_free(&why);
  arena_free(arena);
}

static Model *parse(const char *text) {
  Source *source = arena_new_of(arena, Source);
  *source = (Source){"graph", arena_strdup(arena, text), strlen(text)};
  return graph_parse(arena, &diags, source);
}

// Parses; fails the test with the messages where it does not go.
static Model *parsed(const char *text) {
  Model *m = parse(text);
  if (!m) {
    diags_print(&diags, &out, false);
    ck_abort_msg("%s", out.s);
  }
  if (!graph_verify(m, m->graph, &why)) ck_abort_msg("%s", why.s);
  return m;
}

// ---- expressions ----

// An integer expression over the dimensions.
static const Expr *integer(Graph *g, const char *text) {
  const Expr *e = expr_parse(g, arena_printf(arena, "real(%s)", text), NULL, 0);
  ck_assert_msg(e != NULL, "%s", text);
  return e->u.prim.arg[0];
}

START_TEST(equal_expressions_are_one) {
  Model *m = parsed("dim n\ndata x[n]\nnode y[i:n] = x[i]");
  Graph *g = m->graph;
  const Node *x = graph_find(g, "x");
  const Expr *i = expr_index(g, 0);
  ck_assert_ptr_eq(expr_read(g, x, &i), graph_find(g, "y")->expr);
  ck_assert_ptr_eq(expr_real(g, 0.1), expr_real(g, 0.1));
  ck_assert_ptr_ne(expr_real(g, 0.0), expr_real(g, -0.0));
  ck_assert_ptr_eq(expr_real(g, (double)NAN), expr_real(g, -(double)NAN));
  ck_assert_ptr_eq(integer(g, "(n + 1) * (n - 1) + 1"), integer(g, "n * n"));
  ck_assert_ptr_eq(integer(g, "n - n // 2 - -3 % 2"), integer(g, "n - 1 - n // 2"));
  ck_assert_int_eq(integer(g, "n // 0")->kind, EXPR_PRIM);
  uint32_t count = graph_expr_count(g);
  for (uint32_t k = 0; k < count; k++) ck_assert_uint_eq(graph_expr(g, k)->id, k);
}
END_TEST

START_TEST(names_are_unique) {
  Model *m = parsed("dim n\ndata x\nnode y = x");
  Graph *g = m->graph;
  Node node = {.kind = NODE_COMP, .name = "y", .expr = expr_real(g, 1)};
  ck_assert_str_eq(graph_add(g, &node)->name, "y_2");
  ck_assert_str_eq(graph_add(g, &node)->name, "y_3");
  node.name = "y_3";
  ck_assert_str_eq(graph_add(g, &node)->name, "y_3_2");
  node.name = "n";
  ck_assert_str_eq(graph_add(g, &node)->name, "n_2");
  node.name = "inf";
  ck_assert_str_eq(graph_add(g, &node)->name, "inf_2");
  node.name = "many";
  for (int k = 0; k < 1000; k++) ck_assert_ptr_eq(graph_find(g, graph_add(g, &node)->name), g->nodes[g->count - 1]);
  ck_assert_str_eq(g->nodes[g->count - 1]->name, "many_1000");
  ck_assert_ptr_null(graph_find(g, "nobody"));
}
END_TEST

START_TEST(substitutes_indices_and_nodes) {
  Model *m = parsed("dim n\ndata x[n]\ndata t[n] in 0..n\nnode y[i:n, j:n] = if i < j then x[t[i] + 2*j] else x[i]");
  Graph *g = m->graph, *h = graph_new(arena, m->dims, "copy");
  const Node *map[4] = {NULL};
  for (int k = 0; k < 2; k++) map[g->nodes[k]->id] = graph_add(h, g->nodes[k]);
  const Expr *sub[] = {NULL, expr_prim2(h, PRIM_ADD, expr_index(h, 0), expr_int(h, 1))};
  const Expr *e = expr_substitute(h, graph_find(g, "y")->expr, sub, 2, map);
  expr_print(&out, h, e, (const Index[]){{"p", NULL}});
  ck_assert_str_eq(out.s, "if p < p + 1 then x[t[p] + 2 * (p + 1)] else x[p]");
  ck_assert(expr_uses_index(e, 0) && !expr_uses_index(e, 1));
  ck_assert(expr_reads(e, graph_find(h, "x")) && expr_reads(e, graph_find(h, "t")));
  const Expr *same = graph_find(g, "y")->expr;
  ck_assert_ptr_eq(expr_substitute(g, same, NULL, 0, NULL), same);
}
END_TEST

static void add_read(void *context, const Expr *read) {
  Text *t = context;
  text_printf(t, "%s ", read->u.read.node->name);
}

// 2^3000 paths, 3000 expressions: every walk visits what is shared once.
START_TEST(walks_do_not_repeat_what_is_shared) {
  Model *m = parsed("dim n\ndata x[n]\ndata z\nnode y[i:n] = x[i]");
  Graph *g = m->graph;
  const Expr *e = graph_find(g, "y")->expr, *sum = expr_index(g, 0), *rest, *two = expr_int(g, 2);
  for (int k = 0; k < 3000; k++) e = expr_prim2(g, PRIM_MUL, e, e);
  for (int k = 0; k < 40; k++) sum = expr_prim2(g, PRIM_ADD, sum, sum);
  int64_t coefficient;
  ck_assert(expr_affine(g, sum, 1, &coefficient, &rest));
  ck_assert_int_eq(coefficient, (int64_t)1 << 40);
  for (int k = 0; k < 40; k++) sum = expr_prim2(g, PRIM_ADD, sum, sum);
  ck_assert(!expr_affine(g, sum, 1, &coefficient, &rest));
  ck_assert(expr_reads(e, graph_find(g, "x")));
  expr_each_read(g, e, add_read, &out);
  ck_assert_str_eq(out.s, "x ");
  ck_assert(!expr_uses_index(expr_substitute(g, e, &two, 1, NULL), 0));

  Index index = {"i", poly_dim(m->dims, 0)};
  graph_add(g, &(Node){.kind = NODE_COMP, .name = "tower", .nout = 1, .index = &index, .expr = e});
  text_clear(&out);
  graph_print(&out, m, g);
  ck_assert_uint_lt(out.length, 200000);
  const Model *back = parsed(out.s);
  graph_print(&again, back, back->graph);
  ck_assert_str_eq(out.s, again.s);
}
END_TEST

START_TEST(height_is_limited) {
  Model *m = parsed("dim n\ndata x[n]");
  Graph *g = m->graph;
  const Expr *e = expr_index(g, 0);
  for (int k = 0; k < EXPR_HEIGHT_MAX; k++) e = expr_prim2(g, PRIM_SUB, expr_int(g, 1), e);
  ck_assert_ptr_nonnull(e);
  const Expr *higher = expr_prim1(g, PRIM_NEG, e);
  ck_assert_ptr_null(higher);
  ck_assert_ptr_null(expr_prim2(g, PRIM_ADD, higher, e));
  int64_t coefficient;
  const Expr *rest;
  ck_assert(expr_affine(g, e, 1, &coefficient, &rest));
  ck_assert_int_eq(coefficient, 1);

  Index index = {"i", poly_dim(m->dims, 0)};
  graph_add(g, &(Node){.kind = NODE_COMP, .name = "deep", .type = TYPE_INT, .nout = 1, .index = &index, .expr = e});
  graph_print(&out, m, g);
  const Model *back = parsed(out.s);
  graph_print(&again, back, back->graph);
  ck_assert_str_eq(out.s, again.s);
  ck_assert_uint_eq(graph_find(back->graph, "deep")->expr->height, EXPR_HEIGHT_MAX);
}
END_TEST

START_TEST(finds_affine_forms) {
  static const struct {
    const char *text, *rest; // null: not affine
    int64_t coefficient[3];
  } cases[] = {{"i", "0", {1, 0, 0}},
               {"n - 1", "n - 1", {0, 0, 0}},
               {"n - 1 - i", "n - 1", {-1, 0, 0}},
               {"2*(i - 3*j) + j*2 + 1", "1", {2, -4, 0}},
               {"-(i + n) - -k", "-n", {-1, 0, 1}},
               {"t[3] + i - 2*t[n - 1]", "t[3] - 2 * t[n - 1]", {1, 0, 0}},
               {"3*(t[0] - i)", "3 * t[0]", {-3, 0, 0}},
               {"i - i", "0", {0, 0, 0}},
               {"0*i + n", "n", {0, 0, 0}},
               {"(n // 2) + j % 1 - j % 1", NULL, {0}},
               {"i*j", NULL, {0}},
               {"n*i", NULL, {0}},
               {"i // 2", NULL, {0}},
               {"t[i] + 1", NULL, {0}},
               {"i + 9223372036854775807*j*2", NULL, {0}}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char *lines = arena_printf(arena, "dim n\ndata t[n] in 0..\nnode e[i:n, j:n, k:n] = %s", cases[k].text);
    Model *m = parsed(lines);
    int64_t coefficient[3];
    const Expr *rest;
    bool affine = expr_affine(m->graph, graph_find(m->graph, "e")->expr, 3, coefficient, &rest);
    ck_assert_msg(affine == (cases[k].rest != NULL), "%s", cases[k].text);
    if (!affine) continue;
    ck_assert_mem_eq(coefficient, cases[k].coefficient, sizeof coefficient);
    text_clear(&out);
    expr_print(&out, m->graph, rest, NULL);
    ck_assert_str_eq(out.s, cases[k].rest);
  }
}
END_TEST

// ---- the table of primitives ----

START_TEST(every_row_of_the_table_is_well_formed) {
  Graph *g = graph_new(arena, dims_new(arena), "table");
  const Node *node[3];
  for (int t = 0; t < 3; t++) node[t] = graph_add(g, &(Node){.kind = NODE_SEED, .name = "v", .type = (Type)t});
  for (int p = 0; p < PRIM_COUNT; p++) {
    const PrimRow *row = &prim_table[p];
    const Expr *args[3];
    Type types[3], result;
    int n = prim_arity((Prim)p);
    ck_assert_int_eq(prim_by_name(row->name), p);
    ck_assert(n >= 1 && n <= 3 && row->low < row->high && row->cost >= 0);
    for (int k = 0; k < n; k++) {
      char s = row->signature[k];
      types[k] = s == 'b' ? TYPE_BOOL : s == 'i' ? TYPE_INT : TYPE_REAL;
      args[k] = expr_read(g, node[types[k]], NULL);
    }
    ck_assert(prim_result((Prim)p, types, n, &result));
    ck_assert(!prim_result((Prim)p, types, n - 1, &result));
    const Binding bindings[] = {{"x", args[0]}, {"y", n > 1 ? args[1] : NULL}, {"f", expr_prim(g, (Prim)p, args)}};
    ck_assert_ptr_nonnull(bindings[2].expr);
    for (int k = 0; k < n; k++) {
      if (!*row->partial[k]) continue;
      const Expr *d = expr_parse(g, row->partial[k], bindings, 3);
      ck_assert_msg(d && d->type == TYPE_REAL, "d%d of %s: %s", k, row->name, row->partial[k]);
    }
    if (!*row->kink) continue;
    const Expr *kink = expr_parse(g, row->kink, bindings, 3);
    ck_assert_msg(kink && kink->type == TYPE_BOOL, "kink of %s", row->name);
  }
  ck_assert_int_eq(prim_by_name("nothing"), PRIM_COUNT);
}
END_TEST

START_TEST(wrong_formulas_are_null) {
  static const char *const wrong[] = {"",      "x +",       "x y",   "(x",    "x)",        "z",
                                      "f(x)",  "sin(x, x)", "sin()", "not x", "x == true", "if x then 1 else 2",
                                      "1 / 0", "pow(x)",    "x[1]",  "$",     "1 < 2 < 3", "\"x"};
  Graph *g = graph_new(arena, dims_new(arena), "formulas");
  const Binding x = {"x", expr_real(g, 2)};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
    ck_assert_msg(expr_parse(g, wrong[k], &x, 1) == NULL, "%s", wrong[k]);
  char *deep = arena_alloc(arena, 100001, 1);
  memset(deep, '(', 100000);
  ck_assert_ptr_null(expr_parse(g, deep, &x, 1));
  memset(deep, '-', 100000);
  ck_assert_ptr_null(expr_parse(g, deep, &x, 1));
}
END_TEST

START_TEST(integers_beside_reals_become_reals) {
  static const char *const cases[][2] = {
      {"x + 1", "x + 1.0"},
      {"1 - x", "1.0 - x"},
      {"-1", "-1.0"},
      {"max(x, -2)", "max(x, -2.0)"},
      {"x^2 / 3", "x^2 / 3.0"},
      {"x^-2", "x^-2"},
      {"2^x", "2.0^x"},
      {"if x > 0 then 1 else if x == 0 then 0.5 else 0", "if x > 0.0 then 1.0 else if x == 0.0 then 0.5 else 0.0"},
      {"x * n", "x * real(n)"},
      {"y + x", "real(y) + x"},
      {"real(2)", "real(2)"}};
  Dims *dims = dims_new(arena);
  dims_add(dims, "n", DIM_CALL, 0);
  Graph *g = graph_new(arena, dims, "formulas");
  const Node *x = graph_add(g, &(Node){.kind = NODE_SEED, .name = "x"});
  const Binding bindings[] = {{"x", expr_read(g, x, NULL)}, {"y", expr_index(g, 0)}};
  const Index index = {"y", NULL};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const Expr *e = expr_parse(g, cases[k][0], bindings, 2);
    ck_assert_msg(e != NULL, "%s", cases[k][0]);
    text_clear(&out);
    expr_print(&out, g, e, &index);
    ck_assert_str_eq(out.s, cases[k][1]);
  }
}
END_TEST

// ---- text ----

static bool same_expr(const Graph *g, const Graph *h, const Expr *e, const Expr *f) {
  if (!e || !f) return e == f;
  bool same = e->kind == f->kind && e->type == f->type && e->height == f->height;
  if (!same) return false;
  switch (e->kind) {
  case EXPR_REAL: return memcmp(&e->u.real, &f->u.real, sizeof(double)) == 0;
  case EXPR_BOOL: return e->u.boolean == f->u.boolean;
  case EXPR_INDEX: return e->u.index == f->u.index;
  case EXPR_READ:
    same = e->u.read.node->id == f->u.read.node->id;
    for (int k = 0; same && k < e->u.read.node->nout; k++) same = same_expr(g, h, e->u.read.sub[k], f->u.read.sub[k]);
    return same;
  case EXPR_PRIM:
    same = e->u.prim.op == f->u.prim.op;
    for (int k = 0; same && k < e->u.prim.narg; k++) same = same_expr(g, h, e->u.prim.arg[k], f->u.prim.arg[k]);
    return same;
  case EXPR_POLY: break;
  }
  Text x, y;
  text_init(&x);
  text_init(&y);
  poly_print(&x, g->dims, e->u.poly);
  poly_print(&y, h->dims, f->u.poly);
  same = strcmp(x.s, y.s) == 0;
  text_free(&x);
  text_free(&y);
  return same;
}

static void assert_same_graph(const Graph *g, const Graph *h) {
  ck_assert_uint_eq(g->count, h->count);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k], *m = h->nodes[k];
    ck_assert_str_eq(n->name, m->name);
    ck_assert(n->kind == m->kind && n->type == m->type && n->reduce == m->reduce && n->which == m->which);
    ck_assert(n->nout == m->nout && n->nred == m->nred);
    ck_assert((n->note != NULL) == (m->note != NULL) && (!n->note || strcmp(n->note, m->note) == 0));
    ck_assert_msg(same_expr(g, h, n->expr, m->expr) && same_expr(g, h, n->guard, m->guard), "%s", n->name);
    for (int j = 0; n->target && j < n->nout; j++) ck_assert(same_expr(g, h, n->target[j], m->target[j]));
  }
  ck_assert_uint_eq(g->nroots, h->nroots);
  for (size_t k = 0; k < g->nroots; k++) {
    ck_assert(g->roots[k].role == h->roots[k].role && g->roots[k].which == h->roots[k].which);
    ck_assert_int_eq(g->roots[k].node->id, h->roots[k].node->id);
  }
}

static void round_trip(const Model *m) {
  text_clear(&out);
  text_clear(&again);
  graph_print(&out, m, m->graph);
  const Model *back = parsed(out.s);
  graph_print(&again, back, back->graph);
  ck_assert_str_eq(out.s, again.s);
  assert_same_graph(m->graph, back->graph);
}

START_TEST(prints_what_it_reads) {
  static const char text[] = "model thermometer\n"
                             "dim h = 128\n"
                             "dim m\n"
                             "batch n\n"
                             "data t_u[n]\n"
                             "data t_c[n]\n"
                             "data y[n] in 0..h - 1\n"
                             "data z[m] in 0..\n"
                             "data q[m] integer\n"
                             "param w\n"
                             "param b\n"
                             "param W[h, m*(m - 1)/2]\n"
                             "param low > -1\n"
                             "param high < 2.5\n"
                             "param p[h] in (0, 1.0 / real(m))\n"
                             "param c[m, h] in simplex\n"
                             "param o[h] in ordered\n"
                             "param L[n, h, h] in cholesky\n"
                             "input w = param 0\n"
                             "input b = param 1\n"
                             "input t_u[n] = data 0\n"
                             "input t_c[n] = data 1\n"
                             "input y[n] = data 2\n"
                             "input q[m] = data 4\n"
                             "input W[h, m*(m - 1)/2] = param 2\n"
                             "input d_loss = seed\n"
                             "node t_p[i:n] = w * t_u[i] + b  # the model's prediction\n"
                             "node s = sum[i:n]((t_p[i] - t_c[i])^2)\n"
                             "node loss = s / real(n)\n"
                             "node sum = sum[i:n if y[i] < 3](sqrt(t_p[i]))\n"
                             "node max[i:n] = max[j:m](q[j])\n"
                             "node best[i:m if 1 < i and not (i == 3 or i + 1 == m)] = q[i]\n"
                             "node row[i:m, j:h] = if i < j then W[j, i // 2] else sum * -W[j, i % 3]\n"
                             "node total = logsumexp[i:m, j:h](-row[i, j])\n"
                             "node place[i:m] = argmax[j:h](row[i, j])\n"
                             "node even[i:m] = place[i] % 2 == 0 and true\n"
                             "node noise[i:h, j:m*(m - 1)/2] = randn(1, i * (m*(m - 1)/2) + j) * 0.1\n"
                             "scatter d_W[h, m*(m - 1)/2] = [t:n, j:m if j > 0] (y[t], j - 1) += d_loss * t_p[t]\n"
                             "scatter d_w = [t:n] () += d_loss\n"
                             "check \"W[\\\"a\\\\b\" [t:n if y[t] > 0](y[t] - 1) in 0..h - 1\n"
                             "root loss = loss\n"
                             "root predict t_p = t_p\n"
                             "root predict 4 other = t_p\n"
                             "root start 2 W = noise\n";
  const Model *m = parsed(text);
  ck_assert_int_eq(m->batch, 2);
  ck_assert(m->data[0].batch && m->data[2].batch && !m->data[3].batch);
  graph_print(&out, m, m->graph);
  ck_assert_str_eq(out.s, text);
  assert_same_graph(m->graph, parsed(text)->graph);
  ck_assert(m->data[2].limit && m->data[3].ranged && !m->data[3].limit && !m->data[4].ranged);
}
END_TEST

static const char *const names_of_two[] = {"+", "-", "*", "/", "pow", "max", "hypot"};

static const Expr *random_real(Graph *g, int depth);

static const Expr *random_integer(Graph *g, int depth) {
  static const Prim ops[] = {PRIM_ADD, PRIM_SUB, PRIM_MUL, PRIM_FLOORDIV, PRIM_MOD, PRIM_MIN};
  const Expr *x = depth ? random_integer(g, depth - 1) : NULL;
  switch (rand() % (depth ? 8 : 4)) {
  case 0: return expr_index(g, rand() % 2);
  case 1: return expr_int(g, rand() % 9 - 4);
  case 2: return expr_poly(g, poly_dim(g->dims, rand() % 2));
  case 3: {
    const Poly *n = poly_dim(g->dims, 0), *p = poly_sub(g->dims, poly_mul(g->dims, n, n), n);
    return expr_poly(g, poly_div(g->dims, p, poly_int(g->dims, 2)));
  }
  case 4: return expr_prim1(g, PRIM_NEG, x);
  case 5: return expr_read(g, graph_find(g, "t"), &x);
  default: return expr_prim2(g, ops[rand() % 6], x, random_integer(g, depth - 1));
  }
}

static const Expr *random_boolean(Graph *g, int depth) {
  static const Prim compare[] = {PRIM_EQ, PRIM_NE, PRIM_LT, PRIM_LE, PRIM_GT, PRIM_GE};
  if (depth == 0) return expr_bool(g, rand() % 2);
  switch (rand() % 4) {
  case 0: return expr_prim2(g, compare[rand() % 6], random_real(g, depth - 1), random_real(g, depth - 1));
  case 1: return expr_prim2(g, compare[rand() % 6], random_integer(g, depth - 1), random_integer(g, depth - 1));
  case 2: return expr_prim1(g, PRIM_NOT, random_boolean(g, depth - 1));
  default:
    return expr_prim2(g, rand() % 2 ? PRIM_AND : PRIM_OR, random_boolean(g, depth - 1), random_boolean(g, depth - 1));
  }
}

static const Expr *random_real(Graph *g, int depth) {
  static const double constants[] = {
      0.0, -0.0, 1.0, -2.5, 1e300, 1e-300, 0.1, (double)INFINITY, -(double)INFINITY, (double)NAN};
  const Expr *i = depth ? random_integer(g, depth - 1) : expr_index(g, 0);
  switch (rand() % (depth ? 9 : 2)) {
  case 0: return expr_real(g, constants[rand() % 10]);
  case 1: return expr_read(g, graph_find(g, "x"), &i);
  case 2: return expr_prim1(g, PRIM_NEG, random_real(g, depth - 1));
  case 3: return expr_prim1(g, rand() % 2 ? PRIM_STOP : PRIM_SIN, random_real(g, depth - 1));
  case 4: return expr_prim1(g, PRIM_REAL, i);
  case 5: return expr_prim2(g, PRIM_POWI, random_real(g, depth - 1), i);
  case 6: return expr_select(g, random_boolean(g, depth - 1), random_real(g, depth - 1), random_real(g, depth - 1));
  default:
    return expr_prim2(g, prim_by_name(names_of_two[rand() % 7]), random_real(g, depth - 1), random_real(g, depth - 1));
  }
}

START_TEST(random_graphs_read_back_equal) {
  srand(2);
  for (int k = 0; k < 300; k++) {
    Model *m = parsed("dim n\ndim m = 3\ndata x[n]\ndata t[m] in 0..n\nroot named x = x\nroot named t = t");
    Graph *g = m->graph;
    const Index index[] = {{"i", poly_dim(m->dims, 0)}, {"x", poly_dim(m->dims, 1)}};
    for (int j = 0; j < 3; j++) {
      Node n = {.kind = NODE_COMP, .name = "y", .nout = j % 3, .nred = 2 - j % 3, .index = index};
      n.reduce = n.nred ? REDUCE_SUM : REDUCE_NONE;
      n.expr = random_real(g, 5);
      n.guard = rand() % 2 ? random_boolean(g, 3) : NULL;
      graph_add(g, &n);
    }
    const Expr *target[] = {random_integer(g, 2)};
    Node scatter = {.kind = NODE_SCATTER, .name = "z", .nout = 1, .nred = 1, .index = index, .target = target};
    scatter.target = (const Expr *const[]){expr_substitute(g, target[0], (const Expr *[]){expr_index(g, 1)}, 1, NULL)};
    scatter.expr = expr_substitute(g, random_real(g, 6), (const Expr *[]){expr_index(g, 1)}, 1, NULL);
    graph_add(g, &scatter);
    round_trip(m);
  }
}
END_TEST

START_TEST(wrong_text_is_told) {
  static const char *const cases[][2] = {
      {"nodes y = 1.0", "expected model, dim, batch, data, param, input, node, scatter, carry, check or root"},
      {"node y = x", "unknown name `x`"},
      {"node y = sin(1, 2)", "`sin` takes 1 arguments, not 2"},
      {"node y = sinn(1)", "there is no function `sinn`"},
      {"node y = 1 + true", "`+` does not take arguments of these types"},
      {"node y = (1", "expected `)`, not `the end of the line`"},
      {"node y = 1 1", "expected the end of the line, not `1`"},
      {"node y[i:n if 1] = 1", "a guard is a condition"},
      {"node y[i:1.5] = 1", "expected an expression in the dimensions"},
      {"node y = n / 0", "this division is not exact"},
      {"node y = 99999999999999999999", "this is no token of the graph's text"},
      {"node y = $", "this is no token of the graph's text"},
      {"node n = 1", "the name `n` is taken"},
      {"node y = v", "`v` has 1 subscripts, not 0"},
      {"node y = v[1.5]", "a subscript of `v` is not an integer"},
      {"dim n", "`n` is declared already"},
      {"input v[n] = data 1", "there are not so many declarations"},
      {"input v = data 0", "this is not the declared shape"},
      {"root losss = v", "there is no such role"},
      {"root loss = w", "there is no such node"},
      {"data u in 1..n", "a range starts with 0.."},
      {"param q in simplex", "the parameter has too few axes for this constraint"},
      {"param q in 3", "expected (, simplex, ordered or cholesky"},
      {"param q > true", "a bound is a real"},
      {"param q in (0, 1", "expected `)`, not `the end of the line`"},
      {"scatter s[n] = [i:n] (1.5) += 1.0", "a subscript is an integer"},
      {"node y[i:n if i < 1] = sum[j:n](v[j])", "the guard of a reduction stands behind its indices"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    diags_init(&diags, arena);
    ck_assert_ptr_null(parse(arena_printf(arena, "dim n\ndata v[n]\n%s\n", cases[k][0])));
    ck_assert_uint_ge(diags.count, 1);
    ck_assert_str_eq(diags.list[0].message, cases[k][1]);
  }
  diags_init(&diags, arena);
  ck_assert_ptr_null(parse("node a = b\nnode c = d\n"));
  ck_assert_uint_eq(diags.errors, 2);
}
END_TEST

// ---- the verifier ----

typedef struct Broken {
  Model *model;
  Graph *g;
  Node *node; // the last one, and its expression, to be broken
  Expr *expr;
} Broken;

static void no_change(Broken *b) {
  (void)b;
}
static void wrong_id(Broken *b) {
  b->node->id = 7;
}
static void wrong_name(Broken *b) {
  b->node->name = "not a name";
}
static void taken_name(Broken *b) {
  b->node->name = "x";
}
static void wrong_type(Broken *b) {
  b->node->type = TYPE_INT;
}
static void no_expr(Broken *b) {
  b->node->expr = NULL;
}
static void no_extent(Broken *b) {
  ((Index *)(uintptr_t)b->node->index)[0].extent = NULL;
}
static void too_large(Broken *b) {
  const Poly *big = poly_int(b->g->dims, INT64_MAX);
  ((Index *)(uintptr_t)b->node->index)[0].extent = poly_add(b->g->dims, big, big);
}
static void real_guard(Broken *b) {
  b->node->guard = expr_real(b->g, 1);
}
static void foreign_index(Broken *b) {
  b->node->guard = expr_prim2(b->g, PRIM_LT, expr_index(b->g, 2), expr_int(b->g, 3));
}
static void reduction_without_indices(Broken *b) {
  b->node->nred = 0;
  b->node->expr = expr_real(b->g, 1);
}
static void indices_without_reduction(Broken *b) {
  b->node->reduce = REDUCE_NONE;
}
static void logsumexp_of_integers(Broken *b) {
  b->node->reduce = REDUCE_LOGSUMEXP;
  b->node->type = TYPE_INT;
  b->node->expr = expr_int(b->g, 1);
}
static void stray_target(Broken *b) {
  b->node->target = arena_array(b->g->arena, const Expr *, 1);
}
static void reads_itself(Broken *b) {
  b->node->expr = expr_read(b->g, b->node, (const Expr *[]){expr_int(b->g, 0)});
}
static void foreign_node(Broken *b) {
  Node *copy = arena_new_of(b->g->arena, Node);
  *copy = *graph_find(b->g, "w");
  b->node->expr = expr_read(b->g, copy, NULL);
}
static void foreign_expr(Broken *b) {
  b->node->expr = expr_real(graph_new(b->g->arena, b->g->dims, "other"), 1);
}
static void ill_typed_prim(Broken *b) {
  b->expr->u.prim.arg[1] = expr_int(b->g, 1);
}
static void ill_typed_result(Broken *b) {
  b->expr->type = TYPE_BOOL;
}
static void too_few_arguments(Broken *b) {
  b->expr->u.prim.narg = 1;
}
static void real_subscript(Broken *b) {
  const Expr *read = b->expr->u.prim.arg[0];
  *(const Expr **)(uintptr_t)&read->u.read.sub[0] = expr_real(b->g, 0);
}
static void input_of_another_shape(Broken *b) {
  ((Index *)(uintptr_t)graph_find(b->g, "x")->index)[0].extent = poly_int(b->g->dims, 3);
}
static void input_of_nothing(Broken *b) {
  ((Node *)(uintptr_t)graph_find(b->g, "x"))->which = 3;
}
static void loss_of_rank_one(Broken *b) {
  graph_add_root(b->g, ROOT_LOSS, NULL, 0, b->node);
}
static void gradient_of_another_shape(Broken *b) {
  graph_add_root(b->g, ROOT_GRADIENT, "w", 0, b->node);
}
static void gradient_of_another_name(Broken *b) {
  graph_add_root(b->g, ROOT_GRADIENT, "v", 0, graph_find(b->g, "w"));
}
static void root_of_no_parameter(Broken *b) {
  graph_add_root(b->g, ROOT_START, "w", 1, graph_find(b->g, "w"));
}
static void root_twice(Broken *b) {
  graph_add_root(b->g, ROOT_NAMED, "a", 0, b->node);
  graph_add_root(b->g, ROOT_NAMED, "b", 0, b->node);
}
static void random_prediction(Broken *b) {
  b->node->expr = expr_prim2(b->g, PRIM_RANDN, expr_int(b->g, 0), expr_int(b->g, 0));
  graph_add_root(b->g, ROOT_PREDICT, "p", 0, b->node);
}
static void check_of_a_real(Broken *b) {
  RangeCheck *c = arena_new_of(b->g->arena, RangeCheck);
  *c = (RangeCheck){.text = "x", .value = expr_real(b->g, 1), .limit = poly_int(b->g->dims, 1)};
  b->model->check = c;
  b->model->ncheck = 1;
}

static ParamDecl *param_of(Broken *b) {
  return (ParamDecl *)(uintptr_t)b->model->param;
}
static void no_bound(Broken *b) {
  param_of(b)->constraint = CONSTRAINT_ABOVE;
}
static void stray_bound(Broken *b) {
  param_of(b)->high = expr_real(b->g, 1);
}
static void bound_of_a_node(Broken *b) {
  param_of(b)->constraint = CONSTRAINT_BELOW;
  param_of(b)->high = expr_read(b->g, graph_find(b->g, "w"), NULL);
}
static void integer_bound(Broken *b) {
  param_of(b)->constraint = CONSTRAINT_BELOW;
  param_of(b)->high = expr_int(b->g, 1);
}
static void simplex_of_a_number(Broken *b) {
  param_of(b)->constraint = CONSTRAINT_SIMPLEX;
}

START_TEST(verifier_refuses) {
  static const struct {
    void (*change)(Broken *);
    const char *why; // null: nothing is wrong
  } cases[] = {{no_change, NULL},
               {wrong_id, "node `y`: its id 7 is not its position 2"},
               {wrong_name, "node `not a name`: the name is not an identifier"},
               {taken_name, "node `x`: the name is not its own"},
               {wrong_type, "node `y`: has another type than its expression"},
               {no_expr, "node `y`: has no expression"},
               {no_extent, "node `y`: an index has no extent"},
               {too_large, "node `y`: an extent is too large"},
               {real_guard, "node `y`: its guard is not boolean"},
               {foreign_index, "node `y`: uses index 2, which it does not have"},
               {reduction_without_indices, "node `y`: reduction indices and a reduction come together"},
               {indices_without_reduction, "node `y`: reduction indices and a reduction come together"},
               {logsumexp_of_integers, "node `y`: logsumexp of integers"},
               {stray_target, "node `y`: only a scatter has targets"},
               {reads_itself, "node `y`: reads `y`, which does not come earlier"},
               {foreign_node, "node `y`: reads a node of another graph"},
               {foreign_expr, "node `y`: has an expression of another graph"},
               {ill_typed_prim, "node `y`: `*` has arguments or a result of the wrong type"},
               {ill_typed_result, "node `y`: `*` has arguments or a result of the wrong type"},
               {too_few_arguments, "node `y`: `*` has 1 arguments"},
               {real_subscript, "node `y`: a subscript of `x` is not an integer"},
               {input_of_another_shape, "node `x`: has another shape than its declaration"},
               {input_of_nothing, "node `x`: there is no such declaration"},
               {loss_of_rank_one, "loss ``: is not a real scalar"},
               {gradient_of_another_shape, "gradient `w`: has not the parameter's shape"},
               {gradient_of_another_name, "gradient `v`: parameter 0 is `w`"},
               {root_of_no_parameter, "start `w`: there is no parameter 1"},
               {root_twice, "named `b`: is there twice"},
               {random_prediction, "predict `p`: depends on random draws"},
               {no_bound, "parameter `w`: has the wrong bounds"},
               {stray_bound, "parameter `w`: has the wrong bounds"},
               {bound_of_a_node, "parameter `w`: reads `w`, which does not come earlier"},
               {integer_bound, "parameter `w`: its bound is not real"},
               {simplex_of_a_number, "parameter `w`: has not the shape of its constraint"},
               {check_of_a_real, "check `x`: its value is not integer"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    Broken b = {.model = parsed("dim n\ndata x[n]\nparam w\nnode y[i:n] = sum[j:n](x[i + j] * w)")};
    b.g = b.model->graph;
    b.node = (Node *)(uintptr_t)b.g->nodes[2];
    b.expr = (Expr *)(uintptr_t)b.node->expr;
    cases[k].change(&b);
    text_clear(&why);
    ck_assert(graph_verify(b.model, b.g, &why) == (cases[k].why == NULL));
    ck_assert_str_eq(why.s, cases[k].why ? cases[k].why : "");
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("graph");
  TCase *c = tcase_create("graph");
  tcase_set_timeout(c, 60);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, equal_expressions_are_one);
  tcase_add_test(c, names_are_unique);
  tcase_add_test(c, substitutes_indices_and_nodes);
  tcase_add_test(c, walks_do_not_repeat_what_is_shared);
  tcase_add_test(c, height_is_limited);
  tcase_add_test(c, finds_affine_forms);
  tcase_add_test(c, every_row_of_the_table_is_well_formed);
  tcase_add_test(c, wrong_formulas_are_null);
  tcase_add_test(c, integers_beside_reals_become_reals);
  tcase_add_test(c, prints_what_it_reads);
  tcase_add_test(c, random_graphs_read_back_equal);
  tcase_add_test(c, wrong_text_is_told);
  tcase_add_test(c, verifier_refuses);
  suite_add_tcase(s, c);
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_NORMAL);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed != 0;
}
