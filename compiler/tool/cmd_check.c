// cmd_check.c - mdlc check: the generated gradient against complex step, dual numbers, differences and the author.
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/check_json.h"
#include "tool/passes.h"

typedef struct Arguments {
  ModelOptions model;
  DataOptions data;
  int points;
  const char *against, *function; // or null
  int64_t time_limit;             // of the function; 0: not given
  bool template, digits, json;
  const char *output;
} Arguments;

enum {
  KEY_POINTS = 0x200,
  KEY_AGAINST,
  KEY_FUNCTION,
  KEY_LIMIT,
  KEY_TEMPLATE,
  KEY_DIGITS,
  KEY_JSON,
  POINTS_MAX = 1000
};

static const struct argp_option options[] = {
    {"points", KEY_POINTS, "N", 0,
     "Compare at so many points (default 3): the start values, or --params, and random ones near", 3},
    {"against", KEY_AGAINST, "FILE.c", 0, "Compare with a gradient that is written in C by hand, in loss and time too",
     3},
    {"function", KEY_FUNCTION, "NAME", 0, "Its function (default: the model's name and _by_hand)", 3},
    {"time-limit", KEY_LIMIT, "SECONDS", 0,
     "The processor time that a call of it may take (default: 1000 times what the generated C takes, at least 10)", 3},
    {"template", KEY_TEMPLATE, NULL, 0, "Print a skeleton of that function, and compare nothing", 3},
    {"digits", KEY_DIGITS, NULL, 0, "Tell how many digits of each gradient entry survive rounding", 3},
    {"json", KEY_JSON, NULL, 0, "One JSON object with all that was found", 3},
    {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 3},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = &args->model;
    state->child_inputs[1] = &args->data;
    return 0;
  case KEY_POINTS: args->points = (int)option_integer(state, "--points", arg, 1, POINTS_MAX); return 0;
  case KEY_AGAINST: args->against = arg; return 0;
  case KEY_FUNCTION:
    if (!option_is_identifier(arg)) argp_error(state, "--function '%s' is not a C identifier", arg);
    args->function = arg;
    return 0;
  case KEY_LIMIT: args->time_limit = option_integer(state, "--time-limit", arg, 1, 1000000); return 0;
  case KEY_TEMPLATE: args->template = true; return 0;
  case KEY_DIGITS: args->digits = true; return 0;
  case KEY_JSON: args->json = true; return 0;
  case 'o': args->output = arg; return 0;
  case ARGP_KEY_END:
    if (args->function && !args->against && !args->template)
      argp_error(state, "--function names a function of --against FILE.c, or of --template");
    if (args->time_limit && !args->against) argp_error(state, "--time-limit is for the function of --against FILE.c");
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

// ---- the data ----

// A range of random reals each: where the loss is not finite on the first (a logarithm), it may be on positive ones.
static const double data_ranges[][2] = {{-1.5, 1.5}, {0.25, 1.75}};
enum { RANGE_COUNT = sizeof data_ranges / sizeof *data_ranges };

// Data from the files; or dimensions and parameters alone, the data to be made.
static int bind(Arguments *args, Program *program, bool made, Bound *bound) {
  Arena *a = args->model.arena;
  if (!made) return data_bind(a, program, &args->data, NULL, bound);
  check_small_dims(a, program);
  return data_bind(a, program, &args->data, arena_array(a, unsigned char, (size_t)program->model->ndata + 1), bound);
}

// ---- the points ----

static bool finite_at(Subject *s, const double *params) {
  return subject_has_loss(s) ? isfinite(subject_loss(s, params)) : subject_predicts_finite(s, params);
}

// Near the start (a free vector, so that constraints are kept), nearer where the model is not finite; false:
// nowhere.
static bool random_point(Subject *s, const double *start, uint64_t seed, int number, double *params) {
  double *free = arena_array(s->arena, double, s->free + 1);
  for (double spread = 0.1; spread > 1e-4; spread /= 10) {
    for (size_t k = 0; k < s->free; k++) {
      double u = check_random(seed, 2000 + (uint64_t)number, 2 * k),
             v = check_random(seed, 2000 + (uint64_t)number, 2 * k + 1);
      free[k] = start[k] * (1 + spread * u) + spread * v;
    }
    subject_constrain(s, free, params);
    if (finite_at(s, params)) return true;
  }
  return false;
}

static int make_points(Subject *s, const Arguments *args, Comparison *c) {
  c->point = arena_array(s->arena, Point, (size_t)args->points);
  double *start = arena_array(s->arena, double, s->total + 1);
  int status = subject_start(s, args->data.seed, start);
  if (status) return status;
  c->point[c->npoints++].params = start;
  double *free = arena_array(s->arena, double, s->free + 1);
  subject_unconstrain(s, start, free);
  for (int k = 1; k < args->points && s->total > 0; k++) {
    double *params = arena_array(s->arena, double, s->total + 1);
    if (random_point(s, free, args->data.seed, k, params))
      c->point[c->npoints++].params = params;
    else
      c->skipped++;
  }
  return STATUS_OK;
}

// How many entries of a parameter can be compared in reasonable time: all where the loss is cheap, or there are few.
static size_t affordable(Subject *s, int npoints) {
  enum { ALL = 300, LEAST = 4 };
  const double operations = 1e8;
  Cost cost = emit_cost(s->arena, s->model, &s->program->emit);
  int64_t flops;
  if (!poly_value(s->model->dims, cost.forward_flops, s->bound->dims, &flops) || flops < 1) flops = 1;
  double runs = operations / ((double)flops * 2 * npoints * (s->model->nparam + 1));
  if (s->total <= ALL && runs > (double)s->total) return 0;
  return runs > 32 ? 32 : runs < LEAST ? LEAST : (size_t)runs;
}

// ---- the command ----

static bool is_program(Arena *a, const char *directory, size_t length, const char *name, size_t n) {
  return access(arena_printf(a, "%.*s/%.*s", (int)length, length ? directory : ".", (int)n, name), X_OK) == 0;
}

// Is the C compiler that would be run ($CC, else cc) there at all?
static bool has_compiler(Arena *a) {
  const char *cc = getenv("CC"), *path = getenv("PATH");
  if (!cc || !cc[strspn(cc, " \t\n")]) cc = "cc";
  cc += strspn(cc, " \t\n");
  size_t n = strcspn(cc, " \t\n");
  if (memchr(cc, '/', n)) return access(arena_strndup(a, cc, n), X_OK) == 0;
  while (path && *path) {
    size_t length = strcspn(path, ":");
    if (is_program(a, path, length, cc, n)) return true;
    path += length + (path[length] == ':');
  }
  return false;
}

// A point's values for an option (params, data): in the report where they are short, else in a file beside.
static int put_values(Text *t, const Arguments *args, const Subject *s, const char *option, const Text *values) {
  enum { SHORT = 4000 };
  if (values->length <= SHORT) {
    text_printf(t, "that point, for --%s:\n%s", option, values->s);
    return STATUS_OK;
  }
  const char *path = arena_printf(args->model.arena, "%s.check-%s.json", s->model->name, option);
  text_printf(t, "that point, for --%s: %s\n", option, path);
  return output_files(&(OutputFile){path, values}, 1);
}

// The point that shows a disagreement (params null: that refutes a statement).
static int put_replay(Text *t, const Arguments *args, const Subject *s, const double *params, const Proofs *proofs) {
  Text values[2];
  const bool with_data = (s->made_data || !params) && s->model->ndata > 0;
  for (int k = 0; k < 2; k++) text_init(&values[k]);
  if (params) {
    report_params(&values[0], s, params);
    report_data(&values[1], s);
  } else {
    proof_replay(s, proofs, &values[0], &values[1]);
  }
  int status = put_values(t, args, s, "params", &values[0]);
  if (!status && with_data) status = put_values(t, args, s, "data", &values[1]);
  for (int k = 0; k < 2; k++) text_free(&values[k]);
  return status;
}

static int put_report(Text *t, const Arguments *args, const Checked *checked) {
  const Comparison *c = &checked->compared;
  const Subject *s = c->subject;
  if (args->json) {
    report_json(t, checked);
    return STATUS_OK;
  }
  report_table(t, c);
  derivatives_report(t, s, checked->others);
  report_proofs(t, s, &checked->proofs);
  if (checked->digits) report_digits(t, s, checked->digits);
  if (c->against) report_against(t, c);
  if (checked->agree) return STATUS_OK;
  if (!subject_has_loss(s) || (all_agree(c) && proofs_agree(s, &checked->proofs)))
    return STATUS_OK; // another derivative is wrong, and said to be
  const double *params = all_agree(c) ? NULL : c->point[report_disagreements(t, c)].params;
  return put_replay(t, args, s, params, &checked->proofs);
}

static int call_against(Against *against, Subject *s, Comparison *c) {
  double **params = arena_array(s->arena, double *, (size_t)c->npoints);
  for (int k = 0; k < c->npoints; k++) params[k] = c->point[k].params;
  c->against = against;
  return against_run(against, s, params, c->npoints);
}

// `against`: loaded, or null.
static int compare_and_report(Arguments *args, Subject *s, Against *against) {
  Checked checked = {.compared = {.subject = s}};
  Comparison *c = &checked.compared;
  Digits digits;
  int status = make_points(s, args, c);
  if (!status && against) status = call_against(against, s, c);
  if (status) return status;
  if (subject_has_loss(s)) {
    c->sampled = affordable(s, c->npoints);
    c->directions = c->sampled > 0 ? 4 : 0;
    if (!compare_all(c, args->data.seed)) return STATUS_REJECTED;
  }
  checked.others = arena_array(s->arena, DerivativeFinding, (size_t)s->program->emit.nrequest + 1);
  for (int k = 0; k < c->npoints; k++)
    if (!derivatives_compare(s, c->point[k].params, args->data.seed, checked.others)) return STATUS_REJECTED;
  proofs_find(s, &args->model, args->data.seed, &checked.proofs);
  if (args->digits) {
    if (!digits_find(s, c->point[0].params, &digits)) return STATUS_REJECTED;
    checked.digits = &digits;
  }
  checked.agree = all_agree(c) && derivatives_agree(s, checked.others) && proofs_agree(s, &checked.proofs);
  Text t;
  text_init(&t);
  status = put_report(&t, args, &checked);
  int written = output_text(args->output, &t);
  text_free(&t);
  if (status || written) return status ? status : written;
  return checked.agree ? STATUS_OK : STATUS_REJECTED;
}

static int refuse_point(const Arguments *args, const Subject *s) {
  const bool drawn = s->made_data && s->model->ndata > 0;
  return tool_fail(STATUS_REJECTED, "%s not finite at %s%s: there is no gradient to check%s",
                   subject_has_loss(s) ? "the loss is" : "predictions are",
                   args->data.params ? "these parameters" : "the start values", drawn ? ", on random data" : "",
                   drawn               ? "; --data gives others"
                   : args->data.params ? ""
                                       : "; --params gives others");
}

// The model at its data, compiled where that can be; on the next range of random data where the loss is not finite.
static int prepare(Arguments *args, const Program *program, const Jit *jit, bool made, Bound *bound, Subject *s) {
  Arena *a = args->model.arena;
  for (int range = 0;; range++) {
    int status = STATUS_OK;
    if (made)
      status = check_make_data(a, program, args->data.seed, data_ranges[range][0], data_ranges[range][1], bound);
    if (!status) status = subject_new(a, program, bound, s);
    if (!status && jit->model) status = subject_compile(s, jit, args->data.seed);
    if (status) return status;
    s->made_data = made;
    double *start = arena_array(a, double, s->total + 1);
    status = subject_start(s, args->data.seed, start);
    if (status || finite_at(s, start)) return status;
    if (!made || program->model->ndata == 0 || range + 1 == RANGE_COUNT) return refuse_point(args, s);
  }
}

static int print_template(const Arguments *args, const Program *program) {
  Text t;
  text_init(&t);
  against_template(&t, program, args->function);
  int status = output_text(args->output, &t);
  text_free(&t);
  return status;
}

static int load_against(const Arguments *args, const Program *program, const Jit *jit, Against *against) {
  if (!args->against) return STATUS_OK;
  if (!jit->model)
    return tool_fail(STATUS_ENVIRONMENT, "--against needs a C compiler: cc, or what $CC says, is not there");
  against->file = args->against;
  against->function = args->function;
  against->limit = (double)args->time_limit;
  return against_load(args->model.arena, program, against);
}

static bool has_real_prediction(const Program *program) {
  const Root *r;
  for (int k = 0; (r = graph_root(program->model->graph, ROOT_PREDICT, k)); k++)
    if (r->node->type == TYPE_REAL) return true;
  return false;
}

// A model without a loss has no gradient: in its place stand derivatives of its predictions, three kinds or what
// --derivatives names.
static int ask_for_predictions(Arguments *args, Program *program) {
  static Wanted wanted[] = {{DERIVATIVE_JVP, NULL}, {DERIVATIVE_VJP, NULL}, {DERIVATIVE_JACOBIAN, NULL}};
  if (args->against || args->template || args->digits) return pass_need_loss(program, "gradient to compare");
  if (program->emit.nrequest > 0) return STATUS_OK;
  if (!has_real_prediction(program))
    return tool_reject("%s: there is neither a loss nor a real prediction: nothing has a derivative", program->emit.source);
  ModelOptions asking = args->model;
  asking.derivatives = wanted;
  asking.nderivatives = sizeof wanted / sizeof *wanted;
  return program_derivatives(&asking, program);
}

static int check(Arguments *args, Jit *jit, Against *against) {
  Arena *a = args->model.arena;
  Program program;
  Bound bound;
  Subject subject;
  bool made = args->data.nfiles == 0;
  int status = program_load(&args->model, &program);
  if (!status && !graph_root(program.model->graph, ROOT_LOSS, 0)) status = ask_for_predictions(args, &program);
  if (status) return status;
  if (args->digits && LDBL_MANT_DIG == DBL_MANT_DIG)
    return tool_fail(STATUS_ENVIRONMENT, "--digits needs a long double that is longer than double");
  if (!args->function) args->function = arena_printf(a, "%s_by_hand", program.model->name);
  if (args->template) return print_template(args, &program);
  if (!status) status = bind(args, &program, made, &bound);
  if (!status && has_compiler(a)) status = jit_program(a, &program, jit);
  if (!status) status = load_against(args, &program, jit, against);
  if (!status) status = prepare(args, &program, jit, made, &bound, &subject);
  return status ? status : compare_and_report(args, &subject, args->against ? against : NULL);
}

int cmd_check(int argc, char **argv) {
  static const struct argp_child children[] = {{&model_argp, 0, NULL, 0}, {&data_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {
      options,
      parse,
      "FILE.mdl",
      "Holds the generated C's gradient of every parameter against four others: complex step and dual numbers in an "
      "interpreter of the model, extrapolated differences of the generated loss, and the file's `gradient` "
      "statements, which are also proven, or refuted, for several sizes of the dimensions.\v"
      "Errors are relative to the largest gradient entry of the parameter's array.  They must stay under 1e-12, those "
      "of "
      "differences under 1e-8 (with --real float: 5e-4 and 1e-2), or, where terms cancel in the gradient (at an "
      "optimum), under 64 times what other roundings change it by, as measured.  Differences say nothing, and are left "
      "out, at a kink such as that of abs(0), where rounding hides them, and where they "
      "disagree for a parameter that reaches the loss through `stop` or a `with d/dx`.  Complex step and dual numbers are "
      "left "
      "out, and a note says so, where they are not finite or underflow beside a finite derivative that another oracle "
      "compares.\n\n"
      "Of a model without a loss the derivatives of its predictions are compared: those of --derivatives, or jvp, vjp "
      "and "
      "jacobian.\n\n"
      "Without --data, random data are made: dimensions have the sizes that -D gives, or small ones; integers are in "
      "their "
      "range.  Without a C compiler, the interpreter runs the derived graph in the generated C's place, and the table "
      "says so.  "
      "On a disagreement the exit status is 1, and the point that shows it is printed so that --params and --data can "
      "replay it.\n\n"
      "--against FILE.c compiles that file and compares what a function of it writes, which is called in a process of "
      "its own; --template prints a skeleton of the function.\n\n" STATUS_HELP,
      children,
      NULL,
      NULL};
  Arena *a = arena_new();
  Arguments args = {.model.arena = a, .data.arena = a, .points = 3};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  Jit jit = {.library = NULL};
  Against against = {.file = NULL};
  int status = check(&args, &jit, &against);
  against_close(&against);
  jit_close(&jit);
  arena_free(a);
  return status;
}
