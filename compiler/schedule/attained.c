// attained.c - see attained.h.
#include "schedule/attained.h"

#include "schedule/internal.h"

enum { DEEPEST = 4 }; // arrays that are written out in one another

typedef struct Places { // of an extremum's winners
  const Node *first, *end;
} Places;

typedef struct Attained {
  Arena *arena;
  Graph *g;
  const Poly *sample;
  const Node **map;
  Places *places; // by id in g: of the extrema that have been met
  bool *single;   // by id in g: one node alone reads it
} Attained;

static const Expr *own_read(Graph *g, const Node *n) {
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(g, k);
  return expr_read(g, n, sub);
}

// ---- the condition ----

// Does the condition hold for the sum's terms alone in which its first output stands where the extremum is attained?  The read of that, or
// null.  Of it each sample has one.
static const Expr *extremum_of(Graph *g, const Node *n, const Expr *condition) {
  if (!expr_is_prim(condition, PRIM_EQ)) return NULL;
  for (int k = 0; k < 2; k++) {
    const Expr *read = condition->u.prim.arg[k], *entry = condition->u.prim.arg[1 - k];
    const Node *m = read->kind == EXPR_READ ? read->u.read.node : NULL;
    if (!m || (m->reduce != REDUCE_MAX && m->reduce != REDUCE_MIN) || m->nred != 1 || m->guard || m->type != TYPE_REAL) continue;
    if (m->index[m->nout].extent != n->index[0].extent || read->indices & ~((uint64_t)1 << n->nout)) continue;
    const Expr *sub[INDEX_MAX];
    for (int q = 0; q < m->nout; q++) sub[q] = read->u.read.sub[q];
    sub[m->nout] = expr_index(g, 0);
    if (expr_substitute(g, m->expr, sub, m->nout + 1, NULL) == entry) return read;
  }
  return NULL;
}

static const Expr *extremum_in(Graph *g, const Node *n, const Expr *guard) {
  if (!guard) return NULL;
  if (!expr_is_prim(guard, PRIM_AND)) return extremum_of(g, n, guard);
  const Expr *read = extremum_in(g, n, guard->u.prim.arg[0]);
  return read ? read : extremum_in(g, n, guard->u.prim.arg[1]);
}

// The same, and not where the entry is not a number: this is what the extremum is then, and equals nothing.  What is multiplied by the 0 of
// such an entry is not a number, either.
static const Expr *weakened(Graph *g, const Node *n, const Expr *guard) {
  if (expr_is_prim(guard, PRIM_AND))
    return expr_prim2(g, PRIM_AND, weakened(g, n, guard->u.prim.arg[0]), weakened(g, n, guard->u.prim.arg[1]));
  const Expr *read = extremum_of(g, n, guard);
  if (!read) return guard;
  const Expr *entry = guard->u.prim.arg[guard->u.prim.arg[0] == read];
  return expr_prim2(g, PRIM_OR, guard, expr_prim2(g, PRIM_NE, entry, entry));
}

// ---- what the terms are made of ----

// A sum's condition, the read of the extremum that stands in it, whether the sum has it by itself, and how many arrays are being written
// out.
typedef struct Term {
  const Expr *guard, *extremum;
  bool strict;
  int depth;
} Term;

static const Expr *both(Graph *g, const Expr *a, const Expr *b) {
  return !a ? b : !b || a == b ? a : expr_prim2(g, PRIM_AND, a, b);
}

static const Expr *write_out(Attained *t, const Node *n, const Expr *e, Term *term);

