// body.c - the loop tree as C statements.
#include <string.h>

#include "emit/delay.h"
#include "schedule/internal.h"

// ---- accumulators ----

// A larger value, or the first that is not a number, takes the lead; its place is the flat position.
static void put_contender(Function *f, const Node *n, const Expr *value) {
  Text *t = &f->body;
  const Place *p = &f->s->place[n->id];
  Graph *pool = f->s->pool;
  const char *best = f->best_name[n->id];
  if (starts_in_tile(f, n)) best = arena_printf(f->s->arena, "%s[%s]", best, f->lane);
  const Expr *flat = NULL;
  for (int k = n->nout; k < n->nout + n->nred; k++) {
    const Expr *i = expr_index(pool, p->loop[k]->id);
    flat =
        flat ? expr_prim2(pool, PRIM_ADD, expr_prim2(pool, PRIM_MUL, flat, expr_poly(pool, n->index[k].extent)), i) : i;
  }
  const char *contender = names_take(&f->names, "contender");
  line_start(f);
  text_printf(t, "const %s %s = ", contender_type(f, n), contender);
  put_expr(f, t, value, PREC_NONE);
  text_put(t, ";\n");
  line_start(f);
  if (n->expr->type == TYPE_INT)
    text_printf(t, "if (%s > %s) {\n", contender, best);
  else
    text_printf(t, "if (%s > %s || (%s != %s && %s == %s)) {\n", contender, best, contender, contender, best, best);
  f->indent++;
  line_start(f);
  text_printf(t, "%s = %s;\n", best, contender);
  line_start(f);
  put_own_entry(f, t, n);
  text_put(t, " = ");
  put_expr(f, t, flat, PREC_NONE);
  text_put(t, ";\n");
  f->indent--;
  line_start(f);
  text_put(t, "}\n");
}

// In lanes nothing branches: the condition by which a term, or what changes nothing, is added.  Null: it is none of that kind.
static const Expr *chosen_by(const Function *f, const Node *n) {
  const bool sums = n->reduce == REDUCE_SUM || (n->kind == NODE_SCATTER && !n->assign);
  const bool joined = f->s->order[n->id].kind == ORDER_LANES;
  return f->wide && n->type == TYPE_REAL && (sums || joined) ? guard_within(f, n) : NULL;
}

static void put_accumulation(Function *f, const Node *n) {
  if (n->reduce == REDUCE_ARGMAX) {
    prepare_expr(f, f->expr[n->id]);
    put_contender(f, n, f->expr[n->id]);
    return;
  }
  if (f->s->order[n->id].kind == ORDER_LANES)
    put_lane_term(f, n, term_lane(f, n), rest_mask(f), chosen_by(f, n));
  else
    put_term(f, n, f->singly ? record_entry(f, n) : own_entry(f, n), NULL, chosen_by(f, n));
}

// Is that entry, which n writes in the loop's step, read behind n before a function is called, for which variables are put away?
static bool is_read_soon(const Function *f, const Loop *loop, const Node *n, const Expr *read) {
  Arena *a = arena_new();
  bool behind = false, found = false, called = false;
  for (size_t k = 0; k < loop->nbody && !found && !called; k++) {
    const Step *step = &loop->body[k];
    called = behind && step->kind == STEP_LOOP;
    if (behind && step->kind == STEP_NODE && f->expr[step->node->id]) {
      size_t count;
      const Expr **part = expr_parts(a, f->expr[step->node->id], &count);
      for (size_t j = 0; j < count; j++) {
        found = found || part[j] == read;
        called = called || (part[j]->kind == EXPR_PRIM && math_is_function(part[j]->u.prim.op));
      }
      arena_clear(a);
    }
    behind = behind || (step->kind == STEP_NODE && step->node == n);
  }
  arena_free(a);
  return found;
}

