// forward.c - forward mode: the tangents of nodes, first ones first.  What reverse mode would send into each read of an
// expression is the partial derivative by it: the tangent is the sum of these times the tangents of what is read.
#include "derive/internal.h"

// One read's part of a tangent, over the lifted node's indices.
typedef struct Term {
  const Expr *condition; // inside of the expression, or null
  const Expr *pattern;   // outside of which the tangent of what is read is 0, or null
  const Expr *value;
  bool plain; // a tangent as it is: 0 by itself where the pattern does not hold
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
                 .value = derive_mul(d->graph, value, derive_value_at(d, &of->list[j], extra_at, sub, read->nout)),
                 .plain = of->list[j].node && expr_is_real(value, 1)};
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

// The terms of the tangent of e, an expression over the outputs of n: over the extra indices and those.
static TermList terms_of_expr(Derive *d, const Node *n, const Expr *e) {
  Node plain = *n;
  plain.kind = NODE_COMP;
  plain.nred = 0;
  plain.reduce = REDUCE_NONE;
  plain.guard = NULL;
  plain.expr = e;
  plain.base = NULL;
  plain.target = NULL;
  const Local local = {.factor = expr_real(d->graph, 1)};
  return terms_of(d, &plain, &local);
}

static Tangents none(void) {
  return (Tangents){.list = NULL};
}

static void add_part(Derive *d, Tangents *t, const Node *n, const Expr *pattern) {
  ARENA_PUSH(d->arena, t->list, t->count, t->room) = (Derivative){.present = true, .node = n, .pattern = pattern};
}

static Tangents only(Derive *d, const Node *n, const Expr *pattern) {
  Tangents t = none();
  add_part(d, &t, n, pattern);
  return t;
}

// The sum of the terms that are of part p, counted from `first` on, for what has no guard to say where their patterns hold.
static const Expr *sum_in_part(Derive *d, const TermList *terms, const Parts *parts, size_t first, size_t p) {
  TermList part = {.list = NULL};
  for (size_t k = 0; k < terms->count; k++) {
    if (parts->of[first + k] != p) continue;
    Term t = terms->list[k];
    if (!t.plain) t.condition = derive_and(d->graph, t.condition, t.pattern);
    ARENA_PUSH(d->arena, part.list, part.count, part.room) = t;
  }
  return part.count ? sum_of_terms(d, &part) : expr_real(d->graph, 0);
}

// A pattern over what a scatter runs through, over the entries that it goes to: those conditions that such an entry settles.
static const Expr *pattern_at_target(Derive *d, const Node *lifted, const Expr *pattern) {
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)(lifted->nout + lifted->nred) + 1);
  for (int k = 0; k < lifted->nout; k++)
    if (lifted->target[k]->kind == EXPR_INDEX) sub[lifted->target[k]->u.index] = expr_index(d->graph, k);
  const Expr *kept = NULL;
  size_t count;
  const Expr **list = derive_conjuncts(d, pattern, &count);
  for (size_t k = 0; k < count; k++) {
    bool settled = true;
    for (int q = lifted->nout; q < lifted->nout + lifted->nred; q++)
      settled = settled && (sub[q] || !expr_uses_index(list[k], q));
    if (settled)
      kept = derive_and(d->graph, kept, expr_substitute(d->graph, list[k], sub, lifted->nout + lifted->nred, NULL));
  }
  return derive_pattern(d, kept, lifted->index, lifted->nout, false);
}

