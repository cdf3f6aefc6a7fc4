// pool.h - what a graph keeps to find equal expressions and taken names.  For the graph's own files.
#ifndef MDLC_POOL_H
#define MDLC_POOL_H

#include "graph/graph.h"

typedef struct NameEntry {
  const char *name;
  const Node *node; // null: a base whose suffixes are counted, not itself a node
  int suffix;       // the next one to try
} NameEntry;

typedef struct ExprPool {
  const Expr **list; // by id
  size_t count, room;
  const Expr **table; // open addressing, `slots` a power of two
  size_t slots;
  NameEntry *names; // open addressing, `name_slots` a power of two
  size_t nnames, name_slots;
} ExprPool;

// What an expression is directly made of: a primitive's arguments, a read's subscripts.
int expr_operands(const Expr *e, const Expr *const **operands);

// Where e stands in a list that is sorted by ids.
size_t expr_place(const Expr *const *parts, size_t count, const Expr *e);

// Words of the textual form that no node or index is called.
bool is_reserved(const char *word);

#endif
