// expand.c - see expand.h.
#include "schedule/expand.h"

#include <math.h>

static const Expr *read_at_indices(Graph *g, const Node *n, int count) {
  const Expr **sub = arena_array(g->arena, const Expr *, (size_t)count + 1);
  for (int k = 0; k < count; k++) sub[k] = expr_index(g, k);
  return expr_read(g, n, sub);
}

// What a logsumexp is made of: log(sum of exp(term - max)) + max, where the logarithm is the rest.
typedef struct Parts {
  const Node *max, *sum, *rest;
  const Expr *term; // a read, over the indices of the logsumexp
} Parts;

typedef struct Splitter {
  Parts *parts;      // by node of the new graph, a logsumexp or its rest
  int negligible; // as in expand.h
} Splitter;

static const Node *expand_logsumexp(Graph *g, const Node *n, const Node *const *map, Parts *parts) {
  Arena *a = g->arena;
  Node part = *n;
  part.origin = ORIGIN_LOGSUMEXP;
  const Expr *term = expr_substitute(g, n->expr, NULL, 0, map);
  const Expr *guard = n->guard ? expr_substitute(g, n->guard, NULL, 0, map) : NULL;
  if (term->kind != EXPR_READ) {
    part.name = arena_printf(a, "%s_term", n->name);
    part.nout = n->nout + n->nred;
    part.nred = 0;
    part.reduce = REDUCE_NONE;
    part.expr = term;
    part.guard = guard;
    term = read_at_indices(g, graph_add(g, &part), part.nout);
  }
  part = *n;
  part.origin = ORIGIN_LOGSUMEXP;
  part.guard = guard;
  part.name = arena_printf(a, "%s_max", n->name);
  part.reduce = REDUCE_MAX;
  part.expr = term;
  const Expr *max = read_at_indices(g, graph_add(g, &part), n->nout);
  part.name = arena_printf(a, "%s_sum", n->name);
  part.reduce = REDUCE_SUM;
  part.expr = expr_prim1(g, PRIM_EXP, expr_prim2(g, PRIM_SUB, term, max));
  const Expr *sum = read_at_indices(g, graph_add(g, &part), n->nout);
  // An infinite maximum is the value itself: its differences are not numbers.
  part = *n;
  part.origin = ORIGIN_LOGSUMEXP;
  part.name = arena_printf(a, "%s_rest", n->name);
  part.nred = 0;
  part.reduce = REDUCE_NONE;
  part.guard = NULL;
  part.expr = expr_select(g, expr_prim2(g, PRIM_LT, expr_prim1(g, PRIM_ABS, max), expr_real(g, INFINITY)),
                          expr_prim1(g, PRIM_LOG, sum), expr_real(g, 0));
  const Expr *rest = read_at_indices(g, graph_add(g, &part), n->nout);
  *parts = (Parts){max->u.read.node, sum->u.read.node, rest->u.read.node, term};
  part.origin = n->origin;
  part.name = n->name;
  part.expr = expr_prim2(g, PRIM_ADD, max, rest);
  return graph_add(g, &part);
}

// ---- what loops and scatters start from ----

static bool reads_in(const Expr *e) {
  if (e->kind == EXPR_READ) return true;
  if (e->kind != EXPR_PRIM) return false;
  bool any = false;
  for (int k = 0; k < e->u.prim.narg; k++) any = any || reads_in(e->u.prim.arg[k]);
  return any;
}

// May it stand in a loop that fills memory: a constant, an index, one entry of an array?
static bool is_plain(const Expr *e) {
  if (e->kind == EXPR_PRIM) return false;
  for (int k = 0; e->kind == EXPR_READ && k < e->u.read.node->nout; k++)
    if (e->u.read.sub[k]->height > 4 || reads_in(e->u.read.sub[k])) return false;
  return true;
}

