// print.c - the graph as text, which parse.c reads back.
//
//     model thermometer
//     batch n
//     data t_u[n]
//     data y[n] in 0..k
//     param w
//     param sigma > 0
//     input t_u[n] = data 0
//     node t_p[i:n] = w * t_u[i] + b
//     node s = sum[i:n](t_p[i]^2)
//     node g[i:n] = sum[j:m if j < i](W[i, j] * x[j])
//     scatter dE[V, H] = [t:T, h:H] (token[t], h) += g[t, h]
//     scatter D[t:T, j:n] = L[t, j] then [s:T, k:n if k > s] (s, k) = v[s, k]
//     carry h[t:T + 1, i:m] along t from h_step = 0.0
//     carry d_h[t:T + 1, i:m] back along t from d_step while go = 0.0
//     check "E[token[t]]" [t:T](token[t]) in 0..V
//     root loss = s
//
// Real constants always have a point or an exponent, so that 2.0 is not the integer 2.  An expression that would be too
// long or too deep, because much of it is shared, is written `let _1 = …, _2 = … in …`.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "graph/notation.h"
#include "graph/pool.h"
#include "graph/text.h"

typedef struct Printer {
  Text *t;
  const Graph *g;
  const Index *index;
  const Expr *const *parts; // of the one expression that is being printed,
  size_t count;
  const char **bound; // and their names where they have one; null where none has
} Printer;

static const char *bound_name(const Printer *p, const Expr *e) {
  return p->bound ? p->bound[expr_place(p->parts, p->count, e)] : NULL;
}

static void print_level(const Printer *p, const Expr *e, Level least);

static void print_real(Text *t, double x) {
  size_t start = t->length;
  text_real(t, x);
  if (!strpbrk(t->s + start, ".en")) text_put(t, ".0");
}

static void print_list(const Printer *p, const Expr *const *list, int n) {
  for (int k = 0; k < n; k++) {
    if (k) text_put(p->t, ", ");
    print_level(p, list[k], LEVEL_IF);
  }
}

static Level print_poly(const Printer *p, const Poly *poly) {
  static const Level levels[] = {[POLY_SUM] = LEVEL_SUM,
                                 [POLY_PRODUCT] = LEVEL_PRODUCT,
                                 [POLY_NEGATION] = LEVEL_NEGATION,
                                 [POLY_ATOM] = LEVEL_ATOM};
  return levels[poly_print(p->t, p->g->dims, poly)];
}

// What a part's text binds like, without printing it.
static Level own_level(const Printer *p, const Expr *e) {
  if (bound_name(p, e)) return LEVEL_ATOM;
  if (e->kind == EXPR_REAL) return signbit(e->u.real) ? LEVEL_NEGATION : LEVEL_ATOM;
  if (e->kind == EXPR_POLY) {
    size_t start = p->t->length;
    Level level = print_poly(p, e->u.poly);
    p->t->length = start;
    p->t->s[start] = '\0';
    return level;
  }
  if (e->kind != EXPR_PRIM) return LEVEL_ATOM;
  if (e->u.prim.op == PRIM_SELECT) return LEVEL_IF;
  const Operator *o = operator_of(e->u.prim.op);
  return o ? o->level : LEVEL_ATOM;
}

static void print_prim(const Printer *p, const Expr *e) {
  const Expr *const *arg = e->u.prim.arg;
  const Operator *o = operator_of(e->u.prim.op);
  Level level = o ? o->level : LEVEL_ATOM;
  if (e->u.prim.op == PRIM_SELECT) {
    text_put(p->t, "if ");
    print_level(p, arg[0], LEVEL_OR);
    text_put(p->t, " then ");
    print_level(p, arg[1], LEVEL_OR);
    text_put(p->t, " else ");
    print_level(p, arg[2], LEVEL_IF);
  } else if (!o || (e->u.prim.op == PRIM_NEG && arg[0]->kind == EXPR_REAL && !signbit(arg[0]->u.real))) {
    // -2.0 is a constant, the negation of one is a call.
    text_printf(p->t, "%s(", prim_table[e->u.prim.op].name);
    print_list(p, arg, e->u.prim.narg);
    text_char(p->t, ')');
  } else if (e->u.prim.narg == 1) {
    text_printf(p->t, "%s%s", o->spelling, level == LEVEL_NOT ? " " : "");
    print_level(p, arg[0], level);
  } else if (level == LEVEL_POWER) {
    print_level(p, arg[0], LEVEL_ATOM);
    text_char(p->t, '^');
    print_level(p, arg[1], LEVEL_NEGATION);
  } else {
    print_level(p, arg[0], level == LEVEL_COMPARE ? LEVEL_SUM : level);
    text_printf(p->t, " %s ", o->spelling);
    print_level(p, arg[1], (Level)(level + 1));
  }
}

