// reader.h - the state of one reading, private to the front: lexer.l makes raw tokens, layout.c turns them into the
// parser's (ends of statements, matched brackets), parser.y builds the tree by build.h.
#ifndef MDLC_READER_H
#define MDLC_READER_H

#include "syntax/ast.h"
#include "syntax/diag.h"

#include "parser.h"

typedef struct Token {
  int kind; // T_…
  MDLC_STYPE value;
  Span span;
  bool first;  // the first on its line
  bool repair; // not in the source: makes up for an error that was told already
} Token;

// A bracket that waits for its partner.
typedef struct Open {
  int closer; // T_CLOSE, T_CLOSE_SQUARE or T_CLOSE_BRACE
  Span span;
  bool told; // an error has pointed at it
} Open;

struct Reader {
  Arena *arena;
  Diags *diags;
  const Source *source;
  void *scanner;
  size_t offset;  // of the byte behind the last raw token
  bool line_ended; // the raw token to come is the first on its line

  Token raw; // looked at, not yet taken
  bool has_raw;
  Open *open; // the innermost bracket last
  size_t open_count, open_room;
  size_t close_to; // brackets above this many are being closed on the user's behalf
  bool end_statement; // a statement's end is due before the raw token
  bool stopped;       // nested too deeply to go on: the rest of the text is not read
  int start; // T_FILE_START or T_EXPR_START until it was handed over, then 0

  Token recent[3];         // the tokens handed to the parser, the latest first
  bool quiet;              // behind the block of a faulty statement, up to its end
  bool too_high_told;      // in this statement
  size_t errors;           // when the last statement ended
  bool faulty_block;       // the block behind which the parser stands is behind a wrong head

  AstFile *file;
  AstExpr *expr;
};

// The place of the next `length` bytes, gone past; the lexer calls it for each match.
Span reader_advance(Reader *r, size_t length);
// A span's text for a message; of a very long one, its beginning.
const char *reader_quote(Reader *r, Span at);
// Does a line that ends in this token go on in the next?
bool token_continues_line(int kind);
// The innermost bracket that is open, or null at a block's or the file's level.
Open *reader_innermost(Reader *r);
// An error was told within these brackets of the statement: that they are open is not told too.
void reader_told(Reader *r);

// The raw tokens of the reader's source, in lexer.l.
void reader_open(Reader *r);
void reader_close(Reader *r);
int mdlc_raw_lex(MDLC_STYPE *value, MDLC_LTYPE *span, void *scanner);

int mdlc_lex(MDLC_STYPE *value, MDLC_LTYPE *span, Reader *r);

#endif
