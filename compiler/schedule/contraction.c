// contraction.c - see contraction.h.
#include <math.h>

#include "schedule/internal.h"

enum {
  OPEN_EXTENT = 64, // what an extent that is known at call time only is taken for
  LEAST_REUSE = 5,  // multiply-adds for each entry that is packed or written: less is not worth a pass of its own,
  LEAST_SMALL = 8,  // but where no extent is less and the multiply-adds are few, so that all of it lies in the nearest cache
  MOST_SMALL = 4096
};

static uint64_t bit(int q) {
  return (uint64_t)1 << q;
}

// ---- affine subscripts, with dimensions for coefficients ----

// Adds scale * (the coefficient of index q in e) to *sum: false where there is none.
static bool add_step(Dims *dims, const Expr *e, int q, const Poly *scale, const Poly **sum) {
  if (!(e->indices & bit(q))) return true;
  if (e->kind == EXPR_INDEX) {
    *sum = poly_add(dims, *sum, scale);
    return true;
  }
  if (e->kind != EXPR_PRIM) return false;
  const Expr *const *arg = e->u.prim.arg;
  const Poly *opposite = poly_sub(dims, poly_int(dims, 0), scale);
  switch (e->u.prim.op) {
  case PRIM_ADD: return add_step(dims, arg[0], q, scale, sum) && add_step(dims, arg[1], q, scale, sum);
  case PRIM_SUB: return add_step(dims, arg[0], q, scale, sum) && add_step(dims, arg[1], q, opposite, sum);
  case PRIM_NEG: return add_step(dims, arg[0], q, opposite, sum);
  case PRIM_MUL:
    if (arg[0]->kind == EXPR_POLY) return add_step(dims, arg[1], q, poly_mul(dims, scale, arg[0]->u.poly), sum);
    return arg[1]->kind == EXPR_POLY && add_step(dims, arg[0], q, poly_mul(dims, scale, arg[1]->u.poly), sum);
  default: return false;
  }
}

const Poly *subscript_step(Dims *dims, const Expr *sub, int q) {
  const Poly *sum = poly_int(dims, 0);
  return add_step(dims, sub, q, poly_int(dims, 1), &sum) ? sum : NULL;
}

static bool affine_read(Dims *dims, const Expr *read, int q) {
  for (int k = 0; k < read->u.read.node->nout; k++)
    if (!subscript_step(dims, read->u.read.sub[k], q)) return false;
  return true;
}

// ---- groups ----

static bool in_group(const IndexGroup *g, int q) {
  for (int k = 0; k < g->count; k++)
    if (g->index[k] == q) return true;
  return false;
}

bool is_contracted(const Contraction *c, int q) {
  return in_group(&c->rows, q) || in_group(&c->columns, q) || in_group(&c->terms, q);
}

static bool add_index(IndexGroup *g, int q) {
  if (g->count == CONTRACTION_AXES) return false;
  g->index[g->count++] = q;
  return true;
}

// Indices of the loops that the node runs in, and what these are mapped over, run outside.
static bool runs_outside(const LoopTree *tree, const Node *n, int q) {
  for (const GraphLoop *l = tree->inside[n->id]; l; l = l->parent)
    if (q <= tree->position[l->id][n->id]) return true;
  return false;
}

static bool find_groups(Dims *dims, const LoopTree *tree, const Node *n, Contraction *c) {
  for (int q = 0; q < n->nout + n->nred; q++) {
    const bool affine = affine_read(dims, c->a, q) && affine_read(dims, c->b, q);
    const bool in_a = c->a->indices & bit(q), in_b = c->b->indices & bit(q);
    if (q >= n->nout) {
      if (!affine || !add_index(&c->terms, q)) return false;
    } else if (affine && in_a != in_b && !runs_outside(tree, n, q)) {
      if (!add_index(in_a ? &c->rows : &c->columns, q)) return false;
    }
  }
  return true;
}

