// check.h - from the AST to a model: names, shapes and types are checked and the graph is built in one walk.
//
// Functions are expanded in place and shapes inside them are known only for each call, so a typed tree would exist for
// each call anyhow; the graph is that tree.
#ifndef MDLC_CHECK_H
#define MDLC_CHECK_H

#include "graph/graph.h"
#include "syntax/diag.h"

typedef struct AstFile AstFile;

// A dimension that the file fixes at another size, or leaves to the call (`dim T`, `batch n`): it is fixed, and no batch.
typedef struct DimOverride { // -D h=256
  const char *name;
  int64_t value;
} DimOverride;

// Null after errors (all that were found are in diags).  `name` is the model's, made into a C identifier.
Model *check_model(Arena *a, Diags *diags, const AstFile *file, const char *name, const DimOverride *overrides,
                   int noverrides);

// The same for reading, not for computing: standard functions are written as a paper has them, formulas stay whole.
Model *check_model_plain(Arena *a, Diags *diags, const AstFile *file, const char *name, const DimOverride *overrides,
                         int noverrides);

// What `import` reads through: the text of a file, in the arena; false, with errno saying why, where there is none.
typedef struct FileReader {
  bool (*read)(void *context, Arena *a, const char *path, const char **text, size_t *length);
  void *context;
} FileReader;

// Either with imports read through `reader` (the others read them from the file system).
Model *check_model_with(Arena *a, Diags *diags, const AstFile *file, const char *name, const DimOverride *overrides,
                        int noverrides, const FileReader *reader, bool plain);

#endif
