// entry.c - where nodes' entries are, what they start from, how loops hand their states on and are left.
#include "emit/tile.h"

// ---- entries ----

const char *element_type(const Function *f, const Node *n) {
  return n->type == TYPE_REAL ? f->unit->real : "int64_t";
}

const char *contender_type(const Function *f, const Node *n) {
  return n->expr->type == TYPE_INT ? "int64_t" : f->unit->real;
}

// The entry of n that the open loops are at.
static void put_entry_here(Function *f, Text *t, const Node *n, bool assigns) {
  const Place *p = &f->s->place[n->id];
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) sub[k] = p->loop[k] ? expr_index(f->s->pool, p->loop[k]->id) : NULL;
  if (n->kind == NODE_SCATTER)
    for (int k = 0; k < n->nout; k++) sub[k] = f->target[n->id][k];
  if (p->stored == STORED_SINK && n->nout == 0) {
    f->sink_used[p->sink] = true;
    const size_t start = t->length;
    text_put(t, f->sink[p->sink].lvalue);
    rest_write(f, t, start, n, NULL, assigns);
    return;
  }
  put_written_entry(f, t, n, sub, assigns);
}

void put_own_entry(Function *f, Text *t, const Node *n) {
  put_entry_here(f, t, n, false);
}

void put_assigned_entry(Function *f, Text *t, const Node *n) {
  put_entry_here(f, t, n, true);
}

const char *own_entry(Function *f, const Node *n) {
  Text t;
  text_init(&t);
  put_own_entry(f, &t, n);
  const char *entry = arena_strdup(f->s->arena, t.s);
  text_free(&t);
  return entry;
}

static void put_sink_at(Function *f, Text *t, const Node *n, int sink, const Expr *const *sub) {
  f->sink_used[sink] = true;
  if (n->nout == 0) {
    text_put(t, f->sink[sink].lvalue);
    return;
  }
  const Expr *flat = flat_position(f, n, sub, NULL, &f->sink[sink]);
  text_printf(t, "%s[", f->sink[sink].pointer);
  put_expr(f, t, flat, PREC_NONE);
  text_char(t, ']');
}

void put_sink_entry(Function *f, Text *t, const Node *n, int sink) {
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(f->s->pool, f->s->place[n->id].loop[k]->id);
  const size_t start = t->length;
  put_sink_at(f, t, n, sink, sub);
  rest_write(f, t, start, n, sub, !f->s->task.sinks[sink].accumulate);
}

void put_neutral(Function *f, Text *t, const Node *n) {
  bool use_float = f->unit->options->use_float;
  if (n->type != TYPE_REAL) {
    text_put(t, n->reduce == REDUCE_PROD  ? "1"
                : n->reduce == REDUCE_MAX ? "INT64_MIN"
                : n->reduce == REDUCE_MIN ? "INT64_MAX"
                                          : "0");
    return;
  }
  switch (n->reduce) {
  case REDUCE_PROD: put_real(t, 1.0, use_float); break;
  case REDUCE_MAX: text_put(t, use_float ? "-HUGE_VALF" : "-HUGE_VAL"); break;
  case REDUCE_MIN: text_put(t, use_float ? "HUGE_VALF" : "HUGE_VAL"); break;
  default: put_real(t, 0.0, use_float);
  }
}

bool loop_around(const Loop *outer, const Loop *inner) {
  for (; inner; inner = inner->parent)
    if (inner == outer) return true;
  return false;
}

// ---- entries in loops of their own ----

// Loops over the kept axes of n that no loop around this place runs over, all but `axis`; sub[] takes the indices of all.
// A loop of its own borrows an index beyond those of the schedule.
static int open_entry_loops(Function *f, const Node *n, int axis, const Loop *around, const Expr **sub) {
  const Place *p = &f->s->place[n->id];
  Graph *pool = f->s->pool;
  int opened = 0;
  for (int k = 0; k < n->nout; k++) {
    if (k == axis) continue;
    if (p->loop[k] && loop_around(p->loop[k], around)) {
      sub[k] = expr_index(pool, p->loop[k]->id);
      continue;
    }
    size_t id = f->s->nloops + (size_t)opened++;
    sub[k] = expr_index(pool, (int)id);
    const char *name = names_take(&f->names, n->index[k].name ? n->index[k].name : "k");
    f->loop_name[id] = name;
    line_start(f);
    text_printf(&f->body, "for (int64_t %s = 0; %s < ", name, name);
    put_expr(f, &f->body, expr_poly(pool, n->index[k].extent), PREC_COMPARE + 1);
    text_printf(&f->body, "; %s++)\n", name);
    f->indent++;
  }
  return opened;
}

