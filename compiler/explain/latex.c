// latex.c - formulas as LaTeX.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "explain/print.h"

// ---- names ----

static bool is_greek(const char *s, size_t n) {
  static const char *const letters[] = {
      "alpha", "beta",  "gamma", "delta", "epsilon", "zeta",  "eta", "theta",   "iota", "kappa", "lambda",
      "mu",    "nu",    "xi",    "pi",    "rho",     "sigma", "tau", "upsilon", "phi",  "chi",   "psi",
      "omega", "Gamma", "Delta", "Theta", "Lambda",  "Xi",    "Pi",  "Sigma",   "Phi",  "Psi",   "Omega"};
  for (size_t k = 0; k < sizeof letters / sizeof *letters; k++)
    if (strlen(letters[k]) == n && memcmp(letters[k], s, n) == 0) return true;
  return false;
}

static void put_escaped(Text *t, const char *s, size_t n) {
  for (size_t k = 0; k < n; k++) {
    if (s[k] == '_') text_char(t, '\\');
    text_char(t, s[k]);
  }
}

// A word of a name: a letter, a Greek letter, or several letters set together.
static void put_word(Text *t, const char *s, size_t n, const char *font) {
  if (is_greek(s, n)) {
    text_char(t, '\\');
    text_putn(t, s, n);
  } else if (n == 1) {
    text_putn(t, s, n);
  } else {
    text_printf(t, "\\%s{", font);
    put_escaped(t, s, n);
    text_char(t, '}');
  }
}

static void put_index(Text *t, const Bindings *b, const FormIndex *index) {
  const char *name = bindings_name(b, index);
  put_word(t, name, strlen(name), "mathit");
}

static void put(Text *t, Bindings *b, const Form *e, int priority);

static bool has_bar(SymbolRole role, const char *name) {
  return role == SYMBOL_ADJOINT && strncmp(name, "d_", 2) == 0 && name[2];
}

size_t latex_first_word(SymbolRole role, const char *name) {
  const size_t bar = has_bar(role, name) ? 2 : 0, length = strlen(name + bar);
  name += bar;
  size_t word = strcspn(name, "_");
  if (word == length)
    while (word > 1 && isdigit((unsigned char)name[word - 1])) word--;
  return bar + (word > 0 ? word : length);
}

static bool is_plain(const Bindings *b, const char *name) {
  for (size_t k = 0; k < b->nplain; k++)
    if (strcmp(b->plain[k], name) == 0) return true;
  return false;
}

// t_p[i] is t_{p; i}; W1 is W_{1}; an adjoint d_z has a bar.
void form_latex_name(Text *t, Bindings *b, SymbolRole role, const char *name, const Form *const *sub, int nsub) {
  const bool bar = has_bar(role, name), plain = is_plain(b, name);
  const char *rest = plain ? "" : name + latex_first_word(role, name);
  if (bar) name += 2;
  text_put(t, bar ? "\\bar{" : "");
  if (plain) {
    text_put(t, "\\mathit{");
    put_escaped(t, name, strlen(name));
    text_char(t, '}');
  } else {
    put_word(t, name, (size_t)(rest - name), "mathit");
  }
  text_put(t, bar ? "}" : "");
  if (*rest == '_') rest++;
  if (*rest == '\0' && nsub == 0) return;
  text_put(t, "_{");
  if (*rest) {
    if (isdigit((unsigned char)*rest))
      put_escaped(t, rest, strlen(rest));
    else
      put_word(t, rest, strlen(rest), "mathrm");
  }
  for (int k = 0; k < nsub; k++) {
    text_put(t, k > 0 ? ", " : *rest ? "; " : "");
    put(t, b, sub[k], 0);
  }
  text_char(t, '}');
}

// ---- priorities ----

enum { PRIORITY_LOOSE, PRIORITY_OR, PRIORITY_AND, PRIORITY_COMPARE, PRIORITY_SUM, PRIORITY_PRODUCT, PRIORITY_FACTOR };

typedef struct Spelling {
  Prim op;
  const char *before, *between, *after;
  int priority, operand; // of the whole; at least, of the operands
} Spelling;

