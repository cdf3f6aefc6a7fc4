// team.c - what the threads of a team share out.
//
// All threads run the function: each of them computes its scalars for itself, and what goes to memory either one of them computes
// or all of them do, a part each, with a barrier behind it.  A loop is shared out where its iterations write entries of their own;
// what an iteration has of its own alone, each thread has once.  A loop over samples that sums over them is one of tiles: these keep
// what they would add, in records, and when a wave of them is through it is added, tile by tile.  So each sum has its order, whatever
// the number of threads.
#include "schedule/internal.h"

enum {
  WORTH = 16384,        // operations, for which threads are worth waiting for each other
  SAMPLES = 65536,      // what is taken for the number of samples,
  EXTENT = 128,         // and for that of anything else known only at the call
  WAVE_REALS = 1 << 16, // that a wave keeps, about
  LONGEST_WAVE = 256,
  SHORTEST_WAVE = 16
};

typedef struct Team {
  Schedule *s;
  const Reads *reads;
  int64_t *value; // by dimension: its nominal number
} Team;

// ---- how much there is to do ----

static double nominal(const Team *t, const Poly *p) {
  double value;
  return poly_real(t->s->task.graph->dims, p, t->value, &value) ? value : EXTENT;
}

static double expr_operations(const Team *t, const Expr *e) {
  enum { CALL = 20 };
  size_t count;
  double sum = 1;
  const Expr **part = expr_parts(t->s->arena, e, &count);
  for (size_t k = 0; k < count; k++)
    if (part[k]->kind == EXPR_PRIM) sum += prim_calls(part[k]->u.prim.op) ? CALL : prim_table[part[k]->u.prim.op].cost;
  return sum;
}

static double step_operations(const Team *t, const Step *step);

static double body_operations(const Team *t, const Step *body, size_t count) {
  double sum = 0;
  for (size_t k = 0; k < count; k++)
    if (!body[k].idle) sum += step_operations(t, &body[k]);
  return sum;
}

static double step_operations(const Team *t, const Step *step) {
  if (step->kind == STEP_LOOP) return nominal(t, step->loop->extent) * body_operations(t, step->loop->body, step->loop->nbody);
  const Node *n = step->node;
  if (step->kind != STEP_NODE) return 1;
  double sum = expr_operations(t, n->expr);
  const Place *p = &t->s->place[n->id];
  for (int q = 0; p->contraction && q < n->nout + n->nred; q++)
    if (!p->loop[q]) sum *= nominal(t, n->index[q].extent);
  return sum;
}

// ---- is each iteration's memory its own? ----

int array_root(const Schedule *s, const Node *n) {
  const Place *p = &s->place[n->id];
  switch (p->stored) {
  case STORED_STATE: return array_root(s, p->state);
  case STORED_WORK: return p->in ? p->in->id : n->id;
  case STORED_SINK: return (int)s->task.graph->count + p->sink;
  default: return -1;
  }
}

// How far apart the entries are that follow one another along axis q of the array that n is in; null: it is gone.
static const Poly *axis_stride(const Schedule *s, const Node *n, int q) {
  Dims *dims = s->task.graph->dims;
  const Place *p = &s->place[n->id];
  if (p->stored == STORED_STATE) return axis_stride(s, p->state, q);
  if (!p->kept[q]) return NULL;
  const Poly *stride = poly_int(dims, 1);
  for (int k = q + 1; k < n->nout; k++)
    if (p->kept[k]) stride = poly_mul(dims, stride, n->index[k].extent);
  return stride;
}

// The arrays that a loop writes: by root, the steps from one iteration's entries to those of the next.
typedef struct Writes {
  const Team *team;
  const Loop *loop;
  bool *written;
  bool *summed;         // over the iterations: not to be read in the loop
  const Poly **stride;  // null: each iteration has it to itself
} Writes;

static bool note_write(Writes *w, int root, const Poly *stride) {
  if (w->written[root] && w->stride[root] != stride) return false;
  w->written[root] = true;
  w->stride[root] = stride;
  return !w->summed[root];
}

// Only within the loop: all versions of an array that each iteration has to itself.
static bool stays_within(const Writes *w, int root) {
  const Schedule *s = w->team->s;
  const Graph *g = s->task.graph;
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (!s->place[k].needed || array_root(s, n) != root) continue;
    const int q = runs_within(w->loop, s->place[k].home) ? index_in(s, n, w->loop) : -1;
    if (q < 0 || q >= n->nout || axis_stride(s, n, q)) return false;
  }
  return true;
}

