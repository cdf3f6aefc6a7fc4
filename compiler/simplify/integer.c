// integer.c - integers as linear forms: one normal form, so that equal subscripts are the same expression; ranges, and
// the comparisons that ranges and facts decide.
#include "simplify/internal.h"

static bool before(const Expr *a, const Expr *b) {
  if ((a->kind == EXPR_INDEX) != (b->kind == EXPR_INDEX)) return a->kind == EXPR_INDEX;
  return a->kind == EXPR_INDEX ? a->u.index < b->u.index : a->id < b->id;
}

static Linear linear_atom(Simplifier *s, const Expr *e) {
  Linear l = {1, arena_new_of(s->arena, Term), poly_int(s->g->dims, 0)};
  l.term[0] = (Term){e, 1};
  return l;
}

// a + c * b; false where a number overflows.
static bool linear_add(Simplifier *s, const Linear *a, const Linear *b, int64_t c, Linear *out) {
  Dims *d = s->g->dims;
  *out = (Linear){0, arena_array(s->arena, Term, a->n + b->n + 1),
                  poly_add(d, a->rest, poly_mul(d, poly_int(d, c), b->rest))};
  for (size_t i = 0, j = 0; i < a->n || j < b->n;) {
    Term t;
    int64_t scaled = 0;
    if (j < b->n && __builtin_mul_overflow(b->term[j].c, c, &scaled)) return false;
    if (j == b->n || (i < a->n && before(a->term[i].atom, b->term[j].atom)))
      t = a->term[i++];
    else if (i == a->n || before(b->term[j].atom, a->term[i].atom))
      t = (Term){b->term[j++].atom, scaled};
    else {
      t.atom = a->term[i].atom;
      if (__builtin_add_overflow(a->term[i++].c, scaled, &t.c)) return false;
      j++;
    }
    if (t.c != 0) out->term[out->n++] = t;
  }
  return !poly_is_too_large(out->rest);
}

Linear linear_of(Simplifier *s, const Expr *e) {
  Dims *d = s->g->dims;
  if (e->kind == EXPR_POLY) return (Linear){0, NULL, e->u.poly};
  if (e->kind != EXPR_PRIM) return linear_atom(s, e);
  const Expr *const *arg = e->u.prim.arg;
  const Linear zero = {0, NULL, poly_int(d, 0)};
  Linear a, b, sum;
  int64_t c;
  switch (e->u.prim.op) {
  case PRIM_ADD:
  case PRIM_SUB:
    a = linear_of(s, arg[0]);
    b = linear_of(s, arg[1]);
    return linear_add(s, &a, &b, e->u.prim.op == PRIM_ADD ? 1 : -1, &sum) ? sum : linear_atom(s, e);
  case PRIM_NEG: a = linear_of(s, arg[0]); return linear_add(s, &zero, &a, -1, &sum) ? sum : linear_atom(s, e);
  case PRIM_MUL:
    a = linear_of(s, arg[0]);
    b = linear_of(s, arg[1]);
    if (a.n == 0 && b.n == 0) {
      const Poly *product = poly_mul(d, a.rest, b.rest);
      return poly_is_too_large(product) ? linear_atom(s, e) : (Linear){0, NULL, product};
    }
    if (a.n == 0 && poly_is_int(a.rest, &c) && linear_add(s, &zero, &b, c, &sum)) return sum;
    if (b.n == 0 && poly_is_int(b.rest, &c) && linear_add(s, &zero, &a, c, &sum)) return sum;
    return linear_atom(s, e);
  default: return linear_atom(s, e);
  }
}

Linear linear_scale(Simplifier *s, const Linear *l, int64_t c, int64_t offset) {
  Dims *d = s->g->dims;
  const Linear base = {0, NULL, poly_int(d, offset)};
  Linear out;
  if (linear_add(s, &base, l, c, &out)) return out;
  // Coefficients at the edge of 64 bits: a form of which nothing is known.
  const Expr *e = linear_expr(s, l);
  Linear atom = linear_atom(s, e);
  return linear_add(s, &base, &atom, c, &out) ? out : atom;
}

