// schedule.h - from a graph to a loop tree: fusion along shared indices, contraction of local arrays, where things are stored.
#ifndef MDLC_SCHEDULE_H
#define MDLC_SCHEDULE_H

#include "base/text.h"
#include "graph/graph.h"
#include "graph/loops.h"
#include "schedule/contraction.h"
#include "schedule/edges.h"
#include "schedule/reason.h"

typedef struct Loop Loop;
typedef struct Step Step;

typedef enum {
  STEP_LOOP,
  STEP_INIT,  // a reduction's accumulators take their neutral value, a scatter its base, a carry its start
  STEP_NODE,  // one entry is computed, or one term accumulated; or a contraction
  STEP_FINISH, // a sum in lanes joins its partial sums
  STEP_NEXT,  // behind a step of its loop, a carry takes its next entry
  STEP_LEAVE, // the loop is left where its condition `node` is false, all that it gives filled up
  STEP_STORE, // a finished scalar goes to the memory it is wanted in
  STEP_COPY   // a whole array goes to the memory it is wanted in
} StepKind;

// In which order a sum adds its terms: a matter of the node alone, so that no schedule changes a bit.
typedef enum {
  ORDER_TERMS,  // lexicographic in the reduction indices
  ORDER_LANES,  // as many partial sums as there are lanes: the term at i of `index` goes to number i % lanes; joined in pairs
  ORDER_BLOCKS, // blocks of SAMPLE_TILE entries of `index`; within one as in lanes, of what adds to few entries term by term; one block
                // after the other is added
} SumOrder;

typedef struct NodeOrder {
  SumOrder kind;
  int index; // of the node, -1: none
  ReasonKind why;
  bool logs; // in lanes, of logarithms: each multiplies their arguments, and one logarithm is taken of the product
  bool from_1; // and none of them is below 1
} NodeOrder;

enum { SAMPLE_TILE = 64, LANES_MOST = 16 }; // LANES_MOST: that run side by side in a vector, of the smallest reals

// `sample`: the extent that samples are counted by (sample_extent), or null.
NodeOrder node_order(const Graph *g, const Node *n, const Poly *sample);
// Does each sample add to a few of the sum's entries alone (attained.h)?
bool adds_to_few(const Node *n);
// Is e the logarithm of *x, or that *times (1 or 2; else null) over?
bool log_term(const Expr *e, const Expr **x, const Expr **times);
// The batch dimension; else the one that most data have in front; else the one that most sums run over; null: none, or loops
// carry a state along it, or of all samples.
const Poly *sample_extent(const Model *m);

// How the iterations of a loop run side by side.
typedef enum {
  LANES_NONE,
  LANES_STRIP, // lanes of iterations at a time, and the rest one by one
  LANES_SHORT, // all iterations at once: few, a part of a vector
  LANES_TURNS, // as in strips, but in a round of lanes one iteration is behind the other (turns.c)
  LANES_HELD,  // the same, of some vectors: the loop within adds terms to entries of theirs, which stay in registers
  LANES_ROWS,  // inside of a tile: a product with its samples' rows as they lie (rows.c)
  LANES_STATES, // inside of a tile, within the loop over its vectors: states stay in registers (states.c)
  LANES_SINGLY, // inside of a tile: for one of its samples after the other (singly.c)
  LANES_TILE   // SAMPLE_TILE iterations at a time, each group of steps for all of them before the next
} LaneKind;

// In a tile: how a step runs for its iterations.
typedef enum {
  LANE_WIDE,   // in lanes, those beyond the end along with the others
  LANE_EDGE,   // one by one: entries go to or come from arrays over all iterations
  LANE_GATHER, // what is summed over the iterations, in lanes
  LANE_SINGLE  // one by one
} LaneClass;

// How the threads of a team run a loop that is in none that they share out (team.c).
typedef enum {
  TEAM_ONE,   // the first thread alone
  TEAM_EACH,  // each of them all of it: it fills nothing but variables
  TEAM_STEPS, // each of them all its iterations, in which they share out what stands in them
  TEAM_SPLIT, // each of them a part of the iterations
  TEAM_WAVES  // the same by tiles; what is summed over these is kept, and added in its order behind each wave of them
} TeamKind;

