// lanes.c - which loops run several iterations side by side, in the lanes of a processor's vectors.
//
// A loop over samples becomes a loop over tiles of them: each group of steps within runs for all samples of the tile before
// the next group does, and what one group leaves for another is an array over the tile.  So loops within a sample, over
// components or coordinates, stand outside of those over the samples, and every operation is one of vectors.  A loop without
// loops inside takes its iterations a vector at a time, and the rest one by one.
//
// The order of sums is that of their nodes (order.c): a tile is a block.
#include "schedule/internal.h"
#include "simplify/simplify.h"

bool runs_within(const Loop *outer, const Loop *inner) {
  for (; inner; inner = inner->parent)
    if (inner == outer) return true;
  return false;
}

int index_in(const Schedule *s, const Node *n, const Loop *loop) {
  for (int k = 0; k < n->nout + n->nred; k++)
    if (s->place[n->id].loop[k] == loop) return k;
  return -1;
}

bool mentions_loop(const Expr *e, const Loop *loop) {
  switch (e->kind) {
  case EXPR_INDEX: return e->u.index == loop->id;
  case EXPR_READ:
    for (int k = 0; k < e->u.read.node->nout; k++)
      if (mentions_loop(e->u.read.sub[k], loop)) return true;
    return false;
  case EXPR_PRIM:
    for (int k = 0; k < e->u.prim.narg; k++)
      if (mentions_loop(e->u.prim.arg[k], loop)) return true;
    return false;
  default: return false;
  }
}

static bool is_plain_loop(const Loop *loop) {
  return !loop->carries && !loop->reverse && !loop->alive;
}

// ---- tiles ----

// Why loops inside do not run alike for all iterations; REASON_NONE: they do.
static Reason runs_unlike(const Schedule *s, const Loop *loop, const Step *body, size_t count) {
  const Reason left = {REASON_LEFT_EARLY, NULL};
  Reason why = {REASON_NONE, NULL};
  for (size_t k = 0; k < count && !why.kind; k++) {
    if (body[k].kind == STEP_LEAVE) return left;
    if (body[k].kind == STEP_NODE && s->place[body[k].node->id].contraction) return (Reason){REASON_KERNEL_WITHIN, body[k].node};
    if (body[k].kind != STEP_LOOP) continue;
    const Loop *inner = body[k].loop;
    if (inner->alive) return left;
    if (runs_singly_within(s, inner)) continue;
    for (size_t b = 0; b < inner->nlow; b++)
      if (mentions_loop(inner->low[b], loop)) return left;
    for (size_t b = 0; b < inner->nhigh; b++)
      if (mentions_loop(inner->high[b], loop)) return left;
    why = runs_unlike(s, loop, inner->body, inner->nbody);
  }
  return why;
}

static bool is_leaf(const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++)
    if (loop->body[k].kind == STEP_LOOP && !loop->body[k].idle) return false;
  return true;
}

// Has each iteration memory of its own for n, all in one place?
static bool keeps_axis(const Place *p, int q) {
  if (p->blocked && q == p->samples) return false;
  return p->stored == STORED_SINK || p->stored == STORED_INPUT || p->stored == STORED_GIVEN || !p->kept || p->kept[q];
}

static bool is_of_tile(const Schedule *s, const Node *n, const Loop *loop) {
  const Place *p = &s->place[n->id];
  if (!p->loop || !runs_within(loop, p->home)) return false;
  const int q = index_in(s, n, loop);
  return q >= 0 && q < n->nout && !keeps_axis(p, q) && (p->stored == STORED_LOCAL || p->stored == STORED_WORK);
}

// Versions of an array that are one array must all be the tile's, or none of them.
static bool shares_alike(const Schedule *s, const Loop *loop) {
  const Graph *g = s->task.graph;
  for (size_t k = 0; k < g->count; k++) {
    const Place *p = &s->place[k];
    if (p->in && is_of_tile(s, g->nodes[k], loop) != is_of_tile(s, p->in, loop)) return false;
  }
  return true;
}

