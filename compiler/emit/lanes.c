// lanes.c - loops that run several iterations side by side (schedule/lanes.c says which).
//
// In a tile, what a step computes for all samples is an array over them; a group of steps is two loops, vectors of the tile
// and lanes of a vector, the latter of a constant length so that compilers use the processor's vectors.  Lanes behind the last
// sample compute along with the others from copies of it; nothing of them is ever stored or summed.
#include "emit/tile.h"

// ---- arrays over the tile ----

bool is_scalar_lane(const Function *f, const Node *n) {
  return f->s->place[n->id].lane && f->s->place[n->id].stored == STORED_LOCAL;
}

bool starts_in_tile(const Function *f, const Node *n) {
  const Loop *inside = f->s->place[n->id].home;
  while (f->tile && inside && inside != f->tile) inside = inside->parent;
  return f->tile && inside;
}

bool is_plain_node(const Step *step) {
  return step->kind == STEP_NODE && step->node->kind == NODE_COMP && step->node->reduce == REDUCE_NONE;
}

// What the steps compute for all samples gets its array.
static void declare_steps(Function *f, const Step *step, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Node *n = step[k].node;
    if (step[k].idle || !(step[k].kind == STEP_INIT || is_plain_node(&step[k]))) continue;
    if (is_scalar_lane(f, n) && !f->stays_in_vector[n->id]) declare_lanes(f, element_type(f, n), f->node_name[n->id]);
    if (n->reduce == REDUCE_ARGMAX) declare_lanes(f, contender_type(f, n), f->best_name[n->id]);
  }
}

// ---- groups of steps ----

// Does the loop behind start it?
static bool starts_in_registers(const Function *f, const Step *step) {
  return step->kind == STEP_INIT && f->starts_in_vector[step->node->id];
}

static bool all_start_in_registers(const Function *f, const Step *step, size_t count) {
  for (size_t k = 0; k < count; k++)
    if (!step[k].idle && !starts_in_registers(f, &step[k])) return false;
  return true;
}

// All lanes of the tile, whatever their number.
static void put_fill(Function *f, const Step *step) {
  declare_steps(f, step, 1);
  set_lane(f, f->lane_name, true);
  put_init_alone(f, step->node);
  if (step->node->reduce == REDUCE_ARGMAX) {
    line_start(f);
    text_printf(&f->body, "for (int64_t %s = 0; %s < %d; %s++)\n", f->lane_name, f->lane_name, SAMPLE_TILE, f->lane_name);
    f->indent++;
    put_least(f, step->node);
    f->indent--;
  }
  set_lane(f, NULL, false);
}

static void put_single(Function *f, const Step *step, size_t count) {
  const Node *n = step->node;
  declare_steps(f, step, 1);
  OpenLines l;
  open_lines(f, &l);
  open_samples(f, "0");
  put_steps(f, step, count, 0);
  close_lines(f, &l);
  set_lane(f, NULL, false);
  if (!is_plain_node(step) || !f->s->place[n->id].lane) return;
  // the entry at lane `lanes - 1`, and at those behind it
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s; %s %% %d != 0; %s++) ", f->lane_name, f->lanes_name, f->lane_name, lanes_of(f),
              f->lane_name);
  set_lane(f, f->lane_name, false);
  put_own_entry(f, &f->body, n);
  text_put(&f->body, " = ");
  set_lane(f, arena_printf(f->s->arena, "%s - 1", f->lanes_name), false);
  put_own_entry(f, &f->body, n);
  text_put(&f->body, ";\n");
  set_lane(f, NULL, false);
}

// What all samples share is computed once for them.
void hoist_shared(Function *f, const Step *step, size_t count) {
  f->stamp++;
  for (size_t k = 0; k < count; k++) {
    if (step[k].idle || step[k].kind != STEP_NODE || (node_accumulates(step[k].node) && guard_within(f, step[k].node))) continue;
    const Expr *value[3];
    for (int j = 0, values = written_values(f, step[k].node, value); j < values; j++) hoist_from_lanes(f, value[j]);
  }
  hoist_entries(f, step, count, f->tile);
}

