// turned.c - loops inside of a tile that stand within the loop over its vectors, so that what they add up stays in registers.
//
// With such a loop go the steps around it: a sum starts in its registers where the step before starts it, and the steps behind read it
// there.  Between loops over the vectors of their own it would be stored and loaded three times, which takes as long as a few terms.
// Of loops that hand a state from step to step those turn out that the schedule says (schedule/states.c, states.c).
#include "emit/tile.h"

// ---- which loops, and what goes with them ----

// Does the step read nothing but what its own sample's lane has, or all samples share?
static bool is_all_lanes(const Function *f, const Step *step) {
  const Node *n = step->node;
  const Expr *guard = node_accumulates(n) ? f->s->place[n->id].guard : NULL;
  if (has_outside(f, f->expr[n->id]) || (guard && (guard_stands_outside(f->s, n, f->tile) || has_outside(f, guard)))) return false;
  for (int q = 0; n->target && q < n->nout; q++)
    if (has_outside(f, f->target[n->id][q])) return false;
  return true;
}

bool turns_out(const Function *f, const Loop *loop) {
  if (loop->carries) return loop->lanes == LANES_STATES;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP || step->lane != LANE_WIDE || step->kind == STEP_INIT) return false;
    if (is_plain_node(step) && is_scalar_lane(f, step->node)) return false;
    if (step->kind == STEP_NODE && !is_all_lanes(f, step)) return false;
  }
  return true;
}

// Does the loop add to one entry of an array over the tile, and do nothing else?
static bool adds_to_entry(const Function *f, const Loop *loop) {
  const Step *step = loop->body;
  if (loop->nbody != 1 || step->kind != STEP_NODE || step->node->kind != NODE_COMP || !node_accumulates(step->node)) return false;
  for (int q = 0; q < step->node->nout; q++)
    if (f->s->place[step->node->id].loop[q] == loop) return false;
  return f->s->place[step->node->id].lane;
}

static bool is_in_vector(const Function *f, const Loop *loop, const Step *step) {
  return !step->idle && !is_plain_node(step) && (is_scalar_lane(f, step->node) || adds_to_entry(f, loop));
}

static bool holds(const Function *f, const Loop *loop, const Node *n) {
  for (size_t k = 0; k < loop->nbody; k++)
    if (loop->body[k].kind != STEP_LOOP && loop->body[k].node == n && is_in_vector(f, loop, &loop->body[k])) return true;
  return false;
}

// Does the step start, with a neutral value, the one entry that the loop behind it adds to?
static bool starts_vector(const Function *f, const Step *step, const Loop *loop) {
  const Node *n = step->node;
  if (step->kind != STEP_INIT || n->kind != NODE_COMP || n->reduce == REDUCE_ARGMAX) return false;
  if (f->s->place[n->id].in_place || f->s->order[n->id].kind == ORDER_LANES) return false;
  for (int q = 0; q < n->nout; q++)
    if (!f->s->place[n->id].loop[q] || !loop_around(f->s->place[n->id].loop[q], loop->parent)) return false;
  return holds(f, loop, n);
}

static bool is_index_of(const Expr *e, const Loop *loop) {
  return e->kind == EXPR_INDEX && loop && e->u.index == loop->id;
}

// Of what the loop holds in registers, does e read that entry alone?  Of a state there is no other than the last.
static bool reads_held_alone(const Function *f, const Loop *loop, const Expr *e) {
  size_t count;
  const Expr **part = e ? expr_parts(f->s->arena, e, &count) : NULL;
  for (size_t k = 0; part && k < count; k++) {
    if (part[k]->kind != EXPR_READ || !holds(f, loop, part[k]->u.read.node)) continue;
    const Node *n = part[k]->u.read.node;
    for (int q = 0; q < n->nout; q++)
      if (!(n->kind == NODE_CARRY && q == n->axis) && !is_index_of(part[k]->u.read.sub[q], f->s->place[n->id].loop[q])) return false;
  }
  return true;
}

