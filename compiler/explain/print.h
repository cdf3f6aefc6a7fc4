// print.h - formulas as text in the model language, and as LaTeX.
#ifndef MDLC_EXPLAIN_PRINT_H
#define MDLC_EXPLAIN_PRINT_H

#include "explain/form.h"

#define PI 3.14159265358979323846

// The names under which indices stand in one formula: the model's where they are free, else others.
typedef struct Bindings {
  Forms *forms;
  const char *const *taken; // names that no index may have
  size_t ntaken;
  struct Bound {
    const FormIndex *index;
    const char *name;
  } * list;
  size_t count, room;
  const char *const *plain; // names that LaTeX writes as they stand
  size_t nplain;
} Bindings;

void bindings_init(Bindings *b, Forms *f, const char *const *taken, size_t ntaken);
const char *bindings_push(Bindings *b, const FormIndex *index);
// The indices that a reduction binds.
void bindings_bind(Bindings *b, const Form *reduction);
void bindings_pop(Bindings *b, int n);
bool name_is_taken(const Bindings *b, const char *name);
const char *bindings_name(const Bindings *b, const FormIndex *index);

// In the model language: what it prints can stand in a .mdl file.
void form_text(Text *t, Bindings *b, const Form *form);
// The left side of a definition: name[i, j]; an index whose range `value` does not imply gets it written, but for `step`
// (or null).
void form_text_target(Text *t, Bindings *b, const char *name, const Form *const *at, int n, const FormIndex *step,
                      const Form *value);
// "i in 0..n"
void form_text_range(Text *t, Bindings *b, const FormIndex *index);

void form_latex(Text *t, Bindings *b, const Form *form);
// 0 \le i < n
void form_latex_range(Text *t, Bindings *b, const FormIndex *index);
// The name's first word, which the rest follows as a subscript: 1 of x1, 5 of alpha_hat, 3 of the adjoint d_z.
size_t latex_first_word(SymbolRole role, const char *name);
// A name with subscripts: \bar{z}_{i, k}.
void form_latex_name(Text *t, Bindings *b, SymbolRole role, const char *name, const Form *const *sub, int nsub);

#endif
