// check_subject.c - the model that is checked: its loss and gradient from generated C, or from the interpreter.
#include <math.h>
#include <string.h>

#include "simplify/simplify.h"
#include "tool/check_gradient.h"
#include "tool/passes.h"

const char *const gradient_names[GRADIENTS] = {"value_and_grad", "backward"};

// ---- the interpreter's view ----

static double as_real(const Subject *s, double x) {
  return s->program->emit.use_float ? (double)(float)x : x;
}

static Array *interp_data(Subject *s) {
  const Model *m = s->model;
  Array *arrays = arena_array(s->arena, Array, (size_t)m->ndata + 1);
  for (int k = 0; k < m->ndata; k++) {
    const BoundArray *from = &s->bound->data[k];
    Array *to = &arrays[k];
    to->rank = from->rank;
    to->count = from->count;
    to->extent = arena_array(s->arena, int64_t, (size_t)from->rank);
    memcpy(to->extent, from->extent, (size_t)from->rank * sizeof *to->extent);
    if (from->type == TYPE_REAL)
      to->number = arena_array(s->arena, Number, from->count + 1);
    else
      to->integer = arena_array(s->arena, int64_t, from->count + 1);
    for (size_t e = 0; e < from->count; e++) {
      if (from->type == TYPE_REAL)
        to->number[e].a = as_real(s, from->real[e]);
      else
        to->integer[e] = from->integer[e];
    }
  }
  return arrays;
}

bool subject_run(Subject *s, Arena *a, const Graph *g, NumberKind kind, const double *params, const double *direction,
                 double step, Array *values) {
  Array *param = arena_array(a, Array, (size_t)s->model->nparam + 1);
  for (int p = 0; p < s->model->nparam; p++) {
    const ParamPlace *place = &s->param[p];
    param[p] = (Array){.rank = place->rank,
                       .extent = s->param[p].extent,
                       .count = place->count,
                       .number = arena_array(a, Number, place->count + 1)};
    for (size_t e = 0; e < place->count; e++) {
      size_t at = place->offset + e;
      param[p].number[e] = (Number){params ? params[at] : 0, direction ? direction[at] * step : 0};
    }
  }
  InterpInput input = {
      .kind = kind, .dims = s->bound->dims, .data = s->data, .param = param, .seed = {1, 0}, .seeds = s->seeds};
  InterpError error = {.node = NULL};
  if (interp_run(a, s->model, g, &input, values, &error)) return true;
  tool_reject("the interpreter: %s", error.text);
  return false;
}

static Array *values_of(Arena *a, const Graph *g) {
  return arena_array(a, Array, g->count + 1);
}

// ---- making it ----

// 0 * x is 0, or NaN: there is nothing of x in it for stop to hide.
static bool is_nothing(const Expr *e) {
  return expr_is_prim(e, PRIM_MUL) && e->u.prim.arg[0]->kind == EXPR_REAL &&
         e->u.prim.arg[0]->u.real == 0;
}

// `seen`: expressions of g that have been looked at, by id.
static bool reads_under(const Graph *g, Prim op, const Expr *e, const bool *varies, bool *seen) {
  if (e->kind != EXPR_PRIM || seen[e->id]) return false;
  seen[e->id] = true;
  if (e->u.prim.op == op && !is_nothing(e->u.prim.arg[0]) && check_expr_varies(g, e->u.prim.arg[0], varies))
    return true;
  for (int k = 0; k < e->u.prim.narg; k++)
    if (reads_under(g, op, e->u.prim.arg[k], varies, seen)) return true;
  return false;
}

static bool is_under(Arena *a, const Graph *g, Prim op, int which) {
  const bool *varies = check_varies(a, g, which);
  bool *seen = arena_array(a, bool, (size_t)graph_expr_count(g) + 1);
  for (size_t k = 0; k < g->count; k++)
    if ((g->nodes[k]->expr && reads_under(g, op, g->nodes[k]->expr, varies, seen)) ||
        (g->nodes[k]->base && reads_under(g, op, g->nodes[k]->base, varies, seen)))
      return true;
  return false;
}

