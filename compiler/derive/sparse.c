// sparse.c - block-sparse Jacobians.  Tangents by what is read of a parameter in different places, A[f(i)] and A[g(i)],
// are kept apart on their whole way: where the conditions beside one say which entries of A it is of (f(i) = column), the
// column is known and only one entry is computed; the parameter's other indices are columns side by side.  Rows are all of
// one length.
#include "derive/kind.h"

// One of those tangents, as entries of a row.
typedef struct Block {
  const Node *param, *tangent;
  int which;         // of the model's parameters
  const Expr **sub;  // of the tangent: its extra indices, then the prediction's
  const Expr *guard; // or null: what the tangent's guard says, and that it is read within it, over the block's indices
  Index *index;      // the prediction's indices, then those that are not settled
  int nindex;
  const Expr **entry; // of the parameter: nout subscripts
} Block;

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

// Subscripts of the parameter that the conditions of `guard` give by the indices `own` alone.
static void settle(Kind *k, const Expr *guard, int x, uint64_t own, const Expr **value) {
  if (expr_is_prim(guard, PRIM_AND)) {
    settle(k, guard->u.prim.arg[0], x, own, value);
    settle(k, guard->u.prim.arg[1], x, own, value);
  }
  if (!expr_is_prim(guard, PRIM_EQ)) return;
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
  if (expr_is_prim(guard, PRIM_AND)) {
    const Expr *a = structural_part(k, guard->u.prim.arg[0]), *b = structural_part(k, guard->u.prim.arg[1]);
    return a && b ? expr_prim2(k->graph, PRIM_AND, a, b) : a ? a : b;
  }
  return is_structural(k, guard) ? guard : NULL;
}

// 0 <= sub and sub < extent; null where sub is an index that runs so far.
static const Expr *in_range(Graph *g, const Expr *sub, const Index *index, const Poly *extent) {
  if (sub->kind == EXPR_INDEX && index[sub->u.index].extent == extent) return NULL;
  return expr_prim2(g, PRIM_AND, expr_prim2(g, PRIM_GE, sub, expr_int(g, 0)),
                    expr_prim2(g, PRIM_LT, sub, expr_poly(g, extent)));
}

static const Expr *both(Graph *g, const Expr *a, const Expr *b) {
  return !a ? b : !b ? a : expr_prim2(g, PRIM_AND, a, b);
}

// What the guard says of an entry: no conditions on indices that are summed over, nor reads that such ones may protect.
static const Expr *conditions(Graph *g, const Expr *guard, uint64_t reduced, bool *unprotected) {
  if (expr_is_prim(guard, PRIM_AND)) {
    const Expr *a = conditions(g, guard->u.prim.arg[0], reduced, unprotected);
    return both(g, a, conditions(g, guard->u.prim.arg[1], reduced, unprotected));
  }
  if (!(guard->indices & reduced)) return *unprotected && guard->nodes ? NULL : guard;
  *unprotected = true;
  return NULL;
}

static const Expr *of_entry(Graph *g, const Node *n) {
  uint64_t reduced = 0;
  bool unprotected = false;
  for (int q = n->nout; q < n->nout + n->nred; q++) reduced |= (uint64_t)1 << q;
  return n->guard ? conditions(g, n->guard, reduced, &unprotected) : NULL;
}

static Block block_of(Kind *k, int input, const Node *tangent) {
  Graph *g = k->graph;
  const Node *param = k->input[input];
  const int x = param->nout, n = tangent->nout;
  const Expr *inside = NULL;
  Block b = {.param = param, .tangent = tangent, .which = k->input_at[input], .nindex = n - x};
  const Expr **value = arena_array(k->arena, const Expr *, (size_t)n + 1);
  const Expr **own = arena_array(k->arena, const Expr *, (size_t)(n + tangent->nred) + 1);
  b.sub = arena_array(k->arena, const Expr *, (size_t)n + 1);
  b.entry = arena_array(k->arena, const Expr *, (size_t)x + 1);
  b.index = arena_array(k->arena, Index, (size_t)n + 1);
  const Expr *guard = tangent->kind == NODE_COMP ? of_entry(g, tangent) : NULL;
  if (guard) settle(k, guard, x, ((uint64_t)1 << n) - ((uint64_t)1 << x), value);
  for (int q = x; q < n; q++) {
    b.index[q - x] = tangent->index[q];
    own[q] = b.sub[q] = expr_index(g, q - x);
  }
  for (int q = 0; q < x; q++) {
    if (value[q]) {
      b.sub[q] = expr_substitute(g, value[q], own, n, NULL);
      inside = both(g, inside, in_range(g, b.sub[q], b.index, tangent->index[q].extent));
    } else {
      b.index[b.nindex] = tangent->index[q];
      b.sub[q] = expr_index(g, b.nindex++);
    }
    own[q] = b.entry[q] = b.sub[q];
  }
  b.guard = both(g, guard ? expr_substitute(g, guard, own, n, NULL) : NULL, inside);
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
  flat = expr_prim2(g, PRIM_ADD, flat, expr_poly(g, offset_of(k, b->which)));
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

// Adds the blocks of one parameter to the roots; false where they are too deeply nested.
static bool add_blocks(Kind *k, int input, int *count, const Poly **length) {
  Dims *dims = k->model->dims;
  const bool structure = k->request->kind == DERIVATIVE_STRUCTURE;
  Derivation task = derive_by_entries(k, k->input[input]);
  const Node **tangent;
  size_t parts;
  task.of = &k->output;
  task.nof = 1;
  task.what = k->input[input]->name;
  if (!derive_forward_apart(k->graph, &task, &tangent, &parts)) return false;
  for (size_t j = 0; j < parts; j++) {
    const Block b = block_of(k, input, tangent[j]);
    const Poly *size = poly_int(dims, 1);
    for (int q = k->output->nout; q < b.nindex; q++) size = poly_mul(dims, size, b.index[q].extent);
    *length = poly_add(dims, *length, size);
    derive_add_root(k, structure ? 1 + *count : *count, structure ? columns(k, &b) : values(k, &b));
    ++*count;
  }
  return true;
}

bool derive_sparse(Kind *k) {
  const Poly *length = poly_int(k->model->dims, 0);
  int count = 0;
  for (int j = 0; j < k->ninput; j++)
    if (!add_blocks(k, j, &count, &length)) return false;
  if (k->request->kind == DERIVATIVE_STRUCTURE) derive_add_root(k, 0, row_starts(k, length));
  return true;
}
