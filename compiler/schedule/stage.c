// stage.c - what samples need again and again, as nodes of their own.
//
// In a loop over samples, the part x[i, s] - mu[c, s] of sum[s](L[r, s] * (x[i, s] - mu[c, s])) does not depend on r: it becomes
// a node over i, c and s, computed once for each sample and small, since the schedule keeps it for one tile of samples at a
// time.  So does a quotient that reads its operands at r // 2: over half of the entries.
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

typedef struct Part { // of a node: what subscripts its reads, samples first
  int nindex;
  const Expr *sub[INDEX_MAX]; // an index of the node, or index // number
  Index index[INDEX_MAX];     // those of the part: as many entries as the node's index, or as the axis that the quotient is in
  int place[INDEX_MAX];       // by index of the node
  bool quotients, longer;     // there are some; one's axis has more entries than its values
  bool mixed;                 // an index is used in several ways
} Part;

static int sample_index(const Stager *g, const Node *n) {
  for (int q = 0; q < n->nout + n->nred; q++)
    if (n->index[q].extent == g->sample) return q;
  return -1;
}

// index // number: *q is the index.
static bool is_quotient(const Expr *e, int *q) {
  int64_t number;
  if (!expr_is_prim(e, PRIM_FLOORDIV) || e->u.prim.arg[0]->kind != EXPR_INDEX || !expr_is_int(e->u.prim.arg[1], &number)) return false;
  *q = e->u.prim.arg[0]->u.index;
  return number >= 2;
}

// Do all its reads stay within their arrays, whatever the indices?  A quotient's values are those of its axis (part_of).
static bool reads_plainly(Dims *dims, const Node *n, const Expr *e) {
  if (e->kind == EXPR_PRIM) {
    for (int k = 0; k < e->u.prim.narg; k++)
      if (!reads_plainly(dims, n, e->u.prim.arg[k])) return false;
    return true;
  }
  if (e->kind != EXPR_READ) return true;
  for (int k = 0; k < e->u.read.node->nout; k++) {
    const Expr *sub = e->u.read.sub[k];
    int q;
    if (is_quotient(sub, &q)) continue;
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

typedef struct Uses { // of a node's indices in a part
  const Expr *sub[INDEX_MAX]; // how it is used; null: not
  Index index[INDEX_MAX];
  bool mixed;
} Uses;

static void use(Uses *u, int q, const Expr *sub, Index index) {
  u->mixed = u->mixed || (u->sub[q] && (u->sub[q] != sub || u->index[q].extent != index.extent));
  u->sub[q] = sub;
  u->index[q] = index;
}

static void find_uses(Uses *u, const Node *n, const Expr *e) {
  if (e->kind == EXPR_INDEX) use(u, e->u.index, e, n->index[e->u.index]);
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg; k++) find_uses(u, n, e->u.prim.arg[k]);
  for (int k = 0; e->kind == EXPR_READ && k < e->u.read.node->nout; k++) {
    const Expr *sub = e->u.read.sub[k];
    int q;
    if (is_quotient(sub, &q))
      use(u, q, sub, e->u.read.node->index[k]);
    else
      find_uses(u, n, sub);
  }
}

// More than the values that index // number has, by sizes where open dimensions are about a hundred?
static bool is_longer(const Dims *dims, const Index *axis, const Index *index, const Expr *quotient) {
  int64_t number = 1;
  expr_is_int(quotient->u.prim.arg[1], &number);
  return poly_nominal(dims, axis->extent) * (double)number > poly_nominal(dims, index->extent) + (double)number;
}

static void add_use(const Dims *dims, const Node *n, Part *p, const Uses *u, int q) {
  const bool quotient = u->sub[q]->kind != EXPR_INDEX;
  p->quotients = p->quotients || quotient;
  p->longer = p->longer || (quotient && is_longer(dims, &u->index[q], &n->index[q], u->sub[q]));
  p->sub[p->nindex] = u->sub[q];
  p->index[p->nindex] = u->index[q];
  p->place[q] = p->nindex++;
}

static Part part_of(const Dims *dims, const Node *n, const Expr *e, int by) {
  Uses u = {.mixed = false};
  Part p = {.nindex = 0};
  find_uses(&u, n, e);
  p.mixed = u.mixed || u.sub[by]->kind != EXPR_INDEX;
  add_use(dims, n, &p, &u, by);
  for (int q = 0; q < n->nout + n->nred; q++)
    if (q != by && u.sub[q]) add_use(dims, n, &p, &u, q);
  return p;
}

static const Expr *in_own_indices(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Part *p = context;
  int q;
  (void)arg;
  if (part->kind == EXPR_INDEX) return expr_index(g, p->place[part->u.index]);
  return is_quotient(part, &q) && p->sub[p->place[q]] == part ? expr_index(g, p->place[q]) : NULL;
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
  for (int k = 0; k < p->nindex; k++) index[k] = p->index[k];
  Node part = {.kind = NODE_COMP, .span = n->span, .type = TYPE_REAL, .nout = p->nindex, .index = index};
  part.origin = ORIGIN_SHARED_BY_SAMPLE;
  part.name = arena_printf(a, "%s_part", n->name);
  part.expr = staged_arguments(g, &part, own, 0, false);
  const Node *node = graph_add(g->out, &part);
  ARENA_PUSH(a, g->list, g->count, g->room) = (Staged){own, node};
  return node;
}

static bool same_extents(const Node *staged, const Part *p) {
  for (int k = 0; k < p->nindex; k++)
    if (staged->index[k].extent != p->index[k].extent) return false;
  return true;
}

// Is there less to compute than where it stands?
static bool is_fewer(const Node *n, const Expr *e, const Part *p) {
  if (p->quotients) return is_long(e) && !p->longer;
  return p->nindex < (n->kind == NODE_SCATTER ? n->nred : n->nout + n->nred);
}

static const Expr *staged_expr(Stager *g, Node *n, const Expr *e, int by, bool lazy, bool top) {
  if ((top && !is_long(e)) || !is_part(g->out->dims, n, e, by, lazy)) return staged_arguments(g, n, e, by, lazy);
  Part p = part_of(g->out->dims, n, e, by);
  if (p.mixed) return staged_arguments(g, n, e, by, lazy);
  const Expr *own = expr_rebuild(g->out, e, in_own_indices, &p);
  const Node *node = find_staged(g, own);
  if (node && !same_extents(node, &p)) node = NULL;
  if (!node && is_fewer(n, e, &p)) node = add_staged(g, n, own, &p);
  return node ? expr_read(g->out, node, p.sub) : staged_arguments(g, n, e, by, lazy);
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
