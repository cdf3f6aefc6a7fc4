// block.c - a loop of T steps as a loop over blocks of steps: of the states, those between blocks are kept, and the
// adjoint of a block runs its steps again (again.c).  With blocks of √T steps the memory is that of 2 √T states
// (checkpointing; Griewank and Walther, Evaluating Derivatives, 2nd edition, chapter 12).
//
// Step t is step s of block b, t = size * b + s; what runs in the loop gets both for its index t.  Where the last block
// is not full, what is behind it is computed nowhere and changes no state.
//
// So does what stands outside of the loop but goes along with it, so that it is no array over all steps either: what reads
// it step by step (a loss of each step, and the sum of them), and, in a copy for the steps, what its steps read at their own
// (x[t] @ W) or a fixed distance from it.
#include "derive/block.h"

static const Expr *plus(Graph *g, const Expr *e, int64_t n) {
  return n == 0 ? e : n > 0 ? expr_prim2(g, PRIM_ADD, e, expr_int(g, n)) : expr_prim2(g, PRIM_SUB, e, expr_int(g, -n));
}

static bool is_full(const Blocker *b, const Poly *steps) {
  int64_t count;
  return poly_is_int(steps, &count) && count % b->size == 0;
}

static const Poly *blocks_of(const Blocker *b, const Poly *steps) {
  Dims *dims = b->out->dims;
  return poly_floordiv(dims, poly_add(dims, steps, poly_int(dims, b->size - 1)), poly_int(dims, b->size));
}

// ---- reads ----

// m's entry with `block` and `within` for index p.
static const Expr *read_split(Blocker *b, const Node *copy, const Node *m, const Expr *const *sub, int p,
                              const Expr *block, const Expr *within) {
  const Expr **split = arena_array(b->arena, const Expr *, (size_t)m->nout + 2);
  for (int k = 0; k < m->nout; k++) split[k < p ? k : k + 1] = sub[k];
  split[p] = block;
  split[p + 1] = within;
  return expr_read(b->out, copy, split);
}

// The state e of a carry, from outside of its loop.
static const Expr *read_state(Blocker *b, const Node *c, const Expr *const *sub) {
  Graph *g = b->out;
  const GraphLoop *l = block_outermost(b, c);
  const Expr *e = sub[c->axis], *size = expr_int(g, b->size), *steps = expr_poly(g, l->steps);
  const Expr **last = arena_array(b->arena, const Expr *, (size_t)c->nout + 1);
  for (int k = 0; k < c->nout; k++) last[k] = sub[k];
  const Node *outer = b->carry[c->id].outer;
  last[c->axis] =
      c->reverse ? expr_int(g, 0) : expr_poly(g, poly_sub(g->dims, outer->index[c->axis].extent, poly_int(g->dims, 1)));
  const Expr *final = expr_read(g, outer, last);
  if (e == (c->reverse ? expr_int(g, 0) : steps)) return final;
  const Expr *step = plus(g, e, c->reverse ? -1 : 0); // that reads the state
  const Expr *within = plus(g, expr_prim2(g, PRIM_MOD, step, size), c->reverse ? 1 : 0);
  const Expr *inner =
      read_split(b, b->carry[c->id].inner, c, sub, c->axis, expr_prim2(g, PRIM_FLOORDIV, step, size), within);
  const Expr *before = c->reverse ? expr_prim2(g, PRIM_GT, e, expr_int(g, 0)) : expr_prim2(g, PRIM_LT, e, steps);
  return expr_select(g, before, inner, final);
}

// Does it read that copy, in the step at hand?
static bool reads_copy(Blocker *b, const Copy *c, const Expr *const *sub) {
  int64_t coefficient[INDEX_MAX], shift = 0;
  const Expr *rest;
  if (!b->here || c->steps != b->here || !expr_affine(b->out, sub[c->at], INDEX_MAX, coefficient, &rest)) return false;
  for (int q = 0; q < INDEX_MAX; q++) {
    const int64_t expected = q == b->block->u.index ? b->size : q == b->within->u.index ? 1 : 0;
    if (coefficient[q] != expected) return false;
  }
  return (!rest || expr_is_int(rest, &shift)) && shift == c->shift;
}

static const Expr *read_outside(Blocker *b, const Node *m, const Expr *const *sub) {
  for (const Copy *c = b->copies[m->id]; c; c = c->next)
    if (reads_copy(b, c, sub)) return read_split(b, c->node, m, sub, c->at, b->block, b->within);
  return expr_read(b->out, b->map[m->id], sub);
}

