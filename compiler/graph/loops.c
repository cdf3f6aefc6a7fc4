// loops.c - strongly connected components, level by level.
#include "graph/loops.h"

#include <stdlib.h>

#include "base/text.h"

enum { LOOP_DEPTH_MAX = 64 };

// What a node depends on.
typedef struct Uses {
  const Expr **read;
  size_t nread, read_room;
  const Node **node; // what is read and what a carry takes, each once
  size_t nnode, node_room;
} Uses;

typedef struct Finder {
  Arena *arena;
  const Graph *g;
  LoopTree *tree;
  Text *why;
  const bool *there;  // by node: depends on nothing; null: none
  Uses *uses; // by node
  bool *given;    // by node: a carry of a loop that is open, no longer tied to what it takes
  int *level;     // by node: how many loops around it are known; -1: not looked at now
  int **position; // by loop
  size_t position_room;
} Finder;

static bool fail(Finder *f, const Node *n, const char *what) {
  if (f->why) text_printf(f->why, "node `%s`: %s", n->name, what);
  return false;
}

// ---- what depends on what ----

typedef struct User {
  Arena *arena;
  Uses *uses;
} User;

static void use(const User *u, const Node *n) {
  Uses *own = u->uses;
  for (size_t k = 0; k < own->nnode; k++)
    if (own->node[k] == n) return;
  ARENA_PUSH(u->arena, own->node, own->nnode, own->node_room) = n;
}

static void use_read(void *context, const Expr *read) {
  const User *u = context;
  ARENA_PUSH(u->arena, u->uses->read, u->uses->nread, u->uses->read_room) = read;
  use(u, read->u.read.node);
}

static void find_uses(Finder *f) {
  for (size_t k = 0; k < f->g->count; k++) {
    const Node *n = f->g->nodes[k];
    User u = {f->arena, &f->uses[k]};
    if (f->there && f->there[k]) continue;
    node_each_read(f->g, n, use_read, &u);
    if (n->next) use(&u, n->next);
    if (n->alive) use(&u, n->alive);
  }
}

// ---- components: Tarjan's algorithm, with a stack of its own ----

typedef struct Component {
  const Node **member;
  size_t count, room;
  bool cyclic;
} Component;

typedef struct Components {
  Component *list; // each depends on none behind it
  size_t count, room;
} Components;

typedef struct Frame {
  const Node *node;
  size_t next; // of its uses
} Frame;

typedef struct Tarjan {
  Finder *f;
  int level;
  size_t *number, *low; // by node; number 0: not met
  bool *open;
  size_t met;
  const Node **stack;
  size_t nstack, stack_room;
  Frame *frame;
  size_t nframe, frame_room;
  Components found;
} Tarjan;

// Is the dependence of n on m one that counts here?
static bool counts(const Tarjan *t, const Node *n, const Node *m) {
  if (t->f->level[m->id] != t->level) return false;
  return !(t->f->given[n->id] && (n->next == m || n->alive == m));
}

static void enter(Tarjan *t, const Node *n) {
  t->number[n->id] = t->low[n->id] = ++t->met;
  t->open[n->id] = true;
  ARENA_PUSH(t->f->arena, t->stack, t->nstack, t->stack_room) = n;
  ARENA_PUSH(t->f->arena, t->frame, t->nframe, t->frame_room) = (Frame){n, 0};
}

static void lower(Tarjan *t, const Node *n, size_t to) {
  if (to < t->low[n->id]) t->low[n->id] = to;
}

static int by_id(const void *x, const void *y) {
  int a = (*(const Node *const *)x)->id, b = (*(const Node *const *)y)->id;
  return (a > b) - (a < b);
}

