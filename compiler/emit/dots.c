// dots.c - loops each of whose iterations has a dot product, beside what follows from it: several iterations at a time.
//
// A row's few vectors are one chain of sums, and joining its lanes takes as long again.  Four rows side by side overlap, and read once
// what they share.  What an iteration reads of an array that others write is what was there before the loop, or it would stand in
// another one; so it may be read before any of the four has written.  What they write behind their sums, they do one after the other.
#include "emit/tile.h"

enum { DOTS = 4 };

// The steps of a loop: what is computed before, the sum's start, the loop over its terms, its end, and what follows.
typedef struct Dots {
  const Loop *loop, *terms;
  const Node *sum;
  size_t start;     // its step
  const char *from; // the variable that counts the iterations
  const char *part[DOTS];
} Dots;

// Has n memory for all iterations that no other array shares?
static bool has_own_memory(const Function *f, const Loop *loop, const Node *n) {
  const Place *p = &f->s->place[n->id];
  const bool on_tape = p->stored == STORED_SINK && f->s->task.sinks[p->sink].tape;
  if (!on_tape && (p->stored != STORED_WORK || p->in)) return false;
  for (size_t k = 0; k < f->s->task.graph->count; k++)
    if (f->s->place[k].in == n) return false;
  for (int q = 0; q < n->nout; q++)
    if (p->loop[q] == loop) return p->kept[q];
  return false;
}

static bool is_read_along(const Expr *e, const Loop *terms) {
  return e->kind == EXPR_READ && mentions_loop(e, terms);
}

// One product of two reads, both along the loop, under no condition.
static bool is_dot(const Function *f, const Step *step, const Node *n, const Loop *terms) {
  Fused term;
  if (step->kind != STEP_NODE || step->node != n || f->s->order[n->id].kind != ORDER_LANES || f->s->place[n->id].guard) return false;
  return n->reduce == REDUCE_SUM && fused_term(f, n, &term) && is_read_along(term.x, terms) && is_read_along(term.y, terms);
}

static bool bounds_mention(const Loop *inner, const Loop *loop) {
  for (size_t k = 0; k < inner->nhigh; k++)
    if (mentions_loop(inner->high[k], loop)) return true;
  return inner->nlow > 0;
}

static bool find_dots(const Function *f, const Loop *loop, Dots *d) {
  *d = (Dots){.loop = loop};
  if (f->tile || f->team || loop == f->part || loop->carries || loop->reverse || loop->alive) return false;
  const Step *step = loop->body;
  for (; d->start < loop->nbody && (step[d->start].idle || step[d->start].kind == STEP_NODE); d->start++)
    if (!step[d->start].idle && (node_accumulates(step[d->start].node) || !has_own_memory(f, loop, step[d->start].node))) return false;
  if (d->start + 3 > loop->nbody || step[d->start].kind != STEP_INIT) return false;
  if (step[d->start + 1].kind != STEP_LOOP || step[d->start + 2].kind != STEP_FINISH) return false;
  d->sum = step[d->start].node;
  d->terms = step[d->start + 1].loop;
  if (step[d->start + 2].node != d->sum || d->terms->lanes != LANES_STRIP || edges_any(d->terms->edges) || d->terms->nbody != 1) return false;
  for (size_t k = d->start + 3; k < loop->nbody; k++)
    if (!step[k].idle && step[k].kind != STEP_NODE && step[k].kind != STEP_STORE) return false;
  return is_dot(f, d->terms->body, d->sum, d->terms) && !bounds_mention(d->terms, loop);
}

static void set_iteration(Function *f, const Dots *d, int k) {
  f->loop_name[d->loop->id] = k ? arena_printf(f->s->arena, "%s + %d", d->from, k) : d->from;
  f->part_name[d->sum->id] = d->part[k];
}

// Steps of each iteration, one iteration after the other; behind the sums, with the array (C) that holds them.
static void put_iterations(Function *f, const Dots *d, const Step *step, size_t count, const char *joined) {
  for (int k = 0; k < DOTS && (count > 0 || joined); k++) {
    OpenLines l;
    set_iteration(f, d, k);
    line_start(f);
    text_put(&f->body, "{\n");
    open_lines(f, &l);
    f->indent++;
    if (joined) put_finish(f, d->sum, arena_printf(f->s->arena, "%s[%d]", joined, k));
    put_steps(f, step, count, 1);
    close_lines(f, &l);
  }
}

// One term of each sum, to that lane, where the mask (C, or null) holds.
static void put_terms(Function *f, const Dots *d, const char *lane, const char *mask) {
  for (int k = 0; k < DOTS; k++) {
    set_iteration(f, d, k);
    put_lane_term(f, d->sum, lane, mask, NULL);
  }
}

