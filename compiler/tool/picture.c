// picture.c - the operations of a model's graph, one by one.
#include "tool/picture.h"

#include <string.h>

#include "graph/text.h"
#include "explain/explain.h"
#include "tool/passes.h"

enum {
  LABEL_WEIGHT = 40, // leaves of a formula that is written as a label
  LABEL_MAX = 28,    // a longer local derivative is written as a name
  OPERAND_MAX = 16,  // a longer operand is written as a bullet
  NO_VERTEX = -1     // a constant: written into the label of what uses it
};

static const char unnamed[] = "\u2022"; // an operand that has no name, and no short formula

typedef struct Drawer {
  Arena *arena;
  const Model *model;
  Graph *graph; // as lowered, and simplified; local derivatives are built in it
  Forms *forms;
  Picture *picture;
  int *by_node;            // the vertex of a node's value, by id
  bool *absorbed;          // a sum that its reader divides by its count: they are one mean
  const Node *node;        // being drawn
  const FormIndex **index; // its own
  Bindings names;          // of these
  const char **taken;      // names that no index may have
  size_t ntaken;
  bool unnamed_read; // of the operand being looked at
  const Expr **seen; // expressions of it that have a vertex
  int *vertex;
  size_t nseen, seen_room, vertex_room;
} Drawer;

// ---- texts ----

static const char *taken_text(Arena *a, Text *t) {
  const char *s = arena_strdup(a, t->s);
  text_free(t);
  return s;
}

// "…" where it would be long.
static const char *form_label(Drawer *d, const Form *form) {
  if (form->weight > LABEL_WEIGHT) return "\u2026";
  Text t;
  text_init(&t);
  form_text(&t, &d->names, form);
  return taken_text(d->arena, &t);
}

static const Form *form_of(Drawer *d, const Expr *e) {
  return explain_entry(d->forms, d->graph, d->node, d->index, e);
}

static size_t characters(const char *s) {
  size_t n = 0;
  for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
  return n;
}

static const char *shape_of(Drawer *d, const Expr *e) {
  Text t;
  text_init(&t);
  for (int k = 0; k < d->node->nout + d->node->nred; k++) {
    if (!expr_uses_index(e, k)) continue;
    text_put(&t, t.length ? ", " : "");
    poly_print(&t, d->model->dims, d->node->index[k].extent);
  }
  return taken_text(d->arena, &t);
}

static const char *node_shape(Drawer *d, const Node *n) {
  Text t;
  text_init(&t);
  for (int k = 0; k < n->nout; k++) {
    text_put(&t, k > 0 ? ", " : "");
    poly_print(&t, d->model->dims, n->index[k].extent);
  }
  return taken_text(d->arena, &t);
}

// ---- vertices and edges ----

static int add_vertex(Drawer *d, VertexKind kind, const char *label, const char *shape) {
  Picture *p = d->picture;
  ARENA_PUSH(d->arena, p->vertex, p->nvertex, p->vertex_room) =
      (Vertex){.kind = kind, .label = label, .shape = shape, .varies = kind == VERTEX_PARAM};
  return (int)p->nvertex - 1;
}

static void add_edge(Drawer *d, int from, int to, const char *partial) {
  Picture *p = d->picture;
  bool varies = p->vertex[from].varies;
  for (size_t k = 0; k < p->nedge; k++)
    if (p->edge[k].from == from && p->edge[k].to == to) {
      // x[i] * x[j]: both ways are one arrow.
      if (partial && p->edge[k].partial && strcmp(partial, p->edge[k].partial) != 0)
        p->edge[k].partial = arena_printf(d->arena, "%s, %s", p->edge[k].partial, partial);
      return;
    }
  ARENA_PUSH(d->arena, p->edge, p->nedge, p->edge_room) = (Edge){from, to, varies ? partial : NULL};
  if (varies && partial) p->vertex[to].varies = true;
}

// ---- operators ----

// Null for what is written as a call.
static const char *infix_sign(Prim op) {
  static const struct {
    Prim op;
    const char *text;
  } signs[] = {{PRIM_ADD, "+"},      {PRIM_SUB, "\u2212"}, {PRIM_MUL, "\u00d7"}, {PRIM_DIV, "/"},
               {PRIM_NEG, "\u2212"}, {PRIM_POW, "^"},      {PRIM_POWI, "^"}};
  for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
    if (signs[k].op == op) return signs[k].text;
  return NULL;
}

// ---- local derivatives ----