// mdl_tile_put(&a[i_tile * d + j], d, lanes, a_lane); false where the samples' entries are not everywhere as far apart.
static bool put_steps_apart(Function *f, const Node *n, const char *array) {
  const Place *p = &f->s->place[n->id];
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) {
    if (!p->loop[k]) return false;
    sub[k] = expr_index(f->s->pool, p->loop[k]->id);
  }
  const Expr *own = expr_read(f->s->pool, n, sub);
  const Poly *step = sample_step(f, own);
  if (!step) return false;
  put_tile_call(f, HELPER_TILE_PUT, "mdl_tile_put", own, step, array);
  return true;
}

// What goes to an array over all samples is computed for the tile first, where that is more than to copy.
static void put_edge(Function *f, const Step *step) {
  const Node *n = step->node;
  if (!is_plain_node(step) || f->expr[n->id]->kind != EXPR_PRIM || f->s->place[n->id].guard || n->type != TYPE_REAL ||
      step->lane_why != REASON_LANE_ARRAY) {
    put_single(f, step, 1);
    return;
  }
  const size_t mark = f->nstages;
  const Expr *value = f->expr[n->id];
  const char *array = names_take(&f->names, arena_printf(f->s->arena, "%s_lane", n->name));
  declare_lanes(f, f->unit->real, array);
  hoist_shared(f, step, 1);
  stage_steps(f, step, 1);
  OpenLines l;
  open_lines(f, &l);
  open_vectors(f);
  open_lanes(f);
  prepare_expr(f, value);
  line_start(f);
  text_printf(&f->body, "%s[%s] = ", array, f->lane);
  put_expr(f, &f->body, value, PREC_NONE);
  text_put(&f->body, ";\n");
  close_lines(f, &l);
  set_lane(f, NULL, false);
  forget_stages(f, mark);
  const Place *p = &f->s->place[n->id];
  const bool add = p->stored == STORED_SINK && f->s->task.sinks[p->sink].accumulate;
  if (!add && put_steps_apart(f, n, array)) return;
  open_lines(f, &l);
  open_samples(f, "0");
  line_start(f);
  put_own_entry(f, &f->body, n);
  text_printf(&f->body, " %s %s[%s];\n", add ? "+=" : "=", array, f->lane_name);
  if (add) count_flops(f, 1);
  close_lines(f, &l);
  set_lane(f, NULL, false);
}

// ---- sums over the samples ----

static bool is_gathered(const Step *step) {
  return step->lane == LANE_GATHER && !step->idle;
}

bool adds_block(const Function *f, const Step *step) {
  return step->kind == STEP_NODE && !step->idle && f->s->order[step->node->id].kind == ORDER_BLOCKS &&
         f->s->place[step->node->id].loop[f->s->order[step->node->id].index] == f->tile;
}

// The partial sums of a tile's block, or of all tiles.
static const char **open_sums(Function *f, const Step *step, size_t count) {
  const char **part = arena_array(f->s->arena, const char *, count);
  for (size_t k = 0; k < count; k++)
    if (is_gathered(&step[k])) part[k] = adds_block(f, &step[k]) ? open_block(f, step[k].node) : partial_sums(f, step[k].node);
  return part;
}

static void close_sums(Function *f, const Step *step, size_t count, const char **part) {
  for (size_t k = 0; k < count; k++)
    if (adds_block(f, &step[k])) close_block(f, step[k].node, part[k]);
}

// One term of each lane; of lanes behind the last sample, where there may be some (not `whole`), what changes nothing.
static void put_tile_term(Function *f, const Node *n, const char *part, bool whole) {
  const bool lanes = f->s->order[n->id].kind == ORDER_LANES;
  if (f->record && lanes) {
    keep_lane_term(f, n);
    return;
  }
  whole = whole || is_multiple(f, f->tile->extent);
  const char *mask = whole ? NULL : arena_printf(f->s->arena, "%s < %s", f->lane, f->lanes_name);
  if (lanes)
    put_lane_term(f, n, f->lane_name, mask, guard_within(f, n));
  else
    put_term(f, n, arena_printf(f->s->arena, "%s[%s]", part, f->lane_name), mask, guard_within(f, n));
}

