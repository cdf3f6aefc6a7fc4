// again.c - a loop within a step of another is run again, when the adjoint of that step runs.
//
// Kept as they are, the states of a loop in a loop would be as many as the product of their steps.  Those of the outer loop
// are kept; from them the loop inside is computed once more, step by step of the outer one backwards, and its adjoint reads
// that: what is kept is the sum of the steps.  Not so where it takes part in an array that is updated in place, which
// rewind.c takes back.
#include "derive/internal.h"

static bool inside(const Derive *d, const GraphLoop *loop, const Node *n) {
  for (const GraphLoop *l = d->loops->inside[n->id]; l; l = l->parent)
    if (l == loop) return true;
  return false;
}

typedef struct Look {
  const Derive *d;
  bool in_place;
} Look;

static void see_in_place(void *context, const Expr *read) {
  Look *l = context;
  const Node *n = read->u.read.node;
  l->in_place = l->in_place || ((size_t)n->id < l->d->nold && l->d->in_place[n->id]);
}

static bool touches_array_in_place(const Derive *d, const Node *n) {
  Look l = {d, d->in_place[n->id]};
  node_each_read(d->graph, n, see_in_place, &l);
  return l.in_place;
}

static bool runs_again(const Derive *d, const GraphLoop *loop) {
  if (!loop->parent) return false;
  for (size_t k = 0; k < d->nold; k++)
    if (inside(d, loop, d->graph->nodes[k]) && touches_array_in_place(d, d->graph->nodes[k])) return false;
  return true;
}

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

Rewound *derive_again_open(Derive *d, const GraphLoop *loop) {
  if (!runs_again(d, loop)) return NULL;
  Rewound *before = arena_array(d->arena, Rewound, d->nold + 1);
  for (size_t k = 0; k < d->nold; k++) before[k] = d->rewound[k];
  for (size_t k = 0; k < d->nold; k++) {
    const Node *n = d->graph->nodes[k];
    if (!inside(d, loop, n)) continue;
    const Node copy = once_more(d, n);
    d->rewound[k] = (Rewound){.node = graph_add(d->graph, &copy)};
  }
  for (size_t k = 0; k < d->nold; k++) {
    const Node *n = d->graph->nodes[k];
    if (n->next && inside(d, loop, n)) graph_close(copy_of(d, n), copy_of(d, n->next), copy_of(d, n->alive));
  }
  return before;
}

void derive_again_close(Derive *d, Rewound *before) {
  if (before) d->rewound = before;
}
