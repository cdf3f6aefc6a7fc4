// product.c - a sum as a product of factors and conditions, also through the nodes that it reads.
#include <math.h>
#include <string.h>

#include "factor/internal.h"

// ---- what expressions cost, and where they have poles ----

enum {
  CALL = 10, // operations that it is worth
  DIVISION = 4,
  UNIFORM_DEPTH = 16 // how far products are looked into
};

static bool is_call(Prim op) {
  const char *c = prim_table[op].c;
  return c[0] >= 'a' && c[0] <= 'z' && prim_table[op].cost > 0 && op != PRIM_POWI && op != PRIM_MAX && op != PRIM_MIN;
}

// Marks it; false: it was.  With as many as fit, any other is new.
static bool is_new(Counted *counted, const Expr *e) {
  size_t at = (size_t)e->id % COUNTED_MAX;
  for (size_t k = 0; k < COUNTED_MAX; k++, at = (at + 1) % COUNTED_MAX) {
    if (counted->e[at] == e) return false;
    if (counted->e[at]) continue;
    counted->e[at] = e;
    return true;
  }
  return true;
}

double more_work_of(const Expr *e, Counted *counted) {
  size_t count;
  double work = 0;
  if (e->kind != EXPR_PRIM) return 0;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count; k++) {
    if (part[k]->kind != EXPR_PRIM || part[k]->type != TYPE_REAL || !part[k]->indices || !is_new(counted, part[k])) continue;
    const Prim op = part[k]->u.prim.op;
    work += is_call(op) ? CALL : op == PRIM_DIV ? DIVISION : prim_table[op].cost;
  }
  arena_free(scratch);
  return work;
}

double work_of(const Expr *e) {
  Counted counted = {{NULL}};
  return more_work_of(e, &counted);
}

// Primitives that are infinite, or no number, at finite arguments that they may be given.
static bool has_pole(const Expr *e, bool overflows) {
  int64_t n;
  switch (e->u.prim.op) {
  case PRIM_EXP:
  case PRIM_EXPM1:
  case PRIM_SINH:
  case PRIM_COSH: return overflows;
  case PRIM_DIV: return e->u.prim.arg[1]->kind != EXPR_REAL;
  case PRIM_POWI: return !expr_is_int(e->u.prim.arg[1], &n) || n < 0;
  case PRIM_POW:
  case PRIM_LOG:
  case PRIM_LOG1P:
  case PRIM_LOG1PMX:
  case PRIM_SQRT:
  case PRIM_TAN:
  case PRIM_ASIN:
  case PRIM_ACOS:
  case PRIM_LGAMMA:
  case PRIM_LOG_FACTORIAL:
  case PRIM_DIGAMMA:
  case PRIM_POLYGAMMA: return true;
  default: return false;
  }
}

static bool has_poles(Factoring *f, const Expr *e, bool overflows) {
  size_t count;
  bool any = false;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count && !any; k++) {
    if (part[k]->kind == EXPR_PRIM && part[k]->type == TYPE_REAL) any = has_pole(part[k], overflows);
    if (part[k]->kind == EXPR_REAL) any = !isfinite(part[k]->u.real);
    if (part[k]->kind == EXPR_READ && part[k]->type == TYPE_REAL) any = f->known[part[k]->u.read.node->id].poled;
  }
  arena_free(scratch);
  return any;
}

bool may_be_poled(Factoring *f, const Expr *e) {
  return has_poles(f, e, true);
}

bool may_only_overflow(Factoring *f, const Expr *e) {
  return !has_poles(f, e, false);
}

// ---- taking an expression apart ----

static void add_item(Product *p, const Expr *e, bool condition, bool inverse) {
  for (int k = 0; condition && k < p->nitem; k++)
    if (p->item[k].condition && p->item[k].e == e) return;
  p->full = p->full || !e || p->nitem == ITEMS_MAX;
  if (!p->full) p->item[p->nitem++] = (Item){.e = e, .scope = e->indices, .condition = condition, .inverse = inverse};
}

// In their order: one may protect those behind it.
static void add_conditions(Product *p, const Expr *e) {
  for (; expr_is_prim(e, PRIM_AND); e = e->u.prim.arg[1]) add_conditions(p, e->u.prim.arg[0]);
  add_item(p, e, true, false);
}

