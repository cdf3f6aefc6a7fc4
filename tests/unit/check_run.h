// check_run.h - checks a model's text, for the tests of the checker.
#ifndef MDLC_TEST_CHECK_RUN_H
#define MDLC_TEST_CHECK_RUN_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "syntax/ast.h"
#include "graph/text.h"
#include "suite.h"

typedef struct Run {
  Arena *arena;
  Diags diags;
  Source source;
  Model *model;
} Run;

static void run_with(Run *r, const char *text, const DimOverride *overrides, int noverrides, const FileReader *reader) {
  r->arena = arena_new();
  diags_init(&r->diags, r->arena);
  r->source = (Source){"model.mdl", text, strlen(text)};
  r->model = NULL;
  AstFile *file = NULL;
  (void)parse_source(r->arena, &r->diags, &r->source, &file);
  if (file->torn) return;
  r->model = reader ? check_model_with(r->arena, &r->diags, file, "model", overrides, noverrides, reader, false)
                    : check_model(r->arena, &r->diags, file, "model", overrides, noverrides);
}

static void run(Run *r, const char *text) {
  run_with(r, text, NULL, 0, NULL);
}

// All that was told, as lines "2:5: error: message" (0:0 where there is no place; a file's name where it is another's).
static const char *told(Run *r) {
  static const char *const kinds[] = {[DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
  const char *all = "";
  for (size_t k = 0; k < r->diags.count; k++) {
    const Diag *d = &r->diags.list[k];
    size_t line = 0, column = 0;
    if (d->at.source) span_place(d->at, &line, &column);
    const char *file =
        d->at.source && d->at.source != &r->source ? arena_printf(r->arena, "%s:", d->at.source->name) : "";
    all = arena_printf(r->arena, "%s%s%s%zu:%zu: %s: %s", all, k ? "\n" : "", file, line, column, kinds[d->kind],
                       d->message);
  }
  return all;
}

// The model of right text: nothing is told of it, and its graph keeps every promise.
static void is_right(Run *r) {
  ck_assert_msg(r->model != NULL, "%s", told(r));
  ck_assert_str_eq(told(r), "");
  Text why;
  text_init(&why);
  ck_assert_msg(graph_verify(r->model, r->model->graph, &why), "%s", why.s);
  text_free(&why);
}

#endif
