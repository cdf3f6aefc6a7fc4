// test_simplify.c - graphs before and after, and random ones whose values must keep their bits.
#include "simplify/simplify.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

// n = 5, m = 3.
#define HEAD                                                                                                           \
  "model t\ndim n\ndim m\ndata x[n, m]\ndata y[n]\ndata token[n] in 0..m\nparam w[m]\nparam b\n"                       \
  "input x[n, m] = data 0\ninput y[n] = data 1\ninput token[n] = data 2\ninput w[m] = param 0\ninput b = param 1\n"

#define ROLES (1u << ROOT_LOSS | 1u << ROOT_NAMED)

// Scalar expressions as the only node.
static const char *const scalars[][2] = {
    {"b * 1.0", "b"},
    {"1.0 * b", "b"},
    {"b / 1.0", "b"},
    {"b * -1.0", "-b"},
    {"b - 0.0", "b"},
    {"0.0 - b", "-b"},
    {"b + 0.0", "b"},
    {"b + 0.0 * exp(b)", "b"},
    {"b + -0.0", "b"},
    {"b^2 + 0.0", "b^2"},
    {"exp(b) + 0.0", "exp(b)"},
    {"0.0 * b", "0.0 * b"}, // b may be negative
    {"0.0 * b^2", "0.0"},
    {"b - b", "0.0"},
    {"b + b", "2.0 * b"},
    {"neg(neg(b))", "b"},
    {"b - neg(b)", "2.0 * b"},
    {"b + neg(sin(b))", "b - sin(b)"},
    {"neg(b) + sin(b)", "sin(b) - b"},
    {"neg(b) * neg(sin(b))", "b * sin(b)"},
    {"neg(b) * sin(b)", "-(b * sin(b))"},
    {"neg(b * 3.0)", "-3.0 * b"},
    {"neg(b) / 3.0", "-(b / 3.0)"},
    {"b / 4.0", "0.25 * b"},
    {"b / 3.0", "b / 3.0"}, // 1/3 is not exact
    {"2.0 * (3.0 * b)", "6.0 * b"},
    {"3.0 * (5.0 * b)", "3.0 * (5.0 * b)"}, // rounds twice
    {"b * (2.0 * sin(b))", "2.0 * (b * sin(b))"},
    {"2.0 + 3.0", "5.0"},
    {"exp(0.0) * b", "b"},
    {"b^1", "b"},
    {"b^0", "1.0"},
    {"pow(b, 1.0)", "b"},
    {"pow(b, 0.5)", "b^0.5"}, // not sqrt: -0, -inf
    {"abs(neg(b))", "abs(b)"},
    {"abs(exp(b))", "exp(b)"},
    {"max(b, b)", "b"},
    {"stop(stop(b))", "stop(b)"},
    {"if 1.0 < 2.0 then b else 3.0", "b"},
    {"if b > 0.0 then b else b", "b"},
    {"if not b > 0.0 then 1.0 else b", "if b > 0.0 then b else 1.0"},
    {"if b > 0.0 then (if b > 0.0 then 1.0 else 2.0) else b", "if b > 0.0 then 1.0 else b"},
    {"if b > 0.0 then b * sin(b) else cos(b) * b", "b * (if b > 0.0 then sin(b) else cos(b))"},
    {"if b > 0.0 then sin(b) / b else cos(b) / b", "(if b > 0.0 then sin(b) else cos(b)) / b"},
    {"if b > 0.0 then b / sin(b) else b / cos(b)", "if b > 0.0 then b / sin(b) else b / cos(b)"},
    {"if b > 0.0 then -sin(b) else -cos(b)", "-(if b > 0.0 then sin(b) else cos(b))"},
    {"if b > 0.0 and true then 1.0 else b", "if b > 0.0 then 1.0 else b"},
    {"if b > 0.0 or true then b else 1.0", "b"},
    {"if b > 0.0 and not b > 0.0 then 1.0 else b", "b"},
    {"if not b == 0.0 then 1.0 else b", "if b != 0.0 then 1.0 else b"},
    {"if not b < 0.0 then 1.0 else b", "if b < 0.0 then b else 1.0"}, // not b >= 0: NaN
    {"(if b > 0.0 then b else 0.0) + (if b > 0.0 then sin(b) else 0.0)", "if b > 0.0 then b + sin(b) else 0.0"},
    {"(if b > 0.0 then 0.0 else b) + (if b > 0.0 then sin(b) else 0.0)", "if b > 0.0 then sin(b) else b"},
    {"(if b > 0.0 then 0.0 else b) - (if b > 0.0 then sin(b) else 0.0)", "if b > 0.0 then -sin(b) else b"},
    {"(if b > 0.0 then b else 3.0) - (if b > 0.0 then 0.0 else sin(b))", "if b > 0.0 then b else 3.0 - sin(b)"},
    {"(if b > 0.0 then b else 3.0) + (if b > 0.0 then sin(b) else cos(b))",
     "(if b > 0.0 then b else 3.0) + (if b > 0.0 then sin(b) else cos(b))"}, // two sums instead of one
    {"real(2 + 3) * b", "5.0 * b"},
    {"real(n - n + 1) * b", "b"},
};

