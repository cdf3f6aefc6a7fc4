// scope.c - names: what they stand for, and what to say of one that stands for nothing.
#include <limits.h>
#include <math.h>
#include <string.h>

#include "check/internal.h"

Scope *scope_new(Walk *w, Scope *parent, int limit) {
  Scope *s = arena_new_of(w->arena, Scope);
  s->parent = parent;
  s->limit = limit;
  return s;
}

static size_t hash(const char *name) {
  uint32_t h = 2166136261u;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 16777619u;
  return h;
}

Symbol *scope_own(const Scope *s, const char *name) {
  if (!s->nbucket) return NULL;
  for (Symbol *symbol = s->bucket[hash(name) & (s->nbucket - 1)]; symbol; symbol = symbol->next)
    if (strcmp(symbol->name, name) == 0) return symbol;
  return NULL;
}

Symbol *scope_find(Scope *s, const char *name, SymbolKind kind) {
  int limit = INT_MAX;
  for (; s; s = s->parent) {
    Symbol *symbol = scope_own(s, name);
    if (symbol && symbol->kind == kind && symbol->order < limit) return symbol;
    if (s->limit < limit) limit = s->limit;
  }
  return NULL;
}

static void grow(Walk *w, Scope *s) {
  size_t n = s->nbucket ? s->nbucket * 2 : 8;
  Symbol **bucket = arena_array(w->arena, Symbol *, n);
  for (size_t k = 0; k < s->nbucket; k++)
    for (Symbol *symbol = s->bucket[k], *next; symbol; symbol = next) {
      Symbol **home = &bucket[hash(symbol->name) & (n - 1)];
      next = symbol->next;
      symbol->next = *home;
      *home = symbol;
    }
  s->bucket = bucket;
  s->nbucket = n;
}

Symbol *scope_define(Walk *w, Name name, SymbolKind kind, Value value) {
  Scope *s = w->scope;
  Symbol *old = scope_own(s, name.text);
  if (old && w->replaceable) return NULL;
  if (old && !old->mentioned) {
    diag_error(w->diags, name.span, "`%s` is already defined", name.text);
    diag_note(w->diags, old->span, "`%s` is defined here", name.text);
    return NULL;
  }
  const Symbol symbol = {
      .name = name.text, .span = name.span, .kind = kind, .value = value, .param = -1, .order = w->order++};
  if (old) {
    Symbol *next = old->next;
    *old = symbol;
    old->next = next;
    return old;
  }
  if (s->count >= s->nbucket) grow(w, s);
  Symbol *added = arena_new_of(w->arena, Symbol), **home = &s->bucket[hash(name.text) & (s->nbucket - 1)];
  *added = symbol;
  added->next = *home;
  *home = added;
  s->count++;
  return added;
}

Symbol *scope_define_value(Walk *w, Name name, Value value) {
  return scope_define(w, name, SYMBOL_VALUE, value);
}

// ---- names that stand for nothing ----

typedef struct NameList {
  const char **items;
  size_t count, room;
} NameList;

static void add_visible(Walk *w, NameList *list, SymbolKind kind) {
  int limit = INT_MAX;
  for (Scope *s = w->scope; s; s = s->parent) {
    for (size_t k = 0; k < s->nbucket; k++)
      for (Symbol *symbol = s->bucket[k]; symbol; symbol = symbol->next)
        if (symbol->kind == kind && symbol->order < limit)
          ARENA_PUSH(w->arena, list->items, list->count, list->room) = symbol->name;
    if (s->limit < limit) limit = s->limit;
  }
}

static bool target_named(const Targets *targets, const char *name, Span *span) {
  for (size_t k = 0; k < targets->count; k++)
    if (strcmp(targets->items[k].name.text, name) == 0) {
      *span = targets->items[k].name.span;
      return true;
    }
  return false;
}

static bool loop_defines(const Stmt *s, const char *name, Span *span) {
  const Carries *carried = loop_carries(s);
  const Block *body = loop_body(s);
  for (size_t k = 0; k < carried->count; k++) {
    *span = carried->items[k].name.span;
    if (strcmp(carried->items[k].name.text, name) == 0) return true;
  }
  for (size_t k = 0; k < body->count; k++)
    if (body->items[k]->kind == STMT_YIELD && target_named(&body->items[k]->define.targets, name, span)) return true;
  return false;
}

