// compare.c - generated C, run: held against the interpreter, and against itself with passes switched off.
#include <dlfcn.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "fence.h"
#include "kinds.h"
#include "mdl/model.h"

static const double gate = 1e-10, float_gate = 1e-2, float_margin = 1e-4;

const Variant variants[VARIANTS] = {
    {"plain", {.source = "random"}, CLOSE, 0},
    {"no_fuse", {.source = "random", .no_fuse = true}, SAME_BITS, PLAIN},
    {"no_contract", {.source = "random", .no_contract = true}, SAME_BITS, PLAIN},
    {"no_fuse_no_contract", {.source = "random", .no_fuse = true, .no_contract = true}, SAME_BITS, PLAIN},
    {"no_factor", {.source = "random", .no_factor = true}, CLOSE, 0},
    {"no_simplify", {.source = "random", .no_simplify = true}, CLOSE, 0},
    {"float", {.source = "random", .use_float = true}, NEAR, 0},
    [LIMITED] = {"limited", {.source = "random"}, CLOSE, 0},
};

const char *case_variant_name(Case *c, int v) {
  return arena_printf(c->arena, "m%" PRIu64 "_%s", c->seed, variants[v].name);
}

// ---- running it ----

// Of one model in four it is shut in front.
static void *fenced(const Case *c, size_t bytes, size_t align) {
  return fence_memory(bytes, align, c->seed % 4 == 3);
}

void *case_work(const Case *c, size_t bytes) {
  return fenced(c, bytes, MDL_ALIGNMENT);
}

void *case_array(const Case *c, size_t bytes) {
  return fenced(c, bytes, bytes % sizeof(double) == 0 ? sizeof(double) : sizeof(float));
}

void case_intact(Case *c, const void *p, size_t bytes, const char *what) {
  if (!fence_intact(p, bytes)) case_fail(c, "%s is written beyond its ends", what);
}

static double real_at(const void *p, int type, size_t k) {
  return type == MDL_DOUBLE  ? ((const double *)p)[k]
         : type == MDL_FLOAT ? (double)((const float *)p)[k]
                             : (double)((const int64_t *)p)[k];
}

double *case_doubles(Case *c, const void *p, int type, size_t count) {
  double *to = arena_array(c->arena, double, count + 1);
  for (size_t k = 0; k < count; k++) to[k] = real_at(p, type, k);
  return to;
}

size_t case_real_size(const struct mdl_model *m) {
  return m->real == MDL_FLOAT ? sizeof(float) : sizeof(double);
}

void *case_reals(Case *c, const struct mdl_model *m, const double *from, size_t count) {
  void *to = case_array(c, count * case_real_size(m));
  for (size_t k = 0; k < count; k++) {
    if (m->real == MDL_FLOAT)
      ((float *)to)[k] = (float)from[k];
    else
      ((double *)to)[k] = from[k];
  }
  return to;
}

static const void **data_for(Case *c, const struct mdl_model *m) {
  const void **data = arena_array(c->arena, const void *, (size_t)c->model->ndata + 1);
  for (int k = 0; k < c->model->ndata; k++) {
    const Array *x = &c->data[k];
    double *reals = arena_array(c->arena, double, x->count + 1);
    int32_t *integers = case_array(c, x->count * sizeof *integers);
    for (size_t j = 0; j < x->count; j++) {
      reals[j] = x->number[j].a;
      integers[j] = (int32_t)x->integer[j];
    }
    data[k] = m->data[k].type == MDL_INT32 ? (const void *)integers : case_reals(c, m, reals, x->count);
  }
  return data;
}

// A label out of its range is found.
static void wrong_labels(Case *c, const struct mdl_model *m, const void **data) {
  for (int k = 0; k < c->model->ndata; k++) {
    if (m->data[k].type != MDL_INT32 || c->data[k].count == 0) continue;
    int32_t *label = (int32_t *)(uintptr_t)data[k] + (size_t)case_between(c, 0, (double)c->data[k].count),
            right = *label;
    int64_t limit = 0;
    poly_value(c->model->dims, c->model->data[k].limit, c->dims, &limit);
    for (int side = 0; side < 2; side++) {
      struct mdl_where where;
      *label = side ? (int32_t)limit : -1;
      if (m->check(c->call, data, &where) != MDL_ERROR_RANGE)
        case_fail(c, "check lets %s be %d", m->data[k].name, *label);
    }
    *label = right;
  }
}

