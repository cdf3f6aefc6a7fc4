// program.c - compiles a node's expressions to slots and evaluates them, each shared part once an entry, lazily.
#include "interp/program.h"

#include <stdio.h>

#include "graph/text.h"
#include "mdl/random.h"

// ---- compiling ----

// The slot of each expression found so far: open addressing by id.
typedef struct SlotMap {
  const Expr **key;
  int *slot;
  size_t count, room; // room is a power of two
} SlotMap;

typedef struct Compiler {
  Arena *arena;
  const Scope *scope;
  SlotMap map;
  Instruction *code;
  Value *value;
  size_t count, code_room, value_count, value_room;
} Compiler;

static size_t map_place(const SlotMap *m, const Expr *e) {
  size_t k = (e->id * (size_t)0x9E3779B1u) & (m->room - 1);
  while (m->key[k] && m->key[k] != e) k = (k + 1) & (m->room - 1);
  return k;
}

static int map_find(const SlotMap *m, const Expr *e) {
  const size_t k = map_place(m, e);
  return m->key[k] ? m->slot[k] : -1;
}

static void map_room(Arena *a, SlotMap *m, size_t room) {
  const SlotMap old = *m;
  m->key = arena_array(a, const Expr *, room);
  m->slot = arena_array(a, int, room);
  m->room = room;
  for (size_t k = 0; k < old.room; k++) {
    if (!old.key[k]) continue;
    const size_t at = map_place(m, old.key[k]);
    m->key[at] = old.key[k];
    m->slot[at] = old.slot[k];
  }
}

static void map_put(Arena *a, SlotMap *m, const Expr *e, int slot) {
  if (2 * m->count >= m->room) map_room(a, m, 2 * m->room);
  const size_t k = map_place(m, e);
  m->key[k] = e;
  m->slot[k] = slot;
  m->count++;
}

// A polynomial where a real is wanted: one step, for which 64 bits need not do.
static bool is_real_poly(const Expr *e) {
  return expr_is_prim(e, PRIM_REAL) && e->u.prim.arg[0]->kind == EXPR_POLY;
}

static int argument_count(const Expr *e) {
  if (is_real_poly(e)) return 0;
  return e->kind == EXPR_READ ? e->u.read.node->nout : e->kind == EXPR_PRIM ? e->u.prim.narg : 0;
}

static const Expr *argument(const Expr *e, int k) {
  return e->kind == EXPR_READ ? e->u.read.sub[k] : e->u.prim.arg[k];
}

static void compile_prim(Instruction *i, const Scope *scope, const Expr *e) {
  const Prim op = e->u.prim.op;
  switch (op) {
  case PRIM_SELECT: i->op = OP_SELECT; return;
  case PRIM_REAL: i->op = OP_REAL; return;
  case PRIM_AND: i->op = OP_AND; return;
  case PRIM_OR: i->op = OP_OR; return;
  case PRIM_LOG_FACTORIAL: // most kinds of numbers have no rule of their own for it
    i->u.number = scope->rules->prim[op];
    i->op = i->u.number ? OP_NUMBER : OP_LOG_FACTORIAL;
    if (!i->u.number) i->u.number = scope->rules->prim[PRIM_LGAMMA];
    return;
  case PRIM_RANDN: i->op = OP_NORMAL; return;
  case PRIM_RANDU: i->op = OP_UNIFORM; return;
  default: break;
  }
  if (e->type == TYPE_REAL) {
    i->op = OP_NUMBER;
    i->u.number = scope->rules->prim[op];
  } else if (e->u.prim.arg[0]->type == TYPE_REAL) {
    i->op = OP_TEST;
    i->u.test = scope->rules->test[op];
  } else {
    i->op = OP_INTEGER;
    i->u.integer = integer_rules[op];
  }
}

static bool poly_known(const Scope *scope, const Poly *p, int64_t *value) {
  return scope->dims ? poly_value(scope->dims, p, scope->dim_values, value) : poly_is_int(p, value);
}

static bool poly_real_known(const Scope *scope, const Poly *p, double *value) {
  int64_t exact;
  if (poly_known(scope, p, &exact)) {
    *value = (double)exact;
    return true;
  }
  return scope->dims && poly_real(scope->dims, p, scope->dim_values, value);
}