static int64_t size_of(const Dims *dims, const Node *n, const IndexGroup *g) {
  int64_t size = 1, extent;
  for (int k = 0; k < g->count; k++) {
    if (!poly_fixed(dims, n->index[g->index[k]].extent, &extent)) extent = OPEN_EXTENT;
    if (extent > OPEN_EXTENT) extent = OPEN_EXTENT;
    size *= extent;
  }
  return size;
}

// An entry of a factor is packed once for each column, row or term that it does not have.
double contraction_reuse(const Dims *dims, const Node *n, const Contraction *c) {
  const IndexGroup *const group[] = {&c->rows, &c->columns, &c->terms};
  double packed = 0;
  for (int k = 0; k < 3; k++) packed += 1.0 / (double)size_of(dims, n, group[k]);
  return 1 / packed;
}

static bool pays(const Dims *dims, const Node *n, const Contraction *c) {
  const double rows = (double)size_of(dims, n, &c->rows), columns = (double)size_of(dims, n, &c->columns),
               terms = (double)size_of(dims, n, &c->terms);
  const bool small = fmin(rows, fmin(columns, terms)) >= LEAST_SMALL && rows * columns * terms <= MOST_SMALL;
  return small || contraction_reuse(dims, n, c) >= LEAST_REUSE;
}

static void exchange(Contraction *c) {
  const Expr *a = c->a;
  const IndexGroup rows = c->rows;
  c->a = c->b;
  c->b = a;
  c->rows = c->columns;
  c->columns = rows;
}

// ---- triangles ----

typedef struct Bounding {
  Graph *pool;
  const Node *n;
  Contraction *c;
} Bounding;

// e where the indices that run within the kernel are 0.
static const Expr *at_origin(const Bounding *b, const Expr *e) {
  const Expr *sub[INDEX_MAX];
  const int total = b->n->nout + b->n->nred;
  for (int q = 0; q < total; q++) sub[q] = is_contracted(b->c, q) ? expr_int(b->pool, 0) : expr_index(b->pool, q);
  return expr_substitute(b->pool, e, sub, total, NULL);
}

// x - y + slack >= 0 as a bound on the one index that is summed over.
static bool bound(const Bounding *b, const Expr *x, const Expr *y, int64_t slack) {
  Dims *dims = b->pool->dims;
  Graph *pool = b->pool;
  const int total = b->n->nout + b->n->nred;
  const Poly *row = poly_int(dims, 0);
  int64_t sign = 0;
  for (int q = 0; q < total; q++) {
    if (!is_contracted(b->c, q)) continue;
    const Poly *in_x = subscript_step(dims, x, q), *in_y = subscript_step(dims, y, q);
    if (!in_x || !in_y) return false;
    const Poly *step = poly_sub(dims, in_x, in_y);
    int64_t value;
    const bool constant = poly_is_int(step, &value);
    if (constant && value == 0) continue;
    if (in_group(&b->c->terms, q)) {
      if (!constant || (value != 1 && value != -1)) return false;
      sign = value;
    } else if (in_group(&b->c->rows, q)) {
      row = step;
    } else {
      return false;
    }
  }
  if (!sign) return false;
  const Expr *rest = expr_prim2(pool, PRIM_SUB, at_origin(b, x), at_origin(b, y));
  Contraction *c = b->c;
  if (sign > 0) {
    if (c->low) return false;
    c->low = expr_prim2(pool, PRIM_SUB, expr_int(pool, -slack), rest);
    c->low_row = poly_sub(dims, poly_int(dims, 0), row);
  } else {
    if (c->high) return false;
    c->high = expr_prim2(pool, PRIM_ADD, rest, expr_int(pool, slack + 1));
    c->high_row = row;
  }
  return true;
}

static bool bounds(const Bounding *b, const Expr *guard) {
  if (guard->kind != EXPR_PRIM || guard->u.prim.narg != 2) return false;
  const Expr *x = guard->u.prim.arg[0], *y = guard->u.prim.arg[1];
  if (guard->u.prim.op == PRIM_AND) return bounds(b, x) && bounds(b, y);
  if (x->type != TYPE_INT) return false;
  switch (guard->u.prim.op) {
  case PRIM_LT: return bound(b, y, x, -1);
  case PRIM_LE: return bound(b, y, x, 0);
  case PRIM_GT: return bound(b, x, y, -1);
  case PRIM_GE: return bound(b, x, y, 0);
  default: return false;
  }
}