// For one that is too long: of tanh "tanh\u2032", of a quotient by what it divides by "\u2202(u / v)/\u2202v".
static const char *partial_name(Drawer *d, Prim op, int k) {
  const char *name = prim_table[op].name, *sign = infix_sign(op), *by = k == 0 ? "u" : "v";
  if (prim_arity(op) == 1) return arena_printf(d->arena, "%s\u2032", name);
  if (sign) return arena_printf(d->arena, "\u2202(u %s v)/\u2202%s", sign, by);
  return arena_printf(d->arena, "\u2202%s(u, v)/\u2202%s", name, by);
}

// d (a primitive) / d (argument k), from its row.
static const char *partial_text(Drawer *d, const Expr *e, int k) {
  const char *partial = prim_table[e->u.prim.op].partial[k];
  Binding bindings[] = {
      {"x", e->u.prim.arg[0]}, {"y", e->u.prim.narg > 1 ? e->u.prim.arg[1] : e->u.prim.arg[0]}, {"f", e}};
  if (partial[0] == '\0') return NULL;
  const Expr *value = expr_parse(d->graph, partial, bindings, 3);
  const Form *form = value ? form_of(d, value) : NULL;
  const char *text = form && form->weight <= LABEL_WEIGHT ? form_label(d, form) : NULL;
  if (text && characters(text) <= LABEL_MAX) return text;
  return partial_name(d, e->u.prim.op, k);
}

static const char *select_partial(Drawer *d, const Expr *e, int k) {
  const char *condition = form_label(d, form_of(d, e->u.prim.arg[0]));
  if (characters(condition) + 5 > LABEL_MAX) return k == 1 ? "if so" : "if not";
  return arena_printf(d->arena, k == 1 ? "if %s" : "unless %s", condition);
}

// ---- operations ----

static void see_read(void *context, const Expr *read) {
  (void)read;
  *(bool *)context = true;
}

static bool has_read(const Graph *g, const Expr *e) {
  bool any = false;
  expr_each_read(g, e, see_read, &any);
  return any;
}

static int draw(Drawer *d, const Expr *e);

// A vertex for expression e of the node being drawn, remembered.
static int remember(Drawer *d, const Expr *e, int vertex) {
  size_t count = d->nseen;
  ARENA_PUSH(d->arena, d->seen, d->nseen, d->seen_room) = e;
  ARENA_PUSH(d->arena, d->vertex, count, d->vertex_room) = vertex;
  return vertex;
}

// Does it read what has no name in the picture?
static void see_unnamed(void *context, const Expr *read) {
  Drawer *d = context;
  const Vertex *v = &d->picture->vertex[d->by_node[read->u.read.node->id]];
  d->unnamed_read = d->unnamed_read || (v->kind == VERTEX_OPERATION && !v->name);
}

// A sum or product of several parts, which stands in brackets beside an operator.
static bool needs_brackets(const char *formula) {
  int depth = 0;
  for (const char *c = formula; *c; c++) {
    depth += (*c == '(' || *c == '[') - (*c == ')' || *c == ']');
    if (depth == 0 && (*c == ' ' || *c == '/' || *c == '-')) return true;
  }
  return false;
}

static const char *operand_formula(Drawer *d, const Expr *e) {
  d->unnamed_read = false;
  expr_each_read(d->graph, e, see_unnamed, d);
  const char *formula = d->unnamed_read ? unnamed : form_label(d, form_of(d, e));
  if (characters(formula) > OPERAND_MAX) return unnamed;
  return needs_brackets(formula) ? arena_printf(d->arena, "(%s)", formula) : formula;
}

static const char *operand_name(Drawer *d, const Expr *e, int operand) {
  const Vertex *v = &d->picture->vertex[operand];
  if (v->name) return v->name;
  return v->kind == VERTEX_OPERATION ? operand_formula(d, e) : v->label;
}

