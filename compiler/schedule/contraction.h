// contraction.h - nodes that are sums of products, computed whole by packed kernels (runtime/include/mdl/contract.h).
#ifndef MDLC_CONTRACTION_H
#define MDLC_CONTRACTION_H

#include "graph/loops.h"

enum { CONTRACTION_AXES = 4 }; // of a group, at most

typedef struct IndexGroup {
  int count;
  int index[CONTRACTION_AXES]; // of the node, in its order
} IndexGroup;

// c[i, j] = sum[k](a[i, k] * b[k, j]), for each value of the other indices, which run in loops around it.  Rows are the
// outputs that a alone has, columns those that b alone has, terms what is summed over; both factors are read affinely in
// all of these.
typedef struct Contraction {
  const Expr *a, *b; // reads
  IndexGroup rows, columns, terms;
  // Of a triangle: a row has only the terms from low + low_row * i on, below high + high_row * i; the bounds are over the
  // other indices, null: there is none.
  const Expr *low, *high;
  const Poly *low_row, *high_row;
} Contraction;

// What the node is as a contraction, or null: it is none, or too small to be worth it.  That depends on the node alone, since
// the order of such a sum, and so its rounding, is another.  `pool` takes the bounds.
const Contraction *contraction_of(Graph *pool, const LoopTree *tree, const Node *n, const Poly *sample);
// Is it a product for each of several groups of samples, such as the components of a mixture?  Those are small, and what surrounds
// them is done sample by sample: so are they (lanes.c).
bool stays_with_samples(const Node *n, const Poly *sample);
// By how much the subscript grows with the node's index q; null: not by the same everywhere.
const Poly *subscript_step(Dims *dims, const Expr *sub, int q);
// Are all subscripts of the read, in node n, those of entries, whatever a guard says?
bool reads_inside(Graph *pool, const Node *n, const Expr *read);
// Does the index run within the kernel?
bool is_contracted(const Contraction *c, int q);

#endif
