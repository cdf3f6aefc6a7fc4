// small.c - products that stay in the tiles which alone know their samples' array.
//
// A packed product takes arrays as they lie in memory, a sample's entries side by side.  Inputs and results lie so, and what a large product
// reads or writes; what tiles compute for themselves (the largest of each window) would go to memory and back for a few columns.
#include "schedule/internal.h"

enum { LARGE = 16 }; // multiply-adds for each entry that is packed or written

typedef struct Rows {
  const Contraction *const *found;
  bool *by_rows; // by node: its array lies row by row anyhow
  bool changed;
} Rows;

static bool is_large(const Dims *dims, const Node *n, const Contraction *c) {
  return contraction_reuse(dims, n, c) >= LARGE;
}

static void lies_by_rows(Rows *r, const Node *n) {
  r->changed = r->changed || !r->by_rows[n->id];
  r->by_rows[n->id] = true;
}

// Does n read each entry where it has its own?
static bool reads_alike(const Node *n, const Expr *read) {
  const Node *m = read->u.read.node;
  if (m->nout != n->nout || n->nout < 2) return false;
  for (int k = 0; k < m->nout; k++)
    if (read->u.read.sub[k]->kind != EXPR_INDEX || read->u.read.sub[k]->u.index != k) return false;
  return true;
}

typedef struct Reader {
  Rows *rows;
  const Node *node;
} Reader;

static void spread(void *context, const Expr *read) {
  const Reader *r = context;
  const Node *m = read->u.read.node;
  if (!reads_alike(r->node, read)) return;
  if (r->rows->by_rows[m->id]) lies_by_rows(r->rows, r->node);
  if (r->rows->by_rows[r->node->id]) lies_by_rows(r->rows, m);
}

// Inputs and results, what large products read and write, and what is as these are, entry by entry.
static void find_rows(const Graph *g, Rows *r) {
  for (size_t k = 0; k < g->nroots; k++) lies_by_rows(r, g->roots[k].node);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    const Contraction *c = r->found[k];
    if (node_is_input(n)) lies_by_rows(r, n);
    if (!c || !is_large(g->dims, n, c)) continue;
    lies_by_rows(r, n);
    lies_by_rows(r, c->a->u.read.node);
    lies_by_rows(r, c->b->u.read.node);
  }
  while (r->changed) {
    r->changed = false;
    for (size_t k = 0; k < g->count; k++)
      if (g->nodes[k]->kind == NODE_COMP && g->nodes[k]->reduce == REDUCE_NONE)
        node_each_read(g, g->nodes[k], spread, &(Reader){r, g->nodes[k]});
  }
}

static double nominal_size(const Dims *dims, const Node *n) {
  double size = 1;
  for (int k = 0; k < n->nout; k++) size *= poly_nominal(dims, n->index[k].extent);
  return size;
}

static bool has_samples(const Node *n, const Poly *sample) {
  for (int k = 0; k < n->nout; k++)
    if (n->index[k].extent == sample) return true;
  return false;
}

// Do tiles alone know the greatest of a product's arrays that have entries for each sample, where its samples are counted within?
static bool is_of_tiles(const Rows *r, const Dims *dims, const Node *n, const Contraction *c, const Poly *sample) {
  const Node *const array[] = {n, c->a->u.read.node, c->b->u.read.node};
  double greatest = 0;
  bool within = false, of_tiles = false;
  for (int q = 0; q < n->nout + n->nred; q++) within = within || (is_contracted(c, q) && n->index[q].extent == sample);
  for (int k = 0; within && k < 3; k++) {
    const double size = has_samples(array[k], sample) ? nominal_size(dims, array[k]) : 0;
    if (size == 0 || size < greatest) continue;
    of_tiles = (size > greatest || of_tiles) && !r->by_rows[array[k]->id];
    greatest = size;
  }
  return of_tiles;
}

const bool *find_small_products(const Schedule *s, const Contraction *const *found) {
  const Graph *g = s->task.graph;
  Rows rows = {found, arena_array(s->arena, bool, g->count + 1), false};
  bool *small = arena_array(s->arena, bool, g->count + 1), any = false;
  for (size_t k = 0; k < g->count; k++) {
    small[k] = s->task.sample && found[k] && !is_large(g->dims, g->nodes[k], found[k]);
    any = any || small[k];
  }
  if (any) find_rows(g, &rows);
  for (size_t k = 0; k < g->count; k++)
    small[k] = small[k] && is_of_tiles(&rows, g->dims, g->nodes[k], found[k], s->task.sample);
  return small;
}