// What the step in hand of a loop writes to an array and reads again is read from a variable: from memory compilers take it once
// something else has been stored, and the step waits for that.  Null: it is no such entry.
static const Expr *entry_read_again(const Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  const Loop *inner = NULL;
  if (f->wide || f->tile || f->team || p->lane || n->type != TYPE_REAL || f->expr[n->id]->kind != EXPR_PRIM) return NULL;
  if (p->stored != STORED_WORK && p->stored != STORED_SINK) return NULL;
  for (int k = 0; k < n->nout; k++) {
    if (!p->loop[k]) return NULL;
    if (!inner || p->loop[k]->depth > inner->depth) inner = p->loop[k];
    sub[k] = expr_index(f->s->pool, p->loop[k]->id);
  }
  if (!inner || !inner->carries) return NULL;
  const Expr *read = expr_read(f->s->pool, n, sub);
  return read->id < f->nexpr && is_read_soon(f, inner, n, read) ? read : NULL;
}

static void put_node(Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  Text *t = &f->body;
  if (node_accumulates(n)) {
    if (!guard_within(f, n) || chosen_by(f, n)) {
      put_accumulation(f, n);
      return;
    }
    OpenLines l;
    open_condition(f, p->guard, &l);
    put_accumulation(f, n);
    close_lines(f, &l);
    return;
  }
  const Expr *value = f->expr[n->id];
  const bool variable = p->stored == STORED_LOCAL && !p->lane;
  if (variable && is_branch(f, value)) {
    prepare_expr(f, value->u.prim.arg[0]);
    define_branch(f, value, f->node_name[n->id]);
    return;
  }
  const bool add = p->stored == STORED_SINK && f->s->task.sinks[p->sink].accumulate;
  if (variable)
    prepare_parts(f, value); // the value itself becomes the node's variable
  else
    prepare_expr(f, value);
  if (add && is_product(value) && !let_of(f, value)) define_let(f, value); // what is added is rounded, wherever it is kept
  const Expr *again = add || variable ? NULL : entry_read_again(f, n);
  if (again || (!variable && value->kind == EXPR_PRIM && is_next_number(f, n))) define_let_as(f, value, arena_printf(f->s->arena, "%s_now", f->node_name[n->id]));
  line_start(f);
  if (variable) {
    text_printf(t, "const %s %s = ", element_type(f, n), f->node_name[n->id]);
  } else {
    (add ? put_own_entry : put_assigned_entry)(f, t, n);
    text_put(t, add ? " += " : " = ");
    if (add) count_flops(f, 1);
  }
  put_expr(f, t, value, PREC_NONE);
  text_put(t, ";\n");
  rest_assigned(f);
  if (variable && n->type == TYPE_REAL) name_let(f, value, f->node_name[n->id]);
  if (again) name_let(f, again, let_of(f, value));
}

// ---- loops, stores, copies ----

static void hoist_loop(Function *f, const Loop *loop, int depth) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->kind == STEP_LOOP) hoist_loop(f, step->loop, depth);
    if (step->kind != STEP_NODE || !f->expr[step->node->id]) continue;
    if (f->s->place[step->node->id].guard && node_accumulates(step->node)) continue;
    const Expr *value[3];
    for (int j = 0, count = written_values(f, step->node, value); j < count; j++) hoist_expr(f, value[j], depth);
  }
}

static bool plainly_nonnegative(const Function *f, const Expr *e) {
  if (e->kind == EXPR_INDEX) return true;
  if (e->kind == EXPR_POLY) return poly_is_nonnegative(f->s->task.graph->dims, e->u.poly);
  return (expr_is_prim(e, PRIM_ADD) || expr_is_prim(e, PRIM_MUL)) &&
         plainly_nonnegative(f, e->u.prim.arg[0]) && plainly_nonnegative(f, e->u.prim.arg[1]);
}

static bool plainly_at_most(const Function *f, const Expr *e, const Expr *limit) {
  Dims *dims = f->s->task.graph->dims;
  return e->kind == EXPR_POLY && poly_is_nonnegative(dims, poly_sub(dims, limit->u.poly, e->u.poly));
}

// min(extent, high…) or max(0, low…) as nested calls; they are computed once, before the loop.
static void put_limit(Function *f, const Expr *first, const Expr *const *more, size_t count, bool high) {
  if (count && (high ? plainly_at_most(f, more[0], first) : plainly_nonnegative(f, more[0]))) {
    first = more[0];
    more++;
    count--;
  }
  const char *call = high ? "mdl_min_integer(" : "mdl_max_integer(";
  if (count) f->unit->helper[high ? HELPER_MIN_INTEGER : HELPER_MAX_INTEGER] = true;
  for (size_t k = 0; k < count; k++) text_put(&f->body, call);
  put_expr(f, &f->body, first, count ? PREC_NONE : PREC_COMPARE + 1);
  for (size_t k = 0; k < count; k++) {
    text_put(&f->body, ", ");
    put_expr(f, &f->body, more[k], PREC_NONE);
    text_char(&f->body, ')');
  }
}

