// root.c - square roots of residues.
//
// A root is taken apart as far as it is certain that this is right: sqrt(a b) is sqrt(a) sqrt(b) where one of a and b is
// positive (and so, as their product is, the other too); sqrt(a^2) is |a|.  What is left is an algebraic number.
#include "prove/residue.h"

enum { WORD = 64 };

// Whether a product of arguments is a square shows in which of them have roots: a dependence modulo 2 over the points.
// The first row is of a constant that has none.
static bool independent(Space *s, uint64_t *bits) {
  const int words = (s->points + WORD - 1) / WORD;
  if (!s->bits) {
    s->bits = arena_array(s->arena, uint64_t *, (size_t)s->points);
    s->bits[0] = arena_array(s->arena, uint64_t, (size_t)words);
    for (int t = 0; t < s->points; t++) s->bits[0][t / WORD] |= (uint64_t)1 << t % WORD;
  }
  for (int t = 0; t < s->points; t++) { // row t has its first bit at point t
    if (!(bits[t / WORD] >> t % WORD & 1)) continue;
    if (!s->bits[t]) {
      s->bits[t] = bits;
      return true;
    }
    for (int w = 0; w < words; w++) bits[w] ^= s->bits[t][w];
  }
  return false;
}

// A root of each value: over the field with a root of -1 every real has one.
static const Residue *root_atom(const Residue *x) {
  Space *s = x->space;
  const Entry *e = table_find(&s->squares, x);
  if (e) return e->value;
  Residue *r = residue_new(s, true);
  uint64_t *bits = arena_array(s->arena, uint64_t, (size_t)(s->points / WORD + 1));
  for (int t = 0; r->re && t < s->points; t++) {
    bool real;
    const uint64_t root = field_root(&s->field, x->re[t], &real);
    *(real ? &r->re[t] : &r->im[t]) = root;
    bits[t / WORD] |= (uint64_t)!real << t % WORD;
  }
  // A product with its conjugates is rational: the bounds of all take s->roots into account.
  r->top = x->top;
  r->bottom = x->bottom;
  r->positive = true;
  r->made = MADE_ROOT;
  r->left = x;
  *(independent(s, bits) ? &s->roots : &s->ties) += 1;
  s->atoms++;
  table_put(s->arena, &s->squares, (Entry){.key = x, .value = residue_finished(r)});
  return r;
}

static const Residue *sqrt_of(const Residue *x, int depth);

// The root of n as that of its largest factor without a square, times the rest.
static const Residue *sqrt_integer(Space *s, int64_t n) {
  int64_t square = 1;
  const Residue *r = residue_int(s, 1);
  for (int64_t q = 2; n > 1; q++) {
    if (q > 1000) q = n; // a factor beyond trial division counts as a prime
    for (; n % q == 0 && n / q % q == 0; n /= q * q) square *= q;
    if (n % q != 0) continue;
    r = residue_mul(r, root_atom(residue_int(s, q)));
    n /= q;
  }
  return residue_mul(residue_int(s, square), r);
}

static const Residue *sqrt_made(const Residue *x, int depth) {
  Space *s = x->space;
  const Residue *l = x->left, *r = x->right;
  switch (x->made) {
  case MADE_EXP: return residue_exp(residue_div(l, residue_int(s, 2)));
  case MADE_POWER:
    if (x->power % 2 == 0) return residue_powi(residue_abs(l), x->power / 2);
    return residue_mul(residue_powi(l, (x->power - 1) / 2), sqrt_of(l, depth));
  case MADE_PRODUCT:
    if (residue_same(l, r)) return residue_abs(l);
    if (l->positive || r->positive) return residue_mul(sqrt_of(l, depth), sqrt_of(r, depth));
    return NULL;
  case MADE_QUOTIENT:
    if (l->positive || r->positive) return residue_div(sqrt_of(l, depth), sqrt_of(r, depth));
    return NULL;
  default: return NULL;
  }
}

static const Residue *sqrt_of(const Residue *x, int depth) {
  enum { DEEPEST = 40 };
  int64_t a, b;
  Space *s = x->space;
  if (!x->re) return x;
  if (x->im) return residue_unknown(s, PRIM_SQRT, x, NULL);
  if (residue_fraction(x, &a, &b) && a >= 0) return a == 0 ? x : residue_div(sqrt_integer(s, a), sqrt_integer(s, b));
  const Residue *r = depth < DEEPEST ? sqrt_made(x, depth + 1) : NULL;
  return r ? r : root_atom(x);
}

const Residue *residue_sqrt(const Residue *x) {
  return sqrt_of(x, 0);
}
