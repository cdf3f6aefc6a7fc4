// interp.c - runs the nodes that the roots need, in order, each entry from its definition.
#include "interp/interp.h"

#include <math.h>
#include <stdio.h>

#include "interp/fold.h"
#include "interp/program.h"

// More entries than this in one array are taken for a mistake rather than for 4 GiB.
#define ENTRIES_MAX ((size_t)1 << 28)

enum { RANK_MAX = 8 };

typedef struct Run {
  Arena *arena;   // of the results
  Arena *scratch; // for as long as the run
  const Graph *graph;
  const InterpInput *input;
  const NumberRules *rules;
  Array *values;
  Program **programs; // by node; null where it is not needed, or an input
  bool *needed;
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
  case NUMBER_REAL: return (Number){x.a, 0};
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

// ---- entries ----

// The roots of a node's program: the guard, the expression, then a scatter's targets.
enum { ROOT_OF_GUARD, ROOT_OF_EXPR, ROOT_OF_TARGET };

// The next point of [from, to) in lexicographic order: the position that moved, or -1 after the last.
static int step(int64_t *at, const int64_t *extent, int from, int to) {
  for (int k = to - 1; k >= from; k--) {
    if (++at[k] < extent[k]) return k;
    at[k] = 0;
  }
  return -1;
}

static bool is_empty(const int64_t *extent, int from, int to) {
  for (int k = from; k < to; k++) {
    if (extent[k] == 0) return true;
  }
  return false;
}

// Whether the guard holds where the program stands; -1 after an error.
static int guard_holds(const Node *n, Program *p) {
  if (!n->guard) return 1;
  const Value *v = program_value(p, ROOT_OF_GUARD);
  return v ? v->integer != 0 : -1;
}

// One point of the reduction: its entry goes into the fold.
static bool fold_point(Run *r, const Node *n, Program *p, Fold *fold, int64_t position) {
  const int holds = guard_holds(n, p);
  if (holds == 0) return true;
  const Value *x = holds > 0 ? program_value(p, ROOT_OF_EXPR) : NULL;
  if (!x) return fail(r, n, p->error);
  const char *wrong = fold_add(fold, x, position);
  return wrong ? fail(r, n, wrong) : true;
}

static bool run_entry(Run *r, const Node *n, Program *p, const int64_t *extent, Fold *fold, Value *result) {
  const int all = n->nout + n->nred;
  fold_start(fold);
  int moved = is_empty(extent, n->nout, all) ? -1 : 0;
  for (int64_t position = 0; moved >= 0; position++) {
    if (!fold_point(r, n, p, fold, position)) return false;
    moved = step(p->at, extent, n->nout, all);
    // After the last point the indices stand at the first again.
    program_moved(p, moved >= 0 ? moved : n->nout);
  }
  *result = fold_end(fold);
  return true;
}

static void store(Array *array, Type type, size_t position, Value v) {
  if (type == TYPE_REAL) {
    array->number[position] = v.number;
  } else {
    array->integer[position] = v.integer;
  }
}

static bool run_comprehension(Run *r, const Node *n, Program *p, const int64_t *extent, Array *array) {
  Fold fold;
  fold_init(&fold, r->scratch, r->rules, n->reduce, n->expr->type);
  for (size_t position = 0; position < array->count; position++) {
    Value v;
    if (!run_entry(r, n, p, extent, &fold, &v)) return false;
    store(array, n->type, position, v);
    const int moved = step(p->at, extent, 0, n->nout);
    program_moved(p, moved >= 0 ? moved : 0);
  }
  return true;
}

// One step of a scatter: node[targets] += expr.
static bool add_entry(Run *r, const Node *n, Program *p, Array *array) {
  const Value *target[RANK_MAX];
  for (int k = 0; k < n->nout; k++) {
    target[k] = program_value(p, ROOT_OF_TARGET + k);
    if (!target[k]) return fail(r, n, p->error);
  }
  const int64_t at = program_locate(p, array, n->name, n->target, target);
  if (at < 0) return fail(r, n, p->error);
  const Value *x = program_value(p, ROOT_OF_EXPR);
  if (!x) return fail(r, n, p->error);
  if (n->type == TYPE_REAL) {
    const Value pair[2] = {{.number = array->number[at]}, *x};
    array->number[at] = r->rules->prim[PRIM_ADD](pair);
    return true;
  }
  const Value pair[2] = {{.integer = array->integer[at]}, *x};
  const char *wrong = integer_rules[PRIM_ADD](pair, &array->integer[at]);
  return wrong ? fail(r, n, wrong) : true;
}

static bool run_scatter(Run *r, const Node *n, Program *p, const int64_t *extent, Array *array) {
  const int all = n->nout + n->nred;
  if (is_empty(extent, n->nout, all)) return true;
  for (int moved = n->nout; moved >= 0;) {
    const int holds = guard_holds(n, p);
    if (holds < 0) return fail(r, n, p->error);
    if (holds > 0 && !add_entry(r, n, p, array)) return false;
    moved = step(p->at, extent, n->nout, all);
    if (moved >= 0) program_moved(p, moved);
  }
  return true;
}

// ---- the graph ----

static Program *compile_node(Run *r, const Node *n) {
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
  const Expr *roots[ROOT_OF_TARGET + RANK_MAX] = {[ROOT_OF_GUARD] = n->guard, [ROOT_OF_EXPR] = n->expr};
  const int ntarget = n->kind == NODE_SCATTER ? n->nout : 0;
  for (int k = 0; k < ntarget; k++) roots[ROOT_OF_TARGET + k] = n->target[k];
  return program_new(r->scratch, &scope, roots, ROOT_OF_TARGET + ntarget);
}

// From the last node to the first: what a needed node reads is needed.
static bool compile_needed(Run *r) {
  for (size_t k = 0; k < r->graph->nroots; k++) r->needed[r->graph->roots[k].node->id] = true;
  for (size_t id = r->graph->count; id-- > 0;) {
    const Node *n = r->graph->nodes[id];
    if (!r->needed[id]) continue;
    if (n->nout > RANK_MAX) return fail(r, n, "an array has more than 8 axes");
    if (n->kind != NODE_COMP && n->kind != NODE_SCATTER) continue;
    Program *p = r->programs[id] = compile_node(r, n);
    for (int s = 0; s < p->count; s++) {
      if (p->code[s].op == OP_READ) r->needed[p->code[s].expr->u.read.node->id] = true;
    }
  }
  return true;
}

static bool run_node(Run *r, const Node *n) {
  Array *array = &r->values[n->id];
  int64_t *extent = arena_array(r->scratch, int64_t, (size_t)(n->nout + n->nred));
  if (!find_extents(r, n, extent) || !make_array(r, n, extent, array)) return false;
  switch (n->kind) {
  case NODE_DATA: return read_input(r, n, r->input->data ? &r->input->data[n->which] : NULL, array);
  case NODE_PARAM: return read_input(r, n, r->input->param ? &r->input->param[n->which] : NULL, array);
  case NODE_SEED: return read_seed(r, n, array);
  case NODE_COMP: return run_comprehension(r, n, r->programs[n->id], extent, array);
  case NODE_SCATTER: return run_scatter(r, n, r->programs[n->id], extent, array);
  case NODE_CARRY: break;
  }
  return false;
}

bool interp_run(Arena *a, const Model *m, const Graph *g, const InterpInput *input, Array *values, InterpError *error) {
  static const NumberRules *const rules[] = {
      [NUMBER_REAL] = &real_rules,
      [NUMBER_DUAL] = &dual_rules,
      [NUMBER_COMPLEX] = &complex_rules,
      [NUMBER_MAGNITUDE] = &magnitude_rules,
  };
  (void)m; // inputs are found by their position in its declarations
  Arena *scratch = arena_new();
  Run r = {
      .arena = a,
      .scratch = scratch,
      .graph = g,
      .input = input,
      .rules = input->kind == NUMBER_OTHER ? input->rules : rules[input->kind],
      .values = values,
      .programs = arena_array(scratch, Program *, g->count),
      .needed = arena_array(scratch, bool, g->count),
      .error = error,
  };
  for (size_t id = 0; id < g->count; id++) values[id] = (Array){0};
  bool ok = compile_needed(&r);
  for (size_t id = 0; ok && id < g->count; id++) {
    if (r.needed[id]) ok = run_node(&r, g->nodes[id]);
  }
  arena_free(scratch);
  return ok;
}