// Is it one group that reads nothing from outside, either?
static bool goes_with_loop(const Function *f, const Loop *loop, const Step *step, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Node *n = step[k].node;
    if (step[k].idle || step[k].kind != STEP_NODE || (step[k].lane != LANE_WIDE && step[k].lane != LANE_GATHER)) return false;
    if (guard_stands_outside(f->s, n, f->tile) || !is_all_lanes(f, &step[k]) || expr_calls(f->expr[n->id])) return false;
    if (!reads_held_alone(f, loop, f->expr[n->id]) || !reads_held_alone(f, loop, f->s->place[n->id].guard)) return false;
    for (int q = 0; n->target && q < n->nout; q++)
      if (!reads_held_alone(f, loop, f->target[n->id][q])) return false;
  }
  return true;
}

static bool is_turned_loop(const Function *f, const Step *step) {
  return step->kind == STEP_LOOP && !step->idle && step->loop->lanes != LANES_ROWS && turns_out(f, step->loop);
}

size_t count_along(const Function *f, const Step *step, size_t count) {
  if (!is_turned_loop(f, step) || count < 2) return 0;
  const size_t group = lane_group_end(f->s, f->tile, step, 1, count) - 1;
  return goes_with_loop(f, step->loop, step + 1, group) ? group : 0;
}

static bool is_bounded_by(const Loop *loop, const Node *n) {
  bool any = false;
  for (size_t k = 0; k < loop->nlow; k++) any = any || expr_reads(loop->low[k], n);
  for (size_t k = 0; k < loop->nhigh; k++) any = any || expr_reads(loop->high[k], n);
  return any;
}

// Does another step read n than those `along`?
static bool is_read_beside(const Function *f, const Loop *loop, const Node *n, const Step *along, size_t count) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle || (step->kind == STEP_INIT && step->node == n) || (step >= along && step < along + count)) continue;
    if (step->kind == STEP_LOOP ? is_bounded_by(step->loop, n) || is_read_beside(f, step->loop, n, along, count)
                                : step_reads(f, step, n))
      return true;
  }
  return false;
}

void note_starts(Function *f, const Step *step, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (!is_turned_loop(f, &step[k])) continue;
    for (size_t j = k; j-- > 0 && (step[j].idle || step[j].kind == STEP_INIT);) {
      const Node *n = step[j].node;
      if (step[j].idle || !starts_vector(f, &step[j], step[k].loop)) continue;
      f->starts_in_vector[n->id] = true;
      f->stays_in_vector[n->id] = is_scalar_lane(f, n) && !is_read_beside(f, f->tile, n, &step[k + 1], count_along(f, &step[k], count - k));
    }
  }
}

// ---- as C ----

// for all lanes of `many` vectors
static OpenLines open_many_lanes(Function *f, int many) {
  OpenLines l;
  open_lines(f, &l);
  if (many > 1) {
    const char *u = f->block_name;
    put_unroll(f);
    line_start(f);
    text_printf(&f->body, "for (int64_t %s = 0; %s < %d; %s += %d) {\n", u, u, many * lanes_of(f), u, lanes_of(f));
    f->indent++;
  }
  open_lanes(f);
  f->vector_lane = f->lane_name;
  if (many == 1) return l;
  f->vector_lane = arena_printf(f->s->arena, "%s + %s", f->block_name, f->lane_name);
  set_lane(f, arena_printf(f->s->arena, "%s + %s", f->vector_name, f->vector_lane), true);
  return l;
}

// What the loop holds in registers, `many` vectors of each in a variable of its own.
static void declare_vectors(Function *f, const Loop *loop, int many) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (!is_in_vector(f, loop, step) || f->in_vector[step->node->id]) continue;
    const char *name = f->in_vector[step->node->id] = names_take(&f->names, arena_printf(f->s->arena, "%s_vector", step->node->name));
    line_start(f);
    text_printf(&f->body, "%s %s[%d];\n", element_type(f, step->node), name, many * lanes_of(f));
  }
}

static void forget_vectors(Function *f, const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++)
    if (is_in_vector(f, loop, &loop->body[k])) f->in_vector[loop->body[k].node->id] = NULL;
}

// An entry to its variable, or back, at the lane in hand.
static void put_vector_copy(Function *f, const Node *n, bool back) {
  Text *t = &f->body;
  const char *vector = f->in_vector[n->id], *held = arena_printf(f->s->arena, "%s[%s]", vector, f->vector_lane);
  f->in_vector[n->id] = NULL;
  const char *entry = own_entry(f, n);
  f->in_vector[n->id] = vector;
  text_printf(t, "%s = ", back ? entry : held);
  if (!back && f->starts_in_vector[n->id])
    put_neutral(f, t, n);
  else
    text_put(t, back ? held : entry);
  text_put(t, ";\n");
}

