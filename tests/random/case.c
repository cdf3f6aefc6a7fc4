// case.c - a model from its text to the graph, its inputs, and the oracles: the interpreter's numbers.
#include "case.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "derive/derive.h"
#include "emit/limit.h"
#include "factor/factor.h"
#include "graph/text.h"
#include "margin.h"
#include "simplify/simplify.h"
#include "syntax/ast.h"

// The complex step's square vanishes: a zero stays one, and a tie a tie.  What it does to a slope under `vanishing`, that
// does as well.
static const double gate = 1e-10, complex_step = 0x1p-600, vanishing = 1e-110, unsure = 1e-11;
static const double underflow = 1e-290; // smaller numbers may be made of some that have lost their digits

void case_fail(Case *c, const char *message, ...) {
  va_list args;
  va_start(args, message);
  printf("%s: ", c->name);
  vprintf(message, args);
  printf("\n");
  fflush(stdout);
  va_end(args);
  *c->failed = true;
}

double case_between(Case *c, double low, double high) {
  c->state += 0x9e3779b97f4a7c15u; // splitmix64
  uint64_t z = c->state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return low + (high - low) * ((double)((z ^ (z >> 31)) >> 11) * 0x1p-53);
}

// ---- from the text to the graph ----

static bool verified(Case *c, const Graph *g, const char *pass) {
  Text why;
  text_init(&why);
  bool right = graph_verify(c->model, g, &why);
  if (!right) case_fail(c, "after %s: %s", pass, why.s);
  text_free(&why);
  return right;
}

// The graph's text reads back to the same text.
static void read_back(Case *c) {
  Text first, second;
  text_init(&first);
  text_init(&second);
  graph_print(&first, c->model, c->model->graph);
  Diags diags;
  diags_init(&diags, c->arena);
  Source *source = arena_new_of(c->arena, Source);
  *source = (Source){"graph", first.s, first.length};
  const Model *again = graph_parse(c->arena, &diags, source);
  if (again)
    graph_print(&second, again, again->graph);
  else
    diags_print(&diags, &second, false);
  if (strcmp(first.s, second.s) != 0) case_fail(c, "the graph's text does not read back:\n%s", again ? "" : second.s);
  text_free(&first);
  text_free(&second);
}

static bool read_file(const char *path, Text *t) {
  FILE *f = fopen(path, "r");
  char buffer[4096];
  for (size_t n; f && (n = fread(buffer, 1, sizeof buffer, f)) > 0;) text_putn(t, buffer, n);
  return f && !fclose(f);
}

// The file that a random model imports.
static bool read_other(void *other, Arena *a, const char *path, const char **text, size_t *length) {
  const Text *t = other;
  errno = ENOENT;
  if (strcmp(path, generated_import) != 0) return false;
  *text = arena_strdup(a, t->s);
  *length = t->length;
  return true;
}

static bool load(Case *c) {
  Text text, other;
  text_init(&text);
  text_init(&other);
  if (!c->file)
    c->sizes = generate_model(&text, &other, c->seed);
  else if (!read_file(c->file, &text))
    case_fail(c, "%s", strerror(errno));
  Source *source = arena_new_of(c->arena, Source);
  *source = (Source){c->file ? c->file : "random.mdl", arena_strdup(c->arena, text.s), text.length};
  const FileReader reader = {read_other, &other};
  text_free(&text);
  Diags diags;
  diags_init(&diags, c->arena);
  AstFile *file = NULL;
  if (parse_source(c->arena, &diags, source, &file)) {
    const char *name = arena_printf(c->arena, "m%" PRIu64, c->seed);
    c->ast = file;
    c->model = check_model_with(c->arena, &diags, file, name, NULL, 0, &reader, false);
    c->plain = c->scope == SCOPE_FIRST ? c->model : check_model_with(c->arena, &diags, file, name, NULL, 0, &reader, true);
  }
  text_free(&other);
  if (c->model && c->plain) {
    if (!verified(c, c->model->graph, "check")) return false;
    if (c->scope != SCOPE_FIRST) read_back(c);
    return true;
  }
  text_init(&text);
  diags_print(&diags, &text, false);
  case_fail(c, "rejected\n%s", text.s);
  text_free(&text);
  return false;
}

