// strip.c - loops that take a vector of their iterations at a time, and one by one those at their edges and what is left.
#include "emit/tile.h"

void put_strip_steps(Function *f, const Loop *loop, size_t from, size_t end, int depth) {
  const Poly *outside = f->trips;
  f->trips = poly_mul(f->s->task.graph->dims, f->trips, loop->extent);
  put_steps(f, loop->body + from, end - from, depth + 1);
  f->trips = outside;
}

static void change(const Expr **a, const Expr **b) {
  const Expr *other = *a;
  *a = *b;
  *b = other;
}

// What the body computes between the loop's edges, or, where that is done, at them.
static void change_sides(Function *f, const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++) {
    if (loop->body[k].kind != STEP_NODE) continue;
    const int id = loop->body[k].node->id;
    change(&f->inside[id], &f->expr[id]);
    change(&f->guard_inside[id], &f->s->place[id].guard);
  }
}

// What a state, or an array that is updated, starts from; null: nothing is read for it.
static const Expr *start_of(const Step *step) {
  const Node *n = step->node;
  return step->kind != STEP_INIT ? NULL : n->kind == NODE_CARRY ? n->expr : n->base;
}

bool step_reads(const Function *f, const Step *step, const Node *n) {
  const Node *m = step->node;
  const Expr *start = start_of(step);
  if (step->kind != STEP_NODE) return m == n || (start && expr_reads(start, n)) || (step->kind == STEP_NEXT && m->next == n);
  const Expr *guard = f->s->place[m->id].guard;
  if (expr_reads(f->expr[m->id], n) || (guard && expr_reads(guard, n))) return true;
  for (int q = 0; m->target && q < m->nout; q++)
    if (expr_reads(f->target[m->id][q], n)) return true;
  return false;
}

// Does the step at `at` add, or is what it computes, where that is but a variable, of use for one behind it?
static bool is_used(const Function *f, const Loop *loop, size_t at) {
  const Node *n = loop->body[at].node;
  const Expr *guard = loop->body[at].kind == STEP_NODE ? f->s->place[n->id].guard : NULL;
  if (guard && guard->kind == EXPR_BOOL && node_accumulates(n)) return false; // it never holds
  if (loop->body[at].kind != STEP_NODE || f->s->place[n->id].stored != STORED_LOCAL || node_accumulates(n)) return true;
  for (size_t k = at + 1; k < loop->nbody; k++)
    if (!loop->body[k].idle && step_reads(f, &loop->body[k], n)) return true;
  return false;
}

// The loop without the steps that are of no use between its edges.
static const Loop *loop_inside(Function *f, const Loop *loop) {
  Loop *inside = arena_new_of(f->s->arena, Loop);
  *inside = *loop;
  inside->body = arena_array(f->s->arena, Step, loop->nbody);
  for (size_t k = loop->nbody; k-- > 0;) {
    inside->body[k] = loop->body[k];
    inside->body[k].idle = inside->body[k].idle || !is_used(f, inside, k);
  }
  return inside;
}

static bool sums_in_lanes(const Function *f, const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Node *n = loop->body[k].node;
    if (loop->body[k].kind != STEP_NODE || loop->body[k].idle) continue;
    const NodeOrder *order = &f->s->order[n->id];
    if (order->kind == ORDER_LANES && f->s->place[n->id].loop[order->index] == loop) return true;
  }
  return false;
}

// Iterations one by one: `for (start; name < end; name++)`.
static void put_one_by_one(Function *f, const Loop *loop, int depth, const char *start, const char *name, const char *end) {
  size_t names, lets;
  open_scope(f, &names, &lets);
  f->indent--;
  f->loop_name[loop->id] = name;
  const bool few = loop->lanes != LANES_TURNS;
  if (few) put_few(f);
  line_start(f);
  text_printf(&f->body, "for (%s; %s < ", start, name);
  put_until(f, loop, end, PREC_COMPARE + 1);
  text_printf(&f->body, "; %s++) {\n", name);
  f->indent++;
  if (few && !sums_in_lanes(f, loop)) put_singly(f); // what sums waits for its sums, and would for this as well
  put_strip_steps(f, loop, 0, loop->nbody, depth);
  close_scope(f, names, lets);
  line_start(f);
  text_put(&f->body, "}\n");
}

// Up to the iteration `inside` (C), where whole vectors start: sums in lanes keep theirs, and what is stored stays aligned.
static void put_first(Function *f, const Loop *loop, int depth, const char *from, const char *inside, const char *lane, const char *end) {
  const Poly *flops = f->flops;
  const char *until = names_take(&f->names, arena_printf(f->s->arena, "%s_inside", loop->name));
  f->unit->helper[HELPER_MIN_INTEGER] = true;
  line_start(f);
  text_printf(&f->body, "const int64_t %s = mdl_min_integer(%s, ", until, inside);
  put_until(f, loop, end, PREC_NONE);
  text_put(&f->body, ");\n");
  f->strip_lane = lane;
  put_one_by_one(f, loop, depth, "", from, until);
  f->flops = flops;
}

static void put_first_edge(Function *f, const Loop *loop, int depth, const char *from, const char *end) {
  put_first(f, loop, depth, from, arena_printf(f->s->arena, "%d", lanes_of(f)), from, end);
}

// Of a loop that starts anywhere: terms go to the lanes that they would from 0 on.
static void put_first_terms(Function *f, const Loop *loop, int depth, const char *from, const char *end) {
  Arena *a = f->s->arena;
  const int lanes = lanes_of(f);
  const char *inside = arena_printf(a, "(%s + %d) / %d * %d", from, lanes - 1, lanes, lanes);
  put_first(f, loop, depth, from, inside, arena_printf(a, "%s %% %d", from, lanes), end);
}

