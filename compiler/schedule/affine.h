// affine.h - loops whose steps are affine in their state: what they compute of all else is computed for all steps side by side.
#ifndef MDLC_AFFINE_H
#define MDLC_AFFINE_H

#include "graph/graph.h"

// What goes back through a step is linear in what comes to it: λ[t] = J[t] λ[t + 1] + c[t].  J and c of all steps can be computed in
// lanes before the loop, and what else a step gives behind it; the loop is left with a multiply-add for each entry of J, in place of
// operations that all wait for the ones before.  Where that pays, J and c become nodes over the steps, and the state takes the sum.
// Values differ by rounding alone, unless an entry of J is beyond reals where no value is.  Null: there is no such loop.
Graph *part_steps(Arena *a, const Graph *g);

#endif
