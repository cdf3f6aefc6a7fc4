// subscript.c - subscripts: entries, rows, slices, gathers, and whether they stay within their axes.
#include <string.h>

#include "check/internal.h"

enum { MAX_WORK = 1000 };

// ---- checks where the data is bound ----

// e with named integers written out, so that only data is read; null where something else is.
static const Expr *resolved(Walk *w, const Expr *e, int *work) {
  if (++*work > MAX_WORK) return NULL;
  e = see_through(w, e);
  const Expr *const *operand = e->kind == EXPR_PRIM ? e->u.prim.arg : e->kind == EXPR_READ ? e->u.read.sub : NULL;
  int n = e->kind == EXPR_PRIM ? e->u.prim.narg : e->kind == EXPR_READ ? e->u.read.node->nout : 0;
  if (e->kind == EXPR_READ && (e->u.read.node->kind != NODE_DATA || e->type != TYPE_INT)) return NULL;
  const Expr *own[MAX_RANK];
  for (int k = 0; k < n; k++) {
    own[k] = resolved(w, operand[k], work);
    if (!own[k]) return NULL;
  }
  if (e->kind == EXPR_PRIM) return make(w, e->u.prim.op, own);
  return e->kind == EXPR_READ ? make_read(w, e->u.read.node, own) : e;
}

// The conditions around that speak, directly or through others, of the same indices, and of integer data alone.
static const Expr *guard_of(Walk *w, uint64_t *indices) {
  const Expr *guard = NULL;
  bool *taken = arena_array(w->arena, bool, w->npath + 1);
  for (bool more = true; more;) {
    more = false;
    for (size_t k = 0; k < w->npath; k++) {
      int work = 0;
      const Expr *c = taken[k] || (w->path[k]->indices && !(w->path[k]->indices & *indices))
                          ? NULL
                          : resolved(w, w->path[k], &work);
      if (taken[k] || !c) continue;
      taken[k] = more = true;
      *indices |= c->indices;
      guard = guard ? make2(w, PRIM_AND, guard, c) : c;
    }
  }
  return guard;
}

static void keep_check(Walk *w, const RangeCheck *c) {
  for (size_t k = 0; k < w->ncheck; k++) {
    const RangeCheck *old = &w->check[k];
    bool same = old->value == c->value && old->limit == c->limit && old->guard == c->guard && old->nindex == c->nindex;
    for (int j = 0; same && j < c->nindex; j++) same = old->index[j].extent == c->index[j].extent;
    if (same) return;
  }
  ARENA_PUSH(w->arena, w->check, w->ncheck, w->check_room) = *c;
}

static const char *target_text(Walk *w, const Target *t) {
  Text text;
  text_init(&text);
  ast_print_target(&text, t);
  const char *s = arena_strdup(w->arena, text.s);
  text_free(&text);
  return s;
}

// The lesser of two, one of which is shown not to be negative, is in range if the other is.
static const Expr *other_of_lesser(Walk *w, const Expr *value) {
  if (!expr_is_prim(value, PRIM_MIN)) return value;
  const Expr *const *arg = value->u.prim.arg;
  return prove_nonnegative(w, arg[0]) ? arg[1] : prove_nonnegative(w, arg[1]) ? arg[0] : value;
}

static void add_check(Walk *w, const AstExpr *e, const Target *t, Span at, const Expr *value, const Poly *limit) {
  int work = 0;
  const Expr *all = resolved(w, value, &work);
  value = all ? all : resolved(w, other_of_lesser(w, value), &work);
  if (!value) {
    diag_error(
        w->diags, at,
        "nothing shows that this subscript stays under `%s`: guard it, as in `if k >= 0 and k < %s then ... else ...`",
        poly_text(w, limit), poly_text(w, limit));
    return;
  }
  uint64_t indices = value->indices;
  const Expr *guard = guard_of(w, &indices);
  Index *index = arena_array(w->arena, Index, INDEX_MAX);
  const Expr *position[INDEX_MAX] = {NULL};
  int n = 0;
  for (int k = 0; k < FIRST_LEVEL + w->nlevel; k++) {
    if (!(indices >> k & 1)) continue;
    index[n] = k < FIRST_LEVEL ? (Index){axis_name(w, k), w->axis_extent[k]}
                               : (Index){w->level[k - FIRST_LEVEL].name, w->level[k - FIRST_LEVEL].extent};
    position[k] = expr_index(w->graph, n++);
  }
  keep_check(w, &(RangeCheck){.span = at,
                              .text = e ? ast_expr_text(w->arena, e) : target_text(w, t),
                              .nindex = n,
                              .index = index,
                              .limit = limit,
                              .value = substitute(w, value, position, INDEX_MAX),
                              .guard = guard ? substitute(w, guard, position, INDEX_MAX) : NULL});
}