// An array that is read: its own factors, where these are 0 but for the winners, or where nothing else reads it; else null.
static const Expr *write_read(Attained *t, const Node *n, const Expr *read, Term *term) {
  Graph *g = t->g;
  const Node *m = read->u.read.node;
  const Expr *const *sub = read->u.read.sub;
  if (m->kind != NODE_COMP || m->reduce != REDUCE_NONE || m->type != TYPE_REAL || !expr_uses_index(read, 0)) return NULL;
  const Expr *guard = m->guard ? expr_substitute(g, m->guard, sub, m->nout, NULL) : NULL;
  const Expr *value = expr_substitute(g, m->expr, sub, m->nout, NULL);
  Term own = {.extremum = extremum_in(g, n, guard), .strict = term->strict, .depth = term->depth + 1};
  if (own.depth > DEEPEST || !value || (m->guard && !guard)) return NULL;
  const Expr *factors = write_out(t, n, value, &own);
  if (!own.extremum && (m->guard || !t->single[m->id])) return NULL;
  if (factors) value = factors;
  if (guard && !term->strict) value = expr_select(g, guard, value, expr_real(g, 0));
  if (guard && !term->strict) guard = weakened(g, n, guard);
  guard = both(g, both(g, term->guard, own.guard), guard);
  if (!value || (!guard && m->guard)) return NULL; // higher than expressions may be
  term->guard = guard;
  if (own.extremum) term->extremum = own.extremum;
  return value;
}

// A product with such arrays written out; null: it stays as it is.
static const Expr *write_out(Attained *t, const Node *n, const Expr *e, Term *term) {
  if (e->kind == EXPR_READ) return write_read(t, n, e, term);
  if (!expr_is_prim(e, PRIM_NEG) && !expr_is_prim(e, PRIM_DIV) && !expr_is_prim(e, PRIM_MUL)) return NULL;
  const Expr *arg[3];
  bool any = false;
  for (int k = 0; k < e->u.prim.narg; k++) {
    const bool factor = k == 0 || e->u.prim.op == PRIM_MUL;
    const Expr *written = factor ? write_out(t, n, e->u.prim.arg[k], term) : NULL;
    arg[k] = written ? written : e->u.prim.arg[k];
    any = any || written;
  }
  return any ? expr_prim(t->g, e->u.prim.op, arg) : NULL;
}

// ---- where the winners stand ----

static const Node *find_ties(const Attained *t, const Node *m, const Expr *winner) {
  for (size_t k = (size_t)m->id + 1; k < t->g->count; k++) {
    const Node *n = t->g->nodes[k];
    if (n->kind != NODE_COMP || n->reduce != REDUCE_SUM || n->nout != m->nout || n->nred != 1 || !expr_is_real(n->expr, 1)) continue;
    const Expr *guard = n->guard;
    if (guard && expr_is_prim(guard, PRIM_EQ) && n->index[n->nout].extent == m->index[m->nout].extent &&
        (guard == winner || expr_prim2(t->g, PRIM_EQ, guard->u.prim.arg[1], guard->u.prim.arg[0]) == winner))
      return n;
  }
  return NULL;
}

static Node sum_of_winners(const Attained *t, const Node *m, const char *what) {
  Node sum = *m;
  sum.name = arena_printf(t->arena, "%s_%s", m->name, what);
  sum.origin = ORIGIN_ATTAINED;
  sum.reduce = REDUCE_SUM;
  return sum;
}

static const Node *choose_place(const Attained *t, const Node *m, const char *what, const Expr *alone, const Expr *place, const Expr *other) {
  Node n = *m;
  n.name = arena_printf(t->arena, "%s_%s", m->name, what);
  n.origin = ORIGIN_ATTAINED;
  n.type = TYPE_INT;
  n.reduce = REDUCE_NONE;
  n.nred = 0;
  n.expr = expr_select(t->g, alone, place, other);
  return graph_add(t->g, &n);
}

static const Places *places_of(Attained *t, const Node *m) {
  Graph *g = t->g;
  Places *p = &t->places[m->id];
  if (p->end) return p;
  const Expr *winner = expr_prim2(g, PRIM_EQ, m->expr, own_read(g, m));
  const Node *ties = find_ties(t, m, winner);
  if (!ties) {
    Node sum = sum_of_winners(t, m, "ties");
    sum.note = arena_printf(t->arena, "how many entries equal %s", m->name);
    sum.guard = winner;
    sum.expr = expr_real(g, 1);
    ties = graph_add(g, &sum);
  }
  Node sum = sum_of_winners(t, m, "place");
  sum.note = arena_printf(t->arena, "where the entry stands that equals %s, if it is one", m->name);
  sum.type = TYPE_INT;
  sum.expr = expr_select(g, winner, expr_index(g, m->nout), expr_int(g, 0));
  const Expr *place = own_read(g, graph_add(g, &sum));
  const Expr *alone = expr_prim2(g, PRIM_EQ, own_read(g, ties), expr_real(g, 1));
  p->first = choose_place(t, m, "first", alone, place, expr_int(g, 0));
  p->end = choose_place(t, m, "end", alone, expr_prim2(g, PRIM_ADD, place, expr_int(g, 1)), expr_poly(g, m->index[m->nout].extent));
  return p;
}

