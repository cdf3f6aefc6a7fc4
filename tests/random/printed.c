// printed.c - what `mdlc explain` prints, held against the oracles as text: its lines make a model, which the language's own
// parser reads and the interpreter computes.
//
// A recurrence is no statement of the language: what a loop's state comes to is the model's data, and its lines are predictions.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "explained.h"
#include "margin.h"
#include "simplify/simplify.h"
#include "syntax/ast.h"
#include "syntax/diag.h"

static const double unsure = 1e-11;

// Prefixes of what the lines define that is no name of the language's: the loss, derivatives, a state's start and step.
#define LOSS "value_of_"
#define GRADIENT "gradient_of_"
#define START "start_of_"
#define STEP "step_of_"

typedef struct Printed {
  Case *c;
  Reader *r;
  const Explanation *x;
  const Graph *graph;
  Text model;
} Printed;

// The axis of a state that its loop runs along.
static int axis_of(const Printed *p, const Line *line) {
  for (int k = 0; k < line->nat; k++)
    if (line->step ? form_uses(p->x->forms, line->at[k], &line->step, 1) : line->at[k]->kind != FORM_INDEX) return k;
  return -1;
}

// The line of what a state is behind a step, from which its extents come.
static const Line *step_of(const Explanation *x, const char *name) {
  for (size_t k = 0; k < x->count; k++)
    if (x->lines[k].step && strcmp(x->lines[k].name, name) == 0) return &x->lines[k];
  return NULL;
}

static bool is_state(const Explanation *x, const Line *line) {
  return line->role != LINE_LOSS && line->role != LINE_GRADIENT && step_of(x, line->name);
}

static Type type_of(const Printed *p, const char *name) {
  for (size_t k = 0; k < p->graph->count; k++)
    if (strcmp(p->graph->nodes[k]->name, name) == 0) return p->graph->nodes[k]->type;
  return TYPE_REAL;
}

// ---- declarations ----

static void declare(Printed *p, const char *kind, const char *name, int rank, const Poly *const *extent, Type type,
                    const Poly *limit) {
  Text *t = &p->model;
  text_printf(t, "%s %s", kind, name);
  for (int k = 0; k < rank; k++) {
    text_put(t, k > 0 ? ", " : "[");
    poly_print(t, p->c->plain->dims, extent[k]);
  }
  if (rank > 0) text_char(t, ']');
  if (type != TYPE_REAL) text_put(t, " in 0..");
  if (limit) poly_print(t, p->c->plain->dims, limit);
  text_char(t, '\n');
}

static const Poly **state_extents(const Printed *p, const Line *step) {
  Dims *dims = p->c->plain->dims;
  const Poly **extent = arena_array(p->c->arena, const Poly *, (size_t)step->nat + 1);
  const int axis = axis_of(p, step);
  for (int k = 0; k < step->nat; k++)
    extent[k] = k == axis ? poly_add(dims, step->step->extent, poly_int(dims, 1)) : step->at[k]->index->extent;
  return extent;
}

// In the order in which the case has its arrays; states follow.
static void declare_all(Printed *p) {
  const Model *m = p->c->plain;
  for (int k = 0; k < dims_count(m->dims); k++) {
    const Dim *d = dims_get(m->dims, k);
    if (!d->name) continue;
    text_printf(&p->model, "dim %s", d->name);
    if (d->kind == DIM_FIXED) text_printf(&p->model, " = %lld", (long long)d->value);
    text_char(&p->model, '\n');
  }
  for (int k = 0; k < m->ndata; k++)
    declare(p, "data", m->data[k].name, m->data[k].rank, m->data[k].extent, m->data[k].type, m->data[k].limit);
  for (int k = 0; k < m->nparam; k++)
    declare(p, "param", m->param[k].name, m->param[k].rank, m->param[k].extent, TYPE_REAL, NULL);
  for (size_t k = 0; k < p->x->count; k++) {
    const Line *line = &p->x->lines[k];
    if (line->step) declare(p, "data", line->name, line->nat, state_extents(p, line), type_of(p, line->name), NULL);
  }
}

// ---- lines ----

// `loss` is a word of the language.
static void put_value(Text *t, const char *s, size_t n) {
  for (size_t k = 0; k < n; k++) {
    const bool inside = k > 0 && (isalnum((unsigned char)s[k - 1]) || s[k - 1] == '_');
    const bool loss = !inside && n - k >= 4 && strncmp(s + k, "loss", 4) == 0;
    if (loss && !(k + 4 < n && (isalnum((unsigned char)s[k + 4]) || s[k + 4] == '_'))) text_put(t, LOSS);
    text_char(t, s[k]);
  }
}

// The place behind one subscript: its comma or closing bracket.
static const char *subscript_end(const char *s) {
  for (int depth = 0;; s++) {
    if (depth == 0 && (*s == ',' || *s == ']')) return s;
    depth += (*s == '[' || *s == '(') - (*s == ']' || *s == ')');
  }
}

