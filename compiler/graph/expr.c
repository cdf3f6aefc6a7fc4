// expr.c - expressions: hash-consing, and walks that visit what is shared once.
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/pool.h"

// ---- the pool ----

static uint64_t mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9E3779B97F4A7C15u;
  return h ^ (h >> 29);
}

static uint64_t address(const void *p) {
  return (uint64_t)(uintptr_t)p;
}

static uint64_t bits(double x) {
  uint64_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}

static uint64_t expr_hash(const Expr *e) {
  uint64_t h = mix(17, (uint64_t)e->kind);
  switch (e->kind) {
  case EXPR_REAL: return mix(h, bits(e->u.real));
  case EXPR_BOOL: return mix(h, e->u.boolean);
  case EXPR_POLY: return mix(h, address(e->u.poly));
  case EXPR_INDEX: return mix(h, (uint64_t)e->u.index);
  case EXPR_READ:
    h = mix(h, address(e->u.read.node));
    for (int k = 0; k < e->u.read.node->nout; k++) h = mix(h, e->u.read.sub[k]->id);
    return h;
  case EXPR_PRIM:
    h = mix(h, (uint64_t)e->u.prim.op);
    for (int k = 0; k < e->u.prim.narg; k++) h = mix(h, e->u.prim.arg[k]->id);
    return h;
  }
  return h;
}

static bool expr_same(const Expr *e, const Expr *f) {
  if (e->kind != f->kind) return false;
  switch (e->kind) {
  case EXPR_REAL: return bits(e->u.real) == bits(f->u.real);
  case EXPR_BOOL: return e->u.boolean == f->u.boolean;
  case EXPR_POLY: return e->u.poly == f->u.poly;
  case EXPR_INDEX: return e->u.index == f->u.index;
  case EXPR_READ:
    if (e->u.read.node != f->u.read.node) return false;
    for (int k = 0; k < e->u.read.node->nout; k++)
      if (e->u.read.sub[k] != f->u.read.sub[k]) return false;
    return true;
  case EXPR_PRIM:
    if (e->u.prim.op != f->u.prim.op) return false;
    for (int k = 0; k < e->u.prim.narg; k++)
      if (e->u.prim.arg[k] != f->u.prim.arg[k]) return false;
    return true;
  }
  return false;
}

static void rehash(Arena *a, ExprPool *pool) {
  size_t slots = pool->slots ? pool->slots * 2 : 256;
  const Expr **table = arena_array(a, const Expr *, slots);
  for (size_t k = 0; k < pool->count; k++) {
    size_t at = expr_hash(pool->list[k]) & (slots - 1);
    while (table[at]) at = (at + 1) & (slots - 1);
    table[at] = pool->list[k];
  }
  pool->table = table;
  pool->slots = slots;
}

// The one expression of the graph that is like *e, whose type, sets and height are filled in.
static const Expr *intern(Graph *g, const Expr *e) {
  ExprPool *pool = g->pool;
  if (pool->count * 2 >= pool->slots) rehash(g->arena, pool);
  size_t at = expr_hash(e) & (pool->slots - 1);
  for (; pool->table[at]; at = (at + 1) & (pool->slots - 1))
    if (expr_same(pool->table[at], e)) return pool->table[at];
  Expr *copy = arena_new_of(g->arena, Expr);
  *copy = *e;
  copy->id = (uint32_t)pool->count;
  if (e->kind == EXPR_READ) {
    size_t n = (size_t)e->u.read.node->nout;
    const Expr **sub = arena_array(g->arena, const Expr *, n);
    for (size_t k = 0; k < n; k++) sub[k] = e->u.read.sub[k];
    copy->u.read.sub = sub;
  }
  pool->table[at] = copy;
  ARENA_PUSH(g->arena, pool->list, pool->count, pool->room) = copy;
  return copy;
}

uint32_t graph_expr_count(const Graph *g) {
  return (uint32_t)g->pool->count;
}

const Expr *graph_expr(const Graph *g, uint32_t id) {
  return g->pool->list[id];
}

// ---- constructors ----

