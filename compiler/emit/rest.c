// rest.c - what a loop in strips leaves behind its last whole vector, as one vector more.
//
// An elementary function takes as long for a number as for a vector.  So where a body calls any, its last few iterations are gathered: every
// entry that it reads, one for each lane, is copied to an array of the lanes, those behind the end from the last iteration; the body runs over
// these arrays; and what it wrote goes back, of the iterations that there are.  The entries are known by their C: the body is
// printed as it is for whole vectors, with the arrays' entries in their places.
#include <string.h>

#include "emit/tile.h"

typedef struct Copy {
  const char *entry;      // in memory
  size_t base;            // the length of the array's name in it
  const Node *node;       // whose entry it is, and at which subscripts; null: a scalar's
  const Expr *const *sub;
  const char *array; // over the lanes; null: the same entry for all
  const char *type;
  bool read, written; // before it is written; at all
} Copy;

struct Rest {
  const char *lane;
  Copy *copy;
  size_t count, room;
  size_t assigned; // 1 + the place of what the statement in hand assigns, whose right side follows; 0: none
  size_t mark; // names taken since then are the body's
  bool fails;
};

const char *rest_mask(const Function *f) {
  return f->rest ? arena_printf(f->s->arena, "%s < %s", f->rest->lane, f->lanes_name) : NULL;
}

static bool is_array(const Rest *r, const char *name) {
  for (size_t k = 0; k < r->count; k++)
    if (r->copy[k].array && strcmp(r->copy[k].array, name) == 0) return true;
  return false;
}

// Is the entry at a place that only the body knows, by a variable of its own?
static bool follows_variable(const Function *f, const char *entry) {
  for (size_t n = f->rest->mark; n < f->names.count; n++) {
    const char *name = names_taken(&f->names, n);
    if (!is_array(f->rest, name) && text_has_word(entry, name)) return true;
  }
  return false;
}

static Copy *copy_of(Function *f, const char *entry, const Node *n, const Expr *const *sub) {
  Rest *r = f->rest;
  for (size_t k = 0; k < r->count; k++)
    if (strcmp(r->copy[k].entry, entry) == 0) return &r->copy[k];
  Arena *a = f->s->arena;
  Copy *c = &ARENA_PUSH(a, r->copy, r->count, r->room);
  *c = (Copy){.entry = arena_strdup(a, entry), .base = strcspn(entry, "["), .node = n, .sub = sub, .type = element_type(f, n)};
  if (!text_has_word(entry, r->lane)) return c;
  if (follows_variable(f, c->entry)) r->fails = true;
  const char *array;
  do
    array = names_take(&f->names, arena_printf(a, "%s_rest", n->name));
  while (is_array(r, array)); // given back behind a condition
  c->array = array;
  return c;
}

// What t ends with, from `start` on, is an entry of n, which is read or written here.
static Copy *take(Function *f, Text *t, size_t start, const Node *n, const Expr *const *sub) {
  Copy *c = copy_of(f, t->s + start, n, sub);
  if (!c->array) return c;
  const char *array = c->array;
  text_cut(t, start);
  text_printf(t, "%s[%s]", array, f->rest->lane);
  return c;
}

void rest_read(Function *f, Text *t, size_t start, const Node *n, const Expr *const *sub) {
  if (!f->rest || f->s->place[n->id].stored == STORED_LOCAL) return;
  Copy *c = take(f, t, start, n, sub);
  if (!c->written || (size_t)(c - f->rest->copy) + 1 == f->rest->assigned) c->read = true;
}

void rest_write(Function *f, Text *t, size_t start, const Node *n, const Expr *const *sub, bool assigns) {
  if (!f->rest) return;
  Copy *c = take(f, t, start, n, sub);
  if (!c->array) {
    f->rest->fails = true;
    return;
  }
  if (!c->written && !assigns) c->read = true;
  if (!c->written && assigns) f->rest->assigned = (size_t)(c - f->rest->copy) + 1;
  c->written = true;
}

void rest_assigned(Function *f) {
  if (f->rest) f->rest->assigned = 0;
}

// Do two subscripts differ by a number, whatever the loops are at?
static bool differ(Function *f, const Expr *a, const Expr *b) {
  const int nloops = (int)f->s->nloops;
  int64_t *coefficient = arena_array(f->s->arena, int64_t, f->s->nloops + 1), apart;
  const Expr *rest;
  if (!expr_affine(f->s->pool, expr_prim2(f->s->pool, PRIM_SUB, a, b), nloops, coefficient, &rest)) return false;
  for (int k = 0; k < nloops; k++)
    if (coefficient[k]) return false;
  return expr_is_int(rest, &apart) && apart != 0;
}

// The subscripts that an entry has in memory; how many they are.
static int kept_subscripts(const Function *f, const Copy *c, const Expr **sub) {
  const bool *kept = f->s->place[c->node->id].kept;
  int count = 0;
  for (int k = 0; k < c->node->nout; k++)
    if (!kept || kept[k]) sub[count++] = c->sub[k];
  return count;
}

static bool are_apart(Function *f, const Copy *a, const Copy *b) {
  if (a->base != b->base || strncmp(a->entry, b->entry, a->base) != 0) return true;
  const Expr *x[INDEX_MAX], *y[INDEX_MAX];
  const int count = kept_subscripts(f, a, x);
  bool apart = false;
  if (kept_subscripts(f, b, y) != count) return false;
  for (int k = 0; k < count && !apart; k++) apart = differ(f, x[k], y[k]);
  return apart;
}

// May two entries that are written and read be the same one by different names?
static bool may_meet(Function *f, const Rest *r) {
  for (size_t k = 0; k < r->count; k++)
    for (size_t j = 0; j < r->count; j++)
      if (j != k && r->copy[k].written && !are_apart(f, &r->copy[k], &r->copy[j])) return true;
  return false;
}

