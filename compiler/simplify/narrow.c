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
  const LoopTree *loops; // null: none
  const bool *fixed;     // by id: loses no index
  const Node **taker;    // by id: the carry that takes the node, or null
  Narrowing *state;      // by id of a carry: what is supposed
  NodeReads *reads;      // by id
  const Expr **known;    // while a reader is looked at: what stands for its indices, or null
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
  if (expr_is_prim(guard, PRIM_AND)) {
    learn(w, guard->u.prim.arg[0]);
    learn(w, guard->u.prim.arg[1]);
  }
  if (!expr_is_prim(guard, PRIM_EQ)) return;
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

// Of a scatter that is narrowed, only what goes to the entries that are left.
static void learn_target(Narrower *w, const Node *n, const Narrowing *own) {
  const Expr **target = arena_array(w->arena, const Expr *, (size_t)n->nout);
  for (int k = 0; k < n->nout; k++) target[k] = expr_substitute(w->scratch, n->target[k], NULL, 0, NULL);
  const Expr *to = target[own->drop], *by = expr_substitute(w->scratch, own->by, target, n->nout, NULL);
  if (to->kind == EXPR_INDEX && !expr_uses_index(by, to->u.index)) w->known[to->u.index] = by;
}

static void gather_reads(Narrower *w, const Node *n, const Narrowing *own) {
  const int nv = n->nout + n->nred;
  const Expr **known = arena_array(w->arena, const Expr *, (size_t)nv + 1);
  w->known = known;
  w->nknown = nv;
  if (own->by) known[own->drop] = own->by;
  if (n->base) expr_each_read(w->in, n->base, add_read, w);
  if (n->target && own->by) learn_target(w, n, own);
  if (n->guard) expr_each_read(w->in, n->guard, add_read, w);
  // Where the guard holds, and nowhere else, the rest is read.
  if (n->guard && n->kind == NODE_COMP) learn(w, n->guard);
  if (n->expr) expr_each_read(w->in, n->expr, add_read, w);
  for (int k = 0; n->target && k < n->nout; k++) expr_each_read(w->in, n->target[k], add_read, w);
}

// ---- what one subscript is of the others ----

