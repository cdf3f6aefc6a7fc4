// form.c - the pool of formulas: interning, indices, symbols, substitution, translation from the graph.
#include "explain/form.h"

#include <string.h>

typedef struct Fold {
  const Form *value, *symbol;
  const FormIndex *const *index;
  int nindex;
} Fold;

typedef struct BoundIndex {
  const FormIndex *index;
  int place;
} BoundIndex;

struct Forms {
  Arena *arena;
  Dims *dims;
  const Form **table; // open addressing, a power of two
  size_t count, room;
  uint32_t *visited; // by id: the number of the walk that came by last
  size_t visited_room;
  uint32_t walk;
  int nindex;
  BoundIndex *bound; // by reductions
  size_t nbound, bound_room;
  const char **names; // of symbols, in the order of their appearance
  size_t nnames, names_room;
  Fold *folds;
  size_t nfolds, folds_room;
};

Forms *forms_new(Arena *a, Dims *dims) {
  Forms *f = arena_new_of(a, Forms);
  f->arena = a;
  f->dims = dims;
  f->room = 256;
  f->table = arena_array(a, const Form *, f->room);
  return f;
}

Arena *forms_arena(const Forms *f) {
  return f->arena;
}

Dims *forms_dims(const Forms *f) {
  return f->dims;
}

// ---- interning ----

static uint64_t mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

static uint64_t mix_string(uint64_t h, const char *s) {
  for (; *s; s++) h = mix(h, (unsigned char)*s);
  return h;
}

static uint64_t real_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static uint64_t form_hash(const Form *e) {
  uint64_t h = mix((uint64_t)e->kind, real_bits(e->number));
  h = mix(h, (uint64_t)e->op << 8 | (uint64_t)e->reduce);
  h = mix(h, e->index ? (uint64_t)e->index->id + 1 : 0);
  h = mix(h, e->guard ? e->guard->id + 1u : 0);
  if (e->name) h = mix_string(h, e->name);
  for (int k = 0; k < e->nbound; k++) h = mix(h, (uint64_t)e->bound[k]->id);
  for (int k = 0; k < e->npart; k++)
    h = mix(h, (uint64_t)e->part[k]->id << 32 | (uint32_t)(e->exponent ? e->exponent[k] : 0));
  return h;
}

static bool form_equal(const Form *x, const Form *y) {
  if (x->kind != y->kind || real_bits(x->number) != real_bits(y->number) || x->index != y->index ||
      x->guard != y->guard || x->op != y->op || x->reduce != y->reduce || x->nbound != y->nbound ||
      x->npart != y->npart || x->role != y->role || !x->name != !y->name)
    return false;
  if (x->name && strcmp(x->name, y->name) != 0) return false;
  for (int k = 0; k < x->nbound; k++)
    if (x->bound[k] != y->bound[k]) return false;
  for (int k = 0; k < x->npart; k++)
    if (x->part[k] != y->part[k] || (x->exponent && x->exponent[k] != y->exponent[k])) return false;
  return true;
}

static void table_grow(Forms *f) {
  size_t room = f->room * 2;
  const Form **table = arena_array(f->arena, const Form *, room);
  for (size_t k = 0; k < f->room; k++) {
    if (!f->table[k]) continue;
    size_t at = form_hash(f->table[k]) & (room - 1);
    while (table[at]) at = (at + 1) & (room - 1);
    table[at] = f->table[k];
  }
  f->table = table;
  f->room = room;
}

static void *copied(Arena *a, const void *list, int n, size_t size) {
  if (n == 0) return NULL;
  void *copy = arena_alloc(a, (size_t)n, size);
  memcpy(copy, list, (size_t)n * size);
  return copy;
}

static uint64_t index_bit(const FormIndex *index) {
  return (uint64_t)1 << (index->id & 63);
}

static uint32_t name_order(Forms *f, const char *name) {
  for (size_t k = 0; k < f->nnames; k++)
    if (f->names[k] == name || strcmp(f->names[k], name) == 0) return (uint32_t)k;
  ARENA_PUSH(f->arena, f->names, f->nnames, f->names_room) = name;
  return (uint32_t)f->nnames - 1;
}

