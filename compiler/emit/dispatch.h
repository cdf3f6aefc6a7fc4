// dispatch.h - one body of a function, compiled for several processors.
#ifndef MDLC_DISPATCH_H
#define MDLC_DISPATCH_H

#include "base/text.h"
#include "schedule/schedule.h"

typedef struct Body {
  bool lanes; // has loops in lanes, faster by wider vectors
  bool math;  // wants to know what the processor has (mdl/math/fma.h)
} Body;

// What the file needs before its functions; `widths`: for functions that are compiled several times.
void dispatch_print(Text *t, bool widths);
bool has_lanes(const Schedule *s);
// Of a function with that prototype (without a semicolon) and name: that of its body; what calls the body, and the choice.
void put_body_signature(Text *t, const char *prototype, const char *name, Body body);
void put_dispatch(Text *t, const char *prototype, const char *name, Body body, bool returns);

#endif
