// split.c - calls that stand before or behind the loops within a loop run in one of their own, in lanes.
//
// Fusion puts what reads a sum of the same iteration behind it, into the loop around (the exp of a kernel's entry behind the sum over
// coordinates), and what a sum reads before it.  A loop with loops within runs one by one, and an elementary function in lanes takes an
// eighth of the time: what begins or ends the loop's body, calls something, and hands over nothing but one number of each iteration
// becomes a loop that goes before or follows.  So does a sum that ends a body without loops and adds its terms one by one.
#include "schedule/internal.h"

static bool is_long_plain_loop(const Schedule *s, const Loop *loop) {
  if (loop->carries || loop->reverse || loop->alive) return false;
  for (const Loop *l = loop; l; l = l->parent) // those over samples run in lanes, whatever stands in them
    if (l->extent == s->task.sample) return false;
  return !is_shorter(s->task.graph->dims, loop->extent, SHORTEST_STRIP);
}

static bool is_computed(const Step *step) {
  return step->kind == STEP_NODE && step->node->kind == NODE_COMP;
}

static bool has_loop(const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++)
    if (loop->body[k].kind == STEP_LOOP) return true;
  return false;
}

// How many steps begin the body, before the first loop; where those begin that end it.
static size_t begin_of_loops(const Loop *loop) {
  size_t at = 0;
  while (is_computed(&loop->body[at])) at++;
  return at;
}

static size_t end_of_loops(const Loop *loop) {
  size_t at = loop->nbody;
  while (is_computed(&loop->body[at - 1])) at--;
  return at;
}

static bool adds_terms(const Schedule *s, const Loop *loop, const Step *step) {
  return is_computed(step) && step->node->reduce == REDUCE_SUM && s->order[step->node->id].kind == ORDER_TERMS &&
         index_in(s, step->node, loop) >= step->node->nout;
}

// Where the steps begin that add terms one by one and end the body; 0: all do.
static size_t end_without_terms(const Schedule *s, const Loop *loop) {
  size_t at = loop->nbody;
  while (at > 0 && adds_terms(s, loop, &loop->body[at - 1])) at--;
  return at;
}

static bool calls(const Loop *loop, size_t from, size_t to) {
  for (size_t k = from; k < to; k++)
    if (loop->body[k].node->type == TYPE_REAL && expr_calls(loop->body[k].node->expr)) return true;
  return false;
}

static bool calls_by(const void *context, const Expr *e) {
  return e->kind == EXPR_PRIM && prim_calls(e->u.prim.op) && expr_uses_index(e, *(const int *)context);
}

// Does a step up to `end` call a function in each iteration anew?
static bool calls_anew(const Schedule *s, const Loop *loop, size_t end) {
  bool any = false;
  for (size_t k = 0; k < end && !any; k++) {
    const int q = is_computed(&loop->body[k]) ? index_in(s, loop->body[k].node, loop) : -1;
    any = q >= 0 && expr_has(loop->body[k].node->expr, calls_by, &q);
  }
  return any;
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
  for (size_t k = from; k < loop->nbody; k++) {
    const Node *n = loop->body[k].node;
    for (size_t r = 0; r < reads[n->id].count; r++) {
      const Node *m = reads[n->id].read[r]->u.read.node;
      if (!is_step(loop, from, m) && !is_one_of_iteration(s, loop, m)) return false;
    }
  }
  return true;
}

// Moves steps into a loop of their own.
static Loop *split(Schedule *s, Loop *loop, size_t from, size_t to) {
  Loop *own = arena_new_of(s->arena, Loop);
  *own = *loop;
  own->id = (int)s->nloops;
  ARENA_PUSH(s->arena, s->loops, s->nloops, s->loops_room) = own;
  own->why = (Reason){REASON_SPLIT, NULL};
  own->body = loop->body + from;
  own->nbody = own->room = to - from;
  if (to < loop->nbody) loop->body += to;
  loop->nbody = loop->room = loop->nbody - own->nbody;
  const Node **kept = arena_array(s->arena, const Node *, loop->nmembers), **moved = arena_array(s->arena, const Node *, loop->nmembers);
  size_t nkept = 0, nmoved = 0;
  for (size_t k = 0; k < loop->nmembers; k++) {
    const Node *n = loop->members[k];
    if (!is_step(own, 0, n)) {
      kept[nkept++] = n;
      continue;
    }
    moved[nmoved++] = n;
    s->place[n->id].loop[index_in(s, n, loop)] = own;
  }
  loop->members = kept;
  loop->nmembers = nkept;
  own->members = moved;
  own->nmembers = nmoved;
  return own;
}

static void split_body(Schedule *s, const Reads *reads, Step **body, size_t *count, size_t *room) {
  for (size_t k = 0; k < *count; k++) {
    if ((*body)[k].kind != STEP_LOOP) continue;
    Loop *loop = (*body)[k].loop;
    split_body(s, reads, &loop->body, &loop->nbody, &loop->room);
    if (!is_long_plain_loop(s, loop)) continue;
    const size_t here = k, end = has_loop(loop) ? end_of_loops(loop) : end_without_terms(s, loop);
    if (!has_loop(loop)) {
      if (end < loop->nbody && calls_anew(s, loop, end) && may_follow(s, reads, loop, end))
        step_insert(s, body, count, room, ++k, (Step){.kind = STEP_LOOP, .loop = split(s, loop, end, loop->nbody)});
      continue;
    }
    const size_t begin = begin_of_loops(loop);
    if (calls(loop, end, loop->nbody) && may_follow(s, reads, loop, end))
      step_insert(s, body, count, room, ++k, (Step){.kind = STEP_LOOP, .loop = split(s, loop, end, loop->nbody)});
    if (calls(loop, 0, begin)) {
      step_insert(s, body, count, room, here, (Step){.kind = STEP_LOOP, .loop = split(s, loop, 0, begin)});
      k++;
    }
  }
}

void split_loops(Schedule *s, const Reads *reads) {
  if (!s->task.no_fuse) split_body(s, reads, &s->body, &s->nbody, &s->room);
}
