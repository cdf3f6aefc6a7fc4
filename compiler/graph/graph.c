// graph.c - nodes, their names, and roots.
#include "graph/graph.h"

#include <string.h>

#include "graph/pool.h"

const char *const reduce_names[] = {"", "sum", "prod", "max", "min", "logsumexp", "argmax"};
const char *const origin_text[ORIGIN_COUNT] = {
    "",
#define ORIGIN(name, text) text,
#include "graph/origin.def"
#undef ORIGIN
};
const char *const root_names[] = {"loss", "predict", "metric", "start", "gradient", "author", "derivative", "named"};

Graph *graph_new(Arena *a, Dims *dims, const char *name) {
  Graph *g = arena_new_of(a, Graph);
  g->arena = a;
  g->dims = dims;
  g->name = name;
  g->pool = arena_new_of(a, ExprPool);
  g->pool->name_slots = 64;
  g->pool->names = arena_array(a, NameEntry, g->pool->name_slots);
  return g;
}

// ---- names ----

bool is_reserved(const char *word) {
  static const char *const words[] = {"if",   "then",  "else", "and", "or",  "not",
                                      "true", "false", "let",  "in",  "inf", "nan"};
  for (size_t k = 0; k < sizeof words / sizeof *words; k++)
    if (strcmp(words[k], word) == 0) return true;
  return false;
}

static size_t name_hash(const char *s) {
  uint32_t h = 2166136261u;
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 16777619u;
  return h;
}

// The entry of a name, or the free one where it belongs.
static NameEntry *name_entry(const ExprPool *pool, const char *name) {
  size_t at = name_hash(name) & (pool->name_slots - 1);
  while (pool->names[at].name && strcmp(pool->names[at].name, name) != 0) at = (at + 1) & (pool->name_slots - 1);
  return &pool->names[at];
}

static NameEntry *name_enter(Graph *g, const char *name) {
  ExprPool *pool = g->pool;
  if (pool->nnames * 2 >= pool->name_slots) {
    ExprPool bigger = {.name_slots = pool->name_slots * 2};
    bigger.names = arena_array(g->arena, NameEntry, bigger.name_slots);
    for (size_t k = 0; k < pool->name_slots; k++)
      if (pool->names[k].name) *name_entry(&bigger, pool->names[k].name) = pool->names[k];
    pool->names = bigger.names;
    pool->name_slots = bigger.name_slots;
  }
  NameEntry *e = name_entry(pool, name);
  if (!e->name) {
    *e = (NameEntry){.name = name, .suffix = 2};
    pool->nnames++;
  }
  return e;
}

static bool name_taken(const Graph *g, const char *name) {
  return name_entry(g->pool, name)->node || dims_find(g->dims, name) >= 0 || is_reserved(name);
}

static const char *unique_name(Graph *g, const char *base) {
  if (!base || !*base) base = "v";
  base = arena_strdup(g->arena, base);
  if (!name_taken(g, base)) return base;
  NameEntry *e = name_enter(g, base);
  int suffix = e->suffix;
  const char *name;
  do name = arena_printf(g->arena, "%s_%d", base, suffix++);
  while (name_taken(g, name));
  e->suffix = suffix;
  return name;
}

// ---- nodes ----

const Node *graph_add(Graph *g, const Node *node) {
  Node *n = arena_new_of(g->arena, Node);
  size_t nindex = (size_t)(node->nout + node->nred);
  *n = *node;
  n->id = (int)g->count;
  n->name = unique_name(g, node->name);
  n->note = node->note ? arena_strdup(g->arena, node->note) : NULL;
  Index *index = arena_array(g->arena, Index, nindex);
  for (size_t k = 0; k < nindex; k++) {
    index[k] = node->index[k];
    if (index[k].name) index[k].name = arena_strdup(g->arena, index[k].name);
  }
  n->index = index;
  if (node->target) {
    const Expr **target = arena_array(g->arena, const Expr *, (size_t)node->nout);
    for (int k = 0; k < node->nout; k++) target[k] = node->target[k];
    n->target = target;
  }
  ARENA_PUSH(g->arena, g->nodes, g->count, g->room) = n;
  name_enter(g, n->name)->node = n;
  return n;
}

