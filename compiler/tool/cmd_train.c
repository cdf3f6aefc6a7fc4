// cmd_train.c - mdlc train: fits a model's parameters to data.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mdl/train.h"
#include "tool/jit.h"
#include "tool/optimizer.h"

typedef struct Arguments {
  ModelOptions model;
  DataOptions data;
  OptimizerArguments optimizer;
  struct mdl_train_options train;
  int64_t log_every; // 0: a tenth of the epochs
  const char *output;
} Arguments;

enum { KEY_EPOCHS = 0x600, KEY_BATCH_SIZE, KEY_VALIDATION, KEY_LOG_EVERY };

static const struct argp_option options[] = {
    {"epochs", KEY_EPOCHS, "N", 0, "Passes over the data (default 100)", 4},
    {"batch-size", KEY_BATCH_SIZE, "N", 0, "Samples in each step, in a new order each epoch (default: all)", 4},
    {"validation", KEY_VALIDATION, "FRACTION", 0, "Hold out this part of the samples and tell their loss", 4},
    {"log-every", KEY_LOG_EVERY, "N", 0, "Print the loss every N epochs (default: a tenth of them)", 4},
    {"output", 'o', "FITTED", 0, "Write the fitted parameters as JSON", 4},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &args->model;
    state->child_inputs[1] = &args->data;
    state->child_inputs[2] = &args->optimizer;
    return 0;
  case KEY_EPOCHS: args->train.epochs = option_integer(state, "--epochs", arg, 0, INT64_MAX); return 0;
  case KEY_BATCH_SIZE: args->train.batch_size = option_integer(state, "--batch-size", arg, 1, INT64_MAX); return 0;
  case KEY_VALIDATION:
    args->train.validation = option_real(state, "--validation", arg);
    if (args->train.validation < 0 || args->train.validation >= 1)
      argp_error(state, "--validation: a part of the samples, at least 0 and under 1 (0.2: a fifth), not %s", arg);
    return 0;
  case KEY_LOG_EVERY: args->log_every = option_integer(state, "--log-every", arg, 1, INT64_MAX); return 0;
  case 'o': args->output = arg; return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

// ---- progress ----

typedef struct Progress {
  int64_t epochs, every;
  bool terminal;
  bool line_open;       // the terminal's line has something on it
  struct timespec last; // when it was written
} Progress;

static void put_loss(const char *name, double loss) {
  bool plain = loss == 0 || (fabs(loss) >= 1e-3 && fabs(loss) < 1e12);
  printf(plain ? "  %s %.6f" : "  %s %.6e", name, loss);
}

static void put_epoch(const struct mdl_epoch *e) {
  printf("epoch %" PRId64, e->epoch);
  put_loss("loss", e->loss);
  if (e->has_validation) put_loss("validation", e->validation);
}

// On a terminal at most twenty times a second.
static bool is_time(Progress *p) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  double since = (double)(now.tv_sec - p->last.tv_sec) + 1e-9 * (double)(now.tv_nsec - p->last.tv_nsec);
  if (p->line_open && since < 0.05) return false;
  p->last = now;
  return true;
}

static int on_epoch(void *context, const struct mdl_epoch *e) {
  Progress *p = context;
  bool last = e->epoch == p->epochs;
  if (p->terminal) {
    if (!last && !is_time(p)) return 0;
    fputs("\r\033[K", stdout);
    put_epoch(e);
    p->line_open = true;
  } else {
    if (!last && e->epoch > 3 && e->epoch % p->every) return 0;
    put_epoch(e);
    putchar('\n');
  }
  fflush(stdout);
  return 0;
}

// ---- what comes out ----

