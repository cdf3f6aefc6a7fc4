// symbols.c - names that LaTeX writes as they stand: set in words, they would look like others.
#include <string.h>

#include "explain/internal.h"

typedef struct Symbol {
  SymbolRole role;
  const char *name;
  bool subscripted;        // somewhere
  const char *whole, *word; // what it is set as; its first word alone
} Symbol;

typedef struct Symbols { // in the order of their appearance
  Arena *arena;
  Forms *forms;
  Symbol *list;
  size_t count, room;
} Symbols;

static const char *set(Symbols *s, SymbolRole role, const char *name) {
  Bindings none;
  Text t;
  bindings_init(&none, s->forms, NULL, 0);
  text_init(&t);
  form_latex_name(&t, &none, role, name, NULL, 0);
  const char *text = arena_strdup(s->arena, t.s);
  text_free(&t);
  return text;
}

static void add_symbol(Symbols *s, SymbolRole role, const char *name, bool subscripted) {
  for (size_t k = 0; k < s->count; k++) {
    if (strcmp(s->list[k].name, name) != 0) continue;
    s->list[k].subscripted = s->list[k].subscripted || subscripted;
    return;
  }
  const char *word = arena_strndup(s->arena, name, latex_first_word(role, name));
  ARENA_PUSH(s->arena, s->list, s->count, s->room) =
      (Symbol){role, name, subscripted, set(s, role, name), set(s, role, word)};
}

static void add_symbols(Symbols *s, const Form *e) {
  if (!form_first_visit(s->forms, e)) return;
  if (e->kind == FORM_SYMBOL && e->role != SYMBOL_LITERAL) add_symbol(s, e->role, e->name, e->npart > 0);
  if (e->guard) add_symbols(s, e->guard);
  for (int k = 0; k < e->npart; k++) add_symbols(s, e->part[k]);
}

// x_, which would be x; x_1 beside x1; x1 or x_i beside x[1] or x[i].
static bool looks_like_another(const Symbols *s, size_t which) {
  const Symbol *own = &s->list[which];
  const bool entry = !own->subscripted && strcmp(own->word, own->whole) != 0 && !strstr(own->whole, "\\mathrm");
  if (own->name[strlen(own->name) - 1] == '_') return true;
  for (size_t k = 0; k < s->count; k++) {
    const Symbol *other = &s->list[k];
    if (k < which && strcmp(other->whole, own->whole) == 0) return true;
    if (entry && other->subscripted && strcmp(other->whole, own->word) == 0) return true;
  }
  return false;
}

size_t explain_plain_names(const Explanation *x, const char *const **names) {
  Symbols s = {.arena = forms_arena(x->forms), .forms = x->forms};
  for (size_t k = 0; k < x->count; k++) {
    const Line *line = &x->lines[k];
    add_symbol(&s, line->symbol, line->name, line->nat > 0);
    if (line->derivative_of) add_symbol(&s, SYMBOL_VALUE, line->derivative_of, line->nat > 0);
    form_walk(x->forms);
    add_symbols(&s, line->value);
  }
  const char **plain = arena_array(s.arena, const char *, s.count + 1);
  size_t count = 0;
  for (size_t k = 0; k < s.count; k++)
    if (looks_like_another(&s, k)) plain[count++] = s.list[k].name;
  *names = plain;
  return count;
}
