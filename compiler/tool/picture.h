// picture.h - a model's computation as a picture: data, parameters and single operations, and what flows between them.
#ifndef MDLC_PICTURE_H
#define MDLC_PICTURE_H

#include "tool/driver.h"

typedef enum { VERTEX_DATA, VERTEX_PARAM, VERTEX_OPERATION, VERTEX_RESULT } VertexKind;

typedef struct Vertex {
  VertexKind kind;
  const char *label; // the operation, or the name of data and parameters
  const char *name;  // of a definition that the operation makes, or null
  const char *shape; // "n, d"; "" for a scalar
  bool varies;       // depends on a parameter: gradients flow back to it
} Vertex;

typedef struct Edge {
  int from, to;
  const char *partial; // the local derivative of `to` by `from`; null where none flows
} Edge;

typedef struct Picture {
  Vertex *vertex;
  size_t nvertex, vertex_room;
  Edge *edge;
  size_t nedge, edge_room;
} Picture;

// Of the loss, or of the predictions of a model without one.
int picture_of(Arena *a, const Program *program, Picture *picture);

// In Graphviz' language.
void picture_dot(Text *t, const Picture *p, const char *title, bool backward);

#endif