static bool is_gathered(const Schedule *s, const Node *n, int q) {
  const NodeOrder *order = &s->order[n->id];
  return order->kind != ORDER_TERMS && order->index == q;
}

// Does each value of index k add to entries that no other one does: at k, or k + 3?
static bool has_own_entries(const Node *n, int k) {
  bool own = false;
  for (int j = 0; n->target && j < n->nout; j++) {
    const Expr *to = n->target[j];
    if (expr_is_prim(to, PRIM_ADD) && to->u.prim.arg[1]->kind == EXPR_POLY) to = to->u.prim.arg[0];
    own = own || (to->kind == EXPR_INDEX && to->u.index == k);
  }
  return own;
}

bool adds_by_tiles(const Schedule *s, const Node *n, int q) {
  if (q < n->nout || n->index[q].extent != s->task.sample || !node_accumulates(n) || node_is_target(n, q)) return false;
  if (s->order[n->id].kind == ORDER_BLOCKS) return true;
  bool inside = false;
  for (int k = q + 1; k < n->nout + n->nred; k++) inside = inside || !has_own_entries(n, k);
  return inside;
}

bool needs_tiles(const Schedule *s, const Loop *loop) {
  for (size_t k = 0; k < loop->nmembers; k++) {
    const Node *n = loop->members[k];
    for (int q = n->nout; q < n->nout + n->nred; q++)
      if (s->place[n->id].loop[q] == loop && adds_by_tiles(s, n, q)) return true;
  }
  return false;
}

bool is_summed_along(const Schedule *s, const Node *n, const Loop *loop) {
  const int q = index_in(s, n, loop);
  return q >= n->nout && !node_is_target(n, q) && node_accumulates(n);
}

// ---- how a step runs in a tile ----

bool is_in_range(const Schedule *s, const Node *n, const Expr *sub, const Poly *extent) {
  if (sub->kind == EXPR_INDEX && n->index[sub->u.index].extent == extent) return true;
  return expr_is_declared(sub, extent) ||
         simplify_in_range(s->arena, s->pool, n->index, n->nout + n->nred, sub, extent);
}

bool varies(const Schedule *s, const Node *n, const Expr *e, const Loop *loop) {
  if (e->kind == EXPR_INDEX) return s->place[n->id].loop[e->u.index] == loop;
  bool any = false;
  if (e->kind == EXPR_READ)
    for (int k = 0; k < e->u.read.node->nout && !any; k++) any = varies(s, n, e->u.read.sub[k], loop);
  if (e->kind == EXPR_PRIM)
    for (int k = 0; k < e->u.prim.narg && !any; k++) any = varies(s, n, e->u.prim.arg[k], loop);
  return any;
}

// Is there a read that must not be made beyond the end, or where a condition around it fails?  A choice that is the same in all lanes
// of `tile` (null: not asked) is made before them; one that is known between the edges of a loop (`in`; null: not asked) is none.
static bool reads_lazily(const Schedule *s, const Node *n, const Expr *e, bool lazy, const Loop *tile, const Inside *in) {
  if (e->kind == EXPR_READ) {
    for (int k = 0; k < e->u.read.node->nout; k++) {
      const Expr *sub = e->u.read.sub[k];
      const Poly *axis = e->u.read.node->index[k].extent;
      const bool within = !lazy || is_in_range(s, n, sub, axis) || (in && edges_keep_in(sub, in, axis));
      if (!within || reads_lazily(s, n, sub, lazy, tile, in)) return true;
    }
    return false;
  }
  if (e->kind != EXPR_PRIM) return false;
  if (tile && !lazy && e->u.prim.op == PRIM_SELECT && e->type == TYPE_REAL && !varies(s, n, e, tile)) return false;
  const bool selects = e->u.prim.op == PRIM_SELECT, branches = prim_branches(e->u.prim.op);
  const int truth = in && branches ? edges_truth(selects ? e->u.prim.arg[0] : e, in) : -1;
  if (truth >= 0) return selects && reads_lazily(s, n, e->u.prim.arg[2 - truth], lazy, tile, in);
  for (int k = 0; k < e->u.prim.narg; k++)
    if (reads_lazily(s, n, e->u.prim.arg[k], lazy || (branches && k > 0), tile, in)) return true;
  return false;
}

