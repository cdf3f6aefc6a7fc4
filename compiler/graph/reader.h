// reader.h - what reads the graph's text: tokens, and expressions over names in scope.  For parse.c and formula.c.
#ifndef MDLC_GRAPH_READER_H
#define MDLC_GRAPH_READER_H

#include "graph/text.h"

typedef enum {
  TOKEN_END,
  TOKEN_LINE,
  TOKEN_NAME,
  TOKEN_INT,
  TOKEN_REAL,
  TOKEN_STRING,
  TOKEN_SIGN,
  TOKEN_NOTE
} TokenKind;

typedef struct Token {
  TokenKind kind;
  Span span;
  const char *text; // as written; of a string its contents, of a note what follows `# `
  union {
    int64_t integer;
    double real;
  } u;
} Token;

// All tokens of a source, TOKEN_END last; null after an error.
const Token *graph_tokens(Arena *a, Diags *diags, const Source *source);

typedef struct Reader Reader;

// The input node of a declaration that is first read here; null: no such declaration.
typedef const Node *(*InputFinder)(void *context, const char *name);

struct Reader {
  Arena *arena;
  Diags *diags;
  Graph *graph;
  const Token *at; // the next token
  int depth;
  const Index *index; // in scope: index[k] is position k, except that a null name is not
  int nindex;
  Binding *names; // given ones, then those of `let`
  size_t nnames, names_room;
  InputFinder find_input; // or null
  void *context;
};

bool reader_is(const Reader *r, const char *text); // the next token is this name or sign
bool reader_skip(Reader *r, const char *text);     // and takes it where it is
bool reader_expect(Reader *r, const char *text);   // or reports what stands there instead
const char *reader_name(Reader *r, const char *what);

// Each reports what is wrong and returns null.
const Expr *read_expr(Reader *r);
const Expr *read_formula(Reader *r); // with a leading `let`
const Poly *read_poly(Reader *r);

#endif
