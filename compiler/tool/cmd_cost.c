// cmd_cost.c - mdlc cost: how many operations the generated functions need, and how much memory.
#include <inttypes.h>
#include <string.h>

#include "tool/data.h"
#include "tool/passes.h"

typedef struct Arguments {
  ModelOptions model;
  bool json;
  const char *output;
} Arguments;

typedef struct Row {
  const char *group, *key, *title;
  const Poly *count;
  bool bound; // an upper bound
} Row;

enum { KEY_JSON = 'j' };

static const struct argp_option options[] = {{"json", KEY_JSON, NULL, 0, "One JSON object", 3},
                                             {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 3},
                                             {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
  Arguments *args = state->input;
  switch (key) {
  case ARGP_KEY_INIT: state->child_inputs[0] = &args->model; return 0;
  case KEY_JSON: args->json = true; return 0;
  case 'o': args->output = arg; return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

typedef struct Rows {
  Row *row;
  int count;
} Rows;

static void add_row(Rows *rows, bool wanted, Row row) {
  if (wanted) rows->row[rows->count++] = row;
}

// Operations first, then memory.
static Rows make_rows(Arena *a, const Cost *c) {
  enum { OWN = 16 }; // at most, besides those of derivatives
  Rows rows = {.row = arena_array(a, Row, OWN + 2 * (size_t)c->nderivative + (size_t)c->ncrossing)};
  add_row(&rows, c->loss, (Row){"flops", "forward", "forward", c->forward_flops, c->bound});
  add_row(&rows, c->loss, (Row){"flops", "backward", "backward", c->backward_flops, c->bound});
  add_row(&rows, c->loss,
          (Row){"flops", "value_and_grad", "value and gradient at once", c->value_and_grad_flops, c->bound});
  add_row(&rows, c->predict, (Row){"flops", "predict", "predict", c->predict_flops, c->bound});
  for (int k = 0; k < c->nderivative; k++) {
    const DerivativeCost *d = &c->derivative[k];
    add_row(&rows, true, (Row){"flops", d->name, d->name, d->flops, d->bound});
    if (rows.count > 0) rows.row[0].bound = rows.row[0].bound || d->bound;
  }
  add_row(&rows, true, (Row){"elements", "parameters", "parameters", c->params, false});
  add_row(&rows, c->loss, (Row){"elements", "tape", "tape", c->tape, false});
  add_row(&rows, c->loss, (Row){"elements", "forward_work", "work memory of forward", c->forward_work, false});
  add_row(&rows, c->loss, (Row){"elements", "backward_work", "work memory of backward", c->backward_work, false});
  add_row(&rows, c->loss,
          (Row){"elements", "value_and_grad_work", "work memory of value and gradient", c->value_and_grad_work, false});
  add_row(&rows, c->predict, (Row){"elements", "predict_work", "work memory of predict", c->predict_work, false});
  for (int k = 0; k < c->nderivative; k++) {
    const DerivativeCost *d = &c->derivative[k];
    const char *work = arena_printf(a, "%s_work", d->name), *title = arena_printf(a, "work memory of %s", d->name);
    add_row(&rows, true, (Row){"elements", work, title, d->work, false});
  }
  for (int k = 0; k < c->ncrossing; k++) {
    const Crossing *x = &c->crossing[k];
    add_row(&rows, true, (Row){x->stored ? "stored" : "computed_again", x->name, x->shape, x->size, false});
  }
  return rows;
}

// The values of all dimensions, by Dims; null where one that is known only at call time was not given.
static const int64_t *dim_values(Arena *a, const Program *program) {
  const Dims *dims = program->model->dims;
  int64_t *value = arena_array(a, int64_t, (size_t)dims_count(dims) + 1);
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *d = dims_get(dims, k);
    if ((d->kind == DIM_CALL || d->kind == DIM_BATCH) && !program_call_dim(program, d->name, &value[k])) return NULL;
    if (d->kind == DIM_FIXED) value[k] = d->value;
  }
  return value;
}

static const char *formula(Arena *a, const Dims *dims, const Poly *p) {
  Text t;
  text_init(&t);
  poly_print(&t, dims, p);
  const char *s = arena_strdup(a, t.s);
  text_free(&t);
  return s;
}

static const char *number(Arena *a, const Dims *dims, const Poly *p, const int64_t *values) {
  int64_t n;
  if (!values && !poly_is_fixed(dims, p)) return "";
  return poly_value(dims, p, values, &n) ? arena_printf(a, "%" PRId64, n) : "does not fit";
}

static const char *heading(const Row *row) {
  if (!strcmp(row->group, "stored")) return "on the tape, in elements\n";
  if (!strcmp(row->group, "computed_again")) return "computed again by backward, in elements\n";
  return "elements of memory\n";
}

// Names of arrays do not move the columns of what stands above them.
static bool is_array(const Row *row) {
  return strcmp(row->group, "flops") != 0 && strcmp(row->group, "elements") != 0;
}

static void put_text(Text *t, Arena *a, const Program *program, const Rows *rows, const int64_t *values) {
  const Dims *dims = program->model->dims;
  const Row *row = rows->row;
  size_t title = 0, width = 0;
  for (int k = 0; k < rows->count; k++) {
    if (is_array(&row[k])) continue;
    size_t length = strlen(row[k].title), f = strlen(formula(a, dims, row[k].count));
    title = length > title ? length : title;
    width = f > width ? f : width;
  }
  for (int k = 0; k < rows->count; k++) {
    if (k == 0)
      text_printf(t, "floating-point operations%s\n",
                  row[k].bound ? ", at most (both sides of every branch are counted)" : "");
    else if (strcmp(row[k].group, row[k - 1].group) != 0)
      text_put(t, heading(&row[k]));
    const char *f = formula(a, dims, row[k].count), *n = number(a, dims, row[k].count, values);
    text_printf(t, "  %-*s  ", (int)title, row[k].title);
    if (*n && strcmp(f, n) != 0)
      text_printf(t, "%-*s = %s\n", (int)width, f, n);
    else
      text_printf(t, "%s\n", f);
  }
}

static void put_json(Text *t, Arena *a, const Program *program, const Rows *rows, const int64_t *values) {
  const Dims *dims = program->model->dims;
  const Row *row = rows->row;
  text_printf(t, "{\"upper_bound\": %s", row[0].bound ? "true" : "false");
  for (int k = 0; k < rows->count; k++) {
    bool first = k == 0 || strcmp(row[k].group, row[k - 1].group) != 0;
    if (first) text_printf(t, "%s,\n \"%s\": {", k > 0 ? "}" : "", row[k].group);
    text_printf(t, "%s\"%s\": {\"formula\": ", first ? "\n  " : ",\n  ", row[k].key);
    json_put_string(t, formula(a, dims, row[k].count));
    int64_t n;
    bool known = (values || poly_is_fixed(dims, row[k].count)) && poly_value(dims, row[k].count, values, &n);
    if (known) text_printf(t, ", \"value\": %" PRId64, n);
    text_put(t, known ? "}" : ", \"value\": null}");
  }
  text_put(t, "}}\n");
}

static int cost(Arguments *args) {
  Arena *a = args->model.arena;
  Program program;
  int status = program_load(&args->model, &program);
  if (status) return status;
  Cost c = emit_cost(a, program.model, &program.emit);
  const Rows rows = make_rows(a, &c);
  const int64_t *values = dim_values(a, &program);
  Text t;
  text_init(&t);
  (args->json ? put_json : put_text)(&t, a, &program, &rows, values);
  status = output_text(args->output, &t);
  text_free(&t);
  return status;
}

int cmd_cost(int argc, char **argv) {
  static const struct argp_child children[] = {{&model_argp, 0, NULL, 0}, {0}};
  static const struct argp argp = {
      options,
      parse,
      "FILE.mdl",
      "Prints how many floating-point operations the generated functions need, and how many elements of memory: as "
      "polynomials in the dimensions and, where -D gives all that are known only at call time, as numbers.  Below "
      "stands "
      "what crosses from forward to backward: on the tape, or computed a second time where that is cheap.\v"
      "A call of a mathematical function counts as one operation; integer arithmetic does not count.  Counts are "
      "exact, "
      "except under branches and conditions, where they are an upper bound and marked so.\n\n" STATUS_HELP,
      children,
      NULL,
      NULL};
  Arguments args = {.model.arena = arena_new()};
  argp_parse(&argp, argc, argv, 0, NULL, &args);
  int status = cost(&args);
  arena_free(args.model.arena);
  return status;
}
