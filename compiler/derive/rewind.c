// rewind.c - arrays updated in place: their states are not kept step by step but taken back as the adjoint runs.
//
// A carried array of which each step overwrites some entries has versions: the state before the step, what each
// overwriting leaves, the state after it; a loop inside the step may go on from one version to the next.  The adjoint
// reads old versions.  So beside a loop's adjoint runs its rewinding: from the last state, for each overwriting, last one
// first, the entries that were there before are put back:
//
//     scatter u = v then (target) = e        old[q] = v[target(q)], kept by the loop itself
//                                            scatter v' = u' then (target) = old[q]
//
// and v' is read for v: the same numbers, at the cost of the entries that were overwritten.  What another loop reads of a
// version is kept too, since its adjoint runs before the rewinding: those entries, not all states.
#include "derive/internal.h"

// ---- which arrays ----

static bool at_index(const Expr *e, int k) {
  return e->kind == EXPR_INDEX && e->u.index == k;
}

// The version that n goes on from, entry for entry; null: none.  `inner` is set where it is the last state of a loop.
static const Node *before(const Node *n, bool *inner) {
  const Expr *e = n->kind == NODE_SCATTER ? n->base : n->expr;
  bool whole = n->kind == NODE_SCATTER || (n->kind == NODE_COMP && n->reduce == REDUCE_NONE && !n->guard);
  *inner = false;
  if (!whole || !e || e->kind != EXPR_READ) return NULL;
  const Node *v = e->u.read.node;
  const Expr *const *sub = e->u.read.sub;
  if (v->kind == NODE_CARRY && v->next && v->nout == n->nout + 1) {
    int64_t zero;
    for (int k = 0; k < n->nout; k++)
      if (!at_index(sub[k < v->axis ? k : k + 1], k)) return NULL;
    const Expr *last = sub[v->axis];
    *inner = v->reverse ? expr_is_int(last, &zero) && zero == 0
                        : last->kind == EXPR_POLY && last->u.poly == v->next->index[v->axis].extent;
    return *inner ? v : NULL;
  }
  if (v->nout != n->nout) return NULL;
  for (int k = 0; k < n->nout; k++) {
    int index = v->kind == NODE_CARRY && k == v->axis ? loop_step_of(sub[k], v->reverse)
                : sub[k]->kind == EXPR_INDEX          ? sub[k]->u.index
                                                      : -1;
    if (index != k) return NULL;
  }
  return v;
}

// The version that a carry's loop starts from, entry for entry; null: none.
static const Node *start_of(const Node *c) {
  const Expr *e = c->expr;
  if (e->kind != EXPR_READ || e->u.read.node->nout != c->nout - 1) return NULL;
  const Node *v = e->u.read.node;
  for (int k = 0; k < v->nout; k++) {
    const int own = k < c->axis ? k : k + 1;
    const Expr *sub = e->u.read.sub[k];
    int index = v->kind == NODE_CARRY && k == v->axis ? loop_step_of(sub, v->reverse)
                : sub->kind == EXPR_INDEX             ? sub->u.index
                                                      : -1;
    if (index != own) return NULL;
  }
  return v;
}

// Goes back from what c takes to c itself, through overwriting and loops inside; marks the versions where it arrives.
static void find_chain(Derive *d, const GraphLoop *loop, const Node *c) {
  Arena *scratch = arena_new();
  const Node **chain = NULL, **after = NULL; // of each version, the one behind it
  size_t count = 0, room = 0, after_room = 0;
  bool overwrites = false, inner;
  for (const Node *v = c->next; v && v != c;) {
    if (d->loops->position[loop->id][v->id] < 0 || count > d->nold) v = NULL;
    if (!v) break;
    size_t at = count;
    ARENA_PUSH(scratch, after, at, after_room) = count ? chain[count - 1] : c;
    ARENA_PUSH(scratch, chain, count, room) = v;
    overwrites = overwrites || v->kind == NODE_SCATTER;
    if (v->kind == NODE_CARRY) { // the state of a loop inside
      if (!d->in_place[v->id]) break;
      overwrites = true;
      v = start_of(v);
    } else {
      v = before(v, &inner);
    }
    if (v != c || !overwrites) continue;
    d->in_place[c->id] = true;
    for (size_t k = 0; k < count; k++) {
      d->in_place[chain[k]->id] = true;
      if (chain[k]->kind == NODE_CARRY) d->successor[chain[k]->id] = after[k];
    }
  }
  arena_free(scratch);
}