bool guard_stands_outside(const Schedule *s, const Node *n, const Loop *loop) {
  const Place *p = &s->place[n->id];
  return node_accumulates(n) && p->guard && !varies(s, n, n->guard, loop);
}

// `in`: between the edges of a loop; null: not asked.
static bool adds_lazily_in(const Schedule *s, const Node *n, const Inside *in) {
  for (int k = 0; n->target && k < n->nout; k++) {
    const Poly *axis = n->index[k].extent;
    if (!is_in_range(s, n, n->target[k], axis) && !(in && edges_keep_in(n->target[k], in, axis))) return true;
  }
  return false;
}

bool adds_lazily(const Schedule *s, const Node *n) {
  return adds_lazily_in(s, n, NULL);
}

static bool reads_lazily_if(const Schedule *s, const Node *n, bool guarded, const Loop *tile, const Inside *in) {
  guarded = guarded && !(in && edges_truth(n->guard, in) == 1);
  return reads_lazily(s, n, n->expr, guarded, tile, in) ||
         (guarded && (adds_lazily_in(s, n, in) || reads_lazily(s, n, n->guard, false, NULL, in)));
}

// Are there reads, or an entry that is added to, that must not be touched where a condition around them fails?
static bool node_reads_lazily(const Schedule *s, const Node *n, const Loop *loop) {
  return reads_lazily_if(s, n, s->place[n->id].guard && !guard_stands_outside(s, n, loop), loop, NULL);
}

const Expr *shared_guard(const Schedule *s, const Loop *loop, const Step *body, size_t count) {
  const Expr *shared = NULL;
  for (size_t k = 0; k < count; k++) {
    if (body[k].idle) continue;
    if (body[k].kind != STEP_NODE || !node_accumulates(body[k].node)) return NULL;
    const Expr *guard = s->place[body[k].node->id].guard;
    if (!guard || (shared && guard != shared) || mentions_loop(guard, loop)) return NULL;
    shared = guard;
  }
  return shared;
}

// Does the subscript count the samples themselves?  Lanes behind the last one count on; what they read of an input is a copy.
static bool counts_samples(const Schedule *s, const Node *n, const Expr *e, const Loop *tile) {
  if (e->kind == EXPR_READ && (e->u.read.node->kind == NODE_DATA || e->u.read.node->kind == NODE_PARAM)) return false;
  if (e->kind != EXPR_PRIM) return varies(s, n, e, tile);
  for (int k = 0; k < e->u.prim.narg; k++)
    if (counts_samples(s, n, e->u.prim.arg[k], tile)) return true;
  return false;
}

// Is an entry of an array over the tile told by the sample in another place than its own?
static bool counts_beyond(const Schedule *s, const Node *n, const Node *array, const Expr *const *sub, const Loop *tile) {
  if (!is_of_tile(s, array, tile)) return false;
  for (int k = 0; k < array->nout; k++)
    if (s->place[array->id].loop[k] != tile && counts_samples(s, n, sub[k], tile)) return true;
  return false;
}

static bool reads_beyond(const Schedule *s, const Node *n, const Expr *e, const Loop *tile) {
  const Expr *const *part = e->kind == EXPR_READ ? e->u.read.sub : e->u.prim.arg;
  const int count = e->kind == EXPR_READ ? e->u.read.node->nout : e->kind == EXPR_PRIM ? e->u.prim.narg : 0;
  if (e->kind == EXPR_READ && counts_beyond(s, n, e->u.read.node, e->u.read.sub, tile)) return true;
  for (int k = 0; k < count; k++)
    if (reads_beyond(s, n, part[k], tile)) return true;
  return false;
}