void put_lane_steps(Function *f, const Step *step, size_t count, const char *const *part, bool whole) {
  for (size_t k = 0; k < count; k++)
    if (is_gathered(&step[k]))
      put_tile_term(f, step[k].node, part[k], whole);
    else if (!starts_in_registers(f, &step[k]))
      put_steps(f, &step[k], 1, 0);
}

// Steps that run as one: what they compute for the tile, and what they sum over it.
static void put_group(Function *f, const Step *step, size_t count) {
  const size_t mark = f->nstages;
  const Node *first = step->node;
  if (all_start_in_registers(f, step, count)) {
    declare_steps(f, step, count);
    return;
  }
  if (step->kind == STEP_INIT && first->kind == NODE_COMP && f->s->place[first->id].stored == STORED_WORK) {
    put_fill(f, step);
    return;
  }
  hoist_shared(f, step, count);
  declare_steps(f, step, count);
  const char **part = open_sums(f, step, count);
  stage_steps(f, step, count);
  note_sides(f, step, count);
  OpenLines l;
  open_lines(f, &l);
  open_vectors(f);
  open_lanes(f);
  put_lane_steps(f, step, count, part, false);
  close_lines(f, &l);
  set_lane(f, NULL, false);
  close_sums(f, step, count, part);
  forget_stages(f, mark);
}

// A block whose terms are computed one by one: each is added where it would be in lanes, or to the one before.
static void put_block_singly(Function *f, const Step *step) {
  const Node *n = step->node;
  const Expr *guard = guard_within(f, n);
  const char *part = open_block(f, n);
  OpenLines samples, condition;
  open_lines(f, &samples);
  open_samples(f, "0");
  if (guard) open_condition(f, guard, &condition); // its reads may be none without
  const char *entry = adds_to_few(n) ? arena_printf(f->s->arena, "%s[0]", part)
                                     : arena_printf(f->s->arena, "%s[%s %% %d]", part, f->lane_name, lanes_of(f));
  put_term(f, n, entry, NULL, NULL);
  if (guard) close_lines(f, &condition);
  close_lines(f, &samples);
  set_lane(f, NULL, false);
  close_block(f, n, part);
}

// ---- loops inside of a tile ----

// The loop's index, or that plus what neither loop nor tile changes.
static bool runs_with(const Function *f, const Expr *e, const Loop *loop) {
  if (e->kind == EXPR_INDEX) return e->u.index == loop->id;
  if (!expr_is_prim(e, PRIM_ADD)) return false;
  for (int k = 0; k < 2; k++) {
    const Expr *x = e->u.prim.arg[k], *y = e->u.prim.arg[1 - k];
    if (runs_with(f, x, loop) && !mentions_loop(y, loop) && !mentions_loop(y, f->tile)) return true;
  }
  return false;
}

// Has the loop a few iterations, which add for each sample, each to entries of its own?  Then these lie side by side, and all of
// a sample's are added at once, in any order.
static bool adds_few(const Function *f, const Loop *loop) {
  enum { FEW = 4 };
  const Dims *dims = f->s->task.graph->dims;
  int64_t extent;
  if (!poly_fixed(dims, loop->extent, &extent) || extent > FEW) return false;
  if (loop->nlow || loop->nhigh || loop->reverse || lane_group_end(f->s, f->tile, loop->body, 0, loop->nbody) < loop->nbody) return false;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    bool apart = false;
    if (step->idle || step->kind != STEP_NODE || step->lane != LANE_SINGLE || step->node->kind != NODE_SCATTER) return false;
    for (int q = 0; q < step->node->nout; q++) apart = apart || runs_with(f, f->target[step->node->id][q], loop);
    if (!apart || adds_block(f, step) || guard_stands_outside(f->s, step->node, f->tile)) return false;
  }
  return true;
}

