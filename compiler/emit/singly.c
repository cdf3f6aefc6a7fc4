// singly.c - loops inside of a tile that run for one of its samples after the other (schedule/singly.c says which).
//
// What the tile's samples add is a block, entry by entry as the record of a tile has it (team.c).  It is added to the sums behind the loop;
// where threads share tiles out, when their wave is through.
#include "emit/tile.h"

// The entries of a sum's block.
static const Poly *block_size(const Function *f, const Node *n) {
  Dims *dims = f->s->task.graph->dims;
  const Poly *size = poly_int(dims, 1);
  for (int q = 0; q < n->nout; q++) size = poly_mul(dims, size, f->s->place[n->id].loop[q]->extent);
  return size;
}

// Is a sum's block the record's first?
static bool is_first_block(const Function *f, const Node *n) {
  int64_t from;
  return poly_is_int(f->s->place[n->id].record, &from) && from == 0;
}

static void put_block_start(Function *f, const Node *n) {
  put_expr(f, &f->body, expr_poly(f->s->pool, f->s->place[n->id].record), PREC_ADD);
}

// for (int64_t e = 0; e < k * d; e++) kept[k + e] = 0.0;
static void put_clear(Function *f, const Node *n) {
  Text *t = &f->body;
  const size_t mark = f->names.count;
  const char *entry = names_take(&f->names, "e");
  line_start(f);
  text_printf(t, "for (int64_t %s = 0; %s < ", entry, entry);
  put_expr(f, t, expr_poly(f->s->pool, block_size(f, n)), PREC_COMPARE + 1);
  text_printf(t, "; %s++) %s[", entry, f->record);
  if (!is_first_block(f, n)) {
    put_block_start(f, n);
    text_put(t, " + ");
  }
  text_printf(t, "%s] = ", entry);
  put_neutral(f, t, n);
  text_put(t, ";\n");
  names_release(&f->names, mark);
}

// Do its entries lie side by side, as those of its block do?
static bool is_dense(const Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  if (p->stored != STORED_WORK && (p->stored != STORED_SINK || f->sink[p->sink].stride)) return false;
  for (int q = 0; q < n->nout; q++)
    if (!p->kept[q]) return false;
  return true;
}

// mdl_add_block(sums, kept + k, k * d);
static void put_added(Function *f, const Node *n) {
  Text *t = &f->body;
  f->unit->helper[HELPER_ADD_BLOCK] = f->unit->helper[HELPER_LANES] = f->unit->helper[HELPER_FEW] = true;
  line_start(f);
  text_printf(t, "mdl_add_block(%s, %s", array_name(f, n), f->record);
  if (!is_first_block(f, n)) {
    text_put(t, " + ");
    put_block_start(f, n);
  }
  text_put(t, ", ");
  put_expr(f, t, expr_poly(f->s->pool, block_size(f, n)), PREC_NONE);
  text_put(t, ");\n");
}

// The same one by one.
static void put_added_singly(Function *f, const Node *n) {
  const Place *p = &f->s->place[n->id];
  LoopText text[INDEX_MAX];
  for (int q = 0; q < n->nout; q++) open_loop_from(f, p->loop[q], "0", NULL, &text[q]);
  add_block(f, n, record_entry(f, n));
  for (int q = n->nout; q-- > 0;) close_loop(f, &text[q]);
}

// ---- for each sum ----

typedef void ForBlock(Function *f, const Node *n);

static void for_blocks(Function *f, const Step *step, ForBlock *put) {
  if (step->idle) return;
  if (step->kind != STEP_LOOP) {
    put(f, step->node);
    return;
  }
  for (size_t k = 0; k < step->loop->nbody; k++) for_blocks(f, &step->loop->body[k], put);
}

static void put_sum(Function *f, const Node *n) {
  (is_dense(f, n) ? put_added : put_added_singly)(f, n);
}

// ---- the loop ----

// Is the condition that of all sums in the loop?
static bool all_have_guard(const Function *f, const Loop *loop, const Expr *guard) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    if (step->kind == STEP_LOOP ? !all_have_guard(f, step->loop, guard) : f->s->place[step->node->id].guard != guard) return false;
  }
  return true;
}

// That condition, or null.
static const Expr *common_guard(const Function *f, const Loop *loop) {
  const Node *n = loop->members[0];
  const Expr *guard = f->s->place[n->id].guard;
  for (int q = 0; guard && q < n->nout; q++)
    if (f->s->place[n->id].loop[q] != loop && mentions_loop(guard, f->s->place[n->id].loop[q])) return NULL;
  return all_have_guard(f, loop, guard) ? guard : NULL;
}

// What a sum's terms have that the loops within do not change.
static void hoist_term(Function *f, const Node *n) {
  const Expr *value[3];
  const int count = written_values(f, n, value);
  for (int k = 0; k < count; k++) hoist_expr(f, value[k], f->s->place[n->id].loop[0]->depth);
}

// One iteration, for one sample: the condition stands around all that is added.
static void put_iteration(Function *f, const Step *step, int depth) {
  const Loop *loop = step->loop;
  const Expr *guard = common_guard(f, loop), *outside = f->guarded;
  OpenLines condition;
  if (guard) open_condition(f, guard, &condition);
  f->guarded = guard;
  f->stamp++;
  if (guard) for_blocks(f, step, hoist_term);
  put_steps(f, loop->body, loop->nbody, depth + 1);
  f->guarded = outside;
  if (guard) close_lines(f, &condition);
}

void put_singly_within(Function *f, const Step *step, int depth) {
  const char *wave = f->record;
  OpenLines samples;
  LoopText text;
  if (!wave) f->record = f->kept_name[f->tile->id];
  for_blocks(f, step, put_clear);
  open_lines(f, &samples);
  open_samples(f, "0");
  f->singly = true;
  open_loop(f, step->loop, &text);
  put_iteration(f, step, depth + 1);
  close_loop(f, &text);
  f->singly = false;
  close_lines(f, &samples);
  set_lane(f, NULL, false);
  if (!wave) for_blocks(f, step, put_sum);
  f->record = wave;
}
