// statement.c - statements that declare, and the walk over all of them.
#include <string.h>

#include "check/internal.h"

static Value read_of(Walk *w, const Node *node, Value shape) {
  const Expr *sub[MAX_RANK];
  for (int k = 0; k < shape.rank; k++) sub[k] = expr_index(w->graph, k);
  shape.expr = make_read(w, node, sub);
  return shape;
}

static const Node *add_input(Walk *w, NodeKind kind, Name name, const Value *shape, size_t which, const Poly *limit) {
  Index index[MAX_RANK];
  for (int k = 0; k < shape->rank; k++) index[k] = (Index){axis_name(w, k), shape->extent[k]};
  return add_node(w, &(Node){.kind = kind,
                             .name = name.text,
                             .span = name.span,
                             .type = shape->type,
                             .which = (int)which,
                             .limit = limit,
                             .nout = shape->rank,
                             .index = index});
}

static const Poly **extents_of(Walk *w, const Value *shape) {
  const Poly **extent = arena_array(w->arena, const Poly *, (size_t)shape->rank + 1);
  for (int k = 0; k < shape->rank; k++) extent[k] = shape->extent[k];
  return extent;
}

// ---- data, param ----

static bool data_range(Walk *w, const Stmt *s, const Poly **limit) {
  if (!s->data.integer) return true;
  const Poly *low = dimension(w, s->data.low);
  int64_t zero;
  if (low && !(poly_is_int(low, &zero) && zero == 0)) {
    diag_error(w->diags, s->data.low->span, "integer data are counted from 0: `in 0..`");
    low = NULL;
  }
  if (s->data.high) *limit = dimension(w, s->data.high);
  return low && (!s->data.high || *limit);
}

static void data_statement(Walk *w, const Stmt *s) {
  Value v = {.type = s->data.integer ? TYPE_INT : TYPE_REAL, .span = s->data.name.span};
  const Poly *limit = NULL;
  bool shaped = shape_of_declaration(w, s->data.shape, &v, false), ranged = data_range(w, s, &limit);
  Symbol *symbol = scope_define_value(w, s->data.name, bad_value(v.span));
  if (!shaped || !ranged || !symbol) return;
  DataDecl decl = {.name = s->data.name.text,
                   .span = s->span,
                   .type = v.type,
                   .rank = v.rank,
                   .extent = extents_of(w, &v),
                   .batch = v.rank && uses_batch(w, v.extent[0]),
                   .ranged = s->data.integer,
                   .limit = limit};
  symbol->value = read_of(w, add_input(w, NODE_DATA, s->data.name, &v, w->ndata, limit), v);
  ARENA_PUSH(w->arena, w->data, w->ndata, w->data_room) = decl;
}

// The start's node; null after an error.
static const Node *start_of(Walk *w, const Stmt *s, const Value *shape, const ParamBounds *bounds, size_t param) {
  const char *name = s->param.name.text;
  Value v = usual_start(w, shape, bounds, s->span);
  if (s->param.start) {
    w->draw = shape;
    w->draw_stream = (int)param;
    w->draws = 0;
    w->owner = arena_printf(w->arena, "start_%s", name);
    v = eval(w, s->param.start);
    w->owner = NULL;
    w->draw = NULL;
  }
  if (!want_number(w, &v)) return NULL;
  NodeFlags flags = depends_on(w, v.expr);
  if (flags.data || flags.param) {
    diag_error(w->diags, s->param.start->span, "a start can't depend on %s", flags.data ? "data" : "other parameters");
    return NULL;
  }
  bool fits = v.rank <= shape->rank;
  for (int k = 1; fits && k <= v.rank; k++) fits = v.extent[v.rank - k] == shape->extent[shape->rank - k];
  if (!fits) {
    diag_error(w->diags, s->param.start->span, "the start of `%s` has the shape %s, which does not fit %s", name,
               shape_text(w, &v), shape_text(w, shape));
    return NULL;
  }
  Value whole = *shape;
  whole.expr = make_real(w, aligned(w, &v, shape->rank));
  const char *node = arena_printf(w->arena, "start_%s", name);
  whole = make_node(w, (NodeForm){node, s->param.name.span, REDUCE_NONE, w->nlevel, w->npath}, whole);
  return whole.expr->kind == EXPR_READ ? whole.expr->u.read.node : NULL;
}

