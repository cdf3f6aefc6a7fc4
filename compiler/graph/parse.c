// parse.c - reads the graph's text, line by line: what print.c writes, and what tests write by hand.
//
// By hand the `input` lines may be left out: a declared array that is read becomes an input where it is first read.
#include <string.h>

#include "graph/reader.h"

typedef struct Indices {
  Index list[INDEX_MAX];
  int count;
} Indices;

typedef struct Later { // a node that may come later
  const char *name;    // null: none
  Span span;
} Later;

typedef struct Pending {
  const Node *carry;
  Later next, alive;
} Pending;

typedef struct ModelReader {
  Reader r;
  Indices indices; // of the line that is being read
  Model *model;
  DataDecl *data;
  size_t ndata, data_room;
  ParamDecl *param;
  size_t nparam, param_room;
  RangeCheck *check;
  size_t ncheck, check_room;
  Pending *pending;
  size_t npending, pending_room;
  int next_root[ROOT_NAMED + 1];
} ModelReader;

static bool wrong(ModelReader *p, Span span, const char *message) {
  diag_error(p->r.diags, span, "%s", message);
  return false;
}

// `0..`
static bool read_zero(ModelReader *p) {
  bool zero = p->r.at->kind == TOKEN_INT && p->r.at->u.integer == 0;
  if (!zero) return wrong(p, p->r.at->span, "a range starts with 0..");
  p->r.at++;
  return reader_expect(&p->r, "..");
}

// ---- declarations ----

static bool read_extents(ModelReader *p, const Poly ***extent, int *rank) {
  const Poly **list = NULL;
  size_t n = 0, room = 0;
  *extent = NULL;
  *rank = 0;
  if (!reader_skip(&p->r, "[")) return true;
  do {
    Span span = p->r.at->span;
    const Poly *e = read_poly(&p->r);
    if (!e) return false;
    if (n == INDEX_MAX) return wrong(p, span, "too many indices");
    ARENA_PUSH(p->r.arena, list, n, room) = e;
  } while (reader_skip(&p->r, ","));
  *extent = list;
  *rank = (int)n;
  return reader_expect(&p->r, "]");
}

static int find_data(const ModelReader *p, const char *name) {
  for (size_t k = 0; k < p->ndata; k++)
    if (strcmp(p->data[k].name, name) == 0) return (int)k;
  return -1;
}

static int find_param(const ModelReader *p, const char *name) {
  for (size_t k = 0; k < p->nparam; k++)
    if (strcmp(p->param[k].name, name) == 0) return (int)k;
  return -1;
}

static const char *read_new_name(ModelReader *p, const char *what) {
  Span span = p->r.at->span;
  const char *name = reader_name(&p->r, what);
  if (!name || (dims_find(p->r.graph->dims, name) < 0 && find_data(p, name) < 0 && find_param(p, name) < 0))
    return name;
  diag_error(p->r.diags, span, "`%s` is declared already", name);
  return NULL;
}

static bool read_model(ModelReader *p) {
  p->model->name = reader_name(&p->r, "the model");
  p->r.graph->name = p->model->name;
  return p->model->name != NULL;
}

static bool read_dim(ModelReader *p) {
  const char *name = read_new_name(p, "a dimension");
  if (!name) return false;
  if (!reader_skip(&p->r, "=")) return dims_add(p->r.graph->dims, name, DIM_CALL, 0) >= 0;
  if (p->r.at->kind != TOKEN_INT) return wrong(p, p->r.at->span, "expected a number");
  return dims_add(p->r.graph->dims, name, DIM_FIXED, p->r.at++->u.integer) >= 0;
}

static bool read_batch(ModelReader *p) {
  const char *name = read_new_name(p, "a dimension");
  if (!name) return false;
  if (p->model->batch >= 0) return wrong(p, p->r.at->span, "there is a batch dimension already");
  p->model->batch = dims_add(p->r.graph->dims, name, DIM_BATCH, 0);
  return true;
}

static bool read_data(ModelReader *p) {
  DataDecl d = {.span = p->r.at->span, .name = read_new_name(p, "data")};
  if (!d.name || !read_extents(p, &d.extent, &d.rank)) return false;
  if (reader_skip(&p->r, "integer")) {
    d.type = TYPE_INT;
  } else if (reader_skip(&p->r, "in")) {
    d.type = TYPE_INT;
    d.ranged = true;
    if (!read_zero(p)) return false;
    bool bounded = p->r.at->kind != TOKEN_LINE && p->r.at->kind != TOKEN_NOTE && p->r.at->kind != TOKEN_END;
    if (bounded && !(d.limit = read_poly(&p->r))) return false;
  }
  int batch = p->model->batch;
  d.batch = batch >= 0 && d.rank > 0 && d.extent[0] == poly_dim(p->r.graph->dims, batch);
  ARENA_PUSH(p->r.arena, p->data, p->ndata, p->data_room) = d;
  return true;
}

