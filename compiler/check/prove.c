// prove.c - what the ranges of indices and the guards around an expression say of an integer.
//
// Integers are taken as linear forms over atoms (indices, integer data, whatever else is not linear) with polynomials
// as factors.  A form is not negative when its least value over the atoms' ranges is not, if need be after subtracting
// facts that are themselves not negative (the guards, the definitions of // and min).
#include <string.h>

#include "check/internal.h"

enum { MAX_TERMS = 12, MAX_FACTS = 24, MAX_STEPS = 3, MAX_CHOICES = 2, MAX_HEIGHT = 400, MAX_WORK = 1000 };

typedef struct Term {
  const Expr *atom;
  const Poly *factor;
} Term;

typedef struct Linear {
  const Poly *constant;
  int n;
  int work; // parts met on the way
  Term term[MAX_TERMS];
} Linear;

typedef struct Facts {
  Linear item[MAX_FACTS];
  int n;
  int nguards; // the first ones, which come from conditions
} Facts;

static const Poly *zero(Walk *w) {
  return poly_int(w->dims, 0);
}

static const Poly *negated(Walk *w, const Poly *p) {
  return poly_sub(w->dims, zero(w), p);
}

bool poly_nonnegative(const Walk *w, const Poly *p) {
  return poly_is_nonnegative(w->dims, p);
}

const Poly *without_number(Walk *w, const Poly *p) {
  const PolyTerm *term;
  const int n = poly_terms(p, &term);
  if (!n || term[n - 1].nsym) return p;
  const Poly *num = poly_int(w->dims, term[n - 1].num), *den = poly_int(w->dims, term[n - 1].den);
  return poly_sub(w->dims, p, poly_div(w->dims, num, den));
}

// ---- linear forms ----

static bool add_atom(Walk *w, Linear *l, const Expr *atom, const Poly *factor) {
  for (int k = 0; k < l->n; k++) {
    if (l->term[k].atom != atom) continue;
    l->term[k].factor = poly_add(w->dims, l->term[k].factor, factor);
    if (l->term[k].factor == zero(w)) l->term[k] = l->term[--l->n];
    return true;
  }
  if (factor == zero(w)) return true;
  if (l->n == MAX_TERMS) return false;
  l->term[l->n++] = (Term){atom, factor};
  return true;
}

static bool is_of_a_step(const Expr *e) {
  if (e->kind != EXPR_READ || e->type != TYPE_INT) return false;
  const Node *n = e->u.read.node;
  return n->kind == NODE_COMP && n->reduce == REDUCE_NONE && n->guard;
}

// Through named integers, those of an iteration too: where it has ended, nothing reads them.
static const Expr *written_out(Walk *w, const Expr *e) {
  for (e = see_through(w, e); is_of_a_step(e); e = see_through(w, e))
    e = substitute(w, e->u.read.node->expr, e->u.read.sub, e->u.read.node->nout);
  return e;
}

static bool add_expr(Walk *w, Linear *l, const Expr *e, const Poly *factor) {
  if (e->height > MAX_HEIGHT || l->work++ > MAX_WORK) return false; // what is shared is met again and again
  e = written_out(w, e);
  if (e->kind == EXPR_POLY) {
    l->constant = poly_add(w->dims, l->constant, poly_mul(w->dims, factor, e->u.poly));
    return true;
  }
  if (e->kind != EXPR_PRIM) return add_atom(w, l, e, factor);
  const Expr *x = e->u.prim.arg[0], *y = e->u.prim.narg > 1 ? e->u.prim.arg[1] : NULL;
  switch (e->u.prim.op) {
  case PRIM_ADD: return add_expr(w, l, x, factor) && add_expr(w, l, y, factor);
  case PRIM_SUB: return add_expr(w, l, x, factor) && add_expr(w, l, y, negated(w, factor));
  case PRIM_NEG: return add_expr(w, l, x, negated(w, factor));
  case PRIM_MUL:
    if (x->kind == EXPR_POLY) return add_expr(w, l, y, poly_mul(w->dims, factor, x->u.poly));
    if (y->kind == EXPR_POLY) return add_expr(w, l, x, poly_mul(w->dims, factor, y->u.poly));
    return add_atom(w, l, e, factor);
  default: return add_atom(w, l, e, factor);
  }
}

