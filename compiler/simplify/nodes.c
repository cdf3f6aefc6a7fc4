// nodes.c - one node: its guard as facts, what a false guard leaves, sums with a solved index.
#include "graph/loops.h"
#include "simplify/internal.h"

#include <math.h>

// ---- expressions ----

enum { VIEW_HEIGHT_MAX = 64 }; // a taller view is read, not written out: expressions must not grow without bound

static const Expr *rewrite(Simplifier *s, const Expr *e);

static const Expr *rewrite_read(Simplifier *s, const Expr *e) {
  const Node *from = e->u.read.node;
  const Expr **sub = arena_array(s->arena, const Expr *, (size_t)from->nout + 1);
  uint32_t height = 0;
  for (int k = 0; k < from->nout; k++) {
    sub[k] = rewrite(s, e->u.read.sub[k]);
    if (!sub[k]) return NULL;
    if (sub[k]->height > height) height = sub[k]->height;
  }
  const Expr *view = s->view[from->id];
  const bool tall = !s->narrow[from->id] && (height > VIEW_HEIGHT_MAX || (view && view->height > VIEW_HEIGHT_MAX));
  if (!view || tall) return expr_read(s->g, s->map[from->id], sub);
  s->changed = true;
  return expr_substitute(s->g, view, sub, from->nout, NULL);
}

// The recursion is as deep as the expression is high, which is limited.  Null where the result grew too high.
static const Expr *rewrite(Simplifier *s, const Expr *e) {
  if (s->stamp[e->id] == s->today) return s->memo[e->id];
  const Expr *made = NULL, *arg[3];
  switch (e->kind) {
  case EXPR_REAL: made = expr_real(s->g, e->u.real); break;
  case EXPR_BOOL: made = expr_bool(s->g, e->u.boolean); break;
  case EXPR_POLY: made = expr_poly(s->g, e->u.poly); break;
  case EXPR_INDEX: made = expr_index(s->g, e->u.index); break;
  case EXPR_READ: made = rewrite_read(s, e); break;
  case EXPR_PRIM:
    for (int k = 0; k < e->u.prim.narg; k++) arg[k] = rewrite(s, e->u.prim.arg[k]);
    made = simplify_prim(s, e->u.prim.op, arg);
    break;
  }
  s->stamp[e->id] = s->today;
  s->memo[e->id] = made;
  return made;
}

// Where rewriting made it too high: as it was.
static const Expr *rewritten(Simplifier *s, const Expr *e) {
  const Expr *made = rewrite(s, e);
  return made ? made : expr_substitute(s->g, e, NULL, 0, s->map);
}

// ---- guards: a list of conditions ----

typedef struct Conditions {
  const Expr **list;
  size_t count, room;
  bool never; // one of them is false
} Conditions;

static void add_condition(Simplifier *s, Conditions *c, const Expr *e) {
  while (expr_is_prim(e, PRIM_AND)) { // the left one first; and-chains lean left, so this recursion is shallow
    add_condition(s, c, e->u.prim.arg[0]);
    e = e->u.prim.arg[1];
  }
  if (e->kind == EXPR_BOOL) {
    c->never = c->never || !e->u.boolean;
    return;
  }
  for (size_t k = 0; k < c->count; k++) {
    if (c->list[k] == e) {
      s->changed = true;
      return;
    }
    if (simplify_opposite(c->list[k], e)) c->never = true;
  }
  ARENA_PUSH(s->arena, c->list, c->count, c->room) = e;
  simplify_assume(s, e);
}

// Rewrites the conditions of a guard in order: each may rely on those before it.
static void rewrite_guard(Simplifier *s, Conditions *c, const Expr *guard) {
  const Expr **pending = NULL;
  size_t count = 0, room = 0;
  for (; expr_is_prim(guard, PRIM_AND); guard = guard->u.prim.arg[0])
    ARENA_PUSH(s->arena, pending, count, room) = guard->u.prim.arg[1];
  ARENA_PUSH(s->arena, pending, count, room) = guard;
  while (count-- > 0 && !c->never) {
    const Expr *e = pending[count];
    if (expr_is_prim(e, PRIM_AND))
      rewrite_guard(s, c, e);
    else
      add_condition(s, c, rewritten(s, e));
  }
}

