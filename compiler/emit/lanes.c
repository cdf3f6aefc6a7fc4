// lanes.c - loops that run several iterations side by side (schedule/lanes.c says which).
//
// In a tile, what a step computes for all samples is an array over them; a group of steps is two loops, vectors of the tile
// and lanes of a vector, the latter of a constant length so that compilers use the processor's vectors.  Lanes behind the last
// sample compute along with the others from copies of it; nothing of them is ever stored or summed.
#include "emit/lanes.h"

static int lanes_of(const Function *f) {
  return f->unit->options->use_float ? 16 : 8;
}

// ---- the loops over vectors and lanes ----

typedef struct LaneLoop {
  size_t names, lets;
  int indent;
} LaneLoop;

static void set_lane(Function *f, const char *lane, bool wide) {
  f->lane = lane;
  f->wide = wide;
  if (f->tile) f->loop_name[f->tile->id] = lane ? arena_printf(f->s->arena, "%s + %s", f->tile_name, lane) : NULL;
}

static void open_line(Function *f, LaneLoop *l) {
  l->indent = f->indent;
  open_scope(f, &l->names, &l->lets);
  f->indent--;
}

static void close_lines(Function *f, const LaneLoop *l) {
  close_scope(f, l->names, l->lets);
  f->indent++;
  while (f->indent > l->indent) {
    f->indent--;
    line_start(f);
    text_put(&f->body, "}\n");
  }
}

// for all vectors of the tile
static void open_vectors(Function *f) {
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = 0; %s < %s; %s += %d) {\n", f->vector_name, f->vector_name, f->lanes_name,
              f->vector_name, lanes_of(f));
  f->indent++;
}

// for `many` vectors of the tile at a time, as long as there are so many
static void open_blocks(Function *f, int many) {
  const char *v = f->vector_name;
  const int size = many * lanes_of(f);
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = 0; %s + %d <= %s; %s += %d) {\n", v, v, size, f->lanes_name, v, size);
  f->indent++;
}

// for all vectors that these leave
static void open_rest(Function *f, int many) {
  const char *v = f->vector_name;
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s - %s %% %d; %s < %s; %s += %d) {\n", v, f->lanes_name, f->lanes_name,
              many * lanes_of(f), v, f->lanes_name, v, lanes_of(f));
  f->indent++;
}

// for all lanes of a vector
static void open_lanes(Function *f) {
  f->unit->helper[HELPER_LANES] = true;
  line_start(f);
  text_printf(&f->body, "MDL_LANES\n");
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = 0; %s < %d; %s++) {\n", f->lane_name, f->lane_name, lanes_of(f), f->lane_name);
  f->indent++;
  set_lane(f, arena_printf(f->s->arena, "%s + %s", f->vector_name, f->lane_name), true);
}

// for the samples from that one on
static void open_samples(Function *f, const char *from) {
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s; %s < %s; %s++) {\n", f->lane_name, from, f->lane_name, f->lanes_name,
              f->lane_name);
  f->indent++;
  set_lane(f, f->lane_name, false);
}

// ---- arrays over the tile ----

static void declare_lanes(Function *f, const char *type, const char *name) {
  line_start(f);
  text_printf(&f->body, "%s %s[%d];\n", type, name, SAMPLE_TILE);
}

static bool is_scalar_lane(const Function *f, const Node *n) {
  return f->s->place[n->id].lane && f->s->place[n->id].stored == STORED_LOCAL;
}

bool starts_in_tile(const Function *f, const Node *n) {
  const Loop *inside = f->s->place[n->id].home;
  while (f->tile && inside && inside != f->tile) inside = inside->parent;
  return f->tile && inside;
}

static bool is_plain_node(const Step *step) {
  return step->kind == STEP_NODE && step->node->kind == NODE_COMP && step->node->reduce == REDUCE_NONE;
}

// What the steps compute for all samples gets its array.
static void declare_steps(Function *f, const Step *step, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Node *n = step[k].node;
    if (step[k].idle || !(step[k].kind == STEP_INIT || is_plain_node(&step[k]))) continue;
    if (is_scalar_lane(f, n)) declare_lanes(f, element_type(f, n), f->node_name[n->id]);
    if (n->reduce == REDUCE_ARGMAX)
      declare_lanes(f, f->unit->real, arena_printf(f->s->arena, "%s_value", f->node_name[n->id]));
  }
}