// "× 2", "1 −", "/ n", "tanh": constants stand in the label; for the operands of what does not commute their names do.
static const char *operation_label(Drawer *d, const Expr *e, const int *operand) {
  Prim op = e->u.prim.op;
  const char *sign = infix_sign(op) ? infix_sign(op) : prim_table[op].name;
  if (op == PRIM_SELECT) {
    const char *condition = form_label(d, form_of(d, e->u.prim.arg[0]));
    return characters(condition) <= LABEL_MAX ? arena_printf(d->arena, "if %s", condition) : "if";
  }
  if (e->u.prim.narg != 2) return sign;
  const char *text[2];
  for (int k = 0; k < 2; k++) {
    text[k] = "";
    if (operand[k] == NO_VERTEX)
      text[k] = form_label(d, form_of(d, e->u.prim.arg[k]));
    else if (op == PRIM_SUB || op == PRIM_DIV || op == PRIM_POW || op == PRIM_POWI)
      text[k] = operand_name(d, e->u.prim.arg[k], operand[k]);
  }
  if (op == PRIM_ADD || op == PRIM_MUL) {
    const char *constant = text[0][0] ? text[0] : text[1];
    return constant[0] ? arena_printf(d->arena, "%s %s", sign, constant) : sign;
  }
  if (!infix_sign(op))
    return text[0][0] || text[1][0] ? arena_printf(d->arena, "%s %s%s", sign, text[0], text[1]) : sign;
  if (strcmp(text[0], unnamed) == 0 && strcmp(text[1], unnamed) == 0) return sign;
  if (operand[0] == operand[1]) // entries of the same array: which ones?
    for (int k = 0; k < 2; k++) text[k] = operand_formula(d, e->u.prim.arg[k]);
  if (operand[1] == NO_VERTEX && strcmp(text[0], unnamed) == 0) return arena_printf(d->arena, "%s %s", sign, text[1]);
  return arena_printf(d->arena, "%s %s %s", text[0], sign, text[1]);
}

// Of x * x by x.
static const char *square_partial(Drawer *d, const Expr *e) {
  const char *first = partial_text(d, e, 0), *second = partial_text(d, e, 1);
  if (!first || !second) return first ? first : second;
  if (strcmp(first, second) != 0) return arena_printf(d->arena, "%s + %s", first, second);
  return arena_printf(d->arena, needs_brackets(first) ? "2 * (%s)" : "2 * %s", first);
}

static int draw_prim(Drawer *d, const Expr *e) {
  if (e->u.prim.op == PRIM_REAL) return remember(d, e, draw(d, e->u.prim.arg[0]));
  int operand[3];
  bool constant = true;
  for (int k = 0; k < e->u.prim.narg; k++) {
    operand[k] = draw(d, e->u.prim.arg[k]);
    constant = constant && operand[k] == NO_VERTEX;
  }
  if (constant) return remember(d, e, NO_VERTEX);
  int vertex = add_vertex(d, VERTEX_OPERATION, operation_label(d, e, operand), shape_of(d, e));
  if (e->u.prim.narg == 2 && e->u.prim.arg[0] == e->u.prim.arg[1]) {
    add_edge(d, operand[0], vertex, square_partial(d, e));
    return remember(d, e, vertex);
  }
  for (int k = 0; k < e->u.prim.narg; k++)
    if (operand[k] != NO_VERTEX)
      add_edge(d, operand[k], vertex,
               e->u.prim.op == PRIM_SELECT ? (k == 0 ? NULL : select_partial(d, e, k)) : partial_text(d, e, k));
  return remember(d, e, vertex);
}

static void add_index_edge(void *context, const Expr *read) {
  Drawer *d = context;
  add_edge(d, d->by_node[read->u.read.node->id], (int)d->picture->nvertex - 1, NULL);
}

// A read at computed subscripts, z[i, y[i]], is an operation of its own.
static int draw_read(Drawer *d, const Expr *e) {
  const Node *n = e->u.read.node;
  bool computed = false;
  for (int k = 0; k < n->nout; k++) computed = computed || has_read(d->graph, e->u.read.sub[k]);
  if (!computed) return d->by_node[n->id];
  int vertex = add_vertex(d, VERTEX_OPERATION, form_label(d, form_of(d, e)), shape_of(d, e));
  add_edge(d, d->by_node[n->id], vertex, "1");
  for (int k = 0; k < n->nout; k++) expr_each_read(d->graph, e->u.read.sub[k], add_index_edge, d);
  return remember(d, e, vertex);
}

static int draw(Drawer *d, const Expr *e) {
  for (size_t k = 0; k < d->nseen; k++)
    if (d->seen[k] == e) return d->vertex[k];
  if (e->kind == EXPR_READ) return draw_read(d, e);
  return e->kind == EXPR_PRIM ? draw_prim(d, e) : NO_VERTEX;
}

// ---- nodes ----

