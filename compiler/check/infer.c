// infer.c - the ranges of indices: given, or found from what they subscript.
#include <string.h>

#include "check/internal.h"

static bool rebinds(const AstExpr *e, const char *name) {
  if (e->kind != AST_REDUCE) return false;
  for (size_t k = 0; k < e->reduce.binders.count; k++)
    if (strcmp(e->reduce.binders.items[k].name.text, name) == 0) return true;
  return false;
}

// ---- integer arguments ----

typedef struct IntegerUse {
  Walk *walk;
  const char *name;
  int depth;
} IntegerUse;

static bool integer_use(void *context, const AstExpr *e) {
  IntegerUse *u = context;
  if (e->kind == AST_INDEX)
    for (size_t k = 0; k < e->index.subscripts.count; k++) {
      const Subscript *s = &e->index.subscripts.items[k];
      if ((s->at && ast_mentions(s->at, u->name)) || (s->low && ast_mentions(s->low, u->name)) ||
          (s->high && ast_mentions(s->high, u->name)))
        return true;
    }
  if (e->kind == AST_REDUCE)
    for (size_t k = 0; k < e->reduce.binders.count; k++) {
      const Binder *b = &e->reduce.binders.items[k];
      if (b->low && (ast_mentions(b->low, u->name) || ast_mentions(b->high, u->name))) return true;
    }
  if (e->kind == AST_CALL && u->depth > 0) {
    Symbol *f = scope_find(u->walk->scope, e->call.function.text, SYMBOL_FUNCTION);
    for (size_t k = 0; f && k < e->call.args.count && k < f->function->def->def.args.count; k++) {
      const AstExpr *arg = e->call.args.items[k];
      if (arg->kind == AST_NAME && strcmp(arg->name, u->name) == 0 &&
          def_uses_as_integer(u->walk, f->function->def, f->function->def->def.args.items[k].name.text, u->depth - 1))
        return true;
    }
  }
  return any_part(e, integer_use, u);
}

// Its bounds and subscripts themselves, not what stands within them.
static bool bounds_mention(const Stmt *s, const char *name) {
  if (s->kind == STMT_SCAN) return ast_mentions(s->scan.index.low, name) || ast_mentions(s->scan.index.high, name);
  if (s->kind == STMT_ITERATE) return ast_mentions(s->iterate.limit, name);
  for (size_t t = 0; (s->kind == STMT_DEFINE || s->kind == STMT_YIELD) && t < s->define.targets.count; t++)
    for (size_t j = 0; j < s->define.targets.items[t].subscripts.count; j++) {
      const Subscript *sub = &s->define.targets.items[t].subscripts.items[j];
      if ((sub->at && ast_mentions(sub->at, name)) || (sub->low && ast_mentions(sub->low, name)) ||
          (sub->high && ast_mentions(sub->high, name)))
        return true;
    }
  return false;
}

static bool block_uses_as_integer(IntegerUse *u, const Block *block) {
  if (any_in_block(block, integer_use, u)) return true;
  for (size_t k = 0; k < block->count; k++) {
    const Stmt *s = block->items[k];
    const Block *inside = loop_body(s);
    if (bounds_mention(s, u->name) || (inside && block_uses_as_integer(u, inside))) return true;
  }
  return false;
}

bool def_uses_as_integer(Walk *w, const Stmt *def, const char *name, int depth) {
  IntegerUse u = {w, name, depth};
  return def->def.value ? integer_use(&u, def->def.value) : block_uses_as_integer(&u, &def->def.body);
}

// ---- shapes of what is subscripted ----

static bool shape_of(Walk *w, const AstExpr *e, Value *v);

static bool shape_by_trying(Walk *w, const AstExpr *e, Value *v) {
  if (w->trying) return false; // one try within another could take time without end
  w->trying = true;
  size_t mark = diag_mute(w->diags), npath = w->npath;
  WalkMark before = mark_walk(w);
  const char *claim = w->claim;
  const Node *claimed = w->claimed;
  bool overgrown = w->overgrown;
  *v = eval(w, e);
  w->trying = false;
  w->claim = claim;
  w->claimed = claimed;
  w->npath = npath;
  take_back(w, before);
  w->overgrown = overgrown;
  return diag_unmute(w->diags, mark) && !v->bad;
}

