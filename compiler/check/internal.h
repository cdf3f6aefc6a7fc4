// internal.h - what the files of the walk share: values, scopes, the state of one walk.
//
// A value is a lazily indexed array: one scalar expression in which index k < MAX_RANK stands for axis k.  Indices
// that an enclosing reduction, indexed definition or mapped call binds are levels, index FIRST_LEVEL and up in order of
// nesting.  So broadcasting, transposes, slices and gathers are substitutions, and a node is made of a value by
// renumbering the levels and axes that it uses.
#ifndef MDLC_CHECK_INTERNAL_H
#define MDLC_CHECK_INTERNAL_H

#include "check/check.h"
#include "syntax/ast.h"
#include "graph/graph.h"

enum {
  MAX_RANK = 8,
  FIRST_LEVEL = MAX_RANK,
  MAX_DEPTH = 800,   // of expressions within expressions, calls included
  MAX_CALLS = 50000, // functions expanded in one model
  MAX_CALL_DEPTH = 100,
  MAX_EXPRS = 4000000 // expressions made for one model
};

typedef struct Value {
  bool bad; // an error was told where it was made: nothing more is said of it
  Type type;
  int rank;
  const Poly *extent[MAX_RANK];
  const Expr *expr;
  Span span;
} Value;

typedef struct Values {
  Value *items;
  size_t count, room;
} Values;

typedef struct Scope Scope;

// What a function, or what stands outside of functions, differentiates by: the names in `grad(u, x)`.
typedef struct GradNames {
  const char **items;
  size_t count, room;
} GradNames;

typedef struct Function {
  const Stmt *def;
  Scope *scope;  // where it was defined
  int order;     // the body sees what was defined before this
  bool standard; // of the prelude, or a distribution
  bool called;
  bool active; // being expanded now
  bool faulty; // something in its body is
  const GradNames *by; // null: not looked for yet
} Function;

typedef enum { SYMBOL_VALUE, SYMBOL_FUNCTION } SymbolKind;

typedef struct Carried Carried;
typedef struct Loop Loop;
typedef struct Symbol Symbol;
struct Symbol {
  const char *name;
  Span span;
  SymbolKind kind;
  Value value;
  Function *function;
  int param; // its position where the value is a parameter, else -1
  bool rebindable; // a definition, or what a loop left: a loop may carry the name on
  bool loop_index;
  bool mentioned;  // by a faulty statement, and by nothing that defines it so far
  Carried *carried; // of a loop that is open: assigning to it gives the next state
  int order;
  Symbol *next; // in its bucket
};

struct Scope {
  Scope *parent;
  int limit; // of its ancestors only symbols of a smaller order are seen
  Symbol **bucket;
  size_t nbucket, count;
};

typedef struct Level {
  const char *name;
  const Poly *extent;
} Level;

typedef struct NodeFlags {
  bool data, param; // what its value depends on
  bool opaque;      // `grad` may name it, or it is a term of the log likelihood: nothing sees through it
  uint8_t degree;   // wide.c: of an integer's value
} NodeFlags;


// How much there was: what came later can be taken back.
typedef struct WalkMark {
  size_t nodes, checks;
} WalkMark;

typedef struct Imported Imported;
struct Imported {
  const char *path;
  const Source *source; // null: it can't be read, for this
  int reason;           // errno, or 0
  bool named;           // its names in `grad`s are known
  bool open, walked;    // open: importing it again would be a cycle
  Imported *next;
};