START_TEST(test_scalar) {
  Text t;
  text_init(&t);
  text_printf(&t, "%snode loss = %s\nroot loss = loss\n", HEAD, scalars[_i][0]);
  Lab l = lab_open(t.s);
  const Graph *s = simplify(l.arena, l.model->graph, ROLES);
  lab_verify(&l, s);
  text_clear(&t);
  text_printf(&t, "node loss = %s\nroot loss = loss\n", scalars[_i][1]);
  ck_assert_str_eq(lab_nodes(&l, s), t.s);
  text_free(&t);
  lab_close(&l);
}
END_TEST

static const char *const graphs[][2] = {
    // views are read through
    {"node a[i:n] = y[i]\nnode c[i:n] = a[n - 1 - i]\nnode loss = sum[i:n](c[i] * a[i])\n",
     "node loss = sum[i:n](y[n - 1 - i] * y[i])\n"},
    {"node a = 2.0\nnode c[i:n, j:m] = w[j]\nnode loss = sum[i:n, j:m](c[i, j] * a)\n",
     "node loss = sum[i:n, j:m](2.0 * w[j])\n"},
    {"node a[i:n, j:m] = x[i, token[i]]\nnode loss = sum[i:n](a[i, 1])\n", "node loss = sum[i:n](x[i, token[i]])\n"},
    // nodes that are alike become one; a root's name wins
    {"node a[i:n] = sin(y[i])\nnode c[k:n] = sin(y[k])\nnode loss = sum[i:n](a[i] * c[i])\n",
     "node a[i:n] = sin(y[i])\nnode loss = sum[i:n](a[i] * a[i])\n"},
    {"node a = sum[i:n](y[i])\nnode c = sum[i:n](y[i])\nnode loss = a * b\nroot named c = c\n",
     "node c = sum[i:n](y[i])\nnode loss = c * b\nroot named c = c\n"},
    {"node a = sin(b)\nnode loss = sin(b)\nroot named a = a\n", "node a = sin(b)\nnode loss = a\nroot named a = a\n"},
    {"node a[i:n] = sin(y[i])\nnode c[i:n] = sin(y[i + 0])\nnode d[i:n] = a[i] - c[i]\nnode loss = sum[i:n](d[i])\n",
     "node loss = 0.0\n"},
    // dead ones go
    {"node a[i:n] = sin(y[i])\nnode loss = b^2\n", "node loss = b^2\n"},
    // guards
    {"node loss = sum[i:n if i >= 0 and i < n](y[i])\n", "node loss = sum[i:n](y[i])\n"},
    {"node loss = sum[i:n if i >= 1 and i - 1 >= 0](y[i - 1])\n", "node loss = sum[i:n if i >= 1](y[i - 1])\n"},
    {"node loss = sum[i:n if i >= 2 and i >= 1](y[i - 1])\n", "node loss = sum[i:n if i >= 2](y[i - 1])\n"},
    {"node loss = sum[i:n if i >= 1](if i > 0 then y[i] else y[i]^2)\n", "node loss = sum[i:n if i >= 1](y[i])\n"},
    {"node loss = sum[i:n if y[i] > 0.0](if y[i] > 0.0 then y[i] else 1.0)\n",
     "node loss = sum[i:n if y[i] > 0.0](y[i])\n"},
    {"node loss = sum[i:n if i < 0](y[i])\n", "node loss = 0.0\n"},
    {"node loss = prod[i:n if i > n](y[i])\n", "node loss = 1.0\n"},
    {"node a = max[i:n if false](y[i])\nnode loss = a * b\n", "node loss = -inf * b\n"},
    {"node a[i:n if 2 * i % 2 == 0] = sin(y[i])\nnode loss = sum[i:n](a[i])\n",
     "node a[i:n] = sin(y[i])\nnode loss = sum[i:n](a[i])\n"},
    {"scatter S[m] = [i:n if i < 0](token[i]) += y[i]\nnode loss = sum[j:m](S[j] * w[j])\n",
     "node loss = sum[j:m](0.0 * w[j])\n"},
    // what is read only on a diagonal
    {"node T[i:m, j:m] = sin(w[i]) * w[j]\nnode loss = sum[i:m](T[i, i])\n",
     "node T[i:m] = sin(w[i]) * w[i]\nnode loss = sum[i:m](T[i])\n"},
    {"node T[i:m, j:m] = sin(w[i]) * w[j]\nnode s = sum[i:m](T[i, i])\nnode loss = s * T[0, 1]\n",
     "node T[i:m, j:m] = sin(w[i]) * w[j]\nnode s = sum[i:m](T[i, i])\nnode loss = s * T[0, 1]\n"},
    {"node S[i:m, j:m] = sin(w[i]) * w[j]\nnode T[i:m, j:m] = S[i, j] + w[j]\nnode loss = sum[i:m](T[i, i])\n",
     "node S[i:m] = sin(w[i]) * w[i]\nnode T[i:m] = S[i] + w[i]\nnode loss = sum[i:m](T[i])\n"},
    {"node S[i:m, j:m] = sin(w[i]) * w[j]\nnode H[i:m, j:m if j == i] = S[i, j] + 1.0\nroot named H = H\nnode loss = b\n",
     "node S[i:m] = sin(w[i]) * w[i]\nnode H[i:m, j:m if j == i] = S[i] + 1.0\nnode loss = b\nroot named H = H\n"},
    {"node T[c:m, i:n] = sin(w[c]) * y[i]\nnode loss = sum[i:n](T[token[i], i])\n",
     "node T[i:n] = sin(w[token[i]]) * y[i]\nnode loss = sum[i:n](T[i])\n"},
    {"node T[c:m, i:n] = sin(w[c]) * y[i]\nnode loss = sum[i:n](T[token[token[i]], i])\n",
     "node T[i:n if token[i] < n] = sin(w[token[token[i]]]) * y[i]\nnode loss = sum[i:n](T[i])\n"},
    {"node T[i:n, j:m] = sin(y[i]) * w[j]\nnode loss = sum[i:m](T[i, i])\n",
     "node T[i:n if i < m] = sin(y[i]) * w[i]\nnode loss = sum[i:m](T[i])\n"},
    {"scatter S[m, m] = [i:n](token[i], (i + 1) % m) += y[i]\nnode loss = sum[j:m](S[j, j])\n",
     "scatter S[m] = [i:n if (i + 1) % m == token[i]] (token[i]) += y[i]\nnode loss = sum[j:m](S[j])\n"},
    {"scatter S[n, m] = [k:n, i:n if i == k](k, token[i]) += y[i]\nnode loss = sum[j:n, i:m](S[j, i] * w[i])\n",
     "scatter S[n, m] = [k:n] (k, token[k]) += y[k]\nnode loss = sum[j:n, i:m](S[j, i] * w[i])\n"},
    // a loop's state so, with what it takes
    {"carry h[c:m, i:n, t:5] along t from step = w[c] * y[i]\nnode step[c:m, i:n, t:4] = sin(h[c, i, t]) * w[c]\n"
     "node loss = sum[i:n](h[token[i], i, 4])\n",
     "carry h[i:n, t:5] along t from step = w[token[i]] * y[i]\n"
     "node step[i:n, t:4] = sin(h[i, t]) * w[token[i]]\n"
     "node loss = sum[i:n](h[i, 4])\n"},
    {"carry h[t:5, i:n, j:n] along t from set = y[i]\n"
     "scatter set[t:4, i:n, j:n] = h[t, i, j] then [s:4, k:n, q:n] (s, k, q) = cos(h[s, k, q]) * b\n"
     "node loss = sum[i:n](h[4, i, i])\n",
     "carry h[t:5, i:n] along t from set = y[i]\n"
     "scatter set[t:4, i:n] = h[t, i] then [s:4, k:n] (s, k) = cos(h[s, k]) * b\n"
     "node loss = sum[i:n](h[4, i])\n"},
    {"carry h[t:5, i:n, j:n] along t from step = y[i]\nnode step[t:4, i:n, j:n] = h[t, j, i] * sin(y[j])\n"
     "node loss = sum[i:n](h[4, i, i])\n",
     "carry h[t:5, i:n] along t from step = y[i]\nnode step[t:4, i:n] = h[t, i] * sin(y[i])\n"
     "node loss = sum[i:n](h[4, i])\n"},
    {"carry h[t:5, i:n, j:n] along t from step = y[i]\nnode step[t:4, i:n, j:n] = h[t, i, 0] * sin(y[j])\n"
     "node loss = sum[i:n](h[4, i, i])\n",
     "carry h[t:5, i:n, j:n] along t from step = y[i]\nnode step[t:4, i:n, j:n] = h[t, i, 0] * sin(y[j])\n"
     "node loss = sum[i:n](h[4, i, i])\n"},
    // a state that every step leaves as it is
    {"carry h[i:n, t:m + 1] back along t from step = sin(y[i])\nnode step[i:n, t:m] = h[i, t + 1]\n"
     "node loss = sum[i:n, t:m](step[i, t] * w[t])\n",
     "node h[i:n] = sin(y[i])\nnode loss = sum[i:n, t:m](h[i] * w[t])\n"},
    {"carry h[t:m + 1, i:n] along t from step = y[i]\nnode step[t:m, i:n] = h[t, i]\n"
     "carry g[t:m + 1, i:n] along t from more = b\nnode more[t:m, i:n] = g[t, i] * h[t, i]\n"
     "node loss = sum[i:n](g[m, i] - h[m, i])\n",
     "carry g[t:m + 1, i:n] along t from more = b\nnode more[t:m, i:n] = g[t, i] * y[i]\n"
     "node loss = sum[i:n](g[m, i] - y[i])\n"},
    {"carry h[t:5, i:m, j:m] along t from step = w[i]\nnode step[t:4, i:m, j:m] = h[t, j, i]\n"
     "node loss = sum[i:m](h[3, i, 0] * h[4, i, 1])\n",
     "carry h[t:5, i:m, j:m] along t from step = w[i]\nnode step[t:4, i:m, j:m] = h[t, j, i]\n"
     "node loss = sum[i:m](h[3, i, 0] * h[4, i, 1])\n"},
    // terms of which one at most is not 0 are a choice, but not in a sum, which may be one of each
    {"node a[i:n] = (if i >= 1 then y[i - 1] else 0.0) + (if 0 == i then b else 0.0)\nnode loss = sum[i:n](a[i])\n",
     "node a[i:n] = if i >= 1 then y[i - 1] else b\nnode loss = sum[i:n](a[i])\n"},
    {"node a[i:n] = (if i >= 2 then y[i - 1] else 0.0) - (if 0 == i then b else 0.0)\nnode loss = sum[i:n](a[i])\n",
     "node a[i:n] = if i >= 2 then y[i - 1] else if 0 == i then -b else 0.0\nnode loss = sum[i:n](a[i])\n"},
    {"node a[i:n] = (if i >= 1 then y[i - 1] else 0.0) + (if i < 3 then b else 0.0)\nnode loss = sum[i:n](a[i])\n",
     "node a[i:n] = (if i >= 1 then y[i - 1] else 0.0) + (if i < 3 then b else 0.0)\nnode loss = sum[i:n](a[i])\n"},
    {"node loss = sum[i:n]((if i >= 1 then y[i - 1] else 0.0) + (if 0 == i then b else 0.0))\n",
     "node loss = sum[i:n]((if i >= 1 then y[i - 1] else 0.0) + (if 0 == i then b else 0.0))\n"},
    // subscripts
    {"node loss = sum[i:n - 1](y[1 + i + 2 - 2] - y[i + 1])\n", "node loss = 0.0\n"},
    {"node loss = sum[i:2](y[(2 * i + 1) // 2] * y[(4 * i + 3) % 4])\n", "node loss = sum[i:2](y[i] * y[3])\n"},
    {"node loss = sum[i:n](y[(2 * i + i) // 3])\n", "node loss = sum[i:n](y[i])\n"},
    {"node loss = sum[i:n](y[(i + 5) // 4])\n", "node loss = sum[i:n](y[(i + 1) // 4 + 1])\n"},
    {"node loss = sum[i:n](y[2 * (i // 2) + i % 2])\n", "node loss = sum[i:n](y[i])\n"},
    {"node loss = sum[i:n](y[i % 3 - i + 3 * (i // 3)])\n", "node loss = sum[i:n](y[0])\n"},
    {"node loss = sum[i:n](y[i // 2 + i % 2])\n", "node loss = sum[i:n](y[i // 2 + i % 2])\n"},
    {"node loss = sum[i:4 if i // 2 >= 0 and i // 2 < 2](w[i // 2])\n", "node loss = sum[i:4](w[i // 2])\n"},
    {"node loss = sum[i:5 if i // 2 < 2](w[i // 2])\n", "node loss = sum[i:5 if i // 2 < 2](w[i // 2])\n"},
    // a power of two goes to what no loop changes
    {"node loss = sum[i:n](b * (2.0 * y[i]))\n", "node loss = sum[i:n](2.0 * b * y[i])\n"},
    {"node loss = sum[i:n](y[i] * (2.0 * sin(y[i])))\n", "node loss = sum[i:n](2.0 * (y[i] * sin(y[i])))\n"},
    // sums with a solved index
    {"node a[i:m] = sum[j:m if j == i](w[j]^2)\nnode loss = sum[i:m](a[i])\n",
     "node a[i:m] = w[i]^2\nnode loss = sum[i:m](a[i])\n"},
    {"node a[i:n] = sum[j:n if j + 1 == i](y[j]^2)\nnode loss = sum[i:n](a[i])\n",
     "node a[i:n if i - 1 >= 0] = y[i - 1]^2\nnode loss = sum[i:n](a[i])\n"},
    {"node a[i:n] = sum[j:m if j == token[i]](x[i, j] * w[j])\nnode loss = sum[i:n](a[i])\n",
     "node a[i:n] = x[i, token[i]] * w[token[i]]\nnode loss = sum[i:n](a[i])\n"},
    {"node a[i:n, k:m] = sum[j:n, l:m if i == j and l == k](x[j, l]^2)\nnode loss = sum[i:n, k:m](a[i, k])\n",
     "node a[i:n, k:m] = x[i, k]^2\nnode loss = sum[i:n, k:m](a[i, k])\n"},
};

