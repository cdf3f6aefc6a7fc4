// define.c - statements that compute: definitions, constants, predictions, metrics, the loss, author's gradients.
#include <limits.h>

#include "check/internal.h"

// ---- entry by entry ----

static bool bind_target_index(Walk *w, const Subscript *s, const AstExpr *value, const Poly *given) {
  IndexRange range = {.given = given, .from_zero = true};
  if (s->kind == SUB_EACH) {
    range.name = s->index;
    range.low = s->low;
    range.high = s->high;
  } else if (s->kind == SUB_AT && s->at->kind == AST_NAME) {
    range.name = (Name){s->at->name, s->at->span};
  } else {
    diag_error(w->diags, s->span, "the entries of a definition are written with an index, as in `q[i] = ...`");
    return false;
  }
  return bind_index(w, range, &value, 1, NULL);
}

// Is the body a node that was made for this definition, over just its own indices (behind those around it)?
static bool is_claimed(const Walk *w, const Value *body, int first) {
  const Expr *e = body->expr;
  if (!w->claimed || e->kind != EXPR_READ || e->u.read.node != w->claimed) return false;
  int own = w->nlevel - first, outer = w->claimed->nout - own - body->rank;
  for (int k = 0; k < w->claimed->nout; k++) {
    const Expr *sub = e->u.read.sub[k];
    if (sub->kind != EXPR_INDEX) return false;
    bool fits = k < outer ? sub->u.index >= FIRST_LEVEL && sub->u.index < FIRST_LEVEL + first
                          : sub->u.index == (k < outer + own ? FIRST_LEVEL + first + k - outer : k - outer - own);
    if (!fits) return false;
  }
  return outer >= 0;
}

Value with_axes(Walk *w, Value body, int first) {
  int lead = w->nlevel - first;
  const Expr *sub[INDEX_MAX] = {NULL};
  Value v = body;
  v.rank = lead + body.rank;
  for (int k = 0; k < lead; k++) {
    sub[FIRST_LEVEL + first + k] = expr_index(w->graph, k);
    v.extent[k] = w->level[first + k].extent;
  }
  for (int k = 0; k < body.rank; k++) {
    sub[k] = expr_index(w->graph, lead + k);
    v.extent[lead + k] = body.extent[k];
  }
  v.expr = substitute(w, body.expr, sub, INDEX_MAX);
  return v;
}

static Value entries(Walk *w, const Target *target, const AstExpr *value, const Value *shape, const char *name) {
  int first = w->nlevel;
  size_t mark = w->npath;
  Scope *outer = w->scope;
  w->scope = scope_new(w, outer, INT_MAX);
  bool fine = true;
  for (size_t k = 0; k < target->subscripts.count; k++) {
    const Poly *given = shape && (int)k < shape->rank ? shape->extent[k] : NULL;
    fine = bind_target_index(w, &target->subscripts.items[k], value, given) && fine;
  }
  w->claim = name;
  Value body = eval(w, value);
  w->claim = NULL;
  Value result = bad_value(value->span);
  bool guarded = w->npath > mark;
  if (fine && !body.bad && body.rank + w->nlevel - first > MAX_RANK)
    diag_error(w->diags, target->span, "an array can't have more than %d axes", MAX_RANK);
  else if (fine && !body.bad && (is_claimed(w, &body, first) || (!guarded && stays_expression(w, body.expr))))
    result = with_axes(w, body, first);
  else if (fine && !body.bad)
    result = make_node(w, (NodeForm){name, target->span, REDUCE_NONE, first, mark}, body);
  w->scope = outer;
  w->npath = mark;
  close_levels(w, first);
  return result;
}

Value defined(Walk *w, const Target *target, const AstExpr *value, const Value *shape, const char *name) {
  const char *owner = w->owner;
  w->owner = name;
  w->claimed = NULL;
  Value v;
  if (target->subscripts.count) {
    v = entries(w, target, value, shape, name);
  } else {
    w->claim = name;
    v = eval(w, value);
    w->claim = NULL;
    v.span = target->span;
    v = store(w, name, v);
  }
  w->claimed = NULL;
  w->owner = owner;
  return v;
}

