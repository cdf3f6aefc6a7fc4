// layout.c - from raw tokens to the parser's: where statements end, and brackets that always match.
//
// The parser never sees a bracket without its partner: what is missing is told here, once, and made up for, so that
// one forgotten bracket costs one error and not the rest of the file.
#include "syntax/reader.h"

#include <ctype.h>
#include <string.h>

enum { QUOTED = 40, LONGEST_SOURCE = 1 << 30 };
static const size_t NO_REPAIR = (size_t)-1;

Span reader_advance(Reader *r, size_t length) {
  size_t limit = r->source->length; // the lexer reads one newline more than the source has
  Span at = {r->source, r->offset < limit ? r->offset : limit, r->offset + length < limit ? r->offset + length : limit};
  r->offset += length;
  return at;
}

const char *reader_quote(Reader *r, Span at) {
  size_t length = at.end - at.begin;
  const char *text = at.source->text + at.begin;
  if (length <= QUOTED) return arena_strndup(r->arena, text, length);
  size_t shown = QUOTED;
  while (shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80) shown--; // not within a character
  return arena_printf(r->arena, "%.*s...", (int)shown, text);
}

bool token_continues_line(int kind) {
  switch (kind) {
  case T_COMMA: case T_ASSIGN: case T_TILDE: case T_THEN: case T_ELSE: case T_AND: case T_OR: case T_NOT:
  case T_PLUS: case T_MINUS: case T_STAR: case T_SLASH: case T_FLOORDIV: case T_PERCENT: case T_MATMUL: case T_POWER:
  case T_EQ: case T_NE: case T_LT: case T_LE: case T_GT: case T_GE: return true;
  default: return false;
  }
}

static bool begins_statement(int kind) {
  switch (kind) {
  case T_DIM: case T_BATCH: case T_DATA: case T_PARAM: case T_CONST: case T_DEF: case T_RETURN: case T_IMPORT:
  case T_PREDICT: case T_LOSS: case T_METRIC: case T_LIKELIHOOD: case T_GRADIENT: case T_SCAN: case T_ITERATE:
  case T_YIELD: return true;
  default: return false;
  }
}

Open *reader_innermost(Reader *r) {
  if (r->open_count == 0) return NULL;
  Open *top = &r->open[r->open_count - 1];
  return top->closer == T_CLOSE_BRACE ? NULL : top;
}

// How many brackets are open up to the innermost `{`, that one included.
static size_t block_level(const Reader *r) {
  size_t level = r->open_count;
  while (level > 0 && r->open[level - 1].closer != T_CLOSE_BRACE) level--;
  return level;
}

void reader_told(Reader *r) {
  const size_t count = r->open_count;
  if (r->recent[0].kind == T_OPEN_BRACE) r->open_count--; // where none was expected: what is open is around it
  for (size_t i = block_level(r); i < r->open_count; i++) r->open[i].told = true;
  r->open_count = count;
}

// Does the line at the lexer's place begin as a definition does (`name =`, `name[i] =`, `name ~`)?  None of these can
// stand inside brackets.
static bool definition_ahead(const Reader *r) {
  const char *p = r->source->text + (r->offset < r->source->length ? r->offset : r->source->length);
  const char *end = r->source->text + r->source->length;
  while (p < end && (*p == ' ' || *p == '\t')) p++;
  if (p == end || !(isalpha((unsigned char)*p) || *p == '_')) return false;
  while (p < end && (isalnum((unsigned char)*p) || *p == '_')) p++;
  while (p < end && (*p == ' ' || *p == '\t')) p++;
  if (p < end && *p == '[') {
    size_t depth = 0;
    for (; p < end && *p != '\n'; p++) {
      if (*p == '[') depth++;
      if (*p == ']' && --depth == 0) break;
    }
    if (p == end || *p == '\n') return false;
    for (p++; p < end && (*p == ' ' || *p == '\t');) p++;
  }
  return p < end && (*p == '~' || (*p == '=' && !(p + 1 < end && p[1] == '=')));
}

