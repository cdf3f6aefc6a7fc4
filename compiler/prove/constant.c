// constant.c - constants as what they were before they were rounded: fractions, parts of pi, decimals.
#include "prove/residue.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALL = 4096 }; // denominators of fractions that are recognised

// Constants that were computed from constants are off by a rounding or two.
static bool is_near(double x, double value) {
  return fabs(x - value) <= 2 * DBL_EPSILON * fabs(value);
}

// The first of the continued fraction's convergents that comes to the value.
static bool small_fraction(double value, int64_t *a, int64_t *b) {
  int64_t a0 = 0, a1 = 1, b0 = 1, b1 = 0;
  double x = fabs(value);
  for (int k = 0; k < 20 && x < 0x1p31; k++) {
    const int64_t q = (int64_t)x, a2 = q * a1 + a0, b2 = q * b1 + b0;
    if (b2 > SMALL || a2 > INT32_MAX) return false;
    if (is_near((double)a2 / (double)b2, fabs(value))) {
      *a = value < 0 ? -a2 : a2;
      *b = b2;
      return true;
    }
    a0 = a1, a1 = a2;
    b0 = b1, b1 = b2;
    if (x == (double)q) return false;
    x = 1 / (x - (double)q);
  }
  return false;
}

// m * base^n
static const Residue *scaled(Space *s, int64_t m, int64_t base, int n) {
  const Residue *r = residue_int(s, m), *power = residue_powi(residue_int(s, base), abs(n));
  return n < 0 ? residue_div(r, power) : residue_mul(r, power);
}

// A decimal: what the shortest text that comes to the value says.
static const Residue *decimal(Space *s, double value) {
  char text[40];
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    if (is_near(strtod(text, NULL), value)) break;
  }
  int64_t m = 0;
  int point = 0;
  const char *c = text + (*text == '-');
  for (bool after = false; *c && *c != 'e'; c++) {
    if (*c < '0' || *c > '9') {
      after = true;
      continue;
    }
    m = 10 * m + (*c - '0');
    point += after;
  }
  const int exponent = *c == 'e' ? (int)strtol(c + 1, NULL, 10) : 0;
  return scaled(s, value < 0 ? -m : m, 10, exponent - point);
}

static const Residue *pi_of(Space *s) {
  if (s->pi) return s->pi;
  Residue *pi = (Residue *)residue_fresh(s, PRIM_COUNT, 0);
  pi->positive = true;
  s->pi = pi;
  return pi;
}

// A small fraction of pi.
static const Residue *part_of_pi(Space *s, double value) {
  static const double pi = 3.14159265358979323846;
  for (int64_t b = 1; b <= 12; b++) {
    const double a = rint(value * (double)b / pi);
    if (a == 0 || fabs(a) > 64 || !is_near(a * pi / (double)b, value)) continue;
    return residue_div(residue_mul(residue_int(s, (int64_t)a), pi_of(s)), residue_int(s, b));
  }
  return NULL;
}

// A small fraction of the logarithm of a small number.
static const Residue *part_of_log(Space *s, double value) {
  int64_t a, b;
  for (int64_t n = 2; n <= 16; n++) {
    if (!small_fraction(value / log((double)n), &a, &b) || b > 16 || a > 64 || a < -64) continue;
    const Residue *part = residue_div(residue_int(s, a), residue_int(s, b));
    return residue_mul(part, residue_log(residue_int(s, n)));
  }
  return NULL;
}

// The root of a small fraction, or of one times or over pi: sqrt(2), sqrt(2 pi), 2 / sqrt(pi).
static const Residue *root_of_fraction(Space *s, double value) {
  static const double pi = 3.14159265358979323846;
  const double square = value * value, over[] = {square, square / pi, square * pi};
  int64_t a, b;
  for (int k = 0; k < 3; k++) {
    if (!small_fraction(over[k], &a, &b) || b > 64 || a > 64) continue;
    const Residue *r = residue_sqrt(residue_div(residue_int(s, a), residue_int(s, b)));
    const Residue *root = k > 0 ? residue_sqrt(pi_of(s)) : NULL;
    if (root) r = k == 1 ? residue_mul(r, root) : residue_div(r, root);
    return value < 0 ? residue_neg(r) : r;
  }
  return NULL;
}

// A constant is the simplest fraction, part of pi or of a logarithm, root, or decimal that it comes to.
const Residue *residue_constant(Space *s, double value) {
  int64_t a, b;
  if (isnan(value)) return residue_none(s, "a constant is not a number");
  if (isinf(value)) {
    Residue *r = arena_new_of(s->arena, Residue);
    *r = (Residue){.space = s, .infinite = value < 0 ? -1 : 1};
    return r;
  }
  if (value == rint(value) && fabs(value) < 0x1p62) return residue_int(s, (int64_t)value);
  if (small_fraction(value, &a, &b)) return residue_div(residue_int(s, a), residue_int(s, b));
  const Residue *named = part_of_pi(s, value);
  if (!named) named = part_of_log(s, value);
  if (!named) named = root_of_fraction(s, value);
  return named ? named : decimal(s, value);
}
