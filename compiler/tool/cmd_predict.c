// cmd_predict.c - mdlc predict: predictions for new data, as a table or as JSON.
#include "tool/jit.h"

typedef struct Arguments {
  ModelOptions model;
  DataOptions data;
  bool json;
  const char *output;
} Arguments;

static const struct argp_option options[] = {{"json", 'j', NULL, 0, "JSON instead of a table", 3},
                                             {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 3},
                                             {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &args->model;
    state->child_inputs[1] = &args->data;
    return 0;
  case 'j': args->json = true; return 0;
  case 'o': args->output = arg; return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

// ---- the table: predictions side by side, a row for each entry of their first axis ----

static int64_t rows_of(ArrayView v) {
  return v.rank ? v.extent[0] : 1;
}

static int64_t columns_of(ArrayView v) {
  return v.rank == 2 ? v.extent[1] : 1;
}

static int fits_table(const struct mdl_model *m, const ArrayView *views) {
  for (int k = 0; k < m->npredicts; k++) {
    if (views[k].rank > 2)
      return tool_fail(STATUS_REJECTED, "prediction %s has %d axes and fits no table: use --json", m->predicts[k].name,
                       views[k].rank);
    if (rows_of(views[k]) != rows_of(views[0]))
      return tool_fail(STATUS_REJECTED,
                       "predictions %s and %s have different numbers of rows and fit no table: use --json",
                       m->predicts[0].name, m->predicts[k].name);
  }
  return STATUS_OK;
}

static void put_table(Text *t, const struct mdl_model *m, const ArrayView *views) {
  bool first = true;
  for (int k = 0; k < m->npredicts; k++)
    for (int64_t c = 0; c < columns_of(views[k]); c++, first = false) {
      text_printf(t, "%s%s", first ? "" : ",", m->predicts[k].name);
      if (views[k].rank == 2) text_printf(t, "[%lld]", (long long)c);
    }
  text_char(t, '\n');
  for (int64_t row = 0; row < rows_of(views[0]); row++) {
    first = true;
    for (int k = 0; k < m->npredicts; k++)
      for (int64_t c = 0; c < columns_of(views[k]); c++, first = false) {
        if (!first) text_char(t, ',');
        array_put_entry(t, views[k], (size_t)(row * columns_of(views[k]) + c));
      }
    text_char(t, '\n');
  }
}

static int print(const Arguments *args, const struct mdl_model *m, const ArrayView *views) {
  int status = args->json ? STATUS_OK : fits_table(m, views);
  if (status) return status;
  Text t;
  text_init(&t);
  if (args->json) {
    json_put_arrays(&t, m->predicts, views, m->npredicts, 0);
    text_char(&t, '\n');
  } else {
    put_table(&t, m, views);
  }
  status = output_text(args->output, &t);
  text_free(&t);
  return status;
}

static int predict(Arguments *args, Jit *jit) {
  Arena *a = args->model.arena;
  Program program;
  int status = program_load(&args->model, &program);
  if (status) return status;
  if (program.model->nparam && !args->data.params)
    return tool_fail(STATUS_USAGE, "which parameters? give --params FITTED (mdlc train -o FITTED writes them)");
  status = jit_program(a, &program, jit);
  if (status) return status;
  if (jit->model->npredicts == 0)
    return tool_fail(STATUS_REJECTED, "%s: the model has no prediction (`predict name = …`)", args->model.file);
  Bound bound;
  Instance instance;
  static const unsigned char nothing[1]; // where the model has no data at all
  const unsigned char *reads = jit->model->ndata ? jit->model->predict_reads : nothing;
  status = data_bind(a, &program, &args->data, reads, &bound);
  if (!status) status = instance_new(a, &program, jit, &bound, args->data.seed, &instance);
  if (status) return status;
  return print(args, jit->model, instance_outputs(a, &instance, MDL_PREDICT));
}

int cmd_predict(int argc, char **argv) {
  static const struct argp_child children[] = {{&model_argp, 0, NULL, 0}, {&data_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {
      options,
      parse,
      "FILE.mdl",
      "Prints the model's predictions at --params for the data that they read (no others are "
      "asked for): as CSV, a row for each sample, or as JSON.\v" STATUS_HELP,
      children,
      NULL,
      NULL};
  Arena *a = arena_new();
  Arguments args = {.model.arena = a, .data.arena = a};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  Jit jit = {.library = NULL};
  int status = predict(&args, &jit);
  jit_close(&jit);
  arena_free(a);
  return status;
}
