// update.c - what a loop's body assigns to a carried name: the whole, or entries of an array, in place.
//
// `D[i, s] = e` is a scatter whose base is D as it was: over the indices of the loop's state, then those that the
// statement binds, and with each index of the loop as a target itself.  An index that the statement binds is bound where it
// is a subscript, and so is a slice: no entry is set twice.
#include <limits.h>
#include <string.h>

#include "check/internal.h"

// ---- assigning ----

Symbol *carried_symbol(Walk *w, const char *name) {
  Symbol *symbol = scope_find(w->scope, name, SYMBOL_VALUE);
  return symbol && symbol->carried ? symbol : NULL;
}

bool is_state(const Loop *l, const Value *v) {
  const Expr *e = v->expr;
  if (e->kind != EXPR_READ || (e->u.read.node->kind != NODE_COMP && e->u.read.node->kind != NODE_SCATTER)) return false;
  int n = 0;
  for (int k = 0; k <= l->level; k++) {
    if (!(l->indices >> (FIRST_LEVEL + k) & 1)) continue;
    if (n == e->u.read.node->nout || e->u.read.sub[n]->kind != EXPR_INDEX ||
        e->u.read.sub[n]->u.index != FIRST_LEVEL + k)
      return false;
    n++;
  }
  if (n + v->rank != e->u.read.node->nout) return false;
  for (int k = 0; k < v->rank; k++)
    if (e->u.read.sub[n + k]->kind != EXPR_INDEX || e->u.read.sub[n + k]->u.index != k) return false;
  return true;
}

static const char *described(Walk *w, const Value *v) {
  return v->rank ? arena_printf(w->arena, "an array of shape %s", shape_text(w, v)) : "a single number";
}

// v over the axes of what is carried, repeated along leading ones that it has not.
static bool fits_state(Walk *w, const Carried *c, Value *v) {
  const Value *state = &c->state;
  if (!(state->type == TYPE_BOOL ? want_condition(w, v) : want_number(w, v))) return false;
  bool fits = v->rank <= state->rank;
  for (int k = 1; fits && k <= v->rank; k++) fits = v->extent[v->rank - k] == state->extent[state->rank - k];
  if (!fits) {
    diag_error(w->diags, v->span, "`%s` is %s before this loop and would be %s after a step: it keeps its shape",
               c->name.text, described(w, state), described(w, v));
    return false;
  }
  v->expr = aligned(w, v, state->rank);
  memcpy(v->extent, state->extent, sizeof v->extent);
  v->rank = state->rank;
  return true;
}

void set_state(Walk *w, Symbol *symbol, Value v, bool whole) {
  Carried *c = symbol->carried;
  c->assigned = true;
  c->whole = c->whole || whole;
  if (!fits_state(w, c, &v)) {
    symbol->value = bad_value(v.span);
    return;
  }
  if (c->state.type == TYPE_REAL) {
    v.expr = make_real(w, v.expr);
    v.type = TYPE_REAL;
  }
  if (v.type == TYPE_REAL && c->state.type == TYPE_INT) c->real = true; // the body is lowered once more
  bool kept = is_state(c->loop, &v) || stays_expression(w, v.expr) || !whole;
  if (!kept) {
    NodeForm form = {arena_printf(w->arena, "%s_step", c->node->name), v.span, REDUCE_NONE, w->nlevel, w->npath};
    v = make_node_over(w, form, v, c->loop->indices);
  }
  symbol->value = v.type == TYPE_REAL ? nameable_state(w, c, v) : v;
}

void assign(Walk *w, Name name, Value v) {
  Symbol *symbol = carried_symbol(w, name.text);
  if (symbol)
    set_state(w, symbol, v, true);
  else
    scope_define_value(w, name, v);
}

// ---- h = e ----

static void update_whole(Walk *w, const Stmt *s, Symbol *symbol) {
  const char *owner = w->owner;
  w->owner = arena_printf(w->arena, "%s_step", symbol->carried->node->name);
  w->claimed = NULL;
  w->claim = w->owner;
  Value v = eval(w, s->define.value);
  w->claim = NULL;
  w->owner = owner;
  set_state(w, symbol, v, true);
  w->claimed = NULL;
}

// ---- D[i, s] = e ----