static int place_params(Subject *s) {
  const Model *m = s->model;
  s->param = arena_array(s->arena, ParamPlace, (size_t)m->nparam + 1);
  for (int p = 0; p < m->nparam; p++) {
    ParamPlace *place = &s->param[p];
    *place = (ParamPlace){.name = m->param[p].name, .rank = m->param[p].rank, .offset = s->total, .count = 1};
    for (int k = 0; k < place->rank; k++) {
      if (!poly_value(m->dims, m->param[p].extent[k], s->bound->dims, &place->extent[k]) || place->extent[k] < 0 ||
          place->extent[k] > INT32_MAX || place->count > (size_t)INT32_MAX)
        return tool_reject("the shape of parameter %s does not exist at these dimensions", place->name);
      place->count *= (size_t)place->extent[k];
    }
    place->hidden = is_under(s->arena, s->forward, PRIM_SLOPE, p)  ? "with d/dx"
                    : is_under(s->arena, s->forward, PRIM_STOP, p) ? "stop"
                                                                   : NULL;
    s->total += place->count;
    if (!constraint_at(m, &m->param[p], s->bound->dims, &place->constraint))
      return tool_reject("the constraint of parameter %s does not exist at these dimensions", place->name);
    place->free_offset = s->free;
    s->free += (size_t)place->constraint.free_count;
  }
  return STATUS_OK;
}

bool subject_has_loss(const Subject *s) {
  return graph_root(s->model->graph, ROOT_LOSS, 0) != NULL;
}

int subject_new(Arena *a, const Program *program, const Bound *bound, Subject *s) {
  *s = (Subject){.arena = a, .program = program, .model = program->model, .bound = bound};
  int status = STATUS_OK;
  if (subject_has_loss(s)) {
    status = pass_gradient(a, program, &s->gradient);
    if (!status) status = pass_derive(a, program, true, &s->derived);
    if (status) return status;
    s->derived = prune(a, s->derived, ROLE(ROOT_GRADIENT) | ROLE(ROOT_AUTHOR));
    s->author = prune(a, s->model->graph, ROLE(ROOT_AUTHOR));
  }
  s->forward = prune(a, s->model->graph, ROLE(subject_has_loss(s) ? ROOT_LOSS : ROOT_PREDICT));
  s->data = interp_data(s);
  status = place_params(s);
  if (!status) kinks_prepare(s);
  return status;
}

int subject_compile(Subject *s, const Jit *jit, uint64_t seed) {
  int status = instance_new(s->arena, s->program, jit, s->bound, seed, &s->instance);
  if (status) return status;
  const struct mdl_sizes *sizes = &s->instance.sizes;
  size_t work = sizes->forward_work;
  work = sizes->backward_work > work ? sizes->backward_work : work;
  work = sizes->value_and_grad_work > work ? sizes->value_and_grad_work : work;
  s->memory = instance_memory(s->arena, work);
  s->tape = instance_memory(s->arena, sizes->tape);
  s->vector = instance_memory(s->arena, sizes->params);
  s->grad = instance_memory(s->arena, sizes->params);
  s->compiled = true;
  return STATUS_OK;
}

// ---- reals of the model's type ----

static double get_real(const Subject *s, const void *vector, size_t k) {
  return s->program->emit.use_float ? (double)((const float *)vector)[k] : ((const double *)vector)[k];
}

const void *subject_set_params(Subject *s, const double *params) {
  for (size_t k = 0; k < s->total; k++) {
    if (s->program->emit.use_float)
      ((float *)s->vector)[k] = (float)params[k];
    else
      ((double *)s->vector)[k] = params[k];
  }
  return s->vector;
}

// ---- values ----

static int interpreted_start(Subject *s, uint64_t seed, double *params) {
  Arena *a = arena_new();
  const Graph *g = prune(a, s->model->graph, ROLE(ROOT_START));
  Array *values = values_of(a, g);
  InterpInput input = {.kind = NUMBER_REAL, .dims = s->bound->dims, .data = s->data, .random_seed = seed};
  InterpError error = {.node = NULL};
  int status = STATUS_OK;
  if (!interp_run(a, s->model, g, &input, values, &error)) status = tool_reject("the start values: %s", error.text);
  for (int p = 0; p < s->model->nparam && !status; p++) {
    const Root *r = graph_root(g, ROOT_START, p);
    for (size_t k = 0; r && k < s->param[p].count; k++)
      params[s->param[p].offset + k] = as_real(s, values[r->node->id].number[k].a);
  }
  arena_free(a);
  return status;
}

