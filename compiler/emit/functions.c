// functions.c - one function of the contract as C.
#include <string.h>

#include "emit/dispatch.h"
#include "emit/contract.h"

static const char *element(const Plan *p, const Node *n) {
  return n->type == TYPE_REAL ? p->unit->real : "int64_t";
}

static void put_argument(Text *t, const Plan *p, const Scheduled *f, Argument argument, int indent) {
  const char *m = p->unit->model->name;
  const ArgumentRow *row = &argument_table[argument];
  if (argument == ARGUMENT_DATA) {
    text_printf(t, "const %s_data *data,\n", m);
    text_repeat(t, ' ', indent);
  } else if (argument == ARGUMENT_PARAMS) {
    text_printf(t, "const %s *params, ", p->unit->real);
  } else if (argument == ARGUMENT_OUTPUTS) {
    for (int k = 0; k < f->noutput; k++)
      if (!f->output[k].label) text_printf(t, "%s *%s, ", element(p, f->output[k].node), f->output[k].argument);
  } else {
    template_print(t, row->type, p->unit->options->use_float);
    text_printf(t, "%s, ", row->name ? row->name : f->row->result);
  }
}

void function_signature(Text *t, const Plan *p, const Scheduled *f) {
  const char *m = p->unit->model->name, *result = f->row->returns_loss ? "double" : "void";
  Text list;
  text_init(&list);
  for (int k = 0; k < ARGUMENTS_MAX && f->row->argument[k]; k++)
    put_argument(&list, p, f, f->row->argument[k], (int)(strlen(result) + strlen(m) + strlen(f->name) + 3));
  text_printf(t, "%s %s_%s(const %s_dims *dims, ", result, m, f->name, m);
  text_putn(t, list.s, list.length - 2);
  text_char(t, ')');
  text_free(&list);
}

// ---- the definition ----

