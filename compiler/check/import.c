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

static const char *directory_of(Walk *w, const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? arena_strndup(w->arena, path, (size_t)(slash - path) + 1) : "";
}

// The file of that name in an import of a file in the directory.  It is read once, however often it is imported.
static Imported *imported(Walk *w, const char *directory, const char *text) {
  const char *path = tidy(w, text[0] == '/' ? text : arena_printf(w->arena, "%s%s", directory, text));
  if (!*path) path = "."; // told of as a directory
  for (Imported *i = w->imported; i; i = i->next)
    if (strcmp(i->path, path) == 0) return i;
  Imported *i = arena_new_of(w->arena, Imported);
  Source *source = arena_new_of(w->arena, Source);
  *i = (Imported){.path = path, .next = w->imported};
  w->imported = i;
  source->name = path;
  errno = 0;
  if (w->reader->read(w->reader->context, w->arena, path, &source->text, &source->length))
    i->source = source;
  else
    i->reason = errno;
  return i;
}

// ---- walking ----

// What `grad` names in one file may be defined in another, before the import of the one or after.
static void names_in_files(Walk *w, const AstFile *file, GradNames *names) {
  const char *directory = directory_of(w, file->source->name);
  names_in_grads(w, &file->statements, names);
  for (size_t k = 0; k < file->statements.count; k++) {
    const Stmt *s = file->statements.items[k];
    Imported *i = s->kind == STMT_IMPORT && *s->import.text ? imported(w, directory, s->import.text) : NULL;
    if (!i || i->named || !i->source) continue;
    i->named = true;
    size_t mark = diag_mute(w->diags); // its mistakes are told where it is walked
    AstFile *other = NULL;
    parse_source(w->arena, w->diags, i->source, &other);
    diag_unmute(w->diags, mark);
    if (other) names_in_files(w, other, names);
  }
}

void walk_file(Walk *w, const AstFile *file) {
  const char *directory = w->directory;
  const Block *pending = w->pending;
  size_t done = w->pending_done;
  const GradNames *by = w->by;
  if (!by) {
    GradNames *names = arena_new_of(w->arena, GradNames);
    names_in_files(w, file, names);
    w->by = names;
  }
  w->directory = directory_of(w, file->source->name);
  statements(w, &file->statements);
  w->by = by;
  w->directory = directory;
  w->pending = pending;
  w->pending_done = done;
}

void import_file(Walk *w, const Stmt *s) {
  const char *text = s->import.text;
  if (!*text) {
    diag_error(w->diags, s->import.span, "an import needs the name of a file");
    return;
  }
  Imported *i = imported(w, w->directory, text);
  if (i->open) diag_error(w->diags, s->import.span, "`%s` imports itself, through the files between", text);
  if (i->open || i->walked) return;
  i->walked = true;
  if (!i->source) {
    const char *reason = i->reason ? arena_printf(w->arena, ": %s", strerror(i->reason)) : "";
    diag_error(w->diags, s->import.span, "can't read `%s`%s", i->path, reason);
    w->names_missing = true;
    return;
  }
  AstFile *file = NULL;
  (void)parse_source(w->arena, w->diags, i->source, &file);
  i->open = true;
  if (file->torn)
    w->names_missing = true;
  else
    walk_file(w, file);
  i->open = false;
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