void derive_find_in_place(Derive *d) {
  const size_t count = d->nold + 1;
  d->in_place = arena_array(d->arena, bool, count);
  d->successor = arena_array(d->arena, const Node *, count);
  d->resume = arena_array(d->arena, const Node *, count);
  d->rewound = arena_array(d->arena, Rewound, count);
  if (d->task->plain || d->graph->keeps_states) return;
  for (size_t l = d->loops->nloop; l-- > 0;) // loops inside first
    for (size_t k = 0; k < d->loops->loop[l]->ncarry; k++)
      find_chain(d, d->loops->loop[l], d->loops->loop[l]->carry[k]);
}

// ---- reading what was rewound ----

static const Expr *shifted(Graph *g, const Expr *sub, int shift) {
  if (shift == 0) return sub;
  if (shift > 0) return expr_prim2(g, PRIM_ADD, sub, expr_int(g, 1));
  int index = loop_step_of(sub, true);
  return index >= 0 ? expr_index(g, index) : expr_prim2(g, PRIM_SUB, sub, expr_int(g, 1));
}

static const Expr *replacement(void *context, const Node *n, const Expr *const *sub) {
  Derive *d = context;
  if ((size_t)n->id >= d->nold || !d->rewound[n->id].node) return NULL;
  const Rewound *r = &d->rewound[n->id];
  if (r->again && (d->again.off || sub[r->step]->kind != EXPR_INDEX)) return NULL;
  const Expr **at = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) at[k] = k == r->axis ? shifted(d->graph, sub[k], r->shift) : sub[k];
  return expr_read(d->graph, r->node, at);
}

const Expr *derive_rewind(Derive *d, const Expr *e) {
  return e ? expr_replace_reads(d->graph, e, replacement, d) : NULL;
}

// ---- reading what other loops overwrite ----

typedef struct Picking {
  Derive *d;
  const Node *n, *lifted;
  const Expr *guard;
  const bool *certain; // by expression id: computed wherever the guard holds
} Picking;

static void find_certain(const Expr *e, bool *certain) {
  if (certain[e->id]) return;
  certain[e->id] = true;
  const bool reads = e->kind == EXPR_READ, computes = e->kind == EXPR_PRIM;
  const Expr *const *part = reads ? e->u.read.sub : e->u.prim.arg;
  const int count = reads ? e->u.read.node->nout : !computes ? 0 : prim_branches(e->u.prim.op) ? 1 : e->u.prim.narg;
  for (int k = 0; k < count; k++) find_certain(part[k], certain);
}

// Is it a version at a step of a loop that n is not in?  The last state is kept as it is.
static bool is_of_other_loop(const Picking *p, const Node *v, const Expr *const *sub) {
  const Derive *d = p->d;
  if ((size_t)v->id >= d->nold || !d->in_place[v->id]) return false;
  for (const GraphLoop *l = d->loops->inside[v->id]; l; l = l->parent)
    if (derive_runs_in(d, l, p->n) || !sub[d->loops->position[l->id][v->id]]->indices) return false;
  return true;
}

typedef struct Choice {
  const Picking *p;
  bool picks, adjoint;
} Choice;

static void see_read(void *context, const Expr *read) {
  Choice *c = context;
  c->picks = c->picks || is_of_other_loop(c->p, read->u.read.node, read->u.read.sub);
  c->adjoint = c->adjoint || (size_t)read->u.read.node->id >= c->p->d->nold;
}

// A node of its own for e, over the lifted node's indices that it and the guard are told by.
static const Expr *picked_node(const Picking *p, const char *name, const Expr *e) {
  Derive *d = p->d;
  const int nv = p->lifted->nout + p->lifted->nred;
  const Expr **inner = arena_array(d->arena, const Expr *, (size_t)nv + 1),
             **own = arena_array(d->arena, const Expr *, (size_t)nv + 1);
  Index *index = arena_array(d->arena, Index, (size_t)nv + 1);
  const uint64_t used = e->indices | (p->guard ? p->guard->indices : 0);
  int count = 0;
  for (int k = 0; k < nv; k++) {
    if (!(used >> k & 1)) continue;
    index[count] = p->lifted->index[k];
    own[count] = expr_index(d->graph, k);
    inner[k] = expr_index(d->graph, count++);
  }
  const Node pick = {.kind = NODE_COMP,
                     .name = arena_printf(d->arena, "%s_read", name),
                     .note = arena_printf(d->arena, "what %s reads of %s", p->n->name, name),
                     .span = p->n->span,
                     .type = e->type,
                     .nout = count,
                     .index = index,
                     .guard = p->guard ? expr_substitute(d->graph, p->guard, inner, nv, NULL) : NULL,
                     .expr = expr_substitute(d->graph, e, inner, nv, NULL)};
  return expr_read(d->graph, graph_add(d->graph, &pick), own);
}