// Of a triangle's rows: do they go on behind the terms?  Threads may write there.
static bool rows_go_on(const Function *f, const Dots *d) {
  Fused term;
  if (!d->terms->nhigh || f->s->task.threads || !fused_term(f, d->sum, &term)) return false;
  return goes_on(f, term.x, d->terms) && goes_on(f, term.y, d->terms);
}

// The lanes of the vector that the loops over the terms are at: for (int64_t lane = 0; lane < 8; lane++) { … }
static void put_lanes(Function *f, const Dots *d, const char *strip, const char *mask) {
  Text *t = &f->body;
  const char *lane = f->lane_name;
  open_lane_loop(f, lane);
  f->loop_name[d->terms->id] = arena_printf(f->s->arena, "%s + %s", strip, lane);
  f->wide = true;
  f->long_sides = mask != NULL;
  put_terms(f, d, lane, mask);
  f->wide = false;
  f->indent--;
  line_start(f);
  text_put(t, "}\n");
}

// What is left as one vector more, whose lanes behind the end are read and left out.
static void put_last_vector(Function *f, const Dots *d, const char *strip, const char *end) {
  Text *t = &f->body;
  OpenLines l;
  open_lines(f, &l);
  line_start(f);
  text_printf(t, "if (%s < %s && %s + %d <= ", strip, end, strip, lanes_of(f));
  put_extent(f, d->terms, PREC_ADD);
  text_put(t, ") {\n");
  f->indent++;
  put_lanes(f, d, strip, arena_printf(f->s->arena, "%s + %s < %s", strip, f->lane_name, end));
  line_start(f);
  text_printf(t, "%s = %s;\n", strip, end);
  close_lines(f, &l);
}

// The loop over the terms, a vector at a time, and what is left.
static void put_products(Function *f, const Dots *d) {
  Text *t = &f->body;
  const Loop *terms = d->terms;
  const char *end = put_loop_end(f, terms), *strip = names_take(&f->names, arena_printf(f->s->arena, "%s_strip", terms->name));
  OpenLines l;
  f->lane_name = names_take(&f->names, "lane");
  line_start(f);
  text_printf(t, "int64_t %s = 0;\n", strip);
  line_start(f);
  text_printf(t, "for (; %s + %d <= ", strip, lanes_of(f));
  put_until(f, terms, end, PREC_ADD);
  text_printf(t, "; %s += %d)\n", strip, lanes_of(f));
  f->indent++;
  put_lanes(f, d, strip, NULL);
  f->indent--;
  if (!end && is_multiple(f, terms->extent)) return;
  if (rows_go_on(f, d)) put_last_vector(f, d, strip, end);
  open_lines(f, &l);
  const char *name = f->loop_name[terms->id] = names_take(&f->names, terms->name);
  line_start(f);
  text_printf(t, "for (int64_t %s = %s; %s < ", name, strip, name);
  put_until(f, terms, end, PREC_COMPARE + 1);
  text_printf(t, "; %s++) {\n", name);
  f->indent++;
  put_terms(f, d, arena_printf(f->s->arena, "%s - %s", name, strip), NULL);
  close_lines(f, &l);
}

static void put_four(Function *f, Dots *d) {
  const Loop *loop = d->loop;
  const size_t behind = d->start + 3;
  put_iterations(f, d, loop->body, d->start, NULL);
  for (int k = 0; k < DOTS; k++) d->part[k] = open_block(f, d->sum);
  put_products(f, d);
  f->unit->helper[HELPER_JOIN_FOUR] = f->math = true;
  const char *joined = names_take(&f->names, "joined");
  line_start(f);
  text_printf(&f->body, "%s %s[%d];\n", f->unit->real, joined, DOTS);
  line_start(f);
  text_printf(&f->body, "mdl_join_four(mdl_level, %s, %s, %s, %s, %s);\n", d->part[0], d->part[1], d->part[2], d->part[3], joined);
  put_iterations(f, d, loop->body + behind, loop->nbody - behind, joined);
}

bool dots_leave_none(const Function *f, const Loop *loop) {
  int64_t extent;
  return !loop->nlow && !loop->nhigh && poly_fixed(f->s->task.graph->dims, loop->extent, &extent) && extent % DOTS == 0;
}

// for (; i_round + 4 <= n; i_round += 4) { … }
const char *put_dots(Function *f, const Loop *loop, const char *end) {
  Dots d;
  OpenLines l;
  if (!find_dots(f, loop, &d)) return NULL;
  const Poly *flops = f->flops; // the loop over what is left counts all of them
  d.from = f->loop_variable[loop->id] = names_take(&f->names, arena_printf(f->s->arena, "%s_round", loop->name));
  put_round_head(f, loop, d.from, DOTS, end);
  open_lines(f, &l);
  f->indent++;
  f->loop_rounds[loop->id] = DOTS;
  put_four(f, &d);
  close_lines(f, &l);
  f->part_name[d.sum->id] = NULL;
  f->flops = flops;
  return d.from;
}
