// reciprocal.c - see reciprocal.h.
#include "factor/reciprocal.h"

// A divisor over its own indices, 0, 1, … in the order of the node's.
typedef struct Divisor {
  int uses;   // divisions by it, those of one node that are the same expression counted once
  bool again; // a node that runs over more indices divides by it
} Divisor;

typedef struct Sharing {
  Arena *arena;
  Graph *out, *pool;
  const Node **map;
  Divisor **divisor; // by id of the divisor over its own indices, in the pool
  size_t room;
} Sharing;

typedef struct Rewriting {
  Sharing *s;
  const Node *n;
} Rewriting;

// A quotient of reals that is worked out for each entry of n.  Not by whole numbers, which are sizes, or of such: of the points 2 i / n of
// a grid those that are exact stay so.
static bool is_division(const Node *n, const Expr *e) {
  if (n->nout + n->nred == 0 || !expr_is_prim(e, PRIM_DIV) || e->type != TYPE_REAL) return false;
  const Expr *y = e->u.prim.arg[1];
  return y->nodes && !expr_is_prim(y, PRIM_REAL);
}

static Divisor *divisor_of(Sharing *s, const Node *n, const Expr *y) {
  const Expr *own[INDEX_MAX] = {NULL};
  int count = 0;
  for (int q = 0; q < n->nout + n->nred; q++)
    if (expr_uses_index(y, q)) own[q] = expr_index(s->pool, count++);
  const uint32_t id = expr_substitute(s->pool, y, own, n->nout + n->nred, NULL)->id;
  while (id >= s->room) {
    const size_t room = s->room ? 2 * s->room : 256;
    Divisor **more = arena_array(s->arena, Divisor *, room);
    for (size_t k = 0; k < s->room; k++) more[k] = s->divisor[k];
    s->divisor = more;
    s->room = room;
  }
  if (!s->divisor[id]) s->divisor[id] = arena_new_of(s->arena, Divisor);
  return s->divisor[id];
}

// Does n run over an index that y does not need?
static bool runs_over_more(const Node *n, const Expr *y) {
  const int from = n->kind == NODE_SCATTER ? n->nout : 0;
  int64_t extent;
  for (int q = from; q < n->nout + n->nred; q++)
    if (!expr_uses_index(y, q) && (!poly_is_int(n->index[q].extent, &extent) || extent > 1)) return true;
  return false;
}

static void look_at(Sharing *s, const Node *n) {
  if (!n->expr || (n->kind != NODE_COMP && n->kind != NODE_SCATTER)) return;
  Arena *a = arena_new();
  size_t count;
  const Expr **part = expr_parts(a, n->expr, &count);
  for (size_t k = 0; k < count; k++) {
    if (!is_division(n, part[k])) continue;
    const Expr *y = part[k]->u.prim.arg[1];
    Divisor *d = divisor_of(s, n, y);
    d->uses++;
    d->again = d->again || runs_over_more(n, y);
  }
  arena_free(a);
}

static const Expr *rewritten(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Rewriting *r = context;
  if (part->kind == EXPR_READ) return expr_read(g, r->s->map[part->u.read.node->id], arg);
  if (!is_division(r->n, part)) return NULL;
  const Divisor *d = divisor_of(r->s, r->n, part->u.prim.arg[1]);
  if (d->uses < 2 && !d->again) return NULL;
  return expr_prim2(g, PRIM_MUL, arg[0], expr_prim2(g, PRIM_DIV, expr_real(g, 1), arg[1]));
}

Graph *share_reciprocals(Arena *a, const Graph *g) {
  Sharing s = {.arena = a, .out = graph_new(a, g->dims, g->name), .pool = graph_new(a, g->dims, g->name)};
  s.map = arena_array(a, const Node *, g->count + 1);
  for (size_t k = 0; k < g->count; k++) look_at(&s, g->nodes[k]);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    Node copy = graph_translated(s.out, n, s.map);
    if (n->expr && (n->kind == NODE_COMP || n->kind == NODE_SCATTER))
      copy.expr = expr_rebuild(s.out, n->expr, rewritten, &(Rewriting){&s, n});
    s.map[k] = graph_add(s.out, &copy);
  }
  graph_close_copies(g, s.map);
  graph_copy_roots(s.out, g, s.map, ALL_ROLES);
  return s.out;
}