static const Spelling spellings[] = {
    {PRIM_OR, "", " \\lor ", "", PRIORITY_OR, PRIORITY_OR},
    {PRIM_AND, "", " \\land ", "", PRIORITY_AND, PRIORITY_AND},
    {PRIM_EQ, "", " = ", "", PRIORITY_COMPARE, PRIORITY_SUM},
    {PRIM_NE, "", " \\ne ", "", PRIORITY_COMPARE, PRIORITY_SUM},
    {PRIM_LT, "", " < ", "", PRIORITY_COMPARE, PRIORITY_SUM},
    {PRIM_LE, "", " \\le ", "", PRIORITY_COMPARE, PRIORITY_SUM},
    {PRIM_GT, "", " > ", "", PRIORITY_COMPARE, PRIORITY_SUM},
    {PRIM_GE, "", " \\ge ", "", PRIORITY_COMPARE, PRIORITY_SUM},
    {PRIM_NOT, "\\lnot ", "", "", PRIORITY_AND, PRIORITY_FACTOR},
    {PRIM_FLOORDIV, "\\left\\lfloor ", " / ", " \\right\\rfloor", PRIORITY_FACTOR, PRIORITY_FACTOR},
    {PRIM_MOD, "", " \\bmod ", "", PRIORITY_PRODUCT, PRIORITY_FACTOR},
    {PRIM_ABS, "\\left| ", "", " \\right|", PRIORITY_FACTOR, PRIORITY_LOOSE},
    {PRIM_FLOOR, "\\left\\lfloor ", "", " \\right\\rfloor", PRIORITY_FACTOR, PRIORITY_LOOSE},
    {PRIM_SQRT, "\\sqrt{", "", "}", PRIORITY_FACTOR, PRIORITY_LOOSE},
};

static const Spelling *spelling_of(const Form *e) {
  for (size_t k = 0; k < sizeof spellings / sizeof *spellings; k++)
    if (spellings[k].op == e->op) return &spellings[k];
  return NULL;
}

static bool is_number(const Form *e, double x) {
  return e->kind == FORM_NUMBER && e->number == x;
}

// [c]: 1 where c holds, else 0.
static bool is_bracket(const Form *e) {
  return e->op == PRIM_SELECT && is_number(e->part[1], 1) && is_number(e->part[2], 0);
}

static int priority_of(Forms *f, const Form *e) {
  switch (e->kind) {
  case FORM_NUMBER: return e->number < 0 ? PRIORITY_SUM : PRIORITY_FACTOR;
  case FORM_SUM:
  case FORM_REDUCE: return PRIORITY_SUM;
  case FORM_PRODUCT:
    return form_is_negative(f, e) || (e->npart == 1 && e->number == -1) ? PRIORITY_SUM : PRIORITY_PRODUCT;
  case FORM_CALL: {
    const Spelling *s = spelling_of(e);
    return s ? s->priority : PRIORITY_FACTOR;
  }
  default: return PRIORITY_FACTOR;
  }
}

// ---- printing ----

static void put_number(Text *t, const Bindings *b, double x) {
  int above, under;
  if (isinf(x)) {
    text_put(t, x < 0 ? "-\\infty" : "\\infty");
    return;
  }
  if (isnan(x)) {
    text_put(t, "\\mathrm{NaN}");
    return;
  }
  if (number_fraction(x, &above, &under)) {
    text_printf(t, "\\tfrac{%d}{%d}", above, under);
    return;
  }
  if (x == PI && !name_is_taken(b, "pi")) {
    text_put(t, "\\pi");
    return;
  }
  char digits[40];
  Text plain;
  text_init(&plain);
  text_real(&plain, x);
  snprintf(digits, sizeof digits, "%s", plain.s);
  text_free(&plain);
  char *e = strchr(digits, 'e');
  if (!e) {
    text_put(t, digits);
    return;
  }
  *e = '\0';
  int power = 0;
  if (sscanf(e + 1, "%d", &power) != 1) power = 0;
  if (strcmp(digits, "1") != 0) text_printf(t, "%s \\cdot ", digits);
  text_printf(t, "10^{%d}", power);
}

static void put_sum(Text *t, Bindings *b, const Form *e, bool flipped);

static void put_brackets(Text *t, Bindings *b, const Form *e) {
  text_put(t, "\\left( ");
  put(t, b, e, PRIORITY_LOOSE);
  text_put(t, " \\right)");
}

// `last`: nothing follows that a sum sign would swallow; `alone`: nothing stands beside it.
static void put_factor(Text *t, Bindings *b, Factor factor, bool last, bool alone) {
  bool reduction = factor.base->kind == FORM_REDUCE && last && factor.exponent == 1;
  if (factor.flipped) {
    text_put(t, alone && factor.exponent == 1 ? "" : "\\left( ");
    put_sum(t, b, factor.base, true);
    text_put(t, alone && factor.exponent == 1 ? "" : " \\right)");
  } else if (factor.exponent > 1 && factor.base->kind == FORM_CALL) {
    put_brackets(t, b, factor.base);
  } else {
    put(t, b, factor.base, (alone && factor.exponent == 1) || reduction ? PRIORITY_LOOSE : PRIORITY_FACTOR);
  }
  if (factor.exponent > 1) text_printf(t, "^{%d}", factor.exponent);
}

