// delay.h - steps of a loop some at a time.
#ifndef MDLC_DELAY_H
#define MDLC_DELAY_H

#include "emit/tile.h"

// A loop some of whose loops are delayed.
void put_blocks(Function *f, const Loop *loop, int depth);
// Of such a loop what has to be there in the next steps.
void put_near(Function *f, const Loop *loop, int depth);

#endif
