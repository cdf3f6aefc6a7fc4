// kinds.c - see kinds.h.  Everything is linear in a direction: dual numbers give the tangents along one of the parameters
// and along one of the data in a run each, and every kind's values, multiplied by that direction, must come to them.
#include "kinds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "derive/derive.h"
#include "factor/factor.h"
#include "simplify/simplify.h"

// Dense ones are asked for up to these.
enum { PARAMS_MAX = 40, ENTRIES_MAX = 3000, DIAGONAL_MAX = 6 };
static const double gate = 1e-10;

// ---- running graphs ----

static bool run(Case *c, const Graph *g, NumberKind kind, const Array *seeds, Array *values) {
  InterpInput input = {.kind = kind,
                       .dims = c->dims,
                       .data = c->data,
                       .param = c->param,
                       .seed = {1, 0},
                       .seeds = seeds,
                       .random_seed = c->seed};
  InterpError error = {.node = NULL};
  if (interp_run(c->scratch, c->model, g, &input, values, &error)) return true;
  case_fail(c, "the interpreter, of a derivative: %s", error.text);
  return false;
}

static Array *values_for(Case *c, const Graph *g) {
  return arena_array(c->scratch, Array, g->count + 1);
}

static void move_params(Case *c, const double *direction) {
  for (int p = 0; p < c->model->nparam; p++)
    for (size_t j = 0; j < c->param[p].count; j++) c->param[p].number[j].b = direction ? *direction++ : 0;
}

static void move_data(Case *c, const double *direction) {
  for (int k = 0; k < c->model->ndata; k++)
    for (size_t j = 0; j < c->data[k].count && c->model->data[k].type == TYPE_REAL; j++)
      c->data[k].number[j].b = direction ? *direction++ : 0;
}

// ---- tangents by dual numbers ----

static const Root *prediction(const Case *c, int which) {
  return graph_root(c->model->graph, ROOT_PREDICT, which);
}

static double *tangents_of(Case *c, const Array *x) {
  double *t = arena_array(c->arena, double, x->count + 1);
  for (size_t j = 0; j < x->count; j++) t[j] = x->number[j].b;
  return t;
}

// Of all that the graph has, its parameters and data being moved.
static bool find_tangents(Case *c, const Graph *g, Tangents *t) {
  Array *values = values_for(c, g);
  if (!run(c, g, NUMBER_DUAL, NULL, values)) return false;
  const Root *r;
  if ((r = graph_root(g, ROOT_LOSS, 0))) t->loss = values[r->node->id].number[0].b;
  t->predict = arena_array(c->arena, double *, c->model->graph->nroots + 1);
  for (int k = 0; (r = graph_root(g, ROOT_PREDICT, k)); k++)
    if (r->node->type == TYPE_REAL) t->predict[k] = tangents_of(c, &values[r->node->id]);
  t->gradient = arena_array(c->arena, double, c->total + c->kinds->ndata + 1);
  size_t at = 0;
  for (size_t k = 0; k < g->nroots; k++) {
    if (g->roots[k].role != ROOT_GRADIENT && g->roots[k].role != ROOT_DERIVATIVE) continue;
    const Array *x = &values[g->roots[k].node->id];
    for (size_t j = 0; j < x->count; j++) t->gradient[at++] = x->number[j].b;
  }
  return true;
}

static const Graph *primal(Case *c) {
  return prune(c->scratch, c->model->graph, 1u << ROOT_LOSS | 1u << ROOT_PREDICT);
}

static const Graph *primal_with_gradient(Case *c) {
  return prune(c->scratch, derive_gradient(c->scratch, c->model->graph, true, NULL),
               1u << ROOT_LOSS | 1u << ROOT_PREDICT | 1u << ROOT_GRADIENT);
}

static const Graph *primal_by_data(Case *c, const Request *by) {
  const Request gradient = {.kind = DERIVATIVE_GRADIENT, .data = by->data, .ndata = by->ndata};
  return prune(c->scratch, derive_kind(c->scratch, c->model, &gradient),
               1u << ROOT_LOSS | 1u << ROOT_PREDICT | 1u << ROOT_DERIVATIVE);
}

