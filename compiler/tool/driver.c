// driver.c - the passes in order: source text to a checked model.  (emit takes it from there: derive, simplify,
// schedule.)
#include "tool/driver.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "derive/derive.h"
#include "graph/text.h"
#include "syntax/ast.h"

static int read_source(Arena *a, const char *path, Source **source) {
  FILE *f = fopen(path, "r");
  if (!f) return tool_fail(STATUS_ENVIRONMENT, "cannot read %s: %s", path, strerror(errno));
  Text t;
  text_init(&t);
  char buffer[1 << 14];
  size_t n;
  bool is_text = true; // the lexer complains of a zero byte: what follows it need not be read (/dev/zero has no end)
  while (is_text && (n = fread(buffer, 1, sizeof buffer, f)) > 0) {
    text_putn(&t, buffer, n);
    is_text = !memchr(buffer, '\0', n);
  }
  int why = ferror(f) ? errno : 0;
  fclose(f);
  *source = arena_new_of(a, Source);
  **source = (Source){.name = path, .text = arena_strndup(a, t.s, t.length), .length = t.length};
  text_free(&t);
  return why ? tool_fail(STATUS_ENVIRONMENT, "cannot read %s: %s", path, strerror(why)) : STATUS_OK;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

const char *program_name(Arena *a, const ModelOptions *options) {
  if (options->name) return options->name;
  const char *base = base_name(options->file);
  size_t length = strlen(base);
  if (length > 4 && !strcmp(base + length - 4, ".mdl")) length -= 4;
  char *name =
      arena_printf(a, "%s%.*s", length == 0 || (*base >= '0' && *base <= '9') ? "model_" : "", (int)length, base);
  for (char *c = name; *c; c++)
    if ((unsigned char)*c >= 0x80 || !isalnum((unsigned char)*c)) *c = '_';
  return name;
}

bool program_call_dim(const Program *program, const char *name, int64_t *value) {
  for (size_t i = 0; i < program->ncall; i++) {
    if (strcmp(program->call[i].name, name)) continue;
    *value = program->call[i].value;
    return true;
  }
  return false;
}

static bool declares_call_dim(const AstFile *file, const char *name) {
  for (size_t i = 0; i < file->statements.count; i++) {
    const Stmt *s = file->statements.items[i];
    if ((s->kind == STMT_DIM || s->kind == STMT_BATCH) && !s->dim.size && !strcmp(s->dim.name.text, name)) return true;
  }
  return false;
}

// Sorts -D into what the checker fixes and what the functions are called with.
static DimOverride *split_dims(const ModelOptions *o, Program *p, int *nfixed) {
  DimOverride *fixed = arena_array(o->arena, DimOverride, o->ndims);
  p->call = arena_array(o->arena, DimValue, o->ndims);
  *nfixed = 0;
  const bool fix_all = o->fix_dims && !o->tape_limit; // which is met at sizes that -D gives
  for (size_t i = 0; i < o->ndims; i++) {
    if (!fix_all && declares_call_dim(p->ast, o->dims[i].name))
      p->call[p->ncall++] = o->dims[i];
    else
      fixed[(*nfixed)++] = (DimOverride){o->dims[i].name, o->dims[i].value};
  }
  return fixed;
}

static void print_diags(const Diags *diags) {
  Text t;
  text_init(&t);
  diags_print(diags, &t, isatty(STDERR_FILENO) && !getenv("NO_COLOR"));
  fwrite(t.s, 1, t.length, stderr);
  text_free(&t);
}

static int verify(const Model *m) {
  Text why;
  text_init(&why);
  int status = graph_verify(m, m->graph, &why) ? STATUS_OK : tool_fail(STATUS_INTERNAL, "internal error: %s", why.s);
  text_free(&why);
  return status;
}

// Every later pass may rely on the gradient.
static int differentiable(const Program *p) {
  if (!graph_root(p->model->graph, ROOT_LOSS, 0)) return STATUS_OK;
  Arena *scratch = arena_new();
  bool derived = derive_gradient(scratch, p->model->graph, true, NULL) != NULL;
  arena_free(scratch);
  if (derived) return STATUS_OK;
  return tool_reject("%s: an expression of the loss is too deeply nested to differentiate: give a part of it a name",
                     p->emit.source);
}

int program_load(const ModelOptions *o, Program *p) {
  *p = (Program){.emit = {.use_float = o->use_float,
                          .source = base_name(o->file),
                          .no_fuse = o->no_fuse,
                          .libm = o->libm,
                          .no_contract = o->no_contract,
                          .no_simplify = o->no_simplify,
                          .no_factor = o->no_factor,
                          .no_fma = o->no_fma}};
  Source *source;
  int status = read_source(o->arena, o->file, &source);
  if (status) return status;

  Diags diags;
  diags_init(&diags, o->arena);
  AstFile *ast = NULL;
  (void)parse_source(o->arena, &diags, source, &ast);
  p->ast = ast;
  if (!ast->torn) {
    int nfixed;
    const DimOverride *fixed = split_dims(o, p, &nfixed);
    p->model =
        (o->plain ? check_model_plain : check_model)(o->arena, &diags, ast, program_name(o->arena, o), fixed, nfixed);
  }
  diags_sort(&diags);
  print_diags(&diags);
  if (!p->model) return STATUS_REJECTED;
  status = verify(p->model);
  if (!status) status = differentiable(p);
  if (!status) status = program_limit(o, p);
  return status ? status : program_derivatives(o, p);
}
