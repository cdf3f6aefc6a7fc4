/* mdl/constrain.h - smooth transforms between free reals and constrained parameters.
 *
 * The transforms are those of the Stan Reference Manual, "Constraint Transforms", without their log Jacobians:
 *   above     x = low + exp(f)
 *   below     x = high - exp(f)
 *   between   x = low + (high - low) sigmoid(f)
 *   simplex   stick breaking: z[k] = sigmoid(f[k] - log(n - 1 - k)) of what is left goes to x[k]; n - 1 free reals
 *   ordered   x[0] = f[0], x[k] = x[k - 1] + exp(f[k])
 *   cholesky  the lower triangle row by row, the diagonal as exp(f), 0 above it; n (n + 1) / 2 free reals
 * For each there are three functions over arrays, rows of which are transformed one by one:
 *   mdl_constrain_*    writes x.  Every finite f gives finite x that keep their constraint strictly: what rounds to a
 *                      bound is the real next to it, what overflows the largest.  Of an f that is not finite comes an x
 *                      that is not a number.
 *   mdl_pullback_*     writes the gradient by f, from g, that by x
 *   mdl_unconstrain_*  writes f; -1, or the first entry of x (or of its row) that breaks the constraint
 *
 * Reals are double, or float where MDL_CONSTRAIN_FLOAT is defined; sums and functions are computed in double.  The text
 * stands alone, in C99 and in C++: it is copied into generated C that uses these functions.
 */
#ifndef MDL_CONSTRAIN_H
#define MDL_CONSTRAIN_H

#include <float.h>
#include <math.h>
#include <stdint.h>

/* A copy in a source file need not use all of it. */
#if defined(__GNUC__)
#define MDL_CONSTRAIN_INLINE static inline __attribute__((unused))
#else
#define MDL_CONSTRAIN_INLINE static inline
#endif

#ifdef MDL_CONSTRAIN_FLOAT
typedef float mdl_constrain_real;
#define MDL_CONSTRAIN_NEXT nextafterf
#define MDL_CONSTRAIN_MOST FLT_MAX
#define MDL_CONSTRAIN_EPSILON FLT_EPSILON
#else
typedef double mdl_constrain_real;
#define MDL_CONSTRAIN_NEXT nextafter
#define MDL_CONSTRAIN_MOST DBL_MAX
#define MDL_CONSTRAIN_EPSILON DBL_EPSILON
#endif
#define MDL_CONSTRAIN_SUM_ERROR 1e-6 /* of a simplex that is given */

/* x rounded to a real between the bounds; not a number where f is not finite. */
MDL_CONSTRAIN_INLINE mdl_constrain_real mdl_constrain_within(double x, mdl_constrain_real low, mdl_constrain_real high,
                                                             double f) {
  const mdl_constrain_real infinity = (mdl_constrain_real)INFINITY;
  const mdl_constrain_real most = x > 0 ? MDL_CONSTRAIN_MOST : -MDL_CONSTRAIN_MOST;
  mdl_constrain_real y = fabs(x) > MDL_CONSTRAIN_MOST ? most : (mdl_constrain_real)x;
  if (!(y > low)) y = MDL_CONSTRAIN_NEXT(low, infinity);
  if (!(y < high)) y = MDL_CONSTRAIN_NEXT(high, -infinity);
  return f - f == 0 ? y : (mdl_constrain_real)NAN;
}

/* exp(f), at most the largest real: a gradient of 0 times it is no NaN. */
MDL_CONSTRAIN_INLINE double mdl_constrain_exp(double f) {
  const double e = exp(f);
  return e > MDL_CONSTRAIN_MOST ? (double)MDL_CONSTRAIN_MOST : e;
}

/* sigmoid(f) and sigmoid(-f), each accurate in both tails. */
MDL_CONSTRAIN_INLINE double mdl_constrain_sigmoid(double f, double *complement) {
  const double e = exp(-fabs(f)), large = 1 / (1 + e), small = e / (1 + e);
  *complement = f < 0 ? large : small;
  return f < 0 ? small : large;
}

