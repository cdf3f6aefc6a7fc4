// tape.c - chooses what crosses from forward to backward: stored, or cheap enough to compute again.
#include "schedule/tape.h"

#include "schedule/schedule.h"

enum { RECOMPUTE_OPERATIONS = 4 };

// Operations of one entry; a call of a library function is worth many.
static int work_of(const Expr *e, int limit) {
  if (e->kind == EXPR_READ) {
    int sum = 0;
    for (int k = 0; k < e->u.read.node->nout && sum <= limit; k++) sum += work_of(e->u.read.sub[k], limit);
    return sum;
  }
  if (e->kind != EXPR_PRIM) return 0;
  const PrimRow *row = &prim_table[e->u.prim.op];
  bool call = (row->c[0] >= 'a' && row->c[0] <= 'z') && row->cost > 0 && e->u.prim.op != PRIM_POWI;
  int sum = call ? limit + 1 : row->cost;
  for (int k = 0; k < e->u.prim.narg && sum <= limit; k++) sum += work_of(e->u.prim.arg[k], limit);
  return sum;
}

static bool cheap(const Node *n) {
  return n->kind == NODE_COMP && n->reduce == REDUCE_NONE &&
         work_of(n->expr, RECOMPUTE_OPERATIONS) <= RECOMPUTE_OPERATIONS;
}

static void mark(bool *set, const Reads *r) {
  for (size_t k = 0; k < r->count; k++) set[r->read[k]->u.read.node->id] = true;
}

Tape tape_plan(Arena *a, const Graph *g) {
  Dims *dims = g->dims;
  bool *forward = arena_array(a, bool, g->count), *wanted = arena_array(a, bool, g->count);
  bool *stored = arena_array(a, bool, g->count);
  Tape tape = {.stored = stored,
               .offset = arena_array(a, const Poly *, g->count),
               .reals = poly_int(dims, 0),
               .integers = poly_int(dims, 0)};
  Reads *reads = arena_array(a, Reads, g->count);
  for (size_t k = 0; k < g->count; k++) reads[k] = node_reads(a, g, g->nodes[k]);
  for (size_t k = 0; k < g->nroots; k++) {
    if (g->roots[k].role == ROOT_LOSS) forward[g->roots[k].node->id] = true;
    if (g->roots[k].role == ROOT_GRADIENT) wanted[g->roots[k].node->id] = true;
  }
  for (size_t k = g->count; k-- > 0;)
    if (forward[k]) mark(forward, &reads[k]);
  for (size_t k = g->count; k-- > 0;) {
    const Node *n = g->nodes[k];
    if (!wanted[k]) continue;
    if (forward[k] && (n->kind == NODE_COMP || n->kind == NODE_SCATTER) && !cheap(n))
      stored[k] = true;
    else
      mark(wanted, &reads[k]);
  }
  for (size_t k = 0; k < g->count; k++) {
    if (!stored[k]) continue;
    const Node *n = g->nodes[k];
    const Poly **used = n->type == TYPE_REAL ? &tape.reals : &tape.integers, *size = poly_int(dims, 1);
    for (int q = 0; q < n->nout; q++) size = poly_mul(dims, size, n->index[q].extent);
    tape.offset[k] = *used;
    *used = poly_add(dims, *used, size);
  }
  return tape;
}
