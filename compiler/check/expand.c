// expand.c - functions written in the language: expanded in place, mapped over leading axes.
#include <limits.h>
#include <string.h>

#include "check/internal.h"

size_t result_count(const Stmt *def) {
  const Block *b = &def->def.body;
  const Stmt *last = !def->def.value && b->count ? b->items[b->count - 1] : NULL;
  return last && last->kind == STMT_RETURN ? last->returned.count : 1;
}

// "x[d, k]", as the function declares it
static const char *argument_text(Walk *w, const Argument *a) {
  const char *text = a->name.text;
  for (size_t k = 0; k < a->shape.count; k++)
    text = arena_printf(w->arena, "%s%s%s", text, k ? ", " : "[", ast_expr_text(w->arena, a->shape.items[k]));
  return a->shape.count ? arena_printf(w->arena, "%s]", text) : text;
}

// ---- what is passed ----

static bool ranks_fit(Walk *w, const Function *f, Span at, const Value *args, size_t nargs) {
  const Arguments *formal = &f->def->def.args;
  const char *name = f->def->def.name.text;
  if (nargs != formal->count) {
    diag_error(w->diags, at, "`%s` takes %zu argument%s, not %zu", name, formal->count, formal->count == 1 ? "" : "s",
               nargs);
    if (!f->standard) diag_note(w->diags, f->def->def.name.span, "`%s` is defined here", name);
    return false;
  }
  bool fine = true;
  for (size_t k = 0; k < nargs; k++) {
    if (args[k].bad) {
      fine = false;
    } else if ((size_t)args[k].rank < formal->items[k].shape.count) {
      diag_error(w->diags, args[k].span, "`%s` takes `%s` here, and this is %s%s", name,
                 argument_text(w, &formal->items[k]), args[k].rank ? "an array of shape " : "",
                 shape_text(w, &args[k]));
      fine = false;
    }
  }
  return fine;
}

// The argument without its leading axes, at the levels that stand for them.
static Value mapped_argument(Walk *w, Value v, int rank, int first, int nlead) {
  int lead = v.rank - rank;
  if (!lead) return v;
  const Expr *sub[MAX_RANK];
  for (int k = 0; k < v.rank; k++)
    sub[k] = expr_index(w->graph, k < lead ? FIRST_LEVEL + first + nlead - lead + k : k - lead);
  v.expr = substitute(w, v.expr, sub, v.rank);
  memmove(v.extent, v.extent + lead, (size_t)rank * sizeof *v.extent);
  v.rank = rank;
  return v;
}

// Opens a level for each leading axis; the number of them, or -1 after an error.
static int open_leads(Walk *w, const Function *f, Span at, const Value *args, size_t nargs) {
  Value lead = {.rank = 0};
  Value *leads = arena_array(w->arena, Value, nargs + 1);
  for (size_t k = 0; k < nargs; k++) {
    leads[k] = args[k];
    leads[k].rank -= (int)f->def->def.args.items[k].shape.count;
  }
  if (nargs && !common_shape(w, at, leads, nargs, &lead)) return -1;
  for (int k = 0; k < lead.rank; k++)
    if (!open_level(w, level_name(w), lead.extent[k])) return -1;
  return lead.rank;
}

// Dimension names stand for the extents that are passed: first those that stand alone, then the others can be compared.
static bool bind_dimensions(Walk *w, const Function *f, const Value *args) {
  const Arguments *formal = &f->def->def.args;
  const char *name = f->def->def.name.text;
  bool fine = true;
  for (int pass = 0; pass < 2; pass++)
    for (size_t k = 0; k < formal->count; k++)
      for (size_t axis = 0; axis < formal->items[k].shape.count; axis++) {
        const AstExpr *e = formal->items[k].shape.items[axis];
        if ((e->kind == AST_NAME) != (pass == 0)) continue;
        const Poly *given = args[k].extent[axis], *wanted = given;
        Symbol *known = pass == 0 ? scope_own(w->scope, e->name) : NULL;
        if (known)
          wanted = known->value.expr->u.poly;
        else if (pass == 0)
          scope_define_value(w, (Name){e->name, e->span}, poly_value_of(w, given, e->span));
        else
          wanted = dimension(w, e);
        if (wanted && wanted != given)
          diag_error(w->diags, args[k].span, "`%s` takes `%s`, where `%s` stands for `%s` in this call, not for `%s`",
                     name, argument_text(w, &formal->items[k]), ast_expr_text(w->arena, e), poly_text(w, wanted),
                     poly_text(w, given));
        fine = fine && wanted == given;
      }
  return fine;
}

// ---- the body ----

