// entries.c - comprehensions, scatters and carries by their definitions.
#include "interp/entries.h"

// The roots of a node's program: the guard, the expression, a scatter's base, then its targets.
enum { ROOT_OF_GUARD, ROOT_OF_EXPR, ROOT_OF_BASE, ROOT_OF_TARGET };

Entries *entries_new(Arena *a, const Node *n, const Scope *scope, Array *array, const int64_t *extent) {
  const size_t all = (size_t)(n->nout + n->nred);
  const Expr *roots[ROOT_OF_TARGET + INDEX_MAX] = {
      [ROOT_OF_GUARD] = n->guard, [ROOT_OF_EXPR] = n->expr, [ROOT_OF_BASE] = n->base};
  const int ntarget = n->kind == NODE_SCATTER ? n->nout : 0;
  for (int k = 0; k < ntarget; k++) roots[ROOT_OF_TARGET + k] = n->target[k];
  Entries *e = arena_new_of(a, Entries);
  *e = (Entries){.node = n, .rules = scope->rules, .array = array, .extent = extent};
  e->program = program_new(a, scope, roots, ROOT_OF_TARGET + ntarget);
  e->first = arena_array(a, int64_t, all);
  e->held = arena_array(a, bool, all);
  fold_init(&e->fold, a, scope->rules, n->reduce, n->expr->type);
  return e;
}

static void hold(Entries *e, int index, int64_t at) {
  e->held[index] = true;
  e->first[index] = at;
}

// A reduction index of a scatter that is the output's target stands where the output does.
void entries_hold(Entries *e, int output, int64_t at) {
  hold(e, output, at);
  if (e->node->kind != NODE_SCATTER) return;
  const Expr *target = e->node->target[output];
  if (target->kind == EXPR_INDEX) hold(e, target->u.index, at);
}

// ---- points ----

// Goes to the first point over the indices [from, to); false where there is none.
static bool first_point(Entries *e, int from, int to) {
  bool some = true;
  for (int k = from; k < to; k++) {
    e->program->at[k] = e->first[k];
    if (e->first[k] >= e->extent[k]) some = false;
  }
  program_moved(e->program, from);
  return some;
}

// The next one in lexicographic order; false, and at the first again, after the last.
static bool next_point(Entries *e, int from, int to) {
  int64_t *at = e->program->at;
  for (int k = to - 1; k >= from; k--) {
    if (e->held[k]) continue;
    if (++at[k] < e->extent[k]) {
      program_moved(e->program, k);
      return true;
    }
    at[k] = 0;
  }
  program_moved(e->program, from);
  return false;
}

static size_t position(const Array *array, const int64_t *at) {
  size_t p = 0;
  for (int k = 0; k < array->rank; k++) p = p * (size_t)array->extent[k] + (size_t)at[k];
  return p;
}

static void store(Array *array, Type type, size_t at, Value v) {
  if (type == TYPE_REAL) {
    array->number[at] = v.number;
  } else {
    array->integer[at] = v.integer;
  }
}

static Value load(const Array *array, Type type, size_t at) {
  Value v;
  if (type == TYPE_REAL) {
    v.number = array->number[at];
  } else {
    v.integer = array->integer[at];
  }
  return v;
}

// Whether the guard holds where the program stands; -1 after an error.
static int guard_holds(Entries *e) {
  if (!e->node->guard) return 1;
  const Value *v = program_value(e->program, ROOT_OF_GUARD);
  return v ? v->integer != 0 : -1;
}

// ---- comprehensions, and the start of a carry ----

// One point of the reduction: its entry goes into the fold.
static const char *fold_point(Entries *e, int64_t at) {
  const int holds = guard_holds(e);
  if (holds == 0) return NULL;
  const Value *x = holds > 0 ? program_value(e->program, ROOT_OF_EXPR) : NULL;
  return x ? fold_add(&e->fold, x, at) : e->program->error;
}

static const char *run_entry(Entries *e) {
  const Node *n = e->node;
  const int all = n->nout + n->nred;
  fold_start(&e->fold);
  int64_t count = 0;
  for (bool more = first_point(e, n->nout, all); more; more = next_point(e, n->nout, all)) {
    const char *wrong = fold_point(e, count++);
    if (wrong) return wrong;
  }
  store(e->array, n->type, position(e->array, e->program->at), fold_end(&e->fold));
  return NULL;
}

static const char *run_comprehension(Entries *e) {
  const int nout = e->node->nout;
  const char *wrong = NULL;
  for (bool more = first_point(e, 0, nout); more && !wrong; more = next_point(e, 0, nout)) wrong = run_entry(e);
  return wrong;
}

// ---- scatters ----

static const char *run_base(Entries *e) {
  const Node *n = e->node;
  Value zero = {.integer = 0};
  if (n->type == TYPE_REAL) zero.number = number_constant(e->rules, 0);
  for (bool more = first_point(e, 0, n->nout); more; more = next_point(e, 0, n->nout)) {
    const Value *v = n->base ? program_value(e->program, ROOT_OF_BASE) : &zero;
    if (!v) return e->program->error;
    store(e->array, n->type, position(e->array, e->program->at), *v);
  }
  return NULL;
}

// array[at] = x, or += x
static const char *put(Entries *e, size_t at, const Value *x) {
  const Node *n = e->node;
  Value pair[2] = {load(e->array, n->type, at), *x}, sum = *x;
  const char *wrong = NULL;
  if (!n->assign && n->type == TYPE_REAL) {
    sum.number = e->rules->prim[PRIM_ADD](pair);
  } else if (!n->assign) {
    wrong = integer_rules[PRIM_ADD](pair, &sum.integer);
  }
  if (!wrong) store(e->array, n->type, at, sum);
  return wrong;
}

static const char *scatter_point(Entries *e) {
  const Node *n = e->node;
  Program *p = e->program;
  const Value *target[INDEX_MAX];
  const int holds = guard_holds(e);
  if (holds == 0) return NULL;
  for (int k = 0; k < n->nout; k++) {
    target[k] = holds > 0 ? program_value(p, ROOT_OF_TARGET + k) : NULL;
    if (!target[k]) return p->error;
  }
  const int64_t at = program_locate(p, e->array, n->name, n->target, target);
  if (at < 0) return p->error;
  // What is for another step of a loop waits for that step.
  for (int k = 0; k < n->nout; k++) {
    if (e->held[k] && target[k]->integer != e->first[k]) return NULL;
  }
  const Value *x = program_value(p, ROOT_OF_EXPR);
  return x ? put(e, (size_t)at, x) : p->error;
}

static const char *run_scatter(Entries *e) {
  const Node *n = e->node;
  const int all = n->nout + n->nred;
  const char *wrong = run_base(e);
  if (wrong) return wrong;
  for (bool more = first_point(e, n->nout, all); more && !wrong; more = next_point(e, n->nout, all)) {
    wrong = scatter_point(e);
  }
  return wrong;
}

const char *entries_run(Entries *e) {
  return e->node->kind == NODE_SCATTER ? run_scatter(e) : run_comprehension(e);
}

// ---- carries ----

void entries_take(Entries *carry, const Entries *next, int64_t step) {
  const Node *n = carry->node;
  int64_t from[INDEX_MAX];
  for (bool more = first_point(carry, 0, n->nout); more; more = next_point(carry, 0, n->nout)) {
    const int64_t *at = carry->program->at;
    for (int k = 0; k < n->nout; k++) from[k] = k == n->axis ? step : at[k];
    store(carry->array, n->type, position(carry->array, at), load(next->array, n->type, position(next->array, from)));
  }
}