// Its entries, of n's indices all but the axis, as a node; gives how n reads it.
static const Expr *start_apart(Graph *g, const Node *n, const Expr *e, const char *suffix, int axis) {
  Index *index = arena_array(g->arena, Index, (size_t)n->nout + 1);
  const Expr **to = arena_array(g->arena, const Expr *, (size_t)n->nout + 1);
  const Expr **sub = arena_array(g->arena, const Expr *, (size_t)n->nout + 1);
  int rank = 0;
  for (int k = 0; k < n->nout; k++) {
    if (k == axis) continue;
    index[rank] = n->index[k];
    to[k] = expr_index(g, rank);
    sub[rank++] = expr_index(g, k);
  }
  Node start = {.kind = NODE_COMP, .span = n->span, .type = n->type, .nout = rank, .index = index};
  start.origin = ORIGIN_START;
  start.name = arena_printf(g->arena, "%s_%s", n->name, suffix);
  start.expr = expr_substitute(g, e, to, n->nout, NULL);
  return expr_read(g, graph_add(g, &start), sub);
}

// A start that takes computing is a node like others, found by fusion.
static void start_plainly(Graph *g, Node *n) {
  if (n->kind == NODE_CARRY && !is_plain(n->expr)) n->expr = start_apart(g, n, n->expr, "start", n->axis);
  if (n->base && !is_plain(n->base)) n->base = start_apart(g, n, n->base, "base", -1);
}

// ---- what is left of a logsumexp ----

static const Parts *parts_read(const Parts *parts, const Expr *e) {
  const Parts *p = e->kind == EXPR_READ ? &parts[e->u.read.node->id] : NULL;
  return p && p->max && e->u.read.node != p->rest ? p : NULL;
}

// e less a logsumexp, or the other way round: less its maximum first, so that large values cancel before anything is
// rounded.  Null where x - y is neither.
static const Expr *split_difference(Graph *g, const Parts *parts, const Expr *x, const Expr *y) {
  const Parts *below = parts_read(parts, y), *above = parts_read(parts, x);
  const Expr *const *sub = below ? y->u.read.sub : above ? x->u.read.sub : NULL;
  if (!sub) return NULL;
  const Expr *max = expr_read(g, (below ? below : above)->max, sub),
             *rest = expr_read(g, (below ? below : above)->rest, sub);
  return below ? expr_prim2(g, PRIM_SUB, expr_prim2(g, PRIM_SUB, x, max), rest)
               : expr_prim2(g, PRIM_ADD, expr_prim2(g, PRIM_SUB, max, y), rest);
}

static bool is_difference(const Expr *e) {
  return expr_is_prim(e, PRIM_SUB) && e->type == TYPE_REAL;
}

// Is x one of the terms of the logsumexp's entry `sub`?
static bool is_term(Graph *g, const Parts *p, const Expr *x, const Expr *const *sub) {
  const int nout = p->max->nout;
  const Expr *bound[INDEX_MAX] = {NULL};
  if (x->kind != EXPR_READ || x->u.read.node != p->term->u.read.node) return false;
  for (int k = 0; k < x->u.read.node->nout; k++) {
    const Expr *of_term = p->term->u.read.sub[k], *here = x->u.read.sub[k];
    const int q = of_term->kind == EXPR_INDEX ? of_term->u.index : -1;
    if (q >= nout) {
      if (bound[q] && bound[q] != here) return false;
      bound[q] = here;
    } else if (of_term->indices & ~indices_below(nout) || expr_substitute(g, of_term, sub, nout, NULL) != here) {
      return false;
    }
  }
  return true;
}

// The share of one term, exp(term - max - rest), by the exp that is in the sum: it is not called again.  The sum is 1 or more.
static const Expr *share(Graph *g, const Parts *parts, const Expr *e) {
  const Expr *below = is_difference(e) ? e->u.prim.arg[0] : NULL;
  if (!below || !is_difference(below) || below->u.prim.arg[1]->kind != EXPR_READ) return NULL;
  const Expr *rest = e->u.prim.arg[1], *max = below->u.prim.arg[1];
  const Parts *p = rest->kind == EXPR_READ ? &parts[rest->u.read.node->id] : NULL;
  if (!p || rest->u.read.node != p->rest || max != expr_read(g, p->max, rest->u.read.sub)) return NULL;
  if (!is_term(g, p, below->u.prim.arg[0], rest->u.read.sub)) return NULL;
  const Expr *sum = expr_read(g, p->sum, rest->u.read.sub);
  return expr_prim2(g, PRIM_MUL, expr_prim1(g, PRIM_EXP, below), expr_prim2(g, PRIM_DIV, expr_real(g, 1), sum));
}

