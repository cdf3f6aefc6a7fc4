// prune.c - dead nodes.
#include "simplify/internal.h"

bool simplify_has_role(const Root *r, unsigned roles) {
  return (roles >> r->role & 1u) != 0;
}

bool *simplify_live(Arena *a, const Graph *g, unsigned roles) {
  bool *live = arena_array(a, bool, g->count + 1);
  for (size_t k = 0; k < g->nroots; k++)
    if (simplify_has_role(&g->roots[k], roles)) live[g->roots[k].node->id] = true;
  graph_mark_needed(g, live);
  return live;
}

Graph *prune(Arena *a, const Graph *g, unsigned roles) {
  Graph *out = graph_new(a, g->dims, g->name);
  const bool *live = simplify_live(a, g, roles);
  const Node **map = arena_array(a, const Node *, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    if (!live[k]) continue;
    Node n = graph_translated(out, g->nodes[k], map);
    map[k] = graph_add(out, &n);
  }
  graph_close_copies(g, map);
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    if (simplify_has_role(r, roles)) graph_add_root(out, r->role, r->name, r->which, map[r->node->id]);
  }
  return out;
}