// The node whose whole array the value is; one is made where there is none.
static const Node *node_of(Walk *w, Value v, const char *name) {
  const Expr *e = v.expr;
  bool whole = e->kind == EXPR_READ && e->u.read.node->kind == NODE_COMP && e->u.read.node->nout == v.rank;
  for (int k = 0; whole && k < v.rank; k++)
    whole = e->u.read.sub[k]->kind == EXPR_INDEX && e->u.read.sub[k]->u.index == k;
  if (!whole) e = make_node(w, (NodeForm){name, v.span, REDUCE_NONE, w->nlevel, w->npath}, v).expr;
  return e->kind == EXPR_READ ? e->u.read.node : NULL;
}

// ---- a = e, q[i] = e, u, v = f(x) ----

static void define_several(Walk *w, const Stmt *s) {
  const Targets *t = &s->define.targets;
  const AstExpr *e = s->define.value;
  Values results = {.items = NULL};
  const char *owner = w->owner;
  w->owner = made_name(w, NULL, t->items[0].name.text);
  if (!call_several(w, e, &results)) {
    Value v = eval(w, e);
    if (!v.bad)
      diag_error(w->diags, e->span, "%zu names are given one value: only a function returns several", t->count);
  } else if (results.count != t->count && results.count && !results.items[0].bad) {
    diag_error(w->diags, s->span, "%zu names are given %zu value%s", t->count, results.count,
               results.count == 1 ? "" : "s");
    results.count = 0;
  }
  w->owner = owner;
  for (size_t k = 0; k < t->count; k++) {
    Value v = k < results.count ? results.items[k] : bad_value(e->span);
    bool state = carried_symbol(w, t->items[k].name.text) != NULL;
    if (!state) v = named(w, t->items[k].name, store(w, made_name(w, NULL, t->items[k].name.text), v));
    assign(w, t->items[k].name, v);
  }
}

// Told of what looks like setting an entry of something, and would define a new array.
static bool told_as_update(Walk *w, const Target *t) {
  const Symbol *old = scope_find(w->scope, t->name.text, SYMBOL_VALUE);
  for (size_t k = 0; k < t->subscripts.count; k++) {
    const Subscript *s = &t->subscripts.items[k];
    const char *name = s->kind == SUB_EACH                            ? s->index.text
                       : s->kind == SUB_AT && s->at->kind == AST_NAME ? s->at->name
                                                                      : NULL;
    const Symbol *index = name ? scope_find(w->scope, name, SYMBOL_VALUE) : NULL;
    if (index ? !index->loop_index : name || !old || old->value.bad || !old->value.rank) continue;
    diag_error(w->diags, t->span, "no loop carries `%s`: entries are set of what a loop carries `with %s = ...`",
               t->name.text, t->name.text);
    if (index)
      diag_note(w->diags, s->span, "`%s` is the index of the loop around; what each step gives is a `yield`", name);
    return true;
  }
  return false;
}

void define_statement(Walk *w, const Stmt *s) {
  if (s->define.targets.count > 1) {
    define_several(w, s);
    return;
  }
  const Target *t = &s->define.targets.items[0];
  Symbol *carried = carried_symbol(w, t->name.text);
  if (carried) {
    update_statement(w, s, carried);
    return;
  }
  bool told = told_as_update(w, t);
  Value v = told ? bad_value(t->span) : defined(w, t, s->define.value, NULL, made_name(w, NULL, t->name.text));
  if (told && scope_own(w->scope, t->name.text)) return;
  Symbol *symbol = scope_define_value(w, t->name, named(w, t->name, v));
  if (symbol) symbol->rebindable = true;
}

