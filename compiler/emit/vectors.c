// vectors.c - the loops over a tile's vectors and a vector's lanes, and arrays over a tile.
#include "emit/tile.h"

int lanes_of(const Function *f) {
  return f->unit->options->use_float ? 16 : 8;
}

void set_lane(Function *f, const char *lane, bool wide) {
  f->lane = lane;
  f->wide = wide;
  if (f->tile) f->loop_name[f->tile->id] = lane ? arena_printf(f->s->arena, "%s + %s", f->tile_name, lane) : NULL;
}

// Calls an elementary function, divides, or chooses between what is computed?
static bool has_long_side(Function *f, const Expr *e) {
  if (e->kind != EXPR_PRIM || e->id >= f->nexpr || f->visited[e->id] == f->stamp) return false;
  f->visited[e->id] = f->stamp;
  const Prim op = e->u.prim.op;
  bool any = prim_calls(op) || (op == PRIM_DIV && e->type == TYPE_REAL);
  for (int k = 0; k < e->u.prim.narg && !any; k++) {
    const Expr *arg = e->u.prim.arg[k];
    any = has_long_side(f, arg) || (op == PRIM_SELECT && k > 0 && arg->kind == EXPR_PRIM && prim_table[arg->u.prim.op].cost > 0);
  }
  return any;
}

static bool is_masked(const Function *f, const Step *step) {
  return f->tile && step->lane == LANE_GATHER && !is_multiple(f, f->tile->extent);
}

void note_sides(Function *f, const Step *step, size_t count) {
  f->long_sides = false;
  f->stamp++;
  for (size_t k = 0; k < count && !f->long_sides; k++) {
    if (step[k].kind != STEP_NODE || step[k].idle) continue;
    const Expr *e = f->expr[step[k].node->id];
    f->long_sides = is_masked(f, &step[k]) || has_long_side(f, e);
  }
}

void open_lines(Function *f, OpenLines *l) {
  l->indent = f->indent;
  open_scope(f, &l->names, &l->lets);
  f->indent--;
}

void close_lines(Function *f, const OpenLines *l) {
  close_scope(f, l->names, l->lets);
  f->indent++;
  while (f->indent > l->indent) {
    f->indent--;
    line_start(f);
    text_put(&f->body, "}\n");
  }
}

void put_few(Function *f) {
  f->unit->helper[HELPER_FEW] = true;
  line_start(f);
  text_put(&f->body, "MDL_FEW\n");
}

void put_unroll(Function *f) {
  f->unit->helper[HELPER_UNROLL] = true;
  line_start(f);
  text_put(&f->body, "MDL_UNROLL\n");
}

void put_singly(Function *f) {
  line_start(f);
  text_put(&f->body, "MDL_SINGLY;\n");
}

// Where the vectors begin that blocks of so many leave (0: none).
static void put_vectors_start(Function *f, int before) {
  f->unit->helper[HELPER_VECTORS] = true;
  line_start(f);
  text_put(&f->body, "MDL_VECTORS\n");
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = ", f->vector_name);
  if (before)
    text_printf(&f->body, "%s - %s %% %d; ", f->lanes_name, f->lanes_name, before * lanes_of(f));
  else
    text_put(&f->body, "0; ");
}

// for `many` vectors of the tile at a time, as long as there are so many
void open_blocks(Function *f, int before, int many) {
  const char *v = f->vector_name;
  const int size = many * lanes_of(f);
  put_vectors_start(f, before);
  text_printf(&f->body, "%s + %d <= %s; %s += %d) {\n", v, size, f->lanes_name, v, size);
  f->indent++;
}

// for all vectors that blocks of so many leave
void open_rest(Function *f, int before) {
  const char *v = f->vector_name;
  put_vectors_start(f, before);
  text_printf(&f->body, "%s < %s; %s += %d) {\n", v, f->lanes_name, v, lanes_of(f));
  f->indent++;
}

// for all vectors of the tile
void open_vectors(Function *f) {
  open_rest(f, 0);
}

void open_lane_loop(Function *f, const char *lane) {
  f->unit->helper[HELPER_LANES] = true;
  line_start(f);
  text_put(&f->body, "MDL_LANES\n");
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = 0; %s < %d; %s++) {\n", lane, lane, lanes_of(f), lane);
  f->indent++;
}

// for all lanes of a vector of the tile
void open_lanes(Function *f) {
  open_lane_loop(f, f->lane_name);
  set_lane(f, arena_printf(f->s->arena, "%s + %s", f->vector_name, f->lane_name), true);
}

// for the samples from that one on
void open_samples(Function *f, const char *from) {
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s; %s < %s; %s++) {\n", f->lane_name, from, f->lane_name, f->lanes_name,
              f->lane_name);
  f->indent++;
  set_lane(f, f->lane_name, false);
}

void put_extent(Function *f, const Loop *loop, int precedence) {
  if (loop == f->part) {
    text_put(&f->body, f->part_to);
    return;
  }
  put_expr(f, &f->body, expr_poly(f->s->pool, loop->extent), precedence);
}

void put_until(Function *f, const Loop *loop, const char *end, int precedence) {
  if (end)
    text_put(&f->body, end);
  else
    put_extent(f, loop, precedence);
}

void put_round_head(Function *f, const Loop *loop, const char *from, int rounds, const char *end) {
  line_start(f);
  text_printf(&f->body, "int64_t %s = ", from);
  put_loop_start(f, loop);
  text_put(&f->body, ";\n");
  line_start(f);
  text_printf(&f->body, "for (; %s + %d <= ", from, rounds);
  put_until(f, loop, end, PREC_ADD);
  text_printf(&f->body, "; %s += %d) {\n", from, rounds);
}

// Is nothing left over behind the last whole vector?
bool is_multiple(const Function *f, const Poly *extent) {
  Dims *dims = f->s->task.graph->dims;
  int64_t value;
  return poly_fixed(dims, extent, &value) && value % lanes_of(f) == 0;
}

bool goes_on(const Function *f, const Expr *e, const Loop *loop) {
  size_t count;
  const Expr **part = expr_parts(f->s->arena, e, &count);
  for (size_t k = 0; k < count; k++)
    for (int q = 0; part[k]->kind == EXPR_READ && q < part[k]->u.read.node->nout; q++) {
      const Expr *sub = part[k]->u.read.sub[q];
      const Poly *extent = part[k]->u.read.node->index[q].extent;
      if (mentions_loop(sub, loop) && (sub->kind != EXPR_INDEX || !is_entry(f, sub, extent))) return false;
    }
  return true;
}

void open_condition(Function *f, const Expr *condition, OpenLines *l) {
  f->bound = true;
  line_start(f);
  text_put(&f->body, "if (");
  put_expr(f, &f->body, condition, PREC_NONE);
  text_put(&f->body, ") {\n");
  l->indent = f->indent;
  open_scope(f, &l->names, &l->lets);
}

void declare_lanes(Function *f, const char *type, const char *name) {
  line_start(f);
  text_printf(&f->body, "%s %s[%d];\n", type, name, SAMPLE_TILE);
}