typedef struct Update {
  const Stmt *stmt;
  const Target *target;
  Symbol *symbol;
  Value before;              // the array as it was
  int first;                 // levels from here on are the statement's
  const Expr *sub[MAX_RANK]; // what is set, over levels and the free axes
  Value free;                // the axes that slices leave: the shape of what they are given
} Update;

static Subscript all_of(const Update *u, int axis) {
  if ((size_t)axis < u->target->subscripts.count) return u->target->subscripts.items[axis];
  return (Subscript){.kind = SUB_ALL, .span = u->target->span};
}

// Indices that the target itself names: `i in 0..n`, and a bare `i` that is nothing else.
static bool bind_indices(Walk *w, Update *u) {
  bool fine = true;
  for (int k = 0; k < u->before.rank; k++) {
    Subscript s = all_of(u, k);
    IndexRange range = {.name = s.index, .low = s.low, .high = s.high};
    if (s.kind == SUB_AT && s.at->kind == AST_NAME && !scope_find(w->scope, s.at->name, SYMBOL_VALUE))
      range = (IndexRange){.name = {s.at->name, s.at->span}, .given = u->before.extent[k]};
    else if (s.kind != SUB_EACH)
      continue;
    fine = bind_index(w, range, NULL, 0, NULL) && fine;
    u->sub[k] = scope_own(w->scope, range.name.text)->value.expr;
  }
  return fine;
}

static bool free_axis(Walk *w, Update *u, int axis, const Subscript *s) {
  const Expr *low = NULL;
  const Poly *extent = u->before.extent[axis];
  if (s->kind == SUB_SLICE && !slice_ends(w, s, &low, &extent)) return false;
  const Expr *index = expr_index(w->graph, u->free.rank);
  u->free.extent[u->free.rank++] = extent;
  u->sub[axis] = low ? make2(w, PRIM_ADD, index, low) : index;
  return true;
}

static bool entry(Walk *w, Update *u, int axis, const Subscript *s) {
  Value at = eval_whole(w, s->at);
  if (at.bad) return false;
  u->sub[axis] = at.expr;
  if (at.rank)
    diag_error(w->diags, s->span,
               "a subscript of what is set is a single integer, not an array of shape %s: bind an index",
               shape_text(w, &at));
  return at.rank == 0;
}

static bool within_axes(Walk *w, const Update *u) {
  bool fine = true;
  const Poly *const *outer = w->axis_extent;
  w->axis_extent = u->free.extent;
  for (size_t k = 0; k < u->target->subscripts.count; k++) {
    const Subscript *s = &u->target->subscripts.items[k];
    if (s->kind != SUB_ALL) fine = check_range(w, NULL, u->target, s, u->sub[k], u->before.extent[k]) && fine;
  }
  w->axis_extent = outer;
  return fine;
}

static bool right_count(Walk *w, const Update *u) {
  int rank = u->before.rank;
  size_t n = u->target->subscripts.count;
  if (n <= (size_t)rank) return true;
  if (rank == 0)
    diag_error(w->diags, u->target->span, "`%s` is a single number: it has no subscripts", u->target->name.text);
  else
    diag_error(w->diags, u->target->span, "`%s` has the shape %s: %d subscript%s, not %zu", u->target->name.text,
               shape_text(w, &u->before), rank, rank > 1 ? "s" : "", n);
  return false;
}

// Its subscripts, and what they bind; the value as it is seen with these.
static bool read_target(Walk *w, Update *u) {
  if (!right_count(w, u)) return false;
  bool fine = bind_indices(w, u);
  for (int k = 0; k < u->before.rank; k++) {
    Subscript s = all_of(u, k);
    if (u->sub[k]) continue;
    fine = (s.kind == SUB_AT ? entry(w, u, k, &s) : free_axis(w, u, k, &s)) && fine;
  }
  return fine && within_axes(w, u);
}

static bool read_value(Walk *w, const Update *u, Value *v) {
  const char *owner = w->owner;
  w->owner = arena_printf(w->arena, "%s_set", u->symbol->carried->node->name);
  w->claimed = NULL;
  *v = eval(w, u->stmt->define.value);
  w->owner = owner;
  if (!want_number(w, v)) return false;
  bool fits = v->rank <= u->free.rank;
  for (int k = 1; fits && k <= v->rank; k++) fits = v->extent[v->rank - k] == u->free.extent[u->free.rank - k];
  if (!fits) {
    Value set = u->free;
    diag_error(w->diags, v->span, "what is set here is %s%s, and this is %s%s", set.rank ? "an array of shape " : "",
               shape_text(w, &set), v->rank ? "an array of shape " : "", shape_text(w, v));
    return false;
  }
  v->expr = aligned(w, v, u->free.rank);
  return true;
}

