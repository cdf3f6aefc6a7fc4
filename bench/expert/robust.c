/* robust.c - with r = (y - w x - b) / s and q = 1 + r^2 / 4:  a reading's loss is 5/2 log q + log s + constant; by r it is 5/4 r / q, so
 * by the line -5/4 r / (q s) and by log s 1 - 5/4 r^2 / q.  The q of several readings are multiplied before one logarithm is taken: the
 * loss has a constant for each reading, so that nothing is lost beside it. */
#include "robust.h"

#include "expert.h"

/* Readings of a lane between two logarithms, and what a product must stay under to take one more factor. */
enum { TOGETHER = 16 };
static const double room = 1e150;

size_t expert_work(const int64_t *dims) {
  (void)dims;
  return 0;
}

struct sums {
  double product[LANES], logarithms[LANES], squares[LANES], along[LANES], plain[LANES];
};

/* Lanes 0 to `width` take a reading each. */
INLINE void add(struct sums *s, int width, const double *restrict x, const double *restrict y, double w, double b,
                double shrink) {
  for (int l = 0; l < width; l++) {
    const double r = (y[l] - w * x[l] - b) * shrink, q = 1 + 0.25 * r * r, pull = r / q;
    s->product[l] *= q;
    s->squares[l] += pull * r;
    s->along[l] += pull * x[l];
    s->plain[l] += pull;
  }
}

static void take_logarithms(struct sums *s) {
  for (int l = 0; l < LANES; l++) {
    s->logarithms[l] += log(s->product[l]);
    s->product[l] = 1;
  }
}

static int is_large(const struct sums *s) {
  double top = 0;
  for (int l = 0; l < LANES; l++) top = s->product[l] > top ? s->product[l] : top;
  return !(top < room);
}

double expert_value_and_grad(const int64_t *dims, const void *const *data, const double *params, void *work,
                             double *grad) {
  (void)work;
  const int64_t n = dims[0];
  const double *x = data[0], *y = data[1];
  const double w = params[robust_at_w], b = params[robust_at_b], log_s = params[robust_at_log_scale];
  const double shrink = exp(-log_s), half_log_2_pi = 0.91893853320467274178, log_10 = 2.30258509299404568402;
  struct sums s = {{0}, {0}, {0}, {0}, {0}};
  int64_t i = 0;
  for (int l = 0; l < LANES; l++) s.product[l] = 1;
  for (int since = 0; i + LANES <= n; i += LANES) {
    add(&s, LANES, x + i, y + i, w, b, shrink);
    if (++since == TOGETHER || is_large(&s)) {
      take_logarithms(&s);
      since = 0;
    }
  }
  take_logarithms(&s);
  add(&s, (int)(n - i), x + i, y + i, w, b, shrink);
  take_logarithms(&s);
  const double constant = -0.98082925301172623686; /* lgamma(5/2) - lgamma(2) - log(4 pi) / 2 */
  grad[robust_at_w] = -1.25 * shrink * lanes_sum(s.along) + w / 100;
  grad[robust_at_b] = -1.25 * shrink * lanes_sum(s.plain) + b / 100;
  grad[robust_at_log_scale] = (double)n - 1.25 * lanes_sum(s.squares);
  return 2.5 * lanes_sum(s.logarithms) + (double)n * (log_s - constant) + (w * w + b * b) / 200 +
         2 * (log_10 + half_log_2_pi);
}
