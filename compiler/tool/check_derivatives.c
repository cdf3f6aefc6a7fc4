// check_derivatives.c - see check_derivatives.h.  Whatever the kind, dual numbers give the column of a Jacobian (of the
// loss, a prediction or the gradient) along one entry of what it is taken by, or along a direction.
#include "tool/check_derivatives.h"

#include <math.h>
#include <string.h>

#include "derive/derive.h"
#include "simplify/simplify.h"
#include "tool/check_compare.h"
#include "tool/passes.h"

typedef struct Kinds {
  Subject *s;
  Arena *arena;
  int at; // of the request
  const Request *request;
  int nvariables;            // what it is by: parameters, or data
  ParamPlace *variable;
  size_t total;              // entries of those
  const Graph *derived; // with the derivative
  const Graph *primal;  // what dual numbers run through: the loss, the prediction or the gradient
  const double *params;
  double *vector;                 // the direction, or the cotangent
  size_t nvector, noutputs, size; // entries of it, of the primal's outputs, of all that the derivative writes
  double *ours, *scale;           // by entry of that
} Kinds;

static bool of_gradient(DerivativeKind kind) {
  return kind == DERIVATIVE_HVP || kind == DERIVATIVE_HESSIAN || kind == DERIVATIVE_DIAGONAL || kind == DERIVATIVE_GRADIENT_AND_DIAGONAL;
}

static bool is_directional(DerivativeKind kind) {
  return kind == DERIVATIVE_JVP || kind == DERIVATIVE_HVP;
}

static double rounded(const Subject *s, double x) {
  return s->program->emit.use_float ? (double)(float)x : x;
}

// ---- shapes ----

static size_t data_entries(const Kinds *k, int until) {
  size_t count = 0;
  for (int j = 0; j < until; j++) count += k->s->data[k->request->data[j]].count;
  return count;
}

static void find_variables(Kinds *k) {
  Subject *s = k->s;
  k->nvariables = s->model->nparam;
  k->variable = s->param;
  k->total = s->total;
  if (!derive_by_data(k->request)) return;
  ParamPlace *data = arena_array(k->arena, ParamPlace, (size_t)k->request->ndata + 1);
  k->total = 0;
  for (int j = 0; j < k->request->ndata; j++) {
    const Array *x = &s->data[k->request->data[j]];
    data[j] = (ParamPlace){.rank = x->rank, .offset = k->total, .count = x->count};
    memcpy(data[j].extent, x->extent, (size_t)x->rank * sizeof *x->extent);
    k->total += x->count;
  }
  k->nvariables = k->request->ndata;
  k->variable = data;
}

// Of the gradient, then, where that is asked for, too, of the loss.
static const Root *primal_root(const Kinds *k, int which) {
  if (k->request->kind == DERIVATIVE_GRADIENT_AND_DIAGONAL && which == k->nvariables) return graph_root(k->primal, ROOT_LOSS, 0);
  if (of_gradient(k->request->kind) && derive_by_data(k->request))
    return which < k->nvariables ? graph_root(k->primal, ROOT_DERIVATIVE, k->request->data[which]) : NULL;
  if (of_gradient(k->request->kind)) return graph_root(k->primal, ROOT_GRADIENT, which);
  for (size_t j = 0; which == 0 && j < k->primal->nroots; j++) {
    const Root *r = &k->primal->roots[j];
    if (k->request->predict ? r->role == ROOT_PREDICT && !strcmp(r->name, k->request->predict) : r->role == ROOT_LOSS)
      return r;
  }
  return NULL;
}

static bool find_sizes(Kinds *k, const Array *values) {
  k->noutputs = 0;
  const Root *r;
  for (int j = 0; (r = primal_root(k, j)); j++) k->noutputs += values[r->node->id].count;
  const size_t total = k->total;
  switch (k->request->kind) {
  case DERIVATIVE_GRADIENT: k->size = data_entries(k, k->request->ndata); break;
  case DERIVATIVE_VJP: k->size = total + data_entries(k, k->request->ndata); break;
  case DERIVATIVE_JVP: k->size = k->noutputs; break;
  case DERIVATIVE_JACOBIAN:
  case DERIVATIVE_SPARSE: k->size = k->noutputs * total; break;
  case DERIVATIVE_HESSIAN: k->size = total * total; break;
  case DERIVATIVE_GRADIENT_AND_DIAGONAL: k->size = 2 * total; break;
  default: k->size = total;
  }
  k->nvector = k->request->kind == DERIVATIVE_VJP ? k->noutputs : total;
  return total < ((size_t)1 << 24) && k->noutputs < ((size_t)1 << 24) && k->size < ((size_t)1 << 26);
}