static const Expr *conjunction(Simplifier *s, const Conditions *c) {
  const Expr *all = NULL;
  for (size_t k = 0; k < c->count; k++) all = all ? expr_prim2(s->g, PRIM_AND, all, c->list[k]) : c->list[k];
  return all;
}

// ---- what nothing leaves ----

static bool is_literal(const Expr *e, double value) {
  int64_t n;
  return expr_is_real(e, value) || (expr_is_int(e, &n) && (double)n == value);
}

static const Expr *literal(Graph *g, Type type, double value) {
  return type == TYPE_REAL ? expr_real(g, value) : type == TYPE_INT ? expr_int(g, (int64_t)value) : expr_bool(g, false);
}

// The entry where the guard never holds; NaN where there is no such constant.
static double empty_value(const Node *n) {
  switch (n->reduce) {
  case REDUCE_PROD: return 1;
  case REDUCE_MAX:
  case REDUCE_LOGSUMEXP: return n->type == TYPE_REAL ? -INFINITY : NAN;
  case REDUCE_MIN: return n->type == TYPE_REAL ? INFINITY : NAN;
  case REDUCE_ARGMAX: return NAN;
  default: return 0;
  }
}

static void become_constant(Simplifier *s, Node *n, double value) {
  static const char *const plain[] = {"i", "j", "k", "l"};
  Index *index = arena_array(s->arena, Index, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++)
    index[k] = (Index){n->index[k].name ? n->index[k].name : plain[k % 4], n->index[k].extent};
  n->kind = NODE_COMP;
  n->assign = false;
  n->index = index;
  n->expr = literal(s->g, n->type, value);
  n->reduce = REDUCE_NONE;
  n->nred = 0;
  n->guard = NULL;
  n->target = NULL;
  s->changed = true;
}

// A scatter that changes nothing is its base.
static void become_base(Simplifier *s, Node *n) {
  n->kind = NODE_COMP;
  n->expr = n->base;
  n->base = NULL;
  n->assign = false;
  n->nred = 0;
  n->guard = NULL;
  n->target = NULL;
  s->changed = true;
}

// A node whose entries are all one constant becomes one.
static void fold_node(Simplifier *s, Node *n, bool never) {
  if (n->kind == NODE_CARRY) return;
  if (n->base) {
    if (never || (!n->assign && is_literal(n->expr, 0))) become_base(s, n);
    return;
  }
  double empty = empty_value(n);
  bool neutral = (n->reduce == REDUCE_SUM || n->kind == NODE_SCATTER) && is_literal(n->expr, 0);
  neutral = neutral || (n->reduce == REDUCE_PROD && is_literal(n->expr, 1));
  if ((never || neutral) && !isnan(empty)) become_constant(s, n, empty);
}

// ---- sums with a solved index: Σ_j [j == e] f(j) = f(e) where e is in range ----

// Is q, of a scatter in a loop, what says which step an entry belongs to?  It may be, where it is a target.
static bool tells_step(const Simplifier *s, const Node *n, int q) {
  bool told = false;
  for (int k = 0; n->target && k < n->nout; k++)
    told = told || (n->target[k]->kind == EXPR_INDEX && n->target[k]->u.index == q);
  return told && s->loops && s->loops->inside[n->id];
}

// The index that condition c gives a value, and that value; -1: none.
static int solved_index(Simplifier *s, const Node *n, const Expr *c, const Expr **value) {
  if (!expr_is_prim(c, PRIM_EQ) || c->u.prim.arg[0]->type != TYPE_INT) return -1;
  Linear l = linear_difference(s, c->u.prim.arg);
  for (int q = n->nout + n->nred; q-- > n->nout;) {
    if (tells_step(s, n, q)) continue;
    Linear others = {0, arena_array(s->arena, Term, l.n + 1), l.rest};
    int64_t coefficient = 0;
    bool inside = false;
    for (size_t k = 0; k < l.n; k++) {
      const Expr *atom = l.term[k].atom;
      if (atom->kind == EXPR_INDEX && atom->u.index == q)
        coefficient = l.term[k].c;
      else
        others.term[others.n++] = l.term[k];
      inside = inside || (atom->kind != EXPR_INDEX && expr_uses_index(atom, q));
    }
    if (inside || (coefficient != 1 && coefficient != -1)) continue;
    others = linear_scale(s, &others, -coefficient, 0); // coefficient * q + others = 0
    *value = linear_expr(s, &others);
    return q;
  }
  return -1;
}

