// calls.c - see calls.h.
#include "schedule/calls.h"

#include "graph/pool.h"
#include "schedule/contraction.h"

// A call over its own indices: 0, 1, … as they occur in it, so that nodes with others in front of them
// know it; n - 1 - i where it says so of an index everywhere.
typedef struct Call {
  const Index *index; // in the order of the node where it was met first
  int count;
  int place[INDEX_MAX]; // by own index: its position there
  const Node *met;  // the last one where it was met
  int uses;         // by nodes
  bool again;       // it needs fewer indices than a node in which it is always made
  bool always;      // some node makes it whatever its conditions are
  const Node *node; // of the new graph, or null
} Call;

typedef struct Namer {
  Arena *arena;
  const Graph *in;
  Graph *out, *pool;
  const Node **map;
  Call **call; // by id of the call over its own indices, in the pool
  size_t room;
} Namer;

// ---- a call's own indices ----

typedef struct Own {
  const Expr *const *part; // of the call, it last
  size_t count;
  int nindex, at[INDEX_MAX]; // the node's indices that it needs
  uint64_t mirrored;         // those of the node's that occur as n - 1 - i alone
} Own;

static bool is_mirrored(Dims *dims, const Node *n, const Expr *e, int q) {
  if (!expr_is_prim(e, PRIM_SUB) || e->u.prim.arg[0]->kind != EXPR_POLY) return false;
  const Expr *index = e->u.prim.arg[1];
  const Poly *last = poly_sub(dims, n->index[q].extent, poly_int(dims, 1));
  return index->kind == EXPR_INDEX && index->u.index == q && e->u.prim.arg[0]->u.poly == last;
}

static bool always_mirrored(Dims *dims, const Node *n, const Own *o, int q) {
  for (size_t k = 0; k < o->count; k++) {
    const Expr *const *operand;
    const int count = expr_operands(o->part[k], &operand);
    for (int j = 0; j < count; j++)
      if (operand[j]->kind == EXPR_INDEX && operand[j]->u.index == q && !is_mirrored(dims, n, o->part[k], q))
        return false;
  }
  return true;
}

static bool has_index(const Own *o, int q) {
  for (int k = 0; k < o->nindex; k++)
    if (o->at[k] == q) return true;
  return false;
}

// The indices in the order in which they occur; seen: parts that have been gone through.
static void note_indices(Own *o, const Expr *e, bool *seen) {
  const size_t place = expr_place(o->part, o->count, e);
  if (seen[place]) return;
  seen[place] = true;
  if (e->kind == EXPR_INDEX && !has_index(o, e->u.index)) o->at[o->nindex++] = e->u.index;
  const Expr *const *operand;
  const int count = expr_operands(e, &operand);
  for (int k = 0; k < count; k++) note_indices(o, operand[k], seen);
}

static Own own_of(Arena *a, Dims *dims, const Node *n, const Expr *e) {
  Own o = {.part = NULL};
  o.part = expr_parts(a, e, &o.count);
  note_indices(&o, e, arena_array(a, bool, o.count));
  for (int k = 0; k < o.nindex; k++)
    if (always_mirrored(dims, n, &o, o.at[k])) o.mirrored |= (uint64_t)1 << o.at[k];
  return o;
}

typedef struct Renaming {
  const Node *n;
  const Own *own;
  const Expr *place[INDEX_MAX]; // of the node's indices
} Renaming;

static const Expr *renamed(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  (void)arg;
  const Renaming *r = context;
  if (part->kind == EXPR_INDEX) return r->place[part->u.index];
  for (int k = 0; part->kind == EXPR_PRIM && k < r->own->nindex; k++) {
    const int q = r->own->at[k];
    if (r->own->mirrored >> q & 1 && is_mirrored(g->dims, r->n, part, q)) return r->place[q];
  }
  return NULL;
}

// The call over its own indices, in g, of the same nodes; in these places, or (null) in their own order.
static const Expr *over_own(Graph *g, const Node *n, const Own *o, const Expr *call, const int *place) {
  Renaming r = {.n = n, .own = o};
  for (int k = 0; k < o->nindex; k++) r.place[o->at[k]] = expr_index(g, place ? place[k] : k);
  return expr_rebuild(g, call, renamed, &r);
}

