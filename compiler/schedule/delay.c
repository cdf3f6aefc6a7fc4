// delay.c - what the steps of a loop add to entries far from their own is added later, for some steps at once.
//
// A step of a factorization, or of what goes back through one, adds a product of two vectors to a whole part of a matrix (x[i, k] +=
// s[i] * l[k]), of which the next step needs a row or a column: all of it is read and written in each step.  Where none of the next few
// steps has to do with the rest, what these add to it is added behind them, while each entry is in a register.  An entry takes the same
// terms in the same order: not a bit changes.
//
// With blocks of steps from `from` to `to`, a loop that starts behind its step's index, or ends at it, has iterations beside the block
// and some that are beyond it.  Beyond in both loops of a nest means that all else that the steps read or write of the array, at their
// own index in one of these two axes, is another entry; and what the nest reads is there still if steps write it at their own index alone.
#include "schedule/internal.h"

enum {
  FEWEST_ENTRIES = 32, // along each loop, of those of a fixed number
  MOST_READS = 8       // of arrays that steps make anew
};

// An array's entry that a step touches, by kept axis, over loop ids; null: any.
typedef struct Touch {
  int root;
  const Node *by;
  const Expr **sub;
  int naxis;
} Touch;

typedef struct Delay {
  Schedule *s;
  const Loop *steps;
  const Node *adds;        // what the nest adds
  const Loop *nest[2];     // its loops, the outer one first
  int axis[2];             // of the array, along which they run
  Touch *read, *written;   // by all steps but those of the nest
  size_t nread, read_room, nwritten, written_room;
} Delay;

static bool is_index(const Expr *e, const Loop *loop) {
  return e && e->kind == EXPR_INDEX && e->u.index == loop->id;
}

// ---- bounds ----

static bool starts_behind(Schedule *s, const Loop *loop, const Loop *steps) {
  if (loop->nlow != 1 || loop->nhigh) return false;
  int64_t *coefficient = arena_array(s->arena, int64_t, s->nloops + 1), shift;
  const Expr *rest;
  if (!expr_affine(s->pool, loop->low[0], (int)s->nloops, coefficient, &rest) || !rest || !expr_is_int(rest, &shift) || shift != 1) return false;
  for (size_t k = 0; k < s->nloops; k++)
    if (coefficient[k] != ((int)k == steps->id)) return false;
  return true;
}

static bool ends_at(const Loop *loop, const Loop *steps) {
  return loop->nhigh == 1 && !loop->nlow && is_index(loop->high[0], steps);
}

// Does it run over what steps behind this one have for their own index?
static bool runs_ahead(const Delay *d, const Loop *loop) {
  return d->steps->reverse ? ends_at(loop, d->steps) : starts_behind(d->s, loop, d->steps);
}

// ---- what the steps touch ----

// The position of output q among the kept axes.
static int kept_axis(const Place *p, int q) {
  int axis = 0;
  for (int k = 0; k < q; k++) axis += p->kept[k];
  return axis;
}

// Entries of a carry, or in the memory of one, that holds all states, count steps otherwise than the nodes do.
static bool holds_states(const Schedule *s, const Node *n) {
  const Place *p = &s->place[n->id];
  return p->stored == STORED_STATE || (n->kind == NODE_CARRY && p->kept[n->axis]);
}

static void touch(Delay *d, bool writes, const Node *by, const Node *n, const Expr *const *sub) {
  const Schedule *s = d->s;
  const Place *p = &s->place[n->id];
  const int root = array_root(s, n);
  if (root < 0) return;
  Touch t = {.root = root, .by = by};
  if (sub && !holds_states(s, n)) {
    t.sub = arena_array(s->arena, const Expr *, (size_t)n->nout + 1);
    for (int q = 0; q < n->nout; q++)
      if (p->kept[q]) t.sub[t.naxis++] = sub[q];
  }
  if (writes)
    ARENA_PUSH(s->arena, d->written, d->nwritten, d->written_room) = t;
  else
    ARENA_PUSH(s->arena, d->read, d->nread, d->read_room) = t;
}

typedef struct Reader {
  Delay *d;
  const Node *by;
  bool whole;
} Reader;

static void touch_read(void *context, const Expr *read) {
  Reader *r = context;
  touch(r->d, false, r->by, read->u.read.node, r->whole ? NULL : read->u.read.sub);
}

// What n reads in each of its iterations.
static void each_read_of(Schedule *s, const Node *n, void (*see)(void *, const Expr *), void *context) {
  if (n->expr) expr_each_read(s->pool, schedule_expr(s, n, n->expr), see, context);
  if (n->guard) expr_each_read(s->pool, schedule_expr(s, n, n->guard), see, context);
  for (int q = 0; n->target && q < n->nout; q++) expr_each_read(s->pool, schedule_expr(s, n, n->target[q]), see, context);
}