static const Expr *new_read(void *context, const Node *m, const Expr *const *sub) {
  Blocker *b = context;
  Graph *g = b->out;
  if (!block_is_split(b, m)) return read_outside(b, m, sub);
  const int p = b->at[m->id];
  const bool state = b->carry[m->id].inner != NULL;
  const int behind = state && m->reverse ? 1 : 0;
  if (b->steps[m->id] == b->here && sub[p] == plus(g, b->step, behind))
    return read_split(b, b->map[m->id], m, sub, p, b->block, plus(g, b->within, behind));
  if (state) return read_state(b, m, sub);
  const Expr *size = expr_int(g, b->size);
  return read_split(b, b->map[m->id], m, sub, p, expr_prim2(g, PRIM_FLOORDIV, sub[p], size),
                    expr_prim2(g, PRIM_MOD, sub[p], size));
}

static const Expr *renewed(Blocker *b, const Expr *e, const Expr *const *sub, int nsub) {
  if (!e) return NULL;
  const Expr *moved = expr_substitute(b->out, e, sub, nsub, NULL);
  return moved->nodes ? expr_replace_reads(b->out, moved, new_read, b) : moved;
}

// ---- nodes ----

typedef struct Split {
  Index *index;
  const Expr **own; // by old index: what stands for it
  int nout, nred;
  const Expr *block, *within, *block_reduced, *within_reduced;
} Split;

static void split_index(Blocker *b, Split *s, int at, const Index *t, const Poly *blocks) {
  s->index[at] = (Index){arena_printf(b->arena, "%s_block", t->name ? t->name : "t"), blocks};
  s->index[at + 1] = (Index){t->name, poly_int(b->out->dims, b->size)};
}

static const Expr *step_at(Blocker *b, int at) {
  Graph *g = b->out;
  return expr_prim2(g, PRIM_ADD, expr_prim2(g, PRIM_MUL, expr_int(g, b->size), expr_index(g, at)),
                    expr_index(g, at + 1));
}

// The indices of n with two for the output p, and, of a scatter, for the index that it is the target of.
static Split split_of(Blocker *b, const Node *n, int p, const Poly *blocks) {
  const int nv = n->nout + n->nred;
  const int q = n->kind == NODE_SCATTER && n->target[p]->kind == EXPR_INDEX ? n->target[p]->u.index : -1;
  Split s = {.index = arena_array(b->arena, Index, (size_t)nv + 2),
             .own = arena_array(b->arena, const Expr *, (size_t)nv)};
  for (int k = 0, at = 0; k < nv; k++) {
    if (k != p && k != q) {
      s.index[at] = n->index[k];
      s.own[k] = expr_index(b->out, at++);
    } else {
      split_index(b, &s, at, &n->index[k], blocks);
      s.own[k] = step_at(b, at);
      if (k == p) {
        s.block = expr_index(b->out, at);
        s.within = expr_index(b->out, at + 1);
      }
      if (k == q) {
        s.block_reduced = expr_index(b->out, at);
        s.within_reduced = expr_index(b->out, at + 1);
      }
      at += 2;
    }
    if (k + 1 == n->nout) s.nout = at;
    s.nred = at - s.nout;
  }
  return s;
}

static void stand_in(Blocker *b, const Poly *steps, const Expr *step, const Expr *block, const Expr *within) {
  b->here = steps;
  b->step = step;
  b->block = block;
  b->within = within;
}

// t < T, or null where every block is full.
static const Expr *in_loop(Blocker *b, const Poly *steps, const Expr *step) {
  return is_full(b, steps) ? NULL : expr_prim2(b->out, PRIM_LT, step, expr_poly(b->out, steps));
}

// Does it start from, or is it, a part of the loop's state, which is there behind the last step too?
static bool shows_state(const Blocker *b, const Node *n) {
  const Expr *e = n->expr;
  if (n->kind == NODE_SCATTER || n->reduce != REDUCE_NONE || e->kind != EXPR_READ) return false;
  return block_outermost(b, n) && block_outermost(b, e->u.read.node) == block_outermost(b, n);
}

