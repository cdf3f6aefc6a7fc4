/* mdl/optim.h - the optimizers of torch.optim, with PyTorch 1.13's options, defaults and update formulas.
 *
 *     struct mdl_optim_options options = mdl_optim_defaults(MDL_ADAM);
 *     struct mdl_optim optim;
 *     size_t bytes;
 *     options.lr = 0.1;
 *     mdl_optim_state_size(&options, MDL_DOUBLE, n, &bytes);         // then `state`, so many bytes, from the caller
 *     mdl_optim_init(&optim, &options, MDL_DOUBLE, n, state);
 *     for (...) {
 *       mdl_zero_grad(MDL_DOUBLE, n, grad);
 *       model->backward(dims, data, params, tape, work, 1.0, grad);  // adds to grad; value_and_grad writes it instead
 *       mdl_optim_step(&optim, params, grad);
 *     }
 *
 * Parameters, gradients and state are flat vectors of `real`.  As in PyTorch's single-tensor path the order of
 * operations is that of its Python text, each operation on a vector rounds to the vector's type, and what Python
 * computes on the side (bias corrections, rates) is in double.  Options that choose an implementation of the same
 * formulas (foreach, fused, capturable, differentiable) have no counterpart.
 *
 * A schedule of learning rates sets `optim.options.lr` before a step; no other option may change after init.  A
 * method that evaluates the loss several times within a step, such as L-BFGS, is not a kind here: it has its own
 * entry point, beside mdl_optim_step and over the same parameter vectors.
 */
#ifndef MDL_OPTIM_H
#define MDL_OPTIM_H

#include "mdl/model.h"
#include "mdl/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* g is the gradient, negated by `maximize`, plus weight_decay * p (AdamW decays apart); all formulas are
 * elementwise.
 *
 * SGD       b = momentum b + (1 - dampening) g, at the first step b = g; p -= lr b, with nesterov lr (g + momentum b)
 * ASGD      p = (1 - lambd eta) p - eta g; a += mu (p - a); eta = lr / (1 + lambd lr t)^alpha; mu = 1 / max(1, t - t0):
 *           B. T. Polyak and A. B. Juditsky, SIAM J. Control Optim. 30, 1992
 * Adam      m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; p -= lr m' / (sqrt(v') + eps), where m', v' are
 *           divided by 1 - beta^t; amsgrad takes the largest v so far: D. P. Kingma and J. Ba, arXiv:1412.6980; S. J.
 *           Reddi, S. Kale and S. Kumar, ICLR 2018
 * AdamW     Adam, and p = (1 - lr weight_decay) p before: I. Loshchilov and F. Hutter, arXiv:1711.05101
 * Adamax    u = max(beta2 u, |g| + eps); p -= lr m' / u: Kingma and Ba, section 7.1
 * NAdam     Adam with a Nesterov step whose momentum grows by momentum_decay: T. Dozat, ICLR workshop 2016.  PyTorch
 *           1.13 multiplies the next product of momenta by mu once more than its documentation says; so does this.
 * RAdam     Adam with the variance of its rate rectified: L. Liu et al., arXiv:1908.03265
 * Adagrad   s += g^2; p -= lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps): J. Duchi, E. Hazan and Y. Singer, JMLR 12,
 *           2011
 * Adadelta  v = rho v + (1 - rho) g^2; d = sqrt(a + eps) / sqrt(v + eps) g; a = rho a + (1 - rho) d^2; p -= lr d: M. D.
 *           Zeiler, arXiv:1212.5701
 * RMSprop   v = alpha v + (1 - alpha) g^2, centered minus the square of the averaged g; r = g / (sqrt(v) + eps); p -=
 *           lr r, or with momentum b = momentum b + r; p -= lr b: T. Tieleman and G. Hinton's lecture 6.5; A. Graves,
 *           arXiv:1308.0850
 * Rprop     a step size for each parameter, times etas[1] where the sign of g stays and etas[0] where it turns (no step
 *           there), within step_sizes: M. Riedmiller and H. Braun, ICNN 1993
 */
enum mdl_optim_kind {
  MDL_SGD = 0,
  MDL_ASGD,
  MDL_ADAM,
  MDL_ADAMW,
  MDL_ADAMAX,
  MDL_NADAM,
  MDL_RADAM,
  MDL_ADAGRAD,
  MDL_ADADELTA,
  MDL_RMSPROP,
  MDL_RPROP,
  MDL_OPTIM_KINDS
};

