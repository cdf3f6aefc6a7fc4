// simplify.c - rounds over the whole graph until nothing changes: each node is rewritten, views are read through, nodes
// that are alike become one, dead ones are left behind.
//
// Requires a graph that is not to be derived any more: an author's own derivatives are dropped.  Switched off, results
// have the same bits (see algebra.c for what that means), but for sums that are solved for an index: their remaining
// terms may be grouped otherwise, and an only term may keep its -0.
#include "graph/loops.h"
#include "simplify/internal.h"

enum { ROUNDS_MAX = 32 }; // far more than a graph needs; a bound so that two rules can never chase each other for ever

typedef struct Round {
  Simplifier s;
  const Graph *in;
  const bool *live;           // by id in `in`
  bool *is_root;              // by id in `in`
  bool *root_out;             // by id in the new graph
  const char **name;          // by id in the new graph: a better name for the next round, or null
  const Narrowing *narrowing; // by id in `in`
  const Node **narrowed;      // by id in `in`: the node without the index, or null
  const Node **table;         // nodes by content
  size_t slots;
} Round;

// ---- nodes that are alike ----

static uint64_t mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9E3779B97F4A7C15u;
  return h ^ h >> 29;
}

static uint64_t node_hash(const Node *n) {
  uint64_t h = mix(mix(mix(7, (uint64_t)n->kind), (uint64_t)n->reduce), (uint64_t)(n->nout * 64 + n->nred));
  for (int k = 0; k < n->nout + n->nred; k++) h = mix(h, (uint64_t)(uintptr_t)n->index[k].extent);
  h = mix(mix(h, n->expr->id), n->guard ? n->guard->id + 1u : 0);
  for (int k = 0; n->target && k < n->nout; k++) h = mix(h, n->target[k]->id);
  return mix(h, n->base ? n->base->id + 1u : 0);
}

static bool node_same(const Node *a, const Node *b) {
  if (a->kind != b->kind || a->type != b->type || a->reduce != b->reduce || a->nout != b->nout || a->nred != b->nred ||
      a->expr != b->expr || a->guard != b->guard || a->base != b->base || a->assign != b->assign ||
      !a->target != !b->target)
    return false;
  for (int k = 0; k < a->nout + a->nred; k++)
    if (a->index[k].extent != b->index[k].extent) return false;
  for (int k = 0; a->target && k < a->nout; k++)
    if (a->target[k] != b->target[k]) return false;
  return true;
}

// The slot of a node like n, or the free one where n belongs.
static const Node **find_alike(Round *r, const Node *n) {
  size_t at = node_hash(n) & (r->slots - 1);
  while (r->table[at] && !node_same(r->table[at], n)) at = (at + 1) & (r->slots - 1);
  return &r->table[at];
}

// ---- one round ----

// A version of an array that is updated in place: a scatter over a base, or the state of the loop that such ones are in.
static bool is_version(const Node *n) {
  enum { LINKS_MAX = 100 };
  for (int k = 0; k < LINKS_MAX && n; k++) {
    if (n->kind == NODE_SCATTER) return n->base != NULL;
    if (n->kind == NODE_CARRY)
      n = n->next;
    else
      n = n->kind == NODE_COMP && n->expr->kind == EXPR_READ ? n->expr->u.read.node : NULL;
  }
  return false;
}

// Entries that a loop picks from an array in place are gone after the step: they must not be read later instead.  Not so
// the whole array, each index in its place.
static bool picks_from_version(const Node *n) {
  if (n->expr->kind != EXPR_READ || !is_version(n->expr->u.read.node)) return false;
  const Node *v = n->expr->u.read.node;
  int next = 0;
  for (int k = 0; k < v->nout; k++) {
    const Expr *sub = n->expr->u.read.sub[k];
    const bool axis = v->kind == NODE_CARRY && k == v->axis;
    if (axis && !sub->indices) continue; // the last state
    const int index = axis ? loop_step_of(sub, v->reverse) : loop_step_of(sub, false);
    if (index != next++) return true;
  }
  return next != n->nout;
}

// Nothing but another name for an entry or a constant.
static bool is_view(const Node *from, const Node *n) {
  return n->kind == NODE_COMP && n->reduce == REDUCE_NONE && !n->guard && n->expr->kind != EXPR_PRIM &&
         !picks_from_version(from);
}