// Lanes behind the last sample take its value.
static void pad(Function *f, const char *array) {
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s; %s %% %d != 0; %s++) %s[%s] = %s[%s - 1];\n", f->lane_name, f->lanes_name,
              f->lane_name, lanes_of(f), f->lane_name, array, f->lane_name, array, f->lanes_name);
}

// ---- reads of arrays over all iterations ----

static bool is_outside(const Function *f, const Expr *e) {
  const Node *n = e->u.read.node;
  const Place *p = &f->s->place[n->id];
  if (p->lane || p->stored == STORED_LOCAL) return false;
  for (int k = 0; k < n->nout; k++)
    if (mentions_loop(e->u.read.sub[k], f->tile)) return true;
  return false;
}

static bool has_outside(const Function *f, const Expr *e) {
  if (e->kind == EXPR_READ) {
    if (is_outside(f, e)) return true;
    for (int k = 0; k < e->u.read.node->nout; k++)
      if (has_outside(f, e->u.read.sub[k])) return true;
  }
  if (e->kind == EXPR_PRIM)
    for (int k = 0; k < e->u.prim.narg; k++)
      if (has_outside(f, e->u.prim.arg[k])) return true;
  return false;
}

static bool is_sample(const Function *f, const Expr *e) {
  return e->kind == EXPR_INDEX && e->u.index == f->tile->id;
}

// How far apart in memory the entries are that a real read has for one sample and the next; null: not everywhere as far.
static const Poly *sample_step(const Function *f, const Expr *e) {
  Dims *dims = f->s->task.graph->dims;
  const Node *n = e->u.read.node;
  const Place *p = &f->s->place[n->id];
  if (e->type != TYPE_REAL || p->stored == STORED_STATE || p->stored == STORED_SINK) return NULL;
  const Poly *step = NULL, *size = poly_int(dims, 1);
  for (int k = n->nout - 1; k >= 0; k--) {
    const Expr *sub = e->u.read.sub[k];
    if (mentions_loop(sub, f->tile)) {
      const bool sum = sub->kind == EXPR_PRIM && sub->u.prim.op == PRIM_ADD;
      const bool plain = is_sample(f, sub) || (sum && is_sample(f, sub->u.prim.arg[0]) && !mentions_loop(sub->u.prim.arg[1], f->tile)) ||
                         (sum && is_sample(f, sub->u.prim.arg[1]) && !mentions_loop(sub->u.prim.arg[0], f->tile));
      if (!plain || step || (p->kept && !p->kept[k])) return NULL;
      step = size;
    }
    if (!p->kept || p->kept[k]) size = poly_mul(dims, size, n->index[k].extent);
  }
  return step;
}

static void put_first_entry(Function *f, const Node *n, const Expr *const *sub) {
  f->loop_name[f->tile->id] = f->tile_name;
  text_put(&f->body, "&");
  put_entry(f, &f->body, n, sub);
  f->loop_name[f->tile->id] = NULL;
}

// const double *const x_lane = mdl_tile_copy(&x[i_tile * d + j], d, lanes, x_copy);
static void stage_steps_apart(Function *f, const Expr *e, const char *array, const Poly *step) {
  Text *t = &f->body;
  const char *copy = names_take(&f->names, arena_printf(f->s->arena, "%s_copy", e->u.read.node->name));
  const bool close = step == poly_int(f->s->task.graph->dims, 1);
  f->unit->helper[HELPER_TILE] = true;
  declare_lanes(f, f->unit->real, copy);
  line_start(f);
  text_printf(t, "const %s *const %s = %s(", f->unit->real, array, close ? "mdl_tile_at" : "mdl_tile_copy");
  put_first_entry(f, e->u.read.node, e->u.read.sub);
  text_put(t, ", ");
  if (!close) {
    put_expr(f, t, expr_poly(f->s->pool, step), PREC_NONE);
    text_put(t, ", ");
  }
  text_printf(t, "%s, %s);\n", f->lanes_name, copy);
}

static void stage_one_by_one(Function *f, const Expr *e, const char *array) {
  declare_lanes(f, e->type == TYPE_REAL ? f->unit->real : "int64_t", array);
  LaneLoop l;
  open_line(f, &l);
  open_samples(f, "0");
  line_start(f);
  text_printf(&f->body, "%s[%s] = ", array, f->lane_name);
  put_entry(f, &f->body, e->u.read.node, e->u.read.sub);
  text_put(&f->body, ";\n");
  close_lines(f, &l);
  set_lane(f, NULL, false);
  pad(f, array);
}