static double loss_of(Lab *l, const Graph *g) {
  return lab_run(l, g, NUMBER_REAL)[graph_root(g, ROOT_LOSS, 0)->node->id].number[0].a;
}

START_TEST(test_graph) {
  Lab l = lab_of(HEAD, graphs[_i][0]);
  const Graph *s = simplify(l.arena, l.model->graph, ROLES);
  lab_verify(&l, s);
  lab_expect(&l, s, graphs[_i][0], graphs[_i][1]);
  const double before = loss_of(&l, l.model->graph), after = loss_of(&l, s);
  ck_assert(before == after || (isnan(before) && isnan(after)));
  ck_assert_str_eq(lab_print(&l, simplify(l.arena, s, ROLES)), lab_print(&l, s));
  lab_close(&l);
}
END_TEST

START_TEST(test_prune) {
  Lab l = lab_open(HEAD "node a[i:n] = y[i]\nnode c[i:n] = 1.0 * a[i]\nnode d = b * 1.0\nnode loss = sum[i:n](c[i])\n"
                        "root loss = loss\nroot named d = d\n");
  const Graph *p = prune(l.arena, l.model->graph, 1u << ROOT_LOSS);
  lab_verify(&l, p);
  ck_assert_str_eq(lab_nodes(&l, p), "node a[i:n] = y[i]\nnode c[i:n] = 1.0 * a[i]\n"
                                               "node loss = sum[i:n](c[i])\nroot loss = loss\n");
  ck_assert_int_eq((int)p->count, 4); // only y of the inputs
  lab_close(&l);
}
END_TEST