// ---- which calls ----

// A reciprocal takes as long.
static bool is_call(const Expr *e) {
  if (e->kind != EXPR_PRIM || e->type != TYPE_REAL || !e->indices) return false;
  if (e->u.prim.op == PRIM_DIV) return expr_is_real(e->u.prim.arg[0], 1);
  return prim_calls(e->u.prim.op) && e->u.prim.op != PRIM_RANDN && e->u.prim.op != PRIM_RANDU;
}

// Do all its reads lie within their arrays, and stay there?
static bool reads_well(Namer *m, const Node *n, const Own *o) {
  for (size_t k = 0; k < o->count; k++) {
    if (o->part[k]->kind != EXPR_READ) continue;
    const Node *read = o->part[k]->u.read.node;
    if (read->kind == NODE_CARRY || read->kind == NODE_SCATTER || !reads_inside(m->pool, n, o->part[k])) return false;
  }
  return true;
}

static Call **entry_of(Namer *m, const Expr *own) {
  while (own->id >= m->room) {
    const size_t room = m->room ? 2 * m->room : 256;
    Call **call = arena_array(m->arena, Call *, room);
    for (size_t k = 0; k < m->room; k++) call[k] = m->call[k];
    m->call = call;
    m->room = room;
  }
  return &m->call[own->id];
}

static bool same_indices(const Call *c, const Node *n, const Own *o) {
  for (int k = 0; k < o->nindex; k++)
    if (c->index[c->place[k]].extent != n->index[o->at[k]].extent) return false;
  return true;
}

// What is known of the call; null: it is of other indices than the one that is known.
static Call *call_of(Namer *m, const Node *n, const Own *o) {
  const Expr *own = over_own(m->pool, n, o, o->part[o->count - 1], NULL);
  Call **c = entry_of(m, own);
  if (!*c) {
    *c = arena_new_of(m->arena, Call);
    Index *index = arena_array(m->arena, Index, (size_t)o->nindex + 1);
    **c = (Call){.index = index, .count = o->nindex};
    for (int k = 0; k < o->nindex; k++) {
      for (int j = 0; j < o->nindex; j++) (*c)->place[k] += o->at[j] < o->at[k];
      index[(*c)->place[k]] = n->index[o->at[k]];
    }
  }
  return same_indices(*c, n, o) ? *c : NULL;
}

// Are there indices that n runs over and the call does not need?
static bool is_repeated(const Node *n, const Own *o) {
  const int from = n->kind == NODE_SCATTER ? n->nout : 0;
  int64_t extent;
  for (int q = from; q < n->nout + n->nred; q++)
    if (!has_index(o, q) && (!poly_is_int(n->index[q].extent, &extent) || extent > 1)) return true;
  return false;
}

// Which parts of an expression are computed whatever its conditions are.
static bool *computed_always(Arena *a, const Expr *const *part, size_t count) {
  bool *always = arena_array(a, bool, count);
  always[count - 1] = true;
  for (size_t k = count; k-- > 0;) {
    const Expr *const *operand;
    const int narg = always[k] ? expr_operands(part[k], &operand) : 0;
    const Prim op = part[k]->kind == EXPR_PRIM ? part[k]->u.prim.op : PRIM_ADD;
    const bool branches = op == PRIM_SELECT || op == PRIM_AND || op == PRIM_OR;
    for (int j = 0; j < narg; j++)
      if (!branches || j == 0) always[expr_place(part, count, operand[j])] = true;
  }
  return always;
}

static bool may_call(const Node *n) {
  return n->kind == NODE_COMP || n->kind == NODE_SCATTER;
}

static void look_at(Namer *m, const Node *n) {
  if (!may_call(n)) return;
  Arena *a = arena_new();
  size_t count;
  const Expr **part = expr_parts(a, n->expr, &count);
  const bool *always = computed_always(a, part, count);
  for (size_t k = 0; k < count; k++) {
    if (!is_call(part[k])) continue;
    const Own own = own_of(a, m->in->dims, n, part[k]);
    Call *c = reads_well(m, n, &own) ? call_of(m, n, &own) : NULL;
    if (!c) continue;
    c->uses += c->met != n;
    c->met = n;
    c->again = c->again || (always[k] && is_repeated(n, &own));
    c->always = c->always || (always[k] && !n->guard);
  }
  arena_free(a);
}

