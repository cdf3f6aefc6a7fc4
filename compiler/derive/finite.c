// finite.c - which values may be infinite or NaN, where what the caller gives is finite.
//
// A partial derivative that may be, times an adjoint that is 0 because a branch was not taken, would be NaN: flow.c asks
// here, and guards only those.  Sums and products of finite values count as finite: what overflows there overflows in the
// function as well.
#include <math.h>

#include "derive/internal.h"

struct Range {
  double low, high; // the value is within, or NaN
  bool finite;
  bool known;
};

static const Range anything = {-HUGE_VAL, HUGE_VAL, false, true}, any_number = {-HUGE_VAL, HUGE_VAL, true, true};

static Range range_of(Derive *d, const Expr *e);

static Range joined(Range a, Range b) {
  return (Range){fmin(a.low, b.low), fmax(a.high, b.high), a.finite && b.finite, true};
}

// ---- primitives ----

static double times(double a, double b) {
  return a == 0 || b == 0 ? 0 : a * b;
}

static Range product(Range a, Range b, bool square) {
  const double p[] = {times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high)};
  const double low = fmin(fmin(p[0], p[1]), fmin(p[2], p[3])), high = fmax(fmax(p[0], p[1]), fmax(p[2], p[3]));
  return (Range){square ? fmax(low, 0) : low, high, a.finite && b.finite, true};
}

// Underflow may make a quotient 0: only its sign is told.
static Range quotient(Range a, Range b) {
  if (b.low <= 0 && b.high >= 0) return anything;
  if (b.high < 0) return quotient((Range){-a.high, -a.low, a.finite, true}, (Range){-b.high, -b.low, b.finite, true});
  return (Range){a.low >= 0 ? 0 : -HUGE_VAL, a.high <= 0 ? 0 : HUGE_VAL, a.finite && b.finite, true};
}

static Range integer_power(Range x, const Expr *exponent) {
  int64_t n;
  if (!expr_is_int(exponent, &n) || n < 0) return anything;
  const bool positive = n % 2 == 0 || x.low >= 0;
  return (Range){positive ? 0 : -HUGE_VAL, HUGE_VAL, x.finite, true};
}

// What the row of the table says; of functions that rise, within their argument's bounds.
static Range by_row(const Expr *e, const Range *x) {
  const PrimRow *row = &prim_table[e->u.prim.op];
  Range r = {row->value_low, row->value_high, true, true};
  for (int k = 0; k < e->u.prim.narg; k++) {
    if (e->u.prim.arg[k]->type == TYPE_BOOL) continue;
    r.finite = r.finite && x[k].finite && x[k].low >= row->finite_from && x[k].high <= row->finite_to;
  }
  if (e->u.prim.op == PRIM_SQRT && x[0].low > 0) r.low = sqrt(x[0].low);
  if (e->u.prim.op == PRIM_HYPOT) r.low = fmax(r.low, fmax(x[0].low, x[1].low));
  if (e->u.prim.op == PRIM_POW && x[0].low >= 0) r.low = 0;
  return r;
}

static Range range_of_prim(Derive *d, const Expr *e) {
  const Expr *const *arg = e->u.prim.arg;
  const Prim op = e->u.prim.op;
  Range x[3] = {anything, anything, anything};
  for (int k = 0; k < e->u.prim.narg; k++)
    if (arg[k]->type != TYPE_BOOL) x[k] = range_of(d, arg[k]);
  const Range a = x[0], b = x[1];
  const bool finite = a.finite && b.finite;
  switch ((int)op) {
  case PRIM_ADD: return (Range){a.low + b.low, a.high + b.high, finite, true};
  case PRIM_SUB: return (Range){a.low - b.high, a.high - b.low, finite, true};
  case PRIM_NEG: return (Range){-a.high, -a.low, a.finite, true};
  case PRIM_MUL: return product(a, b, arg[0] == arg[1]);
  case PRIM_DIV: return quotient(a, b);
  case PRIM_POWI: return integer_power(a, arg[1]);
  case PRIM_MAX: return (Range){fmax(a.low, b.low), fmax(a.high, b.high), finite, true};
  case PRIM_MIN: return (Range){fmin(a.low, b.low), fmin(a.high, b.high), finite, true};
  case PRIM_SELECT: return joined(x[1], x[2]);
  case PRIM_STOP:
  case PRIM_REAL: return a;
  default: return by_row(e, x);
  }
}

