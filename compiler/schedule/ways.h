// ways.h - the ways in which a node, or all that runs in a loop of the graph, can run in the next loop.
#ifndef MDLC_WAYS_H
#define MDLC_WAYS_H

#include "schedule/internal.h"

// A loop with the index of each member that runs in it.
typedef struct Way {
  const Node *const *member;
  int *position;
  size_t count;
  const Poly *extent;
  bool mirrored; // a sum that takes its last term first, in a loop that runs backwards
  const GraphLoop *steps; // it is this loop of the graph itself
} Way;

typedef struct Ways {
  Schedule *s;
  const Reads *reads;
  const LoopTree *tree;
  const Node ***member; // by loop of the graph: all that runs in it, its carries included
  size_t *nmember;
} Ways;

Ways ways_new(Schedule *s, const Reads *reads);

// older.c: of a step's items, in order, what reads an array before it is updated moves in front of the update, where it may.
void older_versions_first(const Ways *w, LoopItem *item, size_t count);

// The ways of an item that has loops to come, the best one to stand outermost first; *count of them.
Way *ways_of(const Ways *w, LoopItem item, size_t *count);
// May node n share its loop by index q with the node that it reads, whose index p runs there?  Mirrored: by q from its
// last entry on.
bool way_reads_entry(const Ways *w, const Node *n, int q, const Expr *read, int p, bool mirrored);
// Does a scatter walk through memory entry by entry along index q, and has it another one to stand outside?
bool way_belongs_inside(const Ways *w, const Node *n, int q);
// Is one of n's indices that of samples?
bool runs_over_samples(const Ways *w, const Node *n);
// Has a sum of n begun before the loops in hand?
bool reduction_begun(const Schedule *s, const Node *n);

#endif
