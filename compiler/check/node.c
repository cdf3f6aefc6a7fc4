// node.c - levels, guards, and values that become nodes of the graph.
#include <string.h>

#include "check/internal.h"

const Expr *open_level(Walk *w, const char *name, const Poly *extent) {
  if (w->nlevel == INDEX_MAX - FIRST_LEVEL) {
    if (!w->overgrown)
      diag_error(w->diags, w->at, "more than %d indices are in use at once here", INDEX_MAX - FIRST_LEVEL);
    w->overgrown = true;
    return NULL;
  }
  w->level[w->nlevel] = (Level){name, extent};
  return expr_index(w->graph, FIRST_LEVEL + w->nlevel++);
}

void close_levels(Walk *w, int count) {
  w->nlevel = count;
}

void push_path(Walk *w, const Expr *condition) {
  if (condition->kind == EXPR_BOOL && condition->u.boolean) return;
  ARENA_PUSH(w->arena, w->path, w->npath, w->path_room) = condition;
}

const char *axis_name(const Walk *w, int axis) {
  static const char *const names[] = {"i", "j", "k", "l", "m", "p", "q", "r", "s", "t", "u", "v"};
  for (int k = 0, left = axis; k < (int)(sizeof names / sizeof *names); k++)
    if (dims_find(w->dims, names[k]) < 0 && left-- == 0) return names[k];
  return names[axis]; // a model whose dimensions have taken most letters
}

const char *level_name(const Walk *w) {
  for (int k = 0; k < MAX_RANK; k++) {
    int j = 0;
    while (j < w->nlevel && strcmp(w->level[j].name, axis_name(w, k)) != 0) j++;
    if (j == w->nlevel) return axis_name(w, k);
  }
  return axis_name(w, MAX_RANK - 1);
}

const char *made_name(Walk *w, const char *claim, const char *suffix) {
  if (claim) return claim;
  return w->owner ? arena_printf(w->arena, "%s_%s", w->owner, suffix) : suffix;
}

// ---- what a value depends on ----

typedef struct Dependence {
  const Walk *walk;
  NodeFlags flags;
} Dependence;

static void add_dependence(void *context, const Expr *read) {
  Dependence *d = context;
  const NodeFlags *f = &d->walk->flags[read->u.read.node->id];
  d->flags.data = d->flags.data || f->data;
  d->flags.param = d->flags.param || f->param;
}

NodeFlags depends_on(Walk *w, const Expr *e) {
  Dependence d = {.walk = w};
  expr_each_read(w->graph, e, add_dependence, &d);
  return d.flags;
}

static NodeFlags flags_of(Walk *w, const Node *node) {
  Dependence d = {.walk = w, .flags = {.data = node->kind == NODE_DATA, .param = node->kind == NODE_PARAM}};
  node_each_read(w->graph, node, add_dependence, &d);
  d.flags.degree = (uint8_t)node_degree(w, node);
  if (node->next) {
    d.flags.data = d.flags.data || w->flags[node->next->id].data;
    d.flags.param = d.flags.param || w->flags[node->next->id].param;
  }
  return d.flags;
}

static const Node *append(Walk *w, const Node *node) {
  NodeFlags flags = flags_of(w, node);
  const Node *added = graph_add(w->graph, node);
  ARENA_PUSH(w->arena, w->flags, w->nflags, w->flags_room) = flags;
  return added;
}

const Node *add_node(Walk *w, const Node *node) {
  const Node *added = append(w, node);
  if (w->flags[added->id].degree > 2 && added->kind == NODE_COMP && !w->plain) {
    const Node twin = wide_twin(w, added);
    append(w, &twin);
  }
  return added;
}

void settle_flags(Walk *w, size_t first) {
  for (size_t k = first; k < w->nflags; k++) w->flags[k].data = w->flags[k].param = false;
  for (bool more = true; more;) {
    more = false;
    for (size_t k = first; k < w->nflags; k++) {
      NodeFlags f = flags_of(w, w->graph->nodes[k]);
      f.opaque = w->flags[k].opaque;
      more = more || f.data != w->flags[k].data || f.param != w->flags[k].param;
      w->flags[k] = f;
    }
  }
}

