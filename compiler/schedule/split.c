// split.c - calls that stand behind the loops within a loop run in one of their own, in lanes.
//
// Fusion puts what reads a sum of the same iteration behind it, into the loop around (the exp of a kernel's entry behind the sum over
// coordinates).  A loop with loops within runs one by one, and an elementary function in lanes takes an eighth of the time: what
// ends the loop's body, calls something, and takes over nothing but one number of each iteration becomes a loop that follows.
#include "schedule/internal.h"

enum { FEWEST_CALLS = 16 }; // of those of a fixed number

static bool is_long_plain_loop(const Schedule *s, const Loop *loop) {
  Dims *dims = s->task.graph->dims;
  int64_t extent;
  if (loop->carries || loop->reverse || loop->alive) return false;
  for (const Loop *l = loop; l; l = l->parent) // those over samples run in lanes, whatever stands in them
    if (l->extent == s->task.sample) return false;
  return !poly_is_fixed(dims, loop->extent) || !poly_value(dims, loop->extent, NULL, &extent) || extent >= FEWEST_CALLS;
}

// Where the steps begin that end the body, behind a loop; nbody: there is none such.
static size_t end_of_loops(const Loop *loop) {
  size_t at = loop->nbody;
  while (at > 0 && loop->body[at - 1].kind == STEP_NODE && loop->body[at - 1].node->kind == NODE_COMP) at--;
  for (size_t k = 0; k < at; k++)
    if (loop->body[k].kind == STEP_LOOP) return at;
  return loop->nbody;
}

static bool is_step(const Loop *loop, size_t from, const Node *n) {
  for (size_t k = from; k < loop->nbody; k++)
    if (loop->body[k].node == n) return true;
  return false;
}

// Has m one entry for each iteration of the loop at most?
static bool is_one_of_iteration(const Schedule *s, const Loop *loop, const Node *m) {
  bool within = false;
  for (int q = 0; q < m->nout && s->place[m->id].loop; q++)
    within = within || (s->place[m->id].loop[q] != loop && runs_within(loop, s->place[m->id].loop[q]));
  return !within;
}

static bool may_follow(const Schedule *s, const Reads *reads, const Loop *loop, size_t from) {
  bool calls = false;
  for (size_t k = from; k < loop->nbody; k++) {
    const Node *n = loop->body[k].node;
    calls = calls || (n->type == TYPE_REAL && expr_calls(n->expr));
    for (size_t r = 0; r < reads[n->id].count; r++) {
      const Node *m = reads[n->id].read[r]->u.read.node;
      if (!is_step(loop, from, m) && !is_one_of_iteration(s, loop, m)) return false;
    }
  }
  return calls;
}

static Loop *split(Schedule *s, Loop *loop, size_t from) {
  Loop *next = arena_new_of(s->arena, Loop);
  *next = *loop;
  next->id = (int)s->nloops;
  ARENA_PUSH(s->arena, s->loops, s->nloops, s->loops_room) = next;
  next->why = (Reason){REASON_SPLIT, NULL};
  next->body = loop->body + from;
  next->nbody = next->room = loop->nbody - from;
  loop->nbody = loop->room = from;
  const Node **kept = arena_array(s->arena, const Node *, loop->nmembers), **moved = arena_array(s->arena, const Node *, loop->nmembers);
  size_t nkept = 0, nmoved = 0;
  for (size_t k = 0; k < loop->nmembers; k++) {
    const Node *n = loop->members[k];
    if (!is_step(next, 0, n)) {
      kept[nkept++] = n;
      continue;
    }
    moved[nmoved++] = n;
    s->place[n->id].loop[index_in(s, n, loop)] = next;
  }
  loop->members = kept;
  loop->nmembers = nkept;
  next->members = moved;
  next->nmembers = nmoved;
  return next;
}

static void split_body(Schedule *s, const Reads *reads, Step **body, size_t *count, size_t *room) {
  for (size_t k = 0; k < *count; k++) {
    if ((*body)[k].kind != STEP_LOOP) continue;
    Loop *loop = (*body)[k].loop;
    split_body(s, reads, &loop->body, &loop->nbody, &loop->room);
    const size_t from = is_long_plain_loop(s, loop) ? end_of_loops(loop) : loop->nbody;
    if (from < loop->nbody && may_follow(s, reads, loop, from))
      step_insert(s, body, count, room, ++k, (Step){.kind = STEP_LOOP, .loop = split(s, loop, from)});
  }
}

void split_loops(Schedule *s, const Reads *reads) {
  if (!s->task.no_fuse) split_body(s, reads, &s->body, &s->nbody, &s->room);
}
