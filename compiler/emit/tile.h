// tile.h - what the files that print loops in lanes share.
#ifndef MDLC_TILE_H
#define MDLC_TILE_H

#include "emit/lanes.h"

// ---- vectors.c ----

int lanes_of(const Function *f); // of a vector
// What arrays over the tile are subscripted with from here on (null: no lane), and whether nothing may branch.
void set_lane(Function *f, const char *lane, bool wide);
void note_sides(Function *f, const Step *step, size_t count); // of the steps that run in lanes next
void declare_lanes(Function *f, const char *type, const char *name);
void put_extent(Function *f, const Loop *loop, int precedence);
void put_until(Function *f, const Loop *loop, const char *end, int precedence); // end: of put_loop_end
// The loop's iterations, so many at a time: int64_t j_round = 0; for (; j_round + 4 <= d; j_round += 4) {
void put_round_head(Function *f, const Loop *loop, const char *from, int rounds, const char *end);
bool is_multiple(const Function *f, const Poly *extent); // is nothing left over behind the last whole vector?
// Does all that e reads along the loop go on behind its bound, as far as it would run without?  Then a last vector may reach beyond the
// bound, if what it makes there is left out.
bool goes_on(const Function *f, const Expr *e, const Loop *loop);

void put_few(Function *f);    // before a loop that has fewer iterations than a vector has lanes
void put_singly(Function *f); // in such a loop, where it is not to become vectors

// Each of these opens one of the lines that close_lines closes.
void open_lines(Function *f, OpenLines *l);
void open_vectors(Function *f);
void open_blocks(Function *f, int before, int many); // before: of those that blocks of so many leave, 0: of all
void open_rest(Function *f, int before);
void open_lanes(Function *f);
void open_lane_loop(Function *f, const char *lane); // of that name, over a vector's lanes
void open_samples(Function *f, const char *from);

// ---- strip.c, behind.c and ahead.c for loops that add something behind each vector ----

typedef struct Kept Kept; // what a vector leaves for the steps behind it
void put_strip_steps(Function *f, const Loop *loop, size_t from, size_t end, int depth); // of the body, for the iteration in hand
void put_vector(Function *f, const Loop *loop, int depth, const char *from, Kept *kept); // a vector's lanes; kept: null where nothing is behind
void keep_values(Function *f, const Loop *loop, const char *lane, Kept *kept); // at the end of what a lane computes
void put_vector_and_behind(Function *f, const Loop *loop, int depth, const char *from);
void put_ahead(Function *f, const Loop *loop, const char *from, const char *end); // ahead.c: before a vector, for the next one
void put_beyond_cache(Function *f, const Poly *entries); // are so many more than what a core's own cache holds?

// ---- staging.c ----

// Is there a read of an array over all samples, or a choice that all of them share, to be made before the lanes?
bool has_outside(const Function *f, const Expr *e);
// What the steps read of those, until the stages from `mark` on are forgotten.
void stage_steps(Function *f, const Step *step, size_t count);
void forget_stages(Function *f, size_t mark);
void put_turned_rows(Function *f, const Node *n); // at the tile's start
void put_rows_back(Function *f, const Node *n);   // at its end
// How far apart in memory the entries are that a read has for one sample and the next; null: not everywhere as far.
const Poly *sample_step(const Function *f, const Expr *read);
// call(&x[i_tile * d + j], d, lanes, array): of what lies so far apart.
void put_tile_call(Function *f, Helper helper, const char *call, const Expr *read, const Poly *step, const char *array);

// ---- lanes.c ----

bool is_scalar_lane(const Function *f, const Node *n); // has each sample of the tile a scalar of its own?
bool is_plain_node(const Step *step);
// Steps of a group at the lanes that stand open; `part`: of sums over the samples, the partial sums; whole: all lanes are samples.
void put_lane_steps(Function *f, const Step *step, size_t count, const char *const *part, bool whole);
void hoist_shared(Function *f, const Step *step, size_t count);
bool adds_block(const Function *f, const Step *step); // of a sum over the samples, to be added to its entry

// ---- turned.c ----

// A loop for the vectors of the tile, and a group of steps behind it that go along.
typedef struct Turned {
  const Loop *loop;
  const Step *step;
  size_t count;
  const char **part; // their partial sums
} Turned;

// Is all of it one group that reads nothing from outside?  Then the vectors stand around the loop.
bool turns_out(const Function *f, const Loop *loop);
// Which sums of a tile's steps start in the registers of the loop that adds them up, so that their steps do nothing, and which of these
// nothing reads but what goes with that loop.
void note_starts(Function *f, const Step *step, size_t count);
size_t count_along(const Function *f, const Step *step, size_t count); // how many of `count` steps go with the first, a loop
void put_turned_out(Function *f, const Turned *turned, int depth);

// ---- states.c ----

// An entry that a loop reads of each sample at every step, and the variable that holds it, a vector or some.
typedef struct HeldRead {
  const Expr *read;
  const char *vector;
} HeldRead;

typedef struct States {
  HeldRead *held;
  size_t count, room;
} States;

void find_states(Function *f, const Loop *loop, int many, States *states); // and declares their variables
// At the lanes that stand open: the variables start; they stand for what a step reads; behind a step they become the next states.
void put_first_states(Function *f, const States *states);
void recall_states(Function *f, const States *states);
void put_next_states(Function *f, const States *states);

// ---- singly.c ----

// A loop inside of the tile that runs for one of its samples after the other.
void put_singly_within(Function *f, const Step *step, int depth);

// ---- rounds.c ----

// The sum that is all a loop inside of the tile adds up, one in each round; null: it does something else.
const Step *round_sum(const Function *f, const Loop *loop);
bool rounds_are_all(const Function *f, const Loop *loop); // is there no rest?
// Gives the name of the variable that holds where the rest of the rounds starts.
const char *put_rounds(Function *f, const Loop *loop, const Step *sum, const char *end);

// ---- rows.c ----

// A loop inside of the tile as one call, where it is a product with the samples' rows; else false, and nothing is put.
bool put_row_product(Function *f, const Loop *loop);

// ---- strip.c ----

bool step_reads(const Function *f, const Step *step, const Node *n); // of a step that is no loop

// ---- rest.c ----

// A strip's rest as a vector more, where that is worth it and can be; else false, and nothing is put.
bool put_rest_in_lanes(Function *f, const Loop *loop, int depth, const char *from, const char *end);

// ---- sums.c ----

// A tile's block: its partial sums, and their sum, added to the node's entry.
const char *open_block(Function *f, const Node *n);
void close_block(Function *f, const Node *n, const char *part);
// A block's sum (C) to the node's entry, if there is one: where the node's condition held for no sample nothing was summed.
void add_block(Function *f, const Node *n, const char *sum);

#endif