// ---- random graphs ----

typedef struct Maker {
  Graph *g;
  Random r;
  int nindex; // i, then j
} Maker;

static int choose(Maker *m, int n) {
  return (int)random_between(&m->r, 0, n);
}

static const Expr *random_int(Maker *m, int depth) {
  if (depth == 0 || choose(m, 3) == 0)
    return choose(m, 2) ? expr_index(m->g, choose(m, m->nindex)) : expr_int(m->g, choose(m, 7) - 3);
  const Expr *x = random_int(m, depth - 1), *y = random_int(m, depth - 1);
  static const Prim ops[] = {PRIM_ADD, PRIM_SUB, PRIM_MUL, PRIM_FLOORDIV, PRIM_MOD};
  const int k = choose(m, 6);
  if (k == 5) return expr_prim1(m->g, PRIM_NEG, x);
  return expr_prim2(m->g, ops[k], x, k >= 3 ? expr_int(m->g, 1 + choose(m, 4)) : y);
}

static const Expr *random_real(Maker *m, int depth);

static const Expr *random_bool(Maker *m, int depth) {
  const int k = choose(m, depth == 0 ? 2 : 5);
  const Prim compare = (Prim)((int)PRIM_EQ + choose(m, 6));
  if (k == 0) return expr_prim2(m->g, compare, random_int(m, 2), random_int(m, 2));
  if (k == 1 || depth == 0) return expr_prim2(m->g, compare, random_real(m, depth / 2), random_real(m, depth / 2));
  if (k == 2) return expr_prim1(m->g, PRIM_NOT, random_bool(m, depth - 1));
  return expr_prim2(m->g, k == 3 ? PRIM_AND : PRIM_OR, random_bool(m, depth - 1), random_bool(m, depth - 1));
}

