// internal.h - what the files of this folder share.
#ifndef MDLC_SCHEDULE_INTERNAL_H
#define MDLC_SCHEDULE_INTERNAL_H

#include "schedule/schedule.h"

// fuse.c: builds the loop tree of the needed nodes and fills place[].loop.
void fuse_nodes(Schedule *s, const Reads *reads);
// split.c: calls behind loops within a loop get one of their own.
void split_loops(Schedule *s, const Reads *reads);
// contraction.c: which nodes are computed whole.
void find_contractions(Schedule *s);
double contraction_reuse(const Dims *dims, const Node *n, const Contraction *c); // multiply-adds for each entry packed or written
// small.c: by node, is it one that tiles do better by loops, of what is found?
const bool *find_small_products(const Schedule *s, const Contraction *const *found);
// Reals of work memory that they pack into.
int64_t panel_size(const Schedule *s);
// bounds.c: loops of one node alone take their range from its guard.
void bound_loops(Schedule *s);
typedef struct Limit {
  const Expr *at; // of loops outside; null: none
  bool low;       // the first iteration, otherwise behind the last
} Limit;
// What the condition says of the loop that runs n's index q.
Limit limit_of_condition(Schedule *s, const Node *n, const Expr *e, int q);
// Does the condition let nothing through outside of the limit?
bool limit_keeps(Schedule *s, const Node *n, const Expr *guard, int q, Limit limit);
void limit_loop(Schedule *s, Loop *loop, Limit limit);
// wanted.c: loops leave out entries that nobody reads.
void limit_to_wanted(Schedule *s);
// place.c: contraction, storage, stores and copies; then offsets in work memory.
void place_nodes(Schedule *s, const Reads *reads);
void place_arrays(Schedule *s);
// lanes.c: which loops run side by side.
void lane_loops(Schedule *s, const Reads *reads);
// Is the subscript within the extent wherever the node's indices are in range, no condition needed?
bool is_in_range(const Schedule *s, const Node *n, const Expr *sub, const Poly *extent);
bool varies(const Schedule *s, const Node *n, const Expr *e, const Loop *loop); // has each of the loop's iterations its own value?
// Of loops with a fixed number of iterations, those with fewer run one by one: one vector must be full.
enum { SHORTEST_STRIP = 8 };
bool is_shorter(const Dims *dims, const Poly *extent, int64_t least); // is it fixed, and below?
// Are n's terms added tile by tile of the samples that index q counts: block by block, or so that loops inside stand outside of
// those over a tile?  A loop with such sums has to be one of tiles, or their order would not be that of their nodes.
bool adds_by_tiles(const Schedule *s, const Node *n, int q);
bool needs_tiles(const Schedule *s, const Loop *loop);

// hold.c: sums whose entries stay in registers.  May n be one, in a loop over its index q around the one that is left?
bool may_hold_sum(const Schedule *s, const Node *n, int q);
void hold_sums(Schedule *s);
// delay.c: what steps add to entries far from their own.
void delay_adds(Schedule *s);

bool runs_within(const Loop *outer, const Loop *inner);
// The index of n that runs in the loop, -1: none.  Of a scatter's the output, where the two are one.
int index_in(const Schedule *s, const Node *n, const Loop *loop);
bool is_summed_along(const Schedule *s, const Node *n, const Loop *loop);

// samples.c: which arrays over all samples are kept tile by tile, or put where they are wanted at a tile's end,
void keep_in_tiles(Schedule *s, const Reads *reads);
// and those whose rows a tile turns into lanes.
void turn_rows(Schedule *s, Loop *tile);
// rows.c: marks the loops of a tile that are products with its samples' rows.
void find_row_products(Schedule *s, const Loop *tile);

// states.c: marks the loops of a tile whose states stay in registers.
void hold_states(Schedule *s, const Loop *tile);

// behind.c: may a loop run in strips but for what it adds at such places?  That is then added behind each vector.
bool adds_behind(Schedule *s, Loop *loop);
// lanes.c: does a step of such a loop run in lanes?
bool runs_in_strip(const Schedule *s, const Loop *loop, const Step *step);
bool reads_sum(const Schedule *s, const Node *n, const Node *sum); // does n read what the other one adds to?

// singly.c: does a loop within one over samples run for one of these after the other, since each adds to few entries?
bool runs_singly_within(const Schedule *s, const Loop *loop);
void deal_blocks(Schedule *s); // what such loops add up in a tile: memory for it

// turns.c: does a step add at a place that a subscript computes?
bool adds_anywhere(const Schedule *s, const Node *n, const Loop *loop);
// Does a loop compute so much besides that lanes are worth it?
bool computes_enough(const Schedule *s, const Loop *loop);
// Does a loop over samples that may run in a tile run better sample by sample?
bool runs_by_turns(const Schedule *s, const Loop *loop);
bool runs_singly_with_loops(const Schedule *s, const Loop *loop); // and one with loops inside?

// along.c: do the loops within one over samples run better in lanes than a tile would?
bool runs_along_rows(Schedule *s, const Loop *loop);

// team.c: what threads share out.  array_root: the array that n is in, of several versions the first, or behind all nodes its sink;
// -1: it is none that is written here.
int array_root(const Schedule *s, const Node *n);
void team_loops(Schedule *s, const Reads *reads);
// Where in a tile's record stands what is summed over the tiles (few: of that what adds to few entries, alone): one real for each entry that a
// tile adds to; of sums in lanes what each sample adds, as one or two factors.
void deal_record(Schedule *s, Loop *loop, const Step *body, size_t count, bool few);

// leave.c: loops that are left where a condition fails.
void leave_loops(Schedule *s);
// share.c: versions of an array in one place.
void share_arrays(Schedule *s, const Reads *reads);

// Has an axis all entries that an index of this extent asks for, and few more?
bool index_covers(Dims *dims, const Poly *axis, const Poly *index);

Step *step_insert(Schedule *s, Step **body, size_t *nbody, size_t *room, size_t at, Step step);

#endif