// Where entry `e` of a root's array stands among all that the derivative writes.
static size_t place(const Kinds *k, const Root *r, size_t e) {
  const int count = k->nvariables;
  const size_t total = k->total;
  const ParamPlace *p = &k->variable[r->which % (count > 0 ? count : 1)];
  int data = -1;
  switch (k->request->kind) {
  case DERIVATIVE_JVP: return e;
  case DERIVATIVE_JACOBIAN: return e / p->count * total + p->offset + e % p->count;
  case DERIVATIVE_HESSIAN:
    return (k->variable[r->which / count].offset + e / p->count) * total + p->offset + e % p->count;
  case DERIVATIVE_GRADIENT_AND_DIAGONAL: return (r->which < count ? 0 : total) + p->offset + e;
  case DERIVATIVE_GRADIENT: data = r->which; break;
  case DERIVATIVE_VJP: data = r->which - count; break;
  default: break;
  }
  if (data < 0) return p->offset + e;
  int j = 0;
  while (k->request->data[j] != data) j++;
  return (k->request->kind == DERIVATIVE_VJP ? total : 0) + data_entries(k, j) + e;
}

// ---- the derivative itself ----

// The vector as arrays that an interpreter's run takes: one for each of what it is by, or the cotangent.
static const Array *seeds(const Kinds *k, Arena *a) {
  const Subject *s = k->s;
  Array *seeds = arena_array(a, Array, (size_t)k->nvariables + 2);
  if (k->request->kind == DERIVATIVE_VJP) {
    const Node *n = primal_root(k, 0)->node;
    seeds[0].rank = n->nout;
    seeds[0].extent = arena_array(a, int64_t, (size_t)n->nout);
    seeds[0].count = k->noutputs;
    for (int q = 0; q < n->nout; q++)
      if (!poly_value(s->model->dims, n->index[q].extent, s->bound->dims, &seeds[0].extent[q])) return NULL;
  }
  for (int p = 0; p < k->nvariables && k->request->kind != DERIVATIVE_VJP; p++) {
    seeds[p] = (Array){.rank = k->variable[p].rank, .extent = k->variable[p].extent, .count = k->variable[p].count};
  }
  const int count = k->request->kind == DERIVATIVE_VJP ? 1 : k->nvariables;
  for (int j = 0; j < count; j++) {
    size_t offset = k->request->kind == DERIVATIVE_VJP ? 0 : k->variable[j].offset;
    seeds[j].number = arena_array(a, Number, seeds[j].count + 1);
    for (size_t e = 0; e < seeds[j].count; e++) seeds[j].number[e].a = k->vector[offset + e];
  }
  return seeds;
}

static void *as_vector(const Kinds *k, Arena *a, const double *from, size_t count);

// ---- compressed rows: one dense array is made of them ----

// Entry e of block `block` in both graphs, which have the prediction's indices in front.
static void add_sparse(Kinds *k, bool first, const Array *value, const Array *column) {
  for (size_t e = 0; e < value->count; e++) {
    size_t row = e / (value->count / (k->noutputs > 0 ? k->noutputs : 1));
    size_t at = row * k->total + (size_t)column->integer[e];
    if (column->integer[e] < 0 || (size_t)column->integer[e] >= k->total) at = 0;
    if (first) k->ours[at] += value->number[e].a;
    k->scale[0] = fmax(k->scale[0], oracle_scale(k->s, value->number[e].a, value->number[e].b));
  }
}

static bool interpret_sparse(Kinds *k, int run) {
  Arena *a = arena_new();
  Request structure = *k->request;
  structure.kind = DERIVATIVE_STRUCTURE;
  const Graph *g = derive_kind(a, k->s->model, &structure);
  Array *values = arena_array(a, Array, k->derived->count + 1), *columns = arena_array(a, Array, g->count + 1);
  bool ok = oracle_rounding_run(k->s, a, k->derived, k->params, run, values) &&
            subject_run(k->s, a, g, NUMBER_REAL, k->params, NULL, 0, columns);
  const Root *r;
  for (int j = 0; ok && (r = graph_root(k->derived, ROOT_DERIVATIVE, j)); j++)
    add_sparse(k, run == 0, &values[r->node->id], &columns[graph_root(g, ROOT_DERIVATIVE, 1 + j)->node->id]);
  for (size_t e = 1; e < k->size; e++) k->scale[e] = k->scale[0];
  arena_free(a);
  return ok;
}