// Do all factors of e need the same indices, so that they are never apart?
static bool is_uniform(const Expr *e, uint64_t scope, int depth) {
  if (depth == 0) return false;
  if (expr_is_prim(e, PRIM_MUL) || expr_is_prim(e, PRIM_DIV))
    return is_uniform(e->u.prim.arg[0], scope, depth - 1) && is_uniform(e->u.prim.arg[1], scope, depth - 1);
  return e->indices == scope && e->kind != EXPR_REAL && !expr_is_prim(e, PRIM_NEG) && !expr_is_prim(e, PRIM_SELECT);
}

// The recursion is as deep as the expression is high, which is limited.
static void add_factors(Factoring *f, Product *p, const Expr *e, bool inverse) {
  const Expr *const *arg = e->kind == EXPR_PRIM ? e->u.prim.arg : NULL;
  if (p->full) return;
  if (e->kind == EXPR_REAL && isfinite(e->u.real) && e->u.real != 0) {
    p->coefficient = inverse ? p->coefficient / e->u.real : p->coefficient * e->u.real;
  } else if (expr_is_prim(e, PRIM_NEG)) {
    p->coefficient = -p->coefficient;
    add_factors(f, p, arg[0], inverse);
  } else if (!p->apart && is_uniform(e, e->indices, UNIFORM_DEPTH)) {
    add_item(p, e, false, inverse);
  } else if (expr_is_prim(e, PRIM_MUL) || expr_is_prim(e, PRIM_DIV)) {
    add_factors(f, p, arg[0], inverse);
    add_factors(f, p, arg[1], expr_is_prim(e, PRIM_DIV) ? !inverse : inverse);
  } else if (expr_is_prim(e, PRIM_SELECT) && !inverse && expr_is_zero(arg[2])) {
    add_conditions(p, arg[0]);
    add_factors(f, p, arg[1], false);
  } else if (expr_is_prim(e, PRIM_SELECT) && !inverse && expr_is_zero(arg[1])) {
    add_item(p, expr_prim1(f->g, PRIM_NOT, arg[0]), true, false);
    add_factors(f, p, arg[2], false);
  } else {
    add_item(p, e, false, inverse);
  }
}

static void add_index(Factoring *f, Product *p, Index index) {
  double extent = 1;
  poly_real(f->g->dims, index.extent, f->values, &extent);
  p->full = p->full || p->nindex == INDEX_MAX;
  if (p->full) return;
  p->extent[p->nindex] = extent < 1 ? 1 : extent;
  p->index[p->nindex++] = index;
}

void product_of(Factoring *f, Product *p, const Node *n, uint64_t summed, bool apart) {
  memset(p, 0, sizeof *p);
  p->coefficient = 1;
  p->summed = summed;
  p->apart = apart;
  for (int k = 0; k < n->nout + n->nred; k++) add_index(f, p, n->index[k]);
  if (n->guard) add_conditions(p, n->guard);
  add_factors(f, p, n->expr, false);
}

void product_replace(Factoring *f, Product *p, int k, const Expr *e) {
  p->nitem--;
  for (int j = k; j < p->nitem; j++) p->item[j] = p->item[j + 1];
  if (e)
    add_factors(f, p, e, false);
  else
    p->full = true;
}

// ---- what a read may be replaced by ----

// Entries of an array that changes in place must be read where they are read now.
static bool reads_versions(const Node *m) {
  Arena *scratch = arena_new();
  const Expr *parts[] = {m->expr, m->guard};
  bool any = false;
  for (int e = 0; e < 2; e++) {
    size_t count = 0;
    const Expr **part = parts[e] ? expr_parts(scratch, parts[e], &count) : NULL;
    for (size_t k = 0; k < count; k++) {
      if (part[k]->kind != EXPR_READ) continue;
      const Node *read = part[k]->u.read.node;
      any = any || read->kind == NODE_CARRY || (read->kind == NODE_SCATTER && read->base);
    }
  }
  arena_free(scratch);
  return any;
}

bool may_look_through(const Factoring *f, const Node *m, const GraphLoop *loop) {
  const Known *known = &f->known[m->id];
  return m->kind == NODE_COMP && m->type == TYPE_REAL && (m->reduce == REDUCE_NONE || m->reduce == REDUCE_SUM) &&
         !known->root && (!known->loop || known->loop == loop) && !reads_versions(m);
}

