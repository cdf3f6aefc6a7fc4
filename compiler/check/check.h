// check.h - from the AST to a model: names, shapes and types are checked and the graph is built in one walk.
//
// Functions are expanded in place and shapes inside them are known only for each call, so a typed tree would exist for
// each call anyhow; the graph is that tree.
#ifndef MDLC_CHECK_H
#define MDLC_CHECK_H

#include "graph/graph.h"
#include "syntax/ast.h"
#include "syntax/diag.h"

typedef struct DimOverride { // -D h=256
  const char *name;
  int64_t value;
} DimOverride;

// Null after errors (all that were found are in diags).  `name` is the model's, made into a C identifier.
Model *check_model(Arena *a, Diags *diags, const AstFile *file, const char *name, const DimOverride *overrides, int noverrides);

#endif
