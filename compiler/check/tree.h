// tree.h - the syntax tree beside the graph: both call their expressions Expr, here the tree's are AstExpr.
#ifndef MDLC_CHECK_TREE_H
#define MDLC_CHECK_TREE_H

#define Expr AstExpr
#define ExprKind AstExprKind
#define EXPR_INT AST_INT
#define EXPR_REAL AST_REAL
#define EXPR_NAME AST_NAME
#define EXPR_UNARY AST_UNARY
#define EXPR_BINARY AST_BINARY
#define EXPR_IF AST_IF
#define EXPR_INDEX AST_INDEX
#define EXPR_CALL AST_CALL
#define EXPR_REDUCE AST_REDUCE
#define EXPR_LIST AST_LIST
#include "syntax/ast.h"
#undef Expr
#undef ExprKind
#undef EXPR_INT
#undef EXPR_REAL
#undef EXPR_NAME
#undef EXPR_UNARY
#undef EXPR_BINARY
#undef EXPR_IF
#undef EXPR_INDEX
#undef EXPR_CALL
#undef EXPR_REDUCE
#undef EXPR_LIST

#endif