static void stage_read(Function *f, const Expr *e) {
  const char *array = names_take(&f->names, arena_printf(f->s->arena, "%s_lane", e->u.read.node->name));
  const Poly *step = sample_step(f, e);
  if (step)
    stage_steps_apart(f, e, array, step);
  else
    stage_one_by_one(f, e, array);
  f->staged[e->id] = array;
}

// Copies what e reads for each sample into arrays over the tile, inner reads first.
static void stage(Function *f, const Expr *e) {
  if (let_of(f, e)) return;
  if (e->kind == EXPR_READ) {
    for (int k = 0; k < e->u.read.node->nout; k++) stage(f, e->u.read.sub[k]);
    if (e->id < f->nexpr && !f->staged[e->id] && is_outside(f, e)) {
      stage_read(f, e);
      ARENA_PUSH(f->s->arena, f->stages, f->nstages, f->stages_room) = e->id;
    }
  } else if (e->kind == EXPR_PRIM) {
    for (int k = 0; k < e->u.prim.narg; k++) stage(f, e->u.prim.arg[k]);
  }
}

static void forget_stages(Function *f, size_t mark) {
  while (f->nstages > mark) f->staged[f->stages[--f->nstages]] = NULL;
}

static void stage_steps(Function *f, const Step *step, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Node *n = step[k].node;
    if (step[k].idle || step[k].kind != STEP_NODE) continue;
    stage(f, f->expr[n->id]);
    if (f->s->place[n->id].guard && node_accumulates(n)) stage(f, f->s->place[n->id].guard);
    for (int q = 0; n->target && q < n->nout; q++) stage(f, f->target[n->id][q]);
  }
}

// ---- groups of steps ----

// A condition that all samples share stands around the loops over them.
static bool open_guard(Function *f, const Step *step, LaneLoop *l) {
  const Node *n = step->node;
  if (step->kind != STEP_NODE || !guard_stands_outside(f->s, n, f->tile)) return false;
  f->bound = true;
  line_start(f);
  text_put(&f->body, "if (");
  put_expr(f, &f->body, f->s->place[n->id].guard, PREC_NONE);
  text_put(&f->body, ") {\n");
  l->indent = f->indent;
  open_scope(f, &l->names, &l->lets);
  return true;
}

// All lanes of the tile, whatever their number.
static void put_fill(Function *f, const Step *step) {
  set_lane(f, f->lane_name, true);
  put_init(f, step->node);
  set_lane(f, NULL, false);
}

