// explain.h - the derivatives of a model as formulas: what is named, what is written out, in which order.
//
// A loop's state is a recurrence, of two lines: what it starts from, and what it is behind a step,
//
//     c[0] = 0.3
//     c[t + 1] = c[t] * w        t in 0..T
//
// and whoever needs what a step leaves reads the state behind it.
#ifndef MDLC_EXPLAIN_H
#define MDLC_EXPLAIN_H

#include "base/text.h"
#include "explain/form.h"
#include "explain/print.h"

struct AstFile;

typedef enum {
  LINE_DEFINITION, // of the model
  LINE_LOSS,
  LINE_ADJOINT, // a common part of the derivatives
  LINE_GRADIENT // d loss / d name
} LineRole;

typedef struct Line {
  LineRole role;
  const char *name;
  SymbolRole symbol;         // how the name is written
  const char *derivative_of; // LINE_ADJOINT: d loss / d this; or null
  int nat;
  const Form *const *at; // subscripts of the name: indices, but for a state's step
  int nindex;
  const FormIndex *const *index; // that are in them
  const FormIndex *step;         // of a state behind a step: the loop's index, one of these; else null
  const Form *value;
} Line;

typedef struct Explanation {
  Forms *forms;
  Line *lines; // each after what it uses, but for states: they may use what follows
  size_t count, room;
  const char **taken; // names that no index may have
  size_t ntaken, taken_room;
} Explanation;

// `derived` holds the loss and its gradient; a name in `known` is the model's own and stays.
Explanation explain_graph(Arena *a, const Model *m, const Graph *derived, const char *const *known, size_t nknown);

// Parts that a long formula repeats get names of their own (e1, e2, …), as lines before it.
void explain_name_repeated(Explanation *x);

// The names that the model's author gave to values, in the order of the file.
size_t author_names(Arena *a, const struct AstFile *file, const char ***names);

void explain_text(Text *t, const Explanation *x);
void explain_latex(Text *t, const Explanation *x);

// Of single expressions, for labels: indices for a node, the formula of an expression in it with reads written as name[…],
// and the node's name for its own formula wherever that comes up again.
const FormIndex **explain_indices(Forms *f, const Node *node);
const Form *explain_entry(Forms *f, const Graph *g, const Node *node, const FormIndex *const *index, const Expr *e);
void explain_fold(Forms *f, const Graph *g, const Node *node, const FormIndex *const *index);

#endif
