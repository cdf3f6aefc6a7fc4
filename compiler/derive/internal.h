// internal.h - what the files of derive share.
//
//   derive.c   the pass: which nodes have an adjoint, the reductions' rules, the gradient's roots
//   flow.c     reverse accumulation inside one expression: what reaches each of its reads
//   solve.c    from "A[f(q)] was read" to a comprehension over A's own indices
#ifndef MDLC_DERIVE_INTERNAL_H
#define MDLC_DERIVE_INTERNAL_H

#include "derive/derive.h"

// What one read contributes to the adjoint of the node that it reads: over that node's own indices, then nred more that
// are summed over; or, with targets, a scatter over the nred ones.
typedef struct Contribution {
  const Node *from; // the node whose expression has the read
  const Index *index;
  int nred;
  const Expr *guard; // or null
  const Expr *value;
  const Expr *const *target; // or null
} Contribution;

typedef struct ContributionList {
  Contribution *list;
  size_t count, room;
} ContributionList;

typedef struct Derive {
  Arena *arena;
  Graph *graph; // the copy that is being extended
  const PrimRow *table;
  size_t ncopied;         // nodes before the first adjoint
  bool *wanted;           // by id under ncopied: lies between a parameter and the loss
  const Node **adjoint;   // by id, null: zero
  ContributionList *into; // by id
  uint32_t *slot;         // flow.c: where an expression stands in the list at hand, by expression id
  size_t nslot;
} Derive;

// The adjoint `value` of one read, under `guard` (null: always).
typedef struct Flow {
  const Expr *read, *value, *guard;
} Flow;

// The flows into all reads of wanted nodes in n's expression, whose own adjoint is `seed` under `guard`.
size_t derive_flows(Derive *d, const Node *n, const Expr *seed, const Expr *guard, Flow **flows);

// The contribution of a flow in the expression of node n.
Contribution derive_solve(Derive *d, const Node *n, const Flow *flow);

// a and b, where null is true.
const Expr *derive_and(Graph *g, const Expr *a, const Expr *b);
// The n > 0 entries of a list as one sum (or disjunction); overwrites the list.
const Expr *derive_fold(Graph *g, Prim op, const Expr **list, size_t n);
// a * b without the noise of 1, -1 and 1/y.
const Expr *derive_mul(Graph *g, const Expr *a, const Expr *b);
// not e, without a double negation.
const Expr *derive_not(Graph *g, const Expr *e);

#endif