static void derive_fields(Forms *f, Form *e) {
  uint64_t weight = e->kind == FORM_NUMBER || e->kind == FORM_SYMBOL ? 1 : 0;
  uint32_t height = 0;
  uint32_t level = e->kind == FORM_REDUCE ? e->bound[0]->level : 0;
  uint64_t indices = e->kind == FORM_INDEX ? index_bit(e->index) : 0;
  uint32_t order = e->kind == FORM_SYMBOL && e->role != SYMBOL_DIM ? name_order(f, e->name) : UINT32_MAX;
  for (int k = -1; k < e->npart; k++) {
    const Form *part = k < 0 ? e->guard : e->part[k];
    if (!part) continue;
    weight += part->weight;
    indices |= part->indices;
    if (part->level > level) level = part->level;
    if (part->order < order && e->kind != FORM_SYMBOL) order = part->order;
    if (part->height >= height) height = part->height + 1;
  }
  // A product's coefficient is read too.
  if (e->kind == FORM_PRODUCT && e->number != 1 && e->number != -1) weight++;
  e->weight = weight > UINT32_MAX ? UINT32_MAX : (uint32_t)weight;
  e->height = height;
  e->level = level;
  e->order = order;
  e->indices = indices; // bound ones included: a bit only says "perhaps"
}

const Form *form_intern(Forms *f, const Form *key) {
  Form readable = *key;
  readable.number = number_readable(key->number);
  key = &readable;
  size_t at = form_hash(key) & (f->room - 1);
  for (; f->table[at]; at = (at + 1) & (f->room - 1))
    if (form_equal(f->table[at], key)) return f->table[at];
  Form *e = arena_new_of(f->arena, Form);
  *e = *key;
  e->bound = copied(f->arena, key->bound, key->nbound, sizeof(FormIndex *));
  e->names = copied(f->arena, key->names, key->nbound, sizeof(char *));
  e->part = copied(f->arena, key->part, key->npart, sizeof(Form *));
  if (key->exponent) e->exponent = copied(f->arena, key->exponent, key->npart, sizeof(int));
  derive_fields(f, e);
  e->id = (uint32_t)f->count++;
  f->table[at] = e;
  if (f->count * 2 > f->room) table_grow(f);
  return e;
}

// ---- walks ----

void form_walk(Forms *f) {
  if (f->visited_room < f->count) {
    f->visited_room = f->count * 2;
    f->visited = arena_array(f->arena, uint32_t, f->visited_room);
    f->walk = 0;
  }
  f->walk++;
}

bool form_first_visit(Forms *f, const Form *form) {
  if (f->visited[form->id] == f->walk) return false;
  f->visited[form->id] = f->walk;
  return true;
}

// ---- leaves ----

FormIndex *form_index_new(Forms *f, const char *name, const Poly *extent) {
  FormIndex *index = arena_new_of(f->arena, FormIndex);
  *index = (FormIndex){f->nindex++, name, extent, 0};
  return index;
}

const FormIndex *form_bound_index(Forms *f, uint32_t level, int place, const char *name, const Poly *extent) {
  for (size_t k = 0; k < f->nbound; k++) {
    const FormIndex *index = f->bound[k].index;
    if (index->level == level && f->bound[k].place == place && index->extent == extent) return index;
  }
  FormIndex *index = form_index_new(f, name, extent);
  index->level = level;
  ARENA_PUSH(f->arena, f->bound, f->nbound, f->bound_room) = (BoundIndex){index, place};
  return index;
}

static bool uses(Forms *f, const Form *form, const FormIndex *const *index, int n, uint64_t bits) {
  if (!(form->indices & bits) || !form_first_visit(f, form)) return false;
  for (int k = 0; form->kind == FORM_INDEX && k < n; k++)
    if (form->index == index[k]) return true;
  if (form->guard && uses(f, form->guard, index, n, bits)) return true;
  for (int k = 0; k < form->npart; k++)
    if (uses(f, form->part[k], index, n, bits)) return true;
  return false;
}

bool form_uses(Forms *f, const Form *form, const FormIndex *const *index, int n) {
  uint64_t bits = 0;
  for (int k = 0; k < n; k++) bits |= index_bit(index[k]);
  if (!(form->indices & bits)) return false;
  form_walk(f);
  return uses(f, form, index, n, bits);
}

const Form *form_number(Forms *f, double x) {
  return form_intern(f, &(Form){.kind = FORM_NUMBER, .number = x == 0 ? 0 : x});
}

const Form *form_index(Forms *f, const FormIndex *index) {
  return form_intern(f, &(Form){.kind = FORM_INDEX, .index = index});
}