static bool is_copied(const Function *f, const Loop *loop, const Step *step, bool back) {
  return is_in_vector(f, loop, step) && !(back && f->stays_in_vector[step->node->id]);
}

static void put_sum_copies(Function *f, const Loop *loop, int many, bool back) {
  const char *lane = f->vector_lane = f->lane_name;
  set_lane(f, arena_printf(f->s->arena, "%s + %s", f->vector_name, lane), false);
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (!is_copied(f, loop, step, back)) continue;
    line_start(f);
    text_printf(&f->body, "for (int64_t %s = 0; %s < %d; %s++) ", lane, lane, many * lanes_of(f), lane);
    put_vector_copy(f, step->node, back);
  }
  set_lane(f, NULL, false);
}

// All of these in one loop over whole vectors: gcc's -O3 takes longer ones apart, entry by entry.
static void put_state_copies(Function *f, const Loop *loop, const States *states, int many, bool back) {
  bool any = !back && states->count > 0;
  for (size_t k = 0; k < loop->nbody; k++) any = any || is_copied(f, loop, &loop->body[k], back);
  if (!any) return;
  OpenLines l = open_many_lanes(f, many);
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (!is_copied(f, loop, step, back)) continue;
    line_start(f);
    put_vector_copy(f, step->node, back);
  }
  if (!back) put_first_states(f, states);
  close_lines(f, &l);
  set_lane(f, NULL, false);
}

static void put_vector_copies(Function *f, const Loop *loop, const States *states, int many, bool back) {
  if (loop->carries)
    put_state_copies(f, loop, states, many, back);
  else
    put_sum_copies(f, loop, many, back);
}

// How many vectors are taken at a time, so that the chains of several sums, or states, overlap and what they share is read once.
static int vectors_at_once(const Function *f, const Loop *loop) {
  int held = 0;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    const bool sums = step->kind == STEP_NODE && !step->idle && is_in_vector(f, loop, step);
    if (!loop->carries && !step->idle && (!sums || expr_calls(f->expr[step->node->id]))) return 1;
    held += sums || step->kind == STEP_NEXT;
  }
  return held == 0 ? 1 : held <= 2 ? 4 : held <= 4 || loop->carries ? 2 : 1;
}

// The loop for the vectors that stand open around it, and the steps that go with it.
static void put_inside(Function *f, const Turned *turned, int depth, int many) {
  const Loop *loop = turned->loop;
  States states = {0};
  declare_vectors(f, loop, many);
  if (loop->carries) find_states(f, loop, many, &states);
  put_vector_copies(f, loop, &states, many, false);
  LoopText text;
  open_loop(f, loop, &text);
  hoist_shared(f, loop->body, loop->nbody);
  note_sides(f, loop->body, loop->nbody);
  OpenLines lanes = open_many_lanes(f, many);
  recall_states(f, &states);
  put_steps(f, loop->body, loop->nbody, depth + 1);
  put_next_states(f, &states);
  close_lines(f, &lanes);
  set_lane(f, NULL, false);
  close_loop(f, &text);
  if (turned->count > 0) {
    note_sides(f, turned->step, turned->count);
    lanes = open_many_lanes(f, many);
    put_lane_steps(f, turned->step, turned->count, turned->part, many > 1);
    close_lines(f, &lanes);
    set_lane(f, NULL, false);
  }
  put_vector_copies(f, loop, &states, many, true);
  forget_vectors(f, loop);
}

// For as many vectors at a time as `many` says, of those that blocks of `before` (0: none) leave.
static void put_for_vectors(Function *f, const Turned *turned, int depth, int before, int many) {
  OpenLines l;
  open_lines(f, &l);
  if (many > 1)
    open_blocks(f, before, many);
  else
    open_rest(f, before);
  put_inside(f, turned, depth, many);
  close_lines(f, &l);
}

// A state's chain takes as long for two vectors as for one.
void put_turned_out(Function *f, const Turned *turned, int depth) {
  const Poly *before = f->flops, *all = NULL;
  for (int many = vectors_at_once(f, turned->loop), last = 0; many > 0;) {
    f->flops = before;
    put_for_vectors(f, turned, depth, last, many);
    if (!all) all = f->flops;
    last = many;
    many = turned->loop->carries ? many / 2 : many > 1;
  }
  f->flops = all;
}