static bool linear_of(Walk *w, const Expr *e, Linear *l) {
  *l = (Linear){.constant = zero(w)};
  return add_expr(w, l, e, poly_int(w->dims, 1));
}

bool free_of_indices(Walk *w, const Expr *e, const Poly **p) {
  Linear l;
  if (!linear_of(w, e, &l) || l.n) return false;
  *p = l.constant;
  return true;
}

// r = s * a + t * b
static bool combine(Walk *w, Linear *r, const Poly *s, const Linear *a, const Poly *t, const Linear *b) {
  Linear sum = {.constant = poly_add(w->dims, poly_mul(w->dims, s, a->constant), poly_mul(w->dims, t, b->constant))};
  for (int k = 0; k < a->n; k++)
    if (!add_atom(w, &sum, a->term[k].atom, poly_mul(w->dims, s, a->term[k].factor))) return false;
  for (int k = 0; k < b->n; k++)
    if (!add_atom(w, &sum, b->term[k].atom, poly_mul(w->dims, t, b->term[k].factor))) return false;
  *r = sum;
  return true;
}

// ---- ranges of atoms ----

typedef struct Bounds {
  const Poly *low, *high; // null: none known
} Bounds;

static Bounds bounds_of_expr(Walk *w, const Expr *e, int depth);

static Bounds below(Walk *w, const Poly *extent) {
  return (Bounds){zero(w), extent ? poly_sub(w->dims, extent, poly_int(w->dims, 1)) : NULL};
}

static Bounds bounds_of_read(Walk *w, const Node *node) {
  if (node->kind == NODE_DATA && node->which >= 0 && w->data[node->which].ranged)
    return below(w, w->data[node->which].limit);
  if (node->reduce == REDUCE_ARGMAX) return below(w, node->index[node->nout].extent);
  return (Bounds){NULL, NULL};
}

// The greater of two polynomials, where that is plain.
static const Poly *greater(Walk *w, const Poly *p, const Poly *q) {
  if (!p || !q) return NULL;
  return poly_nonnegative(w, poly_sub(w->dims, p, q)) ? p : poly_nonnegative(w, poly_sub(w->dims, q, p)) ? q : NULL;
}

static const Poly *lesser(Walk *w, const Poly *p, const Poly *q) {
  const Poly *g = greater(w, p, q);
  return !g ? NULL : g == p ? q : p;
}

static int degree_of(const Poly *p) {
  const PolyTerm *term;
  const int n = poly_terms(p, &term);
  return n ? term[0].nsym : 0;
}

// The better of two upper bounds, of which either may be null: the lesser, at least where dimensions are large.  Else
// what is known when the model is compiled, then what is of a lower degree: a block's size before what is cut into
// blocks.
static const Poly *tighter(Walk *w, const Poly *p, const Poly *q) {
  if (!p || !q) return p ? p : q;
  if (poly_is_too_large(p) || poly_is_too_large(q)) return poly_is_too_large(p) ? q : p;
  const Poly *less = lesser(w, p, q);
  if (less) return less;
  const Poly *more = without_number(w, poly_sub(w->dims, q, p));
  if (poly_nonnegative(w, more)) return p;
  if (poly_nonnegative(w, negated(w, more))) return q;
  const bool p_fixed = poly_is_fixed(w->dims, p), q_fixed = poly_is_fixed(w->dims, q);
  if (p_fixed != q_fixed) return p_fixed ? p : q;
  return degree_of(q) < degree_of(p) ? q : p;
}

