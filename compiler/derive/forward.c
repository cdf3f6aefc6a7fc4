// forward.c - forward mode: the tangents of nodes, first ones first.  What reverse mode would send into each read of an
// expression is the partial derivative by it: the tangent is the sum of these times the tangents of what is read.
#include "derive/internal.h"

// One read's part of a tangent, over the lifted node's indices.
typedef struct Term {
  const Expr *condition; // inside of the expression, or null
  const Expr *pattern;   // outside of which the tangent of what is read is 0, or null
  const Expr *value;
} Term;

typedef struct TermList {
  Term *list;
  size_t count, room;
} TermList;

static bool counts(const Derive *d, const Node *n, const Flow *flow) {
  const Derivation *task = d->task;
  return !task->at || (n->id == task->at->id && flow->read == task->read) || flow->read->u.read.node->expr;
}

static TermList terms_of(Derive *d, const Node *n, const Local *local) {
  Flow *flows;
  TermList terms = {.list = NULL};
  const int extra_at = derive_extra_at(d, n);
  size_t count = derive_flows(d, n, local->factor, local->guard, NULL, &flows);
  for (size_t k = 0; k < count; k++) {
    const Node *read = flows[k].read->u.read.node;
    const Derivative *tangent = &d->of[read->id];
    if (!tangent->present || !counts(d, n, &flows[k])) continue;
    const Expr **sub = arena_array(d->arena, const Expr *, (size_t)read->nout + 1);
    for (int q = 0; q < read->nout; q++) sub[q] = derive_lift(d, n, flows[k].read->u.read.sub[q]);
    const Expr *value = derive_value_at(d, tangent, extra_at, sub, read->nout);
    ARENA_PUSH(d->arena, terms.list, terms.count, terms.room) =
        (Term){.condition = derive_lift(d, n, flows[k].condition),
               .pattern = derive_at(d, tangent->pattern, extra_at, sub, read->nout),
               .value = derive_mul(d->graph, derive_lift(d, n, flows[k].value), value)};
  }
  return terms;
}

static Node tangent_node(Derive *d, const Node *n, const Node *lifted) {
  Node tangent = *lifted;
  tangent.name = arena_printf(d->arena, "%s_dot", n->name);
  tangent.note = d->task->what ? arena_printf(d->arena, "d %s / d %s", n->name, d->task->what)
                               : arena_printf(d->arena, "the tangent of %s", n->name);
  tangent.type = TYPE_REAL;
  if (n->reduce != REDUCE_NONE) tangent.reduce = REDUCE_SUM;
  return tangent;
}

static const Expr *selected(Derive *d, const Expr *condition, const Expr *value) {
  return condition ? expr_select(d->graph, condition, value, expr_real(d->graph, 0)) : value;
}

static const Expr *sum_of_terms(Derive *d, const TermList *terms) {
  const Expr **value = arena_array(d->arena, const Expr *, terms->count);
  for (size_t k = 0; k < terms->count; k++) value[k] = selected(d, terms->list[k].condition, terms->list[k].value);
  return derive_fold(d->graph, PRIM_ADD, value, terms->count);
}

// Terms that one node can add up: where each has a pattern of its own, sums over it are solved one by one.
static const Node *sum_of(Derive *d, const Node *like, const Expr *guard, const Term *term, size_t count) {
  Node sum = *like;
  const Expr **value = arena_array(d->arena, const Expr *, count);
  sum.guard = guard;
  for (size_t k = 0; k < count; k++) value[k] = selected(d, term[k].condition, term[k].value);
  sum.expr = derive_fold(d->graph, PRIM_ADD, value, count);
  if (count == 1) {
    sum.guard = derive_and(d->graph, guard, term[0].condition);
    sum.expr = term[0].value;
  }
  return graph_add(d->graph, &sum);
}

