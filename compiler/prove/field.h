// field.h - arithmetic modulo a random prime p of 62 bits, p = 3 mod 4.  Numbers are in Montgomery's form.
#ifndef MDLC_PROVE_FIELD_H
#define MDLC_PROVE_FIELD_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Field {
  uint64_t p;
  uint64_t inverse;     // -1/p modulo 2^64
  uint64_t one, square; // 2^64 and 2^128 modulo p
} Field;

// As many primes are there to be drawn from, at least: those from 2^61 to 2^62 that are 3 modulo 4 number 2.6e16.
#define FIELD_PRIMES 2e16
#define FIELD_LEAST 0x1p61

// The prime is drawn by the seed.
Field field_new(uint64_t seed);
// A hash as good as a draw: seed, stream and number scrambled.
uint64_t field_hash(uint64_t seed, uint64_t stream, uint64_t number);
// Uniform in [0, p), by a hash.
uint64_t field_draw(const Field *f, uint64_t hash);

uint64_t field_of(const Field *f, int64_t value);
uint64_t field_plain(const Field *f, uint64_t x); // in [0, p), out of Montgomery's form
uint64_t field_add(const Field *f, uint64_t x, uint64_t y);
uint64_t field_sub(const Field *f, uint64_t x, uint64_t y);
uint64_t field_mul(const Field *f, uint64_t x, uint64_t y);
uint64_t field_pow(const Field *f, uint64_t x, uint64_t n);
uint64_t field_inverse(const Field *f, uint64_t x); // of 0: 0
// r with r^2 = x, or where x has no root (*real is false then) r^2 = -x.
uint64_t field_root(const Field *f, uint64_t x, bool *real);
// x as a / b, b > 0, both under the limit: false where it is no such fraction.
bool field_fraction(const Field *f, uint64_t x, int64_t limit, int64_t *a, int64_t *b);

#endif