// Would lanes behind the last sample go beyond an array?
static bool goes_beyond(const Schedule *s, const Node *n, const Loop *tile) {
  const Expr *guard = s->place[n->id].guard;
  return (n->target && counts_beyond(s, n, n, n->target, tile)) || reads_beyond(s, n, n->expr, tile) ||
         (guard && reads_beyond(s, n, guard, tile));
}

static LaneClass classed(Step *step, LaneClass class, ReasonKind why) {
  step->lane_why = why;
  return class;
}

static LaneClass class_of(const Schedule *s, Step *step, const Loop *loop) {
  const Node *n = step->node;
  const bool computes = step->kind == STEP_NODE;
  const ReasonKind alone = !computes                      ? REASON_NONE
                           : node_reads_lazily(s, n, loop) ? REASON_LANE_ALONE
                           : goes_beyond(s, n, loop)       ? REASON_LANE_BEYOND
                                                           : REASON_NONE;
  if (step->kind == STEP_STORE || step->kind == STEP_COPY) return classed(step, LANE_EDGE, REASON_LANE_ARRAY);
  if (computes && is_summed_along(s, n, loop)) {
    if (alone) return classed(step, LANE_SINGLE, alone);
    if (adds_to_few(n)) return classed(step, LANE_SINGLE, REASON_LANE_SERIAL);
    return is_gathered(s, n, index_in(s, n, loop)) ? classed(step, LANE_GATHER, REASON_LANE_SUM)
                                                   : classed(step, LANE_SINGLE, REASON_LANE_SERIAL);
  }
  if (!is_of_tile(s, n, loop)) return classed(step, LANE_EDGE, alone ? alone : REASON_LANE_ARRAY);
  if (alone) return classed(step, LANE_SINGLE, alone);
  if (computes && n->reduce == REDUCE_ARGMAX) return classed(step, LANE_SINGLE, REASON_LANE_CONTEST);
  return LANE_WIDE;
}

static void class_steps(Schedule *s, Step *body, size_t count, const Loop *loop) {
  for (size_t k = 0; k < count; k++)
    if (body[k].kind == STEP_LOOP)
      class_steps(s, body[k].loop->body, body[k].loop->nbody, loop);
    else
      body[k].lane = class_of(s, &body[k], loop);
}

// ---- scalars that one group of steps alone knows ----

typedef struct Uses {
  Schedule *s;
  const Loop *tile;
  int *group; // by node: the group that computes it
  bool *crosses;
  int now;
} Uses;

static void use(Uses *u, const Expr *e) {
  if (e->kind == EXPR_READ) {
    const Node *n = e->u.read.node;
    if (u->group[n->id] != u->now) u->crosses[n->id] = true;
    for (int k = 0; k < n->nout; k++) use(u, e->u.read.sub[k]);
  } else if (e->kind == EXPR_PRIM) {
    for (int k = 0; k < e->u.prim.narg; k++) use(u, e->u.prim.arg[k]);
  }
}

static void use_all(Uses *u, const Node *n) {
  const Expr *part[] = {n->expr, n->guard, n->base};
  for (size_t k = 0; k < sizeof part / sizeof *part; k++)
    if (part[k]) use(u, part[k]);
  for (int k = 0; n->target && k < n->nout; k++) use(u, n->target[k]);
}

static void use_step(Uses *u, const Step *step) {
  const Node *n = step->node;
  if (step->kind == STEP_NODE) use_all(u, n);
  if (step->kind == STEP_INIT && (n->base || n->kind == NODE_CARRY)) use(u, n->base ? n->base : n->expr);
  if (step->kind == STEP_NEXT && u->group[n->next->id] != u->now) u->crosses[n->next->id] = true;
  if (step->kind == STEP_STORE || step->kind == STEP_COPY) u->crosses[n->id] = true;
  const bool plain = step->kind == STEP_NODE && !node_accumulates(n) && n->kind == NODE_COMP;
  if (plain && !u->group[n->id])
    u->group[n->id] = u->now;
  else
    u->crosses[n->id] = true;
}