// Sums last, so that only the last of them stands without brackets.
static void put_factors(Text *t, Bindings *b, const Factor *factor, int n, bool alone) {
  int left = n;
  for (int sums = 0; sums < 2; sums++)
    for (int k = 0; k < n; k++) {
      if ((factor[k].base->kind == FORM_REDUCE) != (sums == 1)) continue;
      if (left < n) text_put(t, " \\, ");
      left--;
      put_factor(t, b, factor[k], left == 0, alone && n == 1);
    }
}

// A fraction, or what stands above alone where nothing stands under.
static void put_fraction(Text *t, Bindings *b, double number, const Factor *above, int nabove, const Factor *under,
                         int nunder) {
  bool show = number != 1 || nabove == 0;
  if (nunder > 0) text_put(t, "\\frac{");
  if (show) put_number(t, b, number);
  if (show && nabove > 0) text_put(t, " \\, ");
  put_factors(t, b, above, nabove, nunder > 0 && !show);
  if (nunder == 0) return;
  text_put(t, "}{");
  put_factors(t, b, under, nunder, true);
  text_char(t, '}');
}

// Without its minus.
static void put_product(Text *t, Bindings *b, const Form *e) {
  ProductParts p = form_product_parts(b->forms, e);
  double number = fabs(p.number);
  bool scale = number != 1 || p.nscale > 0 || p.nscale_under > 0;
  if (e->npart == 1 && !scale && p.nabove == 1 && p.above[0].flipped && p.above[0].exponent == 1) {
    put_sum(t, b, p.above[0].base, true);
    return;
  }
  if (scale) put_fraction(t, b, number, p.scale, p.nscale, p.scale_under, p.nscale_under);
  if (p.nabove == 0 && p.nunder == 0) return;
  if (scale) text_put(t, " \\, ");
  put_fraction(t, b, 1, p.above, p.nabove, p.under, p.nunder);
}

static void put_term(Text *t, Bindings *b, const Form *e, int priority) {
  if (e->kind == FORM_NUMBER)
    put_number(t, b, fabs(e->number));
  else if (e->kind == FORM_PRODUCT)
    put_product(t, b, e);
  else
    put(t, b, e, priority);
}

static void put_sum(Text *t, Bindings *b, const Form *e, bool flipped) {
  Term *term = form_sum_terms(b->forms, e, flipped);
  for (int k = 0; k < e->npart; k++) {
    if (k > 0)
      text_put(t, term[k].minus ? " - " : " + ");
    else if (term[k].minus)
      text_char(t, '-');
    // A sum sign swallows what follows it.
    bool swallows = term[k].form->kind == FORM_REDUCE && k + 1 < e->npart;
    if (swallows)
      put_brackets(t, b, term[k].form);
    else
      put_term(t, b, term[k].form, term[k].form->kind == FORM_REDUCE ? PRIORITY_LOOSE : PRIORITY_PRODUCT);
  }
}

static void put_select(Text *t, Bindings *b, const Form *e) {
  if (is_bracket(e)) {
    text_put(t, "\\left[ ");
    put(t, b, e->part[0], PRIORITY_LOOSE);
    text_put(t, " \\right]");
    return;
  }
  text_put(t, "\\begin{cases} ");
  for (; e->kind == FORM_CALL && e->op == PRIM_SELECT; e = e->part[2]) {
    put(t, b, e->part[1], PRIORITY_LOOSE);
    text_put(t, " & \\text{if } ");
    put(t, b, e->part[0], PRIORITY_LOOSE);
    text_put(t, " \\\\ ");
  }
  put(t, b, e, PRIORITY_LOOSE);
  text_put(t, " & \\text{otherwise} \\end{cases}");
}

