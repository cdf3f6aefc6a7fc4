// tool.h - what the commands of mdlc share: exit statuses, options, messages, output.
#ifndef MDLC_TOOL_H
#define MDLC_TOOL_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "derive/kinds.h"

// Exit statuses; every function of the tool that returns an int and may fail returns one of these, and has then said
// why on stderr.
enum {
  STATUS_OK = 0,
  STATUS_REJECTED = 1,    // the program or its data
  STATUS_USAGE = 2,       // the command line
  STATUS_ENVIRONMENT = 3, // a file, the disk, memory, the C compiler
  STATUS_DIVERGED = 4,    // training
  STATUS_INTERNAL = 70    // our mistake
};
// The paragraph about them that ends each --help.
#define STATUS_HELP                                                                                                    \
  "Exit status: 0 ok, 1 program or data rejected, 2 wrong usage, 3 environment (file, disk, memory, C compiler), "     \
  "4 training diverged, 70 internal error."

// ---- commands: one file each, each listed in the table of main.c ----

// argv[0] is "mdlc NAME", for messages.
typedef int CommandRun(int argc, char **argv);
CommandRun cmd_build, cmd_train, cmd_eval, cmd_predict;
CommandRun cmd_check, cmd_explain, cmd_graph, cmd_cost, cmd_dump;

// ---- messages ----

// "mdlc: message" on stderr, and the status given back: `return tool_fail(STATUS_ENVIRONMENT, "cannot open %s", …);`
int tool_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The same about a place in a data file, "message" alone: the text starts with the place ("readings.csv:4:2: …").
int tool_reject(const char *format, ...) __attribute__((format(printf, 1, 2)));

// ---- options ----
//
// Each command has one struct of its arguments and an argp parser; the two parsers below are its children (set
// state->child_inputs on ARGP_KEY_INIT to the structs, with their arena set).

typedef struct DimValue { // -D h=256
  const char *name;
  int64_t value;
} DimValue;

typedef struct Wanted { // --derivatives jacobian:NAME
  DerivativeKind kind;
  const char *of; // or null
} Wanted;

// FILE.mdl, -D dim=value, --name, --real, --derivatives, --wrt, --no-fuse, --no-contract, --no-simplify
typedef struct ModelOptions {
  Arena *arena;
  const char *file; // always set after parsing: its absence is a usage error
  const char *name; // as given with --name, or null
  bool use_float;
  bool libm; // --math libm
  bool no_fuse, no_contract, no_simplify, no_factor, no_fma;
  bool plain;    // the model is for reading
  bool fix_dims; // -D fixes what the model leaves to the call, too
  int64_t tape_limit; // in bytes; 0: none
  DimValue *dims;
  size_t ndims, dims_room;
  Wanted *derivatives; // --derivatives
  size_t nderivatives, derivatives_room;
  const char **wrt; // --wrt
  size_t nwrt, wrt_room;
} ModelOptions;
extern const struct argp model_argp;

typedef struct ColumnRange { // --column x=FIRST..LAST
  const char *data, *first, *last;
} ColumnRange;

// --data FILE (several), --column, --params FILE, --seed S
typedef struct DataOptions {
  Arena *arena;
  const char **files;
  size_t nfiles, files_room;
  ColumnRange *columns;
  size_t ncolumns, columns_room;
  const char *params; // or null
  uint64_t seed;      // of random starts; 0 unless given
} DataOptions;
extern const struct argp data_argp;

// Values of options: argp_error (exit status 2) where the text is not one.
int64_t option_integer(struct argp_state *state, const char *option, const char *text, int64_t low, int64_t high);
bool option_is_identifier(const char *s);
double option_real(struct argp_state *state, const char *option, const char *text);

// ---- output ----

typedef struct OutputFile {
  const char *path;
  const Text *text;
} OutputFile;
// All files are written in full beside their places, and then renamed: where anything fails, nothing has changed.
int output_files(const OutputFile *files, size_t count);
// To standard output, or to `path` as above where it is not null.
int output_text(const char *path, const Text *text);
// What was buffered for standard output has arrived: STATUS_OK or STATUS_ENVIRONMENT.
int output_close(void);

#endif
