// stage.c - what samples need again and again, as nodes of their own.
//
// In a loop over samples, the part x[i, s] - mu[c, s] of sum[s](L[r, s] * (x[i, s] - mu[c, s])) does not depend on r: it becomes
// a node over i, c and s, computed once for each sample and small, since the schedule keeps it for one tile of samples at a
// time.  The same is done with data that lie in memory sample after sample: they are turned once.
#include "schedule/contraction.h"
#include "schedule/expand.h"

typedef struct Staged { // a part, over its own indices alone
  const Expr *expr;
  const Node *node;
} Staged;

typedef struct Stager {
  Graph *out;
  const Poly *sample;
  int *readers;      // by data: how many nodes read it sample after sample
  const Node **rows; // by data: its copy, or null
  Staged *list;
  size_t count, room;
} Stager;

typedef struct Part { // of a node: which of its indices occur, samples first
  int nindex, at[INDEX_MAX];
} Part;

static int sample_index(const Stager *g, const Node *n) {
  for (int q = 0; q < n->nout + n->nred; q++)
    if (n->index[q].extent == g->sample) return q;
  return -1;
}

// Has an axis all entries that an index asks for, and few more?
static bool covers(Dims *dims, const Poly *axis, const Poly *index) {
  enum { FEW = 8 };
  const Poly *more = poly_sub(dims, axis, index);
  int64_t value;
  return poly_is_fixed(dims, more) && poly_value(dims, more, NULL, &value) && value >= 0 && value <= FEW;
}

// Do all its reads stay within their arrays, whatever the indices?
static bool reads_plainly(Dims *dims, const Node *n, const Expr *e) {
  if (e->kind == EXPR_PRIM) {
    for (int k = 0; k < e->u.prim.narg; k++)
      if (!reads_plainly(dims, n, e->u.prim.arg[k])) return false;
    return true;
  }
  if (e->kind != EXPR_READ) return true;
  for (int k = 0; k < e->u.read.node->nout; k++) {
    const Expr *sub = e->u.read.sub[k];
    if (sub->kind != EXPR_INDEX || !covers(dims, e->u.read.node->index[k].extent, n->index[sub->u.index].extent)) return false;
  }
  return true;
}

// Does e read real data of more than one axis, at sample `by`, whose entries lie behind those of the sample before?
static bool reads_row(Dims *dims, const Node *n, const Expr *e, int by) {
  if (e->kind != EXPR_READ || e->type != TYPE_REAL || e->u.read.node->kind != NODE_DATA || e->u.read.node->nout < 2) return false;
  return reads_plainly(dims, n, e) && e->u.read.sub[0]->u.index == by;
}

static bool has_row(Dims *dims, const Node *n, const Expr *e, int by, int which) {
  if (reads_row(dims, n, e, by) && e->u.read.node->which == which) return true;
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg; k++)
    if (has_row(dims, n, e->u.prim.arg[k], by, which)) return true;
  return false;
}

static bool is_part(Dims *dims, const Node *n, const Expr *e, int by, bool lazy) {
  if (e->type != TYPE_REAL || !expr_uses_index(e, by)) return false;
  const bool read = e->kind == EXPR_READ && (e->u.read.node->kind == NODE_DATA || e->u.read.node->kind == NODE_SEED);
  const bool computed = e->kind == EXPR_PRIM && prim_table[e->u.prim.op].cost > 0;
  if ((!read && !computed) || (lazy && !reads_plainly(dims, n, e))) return false;
  return true;
}

static Part part_of(const Node *n, const Expr *e, int by) {
  Part p = {.nindex = 1, .at = {by}};
  for (int q = 0; q < n->nout + n->nred; q++)
    if (q != by && expr_uses_index(e, q)) p.at[p.nindex++] = q;
  return p;
}

static const Expr *staged_expr(Stager *g, Node *n, const Expr *e, int by, bool lazy, bool top);

// Arguments first replaced by what is staged of them.
static const Expr *staged_arguments(Stager *g, Node *n, const Expr *e, int by, bool lazy) {
  if (e->kind != EXPR_PRIM) return e;
  const bool branches = e->u.prim.op == PRIM_SELECT || e->u.prim.op == PRIM_AND || e->u.prim.op == PRIM_OR;
  const Expr *arg[3] = {NULL};
  for (int k = 0; k < e->u.prim.narg; k++)
    arg[k] = staged_expr(g, n, e->u.prim.arg[k], by, lazy || (branches && k > 0), false);
  return expr_prim(g->out, e->u.prim.op, arg);
}

static const Node *find_staged(const Stager *g, const Expr *own) {
  for (size_t k = 0; k < g->count; k++)
    if (g->list[k].expr == own) return g->list[k].node;
  return NULL;
}

static const Node *add_node(Stager *g, const Node *like, const char *name, const Index *index, int count, const Expr *value) {
  Node n = {.kind = NODE_COMP, .span = like->span, .name = name, .type = TYPE_REAL, .nout = count, .index = index, .expr = value};
  return graph_add(g->out, &n);
}