static bool is_diagonal(DerivativeKind kind) {
  return kind == DERIVATIVE_DIAGONAL || kind == DERIVATIVE_GRADIENT_AND_DIAGONAL;
}

// The Hessian's diagonal, at some entries, and the gradient where it is asked for, too.
static bool find_diagonal(Case *c, Asked *asked) {
  const Graph *g = primal_with_gradient(c);
  double *direction = arena_array(c->arena, double, c->total + 1);
  const size_t step = c->total > DIAGONAL_MAX ? c->total / DIAGONAL_MAX : 1;
  const bool both = asked->request.kind == DERIVATIVE_GRADIENT_AND_DIAGONAL;
  const size_t first = both ? c->total : 0; // of the diagonal
  asked->entry = arena_array(c->arena, double, asked->count + 1);
  bool ok = true;
  for (size_t k = 0; k < asked->count; k++) asked->entry[k] = NAN;
  for (size_t k = 0; k < c->total && ok; k += step) {
    Tangents t;
    direction[k] = 1;
    move_params(c, direction);
    ok = find_tangents(c, g, &t);
    direction[k] = 0;
    if (!ok) break;
    asked->entry[first + k] = t.gradient[k];
    if (both) asked->entry[k] = t.loss;
  }
  move_params(c, NULL);
  return ok;
}

// ---- the derivatives, interpreted ----

// The k-th array of those that it is by.
static const Array *variable(const Case *c, const Request *r, int k) {
  return derive_by_data(r) ? &c->data[r->data[k]] : &c->param[k];
}

static const Array *as_seeds(Case *c, const Asked *asked) {
  const Request *r = &asked->request;
  const bool pulled = r->kind == DERIVATIVE_VJP;
  const int count = pulled ? 1 : derive_by_data(r) ? r->ndata : c->model->nparam;
  Array *seeds = arena_array(c->arena, Array, (size_t)count + 1);
  const double *from = asked->vector;
  for (int k = 0; k < count && from; k++) {
    seeds[k] = pulled ? c->values[asked->predict->node->id] : *variable(c, r, k);
    seeds[k].number = arena_array(c->arena, Number, seeds[k].count + 1);
    for (size_t j = 0; j < seeds[k].count; j++) seeds[k].number[j].a = *from++;
  }
  return seeds;
}

static size_t offset_of(const Case *c, const Request *r, int which) {
  size_t offset = 0;
  for (int p = 0; p < which; p++) offset += variable(c, r, p)->count;
  return offset;
}

static size_t data_offset(const Case *c, const Request *r, int data) {
  size_t offset = 0;
  for (int k = 0; r->data[k] != data; k++) offset += c->data[r->data[k]].count;
  return offset;
}

// Where entry e of a root's array stands in what generated C writes.
static size_t place(const Case *c, const Asked *asked, const Root *root, size_t e) {
  const Request *r = &asked->request;
  const int count = derive_by_data(r) ? r->ndata : c->model->nparam, p = count > 0 ? root->which % count : 0;
  switch (r->kind) {
  case DERIVATIVE_JVP: return e;
  case DERIVATIVE_GRADIENT: return data_offset(c, r, root->which) + e;
  case DERIVATIVE_JACOBIAN:
    return e / variable(c, r, p)->count * asked->total + offset_of(c, r, p) + e % variable(c, r, p)->count;
  case DERIVATIVE_HESSIAN:
    return (offset_of(c, r, root->which / count) + e / variable(c, r, p)->count) * asked->total + offset_of(c, r, p) +
           e % variable(c, r, p)->count;
  case DERIVATIVE_GRADIENT_AND_DIAGONAL: return (root->which < count ? 0 : asked->total) + offset_of(c, r, p) + e;
  case DERIVATIVE_VJP:
    if (root->which >= count) return asked->ngrad + data_offset(c, r, root->which - count) + e;
    return offset_of(c, r, p) + e;
  default: return offset_of(c, r, p) + e;
  }
}

