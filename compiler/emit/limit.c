// limit.c - see limit.h.
#include "emit/limit.h"

#include "derive/derive.h"
#include "graph/loops.h"
#include "graph/text.h"

enum {
  WORD = 8,         // bytes of an integer on the tape, and the most that a real has
  LONGEST = 1 << 20 // of blocks
};

static bool bytes_of(const Model *m, const EmitOptions *o, const Poly *elements, const int64_t *sizes, int64_t *bytes) {
  if (!poly_value(m->dims, elements, sizes, bytes) || *bytes > INT64_MAX / WORD) return false;
  *bytes *= o->use_float ? WORD / 2 : WORD;
  return true;
}

static bool updates_in_place(const Graph *g) {
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->kind == NODE_SCATTER && g->nodes[k]->base) return true;
  return false;
}

static Model *in_blocks(Arena *a, const Model *m, int64_t size, bool keeps_states) {
  Model *blocked = arena_new_of(a, Model);
  RangeCheck *check = arena_array(a, RangeCheck, (size_t)m->ncheck + 1);
  ParamDecl *param = arena_array(a, ParamDecl, (size_t)m->nparam + 1);
  *blocked = *m;
  Graph *graph = derive_blocked(a, m, size, check, param);
  graph->keeps_states = keeps_states;
  blocked->graph = graph;
  blocked->check = check;
  blocked->param = param;
  return blocked;
}

typedef struct Limit {
  Arena *arena;
  const int64_t *sizes;
  int64_t bytes, least;
} Limit;

static TapeStatus fits(Limit *l, const Model *m, const EmitOptions *o, int64_t *work) {
  int64_t bytes;
  const TapeCost cost = emit_tape_cost(l->arena, m, o);
  if (!bytes_of(m, o, cost.tape, l->sizes, &bytes) || !bytes_of(m, o, cost.work, l->sizes, work))
    return TAPE_BEYOND;
  if (bytes < l->least) l->least = bytes;
  return bytes <= l->bytes ? TAPE_FITS : TAPE_TOO_LARGE;
}

static const char *what_is_wrong(Arena *a, const Model *m) {
  Text why;
  text_init(&why);
  const char *wrong = graph_verify(m, m->graph, &why) ? NULL : arena_strdup(a, why.s);
  text_free(&why);
  return wrong;
}

// Of the loops that stand in no other.
static int64_t most_steps(Limit *l, const Model *m) {
  const LoopTree *tree = graph_loops(l->arena, m->graph, NULL);
  int64_t most = 0, steps;
  for (size_t k = 0; tree && k < tree->nloop; k++) {
    if (tree->loop[k]->parent) continue;
    if (!poly_value(m->dims, tree->loop[k]->steps, l->sizes, &steps) || steps > LONGEST) return LONGEST;
    if (steps > most) most = steps;
  }
  return most;
}

// Blocks of one step are no blocks, and one block is the most.
static TapeFit cut(Limit *l, const Model *plain, const EmitOptions *o, bool keeps_states) {
  TapeFit best = {.status = TAPE_TOO_LARGE, .thrifty = true};
  int64_t work, least_work = INT64_MAX;
  const int64_t most = most_steps(l, plain);
  for (int64_t size = 2; size < 2 * most; size *= 2) {
    Model *m = in_blocks(l->arena, plain, size, keeps_states);
    const char *wrong = what_is_wrong(l->arena, m);
    if (wrong) return (TapeFit){.status = TAPE_BROKEN, .why = wrong};
    const TapeStatus status = fits(l, m, o, &work);
    if (status == TAPE_BEYOND) return (TapeFit){.status = status};
    if (status == TAPE_FITS && work < least_work) {
      least_work = work;
      best = (TapeFit){.status = status, .model = m, .thrifty = true};
    }
    if (best.model && work > 4 * least_work) break; // it only grows from here
  }
  best.least = l->least;
  return best;
}

TapeFit limit_tape(Arena *a, const Model *m, const EmitOptions *options, const int64_t *sizes, int64_t bytes) {
  Limit l = {.arena = a, .sizes = sizes, .bytes = bytes, .least = INT64_MAX};
  EmitOptions o = *options;
  for (int thrifty = 0; thrifty < 2; thrifty++) {
    int64_t work;
    o.thrifty = thrifty;
    const TapeStatus status = fits(&l, m, &o, &work);
    if (status != TAPE_TOO_LARGE) return (TapeFit){.status = status, .thrifty = thrifty};
  }
  // Of an array in place the entries that each step overwrites are kept, or its states between blocks.
  const TapeFit fit = cut(&l, m, &o, false);
  return fit.status == TAPE_TOO_LARGE && updates_in_place(m->graph) ? cut(&l, m, &o, true) : fit;
}
