// formula.c - comments above loops: the formulas that they compute, in the language's notation.
#include <string.h>

#include "emit/function.h"
#include "graph/text.h"

enum { COMMENT_WIDTH = 110 };

// The node's indices under names that differ from one another.
static const Index *readable_indices(Arena *a, const Node *n) {
  static const char *const usual[] = {"i", "j", "k", "l", "m"};
  int total = n->nout + n->nred;
  Index *index = arena_array(a, Index, (size_t)total + 1);
  for (int k = 0; k < total; k++) {
    const char *base = n->index[k].name ? n->index[k].name : usual[k % 5], *name = base;
    for (int j = 0, again = 2; j < k; j++)
      if (!strcmp(index[j].name, name)) {
        name = arena_printf(a, "%s_%d", base, again++);
        j = -1;
      }
    index[k] = (Index){name, n->index[k].extent};
  }
  return index;
}

static void put_left_side(Text *t, const Graph *g, const Node *n, const Index *index) {
  text_put(t, n->name);
  for (int k = 0; k < n->nout; k++) {
    text_put(t, k ? ", " : "[");
    if (n->kind == NODE_SCATTER)
      expr_print(t, g, n->target[k], index);
    else
      text_put(t, index[k].name);
  }
  if (n->nout) text_char(t, ']');
}

static void put_comment(Function *f, const Text *t) {
  line_start(f);
  if (t->length > COMMENT_WIDTH)
    text_printf(&f->body, "/* %.*s... */\n", COMMENT_WIDTH - 3, t->s);
  else
    text_printf(&f->body, "/* %s */\n", t->s);
}

static void put_formula(Function *f, const Node *n) {
  const Graph *g = f->s->task.graph;
  const Index *index = readable_indices(f->s->arena, n);
  bool reduces = n->reduce != REDUCE_NONE && n->kind != NODE_SCATTER;
  Text t;
  text_init(&t);
  put_left_side(&t, g, n, index);
  text_put(&t, n->kind == NODE_SCATTER && !n->assign ? " += " : " = ");
  if (reduces) {
    text_printf(&t, "%s[", reduce_names[n->reduce]);
    for (int k = n->nout; k < n->nout + n->nred; k++) text_printf(&t, "%s%s", k > n->nout ? ", " : "", index[k].name);
  }
  if (n->guard) {
    text_put(&t, reduces ? " if " : "if ");
    expr_print(&t, g, n->guard, index);
    if (!reduces) text_put(&t, " then ");
  }
  if (reduces) text_put(&t, "](");
  expr_print(&t, g, n->expr, index);
  if (reduces) text_char(&t, ')');
  put_comment(f, &t);
  text_free(&t);
}

// "h[0, i] = h_start[i], h[t + 1, i] = h_step[t, i]"
static void put_recurrence(Function *f, const Node *c) {
  const Graph *g = f->s->task.graph;
  const Index *index = readable_indices(f->s->arena, c);
  Text t, last;
  text_init(&t);
  text_init(&last);
  poly_print(&last, g->dims, c->next->index[c->axis].extent);
  for (int side = 0; side < 3; side++) {
    text_printf(&t, "%s%s[", side == 1 ? ", " : side == 2 ? " = " : "", side == 2 ? c->next->name : c->name);
    for (int k = 0; k < c->nout; k++) {
      if (k) text_put(&t, ", ");
      if (k == c->axis && side == 0)
        text_put(&t, c->reverse ? last.s : "0");
      else
        text_printf(&t, "%s%s", index[k].name, k == c->axis && side == 1 && !c->reverse ? " + 1" : "");
    }
    text_char(&t, ']');
    if (side) continue;
    text_put(&t, " = ");
    expr_print(&t, g, c->expr, index);
  }
  put_comment(f, &t);
  text_free(&t);
  text_free(&last);
}

void put_formulas(Function *f, const Step *steps, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (steps[k].kind == STEP_LOOP) put_formulas(f, steps[k].loop->body, steps[k].loop->nbody);
    if (steps[k].kind == STEP_NODE) put_formula(f, steps[k].node);
    if (steps[k].kind == STEP_NEXT) put_recurrence(f, steps[k].node);
  }
}