static const Graph *made(Case *c, const Request *r) {
  const Graph *g = derive_kind(c->scratch, c->model, r);
  if (g && c->scope == SCOPE_FIRST) return g; // generated C is held against what no pass has seen
  if (g) {
    const unsigned roles = 1u << ROOT_DERIVATIVE;
    return simplify(c->scratch, factor(c->scratch, simplify(c->scratch, g, roles)), roles);
  }
  case_fail(c, "derive gives up on %s", derivative_table[r->kind].name);
  return NULL;
}

static bool find_dense(Case *c, Asked *asked, const Graph *g, const Array *values) {
  asked->value = arena_array(c->arena, double, asked->count + 1);
  asked->scale = arena_array(c->arena, double, asked->count + 1);
  for (size_t k = 0; k < asked->count; k++) asked->value[k] = NAN;
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    if (r->role != ROOT_DERIVATIVE) continue;
    const Array *x = &values[r->node->id];
    double largest = 0;
    for (size_t e = 0; e < x->count; e++) largest = fmax(largest, fabs(x->number[e].b));
    for (size_t e = 0; e < x->count; e++) {
      size_t at = place(c, asked, r, e);
      if (at >= asked->count) {
        case_fail(c, "%s has more entries than places", derivative_table[asked->request.kind].name);
        return false;
      }
      asked->value[at] = x->number[e].a;
      asked->scale[at] = largest;
    }
  }
  return true;
}

// Compressed rows: each has its part of every root, in turn.
static bool find_sparse(Case *c, Asked *asked, const Graph *g, const Array *values) {
  Request structure = asked->request;
  structure.kind = DERIVATIVE_STRUCTURE;
  const Graph *columns = made(c, &structure);
  Array *column = columns ? values_for(c, columns) : NULL;
  if (!columns || !run(c, columns, NUMBER_REAL, NULL, column)) return false;
  asked->count = 0;
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == ROOT_DERIVATIVE) asked->count += values[g->roots[k].node->id].count;
  asked->value = arena_array(c->arena, double, asked->count + 1);
  asked->scale = arena_array(c->arena, double, asked->count + 1);
  asked->column = arena_array(c->arena, int64_t, asked->count + 1);
  asked->start = arena_array(c->arena, int64_t, asked->rows + 1);
  const Array *start = &column[graph_root(columns, ROOT_DERIVATIVE, 0)->node->id];
  for (size_t k = 0; k <= asked->rows && k < start->count; k++) asked->start[k] = start->integer[k];
  size_t at = 0;
  for (size_t row = 0; row < asked->rows; row++) {
    const size_t first = at;
    double largest = 0; // of the row: shares of a softmax that are too small to notice beside the others may be left out
    for (size_t k = 0; k < g->nroots; k++) {
      const Root *r = &g->roots[k];
      if (r->role != ROOT_DERIVATIVE) continue;
      const Array *x = &values[r->node->id],
                  *of = &column[graph_root(columns, ROOT_DERIVATIVE, 1 + r->which)->node->id];
      const size_t length = x->count / asked->rows;
      for (size_t e = row * length; e < (row + 1) * length; e++, at++) {
        asked->value[at] = x->number[e].a;
        asked->column[at] = of->integer[e];
        largest = fmax(largest, fabs(x->number[e].b));
      }
    }
    for (size_t e = first; e < at; e++) asked->scale[e] = largest;
  }
  if (start->count == asked->rows + 1 && asked->start[0] == 0 && asked->start[asked->rows] == (int64_t)at) return true;
  case_fail(c, "sparse_jacobian of %s: rows do not begin where they should", asked->request.predict);
  return false;
}

static bool find_values(Case *c, Asked *asked) {
  const Graph *g = made(c, &asked->request);
  Array *values = g ? values_for(c, g) : NULL;
  if (!g || !run(c, g, NUMBER_MAGNITUDE, as_seeds(c, asked), values)) return false;
  return asked->request.kind == DERIVATIVE_SPARSE ? find_sparse(c, asked, g, values) : find_dense(c, asked, g, values);
}

// ---- holding values against the tangents ----

static const char *name_of(Case *c, const Asked *asked) {
  const char *kind = derive_kind_name(c->arena, &asked->request);
  return asked->predict ? arena_printf(c->arena, "%s:%s", kind, asked->predict->name) : kind;
}

