// place.c - where each value lives: contraction of local arrays, work memory, outputs.
//
// An axis of a node shrinks to one entry where the loop over it encloses everything that is done with the node.  What is
// left without an axis is a scalar variable.  The rest lives in the memory it is wanted in, or in work memory, one array
// after the other at offsets that are polynomials in the dimensions.
#include "schedule/internal.h"

static bool encloses(const Loop *outer, const Loop *inner) {
  for (; inner; inner = inner->parent)
    if (inner == outer) return true;
  return false;
}

Step *step_insert(Schedule *s, Step **body, size_t *nbody, size_t *room, size_t at, Step step) {
  ARENA_PUSH(s->arena, *body, *nbody, *room) = step;
  for (size_t k = *nbody - 1; k > at; k--) (*body)[k] = (*body)[k - 1];
  (*body)[at] = step;
  return &(*body)[at];
}

// The loop around the first step of each node.
static void find_homes(Schedule *s, bool *found, const Step *body, size_t count, Loop *inside) {
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    if (step->kind == STEP_LOOP) {
      find_homes(s, found, step->loop->body, step->loop->nbody, step->loop);
    } else if (!found[step->node->id]) {
      found[step->node->id] = true;
      s->place[step->node->id].home = inside;
    }
  }
}

// The innermost loop in which n's expression is evaluated.
static Loop *deepest(const Place *p, const Node *n) {
  Loop *d = NULL;
  for (int k = 0; k < n->nout + n->nred; k++)
    if (p->loop[k] && (!d || p->loop[k]->depth > d->depth)) d = p->loop[k];
  return d;
}

const Poly *kept_entries(const Schedule *s, const Node *n) {
  Dims *dims = s->task.graph->dims;
  const Place *p = &s->place[n->id];
  const Poly *size = poly_int(dims, 1);
  for (int k = 0; k < n->nout; k++)
    if ((!p->kept || p->kept[k]) && !(p->blocked && k == p->samples)) size = poly_mul(dims, size, n->index[k].extent);
  return size;
}

static const Poly *kept_size(const Schedule *s, const Node *n, const Place *p) {
  Dims *dims = s->task.graph->dims;
  const Poly *size = kept_entries(s, n);
  if (p->blocked) return poly_mul(dims, size, poly_add(dims, s->task.sample, poly_int(dims, LANES_MOST - 1)));
  return p->lane ? poly_mul(dims, size, poly_int(dims, SAMPLE_TILE)) : size;
}

// After the last step of node n (its loops below `home` included): stores of a finished scalar.
static void insert_stores(Schedule *s, const Node *n, int sink) {
  Loop *home = s->place[n->id].home;
  Step **body = home ? &home->body : &s->body;
  size_t *nbody = home ? &home->nbody : &s->nbody, *room = home ? &home->room : &s->room, after = 0;
  for (size_t k = 0; k < *nbody; k++) {
    const Step *step = &(*body)[k];
    if (step->kind == STEP_LOOP) {
      for (size_t m = 0; m < step->loop->nmembers; m++)
        if (step->loop->members[m] == n) after = k + 1;
    } else if (step->node == n) {
      after = k + 1;
    }
  }
  step_insert(s, body, nbody, room, after, (Step){.kind = STEP_STORE, .node = n, .sink = sink});
}

// ---- which axes escape the loops over them ----

typedef struct Escapes {
  Schedule *s;
  bool **axis;          // by node, by output: must be kept
  Reason **why;         // by node, by output: because of this
  bool *read_by_others; // by node
  const Node **taken_by, **taken_too; // by node: the first carry that takes it; by carry: the next one that takes the same
} Escapes;

bool is_last_state(Dims *dims, const Node *c, const Expr *sub) {
  int64_t zero;
  if (c->reverse) return expr_is_int(sub, &zero) && zero == 0;
  return sub->kind == EXPR_POLY && sub->u.poly == poly_sub(dims, c->index[c->axis].extent, poly_int(dims, 1));
}

static void keep(Escapes *e, const Node *n, int q, Reason why) {
  if (e->axis[n->id][q]) return;
  e->axis[n->id][q] = true;
  e->why[n->id][q] = why;
}

