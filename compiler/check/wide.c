// wide.c - integers where reals are wanted, for which 64 bits may be too few.
//
// Indices, dimensions and integer data are taken to be small enough that two of them can be multiplied and that many can
// be added; what is made of more is computed in reals from the start where a real is wanted: a sum or a product over
// indices by a node of its own, the twin of the integer one, which is dropped where nobody reads it.
#include "check/internal.h"
#include "graph/pool.h"

enum { FITS = 2, TOO_MANY = FITS + 1 }; // factors

static int larger(int a, int b) {
  return a > b ? a : b;
}

static int poly_degree(const Poly *p) {
  const PolyTerm *terms;
  int count = poly_terms(p, &terms), degree = 0;
  for (int k = 0; k < count; k++) degree = larger(degree, terms[k].nsym);
  return degree;
}

typedef struct Parts {
  const Expr **part;
  size_t count;
  uint8_t *degree; // how many are multiplied, up to TOO_MANY; 0 for what is no integer
} Parts;

static int degree_of(const Walk *w, const Parts *p, const Expr *e) {
  if (e->type != TYPE_INT) return 0;
  if (e->kind == EXPR_POLY) return poly_degree(e->u.poly);
  if (e->kind == EXPR_READ && e->u.read.node->kind != NODE_DATA) return w->flags[e->u.read.node->id].degree;
  if (e->kind != EXPR_PRIM) return 1;
  int sum = 0, most = 0;
  for (int k = 0; k < e->u.prim.narg; k++) {
    int degree = p->degree[expr_place(p->part, p->count, e->u.prim.arg[k])];
    sum += degree;
    most = larger(most, degree);
  }
  return e->u.prim.op == PRIM_MUL ? sum : most;
}

static Parts parts_of(const Walk *w, Arena *a, const Expr *e) {
  Parts p;
  p.part = expr_parts(a, e, &p.count);
  p.degree = arena_array(a, uint8_t, p.count);
  for (size_t k = 0; k < p.count; k++) {
    int degree = degree_of(w, &p, p.part[k]);
    p.degree[k] = (uint8_t)(degree < TOO_MANY ? degree : TOO_MANY);
  }
  return p;
}

// Of what a loop carries nothing is known but that it fits.
int node_degree(const Walk *w, const Node *n) {
  if (n->type != TYPE_INT || n->reduce == REDUCE_ARGMAX) return 1;
  if (n->kind != NODE_COMP) return FITS;
  if (n->reduce == REDUCE_PROD) return TOO_MANY;
  Arena *scratch = arena_new();
  Parts p = parts_of(w, scratch, n->expr);
  int degree = p.degree[p.count - 1] + (n->reduce == REDUCE_SUM ? 1 : 0);
  arena_free(scratch);
  return degree < TOO_MANY ? degree : TOO_MANY;
}

static bool goes_through(const Expr *e) {
  if (e->kind != EXPR_PRIM) return false;
  Prim op = e->u.prim.op;
  return op == PRIM_ADD || op == PRIM_SUB || op == PRIM_MUL || op == PRIM_NEG || op == PRIM_MAX || op == PRIM_MIN ||
         op == PRIM_SELECT || op == PRIM_STOP;
}

// Which parts are wanted as reals: the root, and the integer arguments of what is computed in them.
static bool *wanted(Arena *a, const Parts *p) {
  bool *want = arena_array(a, bool, p->count);
  want[p->count - 1] = true;
  for (size_t k = p->count; k-- > 0;) {
    const Expr *e = p->part[k];
    if (!want[k] || p->degree[k] <= FITS || !goes_through(e)) continue;
    for (int j = 0; j < e->u.prim.narg; j++)
      if (e->u.prim.arg[j]->type == TYPE_INT) want[expr_place(p->part, p->count, e->u.prim.arg[j])] = true;
  }
  return want;
}

const Expr *make_wide(Walk *w, const Expr *x) {
  if (w->plain || (x->height == 0 && x->kind != EXPR_READ)) return make1(w, PRIM_REAL, x);
  Arena *scratch = arena_new();
  Parts p = parts_of(w, scratch, x);
  const bool *want = wanted(scratch, &p);
  const Expr **made = arena_array(scratch, const Expr *, p.count);
  for (size_t k = 0; k < p.count; k++) {
    const Expr *e = p.part[k], *arg[3];
    if (!want[k]) continue;
    bool wide = p.degree[k] > FITS;
    if (wide && goes_through(e)) {
      for (int j = 0; j < e->u.prim.narg; j++) {
        arg[j] = e->u.prim.arg[j];
        if (arg[j]->type == TYPE_INT) arg[j] = made[expr_place(p.part, p.count, arg[j])];
      }
      made[k] = make(w, e->u.prim.op, arg);
    } else if (wide && e->kind == EXPR_READ && e->u.read.node->kind == NODE_COMP) {
      made[k] = make_read(w, w->graph->nodes[e->u.read.node->id + 1], e->u.read.sub);
    } else {
      made[k] = make1(w, PRIM_REAL, e);
    }
  }
  const Expr *result = made[p.count - 1];
  arena_free(scratch);
  return result;
}

Node wide_twin(Walk *w, const Node *n) {
  Node twin = *n;
  twin.name = arena_printf(w->arena, "%s_real", n->name);
  twin.type = TYPE_REAL;
  twin.expr = make_real(w, n->expr);
  return twin;
}
