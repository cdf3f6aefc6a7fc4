// functions.c - see functions.h.
#include "emit/functions.h"

#include <string.h>

#include "derive/derive.h"
#include "schedule/expand.h"
#include "simplify/simplify.h"

const char *const function_names[FUNCTION_COUNT] = {"forward", "backward", "value_and_grad",
                                                    "predict", "metrics",  "init"};

static const unsigned function_roles[FUNCTION_COUNT] = {1u << ROOT_LOSS | 1u << ROOT_GRADIENT,
                                                        1u << ROOT_LOSS | 1u << ROOT_GRADIENT,
                                                        1u << ROOT_LOSS | 1u << ROOT_GRADIENT,
                                                        1u << ROOT_PREDICT,
                                                        1u << ROOT_METRIC,
                                                        1u << ROOT_START};

static Graph *reduced(const Unit *u, const Graph *g, unsigned roles) {
  Graph *small = u->options->no_simplify ? prune(u->arena, g, roles) : simplify(u->arena, g, roles);
  return expand_reductions(u->arena, small);
}

static const Node *loss_of(const Graph *g) {
  const Root *r = graph_root(g, ROOT_LOSS, 0);
  return r ? r->node : NULL;
}

// The function's outputs in the order of the contract.
static Task make_task(const Plan *p, FunctionKind kind) {
  const Unit *u = p->unit;
  const Graph *g = p->function[kind].graph;
  Sink *sinks = arena_array(u->arena, Sink, g->count + g->nroots);
  Task task = {.graph = g, .sinks = sinks, .no_fuse = u->options->no_fuse, .no_contract = u->options->no_contract};
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    bool gradient = r->role == ROOT_GRADIENT, backward = kind == FUNCTION_BACKWARD;
    if (gradient ? (backward || kind == FUNCTION_VALUE_AND_GRAD) : r->role != ROOT_LOSS)
      sinks[task.nsinks++] = (Sink){.node = r->node, .accumulate = backward, .output = r->which};
  }
  if (kind == FUNCTION_FORWARD || kind == FUNCTION_VALUE_AND_GRAD) task.result = loss_of(g);
  for (size_t k = 0; k < g->count; k++)
    if (kind == FUNCTION_FORWARD && p->tape.stored[k])
      sinks[task.nsinks++] = (Sink){.node = g->nodes[k], .tape = true, .output = (int)k};
  if (kind == FUNCTION_BACKWARD) task.given = p->tape.stored;
  return task;
}

static bool has_role(const Graph *g, RootRole role) {
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == role) return true;
  return false;
}

Plan plan_functions(Unit *u) {
  Plan p = {.unit = u};
  const Model *m = u->model;
  Arena *a = u->arena;
  bool loss = has_role(m->graph, ROOT_LOSS);
  p.param_offset = arena_array(a, const Poly *, (size_t)m->nparam + 1);
  p.param_offset[0] = poly_int(m->dims, 0);
  for (int k = 0; k < m->nparam; k++) {
    const Poly *size = poly_int(m->dims, 1);
    for (int q = 0; q < m->param[k].rank; q++) size = poly_mul(m->dims, size, m->param[k].extent[q]);
    p.param_offset[k + 1] = poly_add(m->dims, p.param_offset[k], size);
  }
  const Graph *graph[FUNCTION_COUNT] = {NULL};
  if (loss) {
    graph[FUNCTION_FORWARD] = graph[FUNCTION_BACKWARD] =
        reduced(u, derive_gradient(a, m->graph, false, NULL), function_roles[FUNCTION_BACKWARD]);
    graph[FUNCTION_VALUE_AND_GRAD] =
        reduced(u, derive_gradient(a, m->graph, true, NULL), function_roles[FUNCTION_VALUE_AND_GRAD]);
    p.tape = tape_plan(a, graph[FUNCTION_FORWARD]);
  }
  static const RootRole plain[FUNCTION_COUNT] = {
      [FUNCTION_PREDICT] = ROOT_PREDICT, [FUNCTION_METRICS] = ROOT_METRIC, [FUNCTION_INIT] = ROOT_START};
  for (int k = FUNCTION_PREDICT; k < FUNCTION_COUNT; k++)
    if (k == FUNCTION_INIT || has_role(m->graph, plain[k])) graph[k] = reduced(u, m->graph, function_roles[k]);
  for (int k = 0; k < FUNCTION_COUNT; k++) {
    if (!graph[k]) continue;
    p.function[k].present = true;
    p.function[k].graph = graph[k];
    Task task = make_task(&p, (FunctionKind)k);
    p.function[k].s = schedule_task(a, &task);
  }
  return p;
}

