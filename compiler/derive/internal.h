// internal.h - what the files of derive share.
//
//   derive.c   which nodes have derivatives; reverse mode: their adjoints, last first; copies; the gradient's roots
//   forward.c  forward mode: the tangents of nodes, first ones first
//   local.c    the derivative of a reduction by its entries
//   flow.c     reverse accumulation inside one expression: the partial derivative by each of its reads
//   loop.c     the adjoint of a loop: a loop in the other direction
//   again.c    loops within loops, and what depends on them, run once more beside their adjoints
//   rewind.c   arrays updated in place, taken back step by step where a loop's adjoint reads them
//   solve.c    from "A[f(q)] was read" to a comprehension over A's own indices
//   pattern.c  conditions outside of which a derivative is 0
//   support.c  conditions under which an adjoint was sent at all
//   finite.c   which values may be infinite or NaN
#ifndef MDLC_DERIVE_INTERNAL_H
#define MDLC_DERIVE_INTERNAL_H

#include "derive/derive.h"
#include "graph/loops.h"

// What one read contributes to the adjoint of the node that it reads: over the extra indices and that node's own, then
// nred more that are summed over; or, with targets, a scatter over the nred ones.
typedef struct Contribution {
  const char *via; // the name of the node whose expression has the read
  const Index *index;
  int nred;
  const Expr *guard; // or null
  const Expr *value;
  const Expr *const *target; // or null
  const Expr *support;       // besides the guard: only where it holds was anything sent; null: nothing known
} Contribution;

typedef struct ContributionList {
  Contribution *list;
  size_t count, room;
} ContributionList;

// The adjoint or the tangent of a node, over the extra indices and then its own.  It is 0 outside of the pattern (null:
// nowhere known): so says its own guard too, but whoever reads it only there never computes the rest.
typedef struct Derivative {
  bool present;     // else: 0
  const Node *node; // null: 1 where the pattern holds
  const Expr *pattern;
  const Expr *support; // of an adjoint: where it does not hold, no branch that was taken reads the node; null: nothing known
} Derivative;

// The tangent of a node as a sum: of one term, or of those that are kept apart (derive_parts).  Empty: 0.
typedef struct Tangents {
  Derivative *list;
  size_t count, room;
} Tangents;

// Which of a list of patterns go together, and what those have in common.
typedef struct Parts {
  size_t count;
  size_t *of;           // by pattern: its part
  const Expr **pattern; // by part
} Parts;

// The derivative of a node by an entry of what it reduces, where the guard (or null) holds.
typedef struct Local {
  const Expr *factor, *guard;
  bool wild; // the factor may be infinite or NaN
} Local;

// What stands, while a loop's adjoint runs, for a node of the loop: `node` at the same subscripts, but for the loop's step, which is `shift` more at `axis`.
typedef struct Rewound {
  const Node *node; // null: nothing
  int axis, shift;
  bool again; // computed once more: for those that read it at an index alone in subscript `step`
  int step;
} Rewound;

// What runs again at the level of loops in hand.
typedef struct Again {
  int *step;    // by id under nold: the index that is the step of the outer loop; -1: it does not
  bool *turned; // by id under nold: that loop runs forwards, so its adjoint backwards
  bool *astray; // by id under nold: reads what runs again at other steps than its own
  bool off;     // all reads stay, now
} Again;

// A node that was made as a version of an array in place.
typedef struct Version {
  const GraphLoop *loop;  // in which it is one; null: it is none
  const Node *stands_for; // the version of the loop that it is when taken back; null: of an adjoint
} Version;

typedef struct Range Range;

