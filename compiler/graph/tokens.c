// tokens.c - the graph's text as tokens.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "graph/reader.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

typedef struct Scanner {
  Arena *arena;
  Diags *diags;
  const Source *source;
  size_t at;
} Scanner;

static char peek(const Scanner *s, size_t ahead) {
  return s->at + ahead < s->source->length ? s->source->text[s->at + ahead] : '\0';
}

static bool scan_number(Scanner *s, Token *t) {
  size_t begin = s->at;
  bool real = false;
  while (is_digit(peek(s, 0))) s->at++;
  if (peek(s, 0) == '.' && is_digit(peek(s, 1))) {
    real = true;
    s->at++;
    while (is_digit(peek(s, 0))) s->at++;
  }
  size_t sign = peek(s, 1) == '+' || peek(s, 1) == '-';
  if (peek(s, 0) == 'e' && is_digit(peek(s, 1 + sign))) {
    real = true;
    s->at += 1 + sign;
    while (is_digit(peek(s, 0))) s->at++;
  }
  t->text = arena_strndup(s->arena, s->source->text + begin, s->at - begin);
  t->kind = real ? TOKEN_REAL : TOKEN_INT;
  errno = 0;
  if (real)
    t->u.real = strtod(t->text, NULL);
  else
    t->u.integer = strtoll(t->text, NULL, 10);
  return real || errno == 0;
}

static bool scan_string(Scanner *s, Token *t) {
  size_t n = 1;
  while (peek(s, n) != '"' && peek(s, n) != '\0' && peek(s, n) != '\n') n += peek(s, n) == '\\' ? 2 : 1;
  char *text = arena_alloc(s->arena, n, 1);
  n = 0;
  for (s->at++; peek(s, 0) != '"'; s->at++) {
    if (peek(s, 0) == '\\') s->at++;
    if (peek(s, 0) == '\0' || peek(s, 0) == '\n') return false;
    text[n++] = peek(s, 0);
  }
  s->at++;
  t->kind = TOKEN_STRING;
  t->text = text;
  return true;
}

static bool scan_sign(Scanner *s, Token *t) {
  static const char *const signs[] = {"//", "==", "!=", "<=", ">=", "..", "+=", "+", "-", "*", "/",
                                      "%",  "^",  "<",  ">",  "=",  "[",  "]",  "(", ")", ",", ":"};
  for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
    size_t n = strlen(signs[k]);
    if (s->source->length - s->at < n || memcmp(s->source->text + s->at, signs[k], n) != 0) continue;
    t->kind = TOKEN_SIGN;
    t->text = signs[k];
    s->at += n;
    return true;
  }
  s->at++;
  return false;
}

static void scan_note(Scanner *s, Token *t) {
  s->at++;
  if (peek(s, 0) == ' ') s->at++;
  size_t begin = s->at;
  while (s->at < s->source->length && peek(s, 0) != '\n') s->at++;
  t->kind = TOKEN_NOTE;
  t->text = arena_strndup(s->arena, s->source->text + begin, s->at - begin);
}

static bool scan(Scanner *s, Token *t) {
  char c = peek(s, 0);
  if (c == '\n') {
    s->at++;
    t->kind = TOKEN_LINE;
    t->text = "the end of the line";
    return true;
  }
  if (c == '#') {
    scan_note(s, t);
    return true;
  }
  if (is_digit(c)) return scan_number(s, t);
  if (c == '"') return scan_string(s, t);
  if (!is_letter(c)) return scan_sign(s, t);
  size_t begin = s->at;
  while (is_letter(peek(s, 0)) || is_digit(peek(s, 0))) s->at++;
  t->kind = TOKEN_NAME;
  t->text = arena_strndup(s->arena, s->source->text + begin, s->at - begin);
  return true;
}

const Token *graph_tokens(Arena *a, Diags *diags, const Source *source) {
  Scanner s = {.arena = a, .diags = diags, .source = source};
  Token *list = NULL;
  size_t count = 0, room = 0, errors = diags->errors;
  for (;;) {
    while (peek(&s, 0) == ' ' || peek(&s, 0) == '\t' || peek(&s, 0) == '\r') s.at++;
    Token t = {.kind = TOKEN_END, .span = {source, s.at, s.at}, .text = "the end of the text"};
    bool known = s.at >= source->length || scan(&s, &t);
    t.span.end = s.at;
    if (!known) diag_error(diags, t.span, "this is no token of the graph's text");
    if (known) ARENA_PUSH(a, list, count, room) = t;
    if (known && t.kind == TOKEN_END) break;
  }
  return diags->errors == errors ? list : NULL;
}
