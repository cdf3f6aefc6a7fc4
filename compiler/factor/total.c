// total.c - a state that every step adds to, and that is read when the last one has, is a sum over the steps.
//
// c[t + 1] = c[t] + f[t] becomes c[T] = start + Σₜ f[t].  That is summed in the order which sums have, not one after the other,
// where each addition waits for the one before, and its logarithms are one of the product of their arguments (logs.c).  What one step
// adds and takes away, f - g, is one term, formed before the state comes to it.
#include "factor/internal.h"

typedef struct Totals {
  const Graph *in;
  Graph *g;
  const Node **map;    // by id in `in`
  const Node **behind; // by id in `in`: of a step, the state that alone takes it; of such a state the step; null: none
  const Node *at;      // the node that reads
} Totals;

// ---- which states ----

// The entry of c that a step begins with?
static bool reads_own(const Expr *e, const Node *c) {
  if (e->kind != EXPR_READ || e->u.read.node != c) return false;
  for (int k = 0; k < c->nout; k++)
    if (loop_step_of(e->u.read.sub[k], k == c->axis && c->reverse) != k) return false;
  return true;
}

// Is e that entry and something else that is added to it, whatever the choices?  The recursion is as deep as e is high.
static bool adds_to(const Expr *e, const Node *c) {
  const Expr *const *arg = e->kind == EXPR_PRIM ? e->u.prim.arg : NULL;
  if (expr_is_prim(e, PRIM_SELECT)) return !expr_reads(arg[0], c) && adds_to(arg[1], c) && adds_to(arg[2], c);
  if (expr_is_prim(e, PRIM_ADD) && !expr_reads(arg[0], c)) return adds_to(arg[1], c);
  if (expr_is_prim(e, PRIM_ADD) || expr_is_prim(e, PRIM_SUB)) return !expr_reads(arg[1], c) && adds_to(arg[0], c);
  return reads_own(e, c);
}

// The state as it is when all steps are done?
static bool reads_last(const Expr *read, const Node *c) {
  const Expr *sub = read->u.read.sub[c->axis];
  int64_t first;
  if (c->reverse) return expr_is_int(sub, &first) && first == 0;
  return sub->kind == EXPR_POLY && sub->u.poly == c->next->index[c->axis].extent;
}

static void look_at_read(void *context, const Expr *read) {
  Totals *t = context;
  const Node *n = read->u.read.node, *other = t->behind[n->id];
  if (!other || (n->kind == NODE_CARRY && t->at == other)) return;
  if (n->kind == NODE_CARRY && t->at->id > other->id && reads_last(read, n)) return;
  t->behind[n->id] = t->behind[other->id] = NULL;
}

static void forget(Totals *t, const Node *n) {
  if (t->behind[n->id]) t->behind[t->behind[n->id]->id] = NULL;
  t->behind[n->id] = NULL;
}

// False: there are none.
static bool find_totals(Totals *t) {
  const Graph *in = t->in;
  bool any = false;
  for (size_t k = 0; k < in->count; k++) {
    const Node *c = in->nodes[k], *step = c->next;
    if (c->kind != NODE_CARRY) continue;
    const bool plain = step->kind == NODE_COMP && step->reduce == REDUCE_NONE && !step->guard && c->type == TYPE_REAL;
    if (plain && !c->alive && !t->behind[step->id] && adds_to(step->expr, c)) {
      t->behind[step->id] = c;
      t->behind[k] = step;
      any = true;
    } else {
      forget(t, step); // another state takes it
    }
  }
  for (size_t k = 0; k < in->nroots && any; k++) forget(t, in->roots[k].node);
  for (size_t k = 0; k < in->count && any; k++) {
    t->at = in->nodes[k];
    node_each_read(in, t->at, look_at_read, t);
  }
  any = false;
  for (size_t k = 0; k < in->count; k++) any = any || t->behind[k];
  return any;
}

// ---- what they become ----

// What a step adds, over g; c's entry in it is 0.
static const Expr *addend_of(Totals *t, const Expr *e, const Node *c, const Expr *const *sub) {
  Graph *g = t->g;
  if (!expr_reads(e, c)) return expr_substitute(g, e, sub, INDEX_MAX, t->map);
  if (e->kind == EXPR_READ) return expr_real(g, 0);
  const Expr *const *arg = e->u.prim.arg;
  if (expr_is_prim(e, PRIM_SELECT))
    return expr_select(g, expr_substitute(g, arg[0], sub, INDEX_MAX, t->map), addend_of(t, arg[1], c, sub), addend_of(t, arg[2], c, sub));
  const Expr *x = addend_of(t, arg[0], c, sub), *y = addend_of(t, arg[1], c, sub);
  if (expr_is_prim(e, PRIM_SUB)) return expr_is_zero(x) ? expr_prim1(g, PRIM_NEG, y) : expr_prim2(g, PRIM_SUB, x, y);
  return expr_is_zero(x) ? y : expr_is_zero(y) ? x : expr_prim2(g, PRIM_ADD, x, y);
}

// The sum over the steps, the last state as that and the start, and what has it for all of its entries: the last one is read.
static void become_sum(Totals *t, const Node *c, const Node *step) {
  Graph *g = t->g;
  const int last = c->nout - 1; // the sum's own index stands behind all others
  Index *index = arena_array(g->arena, Index, (size_t)c->nout);
  const Expr *sub[INDEX_MAX] = {NULL}, **own = arena_array(g->arena, const Expr *, (size_t)c->nout),
             **shown = arena_array(g->arena, const Expr *, (size_t)c->nout);
  for (int k = 0, to = 0; k < c->nout; k++) {
    const int at = k == c->axis ? last : to++;
    sub[k] = expr_index(g, at);
    index[at] = step->index[k];
    if (k == c->axis) continue;
    own[at] = sub[k];
    shown[at] = expr_index(g, k);
  }
  Node sum = *step;
  sum.name = arena_printf(g->arena, "%s_sum", c->name);
  sum.note = NULL;
  sum.origin = ORIGIN_TOTAL;
  sum.nout = last;
  sum.nred = 1;
  sum.index = index;
  sum.reduce = REDUCE_SUM;
  sum.expr = addend_of(t, step->expr, c, sub);
  const Expr *total = expr_read(g, graph_add(g, &sum), own), *start = expr_substitute(g, c->expr, sub, INDEX_MAX, t->map);
  Node end = sum;
  end.name = c->name;
  end.note = c->note;
  end.nred = 0;
  end.reduce = REDUCE_NONE;
  end.expr = expr_is_zero(start) ? total : expr_prim2(g, PRIM_ADD, start, total);
  Node all = *c;
  all.kind = NODE_COMP;
  all.next = NULL;
  all.expr = expr_read(g, graph_add(g, &end), shown);
  t->map[c->id] = graph_add(g, &all);
}

const Graph *sum_states(Arena *a, const Graph *in) {
  Totals t = {.in = in, .behind = arena_array(a, const Node *, in->count + 1)};
  if (!find_totals(&t)) return in;
  t.g = graph_new(a, in->dims, in->name);
  t.map = arena_array(a, const Node *, in->count + 1);
  for (size_t k = 0; k < in->count; k++) {
    const Node *n = in->nodes[k], *other = t.behind[k];
    if (other && n->kind == NODE_CARRY) continue;
    if (other) {
      become_sum(&t, other, n);
      continue;
    }
    const Node copy = graph_translated(t.g, n, t.map);
    t.map[k] = graph_add(t.g, &copy);
  }
  graph_close_copies(in, t.map);
  graph_copy_roots(t.g, in, t.map, ALL_ROLES);
  return t.g;
}
