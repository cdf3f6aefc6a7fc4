// order.c - in which order a sum adds its terms: a matter of the node alone, never of the loops that it runs in.
#include "schedule/internal.h"
#include "simplify/simplify.h"

enum { SHORT_SUM = 16 }; // terms of a fixed number up to this are added one after the other

static bool is_short(Dims *dims, const Poly *extent) {
  int64_t value;
  return poly_fixed(dims, extent, &value) && value <= SHORT_SUM;
}

static int first_of_extent(const Node *n, int from, int to, const Poly *extent) {
  for (int q = from; extent && q < to; q++)
    if (n->index[q].extent == extent) return q;
  return -1;
}

static bool gathers_lanes(const Node *n) {
  return n->kind == NODE_COMP && n->type == TYPE_REAL &&
         (n->reduce == REDUCE_SUM || n->reduce == REDUCE_MAX || n->reduce == REDUCE_MIN);
}

static bool adds_up(const Node *n) {
  return n->type == TYPE_REAL &&
         ((n->kind == NODE_COMP && n->reduce == REDUCE_SUM) || (n->kind == NODE_SCATTER && !n->assign));
}

// Does an entry's place depend on index q?
static bool is_placed_by(const Node *n, int q) {
  for (int k = 0; n->kind == NODE_SCATTER && k < n->nout; k++)
    if (expr_uses_index(n->target[k], q)) return true;
  return false;
}

// Does a read of e walk through memory by index q; is there none that walks by an output?  What does not depend on q stands still.
static bool walks_by(const Node *n, const Expr *e, int q, bool *found) {
  if (e->kind == EXPR_PRIM) {
    for (int k = 0; k < e->u.prim.narg; k++)
      if (!walks_by(n, e->u.prim.arg[k], q, found)) return false;
    return true;
  }
  if (e->kind != EXPR_READ || e->u.read.node->nout == 0 || !expr_uses_index(e, q)) return true;
  const Expr *last = e->u.read.sub[e->u.read.node->nout - 1];
  for (int k = 0; k < n->nout; k++)
    if (expr_uses_index(last, k)) return false;
  *found = *found || (last->kind == EXPR_INDEX && last->u.index == q);
  return true;
}

// A dot product: what it reads lies in memory by the last index of the sum.
static bool is_dot(const Node *n, int last) {
  bool found = false;
  return walks_by(n, n->expr, last, &found) && found;
}

static bool is_one_or_two(const Expr *e) {
  return expr_is_real(e, 1) || expr_is_real(e, 2);
}

bool log_term(const Expr *e, const Expr **x, const Expr **times) {
  *times = NULL;
  if (expr_is_prim(e, PRIM_MUL)) {
    const bool first = expr_is_prim(e->u.prim.arg[0], PRIM_SELECT);
    *times = e->u.prim.arg[!first];
    if (!expr_is_prim(*times, PRIM_SELECT)) return false;
    if (!is_one_or_two((*times)->u.prim.arg[1]) || !is_one_or_two((*times)->u.prim.arg[2])) return false;
    e = e->u.prim.arg[first];
  }
  if (!expr_is_prim(e, PRIM_LOG)) return false;
  *x = e->u.prim.arg[0];
  return true;
}

static bool is_from_1(const Expr *e) {
  if (!expr_is_prim(e, PRIM_ADD)) return false;
  for (int k = 0; k < 2; k++)
    if (e->u.prim.arg[k]->kind == EXPR_REAL && e->u.prim.arg[k]->u.real >= 1) return simplify_not_negative(e->u.prim.arg[1 - k]);
  return false;
}

// Sums of logarithms of what was rounded itself, by u |x| say: each logarithm may be wrong by u anyhow, as it is in a product.
static NodeOrder order_in_lanes(const Node *n, int last) {
  const Expr *x, *times;
  const bool logs = n->reduce == REDUCE_SUM && log_term(n->expr, &x, &times) && !expr_may_be_exact(x);
  return (NodeOrder){ORDER_LANES, last, logs ? REASON_ORDER_LOGS : REASON_ORDER_SCALAR, logs, logs && is_from_1(x)};
}

bool adds_to_few(const Node *n) {
  return n->origin == ORIGIN_ATTAINED && n->kind == NODE_COMP && n->type == TYPE_REAL;
}

