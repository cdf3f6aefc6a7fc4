// loop.c - the adjoint of a loop is a loop in the other direction.
//
// Of a carry c, with next n over T steps, forwards:
//
//     c[0] = start          d[T] = what flows into the final state c[T] from outside
//     c[t + 1] = n[t]       d[t] = what flows into c[t]: from step t, and from outside
//
// so the adjoint d is a carry back along t, of which step t reads d[t + 1] as the adjoint of n[t], and d[0] goes on into
// the start.  Of a carry that runs backwards all this is turned round: its step t reads c[t + 1], its final state is c[0].
#include "derive/internal.h"

static int axis_of(const Derive *d, const Node *c) {
  return d->task->nextra + c->axis;
}

// The number of steps, and the entry of the axis where a loop in that direction ends.
static const Poly *steps(const Node *c) {
  return c->next->index[c->axis].extent;
}

static const Expr *last_entry(Derive *d, const Node *c, bool reverse) {
  return reverse ? expr_int(d->graph, 0) : expr_poly(d->graph, steps(c));
}

bool derive_is_backward(const Derive *d, const Node *n, int q, const Node *goal) {
  const int x = d->task->nextra;
  if (d->task->plain) return false;
  for (const GraphLoop *l = d->loops->inside[n->id]; l; l = l->parent) {
    const int p = d->loops->position[l->id][n->id] + x;
    const bool is_it = n->kind == NODE_SCATTER ? n->target[p] == expr_index(d->graph, q) : p == q;
    if (is_it && !l->reverse && !derive_runs_in(d, l, goal)) return true;
  }
  const int own = q - x;
  if (n->kind == NODE_SCATTER || own < 0 || own >= n->nout) return false;
  return d->backward[n->id] >> own & 1 ||
         (d->again.step && d->again.step[n->id] == own && d->again.turned[n->id] && !d->loops->inside[n->id]);
}

void derive_note_backward(Derive *d, const Node *n, const Expr *read) {
  const Node *a = read->u.read.node;
  for (int k = 0; k < a->nout; k++) {
    const Expr *sub = read->u.read.sub[k];
    if (sub->kind == EXPR_INDEX && derive_is_backward(d, n, sub->u.index, a)) d->backward[a->id] |= (uint64_t)1 << k;
  }
}

Goal derive_goal(Derive *d, const Node *n, const Expr *read) {
  const Node *a = read->u.read.node;
  const GraphLoop *loop = a->kind == NODE_CARRY ? d->loops->inside[a->id] : NULL;
  Index *index = derive_index(d, a, 0);
  if (!loop || !derive_runs_in(d, loop, n))
    return (Goal){.node = a, .index = index, .sub = read->u.read.sub, .list = &d->into[a->id]};
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)a->nout);
  for (int k = 0; k < a->nout; k++) sub[k] = read->u.read.sub[k];
  sub[a->axis] = expr_index(d->graph, loop_step_of(sub[a->axis], a->reverse));
  index[axis_of(d, a)] = a->next->index[a->axis];
  return (Goal){.node = a, .index = index, .sub = sub, .list = &d->step[a->id]};
}

// ---- what flows in from outside: into the final state, or into the state of any step ----

typedef enum { REACHES_FINAL = 1, REACHES_STEPS = 2 } Reach;

// What the guard says of the axis; *rest is what it says besides, without `axis == final`.
static Reach reach_of(Derive *d, const Expr *guard, int axis, const Expr *final, const Expr **rest) {
  Graph *g = d->graph;
  if (!guard) {
    *rest = NULL;
    return REACHES_FINAL | REACHES_STEPS;
  }
  if (guard->kind != EXPR_PRIM || guard->u.prim.narg != 2) {
    *rest = guard;
    return REACHES_FINAL | REACHES_STEPS;
  }
  const Expr *a = guard->u.prim.arg[0], *b = guard->u.prim.arg[1], *left, *right;
  if (guard->u.prim.op == PRIM_AND) {
    Reach x = reach_of(d, a, axis, final, &left), y = reach_of(d, b, axis, final, &right);
    *rest = derive_and(g, left, right);
    return x & y;
  }
  *rest = guard;
  const Expr *index = expr_index(g, axis);
  if (guard->u.prim.op == PRIM_EQ && ((a == index && b == final) || (a == final && b == index))) {
    *rest = NULL;
    return REACHES_FINAL;
  }
  if (guard->u.prim.op == PRIM_LT && a == index && b == final) return REACHES_STEPS;
  return REACHES_FINAL | REACHES_STEPS;
}

