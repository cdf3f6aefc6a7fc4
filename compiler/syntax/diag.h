// diag.h - places in source text, and the errors, warnings and notes found there.
#ifndef MDLC_DIAG_H
#define MDLC_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

// One file's text; it must outlive every span into it.  The text need not be terminated.
typedef struct Source {
  const char *name; // as the user gave it, shown in messages
  const char *text;
  size_t length;
} Source;

// The bytes begin <= offset < end of a source.  Lines and columns exist only when printing.
// A span without a source (all zero) stands for "no place": the message is printed alone.
typedef struct Span {
  const Source *source;
  size_t begin, end;
} Span;

// From the first byte of a to the last of b (both in the same source).
Span span_join(Span a, Span b);
// The empty place just behind a span.
Span span_after(Span a);
// Line and column of a span's first character, both from 1; a column is a character (a UTF-8 sequence), not a byte.
void span_place(Span at, size_t *line, size_t *column);

typedef enum DiagKind { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE } DiagKind;

typedef struct Diag {
  DiagKind kind;
  Span at;
  const char *message;
} Diag;

// Errors and warnings beyond this many of each are counted but not kept.
enum { DIAG_LIMIT = 50 };

typedef struct Diags {
  Arena *arena;
  Diag *list; // in the order of reporting; notes follow what they explain
  size_t count, room;
  size_t errors, warnings; // all that were reported aloud, also those beyond the limit
  size_t muted;            // how many diag_mute are open
  size_t muted_errors;     // errors reported while muted
  bool dropped_last;       // the last error or warning was not kept: neither are its notes
} Diags;

void diags_init(Diags *d, Arena *a);

// Messages are plain sentences without a full stop: "unknown name `t_x`; did you mean `t_u`?".
// The same message at the same place is reported once (functions are expanded many times).
void diag_error(Diags *d, Span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
void diag_warning(Diags *d, Span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
// Explains the error or warning reported last.
void diag_note(Diags *d, Span at, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Between mute and unmute nothing is kept: for trying an elaboration out.  Pairs nest.
//   size_t mark = diag_mute(d);  …  if (diag_unmute(d, mark)) …it went without an error…
size_t diag_mute(Diags *d);
bool diag_unmute(Diags *d, size_t mark);

// Puts what was told of a file in the order of its places; notes stay behind what they explain.
void diags_sort(Diags *d);

// The candidate that `name` is most likely a slip of, or null when none is near.
const char *diag_nearest(const char *name, const char *const *candidates, size_t count);
// "; did you mean `t_u`?" for the end of a message, or "" when no candidate is near.
const char *diag_did_you_mean(Diags *d, const char *name, const char *const *candidates, size_t count);

// Every diagnostic as
//   file.mdl:3:17: error: message
//     the source line
//         ^~~~
void diags_print(const Diags *d, Text *out, bool colour);

#endif