static void leave(Tarjan *t, const Node *n) {
  if (t->low[n->id] != t->number[n->id]) return;
  Component c = {.member = NULL};
  const Node *m;
  do {
    m = t->stack[--t->nstack];
    t->open[m->id] = false;
    ARENA_PUSH(t->f->arena, c.member, c.count, c.room) = m;
  } while (m != n);
  qsort(c.member, c.count, sizeof *c.member, by_id);
  c.cyclic = c.count > 1;
  const Uses *uses = &t->f->uses[n->id];
  for (size_t k = 0; k < uses->nnode; k++)
    if (uses->node[k] == n && counts(t, n, n)) c.cyclic = true;
  ARENA_PUSH(t->f->arena, t->found.list, t->found.count, t->found.room) = c;
}

static void walk(Tarjan *t, const Node *root) {
  enter(t, root);
  while (t->nframe) {
    Frame *top = &t->frame[t->nframe - 1];
    const Node *n = top->node;
    if (top->next < t->f->uses[n->id].nnode) {
      const Node *m = t->f->uses[n->id].node[top->next++];
      if (!counts(t, n, m)) continue;
      if (!t->number[m->id])
        enter(t, m);
      else if (t->open[m->id])
        lower(t, n, t->number[m->id]);
      continue;
    }
    t->nframe--;
    leave(t, n);
    if (t->nframe) lower(t, t->frame[t->nframe - 1].node, t->low[n->id]);
  }
}

static Components components(Finder *f, const Node *const *nodes, size_t count, int level) {
  size_t all = f->g->count + 1;
  Tarjan t = {.f = f, .level = level};
  t.number = arena_array(f->arena, size_t, all);
  t.low = arena_array(f->arena, size_t, all);
  t.open = arena_array(f->arena, bool, all);
  for (size_t k = 0; k < count; k++) f->level[nodes[k]->id] = level;
  for (size_t k = 0; k < count; k++)
    if (!t.number[nodes[k]->id]) walk(&t, nodes[k]);
  return t.found;
}

// ---- the loop of a component ----

int loop_step_of(const Expr *sub, bool reverse) {
  int64_t one;
  if (!reverse) return sub->kind == EXPR_INDEX ? sub->u.index : -1;
  if (!expr_is_prim(sub, PRIM_ADD)) return -1;
  const Expr *const *arg = sub->u.prim.arg;
  if (arg[0]->kind == EXPR_INDEX && expr_is_int(arg[1], &one) && one == 1) return arg[0]->u.index;
  if (arg[1]->kind == EXPR_INDEX && expr_is_int(arg[0], &one) && one == 1) return arg[1]->u.index;
  return -1;
}

// Over the indices of the loop and of those around it, the outermost first, and no others.
static bool is_number_of(const LoopTree *tree, const GraphLoop *l, const Node *n) {
  if (n->type != TYPE_REAL || n->nred || n->nout != l->depth) return false;
  for (const GraphLoop *around = n->kind == NODE_CARRY ? l->parent : l; around; around = around->parent)
    if (tree->position[around->id][n->id] != around->depth - 1) return false;
  return true;
}

bool loop_is_of_numbers(const LoopTree *tree, const GraphLoop *l) {
  for (size_t k = 0; k < l->ncarry; k++) {
    const Node *c = l->carry[k];
    if (c->axis != l->depth - 1 || !is_number_of(tree, l, c)) return false;
    if (c->next->kind != NODE_COMP || tree->inside[c->next->id] != l) return false;
  }
  for (size_t k = 0; k < l->nitem; k++)
    if (!l->item[k].node || l->item[k].node->kind != NODE_COMP || !is_number_of(tree, l, l->item[k].node)) return false;
  return true;
}

bool loop_reads_own(const Expr *read) {
  const Node *m = read->u.read.node;
  for (int k = 0; k < m->nout; k++)
    if (loop_step_of(read->u.read.sub[k], m->kind == NODE_CARRY && k == m->axis && m->reverse) != k) return false;
  return true;
}

// Of a scatter's reduction index that is the target of an output, that output; of an output, itself.
static int output_of(const Node *n, int index) {
  if (index < n->nout) return index;
  for (int k = 0; n->kind == NODE_SCATTER && k < n->nout; k++)
    if (n->target[k]->kind == EXPR_INDEX && n->target[k]->u.index == index) return k;
  return -1;
}