static void run_outputs(Case *c, const struct mdl_model *m, const struct mdl_sizes *sizes, const void **data,
                        const void *params, Result *r) {
  size_t room = 0;
  for (int role = MDL_PREDICT; role <= MDL_METRIC; role++) {
    const bool predicts = role == MDL_PREDICT;
    const int count = predicts ? m->npredicts : m->nmetrics;
    const struct mdl_array *arrays = predicts ? m->predicts : m->metrics;
    if (count == 0) continue;
    void **out = arena_array(c->arena, void *, (size_t)count);
    size_t *entries = arena_array(c->arena, size_t, (size_t)count),
           bytes = predicts ? sizes->predict_work : sizes->metrics_work;
    for (int k = 0; k < count; k++) {
      int64_t extent[8];
      m->shape(c->call, role, k, extent);
      entries[k] = 1;
      for (int i = 0; i < arrays[k].rank; i++) entries[k] *= (size_t)extent[i];
      out[k] = case_array(c, entries[k] * (arrays[k].type == MDL_FLOAT ? 4 : 8));
    }
    void *work = case_work(c, bytes);
    (predicts ? m->predict : m->metrics_at)(c->call, data, params, work, out);
    case_intact(c, work, bytes, "the work of predict or metrics");
    for (int k = 0; k < count; k++) {
      case_intact(c, out[k], entries[k] * (arrays[k].type == MDL_FLOAT ? 4 : 8), arrays[k].name);
      for (size_t j = 0; j < entries[k]; j++)
        ARENA_PUSH(c->arena, r->outputs, r->noutputs, room) = real_at(out[k], arrays[k].type, j);
    }
  }
}

// The loss and its gradient, in one pass and in two.
static void run_gradient(Case *c, const struct mdl_model *m, const struct mdl_sizes *sizes, const void **data,
                         const void *params, Result *r) {
  const size_t bytes = case_real_size(m) * c->total;
  void *work = case_work(c, sizes->value_and_grad_work), *grad = case_array(c, bytes);
  r->value = m->value_and_grad(c->call, data, params, work, grad);
  case_intact(c, work, sizes->value_and_grad_work, "the work of value_and_grad");
  case_intact(c, grad, bytes, "the gradient");
  r->grad = case_doubles(c, grad, m->real, c->total);

  void *tape = case_work(c, sizes->tape), *twice = case_array(c, bytes);
  work = case_work(c, sizes->forward_work);
  r->forward = m->forward(c->call, data, params, tape, work);
  case_intact(c, work, sizes->forward_work, "the work of forward");
  case_intact(c, tape, sizes->tape, "the tape");
  memset(twice, 0, bytes);
  work = case_work(c, sizes->backward_work);
  m->backward(c->call, data, params, tape, work, 1.0, twice);
  r->once = case_doubles(c, twice, m->real, c->total);
  m->backward(c->call, data, params, tape, work, -0.5, twice);
  case_intact(c, work, sizes->backward_work, "the work of backward");
  case_intact(c, twice, bytes, "the gradient of backward");
  r->twice = case_doubles(c, twice, m->real, c->total);
}

static void compare_starts(Case *c, int v, const struct mdl_model *m, const void *params) {
  const size_t bytes = case_real_size(m) * c->total;
  void *start = case_array(c, bytes);
  m->init(c->call, c->seed, start);
  case_intact(c, start, bytes, "what init fills");
  for (size_t k = 0; k < c->total; k++)
    if (!is_near(real_at(start, m->real, k), real_at(params, m->real, k), 1, m->real == MDL_FLOAT ? 1e-6 : 1e-14))
      case_fail(c, "%s: entry %zu starts at %.17g, in the interpreter at %.17g", variants[v].name, k,
                real_at(start, m->real, k), real_at(params, m->real, k));
}

// False where there is nothing to compare.
static bool run_variant(Case *c, int v, const struct mdl_model *m) {
  Result *r = &c->result[v];
  struct mdl_sizes sizes;
  struct mdl_where where;
  const void **data = data_for(c, m), *params = case_reals(c, m, c->params, c->total);
  const int sized = m->sizes(c->call, &sizes), checked = sized == MDL_OK ? m->check(c->call, data, &where) : MDL_OK;
  if (sized != MDL_OK || checked != MDL_OK || sizes.params != case_real_size(m) * c->total || m->has_loss != (c->gradient != NULL)) {
    case_fail(c, "%s: refuses the inputs: sizes gives %d, check %d", variants[v].name, sized, checked);
    return false;
  }
  if (v == PLAIN) wrong_labels(c, m, data);
  if (v == LIMITED && (int64_t)sizes.tape > c->tape_limit)
    case_fail(c, "a tape of %zu bytes, where %" PRId64 " are the limit", sizes.tape, c->tape_limit);
  compare_starts(c, v, m, params);
  if (m->has_loss) run_gradient(c, m, &sizes, data, params, r);
  run_outputs(c, m, &sizes, data, params, r);
  if (v == PLAIN) kinds_run(c, m, data, params);
  if (v == PLAIN || variants[v].likeness == NEAR) case_run_constraints(c, m, sizes.free);
  return true;
}

