/* mdl/join.h - the partial sums of four vectors' lanes, joined in pairs side by side.
 *
 * Each result has the order in which one is joined by itself: the lanes of the lower half take those of the upper, until
 * one is left.  The text stands alone, in C99 and in C++: it is copied into generated C that has such sums.  With
 * MDL_JOIN_FLOAT it is of float.
 */
#ifndef MDL_JOIN_H
#define MDL_JOIN_H

#ifdef MDL_JOIN_FLOAT
typedef float mdl_join_real;
enum { MDL_JOIN_LANES = 16 };
#else
typedef double mdl_join_real;
enum { MDL_JOIN_LANES = 8 };
#endif

#if defined(__GNUC__) && defined(__OPTIMIZE__)
#define MDL_JOIN_INLINE static inline __attribute__((always_inline, unused))
#elif defined(__GNUC__)
#define MDL_JOIN_INLINE static inline __attribute__((unused))
#else
#define MDL_JOIN_INLINE static inline
#endif

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define MDL_JOIN_VECTORS 1
#endif
#endif

MDL_JOIN_INLINE mdl_join_real mdl_join_one(const mdl_join_real *p) {
  mdl_join_real sum[MDL_JOIN_LANES / 2];
  for (int k = 0; k < MDL_JOIN_LANES / 2; k++) sum[k] = p[k] + p[k + MDL_JOIN_LANES / 2];
  for (int half = MDL_JOIN_LANES / 4; half > 0; half /= 2)
    for (int k = 0; k < half; k++) sum[k] += sum[k + half];
  return sum[0];
}

#ifdef MDL_JOIN_VECTORS
/* In vectors of 32 bytes. */
MDL_JOIN_INLINE void mdl_join_wide(const mdl_join_real *a, const mdl_join_real *b, const mdl_join_real *c, const mdl_join_real *d,
                                   mdl_join_real *to) {
  typedef mdl_join_real V __attribute__((vector_size(32)));
  typedef mdl_join_real U __attribute__((vector_size(32), aligned(sizeof(mdl_join_real)), may_alias));
#define MDL_JOIN_HALVES(p) (*(const U *)(p) + *(const U *)((p) + MDL_JOIN_LANES / 2))
#define MDL_JOIN_MIX __builtin_shufflevector
  const V a0 = MDL_JOIN_HALVES(a), b0 = MDL_JOIN_HALVES(b), c0 = MDL_JOIN_HALVES(c), d0 = MDL_JOIN_HALVES(d);
#ifdef MDL_JOIN_FLOAT
  const V ab = MDL_JOIN_MIX(a0, b0, 0, 1, 2, 3, 8, 9, 10, 11) + MDL_JOIN_MIX(a0, b0, 4, 5, 6, 7, 12, 13, 14, 15);
  const V cd = MDL_JOIN_MIX(c0, d0, 0, 1, 2, 3, 8, 9, 10, 11) + MDL_JOIN_MIX(c0, d0, 4, 5, 6, 7, 12, 13, 14, 15);
  const V acbd = MDL_JOIN_MIX(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13) + MDL_JOIN_MIX(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
  const V sum = MDL_JOIN_MIX(acbd, acbd, 0, 2, 4, 6, 0, 2, 4, 6) + MDL_JOIN_MIX(acbd, acbd, 1, 3, 5, 7, 1, 3, 5, 7);
#else
  const V ab = MDL_JOIN_MIX(a0, b0, 0, 1, 4, 5) + MDL_JOIN_MIX(a0, b0, 2, 3, 6, 7);
  const V cd = MDL_JOIN_MIX(c0, d0, 0, 1, 4, 5) + MDL_JOIN_MIX(c0, d0, 2, 3, 6, 7);
  const V sum = MDL_JOIN_MIX(ab, cd, 0, 4, 2, 6) + MDL_JOIN_MIX(ab, cd, 1, 5, 3, 7);
#endif
  to[0] = sum[0];
  to[1] = sum[2];
  to[2] = sum[1];
  to[3] = sum[3];
#undef MDL_JOIN_HALVES
#undef MDL_JOIN_MIX
}
#endif

/* to[0] to to[3]: the sums of a, b, c and d.  mdl_level: above 0 for a processor with vectors of 32 bytes, a constant of the caller. */
MDL_JOIN_INLINE void mdl_join_four(const int mdl_level, const mdl_join_real *a, const mdl_join_real *b, const mdl_join_real *c,
                                   const mdl_join_real *d, mdl_join_real *to) {
#ifdef MDL_JOIN_VECTORS
  if (mdl_level > 0) {
    mdl_join_wide(a, b, c, d, to);
    return;
  }
#endif
  (void)mdl_level;
  to[0] = mdl_join_one(a);
  to[1] = mdl_join_one(b);
  to[2] = mdl_join_one(c);
  to[3] = mdl_join_one(d);
}

#endif
