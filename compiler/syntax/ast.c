// ast.c - the tables of operators and statements.
#include "syntax/ast.h"

const char *binary_op_text(BinaryOp op) {
#define AST_ROW(id, text, priority) [id] = text,
  static const char *const texts[] = {AST_BINARY_OPS(AST_ROW)};
#undef AST_ROW
  return texts[op];
}

int binary_op_priority(BinaryOp op) {
#define AST_ROW(id, text, priority) [id] = priority,
  static const int priorities[] = {AST_BINARY_OPS(AST_ROW)};
#undef AST_ROW
  return priorities[op];
}

typedef struct StmtRow {
  const char *word;
  unsigned places;
} StmtRow;

enum { ANYWHERE = AST_IN_FILE | AST_IN_DEF | AST_IN_SCAN | AST_IN_ITERATE };

static const StmtRow statements[] = {
    [STMT_DIM] = {"dim", AST_IN_FILE},
    [STMT_BATCH] = {"batch", AST_IN_FILE},
    [STMT_DATA] = {"data", AST_IN_FILE},
    [STMT_PARAM] = {"param", AST_IN_FILE},
    [STMT_CONST] = {"const", AST_IN_FILE},
    [STMT_DEFINE] = {"a definition", ANYWHERE},
    [STMT_PREDICT] = {"predict", AST_IN_FILE},
    [STMT_METRIC] = {"metric", AST_IN_FILE},
    [STMT_GRADIENT] = {"gradient", AST_IN_FILE},
    [STMT_YIELD] = {"yield", AST_IN_SCAN},
    [STMT_LOSS] = {"loss", AST_IN_FILE},
    [STMT_LIKELIHOOD] = {"likelihood", AST_IN_FILE},
    [STMT_SAMPLE] = {"~", AST_IN_FILE},
    [STMT_DEF] = {"def", AST_IN_FILE},
    [STMT_RETURN] = {"return", AST_IN_DEF},
    [STMT_IMPORT] = {"import", AST_IN_FILE},
    [STMT_SCAN] = {"scan", ANYWHERE},
    [STMT_ITERATE] = {"iterate", ANYWHERE},
    [STMT_FAULTY] = {"a faulty statement", ANYWHERE},
};

unsigned ast_allowed_in(StmtKind kind) {
  return statements[kind].places;
}

const char *ast_stmt_word(StmtKind kind) {
  return statements[kind].word;
}
