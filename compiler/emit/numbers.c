// numbers.c - in a loop that runs one by one, states of one number that it leaves in arrays are variables, too.
//
// A step that read from the array what the one before has stored would wait for memory besides.
#include "emit/lanes.h"
#include "schedule/internal.h"

// Does a step write to the array of the carry, but the one that it takes its entries from?
static bool is_written_beside(const Function *f, const Loop *loop, const Node *c) {
  const int root = array_root(f->s, c);
  for (size_t k = 0; k < loop->nbody; k++) {
    const Node *n = loop->body[k].node;
    if (n != c && n != c->next && array_root(f->s, n) == root) return true;
  }
  return false;
}

static bool reads_entry(const Function *f, const Loop *loop, const Expr *entry) {
  Arena *scratch = arena_new();
  bool found = false;
  for (size_t k = 0; k < loop->nbody && !found; k++) {
    const Step *step = &loop->body[k];
    if (step->idle || step->kind != STEP_NODE || !f->expr[step->node->id]) continue;
    size_t count;
    const Expr **part = expr_parts(scratch, f->expr[step->node->id], &count);
    for (size_t j = 0; j < count; j++) found = found || part[j] == entry;
    arena_clear(scratch);
  }
  arena_free(scratch);
  return found;
}

static bool is_number(const Function *f, const Loop *loop, const Node *c) {
  const Place *p = &f->s->place[c->id], *next = &f->s->place[c->next->id];
  if (c->type != TYPE_REAL || p->lane || p->in_place || (p->stored != STORED_WORK && p->stored != STORED_SINK)) return false;
  if (p->stored == STORED_SINK && f->s->task.sinks[p->sink].accumulate) return false;
  if (!next->loop || c->next->kind == NODE_CARRY) return false; // it is given, or no step computes it
  for (int q = 0; q < c->nout; q++)
    if (!p->loop[q] || !next->loop[q]) return false;
  return !is_written_beside(f, loop, c) && reads_entry(f, loop, entry_at_step(f, c));
}

void open_numbers(Function *f, const Loop *loop, Numbers *numbers) {
  *numbers = (Numbers){0};
  if (!loop->carries || f->tile || f->team || f->strip || f->wide) return;
  for (size_t k = 0; k < loop->nbody; k++)
    if (loop->body[k].kind == STEP_LOOP || loop->body[k].kind == STEP_LEAVE) return;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Node *c = loop->body[k].node;
    if (loop->body[k].kind != STEP_NEXT || !is_number(f, loop, c)) continue;
    const char *name = names_take(&f->names, arena_printf(f->s->arena, "%s_state", c->name));
    line_start(f);
    text_printf(&f->body, "%s %s = ", f->unit->real, name);
    put_expr(f, &f->body, first_entry(f, c), PREC_NONE);
    text_put(&f->body, ";\n");
    ARENA_PUSH(f->s->arena, numbers->number, numbers->count, numbers->room) = (Number){c, name};
  }
}

void recall_numbers(Function *f, const Numbers *numbers) {
  for (size_t k = 0; k < numbers->count; k++) name_let(f, entry_at_step(f, numbers->number[k].carry), numbers->number[k].name);
  f->numbers = numbers;
}

bool is_next_number(const Function *f, const Node *n) {
  for (size_t k = 0; f->numbers && k < f->numbers->count; k++)
    if (f->numbers->number[k].carry->next == n) return true;
  return false;
}

// What a step makes the next state of is computed in it, and so has an entry, or a variable, of its own: a state that becomes another
// one does so by way of these, whichever of the two is put first.  Its value, a read of that other state, would not do.
void put_next_numbers(Function *f, const Numbers *numbers) {
  for (size_t k = 0; k < numbers->count; k++) {
    const Node *next = numbers->number[k].carry->next;
    const Expr *value = f->expr[next->id];
    line_start(f);
    text_printf(&f->body, "%s = ", numbers->number[k].name);
    put_expr(f, &f->body, value->kind == EXPR_PRIM && let_of(f, value) ? value : entry_at_step(f, next), PREC_NONE);
    text_put(&f->body, ";\n");
  }
  f->numbers = NULL;
}