// An entry by itself; a choice that guards what it reads as a whole, if it is of the model's own values.
static const Expr *picked(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Picking *p = context;
  if (!p->certain[part->id]) return NULL;
  if (part->kind == EXPR_READ) {
    const Node *v = part->u.read.node;
    return is_of_other_loop(p, v, part->u.read.sub) ? picked_node(p, v->name, expr_read(g, v, arg)) : NULL;
  }
  if (!expr_is_prim(part, PRIM_SELECT) || part->type != TYPE_REAL) return NULL;
  Choice c = {.p = p};
  expr_each_read(g, part, see_read, &c);
  return c.picks && !c.adjoint ? picked_node(p, p->n->name, part) : NULL;
}

const Expr *derive_pick(Derive *d, const Node *n, const Node *lifted, const Expr *e, const Expr *guard) {
  if (!e) return NULL;
  const Picking p = {d, n, lifted, guard, NULL};
  Choice c = {.p = &p};
  expr_each_read(d->graph, e, see_read, &c);
  if (!c.picks) return e;
  bool *certain = arena_array(d->arena, bool, (size_t)graph_expr_count(d->graph));
  find_certain(e, certain);
  return expr_rebuild(d->graph, e, picked, &(Picking){d, n, lifted, guard, certain});
}

// ---- what is there when ----

typedef struct Search {
  const Derive *d;
  const Node *goal;
  bool found;
} Search;

// Is the version still there when the adjoint of `goal`, in its loop, is summed?  The state before the step is, and a version
// for itself and those that come from it.
static bool lasts(const Derive *d, const Version *v, const Node *goal) {
  const Node *w = v->stands_for;
  if (!w || d->loops->position[v->loop->id][goal->id] < 0) return false;
  return w->kind == NODE_CARRY || (d->in_place[goal->id] && goal->id >= w->id);
}

static void see_version(void *context, const Expr *read) {
  Search *s = context;
  const Derive *d = s->d;
  const size_t id = (size_t)read->u.read.node->id, made = id - d->nold;
  if (id < d->nold || made >= d->nversion || !d->version[made].loop) return;
  const Version *v = &d->version[made];
  s->found = s->found || !lasts(d, v, s->goal);
}

bool derive_reads_version(Derive *d, const Expr *e, const Node *goal) {
  Search s = {.d = d, .goal = goal};
  expr_each_read(d->graph, e, see_version, &s);
  return s.found;
}

void derive_mark_version(Derive *d, const Node *made, const Node *of, bool taken_back) {
  const size_t at = (size_t)made->id - d->nold;
  while (d->nversion <= at) ARENA_PUSH(d->arena, d->version, d->nversion, d->version_room) = (Version){.loop = NULL};
  d->version[at] = (Version){d->loops->inside[of->id], taken_back ? of : NULL};
}

// ---- the loop that rewinds ----

// The state after the loop, over the carry's indices but the axis (which stay where they are).
static const Expr *state_after(Derive *d, const Node *c) {
  Graph *g = d->graph;
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)c->nout);
  const Node *view = d->successor[c->id], *resume = d->resume[c->id];
  if (resume || (view && d->rewound[view->id].node)) {
    for (int k = 0, to = 0; k < c->nout; k++)
      if (k != c->axis) sub[to++] = expr_index(g, k);
    return resume ? expr_read(g, resume, sub) : replacement(d, view, sub);
  }
  for (int k = 0; k < c->nout; k++) sub[k] = expr_index(g, k);
  sub[c->axis] = c->reverse ? expr_int(g, 0) : expr_poly(g, c->next->index[c->axis].extent);
  return expr_read(g, c, sub);
}

void derive_rewind_open(Derive *d, const GraphLoop *loop) {
  for (size_t k = 0; k < loop->ncarry; k++) {
    const Node *c = loop->carry[k];
    if (!d->in_place[c->id]) continue;
    Node again = *c;
    again.name = arena_printf(d->arena, "%s_again", c->name);
    again.note = arena_printf(d->arena, "%s, taken back step by step", c->name);
    again.reverse = !c->reverse;
    again.expr = state_after(d, c);
    again.next = again.alive = NULL;
    const Node *made = graph_add(d->graph, &again);
    d->rewound[c->next->id] = (Rewound){.node = made, .axis = c->axis, .shift = again.reverse ? 1 : 0};
    derive_mark_version(d, made, c->next, true);
  }
}

