// function.h - one generated function in the making.
#ifndef MDLC_FUNCTION_H
#define MDLC_FUNCTION_H

#include "emit/emit.h"
#include "emit/names.h"
#include "schedule/schedule.h"

// The helpers that the file uses so far: printed once, before the functions.
typedef enum {
  HELPER_POWI,
  HELPER_SIGN,
  HELPER_SECH,
  HELPER_SIGMOID,
  HELPER_SOFTPLUS,
  HELPER_MAX,
  HELPER_MIN,
  HELPER_MAX_INTEGER,
  HELPER_MIN_INTEGER,
  HELPER_LANES,
  HELPER_VECTORS,
  HELPER_UNROLL,
  HELPER_TURNS,
  HELPER_FEW,
  HELPER_CACHE,
  HELPER_AHEAD,
  HELPER_TILE,
  HELPER_TILE_INTEGERS,
  HELPER_TILE_PUT,
  HELPER_ADD_BLOCK,
  HELPER_TURN,
  HELPER_ROWS,
  HELPER_JOIN,
  HELPER_JOIN_FOUR,
  HELPER_JOIN_MAX,
  HELPER_JOIN_MIN,
  HELPER_FLOORDIV,
  HELPER_MOD,
  HELPER_RANDOM,
  HELPER_CONTRACT,
  HELPER_CONTRACT_PART,
  HELPER_COUNT
} Helper;

typedef struct Unit { // the file
  Arena *arena;
  const Model *model;
  const EmitOptions *options;
  const char *real; // "double" or "float"
  bool helper[HELPER_COUNT];
  unsigned math;              // which of embedded_math are used, a bit each
  bool math_call[PRIM_COUNT]; // functions of math.c that are called outside of lanes
  bool team;                  // something is shared out between threads
  bool dispatched;            // something is compiled for several widths
} Unit;

typedef struct SinkPlace { // where a sink is, in C
  const char *pointer;     // of an array: "grad_w"
  const char *lvalue;      // of a scalar: "grad[thermometer_at_w]"
  int nrow;                // its first indices count rows, `stride` reals apart; null: the array is dense
  const Poly *stride;
} SinkPlace;

typedef struct Rest Rest;
typedef struct Numbers Numbers;

typedef struct Function {
  Unit *unit;
  Schedule *s;
  Text body;
  int indent;
  Names names;
  const char **dim_name;  // by dimension: its local name
  bool *dim_used;         // by dimension
  const char **node_name; // by node: its variable or pointer
  bool *node_used;        // by node: read or written through node_name
  const SinkPlace *sink;  // by sink
  bool *sink_used;
  const char **loop_name;   // by loop, while it is open
  const char **loop_variable; // by loop: what its `for` counts with
  int *loop_rounds;           // by loop: how many of its rounds run side by side, 0: one
  const Expr **expr;        // by node, over loop ids
  const Expr **inside;      // by node: the same between the edges of a loop in strips; null: it has none
  const Expr **guard_inside; // by node: its condition there; null: it has none, or that always holds
  const Expr ***target;     // by node
  size_t nexpr;             // expressions of s->pool that the tables below cover
  const char **let;         // by expression: the variable that holds it, while in scope
  int *parents;             // by expression: how many use it
  int *level;               // by expression: the depth of the loop that it needs
  uint8_t *degree;          // by expression: see expr_degree
  bool *safe;               // by expression: may be evaluated where the loop around it might not run
  uint32_t *visited, stamp; // by expression: marks of the walk in hand
  uint32_t *stack;          // expressions with a let, innermost last
  size_t nstack, stack_room;
  const Poly *flops; // what has been printed so far costs
  const Poly *trips; // how often the body in hand runs
  bool bound;        // flops are an upper bound
  bool math;         // it has fmas, or functions of math.c inlined, which want to know what the processor has
  const char *panels; // the work memory of contractions, where there is any
  // In a tile (emit/lanes.c): its loop, the names of its first sample, its size, the loops' over vectors and lanes; what arrays
  // over the tile are subscripted with; whether that is in lanes, where nothing may branch.
  const Loop *tile;
  const char *tile_name, *lanes_name, *vector_name, *block_name, *lane_name, *lane;
  const char *width_name;    // how many samples of the tile arrays that are blocked have room for
  const char **blocked_name; // by node: the pointer to the tile's part of it
  bool singly; // within a loop that runs for one of the tile's samples after the other (emit/singly.c)
  const char *vector_lane; // what the variables that hold vectors (in_vector) are subscripted with
  bool wide;
  bool long_sides; // of choices in lanes: a side is computed, a step calls an elementary function, divides, or has lanes behind the last sample
  const char **part_name; // by node: the array of its partial sums
  const char **twos_name; // by node: of a sum of logarithms, the array of the powers of two that its products leave out
  const char **in_vector; // by node: the variable that holds the vector in hand
  bool *starts_in_vector; // by node: it starts there,
  bool *stays_in_vector;  // and has no array over the tile
  const char **rows_name; // by node: the pointer to its rows, turned
  const char **put_name;  // by node: the pointer to where its rows go at a tile's end
  const char **best_name; // by node: of an argmax, the entry that is the greatest so far
  const char **staged;    // by expression: the array over the tile that holds what it reads
  uint32_t *stages;       // expressions with such an array
  size_t nstages, stages_room;
  // For the threads of a team (emit/team.c): is this outside of what they share out; has memory been read since the last barrier;
  // the loop of which a thread runs a part, and from where up to where; the pointer to what the wave's tile in hand keeps.
  bool team, unguarded;
  const Loop *part;
  const char *part_from, *part_to, *part_step, *record; // part_step: between its tiles; null: SAMPLE_TILE
  const char **kept_name; // by loop: the pointer to what its waves, or one of its tiles, keep
  const char *block_from, *block_to; // of the steps in hand of a loop that runs some at a time (emit/delay.c)
  const Numbers *numbers; // states in variables, of the loop in hand that runs one by one; null: none is in hand
  const Loop *strip; // the loop that runs in strips, and where in the partial sums its terms go
  const char *strip_lane;
  const Expr *guarded; // the condition that stands around the strip in hand
  Rest *rest; // of a strip, as a vector more (rest.c); null: none is in hand
} Function;

