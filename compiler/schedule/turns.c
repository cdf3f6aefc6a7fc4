// turns.c - loops over samples that compute little, and read or add at places which subscripts compute.
//
// In a tile, what is read so is fetched before the vectors, and what is added so is kept for a loop behind them: more than the
// operations themselves take.  Such a loop runs sample by sample; sums in lanes go on by turns, so that nothing changes in them.  One
// with loops inside runs so as well, and these in lanes of their own: the rows of a sparse Jacobian, say, which reads and writes for each
// sample what lies side by side.
#include "schedule/internal.h"

// In operations: a division, a choice that may go either way, and what lanes save of one place (a vector has eight operations for one).
enum { DIVISION = 4, CHOICE = 8, PLACE = 4 };
enum { ENOUGH = 5 }; // half operations for each place: so many are worth a way through memory from the lanes to the places
enum { MOST = 1024 }; // a longer loop inside has lanes enough in a tile, too

typedef struct Work {
  int64_t operations, places;
  bool calls;
} Work;

static bool is_computed(const Expr *read) {
  for (int k = 0; k < read->u.read.node->nout; k++)
    if (read->u.read.sub[k]->nodes) return true;
  return false;
}

// What index q changes in an expression that is looked at so often for a sample.
static void count_work(const Expr *e, int q, int64_t times, Work *work) {
  size_t count;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count; k++) {
    if (!(part[k]->indices >> q & 1)) continue;
    if (part[k]->kind == EXPR_READ) work->places += is_computed(part[k]) ? times : 0;
    if (part[k]->kind != EXPR_PRIM) continue;
    const Prim op = part[k]->u.prim.op;
    work->calls = work->calls || prim_calls(op);
    const bool open = prim_branches(op) && part[k]->u.prim.arg[0]->indices >> q & 1; // else samples all go one way
    work->operations += times * (open ? CHOICE : op == PRIM_DIV ? DIVISION : 1);
  }
  arena_free(scratch);
}

bool adds_anywhere(const Schedule *s, const Node *n, const Loop *loop) {
  const int q = index_in(s, n, loop);
  return n->kind == NODE_SCATTER && !n->base && q >= n->nout && !node_is_target(n, q);
}

static bool runs_singly(const Schedule *s, const Step *step, const Loop *loop) {
  const Node *n = step->node;
  if (step->kind == STEP_STORE) return true;
  if (step->kind != STEP_NODE || s->place[n->id].contraction || index_in(s, n, loop) < 0 || n->type != TYPE_REAL) return false;
  return !s->place[n->id].guard && (n->kind == NODE_COMP || adds_anywhere(s, n, loop));
}

bool runs_by_turns(const Schedule *s, const Loop *loop) {
  Work work = {0, 0, false};
  bool adds = false;
  if (s->task.threads || loop->extent != s->task.sample || loop->nlow || loop->nhigh || needs_tiles(s, loop)) return false;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP || !runs_singly(s, step, loop)) return false;
    if (step->kind != STEP_NODE) continue;
    count_work(step->node->expr, index_in(s, step->node, loop), 1, &work);
    if (!adds_anywhere(s, step->node, loop)) continue;
    adds = true;
    work.places++;
  }
  return adds && !work.calls && work.operations < PLACE * work.places;
}

// Is it written to rows, a sample's entries side by side?
static bool writes_rows(const Schedule *s, const Node *n, int q) {
  return s->place[n->id].stored == STORED_SINK && n->nout >= 2 && q < n->nout - 1;
}

// False where a step, of the loop or of one inside, runs better in a tile.
static bool count_steps(const Schedule *s, const Loop *loop, const Loop *within, int64_t times, Work *work) {
  int64_t extent;
  for (size_t k = 0; k < within->nbody; k++) {
    const Step *step = &within->body[k];
    const bool opens = step->kind == STEP_INIT || step->kind == STEP_FINISH; // of a sum within the sample
    if (step->idle || step->kind == STEP_STORE || (opens && !is_summed_along(s, step->node, loop))) continue;
    if (step->kind == STEP_LOOP) {
      const Loop *inner = step->loop;
      if (inner->carries || inner->nlow || inner->nhigh || !poly_fixed(s->task.graph->dims, inner->extent, &extent)) return false;
      if (extent >= MOST || times >= MOST || !count_steps(s, loop, inner, times * extent, work)) return false;
      continue;
    }
    const Node *n = step->node;
    const int q = index_in(s, n, loop);
    if (step->kind != STEP_NODE || s->place[n->id].contraction || q < 0 || n->type != TYPE_REAL) return false;
    if (n->kind == NODE_SCATTER ? !adds_anywhere(s, n, loop) : is_summed_along(s, n, loop) && n->nout > 0) return false;
    if (n->kind == NODE_SCATTER) work->places += times;
    count_work(n->expr, q, times, work);
    if (s->place[n->id].guard) count_work(s->place[n->id].guard, q, times, work);
    if (writes_rows(s, n, q)) work->places += times;
  }
  return true;
}

bool computes_enough(const Schedule *s, const Loop *loop) {
  Work work = {0, 0, false};
  return count_steps(s, loop, loop, 1, &work) && (work.calls || 2 * work.operations >= ENOUGH * work.places);
}

bool runs_singly_with_loops(const Schedule *s, const Loop *loop) {
  Work work = {0, 0, false};
  if (s->task.threads || loop->depth != 1 || needs_tiles(s, loop) || !count_steps(s, loop, loop, 1, &work)) return false;
  return !work.calls && work.operations < PLACE * work.places;
}
