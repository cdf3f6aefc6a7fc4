// fuse.c - the loop tree: nodes that share an index run in one loop.
//
// At each level the nodes are dealt, in topological order, to clusters that run one after the other: a cluster is one loop,
// or a step without one.  A node joins a loop where that is legal (what it reads of the loop's other members is the entry
// of the same iteration, and no member's reduction runs over the loop) and of use (it reads a member, or an array that a
// member reads too); the loop's body is then dealt in the same way, with one index less.
//
// A loop of the graph is dealt as a whole, by an index that all of it is mapped over, or by its steps; what its step
// computes is dealt within, and so are loops within it.
//
// Bits: a node's reduction indices always nest in their own order, nothing is summed along a loop that runs backwards, and what
// is added up by tiles of samples runs beside nothing that a sample ends early, so each sum adds its terms in the order that its node
// defines, whatever is fused with what.
#include "schedule/ways.h"

// Of loops whose index nobody named, by depth.
static const char *const usual_names[] = {"i", "j", "k", "l", "m"};

typedef struct Cluster Cluster;
struct Cluster {
  Cluster *previous, *next;
  uint64_t order; // rises along the list, with room between
  Cluster *skip;  // of a step without a loop: one further on, with nothing but such steps up to it; as of that epoch
  size_t epoch;
  bool loop;
  const Poly *extent;
  LoopItem *item;
  bool *opened; // by item: a loop of the graph that this loop runs
  size_t nitem, item_room, opened_room;
  const Node **members;
  int *position; // the index of each member that runs in this loop
  bool *mirrored;
  size_t count, room, position_room, mirrored_room;
  bool carries, reverse; // it runs a loop of the graph
  const Node *alive;
  Reason why; // it is a loop by itself
  bool tiles, ragged; // it has to run in tiles; it does not run alike for each iteration
  bool holds;         // its members are sums that this loop adds terms of, and nothing else (hold.c)
  bool few;           // its members are sums that each sample adds to in a few entries, and nothing else (singly.c)
};

typedef struct Fuser {
  Schedule *s;
  const Reads *reads;
  Ways ways;
  Cluster **cluster_of; // by node id: at the level in hand
} Fuser;

typedef struct Clusters {
  Cluster *first, *last;
  size_t epoch; // how often a loop was put between steps without one
} Clusters;

// Which index of member m runs in cluster c.
static int position_in(const Cluster *c, const Node *m) {
  for (size_t k = 0; k < c->count; k++)
    if (c->members[k] == m) return c->position[k];
  return -1;
}

static bool is_member(const Way *way, const Node *m) {
  for (size_t k = 0; k < way->count; k++)
    if (way->member[k] == m) return true;
  return false;
}

static bool refuse(Reason *why, ReasonKind kind, const Node *n) {
  *why = (Reason){kind, n};
  return false;
}

// May n run in loop c by its index q, beside all that it reads or takes there?  Others of its way need not be asked about.
static bool may_share(const Fuser *f, const Way *way, const Node *n, int q, const Cluster *c, Reason *why) {
  const Reads *r = &f->reads[n->id];
  for (size_t k = 0; k < r->count; k++) {
    const Node *m = r->read[k]->u.read.node;
    const Cluster *d = f->cluster_of[m->id];
    if (!d || d->order < c->order || is_member(way, m)) continue;
    if (d != c) return refuse(why, REASON_TOO_EARLY, m);
    int p = position_in(c, m);
    if (p < 0 || p >= m->nout) return refuse(why, REASON_UNFINISHED, m);
    if (!way_reads_entry(&f->ways, n, q, r->read[k], p, way->mirrored)) return refuse(why, REASON_OTHER_ENTRY, m);
  }
  const Node *taken_from[] = {n->next, n->alive};
  for (int k = 0; k < 2; k++) {
    const Node *m = taken_from[k];
    const Cluster *d = m ? f->cluster_of[m->id] : NULL;
    if (!d || d->order < c->order || is_member(way, m)) continue;
    if (d != c || position_in(c, m) != q) return refuse(why, REASON_OTHER_INDEX, m);
  }
  return true;
}

