/* expert.h - the gradient of one model as an expert writes it by hand, with the arguments of struct mdl_model's value_and_grad.
 *
 * Each file includes the header that mdlc writes for the model, for its fixed dimensions and where its parameters stand, and is
 * compiled twice with other names.  No file reads anything else of what is generated. */
#ifndef EXPERT_H
#define EXPERT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of memory, aligned to 64, that value_and_grad asks for. */
size_t expert_work(const int64_t *dims);

/* Returns the loss and writes its gradient. */
double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad);

/* INLINE: functions that are to see their constant arguments as constants; APART: ones that had better not, since compilers then choose
 * worse loops. */
#if defined(__clang__)
#define INLINE static inline __attribute__((always_inline))
#define APART static __attribute__((noinline, unused))
#elif defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#define APART static __attribute__((noinline, noclone, unused))
#else
#define INLINE static inline
#define APART static
#endif

/* Sums in so many lanes: a loop over lanes becomes vector instructions without changing the order of any sum. */
enum { LANES = 8 };

INLINE double lanes_sum(const double *lane) {
  double sum = 0;
  for (int l = 0; l < LANES; l++) sum += lane[l];
  return sum;
}

INLINE double dot(int64_t n, const double *a, const double *b) {
  double lane[LANES] = {0}, sum;
  int64_t k = 0;
  for (; k + LANES <= n; k += LANES)
    for (int l = 0; l < LANES; l++) lane[l] += a[k + l] * b[k + l];
  sum = lanes_sum(lane);
  for (; k < n; k++) sum += a[k] * b[k];
  return sum;
}

/* y += a x */
INLINE void axpy(int64_t n, double a, const double *restrict x, double *restrict y) {
  for (int64_t k = 0; k < n; k++) y[k] += a * x[k];
}

INLINE double squash(double x) {
  return 1 / (1 + exp(-x));
}

/* tanh from one exponential; the error is a rounding of 1. */
INLINE double bend(double x) {
  return 1 - 2 / (1 + exp(2 * x));
}

/* logits become their softmax; returns their logsumexp */
INLINE double softmax(int64_t n, double *z) {
  double top = z[0], sum = 0;
  for (int64_t k = 1; k < n; k++) top = z[k] > top ? z[k] : top;
  for (int64_t k = 0; k < n; k++) sum += z[k] = exp(z[k] - top);
  const double share = 1 / sum;
  for (int64_t k = 0; k < n; k++) z[k] *= share;
  return top + log(sum);
}

/* A sum of logarithms, of the product of as many numbers as it has room for: start with {1, 0}. */
struct logarithms {
  double product, sum;
};

INLINE void take(struct logarithms *of, double x) {
  of->product *= x;
  if (of->product > 1e-100 && of->product < 1e100) return;
  of->sum += log(of->product);
  of->product = 1;
}

INLINE double taken(const struct logarithms *of) {
  return of->sum + log(of->product);
}

#endif
