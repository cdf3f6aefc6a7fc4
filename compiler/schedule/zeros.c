// zeros.c - see zeros.h.
#include "schedule/zeros.h"

#include "graph/pool.h"
#include "schedule/apart.h"

typedef struct Zeros {
  Arena *arena;
  Graph *out, *pool;
  const Poly *sample;
  const Node **map;
  Apart *apart; // by id: where an array is not zero, of its outputs; of count 0: anywhere
} Zeros;

static Apart copied(Arena *a, const Apart *apart) {
  Apart copy = apart_any(a, apart->count);
  apart_both(&copy, apart);
  return copy;
}

// Where a choice is not zero: not on a side that is.
static Apart apart_of_choice(Zeros *z, Arena *a, const Expr *const *arg, const Apart *x, const Apart *y) {
  Apart apart = copied(a, x);
  apart_learn(&apart, z->pool, arg[0]);
  if (expr_is_real(arg[1], 0)) return copied(a, y);
  if (!expr_is_real(arg[2], 0)) apart_either(&apart, y);
  return apart;
}

// Where the value is not zero, of `count` indices; by its operands' places among its parts.
static Apart apart_of_part(Zeros *z, Arena *a, const Expr *e, int count, const Apart *const *x) {
  Apart apart = apart_any(a, count);
  if (expr_is_real(e, 0)) return apart_never(a, count);
  if (e->kind == EXPR_READ) {
    const Apart *array = &z->apart[e->u.read.node->id];
    if (array->count) apart_learn_read(&apart, z->pool, array, e->u.read.sub);
  }
  if (e->kind != EXPR_PRIM || e->type != TYPE_REAL) return apart;
  switch (e->u.prim.op) {
  case PRIM_MUL: apart_both(&apart, x[1]); // fall through
  case PRIM_DIV:
  case PRIM_NEG: apart_both(&apart, x[0]); return apart;
  case PRIM_ADD:
  case PRIM_SUB:
    apart = copied(a, x[0]);
    apart_either(&apart, x[1]);
    return apart;
  case PRIM_SELECT: return apart_of_choice(z, a, e->u.prim.arg, x[1], x[2]);
  default: return apart;
  }
}

static Apart apart_of_value(Zeros *z, Arena *a, const Expr *e, int count) {
  size_t nparts;
  const Expr **part = expr_parts(a, e, &nparts);
  Apart *apart = arena_array(a, Apart, nparts);
  for (size_t k = 0; k < nparts; k++) {
    const Expr *const *operand;
    const Apart *x[3] = {NULL};
    const int narg = part[k]->kind == EXPR_PRIM ? expr_operands(part[k], &operand) : 0;
    for (int j = 0; j < narg; j++) x[j] = &apart[expr_place(part, nparts, operand[j])];
    apart[k] = apart_of_part(z, a, part[k], count, x);
  }
  return apart[nparts - 1];
}

static bool is_array_of_few(const Node *n) {
  const int count = n->nout + n->nred;
  return n->kind == NODE_COMP && n->type == TYPE_REAL && (n->reduce == REDUCE_NONE || n->reduce == REDUCE_SUM) && count > 1 && count <= APART_MOST;
}

// Loops over few entries are written out by compilers, and have nothing to gain.
static bool takes_bounds(const Zeros *z, const Index *index) {
  int64_t extent;
  return index->extent != z->sample && !(poly_fixed(z->pool->dims, index->extent, &extent) && extent < APART_LOOP);
}

// What the terms' values say and their condition does not, of indices that are summed over.
static void leave_terms(Zeros *z, Node *n, const Apart *said, const Apart *known) {
  for (int a = 0; a < said->count; a++)
    for (int b = 0; b < said->count; b++) {
      const int64_t least = known->least[a * said->count + b];
      if ((a < n->nout && b < n->nout) || least <= said->least[a * said->count + b]) continue;
      if (!takes_bounds(z, &n->index[a]) || !takes_bounds(z, &n->index[b])) continue;
      const Expr *more = apart_condition(z->out, a, b, least);
      n->guard = n->guard ? expr_prim2(z->out, PRIM_AND, n->guard, more) : more;
    }
}

// n, of the old graph, and its copy.
static void look_at(Zeros *z, const Node *n, Node *copy) {
  if (!is_array_of_few(n)) return;
  Arena *a = arena_new();
  Apart said = apart_any(a, n->nout + n->nred);
  if (n->guard) apart_learn(&said, z->pool, n->guard);
  Apart known = apart_of_value(z, a, n->expr, said.count);
  apart_both(&known, &said);
  if (n->reduce == REDUCE_SUM && !known.never) leave_terms(z, copy, &said, &known);
  if (n->nout > 1) {
    Apart *apart = &z->apart[n->id];
    *apart = apart_any(z->arena, n->nout);
    apart->never = known.never;
    for (int k = 0; k < n->nout * n->nout; k++) apart->least[k] = known.least[k / n->nout * known.count + k % n->nout];
  }
  arena_free(a);
}

Graph *leave_zeros(Arena *a, const Graph *g, const Poly *sample) {
  Zeros z = {.arena = a, .out = graph_new(a, g->dims, g->name), .pool = graph_new(a, g->dims, g->name), .sample = sample};
  z.map = arena_array(a, const Node *, g->count + 1);
  z.apart = arena_array(a, Apart, g->count + 1);
  for (size_t k = 0; k < g->count; k++) {
    Node copy = graph_translated(z.out, g->nodes[k], z.map);
    look_at(&z, g->nodes[k], &copy);
    z.map[k] = graph_add(z.out, &copy);
  }
  graph_close_copies(g, z.map);
  graph_copy_roots(z.out, g, z.map, ALL_ROLES);
  return z.out;
}
