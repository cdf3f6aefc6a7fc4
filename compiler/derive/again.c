// again.c - a loop within a step of another is run again, when the adjoint of that step runs.
//
// Kept as they are, the states of a loop in a loop would be as many as the product of their steps.  Those of the outer loop
// are kept; from them the loop inside is computed once more, step by step of the outer one backwards, and its adjoint reads
// that: what is kept is the sum of the steps.  So is what depends on it step by step, in the outer loop or behind it: a sum
// over what the loop inside yields, a loss of each step.  Not so where it takes part in an array that is updated in place,
// which rewind.c takes back.
#include "derive/internal.h"

bool derive_runs_in(const Derive *d, const GraphLoop *loop, const Node *n) {
  return loop && d->loops->position[loop->id][n->id] >= 0;
}

// ---- what runs again ----

typedef struct Look {
  const Derive *d;
  const int *step; // by node: the index that is the step, of what runs again; else -1
  bool in_place, again, astray, turned;
  int index; // of the reader: its step, as far as it reads what runs again; -1: none yet
} Look;

static void look(void *context, const Expr *read) {
  Look *l = context;
  const Node *m = read->u.read.node;
  if ((size_t)m->id >= l->d->nold) return;
  l->in_place = l->in_place || l->d->in_place[m->id];
  if (l->step[m->id] < 0) return;
  const Expr *at = read->u.read.sub[l->step[m->id]];
  l->again = true;
  l->turned = l->turned || l->d->again.turned[m->id];
  if (at->kind != EXPR_INDEX || (l->index >= 0 && l->index != at->u.index))
    l->astray = true;
  else
    l->index = at->u.index;
}

static Look look_at(const Derive *d, const int *step, const Node *n) {
  Look l = {.d = d, .step = step, .in_place = d->in_place[n->id], .index = -1};
  node_each_read(d->graph, n, look, &l);
  return l;
}

static bool runs_again(const Derive *d, const GraphLoop *loop) {
  for (size_t k = 0; k < d->nold; k++)
    if (derive_runs_in(d, loop, d->graph->nodes[k]) && look_at(d, d->again.step, d->graph->nodes[k]).in_place)
      return false;
  return true;
}

// Has the loop few states over all its steps, of fixed sizes, however often it runs?  They are kept: what computes them once more
// waits for each of them in turn, which takes longer than to read them.  More would be too much memory, for all that a step does.
static bool keeps_states(const Derive *d, const GraphLoop *loop) {
  enum { KEPT_MAX = 512 };
  const Dims *dims = d->graph->dims;
  int64_t kept = 0, extent;
  bool fixed = !d->graph->blocked && !loop->alive;
  for (size_t k = 0; k < loop->nitem; k++) fixed = fixed && !loop->item[k].loop;
  for (size_t k = 0; k < loop->ncarry && fixed; k++) {
    const Node *c = loop->carry[k];
    int64_t entries = 1;
    for (int q = 0; q < c->nout && fixed; q++) {
      bool outer = false;
      for (const GraphLoop *l = loop->parent; l; l = l->parent) outer = outer || d->loops->position[l->id][c->id] == q;
      if (outer) continue;
      fixed = poly_fixed(dims, c->index[q].extent, &extent) &&
              extent <= KEPT_MAX && (entries *= extent) <= KEPT_MAX;
    }
    kept += entries;
  }
  return fixed && kept <= KEPT_MAX;
}

static void mark(Derive *d, const Node *n, int step, bool turned) {
  d->again.step[n->id] = step;
  d->again.turned[n->id] = turned;
}

// What a step of the loop computes: the loops in it, and what depends on them.
static void mark_step(Derive *d, const GraphLoop *loop) {
  const int *position = d->loops->position[loop->id];
  for (size_t k = 0; k < loop->nitem; k++) {
    const LoopItem item = loop->item[k];
    if (item.node) {
      const Look l = look_at(d, d->again.step, item.node);
      if (l.again && !l.in_place && !l.astray && item.node->kind != NODE_CARRY)
        mark(d, item.node, position[item.node->id], !loop->reverse);
    } else if (runs_again(d, item.loop) && !keeps_states(d, item.loop)) {
      for (size_t j = 0; j < d->nold; j++)
        if (derive_runs_in(d, item.loop, d->graph->nodes[j])) mark(d, d->graph->nodes[j], position[j], !loop->reverse);
    }
  }
}

// A node behind the loop that is computed step by step of it.
static void mark_behind(Derive *d, const Node *n) {
  const Look l = look_at(d, d->again.step, n);
  if (!l.again) return;
  d->again.astray[n->id] = l.astray;
  const bool computed = n->kind == NODE_COMP || (n->kind == NODE_SCATTER && !n->base);
  if (computed && !l.in_place && !l.astray && l.index >= 0 && l.index < n->nout) mark(d, n, l.index, l.turned);
}

// ---- the copies ----

static Node once_more(Derive *d, const Node *n) {
  Node copy = *n;
  copy.name = arena_printf(d->arena, "%s_again", n->name);
  copy.note = arena_printf(d->arena, "%s, once more", n->name);
  copy.expr = derive_rewind(d, n->expr);
  copy.guard = derive_rewind(d, n->guard);
  copy.base = derive_rewind(d, n->base);
  copy.next = copy.alive = NULL;
  if (!n->target) return copy;
  const Expr **target = arena_array(d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) target[k] = derive_rewind(d, n->target[k]);
  copy.target = target;
  return copy;
}

// What stands for n: itself, where a carry takes what does not run in the loop.
static const Node *copy_of(const Derive *d, const Node *n) {
  return n && d->rewound[n->id].node ? d->rewound[n->id].node : n;
}

static void copy_marked(Derive *d) {
  for (size_t k = 0; k < d->nold; k++) {
    if (d->again.step[k] < 0) continue;
    const Node copy = once_more(d, d->graph->nodes[k]);
    d->rewound[k] = (Rewound){.node = graph_add(d->graph, &copy), .again = true, .step = d->again.step[k]};
  }
  for (size_t k = 0; k < d->nold; k++) {
    const Node *n = d->graph->nodes[k];
    if (n->next && d->again.step[k] >= 0) graph_close(copy_of(d, n), copy_of(d, n->next), copy_of(d, n->alive));
  }
}

Again derive_again_open(Derive *d, const LoopItem *item, size_t count) {
  const Again before = d->again;
  bool any = false;
  for (size_t k = 0; k < count; k++)
    for (size_t j = 0; item[k].loop && j < item[k].loop->nitem; j++) any = any || item[k].loop->item[j].loop;
  if (!any || d->task->plain) return before;
  d->again = (Again){.step = arena_array(d->arena, int, d->nold + 1),
                     .astray = arena_array(d->arena, bool, d->nold + 1),
                     .turned = arena_array(d->arena, bool, d->nold + 1)};
  for (size_t k = 0; k < d->nold; k++) d->again.step[k] = -1;
  for (size_t k = 0; k < count; k++) {
    if (item[k].node)
      mark_behind(d, item[k].node);
    else
      mark_step(d, item[k].loop);
  }
  copy_marked(d);
  return before;
}

void derive_again_close(Derive *d, Again before) {
  d->again = before;
}
