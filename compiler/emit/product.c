// product.c - a contraction as a call of the packed kernel (runtime/include/mdl/contract.h): where its factors and its result
// start, and by which steps its indices walk through them.
#include <string.h>

#include "emit/function.h"

// ---- where arrays are ----

// How far apart entries are that follow one another along axis k of the array that n is in.
static const Poly *axis_step(const Function *f, const Node *n, int k) {
  Dims *dims = f->s->task.graph->dims;
  const Place *p = &f->s->place[n->id];
  if (p->stored == STORED_STATE) return axis_step(f, p->state, k);
  const SinkPlace *in = p->stored == STORED_SINK && f->sink[p->sink].stride ? &f->sink[p->sink] : NULL;
  if (p->kept && !p->kept[k]) return poly_int(dims, 0);
  const bool row = in && k < in->nrow;
  const Poly *step = row ? in->stride : poly_int(dims, 1);
  for (int j = k + 1; j < (row ? in->nrow : n->nout); j++)
    if (!p->kept || p->kept[j]) step = poly_mul(dims, step, n->index[j].extent);
  return step;
}

// How far an index of the contraction walks through array n, read at `sub`.
static const Poly *walk(const Function *f, const Node *n, const Expr *const *sub, int q) {
  Dims *dims = f->s->task.graph->dims;
  const Poly *sum = poly_int(dims, 0);
  for (int k = 0; k < n->nout; k++)
    sum = poly_add(dims, sum, poly_mul(dims, subscript_step(dims, sub[k], q), axis_step(f, n, k)));
  return sum;
}

// An expression of node n over the open loops, the indices that run within the kernel being 0.
static const Expr *at_origin(Function *f, const Node *n, const Expr *e) {
  const Contraction *c = f->s->place[n->id].contraction;
  Graph *pool = f->s->pool;
  const Expr *sub[INDEX_MAX];
  const int total = n->nout + n->nred;
  for (int q = 0; q < total; q++)
    sub[q] = is_contracted(c, q) && !f->s->place[n->id].loop[q] ? expr_int(pool, 0) : expr_index(pool, q);
  return schedule_expr(f->s, n, expr_substitute(pool, e, sub, total, NULL));
}

// The pointer to the first entry: "x + d * i".
static void put_start_of(Function *f, const Node *n, const Node *array, const Expr *const *sub) {
  const Expr **at = arena_array(f->s->arena, const Expr *, (size_t)array->nout + 1);
  for (int k = 0; k < array->nout; k++) at[k] = at_origin(f, n, sub[k]);
  Text t;
  text_init(&t);
  put_entry(f, &t, array, at);
  if (t.length > 3 && !strcmp(t.s + t.length - 3, "[0]"))
    text_putn(&f->body, t.s, t.length - 3);
  else
    text_printf(&f->body, "&%s", t.s);
  text_free(&t);
}

// ---- groups of indices ----

typedef struct Axis {
  const Poly *extent, *first, *second;
} Axis;

// Indices that walk through both arrays as one longer index would are one.
static int join_axes(Dims *dims, Axis *axis, int count) {
  int made = 0;
  for (int k = 0; k < count; k++) {
    Axis *last = made ? &axis[made - 1] : NULL;
    if (last && last->first == poly_mul(dims, axis[k].extent, axis[k].first) &&
        last->second == poly_mul(dims, axis[k].extent, axis[k].second))
      *last = (Axis){poly_mul(dims, last->extent, axis[k].extent), axis[k].first, axis[k].second};
    else
      axis[made++] = axis[k];
  }
  return made;
}

static void put_group(Function *f, const Axis *axis, int count) {
  Text *t = &f->body;
  text_printf(t, "{%d", count);
  for (int part = 0; part < 3; part++) {
    text_put(t, ", {");
    for (int k = 0; k < count; k++) {
      if (k) text_put(t, ", ");
      put_poly_here(f, t, part == 0 ? axis[k].extent : part == 1 ? axis[k].first : axis[k].second, PREC_NONE);
    }
    text_put(t, count ? "}" : "0}");
  }
  text_put(t, "}");
}

// An array with the subscripts by which a contraction walks through it.
typedef struct Walked {
  const Node *array;
  const Expr *const *sub;
} Walked;

// The axes of a group that the kernel runs over; the number of them.
static int axes_of(Function *f, const Node *n, const IndexGroup *g, Walked first, Walked second, Axis *axis) {
  int count = 0;
  for (int k = 0; k < g->count; k++) {
    const int q = g->index[k];
    if (f->s->place[n->id].loop[q]) continue; // a loop around it runs here already
    axis[count++] = (Axis){n->index[q].extent, walk(f, first.array, first.sub, q), walk(f, second.array, second.sub, q)};
  }
  return join_axes(f->s->task.graph->dims, axis, count);
}

