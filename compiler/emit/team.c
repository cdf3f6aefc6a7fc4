// team.c - steps that the threads of a team run together (schedule/team.c says which, and how).
//
// Every thread runs the whole function, each with its own variables.  Where a step fills memory, mdl_wait stands behind it; and
// before it, where what stands in front of it may still be reading.
#include "emit/tile.h"
#include "schedule/internal.h"

// ---- barriers ----

static void put_wait(Function *f) {
  line_start(f);
  text_put(&f->body, "mdl_wait(mdl_thread);\n");
  f->unguarded = false;
}

static void wait_for_readers(Function *f) {
  if (f->unguarded) put_wait(f);
}

// One thread alone.
static void open_thread(Function *f, const char *number, OpenLines *l) {
  line_start(f);
  text_printf(&f->body, "if (mdl_thread.number == %s) {\n", number);
  l->indent = f->indent;
  open_scope(f, &l->names, &l->lets);
}

// ---- records ----

// Which entry of its record a sum is at, of `size` reals each.
static const Expr *record_position(Function *f, const Node *n, int size, int more) {
  const Place *p = &f->s->place[n->id];
  Dims *dims = f->s->task.graph->dims;
  Graph *pool = f->s->pool;
  const Expr *at = NULL;
  for (int q = 0; q < n->nout + n->nred; q++) {
    const Loop *loop = p->loop[q];
    if (!loop || loop == f->tile || node_is_target(n, q)) continue;
    const Expr *i = expr_index(pool, loop->id);
    at = at ? expr_prim2(pool, PRIM_ADD, expr_prim2(pool, PRIM_MUL, at, expr_poly(pool, loop->extent)), i) : i;
  }
  if (at && size != 1) at = expr_prim2(pool, PRIM_MUL, at, expr_int(pool, size));
  const Poly *from = poly_add(dims, p->record, poly_int(dims, more));
  if (!at) return expr_poly(pool, from);
  return from == poly_int(dims, 0) ? at : expr_prim2(pool, PRIM_ADD, expr_poly(pool, from), at);
}

const char *record_entry(Function *f, const Node *n) {
  Text t;
  text_init(&t);
  put_expr(f, &t, record_position(f, n, 1, 0), PREC_NONE);
  const char *entry = arena_printf(f->s->arena, "%s[%s]", f->record, t.s);
  text_free(&t);
  return entry;
}

const char *record_lane(Function *f, const Node *n, int factor) {
  Text t;
  text_init(&t);
  put_expr(f, &t, record_position(f, n, 2 * SAMPLE_TILE, factor * SAMPLE_TILE), PREC_ADD);
  const char *entry = arena_printf(f->s->arena, "%s[%s + %s]", f->record, t.s, f->lane);
  text_free(&t);
  return entry;
}

// The record of the tile in hand.
static void open_record(Function *f, const Loop *loop, const char *wave, bool filled) {
  Text *t = &f->body;
  f->record = names_take(&f->names, "kept");
  line_start(f);
  text_printf(t, "%s%s *const %s = %s + (%s - %s) / %d * ", filled ? "const " : "", f->unit->real, f->record,
              f->kept_name[loop->id], f->tile_name, wave, SAMPLE_TILE);
  put_poly_here(f, t, loop->record, PREC_MUL + 1);
  text_put(t, ";\n");
}

// ---- what is kept is added ----

// The array that takes the sum, or -1: a variable, or the partial sums of each thread.
static int takes_kept(const Function *f, const Node *n) {
  return f->s->order[n->id].kind == ORDER_LANES ? -1 : array_root(f->s, n);
}

static bool is_kept(const Function *f, const Loop *tile, const Step *step, int root) {
  return step->kind == STEP_NODE && !step->idle && f->s->place[step->node->id].record &&
         is_summed_along(f->s, step->node, tile) && takes_kept(f, step->node) == root;
}

static bool keeps_any(const Function *f, const Loop *tile, const Step *body, size_t count, int root) {
  for (size_t k = 0; k < count; k++)
    if (is_kept(f, tile, &body[k], root) ||
        (body[k].kind == STEP_LOOP && keeps_any(f, tile, body[k].loop->body, body[k].loop->nbody, root)))
      return true;
  return false;
}