// An entry of an earlier node, at any subscripts brought into range.
static const Expr *random_read(Maker *m) {
  const Node *n = m->g->nodes[choose(m, (int)m->g->count)];
  if (n->type != TYPE_REAL) return expr_real(m->g, 1);
  const Expr *sub[2];
  for (int k = 0; k < n->nout; k++)
    sub[k] = expr_prim2(m->g, PRIM_MOD, random_int(m, 2), expr_poly(m->g, n->index[k].extent));
  return expr_read(m->g, n, sub);
}

static const Expr *random_real(Maker *m, int depth) {
  static const double constants[] = {0, -0.0, 1, -1, 2, 0.5, -4, 3, 0.1};
  static const Prim binary[] = {PRIM_ADD, PRIM_SUB, PRIM_MUL, PRIM_MUL, PRIM_MAX, PRIM_MIN};
  static const Prim unary[] = {PRIM_NEG, PRIM_NEG, PRIM_ABS, PRIM_SIN, PRIM_TANH, PRIM_STOP};
  if (depth == 0 || choose(m, 6) == 0) return choose(m, 2) ? random_read(m) : expr_real(m->g, constants[choose(m, 9)]);
  const Expr *x = random_real(m, depth - 1), *y;
  switch (choose(m, 6)) {
  case 0: return expr_prim1(m->g, unary[choose(m, 6)], x);
  case 1: return expr_select(m->g, random_bool(m, 2), x, random_real(m, depth - 1));
  case 2:
    y = expr_prim2(m->g, PRIM_ADD, expr_real(m->g, 1.5), expr_prim1(m->g, PRIM_ABS, random_real(m, depth - 1)));
    return expr_prim2(m->g, PRIM_DIV, x, choose(m, 2) ? y : expr_real(m->g, choose(m, 2) ? 4 : -3));
  case 3: return expr_prim2(m->g, PRIM_POWI, x, expr_int(m->g, choose(m, 4)));
  default: return expr_prim2(m->g, binary[choose(m, 6)], x, choose(m, 5) ? random_real(m, depth - 1) : x);
  }
}