// The left side of a state's line, where its axis is not subscripted, or with the step's index, whose range a comment has.
static void put_state_target(Printed *p, const Line *line, const char *text) {
  Text *t = &p->model;
  const int axis = axis_of(p, line);
  int count = 0;
  const char *sub = text + strlen(line->name) + 1, *end;
  text_printf(t, "predict %s%s", line->step ? STEP : START, line->name);
  for (int k = 0; k < line->nat; k++, sub = end + 2) {
    end = subscript_end(sub);
    const char *range = k == axis ? strstr(text, "  # ") : NULL;
    if (k == axis && !line->step) continue;
    text_put(t, count++ > 0 ? ", " : "[");
    if (range)
      text_putn(t, range + 4, strcspn(range + 4, ";\n"));
    else
      text_putn(t, sub, (size_t)(end - sub));
  }
  if (count > 0) text_char(t, ']');
}

static void put_line(Printed *p, const Line *line, const char *text, size_t n) {
  static const char derivative[] = "d loss / d ";
  Text *t = &p->model;
  if (line->role == LINE_LOSS) {
    text_put(t, "predict ");
  } else if (line->role == LINE_GRADIENT) {
    text_put(t, "predict " GRADIENT);
    text += sizeof derivative - 1;
    n -= sizeof derivative - 1;
  } else if (is_state(p->x, line)) {
    const char *value = strstr(text, " = ");
    put_state_target(p, line, text);
    n -= (size_t)(value - text);
    text = value;
  }
  put_value(t, text, n);
}

// A line that is too long goes on in others, which begin with blanks.
static size_t line_length(const char *s) {
  size_t n = 0;
  do n += strcspn(s + n, "\n") + 1;
  while (s[n] == ' ');
  return n;
}

static void put_lines(Printed *p) {
  Text t;
  text_init(&t);
  explain_text(&t, p->x);
  const char *s = t.s;
  for (size_t k = 0; k < p->x->count; k++) {
    if (*s == '\n') s++; // behind the loss
    const size_t n = line_length(s);
    put_line(p, &p->x->lines[k], arena_strndup(p->c->arena, s, n), n);
    s += n;
  }
  text_free(&t);
}

// ---- read back ----

// Right as a formula, but no statement of the language: a condition does not guard what stands behind it in the same `and`,
// what is plainly out of range may not stand under one that never holds, and there is no word for NaN.
static bool is_refused(const Diags *diags) {
  static const char *const reasons[] = {"guard it with an `if`", " is out of range: the axis", "unknown name `nan`"};
  for (size_t k = 0; k < diags->count; k++)
    for (size_t r = 0; r < sizeof reasons / sizeof *reasons; r++)
      if (strstr(diags->list[k].message, reasons[r])) return true;
  return false;
}

static void reject(Printed *p, const Diags *diags) {
  if (is_refused(diags)) return;
  Text t;
  text_init(&t);
  diags_print(diags, &t, false);
  case_fail(p->c, "explain: its text is no model\n%s%s", t.s, p->model.s);
  text_free(&t);
}

static const Model *read_model(Printed *p) {
  Arena *a = p->c->arena;
  Diags diags;
  diags_init(&diags, a);
  Source *source = arena_new_of(a, Source);
  *source = (Source){"explained.mdl", arena_strdup(a, p->model.s), p->model.length};
  AstFile *file;
  const Model *m = NULL;
  if (parse_source(a, &diags, source, &file)) m = check_model(a, &diags, file, "explained", NULL, 0);
  if (!m) reject(p, &diags);
  return m;
}

// What the lines say that a state comes to; its place is `at`, by entry.
static void state_place(const Array *x, size_t entry, int64_t *at) {
  for (int k = x->rank; k-- > 0; entry /= (size_t)x->extent[k]) at[k] = (int64_t)(entry % (size_t)x->extent[k]);
}

static Array state_values(Printed *p, const Line *step) {
  Arena *a = p->c->arena;
  const Poly *const *extent = state_extents(p, step);
  Array x = {.rank = step->nat, .extent = arena_array(a, int64_t, (size_t)step->nat), .count = 1};
  int64_t *at = arena_array(a, int64_t, (size_t)step->nat);
  for (int k = 0; k < x.rank; k++) x.count *= (size_t)(x.extent[k] = explained_extent(p->r, extent[k]));
  x.number = arena_array(a, Number, x.count + 1);
  x.integer = arena_array(a, int64_t, x.count + 1);
  for (size_t j = 0; j < x.count; j++) {
    state_place(&x, j, at);
    x.number[j].a = explained_entry(p->r, step->name, at, x.rank);
    x.integer[j] = fabs(x.number[j].a) < 1e15 ? (int64_t)x.number[j].a : 0;
  }
  return x;
}

