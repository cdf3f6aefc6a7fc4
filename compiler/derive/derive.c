// derive.c - which nodes have derivatives; reverse mode: their adjoints, last first; copies; the gradient of a loss.
#include "derive/internal.h"

// ---- which nodes have derivatives ----

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

// Real nodes that depend on an input (`varies` says which ones are) and that an output depends on, by id.
static bool *between(Arena *arena, const Graph *g, bool *varies, const Node *const *output, int noutput) {
  bool *needed = arena_array(arena, bool, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    Mark m = {.marked = varies};
    if (n->expr && n->type == TYPE_REAL) expr_each_read(g, n->expr, see_marked, &m);
    varies[k] = varies[k] || m.any;
  }
  for (int k = 0; k < noutput; k++) needed[output[k]->id] = varies[output[k]->id];
  for (size_t k = g->count; k-- > 0;)
    if (needed[k] && g->nodes[k]->expr) {
      Mark m = {.marked = needed, .only = varies};
      expr_each_read(g, g->nodes[k]->expr, mark_read, &m);
    }
  return needed;
}

// The derivative of a node may have the extra indices twice over (a scatter's), and those of what it reads.
static bool too_large(const Derive *d, const Node *n) {
  enum { ROOM = INDEX_MAX / 2 };
  if (n->expr && n->expr->height > EXPR_HEIGHT_MAX / 2) return true;
  return d->task->nextra > 0 && n->nout + n->nred + 2 * d->task->nextra > ROOM;
}

bool derive_begin(Derive *d, Graph *g, const Derivation *task, const Node *const *input, int ninput,
                  const Node *const *output, int noutput) {
  Arena *a = g->arena;
  bool *varies = arena_array(a, bool, g->count + 1);
  *d = (Derive){.arena = a, .graph = g, .task = task, .nold = g->count};
  d->table = task->table ? task->table : prim_table;
  for (int k = 0; k < ninput; k++) varies[input[k]->id] = true;
  d->wanted = between(a, g, varies, output, noutput);
  d->of = arena_array(a, Derivative, d->nold + 1);
  d->into = arena_array(a, ContributionList, d->nold + 1);
  for (size_t k = 0; k < g->count; k++)
    if (d->wanted[k] && too_large(d, g->nodes[k])) return false;
  return true;
}

const Expr *derive_read_own(Graph *g, const Node *n) {
  const Expr **sub = arena_array(g->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(g, k);
  return expr_read(g, n, sub);
}

Index *derive_index(Derive *d, const Node *n, int more) {
  const int x = d->task->nextra;
  Index *index = arena_array(d->arena, Index, (size_t)(x + n->nout + more) + 1);
  for (int k = 0; k < x; k++) index[k] = d->task->extra[k];
  for (int k = 0; k < n->nout; k++) index[x + k] = n->index[k];
  return index;
}

const char *derive_what(const Derive *d) {
  return d->task->what ? d->task->what : "output";
}

// ---- adjoints of nodes ----

// Hands the adjoint of n on to what n reads.
static void push(Derive *d, const Node *n) {
  const Derivative *adjoint = &d->of[n->id];
  const Local local = derive_local(d, n);
  const Node lifted = derive_lifted(d, n);
  const int x = d->task->nextra, extra_at = derive_extra_at(d, n);
  const Expr **at = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++)
    at[k] = n->kind == NODE_SCATTER ? lifted.target[x + k] : expr_index(d->graph, x + k);
  const Expr *value = derive_value_at(d, adjoint, extra_at, at, n->nout);
  const Expr *guard =
      derive_and(d->graph, derive_lift(d, n, local.guard), derive_at(d, adjoint->pattern, extra_at, at, n->nout));
  Flow *flows;
  size_t count = derive_flows(d, &lifted, derive_mul(d->graph, value, derive_lift(d, n, local.factor)), guard, &flows);
  for (size_t k = 0; k < count; k++) {
    ContributionList *into = &d->into[flows[k].read->u.read.node->id];
    Contribution c = derive_solve(d, &lifted, &flows[k]);
    c.from = n; // the lifted one lives no longer than this
    ARENA_PUSH(d->arena, into->list, into->count, into->room) = c;
  }
}

