// cmd_explain.c - mdlc explain: the derivatives as formulas, or the loop tree of a generated function with its reasons.
#include <string.h>

#include "explain/explain.h"
#include "explain/schedule.h"
#include "syntax/diag.h"
#include "tool/passes.h"

typedef struct Arguments {
  ModelOptions model;
  bool latex, schedule;
  const char *function; // or null
  const char *output;
} Arguments;

enum { KEY_LATEX = 'l', KEY_SCHEDULE = 's', KEY_FUNCTION = 'f' };

static const struct argp_option options[] = {{"latex", KEY_LATEX, NULL, 0, "A LaTeX document instead of plain text", 3},
                                             {"schedule", KEY_SCHEDULE, NULL, 0,
                                              "The loops of a generated function instead, with the reason for each decision", 3},
                                             {"function", KEY_FUNCTION, "NAME", 0,
                                              "The function of --schedule: forward, backward, predict, … (default: value_and_grad, "
                                              "of what only predicts predict)",
                                              3},
                                             {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 3},
                                             {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT: state->child_inputs[0] = &args->model; return 0;
  case KEY_LATEX: args->latex = true; return 0;
  case KEY_SCHEDULE: args->schedule = true; return 0;
  case KEY_FUNCTION: args->function = arg; return 0;
  case 'o': args->output = arg; return 0;
  case ARGP_KEY_END:
    if (args->latex && args->schedule) argp_error(state, "--latex is of formulas, not of --schedule");
    if (args->function && !args->schedule) argp_error(state, "--function is of --schedule");
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static int explain_formulas(Arguments *args) {
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

// The function of that name, or null, which is said.
static const FunctionView *find_function(const Arguments *args, const FunctionView *list, int count) {
  bool loss = false;
  for (int k = 0; k < count; k++) loss = loss || !strcmp(list[k].name, "value_and_grad");
  const char *wanted = args->function ? args->function : loss ? "value_and_grad" : "predict";
  const char **names = arena_array(args->model.arena, const char *, (size_t)count + 1);
  for (int k = 0; k < count; k++) {
    names[k] = list[k].name;
    if (!strcmp(names[k], wanted)) return &list[k];
  }
  const char *near = diag_nearest(wanted, names, (size_t)count);
  if (near)
    tool_reject("%s: the model has no function `%s`; did you mean `%s`?", args->model.file, wanted, near);
  else
    tool_reject("%s: the model has no function `%s`", args->model.file, wanted);
  return NULL;
}

static int explain_loops(Arguments *args) {
  Program program;
  int count, status = program_load(&args->model, &program);
  if (status) return status;
  const FunctionView *list = emit_functions(args->model.arena, program.model, &program.emit, &count);
  const FunctionView *function = find_function(args, list, count);
  if (!function) return STATUS_REJECTED;
  Text t;
  text_init(&t);
  explain_schedule(&t, function);
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
      "Prints the model's definitions and the derivatives of its loss as formulas, in the model's own names; or the loops of a "
      "generated function with the reason for each decision.\v"
      "The formulas are in the model language: `d loss / d w = …` may be put into the file as `gradient w = …`, which "
      "`mdlc check` then holds against the compiled gradient.  They are arranged for reading; the compiled code rounds "
      "differently.  A line whose name starts with d_ defines a derivative that the lines after it use.  A loop's "
      "state is "
      "a recurrence: a line for its start, a line for what each step makes of it; recurrences are for reading "
      "alone.\n\n"
      "With --schedule: the loops of a generated function as its C has them, what is computed in each, and beside it why it "
      "stands there, where its value is kept, and in which order a sum adds its terms; of forward and backward also what is "
      "stored between them and what is computed again.\n\n" STATUS_HELP,
      children,
      NULL,
      NULL};
  Arguments args = {.model = {.arena = arena_new(), .fix_dims = true}};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  args.model.plain = !args.schedule; // formulas are for reading; loops are those of the generated code
  int status = args.schedule ? explain_loops(&args) : explain_formulas(&args);
  arena_free(args.model.arena);
  return status;
}