const char *put_loop_end(Function *f, const Loop *loop) {
  if (!loop->nhigh) return NULL;
  const char *end = names_take(&f->names, arena_printf(f->s->arena, "%s_end", loop->name));
  line_start(f);
  text_printf(&f->body, "const int64_t %s = ", end);
  put_limit(f, expr_poly(f->s->pool, loop->extent), loop->high, loop->nhigh, true);
  text_put(&f->body, ";\n");
  return end;
}

void put_loop_start(Function *f, const Loop *loop) {
  if (loop == f->part) {
    text_put(&f->body, f->part_from);
    return;
  }
  put_limit(f, expr_int(f->s->pool, 0), loop->low, loop->nlow, false);
}

void open_loop_from(Function *f, const Loop *loop, const char *from, const char *end, LoopText *text) {
  Text *t = &f->body;
  Graph *pool = f->s->pool;
  text->loop = loop;
  open_scope(f, &text->names, &text->lets);
  f->indent--;
  const char *name = f->loop_name[loop->id] = f->loop_variable[loop->id] = names_take(&f->names, loop->name);
  line_start(f);
  text_printf(t, "for (int64_t %s = ", name);
  if (loop->reverse) {
    put_expr(f, t, expr_poly(pool, loop->extent), PREC_NONE);
    text_printf(t, "; %s-- > 0;) {\n", name);
  } else {
    if (from)
      text_put(t, from);
    else
      put_loop_start(f, loop);
    text_printf(t, "; %s < ", name);
    if (end)
      text_put(t, end);
    else
      put_expr(f, t, expr_poly(pool, loop->extent), PREC_COMPARE + 1);
    text_printf(t, "; %s++) {\n", name);
  }
  f->indent++;
  if (loop->nlow || loop->nhigh) f->bound = true;
  text->trips = f->trips;
  f->trips = poly_mul(f->s->task.graph->dims, f->trips, loop->extent);
}

void open_loop(Function *f, const Loop *loop, LoopText *text) {
  open_loop_from(f, loop, NULL, put_loop_end(f, loop), text);
}

void close_loop(Function *f, const LoopText *text) {
  f->trips = text->trips;
  close_scope(f, text->names, text->lets);
  line_start(f);
  text_put(&f->body, "}\n");
}

static void put_loop(Function *f, const Loop *loop, int depth) {
  Text *t = &f->body;
  f->stamp++;
  hoist_loop(f, loop, depth);
  if (depth == 0) {
    if (t->length) text_char(t, '\n');
    put_formulas(f, loop->body, loop->nbody);
  }
  if (f->team)
    put_team_loop(f, loop, depth);
  else
    put_part(f, loop, depth);
}

static bool chooses_by(const void *loop, const Expr *e) {
  return expr_is_prim(e, PRIM_SELECT) && mentions_loop(e->u.prim.arg[0], loop);
}

// Does it add something to entries, chosen by the number of the loop's iteration?
static bool adds_chosen(const Function *f, const Loop *body, const Loop *loop) {
  bool any = false;
  for (size_t k = 0; k < body->nbody && !any; k++) {
    const Step *step = &body->body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP)
      any = adds_chosen(f, step->loop, loop);
    else
      any = step->kind == STEP_NODE && node_accumulates(step->node) && expr_has(f->expr[step->node->id], chooses_by, loop);
  }
  return any;
}

static bool runs_plainly(const Loop *loop) {
  return !loop->carries && !loop->reverse && !loop->nlow && !loop->nhigh;
}

// Within another loop, has it a few iterations of that kind?  Written out they have chosen.
static bool is_written_out(const Function *f, const Loop *loop) {
  enum { FEW = 4 };
  return loop->parent && runs_plainly(loop) && is_shorter(f->s->task.graph->dims, loop->extent, FEW + 1) && adds_chosen(f, loop, loop);
}

