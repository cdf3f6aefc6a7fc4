// turns.c - loops over samples that compute little, and read or add at places which subscripts compute.
//
// In a tile, what is read so is fetched before the vectors, and what is added so is kept for a loop behind them: more than the
// operations themselves take.  Such a loop runs sample by sample; sums in lanes go on by turns, so that nothing changes in them.
#include "schedule/internal.h"

// In operations: a division, a choice that may go either way, and what lanes save of one place (a vector has eight operations for one).
enum { DIVISION = 4, CHOICE = 8, PLACE = 4 };

typedef struct Work {
  int operations, places;
  bool calls;
} Work;

static bool is_computed(const Expr *read) {
  for (int k = 0; k < read->u.read.node->nout; k++)
    if (read->u.read.sub[k]->kind == EXPR_READ) return true;
  return false;
}

// What index q changes in an expression.
static void count_work(const Expr *e, int q, Work *work) {
  size_t count;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count; k++) {
    if (!(part[k]->indices >> q & 1)) continue;
    if (part[k]->kind == EXPR_READ) work->places += is_computed(part[k]);
    if (part[k]->kind != EXPR_PRIM) continue;
    const Prim op = part[k]->u.prim.op;
    work->calls = work->calls || prim_calls(op);
    work->operations += prim_branches(op) ? CHOICE : op == PRIM_DIV ? DIVISION : 1;
  }
  arena_free(scratch);
}

// Does the step add at a place that a subscript computes?
static bool adds_anywhere(const Schedule *s, const Node *n, const Loop *loop) {
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
    count_work(step->node->expr, index_in(s, step->node, loop), &work);
    if (!adds_anywhere(s, step->node, loop)) continue;
    adds = true;
    work.places++;
  }
  return adds && !work.calls && work.operations < PLACE * work.places;
}
