// text.h - text that grows: what printers write into.
#ifndef MDLC_TEXT_H
#define MDLC_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Text {
  char *s; // always terminated, "" when empty
  size_t length, room;
} Text;

void text_init(Text *t);
void text_free(Text *t);
void text_clear(Text *t);
void text_cut(Text *t, size_t length); // to its first characters
bool text_has_word(const char *text, const char *word); // letters, digits and underscores make words
void text_put(Text *t, const char *s);
void text_putn(Text *t, const char *s, size_t n);
void text_char(Text *t, char c);
void text_repeat(Text *t, char c, int n);
void text_printf(Text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(Text *t, const char *format, va_list args);

// A real in the fewest digits that read back as the same number ("0.1", "1e-05", "inf", "-inf", "nan"); integers without a point.
void text_real(Text *t, double x);
// The same for a float.
void text_float(Text *t, float x);

#endif
