// cmd_dump.c - mdlc dump: what a pass made of a model, as text.
#include <string.h>

#include "graph/text.h"
#include "syntax/ast.h"
#include "syntax/diag.h"
#include "tool/passes.h"

typedef int Dump(Arena *a, const Program *program, Text *t);

typedef struct DumpOptions {
  ModelOptions model;
  Dump *dump;
  const char *output;
} DumpOptions;

static int dump_parse(Arena *a, const Program *program, Text *t) {
  (void)a;
  ast_print(t, program->ast);
  return STATUS_OK;
}

static int dump_check(Arena *a, const Program *program, Text *t) {
  (void)a;
  graph_print(t, program->model, program->model->graph);
  return STATUS_OK;
}

static int dump_derive(Arena *a, const Program *program, Text *t) {
  const Graph *derived;
  int status = pass_derive(a, program, false, &derived);
  if (!status) graph_print(t, program->model, derived);
  return status;
}

static int dump_simplify(Arena *a, const Program *program, Text *t) {
  const Graph *g = program->model->graph;
  int status = graph_root(g, ROOT_LOSS, 0) ? pass_derive(a, program, false, &g) : STATUS_OK;
  if (!status) status = pass_simplify(a, program, g, ROLES_ALL, &g);
  if (!status) graph_print(t, program->model, g);
  return status;
}

static int dump_factor(Arena *a, const Program *program, Text *t) {
  const Graph *g = program->model->graph;
  int status = graph_root(g, ROOT_LOSS, 0) ? pass_derive(a, program, false, &g) : STATUS_OK;
  if (!status) status = pass_simplify(a, program, g, ROLES_ALL, &g);
  if (!status) status = pass_factor(a, program, g, ROLES_ALL, &g);
  if (!status) graph_print(t, program->model, g);
  return status;
}

static int dump_schedule(Arena *a, const Program *program, Text *t) {
  (void)a;
  emit_schedule(t, program->model, &program->emit);
  return STATUS_OK;
}

static const struct Pass {
  const char *name;
  Dump *dump;
} passes[] = {{"parse", dump_parse},       {"check", dump_check},   {"derive", dump_derive},
              {"simplify", dump_simplify}, {"factor", dump_factor}, {"schedule", dump_schedule}};
enum { PASS_COUNT = sizeof passes / sizeof *passes };

enum { KEY_AFTER = 'a' };

static const struct argp_option options[] = {
    {"after", KEY_AFTER, "PASS", 0, "The last pass to run: parse, check, derive, simplify, factor or schedule", 3},
    {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 3},
    {0}};

static Dump *dump_after(struct argp_state *state, Arena *a, const char *name) {
  const char *names[PASS_COUNT];
  for (size_t k = 0; k < PASS_COUNT; k++) {
    names[k] = passes[k].name;
    if (!strcmp(names[k], name)) return passes[k].dump;
  }
  const char *near = diag_nearest(name, names, PASS_COUNT);
  if (near) {
    argp_error(state, "there is no pass `%s`; did you mean `%s`?", name, near);
    return NULL;
  }
  const char *all = names[0];
  for (size_t k = 1; k < PASS_COUNT; k++)
    all = arena_printf(a, "%s%s%s", all, k + 1 < PASS_COUNT ? ", " : " and ", names[k]);
  argp_error(state, "there is no pass `%s`; there are %s", name, all);
  return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  DumpOptions *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT: state->child_inputs[0] = &args->model; return 0;
  case KEY_AFTER: args->dump = dump_after(state, args->model.arena, arg); return 0;
  case 'o': args->output = arg; return 0;
  case ARGP_KEY_END:
    if (!args->dump) argp_error(state, "after which pass? give --after=PASS");
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

int cmd_dump(int argc, char **argv) {
  static const struct argp_child children[] = {{&model_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {options,
                                   parse,
                                   "--after=PASS FILE.mdl",
                                   "Prints what the passes up to PASS made of the model.\v"
                                   "The passes in order:\n"
                                   "  parse     the syntax tree, as source text in one canonical form\n"
                                   "  check     the model as a graph of index comprehensions\n"
                                   "  derive    the same with the gradient of the loss\n"
                                   "  simplify  the same without what need not be computed\n"
                                   "  factor    the same with its sums in their cheapest form\n"
                                   "  schedule  the loops of each generated function\n\n" STATUS_HELP,
                                   children,
                                   NULL,
                                   NULL};
  DumpOptions args = {.model = {.arena = arena_new(), .fix_dims = true}};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  Program program;
  Text t;
  text_init(&t);
  int status = program_load(&args.model, &program);
  if (!status) status = args.dump(args.model.arena, &program, &t);
  if (!status) status = output_text(args.output, &t);
  text_free(&t);
  arena_free(args.model.arena);
  return status;
}
