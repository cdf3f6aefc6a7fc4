// common.c - see common.h.
#include "factor/common.h"

#include "factor/internal.h"

enum { FACTORS_MAX = 8, TERMS_MAX = 32 };

typedef struct Taking {
  const Node *const *map;
  bool takes; // sums of the node at hand are looked at
} Taking;

// A product, or its negative.
typedef struct Factors {
  const Expr *e[FACTORS_MAX];
  int count;
  bool minus, full; // full: there are more
} Factors;

// The recursion is as deep as the expression is high, which is limited.
static void list_factors(Factors *f, const Expr *e) {
  if (expr_is_prim(e, PRIM_NEG)) {
    f->minus = !f->minus;
    list_factors(f, e->u.prim.arg[0]);
  } else if (expr_is_prim(e, PRIM_MUL)) {
    list_factors(f, e->u.prim.arg[0]);
    list_factors(f, e->u.prim.arg[1]);
  } else if (f->count == FACTORS_MAX) {
    f->full = true;
  } else {
    f->e[f->count++] = e;
  }
}

static const Expr *product(Graph *g, const Factors *f) {
  const Expr *e = NULL;
  for (int k = 0; k < f->count; k++) e = e ? expr_prim2(g, PRIM_MUL, e, f->e[k]) : f->e[k];
  return e;
}

// Moves what x and y both have, constants left out, to `common`.
static void part_common(Factors *x, Factors *y, Factors *common) {
  int left = 0;
  for (int k = 0; k < x->count; k++) {
    int at = 0;
    while (at < y->count && (y->e[at] != x->e[k] || x->e[k]->kind == EXPR_REAL)) at++;
    if (at == y->count) {
      x->e[left++] = x->e[k];
      continue;
    }
    common->e[common->count++] = x->e[k];
    y->count--;
    for (int j = at; j < y->count; j++) y->e[j] = y->e[j + 1];
  }
  x->count = left;
}

// ± x ± y as one product, *minus or its negative; null: they are not better so.
static const Expr *joined(Graph *g, const Expr *x, const Expr *y, bool minus_y, bool *minus) {
  Factors a = {.count = 0}, b = {.minus = minus_y}, common = {.count = 0};
  const uint64_t indices = x->indices | y->indices;
  bool changes = false;
  list_factors(&a, x);
  list_factors(&b, y);
  if (a.full || b.full) return NULL;
  part_common(&a, &b, &common);
  for (int k = 0; k < common.count; k++) changes = changes || common.e[k]->indices == indices;
  if (!changes || a.count == 0 || b.count == 0 || (a.count == 1 && b.count == 1)) return NULL;
  *minus = a.minus;
  const Expr *rest = expr_prim2(g, a.minus == b.minus ? PRIM_ADD : PRIM_SUB, product(g, &a), product(g, &b));
  return expr_prim2(g, PRIM_MUL, product(g, &common), rest);
}

// x ± y, where x may be a sum of terms already, the last one outermost: y joins the first that it can.  Null: none.
static const Expr *joined_to_sum(Graph *g, const Expr *x, const Expr *y, bool minus_y) {
  const Expr *sum[TERMS_MAX]; // the last has the first term alone, each before it one more
  int count = 0;
  for (sum[count++] = x; count < TERMS_MAX && (expr_is_prim(x, PRIM_ADD) || expr_is_prim(x, PRIM_SUB)); sum[count++] = x)
    x = x->u.prim.arg[0];
  for (int k = count - 1; k >= 0; k--) {
    const bool first = k == count - 1, minus = !first && expr_is_prim(sum[k], PRIM_SUB);
    bool minus_term;
    const Expr *made = joined(g, first ? x : sum[k]->u.prim.arg[1], y, minus_y != minus, &minus_term);
    if (!made) continue;
    if (!first) made = expr_prim2(g, minus != minus_term ? PRIM_SUB : PRIM_ADD, sum[k]->u.prim.arg[0], made);
    if (first && minus_term) made = expr_prim1(g, PRIM_NEG, made);
    while (k-- > 0) made = expr_prim2(g, sum[k]->u.prim.op, made, sum[k]->u.prim.arg[1]);
    return made;
  }
  return NULL;
}

static const Expr *rewritten(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Taking *t = context;
  if (part->kind == EXPR_READ) return expr_read(g, t->map[part->u.read.node->id], arg);
  if (!t->takes || part->type != TYPE_REAL || !(expr_is_prim(part, PRIM_ADD) || expr_is_prim(part, PRIM_SUB))) return NULL;
  if (!arg[0] || !arg[1]) return NULL;
  return joined_to_sum(g, arg[0], arg[1], expr_is_prim(part, PRIM_SUB));
}

Graph *take_out_factors(Arena *a, const Graph *g) {
  Graph *out = graph_new(a, g->dims, g->name);
  const Node **map = arena_array(a, const Node *, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    Node copy = graph_translated(out, n, map);
    Taking taking = {map, n->kind == NODE_COMP && n->reduce == REDUCE_NONE};
    const Expr *e = n->expr ? expr_rebuild(out, n->expr, rewritten, &taking) : NULL;
    if (e) copy.expr = e; // else it would be too high
    map[k] = graph_add(out, &copy);
  }
  graph_close_copies(g, map);
  graph_copy_roots(out, g, map, ALL_ROLES);
  return out;
}
