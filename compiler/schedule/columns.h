// columns.h - what is added to the columns of a row, each by itself.
#ifndef MDLC_COLUMNS_H
#define MDLC_COLUMNS_H

#include "graph/graph.h"

// Where a row that a subscript leads to is read column by column (w[c[i], 0], w[c[i], 1]), its derivative is a sum of arrays, to each of
// which one column is added.  Those become one array, to whose rows the columns are added together.  Null: there is none.
Graph *join_columns(Arena *a, const Graph *g);

#endif