// The terms with the same pattern, from `first` on, are moved together; returns how many there are.
static size_t gather(Term *term, size_t first, size_t count) {
  size_t end = first + 1;
  for (size_t k = end; k < count; k++)
    if (term[k].pattern == term[first].pattern) {
      const Term same = term[k];
      for (size_t j = k; j > end; j--) term[j] = term[j - 1];
      term[end++] = same;
    }
  return end - first;
}

// Where terms differ in their patterns, those with loops of their own become nodes, which the tangent reads.
static const Node *sum_terms(Derive *d, const Node *n, const Node *like, const Expr *guard, const Expr *common,
                             TermList *terms) {
  Graph *g = d->graph;
  const Expr **part = arena_array(d->arena, const Expr *, terms->count);
  size_t nparts = 0;
  const bool loops = like->nred > 0;
  for (size_t k = 0, size; k < terms->count; k += size) {
    size = gather(terms->list, k, terms->count);
    const Expr *pattern = terms->list[k].pattern;
    if (size == terms->count) return sum_of(d, like, derive_and(g, guard, pattern), terms->list, size);
    if (!loops) {
      const Expr *rest = derive_without(d, pattern, common);
      for (size_t j = k; j < k + size; j++) terms->list[j].condition = derive_and(g, terms->list[j].condition, rest);
      continue;
    }
    Node via = *like;
    via.name = arena_printf(d->arena, "%s_part", like->name);
    part[nparts++] = derive_read_own(g, sum_of(d, &via, derive_and(g, guard, pattern), terms->list + k, size));
  }
  if (!loops) return sum_of(d, like, derive_and(g, guard, common), terms->list, terms->count);
  Node sum = tangent_node(d, n, like);
  sum.name = like->name;
  sum.note = like->note;
  sum.kind = NODE_COMP;
  sum.reduce = REDUCE_NONE;
  sum.target = NULL;
  sum.nred = 0;
  sum.index = derive_index(d, n, 0);
  sum.guard = common;
  sum.expr = derive_fold(g, PRIM_ADD, part, nparts);
  return graph_add(g, &sum);
}

// The tangent of e, an expression over the outputs of n, as one over the extra indices and those; null: 0.
static const Expr *tangent_of_expr(Derive *d, const Node *n, const Expr *e) {
  Node plain = *n;
  plain.kind = NODE_COMP;
  plain.nred = 0;
  plain.reduce = REDUCE_NONE;
  plain.guard = NULL;
  plain.expr = e;
  plain.base = NULL;
  plain.target = NULL;
  const Local local = {.factor = expr_real(d->graph, 1)};
  TermList terms = terms_of(d, &plain, &local);
  for (size_t k = 0; k < terms.count; k++)
    terms.list[k].condition = derive_and(d->graph, terms.list[k].pattern, terms.list[k].condition);
  return terms.count ? sum_of_terms(d, &terms) : NULL;
}

// A scatter over a base: entries that are replaced are so whatever the pattern.
static Derivative tangent_over_base(Derive *d, const Node *n) {
  Graph *g = d->graph;
  const Local local = derive_local(d, n);
  TermList terms = terms_of(d, n, &local);
  const Expr *base = tangent_of_expr(d, n, n->base);
  if (terms.count == 0 && !base) return (Derivative){.present = false};
  const Node lifted = derive_lifted(d, n);
  Node tangent = tangent_node(d, n, &lifted);
  tangent.base = base ? base : expr_real(g, 0);
  for (size_t k = 0; k < terms.count; k++)
    terms.list[k].condition = derive_and(g, terms.list[k].pattern, terms.list[k].condition);
  tangent.expr = terms.count ? sum_of_terms(d, &terms) : expr_real(g, 0);
  return (Derivative){.present = true, .node = graph_add(g, &tangent)};
}

// The tangent of a carry is a carry; what it takes is known when all tangents are.
static Derivative tangent_of_carry(Derive *d, const Node *n) {
  const Node lifted = derive_lifted(d, n);
  Node tangent = tangent_node(d, n, &lifted);
  const Expr *start = tangent_of_expr(d, n, n->expr);
  tangent.axis = d->task->nextra + n->axis;
  tangent.expr = start ? start : expr_real(d->graph, 0);
  tangent.next = tangent.alive = NULL;
  return (Derivative){.present = true, .node = graph_add(d->graph, &tangent)};
}

