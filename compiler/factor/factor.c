// factor.c - the walk over the graph; which form of a sum is the cheapest.
//
// Each sum is looked at as a product of factors and conditions that is summed over some indices, once as it stands and once
// with the nodes that it reads written out.  Of the orders in which the indices can be summed over, and of these forms, the
// one with the fewest operations is built.  Operations are counted at nominal sizes: a dimension with a number has that
// number, one of the call counts as CALL_SIZE, the batch as BATCH_SIZE.
//
// Results differ from those without this pass by the rounding of sums in another order: c Σᵢ xᵢ has the rounding of one
// multiplication where Σᵢ c xᵢ has one for each term, relative to the same Σᵢ |c xᵢ|, and the sums of Σᵢ Σⱼ aᵢⱼ bⱼ = Σⱼ bⱼ Σᵢ aᵢⱼ
// have bounds relative to the same Σᵢ Σⱼ |aᵢⱼ bⱼ|.  Not ensured is that no intermediate result overflows or is subnormal where
// none did before: a sum may be beyond the range that each of its terms keeps to by a small factor.  A factor that may have
// a pole never meets the 0 of a sum under a condition that never held.
//
// Requires a graph without an author's own derivatives; leaves dead nodes.
#include <math.h>

#include "factor/internal.h"

enum { CALL_SIZE = 64, BATCH_SIZE = 1024, SCATTERED = 3 }; // operations that adding to a computed place is worth

static const double gain = 0.98;      // what is not that much cheaper stays as the author has it
static const double order_gain = 0.5; // several sums take the place of one where that takes an index out of a loop, say

// The greatest, or least, of no entries is infinite.
static bool may_be_of_none(const Node *n) {
  return n->guard && (n->reduce == REDUCE_MAX || n->reduce == REDUCE_MIN || n->reduce == REDUCE_LOGSUMEXP);
}

const Node *factor_add(Factoring *f, const Node *n, Known known) {
  const Node *added = graph_add(f->g, n);
  known.poled = known.poled || n->kind == NODE_CARRY || may_be_of_none(n);
  if (n->expr) known.poled = known.poled || may_be_poled(f, n->expr);
  if (n->base) known.poled = known.poled || may_be_poled(f, n->base);
  ARENA_PUSH(f->arena, f->known, f->nknown, f->known_room) = known;
  return added;
}

// ---- one node ----

double cost_of(Factoring *f, const Node *n) {
  double entries = 1, extent;
  for (int k = 0; k < n->nout + n->nred; k++)
    if (poly_real(f->g->dims, n->index[k].extent, f->values, &extent) && extent > 1) entries *= extent;
  return n->expr ? entries * (work_of(n->expr) + (n->nred > 0)) : 0;
}

// An index that nothing depends on counts.
static void count_idle(Factoring *f, Product *p) {
  uint64_t used = 0;
  for (int k = 0; k < p->nitem; k++) used |= p->item[k].scope;
  for (int k = 0; k < p->nindex && p->nitem < ITEMS_MAX; k++) {
    if (!(p->summed >> k & 1) || used >> k & 1) continue;
    p->summed &= ~((uint64_t)1 << k);
    p->item[p->nitem++] = (Item){.e = expr_prim1(f->g, PRIM_REAL, expr_poly(f->g, p->index[k].extent))};
  }
}

void look_at(Factoring *f, Form *form, double each) {
  product_protect(f, &form->p);
  count_idle(f, &form->p);
  form->order = order_best(&form->p, each);
}

// The best of a node's forms and what it costs; false: it stays as it is.
static bool best_form(Factoring *f, const Node *n, uint64_t summed, const GraphLoop *loop, double each, Form *best,
                      double *least) {
  Form form = {.saved = 0};
  product_of(f, &best->p, n, summed, false);
  *least = INFINITY;
  if (best->p.full) return false;
  best->saved = 0;
  const double as_it_stands = order_none(&best->p, each);
  look_at(f, best, each);
  bool better = best->order.cost < gain * as_it_stands;
  *least = better ? best->order.cost : as_it_stands;
  for (int shared = 0; shared < 2; shared++) {
    product_of(f, &form.p, n, summed, true);
    form.saved = 0;
    if (!product_through(f, &form.p, loop, shared, &form.saved)) continue;
    look_at(f, &form, each);
    if (form.order.cost >= gain * (*least + form.saved)) continue;
    *least = form.order.cost - form.saved;
    *best = form;
    better = true;
  }
  return better;
}

