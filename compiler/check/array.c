// array.c - whole arrays: shapes that combine, matrix products, lists and constructors.
#include <string.h>

#include "check/internal.h"

// ---- element by element ----

static bool told_disagreement(Walk *w, Span at, const Value *a, const Value *b, const Poly *p, const Poly *q) {
  int64_t one;
  bool stretch = (poly_is_int(p, &one) && one == 1) || (poly_is_int(q, &one) && one == 1);
  diag_error(w->diags, at, "shapes %s and %s do not agree: `%s` against `%s`%s", shape_text(w, a), shape_text(w, b),
             poly_text(w, p), poly_text(w, q), stretch ? "; an axis of length 1 is not stretched" : "");
  return false;
}

// Shapes align at the trailing axes; a missing leading axis is repeated.
bool common_shape(Walk *w, Span at, const Value *v, size_t n, Value *out) {
  size_t longest = 0;
  for (size_t k = 1; k < n; k++)
    if (v[k].rank > v[longest].rank) longest = k;
  *out = v[longest];
  out->span = at;
  for (size_t k = 0; k < n; k++)
    for (int axis = 1; axis <= v[k].rank; axis++) {
      const Poly *p = v[k].extent[v[k].rank - axis], *q = out->extent[out->rank - axis];
      if (p != q)
        return told_disagreement(w, at, &v[k < longest ? k : longest], &v[k < longest ? longest : k],
                                 k < longest ? p : q, k < longest ? q : p);
    }
  return true;
}

const Expr *aligned(Walk *w, const Value *v, int rank) {
  if (rank == v->rank) return v->expr;
  const Expr *sub[MAX_RANK];
  for (int k = 0; k < v->rank; k++) sub[k] = expr_index(w->graph, k + rank - v->rank);
  return substitute(w, v->expr, sub, v->rank);
}

Value elementwise(Walk *w, Span at, Prim op, const Value *args) {
  const char *signature = prim_table[op].signature;
  int n = prim_arity(op);
  Value result;
  if (!common_shape(w, at, args, (size_t)n, &result)) return bad_value(at);
  bool real = false;
  for (int k = 0; k < n; k++) real = real || (signature[k] == 'n' && args[k].type == TYPE_REAL);
  const Expr *arg[3];
  Type types[3];
  for (int k = 0; k < n; k++) {
    arg[k] = aligned(w, &args[k], result.rank);
    if (signature[k] == 'r' || (signature[k] == 'n' && real)) arg[k] = make_real(w, arg[k]);
    types[k] = arg[k]->type;
  }
  if (!prim_result(op, types, n, &result.type)) {
    diag_error(w->diags, at, "`%s` takes integers here, not real numbers", prim_table[op].name);
    return bad_value(at);
  }
  result.expr = make(w, op, arg);
  return shorten(w, result);
}

Value choose(Walk *w, Span at, Value c, Value yes, Value no) {
  return elementwise(w, at, PRIM_SELECT, (const Value[]){c, yes, no});
}

Value transpose(Walk *w, Value a, Span at) {
  if (!want_number(w, &a)) return bad_value(at);
  if (a.rank < 2) {
    diag_error(w->diags, at, "`'` exchanges the last two axes, and this is %s%s", a.rank ? "an array of shape " : "",
               shape_text(w, &a));
    return bad_value(at);
  }
  const Expr *sub[MAX_RANK] = {NULL};
  int last = a.rank - 1;
  sub[last] = expr_index(w->graph, last - 1);
  sub[last - 1] = expr_index(w->graph, last);
  const Poly *extent = a.extent[last];
  a.extent[last] = a.extent[last - 1];
  a.extent[last - 1] = extent;
  a.expr = substitute(w, a.expr, sub, a.rank);
  return a;
}

// ---- the matrix product ----

