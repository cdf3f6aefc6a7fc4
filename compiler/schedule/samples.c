// samples.c - arrays over all samples, as the tiles know them.
//
// What other tiles read, and nothing else, has a part for each tile, in which its samples lie side by side.  What is wanted in the
// caller's memory, and read in its own tile alone, is the tile's, and goes there at its end.  Rows of what a tile reads are turned into
// lanes at its start where that pays.
#include "schedule/internal.h"

enum { LONG = 8 }; // entries of a row that are better turned than taken, or put, one of each sample at a time

static bool is_long(const Schedule *s, const Node *n) {
  const Graph *g = s->task.graph;
  return poly_nominal(g->dims, row_size(g, n)) >= LONG;
}

// ---- whose entries their own samples alone read ----

static Loop *tile_along(const Schedule *s, const Node *n, int q) {
  Loop *loop = s->place[n->id].loop[q];
  return loop && loop->lanes == LANES_TILE && !s->place[n->id].mirrored[q] ? loop : NULL;
}

// The output of n, which is stored there, that counts the samples of a tile in which all of it is computed; -1: none.
static int sample_axis(const Schedule *s, const Node *n, Stored stored) {
  const Place *p = &s->place[n->id];
  if (!p->needed || p->stored != stored || p->in || p->contraction || n->kind != NODE_COMP || n->type != TYPE_REAL) return -1;
  for (int q = 0; q < n->nout; q++) {
    const Loop *loop = p->kept[q] ? tile_along(s, n, q) : NULL;
    if (loop && runs_within(loop, p->home)) return q;
  }
  return -1;
}

// The tile in which `user` reads entries of its own sample alone of what has its samples at axis q; null: it reads others.
static Loop *reading_tile(const Schedule *s, const Node *user, const Expr *read, int q) {
  const Expr *sub = read->u.read.sub[q];
  const bool plain = user->kind == NODE_COMP || (user->kind == NODE_SCATTER && !user->base);
  if (!plain || s->place[user->id].contraction || sub->kind != EXPR_INDEX) return NULL;
  return tile_along(s, user, sub->u.index);
}

// By node: sample_axis, where nothing but tiles knows the array, each the entries of its own samples.
static int *own_axes(const Schedule *s, const Reads *reads, Stored stored) {
  const Graph *g = s->task.graph;
  int *axis = arena_array(s->arena, int, g->count + 1);
  for (size_t k = 0; k < g->count; k++) axis[k] = sample_axis(s, g->nodes[k], stored);
  for (size_t k = 0; k < s->nloops; k++) // where a loop is left, what is filled up is written outside of tiles
    for (size_t j = 0; j < s->loops[k]->nfill; j++) axis[s->loops[k]->fill[j]->id] = -1;
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (!s->place[k].needed) continue;
    if (s->place[k].in) axis[s->place[k].in->id] = -1;
    if (n->next) axis[n->next->id] = -1;
    if (n->alive) axis[n->alive->id] = -1;
    for (size_t r = 0; r < reads[k].count; r++) {
      const Node *m = reads[k].read[r]->u.read.node;
      if (axis[m->id] >= 0 && !reading_tile(s, n, reads[k].read[r], axis[m->id])) axis[m->id] = -1;
    }
  }
  return axis;
}

// ---- arrays that tiles alone know ----

static void know_blocked(Schedule *s, Loop *tile, const Node *n) {
  for (size_t k = 0; k < tile->nblocked; k++)
    if (tile->blocked[k] == n) return;
  ARENA_PUSH(s->arena, tile->blocked, tile->nblocked, tile->blocked_room) = n;
}

static void block_arrays(Schedule *s, const Reads *reads) {
  const Graph *g = s->task.graph;
  int *axis = own_axes(s, reads, STORED_WORK);
  for (size_t k = 0; k < s->task.nsinks; k++) axis[s->task.sinks[k].node->id] = -1;
  for (size_t k = 0; k < g->count; k++) {
    if (axis[k] < 0) continue;
    Place *p = &s->place[k];
    p->lane = p->blocked = true;
    p->lane_why = REASON_BLOCKED;
    p->samples = axis[k];
    know_blocked(s, p->loop[axis[k]], g->nodes[k]);
  }
  for (size_t k = 0; k < g->count; k++)
    for (size_t r = 0; s->place[k].needed && r < reads[k].count; r++) {
      const Node *m = reads[k].read[r]->u.read.node;
      if (s->place[m->id].blocked) know_blocked(s, reading_tile(s, g->nodes[k], reads[k].read[r], axis[m->id]), m);
    }
}

// ---- rows that go to the caller's memory at a tile's end ----

