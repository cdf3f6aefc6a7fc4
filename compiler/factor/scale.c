// scale.c - what no index changes, out of a node that sums alone read.
//
// Where all that read d[i] = c e[i] are sums without outputs, of which d is a factor, c is multiplied behind them: d becomes
// c times a node of its own, which the sums are then looked at with.
#include "factor/internal.h"

typedef struct Search {
  const Graph *g;
  bool *otherwise; // by node: it is read otherwise than as a factor of such a sum
  int left;        // parts of an expression that are still looked at: it may be a graph
} Search;

static void mark_read(void *context, const Expr *read) {
  Search *s = context;
  s->otherwise[read->u.read.node->id] = true;
}

static void mark_all(Search *s, const Expr *e) {
  if (e) expr_each_read(s->g, e, mark_read, s);
}

// As product.c takes an expression apart.
static void mark_but_factors(Search *s, const Expr *e) {
  const Expr *const *arg = e->kind == EXPR_PRIM ? e->u.prim.arg : NULL;
  if (s->left-- <= 0) {
    mark_all(s, e);
  } else if (e->kind == EXPR_READ) {
    for (int k = 0; k < e->u.read.node->nout; k++) mark_all(s, e->u.read.sub[k]);
  } else if (expr_is_prim(e, PRIM_MUL)) {
    mark_but_factors(s, arg[0]);
    mark_but_factors(s, arg[1]);
  } else if (expr_is_prim(e, PRIM_NEG) || expr_is_prim(e, PRIM_DIV)) {
    mark_but_factors(s, arg[0]);
    if (expr_is_prim(e, PRIM_DIV)) mark_all(s, arg[1]);
  } else if (expr_is_prim(e, PRIM_SELECT) && (expr_is_zero(arg[1]) || expr_is_zero(arg[2]))) {
    mark_all(s, arg[0]);
    mark_but_factors(s, arg[expr_is_zero(arg[2]) ? 1 : 2]);
  } else {
    mark_all(s, e);
  }
}

bool *find_scalable(Arena *a, const Graph *g) {
  Search s = {.g = g, .otherwise = arena_array(a, bool, g->count + 1)};
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    if (n->kind == NODE_COMP && n->reduce == REDUCE_SUM && n->type == TYPE_REAL && n->nout == 0) {
      s.left = ITEMS_MAX;
      mark_but_factors(&s, n->expr);
      mark_all(&s, n->guard);
    } else {
      node_each_read(g, n, mark_read, &s);
    }
    if (n->next) s.otherwise[n->next->id] = true;
    if (n->alive) s.otherwise[n->alive->id] = true;
  }
  for (size_t k = 0; k < g->nroots; k++) s.otherwise[g->roots[k].node->id] = true;
  for (size_t k = 0; k < g->count; k++) s.otherwise[k] = !s.otherwise[k];
  return s.otherwise;
}

// May the item be multiplied behind a sum?  Of no terms that is 0 times it: an exponential must be in the range of reals then.
static bool is_safe(Factoring *f, const Item *item) {
  return !item->condition && !item->unsafe && may_only_overflow(f, item->e) && (!item->inverse || expr_is_prim(item->e, PRIM_EXP));
}

static const Expr *own_product(Factoring *f, const Product *p, const Node *n, const Expr **guard) {
  int outs[INDEX_MAX];
  const Order none = {.nstep = 0};
  for (int k = 0; k < n->nout; k++) outs[k] = k;
  return build_ordered(f, p, &none, n, NULL, outs, n->nout, guard);
}

const Node *scale_apart(Factoring *f, const Node *n, Known known) {
  Product *rest = arena_new_of(f->scratch, Product), *scale = arena_new_of(f->scratch, Product);
  product_of(f, rest, n, 0, true);
  if (rest->full) return NULL;
  product_protect(f, rest);
  *scale = *rest;
  scale->nitem = 0;
  int left = 0;
  bool stays = false; // one multiplication with what no index changes: another factor of the kind costs nothing
  for (int k = 0; k < rest->nitem; k++) {
    const Item item = rest->item[k];
    stays = stays || item.condition || (item.scope == 0 && !is_safe(f, &item));
    if (item.scope == 0)
      scale->item[scale->nitem++] = item;
    else
      rest->item[left++] = item;
  }
  rest->nitem = left;
  rest->coefficient = 1;
  if (stays || left == 0 || (scale->nitem == 0 && (scale->coefficient == 1 || scale->coefficient == -1))) return NULL;
  const Expr *guard, *sub[INDEX_MAX];
  Node part = *n, whole = *n;
  part.name = arena_printf(f->arena, "%s_rest", n->name);
  part.origin = ORIGIN_FACTORED;
  part.expr = own_product(f, rest, n, &guard);
  const Known own = {.uses = known.uses, .loop = known.loop, .cost = cost_of(f, &part)};
  const Node *added = factor_add(f, &part, own);
  for (int k = 0; k < n->nout; k++) sub[k] = expr_index(f->g, k);
  whole.expr = expr_prim2(f->g, PRIM_MUL, own_product(f, scale, n, &guard), expr_read(f->g, added, sub));
  known.cost = cost_of(f, &whole);
  known.scaled = true;
  return factor_add(f, &whole, known);
}