// Has it few iterations, without loops inside, that add something up or choose?  Written out, sums stay in registers and choices are
// made.
static bool is_short(const Function *f, const Loop *loop) {
  bool any = false;
  if (f->tile || !runs_plainly(loop) || !is_shorter(f->s->task.graph->dims, loop->extent, SHORTEST_STRIP)) return false;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP) return false;
    any = any || (step->kind == STEP_NODE && (node_accumulates(step->node) || expr_has(f->expr[step->node->id], chooses_by, loop)));
  }
  return any;
}

void put_part(Function *f, const Loop *loop, int depth) {
  if (loop->lanes == LANES_TILE) {
    put_tile(f, loop, depth);
    return;
  }
  if (loop->blocks || loop->delayed) {
    (loop->blocks ? put_blocks : put_near)(f, loop, depth);
    return;
  }
  const char *end = loop == f->part ? f->part_to : put_loop_end(f, loop);
  if (loop->lanes == LANES_STRIP || loop->lanes == LANES_TURNS || loop->lanes == LANES_HELD) {
    (loop->lanes == LANES_HELD ? put_held : put_strip)(f, loop, depth, end);
    return;
  }
  if (loop->lanes == LANES_SHORT) {
    put_short(f, loop, depth);
    return;
  }
  LoopText text;
  Numbers numbers;
  const char *from = put_dots(f, loop, end);
  const size_t before = f->body.length;
  open_fixed(f, loop);
  open_numbers(f, loop, &numbers);
  if (is_written_out(f, loop) || is_short(f, loop)) put_unroll(f);
  open_loop_from(f, loop, from, end, &text);
  recall_numbers(f, &numbers);
  put_steps(f, loop->body, loop->nbody, depth + 1);
  put_next_numbers(f, &numbers);
  close_loop(f, &text);
  close_fixed(f, loop);
  if (!from) return;
  f->loop_variable[loop->id] = from; // the loop is told by it
  if (dots_leave_none(f, loop)) text_cut(&f->body, before); // it has only counted operations
}

void put_finish(Function *f, const Node *n, const char *joined) {
  const Place *p = &f->s->place[n->id];
  const bool add = p->stored == STORED_SINK && f->s->task.sinks[p->sink].accumulate;
  line_start(f);
  if (p->stored == STORED_LOCAL)
    text_printf(&f->body, "const %s %s", f->unit->real, f->node_name[n->id]);
  else
    put_own_entry(f, &f->body, n);
  text_put(&f->body, add ? " += " : " = ");
  if (add) count_flops(f, 1);
  if (joined)
    text_put(&f->body, joined);
  else
    put_join(f, &f->body, n, partial_sums(f, n));
  text_put(&f->body, ";\n");
  if (p->stored != STORED_LOCAL || !f->unit->options->no_simplify) return;
  line_start(f); // what is not simplified may have no use for it
  text_printf(&f->body, "(void)%s;\n", f->node_name[n->id]);
}

static void put_store(Function *f, const Step *step) {
  const Place *p = &f->s->place[step->node->id];
  const Sink *sink = &f->s->task.sinks[step->sink];
  line_start(f);
  put_sink_entry(f, &f->body, step->node, step->sink);
  bool add = sink->accumulate && !p->in_place;
  if (add) count_flops(f, 1);
  text_printf(&f->body, " %s %s%s", add ? "+=" : "=", f->node_name[step->node->id], p->stored == STORED_WORK ? "[0]" : "");
  if (p->lane) text_printf(&f->body, "[%s]", f->lane);
  text_put(&f->body, ";\n");
  rest_assigned(f);
  f->node_used[step->node->id] = true;
}