static bool is_product(const Expr *e) {
  return expr_is_prim(e, PRIM_MUL) || expr_is_prim(e, PRIM_NEG) || expr_is_prim(e, PRIM_DIV) || e->kind == EXPR_READ ||
         (expr_is_prim(e, PRIM_SELECT) && (expr_is_zero(e->u.prim.arg[1]) || expr_is_zero(e->u.prim.arg[2])));
}

static int bits_in(uint64_t set) {
  return __builtin_popcountll(set);
}

// Item k is a read that what the node is made of replaces; false: it stays.
static bool look_through(Factoring *f, Product *p, int k, const GraphLoop *loop, bool shared, double *saved) {
  const Item item = p->item[k];
  if (item.condition || item.inverse || item.e->kind != EXPR_READ) return false;
  const Node *m = item.e->u.read.node;
  const bool single = f->known[m->id].uses == 1;
  const bool scaled = f->known[m->id].scaled;
  if (!may_look_through(f, m, loop) || (!single && !scaled && (!shared || m->nred > 0))) return false;
  if (m->nred == 0 && !is_product(m->expr)) return false;
  if (p->nindex + m->nred > INDEX_MAX || bits_in(p->summed) + m->nred > SUMMED_MAX) return false;
  const Expr *sub[INDEX_MAX];
  for (int q = 0; q < m->nout; q++) sub[q] = item.e->u.read.sub[q];
  for (int q = m->nout; q < m->nout + m->nred; q++) {
    p->summed |= (uint64_t)1 << p->nindex;
    sub[q] = expr_index(f->g, p->nindex);
    add_index(f, p, m->index[q]);
  }
  const Expr *guard = m->guard ? expr_substitute(f->g, m->guard, sub, m->nout + m->nred, NULL) : NULL;
  if (guard) add_conditions(p, guard); // first: it protects those within the expression
  product_replace(f, p, k, expr_substitute(f->g, m->expr, sub, m->nout + m->nred, NULL));
  if (single || scaled) *saved += f->known[m->id].cost / f->known[m->id].uses;
  return true;
}

bool product_through(Factoring *f, Product *p, const GraphLoop *loop, bool shared, double *saved) {
  bool any = false;
  for (int k = 0; k < p->nitem && !p->full;) {
    if (look_through(f, p, k, loop, shared, saved)) {
      any = true;
      k = 0;
    } else {
      k++;
    }
  }
  return any && !p->full;
}

// ---- where conditions protect ----

// Do subscripts stay inside the array wherever their indices are in range, no condition needed?
static bool is_inside(Factoring *f, const Product *p, const Node *n, const Expr *const *sub);

// Is the subscript read from data whose declaration keeps it in the range?
static bool is_declared(Factoring *f, const Product *p, const Expr *sub, const Poly *extent) {
  return expr_is_declared(sub, extent) && is_inside(f, p, sub->u.read.node, sub->u.read.sub);
}

typedef struct Bounds {
  const Poly *least, *greatest; // null: not known
} Bounds;

// Of an integer expression wherever its indices are in range, no condition needed.
static Bounds affine_bounds(Factoring *f, const Product *p, const Expr *e) {
  Dims *dims = f->g->dims;
  int64_t coefficient[INDEX_MAX];
  const Expr *rest;
  if (!expr_affine(f->g, e, p->nindex, coefficient, &rest) || rest->kind != EXPR_POLY) return (Bounds){NULL, NULL};
  Bounds b = {rest->u.poly, rest->u.poly};
  for (int k = 0; k < p->nindex; k++) {
    const Poly *last = poly_sub(dims, p->index[k].extent, poly_int(dims, 1));
    const Poly *most = poly_mul(dims, poly_int(dims, coefficient[k]), last);
    if (coefficient[k] < 0) b.least = poly_add(dims, b.least, most);
    if (coefficient[k] > 0) b.greatest = poly_add(dims, b.greatest, most);
  }
  return b;
}