// The variable that holds where the last edge starts.
static const char *put_edge_start(Function *f, const Loop *loop, const char *end) {
  Text *t = &f->body;
  const char *start = names_take(&f->names, arena_printf(f->s->arena, "%s_edge", loop->name));
  line_start(f);
  text_printf(t, "const int64_t %s = ", start);
  if (end) f->unit->helper[HELPER_MIN_INTEGER] = true;
  if (end) text_printf(t, "mdl_min_integer(%s, ", end);
  put_expr(f, t, expr_poly(f->s->pool, loop->extent), PREC_ADD);
  text_printf(t, " - %d%s;\n", loop->edges.last, end ? ")" : "");
  return start;
}

static void put_last_edge(Function *f, const Loop *loop, int depth, const char *from, const char *start, const char *end) {
  const Poly *flops = f->flops;
  const char *name = names_take(&f->names, loop->name);
  f->unit->helper[HELPER_MAX_INTEGER] = true;
  f->strip_lane = arena_printf(f->s->arena, "(%s - %s) %% %d", name, from, lanes_of(f));
  put_one_by_one(f, loop, depth, arena_printf(f->s->arena, "int64_t %s = mdl_max_integer(%s, %s)", name, from, start), name, end);
  f->flops = flops;
}

void put_vector(Function *f, const Loop *loop, int depth, const char *from, Kept *kept) {
  Text *t = &f->body;
  const bool wide = loop->lanes != LANES_TURNS;
  size_t names, lets;
  open_scope(f, &names, &lets);
  f->indent--;
  const char *lane = names_take(&f->names, "lane");
  f->unit->helper[wide ? HELPER_LANES : HELPER_TURNS] = true;
  line_start(f);
  text_put(t, wide ? "MDL_LANES\n" : "MDL_TURNS\n");
  line_start(f);
  text_printf(t, "for (int64_t %s = 0; %s < %d; %s++) {\n", lane, lane, lanes_of(f), lane);
  f->indent++;
  f->loop_name[loop->id] = arena_printf(f->s->arena, "%s + %s", from, lane);
  f->strip_lane = lane;
  note_sides(f, loop->body, loop->nbody - loop->behind);
  f->wide = wide;
  put_strip_steps(f, loop, 0, loop->nbody - loop->behind, depth);
  if (kept) keep_values(f, loop, lane, kept);
  f->wide = false;
  close_scope(f, names, lets);
  line_start(f);
  text_put(t, "}\n");
}

static void put_vectors(Function *f, const Loop *loop, int depth, const char *from, const char *end) {
  line_start(f);
  text_printf(&f->body, "for (; %s + %d <= ", from, lanes_of(f));
  put_until(f, loop, end, PREC_ADD);
  text_printf(&f->body, "; %s += %d)%s\n", from, lanes_of(f), loop->behind ? " {" : "");
  f->indent++;
  if (loop->behind) {
    put_ahead(f, loop, from, end);
    put_vector_and_behind(f, loop, depth, from);
  } else {
    put_vector(f, loop, depth, from, NULL);
  }
  f->indent--;
  if (!loop->behind) return;
  line_start(f);
  text_put(&f->body, "}\n");
}

// What the vectors leave.
static void put_left(Function *f, const Loop *loop, int depth, const char *from, const char *end) {
  if (put_rest_in_lanes(f, loop, depth, from, end)) return;
  const Poly *flops = f->flops;
  const size_t mark = f->names.count;
  const char *name = names_take(&f->names, loop->name);
  f->strip_lane = arena_printf(f->s->arena, "%s - %s", name, from);
  put_one_by_one(f, loop, depth, arena_printf(f->s->arena, "int64_t %s = %s", name, from), name, end);
  names_release(&f->names, mark);
  f->flops = flops;
}

static void put_strip_loops(Function *f, const Loop *loop, int depth, const char *end) {
  const char *from = names_take(&f->names, arena_printf(f->s->arena, "%s_strip", loop->name)), *until = end;
  const bool edges = edges_any(loop->edges);
  hoist_entries(f, loop->body, loop->nbody, loop);
  f->loop_variable[loop->id] = from;
  f->strip = loop;
  line_start(f);
  text_printf(&f->body, "int64_t %s = ", from);
  put_loop_start(f, loop);
  text_put(&f->body, ";\n");
  if (loop->edges.first)
    put_first_edge(f, loop, depth, from, end);
  else if (loop->nlow && sums_in_lanes(f, loop))
    put_first_terms(f, loop, depth, from, end);
  if (loop->edges.last) until = put_edge_start(f, loop, end);
  if (edges) change_sides(f, loop);
  const Loop *inside = edges ? loop_inside(f, loop) : loop;
  put_vectors(f, inside, depth, from, until);
  if (edges || end || loop->nlow || !is_multiple(f, loop->extent)) put_left(f, inside, depth, from, until);
  if (edges) change_sides(f, loop);
  if (loop->edges.last) put_last_edge(f, loop, depth, from, until, end);
  f->strip = NULL;
}

void put_strip(Function *f, const Loop *loop, int depth, const char *end) {
  OpenLines l;
  const Expr *outside = f->guarded;
  f->guarded = shared_guard(f->s, loop, loop->body, loop->nbody);
  const bool opens = f->guarded && f->guarded != outside;
  if (opens) open_condition(f, f->guarded, &l);
  put_strip_loops(f, loop, depth, end);
  if (opens) close_lines(f, &l);
  f->guarded = outside;
}
