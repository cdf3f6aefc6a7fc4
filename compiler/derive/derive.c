// derive.c - the pass: a copy of the graph, then the adjoints of the nodes between the parameters and the loss, last
// first.
#include "derive/internal.h"

#include <math.h>
#include <string.h>

// ---- which nodes have an adjoint ----

typedef struct Mark {
  bool *marked; // by id
  const bool *only;
  bool any;
} Mark;

static void see_marked(void *context, const Expr *read) {
  Mark *m = context;
  if (m->marked[read->u.read.node->id]) m->any = true;
}

static void mark_read(void *context, const Expr *read) {
  Mark *m = context;
  int id = read->u.read.node->id;
  if (m->only[id]) m->marked[id] = true;
}

// Real nodes that depend on a parameter and that the loss depends on, by id.
static bool *between(Arena *arena, const Graph *g, const Node *loss) {
  bool *varies = arena_array(arena, bool, g->count), *needed = arena_array(arena, bool, g->count);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    Mark m = {.marked = varies};
    if (n->expr && n->type == TYPE_REAL) expr_each_read(g, n->expr, see_marked, &m);
    varies[k] = n->kind == NODE_PARAM || m.any;
  }
  needed[loss->id] = varies[loss->id];
  for (size_t k = g->count; k-- > 0;)
    if (needed[k] && g->nodes[k]->expr) {
      Mark m = {.marked = needed, .only = varies};
      expr_each_read(g, g->nodes[k]->expr, mark_read, &m);
    }
  return needed;
}

static bool too_high(const Graph *g, const bool *wanted) {
  for (size_t k = 0; k < g->count; k++)
    if (wanted[k] && g->nodes[k]->expr && g->nodes[k]->expr->height > EXPR_HEIGHT_MAX / 2) return true;
  return false;
}

// ---- the copy ----

static const Expr *const *own_indices(Derive *d, int n) {
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)n + 1);
  for (int k = 0; k < n; k++) sub[k] = expr_index(d->graph, k);
  return sub;
}

// The node's entry at the first indices of whoever reads it.
static const Expr *read_own(Derive *d, const Node *n) {
  return expr_read(d->graph, n, own_indices(d, n->nout));
}

static const char *suffixed(Derive *d, const Node *n, const char *suffix) {
  return arena_printf(d->arena, "%s_%s", n->name, suffix);
}

// A node over all indices of n, without a reduction.
static Node pointwise(Derive *d, const Node *n, const char *suffix, const Expr *guard, const Expr *expr) {
  return (Node){.kind = NODE_COMP,
                .name = suffixed(d, n, suffix),
                .span = n->span,
                .type = TYPE_REAL,
                .nout = n->nout + n->nred,
                .index = n->index,
                .guard = guard,
                .expr = expr};
}

// Both the extremum and the comparison that finds its winners must read the same candidates, bit for bit; the terms of
// logsumexp and their shares in it are computed once.
static bool takes_candidates(Reduce reduce) {
  return reduce == REDUCE_MAX || reduce == REDUCE_MIN || reduce == REDUCE_LOGSUMEXP;
}

static void name_candidates(Derive *d, Node *n) {
  Node c = pointwise(d, n, "candidates", n->guard, n->expr);
  c.note = arena_printf(d->arena, "the candidates for %s", n->name);
  const Node *candidates = graph_add(d->graph, &c);
  d->wanted[candidates->id] = true;
  n->expr = read_own(d, candidates);
}

// Returns where each node of g went.
static const Node **copy_nodes(Derive *d, const Graph *g, const bool *wanted) {
  const Node **map = arena_array(d->arena, const Node *, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    Node n = graph_translated(d->graph, g->nodes[k], map);
    if (wanted[k] && takes_candidates(n.reduce) && n.expr->kind != EXPR_READ)
      name_candidates(d, &n);
    map[k] = graph_add(d->graph, &n);
    d->wanted[map[k]->id] = wanted[k];
  }
  graph_close_copies(g, map);
  return map;
}

static void copy_roots(Derive *d, const Graph *g, const Node *const *map) {
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    if (r->role != ROOT_GRADIENT) graph_add_root(d->graph, r->role, r->name, r->which, map[r->node->id]);
  }
}

// ---- adjoints of expressions under a reduction ----

// What the expression of n receives: its seed, and the guard under which it does.
typedef struct Seed {
  const Expr *value, *guard;
} Seed;

