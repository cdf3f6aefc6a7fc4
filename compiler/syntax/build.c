// build.c - nodes of the tree, with what the grammar alone can't say about them.
#include "syntax/build.h"

#include <ctype.h>
#include <string.h>

#include "syntax/reader.h"

void *build_grow(Reader *r, void *items, size_t count, size_t *room, size_t size) {
  if (*room) return arena_grow(r->arena, items, count, room, size);
  *room = 1;
  return arena_alloc(r->arena, 1, size);
}

static AstExpr *leaf(Reader *r, AstExprKind kind, Span at) {
  AstExpr *e = arena_new_of(r->arena, AstExpr);
  e->kind = kind;
  e->span = at;
  e->height = 1;
  return e;
}

static unsigned higher(unsigned height, const AstExpr *part) {
  return part && part->height > height ? part->height : height;
}

static unsigned highest(const AstExprs *parts) {
  unsigned height = 0;
  for (size_t i = 0; i < parts->count; i++) height = higher(height, parts->items[i]);
  return height;
}

// Sets the height over what is below; an expression beyond the limit is told and becomes a leaf.
static AstExpr *over(Reader *r, AstExpr *e, unsigned below) {
  if (below < AST_MAX_HEIGHT) {
    e->height = below + 1;
    return e;
  }
  if (!r->too_high_told)
    diag_error(r->diags, e->span, "this expression is more than %d operations deep; give a part of it a name of its own",
               AST_MAX_HEIGHT);
  r->too_high_told = true;
  return build_int(r, e->span, 1);
}

AstExpr *build_int(Reader *r, Span at, int64_t value) {
  AstExpr *e = leaf(r, AST_INT, at);
  e->integer = value;
  return e;
}

AstExpr *build_real(Reader *r, Span at, double value) {
  AstExpr *e = leaf(r, AST_REAL, at);
  e->real = value;
  return e;
}

AstExpr *build_name(Reader *r, Name name) {
  AstExpr *e = leaf(r, AST_NAME, name.span);
  e->name = name.text;
  return e;
}

AstExpr *build_unary(Reader *r, Span at, UnaryOp op, AstExpr *operand) {
  AstExpr *e = leaf(r, AST_UNARY, at);
  e->unary.op = op;
  e->unary.operand = operand;
  return over(r, e, operand->height);
}

AstExpr *build_binary(Reader *r, BinaryOp op, Span op_span, AstExpr *left, AstExpr *right) {
  AstExpr *e = leaf(r, AST_BINARY, span_join(left->span, right->span));
  e->binary.op = op;
  e->binary.op_span = op_span;
  e->binary.left = left;
  e->binary.right = right;
  return over(r, e, higher(left->height, right));
}

AstExpr *build_if(Reader *r, Span at, AstExpr *condition, AstExpr *yes, AstExpr *no) {
  AstExpr *e = leaf(r, AST_IF, at);
  e->choice.condition = condition;
  e->choice.yes = yes;
  e->choice.no = no;
  return over(r, e, higher(higher(condition->height, yes), no));
}

AstExpr *build_list(Reader *r, Span at, AstExprs items) {
  AstExpr *e = leaf(r, AST_LIST, at);
  e->list = items;
  return over(r, e, highest(&items));
}

static unsigned highest_subscript(const Subscripts *list) {
  unsigned height = 0;
  for (size_t i = 0; i < list->count; i++) {
    const Subscript *s = &list->items[i];
    height = higher(higher(higher(height, s->at), s->low), s->high);
  }
  return height;
}

AstExpr *build_operand(Reader *r, Postfix p) {
  if (p.condition)
    diag_error(r->diags, p.condition->span,
               "a condition in brackets belongs to a reduction, as in `sum[j if j > 0](...)`");
  if (p.e->kind != AST_INDEX) return p.e;
  Subscripts *list = &p.e->index.subscripts;
  for (size_t i = 0; i < list->count; i++) {
    if (list->items[i].kind != SUB_EACH) continue;
    diag_error(r->diags, list->items[i].span,
               "an index with a range belongs to a reduction, as in `sum[j in 0..n](...)`, or to what is defined");
    list->items[i].kind = SUB_SLICE;
  }
  return p.e;
}

Postfix build_index(Reader *r, Span at, Postfix base, Brackets brackets) {
  AstExpr *e = leaf(r, AST_INDEX, at);
  e->index.base = build_operand(r, base);
  e->index.subscripts = brackets.subscripts;
  unsigned below = higher(highest_subscript(&brackets.subscripts), e->index.base);
  return (Postfix){over(r, e, higher(below, brackets.condition)), brackets.condition};
}

static Binders binders_of(Reader *r, const Subscripts *list) {
  Binders binders = {.items = NULL};
  for (size_t i = 0; i < list->count; i++) {
    const Subscript *s = &list->items[i];
    Binder b = {.name = {"_", s->span}};
    if (s->kind == SUB_EACH)
      b = (Binder){s->index, s->low, s->high};
    else if (s->kind == SUB_AT && s->at->kind == AST_NAME)
      b.name = (Name){s->at->name, s->span};
    else
      diag_error(r->diags, s->span, "a reduction's index must be a name, as in `sum[j](...)` or `sum[j in 0..n](...)`");
    ARENA_PUSH(r->arena, binders.items, binders.count, binders.room) = b;
  }
  return binders;
}

