// passes.h - what the tests of passes share: graphs before and after, and gradients of everything that derive is tried on.
#ifndef MDLC_TESTS_PASSES_H
#define MDLC_TESTS_PASSES_H

#include "lab.h"

// A matrix and a vector of data, a vector and a scalar of parameters: n = 5, m = 3.
#define PASS_HEAD                                                                                                      \
  "model t\ndim n\ndim m\ndata A[n, m]\ndata y[n]\nparam w[m]\nparam b\n"                                              \
  "input A[n, m] = data 0\ninput y[n] = data 1\ninput w[m] = param 0\ninput b = param 1\n"

// The nodes of a model before and after a pass.
typedef struct PassCase {
  const char *name, *before, *after; // after: null: as before
} PassCase;

typedef Graph *Pass(Arena *a, const Graph *g);

// Fails the test where the pass leaves a graph that the verifier rejects, other nodes than the case's, or a root that
// differs by more than this (see lab_compare).
void pass_check(const char *head, const PassCase *c, Pass *pass, double tolerance);
// The same of a pass between two simplifications; where nothing is to change, the nodes are those of the first.
void pass_check_simplified(const char *head, const PassCase *c, Pass *pass, double tolerance);

// The gradient of case k of derive_cases.h: the pass leaves its values as they are, up to this.
void pass_check_gradient(int k, Pass *pass, double tolerance);
// And simplified behind the pass, it agrees with dual numbers.
void pass_check_dual(int k, Pass *pass);

// Runs a pass's own cases, and its gradients: the exit status.
int pass_main(const char *name, const TTest *own, size_t nown, const TTest *gradient);

#endif