static void add_kept(Function *f, const Node *n) {
  if (f->s->order[n->id].kind == ORDER_LANES) {
    OpenLines l;
    open_lines(f, &l);
    open_vectors(f);
    open_lanes(f);
    add_lane_term(f, n);
    close_lines(f, &l);
    set_lane(f, NULL, false);
    return;
  }
  add_block(f, n, record_entry(f, n));
}

// In the loops that the sums stand in, and nothing else of these.
static void put_kept(Function *f, const Loop *tile, const Step *body, size_t count, int root) {
  for (size_t k = 0; k < count; k++) {
    const Step *step = &body[k];
    if (step->kind == STEP_LOOP && keeps_any(f, tile, step->loop->body, step->loop->nbody, root)) {
      LoopText text;
      if (step->loop->lanes == LANES_SINGLY) // its bounds are those of a sample
        open_loop_from(f, step->loop, "0", NULL, &text);
      else
        open_loop(f, step->loop, &text);
      put_kept(f, tile, step->loop->body, step->loop->nbody, root);
      close_loop(f, &text);
    }
    if (!is_kept(f, tile, step, root)) continue;
    OpenLines guard;
    const bool guarded = guard_stands_outside(f->s, step->node, tile);
    if (guarded) open_condition(f, f->s->place[step->node->id].guard, &guard);
    add_kept(f, step->node);
    if (guarded) close_lines(f, &guard);
  }
}

static bool keeps_lanes(const Function *f, const Step *body, size_t count) {
  for (size_t k = 0; k < count; k++)
    if (body[k].kind == STEP_LOOP ? keeps_lanes(f, body[k].loop->body, body[k].loop->nbody)
                                  : is_kept(f, f->part, &body[k], -1) && f->s->order[body[k].node->id].kind == ORDER_LANES)
      return true;
  return false;
}

// All of an array, or all variables (-1), tile by tile.
static void put_kept_tiles(Function *f, const Loop *loop, const char *wave, int root) {
  OpenTile tile;
  f->part_from = wave;
  f->part_step = NULL;
  open_tile(f, loop, root < 0 && keeps_lanes(f, loop->body, loop->nbody), &tile);
  open_record(f, loop, wave, true);
  put_kept(f, loop, loop->body, loop->nbody, root);
  f->record = NULL;
  close_tile(f, &tile);
}

// Each thread adds to its own variables; of the arrays each takes some.
static void put_wave_sums(Function *f, const Loop *loop, const char *wave) {
  const int roots = (int)(f->s->task.graph->count + f->s->task.nsinks);
  const Poly *flops = f->flops;
  if (keeps_any(f, loop, loop->body, loop->nbody, -1)) put_kept_tiles(f, loop, wave, -1);
  for (int root = 0, arrays = 0; root < roots; root++) {
    if (!keeps_any(f, loop, loop->body, loop->nbody, root)) continue;
    OpenLines l;
    open_thread(f, arena_printf(f->s->arena, "%d %% mdl_thread.count", arrays++), &l);
    put_kept_tiles(f, loop, wave, root);
    close_lines(f, &l);
  }
  f->flops = flops;
}

static void put_waves(Function *f, const Loop *loop, int depth) {
  Text *t = &f->body;
  Arena *a = f->s->arena;
  const char *wave = names_take(&f->names, arena_printf(a, "%s_wave", loop->name)),
             *to = names_take(&f->names, arena_printf(a, "%s_to", loop->name));
  const char *samples = names_take(&f->names, arena_printf(a, "%s_step", loop->name));
  size_t names, lets;
  line_start(f); // one thread alone has what a tile keeps at hand
  text_printf(t, "const int64_t %s = mdl_thread.count > 1 ? %d : %d;\n", samples, loop->wave * SAMPLE_TILE, SAMPLE_TILE);
  open_scope(f, &names, &lets);
  f->indent--;
  line_start(f);
  text_printf(t, "for (int64_t %s = 0; %s < ", wave, wave);
  put_extent(f, loop, PREC_COMPARE + 1);
  text_printf(t, "; %s += %s) {\n", wave, samples);
  f->indent++;
  line_start(f);
  text_printf(t, "const int64_t %s = ", to);
  put_extent(f, loop, PREC_ADD);
  text_printf(t, " - %s < %s ? ", wave, samples);
  put_extent(f, loop, PREC_ADD);
  text_printf(t, " : %s + %s;\n", wave, samples);
  f->part = loop;
  f->part_from = arena_printf(a, "%s + %d * mdl_thread.number", wave, SAMPLE_TILE);
  f->part_to = to;
  f->part_step = arena_printf(a, "%d * mdl_thread.count", SAMPLE_TILE);
  OpenTile tile;
  open_tile(f, loop, true, &tile);
  open_record(f, loop, wave, false);
  put_tile_body(f, loop, depth);
  f->record = NULL;
  close_tile(f, &tile);
  put_wait(f);
  put_wave_sums(f, loop, wave);
  f->part = NULL;
  put_wait(f);
  close_scope(f, names, lets);
  line_start(f);
  text_put(t, "}\n");
}

