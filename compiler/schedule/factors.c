// factors.c - see factors.h.
#include "schedule/factors.h"

#include "schedule/contraction.h"

enum { NAMES_KEPT = 256 }; // how many of the last named factors are looked through for the same one

typedef struct Namer {
  Graph *out;
  const Poly *sample;
  const LoopTree *tree; // of the graph that is read
  const Node **named; // factors that are nodes already
  size_t count, room;
} Namer;

static bool is_affine(Dims *dims, const Node *n, const Expr *read) {
  for (int k = 0; k < read->u.read.node->nout; k++)
    for (int q = 0; q < n->nout + n->nred; q++)
      if (!subscript_step(dims, read->u.read.sub[k], q)) return false;
  return true;
}

// The indices of e in the order in which they stand in its reads.
typedef struct Order {
  int index[INDEX_MAX], count;
  uint64_t seen;
} Order;

static void visit_index(Order *o, const Expr *e, int total) {
  for (int q = 0; q < total; q++) {
    const uint64_t bit = (uint64_t)1 << q;
    if (!(e->indices & bit) || (o->seen & bit)) continue;
    o->seen |= bit;
    o->index[o->count++] = q;
  }
}

typedef struct OrderVisit {
  Order *order;
  int total;
} OrderVisit;

static void visit_read(void *context, const Expr *read) {
  OrderVisit *v = context;
  for (int k = 0; k < read->u.read.node->nout; k++) visit_index(v->order, read->u.read.sub[k], v->total);
}

static const Node *same_factor(const Namer *m, const Node *n) {
  for (size_t k = m->count; k-- > 0 && m->count - k <= NAMES_KEPT;) {
    const Node *other = m->named[k];
    bool same = other->expr == n->expr && other->guard == n->guard && other->nout == n->nout;
    for (int q = 0; same && q < n->nout; q++) same = other->index[q].extent == n->index[q].extent;
    if (same) return other;
  }
  return NULL;
}

// e, a factor of n, read from a node of its own.
static const Expr *named_factor(Namer *m, const Node *n, const Expr *e, const char *suffix) {
  Graph *g = m->out;
  const int total = n->nout + n->nred;
  Order order = {.count = 0};
  expr_each_read(g, e, visit_read, &(OrderVisit){&order, total});
  visit_index(&order, e, total);
  Index *index = arena_array(g->arena, Index, (size_t)order.count + 1);
  const Expr **to = arena_array(g->arena, const Expr *, (size_t)total + 1);
  const Expr **sub = arena_array(g->arena, const Expr *, (size_t)order.count + 1);
  for (int k = 0; k < order.count; k++) {
    index[k] = n->index[order.index[k]];
    to[order.index[k]] = expr_index(g, k);
    sub[k] = expr_index(g, order.index[k]);
  }
  Node factor = {.kind = NODE_COMP, .span = n->span, .type = TYPE_REAL, .nout = order.count, .index = index};
  factor.origin = ORIGIN_FACTOR;
  factor.name = arena_printf(g->arena, "%s_%s", n->name, suffix);
  factor.expr = expr_substitute(g, e, to, total, NULL);
  if (n->guard) factor.guard = expr_substitute(g, n->guard, to, total, NULL);
  const Node *node = same_factor(m, &factor);
  if (!node) {
    node = graph_add(g, &factor);
    ARENA_PUSH(g->arena, m->named, m->count, m->room) = node;
  }
  return expr_read(g, node, sub);
}

// Is it worth a node: fewer entries than the sum has terms, and more to compute than a read?
static bool is_worth_naming(const Graph *g, const Node *n, const Expr *e) {
  const uint64_t all = indices_below(n->nout + n->nred);
  if ((e->indices & all) == all || (n->guard && (n->guard->indices & ~e->indices & all))) return false;
  return e->kind == EXPR_READ ? !is_affine(g->dims, n, e) : expr_calls(e);
}

static bool is_product_of_two(const Node *n) {
  const Expr *e = n->expr;
  if (n->kind != NODE_COMP || n->reduce != REDUCE_SUM || n->type != TYPE_REAL) return false;
  if (!expr_is_prim(e, PRIM_MUL)) return false;
  const uint64_t outputs = indices_below(n->nout);
  const uint64_t x = e->u.prim.arg[0]->indices & outputs, y = e->u.prim.arg[1]->indices & outputs;
  return (x & ~y) && (y & ~x);
}

static void name_parts(Namer *m, Node *n) {
  Graph *g = m->out;
  const Expr *x = n->expr->u.prim.arg[0], *y = n->expr->u.prim.arg[1];
  if (is_worth_naming(g, n, x)) x = named_factor(m, n, x, "left");
  if (is_worth_naming(g, n, y)) y = named_factor(m, n, y, "right");
  n->expr = expr_prim2(g, PRIM_MUL, x, y);
}

// ---- conditions ----

typedef struct Inside {
  Graph *g;
  const Node *n;
  bool all;
} Inside;

static void visit_inside(void *context, const Expr *read) {
  Inside *i = context;
  i->all = i->all && reads_inside(i->g, i->n, read);
}

// Does the condition choose among entries, all of which may be computed?
static bool chooses_entries(Graph *g, const Node *n) {
  if (!n->guard || (n->guard->indices & ~indices_below(n->nout))) return false;
  Inside i = {g, n, true};
  expr_each_read(g, n->expr, visit_inside, &i);
  return i.all;
}

// The sum for all entries, if it is a contraction; n, of that id before, becomes its copy under the condition.
static bool condition_apart(Namer *m, Node *n, int id) {
  Graph *g = m->out;
  Node all = *n;
  all.name = arena_printf(g->arena, "%s_all", n->name);
  all.origin = ORIGIN_UNCONDITIONAL;
  all.guard = NULL;
  name_parts(m, &all);
  all.id = id;
  if (!contraction_of(g, m->tree, &all, m->sample)) return false;
  const Expr **sub = arena_array(g->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(g, k);
  n->expr = expr_read(g, graph_add(g, &all), sub);
  n->nred = 0;
  n->reduce = REDUCE_NONE;
  return true;
}

Graph *name_factors(Arena *a, const Graph *g, const Poly *sample) {
  Namer m = {.out = graph_new(a, g->dims, g->name), .tree = graph_loops(a, g, NULL), .sample = sample};
  const Node **map = arena_array(a, const Node *, g->count);
  for (size_t k = 0; k < g->count; k++) {
    Node n = graph_translated(m.out, g->nodes[k], map);
    if (is_product_of_two(&n) && !stays_with_samples(&n, sample)) {
      const bool apart = chooses_entries(m.out, &n) && condition_apart(&m, &n, (int)k);
      if (!apart) name_parts(&m, &n);
    }
    map[k] = graph_add(m.out, &n);
  }
  graph_close_copies(g, map);
  graph_copy_roots(m.out, g, map, ALL_ROLES);
  return m.out;
}