struct Step {
  StepKind kind;
  Loop *loop;       // STEP_LOOP, STEP_LEAVE
  const Node *node; // the others
  int sink;         // STEP_STORE, STEP_COPY: position in the task's sinks
  bool idle;        // nothing is left to do: what it would copy is there already
  LaneClass lane;   // in a tile
  ReasonKind lane_why;
};

// `index` runs from the largest of 0 and low[] to the smallest of extent and high[] (expressions over outer loops by id).
// A loop that carries a state backwards runs from extent - 1 down to 0.
struct Loop {
  int id;    // position in schedule->loops
  int depth; // 1: outermost
  Loop *parent;
  const char *name; // the index as the model wrote it
  const Poly *extent;
  Step *body;
  size_t nbody, room;
  const Node **members; // the nodes that share it
  size_t nmembers;
  const Expr **low, **high;
  size_t nlow, nhigh;
  bool carries, reverse;
  bool blocks;  // of its steps some loops are `delayed`
  bool delayed; // what it adds far from its step is added behind some steps (delay.c)
  const Node *alive; // the condition to go on, or null
  const Node **fill; // of a loop that is left: the arrays over its steps
  size_t nfill;
  LaneKind lanes;
  size_t behind; // LANES_STRIP: so many steps at the body's end run behind each vector, for one of its lanes after the other (behind.c)
  Edges edges; // LANES_STRIP: the iterations that run one by one, since conditions there are not those of the others
  const Node **rows; // of a tile: arrays whose rows, one a sample, are turned into lanes at its start
  size_t nrows;
  const Node **put; // of a tile: arrays of its own whose rows go to their sinks at its end
  size_t nput, put_room;
  const Node **blocked; // of a tile: the arrays that are blocked and known there
  size_t nblocked, blocked_room;
  Reason why, lanes_why; // it is a loop by itself; its iterations run so
  bool fetches;          // LANES_ROWS: it asks for the next tile's rows meanwhile
  TeamKind team;
  const Poly *record; // TEAM_WAVES, or with LANES_SINGLY within: the reals that a tile keeps
  const Poly *kept;   // where in work memory those of a wave's tiles are, or of one tile
  int wave;           // tiles
};

// Memory a node's value is wanted in.
typedef struct Sink {
  const Node *node;
  bool accumulate; // add to what is there
  bool tape;       // the tape; otherwise an output of the function
  int output;      // which output
} Sink;

// One function to be scheduled: what it must compute and what is there already.
typedef struct Task {
  const Graph *graph;
  const Sink *sinks;
  size_t nsinks;
  const Node *result;          // the scalar it returns, or null
  const bool *given;           // by node id: on the tape already; null: none
  const Node *const *given_in; // by node id: the given carry that holds the node's entries, or null; null: none
  const Poly *sample; // sample_extent
  bool no_fuse, no_contract;
  bool no_fma; // each product and each sum is rounded by itself
  int threads; // of a team, at most; 0: there is none
} Task;

typedef enum {
  STORED_NOT,   // not needed here
  STORED_INPUT, // data, parameter, seed
  STORED_GIVEN, // on the tape
  STORED_LOCAL, // a scalar variable
  STORED_SINK,  // in the memory of sink `sink`
  STORED_STATE, // as entries of the carry `state`
  STORED_WORK   // in work memory
} Stored;

