// formula.c - comments above loops: the formulas that they compute, in the language's notation.
#include "emit/function.h"
#include "graph/text.h"

enum { COMMENT_WIDTH = 110 };

static void put_comment(Function *f, const Text *t) {
  line_start(f);
  if (t->length > COMMENT_WIDTH)
    text_printf(&f->body, "/* %.*s... */\n", COMMENT_WIDTH - 3, t->s);
  else
    text_printf(&f->body, "/* %s */\n", t->s);
}

static void put_formula(Function *f, const Node *n) {
  Text t;
  text_init(&t);
  node_line_print(&t, f->s->task.graph, n, readable_indices(f->s->arena, n));
  put_comment(f, &t);
  text_free(&t);
}

// "h[0, i] = h_start[i], h[t + 1, i] = h_step[t, i]"
static void put_recurrence(Function *f, const Node *c) {
  const Index *index = readable_indices(f->s->arena, c);
  Text t;
  text_init(&t);
  start_line_print(&t, f->s->task.graph, c, index);
  text_put(&t, ", ");
  next_line_print(&t, c, index);
  put_comment(f, &t);
  text_free(&t);
}

void put_formulas(Function *f, const Step *steps, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (steps[k].kind == STEP_LOOP) put_formulas(f, steps[k].loop->body, steps[k].loop->nbody);
    if (steps[k].kind == STEP_NODE) put_formula(f, steps[k].node);
    if (steps[k].kind == STEP_NEXT) put_recurrence(f, steps[k].node);
  }
}
