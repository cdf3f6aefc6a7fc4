// products.h - products that one sum alone reads stand in it.
#ifndef MDLC_PRODUCTS_H
#define MDLC_PRODUCTS_H

#include "graph/graph.h"

// A node that is a product, and that one other of the same indices alone reads, to add it to something, is written out there: the
// two round once (fma).  Not across the steps of a loop and what is outside, nor where it reads arrays that are updated in place,
// which may be gone.  No result gets worse: one rounding less.
// What is written out is read by nobody then: prune follows.
Graph *write_out_products(Arena *a, const Graph *g);

#endif
