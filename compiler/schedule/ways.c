// ways.c - see ways.h.
#include "schedule/ways.h"

static Loop *taken(const Schedule *s, const Node *n, int position) {
  return s->place[n->id].loop[position];
}

int node_runs_by(const Node *n, int q) {
  if (n->kind != NODE_SCATTER || q >= n->nout) return q;
  const Expr *target = n->target[q];
  if (target->kind != EXPR_INDEX || n->index[target->u.index].extent != n->index[q].extent) return -1;
  return target->u.index;
}

bool node_is_target(const Node *n, int q) {
  for (int k = 0; n->kind == NODE_SCATTER && q >= n->nout && k < n->nout; k++)
    if (node_runs_by(n, k) == q) return true;
  return false;
}

bool reduction_begun(const Schedule *s, const Node *n) {
  for (int q = n->nout; q < n->nout + n->nred; q++)
    if (taken(s, n, q) && !node_is_target(n, q)) return true;
  return false;
}

// ---- the ways of a node ----

// May index `q` of n be the next loop around it?  Outputs in any order, reductions in theirs.
static bool candidate(const Schedule *s, const Node *n, int q) {
  const Contraction *whole = s->place[n->id].contraction;
  if (taken(s, n, q) || (whole && is_contracted(whole, q))) return false;
  if (q < n->nout) return node_runs_by(n, q) >= 0 && !taken(s, n, node_runs_by(n, q));
  if (node_is_target(n, q)) return false;
  for (int k = n->nout; k < q; k++)
    if (!taken(s, n, k) && !node_is_target(n, k)) return false;
  if (n->reduce == REDUCE_ARGMAX || s->order[n->id].kind == ORDER_LANES) // several accumulators: of one entry at a time
    for (int k = 0; k < n->nout; k++)
      if (!taken(s, n, k)) return false;
  return true;
}

// How index q walks through memory in the subscripts `sub`: 0 not at all, -1 by ones (good innermost), +2 in strides.
static int stride(const Expr *const *sub, int nsub, int q) {
  int walk = 0;
  for (int k = 0; k < nsub; k++)
    if (expr_uses_index(sub[k], q)) walk = k == nsub - 1 && walk == 0 ? -1 : 2;
  return walk;
}

bool runs_over_samples(const Ways *w, const Node *n) {
  for (int q = 0; q < n->nout + n->nred; q++)
    if (n->index[q].extent == w->s->task.sample) return true;
  return false;
}

// In all that n reads: but an entry of a vector stays what it is in the loop inside, or lies beside the next one.
static int walk(const Ways *w, const Node *n, int q) {
  const Reads *r = &w->reads[n->id];
  int all = 0;
  for (size_t k = 0; k < r->count; k++)
    if (r->read[k]->u.read.node->nout > 1) all += stride(r->read[k]->u.read.sub, r->read[k]->u.read.node->nout, q);
  return all;
}

bool way_belongs_inside(const Ways *w, const Node *n, int q) {
  if (n->kind != NODE_SCATTER || walk(w, n, node_runs_by(n, q)) + stride(n->target, n->nout, node_runs_by(n, q)) >= 0) return false;
  for (int k = 0; k < n->nout + n->nred; k++)
    if (k != q && candidate(w->s, n, k)) return true;
  return false;
}

static bool is_small(const Ways *w, const Index *index) {
  enum { SMALL = 4 };
  int64_t extent;
  return poly_fixed(w->s->task.graph->dims, index->extent, &extent) && extent <= SMALL;
}

// Does all that is computed of what n reads stay the same along q?
static bool is_shared_along(const Ways *w, const Node *n, int q) {
  const Reads *r = &w->reads[n->id];
  for (size_t k = 0; k < r->count; k++)
    if (!node_is_input(r->read[k]->u.read.node) && expr_uses_index(r->read[k], q)) return false;
  return true;
}

// A sum over samples, and more, has its few entries along q added side by side for each of its terms, which read once what they share.
static bool is_one_of_few(const Ways *w, const Node *n, int q) {
  bool samples = false, more = false;
  for (int k = n->nout; k < n->nout + n->nred; k++) {
    if (n->index[k].extent == w->s->task.sample)
      samples = true;
    else
      more = more || !is_small(w, &n->index[k]);
  }
  return samples && more && n->kind == NODE_COMP && q < n->nout && is_small(w, &n->index[q]) && is_shared_along(w, n, q);
}