static Reach reach(Derive *d, const Node *c, const Contribution *from, const Expr **rest) {
  const int axis = axis_of(d, c);
  const Expr *final = last_entry(d, c, c->reverse);
  if (!from->target) return reach_of(d, from->guard, axis, final, rest);
  *rest = from->guard;
  return from->target[axis] == final ? REACHES_FINAL : REACHES_FINAL | REACHES_STEPS;
}

// Subscripts that read an array like the carry's adjoint at its own indices, but for the axis.
static const Expr *const *own_but(Derive *d, const Node *c, const Expr *at) {
  const int rank = d->task->nextra + c->nout;
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)rank + 1);
  for (int k = 0; k < rank; k++) sub[k] = k == axis_of(d, c) ? at : expr_index(d->graph, k);
  return sub;
}

// A node like the contribution, over all the carry's indices or without the axis.
static Node part_node(Derive *d, const Node *c, const Contribution *from, const char *what) {
  return (Node){.kind = from->target ? NODE_SCATTER : NODE_COMP,
                .name = arena_printf(d->arena, "d_%s_%s_via_%s", c->name, what, from->via),
                .note = arena_printf(d->arena, "d %s / d %s by way of %s", derive_what(d), c->name, from->via),
                .span = c->span,
                .type = TYPE_REAL,
                .nout = d->task->nextra + c->nout,
                .nred = from->nred,
                .index = from->index,
                .reduce = from->nred > 0 && !from->target ? REDUCE_SUM : REDUCE_NONE,
                .guard = from->guard,
                .expr = from->value,
                .target = from->target};
}

// The node without its output index `axis`, which stands at `at` wherever it occurs; or, with an `other` index in its place,
// with `at` as an expression over that.
static Node along(Derive *d, const Node *n, int axis, const Expr *at, const Index *other) {
  const int nv = n->nout + n->nred;
  Node out = *n;
  Index *index = arena_array(d->arena, Index, (size_t)nv + 1);
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)nv + 1);
  int to = 0;
  for (int k = 0; k < nv; k++) {
    if (k == axis && !other) continue;
    index[to] = k == axis ? *other : n->index[k];
    sub[k] = expr_index(d->graph, to++);
  }
  sub[axis] = at;
  out.index = index;
  out.nout = n->nout - (other ? 0 : 1);
  out.expr = expr_substitute(d->graph, n->expr, sub, nv, NULL);
  out.guard = n->guard ? expr_substitute(d->graph, n->guard, sub, nv, NULL) : NULL;
  if (!n->target) return out;
  const Expr **target = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  to = 0;
  for (int k = 0; k < n->nout; k++)
    if (k != axis) target[to++] = expr_substitute(d->graph, n->target[k], sub, nv, NULL);
  out.target = target;
  return out;
}

// Over the carry's indices but the axis: read where those stand.
static const Expr *read_without(Derive *d, const Node *c, const Node *n) {
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  int to = 0;
  for (int k = 0; k < d->task->nextra + c->nout; k++)
    if (k != axis_of(d, c)) sub[to++] = expr_index(d->graph, k);
  return expr_read(d->graph, n, sub);
}