// ---- comparing ----

static void compare_outputs(Case *c, const Result *r) {
  const Graph *g = c->model->graph;
  size_t at = 0;
  for (int role = ROOT_PREDICT; role <= ROOT_METRIC; role++) {
    const Root *root;
    for (int k = 0; (root = graph_root(g, (RootRole)role, k)); k++) {
      const Array *x = &c->values[root->node->id];
      for (size_t j = 0; j < x->count && at < r->noutputs; j++, at++) {
        bool real = root->node->type == TYPE_REAL;
        double theirs = real ? x->number[j].a : (double)x->integer[j];
        double scale = real ? case_scale(c, root->node, j) : 0;
        if (!is_near(r->outputs[at], theirs, scale, gate))
          case_fail(c, "%s[%zu] is %.17g, in the interpreter %.17g", root->name, j, r->outputs[at], theirs);
      }
    }
  }
  if (at != r->noutputs) case_fail(c, "%zu outputs, in the interpreter %zu", r->noutputs, at);
}

static void compare_with_interpreter(Case *c, int v, double tolerance) {
  const Result *r = &c->result[v];
  const char *name = variants[v].name;
  if (!r->grad) return; // there is no loss
  if (!is_near(r->value, c->loss, c->loss_magnitude, tolerance) ||
      !is_near(r->forward, c->loss, c->loss_magnitude, tolerance))
    case_fail(c, "%s: value_and_grad's loss %.17g, forward's %.17g, the interpreter's %.17g", name, r->value,
              r->forward, c->loss);
  size_t at = 0;
  for (int p = 0; p < c->model->nparam; p++)
    for (size_t j = 0; j < c->param[p].count; j++, at++) {
      double scale = tolerance == gate ? c->scale[at] : c->scale[at] + 1;
      if (!is_near(r->grad[at], c->gradient[at], scale, tolerance))
        case_fail(c, "%s: value_and_grad: %s[%zu] is %.17g, by dual numbers %.17g", name, c->model->param[p].name, j,
                  r->grad[at], c->gradient[at]);
      if (!is_near(r->twice[at], 0.5 * c->gradient[at], scale, tolerance))
        case_fail(c, "%s: backward: half of %s[%zu] is %.17g, by dual numbers %.17g", name, c->model->param[p].name, j,
                  r->twice[at], 0.5 * c->gradient[at]);
    }
}

static void compare_with_another(Case *c, int v) {
  const Result *r = &c->result[v], *plain = &c->result[variants[v].like];
  const size_t total = r->grad ? c->total : 0;
  const struct {
    const char *what;
    const double *ours, *theirs;
    size_t count;
  } parts[] = {
      {"value_and_grad's loss", &r->value, &plain->value, 1},
      {"forward's loss", &r->forward, &plain->forward, 1},
      {"value_and_grad's gradient", r->grad, plain->grad, total},
      {"backward's gradient", r->once, plain->once, total},
      {"gradient of backward added to another", r->twice, plain->twice, total},
      {"predictions or metrics", r->outputs, plain->outputs, r->noutputs},
  };
  if (r->noutputs != plain->noutputs) {
    case_fail(c, "%s: other predictions or metrics", variants[v].name);
    return;
  }
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
    for (size_t j = 0; j < parts[k].count; j++)
      if (memcmp(&parts[k].ours[j], &parts[k].theirs[j], sizeof(double)) != 0) {
        case_fail(c, "%s: other %s: [%zu] is %.17g, was %.17g", variants[v].name, parts[k].what, j, parts[k].ours[j],
                  parts[k].theirs[j]);
        return;
      }
}

static void run_variants(Case *c, void *library) {
  c->result = arena_array(c->arena, Result, VARIANTS);
  for (int v = 0; v < VARIANTS; v++) {
    if (!c->only[v] || (variants[v].likeness == NEAR && c->margin < float_margin)) continue;
    const struct mdl_model *m = dlsym(library, arena_printf(c->arena, "%s_model", case_variant_name(c, v)));
    if (!m) {
      case_fail(c, "%s: no model in the library", variants[v].name);
      return;
    }
    if (!run_variant(c, v, m)) return;
    if (variants[v].likeness == CLOSE) compare_outputs(c, &c->result[v]);
    if (variants[v].likeness == SAME_BITS)
      compare_with_another(c, v);
    else
      compare_with_interpreter(c, v, variants[v].likeness == CLOSE ? gate : float_gate);
  }
}

void case_run(Case *c, void *library) {
  run_variants(c, library);
  fence_release();
}
