// flow.c - reverse accumulation inside one expression.
//
// Every subexpression has one adjoint: a value and the path (a conjunction of conditions) under which it flows.  The
// path is structural, never a factor of 0: what an `if` does not take, or a partial derivative that is the constant 0
// on one side of a condition, sends nothing at all, so no 0 * inf can arise there.
#include "derive/internal.h"

#include "graph/text.h"

// A conjunction, as the leaf of a tree: equal conjunctions that grew the same way are the same pointer.  Null is true.
typedef struct Path Path;
typedef struct Group Group;
struct Path {
  Path *parent;
  const Expr *literal;
  int depth;
  Path *child, *sibling;
  Group *group; // while arrivals are merged: those under this path
};

typedef struct Arrival {
  Path *path;
  const Expr *value;
  struct Arrival *next;
} Arrival;

typedef struct Entry {
  const Expr *expr;
  bool active; // some read of a wanted node lies below
  Arrival *first, *last;
} Entry;

typedef struct Walk {
  Derive *d;
  Graph *g;
  const Node *n;
  const Expr *guard;   // of the flow as a whole, or null
  const Expr *support; // outside of which it is 0, or null
  Path root;
  Entry *list; // arguments before their users
  size_t count, room;
} Walk;

const Expr *derive_and(Graph *g, const Expr *a, const Expr *b) {
  return !a ? b : !b ? a : expr_prim2(g, PRIM_AND, a, b);
}

const Expr *derive_fold(Graph *g, Prim op, const Expr **list, size_t n) {
  enum { CHAIN_MAX = 8 }; // longer ones as a tree: a sum of thousands must not be thousands high
  while (n > CHAIN_MAX) {
    for (size_t k = 0; k < n / 2; k++) list[k] = expr_prim2(g, op, list[2 * k], list[2 * k + 1]);
    if (n % 2) list[n / 2] = list[n - 1];
    n = n / 2 + n % 2;
  }
  const Expr *e = list[0];
  for (size_t k = 1; k < n; k++) e = expr_prim2(g, op, e, list[k]);
  return e;
}

const Expr *derive_not(Graph *g, const Expr *e) {
  if (expr_is_prim(e, PRIM_NOT)) return e->u.prim.arg[0];
  return expr_prim1(g, PRIM_NOT, e);
}

// By a whole number, a size: its reciprocal is there for all entries.
static bool is_by_size(const Expr *a, const Expr *divisor) {
  return a->indices && expr_is_prim(divisor, PRIM_REAL);
}

const Expr *derive_mul(Graph *g, const Expr *a, const Expr *b) {
  if (expr_is_real(b, 1)) return a;
  if (expr_is_real(a, 1)) return b;
  if (expr_is_real(b, -1)) return expr_prim1(g, PRIM_NEG, a);
  if (expr_is_prim(b, PRIM_NEG)) return expr_prim1(g, PRIM_NEG, derive_mul(g, a, b->u.prim.arg[0]));
  if (expr_is_prim(b, PRIM_DIV) && expr_is_real(b->u.prim.arg[0], 1) && !is_by_size(a, b->u.prim.arg[1]))
    return expr_prim2(g, PRIM_DIV, a, b->u.prim.arg[1]);
  return expr_prim2(g, PRIM_MUL, a, b);
}

// ---- paths ----

static bool path_has(Path *p, const Expr *literal) {
  for (; p->literal; p = p->parent)
    if (p->literal == literal) return true;
  return false;
}

static Path *path_extend(Walk *w, Path *p, const Expr *literal) {
  if (!literal || path_has(p, literal)) return p;
  for (Path *c = p->child; c; c = c->sibling)
    if (c->literal == literal) return c;
  Path *c = arena_new_of(w->d->arena, Path);
  *c = (Path){.parent = p, .literal = literal, .depth = p->depth + 1, .sibling = p->child};
  p->child = c;
  return c;
}

// The conjunction of p's conditions below `ancestor`, outermost first; null where there are none.
static const Expr *path_condition(Walk *w, Path *p, Path *ancestor) {
  int n = p->depth - ancestor->depth;
  if (n == 0) return NULL;
  const Expr **literal = arena_array(w->d->arena, const Expr *, (size_t)n);
  for (int k = n; k-- > 0; p = p->parent) literal[k] = p->literal;
  const Expr *e = literal[0];
  for (int k = 1; k < n; k++) e = derive_and(w->g, e, literal[k]);
  return e;
}

static Path *path_common(Path *p, Path *q) {
  while (p != q) {
    if (p->depth >= q->depth)
      p = p->parent;
    else
      q = q->parent;
  }
  return p;
}