static bool run_body(Walk *w, const Function *f, const char *claim, Values *results) {
  const Stmt *def = f->def;
  if (def->def.value) {
    w->claim = claim;
    Value v = eval(w, def->def.value);
    w->claim = NULL;
    ARENA_PUSH(w->arena, results->items, results->count, results->room) = v;
    return true;
  }
  Values *outer = w->returned;
  const Block *pending = w->pending;
  size_t done = w->pending_done;
  w->returned = results;
  statements(w, &def->def.body);
  w->returned = outer;
  w->pending = pending;
  w->pending_done = done;
  if (results->count) return true;
  diag_error(w->diags, def->def.name.span, "`%s` returns nothing: its body ends with `return ...`", def->def.name.text);
  return false;
}

// The result over the axes that the mapped levels become.
static Value gather_leads(Walk *w, Value v, int first, int nlead, Span at) {
  if (v.bad || !nlead) return v;
  if (v.rank + nlead > MAX_RANK) {
    diag_error(w->diags, at, "an array can't have more than %d axes", MAX_RANK);
    return bad_value(at);
  }
  const Expr *sub[INDEX_MAX] = {NULL};
  for (int k = 0; k < v.rank; k++) sub[k] = expr_index(w->graph, nlead + k);
  for (int k = 0; k < nlead; k++) sub[FIRST_LEVEL + first + k] = expr_index(w->graph, k);
  v.expr = substitute(w, v.expr, sub, INDEX_MAX);
  memmove(v.extent + nlead, v.extent, (size_t)v.rank * sizeof *v.extent);
  for (int k = 0; k < nlead; k++) v.extent[k] = w->level[first + k].extent;
  v.rank += nlead;
  return v;
}

static bool within_limits(Walk *w, const Function *f, Span at) {
  const char *name = f->def->def.name.text;
  if (f->active)
    diag_error(w->diags, at, "`%s` calls itself: functions are expanded in place, so recursion is not possible", name);
  else if (w->call_depth == MAX_CALL_DEPTH)
    diag_error(w->diags, at, "functions call functions more than %d deep here", MAX_CALL_DEPTH);
  else if (w->calls == MAX_CALLS)
    diag_error(w->diags, at, "the model calls functions more than %d times, counting calls within functions",
               MAX_CALLS);
  else
    return true;
  w->overgrown = w->overgrown || !f->active;
  return false;
}

// With the argument scope open: binds and lowers.
static bool lower_call(Walk *w, Function *f, Span at, const Value *args, size_t nargs, const char *claim,
                       Values *results) {
  const Arguments *formal = &f->def->def.args;
  int first = w->nlevel, sealed_order = w->sealed_order;
  const Function *sealed = w->sealed;
  if (f->def->def.derivatives.count) {
    w->sealed = f;
    w->sealed_order = w->order;
  }
  int nlead = open_leads(w, f, at, args, nargs);
  bool fine = nlead >= 0;
  Value *own = arena_array(w->arena, Value, nargs + 1);
  for (size_t k = 0; fine && k < nargs; k++)
    own[k] = mapped_argument(w, args[k], (int)formal->items[k].shape.count, first, nlead);
  fine = fine && bind_dimensions(w, f, own);
  uint64_t levels = 0; // with which the body can differ from entry to entry
  for (size_t k = 0; fine && k < nargs; k++) levels |= own[k].expr->indices & ~axis_bits;
  for (size_t k = 0; fine && k < nargs; k++) {
    own[k] = nameable(w, formal->items[k].name, own[k], levels);
    fine = scope_define_value(w, formal->items[k].name, own[k]) && fine;
  }
  if (fine) {
    Scope *arguments = w->scope;
    w->scope = scope_new(w, w->scope, INT_MAX); // locals may shadow arguments
    size_t errors = w->diags->errors;
    fine = run_body(w, f, f->def->def.derivatives.count ? NULL : claim, results);
    w->scope = arguments;
    if (fine && f->def->def.derivatives.count) results->items[0] = with_derivatives(w, f, own, results->items[0]);
    if (w->diags->errors > errors && !w->audit) diag_note(w->diags, at, "in this call of `%s`", f->def->def.name.text);
  }
  w->sealed = sealed;
  w->sealed_order = sealed_order;
  for (size_t k = 0; fine && k < results->count; k++)
    results->items[k] = gather_leads(w, results->items[k], first, nlead, at);
  close_levels(w, first);
  return fine;
}