/* log(x / y) of positive reals, also where the quotient is too large or too small. */
MDL_CONSTRAIN_INLINE double mdl_constrain_log_ratio(double x, double y) {
  const double ratio = x / y;
  return ratio >= DBL_MIN && ratio <= DBL_MAX ? log(ratio) : log(x) - log(y);
}

/* log(x - y) of reals x > y, also where the difference is too large. */
MDL_CONSTRAIN_INLINE double mdl_constrain_log_difference(double x, double y) {
  const double difference = x - y;
  return difference <= DBL_MAX ? log(difference) : log(x / 2 - y / 2) + log(2.0);
}

MDL_CONSTRAIN_INLINE int mdl_constrain_is_finite(double x) {
  return x - x == 0;
}

/* ---- no constraint ---- */

MDL_CONSTRAIN_INLINE void mdl_constrain_none(int64_t count, const mdl_constrain_real *f, mdl_constrain_real *x) {
  int64_t k;
  for (k = 0; k < count; k++) x[k] = f[k];
}

MDL_CONSTRAIN_INLINE void mdl_pullback_none(int64_t count, const mdl_constrain_real *g, mdl_constrain_real *grad) {
  int64_t k;
  for (k = 0; k < count; k++) grad[k] = g[k];
}

MDL_CONSTRAIN_INLINE void mdl_unconstrain_none(int64_t count, const mdl_constrain_real *x, mdl_constrain_real *f) {
  int64_t k;
  for (k = 0; k < count; k++) f[k] = x[k];
}

/* ---- above, below ---- */

MDL_CONSTRAIN_INLINE void mdl_constrain_above(int64_t count, mdl_constrain_real low, const mdl_constrain_real *f,
                                              mdl_constrain_real *x) {
  int64_t k;
  for (k = 0; k < count; k++) x[k] = mdl_constrain_within(low + exp(f[k]), low, (mdl_constrain_real)INFINITY, f[k]);
}

MDL_CONSTRAIN_INLINE void mdl_pullback_above(int64_t count, const mdl_constrain_real *f, const mdl_constrain_real *g,
                                             mdl_constrain_real *grad) {
  int64_t k;
  for (k = 0; k < count; k++) grad[k] = (mdl_constrain_real)(g[k] * mdl_constrain_exp(f[k]));
}

MDL_CONSTRAIN_INLINE int64_t mdl_unconstrain_above(int64_t count, mdl_constrain_real low, const mdl_constrain_real *x,
                                                   mdl_constrain_real *f) {
  int64_t k;
  for (k = 0; k < count; k++) {
    if (!(x[k] > low) || !mdl_constrain_is_finite(x[k])) return k;
    f[k] = (mdl_constrain_real)mdl_constrain_log_difference(x[k], low);
  }
  return -1;
}

MDL_CONSTRAIN_INLINE void mdl_constrain_below(int64_t count, mdl_constrain_real high, const mdl_constrain_real *f,
                                              mdl_constrain_real *x) {
  int64_t k;
  for (k = 0; k < count; k++) x[k] = mdl_constrain_within(high - exp(f[k]), -(mdl_constrain_real)INFINITY, high, f[k]);
}

MDL_CONSTRAIN_INLINE void mdl_pullback_below(int64_t count, const mdl_constrain_real *f, const mdl_constrain_real *g,
                                             mdl_constrain_real *grad) {
  int64_t k;
  for (k = 0; k < count; k++) grad[k] = (mdl_constrain_real)(-g[k] * mdl_constrain_exp(f[k]));
}

MDL_CONSTRAIN_INLINE int64_t mdl_unconstrain_below(int64_t count, mdl_constrain_real high, const mdl_constrain_real *x,
                                                   mdl_constrain_real *f) {
  int64_t k;
  for (k = 0; k < count; k++) {
    if (!(x[k] < high) || !mdl_constrain_is_finite(x[k])) return k;
    f[k] = (mdl_constrain_real)mdl_constrain_log_difference(high, x[k]);
  }
  return -1;
}

/* ---- between ---- */

