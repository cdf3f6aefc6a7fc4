// derive.c - which nodes have derivatives; reverse mode: their adjoints, last first; copies; the gradient of a loss.
#include <string.h>

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

static void visit_values(const Graph *g, const Node *n, ReadVisitor visit, Mark *m) {
  expr_each_read(g, n->expr, visit, m);
  if (n->base) expr_each_read(g, n->base, visit, m);
}

// What a carry takes comes later: once more round for each loop that it is met through.
static void find_varying(const Graph *g, bool *varies) {
  bool more = true;
  while (more) {
    more = false;
    for (size_t k = 0; k < g->count; k++) {
      const Node *n = g->nodes[k];
      Mark m = {.marked = varies};
      if (varies[k] || !n->expr || n->type != TYPE_REAL) continue;
      visit_values(g, n, see_marked, &m);
      varies[k] = m.any || (n->next && varies[n->next->id]);
      more = more || (varies[k] && n->kind != NODE_CARRY);
    }
  }
}

static void find_needed(const Graph *g, const bool *varies, bool *needed) {
  bool more = true;
  while (more) {
    more = false;
    for (size_t k = g->count; k-- > 0;) {
      const Node *n = g->nodes[k];
      if (!needed[k] || !n->expr) continue;
      Mark m = {.marked = needed, .only = varies};
      visit_values(g, n, mark_read, &m);
      if (!n->next || needed[n->next->id] || !varies[n->next->id]) continue;
      needed[n->next->id] = more = true;
    }
  }
}

// Real nodes that depend on an input (`varies` says which ones are) and that an output depends on, by id.
static bool *between(Arena *arena, const Graph *g, bool *varies, const Node *const *output, int noutput) {
  bool *needed = arena_array(arena, bool, g->count + 1);
  find_varying(g, varies);
  for (int k = 0; k < noutput; k++) needed[output[k]->id] = varies[output[k]->id];
  find_needed(g, varies, needed);
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
  d->step = arena_array(a, ContributionList, d->nold + 1);
  d->backward = arena_array(a, uint64_t, d->nold + 1);
  d->loops = graph_loops(a, g, NULL);
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

// A value that entries of an array in place make becomes a node, where it is needed after those are overwritten.
static const Expr *held(Derive *d, const Node *n, const Expr *value, const Expr *guard) {
  const int first = n->kind == NODE_SCATTER ? n->nout : 0, count = n->nout + n->nred - first;
  const Expr **inner = arena_array(d->arena, const Expr *, (size_t)(first + count) + 1);
  const Expr **outer = arena_array(d->arena, const Expr *, (size_t)count + 1);
  for (int k = 0; k < count; k++) {
    inner[first + k] = expr_index(d->graph, k);
    outer[k] = expr_index(d->graph, first + k);
  }
  const Node part = {.kind = NODE_COMP,
                     .name = arena_printf(d->arena, "d_%s_part", n->name),
                     .note = arena_printf(d->arena, "what goes on by way of %s", n->name),
                     .span = n->span,
                     .type = TYPE_REAL,
                     .nout = count,
                     .index = n->index + first,
                     .guard = guard ? expr_substitute(d->graph, guard, inner, first + count, NULL) : NULL,
                     .expr = expr_substitute(d->graph, value, inner, first + count, NULL)};
  return expr_read(d->graph, graph_add(d->graph, &part), outer);
}

// Sends flows in the lifted node on to the adjoints of what is read; n is the node itself.
static void send(Derive *d, const Node *n, const Node *lifted, Flow *flow, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Goal goal = derive_goal(d, n, flow[k].read);
    derive_note_backward(d, n, flow[k].read);
    flow[k].value = derive_pick(d, n, lifted, derive_rewind(d, flow[k].value), flow[k].guard);
    flow[k].guard = derive_rewind(d, flow[k].guard);
    flow[k].support = derive_rewind(d, flow[k].support);
    Contribution c = derive_solve(d, lifted, &flow[k], &goal);
    const bool whole = !c.target && c.nred == 0 && !c.guard && c.value->kind == EXPR_READ;
    if (!whole && derive_reads_version(d, flow[k].value, goal.node)) {
      flow[k].value = held(d, lifted, flow[k].value, flow[k].guard);
      c = derive_solve(d, lifted, &flow[k], &goal);
    }
    ARENA_PUSH(d->arena, goal.list->list, goal.list->count, goal.list->room) = c;
  }
}

