// stage.c - what samples need again and again, as nodes of their own.
//
// In a loop over samples, the part x[i, s] - mu[c, s] of sum[s](L[r, s] * (x[i, s] - mu[c, s])) does not depend on r: it becomes
// a node over i, c and s, computed once for each sample and small, since the schedule keeps it for one tile of samples at a
// time.
#include "schedule/contraction.h"
#include "schedule/expand.h"
#include "schedule/internal.h"

typedef struct Staged { // a part, over its own indices alone
  const Expr *expr;
  const Node *node;
} Staged;

typedef struct Stager {
  Graph *out;
  const Poly *sample;
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
    if (sub->kind != EXPR_INDEX || !index_covers(dims, e->u.read.node->index[k].extent, n->index[sub->u.index].extent)) return false;
  }
  return true;
}

static bool is_part(Dims *dims, const Node *n, const Expr *e, int by, bool lazy) {
  if (e->kind != EXPR_PRIM || e->type != TYPE_REAL || prim_table[e->u.prim.op].cost == 0 || !expr_uses_index(e, by)) return false;
  return !lazy || reads_plainly(dims, n, e);
}

// Does it take more than to read it again?
static bool is_long(const Expr *e) {
  return e->kind == EXPR_PRIM && (prim_calls(e->u.prim.op) || e->u.prim.op == PRIM_DIV);
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

static const Node *add_staged(Stager *g, const Node *n, const Expr *own, const Part *p) {
  Arena *a = g->out->arena;
  Index *index = arena_array(a, Index, (size_t)p->nindex);
  for (int k = 0; k < p->nindex; k++) index[k] = n->index[p->at[k]];
  Node part = {.kind = NODE_COMP, .span = n->span, .type = TYPE_REAL, .nout = p->nindex, .index = index};
  part.origin = ORIGIN_SHARED_BY_SAMPLE;
  part.name = arena_printf(a, "%s_part", n->name);
  part.expr = staged_arguments(g, &part, own, 0, false);
  const Node *node = graph_add(g->out, &part);
  ARENA_PUSH(a, g->list, g->count, g->room) = (Staged){own, node};
  return node;
}

static bool same_extents(const Node *staged, const Node *n, const Part *p) {
  for (int k = 0; k < p->nindex; k++)
    if (staged->index[k].extent != n->index[p->at[k]].extent) return false;
  return true;
}

static const Expr *staged_expr(Stager *g, Node *n, const Expr *e, int by, bool lazy, bool top) {
  if ((top && !is_long(e)) || !is_part(g->out->dims, n, e, by, lazy)) return staged_arguments(g, n, e, by, lazy);
  Part p = part_of(n, e, by);
  const bool again = p.nindex < (n->kind == NODE_SCATTER ? n->nred : n->nout + n->nred);
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

static void stage_node(Stager *g, Node *n) {
  const int by = n->kind == NODE_CARRY || !n->expr ? -1 : sample_index(g, n);
  if (by >= 0 && n->nout + n->nred >= 2) n->expr = staged_expr(g, n, n->expr, by, n->guard != NULL, n->nred == 0);
}

Graph *stage_samples(Arena *a, const Graph *g, const Poly *sample) {
  Stager s = {.out = graph_new(a, g->dims, g->name), .sample = sample};
  const Node **map = arena_array(a, const Node *, g->count);
  const LoopTree *tree = graph_loops(a, g, NULL);
  Graph *pool = graph_new(a, g->dims, g->name);
  for (size_t k = 0; k < g->count; k++) {
    Node n = graph_translated(s.out, g->nodes[k], map);
    if (sample && !contraction_of(pool, tree, g->nodes[k], sample)) stage_node(&s, &n);
    map[k] = graph_add(s.out, &n);
  }
  graph_close_copies(g, map);
  graph_copy_roots(s.out, g, map, ALL_ROLES);
  return s.out;
}
