// distribute.c - a sum of several products as several sums.
//
// Σ (a + b) c becomes Σ a c + Σ b c only where a or b has been rounded itself.  Say b has, by u |b|: then |a| <= |a + b| + |b|,
// and the rounding of sums relative to Σ |a c| + Σ |b c| is, but for a factor that grows with the number of terms as it does
// for any sum, no more than what a + b is wrong by as it stands.  A difference of numbers that are exact, such as a
// reading and a parameter, stays: it may cancel without an error.
#include <math.h>

#include "factor/internal.h"

enum { DEPTH_MAX = 3 }; // products: 2^DEPTH_MAX <= PRODUCTS_MAX

// The sum that item k is, or reads, over the product's indices; null: none that may be taken apart.
static const Expr *sum_at(Factoring *f, const Product *p, int k, const GraphLoop *loop, double *saved) {
  const Item *item = &p->item[k];
  const Expr *e = item->e;
  *saved = 0;
  if (item->condition || item->inverse) return NULL;
  if (e->kind == EXPR_READ) {
    const Node *m = e->u.read.node;
    if (f->known[m->id].uses != 1 || m->nred > 0 || m->guard || !may_look_through(f, m, loop)) return NULL;
    *saved = f->known[m->id].cost;
    e = expr_substitute(f->g, m->expr, e->u.read.sub, m->nout, NULL);
  }
  if (!e || (!expr_is_prim(e, PRIM_ADD) && !expr_is_prim(e, PRIM_SUB))) return NULL;
  const Expr *const *arg = e->u.prim.arg;
  return expr_may_be_exact(arg[0]) && expr_may_be_exact(arg[1]) ? NULL : e;
}

static Forms alone(Factoring *f, const Product *p, const GraphLoop *loop, Product *through, double *saved) {
  Form *plain = arena_new_of(f->scratch, Form), *other = arena_new_of(f->scratch, Form);
  plain->p = other->p = *p;
  look_at(f, plain, 0);
  const bool more = product_through(f, &other->p, loop, false, &other->saved);
  *through = more ? other->p : *p;
  *saved = more ? other->saved : 0;
  Forms forms = {.form = {plain}, .count = 1, .cost = plain->order.cost};
  if (!more) return forms;
  look_at(f, other, 0);
  if (other->order.cost < forms.cost + other->saved)
    forms = (Forms){.form = {other}, .count = 1, .cost = other->order.cost, .saved = other->saved};
  return forms;
}

static Forms apart(Factoring *f, const Product *p, const GraphLoop *loop, int depth);

// The sum e in place of item k, as two products.
static Forms at_sum(Factoring *f, const Product *p, int k, const Expr *e, const GraphLoop *loop, int depth) {
  Product *term = arena_new_of(f->scratch, Product);
  Forms both = {.count = 0};
  for (int side = 0; side < 2; side++) {
    *term = *p;
    if (side == 1 && expr_is_prim(e, PRIM_SUB)) term->coefficient = -term->coefficient;
    product_replace(f, term, k, e->u.prim.arg[side]);
    if (term->full) return (Forms){.cost = INFINITY};
    const Forms part = apart(f, term, loop, depth - 1);
    for (int j = 0; j < part.count; j++) both.form[both.count++] = part.form[j];
    both.cost += part.cost;
    both.saved += part.saved;
  }
  return both;
}

static Forms apart(Factoring *f, const Product *p, const GraphLoop *loop, int depth) {
  Product *through = arena_new_of(f->scratch, Product);
  double before;
  Forms best = alone(f, p, loop, through, &before);
  for (int k = 0; depth > 0 && k < through->nitem; k++) {
    double saved;
    const Expr *e = sum_at(f, through, k, loop, &saved);
    if (!e) continue;
    Forms forms = at_sum(f, through, k, e, loop, depth);
    forms.saved += before + saved;
    if (forms.cost < best.cost + forms.saved) best = forms;
  }
  return best;
}

Forms distribute(Factoring *f, const Product *p, const GraphLoop *loop) {
  for (int k = 0; k < p->nitem; k++) {
    const Expr *e = p->item[k].e;
    if (expr_is_prim(e, PRIM_ADD) || expr_is_prim(e, PRIM_SUB) || e->kind == EXPR_READ) return apart(f, p, loop, DEPTH_MAX);
  }
  return (Forms){.count = 0};
}
