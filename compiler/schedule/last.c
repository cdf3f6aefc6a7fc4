// last.c - the states that loops end in, as nodes: so that backward need not be given all states where it reads the last.
#include "schedule/expand.h"
#include "schedule/schedule.h"

typedef struct Last {
  Graph *out;
  const Node **node; // by node id of the new graph: the last state of that carry, once it is wanted
  bool *forward;     // by node id of the new graph: the loss needs it
} Last;

// c's indices but the axis.
static const Node *last_of(Last *l, const Node *c) {
  if (l->node[c->id]) return l->node[c->id];
  Graph *g = l->out;
  Index *index = arena_array(g->arena, Index, (size_t)c->nout + 1);
  const Expr **sub = arena_array(g->arena, const Expr *, (size_t)c->nout + 1);
  int rank = 0;
  for (int k = 0; k < c->nout; k++) {
    if (k == c->axis) continue;
    index[rank] = c->index[k];
    sub[k] = expr_index(g, rank++);
  }
  const Poly *steps = poly_sub(g->dims, c->index[c->axis].extent, poly_int(g->dims, 1));
  sub[c->axis] = c->reverse ? expr_int(g, 0) : expr_poly(g, steps);
  Node last = {.kind = NODE_COMP, .span = c->span, .type = c->type, .nout = rank, .index = index};
  last.origin = ORIGIN_LAST_STATE;
  last.name = arena_printf(g->arena, "%s_last", c->name);
  last.expr = expr_read(g, c, sub);
  return l->node[c->id] = graph_add(g, &last);
}

static const Expr *read_last(void *context, const Node *c, const Expr *const *sub) {
  Last *l = context;
  if (c->kind != NODE_CARRY || !l->forward[c->id] || !is_last_state(l->out->dims, c, sub[c->axis])) return NULL;
  const Expr **rest = arena_array(l->out->arena, const Expr *, (size_t)c->nout);
  int rank = 0;
  for (int k = 0; k < c->nout; k++)
    if (k != c->axis) rest[rank++] = sub[k];
  return expr_read(l->out, last_of(l, c), rest);
}

static const Expr *replaced(Last *l, const Expr *e) {
  return e ? expr_replace_reads(l->out, e, read_last, l) : NULL;
}

Graph *name_last_states(Arena *a, const Graph *g) {
  Last l = {.out = graph_new(a, g->dims, g->name)};
  bool *forward = arena_array(a, bool, g->count);
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_LOSS) forward[g->roots[k].node->id] = true;
  graph_mark_needed(g, forward);
  l.node = arena_array(a, const Node *, 2 * g->count + 1);
  l.forward = arena_array(a, bool, 2 * g->count + 1);
  const Node **map = arena_array(a, const Node *, g->count);
  for (size_t k = 0; k < g->count; k++) {
    Node n = graph_translated(l.out, g->nodes[k], map);
    if (!forward[k]) {
      n.expr = replaced(&l, n.expr);
      n.guard = replaced(&l, n.guard);
      n.base = replaced(&l, n.base);
      const Expr **target = arena_array(a, const Expr *, (size_t)n.nout + 1);
      for (int q = 0; n.target && q < n.nout; q++) target[q] = replaced(&l, n.target[q]);
      if (n.target) n.target = target;
    }
    map[k] = graph_add(l.out, &n);
    l.forward[map[k]->id] = forward[k];
  }
  graph_close_copies(g, map);
  graph_copy_roots(l.out, g, map, ALL_ROLES);
  return l.out;
}