// Is index q of n summed over in the order of its loop?
static bool ordered(const Node *n, int q) {
  return q >= n->nout;
}

static bool may_turn(const Cluster *c, const Way *way) {
  if (way->steps && c->carries) return c->reverse == way->steps->reverse && c->alive == way->steps->alive;
  if (!way->steps) {
    if (c->alive) return false;
    if (c->reverse)
      for (size_t k = 0; k < way->count; k++)
        if (ordered(way->member[k], way->position[k]) && !way->mirrored) return false;
    return true;
  }
  if (way->steps->alive) return false;
  if (way->steps->reverse)
    for (size_t k = 0; k < c->count; k++)
      if (ordered(c->members[k], c->position[k])) return false;
  return true;
}

static bool is_along(const Node *n, int position, NodeOrigin origin) {
  return n->origin == origin && position == n->nout - 1;
}

// Is it what is computed for all steps of a loop side by side (affine.c), by the index of these?
static bool is_beside(const Node *n, int position) {
  return is_along(n, position, ORIGIN_COEFFICIENT) || is_along(n, position, ORIGIN_BESIDE);
}

// Is it, around the steps of a loop, what its states are multiplied by?
static bool is_coefficient_around(const Node *n, int position) {
  return n->origin == ORIGIN_COEFFICIENT && !is_beside(n, position);
}

// A loop that is mapped over the steps of another, and is no part of it, runs where it is wanted, and so does what its states are
// multiplied by: what wants it may join.
static bool is_early(LoopItem item, const Way *way, const Cluster *c) {
  return c->carries && !way->steps && (item.loop || is_coefficient_around(item.node, way->position[0]));
}

static bool may_join(const Fuser *f, const Way *way, const Cluster *c, Reason *why) {
  if (!may_turn(c, way)) return refuse(why, REASON_DIRECTION, c->members[0]);
  for (size_t k = 0; k < way->count; k++)
    if (!may_share(f, way, way->member[k], way->position[k], c, why)) return false;
  return true;
}

static bool sums_along(LoopItem item, const Way *way) {
  const Node *n = item.node;
  return n && way->position[0] >= n->nout && (n->kind == NODE_SCATTER || n->reduce == REDUCE_SUM);
}

static bool at_index(const Node *n, const Expr *sub, int q) {
  return sub->kind == EXPR_INDEX && (sub->u.index == q || sub->u.index == node_runs_by(n, q));
}

// Does n read a member of c, or an array that a member reads by the same loop?
static bool related(const Fuser *f, const Node *n, int q, const Cluster *c, Reason *why) {
  const Reads *r = &f->reads[n->id];
  for (size_t k = 0; k < r->count; k++) {
    const Node *m = r->read[k]->u.read.node;
    if (f->cluster_of[m->id] == c) {
      *why = (Reason){REASON_READS, m};
      return true;
    }
    *why = (Reason){REASON_READS_TOO, m};
    for (int s = 0; s < m->nout; s++) {
      if (!at_index(n, r->read[k]->u.read.sub[s], q)) continue;
      for (size_t j = 0; j < c->count; j++) {
        const Reads *other = &f->reads[c->members[j]->id];
        for (size_t i = 0; i < other->count; i++)
          if (other->read[i]->u.read.node == m &&
              at_index(c->members[j], other->read[i]->u.read.sub[s], c->position[j]))
            return true;
      }
    }
  }
  *why = (Reason){REASON_TAKES, n->next};
  return n->next && f->cluster_of[n->next->id] == c;
}

static bool any_related(const Fuser *f, const Way *way, const Cluster *c, Reason *why) {
  for (size_t k = 0; k < way->count; k++)
    if (related(f, way->member[k], way->position[k], c, why)) return true;
  return refuse(why, REASON_UNRELATED, c->members[0]);
}