static bool is_plainly_nonnegative(const Dims *dims, const Poly *p) {
  int64_t value;
  return poly_is_nonnegative(dims, p) || (poly_fixed(dims, p, &value) && value >= 0);
}

// Is the subscript that of an entry for all values of the indices, whatever a guard says?
static bool stays_inside(Graph *pool, const Node *n, const Expr *sub, const Poly *extent) {
  Dims *dims = pool->dims;
  const Expr *zero[INDEX_MAX] = {NULL};
  const int total = n->nout + n->nred;
  for (int q = 0; q < total; q++) zero[q] = expr_int(pool, 0);
  const Expr *rest = expr_substitute(pool, sub, zero, total, NULL);
  if (rest->kind != EXPR_POLY) return false;
  const Poly *least = rest->u.poly, *most = least;
  for (int q = 0; q < total; q++) {
    const Poly *step = subscript_step(dims, sub, q);
    if (!step) return false;
    const Poly *range = poly_mul(dims, step, poly_sub(dims, n->index[q].extent, poly_int(dims, 1)));
    const bool up = is_plainly_nonnegative(dims, step);
    if (!up && !is_plainly_nonnegative(dims, poly_sub(dims, poly_int(dims, 0), step))) return false;
    if (up)
      most = poly_add(dims, most, range);
    else
      least = poly_add(dims, least, range);
  }
  const Poly *last = poly_sub(dims, extent, poly_int(dims, 1));
  return is_plainly_nonnegative(dims, least) && is_plainly_nonnegative(dims, poly_sub(dims, last, most));
}

bool reads_inside(Graph *pool, const Node *n, const Expr *read) {
  const Node *m = read->u.read.node;
  for (int k = 0; k < m->nout; k++)
    if (!stays_inside(pool, n, read->u.read.sub[k], m->index[k].extent)) return false;
  return true;
}

// Whole blocks are packed: what a row leaves out is read as well.
static bool find_bounds(Graph *pool, const Node *n, Contraction *c) {
  if (!n->guard) return true;
  if (c->terms.count != 1 || !reads_inside(pool, n, c->a) || !reads_inside(pool, n, c->b)) return false;
  for (int k = 0; k < c->columns.count; k++) // a triangle's index is one of rows, and the only one
    if (n->guard->indices & bit(c->columns.index[k])) {
      exchange(c);
      break;
    }
  for (int k = 0; k < c->rows.count; k++)
    if (c->rows.count > 1 && (n->guard->indices & bit(c->rows.index[k]))) return false;
  const Bounding b = {pool, n, c};
  return bounds(&b, n->guard);
}

// ---- the node ----

static bool is_factor(const Expr *e) {
  return e->kind == EXPR_READ && e->type == TYPE_REAL;
}

bool stays_with_samples(const Node *n, const Poly *sample) {
  const Expr *e = n->expr;
  if (!sample || n->kind != NODE_COMP || !expr_is_prim(e, PRIM_MUL)) return false;
  bool by_sample = false, shared = false;
  const uint64_t both = e->u.prim.arg[0]->indices & e->u.prim.arg[1]->indices;
  for (int q = 0; q < n->nout + n->nred; q++) {
    by_sample = by_sample || n->index[q].extent == sample;
    shared = shared || (q < n->nout && (both & bit(q)));
  }
  return by_sample && shared;
}

