// short.c - loops whose few iterations are a part of a vector, all at once.
#include "emit/tile.h"

// Nothing of an iteration depends on another, and nothing branches: as between the edges of a strip.
void put_short(Function *f, const Loop *loop, int depth) {
  OpenLines l;
  LoopText text;
  const Expr *outside = f->guarded;
  f->guarded = shared_guard(f->s, loop, loop->body, loop->nbody);
  const bool opens = f->guarded && f->guarded != outside;
  if (opens) open_condition(f, f->guarded, &l);
  hoist_entries(f, loop->body, loop->nbody, loop);
  f->unit->helper[HELPER_LANES] = true;
  line_start(f);
  text_put(&f->body, "MDL_LANES\n");
  open_loop(f, loop, &text);
  f->strip = loop;
  f->strip_lane = f->loop_name[loop->id];
  note_sides(f, loop->body, loop->nbody);
  f->wide = true;
  put_steps(f, loop->body, loop->nbody, depth + 1);
  f->wide = false;
  f->strip = NULL;
  close_loop(f, &text);
  if (opens) close_lines(f, &l);
  f->guarded = outside;
}
