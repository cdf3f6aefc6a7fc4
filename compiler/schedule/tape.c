// tape.c - chooses what crosses from forward to backward: stored, or cheap enough to compute again.
#include "schedule/tape.h"

#include "graph/loops.h"
#include "schedule/cut.h"
#include "schedule/schedule.h"

enum { RECOMPUTE_OPERATIONS = 4 };

// Operations of one entry of n; a call of a library function is worth many.  What is the same for all entries is computed once.
static int work_of(const Node *n, const Expr *e, int limit) {
  if (n->nout && !e->indices) return 0;
  if (e->kind == EXPR_READ) {
    int sum = 0;
    for (int k = 0; k < e->u.read.node->nout && sum <= limit; k++) sum += work_of(n, e->u.read.sub[k], limit);
    return sum;
  }
  if (e->kind != EXPR_PRIM) return 0;
  const PrimRow *row = &prim_table[e->u.prim.op];
  int sum = prim_calls(e->u.prim.op) ? limit + 1 : row->cost;
  for (int k = 0; k < e->u.prim.narg && sum <= limit; k++) sum += work_of(n, e->u.prim.arg[k], limit);
  return sum;
}

// Why it would be dear to compute n again; REASON_NONE: it is cheap.
static ReasonKind dear(const Node *n) {
  if (n->kind == NODE_CARRY) return REASON_DEAR_STATE;
  if (n->kind != NODE_COMP || n->reduce != REDUCE_NONE) return REASON_DEAR_SUM;
  if (work_of(n, n->expr, RECOMPUTE_OPERATIONS) <= RECOMPUTE_OPERATIONS) return REASON_NONE;
  return expr_calls(n->expr) ? REASON_DEAR_CALL : REASON_DEAR_WORK;
}

static bool cheap(const Node *n) {
  return dear(n) == REASON_NONE;
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

// ---- states ----

typedef struct Chooser {
  Arena *arena;
  const Graph *g;
  const bool *forward; // by node: the loss needs it
  const LoopTree *loops;
  bool thrifty; // what no loop has to run for is computed again, whatever it costs
  bool *seeded; // by node: what backward alone can compute
  bool *kept;   // by node: a state of forward that is stored whole
  bool *stored;
  TapeReason *why; // by node
} Chooser;

// Is n a state that is computed for the loss, or a version of an array that a loop updates in place?
static bool is_state(const Chooser *c, const Node *n) {
  const bool version = n->kind == NODE_SCATTER && n->base && c->loops->inside[n->id];
  return (n->kind == NODE_CARRY || version) && c->forward[n->id];
}

static void find_seeded(Chooser *c) {
  const Graph *g = c->g;
  bool more = true;
  while (more) {
    more = false;
    for (size_t k = 0; k < g->count; k++) {
      const Node *n = g->nodes[k];
      if (c->seeded[k]) continue;
      Reads r = node_reads(c->arena, g, n);
      bool any = n->kind == NODE_SEED || (n->next && c->seeded[n->next->id]) || (n->alive && c->seeded[n->alive->id]);
      for (size_t j = 0; j < r.count; j++) any = any || c->seeded[r.read[j]->u.read.node->id];
      c->seeded[k] = any;
      more = more || any;
    }
  }
}

static bool is_computed_again(const Chooser *c, const Node *n) {
  return cheap(n) || (c->thrifty && n->kind != NODE_CARRY && !c->loops->inside[n->id]);
}

// Does n stand in for states that are not kept: can forward compute it, and leave it instead of them?
static bool replaces_states(const Chooser *c, const Node *n) {
  if (c->seeded[n->id] || (n->kind != NODE_COMP && n->kind != NODE_SCATTER)) return false;
  Reads r = node_reads(c->arena, c->g, n);
  bool any = false;
  for (size_t k = 0; k < r.count; k++) {
    const Node *m = r.read[k]->u.read.node;
    any = any || (is_state(c, m) && !c->kept[m->id]);
    if (m->kind == NODE_CARRY && !is_state(c, m)) return false; // a loop of backward's own
  }
  return any;
}

static const Poly *size_of(const Graph *g, const Node *n) {
  const Poly *size = poly_int(g->dims, 1);
  for (int q = 0; q < n->nout; q++) size = poly_mul(g->dims, size, n->index[q].extent);
  return size;
}

// What backward reads of forward: a loop never runs again for it, so the state is stored whatever it costs to compute, or
// in its stead what is computed from it.
static void find_stored(Chooser *c) {
  const Graph *g = c->g;
  Wanted w = {.set = arena_array(c->arena, bool, g->count), .list = arena_array(c->arena, const Node *, g->count + 1)};
  for (size_t k = 0; k < g->count; k++) c->stored[k] = false;
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_GRADIENT) want(&w, g->roots[k].node);
  while (w.count) {
    const Node *n = w.list[--w.count];
    const bool own = c->forward[n->id] && computed(n), again = is_computed_again(c, n);
    if ((own && !again) || replaces_states(c, n)) {
      c->stored[n->id] = true;
      if (!c->why[n->id].kind) c->why[n->id].kind = own && !again ? dear(n) : REASON_FOR_STATES;
      continue;
    }
    if (own) c->why[n->id].kind = cheap(n) ? REASON_CHEAP : REASON_THRIFTY;
    Reads reads = node_reads(c->arena, g, n);
    for (size_t r = 0; r < reads.count; r++) want(&w, reads.read[r]->u.read.node);
    want(&w, n->next);
    want(&w, n->alive);
  }
}