// May a wave keep what the step adds, and do so later?
static bool may_keep(const Writes *w, const Step *step, bool replayed) {
  const NodeOrder *order = &w->team->s->order[step->node->id];
  if (w->loop->lanes != LANES_TILE || !replayed) return false;
  return step->lane == LANE_GATHER || (step->lane == LANE_SINGLE && order->kind == ORDER_BLOCKS &&
                                       w->team->s->place[step->node->id].loop[order->index] == w->loop);
}

static bool find_writes(Writes *w, const Step *body, size_t count, bool replayed) {
  const Schedule *s = w->team->s;
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    if (step->idle || step->kind == STEP_LEAVE) continue;
    if (step->kind == STEP_LOOP) {
      const Loop *inner = step->loop;
      if (!find_writes(w, inner->body, inner->nbody, replayed && !inner->carries && !inner->reverse && !inner->alive)) return false;
      continue;
    }
    const Node *n = step->node;
    const int q = index_in(s, n, w->loop), root = array_root(s, n);
    if (q < 0) return false;
    if (step->kind == STEP_NODE && is_summed_along(s, n, w->loop)) {
      if (!may_keep(w, step, replayed)) return false;
      if (root >= 0 && w->written[root]) return false;
      if (root >= 0) w->summed[root] = true;
      continue;
    }
    if (q >= n->nout) return false;
    if (root >= 0 && !note_write(w, root, axis_stride(s, n, q))) return false;
  }
  return true;
}

// Does the node read entries alone that its own iteration writes, of what is written?
static bool reads_own(const Writes *w, const Node *n) {
  const Schedule *s = w->team->s;
  const Reads *reads = &w->team->reads[n->id];
  for (size_t r = 0; r < reads->count; r++) {
    const Node *m = reads->read[r]->u.read.node;
    const int root = array_root(s, m);
    if (root < 0) continue;
    if (w->summed[root]) return false;
    if (!w->written[root] || !w->stride[root]) continue;
    bool own = false;
    for (int k = 0; k < m->nout && !own; k++) {
      const Expr *sub = reads->read[r]->u.read.sub[k];
      own = sub->kind == EXPR_INDEX && s->place[n->id].loop[sub->u.index] == w->loop && axis_stride(s, m, k) == w->stride[root];
    }
    if (!own) return false;
  }
  return true;
}

static bool all_read_own(const Writes *w, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].idle) continue;
    if (body[k].kind == STEP_LOOP) {
      if (!all_read_own(w, body[k].loop->body, body[k].loop->nbody)) return false;
    } else if (body[k].kind != STEP_LEAVE && !reads_own(w, body[k].node)) {
      return false;
    }
  }
  return true;
}

// ---- loops that are shared out ----

void deal_record(Schedule *s, Loop *loop, const Step *body, size_t count, bool few) {
  Dims *dims = s->task.graph->dims;
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP) deal_record(s, loop, step->loop->body, step->loop->nbody, few);
    if (step->kind != STEP_NODE || !is_summed_along(s, step->node, loop)) continue;
    const Node *n = step->node;
    Place *p = &s->place[n->id];
    if (few && !adds_to_few(n)) continue;
    const Poly *size = poly_int(dims, s->order[n->id].kind == ORDER_LANES ? 2 * SAMPLE_TILE : 1);
    for (int q = 0; q < n->nout + n->nred; q++)
      if (p->loop[q] && p->loop[q] != loop && !node_is_target(n, q)) size = poly_mul(dims, size, p->loop[q]->extent);
    if (!loop->record) loop->record = poly_int(dims, 0);
    p->record = loop->record;
    loop->record = poly_add(dims, loop->record, size);
  }
}

