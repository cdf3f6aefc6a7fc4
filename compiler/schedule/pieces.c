// pieces.c - see pieces.h.
#include "schedule/pieces.h"

#include "graph/loops.h"

// Where index q is: in low … high - 1, which is less than its range.  Without an index: anywhere.
typedef struct Part {
  int q; // -1: none
  const Poly *low, *high;
} Part;

typedef struct Cutter {
  Arena *arena;
  Graph *g;
  const Node *n; // of the new graph, in the making
  const LoopTree *loops;
  int at; // its id in the old one
} Cutter;

// ---- conditions as parts of a range ----

static const Poly *greater(Dims *dims, const Poly *a, const Poly *b) {
  if (poly_is_nonnegative(dims, poly_sub(dims, a, b))) return a;
  return poly_is_nonnegative(dims, poly_sub(dims, b, a)) ? b : NULL;
}

static const Poly *less(Dims *dims, const Poly *a, const Poly *b) {
  if (poly_is_nonnegative(dims, poly_sub(dims, b, a))) return a;
  return poly_is_nonnegative(dims, poly_sub(dims, a, b)) ? b : NULL;
}

// What a loop computes is computed in all of its steps.
static bool counts_steps(const Cutter *c, int q) {
  for (const GraphLoop *l = c->loops->inside[c->at]; l; l = l->parent)
    if (c->loops->position[l->id][c->at] == q) return true;
  return false;
}

// Narrows the part to where coefficient * q + rest >= 0.
static bool bound(Cutter *c, Part *part, int q, int64_t coefficient, const Poly *rest) {
  Dims *dims = c->g->dims;
  if (counts_steps(c, q)) return false;
  if (part->q >= 0 && part->q != q) return false;
  if (part->q < 0) *part = (Part){q, poly_int(dims, 0), c->n->index[q].extent};
  if (coefficient == 1)
    part->low = greater(dims, part->low, poly_sub(dims, poly_int(dims, 0), rest));
  else if (coefficient == -1)
    part->high = less(dims, part->high, poly_add(dims, rest, poly_int(dims, 1)));
  else
    return false;
  return part->low && part->high && poly_is_nonnegative(dims, poly_sub(dims, part->high, part->low));
}

// a - b - slack >= 0
static bool at_least(Cutter *c, Part *part, const Expr *a, const Expr *b, int64_t slack) {
  int64_t ca[INDEX_MAX], cb[INDEX_MAX];
  const Expr *rest_a, *rest_b;
  const int total = c->n->nout + c->n->nred;
  if (!expr_affine(c->g, a, total, ca, &rest_a) || !expr_affine(c->g, b, total, cb, &rest_b)) return false;
  if (rest_a->kind != EXPR_POLY || rest_b->kind != EXPR_POLY) return false;
  Dims *dims = c->g->dims;
  int q = -1;
  for (int k = 0; k < total; k++) {
    if (ca[k] == cb[k]) continue;
    if (q >= 0) return false;
    q = k;
  }
  const Poly *rest = poly_sub(dims, poly_sub(dims, rest_a->u.poly, rest_b->u.poly), poly_int(dims, slack));
  return q >= 0 && bound(c, part, q, ca[q] - cb[q], rest);
}

// Narrows the part to where the condition holds, or to where it does not, or fails.
static bool narrow(Cutter *c, Part *part, const Expr *e, bool holds) {
  static const struct {
    Prim op;
    bool second, strictly; // is it the second operand that is at least the other one, or strictly greater
  } comparisons[] = {{PRIM_GE, false, false}, {PRIM_GT, false, true}, {PRIM_LE, true, false}, {PRIM_LT, true, true}};
  if (e->kind != EXPR_PRIM || e->nodes) return false;
  const Expr *const *arg = e->u.prim.arg;
  const Prim op = e->u.prim.op;
  if (op == PRIM_NOT) return narrow(c, part, arg[0], !holds);
  if (op == (holds ? PRIM_AND : PRIM_OR)) return narrow(c, part, arg[0], holds) && narrow(c, part, arg[1], holds);
  if (e->u.prim.narg != 2 || arg[0]->type != TYPE_INT) return false;
  for (size_t k = 0; k < sizeof comparisons / sizeof *comparisons; k++) {
    if (comparisons[k].op != op) continue;
    const int greater = comparisons[k].second == holds; // not a >= b is b > a
    return at_least(c, part, arg[greater], arg[1 - greater], comparisons[k].strictly == holds);
  }
  return false;
}

