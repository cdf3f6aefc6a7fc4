// loop.c - scan and iterate: names that a loop carries become the states of carries.
//
// A loop's index is one more level, open while its body is lowered once.  In the body a carried name stands for the state
// before the step; assigning to it gives it another value, and what it is worth at the end is what the carry takes.
#include <limits.h>
#include <string.h>

#include "check/internal.h"

// ---- starts ----

bool is_plain(const Expr *e) {
  if (e->kind != EXPR_READ) return e->height == 0;
  for (int k = 0; k < e->u.read.node->nout; k++)
    if (e->u.read.sub[k]->kind != EXPR_INDEX) return false;
  return true;
}

static Value started(Walk *w, const Carry *c) {
  const char *owner = w->owner, *name = made_name(w, NULL, arena_printf(w->arena, "%s_start", c->name.text));
  w->owner = name;
  w->claimed = NULL;
  Value v = eval(w, c->start);
  w->owner = owner;
  // A carry has no guard: what is read under the conditions around gets its own.
  return v.bad || w->npath == 0 || is_plain(v.expr) ? v : store(w, name, v);
}

static bool start(Walk *w, Loop *l) {
  const Carries *with = loop_carries(l->stmt);
  bool fine = true;
  for (size_t k = 0; k < with->count; k++) {
    Value v = started(w, &with->items[k]);
    const Name name = with->items[k].name;
    fine = fine && !v.bad;
    if (only_named_by_grad(w, loop_body(l->stmt), name.text))
      ARENA_PUSH(w->arena, l->held, l->nheld, l->held_room) = (Held){name, v};
    else
      ARENA_PUSH(w->arena, l->carried, l->ncarried, l->carried_room) = (Carried){.name = name, .start = v};
  }
  find_implied(w, l, loop_body(l->stmt));
  for (size_t k = 0; k < l->ncarried; k++) {
    l->carried[k].loop = l;
    l->carried[k].real = named_by_grad(w, l->carried[k].name.text); // derivatives are by real numbers
    fine = fine && !l->carried[k].start.bad;
  }
  find_indices(w, l);
  return fine;
}

// ---- the state ----

static bool is_reverse(const Loop *l) {
  return l->stmt->kind == STMT_SCAN && l->stmt->scan.reverse;
}

// The carry's entries at `at` along the loop.
static Value state_at(Walk *w, const Loop *l, const Carried *c, const Expr *at) {
  const Expr *sub[INDEX_MAX];
  int n = 0;
  for (int k = 0; k <= l->level; k++)
    if (l->indices >> (FIRST_LEVEL + k) & 1) sub[n++] = k == l->level ? at : expr_index(w->graph, FIRST_LEVEL + k);
  Value v = c->start;
  for (int k = 0; k < v.rank; k++) sub[n++] = expr_index(w->graph, k);
  v.type = c->node->type;
  v.expr = make_read(w, c->node, sub);
  return v;
}

static bool too_many(Walk *w, const Loop *l, const Carried *c) {
  int n = c->start.rank + 1;
  for (int k = 0; k < l->level; k++) n += l->indices >> (FIRST_LEVEL + k) & 1 ? 1 : 0;
  if (n <= INDEX_MAX) return false;
  diag_error(w->diags, c->name.span, "more than %d indices are in use at once here", INDEX_MAX);
  return true;
}

static bool open_state(Walk *w, Loop *l, Carried *c) {
  if (too_many(w, l, c)) return false;
  Layout layout = {.n = 0};
  for (int k = 0; k <= l->level; k++)
    if (l->indices >> (FIRST_LEVEL + k) & 1) lay_level(w, &layout, k, false);
  int axis = layout.n - 1;
  layout.index[axis].extent = poly_add(w->dims, l->steps, poly_int(w->dims, 1));
  for (int k = 0; k < c->start.rank; k++) lay_axis(w, &layout, k, c->start.extent[k], k);
  const Expr *from = c->real ? make_real(w, c->start.expr) : c->start.expr;
  Node node = {.kind = NODE_CARRY,
               .name = made_name(w, NULL, c->name.text),
               .span = c->name.span,
               .type = from->type,
               .nout = layout.n,
               .index = layout.index,
               .axis = axis,
               .reverse = is_reverse(l),
               .expr = substitute(w, from, layout.position, INDEX_MAX)};
  c->node = add_node(w, &node);
  w->flags[c->node->id] = l->flags; // until it is closed
  return true;
}