// ---- what goes back by way of a share too small to notice ----

typedef struct Total { // an entry of a logsumexp
  const Splitter *splitter;
  const Parts *parts;
  const Expr *const *sub;
} Total;

static const Expr *drop_part(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Total *t = context;
  const Expr *below = expr_is_prim(part, PRIM_EXP) ? part->u.prim.arg[0] : NULL;
  if (!below || !is_difference(below) || below->u.prim.arg[1] != expr_read(g, t->parts->max, t->sub)) return NULL;
  if (!is_term(g, t->parts, below->u.prim.arg[0], t->sub)) return NULL;
  const Expr *exp = expr_prim1(g, PRIM_EXP, arg[0]), *most = expr_real(g, ldexp(1, t->splitter->negligible));
  return expr_select(g, expr_prim2(g, PRIM_LE, exp, most), expr_real(g, 0), exp);
}

// What goes back by way of a logsumexp where the condition holds, which asks whether that is above -inf: shares too small to notice are
// 0 there.  Products of them would be subnormal, and many processors take a hundred cycles for those.
static const Expr *noticeable(Graph *g, const Splitter *s, const Expr *condition, const Expr *value) {
  if (expr_is_prim(condition, PRIM_AND)) {
    value = noticeable(g, s, condition->u.prim.arg[0], value);
    return noticeable(g, s, condition->u.prim.arg[1], value);
  }
  const bool asks = expr_is_prim(condition, PRIM_GT) && expr_is_real(condition->u.prim.arg[1], -INFINITY);
  const Parts *p = asks ? parts_read(s->parts, condition->u.prim.arg[0]) : NULL;
  return p ? expr_rebuild(g, value, drop_part, &(Total){s, p, condition->u.prim.arg[0]->u.read.sub}) : value;
}

static const Expr *split_part(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Splitter *s = context;
  if (is_difference(part)) return split_difference(g, s->parts, arg[0], arg[1]);
  if (expr_is_prim(part, PRIM_EXP)) return share(g, s->parts, arg[0]);
  return expr_is_prim(part, PRIM_SELECT) ? expr_select(g, arg[0], noticeable(g, s, arg[0], arg[1]), arg[2]) : NULL;
}

// e with all such differences split.
static const Expr *split(Graph *g, Splitter *s, const Expr *e) {
  return e ? expr_rebuild(g, e, split_part, s) : NULL;
}

Graph *expand_reductions(Arena *a, const Graph *g, int negligible) {
  Graph *out = graph_new(a, g->dims, g->name);
  const Node **map = arena_array(a, const Node *, g->count);
  Parts *parts = arena_array(a, Parts, 5 * g->count + 1); // one makes five nodes at most
  Splitter splitter = {parts, negligible};
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (n->reduce == REDUCE_LOGSUMEXP) {
      Parts own;
      map[k] = expand_logsumexp(out, n, map, &own);
      parts[map[k]->id] = parts[own.rest->id] = own;
    } else {
      Node copy = graph_translated(out, n, map);
      copy.expr = split(out, &splitter, copy.expr);
      copy.base = split(out, &splitter, copy.base);
      if (copy.guard && copy.expr) copy.expr = noticeable(out, &splitter, copy.guard, copy.expr);
      start_plainly(out, &copy);
      map[k] = graph_add(out, &copy);
    }
  }
  graph_close_copies(g, map);
  graph_copy_roots(out, g, map, ALL_ROLES);
  return out;
}