// ---- the inputs ----

static bool make_array(Case *c, int rank, const Poly *const *extent, Array *x) {
  *x = (Array){.rank = rank, .extent = arena_array(c->arena, int64_t, (size_t)rank), .count = 1};
  for (int k = 0; k < rank; k++) {
    if (!poly_value(c->model->dims, extent[k], c->dims, &x->extent[k])) {
      case_fail(c, "an extent has no value");
      return false;
    }
    x->count *= (size_t)x->extent[k];
  }
  x->number = arena_array(c->arena, Number, x->count + 1);
  x->integer = arena_array(c->arena, int64_t, x->count + 1);
  return true;
}

bool case_interpret(Case *c, const Graph *g, NumberKind kind, Array *values) {
  InterpInput input = {
      .kind = kind, .dims = c->dims, .data = c->data, .param = c->param, .seed = {1, 0}, .random_seed = c->seed};
  InterpError error = {.node = NULL};
  if (interp_run(c->arena, c->model, g, &input, values, &error)) return true;
  case_fail(c, "the interpreter: %s", error.text);
  return false;
}

static Array *values_for(Case *c, const Graph *g) {
  return arena_array(c->arena, Array, g->count + 1);
}

// As many as a loop has steps, sometimes more (`wide`); of samples up to some tiles and a rest.
static int64_t size_for_steps(Case *c, bool batch, bool wide) {
  static const int64_t samples[] = {3, 13, 37, 63, 64, 65, 70, GENERATED_MOST}, many[] = {17, 31, 33, 65, 70};
  if (wide && batch) return samples[(int)case_between(c, 0, sizeof samples / sizeof *samples)];
  if (wide && case_between(c, 0, 1) < 0.15) return many[(int)case_between(c, 0, sizeof many / sizeof *many)];
  return (int64_t)case_between(c, 6, GENERATED_STEPS + 1);
}

// As many as lanes and tiles have, or about that.
static int64_t large_size(Case *c) {
  static const int64_t edges[] = {2, 3, 7, 8, 9, 15, 16, 17, 33, 63, 64, 65, GENERATED_MOST};
  return edges[(int)case_between(c, 0, sizeof edges / sizeof *edges)];
}

static int64_t random_size(Case *c, bool batch, bool wide) {
  switch (c->sizes) {
  case SIZES_STEPS: return size_for_steps(c, batch, wide);
  case SIZES_LARGE: return large_size(c);
  default: return (int64_t)case_between(c, 2, 6);
  }
}

static void draw_sizes(Case *c, bool wide) {
  const Dims *dims = c->model->dims;
  for (int k = 0, next = 0; k < dims_count(dims); k++) {
    DimKind kind = dims_get(dims, k)->kind;
    if (kind == DIM_CALL || kind == DIM_BATCH) c->dims[k] = c->call[next++] = random_size(c, kind == DIM_BATCH, wide);
  }
}

static int64_t entries(const Case *c, int rank, const Poly *const *extent) {
  int64_t count = 1, n;
  for (int k = 0; k < rank; k++) count *= poly_value(c->model->dims, extent[k], c->dims, &n) ? n : 1;
  return count;
}

static const Poly *const *reduced(const Case *c, const Node *n) {
  const Poly **extent = arena_array(c->arena, const Poly *, (size_t)n->nred + 1);
  for (int k = 0; k < n->nred; k++) extent[k] = n->index[n->nout + k].extent;
  return extent;
}

static int64_t outputs(const Case *c, const Node *n) {
  int64_t all = 1, extent;
  for (int k = 0; k < n->nout; k++) all *= poly_value(c->model->dims, n->index[k].extent, c->dims, &extent) ? extent : 1;
  return all;
}

