// residue.c - residues made, and arithmetic on them.
#include "prove/residue.h"

#include <math.h>
#include <string.h>

Space *space_new(Arena *a, uint64_t seed, int points, size_t limit, bool *decision, int decided, int most) {
  Space *s = arena_new_of(a, Space);
  *s = (Space){.arena = a,
               .field = field_new(seed),
               .seed = seed,
               .points = points,
               .limit = limit,
               .decision = decision,
               .decided = decided,
               .most = most};
  return s;
}

// A pointer's bytes travel in the second part.
Number number_of(const Residue *r) {
  Number n = {0, 0};
  memcpy(&n.b, &r, sizeof r);
  return n;
}

const Residue *residue_of(Number n) {
  const Residue *r;
  memcpy(&r, &n.b, sizeof r);
  return r;
}

// ---- making them ----

Residue *residue_new(Space *s, bool complex) {
  Residue *r = arena_new_of(s->arena, Residue);
  r->space = s;
  if (++s->made > s->limit) {
    if (!s->why) s->why = "too many operations";
    return r;
  }
  r->re = arena_array(s->arena, uint64_t, (size_t)s->points);
  if (complex) r->im = arena_array(s->arena, uint64_t, (size_t)s->points);
  return r;
}

const Residue *residue_none(Space *s, const char *why) {
  Residue *r = arena_new_of(s->arena, Residue);
  r->space = s;
  if (!s->why) s->why = why;
  return r;
}

// Takes the imaginary part away where it is 0, and remembers the largest bounds.
const Residue *residue_finished(Residue *r) {
  Space *s = r->space;
  bool real = true;
  for (int t = 0; r->im && t < s->points && real; t++) real = r->im[t] == 0;
  if (real) r->im = NULL;
  s->worst.degree = fmax(s->worst.degree, fmax(r->top.degree, r->bottom.degree));
  s->worst.bits = fmax(s->worst.bits, fmax(r->top.bits, r->bottom.bits));
  return r;
}

const Residue *residue_fresh(Space *s, uint64_t stream, uint64_t number) {
  Residue *r = residue_new(s, false);
  const uint64_t base = field_hash(s->seed, stream, number);
  for (int t = 0; r->re && t < s->points; t++) r->re[t] = field_draw(&s->field, field_hash(base, 2, (uint64_t)t));
  r->top.degree = 1;
  return residue_finished(r);
}

const Residue *residue_unknown(Space *s, uint64_t name, const Residue *x, const Residue *y) {
  if (!x->re || (y && !y->re)) return x->re ? y : x;
  const bool complex = x->im || (y && y->im);
  Residue *r = residue_new(s, complex);
  for (int t = 0; r->re && t < s->points; t++) {
    uint64_t base = field_hash(s->seed, name, x->re[t]);
    if (complex) base = field_hash(base, 3, x->im ? x->im[t] : 0);
    if (y) base = field_hash(base, y->re[t], y->im ? y->im[t] : 0);
    r->re[t] = field_draw(&s->field, field_hash(base, 4, (uint64_t)t));
    if (complex) r->im[t] = field_draw(&s->field, field_hash(base, 5, (uint64_t)t));
  }
  r->top.degree = 1;
  s->atoms++;
  return residue_finished(r);
}

static const Residue *whole(Space *s, uint64_t value, double bits, bool positive) {
  Residue *r = residue_new(s, false);
  for (int t = 0; r->re && t < s->points; t++) r->re[t] = value;
  r->top.bits = bits;
  r->positive = positive;
  return residue_finished(r);
}

const Residue *residue_int(Space *s, int64_t value) {
  return whole(s, field_of(&s->field, value), value ? log2(fabs((double)value)) : 0, value >= 0);
}

// ---- bounds ----

static Size product_size(Size x, Size y) {
  return (Size){x.degree + y.degree, x.bits + y.bits};
}

static Size sum_size(Size x, Size y) {
  return (Size){fmax(x.degree, y.degree), fmax(x.bits, y.bits) + 1};
}

static bool same_size(Size x, Size y) {
  return x.degree == y.degree && x.bits == y.bits;
}

// ---- arithmetic ----

static const Residue *added(const Residue *x, const Residue *y, bool minus) {
  if (!x->re || !y->re) return x->re ? y : x;
  Space *s = x->space;
  const Field *f = &s->field;
  Residue *r = residue_new(s, x->im || y->im);
  for (int t = 0; r->re && t < s->points; t++) {
    r->re[t] = minus ? field_sub(f, x->re[t], y->re[t]) : field_add(f, x->re[t], y->re[t]);
    if (r->im)
      r->im[t] =
          minus ? field_sub(f, residue_im(x, t), residue_im(y, t)) : field_add(f, residue_im(x, t), residue_im(y, t));
  }
  const bool whole = x->bottom.degree == 0 && x->bottom.bits == 0 && same_size(x->bottom, y->bottom);
  r->top =
      whole ? sum_size(x->top, y->top) : sum_size(product_size(x->top, y->bottom), product_size(y->top, x->bottom));
  r->bottom = product_size(x->bottom, y->bottom);
  r->positive = !minus && x->positive && y->positive;
  return residue_finished(r);
}