// Is `e` a read of a sum divided by the number of its terms?
static const Node *mean_of(Drawer *d, const Expr *e) {
  if (!e || !expr_is_prim(e, PRIM_DIV)) return NULL;
  const Expr *sum = e->u.prim.arg[0], *count = e->u.prim.arg[1];
  if (expr_is_prim(count, PRIM_REAL)) count = count->u.prim.arg[0];
  if (sum->kind != EXPR_READ || count->kind != EXPR_POLY) return NULL;
  const Node *n = sum->u.read.node;
  if (n->kind != NODE_COMP || n->reduce != REDUCE_SUM || n->guard) return NULL;
  const Poly *terms = poly_int(d->model->dims, 1);
  for (int k = n->nout; k < n->nout + n->nred; k++) terms = poly_mul(d->model->dims, terms, n->index[k].extent);
  return terms == count->u.poly ? n : NULL;
}

static const char *reduction_label(Drawer *d, const Node *n) {
  Text t;
  text_init(&t);
  text_put(&t, d->absorbed[n->id] ? "mean" : reduce_names[n->reduce]);
  for (int k = n->nout; k < n->nout + n->nred; k++)
    text_printf(&t, "%s%s", k == n->nout ? " over " : ", ", bindings_name(&d->names, d->index[k]));
  if (n->guard) {
    const char *guard = form_label(d, form_of(d, n->guard));
    text_printf(&t, " if %s", characters(guard) <= LABEL_MAX ? guard : "\u2026");
  }
  return taken_text(d->arena, &t);
}

static const char *reduction_partial(Drawer *d, const Node *n) {
  static const char *const partial[] = {[REDUCE_SUM] = "1",
                                        [REDUCE_PROD] = "product of the others",
                                        [REDUCE_MAX] = "1 where largest",
                                        [REDUCE_MIN] = "1 where smallest",
                                        [REDUCE_LOGSUMEXP] = "softmax",
                                        [REDUCE_ARGMAX] = NULL};
  if (!d->absorbed[n->id]) return partial[n->reduce];
  const Form *count = form_number(d->forms, 1);
  for (int k = n->nout; k < n->nout + n->nred; k++)
    count = form_product(d->forms, (const Form *[]){count, form_poly(d->forms, n->index[k].extent)}, 2);
  return form_label(d, form_power(d->forms, count, -1));
}

// A sum of products of two arrays is one operation: "@".
static bool is_product_sum(const Node *n) {
  if (n->reduce != REDUCE_SUM || n->guard || !expr_is_prim(n->expr, PRIM_MUL)) return false;
  const Expr *const *arg = n->expr->u.prim.arg;
  return arg[0]->kind == EXPR_READ && arg[1]->kind == EXPR_READ && arg[0] != arg[1];
}

// A constant is a vertex too.
static int draw_part(Drawer *d, const Expr *e) {
  int vertex = draw(d, e);
  return vertex == NO_VERTEX ? add_vertex(d, VERTEX_OPERATION, form_label(d, form_of(d, e)), "") : vertex;
}

static int draw_node(Drawer *d, const Node *n) {
  d->node = n;
  d->index = explain_indices(d->forms, n);
  bindings_init(&d->names, d->forms, d->taken, d->ntaken);
  for (int k = 0; k < n->nout + n->nred; k++) bindings_push(&d->names, d->index[k]);
  d->nseen = 0;
  const Node *mean = mean_of(d, n->expr);
  if (mean && d->absorbed[mean->id]) return d->by_node[mean->id];
  if (n->kind == NODE_COMP && is_product_sum(n)) {
    int vertex = add_vertex(d, VERTEX_OPERATION, "@", node_shape(d, n));
    for (int k = 0; k < 2; k++) add_edge(d, draw(d, n->expr->u.prim.arg[k]), vertex, partial_text(d, n->expr, k));
    return vertex;
  }
  int inner = draw_part(d, n->expr);
  if (n->kind == NODE_CARRY) { // what it takes from its step is drawn when that is there
    int vertex = add_vertex(d, VERTEX_OPERATION, "state", node_shape(d, n));
    add_edge(d, inner, vertex, "1");
    return vertex;
  }
  if (n->kind == NODE_SCATTER || (n->kind == NODE_COMP && n->reduce != REDUCE_NONE)) {
    int vertex =
        add_vertex(d, VERTEX_OPERATION, n->kind != NODE_SCATTER ? reduction_label(d, n) : n->assign ? "put" : "scatter",
                   node_shape(d, n));
    add_edge(d, inner, vertex, n->kind == NODE_SCATTER ? "1" : reduction_partial(d, n));
    if (n->base) add_edge(d, draw_part(d, n->base), vertex, n->assign ? "1 or 0" : "1");
    return vertex;
  }
  // A definition that only renames or selects entries is an operation too.
  if (n->expr->kind == EXPR_READ) {
    int vertex = add_vertex(d, VERTEX_OPERATION, "entries", node_shape(d, n));
    add_edge(d, inner, vertex, "1");
    return vertex;
  }
  d->picture->vertex[inner].shape = node_shape(d, n);
  return inner;
}