static const Expr *read_own(Simplifier *s, const Node *n) {
  const Expr **sub = arena_array(s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(s->g, k);
  return expr_read(s->g, n, sub);
}

static void append(Round *r, const Node *from, const Node *n) {
  const Node *added = graph_add(r->s.g, n);
  r->s.map[from->id] = added;
  r->root_out[added->id] = r->is_root[from->id];
}

// A result has a node of its own, so a root that equals an earlier one reads it; otherwise the name that somebody asked
// for wins.
static void merge(Round *r, const Node *from, Node *n, const Node *kept) {
  Simplifier *s = &r->s;
  s->changed = true;
  if (r->is_root[from->id] && r->root_out[kept->id]) {
    *n = (Node){.kind = NODE_COMP,
                .name = n->name,
                .note = n->note,
                .span = n->span,
                .type = n->type,
                .nout = n->nout,
                .index = n->index,
                .expr = read_own(s, kept)};
    append(r, from, n);
    return;
  }
  if (r->is_root[from->id]) {
    r->root_out[kept->id] = true;
    r->name[kept->id] = arena_strdup(s->arena, n->name);
  }
  s->map[from->id] = kept;
}

// The computed node that a view shows entry for entry; null: none.
static const Node *identity_of(const Node *view) {
  if (view->expr->kind != EXPR_READ) return NULL;
  const Node *n = view->expr->u.read.node;
  if (!n->expr || n->nout != view->nout) return NULL;
  for (int k = 0; k < n->nout; k++) {
    const Expr *sub = view->expr->u.read.sub[k];
    if (sub->kind != EXPR_INDEX || sub->u.index != k || n->index[k].extent != view->index[k].extent) return NULL;
  }
  return n;
}

// What reads n reads `narrowed` instead, which is n without index `drop`; the node itself is left behind.
static const Node *replace(Round *r, const Node *from, const Node *n, const Node *narrowed, int drop) {
  Simplifier *s = &r->s;
  const Expr **sub = arena_array(s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0, to = 0; k < n->nout; k++)
    if (k != drop) sub[to++] = expr_index(s->g, k);
  append(r, from, n);
  const Node *added = graph_add(s->g, narrowed);
  r->name[added->id] = arena_strdup(s->arena, from->name);
  s->view[from->id] = expr_read(s->g, added, sub);
  s->narrow[from->id] = true;
  s->changed = true;
  return added;
}

// The node without an index that its readers don't need.
static void narrow(Round *r, const Node *from, const Node *n) {
  const Narrowing *narrowing = &r->narrowing[from->id];
  const Node narrowed = simplify_narrowed(&r->s, n, narrowing);
  r->narrowed[from->id] = replace(r, from, n, &narrowed, narrowing->drop);
}

// A state that every step leaves as it is.
static bool is_settled(const Node *c) {
  if (c->kind != NODE_CARRY) return false;
  const Node *n = c->next;
  if (n->kind != NODE_COMP || n->reduce != REDUCE_NONE || n->guard || n->nout != c->nout) return false;
  if (n->expr->kind != EXPR_READ || n->expr->u.read.node->id != c->id) return false;
  for (int k = 0; k < c->nout; k++)
    if (loop_step_of(n->expr->u.read.sub[k], k == c->axis && c->reverse) != k) return false;
  return true;
}

// Such a state is its start, at every step.
static void settle(Round *r, const Node *from, Node n) {
  Simplifier *s = &r->s;
  n.kind = NODE_COMP;
  Node start = simplify_narrowed(s, &n, &(Narrowing){n.axis, expr_int(s->g, 0)});
  start.guard = NULL; // the step has no condition, so there is a state 0 wherever the loop is
  replace(r, from, &n, &start, n.axis);
}

static void visit(Round *r, const Node *from) {
  Simplifier *s = &r->s;
  if (!from->expr) {
    append(r, from, from);
    return;
  }
  Node n = simplify_node(s, from);
  if (is_settled(from)) {
    settle(r, from, n);
    return;
  }
  if (r->narrowing[from->id].by && n.kind == from->kind && n.nout == from->nout && !is_view(from, &n)) {
    narrow(r, from, &n);
    return;
  }
  if (is_view(from, &n)) {
    s->view[from->id] = n.expr;
    const Node *same = r->is_root[from->id] ? identity_of(&n) : NULL;
    if (same && !r->root_out[same->id])
      merge(r, from, &n, same);
    else
      append(r, from, &n);
    return;
  }
  // What a carry takes is not known yet, so no two are alike.
  const Node **slot = n.kind == NODE_CARRY ? NULL : find_alike(r, &n);
  if (!slot) {
    append(r, from, &n);
  } else if (*slot) {
    merge(r, from, &n, *slot);
  } else {
    append(r, from, &n);
    *slot = s->map[from->id];
  }
}

// n, which turned out to be a view or another node, without that index.
static const Node *shown_narrowed(Round *r, const Node *n, const Narrowing *narrowing) {
  const Node shown = {.kind = NODE_COMP,
                      .name = n->name,
                      .span = n->span,
                      .type = n->type,
                      .nout = n->nout,
                      .index = n->index,
                      .expr = read_own(&r->s, n)};
  const Node narrowed = simplify_narrowed(&r->s, &shown, narrowing);
  return graph_add(r->s.g, &narrowed);
}

// A state without an index takes what it took without that index, too.
static void close_narrowed(Round *r) {
  for (size_t k = 0; k < r->in->count; k++) {
    const Node *c = r->in->nodes[k], *next = c->next ? r->narrowed[c->next->id] : NULL;
    if (c->kind != NODE_CARRY || !r->narrowed[k]) continue;
    if (!next) next = shown_narrowed(r, r->s.map[c->next->id], &r->narrowing[k]);
    graph_close(r->narrowed[k], next, c->alive ? r->s.map[c->alive->id] : NULL);
  }
}

// A loop whose condition is always true lives on none.
static void drop_conditions(Graph *g) {
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k], *alive = n->alive;
    if (alive && !alive->guard && alive->expr->kind == EXPR_BOOL && alive->expr->u.boolean) graph_close(n, n->next, NULL);
  }
}