// The path that parts from p in its last condition only, which it has the other way round; null where there is none.
static Path *path_opposite(const Path *p) {
  for (Path *q = p->parent ? p->parent->child : NULL; q; q = q->sibling) {
    const Expr *a = p->literal, *b = q->literal;
    if ((expr_is_prim(a, PRIM_NOT) && a->u.prim.arg[0] == b) || (expr_is_prim(b, PRIM_NOT) && b->u.prim.arg[0] == a)) return q;
  }
  return NULL;
}

// ---- merging what arrives at a subexpression ----

// What arrives under one path.
struct Group {
  Path *path;
  const Expr **value;
  size_t count, room;
  bool merged; // into its parent's group
};

typedef struct Groups {
  Group **list;
  size_t count, room;
} Groups;

static void group_add(Walk *w, Groups *groups, Path *path, const Expr *value) {
  Arena *a = w->d->arena;
  if (!path->group) {
    path->group = arena_new_of(a, Group);
    path->group->path = path;
    ARENA_PUSH(a, groups->list, groups->count, groups->room) = path->group;
  }
  Group *g = path->group;
  ARENA_PUSH(a, g->value, g->count, g->room) = value;
}

static const Expr *group_take(Walk *w, Group *g) {
  g->path->group = NULL;
  g->merged = true;
  return derive_fold(w->g, PRIM_ADD, g->value, g->count);
}

// What arrives where c holds and what arrives where it does not are one `if`.  The later of the two finds the other.
static void merge_opposites(Walk *w, Groups *groups) {
  for (size_t k = 0; k < groups->count; k++) {
    Group *g = groups->list[k];
    Path *other = g->merged ? NULL : path_opposite(g->path);
    if (!other || !other->group) continue;
    const bool negated = expr_is_prim(g->path->literal, PRIM_NOT);
    Path *parent = g->path->parent;
    const Expr *condition = negated ? other->literal : g->path->literal;
    const Expr *here = group_take(w, g), *there = group_take(w, other->group);
    group_add(w, groups, parent, expr_select(w->g, condition, negated ? there : here, negated ? here : there));
  }
}

// One value under one path.  The path may be weaker than the arrivals' only where each of them is selected by its own
// condition and at least one of them holds: elsewhere the subexpression was perhaps never computed.
static Arrival merge(Walk *w, const Arrival *first) {
  if (!first->next) return *first;
  Groups groups = {.list = NULL};
  for (const Arrival *a = first; a; a = a->next) group_add(w, &groups, a->path, a->value);
  merge_opposites(w, &groups);

  Path *common = NULL;
  size_t n = 0;
  for (size_t k = 0; k < groups.count; k++)
    if (!groups.list[k]->merged) {
      common = common ? path_common(common, groups.list[k]->path) : groups.list[k]->path;
      groups.list[n++] = groups.list[k];
    }
  const Expr **value = arena_array(w->d->arena, const Expr *, n);
  Clauses any = {.list = NULL};
  size_t conditions = 0;
  for (size_t k = 0; k < n; k++) {
    Group *g = groups.list[k];
    const Expr *condition = path_condition(w, g->path, common);
    value[k] = group_take(w, g);
    if (!condition) continue;
    value[k] = expr_select(w->g, condition, value[k], expr_real(w->g, 0));
    derive_clauses_add(w->d, &any, condition);
    conditions++;
  }
  if (conditions == n) common = path_extend(w, common, derive_clauses_any(w->d, &any, false));
  return (Arrival){.path = common, .value = derive_fold(w->g, PRIM_ADD, value, n)};
}

// ---- partial derivatives ----

// Decides a comparison of constant integers (the exponent of powi); false where it cannot.
static bool known_condition(const Expr *c, bool *value) {
  int64_t a, b;
  if (!expr_is_prim(c, PRIM_EQ) || !expr_is_int(c->u.prim.arg[0], &a) || !expr_is_int(c->u.prim.arg[1], &b)) return false;
  *value = a == b;
  return true;
}

// Splits p into a condition (null: always) and a value, such that p is the constant 0 where the condition is false.
// Returns null where p is 0 everywhere.
static const Expr *split_zero(Graph *g, const Expr *p, const Expr **condition) {
  *condition = NULL;
  if (expr_is_real(p, 0)) return NULL;
  if (!expr_is_prim(p, PRIM_SELECT)) return p;
  const Expr *c = p->u.prim.arg[0], *ca, *cb;
  bool known;
  if (known_condition(c, &known)) return split_zero(g, p->u.prim.arg[known ? 1 : 2], condition);
  const Expr *a = split_zero(g, p->u.prim.arg[1], &ca), *b = split_zero(g, p->u.prim.arg[2], &cb);
  if (!a && !b) return NULL;
  if (!b) {
    *condition = derive_and(g, c, ca);
    return a;
  }
  if (!a) {
    *condition = derive_and(g, derive_not(g, c), cb);
    return b;
  }
  if (!ca && cb)
    *condition = expr_prim2(g, PRIM_OR, c, cb);
  else if (ca)
    return p;
  return expr_select(g, c, a, b);
}