static void wait_for(const Fuser *f, const Way *way, const Node *m, Cluster **after) {
  Cluster *d = m && !is_member(way, m) ? f->cluster_of[m->id] : NULL;
  if (d && (!*after || d->order > (*after)->order)) *after = d;
}

// The last cluster that the way's members wait for; null: none.
static Cluster *waited_for(const Fuser *f, const Way *way) {
  Cluster *after = NULL;
  for (size_t j = 0; j < way->count; j++) {
    const Node *n = way->member[j];
    const Reads *r = &f->reads[n->id];
    for (size_t k = 0; k < r->count; k++) wait_for(f, way, r->read[k]->u.read.node, &after);
    wait_for(f, way, n->next, &after);
    wait_for(f, way, n->alive, &after);
  }
  return after;
}

// Does the loop end early, or make a product, for each sample on its own?
static bool is_ragged(const Schedule *s, const GraphLoop *l) {
  bool any = l->alive != NULL;
  for (size_t k = 0; k < l->nitem && !any; k++)
    any = l->item[k].node ? s->place[l->item[k].node->id].contraction != NULL : is_ragged(s, l->item[k].loop);
  return any;
}

static bool runs_ragged(const Fuser *f, LoopItem item, const Way *way) {
  return item.loop && !way->steps && is_ragged(f->s, item.loop);
}

static bool wants_tiles(const Fuser *f, const Way *way) {
  for (size_t k = 0; k < way->count; k++)
    if (way->position[k] >= 0 && adds_by_tiles(f->s, way->member[k], way->position[k])) return true;
  return false;
}

// What runs in tiles has to run alike for all samples.
static bool divides_tiles(const Fuser *f, LoopItem item, const Way *way, const Cluster *c) {
  return (c->tiles && runs_ragged(f, item, way)) || (c->ragged && wants_tiles(f, way));
}

static void cluster_add(Fuser *f, Cluster *c, LoopItem item, const Way *way, Reason why) {
  Arena *a = f->s->arena;
  size_t nitem = c->nitem;
  ARENA_PUSH(a, c->opened, nitem, c->opened_room) = way->steps != NULL;
  ARENA_PUSH(a, c->item, c->nitem, c->item_room) = item;
  for (size_t k = 0; k < way->count; k++) {
    size_t count = c->count, mirrored = c->count;
    ARENA_PUSH(a, c->position, count, c->position_room) = way->position[k];
    ARENA_PUSH(a, c->mirrored, mirrored, c->mirrored_room) = way->mirrored;
    ARENA_PUSH(a, c->members, c->count, c->room) = way->member[k];
    f->cluster_of[way->member[k]->id] = c;
    if (way->position[k] >= 0) f->s->place[way->member[k]->id].joined[way->position[k]] = why;
  }
  c->tiles = c->tiles || wants_tiles(f, way);
  c->ragged = c->ragged || runs_ragged(f, item, way);
  if (!way->steps) return;
  c->carries = true;
  c->reverse = way->steps->reverse;
  c->alive = way->steps->alive;
}

// Sums that may stay in registers have the loop over their terms for themselves, unless that carries a state.
static bool wants_to_hold(const Fuser *f, LoopItem item, const Way *way) {
  return item.node && may_hold_sum(f->s, item.node, way->position[0]);
}

// Sums that each sample adds to in a few entries have the loops over these for themselves.
static bool wants_few(const Fuser *f, LoopItem item, const Way *way) {
  return item.node && way->extent != f->s->task.sample && adds_to_few(item.node);
}

static bool has_linear(const Cluster *c) {
  bool any = false;
  for (size_t k = 0; k < c->count; k++) any = any || is_along(c->members[k], c->position[k], ORIGIN_LINEAR);
  return any;
}

static bool has_beside(const Cluster *c) {
  bool any = false;
  for (size_t k = 0; k < c->count; k++) any = any || is_beside(c->members[k], c->position[k]);
  return any;
}