// e itself, even where it has a name.
static void print_plain(const Printer *p, const Expr *e) {
  switch (e->kind) {
  case EXPR_REAL: print_real(p->t, e->u.real); break;
  case EXPR_BOOL: text_put(p->t, e->u.boolean ? "true" : "false"); break;
  case EXPR_POLY: print_poly(p, e->u.poly); break;
  case EXPR_INDEX: text_put(p->t, p->index[e->u.index].name); break;
  case EXPR_READ:
    text_put(p->t, e->u.read.node->name);
    if (e->u.read.node->nout == 0) break;
    text_char(p->t, '[');
    print_list(p, e->u.read.sub, e->u.read.node->nout);
    text_char(p->t, ']');
    break;
  case EXPR_PRIM: print_prim(p, e); break;
  }
}

static void print_level(const Printer *p, const Expr *e, Level least) {
  const char *name = bound_name(p, e);
  bool brackets = own_level(p, e) < least;
  if (brackets) text_char(p->t, '(');
  if (name)
    text_put(p->t, name);
  else
    print_plain(p, e);
  if (brackets) text_char(p->t, ')');
}

// ---- names for shared parts ----

enum { PLAIN_SIZE_MAX = 400, PLAIN_HEIGHT_MAX = 100, BOUND_SIZE_MIN = 8, BOUND_HEIGHT = 64 };

typedef struct Sharing {
  uint32_t uses, size; // size as a tree, up to PLAIN_SIZE_MAX + 1
} Sharing;

static bool is_bound(const Expr *e, const Sharing *s) {
  return e->height > 0 && ((s->uses > 1 && s->size >= BOUND_SIZE_MIN) || e->height % BOUND_HEIGHT == 0);
}

static bool index_named(const Index *index, uint64_t used, const char *name) {
  for (int k = 0; k < INDEX_MAX; k++)
    if ((used >> k & 1) && strcmp(index[k].name, name) == 0) return true;
  return false;
}

// The places of the parts in the order of the text, operands first: graphs that are alike have the same text, however they
// were built.
static size_t *order_of_text(Arena *a, const Expr *const *parts, size_t count) {
  size_t *order = arena_array(a, size_t, count), *open = arena_array(a, size_t, count), depth = 0, done = 0;
  int *seen = arena_array(a, int, count); // of its operands
  bool *met = arena_array(a, bool, count);
  open[depth++] = count - 1;
  while (depth > 0) {
    const size_t k = open[depth - 1];
    const Expr *const *operand;
    if (seen[k] == expr_operands(parts[k], &operand)) {
      order[done++] = k;
      depth--;
      continue;
    }
    const size_t next = expr_place(parts, count, operand[seen[k]++]);
    if (met[next]) continue;
    met[next] = true;
    open[depth++] = next;
  }
  return order;
}

static void print_with_names(Text *t, const Graph *g, const Expr *e, const Index *index) {
  Arena *scratch = arena_new();
  size_t count;
  const Expr **parts = expr_parts(scratch, e, &count);
  Sharing *sharing = arena_array(scratch, Sharing, count);
  for (size_t k = 0; k < count; k++) {
    const Expr *const *operand;
    int n = expr_operands(parts[k], &operand);
    sharing[k].size = 1;
    for (int j = 0; j < n; j++) {
      Sharing *s = &sharing[expr_place(parts, count, operand[j])];
      s->uses++;
      sharing[k].size += s->size;
    }
    if (sharing[k].size > PLAIN_SIZE_MAX) sharing[k].size = PLAIN_SIZE_MAX + 1;
  }
  Printer p = {.t = t, .g = g, .index = index, .parts = parts, .count = count};
  if (sharing[count - 1].size > PLAIN_SIZE_MAX || e->height > PLAIN_HEIGHT_MAX) {
    p.bound = arena_array(scratch, const char *, count);
    const char *before = "let ";
    const size_t *order = order_of_text(scratch, parts, count);
    for (size_t j = 0, number = 1; j + 1 < count; j++) {
      const size_t k = order[j];
      if (!is_bound(parts[k], &sharing[k])) continue;
      const char *name;
      do name = arena_printf(scratch, "_%zu", number++);
      while (graph_find(g, name) || dims_find(g->dims, name) >= 0 || index_named(index, e->indices, name));
      text_printf(t, "%s%s = ", before, name);
      print_level(&p, parts[k], LEVEL_IF);
      p.bound[k] = name;
      before = ", ";
    }
    text_put(t, " in ");
  }
  print_level(&p, e, LEVEL_IF);
  arena_free(scratch);
}

