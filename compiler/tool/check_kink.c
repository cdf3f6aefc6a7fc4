// check_kink.c - is a point on a kink?  A graph that measures, for each primitive with a kink, how near its arguments come.
//
// Differences across a kink mean nothing; derivatives there are a convention, which the other oracles share.
#include "graph/text.h"
#include "tool/check_gradient.h"

enum {
  DEEPEST = 64,       // conditions around a primitive that are followed
  VISITS_MAX = 100000 // parts of expressions that are looked at, shared ones once for each use
};

typedef struct Kinks {
  Arena *arena;
  Graph *graph; // the copy of the forward graph, with a root for each kink
  const Graph *from;
  const Node **map;
  const bool *varies; // by node of `from`
  const Node *node;   // of `from`
  int visits;
  unsigned char *known; // of each expression of `from`, whether it varies
  bool *walked;         // without a condition around it, by expression of `from`
  const Expr *distance; // the smallest found in it so far, over the copy, or null
} Kinks;

// ---- distances ----

static const Expr *near_enough(Graph *g, const Expr *x, const Expr *y) {
  const Expr *gap = expr_prim1(g, PRIM_ABS, expr_prim2(g, PRIM_SUB, x, y));
  const Expr *size = expr_prim2(g, PRIM_ADD, expr_prim1(g, PRIM_ABS, x), expr_prim1(g, PRIM_ABS, y));
  return expr_prim2(g, PRIM_SUB, gap, expr_prim2(g, PRIM_MUL, expr_real(g, 1e-6), size));
}

// How far a kink's condition is from holding; null where it is not about reals.
static const Expr *distance_of(Graph *g, const Expr *condition) {
  if (condition->kind != EXPR_PRIM) return NULL;
  const Expr *const *arg = condition->u.prim.arg;
  if (condition->u.prim.op == PRIM_EQ)
    return arg[0]->type == TYPE_REAL && arg[1]->type == TYPE_REAL ? near_enough(g, arg[0], arg[1]) : NULL;
  if (condition->u.prim.op != PRIM_AND) return NULL;
  const Expr *x = distance_of(g, arg[0]), *y = distance_of(g, arg[1]);
  return x && y ? expr_prim2(g, PRIM_MAX, x, y) : NULL;
}

static const Expr *copied(Kinks *k, const Expr *e) {
  return expr_substitute(k->graph, e, NULL, 0, k->map);
}

static void add_distance(Kinks *k, const Expr *e, const Expr *const *path, int depth) {
  Graph *g = k->graph;
  const Expr *copy = copied(k, e);
  Binding bindings[] = {{"x", copy->u.prim.arg[0]},
                        {"y", copy->u.prim.narg > 1 ? copy->u.prim.arg[1] : copy->u.prim.arg[0]},
                        {"f", copy}};
  const Expr *condition = expr_parse(g, prim_table[e->u.prim.op].kink, bindings, 3);
  const Expr *distance = condition ? distance_of(g, condition) : NULL;
  if (!distance) return;
  for (int c = depth; c-- > 0;) distance = expr_select(g, path[c], distance, expr_real(g, 1));
  k->distance = k->distance ? expr_prim2(g, PRIM_MIN, k->distance, distance) : distance;
}

// Does e, of the forward graph, depend on a parameter?  Told once for each expression.
static bool varies_here(Kinks *k, const Expr *e) {
  enum { UNKNOWN, NO, YES };
  unsigned char *known = &k->known[e->id];
  if (*known != UNKNOWN) return *known == YES;
  bool varies = e->kind == EXPR_READ && k->varies[e->u.read.node->id];
  for (int a = 0; e->kind == EXPR_PRIM && a < e->u.prim.narg; a++) varies = varies_here(k, e->u.prim.arg[a]) || varies;
  *known = varies ? YES : NO;
  return varies;
}

// `path`: the conditions, over the copy, under which e is computed.
static void walk(Kinks *k, const Expr *e, const Expr **path, int depth) {
  if (e->kind != EXPR_PRIM || depth >= DEEPEST || k->visits++ > VISITS_MAX || (depth == 0 && k->walked[e->id]) ||
      !varies_here(k, e))
    return;
  const Expr *const *arg = e->u.prim.arg;
  if (depth == 0) k->walked[e->id] = true;
  if (prim_table[e->u.prim.op].kink[0]) add_distance(k, e, path, depth);
  const Prim op = e->u.prim.op;
  for (int a = 0; a < e->u.prim.narg; a++) {
    const bool side = prim_branches(op) && a > 0;
    if (op == PRIM_STOP) continue;
    if (side) {
      const Expr *condition = copied(k, arg[0]);
      path[depth] = a == 1 && op != PRIM_OR ? condition : expr_prim1(k->graph, PRIM_NOT, condition);
    }
    walk(k, arg[a], path, depth + side);
  }
}

// ---- nodes ----

