// main.c - mdlc: one table of commands.
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "syntax/diag.h"
#include "tool/tool.h"

typedef struct Command {
  const char *name, *summary;
  CommandRun *run;
} Command;

static const Command commands[] = {
    {"build", "write a model's C header and source", cmd_build},
    {"train", "fit the parameters to data", cmd_train},
    {"eval", "loss, metrics, predictions and gradient at one point", cmd_eval},
    {"predict", "predictions for new data", cmd_predict},
    {"check", "hold the gradient against independent oracles", cmd_check},
    {"explain", "the derivatives as formulas", cmd_explain},
    {"graph", "draw the forward and the backward graph", cmd_graph},
    {"cost", "count operations and memory", cmd_cost},
    {"dump", "print the model after a pass", cmd_dump},
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_help(void) {
  puts("Usage: mdlc COMMAND FILE.mdl [OPTION...]\n\nCompiles a model to C that computes its loss and the loss's "
       "gradient.\n");
  for (size_t i = 0; i < COMMAND_COUNT; i++) printf("  %-8s  %s\n", commands[i].name, commands[i].summary);
  puts("\n`mdlc COMMAND --help` tells a command's options.  `mdlc --version` tells the version.\n\n" STATUS_HELP);
}

// Output that did not arrive is an error, also where a library has ended the program (--help).
static void close_output(void) {
  if (output_close()) _exit(STATUS_ENVIRONMENT);
}

int main(int argc, char **argv) {
  argp_err_exit_status = STATUS_USAGE;
  atexit(close_output);
  if (argc < 2) {
    print_help();
    return STATUS_USAGE;
  }
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
    print_help();
    return output_close();
  }
  if (!strcmp(argv[1], "--version")) {
    puts("mdlc " MDLC_VERSION);
    return output_close();
  }
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(argv[1], commands[i].name)) continue;
    char name[32];
    snprintf(name, sizeof name, "mdlc %s", commands[i].name);
    argv[1] = name;
    return commands[i].run(argc - 1, argv + 1);
  }
  const char *names[COMMAND_COUNT];
  for (size_t i = 0; i < COMMAND_COUNT; i++) names[i] = commands[i].name;
  const char *near = diag_nearest(argv[1], names, COMMAND_COUNT);
  if (near) return tool_fail(STATUS_USAGE, "no command `%s`; did you mean `%s`?", argv[1], near);
  return tool_fail(STATUS_USAGE, "no command `%s`; `mdlc --help` lists them", argv[1]);
}