// Entries that a node has, or terms: a scatter has entries of its own besides those that it adds or sets.
static int64_t work(const Case *c, const Node *n) {
  const int64_t entry = outputs(c, n), terms = entries(c, n->nred, reduced(c, n));
  return n->kind == NODE_SCATTER ? entry + terms : entry * terms * (n->reduce == REDUCE_PROD ? terms : 1);
}

// Parameters are to be few, for dual numbers go through them one by one, and no array of the graph too long for the interpreter, nor
// all that it has to compute; products that are, since in the steps of a loop a derivative takes all others for each.
static bool is_too_large(const Case *c) {
  enum { PARAMS = 100, ARRAY = 4000, ARRAY_OF_STEPS = 20000, ALL = 200000 };
  const Model *m = c->model;
  const bool steps = c->sizes == SIZES_STEPS;
  int64_t params = 0, most = 0, all = 0;
  for (int p = 0; p < m->nparam; p++) params += entries(c, m->param[p].rank, (const Poly *const *)m->param[p].extent);
  for (size_t k = 0; k < m->graph->count; k++) {
    const int64_t here = work(c, m->graph->nodes[k]);
    most = here > most ? here : most;
    all += here;
  }
  return params > (steps ? 2 * PARAMS : PARAMS) || most > (steps ? ARRAY_OF_STEPS : ARRAY) || (steps && all > ALL);
}

// Where no sizes of its kind are small enough, it has few.
static void choose_sizes(Case *c) {
  enum { TRIES = 100, WIDE = 30 };
  draw_sizes(c, true);
  for (int k = 0; c->sizes != SIZES_FEW && is_too_large(c); k++) {
    if (k == TRIES) c->sizes = SIZES_FEW;
    draw_sizes(c, k < WIDE);
  }
}

static bool make_inputs(Case *c) {
  const Model *m = c->model;
  c->dims = arena_array(c->arena, int64_t, (size_t)dims_count(m->dims) + 1);
  choose_sizes(c);
  c->data = arena_array(c->arena, Array, (size_t)m->ndata + 1);
  c->param = arena_array(c->arena, Array, (size_t)m->nparam + 1);
  for (int k = 0; k < m->ndata; k++) {
    Array *x = &c->data[k];
    int64_t limit = 1;
    if (!make_array(c, m->data[k].rank, m->data[k].extent, x)) return false;
    if (m->data[k].limit) poly_value(m->dims, m->data[k].limit, c->dims, &limit);
    for (size_t j = 0; j < x->count; j++) {
      x->number[j].a = case_between(c, -1.5, 1.5);
      x->integer[j] = (int64_t)case_between(c, 0, (double)limit);
    }
  }
  for (int p = 0; p < m->nparam; p++) {
    if (!make_array(c, m->param[p].rank, (const Poly *const *)m->param[p].extent, &c->param[p])) return false;
    c->total += c->param[p].count;
  }
  return true;
}

// The parameters are what `init` must give.
static bool make_params(Case *c) {
  const Graph *g = prune(c->arena, c->model->graph, 1u << ROOT_START);
  Array *values = values_for(c, g);
  if (!case_interpret(c, g, NUMBER_REAL, values)) return false;
  c->params = arena_array(c->arena, double, c->total + 1);
  size_t at = 0;
  for (int p = 0; p < c->model->nparam; p++) {
    const Array *start = &values[graph_root(g, ROOT_START, p)->node->id];
    for (size_t j = 0; j < c->param[p].count; j++) c->params[at++] = c->param[p].number[j].a = start->number[j].a;
  }
  return true;
}

// ---- the oracles ----

bool is_near(double ours, double theirs, double scale, double tolerance) {
  return ours == theirs || fabs(ours - theirs) <= tolerance * scale + underflow;
}