/* Every option under its torch.optim name.  What a kind does not have, it does not read. */
struct mdl_optim_options {
  int kind;
  double lr; /* NaN: not set, and SGD has no default */
  double weight_decay;
  int maximize;
  double momentum;  /* SGD, RMSprop */
  double dampening; /* SGD */
  int nesterov;     /* SGD */
  double betas[2];  /* the Adam family */
  double eps;
  int amsgrad;                      /* Adam, AdamW */
  double momentum_decay;            /* NAdam */
  double lambd;                     /* ASGD */
  double alpha;                     /* ASGD: the power of the rate; RMSprop: the smoothing constant */
  double t0;                        /* ASGD: the step at which averaging starts */
  double lr_decay;                  /* Adagrad */
  double initial_accumulator_value; /* Adagrad */
  double rho;                       /* Adadelta */
  int centered;                     /* RMSprop */
  double etas[2];                   /* Rprop: decrease, increase */
  double step_sizes[2];             /* Rprop: smallest, largest */
  /* ASGD, NAdam: PyTorch keeps eta, mu and mu_product in its default type, float32, and 0 does the same; 1 keeps them in
   * double, as it does after set_default_dtype(float64). */
  int float64_scalars;
};

enum mdl_option_type { MDL_OPTION_REAL, MDL_OPTION_PAIR, MDL_OPTION_FLAG };

/* One option of one kind: what a command line needs to read it, to show it and to reject it. */
struct mdl_optim_option {
  int kind;
  const char *name;
  size_t offset;      /* in struct mdl_optim_options: a double, two doubles or an int, by type */
  int type;           /* enum mdl_option_type */
  double fallback[2]; /* the default; NaN: there is none */
  int domain;         /* which values are valid: an index of the runtime's own, in words by mdl_optim_option_range */
};

/* "SGD", "AdamW", ...; null where there is no such kind. */
const char *mdl_optim_name(int kind);
/* In any case of letters; -1 where there is none. */
int mdl_optim_kind_by_name(const char *name);

/* The options of a kind in the order of its signature; null and 0 where there is no such kind. */
const struct mdl_optim_option *mdl_optim_option_table(int kind, size_t *count);
/* Null where the kind has no such option. */
const struct mdl_optim_option *mdl_optim_option_by_name(int kind, const char *name);
/* The valid numbers in words, such as "0 or more"; "" for a flag or where every number is valid. */
const char *mdl_optim_option_range(const struct mdl_optim_option *option);
/* Reads one number, two, or a flag (not 0: set) from values, by type. */
void mdl_optim_option_set(struct mdl_optim_options *options, const struct mdl_optim_option *option,
                          const double *values);

/* All options at their defaults for this kind; kind -1 where there is none. */
struct mdl_optim_options mdl_optim_defaults(int kind);

/* MDL_OK, or MDL_ERROR_KIND, MDL_ERROR_OPTION_MISSING, MDL_ERROR_OPTION_RANGE or MDL_ERROR_OPTION_NESTEROV.  The
 * ranges are PyTorch's, and NaN is in none.  `which`, unless null, is set to the option at fault, null where there
 * is none. */
int mdl_optim_check(const struct mdl_optim_options *options, const struct mdl_optim_option **which);

/* One optimizer at work.  To be copied together with its state, to save and resume a run. */
struct mdl_optim {
  struct mdl_optim_options options;
  int real; /* MDL_DOUBLE or MDL_FLOAT */
  size_t nparams;
  int64_t step;     /* steps taken */
  double scalar[2]; /* ASGD: eta, mu; NAdam: the product of momenta */
  void *slot[3];    /* vectors of nparams reals in the caller's memory, as many as the kind and its options need */
};

/* Bytes of state (0 for plain SGD) in *size.  MDL_OK, MDL_ERROR_OVERFLOW, MDL_ERROR_REAL or what mdl_optim_check
 * returns. */
int mdl_optim_state_size(const struct mdl_optim_options *options, int real, size_t nparams, size_t *size);

/* Starts at step 0.  `state` has the size above, aligned to MDL_ALIGNMENT, and is read and written by every step.
 * Returns what mdl_optim_state_size returns, or MDL_ERROR_MEMORY. */
int mdl_optim_init(struct mdl_optim *optim, const struct mdl_optim_options *options, int real, size_t nparams,
                   void *state);

/* One step: updates params[nparams] with grad[nparams], which stays as it is. */
void mdl_optim_step(struct mdl_optim *optim, void *params, const void *grad);

/* ASGD's averaged parameters, nparams reals; null for other kinds. */
const void *mdl_optim_average(const struct mdl_optim *optim);

/* Sets n reals to zero. */
void mdl_zero_grad(int real, size_t n, void *grad);

#ifdef __cplusplus
}
#endif

#endif
