// reason.c - the texts of reason.def.
#include "schedule/reason.h"

const char *const reason_text[REASON_COUNT] = {
    "",
#define REASON(name, text) text,
#include "schedule/reason.def"
#undef REASON
};