const Expr *expr_real(Graph *g, double value) {
  if (isnan(value)) value = (double)NAN; // one NaN: its sign and payload mean nothing
  return intern(g, &(Expr){.kind = EXPR_REAL, .type = TYPE_REAL, .u.real = value});
}

const Expr *expr_bool(Graph *g, bool value) {
  return intern(g, &(Expr){.kind = EXPR_BOOL, .type = TYPE_BOOL, .u.boolean = value});
}

const Expr *expr_poly(Graph *g, const Poly *p) {
  return intern(g, &(Expr){.kind = EXPR_POLY, .type = TYPE_INT, .u.poly = p});
}

const Expr *expr_int(Graph *g, int64_t value) {
  return expr_poly(g, poly_int(g->dims, value));
}

const Expr *expr_index(Graph *g, int position) {
  assert(position >= 0);
  const uint64_t bit = position < INDEX_MAX ? (uint64_t)1 << position : 0;
  return intern(g, &(Expr){.kind = EXPR_INDEX, .type = TYPE_INT, .indices = bit, .u.index = position});
}

// Takes over from an argument what is known of it; false where there is none or it is too high.
static bool adopt(Expr *e, const Expr *arg) {
  if (!arg || arg->height >= EXPR_HEIGHT_MAX) return false;
  if (arg->height >= e->height) e->height = arg->height + 1;
  e->indices |= arg->indices;
  e->nodes |= arg->nodes;
  return true;
}

const Expr *expr_read(Graph *g, const Node *node, const Expr *const *sub) {
  if (!node) return NULL;
  Expr e = {.kind = EXPR_READ, .type = node->type, .nodes = (uint64_t)1 << (node->id & 63)};
  e.u.read.node = node;
  e.u.read.sub = sub;
  for (int k = 0; k < node->nout; k++)
    if (!adopt(&e, sub[k])) return NULL;
  return intern(g, &e);
}

// Integer arithmetic on polynomials is one polynomial; null where it is not (or is too large to be said).
static const Expr *fold(Graph *g, Prim op, int narg, const Expr *const *args) {
  const Poly *p[2] = {NULL, NULL}, *r = NULL;
  int64_t divisor;
  if (narg > 2) return NULL;
  for (int k = 0; k < narg; k++) {
    if (args[k]->kind != EXPR_POLY) return NULL;
    p[k] = args[k]->u.poly;
  }
  if (op == PRIM_ADD) r = poly_add(g->dims, p[0], p[1]);
  if (op == PRIM_SUB) r = poly_sub(g->dims, p[0], p[1]);
  if (op == PRIM_MUL) r = poly_mul(g->dims, p[0], p[1]);
  if (op == PRIM_NEG) r = poly_sub(g->dims, poly_int(g->dims, 0), p[0]);
  if (op == PRIM_FLOORDIV || op == PRIM_MOD) {
    if (poly_is_int(p[1], &divisor) && divisor == 0) return NULL;
    r = op == PRIM_MOD ? poly_mod(g->dims, p[0], p[1]) : poly_floordiv(g->dims, p[0], p[1]);
  }
  return r && !poly_is_too_large(r) ? expr_poly(g, r) : NULL;
}

const Expr *expr_prim(Graph *g, Prim op, const Expr *const *args) {
  Expr e = {.kind = EXPR_PRIM};
  Type types[3];
  e.u.prim.op = op;
  e.u.prim.narg = prim_arity(op);
  for (int k = 0; k < e.u.prim.narg; k++) {
    if (!adopt(&e, args[k])) return NULL;
    e.u.prim.arg[k] = args[k];
    types[k] = args[k]->type;
  }
  bool typed = prim_result(op, types, e.u.prim.narg, &e.type);
  assert(typed);
  (void)typed;
  const Expr *folded = fold(g, op, e.u.prim.narg, args);
  return folded ? folded : intern(g, &e);
}

const Expr *expr_prim1(Graph *g, Prim op, const Expr *x) {
  return expr_prim(g, op, &x);
}