// ---- what is tried ----

WalkMark mark_walk(const Walk *w) {
  return (WalkMark){w->graph->count, w->ncheck};
}

void take_back(Walk *w, WalkMark mark) {
  graph_take_back(w->graph, mark.nodes);
  w->nflags = mark.nodes;
  w->ncheck = mark.checks;
}

// ---- guards ----

uint64_t index_bit(int index) {
  return (uint64_t)1 << index;
}

const Expr *guard_over(Walk *w, uint64_t indices) {
  const Expr *guard = NULL;
  for (size_t k = 0; k < w->npath; k++)
    if (!(w->path[k]->indices & ~indices)) guard = guard ? make2(w, PRIM_AND, guard, w->path[k]) : w->path[k];
  return guard;
}

// Drops from the path, for a moment, what is not over these indices alone; the caller puts the old path back.
static void keep_path_over(Walk *w, uint64_t indices) {
  const Expr **path = w->path;
  size_t n = w->npath;
  w->path = NULL;
  w->npath = w->path_room = 0;
  for (size_t k = 0; k < n; k++)
    if (!(path[k]->indices & ~indices)) push_path(w, path[k]);
}

// Do the reads of a node's body, and of the conditions over these indices alone, keep their ranges under those?
static bool reads_hold_over(Walk *w, uint64_t indices, const Expr *e) {
  const Expr **path = w->path;
  const size_t npath = w->npath, room = w->path_room;
  keep_path_over(w, indices);
  bool hold = reads_hold(w, e);
  for (size_t k = 0; k < w->npath && hold; k++) hold = reads_hold(w, w->path[k]);
  w->path = path;
  w->npath = npath;
  w->path_room = room;
  return hold;
}

// The indices that a node of this body needs: those of the body, and, where reads keep their ranges only under conditions
// that bring in others, those of the conditions.
static uint64_t indices_of(Walk *w, const Expr *e, uint64_t own) {
  uint64_t used = e->indices | own, closed = used;
  bool more = true;
  while (more) {
    more = false;
    for (size_t k = 0; k < w->npath; k++) {
      uint64_t c = w->path[k]->indices;
      if ((c & closed & ~axis_bits) && (c & ~closed)) {
        closed |= c;
        more = true;
      }
    }
  }
  return closed == used || reads_hold_over(w, used, e) ? used : closed;
}

// ---- nodes ----

void lay_level(Walk *w, Layout *l, int level, bool reduced) {
  l->index[l->n] = (Index){w->level[level].name, w->level[level].extent};
  l->position[FIRST_LEVEL + level] = expr_index(w->graph, l->n);
  if (!reduced) l->sub[l->n] = expr_index(w->graph, FIRST_LEVEL + level);
  l->n++;
}

static bool name_in_use(const Layout *l, const char *name) {
  for (int k = 0; k < l->n; k++)
    if (strcmp(l->index[k].name, name) == 0) return true;
  return false;
}

void lay_axis(Walk *w, Layout *l, int axis, const Poly *extent, int read_as) {
  int k = 0;
  while (k < MAX_RANK - 1 && name_in_use(l, axis_name(w, k))) k++;
  l->index[l->n] = (Index){axis_name(w, k), extent};
  l->position[axis] = expr_index(w->graph, l->n);
  l->sub[l->n] = expr_index(w->graph, read_as);
  l->n++;
}

Value make_node(Walk *w, NodeForm form, Value body) {
  return make_node_over(w, form, body, 0);
}

