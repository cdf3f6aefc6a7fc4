/* step.c - steps of training: a model's gradient, and SGD at 1e-2 from libmdl.  The argument out:FILE writes the start and the data there
 * as the model has them: parameters, then each data array.  After so many steps as steps:N says, parameters are told, to be compared. */
#include <mdl/optim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

extern const struct mdl_model MODEL;

struct context {
  struct instance at;
  struct mdl_optim optim;
  volatile double loss;
};

static void start_sgd(struct context *c) {
  struct mdl_optim_options options = mdl_optim_defaults(MDL_SGD);
  options.lr = 1e-2;
  if (mdl_optim_init(&c->optim, &options, c->at.model->real, (size_t)c->at.nparams, NULL) != MDL_OK)
    die("SGD does not start");
}

static void gradient(void *context) {
  struct context *c = context;
  c->loss = c->at.model->value_and_grad(c->at.dims, c->at.data, c->at.params, c->at.work, c->at.grad);
}

static void step(void *context) {
  struct context *c = context;
  gradient(c);
  mdl_optim_step(&c->optim, c->at.params, c->at.grad);
}

static size_t bytes_of(const struct instance *at, int which) {
  int64_t extents[MAX_DIMS], count = 1;
  at->model->shape(at->dims, MDL_DATA, which, extents);
  for (int a = 0; a < at->model->data[which].rank; a++) count *= extents[a];
  return (size_t)count * (at->model->data[which].type == MDL_DOUBLE ? sizeof(double) : sizeof(float));
}

static void write_out(const struct instance *at, const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) die("cannot write %s", path);
  fwrite(at->params, 1, at->sizes.params, file);
  for (int which = 0; which < at->model->ndata; which++) fwrite(at->data[which], 1, bytes_of(at, which), file);
  if (ferror(file) | fclose(file)) die("cannot write %s", path);
}

static const char *option(const char *name, int argc, char **argv) {
  for (int k = 1; k < argc; k++)
    if (!strncmp(argv[k], name, strlen(name))) return argv[k] + strlen(name);
  return NULL;
}

int main(int argc, char **argv) {
  enum { TOLD = 8 };
  struct context c = {.at = instance_make(&MODEL, argc, argv)};
  const char *out = option("out:", argc, argv), *steps = option("steps:", argc, argv);
  start_sgd(&c);
  if (out) write_out(&c.at, out);
  gradient(&c);
  char more[512];
  size_t end = (size_t)snprintf(more, sizeof more, "\"loss\": %.17g, \"after\": [", c.loss);
  for (long k = steps ? atol(steps) : 0; k > 0; k--) step(&c);
  for (int64_t k = 0; k < TOLD && k < c.at.nparams; k++)
    end += (size_t)snprintf(more + end, sizeof more - end, "%s%.17g", k ? ", " : "",
                            real_at(c.at.model->real, c.at.params, c.at.nparams - 1 - k));
  snprintf(more + end, sizeof more - end, "]");
  serve((struct side[]){{"step", step}, {"gradient", gradient}}, 2, &c, more);
  return 0;
}