static bool compiled_sparse(Kinds *k) {
  Arena *a = arena_new();
  const Subject *s = k->s;
  const Instance *i = &s->instance;
  const struct mdl_model *m = i->model;
  const size_t real = s->program->emit.use_float ? sizeof(float) : sizeof(double);
  size_t *work = arena_array(a, size_t, (size_t)m->nderivatives),
         *result = arena_array(a, size_t, (size_t)m->nderivatives);
  bool ok = m->derivative_sizes(i->dims, work, result) == MDL_OK &&
            result[k->at] / real == result[k->at + 1] / sizeof(int64_t);
  if (ok) {
    void *values = instance_memory(a, result[k->at] + 1);
    int64_t *start = instance_memory(a, (k->noutputs + 1) * sizeof *start);
    int64_t *column = instance_memory(a, result[k->at + 1] + 1);
    void *entries[] = {values}, *structure[] = {start, column};
    m->derivatives[k->at].at(i->dims, i->data, as_vector(k, a, k->params, s->total), NULL,
                             instance_memory(a, work[k->at]), entries);
    m->derivatives[k->at + 1].at(i->dims, i->data, NULL, NULL, instance_memory(a, work[k->at + 1]), structure);
    memset(k->ours, 0, k->size * sizeof *k->ours);
    ok = start[0] == 0 && (size_t)start[k->noutputs] == result[k->at] / real;
    for (size_t row = 0; ok && row < k->noutputs; row++)
      for (int64_t e = start[row]; ok && e < start[row + 1]; e++) {
        ok = column[e] >= 0 && (size_t)column[e] < k->total;
        if (ok)
          k->ours[row * k->total + (size_t)column[e]] +=
              real == sizeof(float) ? (double)((float *)values)[e] : ((double *)values)[e];
      }
  }
  arena_free(a);
  return ok || (tool_fail(STATUS_INTERNAL, "the generated sparse_jacobian has a wrong structure"), false);
}

// What errors are relative to, and the values where nothing is compiled.
static bool interpret(Kinds *k, int run) {
  Arena *a = arena_new();
  Array *values = arena_array(a, Array, k->derived->count + 1);
  k->s->seeds = seeds(k, a);
  bool ok = oracle_rounding_run(k->s, a, k->derived, k->params, run, values);
  k->s->seeds = NULL;
  for (size_t j = 0; ok && j < k->derived->nroots; j++) {
    const Root *r = &k->derived->roots[j];
    if (r->role != ROOT_DERIVATIVE) continue;
    const Array *x = &values[r->node->id];
    double largest = 0;
    for (size_t e = 0; e < x->count; e++) largest = fmax(largest, oracle_scale(k->s, x->number[e].a, x->number[e].b));
    for (size_t e = 0; e < x->count; e++) {
      k->ours[place(k, r, e)] = x->number[e].a;
      k->scale[place(k, r, e)] = fmax(k->scale[place(k, r, e)], largest);
    }
  }
  arena_free(a);
  return ok;
}

static void *as_vector(const Kinds *k, Arena *a, const double *from, size_t count) {
  const bool use_float = k->s->program->emit.use_float;
  void *to = instance_memory(a, count * (use_float ? sizeof(float) : sizeof(double)));
  for (size_t j = 0; j < count; j++) {
    if (use_float)
      ((float *)to)[j] = (float)from[j];
    else
      ((double *)to)[j] = from[j];
  }
  return to;
}

static bool run_compiled(Kinds *k) {
  Arena *a = arena_new();
  const Subject *s = k->s;
  const Instance *i = &s->instance;
  const struct mdl_model *m = i->model;
  const Request *r = k->request;
  const size_t real = s->program->emit.use_float ? sizeof(float) : sizeof(double);
  size_t *work = arena_array(a, size_t, (size_t)m->nderivatives),
         *result = arena_array(a, size_t, (size_t)m->nderivatives);
  bool ok = m->derivative_sizes(i->dims, work, result) == MDL_OK;
  if (ok) {
    void **out = arena_array(a, void *, (size_t)r->ndata + 1);
    size_t *count = arena_array(a, size_t, (size_t)r->ndata + 1), at = 0;
    int nout = 0;
    if (r->kind != DERIVATIVE_GRADIENT) count[nout++] = result[k->at] / real;
    for (int j = 0; j < r->ndata && !derive_by_data(r); j++) count[nout++] = s->data[r->data[j]].count;
    for (int j = 0; j < nout; j++) out[j] = instance_memory(a, count[j] * real + 1);
    m->derivatives[k->at].at(i->dims, i->data, as_vector(k, a, k->params, s->total),
                             as_vector(k, a, k->vector, k->nvector), instance_memory(a, work[k->at]), out);
    for (int j = 0; j < nout; j++)
      for (size_t e = 0; e < count[j] && at < k->size; e++, at++)
        k->ours[at] = real == sizeof(float) ? (double)((float *)out[j])[e] : ((double *)out[j])[e];
    ok = at == k->size;
  }
  arena_free(a);
  return ok || (tool_fail(STATUS_INTERNAL, "the generated %s has another size", derivative_table[r->kind].name), false);
}

