// poly_c.c - polynomials in the dimensions as C.
#include <math.h>

#include "emit/function.h"

static int64_t common_denominator(const PolyTerm *terms, int count) {
  int64_t l = 1;
  for (int k = 0; k < count; k++) {
    int64_t a = l, b = terms[k].den;
    while (b) {
      int64_t r = a % b;
      a = b;
      b = r;
    }
    l = l / a * terms[k].den;
  }
  return l;
}

static void put_symbol(Text *t, const Dims *dims, int dim, DimSpelling *spell, void *context) {
  const Dim *d = dims_get(dims, dim);
  if (d->kind != DIM_FLOORDIV && d->kind != DIM_MOD) {
    text_put(t, spell(context, dim));
    return;
  }
  text_put(t, d->kind == DIM_MOD ? "mdl_mod(" : "mdl_floordiv(");
  put_poly(t, dims, d->a, PREC_NONE, spell, context);
  text_put(t, ", ");
  put_poly(t, dims, d->b, PREC_NONE, spell, context);
  text_put(t, ")");
}

// A product of symbols: those known at call time first, so that the arithmetic is in 64 bits throughout.
static void put_symbols(Text *t, const Dims *dims, const PolyTerm *term, bool *any, DimSpelling *spell, void *context) {
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < term->nsym; k++) {
      if ((dims_get(dims, term->sym[k])->kind == DIM_FIXED) != (pass == 1)) continue;
      if (*any) text_put(t, " * ");
      *any = true;
      put_symbol(t, dims, term->sym[k], spell, context);
    }
}

// |c * term| where all of it is fixed; false where a dimension of the call is in it.
static bool fixed_size(const Dims *dims, const PolyTerm *term, int64_t c, double *size) {
  *size = fabs((double)c);
  for (int k = 0; k < term->nsym; k++) {
    const Dim *d = dims_get(dims, term->sym[k]);
    if (d->kind != DIM_FIXED) return false;
    *size *= fabs((double)d->value);
  }
  return true;
}

// Is what is fixed in it, numbers and enumerators, too large for the arithmetic of int?
static bool needs_64_bits(const Dims *dims, const PolyTerm *terms, int count, int64_t l) {
  double sum = 0, size;
  for (int k = 0; k < count; k++)
    if (fixed_size(dims, &terms[k], terms[k].num * (l / terms[k].den), &size)) sum += size;
  return sum > INT32_MAX;
}

void put_poly(Text *t, const Dims *dims, const Poly *p, int precedence, DimSpelling *spell, void *context) {
  const PolyTerm *terms;
  int count = poly_terms(p, &terms);
  int64_t value, l = common_denominator(terms, count);
  bool single_dim = count == 1 && terms[0].nsym == 1 && terms[0].num == 1 && terms[0].den == 1;
  if (!single_dim && poly_fixed(dims, p, &value)) {
    if (value < 0 && precedence > PREC_ADD)
      text_printf(t, "(%lld)", (long long)value);
    else
      text_printf(t, "%lld", (long long)value);
    return;
  }
  int own = l != 1 || count == 1 ? PREC_MUL : PREC_ADD;
  if (single_dim) own = PREC_ATOM;
  if (own < precedence) text_char(t, '(');
  if (l != 1 && count > 1) text_char(t, '(');
  bool wide = needs_64_bits(dims, terms, count, l);
  for (int k = 0; k < count; k++) {
    int64_t c = terms[k].num * (l / terms[k].den);
    double size;
    if (k)
      text_put(t, c < 0 ? " - " : " + ");
    else if (c < 0)
      text_char(t, '-');
    if (c < 0) c = -c;
    bool any = false;
    if (wide && fixed_size(dims, &terms[k], c, &size)) text_put(t, "(int64_t)");
    if (c != 1 || !terms[k].nsym) {
      text_printf(t, "%lld", (long long)c);
      any = true;
    }
    put_symbols(t, dims, &terms[k], &any, spell, context);
  }
  if (l != 1 && count > 1) text_char(t, ')');
  if (l != 1) text_printf(t, " / %lld", (long long)l);
  if (own < precedence) text_char(t, ')');
}

bool poly_is_product(const Poly *p) {
  const PolyTerm *terms;
  int count = poly_terms(p, &terms);
  for (int k = 0; k < count; k++)
    if (terms[k].nsym > 1) return true;
  return false;
}

void put_poly_real(Text *t, const Dims *dims, const Poly *p, DimSpelling *spell, void *context) {
  const PolyTerm *terms;
  int count = poly_terms(p, &terms);
  int64_t l = common_denominator(terms, count);
  if (!count) put_real(t, 0, false);
  if (l != 1) text_char(t, '(');
  for (int k = 0; k < count; k++) {
    int64_t c = terms[k].num * (l / terms[k].den);
    if (k)
      text_put(t, c < 0 ? " - " : " + ");
    else if (c < 0)
      text_char(t, '-');
    const double size = fabs((double)c);
    if (size != 1 || !terms[k].nsym) put_real(t, size, false);
    for (int j = 0; j < terms[k].nsym; j++) {
      if (j || size != 1) text_put(t, " * ");
      text_put(t, "(double)");
      put_symbol(t, dims, terms[k].sym[j], spell, context);
    }
  }
  if (l == 1) return;
  text_put(t, ") / ");
  put_real(t, (double)l, false);
}

static void put_term_checked(Text *t, const Dims *dims, int64_t c, const PolyTerm *term, int nsym, DimSpelling *spell,
                             void *context) {
  if (!nsym) {
    text_printf(t, "%lld", (long long)c);
    return;
  }
  const Dim *d = dims_get(dims, term->sym[nsym - 1]);
  if (nsym > 1 || c != 1) {
    text_put(t, "mdl_mul(");
    put_term_checked(t, dims, c, term, nsym - 1, spell, context);
    text_put(t, ", ");
  }
  if (d->kind == DIM_FLOORDIV || d->kind == DIM_MOD) {
    text_put(t, d->kind == DIM_MOD ? "mdl_checked_mod(" : "mdl_checked_floordiv(");
    put_poly_checked(t, dims, d->a, spell, context);
    text_put(t, ", ");
    put_poly_checked(t, dims, d->b, spell, context);
    text_put(t, ", &status)");
  } else {
    text_put(t, spell(context, term->sym[nsym - 1]));
  }
  if (nsym > 1 || c != 1) text_put(t, ", &status)");
}

void put_poly_checked(Text *t, const Dims *dims, const Poly *p, DimSpelling *spell, void *context) {
  const PolyTerm *terms;
  int count = poly_terms(p, &terms);
  int64_t l = common_denominator(terms, count), value;
  if (poly_fixed(dims, p, &value)) {
    text_printf(t, value > INT32_MAX || value < -INT32_MAX ? "INT64_C(%lld)" : "%lld", (long long)value);
    return;
  }
  if (l != 1) text_put(t, "mdl_exact(");
  for (int k = 0; k < count - 1; k++) text_put(t, "mdl_add(");
  for (int k = 0; k < count; k++) {
    if (k) text_put(t, ", ");
    put_term_checked(t, dims, terms[k].num * (l / terms[k].den), &terms[k], terms[k].nsym, spell, context);
    if (k) text_put(t, ", &status)");
  }
  if (l != 1) text_printf(t, ", %lld, &status)", (long long)l);
}