static const GraphLoop *loop_of(const Factoring *f, const Node *from) {
  return f->loops ? f->loops->inside[from->id] : NULL;
}

static const Expr *read_own(Graph *g, const Node *n) {
  const Expr *sub[INDEX_MAX];
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(g, k);
  return expr_read(g, n, sub);
}

// Several sums, each a node, and what they add up to.
static const Node *build_forms(Factoring *f, const Forms *forms, const Node *n, Known known) {
  Node part = *n, sum = *n;
  sum.expr = NULL;
  for (int k = 0; k < forms->count; k++) {
    const Form *form = forms->form[k];
    part.origin = ORIGIN_FACTORED;
    part.name = arena_printf(f->arena, "%s_term", n->name);
    const Known own = {.uses = 1, .loop = known.loop, .cost = form->order.cost};
    const Expr *read = read_own(f->g, build_node(f, &form->p, &form->order, &part, own));
    sum.expr = sum.expr ? expr_prim2(f->g, PRIM_ADD, sum.expr, read) : read;
  }
  sum.guard = NULL;
  sum.reduce = REDUCE_NONE;
  sum.nred = 0;
  known.cost = 0;
  return factor_add(f, &sum, known);
}

// The forms that have something to sum: others are multiplied by the number of terms.
static int sums_of(const Forms *forms) {
  int sums = 0;
  for (int k = 0; k < forms->count; k++) sums += forms->form[k]->p.summed != 0;
  return sums;
}

static const Node *visit_sum(Factoring *f, const Node *from, const Node *n, Known known) {
  uint64_t summed = 0;
  double least;
  Form *form = arena_new_of(f->scratch, Form);
  for (int q = n->nout; q < n->nout + n->nred; q++) summed |= (uint64_t)1 << q;
  const bool better = best_form(f, n, summed, loop_of(f, from), 0, form, &least);
  Product *apart = arena_new_of(f->scratch, Product);
  product_of(f, apart, n, summed, true);
  if (!apart->full) {
    const Forms forms = distribute(f, apart, loop_of(f, from));
    const double wanted = sums_of(&forms) > 1 ? order_gain : gain;
    if (forms.count > 1 && forms.cost < wanted * (least + forms.saved)) return build_forms(f, &forms, n, known);
  }
  if (!better) return factor_add(f, n, known);
  known.cost = form->order.cost;
  return build_node(f, &form->p, &form->order, n, known);
}

static const Node *visit_logs(Factoring *f, const Node *from, const Node *n, Known known) {
  Node rest, sum = *n;
  sum.expr = logs_apart(f, n, known.loop, &rest);
  if (!sum.expr) return visit_sum(f, from, n, known);
  if (rest.expr) {
    const Known own = {.uses = 1, .cost = cost_of(f, &rest)};
    sum.expr = expr_prim2(f->g, PRIM_ADD, sum.expr, read_own(f->g, visit_sum(f, from, &rest, own)));
  }
  sum.guard = NULL;
  sum.reduce = REDUCE_NONE;
  sum.nred = 0;
  known.cost = 0;
  return factor_add(f, &sum, known);
}

// What does not say where a scatter adds is summed over before.
static const Node *visit_scatter(Factoring *f, const Node *from, const Node *n, Known known) {
  Form *form = arena_new_of(f->scratch, Form);
  double least;
  int kept[INDEX_MAX], nkept = 0;
  uint64_t target = 0, summed = 0;
  for (int k = 0; k < n->nout; k++) target |= n->target[k]->indices;
  for (int q = n->nout; q < n->nout + n->nred; q++) {
    if (target >> q & 1)
      kept[nkept++] = q;
    else
      summed |= (uint64_t)1 << q;
  }
  if (!summed || nkept == 0 || !best_form(f, n, summed, loop_of(f, from), SCATTERED, form, &least) ||
      !product_frees_target(f, &form->p, n, summed))
    return factor_add(f, n, known);
  Node made = *n;
  Graph *g = f->g;
  int outs[INDEX_MAX];
  const Expr *sub[INDEX_MAX] = {NULL}, **to = arena_array(f->scratch, const Expr *, (size_t)n->nout + 1);
  Index *index = arena_array(f->scratch, Index, INDEX_MAX);
  for (int k = 0; k < n->nout; k++) {
    index[k] = n->index[k];
    outs[k] = k; // nothing reads them
  }
  for (int k = 0; k < nkept; k++) {
    outs[n->nout + k] = kept[k];
    index[n->nout + k] = n->index[kept[k]];
    sub[kept[k]] = expr_index(g, n->nout + k);
  }
  for (int k = 0; k < n->nout; k++) to[k] = expr_substitute(g, n->target[k], sub, INDEX_MAX, NULL);
  made.expr = build_ordered(f, &form->p, &form->order, n, known.loop, outs, n->nout + nkept, &made.guard);
  made.nred = nkept;
  made.index = index;
  made.target = to;
  known.cost = form->order.cost;
  return factor_add(f, &made, known);
}

