// cut.c - a minimum cut, by augmenting paths.
//
// Each node is an arc from where it is computed to where it is read, as wide as the node is large.  The source feeds the
// nodes that cannot be computed again; what is read feeds those that are computed again from it; what is wanted feeds the
// sink.  The arcs of nodes that a minimum cut goes through are kept: no value reaches the sink but through them.
#include "schedule/cut.h"

#include <math.h>

#include "schedule/schedule.h"

typedef struct Arc {
  int to, back; // back: the arc the other way
  int next;     // of the same vertex; -1: none
  double left;  // that more can flow
} Arc;

typedef struct Net {
  Arena *arena;
  Arc *arc;
  size_t count, room;
  int *first, nvertex; // 2 id: where node id is computed, 2 id + 1: where it is read
  int source, sink;
} Net;

static void add_arc(Net *n, int from, int to, double width) {
  const int at = (int)n->count;
  ARENA_PUSH(n->arena, n->arc, n->count, n->room) = (Arc){to, at + 1, n->first[from], width};
  n->first[from] = at;
  ARENA_PUSH(n->arena, n->arc, n->count, n->room) = (Arc){from, at, n->first[to], 0};
  n->first[to] = at + 1;
}

static Net build(Arena *a, const Graph *g, const CutInput *in) {
  Net n = {.arena = a, .nvertex = 2 * (int)g->count + 2, .source = 2 * (int)g->count, .sink = 2 * (int)g->count + 1};
  n.first = arena_array(a, int, (size_t)n.nvertex);
  for (int v = 0; v < n.nvertex; v++) n.first[v] = -1;
  for (int k = 0; k < (int)g->count; k++) {
    if (!in->part[k]) continue;
    add_arc(&n, 2 * k, 2 * k + 1, in->size[k]);
    if (in->wanted[k]) add_arc(&n, 2 * k + 1, n.sink, INFINITY);
    if (!in->again[k]) {
      add_arc(&n, n.source, 2 * k, INFINITY);
      continue;
    }
    const Reads r = node_reads(a, g, g->nodes[k]);
    for (size_t j = 0; j < r.count; j++) {
      const int read = r.read[j]->u.read.node->id;
      if (in->part[read]) add_arc(&n, 2 * read + 1, 2 * k, INFINITY);
    }
  }
  return n;
}

// The arc by which each vertex is first reached from the source with room left, -1: it is not.
static bool find_path(const Net *n, int *by, int *queue) {
  int head = 0, tail = 0;
  for (int v = 0; v < n->nvertex; v++) by[v] = -1;
  queue[tail++] = n->source;
  while (head < tail && by[n->sink] < 0) {
    const int v = queue[head++];
    for (int k = n->first[v]; k >= 0; k = n->arc[k].next) {
      const int to = n->arc[k].to;
      if (to == n->source || by[to] >= 0 || !(n->arc[k].left > 0)) continue;
      by[to] = k;
      queue[tail++] = to;
    }
  }
  return by[n->sink] >= 0;
}

static void fill(Net *n) {
  int *by = arena_array(n->arena, int, (size_t)n->nvertex), *queue = arena_array(n->arena, int, (size_t)n->nvertex);
  while (find_path(n, by, queue)) {
    double width = INFINITY;
    for (int v = n->sink; v != n->source; v = n->arc[n->arc[by[v]].back].to) width = fmin(width, n->arc[by[v]].left);
    for (int v = n->sink; v != n->source; v = n->arc[n->arc[by[v]].back].to) {
      n->arc[by[v]].left -= width;
      n->arc[n->arc[by[v]].back].left += width;
    }
  }
}

// Marks what could still send something to the sink.
static bool *reaching(const Net *n) {
  bool *reaches = arena_array(n->arena, bool, (size_t)n->nvertex);
  int *queue = arena_array(n->arena, int, (size_t)n->nvertex), head = 0, tail = 0;
  reaches[n->sink] = true;
  queue[tail++] = n->sink;
  while (head < tail)
    for (int k = n->first[queue[head++]]; k >= 0; k = n->arc[k].next) {
      const int from = n->arc[k].to;
      if (reaches[from] || !(n->arc[n->arc[k].back].left > 0)) continue;
      reaches[from] = true;
      queue[tail++] = from;
    }
  return reaches;
}

void cut_minimum(Arena *a, const Graph *g, const CutInput *input, bool *kept) {
  Net n = build(a, g, input);
  fill(&n);
  const bool *reaches = reaching(&n);
  for (size_t k = 0; k < g->count; k++) kept[k] = input->part[k] && !reaches[2 * k] && reaches[2 * k + 1];
}