// The higher, the better q stands outermost.  Samples first; then dimensions known at call time: they are the long ones.
static int rank_outer(const Ways *w, const Node *n, int q) {
  int score = poly_is_fixed(w->s->task.graph->dims, n->index[q].extent) ? 0 : 1000, by = node_runs_by(n, q);
  if (n->index[q].extent == w->s->task.sample) return 10000;
  if (runs_over_samples(w, n)) return (is_one_of_few(w, n, q) ? 0 : 100) - q; // in lanes memory is walked alike by all other indices
  score += walk(w, n, by);
  if (n->kind == NODE_SCATTER) {
    score += stride(n->target, n->nout, by);
  } else if (q < n->nout) {
    bool last = true;
    for (int k = q + 1; k < n->nout; k++) last = last && taken(w->s, n, k);
    score += last ? -1 : 2;
  }
  return score;
}

static Way *ways_of_node(const Ways *w, const Node *n, size_t *count) {
  Arena *a = w->s->arena;
  int total = n->nout + n->nred, best = 0, best_score = 0;
  Way *way = arena_array(a, Way, (size_t)total + 1);
  const Node **member = arena_array(a, const Node *, 1);
  member[0] = n;
  for (int q = 0; q < total; q++) {
    if (!candidate(w->s, n, q)) continue;
    int score = rank_outer(w, n, q);
    if (!*count || score > best_score) {
      best = (int)*count;
      best_score = score;
    }
    int *position = arena_array(a, int, 1);
    position[0] = q;
    way[(*count)++] = (Way){.member = member, .position = position, .count = 1, .extent = n->index[q].extent};
  }
  Way first = way[best];
  for (int k = best; k > 0; k--) way[k] = way[k - 1];
  way[0] = first;
  return way;
}

// ---- the ways of a loop ----

// Is it last - (index q), where `last` is the loop's last entry?
static bool is_mirrored(const Ways *w, const Expr *sub, int q, const Poly *last) {
  int64_t coefficient[INDEX_MAX] = {0};
  const Expr *rest;
  if (q >= INDEX_MAX || !expr_affine(w->s->pool, sub, INDEX_MAX, coefficient, &rest)) return false;
  for (int k = 0; k < INDEX_MAX; k++)
    if (coefficient[k] != (k == q ? -1 : 0)) return false;
  return rest->kind == EXPR_POLY && rest->u.poly == last;
}

bool way_reads_entry(const Ways *w, const Node *n, int q, const Expr *read, int p, bool mirrored) {
  const Node *m = read->u.read.node;
  const Expr *sub = read->u.read.sub[p];
  bool state = m->kind == NODE_CARRY && m->axis == p;
  if (mirrored) {
    Dims *dims = w->s->task.graph->dims;
    return is_mirrored(
        w, sub, q, state && m->reverse ? n->index[q].extent : poly_sub(dims, n->index[q].extent, poly_int(dims, 1)));
  }
  int at = loop_step_of(sub, state && m->reverse);
  return at >= 0 && (at == q || at == node_runs_by(n, q));
}

// The index of n that the read puts at index p of what it reads: of a scatter the output; -1: none.
static int index_for(const Ways *w, const Node *n, const Expr *read, int p) {
  int total = n->nout + n->nred;
  for (int q = 0; q < total; q++)
    if (node_runs_by(n, q) >= 0 && !node_is_target(n, q) && way_reads_entry(w, n, q, read, p, false)) return q;
  return -1;
}

typedef struct Along {
  const Ways *w;
  const GraphLoop *loop;
  int *position; // by node id, -1: not known yet
} Along;

static bool inside(const Ways *w, const GraphLoop *loop, const Node *n) {
  for (const GraphLoop *l = w->tree->inside[n->id]; l; l = l->parent)
    if (l == loop) return true;
  return false;
}

static bool agree(const Along *a, const Node *n, int q, bool *more) {
  if (q < 0 || q >= n->nout || (a->position[n->id] >= 0 && a->position[n->id] != q)) return false;
  if (a->position[n->id] < 0) *more = true;
  a->position[n->id] = q;
  return true;
}

