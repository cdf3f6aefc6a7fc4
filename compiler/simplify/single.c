// single.c - indices that have one value: of an extent of 1 that is fixed, as a batch of one sample has.
//
// Such an index is 0 wherever it stands, an array has no axis for it, and nothing is summed over it.  Without it a sum over samples
// is a term, and what is done for each sample stands beside what is done once.  Inputs and results keep their shapes, and an index
// along the steps of a loop stays, inside of the loop and outside.
#include "simplify/internal.h"

typedef struct Dropper {
  Arena *arena;
  const Graph *in;
  Graph *g;
  const Poly **steps; // of loops
  size_t nsteps, steps_room;
  const bool *whole;  // by id: keeps its outputs
  const Node **map;   // by id
  uint64_t *dropped;  // by id: the indices that are left out, a bit each
  const Node *node;   // whose expressions are rewritten
} Dropper;

static bool is_dropped(const Dropper *d, const Node *n, int q) {
  return d->dropped[n->id] >> q & 1;
}

// Does it run along the steps of a loop?
static bool is_step(const Dropper *d, const Node *n, int q) {
  if (n->kind == NODE_CARRY && q == n->axis) return true;
  bool any = false;
  for (size_t k = 0; k < d->nsteps && !any; k++) any = d->steps[k] == n->index[q].extent;
  return any;
}

static bool has_one_value(const Dropper *d, const Node *n, int q) {
  int64_t extent;
  return poly_fixed(d->in->dims, n->index[q].extent, &extent) && extent == 1 && !is_step(d, n, q);
}

// A sum of one term is the term; what has a condition is a sum of none where that fails.
static bool may_drop_reduced(const Node *n) {
  return n->reduce == REDUCE_SUM ||
         (!n->guard && (n->reduce == REDUCE_PROD || n->reduce == REDUCE_MAX || n->reduce == REDUCE_MIN || n->reduce == REDUCE_LOGSUMEXP));
}

static uint64_t to_drop(const Dropper *d, const Node *n) {
  uint64_t set = 0;
  int left = n->nred;
  if (node_is_input(n)) return 0;
  for (int q = 0; q < n->nout && !d->whole[n->id]; q++)
    if (has_one_value(d, n, q)) set |= (uint64_t)1 << q;
  for (int q = n->nout; q < n->nout + n->nred; q++)
    if (has_one_value(d, n, q) && (may_drop_reduced(n) || (n->kind == NODE_SCATTER && left > 1))) {
      set |= (uint64_t)1 << q;
      left--;
    }
  return set;
}

static const Expr *without(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Dropper *d = context;
  if (part->kind == EXPR_INDEX) {
    const int q = part->u.index;
    if (has_one_value(d, d->node, q)) return expr_int(g, 0);
    int at = q;
    for (int k = 0; k < q; k++) at -= is_dropped(d, d->node, k);
    return expr_index(g, at);
  }
  if (part->kind != EXPR_READ) return NULL;
  const Node *n = part->u.read.node;
  const Expr *sub[INDEX_MAX];
  for (int k = 0, to = 0; k < n->nout; k++)
    if (!is_dropped(d, n, k)) sub[to++] = arg[k];
  return expr_read(g, d->map[n->id], sub);
}

static const Expr *rewritten(Dropper *d, const Expr *e) {
  return e ? expr_rebuild(d->g, e, without, d) : NULL;
}

static Node dropped_of(Dropper *d, const Node *n) {
  Node made = *n;
  Index *index = arena_array(d->arena, Index, (size_t)(n->nout + n->nred) + 1);
  const Expr **target = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  d->node = n;
  made.nout = made.nred = 0;
  for (int q = 0; q < n->nout + n->nred; q++) {
    if (is_dropped(d, n, q)) {
      made.axis -= n->kind == NODE_CARRY && q < n->axis;
      continue;
    }
    if (n->target && q < n->nout) target[made.nout] = rewritten(d, n->target[q]);
    index[made.nout + made.nred] = n->index[q];
    *(q < n->nout ? &made.nout : &made.nred) += 1;
  }
  made.index = index;
  if (n->target) made.target = target;
  if (made.nred == 0) made.reduce = REDUCE_NONE;
  made.expr = rewritten(d, n->expr);
  made.guard = rewritten(d, n->guard);
  made.base = rewritten(d, n->base);
  made.next = made.alive = NULL;
  return made;
}

static bool is_number(const Dropper *d, const Node *n) {
  bool all = n->kind == NODE_COMP;
  for (int q = 0; q < n->nout; q++) all = all && has_one_value(d, n, q);
  return all;
}

static const bool *find_results(Arena *a, const Graph *g, unsigned roles) {
  bool *is_result = arena_array(a, bool, g->count + 1);
  for (size_t k = 0; k < g->nroots; k++)
    if (root_has_role(&g->roots[k], roles)) is_result[g->roots[k].node->id] = true;
  return is_result;
}

// Results, but for those of one number; a state, what it takes and what its loop lives on have the same shape.
static const bool *find_whole(const Dropper *d, const bool *is_result) {
  const Graph *g = d->in;
  bool *whole = arena_array(d->arena, bool, g->count + 1), changed = true;
  for (size_t k = 0; k < g->count; k++) whole[k] = is_result[k] && !is_number(d, g->nodes[k]);
  while (changed) {
    changed = false;
    for (size_t k = 0; k < g->count; k++) {
      const Node *n = g->nodes[k];
      bool *of[] = {&whole[k], n->next ? &whole[n->next->id] : &whole[k], n->alive ? &whole[n->alive->id] : &whole[k]};
      const bool any = *of[0] || *of[1] || *of[2], all = *of[0] && *of[1] && *of[2];
      changed = changed || (any && !all);
      for (int j = 0; j < 3; j++) *of[j] = any;
    }
  }
  return whole;
}

// A result of one number has the axes that it had.
static const Node *shown(Dropper *d, const Node *n) {
  const Node *number = d->map[n->id];
  if (number->nout == n->nout) return number;
  const Node whole = node_whole(n, expr_read(d->g, number, NULL));
  return graph_add(d->g, &whole);
}

Graph *drop_single(Arena *a, const Graph *g, unsigned roles) {
  Dropper d = {.arena = a, .in = g, .g = graph_new(a, g->dims, g->name)};
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (n->next) ARENA_PUSH(a, d.steps, d.nsteps, d.steps_room) = n->next->index[n->axis].extent;
  }
  const bool *is_result = find_results(a, g, roles);
  d.whole = find_whole(&d, is_result);
  d.map = arena_array(a, const Node *, g->count + 1);
  const Node **result = arena_array(a, const Node *, g->count + 1);
  d.dropped = arena_array(a, uint64_t, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    d.dropped[k] = to_drop(&d, n);
    Node made = dropped_of(&d, n);
    if (is_result[k] && made.nout < n->nout) {
      made.name = arena_printf(a, "%s_0", n->name);
      made.origin = ORIGIN_PART;
    }
    d.map[k] = graph_add(d.g, &made);
  }
  graph_close_copies(g, d.map);
  for (size_t k = 0; k < g->count; k++)
    if (is_result[k]) result[k] = shown(&d, g->nodes[k]);
  graph_copy_roots(d.g, g, result, roles);
  return d.g;
}
