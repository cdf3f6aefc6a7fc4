// prune.c - dead nodes.
#include "simplify/internal.h"

static void mark(void *context, const Expr *read) {
  bool *live = context;
  live[read->u.read.node->id] = true;
}

bool simplify_has_role(const Root *r, unsigned roles) {
  return (roles >> r->role & 1u) != 0;
}

bool *simplify_live(Arena *a, const Graph *g, unsigned roles) {
  bool *live = arena_array(a, bool, g->count + 1);
  for (size_t k = 0; k < g->nroots; k++)
    if (simplify_has_role(&g->roots[k], roles)) live[g->roots[k].node->id] = true;
  for (size_t k = g->count; k-- > 0;) {
    const Node *n = g->nodes[k];
    if (!live[k] || !n->expr) continue;
    expr_each_read(g, n->expr, mark, live);
    if (n->guard) expr_each_read(g, n->guard, mark, live);
    for (int i = 0; n->target && i < n->nout; i++) expr_each_read(g, n->target[i], mark, live);
  }
  return live;
}

Graph *prune(Arena *a, const Graph *g, unsigned roles) {
  Graph *out = graph_new(a, g->dims, g->name);
  const bool *live = simplify_live(a, g, roles);
  const Node **map = arena_array(a, const Node *, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    if (!live[k]) continue;
    Node n = *g->nodes[k];
    n.expr = n.expr ? expr_substitute(out, n.expr, NULL, 0, map) : NULL;
    n.guard = n.guard ? expr_substitute(out, n.guard, NULL, 0, map) : NULL;
    if (n.target) {
      const Expr **target = arena_array(a, const Expr *, (size_t)n.nout + 1);
      for (int i = 0; i < n.nout; i++) target[i] = expr_substitute(out, n.target[i], NULL, 0, map);
      n.target = target;
    }
    map[k] = graph_add(out, &n);
  }
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    if (simplify_has_role(r, roles)) graph_add_root(out, r->role, r->name, r->which, map[r->node->id]);
  }
  return out;
}