// What is computed for all steps side by side (affine.c) runs in no loop that carries a state along these, nor does anything else run
// in the one that is left.
static bool parts(LoopItem item, const Way *way, const Cluster *c) {
  if (item.node) return c->carries && (is_beside(item.node, way->position[0]) || has_linear(c));
  return way->steps && has_beside(c);
}

// Joins c by that way, if it may, and if it is of use: over samples always, since what comes later may bring the two together,
// and what is made for one tile at a time (stage.c) must not be an array over all samples.
// Else *why says why not.
static bool join(Fuser *f, LoopItem item, const Way *way, Cluster *c, Reason *why) {
  if (is_early(item, way, c)) return refuse(why, REASON_MAPPED, NULL);
  if (!c->carries && c->holds != wants_to_hold(f, item, way)) return refuse(why, REASON_HOLDS, NULL);
  if (c->few != wants_few(f, item, way)) return refuse(why, REASON_FEW, NULL);
  if (divides_tiles(f, item, way, c)) return refuse(why, REASON_RAGGED, NULL);
  if (parts(item, way, c)) return refuse(why, REASON_BESIDE, NULL);
  Reason found;
  if (!may_join(f, way, c, why)) return false;
  if (!any_related(f, way, c, &found)) {
    if (way->extent != f->s->task.sample) return refuse(why, found.kind, found.node);
    found = (Reason){REASON_SAMPLES, NULL};
  }
  if (item.loop) found = (Reason){REASON_STEP, NULL};
  cluster_add(f, c, item, way, found);
  return true;
}

// The last one of the steps without a loop that begin with c.
static Cluster *end_of_steps(const Clusters *list, Cluster *c) {
  Cluster *end = c;
  while (end->next && !end->next->loop) end = end->skip && end->epoch == list->epoch ? end->skip : end->next;
  while (c != end) { // whoever comes this way again goes straight there
    Cluster *next = c->skip && c->epoch == list->epoch ? c->skip : c->next;
    c->skip = end;
    c->epoch = list->epoch;
    c = next;
  }
  return end;
}

// Gives c, which is in the list, a place in its order.
static void number(Clusters *list, Cluster *c) {
  static const uint64_t room = (uint64_t)1 << 24;
  const uint64_t before = c->previous ? c->previous->order : 0;
  c->order = c->next ? before + (c->next->order - before) / 2 : before + room;
  if (c->order != before) return;
  uint64_t order = 0;
  for (Cluster *k = list->first; k; k = k->next) k->order = order += room;
}

// A new cluster as early as may be behind `after` (null: all); a step without a loop stands behind others of its kind.
static Cluster *cluster_new(Fuser *f, Clusters *list, Cluster *after, bool loop) {
  Cluster *c = arena_new_of(f->s->arena, Cluster), *next = after ? after->next : list->first;
  if (!loop && next && !next->loop) next = end_of_steps(list, next)->next;
  c->loop = loop;
  c->next = next;
  c->previous = next ? next->previous : list->last;
  if (c->previous)
    c->previous->next = c;
  else
    list->first = c;
  if (next)
    next->previous = c;
  else
    list->last = c;
  if (loop && next && !next->loop && c->previous && !c->previous->loop) list->epoch++;
  number(list, c);
  return c;
}

// Has each member of the cluster no loop within?
static bool is_line(const Cluster *c) {
  for (size_t k = 0; k < c->count; k++)
    if (c->members[k]->nout + c->members[k]->nred > 1) return false;
  return true;
}

// A sum keeps the order of loops that walks memory best, unless it can ride along a long loop; not one over its terms where the others
// have no loops within, which would be apart from its own.
static bool eager(const Fuser *f, LoopItem item, const Way *way, const Cluster *c) {
  const Node *n = item.node;
  if (n && way_belongs_inside(&f->ways, n, way->position[0])) return false;
  if (!n || !node_accumulates(n)) return true;
  return !poly_is_fixed(f->s->task.graph->dims, way->extent) && !(way->position[0] >= n->nout && is_line(c));
}