// n with two indices for index p.
static void copy_member(Blocker *b, const Node *n) {
  Graph *g = b->out;
  const Poly *steps = b->steps[n->id];
  const int p = b->at[n->id], nv = n->nout + n->nred;
  const Split s = split_of(b, n, p, blocks_of(b, steps));
  const int q = s.block_reduced ? n->target[p]->u.index : p;
  Node copy = *n;
  copy.index = s.index;
  copy.nout = s.nout;
  copy.nred = s.nred;
  copy.next = copy.alive = NULL;
  if (n->axis > p) copy.axis++;
  stand_in(b, steps, s.own[p], s.block, s.within);
  copy.base = renewed(b, n->base, s.own, nv);
  if (n->kind == NODE_SCATTER) stand_in(b, steps, s.own[q], s.block_reduced, s.within_reduced);
  const Expr *in = shows_state(b, n) ? NULL : in_loop(b, steps, s.own[q]);
  copy.expr = renewed(b, n->expr, s.own, nv);
  copy.guard = derive_and(g, in, renewed(b, n->guard, s.own, nv));
  if (n->kind == NODE_CARRY) {
    copy.guard = NULL;
    const Expr *none = n->type == TYPE_REAL  ? expr_real(g, 0)
                       : n->type == TYPE_INT ? expr_int(g, 0)
                                             : expr_bool(g, false);
    if (in) copy.expr = expr_select(g, in, copy.expr, none);
  }
  if (n->target) {
    const Expr **target = arena_array(b->arena, const Expr *, (size_t)s.nout + 1);
    for (int k = 0; k < n->nout; k++) target[k < p ? k : k + 1] = renewed(b, n->target[k], s.own, nv);
    target[p] = s.block_reduced;
    target[p + 1] = s.within_reduced;
    copy.target = target;
  }
  b->map[n->id] = graph_add(g, &copy);
}

// Is the entry at a step within the axis?  Null where all of them are: steps before the first or behind the last may be read on a
// condition alone, which stands elsewhere.
static const Expr *in_axis(Blocker *b, const Copy *c, const Poly *extent, const Expr *entry) {
  Graph *g = b->out;
  Dims *dims = g->dims;
  const Poly *room = poly_sub(dims, extent, poly_add(dims, c->steps, poly_int(dims, c->shift)));
  const Expr *low = c->shift < 0 ? expr_prim2(g, PRIM_GE, entry, expr_int(g, 0)) : NULL;
  const Expr *high = poly_is_nonnegative(dims, room) ? NULL : expr_prim2(g, PRIM_LT, entry, expr_poly(g, extent));
  return derive_and(g, low, high);
}

static void copy_for_steps(Blocker *b, const Node *n, Copy *c) {
  const int nv = n->nout + n->nred;
  const Split s = split_of(b, n, c->at, blocks_of(b, c->steps));
  const Expr *step = s.own[c->at];
  s.own[c->at] = plus(b->out, step, c->shift);
  stand_in(b, c->steps, step, s.block, s.within);
  Node copy = *n;
  copy.name = arena_printf(b->arena, "%s_in_block", n->name);
  copy.index = s.index;
  copy.nout = s.nout;
  copy.expr = renewed(b, n->expr, s.own, nv);
  const Expr *there = derive_and(b->out, in_loop(b, c->steps, step), in_axis(b, c, n->index[c->at].extent, s.own[c->at]));
  copy.guard = derive_and(b->out, there, renewed(b, n->guard, s.own, nv));
  c->node = graph_add(b->out, &copy);
}

static void copy_carry(Blocker *b, const Node *c) {
  Graph *g = b->out;
  Dims *dims = g->dims;
  const GraphLoop *l = block_outermost(b, c);
  const int p = c->axis;
  const Poly *blocks = blocks_of(b, l->steps);
  Node outer = *c;
  Index *index = arena_array(b->arena, Index, (size_t)c->nout + 1),
        *inside = arena_array(b->arena, Index, (size_t)c->nout + 1);
  for (int k = 0; k < c->nout; k++) index[k] = inside[k < p ? k : k + 1] = c->index[k];
  index[p] = inside[p] =
      (Index){arena_printf(b->arena, "%s_block", l->name ? l->name : "t"), poly_add(dims, blocks, poly_int(dims, 1))};
  inside[p].extent = blocks;
  inside[p + 1] = (Index){c->index[p].name, poly_int(dims, b->size + 1)};
  outer.index = index;
  outer.next = outer.alive = NULL;
  stand_in(b, NULL, NULL, NULL, NULL);
  outer.expr = renewed(b, c->expr, NULL, 0);
  b->carry[c->id].outer = graph_add(g, &outer);

  Node inner = outer;
  inner.name = arena_printf(b->arena, "%s_in_block", c->name);
  inner.index = inside;
  inner.nout = c->nout + 1;
  inner.axis = p + 1;
  const Expr **sub = arena_array(b->arena, const Expr *, (size_t)c->nout + 1);
  for (int k = 0; k < c->nout; k++) sub[k] = expr_index(g, k <= p ? k : k + 1);
  sub[p] = plus(g, sub[p], c->reverse ? 1 : 0);
  inner.expr = expr_read(g, b->carry[c->id].outer, sub);
  b->map[c->id] = b->carry[c->id].inner = graph_add(g, &inner);
}