// Arrays that start as one value are filled by themselves.
static bool fills(const Schedule *s, const Step *step) {
  const Node *n = step->node;
  return step->kind == STEP_INIT && s->place[n->id].stored == STORED_WORK && n->kind == NODE_COMP;
}

static bool runs_in_lanes(const Step *step) {
  return step->lane == LANE_WIDE || step->lane == LANE_GATHER;
}

// Is there a subscript that other steps compute for each sample?  What it leads to is read in front of a group.
static bool leads_to_reads(const Schedule *s, const Loop *tile, const Expr *e, bool subscript) {
  if (e->kind == EXPR_READ) {
    if (subscript && is_of_tile(s, e->u.read.node, tile)) return true;
    for (int k = 0; k < e->u.read.node->nout; k++)
      if (leads_to_reads(s, tile, e->u.read.sub[k], true)) return true;
  }
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg; k++)
    if (leads_to_reads(s, tile, e->u.prim.arg[k], subscript)) return true;
  return false;
}

static bool follows_subscripts(const Schedule *s, const Loop *tile, const Step *step) {
  if (step->kind != STEP_NODE) return false;
  const Node *n = step->node;
  const Expr *part[] = {n->expr, n->guard, n->base};
  for (size_t k = 0; k < sizeof part / sizeof *part; k++)
    if (part[k] && leads_to_reads(s, tile, part[k], false)) return true;
  for (int k = 0; n->target && k < n->nout; k++)
    if (leads_to_reads(s, tile, n->target[k], true)) return true;
  return false;
}

bool reads_sum(const Schedule *s, const Node *n, const Node *sum) {
  const Reads reads = node_reads(s->arena, s->task.graph, n);
  bool any = false;
  for (size_t k = 0; k < reads.count; k++) any = any || array_root(s, reads.read[k]->u.read.node) == array_root(s, sum);
  return any;
}

static bool adds_singly(const Schedule *s, const Loop *tile, const Step *step) {
  if (step->idle || step->kind != STEP_NODE || step->lane != LANE_SINGLE) return false;
  if (s->order[step->node->id].kind == ORDER_BLOCKS) return false; // its terms make a block of their own
  return step->node->kind == NODE_SCATTER && !step->node->base && !guard_stands_outside(s, step->node, tile);
}

// Do all of these add for each sample, each to an array that the others know nothing of?  Then one loop over the samples does.
static bool add_side_by_side(const Schedule *s, const Loop *tile, const Step *body, size_t from, size_t end) {
  if (s->task.threads || !adds_singly(s, tile, &body[end])) return false;
  const Node *n = body[end].node;
  for (size_t k = from; k < end; k++) {
    const Node *other = body[k].node;
    if (!adds_singly(s, tile, &body[k]) || array_root(s, other) == array_root(s, n)) return false;
    if (reads_sum(s, other, n) || reads_sum(s, n, other)) return false;
  }
  return true;
}

// Do two steps, one behind the other, run as one group?
static bool joins(const Schedule *s, const Loop *tile, const Step *before, const Step *step) {
  if (before->kind == STEP_LOOP || step->kind == STEP_LOOP || fills(s, before) || fills(s, step)) return false;
  if (before->kind == STEP_NODE && guard_stands_outside(s, before->node, tile)) return false;
  if (step->kind == STEP_NODE && guard_stands_outside(s, step->node, tile)) return false;
  return runs_in_lanes(before) && runs_in_lanes(step) && !follows_subscripts(s, tile, step);
}