// n is used by `user` within loop `at`: `sub` says which entries, null: all.
static void escape(Escapes *e, const Node *n, const Loop *at, const Expr *const *sub, const Node *user) {
  e->read_by_others[n->id] = true;
  for (int q = 0; e->axis[n->id] && q < n->nout; q++) {
    if (e->axis[n->id][q] || encloses(e->s->place[n->id].loop[q], at)) continue;
    bool state = n->kind == NODE_CARRY && n->axis == q && sub && is_last_state(e->s->task.graph->dims, n, sub[q]);
    if (!state) keep(e, n, q, (Reason){REASON_READ_OUTSIDE, user});
  }
}

static void find_takers(Escapes *e, const Graph *g) {
  e->taken_by = arena_array(e->s->arena, const Node *, g->count + 1);
  e->taken_too = arena_array(e->s->arena, const Node *, g->count + 1);
  for (size_t k = g->count; k-- > 0;) {
    const Node *c = g->nodes[k];
    if (c->kind != NODE_CARRY || !c->next) continue;
    e->taken_too[k] = e->taken_by[c->next->id];
    e->taken_by[c->next->id] = c;
  }
}

static bool is_wanted(const Task *task, const Node *n) {
  for (size_t k = 0; k < task->nsinks; k++)
    if (task->sinks[k].node == n) return true;
  return false;
}

// A carry that holds the entries of the node that it takes (state_for) has all the axes along which these are read elsewhere.
static void widen_states(Escapes *e) {
  const Graph *g = e->s->task.graph;
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (!e->axis[k] || is_wanted(&e->s->task, n)) continue;
    for (const Node *c = e->taken_by[k]; c; c = e->taken_too[c->id]) {
      bool *axis = e->axis[c->id];
      if (!axis || !axis[c->axis]) continue;
      for (int q = 0; q < n->nout; q++)
        if (e->axis[k][q]) keep(e, c, q, (Reason){REASON_STATE_AXES, n});
    }
  }
}

// A new version of an array has the axes of the one that it starts from, so that both can be one array (share.c).
static void widen_versions(Escapes *e) {
  const Graph *g = e->s->task.graph;
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (!e->axis[k] || n->kind != NODE_SCATTER || !n->base || n->base->kind != EXPR_READ) continue;
    const Node *from = n->base->u.read.node;
    for (int q = 0; e->axis[from->id] && q < from->nout; q++) {
      const Expr *sub = n->base->u.read.sub[q];
      if (e->axis[from->id][q] && sub->kind == EXPR_INDEX && sub->u.index < n->nout)
        keep(e, n, sub->u.index, (Reason){REASON_VERSION_AXES, from});
    }
  }
}

static void find_escapes(Escapes *e, const Reads *reads) {
  Schedule *s = e->s;
  const Graph *g = s->task.graph;
  e->axis = arena_array(s->arena, bool *, g->count);
  e->why = arena_array(s->arena, Reason *, g->count);
  e->read_by_others = arena_array(s->arena, bool, g->count);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    const Place *p = &s->place[k];
    if (!p->loop) continue;
    e->axis[k] = arena_array(s->arena, bool, (size_t)n->nout + 1);
    e->why[k] = arena_array(s->arena, Reason, (size_t)n->nout + 1);
    for (int q = 0; q < n->nout; q++) {
      bool state = n->kind == NODE_CARRY && n->axis == q;
      if (!state && (!p->loop[q] || !encloses(p->loop[q], p->home)))
        keep(e, n, q, (Reason){p->contraction ? REASON_KERNEL_AXES : REASON_BEGUN_OUTSIDE, NULL});
    }
  }
  for (size_t k = 0; k < g->count; k++) {
    const Node *user = g->nodes[k];
    if (!s->place[k].loop) continue;
    const Loop *at = user->kind == NODE_CARRY ? s->place[k].home : deepest(&s->place[k], user);
    for (size_t r = 0; r < reads[k].count; r++)
      escape(e, reads[k].read[r]->u.read.node, at, reads[k].read[r]->u.read.sub, user);
    if (user->kind == NODE_CARRY) escape(e, user->next, s->place[k].loop[user->axis], NULL, user);
  }
  find_takers(e, g);
  widen_states(e);
  widen_versions(e);
}

// ---- storage ----