typedef struct Walk {
  Arena *arena;
  Diags *diags;
  Dims *dims;
  Graph *graph;
  const FileReader *reader;
  Scope *scope, *prelude, *distributions, *top;
  int order;
  const Block *pending; // the statements of the file being walked, and how many of them were
  size_t pending_done;

  Level level[INDEX_MAX - FIRST_LEVEL];
  int nlevel;
  const Expr **path; // conditions that hold where we are: guards of reductions, sides of `if`
  size_t npath, path_room;
  const GradNames *by;            // names that `grad` differentiates by, in the function at hand or in the files
  Loop *loop;                     // the innermost that is open
  const Poly *const *axis_extent; // of the array whose subscripts are being checked

  bool whole;        // within a dimension or a subscript: `/` must come out exact
  const char *owner; // the definition being lowered: names of what has none are made from it
  const char *claim; // the name waiting for the node that the next expression makes, if it makes one
  const Node *claimed;
  Span at; // the expression being lowered, for errors of the builders
  int depth, call_depth, calls;
  bool overgrown; // a size limit was passed, and told

  const Value *draw; // the shape of the parameter whose start is being lowered, or null
  int draw_stream, draws;

  int batch;
  DataDecl *data;
  size_t ndata, data_room;
  ParamDecl *param;
  size_t nparam, param_room;
  RangeCheck *check;
  size_t ncheck, check_room;
  Span *gradient; // of each parameter: where its gradient statement stands
  size_t ngradient, gradient_room;
  NodeFlags *flags; // by node
  size_t nflags, flags_room;
  Span loss;
  const Expr **term; // reads of what `~` and `likelihood` statements add
  size_t nterm, term_room;
  Span likelihood, likelihood_read; // the first such statement; where `log_likelihood` was used first
  bool likelihood_bad;              // one of them was wrong
  int npredict, nmetric;
  Imported *imported;
  const char *directory; // of the file being walked, with its last slash; "" for none
  const DimOverride *overrides;
  int noverrides;
  bool *override_used;
  bool plain;       // a model for reading: see check_model_plain
  bool replaceable; // within the prelude: what is defined already stays

  bool faulty;      // an error of syntax was told: what is missing may follow from it
  bool names_missing; // of a file that can't be read

  bool trying;      // only a shape is wanted: nothing that is told or made now is kept
  Values *returned; // by the function being expanded; null outside
  const Function *sealed; // being expanded, with its author's derivatives: it reads parameters by its arguments alone
  int sealed_order;       // what it may read otherwise was defined before this

  Function **functions; // the model's own, in the order of their definitions
  size_t nfunctions, functions_room;
  const bool
      *audit; // by function: expand it once by itself, where nobody called it; null in the walk that makes the model
} Walk;

// ---- wide.c: integers that 64 bits may be too few for ----
int node_degree(const Walk *w, const Node *n); // how many indices, dimensions and data are multiplied, up to 3
const Expr *make_wide(Walk *w, const Expr *x);  // an integer as a real
Node wide_twin(Walk *w, const Node *n);         // a node of degree 3 in reals; it stands right behind its integer one

// ---- scope.c: names ----

Scope *scope_new(Walk *w, Scope *parent, int limit);
Symbol *scope_find(Scope *s, const char *name, SymbolKind kind); // innermost of that kind, or null
Symbol *scope_own(const Scope *s, const char *name);             // of s itself
// Null after the error that the scope has the name already.
Symbol *scope_define(Walk *w, Name name, SymbolKind kind, Value value);
Symbol *scope_define_value(Walk *w, Name name, Value value);
Value lookup_value(Walk *w, const char *name, Span span);
void unknown_function(Walk *w, const char *name, Span span);
// May it be a name of what can't be read: an imported file, a faulty statement to come?
bool may_be_missing(const Walk *w, const char *name);
bool mentioned_by(const Stmt *faulty, const char *name);
// The place where a statement still to come defines the name; a span without source: none does.
Span defined_later(const Walk *w, const char *name);

// ---- build.c: typed expressions, never null ----

Value bad_value(Span span);
Value scalar_value(Type type, const Expr *expr, Span span);
Value poly_value_of(Walk *w, const Poly *p, Span span);
const Expr *make(Walk *w, Prim op, const Expr *const *args);
const Expr *make1(Walk *w, Prim op, const Expr *x);
const Expr *make2(Walk *w, Prim op, const Expr *x, const Expr *y);
const Expr *make_select(Walk *w, const Expr *c, const Expr *x, const Expr *y);
const Expr *make_real(Walk *w, const Expr *x); // an integer as a real
const Expr *make_not(Walk *w, const Expr *c);
const Expr *make_read(Walk *w, const Node *node, const Expr *const *sub);
const Expr *substitute(Walk *w, const Expr *e, const Expr *const *sub, int nsub);
const Expr *make_exact_div(Walk *w, const Expr *x, const Expr *y);
const char *shape_text(const Walk *w, const Value *v); // "[n, d]", "a single number"
const char *poly_text(const Walk *w, const Poly *p);
const char *type_words(Type t); // "a real number", …

// ---- stable.c: forms that are computed otherwise than they are spelt ----

// Null where no rule applies.
const Expr *stable_form(Walk *w, Prim op, const Expr *const *args);
// e seen through reads of element-wise nodes.
const Expr *see_through(Walk *w, const Expr *e);

// ---- node.c: levels, guards, and values that become nodes ----