// By other roundings, and by those that were made.
static bool find_roundings(Case *c, const Graph *g, Array *rough) {
  Array *wide = values_for(c, g);
  if (!case_interpret(c, g, NUMBER_ROUNDING, rough) || !case_interpret(c, g, NUMBER_WIDE, wide)) return false;
  case_add_own_errors(g, rough, wide);
  return true;
}

double case_scale(const Case *c, const Node *n, size_t entry) {
  return fmax(1 + fabs(c->magnitude[n->id].number[entry].b), rounding_scale(c->rough[n->id].number[entry]));
}

static void set_direction(Case *c, const double *direction) {
  for (int p = 0; p < c->model->nparam; p++)
    for (size_t j = 0; j < c->param[p].count; j++) c->param[p].number[j].b = *direction++;
}

static bool along(Case *c, const Graph *g, NumberKind kind, const double *direction, Array *values,
                  double *derivative) {
  set_direction(c, direction);
  bool ok = case_interpret(c, g, kind, values);
  if (ok) *derivative = values[graph_root(g, ROOT_LOSS, 0)->node->id].number[0].b;
  memset(values, 0, g->count * sizeof *values);
  return ok;
}

// The gradient entry by entry.
static bool dual_gradient(Case *c, const Graph *g) {
  double *direction = arena_array(c->arena, double, c->total + 1);
  Array *values = values_for(c, g);
  for (size_t k = 0; k < c->total; k++) {
    direction[k] = 1;
    if (!along(c, g, NUMBER_DUAL, direction, values, &c->gradient[k])) return false;
    direction[k] = 0;
  }
  return true;
}

// Along a random direction, by dual numbers and by complex step, as a dot product.
static bool dual_direction(Case *c, const Graph *g) {
  double *direction = arena_array(c->arena, double, c->total + 1);
  Array *values = values_for(c, g);
  double dot = 0, terms = 0, dual, step;
  for (size_t k = 0; k < c->total; k++) {
    direction[k] = case_between(c, -1, 1);
    dot += direction[k] * c->gradient[k];
    terms += fabs(direction[k]) * c->scale[k];
  }
  if (!along(c, g, NUMBER_DUAL, direction, values, &dual)) return false;
  for (size_t k = 0; k < c->total; k++) direction[k] *= complex_step;
  if (!along(c, g, NUMBER_COMPLEX, direction, values, &step)) return false;
  step /= complex_step;
  if (!is_near(dual, dot, terms, gate))
    case_fail(c, "dual numbers along a direction: %.17g, by the gradient %.17g", dual, dot);
  if (!is_near(step, dot, terms + vanishing / gate, gate))
    case_fail(c, "complex step %.17g, dual numbers %.17g", step, dot);
  for (size_t k = 0; k < c->total; k++) direction[k] = 0;
  set_direction(c, direction);
  return true;
}

static bool by_derive(Case *c, const Graph *g, const char *pass, NumberKind kind, Array *gradient) {
  Array *values = values_for(c, g);
  if (!verified(c, g, pass)) return false;
  if (!(kind == NUMBER_ROUNDING ? find_roundings(c, g, values) : case_interpret(c, g, kind, values))) return false;
  for (int p = 0; p < c->model->nparam; p++) gradient[p] = values[graph_root(g, ROOT_GRADIENT, p)->node->id];
  return true;
}

static const Node *sum_named(const Graph *g, const char *name) {
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->reduce == REDUCE_SUM && strcmp(g->nodes[k]->name, name) == 0) return g->nodes[k];
  return NULL;
}

// Was a sum solved for an index in front of others?  Its terms may come in another order then: that changes rounding, and
// nothing else in simplify does.
static bool is_regrouped(const Graph *before, const Graph *after) {
  for (size_t k = 0; k < before->count; k++) {
    const Node *n = before->nodes[k], *s = n->reduce == REDUCE_SUM ? sum_named(after, n->name) : NULL;
    if (!s || s->nred >= n->nred) continue;
    for (int q = 0; q < s->nred; q++) {
      const Index was = n->index[n->nout + q], is = s->index[s->nout + q];
      if (was.name != is.name || was.extent != is.extent) return true;
    }
  }
  return false;
}