static Bounds bounds_of_prim(Walk *w, const Expr *e, int depth) {
  Prim op = e->u.prim.op;
  int first = op == PRIM_SELECT ? 1 : 0;
  Bounds none = {NULL, NULL};
  if (e->u.prim.narg < first + 2) return none;
  const Expr *divisor = e->u.prim.arg[first + 1];
  Bounds a = bounds_of_expr(w, e->u.prim.arg[first], depth - 1), b = bounds_of_expr(w, divisor, depth - 1);
  bool positive = a.low && b.low && poly_nonnegative(w, a.low) && poly_nonnegative(w, b.low);
  switch (op) {
  case PRIM_MUL:
    return positive ? (Bounds){zero(w), a.high && b.high ? poly_mul(w->dims, a.high, b.high) : NULL} : none;
  case PRIM_MOD:
    if (divisor->kind != EXPR_POLY || !poly_nonnegative(w, divisor->u.poly)) return none;
    return below(w, divisor->u.poly);
  case PRIM_FLOORDIV: {
    int64_t d;
    if (!expr_is_int(divisor, &d) || d <= 0) return none;
    return (Bounds){a.low ? poly_floordiv(w->dims, a.low, divisor->u.poly) : NULL,
                    a.high ? poly_floordiv(w->dims, a.high, divisor->u.poly) : NULL};
  }
  case PRIM_MAX: return (Bounds){a.low ? a.low : b.low, greater(w, a.high, b.high)};
  case PRIM_MIN: return (Bounds){lesser(w, a.low, b.low), tighter(w, a.high, b.high)};
  case PRIM_SELECT: return (Bounds){lesser(w, a.low, b.low), greater(w, a.high, b.high)};
  default: return none;
  }
}

static Bounds bounds_of_atom(Walk *w, const Expr *e, int depth) {
  if (e->kind == EXPR_INDEX) {
    int k = e->u.index;
    if (k >= FIRST_LEVEL)
      return k - FIRST_LEVEL < w->nlevel ? below(w, w->level[k - FIRST_LEVEL].extent) : (Bounds){NULL, NULL};
    return w->axis_extent ? below(w, w->axis_extent[k]) : (Bounds){NULL, NULL};
  }
  if (e->kind == EXPR_READ) return bounds_of_read(w, e->u.read.node);
  return e->kind == EXPR_PRIM && depth > 0 ? bounds_of_prim(w, e, depth) : (Bounds){NULL, NULL};
}

// The least value (or with `sign` -1 the greatest) of a form over its atoms' ranges, or null.
static const Poly *extreme(Walk *w, const Linear *l, int sign, int depth) {
  const Poly *sum = l->constant;
  for (int k = 0; k < l->n; k++) {
    const Poly *f = l->term[k].factor;
    Bounds b = bounds_of_atom(w, l->term[k].atom, depth);
    bool up = poly_nonnegative(w, f), down = !up && poly_nonnegative(w, negated(w, f));
    const Poly *end = up ? (sign > 0 ? b.low : b.high) : down ? (sign > 0 ? b.high : b.low) : NULL;
    if (!end) return NULL;
    sum = poly_add(w->dims, sum, poly_mul(w->dims, f, end));
  }
  return sum;
}

static Bounds bounds_of_expr(Walk *w, const Expr *e, int depth) {
  Linear l;
  if (depth <= 0 || !linear_of(w, e, &l)) return (Bounds){NULL, NULL};
  return (Bounds){extreme(w, &l, 1, depth), extreme(w, &l, -1, depth)};
}

// ---- facts: forms that are not negative ----

static void add_fact(Walk *w, Facts *f, const Expr *big, const Expr *small, int64_t less) {
  Linear a, b;
  if (f->n == MAX_FACTS || !linear_of(w, big, &a) || !linear_of(w, small, &b)) return;
  if (!combine(w, &a, poly_int(w->dims, 1), &a, poly_int(w->dims, -1), &b)) return;
  a.constant = poly_sub(w->dims, a.constant, poly_int(w->dims, less));
  f->item[f->n++] = a;
}

// Two integers that are not equal, of which the ranges say already that one is not below the other: it is above.
static void add_inequality(Walk *w, Facts *f, const Expr *big, const Expr *small) {
  const Poly *least = bounds_of_expr(w, make2(w, PRIM_SUB, big, small), MAX_STEPS).low;
  if (least && poly_nonnegative(w, least)) add_fact(w, f, big, small, 1);
}