// ---- dual numbers ----

// Gives the request's data that direction, or (null) that entry of it.
static void move_data(const Kinds *k, const double *vector, size_t entry) {
  for (int j = 0; j < k->request->ndata; j++) {
    const Array *x = &k->s->data[k->request->data[j]];
    for (size_t e = 0; e < x->count; e++) x->number[e].b = vector ? *vector++ : entry-- == 0;
  }
}

static void rest_data(const Kinds *k) {
  for (int j = 0; j < k->request->ndata; j++) {
    const Array *x = &k->s->data[k->request->data[j]];
    for (size_t e = 0; e < x->count; e++) x->number[e].b = 0;
  }
}

// The primal's outputs' tangents; along the vector, or along entry `entry` of what the derivative is taken by.
static bool column(Kinds *k, bool along, size_t entry, double *tangent) {
  Subject *s = k->s;
  Arena *a = arena_new();
  double *direction = arena_array(a, double, s->total + 1);
  Array *values = arena_array(a, Array, k->primal->count + 1);
  const bool by_params = k->request->kind != DERIVATIVE_GRADIENT && !derive_by_data(k->request);
  if (by_params && along)
    memcpy(direction, k->vector, s->total * sizeof *direction);
  else if (by_params && entry < s->total)
    direction[entry] = 1;
  else
    move_data(k, along ? k->vector : NULL, by_params ? entry - s->total : entry);
  bool ok = subject_run(s, a, k->primal, NUMBER_DUAL, k->params, direction, 1, values);
  rest_data(k);
  const Root *r;
  size_t at = 0;
  for (int j = 0; ok && (r = primal_root(k, j)); j++)
    for (size_t e = 0; e < values[r->node->id].count; e++) tangent[at++] = values[r->node->id].number[e].b;
  arena_free(a);
  return ok;
}

static void compare(const Kinds *k, size_t entry, double theirs, DerivativeFinding *f) {
  double ours = k->ours[entry], error = ours == theirs ? 0 : fabs(ours - theirs) / k->scale[entry];
  f->compared++;
  if (f->compared > 1 && !(error > f->error || isnan(error))) return;
  *f = (DerivativeFinding){f->request, f->compared, isnan(error) ? INFINITY : error, entry, ours, theirs};
}

// What one column says of the derivative's entries.
static void compare_column(const Kinds *k, size_t entry, const double *tangent, DerivativeFinding *f) {
  double sum = 0;
  switch (k->request->kind) {
  case DERIVATIVE_GRADIENT: compare(k, entry, tangent[0], f); return;
  case DERIVATIVE_VJP:
    for (size_t j = 0; j < k->noutputs; j++) sum += k->vector[j] * tangent[j];
    compare(k, entry, sum, f);
    return;
  case DERIVATIVE_JACOBIAN:
  case DERIVATIVE_SPARSE:
    for (size_t j = 0; j < k->noutputs; j++) compare(k, j * k->total + entry, tangent[j], f);
    return;
  case DERIVATIVE_HESSIAN:
    for (size_t j = 0; j < k->noutputs; j++) compare(k, entry * k->total + j, tangent[j], f);
    return;
  case DERIVATIVE_DIAGONAL: compare(k, entry, tangent[entry], f); return;
  case DERIVATIVE_GRADIENT_AND_DIAGONAL:
    compare(k, entry, tangent[k->total], f);
    compare(k, k->total + entry, tangent[entry], f);
    return;
  default:
    for (size_t j = 0; j < k->noutputs; j++) compare(k, j, tangent[j], f);
  }
}