// NumPy's matmul: a vector on the left is a row, on the right a column; leading axes combine as elsewhere.
Value matmul(Walk *w, const AstExpr *e, Value a, Value b, const char *claim) {
  Span at = e->span;
  if (!a.rank || !b.rank) {
    diag_error(w->diags, a.rank ? b.span : a.span, "`@` multiplies arrays, and this is a single number: use `*`");
    return bad_value(at);
  }
  const Poly *inner = a.extent[a.rank - 1], *other = b.extent[b.rank > 1 ? b.rank - 2 : 0];
  if (inner != other) {
    diag_error(w->diags, at, "`@` sums over the last axis of %s and the %s of %s: `%s` against `%s`", shape_text(w, &a),
               b.rank > 1 ? "last but one" : "only one", shape_text(w, &b), poly_text(w, inner), poly_text(w, other));
    return bad_value(at);
  }
  a = settle(w, a, "left");
  b = settle(w, b, "right");
  int arow = a.rank > 1, bcol = b.rank > 1; // 1: the side gives the result an axis
  Value lead[2] = {a, b}, result;
  lead[0].rank = a.rank > 1 ? a.rank - 2 : 0;
  lead[1].rank = b.rank > 1 ? b.rank - 2 : 0;
  if (!common_shape(w, at, lead, 2, &result)) return bad_value(at);
  int nlead = result.rank;
  if (nlead + arow + bcol > MAX_RANK) {
    diag_error(w->diags, at, "an array can't have more than %d axes", MAX_RANK);
    return bad_value(at);
  }
  if (arow) result.extent[result.rank++] = a.extent[a.rank - 2];
  if (bcol) result.extent[result.rank++] = b.extent[b.rank - 1];
  int first = w->nlevel;
  const Expr *k = open_level(w, result.rank < MAX_RANK ? axis_name(w, result.rank) : level_name(w), inner);
  if (!k) return bad_value(at);
  const Expr *asub[MAX_RANK], *bsub[MAX_RANK];
  for (int j = 0; j < lead[0].rank; j++) asub[j] = expr_index(w->graph, nlead - lead[0].rank + j);
  for (int j = 0; j < lead[1].rank; j++) bsub[j] = expr_index(w->graph, nlead - lead[1].rank + j);
  if (arow) asub[a.rank - 2] = expr_index(w->graph, nlead);
  asub[a.rank - 1] = k;
  if (bcol) bsub[b.rank - 1] = expr_index(w->graph, nlead + arow);
  bsub[bcol ? b.rank - 2 : 0] = k;
  Value factor[2] = {result, result};
  factor[0].type = a.type;
  factor[0].expr = substitute(w, a.expr, asub, a.rank);
  factor[1].type = b.type;
  factor[1].expr = substitute(w, b.expr, bsub, b.rank);
  Value product = elementwise(w, at, PRIM_MUL, factor);
  NodeForm form = {
      .name = made_name(w, claim, "product"), .span = at, .reduce = REDUCE_SUM, .first = first, .guard = w->npath};
  result = make_node(w, form, product);
  if (claim) w->claimed = result.expr->u.read.node;
  close_levels(w, first);
  return result;
}

// ---- lists, concat, stack ----

typedef struct Piece {
  const Expr *expr;
  const Expr *end; // of the entries along the first axis that it gives
} Piece;

// By halves, so that the expression is no higher than it must be.
static const Expr *pick(Walk *w, const Piece *piece, size_t low, size_t high) {
  if (low + 1 == high) return piece[low].expr;
  size_t middle = low + (high - low) / 2;
  const Expr *before = make2(w, PRIM_LT, expr_index(w->graph, 0), piece[middle - 1].end);
  return make_select(w, before, pick(w, piece, low, middle), pick(w, piece, middle, high));
}

// All made real where one is; false where one is no number.
static bool promote(Walk *w, Value *v, size_t n) {
  bool fine = true, real = false;
  for (size_t k = 0; k < n; k++) {
    fine = want_number(w, &v[k]) && fine;
    real = real || v[k].type == TYPE_REAL;
  }
  for (size_t k = 0; fine && real && k < n; k++) {
    v[k].expr = make_real(w, v[k].expr);
    v[k].type = TYPE_REAL;
  }
  return fine;
}

static bool same_axes(Walk *w, const Value *a, const Value *b, int from, const char *what) {
  bool same = a->rank == b->rank;
  for (int k = from; same && k < a->rank; k++) same = a->extent[k] == b->extent[k];
  if (!same) diag_error(w->diags, b->span, "%s: %s against %s", what, shape_text(w, a), shape_text(w, b));
  return same;
}

