// parts.c - names for what a long formula repeats.
#include <stdlib.h>
#include <string.h>

#include "explain/explain.h"

enum {
  OVERLONG = 24,   // a formula with more leaves than this
  REPEATED = 4,    // whose repeated parts have at least so many, one less where a function is called
  PARTS_MAX = 2000 // names at most
};

// ---- what is repeated ----

typedef struct Parts { // the distinct parts of a formula
  Forms *forms;
  const Form **list;
  size_t count, room;
} Parts;

// Parts under a condition stay where they are: outside of it their subscripts may be out of range.
static bool opens(const Form *e) {
  return !(e->kind == FORM_CALL && e->op == PRIM_SELECT) && !(e->kind == FORM_REDUCE && e->guard) &&
         e->kind != FORM_SYMBOL;
}

static void collect_parts(Parts *p, const Form *e) {
  if (!form_first_visit(p->forms, e)) return;
  ARENA_PUSH(forms_arena(p->forms), p->list, p->count, p->room) = e;
  for (int k = 0; k < e->npart && opens(e); k++) collect_parts(p, e->part[k]);
}

static int by_id_descending(const void *x, const void *y) {
  uint32_t a = (*(const Form *const *)x)->id, b = (*(const Form *const *)y)->id;
  return (a < b) - (a > b);
}

static size_t place_of(const Parts *p, const Form *e) {
  size_t low = 0, high = p->count;
  while (low + 1 < high) {
    size_t middle = low + (high - low) / 2;
    if (p->list[middle]->id >= e->id)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static bool is_function(const Form *e) {
  return e->kind == FORM_CALL && prim_table[e->op].partial[0][0] != '\0';
}

// The part whose name would save most; null where none is worth it.
static const Form *most_repeated(Forms *f, const Form *value) {
  Parts p = {.forms = f};
  form_walk(f);
  collect_parts(&p, value);
  qsort(p.list, p.count, sizeof(Form *), by_id_descending); // parts have smaller ids than what they are parts of
  double *times = arena_array(forms_arena(f), double, p.count);
  times[0] = 1;
  const Form *best = NULL;
  double best_saving = 0;
  for (size_t k = 0; k < p.count; k++) {
    const Form *e = p.list[k];
    double saving = (times[k] - 1) * (double)e->weight;
    const uint32_t least = is_function(e) ? REPEATED - 1 : REPEATED;
    if (e->weight >= least && e->kind != FORM_SYMBOL && saving > best_saving) {
      best = e;
      best_saving = saving;
    }
    for (int part = 0; part < e->npart && opens(e); part++) times[place_of(&p, e->part[part])] += times[k];
  }
  return best;
}

// ---- its indices ----

typedef struct FreeIndices {
  const FormIndex *list[16], *bound[64];
  int n, nbound;
  bool too_many;
} FreeIndices;

static void add_index(const FormIndex **list, int *n, int room, const FormIndex *index, bool *too_many) {
  for (int k = 0; k < *n; k++)
    if (list[k] == index) return;
  if (*n == room)
    *too_many = true;
  else
    list[(*n)++] = index;
}

static void collect_indices(Forms *f, FreeIndices *free, const Form *e) {
  if (!form_first_visit(f, e)) return;
  if (e->kind == FORM_INDEX) add_index(free->list, &free->n, 16, e->index, &free->too_many);
  for (int k = 0; k < e->nbound; k++) add_index(free->bound, &free->nbound, 64, e->bound[k], &free->too_many);
  if (e->guard) collect_indices(f, free, e->guard);
  for (int k = 0; k < e->npart; k++) collect_indices(f, free, e->part[k]);
}

// Indices that no reduction in `e` binds: each is bound in one place.
static FreeIndices free_indices(Forms *f, const Form *e) {
  FreeIndices free = {.n = 0};
  form_walk(f);
  collect_indices(f, &free, e);
  int kept = 0;
  for (int k = 0; k < free.n; k++) {
    bool bound = false;
    for (int j = 0; j < free.nbound; j++) bound = bound || free.bound[j] == free.list[k];
    if (!bound) free.list[kept++] = free.list[k];
  }
  free.n = kept;
  return free;
}

// ---- its name ----

static bool part_name_taken(const Explanation *x, const char *name) {
  for (size_t k = 0; k < x->ntaken; k++)
    if (strcmp(x->taken[k], name) == 0) return true;
  return false;
}

// Takes one part out of line `at` into a line before it.  False where nothing is worth it.
static bool take_part(Explanation *x, size_t at, int *number) {
  Arena *a = forms_arena(x->forms);
  Line *line = &x->lines[at];
  if (line->value->weight <= OVERLONG) return false;
  const Form *part = most_repeated(x->forms, line->value);
  if (!part) return false;
  FreeIndices free = free_indices(x->forms, part);
  if (free.too_many) return false;
  const char *name;
  do name = arena_printf(a, "e%d", ++*number);
  while (part_name_taken(x, name));
  ARENA_PUSH(a, x->taken, x->ntaken, x->taken_room) = name;

  const FormIndex **index = arena_array(a, const FormIndex *, (size_t)free.n + 1);
  const Form **sub = arena_array(a, const Form *, (size_t)free.n + 1);
  const Poly **extent = arena_array(a, const Poly *, (size_t)free.n + 1);
  for (int k = 0; k < free.n; k++) {
    index[k] = free.list[k];
    sub[k] = form_index(x->forms, index[k]);
    extent[k] = index[k]->extent;
  }
  const Form *symbol = form_symbol(x->forms, SYMBOL_VALUE, name, sub, free.n, extent);
  Line added = {.role = line->role == LINE_GRADIENT || line->role == LINE_ADJOINT ? LINE_ADJOINT : LINE_DEFINITION,
                .name = name,
                .symbol = SYMBOL_VALUE,
                .nat = free.n,
                .at = sub,
                .nindex = free.n,
                .index = index,
                .value = part};
  for (size_t k = at; k < x->count; k++)
    x->lines[k].value = form_replace(x->forms, x->lines[k].value, part, symbol, index, free.n);
  ARENA_PUSH(a, x->lines, x->count, x->room) = added;
  memmove(x->lines + at + 1, x->lines + at, (x->count - 1 - at) * sizeof *x->lines);
  x->lines[at] = added;
  return true;
}

void explain_name_repeated(Explanation *x) {
  int number = 0;
  for (size_t at = 0; at < x->count;) {
    // The part's own line now stands at `at`, and may repeat something itself.
    if (number >= PARTS_MAX || !take_part(x, at, &number)) at++;
  }
}