static bool read_bound(ModelReader *p, const Expr **bound) {
  Span span = p->r.at->span;
  if (!(*bound = read_formula(&p->r))) return false;
  int64_t whole;
  if (expr_is_int(*bound, &whole)) *bound = expr_real(p->r.graph, (double)whole);
  return (*bound)->type == TYPE_REAL || wrong(p, span, "a bound is a real");
}

// `> 0`, `< 1`, `in (0, 1)`, `in simplex`; or nothing.
static bool read_constraint(ModelReader *p, ParamDecl *d) {
  static const struct {
    const char *word;
    ConstraintKind kind;
    int axes;
  } named[] = {
      {"simplex", CONSTRAINT_SIMPLEX, 1}, {"ordered", CONSTRAINT_ORDERED, 1}, {"cholesky", CONSTRAINT_CHOLESKY, 2}};
  bool above = reader_is(&p->r, ">");
  if (above || reader_is(&p->r, "<")) {
    p->r.at++;
    d->constraint = above ? CONSTRAINT_ABOVE : CONSTRAINT_BELOW;
    return read_bound(p, above ? &d->low : &d->high);
  }
  if (!reader_skip(&p->r, "in")) return true;
  if (reader_skip(&p->r, "(")) {
    d->constraint = CONSTRAINT_BETWEEN;
    return read_bound(p, &d->low) && reader_expect(&p->r, ",") && read_bound(p, &d->high) && reader_expect(&p->r, ")");
  }
  for (size_t k = 0; k < sizeof named / sizeof *named; k++) {
    if (!reader_is(&p->r, named[k].word)) continue;
    if (d->rank < named[k].axes) return wrong(p, p->r.at->span, "the parameter has too few axes for this constraint");
    d->constraint = named[k].kind;
    p->r.at++;
    return true;
  }
  return wrong(p, p->r.at->span, "expected (, simplex, ordered or cholesky");
}

static bool read_param(ModelReader *p) {
  ParamDecl d = {.span = p->r.at->span, .name = read_new_name(p, "a parameter")};
  if (!d.name || !read_extents(p, &d.extent, &d.rank) || !read_constraint(p, &d)) return false;
  ARENA_PUSH(p->r.arena, p->param, p->nparam, p->param_room) = d;
  return true;
}

// ---- nodes ----

static const char *read_note(const ModelReader *p) {
  return p->r.at->kind == TOKEN_NOTE ? p->r.at->text : NULL;
}

static const Node *add_node(ModelReader *p, Node *n, Span span, const char *name) {
  n->name = name;
  n->span = span;
  const Node *added = graph_add(p->r.graph, n);
  if (strcmp(added->name, name) != 0) diag_error(p->r.diags, span, "the name `%s` is taken", name);
  return added;
}

static const Node *add_input(ModelReader *p, NodeKind kind, int which, Span span, const char *name) {
  Index index[INDEX_MAX];
  Node n = {.kind = kind, .which = which, .index = index};
  const Poly **extent = NULL;
  if (kind == NODE_DATA) {
    n.type = p->data[which].type;
    n.nout = p->data[which].rank;
    n.limit = p->data[which].limit;
    extent = p->data[which].extent;
  } else if (kind == NODE_PARAM) {
    n.nout = p->param[which].rank;
    extent = p->param[which].extent;
  }
  for (int k = 0; k < n.nout; k++) index[k] = (Index){NULL, extent[k]};
  return add_node(p, &n, span, name);
}

static const Node *find_input(void *context, const char *name) {
  ModelReader *p = context;
  int data = find_data(p, name), param = find_param(p, name);
  Span span = p->r.at[-1].span;
  if (data >= 0) return add_input(p, NODE_DATA, data, span, name);
  return param >= 0 ? add_input(p, NODE_PARAM, param, span, name) : NULL;
}

