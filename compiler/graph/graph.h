// graph.h - the graph of index comprehensions: the one form that lowering makes, derive and simplify map, schedule reads.
//
// A node is an array.  Its entry at output indices (i, j, …) is
//
//     node[i:n, j:m] = reduce[k:p if guard] expr
//
// where expr is one scalar expression over reads of earlier nodes at integer subscripts.  Indices are known by position:
// 0 … nout-1 are the node's outputs, nout … nout+nred-1 are reduced over, in that order (the order of a sum belongs to its
// node: lexicographic in its reduction indices).  Where the guard is false an entry contributes the reduction's neutral
// element; without a reduction the entry is 0 (false for booleans).  Reads under a guard, or on the side of an `if` that is
// not taken, are not made: their subscripts may then lie outside.
//
// A loop is no sub-graph: what its step computes are nodes with the loop's index among their outputs, and a carry hands
// the state on from step to step:
//
//     carry h[t:T + 1, i:m] along t from h_step = start(i)       h[0] = start, h[t + 1] = h_step[t]
//     carry d[t:T + 1, i:m] back along t from d_step = start(i)  d[T] = start, d[t] = d_step[t]
//
// Step t reads the state before it as h[t], or as d[t + 1]; the final state is h[T], or d[0].  The node that a carry takes
// its entries from comes later: the one reference in a graph that is not to an earlier node.  loops.h finds the loops.
//
// Expressions are immutable and hash-consed in their graph: equal expressions are the same pointer.  Nothing is ever
// changed in place; a pass reads one graph and builds another over the same Dims.  Nodes stand in topological order but
// for what carries take.
#ifndef MDLC_GRAPH_H
#define MDLC_GRAPH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "graph/poly.h"
#include "graph/prim.h"
#include "syntax/constraint.h"
#include "syntax/diag.h" // Span

typedef struct Expr Expr;
typedef struct Node Node;
typedef struct Graph Graph;

typedef enum {
  EXPR_REAL,  // a real constant
  EXPR_BOOL,  // true, false
  EXPR_POLY,  // an integer: a constant or a polynomial in the dimensions
  EXPR_INDEX, // the node's index at a position
  EXPR_READ,  // an entry of an earlier node
  EXPR_PRIM   // a primitive of its arguments
} ExprKind;

struct Expr {
  ExprKind kind;
  Type type;
  uint32_t id;    // arguments have smaller ids than what uses them; dense in [0, graph_expr_count)
  uint32_t height; // 0 for leaves, limited to EXPR_HEIGHT_MAX so that recursion over an expression is safe
  uint64_t indices; // bit k: index k occurs in it (those beyond INDEX_MAX, the loops of a schedule, have none)
  uint64_t nodes;   // bit k: a node whose id is k modulo 64 may be read in it
  union {
    double real;
    bool boolean;
    const Poly *poly;
    int index;
    struct {
      const Node *node;
      const Expr *const *sub; // node->nout of them, integers
    } read;
    struct {
      Prim op;
      int narg;
      const Expr *arg[3];
    } prim;
  } u;
};

enum {
  EXPR_HEIGHT_MAX = 10000,
  INDEX_MAX = 64 // indices that a node may have, nout + nred
};

typedef enum {
  NODE_DATA,    // input: data array `which`
  NODE_PARAM,   // input: parameter `which`
  NODE_SEED,    // input: what a derivative is multiplied by; `which` 0: the scalar for the loss, 1 + k: array k
  NODE_COMP,    // a comprehension
  NODE_SCATTER, // node[o] = base(o), then node[target(q)] += expr(q), or = expr(q), over q in the reduction indices
  NODE_CARRY    // the state of a loop along output index `axis`: its expr is the start, over the other indices
} NodeKind;

// Where a node comes from (origin.def); ORIGIN_MODEL: the model or its derivative has it.
typedef enum {
  ORIGIN_MODEL,
#define ORIGIN(name, text) ORIGIN_##name,
#include "graph/origin.def"
#undef ORIGIN
  ORIGIN_COUNT
} NodeOrigin;
extern const char *const origin_text[ORIGIN_COUNT];

typedef enum { REDUCE_NONE, REDUCE_SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_LOGSUMEXP, REDUCE_ARGMAX } Reduce;
extern const char *const reduce_names[]; // "", "sum", "prod", "max", "min", "logsumexp", "argmax"

typedef struct Index {
  const char *name;   // as the model wrote it; printers make names unique
  const Poly *extent; // runs over 0 … extent-1
} Index;