void expr_print(Text *t, const Graph *g, const Expr *e, const Index *index) {
  if (e->height <= 4) // at most 3^4 leaves
    print_level(&(Printer){.t = t, .g = g, .index = index}, e, LEVEL_IF);
  else
    print_with_names(t, g, e, index);
}

// ---- nodes ----

// The indices, those behind `from` under names that nothing else in the graph has.
static const Index *unique_indices(Arena *a, const Graph *g, const Index *index, int from, int n) {
  Index *unique = arena_array(a, Index, (size_t)n + 1);
  for (int k = from; k < n; k++) {
    const char *base = index[k].name ? index[k].name : "i", *name = base;
    for (int suffix = 2;; suffix++) {
      bool taken = graph_find(g, name) || dims_find(g->dims, name) >= 0 || is_reserved(name);
      for (int j = from; j < k && !taken; j++) taken = strcmp(unique[j].name, name) == 0;
      if (!taken) break;
      name = arena_printf(a, "%s_%d", base, suffix);
    }
    unique[k] = (Index){name, index[k].extent};
  }
  return unique;
}

static void print_extents(Text *t, const Graph *g, const Poly *const *extent, int n) {
  for (int k = 0; k < n; k++) {
    text_put(t, k ? ", " : "[");
    poly_print(t, g->dims, extent[k]);
  }
  if (n) text_char(t, ']');
}

static void print_shape(Text *t, const Graph *g, const Node *n) {
  for (int k = 0; k < n->nout; k++) {
    text_put(t, k ? ", " : "[");
    poly_print(t, g->dims, n->index[k].extent);
  }
  if (n->nout) text_char(t, ']');
}

// [i:n, j:m if guard], nothing where there is nothing to say (unless `always`).
static void print_indices(Text *t, const Graph *g, const Index *all, int from, int to, const Expr *guard, bool always) {
  if (from == to && !guard && !always) return;
  text_char(t, '[');
  for (int k = from; k < to; k++) {
    text_printf(t, "%s%s:", k > from ? ", " : "", all[k].name);
    poly_print(t, g->dims, all[k].extent);
  }
  if (guard) {
    text_put(t, from < to ? " if " : "if ");
    expr_print(t, g, guard, all);
  }
  text_char(t, ']');
}

static void print_input(Text *t, const Graph *g, const Node *n) {
  text_printf(t, "input %s", n->name);
  print_shape(t, g, n);
  text_printf(t, " = %s", n->kind == NODE_SEED ? "seed" : n->kind == NODE_DATA ? "data" : "param");
  if (n->kind != NODE_SEED || n->which > 0) text_printf(t, " %d", n->which);
}

static void print_comprehension(Text *t, const Graph *g, const Node *n, const Index *all) {
  bool reduces = n->reduce != REDUCE_NONE;
  text_printf(t, "node %s", n->name);
  print_indices(t, g, all, 0, n->nout, reduces ? NULL : n->guard, false);
  text_put(t, " = ");
  if (reduces) {
    text_put(t, reduce_names[n->reduce]);
    print_indices(t, g, all, n->nout, n->nout + n->nred, n->guard, true);
    text_char(t, '(');
  }
  expr_print(t, g, n->expr, all);
  if (reduces) text_char(t, ')');
}

static void print_scatter(Text *t, const Graph *g, const Node *n, const Index *all) {
  text_printf(t, "scatter %s", n->name);
  if (n->base) {
    print_indices(t, g, all, 0, n->nout, NULL, false);
    text_put(t, " = ");
    expr_print(t, g, n->base, all);
    text_put(t, " then ");
  } else {
    print_shape(t, g, n);
    text_put(t, " = ");
  }
  print_indices(t, g, all, n->nout, n->nout + n->nred, n->guard, true);
  text_put(t, " (");
  for (int k = 0; k < n->nout; k++) {
    if (k) text_put(t, ", ");
    expr_print(t, g, n->target[k], all);
  }
  text_put(t, n->assign ? ") = " : ") += ");
  expr_print(t, g, n->expr, all);
}