// "seed", the scalar, or "seed 2", an array.
static bool read_seed(ModelReader *p, Span span, const char *name, const Poly *const *extent, int rank) {
  Index index[INDEX_MAX];
  Node n = {.kind = NODE_SEED, .type = TYPE_REAL, .nout = rank, .index = index};
  for (int k = 0; k < rank; k++) index[k] = (Index){NULL, extent[k]};
  if (p->r.at->kind == TOKEN_INT) {
    Span place = p->r.at->span;
    int64_t which = p->r.at++->u.integer;
    if (which < 1 || which > INT32_MAX) return wrong(p, place, "seeds that are arrays are counted from 1");
    n.which = (int)which;
  }
  add_node(p, &n, span, name);
  return rank == 0 || n.which > 0 || wrong(p, span, "a seed is a scalar");
}

static bool read_input(ModelReader *p) {
  Span span = p->r.at->span;
  const char *name = reader_name(&p->r, "an input");
  const Poly **extent;
  int rank;
  if (!name || !read_extents(p, &extent, &rank) || !reader_expect(&p->r, "=")) return false;
  if (reader_skip(&p->r, "seed")) return read_seed(p, span, name, extent, rank);
  bool data = reader_skip(&p->r, "data");
  if (!data && !reader_expect(&p->r, "param")) return false;
  Span place = p->r.at->span;
  size_t count = data ? p->ndata : p->nparam;
  if (p->r.at->kind != TOKEN_INT) return wrong(p, place, "expected a number");
  int64_t which = p->r.at++->u.integer;
  if (which >= (int64_t)count) return wrong(p, place, "there are not so many declarations");
  const Node *n = add_input(p, data ? NODE_DATA : NODE_PARAM, (int)which, span, name);
  bool agrees = rank == n->nout;
  for (int k = 0; k < rank && agrees; k++) agrees = extent[k] == n->index[k].extent;
  return agrees || wrong(p, span, "this is not the declared shape");
}

// `i:n, j:m if guard]`, after the opening bracket; the indices join those in scope.
static bool read_indices(ModelReader *p, const Expr **guard) {
  while (!reader_is(&p->r, "]") && !reader_is(&p->r, "if")) {
    if (p->indices.count == INDEX_MAX) return wrong(p, p->r.at->span, "too many indices");
    Index index = {.name = reader_name(&p->r, "an index")};
    if (!index.name || !reader_expect(&p->r, ":") || !(index.extent = read_poly(&p->r))) return false;
    p->indices.list[p->indices.count++] = index;
    if (!reader_skip(&p->r, ",")) break;
  }
  p->r.nindex = p->indices.count;
  if (reader_skip(&p->r, "if")) {
    Span span = p->r.at->span;
    *guard = read_formula(&p->r);
    if (!*guard) return false;
    if ((*guard)->type != TYPE_BOOL) return wrong(p, span, "a guard is a condition");
  }
  return reader_expect(&p->r, "]");
}

// A reduction is told from a read of a node with its name by what follows: `sum[i:`.
static Reduce read_reduction(ModelReader *p) {
  const Token *t = p->r.at;
  if (t->kind != TOKEN_NAME || t[1].kind != TOKEN_SIGN || strcmp(t[1].text, "[") != 0) return REDUCE_NONE;
  if (t[2].kind != TOKEN_NAME || t[3].kind != TOKEN_SIGN || strcmp(t[3].text, ":") != 0) return REDUCE_NONE;
  for (int k = REDUCE_SUM; k <= REDUCE_ARGMAX; k++)
    if (strcmp(reduce_names[k], t->text) == 0) {
      p->r.at += 2;
      return (Reduce)k;
    }
  return REDUCE_NONE;
}

static bool read_node(ModelReader *p) {
  Span span = p->r.at->span;
  Node n = {.kind = NODE_COMP, .index = p->indices.list};
  const char *name = reader_name(&p->r, "a node");
  if (!name || (reader_skip(&p->r, "[") && !read_indices(p, &n.guard))) return false;
  n.nout = p->indices.count;
  if (!reader_expect(&p->r, "=")) return false;
  n.reduce = read_reduction(p);
  bool reduces = n.reduce != REDUCE_NONE;
  if (reduces && n.guard) return wrong(p, span, "the guard of a reduction stands behind its indices");
  if (reduces && (!read_indices(p, &n.guard) || !reader_expect(&p->r, "("))) return false;
  n.nred = p->indices.count - n.nout;
  n.expr = read_formula(&p->r);
  if (!n.expr || (reduces && !reader_expect(&p->r, ")"))) return false;
  n.note = read_note(p);
  n.type = n.reduce == REDUCE_ARGMAX ? TYPE_INT : n.expr->type;
  return add_node(p, &n, span, name) != NULL;
}