void derive_push_expr(Derive *d, const Node *n, const Expr *e, const Expr *value, const Expr *guard) {
  Node plain = *n;
  plain.kind = NODE_COMP;
  plain.nred = 0;
  plain.reduce = REDUCE_NONE;
  plain.guard = NULL;
  plain.target = NULL;
  plain.base = NULL;
  plain.expr = e;
  const Node lifted = derive_lifted(d, &plain);
  Flow *flows;
  size_t count = derive_flows(d, &lifted, value, guard, NULL, &flows);
  send(d, &plain, &lifted, flows, count);
}

// What was there before receives the adjoint where a scatter leaves it: everywhere, or but for what is replaced.
static void push_base(Derive *d, const Node *n, const Node *lifted) {
  Graph *g = d->graph;
  const Derivative *adjoint = &d->of[n->id];
  const int x = d->task->nextra;
  const Expr **own = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) own[k] = expr_index(g, x + k);
  const Expr *value = derive_value_at(d, adjoint, 0, own, n->nout), *guard = adjoint->pattern;
  if (n->assign) {
    Node kept = *lifted;
    kept.name = arena_printf(d->arena, "d_%s_kept", n->name);
    kept.note = arena_printf(d->arena, "d %s / d %s, but for the entries that it replaces", derive_what(d), n->name);
    kept.type = TYPE_REAL;
    kept.guard = derive_rewind(d, lifted->guard);
    kept.base = guard ? expr_select(g, guard, value, expr_real(g, 0)) : value;
    kept.expr = expr_real(g, 0);
    const Node *made = graph_add(g, &kept);
    if (d->in_place[n->id]) derive_mark_version(d, made, n, false);
    value = derive_read_own(g, made);
    guard = NULL;
  }
  derive_push_expr(d, n, n->base, value, guard);
}

// n, or where its entries are needed once more, of arrays that were rewound meanwhile, a node that computes it of those.
static const Node *as_rewound(Derive *d, const Node *n) {
  Node again = *n;
  again.name = arena_printf(d->arena, "%s_again", n->name);
  again.expr = derive_rewind(d, n->expr);
  again.guard = derive_rewind(d, n->guard);
  if (again.expr == n->expr && again.guard == n->guard) return n;
  return graph_add(d->graph, &again);
}

// Hands the adjoint of n on to what n reads.
static void push(Derive *d, const Node *n) {
  const Derivative *adjoint = &d->of[n->id];
  const Local local = derive_local(d, as_rewound(d, n));
  const Node lifted = derive_lifted(d, n);
  const int x = d->task->nextra, extra_at = derive_extra_at(d, n);
  const Expr **at = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++)
    at[k] = n->kind == NODE_SCATTER ? derive_rewind(d, lifted.target[x + k]) : expr_index(d->graph, x + k);
  const Expr *value = derive_value_at(d, adjoint, extra_at, at, n->nout);
  const Expr *guard =
      derive_and(d->graph, derive_lift(d, n, local.guard), derive_at(d, adjoint->pattern, extra_at, at, n->nout));
  if (n->kind == NODE_SCATTER && d->in_place[n->id]) value = held(d, &lifted, value, guard);
  const Expr *support = derive_at(d, adjoint->support, extra_at, at, n->nout);
  const Expr *factor = derive_lift(d, n, local.factor);
  if (support && local.wild) guard = derive_and(d->graph, guard, support);
  Flow *flows;
  size_t count = derive_flows(d, &lifted, derive_mul(d->graph, value, factor), guard, support, &flows);
  send(d, n, &lifted, flows, count);
  if (n->base) push_base(d, n, &lifted);
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
  return c->target ? NULL : derive_pattern(d, c->guard, c->index, d->task->nextra + a->nout, false);
}

