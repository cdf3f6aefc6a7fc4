// staging.c - what a tile reads of arrays over all samples: where it lies, or copied side by side, once for a group of steps;
// rows that are read again and again, once for the tile.
#include "emit/tile.h"

static bool is_outside(const Function *f, const Expr *e) {
  const Node *n = e->u.read.node;
  const Place *p = &f->s->place[n->id];
  if (p->lane || p->stored == STORED_LOCAL || reads_turned(f, e)) return false;
  for (int k = 0; k < n->nout; k++)
    if (mentions_loop(e->u.read.sub[k], f->tile)) return true;
  return false;
}

// A choice that all samples share, of what may not be read where it goes the other way.
static bool is_made_before(const Function *f, const Expr *e) {
  return expr_is_prim(e, PRIM_SELECT) && e->type == TYPE_REAL && !f->safe[e->id] && !mentions_loop(e, f->tile);
}

bool has_outside(const Function *f, const Expr *e) {
  const bool reads = e->kind == EXPR_READ;
  if (reads ? is_outside(f, e) : is_made_before(f, e)) return true;
  const Expr *const *part = reads ? e->u.read.sub : e->u.prim.arg;
  const int count = reads ? e->u.read.node->nout : e->kind == EXPR_PRIM ? e->u.prim.narg : 0;
  for (int k = 0; k < count; k++)
    if (has_outside(f, part[k])) return true;
  return false;
}

// Is it the sample, or that plus what all samples share?
static bool runs_with_samples(const Function *f, const Expr *e) {
  if (e->kind == EXPR_INDEX) return e->u.index == f->tile->id;
  if (!expr_is_prim(e, PRIM_ADD)) return false;
  const Expr *x = e->u.prim.arg[0], *y = e->u.prim.arg[1];
  return (runs_with_samples(f, x) && !mentions_loop(y, f->tile)) || (runs_with_samples(f, y) && !mentions_loop(x, f->tile));
}

// How far apart in memory the entries are that a read has for one sample and the next; null: not everywhere as far.
const Poly *sample_step(const Function *f, const Expr *e) {
  Dims *dims = f->s->task.graph->dims;
  const Node *n = e->u.read.node;
  const Place *p = &f->s->place[n->id];
  if (p->stored == STORED_STATE || (p->stored == STORED_SINK && f->sink[p->sink].stride)) return NULL;
  const Poly *step = NULL, *size = poly_int(dims, 1);
  for (int k = n->nout - 1; k >= 0; k--) {
    const Expr *sub = e->u.read.sub[k];
    if (mentions_loop(sub, f->tile)) {
      if (!runs_with_samples(f, sub) || step || (p->kept && !p->kept[k])) return NULL;
      step = size;
    }
    if (!p->kept || p->kept[k]) size = poly_mul(dims, size, n->index[k].extent);
  }
  return step;
}

static void put_first_entry(Function *f, const Expr *read) {
  f->loop_name[f->tile->id] = f->tile_name;
  text_put(&f->body, "&");
  put_entry(f, &f->body, read->u.read.node, read->u.read.sub);
  f->loop_name[f->tile->id] = NULL;
}

void put_tile_call(Function *f, Helper helper, const char *call, const Expr *read, const Poly *step, const char *array) {
  f->unit->helper[helper] = true;
  math_use(f->unit, "fma.h");
  line_start(f);
  text_printf(&f->body, "%s(", call);
  put_first_entry(f, read);
  text_put(&f->body, ", ");
  put_expr(f, &f->body, expr_poly(f->s->pool, step), PREC_NONE);
  text_printf(&f->body, ", %s, %s);\n", f->lanes_name, array);
}

// mdl_tile_integers(&y[i_tile], 1, lanes, y_lane);
static void stage_integers(Function *f, const Expr *e, const char *array, const Poly *step) {
  declare_lanes(f, "int64_t", array);
  put_tile_call(f, HELPER_TILE_INTEGERS, "mdl_tile_integers", e, step, array);
}

// const double *const x_lane = mdl_tile_copy(&x[i_tile * d + j], d, lanes, x_copy);
static void stage_steps_apart(Function *f, const Expr *e, const char *array, const Poly *step) {
  Text *t = &f->body;
  const char *copy = names_take(&f->names, arena_printf(f->s->arena, "%s_copy", e->u.read.node->name));
  const bool close = step == poly_int(f->s->task.graph->dims, 1);
  f->unit->helper[HELPER_TILE] = true;
  math_use(f->unit, "fma.h");
  declare_lanes(f, f->unit->real, copy);
  line_start(f);
  text_printf(t, "const %s *const %s = %s(", f->unit->real, array, close ? "mdl_tile_at" : "mdl_tile_copy");
  put_first_entry(f, e);
  text_put(t, ", ");
  if (!close) {
    put_expr(f, t, expr_poly(f->s->pool, step), PREC_NONE);
    text_put(t, ", ");
  }
  text_printf(t, "%s, %s);\n", f->lanes_name, copy);
}

// Reads that are copied sample by sample: by one loop, each behind those that its subscripts are made of.
typedef struct Singles {
  const Expr **list;
  size_t count, room;
} Singles;

