// cmd_explain.c - mdlc explain: the derivatives as formulas.
#include "explain/explain.h"
#include "tool/passes.h"

typedef struct Arguments {
  ModelOptions model;
  bool latex;
  const char *output;
} Arguments;

enum { KEY_LATEX = 'l' };

static const struct argp_option options[] = {{"latex", KEY_LATEX, NULL, 0, "A LaTeX document instead of plain text", 3},
                                             {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 3},
                                             {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT: state->child_inputs[0] = &args->model; return 0;
  case KEY_LATEX: args->latex = true; return 0;
  case 'o': args->output = arg; return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static int explain(Arguments *args) {
  Arena *a = args->model.arena;
  Program program;
  const Graph *gradient;
  int status = program_load(&args->model, &program);
  if (!status) status = pass_plain_gradient(a, &program, &gradient);
  if (status) return status;
  const char **names;
  size_t count = author_names(a, program.ast, &names);
  Explanation x = explain_graph(a, program.model, gradient, names, count);
  explain_name_repeated(&x);
  Text t;
  text_init(&t);
  (args->latex ? explain_latex : explain_text)(&t, &x);
  status = output_text(args->output, &t);
  text_free(&t);
  return status;
}

int cmd_explain(int argc, char **argv) {
  static const struct argp_child children[] = {{&model_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {
      options,
      parse,
      "FILE.mdl",
      "Prints the model's definitions and the derivatives of its loss as formulas, in the model's own names.\v"
      "The formulas are in the model language: `d loss / d w = …` may be put into the file as `gradient w = …`, which "
      "`mdlc check` then holds against the compiled gradient.  They are arranged for reading; the compiled code rounds "
      "differently.  A line whose name starts with d_ defines a derivative that the lines after it use.  A loop's "
      "state is "
      "a recurrence: a line for its start, a line for what each step makes of it; recurrences are for reading "
      "alone.\n\n" STATUS_HELP,
      children,
      NULL,
      NULL};
  Arguments args = {.model = {.arena = arena_new(), .plain = true}};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  int status = explain(&args);
  arena_free(args.model.arena);
  return status;
}
