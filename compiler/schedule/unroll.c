// unroll.c - see unroll.h.
//
// An index is unrolled where every reader names the entries that it reads: by constants, or by indices of its own that are
// unrolled too.  So the set of these is found from all that are small, by leaving out what some reader needs whole.  A result
// has a node beside its parts that puts them together; so has what a scatter reads, in its expression.
#include "schedule/unroll.h"

#include <math.h>

#include "schedule/schedule.h"

enum {
  EXTENT_MAX = 4, // of an index that is unrolled
  PARTS_MAX = 16, // nodes that one becomes
  TERMS_MAX = 64, // terms that are written out of one
  CALL_TERMS = 6  // that one with a call counts for, each call: in lanes it is a long text
};

typedef struct Unroller {
  Arena *arena;
  const Graph *in;
  Graph *g;
  const LoopTree *tree;
  const Poly *sample;
  uint64_t *unrolled;       // by id in `in`: its indices that are, a bit each
  const Node *const **part; // by id: its parts, the last index fastest; null: it stays one node
  bool *gathered, *near;    // by id: is it read at a place that a subscript computes; is it read elsewhere?
  const Node **map;         // by id: the node, of parts that which puts them together
} Unroller;

static bool has_bit(uint64_t set, int k) {
  return set >> k & 1;
}

// ---- which indices ----

static bool has_value(const Unroller *u, const Poly *p, int64_t *value) {
  const Dims *dims = u->in->dims;
  return poly_fixed(dims, p, value);
}

static int64_t extent_of(const Unroller *u, const Index *index) {
  int64_t value;
  return has_value(u, index->extent, &value) ? value : 0;
}

static bool is_small(const Unroller *u, const Index *index) {
  const int64_t extent = extent_of(u, index);
  return extent >= 1 && extent <= EXTENT_MAX;
}

// A subscript that is a number.
static bool is_number(const Unroller *u, const Expr *e, int64_t *value) {
  return e->kind == EXPR_POLY && has_value(u, e->u.poly, value);
}

// The indices of a node up to those of the loops that it runs in.
static uint64_t around(const Unroller *u, const Node *n) {
  int last = -1;
  for (const GraphLoop *l = u->tree->inside[n->id]; l; l = l->parent) {
    const int at = u->tree->position[l->id][n->id];
    if (at > last) last = at;
  }
  return indices_below(last + 1);
}

static int64_t entries(const Unroller *u, const Node *n, uint64_t set, int count) {
  int64_t product = 1;
  for (int q = 0; q < count; q++)
    if (has_bit(set, q)) product *= extent_of(u, &n->index[q]);
  return product;
}

static int64_t calls_in(const Expr *e) {
  Arena *a = arena_new();
  size_t count;
  int64_t calls = 0;
  const Expr **part = expr_parts(a, e, &count);
  for (size_t k = 0; k < count; k++) calls += part[k]->kind == EXPR_PRIM && prim_calls(part[k]->u.prim.op);
  arena_free(a);
  return calls;
}

static bool may_write_out(const Node *n) {
  return n->reduce == REDUCE_SUM || n->reduce == REDUCE_PROD ||
         ((n->reduce == REDUCE_MAX || n->reduce == REDUCE_MIN) && n->type == TYPE_REAL);
}

// Those that could be, as far as the node alone says.
static uint64_t candidates(const Unroller *u, Graph *pool, const Node *n) {
  if ((n->kind != NODE_COMP && n->kind != NODE_CARRY) || contraction_of(pool, u->tree, n, u->sample)) return 0;
  const int count = may_write_out(n) ? n->nout + n->nred : n->nout;
  const uint64_t loops = around(u, n);
  uint64_t set = 0;
  for (int q = 0; q < count; q++)
    if (is_small(u, &n->index[q]) && !has_bit(loops, q) && !(n->kind == NODE_CARRY && q == n->axis))
      set |= (uint64_t)1 << q;
  // Few enough: the last indices go first, those of sums behind all others.
  const int64_t each = 1 + CALL_TERMS * calls_in(n->expr);
  for (int k = count; k-- > 0;) {
    const int q = k >= count - n->nout ? k - (count - n->nout) : k + n->nout;
    if (entries(u, n, set, n->nout) > PARTS_MAX || each * entries(u, n, set, count) > TERMS_MAX) set &= ~((uint64_t)1 << q);
  }
  return set;
}