// Is m the carry of a loop that is over where n reads it?
static bool is_left(const Node *n, const Node *m) {
  return m->kind == NODE_CARRY && m->nout > n->nout - (n->kind == NODE_CARRY);
}

// Is what n reads there, entry for entry, n itself?  A carry's axis does not count: there is one state of it that can be read.
static bool is_same_entry(const Node *n, const Expr *read) {
  const Node *m = read->u.read.node;
  for (int j = 0, k = 0; j < m->nout; j++) {
    const bool steps = m->kind == NODE_CARRY && j == m->axis;
    const Expr *sub = read->u.read.sub[j];
    if (steps && is_left(n, m)) continue;
    k += n->kind == NODE_CARRY && k == n->axis;
    if (k == n->nout || (!steps && (sub->kind != EXPR_INDEX || sub->u.index != k))) return false;
    k++;
  }
  return true;
}

// Is n, where nothing is overwritten, what carry c is?  So are the versions of an array that is updated in place, also by loops.
static bool is_version(const Node *n, const Node *c) {
  while (n != c) {
    const bool plain = n->kind == NODE_COMP && n->reduce == REDUCE_NONE && !n->guard;
    const Expr *from = n->kind == NODE_SCATTER ? n->base : plain || n->kind == NODE_CARRY ? n->expr : NULL;
    if (!from || from->kind != EXPR_READ || !is_same_entry(n, from)) return false;
    if (n->kind == NODE_CARRY && !is_version(n->next, n)) return false;
    const Node *m = from->u.read.node;
    if (m->kind == NODE_CARRY && m != c && !is_left(n, m)) return false; // of a loop around
    n = m;
  }
  return true;
}

static const Expr *const *own_indices(Blocker *b, int count, int at, int64_t shift) {
  const Expr **sub = arena_array(b->arena, const Expr *, (size_t)count + 1);
  for (int k = 0; k < count; k++) sub[k] = expr_index(b->out, k);
  if (at >= 0) sub[at] = plus(b->out, sub[at], shift);
  return sub;
}

// m with two indices for index p, of so many steps, or with none split.
static const Node *make_view(Blocker *b, const Node *m, int p, const Poly *steps) {
  Node copy = {
      .kind = NODE_COMP, .name = m->name, .span = m->span, .type = m->type, .nout = m->nout, .index = m->index};
  stand_in(b, NULL, NULL, NULL, NULL);
  if (p < 0) {
    copy.expr = new_read(b, m, own_indices(b, m->nout, -1, 0));
    return graph_add(b->out, &copy);
  }
  const Split s = split_of(b, &copy, p, blocks_of(b, steps));
  stand_in(b, steps, s.own[p], s.block, s.within);
  copy.name = arena_printf(b->arena, "%s_in_block", m->name);
  copy.index = s.index;
  copy.nout = s.nout;
  copy.guard = in_loop(b, steps, s.own[p]);
  copy.expr = new_read(b, m, s.own);
  return graph_add(b->out, &copy);
}

// The copy of m with two indices for index p, of so many steps, or with none split (p is -1): what only goes along with a loop
// need not be split as the carry is that takes it, and what a loop computes is read from outside by its steps.  All that a
// loop's carries live on is one.
static const Node *split_as(Blocker *b, const Node *m, int p, const Poly *steps) {
  const bool split = block_is_split(b, m);
  if (split ? b->at[m->id] == p && b->steps[m->id] == steps : p < 0) return b->map[m->id];
  for (const Copy *v = b->views[m->id]; v; v = v->next)
    if (v->at == p && v->steps == steps) return v->node;
  Copy *view = arena_new_of(b->arena, Copy);
  *view = (Copy){.at = p, .steps = steps, .node = make_view(b, m, p, steps), .next = b->views[m->id]};
  b->views[m->id] = view;
  return view->node;
}

// What carry c takes, or lives on.
static const Node *taken(Blocker *b, const Node *c, const Node *m) {
  return m ? split_as(b, m, b->at[c->id], b->steps[c->id]) : NULL;
}