void subject_unconstrain(const Subject *s, const double *params, double *free) {
  for (int p = 0; p < s->model->nparam; p++)
    constraint_unconstrain(&s->param[p].constraint, params + s->param[p].offset, free + s->param[p].free_offset);
}

void subject_constrain(const Subject *s, const double *free, double *params) {
  for (int p = 0; p < s->model->nparam; p++)
    constraint_constrain(&s->param[p].constraint, free + s->param[p].free_offset, params + s->param[p].offset);
  for (size_t k = 0; k < s->total; k++) params[k] = as_real(s, params[k]);
}

static int check_constraints(Subject *s, const double *params) {
  double *free = arena_array(s->arena, double, s->free + 1);
  for (int p = 0; p < s->model->nparam; p++) {
    const ParamPlace *place = &s->param[p];
    int64_t at = constraint_unconstrain(&place->constraint, params + place->offset, free + place->free_offset);
    if (at >= 0)
      return instance_constraint_error(s->arena, s->model, s->bound, p, place->extent, at,
                                       params[place->offset + (size_t)at]);
  }
  return STATUS_OK;
}

int subject_start(Subject *s, uint64_t seed, double *params) {
  if (s->compiled) {
    for (size_t k = 0; k < s->total; k++) params[k] = get_real(s, s->instance.params, k);
    return STATUS_OK;
  }
  if (!s->bound->params) {
    int status = interpreted_start(s, seed, params);
    return status ? status : check_constraints(s, params);
  }
  for (int p = 0; p < s->model->nparam; p++)
    for (size_t k = 0; k < s->param[p].count; k++)
      params[s->param[p].offset + k] = as_real(s, s->bound->params[p].real[k]);
  return check_constraints(s, params);
}

double subject_loss(Subject *s, const double *params) {
  const struct mdl_model *m = s->instance.model;
  if (s->compiled)
    return m->forward(s->instance.dims, s->instance.data, subject_set_params(s, params), s->tape, s->memory);
  Arena *a = arena_new();
  Array *values = values_of(a, s->forward);
  bool ok = subject_run(s, a, s->forward, NUMBER_REAL, params, NULL, 0, values);
  double loss = ok ? values[graph_root(s->forward, ROOT_LOSS, 0)->node->id].number[0].a : NAN;
  arena_free(a);
  return loss;
}

bool subject_predicts_finite(Subject *s, const double *params) {
  Arena *a = arena_new();
  Array *values = values_of(a, s->forward);
  bool finite = subject_run(s, a, s->forward, NUMBER_REAL, params, NULL, 0, values);
  const Root *r;
  for (int k = 0; finite && (r = graph_root(s->forward, ROOT_PREDICT, k)); k++)
    for (size_t e = 0; finite && r->node->type == TYPE_REAL && e < values[r->node->id].count; e++)
      finite = isfinite(values[r->node->id].number[e].a);
  arena_free(a);
  return finite;
}

static bool interpreted_gradient(Subject *s, const double *params, double *gradient) {
  Arena *a = arena_new();
  Array *values = values_of(a, s->gradient);
  bool ok = subject_run(s, a, s->gradient, NUMBER_REAL, params, NULL, 0, values);
  for (int p = 0; p < s->model->nparam && ok; p++) {
    const Node *n = graph_root(s->gradient, ROOT_GRADIENT, p)->node;
    for (size_t k = 0; k < s->param[p].count; k++) gradient[s->param[p].offset + k] = values[n->id].number[k].a;
  }
  arena_free(a);
  return ok;
}

bool subject_gradients(Subject *s, const double *params, double *const *gradient, int *count) {
  const Instance *i = &s->instance;
  *count = s->compiled ? GRADIENTS : 1;
  if (!s->compiled) return interpreted_gradient(s, params, gradient[0]);
  i->model->value_and_grad(i->dims, i->data, subject_set_params(s, params), s->memory, s->grad);
  for (size_t k = 0; k < s->total; k++) gradient[0][k] = get_real(s, s->grad, k);
  if (i->sizes.params > 0) memset(s->grad, 0, i->sizes.params);
  i->model->forward(i->dims, i->data, s->vector, s->tape, s->memory);
  i->model->backward(i->dims, i->data, s->vector, s->tape, s->memory, 1, s->grad);
  for (size_t k = 0; k < s->total; k++) gradient[1][k] = get_real(s, s->grad, k);
  return true;
}
