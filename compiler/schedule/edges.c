// edges.c - conditions that only the first or last few iterations of a loop decide otherwise: `if i > 0 then x[i - 1] else first`.
//
// Between these edges such a condition is known, so that what it keeps from being read may be read there, and the loop may run in lanes.
// The iterations at the edges run one by one, in their turn.
#include "schedule/edges.h"

enum { WIDEST = 4 }; // an edge, in iterations

bool edges_any(Edges e) {
  return e.first || e.last;
}

// index + *offset?
static bool is_beside(const Expr *e, int index, const Poly **offset, Dims *dims) {
  *offset = poly_int(dims, 0);
  if (e->kind == EXPR_INDEX) return e->u.index == index;
  if (!expr_is_prim(e, PRIM_ADD) && !expr_is_prim(e, PRIM_SUB)) return false;
  const Expr *x = e->u.prim.arg[0], *y = e->u.prim.arg[1];
  if (e->u.prim.op == PRIM_ADD && x->kind == EXPR_POLY) {
    const Expr *t = x;
    x = y;
    y = t;
  }
  if (x->kind != EXPR_INDEX || x->u.index != index || y->kind != EXPR_POLY) return false;
  *offset = e->u.prim.op == PRIM_ADD ? y->u.poly : poly_sub(dims, *offset, y->u.poly);
  return true;
}

// A comparison of the index with a bound: index op *bound.
static bool is_bound(const Expr *e, int index, Dims *dims, Prim *op, const Poly **bound) {
  static const struct {
    Prim op, turned;
  } comparisons[] = {{PRIM_LT, PRIM_GT}, {PRIM_LE, PRIM_GE}, {PRIM_GT, PRIM_LT}, {PRIM_GE, PRIM_LE}, {PRIM_EQ, PRIM_EQ}, {PRIM_NE, PRIM_NE}};
  if (e->kind != EXPR_PRIM) return false;
  const Poly *offset;
  for (size_t k = 0; k < sizeof comparisons / sizeof *comparisons; k++) {
    if (e->u.prim.op != comparisons[k].op) continue;
    const Expr *x = e->u.prim.arg[0], *y = e->u.prim.arg[1];
    const bool turned = x->kind == EXPR_POLY;
    *op = turned ? comparisons[k].turned : comparisons[k].op;
    if (turned) {
      const Expr *t = x;
      x = y;
      y = t;
    }
    if (y->kind != EXPR_POLY || !is_beside(x, index, &offset, dims)) return false;
    *bound = poly_sub(dims, y->u.poly, offset);
    return true;
  }
  return false;
}

// The comparison holds, or not, for all iterations from `first` to `extent - last` on, these being the least: its truth, or -1.
static int needs(Prim op, int64_t at, bool from_end, int *first, int *last) {
  // from the start: index op at; from the end: index op extent - at
  const bool equal = op == PRIM_EQ || op == PRIM_NE;
  if (!from_end) {
    const int64_t edge = at + (equal || op == PRIM_LE || op == PRIM_GT);
    if (edge < 0 || edge > WIDEST) return -1;
    *first = (int)edge;
    return op == PRIM_GT || op == PRIM_GE || op == PRIM_NE;
  }
  const int64_t edge = at - (op == PRIM_LE || op == PRIM_GT);
  if (edge < 0 || edge > WIDEST) return -1;
  *last = (int)edge;
  return op == PRIM_LT || op == PRIM_LE || op == PRIM_NE;
}

// The truth of a comparison between edges that it may ask to be wider (else: not beyond those that there are); -1: it has none.
static int settled(const Expr *e, const Inside *in, Edges *wider) {
  Prim op;
  const Poly *bound;
  int64_t at;
  if (!is_bound(e, in->index, in->dims, &op, &bound)) return -1;
  Edges needed = {0, 0};
  int truth = -1;
  if (poly_fixed(in->dims, bound, &at)) truth = needs(op, at, false, &needed.first, &needed.last);
  if (truth < 0 && poly_fixed(in->dims, poly_sub(in->dims, in->extent, bound), &at)) truth = needs(op, at, true, &needed.first, &needed.last);
  if (truth < 0) return -1;
  if (wider) {
    if (needed.first > wider->first) wider->first = needed.first;
    if (needed.last > wider->last) wider->last = needed.last;
    return truth;
  }
  return needed.first <= in->edges.first && needed.last <= in->edges.last ? truth : -1;
}

