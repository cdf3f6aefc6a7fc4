// mention.c - what the text of a loop mentions, before it is lowered: the indices that its state needs, what else it carries.
#include <string.h>

#include "check/internal.h"

// ---- indices ----

static void mention(Walk *w, Loop *l, const char *name) {
  Symbol *symbol = scope_find(w->scope, name, SYMBOL_VALUE);
  if (!symbol || symbol->value.bad) return;
  l->indices |= symbol->value.expr->indices & ~axis_bits;
  NodeFlags f = depends_on(w, symbol->value.expr);
  l->flags.data = l->flags.data || f.data;
  l->flags.param = l->flags.param || f.param;
}

typedef struct Mentions {
  Walk *walk;
  Loop *loop;
} Mentions;

static bool mention_names(void *context, const AstExpr *e) {
  Mentions *m = context;
  if (e->kind == AST_NAME) mention(m->walk, m->loop, e->name);
  if (e->kind == AST_CALL) { // what a function reads besides its arguments stands under no level
    Symbol *f = scope_find(m->walk->scope, e->call.function.text, SYMBOL_FUNCTION);
    if (f && !f->function->standard) m->loop->flags = (NodeFlags){.data = true, .param = true};
  }
  return any_part(e, mention_names, m);
}

void find_indices(Walk *w, Loop *l) {
  Mentions m = {w, l};
  any_in_statement(l->stmt, mention_names, &m);
  for (size_t k = 0; k < l->ncarried; k++) mention(w, l, l->carried[k].name.text);
  for (bool more = true; more;) {
    more = false;
    for (size_t k = 0; k < w->npath; k++) {
      uint64_t c = w->path[k]->indices & ~axis_bits;
      more = more || ((c & l->indices) && (c & ~l->indices));
      if (c & l->indices) l->indices |= c;
    }
  }
}

// ---- names ----

static bool carries(const Loop *l, const char *name) {
  for (size_t k = 0; k < l->ncarried; k++)
    if (strcmp(l->carried[k].name.text, name) == 0) return true;
  return false;
}

static bool is_target(const Stmt *s, const char *name) {
  for (size_t k = 0; k < s->define.targets.count; k++)
    if (strcmp(s->define.targets.items[k].name.text, name) == 0) return true;
  return false;
}

static bool assigns(const Block *body, const char *name, bool yields) {
  for (size_t k = 0; k < body->count; k++) {
    const Stmt *s = body->items[k];
    if ((s->kind == STMT_DEFINE || (yields && s->kind == STMT_YIELD)) && is_target(s, name)) return true;
    if (loop_body(s) && assigns(loop_body(s), name, true)) return true;
  }
  return false;
}

bool only_named_by_grad(Walk *w, const Block *body, const char *name) {
  GradNames names = {.items = NULL};
  names_in_grads(w, body, &names);
  bool named = false;
  for (size_t k = 0; k < names.count && !named; k++) named = strcmp(names.items[k], name) == 0;
  return named && !assigns(body, name, false);
}

static void imply(Walk *w, Loop *l, Name name) {
  const Symbol *symbol = carried_symbol(w, name.text);
  if (!symbol || carries(l, name.text)) return;
  ARENA_PUSH(w->arena, l->carried, l->ncarried, l->carried_room) =
      (Carried){.name = name, .start = symbol->value, .implied = true};
}

void find_implied(Walk *w, Loop *l, const Block *body) {
  for (size_t k = 0; k < body->count; k++) {
    const Stmt *s = body->items[k];
    for (size_t j = 0; s->kind == STMT_DEFINE && j < s->define.targets.count; j++)
      imply(w, l, s->define.targets.items[j].name);
    if (!loop_body(s)) continue;
    for (size_t j = 0; j < loop_carries(s)->count; j++) imply(w, l, loop_carries(s)->items[j].name);
    find_implied(w, l, loop_body(s));
  }
}
