// poly_print.c - polynomials as a person would write them, common factors taken out.
#include <inttypes.h>

#include "graph/poly.h"

static int64_t magnitude(int64_t x) {
  return x < 0 ? -x : x;
}

static int64_t gcd64(int64_t a, int64_t b) {
  while (b) {
    int64_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

static void print_operand(Text *t, const Dims *d, const Poly *p, PolyForm least) {
  size_t start = t->length;
  if (poly_print(t, d, p) >= least) return;
  t->length = start;
  t->s[start] = '\0';
  text_char(t, '(');
  poly_print(t, d, p);
  text_char(t, ')');
}

// A derived symbol, `n // 2`, binds like a product.
static void print_symbol(Text *t, const Dims *d, int symbol, bool alone) {
  const Dim *x = dims_get(d, symbol);
  if (!x->a) {
    text_put(t, x->name);
    return;
  }
  if (!alone) text_char(t, '(');
  print_operand(t, d, x->a, POLY_PRODUCT);
  text_put(t, x->kind == DIM_FLOORDIV ? " // " : " % ");
  print_operand(t, d, x->b, POLY_ATOM);
  if (!alone) text_char(t, ')');
}

// factor * symbols / den, without a sign; `more` when other factors follow.
static void print_product(Text *t, const Dims *d, int64_t factor, const int *sym, int nsym, int64_t den, bool more) {
  if (factor != 1 || nsym == 0) text_printf(t, "%" PRId64, factor);
  for (int k = 0; k < nsym; k++) {
    if (k > 0 || factor != 1) text_char(t, '*');
    print_symbol(t, d, sym[k], factor == 1 && nsym == 1 && den == 1 && !more);
  }
  if (den != 1) text_printf(t, "/%" PRId64, den);
}

static bool is_common(int symbol, const int *common, int ncommon, int *next) {
  if (*next == ncommon || common[*next] != symbol) return false;
  ++*next;
  return true;
}

// One term of the sum in brackets: what is left of it without the common factors.
static void print_rest(Text *t, const Dims *d, const PolyTerm *x, int64_t factor, const int *common, int ncommon) {
  int next = 0, printed = 0, left = x->nsym - ncommon;
  if (factor != 1 || left == 0) {
    text_printf(t, "%" PRId64, factor);
    printed++;
  }
  for (int k = 0; k < x->nsym; k++) {
    if (is_common(x->sym[k], common, ncommon, &next)) continue;
    if (printed++) text_char(t, '*');
    print_symbol(t, d, x->sym[k], factor == 1 && left == 1);
  }
}

static int first_positive(const PolyTerm *terms, int n) {
  int k = 0;
  while (k < n && terms[k].num < 0) k++;
  return k == n ? 0 : k;
}

// The symbols that all terms share, in `common` (room for the first term's).
static int common_symbols(const PolyTerm *terms, int n, int *common) {
  int ncommon = 0;
  for (int s = 0; s < terms[0].nsym; s++) common[ncommon++] = terms[0].sym[s];
  for (int k = 1; k < n; k++) {
    int left = 0, j = 0;
    for (int s = 0; s < ncommon; s++) {
      // Both lists are sorted by the same order, but equal symbols are all that can be seen of it from here.
      int i = j;
      while (i < terms[k].nsym && terms[k].sym[i] != common[s]) i++;
      if (i == terms[k].nsym) continue;
      common[left++] = common[s];
      j = i + 1;
    }
    ncommon = left;
  }
  return ncommon;
}

// Without common factors: every term with its own denominator.
static PolyForm print_terms(Text *t, const Dims *d, const PolyTerm *terms, int n) {
  int first = first_positive(terms, n);
  for (int k = -1; k < n; k++) {
    const PolyTerm *x = &terms[k < 0 ? first : k];
    if (k == first) continue;
    if (k >= 0) text_put(t, x->num < 0 ? " - " : " + ");
    if (k < 0 && x->num < 0) text_char(t, '-');
    print_product(t, d, magnitude(x->num), x->sym, x->nsym, x->den, true);
  }
  return POLY_SUM;
}

static PolyForm print_single(Text *t, const Dims *d, const PolyTerm *x) {
  if (x->num < 0) text_char(t, '-');
  print_product(t, d, magnitude(x->num), x->sym, x->nsym, x->den, x->num < 0);
  bool atom = x->den == 1 && (x->nsym == 0 || (x->nsym == 1 && magnitude(x->num) == 1));
  if (!atom || (x->num > 0 && x->nsym && dims_get(d, x->sym[0])->a)) return POLY_PRODUCT;
  return x->num < 0 ? POLY_NEGATION : POLY_ATOM;
}

PolyForm poly_print(Text *t, const Dims *d, const Poly *p) {
  enum { COMMON_MAX = 64 };
  const PolyTerm *terms;
  int n = poly_terms(p, &terms), common[COMMON_MAX], ncommon, negative = 0;
  if (poly_is_too_large(p)) {
    text_put(t, "(too large)");
    return POLY_ATOM;
  }
  if (n == 0) {
    text_char(t, '0');
    return POLY_ATOM;
  }
  if (n == 1) return print_single(t, d, &terms[0]);

  int64_t den = 1, factor = 0;
  bool fits = terms[0].nsym <= COMMON_MAX;
  for (int k = 0; k < n && fits; k++)
    fits = !__builtin_mul_overflow(den / gcd64(den, terms[k].den), terms[k].den, &den);
  for (int k = 0; k < n && fits; k++) {
    int64_t scaled;
    fits = !__builtin_mul_overflow(magnitude(terms[k].num), den / terms[k].den, &scaled);
    if (fits) factor = gcd64(factor, scaled);
    negative += terms[k].num < 0;
  }
  if (!fits) return print_terms(t, d, terms, n);
  ncommon = common_symbols(terms, n, common);
  bool minus = negative == n && (ncommon || den != 1);
  if (ncommon == 0) factor = 1;
  bool factored = ncommon || den != 1;
  if (minus) text_char(t, '-');
  if (ncommon) {
    print_product(t, d, factor, common, ncommon, 1, true);
    text_char(t, '*');
  }
  if (factored) text_char(t, '(');
  int first = minus ? 0 : first_positive(terms, n);
  for (int k = -1; k < n; k++) {
    const PolyTerm *x = &terms[k < 0 ? first : k];
    bool below = (x->num < 0) != minus;
    if (k == first) continue;
    if (k >= 0) text_put(t, below ? " - " : " + ");
    if (k < 0 && below) text_char(t, '-');
    print_rest(t, d, x, magnitude(x->num) * (den / x->den) / factor, common, ncommon);
  }
  if (factored) text_char(t, ')');
  if (den != 1) text_printf(t, "/%" PRId64, den);
  return factored ? POLY_PRODUCT : POLY_SUM;
}
