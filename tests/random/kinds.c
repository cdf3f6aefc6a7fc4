// kinds.c - the derivatives of a random model's graph that are no gradients: its tangent, the product of its Hessian and a
// direction, against dual numbers; those of its predictions back to the parameters, by the dot-product test.
#include <math.h>
#include <string.h>

#include "case.h"
#include "derive/derive.h"
#include "simplify/simplify.h"

static const double gate = 1e-10;

static bool run(Case *c, const Graph *g, NumberKind kind, const Array *seeds, Array *values) {
  InterpInput input = {.kind = kind,
                       .dims = c->dims,
                       .data = c->data,
                       .param = c->param,
                       .seed = {1, 0},
                       .seeds = seeds,
                       .random_seed = c->seed};
  InterpError error = {.node = NULL};
  if (interp_run(c->arena, c->model, g, &input, values, &error)) return true;
  case_fail(c, "the interpreter, of a derivative: %s", error.text);
  return false;
}

static Array like(Case *c, const Array *x) {
  Array y = *x;
  y.number = arena_array(c->arena, Number, x->count + 1);
  for (size_t j = 0; j < x->count; j++) y.number[j].a = case_between(c, -1, 1);
  return y;
}

static void move(Case *c, const Array *direction) {
  for (int p = 0; p < c->model->nparam; p++)
    for (size_t j = 0; j < c->param[p].count; j++) c->param[p].number[j].b = direction ? direction[p].number[j].a : 0;
}

static const Graph *made(Case *c, DerivativeKind kind, const char *predict) {
  const Request request = {.kind = kind, .predict = predict};
  const Graph *g = derive_kind(c->arena, c->model, &request);
  if (g) return simplify(c->arena, g, 1u << ROOT_DERIVATIVE);
  case_fail(c, "derive gives up on %s", derivative_table[kind].name);
  return NULL;
}

static Array *values_for(Case *c, const Graph *g) {
  return arena_array(c->arena, Array, g->count + 1);
}

// The derivative's result `which` against the tangents of `theirs`, on the scale of its largest magnitude.
static void compare(Case *c, const char *kind, const Array *ours, const Array *theirs) {
  double scale = 0;
  for (size_t j = 0; j < ours->count; j++) scale = fmax(scale, fabs(ours->number[j].b));
  for (size_t j = 0; j < ours->count; j++)
    if (isfinite(theirs->number[j].b) && !is_near(ours->number[j].a, theirs->number[j].b, scale, gate))
      case_fail(c, "%s[%zu] is %.17g, by dual numbers %.17g", kind, j, ours->number[j].a, theirs->number[j].b);
}

static void tangent(Case *c, const Array *direction) {
  const Graph *g = made(c, DERIVATIVE_JVP, NULL), *primal = prune(c->arena, c->model->graph, 1u << ROOT_LOSS);
  Array *ours = g ? values_for(c, g) : NULL, *theirs = values_for(c, primal);
  if (!g || !run(c, g, NUMBER_MAGNITUDE, direction, ours) || !run(c, primal, NUMBER_DUAL, NULL, theirs)) return;
  compare(c, "jvp", &ours[graph_root(g, ROOT_DERIVATIVE, 0)->node->id],
          &theirs[graph_root(primal, ROOT_LOSS, 0)->node->id]);
}

static void product(Case *c, const Array *direction) {
  const Graph *g = made(c, DERIVATIVE_HVP, NULL);
  const Graph *primal = prune(c->arena, derive_gradient(c->arena, c->model->graph, true, NULL), 1u << ROOT_GRADIENT);
  Array *ours = g ? values_for(c, g) : NULL, *theirs = values_for(c, primal);
  if (!g || !run(c, g, NUMBER_MAGNITUDE, direction, ours) || !run(c, primal, NUMBER_DUAL, NULL, theirs)) return;
  for (int p = 0; p < c->model->nparam; p++)
    compare(c, arena_printf(c->arena, "hvp: %s", c->model->param[p].name),
            &ours[graph_root(g, ROOT_DERIVATIVE, p)->node->id],
            &theirs[graph_root(primal, ROOT_GRADIENT, p)->node->id]);
}

// <u, J v> by dual numbers is <J' u, v> by reverse mode.
static void pulled_back(Case *c, const Array *direction, const Root *predict) {
  const Graph *g = made(c, DERIVATIVE_VJP, predict->name),
              *primal = prune(c->arena, c->model->graph, 1u << ROOT_PREDICT);
  Array *ours = g ? values_for(c, g) : NULL, *theirs = values_for(c, primal);
  if (!g || !run(c, primal, NUMBER_DUAL, NULL, theirs)) return;
  const Array *forward = &theirs[graph_root(primal, ROOT_PREDICT, predict->which)->node->id];
  const Array cotangent = like(c, forward);
  if (!run(c, g, NUMBER_MAGNITUDE, &cotangent, ours)) return;
  double jv = 0, ju = 0, terms = 0;
  for (size_t j = 0; j < forward->count; j++) jv += cotangent.number[j].a * forward->number[j].b;
  for (int p = 0; p < c->model->nparam; p++) {
    const Array *x = &ours[graph_root(g, ROOT_DERIVATIVE, p)->node->id];
    for (size_t j = 0; j < x->count; j++) {
      ju += x->number[j].a * direction[p].number[j].a;
      terms += fabs(x->number[j].b * direction[p].number[j].a);
    }
  }
  if (isfinite(jv) && !is_near(ju, jv, terms, gate))
    case_fail(c, "vjp of %s: %.17g, by dual numbers %.17g", predict->name, ju, jv);
}

void case_kinds(Case *c) {
  const int nparam = c->model->nparam;
  Array *direction = arena_array(c->arena, Array, (size_t)nparam + 1);
  for (int p = 0; p < nparam; p++) direction[p] = like(c, &c->param[p]);
  move(c, direction);
  tangent(c, direction);
  product(c, direction);
  for (size_t k = 0; k < c->model->graph->nroots; k++) {
    const Root *r = &c->model->graph->roots[k];
    if (r->role == ROOT_PREDICT && r->node->type == TYPE_REAL) pulled_back(c, direction, r);
  }
  move(c, NULL);
}