/* From the bound that is nearer, so that the distance to it is accurate. */
MDL_CONSTRAIN_INLINE void mdl_constrain_between(int64_t count, mdl_constrain_real low, mdl_constrain_real high,
                                                const mdl_constrain_real *f, mdl_constrain_real *x) {
  const double width = (double)high - low;
  int64_t k;
  for (k = 0; k < count; k++) {
    double right;
    const double left = mdl_constrain_sigmoid(f[k], &right);
    x[k] = mdl_constrain_within(f[k] < 0 ? low + width * left : high - width * right, low, high, f[k]);
  }
}

MDL_CONSTRAIN_INLINE void mdl_pullback_between(int64_t count, mdl_constrain_real low, mdl_constrain_real high,
                                               const mdl_constrain_real *f, const mdl_constrain_real *g,
                                               mdl_constrain_real *grad) {
  const double width = (double)high - low;
  int64_t k;
  for (k = 0; k < count; k++) {
    double right;
    const double left = mdl_constrain_sigmoid(f[k], &right);
    grad[k] = (mdl_constrain_real)(g[k] * (width * (left * right)));
  }
}

MDL_CONSTRAIN_INLINE int64_t mdl_unconstrain_between(int64_t count, mdl_constrain_real low, mdl_constrain_real high,
                                                     const mdl_constrain_real *x, mdl_constrain_real *f) {
  int64_t k;
  for (k = 0; k < count; k++) {
    if (!(x[k] > low && x[k] < high)) return k;
    f[k] = (mdl_constrain_real)mdl_constrain_log_ratio((double)x[k] - low, (double)high - x[k]);
  }
  return -1;
}

/* ---- simplex: n >= 1 entries in a row ---- */

MDL_CONSTRAIN_INLINE void mdl_constrain_simplex(int64_t rows, int64_t n, const mdl_constrain_real *f,
                                                mdl_constrain_real *x) {
  const mdl_constrain_real infinity = (mdl_constrain_real)INFINITY;
  for (; rows > 0; rows--, f += n - 1, x += n) {
    double left = 1, finite = 0; /* what is left of the stick; 0 while all were finite */
    int64_t k;
    for (k = 0; k + 1 < n; k++) {
      double rest;
      const double z = mdl_constrain_sigmoid(f[k] - log((double)(n - 1 - k)), &rest);
      finite += (double)f[k] - f[k];
      x[k] = mdl_constrain_within(left * z, 0, infinity, finite);
      left *= rest;
    }
    x[k] = mdl_constrain_within(left, 0, infinity, finite);
  }
}

MDL_CONSTRAIN_INLINE void mdl_pullback_simplex(int64_t rows, int64_t n, const mdl_constrain_real *f,
                                               const mdl_constrain_real *g, mdl_constrain_real *grad) {
  for (; rows > 0; rows--, f += n - 1, g += n, grad += n - 1) {
    double left = 1, rest, behind = g[n - 1]; /* the gradient by what is left behind entry k */
    int64_t k;
    for (k = 0; k + 1 < n; k++) {
      grad[k] = (mdl_constrain_real)left;
      mdl_constrain_sigmoid(f[k] - log((double)(n - 1 - k)), &rest);
      left *= rest;
    }
    for (k = n - 2; k >= 0; k--) {
      const double z = mdl_constrain_sigmoid(f[k] - log((double)(n - 1 - k)), &rest);
      grad[k] = (mdl_constrain_real)(grad[k] * (z * rest) * (g[k] - behind));
      behind = z * g[k] + rest * behind;
    }
  }
}

MDL_CONSTRAIN_INLINE int64_t mdl_unconstrain_simplex(int64_t rows, int64_t n, const mdl_constrain_real *x,
                                                     mdl_constrain_real *f) {
  int64_t row;
  for (row = 0; row < rows; row++, f += n - 1, x += n) {
    double sum = 0;
    int64_t k;
    for (k = 0; k < n; k++) {
      if (!(x[k] > 0)) return row * n + k;
      sum += x[k];
    }
    if (!(fabs(sum - 1) <= MDL_CONSTRAIN_SUM_ERROR)) return row * n;
    sum = x[n - 1];
    for (k = n - 2; k >= 0; k--) {
      f[k] = (mdl_constrain_real)(mdl_constrain_log_ratio(x[k], sum) + log((double)(n - 1 - k)));
      sum += x[k];
    }
  }
  return -1;
}