int plan_outputs(const Plan *p, RootRole role, const Root **roots) {
  const Graph *g = p->unit->model->graph;
  int count = 0;
  for (size_t k = 0; k < g->nroots; k++)
    if (g->roots[k].role == role) {
      if (roots) roots[count] = &g->roots[k];
      count++;
    }
  return count;
}

const char *param_at(Arena *a, const Plan *p, int which) {
  const Model *m = p->unit->model;
  int64_t offset;
  if (!poly_is_fixed(m->dims, p->param_offset[which]) || !poly_value(m->dims, p->param_offset[which], NULL, &offset) ||
      offset > INT32_MAX)
    return NULL;
  return which == m->nparam ? arena_printf(a, "%s_nparams", m->name)
                            : arena_printf(a, "%s_at_%s", m->name, m->param[which].name);
}

static RootRole output_role(FunctionKind kind) {
  return kind == FUNCTION_PREDICT ? ROOT_PREDICT : ROOT_METRIC;
}

static const char *output_argument(Arena *a, const Root *output) {
  return arena_printf(a, "out_%s", output->name);
}

static void put_outputs(Text *t, const Plan *p, FunctionKind kind) {
  Arena *a = p->unit->arena;
  const Root **roots = arena_array(a, const Root *, p->unit->model->graph->nroots);
  int count = plan_outputs(p, output_role(kind), roots);
  for (int k = 0; k < count; k++)
    text_printf(t, ", %s *%s", roots[k]->node->type == TYPE_REAL ? p->unit->real : "int32_t",
                output_argument(a, roots[k]));
}

void function_signature(Text *t, const Plan *p, FunctionKind kind) {
  const char *m = p->unit->model->name, *real = p->unit->real;
  bool value = kind == FUNCTION_FORWARD || kind == FUNCTION_VALUE_AND_GRAD;
  text_printf(t, "%s %s_%s(const %s_dims *dims, ", value ? "double" : "void", m, function_names[kind], m);
  int indent = (int)(strlen(m) + strlen(function_names[kind]) + (value ? 9 : 7));
  if (kind == FUNCTION_INIT) {
    text_printf(t, "uint64_t seed, %s *params)", real);
    return;
  }
  text_printf(t, "const %s_data *data,\n", m);
  text_repeat(t, ' ', indent);
  text_printf(t, "const %s *params, ", real);
  switch (kind) {
  case FUNCTION_FORWARD: text_put(t, "void *tape, void *work)"); break;
  case FUNCTION_BACKWARD: text_printf(t, "const void *tape, void *work, double seed, %s *grad)", real); break;
  case FUNCTION_VALUE_AND_GRAD: text_printf(t, "void *work, %s *grad)", real); break;
  default:
    text_put(t, "void *work");
    put_outputs(t, p, kind);
    text_char(t, ')');
  }
}

// ---- the definition ----

typedef struct Preamble {
  Text t;
  Function *f;
  const Plan *plan;
  FunctionKind kind;
} Preamble;

static const char *local_dim(void *context, int dim) {
  Function *f = context;
  f->dim_used[dim] = true;
  return f->dim_name[dim];
}

static void put_shape(Text *t, const Model *m, const Poly *const *extent, int rank) {
  text_put(t, " /* [");
  for (int k = 0; k < rank; k++) {
    if (k) text_put(t, ", ");
    poly_print(t, m->dims, extent[k]);
  }
  text_put(t, "] */");
}

// The extents that are left of a stored array.
static int kept_extents(const Place *p, const Node *n, const Poly **extent) {
  int rank = 0;
  for (int k = 0; k < n->nout; k++)
    if (!p->kept || p->kept[k]) extent[rank++] = n->index[k].extent;
  return rank;
}

