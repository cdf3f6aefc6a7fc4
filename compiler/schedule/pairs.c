// pairs.c - see pairs.h.
//
// Over the entries of the rows such a sum would run in lanes, and for each pair join them; rows are often shorter than a vector.  A
// product of two factors, each of one row, is no such sum: contractions turn what they read themselves.
#include "schedule/pairs.h"

#include "graph/loops.h"
#include "schedule/internal.h"

typedef struct Turner {
  Graph *out;
  const Poly *sample;
  const Node **turned; // by node id of the new graph: the copy, once there is one
  const Node *sum;     // in hand,
  int row, entry;      // and its indices of the rows read from copies, and of their entries
  bool any;
} Turner;

static bool is_index(const Expr *sub, int q) {
  return sub->kind == EXPR_INDEX && sub->u.index == q;
}

// m[row, entry]
static bool reads_row(const Turner *t, const Node *m, const Expr *const *sub) {
  return m->nout == 2 && m->type == TYPE_REAL && m->kind != NODE_CARRY && is_index(sub[0], t->row) && is_index(sub[1], t->entry);
}

// ---- which sums ----

typedef struct Sides {
  Turner *turner;
  bool other; // something depends on the row but in another way
  bool any;
} Sides;

static void look(void *context, const Expr *read) {
  Sides *s = context;
  if (!expr_uses_index(read, s->turner->row)) return;
  if (reads_row(s->turner, read->u.read.node, read->u.read.sub))
    s->any = true;
  else
    s->other = true;
}

// Is e a product of factors that depend on no two outputs?
static bool is_product_of_sides(const Node *n, const Expr *e) {
  if (expr_is_prim(e, PRIM_MUL) || expr_is_prim(e, PRIM_NEG)) {
    for (int k = 0; k < e->u.prim.narg; k++)
      if (!is_product_of_sides(n, e->u.prim.arg[k])) return false;
    return true;
  }
  int sides = 0;
  for (int k = 0; k < n->nout; k++) sides += expr_uses_index(e, k);
  return sides < 2;
}

// Rows by n's last output, their entries by what it sums over.
static bool compares_rows(Turner *t, const Node *n) {
  if (n->kind != NODE_COMP || n->nout < 2 || n->nred != 1 || n->guard) return false;
  if (node_order(t->out, n, t->sample).kind != ORDER_LANES || is_product_of_sides(n, n->expr)) return false;
  for (int q = n->nout - 2; q < n->nout; q++)
    if (is_shorter(t->out->dims, n->index[q].extent, SHORTEST_STRIP)) return false;
  t->sum = n;
  t->row = n->nout - 1;
  t->entry = n->nout;
  Sides s = {.turner = t};
  expr_each_read(t->out, n->expr, look, &s);
  return s.any && !s.other;
}

// ---- what they read ----

static const Node *copy_of(Turner *t, const Node *m) {
  if (t->turned[m->id]) return t->turned[m->id];
  Index index[2] = {m->index[1], m->index[0]};
  index[0].name = t->sum->index[t->entry].name;
  index[1].name = t->sum->index[t->row].name;
  const Expr *sub[2] = {expr_index(t->out, 1), expr_index(t->out, 0)};
  Node copy = {.kind = NODE_COMP, .span = m->span, .type = m->type, .nout = 2, .index = index};
  copy.origin = ORIGIN_TURNED;
  copy.name = arena_printf(t->out->arena, "%s_turned", m->name);
  copy.expr = expr_read(t->out, m, sub);
  return t->turned[m->id] = graph_add(t->out, &copy);
}

static const Expr *from_copy(void *context, const Node *m, const Expr *const *sub) {
  Turner *t = context;
  if (!reads_row(t, m, sub)) return NULL;
  t->any = true;
  return expr_read(t->out, copy_of(t, m), (const Expr *const[]){sub[1], sub[0]});
}

Graph *turn_compared_rows(Arena *a, const Graph *g, const Poly *sample) {
  const LoopTree *loops = graph_loops(a, g, NULL);
  if (!loops) return NULL;
  Turner t = {.out = graph_new(a, g->dims, g->name), .sample = sample};
  t.turned = arena_array(a, const Node *, 2 * g->count + 1);
  const Node **map = arena_array(a, const Node *, g->count);
  for (size_t k = 0; k < g->count; k++) {
    Node n = graph_translated(t.out, g->nodes[k], map);
    if (!loops->inside[k] && compares_rows(&t, &n)) n.expr = expr_replace_reads(t.out, n.expr, from_copy, &t);
    map[k] = graph_add(t.out, &n);
  }
  if (!t.any) return NULL;
  graph_close_copies(g, map);
  graph_copy_roots(t.out, g, map, ALL_ROLES);
  return t.out;
}