// ---- the step ----

static void put_bound(Function *f, const Node *n, const Expr *bound, const Poly *row, const Expr *none) {
  Text *t = &f->body;
  put_expr(f, t, bound ? at_origin(f, n, bound) : none, PREC_NONE);
  text_put(t, ", ");
  put_poly_here(f, t, bound ? row : poly_int(f->s->task.graph->dims, 0), PREC_NONE);
}

static void count_terms(Function *f, const Node *n, const Contraction *c) {
  Dims *dims = f->s->task.graph->dims;
  const Poly *outside = f->trips;
  for (int q = 0; q < n->nout + n->nred; q++)
    if (is_contracted(c, q) && !f->s->place[n->id].loop[q]) f->trips = poly_mul(dims, f->trips, n->index[q].extent);
  count_flops(f, 2);
  f->trips = outside;
  if (n->guard) f->bound = true;
}

typedef struct Product {
  const Node *node;
  const Contraction *c;
  Walked to, a, b;
  Axis rows[CONTRACTION_AXES], columns[CONTRACTION_AXES], terms[CONTRACTION_AXES];
  int nrow, ncolumn, nterm;
} Product;

static void put_starts(Function *f, const Product *p) {
  const Walked start[] = {p->to, p->a, p->b};
  for (int k = 0; k < 3; k++) {
    if (k) text_put(&f->body, ", ");
    put_start_of(f, p->node, start[k].array, start[k].sub);
  }
}

// Rows, columns and terms of one index each.
static void put_matrix(Function *f, const Product *p) {
  Text *t = &f->body;
  const Axis *r = p->rows, *c = p->columns, *k = p->terms;
  const Poly *argument[] = {r->extent, c->extent, k->extent, r->first, k->first, k->second, c->first, r->second, c->second};
  line_start(f);
  text_put(t, "mdl_contract_matrix(");
  put_starts(f, p);
  for (size_t i = 0; i < sizeof argument / sizeof *argument; i++) {
    text_put(t, ", ");
    put_poly_here(f, t, argument[i], PREC_NONE);
  }
  text_printf(t, ", %d, %s);\n", f->s->place[p->node->id].in_place, f->panels);
}

static void put_general(Function *f, const Product *p) {
  Text *t = &f->body;
  Graph *pool = f->s->pool;
  const Node *n = p->node;
  const Contraction *c = p->c;
  size_t names, lets;
  line_start(f);
  text_put(t, "{\n");
  open_scope(f, &names, &lets);
  const char *name = names_take(&f->names, "contraction");
  line_start(f);
  text_printf(t, "const mdl_contraction %s = {", name);
  put_starts(f, p);
  text_put(t, ", ");
  put_group(f, p->rows, p->nrow);
  text_put(t, ", ");
  put_group(f, p->columns, p->ncolumn);
  text_put(t, ", ");
  put_group(f, p->terms, p->nterm);
  const Expr *terms = expr_poly(pool, n->index[c->terms.index[0]].extent);
  text_printf(t, ", %d, %d, ", f->s->place[n->id].in_place, c->low || c->high);
  put_bound(f, n, c->low, c->low_row, expr_int(pool, 0));
  text_put(t, ", ");
  put_bound(f, n, c->high, c->high_row, c->low || c->high ? terms : expr_int(pool, 0));
  text_put(t, "};\n");
  line_start(f);
  text_printf(t, f->team ? "mdl_contract_part(&%s, mdl_thread, %s);\n" : "mdl_contract(&%s, %s);\n", name, f->panels);
  close_scope(f, names, lets);
  line_start(f);
  text_put(t, "}\n");
}

void put_contraction(Function *f, const Node *n) {
  const Contraction *c = f->s->place[n->id].contraction;
  const Expr **own = arena_array(f->s->arena, const Expr *, (size_t)n->nout + 1);
  for (int k = 0; k < n->nout; k++) own[k] = expr_index(f->s->pool, k);
  Product p = {.node = n,
               .c = c,
               .to = {n, own},
               .a = {c->a->u.read.node, c->a->u.read.sub},
               .b = {c->b->u.read.node, c->b->u.read.sub}};
  p.nrow = axes_of(f, n, &c->rows, p.a, p.to, p.rows);
  p.ncolumn = axes_of(f, n, &c->columns, p.b, p.to, p.columns);
  p.nterm = axes_of(f, n, &c->terms, p.a, p.b, p.terms);
  f->unit->helper[HELPER_CONTRACT] = true;
  f->unit->helper[HELPER_CONTRACT_PART] |= f->team;
  math_use(f->unit, "fma.h");
  if (!f->team && p.nrow == 1 && p.ncolumn == 1 && p.nterm == 1 && !c->low && !c->high)
    put_matrix(f, &p);
  else
    put_general(f, &p);
  count_terms(f, n, c);
}
