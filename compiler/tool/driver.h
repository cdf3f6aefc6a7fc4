// driver.h - from a file's name to a checked model, and on to C.
#ifndef MDLC_DRIVER_H
#define MDLC_DRIVER_H

#include "emit/emit.h"
#include "graph/graph.h"
#include "tool/tool.h"

typedef struct Program {
  const struct AstFile *ast;
  Model *model;
  EmitOptions emit; // what the options ask for
  DimValue *call;   // the values given with -D for dimensions known only at call time
  size_t ncall;
} Program;

// Reads, parses and checks options->file.  Warnings and errors are printed to stderr.  A -D that names a call-time
// dimension (`dim T`, `batch n`) goes to program->call, unless all are to be fixed; all others go to the checker.
int program_load(const ModelOptions *options, Program *program);

// derivatives.c: --derivatives and --wrt as program->emit.request.
int program_derivatives(const ModelOptions *options, Program *program);

// The model's name: --name, or the file's name made into a C identifier.
const char *program_name(Arena *a, const ModelOptions *options);

// The value that -D gave for a call-time dimension; false: none.
bool program_call_dim(const Program *program, const char *name, int64_t *value);

// limit.c: cuts the model's loops into blocks of steps where --tape-limit asks for it.
int program_limit(const ModelOptions *options, Program *program);

#endif
