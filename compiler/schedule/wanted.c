// wanted.c - triangles of arrays that nobody reads are not computed.
//
// A Cholesky factor reads a covariance from the diagonal down: K[j, j], and K[i, j] if i > j.  From what all readers' conditions
// say of an array's subscripts, how far these are apart at least (apart.h), follows which entries are wanted; its readers that are
// wanted in part themselves, last ones first, read less.  Where all that a loop does is wanted within one bound alone, or adds
// terms there alone, that is the loop's range, and what lies outside of it is never written.  A bound that a loop cannot take is
// forgotten, and all is looked at anew, since what was to be read only within it is read elsewhere.
#include "graph/pool.h"
#include "schedule/apart.h"
#include "schedule/internal.h"

typedef struct Wanted {
  Schedule *s;
  Arena *arena;
  bool *whole;       // by id: all of it is wanted
  bool *not_on_tape; // by id: it doesn't go there, or all of it is wanted; null: there is no tape
  Apart *apart;      // by id: of the outputs, where its entries are wanted
  bool **refused;    // by id, by pair of outputs: a bound that is no loop's
} Wanted;

// ---- which arrays ----

static void mark_whole(Wanted *w, const Node *n) {
  if (n) w->whole[n->id] = true;
}

static void find_whole(Wanted *w) {
  const Task *task = &w->s->task;
  const Graph *g = task->graph;
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    const Place *p = &w->s->place[k];
    const bool is_array = n->kind == NODE_COMP && n->type == TYPE_REAL && n->nout > 1 && n->nout + n->nred <= APART_MOST;
    if (!is_array || !p->needed || !p->loop || p->contraction || (task->given && task->given[k])) w->whole[k] = true;
    mark_whole(w, n->next);
    mark_whole(w, n->alive);
  }
  mark_whole(w, task->result);
  for (size_t k = 0; k < task->nsinks; k++)
    if (!task->sinks[k].tape) mark_whole(w, task->sinks[k].node);
}

static void find_tape(Wanted *w) {
  const Task *task = &w->s->task;
  for (size_t k = 0; k < task->nsinks; k++) {
    const int id = task->sinks[k].node->id;
    if (!task->sinks[k].tape || w->whole[id]) continue;
    if (!w->not_on_tape) {
      w->not_on_tape = arena_array(w->arena, bool, task->graph->count);
      for (size_t j = 0; j < task->graph->count; j++) w->not_on_tape[j] = true;
    }
    w->not_on_tape[id] = false;
  }
}

// ---- what is wanted ----

static void want_read(Wanted *w, Arena *a, const Expr *read, const Apart *where) {
  const Node *n = read->u.read.node;
  if (w->whole[n->id]) return;
  const Apart of = apart_of_read(a, w->s->pool, where, read->u.read.sub, n->nout);
  apart_either(&w->apart[n->id], &of);
}

// All that is read in e, where it is computed under what is known already.
static void want_reads(Wanted *w, Arena *a, const Expr *e, const Apart *known) {
  size_t count;
  const Expr **part = expr_parts(a, e, &count);
  Apart *where = arena_array(a, Apart, count);
  for (size_t k = 0; k < count; k++) where[k] = apart_never(a, known->count);
  apart_either(&where[count - 1], known);
  for (size_t k = count; k-- > 0;) {
    const Expr *const *operand;
    const int narg = expr_operands(part[k], &operand);
    if (part[k]->kind == EXPR_READ) want_read(w, a, part[k], &where[k]);
    for (int j = 0; j < narg; j++) {
      Apart inner = apart_any(a, known->count);
      apart_both(&inner, &where[k]);
      if (expr_is_prim(part[k], PRIM_SELECT) && j == 1) apart_learn(&inner, w->s->pool, operand[0]);
      apart_either(&where[expr_place(part, count, operand[j])], &inner);
    }
  }
}

static void want_of(Wanted *w, const Node *n) {
  Arena *a = arena_new();
  Apart known = apart_any(a, n->nout + n->nred);
  if (n->base) want_reads(w, a, n->base, &known);
  if (!w->whole[n->id])
    for (int p = 0; p < n->nout * n->nout; p++)
      known.least[p / n->nout * known.count + p % n->nout] = w->apart[n->id].least[p];
  if (n->guard) want_reads(w, a, n->guard, &known);
  if (n->guard) apart_learn(&known, w->s->pool, n->guard);
  if (n->expr) want_reads(w, a, n->expr, &known);
  for (int k = 0; n->target && k < n->nout; k++) want_reads(w, a, n->target[k], &known);
  arena_free(a);
}

// What is computed later, which may be all that is not on the tape, reads of it what its own conditions leave.
static void want_of_tape(Wanted *w) {
  const Graph *g = w->s->task.graph;
  Wanted later = *w;
  later.whole = w->not_on_tape;
  for (size_t k = 0; k < g->count; k++)
    if (w->not_on_tape[k]) want_of(&later, g->nodes[k]);
}

