// affine.c - see affine.h.
#include "schedule/affine.h"

#include "graph/loops.h"
#include "schedule/cycles.h"

enum {
  STATES_MAX = 4,
  ITEMS_MAX = 256,
  FEWEST_STEPS = 16
};

enum { LANES_AT_ONCE = 6 }; // operations of lanes that begin in a cycle

// c + Σ of[k] * state k; null: 0.
typedef struct Affine {
  const Expr *c, *of[STATES_MAX];
  int wait; // the cycles from the states to it
  bool fails;
} Affine;

typedef struct Parted { // a loop, in the graph that is made
  const Node *state[STATES_MAX];
  bool fails;
  int wait, terms;         // the cycles of a step as it is; the most products that a state takes
  int entries;             // of J and c: each is stored and read again
  double operations, more; // of what depends on the state; of the coefficients
} Parted;

typedef struct Dependent { // a state of a parted loop, or what a step computes of its state
  const Parted *loop;       // null: it is neither
  Affine by;                // coefficients that are numbers or entries of nodes
} Dependent;

typedef struct Parter {
  Arena *arena;
  const Graph *in;
  Graph *g;
  const LoopTree *tree;
  Parted **parted;      // by loop; null: it stays as it is
  Dependent *dependent; // by node of g, as far as there are some
  size_t ndependent, room;
} Parter;

// ---- which loops ----

static bool may_part(const Parter *p, const GraphLoop *l) {
  int64_t steps;
  if (l->alive || l->ncarry > STATES_MAX || l->nitem > ITEMS_MAX) return false;
  if (poly_fixed(p->in->dims, l->steps, &steps) && steps < FEWEST_STEPS) return false;
  return loop_is_of_numbers(p->tree, l);
}

// ---- arithmetic ----

static bool is_dependent(const Affine *x) {
  bool any = x->fails;
  for (int k = 0; k < STATES_MAX; k++) any = any || x->of[k];
  return any;
}

static const Expr *sum(Graph *g, const Expr *x, const Expr *y) {
  return !x ? y : !y ? x : expr_prim2(g, PRIM_ADD, x, y);
}

static const Expr *difference(Graph *g, const Expr *x, const Expr *y) {
  return !y ? x : !x ? expr_prim1(g, PRIM_NEG, y) : expr_prim2(g, PRIM_SUB, x, y);
}

static const Expr *product(Graph *g, const Expr *x, const Expr *y) {
  return !x || !y ? NULL : expr_is_real(x, 1) ? y : expr_is_real(y, 1) ? x : expr_prim2(g, PRIM_MUL, x, y);
}

static const Expr *quotient(Graph *g, const Expr *x, const Expr *y) {
  return x ? expr_prim2(g, PRIM_DIV, x, y) : NULL;
}

static const Expr *choice(Graph *g, const Expr *c, const Expr *x, const Expr *y) {
  return x || y ? expr_select(g, c, x ? x : expr_real(g, 0), y ? y : expr_real(g, 0)) : NULL;
}

// Do both sides of a choice take the same states?  One that the side taken does not take may be infinite, and 0 times that is no number.
static bool take_alike(const Affine *x, const Affine *y) {
  bool alike = true;
  for (int k = 0; k < STATES_MAX; k++) alike = alike && !x->of[k] == !y->of[k];
  return alike;
}

static Affine constant(const Expr *e) {
  return (Affine){.c = e};
}

static Affine failed(void) {
  return (Affine){.fails = true};
}

typedef const Expr *(*Combine)(Graph *g, const Expr *x, const Expr *y);

static Affine combined(Graph *g, Combine combine, const Affine *x, const Affine *y) {
  Affine z = {.c = combine(g, x->c, y->c), .wait = (x->wait > y->wait ? x->wait : y->wait) + CYCLES_OPERATION};
  for (int k = 0; k < STATES_MAX; k++) z.of[k] = combine(g, x->of[k], y->of[k]);
  return z;
}

// x times, or over, what depends on no state.
static Affine scaled(Graph *g, Combine combine, const Affine *x, const Expr *by, int wait) {
  Affine z = {.c = combine(g, x->c, by), .wait = x->wait + wait};
  for (int k = 0; k < STATES_MAX; k++) z.of[k] = combine(g, x->of[k], by);
  return z;
}

static Affine chosen(Graph *g, const Expr *c, const Affine *x, const Affine *y) {
  Affine z = {.c = choice(g, c, x->c, y->c), .wait = (x->wait > y->wait ? x->wait : y->wait) + 1};
  for (int k = 0; k < STATES_MAX; k++) z.of[k] = choice(g, c, x->of[k], y->of[k]);
  return z;
}

// ---- what a step computes of its state ----

static void note_dependent(Parter *p, const Node *n, const Parted *l, const Affine *by) {
  while (p->ndependent <= (size_t)n->id) ARENA_PUSH(p->arena, p->dependent, p->ndependent, p->room) = (Dependent){.loop = NULL};
  p->dependent[n->id] = (Dependent){l, *by};
}