// The array afterwards.
static Value scatter(Walk *w, const Update *u, Value v) {
  const Loop *loop = u->symbol->carried->loop;
  Layout out = {.n = 0}, in = {.n = 0};
  const Expr *target[INDEX_MAX];
  uint64_t used = loop->indices;
  int lead = 0;
  for (int k = 0; k <= loop->level; k++) lead += loop->indices >> (FIRST_LEVEL + k) & 1 ? 1 : 0;
  if (2 * lead + u->before.rank + u->free.rank + w->nlevel - u->first > INDEX_MAX) {
    diag_error(w->diags, u->target->span, "more than %d indices are in use at once here", INDEX_MAX);
    return bad_value(u->target->span);
  }
  for (int k = 0; k <= loop->level; k++)
    if (loop->indices >> (FIRST_LEVEL + k) & 1) lay_level(w, &out, k, false);
  for (int k = 0; k < u->before.rank; k++) lay_axis(w, &out, k, u->before.extent[k], k);
  int nout = in.n = out.n; // the other indices stand behind
  for (int k = 0; k < nout; k++) in.index[k] = out.index[k];
  for (int k = 0; k <= loop->level; k++)
    if (loop->indices >> (FIRST_LEVEL + k) & 1) {
      lay_level(w, &in, k, false);
      target[in.n - 1 - nout] = in.position[FIRST_LEVEL + k];
    }
  for (int k = u->first; k < w->nlevel; k++, used |= index_bit(FIRST_LEVEL + k - 1)) lay_level(w, &in, k, false);
  for (int k = 0; k < u->free.rank; k++) lay_axis(w, &in, k, u->free.extent[k], k);
  for (int k = 0; k < u->before.rank; k++) target[lead + k] = substitute(w, u->sub[k], in.position, INDEX_MAX);
  const Expr *guard = guard_over(w, used), *base = u->before.expr, *entry = v.expr;
  if (v.type == TYPE_REAL || u->before.type == TYPE_REAL) {
    base = make_real(w, base);
    entry = make_real(w, entry);
  }
  Node node = {.kind = NODE_SCATTER,
               .name = arena_printf(w->arena, "%s_set", u->symbol->carried->node->name),
               .span = u->target->span,
               .type = entry->type,
               .nout = nout,
               .nred = in.n - nout,
               .index = in.index,
               .target = target,
               .assign = true};
  node.base = substitute(w, base, out.position, INDEX_MAX);
  node.expr = substitute(w, entry, in.position, INDEX_MAX);
  node.guard = guard ? substitute(w, guard, in.position, INDEX_MAX) : NULL;
  Value after = u->before;
  after.type = node.type;
  after.expr = make_read(w, add_node(w, &node), out.sub);
  return after;
}

static void update_entries(Walk *w, const Stmt *s, Symbol *symbol) {
  size_t mark = w->npath;
  Scope *outer = w->scope;
  Update u = {
      .stmt = s, .target = &s->define.targets.items[0], .symbol = symbol, .before = symbol->value, .first = w->nlevel};
  Value v, after = bad_value(u.target->span);
  w->scope = scope_new(w, outer, INT_MAX);
  symbol->carried->assigned = true;
  if (!u.before.bad && u.before.type == TYPE_BOOL)
    diag_error(w->diags, u.target->span, "entries of an array of conditions can't be set");
  else if (!u.before.bad && read_target(w, &u) && read_value(w, &u, &v))
    after = scatter(w, &u, v);
  w->scope = outer;
  w->npath = mark;
  close_levels(w, u.first);
  if (after.bad)
    symbol->value = after;
  else
    set_state(w, symbol, after, false);
}

void update_statement(Walk *w, const Stmt *s, Symbol *symbol) {
  if (s->define.targets.items[0].subscripts.count)
    update_entries(w, s, symbol);
  else
    update_whole(w, s, symbol);
}
