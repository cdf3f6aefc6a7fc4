// print.c - the tree as canonical source text.
#include <string.h>

#include "syntax/ast.h"

// How tightly an expression holds together; as an operand of something tighter it needs brackets.
static int priority_of(const AstExpr *e) {
  switch (e->kind) {
  case AST_IF: return AST_PRIORITY_IF;
  case AST_BINARY: return binary_op_priority(e->binary.op);
  case AST_UNARY:
    return e->unary.op == OP_NEGATE ? AST_PRIORITY_NEGATE
           : e->unary.op == OP_NOT  ? AST_PRIORITY_NOT
                                    : AST_PRIORITY_POSTFIX;
  default: return AST_PRIORITY_POSTFIX;
  }
}

static void print_operand(Text *out, const AstExpr *e, int least) {
  bool brackets = priority_of(e) < least;
  if (brackets) text_char(out, '(');
  ast_print_expr(out, e);
  if (brackets) text_char(out, ')');
}

static void print_exprs(Text *out, const AstExprs *list) {
  for (size_t i = 0; i < list->count; i++) {
    if (i) text_put(out, ", ");
    ast_print_expr(out, list->items[i]);
  }
}

static void print_range(Text *out, const AstExpr *low, const AstExpr *high) {
  ast_print_expr(out, low);
  text_put(out, "..");
  if (high) ast_print_expr(out, high);
}

static void print_subscripts(Text *out, const Subscripts *list) {
  text_char(out, '[');
  for (size_t i = 0; i < list->count; i++) {
    const Subscript *s = &list->items[i];
    if (i) text_put(out, ", ");
    if (s->kind == SUB_ALL) text_char(out, ':');
    if (s->kind == SUB_AT) ast_print_expr(out, s->at);
    if (s->kind == SUB_EACH) text_printf(out, "%s in ", s->index.text);
    if (s->kind == SUB_EACH || s->kind == SUB_SLICE) print_range(out, s->low, s->high);
  }
  text_char(out, ']');
}

static void print_real(Text *out, double x) {
  size_t before = out->length;
  text_real(out, x);
  if (!strpbrk(out->s + before, ".e")) text_put(out, ".0"); // 100000 would read back as an integer
}

static void print_unary(Text *out, const AstExpr *e) {
  if (e->unary.op == OP_TRANSPOSE) {
    print_operand(out, e->unary.operand, AST_PRIORITY_POSTFIX);
    text_char(out, '\'');
  } else {
    text_put(out, e->unary.op == OP_NEGATE ? "-" : "not ");
    print_operand(out, e->unary.operand, priority_of(e));
  }
}

static void print_binary(Text *out, const AstExpr *e) {
  int priority = priority_of(e);
  bool comparison = priority == binary_op_priority(OP_EQ);
  if (e->binary.op == OP_POW) {
    print_operand(out, e->binary.left, AST_PRIORITY_POSTFIX);
    text_char(out, '^');
    print_operand(out, e->binary.right, AST_PRIORITY_NEGATE);
  } else {
    print_operand(out, e->binary.left, comparison ? priority + 1 : priority);
    text_printf(out, " %s ", binary_op_text(e->binary.op));
    print_operand(out, e->binary.right, priority + 1);
  }
}

static void print_reduce(Text *out, const AstExpr *e) {
  text_printf(out, "%s[", e->reduce.function.text);
  for (size_t i = 0; i < e->reduce.binders.count; i++) {
    const Binder *b = &e->reduce.binders.items[i];
    text_printf(out, "%s%s", i ? ", " : "", b->name.text);
    if (!b->low) continue;
    text_put(out, " in ");
    print_range(out, b->low, b->high);
  }
  if (e->reduce.condition) {
    text_put(out, " if ");
    ast_print_expr(out, e->reduce.condition);
  }
  text_put(out, "](");
  ast_print_expr(out, e->reduce.body);
  text_char(out, ')');
}

