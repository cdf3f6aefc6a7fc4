// text.c - formulas as text in the model language.
#include <math.h>
#include <string.h>

#include "explain/print.h"

// ---- names of indices ----

void bindings_init(Bindings *b, Forms *f, const char *const *taken, size_t ntaken) {
  *b = (Bindings){.forms = f, .taken = taken, .ntaken = ntaken};
}

bool name_is_taken(const Bindings *b, const char *name) {
  for (size_t k = 0; k < b->ntaken; k++)
    if (strcmp(b->taken[k], name) == 0) return true;
  return false;
}

static bool name_is_free(const Bindings *b, const char *name) {
  for (size_t k = 0; k < b->count; k++)
    if (strcmp(b->list[k].name, name) == 0) return false;
  if (name_is_taken(b, name)) return false;
  return true;
}

static const char *free_name(const Bindings *b, const char *wanted) {
  static const char *const usual[] = {"i", "j", "k", "l", "m", "p", "q", "r", "s", "t", "u", "v"};
  if (wanted && name_is_free(b, wanted)) return wanted;
  for (size_t k = 0; k < sizeof usual / sizeof *usual; k++)
    if (name_is_free(b, usual[k])) return usual[k];
  for (int k = 1;; k++) {
    const char *name = arena_printf(forms_arena(b->forms), "i%d", k);
    if (name_is_free(b, name)) return name;
  }
}

static const char *push_named(Bindings *b, const FormIndex *index, const char *wanted) {
  const char *name = free_name(b, wanted);
  ARENA_PUSH(forms_arena(b->forms), b->list, b->count, b->room) = (struct Bound){index, name};
  return name;
}

const char *bindings_push(Bindings *b, const FormIndex *index) {
  return push_named(b, index, index->name);
}

void bindings_bind(Bindings *b, const Form *reduction) {
  for (int k = 0; k < reduction->nbound; k++) push_named(b, reduction->bound[k], reduction->names[k]);
}

void bindings_pop(Bindings *b, int n) {
  b->count -= (size_t)n;
}

const char *bindings_name(const Bindings *b, const FormIndex *index) {
  for (size_t k = b->count; k-- > 0;)
    if (b->list[k].index == index) return b->list[k].name;
  return index->name ? index->name : "i";
}

// ---- priorities of the language's operators ----

enum {
  PRIORITY_IF,
  PRIORITY_OR,
  PRIORITY_AND,
  PRIORITY_NOT,
  PRIORITY_COMPARE,
  PRIORITY_SUM,
  PRIORITY_PRODUCT,
  PRIORITY_NEGATE,
  PRIORITY_POWER,
  PRIORITY_POSTFIX
};

typedef struct Infix {
  Prim op;
  const char *spelling;
  int priority, left, right; // of the whole; at least, of the operands
} Infix;

static const Infix infix_table[] = {
    {PRIM_OR, " or ", PRIORITY_OR, PRIORITY_OR, PRIORITY_AND},
    {PRIM_AND, " and ", PRIORITY_AND, PRIORITY_AND, PRIORITY_NOT},
    {PRIM_EQ, " == ", PRIORITY_COMPARE, PRIORITY_SUM, PRIORITY_SUM},
    {PRIM_NE, " != ", PRIORITY_COMPARE, PRIORITY_SUM, PRIORITY_SUM},
    {PRIM_LT, " < ", PRIORITY_COMPARE, PRIORITY_SUM, PRIORITY_SUM},
    {PRIM_LE, " <= ", PRIORITY_COMPARE, PRIORITY_SUM, PRIORITY_SUM},
    {PRIM_GT, " > ", PRIORITY_COMPARE, PRIORITY_SUM, PRIORITY_SUM},
    {PRIM_GE, " >= ", PRIORITY_COMPARE, PRIORITY_SUM, PRIORITY_SUM},
    {PRIM_FLOORDIV, " // ", PRIORITY_PRODUCT, PRIORITY_PRODUCT, PRIORITY_NEGATE},
    {PRIM_MOD, " % ", PRIORITY_PRODUCT, PRIORITY_PRODUCT, PRIORITY_NEGATE},
    {PRIM_POW, "^", PRIORITY_POWER, PRIORITY_POSTFIX, PRIORITY_POWER},
    {PRIM_POWI, "^", PRIORITY_POWER, PRIORITY_POSTFIX, PRIORITY_POWER},
};

