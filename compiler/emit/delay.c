// delay.c - steps of a loop some at a time, behind which follows what they add to entries far from their own (schedule/delay.c says
// what): while such an entry is in a register it takes the terms of all of them.
#include "emit/delay.h"

enum { STEPS = 4, ROWS = 4 };

// The two loops of a nest, and what it adds.
typedef struct Nest {
  const Loop *outer, *inner, *steps;
  const Node *adds;
} Nest;

// Where some of a loop's iterations start and end (C); null: where all of them do.
typedef struct Range {
  const char *from, *to;
} Range;

static const Step *only_step(const Loop *loop) {
  size_t k = 0;
  while (loop->body[k].idle) k++;
  return &loop->body[k];
}

static Nest nest_of(const Loop *loop) {
  const Loop *inner = only_step(loop)->loop;
  return (Nest){loop, inner, loop->parent, only_step(inner)->node};
}

// The iterations beside the block of steps in hand: behind the step, or up to it.
static Range near_of(Function *f, const Loop *loop) {
  if (loop->nlow) return (Range){NULL, f->block_to};
  return (Range){f->block_from, put_loop_end(f, loop)};
}

// Those beyond it.
static Range far_of(Function *f, const Loop *loop) {
  Text t;
  if (loop->nhigh) return (Range){"0", f->block_from};
  text_init(&t);
  put_expr(f, &t, expr_poly(f->s->pool, loop->extent), PREC_COMPARE + 1);
  const char *extent = arena_strdup(f->s->arena, t.s);
  text_free(&t);
  return (Range){f->block_to, extent};
}

// Some of a row's entries in each row beyond the block, if there are any.
static void put_entries_near(Function *f, const Nest *n, int depth) {
  OpenLines l;
  LoopText outer, inner;
  const Range rows = far_of(f, n->outer);
  const char *told[] = {f->loop_variable[n->outer->id], f->loop_variable[n->inner->id]};
  open_lines(f, &l);
  line_start(f);
  text_printf(&f->body, "if (%s < %s) {\n", rows.from, rows.to);
  f->indent++;
  const Range entries = near_of(f, n->inner);
  open_loop_from(f, n->inner, entries.from, entries.to, &inner); // they are few, so they stand outside
  open_loop_from(f, n->outer, rows.from, rows.to, &outer);
  put_steps(f, n->inner->body, n->inner->nbody, depth + 2);
  close_loop(f, &outer);
  close_loop(f, &inner);
  close_lines(f, &l);
  f->loop_variable[n->outer->id] = told[0]; // by what stands first
  f->loop_variable[n->inner->id] = told[1];
}

void put_near(Function *f, const Loop *loop, int depth) {
  const Nest n = nest_of(loop);
  LoopText outer;
  const Range rows = near_of(f, n.outer);
  open_loop_from(f, n.outer, rows.from, rows.to, &outer);
  put_steps(f, n.outer->body, n.outer->nbody, depth + 1);
  close_loop(f, &outer);
  const Poly *flops = f->flops; // these are counted
  put_entries_near(f, &n, depth);
  f->flops = flops;
}

// ---- far from them ----

// In round r of the rows, of that step.
static void set_at(Function *f, const Nest *n, const char *row, int r, int step) {
  f->loop_name[n->outer->id] = r ? arena_printf(f->s->arena, "%s + %d", row, r) : row;
  f->loop_name[n->steps->id] = arena_printf(f->s->arena, "%s + %d", f->block_from, n->steps->reverse ? STEPS - 1 - step : step);
}

// Rows that are taken side by side, and variables that hold the factors that all entries of one share, of each step; null: it is none.
typedef struct Rows {
  int count;
  const char *first; // C
  const char *shared[ROWS][STEPS][3];
} Rows;

