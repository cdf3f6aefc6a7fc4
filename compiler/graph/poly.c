// poly.c - dimensions and interned polynomials in them: algebra and exact values.
//
// A polynomial is its list of terms, highest degree first, then by the symbols' order: declared ones as declared, derived
// ones behind them, compared by their operands, so that the order does not depend on who was built first.
#include "graph/poly.h"

#include <string.h>

struct Poly {
  uint32_t hash;
  bool too_large;
  int nterms;
  int size; // of it written out, derived symbols included: bounds every walk
  const PolyTerm *terms;
};

typedef struct DimEntry {
  Dim dim;
  int size;
} DimEntry;

struct Dims {
  Arena *arena;
  DimEntry **dims;
  size_t count, room;
  const Poly **table; // open addressing, `slots` a power of two
  size_t npolys, slots;
  const Poly *too_large;
};

enum { POLY_SIZE_MAX = 1024, PRODUCT_TERMS_MAX = 4096 };

// ---- checked rationals: denominators positive, lowest terms; false where they do not fit ----

static int64_t gcd64(int64_t a, int64_t b) {
  if (a < 0) a = -a;
  if (b < 0) b = -b;
  while (b) {
    int64_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

static bool mul64(int64_t a, int64_t b, int64_t *r) {
  return !__builtin_mul_overflow(a, b, r) && *r != INT64_MIN;
}

static bool add64(int64_t a, int64_t b, int64_t *r) {
  return !__builtin_add_overflow(a, b, r) && *r != INT64_MIN;
}

static bool lcm64(int64_t a, int64_t b, int64_t *r) {
  return mul64(a / gcd64(a, b), b, r);
}

static bool rational_add(PolyTerm *t, int64_t num, int64_t den) {
  int64_t g = gcd64(t->den, den), x, y;
  if (!mul64(t->num, den / g, &x) || !mul64(num, t->den / g, &y) || !add64(x, y, &x)) return false;
  if (!mul64(t->den / g, den, &y)) return false;
  g = gcd64(x, y);
  t->num = x / g;
  t->den = y / g;
  return true;
}

static bool rational_mul(PolyTerm *t, int64_t num, int64_t den) {
  int64_t g = gcd64(t->num, den), h = gcd64(num, t->den);
  if (!mul64(t->num / (g ? g : 1), num / (h ? h : 1), &t->num)) return false;
  if (!mul64(t->den / (h ? h : 1), den / (g ? g : 1), &t->den)) return false;
  return true;
}

// ---- order ----

static int poly_compare(const Dims *d, const Poly *p, const Poly *q);

static int symbol_compare(const Dims *d, int s, int t) {
  if (s == t) return 0;
  const Dim *x = &d->dims[s]->dim, *y = &d->dims[t]->dim;
  bool dx = x->a != NULL, dy = y->a != NULL;
  if (!dx || !dy) return dx != dy ? dx - dy : (s > t) - (s < t);
  if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
  int c = poly_compare(d, x->a, y->a);
  return c ? c : poly_compare(d, x->b, y->b);
}

static int monomial_compare(const Dims *d, const PolyTerm *x, const PolyTerm *y) {
  if (x->nsym != y->nsym) return x->nsym > y->nsym ? -1 : 1;
  for (int k = 0; k < x->nsym; k++) {
    int c = symbol_compare(d, x->sym[k], y->sym[k]);
    if (c) return c;
  }
  return 0;
}

static int poly_compare(const Dims *d, const Poly *p, const Poly *q) {
  if (p == q) return 0;
  if (p->nterms != q->nterms) return p->nterms < q->nterms ? -1 : 1;
  for (int k = 0; k < p->nterms; k++) {
    const PolyTerm *x = &p->terms[k], *y = &q->terms[k];
    int c = monomial_compare(d, x, y);
    if (c) return c;
    if (x->num != y->num) return x->num < y->num ? -1 : 1;
    if (x->den != y->den) return x->den < y->den ? -1 : 1;
  }
  return 0;
}

// ---- interning ----

static uint32_t mix(uint32_t h, uint64_t x) {
  h = (h ^ (uint32_t)x) * 0x9E3779B1u;
  h = (h ^ (uint32_t)(x >> 32) ^ (h >> 15)) * 0x85EBCA77u;
  return h ^ (h >> 13);
}

static bool same_terms(const Poly *p, const PolyTerm *terms, int n) {
  if (p->nterms != n) return false;
  for (int k = 0; k < n; k++) {
    const PolyTerm *x = &p->terms[k], *y = &terms[k];
    if (x->num != y->num || x->den != y->den || x->nsym != y->nsym) return false;
    if (x->nsym && memcmp(x->sym, y->sym, (size_t)x->nsym * sizeof(int)) != 0) return false;
  }
  return true;
}

static void table_put(const Poly **table, size_t slots, const Poly *p) {
  size_t k = p->hash & (slots - 1);
  while (table[k]) k = (k + 1) & (slots - 1);
  table[k] = p;
}

// Before terms are made: if they turn out to be those of a polynomial that is there, their memory is free again.
typedef struct Start {
  ArenaMark mark;
  size_t npolys, ndims;
} Start;

static Start start(const Dims *d) {
  return (Start){arena_mark(d->arena), d->npolys, d->count};
}

static const Poly *settle(Dims *d, Start s, const Poly *p) {
  if (d->npolys == s.npolys && d->count == s.ndims) arena_release(d->arena, s.mark);
  return p;
}

// The polynomial of these terms, which are sorted, merged and not zero; they stay with it.
static const Poly *intern(Dims *d, const PolyTerm *terms, int n) {
  uint32_t hash = 17;
  int64_t size = 0;
  for (int k = 0; k < n; k++) {
    hash = mix(mix(hash, (uint64_t)terms[k].num), (uint64_t)terms[k].den);
    size++;
    for (int s = 0; s < terms[k].nsym; s++) {
      hash = mix(hash, (uint64_t)terms[k].sym[s]);
      size += d->dims[terms[k].sym[s]]->size;
    }
  }
  if (size > POLY_SIZE_MAX) return d->too_large;
  for (size_t k = hash & (d->slots - 1); d->table[k]; k = (k + 1) & (d->slots - 1))
    if (d->table[k]->hash == hash && same_terms(d->table[k], terms, n)) return d->table[k];
  if (d->npolys * 2 >= d->slots) {
    const Poly **bigger = arena_array(d->arena, const Poly *, d->slots * 2);
    for (size_t k = 0; k < d->slots; k++)
      if (d->table[k]) table_put(bigger, d->slots * 2, d->table[k]);
    d->table = bigger;
    d->slots *= 2;
  }
  Poly *p = arena_new_of(d->arena, Poly);
  *p = (Poly){.hash = hash, .nterms = n, .size = (int)size, .terms = terms};
  table_put(d->table, d->slots, p);
  d->npolys++;
  return p;
}

// Stable merge sort: the standard library's qsort takes no context.
static void sort_terms(const Dims *d, PolyTerm *t, PolyTerm *spare, int n) {
  if (n < 2) return;
  int half = n / 2, i = 0, j = half, k = 0;
  sort_terms(d, t, spare, half);
  sort_terms(d, t + half, spare, n - half);
  while (i < half && j < n) spare[k++] = monomial_compare(d, &t[j], &t[i]) < 0 ? t[j++] : t[i++];
  while (i < half) spare[k++] = t[i++];
  while (j < n) spare[k++] = t[j++];
  memcpy(t, spare, (size_t)n * sizeof *t);
}

// Sorts terms and adds like ones up, in place; the number left, -1 where a coefficient does not fit.
static int merge_terms(const Dims *d, PolyTerm *t, int n) {
  sort_terms(d, t, arena_array(d->arena, PolyTerm, (size_t)n + 1), n);
  int left = 0;
  for (int k = 0; k < n;) {
    PolyTerm sum = t[k++];
    for (; k < n && monomial_compare(d, &sum, &t[k]) == 0; k++)
      if (!rational_add(&sum, t[k].num, t[k].den)) return -1;
    if (sum.num) t[left++] = sum;
  }
  return left;
}

static const Poly *from_terms(Dims *d, PolyTerm *t, int n) {
  n = merge_terms(d, t, n);
  return n < 0 ? d->too_large : intern(d, t, n);
}

// ---- dimensions ----

Dims *dims_new(Arena *a) {
  Dims *d = arena_new_of(a, Dims);
  d->arena = a;
  d->slots = 64;
  d->table = arena_array(a, const Poly *, d->slots);
  Poly *too_large = arena_new_of(a, Poly);
  *too_large = (Poly){.too_large = true, .size = POLY_SIZE_MAX};
  d->too_large = too_large;
  return d;
}

int dims_count(const Dims *d) {
  return (int)d->count;
}

const Dim *dims_get(const Dims *d, int dim) {
  return &d->dims[dim]->dim;
}

int dims_find(const Dims *d, const char *name) {
  for (size_t k = 0; k < d->count; k++)
    if (d->dims[k]->dim.name && strcmp(d->dims[k]->dim.name, name) == 0) return (int)k;
  return -1;
}

static int add_dim(Dims *d, Dim dim, int size) {
  DimEntry *e = arena_new_of(d->arena, DimEntry);
  *e = (DimEntry){dim, size};
  ARENA_PUSH(d->arena, d->dims, d->count, d->room) = e;
  return (int)d->count - 1;
}

int dims_add(Dims *d, const char *name, DimKind kind, int64_t value) {
  return add_dim(d, (Dim){.name = arena_strdup(d->arena, name), .kind = kind, .value = value}, 1);
}

static const Poly *derived(Dims *d, DimKind kind, const Poly *a, const Poly *b) {
  for (size_t k = 0; k < d->count; k++) {
    const Dim *x = &d->dims[k]->dim;
    if (x->kind == kind && x->a == a && x->b == b) return poly_dim(d, (int)k);
  }
  int size = 1 + a->size + b->size;
  if (size > POLY_SIZE_MAX) return d->too_large;
  return poly_dim(d, add_dim(d, (Dim){.kind = kind, .a = a, .b = b}, size));
}

// ---- algebra ----

const Poly *poly_int(Dims *d, int64_t value) {
  if (value == 0) return intern(d, NULL, 0);
  if (value == INT64_MIN) return d->too_large;
  const Start s = start(d);
  PolyTerm *t = arena_new_of(d->arena, PolyTerm);
  *t = (PolyTerm){.num = value, .den = 1};
  return settle(d, s, intern(d, t, 1));
}

const Poly *poly_dim(Dims *d, int dim) {
  const Start s = start(d);
  PolyTerm *t = arena_new_of(d->arena, PolyTerm);
  int *sym = arena_new_of(d->arena, int);
  *sym = dim;
  *t = (PolyTerm){.num = 1, .den = 1, .nsym = 1, .sym = sym};
  return settle(d, s, intern(d, t, 1));
}

static const Poly *linear(Dims *d, const Poly *p, const Poly *q, int sign) {
  if (p->too_large || q->too_large) return d->too_large;
  const Start s = start(d);
  int n = p->nterms + q->nterms;
  PolyTerm *t = arena_array(d->arena, PolyTerm, (size_t)n + 1);
  for (int k = 0; k < p->nterms; k++) t[k] = p->terms[k];
  for (int k = 0; k < q->nterms; k++) {
    t[p->nterms + k] = q->terms[k];
    t[p->nterms + k].num *= sign;
  }
  return settle(d, s, from_terms(d, t, n));
}

const Poly *poly_add(Dims *d, const Poly *p, const Poly *q) {
  return linear(d, p, q, 1);
}

const Poly *poly_sub(Dims *d, const Poly *p, const Poly *q) {
  return linear(d, p, q, -1);
}

static const int *merge_symbols(const Dims *d, const PolyTerm *x, const PolyTerm *y) {
  int *sym = arena_array(d->arena, int, (size_t)(x->nsym + y->nsym) + 1);
  int i = 0, j = 0, n = 0;
  while (i < x->nsym && j < y->nsym) sym[n++] = symbol_compare(d, y->sym[j], x->sym[i]) < 0 ? y->sym[j++] : x->sym[i++];
  while (i < x->nsym) sym[n++] = x->sym[i++];
  while (j < y->nsym) sym[n++] = y->sym[j++];
  return sym;
}

const Poly *poly_mul(Dims *d, const Poly *p, const Poly *q) {
  if (p->too_large || q->too_large) return d->too_large;
  int n = 0;
  if (p->nterms * q->nterms > PRODUCT_TERMS_MAX) return d->too_large;
  const Start s = start(d);
  PolyTerm *t = arena_array(d->arena, PolyTerm, (size_t)(p->nterms * q->nterms) + 1);
  for (int i = 0; i < p->nterms; i++)
    for (int j = 0; j < q->nterms; j++, n++) {
      const PolyTerm *x = &p->terms[i], *y = &q->terms[j];
      t[n] = *x;
      if (!rational_mul(&t[n], y->num, y->den)) return d->too_large;
      t[n].nsym = x->nsym + y->nsym;
      t[n].sym = merge_symbols(d, x, y);
    }
  return settle(d, s, from_terms(d, t, n));
}

// x / y as monomials with coefficients, into *r; false where y does not divide x or it does not fit.
static bool divide_term(const Dims *d, const PolyTerm *x, const PolyTerm *y, PolyTerm *r) {
  int *sym = arena_array(d->arena, int, (size_t)x->nsym + 1);
  int n = 0, j = 0;
  for (int i = 0; i < x->nsym; i++) {
    if (j < y->nsym && x->sym[i] == y->sym[j])
      j++;
    else
      sym[n++] = x->sym[i];
  }
  *r = (PolyTerm){.num = x->num, .den = x->den, .nsym = n, .sym = sym};
  int sign = y->num < 0 ? -1 : 1;
  return j == y->nsym && rational_mul(r, y->den * sign, y->num * sign);
}

const Poly *poly_div(Dims *d, const Poly *p, const Poly *q) {
  if (p->too_large || q->too_large) return d->too_large;
  if (q->nterms == 0) return NULL;
  // Long division: the order of terms is a monomial order, so the leading term of what is left falls at each step.
  const Poly *quotient = poly_int(d, 0), *left = p;
  while (left->nterms) {
    PolyTerm *t = arena_new_of(d->arena, PolyTerm);
    if (!divide_term(d, &left->terms[0], &q->terms[0], t)) return NULL;
    const Poly *step = intern(d, t, 1);
    quotient = poly_add(d, quotient, step);
    left = poly_sub(d, left, poly_mul(d, step, q));
    if (left->too_large || quotient->too_large) return d->too_large;
  }
  return quotient;
}

// Of p over the integer constant c: the part whose coefficients c divides, already divided, and what is left.
static const Poly *divisible_part(Dims *d, const Poly *p, int64_t c, const Poly **left) {
  PolyTerm *out = arena_array(d->arena, PolyTerm, (size_t)p->nterms + 1);
  PolyTerm *in = arena_array(d->arena, PolyTerm, (size_t)p->nterms + 1);
  int nout = 0, nin = 0;
  for (int k = 0; k < p->nterms; k++) {
    const PolyTerm *t = &p->terms[k];
    if (t->den == 1 && t->num % c == 0) {
      out[nout] = *t;
      out[nout++].num = t->num / c;
    } else {
      in[nin++] = *t;
    }
  }
  *left = intern(d, in, nin);
  return intern(d, out, nout);
}

static int64_t floor_div(int64_t a, int64_t b) {
  int64_t q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}

const Poly *poly_floordiv(Dims *d, const Poly *p, const Poly *q) {
  int64_t c, v;
  if (p->too_large || q->too_large) return d->too_large;
  if (!poly_is_int(q, &c) || c == 0) return derived(d, DIM_FLOORDIV, p, q);
  const Poly *left, *whole = divisible_part(d, p, c, &left);
  if (poly_is_int(left, &v)) return poly_add(d, whole, poly_int(d, floor_div(v, c)));
  return poly_add(d, whole, derived(d, DIM_FLOORDIV, left, q));
}

const Poly *poly_mod(Dims *d, const Poly *p, const Poly *q) {
  int64_t c, v;
  if (p->too_large || q->too_large) return d->too_large;
  if (!poly_is_int(q, &c) || c == 0) return derived(d, DIM_MOD, p, q);
  const Poly *left;
  divisible_part(d, p, c, &left);
  if (poly_is_int(left, &v)) return poly_int(d, v - c * floor_div(v, c));
  return derived(d, DIM_MOD, left, q);
}

// ---- questions ----

bool poly_is_too_large(const Poly *p) {
  return p->too_large;
}

bool poly_is_int(const Poly *p, int64_t *value) {
  if (p->too_large || p->nterms > 1) return false;
  if (p->nterms == 0) {
    *value = 0;
    return true;
  }
  if (p->terms[0].nsym || p->terms[0].den != 1) return false;
  *value = p->terms[0].num;
  return true;
}

bool poly_is_fixed(const Dims *d, const Poly *p) {
  if (p->too_large) return false;
  for (int k = 0; k < p->nterms; k++)
    for (int s = 0; s < p->terms[k].nsym; s++) {
      const Dim *x = dims_get(d, p->terms[k].sym[s]);
      if (x->a ? !poly_is_fixed(d, x->a) || !poly_is_fixed(d, x->b) : x->kind != DIM_FIXED) return false;
    }
  return true;
}

bool poly_fixed(const Dims *d, const Poly *p, int64_t *value) {
  return poly_is_fixed(d, p) && poly_value(d, p, NULL, value);
}

bool poly_uses(const Dims *d, const Poly *p, int dim) {
  for (int k = 0; k < p->nterms; k++)
    for (int s = 0; s < p->terms[k].nsym; s++) {
      const Dim *x = dims_get(d, p->terms[k].sym[s]);
      if (p->terms[k].sym[s] == dim) return true;
      if (x->a && (poly_uses(d, x->a, dim) || poly_uses(d, x->b, dim))) return true;
    }
  return false;
}

static bool symbol_value(const Dims *d, int symbol, const int64_t *values, int64_t *value) {
  const Dim *x = dims_get(d, symbol);
  int64_t a, b;
  if (!x->a) {
    if (x->kind != DIM_FIXED && !values) return false;
    *value = x->kind == DIM_FIXED ? x->value : values[symbol];
    return true;
  }
  if (!poly_value(d, x->a, values, &a) || !poly_value(d, x->b, values, &b) || b == 0) return false;
  int64_t q = floor_div(a, b);
  *value = x->kind == DIM_FLOORDIV ? q : a - b * q;
  return true;
}

bool poly_value(const Dims *d, const Poly *p, const int64_t *values, int64_t *value) {
  int64_t common = 1, sum = 0;
  if (p->too_large) return false;
  for (int k = 0; k < p->nterms; k++)
    if (!lcm64(common, p->terms[k].den, &common)) return false;
  for (int k = 0; k < p->nterms; k++) {
    const PolyTerm *t = &p->terms[k];
    int64_t product, v;
    bool zero = false, fits = mul64(t->num, common / t->den, &product);
    for (int s = 0; s < t->nsym; s++) {
      if (!symbol_value(d, t->sym[s], values, &v)) return false;
      zero = zero || v == 0;
      fits = fits && mul64(product, v, &product);
    }
    if (zero) continue;
    if (!fits || !add64(sum, product, &sum)) return false;
  }
  if (sum % common) return false;
  *value = sum / common;
  return true;
}

bool poly_real(const Dims *d, const Poly *p, const int64_t *values, double *value) {
  double sum = 0;
  int64_t v;
  if (p->too_large) return false;
  for (int k = 0; k < p->nterms; k++) {
    double product = (double)p->terms[k].num / (double)p->terms[k].den;
    for (int s = 0; s < p->terms[k].nsym; s++) {
      if (!symbol_value(d, p->terms[k].sym[s], values, &v)) return false;
      product *= (double)v;
    }
    sum += product;
  }
  *value = sum;
  return true;
}

double poly_nominal(const Dims *d, const Poly *p) {
  enum { NOMINAL = 100 };
  int64_t *values = arena_array(d->arena, int64_t, (size_t)dims_count(d) + 1);
  for (int k = 0; k < dims_count(d); k++) values[k] = NOMINAL;
  double value;
  return poly_real(d, p, values, &value) ? value : 0;
}

static bool symbol_nonnegative(const Dims *d, int symbol) {
  const Dim *x = dims_get(d, symbol);
  if (x->kind == DIM_FLOORDIV) return poly_is_nonnegative(d, x->a) && poly_is_nonnegative(d, x->b);
  return x->kind != DIM_MOD || poly_is_nonnegative(d, x->b);
}

// x >= y wherever the symbols are integers >= 0: y divides x and has the same symbols, some of them less often.
static bool dominates(const PolyTerm *x, const PolyTerm *y) {
  int j = 0;
  for (int i = 0; i < x->nsym; i++) {
    if (j < y->nsym && x->sym[i] == y->sym[j])
      j++;
    else if (j == 0 || x->sym[i] != y->sym[j - 1])
      return false;
  }
  return j == y->nsym && y->nsym > 0;
}

bool poly_is_nonnegative(const Dims *d, const Poly *p) {
  if (p->too_large) return false;
  PolyTerm *t = arena_array(d->arena, PolyTerm, (size_t)p->nterms + 1);
  for (int k = 0; k < p->nterms; k++) {
    int *sym = arena_array(d->arena, int, (size_t)p->terms[k].nsym + 1);
    t[k] = p->terms[k];
    t[k].nsym = 0;
    t[k].sym = sym;
    for (int s = 0; s < p->terms[k].nsym; s++) {
      int symbol = p->terms[k].sym[s];
      int64_t value;
      if (symbol_value(d, symbol, NULL, &value)) {
        if (!rational_mul(&t[k], value, 1)) return false;
      } else {
        if (!symbol_nonnegative(d, symbol)) return false;
        sym[t[k].nsym++] = symbol;
      }
    }
  }
  int n = merge_terms(d, t, p->nterms);
  for (int k = 0; k < n; k++) {
    if (t[k].num > 0) continue;
    for (int j = 0; j < k && t[k].num < 0; j++) {
      if (t[j].num <= 0 || !dominates(&t[j], &t[k])) continue;
      PolyTerm sum = t[j];
      if (!rational_add(&sum, t[k].num, t[k].den)) return false;
      if (sum.num >= 0) {
        t[j].num = sum.num;
        t[j].den = sum.den;
        t[k].num = 0;
      } else {
        t[j].num = 0;
        t[k].num = sum.num;
        t[k].den = sum.den;
      }
    }
    if (t[k].num < 0) return false;
  }
  return n >= 0;
}

int poly_terms(const Poly *p, const PolyTerm **terms) {
  *terms = p->terms;
  return p->nterms;
}