static void put_params(Text *t, Arena *a, const Instance *i, bool in_full) {
  enum { SHOWN = 24 };
  for (int p = 0; p < i->model->nparams; p++) {
    int64_t *extent = arena_array(a, int64_t, DATA_MAX_RANK);
    ArrayView v = instance_param(i, p, i->params, extent);
    size_t count = instance_shape(i, MDL_PARAM, p, extent);
    text_printf(t, "%s = ", i->model->params[p].name);
    if (in_full || count <= SHOWN)
      json_put_array(t, v, 2);
    else
      text_printf(t, "… %zu numbers [%s]", count, i->model->params[p].shape);
    text_char(t, '\n');
  }
}

static int save(Arena *a, const Instance *i, const char *path) {
  ArrayView *views = arena_array(a, ArrayView, (size_t)i->model->nparams);
  for (int p = 0; p < i->model->nparams; p++)
    views[p] = instance_param(i, p, i->params, arena_array(a, int64_t, DATA_MAX_RANK));
  Text t;
  text_init(&t);
  json_put_arrays(&t, i->model->params, views, i->model->nparams, 0);
  text_char(&t, '\n');
  int status = output_text(path, &t);
  text_free(&t);
  return status;
}

// Saved parameters are printed in short where they are many.
static int put_result(Arena *a, const Instance *i, const char *path) {
  int saved = path ? save(a, i, path) : STATUS_OK;
  Text t;
  text_init(&t);
  put_params(&t, a, i, !path || saved);
  int printed = output_text(NULL, &t);
  text_free(&t);
  return saved ? saved : printed;
}

// "W[2, 3]" for a place in the vector of parameters.
static const char *entry_name(Arena *a, const Instance *i, int64_t index) {
  int p = 0;
  while (p + 1 < i->model->nparams && i->offsets[p + 1] <= index) p++;
  int64_t extent[DATA_MAX_RANK], at = index - i->offsets[p];
  instance_shape(i, MDL_PARAM, p, extent);
  const char *s = "";
  for (int k = i->model->params[p].rank - 1; k >= 0; k--) {
    s = arena_printf(a, "%" PRId64 "%s%s", at % extent[k], *s ? ", " : "", s);
    at /= extent[k];
  }
  return arena_printf(a, "%s%s%s%s", i->model->params[p].name, *s ? "[" : "", s, *s ? "]" : "");
}

static int diverged(Arena *a, const Instance *i, const struct mdl_train_result *r) {
  const char *what = "the loss";
  if (r->nonfinite == MDL_NONFINITE_GRADIENT) what = arena_printf(a, "the gradient of %s", entry_name(a, i, r->index));
  if (r->nonfinite == MDL_NONFINITE_PARAM) what = arena_printf(a, "parameter %s", entry_name(a, i, r->index));
  if (r->epoch == 0) return tool_fail(STATUS_DIVERGED, "%s is not finite before the training begins", what);
  return tool_fail(STATUS_DIVERGED,
                   "training diverged in epoch %" PRId64
                   ": %s became non-finite first; the parameters are the last good ones "
                   "(a smaller --lr may help)",
                   r->epoch, what);
}

static int train_error(const Instance *i, int status, const struct mdl_train_result *r) {
  if (status == MDL_ERROR_RANGE) return instance_range_error(&r->where);
  if (status == MDL_ERROR_OVERFLOW)
    return tool_fail(STATUS_REJECTED, "%s is too large to be trained on this machine", i->model->name);
  return tool_fail(STATUS_REJECTED, "%s", mdl_status_message(status));
}

// ---- the command ----

// Before the work begins: is there a place for its result?
static int check_output(Arena *a, const char *path) {
  struct stat s;
  bool exists = path && !stat(path, &s);
  if (!path || (exists && !S_ISDIR(s.st_mode) && !access(path, W_OK))) return STATUS_OK;
  if (exists && S_ISDIR(s.st_mode)) return tool_fail(STATUS_ENVIRONMENT, "cannot write %s: it is a directory", path);
  const char *slash = strrchr(path, '/');
  const char *directory = slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : ".";
  if (*path && !access(directory, W_OK | X_OK)) return STATUS_OK;
  return tool_fail(STATUS_ENVIRONMENT, "cannot write %s: %s", path, strerror(errno));
}