static void add_root(Kinks *k, Node measure) {
  const Node *n = graph_add(k->graph, &measure);
  graph_add_root(k->graph, ROOT_NAMED, k->node->name, k->node->id, n);
}

// The smallest distance over all entries and terms of the node.
static void add_measure(Kinks *k) {
  const Expr *path[DEEPEST + 1];
  const Node *n = k->node;
  k->distance = NULL;
  walk(k, n->expr, path, 0);
  if (!k->distance) return;
  if (n->nout + n->nred == 0) {
    const Expr *distance = k->distance;
    if (n->guard) distance = expr_select(k->graph, copied(k, n->guard), distance, expr_real(k->graph, 1));
    add_root(k, (Node){.kind = NODE_COMP, .name = "kink", .type = TYPE_REAL, .expr = distance});
    return;
  }
  // What a scatter adds or puts has the indices behind its outputs alone.
  const int first = n->kind == NODE_SCATTER ? n->nout : 0, count = n->nout + n->nred - first;
  const Expr **own = arena_array(k->arena, const Expr *, (size_t)(first + count) + 1);
  for (int i = 0; i < count; i++) own[first + i] = expr_index(k->graph, i);
  const Expr *guard = n->guard ? copied(k, n->guard) : NULL;
  add_root(k, (Node){.kind = NODE_COMP,
                     .name = "kink",
                     .type = TYPE_REAL,
                     .nred = count,
                     .index = n->index + first,
                     .reduce = count > 0 ? REDUCE_MIN : REDUCE_NONE,
                     .guard = guard ? expr_substitute(k->graph, guard, own, first + count, NULL) : NULL,
                     .expr = expr_substitute(k->graph, k->distance, own, first + count, NULL)});
}

// A tie for the largest or smallest: two terms that come near the winner.
static void add_tie_measure(Kinks *k) {
  Graph *g = k->graph;
  const Node *n = k->node;
  const Node *winner = k->map[n->id];
  const Expr **own = arena_array(k->arena, const Expr *, (size_t)n->nout + 1);
  for (int i = 0; i < n->nout; i++) own[i] = expr_index(g, i);
  const Expr *far = near_enough(g, copied(k, n->expr), expr_read(g, winner, own));
  const Expr *tied = expr_prim2(g, PRIM_LE, far, expr_real(g, 1e-7));
  const Node *count = graph_add(g, &(Node){.kind = NODE_COMP,
                                           .name = "tied",
                                           .type = TYPE_REAL,
                                           .nout = n->nout,
                                           .nred = n->nred,
                                           .index = n->index,
                                           .reduce = REDUCE_SUM,
                                           .guard = n->guard ? copied(k, n->guard) : NULL,
                                           .expr = expr_select(g, tied, expr_real(g, 1), expr_real(g, 0))});
  add_root(k, (Node){.kind = NODE_COMP,
                     .name = "kink",
                     .type = TYPE_REAL,
                     .nred = n->nout,
                     .index = n->index,
                     .reduce = n->nout > 0 ? REDUCE_MIN : REDUCE_NONE,
                     .expr = expr_prim2(g, PRIM_SUB, expr_real(g, 1.5), expr_read(g, count, own))});
}

void kinks_prepare(Subject *s) {
  const Graph *from = s->forward;
  Kinks k = {.arena = s->arena, .graph = graph_new(s->arena, from->dims, from->name), .from = from};
  k.map = arena_array(s->arena, const Node *, from->count + 1);
  k.varies = check_varies(s->arena, from, -1);
  k.known = arena_array(s->arena, unsigned char, (size_t)graph_expr_count(from) + 1);
  k.walked = arena_array(s->arena, bool, (size_t)graph_expr_count(from) + 1);
  for (size_t i = 0; i < from->count; i++) {
    const Node copy = graph_translated(k.graph, from->nodes[i], k.map);
    k.map[i] = graph_add(k.graph, &copy);
  }
  graph_close_copies(from, k.map);
  for (size_t i = 0; i < from->count; i++) {
    k.node = from->nodes[i];
    if ((k.node->kind != NODE_COMP && k.node->kind != NODE_SCATTER) || !check_expr_varies(from, k.node->expr, k.varies))
      continue;
    add_measure(&k);
    if (k.node->reduce == REDUCE_MAX || k.node->reduce == REDUCE_MIN) add_tie_measure(&k);
  }
  s->kinks = k.graph;
}

const Node *kinks_at(Subject *s, const double *params) {
  if (s->kinks->nroots == 0) return NULL;
  Arena *a = arena_new();
  Array *values = arena_array(a, Array, s->kinks->count + 1);
  const Node *found = NULL;
  if (subject_run(s, a, s->kinks, NUMBER_REAL, params, NULL, 0, values))
    for (size_t r = 0; r < s->kinks->nroots && !found; r++)
      if (values[s->kinks->roots[r].node->id].number[0].a <= 1e-7) found = s->forward->nodes[s->kinks->roots[r].which];
  arena_free(a);
  return found;
}
