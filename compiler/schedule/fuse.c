// fuse.c - the loop tree: nodes that share an index run in one loop.
//
// At each level the nodes are dealt, in topological order, to clusters that run one after the other: a cluster is one loop,
// or a step without one.  A node joins a loop where that is legal (what it reads of the loop's other members is the entry
// of the same iteration, and no member's reduction runs over the loop) and of use (it reads a member, or an array that a
// member reads too); the loop's body is then dealt in the same way, with one index less.
//
// Bits: a node's reduction indices always nest in their own order, so each sum adds its terms in the order that its node
// defines, whatever is fused with what.
#include "schedule/internal.h"

// Of loops whose index nobody named, by depth.
static const char *const usual_names[] = {"i", "j", "k", "l", "m"};

typedef struct Cluster Cluster;
struct Cluster {
  Cluster *previous, *next;
  size_t order;
  bool loop;
  const Poly *extent;
  const Node **members;
  int *position; // the index of each member that runs in this loop
  size_t count, room, position_room;
};

typedef struct Fuser {
  Schedule *s;
  const Reads *reads;
  Cluster **cluster_of; // by node id: at the level in hand
} Fuser;

static Loop *taken(const Fuser *f, const Node *n, int position) {
  return f->s->place[n->id].loop[position];
}

// May index `q` of n be the next loop around it?  Outputs in any order (a scatter has no loops for its own), reductions in theirs.
static bool candidate(const Fuser *f, const Node *n, int q) {
  if (taken(f, n, q)) return false;
  if (q < n->nout) return n->kind != NODE_SCATTER;
  for (int k = n->nout; k < q; k++)
    if (!taken(f, n, k)) return false;
  if (n->reduce == REDUCE_ARGMAX) // its accumulator is a pair: kept in scalars
    for (int k = 0; k < n->nout; k++)
      if (!taken(f, n, k)) return false;
  return true;
}

static bool is_index(const Expr *e, int q) {
  return e->kind == EXPR_INDEX && e->u.index == q;
}

// How index q walks through memory in the subscripts `sub`: 0 not at all, -1 by ones (good innermost), +2 in strides.
static int stride(const Expr *const *sub, int nsub, int q) {
  int walk = 0;
  for (int k = 0; k < nsub; k++)
    if (expr_uses_index(sub[k], q)) walk = k == nsub - 1 && walk == 0 ? -1 : 2;
  return walk;
}

// The higher, the better q stands outermost.  Dimensions known at call time first: they are the long ones.
static int rank_outer(const Fuser *f, const Node *n, int q) {
  int score = poly_is_fixed(f->s->task.graph->dims, n->index[q].extent) ? 0 : 1000;
  const Reads *r = &f->reads[n->id];
  for (size_t k = 0; k < r->count; k++) score += stride(r->read[k]->u.read.sub, r->read[k]->u.read.node->nout, q);
  if (n->kind == NODE_SCATTER) {
    score += stride(n->target, n->nout, q);
  } else if (q < n->nout) {
    bool last = true;
    for (int k = q + 1; k < n->nout; k++) last = last && taken(f, n, k);
    score += last ? -1 : 2;
  }
  return score;
}

static int best_outer(const Fuser *f, const Node *n) {
  int best = -1, best_score = 0, total = n->nout + n->nred;
  for (int q = 0; q < total; q++) {
    if (!candidate(f, n, q)) continue;
    int score = rank_outer(f, n, q);
    if (best < 0 || score > best_score) {
      best = q;
      best_score = score;
    }
  }
  return best;
}

// Which index of member m runs in cluster c.
static int position_in(const Cluster *c, const Node *m) {
  for (size_t k = 0; k < c->count; k++)
    if (c->members[k] == m) return c->position[k];
  return -1;
}

// May n run in loop c by its index q, beside member m that it reads?
static bool may_share(const Fuser *f, const Node *n, int q, const Cluster *c, const Node *m) {
  int p = position_in(c, m);
  if (p < 0 || p >= m->nout) return false;
  const Reads *r = &f->reads[n->id];
  for (size_t k = 0; k < r->count; k++)
    if (r->read[k]->u.read.node == m && !is_index(r->read[k]->u.read.sub[p], q)) return false;
  return true;
}

static bool may_join(const Fuser *f, const Node *n, int q, const Cluster *c) {
  if (!c->loop || n->index[q].extent != c->extent) return false;
  const Reads *r = &f->reads[n->id];
  for (size_t k = 0; k < r->count; k++) {
    const Node *m = r->read[k]->u.read.node;
    const Cluster *d = f->cluster_of[m->id];
    if (!d || d->order < c->order) continue;
    if (d != c || !may_share(f, n, q, c, m)) return false;
  }
  return true;
}

// Does n read a member of c, or an array that a member reads by the same loop?
static bool related(const Fuser *f, const Node *n, int q, const Cluster *c) {
  const Reads *r = &f->reads[n->id];
  for (size_t k = 0; k < r->count; k++) {
    const Node *m = r->read[k]->u.read.node;
    if (f->cluster_of[m->id] == c) return true;
    for (int s = 0; s < m->nout; s++) {
      if (!is_index(r->read[k]->u.read.sub[s], q)) continue;
      for (size_t j = 0; j < c->count; j++) {
        const Reads *other = &f->reads[c->members[j]->id];
        for (size_t i = 0; i < other->count; i++)
          if (other->read[i]->u.read.node == m && is_index(other->read[i]->u.read.sub[s], c->position[j])) return true;
      }
    }
  }
  return false;
}

