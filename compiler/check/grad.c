// grad.c - grad(u, x): the derivative of a number by what a name stands for, taken of the graph as it is being made.
//
// What is evaluated at a level differs from entry to entry of it, and an entry of u depends only on the entry of x at the
// same one: so the sum over the level has, by each entry, the derivative wanted.  By an x that has not a level of u, the
// derivative is one for each of its entries: that is an extra index.
#include <string.h>

#include "check/internal.h"
#include "derive/derive.h"

// ---- what may be named ----

typedef struct Collector {
  Walk *walk;
  GradNames *names;
} Collector;

static bool collect(void *context, const AstExpr *e) {
  Collector *c = context;
  const bool grad = e->kind == AST_CALL && strcmp(e->call.function.text, "grad") == 0 && e->call.args.count == 2;
  if (grad && e->call.args.items[1]->kind == AST_NAME)
    ARENA_PUSH(c->walk->arena, c->names->items, c->names->count, c->names->room) = e->call.args.items[1]->name;
  return any_part(e, collect, c);
}

void names_in_grads(Walk *w, const Block *block, GradNames *names) {
  Collector c = {w, names};
  any_in_block(block, collect, &c);
}

const GradNames *names_in_function(Walk *w, const Stmt *def) {
  Collector c = {w, arena_new_of(w->arena, GradNames)};
  any_in_statement(def, collect, &c);
  return c.names;
}

bool named_by_grad(const Walk *w, const char *name) {
  for (size_t k = 0; w->by && k < w->by->count; k++)
    if (strcmp(w->by->items[k], name) == 0) return true;
  return false;
}

Value nameable(Walk *w, Name name, Value v, uint64_t indices) {
  if (v.bad || v.type == TYPE_BOOL || !named_by_grad(w, name.text)) return v;
  v.expr = make_real(w, v.expr);
  v.type = TYPE_REAL;
  v = make_node_over(w, (NodeForm){made_name(w, NULL, name.text), v.span, REDUCE_NONE, w->nlevel, w->npath}, v,
                     indices);
  if (!v.bad) w->flags[v.expr->u.read.node->id].opaque = true;
  return v;
}

Value nameable_state(Walk *w, Carried *c, Value v) {
  Value n = nameable(w, c->name, v, c->loop->indices);
  c->whole = c->whole || (n.expr != v.expr && w->npath > 0);
  return n;
}

Value named(Walk *w, Name name, Value v) {
  if (!v.bad && v.expr->kind == EXPR_READ && named_by_grad(w, name.text))
    w->flags[v.expr->u.read.node->id].opaque = true;
  return v;
}

// ---- the two arguments ----

// A node's whole array: levels, then the axes.
static bool is_whole(const Value *v) {
  if (v->expr->kind != EXPR_READ) return false;
  int lead = v->expr->u.read.node->nout - v->rank;
  for (int k = 0; k < lead + v->rank; k++) {
    const Expr *sub = v->expr->u.read.sub[k];
    if (sub->kind != EXPR_INDEX || (k < lead ? sub->u.index < FIRST_LEVEL : sub->u.index != k - lead)) return false;
  }
  return lead >= 0;
}

// A parameter that is a Cholesky factor reads as 0 above its diagonal; by those entries there is nothing to differentiate.
static void see_parameter(Value *x) {
  const Expr *e = x->expr;
  if (!expr_is_prim(e, PRIM_SELECT) || e->u.prim.arg[1]->kind != EXPR_READ) return;
  Value read = *x;
  read.expr = e->u.prim.arg[1];
  if (read.expr->u.read.node->kind == NODE_PARAM && is_whole(&read)) *x = read;
}

static bool variable(Walk *w, const AstExpr *e, Value *x) {
  if (e->kind != AST_NAME) {
    diag_error(w->diags, e->span,
               "`grad` differentiates by a name: a parameter, data, a definition, an argument or what a loop carries");
    return false;
  }
  *x = lookup_value(w, e->name, e->span);
  if (x->bad) return false;
  see_parameter(x);
  if (x->type != TYPE_REAL)
    diag_error(w->diags, e->span, "`%s` is %s: derivatives are by real numbers", e->name, type_words(x->type));
  else if (!is_whole(x))
    diag_error(w->diags, e->span, "`%s` is a constant: no derivative is by it", e->name);
  return x->type == TYPE_REAL && is_whole(x);
}

