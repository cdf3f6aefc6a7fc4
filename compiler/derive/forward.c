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

static TermList terms_of(Derive *d, const Node *n, const Local *local) {
  Flow *flows;
  TermList terms = {.list = NULL};
  const int extra_at = derive_extra_at(d, n);
  size_t count = derive_flows(d, n, local->factor, local->guard, NULL, &flows);
  for (size_t k = 0; k < count; k++) {
    const Node *read = flows[k].read->u.read.node;
    const Tangents *of = &d->tangents[read->id];
    const Expr **sub = arena_array(d->arena, const Expr *, (size_t)read->nout + 1);
    for (int q = 0; q < read->nout; q++) sub[q] = derive_lift(d, n, flows[k].read->u.read.sub[q]);
    const Expr *condition = derive_lift(d, n, flows[k].condition), *value = derive_lift(d, n, flows[k].value);
    for (size_t j = 0; j < of->count; j++)
      ARENA_PUSH(d->arena, terms.list, terms.count, terms.room) =
          (Term){.condition = condition,
                 .pattern = derive_pattern_at(d, of->list[j].pattern, extra_at, sub, read->nout),
                 .value = derive_mul(d->graph, value, derive_value_at(d, &of->list[j], extra_at, sub, read->nout))};
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

// The tangent of n as a node that reads other nodes for it; guard and expression are still to be given.
static Node plain_tangent(Derive *d, const Node *n) {
  Node own = tangent_node(d, n, n);
  own.kind = NODE_COMP;
  own.reduce = REDUCE_NONE;
  own.target = NULL;
  own.base = own.guard = NULL;
  own.next = own.alive = NULL;
  own.nout += d->task->nextra;
  own.nred = 0;
  own.index = derive_index(d, n, 0);
  return own;
}

static const Expr *selected(Derive *d, const Expr *condition, const Expr *value) {
  return condition ? expr_select(d->graph, condition, value, expr_real(d->graph, 0)) : value;
}

static const Expr *sum_of_terms(Derive *d, const TermList *terms) {
  const Expr **value = arena_array(d->arena, const Expr *, terms->count);
  for (size_t k = 0; k < terms->count; k++) value[k] = selected(d, terms->list[k].condition, terms->list[k].value);
  return derive_fold(d->graph, PRIM_ADD, value, terms->count);
}

// What holds wherever the condition of some term does; null: no more than the node's guard.
static const Expr *any_condition(Derive *d, const Term *term, size_t count) {
  Clauses any = {.list = NULL};
  if (count == 1) return term[0].condition;
  for (size_t k = 0; k < count; k++) {
    if (!term[k].condition) return NULL;
    derive_clauses_add(d, &any, term[k].condition);
  }
  return derive_clauses_any(d, &any, false);
}

// Terms that one node can add up, under a pattern that all of them have: where each has one of its own, sums over it are
// solved one by one.  What a pattern reads may be there only where some term's condition holds, which stands before it.
static const Node *sum_of(Derive *d, const Node *like, const Expr *guard, const Expr *pattern, const Term *term,
                          size_t count) {
  Node sum = *like;
  const Expr **value = arena_array(d->arena, const Expr *, count);
  const bool reads = pattern && pattern->nodes != 0;
  if (count == 1 || reads) guard = derive_and(d->graph, guard, any_condition(d, term, count));
  sum.guard = derive_and(d->graph, guard, pattern);
  for (size_t k = 0; k < count; k++)
    value[k] = count == 1 ? term[k].value : selected(d, term[k].condition, term[k].value);
  sum.expr = derive_fold(d->graph, PRIM_ADD, value, count);
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
    if (size == terms->count) return sum_of(d, like, guard, pattern, terms->list, size);
    if (!loops) {
      const Expr *rest = derive_without(d, pattern, common);
      for (size_t j = k; j < k + size; j++) terms->list[j].condition = derive_and(g, terms->list[j].condition, rest);
      continue;
    }
    Node via = *like;
    via.name = arena_printf(d->arena, "%s_part", like->name);
    part[nparts++] = derive_read_own(g, sum_of(d, &via, guard, pattern, terms->list + k, size));
  }
  if (!loops) return sum_of(d, like, guard, common, terms->list, terms->count);
  Node sum = plain_tangent(d, n);
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
    terms.list[k].condition = derive_and(d->graph, terms.list[k].condition, terms.list[k].pattern);
  return terms.count ? sum_of_terms(d, &terms) : NULL;
}

static Tangents none(void) {
  return (Tangents){.list = NULL};
}

static Tangents only(Derive *d, const Node *n, const Expr *pattern) {
  Tangents t = none();
  ARENA_PUSH(d->arena, t.list, t.count, t.room) = (Derivative){.present = true, .node = n, .pattern = pattern};
  return t;
}

// A scatter over a base: entries that are replaced are so whatever the pattern.
static Tangents tangent_over_base(Derive *d, const Node *n) {
  Graph *g = d->graph;
  const Local local = derive_local(d, n);
  TermList terms = terms_of(d, n, &local);
  const Expr *base = tangent_of_expr(d, n, n->base);
  if (terms.count == 0 && !base) return none();
  const Node lifted = derive_lifted(d, n);
  Node tangent = tangent_node(d, n, &lifted);
  tangent.base = base ? base : expr_real(g, 0);
  for (size_t k = 0; k < terms.count; k++)
    terms.list[k].condition = derive_and(g, terms.list[k].condition, terms.list[k].pattern);
  tangent.expr = terms.count ? sum_of_terms(d, &terms) : expr_real(g, 0);
  return only(d, graph_add(g, &tangent), NULL);
}

// The tangent of a carry is a carry; what it takes is known when all tangents are.
static Tangents tangent_of_carry(Derive *d, const Node *n) {
  const Node lifted = derive_lifted(d, n);
  Node tangent = tangent_node(d, n, &lifted);
  const Expr *start = tangent_of_expr(d, n, n->expr);
  tangent.axis = d->task->nextra + n->axis;
  tangent.expr = start ? start : expr_real(d->graph, 0);
  tangent.next = tangent.alive = NULL;
  return only(d, graph_add(d->graph, &tangent), NULL);
}

// What a term's pattern says wherever the tangent of n, over the indices of `lifted`, is computed.
static const Expr *kept_pattern(Derive *d, const Node *n, const Node *lifted, const Term *t) {
  return n->kind == NODE_COMP ? derive_pattern(d, t->pattern, lifted->index, lifted->nout, !n->guard && !t->condition)
                              : NULL;
}

// 1 where the pattern holds, as a seed is: no array.
static bool is_one(const Node *like, const Expr *guard, const TermList *terms, const Expr *pattern) {
  const Term *t = terms->list;
  return terms->count == 1 && like->kind == NODE_COMP && !like->nred && !guard && !t->condition &&
         t->pattern == pattern && expr_is_real(t->value, 1);
}

// Tangents of the terms in parts: those of one part have what its pattern says in common.
static Tangents tangents_of(Derive *d, const Node *n) {
  if (n->kind == NODE_CARRY) return tangent_of_carry(d, n);
  if (n->base) return tangent_over_base(d, n);
  const Local local = derive_local(d, n);
  const TermList terms = terms_of(d, n, &local);
  Tangents tangents = none();
  if (terms.count == 0) return tangents;
  const Node lifted = derive_lifted(d, n), like = tangent_node(d, n, &lifted);
  const Expr **kept = arena_array(d->arena, const Expr *, terms.count), *guard = derive_lift(d, n, local.guard);
  for (size_t k = 0; k < terms.count; k++) kept[k] = kept_pattern(d, n, &lifted, &terms.list[k]);
  const Parts parts = derive_parts(d, kept, terms.count);
  for (size_t p = 0; p < parts.count; p++) {
    TermList part = {.list = NULL};
    for (size_t k = 0; k < terms.count; k++)
      if (parts.of[k] == p) ARENA_PUSH(d->arena, part.list, part.count, part.room) = terms.list[k];
    const Node *sum =
        is_one(&like, guard, &part, parts.pattern[p]) ? NULL : sum_terms(d, n, &like, guard, parts.pattern[p], &part);
    ARENA_PUSH(d->arena, tangents.list, tangents.count, tangents.room) =
        (Derivative){.present = true, .node = sum, .pattern = parts.pattern[p]};
  }
  return tangents;
}

// One part of the tangent of n as a node of its own, also where it is a seed.
static const Node *node_of_part(Derive *d, const Node *n, const Derivative *part) {
  if (part->node && part->node->expr) return part->node;
  Node own = plain_tangent(d, n);
  own.guard = part->pattern;
  own.expr = part->node ? derive_read_own(d->graph, part->node) : expr_real(d->graph, 1);
  return graph_add(d->graph, &own);
}

// The tangent of n as one node, 0 where it has none.
static const Node *whole(Derive *d, const Node *n) {
  const Tangents *of = &d->tangents[n->id];
  if (of->count == 1) return node_of_part(d, n, &of->list[0]);
  const Expr **part = arena_array(d->arena, const Expr *, of->count + 1);
  for (size_t k = 0; k < of->count; k++) part[k] = derive_read_own(d->graph, node_of_part(d, n, &of->list[k]));
  Node own = plain_tangent(d, n);
  own.expr = of->count ? derive_fold(d->graph, PRIM_ADD, part, of->count) : expr_real(d->graph, 0);
  return graph_add(d->graph, &own);
}

static void close_carries(Derive *d) {
  for (size_t k = 0; k < d->nold; k++) {
    const Node *n = d->graph->nodes[k];
    const Tangents *of = &d->tangents[k];
    const Node *tangent = of->count ? of->list[0].node : NULL;
    if (n->kind == NODE_CARRY && n->next && tangent && (size_t)tangent->id >= d->nold)
      graph_close(tangent, whole(d, n->next), NULL);
  }
}

static bool find_tangents(Derive *d, Graph *g, const Derivation *task, bool apart) {
  const Node **input = arena_array(g->arena, const Node *, (size_t)task->nseed + 1);
  for (int k = 0; k < task->nseed; k++) input[k] = task->seed[k].node;
  if (!derive_begin(d, g, task, input, task->nseed, task->of, task->nof)) return false;
  d->apart = apart;
  d->tangents = arena_array(g->arena, Tangents, d->nold + 1);
  for (int k = 0; k < task->nseed; k++) {
    const DeriveSeed *s = &task->seed[k];
    d->tangents[s->node->id] = only(d, s->value, s->value ? NULL : derive_diagonal(d, s->node).pattern);
  }
  for (size_t k = 0; k < d->nold; k++)
    if (d->wanted[k] && !d->tangents[k].count && g->nodes[k]->expr) d->tangents[k] = tangents_of(d, g->nodes[k]);
  close_carries(d);
  return true;
}

bool derive_forward(Graph *g, const Derivation *task, const Node **result) {
  Derive d;
  if (!find_tangents(&d, g, task, false)) return false;
  for (int k = 0; k < task->nof; k++) result[k] = d.tangents[task->of[k]->id].count ? whole(&d, task->of[k]) : NULL;
  return true;
}

bool derive_forward_apart(Graph *g, const Derivation *task, const Node ***part, size_t *count) {
  Derive d;
  if (!find_tangents(&d, g, task, true)) return false;
  const Tangents *of = &d.tangents[task->of[0]->id];
  *part = arena_array(g->arena, const Node *, of->count + 1);
  for (size_t k = 0; k < of->count; k++) (*part)[k] = node_of_part(&d, task->of[0], &of->list[k]);
  *count = of->count;
  return true;
}
