// lab.h - what the tests of graphs share: a model from its text with drawn inputs, its gradient run and compared.
#ifndef MDLC_TESTS_LAB_H
#define MDLC_TESTS_LAB_H

#include <check.h>

#include "graph/text.h"
#include "interp/interp.h"

typedef struct Lab {
  Arena *arena;
  Model *model;
  int64_t dims[64];
  Array *data, *param;
  Array *seeds; // arrays of weights or directions, where a graph has them
  double seed;
} Lab;

typedef struct Random {
  uint64_t state;
} Random;
double random_between(Random *r, double low, double high);

// Fails the test where the text is wrong.  Call-time dimensions are 5, 3, 4, 2, 6 in order; real inputs are drawn
// between -2 and 2, integer data from their range.
Lab lab_open(const char *text);
void lab_close(Lab *l);
// Runs a graph; fails the test on an error.
Array *lab_run(Lab *l, const Graph *g, NumberKind kind);
// The gradient of `derived`, run, against dual numbers: the largest error, relative to each parameter's largest entry
// (at least 1).  NaN or infinity on either side is an infinite error.
double lab_gradient_error(Lab *l, const Graph *derived);
// Arrays like the parameters, drawn: a direction to move them in.
Array *lab_direction(Lab *l);
// Verifies, failing the test; prints.
void lab_verify(const Lab *l, const Graph *g);
char *lab_print(const Lab *l, const Graph *g);

// ---- passes from graph to graph ----

// A model of these declarations and nodes, the last of which is `loss`.
Lab lab_of(const char *head, const char *nodes);
// The printed nodes behind the inputs, and the roots.
const char *lab_nodes(const Lab *l, const Graph *g);
// Fails the test where these are not the nodes behind the inputs, with the root `loss`.
void lab_expect(const Lab *l, const Graph *g, const char *name, const char *nodes);
// Fails the test where an entry of a root differs by more than this, relative to the terms that it was made of before.
void lab_compare(Lab *l, const Graph *before, const Graph *after, double tolerance);
// Runs the suite: the exit status.
int lab_main(Suite *suite);

#endif