// Of nothing an argmax is 0, which is in no range: that there is something is seen to where the data is bound.
static void check_argmax(Walk *w, const AstExpr *e, const Target *t, Span at, const Expr *value, int *work) {
  if (++*work > MAX_WORK) return;
  value = see_through(w, value);
  const bool reads = value->kind == EXPR_READ;
  const Expr *const *operand = reads ? value->u.read.sub : value->kind == EXPR_PRIM ? value->u.prim.arg : NULL;
  const int n = reads ? value->u.read.node->nout : value->kind == EXPR_PRIM ? value->u.prim.narg : 0;
  for (int k = 0; k < n; k++) check_argmax(w, e, t, at, operand[k], work);
  if (!reads || value->u.read.node->reduce != REDUCE_ARGMAX) return;
  const Poly *extent = value->u.read.node->index[value->u.read.node->nout].extent;
  if (!poly_is_nonnegative(w->dims, poly_sub(w->dims, extent, poly_int(w->dims, 1))))
    add_check(w, e, t, at, expr_int(w->graph, 0), extent);
}

static const char *subscript_text(Walk *w, const Subscript *s) {
  if (s->kind == SUB_EACH) return s->index.text;
  if (s->kind == SUB_AT) return ast_expr_text(w->arena, s->at);
  return arena_printf(w->arena, "%s..%s", ast_expr_text(w->arena, s->low), ast_expr_text(w->arena, s->high));
}

bool check_range(Walk *w, const AstExpr *e, const Target *t, const Subscript *s, const Expr *value, const Poly *limit) {
  const Poly *worst;
  RangeAnswer answer = range_of(w, value, limit, &worst);
  int work = 0;
  if (answer == RANGE_UNKNOWN)
    add_check(w, e, t, s->span, value, limit);
  else
    check_argmax(w, e, t, s->span, value, &work);
  if (answer != RANGE_REFUTED) return true;
  const char *text = subscript_text(w, s), *size = poly_text(w, limit);
  if (value->kind == EXPR_POLY || !worst) {
    diag_error(w->diags, s->span, "`%s` is out of range: the axis has `%s` entries, counted from 0", text, size);
    return false;
  }
  diag_error(w->diags, s->span, "`%s` reaches %s, but the axis has `%s` entries, counted from 0", text,
             poly_text(w, worst), size);
  if (value->indices >> FIRST_LEVEL) diag_note(w->diags, s->span, "guard it with an `if`, or give the index a range");
  return false;
}

// ---- neighbours along the batch ----

static void warn_of_neighbour(Walk *w, const AstExpr *e, const Subscript *s, const Expr *value, const Poly *extent) {
  if (w->batch < 0 || extent != poly_dim(w->dims, w->batch) || value->kind == EXPR_INDEX) return;
  if (s->kind == SUB_AT && s->at->kind == AST_NAME) return; // an index whose range begins elsewhere, as in `i in 1..n`
  int64_t coefficient[INDEX_MAX];
  const Expr *rest;
  if (!expr_affine(w->graph, value, INDEX_MAX, coefficient, &rest)) return;
  for (int k = 0; k < FIRST_LEVEL + w->nlevel; k++) {
    const Poly *runs = k >= FIRST_LEVEL ? w->level[k - FIRST_LEVEL].extent : w->axis_extent[k];
    if (!coefficient[k] || !runs || !uses_batch(w, runs)) continue;
    const char *name = dims_get(w->dims, w->batch)->name;
    diag_warning(w->diags, s->span,
                 "`%s` reads a neighbour along the batch dimension `%s`, which mini-batches cut and shuffle: declare "
                 "it with `dim %s`",
                 ast_expr_text(w->arena, e), name, name);
    return;
  }
}

// ---- the subscripts one by one ----

typedef struct Indexing {
  Value result;              // its shape, as far as the subscripts have been read
  const Expr *sub[MAX_RANK]; // of the base's axes, over the result's
  bool gathered;             // an array has been met among the subscripts
  bool bad;
} Indexing;

static bool add_axis(Walk *w, Indexing *x, const Poly *extent, Span at) {
  if (x->result.rank == MAX_RANK) {
    diag_error(w->diags, at, "an array can't have more than %d axes", MAX_RANK);
    x->bad = true;
    return false;
  }
  x->result.extent[x->result.rank++] = extent;
  return true;
}

