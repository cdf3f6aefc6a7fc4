// check.c - the walk over a whole file, from nothing to a model.
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "check/internal.h"

static const char *identifier(Arena *a, const char *name) {
  char *s = arena_printf(a, "%s%s", isdigit((unsigned char)name[0]) || !name[0] ? "m_" : "", name);
  for (char *p = s; *p; p++)
    if (!isalnum((unsigned char)*p)) *p = '_';
  return s;
}

typedef struct Request {
  const AstFile *file;
  const char *name;
  const DimOverride *overrides;
  int noverrides;
  const FileReader *reader;
  const bool *audit; // null: make the model
  bool plain;
} Request;

static Walk *walk(Arena *a, Diags *diags, const Request *r) {
  Walk *w = arena_new_of(a, Walk);
  *w = (Walk){.arena = a,
              .diags = diags,
              .dims = dims_new(a),
              .reader = r->reader,
              .batch = -1,
              .directory = "",
              .overrides = r->overrides,
              .noverrides = r->noverrides,
              .audit = r->audit,
              .plain = r->plain};
  w->graph = graph_new(a, w->dims, r->name);
  w->override_used = arena_array(a, bool, (size_t)r->noverrides + 1);
  load_prelude(w);
  w->scope = w->top = scope_new(w, w->prelude, INT_MAX);
  Imported *self = arena_new_of(a, Imported);
  *self = (Imported){.path = r->file->source->name, .source = r->file->source, .named = true, .open = true};
  w->imported = self;
  walk_file(w, r->file);
  finish_likelihood(w);
  return w;
}

// Functions that nobody calls are right or wrong all the same: they are expanded in a second walk, of which nothing
// else is kept.
static void audit(Arena *a, Diags *diags, const Request *request, const Walk *w) {
  bool *uncalled = arena_array(a, bool, w->nfunctions + 1), any = false;
  for (size_t k = 0; k < w->nfunctions; k++) {
    uncalled[k] = !w->functions[k]->called;
    any = any || uncalled[k];
  }
  if (!any) return;
  Request again = *request;
  again.audit = uncalled;
  size_t mark = diag_mute(diags);
  walk(a, diags, &again);
  diag_unmute(diags, mark);
}

static Model *model_of(Arena *a, Diags *diags, const Request *request) {
  const AstFile *file = request->file;
  Walk *w = walk(a, diags, request);
  if (!w->faulty) check_overrides(w);
  if (!w->overgrown && !w->faulty) audit(a, diags, request, w);
  if (!w->loss.source && !w->npredict && !diags->errors)
    diag_error(diags, (Span){file->source, 0, 0}, "the model has neither a `loss` nor a `predict`");
  if (diags->errors) return NULL;
  Model *m = arena_new_of(a, Model);
  *m = (Model){.arena = a,
               .name = request->name,
               .dims = w->dims,
               .batch = w->batch,
               .ndata = (int)w->ndata,
               .nparam = (int)w->nparam,
               .ncheck = (int)w->ncheck,
               .data = w->data,
               .param = w->param,
               .check = w->check,
               .graph = w->graph};
  check_starts(diags, m);
  return diags->errors ? NULL : m;
}

Model *check_model_with(Arena *a, Diags *diags, const AstFile *file, const char *name, const DimOverride *overrides,
                        int noverrides, const FileReader *reader, bool plain) {
  return model_of(a, diags, &(Request){file, identifier(a, name), overrides, noverrides, reader, NULL, plain});
}

Model *check_model_plain(Arena *a, Diags *diags, const AstFile *file, const char *name, const DimOverride *overrides,
                         int noverrides) {
  return check_model_with(a, diags, file, name, overrides, noverrides, &file_system, true);
}

Model *check_model(Arena *a, Diags *diags, const AstFile *file, const char *name, const DimOverride *overrides,
                   int noverrides) {
  return check_model_with(a, diags, file, name, overrides, noverrides, &file_system, false);
}
