// expand.c - see expand.h.
#include "schedule/expand.h"

#include <math.h>

static const Expr *read_at_indices(Graph *g, const Node *n, int count) {
  const Expr **sub = arena_array(g->arena, const Expr *, (size_t)count + 1);
  for (int k = 0; k < count; k++) sub[k] = expr_index(g, k);
  return expr_read(g, n, sub);
}

static const Node *expand_logsumexp(Graph *g, const Node *n, const Node *const *map) {
  Arena *a = g->arena;
  Node part = *n;
  const Expr *term = expr_substitute(g, n->expr, NULL, 0, map);
  const Expr *guard = n->guard ? expr_substitute(g, n->guard, NULL, 0, map) : NULL;
  if (term->kind != EXPR_READ) {
    part.name = arena_printf(a, "%s_term", n->name);
    part.nout = n->nout + n->nred;
    part.nred = 0;
    part.reduce = REDUCE_NONE;
    part.expr = term;
    part.guard = guard;
    term = read_at_indices(g, graph_add(g, &part), part.nout);
  }
  part = *n;
  part.guard = guard;
  part.name = arena_printf(a, "%s_max", n->name);
  part.reduce = REDUCE_MAX;
  part.expr = term;
  const Expr *max = read_at_indices(g, graph_add(g, &part), n->nout);
  part.name = arena_printf(a, "%s_sum", n->name);
  part.reduce = REDUCE_SUM;
  part.expr = expr_prim1(g, PRIM_EXP, expr_prim2(g, PRIM_SUB, term, max));
  const Expr *sum = read_at_indices(g, graph_add(g, &part), n->nout);
  // An infinite maximum is the value itself: its differences are not numbers.
  part = *n;
  part.nred = 0;
  part.reduce = REDUCE_NONE;
  part.guard = NULL;
  part.expr = expr_select(g, expr_prim2(g, PRIM_LT, expr_prim1(g, PRIM_ABS, max), expr_real(g, INFINITY)),
                          expr_prim2(g, PRIM_ADD, max, expr_prim1(g, PRIM_LOG, sum)), max);
  return graph_add(g, &part);
}

Graph *expand_reductions(Arena *a, const Graph *g) {
  Graph *out = graph_new(a, g->dims, g->name);
  const Node **map = arena_array(a, const Node *, g->count);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (n->reduce == REDUCE_LOGSUMEXP) {
      map[k] = expand_logsumexp(out, n, map);
    } else {
      Node copy = graph_translated(out, n, map);
      map[k] = graph_add(out, &copy);
    }
  }
  graph_close_copies(g, map);
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    graph_add_root(out, r->role, r->name, r->which, map[r->node->id]);
  }
  return out;
}
