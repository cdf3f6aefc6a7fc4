// flow.c - reverse accumulation inside one expression.
//
// Every subexpression has one adjoint: a value and the path (a conjunction of conditions) under which it flows.  The
// path is structural, never a factor of 0: what an `if` does not take, or a partial derivative that is the constant 0
// on one side of a condition, sends nothing at all, so no 0 * inf can arise there.
#include "derive/internal.h"

#include "graph/text.h"

// A conjunction, as the leaf of a tree: equal conjunctions that grew the same way are the same pointer.  Null is true.
typedef struct Path Path;
struct Path {
  const Path *parent;
  const Expr *literal;
  int depth;
  Path *child, *sibling;
};

typedef struct Arrival {
  const Path *path;
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
  const Expr *guard; // of the flow as a whole, or null
  Path root;
  Entry *list; // arguments before their users
  size_t count, room;
} Walk;

const Expr *derive_and(Graph *g, const Expr *a, const Expr *b) {
  return !a ? b : !b ? a : expr_prim2(g, PRIM_AND, a, b);
}

const Expr *derive_not(Graph *g, const Expr *e) {
  if (e->kind == EXPR_PRIM && e->u.prim.op == PRIM_NOT) return e->u.prim.arg[0];
  return expr_prim1(g, PRIM_NOT, e);
}

static bool is_prim(const Expr *e, Prim op) {
  return e->kind == EXPR_PRIM && e->u.prim.op == op;
}

const Expr *derive_mul(Graph *g, const Expr *a, const Expr *b) {
  if (expr_is_real(b, 1)) return a;
  if (expr_is_real(a, 1)) return b;
  if (expr_is_real(b, -1)) return expr_prim1(g, PRIM_NEG, a);
  if (is_prim(b, PRIM_NEG)) return expr_prim1(g, PRIM_NEG, derive_mul(g, a, b->u.prim.arg[0]));
  if (is_prim(b, PRIM_DIV) && expr_is_real(b->u.prim.arg[0], 1)) return expr_prim2(g, PRIM_DIV, a, b->u.prim.arg[1]);
  return expr_prim2(g, PRIM_MUL, a, b);
}

// ---- paths ----

static bool path_has(const Path *p, const Expr *literal) {
  for (; p->literal; p = p->parent)
    if (p->literal == literal) return true;
  return false;
}

static const Path *path_extend(Walk *w, const Path *p, const Expr *literal) {
  if (!literal || path_has(p, literal)) return p;
  // Only the root and what this function made are ever passed in: both are ours to link children to.
  Path *parent = (Path *)p;
  for (Path *c = parent->child; c; c = c->sibling)
    if (c->literal == literal) return c;
  Path *c = arena_new_of(w->d->arena, Path);
  *c = (Path){.parent = p, .literal = literal, .depth = p->depth + 1, .sibling = parent->child};
  parent->child = c;
  return c;
}

// The conjunction of p's conditions below `ancestor`, outermost first; null where there are none.
static const Expr *path_condition(Walk *w, const Path *p, const Path *ancestor) {
  int n = p->depth - ancestor->depth;
  if (n == 0) return NULL;
  const Expr **literal = arena_array(w->d->arena, const Expr *, (size_t)n);
  for (int k = n; k-- > 0; p = p->parent) literal[k] = p->literal;
  const Expr *e = literal[0];
  for (int k = 1; k < n; k++) e = derive_and(w->g, e, literal[k]);
  return e;
}

static const Path *path_common(const Path *p, const Path *q) {
  while (p != q) {
    if (p->depth >= q->depth)
      p = p->parent;
    else
      q = q->parent;
  }
  return p;
}

// p and q part in their last condition only, which is c for p and not c for q.
static bool paths_complement(const Path *p, const Path *q) {
  return p->parent && p->parent == q->parent && is_prim(q->literal, PRIM_NOT) &&
         q->literal->u.prim.arg[0] == p->literal;
}

// ---- merging what arrives at a subexpression ----

static size_t merge_complements(Walk *w, Arrival *a, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      if (i != j && paths_complement(a[i].path, a[j].path)) {
        a[i].value = expr_select(w->g, a[i].path->literal, a[i].value, a[j].value);
        a[i].path = a[i].path->parent;
        a[j] = a[--n];
        return n;
      }
  return n;
}

static size_t merge_equal(Walk *w, Arrival *a, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n;)
      if (a[i].path == a[j].path) {
        a[i].value = expr_prim2(w->g, PRIM_ADD, a[i].value, a[j].value);
        for (size_t k = j; k + 1 < n; k++) a[k] = a[k + 1];
        n--;
      } else {
        j++;
      }
  return n;
}

