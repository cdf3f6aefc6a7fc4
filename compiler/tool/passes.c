// passes.c - single passes over a loaded program, each verified.
#include "tool/passes.h"

#include "derive/derive.h"
#include "factor/factor.h"
#include "graph/text.h"
#include "simplify/simplify.h"

static int verified(const Program *program, const Graph *g, const char *pass) {
  Text why;
  text_init(&why);
  int status = STATUS_OK;
  if (!graph_verify(program->model, g, &why))
    status = tool_fail(STATUS_INTERNAL, "internal error: after %s: %s", pass, why.s);
  text_free(&why);
  return status;
}

int pass_need_loss(const Program *program, const char *what) {
  if (graph_root(program->model->graph, ROOT_LOSS, 0)) return STATUS_OK;
  return tool_reject("%s: the model has no loss, so it has no %s", program->emit.source, what);
}

int pass_derive(Arena *a, const Program *program, bool unit_seed, const Graph **derived) {
  int status = pass_need_loss(program, "gradient");
  if (status) return status;
  *derived = derive_gradient(a, program->model->graph, unit_seed, NULL);
  return verified(program, *derived, "derive");
}

int pass_simplify(Arena *a, const Program *program, const Graph *g, unsigned roles, const Graph **simplified) {
  *simplified = program->emit.no_simplify ? prune(a, g, roles) : simplify(a, g, roles);
  return verified(program, *simplified, "simplify");
}

int pass_factor(Arena *a, const Program *program, const Graph *g, unsigned roles, const Graph **factored) {
  *factored = g;
  if (program->emit.no_factor || program->emit.no_simplify) return STATUS_OK;
  const Graph *raw = factor(a, g);
  int status = verified(program, raw, "factor");
  if (!status) *factored = simplify(a, raw, roles);
  return status ? status : verified(program, *factored, "simplify behind factor");
}

enum { GRADIENT_ROLES = ROLE(ROOT_LOSS) | ROLE(ROOT_GRADIENT) };

int pass_gradient(Arena *a, const Program *program, const Graph **gradient) {
  int status = pass_derive(a, program, true, gradient);
  return status ? status : pass_simplify(a, program, *gradient, GRADIENT_ROLES, gradient);
}

int pass_plain_gradient(Arena *a, const Program *program, const Graph **gradient) {
  int status = pass_need_loss(program, "gradient");
  if (status) return status;
  const Graph *derived = derive_plain_gradient(a, program->model->graph);
  status = verified(program, derived, "derive");
  return status ? status : pass_simplify(a, program, derived, GRADIENT_ROLES, gradient);
}