static void add_condition(Walk *w, Facts *f, const Expr *c, bool holds) {
  if (c->height > MAX_HEIGHT) return;
  c = see_through(w, c);
  if (c->kind != EXPR_PRIM) return;
  const Expr *x = c->u.prim.arg[0], *y = c->u.prim.narg > 1 ? c->u.prim.arg[1] : NULL;
  Prim op = c->u.prim.op;
  if (op == PRIM_NOT) {
    add_condition(w, f, x, !holds);
  } else if (op == (holds ? PRIM_AND : PRIM_OR)) {
    add_condition(w, f, x, holds);
    add_condition(w, f, y, holds);
  } else if (y && x->type == TYPE_INT && y->type == TYPE_INT) {
    if (op == (holds ? PRIM_LT : PRIM_GE)) add_fact(w, f, y, x, 1);
    if (op == (holds ? PRIM_LE : PRIM_GT)) add_fact(w, f, y, x, 0);
    if (op == (holds ? PRIM_GT : PRIM_LE)) add_fact(w, f, x, y, 1);
    if (op == (holds ? PRIM_GE : PRIM_LT)) add_fact(w, f, x, y, 0);
    if (op == (holds ? PRIM_EQ : PRIM_NE)) {
      add_fact(w, f, x, y, 0);
      add_fact(w, f, y, x, 0);
    }
    if (op == (holds ? PRIM_NE : PRIM_EQ)) {
      add_inequality(w, f, x, y);
      add_inequality(w, f, y, x);
    }
  }
}

// Where an index occurs it runs, so its extent is at least 1; so is the limit of data and of an argmax.
static void add_extent_facts(Walk *w, Facts *f, const Expr *atom) {
  const Poly *highest = atom->kind == EXPR_READ ? bounds_of_read(w, atom->u.read.node).high : NULL;
  if (highest && f->n < MAX_FACTS) f->item[f->n++] = (Linear){.constant = highest};
  for (int k = 0; k < INDEX_MAX && f->n < MAX_FACTS; k++) {
    if (!expr_uses_index(atom, k)) continue;
    const Poly *last = bounds_of_atom(w, expr_index(w->graph, k), 1).high;
    if (last) f->item[f->n++] = (Linear){.constant = last};
  }
}

// What an atom's own definition says of it.
static void add_definition(Walk *w, Facts *f, const Expr *atom) {
  if (atom->kind != EXPR_PRIM) return;
  const Expr *x = atom->u.prim.arg[0], *y = atom->u.prim.narg > 1 ? atom->u.prim.arg[1] : NULL;
  int64_t d;
  switch (atom->u.prim.op) {
  case PRIM_MIN:
    add_fact(w, f, x, atom, 0);
    add_fact(w, f, y, atom, 0);
    break;
  case PRIM_MAX:
    add_fact(w, f, atom, x, 0);
    add_fact(w, f, atom, y, 0);
    break;
  case PRIM_FLOORDIV:
    if (!expr_is_int(y, &d) || d <= 0) break;
    add_fact(w, f, x, make2(w, PRIM_MUL, y, atom), 0);
    add_fact(w, f, make2(w, PRIM_ADD, make2(w, PRIM_MUL, y, atom), y), x, 1);
    break;
  default: break;
  }
}

// What is known of the atoms of l besides the conditions.
static void add_known(Walk *w, Facts *f, const Linear *l) {
  for (int k = 0; k < l->n; k++) add_definition(w, f, l->term[k].atom);
  for (int k = 0; k < l->n; k++) add_extent_facts(w, f, l->term[k].atom);
}

static void gather_facts(Walk *w, const Linear *l, Facts *f) {
  f->n = 0;
  for (size_t k = w->npath; k-- > 0;) add_condition(w, f, w->path[k], true);
  f->nguards = f->n;
  add_known(w, f, l);
  for (int k = 0; k < f->nguards; k++) { // k < min(b, n) is k < n
    const Linear guard = f->item[k];
    add_known(w, f, &guard);
  }
}

static bool plainly_nonnegative(Walk *w, const Poly *p, const Facts *f) {
  if (poly_nonnegative(w, p)) return true;
  for (int k = 0; k < f->n; k++)
    if (f->item[k].n == 0 && poly_nonnegative(w, poly_sub(w->dims, p, f->item[k].constant))) return true;
  return false;
}

