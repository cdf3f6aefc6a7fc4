// kind.h - a kind of derivative in the making: what kinds.c and sparse.c share.
#ifndef MDLC_KIND_H
#define MDLC_KIND_H

#include "derive/derive.h"
#include "derive/kinds.h"

// A derivative in the making.
typedef struct Kind {
  Arena *arena;
  const Model *model; // its parameters are what the request derives by
  const Request *request;
  Graph *graph;
  const Node *output;  // the loss or the prediction
  const Node **param;  // by parameter; null: the graph does not read it
  const Node **input;  // those that it reads
  const int *input_at; // which parameter each of them is
  int ninput;
} Kind;

// By the entries of n, which become extra indices.
Derivation derive_by_entries(Kind *k, const Node *n);
void derive_add_root(Kind *k, int which, const Node *n);
// sparse.c: the entries, or the structure.
bool derive_sparse(Kind *k);

#endif