void edges_widen(const Expr *e, const Inside *in, Edges *wider) {
  if (settled(e, in, wider) >= 0 || e->kind != EXPR_PRIM) return;
  for (int k = 0; k < e->u.prim.narg; k++) edges_widen(e->u.prim.arg[k], in, wider);
}

int edges_truth(const Expr *e, const Inside *in) {
  if (e->kind == EXPR_BOOL) return e->u.boolean;
  if (e->kind != EXPR_PRIM) return -1;
  const Prim op = e->u.prim.op;
  if (op == PRIM_NOT) {
    const int truth = edges_truth(e->u.prim.arg[0], in);
    return truth < 0 ? -1 : !truth;
  }
  if (op == PRIM_AND || op == PRIM_OR) {
    const int x = edges_truth(e->u.prim.arg[0], in), y = edges_truth(e->u.prim.arg[1], in), ends = op == PRIM_OR;
    return x == ends || y == ends ? ends : x < 0 || y < 0 ? -1 : !ends;
  }
  return settled(e, in, NULL);
}

bool edges_keep_in(const Expr *sub, const Inside *in, const Poly *axis) {
  const Poly *offset;
  int64_t by;
  return axis == in->extent && is_beside(sub, in->index, &offset, in->dims) && poly_fixed(in->dims, offset, &by) &&
         -by <= in->edges.first && by <= in->edges.last;
}

// A product, which is added in one rounding?
static bool is_product(const Expr *e, const Inside *in) {
  while (e->kind == EXPR_PRIM) {
    const Prim op = e->u.prim.op;
    const int truth = op == PRIM_SELECT ? edges_truth(e->u.prim.arg[0], in) : -1;
    if (truth >= 0)
      e = e->u.prim.arg[2 - truth];
    else if (op == PRIM_NEG || op == PRIM_STOP)
      e = e->u.prim.arg[0];
    else
      return e->type == TYPE_REAL && (op == PRIM_MUL || op == PRIM_POWI);
  }
  return false;
}

// Is there a choice in it that is made between the edges?
static bool has_choice(const Expr *e, const Inside *in) {
  if (e->kind != EXPR_PRIM) return false;
  bool has = e->u.prim.op == PRIM_SELECT && edges_truth(e->u.prim.arg[0], in) >= 0;
  for (int k = 0; k < e->u.prim.narg && !has; k++) has = has_choice(e->u.prim.arg[k], in);
  return has;
}

bool edges_keep_roundings(const Expr *e, const Inside *in, bool added) {
  if (e->kind != EXPR_PRIM) return true;
  const Prim op = e->u.prim.op;
  const int truth = op == PRIM_SELECT ? edges_truth(e->u.prim.arg[0], in) : -1;
  if (truth >= 0) {
    const Expr *chosen = e->u.prim.arg[2 - truth];
    return !(added && is_product(chosen, in)) && edges_keep_roundings(chosen, in, added);
  }
  const bool sum = op == PRIM_ADD || op == PRIM_SUB, sign = op == PRIM_NEG || op == PRIM_STOP;
  if (sum && is_product(e->u.prim.arg[0], in) && is_product(e->u.prim.arg[1], in) && has_choice(e, in)) return false; // it tells which
  bool keeps = true;
  for (int k = 0; k < e->u.prim.narg && keeps; k++) keeps = edges_keep_roundings(e->u.prim.arg[k], in, sum || (sign && added));
  return keeps;
}

static const Expr *settle_part(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Inside *in = context;
  if (part->type == TYPE_BOOL) {
    const int truth = edges_truth(part, in);
    if (truth >= 0) return expr_bool(g, truth);
    if (!expr_is_prim(part, PRIM_AND) && !expr_is_prim(part, PRIM_OR)) return NULL;
    const bool kept = part->u.prim.op == PRIM_AND; // the constant that says nothing
    for (int k = 0; k < 2; k++)
      if (arg[k]->kind == EXPR_BOOL && arg[k]->u.boolean == kept) return arg[1 - k];
    return NULL;
  }
  if (!expr_is_prim(part, PRIM_SELECT) || arg[0]->kind != EXPR_BOOL) return NULL;
  return arg[0]->u.boolean ? arg[1] : arg[2];
}

const Expr *edges_inside(Graph *g, const Expr *e, const Inside *in) {
  Inside copy = *in;
  return expr_rebuild(g, e, settle_part, &copy);
}
