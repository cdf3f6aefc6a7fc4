// prune.c - dead nodes.
#include "simplify/internal.h"

bool *simplify_live(Arena *a, const Graph *g, unsigned roles) {
  bool *live = arena_array(a, bool, g->count + 1);
  for (size_t k = 0; k < g->nroots; k++)
    if (root_has_role(&g->roots[k], roles)) live[g->roots[k].node->id] = true;
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
  graph_copy_roots(out, g, map, roles);
  return out;
}