static const Infix *infix_of(const Form *e) {
  for (size_t k = 0; k < sizeof infix_table / sizeof *infix_table; k++)
    if (infix_table[k].op == e->op) return &infix_table[k];
  return NULL;
}

static int priority_of(Forms *f, const Form *e) {
  switch (e->kind) {
  case FORM_NUMBER: return e->number < 0 ? PRIORITY_NEGATE : PRIORITY_POSTFIX;
  case FORM_SUM: return PRIORITY_SUM;
  case FORM_PRODUCT: {
    if (e->npart > 1 || e->exponent[0] < 0) return PRIORITY_PRODUCT;
    if (fabs(e->number) != 1) return PRIORITY_PRODUCT;
    ProductParts p = form_product_parts(f, e);
    bool flipped = (p.nabove > 0 && p.above[0].flipped) || (p.nscale > 0 && p.scale[0].flipped);
    if (flipped && e->exponent[0] == 1) return PRIORITY_SUM;
    return p.number < 0 ? PRIORITY_NEGATE : PRIORITY_POWER;
  }
  case FORM_CALL: {
    const Infix *infix = infix_of(e);
    if (infix) return infix->priority;
    return e->op == PRIM_SELECT ? PRIORITY_IF : e->op == PRIM_NOT ? PRIORITY_NOT : PRIORITY_POSTFIX;
  }
  default: return PRIORITY_POSTFIX;
  }
}

// ---- printing ----

static void put(Text *t, Bindings *b, const Form *e, int priority);

static void put_sum(Text *t, Bindings *b, const Form *e, bool flipped);

static void put_number(Text *t, const Bindings *b, double x) {
  int above, under;
  if (number_fraction(x, &above, &under))
    text_printf(t, "%d/%d", above, under);
  else if (x == PI && !name_is_taken(b, "pi"))
    text_put(t, "pi");
  else
    text_real(t, x);
}

static void put_factor(Text *t, Bindings *b, Factor factor, int priority) {
  int needed = factor.exponent > 1 ? PRIORITY_POSTFIX : priority;
  if (factor.flipped) {
    text_char(t, '(');
    put_sum(t, b, factor.base, true);
    text_char(t, ')');
  } else {
    put(t, b, factor.base, needed);
  }
  if (factor.exponent > 1) text_printf(t, "^%d", factor.exponent);
}

static void put_factors(Text *t, Bindings *b, const Factor *factor, int n, const char *times) {
  for (int k = 0; k < n; k++) {
    if (k > 0) text_put(t, times);
    put_factor(t, b, factor[k], PRIORITY_NEGATE);
  }
}

// What is divided by: one factor, or several in brackets.
static void put_under(Text *t, Bindings *b, const Factor *factor, int n, const char *over, const char *times) {
  if (n == 0) return;
  text_put(t, over);
  if (n == 1) {
    put_factor(t, b, factor[0], PRIORITY_POWER);
    return;
  }
  text_char(t, '(');
  put_factors(t, b, factor, n, times);
  text_char(t, ')');
}

// Without its minus: "2/n * sum[i](…) * x / y".
static void put_product(Text *t, Bindings *b, const Form *e) {
  ProductParts p = form_product_parts(b->forms, e);
  // -(a - b) is the difference itself the other way round.
  if (e->npart == 1 && e->exponent[0] == 1 && fabs(p.number) == 1 && (p.nabove + p.nscale) == 1) {
    Factor only = p.nabove ? p.above[0] : p.scale[0];
    if (only.flipped) {
      put_sum(t, b, only.base, true);
      return;
    }
  }
  double number = fabs(p.number);
  bool any = false;
  if (number != 1 || (p.nscale == 0 && (p.nabove == 0 || p.nscale_under > 0))) {
    put_number(t, b, number);
    any = true;
  }
  if (any && p.nscale > 0) text_char(t, '*');
  put_factors(t, b, p.scale, p.nscale, "*");
  put_under(t, b, p.scale_under, p.nscale_under, "/", "*");
  any = any || p.nscale > 0;
  if (any && p.nabove > 0) text_put(t, " * ");
  put_factors(t, b, p.above, p.nabove, " * ");
  put_under(t, b, p.under, p.nunder, " / ", " * ");
}