static void tell_unclosed(Reader *r) {
  Open *top = &r->open[r->open_count - 1];
  if (!top->told)
    diag_error(r->diags, top->span, "this `%s` is never closed", reader_quote(r, top->span));
  top->told = true;
}

static void look(Reader *r) {
  if (r->has_raw) return;
  Token *t = &r->raw;
  *t = (Token){.kind = T_EOF, .first = r->line_ended};
  if (!r->stopped) t->kind = mdlc_raw_lex(&t->value, &t->span, r->scanner);
  if (t->kind <= 0) {
    t->kind = T_EOF;
    r->file->torn = r->file->torn || r->stopped;
    t->span = (Span){r->source, r->source->length, r->source->length};
    t->repair = r->stopped;
  }
  r->line_ended = t->kind == T_NEWLINE;
  r->has_raw = true;
}

static Token take(Reader *r) {
  r->has_raw = false;
  return r->raw;
}

// A token that is not in the source, at the place of the raw one.
static Token made_up(const Reader *r, int kind, bool repair) {
  Span at = {r->source, r->raw.span.begin, r->raw.span.begin};
  return (Token){.kind = kind, .span = at, .repair = repair};
}

static Token opening(Reader *r, int closer) {
  Token t = take(r);
  ARENA_PUSH(r->arena, r->open, r->open_count, r->open_room) = (Open){closer, t.span, false};
  if (r->open_count > AST_MAX_BRACKETS && !r->stopped) {
    diag_error(r->diags, t.span, "brackets are nested more than %d deep", AST_MAX_BRACKETS);
    r->stopped = true;
    for (size_t i = 0; i < r->open_count; i++) r->open[i].told = true;
  }
  return t;
}

// `)` or `]`.  False when it closes nothing and is dropped.
static bool closing(Reader *r, Token *out) {
  Open *top = reader_innermost(r);
  if (!top) {
    Token t = take(r);
    diag_error(r->diags, t.span, "this `%s` closes nothing", reader_quote(r, t.span));
    return false;
  }
  if (top->closer != r->raw.kind) {
    for (size_t i = r->open_count; i > block_level(r); i--) {
      if (r->open[i - 1].closer != r->raw.kind) continue;
      tell_unclosed(r);
      r->close_to = i;
      return false;
    }
    diag_error(r->diags, r->raw.span, "expected `%s` here, found `%s`", top->closer == T_CLOSE ? ")" : "]",
               reader_quote(r, r->raw.span));
    diag_note(r->diags, top->span, "to close this `%s`", reader_quote(r, top->span));
    r->raw.repair = true;
  }
  r->raw.kind = top->closer;
  r->open_count--;
  *out = take(r);
  return true;
}

// Before what ends a statement for certain: closes brackets that are still open inside the block.
static bool brackets_left_open(Reader *r) {
  if (!reader_innermost(r)) return false;
  tell_unclosed(r);
  r->close_to = block_level(r);
  r->end_statement = true;
  return true;
}

static bool statement_open(const Reader *r) {
  return r->recent[0].kind != T_END && r->recent[0].kind != T_OPEN_BRACE && r->recent[0].kind != T_FILE_START &&
         r->recent[0].kind != T_EXPR_START;
}

