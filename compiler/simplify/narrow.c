// narrow.c - arrays that are read only on a diagonal, T[i, i], or only at T[i, f(i)], lose an index.
//
// Derivatives by every entry of a parameter have the indices of a seed in front; where what is asked for is a diagonal, or
// an entry depends on one other entry alone, all but that diagonal is never read.  Nodes are looked at last first, so that
// what an index loses goes through a whole chain of nodes at once: a reader that is narrowed reads less itself.
#include "graph/loops.h"
#include "simplify/internal.h"

enum { READS_MAX = 64 }; // a node that is read at more places is left as it is

typedef struct NodeReads {
  const Expr *const **sub; // of each read
  size_t count, room;
  bool many;
} NodeReads;

typedef struct Narrower {
  Arena *arena;
  Graph *scratch; // a pool for expressions
  const Graph *in;
  NodeReads *reads;   // by id
  const Expr **known; // while a reader is looked at: what stands for its indices, or null
  int nknown;
} Narrower;

// ---- reads ----

static void add_read(void *context, const Expr *e) {
  Narrower *w = context;
  const Node *n = e->u.read.node;
  NodeReads *r = &w->reads[n->id];
  if (n->nout < 2 || r->many) return;
  r->many = r->count == READS_MAX;
  const Expr **sub = arena_array(w->arena, const Expr *, (size_t)n->nout);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_substitute(w->scratch, e->u.read.sub[k], w->known, w->nknown, NULL);
  ARENA_PUSH(w->arena, r->sub, r->count, r->room) = sub;
}

// Under `guard`, q is what it is said to equal: the later index becomes the earlier one.
static void learn(Narrower *w, const Expr *guard) {
  if (is_prim(guard, PRIM_AND)) {
    learn(w, guard->u.prim.arg[0]);
    learn(w, guard->u.prim.arg[1]);
  }
  if (!is_prim(guard, PRIM_EQ)) return;
  const Expr *x = guard->u.prim.arg[0], *y = guard->u.prim.arg[1];
  if (x->kind == EXPR_INDEX && y->kind == EXPR_INDEX && x->u.index > y->u.index) {
    const Expr *swap = x;
    x = y;
    y = swap;
  }
  if (y->kind != EXPR_INDEX || y->u.index >= w->nknown || w->known[y->u.index]) return;
  x = expr_substitute(w->scratch, x, w->known, w->nknown, NULL);
  if (!expr_uses_index(x, y->u.index)) w->known[y->u.index] = x;
}

static void gather_reads(Narrower *w, const Node *n, const Narrowing *own) {
  const int nv = n->nout + n->nred;
  const Expr **known = arena_array(w->arena, const Expr *, (size_t)nv + 1);
  w->known = known;
  w->nknown = nv;
  if (own->by) known[own->drop] = own->by;
  if (n->guard) expr_each_read(w->in, n->guard, add_read, w);
  if (n->base) expr_each_read(w->in, n->base, add_read, w);
  // Where the guard holds, and nowhere else, the rest is read.
  if (n->guard && n->kind == NODE_COMP) learn(w, n->guard);
  if (n->expr) expr_each_read(w->in, n->expr, add_read, w);
  for (int k = 0; n->target && k < n->nout; k++) expr_each_read(w->in, n->target[k], add_read, w);
}

// ---- what one subscript is of the others ----

// Reads in `by` are made also where the node itself was not read, and for it: they must stay inside, and come before it.
static bool is_safe(Narrower *w, const Node *n, const Expr *by) {
  size_t count;
  const Expr **part = expr_parts(w->arena, by, &count);
  for (size_t k = 0; k < count; k++) {
    if (part[k]->kind != EXPR_READ) continue;
    const Node *read = part[k]->u.read.node;
    if (read->kind != NODE_DATA || read->id > n->id) return false;
    for (int q = 0; q < read->nout; q++) {
      const Expr *sub = part[k]->u.read.sub[q];
      if (sub->kind != EXPR_INDEX || n->index[sub->u.index].extent != read->index[q].extent) return false;
    }
  }
  return true;
}

// Subscript b of one read by the node's other indices; null where it is not said by them.
static const Expr *by_others(Narrower *w, const Node *n, const Expr *const *sub, int b) {
  for (int a = 0; a < n->nout; a++)
    if (a != b && sub[a] == sub[b] && (a < b || sub[a]->kind != EXPR_INDEX)) return expr_index(w->scratch, a);
  const Expr *named[INDEX_MAX] = {NULL};
  uint64_t have = 0;
  for (int a = 0; a < n->nout; a++) {
    if (a == b || sub[a]->kind != EXPR_INDEX || sub[a]->u.index >= INDEX_MAX || named[sub[a]->u.index]) continue;
    named[sub[a]->u.index] = expr_index(w->scratch, a);
    have |= (uint64_t)1 << sub[a]->u.index;
  }
  if (sub[b]->kind == EXPR_INDEX || sub[b]->kind == EXPR_POLY || (sub[b]->indices & ~have)) return NULL;
  return expr_substitute(w->scratch, sub[b], named, INDEX_MAX, NULL);
}