typedef struct Derive {
  Arena *arena;
  Graph *graph; // that is being extended
  const Derivation *task;
  const PrimRow *table;
  size_t nold;            // nodes that were there before
  bool *wanted;           // by id under nold: lies between the inputs and the outputs
  Derivative *of;         // by id under nold: its adjoint
  Tangents *tangents;     // by id under nold
  bool apart;             // tangents are of more than one part
  bool *seeded;           // by id under nold: its tangent is given
  struct Clause *added;   // by id of a carry: patterns of what the steps of its loop add to its tangent
  ContributionList *into; // by id under nold
  ContributionList *step; // by id of a carry: from the steps of its loop, over the shape of what it takes
  const LoopTree *loops;  // of the nodes under nold
  bool *in_place;         // by id under nold: a version of an array that is updated in place
  const Node **successor; // by id of a carry in place: the node outside of the loop that its last state goes on as
  const Node **resume;    // by carry: what its rewinding starts from, where the step overwrites what its loop left
  Rewound *rewound;       // by id under nold
  Again again;
  uint64_t *
      backward; // by id under nold, a bit for each index: its adjoint comes from a loop's, which runs along it backwards
  Version *version; // by id from nold on
  size_t nversion, version_room;
  uint32_t *slot; // flow.c: where an expression stands in the list at hand, by expression id
  size_t nslot;
  Range *range, *node_range; // finite.c: by expression id, by id under nold
  size_t nrange;
  const struct Clauses **clauses; // clauses.c: of a condition, by expression id
  size_t nclauses;
  bool *minds; // support.c: by id under nold: some partial derivative below may be infinite or NaN
} Derive;

// A flow into one read: the partial derivative by it times a seed, under `guard` (null: always), of which `condition` is
// the part that stands inside the expression.
typedef struct Flow {
  const Expr *read, *value, *guard, *condition;
  const Expr *support; // outside of which nothing was sent, though the guard holds; null: nothing known
} Flow;

// Where a flow goes: an array of such indices, at these subscripts.
typedef struct Goal {
  const Node *node;       // whose adjoint it is
  const Index *index;     // the extra ones, then node->nout
  const Expr *const *sub; // without the extra ones
  ContributionList *list;
} Goal;

// ---- derive.c ----
// A node for what n reduces.
const Node *derive_name_candidates(Graph *g, const Node *n);
// Fills d for a task whose derivatives run between these nodes; false: too high, or too many indices.
bool derive_begin(Derive *d, Graph *g, const Derivation *task, const Node *const *input, int ninput,
                  const Node *const *output, int noutput);
// The adjoints of the nodes and loops of a list, last one first.
void derive_items(Derive *d, const LoopItem *item, size_t count);
// The sum of the contributions to the adjoint of a, a node or what looks like one.
Derivative derive_sum(Derive *d, const Node *a, const ContributionList *into, bool in_place);
// Hands the adjoint on to the reads of e, an expression over the outputs of n: `value` over the extra indices and those.
void derive_push_expr(Derive *d, const Node *n, const Expr *e, const Expr *value, const Expr *guard);
// The node's entry at the first indices of whoever reads it.
const Expr *derive_read_own(Graph *g, const Node *n);
// The indices of n behind the extra ones.
Index *derive_index(Derive *d, const Node *n, int more);
const char *derive_what(const Derive *d); // "loss"

// ---- local.c ----
Local derive_local(Derive *d, const Node *n);

// ---- flow.c ----
// The flows into all reads of wanted nodes in n's expression, whose own adjoint is `seed` under `guard`, and 0 outside of
// the support (null: unknown): there it meets no partial derivative that may be infinite or NaN.
size_t derive_flows(Derive *d, const Node *n, const Expr *seed, const Expr *guard, const Expr *support, Flow **flows);
// May a partial derivative by a wanted read in n's expression be infinite or NaN?
bool derive_has_wild_partial(Derive *d, const Node *n);
// a and b, where null is true.
const Expr *derive_and(Graph *g, const Expr *a, const Expr *b);
// The n > 0 entries of a list as one sum (or disjunction); overwrites the list.
const Expr *derive_fold(Graph *g, Prim op, const Expr **list, size_t n);
// a * b without the noise of 1, -1 and 1/y.
const Expr *derive_mul(Graph *g, const Expr *a, const Expr *b);
// not e, without a double negation.
const Expr *derive_not(Graph *g, const Expr *e);

// ---- finite.c ----
// Neither infinite nor NaN, where inputs are finite and no sum or product overflows.  e is over nodes under nold.
bool derive_is_finite(Derive *d, const Expr *e);

// ---- clauses.c ----
// A conjunction, each of its conditions once, and a disjunction of such.
typedef struct Clause {
  const Expr **list; // the first one first
  size_t count, room;
} Clause;
typedef struct Clauses {
  Clause *list;
  size_t count, room;
} Clauses;
void derive_clauses_add(Derive *d, Clauses *c, const Expr *e); // "or e"
// That one of them holds; null: always.  Loosely: that an index is in its range is as good as always true.
const Expr *derive_clauses_any(Derive *d, Clauses *c, bool loosely);