// All arguments of e have slots.
static void compile_one(Compiler *c, const Expr *e) {
  Instruction i = {.op = OP_CONSTANT, .narg = argument_count(e), .expr = e};
  Value value = {.integer = 0};
  int *arg = arena_array(c->arena, int, (size_t)i.narg);
  for (int k = 0; k < i.narg; k++) {
    arg[k] = map_find(&c->map, argument(e, k));
    if (c->code[arg[k]].level > i.level) i.level = c->code[arg[k]].level;
  }
  i.arg = arg;
  switch (e->kind) {
  case EXPR_REAL: value.number = number_constant(c->scope->rules, e->u.real); break;
  case EXPR_BOOL: value.integer = e->u.boolean; break;
  case EXPR_POLY:
    if (!poly_known(c->scope, e->u.poly, &value.integer)) i.op = OP_NO_VALUE;
    break;
  case EXPR_INDEX:
    i.op = OP_INDEX;
    i.u.index = e->u.index;
    i.level = e->u.index + 1;
    break;
  case EXPR_READ:
    i.op = OP_READ;
    i.u.array = c->scope->arrays ? &c->scope->arrays[e->u.read.node->id] : NULL;
    break;
  case EXPR_PRIM:
    if (!is_real_poly(e)) {
      compile_prim(&i, c->scope, e);
    } else {
      double x = 0;
      if (!poly_real_known(c->scope, e->u.prim.arg[0]->u.poly, &x)) i.op = OP_NO_VALUE;
      value.number = number_constant(c->scope->rules, x);
    }
    break;
  }
  map_put(c->arena, &c->map, e, (int)c->count);
  ARENA_PUSH(c->arena, c->code, c->count, c->code_room) = i;
  ARENA_PUSH(c->arena, c->value, c->value_count, c->value_room) = value;
}

// Arguments first; the stack is explicit, for expressions are deep.
static int compile(Compiler *c, const Expr *root) {
  const Expr **stack = NULL;
  size_t count = 0, room = 0;
  ARENA_PUSH(c->arena, stack, count, room) = root;
  while (count > 0) {
    const Expr *e = stack[count - 1];
    const size_t before = count;
    if (map_find(&c->map, e) < 0) {
      for (int k = 0; k < argument_count(e); k++) {
        if (map_find(&c->map, argument(e, k)) < 0) ARENA_PUSH(c->arena, stack, count, room) = argument(e, k);
      }
      if (count > before) continue;
      compile_one(c, e);
    }
    count--;
  }
  return map_find(&c->map, root);
}

static bool is_lazy(Op op) {
  return op == OP_AND || op == OP_OR || op == OP_SELECT;
}

static void find_eager(Arena *a, const Program *p, ProgramRoot *root) {
  bool *needed = arena_array(a, bool, (size_t)root->slot + 1);
  needed[root->slot] = true;
  for (int s = root->slot; s >= 0; s--) {
    if (!needed[s]) continue;
    const Instruction *i = &p->code[s];
    const int certain = is_lazy(i->op) ? 1 : i->narg;
    for (int k = 0; k < certain; k++) needed[i->arg[k]] = true;
    root->neager += i->op != OP_CONSTANT;
  }
  root->eager = arena_array(a, int, (size_t)root->neager);
  for (int s = 0, k = 0; s <= root->slot; s++) {
    if (needed[s] && p->code[s].op != OP_CONSTANT) root->eager[k++] = s;
  }
}

Program *program_new(Arena *a, const Scope *scope, const Expr *const *roots, int nroots) {
  Compiler c = {.arena = a, .scope = scope};
  map_room(a, &c.map, 64);
  Program *p = arena_new_of(a, Program);
  p->scope = *scope;
  p->root = arena_array(a, ProgramRoot, (size_t)nroots);
  for (int k = 0; k < nroots; k++) p->root[k].slot = roots[k] ? compile(&c, roots[k]) : -1;
  p->count = (int)c.count;
  p->code = c.code;
  p->value = c.value;
  p->stamp = arena_array(a, uint64_t, c.count);
  p->since = arena_array(a, uint64_t, (size_t)scope->nindex + 1);
  p->at = arena_array(a, int64_t, (size_t)scope->nindex);
  p->pending = arena_array(a, int, c.count + 1);
  for (int s = 0; s < p->count; s++) p->stamp[s] = p->code[s].op == OP_CONSTANT;
  for (int k = 0; k < nroots; k++) {
    if (p->root[k].slot >= 0) find_eager(a, p, &p->root[k]);
  }
  // Time 1: constants are there, nothing else is.
  p->now = 1;
  for (int k = 0; k <= scope->nindex; k++) p->since[k] = 1;
  return p;
}

// ---- evaluating ----

void program_moved(Program *p, int position) {
  p->now++;
  for (int k = position + 1; k <= p->scope.nindex; k++) p->since[k] = p->now;
}

// Where in the node's iteration: "i = 3, t = 2".
static void put_place(Text *t, const Program *p) {
  for (int k = 0; k < p->scope.nindex; k++) {
    const char *name = p->scope.index[k].name;
    if (name) text_printf(t, "%s%s = %lld", t->length > 0 ? ", " : "", name, (long long)p->at[k]);
  }
}

static void fail(Program *p, const char *what) {
  Text place;
  text_init(&place);
  put_place(&place, p);
  snprintf(p->error, sizeof p->error, "%.160s%s%.80s", what, place.length > 0 ? ", at " : "", place.s);
  text_free(&place);
}

