// line.c - a node as one line, for people: "z[i, j] = sum[k](x[i, k] * W[k, j])".
#include <string.h>

#include "graph/text.h"

const Index *readable_indices(Arena *a, const Node *n) {
  static const char *const usual[] = {"i", "j", "k", "l", "m"};
  int total = n->nout + n->nred;
  Index *index = arena_array(a, Index, (size_t)total + 1);
  for (int k = 0; k < total; k++) {
    const char *base = n->index[k].name ? n->index[k].name : usual[k % 5], *own = base;
    for (int j = 0, again = 2; j < k; j++)
      if (!strcmp(index[j].name, own)) {
        own = arena_printf(a, "%s_%d", base, again++);
        j = -1;
      }
    index[k] = (Index){own, n->index[k].extent};
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

void node_line_print(Text *t, const Graph *g, const Node *n, const Index *index) {
  bool reduces = n->reduce != REDUCE_NONE && n->kind != NODE_SCATTER;
  put_left_side(t, g, n, index);
  text_put(t, n->kind == NODE_SCATTER && !n->assign ? " += " : " = ");
  if (reduces) {
    text_printf(t, "%s[", reduce_names[n->reduce]);
    for (int k = n->nout; k < n->nout + n->nred; k++) text_printf(t, "%s%s", k > n->nout ? ", " : "", index[k].name);
  }
  if (n->guard) {
    text_put(t, reduces ? " if " : "if ");
    expr_print(t, g, n->guard, index);
    if (!reduces) text_put(t, " then ");
  }
  if (reduces) text_put(t, "](");
  expr_print(t, g, n->expr, index);
  if (reduces) text_char(t, ')');
}

static void put_state(Text *t, const Node *n, const Node *c, const Index *index, const char *step) {
  text_printf(t, "%s[", n->name);
  for (int k = 0; k < c->nout; k++) text_printf(t, "%s%s", k ? ", " : "", k == c->axis ? step : index[k].name);
  text_char(t, ']');
}

void start_line_print(Text *t, const Graph *g, const Node *c, const Index *index) {
  Text last;
  text_init(&last);
  poly_print(&last, g->dims, c->next->index[c->axis].extent);
  put_state(t, c, c, index, c->reverse ? last.s : "0");
  text_put(t, " = ");
  expr_print(t, g, c->expr, index);
  text_free(&last);
}

void next_line_print(Text *t, const Node *c, const Index *index) {
  Text behind;
  text_init(&behind);
  text_printf(&behind, "%s%s", index[c->axis].name, c->reverse ? "" : " + 1");
  put_state(t, c, c, index, behind.s);
  text_put(t, " = ");
  put_state(t, c->next, c, index, index[c->axis].name);
  text_free(&behind);
}