// The carry whose array a node's entries go to as they are computed, rather than to one of its own.
static const Node *state_for(const Schedule *s, const Escapes *e, const Node *n, bool scalar) {
  if (n->kind != NODE_COMP && n->kind != NODE_SCATTER) return NULL;
  for (const Node *c = e->taken_by[n->id]; c; c = e->taken_too[c->id]) {
    const Place *p = &s->place[c->id];
    if (!p->loop || !p->kept || !p->kept[c->axis]) continue;
    if (s->place[n->id].loop[c->axis] != p->loop[c->axis] || scalar) continue;
    return c;
  }
  return NULL;
}

static void keep_axes(Schedule *s, const Node *n, const Escapes *e, bool all, bool sinks) {
  Place *p = &s->place[n->id];
  p->kept = arena_array(s->arena, bool, (size_t)n->nout + 1);
  p->kept_why = e->why[n->id];
  bool scalar = true;
  for (int k = 0; k < n->nout; k++) {
    p->kept[k] = e->axis[n->id][k] || all || (sinks && n->kind == NODE_CARRY);
    if (p->kept[k]) scalar = false;
    if (!p->kept_why[k].kind && all) p->kept_why[k].kind = s->task.no_contract ? REASON_UNCONTRACTED : REASON_ALL_AXES;
  }
  if (!scalar) // what stands in caller's memory has all its axes
    for (int k = 0; k < n->nout && sinks; k++) {
      p->kept[k] = true;
      if (!p->kept_why[k].kind) p->kept_why[k].kind = REASON_CALLER;
    }
  p->stored = scalar ? STORED_LOCAL : STORED_NOT;
}

static void place_node(Schedule *s, const Node *n, const Escapes *e) {
  Place *p = &s->place[n->id];
  const Task *task = &s->task;
  if (node_is_input(n)) {
    p->stored = STORED_INPUT;
  } else if (task->given && task->given[n->id]) {
    p->state = task->given_in ? task->given_in[n->id] : NULL;
    p->stored = p->state ? STORED_STATE : STORED_GIVEN;
  }
  size_t nsinks = 0, first = 0;
  for (size_t k = task->nsinks; k-- > 0;)
    if (task->sinks[k].node == n) {
      nsinks++;
      first = k;
    }
  bool computed = p->stored == STORED_NOT, read = e->read_by_others[n->id] || n->kind == NODE_CARRY;
  // A sum that starts from what is there already can be formed in place by one output that nobody else reads.
  const bool joined = s->order[n->id].kind == ORDER_LANES; // its entry is written once, when all is summed
  bool adds = (n->reduce == REDUCE_SUM && !joined) || (n->kind == NODE_SCATTER && !n->base && !n->assign);
  bool accumulate = nsinks && task->sinks[first].accumulate;
  bool copies = nsinks > 1 || (nsinks && !computed) ||
                (accumulate && (read || task->result == n || (node_accumulates(n) && !adds && !joined)));
  p->in_place = accumulate && !copies && adds;
  if (computed) {
    keep_axes(s, n, e, copies || task->no_contract, nsinks > 0);
    const Node *state = nsinks ? NULL : state_for(s, e, n, p->stored == STORED_LOCAL);
    if (state) {
      p->stored = STORED_STATE;
      p->state = state;
      p->kept_why = s->place[state->id].kept_why;
      for (int k = 0; k < n->nout; k++) p->kept[k] = s->place[state->id].kept[k];
    } else if (p->stored == STORED_LOCAL) {
      // a variable
    } else if (nsinks && !copies) {
      p->stored = STORED_SINK;
    } else {
      p->stored = STORED_WORK;
    }
  }
  p->sink = nsinks ? (int)first : -1;
  for (size_t k = 0; k < task->nsinks; k++) {
    if (task->sinks[k].node != n) continue;
    if (p->stored == STORED_LOCAL) {
      if (k == first && n->reduce == REDUCE_NONE && n->kind == NODE_COMP && !read && task->result != n && nsinks == 1) {
        p->stored = STORED_SINK; // written where it is computed: no variable
        for (int q = 0; q < n->nout; q++) p->kept[q] = true;
        return;
      }
      insert_stores(s, n, (int)k);
    } else if (copies) {
      Step copy = {.kind = STEP_COPY, .node = n, .sink = (int)k};
      ARENA_PUSH(s->arena, s->body, s->nbody, s->room) = copy;
    }
  }
}

// What a step made of a state stands there already where it was computed there.
static void skip_next(Schedule *s, Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    Step *step = &body[k];
    if (step->kind == STEP_LOOP) skip_next(s, step->loop->body, step->loop->nbody);
    if (step->kind == STEP_NEXT) step->idle = s->place[step->node->next->id].state == step->node;
  }
}