typedef struct Preamble {
  Text t;
  Function *f;
  const Plan *plan;
  const Scheduled *function;
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

// A part of a vector from `offset` on: a parameter's place, or (which: -1) another one.
static void put_part(Preamble *r, const Node *n, const char *vector, const Poly *offset, int which) {
  Function *f = r->f;
  const char *name = f->node_name[n->id], *real = r->plan->unit->real;
  if (n->nout > 0) {
    text_printf(&r->t, "  const %s *const %s = %s", real, name, vector);
    put_offset(r, offset, which);
    text_char(&r->t, ';');
    return;
  }
  text_printf(&r->t, "  const %s %s = %s[", real, name, vector);
  const char *at = which >= 0 ? param_at(f->s->arena, r->plan, which) : NULL;
  if (at)
    text_put(&r->t, at);
  else
    put_poly(&r->t, r->plan->unit->model->dims, offset, PREC_NONE, local_dim, f);
  text_put(&r->t, "];");
}

static bool takes(const Scheduled *f, Argument argument) {
  for (int k = 0; k < ARGUMENTS_MAX; k++)
    if (f->row->argument[k] == argument) return true;
  return false;
}

static void put_seed(Preamble *r, const Node *n) {
  const char *name = r->f->node_name[n->id], *real = r->plan->unit->real;
  const Poly *extent[INDEX_MAX];
  if (n->which == 0) {
    if (r->plan->unit->options->use_float) text_printf(&r->t, "  const float %s = (float)seed;\n", name);
    return;
  }
  if (takes(r->function, ARGUMENT_DIRECTION))
    put_part(r, n, argument_table[ARGUMENT_DIRECTION].name, r->function->offset[n->which - 1],
             by_parameters(r->plan, r->function) ? n->which - 1 : -1);
  else if (n->nout == 0)
    text_printf(&r->t, "  const %s %s = *%s;", real, name, argument_table[ARGUMENT_COTANGENT].name);
  else
    text_printf(&r->t, "  const %s *const %s = %s;", real, name, argument_table[ARGUMENT_COTANGENT].name);
  for (int k = 0; k < n->nout; k++) extent[k] = n->index[k].extent;
  if (n->nout) put_shape(&r->t, r->plan->unit->model, extent, n->nout);
  text_char(&r->t, '\n');
}

static void put_input(Preamble *r, const Node *n) {
  Function *f = r->f;
  const Model *m = r->plan->unit->model;
  const char *name = f->node_name[n->id], *real = r->plan->unit->real;
  if (n->kind == NODE_SEED) {
    put_seed(r, n);
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
  } else {
    put_part(r, n, "params", r->plan->param_offset[n->which], n->which);
  }
  if (n->nout) put_shape(&r->t, m, data ? m->data[n->which].extent : m->param[n->which].extent, n->nout);
  text_char(&r->t, '\n');
}

// From there on each thread has memory of its own, so many entries.
static void put_own(Preamble *r, const Poly *size) {
  if (!size) return;
  text_put(&r->t, " + mdl_thread.number * ");
  put_poly(&r->t, r->plan->unit->model->dims, size, PREC_MUL + 1, local_dim, r->f);
}

// A typed pointer into untyped memory: integers first, then reals.
static void put_memory(Preamble *r, const char *name, const char *base, bool constant, const Node *n,
                       const Poly *integers, const Poly *offset, const Poly *own) {
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
  put_own(r, own);
  text_char(&r->t, ';');
}

static void put_pointers(Preamble *r) {
  Function *f = r->f;
  const Schedule *s = f->s;
  const Graph *g = s->task.graph;
  const Model *m = r->plan->unit->model;
  const Poly *extent[INDEX_MAX];
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    const Place *p = &s->place[k];
    if (!f->node_used[k]) continue;
    switch (p->stored) {
    case STORED_INPUT: put_input(r, n); continue;
    case STORED_SINK: f->sink_used[p->sink] = true; continue;
    case STORED_GIVEN:
      put_memory(r, f->node_name[k], "tape", true, n, r->plan->tape.integers, r->plan->tape.offset[k], NULL);
      break;
    case STORED_WORK:
      put_memory(r, f->node_name[k], "work", false, n, s->work_integers, p->offset,
                 !p->own ? NULL : n->type == TYPE_REAL ? s->own_reals : s->own_integers);
      break;
    default: continue;
    }
    put_shape(&r->t, m, extent, kept_extents(p, n, extent));
    if (p->blocked) text_put(&r->t, " /* tile by tile */");
    text_char(&r->t, '\n');
  }
  for (size_t k = 0; k < s->task.nsinks; k++) {
    const Sink *sink = &s->task.sinks[k];
    const Node *n = sink->node;
    if (!f->sink_used[k] || (n->nout == 0 && !sink->tape)) continue;
    if (sink->tape) {
      put_memory(r, f->sink[k].pointer, "tape", false, n, r->plan->tape.integers, r->plan->tape.offset[n->id], NULL);
    } else {
      const Output *out = &r->function->output[sink->output];
      if (!out->label) continue;
      text_printf(&r->t, "  %s *const %s = %s", element(r->plan, n), f->sink[k].pointer, out->argument);
      put_offset(r, out->offset, out->at);
      text_char(&r->t, ';');
    }
    for (int q = 0; q < n->nout; q++) extent[q] = n->index[q].extent;
    if (n->nout) put_shape(&r->t, m, extent, n->nout);
    text_char(&r->t, '\n');
  }
}

// A pointer to reals of work memory at this offset among them, up to what it is for.
static void put_area(Preamble *r, const char *name, const Poly *offset, bool own) {
  Function *f = r->f;
  const char *real = r->plan->unit->real;
  int64_t zero;
  text_printf(&r->t, "  %s *const %s = ", real, name);
  const bool plain = poly_is_int(f->s->work_integers, &zero) && zero == 0;
  text_printf(&r->t, plain ? "(%s *)work" : "(%s *)((int64_t *)work", real);
  if (!plain) {
    put_offset(r, f->s->work_integers, -1);
    text_char(&r->t, ')');
  }
  put_offset(r, offset, -1);
  put_own(r, own ? f->s->own_reals : NULL);
}