// A scatter over a base: in each part what is there before, and what is put in its place, or added.
static Tangents tangents_over_base(Derive *d, const Node *n) {
  const Local local = derive_local(d, n);
  const TermList terms = terms_of(d, n, &local), before = terms_of_expr(d, n, n->base);
  const Node lifted = derive_lifted(d, n);
  const Expr **kept = arena_array(d->arena, const Expr *, terms.count + before.count + 1);
  for (size_t k = 0; k < terms.count; k++) kept[k] = pattern_at_target(d, &lifted, terms.list[k].pattern);
  for (size_t k = 0; k < before.count; k++)
    kept[terms.count + k] =
        derive_pattern(d, before.list[k].pattern, lifted.index, lifted.nout, !before.list[k].condition);
  const Parts parts = derive_parts(d, kept, terms.count + before.count);
  Tangents tangents = none();
  for (size_t p = 0; p < parts.count; p++) {
    Node tangent = tangent_node(d, n, &lifted);
    tangent.base = sum_in_part(d, &before, &parts, terms.count, p);
    tangent.expr = sum_in_part(d, &terms, &parts, 0, p);
    add_part(d, &tangents, graph_add(d->graph, &tangent), parts.pattern[p]);
  }
  return tangents;
}

// ---- loops ----
//
// The tangent of a carry is a carry for each of its parts: of what it starts from, and of what its steps add.  What the
// latter say of the extra indices is known when the tangents of a step are, which are made of the carry's.  So at first
// they are taken to add nothing that the start has not; where that turns out wrong, they are noted, and all is made again.

static Tangents tangents_of_carry(Derive *d, const Node *n) {
  const Node lifted = derive_lifted(d, n);
  const TermList start = terms_of_expr(d, n, n->expr);
  const Clause *steps = &d->added[n->id];
  const Expr **kept = arena_array(d->arena, const Expr *, start.count + steps->count + 1);
  for (size_t k = 0; k < start.count; k++)
    kept[k] = derive_pattern(d, start.list[k].pattern, lifted.index, lifted.nout, !start.list[k].condition);
  for (size_t k = 0; k < steps->count; k++) kept[start.count + k] = steps->list[k];
  const Parts parts = derive_parts(d, kept, start.count + steps->count);
  Tangents tangents = none();
  for (size_t p = 0; p < parts.count; p++) {
    Node tangent = tangent_node(d, n, &lifted);
    tangent.axis = d->task->nextra + n->axis;
    tangent.expr = sum_in_part(d, &start, &parts, 0, p);
    tangent.next = tangent.alive = NULL;
    add_part(d, &tangents, graph_add(d->graph, &tangent), parts.pattern[p]);
  }
  return tangents;
}

// Of what a step adds to the state of carry c: what holds at all steps, also where there is none.
static const Expr *pattern_of_steps(Derive *d, const Node *c, const Expr *pattern) {
  const Node lifted = derive_lifted(d, c->next);
  Dims *dims = d->graph->dims;
  const Poly *more = poly_sub(dims, lifted.index[d->task->nextra + c->axis].extent, poly_int(dims, 1));
  const Expr *kept = NULL;
  size_t count;
  const Expr **list = derive_conjuncts(
      d, derive_pattern(d, pattern, lifted.index, lifted.nout, !c->alive && poly_is_nonnegative(dims, more)), &count);
  for (size_t k = 0; k < count; k++)
    if (!expr_uses_index(list[k], d->task->nextra + c->axis)) kept = derive_and(d->graph, kept, list[k]);
  return kept;
}

// The part of carry c that what a step adds under that pattern belongs to; its number of parts where there is none.
static size_t part_of_steps(Derive *d, const Node *c, const Expr *pattern) {
  const Tangents *of = &d->tangents[c->id];
  size_t p = 0;
  while (p < of->count && derive_without(d, of->list[p].pattern, pattern)) p++;
  return p;
}

// Is all that the steps of c add in its parts?  Notes it where it is not; what goes on and on, as of h[i] = h[i - 1], is of
// all entries.
static bool has_all_of_steps(Derive *d, const Node *c) {
  enum { ADDED_MAX = 8 };
  const Tangents *next = &d->tangents[c->next->id];
  Clause *added = &d->added[c->id];
  const size_t before = added->count;
  for (size_t q = 0; q < next->count; q++) {
    const Expr *pattern = pattern_of_steps(d, c, next->list[q].pattern);
    if (part_of_steps(d, c, pattern) < d->tangents[c->id].count) continue;
    if (added->count >= ADDED_MAX) pattern = NULL;
    ARENA_PUSH(d->arena, added->list, added->count, added->room) = pattern;
  }
  return added->count == before;
}