static void put_single(Function *f, const Step *step) {
  const Node *n = step->node;
  declare_steps(f, step, 1);
  LaneLoop l;
  open_line(f, &l);
  open_samples(f, "0");
  put_steps(f, step, 1, 0);
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

// What goes to an array over all samples is computed for the tile first, where that is more than to copy.
static void put_edge(Function *f, const Step *step) {
  const Node *n = step->node;
  if (!is_plain_node(step) || f->expr[n->id]->kind != EXPR_PRIM || f->s->place[n->id].guard || n->type != TYPE_REAL ||
      node_reads_lazily(f->s, n, f->tile)) {
    put_single(f, step);
    return;
  }
  const size_t mark = f->nstages;
  const Expr *value = f->expr[n->id];
  const char *array = names_take(&f->names, arena_printf(f->s->arena, "%s_lane", n->name));
  declare_lanes(f, f->unit->real, array);
  stage_steps(f, step, 1);
  LaneLoop l;
  open_line(f, &l);
  open_vectors(f);
  open_lanes(f);
  prepare_expr(f, value);
  line_start(f);
  text_printf(&f->body, "%s[%s] = ", array, f->lane);
  put_expr(f, &f->body, value, PREC_NONE);
  text_put(&f->body, ";\n");
  close_lines(f, &l);
  forget_stages(f, mark);
  open_line(f, &l);
  open_samples(f, "0");
  line_start(f);
  const Place *p = &f->s->place[n->id];
  const bool add = p->stored == STORED_SINK && f->s->task.sinks[p->sink].accumulate;
  put_own_entry(f, &f->body, n);
  text_printf(&f->body, " %s %s[%s];\n", add ? "+=" : "=", array, f->lane_name);
  if (add) count_flops(f, 1);
  close_lines(f, &l);
  set_lane(f, NULL, false);
}

// ---- sums over the samples ----

const char *partial_sums(Function *f, const Node *n) {
  if (!f->part_name[n->id])
    f->part_name[n->id] = names_take(&f->names, arena_printf(f->s->arena, "%s_part", f->node_name[n->id]));
  return f->part_name[n->id];
}

const Expr *guard_within(const Function *f, const Node *n) {
  const bool outside = n == f->guarded || (f->tile && guard_stands_outside(f->s, n, f->tile));
  return outside ? NULL : f->s->place[n->id].guard;
}

void put_chosen(Function *f, const Node *n, const Expr *guard, const Expr *value) {
  Text *t = &f->body;
  if (!guard) {
    put_expr(f, t, value, PREC_NONE);
    return;
  }
  f->bound = true;
  put_expr(f, t, guard, PREC_SELECT + 1);
  text_put(t, " ? ");
  put_expr(f, t, value, PREC_SELECT + 1);
  text_put(t, " : ");
  put_neutral(f, t, n);
}

static bool is_extreme(const Node *n) {
  return n->reduce == REDUCE_MAX || n->reduce == REDUCE_MIN;
}

// part[lane] takes one term more, which stands between these two.
static void open_term(Function *f, const Node *n, const char *part, const char *lane) {
  Text *t = &f->body;
  line_start(f);
  text_printf(t, "%s[%s] ", part, lane);
  if (is_extreme(n)) {
    f->unit->helper[n->reduce == REDUCE_MAX ? HELPER_MAX : HELPER_MIN] = true;
    text_printf(t, "= %s(%s[%s], ", n->reduce == REDUCE_MAX ? "mdl_max" : "mdl_min", part, lane);
  } else {
    text_put(t, "+= ");
    count_flops(f, 1);
  }
}

static void close_term(Function *f, const Node *n) {
  text_put(&f->body, is_extreme(n) ? ");\n" : ";\n");
}

void put_term(Function *f, const Node *n, const Expr *guard, const char *part, const char *lane) {
  const Expr *value = f->expr[n->id];
  if (guard) {
    prepare_expr(f, guard);
    prepare_side(f, value);
  } else {
    prepare_expr(f, value);
  }
  open_term(f, n, part, lane);
  put_chosen(f, n, guard, value);
  close_term(f, n);
}

void put_partial_sums(Function *f, const Node *n, const char *part) {
  Text *t = &f->body;
  line_start(f);
  text_printf(t, "%s %s[%d] = {", f->unit->real, part, lanes_of(f));
  for (int k = 0; k < lanes_of(f); k++) {
    if (!is_extreme(n) && k > 0) break;
    text_put(t, k ? ", " : "");
    put_neutral(f, t, n);
  }
  text_put(t, "};\n");
}

void put_join(Function *f, Text *t, const Node *n, const char *part) {
  const Helper helper = n->reduce == REDUCE_MAX ? HELPER_JOIN_MAX : n->reduce == REDUCE_MIN ? HELPER_JOIN_MIN : HELPER_JOIN;
  if (helper != HELPER_JOIN) f->unit->helper[n->reduce == REDUCE_MAX ? HELPER_MAX : HELPER_MIN] = true;
  f->unit->helper[helper] = true;
  text_printf(t, "mdl_join%s(%s)", helper == HELPER_JOIN ? "_sum" : helper == HELPER_JOIN_MAX ? "_max" : "_min", part);
}

// Is nothing left over behind the last whole vector?
static bool is_multiple(const Function *f, const Poly *extent) {
  Dims *dims = f->s->task.graph->dims;
  int64_t value;
  return poly_is_fixed(dims, extent) && poly_value(dims, extent, NULL, &value) && value % lanes_of(f) == 0;
}

static bool adds_block(const Function *f, const Step *step) {
  return step->lane == LANE_GATHER && f->s->order[step->node->id].kind == ORDER_BLOCKS;
}

// The partial sums of a tile's block, or of all tiles.
static void open_sums(Function *f, const Step *step, size_t count, const char **part) {
  for (size_t k = 0; k < count; k++) {
    const Node *n = step[k].node;
    if (step[k].idle || step[k].lane != LANE_GATHER) continue;
    part[k] = adds_block(f, &step[k]) ? names_take(&f->names, arena_printf(f->s->arena, "%s_part", n->name)) : partial_sums(f, n);
    if (adds_block(f, &step[k])) put_partial_sums(f, n, part[k]);
  }
}

static void close_sums(Function *f, const Step *step, size_t count, const char **part) {
  for (size_t k = 0; k < count; k++) {
    if (step[k].idle || !adds_block(f, &step[k])) continue;
    line_start(f);
    put_own_entry(f, &f->body, step[k].node);
    text_put(&f->body, " += ");
    put_join(f, &f->body, step[k].node, part[k]);
    text_put(&f->body, ";\n");
  }
}

// One term of each lane; of lanes behind the last sample what changes nothing.
static void put_lane_term(Function *f, const Node *n, const char *part) {
  Text *t = &f->body;
  const Expr *guard = guard_within(f, n), *value = f->expr[n->id];
  const bool whole = is_multiple(f, f->tile->extent);
  if (whole) {
    put_term(f, n, guard, part, f->lane_name);
    return;
  }
  if (guard) prepare_expr(f, guard);
  prepare_side(f, value);
  open_term(f, n, part, f->lane_name);
  text_printf(t, guard ? "((%s < %s) & (" : "%s < %s", f->lane, f->lanes_name);
  if (guard) {
    f->bound = true;
    put_expr(f, t, guard, PREC_NONE);
    text_put(t, "))");
  }
  text_put(t, " ? ");
  put_expr(f, t, value, PREC_SELECT + 1);
  text_put(t, " : ");
  put_neutral(f, t, n);
  close_term(f, n);
}

// What all samples share is computed once for them.
static void hoist_shared(Function *f, const Step *step, size_t count) {
  f->stamp++;
  for (size_t k = 0; k < count; k++) {
    if (step[k].idle || step[k].kind != STEP_NODE) continue;
    hoist_from_lanes(f, f->expr[step[k].node->id]);
  }
}

// Steps that run as one: what they compute for the tile, and what they sum over it.
static void put_group(Function *f, const Step *step, size_t count) {
  const size_t mark = f->nstages;
  const Node *first = step->node;
  if (step->kind == STEP_INIT && first->kind == NODE_COMP && f->s->place[first->id].stored == STORED_WORK) {
    put_fill(f, step);
    return;
  }
  const char **part = arena_array(f->s->arena, const char *, count);
  hoist_shared(f, step, count);
  declare_steps(f, step, count);
  open_sums(f, step, count, part);
  stage_steps(f, step, count);
  LaneLoop l;
  open_line(f, &l);
  open_vectors(f);
  open_lanes(f);
  for (size_t k = 0; k < count; k++)
    if (step[k].lane == LANE_GATHER && !step[k].idle)
      put_lane_term(f, step[k].node, part[k]);
    else
      put_steps(f, &step[k], 1, 0);
  close_lines(f, &l);
  set_lane(f, NULL, false);
  close_sums(f, step, count, part);
  forget_stages(f, mark);
}

static bool adds_block_singly(const Function *f, const Step *step) {
  const Node *n = step->node;
  const NodeOrder order = f->s->order[n->id];
  return step->kind == STEP_NODE && order.kind == ORDER_BLOCKS && f->s->place[n->id].loop[order.index] == f->tile;
}

// A block whose terms are computed one by one: each is added where it would be in lanes.
static void put_block_singly(Function *f, const Step *step) {
  const Node *n = step->node;
  const char *part = names_take(&f->names, arena_printf(f->s->arena, "%s_part", n->name));
  LaneLoop l;
  put_partial_sums(f, n, part);
  open_line(f, &l);
  open_samples(f, "0");
  put_term(f, n, guard_within(f, n), part, arena_printf(f->s->arena, "%s %% %d", f->lane_name, lanes_of(f)));
  close_lines(f, &l);
  set_lane(f, NULL, false);
  line_start(f);
  put_own_entry(f, &f->body, n);
  text_put(&f->body, " += ");
  put_join(f, &f->body, n, part);
  text_put(&f->body, ";\n");
}

// ---- loops inside of a tile ----

// All of it one group that reads nothing from outside: then the vectors stand outside, and what it sums stays in registers.
static bool turns_out(const Function *f, const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    const Node *n = step->node;
    if (step->kind == STEP_LOOP || step->lane != LANE_WIDE || step->kind == STEP_INIT) return false;
    if (is_plain_node(step) && is_scalar_lane(f, n)) return false;
    if (step->kind != STEP_NODE) continue;
    const Expr *guard = node_accumulates(n) ? f->s->place[n->id].guard : NULL;
    if (has_outside(f, f->expr[n->id]) || (guard && (guard_stands_outside(f->s, n, f->tile) || has_outside(f, guard))))
      return false;
    for (int q = 0; n->target && q < n->nout; q++)
      if (has_outside(f, f->target[n->id][q])) return false;
  }
  return true;
}

