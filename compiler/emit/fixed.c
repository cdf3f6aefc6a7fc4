// fixed.c - entries of arrays that every iteration of a loop adds to are variables while it runs.
//
// From memory compilers would take such an entry anew for each term, since what else an iteration stores may lie there for all that
// they know, and the next term would wait for it.  Nothing else in the loop has to do with the array.
#include "emit/lanes.h"
#include "schedule/internal.h"

typedef struct Contact {
  const Schedule *s;
  int root;
  bool any;
} Contact;

static void see_read(void *context, const Expr *read) {
  Contact *c = context;
  c->any = c->any || array_root(c->s, read->u.read.node) == c->root;
}

// Has the step to do with the array, beside that n adds to it?
static bool has_contact(const Function *f, const Step *step, const Node *n, int root) {
  const Node *m = step->node;
  if (step->idle) return false;
  if (step->kind != STEP_NODE || (m != n && array_root(f->s, m) == root)) return true;
  Contact c = {f->s, root, false};
  const Expr *const parts[] = {f->expr[m->id], f->s->place[m->id].guard};
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
    if (parts[k]) expr_each_read(f->s->pool, parts[k], see_read, &c);
  for (int k = 0; m->target && k < m->nout; k++) expr_each_read(f->s->pool, f->target[m->id][k], see_read, &c);
  return c.any;
}

// Is the entry the same in all iterations, and there even if the loop has none?
static bool is_fixed_entry(const Function *f, const Loop *loop, const Node *n) {
  const Place *p = &f->s->place[n->id];
  for (int k = 0; k < n->nout; k++) {
    if (n->kind == NODE_SCATTER ? !is_entry(f, f->target[n->id][k], n->index[k].extent) : !p->loop[k]) return false;
    if (n->kind == NODE_SCATTER ? mentions_loop(f->target[n->id][k], loop) : p->loop[k] == loop) return false;
  }
  return true;
}

static bool adds_to_fixed(const Function *f, const Loop *loop, const Step *step) {
  const Node *n = step->node;
  if (step->kind != STEP_NODE || step->idle || n->type != TYPE_REAL || n->nout == 0) return false;
  if (n->kind == NODE_SCATTER ? n->assign : n->reduce != REDUCE_SUM || f->s->order[n->id].kind != ORDER_TERMS) return false;
  const Place *p = &f->s->place[n->id];
  const int root = array_root(f->s, n);
  if (root < 0 || p->lane || p->contraction || f->in_vector[n->id] || !is_fixed_entry(f, loop, n)) return false;
  for (size_t k = 0; k < loop->nbody; k++)
    if (loop->body[k].kind == STEP_LOOP || has_contact(f, &loop->body[k], n, root)) return false;
  return true;
}

// In lanes and in threads entries have other places.
static bool has_variables(const Function *f) {
  return !f->tile && !f->team && !f->strip;
}

void open_fixed(Function *f, const Loop *loop) {
  if (!has_variables(f)) return;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Node *n = loop->body[k].node;
    if (!adds_to_fixed(f, loop, &loop->body[k])) continue;
    const char *entry = own_entry(f, n), *sum = names_take(&f->names, arena_printf(f->s->arena, "%s_sum", n->name));
    line_start(f);
    text_printf(&f->body, "%s %s = %s;\n", f->unit->real, sum, entry);
    f->in_vector[n->id] = sum;
    f->vector_lane = NULL;
  }
}

void close_fixed(Function *f, const Loop *loop) {
  if (!has_variables(f)) return;
  for (size_t k = 0; k < loop->nbody; k++) {
    const Node *n = loop->body[k].node;
    if (loop->body[k].kind != STEP_NODE || !f->in_vector[n->id]) continue;
    const char *sum = f->in_vector[n->id];
    f->in_vector[n->id] = NULL;
    const char *entry = own_entry(f, n);
    line_start(f);
    text_printf(&f->body, "%s = %s;\n", entry, sum);
  }
}