// Names every node and loop, and prints the loop tree into f->body.  Fills *_used.
void function_body(Function *f);

// entry.c
bool loop_around(const Loop *outer, const Loop *inner); // or are they one?
const char *element_type(const Function *f, const Node *n);
const char *contender_type(const Function *f, const Node *n); // of what an argmax compares
void put_own_entry(Function *f, Text *t, const Node *n);            // that the open loops are at: it is written
void put_assigned_entry(Function *f, Text *t, const Node *n);       // the same, whatever it held before
const char *own_entry(Function *f, const Node *n);                  // the same as a text
const Expr *first_state(const Function *f, const Node *c);          // the subscript along a carry's steps of the state before the first
void put_sink_entry(Function *f, Text *t, const Node *n, int sink); // the same in the memory of a sink
void put_neutral(Function *f, Text *t, const Node *n);
void put_init(Function *f, const Node *n);                          // what is there before the first term or step
void put_init_alone(Function *f, const Node *n);                    // the node's own part of that
void put_least(Function *f, const Node *n);                         // an argmax's greatest entry, which none has been yet
void put_next(Function *f, const Node *c);                          // a carry takes its next entry
void put_leave(Function *f, const Step *step);

// rest.c: in the rest of a strip, what t ends with, from `start` on, an entry of n, is replaced by its copy.
void rest_read(Function *f, Text *t, size_t start, const Node *n, const Expr *const *sub);
void rest_write(Function *f, Text *t, size_t start, const Node *n, const Expr *const *sub, bool assigns);
void rest_assigned(Function *f);          // the statement ends
const char *rest_mask(const Function *f); // of the lanes that there are, as C; null: no rest is in hand

// product.c: a contraction, by the kernel that generated C brings along.
void put_contraction(Function *f, const Node *n);

// The formulas of all nodes in these steps, one comment each.
void put_formulas(Function *f, const Step *steps, size_t count);

// Expression e at a place that binds with `precedence`.
void put_expr(Function *f, Text *t, const Expr *e, int precedence);
void put_truth(Function *f, Text *t, const Expr *e); // a condition, as an int
const char *let_of(const Function *f, const Expr *e); // the variable that holds e, or null
void define_let(Function *f, const Expr *e);          // a variable for e
void define_let_as(Function *f, const Expr *e, const char *wish); // of that name, or one like it, where there is none yet
void put_poly_here(Function *f, Text *t, const Poly *p, int precedence);
// A whole number as a real, where its products may be too large for 64 bits.
int expr_degree(const Function *f, const Expr *e);
// The whole number e as a real, where a plain conversion is not what is wanted; else false, and nothing is put.
bool put_conversion(Function *f, Text *t, const Expr *e, int precedence);
// narrow.c: has the whole number e few bits, whatever data and sizes are?
bool is_narrow(const Expr *e);
void put_entry(Function *f, Text *t, const Node *n, const Expr *const *sub);
// One that is written; assigns: whatever it held before.
void put_written_entry(Function *f, Text *t, const Node *n, const Expr *const *sub, bool assigns);
const char *lane_stride(const Function *f, const Node *n); // of an array over a tile: from an entry's lanes to the next one's
bool reads_turned(const Function *f, const Expr *read); // of an input that the tile in hand has turned
const char *array_name(Function *f, const Node *n); // of the variable or the pointer that n is in
// The flat position of n[sub] in an array of the axes `kept` (null: all); null for that of a scalar.  `in` may be null.
const Expr *flat_position(Function *f, const Node *n, const Expr *const *sub, const bool *kept, const SinkPlace *in);
// What e needs as variables before it: sub-expressions used twice, branches with bodies of their own.
void prepare_expr(Function *f, const Expr *e);
void prepare_parts(Function *f, const Expr *e); // the same for all of e but e itself
void prepare_side(Function *f, const Expr *e);  // all of it, where e is one side of a choice in lanes
// An `if` with a side too large for ?:; a variable `name` that the two sides assign.
bool is_branch(const Function *f, const Expr *e);
void define_branch(Function *f, const Expr *e, const char *name);