// ---- expressions ----

// Dimensions are at least 1 where anything is computed over them.
static Range range_of_poly(Derive *d, const Poly *p) {
  Dims *dims = d->graph->dims;
  const PolyTerm *term;
  int64_t value;
  if (poly_is_int(p, &value)) return (Range){(double)value, (double)value, true, true};
  const bool positive = poly_is_nonnegative(dims, p) && poly_terms(p, &term) == 1;
  return (Range){positive ? 1 : -HUGE_VAL, HUGE_VAL, true, true};
}

static Range range_of_kind(Derive *d, const Expr *e) {
  switch (e->kind) {
  case EXPR_REAL: return (Range){e->u.real, e->u.real, isfinite(e->u.real), true};
  case EXPR_POLY: return range_of_poly(d, e->u.poly);
  case EXPR_INDEX: return (Range){0, HUGE_VAL, true, true};
  case EXPR_READ: return (size_t)e->u.read.node->id < d->nold ? d->node_range[e->u.read.node->id] : anything;
  case EXPR_PRIM: return range_of_prim(d, e);
  case EXPR_BOOL: break;
  }
  return anything;
}

static void reserve(Derive *d) {
  const size_t n = graph_expr_count(d->graph);
  if (n <= d->nrange) return;
  Range *range = arena_array(d->arena, Range, n * 2);
  for (size_t k = 0; k < d->nrange; k++) range[k] = d->range[k];
  d->range = range;
  d->nrange = n * 2;
}

// Recurses as deep as the expression is high, which is limited.
static Range range_of(Derive *d, const Expr *e) {
  if (e->type == TYPE_INT && e->kind == EXPR_PRIM) return any_number;
  if (!d->range[e->id].known) d->range[e->id] = range_of_kind(d, e);
  return d->range[e->id];
}

// ---- nodes ----

static Range summed(Range x) {
  return (Range){x.low >= 0 ? 0 : -HUGE_VAL, x.high <= 0 ? 0 : HUGE_VAL, x.finite, true};
}

static Range range_of_node(Derive *d, const Node *n) {
  const Range zero = {0, 0, true, true};
  if (n->type != TYPE_REAL || !n->expr) return any_number;
  if (n->kind == NODE_CARRY) return d->node_range[n->id];
  const Range x = range_of(d, n->expr), before = n->base ? range_of(d, n->base) : zero;
  if (n->kind == NODE_SCATTER) return n->assign ? joined(before, x) : joined(before, summed(joined(before, x)));
  switch (n->reduce) {
  case REDUCE_SUM: return summed(x);
  case REDUCE_PROD: return (Range){x.low >= 0 ? 0 : -HUGE_VAL, HUGE_VAL, x.finite, true};
  case REDUCE_LOGSUMEXP: return (Range){-HUGE_VAL, HUGE_VAL, x.finite, true};
  default: return n->guard && n->reduce == REDUCE_NONE ? joined(x, zero) : x;
  }
}

static void range_nodes(Derive *d) {
  for (size_t k = 0; k < d->nrange; k++) d->range[k].known = false;
  for (size_t k = 0; k < d->nold; k++) d->node_range[k] = range_of_node(d, d->graph->nodes[k]);
}

// Carries are taken for finite until what they start from or take is not; each one that is not may make others so.
static void find_ranges(Derive *d) {
  enum { ROUNDS = 8 };
  d->node_range = arena_array(d->arena, Range, d->nold + 1);
  for (size_t k = 0; k < d->nold; k++) d->node_range[k] = any_number;
  bool more = true;
  for (int round = 0; more; round++) {
    more = false;
    range_nodes(d);
    for (size_t k = 0; k < d->nold; k++) {
      const Node *n = d->graph->nodes[k];
      if (n->kind != NODE_CARRY || n->type != TYPE_REAL || !d->node_range[k].finite) continue;
      if (round < ROUNDS && range_of(d, n->expr).finite && n->next && d->node_range[n->next->id].finite) continue;
      d->node_range[k] = anything;
      more = true;
    }
  }
}

bool derive_is_finite(Derive *d, const Expr *e) {
  reserve(d);
  if (!d->node_range) find_ranges(d);
  return range_of(d, e).finite;
}