static bool split(const Team *t, Loop *loop) {
  Schedule *s = t->s;
  const Graph *g = s->task.graph;
  const size_t roots = g->count + s->task.nsinks + 1;
  Writes w = {.team = t,
              .loop = loop,
              .written = arena_array(s->arena, bool, roots),
              .summed = arena_array(s->arena, bool, roots),
              .stride = arena_array(s->arena, const Poly *, roots)};
  if (loop->carries || loop->reverse || loop->alive || loop->nlow || loop->nhigh) return false;
  if (!find_writes(&w, loop->body, loop->nbody, true) || !all_read_own(&w, loop->body, loop->nbody)) return false;
  for (size_t k = 0; k < g->count; k++)
    if (w.written[k] && !w.stride[k] && !stays_within(&w, (int)k)) return false;
  for (size_t k = 0; k < g->count; k++)
    if (w.written[k] && !w.stride[k]) s->place[k].own = true;
  deal_record(s, loop, loop->body, loop->nbody, false);
  loop->team = loop->record ? TEAM_WAVES : TEAM_SPLIT;
  if (!loop->record) return true;
  const double record = nominal(t, loop->record);
  loop->wave = LONGEST_WAVE;
  while (loop->wave > SHORTEST_WAVE && loop->wave * record > WAVE_REALS) loop->wave /= 2;
  return true;
}

// ---- all others ----

static bool fills_memory(const Schedule *s, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP ? fills_memory(s, step->loop->body, step->loop->nbody)
                                : step->kind == STEP_STORE || step->kind == STEP_COPY || step->kind == STEP_LEAVE ||
                                      s->place[step->node->id].stored != STORED_LOCAL)
      return true;
  }
  return false;
}

// Can the threads run the steps together, those that are not shared out one of them alone?
static bool may_share_steps(const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++)
    if (body[k].kind == STEP_LEAVE || (body[k].kind == STEP_INIT && body[k].node->reduce == REDUCE_ARGMAX)) return false;
  return true;
}

// Is something shared out?
static bool deal_steps(const Team *t, Step *body, size_t count) {
  bool any = false;
  for (size_t k = 0; k < count; k++) {
    if (body[k].idle || (body[k].kind != STEP_LOOP && body[k].kind != STEP_NODE)) continue;
    const bool worth = step_operations(t, &body[k]) >= WORTH;
    if (body[k].kind == STEP_NODE) {
      Place *p = &t->s->place[body[k].node->id];
      p->split = p->contraction && worth;
      any = any || p->split;
      continue;
    }
    Loop *loop = body[k].loop;
    loop->team = fills_memory(t->s, loop->body, loop->nbody) ? TEAM_ONE : TEAM_EACH;
    if (worth && split(t, loop)) {
      any = true;
    } else if (worth && loop->lanes == LANES_NONE && may_share_steps(loop->body, loop->nbody) &&
               deal_steps(t, loop->body, loop->nbody)) {
      loop->team = TEAM_STEPS;
      any = true;
    }
  }
  return any;
}

// What is begun by all threads and formed by one goes through memory.
static void hand_over(Schedule *s, const Loop *loop, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP) {
      hand_over(s, loop, step->loop->body, step->loop->nbody);
      continue;
    }
    Place *p = &s->place[step->node->id];
    if (p->stored != STORED_LOCAL || runs_within(loop, p->home)) continue;
    p->stored = p->in_place ? STORED_SINK : STORED_WORK;
    for (int q = 0; p->in_place && q < step->node->nout; q++) p->kept[q] = true;
  }
}

// A sum that is formed where it is wanted is there.
static void drop_stores(const Schedule *s, Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_STORE) continue;
    const Place *p = &s->place[body[k].node->id];
    body[k].idle = body[k].idle || (p->stored == STORED_SINK && p->in_place);
  }
}

static void settle_steps(Schedule *s, Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_LOOP || body[k].idle) continue;
    Loop *loop = body[k].loop;
    if (loop->team == TEAM_ONE) hand_over(s, loop, loop->body, loop->nbody);
    if (loop->team == TEAM_STEPS) settle_steps(s, loop->body, loop->nbody);
  }
  drop_stores(s, body, count);
}

void team_loops(Schedule *s, const Reads *reads) {
  Dims *dims = s->task.graph->dims;
  Team t = {.s = s, .reads = reads, .value = arena_array(s->arena, int64_t, (size_t)dims_count(dims) + 1)};
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *d = dims_get(dims, k);
    const bool sample = d->kind == DIM_BATCH || poly_dim(dims, k) == s->task.sample;
    t.value[k] = d->kind == DIM_FIXED ? d->value : sample ? SAMPLES : EXTENT;
  }
  s->team = may_share_steps(s->body, s->nbody) && deal_steps(&t, s->body, s->nbody);
  if (s->team) settle_steps(s, s->body, s->nbody);
}
