// loops.h - the loops of a graph, found from its carries: a tree of what runs in which order.
//
// What depends on a carry and what the carry takes its entries from depend on each other: they are one loop along the
// carry's axis, and each of them has the loop's index among its outputs.  Within the step, where those carries are given,
// the same holds of the loops inside.  A carry that takes what does not depend on it is a loop without items; one that takes
// nothing yet, in a graph under construction, is a node like any other.
#ifndef MDLC_LOOPS_H
#define MDLC_LOOPS_H

#include "base/text.h"
#include "graph/graph.h"

typedef struct GraphLoop GraphLoop;

// In an order in which each reads only what came before: a node, or a loop with all that runs in it.
typedef struct LoopItem {
  const Node *node; // null: a loop
  GraphLoop *loop;
} LoopItem;

struct GraphLoop {
  int id; // position in the tree's list
  GraphLoop *parent;
  int depth;           // 1: in no other loop
  const Poly *steps;   // T
  const char *name;    // of the index, as the model wrote it
  bool reverse;
  const Node *alive;   // the conditions of its carries, or null
  const Node **carry;  // the state; not among the items
  size_t ncarry, carry_room;
  LoopItem *item;      // a step, in order
  size_t nitem, item_room;
};

typedef struct LoopTree {
  GraphLoop **loop; // an outer one before those inside
  size_t nloop, loop_room;
  LoopItem *item; // what stands in no loop, and the outermost loops
  size_t nitem, item_room;
  GraphLoop **inside; // by node id: the innermost loop that the node runs in (a carry: the loop it is the state of), or null
  int *const *position; // by loop id, then by node id: the node's index that is the loop's, -1 where it is not in the loop
} LoopTree;

// Null where carries and what reads them make no loop; `why` (may be null) then says of which node and why not.
const LoopTree *graph_loops(Arena *a, const Graph *g, Text *why);
// The same where the nodes that `there` marks, by id, are given: they depend on nothing, and their loops do not run.
const LoopTree *graph_loops_beside(Arena *a, const Graph *g, const bool *there, Text *why);

// The index of the step at which `sub` reads the state before it: index, or index + 1 of a reverse loop; -1: it does not.
int loop_step_of(const Expr *sub, bool reverse);

// Is the state of numbers, and all that a step computes one real number each, over the indices of the loops around in their order?
// Nothing is mapped over, summed over, or a loop inside then.
bool loop_is_of_numbers(const LoopTree *tree, const GraphLoop *l);
// Of such a loop: is it the entry of the step in hand?  Of a state, the one that the step begins with.
bool loop_reads_own(const Expr *read);

#endif