static bool reads_node(const Chooser *c, const Node *n, const Node *m) {
  Reads r = node_reads(c->arena, c->g, n);
  for (size_t k = 0; k < r.count; k++)
    if (r.read[k]->u.read.node == m) return true;
  return false;
}

// Keeps the states that are read as such, and those that take no more memory than what stands in for them.
static bool keep_more(Chooser *c) {
  const Graph *g = c->g;
  bool more = false;
  for (size_t k = 0; k < g->count; k++) {
    const Node *state = g->nodes[k];
    if (!is_state(c, state) || c->kept[k]) continue;
    const Poly *instead = poly_int(g->dims, 0);
    for (size_t j = 0; j < g->count; j++)
      if (c->stored[j] && cheap(g->nodes[j]) && reads_node(c, g->nodes[j], state))
        instead = poly_add(g->dims, instead, size_of(g, g->nodes[j]));
    c->kept[k] = c->stored[k] || poly_nominal(g->dims, instead) > poly_nominal(g->dims, size_of(g, state));
    if (c->kept[k] && !c->stored[k])
      c->why[k] = (TapeReason){REASON_STATES_SMALLER, poly_nominal(g->dims, size_of(g, state)), poly_nominal(g->dims, instead)};
    more = more || c->kept[k];
  }
  return more;
}

// Marks the values of forward that backward reads, going back from the gradients through what is backward's own.
static bool *find_wanted(const Chooser *c) {
  const Graph *g = c->g;
  Wanted w = {.set = arena_array(c->arena, bool, g->count), .list = arena_array(c->arena, const Node *, g->count + 1)};
  bool *wanted = arena_array(c->arena, bool, g->count + 1);
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_GRADIENT) want(&w, g->roots[k].node);
  while (w.count) {
    const Node *n = w.list[--w.count];
    wanted[n->id] = c->forward[n->id];
    if (wanted[n->id]) continue;
    const Reads reads = node_reads(c->arena, g, n);
    for (size_t r = 0; r < reads.count; r++) want(&w, reads.read[r]->u.read.node);
  }
  return wanted;
}