// One value under one path.  The path may be weaker than the arrivals' only where each of them is selected by its own
// condition and at least one of them holds: elsewhere the subexpression was perhaps never computed.
static Arrival merge(Walk *w, const Arrival *first) {
  size_t n = 0;
  for (const Arrival *a = first; a; a = a->next) n++;
  Arrival *list = arena_array(w->d->arena, Arrival, n);
  n = 0;
  for (const Arrival *a = first; a; a = a->next) list[n++] = *a;
  n = merge_equal(w, list, n);
  for (size_t before = n + 1; n > 1 && n < before;) {
    before = n;
    n = merge_equal(w, list, merge_complements(w, list, n));
  }
  if (n == 1) return list[0];

  const Path *common = list[0].path;
  for (size_t i = 1; i < n; i++) common = path_common(common, list[i].path);
  const Expr *value = NULL, *any = NULL, *zero = expr_real(w->g, 0);
  bool always = false;
  for (size_t i = 0; i < n; i++) {
    const Expr *condition = path_condition(w, list[i].path, common);
    const Expr *v = condition ? expr_select(w->g, condition, list[i].value, zero) : list[i].value;
    value = value ? expr_prim2(w->g, PRIM_ADD, value, v) : v;
    if (!condition)
      always = true;
    else
      any = any ? expr_prim2(w->g, PRIM_OR, any, condition) : condition;
  }
  return (Arrival){.path = always ? common : path_extend(w, common, any), .value = value};
}

// ---- partial derivatives ----

// Decides a comparison of constant integers (the exponent of powi); false where it cannot.
static bool known_condition(const Expr *c, bool *value) {
  int64_t a, b;
  if (!is_prim(c, PRIM_EQ) || !expr_is_int(c->u.prim.arg[0], &a) || !expr_is_int(c->u.prim.arg[1], &b)) return false;
  *value = a == b;
  return true;
}

// Splits p into a condition (null: always) and a value, such that p is the constant 0 where the condition is false.
// Returns null where p is 0 everywhere.
static const Expr *split_zero(Graph *g, const Expr *p, const Expr **condition) {
  *condition = NULL;
  if (expr_is_real(p, 0)) return NULL;
  if (!is_prim(p, PRIM_SELECT)) return p;
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
    active = (size_t)e->u.read.node->id < w->d->ncopied && w->d->wanted[e->u.read.node->id];
  else if (e->kind == EXPR_PRIM && e->type == TYPE_REAL)
    for (int k = 0; k < e->u.prim.narg; k++)
      if (arg_carries(w, e, k) && collect(w, e->u.prim.arg[k])) active = true;
  w->d->slot[e->id] = (uint32_t)w->count;
  Entry *entry = &ARENA_PUSH(w->d->arena, w->list, w->count, w->room);
  *entry = (Entry){.expr = e, .active = active};
  return active;
}

static void arrive(Walk *w, const Expr *e, const Path *path, const Expr *value) {
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

enum { VALUE_HEIGHT_MAX = EXPR_HEIGHT_MAX / 4 };

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

static void spread(Walk *w, const Expr *e, Arrival in) {
  const Expr *const *arg = e->u.prim.arg;
  in.value = settled(w, in);
  if (e->u.prim.op == PRIM_SELECT) {
    arrive(w, arg[1], path_extend(w, in.path, arg[0]), in.value);
    arrive(w, arg[2], path_extend(w, in.path, derive_not(w->g, arg[0])), in.value);
    return;
  }
  for (int k = 0; k < e->u.prim.narg; k++) {
    const Entry *entry = arg_carries(w, e, k) ? entry_of(w, arg[k]) : NULL;
    const Expr *condition, *p = entry && entry->active ? partial(w, e, k) : NULL;
    if (p) p = split_zero(w->g, p, &condition);
    if (p) arrive(w, arg[k], path_extend(w, in.path, condition), derive_mul(w->g, in.value, p));
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

size_t derive_flows(Derive *d, const Node *n, const Expr *seed, const Expr *guard, Flow **flows) {
  Walk w = {.d = d, .g = d->graph, .n = n, .guard = guard};
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
      *f = (Flow){.read = entry->expr, .value = in.value, .guard = derive_and(w.g, guard, condition)};
    } else {
      spread(&w, entry->expr, in);
    }
  }
  return count;
}