static const Expr *as_real(Graph *g, const Expr *e) {
  int64_t value;
  if (e->type == TYPE_REAL) return e;
  return expr_is_int(e, &value) ? expr_real(g, (double)value) : expr_prim1(g, PRIM_REAL, e);
}

// The partial derivative of e by its argument k, or null where it is zero.
static const Expr *partial(Walk *w, const Expr *e, int k) {
  const char *text = w->d->table[e->u.prim.op].partial[k];
  if (!text || !*text) return NULL;
  Binding bind[3];
  int n = 0;
  bind[n++] = (Binding){"x", e->u.prim.arg[0]};
  if (e->u.prim.narg > 1) bind[n++] = (Binding){"y", e->u.prim.arg[1]};
  bind[n++] = (Binding){"f", e};
  const Expr *p = expr_parse(w->g, text, bind, n);
  return p ? as_real(w->g, p) : NULL;
}

// ---- the walk ----

static bool arg_carries(const Walk *w, const Expr *e, int k) {
  if (e->u.prim.arg[k]->type != TYPE_REAL) return false;
  if (e->u.prim.op == PRIM_SELECT) return k > 0;
  const char *text = w->d->table[e->u.prim.op].partial[k];
  return text && *text;
}

static Entry *entry_of(Walk *w, const Expr *e) {
  Derive *d = w->d;
  if (e->id >= d->nslot) return NULL;
  size_t s = d->slot[e->id];
  return s < w->count && w->list[s].expr == e ? &w->list[s] : NULL;
}

// Lists e and what it is made of; true where a wanted read is reached.  Recurses as deep as the expression is high,
// which is limited.
static bool collect(Walk *w, const Expr *e) {
  const Entry *seen = entry_of(w, e);
  if (seen) return seen->active;
  bool active = false;
  if (e->kind == EXPR_READ)
    active = (size_t)e->u.read.node->id < w->d->nold && w->d->wanted[e->u.read.node->id];
  else if (e->kind == EXPR_PRIM && e->type == TYPE_REAL)
    for (int k = 0; k < e->u.prim.narg; k++)
      if (arg_carries(w, e, k) && collect(w, e->u.prim.arg[k])) active = true;
  w->d->slot[e->id] = (uint32_t)w->count;
  Entry *entry = &ARENA_PUSH(w->d->arena, w->list, w->count, w->room);
  *entry = (Entry){.expr = e, .active = active};
  return active;
}

static void arrive(Walk *w, const Expr *e, Path *path, const Expr *value) {
  Entry *entry = entry_of(w, e);
  if (!entry || !entry->active) return;
  Arrival *a = arena_new_of(w->d->arena, Arrival);
  *a = (Arrival){.path = path, .value = value};
  if (entry->last)
    entry->last->next = a;
  else
    entry->first = a;
  entry->last = a;
}

enum { VALUE_HEIGHT_MAX = EXPR_HEIGHT_MAX / 4 * 3 };

// An adjoint that has grown high becomes a node over the indices of n: what uses it stays within the limit of height.
static const Expr *settled(Walk *w, Arrival in) {
  Derive *d = w->d;
  if (in.value->height <= VALUE_HEIGHT_MAX) return in.value;
  int first = w->n->kind == NODE_SCATTER ? w->n->nout : 0, count = w->n->nout + w->n->nred - first;
  const Expr **inner = arena_array(d->arena, const Expr *, (size_t)(first + count) + 1);
  const Expr **outer = arena_array(d->arena, const Expr *, (size_t)count + 1);
  for (int k = 0; k < count; k++) {
    inner[first + k] = expr_index(w->g, k);
    outer[k] = expr_index(w->g, first + k);
  }
  const Expr *guard = derive_and(w->g, w->guard, path_condition(w, in.path, &w->root));
  Node part = {.kind = NODE_COMP,
               .name = arena_printf(d->arena, "d_%s_part", w->n->name),
               .note = arena_printf(d->arena, "a common part of derivatives by way of %s", w->n->name),
               .span = w->n->span,
               .type = TYPE_REAL,
               .nout = count,
               .index = w->n->index + first,
               .guard = guard ? expr_substitute(w->g, guard, inner, first + count, NULL) : NULL,
               .expr = expr_substitute(w->g, in.value, inner, first + count, NULL)};
  return expr_read(w->g, graph_add(w->g, &part), outer);
}

