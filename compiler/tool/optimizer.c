// optimizer.c - --optimizer and every option of every optimizer, from the runtime's table.
#include "tool/optimizer.h"

#include <math.h>
#include <string.h>

enum { KEY_OPTIMIZER = 0x800, KEY_OPTION = 0x1000 };

// ---- the options that argp shows ----

static void add_option(Arena *a, OptimizerArguments *args, const struct mdl_optim_option *option) {
  for (size_t i = 0; i < args->count; i++)
    if (!strcmp(args->options[i].name, option->name)) return;
  ARENA_PUSH(a, args->options, args->count, args->room) = (OptimizerOption){.name = option->name, .type = option->type};
}

static const char *default_text(Arena *a, const struct mdl_optim_option *option) {
  if (option->type == MDL_OPTION_FLAG) return "";
  double first = isnan(option->fallback[0]) ? OPTIMIZER_SGD_LR : option->fallback[0];
  return option->type == MDL_OPTION_PAIR ? arena_printf(a, " (%g,%g)", first, option->fallback[1])
                                         : arena_printf(a, " (%g)", first);
}

// "Of SGD (0), RMSprop (0)"
static const char *help_text(Arena *a, const char *name) {
  const char *text = "Of";
  for (int kind = 0; kind < MDL_OPTIM_KINDS; kind++) {
    const struct mdl_optim_option *option = mdl_optim_option_by_name(kind, name);
    if (option)
      text = arena_printf(a, "%s%s %s%s", text, strlen(text) > 2 ? "," : "", mdl_optim_name(kind),
                          default_text(a, option));
  }
  return text;
}

// weight_decay is both --weight-decay and --weight_decay.
static const char *dashed(Arena *a, const char *name) {
  char *s = arena_strdup(a, name);
  for (char *c = s; *c; c++)
    if (*c == '_') *c = '-';
  return s;
}

static const char *kind_names(Arena *a) {
  const char *names = "";
  for (int kind = 0; kind < MDL_OPTIM_KINDS; kind++)
    names = arena_printf(a, "%s%s%s", names, kind ? ", " : "", mdl_optim_name(kind));
  return names;
}

static const struct argp_option *argp_options(Arena *a, const OptimizerArguments *args) {
  struct argp_option *list = arena_array(a, struct argp_option, 2 * args->count + 3);
  size_t n = 0;
  list[n++] = (struct argp_option){
      "optimizer", KEY_OPTIMIZER, "NAME", 0, arena_printf(a, "%s (default SGD)", kind_names(a)), 5};
  list[n++] = (struct argp_option){
      NULL, 0, NULL, 0, "Options of the optimizers by their names in torch.optim (and defaults):", 6};
  for (size_t i = 0; i < args->count; i++) {
    const OptimizerOption *option = &args->options[i];
    const char *value = option->type == MDL_OPTION_FLAG ? NULL : option->type == MDL_OPTION_PAIR ? "A,B" : "X";
    const char *name = dashed(a, option->name);
    list[n++] = (struct argp_option){name, KEY_OPTION + (int)i, value, 0, help_text(a, option->name), 6};
    if (strcmp(name, option->name))
      list[n++] = (struct argp_option){option->name, 0, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 6};
  }
  return list;
}

// ---- parsing ----

static void set_kind(struct argp_state *state, OptimizerArguments *args, const char *name) {
  int kind = mdl_optim_kind_by_name(name);
  Arena *a = arena_new();
  if (kind < 0) argp_error(state, "no optimizer '%s'; there are %s", name, kind_names(a));
  arena_free(a);
  args->optim.kind = kind;
}

static void reject(struct argp_state *state, int kind, const char *name) {
  Arena *a = arena_new();
  size_t count;
  const struct mdl_optim_option *table = mdl_optim_option_table(kind, &count);
  const char *names = "";
  for (size_t i = 0; i < count; i++)
    names = arena_printf(a, "%s%s--%s", names, i ? ", " : "", dashed(a, table[i].name));
  argp_error(state, "%s has no option --%s; it has %s", mdl_optim_name(kind), dashed(a, name), names);
  arena_free(a);
}

static void set_option(struct argp_state *state, OptimizerArguments *args, const OptimizerOption *given) {
  const struct mdl_optim_option *option = mdl_optim_option_by_name(args->optim.kind, given->name);
  if (!option) {
    reject(state, args->optim.kind, given->name);
    return;
  }
  double values[2] = {1, 0};
  Arena *a = arena_new();
  const char *name = arena_printf(a, "--%s", dashed(a, given->name));
  if (option->type == MDL_OPTION_REAL) values[0] = option_real(state, name, given->text);
  if (option->type == MDL_OPTION_PAIR) {
    const char *comma = strchr(given->text, ',');
    if (!comma) argp_error(state, "%s takes two numbers: A,B", name);
    values[0] = option_real(state, name, arena_strndup(a, given->text, (size_t)(comma - given->text)));
    values[1] = option_real(state, name, comma + 1);
  }
  arena_free(a);
  mdl_optim_option_set(&args->optim, option, values);
}

static void complete(struct argp_state *state, OptimizerArguments *args) {
  args->optim = mdl_optim_defaults(args->optim.kind);
  if (isnan(args->optim.lr)) args->optim.lr = OPTIMIZER_SGD_LR;
  for (size_t i = 0; i < args->count; i++)
    if (args->options[i].text) set_option(state, args, &args->options[i]);
  const struct mdl_optim_option *which = NULL;
  int status = mdl_optim_check(&args->optim, &which);
  Arena *a = arena_new();
  if (status == MDL_ERROR_OPTION_RANGE && which)
    argp_error(state, "--%s must be %s", dashed(a, which->name), mdl_optim_option_range(which));
  else if (status)
    argp_error(state, "%s", mdl_status_message(status));
  arena_free(a);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  OptimizerArguments *args = state->input;
  if (key == KEY_OPTIMIZER) {
    set_kind(state, args, arg);
    return 0;
  }
  if (key == ARGP_KEY_END) {
    complete(state, args);
    return 0;
  }
  if (key < KEY_OPTION || (size_t)(key - KEY_OPTION) >= args->count) return ARGP_ERR_UNKNOWN;
  args->options[key - KEY_OPTION].text = arg ? arg : "";
  return 0;
}

const struct argp *optimizer_argp(Arena *a, OptimizerArguments *args) {
  *args = (OptimizerArguments){.optim.kind = MDL_SGD};
  for (int kind = 0; kind < MDL_OPTIM_KINDS; kind++) {
    size_t count;
    const struct mdl_optim_option *table = mdl_optim_option_table(kind, &count);
    for (size_t i = 0; i < count; i++) add_option(a, args, &table[i]);
  }
  struct argp *argp = arena_new_of(a, struct argp);
  *argp = (struct argp){.options = argp_options(a, args), .parser = parse};
  return argp;
}