static void stage_singles(Function *f, const Singles *singles) {
  if (!singles->count) return;
  for (size_t k = 0; k < singles->count; k++) {
    const Expr *e = singles->list[k];
    declare_lanes(f, e->type == TYPE_REAL ? f->unit->real : "int64_t", f->staged[e->id]);
  }
  OpenLines l;
  open_lines(f, &l);
  open_samples(f, "0");
  for (size_t k = 0; k < singles->count; k++) {
    const Expr *e = singles->list[k];
    line_start(f);
    text_printf(&f->body, "%s[%s] = ", f->staged[e->id], f->lane_name);
    put_entry(f, &f->body, e->u.read.node, e->u.read.sub);
    text_put(&f->body, ";\n");
  }
  close_lines(f, &l);
  set_lane(f, NULL, false);
  // lanes behind the last sample take its value
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s; %s %% %d != 0; %s++) {\n", f->lane_name, f->lanes_name, f->lane_name, lanes_of(f),
              f->lane_name);
  f->indent++;
  for (size_t k = 0; k < singles->count; k++) {
    const char *array = f->staged[singles->list[k]->id];
    line_start(f);
    text_printf(&f->body, "%s[%s] = %s[%s - 1];\n", array, f->lane_name, array, f->lanes_name);
  }
  f->indent--;
  line_start(f);
  text_put(&f->body, "}\n");
}

static void stage_read(Function *f, const Expr *e, Singles *singles) {
  const char *array = names_take(&f->names, arena_printf(f->s->arena, "%s_lane", e->u.read.node->name));
  const Poly *step = sample_step(f, e);
  if (step && e->type == TYPE_REAL)
    stage_steps_apart(f, e, array, step);
  else if (step && f->s->place[e->u.read.node->id].stored == STORED_INPUT)
    stage_integers(f, e, array, step);
  else
    ARENA_PUSH(f->s->arena, singles->list, singles->count, singles->room) = e;
  f->staged[e->id] = array;
}

// Copies what e reads for each sample into arrays over the tile, inner reads first.
static void stage(Function *f, const Expr *e, Singles *singles) {
  if (let_of(f, e)) return;
  if (e->kind == EXPR_READ) {
    for (int k = 0; k < e->u.read.node->nout; k++) stage(f, e->u.read.sub[k], singles);
    if (e->id < f->nexpr && !f->staged[e->id] && is_outside(f, e)) {
      stage_read(f, e, singles);
      ARENA_PUSH(f->s->arena, f->stages, f->nstages, f->stages_room) = e->id;
    }
  } else if (e->kind == EXPR_PRIM) {
    for (int k = 0; k < e->u.prim.narg; k++) stage(f, e->u.prim.arg[k], singles);
  }
}

void forget_stages(Function *f, size_t mark) {
  while (f->nstages > mark) f->staged[f->stages[--f->nstages]] = NULL;
}

void stage_steps(Function *f, const Step *step, size_t count) {
  Singles singles = {.list = NULL};
  for (size_t k = 0; k < count; k++) {
    const Node *n = step[k].node;
    if (step[k].idle || step[k].kind != STEP_NODE) continue;
    stage(f, f->expr[n->id], &singles);
    if (f->s->place[n->id].guard && node_accumulates(n)) stage(f, f->s->place[n->id].guard, &singles);
    for (int q = 0; n->target && q < n->nout; q++) stage(f, f->target[n->id][q], &singles);
  }
  stage_singles(f, &singles);
}

// ---- rows ----

static void need_turns(Function *f) {
  f->unit->helper[HELPER_TURN] = true;
  math_use(f->unit, "level.h");
  f->math = true;
}

// x + i_tile * d
static void put_rows_at(Function *f, const char *array, const Expr *row) {
  text_printf(&f->body, "%s + %s * ", array, f->tile_name);
  put_expr(f, &f->body, row, PREC_MUL + 1);
}

// mdl_turn_rows(mdl_level, x + i_tile * d, d, lanes, x_rows);
void put_turned_rows(Function *f, const Node *n) {
  const Expr *row = expr_poly(f->s->pool, row_size(f->s->task.graph, n));
  need_turns(f);
  line_start(f);
  text_put(&f->body, "mdl_turn_rows(mdl_level, ");
  put_rows_at(f, array_name(f, n), row);
  text_put(&f->body, ", ");
  put_expr(f, &f->body, row, PREC_NONE);
  text_printf(&f->body, ", %s, %s);\n", f->lanes_name, f->rows_name[n->id]);
}

// mdl_turn_back(mdl_level, a, d, lanes, saved_a + i_tile * d);
void put_rows_back(Function *f, const Node *n) {
  const Expr *row = expr_poly(f->s->pool, row_size(f->s->task.graph, n));
  need_turns(f);
  f->sink_used[f->s->place[n->id].sink] = true;
  line_start(f);
  text_printf(&f->body, "mdl_turn_back(mdl_level, %s, ", array_name(f, n));
  put_expr(f, &f->body, row, PREC_NONE);
  text_printf(&f->body, ", %s, ", f->lanes_name);
  put_rows_at(f, f->put_name[n->id], row);
  text_put(&f->body, ");\n");
}
