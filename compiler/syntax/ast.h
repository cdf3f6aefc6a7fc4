// ast.h - the abstract syntax of a .mdl file: what the grammar builds, with the place of every part.
//
// Everything lives in the arena given to the parser; strings are terminated; lists are an array and a count, null when
// empty.  The parser guarantees, so that no later pass need check it:
// - no expression is higher than AST_MAX_HEIGHT (a leaf's height is 1; a long chain a + b + c + … is a left-deep tree
//   and counts each operator) and no block nests deeper than AST_MAX_BRACKETS, so plain recursion is safe;
// - statements stand only where ast_allowed_in says (no `param` in a function, `yield` only in a scan, …);
// - SUB_EACH occurs only in targets, and an `if` within brackets only in reductions.
// Names are not resolved: whether `zeros[d]` is a constructor or a user's array, and whether `i` in `q[i] = …` is a new
// index or a value, is the checker's to say.
#ifndef MDLC_AST_H
#define MDLC_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "syntax/constraint.h"
#include "syntax/diag.h"

enum { AST_MAX_HEIGHT = 2000, AST_MAX_BRACKETS = 500 };

typedef struct AstExpr AstExpr;
typedef struct Stmt Stmt;

typedef struct Name {
  const char *text; // null where an optional name is absent
  Span span;
} Name;

typedef struct AstExprs {
  AstExpr **items;
  size_t count, room;
} AstExprs;

typedef struct Block {
  Stmt **items;
  size_t count, room;
} Block;

typedef enum UnaryOp {
  OP_NEGATE,    // -x
  OP_NOT,       // not c
  OP_TRANSPOSE, // A'   (the last two axes)
} UnaryOp;

// One row an operator: enumerator, spelling, priority (higher binds tighter).  `^` associates to the right, comparisons
// do not chain, all others associate to the left.  Unary minus stands between `^` and `*`, `not` between comparisons
// and `and`.
#define AST_BINARY_OPS(X)      \
  X(OP_OR, "or", 1)            \
  X(OP_AND, "and", 2)          \
  X(OP_EQ, "==", 4)            \
  X(OP_NE, "!=", 4)            \
  X(OP_LT, "<", 4)             \
  X(OP_LE, "<=", 4)            \
  X(OP_GT, ">", 4)             \
  X(OP_GE, ">=", 4)            \
  X(OP_ADD, "+", 5)            \
  X(OP_SUB, "-", 5)            \
  X(OP_MUL, "*", 6)            \
  X(OP_DIV, "/", 6)            \
  X(OP_FLOORDIV, "//", 6)      \
  X(OP_MOD, "%", 6)            \
  X(OP_MATMUL, "@", 6)         \
  X(OP_POW, "^", 8)
enum { AST_PRIORITY_IF = 0, AST_PRIORITY_NOT = 3, AST_PRIORITY_NEGATE = 7, AST_PRIORITY_POSTFIX = 9 };

typedef enum BinaryOp {
#define AST_ROW(id, text, priority) id,
  AST_BINARY_OPS(AST_ROW)
#undef AST_ROW
} BinaryOp;

const char *binary_op_text(BinaryOp op);
int binary_op_priority(BinaryOp op);

// One place between the brackets of a subscript or a target.
typedef enum SubscriptKind {
  SUB_AT,    // x[i + 1]        at
  SUB_SLICE, // x[a..b]         low, high
  SUB_ALL,   // x[:, j]
  SUB_EACH,  // v[t in 0..T] =  index, low, high: only in a target
} SubscriptKind;

typedef struct Subscript {
  SubscriptKind kind;
  Span span;
  Name index;
  AstExpr *at;
  AstExpr *low, *high;
} Subscript;

typedef struct Subscripts {
  Subscript *items;
  size_t count, room;
} Subscripts;

// An index that a reduction or a scan binds: `j`, `j in 0..i`.
typedef struct Binder {
  Name name;
  AstExpr *low, *high; // both null where the range is to be inferred
} Binder;

typedef struct Binders {
  Binder *items;
  size_t count, room;
} Binders;

typedef enum AstExprKind {
  AST_INT,    // 128
  AST_REAL,   // 0.5, 1e-5, .5, 2.
  AST_NAME,   // t_u
  AST_UNARY,  // -x, not c, A'
  AST_BINARY, // a + b, x @ W, i <= n and j < i
  AST_IF,     // if c then a else b
  AST_INDEX,  // x[i, a..b, :]; zeros[d, k], ones[d], eye[d] have this form too
  AST_CALL,   // f(x, y), mean(e), concat(a, b), grad(u, x), stop(x); with a member: normal.log(x, mu, s), grad.forward(u, x)
  AST_REDUCE, // sum[j in 0..i, k if j != k](a[j] * b[k])
  AST_LIST,   // [a, b, c], [[a, b], [c, d]]
} AstExprKind;

struct AstExpr {
  AstExprKind kind;
  unsigned height; // 1 for a leaf, else one more than the highest part
  Span span;       // brackets around the whole expression included
  union {
    int64_t integer;  // AST_INT: 0 or greater
    double real;      // AST_REAL: 0 or greater, finite
    const char *name; // AST_NAME
    struct {
      UnaryOp op;
      AstExpr *operand;
    } unary;
    struct {
      BinaryOp op;
      Span op_span;
      AstExpr *left, *right;
    } binary;
    struct {
      AstExpr *condition, *yes, *no;
    } choice; // AST_IF
    struct {
      AstExpr *base;
      Subscripts subscripts;
    } index;
    struct {
      Name function, member; // the member's text is null without `.member`
      AstExprs args;
    } call;
    struct {
      Name function; // sum, mean, prod, max, min, logsumexp, argmax: checked later
      Binders binders;
      AstExpr *condition; // or null
      AstExpr *body;
    } reduce;
    AstExprs list; // AST_LIST: at least one
  };
};