static const Node *add_staged(Stager *g, const Node *n, const Expr *own, const Part *p) {
  Arena *a = g->out->arena;
  Index *index = arena_array(a, Index, (size_t)p->nindex);
  for (int k = 0; k < p->nindex; k++) index[k] = n->index[p->at[k]];
  Node part = {.kind = NODE_COMP, .span = n->span, .type = TYPE_REAL, .nout = p->nindex, .index = index};
  part.name = own->kind == EXPR_READ ? arena_printf(a, "%s_of_sample", own->u.read.node->name)
                                     : arena_printf(a, "%s_part", n->name);
  part.expr = staged_arguments(g, &part, own, 0, false);
  const Node *node = graph_add(g->out, &part);
  ARENA_PUSH(a, g->list, g->count, g->room) = (Staged){own, node};
  return node;
}

// Data that several nodes, or one again and again, read sample after sample are turned once for all: all entries of a sample.
static const Node *rows_of(Stager *g, const Node *data) {
  const Node **rows = &g->rows[data->which];
  if (*rows) return *rows;
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < data->nout; k++) sub[k] = expr_index(g->out, k);
  const char *name = arena_printf(g->out->arena, "%s_of_sample", data->name);
  return *rows = add_node(g, data, name, data->index, data->nout, expr_read(g->out, data, sub));
}

static bool same_extents(const Node *staged, const Node *n, const Part *p) {
  for (int k = 0; k < p->nindex; k++)
    if (staged->index[k].extent != n->index[p->at[k]].extent) return false;
  return true;
}

static const Expr *staged_expr(Stager *g, Node *n, const Expr *e, int by, bool lazy, bool top) {
  if (top || !is_part(g->out->dims, n, e, by, lazy)) return staged_arguments(g, n, e, by, lazy);
  Part p = part_of(n, e, by);
  const bool again = p.nindex < (n->kind == NODE_SCATTER ? n->nred : n->nout + n->nred);
  if (reads_row(g->out->dims, n, e, by)) {
    if (!again && g->readers[e->u.read.node->which] < 2) return e;
    return expr_read(g->out, rows_of(g, e->u.read.node), e->u.read.sub);
  }
  const Expr *own_index[INDEX_MAX] = {NULL};
  for (int k = 0; k < p.nindex; k++) own_index[p.at[k]] = expr_index(g->out, k);
  const Expr *own = expr_substitute(g->out, e, own_index, n->nout + n->nred, NULL);
  const Node *node = find_staged(g, own);
  if (node && !same_extents(node, n, &p)) node = NULL;
  if (!node && again) node = add_staged(g, n, own, &p);
  if (!node) return staged_arguments(g, n, e, by, lazy);
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < p.nindex; k++) sub[k] = expr_index(g->out, p.at[k]);
  return expr_read(g->out, node, sub);
}

static int staged_by(const Stager *g, const Node *n) {
  if (n->kind == NODE_CARRY || !n->expr || n->nout + n->nred < 2) return -1;
  return sample_index(g, n);
}

static void stage_node(Stager *g, Node *n) {
  const int by = staged_by(g, n);
  if (by >= 0) n->expr = staged_expr(g, n, n->expr, by, n->guard != NULL, n->nred == 0);
}

static void count_readers(Stager *g, const Graph *from) {
  int ndata = 0;
  for (size_t k = 0; k < from->count; k++)
    if (from->nodes[k]->kind == NODE_DATA && from->nodes[k]->which >= ndata) ndata = from->nodes[k]->which + 1;
  g->readers = arena_array(g->out->arena, int, (size_t)ndata + 1);
  g->rows = arena_array(g->out->arena, const Node *, (size_t)ndata + 1);
  for (size_t k = 0; k < from->count; k++) {
    const Node *n = from->nodes[k];
    const int by = staged_by(g, n);
    for (int which = 0; by >= 0 && which < ndata; which++) g->readers[which] += has_row(from->dims, n, n->expr, by, which);
  }
}

Graph *stage_samples(Arena *a, const Graph *g, const Poly *sample) {
  Stager s = {.out = graph_new(a, g->dims, g->name), .sample = sample};
  const Node **map = arena_array(a, const Node *, g->count);
  const LoopTree *tree = graph_loops(a, g, NULL);
  Graph *pool = graph_new(a, g->dims, g->name);
  count_readers(&s, g);
  for (size_t k = 0; k < g->count; k++) {
    Node n = graph_translated(s.out, g->nodes[k], map);
    if (sample && !contraction_of(pool, tree, g->nodes[k], sample)) stage_node(&s, &n);
    map[k] = graph_add(s.out, &n);
  }
  graph_close_copies(g, map);
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    graph_add_root(s.out, r->role, r->name, r->which, map[r->node->id]);
  }
  return s.out;
}
