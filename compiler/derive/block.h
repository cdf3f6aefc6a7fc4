// block.h - loops in blocks of steps: what block.c and along.c share.
#ifndef MDLC_DERIVE_BLOCK_H
#define MDLC_DERIVE_BLOCK_H

#include "derive/internal.h"

// One carry of a blocked loop: the state between blocks, and within them.
typedef struct Blocked {
  const Node *outer, *inner;
} Blocked;

// A copy of a node that stands outside of the loops, for their steps: index `at` is the step and `shift` more.
typedef struct Copy Copy;
struct Copy {
  int at;
  int64_t shift;
  const Poly *steps;
  const Node *node; // once it is made
  Copy *next;
};

typedef struct Blocker {
  Arena *arena;
  const Graph *in;
  Graph *out;
  const LoopTree *loops;
  int64_t size;
  const Node **map;                  // by id: the copy; of a carry of a blocked loop the state within blocks
  Blocked *carry;                    // by id
  int *at;                           // by id: the index that is the step, an output or of a reduction; -1: none
  const Poly **steps;                // by id, where there is one: how many
  Copy **copies;                     // by id of what stays outside
  Copy **views;                      // by id: other ways in which the node is split
  const Poly *here;                  // the steps of the node at hand, or null
  const Expr *step, *block, *within; // and its indices there
} Blocker;

// The loop over blocks that n runs in, or null.
const GraphLoop *block_outermost(const Blocker *b, const Node *n);
// Is the step an output of n?
bool block_is_split(const Blocker *b, const Node *n);
// Fills in at, steps and copies: what is split, and what is copied for the steps.
void block_find_along(Blocker *b);

#endif
