// subscripts.c - `_check`'s loops over subscripts that the compiler could not prove.
#include <string.h>

#include "emit/contract.h"

enum { LONGEST_TEXT = 1000 }; // of a subscript: C compilers need not take string literals of 4096 characters

void found_print(Text *t, const char *indent, const char *name, const char *position, const char *value) {
  text_printf(t, "%sif (where) {\n%s  where->name = \"", indent, indent);
  put_safe(t, name);
  text_printf(t,
              "\";\n%s  where->position = %s;\n%s  where->value = %s;\n%s  where->limit = limit;\n%s}\n%sreturn "
              "MDL_ERROR_RANGE;\n",
              indent, position, indent, value, indent, indent, indent);
}

// A schedule of nothing: enough for expressions over data and indices.
Function plain_function(const Plan *p, int nindex) {
  const Model *m = p->unit->model;
  Arena *a = p->unit->arena;
  const Graph *g = m->graph;
  Schedule *s = arena_new_of(a, Schedule);
  s->arena = a;
  s->task.graph = g;
  s->pool = graph_new(a, g->dims, g->name);
  s->place = arena_array(a, Place, g->count);
  Function f = {.unit = p->unit, .s = s};
  names_init(&f.names, a, m->name);
  int ndims = dims_count(m->dims);
  f.dim_name = arena_array(a, const char *, (size_t)ndims);
  f.dim_used = arena_array(a, bool, (size_t)ndims);
  for (int k = 0; k < ndims; k++) {
    const Dim *d = dims_get(m->dims, k);
    if (!d->name) continue;
    f.dim_name[k] = d->kind == DIM_FIXED ? (d->value > INT32_MAX || d->value < -INT32_MAX
                                                ? arena_printf(a, "%lld", (long long)d->value)
                                                : arena_printf(a, "%s_dim_%s", m->name, d->name))
                                         : arena_printf(a, "dims->%s", names_member(a, d->name));
  }
  f.node_name = arena_array(a, const char *, g->count);
  f.node_used = arena_array(a, bool, g->count);
  f.flops = poly_int(m->dims, 0);
  f.trips = poly_int(m->dims, 1);
  for (size_t k = 0; k < g->count; k++) {
    const Node *n = g->nodes[k];
    s->place[k].stored = STORED_INPUT;
    if (n->kind == NODE_DATA)
      f.node_name[k] = arena_printf(a, n->nout ? "data->%s" : "(*data->%s)", names_member(a, m->data[n->which].name));
  }
  f.loop_name = arena_array(a, const char *, (size_t)nindex + 1);
  return f;
}

// Reads of computed nodes replaced by what they compute: `_check` sees data alone.
static const Expr *inline_reads(Graph *pool, const Expr *e) {
  if (e->kind == EXPR_READ) {
    const Node *n = e->u.read.node;
    const Expr **sub = arena_array(pool->arena, const Expr *, (size_t)n->nout + 1);
    for (int k = 0; k < n->nout; k++) sub[k] = inline_reads(pool, e->u.read.sub[k]);
    if (n->kind != NODE_COMP) return expr_read(pool, n, sub);
    return inline_reads(pool, expr_substitute(pool, n->expr, sub, n->nout, NULL));
  }
  if (e->kind != EXPR_PRIM) return e;
  const Expr *arg[3];
  for (int k = 0; k < e->u.prim.narg; k++) arg[k] = inline_reads(pool, e->u.prim.arg[k]);
  return expr_prim(pool, e->u.prim.op, arg);
}

static void reads_of_data(void *context, const Expr *read) {
  Function *f = context;
  if (read->u.read.node->kind == NODE_DATA) f->node_used[read->u.read.node->id] = true;
}

void subscript_check_print(Text *out, const Plan *p, int which) {
  const Model *m = p->unit->model;
  const RangeCheck *c = &m->check[which];
  Function f = plain_function(p, c->nindex);
  Graph *pool = f.s->pool;
  Arena *a = p->unit->arena;
  const Expr *value = inline_reads(pool, expr_substitute(pool, c->value, NULL, 0, NULL));
  const Expr *guard = c->guard ? expand_powers(pool, inline_reads(pool, expr_substitute(pool, c->guard, NULL, 0, NULL))) : NULL;
  expr_each_read(pool, value, reads_of_data, &f);
  if (guard) expr_each_read(pool, guard, reads_of_data, &f);
  Text text_of_loops, *t = &text_of_loops;
  text_init(t);
  text_put(t, "    const int64_t limit = ");
  put_expr(&f, t, expr_poly(pool, c->limit), PREC_NONE);
  text_put(t, ";\n    int64_t position = 0;\n");
  bool any = false; // data that a caller of predict leaves out is not looked at
  for (size_t k = 0; k < m->graph->count; k++) {
    if (!f.node_used[k]) continue;
    text_printf(t, "%sdata->%s", any ? " && " : "    if (", names_member(a, m->data[m->graph->nodes[k]->which].name));
    any = true;
  }
  text_put(t, any ? ") {\n" : "    {\n");
  int indent = 6;
  for (int k = 0; k < c->nindex; k++) {
    f.loop_name[k] = names_take(&f.names, c->index[k].name);
    text_repeat(t, ' ', indent);
    text_printf(t, "for (int64_t %s = 0; %s < ", f.loop_name[k], f.loop_name[k]);
    put_expr(&f, t, expr_poly(pool, c->index[k].extent), PREC_COMPARE + 1);
    text_printf(t, "; %s++) {\n", f.loop_name[k]);
    indent += 2;
  }
  if (guard) {
    text_repeat(t, ' ', indent);
    text_put(t, "if (");
    put_expr(&f, t, guard, PREC_NONE);
    text_put(t, ") {\n");
    indent += 2;
  }
  text_repeat(t, ' ', indent);
  text_put(t, "const int64_t subscript = ");
  put_expr(&f, t, value, PREC_NONE);
  text_put(t, ";\n");
  text_repeat(t, ' ', indent);
  text_put(t, "if (subscript < 0 || subscript >= limit) {\n");
  const char *text = strlen(c->text) > LONGEST_TEXT ? arena_printf(a, "%.*s...", LONGEST_TEXT, c->text) : c->text;
  found_print(t, arena_printf(a, "%*s", indent + 2, ""), text, "position", "subscript");
  text_repeat(t, ' ', indent);
  text_put(t, "}\n");
  if (guard) {
    indent -= 2;
    text_repeat(t, ' ', indent);
    text_put(t, "}\n");
  }
  text_repeat(t, ' ', indent);
  text_put(t, "position++;\n");
  for (int k = 0; k < c->nindex; k++) {
    indent -= 2;
    text_repeat(t, ' ', indent);
    text_put(t, "}\n");
  }
  text_printf(out, "  {\n%s%s    }\n  }\n", f.math ? "    enum { mdl_level = 0 };\n" : "", t->s);
  text_free(t);
}