NodeOrder node_order(const Graph *g, const Node *n, const Poly *sample) {
  const NodeOrder none = {ORDER_TERMS, -1, REASON_NONE, false, false}, terms = {ORDER_TERMS, -1, REASON_ORDER_OTHER, false, false};
  const NodeOrder few = {ORDER_TERMS, -1, REASON_ORDER_SHORT, false, false};
  const int total = n->nout + n->nred;
  if (n->nred == 0) return none;
  if (first_of_extent(n, 0, n->nout, sample) >= 0) return (NodeOrder){ORDER_TERMS, -1, REASON_ORDER_BY_SAMPLE, false, false};
  const int by_sample = first_of_extent(n, n->nout, total, sample), last = by_sample >= 0 ? by_sample : total - 1;
  if (gathers_lanes(n) && n->nout == 0)
    return is_short(g->dims, n->index[last].extent) ? few : order_in_lanes(n, last);
  if (adds_up(n) && by_sample >= 0 && !is_placed_by(n, by_sample) && !is_short(g->dims, n->index[by_sample].extent))
    return (NodeOrder){ORDER_BLOCKS, by_sample, adds_to_few(n) ? REASON_ORDER_ATTAINED : REASON_ORDER_SAMPLES, false, false};
  if (!gathers_lanes(n) || by_sample >= 0) return terms;
  if (is_short(g->dims, n->index[last].extent)) return few;
  if (is_dot(n, last)) return (NodeOrder){ORDER_LANES, last, REASON_ORDER_DOT, false, false};
  return (NodeOrder){ORDER_TERMS, -1, REASON_ORDER_OUTPUTS, false, false};
}

// ---- the dimension that samples are counted by ----

// Extents that are one dimension, with how often they were met.
typedef struct Tally {
  const Poly *extent;
  int count;
} Tally;

static void count_extent(Tally *tally, Dims *dims, const Poly *extent, int weight) {
  for (int k = 0; k < dims_count(dims); k++)
    if (extent == poly_dim(dims, k)) {
      tally[k].extent = extent;
      tally[k].count += weight;
    }
}

static const Poly *most_counted(const Tally *tally, int count) {
  const Tally *best = NULL;
  for (int k = 0; k < count; k++)
    if (tally[k].count > 0 && (!best || tally[k].count > best->count)) best = &tally[k];
  return best ? best->extent : NULL;
}

// Is a state carried along it, or one of all samples from step to step?  Then samples do not stand outside of the steps.
static bool is_carried(const Graph *g, const Poly *extent) {
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (n->kind != NODE_CARRY) continue;
    if (poly_sub(g->dims, n->index[n->axis].extent, poly_int(g->dims, 1)) == extent) return true;
    if (first_of_extent(n, n->axis + 1, n->nout, extent) >= 0) return true;
  }
  return false;
}

// Of the dimensions that scalars are summed over, the one that most arrays have.
static const Poly *most_summed(Arena *a, const Graph *g) {
  const int count = dims_count(g->dims);
  Tally *summed = arena_array(a, Tally, (size_t)count + 1), *met = arena_array(a, Tally, (size_t)count + 1);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    const bool scalar = n->kind == NODE_COMP && n->reduce == REDUCE_SUM && n->nout == 0;
    for (int q = 0; q < n->nout + n->nred; q++) {
      count_extent(met, g->dims, n->index[q].extent, 1);
      if (scalar) count_extent(summed, g->dims, n->index[q].extent, 1);
    }
  }
  for (int k = 0; k < count; k++)
    if (!summed[k].count) met[k].count = 0;
  return most_counted(met, count);
}

const Poly *sample_extent(const Model *m) {
  Arena *a = arena_new();
  const int count = dims_count(m->dims);
  const Poly *sample = m->batch >= 0 ? poly_dim(m->dims, m->batch) : NULL;
  if (!sample) {
    Tally *tally = arena_array(a, Tally, (size_t)count + 1);
    for (int k = 0; k < m->ndata; k++)
      if (m->data[k].rank > 0) count_extent(tally, m->dims, m->data[k].extent[0], 1);
    sample = most_counted(tally, count);
  }
  if (!sample) sample = most_summed(a, m->graph);
  if (sample && (is_carried(m->graph, sample) || is_shorter(m->dims, sample, SHORTEST_STRIP))) sample = NULL;
  arena_free(a);
  return sample;
}