void graph_close(const Node *carry, const Node *next, const Node *alive) {
  Node *n = (Node *)carry; // the one change that a node sees after it was added
  n->next = next;
  n->alive = alive;
}

void graph_take_back(Graph *g, size_t count) {
  for (size_t k = count; k < g->count; k++) name_entry(g->pool, g->nodes[k]->name)->node = NULL;
  for (size_t k = 0; count < g->count && k < g->pool->name_slots; k++) g->pool->names[k].suffix = 2;
  g->count = count;
}

static const Expr *translated(Graph *g, const Expr *e, const Node *const *map) {
  return e ? expr_substitute(g, e, NULL, 0, map) : NULL;
}

Node graph_translated(Graph *g, const Node *n, const Node *const *map) {
  Node copy = *n;
  copy.expr = translated(g, n->expr, map);
  copy.guard = translated(g, n->guard, map);
  copy.base = translated(g, n->base, map);
  copy.next = copy.alive = NULL;
  if (n->target) {
    const Expr **target = arena_array(g->arena, const Expr *, (size_t)n->nout + 1);
    for (int k = 0; k < n->nout; k++) target[k] = translated(g, n->target[k], map);
    copy.target = target;
  }
  return copy;
}

void graph_close_copies(const Graph *in, const Node *const *map) {
  for (size_t k = 0; k < in->count; k++) {
    const Node *n = in->nodes[k];
    if (n->kind == NODE_CARRY && map[k] && map[k]->kind == NODE_CARRY && n->next)
      graph_close(map[k], map[n->next->id], n->alive ? map[n->alive->id] : NULL);
  }
}

bool root_has_role(const Root *r, unsigned roles) {
  return (roles >> r->role & 1u) != 0;
}

void graph_copy_roots(Graph *g, const Graph *in, const Node *const *map, unsigned roles) {
  for (size_t k = 0; k < in->nroots; k++) {
    const Root *r = &in->roots[k];
    if (root_has_role(r, roles)) graph_add_root(g, r->role, r->name, r->which, map[r->node->id]);
  }
}

static void mark_read(void *context, const Expr *read) {
  bool *needed = context;
  needed[read->u.read.node->id] = true;
}

static bool mark_taken(const Node *n, bool *needed) {
  bool more = n && !needed[n->id];
  if (n) needed[n->id] = true;
  return more;
}

void graph_mark_needed(const Graph *g, bool *needed) {
  bool more = true;
  while (more) { // once more for every carry that takes a node behind it for the first time
    more = false;
    for (size_t k = g->count; k-- > 0;) {
      const Node *n = g->nodes[k];
      if (!needed[k]) continue;
      node_each_read(g, n, mark_read, needed);
      if (mark_taken(n->next, needed)) more = true;
      if (mark_taken(n->alive, needed)) more = true;
    }
  }
}

Node node_whole(const Node *n, const Expr *expr) {
  return (Node){.kind = NODE_COMP,
                .name = n->name,
                .note = n->note,
                .origin = ORIGIN_WHOLE,
                .span = n->span,
                .type = n->type,
                .nout = n->nout,
                .index = n->index,
                .expr = expr};
}

bool node_is_input(const Node *n) {
  return n->kind == NODE_DATA || n->kind == NODE_PARAM || n->kind == NODE_SEED;
}

const Node *graph_find(const Graph *g, const char *name) {
  return name_entry(g->pool, name)->node;
}

// ---- roots ----

void graph_add_root(Graph *g, RootRole role, const char *name, int which, const Node *node) {
  ARENA_PUSH(g->arena, g->roots, g->nroots, g->roots_room) =
      (Root){.role = role, .name = name ? arena_strdup(g->arena, name) : NULL, .which = which, .node = node};
}

const Root *graph_root(const Graph *g, RootRole role, int which) {
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == role && g->roots[k].which == which) return &g->roots[k];
  return NULL;
}