static const Expr *scaled(Graph *g, const Expr *atom, int64_t c) {
  return c == 1 ? atom : expr_prim2(g, PRIM_MUL, expr_int(g, c), atom);
}

// Positive terms first, then the polynomial, then what is subtracted: i + 1 - k.
const Expr *linear_expr(Simplifier *s, const Linear *l) {
  Graph *g = s->g;
  const Expr *sum = NULL;
  int64_t rest;
  bool number = poly_is_int(l->rest, &rest), zero = number && rest == 0;
  for (size_t k = 0; k < l->n; k++)
    if (l->term[k].c > 0) {
      const Expr *t = scaled(g, l->term[k].atom, l->term[k].c);
      sum = sum ? expr_prim2(g, PRIM_ADD, sum, t) : t;
    }
  if (!zero && !sum)
    sum = expr_poly(g, l->rest);
  else if (!zero && number && rest < 0 && rest != INT64_MIN)
    sum = expr_prim2(g, PRIM_SUB, sum, expr_int(g, -rest));
  else if (!zero)
    sum = expr_prim2(g, PRIM_ADD, sum, expr_poly(g, l->rest));
  for (size_t k = 0; k < l->n; k++) {
    int64_t c = l->term[k].c;
    if (c >= 0) continue;
    if (c == INT64_MIN)
      sum = sum ? expr_prim2(g, PRIM_ADD, sum, scaled(g, l->term[k].atom, c)) : scaled(g, l->term[k].atom, c);
    else
      sum = sum ? expr_prim2(g, PRIM_SUB, sum, scaled(g, l->term[k].atom, -c))
                : expr_prim1(g, PRIM_NEG, scaled(g, l->term[k].atom, -c));
  }
  return sum ? sum : expr_int(g, 0);
}

// ---- ranges ----

typedef struct Range {
  const Poly *low, *top; // null where it is not known
} Range;

static Range range_of(Simplifier *s, const Linear *l);

// The greatest value of an atom (the least is 0); null where it is not known.
static const Poly *atom_top(Simplifier *s, const Expr *atom) {
  Dims *d = s->g->dims;
  int64_t m;
  if (atom->kind == EXPR_INDEX && atom->u.index < s->nindex)
    return poly_sub(d, s->index[atom->u.index].extent, poly_int(d, 1));
  if (atom->kind == EXPR_READ && atom->u.read.node->limit) return poly_sub(d, atom->u.read.node->limit, poly_int(d, 1));
  if (atom->kind != EXPR_PRIM || atom->u.prim.narg != 2 || !expr_is_int(atom->u.prim.arg[1], &m) || m <= 0) return NULL;
  if (atom->u.prim.op == PRIM_MOD) return poly_int(d, m - 1);
  if (atom->u.prim.op != PRIM_FLOORDIV) return NULL;
  const Linear over = linear_of(s, atom->u.prim.arg[0]);
  const Range r = range_of(s, &over);
  return r.low && poly_is_nonnegative(d, r.low) ? poly_floordiv(d, r.top, poly_int(d, m)) : NULL;
}

static Range range_of(Simplifier *s, const Linear *l) {
  Dims *d = s->g->dims;
  Range r = {l->rest, l->rest};
  for (size_t k = 0; k < l->n; k++) {
    const Poly *most = atom_top(s, l->term[k].atom);
    if (!most) return (Range){NULL, NULL};
    const Poly **end = l->term[k].c > 0 ? &r.top : &r.low;
    *end = poly_add(d, *end, poly_mul(d, poly_int(d, l->term[k].c), most));
  }
  return r;
}

static bool nonnegative_by_range(Simplifier *s, const Linear *l) {
  const Poly *low = range_of(s, l).low;
  return low && poly_is_nonnegative(s->g->dims, low);
}

static bool nonnegative(Simplifier *s, const Linear *l) {
  if (nonnegative_by_range(s, l)) return true;
  for (int k = 0; k < s->nfact; k++) {
    Linear over;
    if (linear_add(s, l, &s->fact[k], -1, &over) && nonnegative_by_range(s, &over)) return true;
  }
  return false;
}

