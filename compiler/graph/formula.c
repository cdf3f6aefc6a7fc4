// formula.c - reads expressions of the graph's text and of the table's derivatives.
//
// In them an integer beside a real becomes one, as in the language: a constant a real constant, anything else real(…).
#include <math.h>
#include <string.h>

#include "graph/notation.h"
#include "graph/reader.h"

enum { DEPTH_MAX = 500 };

bool reader_is(const Reader *r, const char *text) {
  return (r->at->kind == TOKEN_NAME || r->at->kind == TOKEN_SIGN) && strcmp(r->at->text, text) == 0;
}

bool reader_skip(Reader *r, const char *text) {
  if (!reader_is(r, text)) return false;
  r->at++;
  return true;
}

bool reader_expect(Reader *r, const char *text) {
  if (reader_skip(r, text)) return true;
  diag_error(r->diags, r->at->span, "expected `%s`, not `%s`", text, r->at->text);
  return false;
}

const char *reader_name(Reader *r, const char *what) {
  if (r->at->kind == TOKEN_NAME) return r->at++->text;
  diag_error(r->diags, r->at->span, "expected the name of %s, not `%s`", what, r->at->text);
  return NULL;
}

// ---- primitives, with the language's conversion ----

static const Expr *to_real(Graph *g, const Expr *e) {
  int64_t value;
  if (e->type != TYPE_INT) return e;
  return expr_is_int(e, &value) ? expr_real(g, (double)value) : expr_prim1(g, PRIM_REAL, e);
}

static const Expr *apply(Reader *r, Prim op, const Expr **args, int nargs, Span span) {
  const char *signature = prim_table[op].signature;
  Type types[3], result;
  bool real = false;
  if (nargs != prim_arity(op)) {
    diag_error(r->diags, span, "`%s` takes %d arguments, not %d", prim_table[op].name, prim_arity(op), nargs);
    return NULL;
  }
  for (int k = 0; k < nargs; k++) {
    if (!args[k]) return NULL;
    real = real || (signature[k] == 'n' && args[k]->type == TYPE_REAL);
  }
  for (int k = 0; k < nargs; k++) {
    if (signature[k] == 'r' || (signature[k] == 'n' && real)) args[k] = to_real(r->graph, args[k]);
    if (!args[k]) return NULL;
    types[k] = args[k]->type;
  }
  if (!prim_result(op, types, nargs, &result)) {
    diag_error(r->diags, span, "`%s` does not take arguments of these types", prim_table[op].name);
    return NULL;
  }
  const Expr *e = expr_prim(r->graph, op, args);
  if (!e) diag_error(r->diags, span, "this expression is nested too deeply");
  return e;
}

// x / y of integers is exact where both are polynomials.
static const Expr *divide(Reader *r, const Expr *x, const Expr *y, Span span) {
  if (x->kind != EXPR_POLY || y->kind != EXPR_POLY) return apply(r, PRIM_DIV, (const Expr *[]){x, y}, 2, span);
  const Poly *q = poly_div(r->graph->dims, x->u.poly, y->u.poly);
  if (q && !poly_is_too_large(q)) return expr_poly(r->graph, q);
  diag_error(r->diags, span, "this division is not exact");
  return NULL;
}

static const Expr *apply_infix(Reader *r, Prim op, const Expr *x, const Expr *y, Span span) {
  if (!x || !y) return NULL;
  if (op == PRIM_DIV) return divide(r, x, y, span);
  if (op == PRIM_POW && y->type == TYPE_INT) op = PRIM_POWI;
  return apply(r, op, (const Expr *[]){x, y}, 2, span);
}

// ---- names ----