static bool shape_of_indexed(Walk *w, const AstExpr *e, Value *v) {
  Value base;
  size_t n = e->index.subscripts.count;
  if (!shape_of(w, e->index.base, &base) || base.bad || n > (size_t)base.rank) return false;
  *v = (Value){.type = base.type};
  for (size_t k = 0; k < n; k++) {
    const Subscript *s = &e->index.subscripts.items[k];
    Value at;
    if (s->kind == SUB_ALL) {
      v->extent[v->rank++] = base.extent[k];
    } else if (s->kind == SUB_SLICE) {
      v->extent[v->rank++] = NULL;
    } else if ((s->at->kind == AST_NAME || s->at->kind == AST_INDEX) && shape_of(w, s->at, &at)) {
      if (v->rank + at.rank + base.rank - (int)k > MAX_RANK) return false;
      for (int j = 0; j < at.rank; j++) v->extent[v->rank++] = at.extent[j];
    }
  }
  for (int k = (int)n; k < base.rank; k++) v->extent[v->rank++] = base.extent[k];
  return true;
}

// The shape that an expression will have, without lowering it where that can be told; an extent may be null.
static bool shape_of(Walk *w, const AstExpr *e, Value *v) {
  if (e->kind == AST_NAME) {
    Symbol *symbol = scope_find(w->scope, e->name, SYMBOL_VALUE);
    if (symbol) *v = symbol->value;
    return symbol != NULL;
  }
  if (e->kind == AST_INDEX) return shape_of_indexed(w, e, v);
  if (e->kind == AST_UNARY && e->unary.op == OP_TRANSPOSE) {
    if (!shape_of(w, e->unary.operand, v) || v->rank < 2) return false;
    const Poly *last = v->extent[v->rank - 1];
    v->extent[v->rank - 1] = v->extent[v->rank - 2];
    v->extent[v->rank - 2] = last;
    return true;
  }
  return shape_by_trying(w, e, v);
}

// ---- inference ----

typedef struct Search {
  Walk *walk;
  Name name;
  const AstExpr *first;
  const Poly *extent;
  bool bad; // a use in something of which an error was told
  bool disagrees;
} Search;

static void meet(Search *s, const AstExpr *use, const Poly *extent) {
  if (!extent || s->disagrees) return;
  if (!s->extent) {
    s->extent = extent;
    s->first = use;
  } else if (s->extent != extent) {
    Walk *w = s->walk;
    diag_error(w->diags, use->span, "`%s` runs over `%s` in `%s`, but over `%s` in `%s`", s->name.text,
               poly_text(w, s->extent), ast_expr_text(w->arena, s->first), poly_text(w, extent),
               ast_expr_text(w->arena, use));
    s->disagrees = true;
  }
}

static bool search(void *context, const AstExpr *e) {
  Search *s = context;
  if (rebinds(e, s->name.text)) return false;
  if (e->kind == AST_INDEX)
    for (size_t k = 0; k < e->index.subscripts.count; k++) {
      const AstExpr *at = e->index.subscripts.items[k].at;
      Value base;
      if (!at || at->kind != AST_NAME || strcmp(at->name, s->name.text) != 0) continue;
      if (!shape_of(s->walk, e->index.base, &base)) {
        s->bad = s->bad || e->index.base->kind == AST_NAME; // of no known name: told where it is lowered
        continue;
      }
      if (base.bad)
        s->bad = true;
      else if (k < (size_t)base.rank)
        meet(s, e, base.extent[k]);
    }
  return any_part(e, search, s);
}

InferAnswer infer_extent(Walk *w, Name name, const AstExpr *const *bodies, size_t nbodies, const Poly **extent) {
  Search s = {.walk = w, .name = name};
  for (size_t k = 0; k < nbodies; k++) search(&s, bodies[k]);
  *extent = s.extent;
  return s.disagrees || (!s.extent && s.bad) ? INFER_BAD : s.extent ? INFER_FOUND : INFER_NONE;
}