static void name_vertex(Drawer *d, const Node *n, int vertex, const char *const *names, size_t count) {
  for (size_t k = 0; k < count; k++) {
    if (strcmp(names[k], n->name) != 0 || d->picture->vertex[vertex].kind != VERTEX_OPERATION) continue;
    d->picture->vertex[vertex].name = n->name;
    explain_fold(d->forms, d->graph, n, d->index);
  }
}

static void count_read(void *context, const Expr *read) {
  ((int *)context)[read->u.read.node->id]++;
}

// No index is called like a dimension, data, a parameter or a value of the author's.
static void take_names(Drawer *d, const char *const *names, size_t nnames) {
  const Model *m = d->model;
  int ndims = dims_count(m->dims);
  d->taken = arena_array(d->arena, const char *, (size_t)ndims + (size_t)m->ndata + (size_t)m->nparam + nnames + 1);
  for (int k = 0; k < ndims; k++)
    if (dims_get(m->dims, k)->name) d->taken[d->ntaken++] = dims_get(m->dims, k)->name;
  for (int k = 0; k < m->ndata; k++) d->taken[d->ntaken++] = m->data[k].name;
  for (int k = 0; k < m->nparam; k++) d->taken[d->ntaken++] = m->param[k].name;
  for (size_t k = 0; k < nnames; k++) d->taken[d->ntaken++] = names[k];
}

// Sums that are read once, by the division that makes them means.
static void find_means(Drawer *d) {
  const Graph *g = d->graph;
  int *reads = arena_array(d->arena, int, g->count + 1);
  for (size_t k = 0; k < g->count; k++)
    if (g->nodes[k]->expr) expr_each_read(g, g->nodes[k]->expr, count_read, reads);
  for (size_t k = 0; k < g->count; k++) {
    const Node *sum = g->nodes[k]->kind == NODE_COMP ? mean_of(d, g->nodes[k]->expr) : NULL;
    if (sum && reads[sum->id] == 1) d->absorbed[sum->id] = true;
  }
}

int picture_of(Arena *a, const Program *program, Picture *picture) {
  const Model *m = program->model;
  RootRole role = graph_root(m->graph, ROOT_LOSS, 0) ? ROOT_LOSS : ROOT_PREDICT;
  const Graph *simplified;
  int status = pass_simplify(a, program, m->graph, ROLE(role), &simplified);
  if (status) return status;
  const char **names;
  size_t nnames = author_names(a, program->ast, &names);
  *picture = (Picture){.nvertex = 0};
  Drawer d = {.arena = a, .model = m, .forms = forms_new(a, m->dims), .picture = picture};
  // The pass has made the graph for us alone: expressions may be added to it.
  d.graph = (Graph *)simplified;
  d.by_node = arena_array(a, int, simplified->count + 1);
  d.absorbed = arena_array(a, bool, simplified->count + 1);
  find_means(&d);
  take_names(&d, names, nnames);
  for (size_t k = 0; k < simplified->count; k++) {
    const Node *n = simplified->nodes[k];
    if (n->kind == NODE_DATA || n->kind == NODE_PARAM) {
      d.by_node[k] = add_vertex(&d, n->kind == NODE_DATA ? VERTEX_DATA : VERTEX_PARAM, n->name, node_shape(&d, n));
      continue;
    }
    d.by_node[k] = draw_node(&d, n);
    name_vertex(&d, n, d.by_node[k], names, nnames);
  }
  for (size_t k = 0; k < simplified->count; k++) {
    const Node *n = simplified->nodes[k];
    if (n->next) add_edge(&d, d.by_node[n->next->id], d.by_node[k], "1");
  }
  for (size_t k = 0; k < simplified->nroots; k++) {
    const Root *r = &simplified->roots[k];
    int result = add_vertex(&d, VERTEX_RESULT, role == ROOT_LOSS ? "loss" : r->name, "");
    add_edge(&d, d.by_node[r->node->id], result, "1");
  }
  return STATUS_OK;
}