// When all carries are open, so that `grad` by one state takes the others as they are.
static bool name_state(Walk *w, Loop *l, Carried *c) {
  const Expr *now = expr_index(w->graph, FIRST_LEVEL + l->level);
  c->state = state_at(w, l, c, is_reverse(l) ? make2(w, PRIM_ADD, now, expr_int(w->graph, 1)) : now);
  c->assigned = c->whole = false;
  c->symbol = scope_define_value(w, c->name, nameable_state(w, c, c->state));
  if (c->symbol) c->symbol->carried = c;
  c->next = NULL;
  return c->symbol != NULL;
}

// A node of what the carry is to take, where `condition` (null: always) holds; else the state stays.
static void finish_state(Walk *w, Loop *l, Carried *c, const Expr *condition) {
  Value v = c->symbol->value;
  c->bad = v.bad;
  if (v.bad) v = c->state; // closed all the same
  if (c->state.type == TYPE_REAL) v.expr = make_real(w, v.expr);
  v.type = v.expr->type;
  if (condition && c->whole && v.type == c->state.type) v.expr = make_select(w, condition, v.expr, c->state.expr);
  if (!is_state(l, &v)) {
    NodeForm form = {arena_printf(w->arena, "%s_step", c->node->name), c->name.span, REDUCE_NONE, w->nlevel, w->npath};
    v = make_node_over(w, form, v, l->indices);
    c->whole = c->whole || w->npath > 0; // 0 where the conditions around do not hold: no longer what it was
  }
  if (v.bad) return;
  c->next = v.expr->u.read.node;
  if (!c->bad) c->symbol->value = v;
}

// ---- the body ----

static void lower_body(Walk *w, Loop *l) {
  const Block *pending = w->pending;
  size_t done = w->pending_done;
  Loop *outer = w->loop;
  w->loop = l;
  statements(w, loop_body(l->stmt));
  w->loop = outer;
  w->pending = pending;
  w->pending_done = done;
}

static void keep_going(Walk *w, Loop *l) {
  const char *owner = w->owner;
  w->owner = made_name(w, NULL, "go");
  Value v = eval(w, l->stmt->iterate.condition);
  w->owner = owner;
  if (!want_condition(w, &v)) return;
  if (v.rank) {
    diag_error(w->diags, v.span, "the condition of a loop is a single one, not an array of shape %s",
               shape_text(w, &v));
    return;
  }
  if (v.expr->kind == EXPR_BOOL && v.expr->u.boolean) return;
  NodeForm form = {made_name(w, NULL, "go"), v.span, REDUCE_NONE, w->nlevel, w->npath};
  v = make_node_over(w, form, v, l->indices);
  l->alive = v.expr->u.read.node;
  push_path(w, v.expr);
}

// ---- yields: evaluated when the step is done ----

void yield_statement(Walk *w, const Stmt *s) {
  if (w->loop) ARENA_PUSH(w->arena, w->loop->yield, w->loop->nyield, w->loop->yield_room) = s;
}

static const Expr *conditions(Walk *w, size_t mark) {
  const Expr *all = NULL;
  for (size_t k = mark; k < w->npath; k++) all = all ? make2(w, PRIM_AND, all, w->path[k]) : w->path[k];
  return all;
}

// Is v 0 by itself where the condition fails?
static bool is_guarded(const Value *v, const Expr *condition) {
  if (!condition) return true;
  const Node *n = v->expr->kind == EXPR_READ ? v->expr->u.read.node : NULL;
  return n && n->kind == NODE_COMP && n->guard && is_plain(v->expr) && !(condition->indices & ~v->expr->indices);
}

