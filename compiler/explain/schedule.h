// schedule.h - the loop tree of a generated function with the reason for each decision (mdlc explain --schedule).
//
// Left stands the tree: loops, and the formulas of what is computed in them.  Right stands why: what the passes of the schedule
// noted where they decided (schedule/reason.def, graph/origin.def).
#ifndef MDLC_EXPLAIN_SCHEDULE_H
#define MDLC_EXPLAIN_SCHEDULE_H

#include "emit/emit.h"

void explain_schedule(Text *t, const FunctionView *f);

#endif