// One step: either a token for the parser, or false after something was got out of the way.
static bool step(Reader *r, Token *out) {
  if (r->start) {
    *out = (Token){.kind = r->start, .span = {r->source, 0, 0}};
    r->start = 0;
    return true;
  }
  look(r);
  if (r->close_to != NO_REPAIR) {
    if (r->open_count > r->close_to) {
      *out = made_up(r, r->open[--r->open_count].closer, true);
      return true;
    }
    r->close_to = NO_REPAIR;
  }
  if (r->end_statement) {
    r->end_statement = false;
    if (statement_open(r)) {
      *out = made_up(r, T_END, true);
      return true;
    }
  }
  switch (r->raw.kind) {
  case T_NEWLINE:
    if (reader_innermost(r)) {
      take(r);
      if (definition_ahead(r)) brackets_left_open(r);
      return false;
    }
    *out = take(r);
    out->kind = T_END;
    if (!statement_open(r)) return false;
    // Behind a comma there may be another `name =`; behind an operator an expression goes on, and never so.
    return !token_continues_line(r->recent[0].kind) || (r->recent[0].kind != T_COMMA && definition_ahead(r));
  case T_END:
    if (brackets_left_open(r)) return false;
    break;
  case T_OPEN: *out = opening(r, T_CLOSE); return true;
  case T_OPEN_SQUARE: *out = opening(r, T_CLOSE_SQUARE); return true;
  case T_OPEN_BRACE: *out = opening(r, T_CLOSE_BRACE); return true;
  case T_CLOSE: case T_CLOSE_SQUARE: return closing(r, out);
  case T_CLOSE_BRACE:
    if (brackets_left_open(r)) return false;
    if (r->open_count == 0) {
      diag_error(r->diags, r->raw.span, "this `}` closes nothing");
      r->file->torn = true;
      take(r);
      return false;
    }
    if (statement_open(r)) {
      *out = made_up(r, T_END, false);
      return true;
    }
    r->open_count--;
    break;
  case T_EOF:
    if (brackets_left_open(r)) return false;
    if (statement_open(r)) {
      *out = made_up(r, T_END, r->stopped);
      return true;
    }
    if (r->open_count > 0) {
      tell_unclosed(r);
      r->file->torn = true;
      for (size_t i = 0; i < r->open_count; i++) r->open[i].told = true;
      *out = made_up(r, r->open[--r->open_count].closer, true);
      return true;
    }
    *out = r->raw; // and again, as often as asked
    return true;
  default:
    if (!r->raw.first || !begins_statement(r->raw.kind)) break;
    if (brackets_left_open(r)) return false;
    if (statement_open(r)) {
      *out = made_up(r, T_END, false);
      return true;
    }
    break;
  }
  *out = take(r);
  return true;
}

static Token next(Reader *r) {
  Token t;
  while (!step(r, &t)) continue;
  r->recent[2] = r->recent[1];
  r->recent[1] = r->recent[0];
  r->recent[0] = t;
  return t;
}

int mdlc_lex(MDLC_STYPE *value, MDLC_LTYPE *span, Reader *r) {
  const Token t = next(r);
  *value = t.value;
  *span = t.span;
  return t.kind;
}

static void read_all(Arena *a, Diags *d, const Source *source, int start, Reader *r) {
  *r = (Reader){.arena = a, .diags = d, .source = source, .start = start, .line_ended = true, .close_to = NO_REPAIR};
  r->file = arena_new_of(a, AstFile);
  r->file->source = source;
  if (source->length > LONGEST_SOURCE) {
    diag_error(d, (Span){.source = NULL}, "`%s` is too long: more than %d bytes", source->name, LONGEST_SOURCE);
    r->file->torn = true;
    return;
  }
  r->errors = d->errors + d->muted_errors;
  reader_open(r);
  if (mdlc_parse(r)) r->file->torn = true;
  reader_close(r);
}

bool parse_source(Arena *a, Diags *d, const Source *source, AstFile **out) {
  Reader r;
  size_t errors = d->errors + d->muted_errors;
  read_all(a, d, source, T_FILE_START, &r);
  *out = r.file;
  return d->errors + d->muted_errors == errors;
}

bool ast_parse_expression(Arena *a, Diags *d, const Source *source, AstExpr **out) {
  Reader r;
  size_t errors = d->errors + d->muted_errors;
  read_all(a, d, source, T_EXPR_START, &r);
  *out = r.expr;
  return d->errors + d->muted_errors == errors && r.expr;
}