static int check_samples(const Arguments *args, const Instance *i) {
  bool batch = false;
  for (int k = 0; k < i->model->ndims; k++) {
    if (!i->model->dims[k].batch) continue;
    batch = true;
    if (i->dims[k] == 0) return tool_fail(STATUS_REJECTED, "no samples: %s is 0", i->model->dims[k].name);
    if (args->train.validation > 0 && mdl_split_count(i->dims[k], args->train.validation) == 0)
      return tool_fail(STATUS_REJECTED, "--validation %g of %" PRId64 " samples is none", args->train.validation,
                       i->dims[k]);
  }
  if (!batch && (args->train.batch_size > 0 || args->train.validation > 0))
    return tool_fail(STATUS_REJECTED, "%s declares no `batch` dimension to cut: write `batch n`", args->model.file);
  return STATUS_OK;
}

static int run(Arguments *args, const Instance *i) {
  Arena *a = args->model.arena;
  int64_t every = args->log_every ? args->log_every : args->train.epochs / 10;
  Progress progress = {.epochs = args->train.epochs, .every = every ? every : 1, .terminal = isatty(STDOUT_FILENO)};
  args->train.on_epoch = on_epoch;
  args->train.context = &progress;
  args->train.optim = args->optimizer.optim;
  args->train.seed = args->data.seed;
  struct mdl_train_result result;
  size_t size;
  int status = mdl_train_size(i->model, i->dims, &args->train, &size, &result);
  if (!status)
    status = mdl_train(i->model, i->dims, i->data, &args->train, i->params, instance_memory(a, size), &result);
  if (progress.line_open) putchar('\n');
  if (status && status != MDL_DIVERGED) return train_error(i, status, &result);
  fflush(stdout);
  int bad = status == MDL_DIVERGED ? diverged(a, i, &result) : STATUS_OK;
  int out = put_result(a, i, args->output);
  return bad ? bad : out;
}

static int train(Arguments *args, Jit *jit) {
  Arena *a = args->model.arena;
  Program program;
  Bound bound;
  Instance instance;
  int status = check_output(a, args->output);
  if (!status) status = program_load(&args->model, &program);
  if (!status && !graph_root(program.model->graph, ROOT_LOSS, 0))
    status = tool_fail(STATUS_REJECTED, "%s: the model has no loss to train by", args->model.file);
  if (!status && program.model->nparam == 0)
    status = tool_fail(STATUS_REJECTED, "%s: the model has no parameters to train", args->model.file);
  if (!status) status = data_bind(a, &program, &args->data, NULL, &bound);
  if (!status) status = jit_program(a, &program, jit);
  if (!status) status = instance_new(a, &program, jit, &bound, args->data.seed, &instance);
  if (!status) status = check_samples(args, &instance);
  return status ? status : run(args, &instance);
}

int cmd_train(int argc, char **argv) {
  Arena *a = arena_new();
  Arguments args = {.model.arena = a, .data.arena = a, .train = mdl_train_defaults(MDL_SGD)};
  const struct argp_child children[] = {
      {&model_argp, 0, NULL, 0}, {&data_argp, 0, NULL, 0}, {optimizer_argp(a, &args.optimizer), 0, NULL, 0}, {0}};
  const struct argp argp = {
      options,
      parse,
      "FILE.mdl",
      "Fits the parameters to the data: generates C, compiles it with the system's compiler ($CC, $CFLAGS; "
      "cc -O2 without), runs it, and prints the fitted parameters.\v"
      "A message about data begins with its place: readings.csv:4:2 is line 4, and there the table's column "
      "2.\n\n" STATUS_HELP,
      children,
      NULL,
      NULL};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  Jit jit = {.library = NULL};
  int status = train(&args, &jit);
  jit_close(&jit);
  arena_free(a);
  return status;
}
