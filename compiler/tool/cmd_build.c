// cmd_build.c - mdlc build: a model's C header and source.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/driver.h"

typedef struct Arguments {
  ModelOptions model;
  const char *directory;
  bool blas;
  int threads;
} Arguments;

enum { KEY_BLAS = 'b' << 8, KEY_THREADS = 't' << 8, THREADS = 16, THREADS_MAX = 1024 };

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "Directory to write to; made if it does not exist (default: the current one)", 1},
    {"blas", KEY_BLAS, NULL, 0,
     "Products of matrices by <cblas.h>, such as OpenBLAS's, to be linked with: faster or slower, with other roundings", 1},
    {"threads", KEY_THREADS, "N", OPTION_ARG_OPTIONAL,
     "Share the work out among up to N threads (default: 16) where the C is compiled with -fopenmp; the same bits for any number", 1},
    {0}};

static int read_threads(const char *text, struct argp_state *state) {
  char *end;
  if (!text) return THREADS;
  errno = 0;
  const long n = strtol(text, &end, 10);
  if (errno || end == text || *end || n < 1 || n > THREADS_MAX)
    argp_error(state, "--threads=%s: a number from 1 to %d is wanted", text, THREADS_MAX);
  return (int)n;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT: state->child_inputs[0] = &args->model; return 0;
  case 'o': args->directory = arg; return 0;
  case KEY_BLAS: args->blas = true; return 0;
  case KEY_THREADS: args->threads = read_threads(arg, state); return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static int write_both(Arena *a, const Program *program, const char *directory) {
  const char *name = program->model->name;
  Text header, source;
  text_init(&header);
  text_init(&source);
  emit_model(&header, &source, program->model, &program->emit);
  const OutputFile files[] = {{arena_printf(a, "%s/%s.h", directory, name), &header},
                              {arena_printf(a, "%s/%s.c", directory, name), &source}};
  int status = output_files(files, 2);
  text_free(&header);
  text_free(&source);
  return status;
}

static int build(Arguments *args) {
  Arena *a = args->model.arena;
  Program program;
  int status = program_load(&args->model, &program);
  if (status) return status;
  program.emit.blas = args->blas;
  program.emit.threads = args->threads;
  bool made = !mkdir(args->directory, 0777);
  if (!made && errno != EEXIST)
    return tool_fail(STATUS_ENVIRONMENT, "cannot make directory %s: %s", args->directory, strerror(errno));
  status = write_both(a, &program, args->directory);
  if (status && made) rmdir(args->directory);
  return status;
}

int cmd_build(int argc, char **argv) {
  static const struct argp_child children[] = {{&model_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {
      options,
      parse,
      "FILE.mdl",
      "Writes NAME.h and NAME.c: the model's loss, gradient, predictions and metrics in C99 that "
      "needs nothing but <math.h>.\v" STATUS_HELP,
      children,
      NULL,
      NULL};
  Arguments args = {.model = {.arena = arena_new(), .fix_dims = true}, .directory = "."};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  int status = build(&args);
  arena_free(args.model.arena);
  return status;
}
