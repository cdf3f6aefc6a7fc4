// explain_parts.c - names for what a long formula repeats.
#include <string.h>

#include "tool/explain.h"

enum {
  OVERLONG = 24,  // a formula with more leaves than this
  REPEATED = 4,   // whose repeated parts have at least so many
  PARTS_MAX = 100 // names at most
};

typedef struct Occurrence {
  const Form *form;
  double times;
} Occurrence;

typedef struct Occurrences {
  Arena *arena;
  Occurrence *list; // ids descending
  size_t count, room;
} Occurrences;

static Occurrence *occurrence_of(Occurrences *o, const Form *form) {
  for (size_t k = 0; k < o->count; k++)
    if (o->list[k].form == form) return &o->list[k];
  Occurrence *added = &ARENA_PUSH(o->arena, o->list, o->count, o->room);
  *added = (Occurrence){form, 0};
  return added;
}

// Parts under a condition stay where they are: outside of it their subscripts may be out of range.
static bool opens(const Form *e) {
  return !(e->kind == FORM_CALL && e->op == PRIM_SELECT) && !(e->kind == FORM_REDUCE && e->guard) &&
         e->kind != FORM_SYMBOL;
}

// The next form after `limit` in descending order of ids, whose parents have all been seen then.
static Occurrence *next_below(Occurrences *o, uint64_t limit) {
  Occurrence *best = NULL;
  for (size_t k = 0; k < o->count; k++)
    if (o->list[k].form->id < limit && (!best || o->list[k].form->id > best->form->id)) best = &o->list[k];
  return best;
}

// The part whose name would save most; null where none is worth it.
static const Form *most_repeated(Arena *a, const Form *value) {
  Occurrences o = {.arena = a};
  occurrence_of(&o, value)->times = 1;
  const Form *best = NULL;
  double best_saving = 0;
  for (Occurrence *at = next_below(&o, UINT64_MAX); at;) {
    const Form *e = at->form;
    double times = at->times;
    double saving = (times - 1) * (double)e->weight;
    if (e->weight >= REPEATED && e->kind != FORM_SYMBOL && saving > best_saving) {
      best = e;
      best_saving = saving;
    }
    for (int k = 0; k < e->npart && opens(e); k++) occurrence_of(&o, e->part[k])->times += times;
    at = next_below(&o, e->id);
  }
  return best;
}

typedef struct FreeIndices {
  const FormIndex *list[16];
  int n;
  bool too_many;
} FreeIndices;

static void collect_free(FreeIndices *free, const Form *e) {
  if (e->kind == FORM_INDEX) {
    for (int k = 0; k < free->n; k++)
      if (free->list[k] == e->index) return;
    if (free->n == 16)
      free->too_many = true;
    else
      free->list[free->n++] = e->index;
    return;
  }
  for (int k = -1; k < e->npart; k++) {
    const Form *part = k < 0 ? e->guard : e->part[k];
    if (part) collect_free(free, part);
  }
  // What a reduction binds is not free.
  int kept = 0;
  for (int k = 0; k < free->n; k++) {
    bool bound = false;
    for (int j = 0; j < e->nbound; j++) bound = bound || e->bound[j] == free->list[k];
    if (!bound) free->list[kept++] = free->list[k];
  }
  free->n = kept;
}

static bool name_is_taken(const Explanation *x, const char *name) {
  for (size_t k = 0; k < x->ntaken; k++)
    if (strcmp(x->taken[k], name) == 0) return true;
  return false;
}

// Takes one part out of line `at` into a line before it.  False where nothing is worth it.
static bool take_part(Explanation *x, size_t at, int *number) {
  Arena *a = forms_arena(x->forms);
  Line *line = &x->lines[at];
  if (line->value->weight <= OVERLONG) return false;
  const Form *part = most_repeated(a, line->value);
  FreeIndices free = {.n = 0};
  if (part) collect_free(&free, part);
  if (!part || free.too_many) return false;
  const char *name;
  do name = arena_printf(a, "e%d", ++*number);
  while (name_is_taken(x, name));
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
                .nindex = free.n,
                .index = index,
                .value = part};
  for (size_t k = at; k < x->count; k++) x->lines[k].value = form_replace(x->forms, x->lines[k].value, part, symbol);
  ARENA_PUSH(a, x->lines, x->count, x->room) = added;
  memmove(x->lines + at + 1, x->lines + at, (x->count - 1 - at) * sizeof *x->lines);
  x->lines[at] = added;
  return true;
}

void explain_name_repeated(Explanation *x) {
  int number = 0;
  for (size_t at = 0; at < x->count; at++)
    while (number < PARTS_MAX && take_part(x, at, &number)) at++;
}
