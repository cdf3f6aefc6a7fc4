// edges.h - a loop's first and last iterations, and what is known of conditions between them.
#ifndef MDLC_EDGES_H
#define MDLC_EDGES_H

#include "graph/graph.h"

// How many iterations of a loop, at its start and at its end, run one by one.
typedef struct Edges {
  int first, last;
} Edges;

bool edges_any(Edges e); // is there one at all?

// The iterations edges.first … extent - edges.last - 1 of a loop: index `index` of the expressions that are asked about.
typedef struct Inside {
  Dims *dims;
  int index;
  const Poly *extent;
  Edges edges;
} Inside;

// Widens the edges to those beyond which the comparisons in e of the index with its bounds are known, where they are a few iterations.
void edges_widen(const Expr *e, const Inside *in, Edges *wider);
// The truth of a condition inside: 1, 0, or -1 where it is not known.
int edges_truth(const Expr *condition, const Inside *in);
// Is the subscript, wherever the index is inside, an entry of an axis?
bool edges_keep_in(const Expr *sub, const Inside *in, const Poly *axis);
// Is e (`added`: to something) rounded inside as it is elsewhere?  A choice that is added is rounded first, where a product is not.
bool edges_keep_roundings(const Expr *e, const Inside *in, bool added);
// e as it is inside, without the choices that are known there.
const Expr *edges_inside(Graph *g, const Expr *e, const Inside *in);

#endif