const Residue *residue_add(const Residue *x, const Residue *y) {
  return added(x, y, false);
}

const Residue *residue_sub(const Residue *x, const Residue *y) {
  return added(x, y, true);
}

const Residue *residue_neg(const Residue *x) {
  return added(residue_int(x->space, 0), x, true);
}

static void multiply(const Field *f, Residue *r, const Residue *x, const Residue *y, int t) {
  if (!r->im) {
    r->re[t] = field_mul(f, x->re[t], y->re[t]);
    return;
  }
  const uint64_t a = x->re[t], b = residue_im(x, t), c = y->re[t], d = residue_im(y, t);
  r->re[t] = field_sub(f, field_mul(f, a, c), field_mul(f, b, d));
  r->im[t] = field_add(f, field_mul(f, a, d), field_mul(f, b, c));
}

static Residue *made(Residue *r, Made how, const Residue *x, const Residue *y) {
  r->made = how;
  r->left = x;
  r->right = y;
  return r;
}

const Residue *residue_mul(const Residue *x, const Residue *y) {
  if (!x->re || !y->re) return x->re ? y : x;
  Space *s = x->space;
  Residue *r = residue_new(s, x->im || y->im);
  for (int t = 0; r->re && t < s->points; t++) multiply(&s->field, r, x, y, t);
  r->top = product_size(x->top, y->top);
  r->bottom = product_size(x->bottom, y->bottom);
  r->positive = (x->positive && y->positive) || residue_same(x, y);
  if (r->im) r->positive = false;
  return residue_finished(made(r, MADE_PRODUCT, x, y));
}

// All points with one inversion; null where there is a 0.
static const Residue *inverse_of(const Residue *x) {
  Space *s = x->space;
  const Field *f = &s->field;
  Residue *r = residue_new(s, x->im);
  if (!r->re) return r;
  uint64_t *norm = arena_array(s->arena, uint64_t, (size_t)s->points), *before = r->re, all = f->one;
  for (int t = 0; t < s->points; t++) {
    norm[t] = x->im ? field_add(f, field_mul(f, x->re[t], x->re[t]), field_mul(f, x->im[t], x->im[t])) : x->re[t];
    before[t] = all;
    all = field_mul(f, all, norm[t]);
  }
  if (all == 0) return residue_none(s, "a division by zero");
  all = field_inverse(f, all);
  for (int t = s->points; t-- > 0;) {
    const uint64_t inverse = field_mul(f, all, before[t]);
    all = field_mul(f, all, norm[t]);
    r->re[t] = x->im ? field_mul(f, x->re[t], inverse) : inverse;
    if (x->im) r->im[t] = field_sub(f, 0, field_mul(f, x->im[t], inverse));
  }
  r->top = x->bottom;
  r->bottom = x->top;
  r->positive = x->positive;
  return residue_finished(r);
}

const Residue *residue_div(const Residue *x, const Residue *y) {
  if (!x->re || !y->re) return x->re ? y : x;
  const Residue *inverse = inverse_of(y), *product = residue_mul(x, inverse);
  if (!product->re) return product;
  Residue *r = arena_new_of(x->space->arena, Residue);
  *r = *product;
  return made(r, MADE_QUOTIENT, x, y);
}

const Residue *residue_powi(const Residue *x, int64_t n) {
  if (!x->re) return x;
  uint64_t m = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  const Residue *r = residue_int(x->space, 1), *base = x;
  for (; m && r->re && base->re; m >>= 1) {
    if (m & 1) r = residue_mul(r, base);
    if (m > 1) base = residue_mul(base, base);
  }
  if (m) return residue_none(x->space, "too many operations");
  if (n < 0) r = residue_div(residue_int(x->space, 1), r);
  if (!r->re) return r;
  Residue *p = arena_new_of(x->space->arena, Residue);
  *p = *r;
  p->positive = (n % 2 == 0 && !x->im) || x->positive;
  p->power = n;
  return made(p, MADE_POWER, x, NULL);
}

const Residue *residue_times_i(const Residue *x) {
  if (!x->re) return x;
  Residue *r = residue_new(x->space, true);
  for (int t = 0; r->re && t < x->space->points; t++) {
    r->re[t] = field_sub(&x->space->field, 0, residue_im(x, t));
    r->im[t] = x->re[t];
  }
  r->top = x->top;
  r->bottom = x->bottom;
  return residue_finished(r);
}
