// states.c - what a loop within the loop over a tile's vectors reads from step to step, in registers (schedule/states.c says which loop).
//
// A state of which one entry is there is a variable (turned.c).  One that all steps leave an entry of has a variable beside its array:
// a step reads there what the one before left.  What no step changes is in variables, too: gcc keeps nothing in registers beside reads
// of a place that it cannot tell from theirs.
#include "emit/tile.h"
#include "schedule/internal.h"

const Expr *entry_at_step(const Function *f, const Node *n) {
  Graph *pool = f->s->pool;
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  for (int q = 0; q < n->nout; q++) sub[q] = expr_index(pool, f->s->place[n->id].loop[q]->id);
  if (n->kind == NODE_CARRY && n->reverse) sub[n->axis] = expr_prim2(pool, PRIM_ADD, sub[n->axis], expr_int(pool, 1));
  return expr_read(pool, n, sub);
}

// Does a step of the loop write to the array that n is in?
static bool is_written(const Function *f, const Loop *loop, const Node *n) {
  const int root = array_root(f->s, n);
  for (size_t k = 0; k < loop->nbody; k++) {
    const Node *other = loop->body[k].node;
    if (other == n || (root >= 0 && array_root(f->s, other) == root)) return true;
  }
  return false;
}

static bool is_fixed(const Function *f, const Loop *loop, const Expr *read) {
  const Node *n = read->u.read.node;
  const bool own = f->s->place[n->id].lane || reads_turned(f, read) || f->staged[read->id];
  return own && n->type == TYPE_REAL && !mentions_loop(read, loop) && !is_written(f, loop, n);
}

static bool is_state_in_array(const Function *f, const Loop *loop, const Expr *read) {
  const Node *c = read->u.read.node;
  if (c->kind != NODE_CARRY || f->s->place[c->id].loop[c->axis] != loop || is_scalar_lane(f, c)) return false;
  return read == entry_at_step(f, c);
}

static void hold(Function *f, States *states, const Expr *read, int many) {
  for (size_t k = 0; k < states->count; k++)
    if (states->held[k].read == read) return;
  const char *name = names_take(&f->names, arena_printf(f->s->arena, "%s_vector", read->u.read.node->name));
  line_start(f);
  text_printf(&f->body, "%s %s[%d];\n", f->unit->real, name, many * lanes_of(f));
  ARENA_PUSH(f->s->arena, states->held, states->count, states->room) = (HeldRead){read, name};
}

static void hold_reads(Function *f, const Loop *loop, const Expr *e, int many, States *states) {
  size_t count;
  const Expr **part = expr_parts(f->s->arena, e, &count);
  for (size_t k = 0; k < count; k++)
    if (part[k]->kind == EXPR_READ && (is_fixed(f, loop, part[k]) || is_state_in_array(f, loop, part[k]))) hold(f, states, part[k], many);
}

void find_states(Function *f, const Loop *loop, int many, States *states) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle || step->kind != STEP_NODE) continue;
    const Expr *guard = f->s->place[step->node->id].guard;
    hold_reads(f, loop, f->expr[step->node->id], many, states);
    if (guard) hold_reads(f, loop, guard, many, states);
  }
}

static const char *held_at_lane(Function *f, const HeldRead *held) {
  return arena_printf(f->s->arena, "%s[%s]", held->vector, f->vector_lane);
}

static bool is_state(const Function *f, const HeldRead *held) {
  const Node *n = held->read->u.read.node;
  return n->kind == NODE_CARRY && held->read == entry_at_step(f, n);
}

// The state before the first step.
const Expr *first_entry(const Function *f, const Node *c) {
  const Expr **sub = arena_array(f->s->arena, const Expr *, (size_t)c->nout + 1);
  for (int q = 0; q < c->nout; q++) sub[q] = q == c->axis ? first_state(f, c) : expr_index(f->s->pool, f->s->place[c->id].loop[q]->id);
  return expr_read(f->s->pool, c, sub);
}

void put_first_states(Function *f, const States *states) {
  for (size_t k = 0; k < states->count; k++) {
    const HeldRead *held = &states->held[k];
    line_start(f);
    text_printf(&f->body, "%s = ", held_at_lane(f, held));
    put_expr(f, &f->body, is_state(f, held) ? first_entry(f, held->read->u.read.node) : held->read, PREC_NONE);
    text_put(&f->body, ";\n");
  }
}

void recall_states(Function *f, const States *states) {
  for (size_t k = 0; k < states->count; k++) name_let(f, states->held[k].read, held_at_lane(f, &states->held[k]));
}

void put_next_states(Function *f, const States *states) {
  for (size_t k = 0; k < states->count; k++) {
    const HeldRead *held = &states->held[k];
    if (!is_state(f, held)) continue;
    line_start(f);
    text_printf(&f->body, "%s = ", held_at_lane(f, held));
    put_expr(f, &f->body, entry_at_step(f, held->read->u.read.node->next), PREC_NONE);
    text_put(&f->body, ";\n");
  }
}
