// sign.c - what is known of a residue, and the signs that its space decides.
#include "prove/residue.h"

#include <string.h>

bool residue_is_zero(const Residue *x) {
  for (int t = 0; t < x->space->points; t++)
    if (x->re[t] != 0 || residue_im(x, t) != 0) return false;
  return true;
}

bool residue_same(const Residue *x, const Residue *y) {
  if (x == y) return true;
  if (!x->re || !y->re || !x->im != !y->im) return false;
  const size_t bytes = (size_t)x->space->points * sizeof *x->re;
  return memcmp(x->re, y->re, bytes) == 0 && (!x->im || memcmp(x->im, y->im, bytes) == 0);
}

uint64_t residue_hash(const Residue *x) {
  uint64_t h = 7;
  for (int t = 0; t < x->space->points && t < 4; t++) h = field_hash(h, x->re[t], residue_im(x, t));
  return h;
}

bool residue_fraction(const Residue *x, int64_t *a, int64_t *b) {
  for (int t = 0; t < x->space->points; t++)
    if (x->re[t] != x->re[0] || residue_im(x, t) != 0) return false;
  return field_fraction(&x->space->field, x->re[0], (int64_t)1 << 30, a, b);
}

// x over its value at the first point: the same for all multiples.  (Of what is not real at all points, itself.)
static const Residue *normal_of(const Residue *x) {
  if (x->im || x->re[0] == 0) return x;
  Space *s = x->space;
  Residue *r = residue_new(s, false);
  const uint64_t inverse = field_inverse(&s->field, x->re[0]);
  for (int t = 0; r->re && t < s->points; t++) r->re[t] = field_mul(&s->field, x->re[t], inverse);
  return r;
}

// The ratio of two multiples is a fraction: its sign, else 0.
static int ratio_sign(const Residue *x, const Residue *y) {
  const Field *f = &x->space->field;
  int64_t a, b;
  if (x->im || y->im || y->re[0] == 0) return residue_same(x, y);
  if (!field_fraction(f, field_mul(f, x->re[0], field_inverse(f, y->re[0])), (int64_t)1 << 30, &a, &b)) return 0;
  return a < 0 ? -1 : 1;
}

int residue_sign(const Residue *x) {
  Space *s = x->space;
  int64_t a, b;
  if (!x->re) {
    s->stuck = true;
    return 0;
  }
  if (residue_is_zero(x)) return 0;
  if (x->positive) return 1;
  if (residue_fraction(x, &a, &b)) return a < 0 ? -1 : 1;
  const Residue *key = normal_of(x);
  if (!key->re) {
    s->stuck = true;
    return 0;
  }
  const Entry *e = table_find(&s->signs, x);
  if (!e) e = table_find(&s->signs, key);
  if (e) {
    const int same = ratio_sign(x, e->value);
    if (same) return e->direct == (same > 0) ? 1 : -1;
    key = x; // a multiple by what is no fraction: a sign of its own
  }
  if (s->decisions >= s->most) {
    s->full = s->stuck = true;
    return 1;
  }
  const int k = s->decisions++;
  if (k >= s->decided) s->decision[k] = false;
  s->atoms++;
  table_put(s->arena, &s->signs, (Entry){.key = key, .value = x, .direct = s->decision[k]});
  return s->decision[k] ? 1 : -1;
}

const Residue *residue_abs(const Residue *x) {
  return residue_sign(x) < 0 ? residue_neg(x) : x;
}

// ---- tables ----

Entry *table_find(const Table *t, const Residue *key) {
  if (t->room == 0) return NULL;
  for (size_t at = residue_hash(key) & (t->room - 1); t->slot[at].key; at = (at + 1) & (t->room - 1))
    if (residue_same(t->slot[at].key, key)) return &t->slot[at];
  return NULL;
}

void table_put(Arena *a, Table *t, Entry entry) {
  if (2 * (t->count + 1) > t->room) {
    Table larger = {.room = t->room ? 2 * t->room : 64};
    larger.slot = arena_array(a, Entry, larger.room);
    for (size_t k = 0; k < t->room; k++)
      if (t->slot[k].key) table_put(a, &larger, t->slot[k]);
    *t = larger;
  }
  size_t at = residue_hash(entry.key) & (t->room - 1);
  while (t->slot[at].key) at = (at + 1) & (t->room - 1);
  t->slot[at] = entry;
  t->count++;
}