typedef struct Search {
  Unroller *u;
  const Node *reader;
  bool changed;
} Search;

// Does the reader name the entry, with its unrolled indices known?
static bool is_named(const Unroller *u, const Node *reader, const Expr *sub) {
  const uint64_t known = u->unrolled[reader->id];
  const Expr *zero[INDEX_MAX];
  int64_t value;
  if (sub->indices & ~known || sub->nodes) return false;
  for (int q = 0; q < INDEX_MAX; q++) zero[q] = expr_int(u->g, 0);
  return is_number(u, expr_substitute(u->g, sub, zero, INDEX_MAX, NULL), &value);
}

static void leave_out(void *context, const Expr *read) {
  Search *s = context;
  const Node *n = read->u.read.node;
  uint64_t *set = &s->u->unrolled[n->id];
  for (int k = 0; k < n->nout; k++) {
    if (!has_bit(*set, k) || is_named(s->u, s->reader, read->u.read.sub[k])) continue;
    *set &= ~((uint64_t)1 << k);
    s->changed = true;
  }
}

// A carry and what it takes have the same parts.
static void leave_out_unlike(Search *s, const Node *carry) {
  uint64_t *own = &s->u->unrolled[carry->id], *next = &s->u->unrolled[carry->next->id];
  const uint64_t outputs = indices_below(carry->nout), both = *own & *next;
  s->changed = s->changed || *own != both || (*next & outputs) != both;
  *own = both;
  *next &= both | ~outputs;
}

// ---- rows that are read at places which subscripts compute ----

static void note_read(void *context, const Expr *read) {
  Unroller *u = context;
  const Node *n = read->u.read.node;
  bool gathers = false;
  for (int k = 0; k < n->nout; k++) gathers = gathers || (!has_bit(u->unrolled[n->id], k) && read->u.read.sub[k]->nodes);
  (gathers ? u->gathered : u->near)[n->id] = true;
}

static bool is_condition(const void *context, const Expr *part) {
  (void)context;
  return part->type == TYPE_BOOL;
}

// Are its entries all computed alike, from what has no parts?
static bool is_plain(const Unroller *u, const Node *n) {
  const Reads reads = node_reads(u->arena, u->in, n);
  bool plain = n->kind == NODE_COMP && n->nred == 0 && !n->guard && !expr_has(n->expr, is_condition, NULL);
  for (size_t k = 0; k < reads.count; k++) plain = plain && !u->unrolled[reads.read[k]->u.read.node->id];
  return plain;
}

// The entries of a row that lies anywhere are best near one another: what nothing reads but at such places stays an array.
static void leave_rows(Unroller *u) {
  for (size_t k = 0; k < u->in->count; k++) node_each_read(u->in, u->in->nodes[k], note_read, u);
  for (size_t k = 0; k < u->in->count; k++)
    if (u->gathered[k] && !u->near[k] && is_plain(u, u->in->nodes[k])) u->unrolled[k] = 0;
}

// ---- which of them are worth it ----

// Indices that go together, since one subscripts the other: sets of them, each a tree towards its first.
typedef struct Sets {
  Unroller *u;
  const Node *reader;
  int *up;     // by node and index
  bool *worth; // by the first of a set
  bool *alone; // it is the only one
} Sets;

static int place_of(const Node *n, int q) {
  return n->id * INDEX_MAX + q;
}

static int first_of(const Sets *s, int at) {
  while (s->up[at] != at) at = s->up[at] = s->up[s->up[at]];
  return at;
}

static void join(Sets *s, int x, int y) {
  x = first_of(s, x);
  y = first_of(s, y);
  s->up[y] = x;
  s->worth[x] = s->worth[x] || s->worth[y];
  s->alone[x] = s->alone[x] && x == y;
}

static void find_worth(Sets *s, int at) {
  s->worth[first_of(s, at)] = true;
}

// An entry that is named by a number is worth a name; what an index subscripts goes with it.
static void join_read(void *context, const Expr *read) {
  Sets *s = context;
  const Node *n = read->u.read.node;
  for (int k = 0; k < n->nout; k++) {
    const Expr *sub = read->u.read.sub[k];
    if (!has_bit(s->u->unrolled[n->id], k)) continue;
    if (!sub->indices) find_worth(s, place_of(n, k));
    for (int q = 0; q < INDEX_MAX; q++)
      if (expr_uses_index(sub, q)) join(s, place_of(s->reader, q), place_of(n, k));
  }
}

