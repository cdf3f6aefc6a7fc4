// field.c - see field.h.
#include "prove/field.h"

#include <stddef.h>

__extension__ typedef unsigned __int128 Wide;

// x * y / 2^64 modulo p
static uint64_t reduce(const Field *f, Wide product) {
  const uint64_t m = (uint64_t)product * f->inverse;
  const uint64_t r = (uint64_t)((product + (Wide)m * f->p) >> 64); // under 2 p, which 64 bits hold
  return r >= f->p ? r - f->p : r;
}

uint64_t field_mul(const Field *f, uint64_t x, uint64_t y) {
  return reduce(f, (Wide)x * y);
}

uint64_t field_add(const Field *f, uint64_t x, uint64_t y) {
  const uint64_t r = x + y;
  return r >= f->p ? r - f->p : r;
}

uint64_t field_sub(const Field *f, uint64_t x, uint64_t y) {
  return x >= y ? x - y : x + (f->p - y);
}

uint64_t field_pow(const Field *f, uint64_t x, uint64_t n) {
  uint64_t r = f->one;
  for (; n; n >>= 1, x = field_mul(f, x, x))
    if (n & 1) r = field_mul(f, r, x);
  return r;
}

uint64_t field_inverse(const Field *f, uint64_t x) {
  return field_pow(f, x, f->p - 2);
}

uint64_t field_plain(const Field *f, uint64_t x) {
  return reduce(f, x);
}

uint64_t field_of(const Field *f, int64_t value) {
  const uint64_t size = (value < 0 ? 0 - (uint64_t)value : (uint64_t)value) % f->p;
  const uint64_t x = field_mul(f, size, f->square);
  return value < 0 ? field_sub(f, 0, x) : x;
}

uint64_t field_root(const Field *f, uint64_t x, bool *real) {
  const uint64_t r = field_pow(f, x, (f->p + 1) / 4);
  *real = field_mul(f, r, r) == x;
  return r;
}

// Euclid's algorithm on p and x, stopped half-way.
bool field_fraction(const Field *f, uint64_t x, int64_t limit, int64_t *a, int64_t *b) {
  int64_t r0 = (int64_t)f->p, r1 = (int64_t)field_plain(f, x), t0 = 0, t1 = 1;
  while (r1 >= limit) {
    const int64_t q = r0 / r1, r = r0 - q * r1, t = t0 - q * t1;
    if (t >= limit || t <= -limit) return false;
    r0 = r1, r1 = r;
    t0 = t1, t1 = t;
  }
  *a = t1 < 0 ? -r1 : r1;
  *b = t1 < 0 ? -t1 : t1;
  return *b > 0 && *b < limit;
}

// ---- the prime ----

static Field field_over(uint64_t p) {
  Field f = {.p = p};
  uint64_t inverse = p; // right to 3 bits, and to twice as many each step
  for (int k = 0; k < 5; k++) inverse *= 2 - p * inverse;
  f.inverse = 0 - inverse;
  f.one = (uint64_t)(((Wide)1 << 64) % p);
  f.square = (uint64_t)((Wide)f.one * f.one % p);
  return f;
}

// Miller's test; these bases decide for all numbers of 64 bits.
static bool is_prime(uint64_t p) {
  static const int64_t bases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  const Field f = field_over(p);
  for (size_t k = 0; k < sizeof bases / sizeof *bases; k++) {
    // p - 1 is twice an odd number.
    const uint64_t x = field_pow(&f, field_of(&f, bases[k]), (p - 1) / 2);
    if (x != f.one && x != field_sub(&f, 0, f.one)) return false;
  }
  return true;
}

uint64_t field_hash(uint64_t seed, uint64_t stream, uint64_t number) {
  const uint64_t part[] = {seed, stream, number};
  uint64_t x = 0x6a09e667f3bcc909u;
  for (int k = 0; k < 3; k++) { // splitmix64's finaliser
    x += part[k] + 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
  }
  return x;
}

Field field_new(uint64_t seed) {
  for (uint64_t n = 0;; n++) {
    const uint64_t p = (uint64_t)1 << 61 | field_hash(seed, 0, n) >> 3 | 3;
    if (p % 3 && p % 5 && p % 7 && is_prime(p)) return field_over(p);
  }
}

uint64_t field_draw(const Field *f, uint64_t hash) {
  while (hash >> 2 >= f->p) hash = field_hash(hash, 1, 0);
  return hash >> 2;
}