static void put_added_few(Function *f, const Loop *loop, int depth) {
  OpenLines samples;
  LoopText text;
  open_lines(f, &samples);
  open_samples(f, "0");
  put_unroll(f);
  open_loop(f, loop, &text);
  put_steps(f, loop->body, loop->nbody, depth + 1);
  close_loop(f, &text);
  close_lines(f, &samples);
  set_lane(f, NULL, false);
}

static void put_tile_steps(Function *f, const Step *step, size_t count, int depth);

// The loop within the vectors, and the group of steps behind it that goes along.
static void put_with_vectors(Function *f, const Loop *loop, const Step *step, size_t count, int depth) {
  const size_t mark = f->nstages;
  hoist_shared(f, step, count);
  declare_steps(f, step, count);
  const Turned turned = {loop, step, count, open_sums(f, step, count)};
  stage_steps(f, loop->body, loop->nbody);
  put_turned_out(f, &turned, depth);
  forget_stages(f, mark);
  close_sums(f, step, count, turned.part);
}

static void put_inner_loop(Function *f, const Step *step, int depth) {
  const Loop *loop = step->loop;
  if (put_row_product(f, loop)) return;
  if (loop->lanes == LANES_SINGLY) {
    put_singly_within(f, step, depth);
    return;
  }
  if (turns_out(f, loop)) {
    put_with_vectors(f, loop, NULL, 0, depth);
    return;
  }
  if (adds_few(f, loop)) {
    put_added_few(f, loop, depth);
    return;
  }
  const Step *sum = round_sum(f, loop);
  const char *end = put_loop_end(f, loop), *from = sum ? put_rounds(f, loop, sum, end) : NULL;
  if (sum && rounds_are_all(f, loop)) return;
  const Poly *flops = f->flops;
  LoopText text;
  open_loop_from(f, loop, from, end, &text);
  put_tile_steps(f, loop->body, loop->nbody, depth + 1);
  close_loop(f, &text);
  if (!sum) return;
  f->loop_variable[loop->id] = from; // the loop is told by it
  f->flops = flops;
}

static void put_tile_steps(Function *f, const Step *step, size_t count, int depth) {
  note_starts(f, step, count);
  for (size_t k = 0, end; k < count; k = end) {
    end = lane_group_end(f->s, f->tile, step, k, count);
    if (step[k].idle) continue;
    if (step[k].kind == STEP_LOOP) {
      const size_t along = count_along(f, &step[k], count - k);
      if (along > 0)
        put_with_vectors(f, step[k].loop, &step[end], along, depth);
      else
        put_inner_loop(f, &step[k], depth);
      end += along;
      continue;
    }
    // a condition that all samples share stands around the loops over them
    OpenLines guard;
    const bool guarded = step[k].kind == STEP_NODE && guard_stands_outside(f->s, step[k].node, f->tile);
    if (guarded) open_condition(f, f->s->place[step[k].node->id].guard, &guard);
    switch (step[k].lane) {
    case LANE_WIDE:
    case LANE_GATHER: put_group(f, step + k, end - k); break;
    case LANE_EDGE: put_edge(f, &step[k]); break;
    case LANE_SINGLE:
      if (adds_block(f, &step[k]))
        put_block_singly(f, &step[k]);
      else
        put_single(f, &step[k], end - k);
      break;
    }
    if (guarded) close_lines(f, &guard);
  }
}

// ---- the tile ----

