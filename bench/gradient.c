/* gradient.c - a model's gradient beside its objective and, with -DEXPERT, beside the gradient that an expert writes by hand, compiled
 * twice: as the generated C is, and for this machine at -O3.  MODEL is the model's descriptor. */
#include <math.h>
#include <stdio.h>

#include "harness.h"

enum { SIDES = 2 + 2 * (EXPERT) };

extern const struct mdl_model MODEL;

typedef double gradient(const int64_t *dims, const void *const *data, const double *params, void *work, double *grad);

struct expert {
  gradient *at;
  size_t (*work)(const int64_t *dims);
};

#if EXPERT
gradient plain_value_and_grad, native_value_and_grad;
size_t plain_work(const int64_t *dims), native_work(const int64_t *dims);
static const struct expert experts[] = {{plain_value_and_grad, plain_work}, {native_value_and_grad, native_work}};
#else
static const struct expert experts[2];
#endif

struct context {
  struct instance at;
  void *expert_work;
  double *expert_grad;
  volatile double loss; /* so that none is left out */
};

static void ours(void *context) {
  struct context *c = context;
  c->loss = c->at.model->value_and_grad(c->at.dims, c->at.data, c->at.params, c->at.work, c->at.grad);
}

static void objective(void *context) {
  struct context *c = context;
  c->loss = c->at.model->forward(c->at.dims, c->at.data, c->at.params, c->at.tape, c->at.work);
}

static void by_expert(struct context *c, int which) {
  c->loss = experts[which].at(c->at.dims, c->at.data, c->at.params, c->expert_work, c->expert_grad);
}

static void plain(void *context) {
  by_expert(context, 0);
}

static void native(void *context) {
  by_expert(context, 1);
}

static const struct side sides[] = {
    {"gradient", ours}, {"objective", objective}, {"expert", plain}, {"expert_native", native}};

/* The largest relative difference between ours and `side`, in the loss and in the gradient. */
static double differs(struct context *c, void (*side)(void *context)) {
  ours(c);
  const double loss = c->loss;
  if (!isfinite(loss)) return INFINITY;
  side(c);
  return fmax(fabs(c->loss - loss) / fmax(fabs(loss), 1e-300), gradients_differ(&c->at, c->expert_grad, c->at.grad));
}

static int zero(const struct instance *at) {
  for (int64_t k = 0; k < at->nparams; k++)
    if (real_at(at->model->real, at->grad, k) != 0) return 0;
  return 1;
}

int main(int argc, char **argv) {
  struct context c = {.at = instance_make(&MODEL, argc, argv)};
  double worst = 0;
  ours(&c);
  if (zero(&c.at)) die("%s: a gradient of zeros shows nothing", c.at.model->name);
  if (EXPERT) {
    c.expert_work = memory(experts[0].work(c.at.dims));
    c.expert_grad = memory(c.at.sizes.params);
    worst = fmax(differs(&c, plain), differs(&c, native));
  }
  char more[128];
  snprintf(more, sizeof more, "\"differs\": %.3e, \"params\": %lld", isfinite(worst) ? worst : 1e300,
           (long long)c.at.nparams);
  serve(sides, SIDES, &c, more);
  return 0;
}