const Form *form_symbol(Forms *f, SymbolRole role, const char *name, const Form *const *sub, int nsub,
                        const Poly *const *extent) {
  return form_intern(
      f, &(Form){.kind = FORM_SYMBOL, .role = role, .name = name, .npart = nsub, .part = sub, .extent = extent});
}

static const Form *form_dim(Forms *f, int dim) {
  const Dim *d = dims_get(f->dims, dim);
  if (d->kind != DIM_FLOORDIV && d->kind != DIM_MOD) return form_symbol(f, SYMBOL_DIM, d->name, NULL, 0, NULL);
  const Form *arg[2] = {form_poly(f, d->a), form_poly(f, d->b)};
  return form_call(f, d->kind == DIM_MOD ? PRIM_MOD : PRIM_FLOORDIV, arg);
}

const Form *form_poly(Forms *f, const Poly *p) {
  const PolyTerm *term;
  int n = poly_terms(p, &term);
  const Form **sum = arena_array(f->arena, const Form *, (size_t)n);
  for (int k = 0; k < n; k++) {
    const Form **factor = arena_array(f->arena, const Form *, (size_t)term[k].nsym + 1);
    factor[0] = form_number(f, (double)term[k].num / (double)term[k].den);
    for (int s = 0; s < term[k].nsym; s++) factor[s + 1] = form_dim(f, term[k].sym[s]);
    sum[k] = form_product(f, factor, term[k].nsym + 1);
  }
  return form_sum(f, sum, n);
}

// ---- a map from ids to forms, for walks that share what is shared ----

typedef struct FormMap {
  Arena *arena;
  uint32_t *key; // id + 1
  const Form **value;
  size_t count, room;
} FormMap;

static size_t map_slot(const FormMap *m, uint32_t id) {
  size_t at = (id * 2654435761u) & (m->room - 1);
  while (m->key[at] && m->key[at] != id + 1) at = (at + 1) & (m->room - 1);
  return at;
}

static void map_resize(FormMap *m, size_t room) {
  FormMap old = *m;
  m->room = room;
  m->key = arena_array(m->arena, uint32_t, room);
  m->value = arena_array(m->arena, const Form *, room);
  for (size_t k = 0; k < old.room; k++) {
    if (!old.key[k]) continue;
    size_t at = map_slot(m, old.key[k] - 1);
    m->key[at] = old.key[k];
    m->value[at] = old.value[k];
  }
}

static const Form *map_get(const FormMap *m, uint32_t id) {
  return m->room ? m->value[map_slot(m, id)] : NULL;
}

static void map_put(FormMap *m, uint32_t id, const Form *value) {
  if (m->count * 2 >= m->room) map_resize(m, m->room ? m->room * 2 : 16);
  size_t at = map_slot(m, id);
  m->key[at] = id + 1;
  m->value[at] = value;
  m->count++;
}

// ---- substitution ----

typedef struct Substitution {
  Forms *f;
  const FormIndex *const *index;
  const Form *const *value;
  int n;
  uint64_t bits, value_bits; // of the indices; of those in the values
  const Fold *fold;          // form_replace
  FormMap done;
} Substitution;

static const Form *substitute(Substitution *s, const Form *e);

// Does a reduction bind what is replaced, or what a value has?
static bool binds(const Substitution *s, const Form *e) {
  uint64_t bits = 0;
  for (int k = 0; k < e->nbound; k++) bits |= index_bit(e->bound[k]);
  if (!(bits & (s->bits | s->value_bits))) return false;
  for (int k = 0; k < s->n; k++) {
    if (form_uses(s->f, s->value[k], e->bound, e->nbound)) return true;
    for (int b = 0; b < e->nbound; b++)
      if (s->index[k] == e->bound[b]) return true;
  }
  return false;
}

// A reduction, its bound indices replaced by new ones first where others of its context are the same.
static const Form *substitute_reduction(Substitution *s, const Form *e) {
  Forms *f = s->f;
  const FormIndex *const *bound = e->bound;
  const Form *guard = e->guard, *body = e->part[0];
  if (binds(s, e)) {
    const FormIndex **fresh = arena_array(f->arena, const FormIndex *, (size_t)e->nbound);
    const Form **value = arena_array(f->arena, const Form *, (size_t)e->nbound);
    for (int k = 0; k < e->nbound; k++) {
      fresh[k] = form_index_new(f, e->names[k], e->bound[k]->extent);
      value[k] = form_index(f, fresh[k]);
    }
    guard = guard ? form_substitute(f, guard, bound, value, e->nbound) : NULL;
    body = form_substitute(f, body, bound, value, e->nbound);
    bound = fresh;
  }
  const Form *new_guard = guard ? substitute(s, guard) : NULL, *new_body = substitute(s, body);
  if (new_guard == e->guard && new_body == e->part[0]) return e;
  return form_reduce(f, e->reduce, bound, e->names, e->nbound, new_guard, new_body);
}

