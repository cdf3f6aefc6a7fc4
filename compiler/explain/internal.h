// internal.h - what the files of explain share.
//
//   build.c    which values are named, and the lines of an explanation
//   values.c   the formula of a node's entry
//   parts.c    names for what a long formula repeats
//   lines.c    lines as text and as LaTeX
//   form.c     the pool of formulas
//   algebra.c, reductions.c  their normal form
//   written.c  sums and products as a person writes them
//   ranges.c   which subscripts are in range
//   text.c, latex.c  formulas as text and as LaTeX
//   symbols.c  names that LaTeX writes as they stand
#ifndef MDLC_EXPLAIN_INTERNAL_H
#define MDLC_EXPLAIN_INTERNAL_H

#include "explain/explain.h"

typedef struct Entry { // by node
  bool needed, named;
  bool forward; // the loss depends on it
  int uses;
  SymbolRole role;
  const char *derivative_of;
  const Node *state;       // its entries are this carry's behind the steps, and are called so; null: no carry's
  const FormIndex **index; // outputs
  const Form *value;       // of a carry its start; null for inputs
} Entry;

typedef struct Builder {
  Forms *forms;
  const Graph *graph;
  const char *const *known;
  size_t nknown;
  Entry *entry;
} Builder;

// n's index k, of a name that is not null.
const char *explain_index_name(const Node *n, int k);
const Poly *const *explain_extents(Arena *a, const Node *n);
// The subscripts of a state behind a step, from those of what its carry takes.
const Form **explain_behind(Forms *f, const Node *carry, const Form *const *sub);

// An entry of n where others read it: name[sub, …], or its value; for form_expr, whose context is the builder.
const Form *explain_read(void *builder, const Node *n, const Form *const *sub);
// name[sub, …]
const Form *explain_symbol(Builder *b, const Node *n, const Form *const *sub);
// The value of n's entry, over indices for its outputs and then for what it reduces.
const Form *explain_value(Builder *b, const Node *n, const FormIndex *const *index);

// Those of its names that LaTeX writes as they stand.
size_t explain_plain_names(const Explanation *x, const char *const **names);

#endif