static AstExpr *build_reduce(Reader *r, Span at, Postfix called, Span args_span, const AstExprs *args) {
  const AstExpr *base = called.e->index.base;
  const Subscripts *indices = &called.e->index.subscripts;
  AstExpr *e = leaf(r, AST_REDUCE, at);
  e->reduce.function = (Name){base->name, base->span};
  e->reduce.binders = binders_of(r, indices);
  e->reduce.condition = called.condition;
  if (args->count != 1)
    diag_error(r->diags, args_span, "a reduction takes one expression, but here are %zu", args->count);
  e->reduce.body = args->count > 0 ? args->items[0] : build_int(r, args_span, 0);
  unsigned below = higher(highest_subscript(indices), called.condition);
  return over(r, e, higher(below, e->reduce.body));
}

static Postfix call_of(Reader *r, Span at, Postfix called, Name member, AstExprs args) {
  AstExpr *e = leaf(r, AST_CALL, at);
  if (called.e->kind == AST_NAME) {
    e->call.function = (Name){called.e->name, called.e->span};
  } else {
    e->call.function = (Name){"_", called.e->span};
    diag_error(r->diags, called.e->span, "only a function can be called, by its name");
  }
  e->call.member = member;
  e->call.args = args;
  return (Postfix){.e = over(r, e, highest(&args))};
}

Postfix build_call(Reader *r, Span at, Postfix called, Span args_span, AstExprs args) {
  if (called.e->kind == AST_INDEX && called.e->index.base->kind == AST_NAME)
    return (Postfix){.e = build_reduce(r, at, called, args_span, &args)};
  return call_of(r, at, called, (Name){.text = NULL}, args);
}

Postfix build_member_call(Reader *r, Span at, Postfix called, Name member, AstExprs args) {
  return call_of(r, at, called, member, args);
}

Stmt *build_stmt(Reader *r, StmtKind kind, Span at) {
  Stmt *s = arena_new_of(r->arena, Stmt);
  s->kind = kind;
  s->span = s->keyword = at;
  return s;
}

bool build_take_fault(Reader *r) {
  const size_t before = r->errors;
  const bool faulty_block = r->faulty_block;
  r->errors = r->diags->errors + r->diags->muted_errors;
  r->faulty_block = false;
  return faulty_block || r->errors != before;
}

static bool in_name(char c) {
  return isalnum((unsigned char)c) || c == '_';
}

Stmt *build_faulty(Reader *r, Span at) {
  Stmt *s = build_stmt(r, STMT_FAULTY, at);
  for (const char *p = at.source->text + at.begin, *end = at.source->text + at.end; p < end;) {
    const char *begin = p;
    while (p < end && in_name(*p)) p++;
    if (p > begin)
      ARENA_PUSH(r->arena, s->names.items, s->names.count, s->names.room) =
          arena_strndup(r->arena, begin, (size_t)(p - begin));
    else if (*p == '#')
      while (p < end && *p != '\n') p++;
    else
      p++;
  }
  return s;
}

Stmt *build_define(Reader *r, StmtKind kind, Span at, Targets targets, AstExpr *value) {
  Stmt *s = build_stmt(r, kind, at);
  s->keyword = targets.items[0].span;
  s->define.targets = targets;
  s->define.value = value;
  for (size_t i = 0; targets.count > 1 && i < targets.count; i++) {
    if (targets.items[i].subscripts.count == 0) continue;
    diag_error(r->diags, targets.items[i].span, "where several names are defined at once, each must be a name alone");
  }
  return s;
}

Constraint build_named_constraint(Reader *r, Name name, Span at) {
  static const char *const names[] = {"simplex", "ordered", "cholesky"};
  static const ConstraintKind kinds[] = {CONSTRAINT_SIMPLEX, CONSTRAINT_ORDERED, CONSTRAINT_CHOLESKY};
  for (size_t i = 0; i < 3; i++)
    if (strcmp(name.text, names[i]) == 0) return (Constraint){.kind = kinds[i], .span = at};
  diag_error(r->diags, name.span, "unknown constraint `%s`%s", name.text,
             diag_did_you_mean(r->diags, name.text, names, 3));
  diag_note(r->diags, name.span, "a parameter is in `(a, b)`, `simplex`, `ordered`, `cholesky`, above a bound, `> a`, or below one, `< b`");
  return (Constraint){.span = at};
}

Derivative build_derivative(Reader *r, Name of, Name by, AstExpr *value) {
  if (strcmp(of.text, "d") != 0 || by.text[0] != 'd' || by.text[1] == '\0') {
    diag_error(r->diags, span_join(of.span, by.span), "a derivative is given as `d/dx = ...`, with the argument's name for x");
    return (Derivative){by, value};
  }
  return (Derivative){{by.text + 1, {by.span.source, by.span.begin + 1, by.span.end}}, value};
}

Block build_declaration(Block items, Span keyword) {
  for (size_t i = 0; i < items.count; i++) {
    items.items[i]->keyword = keyword;
    if (i == 0) items.items[i]->span = span_join(keyword, items.items[i]->span);
  }
  return items;
}

void build_check_place(Reader *r, const Block *block, AstPlace place) {
  for (size_t i = 0; i < block->count; i++) {
    const Stmt *s = block->items[i];
    unsigned allowed = ast_allowed_in(s->kind);
    if (allowed & place) continue;
    const char *where = allowed == AST_IN_FILE   ? "at the top of the file, outside `{ }`"
                        : allowed == AST_IN_DEF  ? "directly in a function's `{ }`"
                        : allowed == AST_IN_SCAN ? "directly in a scan's `{ }`"
                                                 : "elsewhere";
    diag_error(r->diags, s->keyword, "`%s` can only stand %s", ast_stmt_word(s->kind), where);
  }
}