// The output indices of a scatter: extents alone, or, with a base, names and extents.
static bool read_scatter_outputs(ModelReader *p, Node *n) {
  const Poly **extent;
  const Token *t = p->r.at;
  bool named = t->kind == TOKEN_SIGN && !strcmp(t->text, "[") && t[1].kind == TOKEN_NAME && t[2].kind == TOKEN_SIGN &&
               !strcmp(t[2].text, ":");
  const Expr *guard = NULL;
  if (named) {
    p->r.at++;
    if (!read_indices(p, &guard)) return false;
    n->nout = p->indices.count;
    if (guard) return wrong(p, t->span, "the guard of a scatter stands behind the indices that it adds over");
    return true;
  }
  if (!read_extents(p, &extent, &n->nout)) return false;
  for (int k = 0; k < n->nout; k++) p->indices.list[k] = (Index){NULL, extent[k]};
  p->indices.count = n->nout;
  return true;
}

// The base of a scalar has no indices: it is told by what does not start with a bracket.
static bool read_base(ModelReader *p, Node *n) {
  if (reader_is(&p->r, "[")) return true;
  n->base = read_formula(&p->r);
  return n->base && reader_expect(&p->r, "then");
}

static bool read_scatter(ModelReader *p) {
  const Expr *target[INDEX_MAX];
  Span span = p->r.at->span;
  Node n = {.kind = NODE_SCATTER, .index = p->indices.list, .target = target};
  const char *name = reader_name(&p->r, "a node");
  if (!name || !read_scatter_outputs(p, &n) || !reader_expect(&p->r, "=") || !read_base(p, &n)) return false;
  if (!reader_expect(&p->r, "[") || !read_indices(p, &n.guard)) return false;
  n.nred = p->indices.count - n.nout;
  if (!reader_expect(&p->r, "(")) return false;
  for (int k = 0; k < n.nout; k++) {
    if (k && !reader_expect(&p->r, ",")) return false;
    Span place = p->r.at->span;
    if (!(target[k] = read_formula(&p->r))) return false;
    if (target[k]->type != TYPE_INT) return wrong(p, place, "a subscript is an integer");
  }
  if (!reader_expect(&p->r, ")")) return false;
  n.assign = reader_skip(&p->r, "=");
  if ((!n.assign && !reader_expect(&p->r, "+=")) || !(n.expr = read_formula(&p->r))) return false;
  n.note = read_note(p);
  n.type = n.expr->type;
  return add_node(p, &n, span, name) != NULL;
}

static bool read_later(ModelReader *p, Later *later) {
  later->span = p->r.at->span;
  later->name = reader_name(&p->r, "a node");
  return later->name != NULL;
}

static bool read_carry(ModelReader *p) {
  Span span = p->r.at->span;
  Pending pending = {.carry = NULL};
  Node n = {.kind = NODE_CARRY, .index = p->indices.list};
  const char *name = reader_name(&p->r, "a node");
  if (!name || !reader_expect(&p->r, "[") || !read_indices(p, &n.guard)) return false;
  n.nout = p->indices.count;
  n.reverse = reader_skip(&p->r, "back");
  Span place = p->r.at[0].span;
  const char *axis = reader_expect(&p->r, "along") ? reader_name(&p->r, "an index") : NULL;
  if (!axis) return false;
  while (n.axis < n.nout && strcmp(p->indices.list[n.axis].name, axis) != 0) n.axis++;
  if (n.axis == n.nout) return wrong(p, place, "a carry runs along one of its indices");
  if (!reader_expect(&p->r, "from") || !read_later(p, &pending.next)) return false;
  if (reader_skip(&p->r, "while") && !read_later(p, &pending.alive)) return false;
  if (!reader_expect(&p->r, "=") || !(n.expr = read_formula(&p->r))) return false;
  n.note = read_note(p);
  n.type = n.expr->type;
  pending.carry = add_node(p, &n, span, name);
  ARENA_PUSH(p->r.arena, p->pending, p->npending, p->pending_room) = pending;
  return true;
}

static const Node *find_later(ModelReader *p, const Later *later) {
  const Node *n = later->name ? graph_find(p->r.graph, later->name) : NULL;
  if (later->name && !n) wrong(p, later->span, "there is no such node");
  return n;
}

static void close_carries(ModelReader *p) {
  for (size_t k = 0; k < p->npending; k++)
    graph_close(p->pending[k].carry, find_later(p, &p->pending[k].next), find_later(p, &p->pending[k].alive));
}

// ---- checks and roots ----

