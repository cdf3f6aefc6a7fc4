// exponent.c - exp and log of residues.
//
// exp is a homomorphism: exp(Σ c_i u_i) = Π exp(u_i)^c_i.  The exponents met so far are kept as a basis, linearly
// independent over the rational numbers; exp of each basis element is an indeterminate.  A further exponent is a
// combination of them with small fractions, or becomes an element itself.  What decides are the values at the points:
// those of independent functions at random points are independent.  log of u is an element of the basis whose exp is u.
#include <math.h>

#include "prove/residue.h"

struct Row {
  uint64_t *vector; // an exponent's values, real parts then imaginary; 1 at the pivot
  uint64_t *mix;    // as a combination of the basis
  int pivot;
};

enum { SPARE = 5, FRACTION = 4096 };

// Numbers of indeterminates and unknown functions of our own, after the primitives.
enum { NAME_EXP = PRIM_COUNT + 1, NAME_CIRCLE, NAME_LOG, NAME_PRIME, NAME_PART, NAME_FREE };

// ---- the basis ----

static uint64_t *vector_of(Space *s, const Residue *x) {
  uint64_t *v = arena_array(s->arena, uint64_t, 2 * (size_t)s->points);
  for (int t = 0; t < s->points; t++) {
    v[t] = x->re[t];
    if (x->im) v[s->points + t] = x->im[t];
  }
  return v;
}

static void subtract(const Field *f, uint64_t *v, const uint64_t *w, uint64_t c, int n) {
  for (int k = 0; k < n; k++)
    if (w[k]) v[k] = field_sub(f, v[k], field_mul(f, c, w[k]));
}

// v less its part along the rows; mix becomes that part.  The first coordinate that is left, or -1.
static int project(Space *s, uint64_t *v, uint64_t *mix) {
  const Field *f = &s->field;
  const int n = 2 * s->points;
  s->lookups++;
  for (int k = 0; k < s->rank; k++) {
    const Row *row = &s->rows[k];
    const uint64_t c = v[row->pivot];
    if (c == 0) continue;
    subtract(f, v, row->vector, c, n);
    for (int j = 0; j < s->rank; j++) mix[j] = field_add(f, mix[j], field_mul(f, c, row->mix[j]));
  }
  for (int k = 0; k < n; k++)
    if (v[k]) return k;
  return -1;
}

// Room for one more row, with coordinates to spare that tell chance from dependence.
static bool has_room(Space *s) {
  if (s->rank + SPARE >= s->points) {
    s->crowded = true;
    return false;
  }
  if (!s->rows) {
    s->rows = arena_array(s->arena, Row, (size_t)s->points);
    s->basis = arena_array(s->arena, Exponent, (size_t)s->points);
  }
  return true;
}

static void add_row(Space *s, uint64_t *v, uint64_t *mix, int pivot, Exponent element) {
  const Field *f = &s->field;
  const uint64_t scale = field_inverse(f, v[pivot]);
  for (int k = 0; k < s->rank; k++) mix[k] = field_sub(f, 0, mix[k]);
  mix[s->rank] = f->one;
  for (int k = 0; k <= s->rank; k++) mix[k] = field_mul(f, mix[k], scale);
  for (int k = 0; k < 2 * s->points; k++) v[k] = field_mul(f, v[k], scale);
  s->rows[s->rank] = (Row){v, mix, pivot};
  s->basis[s->rank++] = element;
  s->atoms++;
}

// A value on the unit circle: cosines are real then.
static const Residue *circle(Space *s, int number) {
  const Residue *a = residue_fresh(s, NAME_CIRCLE, 2 * (uint64_t)number),
                *b = residue_times_i(residue_fresh(s, NAME_CIRCLE, 2 * (uint64_t)number + 1));
  return residue_div(residue_add(a, b), residue_sub(a, b));
}

static Exponent new_element(Space *s, const Residue *x) {
  const uint64_t number = (uint64_t)s->rank;
  bool imaginary = x->im;
  for (int t = 0; imaginary && t < s->points; t++) imaginary = x->re[t] == 0;
  if (imaginary) return (Exponent){.root = circle(s, s->rank)};
  const Residue *root = residue_fresh(s, NAME_EXP, number);
  if (x->im) root = residue_add(root, residue_times_i(residue_fresh(s, NAME_EXP, ~number)));
  return (Exponent){.root = root};
}

// ---- exp ----

// whole^(a/b), 0 <= a/b < 1
static const Residue *part(const Residue *whole, int64_t a, int64_t b) {
  if (a == 0) return residue_int(whole->space, 1);
  if (2 * a == b) return residue_sqrt(whole);
  return residue_unknown(whole->space, NAME_PART + 8 * (uint64_t)(a * FRACTION + b), whole, NULL);
}

static const Residue *power_of(const Exponent *e, int64_t a, int64_t b) {
  if (e->root && EXPONENT_PARTS % b == 0) return residue_powi(e->root, EXPONENT_PARTS / b * a);
  const int64_t floor = a / b - (a % b < 0);
  const Residue *whole = e->whole ? e->whole : residue_powi(e->root, EXPONENT_PARTS);
  return residue_mul(residue_powi(whole, floor), part(whole, a - floor * b, b));
}