// Conditions on an index settle.
static void look_for_conditions(Sets *s, const Node *n, const Expr *e) {
  Arena *a = arena_new();
  size_t count;
  const Expr **part = expr_parts(a, e, &count);
  for (size_t k = 0; k < count; k++) {
    const bool compares =
        part[k]->kind == EXPR_PRIM && part[k]->type == TYPE_BOOL && part[k]->u.prim.arg[0]->type == TYPE_INT;
    for (int q = 0; compares && q < n->nout + n->nred; q++)
      if (expr_uses_index(part[k], q)) find_worth(s, place_of(n, q));
  }
  arena_free(a);
}

// Within a loop's step each entry is a variable; of what is mapped over samples only entries that are told apart are worth their
// text, and sums over few terms.
static void keep_worthy(Unroller *u) {
  const size_t all = (u->in->count + 1) * INDEX_MAX;
  Sets s = {.u = u, .up = arena_array(u->arena, int, all), .worth = arena_array(u->arena, bool, all)};
  s.alone = arena_array(u->arena, bool, all);
  for (size_t k = 0; k < all; k++) {
    s.up[k] = (int)k;
    s.alone[k] = true;
  }
  for (size_t k = 0; k < u->in->count; k++) {
    const Node *n = s.reader = u->in->nodes[k];
    node_each_read(u->in, n, join_read, &s);
    for (int q = 0; n->next && q < n->nout; q++) join(&s, place_of(n, q), place_of(n->next, q));
    if (n->expr) look_for_conditions(&s, n, n->expr);
    if (n->guard) look_for_conditions(&s, n, n->guard);
    for (int q = 0; q < n->nout && u->tree->inside[n->id]; q++) find_worth(&s, place_of(n, q));
  }
  for (size_t k = 0; k < u->in->count; k++)
    for (int q = u->in->nodes[k]->nout; q < u->in->nodes[k]->nout + u->in->nodes[k]->nred; q++)
      if (s.alone[first_of(&s, place_of(u->in->nodes[k], q))]) find_worth(&s, place_of(u->in->nodes[k], q));
  for (size_t k = 0; k < u->in->count; k++)
    for (int q = 0; q < INDEX_MAX; q++)
      if (has_bit(u->unrolled[k], q) && !s.worth[first_of(&s, place_of(u->in->nodes[k], q))])
        u->unrolled[k] &= ~((uint64_t)1 << q);
}

static void find_indices(Unroller *u) {
  Graph *pool = graph_new(u->arena, u->in->dims, u->in->name);
  for (size_t k = 0; k < u->in->count; k++) u->unrolled[k] = candidates(u, pool, u->in->nodes[k]);
  keep_worthy(u);
  Search s = {.u = u, .changed = true};
  while (s.changed) {
    s.changed = false;
    for (size_t k = 0; k < u->in->count; k++) {
      const Node *n = s.reader = u->in->nodes[k];
      if (n->kind == NODE_SCATTER) {
        if (n->base) expr_each_read(u->in, n->base, leave_out, &s);
        for (int q = 0; q < n->nout; q++) expr_each_read(u->in, n->target[q], leave_out, &s);
        continue;
      }
      node_each_read(u->in, n, leave_out, &s);
      if (n->kind == NODE_CARRY && n->next) leave_out_unlike(&s, n);
    }
  }
}

// ---- the parts ----

// One of the parts, or one term of a part: the values of the unrolled indices.
typedef struct Values {
  int64_t of[INDEX_MAX];
} Values;

// The next ones, the last index fastest, of the unrolled indices from..to; false: there are no more.
static bool advance(const Unroller *u, const Node *n, int from, int to, Values *v) {
  for (int q = to; q-- > from;) {
    if (!has_bit(u->unrolled[n->id], q)) continue;
    if (++v->of[q] < extent_of(u, &n->index[q])) return true;
    v->of[q] = 0;
  }
  return false;
}

