// diag.c - collecting diagnostics and printing them with the source line they are about.
#include "syntax/diag.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

Span span_join(Span a, Span b) {
  if (!a.source) return b;
  if (!b.source) return a;
  return (Span){a.source, a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

Span span_after(Span a) {
  return (Span){a.source, a.end, a.end};
}

// The bytes of the UTF-8 sequence at s (of n > 0 bytes), or 0 when it is not well formed.
static size_t utf8_length(const char *s, size_t n) {
  unsigned char c = (unsigned char)s[0];
  size_t length = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
  if (length > n) return 0;
  for (size_t i = 1; i < length; i++)
    if (((unsigned char)s[i] & 0xc0) != 0x80) return 0;
  return length;
}

// A byte that is no part of a well-formed sequence counts as a character of its own.
static size_t character_length(const char *s, size_t n) {
  size_t length = utf8_length(s, n);
  return length ? length : 1;
}

static size_t line_start(Span at) {
  size_t begin = at.begin < at.source->length ? at.begin : at.source->length;
  while (begin > 0 && at.source->text[begin - 1] != '\n') begin--;
  return begin;
}

void span_place(Span at, size_t *line, size_t *column) {
  const char *text = at.source->text;
  size_t start = line_start(at);
  *line = 1;
  for (const char *p = text, *end = text + start; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++) ++*line;
  *column = 1;
  for (size_t i = start; i < at.begin && i < at.source->length; ++*column)
    i += character_length(text + i, at.source->length - i);
}

void diags_init(Diags *d, Arena *a) {
  *d = (Diags){.arena = a};
}

static bool already_told(const Diags *d, DiagKind kind, Span at, const char *message) {
  for (size_t i = 0; i < d->count; i++) {
    const Diag *old = &d->list[i];
    if (old->kind == kind && old->at.source == at.source && old->at.begin == at.begin && old->at.end == at.end &&
        strcmp(old->message, message) == 0)
      return true;
  }
  return false;
}

static void keep(Diags *d, DiagKind kind, Span at, const char *message) {
  ARENA_PUSH(d->arena, d->list, d->count, d->room) = (Diag){kind, at, message};
}

static void report(Diags *d, DiagKind kind, size_t *counter, Span at, const char *format, va_list args) {
  d->dropped_last = true;
  if (d->muted) {
    if (kind == DIAG_ERROR) d->muted_errors++;
    return;
  }
  if (*counter >= DIAG_LIMIT) {
    ++*counter;
    return;
  }
  const char *message = arena_vprintf(d->arena, format, args);
  if (already_told(d, kind, at, message)) return;
  ++*counter;
  keep(d, kind, at, message);
  d->dropped_last = false;
}

void diag_error(Diags *d, Span at, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(d, DIAG_ERROR, &d->errors, at, format, args);
  va_end(args);
}

void diag_warning(Diags *d, Span at, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(d, DIAG_WARNING, &d->warnings, at, format, args);
  va_end(args);
}

void diag_note(Diags *d, Span at, const char *format, ...) {
  if (d->dropped_last || d->muted) return;
  va_list args;
  va_start(args, format);
  keep(d, DIAG_NOTE, at, arena_vprintf(d->arena, format, args));
  va_end(args);
}

void diags_sort(Diags *d) {
  Diag *list = d->list;
  for (size_t begin = 0, end; begin < d->count; begin = end) {
    for (end = begin + 1; end < d->count && list[end].kind == DIAG_NOTE;) end++;
    size_t to = begin;
    for (size_t before = begin; before > 0; to = before) {
      do before--;
      while (before > 0 && list[before].kind == DIAG_NOTE);
      if (list[before].at.source != list[begin].at.source || list[before].at.begin <= list[begin].at.begin) break;
    }
    for (size_t k = begin; k < end; k++) {
      const Diag moved = list[k];
      memmove(&list[to + 1], &list[to], (k - to) * sizeof *list);
      list[to++] = moved;
    }
  }
}

size_t diag_mute(Diags *d) {
  d->muted++;
  return d->muted_errors;
}

bool diag_unmute(Diags *d, size_t mark) {
  d->muted--;
  return d->muted_errors == mark;
}

// The number of letters to change, insert, drop or swap with a neighbour; at most `limit` + 1 is told.
enum { LONGEST_NAME = 64 };
static size_t distance(const char *a, const char *b, size_t limit) {
  size_t n = strlen(a), m = strlen(b);
  if (n > LONGEST_NAME || m > LONGEST_NAME || (n > m ? n - m : m - n) > limit) return limit + 1;
  size_t rows[3][LONGEST_NAME + 1];
  size_t *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= m; j++) last[j] = before[j] = j;
  for (size_t i = 1; i <= n; i++) {
    row[0] = i;
    for (size_t j = 1; j <= m; j++) {
      size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
      if (last[j] + 1 < best) best = last[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
        best = before[j - 2] + 1;
      row[j] = best;
    }
    size_t *free_row = before;
    before = last;
    last = row;
    row = free_row;
  }
  return last[m];
}

// `X` for `x`, `ww` for `w`: slips in names too short for a distance to say anything.
static bool is_sure_slip(const char *name, const char *candidate) {
  return strcasecmp(name, candidate) == 0 ||
         (strlen(name) == 2 && strlen(candidate) == 1 && name[0] == name[1] && name[0] == candidate[0]);
}

const char *diag_nearest(const char *name, const char *const *candidates, size_t count) {
  size_t length = strlen(name);
  size_t limit = length <= 1 ? 0 : length <= 4 ? 1 : length <= 8 ? 2 : 3;
  const char *best = NULL;
  for (size_t i = 0; i < count; i++)
    if (is_sure_slip(name, candidates[i])) return candidates[i];
  for (size_t i = 0; i < count; i++) {
    size_t d = distance(name, candidates[i], limit);
    if (d > limit || d >= length || d >= strlen(candidates[i])) continue;
    best = candidates[i];
    if (d == 0) break;
    limit = d - 1; // from here on only a nearer one is better
  }
  return best;
}

const char *diag_did_you_mean(Diags *d, const char *name, const char *const *candidates, size_t count) {
  const char *near = diag_nearest(name, candidates, count);
  return near ? arena_printf(d->arena, "; did you mean `%s`?", near) : "";
}

// A source line is shown whole up to this many characters; of a longer one, a window around the span.
enum { WINDOW = 100, BEFORE_SPAN = 40 };

// The part of a line that is shown, as byte offsets, and whether something is left off at its ends.
typedef struct Excerpt {
  size_t begin, end;
  bool cut_before, cut_after;
} Excerpt;

static Excerpt excerpt_around(Span at) {
  const char *text = at.source->text;
  size_t start = line_start(at), limit = at.source->length;
  size_t begin = start, characters = 0, i = start;
  // One character behind for each one read, once BEFORE_SPAN characters are between the two.
  for (; i < at.begin && i < limit; characters++) {
    i += character_length(text + i, limit - i);
    if (characters >= BEFORE_SPAN) begin += character_length(text + begin, limit - begin);
  }
  size_t end = i;
  size_t shown = characters < BEFORE_SPAN ? characters : BEFORE_SPAN;
  if (begin > start && characters < WINDOW) { // a line that may fit whole
    size_t probe = i, total = characters;
    while (probe < limit && text[probe] != '\n' && total < WINDOW) {
      probe += character_length(text + probe, limit - probe);
      total++;
    }
    if (probe >= limit || text[probe] == '\n') {
      begin = start;
      shown = characters;
    }
  }
  for (; end < limit && text[end] != '\n' && shown < WINDOW; shown++) end += character_length(text + end, limit - end);
  bool more = end < limit && text[end] != '\n';
  if (!more && end > begin && text[end - 1] == '\r') end--;
  return (Excerpt){begin, end, begin > start, more};
}

// The line as it stands, but nothing that could upset a terminal; and below it the span underlined.
static void print_line(Text *out, Span at, bool colour) {
  Excerpt x = excerpt_around(at);
  const char *text = at.source->text;
  Text marks;
  text_init(&marks);
  bool marked = false;
  if (x.cut_before) {
    text_put(out, "  ...");
    text_put(&marks, "     ");
  } else {
    text_put(out, "  ");
    text_put(&marks, "  ");
  }
  for (size_t i = x.begin; i < x.end;) {
    size_t n = utf8_length(text + i, x.end - i);
    unsigned char c = (unsigned char)text[i];
    if (n == 0 || (c < 0x20 && c != '\t') || c == 0x7f) {
      text_char(out, '?');
      n = 1;
    } else {
      text_putn(out, text + i, n);
    }
    if (i <= at.begin && at.begin < i + n) {
      text_char(&marks, '^');
      marked = true;
    } else if (i > at.begin && i < at.end) {
      text_char(&marks, '~');
    } else if (i < at.begin) {
      text_char(&marks, c == '\t' ? '\t' : ' ');
    }
    i += n;
  }
  if (!marked) text_char(&marks, '^'); // at the end of the line
  text_put(out, x.cut_after ? "...\n" : "\n");
  text_printf(out, colour ? "\033[1;32m%s\033[0m\n" : "%s\n", marks.s);
  text_free(&marks);
}

static void print_diag(Text *out, const Diag *d, bool colour) {
  static const char *const words[] = {[DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
  static const char *const colours[] = {
      [DIAG_ERROR] = "\033[1;31m", [DIAG_WARNING] = "\033[1;35m", [DIAG_NOTE] = "\033[1;36m"};
  if (d->at.source) {
    size_t line, column;
    span_place(d->at, &line, &column);
    text_printf(out, "%s:%zu:%zu: ", d->at.source->name, line, column);
  }
  text_printf(out, "%s%s:%s %s\n", colour ? colours[d->kind] : "", words[d->kind], colour ? "\033[0m" : "", d->message);
  if (d->at.source) print_line(out, d->at, colour);
}

void diags_print(const Diags *d, Text *out, bool colour) {
  for (size_t i = 0; i < d->count; i++) print_diag(out, &d->list[i], colour);
  if (d->errors > DIAG_LIMIT) text_printf(out, "and %zu more errors\n", d->errors - DIAG_LIMIT);
  if (d->warnings > DIAG_LIMIT) text_printf(out, "and %zu more warnings\n", d->warnings - DIAG_LIMIT);
}