// An array over the steps; where the loop's own conditions, from `mark` on, fail, it is 0.
static Value yielded(Walk *w, const Loop *l, const Stmt *s, size_t mark) {
  const Target *t = &s->define.targets.items[0];
  const char *name = made_name(w, NULL, t->name.text);
  bool named = !t->subscripts.count && s->define.value->kind == AST_NAME;
  Value v = named ? eval(w, s->define.value) : defined(w, t, s->define.value, NULL, name);
  if (v.bad) return v;
  v.span = t->name.span;
  if (v.rank == MAX_RANK) {
    diag_error(w->diags, t->span, "an array can't have more than %d axes", MAX_RANK);
    return bad_value(t->span);
  }
  if (is_guarded(&v, conditions(w, mark))) return with_axes(w, v, l->level);
  return make_node(w, (NodeForm){name, t->name.span, REDUCE_NONE, l->level, mark}, v);
}

static void take_yields(Walk *w, Loop *l, size_t mark) {
  for (size_t k = 0; k < l->nyield; k++) {
    Value v = yielded(w, l, l->yield[k], mark);
    ARENA_PUSH(w->arena, l->yielded.items, l->yielded.count, l->yielded.room) = v;
  }
}

// ---- one lowering of a loop ----

static bool open_index(Walk *w, Loop *l) {
  const Stmt *s = l->stmt;
  l->level = w->nlevel;
  if (s->kind == STMT_SCAN) {
    IndexRange range = {
        .name = s->scan.index.name, .low = s->scan.index.low, .high = s->scan.index.high, .counted = true};
    if (!bind_index(w, range, NULL, 0, NULL)) return false;
    scope_own(w->scope, range.name.text)->loop_index = true;
  } else {
    const Poly *limit = dimension(w, s->iterate.limit);
    if (!limit || !open_level(w, level_name(w), limit)) return false;
  }
  l->steps = w->level[l->level].extent;
  l->indices |= index_bit(FIRST_LEVEL + l->level);
  return true;
}

// In a scope of its own, with the level open.
static bool lower(Walk *w, Loop *l) {
  size_t mark = w->npath;
  if (!open_index(w, l)) return false;
  bool fine = true;
  for (size_t k = 0; k < l->ncarried && fine; k++) fine = open_state(w, l, &l->carried[k]);
  for (size_t k = 0; k < l->ncarried && fine; k++) fine = name_state(w, l, &l->carried[k]);
  for (size_t k = 0; k < l->nheld && fine; k++) { // younger than the states, which are none of its doing
    const Held *h = &l->held[k];
    fine = scope_define_value(w, h->name, nameable(w, h->name, h->start, l->indices)) != NULL;
  }
  if (!fine) return false;
  if (l->stmt->kind == STMT_ITERATE) keep_going(w, l);
  w->scope = scope_new(w, w->scope, INT_MAX);
  lower_body(w, l);
  const Expr *condition = conditions(w, mark);
  for (size_t k = 0; k < l->ncarried && !condition; k++) finish_state(w, l, &l->carried[k], NULL);
  take_yields(w, l, mark);
  w->npath = mark;
  for (size_t k = 0; k < l->ncarried && condition; k++) finish_state(w, l, &l->carried[k], condition);
  for (size_t k = 0; k < l->ncarried; k++)
    if (l->carried[k].next) graph_close(l->carried[k].node, l->carried[k].next, l->alive);
  return true;
}

static bool lower_once(Walk *w, Loop *l) {
  int first = w->nlevel;
  size_t mark = w->npath, nodes = w->graph->count;
  Scope *outer = w->scope;
  uint64_t indices = l->indices;
  l->nyield = l->yielded.count = 0;
  l->alive = NULL;
  w->scope = scope_new(w, outer, INT_MAX);
  bool fine = lower(w, l);
  w->scope = outer;
  w->npath = mark;
  close_levels(w, first);
  if (fine) settle_flags(w, nodes);
  l->indices |= indices;
  return fine;
}