struct Node {
  int id; // position in graph->nodes
  NodeKind kind;
  const char *name; // the model's, or made from it (t_p, d_t_p); unique within its graph; a C identifier
  const char *note; // what a comment above its loop may say ("derivative of the loss by t_p"), or null
  NodeOrigin origin; // why a later pass made it
  Span span;
  Type type;
  int which;            // NODE_DATA, NODE_PARAM: position in the model's declarations
  const Poly *limit;    // NODE_DATA: integers that are declared to be in 0 … limit-1; null: not said
  int nout, nred;
  const Index *index;   // nout + nred; a scatter's guard, expr and targets use nout + k, its base 0 … nout-1
  Reduce reduce;        // REDUCE_NONE exactly where nred is 0; of a scatter always REDUCE_NONE
  const Expr *guard;    // null: always
  const Expr *expr;     // null for inputs
  const Expr *const *target; // NODE_SCATTER: nout subscripts
  const Expr *base;          // NODE_SCATTER: what is there before; null: 0
  bool assign;               // NODE_SCATTER: entries are replaced, not added to; the targets are distinct then
  int axis;                  // NODE_CARRY: the loop's index, with one entry more than the loop has steps
  bool reverse;              // NODE_CARRY: the loop runs from the last step to the first
  const Node *next;          // NODE_CARRY: gives the entry behind each step; the carry's shape, but for the axis' extent
  const Node *alive;         // NODE_CARRY: conditions over the indices up to the axis, or null.  From the first step on for
                             // which it is false, nothing carried changes any more: a loop may be left there
};

typedef enum {
  ROOT_LOSS,
  ROOT_PREDICT,  // name
  ROOT_METRIC,   // name
  ROOT_START,    // which parameter: its start values (may use randn, randu)
  ROOT_GRADIENT, // which parameter: the derivative of the loss, times the seed
  ROOT_AUTHOR,   // which parameter: the `gradient w = …` statement, only ever compared
  ROOT_DERIVATIVE, // which: what the derivative's kind counts (derive/kinds.h)
  ROOT_NAMED     // a definition kept because somebody asked for it by name (explain, dump)
} RootRole;
extern const char *const root_names[]; // "loss", "predict", "metric", "start", "gradient", "author", "derivative", "named"

typedef struct Root {
  RootRole role;
  const char *name; // of the prediction, metric, parameter
  int which;        // parameter, for START, GRADIENT, AUTHOR; else position among its role
  const Node *node;
} Root;

// ---- the model: what was declared, and its graph ----

typedef struct DataDecl {
  const char *name;
  Span span;
  Type type;         // TYPE_REAL or TYPE_INT
  int rank;
  const Poly **extent;
  bool batch;        // the first axis is the batch dimension
  bool ranged;       // `in 0..` at least
  const Poly *limit; // `in 0..k`: k, or null
} DataDecl;

typedef struct ParamDecl {
  const char *name;
  Span span;
  int rank;
  const Poly **extent;
  ConstraintKind constraint;
  const char *written;    // the constraint as the model has it: "> 1 / d"; null: there is none, or no model's text
  const Expr *low, *high; // its bounds, of the kinds that have them: reals, of dimensions alone
  Span start;             // where a start stands that nothing draws at random; without source: nowhere
} ParamDecl;

// A subscript that ranges do not prove: `value` must lie in [0, limit) for all indices (0 … nindex-1, by position) under the guard.
typedef struct RangeCheck {
  Span span;
  const char *text; // what was subscripted, for the message: "E[token[t]]"
  int nindex;
  const Index *index;
  const Expr *guard; // or null
  const Expr *value;
  const Poly *limit;
} RangeCheck;

typedef struct Model {
  Arena *arena;
  const char *name; // a C identifier
  Dims *dims;
  int batch; // the batch dimension, -1: none
  int ndata, nparam, ncheck;
  const DataDecl *data;
  const ParamDecl *param;
  const RangeCheck *check;
  Graph *graph; // as lowered
} Model;

// ---- constraints of parameters: param.c ----

bool has_constraints(const Model *m);
// How often a parameter's constraint stands side by side: its entries, rows or matrices; *length is the extent of a row's
// or matrix's axis (1 for entries).
const Poly *param_rows(Dims *dims, const ParamDecl *p, const Poly **length);
// Its entries in the free vector, which the optimizer moves: of each row or matrix, and of all.
const Poly *param_free_length(Dims *dims, const ParamDecl *p);
const Poly *param_free_size(Dims *dims, const ParamDecl *p);

// ---- building ----

struct Graph {
  Arena *arena;
  Dims *dims;
  const char *name;
  bool blocked; // its loops were cut into blocks of steps, to save memory
  bool keeps_states; // arrays updated in place have states as others do: what they lose is not kept to take them back
  const Node **nodes;
  size_t count, room;
  Root *roots;
  size_t nroots, roots_room;
  struct ExprPool *pool;
};

Graph *graph_new(Arena *a, Dims *dims, const char *name);
uint32_t graph_expr_count(const Graph *g);
const Expr *graph_expr(const Graph *g, uint32_t id);

