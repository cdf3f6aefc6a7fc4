// generated.c - see generated.h.
#include "generated.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "graph/text.h"

Model *generated_model(Arena *a, int which, const char *text) {
  Diags diags;
  diags_init(&diags, a);
  Source source = {.name = "model"};
  source.text = arena_printf(a, "model m%d\n%s", which, text);
  source.length = strlen(source.text);
  Model *m = graph_parse(a, &diags, &source);
  if (m) return m;
  Text t;
  text_init(&t);
  diags_print(&diags, &t, false);
  ck_abort_msg("%s", t.s);
}

Jit generated_compile(Arena *a, const Model *m, const EmitOptions *options) {
  Text header, source;
  Jit jit;
  text_init(&header);
  text_init(&source);
  emit_model(&header, &source, m, options);
  ck_assert_int_eq(jit_compile(a, m->name, &header, &source, &jit), 0);
  text_free(&header);
  text_free(&source);
  return jit;
}

// ---- inputs ----

static double value_of(uint64_t k) {
  return sin(12.9898 * (double)(k + 1)) * 0.9 + 0.05;
}

static Array make_array(Arena *a, const Model *m, const int64_t *dims, const Poly *const *extent, int rank) {
  Array x = {.rank = rank, .extent = arena_array(a, int64_t, (size_t)rank), .count = 1};
  for (int k = 0; k < rank; k++) {
    ck_assert(poly_value(m->dims, extent[k], dims, &x.extent[k]));
    x.count *= (size_t)x.extent[k];
  }
  x.number = arena_array(a, Number, x.count + 1);
  x.integer = arena_array(a, int64_t, x.count + 1);
  return x;
}

Inputs *generated_inputs(Arena *a, const Model *m, const int64_t *sizes) {
  Inputs *in = arena_new_of(a, Inputs);
  *in = (Inputs){.nparams = 0};
  uint64_t draw = 0;
  int called = 0;
  for (int k = 0; k < dims_count(m->dims); k++) {
    const DimKind kind = dims_get(m->dims, k)->kind;
    if (kind != DIM_CALL && kind != DIM_BATCH) continue;
    in->dims[k] = in->call[called] = sizes[called];
    called++;
  }
  for (int k = 0; k < m->ndata; k++) {
    Array *x = &in->data[k];
    *x = make_array(a, m, in->dims, m->data[k].extent, m->data[k].rank);
    double *reals = arena_array(a, double, x->count + 1);
    int32_t *integers = arena_array(a, int32_t, x->count + 1);
    for (size_t j = 0; j < x->count; j++) {
      x->number[j].a = reals[j] = value_of(draw++);
      x->integer[j] = integers[j] = (int32_t)(j * 7 % 3);
    }
    in->pointers[k] = m->data[k].type == TYPE_REAL ? (const void *)reals : (const void *)integers;
  }
  for (int k = 0; k < m->nparam; k++) {
    in->param[k] = make_array(a, m, in->dims, m->param[k].extent, m->param[k].rank);
    for (size_t j = 0; j < in->param[k].count; j++)
      in->param[k].number[j].a = in->params[in->nparams++] = value_of(draw++);
  }
  return in;
}

// ---- running ----

static void *spoilt(Arena *a, size_t bytes) {
  void *memory = instance_memory(a, bytes);
  memset(memory, 0xff, bytes);
  return memory;
}

void generated_run(Arena *a, const Jit *jit, const Inputs *in, Outputs *out) {
  const struct mdl_model *c = jit->model;
  struct mdl_sizes sizes;
  ck_assert_int_eq(c->sizes(in->call, &sizes), MDL_OK);
  ck_assert_int_eq(c->check(in->call, in->pointers, NULL), MDL_OK);
  ck_assert_uint_eq(sizes.params, in->nparams * sizeof(double));
  memset(out, 0, sizeof *out);
  void *predict[GENERATED_OUTPUTS];
  for (int k = 0; k < GENERATED_OUTPUTS; k++) predict[k] = out->predict[k];
  if (c->predict) c->predict(in->call, in->pointers, in->params, spoilt(a, sizes.predict_work), predict);
  if (!c->value_and_grad) return;
  void *tape = spoilt(a, sizes.tape);
  out->value =
      c->value_and_grad(in->call, in->pointers, in->params, spoilt(a, sizes.value_and_grad_work), out->grad);
  out->loss = c->forward(in->call, in->pointers, in->params, tape, spoilt(a, sizes.forward_work));
  for (int k = 0; k < 2; k++)
    c->backward(in->call, in->pointers, in->params, tape, spoilt(a, sizes.backward_work), 1.0, out->twice);
}

// ---- comparing ----

static const Array *interpreted(Arena *a, const Model *m, const Inputs *in, NumberKind kind) {
  Array *values = arena_array(a, Array, m->graph->count + 1);
  InterpError error;
  InterpInput input = {.kind = kind, .dims = in->dims, .data = in->data, .param = in->param};
  ck_assert_msg(interp_run(a, m, m->graph, &input, values, &error), "%s", error.text);
  return values;
}

static void is_near(double ours, double right, double tolerance, const char *name, const char *what, size_t entry) {
  ck_assert_msg(fabs(ours - right) <= tolerance * (1 + fabs(right)), "%s: %s[%zu]: %.17g is not %.17g", name, what, entry,
                ours, right);
}

static void compare_predictions(Arena *a, const Model *m, const Inputs *in, const Outputs *out, const char *name) {
  const Array *values = interpreted(a, m, in, NUMBER_REAL);
  const Root *r;
  for (int k = 0; (r = graph_root(m->graph, ROOT_PREDICT, k)); k++) {
    const Array *y = &values[r->node->id];
    for (size_t j = 0; j < y->count; j++)
      if (r->node->type == TYPE_REAL)
        is_near(out->predict[k][j], y->number[j].a, 1e-13, name, r->node->name, j);
      else
        ck_assert_int_eq(((const int64_t *)out->predict[k])[j], y->integer[j]);
  }
}

void generated_compare(Arena *a, const Model *m, const Inputs *in, const Outputs *out, const char *name) {
  compare_predictions(a, m, in, out, name);
  const Root *loss = graph_root(m->graph, ROOT_LOSS, 0);
  size_t at = 0;
  for (int p = 0; loss && p < m->nparam; p++)
    for (size_t j = 0; j < in->param[p].count; j++, at++) {
      in->param[p].number[j].b = 1;
      const Number right = interpreted(a, m, in, NUMBER_DUAL)[loss->node->id].number[0];
      in->param[p].number[j].b = 0;
      is_near(out->value, right.a, 1e-12, name, "value_and_grad's loss", 0);
      is_near(out->loss, right.a, 1e-12, name, "forward's loss", 0);
      is_near(out->grad[at], right.b, 1e-12, name, m->param[p].name, j);
      is_near(out->twice[at], 2 * right.b, 1e-12, name, "twice the gradient", at);
    }
}