static bool single(Walk *w, const AstExpr *e, const AstExpr *by, const Value *u) {
  if (!want_number(w, u)) return false;
  if (u->rank == 0) return true;
  const char *text = ast_expr_text(w->arena, e), *index = "i";
  for (int k = 1; k < u->rank; k++) index = arena_printf(w->arena, "%s, %s", index, axis_name(w, k));
  diag_error(
      w->diags, e->span,
      "`grad` differentiates a single number, and this is an array of shape %s: its entries are so one by one, as "
      "in `d[%s] = grad(%s[%s], %s)`",
      shape_text(w, u), index, e->kind == AST_NAME || e->kind == AST_CALL ? text : arena_printf(w->arena, "(%s)", text),
      index, ast_expr_text(w->arena, by));
  return false;
}

// ---- what a loop still changes ----

static size_t place_of(const Expr *const *part, size_t n, const Expr *e) {
  size_t low = 0, high = n; // sorted by ids
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (part[middle]->id <= e->id)
      low = middle;
    else
      high = middle;
  }
  return low;
}

// Marks what e reads, but for what is taken as a constant.
static void meet_reads(bool *met, const Expr *e) {
  size_t n;
  if (!e) return;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &n);
  bool *live = arena_array(scratch, bool, n + 1);
  live[n - 1] = true;
  for (size_t k = n; k-- > 0;) {
    if (!live[k]) continue;
    if (part[k]->kind == EXPR_READ) met[part[k]->u.read.node->id] = true;
    if (part[k]->kind != EXPR_PRIM || part[k]->u.prim.op == PRIM_STOP) continue;
    for (int j = 0; j < part[k]->u.prim.narg; j++) live[place_of(part, n, part[k]->u.prim.arg[j])] = true;
  }
  arena_free(scratch);
}

// An open carry on the way from x to u that was there before x: by earlier steps it may depend on x.
static const Node *open_between(Walk *w, const Node *x, const Node *u) {
  const Graph *g = w->graph;
  bool *met = arena_array(w->arena, bool, g->count + 1);
  met[u->id] = true;
  for (bool more = true; more;) {
    more = false;
    for (size_t k = g->count; k-- > 0;) {
      const Node *n = g->nodes[k];
      if (!met[k] || n == x || n->type != TYPE_REAL) continue;
      if (n->kind == NODE_CARRY && !n->next) {
        if (n->id > x->id) return n;
        continue;
      }
      meet_reads(met, n->expr);
      meet_reads(met, n->base);
      if (!n->next || met[n->next->id]) continue;
      met[n->next->id] = more = true;
    }
  }
  return NULL;
}

// ---- the derivative ----

typedef struct Task {
  Value x, u;
  const Node *xnode, *unode;
  Index extra[INDEX_MAX];
  const Expr *at[INDEX_MAX]; // of the extra indices, where we are
  int diagonal[INDEX_MAX];
  int nextra;
} Task;

static void add_extra(Task *t, Index index, const Expr *at, int own) {
  t->extra[t->nextra] = index;
  t->at[t->nextra] = at;
  t->diagonal[t->nextra++] = own;
}

// Does x, at one of its levels, stand where we are?
static bool stands_at(const Value *x, const Expr *level) {
  for (int k = 0; k < x->expr->u.read.node->nout; k++)
    if (x->expr->u.read.sub[k] == level) return true;
  return false;
}