// What nothing is replaced in stays as it is: a fold's own value would become its symbol.
static const Form *substitute_parts(Substitution *s, const Form *e) {
  if (e->kind == FORM_REDUCE) return substitute_reduction(s, e);
  Forms *f = s->f;
  const Form **part = arena_array(f->arena, const Form *, (size_t)e->npart + 1);
  bool same = true;
  for (int k = 0; k < e->npart; k++) {
    part[k] = substitute(s, e->part[k]);
    same = same && part[k] == e->part[k];
  }
  if (same) return e;
  switch (e->kind) {
  case FORM_SYMBOL: return form_symbol(f, e->role, e->name, part, e->npart, e->extent);
  case FORM_SUM: return form_sum(f, part, e->npart);
  case FORM_PRODUCT:
    for (int k = 0; k < e->npart; k++) part[k] = form_power(f, part[k], e->exponent[k]);
    part[e->npart] = form_number(f, e->number);
    return form_product(f, part, e->npart + 1);
  case FORM_CALL: return form_call(f, e->op, part);
  default: return e;
  }
}

static const Form *replaced(Forms *f, const Fold *fold, const Form *e);

static const Form *substitute(Substitution *s, const Form *e) {
  if (s->fold ? e->weight < s->fold->value->weight : !(e->indices & s->bits)) return e;
  const Form *whole = s->fold ? replaced(s->f, s->fold, e) : NULL;
  if (whole) return whole;
  if (e->kind == FORM_INDEX) {
    for (int k = 0; k < s->n; k++)
      if (s->index[k] == e->index) return s->value[k];
    return e;
  }
  const Form *done = map_get(&s->done, e->id);
  if (!done) {
    done = substitute_parts(s, e);
    map_put(&s->done, e->id, done);
  }
  return done;
}

const Form *form_substitute(Forms *f, const Form *form, const FormIndex *const *index, const Form *const *value,
                            int n) {
  Substitution s = {.f = f, .index = index, .value = value, .n = n, .done = {.arena = f->arena}};
  for (int k = 0; k < n; k++) {
    s.bits |= index_bit(index[k]);
    s.value_bits |= value[k]->indices;
  }
  return substitute(&s, form);
}

const Form *form_replace(Forms *f, const Form *form, const Form *from, const Form *to, const FormIndex *const *index,
                         int nindex) {
  const Fold fold = {from, to, index, nindex};
  Substitution s = {.f = f, .fold = &fold, .done = {.arena = f->arena}};
  return substitute(&s, form);
}

// ---- names for calls ----

void form_fold(Forms *f, const Form *value, const Form *symbol, const FormIndex *const *index, int nindex) {
  enum { FOLDED_WEIGHT = 50 }; // longer ones are not looked for
  if (value->weight > FOLDED_WEIGHT) return;
  ARENA_PUSH(f->arena, f->folds, f->nfolds, f->folds_room) = (Fold){value, symbol, index, nindex};
}

static bool match(Forms *f, const Fold *fold, const Form *pattern, const Form *e, const Form **value);

// What they bind stands for itself alone.
static bool match_reduction(Forms *f, const Fold *fold, const Form *pattern, const Form *e, const Form **value) {
  if (pattern->reduce != e->reduce || pattern->nbound != e->nbound || !pattern->guard != !e->guard) return false;
  for (int k = 0; k < e->nbound; k++)
    if (pattern->bound[k] != e->bound[k]) return false;
  if (e->guard && !match(f, fold, pattern->guard, e->guard, value)) return false;
  if (!match(f, fold, pattern->part[0], e->part[0], value)) return false;
  for (int k = 0; k < fold->nindex; k++)
    if (value[k] && form_uses(f, value[k], e->bound, e->nbound)) return false;
  return true;
}