// The index expression, or null after the error that there are too many.
const Expr *open_level(Walk *w, const char *name, const Poly *extent);
void close_levels(Walk *w, int count); // back to that many
void push_path(Walk *w, const Expr *condition);

typedef struct NodeForm {
  const char *name;
  Span span;
  Reduce reduce;
  int first;    // levels from here on are the node's own: reduced over, or, without a reduction, its first axes
  size_t guard; // conditions of the path from here on are the node's own
} NodeForm;
// The entries of `body` over the levels that it uses, as a node; a read of it.
Value make_node(Walk *w, NodeForm form, Value body);
// The value as a node of that name, unless it is one already that was made for the name, or integers that nothing
// computes.
Value store(Walk *w, const char *name, Value v);
// An array that is more than a read, as a node, so that it is not computed again for each of its readers.
Value settle(Walk *w, Value v, const char *suffix);
// A long formula as a node: the derivatives by its operands, each a formula as long, share what leads to it.
Value shorten(Walk *w, Value v);
const char *made_name(Walk *w, const char *claim, const char *suffix);
const char *axis_name(const Walk *w, int axis); // i, j, k …, but not a dimension's name
const char *level_name(const Walk *w); // for a level that the model does not name
bool stays_expression(Walk *w, const Expr *e);
// The same, with these indices in any case.
Value make_node_over(Walk *w, NodeForm form, Value body, uint64_t indices);
const Node *add_node(Walk *w, const Node *node);
NodeFlags depends_on(Walk *w, const Expr *e);
// Once the carries among the nodes from `first` on are closed: what they depend on.
void settle_flags(Walk *w, size_t first);
uint64_t index_bit(int index);
static const uint64_t axis_bits = (1u << FIRST_LEVEL) - 1;
// The conditions of the path over nothing but these indices, as one; null: none.
const Expr *guard_over(Walk *w, uint64_t indices);
WalkMark mark_walk(const Walk *w);
void take_back(Walk *w, WalkMark mark); // nodes and checks

typedef struct Layout {
  Index index[INDEX_MAX];
  const Expr *position[INDEX_MAX]; // of each level and axis that the node has
  const Expr *sub[INDEX_MAX];      // with which it is read where we are
  int n;
} Layout;
void lay_level(Walk *w, Layout *l, int level, bool reduced);
void lay_axis(Walk *w, Layout *l, int axis, const Poly *extent, int read_as);

// ---- dims.c: dimensions, shapes, ranges ----

void dim_statement(Walk *w, const Stmt *s);
const Poly *dimension(Walk *w, const AstExpr *e); // null after an error
bool shape_of_declaration(Walk *w, AstExprs shape, Value *v, bool is_param);
bool check_extent(Walk *w, const Poly *p, Span span);
bool uses_batch(const Walk *w, const Poly *p);
void check_overrides(Walk *w);

// ---- prove.c: what ranges and guards say of integers ----

bool free_of_indices(Walk *w, const Expr *e, const Poly **p); // e is p whatever the indices and the data are
bool prove_nonnegative(Walk *w, const Expr *e);
bool upper_bound(Walk *w, const Expr *e, const Poly **bound); // e <= bound
bool poly_nonnegative(const Walk *w, const Poly *p);
const Poly *without_number(Walk *w, const Poly *p); // its terms that have dimensions: h of h - 1
typedef enum { RANGE_PROVED, RANGE_UNKNOWN, RANGE_REFUTED } RangeAnswer;
// Is `e` in [0, limit) wherever it is evaluated?  When refuted, *worst is a value that it takes, or null.
RangeAnswer range_of(Walk *w, const Expr *e, const Poly *limit, const Poly **worst);
// Is every read within e in range, by what is known here?
bool reads_hold(Walk *w, const Expr *e);

// ---- tree.c: questions about the syntax tree ----

typedef bool (*AstVisit)(void *context, const AstExpr *e); // true: stop here, found
bool any_part(const AstExpr *e, AstVisit visit, void *context);
bool any_in_statement(const Stmt *s, AstVisit visit, void *context); // with all that stands in it
bool any_in_block(const Block *block, AstVisit visit, void *context);
bool ast_mentions(const AstExpr *e, const char *name);
const Block *loop_body(const Stmt *s);       // null: no loop
bool any_faulty(const Block *block);         // is one of its statements, however deep?
const Carries *loop_carries(const Stmt *s);  // its `with`

// ---- infer.c: the ranges of indices ----

