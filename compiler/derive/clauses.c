// clauses.c - conditions of which one must hold, in few words.
//
// What reaches a subexpression on several ways does so where the condition of one of them holds.  Those conditions are made
// of each other's parts, and derivatives of derivatives make theirs of those: without care they double with each level.  So a
// disjunction is one of clauses, the conjunctions that have no alternative left, without those that hold only where
// another one does.  The order within a clause stays: what stands first protects what is read behind it.
#include <stdlib.h>

#include "derive/internal.h"

static bool has(const Clause *c, const Expr *e) {
  for (size_t k = 0; k < c->count; k++)
    if (c->list[k] == e) return true;
  return false;
}

static void add(Derive *d, Clause *c, const Expr *e) {
  if (!has(c, e)) ARENA_PUSH(d->arena, c->list, c->count, c->room) = e;
}

static bool contains(const Clause *c, const Clause *some) {
  for (size_t k = 0; k < some->count; k++)
    if (!has(c, some->list[k])) return false;
  return true;
}

// Leaves out what holds only where another one does.
static void absorb(Clauses *c) {
  size_t n = 0;
  for (size_t k = 0; k < c->count; k++) {
    bool implied = false;
    for (size_t j = 0; j < n && !implied; j++) implied = contains(&c->list[k], &c->list[j]);
    for (size_t j = k + 1; j < c->count && !implied; j++)
      implied = contains(&c->list[k], &c->list[j]) && c->list[j].count < c->list[k].count;
    if (!implied) c->list[n++] = c->list[k];
  }
  c->count = n;
}

// ---- clauses of a condition ----

enum { CLAUSES_MAX = 16 }; // of one condition: alternatives that would make more stay together

static Clauses clauses_of(Derive *d, const Expr *e);

static bool is_or(const Expr *e) {
  return expr_is_prim(e, PRIM_OR);
}

static void add_all(Derive *d, Clauses *c, const Clauses *more) {
  for (size_t k = 0; k < more->count; k++) ARENA_PUSH(d->arena, c->list, c->count, c->room) = more->list[k];
}

static Clause copy_of(Derive *d, const Clause *c) {
  Clause copy = {.list = NULL};
  for (size_t k = 0; k < c->count; k++) add(d, &copy, c->list[k]);
  return copy;
}

// Each of these and each of those.
static Clauses both(Derive *d, const Clauses *these, const Clauses *those) {
  Clauses all = {.list = NULL};
  for (size_t k = 0; k < these->count; k++)
    for (size_t j = 0; j < those->count; j++) {
      Clause c = copy_of(d, &these->list[k]);
      for (size_t i = 0; i < those->list[j].count; i++) add(d, &c, those->list[j].list[i]);
      ARENA_PUSH(d->arena, all.list, all.count, all.room) = c;
    }
  absorb(&all);
  return all;
}

static Clauses one_clause(Derive *d, const Expr *e) {
  Clauses c = {.list = NULL};
  ARENA_PUSH(d->arena, c.list, c.count, c.room) = (Clause){.list = NULL};
  if (e) add(d, &c.list[0], e);
  return c;
}

static Clauses alternatives(Derive *d, const Expr *e) {
  if (!is_or(e)) return one_clause(d, e);
  const Clauses one = clauses_of(d, e->u.prim.arg[0]), other = clauses_of(d, e->u.prim.arg[1]);
  Clauses c = {.list = NULL};
  add_all(d, &c, &one);
  add_all(d, &c, &other);
  absorb(&c);
  return c.count > CLAUSES_MAX ? one_clause(d, e) : c;
}

static Clauses found_clauses(Derive *d, const Expr *e) {
  size_t count;
  const Expr **list = derive_conjuncts(d, e, &count);
  Clauses c = one_clause(d, NULL);
  for (size_t k = 0; k < count; k++) {
    Clauses next = alternatives(d, list[k]);
    if (c.count * next.count > CLAUSES_MAX) next = one_clause(d, list[k]);
    c = both(d, &c, &next);
  }
  return c;
}

// Conditions are made of one another again and again: the clauses of each are found once.
static Clauses clauses_of(Derive *d, const Expr *e) {
  if (e->id >= d->nclauses) {
    const size_t n = 2 * (size_t)e->id + 64;
    const Clauses **more = arena_array(d->arena, const Clauses *, n);
    for (size_t k = 0; k < d->nclauses; k++) more[k] = d->clauses[k];
    d->clauses = more;
    d->nclauses = n;
  }
  if (!d->clauses[e->id]) {
    const Clauses found = found_clauses(d, e);
    Clauses *kept = arena_new_of(d->arena, Clauses);
    *kept = found;
    d->clauses[e->id] = kept;
  }
  return *d->clauses[e->id];
}

void derive_clauses_add(Derive *d, Clauses *c, const Expr *e) {
  const Clauses more = clauses_of(d, e);
  add_all(d, c, &more);
}

// ---- one condition of clauses ----

// The conjunction of a clause from `first` on, the last ones together: what one begins with is another one's end.
static const Expr *all_of(Derive *d, const Clause *c, size_t first) {
  const Expr *e = NULL;
  for (size_t k = c->count; k-- > first;) e = derive_and(d->graph, c->list[k], e);
  return e;
}

static bool is_of_indices(const Clause *c, size_t first) {
  for (size_t k = first; k < c->count; k++)
    if (c->list[k]->nodes) return false;
  return true;
}

static size_t common_beginning(const Clauses *c) {
  size_t common = c->list[0].count;
  for (size_t k = 1; k < c->count; k++) {
    size_t same = 0;
    while (same < common && same < c->list[k].count && c->list[k].list[same] == c->list[0].list[same]) same++;
    common = same;
  }
  return common;
}

static int by_id(const void *x, const void *y) {
  const uint32_t a = (*(const Expr *const *)x)->id, b = (*(const Expr *const *)y)->id;
  return (a > b) - (a < b);
}

const Expr *derive_clauses_any(Derive *d, Clauses *c, bool loosely) {
  absorb(c);
  const size_t common = common_beginning(c);
  Clause shared = c->list[0];
  shared.count = common;
  const Expr *e = all_of(d, &shared, 0), **rest = arena_array(d->arena, const Expr *, c->count);
  for (size_t k = 0; k < c->count; k++) {
    rest[k] = all_of(d, &c->list[k], common);
    if (!rest[k] || (loosely && c->count > 1 && is_of_indices(&c->list[k], common))) return e;
  }
  qsort(rest, c->count, sizeof *rest, by_id); // the same alternatives are the same expression
  return derive_and(d->graph, e, derive_fold(d->graph, PRIM_OR, rest, c->count));
}