// What is assigned to: `loss_i`, `v[s, t in 0..T-K+1]`, `L[i in j+1..n, j]`, `x[0, :]`.
typedef struct Target {
  Name name;
  Subscripts subscripts; // none: the whole
  Span span;
} Target;

typedef struct Targets {
  Target *items;
  size_t count, room;
} Targets;

typedef struct Constraint {
  ConstraintKind kind;
  AstExpr *low, *high;
  Span span;
} Constraint;

// A function's argument: `x`, `g[d, k]`.
typedef struct Argument {
  Name name;
  AstExprs shape; // dimension names (or expressions) of the function's own; none: a scalar
} Argument;

typedef struct Arguments {
  Argument *items;
  size_t count, room;
} Arguments;

// The author's own derivative: `with d/dx = …`.
typedef struct Derivative {
  Name by; // the argument's name, without the d
  AstExpr *value;
} Derivative;

typedef struct Derivatives {
  Derivative *items;
  size_t count, room;
} Derivatives;

// A name that a loop carries, with its start: `with h = zeros[m]`.
typedef struct Carry {
  Name name;
  AstExpr *start;
} Carry;

typedef struct Carries {
  Carry *items;
  size_t count, room;
} Carries;

// A declaration of several names (`data t_u[n], t_c[n]`) is as many statements.
typedef enum StmtKind {
  STMT_DIM,        // dim h = 128; dim T                                   dim
  STMT_BATCH,      // batch n                                              dim (size null)
  STMT_DATA,       // data x[n, d]; data y[n] in 0..k; data z[n] in 0..    data
  STMT_PARAM,      // param W[d, h] = normal(0, 1); param p in (0, 1)      param
  STMT_CONST,      // const eps = 1e-5                                     define, one whole target
  STMT_DEFINE,     // a = e; q[i, j] = e; u, v = f(x); in loops: updates   define, one target or several whole ones
  STMT_PREDICT,    // predict t_p = w * t_u + b; predict p[i] = e          define, one target
  STMT_METRIC,     // metric accuracy = e                                  define, one target
  STMT_GRADIENT,   // gradient w = e; gradient W[i, j] = e                 define, one target
  STMT_YIELD,      // yield y = h                                          define, one target
  STMT_LOSS,       // loss e                                               value
  STMT_LIKELIHOOD, // likelihood e                                         value
  STMT_SAMPLE,     // y ~ normal(mu, sigma); y[i in 1..n] ~ f(y[i - 1])    sample
  STMT_DEF,        // def f(x, g[d]) = e with d/dx = e; def f(x) { … }     def
  STMT_RETURN,     // return a, b                                          returned
  STMT_IMPORT,     // import "layers.mdl"                                  import
  STMT_SCAN,       // scan t in reverse 0..T with h = e, c = e { … }       scan
  STMT_ITERATE,    // iterate x = e, r = e while c at most N { … }         iterate
  STMT_FAULTY,     // what an error was told of                            names
} StmtKind;

struct Stmt {
  StmtKind kind;
  Span span;    // of the one declaration where a statement makes several
  Span keyword; // the word it starts with, or the first target where there is none
  union {
    struct {
      Name name;
      AstExpr *size; // null: known when the generated function is called
    } dim;
    struct {
      Name name;
      AstExprs shape;
      bool integer;     // has `in low..high`
      AstExpr *low, *high; // high is null in `in 0..`
    } data;
    struct {
      Name name;
      AstExprs shape;
      Constraint constraint;
      AstExpr *start; // or null
    } param;
    struct {
      Targets targets;
      AstExpr *value;
    } define;
    AstExpr *value;
    struct {
      Target target;
      Name distribution;
      AstExprs args;
    } sample;
    struct {
      Name name;
      Arguments args;
      AstExpr *value; // null when the function has a block
      Block body;
      Derivatives derivatives;
    } def;
    AstExprs returned;
    Name import; // the text between the quotes; the span is that of the quoted string
    struct {
      Binder index; // always with its range
      bool reverse;
      Carries carried;
      Block body;
    } scan;
    struct {
      Carries carried;
      AstExpr *condition, *limit;
      Block body;
    } iterate;
    struct {
      const char **items; // all that it mentions
      size_t count, room;
    } names;
  };
};

typedef struct AstFile {
  const Source *source;
  Block statements;
  bool torn; // a `{` or `}` has no partner, or the end was not read: what stands where is not known
} AstFile;

// Where a kind of statement may stand.
typedef enum AstPlace { AST_IN_FILE = 1, AST_IN_DEF = 2, AST_IN_SCAN = 4, AST_IN_ITERATE = 8 } AstPlace;
unsigned ast_allowed_in(StmtKind kind);
// The word that a statement starts with ("param"), or "a definition" for one without.
const char *ast_stmt_word(StmtKind kind);

// Reads a whole file.  False when there were errors; in *out faulty statements stand for those that they were in.
bool parse_source(Arena *a, Diags *d, const Source *source, AstFile **out);
// Reads one expression that makes up a whole source.
bool ast_parse_expression(Arena *a, Diags *d, const Source *source, AstExpr **out);

// Canonical source text, one statement a line, brackets only where needed; it reads back as the same tree.
void ast_print(Text *out, const AstFile *file);
void ast_print_stmt(Text *out, const Stmt *stmt);
void ast_print_expr(Text *out, const AstExpr *e);
void ast_print_target(Text *out, const Target *target);
void ast_print_constraint(Text *out, const Constraint *constraint); // "> 0", "in simplex"
// An expression's text in the arena, for messages.
const char *ast_expr_text(Arena *a, const AstExpr *e);

#endif