static void put_panels(Preamble *r) {
  if (!r->f->panels) return;
  put_area(r, r->f->panels, r->f->s->panels, r->f->s->team);
  text_put(&r->t, "; /* what contractions pack */\n");
}

static void put_rows(Preamble *r) {
  const Graph *g = r->f->s->task.graph;
  for (size_t k = 0; k < g->count; k++) {
    if (!r->f->rows_name[k]) continue;
    put_area(r, r->f->rows_name[k], r->f->s->place[k].rows, r->f->s->team);
    text_printf(&r->t, "; /* %s, %d samples side by side */\n", g->nodes[k]->name, SAMPLE_TILE);
  }
}

static void put_records(Preamble *r) {
  const Schedule *s = r->f->s;
  for (size_t k = 0; k < s->nloops; k++) {
    if (!r->f->kept_name[k]) continue;
    const bool waves = s->loops[k]->team == TEAM_WAVES;
    put_area(r, r->f->kept_name[k], s->loops[k]->kept, s->team && !waves);
    if (waves)
      text_printf(&r->t, "; /* what %d tiles keep, one behind the other */\n", s->loops[k]->wave);
    else
      text_put(&r->t, "; /* what a tile adds up */\n");
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

// "grad[thermometer_at_w]", "*out_loss": a scalar output.
static const char *scalar_place(Function *f, const Plan *p, const Output *out) {
  Arena *a = f->s->arena;
  if (!out->label) return arena_printf(a, "*%s", out->argument);
  const char *at = out->at >= 0 ? param_at(a, p, out->at) : NULL;
  if (at) return arena_printf(a, "%s[%s]", out->argument, at);
  Text t;
  text_init(&t);
  put_poly(&t, p->unit->model->dims, out->offset, PREC_NONE, local_dim, f);
  const char *place = arena_printf(a, "%s[%s]", out->argument, t.s);
  text_free(&t);
  return place;
}

static void name_arguments(Function *f, const Scheduled *function) {
  for (int k = 0; k < ARGUMENTS_MAX; k++) {
    const int argument = (int)function->row->argument[k];
    if (argument > ARGUMENT_PARAMS && argument < ARGUMENT_RESULT)
      names_reserve(&f->names, argument_table[argument].name);
  }
  for (int k = 0; k < function->noutput; k++) names_reserve(&f->names, function->output[k].argument);
}

// Names for everything, the model's own first.
static void name_all(Function *f, const Plan *p, const Scheduled *function) {
  const Model *m = p->unit->model;
  const Schedule *s = f->s;
  const Graph *g = s->task.graph;
  Arena *a = s->arena;
  names_init(&f->names, a, m->name);
  name_arguments(f, function);
  int ndims = dims_count(m->dims);
  f->dim_name = arena_array(a, const char *, (size_t)ndims);
  f->dim_used = arena_array(a, bool, (size_t)ndims);
  for (int k = 0; k < ndims; k++)
    if (dims_get(m->dims, k)->name) f->dim_name[k] = names_take(&f->names, dims_get(m->dims, k)->name);
  f->node_name = arena_array(a, const char *, g->count);
  f->node_used = arena_array(a, bool, g->count);
  f->rows_name = arena_array(a, const char *, g->count);
  f->put_name = arena_array(a, const char *, g->count);
  f->best_name = arena_array(a, const char *, g->count);
  f->blocked_name = arena_array(a, const char *, g->count);
  f->sink_used = arena_array(a, bool, s->task.nsinks);
  f->kept_name = arena_array(a, const char *, s->nloops + 1);
  for (size_t k = 0; k < s->nloops; k++)
    if (s->loops[k]->kept) f->kept_name[k] = names_take(&f->names, arena_printf(a, "%s_kept", s->loops[k]->name));
  if (s->panels) f->panels = names_take(&f->names, "panels");
  SinkPlace *places = arena_array(a, SinkPlace, s->task.nsinks);
  f->sink = places;
  for (size_t k = 0; k < s->task.nsinks; k++) {
    const Sink *sink = &s->task.sinks[k];
    if (sink->tape) {
      places[k].pointer = names_take(&f->names, arena_printf(a, "saved_%s", sink->node->name));
      places[k].lvalue = arena_printf(a, "%s[0]", places[k].pointer);
      continue;
    }
    const Output *out = &function->output[sink->output];
    places[k] = (SinkPlace){.nrow = out->nrow, .stride = out->stride};
    places[k].pointer = out->label ? names_take(&f->names, out->label) : out->argument;
    if (out->node->nout == 0) places[k].lvalue = scalar_place(f, p, out);
  }
  for (size_t k = 0; k < s->nloops; k++)
    for (size_t j = 0; j < s->loops[k]->nput; j++) {
      const Node *n = s->loops[k]->put[j];
      f->put_name[n->id] = places[s->place[n->id].sink].pointer;
    }
  for (int pass = 0; pass < 2; pass++)
    for (size_t k = 0; k < g->count; k++) {
      const Node *n = g->nodes[k];
      const Place *place = &s->place[k];
      if (!place->needed || (place->stored == STORED_INPUT) != (pass == 0)) continue;
      if (n->kind == NODE_SEED && n->which == 0)
        f->node_name[k] = p->unit->options->use_float ? names_take(&f->names, "seed") : "seed";
      else if (place->stored == STORED_SINK)
        f->node_name[k] = places[place->sink].pointer;
      else
        f->node_name[k] = names_take(&f->names, n->name);
      if (n->reduce == REDUCE_ARGMAX) f->best_name[k] = names_take(&f->names, arena_printf(a, "%s_value", f->node_name[k]));
      if (place->rows) f->rows_name[k] = names_take(&f->names, arena_printf(a, "%s_rows", n->name));
    }
}

// Arguments that this function has no use for are said to be so.
static void put_unused(Text *t, const Preamble *r) {
  const Function *f = r->f;
  const Schedule *s = f->s;
  const Dims *dims = r->plan->unit->model->dims;
  bool used[ARGUMENT_OUTPUTS + 1] = {false}, dims_used = false;
  for (int k = 0; k < dims_count(dims); k++)
    dims_used = dims_used || (f->dim_used[k] && dims_get(dims, k)->kind != DIM_FIXED);
  for (size_t k = 0; k < s->task.graph->count; k++) {
    const Node *n = s->task.graph->nodes[k];
    if (!f->node_used[k]) continue;
    if (n->kind == NODE_DATA) used[ARGUMENT_DATA] = true;
    if (n->kind == NODE_PARAM) used[ARGUMENT_PARAMS] = true;
    if (n->kind == NODE_SEED)
      used[n->which == 0                            ? ARGUMENT_SEED
           : takes(r->function, ARGUMENT_DIRECTION) ? ARGUMENT_DIRECTION
                                                    : ARGUMENT_COTANGENT] = true;
    if (s->place[k].stored == STORED_GIVEN) used[ARGUMENT_SAVED] = true;
    if (s->place[k].stored == STORED_WORK) used[ARGUMENT_WORK] = true;
  }
  for (size_t k = 0; k < s->task.nsinks; k++) {
    const Sink *sink = &s->task.sinks[k];
    if (f->sink_used[k] && sink->tape) used[ARGUMENT_TAPE] = true;
    if (f->sink_used[k] && !sink->tape && r->function->output[sink->output].label)
      used[ARGUMENT_RESULT] = used[ARGUMENT_COLUMN] = true;
    if (!sink->tape && !r->function->output[sink->output].label && takes(r->function, ARGUMENT_RESULT))
      used[ARGUMENT_RESULT] = used[ARGUMENT_RESULT] || !takes(r->function, ARGUMENT_OUTPUTS);
  }
  for (size_t k = 0; k < s->task.graph->count; k++) used[ARGUMENT_WORK] = used[ARGUMENT_WORK] || f->rows_name[k];
  for (size_t k = 0; k < s->nloops; k++) used[ARGUMENT_WORK] = used[ARGUMENT_WORK] || f->kept_name[k];
  used[ARGUMENT_WORK] = used[ARGUMENT_WORK] || f->panels;
  used[ARGUMENT_ROW_START] = true; // it has always one entry
  used[ARGUMENT_RANDOM] = f->unit->helper[HELPER_RANDOM];
  if (!dims_used) text_put(t, "  (void)dims;\n");
  for (int k = 0; k < ARGUMENTS_MAX && r->function->row->argument[k]; k++) {
    const Argument argument = r->function->row->argument[k];
    static const char *const inputs[] = {[ARGUMENT_DATA] = "data", [ARGUMENT_PARAMS] = "params"};
    if (argument == ARGUMENT_OUTPUTS || used[argument]) continue;
    const char *name = argument <= ARGUMENT_PARAMS ? inputs[argument] : argument_table[argument].name;
    text_printf(t, "  (void)%s;\n", name ? name : r->function->row->result);
  }
}

// Where the work is worth it, by several threads.
static void put_fork(Text *t, const Plan *p, const Function *f, const char *prototype, const char *name, bool returns) {
  Speller s = {p->unit->model, f->s->arena};
  Text operations;
  text_init(&operations);
  put_poly_real(&operations, p->unit->model->dims, f->flops, spell_argument, &s);
  put_team_call(t, prototype, name, operations.s, returns);
  text_free(&operations);
}

Printed function_print(Text *t, const Plan *p, const Scheduled *function) {
  const Model *m = p->unit->model;
  Function f = {.unit = p->unit, .s = function->s, .indent = 1};
  Arena *a = f.s->arena;
  text_init(&f.body);
  f.flops = poly_int(m->dims, 0);
  f.trips = poly_int(m->dims, 1);
  name_all(&f, p, function);
  f.loop_name = arena_array(a, const char *, f.s->nloops + 64);
  f.loop_variable = arena_array(a, const char *, f.s->nloops + 1);
  f.loop_rounds = arena_array(a, int, f.s->nloops + 1);
  function_body(&f);
  const Node *result = f.s->task.result;
  if (result) {
    text_put(&f.body, "  return ");
    if (p->unit->options->use_float) text_put(&f.body, "(double)");
    const Expr *none = NULL;
    put_entry(&f, &f.body, result, &none);
    text_put(&f.body, ";\n");
  }
  Preamble r = {.f = &f, .plan = p, .function = function};
  text_init(&r.t);
  put_pointers(&r);
  put_rows(&r);
  put_records(&r);
  put_panels(&r);
  Text dims;
  text_init(&dims);
  put_dims(&r, &dims);
  text_put(&dims, r.t.s);
  text_clear(&r.t);
  text_put(&r.t, dims.s);

  Text prototype;
  text_init(&prototype);
  function_signature(&prototype, p, function);
  const char *name = arena_printf(a, "%s_%s", m->name, function->name);
  const bool once = function->row == &function_table[FUNCTION_INIT]; // its speed matters to nobody
  const Body body = {.lanes = has_lanes(f.s) && !once, .math = f.math, .team = f.s->team};
  const bool bodied = body.lanes || body.math || body.team;
  p->unit->dispatched |= body.lanes || body.math;
  p->unit->team |= body.team;
  if (bodied)
    put_body_signature(t, prototype.s, name, body);
  else
    text_put(t, prototype.s);
  text_put(t, " {\n");
  put_unused(t, &r);
  text_put(t, r.t.s);
  if (r.t.length && f.body.s[0] != '\n' && f.body.length) text_char(t, '\n');
  put_wrapped(t, f.body.s);
  text_put(t, "}\n");
  if (bodied) put_dispatch(t, prototype.s, name, body, function->row->returns_loss);
  if (body.team) put_fork(t, p, &f, prototype.s, name, function->row->returns_loss);
  text_free(&prototype);
  text_free(&dims);
  text_free(&r.t);
  text_free(&f.body);
  return (Printed){.flops = f.flops,
                   .bound = f.bound,
                   .node_name = f.node_name,
                   .put_name = f.put_name,
                   .loop_variable = f.loop_variable,
                   .loop_rounds = f.loop_rounds};
}