static Derivative tangent_of(Derive *d, const Node *n) {
  if (n->kind == NODE_CARRY) return tangent_of_carry(d, n);
  if (n->base) return tangent_over_base(d, n);
  const Local local = derive_local(d, n);
  TermList terms = terms_of(d, n, &local);
  if (terms.count == 0) return (Derivative){.present = false};
  const Node lifted = derive_lifted(d, n), like = tangent_node(d, n, &lifted);
  const Expr *common = NULL;
  for (size_t k = 0; k < terms.count && n->kind == NODE_COMP; k++) {
    const Term *t = &terms.list[k];
    const Expr *pattern = derive_pattern(d, t->pattern, lifted.nout, !n->guard && !t->condition);
    common = k == 0 ? pattern : derive_common(d, common, pattern);
  }
  const Node *sum = sum_terms(d, n, &like, derive_lift(d, n, local.guard), common, &terms);
  return (Derivative){.present = true, .node = sum, .pattern = common};
}

static void close_carries(Derive *d) {
  for (size_t k = 0; k < d->nold; k++) {
    const Node *n = d->graph->nodes[k], *tangent = d->of[k].node;
    if (n->kind != NODE_CARRY || !n->next || !d->of[k].present || !tangent || (size_t)tangent->id < d->nold) continue;
    const Derivative *next = &d->of[n->next->id];
    const Node *take = next->node;
    if (!next->present || !take || !take->expr) {
      const Node lifted = derive_lifted(d, n->next);
      Node own = tangent_node(d, n->next, &lifted);
      own.kind = NODE_COMP;
      own.reduce = REDUCE_NONE;
      own.target = NULL;
      own.base = NULL;
      own.nred = 0;
      own.guard = next->present ? next->pattern : NULL;
      own.index = derive_index(d, n->next, 0);
      own.expr = !next->present ? expr_real(d->graph, 0)
                 : take         ? derive_read_own(d->graph, take)
                                : expr_real(d->graph, 1);
      take = graph_add(d->graph, &own);
    }
    graph_close(tangent, take, NULL);
  }
}

// A result is a node of its own, also where it is a seed.
static const Node *result_node(Derive *d, const Node *n) {
  const Derivative *of = &d->of[n->id];
  if (!of->present) return NULL;
  if (of->node && of->node->expr) return of->node;
  Node lifted = derive_lifted(d, n), own = tangent_node(d, n, &lifted);
  own.kind = NODE_COMP;
  own.reduce = REDUCE_NONE;
  own.target = NULL;
  own.nred = 0;
  own.guard = of->pattern;
  own.index = derive_index(d, n, 0);
  own.expr = of->node ? derive_read_own(d->graph, of->node) : expr_real(d->graph, 1);
  return graph_add(d->graph, &own);
}

bool derive_forward(Graph *g, const Derivation *task, const Node **result) {
  Derive d;
  const Node **input = arena_array(g->arena, const Node *, (size_t)task->nseed + 1);
  for (int k = 0; k < task->nseed; k++) input[k] = task->seed[k].node;
  if (!derive_begin(&d, g, task, input, task->nseed, task->of, task->nof)) return false;
  for (int k = 0; k < task->nseed; k++) {
    const DeriveSeed *s = &task->seed[k];
    d.of[s->node->id] = s->value ? (Derivative){.present = true, .node = s->value} : derive_diagonal(&d, s->node);
  }
  for (size_t k = 0; k < d.nold; k++)
    if (d.wanted[k] && !d.of[k].present && g->nodes[k]->expr) d.of[k] = tangent_of(&d, g->nodes[k]);
  close_carries(&d);
  for (int k = 0; k < task->nof; k++) result[k] = result_node(&d, task->of[k]);
  return true;
}