size_t lane_group_end(const Schedule *s, const Loop *tile, const Step *body, size_t from, size_t count) {
  size_t end = from + 1;
  if (body[from].idle) return end;
  while (end < count && (joins(s, tile, &body[end - 1], &body[end]) || add_side_by_side(s, tile, body, from, end))) end++;
  return end;
}

static void use_steps(Uses *u, const Step *body, size_t count) {
  for (size_t k = 0, end; k < count; k = end) {
    end = lane_group_end(u->s, u->tile, body, k, count);
    u->now++;
    if (body[k].kind == STEP_LOOP && !body[k].idle) use_steps(u, body[k].loop->body, body[k].loop->nbody);
    for (size_t j = k; j < end && body[k].kind != STEP_LOOP; j++)
      if (!body[j].idle) use_step(u, &body[j]);
  }
}

static void spread(Schedule *s, const Loop *loop) {
  const Graph *g = s->task.graph;
  Uses u = {s, loop, arena_array(s->arena, int, g->count), arena_array(s->arena, bool, g->count), 0};
  use_steps(&u, loop->body, loop->nbody);
  for (size_t k = 0; k < g->count; k++)
    if (is_of_tile(s, g->nodes[k], loop) && !s->place[k].blocked) {
      s->place[k].lane = s->place[k].stored == STORED_WORK || u.crosses[k];
      s->place[k].lane_why = u.crosses[k] ? REASON_CROSSES : REASON_TILE_ARRAY;
    }
}

static Reason one_by_one(const Loop *loop) {
  return (Reason){loop->carries ? REASON_CARRIES : REASON_MAPPED_STEPS, NULL};
}

// Why not; REASON_NONE: it may.
static Reason no_tile(const Schedule *s, const Loop *loop) {
  if (!is_plain_loop(loop)) return one_by_one(loop);
  if (loop->extent != s->task.sample) return (Reason){REASON_LOOP_WITHIN, NULL};
  if (loop->nlow || loop->nhigh) return (Reason){REASON_OTHER_BOUNDS, NULL};
  const Reason unlike = runs_unlike(s, loop, loop->body, loop->nbody);
  if (unlike.kind || shares_alike(s, loop)) return unlike;
  return (Reason){REASON_VERSIONS_APART, NULL};
}

static void say_of_tile(const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_LOOP) continue;
    body[k].loop->lanes_why.kind = REASON_OF_TILE;
    say_of_tile(body[k].loop->body, body[k].loop->nbody);
  }
}

static void lane_steps(Schedule *s, const Step *body, size_t count);

// Loops that run for one sample after the other, and those within, in lanes of their own.
static void lane_singly(Schedule *s, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_LOOP) continue;
    Loop *loop = body[k].loop;
    if (!runs_singly_within(s, loop)) {
      lane_singly(s, loop->body, loop->nbody);
      continue;
    }
    loop->lanes = LANES_SINGLY;
    lane_steps(s, loop->body, loop->nbody);
    loop->lanes_why.kind = REASON_SINGLY_WITHIN;
  }
}

static void tile(Schedule *s, Loop *loop) {
  loop->lanes = LANES_TILE;
  loop->lanes_why.kind = REASON_TILE;
  say_of_tile(loop->body, loop->nbody);
  lane_singly(s, loop->body, loop->nbody);
}

static void finish_tiles(Schedule *s) {
  for (size_t k = 0; k < s->nloops; k++) {
    Loop *loop = s->loops[k];
    if (loop->lanes != LANES_TILE) continue;
    class_steps(s, loop->body, loop->nbody, loop);
    spread(s, loop);
    find_row_products(s, loop);
    turn_rows(s, loop);
    hold_states(s, loop);
  }
}

// ---- strips ----

bool is_shorter(const Dims *dims, const Poly *extent, int64_t least) {
  int64_t value;
  return poly_fixed(dims, extent, &value) && value < least;
}

static Inside inside_of(const Schedule *s, const Loop *loop, const Node *n, Edges edges) {
  return (Inside){s->task.graph->dims, index_in(s, n, loop), loop->extent, edges};
}

