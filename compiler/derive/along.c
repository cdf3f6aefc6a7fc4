// along.c - what goes along with a loop that is cut into blocks (block.c): its readers, which are cut like it, and what it reads,
// of which its steps get copies.
#include "derive/block.h"

// The loop over blocks that n runs in, or null.
const GraphLoop *block_outermost(const Blocker *b, const Node *n) {
  const GraphLoop *l = b->loops->inside[n->id];
  while (l && l->parent) l = l->parent;
  return l && l->nitem > 0 ? l : NULL; // one that runs nothing stays as it is
}

// Is the step an output of n?
bool block_is_split(const Blocker *b, const Node *n) {
  return b->at[n->id] >= 0 && b->at[n->id] < n->nout;
}

typedef struct Along {
  const Blocker *b;
  const Node *n;
  const Poly *steps;
  int at; // -1: reads nothing that is split; -2: not at one index of its own
} Along;

static void see_split(void *context, const Expr *read) {
  Along *a = context;
  const Node *m = read->u.read.node;
  if (!block_is_split(a->b, m)) return;
  const int p = a->b->at[m->id];
  const int q = loop_step_of(read->u.read.sub[p], m->kind == NODE_CARRY && m->axis == p && m->reverse);
  const bool own = q >= 0 && a->n->index[q].extent == a->b->steps[m->id];
  a->at = !own || (a->at != -1 && a->at != q) ? -2 : q;
  a->steps = a->b->steps[m->id];
}

// What reads the steps of loops at an index of its own, which is split like theirs.
static void find_readers(Blocker *b) {
  for (size_t k = 0; k < b->in->count; k++) {
    const Node *n = b->in->nodes[k];
    const GraphLoop *l = block_outermost(b, n);
    b->at[k] = l ? b->loops->position[l->id][k] : -1;
    if (l) b->steps[k] = l->steps;
    if (l || b->loops->inside[k] || n->kind != NODE_COMP || n->reduce == REDUCE_ARGMAX) continue;
    Along a = {.b = b, .n = n, .at = -1};
    node_each_read(b->in, n, see_split, &a);
    if (a.at < 0) continue;
    b->at[k] = a.at;
    b->steps[k] = a.steps;
  }
}

typedef struct Wanting {
  Blocker *b;
  const Poly *steps;
  int index, nindex; // the step in the reader
  int64_t shift;
} Wanting;

static void want_copy(Blocker *b, const Node *m, Copy copy) {
  for (const Copy *c = b->copies[m->id]; c; c = c->next)
    if (c->at == copy.at && c->shift == copy.shift && c->steps == copy.steps) return;
  copy.next = b->copies[m->id];
  Copy *made = arena_new_of(b->arena, Copy);
  *made = copy;
  b->copies[m->id] = made;
}

// The one subscript of a read that is index `index` and a constant more; -1: there is none, or more than one has the index.
static int step_subscript(Graph *g, const Expr *read, int index, int nindex, int64_t *shift) {
  int64_t coefficient[INDEX_MAX];
  int found = -1;
  for (int k = 0; k < read->u.read.node->nout; k++) {
    const Expr *sub = read->u.read.sub[k], *rest;
    if (!expr_uses_index(sub, index)) continue;
    if (found >= 0 || !expr_affine(g, sub, nindex, coefficient, &rest)) return -1;
    for (int q = 0; q < nindex; q++)
      if (coefficient[q] != (q == index)) return -1;
    *shift = 0;
    if (rest && !expr_is_int(rest, shift)) return -1;
    found = k;
  }
  return found;
}

static void see_outside(void *context, const Expr *read) {
  const Wanting *w = context;
  Blocker *b = w->b;
  const Node *m = read->u.read.node;
  if (b->at[m->id] >= 0 || b->loops->inside[m->id] || m->kind != NODE_COMP) return;
  int64_t shift;
  const int p = step_subscript(b->out, read, w->index, w->nindex, &shift);
  if (p >= 0) want_copy(b, m, (Copy){.at = p, .shift = w->shift + shift, .steps = w->steps});
}

// What is read step by step, by what is split or by such a copy.
static void find_copies(Blocker *b) {
  for (size_t k = b->in->count; k-- > 0;) {
    const Node *n = b->in->nodes[k];
    Wanting w = {.b = b, .steps = b->steps[k], .index = b->at[k], .nindex = n->nout + n->nred};
    if (w.nindex > INDEX_MAX || n->kind == NODE_CARRY || n->kind == NODE_SCATTER) continue;
    if (b->at[k] >= 0) node_each_read(b->in, n, see_outside, &w);
    for (const Copy *c = b->copies[k]; c; c = c->next) {
      w = (Wanting){b, c->steps, c->at, w.nindex, c->shift};
      node_each_read(b->in, n, see_outside, &w);
    }
  }
}

void block_find_along(Blocker *b) {
  find_readers(b);
  find_copies(b);
}