bool simplify_in_range(Arena *a, Graph *g, const Index *index, int nindex, const Expr *sub, const Poly *axis) {
  Simplifier s = {.arena = a, .g = g, .index = index, .nindex = nindex};
  const Linear at = linear_of(&s, sub), end = {0, NULL, poly_sub(g->dims, axis, poly_int(g->dims, 1))};
  Linear room;
  return nonnegative_by_range(&s, &at) && linear_add(&s, &end, &at, -1, &room) && nonnegative_by_range(&s, &room);
}

// ---- comparisons: over the form D = x - y ----

// x op y exactly where c * D + offset >= 0.
static const struct {
  int c, offset;
} order_form[PRIM_COUNT] = {
    [PRIM_LT] = {-1, -1},
    [PRIM_LE] = {-1, 0},
    [PRIM_GT] = {1, -1},
    [PRIM_GE] = {1, 0},
};

Linear linear_difference(Simplifier *s, const Expr *const *arg) {
  Linear a = linear_of(s, arg[0]), b = linear_of(s, arg[1]), d;
  if (linear_add(s, &a, &b, -1, &d)) return d;
  return linear_atom(s, expr_prim(s->g, PRIM_SUB, arg));
}

const Expr *simplify_comparison(Simplifier *s, Prim op, const Expr *const *arg) {
  if (arg[0]->type != TYPE_INT) return NULL;
  Linear d = linear_difference(s, arg);
  int64_t rest;
  if (op == PRIM_EQ || op == PRIM_NE) {
    if (d.n == 0 && poly_is_int(d.rest, &rest)) return expr_bool(s->g, (rest == 0) == (op == PRIM_EQ));
    Linear above = linear_scale(s, &d, 1, -1), below = linear_scale(s, &d, -1, -1);
    if (nonnegative(s, &above) || nonnegative(s, &below)) return expr_bool(s->g, op == PRIM_NE);
    const Linear turned = linear_scale(s, &d, -1, 0);
    return nonnegative(s, &d) && nonnegative(s, &turned) ? expr_bool(s->g, op == PRIM_EQ) : NULL;
  }
  int c = order_form[op].c, offset = order_form[op].offset;
  Linear holds = linear_scale(s, &d, c, offset), fails = linear_scale(s, &d, -c, -offset - 1);
  return nonnegative(s, &holds) ? expr_bool(s->g, true) : nonnegative(s, &fails) ? expr_bool(s->g, false) : NULL;
}

void simplify_assume(Simplifier *s, const Expr *e) {
  if (s->nknown == FACTS_MAX) return;
  s->known[s->nknown++] = e;
  if (e->kind != EXPR_PRIM || e->u.prim.narg != 2 || e->u.prim.arg[0]->type != TYPE_INT) return;
  Prim op = e->u.prim.op;
  if (op == PRIM_EQ) {
    Linear d = linear_difference(s, e->u.prim.arg);
    s->fact[s->nfact++] = d;
    s->fact[s->nfact++] = linear_scale(s, &d, -1, 0);
  } else if (order_form[op].c != 0) {
    Linear d = linear_difference(s, e->u.prim.arg);
    s->fact[s->nfact++] = linear_scale(s, &d, order_form[op].c, order_form[op].offset);
  }
}

// ---- floor division and remainder by a constant ----

// l = divisor * quotient + remainder with the remainder's coefficients in [0, divisor).
static void divide(Simplifier *s, const Linear *l, int64_t divisor, Linear *quotient, Linear *remainder) {
  Dims *d = s->g->dims;
  int64_t rest = 0;
  bool number = poly_is_int(l->rest, &rest);
  *quotient = (Linear){0, arena_array(s->arena, Term, l->n + 1), poly_int(d, 0)};
  *remainder = (Linear){0, arena_array(s->arena, Term, l->n + 1), number ? poly_int(d, 0) : l->rest};
  for (size_t k = 0; k < l->n; k++) {
    Term t = l->term[k];
    int64_t r = (t.c % divisor + divisor) % divisor, q = (t.c - r) / divisor;
    if (q != 0) quotient->term[quotient->n++] = (Term){t.atom, q};
    if (r != 0) remainder->term[remainder->n++] = (Term){t.atom, r};
  }
  if (number) {
    int64_t r = (rest % divisor + divisor) % divisor;
    quotient->rest = poly_int(d, (rest - r) / divisor);
    remainder->rest = poly_int(d, r);
  }
}

