// tree.c - questions about the syntax tree, before anything is lowered.
#include <string.h>

#include "check/internal.h"

// ---- its expressions ----

static bool any_subscript(const Subscripts *subscripts, AstVisit visit, void *context) {
  for (size_t k = 0; k < subscripts->count; k++) {
    const Subscript *s = &subscripts->items[k];
    if ((s->at && visit(context, s->at)) || (s->low && visit(context, s->low)) || (s->high && visit(context, s->high)))
      return true;
  }
  return false;
}

static bool any_of(const AstExprs *list, AstVisit visit, void *context) {
  for (size_t k = 0; k < list->count; k++)
    if (visit(context, list->items[k])) return true;
  return false;
}

bool any_part(const AstExpr *e, AstVisit visit, void *context) {
  switch (e->kind) {
  case AST_UNARY: return visit(context, e->unary.operand);
  case AST_BINARY: return visit(context, e->binary.left) || visit(context, e->binary.right);
  case AST_IF:
    return visit(context, e->choice.condition) || visit(context, e->choice.yes) || visit(context, e->choice.no);
  case AST_INDEX: return visit(context, e->index.base) || any_subscript(&e->index.subscripts, visit, context);
  case AST_CALL: return any_of(&e->call.args, visit, context);
  case AST_REDUCE:
    for (size_t k = 0; k < e->reduce.binders.count; k++) {
      const Binder *b = &e->reduce.binders.items[k];
      if (b->low && (visit(context, b->low) || visit(context, b->high))) return true;
    }
    return (e->reduce.condition && visit(context, e->reduce.condition)) || visit(context, e->reduce.body);
  case AST_LIST: return any_of(&e->list, visit, context);
  default: return false;
  }
}

static bool mentions(void *name, const AstExpr *e) {
  if (e->kind == AST_NAME) return strcmp(e->name, name) == 0;
  return any_part(e, mentions, name);
}

bool ast_mentions(const AstExpr *e, const char *name) {
  return mentions((void *)(uintptr_t)name, e);
}

// ---- its statements: those that compute ----

static bool any_start(const Carries *carried, AstVisit visit, void *context) {
  for (size_t k = 0; k < carried->count; k++)
    if (visit(context, carried->items[k].start)) return true;
  return false;
}

bool any_faulty(const Block *block) {
  for (size_t k = 0; k < block->count; k++)
    if (block->items[k]->kind == STMT_FAULTY || (loop_body(block->items[k]) && any_faulty(loop_body(block->items[k]))))
      return true;
  return false;
}

bool any_in_statement(const Stmt *s, AstVisit visit, void *context) {
  switch (s->kind) {
  case STMT_DEFINE:
  case STMT_YIELD:
  case STMT_CONST:
  case STMT_PREDICT:
  case STMT_METRIC:
  case STMT_GRADIENT:
    for (size_t k = 0; k < s->define.targets.count; k++)
      if (any_subscript(&s->define.targets.items[k].subscripts, visit, context)) return true;
    return visit(context, s->define.value);
  case STMT_LOSS:
  case STMT_LIKELIHOOD: return visit(context, s->value);
  case STMT_SAMPLE:
    return any_subscript(&s->sample.target.subscripts, visit, context) || any_of(&s->sample.args, visit, context);
  case STMT_DEF:
    for (size_t k = 0; k < s->def.derivatives.count; k++)
      if (visit(context, s->def.derivatives.items[k].value)) return true;
    return s->def.value ? visit(context, s->def.value) : any_in_block(&s->def.body, visit, context);
  case STMT_RETURN: return any_of(&s->returned, visit, context);
  case STMT_SCAN:
    return visit(context, s->scan.index.low) || visit(context, s->scan.index.high) ||
           any_start(&s->scan.carried, visit, context) || any_in_block(&s->scan.body, visit, context);
  case STMT_ITERATE:
    return any_start(&s->iterate.carried, visit, context) || visit(context, s->iterate.condition) ||
           visit(context, s->iterate.limit) || any_in_block(&s->iterate.body, visit, context);
  default: return false;
  }
}

bool any_in_block(const Block *block, AstVisit visit, void *context) {
  for (size_t k = 0; k < block->count; k++)
    if (any_in_statement(block->items[k], visit, context)) return true;
  return false;
}

const Block *loop_body(const Stmt *s) {
  return s->kind == STMT_SCAN ? &s->scan.body : s->kind == STMT_ITERATE ? &s->iterate.body : NULL;
}

const Carries *loop_carries(const Stmt *s) {
  return s->kind == STMT_SCAN ? &s->scan.carried : &s->iterate.carried;
}