// A value that reads an array may be computed only where the conditions before it hold: none may need the index.
static bool may_drop(const Conditions *c, size_t condition, int q, const Expr *value) {
  for (size_t k = 0; value->nodes != 0 && k < condition; k++)
    if (expr_uses_index(c->list[k], q)) return false;
  return true;
}

static void drop_index(Simplifier *s, Node *n, Conditions *c, size_t condition, int q, const Expr *value) {
  Graph *g = s->g;
  int nv = n->nout + n->nred;
  const Expr **sub = arena_array(s->arena, const Expr *, (size_t)nv);
  const Expr **shift = arena_array(s->arena, const Expr *, (size_t)nv);
  Index *index = arena_array(s->arena, Index, (size_t)nv);
  for (int k = 0, to = 0; k < nv; k++)
    if (k != q) {
      index[to] = n->index[k];
      shift[k] = sub[k] = expr_index(g, to++);
    }
  sub[q] = expr_substitute(g, value, shift, nv, NULL);
  Conditions left = {.list = NULL};
  bool within = false; // what stands behind a condition may rely on it: the order stays, the value's range before what needs it
  for (size_t k = 0; k < c->count; k++) {
    if (!within && (k == condition || expr_uses_index(c->list[k], q))) {
      ARENA_PUSH(s->arena, left.list, left.count, left.room) = expr_prim2(g, PRIM_GE, sub[q], expr_int(g, 0));
      ARENA_PUSH(s->arena, left.list, left.count, left.room) =
          expr_prim2(g, PRIM_LT, sub[q], expr_poly(g, n->index[q].extent));
      within = true;
    }
    if (k != condition) ARENA_PUSH(s->arena, left.list, left.count, left.room) = expr_substitute(g, c->list[k], sub, nv, NULL);
  }
  n->expr = expr_substitute(g, n->expr, sub, nv, NULL);
  if (n->target) {
    const Expr **target = arena_array(s->arena, const Expr *, (size_t)n->nout + 1);
    for (int k = 0; k < n->nout; k++) target[k] = expr_substitute(g, n->target[k], sub, nv, NULL);
    n->target = target;
  }
  n->index = index;
  n->nred--;
  if (n->nred == 0) n->reduce = REDUCE_NONE;
  *c = left;
  s->changed = true;
}

// One index a round: the next round tidies up, and may find another.
static void solve_sum(Simplifier *s, Node *n, Conditions *c) {
  const Expr *value;
  const bool scatter = n->kind == NODE_SCATTER && n->nred > 1;
  if (!scatter && (n->kind != NODE_COMP || n->reduce != REDUCE_SUM)) return;
  for (size_t k = 0; k < c->count; k++) {
    int q = solved_index(s, n, c->list[k], &value);
    if (q >= 0 && may_drop(c, k, q, value)) {
      drop_index(s, n, c, k, q, value);
      return;
    }
  }
}

// ---- the node ----

Node simplify_node(Simplifier *s, const Node *from) {
  Node n = *from;
  Conditions c = {.list = NULL};
  s->index = n.index;
  s->nindex = n.nout + n.nred;
  s->sums = n.nred > 0;
  s->nknown = s->nfact = 0;
  s->today++;
  n.base = from->base ? rewritten(s, from->base) : NULL; // the guard is the terms' alone
  if (from->guard) rewrite_guard(s, &c, from->guard);
  s->today++; // what was rewritten without the facts may do better with them
  n.expr = rewritten(s, from->expr);
  if (from->target) {
    const Expr **target = arena_array(s->arena, const Expr *, (size_t)n.nout + 1);
    for (int k = 0; k < n.nout; k++) target[k] = rewritten(s, from->target[k]);
    n.target = target;
  }
  n.next = n.alive = NULL;
  if (!c.never) solve_sum(s, &n, &c);
  n.guard = c.never ? expr_bool(s->g, false) : conjunction(s, &c);
  fold_node(s, &n, c.never);
  return n;
}