static void visit(Factoring *f, const Node *from, const int *uses, const bool *root) {
  const Node n = graph_translated(f->g, from, f->map);
  Known known = {.uses = uses[from->id], .root = root[from->id], .loop = loop_of(f, from), .cost = cost_of(f, &n)};
  const Node **to = &f->map[from->id];
  if (n.kind == NODE_COMP && n.reduce == REDUCE_SUM && n.type == TYPE_REAL)
    *to = visit_logs(f, from, &n, known);
  else if (n.kind == NODE_SCATTER && !n.assign && n.type == TYPE_REAL)
    *to = visit_scatter(f, from, &n, known);
  else if (n.kind == NODE_COMP && n.reduce == REDUCE_NONE && n.type == TYPE_REAL && !n.guard && known.uses > 1 && !known.loop &&
           f->scalable[from->id] && (*to = scale_apart(f, &n, known)))
    return;
  else
    *to = factor_add(f, &n, known);
}

// ---- the graph ----

typedef struct Readers {
  int *uses, *seen; // seen: the last node that was seen to read it
  int at;           // the node at hand
} Readers;

static void count_read(void *context, const Expr *read) {
  Readers *r = context;
  const int id = read->u.read.node->id;
  r->uses[id] += r->seen[id] != r->at;
  r->seen[id] = r->at;
}

// Counts the nodes that read each; a root has a reader more.
static int *count_uses(Factoring *f, bool *root) {
  const Graph *in = f->in;
  Readers r = {.uses = arena_array(f->arena, int, in->count + 1), .seen = arena_array(f->arena, int, in->count + 1)};
  for (size_t k = 0; k < in->count; k++) {
    const Node *n = in->nodes[k];
    r.at = (int)k + 1;
    node_each_read(in, n, count_read, &r);
    if (n->next) r.uses[n->next->id] += 2; // it stays itself
    if (n->alive) r.uses[n->alive->id] += 2;
  }
  for (size_t k = 0; k < in->nroots; k++) {
    root[in->roots[k].node->id] = true;
    r.uses[in->roots[k].node->id]++;
  }
  return r.uses;
}

static void nominal_sizes(Factoring *f) {
  const Dims *dims = f->g->dims;
  f->values = arena_array(f->arena, int64_t, (size_t)dims_count(dims) + 1);
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *d = dims_get(dims, k);
    f->values[k] = d->kind == DIM_FIXED ? d->value : d->kind == DIM_BATCH ? BATCH_SIZE : CALL_SIZE;
  }
}

Graph *factor(Arena *a, const Graph *in) {
  const Graph *g = sum_states(a, in);
  Factoring f = {
      .arena = a, .scratch = arena_new(), .in = g, .g = graph_new(a, g->dims, g->name)};
  bool *root = arena_array(a, bool, g->count + 1);
  f.map = arena_array(a, const Node *, g->count + 1);
  nominal_sizes(&f);
  const int *uses = count_uses(&f, root);
  f.scalable = find_scalable(a, g);
  for (size_t k = 0; k < g->count && !f.loops; k++)
    if (g->nodes[k]->kind == NODE_CARRY) f.loops = graph_loops(a, g, NULL);
  for (size_t k = 0; k < g->count; k++) {
    arena_clear(f.scratch);
    visit(&f, g->nodes[k], uses, root);
  }
  arena_free(f.scratch);
  graph_close_copies(g, f.map);
  graph_copy_roots(f.g, g, f.map, ALL_ROLES);
  return f.g;
}
