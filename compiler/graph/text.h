// text.h - the graph as text: printer, parser, verifier.
#ifndef MDLC_GRAPH_TEXT_H
#define MDLC_GRAPH_TEXT_H

#include "base/text.h"
#include "graph/graph.h"

// The whole model: dimensions, data, parameters, nodes, checks (of the graph as lowered), roots.  What it prints,
// graph_parse reads back to an equal graph.
void graph_print(Text *t, const Model *m, const Graph *g);
void node_print(Text *t, const Graph *g, const Node *n);
// An expression in the language's notation; index k is called index[k].name (made unique by the caller).
void expr_print(Text *t, const Graph *g, const Expr *e, const Index *index);

// A node as one line for people, its indices called index[k].name (line.c): "z[i, j] = sum[k](x[i, k] * W[k, j])"; what a carry
// starts from: "h[0, i] = 0.0"; what it takes behind a step: "h[t + 1, i] = h_step[t, i]".
void node_line_print(Text *t, const Graph *g, const Node *n, const Index *index);
void start_line_print(Text *t, const Graph *g, const Node *carry, const Index *index);
void next_line_print(Text *t, const Node *carry, const Index *index);
// The node's indices under names that differ from one another.
const Index *readable_indices(Arena *a, const Node *n);

// "> 0", "in (0, 1)", "in simplex"; nothing where there is none.
void constraint_print(Text *t, const Model *m, const ParamDecl *p);
// The same as the model wrote it.
void constraint_print_written(Text *t, const Model *m, const ParamDecl *p);

// Null after errors.
Model *graph_parse(Arena *a, Diags *diags, const Source *source);

typedef struct Binding {
  const char *name;
  const Expr *expr;
} Binding;
// A scalar expression in the language's notation over bound names (the partial derivatives of prim.def): built raw, in g.
// Integers become reals beside reals and as the result.  Null where the text is wrong (a mistake in the table, which tests
// find).
const Expr *expr_parse(Graph *g, const char *text, const Binding *bindings, int nbindings);

// Everything graph.h promises: order, types, arity, index positions, extents agreeing with reads, roots, unique names.
// False and the reason in `why`.
bool graph_verify(const Model *m, const Graph *g, Text *why);

#endif