// Conditions that solve for an index regroup a sum: those have tests of their own, with exact values.
static bool solves(const Expr *e) {
  if (e->kind != EXPR_PRIM) return false;
  if (e->u.prim.op == PRIM_EQ || e->u.prim.op == PRIM_NE) return e->u.prim.arg[0]->type == TYPE_INT;
  for (int k = 0; k < e->u.prim.narg; k++)
    if (e->type == TYPE_BOOL && solves(e->u.prim.arg[k])) return true;
  return false;
}

static void random_nodes(Maker *m, int count) {
  static const Reduce reduces[] = {REDUCE_NONE, REDUCE_SUM, REDUCE_MAX, REDUCE_SUM};
  const Node *x = graph_find(m->g, "x");
  for (int k = 0; k < count; k++) {
    const Reduce reduce = reduces[choose(m, 4)];
    const int nred = reduce == REDUCE_NONE ? 0 : 1;
    const Index index[] = {{"i", x->index[0].extent}, {"j", x->index[1].extent}};
    m->nindex = 2;
    const Expr *guard = choose(m, 2) ? random_bool(m, 2) : NULL;
    Node n = {.kind = NODE_COMP,
              .name = "v",
              .type = TYPE_REAL,
              .nout = 2 - nred,
              .nred = nred,
              .index = index,
              .reduce = reduce,
              .guard = guard && solves(guard) ? NULL : guard,
              .expr = random_real(m, 4)};
    const Node *added = graph_add(m->g, &n);
    graph_add_root(m->g, ROOT_NAMED, added->name, k, added);
  }
}