// ---- binding ----

static bool bound_of(Walk *w, const AstExpr *e, const Expr **bound) {
  Value v = eval_whole(w, e);
  if (v.bad) return false;
  if (v.rank) {
    diag_error(w->diags, e->span, "the end of a range is a single integer, not an array of shape %s",
               shape_text(w, &v));
    return false;
  }
  *bound = v.expr;
  return true;
}

// The greatest value of e.  Unless it shows in an array's shape, it is rounded up to what is certainly no negative
// extent where a smaller one might be: from h - 1 to h.
static const Poly *greatest(Walk *w, const Expr *e, Span span, bool seen) {
  const Poly *p = NULL;
  if (!upper_bound(w, e, &p)) {
    diag_error(w->diags, span,
               "the end of this range has no upper bound: integer data need one, as in `data k in 0..n`");
    return NULL;
  }
  const Poly *more = without_number(w, p);
  return !seen && !poly_nonnegative(w, p) && poly_nonnegative(w, more) ? more : p;
}

typedef struct Run { // how an index runs: from 0 to extent, plus shift, under the guards that need be
  const Poly *extent;
  const Expr *shift, *from, *until; // null: 0, no guard
} Run;

static bool run_of(Walk *w, const IndexRange *r, Run *run) {
  const Expr *low, *high;
  bool lower = bound_of(w, r->low, &low), upper = bound_of(w, r->high, &high);
  if (!lower || !upper) return false;
  int64_t zero;
  bool from_zero = expr_is_int(low, &zero) && zero == 0;
  if (r->from_zero && !from_zero) {
    diag_error(w->diags, r->low->span, "the entries of a definition are counted from 0: `%s in 0..`", r->name.text);
    return false;
  }
  Span span = r->high->span;
  const Expr *count = from_zero ? high : make2(w, PRIM_SUB, high, low);
  *run = (Run){.shift = from_zero ? NULL : low};
  if (free_of_indices(w, count, &run->extent)) return check_extent(w, run->extent, span_join(r->low->span, span));
  if (high->kind == EXPR_POLY && prove_nonnegative(w, low)) {
    if (r->counted) *run = (Run){.extent = high->u.poly, .shift = low, .until = high};
    if (r->counted) return check_extent(w, run->extent, span);
    *run = (Run){.extent = high->u.poly, .from = low};
    return check_extent(w, run->extent, span);
  }
  run->extent = greatest(w, count, span, r->from_zero);
  run->until = high;
  return run->extent && check_extent(w, run->extent, span);
}

static bool run_by_inference(Walk *w, const IndexRange *r, const AstExpr *const *bodies, size_t nbodies, Run *run) {
  const Poly *extent = r->given;
  InferAnswer answer = extent ? INFER_FOUND : infer_extent(w, r->name, bodies, nbodies, &extent);
  if (answer == INFER_NONE)
    diag_error(
        w->diags, r->name.span,
        "the range of `%s` is not known, since nothing is subscripted by `%s` alone: give it, as in `%s in 0..n`",
        r->name.text, r->name.text, r->name.text);
  *run = (Run){.extent = extent};
  return answer == INFER_FOUND;
}

bool bind_index(Walk *w, IndexRange r, const AstExpr *const *bodies, size_t nbodies, const Expr **low) {
  Run run;
  bool fine = r.low ? run_of(w, &r, &run) : run_by_inference(w, &r, bodies, nbodies, &run);
  const Expr *index = fine ? open_level(w, r.name.text, run.extent) : NULL;
  Symbol *symbol = scope_define_value(w, r.name, bad_value(r.name.span));
  if (!index || !symbol) return false;
  const Expr *value = run.shift ? make2(w, PRIM_ADD, index, run.shift) : index;
  symbol->value = scalar_value(TYPE_INT, value, r.name.span);
  if (run.from) push_path(w, make2(w, PRIM_GE, value, run.from));
  if (run.until) push_path(w, make2(w, PRIM_LT, value, run.until));
  if (low) *low = run.shift;
  return true;
}