// Does the loop add to one entry of an array over the tile, and do nothing else?
static bool adds_to_entry(const Function *f, const Loop *loop) {
  const Step *step = loop->body;
  if (loop->nbody != 1 || step->kind != STEP_NODE || step->node->kind != NODE_COMP || !node_accumulates(step->node)) return false;
  for (int q = 0; q < step->node->nout; q++)
    if (f->s->place[step->node->id].loop[q]->id == loop->id) return false;
  return f->s->place[step->node->id].lane;
}

static const char *lane_array(Function *f, const Node *n) {
  Text t;
  text_init(&t);
  set_lane(f, arena_printf(f->s->arena, "%s + %s", f->vector_name, f->lane_name), false);
  put_own_entry(f, &t, n);
  set_lane(f, NULL, false);
  const char *entry = arena_strdup(f->s->arena, t.s);
  text_free(&t);
  return entry;
}

static bool is_in_vector(const Function *f, const Loop *loop, const Step *step) {
  return !step->idle && (is_scalar_lane(f, step->node) || adds_to_entry(f, loop));
}

// The scalars over the tile that a loop changes, `many` vectors of each at a time in a variable of its own.
static void put_vector_copies(Function *f, const Loop *loop, int many, bool back) {
  const int size = many * lanes_of(f);
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (!is_in_vector(f, loop, step)) continue;
    const int id = step->node->id;
    const char *vector = f->in_vector[id];
    f->in_vector[id] = NULL;
    const char *entry = lane_array(f, step->node);
    f->in_vector[id] = vector;
    if (!back) {
      if (f->in_vector[id]) continue;
      f->in_vector[id] = names_take(&f->names, arena_printf(f->s->arena, "%s_vector", step->node->name));
      line_start(f);
      text_printf(&f->body, "%s %s[%d];\n", element_type(f, step->node), f->in_vector[id], size);
    } else if (!f->in_vector[id]) {
      continue;
    }
    line_start(f);
    text_printf(&f->body, "for (int64_t %s = 0; %s < %d; %s++) ", f->lane_name, f->lane_name, size, f->lane_name);
    if (back)
      text_printf(&f->body, "%s = %s[%s];\n", entry, f->in_vector[id], f->lane_name);
    else
      text_printf(&f->body, "%s[%s] = %s;\n", f->in_vector[id], f->lane_name, entry);
    if (back) f->in_vector[id] = NULL;
  }
}