// What an overwriting replaced, over the indices that it runs over.
static const Expr *replaced(Derive *d, const Node *u) {
  Graph *g = d->graph;
  const Expr **down = arena_array(d->arena, const Expr *, (size_t)(u->nout + u->nred) + 1);
  const Expr **target = arena_array(d->arena, const Expr *, (size_t)u->nout + 1);
  const Expr **back = arena_array(d->arena, const Expr *, (size_t)u->nred + 1);
  for (int k = 0; k < u->nred; k++) {
    down[u->nout + k] = expr_index(g, k);
    back[k] = expr_index(g, u->nout + k);
  }
  for (int k = 0; k < u->nout; k++) target[k] = expr_substitute(g, u->target[k], down, u->nout + u->nred, NULL);
  const Node old = {.kind = NODE_COMP,
                    .name = arena_printf(d->arena, "%s_old", u->name),
                    .note = arena_printf(d->arena, "the entries that %s replaces", u->name),
                    .span = u->span,
                    .type = u->type,
                    .nout = u->nred,
                    .index = u->index + u->nout,
                    .guard = u->guard ? expr_substitute(g, u->guard, down, u->nout + u->nred, NULL) : NULL,
                    .expr = expr_substitute(g, u->base, target, u->nout, NULL)};
  return expr_read(g, graph_add(g, &old), back);
}

// v is as the node `r` says; where it is the state that a loop's step reads, the rewinding loop is closed by it.
static void rewound_to(Derive *d, const Node *v, const Node *r) {
  d->rewound[v->id] = (Rewound){.node = r};
  derive_mark_version(d, r, v, true);
  if (v->kind != NODE_CARRY) return;
  d->rewound[v->id] = (Rewound){.node = r, .axis = v->axis, .shift = v->reverse ? -1 : 0};
  graph_close(d->rewound[v->next->id].node, r, NULL);
}

static const Expr *read_rewound(Derive *d, const Node *n) {
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(d->graph, k);
  return replacement(d, n, sub);
}

void derive_rewind_over(Derive *d, const Node *n) {
  bool inner;
  if (!d->in_place[n->id] || !d->rewound[n->id].node) return;
  const Node *v = before(n, &inner);
  if (inner && n->kind != NODE_SCATTER) return; // the loop inside goes on from here
  Node undo = *n;
  undo.name = arena_printf(d->arena, "%s_again", v->name);
  undo.note = arena_printf(d->arena, "%s, as it was before %s", v->name, n->name);
  if (n->kind == NODE_SCATTER) {
    undo.base = read_rewound(d, n);
    undo.expr = replaced(d, n);
    undo.assign = true;
    undo.guard = derive_rewind(d, n->guard);
    const Expr **target = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
    for (int k = 0; k < n->nout; k++) target[k] = derive_rewind(d, n->target[k]);
    undo.target = target;
  } else {
    undo.expr = read_rewound(d, n);
  }
  const Node *made = graph_add(d->graph, &undo);
  if (!inner) {
    rewound_to(d, v, made);
  } else { // from here the loop inside goes on
    d->resume[v->id] = made;
    derive_mark_version(d, made, n, false);
  }
}

// What the loop started from is what its rewinding ends with.
static void rewind_start(Derive *d, const Node *c) {
  Graph *g = d->graph;
  const Node *v = start_of(c), *again = d->rewound[c->next->id].node;
  if (!v || !d->in_place[v->id] || !d->successor[c->id]) return;
  const Expr **sub = arena_array(d->arena, const Expr *, (size_t)c->nout);
  for (int k = 0, to = 0; k < c->nout; k++)
    sub[k] = k != c->axis     ? expr_index(g, to++)
             : again->reverse ? expr_int(g, 0)
                              : expr_poly(g, c->next->index[c->axis].extent);
  Index *index = arena_array(d->arena, Index, (size_t)c->nout);
  for (int k = 0, to = 0; k < c->nout; k++)
    if (k != c->axis) index[to++] = c->index[k];
  const Node start = {.kind = NODE_COMP,
                      .name = arena_printf(d->arena, "%s_again", v->name),
                      .note = arena_printf(d->arena, "%s, as it was before the loop that carries %s", v->name, c->name),
                      .span = c->span,
                      .type = c->type,
                      .nout = c->nout - 1,
                      .index = index,
                      .expr = expr_read(g, again, sub)};
  rewound_to(d, v, graph_add(g, &start));
}

void derive_rewind_close(Derive *d, const GraphLoop *loop) {
  for (size_t k = 0; k < loop->ncarry; k++)
    if (d->in_place[loop->carry[k]->id]) rewind_start(d, loop->carry[k]);
  for (size_t k = 0; k < d->nold; k++)
    if (d->loops->inside[k] == loop) d->rewound[k] = (Rewound){.node = NULL};
}