static void deal(Fuser *f, LoopItem item, Clusters *list) {
  size_t count;
  const Way *way = ways_of(&f->ways, item, &count);
  const bool by_samples = count && way->extent == f->s->task.sample; // nothing else stands around a loop over samples
  const bool first_only = by_samples || (item.node && runs_over_samples(&f->ways, item.node));
  Reason why = {f->s->task.no_fuse ? REASON_UNFUSED : REASON_FIRST, NULL}; // it is a loop of its own: as of the last that it could be
  for (Cluster *c = list->first; c && count > 0 && !f->s->task.no_fuse; c = c->next)
    for (size_t k = 0; k < (first_only ? 1 : count); k++) { // the index that likes to stand outside first
      if (!c->loop || way[k].extent != c->extent) continue;
      Reason other, *refused = k == 0 ? &why : &other;
      Way mirrored = way[k];
      mirrored.mirrored = true;
      if ((k == 0 || eager(f, item, &way[k], c)) && join(f, item, &way[k], c, refused)) return;
      if (c->reverse && sums_along(item, &way[k]) && join(f, item, &mirrored, c, refused)) return;
    }
  Way alone = {.member = &item.node, .position = (int[]){-1}, .count = 1};
  if (!count) way = &alone;
  // A loop of the graph stands behind all before it, where others that run alongside, and read its states, can join it;
  // a loop over samples too, so that what is made of the parameters alone does not divide it.
  Cluster *c = cluster_new(f, list, item.loop || by_samples ? list->last : waited_for(f, way), count > 0);
  c->extent = way->extent;
  c->why = why;
  c->holds = count > 0 && wants_to_hold(f, item, way);
  c->few = count > 0 && wants_few(f, item, way);
  cluster_add(f, c, item, way, why);
}

// ---- loops that run where they are wanted ----

// May n, of cluster c, read what runs in `early`, if that runs in c?
static bool may_follow(const Fuser *f, const Cluster *early, const Cluster *c, size_t member) {
  const Node *n = c->members[member];
  const Reads *r = &f->reads[n->id];
  for (size_t k = 0; k < r->count; k++) {
    const Node *m = r->read[k]->u.read.node;
    if (f->cluster_of[m->id] != early) continue;
    const int p = position_in(early, m);
    if (p < 0 || p >= m->nout || !way_reads_entry(&f->ways, n, c->position[member], r->read[k], p, c->mirrored[member]))
      return false;
  }
  const Node *taken_from[] = {n->next, n->alive};
  for (int k = 0; k < 2; k++)
    if (taken_from[k] && f->cluster_of[taken_from[k]->id] == early) return false;
  return true;
}

static bool is_of(const Fuser *f, const Node *m, const Cluster *c) {
  return m && f->cluster_of[m->id] == c;
}

// Does c read, or take as a state, what runs in `early`?
static bool wants_any(const Fuser *f, const Cluster *early, const Cluster *c) {
  for (size_t j = 0; j < c->count; j++) {
    const Node *n = c->members[j];
    if (is_of(f, n->next, early) || is_of(f, n->alive, early)) return true;
    for (size_t k = 0; k < f->reads[n->id].count; k++)
      if (is_of(f, f->reads[n->id].read[k]->u.read.node, early)) return true;
  }
  return false;
}

// A loop that is mapped over the steps of c, and that nothing wants before.
static bool may_wait(const Fuser *f, const Cluster *early, const Cluster *c) {
  if (!early->loop || early->carries || early->extent != c->extent || c->alive || !wants_any(f, early, c)) return false;
  bool late = false;
  for (size_t k = 0; k < early->count; k++) late = late || is_coefficient_around(early->members[k], early->position[k]);
  for (size_t k = 0; k < early->nitem; k++) late = late || early->item[k].loop;
  for (size_t k = 0; k < early->count; k++)
    if (c->reverse && ordered(early->members[k], early->position[k]) && !early->mirrored[k]) return false;
  for (const Cluster *x = early->next; x != c; x = x->next)
    if (wants_any(f, early, x)) return false;
  for (size_t k = 0; k < c->count; k++)
    if (!may_follow(f, early, c, k)) return false;
  return late;
}