// Takes the atom out of l by means of a fact in which it has the same factor, or a number: `*scale` times l is at least
// `out`.
static bool eliminate(Walk *w, const Linear *l, const Term *t, const Linear *fact, Linear *out, int64_t *scale) {
  for (int k = 0; k < fact->n; k++) {
    int64_t number;
    if (fact->term[k].atom != t->atom) continue;
    if (fact->term[k].factor == t->factor) {
      *scale = 1;
      return combine(w, out, poly_int(w->dims, 1), l, poly_int(w->dims, -1), fact);
    }
    if (!poly_is_int(fact->term[k].factor, &number) || number == INT64_MIN) continue;
    const Poly *times = number > 0 ? t->factor : negated(w, t->factor);
    if (!poly_nonnegative(w, times)) continue;
    *scale = number > 0 ? number : -number;
    return combine(w, out, poly_int(w->dims, *scale), l, negated(w, times), fact);
  }
  return false;
}

static bool prove(Walk *w, const Linear *l, const Facts *f, int steps) {
  const Poly *least = extreme(w, l, 1, MAX_STEPS);
  if (least && plainly_nonnegative(w, least, f)) return true;
  if (steps == 0) return false;
  for (int k = 0; k < l->n; k++)
    for (int j = 0; j < f->n; j++) {
      Linear rest;
      int64_t scale;
      if (eliminate(w, l, &l->term[k], &f->item[j], &rest, &scale) && prove(w, &rest, f, steps - 1)) return true;
    }
  return false;
}

static bool prove_here(Walk *w, const Linear *l, int choices);

// With the value of a side where its condition holds.
static bool prove_side(Walk *w, const Linear *l, const Term *choice, const Expr *condition, const Expr *value, int choices) {
  const size_t mark = w->npath;
  Linear with = *l, side;
  if (!add_atom(w, &with, choice->atom, negated(w, choice->factor)) || !linear_of(w, value, &side) ||
      !combine(w, &with, poly_int(w->dims, 1), &with, choice->factor, &side))
    return false;
  push_path(w, condition);
  const bool proved = prove_here(w, &with, choices - 1);
  w->npath = mark;
  return proved;
}

// A choice is one side or the other, and so is min or max.
static bool is_choice(const Expr *e) {
  return expr_is_prim(e, PRIM_SELECT) || expr_is_prim(e, PRIM_MIN) || expr_is_prim(e, PRIM_MAX);
}

static bool prove_sides(Walk *w, const Linear *l, const Term *choice, int choices) {
  const Expr *e = choice->atom, *const *arg = e->u.prim.arg;
  const bool given = e->u.prim.op == PRIM_SELECT;
  const Expr *first = given ? arg[0] : make2(w, e->u.prim.op == PRIM_MIN ? PRIM_LE : PRIM_GE, arg[0], arg[1]);
  const Expr *const *side = given ? arg + 1 : arg;
  return prove_side(w, l, choice, first, side[0], choices) && prove_side(w, l, choice, make_not(w, first), side[1], choices);
}

static bool prove_here(Walk *w, const Linear *l, int choices) {
  Facts f;
  gather_facts(w, l, &f);
  if (prove(w, l, &f, MAX_STEPS)) return true;
  for (int k = 0; k < l->n && choices > 0; k++)
    if (is_choice(l->term[k].atom)) return prove_sides(w, l, &l->term[k], choices);
  return false;
}

bool prove_nonnegative(Walk *w, const Expr *e) {
  Linear l;
  return linear_of(w, e, &l) && prove_here(w, &l, MAX_CHOICES);
}

// ---- the greatest value ----

// The tightest upper bound of minus the form that the ranges of its atoms and the facts give, or null.
static const Poly *bound_of_negated(Walk *w, const Linear *l, const Facts *f, int steps) {
  const Poly *least = extreme(w, l, 1, MAX_STEPS), *best = least ? negated(w, least) : NULL;
  for (int k = 0; k < l->n && steps > 0; k++)
    for (int j = 0; j < f->n; j++) {
      Linear rest;
      int64_t scale;
      if (eliminate(w, l, &l->term[k], &f->item[j], &rest, &scale) && scale == 1)
        best = tighter(w, best, bound_of_negated(w, &rest, f, steps - 1));
    }
  return best;
}