static const Expr *division_rule(Simplifier *s, Prim op, const Expr *const *arg) {
  Graph *g = s->g;
  Dims *d = g->dims;
  int64_t divisor, rest;
  Linear l = linear_of(s, arg[0]);
  if (expr_is_int(arg[1], &divisor) && divisor == 0) return NULL;
  if (l.n == 0 && arg[1]->kind == EXPR_POLY)
    return expr_poly(g, (op == PRIM_MOD ? poly_mod : poly_floordiv)(d, l.rest, arg[1]->u.poly));
  if (!expr_is_int(arg[1], &divisor) || divisor <= 0 || divisor > INT32_MAX) return NULL;
  Linear quotient, remainder;
  for (size_t k = 0; k < l.n; k++)
    if (l.term[k].c > INT64_MAX / 2 || l.term[k].c < INT64_MIN / 2) return NULL;
  if (poly_is_int(l.rest, &rest) && (rest > INT64_MAX / 2 || rest < INT64_MIN / 2)) return NULL;
  divide(s, &l, divisor, &quotient, &remainder);
  Linear room = linear_scale(s, &remainder, -1, divisor - 1);
  if (nonnegative(s, &remainder) && nonnegative(s, &room))
    return linear_expr(s, op == PRIM_MOD ? &remainder : &quotient);
  const Expr *left = expr_prim2(g, op, linear_expr(s, &remainder), arg[1]);
  if (op == PRIM_MOD) return left;
  Linear atom = linear_atom(s, left), sum;
  return linear_add(s, &quotient, &atom, 1, &sum) ? linear_expr(s, &sum) : NULL;
}

// The remainder beside a term that holds the quotient by m: m (x // m) + x % m is x.
static bool join_pair(Simplifier *s, Linear *l, Term quotient) {
  const Expr *const *arg = quotient.atom->u.prim.arg;
  int64_t m;
  if (!expr_is_int(arg[1], &m) || m <= 0 || quotient.c % m != 0) return false;
  const Expr *remainder = expr_prim(s->g, PRIM_MOD, arg);
  const int64_t c = quotient.c / m;
  for (size_t k = 0; k < l->n; k++) {
    if (l->term[k].atom != remainder || l->term[k].c != c) continue;
    Term pair[] = {quotient, l->term[k]};
    const Linear x = linear_of(s, arg[0]), first = {1, &pair[0], poly_int(s->g->dims, 0)}, second = {1, &pair[1], first.rest};
    Linear less, without, joined;
    if (!linear_add(s, l, &first, -1, &less) || !linear_add(s, &less, &second, -1, &without) ||
        !linear_add(s, &without, &x, c, &joined))
      return false;
    *l = joined;
    return true;
  }
  return false;
}

static void join_quotients(Simplifier *s, Linear *l) {
  for (size_t k = 0; k < l->n;) // from the first again, with fewer terms
    k = expr_is_prim(l->term[k].atom, PRIM_FLOORDIV) && join_pair(s, l, l->term[k]) ? 0 : k + 1;
}

const Expr *simplify_integer(Simplifier *s, Prim op, const Expr *const *arg) {
  switch (op) {
  case PRIM_FLOORDIV:
  case PRIM_MOD: return division_rule(s, op, arg);
  case PRIM_ADD:
  case PRIM_SUB:
  case PRIM_MUL:
  case PRIM_NEG: {
    const Expr *e = expr_prim(s->g, op, arg);
    if (!e) return NULL;
    Linear l = linear_of(s, e);
    join_quotients(s, &l);
    return linear_expr(s, &l);
  }
  default: return NULL;
  }
}