// What the schedule says of one node.
typedef struct Place {
  bool needed;
  Loop **loop; // by index position
  Reason *joined; // by index position: why there
  bool *mirrored; // by index position: its last entry comes first in the loop, which runs backwards
  Loop *home;  // the loop around its first step, null: none
  Stored stored;
  int sink;
  bool *kept;        // by output position: an axis of the stored array (the others shrank to one entry)
  Reason *kept_why;  // by output position, of the kept ones
  bool in_place;     // a sum that starts from what its one output holds and is formed there
  const Contraction *contraction; // computed whole, by one step; null: by loops
  ReasonKind contraction_why;
  const Node *state; // STORED_STATE: the carry that takes it, with all steps; step t is the entry behind the step there
  const Node *in;     // STORED_WORK: the array whose memory it shares, or null
  Reason in_why;      // it shares that; or, without one, it is a copy of another version
  const Poly *offset; // STORED_WORK: in elements of its type
  const Poly *rows;   // of what a tile reads: where in work memory its rows stand turned, SAMPLE_TILE by each entry; or null
  bool split;         // of a contraction: threads share it out
  bool own;           // STORED_WORK: each thread of a team has its own
  const Poly *record; // of what is summed over a wave's tiles: where in the record of one it is kept; else null
  bool lane;          // each iteration of a tile has its own: SAMPLE_TILE of them side by side, innermost
  bool blocked;       // and each tile keeps its part, behind that of the one before: its samples, rounded up to whole vectors
  int samples;        // of what is blocked: the output that counts them
  ReasonKind lane_why;
  const Expr
      *guard; // what remains of the node's guard after the loops took their bounds from it (over loop ids), or null
} Place;

typedef struct Schedule {
  Arena *arena;
  Task task;
  Step *body;
  size_t nbody, room;
  Loop **loops;
  size_t nloops, loops_room;
  Place *place;                           // by node id
  NodeOrder *order;                       // by node id
  Graph *pool;                            // expressions whose indices are loop ids
  const Poly *work_reals, *work_integers; // elements of work memory
  const Poly *panels;                     // where in it contractions pack what they read, or null
  bool team;                              // threads share out some of it
  const Poly *own_reals, *own_integers;   // how far apart what threads have of their own is
} Schedule;

// In a tile: what a loop sums, a product of a row of each sample and a vector.
typedef struct RowProduct {
  const Node *node;
  const Expr *row, *by; // reads, over loop ids
  bool sums;            // over the samples, for each entry; else over the entries, for each sample
} RowProduct;
// False: it does something else.
bool row_product(Schedule *s, const Loop *tile, const Loop *loop, RowProduct *p);

// Is the loop's index in an expression over loop ids?
bool mentions_loop(const Expr *e, const Loop *loop);
// The entries of an array behind one of its first index.
const Poly *row_size(const Graph *g, const Node *n);
// The entries of the axes that are kept of a node; of what is by lane, for one lane.
const Poly *kept_entries(const Schedule *s, const Node *n);
// Does the condition of an accumulating node not depend on the loop that runs in lanes?
bool guard_stands_outside(const Schedule *s, const Node *n, const Loop *loop);
// Does what is added under the guard alone go to an entry that without it may not be there?
bool adds_lazily(const Schedule *s, const Node *n);
// The condition of all steps of a loop's body, where it is the same one, of terms, for all iterations; or null.
const Expr *shared_guard(const Schedule *s, const Loop *loop, const Step *body, size_t count);
// Behind the last step of the group, of steps in a tile, that begins with body[from].
size_t lane_group_end(const Schedule *s, const Loop *tile, const Step *body, size_t from, size_t count);

Schedule *schedule_task(Arena *a, const Task *task);
void schedule_print(Text *t, const Schedule *s);

// Does the subscript of a carry's axis stand for the state behind the last step?
bool is_last_state(Dims *dims, const Node *c, const Expr *sub);
// The carry along the loop's steps that takes its entries from n, or null; carries of loops within are none of it.
const Node *state_taking(const Schedule *s, const Loop *loop, const Node *n);
// A node's expression with its indices replaced by the loops they run in.
const Expr *schedule_expr(Schedule *s, const Node *n, const Expr *e);
// Does the node leave its entry's step with a reduction unfinished?
bool node_accumulates(const Node *n);
// The index that runs where index q does: of a scatter's output the one whose target it is, else q itself.  -1: there is none.
int node_runs_by(const Node *n, int q);
// Is index q of a scatter the target of an output, whose loop it shares?
bool node_is_target(const Node *n, int q);

// The reads of a node, wherever they stand in it, each once.
typedef struct Reads {
  const Expr **read;
  size_t count, room;
} Reads;
Reads node_reads(Arena *a, const Graph *g, const Node *n);

#endif
