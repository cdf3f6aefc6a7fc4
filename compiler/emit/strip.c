// strip.c - loops that take a vector of their iterations at a time, and the rest one by one.
#include "emit/tile.h"

static void put_strip_body(Function *f, const Loop *loop, int depth) {
  const Poly *outside = f->trips;
  f->trips = poly_mul(f->s->task.graph->dims, f->trips, loop->extent);
  put_steps(f, loop->body, loop->nbody, depth + 1);
  f->trips = outside;
}

static void put_strip_loops(Function *f, const Loop *loop, int depth, const char *end) {
  Text *t = &f->body;
  Arena *a = f->s->arena;
  const char *from = names_take(&f->names, arena_printf(a, "%s_strip", loop->name));
  size_t names, lets;
  hoist_entries(f, loop->body, loop->nbody, loop);
  f->loop_variable[loop->id] = from;
  f->strip = loop;
  line_start(f);
  text_printf(t, "int64_t %s = ", from);
  put_loop_start(f, loop);
  text_put(t, ";\n");
  open_scope(f, &names, &lets);
  f->indent--;
  const char *lane = names_take(&f->names, "lane");
  line_start(f);
  text_printf(t, "for (; %s + %d <= ", from, lanes_of(f));
  if (end)
    text_put(t, end);
  else
    put_extent(f, loop, PREC_ADD);
  text_printf(t, "; %s += %d)\n", from, lanes_of(f));
  f->indent++;
  f->unit->helper[HELPER_LANES] = true;
  line_start(f);
  text_put(t, "MDL_LANES\n");
  line_start(f);
  text_printf(t, "for (int64_t %s = 0; %s < %d; %s++) {\n", lane, lane, lanes_of(f), lane);
  f->indent++;
  f->loop_name[loop->id] = arena_printf(a, "%s + %s", from, lane);
  f->strip_lane = lane;
  note_sides(f, loop->body, loop->nbody);
  f->wide = true;
  put_strip_body(f, loop, depth);
  f->wide = false;
  f->indent--;
  close_scope(f, names, lets);
  f->indent++;
  line_start(f);
  text_put(t, "}\n");
  f->indent--;

  f->strip = NULL;
  if (!end && !loop->nlow && is_multiple(f, loop->extent)) return;
  f->strip = loop;
  if (put_rest_in_lanes(f, loop, depth, from, end)) {
    f->strip = NULL;
    return;
  }
  const Poly *flops = f->flops;
  open_scope(f, &names, &lets);
  f->indent--;
  const char *name = f->loop_name[loop->id] = names_take(&f->names, loop->name);
  line_start(f);
  text_printf(t, "for (int64_t %s = %s; %s < ", name, from, name);
  if (end)
    text_put(t, end);
  else
    put_extent(f, loop, PREC_COMPARE + 1);
  text_printf(t, "; %s++) {\n", name);
  f->indent++;
  f->strip_lane = arena_printf(a, "%s - %s", name, from);
  put_strip_body(f, loop, depth);
  close_scope(f, names, lets);
  line_start(f);
  text_put(t, "}\n");
  f->flops = flops;
  f->strip = NULL;
}

void put_strip(Function *f, const Loop *loop, int depth, const char *end) {
  OpenLines l;
  f->guarded = shared_guard(f->s, loop, loop->body, loop->nbody);
  if (f->guarded) open_condition(f, f->guarded, &l);
  put_strip_loops(f, loop, depth, end);
  if (f->guarded) close_lines(f, &l);
  f->guarded = NULL;
}