static Narrowing narrowing_of(Narrower *w, const Node *n) {
  const NodeReads *r = &w->reads[n->id];
  Narrowing none = {.by = NULL};
  if (r->count == 0 || r->many) return none;
  for (int b = n->nout; b-- > 0;) {
    const Expr *by = by_others(w, n, r->sub[0], b);
    bool all = by && !expr_uses_index(by, b) && is_safe(w, n, by);
    for (size_t k = 1; k < r->count && all; k++)
      all = expr_substitute(w->scratch, by, r->sub[k], n->nout, NULL) == r->sub[k][b];
    if (all) return (Narrowing){b, by};
  }
  return none;
}

// ---- the whole graph ----

// A loop's index and its state's shape are the loop's.
static bool *in_loops(Arena *a, const Graph *g) {
  bool *inside = arena_array(a, bool, g->count + 1), any = false;
  for (size_t k = 0; k < g->count; k++) any = any || g->nodes[k]->kind == NODE_CARRY;
  if (!any) return inside;
  const LoopTree *tree = graph_loops(a, g, NULL);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    inside[k] = inside[k] || !tree || tree->inside[k];
    if (n->next) inside[n->next->id] = true;
    if (n->alive) inside[n->alive->id] = true;
  }
  return inside;
}

const Narrowing *simplify_narrowings(Arena *a, const Graph *g, const bool *live, const bool *is_root) {
  Narrower w = {.arena = a, .in = g, .scratch = graph_new(a, g->dims, g->name)};
  Narrowing *result = arena_array(a, Narrowing, g->count + 1);
  const bool *fixed = in_loops(a, g);
  w.reads = arena_array(a, NodeReads, g->count + 1);
  for (size_t k = g->count; k-- > 0;) {
    const Node *n = g->nodes[k];
    if (!live[k]) continue;
    const bool computed = n->kind == NODE_COMP || (n->kind == NODE_SCATTER && !n->base);
    if (computed && !is_root[k] && !fixed[k]) result[k] = narrowing_of(&w, n);
    gather_reads(&w, n, &result[k]);
  }
  return result;
}

static const Expr *and_of(Graph *g, const Expr *a, const Expr *b) {
  return !a ? b : expr_prim2(g, PRIM_AND, a, b);
}

static const Expr *substituted(Simplifier *s, const Expr *e, const Expr *const *sub, int n) {
  return e ? expr_substitute(s->g, e, sub, n, NULL) : NULL;
}

// A scatter adds what goes to the diagonal, and nothing else.
static void narrow_targets(Simplifier *s, Node *m, const Node *n, const Narrowing *narrowing, const Expr *const *sub) {
  Graph *g = s->g;
  const Expr **target = arena_array(s->arena, const Expr *, (size_t)n->nout);
  const Expr **left = arena_array(s->arena, const Expr *, (size_t)n->nout);
  for (int k = 0, to = 0; k < n->nout; k++) {
    target[k] = substituted(s, n->target[k], sub, n->nout + n->nred);
    if (k != narrowing->drop) left[to++] = target[k];
  }
  const Expr *by = expr_substitute(g, narrowing->by, target, n->nout, s->map);
  m->guard = and_of(g, m->guard, expr_prim2(g, PRIM_EQ, target[narrowing->drop], by));
  m->target = left;
}

Node simplify_narrowed(Simplifier *s, const Node *n, const Narrowing *narrowing) {
  Graph *g = s->g;
  const int nv = n->nout + n->nred, b = narrowing->drop;
  const Expr **sub = arena_array(s->arena, const Expr *, (size_t)nv + 1);
  Index *index = arena_array(s->arena, Index, (size_t)nv + 1);
  for (int k = 0, to = 0; k < nv; k++)
    if (k != b) {
      index[to] = n->index[k];
      sub[k] = expr_index(g, to++);
    }
  sub[b] = expr_substitute(g, narrowing->by, sub, nv, s->map);
  Node m = *n;
  m.index = index;
  m.nout--;
  m.expr = substituted(s, n->expr, sub, nv);
  m.guard = substituted(s, n->guard, sub, nv);
  if (n->kind == NODE_SCATTER) {
    narrow_targets(s, &m, n, narrowing, sub);
    return m;
  }
  if (sub[b]->kind == EXPR_INDEX && index[sub[b]->u.index].extent == n->index[b].extent) return m;
  const Expr *within = expr_prim2(g, PRIM_AND, expr_prim2(g, PRIM_GE, sub[b], expr_int(g, 0)),
                                  expr_prim2(g, PRIM_LT, sub[b], expr_poly(g, n->index[b].extent)));
  m.guard = m.guard ? expr_prim2(g, PRIM_AND, within, m.guard) : within;
  return m;
}