// What simplify and factor make of a gradient: simplify changes no bit.
static bool passes_keep(Case *c, const Graph *g) {
  const int nparam = c->model->nparam;
  Array *plain = arena_array(c->arena, Array, (size_t)nparam + 1),
        *simple = arena_array(c->arena, Array, (size_t)nparam + 1),
        *factored = arena_array(c->arena, Array, (size_t)nparam + 1);
  const Graph *s = simplify(c->arena, g, 1u << ROOT_LOSS | 1u << ROOT_GRADIENT);
  if (!by_derive(c, g, "derive", NUMBER_GENERATED, plain) || !by_derive(c, s, "simplify", NUMBER_GENERATED, simple) ||
      !by_derive(c, factor(c->arena, s), "factor", NUMBER_MAGNITUDE, factored))
    return false;
  const bool regrouped = is_regrouped(g, s);
  size_t at = 0;
  for (int p = 0; p < nparam; p++)
    for (size_t j = 0; j < plain[p].count; j++, at++) {
      const double before = plain[p].number[j].a, after = simple[p].number[j].a, other = factored[p].number[j].a;
      if (!is_near(other, c->gradient[at], c->scale[at], gate))
        case_fail(c, "factor: %s[%zu] %.17g was %.17g", c->model->param[p].name, j, other, c->gradient[at]);
      const bool same = before == after || (isnan(before) && isnan(after));
      if (!same && !(regrouped && is_near(after, before, c->scale[at], gate)))
        case_fail(c, "simplify: %s[%zu] %.17g was %.17g", c->model->param[p].name, j, after, before);
    }
  return true;
}

// Every parameter's entries share a scale: that of the largest.
static bool derived(Case *c) {
  const int nparam = c->model->nparam;
  Array *raw = arena_array(c->arena, Array, (size_t)nparam + 1),
        *rough = arena_array(c->arena, Array, (size_t)nparam + 1);
  const Graph *g = derive_gradient(c->arena, c->model->graph, true, NULL);
  if (!g) {
    case_fail(c, "derive gives up");
    return false;
  }
  if (!by_derive(c, g, "derive", NUMBER_MAGNITUDE, raw) || !by_derive(c, g, "derive", NUMBER_ROUNDING, rough))
    return false;
  c->scale = arena_array(c->arena, double, c->total + 1);
  size_t at = 0;
  for (int p = 0; p < nparam; p++) {
    double scale = 0;
    for (size_t j = 0; j < raw[p].count; j++)
      scale = fmax(scale, fmax(fabs(raw[p].number[j].b), rounding_scale(rough[p].number[j])));
    for (size_t j = 0; j < raw[p].count; j++) c->scale[at++] = scale;
  }
  // Of many programs, dual numbers give one direction; of others, all entries.
  const Graph *forward = prune(c->arena, c->model->graph, 1u << ROOT_LOSS);
  c->gradient = arena_array(c->arena, double, c->total + 1);
  if (c->scope != SCOPE_FIRST && !dual_gradient(c, forward)) return false;
  at = 0;
  for (int p = 0; p < nparam; p++)
    for (size_t j = 0; j < raw[p].count; j++, at++) {
      const double ours = raw[p].number[j].a;
      if (c->scope == SCOPE_FIRST) c->gradient[at] = ours;
      if (!isfinite(c->gradient[at])) case_fail(c, "the gradient of %s is not finite", c->model->param[p].name);
      if (!is_near(ours, c->gradient[at], c->scale[at], gate))
        case_fail(c, "derive: %s[%zu] %.17g, dual numbers %.17g", c->model->param[p].name, j, ours, c->gradient[at]);
    }
  if (!dual_direction(c, forward)) return false;
  return c->scope == SCOPE_FIRST || passes_keep(c, g); // generated C has had them, too
}