// The product that a combination of the basis stands for; null where it has other than small fractions.
static const Residue *combined(Space *s, const uint64_t *mix) {
  const Residue *r = residue_int(s, 1);
  for (int k = 0; k < s->rank; k++) {
    int64_t a, b;
    if (mix[k] == 0) continue;
    if (!field_fraction(&s->field, mix[k], FRACTION, &a, &b)) return NULL;
    r = residue_mul(r, power_of(&s->basis[k], a, b));
  }
  return r;
}

static const Residue *exp_of(Space *s, const Residue *x) {
  uint64_t *v = vector_of(s, x), *mix = arena_array(s->arena, uint64_t, 2 * (size_t)s->points);
  const int pivot = project(s, v, mix);
  const Residue *r = pivot < 0 ? combined(s, mix) : NULL;
  if (r) return r;
  if (pivot < 0 || !has_room(s)) return residue_unknown(s, NAME_FREE, x, NULL);
  const Exponent element = new_element(s, x);
  if (!element.root->re) return element.root;
  add_row(s, v, mix, pivot, element);
  return residue_powi(element.root, EXPONENT_PARTS);
}

const Residue *residue_exp(const Residue *x) {
  Space *s = x->space;
  if (!x->re) return x;
  const Entry *e = table_find(&s->exps, x);
  if (e) return e->value;
  const Residue *value = exp_of(s, x);
  if (!value->re) return value;
  Residue *r = arena_new_of(s->arena, Residue);
  *r = *value;
  r->positive = !x->im;
  r->made = MADE_EXP;
  r->left = x;
  table_put(s->arena, &s->exps, (Entry){.key = x, .value = r});
  return r;
}

// ---- log ----
//
// log(a b) is log a + log b where both are positive.  Where only the product is known to be (`direct` is false), log a
// stands for log |a|: its exp is then not a.

static const Residue *log_of(const Residue *x, bool direct, int depth);

static void insert_log(Space *s, const Residue *log, const Residue *x) {
  if (!has_room(s)) return;
  uint64_t *v = vector_of(s, log), *mix = arena_array(s->arena, uint64_t, 2 * (size_t)s->points);
  const int pivot = project(s, v, mix);
  if (pivot >= 0) add_row(s, v, mix, pivot, (Exponent){.whole = x});
}

static const Residue *log_atom(const Residue *x, bool direct) {
  Space *s = x->space;
  Entry *e = table_find(&s->logs, x);
  const Residue *log = e ? e->value : residue_unknown(s, NAME_LOG, x, NULL);
  if (!log->re) return log;
  if (direct && !(e && e->direct)) insert_log(s, log, x);
  if (e)
    e->direct = e->direct || direct;
  else
    table_put(s->arena, &s->logs, (Entry){.key = x, .value = log, .direct = direct});
  return log;
}

// log n as the sum over its prime factors; a factor beyond trial division counts as a prime.
static const Residue *log_integer(Space *s, int64_t n) {
  const Residue *sum = residue_int(s, 0);
  for (int64_t q = 2; n > 1; q++) {
    if (q > 1000) q = n;
    int64_t times = 0;
    for (; n % q == 0; n /= q) times++;
    if (times == 0) continue;
    sum = residue_add(sum, residue_mul(residue_int(s, times), log_atom(residue_int(s, q), true)));
  }
  return sum;
}

static const Residue *log_made(const Residue *x, bool direct, int depth) {
  Space *s = x->space;
  const Residue *l = x->left, *r = x->right;
  switch (x->made) {
  case MADE_EXP: return x->im || l->im ? NULL : l;
  case MADE_ROOT: return residue_div(log_of(l, true, depth), residue_int(s, 2));
  case MADE_POWER: return residue_mul(residue_int(s, x->power), log_of(l, direct && x->power % 2 != 0, depth));
  case MADE_PRODUCT:
  case MADE_QUOTIENT: {
    const Residue *a = log_of(l, l->positive || (direct && r->positive), depth),
                  *b = log_of(r, r->positive || (direct && l->positive), depth);
    return x->made == MADE_PRODUCT ? residue_add(a, b) : residue_sub(a, b);
  }
  default: return NULL;
  }
}

static const Residue *log_of(const Residue *x, bool direct, int depth) {
  enum { DEEPEST = 40 };
  int64_t a, b;
  Space *s = x->space;
  if (!x->re) return x;
  if (residue_is_zero(x)) return residue_none(s, "the logarithm of 0");
  if (residue_fraction(x, &a, &b) && a > 0) return residue_sub(log_integer(s, a), log_integer(s, b));
  const Residue *log = depth < DEEPEST ? log_made(x, direct, depth + 1) : NULL;
  return log ? log : log_atom(x, direct);
}

const Residue *residue_log(const Residue *x) {
  return log_of(x, true, 0);
}

// ---- powers ----

const Residue *residue_pow(const Residue *x, const Residue *y) {
  int64_t a, b;
  if (!x->re || !y->re) return x->re ? y : x;
  if (residue_fraction(y, &a, &b) && b == 1) return residue_powi(x, a);
  if (residue_fraction(y, &a, &b) && b == 2) return residue_powi(residue_sqrt(x), a);
  return residue_exp(residue_mul(y, residue_log(x)));
}