static const Array *data_of(Printed *p) {
  const int ndata = p->c->plain->ndata;
  Array *data = arena_array(p->c->arena, Array, (size_t)ndata + p->x->count + 1);
  int count = ndata;
  if (ndata) memcpy(data, p->c->data, (size_t)ndata * sizeof *data);
  for (size_t k = 0; k < p->x->count; k++)
    if (p->x->lines[k].step) data[count++] = state_values(p, &p->x->lines[k]);
  return data;
}

static const int64_t *dims_of(const Printed *p, const Model *m) {
  int64_t *size = arena_array(p->c->arena, int64_t, (size_t)dims_count(m->dims) + 1);
  for (int k = 0; k < dims_count(m->dims); k++) {
    const char *name = dims_get(m->dims, k)->name;
    const int same = name ? dims_find(p->c->model->dims, name) : -1;
    if (same >= 0) size[k] = p->c->dims[same];
  }
  return size;
}

// ---- comparison ----

// What the text comes to; a number that is whole may be an integer there.
typedef struct Prediction {
  Type type;
  const Array *value;
} Prediction;

static double entry_of(Prediction x, size_t entry) {
  return x.type == TYPE_REAL ? x.value->number[entry].a : (double)x.value->integer[entry];
}

static void compare_gradient(Printed *p, const char *param, Prediction ours) {
  const Model *m = p->c->plain;
  size_t at = 0;
  int k = 0;
  while (strcmp(m->param[k].name, param) != 0) at += p->c->param[k++].count;
  for (size_t j = 0; j < ours.value->count; j++, at++)
    if (!explained_near(p->c, param, j, entry_of(ours, j), p->c->gradient[at], p->c->scale[at])) return;
}

// Of a state's line, `whole` is what the formulas come to, an axis of which is missing or has one entry more.
static void compare_state(Printed *p, const Line *line, Prediction ours, const Array *whole) {
  const Line *step = step_of(p->x, line->name);
  const int axis = axis_of(p, line);
  const bool backwards = step->at[axis]->kind == FORM_INDEX;
  int64_t *at = arena_array(p->c->arena, int64_t, (size_t)whole->rank);
  double scale = 1;
  for (size_t j = 0; j < whole->count; j++) scale = fmax(scale, fabs(whole->number[j].a));
  for (size_t j = 0, n = 0; j < whole->count; j++) {
    state_place(whole, j, at);
    const bool start = at[axis] == (backwards ? whole->extent[axis] - 1 : 0);
    if (start != !line->step) continue;
    if (!explained_near(p->c, line->name, n, entry_of(ours, n), whole->number[j].a, scale)) return;
    n++;
  }
}

static Prediction predicted(const Printed *p, const Graph *g, const Array *values, const char *prefix, const char *name) {
  const char *wanted = arena_printf(p->c->arena, "%s%s", prefix, name);
  size_t k = 0;
  while (strcmp(g->roots[k].name, wanted) != 0) k++;
  const Node *n = g->roots[k].node;
  return (Prediction){n->type, &values[n->id]};
}

static void compare_line(Printed *p, const Line *line, const Graph *g, const Array *values, const Array *data) {
  if (line->role == LINE_LOSS)
    explained_near(p->c, "loss", 0, entry_of(predicted(p, g, values, LOSS, "loss"), 0), p->c->loss, p->c->loss_magnitude);
  else if (line->role == LINE_GRADIENT)
    compare_gradient(p, line->name, predicted(p, g, values, GRADIENT, line->name));
  else if (is_state(p->x, line))
    compare_state(p, line, predicted(p, g, values, line->step ? STEP : START, line->name), data);
}

void case_printed(Case *c, Reader *r, const Explanation *x, const Graph *g) {
  Printed p = {.c = c, .r = r, .x = x, .graph = g};
  text_init(&p.model);
  declare_all(&p);
  put_lines(&p);
  const Model *m = read_model(&p);
  text_free(&p.model);
  if (!m) return;
  const InterpInput input = {
      .kind = NUMBER_REAL, .dims = dims_of(&p, m), .data = data_of(&p), .param = c->param, .seed = {1, 0}};
  const Graph *predictions = prune(c->arena, m->graph, 1u << ROOT_PREDICT);
  Array *values = arena_array(c->arena, Array, predictions->count + 1);
  InterpError error = {.node = NULL};
  double margin;
  const bool runs = margin_run(c->arena, m, predictions, input, &margin, &error);
  if (runs && margin < unsure) return; // where a state, as it was rounded elsewhere, is compared with what it was taken from
  if (!runs || !interp_run(c->arena, m, predictions, &input, values, &error)) {
    case_fail(c, "explain: its text: %s", error.text);
    return;
  }
  for (size_t k = 0; k < x->count; k++) {
    const Line *line = &x->lines[k];
    const Array *data = NULL;
    for (int d = 0; d < m->ndata && is_state(x, line); d++)
      if (strcmp(m->data[d].name, line->name) == 0) data = &input.data[d];
    compare_line(&p, line, predictions, values, data);
  }
}
