// written.c - sums and products as a person writes them: in which order, and where a minus stands.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/algebra.h"

// Has it terms with a plus and terms with a minus?
static bool is_difference(const Form *e) {
  if (e->kind != FORM_SUM) return false;
  int minus = 0;
  for (int k = 0; k < e->npart; k++) {
    const Form *term = e->part[k];
    minus += (term->kind == FORM_NUMBER || term->kind == FORM_PRODUCT) && term->number < 0;
  }
  return minus > 0 && minus < e->npart;
}

// What was propagated comes before what it is multiplied with; data behind differences, as in (t_p - t_c) * t_u.
static int factor_rank(const Form *base, bool data_last) {
  if (base->kind == FORM_SYMBOL && base->role == SYMBOL_ADJOINT) return 0;
  return data_last && base->kind == FORM_SYMBOL && base->role == SYMBOL_DATA ? 2 : 1;
}

static Factor *room_for(Forms *f, int n) {
  return arena_array(forms_arena(f), Factor, (size_t)n);
}

ProductParts form_product_parts(Forms *f, const Form *product) {
  int n = product->npart;
  ProductParts p = {.number = product->number,
                    .scale = room_for(f, n),
                    .scale_under = room_for(f, n),
                    .above = room_for(f, n),
                    .under = room_for(f, n)};
  bool data_last = false;
  for (int k = 0; k < n; k++)
    data_last = data_last || product->part[k]->kind == FORM_SUM || factor_rank(product->part[k], false) == 0;
  bool minus = p.number < 0;
  for (int rank = 0; rank < 3; rank++) {
    for (int k = 0; k < n; k++) {
      const Form *base = product->part[k];
      if (factor_rank(base, data_last) != rank) continue;
      int exponent = product->exponent[k];
      Factor factor = {.base = base, .exponent = abs(exponent)};
      if (minus && factor.exponent % 2 == 1 && is_difference(base)) {
        factor.flipped = true;
        minus = false;
        p.number = -p.number;
      }
      if (form_is_scale(base))
        *(exponent > 0 ? &p.scale[p.nscale++] : &p.scale_under[p.nscale_under++]) = factor;
      else
        *(exponent > 0 ? &p.above[p.nabove++] : &p.under[p.nunder++]) = factor;
    }
  }
  return p;
}

Term *form_sum_terms(Forms *f, const Form *sum, bool flipped) {
  int n = sum->npart, count = 0;
  Term *term = arena_array(forms_arena(f), Term, (size_t)n);
  bool *used = arena_array(forms_arena(f), bool, (size_t)n);
  // Where the first would have a minus, the first with a plus comes before it.
  for (int k = 0; k < n; k++) {
    if (form_is_negative(f, sum->part[k]) != flipped) continue;
    if (k == 0) break;
    term[count++] = (Term){sum->part[k], false};
    used[k] = true;
    break;
  }
  for (int k = 0; k < n; k++)
    if (!used[k]) term[count++] = (Term){sum->part[k], form_is_negative(f, sum->part[k]) != flipped};
  return term;
}

bool form_is_negative(Forms *f, const Form *form) {
  if (form->kind == FORM_NUMBER) return form->number < 0;
  return form->kind == FORM_PRODUCT && form->number < 0 && form_product_parts(f, form).number < 0;
}

double number_readable(double x) {
  enum { EXACT = 15, SHORT = 12, ROUNDINGS = 2 };
  char decimals[40];
  if (!isfinite(x) || x == floor(x)) return x;
  snprintf(decimals, sizeof decimals, "%.*g", EXACT, x);
  if (strtod(decimals, NULL) == x) return x;
  snprintf(decimals, sizeof decimals, "%.*g", SHORT, x);
  const double near = strtod(decimals, NULL), ulp = nextafter(fabs(x), INFINITY) - fabs(x);
  return fabs(near - x) <= ROUNDINGS * ulp ? near : x;
}

bool number_fraction(double x, int *above, int *under) {
  char decimals[32];
  snprintf(decimals, sizeof decimals, "%.15g", fabs(x));
  if (strlen(decimals) <= 8 || x == floor(x)) return false;
  for (int k = 3; k <= 64; k++) {
    double p = round(x * k);
    if (fabs(p) >= 1 && fabs(p) < 1000 && p / k == x) {
      *above = (int)p;
      *under = k;
      return true;
    }
  }
  return false;
}
