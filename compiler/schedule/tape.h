// tape.h - what forward leaves for backward.
#ifndef MDLC_TAPE_H
#define MDLC_TAPE_H

#include "schedule/reason.h"

// Of a value of forward that backward uses: why it is stored or computed again; sizes are those where dimensions of the call are
// about a hundred.
typedef struct TapeReason {
  ReasonKind kind;
  double own;     // entries of its own
  double instead; // of a state: entries of what would be stored instead
} TapeReason;

typedef struct Tape {
  const bool *stored; // by node id: on the tape
  const Node *const
      *in;             // by node id: the stored carry that takes its entries, which need no place of their own; or null
  const TapeReason *why; // by node id
  const Poly **offset; // by node id, in reals: integers stand at the end, from `reals` on, as int64_t
  const Poly *reals, *integers;
} Tape;

// For a graph with ROOT_LOSS and ROOT_GRADIENTs.  What backward reads of forward's values is stored, or recomputed where
// that takes a few operations of the processor on what backward has anyhow.
// Thrifty: all is recomputed that no loop of the graph has to run for.
Tape tape_plan(Arena *a, const Graph *g, bool thrifty);

#endif
