// share.c - arrays that are versions of one another share their memory.
//
// A scatter starts as a copy of its base, a carry as a copy of its start, behind each step a carry becomes a copy of what
// the step made of it, and some nodes are nothing but copies.  Where no entry of an older version is read after a newer
// one has written it, all of them are one array, and the copies are not made: an update in place costs what it touches.
//
// Two accesses of an entry that are made in one iteration of all loops around both have the order of their steps.  Loops
// around both are either of that kind - both versions are made anew in each iteration, or both subscripts have the loop's
// index at the same axis - or they cross: the write of another iteration may come first.  Then the subscripts must be
// provably different: by what they are, by the guards, or since indices are not negative.
#include "schedule/internal.h"

// One way in which a step reads or writes entries of an array.
typedef struct Access {
  const Node *array;
  const Node *user; // whose indices the subscripts use
  Step *step;
  Loop *inside;           // the innermost loop around it
  Loop *const *loop;      // by index of the user; null: a loop of the step's own, or one that runs the index the other way
  const Expr *const *sub; // by axis of the array; null: any entry
  size_t at;              // position among all steps
  size_t since;           // of a read: the step that gave the array what is read; 0: the first one of it
} Access;

typedef struct Accesses {
  Access *list;
  size_t count, room;
} Accesses;

// A step that copies: entry for entry, from one array to another.
typedef struct Copy {
  const Node *from, *to;
  const Step *step;
} Copy;

typedef struct Sharer {
  Schedule *s;
  const Reads *reads;
  size_t at;    // steps met
  size_t *made; // by node: the first step of it
  size_t *next; // by node: the step in which a carry takes its next entry
  size_t *left; // by loop: its last step
  Accesses read, written;
  Copy *copy;
  size_t ncopy, copy_room;
  int *set; // by node
} Sharer;

// ---- what the steps read and write ----

static bool around(const Loop *outer, const Loop *inner) {
  for (; inner; inner = inner->parent)
    if (inner == outer) return true;
  return false;
}

// The loops of n's indices as far as they are around this place.
static Loop *const *loops_around(const Sharer *h, const Node *n, const Loop *inside) {
  int total = n->nout + n->nred;
  Loop **loop = arena_array(h->s->arena, Loop *, (size_t)total + 1);
  for (int k = 0; k < total; k++) {
    Loop *l = h->s->place[n->id].loop[k];
    loop[k] = l && around(l, inside) ? l : NULL;
  }
  return loop;
}

// Those whose iterations are the entries: a sum that takes its last term first reads n - 1 - i in iteration i.
static Loop *const *loops_forwards(const Sharer *h, const Node *n) {
  const Place *p = &h->s->place[n->id];
  int total = n->nout + n->nred;
  Loop **loop = arena_array(h->s->arena, Loop *, (size_t)total + 1);
  for (int k = 0; k < total; k++) loop[k] = p->loop[k] && !p->mirrored[k] ? p->loop[k] : NULL;
  return loop;
}