// What a contribution gives to the final state, over the carry's indices, of which the axis does not occur.
static const Expr *final_part(Derive *d, const Node *c, const Contribution *from, Reach to, const Expr *rest) {
  Graph *g = d->graph;
  const int axis = axis_of(d, c);
  const Expr *final = last_entry(d, c, c->reverse);
  Node part = part_node(d, c, from, "last");
  if (from->target && (to & REACHES_STEPS)) // a scatter into any state
    return expr_read(g, graph_add(g, &part), own_but(d, c, final));
  part.guard = rest;
  if (from->target || from->nred > 0) {
    Node last = along(d, &part, axis, final, NULL);
    return read_without(d, c, graph_add(g, &last));
  }
  const Expr *const *sub = own_but(d, c, final);
  const Expr *value = expr_substitute(g, from->value, sub, axis + 1, NULL);
  if (!rest) return value;
  return expr_select(g, expr_substitute(g, rest, sub, axis + 1, NULL), value, expr_real(g, 0));
}

// What a contribution from outside gives to the states that the steps read, as one over the shape of what the carry takes.
static Contribution steps_part(Derive *d, const Node *c, const Contribution *from) {
  Graph *g = d->graph;
  const int axis = axis_of(d, c);
  const Expr *t = expr_index(g, axis), *at = c->reverse ? expr_prim2(g, PRIM_ADD, t, expr_int(g, 1)) : t;
  Index *index = derive_index(d, c->next, 0);
  Contribution part = {.via = from->via, .index = index};
  Node n = part_node(d, c, from, "steps");
  if (from->target) {
    part.value = expr_read(g, graph_add(g, &n), own_but(d, c, at));
  } else if (from->nred > 0) {
    Node by_step = along(d, &n, axis, at, &c->next->index[c->axis]);
    part.value = derive_read_own(g, graph_add(g, &by_step));
  } else {
    const Expr *const *sub = own_but(d, c, at);
    part.value = expr_substitute(g, from->value, sub, axis + 1, NULL);
    part.guard = from->guard ? expr_substitute(g, from->guard, sub, axis + 1, NULL) : NULL;
  }
  return part;
}

// ---- the adjoint of a carry ----

static const Node *open_adjoint(Derive *d, const Node *c) {
  Graph *g = d->graph;
  const ContributionList *into = &d->into[c->id];
  const Expr **part = arena_array(d->arena, const Expr *, into->count + 1);
  size_t parts = 0;
  for (size_t k = 0; k < into->count; k++) {
    const Expr *rest;
    Reach to = reach(d, c, &into->list[k], &rest);
    if (to & REACHES_FINAL) part[parts++] = final_part(d, c, &into->list[k], to, rest);
    if (to & REACHES_STEPS)
      ARENA_PUSH(d->arena, d->step[c->id].list, d->step[c->id].count, d->step[c->id].room) =
          steps_part(d, c, &into->list[k]);
  }
  const Node adjoint = {.kind = NODE_CARRY,
                        .name = arena_printf(d->arena, "d_%s", c->name),
                        .note = arena_printf(d->arena, "d %s / d %s", derive_what(d), c->name),
                        .span = c->span,
                        .type = TYPE_REAL,
                        .nout = d->task->nextra + c->nout,
                        .index = derive_index(d, c, 0),
                        .axis = axis_of(d, c),
                        .reverse = !c->reverse,
                        .expr = parts ? derive_fold(g, PRIM_ADD, part, parts) : expr_real(g, 0)};
  const Node *made = graph_add(g, &adjoint);
  if (d->in_place[c->id]) derive_mark_version(d, made, c, false);
  return made;
}

// The adjoint of what the carry takes begins with the state of the adjoint loop.
static void send_to_next(Derive *d, const Node *c, const Node *adjoint) {
  if (!d->wanted[c->next->id]) return;
  Graph *g = d->graph;
  const Expr *t = expr_index(g, axis_of(d, c));
  const Expr *at = adjoint->reverse ? expr_prim2(g, PRIM_ADD, t, expr_int(g, 1)) : t;
  ContributionList *into = &d->into[c->next->id];
  ARENA_PUSH(d->arena, into->list, into->count, into->room) = (Contribution){
      .via = c->name, .index = derive_index(d, c->next, 0), .value = expr_read(g, adjoint, own_but(d, c, at))};
}