static void put_copy(Function *f, const Step *step) {
  const Node *n = step->node;
  const Sink *sink = &f->s->task.sinks[step->sink];
  Text *t = &f->body;
  const char *assign = sink->accumulate ? "+=" : "=";
  f->sink_used[step->sink] = true;
  if (n->nout == 0) {
    line_start(f);
    const Place *p = &f->s->place[n->id];
    text_printf(t, "%s %s %s%s;\n", f->sink[step->sink].lvalue, assign, array_name(f, n),
                p->stored == STORED_WORK || p->stored == STORED_GIVEN ? "[0]" : "");
    return;
  }
  Dims *dims = f->s->task.graph->dims;
  const SinkPlace *in = &f->sink[step->sink];
  const Poly *rows = poly_int(dims, 1), *size = rows;
  for (int k = 0; k < n->nout; k++) {
    const Poly **part = in->stride && k < in->nrow ? &rows : &size;
    *part = poly_mul(dims, *part, n->index[k].extent);
  }
  size_t mark = f->names.count;
  Graph *pool = f->s->pool;
  const char *row = in->stride ? names_take(&f->names, "row") : NULL, *i = names_take(&f->names, "k");
  line_start(f);
  if (row) {
    text_printf(t, "for (int64_t %s = 0; %s < ", row, row);
    put_expr(f, t, expr_poly(pool, rows), PREC_COMPARE + 1);
    text_printf(t, "; %s++)\n", row);
    f->indent++;
    line_start(f);
    f->indent--;
  }
  text_printf(t, "for (int64_t %s = 0; %s < ", i, i);
  put_expr(f, t, expr_poly(pool, size), PREC_COMPARE + 1);
  text_printf(t, "; %s++) %s[", i, in->pointer);
  if (row) {
    text_printf(t, "%s * ", row);
    put_expr(f, t, expr_poly(pool, in->stride), PREC_MUL + 1);
    text_put(t, " + ");
  }
  text_printf(t, "%s] %s %s[", i, assign, array_name(f, n));
  if (row) {
    text_printf(t, "%s * ", row);
    put_expr(f, t, expr_poly(pool, size), PREC_MUL + 1);
    text_put(t, " + ");
  }
  text_printf(t, "%s];\n", i);
  if (sink->accumulate) {
    const Poly *outside = f->trips;
    f->trips = poly_mul(dims, rows, size);
    count_flops(f, 1);
    f->trips = outside;
  }
  names_release(&f->names, mark);
}

static void put_step(Function *f, const Step *step, int depth) {
  switch (step->kind) {
  case STEP_LOOP: put_loop(f, step->loop, depth); break;
  case STEP_INIT: put_init(f, step->node); break;
  case STEP_NODE:
    if (f->s->place[step->node->id].contraction) {
      if (depth == 0) put_formulas(f, step, 1);
      put_contraction(f, step->node);
    } else {
      put_node(f, step->node);
    }
    break;
  case STEP_FINISH: put_finish(f, step->node, NULL); break;
  case STEP_NEXT: put_next(f, step->node); break;
  case STEP_LEAVE: put_leave(f, step); break;
  case STEP_STORE: put_store(f, step); break;
  case STEP_COPY: put_copy(f, step); break;
  }
}

void put_steps(Function *f, const Step *steps, size_t count, int depth) {
  for (size_t k = 0; k < count; k++)
    if (!steps[k].idle) put_step(f, &steps[k], depth);
}

// ---- what is known of each expression before printing ----

bool is_entry(const Function *f, const Expr *sub, const Poly *extent) {
  Dims *dims = f->s->task.graph->dims;
  if (sub->kind == EXPR_INDEX) {
    const Poly *trips = f->s->loops[sub->u.index]->extent;
    return trips == extent || poly_is_nonnegative(dims, poly_sub(dims, extent, trips));
  }
  int64_t at, count;
  return sub->kind == EXPR_POLY && poly_fixed(dims, sub->u.poly, &at) && poly_fixed(dims, extent, &count) && at >= 0 && at < count;
}

static void survey(Function *f, const Expr *e) {
  if (f->visited[e->id]) return;
  f->visited[e->id] = 1;
  int level = 0;
  bool safe = true;
  if (e->kind == EXPR_INDEX) {
    level = f->s->loops[e->u.index]->depth;
  } else if (e->kind == EXPR_READ) {
    for (int k = 0; k < e->u.read.node->nout; k++) {
      const Expr *sub = e->u.read.sub[k];
      f->parents[sub->id]++;
      survey(f, sub);
      if (f->level[sub->id] > level) level = f->level[sub->id];
      safe = safe && is_entry(f, sub, e->u.read.node->index[k].extent);
    }
  } else if (e->kind == EXPR_PRIM) {
    const Expr *operand[3];
    for (int k = 0, count = written_operands(f, e, operand); k < count; k++) {
      const Expr *arg = operand[k];
      f->parents[arg->id]++;
      survey(f, arg);
      if (f->level[arg->id] > level) level = f->level[arg->id];
      safe = safe && f->safe[arg->id];
    }
  }
  f->level[e->id] = level;
  f->degree[e->id] = (uint8_t)expr_degree(f, e);
  f->safe[e->id] = safe;
}

