// derivatives.c - --derivatives and --wrt, held against the model: what emit is asked for.
#include <string.h>

#include "tool/driver.h"

typedef struct Wishes {
  const ModelOptions *options;
  const Program *program;
  Arena *arena;
  Request *list;
  size_t count, room;
  int *data;
  int ndata;
} Wishes;

// "there is no prediction `r`; did you mean `q`?"
static int unknown(const Wishes *w, const char *what, const char *name, const char *const *names, size_t count) {
  const char *source = w->program->emit.source, *near = diag_nearest(name, names, count);
  if (near) return tool_reject("%s: there is no %s `%s`; did you mean `%s`?", source, what, name, near);
  return tool_reject("%s: there is no %s `%s`", source, what, name);
}

static int find_data(Wishes *w) {
  const Model *m = w->program->model;
  const char **names = arena_array(w->arena, const char *, (size_t)m->ndata + 1);
  for (int k = 0; k < m->ndata; k++) names[k] = m->data[k].name;
  w->data = arena_array(w->arena, int, w->options->nwrt + 1);
  for (size_t j = 0; j < w->options->nwrt; j++) {
    const char *name = w->options->wrt[j];
    int k = 0;
    while (k < m->ndata && strcmp(names[k], name) != 0) k++;
    if (k == m->ndata) return unknown(w, "data", name, names, (size_t)m->ndata);
    if (m->data[k].type != TYPE_REAL)
      return tool_reject("%s: `%s` is integer data: there is no derivative by it", w->program->emit.source, name);
    w->data[w->ndata++] = k;
  }
  return STATUS_OK;
}

// Too deep an expression would be found only while C is written.
static int add_request(Wishes *w, DerivativeKind kind, const char *predict, int ndata) {
  const Request r = {.kind = kind, .predict = predict, .data = w->data, .ndata = ndata};
  Arena *scratch = arena_new();
  bool derived = derive_kind(scratch, w->program->model, &r) != NULL;
  arena_free(scratch);
  if (!derived)
    return tool_reject("%s: an expression is too deeply nested to derive %s: give a part of it a name",
                       w->program->emit.source, derivative_table[kind].name);
  ARENA_PUSH(w->arena, w->list, w->count, w->room) = r;
  return kind == DERIVATIVE_SPARSE ? add_request(w, DERIVATIVE_STRUCTURE, predict, ndata) : STATUS_OK;
}

// By the parameters, where there are any, and by the data.
static int add(Wishes *w, DerivativeKind kind, const char *predict) {
  const bool both = kind == DERIVATIVE_GRADIENT || kind == DERIVATIVE_VJP; // of one function
  if (both) return add_request(w, kind, predict, w->ndata);
  int status = STATUS_OK;
  if (w->program->model->nparam > 0 || w->ndata == 0) status = add_request(w, kind, predict, 0);
  return !status && w->ndata > 0 ? add_request(w, kind, predict, w->ndata) : status;
}

static int add_wanted(Wishes *w, const Wanted *wanted) {
  const Graph *g = w->program->model->graph;
  const char *source = w->program->emit.source, *kind = derivative_table[wanted->kind].name;
  const DerivativeRow *row = &derivative_table[wanted->kind];
  const bool loss = graph_root(g, ROOT_LOSS, 0) != NULL;
  if (!wanted->of && row->of_loss && (loss || !row->of_predict)) {
    if (!loss) return tool_reject("%s: the model has no loss, so it has no %s", source, kind);
    return add(w, wanted->kind, NULL);
  }
  const char **names = arena_array(w->arena, const char *, g->nroots + 1);
  size_t count = 0;
  bool found = false;
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    if (r->role != ROOT_PREDICT) continue;
    names[count++] = r->name;
    if (wanted->of ? strcmp(r->name, wanted->of) != 0 : r->node->type != TYPE_REAL) continue;
    if (r->node->type != TYPE_REAL) return tool_reject("%s: `%s` is not real: it has no %s", source, r->name, kind);
    found = true;
    int status = add(w, wanted->kind, r->name);
    if (status) return status;
  }
  if (wanted->of && !found) return unknown(w, "prediction", wanted->of, names, count);
  return found ? STATUS_OK : tool_reject("%s: there is no real prediction whose %s to derive", source, kind);
}

int program_derivatives(const ModelOptions *options, Program *program) {
  Wishes w = {.options = options, .program = program, .arena = options->arena};
  int status = find_data(&w);
  for (size_t k = 0; !status && k < options->nderivatives; k++) status = add_wanted(&w, &options->derivatives[k]);
  bool loss = graph_root(program->model->graph, ROOT_LOSS, 0) != NULL;
  if (!status && w.ndata > 0 && !loss && options->nderivatives == 0)
    status = tool_reject("%s: --wrt: the model has no loss to derive; --derivatives names kinds of its predictions", program->emit.source);
  if (!status && w.ndata > 0 && loss) status = add(&w, DERIVATIVE_GRADIENT, NULL);
  program->emit.request = w.list;
  program->emit.nrequest = (int)w.count;
  return status;
}
