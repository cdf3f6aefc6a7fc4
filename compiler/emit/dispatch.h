// dispatch.h - one body of a function, compiled for several widths of vectors.
#ifndef MDLC_DISPATCH_H
#define MDLC_DISPATCH_H

#include "base/text.h"
#include "schedule/schedule.h"

// What the file needs before its functions; `widths`: for functions of several widths.
void dispatch_print(Text *t, bool widths);
bool has_lanes(const Schedule *s);
// Of a function with that prototype (without a semicolon) and name: that of its body; what calls the body, and the choice.
// `math`: the body wants to know what the processor has (mdl/math/fma.h).
void put_body_signature(Text *t, const char *prototype, const char *name, bool math);
void put_dispatch(Text *t, const char *prototype, const char *name, bool math, bool returns);

#endif