// Why a step keeps its loop from running in strips between those edges: nothing of one iteration may depend on another, but for sums
// in lanes.
static Reason no_strip_with(const Schedule *s, const Loop *loop, const Step *step, const Expr *shared, Edges edges) {
  const Node *n = step->node;
  const bool computes = step->kind == STEP_NODE;
  if (computes && s->place[n->id].contraction) return (Reason){REASON_KERNEL_WITHIN, n};
  if (!computes && step->kind != STEP_STORE) return (Reason){REASON_OTHER_STEP, n};
  const int q = index_in(s, n, loop);
  if (q < 0 || n->type != TYPE_REAL) return (Reason){REASON_NOT_BY_LOOP, n};
  const Expr *guard = s->place[n->id].guard;
  const Inside between = inside_of(s, loop, n, edges), *in = edges_any(edges) ? &between : NULL; // without edges no choice is left out
  if (reads_lazily_if(s, n, guard && guard != shared, NULL, in)) return (Reason){REASON_LAZY, n};
  if (in && !edges_keep_roundings(n->expr, in, node_accumulates(n))) return (Reason){REASON_LAZY, n};
  if (in && n->guard && !edges_keep_roundings(n->guard, in, false)) return (Reason){REASON_LAZY, n};
  if (computes && n->kind == NODE_SCATTER && !node_is_target(n, q) && q >= n->nout) return (Reason){REASON_ADDS_ANYWHERE, n};
  if (!is_summed_along(s, n, loop)) return (Reason){REASON_NONE, NULL};
  if (!is_gathered(s, n, q)) return (Reason){REASON_TERM_BY_TERM, n};
  return (Reason){loop->nlow && edges.first ? REASON_OTHER_BOUNDS : REASON_NONE, NULL};
}

bool runs_in_strip(const Schedule *s, const Loop *loop, const Step *step) {
  return step->kind != STEP_LOOP && !no_strip_with(s, loop, step, NULL, (Edges){0, 0}).kind;
}

// The edges that the conditions of a loop's steps tell; *by: the last node that has such a condition.
static Edges edges_of(const Schedule *s, const Loop *loop, const Node **by) {
  Edges edges = {0, 0};
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    const Edges before = edges;
    if (step->idle || step->kind != STEP_NODE) continue;
    const Inside in = inside_of(s, loop, step->node, edges);
    edges_widen(step->node->expr, &in, &edges);
    if (step->node->guard) edges_widen(step->node->guard, &in, &edges);
    if (edges.first != before.first || edges.last != before.last) *by = step->node;
  }
  return edges;
}

static Reason no_strip_between(const Schedule *s, const Loop *loop, Edges edges) {
  Reason why = {REASON_NONE, NULL};
  const Expr *shared = shared_guard(s, loop, loop->body, loop->nbody);
  for (size_t k = 0; k < loop->nbody && !why.kind; k++)
    if (!loop->body[k].idle) why = no_strip_with(s, loop, &loop->body[k], shared, edges);
  return why;
}

// Why not; REASON_NONE: it may.
static Reason no_strip(const Schedule *s, Loop *loop) {
  if (!is_plain_loop(loop)) return one_by_one(loop);
  if (!is_leaf(loop)) return (Reason){REASON_LOOP_WITHIN, NULL};
  if (is_shorter(s->task.graph->dims, loop->extent, SHORTEST_STRIP)) return (Reason){REASON_SHORT, NULL};
  const Reason why = no_strip_between(s, loop, (Edges){0, 0});
  if (why.kind != REASON_LAZY) return why;
  const Node *by = NULL;
  const Edges edges = edges_of(s, loop, &by);
  if (!by || no_strip_between(s, loop, edges).kind) return why;
  loop->edges = edges;
  loop->lanes_why.node = by;
  return (Reason){REASON_NONE, NULL};
}