static bool same_bits(double x, double y) {
  return (isnan(x) && isnan(y)) || memcmp(&x, &y, sizeof x) == 0;
}

START_TEST(test_random) {
  Lab l = lab_open(HEAD "node loss = b\nroot loss = loss\n");
  Graph *g = l.model->graph;
  Maker m = {.g = g, .r = {(uint64_t)_i}};
  random_nodes(&m, 6);
  lab_verify(&l, g);
  const Graph *s = simplify(l.arena, g, ROLES);
  lab_verify(&l, s);
  const Array *before = lab_run(&l, g, NUMBER_GENERATED), *after = lab_run(&l, s, NUMBER_GENERATED);
  for (int k = 0; k < 6; k++) {
    const Array *a = &before[graph_root(g, ROOT_NAMED, k)->node->id];
    const Array *b = &after[graph_root(s, ROOT_NAMED, k)->node->id];
    ck_assert_uint_eq(a->count, b->count);
    for (size_t j = 0; j < a->count; j++)
      if (isfinite(a->number[j].a))
        ck_assert_msg(same_bits(a->number[j].a, b->number[j].a), "root %d, entry %zu: %.17g became %.17g\n%s\n%s", k, j,
                      a->number[j].a, b->number[j].a, lab_print(&l, g), lab_print(&l, s));
  }
  ck_assert_str_eq(lab_print(&l, simplify(l.arena, s, ROLES)), lab_print(&l, s));
  lab_close(&l);
}
END_TEST

// i in 0..n, j in 0..2: what subscripts of them stay within.
START_TEST(test_range) {
  Arena *a = arena_new();
  Dims *dims = dims_new(a);
  const int n = dims_add(dims, "n", DIM_CALL, 0);
  Graph *g = graph_new(a, dims, "t");
  const Poly *extent = poly_dim(dims, n), *twice = poly_mul(dims, extent, poly_int(dims, 2));
  const Index index[] = {{"i", extent}, {"j", poly_int(dims, 2)}};
  const Expr *i = expr_index(g, 0), *j = expr_index(g, 1), *two = expr_int(g, 2);
  const Expr *pair = expr_prim2(g, PRIM_ADD, expr_prim2(g, PRIM_MUL, two, i), j);
  ck_assert(simplify_in_range(a, g, index, 2, pair, twice));
  ck_assert(!simplify_in_range(a, g, index, 2, pair, extent));
  ck_assert(!simplify_in_range(a, g, index, 2, expr_prim2(g, PRIM_SUB, i, j), extent));
  ck_assert(simplify_in_range(a, g, index, 2, expr_prim2(g, PRIM_FLOORDIV, expr_prim2(g, PRIM_ADD, j, j), two), poly_int(dims, 2)));
  arena_free(a);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("simplify");
  TCase *t = tcase_create("simplify");
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, test_scalar, 0, sizeof scalars / sizeof *scalars);
  tcase_add_loop_test(t, test_graph, 0, sizeof graphs / sizeof *graphs);
  tcase_add_test(t, test_prune);
  tcase_add_test(t, test_range);
  tcase_add_loop_test(t, test_random, 0, 300);
  suite_add_tcase(suite, t);
  return lab_main(suite);
}