// "base", or "base + offset"; a parameter's offset by its enumerator.
static void put_offset(Preamble *r, const Poly *offset, int which) {
  int64_t zero;
  if (poly_is_int(offset, &zero) && zero == 0) return;
  const char *at = which >= 0 ? param_at(r->f->s->arena, r->plan, which) : NULL;
  text_put(&r->t, " + ");
  if (at)
    text_put(&r->t, at);
  else
    put_poly(&r->t, r->plan->unit->model->dims, offset, PREC_ADD, local_dim, r->f);
}

static void put_input(Preamble *r, const Node *n) {
  Function *f = r->f;
  const Model *m = r->plan->unit->model;
  const char *name = f->node_name[n->id], *real = r->plan->unit->real;
  if (n->kind == NODE_SEED) {
    if (r->plan->unit->options->use_float) text_printf(&r->t, "  const float %s = (float)seed;\n", name);
    return;
  }
  bool data = n->kind == NODE_DATA;
  const char *type = n->type == TYPE_REAL ? real : "int32_t";
  if (data) {
    const char *member = names_member(f->s->arena, m->data[n->which].name);
    if (n->nout == 0)
      text_printf(&r->t, "  const %s %s = *data->%s;", type, name, member);
    else
      text_printf(&r->t, "  const %s *const %s = data->%s;", type, name, member);
  } else if (n->nout == 0) {
    text_printf(&r->t, "  const %s %s = params[", type, name);
    const char *at = param_at(f->s->arena, r->plan, n->which);
    if (at)
      text_put(&r->t, at);
    else
      put_poly(&r->t, m->dims, r->plan->param_offset[n->which], PREC_NONE, local_dim, f);
    text_put(&r->t, "];");
  } else {
    text_printf(&r->t, "  const %s *const %s = params", type, name);
    put_offset(r, r->plan->param_offset[n->which], n->which);
    text_char(&r->t, ';');
  }
  if (n->nout) put_shape(&r->t, m, data ? m->data[n->which].extent : m->param[n->which].extent, n->nout);
  text_char(&r->t, '\n');
}

// A typed pointer into untyped memory: integers first, then reals.
static void put_memory(Preamble *r, const char *name, const char *base, bool constant, const Node *n,
                       const Poly *integers, const Poly *offset) {
  const char *real = r->plan->unit->real, *c = constant ? "const " : "";
  int64_t zero;
  bool plain = n->type != TYPE_REAL || (poly_is_int(integers, &zero) && zero == 0);
  if (n->type != TYPE_REAL)
    text_printf(&r->t, "  %sint64_t *const %s = (%sint64_t *)%s", c, name, c, base);
  else if (plain)
    text_printf(&r->t, "  %s%s *const %s = (%s%s *)%s", c, real, name, c, real, base);
  else {
    text_printf(&r->t, "  %s%s *const %s = (%s%s *)((%sint64_t *)%s", c, real, name, c, real, c, base);
    put_offset(r, integers, -1);
    text_char(&r->t, ')');
  }
  put_offset(r, offset, -1);
  text_char(&r->t, ';');
}

static void put_pointers(Preamble *r) {
  Function *f = r->f;
  const Schedule *s = f->s;
  const Graph *g = s->task.graph;
  const Model *m = r->plan->unit->model;
  const Poly *extent[64];
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    const Place *p = &s->place[k];
    if (!f->node_used[k]) continue;
    switch (p->stored) {
    case STORED_INPUT: put_input(r, n); continue;
    case STORED_SINK: f->sink_used[p->sink] = true; continue;
    case STORED_GIVEN:
      put_memory(r, f->node_name[k], "tape", true, n, r->plan->tape.integers, r->plan->tape.offset[k]);
      break;
    case STORED_WORK: put_memory(r, f->node_name[k], "work", false, n, s->work_integers, p->offset); break;
    default: continue;
    }
    put_shape(&r->t, m, extent, kept_extents(p, n, extent));
    text_char(&r->t, '\n');
  }
  for (size_t k = 0; k < s->task.nsinks; k++) {
    const Sink *sink = &s->task.sinks[k];
    const Node *n = sink->node;
    if (!f->sink_used[k] || (n->nout == 0 && !sink->tape)) continue;
    if (sink->tape) {
      put_memory(r, f->sink[k].pointer, "tape", false, n, r->plan->tape.integers, r->plan->tape.offset[n->id]);
    } else if (r->kind == FUNCTION_PREDICT || r->kind == FUNCTION_METRICS) {
      continue;
    } else {
      text_printf(&r->t, "  %s *const %s = %s", r->plan->unit->real, f->sink[k].pointer,
                  r->kind == FUNCTION_INIT ? "params" : "grad");
      put_offset(r, r->plan->param_offset[sink->output], sink->output);
      text_char(&r->t, ';');
    }
    for (int q = 0; q < n->nout; q++) extent[q] = n->index[q].extent;
    if (n->nout) put_shape(&r->t, m, extent, n->nout);
    text_char(&r->t, '\n');
  }
}

