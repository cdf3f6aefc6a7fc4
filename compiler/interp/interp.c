// interp.c - runs the nodes that the roots need, in order, loops step by step.
#include "interp/interp.h"

#include <math.h>
#include <stdio.h>

#include "graph/loops.h"
#include "interp/entries.h"

// More entries than this in one array are taken for a mistake rather than for 4 GiB.
#define ENTRIES_MAX ((size_t)1 << 28)

typedef struct Run {
  Arena *arena;   // of the results
  Arena *scratch; // for as long as the run
  const Graph *graph;
  const InterpInput *input;
  const NumberRules *rules;
  Array *values;
  Entries **entries; // by node; null where it is not needed, or an input
  bool *needed;
  const LoopTree *loops;
  int64_t *step; // by loop: where it stands
  InterpError *error;
} Run;

// "t_p: a division by zero, at i = 3"
static bool fail(Run *r, const Node *n, const char *what) {
  r->error->node = n;
  snprintf(r->error->text, sizeof r->error->text, "%.60s: %.180s", n->name, what);
  return false;
}

// ---- shapes ----

static bool find_extents(Run *r, const Node *n, int64_t *extent) {
  for (int k = 0; k < n->nout + n->nred; k++) {
    const Index *index = &n->index[k];
    if (poly_value(r->graph->dims, index->extent, r->input->dims, &extent[k]) && extent[k] >= 0) continue;
    Text t;
    text_init(&t);
    text_put(&t, "the extent ");
    poly_print(&t, r->graph->dims, index->extent);
    if (poly_value(r->graph->dims, index->extent, r->input->dims, &extent[k])) {
      text_printf(&t, " is %lld", (long long)extent[k]);
    } else {
      text_put(&t, " has no exact value or does not fit in 64 bits");
    }
    fail(r, n, t.s);
    text_free(&t);
    return false;
  }
  return true;
}

static bool make_array(Run *r, const Node *n, const int64_t *extent, Array *array) {
  size_t count = 1;
  bool empty = false;
  array->rank = n->nout;
  array->extent = arena_array(r->arena, int64_t, (size_t)n->nout);
  for (int k = 0; k < n->nout; k++) {
    array->extent[k] = extent[k];
    empty = empty || extent[k] == 0;
  }
  for (int k = 0; k < n->nout && !empty; k++) {
    if ((uint64_t)extent[k] > ENTRIES_MAX / count) return fail(r, n, "the array is too large");
    count *= (size_t)extent[k];
  }
  array->count = empty ? 0 : count;
  if (n->type == TYPE_REAL) {
    array->number = arena_array(r->arena, Number, array->count);
  } else {
    array->integer = arena_array(r->arena, int64_t, array->count);
  }
  return true;
}

// ---- inputs ----

static Number given(NumberKind kind, Number x) {
  switch (kind) {
  case NUMBER_REAL:
  case NUMBER_GENERATED:
  case NUMBER_WIDE: return (Number){x.a, 0};
  case NUMBER_MAGNITUDE: return (Number){x.a, fabs(x.a)};
  default: return x;
  }
}

static bool same_shape(const Array *a, const Array *b) {
  if (a->rank != b->rank) return false;
  for (int k = 0; k < a->rank; k++) {
    if (a->extent[k] != b->extent[k]) return false;
  }
  return true;
}

static bool read_input(Run *r, const Node *n, const Array *from, Array *to) {
  if (!from || (to->count > 0 && !(n->type == TYPE_REAL ? (void *)from->number : (void *)from->integer))) {
    return fail(r, n, "no values are given");
  }
  if (!same_shape(from, to)) return fail(r, n, "the values given have another shape than the dimensions say");
  for (size_t k = 0; k < to->count; k++) {
    if (n->type == TYPE_REAL) {
      to->number[k] = given(r->input->kind, from->number[k]);
    } else {
      to->integer[k] = from->integer[k];
    }
  }
  return true;
}

static bool read_seed(Run *r, const Node *n, Array *array) {
  if (n->which > 0) return read_input(r, n, r->input->seeds ? &r->input->seeds[n->which - 1] : NULL, array);
  array->number[0] = given(r->input->kind, r->input->seed);
  return true;
}

// ---- the graph ----

static Entries *compile_node(Run *r, const Node *n, const int64_t *extent) {
  const Scope scope = {
      .graph = r->graph,
      .dims = r->graph->dims,
      .dim_values = r->input->dims,
      .rules = r->rules,
      .arrays = r->values,
      .index = n->index,
      .nindex = n->nout + n->nred,
      .random_seed = r->input->random_seed,
  };
  return entries_new(r->scratch, n, &scope, &r->values[n->id], extent);
}

static bool prepare_node(Run *r, const Node *n) {
  int64_t *extent = arena_array(r->scratch, int64_t, (size_t)(n->nout + n->nred));
  if (!find_extents(r, n, extent) || !make_array(r, n, extent, &r->values[n->id])) return false;
  if (!node_is_input(n)) r->entries[n->id] = compile_node(r, n, extent);
  return true;
}