static void close_adjoint(Derive *d, const Node *c, const Node *adjoint) {
  Graph *g = d->graph;
  Node step = *c->next;
  step.id = c->id; // whose adjoint it is
  step.name = arena_printf(d->arena, "%s_state", c->name);
  const ContributionList *into = &d->step[c->id];
  const Node *next;
  if (into->count > 0) {
    next = derive_sum(d, &step, into, d->in_place[c->id]).node;
  } else {
    const Node none = {.kind = NODE_COMP,
                       .name = arena_printf(d->arena, "d_%s", step.name),
                       .span = c->span,
                       .type = TYPE_REAL,
                       .nout = d->task->nextra + c->nout,
                       .index = derive_index(d, c->next, 0),
                       .expr = expr_real(g, 0)};
    next = graph_add(g, &none);
  }
  graph_close(adjoint, next, NULL);
}

// The final state of the adjoint loop goes on into the start.
static void send_to_start(Derive *d, const Node *c, const Node *adjoint) {
  const int nextra = d->task->nextra;
  Node start = *c;
  Index *index = arena_array(d->arena, Index, (size_t)c->nout);
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)c->nout);
  const Expr **at = arena_array(d->arena, const Expr *, (size_t)(nextra + c->nout));
  for (int k = 0; k < nextra; k++) at[k] = expr_index(d->graph, k);
  start.nout = 0;
  for (int k = 0; k < c->nout; k++) {
    if (k == c->axis) {
      at[nextra + k] = last_entry(d, c, adjoint->reverse);
      continue;
    }
    index[start.nout] = c->index[k];
    sub[k] = expr_index(d->graph, start.nout);
    at[nextra + k] = expr_index(d->graph, nextra + start.nout++);
  }
  start.index = index;
  derive_push_expr(d, &start, expr_substitute(d->graph, c->expr, sub, c->nout, NULL), expr_read(d->graph, adjoint, at),
                   NULL);
}

static bool has_wanted(const Derive *d, const GraphLoop *loop) {
  for (size_t k = 0; k < loop->ncarry; k++)
    if (d->wanted[loop->carry[k]->id]) return true;
  for (size_t k = 0; k < d->nold; k++)
    if (d->wanted[k] && derive_runs_in(d, loop, d->graph->nodes[k])) return true;
  return false;
}

// The rewinding of a loop around this one goes through it.
static bool is_on_the_way(const Derive *d, const GraphLoop *loop) {
  for (size_t k = 0; k < loop->ncarry; k++)
    if (d->in_place[loop->carry[k]->id] && d->successor[loop->carry[k]->id]) return true;
  return false;
}

void derive_loop(Derive *d, const GraphLoop *loop) {
  if (!has_wanted(d, loop) && !is_on_the_way(d, loop)) return;
  const Node **adjoint = arena_array(d->arena, const Node *, loop->ncarry);
  for (size_t k = 0; k < loop->ncarry; k++) {
    const Node *c = loop->carry[k];
    if (!d->wanted[c->id]) continue;
    adjoint[k] = open_adjoint(d, c);
    d->of[c->id] = (Derivative){.present = true, .node = adjoint[k]};
    send_to_next(d, c, adjoint[k]);
  }
  derive_rewind_open(d, loop);
  derive_items(d, loop->item, loop->nitem);
  for (size_t k = 0; k < loop->ncarry; k++)
    if (adjoint[k]) close_adjoint(d, loop->carry[k], adjoint[k]);
  derive_rewind_close(d, loop);
  for (size_t k = 0; k < loop->ncarry; k++)
    if (adjoint[k]) send_to_start(d, loop->carry[k], adjoint[k]);
}