static const Expr *zero_of(Graph *g, Type type) {
  return type == TYPE_REAL ? expr_real(g, 0) : type == TYPE_INT ? expr_int(g, 0) : expr_bool(g, false);
}

// Of two conditions, too.
static const Expr *chosen(Graph *g, const Expr *c, const Expr *x, const Expr *y) {
  if (x->type != TYPE_BOOL) return expr_select(g, c, x, y);
  return expr_prim2(g, PRIM_OR, expr_prim2(g, PRIM_AND, c, x), expr_prim2(g, PRIM_AND, expr_prim1(g, PRIM_NOT, c), y));
}

// The entry of n at `sub`: of the part that constants name, or of the one of several whose turn it is.
static const Expr *entry(Unroller *u, const Node *n, const Expr **sub) {
  const uint64_t set = u->unrolled[n->id];
  const Expr *rest[INDEX_MAX];
  int64_t value, place = 0;
  int count = 0;
  if (!u->part[n->id]) return expr_read(u->g, u->map[n->id], sub);
  for (int k = 0; k < n->nout; k++) {
    const int64_t extent = extent_of(u, &n->index[k]);
    const Expr *own = sub[k], *choice = NULL;
    if (!has_bit(set, k)) {
      rest[count++] = own;
    } else if (is_number(u, own, &value)) {
      if (value < 0 || value >= extent) return zero_of(u->g, n->type); // behind a condition that is false
      place = place * extent + value;
    } else {
      for (int64_t v = extent; v-- > 0; sub[k] = own) {
        sub[k] = expr_int(u->g, v);
        const Expr *e = entry(u, n, sub);
        choice = choice ? chosen(u->g, expr_prim2(u->g, PRIM_EQ, own, expr_int(u->g, v)), e, choice) : e;
      }
      return choice;
    }
  }
  return expr_read(u->g, u->part[n->id][place], rest);
}

typedef struct Rewriting {
  Unroller *u;
  const Node *n;
  const Values *v;
} Rewriting;

static const Expr *rewritten(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Rewriting *r = context;
  const uint64_t set = r->u->unrolled[r->n->id];
  const Expr *sub[INDEX_MAX];
  if (part->kind == EXPR_INDEX) {
    const int q = part->u.index;
    if (has_bit(set, q)) return expr_int(g, r->v->of[q]);
    int place = q;
    for (int k = 0; k < q; k++) place -= has_bit(set, k);
    return expr_index(g, place);
  }
  if (part->kind != EXPR_READ) return NULL;
  for (int k = 0; k < part->u.read.node->nout; k++) sub[k] = arg[k];
  return entry(r->u, part->u.read.node, sub);
}

// An expression of n where its unrolled indices have these values.
static const Expr *at_values(Unroller *u, const Node *n, const Expr *e, const Values *v) {
  return e ? expr_rebuild(u->g, e, rewritten, &(Rewriting){u, n, v}) : NULL;
}

static const struct {
  Prim op;
  double neutral;
} joins[] = {[REDUCE_SUM] = {PRIM_ADD, 0},
             [REDUCE_PROD] = {PRIM_MUL, 1},
             [REDUCE_MAX] = {PRIM_MAX, -INFINITY},
             [REDUCE_MIN] = {PRIM_MIN, INFINITY}};

// The terms over what is unrolled of the indices that n reduces; conditions that are left go into them where they depend on it.
static const Expr *joined(Unroller *u, const Node *n, Values *v, const Expr **guard) {
  const uint64_t reduced = indices_below(n->nout + n->nred) & ~indices_below(n->nout);
  const uint64_t set = u->unrolled[n->id] & reduced;
  const bool all_written = set == reduced;
  const bool within = n->guard && (all_written || n->guard->indices & set);
  const Expr *neutral = n->type == TYPE_INT ? expr_int(u->g, (int64_t)joins[n->reduce].neutral)
                                            : expr_real(u->g, joins[n->reduce].neutral);
  const Expr *all = NULL;
  *guard = within ? NULL : at_values(u, n, n->guard, v);
  do {
    const Expr *term = at_values(u, n, n->expr, v);
    if (within) term = expr_select(u->g, at_values(u, n, n->guard, v), term, neutral);
    all = all ? expr_prim2(u->g, joins[n->reduce].op, all, term) : term;
  } while (advance(u, n, n->nout, n->nout + n->nred, v));
  return all;
}