static Node adjoint_node(Derive *d, const Node *a) {
  return (Node){.kind = NODE_COMP,
                .name = arena_printf(d->arena, "d_%s", a->name),
                .note = arena_printf(d->arena, "d %s / d %s", derive_what(d), a->name),
                .span = a->span,
                .type = TYPE_REAL,
                .nout = d->task->nextra + a->nout,
                .index = derive_index(d, a, 0)};
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

static const Expr *contribution_pattern(Derive *d, const Node *a, const Contribution *c) {
  return c->target ? NULL : derive_pattern(d, c->guard, d->task->nextra + a->nout, false);
}

// One node for the sum of all contributions; those with loops of their own become nodes, which it reads.
static Derivative sum_contributions(Derive *d, const Node *a, const ContributionList *into) {
  Graph *g = d->graph;
  Derivative sum = {.present = true, .pattern = contribution_pattern(d, a, &into->list[0])};
  if (into->count == 1) {
    Node n = contribution_node(d, a, &into->list[0]);
    sum.node = graph_add(g, &n);
    return sum;
  }
  const Expr **terms = arena_array(d->arena, const Expr *, into->count);
  for (size_t k = 1; k < into->count; k++)
    sum.pattern = derive_common(d, sum.pattern, contribution_pattern(d, a, &into->list[k]));
  for (size_t k = 0; k < into->count; k++) {
    const Contribution *c = &into->list[k];
    const Expr *term = c->value;
    if (c->nred > 0 || c->target) {
      Node n = contribution_node(d, a, c);
      n.name = arena_printf(d->arena, "d_%s_via_%s", a->name, c->from->name);
      n.note = arena_printf(d->arena, "d %s / d %s by way of %s", derive_what(d), a->name, c->from->name);
      term = derive_read_own(g, graph_add(g, &n));
    } else {
      const Expr *guard = derive_without(d, c->guard, sum.pattern);
      if (guard) term = expr_select(g, guard, term, expr_real(g, 0));
    }
    terms[k] = term;
  }
  Node n = adjoint_node(d, a);
  n.guard = sum.pattern;
  n.expr = derive_fold(g, PRIM_ADD, terms, into->count);
  sum.node = graph_add(g, &n);
  return sum;
}

// What the seeds give to the adjoint of an output.
static void add_seed(Derive *d, const DeriveSeed *seed) {
  const Node *n = seed->node;
  const Expr **own = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) own[k] = expr_index(d->graph, d->task->nextra + k);
  Derivative one = seed->value ? (Derivative){.present = true, .node = seed->value} : derive_diagonal(d, n);
  const Contribution c = {.from = n,
                          .index = derive_index(d, n, 0),
                          .guard = one.pattern,
                          .value = derive_value_at(d, &one, 0, own, n->nout)};
  ContributionList *into = &d->into[n->id];
  if (into->count == 0 && !d->of[n->id].present) d->of[n->id] = one;
  ARENA_PUSH(d->arena, into->list, into->count, into->room) = c;
}

// A result is a node of its own, also where it is a seed, or 0.
static const Node *result_node(Derive *d, const Node *input) {
  const Derivative *of = &d->of[input->id];
  if (of->present && of->node && of->node->kind == NODE_COMP) return of->node;
  Node own = adjoint_node(d, input);
  own.guard = of->present ? of->pattern : NULL;
  own.expr = !of->present ? expr_real(d->graph, 0)
             : of->node   ? derive_read_own(d->graph, of->node)
                          : expr_real(d->graph, 1);
  return graph_add(d->graph, &own);
}

bool derive_reverse(Graph *g, const Derivation *task, const Node **result) {
  Derive d;
  const Node **output = arena_array(g->arena, const Node *, (size_t)task->nseed + 1);
  for (int k = 0; k < task->nseed; k++) output[k] = task->seed[k].node;
  if (!derive_begin(&d, g, task, task->of, task->nof, output, task->nseed)) return false;
  for (int k = 0; k < task->nseed; k++) add_seed(&d, &task->seed[k]);
  for (size_t k = d.nold; k-- > 0;) {
    const Node *n = g->nodes[k];
    if (!d.wanted[k]) continue;
    const bool seed_alone = d.of[k].present && d.into[k].count == 1;
    if (d.into[k].count > 0 && !seed_alone) d.of[k] = sum_contributions(&d, n, &d.into[k]);
    if (d.of[k].present && n->expr) push(&d, n);
  }
  for (int k = 0; k < task->nof; k++) result[k] = result_node(&d, task->of[k]);
  return true;
}