// The first cluster that n can go to without meeting what it waits for.
static size_t earliest(const Fuser *f, const Node *n) {
  size_t at = 0;
  const Reads *r = &f->reads[n->id];
  for (size_t k = 0; k < r->count; k++) {
    const Cluster *d = f->cluster_of[r->read[k]->u.read.node->id];
    if (d && d->order + 1 > at) at = d->order + 1;
  }
  return at;
}

static void cluster_add(Fuser *f, Cluster *c, const Node *n, int q) {
  Arena *a = f->s->arena;
  size_t count = c->count;
  ARENA_PUSH(a, c->position, count, c->position_room) = q;
  ARENA_PUSH(a, c->members, c->count, c->room) = n;
  f->cluster_of[n->id] = c;
}

// A new cluster as early as order `at`; a step without a loop stands behind others of its kind.
static Cluster *cluster_new(Fuser *f, Cluster **first, Cluster **last, size_t at, bool loop) {
  Cluster *c = arena_new_of(f->s->arena, Cluster), *next = *first;
  while (next && (next->order < at || (!loop && !next->loop))) next = next->next;
  c->next = next;
  c->previous = next ? next->previous : *last;
  if (c->previous)
    c->previous->next = c;
  else
    *first = c;
  if (next)
    next->previous = c;
  else
    *last = c;
  size_t order = c->previous ? c->previous->order + 1 : 0;
  for (Cluster *k = c; k; k = k->next) k->order = order++;
  return c;
}

static void deal(Fuser *f, const Node *n, Cluster **first, Cluster **last) {
  int outer = best_outer(f, n);
  if (outer >= 0 && !f->s->task.no_fuse)
    for (Cluster *c = *first; c; c = c->next)
      for (int pass = 0; pass < 2; pass++) // the index that likes to stand outside first
        for (int q = 0; q < n->nout + n->nred; q++) {
          if (!candidate(f, n, q) || (q == outer) != (pass == 0)) continue;
          // A sum keeps the order of loops that walks memory best, unless it can ride along a long loop.
          bool eager = q == outer || !node_accumulates(n) || !poly_is_fixed(f->s->task.graph->dims, n->index[q].extent);
          if (eager && may_join(f, n, q, c) && related(f, n, q, c)) {
            cluster_add(f, c, n, q);
            return;
          }
        }
  Cluster *c = cluster_new(f, first, last, earliest(f, n), outer >= 0);
  c->loop = outer >= 0;
  c->extent = outer >= 0 ? n->index[outer].extent : NULL;
  cluster_add(f, c, n, outer);
}

static void append(Schedule *s, Loop *parent, Step step) {
  if (parent)
    ARENA_PUSH(s->arena, parent->body, parent->nbody, parent->room) = step;
  else
    ARENA_PUSH(s->arena, s->body, s->nbody, s->room) = step;
}

static bool reduction_begun(const Fuser *f, const Node *n) {
  for (int q = n->nout; q < n->nout + n->nred; q++)
    if (taken(f, n, q)) return true;
  return false;
}

static void fuse_level(Fuser *f, const Node **nodes, size_t count, Loop *parent) {
  Schedule *s = f->s;
  Cluster *first = NULL, *last = NULL;
  for (size_t k = 0; k < count; k++) f->cluster_of[nodes[k]->id] = NULL;
  for (size_t k = 0; k < count; k++) deal(f, nodes[k], &first, &last);
  for (size_t k = 0; k < count; k++) f->cluster_of[nodes[k]->id] = NULL;

  for (Cluster *c = first; c; c = c->next) {
    if (!c->loop) {
      const Node *n = c->members[0];
      if (node_accumulates(n) && !reduction_begun(f, n)) append(s, parent, (Step){.kind = STEP_INIT, .node = n});
      append(s, parent, (Step){.kind = STEP_NODE, .node = n});
      continue;
    }
    Loop *loop = arena_new_of(s->arena, Loop);
    loop->id = (int)s->nloops;
    ARENA_PUSH(s->arena, s->loops, s->nloops, s->loops_room) = loop;
    loop->depth = parent ? parent->depth + 1 : 1;
    loop->parent = parent;
    loop->extent = c->extent;
    loop->name = NULL;
    for (size_t k = 0; k < c->count && !loop->name; k++) loop->name = c->members[k]->index[c->position[k]].name;
    if (!loop->name) loop->name = usual_names[(loop->depth - 1) % 5];
    loop->members = c->members;
    loop->nmembers = c->count;
    for (size_t k = 0; k < c->count; k++) {
      const Node *n = c->members[k];
      if (node_accumulates(n) && c->position[k] >= n->nout && !reduction_begun(f, n))
        append(s, parent, (Step){.kind = STEP_INIT, .node = n});
      s->place[n->id].loop[c->position[k]] = loop;
    }
    append(s, parent, (Step){.kind = STEP_LOOP, .loop = loop});
    fuse_level(f, c->members, c->count, loop);
  }
}

void fuse_nodes(Schedule *s, const Reads *reads) {
  const Graph *g = s->task.graph;
  Fuser f = {.s = s, .reads = reads, .cluster_of = arena_array(s->arena, Cluster *, g->count)};
  const Node **nodes = arena_array(s->arena, const Node *, g->count);
  size_t count = 0;
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    Place *p = &s->place[k];
    bool given = s->task.given && s->task.given[k];
    if (!p->needed || given || (n->kind != NODE_COMP && n->kind != NODE_SCATTER)) continue;
    p->loop = arena_array(s->arena, Loop *, (size_t)(n->nout + n->nred));
    nodes[count++] = n;
  }
  fuse_level(&f, nodes, count, NULL);
}