static void param_statement(Walk *w, const Stmt *s) {
  Value v = {.type = TYPE_REAL, .span = s->param.name.span};
  bool shaped = shape_of_declaration(w, s->param.shape, &v, true);
  size_t which = w->nparam;
  ParamBounds bounds = {.kind = CONSTRAINT_NONE};
  shaped = shaped && constraint_of(w, s, &v, &bounds);
  w->draws = 0;
  const Node *start = shaped ? start_of(w, s, &v, &bounds, which) : NULL;
  Symbol *symbol = scope_define_value(w, s->param.name, bad_value(v.span));
  if (!shaped || !symbol) return;
  symbol->value = read_of(w, add_input(w, NODE_PARAM, s->param.name, &v, which, NULL), v);
  symbol->value = constrained_value(w, symbol->value, &bounds);
  symbol->param = (int)which;
  ParamDecl decl = {.name = s->param.name.text,
                    .span = s->span,
                    .rank = v.rank,
                    .extent = extents_of(w, &v),
                    .constraint = bounds.kind,
                    .written = constraint_text(w, &s->param.constraint),
                    .low = bounds.low,
                    .high = bounds.high,
                    .start = s->param.start && !w->draws ? s->param.start->span : (Span){0}};
  ARENA_PUSH(w->arena, w->param, w->nparam, w->param_room) = decl;
  ARENA_PUSH(w->arena, w->gradient, w->ngradient, w->gradient_room) = (Span){0};
  if (start) graph_add_root(w->graph, ROOT_START, s->param.name.text, (int)which, start);
}

// ---- functions ----

static void def_statement(Walk *w, const Stmt *s) {
  Symbol *symbol = scope_define(w, s->def.name, SYMBOL_FUNCTION, bad_value(s->def.name.span));
  if (!symbol) return;
  if (!derivatives_named(w, s)) {
    Stmt *without = arena_new_of(w->arena, Stmt);
    *without = *s;
    without->def.derivatives.count = 0;
    s = without;
  }
  Function *f = arena_new_of(w->arena, Function);
  *f = (Function){.def = s,
                  .scope = w->scope,
                  .order = symbol->order,
                  .standard = !w->distributions,
                  .faulty = any_faulty(&s->def.body)};
  symbol->function = f;
  if (f->standard || w->scope != w->top) return;
  size_t which = w->nfunctions;
  ARENA_PUSH(w->arena, w->functions, w->nfunctions, w->functions_room) = f;
  if (w->audit && w->audit[which]) audit_function(w, f);
}

static void return_statement(Walk *w, const Stmt *s) {
  if (!w->returned) return;
  Values *results = w->returned;
  for (size_t k = 0; k < s->returned.count; k++) {
    Value v = eval(w, s->returned.items[k]);
    ARENA_PUSH(w->arena, results->items, results->count, results->room) = v;
  }
}

// ---- what an error of syntax was told of ----

// It may define whatever it mentions, assign to what loops carry, import, or add to the log likelihood: that any of it is
// missing is not told.
static void faulty_statement(Walk *w, const Stmt *s) {
  w->faulty = w->likelihood_bad = true;
  w->names_missing = w->names_missing || (s->names.count && strcmp(s->names.items[0], "import") == 0);
  for (Loop *l = w->loop; l; l = l->outer) l->faulty = true;
  Scope *scope = w->scope;
  w->scope = w->top;
  for (size_t k = 0; k < s->names.count; k++) {
    const Name name = {s->names.items[k], s->span};
    Symbol *symbol = scope_find(scope, name.text, SYMBOL_VALUE);
    if (!symbol && !scope_own(w->top, name.text)) {
      symbol = scope_define_value(w, name, bad_value(s->span));
      symbol->mentioned = true;
    } else if (symbol && symbol->carried) {
      symbol->carried->assigned = true;
      symbol->value = bad_value(s->span);
    }
  }
  w->scope = scope;
}

// ---- all statements ----

static void (*const lower[])(Walk *w, const Stmt *s) = {
    [STMT_DIM] = dim_statement,        [STMT_BATCH] = dim_statement,     [STMT_DATA] = data_statement,
    [STMT_PARAM] = param_statement,    [STMT_CONST] = const_statement,   [STMT_DEFINE] = define_statement,
    [STMT_PREDICT] = output_statement, [STMT_METRIC] = output_statement, [STMT_GRADIENT] = gradient_statement,
    [STMT_YIELD] = yield_statement,    [STMT_LOSS] = loss_statement,     [STMT_LIKELIHOOD] = likelihood_statement,
    [STMT_SAMPLE] = sample_statement,  [STMT_DEF] = def_statement,       [STMT_RETURN] = return_statement,
    [STMT_IMPORT] = import_file,       [STMT_SCAN] = loop_statement,     [STMT_ITERATE] = loop_statement,
    [STMT_FAULTY] = faulty_statement,
};

void statements(Walk *w, const Block *block) {
  bool returned = false;
  for (size_t k = 0; k < block->count && !w->overgrown; k++) {
    const Stmt *s = block->items[k];
    if (returned) {
      diag_error(w->diags, s->span, "nothing after `return` is reached");
      return;
    }
    w->pending = block;
    w->pending_done = k + 1;
    w->at = s->span;
    lower[s->kind](w, s);
    returned = s->kind == STMT_RETURN;
  }
}
