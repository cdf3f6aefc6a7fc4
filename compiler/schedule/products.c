// products.c - see products.h.
#include "schedule/products.h"

#include "graph/loops.h"

typedef struct Reader { // of a node
  const Node *node;
  const Expr *read; // its only read
  bool more;
} Reader;

typedef struct Writer {
  Arena *arena;
  const Graph *in;
  Graph *out;
  const LoopTree *loops;
  Reader *reader;      // by id in `in`
  bool *written;       // by id in `in`: stands in its reader
  const Node **map;    // by id in `in`
  const Node *at;      // the node at hand
  const Expr **inside; // by id in `out`: the product that stands for a read, over its node's indices; null: the read stays
  size_t ninside, inside_room;
} Writer;

// ---- which ones ----

static void note_read(void *context, const Expr *read) {
  Writer *w = context;
  Reader *r = &w->reader[read->u.read.node->id];
  r->more = r->more || r->node;
  r->node = w->at;
  r->read = read;
}

static const Expr *without_sign(const Expr *e) {
  while (expr_is_prim(e, PRIM_NEG)) e = e->u.prim.arg[0];
  return e;
}

static bool is_real_product(const Expr *e) {
  e = without_sign(e);
  return expr_is_prim(e, PRIM_MUL) && e->type == TYPE_REAL;
}

// An array that is updated in place, or a state that is taken from one.
static bool may_be_gone(const Node *n) {
  if (n->kind == NODE_CARRY) return n->next->kind != NODE_COMP || n->next->expr->kind == EXPR_READ;
  return n->kind == NODE_SCATTER && n->base;
}

static void look_at_read(void *context, const Expr *read) {
  bool *stays = context;
  *stays = *stays || may_be_gone(read->u.read.node);
}

// Does the reader have m's indices, each once, and no others?
static bool reads_entry_by_entry(const Node *m, const Reader *r) {
  uint64_t seen = 0;
  if (r->node->nout + r->node->nred != m->nout) return false;
  for (int k = 0; k < m->nout; k++) {
    const Expr *sub = r->read->u.read.sub[k];
    if (sub->kind != EXPR_INDEX || seen >> sub->u.index & 1) return false;
    if (r->node->index[sub->u.index].extent != m->index[k].extent) return false;
    seen |= (uint64_t)1 << sub->u.index;
  }
  return true;
}

static bool is_read_as_term(const Writer *w, const Reader *r) {
  size_t count;
  bool is_term = false;
  const Expr **part = expr_parts(w->arena, r->node->expr, &count);
  for (size_t k = 0; k < count; k++) {
    if (!expr_is_prim(part[k], PRIM_ADD) && !expr_is_prim(part[k], PRIM_SUB)) continue;
    for (int j = 0; j < 2; j++) is_term = is_term || without_sign(part[k]->u.prim.arg[j]) == r->read;
  }
  return is_term;
}

static bool is_written_out(const Writer *w, const Node *m) {
  const Reader *r = &w->reader[m->id];
  bool stays = false;
  if (m->kind != NODE_COMP || m->reduce != REDUCE_NONE || m->guard || !is_real_product(m->expr)) return false;
  if (!r->node || r->more || r->node->kind != NODE_COMP || w->loops->inside[m->id] != w->loops->inside[r->node->id]) return false;
  if (!reads_entry_by_entry(m, r) || !is_read_as_term(w, r)) return false;
  expr_each_read(w->in, m->expr, look_at_read, &stays);
  return !stays;
}

static void find_readers(Writer *w) {
  for (size_t k = 0; k < w->in->count; k++) {
    const Node *n = w->at = w->in->nodes[k];
    node_each_read(w->in, n, note_read, w);
    if (n->next) w->reader[n->next->id].more = true;
    if (n->alive) w->reader[n->alive->id].more = true;
  }
  for (size_t k = 0; k < w->in->nroots; k++) w->reader[w->in->roots[k].node->id].more = true;
}

// ---- the graph with them written out ----

static const Expr *replacement(void *context, const Node *node, const Expr *const *sub) {
  const Writer *w = context;
  return w->inside[node->id] ? expr_substitute(w->out, w->inside[node->id], sub, node->nout, NULL) : NULL;
}

static void add(Writer *w, const Node *from) {
  Node n = graph_translated(w->out, from, w->map);
  const Expr *e = n.expr ? expr_replace_reads(w->out, n.expr, replacement, w) : NULL;
  if (e) n.expr = e; // else it would be too high
  w->map[from->id] = graph_add(w->out, &n);
  ARENA_PUSH(w->arena, w->inside, w->ninside, w->inside_room) = w->written[from->id] ? n.expr : NULL;
}

Graph *write_out_products(Arena *a, const Graph *g) {
  Writer w = {.arena = a, .in = g, .out = graph_new(a, g->dims, g->name), .loops = graph_loops(a, g, NULL)};
  w.reader = arena_array(a, Reader, g->count + 1);
  w.written = arena_array(a, bool, g->count + 1);
  w.map = arena_array(a, const Node *, g->count + 1);
  find_readers(&w);
  for (size_t k = 0; k < g->count; k++) w.written[k] = is_written_out(&w, g->nodes[k]);
  for (size_t k = 0; k < g->count; k++) add(&w, g->nodes[k]);
  graph_close_copies(g, w.map);
  graph_copy_roots(w.out, g, w.map, ALL_ROLES);
  return w.out;
}