static const Expr *const *own_entries(Schedule *s, const Node *n) {
  const Place *p = &s->place[n->id];
  const Expr **sub = arena_array(s->arena, const Expr *, (size_t)n->nout + 1);
  for (int q = 0; q < n->nout; q++)
    sub[q] = n->target ? schedule_expr(s, n, n->target[q]) : p->loop[q] ? expr_index(s->pool, p->loop[q]->id) : NULL;
  return sub;
}

// What a step starts or takes as a whole.
static void touch_whole(Delay *d, const Node *n) {
  Reader r = {d, n, true};
  const Expr *start = n->kind == NODE_CARRY ? n->expr : n->base;
  if (start) expr_each_read(d->s->task.graph, start, touch_read, &r);
  if (n->next) touch(d, false, n, n->next, NULL);
  touch(d, true, n, n, NULL);
}

static bool find_touches(Delay *d, const Step *body, size_t count) {
  Schedule *s = d->s;
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    if (step->idle) continue;
    const Node *n = step->node;
    Reader r = {d, n, false};
    switch (step->kind) {
    case STEP_LOOP:
      if (!find_touches(d, step->loop->body, step->loop->nbody)) return false;
      break;
    case STEP_NODE:
      if (s->place[n->id].contraction) return false;
      each_read_of(s, n, touch_read, &r);
      touch(d, true, n, n, own_entries(s, n));
      break;
    case STEP_INIT:
      if (n->kind == NODE_COMP)
        touch(d, true, n, n, own_entries(s, n));
      else
        touch_whole(d, n);
      break;
    case STEP_FINISH: touch(d, true, n, n, own_entries(s, n)); break;
    case STEP_NEXT: touch_whole(d, n); break;
    case STEP_LEAVE:
    case STEP_STORE:
    case STEP_COPY: return false;
    }
  }
  return true;
}

// ---- may it be? ----

static bool is_own(const Touch *t, int axis, const Loop *steps) {
  return t->sub && axis < t->naxis && is_index(t->sub[axis], steps);
}

// Is all else that steps read or write of the array another entry?
static bool leaves_alone(const Delay *d, int root, const Touch *list, size_t count) {
  for (size_t k = 0; k < count; k++)
    if (list[k].root == root && list[k].by != d->adds && !is_own(&list[k], d->axis[0], d->steps) && !is_own(&list[k], d->axis[1], d->steps))
      return false;
  return true;
}

// Does no step behind write what the nest reads there?  It is read at the step's own index, or at one of the nest's.
static bool writes_spare(const Delay *d, const Touch *read, int axis) {
  const bool own = is_own(read, axis, d->steps);
  if (!own && !is_index(read->sub[axis], d->nest[0]) && !is_index(read->sub[axis], d->nest[1])) return false;
  for (size_t k = 0; k < d->nwritten; k++) {
    const Touch *w = &d->written[k];
    if (w->root != read->root || is_own(w, axis, d->steps)) continue;
    if (w->by != d->adds || !own) return false;
    const int which = axis == d->axis[0] ? 0 : axis == d->axis[1] ? 1 : -1;
    if (which < 0 || !runs_ahead(d, d->nest[which])) return false;
  }
  return true;
}

static bool keeps_reads(const Delay *d) {
  for (size_t k = 0; k < d->nread; k++) {
    const Touch *read = &d->read[k];
    bool written = false, spared = false;
    if (read->by != d->adds) continue;
    for (size_t j = 0; j < d->nwritten && !written; j++) written = d->written[j].root == read->root;
    for (int q = 0; q < read->naxis && written && !spared; q++) spared = writes_spare(d, read, q);
    if (written && !spared) return false;
  }
  return true;
}

// Along which axes do the nest's loops add?
static bool find_axes(Delay *d) {
  const Place *p = &d->s->place[d->adds->id];
  const Expr *const *sub = own_entries(d->s, d->adds);
  for (int k = 0; k < 2; k++) {
    d->axis[k] = -1;
    for (int q = 0; q < d->adds->nout; q++)
      if (p->kept[q] && is_index(sub[q], d->nest[k])) d->axis[k] = kept_axis(p, q);
    if (d->axis[k] < 0) return false;
  }
  return true;
}

static const Step *only_step(const Loop *loop) {
  const Step *only = NULL;
  for (size_t k = 0; k < loop->nbody; k++) {
    if (loop->body[k].idle) continue;
    if (only) return NULL;
    only = &loop->body[k];
  }
  return only;
}