bool upper_bound(Walk *w, const Expr *e, const Poly **bound) {
  Linear l;
  Facts f;
  const Poly *minus = poly_int(w->dims, -1);
  if (!linear_of(w, e, &l) || !combine(w, &l, minus, &l, zero(w), &(Linear){.constant = zero(w)})) return false;
  gather_facts(w, &l, &f);
  *bound = bound_of_negated(w, &l, &f, MAX_STEPS);
  return *bound != NULL;
}

// ---- ranges of subscripts ----

// Its indices take every value of their ranges: no guard speaks of them, and nothing else varies.
static bool runs_free(const Linear *l, const Facts *f) {
  for (int k = 0; k < l->n; k++) {
    if (l->term[k].atom->kind != EXPR_INDEX) return false;
    for (int j = 0; j < f->nguards; j++)
      for (int i = 0; i < f->item[j].n; i++)
        if (expr_uses_index(f->item[j].term[i].atom, l->term[k].atom->u.index)) return false;
  }
  return true;
}

// Is one of the conditions around here false wherever the others hold?
static bool unreachable(Walk *w) {
  const Poly *minus = poly_int(w->dims, -1);
  const Linear none = {.constant = poly_int(w->dims, 1)};
  const Linear nothing = {.constant = zero(w)};
  Facts f;
  gather_facts(w, &nothing, &f);
  for (int k = 0; k < f.nguards; k++) {
    Linear fails;
    Facts all;
    gather_facts(w, &f.item[k], &all);
    if (combine(w, &fails, minus, &f.item[k], minus, &none) && prove(w, &fails, &all, MAX_STEPS)) return true;
  }
  return false;
}

RangeAnswer range_of(Walk *w, const Expr *e, const Poly *limit, const Poly **worst) {
  Linear low, high, below_zero, past;
  Facts f;
  const Poly *one = poly_int(w->dims, 1), *minus = poly_int(w->dims, -1);
  *worst = NULL;
  for (size_t k = 0; k < w->npath; k++)
    if (w->path[k]->kind == EXPR_BOOL) return RANGE_PROVED; // never here
  if (!linear_of(w, e, &low)) return RANGE_UNKNOWN;
  Linear none = {.constant = one};
  combine(w, &high, minus, &low, poly_sub(w->dims, limit, one), &none); // limit - 1 - e
  gather_facts(w, &low, &f);
  bool from_zero = prove_here(w, &low, MAX_CHOICES), under = prove_here(w, &high, MAX_CHOICES);
  if ((from_zero && under) || unreachable(w)) return RANGE_PROVED;
  combine(w, &below_zero, minus, &low, minus, &none); // -e - 1
  combine(w, &past, minus, &high, minus, &none);      // e - limit
  const Poly *least = extreme(w, &low, 1, MAX_STEPS), *greatest = extreme(w, &low, -1, MAX_STEPS);
  bool free = runs_free(&low, &f);
  if (!from_zero) {
    bool reached = free && least && plainly_nonnegative(w, poly_sub(w->dims, minus, least), &f);
    if (reached || prove(w, &below_zero, &f, MAX_STEPS)) {
      *worst = least;
      return RANGE_REFUTED;
    }
  }
  if (!under) {
    bool reached = free && greatest && plainly_nonnegative(w, poly_sub(w->dims, greatest, limit), &f);
    if (reached || prove(w, &past, &f, MAX_STEPS)) {
      *worst = greatest;
      return RANGE_REFUTED;
    }
  }
  return RANGE_UNKNOWN;
}

bool reads_hold(Walk *w, const Expr *e) {
  size_t n;
  const Expr **part = expr_parts(w->arena, e, &n);
  for (size_t k = 0; k < n; k++) {
    if (part[k]->kind != EXPR_READ) continue;
    const Node *node = part[k]->u.read.node;
    for (int s = 0; s < node->nout; s++) {
      const Poly *worst;
      if (range_of(w, part[k]->u.read.sub[s], node->index[s].extent, &worst) != RANGE_PROVED) return false;
    }
  }
  return true;
}