// What runs in `early` runs in c, in front of what does already.
static void move_into(Fuser *f, Clusters *list, Cluster *early, Cluster *c) {
  Arena *a = f->s->arena;
  const size_t moved = early->count;
  for (size_t k = 0; k < c->nitem; k++) {
    size_t nitem = early->nitem;
    ARENA_PUSH(a, early->opened, nitem, early->opened_room) = c->opened[k];
    ARENA_PUSH(a, early->item, early->nitem, early->item_room) = c->item[k];
  }
  for (size_t k = 0; k < c->count; k++) {
    size_t count = early->count, mirrored = early->count;
    ARENA_PUSH(a, early->position, count, early->position_room) = c->position[k];
    ARENA_PUSH(a, early->mirrored, mirrored, early->mirrored_room) = c->mirrored[k];
    ARENA_PUSH(a, early->members, early->count, early->room) = c->members[k];
  }
  for (size_t k = 0; k < moved; k++)
    f->s->place[early->members[k]->id].joined[early->position[k]] = (Reason){REASON_WAITS, NULL};
  Cluster whole = *early;
  whole.previous = c->previous == early ? early->previous : c->previous;
  whole.next = c->next;
  whole.order = c->order;
  whole.carries = c->carries;
  whole.reverse = c->reverse;
  whole.alive = c->alive;
  whole.why = c->why;
  if (early->previous)
    early->previous->next = early->next;
  else
    list->first = early->next;
  early->next->previous = early->previous;
  *c = whole;
  for (size_t k = 0; k < c->count; k++) f->cluster_of[c->members[k]->id] = c;
}

static void gather(Fuser *f, Clusters *list) {
  for (Cluster *c = list->first; c; c = c->next)
    for (Cluster *early = c->carries ? c->previous : NULL, *before; early; early = before) {
      before = early->previous;
      if (may_wait(f, early, c)) move_into(f, list, early, c);
    }
}

// ---- the tree ----

static void append(Schedule *s, Loop *parent, Step step) {
  if (parent)
    ARENA_PUSH(s->arena, parent->body, parent->nbody, parent->room) = step;
  else
    ARENA_PUSH(s->arena, s->body, s->nbody, s->room) = step;
}

static void append_node(Schedule *s, Loop *parent, const Node *n) {
  const bool whole = s->place[n->id].contraction;
  if (node_accumulates(n) && !whole && !reduction_begun(s, n)) append(s, parent, (Step){.kind = STEP_INIT, .node = n});
  append(s, parent, (Step){.kind = STEP_NODE, .node = n});
}

static Loop *open_loop(Schedule *s, const Cluster *c, Loop *parent) {
  Loop *loop = arena_new_of(s->arena, Loop);
  loop->id = (int)s->nloops;
  ARENA_PUSH(s->arena, s->loops, s->nloops, s->loops_room) = loop;
  loop->depth = parent ? parent->depth + 1 : 1;
  loop->parent = parent;
  loop->extent = c->extent;
  loop->carries = c->carries;
  loop->reverse = c->reverse;
  loop->alive = c->alive;
  loop->why = c->why;
  for (size_t k = 0; k < c->nitem && !loop->name; k++)
    if (c->opened[k]) loop->name = c->item[k].loop->name;
  for (size_t k = 0; k < c->count && !loop->name; k++) loop->name = c->members[k]->index[c->position[k]].name;
  if (!loop->name) loop->name = usual_names[(loop->depth - 1) % 5];
  loop->members = c->members;
  loop->nmembers = c->count;
  bool *finished = arena_array(s->arena, bool, c->count);
  for (size_t k = 0; k < c->count; k++) {
    const Node *n = c->members[k];
    bool state = n->kind == NODE_CARRY && n->axis == c->position[k];
    bool sum = node_accumulates(n) && c->position[k] >= n->nout && !reduction_begun(s, n);
    finished[k] = sum && s->order[n->id].kind == ORDER_LANES;
    if (state || sum) append(s, parent, (Step){.kind = STEP_INIT, .node = n});
    s->place[n->id].loop[c->position[k]] = loop;
    s->place[n->id].mirrored[c->position[k]] = c->mirrored[k];
    if (node_runs_by(n, c->position[k]) >= 0) s->place[n->id].loop[node_runs_by(n, c->position[k])] = loop;
  }
  append(s, parent, (Step){.kind = STEP_LOOP, .loop = loop});
  for (size_t k = 0; k < c->count; k++)
    if (finished[k]) append(s, parent, (Step){.kind = STEP_FINISH, .node = c->members[k]});
  return loop;
}