const Expr *expr_prim2(Graph *g, Prim op, const Expr *x, const Expr *y) {
  return expr_prim(g, op, (const Expr *const[]){x, y});
}

const Expr *expr_select(Graph *g, const Expr *c, const Expr *x, const Expr *y) {
  return expr_prim(g, PRIM_SELECT, (const Expr *const[]){c, x, y});
}

// ---- questions ----

bool expr_is_prim(const Expr *e, Prim op) {
  return e->kind == EXPR_PRIM && e->u.prim.op == op;
}

bool expr_is_zero(const Expr *e) {
  return e->kind == EXPR_REAL && e->u.real == 0;
}

bool expr_is_real(const Expr *e, double value) {
  return e->kind == EXPR_REAL && bits(e->u.real) == bits(value);
}

bool expr_is_int(const Expr *e, int64_t *value) {
  return e->kind == EXPR_POLY && poly_is_int(e->u.poly, value);
}

uint64_t indices_below(int count) {
  return count >= INDEX_MAX ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

bool expr_uses_index(const Expr *e, int position) {
  return position >= 0 && position < INDEX_MAX && (e->indices >> position & 1);
}

int expr_operands(const Expr *e, const Expr *const **operands) {
  if (e->kind == EXPR_PRIM) {
    *operands = e->u.prim.arg;
    return e->u.prim.narg;
  }
  *operands = e->kind == EXPR_READ ? e->u.read.sub : NULL;
  return e->kind == EXPR_READ ? e->u.read.node->nout : 0;
}

// ---- walks ----

// What has been met, by address; grows in its arena.
typedef struct ExprSet {
  const Expr **table;
  size_t count, slots;
} ExprSet;

static bool set_add(Arena *a, ExprSet *s, const Expr *e) {
  if (s->count * 2 >= s->slots) {
    ExprSet bigger = {.slots = s->slots ? s->slots * 2 : 64};
    bigger.table = arena_array(a, const Expr *, bigger.slots);
    for (size_t k = 0; k < s->slots; k++)
      if (s->table[k]) set_add(a, &bigger, s->table[k]);
    *s = bigger;
  }
  size_t at = mix(3, address(e)) & (s->slots - 1);
  for (; s->table[at]; at = (at + 1) & (s->slots - 1))
    if (s->table[at] == e) return false;
  s->table[at] = e;
  s->count++;
  return true;
}

static int by_id(const void *x, const void *y) {
  uint32_t a = (*(const Expr *const *)x)->id, b = (*(const Expr *const *)y)->id;
  return (a > b) - (a < b);
}

// Most expressions have few parts: those are met by looking through the list, where a bit says that one may be in it, and
// sorted by insertion.
enum { FEW_PARTS = 32 };

static uint64_t bit_of(const Expr *e) {
  return (uint64_t)1 << (e->id & 63);
}

static bool is_listed(const Expr *const *list, size_t n, const Expr *e) {
  for (size_t k = 0; k < n; k++)
    if (list[k] == e) return true;
  return false;
}

static void sort_by_id(const Expr **list, size_t n) {
  if (n > FEW_PARTS) {
    qsort(list, n, sizeof *list, by_id);
    return;
  }
  for (size_t k = 1; k < n; k++) {
    const Expr *e = list[k];
    size_t at = k;
    for (; at && list[at - 1]->id > e->id; at--) list[at] = list[at - 1];
    list[at] = e;
  }
}

// The parts of e, or those with reads in them, that `enter` leads to: operands of what it refuses are not looked at.
static const Expr **collect(Arena *a, const Expr *e, bool (*enter)(const Expr *), bool reads, size_t *count) {
  ExprSet met = {.table = NULL};
  const Expr **list = NULL; // both the result and, from `next` on, what is still to be entered
  size_t n = 0, room = 0;
  uint64_t bits = bit_of(e);
  ARENA_PUSH(a, list, n, room) = e;
  for (size_t next = 0; next < n; next++) {
    const Expr *const *operand;
    int narg = !enter || enter(list[next]) ? expr_operands(list[next], &operand) : 0;
    for (int k = 0; k < narg; k++) {
      if (reads && !operand[k]->nodes) continue;
      if (n == FEW_PARTS && !met.count)
        for (size_t j = 0; j < n; j++) set_add(a, &met, list[j]);
      if (met.count ? !set_add(a, &met, operand[k]) : bits & bit_of(operand[k]) && is_listed(list, n, operand[k])) continue;
      bits |= bit_of(operand[k]);
      ARENA_PUSH(a, list, n, room) = operand[k];
    }
  }
  *count = n;
  return list;
}

// Operands before what uses them.
static const Expr **collect_in_order(Arena *a, const Expr *e, bool (*enter)(const Expr *), size_t *count) {
  const Expr **list = collect(a, e, enter, false, count);
  sort_by_id(list, *count);
  return list;
}

const Expr **expr_parts(Arena *a, const Expr *e, size_t *count) {
  return collect_in_order(a, e, NULL, count);
}

size_t expr_place(const Expr *const *parts, size_t count, const Expr *e) {
  size_t low = 0, high = count;
  while (low + 1 < high) {
    size_t middle = low + (high - low) / 2;
    if (parts[middle]->id <= e->id)
      low = middle;
    else
      high = middle;
  }
  return low;
}

bool expr_reads(const Expr *e, const Node *node) {
  if (!(e->nodes >> (node->id & 63) & 1)) return false;
  if (e->kind == EXPR_READ && e->u.read.node == node) return true;
  Arena *scratch = arena_new();
  size_t count;
  const Expr **parts = collect(scratch, e, NULL, true, &count);
  bool found = false;
  for (size_t k = 0; k < count && !found; k++) found = parts[k]->kind == EXPR_READ && parts[k]->u.read.node == node;
  arena_free(scratch);
  return found;
}

static bool is_power_of_two(const Expr *e) {
  int exponent;
  return e->kind == EXPR_REAL && isfinite(e->u.real) && fabs(frexp(e->u.real, &exponent)) == 0.5;
}

static bool may_be_exact(const Expr *e, int depth) {
  if (depth == 0 || e->kind == EXPR_REAL || e->type != TYPE_REAL) return true;
  if (e->kind == EXPR_READ) {
    const Node *n = e->u.read.node;
    return n->kind != NODE_COMP || n->reduce > REDUCE_SUM || may_be_exact(n->expr, depth - 1);
  }
  const Expr *const *arg = e->u.prim.arg;
  switch (e->u.prim.op) {
  case PRIM_ADD:
  case PRIM_SUB:
  case PRIM_MAX:
  case PRIM_MIN: return may_be_exact(arg[0], depth - 1) && may_be_exact(arg[1], depth - 1);
  case PRIM_MUL:
    return (is_power_of_two(arg[0]) && may_be_exact(arg[1], depth - 1)) ||
           (is_power_of_two(arg[1]) && may_be_exact(arg[0], depth - 1));
  case PRIM_NEG:
  case PRIM_ABS:
  case PRIM_STOP: return may_be_exact(arg[0], depth - 1);
  case PRIM_SELECT: return may_be_exact(arg[1], depth - 1) || may_be_exact(arg[2], depth - 1);
  case PRIM_SIGN:
  case PRIM_FLOOR:
  case PRIM_REAL: return true;
  default: return false;
  }
}

bool expr_may_be_exact(const Expr *e) {
  enum { LOOK_DEPTH = 8 };
  return may_be_exact(e, LOOK_DEPTH);
}

bool expr_is_declared(const Expr *sub, const Poly *extent) {
  return sub->kind == EXPR_READ && sub->u.read.node->limit == extent;
}

bool expr_calls(const Expr *e) {
  if (e->kind == EXPR_PRIM && prim_calls(e->u.prim.op)) return true;
  const Expr *const *operand;
  const int count = expr_operands(e, &operand);
  for (int k = 0; k < count; k++)
    if (expr_calls(operand[k])) return true;
  return false;
}

bool expr_has(const Expr *e, PartTest *test, const void *context) {
  if (!e) return false;
  Arena *scratch = arena_new();
  size_t count;
  bool has = false;
  const Expr **part = expr_parts(scratch, e, &count);
  for (size_t k = 0; k < count && !has; k++) has = test(context, part[k]);
  arena_free(scratch);
  return has;
}

// Has it no reads within its subscripts?
static bool is_plain_read(const Expr *e) {
  if (e->kind != EXPR_READ) return false;
  for (int k = 0; k < e->u.read.node->nout; k++)
    if (e->u.read.sub[k]->nodes) return false;
  return true;
}

void expr_each_read(const Graph *g, const Expr *e, ReadVisitor visit, void *context) {
  (void)g;
  if (!e->nodes) return;
  if (is_plain_read(e)) {
    visit(context, e);
    return;
  }
  Arena *scratch = arena_new();
  size_t count, nread = 0;
  const Expr **parts = collect(scratch, e, NULL, true, &count);
  for (size_t k = 0; k < count; k++)
    if (parts[k]->kind == EXPR_READ) parts[nread++] = parts[k];
  sort_by_id(parts, nread);
  for (size_t k = 0; k < nread; k++) visit(context, parts[k]);
  arena_free(scratch);
}

void node_each_read(const Graph *g, const Node *n, ReadVisitor visit, void *context) {
  if (n->expr) expr_each_read(g, n->expr, visit, context);
  if (n->guard) expr_each_read(g, n->guard, visit, context);
  if (n->base) expr_each_read(g, n->base, visit, context);
  for (int k = 0; n->target && k < n->nout; k++) expr_each_read(g, n->target[k], visit, context);
}

static const Expr *remade(Graph *g, const Expr *part, const Expr *const *arg) {
  switch (part->kind) {
  case EXPR_REAL: return expr_real(g, part->u.real);
  case EXPR_BOOL: return expr_bool(g, part->u.boolean);
  case EXPR_POLY: return expr_poly(g, part->u.poly);
  case EXPR_INDEX: return expr_index(g, part->u.index);
  case EXPR_READ: return expr_read(g, part->u.read.node, arg);
  case EXPR_PRIM: return expr_prim(g, part->u.prim.op, arg);
  }
  return NULL;
}

const Expr *expr_rebuild(Graph *g, const Expr *e, PartMaker make, void *context) {
  Arena *scratch = arena_new();
  size_t count;
  const Expr **parts = expr_parts(scratch, e, &count);
  const Expr **made = arena_array(scratch, const Expr *, count);
  for (size_t k = 0; k < count; k++) {
    const Expr *const *operand;
    const int narg = expr_operands(parts[k], &operand);
    const Expr **arg = arena_array(scratch, const Expr *, (size_t)narg);
    for (int j = 0; j < narg; j++) arg[j] = made[expr_place(parts, count, operand[j])];
    made[k] = make(context, g, parts[k], arg);
    if (!made[k]) made[k] = remade(g, parts[k], arg);
  }
  const Expr *result = made[count - 1];
  arena_free(scratch);
  return result;
}

typedef struct Substitution {
  const Expr *const *sub; // by index
  int nsub;
  const Node *const *node_map; // or null
} Substitution;

static const Expr *substituted(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  const Substitution *s = context;
  if (part->kind == EXPR_INDEX) return part->u.index < s->nsub ? s->sub[part->u.index] : NULL;
  return part->kind == EXPR_READ && s->node_map ? expr_read(g, s->node_map[part->u.read.node->id], arg) : NULL;
}

const Expr *expr_substitute(Graph *g, const Expr *e, const Expr *const *sub, int nsub, const Node *const *node_map) {
  return expr_rebuild(g, e, substituted, &(Substitution){sub, nsub, node_map});
}

typedef struct Replacement {
  ReadReplacer replace;
  void *context;
} Replacement;

static const Expr *replaced_read(void *context, Graph *g, const Expr *part, const Expr *const *arg) {
  (void)g;
  const Replacement *r = context;
  return part->kind == EXPR_READ ? r->replace(r->context, part->u.read.node, arg) : NULL;
}

const Expr *expr_replace_reads(Graph *g, const Expr *e, ReadReplacer replace, void *context) {
  return e->nodes ? expr_rebuild(g, e, replaced_read, &(Replacement){replace, context}) : e;
}

// ---- affine forms ----

static bool is_affine_operation(const Expr *e) {
  if (e->kind != EXPR_PRIM || e->type != TYPE_INT) return false;
  Prim op = e->u.prim.op;
  return op == PRIM_ADD || op == PRIM_SUB || op == PRIM_MUL || op == PRIM_NEG;
}

typedef struct Affine {
  int64_t *coefficient;
  const Expr *rest; // null: 0
} Affine;

// r = s * a + b; rests likewise.
static bool affine_add(Graph *g, Affine *r, int n, int64_t s, const Affine *a, const Affine *b) {
  for (int k = 0; k < n; k++) {
    int64_t product;
    if (__builtin_mul_overflow(s, a->coefficient[k], &product)) return false;
    if (__builtin_add_overflow(product, b ? b->coefficient[k] : 0, &r->coefficient[k])) return false;
  }
  const Expr *x = a->rest, *y = b ? b->rest : NULL;
  if (!x || s == 0) {
    r->rest = y;
  } else if (y && s == -1) {
    r->rest = expr_prim2(g, PRIM_SUB, y, x);
  } else {
    if (s == -1)
      x = expr_prim1(g, PRIM_NEG, x);
    else if (s != 1)
      x = expr_prim2(g, PRIM_MUL, expr_int(g, s), x);
    r->rest = y ? expr_prim2(g, PRIM_ADD, y, x) : x;
  }
  return r->rest || s == 0 || !(a->rest || y);
}

static bool affine_part(Graph *g, const Expr *e, int n, const Affine *a, const Affine *b, Affine *r) {
  switch (e->u.prim.op) {
  case PRIM_ADD: return affine_add(g, r, n, 1, b, a);
  case PRIM_SUB: return affine_add(g, r, n, -1, b, a);
  case PRIM_NEG: return affine_add(g, r, n, -1, a, NULL);
  default: break;
  }
  int64_t factor;
  if (expr_is_int(e->u.prim.arg[0], &factor)) return affine_add(g, r, n, factor, b, NULL);
  if (expr_is_int(e->u.prim.arg[1], &factor)) return affine_add(g, r, n, factor, a, NULL);
  return false; // an index times what is not a number
}

bool expr_affine(Graph *g, const Expr *e, int nindex, int64_t *coefficient, const Expr **rest) {
  const uint64_t mask = nindex >= INDEX_MAX ? UINT64_MAX : ((uint64_t)1 << nindex) - 1;
  if (e->type != TYPE_INT) return false;
  Arena *scratch = arena_new();
  size_t count, k = 0;
  const Expr **parts = collect_in_order(scratch, e, is_affine_operation, &count);
  Affine *form = arena_array(scratch, Affine, count);
  for (; k < count; k++) {
    const Expr *part = parts[k], *const * operand;
    Affine *r = &form[k];
    r->coefficient = arena_array(scratch, int64_t, (size_t)nindex + 1);
    if (!(part->indices & mask)) {
      int64_t zero = 1;
      r->rest = expr_is_int(part, &zero) && zero == 0 ? NULL : part;
    } else if (part->kind == EXPR_INDEX) {
      r->coefficient[part->u.index] = 1;
    } else if (is_affine_operation(part)) {
      int narg = expr_operands(part, &operand);
      const Affine *a = &form[expr_place(parts, count, operand[0])],
                   *b = &form[expr_place(parts, count, operand[narg - 1])];
      if (!affine_part(g, part, nindex, a, b, r)) break;
    } else {
      break;
    }
  }
  bool found = k == count;
  if (found) {
    for (int j = 0; j < nindex; j++) coefficient[j] = form[count - 1].coefficient[j];
    *rest = form[count - 1].rest ? form[count - 1].rest : expr_int(g, 0);
  }
  arena_free(scratch);
  return found;
}
