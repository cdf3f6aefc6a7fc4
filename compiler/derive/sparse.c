// sparse.c - block-sparse Jacobians.  Each read A[f(i)] of a parameter is seeded by itself: where the conditions beside
// its tangent say which entry of A that is (f(i) = column), the column is known and only one entry is computed; the
// parameter's other indices are columns side by side.  Rows are all of one length.
#include "derive/kind.h"

typedef struct Site { // one read of a parameter
  const Node *at;
  const Expr *read;
} Site;

typedef struct Sites {
  Kind *k;
  const Node *at;
  Site *list;
  size_t count, room;
} Sites;

// The tangent by one read, as entries of a row.
typedef struct Block {
  const Node *param, *tangent;
  const Expr **sub;  // of the tangent: its extra indices, then the prediction's
  const Expr *guard; // or null: all that the tangent's guard says, over the block's own indices
  Index *index;      // the prediction's indices, then those that are not settled
  int nindex;
  const Expr **entry; // of the parameter: nout subscripts
  bool settled;       // at least one of them
} Block;

static void add_site(void *context, const Expr *read) {
  Sites *s = context;
  if (read->u.read.node->kind != NODE_PARAM) return;
  for (size_t j = s->count; j-- > 0 && s->list[j].at == s->at;) // once where a scatter's base has it, too
    if (s->list[j].read == read) return;
  ARENA_PUSH(s->k->arena, s->list, s->count, s->room) = (Site){s->at, read};
}

static Sites find_sites(Kind *k) {
  Sites s = {.k = k};
  for (size_t j = 0; j < k->graph->count; j++) {
    s.at = k->graph->nodes[j];
    if (s.at->expr && s.at->type == TYPE_REAL) expr_each_read(k->graph, s.at->expr, add_site, &s);
    if (s.at->base && s.at->type == TYPE_REAL) expr_each_read(k->graph, s.at->base, add_site, &s);
  }
  return s;
}

// ---- what the structure may depend on: dimensions and integer data ----

static bool is_structural(Kind *k, const Expr *e);

static bool is_structural_node(Kind *k, const Node *n) {
  if (n->type == TYPE_REAL) return false;
  if (n->kind == NODE_DATA) return true;
  return n->kind == NODE_COMP && is_structural(k, n->expr) && (!n->guard || is_structural(k, n->guard));
}

static bool is_structural(Kind *k, const Expr *e) {
  Arena *scratch = arena_new();
  size_t count;
  const Expr **part = expr_parts(scratch, e, &count);
  bool structural = true;
  for (size_t j = 0; j < count && structural; j++) {
    if (part[j]->kind == EXPR_READ) structural = is_structural_node(k, part[j]->u.read.node);
    if (part[j]->kind == EXPR_REAL) structural = false;
  }
  arena_free(scratch);
  return structural;
}

// ---- solving for the parameter's indices ----

static bool is_prim(const Expr *e, Prim op) {
  return e->kind == EXPR_PRIM && e->u.prim.op == op;
}

// Subscripts of the parameter that the conditions of `guard` give by the indices `own` alone.
static void settle(Kind *k, const Expr *guard, int x, uint64_t own, const Expr **value) {
  if (is_prim(guard, PRIM_AND)) {
    settle(k, guard->u.prim.arg[0], x, own, value);
    settle(k, guard->u.prim.arg[1], x, own, value);
  }
  if (!is_prim(guard, PRIM_EQ)) return;
  for (int side = 0; side < 2; side++) {
    const Expr *q = guard->u.prim.arg[side], *other = guard->u.prim.arg[1 - side];
    if (q->kind != EXPR_INDEX || q->u.index >= x || value[q->u.index] || (other->indices & ~own)) continue;
    if (is_structural(k, other)) value[q->u.index] = other;
  }
}

// Of a guard, what depends on the structure alone; what follows a condition that does not is kept all the same, since
// subscripts of integer data are in range by their declarations.
static const Expr *structural_part(Kind *k, const Expr *guard) {
  if (!guard) return NULL;
  if (is_prim(guard, PRIM_AND)) {
    const Expr *a = structural_part(k, guard->u.prim.arg[0]), *b = structural_part(k, guard->u.prim.arg[1]);
    return a && b ? expr_prim2(k->graph, PRIM_AND, a, b) : a ? a : b;
  }
  return is_structural(k, guard) ? guard : NULL;
}