static void put_call(Text *t, Bindings *b, const Form *e) {
  static const Prim known[] = {PRIM_EXP,  PRIM_LOG,  PRIM_SIN,  PRIM_COS, PRIM_TAN,
                               PRIM_SINH, PRIM_COSH, PRIM_TANH, PRIM_MAX, PRIM_MIN};
  const Spelling *s = spelling_of(e);
  if (s) {
    text_put(t, s->before);
    for (int k = 0; k < e->npart; k++) {
      text_put(t, k > 0 ? s->between : "");
      put(t, b, e->part[k], s->operand);
    }
    text_put(t, s->after);
    return;
  }
  if (e->op == PRIM_SELECT) {
    put_select(t, b, e);
    return;
  }
  if (e->op == PRIM_POW || e->op == PRIM_POWI) {
    bool bare = e->part[0]->kind == FORM_SYMBOL || e->part[0]->kind == FORM_INDEX;
    if (bare) {
      text_char(t, '{');
      put(t, b, e->part[0], PRIORITY_FACTOR);
      text_char(t, '}');
    } else {
      put_brackets(t, b, e->part[0]);
    }
    text_put(t, "^{");
    put(t, b, e->part[1], PRIORITY_LOOSE);
    text_char(t, '}');
    return;
  }
  const char *name = prim_table[e->op].name;
  bool has_macro = false;
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) has_macro = has_macro || known[k] == e->op;
  text_put(t, has_macro ? "\\" : "\\operatorname{");
  for (; *name; name++) {
    if (*name == '_') text_char(t, '\\');
    text_char(t, *name);
  }
  text_put(t, has_macro ? "\\left( " : "}\\left( ");
  for (int k = 0; k < e->npart; k++) {
    text_put(t, k > 0 ? ", " : "");
    put(t, b, e->part[k], PRIORITY_LOOSE);
  }
  text_put(t, " \\right)");
}

void form_latex_range(Text *t, Bindings *b, const FormIndex *index) {
  text_put(t, "0 \\le ");
  put_index(t, b, index);
  text_put(t, " < ");
  put(t, b, form_poly(b->forms, index->extent), PRIORITY_LOOSE);
}

// \sum_{i=0}^{n-1}, or with a condition or several indices \sum_{\substack{0 \le i < n \\ c}}.
static void put_reduce(Text *t, Bindings *b, const Form *e) {
  static const char *const signs[] = {[REDUCE_SUM] = "\\sum",
                                      [REDUCE_PROD] = "\\prod",
                                      [REDUCE_MAX] = "\\max",
                                      [REDUCE_MIN] = "\\min",
                                      [REDUCE_LOGSUMEXP] = "\\operatorname*{logsumexp}",
                                      [REDUCE_ARGMAX] = "\\operatorname*{arg\\,max}"};
  bindings_bind(b, e);
  text_put(t, signs[e->reduce]);
  const Form *one = form_number(b->forms, 1);
  bool limits = e->reduce == REDUCE_SUM || e->reduce == REDUCE_PROD;
  for (int k = 0; k < e->nbound; k++) {
    if (limits && e->nbound == 1 && !e->guard) {
      const Form *extent = form_poly(b->forms, e->bound[k]->extent);
      text_put(t, "_{");
      put_index(t, b, e->bound[k]);
      text_put(t, "=0}^{");
      put(t, b, form_call(b->forms, PRIM_SUB, (const Form *[]){extent, one}), PRIORITY_LOOSE);
      text_char(t, '}');
      continue;
    }
    text_put(t, k == 0 ? "_{\\substack{" : " \\\\ ");
    form_latex_range(t, b, e->bound[k]);
  }
  if (!limits || e->nbound != 1 || e->guard) {
    if (e->guard) {
      text_put(t, " \\\\ ");
      put(t, b, e->guard, PRIORITY_LOOSE);
    }
    text_put(t, "}}");
  }
  text_char(t, ' ');
  put(t, b, e->part[0], e->part[0]->kind == FORM_REDUCE ? PRIORITY_LOOSE : PRIORITY_PRODUCT);
  bindings_pop(b, e->nbound);
}

static void put_bare(Text *t, Bindings *b, const Form *e) {
  switch (e->kind) {
  case FORM_NUMBER:
  case FORM_PRODUCT:
    if (form_is_negative(b->forms, e)) text_char(t, '-');
    put_term(t, b, e, PRIORITY_PRODUCT);
    break;
  case FORM_INDEX: put_index(t, b, e->index); break;
  case FORM_SYMBOL: form_latex_name(t, b, e->role, e->name, e->part, e->npart); break;
  case FORM_SUM: put_sum(t, b, e, false); break;
  case FORM_CALL: put_call(t, b, e); break;
  case FORM_REDUCE: put_reduce(t, b, e); break;
  }
}

static void put(Text *t, Bindings *b, const Form *e, int priority) {
  if (priority_of(b->forms, e) < priority)
    put_brackets(t, b, e);
  else
    put_bare(t, b, e);
}

void form_latex(Text *t, Bindings *b, const Form *form) {
  put(t, b, form, PRIORITY_LOOSE);
}