// Is the condition `x op 0`?
static bool compares_with_zero(const Expr *condition, Prim op, const Expr *x) {
  return expr_is_prim(condition, op) && condition->u.prim.arg[0] == x && expr_is_real(condition->u.prim.arg[1], 0);
}

// The condition of a choice.  Of a node that is x where x is positive and else 0, its own sign tells as much: then what it was made of
// need not be kept.  A NaN fails either comparison.
static const Expr *condition_of(Walk *w, const Expr *choice) {
  const Expr *const *arg = choice->u.prim.arg;
  const Node *n = w->g->nodes[w->n->id]; // w->n may be that with further indices in front, or its base
  const int extra = w->n->nout - n->nout;
  bool rectifies = (expr_is_real(arg[1], 0) && compares_with_zero(arg[0], PRIM_LE, arg[2])) ||
                   (expr_is_real(arg[2], 0) && compares_with_zero(arg[0], PRIM_GT, arg[1]));
  if (!rectifies || choice != w->n->expr || n->kind != NODE_COMP || n->reduce != REDUCE_NONE) return arg[0];
  const Expr **at = arena_array(w->d->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) at[k] = expr_index(w->g, extra + k);
  return expr_prim2(w->g, arg[0]->u.prim.op, expr_read(w->g, n, at), arg[0]->u.prim.arg[1]);
}

static void spread(Walk *w, const Expr *e, Arrival in) {
  const Expr *const *arg = e->u.prim.arg;
  in.value = settled(w, in);
  if (e->u.prim.op == PRIM_SELECT) {
    const Expr *condition = condition_of(w, e);
    arrive(w, arg[1], path_extend(w, in.path, condition), in.value);
    arrive(w, arg[2], path_extend(w, in.path, derive_not(w->g, condition)), in.value);
    return;
  }
  for (int k = 0; k < e->u.prim.narg; k++) {
    const Entry *entry = arg_carries(w, e, k) ? entry_of(w, arg[k]) : NULL;
    const Expr *condition, *p = entry && entry->active ? partial(w, e, k) : NULL;
    if (p) p = split_zero(w->g, p, &condition);
    if (!p) continue;
    Path *path = path_extend(w, in.path, condition);
    if (w->support && !derive_is_finite(w->d, p)) path = path_extend(w, path, w->support);
    arrive(w, arg[k], path, derive_mul(w->g, in.value, p));
  }
}

static void reserve_slots(Derive *d) {
  size_t n = graph_expr_count(d->graph);
  if (n <= d->nslot) return;
  size_t room = n * 2;
  uint32_t *slot = arena_array(d->arena, uint32_t, room);
  for (size_t k = 0; k < d->nslot; k++) slot[k] = d->slot[k];
  d->slot = slot;
  d->nslot = room;
}

static bool is_wild(Walk *w, const Expr *e) {
  for (int k = 0; k < e->u.prim.narg; k++) {
    const Entry *entry = e->u.prim.op != PRIM_SELECT && arg_carries(w, e, k) ? entry_of(w, e->u.prim.arg[k]) : NULL;
    const Expr *condition, *p = entry && entry->active ? partial(w, e, k) : NULL;
    if (p) p = split_zero(w->g, p, &condition);
    if (p && !derive_is_finite(w->d, p)) return true;
  }
  return false;
}

bool derive_has_wild_partial(Derive *d, const Node *n) {
  Walk w = {.d = d, .g = d->graph, .n = n};
  reserve_slots(d);
  collect(&w, n->expr);
  for (size_t k = 0; k < w.count; k++)
    if (w.list[k].active && w.list[k].expr->kind == EXPR_PRIM && is_wild(&w, w.list[k].expr)) return true;
  return false;
}

size_t derive_flows(Derive *d, const Node *n, const Expr *seed, const Expr *guard, const Expr *support, Flow **flows) {
  Walk w = {.d = d, .g = d->graph, .n = n, .guard = guard, .support = support};
  reserve_slots(d);
  size_t count = 0, room = 0;
  *flows = NULL;
  if (!collect(&w, n->expr)) return 0;
  arrive(&w, n->expr, &w.root, seed);
  for (size_t k = w.count; k-- > 0;) {
    const Entry *entry = &w.list[k];
    if (!entry->first) continue;
    Arrival in = merge(&w, entry->first);
    if (entry->expr->kind == EXPR_READ) {
      Flow *f = &ARENA_PUSH(d->arena, *flows, count, room);
      const Expr *condition = path_condition(&w, in.path, &w.root);
      *f = (Flow){.read = entry->expr,
                  .value = in.value,
                  .guard = derive_and(w.g, guard, condition),
                  .condition = condition,
                  .support = support};
    } else {
      spread(&w, entry->expr, in);
    }
  }
  return count;
}