static void at_entry(Walk *w, Indexing *x, const Subscript *s, int axis) {
  Value at = eval_whole(w, s->at);
  if (at.bad) {
    x->bad = true;
    return;
  }
  if (at.rank && x->gathered) {
    diag_error(w->diags, s->span, "only one subscript can be an array: index the others, as in `x[g[i], h[i]]`");
    x->bad = true;
    return;
  }
  x->gathered = x->gathered || at.rank;
  const Expr *shift[MAX_RANK];
  int first = x->result.rank;
  for (int k = 0; k < at.rank; k++) {
    if (!add_axis(w, x, at.extent[k], s->span)) return;
    shift[k] = expr_index(w->graph, first + k);
  }
  x->sub[axis] = substitute(w, at.expr, shift, at.rank);
}

static bool slice_end(Walk *w, const AstExpr *e, const Expr **end) {
  Value v = eval_whole(w, e);
  if (v.bad) return false;
  if (v.rank)
    diag_error(w->diags, e->span, "the end of a slice is a single integer, not an array of shape %s",
               shape_text(w, &v));
  *end = v.expr;
  return v.rank == 0;
}

bool slice_ends(Walk *w, const Subscript *s, const Expr **low, const Poly **extent) {
  const Expr *high;
  bool lower = slice_end(w, s->low, low), upper = slice_end(w, s->high, &high);
  if (!lower || !upper) return false;
  if (free_of_indices(w, make2(w, PRIM_SUB, high, *low), extent)) return check_extent(w, *extent, s->span);
  diag_error(w->diags, s->span, "the length of a slice must not depend on indices or data");
  return false;
}

static void at_slice(Walk *w, Indexing *x, const Subscript *s, int axis) {
  const Expr *low;
  const Poly *extent;
  if (!slice_ends(w, s, &low, &extent) || !add_axis(w, x, extent, s->span)) {
    x->bad = true;
    return;
  }
  x->sub[axis] = make2(w, PRIM_ADD, expr_index(w->graph, x->result.rank - 1), low);
}

static bool right_count(Walk *w, const AstExpr *e, const Value *base) {
  size_t n = e->index.subscripts.count;
  if (n <= (size_t)base->rank) return true;
  const char *text = ast_expr_text(w->arena, e->index.base);
  if (base->rank == 0)
    diag_error(w->diags, e->span, "`%s` is a single number: it has no subscripts", text);
  else
    diag_error(w->diags, e->span, "`%s` has the shape %s: %d subscript%s, not %zu", text, shape_text(w, base),
               base->rank, base->rank > 1 ? "s" : "", n);
  return false;
}

Value subscript(Walk *w, const AstExpr *e) {
  const AstExpr *named = e->index.base;
  if (named->kind == AST_NAME && is_constructor(named->name) && !scope_find(w->scope, named->name, SYMBOL_VALUE))
    return construct(w, e);
  Value base = eval(w, named);
  bool countable = !base.bad && right_count(w, e, &base);
  Indexing x = {.result = {.type = base.type, .span = e->span}, .bad = !countable};
  int n = (int)e->index.subscripts.count;
  for (int k = 0; k < n && k < MAX_RANK; k++) {
    const Subscript *s = &e->index.subscripts.items[k];
    if (s->kind == SUB_AT) {
      at_entry(w, &x, s, k);
    } else if (s->kind == SUB_SLICE) {
      at_slice(w, &x, s, k);
    } else if (countable && add_axis(w, &x, base.extent[k], s->span)) {
      x.sub[k] = expr_index(w->graph, x.result.rank - 1);
    }
  }
  for (int k = n; countable && k < base.rank; k++)
    if (add_axis(w, &x, base.extent[k], e->span)) x.sub[k] = expr_index(w->graph, x.result.rank - 1);
  if (x.bad) return bad_value(e->span);
  const Poly *const *outer = w->axis_extent;
  w->axis_extent = x.result.extent;
  bool within = true;
  for (int k = 0; k < n; k++) {
    const Subscript *s = &e->index.subscripts.items[k];
    if (s->kind == SUB_ALL) continue;
    warn_of_neighbour(w, e, s, x.sub[k], base.extent[k]);
    within = check_range(w, e, NULL, s, x.sub[k], base.extent[k]) && within;
  }
  w->axis_extent = outer;
  if (!within) return bad_value(e->span);
  x.result.expr = substitute(w, base.expr, x.sub, base.rank);
  return x.result;
}