static const Expr *const *own_entry(const Sharer *h, const Node *n) {
  const Expr **sub = arena_array(h->s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(h->s->pool, k);
  return sub;
}

static void add_access(const Sharer *h, Accesses *to, Access a) {
  ARENA_PUSH(h->s->arena, to->list, to->count, to->room) = a;
}

// Are the kept axes of n, read at `sub`, those of `to` in their order?
static bool is_copy(const Sharer *h, const Node *n, const Expr *const *sub, const Node *to) {
  const Place *p = &h->s->place[n->id], *q = &h->s->place[to->id];
  if (p->stored != STORED_WORK || q->stored != STORED_WORK || n->type != to->type) return false;
  int k = 0;
  for (int j = 0; j < n->nout; j++) {
    if (!p->kept[j]) continue;
    while (k < to->nout && !q->kept[k]) k++;
    if (k == to->nout || n->index[j].extent != to->index[k].extent) return false;
    if (sub[j]->kind != EXPR_INDEX || sub[j]->u.index != k) return false;
    k++;
  }
  while (k < to->nout && !q->kept[k]) k++;
  return k == to->nout;
}

static void try_copy(Sharer *h, const Node *from, const Expr *const *sub, const Node *to, const Step *step) {
  if (is_copy(h, from, sub, to)) ARENA_PUSH(h->s->arena, h->copy, h->ncopy, h->copy_room) = (Copy){from, to, step};
}

typedef struct Start {
  Sharer *h;
  Access at;
} Start;

static void read_at_start(void *context, const Expr *read) {
  Start *s = context;
  s->at.array = read->u.read.node;
  s->at.sub = read->u.read.sub;
  add_access(s->h, &s->h->read, s->at);
}

static void visit_init(Sharer *h, Step *step, Access a) {
  const Node *n = step->node;
  const Expr *start = n->kind == NODE_CARRY ? n->expr : n->base;
  a.loop = loops_around(h, n, a.inside);
  if (start) expr_each_read(h->s->task.graph, start, read_at_start, &(Start){h, a});
  if (start && start->kind == EXPR_READ) try_copy(h, start->u.read.node, start->u.read.sub, n, step);
  a.array = n;
  a.sub = own_entry(h, n);
  add_access(h, &h->written, a);
}

static void visit_node(Sharer *h, Step *step, Access a) {
  const Node *n = step->node;
  const Reads *reads = &h->reads[n->id];
  a.loop = loops_forwards(h, n);
  for (size_t k = 0; k < reads->count; k++) {
    if (n->base && n->base == reads->read[k]) continue; // read where the node starts
    Access r = a;
    r.array = reads->read[k]->u.read.node;
    r.sub = reads->read[k]->u.read.sub;
    add_access(h, &h->read, r);
  }
  if (n->kind == NODE_COMP && n->reduce == REDUCE_NONE && !n->guard && n->expr->kind == EXPR_READ)
    try_copy(h, n->expr->u.read.node, n->expr->u.read.sub, n, step);
  a.array = n;
  a.sub = n->kind == NODE_SCATTER ? n->target : own_entry(h, n);
  add_access(h, &h->written, a);
}

static void visit_next(Sharer *h, Step *step, Access a) {
  const Node *c = step->node;
  h->next[c->id] = a.at;
  a.loop = loops_around(h, c, a.inside);
  a.sub = own_entry(h, c);
  a.array = c->next;
  add_access(h, &h->read, a);
  try_copy(h, c->next, a.sub, c, step);
  a.array = c;
  add_access(h, &h->written, a);
}

// A state lives from its start to the loop, and from the end of each step to the next: as if all of it were read there.
static void keep_states(Sharer *h, const Loop *loop, Loop *inside, bool behind) {
  h->at++;
  for (size_t k = 0; k < loop->nmembers; k++) {
    const Node *c = loop->members[k];
    if (c->kind != NODE_CARRY || h->s->place[c->id].loop[c->axis] != loop) continue;
    Access a = {
        .array = c, .user = c, .inside = inside, .at = h->at, .since = behind ? h->next[c->id] : h->made[c->id]};
    add_access(h, &h->read, a);
  }
}

// Where a loop is left, what is filled up is written anywhere.
static void visit_leave(Sharer *h, Step *step, Access a) {
  for (size_t k = 0; k < step->loop->nfill; k++) {
    a.array = a.user = step->loop->fill[k];
    add_access(h, &h->written, a);
    a.array = state_taking(h->s, step->loop, a.user);
    if (a.array) add_access(h, &h->read, a);
  }
}

static void visit_steps(Sharer *h, Step *body, size_t count, Loop *inside);

static void visit_loop(Sharer *h, Loop *loop, Loop *inside) {
  keep_states(h, loop, inside, false);
  visit_steps(h, loop->body, loop->nbody, loop);
  keep_states(h, loop, loop, true);
  h->left[loop->id] = h->at;
}

static void visit_steps(Sharer *h, Step *body, size_t count, Loop *inside) {
  for (size_t k = 0; k < count; k++) {
    Step *step = &body[k];
    if (step->kind == STEP_LOOP) {
      visit_loop(h, step->loop, inside);
      continue;
    }
    Access a = {.user = step->node, .step = step, .inside = inside, .at = ++h->at};
    if (!h->made[step->node->id]) h->made[step->node->id] = h->at;
    switch (step->kind) {
    case STEP_INIT: visit_init(h, step, a); break;
    case STEP_NODE: visit_node(h, step, a); break;
    case STEP_NEXT: visit_next(h, step, a); break;
    case STEP_LEAVE: visit_leave(h, step, a); break;
    default: a.array = step->node; add_access(h, &h->read, a);
    }
  }
}

// ---- subscripts as sums over loops ----

enum { SIDES = 3 }; // the loops that both share the iteration of; other loops around the read; around the write

typedef struct Sum {
  int64_t *factor; // by side, then by loop; then by index of a user in a loop of its own, read and write
  const Poly *rest;
} Sum;

typedef struct Pair {
  const Sharer *h;
  const Access *read, *write;
  const bool *same; // by loop: both are in the same iteration
} Pair;

static size_t sum_size(const Sharer *h) {
  return SIDES * h->s->nloops + 2 * INDEX_MAX;
}

static bool as_sum(const Pair *p, const Expr *e, const Access *a, Sum *sum) {
  Schedule *s = p->h->s;
  int total = a->user->nout + a->user->nred;
  int64_t *coefficient = arena_array(s->arena, int64_t, (size_t)total + 1);
  const Expr *rest;
  if (!expr_affine(s->pool, e, total, coefficient, &rest) || rest->kind != EXPR_POLY) return false;
  sum->factor = arena_array(s->arena, int64_t, sum_size(p->h));
  sum->rest = rest->u.poly;
  size_t side = a == p->write ? 1 : 0;
  for (int k = 0; k < total; k++) {
    const Loop *l = a->loop[k];
    size_t at = l ? (p->same[l->id] ? 0 : 1 + side) * s->nloops + (size_t)l->id
                  : SIDES * s->nloops + side * INDEX_MAX + (size_t)k;
    sum->factor[at] += coefficient[k];
  }
  return true;
}

// a - b
static Sum difference(const Pair *p, const Sum *a, const Sum *b) {
  Schedule *s = p->h->s;
  Sum d = {arena_array(s->arena, int64_t, sum_size(p->h)), poly_sub(s->task.graph->dims, a->rest, b->rest)};
  for (size_t k = 0; k < sum_size(p->h); k++) d.factor[k] = a->factor[k] - b->factor[k];
  return d;
}

// Is it `least` or more, whatever the indices?
static bool at_least(const Pair *p, const Sum *d, int64_t least) {
  Dims *dims = p->h->s->task.graph->dims;
  for (size_t k = 0; k < sum_size(p->h); k++)
    if (d->factor[k] < 0) return false;
  return poly_is_nonnegative(dims, poly_sub(dims, d->rest, poly_int(dims, least)));
}

static bool is_zero(const Pair *p, const Sum *d) {
  int64_t rest;
  for (size_t k = 0; k < sum_size(p->h); k++)
    if (d->factor[k]) return false;
  return poly_is_int(d->rest, &rest) && rest == 0;
}

// Does condition e, over the indices of a, say that d is never 0?
static bool excluded_by(const Pair *p, const Expr *e, const Access *a, const Sum *d, const Sum *opposite) {
  if (!e || e->kind != EXPR_PRIM) return false;
  const Expr *const *arg = e->u.prim.arg;
  if (e->u.prim.op == PRIM_AND) return excluded_by(p, arg[0], a, d, opposite) || excluded_by(p, arg[1], a, d, opposite);
  Prim op = e->u.prim.op;
  bool less = op == PRIM_LT || op == PRIM_LE, more = op == PRIM_GT || op == PRIM_GE;
  if ((!less && !more && op != PRIM_NE) || arg[0]->type != TYPE_INT) return false;
  Sum x, y;
  if (!as_sum(p, arg[0], a, &x) || !as_sum(p, arg[1], a, &y)) return false;
  // gap >= 1, or, of <=, gap >= 0
  Sum gap = more ? difference(p, &x, &y) : difference(p, &y, &x);
  int64_t missing = op == PRIM_LE || op == PRIM_GE ? 1 : 0;
  Sum over = difference(p, d, &gap), under = difference(p, opposite, &gap);
  if (op == PRIM_NE) return is_zero(p, &over) || is_zero(p, &under);
  return at_least(p, &over, missing) || at_least(p, &under, missing);
}

// The condition without which nothing is read; without which nothing is written: what is not added to becomes 0 then.
static const Expr *read_guard(const Access *a) {
  return a->step->kind == STEP_NODE ? a->user->guard : NULL;
}

static const Expr *write_guard(const Access *a) {
  return a->step->kind == STEP_NODE && node_accumulates(a->user) ? a->user->guard : NULL;
}

static bool never_equal_at(const Pair *p, const Expr *read, const Expr *write) {
  Sum r, w;
  if (!as_sum(p, read, p->read, &r) || !as_sum(p, write, p->write, &w)) return false;
  Sum d = difference(p, &w, &r), opposite = difference(p, &r, &w);
  return at_least(p, &d, 1) || at_least(p, &opposite, 1) || excluded_by(p, read_guard(p->read), p->read, &d, &opposite) ||
         excluded_by(p, write_guard(p->write), p->write, &d, &opposite);
}

// ---- may a write come before a read? ----

static const Expr *kept_subscript(const Sharer *h, const Access *a, int rank) {
  const bool *kept = h->s->place[a->array->id].kept;
  for (int k = 0; k < a->array->nout; k++)
    if (kept[k] && rank-- == 0) return a->sub ? a->sub[k] : NULL;
  return NULL;
}

static int kept_rank(const Sharer *h, const Node *n) {
  int rank = 0;
  for (int k = 0; k < n->nout; k++) rank += h->s->place[n->id].kept[k];
  return rank;
}

// Is n made anew in each iteration of the loop?
static bool is_anew(const Sharer *h, const Node *n, const Loop *loop) {
  const Place *p = &h->s->place[n->id];
  for (int k = 0; k < n->nout; k++)
    if (p->loop[k] == loop && !p->kept[k]) return true;
  return false;
}

static bool at_loop(const Access *a, const Expr *sub, const Loop *loop) {
  return sub && sub->kind == EXPR_INDEX && a->loop[sub->u.index] == loop;
}

static bool is_aligned(const Sharer *h, const Access *read, const Access *write, const Loop *loop) {
  int rank = kept_rank(h, read->array);
  for (int k = 0; k < rank; k++)
    if (at_loop(read, kept_subscript(h, read, k), loop) && at_loop(write, kept_subscript(h, write, k), loop))
      return true;
  return false;
}

// Does the step make all entries while it reads all?
static bool is_whole(const Sharer *h, const Step *step) {
  return step->kind == STEP_NODE && h->s->place[step->node->id].contraction;
}

// May the write change an entry before the read has seen it?
static bool clash(const Sharer *h, const Access *read, const Access *write) {
  Schedule *s = h->s;
  bool *same = arena_array(s->arena, bool, s->nloops + 1), crossing = false;
  for (const Loop *l = read->inside; l; l = l->parent) {
    if (!around(l, write->inside)) continue;
    bool anew = is_anew(h, read->array, l);
    if (anew && !is_anew(h, write->array, l)) return true;
    same[l->id] = anew || is_aligned(h, read, write, l);
    crossing = crossing || !same[l->id];
  }
  if (!crossing && read->at <= write->at) return read->step && read->step == write->step && is_whole(h, read->step);
  Pair p = {h, read, write, same};
  int rank = kept_rank(h, read->array);
  for (int k = 0; k < rank; k++) {
    const Expr *r = kept_subscript(h, read, k), *w = kept_subscript(h, write, k);
    if (r && w && never_equal_at(&p, r, w)) return false;
  }
  return true;
}

// ---- sets of versions ----

static bool is_copied(const Sharer *h, const Step *step, int a, int b) {
  for (size_t k = 0; k < h->ncopy; k++) {
    int from = h->set[h->copy[k].from->id], to = h->set[h->copy[k].to->id];
    if (h->copy[k].step == step && (from == a || from == b) && (to == a || to == b)) return true;
  }
  return false;
}

// When the version that is read was made: the last state behind its loop.
static size_t version(const Sharer *h, const Access *read) {
  const Node *n = read->array;
  if (read->since) return read->since;
  const Loop *steps = n->kind == NODE_CARRY ? h->s->place[n->id].loop[n->axis] : NULL;
  return steps && !around(steps, read->inside) ? h->left[steps->id] : h->made[n->id];
}

static bool in_either(const Sharer *h, const Node *n, int a, int b) {
  return h->s->place[n->id].stored == STORED_WORK && (h->set[n->id] == a || h->set[n->id] == b);
}

// Of an array that a loop makes entry by entry, each in one iteration: may the write, in a later one, reach an entry again?
static bool comes_again(const Sharer *h, const Access *read, const Access *write) {
  const Node *n = read->array;
  const Place *p = &h->s->place[n->id];
  for (int k = 0, rank = 0; k < n->nout; k++) {
    if (!p->kept[k]) continue;
    const bool within = p->loop[k] && around(p->loop[k], write->inside);
    if (within && !at_loop(write, kept_subscript(h, write, rank), p->loop[k])) return true;
    rank++;
  }
  return false;
}

// Can the sets a and b be one array?  If not, *clashing reads an older version too late.
static bool may_merge(const Sharer *h, int a, int b, const Node **clashing) {
  for (size_t k = 0; k < h->read.count; k++) {
    const Access *read = &h->read.list[k];
    if (!in_either(h, read->array, a, b)) continue;
    for (size_t j = 0; j < h->written.count; j++) {
      const Access *write = &h->written.list[j];
      if (!in_either(h, write->array, a, b) || write->array == read->array) continue;
      if (write->at < version(h, read) && !comes_again(h, read, write)) continue;
      if (is_copied(h, write->step, a, b)) continue;
      if (!clash(h, read, write)) continue;
      *clashing = read->user;
      return false;
    }
  }
  return true;
}

static void merge(Sharer *h, int a, int b) {
  for (size_t k = 0; k < h->s->task.graph->count; k++)
    if (h->set[k] == b) h->set[k] = a;
}

static void settle(Sharer *h) {
  Schedule *s = h->s;
  const Graph *g = s->task.graph;
  const Node **first = arena_array(s->arena, const Node *, g->count);
  for (size_t k = 0; k < g->count; k++) {
    if (s->place[k].stored != STORED_WORK) continue;
    const Node **f = &first[h->set[k]];
    bool earlier =
        !*f || h->made[k] < h->made[(*f)->id] || (g->nodes[k]->kind == NODE_CARRY && (*f)->kind != NODE_CARRY);
    if (earlier) *f = g->nodes[k];
  }
  for (size_t k = 0; k < g->count; k++)
    if (s->place[k].stored == STORED_WORK && first[h->set[k]] != g->nodes[k]) {
      s->place[k].in = first[h->set[k]];
      s->place[k].in_why = (Reason){REASON_VERSION, first[h->set[k]]};
    }
  for (size_t k = 0; k < h->ncopy; k++)
    if (h->set[h->copy[k].from->id] == h->set[h->copy[k].to->id]) ((Step *)h->copy[k].step)->idle = true;
}

// Loops that are left with nothing to do.
static bool idle_steps(Step *body, size_t count) {
  bool all = true;
  for (size_t k = 0; k < count; k++) {
    if (body[k].kind == STEP_LOOP) body[k].idle = idle_steps(body[k].loop->body, body[k].loop->nbody);
    all = all && body[k].idle;
  }
  return all;
}

void share_arrays(Schedule *s, const Reads *reads) {
  const Graph *g = s->task.graph;
  Sharer h = {.s = s, .reads = reads};
  h.made = arena_array(s->arena, size_t, g->count);
  h.next = arena_array(s->arena, size_t, g->count);
  h.left = arena_array(s->arena, size_t, s->nloops + 1);
  h.set = arena_array(s->arena, int, g->count);
  for (size_t k = 0; k < g->count; k++) h.set[k] = (int)k;
  visit_steps(&h, s->body, s->nbody, NULL);
  for (size_t k = 0; k < h.ncopy; k++) {
    int a = h.set[h.copy[k].from->id], b = h.set[h.copy[k].to->id];
    const Node *clashing = NULL;
    if (a != b && may_merge(&h, a, b, &clashing)) merge(&h, a, b);
    if (clashing) s->place[h.copy[k].to->id].in_why = (Reason){REASON_CLASH, clashing};
  }
  settle(&h);
  idle_steps(s->body, s->nbody);
}