// Lanes behind the last sample read what it reads, until set_lane: what they are made of ends with it.
static void keep_to_samples(Function *f) {
  if (!f->tile || !f->wide) return;
  f->loop_name[f->tile->id] =
      arena_printf(f->s->arena, "%s + (%s < %s ? %s : %s - 1)", f->tile_name, f->lane, f->lanes_name, f->lane, f->lanes_name);
}

// What n's entry `sub` holds before anything is added to it: a carry's start, a scatter's base, a neutral value.
static void put_start(Function *f, Text *t, const Node *n, const Expr *const *sub) {
  const Expr *start = n->kind == NODE_CARRY ? n->expr : n->base;
  if (start)
    put_expr(f, t, expr_substitute(f->s->pool, start, sub, n->nout, NULL), PREC_NONE);
  else
    put_neutral(f, t, n);
}

const Expr *first_state(const Function *f, const Node *c) {
  return c->reverse ? expr_poly(f->s->pool, c->next->index[c->axis].extent) : expr_int(f->s->pool, 0);
}

// Do all entries of an array, which lie side by side, start from the same value, and stands no loop over one of its axes open?
static bool starts_alike(const Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  const bool dense = p->stored == STORED_WORK || (p->stored == STORED_SINK && !f->sink[p->sink].stride);
  if (!dense || p->lane || n->nout < 2 || n->kind == NODE_CARRY || n->base) return false;
  for (int k = 0; k < n->nout; k++)
    if ((p->kept && !p->kept[k]) || (p->loop[k] && loop_around(p->loop[k], p->home))) return false;
  return true;
}

// for (int64_t i = 0; i < n * d; i++)
//   x[i] = 0.0;
static void put_alike(Function *f, const Node *n) {
  Text *t = &f->body;
  Dims *dims = f->s->task.graph->dims;
  const size_t mark = f->names.count;
  const Poly *size = poly_int(dims, 1);
  for (int k = 0; k < n->nout; k++) size = poly_mul(dims, size, n->index[k].extent);
  const char *i = names_take(&f->names, "i");
  f->unguarded = true;
  line_start(f);
  text_printf(t, "for (int64_t %s = 0; %s < ", i, i);
  put_expr(f, t, expr_poly(f->s->pool, size), PREC_COMPARE + 1);
  text_printf(t, "; %s++)\n", i);
  f->indent++;
  line_start(f);
  text_printf(t, "%s[%s] = ", array_name(f, n), i);
  put_neutral(f, t, n);
  text_put(t, ";\n");
  f->indent--;
  names_release(&f->names, mark);
}

void put_init_alone(Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  Text *t = &f->body;
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  bool carry = n->kind == NODE_CARRY;
  if (f->s->order[n->id].kind == ORDER_LANES) {
    put_partial_sums(f, n, partial_sums(f, n));
    return;
  }
  if (p->stored == STORED_LOCAL) {
    for (int k = 0; k < n->nout; k++) sub[k] = p->loop[k] ? expr_index(f->s->pool, p->loop[k]->id) : NULL;
    line_start(f);
    if (p->lane)
      put_entry(f, t, n, sub);
    else
      text_printf(t, "%s %s", element_type(f, n), f->node_name[n->id]);
    text_put(t, " = ");
    keep_to_samples(f);
    if (p->in_place)
      put_sink_entry(f, t, n, p->sink);
    else
      put_start(f, t, n, sub);
    set_lane(f, f->lane, f->wide);
    text_put(t, ";\n");
  } else if (!p->in_place && starts_alike(f, n)) {
    put_alike(f, n);
  } else if (!p->in_place) {
    size_t mark = f->names.count;
    int opened = open_entry_loops(f, n, carry ? n->axis : -1, p->home, sub);
    if (carry) sub[n->axis] = first_state(f, n);
    if (p->lane && !carry && n->kind == NODE_COMP) {
      line_start(f);
      text_printf(t, "for (int64_t %s = 0; %s < %s; %s++)\n", f->lane, f->lane, lane_stride(f, n), f->lane);
      f->indent++;
      opened++;
    }
    line_start(f);
    if (p->stored == STORED_SINK && n->nout == 0)
      put_own_entry(f, t, n);
    else
      put_entry(f, t, n, sub);
    text_put(t, " = ");
    keep_to_samples(f);
    put_start(f, t, n, sub);
    set_lane(f, f->lane, f->wide);
    text_put(t, ";\n");
    f->indent -= opened;
    names_release(&f->names, mark);
  }
}