static ReasonKind reason_of_cut(const Chooser *c, const Node *n, bool again) {
  if (!again) return dear(n);
  if (c->stored[n->id]) return REASON_CUT;
  return cheap(n) ? REASON_CHEAP : REASON_THRIFTY;
}

// Where there are no loops: what is kept is a minimum cut between what is not computed again and what backward reads.
static void find_cut(Chooser *c) {
  const Graph *g = c->g;
  bool *part = arena_array(c->arena, bool, g->count + 1), *again = arena_array(c->arena, bool, g->count + 1);
  double *size = arena_array(c->arena, double, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    part[k] = c->forward[k] && computed(n);
    again[k] = is_computed_again(c, n);
    size[k] = poly_nominal(g->dims, size_of(g, n));
  }
  cut_minimum(c->arena, g, &(CutInput){part, again, find_wanted(c), size}, c->stored);
  for (size_t k = 0; k < g->count; k++)
    if (part[k]) c->why[k] = (TapeReason){reason_of_cut(c, g->nodes[k], again[k]), size[k], 0};
}

static bool has_loops(const Graph *g) {
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->kind == NODE_CARRY) return true;
  return false;
}

// What neither crosses nor is computed by backward has no reason.
static void forget_others(const Chooser *c) {
  Wanted w = {.set = arena_array(c->arena, bool, c->g->count),
              .list = arena_array(c->arena, const Node *, c->g->count + 1)};
  for (size_t k = 0; k < c->g->nroots; k++)
    if (c->g->roots[k].role == ROOT_GRADIENT) want(&w, c->g->roots[k].node);
  while (w.count) {
    const Node *n = w.list[--w.count];
    const Reads reads = node_reads(c->arena, c->g, n);
    for (size_t r = 0; r < reads.count && !c->stored[n->id]; r++) want(&w, reads.read[r]->u.read.node);
    if (!c->stored[n->id]) want(&w, n->next);
  }
  for (size_t k = 0; k < c->g->count; k++)
    if (!w.set[k] || (!c->stored[k] && !c->forward[k])) c->why[k].kind = REASON_NONE;
}

static void choose(Arena *a, const Graph *g, const bool *forward, bool thrifty, bool *stored, TapeReason *why) {
  Chooser c = {.arena = a, .g = g, .forward = forward, .thrifty = thrifty, .stored = stored, .why = why};
  c.loops = graph_loops(a, g, NULL);
  c.seeded = arena_array(a, bool, g->count);
  c.kept = arena_array(a, bool, g->count);
  if (!has_loops(g)) {
    find_cut(&c);
  } else {
    find_seeded(&c);
    do find_stored(&c);
    while (keep_more(&c));
  }
  forget_others(&c);
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
    if (c->kind == NODE_CARRY && tape->stored[k] && tape->stored[n->id] && n->kind != NODE_CARRY &&
        !is_gradient(g, n) && !in[n->id])
      in[n->id] = c;
  }
}

Tape tape_plan(Arena *a, const Graph *g, bool thrifty) {
  Dims *dims = g->dims;
  bool *forward = arena_array(a, bool, g->count), *stored = arena_array(a, bool, g->count);
  const Node **in = arena_array(a, const Node *, g->count);
  TapeReason *why = arena_array(a, TapeReason, g->count);
  Tape tape = {.stored = stored,
               .in = in,
               .why = why,
               .offset = arena_array(a, const Poly *, g->count),
               .reals = poly_int(dims, 0),
               .integers = poly_int(dims, 0)};
  need_of_loss(g, forward);
  choose(a, g, forward, thrifty, stored, why);
  share_states(g, &tape, in);
  for (size_t k = 0; k < g->count; k++) {
    if (!stored[k] || in[k]) continue;
    const Node *n = g->nodes[k];
    const Poly **used = n->type == TYPE_REAL ? &tape.reals : &tape.integers, *size = size_of(g, n);
    tape.offset[k] = *used;
    *used = poly_add(dims, *used, size);
  }
  return tape;
}
