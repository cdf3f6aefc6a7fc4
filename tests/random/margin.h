// margin.h - how near a model's decisions come to going the other way: what hangs on the rounding of a number is not the same
// wherever it is computed, and no oracle for it.
#ifndef MDLC_RANDOM_MARGIN_H
#define MDLC_RANDOM_MARGIN_H

#include "interp/interp.h"

// Runs the graph; *margin is the least distance of what is compared, relative to its size.  Ties are none: equal numbers
// are decided alike.
bool margin_run(Arena *a, const Model *m, const Graph *g, InterpInput input, double *margin, InterpError *error);

// Whether the ties are all of that kind: not made by roundings, which may go otherwise.
bool margin_ties(Arena *a, const Model *m, const Graph *g, InterpInput input, bool *hold, InterpError *error);

#endif