// A term of the sum, as an expression over the adjoint's indices.
static const Expr *term_of(Derive *d, const Node *a, const Contribution *c, const Expr *pattern) {
  Graph *g = d->graph;
  if (c->nred > 0 || c->target) {
    Node n = contribution_node(d, a, c);
    n.name = arena_printf(d->arena, "d_%s_via_%s", a->name, c->via);
    n.note = arena_printf(d->arena, "d %s / d %s by way of %s", derive_what(d), a->name, c->via);
    return derive_read_own(g, graph_add(g, &n));
  }
  const Expr *guard = derive_without(d, c->guard, pattern);
  return guard ? expr_select(g, guard, c->value, expr_real(g, 0)) : c->value;
}

// Which of the targets into a is the step of loop l.
static int step_target(const Derive *d, const Node *a, const GraphLoop *l) {
  return d->task->nextra + d->loops->position[l->id][a->id];
}

// Does what is scattered reach, in each step of the loops around a, the entries of that step?  What comes from outside of
// them may reach any step's.
static bool keeps_step(const Derive *d, const Node *a, const Contribution *c) {
  for (const GraphLoop *l = d->loops->inside[a->id]; l; l = l->parent) {
    const int p = step_target(d, a, l);
    const Expr *target = c->target[p];
    if (target->kind != EXPR_INDEX || c->index[target->u.index].extent != c->index[p].extent) return false;
  }
  return true;
}

// Is it the target of a loop around l, too?
static bool shares_step(const Derive *d, const Node *a, const Contribution *c, const GraphLoop *l) {
  const Expr *target = c->target[step_target(d, a, l)];
  for (const GraphLoop *outer = l->parent; outer; outer = outer->parent)
    if (c->target[step_target(d, a, outer)] == target) return true;
  return false;
}

// What goes by one index to the steps of two loops (`u[t, t]` of loops t and k): each loop has an index of its own, and a
// condition says that they are equal.
static void part_steps(Derive *d, const Node *a, Contribution *c) {
  const int rank = d->task->nextra + a->nout;
  for (const GraphLoop *l = d->loops->inside[a->id]; l; l = l->parent) {
    if (!shares_step(d, a, c, l)) continue;
    const int p = step_target(d, a, l), own = rank + c->nred++;
    Index *index = arena_array(d->arena, Index, (size_t)own + 1);
    const Expr **target = arena_array(d->arena, const Expr *, (size_t)rank);
    memcpy(index, c->index, (size_t)own * sizeof *index);
    memcpy(target, c->target, (size_t)rank * sizeof *target);
    index[own] = c->index[p];
    target[p] = expr_index(d->graph, own);
    c->guard = derive_and(d->graph, expr_prim2(d->graph, PRIM_EQ, target[p], c->target[p]), c->guard);
    c->index = index;
    c->target = target;
  }
}

// What reaches all entries, or those of any step, as the base of a chain of scatters that add the rest, each where it was
// read.
static Derivative sum_in_place(Derive *d, const Node *a, const ContributionList *into) {
  Graph *g = d->graph;
  const Expr **dense = arena_array(d->arena, const Expr *, into->count);
  size_t ndense = 0;
  for (size_t k = 0; k < into->count; k++)
    if (!into->list[k].target || !keeps_step(d, a, &into->list[k]))
      dense[ndense++] = term_of(d, a, &into->list[k], NULL);
  Node n = adjoint_node(d, a);
  n.expr = ndense ? derive_fold(g, PRIM_ADD, dense, ndense) : expr_real(g, 0);
  const Expr *base = n.expr;
  const Node *sum = ndense == into->count ? graph_add(g, &n) : NULL;
  for (size_t k = 0; k < into->count; k++) {
    if (!into->list[k].target || !keeps_step(d, a, &into->list[k])) continue;
    Contribution c = into->list[k];
    part_steps(d, a, &c);
    n = contribution_node(d, a, &c);
    n.base = base;
    n.note = arena_printf(d->arena, "d %s / d %s, with what goes by way of %s", derive_what(d), a->name, c.via);
    sum = graph_add(g, &n);
    derive_mark_version(d, sum, a, false);
    base = derive_read_own(g, sum);
  }
  return (Derivative){.present = true, .node = sum};
}