// fma.c: x * y + z in one rounding, the signs apart.  z is null where the sum is not an expression: a term that is a product, of a
// node that adds up its terms.
typedef struct Fused {
  const Expr *x, *y, *z;
  bool minus_product, minus_z;
} Fused;
bool is_product(const Expr *e); // of reals, perhaps with a sign
bool fused_sum(const Function *f, const Expr *e, Fused *fused);
bool fused_term(const Function *f, const Node *n, Fused *fused);
void put_fused(Function *f, Text *t, const Fused *fused, const char *to); // `to`: what a term is added to
// The operands of e as it is written, at most 3; of a node, what its step writes: its value, or the factors of its term.
int written_operands(const Function *f, const Expr *e, const Expr **operand);
int written_values(const Function *f, const Node *n, const Expr **value);
// sums.c: of a sum of logarithms their argument, and how often each is taken where that differs; 0: it is none.
int log_values(const Function *f, const Node *n, const Expr **value);
// e with products for its powers of up to 3.
const Expr *expand_powers(Graph *g, const Expr *e);

// Sub-expressions of e that do not change in the loops deeper than `depth` become variables here.
void hoist_expr(Function *f, const Expr *e, int depth);
void hoist_from_lanes(Function *f, const Expr *e); // those that all samples of the tile share
// What the steps read at one entry for all lanes of a loop stands before it.  Compilers would take it from memory in each lane, behind
// what the lanes store, and may leave the loop as it is for that.  What is read on a condition stays there.
void hoist_entries(Function *f, const Step *step, size_t count, const Loop *lanes);
void forget_lets(Function *f, size_t mark); // those behind the first `mark`
void recall_let(Function *f, uint32_t id, const char *name); // of the expression of that id
void name_let(Function *f, const Expr *e, const char *name); // the variable `name` holds e, while the scope is open
void open_scope(Function *f, size_t *mark_names, size_t *mark_lets);
void close_scope(Function *f, size_t mark_names, size_t mark_lets);
void line_start(Function *f);
void count_flops(Function *f, int64_t operations);

// Polynomials in C.  With `checked`, through mdl_add, mdl_mul, mdl_exact and a local `status`.
typedef const char *DimSpelling(void *context, int dim);
void put_poly(Text *t, const Dims *dims, const Poly *p, int precedence, DimSpelling *spell, void *context);
// In doubles, which do not overflow where the whole numbers would; to be put in brackets.
void put_poly_real(Text *t, const Dims *dims, const Poly *p, DimSpelling *spell, void *context);
bool poly_is_product(const Poly *p); // of dimensions, so that it may be too large for 64 bits
void put_poly_checked(Text *t, const Dims *dims, const Poly *p, DimSpelling *spell, void *context);

// Text of statements, its long lines broken.
void put_wrapped(Text *t, const char *s);

void put_real(Text *t, double x, bool use_float);

// C's precedences, as far as generated code needs them.
enum {
  PREC_NONE = 0,
  PREC_SELECT = 3,
  PREC_OR = 4,
  PREC_AND = 5,
  PREC_EQUAL = 8,
  PREC_COMPARE = 9,
  PREC_ADD = 11,
  PREC_MUL = 12,
  PREC_UNARY = 13,
  PREC_ATOM = 15
};

void template_print(Text *t, const char *text,
                    bool use_float); // $R: the real type, $F: the suffix of functions and literals, $L: the lanes of a vector
void helpers_print(Text *t, const Unit *u);
// math.c: how a call of a function that the file brings along begins, to its bracket, or null where that is one of
// <math.h>; and their texts.
const char *math_call(Function *f, Prim op);
bool math_is_function(Prim op); // of those
const char *fma_call(Function *f);
// Does a choice in lanes compute both sides first?  Where a side takes long, compilers make a branch of a `? :` around it that they
// then find no vectors for.
bool selects_bits(const Function *f);
const char *select_call(Function *f); // "mdl_select(": by a mask of bits, where lanes are left out
const char *choose_call(Function *f); // "mdl_choose(": the model's own choices; by a mask where a side is a constant
void math_use(Unit *u, const char *header);
void math_put_text(Text *t, const char *text); // without its #includes of such texts
void math_print(Text *t, const Unit *u);

#endif