bool expand(Walk *w, Function *f, Span at, const Value *args, size_t nargs, const char *claim, Values *results) {
  f->called = true; // also where that goes wrong: by itself it may be as right as can be
  if (!ranks_fit(w, f, at, args, nargs) || !within_limits(w, f, at) || f->faulty || !derivatives_suffice(w, f, args))
    return false;
  Value *settled = arena_array(w->arena, Value, nargs + 1);
  for (size_t k = 0; k < nargs; k++)
    settled[k] =
        f->def->def.args.items[k].shape.count ? settle(w, args[k], f->def->def.args.items[k].name.text) : args[k];
  Scope *scope = w->scope;
  bool whole = w->whole;
  const GradNames *by = w->by;
  if (!f->by) f->by = names_in_function(w, f->def);
  w->by = f->by;
  w->whole = false;
  w->scope = scope_new(w, f->scope, f->order + 1); // itself included, so that recursion is seen as what it is
  w->calls++;
  w->call_depth++;
  f->active = true;
  bool fine = lower_call(w, f, at, settled, nargs, claim, results);
  f->active = false;
  w->call_depth--;
  w->scope = scope;
  w->whole = whole;
  w->by = by;
  return fine;
}

// ---- functions that nobody calls ----

// Stands for an argument of which only its declared shape is known.
static Value stand_in(Walk *w, const Argument *a, bool integer) {
  Value v = {.type = integer ? TYPE_INT : TYPE_REAL, .span = a->name.span};
  Index index[MAX_RANK];
  const Expr *sub[MAX_RANK];
  if (a->shape.count > MAX_RANK) return bad_value(a->name.span);
  for (size_t k = 0; k < a->shape.count; k++) {
    const AstExpr *e = a->shape.items[k];
    v.extent[k] = e->kind == AST_NAME ? scope_own(w->scope, e->name)->value.expr->u.poly : dimension(w, e);
    if (!v.extent[k]) v.bad = true;
    index[k] = (Index){axis_name(w, (int)k), v.extent[k]};
    sub[k] = expr_index(w->graph, (int)k);
  }
  v.rank = (int)a->shape.count;
  if (v.bad) return v;
  if (integer && v.rank == 0) {
    v.expr = expr_poly(w->graph, poly_dim(w->dims, dims_add(w->dims, a->name.text, DIM_CALL, 0)));
    return v;
  }
  Node node = {.kind = NODE_DATA,
               .name = a->name.text,
               .span = v.span,
               .type = v.type,
               .which = -1,
               .nout = v.rank,
               .index = index};
  v.expr = make_read(w, add_node(w, &node), sub);
  return v;
}

static void define_stand_in_dimensions(Walk *w, const Arguments *formal) {
  for (size_t k = 0; k < formal->count; k++)
    for (size_t axis = 0; axis < formal->items[k].shape.count; axis++) {
      const AstExpr *e = formal->items[k].shape.items[axis];
      if (e->kind != AST_NAME || scope_own(w->scope, e->name)) continue;
      const Poly *p = poly_dim(w->dims, dims_add(w->dims, e->name, DIM_CALL, 0));
      scope_define_value(w, (Name){e->name, e->span}, poly_value_of(w, p, e->span));
    }
}

typedef enum { GUESS_BY_USE, GUESS_INTEGERS } Guess;

static void expand_alone(Walk *w, Function *f, Guess guess) {
  const Arguments *formal = &f->def->def.args;
  Value *args = arena_array(w->arena, Value, formal->count + 1);
  Scope *scope = w->scope;
  w->scope = scope_new(w, f->scope, f->order + 1);
  define_stand_in_dimensions(w, formal);
  for (size_t k = 0; k < formal->count; k++) {
    const Argument *a = &formal->items[k];
    bool integer = guess == GUESS_INTEGERS ? a->shape.count == 0 : def_uses_as_integer(w, f->def, a->name.text, 8);
    args[k] = stand_in(w, a, integer);
  }
  w->scope = scope;
  const char *owner = w->owner;
  w->owner = f->def->def.name.text;
  Values results = {.items = NULL};
  expand(w, f, f->def->def.name.span, args, formal->count, NULL, &results);
  w->owner = owner;
}

// What its arguments are is not known: if it can be lowered with reals or with integers, it is right.  Called while
// muted.
void audit_function(Walk *w, Function *f) {
  for (Guess guess = GUESS_BY_USE; guess <= GUESS_INTEGERS; guess++) {
    size_t mark = diag_mute(w->diags);
    expand_alone(w, f, guess);
    if (diag_unmute(w->diags, mark)) return;
    w->overgrown = false;
  }
  diag_unmute(w->diags, 0);
  expand_alone(w, f, GUESS_BY_USE);
  diag_mute(w->diags);
}
