// program.h - the expressions of one node as instructions over slots, evaluated entry by entry; private to the
// interpreter.
#ifndef MDLC_INTERP_PROGRAM_H
#define MDLC_INTERP_PROGRAM_H

#include "interp/number.h"

// What expressions may refer to.
typedef struct Scope {
  const Graph *graph; // for messages, or null
  const Dims *dims;   // null: polynomials must be constants
  const int64_t *dim_values;
  const NumberRules *rules;
  const Array *arrays; // by node
  const Index *index;  // of the node
  int nindex;
  uint64_t random_seed;
} Scope;

typedef enum {
  OP_CONSTANT, // its slot holds the value from the start
  OP_NO_VALUE, // a polynomial without a value: an error when it is wanted
  OP_INDEX,
  OP_READ,
  OP_NUMBER,
  OP_REAL,          // of an integer
  OP_LOG_FACTORIAL, // of an integer, by the rule of lgamma
  OP_TEST,
  OP_INTEGER,
  OP_AND,
  OP_OR,
  OP_SELECT,
  OP_NORMAL, // random
  OP_UNIFORM
} Op;

typedef struct Instruction {
  Op op;
  int narg;
  const int *arg; // slots, all smaller than the instruction's own
  int level;      // uses indices at positions under it
  const Expr *expr;
  union {
    NumberRule number;
    TestRule test;
    IntegerRule integer;
    const Array *array;
    int index;
  } u;
} Instruction;

typedef struct ProgramRoot {
  int slot;   // -1: no such expression
  int *eager; // what the root needs whatever happens, in order; the rest on demand
  int neager;
} ProgramRoot;

// A slot keeps its value until an index that it uses changes.
typedef struct Program {
  Scope scope;
  int count;
  Instruction *code;
  Value *value;
  uint64_t *stamp; // when the slot was computed
  uint64_t *since; // by level: when an index under it changed last
  uint64_t now;
  int64_t *at;  // the indices
  int *pending; // stack of program_value
  ProgramRoot *root;
  char error[256];
} Program;

// roots may hold nulls.
Program *program_new(Arena *a, const Scope *scope, const Expr *const *roots, int nroots);
// The indices at `position` and after it have changed (in p->at).
void program_moved(Program *p, int position);
// The value of a root; null after an error, which p->error tells.
const Value *program_value(Program *p, int root);

// The position in an array of an entry; -1 after an error, which names the array and writes the subscripts out.
int64_t program_locate(Program *p, const Array *array, const char *name, const Expr *const *sub,
                       const Value *const *value);

#endif