static const Node *derived(Walk *w, Task *t, bool forward, bool *fine) {
  const Node *result = NULL, *from = forward ? t->xnode : t->unode, *of = forward ? t->unode : t->xnode;
  if (forward)
    for (int k = 0, lead = t->xnode->nout - t->x.rank; k < t->x.rank; k++)
      add_extra(t, t->xnode->index[lead + k], expr_index(w->graph, k), lead + k);
  else
    for (int k = 0; k < t->unode->nout; k++)
      if (!stands_at(&t->x, t->u.expr->u.read.sub[k])) add_extra(t, t->unode->index[k], t->u.expr->u.read.sub[k], k);
  const DeriveSeed seed = {from, NULL};
  const Derivation task = {.extra = t->extra,
                           .nextra = t->nextra,
                           .diagonal = t->diagonal,
                           .seed = &seed,
                           .nseed = 1,
                           .of = &of,
                           .nof = 1,
                           .what = forward ? t->xnode->name : t->unode->name};
  size_t first = w->graph->count;
  *fine = forward ? derive_forward(w->graph, &task, &result) : derive_reverse(w->graph, &task, &result);
  for (size_t k = first; k < w->graph->count; k++)
    ARENA_PUSH(w->arena, w->flags, w->nflags, w->flags_room) = (NodeFlags){.data = false};
  settle_flags(w, first);
  return result;
}

static Value taken(Walk *w, Span at, Task *t, bool forward) {
  bool fine;
  Value v = t->x;
  v.span = at;
  const Node *result = derived(w, t, forward, &fine);
  if (!fine) {
    diag_error(w->diags, at, "this is too deeply nested to differentiate, or has too many indices");
    return bad_value(at);
  }
  if (!result) {
    v.expr = expr_real(w->graph, 0);
    return v;
  }
  const Expr *sub[INDEX_MAX];
  const Expr *const *own = forward ? t->u.expr->u.read.sub : t->x.expr->u.read.sub;
  for (int k = 0; k < t->nextra; k++) sub[k] = t->at[k];
  for (int k = t->nextra; k < result->nout; k++) sub[k] = own[k - t->nextra];
  v.expr = make_read(w, result, sub);
  return v;
}

// u as a node, over the levels that it depends on.
static Value as_node(Walk *w, Value u) {
  u.expr = make_real(w, u.expr);
  u.type = TYPE_REAL;
  if (is_whole(&u) && u.expr->u.read.node->expr) return u;
  return make_node(w, (NodeForm){made_name(w, NULL, "value"), u.span, REDUCE_NONE, w->nlevel, w->npath}, u);
}

static bool mode_named(Walk *w, const AstExpr *e, bool *forward) {
  const Name mode = e->call.member;
  *forward = mode.text && strcmp(mode.text, "forward") == 0;
  if (!mode.text || *forward || strcmp(mode.text, "reverse") == 0) return true;
  diag_error(w->diags, mode.span, "`grad` has no mode `%s`: there are `grad.forward` and `grad.reverse`", mode.text);
  return false;
}

Value gradient(Walk *w, const AstExpr *e) {
  const AstExprs *args = &e->call.args;
  bool forward;
  if (!mode_named(w, e, &forward)) return bad_value(e->span);
  if (args->count != 2) {
    diag_error(w->diags, e->span, "`grad` takes 2 arguments, not %zu: `grad(u, x)` is the derivative of u by x",
               args->count);
    return bad_value(e->span);
  }
  Task *t = arena_new_of(w->arena, Task);
  bool fine = variable(w, args->items[1], &t->x);
  t->u = eval(w, args->items[0]);
  if (!single(w, args->items[0], args->items[1], &t->u) || !fine) return bad_value(e->span);
  t->u = as_node(w, t->u);
  if (t->u.bad) return t->u;
  t->xnode = t->x.expr->u.read.node;
  t->unode = t->u.expr->u.read.node;
  const Node *open = open_between(w, t->xnode, t->unode);
  if (open) {
    const Span at = open->span; // its name, as it was written
    const char *carried = arena_strndup(w->arena, at.source->text + at.begin, at.end - at.begin);
    const char *by = args->items[1]->name;
    diag_error(
        w->diags, e->span,
        "by earlier steps of this loop, `%s` may depend on `%s`: their derivatives are not known yet; to take `%s` as "
        "given, carry `%s` too, `with %s = %s`, or write `stop(%s)`",
        carried, by, carried, by, by, by, carried);
    return bad_value(e->span);
  }
  return taken(w, e->span, t, forward);
}