// Reads in `by` are made also where the node itself was not read, and for it: they must come before it, and stay inside as
// simplify_narrowed sees to.
static bool is_safe(Narrower *w, const Node *n, const Expr *by) {
  size_t count;
  const Expr **part = expr_parts(w->arena, by, &count);
  for (size_t k = 0; k < count; k++) {
    if (part[k]->kind != EXPR_READ) continue;
    const Node *read = part[k]->u.read.node;
    if (read->kind != NODE_DATA || read->id > n->id) return false;
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

// Is index b of n the step of a loop that n runs in?
static bool is_step(const Narrower *w, const Node *n, int b) {
  for (const GraphLoop *l = w->loops ? w->loops->inside[n->id] : NULL; l; l = l->parent)
    if (w->loops->position[l->id][n->id] == b) return true;
  return false;
}

// What a read of n makes of index b; by null: nothing.
static Narrowing narrowing_by(Narrower *w, const Node *n, const Expr *const *sub, int b) {
  const Expr *by = is_step(w, n, b) ? NULL : by_others(w, n, sub, b);
  if (by && (expr_uses_index(by, b) || !is_safe(w, n, by))) by = NULL;
  return (Narrowing){b, by};
}

static bool all_reads_agree(Narrower *w, const Node *n, const Narrowing *narrowing) {
  const NodeReads *r = &w->reads[n->id];
  bool all = !r->many;
  for (size_t k = 0; k < r->count && all; k++)
    all = expr_substitute(w->scratch, narrowing->by, r->sub[k], n->nout, NULL) == r->sub[k][narrowing->drop];
  return all;
}

static Narrowing narrowing_of(Narrower *w, const Node *n) {
  const NodeReads *r = &w->reads[n->id];
  for (int b = n->nout; b-- > 0 && r->count > 0;) {
    const Narrowing one = narrowing_by(w, n, r->sub[0], b);
    if (one.by && all_reads_agree(w, n, &one)) return one;
  }
  return (Narrowing){.by = NULL};
}

// ---- the states of loops ----

// What some read would make of the state, and of what it takes.
static Narrowing supposed(Narrower *w, const Node *c) {
  const NodeReads *r = &w->reads[c->id];
  for (int b = c->nout; b-- > 0;)
    for (size_t k = 0; k < r->count; k++) {
      const Narrowing one = narrowing_by(w, c, r->sub[k], b);
      const bool lives = c->alive && b < c->axis; // over that index, too
      if (one.by && !lives && !expr_uses_index(one.by, c->axis)) return one;
    }
  return (Narrowing){.by = NULL};
}

// Supposes what can be of all states; false: nothing.
static bool suppose(Narrower *w, const bool *live) {
  bool any = false;
  for (size_t k = 0; k < w->in->count; k++) {
    const Node *c = w->in->nodes[k];
    if (!live[k] || c->kind != NODE_CARRY || c->type != TYPE_REAL || w->fixed[k] || w->taker[c->next->id] != c) continue;
    w->state[k] = supposed(w, c);
    any = any || w->state[k].by;
  }
  return any;
}

// ---- the whole graph ----

// Roots, what loops live on, and what two states take.
static const bool *find_fixed(Narrower *w, const bool *is_root) {
  bool *fixed = arena_array(w->arena, bool, w->in->count + 1), any = false;
  for (size_t k = 0; k < w->in->count; k++) {
    const Node *n = w->in->nodes[k];
    fixed[k] = fixed[k] || is_root[k];
    if (n->alive) fixed[n->alive->id] = true;
    if (!n->next) continue;
    any = true;
    if (w->taker[n->next->id]) fixed[n->next->id] = true;
    w->taker[n->next->id] = n;
  }
  w->loops = any ? graph_loops(w->arena, w->in, NULL) : NULL;
  for (size_t k = 0; k < w->in->count; k++) {
    const Node *n = w->in->nodes[k];
    fixed[k] = fixed[k] || (any && !w->loops) || !n->expr || (n->base && n->type != TYPE_REAL) ||
               (n->next && fixed[n->next->id]);
  }
  return fixed;
}

// All nodes, last first; false where a state cannot be what was supposed.
static bool find_narrowings(Narrower *w, const bool *live, Narrowing *result) {
  bool holds = true;
  w->reads = arena_array(w->arena, NodeReads, w->in->count + 1);
  for (size_t k = w->in->count; k-- > 0;) {
    const Node *n = w->in->nodes[k], *c = n->kind == NODE_CARRY ? n : w->taker[k];
    if (!live[k]) continue;
    result[k] = (Narrowing){.by = NULL};
    if (c) {
      result[k] = w->state[c->id];
      if (result[k].by && !all_reads_agree(w, n, &result[k])) {
        w->state[c->id].by = NULL;
        holds = false;
      }
    } else if (!w->fixed[k]) {
      result[k] = narrowing_of(w, n);
    }
    gather_reads(w, n, &result[k]);
  }
  return holds;
}

const Narrowing *simplify_narrowings(Arena *a, const Graph *g, const bool *live, const bool *is_root) {
  Narrower w = {.arena = a, .in = g, .scratch = graph_new(a, g->dims, g->name)};
  Narrowing *result = arena_array(a, Narrowing, g->count + 1);
  w.taker = arena_array(a, const Node *, g->count + 1);
  w.state = arena_array(a, Narrowing, g->count + 1);
  w.fixed = find_fixed(&w, is_root);
  find_narrowings(&w, live, result);
  if (suppose(&w, live))
    while (!find_narrowings(&w, live, result)) continue;
  return result;
}

static const Expr *and_of(Graph *g, const Expr *a, const Expr *b) {
  return !a ? b : !b ? a : expr_prim2(g, PRIM_AND, a, b);
}

static const Expr *substituted(Simplifier *s, const Expr *e, const Expr *const *sub, int n) {
  return e ? expr_substitute(s->g, e, sub, n, NULL) : NULL;
}

// condition and 0 <= sub and sub < extent; as it is where sub is an index that runs so far.
static const Expr *and_within(Graph *g, const Expr *condition, const Expr *sub, const Index *index, const Poly *extent) {
  if (sub->kind == EXPR_INDEX && index[sub->u.index].extent == extent) return condition;
  condition = and_of(g, condition, expr_prim2(g, PRIM_GE, sub, expr_int(g, 0)));
  return and_of(g, condition, expr_prim2(g, PRIM_LT, sub, expr_poly(g, extent)));
}

// What must hold for `by` to be computed, the inner reads first; null: nothing.
static const Expr *readable(Simplifier *s, const Expr *by, const Index *index) {
  const Expr *condition = NULL;
  size_t count;
  const Expr **part = expr_parts(s->arena, by, &count);
  for (size_t k = 0; k < count; k++)
    for (int q = 0; part[k]->kind == EXPR_READ && q < part[k]->u.read.node->nout; q++)
      condition = and_within(s->g, condition, part[k]->u.read.sub[q], index, part[k]->u.read.node->index[q].extent);
  return condition;
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
  m->guard = and_of(g, m->guard, readable(s, by, m->index));
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
  if (n->kind == NODE_CARRY && b < n->axis) m.axis--;
  m.expr = substituted(s, n->expr, sub, nv);
  m.guard = substituted(s, n->guard, sub, nv);
  m.base = substituted(s, n->base, sub, nv);
  const Expr *within = and_within(g, readable(s, sub[b], index), sub[b], index, n->index[b].extent);
  if (m.base && within && expr_uses_index(n->base, b)) m.base = expr_select(g, within, m.base, expr_real(g, 0));
  if (n->kind == NODE_SCATTER)
    narrow_targets(s, &m, n, narrowing, sub);
  else if (within && n->kind == NODE_CARRY)
    m.expr = expr_select(g, within, m.expr, expr_real(g, 0));
  else if (within)
    m.guard = and_of(g, within, m.guard);
  return m;
}
