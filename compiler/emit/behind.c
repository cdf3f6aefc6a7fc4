// behind.c - what loops in strips add at places which subscripts compute (schedule/behind.c): behind each vector, lane by lane.
//
// The vector leaves the lanes of all values that the steps behind read; there these have the names that they have in lanes.  One array
// holds them: compilers would walk along each of many by a pointer of its own.
#include <string.h>

#include "emit/tile.h"

typedef struct Value {
  const Expr *expr;
  const char *name; // of the variable
  bool own;         // which is the vector's, not a node's
  size_t at;        // its lanes in the array of all; several expressions may be in one variable
} Value;

struct Kept {
  Value *value;
  size_t count, room, variables;
  const char *array;
  size_t mark; // names taken since then are the vector's
};

// ---- which values ----

static bool is_own(const Function *f, const Kept *kept, const char *name) {
  bool own = false;
  for (size_t k = kept->mark; k < f->names.count && !own; k++) own = strcmp(names_taken(&f->names, k), name) == 0;
  return own;
}

static void keep(Function *f, Kept *kept, const char *name, const Expr *e) {
  size_t at = kept->variables;
  for (size_t k = 0; k < kept->count; k++) {
    if (strcmp(kept->value[k].name, name) != 0) continue;
    if (kept->value[k].expr == e) return;
    at = kept->value[k].at;
  }
  if (at == kept->variables) kept->variables++;
  ARENA_PUSH(f->s->arena, kept->value, kept->count, kept->room) = (Value){e, name, is_own(f, kept, name), at};
}

static bool is_variable_of(const Function *f, const Node *n, const Loop *loop) {
  const Place *p = &f->s->place[n->id];
  return p->stored == STORED_LOCAL && p->home == loop;
}

// What e reads of the vector's variables, as it is written.
static void keep_read(Function *f, Kept *kept, const Loop *loop, const Expr *e) {
  const char *let = let_of(f, e);
  if (let && e->type == TYPE_REAL && (f->level[e->id] >= loop->depth || is_own(f, kept, let))) {
    keep(f, kept, let, e);
  } else if (e->kind == EXPR_READ) {
    if (is_variable_of(f, e->u.read.node, loop)) keep(f, kept, f->node_name[e->u.read.node->id], e);
    for (int k = 0; k < e->u.read.node->nout; k++) keep_read(f, kept, loop, e->u.read.sub[k]);
  } else if (e->kind == EXPR_PRIM) {
    const Expr *operand[3];
    for (int k = 0, count = written_operands(f, e, operand); k < count; k++) keep_read(f, kept, loop, operand[k]);
  }
}

static void keep_step(Function *f, Kept *kept, const Loop *loop, const Step *step) {
  if (step->idle) return;
  for (size_t k = 0; step->kind == STEP_LOOP && k < step->loop->nbody; k++) keep_step(f, kept, loop, &step->loop->body[k]);
  if (step->kind != STEP_NODE) return;
  const Node *n = step->node;
  const Expr *value[3], *guard = f->s->place[n->id].guard;
  for (int k = 0, count = written_values(f, n, value); k < count; k++) keep_read(f, kept, loop, value[k]);
  if (guard) keep_read(f, kept, loop, guard);
  for (int q = 0; n->target && q < n->nout; q++) keep_read(f, kept, loop, f->target[n->id][q]);
}

// What the steps behind would compute for each lane, as far as it is the same for all that is added there, is computed in lanes.
static void compute_step(Function *f, const Loop *loop, const Step *step) {
  if (step->idle) return;
  for (size_t k = 0; step->kind == STEP_LOOP && k < step->loop->nbody; k++) compute_step(f, loop, &step->loop->body[k]);
  if (step->kind != STEP_NODE || f->s->place[step->node->id].guard) return;
  const Expr *value[3];
  for (int k = 0, count = written_values(f, step->node, value); k < count; k++) {
    const int level = f->level[value[k]->id];
    if (level == loop->depth)
      prepare_side(f, value[k]);
    else if (level > loop->depth)
      hoist_expr(f, value[k], loop->depth);
  }
}

// Is it the first of its variable?
static bool is_first(const Kept *kept, size_t at) {
  for (size_t k = 0; k < at; k++)
    if (kept->value[k].at == kept->value[at].at) return false;
  return true;
}

void keep_values(Function *f, const Loop *loop, const char *lane, Kept *kept) {
  const Step *behind = loop->body + loop->nbody - loop->behind;
  f->stamp++;
  for (size_t k = 0; k < loop->behind; k++) compute_step(f, loop, &behind[k]);
  for (size_t k = 0; k < loop->behind; k++) keep_step(f, kept, loop, &behind[k]);
  for (size_t k = 0; k < kept->count; k++) {
    if (!is_first(kept, k)) continue;
    line_start(f);
    text_printf(&f->body, "%s[%zu][%s] = %s;\n", kept->array, kept->value[k].at, lane, kept->value[k].name);
  }
}

// ---- behind the vector ----

// A variable of the vector's own has been given back with its scope, so that its name is to be had again.
static void recall_values(Function *f, Kept *kept, const char *lane) {
  for (size_t k = 0; k < kept->count; k++) {
    Value *v = &kept->value[k];
    if (is_first(kept, k)) {
      if (v->own) v->name = names_take(&f->names, v->name);
      line_start(f);
      text_printf(&f->body, "const %s %s = %s[%zu][%s];\n", f->unit->real, v->name, kept->array, v->at, lane);
    }
    for (size_t j = 0; j < k; j++)
      if (kept->value[j].at == v->at) v->name = kept->value[j].name;
    name_let(f, v->expr, v->name);
  }
}

static void put_behind(Function *f, const Loop *loop, int depth, const char *from, Kept *kept) {
  size_t names, lets;
  open_scope(f, &names, &lets);
  f->indent--;
  names_take(&f->names, loop->name); // loops within are not called so, as where they stand in a loop of that name
  const char *lane = names_take(&f->names, "lane");
  put_few(f);
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = 0; %s < %d; %s++) {\n", lane, lane, lanes_of(f), lane);
  f->indent++;
  f->loop_name[loop->id] = arena_printf(f->s->arena, "%s + %s", from, lane);
  recall_values(f, kept, lane);
  put_strip_steps(f, loop, loop->nbody - loop->behind, loop->nbody, depth);
  close_scope(f, names, lets);
  line_start(f);
  text_put(&f->body, "}\n");
}

void put_vector_and_behind(Function *f, const Loop *loop, int depth, const char *from) {
  const size_t names = f->names.count;
  Kept kept = {.array = names_take(&f->names, "kept"), .mark = f->names.count};
  Text before = f->body;
  text_init(&f->body);
  put_vector(f, loop, depth, from, &kept);
  Text vector = f->body;
  f->body = before;
  if (kept.variables) {
    line_start(f);
    text_printf(&f->body, "%s %s[%zu][%d];\n", f->unit->real, kept.array, kept.variables, lanes_of(f));
  }
  text_put(&f->body, vector.s);
  text_free(&vector);
  put_behind(f, loop, depth, from, &kept);
  names_release(&f->names, names);
}