// ---- loops ----

// A thread's part: as many iterations as those of the others, in whole tiles.
static void put_split(Function *f, const Loop *loop, int depth) {
  Text *t = &f->body;
  Arena *a = f->s->arena;
  const int unit = loop->lanes == LANES_NONE ? 1 : SAMPLE_TILE;
  const char *bound[2];
  for (int k = 0; k < 2; k++) {
    bound[k] = names_take(&f->names, arena_printf(a, k ? "%s_to" : "%s_from", loop->name));
    line_start(f);
    text_printf(t, "const int64_t %s = mdl_part(", bound[k]);
    put_extent(f, loop, PREC_NONE);
    text_printf(t, ", %d, mdl_thread.number%s, mdl_thread.count);\n", unit, k ? " + 1" : "");
  }
  f->part = loop;
  f->part_from = bound[0];
  f->part_to = bound[1];
  f->part_step = NULL;
  put_part(f, loop, depth);
  f->part = NULL;
  put_wait(f);
}

void put_team_loop(Function *f, const Loop *loop, int depth) {
  if (loop->team == TEAM_STEPS) {
    LoopText text;
    open_loop(f, loop, &text);
    f->unguarded = true; // by the iteration before
    put_team_steps(f, loop->body, loop->nbody, depth + 1);
    close_loop(f, &text);
    return;
  }
  wait_for_readers(f);
  f->team = false;
  (loop->team == TEAM_WAVES ? put_waves : put_split)(f, loop, depth);
  f->team = true;
}

// ---- steps ----

typedef enum {
  BY_EACH, // it fills variables
  BY_ONE,
  BY_ALL   // it is shared out
} By;

static By step_by(const Function *f, const Step *step) {
  static const By loops[] = {
      [TEAM_ONE] = BY_ONE, [TEAM_EACH] = BY_EACH, [TEAM_STEPS] = BY_ALL, [TEAM_SPLIT] = BY_ALL, [TEAM_WAVES] = BY_ALL};
  if (step->kind == STEP_LOOP) return loops[step->loop->team];
  if (step->kind == STEP_STORE || step->kind == STEP_COPY) return BY_ONE;
  if (step->kind == STEP_NODE && f->s->place[step->node->id].split) return BY_ALL;
  const bool partial = step->kind == STEP_INIT && f->s->order[step->node->id].kind == ORDER_LANES;
  return partial || f->s->place[step->node->id].stored == STORED_LOCAL ? BY_EACH : BY_ONE;
}

static void put_by_one(Function *f, const Step *steps, size_t count, int depth) {
  OpenLines l;
  wait_for_readers(f);
  open_thread(f, "0", &l);
  f->team = false;
  put_steps(f, steps, count, depth);
  f->team = true;
  close_lines(f, &l);
  put_wait(f);
}

void put_team_steps(Function *f, const Step *steps, size_t count, int depth) {
  for (size_t k = 0, end; k < count; k = end) {
    const By by = step_by(f, &steps[k]);
    end = k + 1;
    if (steps[k].idle) continue;
    while (by == BY_ONE && end < count && (steps[end].idle || step_by(f, &steps[end]) == BY_ONE)) end++;
    if (by == BY_ONE) {
      put_by_one(f, steps + k, end - k, depth);
      continue;
    }
    const bool loop = steps[k].kind == STEP_LOOP, product = by == BY_ALL && !loop;
    if (product) wait_for_readers(f);
    f->team = by == BY_ALL;
    put_steps(f, steps + k, 1, depth);
    f->team = true;
    f->unguarded = f->unguarded || (loop && by == BY_EACH);
    if (product) put_wait(f);
  }
}
