// limit.h - --tape-limit: loops in blocks of so many steps that the tape fits.
#ifndef MDLC_LIMIT_H
#define MDLC_LIMIT_H

#include "emit/emit.h"

typedef enum {
  TAPE_FITS,
  TAPE_TOO_LARGE, // however loops are cut
  TAPE_BEYOND,    // its bytes are more than 64 bits can count
  TAPE_BROKEN     // the graph in blocks is none: an error of ours
} TapeStatus;

typedef struct TapeFit {
  TapeStatus status;
  Model *model;    // FITS: in blocks; null: the model as it stands
  bool thrifty;    // with which it is to be emitted
  int64_t least;   // TOO_LARGE: bytes of the smallest tape
  const char *why; // BROKEN
} TapeFit;

// Of a model with a loss, at these sizes (by dimension).  What fits as it stands stays so; else of the block sizes that fit
// the one whose backward needs the least memory.
TapeFit limit_tape(Arena *a, const Model *m, const EmitOptions *options, const int64_t *sizes, int64_t bytes);

#endif