static void put_dims(Preamble *r, Text *t) {
  const Dims *dims = r->plan->unit->model->dims;
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < dims_count(dims); k++) {
      const Dim *d = dims_get(dims, k);
      bool fixed = d->kind == DIM_FIXED;
      if (!d->name || !r->f->dim_used[k] || fixed != (pass == 0)) continue;
      if (fixed && (d->value > INT32_MAX || d->value < -INT32_MAX))
        text_printf(t, "  const int64_t %s = %lld;\n", r->f->dim_name[k], (long long)d->value);
      else if (fixed)
        text_printf(t, "  enum { %s = %s_dim_%s };\n", r->f->dim_name[k], r->plan->unit->model->name, d->name);
      else
        text_printf(t, "  const int64_t %s = dims->%s;\n", r->f->dim_name[k], names_member(r->f->s->arena, d->name));
    }
}

// Names for everything, the model's own first.
static void name_all(Function *f, const Plan *p, FunctionKind kind) {
  const Model *m = p->unit->model;
  const Schedule *s = f->s;
  const Graph *g = s->task.graph;
  Arena *a = s->arena;
  names_init(&f->names, a, m->name);
  const Root **outputs = arena_array(a, const Root *, m->graph->nroots);
  int noutputs = kind == FUNCTION_PREDICT || kind == FUNCTION_METRICS ? plan_outputs(p, output_role(kind), outputs) : 0;
  for (int k = 0; k < noutputs; k++) names_reserve(&f->names, output_argument(a, outputs[k]));
  int ndims = dims_count(m->dims);
  f->dim_name = arena_array(a, const char *, (size_t)ndims);
  f->dim_used = arena_array(a, bool, (size_t)ndims);
  for (int k = 0; k < ndims; k++)
    if (dims_get(m->dims, k)->name) f->dim_name[k] = names_take(&f->names, dims_get(m->dims, k)->name);
  f->node_name = arena_array(a, const char *, g->count);
  f->node_used = arena_array(a, bool, g->count);
  f->sink_used = arena_array(a, bool, s->task.nsinks);
  SinkPlace *places = arena_array(a, SinkPlace, s->task.nsinks);
  f->sink = places;
  for (size_t k = 0; k < s->task.nsinks; k++) {
    const Sink *sink = &s->task.sinks[k];
    const char *memory = kind == FUNCTION_INIT ? "params" : "grad";
    if (sink->tape) {
      places[k].pointer = names_take(&f->names, arena_printf(a, "saved_%s", sink->node->name));
      places[k].lvalue = arena_printf(a, "%s[0]", places[k].pointer);
    } else if (kind == FUNCTION_PREDICT || kind == FUNCTION_METRICS) {
      places[k].pointer = output_argument(a, outputs[sink->output]);
      places[k].lvalue = arena_printf(a, "*%s", places[k].pointer);
    } else {
      const char *param = m->param[sink->output].name, *at = param_at(a, p, sink->output);
      places[k].pointer = names_take(&f->names, arena_printf(a, kind == FUNCTION_INIT ? "start_%s" : "grad_%s", param));
      if (at) {
        places[k].lvalue = arena_printf(a, "%s[%s]", memory, at);
      } else {
        Text t;
        text_init(&t);
        put_poly(&t, m->dims, p->param_offset[sink->output], PREC_NONE, local_dim, f);
        places[k].lvalue = arena_printf(a, "%s[%s]", memory, t.s);
        text_free(&t);
      }
    }
  }
  for (int pass = 0; pass < 2; pass++)
    for (size_t k = 0; k < g->count; k++) {
      const Node *n = g->nodes[k];
      const Place *place = &s->place[k];
      if (!place->needed || (place->stored == STORED_INPUT) != (pass == 0)) continue;
      if (n->kind == NODE_SEED)
        f->node_name[k] = p->unit->options->use_float ? names_take(&f->names, "seed") : "seed";
      else if (place->stored == STORED_SINK)
        f->node_name[k] = places[place->sink].pointer;
      else
        f->node_name[k] = names_take(&f->names, n->name);
    }
}

