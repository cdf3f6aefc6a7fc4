// derive.h - derivatives, from graph to graph: reverse mode and forward mode, each with extra indices where wanted.
//
// Both append to a graph that is already there, so what they make can be derived again: a Hessian-vector product is
// forward over reverse, a Jacobian is either mode with the indices of a seed in front of all others.
#ifndef MDLC_DERIVE_H
#define MDLC_DERIVE_H

#include "graph/graph.h"

// Where derivatives start: the outputs in reverse mode, the inputs in forward mode.  `value` has the extra indices, then
// those of the node; null: the extra indices are like the node's own, and the value is 1 where they equal them, else 0.
// That is a guard and never an array.
typedef struct DeriveSeed {
  const Node *node; // real
  const Node *value;
} DeriveSeed;

typedef struct Derivation {
  const PrimRow *table; // whose partial derivatives are taken; null: prim_table (tests pass mutants)
  const Index *extra;   // in front of the indices of all that is made
  int nextra;
  const int
      *diagonal; // of a seed without value: extra index k equals its index diagonal[k]; null: index k, all of them
  const DeriveSeed *seed;
  int nseed;
  const Node *const *of; // what the derivatives are wanted of: inputs in reverse mode, outputs in forward mode
  int nof;
  bool plain; // reverse mode: loops keep all their states, nothing is taken back or run again, sums run forwards
  const char
      *what; // for comments: "loss" for "d loss / d w"; null: "output", and in forward mode no more than "tangent"
} Derivation;

// Reverse mode: result[k] is Σ over the seeds and their entries of seed * d seed.node / d of[k], over the extra indices
// and those of of[k].  An input need not be an input of the graph: by any real node, as if nothing else of the graph
// changed with it.  False where an expression between inputs and outputs is higher than EXPR_HEIGHT_MAX / 2, since its
// derivative might pass the limit, or where there would be too many indices.
bool derive_reverse(Graph *g, const Derivation *task, const Node **result);

// Forward mode: result[k] is Σ over the seeds and their entries of d of[k] / d seed.node * seed, over the extra indices and
// those of of[k].  Null where it is 0 whatever the values.  False as for derive_reverse.
bool derive_forward(Graph *g, const Derivation *task, const Node **result);

// Of the only output, as the sum of *count parts, each 0 but where its guard says so.  What is read of a seed in different
// places stays apart all the way, as long as the extra indices are settled by those places: few entries each.
bool derive_forward_apart(Graph *g, const Derivation *task, const Node ***part, size_t *count);

// A copy of g that can be derived from the inputs that `from` marks by id (null: all parameters): what is reduced to an
// extremum or by logsumexp on the way to the outputs stands in a node of its own.  Derived without, such candidates are
// computed once more.  map[id], with room for g->count, says where each node went.  Roots of gradients are left out.
Graph *derive_copy(Arena *a, const Graph *g, const bool *from, const Node *const *output, int noutput,
                   const Node **map);

// A copy of the model's graph with each loop that stands in no other as a loop over blocks of `size` steps: of its states
// those between blocks are kept, and the others computed again beside the adjoint.  The model's checks and
// parameters over that graph are written to `check` and `param`.
Graph *derive_blocked(Arena *a, const Model *m, int64_t size, RangeCheck *check, ParamDecl *param);

// A copy of g with a ROOT_GRADIENT for every parameter: seed * d loss / d parameter, with NODE_SEED as the seed (or the
// constant 1 where `unit_seed`).  Requires a ROOT_LOSS.  Breaks nothing; leaves noise (1 * x, unused nodes) for simplify.
// Null where derive_reverse is false.
Graph *derive_gradient(Arena *a, const Graph *g, bool unit_seed, const PrimRow *table);
// The same with 1 as the seed, to be read by people: plain, whatever memory that would need.
Graph *derive_plain_gradient(Arena *a, const Graph *g);

#endif