static bool statement_defines(const Stmt *s, const char *name, Span *span) {
  const Name *own = NULL;
  switch (s->kind) {
  case STMT_DIM:
  case STMT_BATCH: own = &s->dim.name; break;
  case STMT_DATA: own = &s->data.name; break;
  case STMT_PARAM: own = &s->param.name; break;
  case STMT_DEF: own = &s->def.name; break;
  case STMT_CONST:
  case STMT_DEFINE:
  case STMT_PREDICT:
  case STMT_METRIC: return target_named(&s->define.targets, name, span);
  case STMT_SCAN:
  case STMT_ITERATE: return loop_defines(s, name, span);
  default: return false;
  }
  *span = own->span;
  return strcmp(own->text, name) == 0;
}

Span defined_later(const Walk *w, const char *name) {
  Span span = {0};
  for (size_t k = w->pending_done; w->pending && k < w->pending->count; k++)
    if (statement_defines(w->pending->items[k], name, &span)) return span;
  return (Span){0};
}

bool mentioned_by(const Stmt *faulty, const char *name) {
  for (size_t k = 0; k < faulty->names.count; k++)
    if (strcmp(faulty->names.items[k], name) == 0) return true;
  return false;
}

bool may_be_missing(const Walk *w, const char *name) {
  const Symbol *unseen = scope_own(w->top, name);
  if (w->names_missing || (unseen && unseen->mentioned)) return true;
  for (size_t k = w->pending_done; w->pending && k < w->pending->count; k++)
    if (w->pending->items[k]->kind == STMT_FAULTY && mentioned_by(w->pending->items[k], name)) return true;
  return false;
}

// Told where the name is defined by a statement still to come, or of no name where it may be missing.
static bool told_as_later(Walk *w, const char *name, Span span) {
  if (may_be_missing(w, name)) return true;
  Span later = defined_later(w, name);
  Symbol *unseen = later.source ? NULL : scope_own(w->top, name); // of a function that was defined before it
  if (unseen) later = unseen->span;
  if (!later.source || (!unseen && span.source == later.source && span.begin >= later.begin)) return false;
  diag_error(w->diags, span, "`%s` is used before its definition", name);
  diag_note(w->diags, later, "`%s` is defined here", name);
  return true;
}

Value lookup_value(Walk *w, const char *name, Span span) {
  Symbol *symbol = scope_find(w->scope, name, SYMBOL_VALUE);
  if (symbol) {
    if (reads_sealed(w, symbol, span)) return bad_value(span);
    Value v = symbol->value;
    v.span = span;
    return v;
  }
  double known = strcmp(name, "pi") == 0 ? 3.14159265358979323846 : strcmp(name, "inf") == 0 ? (double)INFINITY : 0;
  if (known != 0) return scalar_value(TYPE_REAL, expr_real(w->graph, known), span);
  Value sum;
  if (log_likelihood(w, name, span, &sum)) return sum;
  if (scope_find(w->scope, name, SYMBOL_FUNCTION)) {
    diag_error(w->diags, span, "`%s` is a function: it is called, as in `%s(x)`", name, name);
  } else if (!told_as_later(w, name, span)) {
    NameList list = {.items = NULL};
    add_visible(w, &list, SYMBOL_VALUE);
    diag_error(w->diags, span, "unknown name `%s`%s", name, diag_did_you_mean(w->diags, name, list.items, list.count));
  }
  return bad_value(span);
}

void unknown_function(Walk *w, const char *name, Span span) {
  Symbol *value = scope_find(w->scope, name, SYMBOL_VALUE);
  if (value && value->value.bad) return;
  if (value) {
    if (value->value.rank)
      diag_error(w->diags, span, "`%s` is an array, not a function: its entries are written `%s[...]`", name, name);
    else
      diag_error(w->diags, span, "`%s` is a number, not a function: a product is written with `*`", name);
    return;
  }
  if (told_as_later(w, name, span)) return;
  NameList list = {.items = NULL};
  add_visible(w, &list, SYMBOL_FUNCTION);
  for (int p = 0; p < PRIM_COUNT; p++) ARENA_PUSH(w->arena, list.items, list.count, list.room) = prim_table[p].name;
  static const char *const others[] = {"sum", "mean", "prod", "logsumexp", "argmax", "concat", "stack", "pow"};
  for (size_t k = 0; k < sizeof others / sizeof *others; k++)
    ARENA_PUSH(w->arena, list.items, list.count, list.room) = others[k];
  diag_error(w->diags, span, "unknown function `%s`%s", name,
             diag_did_you_mean(w->diags, name, list.items, list.count));
}
