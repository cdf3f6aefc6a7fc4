// states.c - loops inside of a tile that hand a state from step to step: those whose states stay in registers.
//
// Such a loop has those over the tile's vectors within: between two steps a state is stored and loaded, which takes longer than a few
// operations.  Where no more of these wait for one another from a step to the next, and each sample needs nothing but its own and what
// all share, the loop stands within that over the vectors (emit/turned.c).  In a longer step the vectors of other samples overlap, so
// that nothing is gained.  Each sample's operations stay as they are, in their order.
#include "graph/pool.h"
#include "schedule/internal.h"

// A store and a load take about as long as MOST_WAIT operations; registers have room for MOST_HELD states and sums.
enum { MOST_WAIT = 4, MOST_HELD = 8 };

// ---- which loops may ----

// Has each sample one entry of the state at each step, made of what the step computes?
static bool has_entry_of_each(const Schedule *s, const Loop *loop, const Node *c) {
  const Place *p = &s->place[c->id];
  if (c->type != TYPE_REAL || !p->lane || c->next->kind != NODE_COMP || index_in(s, c->next, loop) < 0) return false;
  for (int q = 0; q < c->nout; q++)
    if (!p->loop[q] || (q != c->axis && !runs_within(p->loop[q], loop))) return false;
  return true;
}

// Is there something that a tile does before its vectors: a read of an array over all samples, which is another entry at each step,
// or a choice that all samples share?
static bool needs_tile(const Schedule *s, const Loop *tile, const Loop *loop, const Expr *e) {
  size_t count;
  bool needs = false;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count && !needs; k++) {
    if (expr_is_prim(part[k], PRIM_SELECT)) needs = !mentions_loop(part[k], tile);
    if (part[k]->kind != EXPR_READ) continue;
    const Place *p = &s->place[part[k]->u.read.node->id];
    const bool own = p->lane || p->rows || p->stored == STORED_LOCAL;
    needs = !own && mentions_loop(part[k], tile) && mentions_loop(part[k], loop);
  }
  arena_free(scratch);
  return needs;
}

// A call's operations are many.
static bool calls(const Expr *e) {
  size_t count;
  bool any = false;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count && !any; k++) any = part[k]->kind == EXPR_PRIM && !prim_is_short(part[k]->u.prim.op);
  arena_free(scratch);
  return any;
}

static bool stands_alone(Schedule *s, const Loop *tile, const Loop *loop, const Step *step) {
  const Node *n = step->node;
  if (step->kind == STEP_NEXT) return (step->idle || step->lane == LANE_WIDE) && has_entry_of_each(s, loop, n);
  if (step->idle) return true;
  if (step->kind != STEP_NODE || step->lane != LANE_WIDE || n->kind != NODE_COMP || n->type != TYPE_REAL) return false;
  const Place *p = &s->place[n->id];
  const bool crosses = !node_accumulates(n) && p->stored == STORED_LOCAL && p->lane;
  if (crosses || calls(n->expr) || guard_stands_outside(s, n, tile)) return false;
  return !needs_tile(s, tile, loop, schedule_expr(s, n, n->expr)) && !(p->guard && needs_tile(s, tile, loop, p->guard));
}

static bool is_one_group(const Schedule *s, const Loop *tile, const Loop *loop) {
  size_t from = 0;
  while (from < loop->nbody && loop->body[from].idle) from++;
  return from < loop->nbody && lane_group_end(s, tile, loop->body, from, loop->nbody) == loop->nbody;
}

// ---- which are short ----

// How many operations, one behind the other, each node is made by, from the state before the first step on; -1: by no state.
typedef struct Waits {
  const Loop *loop;
  int *of; // by node
} Waits;

// In operations like a sum's.
static int wait_for(Prim op) {
  switch (op) {
  case PRIM_DIV:
  case PRIM_SQRT:
  case PRIM_SIGN: return 4;
  case PRIM_MAX:
  case PRIM_MIN: return 3;
  case PRIM_SELECT: return 2;
  default: return 1;
  }
}

// A product that is added is one operation with the sum.
static int wait_behind(const Expr *e, const Expr *arg, int wait) {
  const bool adds = expr_is_prim(e, PRIM_ADD) || expr_is_prim(e, PRIM_SUB);
  if (wait < 0 || (adds && expr_is_prim(arg, PRIM_MUL))) return wait;
  return wait + wait_for(e->u.prim.op);
}

static int wait_of(const Waits *w, const Expr *e) {
  size_t count;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  int *wait = arena_array(scratch, int, count);
  for (size_t k = 0; k < count; k++) {
    wait[k] = part[k]->kind == EXPR_READ ? w->of[part[k]->u.read.node->id] : -1;
    for (int j = 0; part[k]->kind == EXPR_PRIM && j < part[k]->u.prim.narg; j++) {
      const Expr *arg = part[k]->u.prim.arg[j];
      const int behind = wait_behind(part[k], arg, wait[expr_place(part, count, arg)]);
      if (behind > wait[k]) wait[k] = behind;
    }
  }
  const int all = wait[count - 1];
  arena_free(scratch);
  return all;
}

// One step more; gives the longest wait of a state.
static int wait_for_step(const Waits *w) {
  const Step *step = w->loop->body;
  int longest = 0;
  for (size_t k = 0; k < w->loop->nbody; k++)
    if (!step[k].idle && step[k].kind == STEP_NODE) w->of[step[k].node->id] = wait_of(w, step[k].node->expr);
  for (size_t k = 0; k < w->loop->nbody; k++) {
    if (step[k].kind != STEP_NEXT) continue;
    const int wait = w->of[step[k].node->next->id];
    w->of[step[k].node->id] = wait < 0 ? 0 : wait;
    if (wait > longest) longest = wait;
  }
  return longest;
}

// Is what each step adds to the longest wait short?  Of several states, what one waits for in a step others may have waited for before.
static bool is_short(const Schedule *s, const Loop *loop) {
  Arena *scratch = arena_new();
  Waits w = {loop, arena_array(scratch, int, s->task.graph->count)};
  for (size_t k = 0; k < s->task.graph->count; k++) w.of[k] = -1;
  for (size_t k = 0; k < loop->nbody; k++)
    if (loop->body[k].kind == STEP_NEXT) w.of[loop->body[k].node->id] = 0;
  int first = 0, last = 0;
  for (int k = 0; k < MOST_HELD; k++) first = wait_for_step(&w);
  for (int k = 0; k < MOST_HELD; k++) last = wait_for_step(&w);
  arena_free(scratch);
  return last - first <= MOST_HELD * MOST_WAIT;
}

static bool may_hold(Schedule *s, const Loop *tile, const Loop *loop) {
  int states = 0, sums = 0;
  if (!loop->carries || loop->alive || loop->lanes != LANES_NONE) return false;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->kind == STEP_LOOP || !stands_alone(s, tile, loop, step)) return false;
    states += step->kind == STEP_NEXT;
    sums += step->kind == STEP_NODE && !step->idle && node_accumulates(step->node);
  }
  return states > 0 && states + sums <= MOST_HELD && is_one_group(s, tile, loop) && is_short(s, loop);
}

static void hold(Schedule *s, const Loop *tile, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_LOOP) continue;
    Loop *loop = body[k].loop;
    hold(s, tile, loop->body, loop->nbody);
    if (!may_hold(s, tile, loop)) continue;
    loop->lanes = LANES_STATES;
    loop->lanes_why.kind = REASON_STATES_HELD;
  }
}

void hold_states(Schedule *s, const Loop *tile) {
  hold(s, tile, tile->body, tile->nbody);
}