typedef struct Along {
  const Node *n;
  int *position; // by node
  bool reverse;
  int found; // -1: not yet, -2: contradictory
} Along;

static void see(Along *a, int position) {
  a->found = position < 0 || (a->found != -1 && a->found != position) ? -2 : position;
}

static void see_read(Along *a, const Expr *read) {
  const Node *m = read->u.read.node;
  int p = a->position[m->id];
  if (p < 0) return;
  bool state = m->kind == NODE_CARRY && m->axis == p;
  see(a, output_of(a->n, loop_step_of(read->u.read.sub[p], state && a->reverse)));
}

static bool is_member(const Component *comp, const Node *n) {
  for (size_t k = 0; k < comp->count; k++)
    if (comp->member[k] == n) return true;
  return false;
}

// Follows the axis of carry c through the component: false where it does not run through all of it.
static bool follow(Finder *f, const Component *comp, const Node *c, int *position) {
  for (size_t k = 0; k < f->g->count; k++) position[k] = -1;
  position[c->id] = c->axis;
  const bool whole = is_member(comp, c->next); // it need not depend on c, and may be given
  if (whole) position[c->next->id] = c->axis;
  size_t known = whole ? 2 : 1, before;
  do {
    before = known;
    for (size_t k = 0; k < comp->count; k++) {
      const Node *n = comp->member[k];
      Along a = {.n = n, .position = position, .reverse = c->reverse, .found = -1};
      // The state of this loop starts outside; what another carry takes has its own indices.
      if (n->kind == NODE_CARRY && position[n->id] == n->axis) continue;
      for (size_t r = 0; r < f->uses[n->id].nread; r++) see_read(&a, f->uses[n->id].read[r]);
      const Node *taken[] = {n->next, n->alive};
      for (int t = 0; t < 2 && n->kind == NODE_CARRY && !f->given[n->id]; t++)
        if (taken[t] && position[taken[t]->id] >= 0) see(&a, position[taken[t]->id]);
      if (a.found == -2 || (a.found >= 0 && position[n->id] >= 0 && position[n->id] != a.found)) return false;
      if (a.found < 0 || position[n->id] >= 0) continue;
      position[n->id] = a.found;
      known++;
    }
  } while (known != before);
  // What a step puts into an array is the step's: its target there is the index itself.
  for (size_t k = 0; k < comp->count; k++) {
    const Node *n = comp->member[k];
    if (n->kind == NODE_SCATTER && position[n->id] >= 0 && n->target[position[n->id]]->kind != EXPR_INDEX) return false;
  }
  return known == comp->count;
}

static bool one_loop(Finder *f, GraphLoop *l, const Node *c) {
  const Poly *steps = c->next->index[c->axis].extent;
  if (l->steps && (l->steps != steps || l->reverse != c->reverse))
    return fail(f, c, "carries of one loop have other steps or another direction");
  if (l->ncarry && l->alive != c->alive) return fail(f, c, "carries of one loop live on other conditions");
  l->steps = steps;
  l->reverse = c->reverse;
  l->alive = c->alive;
  l->name = c->index[c->axis].name;
  ARENA_PUSH(f->arena, l->carry, l->ncarry, l->carry_room) = c;
  f->given[c->id] = true;
  f->level[c->id] = -1;
  return true;
}

static bool find_level(Finder *f, const Node *const *nodes, size_t count, GraphLoop *parent);

static void append(Finder *f, GraphLoop *parent, LoopItem item) {
  if (parent)
    ARENA_PUSH(f->arena, parent->item, parent->nitem, parent->item_room) = item;
  else
    ARENA_PUSH(f->arena, f->tree->item, f->tree->nitem, f->tree->item_room) = item;
}