// What one member's reads tell of the index.
static bool spread(const Along *a, const Node *n, bool *more) {
  const Reads *r = &a->w->reads[n->id];
  for (size_t k = 0; k < r->count; k++) {
    const Node *m = r->read[k]->u.read.node;
    if (!inside(a->w, a->loop, m) || a->position[m->id] < 0) continue;
    if (!agree(a, n, index_for(a->w, n, r->read[k], a->position[m->id]), more)) return false;
  }
  if (n->kind != NODE_CARRY) return true;
  const int p = a->position[n->id] >= 0 || !inside(a->w, a->loop, n->next) ? -1 : a->position[n->next->id];
  if (p >= 0 && !agree(a, n, p, more)) return false; // the state of this loop that starts outside of it
  if (a->position[n->id] < 0) return true;
  const Node *taken_from[] = {n->next, n->alive};
  for (int k = 0; k < 2; k++)
    if (taken_from[k] && inside(a->w, a->loop, taken_from[k]) && !agree(a, taken_from[k], a->position[n->id], more))
      return false;
  return true;
}

// A loop over entry q of a scatter's target is one over an index of its own, and that of no other entry: what goes to a
// diagonal runs by one index for two.
static bool has_its_index(const Node *n, int q) {
  const int by = node_runs_by(n, q);
  for (int k = 0; k < n->nout; k++)
    if (k != q && node_runs_by(n, k) == by) return false;
  return by >= 0;
}

// Index q of the loop's first carry, followed through all that runs in it: false where it is not one mapped index of all.
static bool along(const Ways *w, const GraphLoop *loop, int q, Way *way) {
  const Node *const *member = w->member[loop->id];
  size_t count = w->nmember[loop->id];
  Along a = {.w = w, .loop = loop, .position = arena_array(w->s->arena, int, w->s->task.graph->count)};
  for (size_t k = 0; k < count; k++) a.position[member[k]->id] = -1;
  a.position[loop->carry[0]->id] = q;
  bool more = true;
  while (more) {
    more = false;
    for (size_t k = 0; k < count; k++)
      if (!spread(&a, member[k], &more)) return false;
  }
  const Poly *extent = loop->carry[0]->index[q].extent;
  int *position = arena_array(w->s->arena, int, count);
  for (size_t k = 0; k < count; k++) {
    int p = position[k] = a.position[member[k]->id];
    if (p < 0 || taken(w->s, member[k], p) || member[k]->index[p].extent != extent) return false;
    if (!has_its_index(member[k], p)) return false;
  }
  *way = (Way){.member = member, .position = position, .count = count, .extent = extent};
  return true;
}

static Way steps_way(const Ways *w, const GraphLoop *loop) {
  size_t count = w->nmember[loop->id];
  int *position = arena_array(w->s->arena, int, count);
  for (size_t k = 0; k < count; k++) position[k] = w->tree->position[loop->id][w->member[loop->id][k]->id];
  return (Way){
      .member = w->member[loop->id], .position = position, .count = count, .extent = loop->steps, .steps = loop};
}

// Indices that the loop is mapped over, those in front of its own, stand outside; the state's are within a step.
static Way *ways_of_loop(const Ways *w, const GraphLoop *loop, size_t *count) {
  const Node *c = loop->carry[0];
  Way *way = arena_array(w->s->arena, Way, (size_t)c->nout + 1);
  for (int q = 0; q < c->axis; q++)
    if (!taken(w->s, c, q) && along(w, loop, q, &way[*count])) (*count)++;
  if (!*count) way[(*count)++] = steps_way(w, loop);
  return way;
}

Way *ways_of(const Ways *w, LoopItem item, size_t *count) {
  *count = 0;
  return item.node ? ways_of_node(w, item.node, count) : ways_of_loop(w, item.loop, count);
}

Ways ways_new(Schedule *s, const Reads *reads) {
  const Graph *g = s->task.graph;
  Ways w = {.s = s, .reads = reads, .tree = graph_loops_beside(s->arena, g, s->task.given, NULL)};
  w.member = arena_array(s->arena, const Node **, w.tree->nloop + 1);
  w.nmember = arena_array(s->arena, size_t, w.tree->nloop + 1);
  size_t *room = arena_array(s->arena, size_t, w.tree->nloop + 1);
  for (size_t k = 0; k < g->count; k++)
    for (const GraphLoop *l = w.tree->inside[k]; l; l = l->parent)
      if (s->place[k].loop) ARENA_PUSH(s->arena, w.member[l->id], w.nmember[l->id], room[l->id]) = g->nodes[k];
  return w;
}