static bool prepare(Run *r) {
  Text why;
  text_init(&why);
  r->loops = graph_loops(r->scratch, r->graph, &why);
  if (!r->loops) snprintf(r->error->text, sizeof r->error->text, "%.250s", why.s);
  text_free(&why);
  if (!r->loops) return false;
  r->step = arena_array(r->scratch, int64_t, r->loops->nloop);
  for (size_t k = 0; k < r->graph->nroots; k++) r->needed[r->graph->roots[k].node->id] = true;
  graph_mark_needed(r->graph, r->needed);
  for (size_t id = 0; id < r->graph->count; id++) {
    if (r->needed[id] && !prepare_node(r, r->graph->nodes[id])) return false;
  }
  return true;
}

// Holds the node at the steps where the loops stand, from the innermost given to the outermost.
static void hold_in(Run *r, const Node *n, const GraphLoop *l) {
  for (; l; l = l->parent) entries_hold(r->entries[n->id], r->loops->position[l->id][n->id], r->step[l->id]);
}

static bool run_node(Run *r, const Node *n) {
  Array *array = &r->values[n->id];
  if (n->kind == NODE_DATA) return read_input(r, n, r->input->data ? &r->input->data[n->which] : NULL, array);
  if (n->kind == NODE_PARAM) return read_input(r, n, r->input->param ? &r->input->param[n->which] : NULL, array);
  if (n->kind == NODE_SEED) return read_seed(r, n, array);
  hold_in(r, n, r->loops->inside[n->id]);
  const char *wrong = entries_run(r->entries[n->id]);
  return wrong ? fail(r, n, wrong) : true;
}

// ---- loops ----

static bool run_items(Run *r, const LoopItem *item, size_t count);

static bool start_carry(Run *r, const GraphLoop *l, const Node *c) {
  const Entries *next = r->entries[c->next->id];
  hold_in(r, c, l->parent);
  entries_hold(r->entries[c->id], c->axis, l->reverse ? next->extent[c->axis] : 0);
  const char *wrong = entries_run(r->entries[c->id]);
  return wrong ? fail(r, c, wrong) : true;
}

// What the step at `at` leaves is the state before the step that follows.
static void move_carry(Run *r, const GraphLoop *l, const Node *c, int64_t at) {
  entries_hold(r->entries[c->id], c->axis, l->reverse ? at : at + 1);
  entries_take(r->entries[c->id], r->entries[c->next->id], at);
}

// To the last step, also where the carries are no longer alive: that nothing changes then is for others to rely on.
static bool run_loop(Run *r, const GraphLoop *l) {
  const Node *any = l->carry[0];
  if (!r->needed[any->id]) return true; // all of a loop is needed, or nothing
  const int64_t steps = r->entries[any->next->id]->extent[any->axis];
  for (size_t k = 0; k < l->ncarry; k++) {
    if (!start_carry(r, l, l->carry[k])) return false;
  }
  for (int64_t k = 0; k < steps; k++) {
    const int64_t at = r->step[l->id] = l->reverse ? steps - 1 - k : k;
    if (!run_items(r, l->item, l->nitem)) return false;
    for (size_t c = 0; c < l->ncarry; c++) move_carry(r, l, l->carry[c], at);
  }
  return true;
}

static bool run_items(Run *r, const LoopItem *item, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (!item[k].node) {
      if (!run_loop(r, item[k].loop)) return false;
    } else if (r->needed[item[k].node->id] && !run_node(r, item[k].node)) {
      return false;
    }
  }
  return true;
}

bool interp_run(Arena *a, const Model *m, const Graph *g, const InterpInput *input, Array *values, InterpError *error) {
  static const NumberRules *const rules[] = {
      [NUMBER_REAL] = &real_rules,           [NUMBER_DUAL] = &dual_rules, [NUMBER_COMPLEX] = &complex_rules,
      [NUMBER_MAGNITUDE] = &magnitude_rules, [NUMBER_WIDE] = &wide_rules,
      [NUMBER_ROUNDING] = &rounding_rules,
  };
  (void)m; // inputs are found by their position in its declarations
  Arena *scratch = arena_new();
  const NumberRules *own = input->kind == NUMBER_GENERATED ? generated_rules(scratch) : NULL;
  Run r = {
      .arena = a,
      .scratch = scratch,
      .graph = g,
      .input = input,
      .rules = own ? own : input->kind == NUMBER_OTHER ? input->rules : rules[input->kind],
      .values = values,
      .entries = arena_array(scratch, Entries *, g->count),
      .needed = arena_array(scratch, bool, g->count),
      .error = error,
  };
  for (size_t id = 0; id < g->count; id++) values[id] = (Array){0};
  const bool ok = prepare(&r) && run_items(&r, r.loops->item, r.loops->nitem);
  arena_free(scratch);
  return ok;
}