// ---- pieces ----

// A node for e where the part is, over the indices that it needs, and how n reads it there.
static const Expr *named(Cutter *c, const Expr *e, const Part *part) {
  Graph *g = c->g;
  const Node *n = c->n;
  Index *index = arena_array(c->arena, Index, INDEX_MAX);
  const Expr *own[INDEX_MAX] = {NULL}, *sub[INDEX_MAX];
  int count = 0;
  for (int k = 0; k < n->nout + n->nred; k++) {
    if (!expr_uses_index(e, k)) continue;
    index[count] = n->index[k];
    own[k] = expr_index(g, count);
    sub[count] = expr_index(g, k);
    if (k == part->q) {
      index[count].extent = poly_sub(g->dims, part->high, part->low);
      own[k] = expr_prim2(g, PRIM_ADD, own[k], expr_poly(g, part->low));
      sub[count] = expr_prim2(g, PRIM_SUB, sub[count], expr_poly(g, part->low));
    }
    count++;
  }
  const Node piece = {.kind = NODE_COMP,
                      .origin = ORIGIN_PIECE,
                      .name = arena_printf(c->arena, "%s_piece", n->name),
                      .span = n->span,
                      .type = TYPE_REAL,
                      .nout = count,
                      .index = index,
                      .expr = expr_substitute(g, e, own, INDEX_MAX, NULL)};
  return piece.expr ? expr_read(g, graph_add(g, &piece), sub) : e;
}

// e, which is computed wherever the part is, with its pieces named.
static const Expr *cut(Cutter *c, const Expr *e, const Part *part) {
  if (e->kind != EXPR_PRIM || e->type != TYPE_REAL || !expr_calls(e)) return e;
  Graph *g = c->g;
  const Expr *arg[3];
  const int narg = e->u.prim.narg;
  for (int k = 0; k < narg; k++) arg[k] = e->u.prim.arg[k];
  Part then = *part, otherwise = *part;
  if (e->u.prim.op == PRIM_SELECT) {
    const bool here = narrow(c, &then, arg[0], true), there = narrow(c, &otherwise, arg[0], false);
    if (here) arg[1] = cut(c, arg[1], &then);
    if (there) arg[2] = cut(c, arg[2], &otherwise);
    if (here || there) return expr_prim(g, PRIM_SELECT, arg);
  }
  if (part->q >= 0) return expr_uses_index(e, part->q) ? named(c, e, part) : e;
  if (e->u.prim.op == PRIM_SELECT) return e; // neither side need be computed
  for (int k = 0; k < narg; k++) arg[k] = cut(c, arg[k], part);
  return expr_prim(g, e->u.prim.op, arg);
}

Graph *name_pieces(Arena *a, const Graph *g) {
  Cutter c = {.arena = a, .g = graph_new(a, g->dims, g->name), .loops = graph_loops(a, g, NULL)};
  const Node **map = arena_array(a, const Node *, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    Node copy = graph_translated(c.g, g->nodes[k], map);
    c.n = &copy;
    c.at = (int)k;
    if (copy.kind == NODE_COMP && copy.expr && !copy.guard) copy.expr = cut(&c, copy.expr, &(Part){.q = -1});
    map[k] = graph_add(c.g, &copy);
  }
  graph_close_copies(g, map);
  graph_copy_roots(c.g, g, map, ALL_ROLES);
  return c.g;
}