// Arguments that this function has no use for are said to be so.
static void put_unused(Text *t, const Preamble *r) {
  const Function *f = r->f;
  const Schedule *s = f->s;
  const Dims *dims = r->plan->unit->model->dims;
  bool is_init = r->kind == FUNCTION_INIT;
  struct {
    const char *name;
    bool used;
  } arguments[] = {{"dims", false},
                   {"data", is_init},
                   {"params", false},
                   {"tape", r->kind > FUNCTION_BACKWARD},
                   {"work", is_init},
                   {"seed", r->kind != FUNCTION_BACKWARD && !is_init},
                   {"grad", r->kind != FUNCTION_BACKWARD && r->kind != FUNCTION_VALUE_AND_GRAD}};
  enum { DIMS, DATA, PARAMS, TAPE, WORK, SEED, GRAD, ARGUMENTS };
  for (int k = 0; k < dims_count(dims); k++)
    arguments[DIMS].used |= f->dim_used[k] && dims_get(dims, k)->kind != DIM_FIXED;
  for (size_t k = 0; k < s->task.graph->count; k++) {
    if (!f->node_used[k]) continue;
    NodeKind kind = s->task.graph->nodes[k]->kind;
    arguments[DATA].used |= kind == NODE_DATA;
    arguments[PARAMS].used |= kind == NODE_PARAM;
    arguments[SEED].used |= kind == NODE_SEED;
    arguments[TAPE].used |= s->place[k].stored == STORED_GIVEN;
    arguments[WORK].used |= s->place[k].stored == STORED_WORK;
  }
  for (size_t k = 0; k < s->task.nsinks; k++)
    arguments[s->task.sinks[k].tape ? TAPE : is_init ? PARAMS : GRAD].used |= f->sink_used[k];
  if (is_init) arguments[SEED].used |= f->unit->helper[HELPER_RANDOM];
  for (int k = 0; k < ARGUMENTS; k++)
    if (!arguments[k].used) text_printf(t, "  (void)%s;\n", arguments[k].name);
}

FunctionCost function_print(Text *t, const Plan *p, FunctionKind kind) {
  const Model *m = p->unit->model;
  Function f = {.unit = p->unit, .s = p->function[kind].s, .indent = 1};
  Arena *a = f.s->arena;
  text_init(&f.body);
  f.flops = poly_int(m->dims, 0);
  f.trips = poly_int(m->dims, 1);
  name_all(&f, p, kind);
  f.loop_name = arena_array(a, const char *, f.s->nloops + 64);
  function_body(&f);
  const Node *result = f.s->task.result;
  if (result) {
    text_put(&f.body, "  return ");
    if (p->unit->options->use_float) text_put(&f.body, "(double)");
    const Expr *none = NULL;
    put_entry(&f, &f.body, result, &none);
    text_put(&f.body, ";\n");
  }
  Preamble r = {.f = &f, .plan = p, .kind = kind};
  text_init(&r.t);
  put_pointers(&r);
  Text dims;
  text_init(&dims);
  put_dims(&r, &dims);
  text_put(&dims, r.t.s);
  text_clear(&r.t);
  text_put(&r.t, dims.s);

  function_signature(t, p, kind);
  text_put(t, " {\n");
  put_unused(t, &r);
  text_put(t, r.t.s);
  if (r.t.length && f.body.s[0] != '\n' && f.body.length) text_char(t, '\n');
  put_wrapped(t, f.body.s);
  text_put(t, "}\n");
  text_free(&dims);
  text_free(&r.t);
  text_free(&f.body);
  return (FunctionCost){.flops = f.flops, .bound = f.bound};
}
