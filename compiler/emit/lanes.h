// lanes.h - loops that run several iterations side by side, and sums in lanes.
#ifndef MDLC_LANES_H
#define MDLC_LANES_H

#include "emit/function.h"

void put_tile(Function *f, const Loop *loop, int depth);
// `end`: the variable that holds where the loop ends, or null: its extent.
void put_strip(Function *f, const Loop *loop, int depth, const char *end);
void put_short(Function *f, const Loop *loop, int depth); // short.c: one of few iterations, all at once
void put_held(Function *f, const Loop *entries, int depth, const char *end); // held.c: around the loop over the terms of sums

// Lines that end with an opening brace, and what is known within.
typedef struct OpenLines {
  size_t names, lets;
  int indent;
} OpenLines;
void open_condition(Function *f, const Expr *condition, OpenLines *l); // `if (…) {`
void close_lines(Function *f, const OpenLines *l);

// A sum in lanes: the array of its partial sums, which start as neutral, and all of them joined, as an expression.
const char *partial_sums(Function *f, const Node *n);
void put_partial_sums(Function *f, const Node *n, const char *part);
const char *term_lane(Function *f, const Node *n);
void put_join(Function *f, Text *t, const Node *n, const char *part);
// `entry` takes the node's term: the neutral one where the mask (C, or null) or the condition (or null) does not hold.
void put_term(Function *f, const Node *n, const char *entry, const char *mask, const Expr *guard);
void put_lane_term(Function *f, const Node *n, const char *lane, const char *mask, const Expr *guard); // to that partial sum
// The node's condition, where it does not stand around the loops over the tile; or null.
const Expr *guard_within(const Function *f, const Node *n);

// dots.c: the iterations of a loop with a dot product in each, as many as can be some at a time; the variable that holds where the others
// start, or null: it is none.
const char *put_dots(Function *f, const Loop *loop, const char *end);
bool dots_leave_none(const Function *f, const Loop *loop); // of the loop's iterations

// fixed.c: around a loop, what it adds to in all iterations.
void open_fixed(Function *f, const Loop *loop);
void close_fixed(Function *f, const Loop *loop);

// states.c: the entry of a state that its loop's step reads, or of what the step makes the next state of; the one that the first step reads.
const Expr *entry_at_step(const Function *f, const Node *n);
const Expr *first_entry(const Function *f, const Node *c);

void put_unroll(Function *f); // vectors.c: before a loop of a few iterations: each is written out

// numbers.c: states of a loop that runs one by one, in variables.  They start before the loop, stand for what a step reads, and become
// the next states behind it.
typedef struct Number {
  const Node *carry;
  const char *name;
} Number;
struct Numbers {
  Number *number;
  size_t count, room;
};
void open_numbers(Function *f, const Loop *loop, Numbers *numbers);
void recall_numbers(Function *f, const Numbers *numbers);
bool is_next_number(const Function *f, const Node *n); // does one of them become what the step makes of n?
void put_next_numbers(Function *f, const Numbers *numbers);

// lanes.c: the loop over tiles, and what stands in it.
typedef struct OpenTile {
  size_t names, lets;
} OpenTile;
void open_tile(Function *f, const Loop *loop, bool counts, OpenTile *tile); // counts: its samples
void put_tile_body(Function *f, const Loop *loop, int depth);
void close_tile(Function *f, const OpenTile *tile);

// team.c: steps that are in no loop that threads share out; such a loop; which entry of a record is the node's.
void put_team_steps(Function *f, const Step *steps, size_t count, int depth);
void put_team_loop(Function *f, const Loop *loop, int depth);
const char *record_entry(Function *f, const Node *n); // a block's sum
// What a sum in lanes adds, lane by lane.
void keep_lane_term(Function *f, const Node *n);
void add_lane_term(Function *f, const Node *n);
const char *record_lane(Function *f, const Node *n, int factor);

// Does the node have a value for each sample of the tile in hand, not one for all of them?
bool starts_in_tile(const Function *f, const Node *n);

// body.c
typedef struct LoopText { // an open loop
  const Loop *loop;
  size_t names, lets;
  const Poly *trips;
} LoopText;
void put_steps(Function *f, const Step *steps, size_t count, int depth);
void put_finish(Function *f, const Node *n, const char *joined); // a sum in lanes becomes what it is, which `joined` (C) is, or null
void put_loop_start(Function *f, const Loop *loop);
const char *put_loop_end(Function *f, const Loop *loop); // the variable that holds where it ends; null: its extent
void open_loop(Function *f, const Loop *loop, LoopText *text);
// Is the subscript a loop's index or a number, and below the extent whatever the sizes are?
bool is_entry(const Function *f, const Expr *sub, const Poly *extent);
// `from`: C, or null: where the loop starts.  `end`: of put_loop_end.
void open_loop_from(Function *f, const Loop *loop, const char *from, const char *end, LoopText *text);
void close_loop(Function *f, const LoopText *text);
void put_part(Function *f, const Loop *loop, int depth); // of a loop that runs from f->part_from up to f->part_to

#endif