// Whether it is that; says so where it is not, if `who` computed it is given.
static bool must_be(Case *c, const Asked *asked, const char *who, size_t at, double ours, double theirs, double scale) {
  if (!isfinite(theirs) || is_near(ours, theirs, scale, gate)) return true;
  if (who) case_fail(c, "%s: %s[%zu] is %.17g, by dual numbers %.17g", who, name_of(c, asked), at, ours, theirs);
  return false;
}

// A row of the derivative times a direction is the tangent along that.
static bool check_row(Case *c, const Asked *asked, const double *value, const char *who, size_t row, double theirs) {
  double sum = 0, terms = 0;
  size_t from = row * asked->total, to = from + asked->total;
  if (asked->start) {
    from = (size_t)asked->start[row];
    to = (size_t)asked->start[row + 1];
  }
  for (size_t e = from; e < to; e++) {
    size_t column = asked->start ? (size_t)asked->column[e] : e - from;
    if (column >= asked->total) {
      if (who) case_fail(c, "%s: a column is %zu", name_of(c, asked), column);
      return false;
    }
    sum += value[e] * asked->direction[column];
    terms += asked->scale[e] * fabs(asked->direction[column]);
  }
  return must_be(c, asked, who, row, sum, theirs, terms);
}

// <u, J v> is <J' u, v>.
static bool check_pulled_back(Case *c, const Asked *asked, const double *value, const char *who) {
  const Kinds *k = c->kinds;
  const int which = asked->predict ? asked->predict->which : 0;
  double ours = 0, theirs = 0, terms = 0;
  for (size_t j = 0; j < asked->rows; j++) {
    double u = asked->vector ? asked->vector[j] : 1;
    theirs += asked->predict ? u * k->params.predict[which][j] : 0;
    if (asked->request.ndata > 0) theirs += u * (asked->predict ? k->data.predict[which][j] : k->data.loss);
  }
  for (size_t e = 0; e < asked->count; e++) {
    double v = e < asked->ngrad ? k->direction[e] : k->by_data[e - asked->ngrad];
    ours += value[e] * v;
    terms += asked->scale[e] * fabs(v);
  }
  return must_be(c, asked, who, 0, ours, theirs, terms);
}

static bool check_entry(Case *c, const Asked *asked, const double *value, const char *who, size_t e, double theirs) {
  return must_be(c, asked, who, e, value[e], theirs, asked->scale[e]);
}

static bool check_all(Case *c, const Asked *asked, const double *value, const char *who) {
  const Tangents *t = derive_by_data(&asked->request) ? &c->kinds->data : &c->kinds->params;
  const double *predict = asked->predict ? t->predict[asked->predict->which] : &t->loss;
  const DerivativeKind kind = asked->request.kind;
  const bool second = kind == DERIVATIVE_HESSIAN || kind == DERIVATIVE_HVP;
  const double *theirs = is_diagonal(kind) ? asked->entry : second ? t->gradient : predict;
  bool good = true;
  switch (kind) {
  case DERIVATIVE_GRADIENT:
  case DERIVATIVE_VJP: return check_pulled_back(c, asked, value, who);
  case DERIVATIVE_JACOBIAN:
  case DERIVATIVE_SPARSE:
  case DERIVATIVE_HESSIAN:
    for (size_t row = 0; row < (second ? asked->total : asked->rows); row++)
      good = check_row(c, asked, value, who, row, theirs[row]) && good;
    return good;
  default:
    for (size_t e = 0; e < asked->count; e++) good = check_entry(c, asked, value, who, e, theirs[e]) && good;
    return good;
  }
}

