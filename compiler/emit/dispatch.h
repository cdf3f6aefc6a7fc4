// dispatch.h - one body of a function, compiled for several processors.
#ifndef MDLC_DISPATCH_H
#define MDLC_DISPATCH_H

#include "base/text.h"
#include "schedule/schedule.h"

typedef struct Body {
  bool lanes; // has loops in lanes, faster by wider vectors
  bool team;  // is run by several threads
  bool math;  // wants to know what the processor has (mdl/math/fma.h)
} Body;

// What the file needs before its functions; `widths`: for functions that are compiled several times; `threads`: the most of a team,
// 0: there is none.
void dispatch_print(Text *t, bool widths, int threads);
bool has_lanes(const Schedule *s);
// Of a function with that prototype (without a semicolon) and name: that of its body; what calls the body, and the choice.
void put_body_signature(Text *t, const char *prototype, const char *name, Body body);
void put_dispatch(Text *t, const char *prototype, const char *name, Body body, bool returns);
// Of one that a team runs, behind that: what calls it for each thread, of several where there is enough to do.
void put_team_call(Text *t, const char *prototype, const char *name, const char *operations, bool returns);

#endif
