// columns.c - see columns.h.
//
// d[c[i], 0] += x(i) and e[c[i], 1] += y(i), of two columns, where d and e are read once, entry by entry, in one sum, become
// d[c[i], j] += if j == 0 then x(i) else y(i) over the columns j.  Every entry takes the same terms in the same order.
#include "schedule/columns.h"

#include "graph/loops.h"

enum { COLUMNS_MAX = 4 };

typedef struct Columns {
  const Node *scatter[COLUMNS_MAX]; // by column, of the graph that is read
  int count, axis;
} Columns;

typedef struct Joiner {
  Arena *arena;
  const Graph *in;
  Graph *out;
  const LoopTree *loops;
  int *uses;             // by id in `in`: how often it is read or wanted
  const Columns **set;   // by id in `in`: those that it is one of
  const Node **map;
} Joiner;

// ---- which ----

static bool is_column(const Joiner *j, const Node *n, int axis, int64_t *column) {
  const Expr *to = n->target[axis];
  return to->kind == EXPR_POLY && poly_fixed(j->in->dims, to->u.poly, column);
}

// The axis of which the scatter adds to one column, of few, at a place that a subscript computes; -1: it is no such scatter.
static int column_axis(const Joiner *j, const Node *n) {
  if (n->kind != NODE_SCATTER || n->base || n->assign || n->type != TYPE_REAL || j->uses[n->id] != 1 || j->loops->inside[n->id]) return -1;
  int axis = -1;
  bool computed = false;
  for (int k = 0; k < n->nout; k++) {
    int64_t column, extent;
    computed = computed || n->target[k]->nodes;
    if (!is_column(j, n, k, &column) || !poly_fixed(j->in->dims, n->index[k].extent, &extent)) continue;
    if (axis >= 0 || extent < 2 || extent > COLUMNS_MAX || column < 0 || column >= extent) return -1;
    axis = k;
  }
  return computed && n->nout + n->nred < INDEX_MAX ? axis : -1;
}

// Do both add under one condition to the same places, but for the column?
static bool are_alike(const Node *n, const Node *m, int axis) {
  bool alike = n->nout == m->nout && n->nred == m->nred && n->guard == m->guard;
  for (int k = 0; k < n->nout + n->nred && alike; k++) alike = n->index[k].extent == m->index[k].extent;
  for (int k = 0; k < n->nout && alike; k++) alike = k == axis || n->target[k] == m->target[k];
  return alike;
}

static const Node *whole_read(const Expr *e) {
  if (e->kind != EXPR_READ || e->u.read.node->kind != NODE_SCATTER) return NULL;
  for (int k = 0; k < e->u.read.node->nout; k++)
    if (e->u.read.sub[k]->kind != EXPR_INDEX || e->u.read.sub[k]->u.index != k) return NULL;
  return e->u.read.node;
}

// The scatters among the terms of a sum, as they stand.
static int terms_of(const Expr *e, const Node **term, int count, int room) {
  if (expr_is_prim(e, PRIM_ADD)) return terms_of(e->u.prim.arg[1], term, terms_of(e->u.prim.arg[0], term, count, room), room);
  const Node *n = whole_read(e);
  if (n && count < room) term[count++] = n;
  return count;
}

static bool is_once(const Node *const *term, int count, const Node *n) {
  int times = 0;
  for (int k = 0; k < count; k++) times += term[k] == n;
  return times == 1;
}

// All columns that go with the first of the terms, if none is missing.
static void find_set(Joiner *j, const Node *const *term, int count, int first) {
  const Node *n = term[first];
  const int axis = j->set[n->id] ? -1 : column_axis(j, n);
  int64_t column, extent;
  if (axis < 0 || !poly_fixed(j->in->dims, n->index[axis].extent, &extent)) return;
  Columns *set = arena_new_of(j->arena, Columns);
  set->axis = axis;
  for (int k = first; k < count; k++) {
    const Node *m = term[k];
    if (j->set[m->id] || !is_once(term, count, m) || column_axis(j, m) != axis || !are_alike(n, m, axis) || !is_column(j, m, axis, &column) || set->scatter[column]) continue;
    set->scatter[column] = m;
    set->count++;
  }
  for (int c = 0; c < set->count && set->count == extent; c++) j->set[set->scatter[c]->id] = set;
}

static void note_use(void *context, const Expr *read) {
  ((Joiner *)context)->uses[read->u.read.node->id]++;
}