// The first carry of whose steps something was noted; where there is none, the number of nodes.
static size_t find_lacking(Derive *d) {
  size_t first = d->nold;
  for (size_t k = d->nold; k-- > 0;) {
    const Node *n = d->graph->nodes[k];
    if (d->wanted[k] && n->kind == NODE_CARRY && n->next && !d->seeded[k] && !has_all_of_steps(d, n)) first = k;
  }
  return first;
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
  if (n->kind == NODE_CARRY) return tangents_of_carry(d, n);
  if (n->base) return tangents_over_base(d, n);
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
    add_part(d, &tangents, sum, parts.pattern[p]);
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

// Parts of the tangent of n as one node, 0 where there are none.
static const Node *whole(Derive *d, const Node *n, const Tangents *of) {
  if (of->count == 1) return node_of_part(d, n, &of->list[0]);
  const Expr **part = arena_array(d->arena, const Expr *, of->count + 1);
  for (size_t k = 0; k < of->count; k++) part[k] = derive_read_own(d->graph, node_of_part(d, n, &of->list[k]));
  Node own = plain_tangent(d, n);
  own.expr = of->count ? derive_fold(d->graph, PRIM_ADD, part, of->count) : expr_real(d->graph, 0);
  return graph_add(d->graph, &own);
}

static void close_carry(Derive *d, const Node *c) {
  const Tangents *of = &d->tangents[c->id], *next = &d->tangents[c->next->id];
  for (size_t p = 0; p < of->count; p++) {
    Tangents taken = none();
    for (size_t q = 0; q < next->count; q++)
      if (part_of_steps(d, c, pattern_of_steps(d, c, next->list[q].pattern)) == p)
        ARENA_PUSH(d->arena, taken.list, taken.count, taken.room) = next->list[q];
    graph_close(of->list[p].node, whole(d, c->next, &taken), d->task->nextra ? NULL : c->alive);
  }
}

static bool find_tangents(Derive *d, Graph *g, const Derivation *task, bool apart) {
  const Node **input = arena_array(g->arena, const Node *, (size_t)task->nseed + 1);
  for (int k = 0; k < task->nseed; k++) input[k] = task->seed[k].node;
  if (!derive_begin(d, g, task, input, task->nseed, task->of, task->nof)) return false;
  d->apart = apart;
  d->tangents = arena_array(g->arena, Tangents, d->nold + 1);
  d->added = arena_array(g->arena, Clause, d->nold + 1);
  d->seeded = arena_array(g->arena, bool, d->nold + 1);
  for (int k = 0; k < task->nseed; k++) {
    const DeriveSeed *s = &task->seed[k];
    d->tangents[s->node->id] = only(d, s->value, s->value ? NULL : derive_diagonal(d, s->node).pattern);
    d->seeded[s->node->id] = true;
  }
  size_t *made = arena_array(g->arena, size_t, d->nold + 1), from = 0; // by id: how many nodes there were before
  do {
    for (size_t k = from; k < d->nold; k++) {
      made[k] = g->count;
      if (d->wanted[k] && !d->seeded[k] && g->nodes[k]->expr) d->tangents[k] = tangents_of(d, g->nodes[k]);
    }
    from = find_lacking(d);
    if (from < d->nold) graph_take_back(g, made[from]);
  } while (from < d->nold);
  for (size_t k = 0; k < d->nold; k++)
    if (g->nodes[k]->kind == NODE_CARRY && g->nodes[k]->next && !d->seeded[k]) close_carry(d, g->nodes[k]);
  return true;
}

bool derive_forward(Graph *g, const Derivation *task, const Node **result) {
  Derive d;
  if (!find_tangents(&d, g, task, false)) return false;
  for (int k = 0; k < task->nof; k++) {
    const Tangents *of = &d.tangents[task->of[k]->id];
    result[k] = of->count ? whole(&d, task->of[k], of) : NULL;
  }
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