// Behind the last step the state stays what it is.
static const Node *passing(Blocker *b, const Node *c) {
  Graph *g = b->out;
  const Node *next = taken(b, c, c->next), *inner = b->carry[c->id].inner;
  const Expr *in = in_loop(b, b->steps[c->id], step_at(b, c->axis));
  if (!in || is_version(c->next, c)) return next;
  const Node pass = {
      .kind = NODE_COMP,
      .name = arena_printf(b->arena, "%s_next", c->name),
      .span = c->span,
      .type = c->type,
      .nout = next->nout,
      .index = next->index,
      .expr = expr_select(g, in, expr_read(g, next, own_indices(b, next->nout, -1, 0)),
                          expr_read(g, inner, own_indices(b, inner->nout, inner->axis, c->reverse ? 1 : 0)))};
  return graph_add(g, &pass);
}

static void close_carry(Blocker *b, const Node *c) {
  Graph *g = b->out;
  const Node *outer = b->carry[c->id].outer, *inner = b->carry[c->id].inner;
  graph_close(inner, passing(b, c), taken(b, c, c->alive));
  Index *index = arena_array(b->arena, Index, (size_t)c->nout + 1);
  const Expr **sub = arena_array(b->arena, const Expr *, (size_t)c->nout + 2);
  for (int k = 0; k < c->nout; k++) {
    index[k] = outer->index[k];
    sub[k <= c->axis ? k : k + 1] = expr_index(g, k);
  }
  index[c->axis].extent = inner->index[c->axis].extent;
  sub[c->axis + 1] = expr_int(g, c->reverse ? 0 : b->size);
  const Node last = {.kind = NODE_COMP,
                     .name = arena_printf(b->arena, "%s_block", c->name),
                     .note = arena_printf(b->arena, "%s behind a block of steps", c->name),
                     .span = c->span,
                     .type = c->type,
                     .nout = c->nout,
                     .index = index,
                     .expr = expr_read(g, inner, sub)};
  graph_close(outer, graph_add(g, &last), NULL);
}

static void copy_node(Blocker *b, const Node *n) {
  const GraphLoop *l = block_outermost(b, n);
  if (l && n->kind == NODE_CARRY && b->loops->inside[n->id] == l) {
    copy_carry(b, n);
    return;
  }
  if (b->at[n->id] >= 0) {
    copy_member(b, n);
    return;
  }
  const Expr **target = arena_array(b->arena, const Expr *, (size_t)n->nout + 1);
  Node copy = *n;
  stand_in(b, NULL, NULL, NULL, NULL);
  copy.expr = renewed(b, n->expr, NULL, 0);
  copy.guard = renewed(b, n->guard, NULL, 0);
  copy.base = renewed(b, n->base, NULL, 0);
  for (int k = 0; n->target && k < n->nout; k++) target[k] = renewed(b, n->target[k], NULL, 0);
  if (n->target) copy.target = target;
  b->map[n->id] = graph_add(b->out, &copy);
  for (Copy *c = b->copies[n->id]; c; c = c->next) copy_for_steps(b, n, c);
}

Graph *derive_blocked(Arena *a, const Model *m, int64_t size, RangeCheck *check, ParamDecl *param) {
  const Graph *in = m->graph;
  Blocker b = {.arena = a, .in = in, .out = graph_new(a, in->dims, in->name), .size = size};
  b.out->blocked = true;
  b.loops = graph_loops(a, in, NULL);
  b.map = arena_array(a, const Node *, in->count + 1);
  b.carry = arena_array(a, Blocked, in->count + 1);
  b.at = arena_array(a, int, in->count + 1);
  b.steps = arena_array(a, const Poly *, in->count + 1);
  b.copies = arena_array(a, Copy *, in->count + 1);
  b.views = arena_array(a, Copy *, in->count + 1);
  block_find_along(&b);
  for (size_t k = 0; k < in->count; k++) copy_node(&b, in->nodes[k]);
  for (size_t k = 0; k < in->count; k++) {
    const Node *n = in->nodes[k];
    if (b.carry[k].inner)
      close_carry(&b, n);
    else if (n->next)
      graph_close(b.map[k], taken(&b, n, n->next), taken(&b, n, n->alive));
  }
  stand_in(&b, NULL, NULL, NULL, NULL);
  for (int k = 0; k < m->ncheck; k++) {
    check[k] = m->check[k];
    check[k].value = renewed(&b, check[k].value, NULL, 0);
    check[k].guard = renewed(&b, check[k].guard, NULL, 0);
  }
  for (int k = 0; k < m->nparam; k++) {
    param[k] = m->param[k];
    param[k].low = renewed(&b, param[k].low, NULL, 0);
    param[k].high = renewed(&b, param[k].high, NULL, 0);
  }
  for (size_t k = 0; k < in->nroots; k++) {
    const Root *r = &in->roots[k];
    graph_add_root(b.out, r->role, r->name, r->which, split_as(&b, r->node, -1, NULL));
  }
  return b.out;
}