// Without its minus.
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
    put_term(t, b, term[k].form, PRIORITY_PRODUCT);
  }
}

static void put_bound(Text *t, Bindings *b, const Form *e) {
  bindings_bind(b, e);
  text_char(t, '[');
  for (int k = 0; k < e->nbound; k++) {
    const FormIndex *index = e->bound[k];
    text_put(t, k > 0 ? ", " : "");
    if (form_implies_range(b->forms, e, index)) // the guard included
      text_put(t, bindings_name(b, index));
    else
      form_text_range(t, b, index);
  }
  if (e->guard) {
    text_put(t, " if ");
    put(t, b, e->guard, PRIORITY_OR);
  }
  text_char(t, ']');
}

static void put_call(Text *t, Bindings *b, const Form *e) {
  const Infix *infix = infix_of(e);
  if (infix) {
    put(t, b, e->part[0], infix->left);
    text_put(t, infix->spelling);
    put(t, b, e->part[1], infix->right);
  } else if (e->op == PRIM_SELECT) {
    text_put(t, "if ");
    put(t, b, e->part[0], PRIORITY_OR);
    text_put(t, " then ");
    put(t, b, e->part[1], PRIORITY_OR);
    text_put(t, " else ");
    put(t, b, e->part[2], PRIORITY_IF);
  } else if (e->op == PRIM_NOT) {
    text_put(t, "not ");
    put(t, b, e->part[0], PRIORITY_NOT);
  } else {
    text_put(t, prim_table[e->op].name);
    text_char(t, '(');
    for (int k = 0; k < e->npart; k++) {
      if (k > 0) text_put(t, ", ");
      put(t, b, e->part[k], PRIORITY_IF);
    }
    text_char(t, ')');
  }
}

static void put_bare(Text *t, Bindings *b, const Form *e) {
  switch (e->kind) {
  case FORM_NUMBER:
  case FORM_PRODUCT:
    if (form_is_negative(b->forms, e)) text_char(t, '-');
    put_term(t, b, e, PRIORITY_PRODUCT);
    break;
  case FORM_INDEX: text_put(t, bindings_name(b, e->index)); break;
  case FORM_SYMBOL:
    text_put(t, e->name);
    for (int k = 0; k < e->npart; k++) {
      text_put(t, k == 0 ? "[" : ", ");
      put(t, b, e->part[k], PRIORITY_IF);
    }
    if (e->npart > 0) text_char(t, ']');
    break;
  case FORM_SUM: put_sum(t, b, e, false); break;
  case FORM_CALL: put_call(t, b, e); break;
  case FORM_REDUCE:
    text_put(t, reduce_names[e->reduce]);
    put_bound(t, b, e);
    text_char(t, '(');
    put(t, b, e->part[0], PRIORITY_IF);
    text_char(t, ')');
    bindings_pop(b, e->nbound);
    break;
  }
}

static void put(Text *t, Bindings *b, const Form *e, int priority) {
  bool brackets = priority_of(b->forms, e) < priority;
  if (brackets) text_char(t, '(');
  put_bare(t, b, e);
  if (brackets) text_char(t, ')');
}

void form_text(Text *t, Bindings *b, const Form *form) {
  put(t, b, form, PRIORITY_IF);
}

void form_text_range(Text *t, Bindings *b, const FormIndex *index) {
  text_printf(t, "%s in 0..", bindings_name(b, index));
  put(t, b, form_poly(b->forms, index->extent), PRIORITY_SUM);
}

void form_text_target(Text *t, Bindings *b, const char *name, const Form *const *at, int n, const FormIndex *step,
                      const Form *value) {
  text_put(t, name);
  for (int k = 0; k < n; k++) {
    const FormIndex *index = at[k]->index;
    text_put(t, k == 0 ? "[" : ", ");
    if (index && index != step && !form_implies_range(b->forms, value, index))
      form_text_range(t, b, index);
    else
      put(t, b, at[k], PRIORITY_IF);
  }
  if (n > 0) text_char(t, ']');
}