// ---- copies ----

// Both the extremum and the comparison that finds its winners must read the same candidates, bit for bit; the terms of
// logsumexp and their shares in it are computed once.
static bool takes_candidates(Reduce reduce) {
  return reduce == REDUCE_MAX || reduce == REDUCE_MIN || reduce == REDUCE_LOGSUMEXP;
}

const Node *derive_name_candidates(Graph *g, const Node *n) {
  const Node candidates = {.kind = NODE_COMP,
                           .name = arena_printf(g->arena, "%s_candidates", n->name),
                           .note = arena_printf(g->arena, "the candidates for %s", n->name),
                           .span = n->span,
                           .type = TYPE_REAL,
                           .nout = n->nout + n->nred,
                           .index = n->index,
                           .guard = n->guard,
                           .expr = n->expr};
  return graph_add(g, &candidates);
}

static void copy_roots(Graph *to, const Graph *g, const Node *const *map) {
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    if (r->role != ROOT_GRADIENT) graph_add_root(to, r->role, r->name, r->which, map[r->node->id]);
  }
}

Graph *derive_copy(Arena *a, const Graph *g, const bool *from, const Node *const *output, int noutput,
                   const Node **map) {
  Graph *to = graph_new(a, g->dims, g->name);
  bool *varies = arena_array(a, bool, g->count + 1);
  for (size_t k = 0; k < g->count; k++) varies[k] = from ? from[k] : g->nodes[k]->kind == NODE_PARAM;
  const bool *wanted = between(a, g, varies, output, noutput);
  for (size_t k = 0; k < g->count; k++) {
    Node n = graph_translated(to, g->nodes[k], map);
    if (wanted[k] && takes_candidates(n.reduce) && n.expr->kind != EXPR_READ)
      n.expr = derive_read_own(to, derive_name_candidates(to, &n));
    map[k] = graph_add(to, &n);
  }
  graph_close_copies(g, map);
  copy_roots(to, g, map);
  return to;
}

// ---- the gradient of the loss by the parameters ----

// The derivative of the loss by itself.
static const Node *loss_seed(Graph *g, const Node *loss, bool unit) {
  if (unit) {
    const Node one = {.kind = NODE_COMP,
                      .name = arena_printf(g->arena, "d_%s", loss->name),
                      .note = arena_printf(g->arena, "d loss / d %s", loss->name),
                      .span = loss->span,
                      .type = TYPE_REAL,
                      .expr = expr_real(g, 1)};
    return graph_add(g, &one);
  }
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->kind == NODE_SEED && g->nodes[k]->which == 0) return g->nodes[k];
  const Node seed = {.kind = NODE_SEED, .name = "seed", .type = TYPE_REAL, .span = loss->span};
  return graph_add(g, &seed);
}

Graph *derive_gradient(Arena *a, const Graph *g, bool unit_seed, const PrimRow *table) {
  const Node **map = arena_array(a, const Node *, g->count + 1), *loss = graph_root(g, ROOT_LOSS, 0)->node;
  Graph *to = derive_copy(a, g, NULL, &loss, 1, map);
  const Node **param = arena_array(a, const Node *, to->count + 1), **gradient;
  Derivation task = {.table = table, .nseed = 1, .what = "loss"};
  for (size_t k = 0; k < to->count; k++)
    if (to->nodes[k]->kind == NODE_PARAM) param[task.nof++] = to->nodes[k];
  task.of = param;
  gradient = arena_array(a, const Node *, (size_t)task.nof + 1);
  const DeriveSeed seed = {map[loss->id], loss_seed(to, map[loss->id], unit_seed)};
  task.seed = &seed;
  if (!derive_reverse(to, &task, gradient)) return NULL;
  for (int k = 0; k < task.nof; k++) graph_add_root(to, ROOT_GRADIENT, param[k]->name, param[k]->which, gradient[k]);
  return to;
}