// The node as a contraction, in *c, and why it is one or none.
static ReasonKind contracted(Graph *pool, const LoopTree *tree, const Node *n, const Poly *sample, Contraction *c) {
  const Expr *e = n->expr;
  if (n->kind != NODE_COMP || n->reduce != REDUCE_SUM || n->type != TYPE_REAL) return REASON_NOT_OF_TWO;
  if (stays_with_samples(n, sample)) return REASON_WITH_SAMPLES;
  if (!expr_is_prim(e, PRIM_MUL)) return REASON_NOT_OF_TWO;
  if (!is_factor(e->u.prim.arg[0]) || !is_factor(e->u.prim.arg[1])) return REASON_NOT_OF_TWO;
  Dims *dims = pool->dims;
  *c = (Contraction){.a = e->u.prim.arg[0], .b = e->u.prim.arg[1]};
  if (!find_groups(dims, tree, n, c)) return REASON_NOT_AFFINE;
  if (c->rows.count == 0 || c->columns.count == 0) return REASON_NOT_OF_TWO;
  if (!pays(dims, n, c)) return REASON_LITTLE_REUSE;
  // The last index of the array is one of columns, so that tiles write along it.
  if (c->rows.index[c->rows.count - 1] > c->columns.index[c->columns.count - 1]) exchange(c);
  return find_bounds(pool, n, c) ? REASON_KERNEL : REASON_OTHER_CONDITION;
}

static const Contraction *kept_contraction(Arena *a, ReasonKind why, const Contraction *c) {
  if (why != REASON_KERNEL) return NULL;
  Contraction *made = arena_new_of(a, Contraction);
  *made = *c;
  return made;
}

const Contraction *contraction_of(Graph *pool, const LoopTree *tree, const Node *n, const Poly *sample) {
  Contraction c;
  return kept_contraction(pool->arena, contracted(pool, tree, n, sample, &c), &c);
}

// Of all nodes, whatever the function needs.
static const Contraction **all_contractions(Schedule *s) {
  const Graph *g = s->task.graph;
  const LoopTree *tree = graph_loops(s->arena, g, NULL);
  const Contraction **found = arena_array(s->arena, const Contraction *, g->count + 1);
  for (size_t k = 0; k < g->count; k++) found[k] = contraction_of(s->pool, tree, g->nodes[k], s->task.sample);
  return found;
}

void find_contractions(Schedule *s) {
  const Graph *g = s->task.graph;
  // What stays in tiles is seen from the whole graph, so that it is the same in all functions that share it.
  const bool *small = find_small_products(s, all_contractions(s));
  const LoopTree *tree = graph_loops_beside(s->arena, g, s->task.given, NULL);
  for (size_t k = 0; k < g->count; k++) {
    if (!s->place[k].needed || (s->task.given && s->task.given[k])) continue;
    Contraction c;
    Place *p = &s->place[k];
    p->contraction_why = contracted(s->pool, tree, g->nodes[k], s->task.sample, &c);
    if (p->contraction_why == REASON_KERNEL && small[k]) p->contraction_why = REASON_OF_TILES;
    p->contraction = kept_contraction(s->arena, p->contraction_why, &c);
  }
}

// ---- packed panels ----

static int64_t at_most(const Dims *dims, const Node *n, const IndexGroup *group, int64_t most) {
  int64_t size = 1, extent;
  for (int k = 0; k < group->count; k++) {
    const Poly *e = n->index[group->index[k]].extent;
    if (!poly_fixed(dims, e, &extent) || extent > most) return most;
    size *= extent;
    if (size > most) return most;
  }
  return size;
}

// What contract.h packs at a time, and the space that its vectors want to start at.
enum { PANEL_ROWS = 96, PANEL_TERMS = 256, PANEL_COLUMNS = 512, PANEL_WIDTH = 32, PANEL_ALIGNMENT = 16 };

int64_t panel_size(const Schedule *s) {
  const Graph *g = s->task.graph;
  int64_t largest = 0;
  for (size_t k = 0; k < g->count; k++) {
    const Contraction *c = s->place[k].contraction;
    if (!c) continue;
    const Node *n = g->nodes[k];
    const int64_t rows = at_most(g->dims, n, &c->rows, PANEL_ROWS), terms = at_most(g->dims, n, &c->terms, PANEL_TERMS);
    const int64_t columns = at_most(g->dims, n, &c->columns, PANEL_COLUMNS);
    const int64_t panels = (columns + PANEL_WIDTH - 1) / PANEL_WIDTH + 1;
    const int64_t size = terms * (rows + panels * PANEL_WIDTH) + PANEL_ALIGNMENT;
    if (size > largest) largest = size;
  }
  return largest;
}