/* ---- ordered: n entries in a row ---- */

MDL_CONSTRAIN_INLINE void mdl_constrain_ordered(int64_t rows, int64_t n, const mdl_constrain_real *f,
                                                mdl_constrain_real *x) {
  for (; rows > 0; rows--, f += n, x += n) {
    double sum = 0, finite = 0;
    mdl_constrain_real before = -(mdl_constrain_real)INFINITY;
    int64_t k;
    for (k = 0; k < n; k++) {
      /* Those that follow need room too. */
      const double most = MDL_CONSTRAIN_MOST * (1 - MDL_CONSTRAIN_EPSILON * (double)(n - 1 - k));
      sum = k ? sum + exp(f[k]) : (double)f[k];
      finite += (double)f[k] - f[k];
      x[k] = mdl_constrain_within(sum > most ? most : sum, before, (mdl_constrain_real)INFINITY, finite);
      before = x[k];
    }
  }
}

MDL_CONSTRAIN_INLINE void mdl_pullback_ordered(int64_t rows, int64_t n, const mdl_constrain_real *f,
                                               const mdl_constrain_real *g, mdl_constrain_real *grad) {
  for (; rows > 0; rows--, f += n, g += n, grad += n) {
    double sum = 0;
    int64_t k;
    for (k = n - 1; k >= 0; k--) {
      sum += g[k];
      grad[k] = (mdl_constrain_real)(k ? sum * mdl_constrain_exp(f[k]) : sum);
    }
  }
}

MDL_CONSTRAIN_INLINE int64_t mdl_unconstrain_ordered(int64_t rows, int64_t n, const mdl_constrain_real *x,
                                                     mdl_constrain_real *f) {
  int64_t row, k;
  for (row = 0; row < rows; row++, f += n, x += n)
    for (k = 0; k < n; k++) {
      if (!mdl_constrain_is_finite(x[k]) || (k && !(x[k] > x[k - 1]))) return row * n + k;
      f[k] = (mdl_constrain_real)(k ? mdl_constrain_log_difference(x[k], x[k - 1]) : (double)x[k]);
    }
  return -1;
}

/* ---- cholesky: n by n matrices ---- */

MDL_CONSTRAIN_INLINE void mdl_constrain_cholesky(int64_t count, int64_t n, const mdl_constrain_real *f,
                                                 mdl_constrain_real *x) {
  int64_t i, j;
  for (; count > 0; count--)
    for (i = 0; i < n; i++, x += n) {
      for (j = 0; j < i; j++) x[j] = *f++;
      mdl_constrain_above(1, 0, f++, x + i);
      for (j = i + 1; j < n; j++) x[j] = 0;
    }
}

MDL_CONSTRAIN_INLINE void mdl_pullback_cholesky(int64_t count, int64_t n, const mdl_constrain_real *f,
                                                const mdl_constrain_real *g, mdl_constrain_real *grad) {
  int64_t i, j;
  for (; count > 0; count--)
    for (i = 0; i < n; i++, g += n) {
      for (j = 0; j < i; j++) grad[j] = g[j];
      mdl_pullback_above(1, f + i, g + i, grad + i);
      f += i + 1;
      grad += i + 1;
    }
}

MDL_CONSTRAIN_INLINE int64_t mdl_unconstrain_cholesky(int64_t count, int64_t n, const mdl_constrain_real *x,
                                                      mdl_constrain_real *f) {
  int64_t m, i, j;
  for (m = 0; m < count; m++)
    for (i = 0; i < n; i++, x += n) {
      for (j = 0; j < i; j++) {
        if (!mdl_constrain_is_finite(x[j])) return (m * n + i) * n + j;
        *f++ = x[j];
      }
      if (mdl_unconstrain_above(1, 0, x + i, f++) >= 0) return (m * n + i) * n + i;
      for (j = i + 1; j < n; j++)
        if (x[j] != 0) return (m * n + i) * n + j; /* not a number, too */
    }
  return -1;
}

#endif