static bool find_sets(Joiner *j) {
  enum { TERMS_MAX = 64 };
  bool any = false;
  for (size_t k = 0; k < j->in->count; k++) node_each_read(j->in, j->in->nodes[k], note_use, j);
  for (size_t k = 0; k < j->in->nroots; k++) j->uses[j->in->roots[k].node->id]++;
  for (size_t k = 0; k < j->in->count; k++) {
    const Node *n = j->in->nodes[k], *term[TERMS_MAX];
    if (n->kind != NODE_COMP || n->nred || j->loops->inside[k]) continue;
    const int count = terms_of(n->expr, term, 0, TERMS_MAX);
    for (int first = 0; first < count; first++) find_set(j, term, count, first);
    for (int t = 0; t < count; t++) any = any || j->set[term[t]->id];
  }
  return any;
}

// ---- together ----

// What is added to a column, an array over the indices that the scatter runs over; its entry there.
static const Expr *add_value(Joiner *j, const Node *scatter) {
  Graph *g = j->out;
  const Node n = graph_translated(g, scatter, j->map);
  const Expr *own[INDEX_MAX], *sub[INDEX_MAX];
  for (int k = 0; k < n.nred; k++) {
    own[n.nout + k] = expr_index(g, k);
    sub[k] = expr_index(g, n.nout + k);
  }
  for (int k = 0; k < n.nout; k++) own[k] = NULL;
  Node value = {.kind = NODE_COMP, .origin = ORIGIN_COLUMN, .name = arena_printf(j->arena, "%s_column", n.name), .span = n.span};
  value.type = TYPE_REAL;
  value.nout = n.nred;
  value.index = n.index + n.nout;
  value.expr = expr_substitute(g, n.expr, own, n.nout + n.nred, NULL);
  value.guard = n.guard ? expr_substitute(g, n.guard, own, n.nout + n.nred, NULL) : NULL;
  return expr_read(g, graph_add(g, &value), sub);
}

static const Node *add_together(Joiner *j, const Columns *set) {
  Graph *g = j->out;
  Node n = graph_translated(g, set->scatter[0], j->map);
  const int all = n.nout + n.nred;
  Index *index = arena_array(j->arena, Index, (size_t)all + 1);
  const Expr **target = arena_array(j->arena, const Expr *, (size_t)n.nout);
  for (int k = 0; k < all; k++) index[k] = n.index[k];
  index[all] = n.index[set->axis];
  for (int k = 0; k < n.nout; k++) target[k] = k == set->axis ? expr_index(g, all) : n.target[k];
  const Expr *value = NULL;
  for (int c = set->count; c-- > 0;) {
    const Expr *own = add_value(j, set->scatter[c]);
    value = value ? expr_select(g, expr_prim2(g, PRIM_EQ, expr_index(g, all), expr_int(g, c)), own, value) : own;
  }
  n.origin = ORIGIN_COLUMNS;
  n.index = index;
  n.target = target;
  n.nred++;
  n.expr = value;
  return graph_add(g, &n);
}

static const Node *last_of(const Columns *set) {
  const Node *last = set->scatter[0];
  for (int c = 1; c < set->count; c++)
    if (set->scatter[c]->id > last->id) last = set->scatter[c];
  return last;
}

// The sum, where each set is but one of its terms.
static const Expr *without_others(Joiner *j, const Expr *e) {
  if (expr_is_prim(e, PRIM_ADD)) {
    const Expr *x = without_others(j, e->u.prim.arg[0]), *y = without_others(j, e->u.prim.arg[1]);
    return !x ? y : !y ? x : expr_prim2(j->out, PRIM_ADD, x, y);
  }
  const Node *n = whole_read(e);
  const Columns *set = n ? j->set[n->id] : NULL;
  if (set && set->scatter[0] != n) return NULL;
  return expr_substitute(j->out, e, NULL, 0, j->map);
}

Graph *join_columns(Arena *a, const Graph *g) {
  Joiner j = {.arena = a, .in = g, .loops = graph_loops(a, g, NULL)};
  if (!j.loops) return NULL;
  j.uses = arena_array(a, int, g->count + 1);
  j.set = arena_array(a, const Columns *, g->count + 1);
  j.map = arena_array(a, const Node *, g->count + 1);
  if (!find_sets(&j)) return NULL;
  j.out = graph_new(a, g->dims, g->name);
  for (size_t k = 0; k < g->count; k++) {
    const Columns *set = j.set[k];
    if (set && last_of(set) != g->nodes[k]) continue;
    if (set) {
      const Node *together = add_together(&j, set);
      for (int c = 0; c < set->count; c++) j.map[set->scatter[c]->id] = together;
      continue;
    }
    Node n = graph_translated(j.out, g->nodes[k], j.map);
    if (n.kind == NODE_COMP) n.expr = without_others(&j, g->nodes[k]->expr);
    j.map[k] = graph_add(j.out, &n);
  }
  graph_close_copies(g, j.map);
  graph_copy_roots(j.out, g, j.map, ALL_ROLES);
  return j.out;
}
