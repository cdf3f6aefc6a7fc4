/* split.c - random orders of samples. */
#include "mdl/split.h"

#include "mdl/random.h"

void mdl_shuffle(uint64_t seed, uint64_t stream, int64_t n, int64_t *values) {
  for (int64_t i = n - 1; i > 0; i--) {
    const uint64_t j = mdl_random_below(seed, stream, (uint64_t)i, (uint64_t)i + 1);
    const int64_t value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
}

void mdl_permutation(uint64_t seed, uint64_t stream, int64_t n, int64_t *order) {
  for (int64_t i = 0; i < n; i++) order[i] = i;
  mdl_shuffle(seed, stream, n, order);
}

int64_t mdl_split_count(int64_t n, double fraction) {
  if (n < 0 || !(fraction >= 0 && fraction < 1)) return -1;
  return (int64_t)floor(fraction * (double)n);
}

int64_t mdl_split(uint64_t seed, int64_t n, double fraction, int64_t *order) {
  const int64_t count = mdl_split_count(n, fraction);
  if (count >= 0) mdl_permutation(seed, MDL_STREAM_SPLIT, n, order);
  return count;
}