static bool is_worth_a_node(const Call *c, const Node *n, const Expr *e) {
  return c && (c->again || (c->always && c->uses > 1)) && (n->nred > 0 || e != n->expr || c->node);
}

// Is n the call's node as it stands?
static bool is_the_call(const Node *n, const Own *o, const Call *c) {
  for (int k = 0; k < o->nindex; k++)
    if (o->at[k] != c->place[k]) return false;
  return n->kind == NODE_COMP && n->nred == 0 && !n->guard && o->nindex == n->nout && !o->mirrored;
}

// ---- the new graph ----

// How n reads the call, `call` of the new graph.
static const Expr *named(Namer *m, const Node *n, const Own *o, Call *c, const Expr *call) {
  Graph *g = m->out;
  const Expr *sub[INDEX_MAX];
  if (!c->node) {
    Node node = {.kind = NODE_COMP, .span = n->span, .type = TYPE_REAL, .nout = c->count, .index = c->index};
    node.origin = c->again ? ORIGIN_CALL_REPEATED : ORIGIN_CALL_SHARED;
    const char *what = call->u.prim.op == PRIM_DIV ? "reciprocal" : prim_table[call->u.prim.op].name;
    node.name = arena_printf(m->arena, "%s_%s", n->name, what);
    node.expr = over_own(g, n, o, call, c->place);
    c->node = graph_add(g, &node);
  }
  for (int k = 0; k < o->nindex; k++) {
    const Poly *last = poly_sub(g->dims, c->index[c->place[k]].extent, poly_int(g->dims, 1));
    const Expr *index = expr_index(g, o->at[k]);
    sub[c->place[k]] = o->mirrored >> o->at[k] & 1 ? expr_prim2(g, PRIM_SUB, expr_poly(g, last), index) : index;
  }
  return expr_read(g, c->node, sub);
}

typedef struct Rewriting {
  Namer *m;
  const Node *n;
} Rewriting;

static const Expr *rewritten(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Rewriting *r = context;
  Namer *m = r->m;
  if (part->kind == EXPR_READ) return expr_read(g, m->map[part->u.read.node->id], arg);
  if (!is_call(part)) return NULL;
  const Expr *call = expr_prim(g, part->u.prim.op, arg);
  Arena *a = arena_new();
  const Own own = own_of(a, m->in->dims, r->n, part);
  Call *c = reads_well(m, r->n, &own) ? call_of(m, r->n, &own) : NULL;
  if (is_worth_a_node(c, r->n, part)) call = named(m, r->n, &own, c, call);
  arena_free(a);
  return call;
}

// Others read n where it is a call itself.
static void know(Namer *m, const Node *n) {
  if (!n->expr || !is_call(n->expr)) return;
  Arena *a = arena_new();
  const Own own = own_of(a, m->in->dims, n, n->expr);
  Call *c = reads_well(m, n, &own) ? call_of(m, n, &own) : NULL;
  if (c && !c->node && is_the_call(n, &own, c)) c->node = m->map[n->id];
  arena_free(a);
}

Graph *name_calls(Arena *a, const Graph *g) {
  Namer m = {.arena = a, .in = g, .out = graph_new(a, g->dims, g->name), .pool = graph_new(a, g->dims, g->name)};
  m.map = arena_array(a, const Node *, g->count + 1);
  for (size_t k = 0; k < g->count; k++) look_at(&m, g->nodes[k]);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    Node copy = graph_translated(m.out, n, m.map);
    if (may_call(n)) copy.expr = expr_rebuild(m.out, n->expr, rewritten, &(Rewriting){&m, n});
    m.map[k] = graph_add(m.out, &copy);
    know(&m, n);
  }
  graph_close_copies(g, m.map);
  graph_copy_roots(m.out, g, m.map, ALL_ROLES);
  return m.out;
}