// A list of expressions up to the closing bracket; the last one, null where it is empty or wrong.
static const Expr *read_arguments(Reader *r, const char *close, const Expr **args, int room, int *nargs) {
  const Expr *last = NULL;
  *nargs = 0;
  if (reader_skip(r, close)) return NULL;
  do {
    if (*nargs == room) {
      diag_error(r->diags, r->at->span, "too many arguments");
      return NULL;
    }
    last = args[*nargs] = read_expr(r);
    if (!last) return NULL;
    ++*nargs;
  } while (reader_skip(r, ","));
  return reader_expect(r, close) ? last : NULL;
}

static const Expr *read_entry(Reader *r, const Node *node, Span span) {
  const Expr *sub[INDEX_MAX];
  int nsub = 0;
  if (reader_skip(r, "[") && !read_arguments(r, "]", sub, INDEX_MAX, &nsub)) return NULL;
  if (nsub != node->nout) {
    diag_error(r->diags, span, "`%s` has %d subscripts, not %d", node->name, node->nout, nsub);
    return NULL;
  }
  for (int k = 0; k < nsub; k++)
    if (sub[k]->type != TYPE_INT) {
      diag_error(r->diags, span, "a subscript of `%s` is not an integer", node->name);
      return NULL;
    }
  const Expr *e = expr_read(r->graph, node, sub);
  if (!e) diag_error(r->diags, span, "this expression is nested too deeply");
  return e;
}

static const Expr *read_call(Reader *r, const char *name, Span span) {
  const Expr *args[3];
  int nargs;
  Prim op = prim_by_name(name);
  r->at++;
  if (op == PRIM_COUNT) {
    diag_error(r->diags, span, "there is no function `%s`", name);
    return NULL;
  }
  return read_arguments(r, ")", args, 3, &nargs) ? apply(r, op, args, nargs, span) : NULL;
}

static const Expr *read_named(Reader *r) {
  const char *name = r->at->text;
  Span span = r->at++->span;
  if (reader_is(r, "(")) return read_call(r, name, span);
  for (size_t k = r->nnames; k-- > 0;)
    if (strcmp(r->names[k].name, name) == 0) return r->names[k].expr;
  for (int k = 0; k < r->nindex; k++)
    if (r->index[k].name && strcmp(r->index[k].name, name) == 0) return expr_index(r->graph, k);
  const Node *node = graph_find(r->graph, name);
  if (!node && r->find_input) node = r->find_input(r->context, name);
  if (node) return read_entry(r, node, span);
  int dim = dims_find(r->graph->dims, name);
  if (dim >= 0) return expr_poly(r->graph, poly_dim(r->graph->dims, dim));
  if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0) return expr_bool(r->graph, name[0] == 't');
  if (strcmp(name, "inf") == 0) return expr_real(r->graph, (double)INFINITY);
  if (strcmp(name, "nan") == 0) return expr_real(r->graph, (double)NAN);
  diag_error(r->diags, span, "unknown name `%s`", name);
  return NULL;
}

// ---- expressions, from tight to loose ----

static const Expr *read_primary(Reader *r) {
  const Token *t = r->at;
  if (t->kind == TOKEN_NAME) return read_named(r);
  if (t->kind == TOKEN_INT || t->kind == TOKEN_REAL) {
    r->at++;
    return t->kind == TOKEN_INT ? expr_int(r->graph, t->u.integer) : expr_real(r->graph, t->u.real);
  }
  if (reader_skip(r, "(")) {
    const Expr *e = read_expr(r);
    return e && reader_expect(r, ")") ? e : NULL;
  }
  diag_error(r->diags, t->span, "expected an expression, not `%s`", t->text);
  return NULL;
}

static const Expr *read_infix(Reader *r, Level least);

// A real number after a minus is a negative constant, unless `^` takes the number first.
static bool is_negative_constant(const Token *t) {
  bool number = t->kind == TOKEN_REAL || (t->kind == TOKEN_NAME && strcmp(t->text, "inf") == 0);
  return number && !(t[1].kind == TOKEN_SIGN && strcmp(t[1].text, "^") == 0);
}

