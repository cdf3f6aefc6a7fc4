// hold.c - sums whose entries stay in registers while their terms are added.
//
// A sum with outputs that adds term by term walks memory best with the loop over its last output innermost, in lanes; but then each
// term reads and writes all entries, which wait for each other from term to term.  Where nothing else is done between, the two loops
// change places: a few vectors of entries at a time take all their terms.  An entry adds its terms in the same order: not a bit changes.
#include "schedule/internal.h"

enum { FEWEST_TERMS = 8 }; // of those of a fixed number

static bool is_plain_sum(const Schedule *s, const Node *n) {
  return n->kind == NODE_COMP && n->reduce == REDUCE_SUM && n->type == TYPE_REAL && s->order[n->id].kind == ORDER_TERMS;
}

bool may_hold_sum(const Schedule *s, const Node *n, int q) {
  if (s->task.threads || !is_plain_sum(s, n) || q != n->nout + n->nred - 1 || is_shorter(s->task.graph->dims, n->index[q].extent, FEWEST_TERMS)) return false;
  const Index *entries = NULL;
  for (int k = 0; k < n->nout + n->nred; k++) {
    if (n->index[k].extent == s->task.sample) return false;
    if (k == q || s->place[n->id].loop[k]) continue;
    if (entries) return false;
    entries = &n->index[k];
  }
  return entries && !is_shorter(s->task.graph->dims, entries->extent, SHORTEST_STRIP);
}

static bool bounded_by(const Loop *loop, const Loop *outer) {
  bool any = false;
  for (size_t k = 0; k < loop->nlow; k++) any = any || mentions_loop(loop->low[k], outer);
  for (size_t k = 0; k < loop->nhigh; k++) any = any || mentions_loop(loop->high[k], outer);
  return any;
}

// Does the step add, for each entry along the loop `entries`, one term of a sum over the loop `terms`?
static bool adds_term(const Schedule *s, const Step *step, const Loop *terms, const Loop *entries) {
  const Node *n = step->node;
  if (step->idle || step->kind != STEP_NODE || !is_plain_sum(s, n)) return false;
  const int term = index_in(s, n, terms), entry = index_in(s, n, entries);
  return term == n->nout + n->nred - 1 && entry >= 0 && entry < n->nout;
}

static bool may_hold(const Schedule *s, const Loop *terms) {
  if (terms->carries || terms->reverse || terms->alive || is_shorter(s->task.graph->dims, terms->extent, FEWEST_TERMS)) return false;
  if (terms->nbody != 1 || terms->body->kind != STEP_LOOP || terms->body->idle) return false;
  const Loop *entries = terms->body->loop;
  if (entries->lanes != LANES_STRIP || entries->behind || edges_any(entries->edges) || bounded_by(entries, terms)) return false;
  bool all = true;
  for (size_t k = 0; k < entries->nbody && all; k++) all = adds_term(s, &entries->body[k], terms, entries);
  return all;
}

// The loop within changes places with the one around it.
static Loop *turn_inside_out(Loop *terms) {
  Loop *entries = terms->body->loop;
  Loop outer = *entries;
  entries->parent = terms->parent;
  entries->depth = terms->depth;
  entries->body = terms->body;
  entries->nbody = terms->nbody;
  entries->room = terms->room;
  entries->body->loop = terms;
  entries->lanes = LANES_HELD;
  entries->lanes_why.kind = REASON_HELD;
  terms->parent = entries;
  terms->depth = outer.depth;
  terms->body = outer.body;
  terms->nbody = outer.nbody;
  terms->room = outer.room;
  terms->lanes_why.kind = REASON_TERMS;
  return entries;
}

static void hold(const Schedule *s, Step *body, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind != STEP_LOOP || body[k].idle) continue;
    if (may_hold(s, body[k].loop))
      body[k].loop = turn_inside_out(body[k].loop);
    else if (body[k].loop->lanes == LANES_NONE)
      hold(s, body[k].loop->body, body[k].loop->nbody);
  }
}

void hold_sums(Schedule *s) {
  if (!s->task.threads) hold(s, s->body, s->nbody); // threads share out loops that stand as they are
}