// An integer that a step makes a real number is one from the start: the body is then lowered again.
static bool lower_loop(Walk *w, Loop *l) {
  uint64_t indices = l->indices;
  for (;;) {
    WalkMark mark = mark_walk(w);
    Diags told = *w->diags;
    size_t before = 0, after = 0;
    for (size_t k = 0; k < l->ncarried; k++) before += l->carried[k].real ? 1 : 0;
    bool fine = lower_once(w, l);
    for (size_t k = 0; k < l->ncarried; k++) after += l->carried[k].real ? 1 : 0;
    if (before == after || w->overgrown) return fine;
    take_back(w, mark);
    *w->diags = told;
    l->indices = indices;
  }
}

// ---- after a loop ----

static void leave_name(Walk *w, Name name, Value v, bool whole) {
  v.span = name.span;
  Symbol *around = carried_symbol(w, name.text), *own = scope_own(w->scope, name.text);
  if (!around) v = nameable(w, name, v, 0);
  if (around) {
    set_state(w, around, v, whole);
  } else if (own && own->kind == SYMBOL_VALUE && own->rebindable) {
    own->value = v;
  } else {
    Symbol *symbol = scope_define_value(w, name, v);
    if (symbol) symbol->rebindable = true;
  }
}

static void leave_carried(Walk *w, const Loop *l, const Carried *c, bool fine) {
  Value v = bad_value(c->name.span);
  if (fine && !c->assigned && scope_find(w->scope, c->name.text, SYMBOL_VALUE)) return; // told of
  if (fine && !c->bad) v = state_at(w, l, c, is_reverse(l) ? expr_int(w->graph, 0) : expr_poly(w->graph, l->steps));
  leave_name(w, c->name, v, !c->implied || c->whole);
}

// `with W = W` leaves W what it is, be it a parameter.
static void leave_held(Walk *w, const Held *h, bool fine) {
  const Symbol *around = scope_find(w->scope, h->name.text, SYMBOL_VALUE);
  if (around && (around->value.bad || around->value.expr == h->start.expr)) return;
  leave_name(w, h->name, fine ? h->start : bad_value(h->name.span), true);
}

static void tell_of_unassigned(Walk *w, const Loop *l) {
  for (size_t k = 0; k < l->ncarried; k++) {
    const Carried *c = &l->carried[k];
    if (!c->assigned)
      diag_error(w->diags, c->name.span,
                 "this loop carries `%s` and never assigns to it: define it before the loop, without `with`",
                 c->name.text);
  }
}

static void tell_of_batch(Walk *w, const Loop *l) {
  if (!l->ncarried || l->stmt->kind != STMT_SCAN || !uses_batch(w, l->steps)) return;
  const char *name = dims_get(w->dims, w->batch)->name;
  diag_warning(w->diags, l->stmt->keyword,
               "this loop runs along the batch dimension `%s`, which mini-batches cut and shuffle: declare it with "
               "`dim %s`",
               name, name);
}

static void define_yields(Walk *w, const Loop *l, const Block *body, bool fine) {
  if (fine) {
    for (size_t k = 0; k < l->nyield; k++) {
      Name name = l->yield[k]->define.targets.items[0].name;
      assign(w, name, nameable(w, name, l->yielded.items[k], 0));
    }
    return;
  }
  for (size_t k = 0; k < body->count; k++) {
    if (body->items[k]->kind != STMT_YIELD) continue;
    Name name = body->items[k]->define.targets.items[0].name;
    assign(w, name, bad_value(name.span));
  }
}

void loop_statement(Walk *w, const Stmt *s) {
  Loop *l = arena_new_of(w->arena, Loop);
  *l = (Loop){.stmt = s, .outer = w->loop};
  const char *claim = w->claim;
  bool fine = start(w, l) && lower_loop(w, l);
  w->claim = claim;
  w->claimed = NULL;
  if (fine && !l->ncarried && !l->nyield && !l->faulty)
    diag_error(w->diags, s->keyword, "this loop computes nothing: it carries no name, and yields none");
  if (fine) tell_of_unassigned(w, l);
  if (fine) tell_of_batch(w, l);
  for (size_t k = 0; k < l->ncarried; k++) leave_carried(w, l, &l->carried[k], fine);
  for (size_t k = 0; k < l->nheld; k++) leave_held(w, &l->held[k], fine);
  define_yields(w, l, loop_body(s), fine);
}
