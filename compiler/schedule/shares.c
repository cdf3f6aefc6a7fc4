// shares.c - see shares.h.
//
// Where the terms of several entries share a factor (a[i, r], whatever u is), each of these is a sum of its own, so that they are
// added up side by side.
#include "schedule/shares.h"

#include "graph/loops.h"
#include "schedule/internal.h"

enum {
  MOST_ENTRIES = 1024, // a tile has an array of each
  MOST_PARTS = 9       // sums side by side: that many stay in registers
};

typedef struct Sharer {
  Graph *g;
  const Node *n; // in hand
  int by;        // its index of samples
  int first;     // the first output of those whose entries are sums of their own; nout: there is none
} Sharer;

// ---- which sums ----

static bool has_few_entries(const Graph *g, const Node *n) {
  int64_t entries = 1, extent;
  for (int k = 0; k < n->nout; k++)
    if (!poly_fixed(g->dims, n->index[k].extent, &extent) || extent > MOST_ENTRIES || (entries *= extent) > MOST_ENTRIES) return false;
  return true;
}

// Which of its indices counts samples; -1: it is no such sum.
static int shared_index(const Schedule *s, const Node *n) {
  if (n->kind != NODE_COMP || n->reduce != REDUCE_SUM || n->nred < 2 || s->place[n->id].contraction) return -1;
  const NodeOrder order = node_order(s->task.graph, n, s->task.sample);
  return order.kind == ORDER_BLOCKS && has_few_entries(s->task.graph, n) ? order.index : -1;
}

static bool sums_over(const Sharer *s, const Expr *e) {
  for (int q = s->n->nout; q < s->n->nout + s->n->nred; q++)
    if (q != s->by && expr_uses_index(e, q)) return true;
  return false;
}

// Is there something that changes from term to term, but not with output q?
static bool shares_factor(const Sharer *s, int q) {
  Arena *scratch = arena_new();
  size_t count;
  bool any = false;
  const Expr **part = expr_parts(scratch, s->n->expr, &count);
  for (size_t k = 0; k < count; k++) any = any || (part[k]->kind == EXPR_READ && sums_over(s, part[k]) && !expr_uses_index(part[k], q));
  arena_free(scratch);
  return any;
}

static int64_t extent_of(const Sharer *s, int q) {
  int64_t extent = 0;
  poly_fixed(s->g->dims, s->n->index[q].extent, &extent);
  return extent;
}

static int first_of_parts(const Sharer *s) {
  int64_t parts = 1;
  int q = s->n->nout;
  while (q > 0 && extent_of(s, q - 1) > 0 && (parts *= extent_of(s, q - 1)) <= MOST_PARTS && shares_factor(s, q - 1)) q--;
  return q;
}

// ---- what stands for them ----

static const Node *add(Sharer *s, Node n, const char *name, NodeOrigin origin) {
  n.name = name;
  n.origin = origin;
  return graph_add(s->g, &n);
}

// What a sample adds to the entries that `value` names by their last indices: its own index first.
static const Node *share_of(Sharer *s, const int64_t *value, const char *name) {
  const Node *n = s->n;
  const int total = n->nout + n->nred;
  Index *index = arena_array(s->g->arena, Index, (size_t)total);
  const Expr **sub = arena_array(s->g->arena, const Expr *, (size_t)total);
  int count = 0;
  index[count] = n->index[s->by];
  sub[s->by] = expr_index(s->g, count++);
  for (int q = 0; q < total; q++) {
    if (q == s->by) continue;
    const bool named = q >= s->first && q < n->nout;
    if (!named) index[count] = n->index[q];
    sub[q] = named ? expr_int(s->g, value[q]) : expr_index(s->g, count++);
  }
  Node share = *n;
  share.nout = s->first + 1;
  share.nred = n->nred - 1;
  share.index = index;
  share.expr = expr_substitute(s->g, n->expr, sub, total, NULL);
  share.guard = n->guard ? expr_substitute(s->g, n->guard, sub, total, NULL) : NULL;
  return add(s, share, arena_printf(s->g->arena, "%s_share", name), ORIGIN_SHARE);
}

// All that samples add to them.
static Node sum_of(Sharer *s, const Node *share) {
  Index *index = arena_array(s->g->arena, Index, (size_t)s->first + 1);
  const Expr **sub = arena_array(s->g->arena, const Expr *, (size_t)s->first + 1);
  for (int k = 0; k < s->first; k++) {
    index[k] = s->n->index[k];
    sub[k + 1] = expr_index(s->g, k);
  }
  index[s->first] = s->n->index[s->by];
  sub[0] = expr_index(s->g, s->first);
  Node sum = *s->n;
  sum.nout = s->first;
  sum.nred = 1;
  sum.index = index;
  sum.guard = NULL;
  sum.expr = expr_read(s->g, share, sub);
  return sum;
}

// The entries from output q on, whose values are known before it.
static const Expr *entries(Sharer *s, int q, int64_t *value, const char *name) {
  if (q == s->n->nout) {
    const Expr **sub = arena_array(s->g->arena, const Expr *, (size_t)s->first + 1);
    for (int k = 0; k < s->first; k++) sub[k] = expr_index(s->g, k);
    return expr_read(s->g, add(s, sum_of(s, share_of(s, value, name)), name, ORIGIN_PART), sub);
  }
  const Expr *entry[MOST_PARTS];
  int64_t v = 0;
  for (; v < extent_of(s, q); v++) {
    value[q] = v;
    entry[v] = entries(s, q + 1, value, arena_printf(s->g->arena, "%s_%d", name, (int)v));
  }
  const Expr *all = entry[--v];
  while (v-- > 0) all = expr_select(s->g, expr_prim2(s->g, PRIM_EQ, expr_index(s->g, q), expr_int(s->g, v)), entry[v], all);
  return all;
}

static Node summed_shares(Sharer *s) {
  s->first = first_of_parts(s);
  if (s->first == s->n->nout) return sum_of(s, share_of(s, NULL, s->n->name));
  int64_t value[INDEX_MAX];
  Node whole = *s->n;
  whole.nred = 0;
  whole.reduce = REDUCE_NONE;
  whole.guard = NULL;
  whole.origin = ORIGIN_WHOLE;
  whole.expr = entries(s, s->first, value, s->n->name);
  return whole;
}

Graph *name_shares(Arena *a, const Graph *g, const Poly *sample) {
  const LoopTree *loops = sample ? graph_loops(a, g, NULL) : NULL;
  if (!loops) return NULL;
  // Which sums are products that kernels compute is asked as every schedule of the graph does.
  Schedule s = {.arena = a, .task = {.graph = g, .sample = sample}, .place = arena_array(a, Place, g->count)};
  for (size_t k = 0; k < g->count; k++) s.place[k].needed = true;
  s.pool = graph_new(a, g->dims, g->name);
  find_contractions(&s);
  Graph *out = graph_new(a, g->dims, g->name);
  const Node **map = arena_array(a, const Node *, g->count);
  bool any = false;
  for (size_t k = 0; k < g->count; k++) {
    Node n = graph_translated(out, g->nodes[k], map);
    const int by = loops->inside[k] ? -1 : shared_index(&s, g->nodes[k]);
    const Node sum = n;
    if (by >= 0) n = summed_shares(&(Sharer){out, &sum, by, 0});
    any = any || by >= 0;
    map[k] = graph_add(out, &n);
  }
  if (!any) return NULL;
  graph_close_copies(g, map);
  graph_copy_roots(out, g, map, ALL_ROLES);
  return out;
}