typedef struct Items {
  LoopItem *list;
  size_t count, room;
} Items;

// Of the items of the graph's loops, those that this function computes.
static void add_needed(Fuser *f, Items *to, const LoopItem *item, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const Node *n = item[k].node ? item[k].node : item[k].loop->carry[0];
    if (f->s->place[n->id].loop) ARENA_PUSH(f->s->arena, to->list, to->count, to->room) = item[k];
  }
}

static void fuse_level(Fuser *f, const Items *items, Loop *parent);

static void fuse_loop(Fuser *f, const Cluster *c, Loop *parent) {
  Schedule *s = f->s;
  Loop *loop = open_loop(s, c, parent);
  Items inside = {.list = NULL};
  for (size_t k = 0; k < c->nitem; k++)
    if (c->opened[k])
      add_needed(f, &inside, c->item[k].loop->item, c->item[k].loop->nitem);
    else
      add_needed(f, &inside, &c->item[k], 1);
  older_versions_first(&f->ways, inside.list, inside.count);
  fuse_level(f, &inside, loop);
  for (size_t k = 0; k < c->count; k++) {
    const Node *n = c->members[k];
    if (n->kind == NODE_CARRY && n->axis == c->position[k]) append(s, loop, (Step){.kind = STEP_NEXT, .node = n});
  }
}

static void forget(Fuser *f, const Items *items) {
  for (size_t k = 0; k < items->count; k++) {
    const LoopItem *i = &items->list[k];
    size_t count = i->node ? 1 : f->ways.nmember[i->loop->id];
    const Node *const *member = i->node ? &i->node : f->ways.member[i->loop->id];
    for (size_t m = 0; m < count; m++) f->cluster_of[member[m]->id] = NULL;
  }
}

static void fuse_level(Fuser *f, const Items *items, Loop *parent) {
  Clusters list = {.first = NULL};
  forget(f, items);
  for (size_t k = 0; k < items->count; k++) deal(f, items->list[k], &list);
  if (!f->s->task.no_fuse) gather(f, &list);
  forget(f, items);
  for (Cluster *c = list.first; c; c = c->next) {
    if (c->loop)
      fuse_loop(f, c, parent);
    else
      append_node(f->s, parent, c->members[0]);
  }
}

void fuse_nodes(Schedule *s, const Reads *reads) {
  const Graph *g = s->task.graph;
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    bool given = s->task.given && s->task.given[k];
    bool computed = n->kind == NODE_COMP || n->kind == NODE_SCATTER || n->kind == NODE_CARRY;
    if (!s->place[k].needed || given || !computed) continue;
    s->place[k].loop = arena_array(s->arena, Loop *, (size_t)(n->nout + n->nred) + 1);
    s->place[k].joined = arena_array(s->arena, Reason, (size_t)(n->nout + n->nred) + 1);
    s->place[k].mirrored = arena_array(s->arena, bool, (size_t)(n->nout + n->nred) + 1);
  }
  Fuser f = {.s = s, .reads = reads, .ways = ways_new(s, reads)};
  f.cluster_of = arena_array(s->arena, Cluster *, g->count);
  Items all = {.list = NULL};
  add_needed(&f, &all, f.ways.tree->item, f.ways.tree->nitem);
  fuse_level(&f, &all, NULL);
}
