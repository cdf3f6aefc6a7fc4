// along.c - loops over samples in which every entry stands for itself, and lies beside the next one of its sample.
//
// A tile would take one entry of each of its samples, a row apart, and put the results back so; for one sample it computes as
// much as for eight.  The loops within take them as they lie, in lanes of their own.
#include "schedule/internal.h"

enum { LONG_ROW = 32 }; // entries, below which the rest of a row takes as long as its vectors

// The loop's index in the last subscript alone, or nowhere.
static bool reads_along(const Expr *e, const Loop *loop) {
  const bool reads = e->kind == EXPR_READ;
  const Expr *const *part = reads ? e->u.read.sub : e->u.prim.arg;
  const int count = reads ? e->u.read.node->nout : e->kind == EXPR_PRIM ? e->u.prim.narg : 0;
  for (int k = 0; k < count; k++) {
    if (reads && mentions_loop(part[k], loop) && (k + 1 < count || part[k]->kind != EXPR_INDEX)) return false;
    if (!reads_along(part[k], loop)) return false;
  }
  return true;
}

static bool stands_for_itself(Schedule *s, const Step *step, const Loop *loop) {
  const Node *n = step->node;
  if (step->kind == STEP_STORE) return true;
  if (step->kind != STEP_NODE || n->kind != NODE_COMP || n->reduce != REDUCE_NONE || n->type != TYPE_REAL) return false;
  const Place *p = &s->place[n->id];
  return n->nout > 0 && p->loop[n->nout - 1] == loop && !p->in && reads_along(schedule_expr(s, n, n->expr), loop);
}

bool runs_along_rows(Schedule *s, const Loop *loop) {
  int64_t length;
  bool any = false;
  if (s->task.threads || loop->depth != 1) return false;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    if (step->kind != STEP_LOOP || !poly_fixed(s->task.graph->dims, step->loop->extent, &length) || length < LONG_ROW) return false;
    for (size_t j = 0; j < step->loop->nbody; j++)
      if (!step->loop->body[j].idle && !stands_for_itself(s, &step->loop->body[j], step->loop)) return false;
    any = true;
  }
  return any;
}