static void survey_root(Function *f, const Expr *e) {
  f->parents[e->id]++;
  survey(f, e);
}

// Zero, or false, where the guard does not hold.
static const Expr *guarded(Graph *g, const Expr *guard, const Expr *e) {
  if (e->type == TYPE_BOOL) return expr_prim2(g, PRIM_AND, guard, e);
  return expr_select(g, guard, e, e->type == TYPE_REAL ? expr_real(g, 0) : expr_int(g, 0));
}

// Of nodes in loops with edges: what they are between these.
static void note_inside(Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  for (int k = 0; k < n->nout + n->nred; k++) {
    const Loop *loop = p->loop[k];
    if (!loop || !edges_any(loop->edges)) continue;
    const Inside in = {f->s->task.graph->dims, loop->id, loop->extent, loop->edges};
    f->inside[n->id] = edges_inside(f->s->pool, f->expr[n->id], &in);
    const Expr *guard = p->guard ? edges_inside(f->s->pool, p->guard, &in) : NULL;
    f->guard_inside[n->id] = guard && guard->kind == EXPR_BOOL && guard->u.boolean ? NULL : guard;
    return;
  }
}

static void survey_all(Function *f) {
  Schedule *s = f->s;
  const Graph *g = s->task.graph;
  Arena *a = s->arena;
  f->expr = arena_array(a, const Expr *, g->count);
  f->inside = arena_array(a, const Expr *, g->count);
  f->guard_inside = arena_array(a, const Expr *, g->count);
  f->target = arena_array(a, const Expr **, g->count);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    const Place *p = &s->place[k];
    if (!p->loop || n->kind == NODE_CARRY || p->contraction) continue;
    f->expr[k] = expand_powers(s->pool, schedule_expr(s, n, n->expr));
    if (p->guard) s->place[k].guard = expand_powers(s->pool, p->guard);
    if (p->guard && !node_accumulates(n)) f->expr[k] = guarded(s->pool, p->guard, f->expr[k]);
    note_inside(f, n);
    f->target[k] = arena_array(a, const Expr *, (size_t)n->nout + 1);
    for (int q = 0; n->target && q < n->nout; q++) f->target[k][q] = schedule_expr(s, n, n->target[q]);
  }
  f->nexpr = graph_expr_count(s->pool);
  f->let = arena_array(a, const char *, f->nexpr);
  f->staged = arena_array(a, const char *, f->nexpr);
  f->part_name = arena_array(a, const char *, g->count);
  f->twos_name = arena_array(a, const char *, g->count);
  f->in_vector = arena_array(a, const char *, g->count);
  f->starts_in_vector = arena_array(a, bool, g->count);
  f->stays_in_vector = arena_array(a, bool, g->count);
  f->parents = arena_array(a, int, f->nexpr);
  f->level = arena_array(a, int, f->nexpr);
  f->safe = arena_array(a, bool, f->nexpr);
  f->degree = arena_array(a, uint8_t, f->nexpr);
  f->visited = arena_array(a, uint32_t, f->nexpr);
  f->stamp = 1;
  for (size_t k = 0; k < g->count; k++) {
    if (!f->expr[k]) continue;
    const Expr *value[3];
    for (int j = 0, count = written_values(f, g->nodes[k], value); j < count; j++) survey_root(f, value[j]);
    if (s->place[k].guard && node_accumulates(g->nodes[k])) survey_root(f, s->place[k].guard);
    if (f->inside[k]) survey(f, f->inside[k]); // no further use of what both have
    if (f->guard_inside[k]) survey(f, f->guard_inside[k]);
  }
}

void function_body(Function *f) {
  survey_all(f);
  f->team = f->s->team;
  if (f->team)
    put_team_steps(f, f->s->body, f->s->nbody, 0);
  else
    put_steps(f, f->s->body, f->s->nbody, 0);
}