static void put_shared(Function *f, const Nest *n, Rows *rows) {
  const Expr *value[3];
  const int count = written_values(f, n->adds, value);
  for (int r = 0; r < rows->count; r++)
    for (int k = 0; k < STEPS; k++)
      for (int j = 0; j < count; j++) {
        rows->shared[r][k][j] = NULL;
        if (value[j]->kind != EXPR_READ || mentions_loop(value[j], n->inner)) continue;
        const size_t lets = f->nstack;
        set_at(f, n, rows->first, r, k);
        define_let(f, value[j]);
        rows->shared[r][k][j] = let_of(f, value[j]);
        forget_lets(f, lets);
      }
}

// The term of one step, to the variable that holds the row's entry.
static void put_step_term(Function *f, const Nest *n, const Rows *rows, int r, int step, const char *sum) {
  const Expr *value[3];
  const int count = written_values(f, n->adds, value);
  const size_t lets = f->nstack;
  set_at(f, n, rows->first, r, step);
  for (int j = 0; j < count; j++)
    if (rows->shared[r][step][j]) name_let(f, value[j], rows->shared[r][step][j]);
  put_term(f, n->adds, sum, NULL, NULL);
  forget_lets(f, lets);
}

// double sum = …, with the terms of all steps, to the entries in hand.
static void put_terms(Function *f, const Nest *n, const Rows *rows) {
  const char *entry[ROWS] = {NULL}, *sum[ROWS] = {NULL};
  for (int r = 0; r < rows->count; r++) {
    set_at(f, n, rows->first, r, 0);
    entry[r] = own_entry(f, n->adds);
    sum[r] = names_take(&f->names, arena_printf(f->s->arena, "%s_sum", n->adds->name));
    line_start(f);
    text_printf(&f->body, "%s %s = %s;\n", f->unit->real, sum[r], entry[r]);
  }
  for (int k = 0; k < STEPS; k++)
    for (int r = 0; r < rows->count; r++) put_step_term(f, n, rows, r, k, sum[r]);
  for (int r = 0; r < rows->count; r++) {
    line_start(f);
    text_printf(&f->body, "%s = %s;\n", entry[r], sum[r]);
  }
}

// for (; k_strip + 8 <= k_to; k_strip += 8) for (int64_t lane = 0; lane < 8; lane++) { … }
static void put_vectors(Function *f, const Nest *n, const Rows *rows, const char *strip, const char *to) {
  Text *t = &f->body;
  OpenLines l;
  line_start(f);
  text_printf(t, "for (; %s + %d <= %s; %s += %d) {\n", strip, lanes_of(f), to, strip, lanes_of(f));
  open_lines(f, &l);
  f->indent++;
  const char *lane = names_take(&f->names, "lane");
  open_lane_loop(f, lane);
  f->loop_name[n->inner->id] = arena_printf(f->s->arena, "%s + %s", strip, lane);
  note_sides(f, n->inner->body, n->inner->nbody);
  f->wide = true;
  put_terms(f, n, rows);
  f->wide = false;
  close_lines(f, &l);
}

// The rows' entries, in lanes, and what is left one by one.
static void put_rows(Function *f, const Nest *n, Rows *rows, Range entries) {
  Text *t = &f->body;
  OpenLines l;
  put_shared(f, n, rows);
  const char *strip = names_take(&f->names, arena_printf(f->s->arena, "%s_strip", n->inner->name));
  line_start(f);
  text_printf(t, "int64_t %s = %s;\n", strip, entries.from);
  put_vectors(f, n, rows, strip, entries.to);
  open_lines(f, &l);
  const char *name = f->loop_name[n->inner->id] = names_take(&f->names, n->inner->name);
  put_few(f);
  line_start(f);
  text_printf(t, "for (int64_t %s = %s; %s < %s; %s++) {\n", name, strip, name, entries.to, name);
  f->indent++;
  put_singly(f);
  put_terms(f, n, rows);
  close_lines(f, &l);
}