enum { CALL = 4 }; // operations: what costs more has chains enough of its own

static bool calls(const Expr *e) {
  if (e->kind != EXPR_PRIM) return false;
  if (prim_table[e->u.prim.op].cost > CALL) return true;
  for (int k = 0; k < e->u.prim.narg; k++)
    if (calls(e->u.prim.arg[k])) return true;
  return false;
}

// How many vectors are taken at a time, so that the chains of several sums overlap and what they share is read once.
static int vectors_at_once(const Function *f, const Loop *loop) {
  int sums = 0;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    if (!is_in_vector(f, loop, step) || calls(f->expr[step->node->id])) return 1;
    sums++;
  }
  return sums == 0 ? 1 : sums <= 2 ? 4 : sums <= 4 ? 2 : 1;
}

// for all lanes of `many` vectors
static LaneLoop open_many_lanes(Function *f, int many) {
  LaneLoop l;
  open_line(f, &l);
  if (many > 1) {
    const char *u = f->block_name;
    f->unit->helper[HELPER_UNROLL] = true;
    line_start(f);
    text_put(&f->body, "MDL_UNROLL\n");
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

// The loop for the vectors that stand open around it.
static void put_inside(Function *f, const Loop *loop, int depth, int many) {
  put_vector_copies(f, loop, many, false);
  LoopText text;
  open_loop(f, loop, &text);
  const LaneLoop inner = open_many_lanes(f, many);
  put_steps(f, loop->body, loop->nbody, depth + 1);
  close_lines(f, &inner);
  set_lane(f, NULL, false);
  close_loop(f, &text);
  put_vector_copies(f, loop, many, true);
}

static void put_turned_out(Function *f, const Loop *loop, int depth) {
  const int many = vectors_at_once(f, loop);
  LaneLoop l;
  if (many > 1) {
    open_line(f, &l);
    open_blocks(f, many);
    put_inside(f, loop, depth, many);
    close_lines(f, &l);
  }
  const Poly *flops = f->flops;
  open_line(f, &l);
  if (many > 1)
    open_rest(f, many);
  else
    open_vectors(f);
  put_inside(f, loop, depth, 1);
  close_lines(f, &l);
  if (many > 1) f->flops = flops;
}

static void put_tile_steps(Function *f, const Step *step, size_t count, int depth);

// A copy of whole rows, each sample's behind that of the one before.
static bool copies_rows(const Function *f, const Loop *loop, const Step *step) {
  const Node *n = step->node;
  if (step->lane != LANE_SINGLE || step->idle || !is_plain_node(step) || loop->nlow || loop->nhigh) return false;
  const Place *p = &f->s->place[n->id];
  const Expr *e = f->expr[n->id];
  if (p->guard || p->stored != STORED_WORK || !p->lane || e->kind != EXPR_READ || !sample_step(f, e)) return false;
  const int rank = e->u.read.node->nout;
  if (!p->kept[n->nout - 1] || p->loop[n->nout - 1] != loop || n->index[n->nout - 1].extent != loop->extent) return false;
  for (int k = 0; k < rank - 1; k++)
    if (mentions_loop(e->u.read.sub[k], loop)) return false;
  const Expr *entry = e->u.read.sub[rank - 1];
  return entry->kind == EXPR_INDEX && entry->u.index == loop->id;
}

// mdl_turn_rows(&x[i_tile * d], d, d, lanes, &x_of_sample[0]);
static void put_turned_rows(Function *f, const Loop *loop, const Step *step) {
  Text *t = &f->body;
  const Node *n = step->node;
  const Expr *e = f->expr[n->id];
  f->unit->helper[HELPER_TURN] = true;
  f->loop_name[loop->id] = "0";
  line_start(f);
  text_put(t, "mdl_turn_rows(");
  put_first_entry(f, e->u.read.node, e->u.read.sub);
  text_put(t, ", ");
  put_expr(f, t, expr_poly(f->s->pool, sample_step(f, e)), PREC_NONE);
  text_put(t, ", ");
  put_expr(f, t, expr_poly(f->s->pool, loop->extent), PREC_NONE);
  text_printf(t, ", %s, &", f->lanes_name);
  set_lane(f, "0", false);
  put_own_entry(f, t, n);
  set_lane(f, NULL, false);
  text_put(t, ");\n");
  f->loop_name[loop->id] = NULL;
}

// The loop's steps but for the copies of rows, which are made at once before it.
static Loop without_copies(Function *f, const Loop *loop) {
  Loop rest = *loop;
  rest.body = arena_array(f->s->arena, Step, loop->nbody);
  rest.nbody = 0;
  for (size_t k = 0; k < loop->nbody; k++)
    if (loop->body[k].kind == STEP_NODE && copies_rows(f, loop, &loop->body[k]))
      put_turned_rows(f, loop, &loop->body[k]);
    else
      rest.body[rest.nbody++] = loop->body[k];
  return rest;
}

static void put_inner_loop(Function *f, const Loop *all, int depth) {
  const Loop rest = without_copies(f, all), *loop = &rest;
  if (!loop->nbody) return;
  if (turns_out(f, loop)) {
    put_turned_out(f, loop, depth);
    return;
  }
  LoopText text;
  open_loop(f, loop, &text);
  put_tile_steps(f, loop->body, loop->nbody, depth + 1);
  close_loop(f, &text);
}

static void put_tile_steps(Function *f, const Step *step, size_t count, int depth) {
  for (size_t k = 0, end; k < count; k = end) {
    end = k + 1;
    if (step[k].idle) continue;
    if (step[k].kind == STEP_LOOP) {
      put_inner_loop(f, step[k].loop, depth);
      continue;
    }
    LaneLoop guard;
    const bool guarded = open_guard(f, &step[k], &guard);
    switch (step[k].lane) {
    case LANE_WIDE:
    case LANE_GATHER:
      while (end < count && lane_joins(f->s, f->tile, &step[k], &step[end])) end++;
      put_group(f, step + k, end - k);
      break;
    case LANE_EDGE: put_edge(f, &step[k]); break;
    case LANE_SINGLE:
      if (adds_block_singly(f, &step[k]))
        put_block_singly(f, &step[k]);
      else
        put_single(f, &step[k]);
      break;
    }
    if (guarded) close_lines(f, &guard);
  }
}

// ---- tiles and strips ----

static void put_extent(Function *f, const Loop *loop, int precedence) {
  put_expr(f, &f->body, expr_poly(f->s->pool, loop->extent), precedence);
}

void put_tile(Function *f, const Loop *loop, int depth) {
  Text *t = &f->body;
  Arena *a = f->s->arena;
  size_t names, lets;
  open_scope(f, &names, &lets);
  f->indent--;
  f->tile = loop;
  f->tile_name = names_take(&f->names, arena_printf(a, "%s_tile", loop->name));
  f->lanes_name = names_take(&f->names, "lanes");
  f->vector_name = names_take(&f->names, "v");
  f->lane_name = names_take(&f->names, "lane");
  f->block_name = names_take(&f->names, "u");
  line_start(f);
  text_printf(t, "for (int64_t %s = 0; %s < ", f->tile_name, f->tile_name);
  put_extent(f, loop, PREC_COMPARE + 1);
  text_printf(t, "; %s += %d) {\n", f->tile_name, SAMPLE_TILE);
  f->indent++;
  line_start(f);
  text_printf(t, "const int64_t %s = ", f->lanes_name);
  put_extent(f, loop, PREC_ADD);
  text_printf(t, " - %s < %d ? ", f->tile_name, SAMPLE_TILE);
  put_extent(f, loop, PREC_ADD);
  text_printf(t, " - %s : %d;\n", f->tile_name, SAMPLE_TILE);
  const Poly *outside = f->trips;
  f->trips = poly_mul(f->s->task.graph->dims, f->trips, loop->extent);
  put_tile_steps(f, loop->body, loop->nbody, depth + 1);
  f->trips = outside;
  close_scope(f, names, lets);
  line_start(f);
  text_put(t, "}\n");
  f->tile = NULL;
}

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

// The loop's one step, where all iterations share its condition; or null.
static const Node *shares_guard(const Function *f, const Loop *loop) {
  const Step *only = NULL;
  for (size_t k = 0; k < loop->nbody; k++) {
    if (loop->body[k].idle) continue;
    if (only) return NULL;
    only = &loop->body[k];
  }
  if (!only || only->kind != STEP_NODE || !node_accumulates(only->node)) return NULL;
  const Expr *guard = f->s->place[only->node->id].guard;
  return guard && !mentions_loop(guard, loop) ? only->node : NULL;
}

void put_strip(Function *f, const Loop *loop, int depth, const char *end) {
  f->guarded = shares_guard(f, loop);
  if (!f->guarded) {
    put_strip_loops(f, loop, depth, end);
    return;
  }
  size_t names, lets;
  f->bound = true;
  line_start(f);
  text_put(&f->body, "if (");
  put_expr(f, &f->body, f->s->place[f->guarded->id].guard, PREC_NONE);
  text_put(&f->body, ") {\n");
  open_scope(f, &names, &lets);
  put_strip_loops(f, loop, depth, end);
  close_scope(f, names, lets);
  line_start(f);
  text_put(&f->body, "}\n");
  f->guarded = NULL;
}

// Where the lanes of a sum are taken one by one: the number of the partial sum that the term goes to.
const char *term_lane(Function *f, const Node *n) {
  const Loop *loop = f->s->place[n->id].loop[f->s->order[n->id].index];
  if (f->strip == loop) return f->strip_lane;
  Text t;
  text_init(&t);
  const Expr *index = expr_index(f->s->pool, loop->id);
  if (f->s->place[n->id].mirrored[f->s->order[n->id].index]) {
    Dims *dims = f->s->task.graph->dims;
    index = expr_prim2(f->s->pool, PRIM_SUB, expr_poly(f->s->pool, poly_sub(dims, loop->extent, poly_int(dims, 1))), index);
  }
  put_expr(f, &t, index, PREC_MUL);
  const char *lane = arena_printf(f->s->arena, "%s %% %d", t.s, lanes_of(f));
  text_free(&t);
  return lane;
}