static const Dependent *dependent_of(const Parter *p, const Node *n) {
  return (size_t)n->id < p->ndependent && p->dependent[n->id].loop ? &p->dependent[n->id] : NULL;
}

typedef struct Parts { // of an expression, operands first
  const Expr **part;
  Affine *of;
  size_t count;
} Parts;

static const Affine *of_part(const Parts *all, const Expr *e) {
  size_t low = 0, high = all->count;
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    *(all->part[middle]->id <= e->id ? &low : &high) = middle;
  }
  return &all->of[low];
}

static Affine affine_read(const Parter *p, const Parted *l, const Parts *all, const Expr *e) {
  const Dependent *d = dependent_of(p, e->u.read.node);
  for (int k = 0; k < e->u.read.node->nout; k++)
    if (is_dependent(of_part(all, e->u.read.sub[k]))) return failed();
  if (!d || d->loop != l) return constant(e);
  return loop_reads_own(e) ? d->by : failed();
}

static Affine affine_prim(const Parter *p, const Parts *all, const Expr *e) {
  const Affine none = constant(NULL), *x[3] = {&none, &none, &none};
  bool depends = false;
  for (int k = 0; k < e->u.prim.narg; k++) {
    x[k] = of_part(all, e->u.prim.arg[k]);
    depends = depends || is_dependent(x[k]);
    if (x[k]->fails) return failed();
  }
  if (!depends) return constant(e);
  switch (e->u.prim.op) {
  case PRIM_ADD: return combined(p->g, sum, x[0], x[1]);
  case PRIM_SUB: return combined(p->g, difference, x[0], x[1]);
  case PRIM_NEG: return combined(p->g, difference, &none, x[0]);
  case PRIM_MUL:
    if (!is_dependent(x[1])) return scaled(p->g, product, x[0], x[1]->c, CYCLES_OPERATION);
    return is_dependent(x[0]) ? failed() : scaled(p->g, product, x[1], x[0]->c, CYCLES_OPERATION);
  case PRIM_DIV: return is_dependent(x[1]) ? failed() : scaled(p->g, quotient, x[0], x[1]->c, CYCLES_DIVISION);
  case PRIM_SELECT: return is_dependent(x[0]) || !take_alike(x[1], x[2]) ? failed() : chosen(p->g, x[0]->c, x[1], x[2]);
  default: return failed();
  }
}

static Affine affine(const Parter *p, const Parted *l, const Expr *e) {
  Arena *scratch = arena_new();
  Parts all = {.count = 0};
  all.part = expr_parts(scratch, e, &all.count);
  all.of = arena_array(scratch, Affine, all.count);
  const size_t count = all.count;
  for (size_t k = 0; k < count; k++) {
    const Expr *part = all.part[k];
    all.of[k] = part->kind == EXPR_READ   ? affine_read(p, l, &all, part)
                : part->kind == EXPR_PRIM ? affine_prim(p, &all, part)
                                          : constant(part);
  }
  const Affine whole = all.of[count - 1];
  arena_free(scratch);
  return whole;
}

// ---- the graph ----

// The expression over n's indices as the entry of a node of its own, unless it is a number or an entry already.
static const Expr *named(Parter *p, Parted *l, const Node *n, const Expr *e, const char *by) {
  if (!e || e->kind != EXPR_PRIM) return e;
  l->more += cycles_of_step(e, n->nout - 1);
  Node made = {.kind = NODE_COMP, .span = n->span, .type = TYPE_REAL, .nout = n->nout, .index = n->index, .expr = e};
  made.origin = ORIGIN_COEFFICIENT;
  made.name = arena_printf(p->arena, "%s_%s", n->name, by);
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(p->g, k);
  return expr_read(p->g, graph_add(p->g, &made), sub);
}

// The state that the step begins with.
static const Expr *old_state(Parter *p, const Node *state) {
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < state->nout; k++) sub[k] = expr_index(p->g, k);
  if (state->reverse) sub[state->axis] = expr_prim2(p->g, PRIM_ADD, sub[state->axis], expr_int(p->g, 1));
  return expr_read(p->g, state, sub);
}

static const Expr *next_state(Parter *p, Parted *l, const Affine *x) {
  const Expr *all = x->c;
  int terms = 0;
  for (int k = 0; k < STATES_MAX; k++) {
    if (!x->of[k]) continue;
    all = sum(p->g, all, product(p->g, x->of[k], old_state(p, l->state[k])));
    terms++;
  }
  l->entries += terms + (x->c != NULL);
  if (terms > l->terms) l->terms = terms;
  if (x->wait > l->wait) l->wait = x->wait;
  return all ? all : expr_real(p->g, 0);
}

static bool is_next(const GraphLoop *loop, const Node *n) {
  for (size_t k = 0; k < loop->ncarry; k++)
    if (loop->carry[k]->next == n) return true;
  return false;
}