// The next graph; sets *changed, and *name for it.
static const Graph *one_round(Arena *a, const Graph *in, unsigned roles, const char ***name, bool *changed) {
  Round r = {.in = in, .live = simplify_live(a, in, roles)};
  size_t count = in->count + 1, exprs = (size_t)graph_expr_count(in) + 1;
  r.s = (Simplifier){.arena = a,
                     .g = graph_new(a, in->dims, in->name),
                     .map = arena_array(a, const Node *, count),
                     .view = arena_array(a, const Expr *, count),
                     .narrow = arena_array(a, bool, count),
                     .memo = arena_array(a, const Expr *, exprs),
                     .stamp = arena_array(a, uint32_t, exprs)};
  r.is_root = arena_array(a, bool, count);
  // A narrowed node stands beside what it replaces.
  r.root_out = arena_array(a, bool, 2 * count);
  r.name = arena_array(a, const char *, 2 * count);
  for (r.slots = 16; r.slots < 2 * count;) r.slots *= 2;
  r.table = arena_array(a, const Node *, r.slots);

  for (size_t k = 0; k < in->nroots; k++)
    if (root_has_role(&in->roots[k], roles)) r.is_root[in->roots[k].node->id] = true;
  r.narrowing = simplify_narrowings(a, in, r.live, r.is_root);
  r.narrowed = arena_array(a, const Node *, count);
  for (size_t k = 0; k < in->count && !r.s.loops; k++)
    if (in->nodes[k]->kind == NODE_CARRY) r.s.loops = graph_loops(a, in, NULL);
  for (size_t k = 0; k < in->count; k++) {
    if (!r.live[k]) {
      r.s.changed = true;
      continue;
    }
    Node from = *in->nodes[k];
    if (*name && (*name)[k]) from.name = (*name)[k];
    visit(&r, &from);
  }
  graph_close_copies(in, r.s.map);
  close_narrowed(&r);
  drop_conditions(r.s.g);
  graph_copy_roots(r.s.g, in, r.s.map, roles);
  *name = r.name;
  *changed = r.s.changed;
  return r.s.g;
}

Graph *simplify(Arena *a, const Graph *g, unsigned roles) {
  const char **name = NULL;
  bool changed = true;
  Arena *round[2] = {arena_new(), arena_new()}; // each reads what the one before made
  for (int k = 0; k < ROUNDS_MAX && changed; k++) {
    arena_clear(round[k % 2]);
    g = one_round(round[k % 2], g, roles, &name, &changed);
  }
  Graph *made = prune(a, g, roles);
  for (int k = 0; k < 2; k++) arena_free(round[k]);
  return made;
}