static Seed seed_sum(Derive *d, const Node *n, const Expr *adjoint) {
  (void)d;
  return (Seed){adjoint, n->guard};
}

// The product of all other entries: right also where some are 0, at the cost of a loop over them for each entry.
static Seed seed_prod(Derive *d, const Node *n, const Expr *adjoint) {
  Graph *g = d->graph;
  int nv = n->nout + n->nred;
  Index *index = arena_array(d->arena, Index, (size_t)(nv + n->nred));
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)nv + 1);
  memcpy(index, n->index, (size_t)nv * sizeof *index);
  memcpy(index + nv, n->index + n->nout, (size_t)n->nred * sizeof *index);
  const Expr *same = NULL;
  for (int r = 0; r < n->nred; r++) {
    sub[n->nout + r] = expr_index(g, nv + r);
    same = derive_and(g, same, expr_prim2(g, PRIM_EQ, expr_index(g, nv + r), expr_index(g, n->nout + r)));
  }
  const Expr *guard = n->guard ? expr_substitute(g, n->guard, sub, nv, NULL) : NULL;
  Node others = pointwise(d, n, "others", derive_and(g, guard, derive_not(g, same)), NULL);
  others.expr = expr_substitute(g, n->expr, sub, nv, NULL);
  others.nred = n->nred;
  others.index = index;
  others.reduce = REDUCE_PROD;
  others.note = arena_printf(d->arena, "the product of all other entries of %s", n->name);
  return (Seed){derive_mul(g, adjoint, read_own(d, graph_add(g, &others))), n->guard};
}

// exp(e - n): the entry's share.  Where nothing but -inf was summed there is no derivative to send.
static Seed seed_logsumexp(Derive *d, const Node *n, const Expr *adjoint) {
  Graph *g = d->graph;
  const Expr *total = read_own(d, n);
  const Expr *guard = derive_and(g, n->guard, expr_prim2(g, PRIM_GT, total, expr_real(g, -INFINITY)));
  const Expr *share = expr_prim1(g, PRIM_EXP, expr_prim2(g, PRIM_SUB, n->expr, total));
  if (n->expr->kind != EXPR_READ) {
    Node shares = pointwise(d, n, "share", guard, share);
    shares.note = arena_printf(d->arena, "each entry's share of %s", n->name);
    share = read_own(d, graph_add(g, &shares));
  }
  return (Seed){derive_mul(g, adjoint, share), guard};
}

// All winners share evenly.
static Seed seed_extremum(Derive *d, const Node *n, const Expr *adjoint) {
  Graph *g = d->graph;
  const Expr *guard = derive_and(g, n->guard, expr_prim2(g, PRIM_EQ, n->expr, read_own(d, n)));
  Node ties = *n;
  ties.name = suffixed(d, n, "ties");
  ties.note = arena_printf(d->arena, "how many entries equal %s", n->name);
  ties.reduce = REDUCE_SUM;
  ties.guard = guard;
  ties.expr = expr_real(g, 1);
  const Node *count = graph_add(g, &ties);
  return (Seed){expr_prim2(g, PRIM_DIV, adjoint, read_own(d, count)), guard};
}

static Seed (*const seed_of[])(Derive *d, const Node *n, const Expr *adjoint) = {
    [REDUCE_NONE] = seed_sum,     [REDUCE_SUM] = seed_sum,      [REDUCE_PROD] = seed_prod,
    [REDUCE_MAX] = seed_extremum, [REDUCE_MIN] = seed_extremum, [REDUCE_LOGSUMEXP] = seed_logsumexp,
};

// ---- adjoints of nodes ----

// Hands the adjoint of n on to what n reads.
static void push(Derive *d, const Node *n) {
  const Expr *const *at = n->kind == NODE_SCATTER ? n->target : own_indices(d, n->nout);
  Seed seed = seed_of[n->reduce](d, n, expr_read(d->graph, d->adjoint[n->id], at));
  Flow *flows;
  size_t count = derive_flows(d, n, seed.value, seed.guard, &flows);
  for (size_t k = 0; k < count; k++) {
    ContributionList *into = &d->into[flows[k].read->u.read.node->id];
    ARENA_PUSH(d->arena, into->list, into->count, into->room) = derive_solve(d, n, &flows[k]);
  }
}

