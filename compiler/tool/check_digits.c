// check_digits.c - the gradient as it is computed beside the same graph in long double.
#include "tool/check_digits.h"

#include <math.h>

#include "tool/check_compare.h"

// 16 digits of which one is off by nothing but a rounding are 15.95.
static double digits_of(double computed, Number truth, double all) {
  if (!isfinite(computed) || !isfinite(truth.a)) return (double)NAN;
  const long double exact = (long double)truth.a + truth.b, gap = fabsl(computed - exact);
  if (gap == 0) return all;
  if (exact == 0) return 0;
  return fmax(0, fmin(all, -(double)log10l(gap / fabsl(exact))));
}

bool digits_find(Subject *s, const double *params, Digits *digits) {
  double *gradient[GRADIENTS];
  int count;
  for (int g = 0; g < GRADIENTS; g++) gradient[g] = arena_array(s->arena, double, s->total + 1);
  digits->entry = arena_array(s->arena, double, s->total + 1);
  digits->all = -log10(s->program->emit.use_float ? 0x1p-24 : 0x1p-53);
  if (!subject_gradients(s, params, gradient, &count)) return false;
  Arena *a = arena_new();
  Array *values = arena_array(a, Array, s->gradient->count + 1);
  const bool ok = subject_run(s, a, s->gradient, NUMBER_WIDE, params, NULL, 0, values);
  for (int p = 0; p < s->model->nparam && ok; p++) {
    const Number *truth = values[graph_root(s->gradient, ROOT_GRADIENT, p)->node->id].number;
    for (size_t k = 0; k < s->param[p].count; k++) {
      const size_t at = s->param[p].offset + k;
      digits->entry[at] = digits_of(gradient[0][at], truth[k], digits->all);
    }
  }
  arena_free(a);
  return ok;
}

double digits_least(const Subject *s, const Digits *digits, int param, size_t *entry) {
  double least = INFINITY;
  *entry = 0;
  for (size_t k = 0; k < s->param[param].count; k++) {
    const double here = digits->entry[s->param[param].offset + k];
    if (here >= least) continue;
    least = here;
    *entry = k;
  }
  return least;
}

void report_digits(Text *t, const Subject *s, const Digits *digits) {
  enum { SHOWN = 8 };
  text_printf(t, "digits of the gradient that survive rounding, of %.1f\n", digits->all);
  for (int p = 0; p < s->model->nparam; p++) {
    const ParamPlace *place = &s->param[p];
    size_t entry;
    const double least = digits_least(s, digits, p, &entry);
    text_printf(t, "%s:", place->name);
    if (place->count == 0) {
      text_put(t, " no entries\n");
    } else if (place->count <= SHOWN) {
      for (size_t k = 0; k < place->count; k++) text_printf(t, " %.1f", digits->entry[place->offset + k]);
      text_char(t, '\n');
    } else {
      double sum = 0;
      for (size_t k = 0; k < place->count; k++) sum += digits->entry[place->offset + k];
      text_printf(t, " %.1f at least, at %s; %.1f on average of %zu entries\n", least,
                  check_entry_text(s->arena, place, entry), sum / (double)place->count, place->count);
    }
  }
}