static const Node *add_item(Parter *p, const GraphLoop *loop, const Node *from, Node *n) {
  Parted *l = p->parted[loop->id];
  Affine x = n->guard ? failed() : affine(p, l, n->expr);
  l->fails = l->fails || x.fails;
  if (l->fails) return graph_add(p->g, n);
  l->operations += cycles_of_step(n->expr, n->nout - 1);
  x.c = named(p, l, n, x.c, "rest");
  for (int k = 0; k < STATES_MAX; k++)
    if (x.of[k]) x.of[k] = named(p, l, n, x.of[k], arena_printf(p->arena, "by_%s", l->state[k]->name));
  n->origin = is_next(loop, from) ? ORIGIN_LINEAR : ORIGIN_BESIDE;
  if (n->origin == ORIGIN_LINEAR) n->expr = next_state(p, l, &x);
  const Node *added = graph_add(p->g, n);
  note_dependent(p, added, l, &x);
  return added;
}

static const Node *add_state(Parter *p, const GraphLoop *loop, const Node *from, const Node *n) {
  const Node *added = graph_add(p->g, n);
  Affine own = {.wait = 0};
  size_t k = 0;
  while (loop->carry[k] != from) k++;
  p->parted[loop->id]->state[k] = added;
  own.of[k] = expr_real(p->g, 1);
  note_dependent(p, added, p->parted[loop->id], &own);
  return added;
}

// ---- sums over the steps ----

typedef struct Turning {
  const Parter *p;
  uint64_t back; // indices by which a parted loop's steps are read from the last one on
} Turning;

static void find_back(void *context, const Expr *read) {
  Turning *t = context;
  const Node *m = read->u.read.node;
  int64_t coefficient[INDEX_MAX] = {0};
  const Expr *rest;
  if (m->nout == 0 || !dependent_of(t->p, m)) return;
  if (!expr_affine(t->p->g, read->u.read.sub[m->nout - 1], INDEX_MAX, coefficient, &rest)) return;
  for (int q = 0; q < INDEX_MAX; q++)
    if (coefficient[q] == -1) t->back |= (uint64_t)1 << q;
}

// A sum that took the last step first, beside a loop that runs backwards, takes the first one first.
static void turn_sums(Parter *p, Node *n) {
  if (n->kind != NODE_COMP || n->reduce != REDUCE_SUM) return;
  Turning t = {p, 0};
  const int total = n->nout + n->nred;
  const Expr *sub[INDEX_MAX];
  expr_each_read(p->g, n->expr, find_back, &t);
  for (int q = 0; q < total; q++) {
    sub[q] = expr_index(p->g, q);
    if (q < n->nout || !(t.back >> q & 1)) continue;
    const Poly *last = poly_sub(p->g->dims, n->index[q].extent, poly_int(p->g->dims, 1));
    sub[q] = expr_prim2(p->g, PRIM_SUB, expr_poly(p->g, last), sub[q]);
  }
  n->expr = expr_substitute(p->g, n->expr, sub, total, NULL);
  if (n->guard) n->guard = expr_substitute(p->g, n->guard, sub, total, NULL);
}

static Graph *build(Parter *p) {
  const Graph *in = p->in;
  const Node **map = arena_array(p->arena, const Node *, in->count + 1);
  p->g = graph_new(p->arena, in->dims, in->name);
  p->ndependent = 0;
  for (size_t k = 0; k < in->count; k++) {
    const Node *from = in->nodes[k];
    const GraphLoop *loop = p->tree->inside[k];
    Node n = graph_translated(p->g, from, map);
    if (loop && p->parted[loop->id]) {
      map[k] = from->kind == NODE_CARRY ? add_state(p, loop, from, &n) : add_item(p, loop, from, &n);
      continue;
    }
    turn_sums(p, &n);
    map[k] = graph_add(p->g, &n);
  }
  graph_close_copies(in, map);
  graph_copy_roots(p->g, in, map, ALL_ROLES);
  return p->g;
}

// Is the loop that is left, with what runs in lanes beside it, much faster than what waits?
static bool pays(const Parted *l) {
  const double step = l->operations / CYCLES_AT_ONCE > l->wait ? l->operations / CYCLES_AT_ONCE : l->wait;
  const double left = l->terms * CYCLES_OPERATION + l->entries + (l->operations + l->more) / LANES_AT_ONCE;
  return !l->fails && 3 * left <= 2 * step;
}

Graph *part_steps(Arena *a, const Graph *g) {
  Parter p = {.arena = a, .in = g, .tree = graph_loops(a, g, NULL)};
  p.parted = arena_array(a, Parted *, p.tree->nloop + 1);
  bool any = false;
  for (size_t k = 0; k < p.tree->nloop; k++)
    if (may_part(&p, p.tree->loop[k])) p.parted[k] = arena_new_of(a, Parted);
  for (size_t k = 0; k < p.tree->nloop; k++) any = any || p.parted[k];
  if (any) build(&p); // to see what it comes to
  any = false;
  for (size_t k = 0; k < p.tree->nloop; k++) {
    const bool parts = p.parted[k] && pays(p.parted[k]);
    p.parted[k] = parts ? arena_new_of(a, Parted) : NULL;
    any = any || parts;
  }
  return any ? build(&p) : NULL;
}