static Node adjoint_node(Derive *d, const Node *a) {
  return (Node){.kind = NODE_COMP,
                .name = arena_printf(d->arena, "d_%s", a->name),
                .note = arena_printf(d->arena, "d loss / d %s", a->name),
                .span = a->span,
                .type = TYPE_REAL,
                .nout = a->nout,
                .index = a->index};
}

static Node contribution_node(Derive *d, const Node *a, const Contribution *c) {
  Node n = adjoint_node(d, a);
  n.kind = c->target ? NODE_SCATTER : NODE_COMP;
  n.index = c->index;
  n.nred = c->nred;
  n.reduce = c->nred > 0 && !c->target ? REDUCE_SUM : REDUCE_NONE;
  n.guard = c->guard;
  n.expr = c->value;
  n.target = c->target;
  return n;
}

// One node for the sum of all contributions; those with loops of their own become nodes, which it reads.
static const Node *sum_contributions(Derive *d, const Node *a, const ContributionList *into) {
  Graph *g = d->graph;
  if (into->count == 1) {
    Node n = contribution_node(d, a, &into->list[0]);
    return graph_add(g, &n);
  }
  const Expr **terms = arena_array(d->arena, const Expr *, into->count);
  for (size_t k = 0; k < into->count; k++) {
    const Contribution *c = &into->list[k];
    const Expr *term = c->value;
    if (c->nred > 0 || c->target) {
      Node n = contribution_node(d, a, c);
      n.name = arena_printf(d->arena, "d_%s_via_%s", a->name, c->from->name);
      n.note = arena_printf(d->arena, "d loss / d %s by way of %s", a->name, c->from->name);
      term = read_own(d, graph_add(g, &n));
    } else if (c->guard) {
      term = expr_select(g, c->guard, term, expr_real(g, 0));
    }
    terms[k] = term;
  }
  Node sum = adjoint_node(d, a);
  sum.expr = derive_fold(g, PRIM_ADD, terms, into->count);
  return graph_add(g, &sum);
}

// The derivative of the loss by itself.
static const Node *seed_node(Derive *d, const Node *loss, bool unit) {
  if (unit) {
    Node one = adjoint_node(d, loss);
    one.expr = expr_real(d->graph, 1);
    return graph_add(d->graph, &one);
  }
  for (size_t k = 0; k < d->ncopied; k++)
    if (d->graph->nodes[k]->kind == NODE_SEED) return d->graph->nodes[k];
  Node seed = {.kind = NODE_SEED, .name = "seed", .type = TYPE_REAL, .span = loss->span};
  return graph_add(d->graph, &seed);
}

// A gradient is a node of its own, also where the loss is the parameter itself, or does not depend on it.
static void add_gradient(Derive *d, const Node *param) {
  const Node *n = d->adjoint[param->id];
  if (!n || n->kind != NODE_COMP) {
    Node own = adjoint_node(d, param);
    own.expr = n ? read_own(d, n) : expr_real(d->graph, 0);
    n = graph_add(d->graph, &own);
  }
  graph_add_root(d->graph, ROOT_GRADIENT, param->name, param->which, n);
}

Graph *derive_gradient(Arena *a, const Graph *g, bool unit_seed, const PrimRow *table) {
  Derive d = {.arena = a, .graph = graph_new(a, g->dims, g->name), .table = table ? table : prim_table};
  const Node *loss = graph_root(g, ROOT_LOSS, 0)->node;
  const bool *wanted = between(a, g, loss);
  if (too_high(g, wanted)) return NULL;
  d.wanted = arena_array(a, bool, 2 * g->count + 1); // at most one candidate node for each
  const Node **map = copy_nodes(&d, g, wanted);
  copy_roots(&d, g, map);

  d.ncopied = d.graph->count;
  d.adjoint = arena_array(a, const Node *, d.ncopied + 1);
  d.into = arena_array(a, ContributionList, d.ncopied + 1);
  d.adjoint[map[loss->id]->id] = seed_node(&d, map[loss->id], unit_seed);
  for (size_t k = d.ncopied; k-- > 0;) {
    const Node *n = d.graph->nodes[k];
    if (!d.wanted[k]) continue;
    if (d.into[k].count > 0) d.adjoint[k] = sum_contributions(&d, n, &d.into[k]);
    if (d.adjoint[k] && n->expr) push(&d, n);
  }
  for (size_t k = 0; k < d.ncopied; k++)
    if (d.graph->nodes[k]->kind == NODE_PARAM) add_gradient(&d, d.graph->nodes[k]);
  return d.graph;
}