// The recursion is as deep as the expression is high, which is limited.
static bool is_at_least_zero(Factoring *f, const Product *p, const Expr *e) {
  const Expr *const *arg = e->kind == EXPR_PRIM ? e->u.prim.arg : NULL;
  const Poly *least;
  switch (arg ? e->u.prim.op : PRIM_COUNT) {
  case PRIM_MIN: return is_at_least_zero(f, p, arg[0]) && is_at_least_zero(f, p, arg[1]);
  case PRIM_MAX: return is_at_least_zero(f, p, arg[0]) || is_at_least_zero(f, p, arg[1]);
  case PRIM_SELECT: return is_at_least_zero(f, p, arg[1]) && is_at_least_zero(f, p, arg[2]);
  default: least = affine_bounds(f, p, e).least; return least && poly_is_nonnegative(f->g->dims, least);
  }
}

static bool is_at_most(Factoring *f, const Product *p, const Expr *e, const Poly *limit) {
  const Expr *const *arg = e->kind == EXPR_PRIM ? e->u.prim.arg : NULL;
  const Poly *greatest;
  switch (arg ? e->u.prim.op : PRIM_COUNT) {
  case PRIM_MIN: return is_at_most(f, p, arg[0], limit) || is_at_most(f, p, arg[1], limit);
  case PRIM_MAX: return is_at_most(f, p, arg[0], limit) && is_at_most(f, p, arg[1], limit);
  case PRIM_SELECT: return is_at_most(f, p, arg[1], limit) && is_at_most(f, p, arg[2], limit);
  default:
    greatest = affine_bounds(f, p, e).greatest;
    return greatest && poly_is_nonnegative(f->g->dims, poly_sub(f->g->dims, limit, greatest));
  }
}

static bool is_inside(Factoring *f, const Product *p, const Node *n, const Expr *const *sub) {
  Dims *dims = f->g->dims;
  for (int q = 0; q < n->nout; q++) {
    const Poly *extent = n->index[q].extent, *last = poly_sub(dims, extent, poly_int(dims, 1));
    if (sub[q]->kind == EXPR_INDEX && p->index[sub[q]->u.index].extent == extent) continue;
    if (is_declared(f, p, sub[q], extent)) continue;
    if (!is_at_least_zero(f, p, sub[q]) || !is_at_most(f, p, sub[q], last)) return false;
  }
  return true;
}

static bool is_safe(Factoring *f, const Product *p, const Expr *e) {
  size_t count;
  bool safe = true;
  Arena *scratch = arena_new();
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count && safe; k++)
    if (part[k]->kind == EXPR_READ) safe = is_inside(f, p, part[k]->u.read.node, part[k]->u.read.sub);
  arena_free(scratch);
  return safe;
}

static bool has_range(Factoring *f, const Poly *extent) {
  int64_t n;
  return poly_fixed(f->g->dims, extent, &n) && n > 0;
}

// Where there are no terms, no condition and no check has been looked at.
static void add_nonempty(Factoring *f, Product *p, uint64_t scope) {
  for (int q = 0; q < p->nindex && p->nitem < ITEMS_MAX; q++) {
    if (!(p->summed >> q & 1) || scope >> q & 1 || has_range(f, p->index[q].extent)) continue;
    const Expr *some = expr_prim2(f->g, PRIM_GT, expr_poly(f->g, p->index[q].extent), expr_int(f->g, 0));
    p->item[p->nitem++] = (Item){.e = some, .condition = true, .nonempty = q + 1};
  }
}

void product_protect(Factoring *f, Product *p) {
  uint64_t conditions = 0, shared = p->summed;
  bool unsafe = false;
  for (int k = 0; k < p->nitem; k++)
    if (p->item[k].condition) conditions |= p->item[k].scope;
  for (int k = 0; k < p->nitem; k++) {
    Item *item = &p->item[k];
    item->poled = !item->condition && (item->inverse || may_be_poled(f, item->e));
    if (is_safe(f, p, item->e)) continue;
    item->unsafe = unsafe = true;
    item->scope |= conditions; // stays beside every condition
    shared &= item->scope;
  }
  if (unsafe) add_nonempty(f, p, shared);
}

bool product_frees_target(Factoring *f, const Product *p, const Node *n, uint64_t summed) {
  if (is_inside(f, p, n, n->target)) return true;
  if (n->guard && n->guard->indices & summed) return false;
  for (int q = n->nout; q < n->nout + n->nred; q++)
    if (summed >> q & 1 && !has_range(f, n->index[q].extent)) return false;
  return true;
}