static void fail_subscript(Program *p, const char *name, const Expr *const *sub, int nsub, int64_t subscript,
                           int64_t extent) {
  Text t;
  text_init(&t);
  text_printf(&t, "%s[", name);
  for (int k = 0; k < nsub; k++) {
    if (k > 0) text_put(&t, ", ");
    expr_print(&t, p->scope.graph, sub[k], p->scope.index);
  }
  text_put(&t, "]");
  if (t.length > 100) {
    text_clear(&t);
    text_printf(&t, "%.96s[…]", name);
  }
  text_printf(&t, ": subscript %lld ", (long long)subscript);
  if (subscript < 0) {
    text_put(&t, "is negative");
  } else {
    text_printf(&t, "is not under %lld", (long long)extent);
  }
  fail(p, t.s);
  text_free(&t);
}

int64_t program_locate(Program *p, const Array *array, const char *name, const Expr *const *sub,
                       const Value *const *value) {
  int64_t position = 0;
  for (int k = 0; k < array->rank; k++) {
    const int64_t subscript = value[k]->integer;
    if (subscript < 0 || subscript >= array->extent[k]) {
      fail_subscript(p, name, sub, array->rank, subscript, array->extent[k]);
      return -1;
    }
    position = position * array->extent[k] + subscript;
  }
  return position;
}

static bool read_entry(Program *p, const Instruction *i, Value *result) {
  const Expr *e = i->expr;
  const Value *sub[INDEX_MAX];
  for (int k = 0; k < i->narg; k++) sub[k] = &p->value[i->arg[k]];
  const int64_t at = program_locate(p, i->u.array, e->u.read.node->name, e->u.read.sub, sub);
  if (at < 0) return false;
  if (e->type == TYPE_REAL) {
    result->number = i->u.array->number[at];
  } else {
    result->integer = i->u.array->integer[at];
  }
  return true;
}

// All that the instruction needs is in its slots.
static bool execute(Program *p, int slot) {
  const Instruction *i = &p->code[slot];
  Value *result = &p->value[slot], x[3];
  if (i->op != OP_READ) {
    for (int k = 0; k < i->narg; k++) x[k] = p->value[i->arg[k]];
  }
  switch (i->op) {
  case OP_CONSTANT: break;
  case OP_NO_VALUE: fail(p, "an integer in the dimensions has no exact value or does not fit in 64 bits"); return false;
  case OP_INDEX: result->integer = p->at[i->u.index]; break;
  case OP_READ:
    if (!read_entry(p, i, result)) return false;
    break;
  case OP_NUMBER: result->number = i->u.number(x); break;
  case OP_REAL: result->number = number_constant(p->scope.rules, (double)x[0].integer); break;
  case OP_LOG_FACTORIAL:
    result->number = i->u.number(&(Value){.number = number_constant(p->scope.rules, (double)x[0].integer + 1)});
    break;
  case OP_TEST: result->integer = i->u.test(x); break;
  case OP_INTEGER: {
    const char *wrong = i->u.integer(x, &result->integer);
    if (wrong) {
      fail(p, wrong);
      return false;
    }
    break;
  }
  case OP_AND: result->integer = x[0].integer && x[1].integer; break;
  case OP_OR: result->integer = x[0].integer || x[1].integer; break;
  case OP_SELECT: *result = x[0].integer ? x[1] : x[2]; break;
  case OP_NORMAL:
  case OP_UNIFORM: {
    const uint64_t stream = (uint64_t)x[0].integer, counter = (uint64_t)x[1].integer;
    result->number =
        number_constant(p->scope.rules, i->op == OP_NORMAL ? mdl_random_normal(p->scope.random_seed, stream, counter)
                                                           : mdl_random_uniform(p->scope.random_seed, stream, counter));
    break;
  }
  }
  p->stamp[slot] = p->now;
  return true;
}

static bool is_done(const Program *p, int slot) {
  return p->stamp[slot] >= p->since[p->code[slot].level];
}

// The next slot that must be computed before this one can be; -1: none.
static int still_needs(const Program *p, int slot) {
  const Instruction *i = &p->code[slot];
  if (!is_lazy(i->op)) {
    for (int k = 0; k < i->narg; k++) {
      if (!is_done(p, i->arg[k])) return i->arg[k];
    }
    return -1;
  }
  if (!is_done(p, i->arg[0])) return i->arg[0];
  const bool condition = p->value[i->arg[0]].integer != 0;
  if (i->op != OP_SELECT && condition == (i->op == OP_OR)) return -1;
  const int side = i->op == OP_SELECT && !condition ? i->arg[2] : i->arg[1];
  return is_done(p, side) ? -1 : side;
}

static bool demand(Program *p, int slot) {
  int depth = 0;
  p->pending[depth++] = slot;
  while (depth > 0) {
    const int top = p->pending[depth - 1], next = still_needs(p, top);
    if (next >= 0) {
      p->pending[depth++] = next;
      continue;
    }
    if (!execute(p, top)) return false;
    depth--;
  }
  return true;
}

const Value *program_value(Program *p, int root) {
  const ProgramRoot *r = &p->root[root];
  for (int k = 0; k < r->neager; k++) {
    const int slot = r->eager[k];
    if (is_done(p, slot)) continue;
    if (!(is_lazy(p->code[slot].op) ? demand(p, slot) : execute(p, slot))) return NULL;
  }
  return &p->value[r->slot];
}