static void find_apart(Wanted *w) {
  const Task *task = &w->s->task;
  const Graph *g = task->graph;
  for (size_t k = 0; k < g->count; k++)
    if (!w->whole[k]) w->apart[k] = apart_never(w->arena, g->nodes[k]->nout);
  if (w->not_on_tape) want_of_tape(w);
  for (size_t k = g->count; k-- > 0;) {
    const Node *n = g->nodes[k];
    if (!w->s->place[k].needed || (task->given && task->given[k])) continue;
    for (int p = 0; !w->whole[k] && p < n->nout * n->nout; p++)
      if (w->refused[k][p]) w->apart[k].least[p] = APART_ANY;
    want_of(w, n);
  }
}

// ---- loops that take it as their range ----

static bool wants_within(Wanted *w, const Node *n, int q, Limit limit) {
  const Apart *apart = &w->apart[n->id];
  for (int p = 0; !w->whole[n->id] && q < n->nout && p < n->nout * n->nout; p++)
    if (apart->least[p] != APART_ANY && limit_keeps(w->s, n, apart_condition(w->s->pool, p / n->nout, p % n->nout, apart->least[p]), q, limit))
      return true;
  return false;
}

// Does the step do nothing of use outside of the limit?
static bool step_keeps(Wanted *w, const Loop *loop, const Step *step, Limit limit) {
  const Node *n = step->node;
  if (step->kind != STEP_NODE && step->kind != STEP_INIT && step->kind != STEP_FINISH && step->kind != STEP_STORE) return false;
  for (int q = 0; q < n->nout + n->nred; q++) {
    if (w->s->place[n->id].loop[q] != loop || w->s->place[n->id].mirrored[q]) continue;
    if (wants_within(w, n, q, limit)) return true;
    const bool adds = step->kind == STEP_NODE && node_accumulates(n) && q >= n->nout;
    if (adds && n->guard && limit_keeps(w->s, n, n->guard, q, limit)) return true;
  }
  return false;
}

static bool all_keep(Wanted *w, const Loop *loop, const Step *body, size_t count, Limit limit) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].idle) continue;
    if (body[k].kind == STEP_LOOP ? !all_keep(w, loop, body[k].loop->body, body[k].loop->nbody, limit) : !step_keeps(w, loop, &body[k], limit))
      return false;
  }
  return true;
}

// The loop of one of two outputs, inside of the other's, that takes what is known of them as its range; null: none.
static Loop *limited_by(Wanted *w, const Node *n, int a, int b, Limit *limit) {
  const Expr *known = apart_condition(w->s->pool, a, b, w->apart[n->id].least[a * n->nout + b]);
  for (int k = 0; k < 2; k++) {
    const int q = k ? a : b;
    Loop *loop = w->s->place[n->id].loop[q];
    if (!loop || loop->carries || loop->reverse || loop->alive || is_shorter(w->s->task.graph->dims, loop->extent, APART_LOOP)) continue;
    *limit = limit_of_condition(w->s, n, known, q);
    if (limit->at && all_keep(w, loop, loop->body, loop->nbody, *limit)) return loop;
  }
  return NULL;
}

// Is each bound one that a loop takes?  Those that are not are refused.
static bool all_limit(Wanted *w) {
  const Graph *g = w->s->task.graph;
  bool all = true;
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    for (int p = 0; !w->whole[k] && p < n->nout * n->nout; p++) {
      Limit limit;
      if (w->apart[k].least[p] == APART_ANY || limited_by(w, n, p / n->nout, p % n->nout, &limit)) continue;
      w->refused[k][p] = true;
      all = false;
    }
  }
  return all;
}

void limit_to_wanted(Schedule *s) {
  const Graph *g = s->task.graph;
  Arena *a = arena_new();
  Wanted w = {.s = s, .arena = a};
  w.whole = arena_array(a, bool, g->count + 1);
  w.apart = arena_array(a, Apart, g->count + 1);
  w.refused = arena_array(a, bool *, g->count + 1);
  find_whole(&w);
  find_tape(&w);
  for (size_t k = 0; k < g->count; k++)
    if (!w.whole[k]) w.refused[k] = arena_array(a, bool, (size_t)(g->nodes[k]->nout * g->nodes[k]->nout));
  do
    find_apart(&w);
  while (!all_limit(&w));
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    for (int p = 0; !w.whole[k] && p < n->nout * n->nout; p++) {
      Limit limit;
      if (w.apart[k].least[p] != APART_ANY) limit_loop(s, limited_by(&w, n, p / n->nout, p % n->nout, &limit), limit);
    }
  }
  arena_free(a);
}