// Does `e` have the form of `pattern`, with values for its indices?
static bool match(Forms *f, const Fold *fold, const Form *pattern, const Form *e, const Form **value) {
  if (pattern == e && !form_uses(f, e, fold->index, fold->nindex)) return true;
  if (pattern->kind == FORM_INDEX) {
    for (int k = 0; k < fold->nindex; k++) {
      if (fold->index[k] != pattern->index) continue;
      if (!value[k]) value[k] = e;
      return value[k] == e;
    }
    return false;
  }
  if (pattern->kind == FORM_REDUCE && e->kind == FORM_REDUCE) return match_reduction(f, fold, pattern, e, value);
  if (pattern->kind != e->kind || pattern->npart != e->npart || pattern->number != e->number || pattern->op != e->op ||
      !pattern->name != !e->name ||
      (pattern->name && strcmp(pattern->name, e->name) != 0))
    return false;
  for (int k = 0; k < e->npart; k++)
    if ((e->exponent && e->exponent[k] != pattern->exponent[k]) || !match(f, fold, pattern->part[k], e->part[k], value))
      return false;
  return e->npart > 0;
}

// The symbol has entries for the index's range alone.
static bool is_within(Forms *f, const Fold *fold, int k, const Form *value) {
  const FormIndex *index = fold->index[k];
  return form_keeps_range(f, fold->value, index) ||
         (form_is_nonnegative(f, value) && form_is_below(f, value, index->extent));
}

// The symbol, where `e` is the fold's value over these indices or over others with their ranges; else null.
static const Form *replaced(Forms *f, const Fold *fold, const Form *e) {
  if (e->kind != fold->value->kind || e->weight != fold->value->weight || e->level != fold->value->level) return NULL;
  const Form **found = arena_array(f->arena, const Form *, (size_t)fold->nindex + 1);
  if (e != fold->value && !match(f, fold, fold->value, e, found)) return NULL;
  for (int k = 0; k < fold->nindex; k++) {
    if (e == fold->value) found[k] = form_index(f, fold->index[k]);
    if (found[k]->kind != FORM_INDEX || found[k]->index->extent != fold->index[k]->extent) return NULL;
  }
  return form_substitute(f, fold->symbol, fold->index, found, fold->nindex);
}

const Form *form_folded(Forms *f, const Form *value) {
  for (size_t k = 0; k < f->nfolds; k++) {
    const Fold *fold = &f->folds[k];
    if (fold->value->op != value->op) continue;
    const Form **found = arena_array(f->arena, const Form *, (size_t)fold->nindex + 1);
    if (!match(f, fold, fold->value, value, found)) continue;
    bool all = true;
    for (int i = 0; i < fold->nindex; i++) all = all && found[i] && is_within(f, fold, i, found[i]);
    if (all) return form_substitute(f, fold->symbol, fold->index, found, fold->nindex);
  }
  return value;
}

// ---- from the graph ----

typedef struct Translation {
  Forms *f;
  const Graph *g;
  const Form *const *index;
  FormReader *read;
  void *context;
  FormMap done;
} Translation;

static const Form *translate(Translation *t, const Expr *e) {
  const Form *done = map_get(&t->done, e->id);
  if (done) return done;
  Forms *f = t->f;
  switch (e->kind) {
  case EXPR_REAL: done = form_number(f, e->u.real); break;
  case EXPR_BOOL: done = form_symbol(f, SYMBOL_LITERAL, e->u.boolean ? "true" : "false", NULL, 0, NULL); break;
  case EXPR_POLY: done = form_poly(f, e->u.poly); break;
  case EXPR_INDEX: done = t->index[e->u.index]; break;
  case EXPR_READ: {
    const Node *n = e->u.read.node;
    const Form **sub = arena_array(f->arena, const Form *, (size_t)n->nout);
    for (int k = 0; k < n->nout; k++) sub[k] = translate(t, e->u.read.sub[k]);
    done = t->read(t->context, n, sub);
    break;
  }
  case EXPR_PRIM: {
    const Form *arg[3];
    for (int k = 0; k < e->u.prim.narg; k++) arg[k] = translate(t, e->u.prim.arg[k]);
    done = form_call(f, e->u.prim.op, arg);
    break;
  }
  }
  map_put(&t->done, e->id, done);
  return done;
}

const Form *form_expr(Forms *f, const Graph *g, const Expr *e, const Form *const *index, FormReader *read,
                      void *context) {
  Translation t = {.f = f, .g = g, .index = index, .read = read, .context = context, .done = {.arena = f->arena}};
  return translate(&t, e);
}
