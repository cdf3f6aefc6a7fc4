// import.c - other files: imports, and the prelude of standard functions.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "check/internal.h"
#include "embed/embedded.h"

// ---- reading ----

static bool read_file(void *context, Arena *a, const char *path, const char **text, size_t *length) {
  (void)context;
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  char *buffer = NULL;
  size_t count = 0, room = 0;
  // Not beyond a zero byte, of which the lexer complains: a device may have no end.
  for (int c = 1; c && (c = getc(f)) != EOF;) ARENA_PUSH(a, buffer, count, room) = (char)c;
  bool fine = !ferror(f);
  int reason = errno;
  fclose(f);
  errno = reason;
  *text = buffer ? buffer : "";
  *length = count;
  return fine;
}

const FileReader file_system = {read_file, NULL};

// ---- walking ----

static const char *directory_of(Walk *w, const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? arena_strndup(w->arena, path, (size_t)(slash - path) + 1) : "";
}

void walk_file(Walk *w, const AstFile *file) {
  const char *directory = w->directory;
  const Block *pending = w->pending;
  size_t done = w->pending_done;
  const GradNames *by = w->by;
  w->directory = directory_of(w, file->source->name);
  w->by = names_in_grads(w, &file->statements, NULL);
  statements(w, &file->statements);
  w->by = by;
  w->directory = directory;
  w->pending = pending;
  w->pending_done = done;
}

// The path without what goes nowhere: "a/./b" and "a/c/../b" are "a/b".
static const char *tidy(Walk *w, const char *path) {
  size_t n = strlen(path), count = 0;
  const char **part = arena_array(w->arena, const char *, n + 1);
  bool rooted = path[0] == '/';
  for (const char *p = path; *p;) {
    size_t length = strcspn(p, "/");
    bool up = length == 2 && strncmp(p, "..", 2) == 0;
    if (up && count && strcmp(part[count - 1], "..") != 0)
      count--;
    else if (length && !(length == 1 && *p == '.'))
      part[count++] = arena_strndup(w->arena, p, length);
    p += length;
    p += *p == '/';
  }
  char *out = arena_alloc(w->arena, n + 2, 1);
  size_t at = 0;
  if (rooted) out[at++] = '/';
  for (size_t k = 0; k < count; k++) {
    size_t length = strlen(part[k]);
    if (k) out[at++] = '/';
    memcpy(out + at, part[k], length);
    at += length;
  }
  return out;
}

static Imported *imported(const Walk *w, const char *path) {
  for (Imported *i = w->imported; i; i = i->next)
    if (strcmp(i->path, path) == 0) return i;
  return NULL;
}

// A file is walked once, however often it is imported.
void import_file(Walk *w, const Stmt *s) {
  const char *text = s->import.text;
  const char *path = tidy(w, text[0] == '/' ? text : arena_printf(w->arena, "%s%s", w->directory, text));
  if (!*path) path = "."; // told of as a directory
  if (!*text) {
    diag_error(w->diags, s->import.span, "an import needs the name of a file");
    return;
  }
  const Imported *before = imported(w, path);
  if (before) {
    if (before->open) diag_error(w->diags, s->import.span, "`%s` imports itself, through the files between", text);
    return;
  }
  Source *source = arena_new_of(w->arena, Source);
  source->name = path;
  errno = 0;
  if (!w->reader->read(w->reader->context, w->arena, path, &source->text, &source->length)) {
    const char *reason = errno ? arena_printf(w->arena, ": %s", strerror(errno)) : "";
    diag_error(w->diags, s->import.span, "can't read `%s`%s", path, reason);
    return;
  }
  Imported *entry = arena_new_of(w->arena, Imported);
  *entry = (Imported){.path = path, .open = true, .next = w->imported};
  w->imported = entry;
  AstFile *file = NULL;
  bool parsed = parse_source(w->arena, w->diags, source, &file);
  if (file) walk_file(w, file);
  (void)parsed;
  entry->open = false;
}

static void walk_embedded(Walk *w, const char *name, const char *text) {
  Source *source = arena_new_of(w->arena, Source);
  *source = (Source){name, text, strlen(text)};
  AstFile *file = NULL;
  if (parse_source(w->arena, w->diags, source, &file)) walk_file(w, file);
}

void load_prelude(Walk *w) {
  w->prelude = w->scope = w->top = scope_new(w, NULL, INT_MAX);
  if (w->plain) walk_embedded(w, "plain.mdl", embedded_plain);
  w->replaceable = w->plain;
  walk_embedded(w, "prelude.mdl", embedded_prelude);
  w->replaceable = false;
  Scope *distributions = w->scope = w->top = scope_new(w, w->prelude, INT_MAX);
  walk_embedded(w, "distributions.mdl", embedded_distributions);
  w->distributions = distributions; // whose functions are of the standard ones
}