void put_least(Function *f, const Node *n) {
  const char *least = n->expr->type == TYPE_INT ? "INT64_MIN" : f->unit->options->use_float ? "-HUGE_VALF" : "-HUGE_VAL";
  if (n->reduce != REDUCE_ARGMAX) return;
  line_start(f);
  if (starts_in_tile(f, n))
    text_printf(&f->body, "%s[%s] = %s;\n", f->best_name[n->id], f->lane, least);
  else
    text_printf(&f->body, "%s %s = %s;\n", contender_type(f, n), f->best_name[n->id], least);
}

void put_init(Function *f, const Node *n) {
  put_init_alone(f, n);
  put_least(f, n);
}

// Behind a step, the state becomes what the step made of it.
void put_next(Function *f, const Node *c) {
  const Loop *steps = f->s->place[c->id].loop[c->axis];
  Graph *pool = f->s->pool;
  Text *t = &f->body;
  size_t mark = f->names.count;
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)c->nout);
  int opened = open_entry_loops(f, c, c->axis, steps, sub);
  const Expr *step = expr_index(pool, steps->id);
  sub[c->axis] = c->reverse ? step : expr_prim2(pool, PRIM_ADD, step, expr_int(pool, 1));
  line_start(f);
  put_entry(f, t, c, sub);
  text_put(t, " = ");
  sub[c->axis] = step;
  keep_to_samples(f);
  put_entry(f, t, c->next, sub);
  set_lane(f, f->lane, f->wide);
  text_put(t, ";\n");
  f->indent -= opened;
  names_release(&f->names, mark);
}

// ---- leaving ----

// What follows the last step made, in the node or, where it is not negative, in that sink of it.
static void put_filled(Function *f, const Node *n, const Loop *loop, int sink) {
  const Place *p = &f->s->place[n->id];
  Graph *pool = f->s->pool;
  Text *t = &f->body;
  size_t mark = f->names.count;
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  int axis = 0;
  while (p->loop[axis] != loop) axis++;
  const Node *c = n->kind == NODE_CARRY && n->axis == axis ? n : state_taking(f->s, loop, n);
  int opened = open_entry_loops(f, n, axis, loop, sub);
  const Expr *step = expr_index(pool, loop->id);
  line_start(f);
  sub[axis] = n == c ? expr_prim2(pool, PRIM_ADD, step, expr_int(pool, 1)) : step;
  if (sink >= 0)
    put_sink_at(f, t, n, sink, sub);
  else
    put_entry(f, t, n, sub);
  text_put(t, " = ");
  sub[axis] = step;
  if (c)
    put_entry(f, t, c, sub);
  else
    text_put(t, n->type == TYPE_REAL ? (f->unit->options->use_float ? "0.0f" : "0.0") : "0");
  text_put(t, ";\n");
  f->indent -= opened;
  names_release(&f->names, mark);
}

// A variable is filled up where it has been stored step by step.
static void put_filled_everywhere(Function *f, const Node *n, const Loop *loop) {
  if (f->s->place[n->id].stored != STORED_LOCAL) {
    put_filled(f, n, loop, -1);
    return;
  }
  for (size_t k = 0; k < f->s->task.nsinks; k++)
    if (f->s->task.sinks[k].node == n) put_filled(f, n, loop, (int)k);
}

void put_leave(Function *f, const Step *step) {
  const Loop *loop = step->loop;
  const Node *n = step->node;
  Text *t = &f->body;
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(f->s->pool, f->s->place[n->id].loop[k]->id);
  f->bound = true;
  line_start(f);
  text_put(t, "if (!");
  put_entry(f, t, n, sub);
  text_put(t, loop->nfill ? ") {\n" : ") break;\n");
  if (!loop->nfill) return;
  const char *now = f->loop_name[loop->id];
  size_t mark = f->names.count;
  const char *rest = names_take(&f->names, now);
  f->indent++;
  line_start(f);
  text_printf(t, "for (int64_t %s = %s; %s < ", rest, now, rest);
  put_expr(f, t, expr_poly(f->s->pool, loop->extent), PREC_COMPARE + 1);
  text_printf(t, "; %s++) {\n", rest);
  f->indent++;
  f->loop_name[loop->id] = rest;
  for (size_t k = 0; k < loop->nfill; k++) put_filled_everywhere(f, loop->fill[k], loop);
  f->loop_name[loop->id] = now;
  f->indent--;
  line_start(f);
  text_put(t, "}\n");
  line_start(f);
  text_put(t, "break;\n");
  f->indent--;
  line_start(f);
  text_put(t, "}\n");
  names_release(&f->names, mark);
}