const Poly *row_size(const Graph *g, const Node *n) {
  const Poly *size = poly_int(g->dims, 1);
  for (int k = 1; k < n->nout; k++) size = poly_mul(g->dims, size, n->index[k].extent);
  return size;
}

// Dealt out of the memory of each thread, where there are some; else of that of all.
static const Poly *deal(Schedule *s, bool own, const Poly *size) {
  const Poly **used = own ? &s->own_reals : &s->work_reals, *at = *used;
  *used = poly_add(s->task.graph->dims, at, size);
  return at;
}

// What tiles keep: those of a wave for all threads, else one after the other.
static void place_records(Schedule *s) {
  Dims *dims = s->task.graph->dims;
  for (size_t k = 0; k < s->nloops; k++) {
    Loop *loop = s->loops[k];
    const bool waves = loop->team == TEAM_WAVES;
    if (loop->record) loop->kept = deal(s, s->team && !waves, waves ? poly_mul(dims, loop->record, poly_int(dims, loop->wave)) : loop->record);
  }
}

static void place_rows(Schedule *s) {
  const Graph *g = s->task.graph;
  for (size_t k = 0; k < g->count; k++)
    if (s->place[k].rows)
      s->place[k].rows = deal(s, s->team, poly_mul(g->dims, row_size(g, g->nodes[k]), poly_int(g->dims, SAMPLE_TILE)));
}

// What threads have of their own lies behind what they share, one thread's behind another's, in lines of the cache that no two of
// them write to.
static void place_own(Schedule *s) {
  enum { LINE = 16 };
  const Graph *g = s->task.graph;
  Dims *dims = g->dims;
  const Poly *threads = poly_int(dims, s->task.threads), *zero = poly_int(dims, 0);
  for (size_t k = 0; k < s->nloops; k++) {
    Loop *loop = s->loops[k];
    if (loop->kept && loop->team != TEAM_WAVES) loop->kept = poly_add(dims, loop->kept, s->work_reals);
  }
  for (size_t k = 0; k < g->count; k++) {
    Place *p = &s->place[k];
    if (p->rows) p->rows = poly_add(dims, p->rows, s->work_reals);
    if (p->own && p->offset) p->offset = poly_add(dims, p->offset, g->nodes[k]->type == TYPE_REAL ? s->work_reals : s->work_integers);
  }
  if (s->panels) s->panels = poly_add(dims, s->panels, s->work_reals);
  if (s->own_reals != zero) s->own_reals = poly_add(dims, s->own_reals, poly_int(dims, LINE));
  if (s->own_integers != zero) s->own_integers = poly_add(dims, s->own_integers, poly_int(dims, LINE));
  s->work_reals = poly_add(dims, s->work_reals, poly_mul(dims, threads, s->own_reals));
  s->work_integers = poly_add(dims, s->work_integers, poly_mul(dims, threads, s->own_integers));
}

void place_arrays(Schedule *s) {
  const Graph *g = s->task.graph;
  s->work_reals = s->work_integers = s->own_reals = s->own_integers = poly_int(g->dims, 0);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    Place *p = &s->place[k];
    if (p->stored != STORED_WORK || p->in) continue;
    if (n->type == TYPE_REAL) {
      p->offset = deal(s, p->own, kept_size(s, n, p));
      continue;
    }
    const Poly **used = p->own ? &s->own_integers : &s->work_integers;
    p->offset = *used;
    *used = poly_add(g->dims, *used, kept_size(s, n, p));
  }
  place_rows(s);
  place_records(s);
  const int64_t panels = panel_size(s);
  if (panels) s->panels = deal(s, s->team, poly_int(g->dims, panels));
  if (s->team) place_own(s);
}

void place_nodes(Schedule *s, const Reads *reads) {
  const Graph *g = s->task.graph;
  bool *found = arena_array(s->arena, bool, g->count);
  find_homes(s, found, s->body, s->nbody, NULL);
  Escapes e = {.s = s};
  find_escapes(&e, reads);
  for (size_t k = 0; k < g->count; k++)
    if (s->place[k].needed) place_node(s, g->nodes[k], &e);
  leave_loops(s);
  skip_next(s, s->body, s->nbody);
  if (!s->task.no_contract) share_arrays(s, reads);
}