// ---- the sum ----

// Few entries are as soon added to all of them, in lanes.
static bool may_place(const Attained *t, const Node *n) {
  if (n->kind != NODE_COMP || n->reduce != REDUCE_SUM || n->type != TYPE_REAL || n->nout == 0 || n->nred != 1) return false;
  if (n->index[n->nout].extent != t->sample || n->index[0].extent == t->sample) return false;
  return !is_shorter(t->g->dims, n->index[0].extent, SHORTEST_STRIP);
}

static const Expr *bounds_of(Attained *t, const Expr *extremum) {
  Graph *g = t->g;
  const Places *p = places_of(t, extremum->u.read.node);
  const Expr *const *sub = extremum->u.read.sub, *j = expr_index(g, 0);
  return expr_prim2(g, PRIM_AND, expr_prim2(g, PRIM_GE, j, expr_read(g, p->first, sub)), expr_prim2(g, PRIM_LT, j, expr_read(g, p->end, sub)));
}

static void place_terms(Attained *t, Node *n) {
  Term term = {.guard = n->guard, .extremum = extremum_in(t->g, n, n->guard)};
  term.strict = term.extremum;
  const Expr *value = write_out(t, n, n->expr, &term);
  if (!term.extremum) return;
  const Expr *guard = expr_prim2(t->g, PRIM_AND, term.guard, bounds_of(t, term.extremum));
  if (!guard) return; // higher than expressions may be
  n->guard = guard;
  n->expr = value ? value : n->expr;
  n->origin = ORIGIN_ATTAINED;
}

typedef struct Uses {
  const Node **reader; // by id: the first
  const Node *at;
  bool *more;          // there are others
} Uses;

static void note_use(void *context, const Expr *read) {
  Uses *u = context;
  const int id = read->u.read.node->id;
  u->more[id] = u->more[id] || (u->reader[id] && u->reader[id] != u->at);
  u->reader[id] = u->at;
}

// By id: do several nodes read it, or is it wanted itself?
static const bool *find_shared(Arena *a, const Graph *g) {
  Uses u = {.reader = arena_array(a, const Node *, g->count + 1), .more = arena_array(a, bool, g->count + 1)};
  for (size_t k = 0; k < g->count; k++) {
    u.at = g->nodes[k];
    node_each_read(g, u.at, note_use, &u);
    if (u.at->next) u.more[u.at->next->id] = true;
    if (u.at->alive) u.more[u.at->alive->id] = true;
  }
  for (size_t k = 0; k < g->nroots; k++) u.more[g->roots[k].node->id] = true;
  return u.more;
}

Graph *place_attained(Arena *a, const Graph *in, const Poly *sample) {
  Attained t = {.arena = a, .g = graph_new(a, in->dims, in->name), .sample = sample};
  t.map = arena_array(a, const Node *, in->count + 1);
  const size_t room = 5 * in->count + 1; // at most four nodes are added for each
  const bool *shared = find_shared(a, in);
  t.places = arena_array(a, Places, room);
  t.single = arena_array(a, bool, room);
  for (size_t k = 0; k < in->count; k++) {
    Node n = graph_translated(t.g, in->nodes[k], t.map);
    if (sample && may_place(&t, &n)) place_terms(&t, &n);
    t.map[k] = graph_add(t.g, &n);
    t.single[t.map[k]->id] = !shared[k];
  }
  graph_close_copies(in, t.map);
  graph_copy_roots(t.g, in, t.map, ALL_ROLES);
  return t.g;
}