void const_statement(Walk *w, const Stmt *s) {
  const Target *t = &s->define.targets.items[0];
  const char *owner = w->owner, *name = made_name(w, NULL, t->name.text);
  w->owner = name;
  Value v = eval(w, s->define.value);
  w->owner = owner;
  if (!want_number(w, &v)) v = bad_value(s->span);
  NodeFlags flags = {.data = false};
  if (!v.bad) flags = depends_on(w, v.expr);
  if (flags.data || flags.param) {
    diag_error(w->diags, s->define.value->span, "a constant can't depend on %s: leave out `const`",
               flags.data ? "data" : "parameters");
    v = bad_value(s->span);
  }
  scope_define_value(w, t->name, v.rank ? store(w, name, v) : v);
}

// ---- what the model puts out ----

void output_statement(Walk *w, const Stmt *s) {
  bool predict = s->kind == STMT_PREDICT;
  const Target *t = &s->define.targets.items[0];
  Value v = defined(w, t, s->define.value, NULL, t->name.text);
  if (!want_number(w, &v)) v = bad_value(v.span);
  Symbol *symbol = scope_define_value(w, t->name, named(w, t->name, v));
  int which = predict ? w->npredict++ : w->nmetric++;
  if (v.bad || !symbol) return;
  graph_add_root(w->graph, predict ? ROOT_PREDICT : ROOT_METRIC, t->name.text, which, node_of(w, v, t->name.text));
}

void loss_statement(Walk *w, const Stmt *s) {
  if (w->loss.source) {
    diag_error(w->diags, s->span, "a model has one loss");
    diag_note(w->diags, w->loss, "the loss is here");
    return;
  }
  w->loss = s->span;
  w->owner = "loss";
  w->claim = "loss";
  w->claimed = NULL;
  Value v = eval(w, s->value);
  w->claim = NULL;
  w->owner = NULL;
  if (!want_number(w, &v)) return;
  if (v.rank) {
    diag_error(w->diags, s->value->span,
               "the loss is a single number, and this is an array of shape %s: take its `mean` or `sum`",
               shape_text(w, &v));
    return;
  }
  v.expr = make_real(w, v.expr);
  v.type = TYPE_REAL;
  v = store(w, "loss", v);
  w->claimed = NULL;
  graph_add_root(w->graph, ROOT_LOSS, "loss", 0, node_of(w, v, "loss"));
}

void gradient_statement(Walk *w, const Stmt *s) {
  const Target *t = &s->define.targets.items[0];
  Symbol *symbol = scope_find(w->scope, t->name.text, SYMBOL_VALUE);
  int param = symbol ? symbol->param : -1;
  if (!symbol) {
    Value unknown = lookup_value(w, t->name.text, t->name.span);
    (void)unknown;
  } else if (param < 0 && !symbol->value.bad) {
    diag_error(w->diags, t->name.span, "`%s` is no parameter: only those have a gradient", t->name.text);
  }
  const Value *shape = param >= 0 ? &symbol->value : NULL;
  Value v = defined(w, t, s->define.value, shape, arena_printf(w->arena, "author_%s", t->name.text));
  if (!want_number(w, &v) || !shape) return;
  bool same = v.rank == shape->rank;
  for (int k = 0; same && k < v.rank; k++) same = v.extent[k] == shape->extent[k];
  if (!same) {
    diag_error(w->diags, s->span, "the gradient of `%s` has its shape, %s, and this is %s%s", t->name.text,
               shape_text(w, shape), v.rank ? "an array of shape " : "", shape_text(w, &v));
    return;
  }
  if (w->gradient[param].source) {
    diag_error(w->diags, s->span, "the gradient of `%s` is given twice", t->name.text);
    diag_note(w->diags, w->gradient[param], "the first is here");
    return;
  }
  w->gradient[param] = s->span;
  v.expr = make_real(w, v.expr);
  v.type = TYPE_REAL;
  graph_add_root(w->graph, ROOT_AUTHOR, t->name.text, param,
                 node_of(w, v, arena_printf(w->arena, "author_%s", t->name.text)));
}