void ast_print_expr(Text *out, const AstExpr *e) {
  switch (e->kind) {
  case AST_INT: text_printf(out, "%lld", (long long)e->integer); break;
  case AST_REAL: print_real(out, e->real); break;
  case AST_NAME: text_put(out, e->name); break;
  case AST_UNARY: print_unary(out, e); break;
  case AST_BINARY: print_binary(out, e); break;
  case AST_IF:
    text_put(out, "if ");
    ast_print_expr(out, e->choice.condition);
    text_put(out, " then ");
    ast_print_expr(out, e->choice.yes);
    text_put(out, " else ");
    ast_print_expr(out, e->choice.no);
    break;
  case AST_INDEX:
    print_operand(out, e->index.base, AST_PRIORITY_POSTFIX);
    print_subscripts(out, &e->index.subscripts);
    break;
  case AST_CALL:
    text_put(out, e->call.function.text);
    if (e->call.member.text) text_printf(out, ".%s", e->call.member.text);
    text_char(out, '(');
    print_exprs(out, &e->call.args);
    text_char(out, ')');
    break;
  case AST_REDUCE: print_reduce(out, e); break;
  case AST_LIST:
    text_char(out, '[');
    print_exprs(out, &e->list);
    text_char(out, ']');
    break;
  }
}

const char *ast_expr_text(Arena *a, const AstExpr *e) {
  Text text;
  text_init(&text);
  ast_print_expr(&text, e);
  const char *copy = arena_strndup(a, text.s, text.length);
  text_free(&text);
  return copy;
}

void ast_print_target(Text *out, const Target *target) {
  text_put(out, target->name.text);
  if (target->subscripts.count) print_subscripts(out, &target->subscripts);
}

static void print_shape(Text *out, const AstExprs *shape) {
  if (!shape->count) return;
  text_char(out, '[');
  print_exprs(out, shape);
  text_char(out, ']');
}

static void print_given(Text *out, const AstExpr *value) {
  if (!value) return;
  text_put(out, " = ");
  ast_print_expr(out, value);
}

void ast_print_constraint(Text *out, const Constraint *c) {
  static const char *const words[] = {[CONSTRAINT_NONE] = "",
                                      [CONSTRAINT_ABOVE] = "> ",
                                      [CONSTRAINT_BELOW] = "< ",
                                      [CONSTRAINT_BETWEEN] = "in (",
                                      [CONSTRAINT_SIMPLEX] = "in simplex",
                                      [CONSTRAINT_ORDERED] = "in ordered",
                                      [CONSTRAINT_CHOLESKY] = "in cholesky"};
  text_put(out, words[c->kind]);
  if (c->kind == CONSTRAINT_ABOVE) print_operand(out, c->low, binary_op_priority(OP_ADD));
  if (c->kind == CONSTRAINT_BELOW) print_operand(out, c->high, binary_op_priority(OP_ADD));
  if (c->kind != CONSTRAINT_BETWEEN) return;
  ast_print_expr(out, c->low);
  text_put(out, ", ");
  ast_print_expr(out, c->high);
  text_char(out, ')');
}

static void print_define(Text *out, const Stmt *s) {
  const Targets *targets = &s->define.targets;
  if (s->kind != STMT_DEFINE) text_printf(out, "%s ", ast_stmt_word(s->kind));
  for (size_t i = 0; i < targets->count; i++) {
    if (i) text_put(out, ", ");
    ast_print_target(out, &targets->items[i]);
  }
  print_given(out, s->define.value);
}

static void print_carried(Text *out, const char *word, const Carries *list) {
  for (size_t i = 0; i < list->count; i++) {
    text_printf(out, "%s%s", i ? ", " : word, list->items[i].name.text);
    print_given(out, list->items[i].start);
  }
}

static void print_stmt(Text *out, const Stmt *s, int indent);

