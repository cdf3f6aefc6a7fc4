// reason.h - why a pass decided as it did: noted where the decision is taken, printed by `mdlc explain --schedule`.
#ifndef MDLC_REASON_H
#define MDLC_REASON_H

#include "graph/graph.h"

typedef enum {
  REASON_NONE,
#define REASON(name, text) REASON_##name,
#include "schedule/reason.def"
#undef REASON
  REASON_COUNT
} ReasonKind;

typedef struct Reason {
  ReasonKind kind;
  const Node *node; // what `$` in its text stands for, or null
} Reason;

extern const char *const reason_text[REASON_COUNT];

#endif