static void print_carry(Text *t, const Graph *g, const Node *n, const Index *all) {
  text_printf(t, "carry %s", n->name);
  print_indices(t, g, all, 0, n->nout, NULL, false);
  text_printf(t, " %salong %s from %s", n->reverse ? "back " : "", all[n->axis].name, n->next ? n->next->name : "?");
  if (n->alive) text_printf(t, " while %s", n->alive->name);
  text_put(t, " = ");
  expr_print(t, g, n->expr, all);
}

void node_print(Text *t, const Graph *g, const Node *n) {
  Arena *scratch = arena_new();
  const Index *all = unique_indices(scratch, g, n->index, n->kind == NODE_SCATTER && !n->base ? n->nout : 0, n->nout + n->nred);
  if (n->kind == NODE_COMP)
    print_comprehension(t, g, n, all);
  else if (n->kind == NODE_SCATTER)
    print_scatter(t, g, n, all);
  else if (n->kind == NODE_CARRY)
    print_carry(t, g, n, all);
  else
    print_input(t, g, n);
  if (n->note) {
    text_put(t, "  # ");
    for (const char *c = n->note; *c; c++) text_char(t, *c == '\n' || *c == '\r' ? ' ' : *c);
  }
  arena_free(scratch);
}

// ---- the model ----

static void print_dims(Text *t, const Dims *dims) {
  for (int k = 0; k < dims_count(dims); k++) {
    const Dim *d = dims_get(dims, k);
    if (!d->name) continue;
    text_printf(t, "%s %s", d->kind == DIM_BATCH ? "batch" : "dim", d->name);
    if (d->kind == DIM_FIXED) text_printf(t, " = %" PRId64, d->value);
    text_char(t, '\n');
  }
}

static void print_declarations(Text *t, const Model *m, const Graph *g) {
  for (int k = 0; k < m->ndata; k++) {
    const DataDecl *d = &m->data[k];
    text_printf(t, "data %s", d->name);
    print_extents(t, g, d->extent, d->rank);
    if (d->ranged) {
      text_put(t, " in 0..");
      if (d->limit) poly_print(t, g->dims, d->limit);
    } else if (d->type == TYPE_INT) {
      text_put(t, " integer");
    }
    text_char(t, '\n');
  }
  for (int k = 0; k < m->nparam; k++) {
    text_printf(t, "param %s", m->param[k].name);
    print_extents(t, g, m->param[k].extent, m->param[k].rank);
    if (m->param[k].constraint != CONSTRAINT_NONE) text_char(t, ' ');
    constraint_print(t, m, &m->param[k]);
    text_char(t, '\n');
  }
}

static void print_check(Text *t, const Graph *g, const RangeCheck *c) {
  Arena *scratch = arena_new();
  const Index *all = unique_indices(scratch, g, c->index, 0, c->nindex);
  text_put(t, "check \"");
  for (const char *s = c->text; *s; s++) {
    if (*s == '"' || *s == '\\') text_char(t, '\\');
    text_char(t, *s == '\n' || *s == '\r' ? ' ' : *s);
  }
  text_put(t, "\" ");
  print_indices(t, g, all, 0, c->nindex, c->guard, true);
  text_char(t, '(');
  expr_print(t, g, c->value, all);
  text_put(t, ") in 0..");
  poly_print(t, g->dims, c->limit);
  text_char(t, '\n');
  arena_free(scratch);
}

static void print_roots(Text *t, const Graph *g) {
  int next[ROOT_NAMED + 1] = {0};
  for (size_t k = 0; k < g->nroots; k++) {
    const Root *r = &g->roots[k];
    text_printf(t, "root %s", root_names[r->role]);
    if (r->which != next[r->role]) text_printf(t, " %d", r->which);
    next[r->role] = r->which + 1;
    if (r->name) text_printf(t, " %s", r->name);
    text_printf(t, " = %s\n", r->node->name);
  }
}

void graph_print(Text *t, const Model *m, const Graph *g) {
  text_printf(t, "model %s\n", m->name);
  print_dims(t, g->dims);
  print_declarations(t, m, g);
  for (size_t k = 0; k < g->count; k++) {
    node_print(t, g, g->nodes[k]);
    text_char(t, '\n');
  }
  // The checks read nodes of the graph as lowered.
  for (int k = 0; g == m->graph && k < m->ncheck; k++) print_check(t, g, &m->check[k]);
  print_roots(t, g);
}