// Simplify may see that terms cancel; dual numbers round each of them.  How large these are, and how far roundings lead, is known from
// the derivative as derive leaves it; of rows that are compressed, as they are compressed.
void kinds_raise(Case *c, Asked *asked) {
  const bool sparse = asked->request.kind == DERIVATIVE_SPARSE;
  Arena *before = c->scratch;
  c->scratch = arena_new();
  Asked raw = *asked;
  const Graph *g = sparse ? made(c, &asked->request) : derive_kind(c->scratch, c->model, &asked->request);
  Array *values = g ? values_for(c, g) : NULL;
  Array *wide = g ? values_for(c, g) : NULL;
  const NumberKind kinds[] = {NUMBER_MAGNITUDE, NUMBER_ROUNDING};
  bool ok = g && run(c, g, NUMBER_WIDE, as_seeds(c, asked), wide);
  for (int k = 0; ok && k < 2; k++) {
    ok = run(c, g, kinds[k], as_seeds(c, asked), values);
    if (ok && kinds[k] == NUMBER_ROUNDING) case_add_own_errors(g, values, wide);
    if (!ok || !(sparse ? find_sparse : find_dense)(c, &raw, g, values)) break;
    for (size_t e = 0; e < asked->count; e++) {
      const double scale = kinds[k] == NUMBER_ROUNDING ? rounding_scale((Number){raw.value[e], raw.scale[e]}) : raw.scale[e];
      asked->scale[e] = fmax(asked->scale[e], scale);
    }
  }
  arena_free(c->scratch);
  c->scratch = before;
}

void kinds_check(Case *c, Asked *asked, const double *value, const char *who) {
  if (check_all(c, asked, value, NULL)) return;
  kinds_raise(c, asked);
  check_all(c, asked, value, who);
}

// ---- what is asked for ----

static double *random_vector(Case *c, size_t count) {
  double *v = arena_array(c->arena, double, count + 1);
  for (size_t k = 0; k < count; k++) v[k] = case_between(c, -1, 1);
  return v;
}

// By every real array of the data.
static int *real_data(Case *c, int *count) {
  int *data = arena_array(c->arena, int, (size_t)c->model->ndata + 1);
  *count = 0;
  for (int k = 0; k < c->model->ndata; k++)
    if (c->model->data[k].type == TYPE_REAL) data[(*count)++] = k;
  return data;
}

// By the parameters (gradient and vjp: and by the data), or by the data instead of them.
static void ask(Case *c, DerivativeKind kind, const Root *predict, bool by_data) {
  Kinds *k = c->kinds;
  const bool both = kind == DERIVATIVE_GRADIENT || kind == DERIVATIVE_VJP;
  const size_t rows = predict ? c->values[predict->node->id].count : 1, total = by_data ? k->ndata : c->total;
  Request r = {.kind = kind, .predict = predict ? predict->name : NULL};
  if (both || by_data) r.data = real_data(c, &r.ndata);
  if ((kind == DERIVATIVE_GRADIENT || by_data) && r.ndata == 0) return;
  if (kind == DERIVATIVE_HESSIAN && total > PARAMS_MAX) return;
  if (is_diagonal(kind) && total > 4 * PARAMS_MAX) return;
  if ((kind == DERIVATIVE_JACOBIAN || kind == DERIVATIVE_SPARSE) && rows * total > ENTRIES_MAX) return;
  Asked a = {.request = r, .predict = predict, .rows = rows, .total = total, .count = total, .ngrad = total};
  a.direction = by_data ? k->by_data : k->direction;
  switch (kind) {
  case DERIVATIVE_GRADIENT: a.count = k->ndata, a.ngrad = 0; break;
  case DERIVATIVE_VJP: a.count += k->ndata, a.vector = random_vector(c, rows); break;
  case DERIVATIVE_JVP: a.count = rows, a.vector = a.direction; break;
  case DERIVATIVE_HVP: a.vector = a.direction; break;
  case DERIVATIVE_JACOBIAN: a.count = rows * total; break;
  case DERIVATIVE_HESSIAN: a.count = total * total; break;
  case DERIVATIVE_GRADIENT_AND_DIAGONAL: a.count = 2 * total; break;
  default: break;
  }
  k->asked[k->count] = a;
  k->request[k->count++] = r;
  if (kind != DERIVATIVE_SPARSE) return;
  r.kind = DERIVATIVE_STRUCTURE;
  k->asked[k->count] = (Asked){.request = r};
  k->request[k->count++] = r;
}

