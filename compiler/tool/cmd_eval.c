// cmd_eval.c - mdlc eval: loss, metrics, predictions and gradient at one point.
#include "tool/jit.h"

typedef struct Arguments {
  ModelOptions model;
  DataOptions data;
  bool json;
  const char *output;
} Arguments;

// What there is to tell, computed.
typedef struct Values {
  const struct mdl_model *model;
  double loss; // where the model has one
  ArrayView *predictions, *metrics, *gradient;
} Values;

enum { KEY_JSON = 'j' };

static const struct argp_option options[] = {
    {"json", KEY_JSON, NULL, 0, "One JSON object with the keys loss, metrics, predictions and gradient", 3},
    {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 3},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &args->model;
    state->child_inputs[1] = &args->data;
    return 0;
  case KEY_JSON: args->json = true; return 0;
  case 'o': args->output = arg; return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static Values compute(Arena *a, const Instance *i) {
  const struct mdl_model *m = i->model;
  Values v = {
      .model = m, .predictions = instance_outputs(a, i, MDL_PREDICT), .metrics = instance_outputs(a, i, MDL_METRIC)};
  if (!m->has_loss) return v;
  void *gradient = instance_memory(a, i->sizes.params);
  v.loss = m->value_and_grad(i->dims, i->data, i->params, instance_memory(a, i->sizes.value_and_grad_work), gradient);
  v.gradient = arena_array(a, ArrayView, (size_t)m->nparams);
  for (int p = 0; p < m->nparams; p++)
    v.gradient[p] = instance_param(i, p, gradient, arena_array(a, int64_t, DATA_MAX_RANK));
  return v;
}

// ---- as text ----

static void put_human(Text *t, const char *title, const struct mdl_array *arrays, const ArrayView *views, int count) {
  enum { SHOWN = 24 };
  for (int k = 0; k < count; k++) {
    text_printf(t, "%s %s", title, arrays[k].name);
    size_t entries = 1;
    for (int axis = 0; axis < views[k].rank; axis++) {
      text_printf(t, "%s%lld", axis ? ", " : "[", (long long)views[k].extent[axis]);
      entries *= (size_t)views[k].extent[axis];
    }
    if (views[k].rank) text_char(t, ']');
    text_put(t, views[k].rank ? " " : "");
    for (size_t e = 0; e < entries && e < SHOWN; e++) {
      text_put(t, e && e % 6 == 0 ? "\n   " : " ");
      array_put_entry(t, views[k], e);
    }
    text_put(t, entries > SHOWN ? " …\n" : "\n");
  }
}

static void put_text(Text *t, const Values *v) {
  const struct mdl_model *m = v->model;
  if (m->has_loss) {
    text_put(t, "loss ");
    text_real(t, v->loss);
    text_char(t, '\n');
  }
  put_human(t, "metric", m->metrics, v->metrics, m->nmetrics);
  put_human(t, "prediction", m->predicts, v->predictions, m->npredicts);
  if (m->has_loss) put_human(t, "gradient", m->params, v->gradient, m->nparams);
}

// ---- as JSON ----

static void put_object(Text *t, const char *key, const struct mdl_array *arrays, const ArrayView *views, int count) {
  text_put(t, ",\n ");
  json_put_string(t, key);
  text_put(t, ": ");
  json_put_arrays(t, arrays, views, count, 2);
}

static void put_json(Text *t, const Values *v) {
  const struct mdl_model *m = v->model;
  text_put(t, "{\"loss\": ");
  if (m->has_loss)
    json_put_real(t, v->loss);
  else
    text_put(t, "null");
  put_object(t, "metrics", m->metrics, v->metrics, m->nmetrics);
  put_object(t, "predictions", m->predicts, v->predictions, m->npredicts);
  put_object(t, "gradient", m->params, v->gradient, m->has_loss ? m->nparams : 0);
  text_put(t, "}\n");
}

static int eval(Arguments *args, Jit *jit) {
  Arena *a = args->model.arena;
  Program program;
  Bound bound;
  Instance instance;
  int status = program_load(&args->model, &program);
  if (!status) status = data_bind(a, &program, &args->data, NULL, &bound);
  if (!status) status = jit_program(a, &program, jit);
  if (!status) status = instance_new(a, &program, jit, &bound, args->data.seed, &instance);
  if (status) return status;
  Values values = compute(a, &instance);
  Text t;
  text_init(&t);
  if (args->json)
    put_json(&t, &values);
  else
    put_text(&t, &values);
  status = output_text(args->output, &t);
  text_free(&t);
  return status;
}

int cmd_eval(int argc, char **argv) {
  static const struct argp_child children[] = {{&model_argp, 0, NULL, 0}, {&data_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {
      options,
      parse,
      "FILE.mdl",
      "Prints the loss, the metrics, the predictions and the gradient of every parameter at one "
      "point: the start values, or --params.\v" STATUS_HELP,
      children,
      NULL,
      NULL};
  Arena *a = arena_new();
  Arguments args = {.model.arena = a, .data.arena = a};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  Jit jit = {.library = NULL};
  int status = eval(&args, &jit);
  jit_close(&jit);
  arena_free(a);
  return status;
}