// Some rows at a time, and one by one those that are left.
static void put_far(Function *f, const Loop *loop) {
  const Nest n = nest_of(loop);
  const Range range = far_of(f, n.outer), entries = far_of(f, n.inner);
  const Poly *flops = f->flops; // counted in each step
  const char *row = names_take(&f->names, arena_printf(f->s->arena, "%s_round", loop->name));
  line_start(f);
  text_printf(&f->body, "int64_t %s = %s;\n", row, range.from);
  const int counts[] = {ROWS, 1};
  for (int k = 0; k < 2; k++) {
    const int count = counts[k];
    Rows rows = {.count = count, .first = row};
    OpenLines l;
    line_start(f);
    text_printf(&f->body, "for (; %s + %d <= %s; %s += %d) {\n", row, count, range.to, row, count);
    open_lines(f, &l);
    f->indent++;
    put_rows(f, &n, &rows, entries);
    close_lines(f, &l);
  }
  f->flops = flops;
}

// ---- the loop over the steps ----

// for (int64_t j_from = 0; j_from < n; j_from += 4) { const int64_t j_to = …;
static void open_blocks_of(Function *f, const Loop *loop) {
  Text *t = &f->body;
  Arena *a = f->s->arena;
  const char *from = names_take(&f->names, arena_printf(a, "%s_from", loop->name)), *to = names_take(&f->names, arena_printf(a, "%s_to", loop->name));
  f->unit->helper[loop->reverse ? HELPER_MAX_INTEGER : HELPER_MIN_INTEGER] = true;
  line_start(f);
  text_printf(t, "for (int64_t %s = ", loop->reverse ? to : from);
  if (loop->reverse) {
    put_extent(f, loop, PREC_NONE);
    text_printf(t, "; %s > 0; %s -= %d) {\n", to, to, STEPS);
  } else {
    text_printf(t, "0; %s < ", from);
    put_extent(f, loop, PREC_COMPARE + 1);
    text_printf(t, "; %s += %d) {\n", from, STEPS);
  }
  f->indent++;
  line_start(f);
  if (loop->reverse) {
    text_printf(t, "const int64_t %s = mdl_max_integer(%s - %d, 0);\n", from, to, STEPS);
  } else {
    text_printf(t, "const int64_t %s = mdl_min_integer(%s + %d, ", to, from, STEPS);
    put_extent(f, loop, PREC_NONE);
    text_put(t, ");\n");
  }
  f->block_from = from;
  f->block_to = to;
}

static void put_steps_of_block(Function *f, const Loop *loop, int depth) {
  Text *t = &f->body;
  const Poly *trips = f->trips;
  OpenLines l;
  open_lines(f, &l);
  const char *name = f->loop_name[loop->id] = f->loop_variable[loop->id] = names_take(&f->names, loop->name);
  line_start(f);
  if (loop->reverse)
    text_printf(t, "for (int64_t %s = %s; %s-- > %s;) {\n", name, f->block_to, name, f->block_from);
  else
    text_printf(t, "for (int64_t %s = %s; %s < %s; %s++) {\n", name, f->block_from, name, f->block_to, name);
  f->indent++;
  f->trips = poly_mul(f->s->task.graph->dims, trips, loop->extent);
  put_steps(f, loop->body, loop->nbody, depth + 1);
  f->trips = trips;
  close_lines(f, &l);
}

void put_blocks(Function *f, const Loop *loop, int depth) {
  const char *from = f->block_from, *to = f->block_to, *variable;
  OpenLines block, full;
  open_lines(f, &block);
  open_blocks_of(f, loop);
  put_steps_of_block(f, loop, depth);
  variable = f->loop_variable[loop->id];
  open_lines(f, &full);
  line_start(f);
  text_printf(&f->body, "if (%s + %d == %s) {\n", f->block_from, STEPS, f->block_to); // behind fewer, the last ones, there is nothing left
  f->indent++;
  for (size_t k = 0; k < loop->nbody; k++)
    if (loop->body[k].kind == STEP_LOOP && !loop->body[k].idle && loop->body[k].loop->delayed) put_far(f, loop->body[k].loop);
  close_lines(f, &full);
  close_lines(f, &block);
  f->loop_variable[loop->id] = variable;
  f->block_from = from;
  f->block_to = to;
}