static void print_block(Text *out, const Block *block, int indent) {
  text_put(out, " {\n");
  for (size_t i = 0; i < block->count; i++) print_stmt(out, block->items[i], indent + 2);
  text_repeat(out, ' ', indent);
  text_char(out, '}');
}

static void print_def(Text *out, const Stmt *s, int indent) {
  text_printf(out, "def %s(", s->def.name.text);
  for (size_t i = 0; i < s->def.args.count; i++) {
    text_printf(out, "%s%s", i ? ", " : "", s->def.args.items[i].name.text);
    print_shape(out, &s->def.args.items[i].shape);
  }
  text_char(out, ')');
  if (s->def.value)
    print_given(out, s->def.value);
  else
    print_block(out, &s->def.body, indent);
  for (size_t i = 0; i < s->def.derivatives.count; i++) {
    const Derivative *d = &s->def.derivatives.items[i];
    text_printf(out, "%sd/d%s", i ? ", " : " with ", d->by.text);
    print_given(out, d->value);
  }
}

static void print_loop(Text *out, const Stmt *s, int indent) {
  if (s->kind == STMT_SCAN) {
    text_printf(out, "scan %s in %s", s->scan.index.name.text, s->scan.reverse ? "reverse " : "");
    print_range(out, s->scan.index.low, s->scan.index.high);
    print_carried(out, " with ", &s->scan.carried);
    print_block(out, &s->scan.body, indent);
  } else {
    text_put(out, "iterate");
    print_carried(out, " ", &s->iterate.carried);
    text_put(out, " while ");
    ast_print_expr(out, s->iterate.condition);
    text_put(out, " at most ");
    ast_print_expr(out, s->iterate.limit);
    print_block(out, &s->iterate.body, indent);
  }
}

static void print_stmt(Text *out, const Stmt *s, int indent) {
  text_repeat(out, ' ', indent);
  switch (s->kind) {
  case STMT_DIM:
  case STMT_BATCH:
    text_printf(out, "%s %s", ast_stmt_word(s->kind), s->dim.name.text);
    print_given(out, s->dim.size);
    break;
  case STMT_DATA:
    text_printf(out, "data %s", s->data.name.text);
    print_shape(out, &s->data.shape);
    if (s->data.integer) {
      text_put(out, " in ");
      print_range(out, s->data.low, s->data.high);
    }
    break;
  case STMT_PARAM:
    text_printf(out, "param %s", s->param.name.text);
    print_shape(out, &s->param.shape);
    if (s->param.constraint.kind != CONSTRAINT_NONE) text_char(out, ' ');
    ast_print_constraint(out, &s->param.constraint);
    print_given(out, s->param.start);
    break;
  case STMT_CONST:
  case STMT_DEFINE:
  case STMT_PREDICT:
  case STMT_METRIC:
  case STMT_GRADIENT:
  case STMT_YIELD: print_define(out, s); break;
  case STMT_LOSS:
  case STMT_LIKELIHOOD:
    text_printf(out, "%s ", ast_stmt_word(s->kind));
    ast_print_expr(out, s->value);
    break;
  case STMT_SAMPLE:
    ast_print_target(out, &s->sample.target);
    text_printf(out, " ~ %s(", s->sample.distribution.text);
    print_exprs(out, &s->sample.args);
    text_char(out, ')');
    break;
  case STMT_DEF: print_def(out, s, indent); break;
  case STMT_RETURN:
    text_put(out, "return ");
    print_exprs(out, &s->returned);
    break;
  case STMT_IMPORT: text_printf(out, "import \"%s\"", s->import.text); break;
  case STMT_SCAN:
  case STMT_ITERATE: print_loop(out, s, indent); break;
  case STMT_FAULTY: break;
  }
  text_char(out, '\n');
}

void ast_print_stmt(Text *out, const Stmt *stmt) {
  print_stmt(out, stmt, 0);
}

void ast_print(Text *out, const AstFile *file) {
  for (size_t i = 0; i < file->statements.count; i++) print_stmt(out, file->statements.items[i], 0);
}