static void leave_if_read_elsewhere(const Schedule *s, const Reads *reads, int *axis) {
  const Graph *g = s->task.graph;
  for (size_t k = 0; k < g->count; k++)
    for (size_t r = 0; s->place[k].needed && r < reads[k].count; r++) {
      const Node *m = reads[k].read[r]->u.read.node;
      const int q = axis[m->id];
      if (q >= 0 && reading_tile(s, g->nodes[k], reads[k].read[r], q) != s->place[m->id].loop[q]) axis[m->id] = -1;
    }
}

static void put_rows(Schedule *s, const Reads *reads) {
  const Graph *g = s->task.graph;
  int *axis = own_axes(s, reads, STORED_SINK);
  leave_if_read_elsewhere(s, reads, axis);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    Place *p = &s->place[k];
    if (axis[k] != 0 || !s->task.sinks[p->sink].tape || n->nout < 2 || !is_long(s, n)) continue;
    Loop *tile = p->loop[0];
    p->stored = STORED_WORK;
    p->kept[0] = false;
    ARENA_PUSH(s->arena, tile->put, tile->nput, tile->put_room) = n;
  }
}

void keep_in_tiles(Schedule *s, const Reads *reads) {
  if (!s->task.threads) block_arrays(s, reads); // threads keep what is by lane for themselves
  put_rows(s, reads);
}

// ---- rows that are turned into lanes at a tile's start ----

bool index_covers(Dims *dims, const Poly *axis, const Poly *index) {
  enum { FEW = 8 };
  const Poly *more = poly_sub(dims, axis, index);
  int64_t value;
  return poly_fixed(dims, more, &value) && value >= 0 && value <= FEW;
}

// Does it lie in full in memory that the tile does not write to?
static bool is_there(const Schedule *s, const Node *n) {
  const Place *p = &s->place[n->id];
  return p->stored == STORED_INPUT || p->stored == STORED_GIVEN;
}

// Of a sample's own row of an array that has one for each, which lies there entry by entry?
static bool reads_row(const Schedule *s, const Node *n, const Expr *read, const Loop *tile) {
  const Node *from = read->u.read.node;
  if (!is_there(s, from) || from->type != TYPE_REAL || from->nout < 2) return false;
  const Expr *sample = read->u.read.sub[0];
  if (sample->kind != EXPR_INDEX || s->place[n->id].loop[sample->u.index] != tile) return false;
  if (!is_in_range(s, n, sample, from->index[0].extent)) return false;
  for (int k = 1; k < from->nout; k++)
    if (varies(s, n, read->u.read.sub[k], tile)) return false;
  return true;
}

// How often a read goes through its row for one sample, in sizes where open dimensions are about a hundred.
static double walks(const Schedule *s, const Node *n, const Expr *read, const Loop *tile) {
  const Graph *g = s->task.graph;
  const Poly *reads = poly_int(g->dims, 1);
  for (int q = 0; q < n->nout + n->nred; q++)
    if (s->place[n->id].loop[q] && s->place[n->id].loop[q] != tile && !node_is_target(n, q))
      reads = poly_mul(g->dims, reads, n->index[q].extent);
  return poly_nominal(g->dims, reads) / poly_nominal(g->dims, row_size(g, read->u.read.node));
}

// How often rows are walked over in the tile.
static void count_rows(const Schedule *s, const Node *n, const Expr *e, const Loop *tile, double *times) {
  if (e->kind == EXPR_READ && reads_row(s, n, e, tile)) times[e->u.read.node->id] += walks(s, n, e, tile);
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg; k++) count_rows(s, n, e->u.prim.arg[k], tile, times);
}

static void count_in_steps(const Schedule *s, const Loop *loop, const Loop *tile, double *times) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->kind == STEP_LOOP && step->loop->lanes != LANES_ROWS && step->loop->lanes != LANES_SINGLY) count_in_steps(s, step->loop, tile, times);
    if (step->kind == STEP_NODE) count_rows(s, step->node, step->node->expr, tile, times);
  }
}

// What is walked over more than once is turned once; long rows are if they are walked over at all: their entries are read one behind
// the other so, not one of each sample.
void turn_rows(Schedule *s, Loop *tile) {
  const Graph *g = s->task.graph;
  double *times = arena_array(s->arena, double, g->count);
  size_t room = 0;
  count_in_steps(s, tile, tile, times);
  for (size_t k = 0; k < g->count; k++) {
    if (!(times[k] >= 1 && is_long(s, g->nodes[k])) && !(times[k] >= 2)) continue; // NaN: rows of nothing
    ARENA_PUSH(s->arena, tile->rows, tile->nrows, room) = g->nodes[k];
    s->place[k].rows = poly_int(g->dims, 0); // its place is known when all work memory is dealt (place.c)
  }
}
