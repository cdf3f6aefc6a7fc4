/* optim_options.c - the signatures of torch.optim as one table: names, defaults, valid ranges. */
#include <math.h>

#include "optim_internal.h"

enum domain { ANY, NONNEGATIVE, HALF_OPEN, CLOSED, ETAS, DOMAINS };

static const char *const names[MDL_OPTIM_KINDS] = {
    [MDL_SGD] = "SGD",           [MDL_ASGD] = "ASGD",       [MDL_ADAM] = "Adam",   [MDL_ADAMW] = "AdamW",
    [MDL_ADAMAX] = "Adamax",     [MDL_NADAM] = "NAdam",     [MDL_RADAM] = "RAdam", [MDL_ADAGRAD] = "Adagrad",
    [MDL_ADADELTA] = "Adadelta", [MDL_RMSPROP] = "RMSprop", [MDL_RPROP] = "Rprop",
};

#define REAL(kind, name, value, domain)                                                                                \
  { MDL_##kind, #name, offsetof(struct mdl_optim_options, name), MDL_OPTION_REAL, {value, 0}, domain }
#define PAIR(kind, name, first, second, domain)                                                                        \
  { MDL_##kind, #name, offsetof(struct mdl_optim_options, name), MDL_OPTION_PAIR, {first, second}, domain }
#define FLAG(kind, name)                                                                                               \
  { MDL_##kind, #name, offsetof(struct mdl_optim_options, name), MDL_OPTION_FLAG, {0, 0}, ANY }

/* A kind's rows stand together, in the order of its Python signature. */
static const struct mdl_optim_option table[] = {
    REAL(SGD, lr, NAN, NONNEGATIVE),
    REAL(SGD, momentum, 0, NONNEGATIVE),
    REAL(SGD, dampening, 0, ANY),
    REAL(SGD, weight_decay, 0, NONNEGATIVE),
    FLAG(SGD, nesterov),
    FLAG(SGD, maximize),

    REAL(ASGD, lr, 1e-2, NONNEGATIVE),
    REAL(ASGD, lambd, 1e-4, ANY),
    REAL(ASGD, alpha, 0.75, ANY),
    REAL(ASGD, t0, 1e6, ANY),
    REAL(ASGD, weight_decay, 0, NONNEGATIVE),
    FLAG(ASGD, maximize),
    FLAG(ASGD, float64_scalars),

    REAL(ADAM, lr, 1e-3, NONNEGATIVE),
    PAIR(ADAM, betas, 0.9, 0.999, HALF_OPEN),
    REAL(ADAM, eps, 1e-8, NONNEGATIVE),
    REAL(ADAM, weight_decay, 0, NONNEGATIVE),
    FLAG(ADAM, amsgrad),
    FLAG(ADAM, maximize),

    REAL(ADAMW, lr, 1e-3, NONNEGATIVE),
    PAIR(ADAMW, betas, 0.9, 0.999, HALF_OPEN),
    REAL(ADAMW, eps, 1e-8, NONNEGATIVE),
    REAL(ADAMW, weight_decay, 1e-2, NONNEGATIVE),
    FLAG(ADAMW, amsgrad),
    FLAG(ADAMW, maximize),

    REAL(ADAMAX, lr, 2e-3, NONNEGATIVE),
    PAIR(ADAMAX, betas, 0.9, 0.999, HALF_OPEN),
    REAL(ADAMAX, eps, 1e-8, NONNEGATIVE),
    REAL(ADAMAX, weight_decay, 0, NONNEGATIVE),
    FLAG(ADAMAX, maximize),

    REAL(NADAM, lr, 2e-3, NONNEGATIVE),
    PAIR(NADAM, betas, 0.9, 0.999, HALF_OPEN),
    REAL(NADAM, eps, 1e-8, NONNEGATIVE),
    REAL(NADAM, weight_decay, 0, NONNEGATIVE),
    REAL(NADAM, momentum_decay, 4e-3, NONNEGATIVE),
    FLAG(NADAM, float64_scalars),

    REAL(RADAM, lr, 1e-3, NONNEGATIVE),
    PAIR(RADAM, betas, 0.9, 0.999, HALF_OPEN),
    REAL(RADAM, eps, 1e-8, NONNEGATIVE),
    REAL(RADAM, weight_decay, 0, NONNEGATIVE),

    REAL(ADAGRAD, lr, 1e-2, NONNEGATIVE),
    REAL(ADAGRAD, lr_decay, 0, NONNEGATIVE),
    REAL(ADAGRAD, weight_decay, 0, NONNEGATIVE),
    REAL(ADAGRAD, initial_accumulator_value, 0, NONNEGATIVE),
    REAL(ADAGRAD, eps, 1e-10, NONNEGATIVE),
    FLAG(ADAGRAD, maximize),

    REAL(ADADELTA, lr, 1.0, NONNEGATIVE),
    REAL(ADADELTA, rho, 0.9, CLOSED),
    REAL(ADADELTA, eps, 1e-6, NONNEGATIVE),
    REAL(ADADELTA, weight_decay, 0, NONNEGATIVE),
    FLAG(ADADELTA, maximize),

    REAL(RMSPROP, lr, 1e-2, NONNEGATIVE),
    REAL(RMSPROP, alpha, 0.99, NONNEGATIVE),
    REAL(RMSPROP, eps, 1e-8, NONNEGATIVE),
    REAL(RMSPROP, weight_decay, 0, NONNEGATIVE),
    REAL(RMSPROP, momentum, 0, NONNEGATIVE),
    FLAG(RMSPROP, centered),
    FLAG(RMSPROP, maximize),

    REAL(RPROP, lr, 1e-2, NONNEGATIVE),
    PAIR(RPROP, etas, 0.5, 1.2, ETAS),
    PAIR(RPROP, step_sizes, 1e-6, 50, ANY),
    FLAG(RPROP, maximize),
};

enum { ROWS = sizeof table / sizeof *table };

static int lower(int c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static int same(const char *a, const char *b, int any_case) {
  for (; *a && *b; a++, b++)
    if (any_case ? lower(*a) != lower(*b) : *a != *b) return 0;
  return *a == *b;
}

const char *mdl_optim_name(int kind) {
  return kind >= 0 && kind < MDL_OPTIM_KINDS ? names[kind] : NULL;
}

int mdl_optim_kind_by_name(const char *name) {
  for (int kind = 0; kind < MDL_OPTIM_KINDS; kind++)
    if (same(names[kind], name, 1)) return kind;
  return -1;
}

const struct mdl_optim_option *mdl_optim_option_table(int kind, size_t *count) {
  const struct mdl_optim_option *first = NULL;
  *count = 0;
  for (size_t i = 0; i < ROWS; i++) {
    if (table[i].kind != kind) continue;
    if (!first) first = &table[i];
    ++*count;
  }
  return first;
}

const struct mdl_optim_option *mdl_optim_option_by_name(int kind, const char *name) {
  for (size_t i = 0; i < ROWS; i++)
    if (table[i].kind == kind && same(table[i].name, name, 0)) return &table[i];
  return NULL;
}

/* ---- ranges ---- */

/* What PyTorch calls valid, said so that NaN is not. */
static int within(int domain, double first, double second, int pair) {
  switch (domain) {
  case NONNEGATIVE: return first >= 0;
  case HALF_OPEN: return first >= 0 && first < 1 && (!pair || (second >= 0 && second < 1));
  case CLOSED: return first >= 0 && first <= 1;
  case ETAS: return first > 0 && first < 1 && second > 1;
  default: return first == first && (!pair || second == second);
  }
}

const char *mdl_optim_option_range(const struct mdl_optim_option *option) {
  static const char *const ranges[DOMAINS] = {[ANY] = "",
                                              [NONNEGATIVE] = "0 or more",
                                              [HALF_OPEN] = "from 0 to under 1",
                                              [CLOSED] = "from 0 to 1",
                                              [ETAS] = "one between 0 and 1, one above 1"};
  return ranges[option->domain];
}

/* ---- values ---- */

static void read_option(const struct mdl_optim_options *options, const struct mdl_optim_option *option,
                        double *values) {
  const char *at = (const char *)options + option->offset;
  values[1] = 0;
  if (option->type == MDL_OPTION_FLAG) {
    values[0] = *(const int *)(const void *)at;
    return;
  }
  values[0] = ((const double *)(const void *)at)[0];
  if (option->type == MDL_OPTION_PAIR) values[1] = ((const double *)(const void *)at)[1];
}

void mdl_optim_option_set(struct mdl_optim_options *options, const struct mdl_optim_option *option,
                          const double *values) {
  char *at = (char *)options + option->offset;
  if (option->type == MDL_OPTION_FLAG) {
    *(int *)(void *)at = values[0] != 0;
    return;
  }
  ((double *)(void *)at)[0] = values[0];
  if (option->type == MDL_OPTION_PAIR) ((double *)(void *)at)[1] = values[1];
}

struct mdl_optim_options mdl_optim_defaults(int kind) {
  struct mdl_optim_options options = {.kind = mdl_optim_name(kind) ? kind : -1};
  size_t count;
  const struct mdl_optim_option *rows = mdl_optim_option_table(kind, &count);
  for (size_t i = 0; i < count; i++) mdl_optim_option_set(&options, &rows[i], rows[i].fallback);
  return options;
}

int mdl_optim_check(const struct mdl_optim_options *options, const struct mdl_optim_option **which) {
  size_t count;
  const struct mdl_optim_option *rows = mdl_optim_option_table(options->kind, &count), *bad = NULL;
  int status = rows ? MDL_OK : MDL_ERROR_KIND;
  for (size_t i = 0; i < count && !bad; i++) {
    double values[2];
    read_option(options, &rows[i], values);
    if (within(rows[i].domain, values[0], values[1], rows[i].type == MDL_OPTION_PAIR)) continue;
    bad = &rows[i];
    status = isnan(values[0]) && isnan(bad->fallback[0]) ? MDL_ERROR_OPTION_MISSING : MDL_ERROR_OPTION_RANGE;
  }
  if (!status && options->kind == MDL_SGD && options->nesterov && (options->momentum <= 0 || options->dampening != 0)) {
    bad = mdl_optim_option_by_name(MDL_SGD, "nesterov");
    status = MDL_ERROR_OPTION_NESTEROV;
  }
  if (which) *which = bad;
  return status;
}