typedef enum { INFER_FOUND, INFER_NONE, INFER_BAD } InferAnswer;
// From the first use of `name` as a bare subscript in the expressions.  An error is told where another use disagrees.
InferAnswer infer_extent(Walk *w, Name name, const AstExpr *const *bodies, size_t nbodies, const Poly **extent);
// Opens a level for an index, defines its name, and adds what guards it to the path.  False after an error.
typedef struct IndexRange {
  Name name;
  const AstExpr *low, *high; // null: inferred from the bodies
  const Poly *given;         // or known
  bool from_zero;            // a definition's: `low` must be 0
  bool counted;              // a scan's: step 0 is at `low`
} IndexRange;
bool bind_index(Walk *w, IndexRange range, const AstExpr *const *bodies, size_t nbodies, const Expr **low);
// Whether an argument serves as a whole number: in a subscript, a dimension or a range, or so in a function that it is
// passed to, so many calls deep.
bool def_uses_as_integer(Walk *w, const Stmt *def, const char *name, int depth);

// ---- expr.c: expressions ----

Value eval(Walk *w, const AstExpr *e);
Value eval_whole(Walk *w, const AstExpr *e);  // a dimension, a subscript, a bound: one integer, `/` exact
bool want_number(Walk *w, const Value *v);    // false: it is bad, or a condition (told)
bool want_condition(Walk *w, const Value *v); // false: it is bad, or a number (told)

// ---- array.c: whole arrays ----

bool common_shape(Walk *w, Span at, const Value *v, size_t n, Value *out);
const Expr *aligned(Walk *w, const Value *v, int rank); // its expression over the axes of a value of that rank
Value elementwise(Walk *w, Span at, Prim op, const Value *args);
Value choose(Walk *w, Span at, Value c, Value yes, Value no);
Value matmul(Walk *w, const AstExpr *e, Value a, Value b, const char *claim);
Value transpose(Walk *w, Value a, Span at);
Value list(Walk *w, const AstExpr *e);
Value join(Walk *w, Span at, const Value *v, size_t n, bool stacked);
bool is_constructor(const char *name);
Value construct(Walk *w, const AstExpr *e);

// ---- subscript.c ----

Value subscript(Walk *w, const AstExpr *e);
// Errors, checks and silence, as what is known of the subscript's range asks for; it stands in e, or in a target.
bool check_range(Walk *w, const AstExpr *e, const Target *t, const Subscript *s, const Expr *value, const Poly *limit);
// The ends of a slice; false after an error.
bool slice_ends(Walk *w, const Subscript *s, const Expr **low, const Poly **extent);

// ---- reduce.c ----

bool reduction_named(const char *name);
Value reduce_over(Walk *w, const AstExpr *e, const char *claim);
Value reduce_whole(Walk *w, Span at, const char *function, Value v, const char *claim);

// ---- call.c: functions ----

Value call(Walk *w, const AstExpr *e, const char *claim);
// All results of a call of one of the model's functions; false where the call is not of that kind (nothing was done).
bool call_several(Walk *w, const AstExpr *e, Values *results);

// ---- expand.c ----

bool expand(Walk *w, Function *f, Span at, const Value *args, size_t nargs, const char *claim, Values *results);
void audit_function(Walk *w, Function *f);
size_t result_count(const Stmt *def);

// ---- slope.c: authors' own derivatives ----

bool derivatives_named(Walk *w, const Stmt *def); // each by an argument, of one result
// Is every argument that a parameter moves one that the function has a derivative by?
bool derivatives_suffice(Walk *w, const Function *f, const Value *args);
Value with_derivatives(Walk *w, const Function *f, const Value *args, Value v);
bool reads_sealed(Walk *w, const Symbol *symbol, Span span); // told

// ---- statement.c, define.c ----

void statements(Walk *w, const Block *block);
void define_statement(Walk *w, const Stmt *s);
// What a target is given, as nodes of its name.  `shape` is that of the parameter whose gradient it is, or null.
Value defined(Walk *w, const Target *target, const AstExpr *value, const Value *shape, const char *name);
// The body over its levels from `first` on as first axes, without a node.
Value with_axes(Walk *w, Value body, int first);
void const_statement(Walk *w, const Stmt *s);
void output_statement(Walk *w, const Stmt *s); // predict, metric
void loss_statement(Walk *w, const Stmt *s);
void gradient_statement(Walk *w, const Stmt *s);

// ---- loop.c: scan, iterate ----

