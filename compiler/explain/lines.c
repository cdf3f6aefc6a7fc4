// lines.c - a whole explanation: the model's definitions, then its derivatives, line by line.
#include <string.h>

#include "explain/internal.h"

// ---- as text ----

enum {
  WIDTH = 116,
  SHORT = 24 // so much is not worth a line of its own
};

static bool breaks_behind(const char *s, const char *c, bool conditional) {
  if (c[1] != ' ') return false;
  if (conditional) return c - s >= 4 && strncmp(c - 4, " else", 5) == 0 && strcspn(c, "#\n") > SHORT;
  return c > s && c[-1] == ' ' && (*c == '+' || *c == '-');
}

// Breaks a long line where the language lets it go on, outside of brackets: behind operators, of a choice behind its `else`.
static void put_broken(Text *t, const char *s) {
  int depth = 0;
  const bool conditional = strstr(s, " = if ") != NULL;
  const char *comment = strchr(s, '#');
  for (const char *c = s; *c; c++) {
    depth += (*c == '(' || *c == '[') - (*c == ')' || *c == ']');
    text_char(t, *c);
    if (depth == 0 && (!comment || c < comment) && breaks_behind(s, c, conditional)) text_put(t, "\n   ");
  }
}

// Behind the formula: "  # t in 0..T; d loss / d c[t]".
static void text_comment(Text *t, Bindings *b, const Line *line) {
  if (line->step) {
    text_put(t, "  # ");
    form_text_range(t, b, line->step);
  }
  if (!line->derivative_of) return;
  text_printf(t, "%s d loss / d ", line->step ? ";" : "  #");
  text_put(t, line->derivative_of);
  for (int k = 0; k < line->nat; k++) {
    text_put(t, k == 0 ? "[" : ", ");
    form_text(t, b, line->at[k]);
  }
  if (line->nat > 0) text_char(t, ']');
}

static void text_line(Text *out, const Explanation *x, const Line *line) {
  Text whole;
  Text *t = &whole;
  text_init(t);
  Bindings b;
  bindings_init(&b, x->forms, x->taken, x->ntaken);
  for (int k = 0; k < line->nindex; k++) bindings_push(&b, line->index[k]);
  if (line->role == LINE_GRADIENT) text_put(t, "d loss / d ");
  form_text_target(t, &b, line->name, line->at, line->nat, line->step, line->value);
  text_put(t, " = ");
  form_text(t, &b, line->value);
  text_comment(t, &b, line);
  text_char(t, '\n');
  if (t->length > WIDTH)
    put_broken(out, t->s);
  else
    text_put(out, t->s);
  text_free(t);
}

void explain_text(Text *t, const Explanation *x) {
  for (size_t k = 0; k < x->count; k++) {
    if (k > 0 && x->lines[k - 1].role == LINE_LOSS) text_char(t, '\n');
    text_line(t, x, &x->lines[k]);
  }
}

// ---- as LaTeX ----

static void latex_line(Text *t, Bindings b, const Line *line, bool last) {
  for (int k = 0; k < line->nindex; k++) bindings_push(&b, line->index[k]);
  if (line->role == LINE_GRADIENT) text_put(t, "\\frac{\\partial\\,\\mathit{loss}}{\\partial ");
  form_latex_name(t, &b, line->symbol, line->name, line->at, line->nat);
  if (line->role == LINE_GRADIENT) text_char(t, '}');
  if (line->derivative_of) {
    text_put(t, " = \\frac{\\partial\\,\\mathit{loss}}{\\partial ");
    form_latex_name(t, &b, SYMBOL_VALUE, line->derivative_of, line->at, line->nat);
    text_char(t, '}');
  }
  text_put(t, " &= ");
  form_latex(t, &b, line->value);
  if (line->step) {
    text_put(t, ", \\quad ");
    form_latex_range(t, &b, line->step);
  }
  text_put(t, last ? "\n" : " \\\\\n");
}

void explain_latex(Text *t, const Explanation *x) {
  text_put(t, "\\documentclass{article}\n"
              "\\usepackage{amsmath}\n"
              "\\allowdisplaybreaks\n"
              "\\begin{document}\n"
              "\\begin{align*}\n");
  Bindings b;
  bindings_init(&b, x->forms, x->taken, x->ntaken);
  b.nplain = explain_plain_names(x, &b.plain);
  for (size_t k = 0; k < x->count; k++) latex_line(t, b, &x->lines[k], k + 1 == x->count);
  text_put(t, "\\end{align*}\n"
              "\\end{document}\n");
}