static Block block_of(Kind *k, const Node *param, const Node *tangent) {
  Graph *g = k->graph;
  const int x = param->nout, n = tangent->nout;
  Block b = {.param = param, .tangent = tangent, .nindex = n - x};
  const Expr **value = arena_array(k->arena, const Expr *, (size_t)n + 1);
  const Expr **own = arena_array(k->arena, const Expr *, (size_t)(n + tangent->nred) + 1);
  b.sub = arena_array(k->arena, const Expr *, (size_t)n + 1);
  b.entry = arena_array(k->arena, const Expr *, (size_t)x + 1);
  b.index = arena_array(k->arena, Index, (size_t)n + 1);
  if (tangent->guard && tangent->kind == NODE_COMP) settle(k, tangent->guard, x, ((uint64_t)1 << n) - ((uint64_t)1 << x), value);
  for (int q = x; q < n; q++) {
    b.index[q - x] = tangent->index[q];
    own[q] = b.sub[q] = expr_index(g, q - x);
  }
  for (int q = 0; q < x; q++) {
    b.settled = b.settled || value[q];
    if (value[q]) {
      b.sub[q] = expr_substitute(g, value[q], own, n, NULL);
    } else {
      b.index[b.nindex] = tangent->index[q];
      b.sub[q] = expr_index(g, b.nindex++);
    }
    own[q] = b.entry[q] = b.sub[q];
  }
  // Conditions that need indices that are summed over are not the entry's.
  uint64_t reduced = 0;
  for (int q = n; q < n + tangent->nred; q++) reduced |= (uint64_t)1 << q;
  if (b.settled && !(tangent->guard->indices & reduced)) b.guard = expr_substitute(g, tangent->guard, own, n, NULL);
  return b;
}

// ---- the two results ----

static Node block_node(Kind *k, const Block *b, const char *what, const Expr *guard, const Expr *expr) {
  return (Node){.kind = NODE_COMP,
                .name = arena_printf(k->arena, "%s_%s", what, b->param->name),
                .type = expr->type,
                .nout = b->nindex,
                .index = b->index,
                .guard = guard,
                .expr = expr};
}

static const Poly *offset_of(Kind *k, int param) {
  Dims *dims = k->model->dims;
  const Poly *offset = poly_int(dims, 0);
  for (int p = 0; p < param; p++) {
    const Poly *size = poly_int(dims, 1);
    for (int q = 0; q < k->model->param[p].rank; q++) size = poly_mul(dims, size, k->model->param[p].extent[q]);
    offset = poly_add(dims, offset, size);
  }
  return offset;
}

static const Node *values(Kind *k, const Block *b) {
  const Node n = block_node(k, b, "values", b->guard, expr_read(k->graph, b->tangent, b->sub));
  return graph_add(k->graph, &n);
}

// An entry that a condition leaves at 0 has a column, too, within the parameter.
static const Expr *within(Graph *g, const Expr *sub, const Poly *extent) {
  if (sub->kind == EXPR_INDEX) return sub;
  const Expr *last = expr_poly(g, poly_sub(g->dims, extent, poly_int(g->dims, 1)));
  return expr_prim2(g, PRIM_MAX, expr_int(g, 0), expr_prim2(g, PRIM_MIN, sub, last));
}

static const Node *columns(Kind *k, const Block *b) {
  Graph *g = k->graph;
  const Expr *flat = expr_int(g, 0);
  for (int q = 0; q < b->param->nout; q++)
    flat = expr_prim2(g, PRIM_ADD, expr_prim2(g, PRIM_MUL, flat, expr_poly(g, b->param->index[q].extent)),
                      within(g, b->entry[q], b->param->index[q].extent));
  flat = expr_prim2(g, PRIM_ADD, flat, expr_poly(g, offset_of(k, b->param->which)));
  const Node n = block_node(k, b, "columns", structural_part(k, b->guard), flat);
  return graph_add(g, &n);
}

static const Node *row_starts(Kind *k, const Poly *length) {
  Dims *dims = k->model->dims;
  const Poly *rows = poly_add(dims, derive_node_size(dims, k->output), poly_int(dims, 1));
  const Index row = {"row", rows};
  const Node n = {.kind = NODE_COMP,
                  .name = "row_starts",
                  .type = TYPE_INT,
                  .nout = 1,
                  .index = &row,
                  .expr = expr_prim2(k->graph, PRIM_MUL, expr_index(k->graph, 0), expr_poly(k->graph, length))};
  return graph_add(k->graph, &n);
}

bool derive_sparse(Kind *k) {
  const Sites sites = find_sites(k);
  Dims *dims = k->model->dims;
  const bool structure = k->request->kind == DERIVATIVE_STRUCTURE;
  const Poly *length = poly_int(dims, 0);
  int count = 0;
  for (size_t j = 0; j < sites.count; j++) {
    const Node *param = sites.list[j].read->u.read.node, *tangent;
    Derivation task = derive_by_entries(k, param);
    task.of = &k->output;
    task.nof = 1;
    task.what = param->name;
    task.at = sites.list[j].at;
    task.read = sites.list[j].read;
    if (!derive_forward(k->graph, &task, &tangent)) return false;
    if (!tangent) continue;
    const Block b = block_of(k, param, tangent);
    const Poly *size = poly_int(dims, 1);
    for (int q = k->output->nout; q < b.nindex; q++) size = poly_mul(dims, size, b.index[q].extent);
    length = poly_add(dims, length, size);
    derive_add_root(k, structure ? 1 + count : count, structure ? columns(k, &b) : values(k, &b));
    count++;
  }
  if (structure) derive_add_root(k, 0, row_starts(k, length));
  return true;
}
