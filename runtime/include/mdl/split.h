/* mdl/split.h - orders of samples drawn at random, and the split into training and validation samples. */
#ifndef MDL_SPLIT_H
#define MDL_SPLIT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The streams of mdl/random.h that the runtime draws from, far from the small ones that models use.  Epoch e of
 * training draws its order from MDL_STREAM_ORDER + e. */
#define MDL_STREAM_SPLIT UINT64_C(0xFFFF000000000000)
#define MDL_STREAM_ORDER UINT64_C(0xFFFE000000000000)

/* Shuffles values[0 .. n-1]: the shuffle of R. A. Fisher and F. Yates in R. Durstenfeld's form (Comm. ACM 7, 1964),
 * every order equally likely as far as the seed goes. */
void mdl_shuffle(uint64_t seed, uint64_t stream, int64_t n, int64_t *values);

/* Writes the numbers 0 .. n-1 in an order drawn at random. */
void mdl_permutation(uint64_t seed, uint64_t stream, int64_t n, int64_t *order);

/* Writes a permutation of 0 .. n-1 whose last floor(fraction * n) entries are the validation samples, and returns
 * how many these are; -1, and nothing is written, where n < 0 or the fraction is outside [0, 1). */
int64_t mdl_split(uint64_t seed, int64_t n, double fraction, int64_t *order);

/* That number alone. */
int64_t mdl_split_count(int64_t n, double fraction);

#ifdef __cplusplus
}
#endif

#endif