static const Expr *read_unary(Reader *r) {
  Span span = r->at->span;
  if (reader_skip(r, "not")) return apply(r, PRIM_NOT, (const Expr *[]){read_infix(r, LEVEL_COMPARE)}, 1, span);
  if (reader_skip(r, "-")) {
    bool constant = is_negative_constant(r->at);
    const Expr *e = read_infix(r, LEVEL_NEGATION);
    if (e && constant && e->kind == EXPR_REAL) return expr_real(r->graph, -e->u.real);
    return apply(r, PRIM_NEG, (const Expr *[]){e}, 1, span);
  }
  const Expr *base = read_primary(r);
  span = r->at->span;
  if (!base || !reader_skip(r, "^")) return base;
  return apply_infix(r, PRIM_POW, base, read_infix(r, LEVEL_NEGATION), span);
}

static const Operator *infix_here(const Reader *r, Level least) {
  for (int k = 0; k < operator_count; k++)
    if (operators[k].level >= least && operators[k].level <= LEVEL_PRODUCT && operators[k].level != LEVEL_NOT &&
        reader_is(r, operators[k].spelling))
      return &operators[k];
  return NULL;
}

static const Expr *read_infix(Reader *r, Level least) {
  if (r->depth == DEPTH_MAX) {
    diag_error(r->diags, r->at->span, "this expression is nested too deeply");
    return NULL;
  }
  r->depth++;
  const Expr *left = read_unary(r);
  const Operator *o;
  while (left && (o = infix_here(r, least)) != NULL) {
    Span span = r->at++->span;
    left = apply_infix(r, o->op, left, read_infix(r, (Level)(o->level + 1)), span);
  }
  r->depth--;
  return left;
}

const Expr *read_expr(Reader *r) {
  Span span = r->at->span;
  if (!reader_skip(r, "if")) return read_infix(r, LEVEL_OR);
  if (r->depth == DEPTH_MAX) {
    diag_error(r->diags, span, "this expression is nested too deeply");
    return NULL;
  }
  r->depth++;
  const Expr *args[3] = {read_expr(r), NULL, NULL};
  if (args[0] && reader_expect(r, "then")) args[1] = read_expr(r);
  if (args[1] && reader_expect(r, "else")) args[2] = read_expr(r);
  r->depth--;
  return apply(r, PRIM_SELECT, args, 3, span);
}

const Expr *read_formula(Reader *r) {
  size_t outer = r->nnames;
  if (reader_skip(r, "let")) {
    do {
      const char *name = reader_name(r, "a part");
      if (!name || !reader_expect(r, "=")) return NULL;
      const Expr *part = read_expr(r);
      if (!part) return NULL;
      ARENA_PUSH(r->arena, r->names, r->nnames, r->names_room) = (Binding){name, part};
    } while (reader_skip(r, ","));
    if (!reader_expect(r, "in")) return NULL;
  }
  const Expr *e = read_expr(r);
  r->nnames = outer;
  return e;
}

const Poly *read_poly(Reader *r) {
  Span span = r->at->span;
  const Expr *e = read_infix(r, LEVEL_SUM);
  if (!e) return NULL;
  if (e->kind == EXPR_POLY) return e->u.poly;
  diag_error(r->diags, span, "expected an expression in the dimensions");
  return NULL;
}

const Expr *expr_parse(Graph *g, const char *text, const Binding *bindings, int nbindings) {
  Diags diags;
  Arena *scratch = arena_new();
  const Source source = {"formula", text, strlen(text)};
  diags_init(&diags, scratch);
  Reader r = {.arena = scratch, .diags = &diags, .graph = g, .at = graph_tokens(scratch, &diags, &source)};
  const Expr *e = NULL;
  if (r.at) {
    for (int k = 0; k < nbindings; k++) ARENA_PUSH(scratch, r.names, r.nnames, r.names_room) = bindings[k];
    e = read_formula(&r);
    if (e && r.at->kind != TOKEN_END) e = NULL;
    if (e) e = to_real(g, e);
  }
  arena_free(scratch);
  return e;
}
