// names.c - the names that a model's author gave to values.
#include "explain/explain.h"
#include "syntax/ast.h"

static bool names_a_value(StmtKind kind) {
  return kind == STMT_DEFINE || kind == STMT_PREDICT || kind == STMT_METRIC || kind == STMT_CONST;
}

size_t author_names(Arena *a, const struct AstFile *file, const char ***names) {
  const char **list = NULL;
  size_t count = 0, room = 0;
  for (size_t k = 0; k < file->statements.count; k++) {
    const Stmt *s = file->statements.items[k];
    if (!names_a_value(s->kind)) continue;
    for (size_t t = 0; t < s->define.targets.count; t++)
      ARENA_PUSH(a, list, count, room) = s->define.targets.items[t].name.text;
  }
  *names = list;
  return count;
}