// A name that a loop carries.
struct Carried {
  Loop *loop;
  Name name;
  Value start;   // over the levels around the loop
  bool real;     // starts as an integer, is a real number after a step
  bool implied;  // carried by the loop around, too
  bool assigned;
  bool whole;    // set otherwise than entry by entry: where the loop's condition fails it is not what it was
  bool bad;      // an error was told of what it becomes
  const Node *node, *next;
  Value state;   // before the step
  Symbol *symbol;
};

// A name of the `with` that no step assigns to, for `grad` by it: at each step what it is there, by itself.
typedef struct Held {
  Name name;
  Value start;
} Held;

struct Loop {
  Loop *outer;
  const Stmt *stmt;
  Carried *carried;
  size_t ncarried, carried_room;
  Held *held;
  size_t nheld, held_room;
  const Stmt **yield;
  size_t nyield, yield_room;
  Values yielded;
  int level;        // of its index
  const Poly *steps;
  bool faulty;      // something in its body is
  uint64_t indices; // of the state: levels around that it may depend on, and its own
  NodeFlags flags;  // what the state may depend on
  const Node *alive;
};

void loop_statement(Walk *w, const Stmt *s);
void yield_statement(Walk *w, const Stmt *s);
bool is_plain(const Expr *e); // a constant, or a node's entry at indices

// ---- mention.c ----

// The indices of a loop's state: those that its starts and its body may use, and what conditions bring in with them.
void find_indices(Walk *w, Loop *l);
// Is the name in a `grad` of the loop's body, and nothing assigned to it there?
bool only_named_by_grad(Walk *w, const Block *body, const char *name);
// What a loop around carries and this one assigns to, it carries too.
void find_implied(Walk *w, Loop *l, const Block *body);

// ---- update.c: h = e, D[s] = e, where a loop carries h and D ----

// The symbol where the name is carried by an open loop, or null.
Symbol *carried_symbol(Walk *w, const char *name);
// Gives a name its value: in a loop that carries it, its next state.
void assign(Walk *w, Name name, Value v);
// The next state; `whole` as in Carried.
void set_state(Walk *w, Symbol *symbol, Value v, bool whole);
void update_statement(Walk *w, const Stmt *s, Symbol *symbol);
// Is it a node over the loop's indices and the axes alone, in their order?
bool is_state(const Loop *l, const Value *v);

// ---- constraint.c ----

typedef struct ParamBounds {
  ConstraintKind kind;
  const Expr *low, *high; // null: none
} ParamBounds;
// What a parameter statement says; false after an error.
bool constraint_of(Walk *w, const Stmt *s, const Value *shape, ParamBounds *bounds);
const char *constraint_text(Walk *w, const Constraint *c); // "> 0"; null: there is none
// The start of a parameter that is given none: the transform of 0.
Value usual_start(Walk *w, const Value *shape, const ParamBounds *bounds, Span span);
// The parameter as the model reads it: a Cholesky factor is 0 above its diagonal, whatever stands there.
Value constrained_value(Walk *w, Value v, const ParamBounds *bounds);
// Starts that are constant must meet their constraints.
void check_starts(Diags *diags, const Model *m);

// ---- grad.c: grad(u, x) ----

// Adds the names in all `grad` of these statements.
void names_in_grads(Walk *w, const Block *block, GradNames *names);
// Those of a function.
const GradNames *names_in_function(Walk *w, const Stmt *def);
bool named_by_grad(const Walk *w, const char *name);
// v, which is to be called `name`: where `grad` may name it, a node of its own over these indices at least.
Value nameable(Walk *w, Name name, Value v, uint64_t indices);
// The same for what a loop carries, v where the conditions around hold.
Value nameable_state(Walk *w, Carried *c, Value v);
// The same for a node that was made for the name alone.
Value named(Walk *w, Name name, Value v);
Value gradient(Walk *w, const AstExpr *e);

// ---- likelihood.c ----

void sample_statement(Walk *w, const Stmt *s);
void likelihood_statement(Walk *w, const Stmt *s);
Value log_density(Walk *w, const AstExpr *e, const char *claim); // normal.log(...)
// The sum of the terms so far, where the name is its and there are such statements.
bool log_likelihood(Walk *w, const char *name, Span span, Value *v);
void finish_likelihood(Walk *w); // at the end: the loss, where the model states none

// ---- import.c ----

void import_file(Walk *w, const Stmt *s);
void walk_file(Walk *w, const AstFile *file);
void load_prelude(Walk *w); // the distributions too
extern const FileReader file_system;

#endif
