// text.c - growing text and round-trip numbers.
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(Text *t, size_t more) {
  if (t->room - t->length > more) return;
  size_t room = t->room * 2 + more + 64;
  char *s = realloc(t->room ? t->s : NULL, room);
  if (!s) {
    fputs("mdlc: out of memory\n", stderr);
    exit(3);
  }
  t->s = s;
  t->room = room;
}

void text_init(Text *t) {
  *t = (Text){.s = NULL};
  reserve(t, 0);
  t->s[0] = '\0';
}

void text_free(Text *t) {
  if (t->room) free(t->s);
  *t = (Text){.s = NULL};
}

void text_clear(Text *t) {
  t->length = 0;
  t->s[0] = '\0';
}

void text_cut(Text *t, size_t length) {
  t->length = length;
  t->s[length] = '\0';
}

static bool is_word(char c) {
  return isalnum((unsigned char)c) || c == '_';
}

bool text_has_word(const char *text, const char *word) {
  const size_t length = strlen(word);
  for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
    if ((at == text || !is_word(at[-1])) && !is_word(at[length])) return true;
  return false;
}

void text_putn(Text *t, const char *s, size_t n) {
  reserve(t, n);
  memcpy(t->s + t->length, s, n);
  t->length += n;
  t->s[t->length] = '\0';
}

void text_put(Text *t, const char *s) {
  text_putn(t, s, strlen(s));
}

void text_char(Text *t, char c) {
  text_putn(t, &c, 1);
}

void text_repeat(Text *t, char c, int n) {
  while (n-- > 0) text_char(t, c);
}

void text_vprintf(Text *t, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  if (n > 0) {
    reserve(t, (size_t)n);
    vsnprintf(t->s + t->length, (size_t)n + 1, format, again);
    t->length += (size_t)n;
  }
  va_end(again);
}

void text_printf(Text *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  text_vprintf(t, format, args);
  va_end(args);
}

// The words for what %g spells differently from one C library to the next.
static const char *special(double x) {
  return isnan(x) ? "nan" : x == (double)INFINITY ? "inf" : x == -(double)INFINITY ? "-inf" : NULL;
}

void text_real(Text *t, double x) {
  char s[40];
  if (special(x)) {
    text_put(t, special(x));
    return;
  }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(s, sizeof s, "%.*g", digits, x);
    if (strtod(s, NULL) == x) break;
  }
  text_put(t, s);
}

void text_float(Text *t, float x) {
  char s[40];
  if (special((double)x)) {
    text_put(t, special((double)x));
    return;
  }
  for (int digits = 6; digits <= 9; digits++) {
    snprintf(s, sizeof s, "%.*g", digits, (double)x);
    if (strtof(s, NULL) == x) break;
  }
  text_put(t, s);
}