static void put_tile_head(Function *f, const Loop *loop, bool counts) {
  Text *t = &f->body;
  line_start(f);
  text_printf(t, "for (int64_t %s = %s; %s < ", f->tile_name, loop == f->part ? f->part_from : "0", f->tile_name);
  put_extent(f, loop, PREC_COMPARE + 1);
  if (loop == f->part && f->part_step)
    text_printf(t, "; %s += %s) {\n", f->tile_name, f->part_step);
  else
    text_printf(t, "; %s += %d) {\n", f->tile_name, SAMPLE_TILE);
  f->indent++;
  if (!counts) return;
  line_start(f);
  text_printf(t, "const int64_t %s = ", f->lanes_name);
  put_extent(f, loop, PREC_ADD);
  text_printf(t, " - %s < %d ? ", f->tile_name, SAMPLE_TILE);
  put_extent(f, loop, PREC_ADD);
  text_printf(t, " - %s : %d;\n", f->tile_name, SAMPLE_TILE);
}

static void name_blocked(Function *f, const Loop *loop) {
  f->width_name = names_take(&f->names, "width");
  for (size_t k = 0; k < loop->nblocked; k++) {
    const Node *n = loop->blocked[k];
    f->blocked_name[n->id] = names_take(&f->names, arena_printf(f->s->arena, "%s_tile", n->name));
  }
}

// double *const a_tile = a + i_tile * (d * k);
static void put_blocked(Function *f, const Node *n) {
  Text *t = &f->body;
  line_start(f);
  text_printf(t, "%s *const %s = %s + %s", f->unit->real, f->blocked_name[n->id], array_name(f, n), f->tile_name);
  const Poly *size = kept_entries(f->s, n);
  if (size != poly_int(f->s->task.graph->dims, 1)) {
    text_put(t, " * ");
    put_expr(f, t, expr_poly(f->s->pool, size), PREC_MUL + 1);
  }
  text_put(t, ";\n");
}

// Those that the tile's body, which is printed already, has a use for.
static void put_used_blocked(Function *f, const Loop *loop, const char *body) {
  if (loop->nblocked && text_has_word(body, f->width_name)) {
    line_start(f);
    text_printf(&f->body, "const int64_t %s = (%s + %d) / %d * %d;\n", f->width_name, f->lanes_name, lanes_of(f) - 1, lanes_of(f),
                lanes_of(f));
  }
  for (size_t k = 0; k < loop->nblocked; k++)
    if (text_has_word(body, f->blocked_name[loop->blocked[k]->id])) put_blocked(f, loop->blocked[k]);
}

void open_tile(Function *f, const Loop *loop, bool counts, OpenTile *tile) {
  Arena *a = f->s->arena;
  open_scope(f, &tile->names, &tile->lets);
  f->indent--;
  f->tile = loop;
  f->tile_name = f->loop_variable[loop->id] = names_take(&f->names, arena_printf(a, "%s_tile", loop->name));
  f->lanes_name = names_take(&f->names, "lanes");
  f->vector_name = names_take(&f->names, "v");
  f->lane_name = names_take(&f->names, "lane");
  f->block_name = names_take(&f->names, "u");
  put_tile_head(f, loop, counts);
  if (loop->nblocked) name_blocked(f, loop);
}

void close_tile(Function *f, const OpenTile *tile) {
  close_scope(f, tile->names, tile->lets);
  line_start(f);
  text_put(&f->body, "}\n");
  f->tile = NULL;
}

void put_tile_body(Function *f, const Loop *loop, int depth) {
  const Poly *outside = f->trips;
  f->trips = poly_mul(f->s->task.graph->dims, f->trips, loop->extent);
  for (size_t k = 0; k < loop->nrows; k++) put_turned_rows(f, loop->rows[k]);
  put_tile_steps(f, loop->body, loop->nbody, depth + 1);
  for (size_t k = 0; k < loop->nput; k++) put_rows_back(f, loop->put[k]);
  f->trips = outside;
}

void put_tile(Function *f, const Loop *loop, int depth) {
  OpenTile tile;
  open_tile(f, loop, true, &tile);
  Text head = f->body;
  text_init(&f->body);
  put_tile_body(f, loop, depth);
  Text body = f->body;
  f->body = head;
  put_used_blocked(f, loop, body.s);
  text_put(&f->body, body.s);
  text_free(&body);
  close_tile(f, &tile);
}