static Node part_at(Unroller *u, const Node *n, Values *v) {
  const uint64_t set = u->unrolled[n->id];
  Node made = *n;
  made.origin = set & indices_below(n->nout) ? ORIGIN_PART : ORIGIN_WRITTEN_OUT;
  Index *index = arena_array(u->arena, Index, (size_t)(n->nout + n->nred) + 1);
  made.nout = made.nred = 0;
  made.next = made.alive = NULL;
  for (int q = 0; q < n->nout + n->nred; q++) {
    if (has_bit(set, q)) {
      if (n->kind == NODE_CARRY && q < n->axis) made.axis--;
      if (q < n->nout) made.name = arena_printf(u->arena, "%s_%d", made.name, (int)v->of[q]);
      continue;
    }
    index[made.nout + made.nred] = n->index[q];
    *(q < n->nout ? &made.nout : &made.nred) += 1;
  }
  made.index = index;
  if (made.nred == 0) made.reduce = REDUCE_NONE;
  if (n->reduce == REDUCE_NONE || made.nred == n->nred) {
    made.expr = at_values(u, n, n->expr, v);
    made.guard = at_values(u, n, n->guard, v);
  } else {
    made.expr = joined(u, n, v, &made.guard);
  }
  return made;
}

static void add_parts(Unroller *u, const Node *n) {
  const Node **part = arena_array(u->arena, const Node *, (size_t)entries(u, n, u->unrolled[n->id], n->nout));
  Values v = {{0}};
  size_t count = 0;
  do {
    const Node made = part_at(u, n, &v);
    part[count++] = graph_add(u->g, &made);
  } while (advance(u, n, 0, n->nout, &v));
  if (u->unrolled[n->id] & indices_below(n->nout))
    u->part[n->id] = part;
  else
    u->map[n->id] = part[0];
}

// All parts of a result in one array.
static void put_together(Unroller *u, const Node *n) {
  if (!u->part[n->id] || u->map[n->id]) return;
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(u->g, k);
  const Node whole = node_whole(n, entry(u, n, sub));
  u->map[n->id] = graph_add(u->g, &whole);
}

static void close_carries(Unroller *u) {
  for (size_t k = 0; k < u->in->count; k++) {
    const Node *n = u->in->nodes[k];
    if (n->kind != NODE_CARRY || !n->next) continue;
    const Node *alive = n->alive ? u->map[n->alive->id] : NULL;
    const int64_t count = u->part[k] ? entries(u, n, u->unrolled[k], n->nout) : 0;
    if (!count) graph_close(u->map[k], u->map[n->next->id], alive);
    for (int64_t p = 0; p < count; p++) graph_close(u->part[k][p], u->part[n->next->id][p], alive);
  }
}

Graph *unroll(Arena *a, const Graph *g, const Poly *sample) {
  Unroller u = {
      .arena = a, .in = g, .g = graph_new(a, g->dims, g->name), .tree = graph_loops(a, g, NULL), .sample = sample};
  u.unrolled = arena_array(a, uint64_t, g->count + 1);
  u.part = arena_array(a, const Node *const *, g->count + 1);
  u.map = arena_array(a, const Node *, g->count + 1);
  u.gathered = arena_array(a, bool, g->count + 1);
  u.near = arena_array(a, bool, g->count + 1);
  find_indices(&u);
  leave_rows(&u);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (u.unrolled[k]) {
      add_parts(&u, n);
      continue;
    }
    Node copy = *n;
    const Values none = {{0}};
    copy.expr = at_values(&u, n, n->expr, &none);
    copy.guard = at_values(&u, n, n->guard, &none);
    copy.base = at_values(&u, n, n->base, &none);
    copy.next = copy.alive = NULL;
    const Expr **target = arena_array(a, const Expr *, (size_t)n->nout + 1);
    for (int q = 0; n->target && q < n->nout; q++) target[q] = at_values(&u, n, n->target[q], &none);
    if (n->target) copy.target = target;
    u.map[k] = graph_add(u.g, &copy);
  }
  for (size_t k = 0; k < g->nroots; k++) put_together(&u, g->roots[k].node);
  close_carries(&u);
  graph_copy_roots(u.g, g, u.map, ALL_ROLES);
  return u.g;
}