static Value stack_up(Walk *w, Span at, const Value *v, size_t n, const char *what) {
  Value result = v[0];
  for (size_t k = 1; k < n; k++)
    if (!same_axes(w, &v[0], &v[k], 0, what)) return bad_value(at);
  if (result.rank == MAX_RANK) {
    diag_error(w->diags, at, "an array can't have more than %d axes", MAX_RANK);
    return bad_value(at);
  }
  Piece *piece = arena_array(w->arena, Piece, n);
  for (size_t k = 0; k < n; k++)
    piece[k] = (Piece){aligned(w, &v[k], result.rank + 1), expr_int(w->graph, (int64_t)k + 1)};
  memmove(result.extent + 1, result.extent, (size_t)result.rank * sizeof *result.extent);
  result.extent[0] = poly_int(w->dims, (int64_t)n);
  result.rank++;
  result.expr = pick(w, piece, 0, n);
  result.span = at;
  return result;
}

static Value concatenate(Walk *w, Span at, const Value *v, size_t n) {
  Value result = v[0];
  Piece *piece = arena_array(w->arena, Piece, n);
  const Poly *end = poly_int(w->dims, 0);
  for (size_t k = 0; k < n; k++) {
    if (v[k].rank == 0) {
      diag_error(w->diags, v[k].span, "`concat` joins arrays along their first axis, and this is a single number");
      return bad_value(at);
    }
    if (!same_axes(w, &v[0], &v[k], 1, "all but the first axis must agree")) return bad_value(at);
    const Expr *sub[1] = {make2(w, PRIM_SUB, expr_index(w->graph, 0), expr_poly(w->graph, end))};
    end = poly_add(w->dims, end, v[k].extent[0]);
    piece[k] = (Piece){substitute(w, v[k].expr, sub, 1), expr_poly(w->graph, end)};
  }
  result.extent[0] = end;
  result.expr = pick(w, piece, 0, n);
  result.span = at;
  return result;
}

Value join(Walk *w, Span at, const Value *v, size_t n, bool stacked) {
  Value *own = arena_array(w->arena, Value, n);
  memcpy(own, v, n * sizeof *own);
  if (!promote(w, own, n)) return bad_value(at);
  return stacked ? stack_up(w, at, own, n, "`stack` takes arrays of one shape") : concatenate(w, at, own, n);
}

Value list(Walk *w, const AstExpr *e) {
  Value *v = arena_array(w->arena, Value, e->list.count);
  for (size_t k = 0; k < e->list.count; k++) v[k] = eval(w, e->list.items[k]);
  if (!promote(w, v, e->list.count)) return bad_value(e->span);
  return stack_up(w, e->span, v, e->list.count, "the entries of a list must have one shape");
}

// ---- zeros, ones, eye ----

bool is_constructor(const char *name) {
  return strcmp(name, "zeros") == 0 || strcmp(name, "ones") == 0 || strcmp(name, "eye") == 0;
}

Value construct(Walk *w, const AstExpr *e) {
  const char *name = e->index.base->name;
  const Subscripts *s = &e->index.subscripts;
  AstExprs shape = {.count = s->count, .items = arena_array(w->arena, AstExpr *, s->count)};
  for (size_t k = 0; k < s->count; k++) {
    if (s->items[k].kind != SUB_AT) {
      diag_error(w->diags, s->items[k].span, "`%s` takes dimensions, as in `%s[d]`", name, name);
      return bad_value(e->span);
    }
    shape.items[k] = s->items[k].at;
  }
  Value v = {.type = TYPE_REAL, .span = e->span};
  for (size_t k = 0; k < shape.count && k < MAX_RANK; k++) {
    const Poly *p = dimension(w, shape.items[k]);
    if (!p) v.bad = true;
    v.extent[v.rank++] = p;
  }
  bool eye = name[0] == 'e';
  if (shape.count > MAX_RANK || (eye && shape.count != 1)) {
    if (eye)
      diag_error(w->diags, e->span, "`eye` takes one dimension, as in `eye[d]`");
    else
      diag_error(w->diags, e->span, "an array can't have more than %d axes", MAX_RANK);
    return bad_value(e->span);
  }
  v.expr = expr_real(w->graph, name[0] == 'z' ? 0 : 1);
  if (!eye || v.bad) return v;
  v.extent[v.rank++] = v.extent[0];
  const Expr *diagonal = make2(w, PRIM_EQ, expr_index(w->graph, 0), expr_index(w->graph, 1));
  v.expr = make_select(w, diagonal, v.expr, expr_real(w->graph, 0));
  return v;
}