static bool read_check(ModelReader *p) {
  RangeCheck c = {.span = p->r.at->span, .text = p->r.at->text};
  if (p->r.at->kind != TOKEN_STRING) return wrong(p, c.span, "expected what is checked, as a string");
  p->r.at++;
  if (!reader_expect(&p->r, "[") || !read_indices(p, &c.guard) || !reader_expect(&p->r, "(")) return false;
  if (!(c.value = read_formula(&p->r)) || !reader_expect(&p->r, ")") || !reader_expect(&p->r, "in")) return false;
  if (c.value->type != TYPE_INT) return wrong(p, c.span, "what is checked is an integer");
  if (!read_zero(p) || !(c.limit = read_poly(&p->r))) return false;
  Index *list = arena_array(p->r.arena, Index, (size_t)p->indices.count);
  memcpy(list, p->indices.list, (size_t)p->indices.count * sizeof *list);
  c.nindex = p->indices.count;
  c.index = list;
  ARENA_PUSH(p->r.arena, p->check, p->ncheck, p->check_room) = c;
  return true;
}

static bool read_root(ModelReader *p) {
  Span span = p->r.at->span;
  const char *word = reader_name(&p->r, "a role"), *name = NULL;
  int role = ROOT_LOSS;
  if (!word) return false;
  while (role <= ROOT_NAMED && strcmp(root_names[role], word) != 0) role++;
  if (role > ROOT_NAMED) return wrong(p, span, "there is no such role");
  if (p->r.at->kind == TOKEN_INT && p->r.at->u.integer < INT32_MAX) p->next_root[role] = (int)p->r.at++->u.integer;
  if (p->r.at->kind == TOKEN_NAME) name = p->r.at++->text;
  if (!reader_expect(&p->r, "=")) return false;
  span = p->r.at->span;
  const char *of = reader_name(&p->r, "a node");
  if (!of) return false;
  const Node *node = graph_find(p->r.graph, of);
  if (!node) node = find_input(p, of);
  if (!node) return wrong(p, span, "there is no such node");
  graph_add_root(p->r.graph, (RootRole)role, name, p->next_root[role]++, node);
  return true;
}

// ---- lines ----

static bool read_line(ModelReader *p) {
  static const struct {
    const char *word;
    bool (*read)(ModelReader *);
  } lines[] = {{"model", read_model}, {"dim", read_dim},     {"batch", read_batch}, {"data", read_data},
               {"param", read_param}, {"input", read_input}, {"node", read_node},   {"scatter", read_scatter},
               {"carry", read_carry}, {"check", read_check}, {"root", read_root}};
  for (size_t k = 0; k < sizeof lines / sizeof *lines; k++)
    if (reader_skip(&p->r, lines[k].word)) return lines[k].read(p);
  return wrong(p, p->r.at->span, "expected model, dim, batch, data, param, input, node, scatter, carry, check or root");
}

static bool at_line_end(const ModelReader *p) {
  return p->r.at->kind == TOKEN_LINE || p->r.at->kind == TOKEN_END || p->r.at->kind == TOKEN_NOTE;
}

Model *graph_parse(Arena *a, Diags *diags, const Source *source) {
  Model *m = arena_new_of(a, Model);
  size_t errors = diags->errors;
  *m = (Model){.arena = a, .name = "model", .dims = dims_new(a), .batch = -1};
  m->graph = graph_new(a, m->dims, m->name);
  ModelReader p = {.model = m};
  p.r = (Reader){.arena = a, .diags = diags, .graph = m->graph, .at = graph_tokens(a, diags, source)};
  p.r.index = p.indices.list;
  p.r.find_input = find_input;
  p.r.context = &p;
  if (!p.r.at) return NULL;
  for (; p.r.at->kind != TOKEN_END; p.r.at += p.r.at->kind == TOKEN_LINE) {
    p.r.depth = 0;
    p.r.nnames = 0;
    p.r.nindex = 0;
    p.indices.count = 0;
    if (!at_line_end(&p) && read_line(&p) && !at_line_end(&p))
      diag_error(diags, p.r.at->span, "expected the end of the line, not `%s`", p.r.at->text);
    while (p.r.at->kind != TOKEN_LINE && p.r.at->kind != TOKEN_END) p.r.at++;
  }
  close_carries(&p);
  m->ndata = (int)p.ndata;
  m->data = p.data;
  m->nparam = (int)p.nparam;
  m->param = p.param;
  m->ncheck = (int)p.ncheck;
  m->check = p.check;
  return diags->errors == errors ? m : NULL;
}