// Inputs whose second part is their magnitude, or 0.
static void set_magnitudes(Array *x, int count, bool set) {
  for (int k = 0; k < count; k++)
    for (size_t j = 0; j < x[k].count; j++) x[k].number[j].b = set ? fabs(x[k].number[j].a) : 0;
}

static bool find_margin(Case *c) {
  const Model *m = c->model;
  const InterpInput input = {.dims = c->dims, .data = c->data, .param = c->param, .random_seed = c->seed};
  InterpError error = {.node = NULL};
  set_magnitudes(c->param, m->nparam, true);
  set_magnitudes(c->data, m->ndata, true);
  bool ties = false, ok = margin_run(c->arena, m, m->graph, input, &c->margin, &error);
  set_magnitudes(c->param, m->nparam, false);
  set_magnitudes(c->data, m->ndata, false);
  ok = ok && margin_ties(c->arena, m, m->graph, input, &ties, &error);
  if (!ok) case_fail(c, "the interpreter: %s", error.text);
  if (!ties) c->margin = 0;
  return ok;
}

// Is there a root that roundings lead anywhere, as an iteration does that magnifies them?
static bool is_wild(const Case *c, const Graph *g) {
  const double part = 1e-4;
  for (size_t r = 0; r < g->nroots; r++) {
    const Node *n = g->roots[r].node;
    const Array *rough = &c->rough[n->id], *magnitude = &c->magnitude[n->id];
    for (size_t k = 0; n->type == TYPE_REAL && k < rough->count; k++)
      if (fabs(rough->number[k].b) > part * (1 + fabs(magnitude->number[k].b))) return true;
  }
  return false;
}

static bool oracles(Case *c) {
  const Graph *g = c->model->graph;
  c->values = values_for(c, g);
  c->magnitude = values_for(c, g);
  c->rough = values_for(c, g);
  if (!case_interpret(c, g, NUMBER_REAL, c->values) || !case_interpret(c, g, NUMBER_MAGNITUDE, c->magnitude) ||
      !find_roundings(c, g, c->rough))
    return false;
  const Root *loss = graph_root(g, ROOT_LOSS, 0);
  if (loss) {
    c->loss = c->values[loss->node->id].number[0].a;
    c->loss_magnitude = case_scale(c, loss->node, 0);
  }
  if (!isfinite(c->loss)) case_fail(c, "the loss is %g", c->loss);
  if (!find_margin(c)) return false;
  c->unsure = c->margin < unsure || is_wild(c, g);
  return !c->unsure && (!loss || derived(c));
}

bool case_limit(Case *c) {
  if (!c->gradient) return false;
  const EmitOptions *o = &variants[LIMITED].options;
  int64_t elements;
  if (!poly_value(c->model->dims, emit_tape_cost(c->arena, c->model, o).tape, c->dims, &elements) || elements < 2)
    return false;
  TapeFit fit = {.status = TAPE_TOO_LARGE};
  for (int quarters = 1 + (int)(c->seed / VARIANTS % 3); quarters < 4 && fit.status == TAPE_TOO_LARGE; quarters++) {
    c->tape_limit = (int64_t)sizeof(double) * elements * quarters / 4;
    fit = limit_tape(c->arena, c->model, o, c->dims, c->tape_limit);
  }
  if (fit.status == TAPE_BEYOND || fit.status == TAPE_BROKEN)
    case_fail(c, "a limit for the tape: %s", fit.why ? fit.why : "its size is unknown");
  c->limited = fit.model ? fit.model : c->model;
  c->thrifty = fit.thrifty;
  return fit.status == TAPE_FITS;
}

bool case_prepare(Case *c) {
  if (!load(c) || !make_inputs(c) || !make_params(c) || !oracles(c)) return false;
  if (c->scope != SCOPE_FIRST) {
    case_statements(c);
    case_explained(c);
  }
  case_kinds(c);
  return true;
}