// One node for the sum of all contributions; those with loops of their own become nodes, which it reads.
Derivative derive_sum(Derive *d, const Node *a, const ContributionList *into, bool in_place) {
  Graph *g = d->graph;
  if (in_place) return sum_in_place(d, a, into);
  Derivative sum = {.present = true, .pattern = contribution_pattern(d, a, &into->list[0])};
  if (into->count == 1) {
    Node n = contribution_node(d, a, &into->list[0]);
    sum.node = graph_add(g, &n);
    sum.support = derive_support(d, a, into, sum.pattern);
    return sum;
  }
  const Expr **terms = arena_array(d->arena, const Expr *, into->count);
  for (size_t k = 1; k < into->count; k++)
    sum.pattern = derive_common(d, sum.pattern, contribution_pattern(d, a, &into->list[k]));
  for (size_t k = 0; k < into->count; k++) terms[k] = term_of(d, a, &into->list[k], sum.pattern);
  Node n = adjoint_node(d, a);
  n.guard = sum.pattern;
  n.expr = derive_fold(g, PRIM_ADD, terms, into->count);
  sum.node = graph_add(g, &n);
  sum.support = derive_support(d, a, into, sum.pattern);
  return sum;
}

static void derive_node(Derive *d, const Node *n) {
  const bool wanted = d->wanted[n->id];
  Derivative *of = &d->of[n->id];
  const ContributionList *into = &d->into[n->id];
  const bool seed_alone = of->present && into->count == 1;
  if (wanted && into->count > 0 && !seed_alone) *of = derive_sum(d, n, into, d->in_place[n->id]);
  derive_rewind_over(d, n);
  d->again.off = d->again.astray && d->again.astray[n->id];
  if (wanted && of->present && n->expr) push(d, n);
  d->again.off = false;
}

void derive_items(Derive *d, const LoopItem *item, size_t count) {
  const Again before = derive_again_open(d, item, count);
  for (size_t k = count; k-- > 0;) {
    if (item[k].node)
      derive_node(d, item[k].node);
    else
      derive_loop(d, item[k].loop);
  }
  derive_again_close(d, before);
}

// What the seeds give to the adjoint of an output.
static void add_seed(Derive *d, const DeriveSeed *seed) {
  const Node *n = seed->node;
  const Expr **own = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) own[k] = expr_index(d->graph, d->task->nextra + k);
  Derivative one = seed->value ? (Derivative){.present = true, .node = seed->value} : derive_diagonal(d, n);
  const Contribution c = {.via = n->name,
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
  derive_find_in_place(&d);
  derive_items(&d, d.loops->item, d.loops->nitem);
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

Graph *derive_copy(Arena *a, const Graph *g, const bool *from, const Node *const *output, int noutput,
                   const Node **map) {
  Graph *to = graph_new(a, g->dims, g->name);
  to->blocked = g->blocked;
  to->keeps_states = g->keeps_states;
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
  graph_copy_roots(to, g, map, ALL_ROLES & ~(1u << ROOT_GRADIENT));
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

static Graph *with_gradient(Arena *a, const Graph *g, Derivation task, bool unit_seed) {
  const Node **map = arena_array(a, const Node *, g->count + 1), *loss = graph_root(g, ROOT_LOSS, 0)->node;
  Graph *to = derive_copy(a, g, NULL, &loss, 1, map);
  const Node **param = arena_array(a, const Node *, to->count + 1), **gradient;
  task.nseed = 1;
  task.what = "loss";
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

Graph *derive_gradient(Arena *a, const Graph *g, bool unit_seed, const PrimRow *table) {
  return with_gradient(a, g, (Derivation){.table = table}, unit_seed);
}

Graph *derive_plain_gradient(Arena *a, const Graph *g) {
  return with_gradient(a, g, (Derivation){.plain = true}, true);
}