// What is done for each lane is a vector's work, without other loops.
static bool is_plain_body(const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->idle) continue;
    const bool computes = step->kind == STEP_NODE && step->node->reduce != REDUCE_ARGMAX;
    if (!computes && step->kind != STEP_STORE) return false;
  }
  return true;
}

static bool calls_functions(const Function *f, const Loop *loop) {
  for (size_t k = 0; k < loop->nbody; k++) {
    const Step *step = &loop->body[k];
    if (step->kind == STEP_NODE && !step->idle && expr_calls(f->expr[step->node->id])) return true;
  }
  return false;
}

static void put_for(Function *f, const char *from, const char *until) {
  const char *lane = f->rest->lane;
  line_start(f);
  text_printf(&f->body, "for (int64_t %s = %s; %s < %s; %s++) {\n", lane, from, lane, until, lane);
  f->indent++;
}

static void put_close(Function *f) {
  f->indent--;
  line_start(f);
  text_put(&f->body, "}\n");
}

static void put_loads(Function *f, const char *lanes) {
  Rest *r = f->rest;
  Text *t = &f->body;
  bool any = false;
  for (size_t k = 0; k < r->count; k++) {
    if (!r->copy[k].array) continue;
    line_start(f);
    text_printf(t, "%s %s[%s];\n", r->copy[k].type, r->copy[k].array, lanes);
    any = any || r->copy[k].read;
  }
  if (!any) return;
  put_few(f);
  put_for(f, "0", f->lanes_name);
  put_singly(f);
  for (size_t k = 0; k < r->count; k++) {
    if (!r->copy[k].array || !r->copy[k].read) continue;
    line_start(f);
    text_printf(t, "%s[%s] = %s;\n", r->copy[k].array, r->lane, r->copy[k].entry);
  }
  put_close(f);
  put_few(f);
  put_for(f, f->lanes_name, lanes);
  put_singly(f);
  for (size_t k = 0; k < r->count; k++) {
    if (!r->copy[k].array || !r->copy[k].read) continue;
    line_start(f);
    text_printf(t, "%s[%s] = %s[%s - 1];\n", r->copy[k].array, r->lane, r->copy[k].array, f->lanes_name);
  }
  put_close(f);
}

static void put_stores(Function *f) {
  const Rest *r = f->rest;
  bool any = false;
  for (size_t k = 0; k < r->count; k++) any = any || r->copy[k].written;
  if (!any) return;
  put_few(f);
  put_for(f, "0", f->lanes_name);
  put_singly(f);
  for (size_t k = 0; k < r->count; k++) {
    if (!r->copy[k].written) continue;
    line_start(f);
    text_printf(&f->body, "%s = %s[%s];\n", r->copy[k].entry, r->copy[k].array, r->lane);
  }
  put_close(f);
}

// The body over the arrays, as a text of its own: what it reads and writes is known behind it.
static Text body_text(Function *f, const Loop *loop, int depth, const char *from) {
  Text before = f->body;
  OpenLines l;
  text_init(&f->body);
  open_lines(f, &l);
  f->unit->helper[HELPER_LANES] = true;
  line_start(f);
  text_put(&f->body, "MDL_LANES\n");
  put_for(f, "0", arena_printf(f->s->arena, "%d", lanes_of(f)));
  f->loop_name[loop->id] = arena_printf(f->s->arena, "%s + %s", from, f->rest->lane);
  f->strip_lane = f->rest->lane;
  f->long_sides = f->wide = true;
  f->rest->mark = f->names.count;
  put_steps(f, loop->body, loop->nbody, depth + 1);
  f->wide = false;
  close_lines(f, &l);
  Text made = f->body;
  f->body = before;
  return made;
}

// Is the rest, where its size is known, a single iteration?
static bool is_single(const Function *f, const Loop *loop) {
  int64_t extent;
  const bool known = !loop->nlow && !loop->nhigh && poly_fixed(f->s->task.graph->dims, loop->extent, &extent);
  return known && extent % lanes_of(f) == 1;
}

bool put_rest_in_lanes(Function *f, const Loop *loop, int depth, const char *from, const char *end) {
  if (f->singly) return false; // it adds to a tile's block, which ends with the last entry
  if (loop->lanes == LANES_TURNS || loop->behind || !calls_functions(f, loop) || !is_plain_body(loop) || is_single(f, loop)) return false;
  Text before = f->body;
  const Poly *flops = f->flops;
  const char *lanes = f->lanes_name;
  OpenLines l;
  text_init(&f->body);
  open_lines(f, &l);
  Rest rest = {.lane = names_take(&f->names, "lane")};
  f->lanes_name = names_take(&f->names, "lanes");
  line_start(f);
  text_printf(&f->body, "if (%s < ", from);
  put_until(f, loop, end, PREC_COMPARE + 1);
  text_put(&f->body, ") {\n");
  f->indent++;
  line_start(f);
  text_printf(&f->body, "const int64_t %s = ", f->lanes_name);
  put_until(f, loop, end, PREC_ADD);
  text_printf(&f->body, " - %s;\n", from);
  f->rest = &rest;
  Text body = body_text(f, loop, depth, from);
  const bool fails = rest.fails || may_meet(f, &rest);
  put_loads(f, arena_printf(f->s->arena, "%d", lanes_of(f)));
  text_put(&f->body, body.s);
  put_stores(f);
  f->rest = NULL;
  close_lines(f, &l);
  text_free(&body);
  Text made = f->body;
  f->body = before;
  if (!fails) text_put(&f->body, made.s);
  text_free(&made);
  f->flops = flops;
  f->lanes_name = lanes;
  return !fails;
}