static bool find_loop(Finder *f, const Component *comp, GraphLoop *parent) {
  int *position = arena_array(f->arena, int, f->g->count);
  const Node *outer = NULL;
  for (size_t k = 0; k < comp->count && !outer; k++) {
    const Node *c = comp->member[k];
    if (c->kind == NODE_CARRY && !f->given[c->id] && follow(f, comp, c, position)) outer = c;
  }
  if (!outer) return fail(f, comp->member[0], "reads itself other than as the state of a loop");
  GraphLoop *l = arena_new_of(f->arena, GraphLoop);
  *l = (GraphLoop){.id = (int)f->tree->nloop, .parent = parent, .depth = parent ? parent->depth + 1 : 1};
  if (l->depth > LOOP_DEPTH_MAX) return fail(f, outer, "loops are nested too deeply");
  size_t nloop = f->tree->nloop;
  ARENA_PUSH(f->arena, f->position, nloop, f->position_room) = position;
  ARENA_PUSH(f->arena, f->tree->loop, f->tree->nloop, f->tree->loop_room) = l;
  append(f, parent, (LoopItem){.loop = l});
  const Node **step = arena_array(f->arena, const Node *, comp->count);
  size_t nstep = 0;
  for (size_t k = 0; k < comp->count; k++) {
    const Node *n = comp->member[k];
    f->tree->inside[n->id] = l;
    if (n->kind == NODE_CARRY && position[n->id] == n->axis && !f->given[n->id]) {
      if (!one_loop(f, l, n)) return false;
    } else {
      step[nstep++] = n;
    }
  }
  return find_level(f, step, nstep, l);
}

// What runs in `parent`: a node, or a loop, at a time.
static bool find_level(Finder *f, const Node *const *nodes, size_t count, GraphLoop *parent) {
  int level = parent ? parent->depth : 0;
  Components c = components(f, nodes, count, level);
  for (size_t k = 0; k < c.count; k++) {
    const Node *only = c.list[k].member[0];
    bool given = f->there && f->there[only->id];
    if (given || (!c.list[k].cyclic && !only->next)) {
      append(f, parent, (LoopItem){.node = only});
      continue;
    }
    for (size_t m = 0; m < c.list[k].count; m++) f->level[c.list[k].member[m]->id] = level + 1;
    bool good = find_loop(f, &c.list[k], parent);
    for (size_t m = 0; m < c.list[k].count; m++) f->level[c.list[k].member[m]->id] = level;
    if (!good) return false;
  }
  return true;
}

// What a step puts into an array goes to the step of each loop around it by an index of its own.
static bool parts_steps(Finder *f, const Node *n) {
  if (n->kind != NODE_SCATTER) return true;
  for (const GraphLoop *l = f->tree->inside[n->id]; l; l = l->parent)
    for (const GraphLoop *outer = l->parent; outer; outer = outer->parent)
      if (n->target[f->position[l->id][n->id]] == n->target[f->position[outer->id][n->id]])
        return fail(f, n, "goes to the steps of two loops by one index");
  return true;
}

const LoopTree *graph_loops(Arena *a, const Graph *g, Text *why) {
  return graph_loops_beside(a, g, NULL, why);
}

const LoopTree *graph_loops_beside(Arena *a, const Graph *g, const bool *there, Text *why) {
  size_t all = g->count + 1;
  Finder f = {.arena = a, .g = g, .why = why, .there = there, .tree = arena_new_of(a, LoopTree)};
  f.uses = arena_array(a, Uses, all);
  f.given = arena_array(a, bool, all);
  f.level = arena_array(a, int, all);
  f.tree->inside = arena_array(a, GraphLoop *, all);
  for (size_t k = 0; k < g->count; k++) f.level[k] = -1;
  find_uses(&f);
  if (!find_level(&f, g->nodes, g->count, NULL)) return NULL;
  f.tree->position = f.position;
  for (size_t k = 0; k < g->count; k++)
    if (!parts_steps(&f, g->nodes[k])) return NULL;
  return f.tree;
}
