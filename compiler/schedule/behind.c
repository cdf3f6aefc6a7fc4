// behind.c - loops in strips that add at places which subscripts compute.
//
// Two iterations may add to the same place, so that one has to be behind the other.  But what they add is computed in lanes: the steps
// that add stand at the body's end, and run behind each vector for one of its lanes after the other, from the values that the vector
// leaves.  Each place takes its terms in their order, as it would without lanes.
#include <string.h>

#include "schedule/internal.h"

static bool is_plain(const Loop *loop) {
  return !loop->carries && !loop->reverse && !loop->alive && !loop->nlow && !loop->nhigh;
}

// Does the step, or do all within, add at such places, a few times for an iteration?
static bool only_adds(const Schedule *s, const Step *step, const Loop *loop) {
  if (step->idle) return true;
  if (step->kind == STEP_NODE) return step->node->type == TYPE_REAL && adds_anywhere(s, step->node, loop);
  if (step->kind != STEP_LOOP) return false;
  const Loop *inner = step->loop;
  int64_t extent;
  if (!is_plain(inner) || !poly_fixed(s->task.graph->dims, inner->extent, &extent) || extent >= SHORTEST_STRIP) return false;
  bool all = true;
  for (size_t k = 0; k < inner->nbody && all; k++) all = only_adds(s, &inner->body[k], loop);
  return all;
}

// Does n read what the step adds to?
static bool reads_added(const Schedule *s, const Node *n, const Step *step) {
  if (step->idle) return false;
  if (step->kind == STEP_NODE) return reads_sum(s, n, step->node);
  bool any = false;
  for (size_t k = 0; k < step->loop->nbody && !any; k++) any = reads_added(s, n, &step->loop->body[k]);
  return any;
}

// Does the step read what another one, of those behind, adds to?
static bool reads_behind(const Schedule *s, const Step *step, const Step *behind) {
  if (step->idle) return false;
  if (step->kind != STEP_LOOP) return reads_added(s, step->node, behind);
  bool any = false;
  for (size_t k = 0; k < step->loop->nbody && !any; k++) any = reads_behind(s, &step->loop->body[k], behind);
  return any;
}

static bool stand_apart(const Schedule *s, const Loop *loop, const bool *behind) {
  for (size_t k = 0; k < loop->nbody; k++)
    for (size_t j = 0; j < loop->nbody; j++)
      if (behind[j] && reads_behind(s, &loop->body[k], &loop->body[j])) return false;
  return true;
}

static void say_behind(Step *step) {
  if (step->kind == STEP_NODE) step->lane_why = REASON_LANE_BEHIND;
  for (size_t k = 0; step->kind == STEP_LOOP && k < step->loop->nbody; k++) say_behind(&step->loop->body[k]);
}

// The steps behind go to the body's end.
static void part_steps(Schedule *s, Loop *loop, const bool *behind) {
  Step *step = arena_array(s->arena, Step, loop->nbody);
  size_t count = 0;
  for (int last = 0; last < 2; last++)
    for (size_t k = 0; k < loop->nbody; k++) {
      if (behind[k] != last) continue;
      step[count++] = loop->body[k];
      if (last) say_behind(&step[count - 1]);
      loop->behind += (size_t)last;
    }
  memcpy(loop->body, step, loop->nbody * sizeof *step);
}

bool adds_behind(Schedule *s, Loop *loop) {
  if (!is_plain(loop) || needs_tiles(s, loop) || is_shorter(s->task.graph->dims, loop->extent, SHORTEST_STRIP)) return false;
  bool *behind = arena_array(s->arena, bool, loop->nbody), any = false, lanes = false;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    behind[k] = !step->idle && only_adds(s, step, loop);
    if (!step->idle && !behind[k] && !runs_in_strip(s, loop, step)) return false;
    any = any || behind[k];
    lanes = lanes || (!behind[k] && !step->idle);
  }
  if (!any || !lanes || !stand_apart(s, loop, behind) || !computes_enough(s, loop)) return false;
  part_steps(s, loop, behind);
  return true;
}
