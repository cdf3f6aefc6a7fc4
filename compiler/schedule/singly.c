// singly.c - loops inside of a tile that run for one of its samples after the other.
//
// Where each sample adds to a few entries alone (attained.h), between bounds of its own, all others would be looked at for nothing in
// lanes.  What a tile's samples add is a block, in memory of its own, that is added to the entries at the tile's end.
#include "schedule/internal.h"

bool runs_singly_within(const Schedule *s, const Loop *loop) {
  if (loop->carries || loop->reverse || loop->alive) return false;
  for (size_t k = 0; k < loop->nmembers; k++) {
    const Node *n = loop->members[k];
    const int q = index_in(s, n, loop);
    if (!adds_to_few(n) || s->order[n->id].kind != ORDER_BLOCKS || q < 0 || q >= n->nout) return false;
  }
  for (const Loop *outer = loop->parent; outer; outer = outer->parent)
    if (outer->extent == s->task.sample) return true;
  return false;
}

static bool has_singly(const Step *body, size_t count) {
  bool any = false;
  for (size_t k = 0; k < count && !any; k++)
    any = body[k].kind == STEP_LOOP && (body[k].loop->lanes == LANES_SINGLY || has_singly(body[k].loop->body, body[k].loop->nbody));
  return any;
}

void deal_blocks(Schedule *s) {
  for (size_t k = 0; k < s->nloops; k++) {
    Loop *loop = s->loops[k];
    if (loop->lanes == LANES_TILE && loop->team != TEAM_WAVES && has_singly(loop->body, loop->nbody))
      deal_record(s, loop, loop->body, loop->nbody, true);
  }
}