static void ask_both(Case *c, DerivativeKind kind, const Root *predict) {
  ask(c, kind, predict, false);
  const bool too = kind == DERIVATIVE_GRADIENT || kind == DERIVATIVE_VJP || is_diagonal(kind);
  const uint64_t one_of = c->scope == SCOPE_ALL ? 3 : 2; // each costs the C compiler as much as that by the parameters
  if (!too && c->scope != SCOPE_FIRST && (c->seed + (uint64_t)kind) % one_of == 0) ask(c, kind, predict, true);
}

// Of each prediction: `which` is a set of kinds.
static void ask_all(Case *c, unsigned which) {
  for (int kind = 0; kind < DERIVATIVE_COUNT; kind++) {
    if (!(which >> kind & 1)) continue;
    if (c->gradient && derivative_table[kind].of_loss) ask_both(c, (DerivativeKind)kind, NULL);
    for (int j = 0; derivative_table[kind].of_predict && prediction(c, j); j++)
      if (prediction(c, j)->node->type == TYPE_REAL) ask_both(c, (DerivativeKind)kind, prediction(c, j));
  }
}

#define KIND(kind) (1u << DERIVATIVE_##kind)

static void ask_some(Case *c) {
  static const unsigned choices[] = {
      KIND(HVP),    KIND(JVP) | KIND(VJP), KIND(GRADIENT) | KIND(DIAGONAL), KIND(GRADIENT_AND_DIAGONAL), KIND(JACOBIAN), KIND(HESSIAN),
      KIND(SPARSE), KIND(JVP) | KIND(HVP)};
  enum { CHOICES = sizeof choices / sizeof *choices };
  switch (c->scope) {
  case SCOPE_ALL: ask_all(c, (1u << DERIVATIVE_COUNT) - 1); break;
  case SCOPE_SOME: ask_all(c, choices[c->seed / (VARIANTS - 1) % CHOICES]); break;
  case SCOPE_FIRST: break;
  }
  if (c->kinds->count == 0) ask_all(c, KIND(JVP) | KIND(HVP)); // asked for, or too large, no prediction, no loss
}

static bool find_all_tangents(Case *c) {
  Kinds *k = c->kinds;
  bool second = false;
  const Request *data = NULL, *second_by_data = NULL;
  for (int j = 0; j < k->count; j++) {
    const Request *r = &k->request[j];
    const bool is_second = r->kind == DERIVATIVE_HVP || r->kind == DERIVATIVE_HESSIAN;
    if (r->ndata > 0) data = r;
    if (is_second && r->ndata > 0) second_by_data = r;
    second = second || (is_second && r->ndata == 0);
  }
  move_params(c, k->direction);
  bool ok = find_tangents(c, second ? primal_with_gradient(c) : primal(c), &k->params);
  move_params(c, NULL);
  if (!ok || !data) return ok;
  move_data(c, k->by_data);
  ok = find_tangents(c, second_by_data ? primal_by_data(c, second_by_data) : primal(c), &k->data);
  move_data(c, NULL);
  return ok;
}

void case_kinds(Case *c) {
  Kinds *k = c->kinds = arena_new_of(c->arena, Kinds);
  c->scratch = arena_new();
  *k = (Kinds){.direction = random_vector(c, c->total), .other = random_vector(c, c->total)};
  int ndata;
  const int *data = real_data(c, &ndata);
  for (int j = 0; j < ndata; j++) k->ndata += c->data[data[j]].count;
  k->by_data = random_vector(c, k->ndata);
  k->asked = arena_array(c->arena, Asked, 2 * DERIVATIVE_COUNT * (c->model->graph->nroots + 1));
  k->request = arena_array(c->arena, Request, 2 * DERIVATIVE_COUNT * (c->model->graph->nroots + 1));
  ask_some(c);
  bool ok = find_all_tangents(c);
  for (int j = 0; j < k->count && ok; j++) {
    Asked *asked = &k->asked[j];
    if (asked->request.kind == DERIVATIVE_STRUCTURE) continue;
    arena_clear(c->scratch);
    ok = find_values(c, asked) && (!is_diagonal(asked->request.kind) || find_diagonal(c, asked));
    if (ok) kinds_check(c, asked, asked->value, "interpreted");
  }
  arena_free(c->scratch);
  if (!ok) k->count = 0;
}