static bool compare_columns(Kinds *k, DerivativeFinding *f) {
  enum { COLUMNS_MAX = 64 };
  double *tangent = arena_array(k->arena, double, k->noutputs + 1);
  const bool along = is_directional(k->request->kind);
  const size_t by_data =
      k->request->kind == DERIVATIVE_GRADIENT || k->request->kind == DERIVATIVE_VJP ? (size_t)k->request->ndata : 0;
  const size_t entries = (k->request->kind == DERIVATIVE_GRADIENT ? 0 : k->total) + data_entries(k, (int)by_data);
  const size_t count = along ? 1 : entries, step = count > COLUMNS_MAX ? count / COLUMNS_MAX : 1;
  for (size_t j = 0; j < count; j += step) {
    if (!column(k, along, j, tangent)) return false;
    compare_column(k, j, tangent, f);
  }
  return true;
}

// ---- all of it ----

static void find_primal(Kinds *k) {
  const Graph *g = k->s->model->graph;
  const Request gradient = {.kind = DERIVATIVE_GRADIENT, .data = k->request->data, .ndata = k->request->ndata};
  if (of_gradient(k->request->kind))
    g = derive_by_data(k->request) ? derive_kind(k->arena, k->s->model, &gradient)
                                   : derive_gradient(k->arena, g, true, NULL);
  k->primal = prune(k->arena, g, ROLE(ROOT_LOSS) | ROLE(ROOT_PREDICT) | ROLE(ROOT_GRADIENT) | ROLE(ROOT_DERIVATIVE));
}

static bool compare_request(Kinds *k, uint64_t seed, DerivativeFinding *f) {
  Subject *s = k->s;
  const Model *m = s->model;
  k->derived = derive_kind(k->arena, m, k->request);
  find_variables(k);
  find_primal(k);
  Array *values = arena_array(k->arena, Array, k->primal->count + 1);
  if (!subject_run(s, k->arena, k->primal, NUMBER_REAL, k->params, NULL, 0, values)) return false;
  if (!find_sizes(k, values)) return tool_reject("a derivative is too large to check at these dimensions") == STATUS_OK;
  k->vector = arena_array(k->arena, double, k->nvector + 1);
  for (size_t j = 0; j < k->nvector; j++) k->vector[j] = rounded(s, check_random(seed, 4000 + (uint64_t)k->at, j));
  k->ours = arena_array(k->arena, double, k->size + 1);
  k->scale = arena_array(k->arena, double, k->size + 1);
  const bool sparse = k->request->kind == DERIVATIVE_SPARSE;
  for (int run = 0; run < ROUNDING_RUNS; run++)
    if (sparse ? !interpret_sparse(k, run) : !interpret(k, run)) return false;
  if (s->compiled && (sparse ? !compiled_sparse(k) : !run_compiled(k))) return false;
  return compare_columns(k, f);
}

bool derivatives_compare(Subject *s, const double *params, uint64_t seed, DerivativeFinding *findings) {
  for (int j = 0; j < s->program->emit.nrequest; j++) {
    const Request *request = &s->program->emit.request[j];
    if (request->kind == DERIVATIVE_STRUCTURE) continue; // looked at with the entries
    Arena *a = arena_new();
    Kinds k = {.s = s, .arena = a, .at = j, .request = request, .params = params};
    if (!findings[j].request) findings[j].request = k.request;
    bool ok = compare_request(&k, seed, &findings[j]);
    arena_free(a);
    if (!ok) return false;
  }
  return true;
}

static bool passes(const Subject *s, const DerivativeFinding *f) {
  return f->error <= oracle_gate(s, ORACLE_DUAL);
}

bool derivatives_agree(const Subject *s, const DerivativeFinding *findings) {
  bool agree = true;
  for (int j = 0; j < s->program->emit.nrequest; j++) agree = agree && passes(s, &findings[j]);
  return agree;
}

void derivatives_report(Text *t, const Subject *s, const DerivativeFinding *findings) {
  if (s->program->emit.nrequest == 0) return;
  text_put(t, "worst relative errors of the other derivatives, against dual numbers\n");
  for (int j = 0; j < s->program->emit.nrequest; j++) {
    const DerivativeFinding *f = &findings[j];
    if (!f->request) continue;
    const char *name = derive_kind_name(s->model->arena, f->request), *of = f->request->predict;
    text_printf(t, "%s%s%s  ", name, of ? ":" : "", of ? of : "");
    if (f->compared == 0)
      text_put(t, "nothing to compare\n");
    else
      text_printf(t, "%.1e%s\n", f->error, passes(s, f) ? "" : "  WRONG");
    if (passes(s, f)) continue;
    text_printf(t, "disagreement: entry %zu of %s is ", f->entry, name);
    text_real(t, f->ours);
    text_put(t, ", but ");
    text_real(t, f->theirs);
    text_put(t, " by dual numbers\n");
  }
}