// As many iterations as there are steps: blocks of these are blocks of them.
static bool is_bounded(const Delay *d, const Loop *loop) {
  const bool plain = loop->extent == d->steps->extent && !loop->carries && !loop->reverse && !loop->alive && !is_shorter(d->s->task.graph->dims, loop->extent, FEWEST_ENTRIES);
  return plain && !edges_any(loop->edges) && (starts_behind(d->s, loop, d->steps) || ends_at(loop, d->steps));
}

// A loop around one in lanes that adds to an entry in each iteration, both bounded by the step, one of them ahead of it, so that behind
// the last steps, where they are fewer, nothing is left to add.
static bool find_nest(Delay *d, const Loop *outer) {
  const Step *step = only_step(outer);
  if (!step || step->kind != STEP_LOOP || outer->lanes != LANES_NONE || step->loop->lanes != LANES_STRIP || step->loop->behind) return false;
  d->nest[0] = outer;
  d->nest[1] = step->loop;
  step = only_step(step->loop);
  if (!step || step->kind != STEP_NODE || step->node->kind != NODE_SCATTER || step->node->assign || step->node->type != TYPE_REAL) return false;
  d->adds = step->node;
  if (d->s->place[d->adds->id].guard || holds_states(d->s, d->adds) || array_root(d->s, d->adds) < 0) return false;
  if (!is_bounded(d, d->nest[0]) || !is_bounded(d, d->nest[1])) return false;
  return runs_ahead(d, d->nest[0]) || runs_ahead(d, d->nest[1]);
}

// ---- what it reads of its step ----

// An array that is made anew in each step, of which later steps' have to be there as well.
static int missing_axis(const Schedule *s, const Loop *steps, const Node *n) {
  const Place *p = &s->place[n->id];
  if (n->kind != NODE_COMP || n->type != TYPE_REAL || p->stored != STORED_WORK || p->in) return -1;
  for (size_t k = 0; k < s->task.graph->count; k++)
    if (s->place[k].in == n) return -1;
  for (int q = 0; q < n->nout; q++)
    if (p->loop[q] == steps) return p->kept[q] || p->mirrored[q] ? -1 : q;
  return -1;
}

typedef struct Widened {
  Delay *d;
  bool *axis[MOST_READS];
  Reason *why[MOST_READS];
  int count;
  bool fails; // it reads a variable of the step
} Widened;

static void widen(void *context, const Expr *read) {
  Widened *w = context;
  const Node *n = read->u.read.node;
  Place *p = &w->d->s->place[n->id];
  if (p->stored == STORED_LOCAL && p->home && runs_within(w->d->steps, p->home)) w->fails = true;
  const int q = missing_axis(w->d->s, w->d->steps, n);
  if (q < 0) return;
  if (w->count == MOST_READS) {
    w->fails = true;
    return;
  }
  w->axis[w->count] = &p->kept[q];
  w->why[w->count++] = &p->kept_why[q];
  p->kept[q] = true;
}

static bool may_delay(Delay *d) {
  Widened w = {.d = d};
  each_read_of(d->s, d->adds, widen, &w);
  bool may = !w.fails && find_axes(d) && find_touches(d, d->steps->body, d->steps->nbody);
  const int root = array_root(d->s, d->adds);
  may = may && leaves_alone(d, root, d->read, d->nread) && leaves_alone(d, root, d->written, d->nwritten) && keeps_reads(d);
  for (int k = 0; k < w.count; k++) {
    *w.axis[k] = may;
    if (may) *w.why[k] = (Reason){REASON_DELAYED, d->adds};
  }
  return may;
}

static void delay_in(Schedule *s, Loop *steps) {
  if (steps->alive || steps->nlow || steps->nhigh || is_shorter(s->task.graph->dims, steps->extent, FEWEST_ENTRIES)) return;
  for (size_t k = 0; k < steps->nbody; k++) {
    if (steps->body[k].kind != STEP_LOOP || steps->body[k].idle) continue;
    Delay d = {.s = s, .steps = steps};
    if (!find_nest(&d, steps->body[k].loop) || !may_delay(&d)) continue;
    steps->blocks = steps->body[k].loop->delayed = true;
    steps->body[k].loop->lanes_why = (Reason){REASON_ADDS_LATER, NULL};
  }
}

static void delay(Schedule *s, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_LOOP || body[k].idle || body[k].loop->lanes != LANES_NONE) continue;
    if (body[k].loop->carries) delay_in(s, body[k].loop);
    delay(s, body[k].loop->body, body[k].loop->nbody);
  }
}

void delay_adds(Schedule *s) {
  if (!s->task.threads && !s->task.no_contract) delay(s, s->body, s->nbody); // threads share out loops that stand as they are
}
