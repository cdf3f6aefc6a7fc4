// rounds.c - loops inside of a tile, each of whose rounds adds up one sum over the samples: several rounds at a time.
//
// A sum of 64 terms is eight vectors in one chain, and joining its lanes takes as long again.  Four of them side by side (three, where there are no more) overlap, and
// read once what they share; a mask is made for the last vector alone.  Each sum adds the same terms in the same order.  Its partial
// sums are an array of their own: gcc would leave a larger one in memory.
#include "emit/tile.h"

enum { ROUNDS = 4, FEWEST = 3 };

static bool is_one_sum(const Function *f, const Step *step) {
  if (step->kind != STEP_NODE || step->lane != LANE_GATHER) return false;
  const Node *n = step->node;
  if ((n->reduce != REDUCE_SUM && n->kind != NODE_SCATTER) || n->type != TYPE_REAL || n->assign || f->s->place[n->id].guard) return false;
  return !has_outside(f, f->expr[n->id]) && !expr_calls(f->expr[n->id]);
}

const Step *round_sum(const Function *f, const Loop *loop) {
  int64_t extent;
  if (loop->reverse || loop->carries || loop->alive) return NULL;
  if (poly_fixed(f->s->task.graph->dims, loop->extent, &extent) && extent < FEWEST) return NULL;
  const Step *only = NULL;
  for (size_t k = 0; k < loop->nbody; k++) {
    if (loop->body[k].idle) continue;
    if (only || !is_one_sum(f, &loop->body[k])) return NULL;
    only = &loop->body[k];
  }
  return only && adds_block(f, only) ? only : NULL;
}

// How many at a time.
static int rounds_of(const Function *f, const Loop *loop) {
  int64_t extent;
  return poly_fixed(f->s->task.graph->dims, loop->extent, &extent) && extent < ROUNDS ? (int)extent : ROUNDS;
}

bool rounds_are_all(const Function *f, const Loop *loop) {
  int64_t extent;
  return !loop->nlow && !loop->nhigh && poly_fixed(f->s->task.graph->dims, loop->extent, &extent) && extent % rounds_of(f, loop) == 0;
}

typedef struct RoundLet {
  uint32_t id; // of the expression
  const char *name;
} RoundLet;

typedef struct Rounds {
  const Loop *loop;
  const Step *sum;
  const char *from; // the variable that counts them
  int count;
  const char *part[ROUNDS];
  RoundLet *let[ROUNDS]; // what is computed of a round before its terms
  size_t nlet;           // of each: all compute the same
} Rounds;

static void set_round(Function *f, const Rounds *r, int k) {
  f->loop_name[r->loop->id] = k ? arena_printf(f->s->arena, "%s + %d", r->from, k) : r->from;
}

// What all samples share, with a name for each round.
static void hoist_rounds(Function *f, Rounds *r) {
  const size_t mark = f->nstack;
  for (int k = 0; k < r->count; k++) {
    set_round(f, r, k);
    hoist_shared(f, r->sum, 1);
    r->nlet = f->nstack - mark;
    r->let[k] = arena_array(f->s->arena, RoundLet, r->nlet + 1);
    for (size_t j = 0; j < r->nlet; j++) {
      const uint32_t id = f->stack[mark + j];
      r->let[k][j] = (RoundLet){id, f->let[id]};
    }
    forget_lets(f, mark);
  }
}

// The terms of the vectors that stand open around them.
static void put_terms(Function *f, const Rounds *r, const char *mask) {
  OpenLines l;
  open_lines(f, &l);
  open_lanes(f);
  const size_t mark = f->nstack;
  const Poly *flops = NULL; // one round's: there are as many as the loop has
  for (int k = 0; k < r->count; k++) {
    set_round(f, r, k);
    for (size_t j = 0; j < r->nlet; j++) recall_let(f, r->let[k][j].id, r->let[k][j].name);
    put_term(f, r->sum->node, arena_printf(f->s->arena, "%s[%s]", r->part[k], f->lane_name), mask, NULL);
    forget_lets(f, mark);
    if (k == 0) flops = f->flops;
  }
  f->flops = flops;
  close_lines(f, &l);
  set_lane(f, NULL, false);
}

// All whole vectors, then the last.
static void put_vectors(Function *f, const Rounds *r) {
  OpenLines l;
  f->long_sides = true;
  open_lines(f, &l);
  open_blocks(f, 0, 1);
  put_terms(f, r, NULL);
  close_lines(f, &l);
  if (is_multiple(f, f->tile->extent)) return;
  const Poly *flops = f->flops;
  open_lines(f, &l);
  open_rest(f, 1);
  put_terms(f, r, arena_printf(f->s->arena, "%s + %s < %s", f->vector_name, f->lane_name, f->lanes_name));
  close_lines(f, &l);
  f->flops = flops;
}

// Adds what the vectors summed up: joined side by side, where it is not kept for threads to add.
static void put_sums(Function *f, const Rounds *r) {
  Text *t = &f->body;
  const char *joined = NULL;
  if (!f->record) {
    f->unit->helper[HELPER_JOIN_FOUR] = f->math = true;
    joined = names_take(&f->names, "joined");
    line_start(f);
    text_printf(t, "%s %s[%d];\n", f->unit->real, joined, ROUNDS);
    line_start(f);
    // where there are three, the last one twice: nobody reads its second sum
    text_printf(t, "mdl_join_four(mdl_level, %s, %s, %s, %s, %s);\n", r->part[0], r->part[1], r->part[2], r->part[r->count - 1], joined);
  }
  for (int k = 0; k < r->count; k++) {
    set_round(f, r, k);
    if (joined)
      add_block(f, r->sum->node, arena_printf(f->s->arena, "%s[%d]", joined, k));
    else
      close_block(f, r->sum->node, r->part[k]);
  }
}

// for (; j_round + 4 <= d; j_round += 4) { … }
const char *put_rounds(Function *f, const Loop *loop, const Step *sum, const char *end) {
  Text *t = &f->body;
  Rounds r = {.loop = loop, .sum = sum, .from = names_take(&f->names, arena_printf(f->s->arena, "%s_round", loop->name))};
  r.count = rounds_of(f, loop);
  put_round_head(f, loop, r.from, r.count, end);
  size_t names, lets;
  open_scope(f, &names, &lets);
  const Poly *trips = f->trips;
  f->trips = poly_mul(f->s->task.graph->dims, trips, loop->extent);
  f->loop_variable[loop->id] = r.from;
  f->loop_rounds[loop->id] = r.count;
  hoist_rounds(f, &r);
  for (int k = 0; k < r.count; k++) r.part[k] = open_block(f, sum->node);
  put_vectors(f, &r);
  put_sums(f, &r);
  f->trips = trips;
  close_scope(f, names, lets);
  line_start(f);
  text_put(t, "}\n");
  return r.from;
}
