// algorithms.h - loops as numerics has them, in models of many steps: what those have in common.
#ifndef MDLC_RANDOM_ALGORITHMS_H
#define MDLC_RANDOM_ALGORITHMS_H

#include "generator.h"

// What all steps together may add to a number, which has that much room between where it starts and LIMIT.
#define START (LIMIT * 0.4)
#define GROWTH (LIMIT * 0.6)

typedef struct Steps {
  const char *index, *range; // as written
  bool reverse, all;         // all: as many as the extent, so that what is yielded has that axis
  int extent;                // the index stays under it
  int yielded;               // yields of the loops around
} Steps;

// Writes `scan t in … with CARRIED {`; its index may be used until the loop is closed.  The steps are taken within an axis of extent
// `within`, or not (-1).
Steps algorithm_steps(Generator *g, int within);
void algorithm_open(Generator *g, const char *indent, Steps *s, const char *carried);
// Yields some of what there is, in most cases.
void algorithm_close(Generator *g, const char *indent, const Steps *s);

// The step's own entry of an axis: for sure one, whatever the sizes are.
const char *algorithm_at(Generator *g, const Steps *s, int extent);
// Entries of an axis, as seen from the step's own; `i in t + 1..d`.
typedef enum { PART_ALL, PART_BEHIND, PART_FROM, PART_BEFORE, PART_UP_TO, PARTS } Part;
const char *algorithm_part(Generator *g, const char *index, const Steps *s, int extent, Part part);

// An axis that is no batch, of any extent; of at least two entries.
int algorithm_axis(Generator *g);
// A number made of what there is, within `bound`: mostly of few operations.
const char *algorithm_number(Generator *g, double bound);
// An index over an axis, which may be used until g->nloop is what it was.
const char *algorithm_index(Generator *g, int extent);

// Each leaves its result among the values, as the last of them.
typedef void Algorithm(Generator *g, const char *indent);
Algorithm algorithm_eliminate, algorithm_factor, algorithm_factor_by_rows, algorithm_substitute; // factorizations.c
Algorithm algorithm_recur, algorithm_shift, algorithm_tabulate, algorithm_intervals;             // recurrences.c
Algorithm algorithm_nearest, algorithm_cluster, algorithm_running_best;                          // nearest.c

#endif