Value make_node_over(Walk *w, NodeForm form, Value body, uint64_t indices) {
  bool reduced = form.reduce != REDUCE_NONE;
  uint64_t own = indices;
  for (int k = form.first; k < w->nlevel; k++) own |= index_bit(FIRST_LEVEL + k);
  for (size_t k = form.guard; k < w->npath; k++) own |= w->path[k]->indices;
  const Poly *const *outer_axes = w->axis_extent;
  w->axis_extent = body.extent;
  uint64_t used = indices_of(w, body.expr, own);
  w->axis_extent = outer_axes;
  int lead = reduced ? 0 : w->nlevel - form.first, outer = 0;
  for (int k = 0; k < form.first; k++) outer += used >> (FIRST_LEVEL + k) & 1 ? 1 : 0;
  Value result = {
      .type = form.reduce == REDUCE_ARGMAX ? TYPE_INT : body.type, .rank = lead + body.rank, .span = form.span};
  if (result.rank > MAX_RANK || outer + w->nlevel - form.first + body.rank > INDEX_MAX) {
    diag_error(w->diags, form.span, "an array can't have more than %d axes", MAX_RANK);
    return bad_value(form.span);
  }
  Layout l = {.n = 0};
  for (int k = 0; k < form.first; k++)
    if (used >> (FIRST_LEVEL + k) & 1) lay_level(w, &l, k, false);
  for (int k = 0; k < lead; k++) {
    lay_level(w, &l, form.first + k, false);
    l.sub[l.n - 1] = expr_index(w->graph, k);
    result.extent[k] = w->level[form.first + k].extent;
  }
  for (int k = 0; k < body.rank; k++) {
    lay_axis(w, &l, k, body.extent[k], lead + k);
    result.extent[lead + k] = body.extent[k];
  }
  int nout = l.n;
  for (int k = form.first; reduced && k < w->nlevel; k++) lay_level(w, &l, k, true);
  const Expr *guard = guard_over(w, used & ~axis_bits);
  Node node = {.kind = NODE_COMP,
               .name = form.name,
               .span = form.span,
               .type = result.type,
               .nout = nout,
               .nred = l.n - nout,
               .index = l.index,
               .reduce = form.reduce};
  node.expr = substitute(w, body.expr, l.position, INDEX_MAX);
  node.guard = guard ? substitute(w, guard, l.position, INDEX_MAX) : NULL;
  result.expr = make_read(w, add_node(w, &node), l.sub);
  return result;
}

// ---- values with a name ----

// Integers made of indices, dimensions and integer data alone stay expressions, so that what they subscript is seen.
bool stays_expression(Walk *w, const Expr *e) {
  if (e->type != TYPE_INT) return false;
  size_t n;
  const Expr **part = expr_parts(w->arena, e, &n);
  for (size_t k = 0; k < n; k++)
    if (part[k]->type != TYPE_INT || (part[k]->kind == EXPR_READ && part[k]->u.read.node->kind != NODE_DATA))
      return false;
  return true;
}

// Is it the node's whole array, axis by axis, at the levels it was made under?
static bool reads_whole(const Value *v, const Node *node) {
  if (v->expr->kind != EXPR_READ || v->expr->u.read.node != node) return false;
  int lead = node->nout - v->rank;
  for (int k = 0; k < node->nout; k++) {
    const Expr *sub = v->expr->u.read.sub[k];
    if (sub->kind != EXPR_INDEX) return false;
    if (k < lead ? sub->u.index < FIRST_LEVEL : sub->u.index != k - lead) return false;
  }
  return lead >= 0;
}

Value store(Walk *w, const char *name, Value v) {
  if (v.bad || stays_expression(w, v.expr)) return v;
  if (w->claimed && reads_whole(&v, w->claimed)) return v;
  return make_node(w, (NodeForm){name, v.span, REDUCE_NONE, w->nlevel, w->npath}, v);
}

enum { LONGEST = 100 };

// The operations and operands of e written out, up to a limit: shared parts count each time.
static int written_size(const Expr *e, int limit) {
  int size = 1;
  for (int k = 0; e->kind == EXPR_PRIM && k < e->u.prim.narg && size <= limit; k++)
    size += written_size(e->u.prim.arg[k], limit - size);
  return size;
}

Value shorten(Walk *w, Value v) {
  if (v.bad || v.type != TYPE_REAL || w->whole || w->draw || w->plain || written_size(v.expr, LONGEST) <= LONGEST) return v;
  return store(w, made_name(w, NULL, "part"), v);
}

Value settle(Walk *w, Value v, const char *suffix) {
  if (v.bad || v.rank == 0 || v.expr->kind == EXPR_READ || v.expr->height == 0) return v;
  return store(w, made_name(w, NULL, suffix), v);
}