// Functions that build over other expressions return null where the height limit is passed, and where an argument is
// null, so that a null need be looked for only at the end.  +, -, *, neg, // and % of polynomials are folded into one
// polynomial: two ways to write an extent are the same pointer.  Nothing else is simplified.
const Expr *expr_real(Graph *g, double value);
const Expr *expr_bool(Graph *g, bool value);
const Expr *expr_poly(Graph *g, const Poly *p);
const Expr *expr_int(Graph *g, int64_t value);
const Expr *expr_index(Graph *g, int position); // of a node: position < INDEX_MAX
const Expr *expr_read(Graph *g, const Node *node, const Expr *const *sub);
const Expr *expr_prim(Graph *g, Prim op, const Expr *const *args);
const Expr *expr_prim1(Graph *g, Prim op, const Expr *x);
const Expr *expr_prim2(Graph *g, Prim op, const Expr *x, const Expr *y);
const Expr *expr_select(Graph *g, const Expr *c, const Expr *x, const Expr *y);

bool expr_is_prim(const Expr *e, Prim op);                 // that primitive of some arguments
bool expr_is_zero(const Expr *e);                          // the real constant 0, of either sign
bool expr_is_real(const Expr *e, double value);            // that real constant
bool expr_is_int(const Expr *e, int64_t *value);           // a constant integer
bool expr_uses_index(const Expr *e, int position);
uint64_t indices_below(int count); // the first ones, a bit each
bool expr_reads(const Expr *e, const Node *node);
// May e be without an error of rounding?  Differences of such numbers are where it matters, so they are taken to be exact.
bool expr_may_be_exact(const Expr *e);
// Is the subscript an entry of data, itself read inside, that is declared to be in 0..extent?
bool expr_is_declared(const Expr *sub, const Poly *extent);
bool expr_calls(const Expr *e); // is a function called in it?
// Is some part of it, or it itself, of that kind?  Nothing of null is.
typedef bool PartTest(const void *context, const Expr *part);
bool expr_has(const Expr *e, PartTest *test, const void *context);

// e, perhaps of another graph over the same Dims, built in g from the inside out, each part once: `make` gives what stands for a
// part whose operands have become `arg`; null: the part itself, of these operands.
typedef const Expr *(*PartMaker)(void *context, Graph *g, const Expr *part, const Expr *const *arg);
const Expr *expr_rebuild(Graph *g, const Expr *e, PartMaker make, void *context);

// e with index k replaced by sub[k] (k < nsub; null: left as it is), built in g (e may be of another graph over the same
// Dims).  `node_map[id]` gives the node of g for each node of e's graph; null map: the same nodes.  Shares what is shared.
const Expr *expr_substitute(Graph *g, const Expr *e, const Expr *const *sub, int nsub, const Node *const *node_map);

// e, of g, with other expressions for those reads for which `replace` gives one (null: the read stays), from the inside out.
typedef const Expr *(*ReadReplacer)(void *context, const Node *node, const Expr *const *sub);
const Expr *expr_replace_reads(Graph *g, const Expr *e, ReadReplacer replace, void *context);
// e as Σ coefficient[k] * index k + rest, coefficients constant integers, rest free of the indices (it may read integer
// nodes): false where e is not affine so.  coefficient has room for nindex.
bool expr_affine(Graph *g, const Expr *e, int nindex, int64_t *coefficient, const Expr **rest);

// e and all that it is made of, each once, in order of ids (e last); *count of them, in a.
const Expr **expr_parts(Arena *a, const Expr *e, size_t *count);

// Appends a node.  The struct is copied, its arrays too; id and a unique name are assigned (a base name that is taken,
// by a node, a dimension or a word of the textual form, gets _2, _3 …).
const Node *graph_add(Graph *g, const Node *node);
// Gives a carry, added without, what it takes its entries from.
void graph_close(const Node *carry, const Node *next, const Node *alive);
// Takes back the nodes from that position on, of which nothing that stays may know.
void graph_take_back(Graph *g, size_t count);
// n with its expressions in g; `map[id]` gives the node of g for each node that n reads.  What a carry takes is left out.
Node graph_translated(Graph *g, const Node *n, const Node *const *map);
// Closes the copies, in `map`, of all carries of `in` as the originals are.
void graph_close_copies(const Graph *in, const Node *const *map);
// Gives g the roots of `in` that have one of the roles (a bit each), whose nodes have their copies in `map`.
#define ALL_ROLES UINT_MAX
bool root_has_role(const Root *r, unsigned roles);
void graph_copy_roots(Graph *g, const Graph *in, const Node *const *map, unsigned roles);
// Marks, by id, what the marked nodes read or take, whatever the number of steps.
void graph_mark_needed(const Graph *g, bool *needed);
Node node_whole(const Node *n, const Expr *expr); // an array of n's name and shape, put together from others
bool node_is_input(const Node *n); // data, a parameter or a seed: it is not computed
const Node *graph_find(const Graph *g, const char *name);
void graph_add_root(Graph *g, RootRole role, const char *name, int which, const Node *node);
const Root *graph_root(const Graph *g, RootRole role, int which); // null: none

// Visits each distinct read in e: in order of expression ids.
typedef void (*ReadVisitor)(void *context, const Expr *read);
void expr_each_read(const Graph *g, const Expr *e, ReadVisitor visit, void *context);
// The same for all expressions of a node; a read that stands in two of them is visited twice.
void node_each_read(const Graph *g, const Node *n, ReadVisitor visit, void *context);

#endif