typedef struct Iterations { // of a node in a loop
  const Schedule *s;
  const Node *n;
  const Loop *loop;
} Iterations;

// Is something compared with the number of the loop's iteration?
static bool compares(const void *context, const Expr *e) {
  const Iterations *in = context;
  return e->kind == EXPR_PRIM && e->type == TYPE_BOOL && e->u.prim.arg[0]->type == TYPE_INT && varies(in->s, in->n, e, in->loop);
}

// Of few iterations that nothing is summed over, enough for a vector of 32 bytes, or half of one?  Where these are told apart they
// had better be written out.
static bool runs_at_once(const Schedule *s, const Loop *loop) {
  enum { FEWEST = 4 };
  if (is_shorter(s->task.graph->dims, loop->extent, FEWEST) || loop->nlow || loop->nhigh) return false;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Node *n = loop->body[k].node;
    if (loop->body[k].kind != STEP_NODE) continue;
    const Iterations in = {s, n, loop};
    if (is_summed_along(s, n, loop) || expr_has(n->expr, compares, &in) || expr_has(n->guard, compares, &in)) return false;
  }
  return !no_strip_between(s, loop, (Edges){0, 0}).kind;
}

// Threads share out sums over samples by tiles alone.
static bool shares_sums(const Schedule *s, const Loop *loop) {
  bool sums = false;
  for (size_t k = 0; k < loop->nbody && !sums; k++)
    sums = loop->body[k].kind == STEP_NODE && is_summed_along(s, loop->body[k].node, loop);
  return s->task.threads && sums && loop->depth == 1 && !no_tile(s, loop).kind;
}

// Would all loops within one run in strips?
static bool strips_within(const Schedule *s, const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++)
    if (!loop->body[k].idle && no_strip_between(s, loop->body[k].loop, (Edges){0, 0}).kind) return false;
  return true;
}

static void lane_steps(Schedule *s, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_LOOP || body[k].idle) continue;
    Loop *loop = body[k].loop;
    const Reason strip = no_strip(s, loop), tiles = no_tile(s, loop);
    if (!strip.kind && !needs_tiles(s, loop) && !shares_sums(s, loop)) {
      loop->lanes = LANES_STRIP;
      loop->lanes_why.kind = loop->lanes_why.node ? REASON_STRIP_INSIDE : REASON_STRIP;
    } else if (strip.kind == REASON_SHORT && runs_at_once(s, loop)) {
      loop->lanes = LANES_SHORT;
      loop->lanes_why.kind = REASON_STRIP_SHORT;
    } else if (!tiles.kind && runs_by_turns(s, loop)) {
      loop->lanes = LANES_TURNS;
      loop->lanes_why.kind = REASON_TURNS;
    } else if (adds_behind(s, loop)) {
      loop->lanes = LANES_STRIP;
      loop->lanes_why.kind = REASON_BEHIND;
      lane_steps(s, loop->body, loop->nbody);
    } else if (!tiles.kind && runs_singly_with_loops(s, loop)) {
      loop->edges = (Edges){0, 0};
      loop->lanes_why.kind = REASON_SINGLY;
      lane_steps(s, loop->body, loop->nbody);
    } else if (!tiles.kind && !needs_tiles(s, loop) && runs_along_rows(s, loop) && strips_within(s, loop)) {
      loop->lanes_why.kind = REASON_ALONG;
      lane_steps(s, loop->body, loop->nbody);
    } else if (!tiles.kind) {
      loop->edges = (Edges){0, 0};
      tile(s, loop);
    } else {
      loop->lanes_why = loop->extent == s->task.sample ? tiles : strip;
      lane_steps(s, loop->body, loop->nbody);
    }
  }
}

void lane_loops(Schedule *s, const Reads *reads) {
  lane_steps(s, s->body, s->nbody);
  hold_sums(s);
  keep_in_tiles(s, reads);
  finish_tiles(s);
}
