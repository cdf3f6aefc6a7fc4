// leave.c - loops that run until a condition fails are left there, where what the steps not taken would have given is known.
//
// Behind the first step for which the condition is false nothing changes: the states are what they are, the condition stays
// false, and what is computed only under it is 0.  Arrays over the steps are filled up with that, in the order of `fill`.
#include "schedule/internal.h"

// The output of n that runs in the loop, -1: none.
static int output_in(const Schedule *s, const Node *n, const Loop *loop) {
  for (int k = 0; k < n->nout; k++)
    if (s->place[n->id].loop[k] == loop) return k;
  return -1;
}

// Does the condition say that `alive` holds at the step of n's index q?
static bool asks(const Expr *e, const Node *alive, int q) {
  if (!e) return false;
  if (expr_is_prim(e, PRIM_AND))
    return asks(e->u.prim.arg[0], alive, q) || asks(e->u.prim.arg[1], alive, q);
  if (e->kind != EXPR_READ || e->u.read.node != alive) return false;
  const Expr *at = e->u.read.sub[alive->nout - 1];
  return at->kind == EXPR_INDEX && (at->u.index == q);
}

const Node *state_taking(const Schedule *s, const Loop *loop, const Node *n) {
  for (size_t k = 0; k < loop->nmembers; k++) {
    const Node *c = loop->members[k];
    if (c->kind == NODE_CARRY && c->next == n && s->place[c->id].loop[c->axis] == loop) return c;
  }
  return NULL;
}

// Adds to the loop what is to be filled up of member n: false where it is not known.
static bool fill(Schedule *s, Loop *loop, const Node *n) {
  const Place *p = &s->place[n->id];
  int q = output_in(s, n, loop);
  bool state = n->kind == NODE_CARRY && n->axis == q;
  if (q < 0 || p->stored == STORED_STATE || (!p->kept[q] && p->sink < 0)) return true;
  bool known = state || n == loop->alive || state_taking(s, loop, n) ||
               (n->kind == NODE_COMP && n->reduce == REDUCE_NONE && asks(n->guard, loop->alive, q));
  if (known) loop->fill[loop->nfill++] = n;
  return known;
}

static void try_leave(Schedule *s, Loop *loop) {
  const Node *alive = loop->alive;
  loop->fill = arena_array(s->arena, const Node *, loop->nmembers + 1);
  for (size_t k = 0; k < loop->nmembers; k++)
    if (!fill(s, loop, loop->members[k])) return;
  for (size_t k = 0; k < loop->nbody; k++) {
    if (loop->body[k].kind != STEP_NODE || loop->body[k].node != alive) continue;
    size_t at = k + 1;
    while (at < loop->nbody && loop->body[at].kind == STEP_STORE && loop->body[at].node == alive) at++;
    step_insert(s, &loop->body, &loop->nbody, &loop->room, at, (Step){.kind = STEP_LEAVE, .node = alive, .loop = loop});
    return;
  }
}

void leave_loops(Schedule *s) {
  for (size_t k = 0; k < s->nloops; k++) {
    Loop *loop = s->loops[k];
    if (loop->alive && !loop->reverse && s->place[loop->alive->id].loop) try_leave(s, loop);
  }
}
