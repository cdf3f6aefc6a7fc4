// cmd_graph.c - mdlc graph: the computation as a picture.
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/picture.h"

extern char **environ;

typedef struct Arguments {
  ModelOptions model;
  bool backward;
  const char *output;
} Arguments;

enum { KEY_BACKWARD = 'b' };

static const struct argp_option options[] = {
    {"backward", KEY_BACKWARD, NULL, 0, "Also how gradients flow back, with the local derivatives", 3},
    {"output", 'o', "FILE", 0, "Write FILE.svg (drawn by Graphviz) or FILE.dot (default: dot text on standard output)",
     3},
    {0}};

static bool ends_with(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n > m && strcmp(s + n - m, end) == 0;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT: state->child_inputs[0] = &args->model; return 0;
  case KEY_BACKWARD: args->backward = true; return 0;
  case 'o':
    if (!ends_with(arg, ".svg") && !ends_with(arg, ".dot") && !ends_with(arg, ".gv"))
      argp_error(state, "-o %s: the name must end in .svg or .dot", arg);
    args->output = arg;
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

// ---- Graphviz ----

static bool read_all(FILE *f, Text *t) {
  char buffer[1 << 14];
  size_t n;
  rewind(f);
  while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) text_putn(t, buffer, n);
  return !ferror(f);
}

static int spawn_dot(FILE *in, FILE *out, pid_t *pid) {
  char *argv[] = {(char[]){"dot"}, (char[]){"-Tsvg"}, NULL};
  posix_spawn_file_actions_t actions;
  int why = posix_spawn_file_actions_init(&actions);
  if (why) return why;
  why = posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
  if (!why) why = posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
  if (!why) why = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return why;
}

static int run_dot(FILE *in, FILE *out, const Text *dot, Text *svg) {
  if (fwrite(dot->s, 1, dot->length, in) != dot->length || fflush(in))
    return tool_fail(STATUS_ENVIRONMENT, "cannot write a temporary file: %s", strerror(errno));
  rewind(in);
  pid_t pid;
  int why = spawn_dot(in, out, &pid);
  if (why)
    return tool_fail(STATUS_ENVIRONMENT,
                     "cannot run Graphviz' `dot`, which draws the SVG (%s); install graphviz, or write "
                     "a .dot file",
                     strerror(why));
  int wait_status = 0;
  while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
    return tool_fail(STATUS_ENVIRONMENT, "Graphviz' `dot` failed");
  if (!read_all(out, svg)) return tool_fail(STATUS_ENVIRONMENT, "cannot read what `dot` drew: %s", strerror(errno));
  return STATUS_OK;
}

// Through temporary files, which have no names: pipes to both of its ends could block each other.
static int draw_svg(const Text *dot, Text *svg) {
  FILE *in = tmpfile(), *out = in ? tmpfile() : NULL;
  int status = out ? run_dot(in, out, dot, svg)
                   : tool_fail(STATUS_ENVIRONMENT, "cannot make a temporary file: %s", strerror(errno));
  if (in) fclose(in);
  if (out) fclose(out);
  return status;
}

static int graph(Arguments *args) {
  Arena *a = args->model.arena;
  Program program;
  Picture picture;
  int status = program_load(&args->model, &program);
  if (!status) status = picture_of(a, &program, &picture);
  if (status) return status;
  Text dot, svg;
  text_init(&dot);
  text_init(&svg);
  picture_dot(&dot, &picture, program.model->name, args->backward);
  bool draw = args->output && ends_with(args->output, ".svg");
  if (draw) status = draw_svg(&dot, &svg);
  if (!status) status = output_text(args->output, draw ? &svg : &dot);
  text_free(&dot);
  text_free(&svg);
  return status;
}

int cmd_graph(int argc, char **argv) {
  static const struct argp_child children[] = {{&model_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {
      options,
      parse,
      "FILE.mdl",
      "Draws the model's computation: data (blue), parameters (yellow), and the operations that make the loss of "
      "them.\v"
      "With --backward, dashed arrows show the gradient's way back to the parameters; each is labelled with the local "
      "derivative that the gradient is multiplied by there (none: 1).\n\n" STATUS_HELP,
      children,
      NULL,
      NULL};
  Arguments args = {.model = {.arena = arena_new(), .fix_dims = true}};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  int status = graph(&args);
  arena_free(args.model.arena);
  return status;
}
