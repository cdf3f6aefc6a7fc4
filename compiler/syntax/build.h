// build.h - making nodes of the tree, private to the front.
#ifndef MDLC_BUILD_H
#define MDLC_BUILD_H

#include "syntax/ast.h"

typedef struct Reader Reader;

// What stands in brackets behind a name: subscripts, or a reduction's indices, told apart by what follows.
typedef struct Brackets {
  Subscripts subscripts;
  AstExpr *condition; // or null
  Span span;
} Brackets;

// A postfix expression that may yet become a reduction: `sum[j if j > 0]` before its `(`.
typedef struct Postfix {
  AstExpr *e;
  AstExpr *condition;
} Postfix;

// Room for one more entry of a list; as most lists are of one or two, it begins with one.
void *build_grow(Reader *r, void *items, size_t count, size_t *room, size_t size);

AstExpr *build_int(Reader *r, Span at, int64_t value);
AstExpr *build_real(Reader *r, Span at, double value);
AstExpr *build_name(Reader *r, Name name);
AstExpr *build_unary(Reader *r, Span at, UnaryOp op, AstExpr *operand);
AstExpr *build_binary(Reader *r, BinaryOp op, Span op_span, AstExpr *left, AstExpr *right);
AstExpr *build_if(Reader *r, Span at, AstExpr *condition, AstExpr *yes, AstExpr *no);
AstExpr *build_list(Reader *r, Span at, AstExprs items);

// `base[…]`
Postfix build_index(Reader *r, Span at, Postfix base, Brackets brackets);
// `called(…)`: a function's call or, behind brackets, a reduction.
Postfix build_call(Reader *r, Span at, Postfix called, Span args_span, AstExprs args);
// `called.member(…)`
Postfix build_member_call(Reader *r, Span at, Postfix called, Name member, AstExprs args);
// The finished expression; tells what belongs only in a reduction.
AstExpr *build_operand(Reader *r, Postfix p);

Stmt *build_stmt(Reader *r, StmtKind kind, Span at);
// Was an error told since the last statement, or block, began or ended?  One begins or ends here: the next is asked from here.
bool build_take_fault(Reader *r);
Stmt *build_faulty(Reader *r, Span at);
// Takes definitions apart from what is not one: several targets must be whole names.
Stmt *build_define(Reader *r, StmtKind kind, Span at, Targets targets, AstExpr *value);
Constraint build_named_constraint(Reader *r, Name name, Span at);
Derivative build_derivative(Reader *r, Name of, Name by, AstExpr *value);
// Gives the statements of one declaration the word that they share.
Block build_declaration(Block items, Span keyword);
// Tells the statements of a block that can't stand in such a place.
void build_check_place(Reader *r, const Block *block, AstPlace place);

#endif