// ---- support.c ----
// The support of the adjoint of a, over the extra indices and its own: that of any of the contributions.
const Expr *derive_support(Derive *d, const Node *a, const ContributionList *into, const Expr *pattern);
bool derive_stands_alone(const Derive *d, const Expr *e); // may it be computed wherever its indices are in range?

// ---- solve.c ----
// The contribution of a flow in the expression of node n, which has the extra indices (derive_lifted).
Contribution derive_solve(Derive *d, const Node *n, const Flow *flow, const Goal *goal);

// ---- loop.c ----
// The goal of what flows into a read by node n: a step's read of the state goes to what the carry takes.
Goal derive_goal(Derive *d, const Node *n, const Expr *read);
// Is index q of the lifted node n that of a loop whose adjoint runs backwards (or goes along with such a one), and that `goal`
// is outside of?
bool derive_is_backward(const Derive *d, const Node *n, int q, const Node *goal);
// Notes along which indices of what it reads the adjoint does.
void derive_note_backward(Derive *d, const Node *n, const Expr *read);
// The adjoints of a loop's state and of all that runs in it.
void derive_loop(Derive *d, const GraphLoop *loop);

// ---- again.c ----
// Does n run in that loop, or in one inside, or is it the state of one?
bool derive_runs_in(const Derive *d, const GraphLoop *loop, const Node *n);
// Around the adjoints of nodes and loops: what is read for what runs in the steps of these loops.
Again derive_again_open(Derive *d, const LoopItem *item, size_t count);
void derive_again_close(Derive *d, Again before);

// ---- rewind.c ----
void derive_find_in_place(Derive *d);
// Around the adjoint of a loop; and at each node in it, before the node's adjoint is handed on.
void derive_rewind_open(Derive *d, const GraphLoop *loop);
void derive_rewind_over(Derive *d, const Node *n);
void derive_rewind_close(Derive *d, const GraphLoop *loop);
// e, or null, with reads of what was rewound for reads of those versions.
const Expr *derive_rewind(Derive *d, const Expr *e);
// e, or null, of the adjoint of n, with nodes of their own for the entries of versions that another loop makes.
const Expr *derive_pick(Derive *d, const Node *n, const Node *lifted, const Expr *e, const Expr *guard);
// `made` is a version of an array in place: like `of` in the adjoint's loop, or, `taken_back`, the same as `of`.
void derive_mark_version(Derive *d, const Node *made, const Node *of, bool taken_back);
// Does e read such a version, that may be gone when the adjoint of `goal` is summed?
bool derive_reads_version(Derive *d, const Expr *e, const Node *goal);

// ---- pattern.c ----
// n with the extra indices in front of its own, and of those that a scatter adds over; not a node of the graph.
Node derive_lifted(Derive *d, const Node *n);
const Expr *derive_lift(Derive *d, const Node *n, const Expr *e); // an expression (or null) of n, in the lifted node
int derive_extra_at(const Derive *d, const Node *n); // where the lifted node's expressions have the extra indices
// e[extra, own] at the given entry of the node, with the extra indices from `extra_at` on.
const Expr *derive_at(Derive *d, const Expr *e, int extra_at, const Expr *const *sub, int nsub);
// A pattern so; conditions that say the same in other words become the same.
const Expr *derive_pattern_at(Derive *d, const Expr *pattern, int extra_at, const Expr *const *sub, int nsub);
const Expr *derive_value_at(Derive *d, const Derivative *of, int extra_at, const Expr *const *sub, int nsub);
// 1 where the extra indices equal those of n, or some of them, as the task has it.
Derivative derive_diagonal(Derive *d, const Node *n);
// The conditions on an extra index in `e` that need no index from `end` on, nor, unless `reads`, an entry that there might
// not be; null: none.
const Expr *derive_pattern(Derive *d, const Expr *e, const Index *index, int end, bool reads);
// The terms of a conjunction (or null), the first one first.
const Expr **derive_conjuncts(Derive *d, const Expr *e, size_t *count);
// What holds in both; null: nothing known of.  What of e does not stand in `of`.
const Expr *derive_common(Derive *d, const Expr *a, const Expr *b);
const Expr *derive_without(Derive *d, const Expr *e, const Expr *of);
// Patterns that say the same of each extra index that is long go together; where tangents are not apart, all do.
Parts derive_parts(Derive *d, const Expr *const *pattern, size_t count);

#endif
