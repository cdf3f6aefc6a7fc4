// tape.c - chooses what crosses from forward to backward: stored, or cheap enough to compute again.
#include "schedule/tape.h"

#include "schedule/schedule.h"

enum { RECOMPUTE_OPERATIONS = 4 };

// Operations of one entry; a call of a library function is worth many.
static int work_of(const Expr *e, int limit) {
  if (e->kind == EXPR_READ) {
    int sum = 0;
    for (int k = 0; k < e->u.read.node->nout && sum <= limit; k++) sum += work_of(e->u.read.sub[k], limit);
    return sum;
  }
  if (e->kind != EXPR_PRIM) return 0;
  const PrimRow *row = &prim_table[e->u.prim.op];
  bool call = (row->c[0] >= 'a' && row->c[0] <= 'z') && row->cost > 0 && e->u.prim.op != PRIM_POWI;
  int sum = call ? limit + 1 : row->cost;
  for (int k = 0; k < e->u.prim.narg && sum <= limit; k++) sum += work_of(e->u.prim.arg[k], limit);
  return sum;
}

static bool cheap(const Node *n) {
  return n->kind == NODE_COMP && n->reduce == REDUCE_NONE &&
         work_of(n->expr, RECOMPUTE_OPERATIONS) <= RECOMPUTE_OPERATIONS;
}

// ---- what is wanted ----

typedef struct Wanted {
  bool *set; // by node id
  const Node **list;
  size_t count;
} Wanted;

static void want(Wanted *w, const Node *n) {
  if (!n || w->set[n->id]) return;
  w->set[n->id] = true;
  w->list[w->count++] = n;
}

static bool computed(const Node *n) {
  return n->kind == NODE_COMP || n->kind == NODE_SCATTER || n->kind == NODE_CARRY;
}

static void need_of_loss(const Graph *g, bool *forward) {
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_LOSS) forward[g->roots[k].node->id] = true;
  graph_mark_needed(g, forward);
}

// What backward reads of forward: a loop never runs again for it, so the state is stored whatever it costs to compute.
static void choose(Arena *a, const Graph *g, const bool *forward, bool *stored) {
  Wanted w = {.set = arena_array(a, bool, g->count), .list = arena_array(a, const Node *, g->count + 1)};
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_GRADIENT) want(&w, g->roots[k].node);
  while (w.count) {
    const Node *n = w.list[--w.count];
    if (forward[n->id] && computed(n) && !cheap(n)) {
      stored[n->id] = true;
      continue;
    }
    Reads reads = node_reads(a, g, n);
    for (size_t r = 0; r < reads.count; r++) want(&w, reads.read[r]->u.read.node);
    want(&w, n->next);
    want(&w, n->alive);
  }
}

static bool is_gradient(const Graph *g, const Node *n) {
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_GRADIENT && g->roots[k].node == n) return true;
  return false;
}

// What a stored state is made of stands there already.
static void share_states(const Graph *g, Tape *tape, const Node **in) {
  for (size_t k = 0; k < g->count; k++) {
    const Node *c = g->nodes[k];
    const Node *n = c->next;
    if (c->kind == NODE_CARRY && tape->stored[k] && tape->stored[n->id] && n->kind != NODE_CARRY && !is_gradient(g, n) &&
        !in[n->id])
      in[n->id] = c;
  }
}

Tape tape_plan(Arena *a, const Graph *g) {
  Dims *dims = g->dims;
  bool *forward = arena_array(a, bool, g->count), *stored = arena_array(a, bool, g->count);
  const Node **in = arena_array(a, const Node *, g->count);
  Tape tape = {.stored = stored,
               .in = in,
               .offset = arena_array(a, const Poly *, g->count),
               .reals = poly_int(dims, 0),
               .integers = poly_int(dims, 0)};
  need_of_loss(g, forward);
  choose(a, g, forward, stored);
  share_states(g, &tape, in);
  for (size_t k = 0; k < g->count; k++) {
    if (!stored[k] || in[k]) continue;
    const Node *n = g->nodes[k];
    const Poly **used = n->type == TYPE_REAL ? &tape.reals : &tape.integers, *size = poly_int(dims, 1);
    for (int q = 0; q < n->nout; q++) size = poly_mul(dims, size, n->index[q].extent);
    tape.offset[k] = *used;
    *used = poly_add(dims, *used, size);
  }
  return tape;
}
